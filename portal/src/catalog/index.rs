//! The derived index behind every list, count, facet and search. It can be thrown away at any time.
//!
//! It follows the database's change sequence: its last commit says how far it has come, and [`CatalogIndex::catch_up`] reads
//! what came after. The writer exists only while there is something to write.

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicI64, AtomicU64, Ordering};
use std::sync::{Arc, PoisonError, RwLock};

use model::catalog::CatalogRow;
use serde::{Deserialize, Serialize};
use tantivy::directory::MmapDirectory;
use tantivy::indexer::{IndexWriterOptions, LogMergePolicy};
use tantivy::{IndexReader, IndexWriter, ReloadPolicy, Searcher, Term};
use tokio::sync::{Mutex, MutexGuard, OwnedMutexGuard, mpsc, oneshot};

use super::document::{self, Fields};
use super::search::Remembered;
use super::store::{self, Change};
use crate::db::Db;
use crate::{Error, Result};

/// The least that tantivy takes.
const WRITER_BUDGET: usize = 15_000_000;
/// Changes that are read from the database at once.
const BATCH: i64 = 500;
/// A segment that has lost this share of its documents is worth writing anew.
const DELETED_SHARE: f32 = 0.3;
/// Up to this size the checksums of all files are compared when the index is opened.
const CHECKED_BYTES: u64 = 64 << 20;

/// The index of this process: cheap to read from many tasks at once, written by one at a time.
pub struct CatalogIndex {
    folder: PathBuf,
    /// Which database it belongs to.
    instance: String,
    state: RwLock<Arc<State>>,
    /// A read has met something that cannot be.
    damaged: AtomicBool,
    writing: Arc<Mutex<()>>,
    /// One round of linking at a time.
    linking: Mutex<()>,
    pub(super) remembered: Remembered,
}

/// One set of files.
pub struct State {
    engine: tantivy::Index,
    reader: IndexReader,
    pub fields: Fields,
    /// How far it has come in the change sequence.
    sequence: AtomicI64,
    /// Tells the states of this process apart.
    pub epoch: u64,
}

/// What stands in every commit.
#[derive(Debug, Serialize, Deserialize)]
struct Payload {
    version: u32,
    instance: String,
    sequence: i64,
}

impl CatalogIndex {
    /// Opens the index in `folder` and brings it to where the database is. One that is absent, damaged, of another
    /// version or of another database is written anew.
    pub async fn open(folder: &Path, db: &Db) -> Result<Self> {
        let instance = store::instance(db).await?;
        let state = match State::open(folder, &instance) {
            Some(state) => state,
            None => State::create(folder)?,
        };
        let index = Self {
            folder: folder.to_owned(),
            instance,
            state: RwLock::new(Arc::new(state)),
            damaged: AtomicBool::new(false),
            writing: Arc::default(),
            linking: Mutex::new(()),
            remembered: Remembered::default(),
        };
        index.catch_up(db).await?;
        Ok(index)
    }

    /// How far the index has come in the database's change sequence.
    pub fn sequence(&self) -> i64 {
        self.state().sequence.load(Ordering::Acquire)
    }

    /// Whether a read has found the files damaged since they were last written anew.
    pub fn is_damaged(&self) -> bool {
        self.damaged.load(Ordering::Relaxed)
    }

    /// Brings the index to where the database is, and gives that place in the change sequence. What was committed before
    /// the call can be found after it. Does nothing but one small read where nothing has changed.
    pub async fn catch_up(&self, db: &Db) -> Result<i64> {
        let guard = self.writing.clone().lock_owned().await;
        let target = store::change_sequence(db).await?;
        let state = self.state();
        let reached = state.sequence.load(Ordering::Acquire);
        // A database that is behind was brought back from a copy: what the index knows need not be true.
        if reached <= target && !self.is_damaged() {
            if reached == target {
                return Ok(target);
            }
            let guard = match self.follow(db, guard, state, target).await {
                Ok(()) => return Ok(target),
                Err(Broken::Database(error)) => return Err(error),
                Err(Broken::Files(error, guard)) => {
                    tracing::warn!(%error, "the index cannot be written; it is made anew");
                    guard
                }
            };
            return self.begin_anew(db, guard, target).await;
        }
        self.begin_anew(db, guard, target).await
    }

    /// Readers keep what they have until the new files are complete.
    async fn begin_anew(&self, db: &Db, guard: OwnedMutexGuard<()>, target: i64) -> Result<i64> {
        let state = Arc::new(State::create(&self.folder)?);
        match self.follow(db, guard, state.clone(), target).await {
            Ok(()) => {}
            Err(Broken::Database(error)) => return Err(error),
            Err(Broken::Files(error, _)) => return Err(cannot_write(&self.folder, &error)),
        }
        *self.state.write().unwrap_or_else(PoisonError::into_inner) = state;
        self.damaged.store(false, Ordering::Relaxed);
        Ok(target)
    }

    /// Writes what the database has between where `state` is and `target`. Returns as soon as it can be found; segments
    /// are merged, and the writer is dropped, after that.
    async fn follow(
        &self,
        db: &Db,
        guard: OwnedMutexGuard<()>,
        state: Arc<State>,
        target: i64,
    ) -> std::result::Result<(), Broken> {
        let mut after = state.sequence.load(Ordering::Acquire);
        let payload = Payload { version: document::VERSION, instance: self.instance.clone(), sequence: target };
        let (changes, received) = mpsc::channel(2);
        let (published, visible) = oneshot::channel();
        tokio::task::spawn_blocking(move || {
            let guard = write(&state, &payload, received, published, guard);
            // Whoever gets the turn may count on our having let go of the files.
            drop(state);
            drop(guard);
        });
        loop {
            let batch = store::changes(db, after, target, BATCH).await.map_err(Broken::Database)?;
            let Some(last) = batch.last() else {
                break;
            };
            after = last.sequence;
            if changes.send(Step::Apply(batch)).await.is_err() {
                break;
            }
        }
        // Without this word the writer forgets what it was given: a read that failed leaves nothing half done.
        let _ = changes.send(Step::Commit).await;
        drop(changes);
        match visible.await {
            Ok(Ok(())) => Ok(()),
            Ok(Err((error, guard))) => Err(Broken::Files(error, guard)),
            Err(_) => Err(Broken::Database(Error::internal("the writer of the index ended without a word"))),
        }
    }

    /// The turn of whoever links the catalog in this process.
    pub(super) async fn linking(&self) -> MutexGuard<'_, ()> {
        self.linking.lock().await
    }

    /// Waits until nothing writes any more. Files that are read as memory must not change under it.
    pub async fn settled(&self) {
        drop(self.writing.lock().await);
    }

    /// What a reader works on: it does not change under its hands.
    pub(super) fn reading(&self) -> (Arc<State>, Searcher) {
        let state = self.state();
        let searcher = state.reader.searcher();
        (state, searcher)
    }

    /// Reading the files failed: they are written anew at the next opportunity.
    pub(super) fn broken(&self, error: &tantivy::TantivyError) -> Error {
        tracing::error!(%error, "the index cannot be read; it is made anew");
        self.damaged.store(true, Ordering::Relaxed);
        Error::Unavailable("The search index is damaged and is being written anew. Try again in a moment.".to_owned())
    }

    fn state(&self) -> Arc<State> {
        self.state.read().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

/// Why following stopped; the guard comes back so that the files can be made anew.
enum Broken {
    Database(Error),
    Files(tantivy::TantivyError, OwnedMutexGuard<()>),
}

enum Step {
    Apply(Vec<Change>),
    Commit,
}

type Published = oneshot::Sender<std::result::Result<(), (tantivy::TantivyError, OwnedMutexGuard<()>)>>;

/// Runs on a blocking thread until the last merge is done.
fn write(
    state: &State,
    payload: &Payload,
    changes: mpsc::Receiver<Step>,
    published: Published,
    guard: OwnedMutexGuard<()>,
) -> Option<OwnedMutexGuard<()>> {
    match state.write(payload, changes) {
        Ok(writer) => {
            let _ = published.send(Ok(()));
            if let Some(Err(error)) = writer.map(|writer| state.settle(writer)) {
                tracing::warn!(%error, "segments of the index could not be merged");
            }
            Some(guard)
        }
        Err(error) => {
            let _ = published.send(Err((error, guard)));
            None
        }
    }
}

impl State {
    fn new(engine: tantivy::Index, fields: Fields, sequence: i64) -> tantivy::Result<Self> {
        static EPOCH: AtomicU64 = AtomicU64::new(0);
        document::register(&engine);
        let reader =
            engine.reader_builder().reload_policy(ReloadPolicy::Manual).doc_store_cache_num_blocks(4).try_into()?;
        let epoch = EPOCH.fetch_add(1, Ordering::Relaxed);
        Ok(Self { engine, reader, fields, sequence: AtomicI64::new(sequence), epoch })
    }

    /// What is in `folder`, if it can be used.
    fn open(folder: &Path, instance: &str) -> Option<Self> {
        let (schema, fields) = document::schema();
        let opened = || -> tantivy::Result<Option<Self>> {
            let directory = MmapDirectory::open(folder)?;
            if !tantivy::Index::exists(&directory)? {
                return Ok(None);
            }
            let engine = tantivy::Index::open(directory)?;
            let payload = engine.load_metas()?.payload.and_then(|text| serde_json::from_str::<Payload>(&text).ok());
            let Some(payload) = payload.filter(|payload| {
                payload.version == document::VERSION && payload.instance == instance && engine.schema() == schema
            }) else {
                tracing::info!("the index is of another version or another database; it is made anew");
                return Ok(None);
            };
            if size(folder) <= CHECKED_BYTES {
                let damaged = engine.validate_checksum()?;
                if !damaged.is_empty() {
                    tracing::warn!(files = damaged.len(), "files of the index are damaged; it is made anew");
                    return Ok(None);
                }
            }
            Self::new(engine, fields, payload.sequence).map(Some)
        };
        if !folder.exists() {
            return None;
        }
        opened().unwrap_or_else(|error| {
            tracing::warn!(%error, "the index cannot be read; it is made anew");
            None
        })
    }

    /// An empty index at sequence 0. Whoever still reads files that were there keeps them.
    fn create(folder: &Path) -> Result<Self> {
        let made = || -> tantivy::Result<Self> {
            if folder.exists() {
                std::fs::remove_dir_all(folder)?;
            }
            std::fs::create_dir_all(folder)?;
            let (schema, fields) = document::schema();
            Self::new(tantivy::Index::create_in_dir(folder, schema)?, fields, 0)
        };
        made().map_err(|error| cannot_write(folder, &error))
    }

    /// Commits what comes through `changes` once it is told to. `None` when it never is.
    fn write(&self, payload: &Payload, mut changes: mpsc::Receiver<Step>) -> tantivy::Result<Option<IndexWriter>> {
        let options = IndexWriterOptions::builder()
            .num_worker_threads(1)
            .num_merge_threads(1)
            .memory_budget_per_thread(WRITER_BUDGET)
            .build();
        let mut writer: IndexWriter = self.engine.writer_with_options(options)?;
        let mut policy = LogMergePolicy::default();
        policy.set_del_docs_ratio_before_merge(DELETED_SHARE);
        writer.set_merge_policy(Box::new(policy));
        let empty = self.sequence.load(Ordering::Acquire) == 0;
        loop {
            match changes.blocking_recv() {
                None => return Ok(None),
                Some(Step::Apply(batch)) => self.apply(&writer, batch, empty)?,
                Some(Step::Commit) => break,
            }
        }
        let mut commit = writer.prepare_commit()?;
        commit.set_payload(&serde_json::to_string(payload).map_err(std::io::Error::other)?);
        commit.commit()?;
        self.reader.reload()?;
        self.sequence.store(payload.sequence, Ordering::Release);
        Ok(Some(writer))
    }

    fn apply(&self, writer: &IndexWriter, batch: Vec<Change>, empty: bool) -> tantivy::Result<()> {
        for change in batch {
            if !empty {
                writer.delete_term(Term::from_field_text(self.fields.reference, &change.reference));
            }
            if change.deleted {
                continue;
            }
            match serde_json::from_str::<CatalogRow>(&change.list_row) {
                Ok(row) => {
                    let unsure = change.guesses > 0;
                    let document = document::document(&self.fields, &row, &change.list_row, change.visibility, unsure);
                    writer.add_document(document)?;
                }
                Err(error) => tracing::error!(%error, reference = change.reference, "a stored row cannot be read"),
            }
        }
        Ok(())
    }

    fn settle(&self, writer: IndexWriter) -> tantivy::Result<()> {
        writer.wait_merging_threads()?;
        self.reader.reload()
    }
}

fn size(folder: &Path) -> u64 {
    let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
    entries.filter_map(|entry| entry.metadata().ok()).map(|metadata| metadata.len()).sum()
}

fn cannot_write(folder: &Path, error: &tantivy::TantivyError) -> Error {
    Error::Unavailable(format!(
        "The search index in {} cannot be written ({error}): check that the folder can be written and that the disk has \
         space. Nothing was lost.",
        folder.display()
    ))
}
