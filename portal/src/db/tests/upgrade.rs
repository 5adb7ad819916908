//! Data of an older version comes along, and data of a newer one is left alone.

use model::Visibility;
use sqlx::AssertSqlSafe;

use super::*;
use crate::identity::Actor;
use crate::settings::SourceSettings;
use crate::{Portal, audit, catalog, repositories};

/// What the program of the first step of the schema wrote.
pub const VERSION_1: &str = include_str!("version_1.sql");

/// A database as that program left it.
pub async fn version_1(settings: &Settings) -> Db {
    let db = match settings.database.postgres().unwrap() {
        None => dialect::open_sqlite(&settings.data.join("slipway.db")).await.unwrap(),
        Some(url) => dialect::open_postgres(&url).await.unwrap(),
    };
    let mut tx = db.begin().await.unwrap();
    // The test's own database has the newest schema.
    let tables = dialect::whole::tables(&mut tx).await.unwrap();
    dialect::whole::drop_all(&mut tx, &tables).await.unwrap();
    dialect::whole::migrate(&mut tx, Some(1)).await.unwrap();
    on!(tx, p => sqlx::raw_sql(AssertSqlSafe(VERSION_1)).execute(p).await.map(drop)).unwrap();
    tx.commit().await.unwrap();
    db
}

/// Its folder, without which what it holds would be gone.
pub fn with_its_source(settings: Settings) -> Settings {
    Settings { sources: vec![SourceSettings::folder("work", "work", Visibility::Public)], ..settings }
}

db_test! {
    async fn what_the_first_version_wrote_comes_along(settings: Settings) {
        version_1(&settings).await.close().await;
        let portal = Portal::open(with_its_source(settings)).await.unwrap();
        let actor = Actor::Operator;
        let berths = "component:default/berths".parse().unwrap();
        let entity = catalog::entity(&portal, &actor, &berths).await.unwrap();
        // It is linked by the rules of today, by which a descriptor holds against a correction.
        assert_eq!(entity.row.lifecycle.as_deref(), Some("production"));
        let corrections = catalog::corrections(&portal, &actor).await.unwrap();
        assert_eq!((corrections.len(), corrections[0].by.as_str()), (1, "operator"));
        let log = audit::list(&portal, &actor, &audit::AuditFilter::default(), None, 9).await.unwrap();
        let seen: Vec<_> = log.iter().map(|entry| (entry.action.as_str(), entry.account.as_deref())).collect();
        assert!(seen.contains(&("catalog.correct", None)) && seen.contains(&("source.sync", None)), "{seen:?}");
        let all = repositories::list(&portal, &actor, &repositories::RepositoryFilter::default()).await.unwrap();
        assert_eq!(all.rows.len(), 2);
        portal.stop().await;
    }

    async fn a_newer_schema_is_left_alone(settings: Settings) {
        let db = Db::open(&settings.database, &settings.data).await.unwrap();
        let mut tx = db.begin().await.unwrap();
        let sql = "INSERT INTO _sqlx_migrations (version, description, success, checksum, execution_time)
                   SELECT 9999, 'tomorrow', success, checksum, 1 FROM _sqlx_migrations WHERE version = 1";
        on!(tx, p => sqlx::query(sql).execute(p).await.map(drop)).unwrap();
        tx.commit().await.unwrap();
        let before = schema(&db).await;
        db.close().await;
        match Portal::open(settings.clone()).await.map(drop) {
            Err(Error::Unavailable(text)) => {
                assert!(text.contains("step 9999") && text.contains("slipway restore"), "{text}");
            }
            other => panic!("{other:?}"),
        }
        let db = Db::open_as_it_is(&settings.database, &settings.data).await.unwrap();
        assert_eq!(schema(&db).await, before);
    }
}
