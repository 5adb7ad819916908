//! Each statement by itself; what is said is tried in `access/tests/pulls.rs`.
#![allow(clippy::unwrap_used)]

use super::store::*;
use crate::access::tests::World;
use crate::db::on;
use crate::db_test;
use crate::settings::Settings;

db_test! {
    async fn statements_of_pull_requests(settings: Settings) {
        let world = World::new(&settings).await;
        let db = world.portal.db();
        let id = crate::access::manifests::store::manifests(db).await.unwrap().remove(0).repository;
        let mut tx = db.begin().await.unwrap();
        let key: String = on!(tx, p => sqlx::query_scalar("SELECT stable_key FROM repositories WHERE id = $1")
            .bind(&id).fetch_one(p).await).unwrap();
        assert_eq!(repository_of_key(&mut tx, &key).await.unwrap().as_ref(), Some(&id));
        assert_eq!(repository_of_key(&mut tx, "nothing").await.unwrap(), None);
        let row = Row { component: Some("component:default/checkout".to_owned()), comment_id: Some(7), ..Row::default() };
        write(&mut tx, &id, 3, &Row::default()).await.unwrap();
        write(&mut tx, &id, 3, &row).await.unwrap();
        let asked = ["component:default/checkout".to_owned(), "component:default/other".to_owned()];
        assert_eq!(of_components(&mut tx, &asked).await.unwrap(), [(id.clone(), 3)]);
        assert!(of_components(&mut tx, &asked[1..]).await.unwrap().is_empty());
        tx.commit().await.unwrap();
        assert_eq!(get(db, &id, 3).await.unwrap(), Some(row));
        assert_eq!(place(db, &id).await.unwrap(), Some(("checkout".to_owned(), "public".to_owned())));
        let mut tx = db.begin().await.unwrap();
        forget(&mut tx, &id, 3).await.unwrap();
        tx.commit().await.unwrap();
        assert_eq!(get(db, &id, 3).await.unwrap(), None);
        world.portal.stop().await;
    }
}
