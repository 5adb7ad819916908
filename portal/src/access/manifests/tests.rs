//! Each statement by itself.
#![allow(clippy::unwrap_used)]

use super::store::*;
use crate::access::tests::World;
use crate::db_test;
use crate::identity::Actor;
use crate::settings::Settings;

db_test! {
    async fn statements_of_manifests_and_offers(settings: Settings) {
        let world = World::new(&settings).await;
        let db = world.portal.db();
        let mut rows = manifests(db).await.unwrap();
        assert_eq!(rows.iter().map(|row| row.slug.as_str()).collect::<Vec<_>>(), ["checkout", "payments"]);
        let row = rows.remove(0);
        assert!(row.is_there && row.component.as_deref() == Some("component:default/checkout") && row.findings == "[]", "{row:#?}");
        assert!(mark(db).await.unwrap().contains(&row.sha256));
        let found = manifest_of(db, "component:default/checkout", Actor::Visitor.readable()).await.unwrap();
        assert_eq!(found.as_ref(), Some(&row));
        assert_eq!(manifest_in(db, &row.repository).await.unwrap().as_ref(), Some(&row));
        assert_eq!(settled_commit(db, &row.repository).await.unwrap().as_deref(), Some(row.commit_id.as_str()));
        let mut tx = db.begin().await.unwrap();
        assert!(lock_manifest(&mut tx, &row).await.unwrap());
        for other in [ManifestRow { sha256: "other".to_owned(), ..row.clone() }, ManifestRow { changes: "[]".to_owned(), ..row.clone() }] {
            assert!(!lock_manifest(&mut tx, &other).await.unwrap());
        }
        write_brought(&mut tx, &row.repository, Some("{}"), None).await.unwrap();
        write_brought(&mut tx, &row.repository, None, Some("Later")).await.unwrap();
        write_findings(&mut tx, &row.repository, None, "[1]", "x").await.unwrap();
        write_settled(&mut tx, &row.repository, Some("component:default/d"), "[]", "y").await.unwrap();
        keep(&mut tx, &row.repository, None).await.unwrap();
        tx.commit().await.unwrap();
        let row = manifests(db).await.unwrap().remove(0);
        assert_eq!((row.component.as_deref(), row.settled.as_str(), row.content.as_str()), (Some("component:default/d"), "y", ""));
        assert_eq!((row.brought.as_deref(), row.trouble.as_deref()), (None, Some("Later")));
        assert!(manifest_of(db, "component:default/d", Actor::Operator.readable()).await.unwrap().is_none(), "it is no more");

        let known = offers(db).await.unwrap().remove(0);
        assert_eq!(known.api, "api:default/payments");
        assert!(known.operations.as_deref().is_some_and(|operations| operations.contains("POST /charges")), "{known:#?}");
        let mut tx = db.begin().await.unwrap();
        write_offer(&mut tx, &OfferRow { gone_at: Some(3), ..known.clone() }).await.unwrap();
        tx.commit().await.unwrap();
        assert_eq!(offers(db).await.unwrap()[0].gone_at, Some(3));
        let mut tx = db.begin().await.unwrap();
        drop_offer(&mut tx, &known.api).await.unwrap();
        tx.commit().await.unwrap();
        assert!(offers(db).await.unwrap().is_empty());
        world.portal.stop().await;
    }
}
