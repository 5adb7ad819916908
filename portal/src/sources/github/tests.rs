//! The SQL on its own; what it is for is tested with the sources.
#![allow(clippy::unwrap_used, clippy::expect_used)]

use super::store::{self, AccountRow};
use crate::Portal;
use crate::db_test;
use crate::settings::{Settings, SourceSettings};

db_test! {
    async fn what_is_kept_is_read_again_in_its_order(settings: Settings) {
        let source = SourceSettings::folder("acme", "/nowhere", model::Visibility::Public);
        let portal = Portal::open(Settings { sources: vec![source], ..settings }).await.unwrap();
        let db = portal.db();
        assert_eq!(store::account(db, "acme").await.unwrap(), None);
        let row = AccountRow { credentials: "c".into(), wanted: Some("w".into()), standing: None, listed_at: Some(7) };
        let page = |listing: &str, page: i64, body: Option<&str>| (listing.to_owned(), page, body.map(str::to_owned));
        let mut tx = db.begin().await.unwrap();
        store::write_account(&mut tx, "acme", &row).await.unwrap();
        let pages = [page("people:b", 1, Some("two")), page("people:b", 0, Some("one")), page("listed", 9, Some("three"))];
        store::write_answers(&mut tx, "acme", &pages).await.unwrap();
        assert_eq!(store::size(&mut tx, "acme", "people:").await.unwrap(), 6);
        tx.commit().await.unwrap();
        assert_eq!(store::account(db, "acme").await.unwrap(), Some(row));
        let bodies = async |prefix: &str| -> Vec<String> {
            store::answers(db, "acme", prefix).await.unwrap().into_iter().map(|(_, _, body)| body).collect()
        };
        assert_eq!(bodies("people:").await, ["one", "two"]);
        let mut tx = db.begin().await.unwrap();
        let changed = [page("people:b", 0, Some("other")), page("people:b", 1, None)];
        store::write_answers(&mut tx, "acme", &changed).await.unwrap();
        tx.commit().await.unwrap();
        assert_eq!((bodies("people:").await, bodies("listed").await), (vec!["other".to_owned()], vec!["three".to_owned()]));
        let mut tx = db.begin().await.unwrap();
        store::forget(&mut tx, "acme", "").await.unwrap();
        tx.commit().await.unwrap();
        assert!(bodies("").await.is_empty());
    }
}
