//! What an operator chooses; read from files and the environment by `server`.

use std::fmt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use model::Visibility;

use crate::clock::Clock;
use crate::git::{self, Address, Connection, Secret};

/// How often sources are polled when nobody says otherwise.
pub const POLL_INTERVAL: Duration = Duration::from_secs(30);

/// Everything that [`crate::Portal::open`] needs to know.
#[derive(Debug, Clone)]
pub struct Settings {
    /// Holds the database (SQLite), the index and the lock; made when it is not there.
    pub data: PathBuf,
    pub database: DatabaseSettings,
    pub sources: Vec<SourceSettings>,
    /// Between two rounds over the sources; zero turns polling off.
    pub poll_interval: Duration,
    /// Repositories that are read at the same time, at least 1.
    pub workers: usize,
    pub clock: Clock,
}

#[derive(Clone, Default)]
pub enum DatabaseSettings {
    /// A file in the data folder.
    #[default]
    Sqlite,
    /// `postgres://user:password@host:port/database`
    Postgres(String),
}

/// One place where repositories are.
#[derive(Debug, Clone)]
pub struct SourceSettings {
    /// Stable and unique: repositories are known by it.
    pub name: String,
    pub kind: SourceKind,
    /// Of everything that comes from here.
    pub visibility: Visibility,
    /// Labelled as a demo wherever it is shown.
    pub demo: bool,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SourceKind {
    /// Work trees and bare repositories below this folder, read in place.
    Folder(PathBuf),
    /// Repositories at Git hosts, mirrored in the data folder.
    Git(GitSettings),
}

/// Repositories by their addresses, and how to get at them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GitSettings {
    /// At least one. A name and a password within an address win over those below.
    pub addresses: Vec<Address>,
    pub username: Option<String>,
    pub password: Option<Password>,
    pub connection: Connection,
    /// For one fetch of one repository.
    pub time_limit: Duration,
}

/// Where a password comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Password {
    Known(Secret),
    /// Its first line, read each time that it is needed.
    File(PathBuf),
}

impl GitSettings {
    /// Without a login and with the defaults: git's own helpers and the ssh agent are asked.
    pub fn new(addresses: Vec<Address>) -> Self {
        let connection = Connection::default();
        Self { addresses, username: None, password: None, connection, time_limit: git::TIME_LIMIT }
    }
}

impl Settings {
    /// SQLite in `data`, no sources, and the defaults.
    pub fn new(data: impl AsRef<Path>) -> Self {
        Self {
            data: data.as_ref().to_owned(),
            database: DatabaseSettings::Sqlite,
            sources: Vec::new(),
            poll_interval: POLL_INTERVAL,
            workers: std::thread::available_parallelism().map_or(2, usize::from),
            clock: Clock::System,
        }
    }
}

impl SourceSettings {
    pub fn folder(name: impl Into<String>, path: impl AsRef<Path>, visibility: Visibility) -> Self {
        Self { name: name.into(), kind: SourceKind::Folder(path.as_ref().to_owned()), visibility, demo: false }
    }
}

/// Never shows the password of the database.
impl fmt::Debug for DatabaseSettings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Sqlite => "Sqlite",
            Self::Postgres(_) => "Postgres(…)",
        })
    }
}
