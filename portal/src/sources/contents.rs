//! The contents of what was listed: fetched where they are elsewhere, compared with what was read, and read.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::atomic::Ordering;

use futures::future::{BoxFuture, FutureExt};
use futures::stream::{self, StreamExt};
use model::Level;
use tokio::sync::Semaphore;
use tokio_util::sync::CancellationToken;

use super::job::{Sources, Tally, workers};
use super::plan::Known;
use super::read::{self, Failure, Read};
use super::{Source, store};
use crate::error::{Error, Result};
use crate::git::Watch;
use crate::jobs::Context;
use crate::{access, docs, templates};

/// One that failed is tried again after so many milliseconds, though its references have not moved.
const RETRY_AFTER: i64 = 10 * 60 * 1000;
/// Fingerprints that one thread compares at a time.
const CHUNK: usize = 16;
/// Fetching is mostly waiting: so many for each that is read at the same time …
const FETCHES_OF_A_WORKER: usize = 4;
/// … and no more than this, for the hosts' sake.
const MOST_FETCHES: usize = 32;

/// What a round does with the contents of repositories.
pub(super) struct Contents<'a> {
    context: &'a Context,
    sources: HashMap<&'a str, &'a dyn Source>,
    tally: &'a Tally,
    /// Repositories that are read at the same time, wherever they come from.
    readers: Semaphore,
    /// Nothing more is begun.
    stop: CancellationToken,
}

/// What has to be done.
#[derive(Default)]
pub(super) struct Due {
    /// Large ones first.
    local: Vec<Place>,
    /// They have to be fetched before anything can be said; those that were read before come first, since that is quick.
    remote: Vec<Remote>,
}

/// A repository that is elsewhere, and what its source said of it before it is fetched.
struct Remote {
    row: Known,
    state: Option<String>,
}

/// A repository that is to be compared or read, and where it is.
struct Place {
    row: Known,
    path: std::result::Result<PathBuf, Failure>,
    state: Option<String>,
}

impl Due {
    pub(super) fn is_empty(&self) -> bool {
        self.local.is_empty() && self.remote.is_empty()
    }
}

impl<'a> Contents<'a> {
    pub(super) fn new(context: &'a Context, sources: &'a Sources<'_>, tally: &'a Tally) -> Self {
        let sources = sources.iter().map(|(settings, source)| (settings.name.as_str(), source.as_ref())).collect();
        let (readers, stop) = (Semaphore::new(workers(context)), context.halted().child_token());
        Self { context, sources, tally, readers, stop }
    }

    /// Those on this machine whose references have moved since they were read, which costs one look at each; and those
    /// elsewhere, but for what is as its source said when it was read.
    pub(super) async fn find_due(&self, listed: Vec<Known>) -> Result<Due> {
        self.context.progress(|progress| {
            "Comparing references".clone_into(&mut progress.phase);
            progress.total = listed.len() as u64;
        });
        let mut due = Due::default();
        let mut opened = Vec::with_capacity(listed.len());
        let mut unchanged = 0;
        for row in listed {
            let path = match self.sources.get(row.source.as_str()) {
                Some(source) if source.is_remote() => {
                    let state = source.state(&row.path);
                    if is_read(&row, state.as_deref()) {
                        unchanged += 1;
                    } else {
                        due.remote.push(Remote { row, state });
                    }
                    continue;
                }
                Some(source) => source.open(&row.path, &self.watch(&row)).await,
                None => Err(Failure::of(format!("its source {} is not configured", row.source), None)),
            };
            opened.push(Place { row, path, state: None });
        }
        self.count(&Compared { unchanged, ..Compared::default() });
        due.remote.sort_by_key(|remote| remote.row.fingerprint.is_none());
        due.local = self.compare_all(opened).await?;
        self.context.progress(|progress| {
            let phase =
                if due.remote.is_empty() { "Reading repositories" } else { "Fetching and reading repositories" };
            phase.clone_into(&mut progress.phase);
        });
        Ok(due)
    }

    /// All of these, whatever is known of them; they are elsewhere.
    pub(super) fn all_due(&self, rows: Vec<Known>) -> Due {
        self.context.progress(|progress| {
            "Fetching and reading repositories".clone_into(&mut progress.phase);
            progress.total += rows.len() as u64;
        });
        let state = |row: &Known| self.sources.get(row.source.as_str())?.state(&row.path);
        let remote = rows.into_iter().map(|row| Remote { state: state(&row), row }).collect();
        Due { local: Vec::new(), remote }
    }

    /// Reads those of `asked` anew that have to be read for the sake of others; gives whether there were any.
    pub(super) async fn read_asked(&self, asked: Vec<Known>) -> Result<bool> {
        let due = if asked.is_empty() { Due::default() } else { self.find_due(asked).await? };
        let is_asked = !due.is_empty();
        self.read_all(due).await?;
        Ok(is_asked)
    }

    async fn compare_all(&self, mut opened: Vec<Place>) -> Result<Vec<Place>> {
        let (now, wished) = (self.context.portal().clock().now(), self.context.is_wished());
        let mut chunks = Vec::new();
        while !opened.is_empty() {
            let rest = opened.split_off(opened.len().min(CHUNK));
            chunks.push(std::mem::replace(&mut opened, rest));
        }
        let compared = stream::iter(chunks)
            .map(|chunk| tokio::task::spawn_blocking(move || compare(chunk, now, wished)))
            .buffer_unordered(workers(self.context));
        let mut due = Vec::new();
        futures::pin_mut!(compared);
        while let Some(chunk) = compared.next().await {
            let chunk = chunk.map_err(Error::internal)?;
            self.count(&chunk);
            due.extend(chunk.due);
        }
        due.sort_by_cached_key(|(weight, place)| (std::cmp::Reverse(*weight), place.row.name.clone()));
        Ok(due.into_iter().map(|(_, place)| place).collect())
    }

    /// Those that need not be read are done.
    fn count(&self, compared: &Compared) {
        self.tally.failed.fetch_add(compared.failed, Ordering::Relaxed);
        self.context.progress(|progress| {
            progress.done += compared.unchanged + compared.failed;
            progress.failed += compared.failed;
        });
    }

    /// Fetches and reads what is due, so many at a time, each in a transaction of its own. Once the job is halted or the
    /// database fails, nothing more is begun, and what is in flight comes to its end.
    pub(super) async fn read_all(&self, due: Due) -> Result<()> {
        let workers = workers(self.context);
        let local: Vec<_> = due.local.into_iter().map(|place| self.read_one(place)).collect();
        let remote: Vec<_> = due.remote.into_iter().map(|remote| self.fetch_one(remote)).collect();
        let (local, remote) =
            tokio::join!(self.all(local, workers), self.all(remote, (workers * FETCHES_OF_A_WORKER).min(MOST_FETCHES)));
        local.and(remote)
    }

    async fn all(&self, work: Vec<BoxFuture<'_, Result<()>>>, at_once: usize) -> Result<()> {
        let results = stream::iter(work).buffer_unordered(at_once);
        futures::pin_mut!(results);
        let mut outcome = Ok(());
        while let Some(result) = results.next().await {
            if result.is_err() {
                self.stop.cancel();
            }
            outcome = outcome.and(result);
        }
        outcome
    }

    fn fetch_one(&self, remote: Remote) -> BoxFuture<'_, Result<()>> {
        async move { if self.stop.is_cancelled() { Ok(()) } else { self.fetch_and_read(remote).await } }.boxed()
    }

    async fn fetch_and_read(&self, remote: Remote) -> Result<()> {
        let Remote { row, state } = remote;
        // Another job may be at it; what is read last must be what was fetched last.
        let _turn = self.context.portal().rounds().repository(&row.id).await;
        let Some(source) = self.sources.get(row.source.as_str()) else { return Ok(()) };
        self.context.progress(|progress| row.name.clone_into(&mut progress.current));
        let path = source.open(&row.path, &self.watch(&row)).await;
        if path.is_err() && self.context.halted().is_cancelled() {
            return Ok(());
        }
        let (now, wished) = (self.context.portal().clock().now(), self.context.is_wished());
        let (id, is_new) = (row.id.clone(), row.read_state != state);
        let settled = state.clone().filter(|_| is_new);
        let place = Place { row, path, state };
        let mut compared =
            tokio::task::spawn_blocking(move || compare(vec![place], now, wished)).await.map_err(Error::internal)?;
        self.count(&compared);
        if let Some((_, place)) = compared.due.pop() {
            return self.read_one(place).await;
        }
        if let Some(state) = settled.filter(|_| compared.unchanged == 1) {
            let mut tx = self.context.portal().db().begin().await?;
            store::write_state(&mut tx, &id, &state).await?;
            tx.commit().await?;
        }
        Ok(())
    }

    fn read_one(&self, place: Place) -> BoxFuture<'_, Result<()>> {
        async move { if self.stop.is_cancelled() { Ok(()) } else { self.read_and_keep(place).await } }.boxed()
    }

    async fn read_and_keep(&self, place: Place) -> Result<()> {
        let Place { row, path, state } = place;
        let context = self.context;
        context.progress(|progress| row.name.clone_into(&mut progress.current));
        let read = match path {
            Ok(path) => self.read_or_mend(&row, path).await,
            Err(failure) => Err(failure),
        };
        let failed = read.is_err();
        match read {
            Ok(read) => keep(context, &row, &read, state.as_deref()).await?,
            Err(failure) => keep_failure(context, &row, &failure).await?,
        }
        self.tally.read.fetch_add(u64::from(!failed), Ordering::Relaxed);
        self.tally.failed.fetch_add(u64::from(failed), Ordering::Relaxed);
        metrics::counter!("slipway_repositories_read_total", "result" => if failed { "failed" } else { "read" })
            .increment(1);
        context.progress(|progress| {
            progress.done += 1;
            progress.failed += u64::from(failed);
        });
        Ok(())
    }

    /// Reads a repository; where it cannot be read and is a copy of ours, the copy is mended first.
    async fn read_or_mend(&self, row: &Known, path: PathBuf) -> std::result::Result<Read, Failure> {
        let failure = match self.read(row, path.clone()).await {
            Ok(read) => return Ok(read),
            Err(failure) => failure,
        };
        let Some(source) = self.sources.get(row.source.as_str()) else { return Err(failure) };
        match source.mend(&row.path, &self.watch(row)).await {
            Ok(true) => self.read(row, path).await,
            Ok(false) => Err(failure),
            // Then what keeps it from being mended is what matters.
            Err(other) => Err(if self.context.halted().is_cancelled() { failure } else { other }),
        }
    }

    async fn read(&self, row: &Known, path: PathBuf) -> std::result::Result<Read, Failure> {
        // The semaphore is never closed.
        let _permit = self.readers.acquire().await;
        let now = self.context.portal().clock().now();
        let wanted = row.wanted.clone();
        let settled = match access::settled_commit(self.context.portal(), &row.id).await {
            Ok(settled) => settled,
            Err(error) => return Err(Failure::of(error.for_people(), None)),
        };
        tokio::task::spawn_blocking(move || read::read(&path, &wanted, settled.as_deref(), now)).await.unwrap_or_else(
            |error| {
                tracing::error!(repository = row.name, %error, "reading a repository panicked");
                let reason = "a fault in Slipway; the server's log has the details".to_owned();
                Err(Failure { fingerprint: row.fingerprint.clone(), ..Failure::of(reason, None) })
            },
        )
    }

    /// Shows how far git is with one repository.
    fn watch(&self, row: &Known) -> Watch<'a> {
        let (context, name) = (self.context, row.name.clone());
        Watch::new(context.halted().clone(), move |step: &str| {
            context.progress(|progress| progress.current = format!("{name}: {step}"));
        })
    }
}

#[derive(Default)]
struct Compared {
    due: Vec<(u64, Place)>,
    unchanged: u64,
    /// They failed before, and nothing has moved since.
    failed: u64,
}

/// Whether it is as its source said before it was read, and still here.
fn is_read(row: &Known, state: Option<&str>) -> bool {
    state.is_some()
        && row.read_state.as_deref() == state
        && row.standing != "failed"
        && !row.is_asked()
        && row.rules_version == Some(i64::from(engine_catalog::RULES_VERSION))
        && Path::new(&row.path).is_dir()
}

fn compare(chunk: Vec<Place>, now: i64, wished: bool) -> Compared {
    let rules = Some(i64::from(engine_catalog::RULES_VERSION));
    let mut compared = Compared::default();
    for place in chunk {
        let known = place.row.fingerprint.is_some()
            && place.path.as_ref().ok().and_then(|path| read::fingerprint(path).ok()) == place.row.fingerprint;
        if place.row.standing == "failed" {
            let recent = place.row.read_at.is_some_and(|at| now - at < RETRY_AFTER);
            if known && recent && !wished {
                compared.failed += 1;
                continue;
            }
        } else if known && place.row.rules_version == rules && !place.row.is_asked() {
            compared.unchanged += 1;
            continue;
        }
        let weight = place.path.as_ref().map_or(0, |path| read::weight(path));
        compared.due.push((weight, place));
    }
    compared
}

async fn keep(context: &Context, row: &Known, read: &Read, state: Option<&str>) -> Result<()> {
    let portal = context.portal();
    let (rules, now) = (i64::from(engine_catalog::RULES_VERSION), portal.clock().now());
    let mut tx = portal.db().begin().await?;
    store::write_read(&mut tx, &row.id, read, state, rules, now).await?;
    docs::replace(&mut tx, &row.id, &read.docs).await?;
    templates::store::replace_lineage(&mut tx, &row.id, read.lineage.as_ref()).await?;
    access::keep(&mut tx, &row.id, read.access.as_ref()).await?;
    store::mark_changed(&mut tx).await?;
    tx.commit().await?;
    context.log(Level::Note, format!("{}: read in {} ms.", row.name, read.took));
    Ok(())
}

async fn keep_failure(context: &Context, row: &Known, failure: &Failure) -> Result<()> {
    let portal = context.portal();
    let findings = serde_json::to_string(&[read::finding(failure)])?;
    let mut tx = portal.db().begin().await?;
    let (id, now) = (&row.id, portal.clock().now());
    let news =
        store::write_failure(&mut tx, id, &failure.reason, &findings, failure.fingerprint.as_deref(), now).await?;
    if news {
        store::mark_changed(&mut tx).await?;
    }
    tx.commit().await?;
    context.log(Level::Error, format!("{}: {}", row.name, failure.reason));
    Ok(())
}
