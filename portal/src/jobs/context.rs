//! What a job sees while it runs.

use std::convert::Infallible;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use model::Level;
use model::job::Progress;
use serde::de::DeserializeOwned;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use super::{LEASE, store};
use crate::Portal;
use crate::clock::Clock;
use crate::error::Result;

/// Progress and log are written at most this often, however often they change.
const WRITE_EVERY: Duration = Duration::from_millis(250);
/// Longer lines are cut.
const LINE_LENGTH: usize = 2_000;
/// Lines of one job's log; what comes after is only counted.
const LOG_LENGTH: i64 = 5_000;

/// One run of one job. Progress and log go to the database by themselves while it runs.
pub struct Context {
    portal: Portal,
    job: store::Claimed,
    /// Somebody waits for it.
    wishes: i64,
    state: Mutex<State>,
    halted: CancellationToken,
}

struct State {
    progress: Progress,
    changed: bool,
    lines: Vec<(i64, Level, String)>,
    /// Lines that were logged, kept or not.
    logged: i64,
    renewed: Instant,
}

impl Context {
    pub(super) async fn new(portal: Portal, job: store::Claimed) -> Result<Self> {
        let wishes = store::wishes(portal.db(), &job.id).await?;
        let logged = store::last_line(portal.db(), &job.id).await?;
        let progress = serde_json::from_str(&job.progress).unwrap_or_default();
        let halted = portal.stopping().child_token();
        let state = State { progress, changed: false, lines: Vec::new(), logged, renewed: Instant::now() };
        Ok(Self { portal, job, wishes, state: Mutex::new(state), halted })
    }

    pub fn portal(&self) -> &Portal {
        &self.portal
    }

    pub fn kind(&self) -> &str {
        &self.job.kind
    }

    pub fn id(&self) -> &str {
        &self.job.id
    }

    pub fn payload<T: DeserializeOwned>(&self) -> Result<T> {
        Ok(serde_json::from_str(&self.job.payload)?)
    }

    /// A person asked for it.
    pub fn is_wished(&self) -> bool {
        self.wishes > 0
    }

    /// Done when the work should end soon: the portal stops, or the job belongs to somebody else by now.
    pub fn halted(&self) -> &CancellationToken {
        &self.halted
    }

    pub fn progress(&self, change: impl FnOnce(&mut Progress)) {
        let mut state = self.state();
        change(&mut state.progress);
        state.changed = true;
    }

    /// Adds a line to the job's log.
    pub fn log(&self, level: Level, line: impl Into<String>) {
        let mut line = line.into();
        if let Some((at, _)) = line.char_indices().nth(LINE_LENGTH) {
            line.truncate(at);
            line.push('…');
        }
        let mut state = self.state();
        state.logged += 1;
        match state.logged.cmp(&LOG_LENGTH) {
            std::cmp::Ordering::Greater => return,
            std::cmp::Ordering::Equal => line = "The log is full; later lines are not kept.".to_owned(),
            std::cmp::Ordering::Less => {}
        }
        let at = self.portal.clock().now();
        state.lines.push((at, level, line));
    }

    /// Writes what has changed and renews the lease, until the work ends; halts it when the lease is lost.
    pub(super) async fn keep(&self) -> Infallible {
        loop {
            tokio::time::sleep(WRITE_EVERY).await;
            match self.write().await {
                Ok(true) => {}
                Ok(false) => {
                    tracing::warn!(job = self.job.id, "another worker has taken the job over");
                    self.halted.cancel();
                }
                Err(error) => tracing::warn!(job = self.job.id, %error, "progress could not be written"),
            }
        }
    }

    /// Whether the job is still ours.
    async fn write(&self) -> Result<bool> {
        {
            let state = self.state();
            if !state.changed && state.lines.is_empty() && state.renewed.elapsed() < LEASE / 3 {
                return Ok(true);
            }
        }
        let mut tx = self.portal.db().begin().await?;
        let ours = self.save(&mut tx).await?;
        tx.commit().await?;
        self.portal.jobs().changed();
        Ok(ours)
    }

    /// Progress, lines and lease, in the caller's transaction.
    pub(super) async fn save(&self, tx: &mut crate::db::Tx) -> Result<bool> {
        let (progress, lines, first) = {
            let mut state = self.state();
            state.changed = false;
            state.renewed = Instant::now();
            let lines = std::mem::take(&mut state.lines);
            let last = state.logged.min(LOG_LENGTH);
            (serde_json::to_string(&state.progress)?, lines, last)
        };
        let first = first - i64::try_from(lines.len()).unwrap_or_default() + 1;
        let until = Clock::System.now() + LEASE.as_millis() as i64;
        if !store::renew(tx, &self.job, until, &progress).await? {
            return Ok(false);
        }
        store::append_log(tx, &self.job.id, first, &lines).await?;
        Ok(true)
    }

    pub(super) fn job(&self) -> &store::Claimed {
        &self.job
    }

    pub(super) fn wishes(&self) -> i64 {
        self.wishes
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
