#![allow(clippy::unwrap_used, clippy::expect_used)]

mod folders;

use model::Visibility;
use model::docs::{DocsPage, DocsSite};

use super::*;
use crate::db::on;
use crate::identity::Readable;
use crate::{Portal, db_test};

async fn repository(portal: &Portal, id: &str, visibility: Visibility) {
    let mut tx = portal.db().begin().await.unwrap();
    on!(tx, p => sqlx::query(
        "INSERT INTO sources (name, kind, location, visibility, demo) VALUES ('main', 'folder', '/', 'public', FALSE) \
         ON CONFLICT (name) DO NOTHING"
    ).execute(p).await.map(drop))
    .unwrap();
    on!(tx, p => sqlx::query(
        "INSERT INTO repositories (id, source, slug, name, stable_key, path, visibility, standing, archived, fork, \
         created_at, findings, description) VALUES ($1, 'main', $1, $2, $1, $1, $3, 'catalogued', FALSE, FALSE, 0, '[]', $4)"
    )
    .bind(id)
    .bind(format!("team/{id}"))
    .bind(visibility.as_str())
    .bind(format!("All of {id} at 100%"))
    .execute(p)
    .await
    .map(drop))
    .unwrap();
    on!(tx, p => sqlx::query(
        "INSERT INTO assignments (repository, path, kind, reference, alias) VALUES ($1, '', 'component', $2, FALSE)"
    )
    .bind(id)
    .bind(format!("component:default/{id}"))
    .execute(p)
    .await
    .map(drop))
    .unwrap();
    tx.commit().await.unwrap();
}

fn site(root: &str, folder: &str, title: Option<&str>, pages: &[&str]) -> DocsSite {
    let page = |path: &&str| DocsPage { path: (*path).to_owned(), ..DocsPage::default() };
    DocsSite {
        title: title.map(str::to_owned),
        root: root.to_owned(),
        folder: folder.to_owned(),
        pages: pages.iter().map(page).collect(),
        ..DocsSite::default()
    }
}

async fn replace(portal: &Portal, id: &str, sites: &[DocsSite]) {
    let mut tx = portal.db().begin().await.unwrap();
    store::replace(&mut tx, id, sites).await.unwrap();
    tx.commit().await.unwrap();
}

db_test! {
    async fn folders_are_listed_by_title_for_whoever_may_read_them(portal: Portal) {
        let db = portal.db();
        for (id, visibility) in [("shop", Visibility::Public), ("cart", Visibility::Readers)] {
            repository(&portal, id, visibility).await;
        }
        replace(&portal, "shop", &[site("", "docs", Some("Zoo"), &["index.md"]), site("b", "b/docs", None, &["a.md"])]).await;
        replace(&portal, "cart", &[site("", "docs", Some("abacus"), &["index.md"]), site("x", "x", Some("Nothing in it"), &[])]).await;
        let all = Readable::EVERYTHING;
        let titles = async |readable: &Readable, words: &str, slugs: &[String]| {
            let rows = store::list(db, readable, words, slugs, (10, 0)).await.unwrap();
            assert_eq!(rows.len() as i64, store::count(db, readable, words, slugs).await.unwrap());
            rows.into_iter().map(|row| format!("{}/{}", row.slug, row.folder)).collect::<Vec<_>>()
        };
        assert_eq!(titles(&all, "", &[]).await, ["cart/docs", "shop/b/docs", "shop/docs"]);
        assert_eq!(titles(&Readable::PUBLIC, "", &[]).await, ["shop/b/docs", "shop/docs"]);
        assert_eq!(titles(&all, "TEAM zoo", &[]).await, ["shop/docs"]);
        assert_eq!(titles(&all, "100%", &[]).await.len(), 3);
        assert_eq!(titles(&all, "1_0", &[]).await, [""; 0]);
        assert_eq!(titles(&all, "zoo", &["cart".to_owned()]).await, ["cart/docs", "shop/docs"]);
        assert_eq!(titles(&Readable::PUBLIC, "zoo", &["cart".to_owned()]).await, ["shop/docs"]);
        assert_eq!(store::list(db, &all, "", &[], (1, 1)).await.unwrap()[0].folder, "b/docs");
        let of = store::of_repository(db, &all, "shop").await.unwrap();
        assert_eq!(of.iter().map(|row| row.folder.as_str()).collect::<Vec<_>>(), ["b/docs", "docs"]);
        assert!(store::of_repository(db, &Readable::PUBLIC, "cart").await.unwrap().is_empty());
        let body = store::body(db, "shop", "b/docs").await.unwrap().unwrap();
        assert_eq!(serde_json::from_str::<DocsSite>(&body).unwrap(), site("b", "b/docs", None, &["a.md"]));
        assert_eq!(store::body(db, "shop", "b").await.unwrap(), None);
        let living = store::residents(db, &["shop".to_owned(), "cart".to_owned()]).await.unwrap();
        assert_eq!(living.iter().map(|(_, _, reference)| reference.as_str()).collect::<Vec<_>>(), ["component:default/cart", "component:default/shop"]);
        assert!(store::residents(db, &[]).await.unwrap().is_empty());

        replace(&portal, "shop", &[]).await;
        assert_eq!(titles(&all, "", &[]).await, ["cart/docs"]);
    }

    async fn what_was_rendered_is_remembered_for_its_place(portal: Portal) {
        let shop = Addresses::of_repository("shop");
        let rendered = render(&shop, "README.md", "# Shop\n\n[more](docs/a.md)\n");
        remember(&portal, &shop, "README.md", "abc", &rendered).await.unwrap();
        assert_eq!(remembered(&portal, &shop, "README.md", "abc").await.unwrap(), Some(rendered));
        // Links differ in another folder and another repository, the content under another id.
        for (slug, path, id) in [("shop", "docs/README.md", "abc"), ("cart", "README.md", "abc"), ("shop", "README.md", "abd")] {
            let addresses = Addresses::of_repository(slug);
            assert_eq!(remembered(&portal, &addresses, path, id).await.unwrap(), None);
        }
    }

    async fn the_least_recently_used_goes_first(portal: Portal) {
        let body = "x".repeat(100);
        for (number, key) in ["a", "b", "c"].iter().enumerate() {
            store::insert(portal.db(), key, &body, number as i64, 1000).await.unwrap();
        }
        store::touch(portal.db(), "a", 10).await.unwrap();
        store::insert(portal.db(), "d", &"x".repeat(300), 11, 1000).await.unwrap();
        assert!(store::find(portal.db(), "b").await.unwrap().is_some());
        store::insert(portal.db(), "e", &"x".repeat(900), 12, 1000).await.unwrap();
        assert!(store::find(portal.db(), "b").await.unwrap().is_none());
        let size: i64 = on!(portal.db(), p => sqlx::query_scalar("SELECT CAST(COALESCE(SUM(size), 0) AS BIGINT) FROM rendered").fetch_one(p).await).unwrap();
        assert!(size <= 1000, "{size}");
    }
}
