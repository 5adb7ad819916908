#![allow(clippy::unwrap_used)]

use super::*;
use crate::clock::Clock;
use crate::db_test;
use crate::identity::tests::{claims, signed_in};
use crate::runs::tests::{World, template};
use crate::settings::Settings;

db_test! {
    async fn a_draft_is_its_persons_until_it_is_launched_or_too_old(settings: Settings) {
        let world = World::new(&Settings { clock: Clock::fixed(1_800_000_000_000), ..settings.clone() }).await;
        let portal = &world.portal;
        let (jane, joe) = (signed_in(portal, &claims("jane")).await, signed_in(portal, &claims("joe")).await);
        let now = portal.clock().now();
        keep(portal, &jane, &template(), "a.name=Ti", Some("licence")).await.unwrap();
        keep(portal, &jane, &template(), "a.name=Tides", None).await.unwrap();
        keep(portal, &joe, &template(), "a.name=Locks", Some("licence")).await.unwrap();
        keep(portal, &joe, &template(), &"x".repeat(LONGEST + 1), None).await.unwrap();
        keep(portal, &Actor::Operator, &template(), "a.name=x", None).await.unwrap();
        assert!(matches!(keep(portal, &Actor::Visitor, &template(), "a=b", None).await, Err(Error::Forbidden(_))));
        let own = of(portal, &jane, &template()).await.unwrap();
        assert_eq!(own, Some(Draft { filled: "a.name=Tides".to_owned(), kept_at: now }));
        assert_eq!(of(portal, &joe, &template()).await.unwrap().map(|draft| draft.filled).as_deref(), Some("a.name=Locks"));
        assert_eq!(of(portal, &Actor::Operator, &template()).await.unwrap(), None);
        assert_eq!(abandoned(portal, &template()).await.unwrap(), [], "nobody has given up yet");
        portal.clock().advance(GIVEN_UP);
        let given_up = abandoned(portal, &template()).await.unwrap();
        assert_eq!(given_up.len(), 2);
        assert!(given_up.contains(&(Some("licence".to_owned()), 1)) && given_up.contains(&(None, 1)), "{given_up:?}");

        crate::runs::launch(portal, &jane, world.wish("tides")).await.unwrap();
        assert_eq!(of(portal, &jane, &template()).await.unwrap(), None, "it is launched");
        assert!(matches!(forget(portal, &jane, &template()).await, Err(Error::NotFound(_))));
        forget(portal, &joe, &template()).await.unwrap();
        assert_eq!(of(portal, &joe, &template()).await.unwrap(), None);
        keep(portal, &joe, &template(), "a.name=Locks", None).await.unwrap();
        portal.clock().advance(KEPT);
        assert_eq!(of(portal, &joe, &template()).await.unwrap(), None, "it is too old");
        world.portal.stop().await;
    }

    async fn rows(settings: Settings) {
        let world = World::new(&settings).await;
        let db = world.portal.db();
        let jane = signed_in(&world.portal, &claims("jane")).await;
        let account = jane.account().unwrap();
        let draft = Draft { filled: "a.name=Tides".to_owned(), kept_at: 5 };
        let mut tx = db.begin().await.unwrap();
        store::keep(&mut tx, account, "t", &draft, Some("name")).await.unwrap();
        assert!(!store::forget(&mut tx, account, "other").await.unwrap());
        store::sweep(&mut tx, 4).await.unwrap();
        tx.commit().await.unwrap();
        assert_eq!(store::get(db, account, "t").await.unwrap(), Some(draft));
        assert_eq!(store::abandoned(db, "t", 4, 5).await.unwrap(), [(Some("name".to_owned()), 1)]);
        assert_eq!(store::abandoned(db, "t", 5, 9).await.unwrap(), []);
        let mut tx = db.begin().await.unwrap();
        store::sweep(&mut tx, 5).await.unwrap();
        tx.commit().await.unwrap();
        assert_eq!(store::get(db, account, "t").await.unwrap(), None);
        world.portal.stop().await;
    }
}
