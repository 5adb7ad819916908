#![allow(clippy::unwrap_used, clippy::expect_used)]

mod branches;
mod github;
mod killed;
mod plans;
mod refused;

use std::time::Duration;

use fake_forge::{Fake, Profile};
use model::Visibility;

use super::*;
use crate::db_test;
use crate::git::Secret;
use crate::identity::Readable;
use crate::settings::{GitHubLogin, GitHubOwner, GitHubSettings, Password, Settings, SourceKind, SourceSettings};

const README: &str = "# Shop\n";
const FILE: &str = "catalog-info.yaml";

/// An organisation at GitHub with the repository `shop`, and a portal that has read it.
struct World {
    fake: Fake,
    portal: Portal,
    /// Of `shop`: at the forge, and here.
    id: u64,
    repository: String,
}

impl World {
    async fn new(settings: &Settings) -> Self {
        Self::with(settings, &[("README.md", README)]).await
    }

    async fn with(settings: &Settings, files: &[(&str, &str)]) -> Self {
        let fake = Fake::start(Profile::Enterprise).await.unwrap();
        fake.state().add_token("ghp_full", "slipway-bot", &["repo", "read:org"]);
        let id = fake.state().add_repository("acme", "shop");
        fake.state().add_git(id, files).unwrap();
        let payments = fake_forge::Team {
            id: 7,
            slug: "payments".to_owned(),
            name: "Payments".to_owned(),
            parent: None,
            secret: false,
            members: Vec::new(),
            repositories: std::collections::BTreeMap::new(),
        };
        fake.state().organisations.get_mut("acme").unwrap().teams.push(payments);
        let portal = open(settings, vec![acme(&fake)]).await;
        let repository = repository(&portal, "shop").await;
        Self { fake, portal, id, repository }
    }

    fn wish(&self, after: &str) -> Proposal {
        wish(&self.repository, after)
    }

    async fn propose(&self, proposal: Proposal) -> ChangeDetail {
        propose_and_wait(&self.portal, proposal).await
    }

    /// What a file has at the forge.
    fn file(&self, branch: &str, path: &str) -> String {
        let bare = self.fake.state().repositories[&self.id].git.clone().unwrap();
        crate::git::testing::git(&bare, &["show", &format!("{branch}:{path}")])
    }

    /// Where a branch leads at the forge.
    fn commit_of(&self, branch: &str) -> String {
        let bare = self.fake.state().repositories[&self.id].git.clone().unwrap();
        crate::git::testing::git(&bare, &["rev-parse", branch])
    }

    fn branches(&self) -> Vec<String> {
        let bare = self.fake.state().repositories[&self.id].git.clone().unwrap();
        let listed = crate::git::testing::git(&bare, &["for-each-ref", "--format=%(refname:short)", "refs/heads"]);
        listed.lines().map(str::to_owned).collect()
    }

    fn pulls(&self) -> Vec<fake_forge::Pull> {
        self.fake.state().pulls.get(&self.id).cloned().unwrap_or_default()
    }

    async fn followed(&self, id: &str) -> ChangeDetail {
        let job = refresh(&self.portal, &Actor::Operator).await.unwrap();
        ended(&self.portal, &job).await;
        get(&self.portal, &Actor::Operator, id).await.unwrap()
    }

    async fn retried(&self, id: &str) -> ChangeDetail {
        retry(&self.portal, &Actor::Operator, id).await.unwrap();
        settled(&self.portal, id).await
    }
}

fn acme(fake: &Fake) -> SourceSettings {
    let owner = GitHubOwner::Organisation("acme".to_owned());
    let login = GitHubLogin::Token(Password::Known(Secret::new("ghp_full")));
    let github = GitHubSettings { url: Some(fake.origin().to_owned()), login, ..GitHubSettings::new(owner) };
    SourceSettings::new("acme", SourceKind::GitHub(github), Visibility::Public)
}

async fn open(settings: &Settings, sources: Vec<SourceSettings>) -> Portal {
    let settings = Settings { sources, poll_interval: Duration::ZERO, ..settings.clone() };
    let portal = Portal::open(settings).await.unwrap();
    portal.start();
    synced(&portal).await;
    portal
}

async fn synced(portal: &Portal) {
    let job = sources::sync(portal, &Actor::Operator, None).await.unwrap();
    ended(portal, &job).await;
}

async fn ended(portal: &Portal, id: &str) {
    wait(portal, async || jobs::get(portal, &Actor::Operator, id).await.is_ok_and(|job| job.state.is_over())).await;
}

/// Looks whenever a job has moved.
async fn wait(portal: &Portal, mut enough: impl AsyncFnMut() -> bool) {
    let deadline = tokio::time::Instant::now() + Duration::from_secs(60);
    let mut changed = jobs::watch(portal);
    while !enough().await {
        assert!(tokio::time::Instant::now() < deadline, "it never comes to that");
        let _ = tokio::time::timeout(Duration::from_millis(200), changed.changed()).await;
    }
}

/// Until no job has anything to do for it, or waits before it tries again.
async fn settled(portal: &Portal, id: &str) -> ChangeDetail {
    wait(portal, async || {
        let jobs = jobs::list(portal, &Actor::Operator, 50).await.unwrap();
        let is_running = |job: &model::job::Job| job.kind == JOB && job.state == model::job::JobState::Running;
        let change = get(portal, &Actor::Operator, id).await.unwrap().change;
        let is_done = !change.state.is_under_way() && !change.closing;
        let waits = change.state == ChangeState::Waiting && change.reason.is_some();
        (is_done || waits) && !jobs.iter().any(is_running)
    })
    .await;
    get(portal, &Actor::Operator, id).await.unwrap()
}

async fn propose_and_wait(portal: &Portal, proposal: Proposal) -> ChangeDetail {
    let change = propose(portal, &Actor::Operator, proposal).await.unwrap();
    settled(portal, &change.id).await
}

async fn repository(portal: &Portal, slug: &str) -> String {
    store::repository(portal.db(), &Readable::EVERYTHING, slug).await.unwrap().unwrap().id
}

/// A new file with this text.
fn wish(repository: &str, after: &str) -> Proposal {
    Proposal {
        repository: repository.to_owned(),
        edits: vec![FileEdit { path: FILE.to_owned(), before: None, after: Some(after.to_owned()) }],
        title: "Describe the shop".to_owned(),
        text: "So that **everybody** finds it.".to_owned(),
        key: "catalog-info:shop".to_owned(),
        batch: None,
        origin: None,
    }
}

fn reason(detail: &ChangeDetail) -> &str {
    detail.change.reason.as_deref().unwrap_or_default()
}

db_test! {
    async fn a_change_is_found_by_what_is_known_of_it(settings: Settings) {
        let world = World::new(&settings).await;
        let proposed = world.propose(world.wish("kind: Component\n")).await;
        let db = world.portal.db();
        let mut tx = db.begin().await.unwrap();
        let row = store::by_key(&mut tx, &world.repository, "catalog-info:shop").await.unwrap().unwrap();
        assert_eq!(row.id, proposed.change.id);
        assert!(store::by_key(&mut tx, &world.repository, "another").await.unwrap().is_none());
        assert!(store::is_current(&mut tx, &row).await.unwrap());
        assert!(store::has_open(&mut tx).await.unwrap());
        let before = proposed.events.len();
        store::add_event(&mut tx, &row.id, 7, ChangeState::Failed, Some("of a test")).await.unwrap();
        tx.commit().await.unwrap();
        let events = store::events(db, &row.id).await.unwrap();
        assert_eq!((events.len(), events[before].note.as_deref()), (before + 1, Some("of a test")));
        let branch = proposed.change.branch.clone();
        let head = world.commit_of(&branch);
        assert!(row.is_ours(&head) && !row.is_ours("0000000"), "{row:?}");
        let counts = store::counts(db, &Readable::EVERYTHING, &ChangeFilter::default()).await.unwrap();
        assert_eq!(counts, [("open".to_owned(), 1)]);
        assert!(store::counts(db, &Readable::only(&[Visibility::Readers]), &ChangeFilter::default()).await.is_ok_and(|counts| counts.is_empty()));
        assert!(store::next_due(db, "").await.unwrap().is_none());
        assert_eq!(store::count_due(db).await.unwrap(), 0);
        let key = format!("github:{}:{}", world.fake.origin().split("://").nth(1).unwrap(), world.id);
        assert_eq!(store::of_branch(db, &key, &branch).await.unwrap().as_deref(), Some(world.repository.as_str()));
        assert!(store::of_branch(db, &key, "main").await.unwrap().is_none());
        world.portal.stop().await;
    }
}
