//! The handle that every use case takes.

use std::fs::{DirBuilder, File, OpenOptions, TryLockError};
use std::io::{Read, Seek, Write};
use std::os::unix::fs::DirBuilderExt as _;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::access;
use crate::catalog::{self, CatalogIndex};
use crate::clock::Clock;
use crate::db::Db;
use crate::error::{Error, Result};
use crate::identity;
use crate::jobs::{self, Jobs};
use crate::sealed::Sealing;
use crate::settings::Settings;
use crate::sources;
use crate::templates;

/// Everything that lives as long as the process: database, index, jobs, settings. Cheap to clone.
#[derive(Clone)]
pub struct Portal {
    inner: Arc<Inner>,
}

struct Inner {
    settings: Settings,
    db: Db,
    index: CatalogIndex,
    jobs: Jobs,
    accounts: sources::Accounts,
    rounds: sources::Rounds,
    persons: identity::Persons,
    sealing: Sealing,
    templates: templates::Kept,
    settled: access::Settled,
    stopping: CancellationToken,
    tasks: TaskTracker,
    /// Held until the process ends, however it ends: the operating system lets go of it.
    _lock: File,
}

impl Portal {
    /// Takes the data folder, brings the database up to date and opens the index. Nothing runs yet: see [`start`](Self::start).
    ///
    /// # Errors
    /// [`Error::Conflict`] when another Slipway uses the data folder, [`Error::Unavailable`] when folder or database
    /// cannot be used; both say what to do.
    pub async fn open(settings: Settings) -> Result<Self> {
        let lock = lock(&settings.data).await?;
        let sealing = Sealing::open(&settings)?;
        let db = Db::open(&settings.database, &settings.data).await?;
        let changed = sources::register(&db, &settings).await?;
        let index = CatalogIndex::open(&settings.data.join("index"), &db).await?;
        let persons = identity::Persons::open(&db).await?;
        let portal = Self {
            inner: Arc::new(Inner {
                settings,
                db,
                index,
                jobs: Jobs::default(),
                accounts: sources::Accounts::default(),
                rounds: sources::Rounds::default(),
                persons,
                sealing,
                templates: templates::Kept::default(),
                settled: access::Settled::default(),
                stopping: CancellationToken::new(),
                tasks: TaskTracker::new(),
                _lock: lock,
            }),
        };
        if changed {
            // Nobody may see what an operator has just hidden, not even until the first round.
            catalog::relink(&portal).await?;
        }
        Ok(portal)
    }

    /// Starts the worker and the polling of sources.
    pub fn start(&self) {
        self.inner.tasks.spawn(jobs::work(self.clone()));
        self.inner.tasks.spawn(catalog::follow(self.clone()));
    }

    /// Lets the units that are running end (repositories in flight), gives running jobs back so that the next start
    /// goes on with them, and closes the database.
    pub async fn stop(&self) {
        self.inner.stopping.cancel();
        self.inner.tasks.close();
        self.inner.tasks.wait().await;
        self.inner.index.settled().await;
        self.inner.db.close().await;
    }

    pub fn db(&self) -> &Db {
        &self.inner.db
    }

    pub fn clock(&self) -> &Clock {
        &self.inner.settings.clock
    }

    pub fn settings(&self) -> &Settings {
        &self.inner.settings
    }

    pub fn jobs(&self) -> &Jobs {
        &self.inner.jobs
    }

    /// What is kept of sources at forges between rounds.
    pub(crate) fn accounts(&self) -> &sources::Accounts {
        &self.inner.accounts
    }

    pub(crate) fn rounds(&self) -> &sources::Rounds {
        &self.inner.rounds
    }

    /// Whoever asked lately.
    pub(crate) fn persons(&self) -> &identity::Persons {
        &self.inner.persons
    }

    /// What seals secrets of others.
    pub(crate) fn sealing(&self) -> &Sealing {
        &self.inner.sealing
    }

    /// Templates that were opened lately.
    pub(crate) fn templates(&self) -> &templates::Kept {
        &self.inner.templates
    }

    /// What was derived from manifests of access last.
    pub(crate) fn settled(&self) -> &access::Settled {
        &self.inner.settled
    }

    pub fn index(&self) -> &CatalogIndex {
        &self.inner.index
    }

    /// Done once [`stop`](Self::stop) was called; long work and open streams watch it.
    pub fn stopping(&self) -> &CancellationToken {
        &self.inner.stopping
    }
}

/// How long whoever has the data folder may take to let go of it: one that is being stopped, or a child of it that has not
/// yet closed what it inherited.
const PATIENCE: Duration = Duration::from_secs(1);

/// Makes the data folder, which will hold what not everybody at this machine may read. One that is there keeps its mode.
pub(crate) fn make_data_folder(data: &Path) -> Result<()> {
    let made = DirBuilder::new().recursive(true).mode(0o700).create(data);
    made.map_err(|error| cannot_use(data, &error))
}

/// One Slipway a data folder. The file holds the process id of who has it.
pub(crate) async fn lock(data: &Path) -> Result<File> {
    make_data_folder(data)?;
    let path = data.join("slipway.lock");
    let mut file = OpenOptions::new()
        .create(true)
        .truncate(false)
        .read(true)
        .write(true)
        .open(&path)
        .map_err(|error| cannot_use(data, &error))?;
    let end = Instant::now() + PATIENCE;
    let mut locked = file.try_lock();
    while matches!(locked, Err(TryLockError::WouldBlock)) && Instant::now() < end {
        tokio::time::sleep(Duration::from_millis(20)).await;
        locked = file.try_lock();
    }
    match locked {
        Ok(()) => {}
        Err(TryLockError::WouldBlock) => {
            let mut holder = String::new();
            let _ = (&mut file).take(20).read_to_string(&mut holder);
            return Err(Error::Conflict(format!(
                "Another Slipway (process {}) uses the data folder {}. Stop it, or give this one another folder with --data.",
                holder.trim(),
                data.display()
            )));
        }
        Err(TryLockError::Error(error)) => return Err(cannot_use(data, &error)),
    }
    file.set_len(0)
        .and_then(|()| file.rewind())
        .and_then(|()| writeln!(file, "{}", std::process::id()))
        .map_err(|error| cannot_use(data, &error))?;
    Ok(file)
}

fn cannot_use(data: &Path, error: &std::io::Error) -> Error {
    Error::Unavailable(format!(
        "The data folder {} cannot be used ({error}): check that it can be written and that the disk has space, \
         or choose another with --data.",
        data.display()
    ))
}
