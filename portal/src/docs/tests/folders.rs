//! From a repository's files to the pages of its documentation.

use std::path::Path;
use std::process::Command;
use std::time::Duration;

use model::docs::NavigationItem;
use tempfile::TempDir;

use super::*;
use crate::repositories::FileContent;
use crate::settings::{Settings, SourceSettings};

fn git(folder: &Path, arguments: &[&str]) {
    let done = Command::new("git")
        .current_dir(folder)
        .env("GIT_CONFIG_GLOBAL", "/dev/null")
        .env("GIT_CONFIG_NOSYSTEM", "1")
        .args(["-c", "user.name=Ada", "-c", "user.email=ada@example.org", "-c", "init.defaultBranch=main"])
        .args(arguments)
        .output()
        .unwrap();
    assert!(done.status.success(), "git {arguments:?}: {}", String::from_utf8_lossy(&done.stderr));
}

fn commit(folder: &Path, files: &[(&str, &str)]) {
    std::fs::create_dir_all(folder).unwrap();
    if !folder.join(".git").exists() {
        git(folder, &["init", "--quiet"]);
    }
    for (path, text) in files {
        let file = folder.join(path);
        std::fs::create_dir_all(file.parent().unwrap()).unwrap();
        std::fs::write(file, text).unwrap();
    }
    git(folder, &["add", "--all"]);
    git(folder, &["commit", "--quiet", "--message", "Write"]);
}

fn component(name: &str, annotations: &str) -> String {
    format!(
        "apiVersion: backstage.io/v1alpha1\nkind: Component\nmetadata:\n  name: {name}\n  annotations:\n    {annotations}\n\
         spec:\n  type: service\n  lifecycle: production\n  owner: crew\n"
    )
}

async fn world(settings: &Settings) -> (Portal, TempDir) {
    let folder = tempfile::tempdir().unwrap();
    let harbour = component("harbour", "backstage.io/techdocs-ref: dir:.");
    let crane = component("crane", "backstage.io/techdocs-ref: dir:./manual");
    let twin = component("twin", "backstage.io/techdocs-entity: component:default/harbour");
    let silent = component("silent", "backstage.io/techdocs-ref: dir:./nothing");
    commit(
        &folder.path().join("open/harbour"),
        &[
            ("catalog-info.yaml", &harbour),
            (
                "mkdocs.yml",
                "site_name: Harbour handbook\nrepo_url: https://github.com/harbourline/harbour\nnav:\n  - index.md\n  - Closing: guide/closing.md\n  - Gone: gone.md\n",
            ),
            (
                "docs/index.md",
                "---\ntitle: Welcome\n---\n# Welcome\n\n[closing](guide/closing.md#late) [nothing](nothing.md)\n",
            ),
            (
                "docs/guide/closing.md",
                "Text without heading. [Home](../index.md) [code](../../main.go) ![map](../map.png)\n",
            ),
            ("docs/unlisted.md", "# Unlisted\n"),
            ("docs/map.png", "png"),
            ("main.go", "package main\n"),
            ("twin/catalog-info.yaml", &twin),
            ("services/crane/catalog-info.yaml", &crane),
            ("services/crane/manual/index.md", "# Crane manual\n"),
            ("services/silent/catalog-info.yaml", &silent),
        ],
    );
    commit(
        &folder.path().join("closed/vault"),
        &[("catalog-info.yaml", &component("vault", "a.b/c: d")), ("docs/index.md", "# The vault\n")],
    );
    let sources = [("open", Visibility::Public), ("closed", Visibility::Readers)];
    let sources = sources.map(|(name, visibility)| SourceSettings::folder(name, folder.path().join(name), visibility));
    let settings = Settings { sources: sources.to_vec(), poll_interval: Duration::ZERO, ..settings.clone() };
    let portal = Portal::open(settings).await.unwrap();
    portal.start();
    sync(&portal).await;
    (portal, folder)
}

async fn sync(portal: &Portal) {
    let job = crate::sources::sync(portal, &Actor::Operator, None).await.unwrap();
    for _ in 0..600 {
        if crate::jobs::get(portal, &Actor::Operator, &job).await.unwrap().state.is_over() {
            return;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    panic!("the round did not end");
}

fn entity(name: &str) -> DocsOf {
    DocsOf::Entity(EntityRef::new("component", "default", name))
}

fn html(view: &DocsView) -> &str {
    match &view.file.content {
        FileContent::Markdown(rendered) => &rendered.html,
        other => panic!("{other:?}"),
    }
}

db_test! {
    async fn an_entitys_documentation_is_read_page_by_page(settings: Settings) {
        let (portal, _folder) = world(&settings).await;
        let visitor = Actor::Visitor;
        let home = read(&portal, &visitor, &entity("harbour"), None).await.unwrap();
        assert_eq!((home.page.as_str(), home.entry.title.as_str()), ("index.md", "Harbour handbook"));
        assert_eq!(home.entry.entity.as_ref().map(|row| row.reference.name.as_str()), Some("harbour"));
        assert_eq!(home.address("guide/closing.md"), "/docs/default/component/harbour/guide/closing.md");
        assert_eq!(home.edit.as_deref(), Some("https://github.com/harbourline/harbour/edit/main/docs/index.md"));
        assert!(home.head.is_some());
        assert!(!html(&home).contains("title:"), "{}", html(&home));
        assert!(html(&home).contains("href=\"/docs/default/component/harbour/guide/closing.md#user-content-late\""), "{}", html(&home));
        assert!(html(&home).contains("class=\"missing-link\""), "{}", html(&home));
        let titles: Vec<&str> = home.site.navigation.iter().map(|item| match item {
            NavigationItem::Page { title, .. } | NavigationItem::Section { title, .. } | NavigationItem::Link { title, .. } => title.as_str(),
        }).collect();
        assert_eq!(titles, ["Welcome", "Closing"]);
        let findings: Vec<String> = home.site.findings.iter().map(|finding| format!("{} {}", finding.rule, finding.location())).collect();
        assert_eq!(findings, ["docs.link docs/index.md:6", "docs.navigation mkdocs.yml:6:11"]);

        for path in ["guide/closing.md", "guide/closing", "guide/closing/"] {
            let page = read(&portal, &visitor, &entity("harbour"), Some(path)).await.unwrap();
            assert_eq!(page.page, "guide/closing.md");
            for address in ["/docs/default/component/harbour/index.md", "/repositories/harbour/files/main.go"] {
                assert!(html(&page).contains(&format!("href=\"{address}\"")), "{}", html(&page));
            }
            assert!(html(&page).contains("src=\"/repositories/harbour/raw/docs/map.png\""), "{}", html(&page));
        }
        for path in ["../mkdocs.yml", "..", "main.go", "guide", "map.png", "nothing.md"] {
            let read = read(&portal, &visitor, &entity("harbour"), Some(path)).await;
            assert!(matches!(read, Err(Error::NotFound(_))), "{path}: {read:?}");
        }
        let crane = read(&portal, &visitor, &entity("crane"), None).await.unwrap();
        assert_eq!(crane.file.path, "services/crane/manual/index.md");
    }

    async fn annotations_say_whose_documentation_is_shown(settings: Settings) {
        let (portal, _folder) = world(&settings).await;
        let of = async |name: &str| {
            let reference = EntityRef::new("component", "default", name);
            let detail = catalog::entity(&portal, &Actor::Operator, &reference).await.unwrap();
            of_entity(&portal, &Actor::Operator, &detail).await.unwrap().map(|reference| reference.name)
        };
        let table = [("harbour", Some("harbour")), ("crane", Some("crane")), ("twin", Some("harbour")), ("silent", None), ("vault", Some("vault"))];
        for (name, expected) in table {
            assert_eq!(of(name).await.as_deref(), expected, "{name}");
        }
        let repository = repositories::get(&portal, &Actor::Operator, "harbour").await.unwrap();
        let announced = repository.findings.iter().find(|finding| finding.rule == "docs.announced").unwrap();
        assert_eq!(announced.location(), "services/silent/catalog-info.yaml:6:32");
    }

    async fn what_may_not_be_read_is_not_there(settings: Settings) {
        let (portal, folder) = world(&settings).await;
        let names = async |actor: &Actor, text: &str| {
            let found = list(&portal, actor, text, 1, 50).await.unwrap();
            assert_eq!(found.entries.len(), found.total);
            found.entries.into_iter().map(|entry| entry.title).collect::<Vec<_>>()
        };
        assert_eq!(names(&Actor::Operator, "").await, ["crane", "Harbour handbook", "vault"]);
        assert_eq!(names(&Actor::Visitor, "").await, ["crane", "Harbour handbook"]);
        assert_eq!(names(&Actor::Visitor, "vault").await, [""; 0]);
        assert_eq!(names(&Actor::Operator, "vault").await, ["vault"]);
        for of in [entity("vault"), DocsOf::Repository("vault".to_owned())] {
            let read = read(&portal, &Actor::Visitor, &of, None).await;
            assert!(matches!(read, Err(Error::NotFound(_))), "{of:?}: {read:?}");
        }
        assert!(of_repository(&portal, &Actor::Visitor, "vault").await.is_err());
        let folders = of_repository(&portal, &Actor::Visitor, "harbour").await.unwrap();
        assert_eq!(folders.iter().map(|entry| entry.folder.as_str()).collect::<Vec<_>>(), ["docs", "services/crane/manual"]);
        let repository = DocsOf::Repository("harbour".to_owned());
        let page = read(&portal, &Actor::Visitor, &repository, Some("services/crane/manual/index")).await.unwrap();
        assert_eq!(page.address(&page.page), "/repositories/harbour/docs/services/crane/manual/index.md");

        // A push changes pages and navigation with the next round.
        commit(&folder.path().join("open/harbour"), &[("docs/nothing.md", "# Something\n")]);
        sync(&portal).await;
        let home = read(&portal, &Actor::Visitor, &entity("harbour"), None).await.unwrap();
        assert!(!html(&home).contains("missing-link"), "{}", html(&home));
    }
}
