//! Sources of Git addresses, against a host on this machine.

use std::net::TcpListener;

use super::*;
use crate::git::testing::GitHost;
use crate::git::{Address, Secret};
use crate::settings::{GitSettings, Password};

const SECRET: &str = "correct-horse-battery";

fn source(name: &str, addresses: &[String]) -> SourceSettings {
    let addresses = addresses.iter().map(|address| Address::parse(address).unwrap()).collect();
    let kind = SourceKind::Git(GitSettings::new(addresses));
    SourceSettings::new(name, kind, Visibility::SignedIn)
}

fn with_password(source: SourceSettings, password: Password) -> SourceSettings {
    let SourceKind::Git(git) = source.kind else { unreachable!() };
    let kind = SourceKind::Git(GitSettings { username: Some("ada".into()), password: Some(password), ..git });
    SourceSettings { kind, ..source }
}

pub(super) fn holds(folder: &Path, text: &str) -> bool {
    fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).any(|path| match path.is_dir() {
        true => holds(&path, text),
        false => fs::read(&path).is_ok_and(|bytes| bytes.windows(text.len()).any(|window| window == text.as_bytes())),
    })
}

async fn findings(portal: &Portal, name: &str) -> Vec<Finding> {
    let slug = row(portal, name).await.slug;
    crate::repositories::get(portal, &Actor::Operator, &slug).await.unwrap().findings
}

db_test! {
    async fn addresses_are_mirrored_and_followed(settings: Settings) {
        let host = GitHost::with(&["team/a", "team/b"]);
        let hosted = source("hosted", &[host.url("team/a"), host.url("team/b")]);
        let portal = open(&settings, vec![hosted]).await;
        let first = round(&portal).await;
        // The round at the start may have read them already.
        assert_eq!((first.state, first.progress.done, first.progress.failed), (JobState::Succeeded, 2, 0), "{first:?}");
        assert_eq!(names(&portal).await, ["team/a", "team/b"]);
        let a = row(&portal, "team/a").await;
        assert_eq!((a.visibility.as_str(), a.stable_key.as_str()), ("signed-in", host.url("team/a").as_str()));
        assert!(Path::new(&a.path).starts_with(std::path::absolute(mirrors(&settings.data)).unwrap()));
        assert!(list(&portal, &Actor::Visitor).await.is_err());
        let status = &list(&portal, &Actor::Operator).await.unwrap()[0];
        assert_eq!((status.kind.as_str(), status.location.clone()), ("git", format!("{} and 1 more", host.url("team/a"))));

        assert_eq!(round(&portal).await.progress.phase, "2 repositories, 0 read");
        host.commit("team/a", "main.py", "print(1)\n");
        assert_eq!(round(&portal).await.progress.phase, "2 repositories, 1 read");
        assert_eq!(row(&portal, "team/a").await.root_commit, a.root_commit);
        host.at_host("team/b", &["branch", "-m", "main", "trunk"]);
        assert_eq!(round(&portal).await.progress.phase, "2 repositories, 1 read");
        portal.stop().await;
    }

    async fn names_are_there_before_any_clone_ends(settings: Settings) {
        let host = GitHost::with(&["a", "b"]);
        host.set(|state| state.stalls = true);
        let portal = open(&settings, vec![source("hosted", &[host.url("a"), host.url("b")])]).await;
        let id = sync(&portal, &Actor::Operator, None).await.unwrap();
        let deadline = tokio::time::Instant::now() + Duration::from_secs(20);
        loop {
            let job = jobs::get(&portal, &Actor::Operator, &id).await.unwrap();
            if names(&portal).await == ["a", "b"] && job.progress.current.contains(": ") {
                assert_eq!((job.progress.phase.as_str(), job.progress.total), ("Fetching and reading repositories", 2));
                break;
            }
            assert!(tokio::time::Instant::now() < deadline, "{job:?}");
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        // A stop does not wait for the host, and is no failure of the repositories.
        tokio::time::timeout(Duration::from_secs(10), portal.stop()).await.unwrap();
        drop(portal);
        host.set(|state| state.stalls = false);
        let portal = open(&settings, vec![source("hosted", &[host.url("a"), host.url("b")])]).await;
        assert_eq!(ended(&portal, &id).await.state, JobState::Succeeded);
        assert!(seen(&portal).await.iter().all(|(_, _, standing)| standing != "failed" && standing != "listed"));
        portal.stop().await;
    }

    async fn a_password_stands_nowhere_and_a_wrong_one_is_told(settings: Settings) {
        let host = GitHost::with(&["a"]);
        host.require("ada", SECRET);
        let within = host.url("a").replace("http://", &format!("http://ada:{SECRET}@"));
        let portal = open(&settings, vec![source("hosted", &[within])]).await;
        let mut shown = vec![round(&portal).await];
        assert!(row(&portal, "a").await.fingerprint.is_some());
        // Revoked midway.
        host.require("ada", "another");
        shown.push(round(&portal).await);
        let failed = row(&portal, "a").await;
        assert_eq!(failed.standing, "failed");
        assert!(failed.root_commit.is_some(), "what was known stays: {failed:?}");
        let finding = &findings(&portal, "a").await[0];
        assert_eq!(finding.rule, "repository.unreachable");
        assert!(finding.message.contains(&host.url("a")) && finding.help.contains("password"), "{finding:?}");
        host.require("ada", SECRET);
        shown.push(round(&portal).await);
        assert_ne!(row(&portal, "a").await.standing, "failed");
        for job in &shown {
            assert!(!format!("{job:?} {:?}", lines(&portal, job).await).contains(SECRET));
        }
        let rows = store::known(portal.db()).await.unwrap();
        let statuses = list(&portal, &Actor::Operator).await.unwrap();
        assert!(!format!("{rows:?} {statuses:?} {finding:?} {:?}", portal.settings()).contains(SECRET));
        portal.stop().await;
        assert!(!holds(&settings.data, SECRET));
    }

    async fn a_password_file_is_read_each_time(settings: Settings) {
        let host = GitHost::with(&["a"]);
        host.require("ada", SECRET);
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("password");
        let hosted = with_password(source("hosted", &[host.url("a")]), Password::File(file.clone()));
        let portal = open(&settings, vec![hosted]).await;
        round(&portal).await;
        let finding = &findings(&portal, "a").await[0];
        assert!(finding.message.contains(&file.display().to_string()) && finding.help.contains("password-file"), "{finding:?}");
        fs::write(&file, format!("{SECRET}\n# a note\n")).unwrap();
        assert_eq!(round(&portal).await.progress.failed, 0);
        portal.stop().await;
    }

    async fn one_that_fails_keeps_what_is_known_and_stops_nobody(settings: Settings) {
        let host = GitHost::with(&["a", "b"]);
        let closed = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
        let mut addresses = vec![host.url("a"), host.url("b")];
        addresses.extend((0..12).map(|number| format!("http://{closed}/gone-{number}.git")));
        let settings = Settings { workers: 1, ..settings };
        let portal = open(&settings, vec![source("hosted", &addresses)]).await;
        let job = round(&portal).await;
        assert_eq!((job.progress.total, job.progress.failed), (14, 12), "{job:?}");
        // Four at a time are begun; once three have failed, no more.
        let mut given_up = 0;
        for number in 0..12 {
            let finding = &findings(&portal, &format!("gone-{number}")).await[0];
            assert_eq!(finding.rule, "repository.unreachable", "{finding:?}");
            given_up += usize::from(finding.message.contains("was not tried, since its host failed 3 times in a row"));
        }
        assert!(given_up >= 6, "{given_up}");

        let before = row(&portal, "a").await;
        fs::rename(host.bare("a"), host.bare("elsewhere")).unwrap();
        host.commit("b", "b.py", "b = 1\n");
        let job = round(&portal).await;
        assert_eq!(job.progress.phase, "14 repositories, 1 read, 13 failed");
        let after = row(&portal, "a").await;
        assert_eq!((after.standing.as_str(), &after.root_commit, after.gone_at), ("failed", &before.root_commit, None));
        let finding = &findings(&portal, "a").await[0];
        assert!(finding.message.contains("is not there"), "{finding:?}");
        let entities = crate::repositories::get(&portal, &Actor::Operator, &after.slug).await.unwrap();
        assert_eq!(entities.facts.first_commit.map(|first| first.commit), before.root_commit);
        fs::rename(host.bare("elsewhere"), host.bare("a")).unwrap();
        assert_eq!(round(&portal).await.progress.failed, 12);
        assert_ne!(row(&portal, "a").await.standing, "failed");
        portal.stop().await;
    }

    async fn two_sources_share_what_they_share_and_mirrors_go_with_their_addresses(settings: Settings) {
        let host = GitHost::with(&["a", "b"]);
        let (one, two) = (source("one", &[host.url("a")]), source("two", &[host.url("a"), host.url("a"), host.url("b")]));
        let portal = open(&settings, vec![one.clone(), two]).await;
        let job = round(&portal).await;
        assert_eq!(names(&portal).await, ["a", "b"]);
        assert_eq!((row(&portal, "a").await.source, row(&portal, "b").await.source), ("one".into(), "two".into()));
        assert!(lines(&portal, &job).await.contains(&"a is already read from the source one; it is not listed twice.".to_owned()));
        let (a, b) = (row(&portal, "a").await, row(&portal, "b").await);
        assert!(Path::new(&b.path).is_dir());
        portal.stop().await;
        drop(portal);
        let portal = open(&settings, vec![one]).await;
        let job = round(&portal).await;
        assert_eq!(names(&portal).await, ["a"]);
        assert!(Path::new(&a.path).is_dir() && !Path::new(&b.path).exists(), "{:?}", lines(&portal, &job).await);
        portal.stop().await;
        drop(portal);
        let portal = open(&settings, Vec::new()).await;
        round(&portal).await;
        assert!(names(&portal).await.is_empty() && !Path::new(&a.path).exists());
        portal.stop().await;
    }

    async fn a_mirror_that_cannot_be_read_is_mended_in_the_same_round(settings: Settings) {
        let host = GitHost::with(&["a"]);
        let hosted = with_password(source("hosted", &[host.url("a")]), Password::Known(Secret::new(SECRET)));
        let portal = open(&settings, vec![hosted]).await;
        round(&portal).await;
        let before = row(&portal, "a").await;
        fs::remove_dir_all(Path::new(&before.path).join("objects/pack")).unwrap();
        // Something that makes it be read again though the host has nothing new.
        fs::write(Path::new(&before.path).join("description"), "Other\n").unwrap();
        let job = round(&portal).await;
        assert_eq!((job.progress.failed, job.progress.phase.as_str()), (0, "1 repositories, 1 read"), "{:?}", lines(&portal, &job).await);
        assert_eq!(row(&portal, "a").await.root_commit, before.root_commit);
        portal.stop().await;
    }
}
