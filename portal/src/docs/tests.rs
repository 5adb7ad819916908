#![allow(clippy::unwrap_used, clippy::expect_used)]

use super::*;
use crate::{Portal, db_test};

#[test]
fn relative_addresses_lead_to_pages_of_the_portal() {
    let links = InRepository { slug: "shop", path: "docs/guide/start here.md" };
    let table = [
        ("next.md", Some("/repositories/shop/files/docs/guide/next.md")),
        ("../ünder score.md", Some("/repositories/shop/files/docs/%C3%BCnder%20score.md")),
        ("/README.md", Some("/repositories/shop/files/README.md")),
        ("../../src/", Some("/repositories/shop/files/src")),
        ("../..", Some("/repositories/shop")),
        ("../../../etc/passwd", None),
        ("a?b#c.md", Some("/repositories/shop/files/docs/guide/a%3Fb%23c.md")),
    ];
    for (target, expected) in table {
        assert_eq!(links.link(target).as_deref(), expected, "{target}");
    }
    assert_eq!(links.image("a.PNG").as_deref(), Some("/repositories/shop/raw/docs/guide/a.PNG"));
    assert_eq!(links.image("a.html"), None);
    assert_eq!(links.image("../../../a.png"), None);
}

#[test]
fn a_folder_is_a_list_of_links() {
    let entries = [("a b.md".to_owned(), false), ("src".to_owned(), true), ("[x](javascript:1)".to_owned(), false)];
    let html = folder("shop", "docs", &entries).html;
    assert!(html.contains("href=\"/repositories/shop/files/docs/a%20b.md\""), "{html}");
    assert!(html.contains("href=\"/repositories/shop/files/docs/src\""), "{html}");
    assert!(!html.contains("href=\"javascript"), "{html}");
    assert!(folder("shop", "", &entries).html.contains("href=\"/repositories/shop/files/src\""));
}

db_test! {
    async fn what_was_rendered_is_remembered_for_its_place(portal: Portal) {
        let rendered = render("shop", "README.md", "# Shop\n\n[more](docs/a.md)\n");
        remember(&portal, "shop", "README.md", "abc", &rendered).await.unwrap();
        assert_eq!(remembered(&portal, "shop", "README.md", "abc").await.unwrap(), Some(rendered));
        // Links differ in another folder and another repository, the content under another id.
        for (slug, path, id) in [("shop", "docs/README.md", "abc"), ("cart", "README.md", "abc"), ("shop", "README.md", "abd")] {
            assert_eq!(remembered(&portal, slug, path, id).await.unwrap(), None);
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
        let size: i64 = crate::db::on!(portal.db(), p => sqlx::query_scalar("SELECT CAST(COALESCE(SUM(size), 0) AS BIGINT) FROM rendered").fetch_one(p).await).unwrap();
        assert!(size <= 1000, "{size}");
    }
}
