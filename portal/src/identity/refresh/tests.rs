//! Providers that are asked again; on both databases.
#![allow(clippy::unwrap_used)]

use serde_json::json;

use super::*;
use crate::clock::Clock;
use crate::db::on;
use crate::db_test;
use crate::identity::provider::tests::fake::Fake;
use crate::identity::provider::tests::{sign_in_with, with};
use crate::identity::{Scope, find, find_by_token, make_token};
use crate::settings::Settings;

const HOUR: i64 = EVERY;

/// Signed in with a refresh token; the session's cookie and a token of theirs.
async fn signed_in(portal: &Portal, fake: &Fake) -> (Secret, Secret) {
    let cookie = sign_in_with(portal, fake).await;
    let actor = Actor::Person(find(portal, cookie.expose()).await.unwrap().unwrap());
    let token = make_token(portal, &actor, "laptop", Scope::Read, 7).await.unwrap();
    (cookie, token)
}

async fn offering(settings: Settings) -> (Fake, Portal) {
    let fake = Fake::start().await;
    fake.claim("name", json!("Jane"));
    fake.claim("email", json!("jane@example.com"));
    fake.claim("groups", json!(["platform"]));
    fake.claim("email_verified", json!(true));
    fake.state().metadata.insert("scopes_supported".to_owned(), json!(["openid", "offline_access"]));
    fake.state().refresh = Some("r1".to_owned());
    let portal = with(Settings { clock: Clock::fixed(Clock::System.now()), ..settings }, &fake).await;
    (fake, portal)
}

/// Runs the job, if anybody is due.
async fn run_now(portal: &Portal) {
    let mut tx = portal.db().begin().await.unwrap();
    enqueue(&mut tx, portal).await.unwrap();
    tx.commit().await.unwrap();
    let is_over = async || {
        let jobs = jobs::list(portal, &Actor::Operator, 9).await.unwrap();
        jobs.iter().filter(|job| job.kind == JOB).all(|job| job.state.is_over())
    };
    for _ in 0..400 {
        if is_over().await {
            break;
        }
        tokio::time::sleep(std::time::Duration::from_millis(25)).await;
    }
    assert!(is_over().await);
    portal.persons().forget();
}

async fn sealed(portal: &Portal) -> Vec<String> {
    on!(portal.db(), p => sqlx::query_scalar("SELECT body FROM sealed").fetch_all(p).await).unwrap()
}

db_test! {
    async fn whoever_is_gone_at_the_provider_is_gone_here_within_the_hour(settings: Settings) {
        let (fake, portal) = offering(settings).await;
        let (cookie, token) = signed_in(&portal, &fake).await;
        let first = sealed(&portal).await;
        assert!(first.len() == 1 && !first[0].contains("r1"), "{first:?}");
        portal.start();
        let is_in = async || (find(&portal, cookie.expose()).await.unwrap().is_some(), find_by_token(&portal, token.expose()).await.unwrap().is_some());

        run_now(&portal).await;
        assert_eq!(fake.asked("token"), 1, "nobody is due");
        fake.claim("groups", json!(["platform", "new"]));
        for round in 0..3 {
            portal.clock().advance(5 * HOUR);
            run_now(&portal).await;
            assert_eq!((fake.asked("token"), is_in().await), (2 + round, (true, true)), "without going there, after {} hours", 5 * (round + 1));
        }
        let person = find(&portal, cookie.expose()).await.unwrap().unwrap();
        assert_eq!(person.provider_groups.len(), 2, "what it says now");
        assert_ne!(sealed(&portal).await, first, "each is good once");

        // It does not answer: nothing ends before the hard limit.
        fake.state().broken.insert("token".to_owned(), (503, "{}".to_owned()));
        portal.clock().advance(HOUR);
        run_now(&portal).await;
        assert_eq!(is_in().await, (true, true));
        fake.state().broken.insert("token".to_owned(), (400, json!({"error": "invalid_client"}).to_string()));
        portal.clock().advance(HOUR);
        run_now(&portal).await;
        assert_eq!(is_in().await, (true, true), "that is about us");
        portal.clock().advance(11 * HOUR);
        portal.persons().forget();
        assert!(!is_in().await.0, "the hard limit");
        fake.state().broken.clear();
        run_now(&portal).await;
        assert_eq!(is_in().await, (true, true), "it answers again");

        fake.claim("sub", json!("somebody else"));
        portal.clock().advance(HOUR);
        run_now(&portal).await;
        assert_eq!(is_in().await, (true, true));
        fake.claim("sub", json!("248289761001"));
        fake.state().refresh = None;
        portal.clock().advance(HOUR);
        run_now(&portal).await;
        assert_eq!(is_in().await, (false, false), "gone");
        assert!(sealed(&portal).await.is_empty());
        let log = audit::list(&portal, &Actor::Operator, &audit::AuditFilter::default(), None, 99).await.unwrap();
        let count = |action: &str| log.iter().filter(|entry| entry.action == action).count();
        assert_eq!((count("account.gone"), count("account.revouch")), (1, 1), "{log:?}");
        assert!(!format!("{log:?}").contains("r1"));
        portal.stop().await;
    }

    async fn what_nobody_needs_is_not_kept(settings: Settings) {
        let (fake, portal) = offering(settings).await;
        let (cookie, _) = signed_in(&portal, &fake).await;
        let actor = Actor::Person(find(&portal, cookie.expose()).await.unwrap().unwrap());
        let account = actor.account().unwrap();
        let (db, now) = (portal.db(), portal.clock().now());
        assert!(!store::is_any_due(db, KIND, now).await.unwrap() && store::is_any_due(db, KIND, now + HOUR).await.unwrap());
        let mut tx = db.begin().await.unwrap();
        assert_eq!(store::take_due(&mut tx, KIND, now + HOUR, now + 2 * HOUR).await.unwrap().unwrap().0, account);
        assert!(store::take_due(&mut tx, KIND, now + HOUR, now).await.unwrap().is_none(), "of two, one gets it");
        store::put_off(&mut tx, account, KIND, now).await.unwrap();
        store::forget_unused(&mut tx, KIND, now).await.unwrap();
        tx.commit().await.unwrap();
        assert_eq!(sealed(&portal).await.len(), 1);
        let mut tx = db.begin().await.unwrap();
        store::end_all(&mut tx, account, now).await.unwrap();
        store::forget_unused(&mut tx, KIND, now).await.unwrap();
        tx.commit().await.unwrap();
        assert!(sealed(&portal).await.is_empty());
        // A sign-in that brings none ends what one before has brought.
        let mut tx = db.begin().await.unwrap();
        store::keep(&mut tx, (account, KIND), "old", now, now).await.unwrap();
        store::forget(&mut tx, account, "other").await.unwrap();
        tx.commit().await.unwrap();
        fake.state().refresh = None;
        sign_in_with(&portal, &fake).await;
        assert!(sealed(&portal).await.is_empty());
    }
}
