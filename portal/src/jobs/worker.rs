//! Takes jobs and sees them through.

use std::collections::HashMap;
use std::panic::AssertUnwindSafe;
use std::time::Duration;

use futures::FutureExt;
use model::job::JobState;
use tokio::task::{self, JoinSet};

use super::{Context, Ending, KINDS, LEASE, prepare, prune, run, run_schedules, store};
use crate::Portal;
use crate::clock::Clock;
use crate::error::{Error, Result};

/// Another process may have queued something: how often to look where nobody tells us.
const LOOK: Duration = Duration::from_secs(2);
/// After the database failed us.
const PAUSE: Duration = Duration::from_secs(5);
const MINUTE: i64 = 60_000;

/// How a run was written down.
enum Written {
    Over,
    /// Somebody asked for it while it ran.
    Again,
}

/// The jobs of this process that are under way.
#[derive(Default)]
struct Running {
    tasks: JoinSet<Result<()>>,
    kinds: HashMap<task::Id, String>,
}

impl Running {
    /// Kinds of which no further job may begin.
    fn busy(&self) -> Vec<&'static str> {
        let count = |kind: &str| self.kinds.values().filter(|running| *running == kind).count();
        KINDS.iter().filter(|(kind, most)| count(kind) >= *most).map(|(kind, _)| *kind).collect()
    }

    fn begin(&mut self, portal: &Portal, job: store::Claimed) {
        let (portal, kind) = (portal.clone(), job.kind.clone());
        let task = self.tasks.spawn(async move { see_through(&portal, job).await });
        self.kinds.insert(task.id(), kind);
    }

    /// The next that ends, and how; `None` when none is under way.
    async fn next(&mut self) -> Option<Result<()>> {
        let (id, result) = match self.tasks.join_next_with_id().await? {
            Ok(ended) => ended,
            Err(error) => (error.id(), Err(Error::internal(error))),
        };
        self.kinds.remove(&id);
        Some(result)
    }
}

/// Works until the portal stops: jobs side by side, as many of each kind as it allows, and schedules when they are due.
pub async fn work(portal: Portal) {
    let stopping = portal.stopping().clone();
    let mut running = Running::default();
    let mut prepared = false;
    while !stopping.is_cancelled() {
        if !prepared {
            match prepare(&portal).await {
                Ok(()) => prepared = true,
                Err(error) => tracing::error!(%error, "jobs could not be prepared"),
            }
        }
        let stepped = step(&portal, &mut running).await;
        let wait = match stepped {
            Ok(None) => continue,
            Ok(Some(wait)) => wait,
            Err(error) => pause(&portal, &error),
        };
        tokio::select! {
            () = portal.jobs().wake.notified() => {}
            () = tokio::time::sleep(wait) => {}
            () = stopping.cancelled() => {}
            Some(ended) = running.next() => match ended {
                Ok(()) => portal.jobs().set_trouble(None),
                Err(error) => tokio::time::sleep(pause(&portal, &error)).await,
            }
        }
    }
    // They are told to halt, and give their jobs back.
    while let Some(ended) = running.next().await {
        if let Err(error) = ended {
            tracing::error!(%error, "a job could not be given back");
        }
    }
}

/// Says that the database does not take what jobs have to say; gives how long to wait before trying again.
fn pause(portal: &Portal, error: &Error) -> Duration {
    portal.jobs().set_trouble(Some(error));
    tracing::error!(%error, "the worker could not go on");
    PAUSE
}

/// Begins one job that is due, or gives how long there is nothing to do.
async fn step(portal: &Portal, running: &mut Running) -> Result<Option<Duration>> {
    let wait = run_schedules(portal).await?.min(LOOK);
    let now = Clock::System.now();
    let busy = running.busy();
    let Some(due) = store::next_due(portal.db(), &busy).await? else { return Ok(Some(wait)) };
    if due > now {
        return Ok(Some(wait.min(Duration::from_millis((due - now).unsigned_abs()))));
    }
    let mut tx = portal.db().begin().await?;
    let claimed = store::claim(&mut tx, now, now + LEASE.as_millis() as i64, portal.clock().now(), &busy).await?;
    tx.commit().await?;
    portal.jobs().set_trouble(None);
    let Some(job) = claimed else { return Ok(Some(wait)) };
    running.begin(portal, job);
    Ok(None)
}

/// Runs a job to its end, and again as long as somebody asked for it meanwhile.
pub(super) async fn see_through(portal: &Portal, job: store::Claimed) -> Result<()> {
    if job.attempt > job.max_attempts {
        let starts = job.attempt - 1;
        let error = format!("It was started {starts} times and never came to its end; the log shows how far it got.");
        let mut tx = portal.db().begin().await?;
        let end = store::End { state: JobState::Dead, error: Some(error), quiet: false, wishes: None };
        store::finish(&mut tx, &job, portal.clock().now(), &end).await?;
        tx.commit().await?;
        portal.jobs().changed();
        return Ok(());
    }
    tracing::info!(job = job.id, kind = job.kind, attempt = job.attempt, "a job starts");
    loop {
        let context = Context::new(portal.clone(), job.clone()).await?;
        portal.jobs().changed();
        let result = tokio::select! {
            result = AssertUnwindSafe(run(&context)).catch_unwind() => result,
            never = context.keep() => match never {},
        };
        let result = result.unwrap_or_else(|panic| {
            let text = panic.downcast_ref::<&str>().map(|text| (*text).to_owned());
            let text = text.or_else(|| panic.downcast_ref::<String>().cloned()).unwrap_or_default();
            tracing::error!(job = job.id, panic = text, "a job panicked");
            Ok(Ending::Failed("A fault in Slipway ended it; the server's log has the details.".to_owned()))
        });
        let written = write_down(&context, result).await;
        portal.jobs().changed();
        match written? {
            Written::Over => return Ok(()),
            Written::Again => {}
        }
    }
}

async fn write_down(context: &Context, result: Result<Ending>) -> Result<Written> {
    let (portal, job) = (context.portal(), context.job());
    let mut tx = portal.db().begin().await?;
    if !context.save(&mut tx).await? {
        tracing::warn!(job = job.id, "another worker has taken the job over");
        return Ok(Written::Over);
    }
    let end = |state, error, quiet| store::End { state, error, quiet, wishes: Some(context.wishes()) };
    let end = match result {
        Ok(Ending::Succeeded) => end(JobState::Succeeded, None, false),
        Ok(Ending::Quiet) => end(JobState::Succeeded, None, !context.is_wished()),
        Ok(Ending::Routine) => end(JobState::Succeeded, None, true),
        Ok(Ending::Failed(error)) => end(JobState::Failed, Some(error), false),
        Ok(Ending::Halted) => {
            store::release(&mut tx, job).await?;
            tx.commit().await?;
            return Ok(Written::Over);
        }
        Err(error) => {
            let text = reason(&job.id, &error);
            if job.attempt < job.max_attempts {
                let again = Clock::System.now() + (MINUTE << job.attempt.clamp(0, 10));
                store::retry(&mut tx, job, again, context.wishes(), &text).await?;
                tx.commit().await?;
                return Ok(Written::Over);
            }
            end(JobState::Dead, Some(text), false)
        }
    };
    let over = store::finish(&mut tx, job, portal.clock().now(), &end).await?;
    tx.commit().await?;
    if !over {
        return Ok(Written::Again);
    }
    tracing::info!(job = job.id, kind = job.kind, state = end.state.as_str(), error = end.error, "a job has ended");
    prune(portal.db(), end.quiet, &job.kind).await?;
    Ok(Written::Over)
}

/// What a person reads; a fault of ours stays in the server's log.
pub(crate) fn reason(job: &str, error: &Error) -> String {
    tracing::error!(job, %error, "a job failed");
    error.for_people()
}
