//! A source at GitHub: the API of a local fake, and a Git host on this machine for what is cloned.

use fake_forge::{Fake, Fault, Profile};

use super::*;
use crate::git::Secret;
use crate::git::testing::GitHost;
use crate::settings::{GitHubLogin, GitHubOwner, GitHubSettings, Password};

/// An organisation of these repositories; where they are cloned from.
pub(crate) async fn acme(names: &[&str]) -> (Fake, GitHost) {
    let fake = Fake::start(Profile::Enterprise).await.unwrap();
    let host = GitHost::with(names);
    host.require("x-access-token", "ghp_full");
    fake.state().add_token("ghp_full", "ada", &["repo", "read:org"]);
    for name in names {
        add(&fake, &host, name);
    }
    // An owner sees everything, so that a 404 means that there is nothing.
    let ada = fake_forge::Member { id: 7, login: "ada".to_owned(), admin: true };
    fake.state().organisations.get_mut("acme").unwrap().members.push(ada);
    (fake, host)
}

pub(crate) fn add(fake: &Fake, host: &GitHost, name: &str) -> u64 {
    let id = fake.state().add_repository("acme", name);
    change(fake, id, |repository| repository.clone_url = Some(host.url(name)));
    id
}

pub(crate) fn change(fake: &Fake, id: u64, change: impl FnOnce(&mut fake_forge::Repository)) {
    change(fake.state().repositories.get_mut(&id).unwrap());
}

pub(crate) fn id(fake: &Fake, name: &str) -> u64 {
    fake.state().repositories.values().find(|repository| repository.name == name).unwrap().id
}

pub(crate) fn source(fake: &Fake) -> SourceSettings {
    let owner = GitHubOwner::Organisation("acme".to_owned());
    let login = GitHubLogin::Token(Password::Known(Secret::new("ghp_full")));
    let github = GitHubSettings { url: Some(fake.origin().to_owned()), login, ..GitHubSettings::new(owner) };
    let kind = SourceKind::GitHub(github);
    SourceSettings::new("acme", kind, Visibility::Public)
}

/// Until the round that comes with the start has looked.
async fn scheduled(portal: &Portal) {
    let deadline = tokio::time::Instant::now() + Duration::from_secs(30);
    while !portal.rounds().has_looked("acme") {
        assert!(tokio::time::Instant::now() < deadline, "no round comes by itself");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

pub(super) async fn phase(portal: &Portal) -> String {
    round(portal).await.progress.phase
}

db_test! {
    async fn an_organisation_is_mirrored_and_costs_nothing_while_nobody_pushes(settings: Settings) {
        let (fake, host) = acme(&["a", "b"]).await;
        change(&fake, id(&fake, "b"), |repository| repository.visibility = fake_forge::Visibility::Private);
        let portal = open(&settings, vec![source(&fake)]).await;
        // Whichever round reads them: one begins with the portal.
        round(&portal).await;
        let (a, b) = (row(&portal, "a").await, row(&portal, "b").await);
        assert_eq!((a.visibility.as_str(), b.visibility.as_str()), ("public", "readers"));
        assert!(a.fingerprint.is_some() && b.fingerprint.is_some());
        let status = &list(&portal, &Actor::Operator).await.unwrap()[0];
        assert_eq!((status.kind.as_str(), status.location.clone(), status.error.clone()), ("github", format!("{}/acme", fake.origin()), None));

        host.requests();
        assert_eq!(phase(&portal).await, "2 repositories, 0 read");
        assert!(host.requests().is_empty(), "nothing is fetched that was not pushed to");
        host.commit("a", "main.py", "print(1)\n");
        change(&fake, id(&fake, "a"), |repository| repository.pushed_at += 60);
        assert_eq!(phase(&portal).await, "2 repositories, 1 read");
        assert!(host.requests().iter().all(|(path, _)| path.contains("/a.git/")));
        portal.stop().await;
    }

    async fn a_restart_lists_nothing_that_it_knows(settings: Settings) {
        let (fake, host) = acme(&["a"]).await;
        for number in 0..249 {
            let id = fake.state().add_repository("acme", &format!("r{number}"));
            change(&fake, id, |repository| repository.clone_url = Some(host.url("a")));
        }
        let github = source(&fake);
        let portal = open(&settings, vec![github.clone()]).await;
        round(&portal).await;
        // What was told since all was listed is known as well.
        let newer = add(&fake, &host, "a");
        change(&fake, newer, |repository| {
            repository.name = "newer".to_owned();
            repository.pushed_at += 60;
        });
        let mut tx = portal.db().begin().await.unwrap();
        enqueue_round(&mut tx, portal.clock().now()).await.unwrap();
        tx.commit().await.unwrap();
        portal.rounds().forget();
        portal.jobs().wake();
        let deadline = tokio::time::Instant::now() + Duration::from_secs(20);
        while !names(&portal).await.contains(&"newer".to_owned()) {
            assert!(tokio::time::Instant::now() < deadline);
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        portal.stop().await;
        drop(portal);

        let asked = |from: usize| -> Vec<String> { fake.requests()[from..].to_vec() };
        let before = fake.requests().len();
        let portal = open(&settings, vec![github.clone()]).await;
        scheduled(&portal).await;
        let requests = asked(before);
        assert!(requests.len() <= 2 && requests.iter().all(|request| !request.contains("sort=created")), "{requests:?}");
        assert_eq!(names(&portal).await.len(), 251);
        // Who asks for all of it pays with calls, not with the rate limit: nothing is told anew.
        let unchanged = fake.state().unchanged;
        let before = fake.requests().len();
        round(&portal).await;
        let listings = asked(before).iter().filter(|request| request.contains("sort=created")).count();
        assert_eq!((listings, fake.state().unchanged - unchanged >= listings - 1), (3, true), "all but the page with the new one");
        portal.stop().await;
        drop(portal);

        // Others are to be left out now: what was wanted before is no answer to that.
        let mut narrower = github.clone();
        let SourceKind::GitHub(settings_of) = &mut narrower.kind else { unreachable!() };
        settings_of.filter.exclude = vec!["r*".to_owned()];
        let portal = open(&settings, vec![narrower]).await;
        scheduled(&portal).await;
        assert_eq!(names(&portal).await, ["a", "newer"]);
        portal.stop().await;
    }

    async fn what_is_renamed_stays_the_same_and_what_is_deleted_goes(settings: Settings) {
        let (fake, host) = acme(&["a", "b", "c"]).await;
        let portal = open(&settings, vec![source(&fake)]).await;
        round(&portal).await;
        let before = row(&portal, "a").await;
        let renamed = id(&fake, "a");
        fake.state().move_repository(renamed, "acme", "renamed");
        fs::rename(host.bare("a"), host.bare("renamed")).unwrap();
        change(&fake, renamed, |repository| repository.clone_url = Some(host.url("renamed")));
        let deleted = id(&fake, "b");
        fake.state().repositories.remove(&deleted);
        assert_eq!(phase(&portal).await, "2 repositories, 0 read, 1 gone");
        assert_eq!(names(&portal).await, ["c", "renamed"]);
        let after = row(&portal, "renamed").await;
        assert_eq!((&after.id, &after.slug, &after.stable_key), (&before.id, &before.slug, &before.stable_key));
        // Out of the organisation, and out of what is wanted.
        let transferred = id(&fake, "c");
        fake.state().move_repository(transferred, "elsewhere", "c");
        let job = round(&portal).await;
        assert_eq!(job.progress.phase, "1 repositories, 0 read, 1 gone");
        assert!(lines(&portal, &job).await.iter().any(|line| line.contains("c was transferred to elsewhere")));
        portal.stop().await;
    }

    async fn a_narrowed_listing_takes_nothing_away(settings: Settings) {
        let (fake, _host) = acme(&["a", "b", "c"]).await;
        let portal = open(&settings, vec![source(&fake)]).await;
        round(&portal).await;
        let all = ["a", "b", "c"];
        let hidden = id(&fake, "b");
        let kept = fake.state().repositories.remove(&hidden).unwrap();
        // The listing succeeds without it, and the repository itself cannot be asked.
        fake.break_next(&format!("/repositories/{hidden}"), Fault::SingleSignOn, 1);
        let job = round(&portal).await;
        assert_eq!((names(&portal).await, job.progress.phase.as_str()), (all.map(str::to_owned).to_vec(), "2 repositories, 0 read"));
        assert!(lines(&portal, &job).await.iter().any(|line| line.contains("b was not listed; it stays")));
        // The token may see less than before.
        fake.state().add_token("ghp_full", "ada", &["read:org"]);
        round(&portal).await;
        assert_eq!(names(&portal).await, all);
        fake.state().add_token("ghp_full", "ada", &["repo", "read:org"]);
        fake.break_next("/orgs/acme/repos", Fault::PartialResults { organisations: vec![1] }, 1);
        let job = round(&portal).await;
        assert_eq!((job.state, names(&portal).await), (JobState::Failed, all.map(str::to_owned).to_vec()));
        let error = list(&portal, &Actor::Operator).await.unwrap()[0].error.clone().unwrap();
        assert!(error.contains("single sign-on"), "{error}");
        fake.state().repositories.insert(hidden, kept);
        assert_eq!(phase(&portal).await, "3 repositories, 0 read");
        portal.stop().await;
    }

    async fn a_wait_for_the_rate_limit_is_shown_while_it_lasts(settings: Settings) {
        let (fake, _host) = acme(&["a"]).await;
        let portal = open(&settings, vec![source(&fake)]).await;
        round(&portal).await;
        fake.break_next("/orgs/acme/repos", Fault::PrimaryLimit { seconds: 2 }, 1);
        let id = sync(&portal, &Actor::Operator, Some("acme")).await.unwrap();
        let deadline = tokio::time::Instant::now() + Duration::from_secs(20);
        let wait = loop {
            if let Some(wait) = list(&portal, &Actor::Operator).await.unwrap()[0].waiting.clone() {
                break wait;
            }
            assert!(tokio::time::Instant::now() < deadline);
            tokio::time::sleep(Duration::from_millis(10)).await;
        };
        assert_eq!((wait.limit.as_str(), wait.calls), ("primary", Some(5_000)));
        while !jobs::get(&portal, &Actor::Operator, &id).await.unwrap().progress.current.starts_with("acme waits until ") {
            assert!(tokio::time::Instant::now() < deadline);
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        let job = ended(&portal, &id).await;
        assert_eq!(job.state, JobState::Succeeded);
        let told = lines(&portal, &job).await;
        assert!(told.iter().any(|line| line.ends_with("UTC for GitHub's hourly rate limit, 0 of 5 000 calls left.")), "{told:?}");
        assert_eq!(list(&portal, &Actor::Operator).await.unwrap()[0].waiting, None);

        // Who stops meanwhile does not wait; the job goes on with the next start.
        fake.break_next("/orgs/acme/repos", Fault::PrimaryLimit { seconds: 3_000 }, 1);
        let id = sync(&portal, &Actor::Operator, Some("acme")).await.unwrap();
        while list(&portal, &Actor::Operator).await.unwrap()[0].waiting.is_none() {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        tokio::time::timeout(Duration::from_secs(10), portal.stop()).await.expect("it stops at once");
        drop(portal);
        let portal = open(&settings, vec![source(&fake)]).await;
        assert_eq!(ended(&portal, &id).await.state, JobState::Succeeded);
        portal.stop().await;
    }

    async fn a_token_that_is_refused_is_told_and_stands_nowhere(settings: Settings) {
        let (fake, _host) = acme(&["a"]).await;
        let portal = open(&settings, vec![source(&fake)]).await;
        round(&portal).await;
        fake.state().tokens.clear();
        let job = round(&portal).await;
        assert_eq!((job.state, names(&portal).await), (JobState::Failed, vec!["a".to_owned()]));
        let status = &list(&portal, &Actor::Operator).await.unwrap()[0];
        assert!(status.error.as_ref().unwrap().contains("credentials"), "{status:?}");
        let told = format!("{job:?}{status:?}{:?}{:?}", lines(&portal, &job).await, portal.settings());
        assert!(!told.contains("ghp_full"), "{told}");
        portal.stop().await;
        assert!(!super::git::holds(&settings.data, "ghp_full"));
    }

    async fn an_operator_who_hides_a_source_hides_what_is_public_at_the_forge(settings: Settings) {
        let (fake, _host) = acme(&["a", "b"]).await;
        change(&fake, id(&fake, "b"), |repository| repository.visibility = fake_forge::Visibility::Private);
        let portal = open(&settings, vec![source(&fake)]).await;
        round(&portal).await;
        portal.stop().await;
        drop(portal);
        let hidden = SourceSettings { visibility: Visibility::SignedIn, ..source(&fake) };
        let portal = Portal::open(Settings { sources: vec![hidden], ..settings.clone() }).await.unwrap();
        assert_eq!(row(&portal, "a").await.visibility, "signed-in");
        assert_eq!(row(&portal, "b").await.visibility, "readers");
        portal.stop().await;
    }
}
