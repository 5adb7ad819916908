#![allow(clippy::unwrap_used)]

use super::*;
use crate::clock::Clock;
use crate::identity::tests::{claims, signed_in};
use crate::identity::{find_by_token, make_token, tokens};
use crate::settings::Settings;
use crate::{Portal, db_test};

const NOW: i64 = 1_767_225_600_000;

const NIGHTLY: Wish<'_> = Wish {
    name: "nightly export",
    owner: "group:platform",
    scopes: &[Scope::Sync, Scope::Read],
    reads: Reads::SignedIn,
    days: 30,
};

db_test! {
    async fn a_service_does_what_it_was_given_until_it_is_over_or_revoked(settings: Settings) {
        let portal = Portal::open(Settings { clock: Clock::fixed(NOW), ..settings.clone() }).await.unwrap();
        let (db, operator) = (portal.db(), Actor::Operator);
        let wrong = Wish { name: " ", owner: "", scopes: &[], reads: Reads::Public, days: 400 };
        match make(db, NOW, &operator, &wrong).await {
            Err(Error::Invalid(findings)) => assert_eq!(findings.findings.len(), 4, "all at once: {findings:?}"),
            other => panic!("{other:?}"),
        }
        let jane = signed_in(&portal, &claims("jane")).await;
        assert!(matches!(make(db, NOW, &jane, &NIGHTLY).await, Err(Error::Forbidden(_))));
        assert!(matches!(list(db, NOW, &jane).await, Err(Error::Forbidden(_))));
        let (id, secret) = make(db, NOW, &operator, &NIGHTLY).await.unwrap();
        assert!(matches!(revoke(db, NOW, &jane, &id).await, Err(Error::Forbidden(_))));

        let by = async |secret: &Secret| find_by_token(&portal, secret.expose()).await.unwrap();
        let service = by(&secret).await.unwrap();
        assert_eq!((service.name(), service.account(), service.id()), ("service:nightly export", None, Some(id.as_str())));
        assert_eq!(service.readable(), &Readable::SIGNED_IN);
        assert!(can(&service, Action::Sync, Resource::Anything).is_ok());
        for action in [Action::Correct, Action::Audit, Action::Own, Action::SetUp, Action::Remove, Action::Watch] {
            assert!(can(&service, action, Resource::Anything).is_err(), "{action:?}");
        }
        assert!(make(db, NOW, &service, &NIGHTLY).await.is_err(), "a token begets none");
        let listed = list(db, NOW, &operator).await.unwrap();
        assert_eq!((listed.len(), listed[0].used_at, listed[0].scopes.join(" ").as_str()), (1, Some(NOW), "read sync"));
        assert!(!format!("{listed:?}").contains(secret.expose()));
        assert_eq!(tokens(&portal, &jane).await.unwrap(), [], "they are nobody's own");

        revoke(db, NOW, &operator, &id).await.unwrap();
        assert!(matches!(revoke(db, NOW, &operator, &id).await, Err(Error::NotFound(_))));
        assert_eq!(by(&secret).await, None, "at once");
        let (_, secret) = make(db, NOW, &operator, &Wish { scopes: &Scope::ALL, reads: Reads::Everything, ..NIGHTLY }).await.unwrap();
        assert!(by(&secret).await.unwrap().readable().is_everything());
        portal.clock().advance(30 * DAY);
        assert_eq!(by(&secret).await, None, "its day has come");

        // A person's token is revoked by an administrator as well.
        let jane = signed_in(&portal, &claims("jane")).await;
        make_token(&portal, &jane, "laptop", crate::identity::Scope::Read, 7).await.unwrap();
        let own = tokens(&portal, &jane).await.unwrap();
        revoke(db, portal.clock().now(), &operator, &own[0].id).await.unwrap();
        assert!(tokens(&portal, &jane).await.unwrap()[0].revoked_at.is_some());
        let filter = audit::AuditFilter { action: "token.".to_owned(), ..Default::default() };
        let log = audit::list(&portal, &operator, &filter, None, 9).await.unwrap();
        assert_eq!(log.len(), 5);
        let of_person = log.iter().find(|entry| entry.action == "token.revoke" && entry.account.as_deref() == jane.account());
        assert!(of_person.is_some(), "{log:?}");
        let made = log.iter().filter_map(|entry| entry.after.as_deref());
        assert!(made.into_iter().any(|after| after.starts_with("nightly export (read sync; reads signed-in; 30 days")), "{log:?}");
    }

    async fn rows(db: Db) {
        let mut tx = db.begin().await.unwrap();
        let row = store::NewToken { id: "t", name: "n", scopes: "read", reads: "public", owner: "o", made_by: "operator" };
        store::add(&mut tx, "hash", row, 1, 9).await.unwrap();
        assert_eq!((store::count(&mut tx, 8).await.unwrap(), store::count(&mut tx, 9).await.unwrap()), (1, 0));
        tx.commit().await.unwrap();
        assert_eq!(store::find(&db, "hash").await.unwrap().unwrap(), store::list(&db, 8).await.unwrap()[0]);
        assert_eq!(store::list(&db, 9).await.unwrap(), []);
        let mut tx = db.begin().await.unwrap();
        assert_eq!(store::revoke(&mut tx, "t", 5).await.unwrap(), Some(None));
        assert_eq!(store::revoke(&mut tx, "t", 5).await.unwrap(), None);
        tx.commit().await.unwrap();
        assert_eq!(find(&db, "hash", 6).await.unwrap(), None);
    }
}
