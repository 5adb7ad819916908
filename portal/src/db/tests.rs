#![allow(clippy::unwrap_used)]

pub(crate) mod upgrade;

use std::collections::BTreeMap;
use std::path::Path;

use super::*;
use crate::db_test;
use crate::settings::Settings;

db_test! {
    async fn the_schema_is_the_same_on_both(db: Db) {
        insta::assert_snapshot!("schema", schema(&db).await);
    }

    async fn a_transaction_is_undone_unless_committed(db: Db) {
        let set = async |value: &str, commit: bool| {
            let mut tx = db.begin().await.unwrap();
            on!(tx, p => sqlx::query("INSERT INTO meta (key, value) VALUES ('k', $1)").bind(value).execute(p).await.map(drop)).unwrap();
            if commit {
                tx.commit().await.unwrap();
            }
        };
        set("lost", false).await;
        set("kept", true).await;
        let value: String = on!(db, p => sqlx::query_scalar("SELECT value FROM meta WHERE key = 'k'").fetch_one(p).await).unwrap();
        assert_eq!(value, "kept");
    }

    async fn opening_again_changes_nothing(settings: Settings) {
        let first = Db::open(&settings.database, &settings.data).await.unwrap();
        let before = schema(&first).await;
        first.close().await;
        let second = Db::open(&settings.database, &settings.data).await.unwrap();
        second.ping().await.unwrap();
        assert_eq!(schema(&second).await, before);
    }
}

#[tokio::test]
async fn sqlite_readers_refuse_to_write() {
    let folder = tempfile::tempdir().unwrap();
    let db = Db::open(&DatabaseSettings::Sqlite, folder.path()).await.unwrap();
    assert!(on!(db, p => sqlx::query("DELETE FROM meta").execute(p).await.map(drop)).is_err());
}

#[tokio::test]
async fn a_full_disk_says_what_to_do_and_hinders_only_as_long_as_it_lasts() {
    let folder = tempfile::tempdir().unwrap();
    let db = Db::open(&DatabaseSettings::Sqlite, folder.path()).await.unwrap();
    let mut tx = db.begin().await.unwrap();
    // The same error as from the disk, without filling one.
    on!(tx, p => sqlx::query("PRAGMA max_page_count = 1").execute(p).await.map(drop)).unwrap();
    let body = "x".repeat(1 << 20);
    let full = on!(tx, p => sqlx::query("INSERT INTO meta (key, value) VALUES ('k', $1)").bind(body).execute(p).await.map(drop));
    let error = Error::from(full.unwrap_err());
    assert!(matches!(&error, Error::Unavailable(text) if text.starts_with("The disk is full")), "{error}");
    drop(tx);

    let mut tx = db.begin().await.unwrap();
    on!(tx, p => sqlx::query("INSERT INTO meta (key, value) VALUES ('k', 'v')").execute(p).await.map(drop)).unwrap();
    tx.commit().await.unwrap();
}

#[test]
fn migrations_have_equal_file_names() {
    let names = |folder: &str| {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../migrations").join(folder);
        let mut names: Vec<_> = std::fs::read_dir(path).unwrap().map(|entry| entry.unwrap().file_name()).collect();
        names.sort();
        names
    };
    assert_eq!(names("sqlite"), names("postgres"));
}

/// Checked macros do not fit two databases, so tests stand in for them: no SQL runs for the first time in production.
#[test]
fn every_store_function_is_named_in_its_tests() {
    let mut missing = Vec::new();
    walk(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src"), &mut |store| {
        let tests = read_all_tests(store.parent().unwrap());
        for function in public_functions(&std::fs::read_to_string(store).unwrap()) {
            if !tests.contains(&function) {
                missing.push(format!("{}: {function}", store.display()));
            }
        }
    });
    assert!(missing.is_empty(), "no test names these:\n{}", missing.join("\n"));
}

fn walk(folder: &Path, found: &mut dyn FnMut(&Path)) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            walk(&path, found);
        } else if path.ends_with("store.rs") {
            found(&path);
        }
    }
}

/// `tests.rs`, and the files of `tests/`.
fn read_all_tests(feature: &Path) -> String {
    let mut text = std::fs::read_to_string(feature.join("tests.rs")).unwrap_or_default();
    for entry in std::fs::read_dir(feature.join("tests")).into_iter().flatten() {
        let path = entry.unwrap().path();
        if path.is_file() {
            text.push_str(&std::fs::read_to_string(path).unwrap());
        }
    }
    text
}

fn public_functions(text: &str) -> Vec<String> {
    let function = |line: &str| {
        let line = line.trim_start();
        let rest = line
            .strip_prefix("pub")
            .map(|rest| rest.trim_start_matches("(crate)").trim_start_matches("(super)").trim_start())?;
        let name = rest.strip_prefix("async fn ").or_else(|| rest.strip_prefix("fn "))?;
        name.split(['(', '<']).next().map(str::to_owned)
    };
    text.lines().filter_map(function).collect()
}

/// Tables with their columns and whether they may be empty, as both databases tell it.
async fn schema(db: &Db) -> String {
    let rows: Vec<(String, String, bool)> = match db {
        Db::Sqlite { readers, .. } => {
            let sql = "SELECT m.name, c.name, c.\"notnull\" = 0 FROM sqlite_master m, pragma_table_info(m.name) c
                       WHERE m.type = 'table' AND m.name NOT LIKE 'sqlite_%' AND m.name NOT LIKE '_sqlx%' ORDER BY m.name, c.cid";
            sqlx::query_as(sql).fetch_all(readers).await.unwrap()
        }
        Db::Postgres(pool) => {
            let sql = "SELECT table_name::text, column_name::text, is_nullable = 'YES' FROM information_schema.columns
                       WHERE table_schema = 'public' AND table_name NOT LIKE '\\_sqlx%' ORDER BY table_name COLLATE \"C\", ordinal_position";
            sqlx::query_as(sql).fetch_all(pool).await.unwrap()
        }
    };
    let mut tables: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for (table, column, nullable) in rows {
        tables.entry(table).or_default().push(format!("{column}{}", if nullable { "?" } else { "" }));
    }
    tables.into_iter().map(|(table, columns)| format!("{table}: {}\n", columns.join(", "))).collect()
}
