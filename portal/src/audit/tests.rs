#![allow(clippy::unwrap_used)]

use super::*;
use crate::db_test;

db_test! {
    async fn a_change_is_recorded_with_it_or_not_at_all(portal: Portal) {
        let change = Change { action: "source.sync", target: "demo", after: Some("job"), ..Change::default() };
        let mut undone = portal.db().begin().await.unwrap();
        record(&mut undone, &Actor::Operator, 1, change).await.unwrap();
        drop(undone);
        let mut tx = portal.db().begin().await.unwrap();
        store::insert(&mut tx, "01", 2, "operator", change).await.unwrap();
        record(&mut tx, &Actor::System, 3, Change { request: Some("r1"), ..change }).await.unwrap();
        tx.commit().await.unwrap();

        let entries = list(&portal, &Actor::Operator, 10).await.unwrap();
        let seen: Vec<_> = entries.iter().map(|entry| (entry.at, entry.actor.as_str(), entry.request.as_deref())).collect();
        assert_eq!(seen, [(3, "system", Some("r1")), (2, "operator", None)]);
        assert_eq!(store::newest(portal.db(), 1).await.unwrap(), entries[..1]);
        assert_eq!(list(&portal, &Actor::Operator, 1).await.unwrap().len(), 1);
        assert!(list(&portal, &Actor::Visitor, 1).await.is_err());
    }
}
