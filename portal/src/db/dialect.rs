//! Everything in which SQLite and Postgres differ.

pub mod whole;

use std::path::Path;
use std::str::FromStr;
use std::time::Duration;

use sqlx::Connection;
use sqlx::error::DatabaseError;
use sqlx::migrate::Migrator;
use sqlx::postgres::{PgConnectOptions, PgPoolOptions};
use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous};

use super::{Db, Tx};
use crate::error::{Error, Result};

pub static SQLITE_MIGRATIONS: Migrator = sqlx::migrate!("../migrations/sqlite");
pub static POSTGRES_MIGRATIONS: Migrator = sqlx::migrate!("../migrations/postgres");

const READERS: u32 = 4;
const POSTGRES_CONNECTIONS: u32 = 8;
const PATIENCE: Duration = Duration::from_secs(10);

/// Opens or makes the file. Caches are small: the operating system keeps the pages anyway, and memory is a promise.
pub async fn open_sqlite(file: &Path) -> Result<Db> {
    let options = SqliteConnectOptions::new()
        .filename(file)
        .create_if_missing(true)
        .journal_mode(SqliteJournalMode::Wal)
        // With WAL this loses nothing when the process is killed, and nothing but the last moment with the machine.
        .synchronous(SqliteSynchronous::Normal)
        .foreign_keys(true)
        .busy_timeout(PATIENCE)
        .pragma("journal_size_limit", "16777216");
    let writer = SqlitePoolOptions::new()
        .max_connections(1)
        .idle_timeout(None)
        .max_lifetime(None)
        // A transaction of a long job may be in front.
        .acquire_timeout(Duration::from_secs(60))
        // On a full disk SQLite ends the transaction by itself; sqlx still counts it and would never begin another one.
        .before_acquire(|connection, _| Box::pin(std::future::ready(Ok(!connection.is_in_transaction()))))
        .connect_with(options.clone().pragma("cache_size", "-4096"))
        .await
        .map_err(|error| cannot_open(file, &error))?;
    let readers = SqlitePoolOptions::new()
        .max_connections(READERS)
        .idle_timeout(None)
        .max_lifetime(None)
        .acquire_timeout(PATIENCE)
        .test_before_acquire(false)
        .connect_lazy_with(options.pragma("cache_size", "-1024").pragma("query_only", "ON"));
    Ok(Db::Sqlite { readers, writer })
}

fn cannot_open(file: &Path, error: &sqlx::Error) -> Error {
    Error::Unavailable(format!(
        "The database {} cannot be opened ({error}): check that the folder can be written and that the disk has space.",
        file.display()
    ))
}

pub async fn open_postgres(url: &str) -> Result<Db> {
    let options = PgConnectOptions::from_str(url).map_err(|error| {
        Error::Unavailable(format!(
            "The address of the database is not understood ({error}): write postgres://user:password@host:5432/database."
        ))
    })?;
    let (host, port) = (options.get_host().to_owned(), options.get_port());
    let pool = PgPoolOptions::new()
        .max_connections(POSTGRES_CONNECTIONS)
        .acquire_timeout(PATIENCE)
        .connect_with(options.application_name("slipway"))
        .await
        .map_err(|error| {
            Error::Unavailable(format!(
                "PostgreSQL at {host}:{port} does not let us in ({error}): check the address, the user and its password."
            ))
        })?;
    Ok(Db::Postgres(pool))
}

/// Whether a Postgres lets us in, and which it is; one connection, closed at once.
pub async fn look_at_postgres(url: &str) -> Result<String> {
    let options = PgConnectOptions::from_str(url).map_err(|error| {
        Error::Unavailable(format!("The address of the database is not understood ({error}): write postgres://user:password@host:5432/database."))
    })?;
    let (host, port) = (options.get_host().to_owned(), options.get_port());
    let refused =
        |error: sqlx::Error| Error::Unavailable(format!("PostgreSQL at {host}:{port} does not let us in ({error})"));
    let mut connection = sqlx::PgConnection::connect_with(&options).await.map_err(refused)?;
    let version: String =
        sqlx::query_scalar("SHOW server_version").fetch_one(&mut connection).await.map_err(refused)?;
    let version = version.split_whitespace().next().unwrap_or_default();
    // It answered; that it does not say goodbye changes nothing.
    let _ = connection.close().await;
    Ok(format!("PostgreSQL {version} at {host}:{port} lets us in."))
}

/// Takes the next job that is due: several workers may ask at the same time, and each gets another one or none.
/// `$1` is now, `$2` the end of the lease, `$3` now as the portal shows it, `$4` kinds to pass over, each between commas.
/// SQLite's single writer is the lock.
pub fn claim_job(tx: &Tx) -> &'static str {
    macro_rules! claim {
        ($lock:literal) => {
            concat!(
                "UPDATE jobs SET attempt = attempt + 1, locked_until = $2, state = 'running', ",
                "started_at = COALESCE(started_at, $3) ",
                "WHERE id = (SELECT id FROM jobs WHERE NOT done AND run_at <= $1 ",
                "AND (locked_until IS NULL OR locked_until < $1) ",
                "AND $4 NOT LIKE '%,' || kind || ',%' ORDER BY run_at, id LIMIT 1",
                $lock,
                ") RETURNING id, kind, payload, progress, attempt, max_attempts"
            )
        };
    }
    match tx {
        Tx::Sqlite(_) => claim!(""),
        Tx::Postgres(_) => claim!(" FOR UPDATE SKIP LOCKED"),
    }
}

/// Whether other processes may write to the same database.
pub fn is_shared(db: &Db) -> bool {
    matches!(db, Db::Postgres(_))
}

/// What a person can do about an error that the database itself reports, where it is not a fault of ours.
pub fn remedy(error: &dyn DatabaseError) -> Option<String> {
    let code = error.code().unwrap_or_default();
    let text = match code.as_ref() {
        // SQLITE_FULL, Postgres disk_full.
        "13" | "53100" => {
            "The disk is full, so nothing could be saved; what was saved before is safe. Free some space."
        }
        // SQLITE_READONLY and its kinds, SQLITE_CANTOPEN.
        "8" | "264" | "520" | "776" | "1032" | "1288" | "14" => {
            "The database cannot be written: check the owner and the permissions of the data folder."
        }
        // SQLITE_BUSY and its kinds.
        "5" | "261" | "517" => "Another program holds the database for long: close it and try again.",
        // SQLITE_IOERR and its kinds that mean the medium.
        "10" | "266" | "522" | "778" | "1034" | "1290" | "1546" => {
            "The disk under the data folder reports errors: check its space and its health."
        }
        // SQLITE_CORRUPT, SQLITE_NOTADB.
        "11" | "26" => {
            "The database file is damaged. Stop Slipway and bring a backup back \
             (slipway restore FILE --force), or move slipway.db aside: everything but what people did is read from Git anew."
        }
        // too_many_connections, and the server going down or coming up.
        "53300" | "57P01" | "57P02" | "57P03" => {
            "PostgreSQL does not take requests now; Slipway tries again by itself."
        }
        _ => return None,
    };
    Some(text.to_owned())
}

/// Databases for tests: each a copy of a template that was migrated once.
#[cfg(any(test, feature = "testing"))]
pub mod copies {
    use sqlx::{AssertSqlSafe, Connection, PgConnection};

    use super::POSTGRES_MIGRATIONS;
    use crate::error::{Error, Result};

    /// Makes the database `name` as a copy of the migrated template; makes the template when it is not there.
    pub async fn create(server: &mut PgConnection, address: &dyn Fn(&str) -> String, name: &str) -> Result<()> {
        // One at a time, over all test processes: a template that somebody uses cannot be copied.
        sqlx::query("SELECT pg_advisory_lock(7354776)").execute(&mut *server).await?;
        let made = create_locked(server, address, name).await;
        sqlx::query("SELECT pg_advisory_unlock(7354776)").execute(&mut *server).await?;
        made
    }

    pub async fn drop_database(server: &mut PgConnection, name: &str) -> Result<()> {
        execute(server, format!("DROP DATABASE IF EXISTS {name} WITH (FORCE)")).await
    }

    async fn create_locked(server: &mut PgConnection, address: &dyn Fn(&str) -> String, name: &str) -> Result<()> {
        let version: String = POSTGRES_MIGRATIONS
            .iter()
            .flat_map(|step| step.checksum.iter().take(6))
            .map(|b| format!("{b:02x}"))
            .collect();
        let template = format!("slipway_template_{}", &version[version.len().saturating_sub(40)..]);
        let known: Option<i32> = sqlx::query_scalar("SELECT 1 FROM pg_database WHERE datname = $1")
            .bind(&template)
            .fetch_optional(&mut *server)
            .await?;
        if known.is_none() {
            let draft = format!("{template}_draft");
            drop_database(server, &draft).await?;
            execute(server, format!("CREATE DATABASE {draft} TEMPLATE template0 ENCODING 'UTF8' LOCALE 'C'")).await?;
            let mut connection = PgConnection::connect(&address(&draft)).await?;
            POSTGRES_MIGRATIONS.run(&mut connection).await.map_err(Error::internal)?;
            connection.close().await?;
            execute(server, format!("ALTER DATABASE {draft} RENAME TO {template}")).await?;
        }
        execute(server, format!("CREATE DATABASE {name} TEMPLATE {template}")).await
    }

    /// The names are our own; a database's name cannot be a bound value.
    async fn execute(server: &mut PgConnection, statement: String) -> Result<()> {
        sqlx::query(AssertSqlSafe(statement)).execute(&mut *server).await?;
        Ok(())
    }
}
