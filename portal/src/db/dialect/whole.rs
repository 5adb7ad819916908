//! What concerns a whole database, for backups: its tables, its rules, and whether it is in order.

use sqlx::migrate::{Migrate as _, MigrateError};
use sqlx::{AssertSqlSafe, Executor as _};

use super::{POSTGRES_MIGRATIONS, SQLITE_MIGRATIONS};
use crate::backup::store::{Column, Kind};
use crate::db::Tx;
use crate::error::Result;

/// The last step of the schema that this program has.
pub fn newest() -> i64 {
    SQLITE_MIGRATIONS.iter().map(|step| step.version).max().unwrap_or_default()
}

/// Brings the schema to a step, or to the newest.
///
/// # Errors
/// As sqlx tells it; see [`crate::db::refused`].
pub async fn migrate(tx: &mut Tx, to: Option<i64>) -> std::result::Result<(), MigrateError> {
    let to = to.unwrap_or_else(newest);
    match tx {
        Tx::Sqlite(tx) => SQLITE_MIGRATIONS.run_to(to, &mut **tx).await,
        Tx::Postgres(tx) => POSTGRES_MIGRATIONS.run_to(to, &mut **tx).await,
    }
}

/// The steps that are written down, each with whether it is the very one that this program has.
pub async fn steps(tx: &mut Tx) -> Result<Vec<(i64, bool)>> {
    let (applied, known) = match tx {
        Tx::Sqlite(tx) => (tx.list_applied_migrations("_sqlx_migrations").await, &SQLITE_MIGRATIONS),
        Tx::Postgres(tx) => (tx.list_applied_migrations("_sqlx_migrations").await, &POSTGRES_MIGRATIONS),
    };
    let applied = applied.map_err(crate::db::refused)?;
    let is_ours =
        |version: i64, checksum: &[u8]| known.iter().any(|step| step.version == version && *step.checksum == *checksum);
    Ok(applied.iter().map(|step| (step.version, is_ours(step.version, &step.checksum))).collect())
}

/// The names of all tables.
pub async fn tables(tx: &mut Tx) -> Result<Vec<String>> {
    Ok(match tx {
        Tx::Sqlite(tx) => {
            let sql = "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite!_%' ESCAPE '!'";
            sqlx::query_scalar(sql).fetch_all(&mut **tx).await?
        }
        Tx::Postgres(tx) => {
            let sql = "SELECT table_name::text FROM information_schema.tables
                       WHERE table_schema = current_schema() AND table_type = 'BASE TABLE'";
            sqlx::query_scalar(sql).fetch_all(&mut **tx).await?
        }
    })
}

/// The columns of a table with their types, sorted by name: in one order on both.
pub async fn columns(tx: &mut Tx, table: &str) -> Result<Vec<(String, String)>> {
    Ok(match tx {
        Tx::Sqlite(tx) => {
            let sql = "SELECT name, type FROM pragma_table_info($1) ORDER BY name";
            sqlx::query_as(sql).bind(table).fetch_all(&mut **tx).await?
        }
        Tx::Postgres(tx) => {
            let sql = "SELECT column_name::text, data_type::text FROM information_schema.columns
                       WHERE table_schema = current_schema() AND table_name = $1 ORDER BY column_name COLLATE \"C\"";
            sqlx::query_as(sql).bind(table).fetch_all(&mut **tx).await?
        }
    })
}

/// A statement that gives each row as a JSON object with these columns, in the order of all of them. Names are those of our
/// own schema.
pub fn json_rows(tx: &Tx, table: &str, columns: &[Column]) -> String {
    let mut fields = String::new();
    let mut order = String::new();
    for (at, Column { name, kind }) in columns.iter().enumerate() {
        let comma = if at > 0 { ", " } else { "" };
        order.push_str(comma);
        match (tx, kind) {
            // SQLite has no truth; JSON has.
            (Tx::Sqlite(_), Kind::Truth) => {
                fields.push_str(&format!(
                    "{comma}'{name}', json(CASE {name} WHEN 0 THEN 'false' WHEN 1 THEN 'true' END)"
                ));
            }
            (Tx::Sqlite(_), _) => fields.push_str(&format!("{comma}'{name}', {name}")),
            (Tx::Postgres(_), _) => fields.push_str(&format!("{comma}{name}")),
        }
        match (tx, kind) {
            (Tx::Postgres(_), Kind::Text) => order.push_str(&format!("{name} COLLATE \"C\" NULLS FIRST")),
            _ => order.push_str(&format!("{name} NULLS FIRST")),
        }
    }
    match tx {
        Tx::Sqlite(_) => format!("SELECT json_object({fields}) FROM {table} ORDER BY {order}"),
        Tx::Postgres(_) => {
            format!("SELECT row_to_json(one)::text FROM (SELECT {fields} FROM {table} ORDER BY {order}) one")
        }
    }
}

/// Takes the rules of these tables away that write or refuse by themselves; gives the statements that bring them back.
pub async fn suspend_rules(tx: &mut Tx, tables: &[String]) -> Result<Vec<String>> {
    Ok(match tx {
        Tx::Sqlite(tx) => {
            let sql = "SELECT name, sql FROM sqlite_master WHERE type = 'trigger'";
            let rules: Vec<(String, String)> = sqlx::query_as(sql).fetch_all(&mut **tx).await?;
            for (name, _) in &rules {
                tx.execute(AssertSqlSafe(format!("DROP TRIGGER {name}"))).await?;
            }
            rules.into_iter().map(|(_, sql)| sql).collect()
        }
        Tx::Postgres(tx) => {
            for table in tables {
                tx.execute(AssertSqlSafe(format!("ALTER TABLE {table} DISABLE TRIGGER USER"))).await?;
            }
            tables.iter().map(|table| format!("ALTER TABLE {table} ENABLE TRIGGER USER")).collect()
        }
    })
}

/// Brings them back.
pub async fn resume_rules(tx: &mut Tx, statements: Vec<String>) -> Result<()> {
    for statement in statements {
        match tx {
            Tx::Sqlite(tx) => tx.execute(AssertSqlSafe(statement)).await.map(drop)?,
            Tx::Postgres(tx) => tx.execute(AssertSqlSafe(statement)).await.map(drop)?,
        }
    }
    Ok(())
}

/// The names of the rules that are there and in force.
pub async fn rules(tx: &mut Tx) -> Result<Vec<String>> {
    Ok(match tx {
        Tx::Sqlite(tx) => {
            sqlx::query_scalar("SELECT name FROM sqlite_master WHERE type = 'trigger'").fetch_all(&mut **tx).await?
        }
        Tx::Postgres(tx) => {
            let sql = "SELECT t.tgname::text FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid
                       WHERE NOT t.tgisinternal AND t.tgenabled = 'O' AND c.relnamespace = current_schema()::regnamespace";
            sqlx::query_scalar(sql).fetch_all(&mut **tx).await?
        }
    })
}

/// What is damaged or leads to nothing; empty where all is in order. Postgres itself sees to references, unless somebody has
/// told it not to.
pub async fn faults(tx: &mut Tx) -> Result<Vec<String>> {
    Ok(match tx {
        Tx::Sqlite(tx) => {
            let mut faults: Vec<String> = sqlx::query_scalar("PRAGMA integrity_check(20)").fetch_all(&mut **tx).await?;
            faults.retain(|fault| fault != "ok");
            faults.extend(dangling(tx).await?);
            faults
        }
        Tx::Postgres(tx) => {
            let sql = "SELECT conrelid::regclass::text || ': ' || conname FROM pg_constraint
                       WHERE contype = 'f' AND NOT convalidated AND connamespace = current_schema()::regnamespace";
            sqlx::query_scalar(sql).fetch_all(&mut **tx).await?
        }
    })
}

async fn dangling(connection: &mut sqlx::SqliteConnection) -> Result<Vec<String>> {
    let sql = "SELECT DISTINCT \"table\" || ' names a row of ' || \"parent\" || ' that is not there' FROM pragma_foreign_key_check";
    Ok(sqlx::query_scalar(sql).fetch_all(connection).await?)
}

/// How many other Slipways are connected to the same Postgres.
pub async fn others(tx: &mut Tx) -> Result<i64> {
    Ok(match tx {
        Tx::Sqlite(_) => 0,
        Tx::Postgres(tx) => {
            // Within a transaction it is otherwise what it was when first asked for.
            tx.execute("SELECT pg_stat_clear_snapshot()").await?;
            let sql = "SELECT COUNT(*) FROM pg_stat_activity
                       WHERE datname = current_database() AND application_name = 'slipway' AND pid <> pg_backend_pid()";
            sqlx::query_scalar(sql).fetch_one(&mut **tx).await?
        }
    })
}

/// Takes these tables out of Postgres, and what their rules call. SQLite's file is replaced as a whole instead.
pub async fn drop_all(tx: &mut Tx, tables: &[String]) -> Result<()> {
    let Tx::Postgres(tx) = tx else { return Ok(()) };
    for table in tables {
        tx.execute(AssertSqlSafe(format!("DROP TABLE {table} CASCADE"))).await?;
    }
    let sql = "SELECT proname::text FROM pg_proc
               WHERE (proname LIKE 'audit\\_%' OR proname LIKE 'access\\_%') AND pronamespace = current_schema()::regnamespace AND prorettype = 'trigger'::regtype";
    let functions: Vec<String> = sqlx::query_scalar(sql).fetch_all(&mut **tx).await?;
    for function in functions {
        tx.execute(AssertSqlSafe(format!("DROP FUNCTION {function}()"))).await?;
    }
    Ok(())
}

/// SQLite leaves one file behind and none beside it, which can then be moved.
pub async fn fold(db: &crate::db::Db) -> Result<()> {
    if let crate::db::Db::Sqlite { readers, writer } = db {
        readers.close().await;
        sqlx::query("PRAGMA journal_mode = DELETE").execute(writer).await?;
    }
    Ok(())
}
