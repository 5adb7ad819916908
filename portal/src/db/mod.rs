//! The database: SQLite in the data folder, or Postgres by URL, behind one SQL text.
//!
//! Reads go through [`Db`], writes through [`Tx`]; both with the [`on!`](crate::db::on) macro:
//!
//! ```ignore
//! on!(db, p => sqlx::query_as("SELECT id, kind FROM jobs WHERE id = $1").bind(id).fetch_optional(p).await)?;
//!
//! let mut tx = db.begin().await?;
//! on!(tx, p => sqlx::query("DELETE FROM jobs WHERE id = $1").bind(id).execute(p).await)?;
//! tx.commit().await?;
//! ```
//!
//! What one database understands and the other does not sits in [`dialect`], and nowhere else. SQLite's readers refuse
//! to write, so that every change goes through the one writer and a transaction.

pub mod dialect;
mod query;
#[cfg(any(test, feature = "testing"))]
pub mod testing;
#[cfg(test)]
pub(crate) mod tests;

use std::path::Path;

use sqlx::migrate::MigrateError;
use sqlx::{PgConnection, PgPool, Postgres, Sqlite, SqliteConnection, SqlitePool, Transaction};

pub use self::query::{any_of, may_read, pattern};
use crate::error::{Error, Result};
use crate::settings::DatabaseSettings;

/// A handle to the database; cheap to clone.
#[derive(Debug, Clone)]
pub enum Db {
    Sqlite {
        readers: SqlitePool,
        /// Exactly one connection: SQLite has one writer, and waiting here is fair where its own waiting is not.
        writer: SqlitePool,
    },
    Postgres(PgPool),
}

/// A transaction that may write; undone unless it is committed.
#[derive(Debug)]
pub enum Tx {
    Sqlite(Transaction<'static, Sqlite>),
    Postgres(Transaction<'static, Postgres>),
}

/// What [`on!`](crate::db::on) branches over.
#[derive(Debug)]
pub enum On<S, P> {
    Sqlite(S),
    Postgres(P),
}

/// Runs one SQL text on whichever database is there. `p` is a `&Pool` for a [`Db`] and a `&mut Connection` for a
/// [`Tx`] (write `&mut *p` to use it more than once).
macro_rules! on {
    ($db:expr, $p:ident => $body:expr) => {
        match $db.on() {
            $crate::db::On::Sqlite($p) => $body,
            $crate::db::On::Postgres($p) => $body,
        }
    };
}
pub(crate) use on;

impl Db {
    /// Connects and brings the schema up to date.
    ///
    /// # Errors
    /// [`Error::Unavailable`] with what to do when it cannot be opened.
    pub async fn open(settings: &DatabaseSettings, data: &Path) -> Result<Self> {
        let db = match settings.postgres()? {
            None => {
                // A command may come before the first start.
                crate::portal::make_data_folder(data)?;
                dialect::open_sqlite(&data.join("slipway.db")).await?
            }
            Some(url) => dialect::open_postgres(&url).await?,
        };
        db.migrate().await?;
        Ok(db)
    }

    /// Connects to a database that is there, whatever its version, and leaves its schema alone.
    ///
    /// # Errors
    /// [`Error::Unavailable`] when there is none, or it cannot be opened.
    pub async fn open_as_it_is(settings: &DatabaseSettings, data: &Path) -> Result<Self> {
        let file = data.join("slipway.db");
        match settings.postgres()? {
            None if !file.is_file() => Err(Error::Unavailable(format!(
                "There is no database at {}: name the data folder with --data.",
                file.display()
            ))),
            None => dialect::open_sqlite(&file).await,
            Some(url) => dialect::open_postgres(&url).await,
        }
    }

    pub fn on(&self) -> On<&SqlitePool, &PgPool> {
        match self {
            Self::Sqlite { readers, .. } => On::Sqlite(readers),
            Self::Postgres(pool) => On::Postgres(pool),
        }
    }

    /// Starts a transaction that may write.
    pub async fn begin(&self) -> Result<Tx> {
        Ok(match self {
            // A deferred transaction that turns into a writing one fails at once when another writer was faster.
            Self::Sqlite { writer, .. } => Tx::Sqlite(writer.begin_with("BEGIN IMMEDIATE").await?),
            Self::Postgres(pool) => Tx::Postgres(pool.begin().await?),
        })
    }

    /// Starts a transaction that only reads, and sees everything as of one moment.
    pub async fn snapshot(&self) -> Result<Tx> {
        Ok(match self {
            Self::Sqlite { readers, .. } => Tx::Sqlite(readers.begin().await?),
            Self::Postgres(pool) => {
                Tx::Postgres(pool.begin_with("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY").await?)
            }
        })
    }

    /// `SQLite` or `PostgreSQL`, for logs and diagnostics.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Sqlite { .. } => "SQLite",
            Self::Postgres(_) => "PostgreSQL",
        }
    }

    /// Answers when the database does; for readiness.
    pub async fn ping(&self) -> Result<()> {
        on!(self, p => sqlx::query("SELECT 1").execute(p).await.map(drop))?;
        Ok(())
    }

    /// Waits for what is in flight and closes every connection.
    pub async fn close(&self) {
        match self {
            Self::Sqlite { readers, writer } => {
                readers.close().await;
                writer.close().await;
            }
            Self::Postgres(pool) => pool.close().await,
        }
    }

    async fn migrate(&self) -> Result<()> {
        let migrated = match self {
            Self::Sqlite { writer, .. } => dialect::SQLITE_MIGRATIONS.run(writer).await,
            Self::Postgres(pool) => dialect::POSTGRES_MIGRATIONS.run(pool).await,
        };
        migrated.map_err(refused)
    }
}

/// Why a schema cannot be brought up to date, and what to do.
pub(crate) fn refused(error: MigrateError) -> Error {
    match error {
        MigrateError::VersionMissing(step) => Error::Unavailable(format!(
            "The database was written by a newer Slipway (its schema has step {step}, which this one does not know): start that \
             version again, or bring back the backup from before the upgrade with `slipway restore`. Nothing was changed."
        )),
        MigrateError::VersionMismatch(step) | MigrateError::Dirty(step) => Error::Unavailable(format!(
            "The database was written by another build of Slipway (step {step} of its schema is not the one that this build \
             has): start that build again, or bring back a backup with `slipway restore`. Nothing was changed."
        )),
        MigrateError::Execute(error) => error.into(),
        error => Error::internal(format!("the schema could not be brought up to date: {error}")),
    }
}

impl Tx {
    pub fn on(&mut self) -> On<&mut SqliteConnection, &mut PgConnection> {
        match self {
            Self::Sqlite(transaction) => On::Sqlite(transaction),
            Self::Postgres(transaction) => On::Postgres(transaction),
        }
    }

    pub async fn commit(self) -> Result<()> {
        match self {
            Self::Sqlite(transaction) => transaction.commit().await?,
            Self::Postgres(transaction) => transaction.commit().await?,
        }
        Ok(())
    }
}

/// A new ULID: sorts by time, and is not to be guessed.
pub fn new_id(now: i64) -> String {
    let at = std::time::UNIX_EPOCH + std::time::Duration::from_millis(u64::try_from(now).unwrap_or_default());
    ulid::Ulid::from_datetime(at).to_string()
}
