//! Runs each test on both databases.
//!
//! ```ignore
//! db_test! {
//!     async fn what_is_enqueued_is_found(db: Db) { … }
//!     async fn a_source_is_synced(portal: Portal) { … }
//! }
//! ```
//!
//! SQLite gets a file in a temporary folder, Postgres a database of its own, copied from a migrated template at
//! `SLIPWAY_TEST_POSTGRES`, which `cargo xtask test` sets.
#![allow(clippy::expect_used)]

use std::future::Future;

use sqlx::{Connection, PgConnection};
use tempfile::TempDir;

use super::{Db, dialect};
use crate::Portal;
use crate::settings::{DatabaseSettings, Settings};

/// Address of a Postgres server where databases may be made.
pub const SERVER: &str = "SLIPWAY_TEST_POSTGRES";
/// `1` leaves the Postgres half out, for those who say so.
pub const SKIP: &str = "SLIPWAY_TEST_SKIP_POSTGRES";

/// What a test may ask for.
pub trait FromSettings: Sized {
    fn from_settings(settings: Settings) -> impl Future<Output = Self>;
}

impl FromSettings for Settings {
    async fn from_settings(settings: Settings) -> Self {
        settings
    }
}

impl FromSettings for Db {
    async fn from_settings(settings: Settings) -> Self {
        Db::open(&settings.database, &settings.data).await.expect("the database opens")
    }
}

/// Open, not started.
impl FromSettings for Portal {
    async fn from_settings(settings: Settings) -> Self {
        Portal::open(settings).await.expect("the portal opens")
    }
}

pub async fn on_sqlite<T: FromSettings>(body: impl AsyncFnOnce(T)) {
    let folder = TempDir::new().expect("a temporary folder");
    body(T::from_settings(Settings::new(folder.path())).await).await;
}

pub async fn on_postgres<T: FromSettings>(body: impl AsyncFnOnce(T)) {
    let Ok(server) = std::env::var(SERVER) else {
        assert!(
            std::env::var(SKIP).is_ok_and(|value| value == "1"),
            "this half of the test needs PostgreSQL: run `cargo xtask test`, which starts one, or set {SKIP}=1 to leave it out"
        );
        eprintln!("left out: {SKIP}=1");
        return;
    };
    let name = format!("slipway_test_{}", ulid::Ulid::generate().to_string().to_lowercase());
    let address = |database: &str| with_database(&server, database);
    let mut connection = PgConnection::connect(&server).await.expect("the test server answers");
    dialect::copies::create(&mut connection, &address, &name).await.expect("a database is made");
    let folder = TempDir::new().expect("a temporary folder");
    let settings = Settings { database: DatabaseSettings::Postgres(address(&name)), ..Settings::new(folder.path()) };
    body(T::from_settings(settings).await).await;
    dialect::copies::drop_database(&mut connection, &name).await.expect("the database is dropped");
}

/// The server's address with another database: what stands between the host and a `?`.
fn with_database(server: &str, database: &str) -> String {
    let (base, query) =
        server.split_once('?').map_or((server, String::new()), |(base, query)| (base, format!("?{query}")));
    let host = base.find("://").map_or(0, |at| at + 3);
    let base = base[host..].find('/').map_or(base, |slash| &base[..host + slash]);
    format!("{base}/{database}{query}")
}

/// Defines tests that run on SQLite and on Postgres. The argument's type is one that implements [`FromSettings`].
#[macro_export]
macro_rules! db_test {
    ($($(#[$attribute:meta])* async fn $name:ident($argument:ident: $type:ty) $body:block)*) => {
        $(
            $(#[$attribute])*
            mod $name {
                #[allow(unused_imports)]
                use super::*;

                async fn body($argument: $type) $body

                #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
                async fn sqlite() {
                    $crate::db::testing::on_sqlite(body).await;
                }

                #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
                async fn postgres() {
                    $crate::db::testing::on_postgres(body).await;
                }
            }
        )*
    };
}
