//! Launches on both databases.
#![allow(clippy::unwrap_used, clippy::expect_used)]

pub(crate) mod faults;
mod folder;
mod further;
mod github;
mod people;
mod refused;
mod speed;
mod stores;

use std::path::{Path, PathBuf};
use std::time::Duration;

use model::Visibility;
use model::run::{RunDetail, RunState};

use super::*;
use crate::settings::{Settings, SourceSettings};
use crate::sources;

/// A source with a template, one for projects, and a portal that has read both.
pub(crate) struct World {
    pub portal: Portal,
    pub projects: PathBuf,
    pub templates: PathBuf,
}

const PROJECT: &str = "[project]\nname = \"{{ cookiecutter.slug }}\"\ndependencies = [\"fastapi\"]\n";
const DOCKERFILE: &str = "FROM python:3.12\nEXPOSE 80\nCMD [\"{{ cookiecutter.slug }}\"]\n";
const MANIFEST: &str =
    r#"{"name": "Berths", "slug": "{{ cookiecutter.name|lower }}", "licence": ["MIT", "none"], "docker": true}"#;

impl World {
    pub async fn new(settings: &Settings) -> Self {
        Self::with(settings, Vec::new()).await
    }

    pub async fn with(settings: &Settings, others: Vec<SourceSettings>) -> Self {
        let (templates, projects) = (settings.data.join("templates"), settings.data.join("projects"));
        let service = templates.join("service");
        crate::git::testing::commit_files(
            &service,
            &[
                ("cookiecutter.json", MANIFEST),
                ("README.md", "# A service\n\nWith everything that a service needs.\n"),
                ("{{cookiecutter.slug}}/README.md", "# {{ cookiecutter.name }}\n\nUnder {{ cookiecutter.licence }}.\n"),
                ("{{cookiecutter.slug}}/pyproject.toml", PROJECT),
                ("{{cookiecutter.slug}}/Dockerfile", DOCKERFILE),
            ],
        );
        let mut sources = vec![
            SourceSettings::folder("templates", &templates, Visibility::Public),
            SourceSettings::folder("projects", &projects, Visibility::Public).launching(),
        ];
        sources.extend(others);
        let open = Self::open(Settings { sources, poll_interval: Duration::ZERO, ..settings.clone() });
        let portal = Box::pin(open).await;
        Self { portal, projects, templates }
    }

    async fn open(settings: Settings) -> Portal {
        let portal = Portal::open(settings).await.unwrap();
        // Runs are begun by each test itself.
        tokio::spawn(crate::jobs::do_others(portal.clone(), JOB));
        tokio::spawn(crate::catalog::follow(portal.clone()));
        let job = sources::sync(&portal, &Actor::Operator, None).await.unwrap();
        wait(&portal, async || {
            crate::jobs::get(&portal, &Actor::Operator, &job).await.is_ok_and(|job| job.state.is_over())
        })
        .await;
        portal
    }

    pub fn wish(&self, name: &str) -> Launch {
        let answers = form(&[("name", "Tides")]);
        Launch { name: Some(name.to_owned()), answers, ..Launch::new(template(), "projects", name) }
    }

    pub async fn launch(&self, launch: Launch) -> RunDetail {
        let id = self.queue(launch).await;
        self.settled(&id).await
    }

    pub async fn queue(&self, launch: Launch) -> String {
        super::launch(&self.portal, &Actor::Operator, launch).await.unwrap()
    }

    pub async fn get(&self, id: &str) -> RunDetail {
        get(&self.portal, &Actor::Operator, id).await.unwrap()
    }

    /// Works for runs until there is nothing more to do now.
    pub async fn settled(&self, id: &str) -> RunDetail {
        while Box::pin(crate::jobs::do_one(&self.portal, JOB, std::future::pending())).await {}
        self.get(id).await
    }

    /// Works for runs until this one has passed so many boundaries, and then dies; gives whether it came to that. A dead
    /// process holds nothing.
    pub async fn die(&self, id: &str, boundaries: usize) -> bool {
        let dead = faults::plan(id, boundaries);
        let died = std::sync::atomic::AtomicBool::new(false);
        let work = crate::jobs::do_one(&self.portal, JOB, async {
            match dead.await {
                Ok(()) => died.store(true, std::sync::atomic::Ordering::Relaxed),
                Err(_) => std::future::pending().await,
            }
        });
        Box::pin(work).await;
        faults::forget(id);
        crate::jobs::let_go(&self.portal).await;
        died.into_inner()
    }

    /// How often something was written into the audit log.
    pub async fn audited(&self, action: &str) -> usize {
        let filter = crate::audit::AuditFilter { action: action.to_owned(), ..Default::default() };
        crate::audit::list(&self.portal, &Actor::Operator, &filter, None, 1_000).await.unwrap().len()
    }

    /// What a file of a project has.
    pub fn file(&self, name: &str, path: &str) -> String {
        crate::git::testing::git(&self.bare(name), &["show", &format!("main:{path}")])
    }

    pub fn bare(&self, name: &str) -> PathBuf {
        self.projects.join(format!("{name}.git"))
    }

    /// What lies in the folder of projects.
    pub fn all(&self) -> Vec<String> {
        names(&self.projects)
    }
}

pub(super) fn names(folder: &Path) -> Vec<String> {
    let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
    let mut names: Vec<String> = entries.map(|entry| entry.file_name().to_string_lossy().into_owned()).collect();
    names.sort();
    names
}

pub(crate) fn template() -> EntityRef {
    EntityRef::new("template", "default", "service")
}

pub(crate) fn form(answers: &[(&str, &str)]) -> crate::templates::Given {
    answers.iter().map(|(name, answer)| ((*name).to_owned(), (*answer).into())).collect()
}

/// Looks whenever a job has moved.
pub(super) async fn wait(portal: &Portal, mut enough: impl AsyncFnMut() -> bool) {
    let deadline = tokio::time::Instant::now() + Duration::from_secs(60);
    let mut changed = crate::jobs::watch(portal);
    while !enough().await {
        assert!(tokio::time::Instant::now() < deadline, "it never comes to that");
        let _ = tokio::time::timeout(Duration::from_millis(200), changed.changed()).await;
    }
}
