#![allow(clippy::unwrap_used, clippy::expect_used)]

mod faults;

use std::fs;
use std::time::Duration;

use http::header::CONTENT_TYPE;
use model::job::Job;
use ring::hmac;
use serde_json::{Value, json};

use super::*;
use crate::db_test;
use crate::git::Secret;
use crate::git::testing::git;
use crate::identity::Actor;
use crate::settings::{Password, Settings};
use crate::sources::plan::Known;
use crate::sources::tests::github::{acme, add, change, id, source};
use crate::sources::tests::{names, open, round, row};
use crate::sources::{Coverage, Extent, Named};

const SECRET: &str = "It's a Secret to Everybody";

fn hooked(fake: &fake_forge::Fake) -> SourceSettings {
    let mut settings = source(fake);
    let SourceKind::GitHub(github) = &mut settings.kind else { unreachable!() };
    github.webhook_secret = Some(Password::Known(Secret::new(SECRET)));
    settings
}

fn headers(delivery: &str, event: &str, body: &[u8], secret: &str) -> HeaderMap {
    let tag = hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, secret.as_bytes()), body);
    let tag: String = tag.as_ref().iter().map(|byte| format!("{byte:02x}")).collect();
    let mut headers = HeaderMap::new();
    headers.insert(CONTENT_TYPE, "application/json".parse().unwrap());
    for (name, value) in
        [("x-github-delivery", delivery), ("x-github-event", event), ("x-hub-signature-256", &format!("sha256={tag}"))]
    {
        headers.insert(name, value.parse().unwrap());
    }
    headers
}

async fn deliver(portal: &Portal, delivery: &str, event: &str, payload: &Value) -> Result<Received> {
    let body = payload.to_string().into_bytes();
    receive(portal, "acme", &headers(delivery, event, &body, SECRET), &body).await
}

fn push(fake: &fake_forge::Fake, name: &str, after: &str) -> Value {
    let repository = json!({ "id": id(fake, name), "full_name": format!("acme/{name}"), "default_branch": "main" });
    json!({ "ref": "refs/heads/main", "after": after, "deleted": false, "repository": repository })
}

fn repository(fake: &fake_forge::Fake, action: &str, name: &str) -> Value {
    json!({ "action": action, "repository": { "id": id(fake, name), "full_name": format!("acme/{name}") } })
}

/// Waits until nothing that was told is left, and gives the job that looked.
async fn settled(portal: &Portal) -> Job {
    let deadline = tokio::time::Instant::now() + Duration::from_secs(30);
    loop {
        let mut changed = jobs::watch(portal);
        let left = store::told(portal.db(), "acme", 10).await.unwrap();
        let listed = jobs::list(portal, &Actor::Operator, 10).await.unwrap();
        let last = listed.into_iter().find(|job| job.kind == REFRESH);
        if let Some(job) = last.filter(|job| left.is_empty() && job.state.is_over()) {
            return job;
        }
        assert!(tokio::time::Instant::now() < deadline, "still {left:?}");
        let _ = tokio::time::timeout(Duration::from_millis(100), changed.changed()).await;
    }
}

/// Where its default branch was read.
async fn head(portal: &Portal, name: &str) -> String {
    let row: Known = row(portal, name).await;
    git(std::path::Path::new(&row.path), &["rev-parse", "HEAD"])
}

db_test! {
    async fn what_was_told_is_answered_once_and_not_what_was_told_meanwhile(settings: Settings) {
        let source = SourceSettings::folder("acme", "/nowhere", model::Visibility::Public);
        let portal = Portal::open(Settings { sources: vec![source], ..settings }).await.unwrap();
        let told = async || store::told(portal.db(), "acme", 10).await.unwrap();
        let push = |commit: &str| Told { commit: Some(commit.to_owned()), ..Told::contents("k".to_owned()) };
        let mut tx = portal.db().begin().await.unwrap();
        assert!(!store::is_anything_told(&mut tx, "acme").await.unwrap());
        assert!(store::add_delivery(&mut tx, "acme", "1", "push", 5).await.unwrap());
        assert!(!store::add_delivery(&mut tx, "acme", "1", "push", 6).await.unwrap());
        for (told, now) in [(push("a"), 1), (push("b"), 2), (Told::record("k".to_owned()), 3), (Told::everything(), 4), (Told::people(), 5)] {
            store::tell(&mut tx, "acme", &told, now).await.unwrap();
        }
        assert!(store::is_anything_told(&mut tx, "acme").await.unwrap());
        tx.commit().await.unwrap();
        let all = told().await;
        assert_eq!(all.iter().map(|told| (told.thing.as_str(), told.times)).collect::<Vec<_>>(), [("k", 2), ("k", 1), ("everything", 1), ("people", 1)]);
        assert_eq!((all[0].commit.as_deref(), all[0].due_at), (Some("b"), 2));

        let mut tx = portal.db().begin().await.unwrap();
        store::postpone(&mut tx, "acme", &all[0], 9).await.unwrap();
        for told in &all[1..] {
            store::answer(&mut tx, "acme", told).await.unwrap();
        }
        tx.commit().await.unwrap();
        let looked = told().await;
        assert_eq!((looked.len(), looked[0].looks, looked[0].due_at), (1, 1, 9));
        assert!(store::is_told(portal.db(), "acme", "k").await.unwrap());
        assert!(!store::is_told(portal.db(), "acme", "everything").await.unwrap());
        let mut tx = portal.db().begin().await.unwrap();
        store::tell(&mut tx, "acme", &push("c"), 10).await.unwrap();
        // What was looked at before it was told again is no answer.
        store::answer(&mut tx, "acme", &looked[0]).await.unwrap();
        store::prune_deliveries(&mut tx, 6).await.unwrap();
        tx.commit().await.unwrap();
        assert_eq!((told().await[0].times, told().await[0].looks), (3, 0));
        assert_eq!(store::last_delivery(portal.db(), "acme").await.unwrap(), None);
    }

    async fn a_push_is_looked_at_once_and_alone(settings: Settings) {
        let (fake, host) = acme(&["a", "b"]).await;
        let portal = open(&settings, vec![hooked(&fake)]).await;
        round(&portal).await;
        let before = row(&portal, "a").await;
        host.commit("a", "main.py", "print(1)\n");
        let commit = git(&host.bare("a"), &["rev-parse", "HEAD"]);
        host.requests();
        let calls = fake.requests().len();
        assert_eq!(deliver(&portal, "1", "push", &push(&fake, "a", &commit)).await.unwrap(), Received::Taken);
        let job = settled(&portal).await;
        assert_eq!((job.title.as_str(), job.error.as_deref()), ("What acme told", None));
        assert_ne!(row(&portal, "a").await.fingerprint, before.fingerprint);
        assert!(host.requests().iter().all(|(path, _)| path.contains("/a.git/")), "only what was pushed to is fetched");
        assert_eq!(fake.requests().len(), calls, "a push costs no call");
        // The same again, and something that matters to nobody.
        assert_eq!(deliver(&portal, "1", "push", &push(&fake, "a", &commit)).await.unwrap(), Received::Repeated);
        assert_eq!(deliver(&portal, "2", "star", &json!({})).await.unwrap(), Received::Ignored);
        assert_eq!(last_delivery(&portal, "acme").await.unwrap().unwrap().1, "star");
        portal.stop().await;
    }

    async fn a_delivery_that_nobody_signed_changes_nothing(settings: Settings) {
        let (fake, _host) = acme(&["a"]).await;
        let portal = open(&settings, vec![hooked(&fake)]).await;
        let body = push(&fake, "a", &"0".repeat(40)).to_string().into_bytes();
        let refused = receive(&portal, "acme", &headers("1", "push", &body, "another"), &body).await;
        assert!(matches!(refused, Err(Error::Forbidden(_))), "{refused:?}");
        let refused = receive(&portal, "acme", &headers("1", "push", b"{", SECRET), b"{").await;
        assert!(matches!(refused, Err(Error::Invalid(_))), "{refused:?}");
        let unknown = receive(&portal, "nobody", &headers("1", "push", &body, SECRET), &body).await;
        assert!(matches!(unknown, Err(Error::NotFound(_))), "{unknown:?}");
        assert_eq!(last_delivery(&portal, "acme").await.unwrap(), None);
        assert!(store::told(portal.db(), "acme", 10).await.unwrap().is_empty());
        portal.stop().await;
    }

    async fn a_delivery_may_come_before_its_commit_can_be_fetched(settings: Settings) {
        let (fake, host) = acme(&["a"]).await;
        let portal = open(&settings, vec![hooked(&fake)]).await;
        round(&portal).await;
        let bare = host.bare("a");
        let old = git(&bare, &["rev-parse", "HEAD"]);
        host.commit("a", "main.py", "print(1)\n");
        let new = git(&bare, &["rev-parse", "HEAD"]);
        git(&bare, &["update-ref", "refs/heads/main", &old]);
        deliver(&portal, "1", "push", &push(&fake, "a", &new)).await.unwrap();
        let deadline = tokio::time::Instant::now() + Duration::from_secs(20);
        while store::told(portal.db(), "acme", 10).await.unwrap()[0].looks == 0 {
            assert!(tokio::time::Instant::now() < deadline);
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        git(&bare, &["update-ref", "refs/heads/main", &new]);
        settled(&portal).await;
        assert_eq!(head(&portal, "a").await, new);
        portal.stop().await;
    }

    async fn a_thousand_in_a_second_are_few_looks(settings: Settings) {
        let (fake, host) = acme(&["a", "b", "c"]).await;
        let portal = open(&settings, vec![hooked(&fake)]).await;
        round(&portal).await;
        for name in ["a", "b", "c"] {
            host.commit(name, "main.py", "print(1)\n");
        }
        host.requests();
        let heads: Vec<String> = ["a", "b", "c"].map(|name| git(&host.bare(name), &["rev-parse", "HEAD"])).into();
        let start = tokio::time::Instant::now();
        let deliveries = (0..1_000).map(|number| {
            let which = number % 3;
            let payload = push(&fake, ["a", "b", "c"][which], &heads[which]);
            let portal = portal.clone();
            async move { deliver(&portal, &number.to_string(), "push", &payload).await.unwrap() }
        });
        let received = futures::future::join_all(deliveries).await;
        let took = start.elapsed();
        assert!(received.iter().all(|received| *received == Received::Taken));
        settled(&portal).await;
        for (name, head) in ["a", "b", "c"].iter().zip(&heads) {
            assert_eq!(self::head(&portal, name).await, *head);
        }
        let asked = host.requests().len();
        assert!(asked < 300, "{asked} requests for 1 000 deliveries in {took:?}");
        portal.stop().await;
    }

    async fn a_delivery_that_comes_again_makes_people_due_once(settings: Settings) {
        let (fake, _host) = acme(&["a"]).await;
        let portal = open(&settings, vec![hooked(&fake)]).await;
        round(&portal).await;
        let asked = || fake.requests().iter().filter(|request| request.contains("/orgs/acme/teams")).count();
        let before = asked();
        let told = json!({ "action": "added", "organization": { "login": "acme" }, "team": { "name": "A", "slug": "a" }, "member": { "login": "ada" } });
        assert_eq!(deliver(&portal, "1", "membership", &told).await.unwrap(), Received::Taken);
        settled(&portal).await;
        let once = asked();
        assert!(once > before, "people are listed at once");
        assert_eq!(deliver(&portal, "1", "membership", &told).await.unwrap(), Received::Repeated);
        round(&portal).await;
        assert_eq!(asked(), once);
        portal.stop().await;
    }

    async fn a_push_names_one_of_many_and_only_that_is_listed(settings: Settings) {
        let (fake, _host) = acme(&["a", "b", "c"]).await;
        let portal = open(&settings, vec![hooked(&fake)]).await;
        round(&portal).await;
        let source = crate::sources::source(&portal.settings().sources[0], &portal);
        assert!(source.is_listed().await);
        let (a, b) = (row(&portal, "a").await, row(&portal, "b").await);
        let extent = Extent::These(Named { listed: vec![a.stable_key.clone()], asked: vec![b.stable_key.clone()] });
        let calls = fake.requests().len();
        let listing = source.list(&extent, &[&a, &b]).await;
        let listed: Vec<&str> = listing.repositories.iter().map(|listed| listed.name.as_str()).collect();
        assert_eq!((listed, listing.coverage, fake.requests().len()), (vec!["a", "b"], Coverage::Named, calls + 1));
        let known = crate::sources::store::known_by_key(portal.db(), &[&b.stable_key, "github:elsewhere:1"]).await.unwrap();
        assert_eq!(known, [b]);
        assert!(crate::sources::store::asked(portal.db()).await.unwrap().is_empty());
        portal.stop().await;
    }

    async fn what_becomes_of_a_repository_shows_without_listing_all(settings: Settings) {
        let (fake, host) = acme(&["a", "b"]).await;
        let portal = open(&settings, vec![hooked(&fake)]).await;
        round(&portal).await;
        fs::rename(host.bare("b"), host.bare("c")).unwrap();
        let renamed = id(&fake, "b");
        fake.state().move_repository(renamed, "acme", "c");
        change(&fake, renamed, |repository| {
            repository.clone_url = Some(host.url("c"));
            repository.visibility = fake_forge::Visibility::Private;
        });
        host.repository("d");
        add(&fake, &host, "d");
        let listings = || fake.requests().iter().filter(|request| request.contains("/orgs/acme/repos")).count();
        let before = listings();
        for (delivery, action, name) in [("1", "renamed", "c"), ("2", "privatized", "c"), ("3", "created", "d")] {
            deliver(&portal, delivery, "repository", &repository(&fake, action, name)).await.unwrap();
        }
        settled(&portal).await;
        assert_eq!(names(&portal).await, ["a", "c", "d"]);
        assert_eq!(row(&portal, "c").await.visibility, "readers");
        assert!(row(&portal, "d").await.fingerprint.is_some());
        let gone = repository(&fake, "deleted", "a");
        let deleted = id(&fake, "a");
        fake.state().repositories.remove(&deleted);
        deliver(&portal, "4", "repository", &gone).await.unwrap();
        settled(&portal).await;
        assert_eq!(names(&portal).await, ["c", "d"]);
        assert_eq!(listings(), before);
        portal.stop().await;
    }

    async fn what_was_told_survives_a_stop(settings: Settings) {
        let (fake, host) = acme(&["a"]).await;
        let portal = open(&settings, vec![hooked(&fake)]).await;
        round(&portal).await;
        portal.stop().await;
        drop(portal);
        // Nobody works yet.
        let portal = Portal::open(Settings { sources: vec![hooked(&fake)], poll_interval: Duration::ZERO, ..settings.clone() })
            .await
            .unwrap();
        host.commit("a", "main.py", "print(1)\n");
        let commit = git(&host.bare("a"), &["rev-parse", "HEAD"]);
        deliver(&portal, "1", "push", &push(&fake, "a", &commit)).await.unwrap();
        portal.start();
        settled(&portal).await;
        assert_eq!(head(&portal, "a").await, commit);
        portal.stop().await;
    }
}
