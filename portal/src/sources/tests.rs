#![allow(clippy::unwrap_used, clippy::expect_used)]

mod git;
pub(crate) mod github;
mod interrupted;
mod locations;
mod names;
mod plan;
mod sight;

use std::fs;
use std::path::Path;
use std::process::Command;
use std::time::Duration;

use model::Visibility;
use model::job::{Job, JobState};
use tempfile::TempDir;

use super::plan::{Known, Plan};
use super::*;
use crate::db_test;
use crate::identity::Readable;
use crate::settings::Settings;

/// A folder of real Git repositories.
pub(crate) struct Folder(TempDir);

impl Folder {
    pub(crate) fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    fn with(names: &[&str]) -> Self {
        let folder = Self::new();
        for name in names {
            folder.repository(name);
        }
        folder
    }

    fn path(&self) -> &Path {
        self.0.path()
    }

    /// Each has a first commit of its own.
    pub(crate) fn repository(&self, name: &str) {
        fs::create_dir_all(self.path().join(name)).unwrap();
        self.git(name, &["init", "-q", "-b", "main", "."]);
        self.commit(name, "README.md", &format!("# {name}\n"));
    }

    pub(crate) fn commit(&self, name: &str, file: &str, text: &str) {
        fs::write(self.path().join(name).join(file), text).unwrap();
        self.git(name, &["add", "-A"]);
        self.git(name, &["commit", "-q", "-m", &format!("Write {file}")]);
    }

    fn git(&self, name: &str, arguments: &[&str]) {
        let status = Command::new("git")
            .current_dir(self.path().join(name))
            .env("GIT_CONFIG_GLOBAL", "/dev/null")
            .env("GIT_CONFIG_NOSYSTEM", "1")
            .args(["-c", "user.name=Ada", "-c", "user.email=ada@example.org", "-c", "gc.auto=0"])
            .args(arguments)
            .status()
            .expect("git runs");
        assert!(status.success(), "git {arguments:?} in {name}");
    }

    fn rename(&self, from: &str, to: &str) {
        fs::rename(self.path().join(from), self.path().join(to)).unwrap();
    }

    pub(crate) fn source(&self, name: &str) -> SourceSettings {
        SourceSettings::folder(name, self.path(), Visibility::Public)
    }
}

pub(crate) async fn open(settings: &Settings, sources: Vec<SourceSettings>) -> Portal {
    // One round at the start, and then none by itself.
    let settings = Settings { sources, poll_interval: Duration::ZERO, ..settings.clone() };
    let portal = Portal::open(settings).await.unwrap();
    portal.start();
    portal
}

/// A round from beginning to end, as a person starts one.
pub(crate) async fn round(portal: &Portal) -> Job {
    let id = sync(portal, &Actor::Operator, None).await.unwrap();
    ended(portal, &id).await
}

async fn ended(portal: &Portal, id: &str) -> Job {
    let deadline = tokio::time::Instant::now() + Duration::from_secs(180);
    loop {
        let mut changed = jobs::watch(portal);
        let job = jobs::get(portal, &Actor::Operator, id).await.unwrap();
        if job.state.is_over() {
            return job;
        }
        assert!(tokio::time::Instant::now() < deadline, "still {job:?}");
        let _ = tokio::time::timeout(Duration::from_millis(200), changed.changed()).await;
    }
}

/// What is in sight: name, slug and standing, by name.
async fn seen(portal: &Portal) -> Vec<(String, String, String)> {
    let mut rows = store::known(portal.db()).await.unwrap();
    rows.retain(|row| row.gone_at.is_none());
    rows.sort_by(|a, b| a.name.cmp(&b.name));
    rows.into_iter().map(|row| (row.name, row.slug, row.standing)).collect()
}

pub(crate) async fn names(portal: &Portal) -> Vec<String> {
    seen(portal).await.into_iter().map(|(name, ..)| name).collect()
}

pub(crate) async fn row(portal: &Portal, name: &str) -> Known {
    let rows = store::known(portal.db()).await.unwrap();
    rows.into_iter().find(|row| row.gone_at.is_none() && row.name == name).unwrap()
}

pub(crate) async fn lines(portal: &Portal, job: &Job) -> Vec<String> {
    let lines = jobs::log(portal, &Actor::Operator, &job.id, 0).await.unwrap();
    lines.into_iter().map(|line| line.line).collect()
}

db_test! {
    async fn a_folder_is_read_once_and_then_costs_nothing(settings: Settings) {
        let folder = Folder::with(&["payments", "team/orders", "team/stock"]);
        let portal = open(&settings, vec![folder.source("work")]).await;
        let first = round(&portal).await;
        assert_eq!((first.state, first.progress.done, first.progress.total), (JobState::Succeeded, 3, 3), "{first:?}");
        assert_eq!(names(&portal).await, ["payments", "team/orders", "team/stock"]);
        assert_eq!(row(&portal, "team/orders").await.slug, "team-orders");
        let before = store::known(portal.db()).await.unwrap();
        assert!(before.iter().all(|row| row.fingerprint.is_some() && row.standing != "listed"), "{before:?}");

        let second = round(&portal).await;
        assert_eq!(second.progress.phase, "3 repositories, 0 read");
        assert_eq!(store::known(portal.db()).await.unwrap(), before);

        let status = &list(&portal, &Actor::Operator).await.unwrap()[0];
        assert_eq!((status.name.as_str(), status.repositories, status.failed, status.error.as_deref()), ("work", 3, 0, None));
        assert!(status.synced_at.is_some());
        let actions = audit::list(&portal, &Actor::Operator, &audit::AuditFilter::default(), None, 10).await.unwrap();
        assert_eq!((actions.len(), actions[0].action.as_str(), actions[0].target.as_str()), (2, "source.sync", "all sources"));
        portal.stop().await;
    }

    async fn a_commit_is_seen_with_the_next_round(settings: Settings) {
        let folder = Folder::with(&["one", "two"]);
        let portal = open(&settings, vec![folder.source("work")]).await;
        round(&portal).await;
        let (one, two) = (row(&portal, "one").await, row(&portal, "two").await);
        folder.commit("one", "main.py", "print(1)\n");
        let job = round(&portal).await;
        assert_eq!(job.progress.phase, "2 repositories, 1 read");
        assert_ne!(row(&portal, "one").await.fingerprint, one.fingerprint);
        assert_eq!(row(&portal, "one").await.root_commit, one.root_commit);
        assert_eq!(row(&portal, "two").await, two);
        // Neither does uncommitted work count.
        fs::write(folder.path().join("two/new.py"), "x = 1\n").unwrap();
        assert_eq!(round(&portal).await.progress.phase, "2 repositories, 0 read");
        portal.stop().await;
    }

    async fn one_damaged_repository_does_not_stop_the_rest(settings: Settings) {
        let folder = Folder::with(&["bad", "good"]);
        let portal = open(&settings, vec![folder.source("work")]).await;
        round(&portal).await;
        folder.commit("bad", "a.py", "a = 1\n");
        folder.commit("good", "a.py", "a = 1\n");
        for entry in fs::read_dir(folder.path().join("bad/.git/objects")).unwrap() {
            fs::remove_dir_all(entry.unwrap().path()).unwrap();
        }
        let job = round(&portal).await;
        assert_eq!((job.state, job.progress.failed), (JobState::Succeeded, 1));
        assert_eq!(job.progress.phase, "2 repositories, 1 read, 1 failed");
        let bad = row(&portal, "bad").await;
        assert_eq!((bad.standing.as_str(), row(&portal, "good").await.standing == "failed"), ("failed", false));
        assert!(lines(&portal, &job).await.iter().any(|line| line.starts_with("bad: ")));
        assert_eq!(list(&portal, &Actor::Operator).await.unwrap()[0].failed, 1);

        // It comes back once it can be read.
        fs::remove_dir_all(folder.path().join("bad/.git")).unwrap();
        folder.git("bad", &["init", "-q", "-b", "main", "."]);
        folder.commit("bad", "b.py", "b = 1\n");
        let job = round(&portal).await;
        assert_eq!(job.progress.failed, 0, "{job:?}");
        assert_ne!(row(&portal, "bad").await.standing, "failed");
        portal.stop().await;
    }

    async fn a_folder_that_is_missing_or_empty_takes_nothing_away(settings: Settings) {
        let folder = Folder::with(&["code/one", "code/two"]);
        let source = SourceSettings::folder("work", folder.path().join("code"), Visibility::Public);
        let portal = open(&settings, vec![source]).await;
        round(&portal).await;
        folder.rename("code", "elsewhere");
        let job = round(&portal).await;
        assert_eq!(job.state, JobState::Failed);
        assert!(job.error.unwrap().contains("work"));
        assert_eq!(names(&portal).await, ["one", "two"]);
        let status = &list(&portal, &Actor::Operator).await.unwrap()[0];
        assert!(status.error.as_deref().unwrap().contains("does not exist"), "{status:?}");
        // As a disk that is not mounted.
        fs::create_dir(folder.path().join("code")).unwrap();
        assert_eq!(round(&portal).await.state, JobState::Failed);
        assert_eq!(names(&portal).await, ["one", "two"]);
        fs::remove_dir(folder.path().join("code")).unwrap();
        folder.rename("elsewhere", "code");
        assert_eq!(round(&portal).await.state, JobState::Succeeded);
        assert_eq!(list(&portal, &Actor::Operator).await.unwrap()[0].error, None);
        portal.stop().await;
    }

    async fn many_that_leave_a_folder_at_once_wait_for_a_persons_word(settings: Settings) {
        let all: Vec<String> = (0..6).map(|number| format!("disk/r{number}")).chain(["one".to_owned()]).collect();
        let folder = Folder::with(&all.iter().map(String::as_str).collect::<Vec<_>>());
        let portal = open(&settings, vec![folder.source("work")]).await;
        round(&portal).await;
        // A few may go, and one that is only called otherwise does not count.
        fs::remove_dir_all(folder.path().join("one")).unwrap();
        folder.rename("disk/r5", "two");
        assert_eq!(round(&portal).await.progress.phase, "6 repositories, 0 read, 1 gone");
        folder.rename("two", "disk/r5");
        round(&portal).await;
        // The folder stays, and what was mounted in it is gone.
        folder.rename("disk", "../unmounted-disk");
        folder.repository("three");
        let job = round(&portal).await;
        assert_eq!(job.state, JobState::Succeeded, "{job:?}");
        assert_eq!(names(&portal).await.len(), 7);
        let unlisted = list(&portal, &Actor::Operator).await.unwrap()[0].unlisted.clone();
        assert_eq!((unlisted.waiting, unlisted.repositories[0].why.as_str()), (6, "is no longer there"));
        round(&portal).await;
        assert_eq!(names(&portal).await.len(), 7);
        // Mounted again, all is as it was; and once more without it, a person says that they are gone.
        folder.rename("../unmounted-disk", "disk");
        round(&portal).await;
        assert_eq!(list(&portal, &Actor::Operator).await.unwrap()[0].unlisted.waiting, 0);
        assert_eq!(row(&portal, "disk/r0").await.visibility, "public");
        fs::remove_dir_all(folder.path().join("disk")).unwrap();
        round(&portal).await;
        let until = list(&portal, &Actor::Operator).await.unwrap()[0].unlisted.until;
        assert_eq!(decide(&portal, &Actor::Operator, "work", Word::Gone, until).await.unwrap(), 6);
        assert_eq!(names(&portal).await, ["three"]);
        portal.stop().await;
    }

    async fn overlapping_sources_share_what_they_share(settings: Settings) {
        let folder = Folder::with(&["team/one", "two"]);
        let inner = SourceSettings::folder("inner", folder.path().join("team"), Visibility::Public);
        let portal = open(&settings, vec![folder.source("outer"), inner]).await;
        let job = round(&portal).await;
        assert_eq!(names(&portal).await, ["team/one", "two"]);
        assert!(lines(&portal, &job).await.iter().any(|line| line.contains("is already read from the source outer")));
        let id = row(&portal, "team/one").await.id;
        // A round over the inner one alone takes nothing over.
        let job = sync(&portal, &Actor::Operator, Some("inner")).await.unwrap();
        ended(&portal, &job).await;
        assert_eq!(row(&portal, "team/one").await.source, "outer");
        portal.stop().await;
        drop(portal);
        // Without the outer one it goes to the inner one, as itself.
        let inner = SourceSettings::folder("inner", folder.path().join("team"), Visibility::Readers);
        let portal = open(&settings, vec![inner]).await;
        round(&portal).await;
        let one = row(&portal, "one").await;
        assert_eq!((one.id, one.source.as_str(), one.visibility.as_str()), (id, "inner", "readers"));
        assert_eq!(names(&portal).await, ["one"]);
        assert!(matches!(list(&portal, &Actor::Visitor).await, Err(Error::Forbidden(_))));
        portal.stop().await;
    }

    async fn only_those_who_may_start_a_round_do(settings: Settings) {
        let folder = Folder::with(&["one"]);
        let portal = open(&settings, vec![folder.source("work")]).await;
        assert!(matches!(sync(&portal, &Actor::Visitor, None).await, Err(Error::Forbidden(_))));
        assert!(matches!(sync(&portal, &Actor::Operator, Some("other")).await, Err(Error::NotFound(_))));
        let (first, second) = (sync(&portal, &Actor::Operator, None).await.unwrap(), sync(&portal, &Actor::System, None).await.unwrap());
        assert_eq!(first, second, "a round that waits or runs is joined");
        ended(&portal, &first).await;
        assert_eq!(audit::list(&portal, &Actor::Operator, &audit::AuditFilter::default(), None, 10).await.unwrap().len(), 1);
        portal.stop().await;
    }

    async fn rounds_come_by_themselves(settings: Settings) {
        let folder = Folder::with(&["one"]);
        let settings = Settings { sources: vec![folder.source("work")], poll_interval: Duration::from_millis(200), ..settings };
        let portal = Portal::open(settings).await.unwrap();
        portal.start();
        let shows = async |name: &str| {
            let deadline = tokio::time::Instant::now() + Duration::from_secs(20);
            while !names(&portal).await.iter().any(|seen| seen == name) {
                assert!(tokio::time::Instant::now() < deadline, "{name} does not show");
                tokio::time::sleep(Duration::from_millis(50)).await;
            }
        };
        shows("one").await;
        folder.repository("two");
        shows("two").await;
        portal.stop().await;
    }

    async fn those_that_wait_for_a_word_get_it(settings: Settings) {
        let portal = Portal::open(Settings { sources: vec![SourceSettings::folder("s", "/nowhere", Visibility::Public)], ..settings }).await.unwrap();
        let row = |id: &str| Known { id: id.into(), source: "s".into(), slug: id.into(), name: id.into(), stable_key: id.into(), path: id.into(),
            visibility: "public".into(), standing: "listed".into(), wanted: "[]".into(), drafted_with: "[]".into(), ..Known::default() };
        let plan = Plan { added: vec![row("a"), row("b"), row("c")], ..Plan::default() };
        store::write_plan(portal.db(), &plan, 5).await.unwrap();
        let mut tx = portal.db().begin().await.unwrap();
        store::write_state(&mut tx, "a", "as it was").await.unwrap();
        for (id, since) in [("a", 7), ("b", 8), ("c", 9)] {
            let unseen = Known { unseen_since: Some(since), unseen_as: Some("unknown".into()), unseen_why: Some("why".into()), unseen_word: Some("waits".into()), ..row(id) };
            store::lose_sight(&mut tx, &unseen).await.unwrap();
        }
        tx.commit().await.unwrap();
        let readable = &Readable::PUBLIC;
        assert_eq!(store::unlisted(portal.db(), readable).await.unwrap(), [("s".to_owned(), 3, 3, 9)]);
        assert_eq!(store::waiting(portal.db(), "s", readable, 9).await.unwrap().len(), 3);
        assert!(store::waiting(portal.db(), "s", &Readable::only(&[Visibility::Readers]), 9).await.unwrap().is_empty());
        let mut tx = portal.db().begin().await.unwrap();
        assert_eq!(store::remove_waiting(&mut tx, "s", 7, 10).await.unwrap(), ["a"]);
        assert_eq!(store::keep_waiting(&mut tx, "s", 8).await.unwrap(), ["b"]);
        tx.commit().await.unwrap();
        let known = store::known(portal.db()).await.unwrap();
        let told = |at: usize| (known[at].gone_at, known[at].unseen_word.as_deref(), known[at].read_state.as_deref());
        assert_eq!([told(0), told(1), told(2)], [(Some(10), Some("waits"), Some("as it was")), (None, Some("kept"), None), (None, Some("waits"), None)]);
    }

    async fn what_is_written_is_what_is_read(settings: Settings) {
        let portal = Portal::open(Settings { sources: vec![SourceSettings::folder("s", "/nowhere", Visibility::SignedIn)], ..settings }).await.unwrap();
        let mut tx = portal.db().begin().await.unwrap();
        let known = Known { id: "r".into(), source: "s".into(), slug: "r".into(), name: "r".into(), stable_key: "/r".into(),
            path: "/r".into(), visibility: "public".into(), standing: "listed".into(), wanted: "[]".into(), drafted_with: "[]".into(), ..Known::default() };
        store::add(&mut tx, &known, 5).await.unwrap();
        let read = read::Read { fingerprint: "f".into(), root_commit: None, facts: "{}".into(), draft: "{}".into(), findings: "[]".into(), wanted: "[]".into(), docs: Vec::new(), lineage: None, access: None, took: 7 };
        store::write_read(&mut tx, "r", &read, None, 3, 8).await.unwrap();
        assert!(store::write_failure(&mut tx, "r", "why", "[]", None, 9).await.unwrap());
        assert!(!store::write_failure(&mut tx, "r", "why", "[]", Some("g"), 10).await.unwrap());
        assert_eq!(store::place_in(&mut tx, "r").await.unwrap().unwrap().stable_key, "/r");
        store::hide(&mut tx, "r", 11).await.unwrap();
        tx.commit().await.unwrap();
        let hidden = Known { standing: "failed".into(), fingerprint: Some("g".into()), rules_version: Some(3), read_at: Some(10),
            took: Some(7), gone_at: Some(11), ..known.clone() };
        assert_eq!(store::known(portal.db()).await.unwrap(), std::slice::from_ref(&hidden));

        let mut tx = portal.db().begin().await.unwrap();
        let moved = Known { name: "q".into(), path: "/q".into(), stable_key: "/q".into(), archived: true, fork: true, gone_at: None, ..hidden };
        store::relist(&mut tx, &moved).await.unwrap();
        assert_eq!(store::inherit_visibility(&mut tx).await.unwrap(), 1);
        assert_eq!(store::inherit_visibility(&mut tx).await.unwrap(), 0);
        store::write_synced(&mut tx, &store::Synced { source: "s", at: 12, took: 13, error: Some("e") }).await.unwrap();
        tx.commit().await.unwrap();
        assert_eq!(store::known_by_key(portal.db(), &["/q", "/r"]).await.unwrap(), [Known { visibility: "signed-in".into(), ..moved.clone() }]);
        assert_eq!(store::known(portal.db()).await.unwrap(), [Known { visibility: "signed-in".into(), ..moved }]);
        let status = &store::statuses(portal.db()).await.unwrap()[0];
        assert_eq!((status.repositories, status.failed, status.synced_at, status.error.as_deref()), (1, 1, Some(12), Some("e")));

        let mut tx = portal.db().begin().await.unwrap();
        store::retire_sources(&mut tx, 14).await.unwrap();
        assert_eq!(store::hide_retired(&mut tx, 14).await.unwrap(), 1);
        tx.commit().await.unwrap();
        assert!(store::statuses(portal.db()).await.unwrap().is_empty());
        let mut tx = portal.db().begin().await.unwrap();
        store::upsert_source(&mut tx, &portal.settings().sources[0]).await.unwrap();
        tx.commit().await.unwrap();
        assert_eq!(store::statuses(portal.db()).await.unwrap().len(), 1);
    }

    async fn a_data_folder_has_one_slipway(settings: Settings) {
        let portal = Portal::open(settings.clone()).await.unwrap();
        let error = Portal::open(settings.clone()).await.map(drop).unwrap_err();
        let Error::Conflict(text) = error else { panic!("{error}") };
        assert!(text.contains(&std::process::id().to_string()) && text.contains("--data"), "{text}");
        drop(portal);
        let data = settings.data.join("made");
        drop(Portal::open(Settings { data: data.clone(), ..settings.clone() }).await.unwrap());
        let mode = std::os::unix::fs::PermissionsExt::mode(&fs::metadata(&data).unwrap().permissions());
        assert_eq!(mode & 0o777, 0o700, "it is ours alone");
        Portal::open(settings).await.unwrap();
    }
}

#[tokio::test]
async fn a_folder_is_listed_with_what_is_in_it() {
    let folder = Folder::with(&["team/one"]);
    let source = FolderSource::new(folder.path(), false);
    let listing = source.list(&Extent::All, &[]).await;
    assert_eq!(listing.coverage, Coverage::Complete);
    let names: Vec<_> = listing.repositories.iter().map(|one| one.name.as_str()).collect();
    assert_eq!(names, ["team/one"]);
    let one = &listing.repositories[0];
    assert_eq!(Path::new(&one.stable_key), fs::canonicalize(folder.path().join("team/one")).unwrap());
    let watch = Watch::new(tokio_util::sync::CancellationToken::new(), |_| {});
    assert!(source.open(&one.path, &watch).await.unwrap().is_dir());
    assert!(source.open("/no/such/\u{fffd}", &watch).await.unwrap_err().reason.contains("UTF-8"));
    assert!(matches!(
        FolderSource::new(Path::new("/no/such"), false).list(&Extent::All, &[]).await.coverage,
        Coverage::Failed(_)
    ));
}
