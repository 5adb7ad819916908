//! Long work: queued in the transaction that causes it, done by a worker, watched by people.
//!
//! A job belongs to whoever holds its lease. A worker renews it while it works; when the process dies the lease runs
//! out, and the job goes on elsewhere or after the next start. So jobs are idempotent: what they have done stays done,
//! and doing it again changes nothing.

mod context;
mod store;
#[cfg(test)]
mod tests;
mod worker;

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use model::job::{Job, LogLine};
use tokio::sync::{Notify, watch};

pub use self::context::Context;
pub(crate) use self::worker::reason;
pub use self::worker::work;
use crate::clock::Clock;
use crate::db::{Db, Tx, new_id};
use crate::error::{Error, Result};
use crate::identity::{Action, Actor, Resource, can};
use crate::{Portal, access, audit, changes, identity, inbox, runs, sources};

/// How long a job belongs to a worker that shows no sign of life.
const LEASE: Duration = Duration::from_secs(15);
/// Finished jobs that are kept.
const KEPT: i64 = 200;
/// Lines of one answer.
const LINES: i64 = 5_000;

/// Milliseconds that are longer than any process lives.
const NEVER: i64 = 1 << 50;

/// The kinds of jobs, and how many of each run at the same time in one process: a long one holds up only its like.
const KINDS: &[(&str, usize)] = &[
    (sources::JOB, 1),
    (sources::REFRESH, 4),
    (changes::JOB, 4),
    (changes::FOLLOW, 1),
    (sources::doctor::JOB, 1),
    (access::JOB, 1),
    (access::authors::JOB, 2),
    (access::pulls::JOB, 4),
    (access::import::JOB, 1),
    (audit::JOB, 1),
    (inbox::JOB, 1),
    (identity::refresh::JOB, 1),
    (runs::JOB, 32),
    #[cfg(test)]
    ("test", 2),
    #[cfg(test)]
    ("other", 1),
];

/// The schedule of rounds over all sources.
const POLL: &str = "sync";

/// Wakes the worker of this process, and those who watch.
#[derive(Debug, Default)]
pub struct Jobs {
    wake: Notify,
    changes: watch::Sender<u64>,
    /// Why the worker of this process cannot go on.
    trouble: Mutex<Option<String>>,
}

/// A wish for a job.
#[derive(Debug, Clone, Copy)]
pub struct NewJob<'a> {
    pub kind: &'a str,
    /// As a person would call it: "Sync of all sources".
    pub title: &'a str,
    /// JSON.
    pub payload: &'a str,
    /// Of open jobs of one kind with the same key there is only one, and a second wish joins it.
    pub dedup: Option<&'a str>,
    /// Somebody wants it now: if it runs already it runs once more, since it may have passed what they mean.
    pub wished: bool,
    /// Starts after which nobody tries again.
    pub max_attempts: u32,
}

/// How a job's work ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Ending {
    Succeeded,
    /// There was nothing to do: of such jobs only the last is kept, unless somebody asked for them.
    Quiet,
    /// It did what comes up all the time: of such jobs only the last is kept.
    Routine,
    /// It came to its end, with failures that the log names; this sums them up.
    Failed(String),
    /// It was told to halt, and goes on with the next start.
    Halted,
}

/// The latest jobs, newest first.
pub async fn list(portal: &Portal, actor: &Actor, limit: usize) -> Result<Vec<Job>> {
    can(actor, Action::Watch, Resource::Anything)?;
    store::newest(portal.db(), i64::try_from(limit).unwrap_or(KEPT)).await
}

pub async fn get(portal: &Portal, actor: &Actor, id: &str) -> Result<Job> {
    can(actor, Action::Watch, Resource::Anything)?;
    store::get(portal.db(), id).await?.ok_or_else(|| Error::not_found(format!("The job {id}")))
}

/// The lines of a job's log after the line `after` (0 for all), in their order.
pub async fn log(portal: &Portal, actor: &Actor, id: &str, after: i64) -> Result<Vec<LogLine>> {
    can(actor, Action::Watch, Resource::Anything)?;
    store::log(portal.db(), id, after, LINES).await
}

/// Changes whenever a job of this process does: subscribe, read, then wait. Jobs that run elsewhere do not show here, so
/// look again every second too.
pub fn watch(portal: &Portal) -> watch::Receiver<u64> {
    portal.jobs().changes.subscribe()
}

/// Why no job can run in this process now, for a person: the database does not take what they have to say.
pub fn trouble(portal: &Portal) -> Option<String> {
    portal.jobs().trouble.lock().unwrap_or_else(PoisonError::into_inner).clone()
}

/// Queues a job in the transaction of the change that causes it, or joins one that waits or runs; gives its id. Call
/// [`Jobs::wake`] once the transaction is committed.
pub async fn enqueue(tx: &mut Tx, now: i64, job: NewJob<'_>) -> Result<String> {
    // What is joined may end at the same moment; then there is room for a new one.
    for _ in 0..3 {
        if let Some(id) = store::insert(tx, &new_id(now), now, Clock::System.now(), job).await? {
            return Ok(id);
        }
        if let Some(id) = store::join(tx, job).await? {
            return Ok(id);
        }
    }
    Err(Error::Conflict("The job could not be started because another one ends at this moment; try again.".to_owned()))
}

impl Jobs {
    /// There may be something to do.
    pub fn wake(&self) {
        self.wake.notify_one();
        self.changed();
    }

    fn set_trouble(&self, error: Option<&Error>) {
        *self.trouble.lock().unwrap_or_else(PoisonError::into_inner) = error.map(Error::for_people);
        if error.is_some() {
            self.changed();
        }
    }

    fn changed(&self) {
        self.changes.send_modify(|count| *count += 1);
    }
}

/// Lets go of what this process held when it died, and makes the first round due. Leases and schedules are about
/// processes, so they go by the machine's clock even where the portal's stands still.
pub(crate) async fn prepare(portal: &Portal) -> Result<()> {
    let mut tx = portal.db().begin().await?;
    if !crate::db::dialect::is_shared(portal.db()) {
        // Whoever has the data folder is alone.
        store::release_all(&mut tx).await?;
    }
    let every = match i64::try_from(portal.settings().poll_interval.as_millis()) {
        // The one round at the start.
        Ok(0) | Err(_) => NEVER,
        Ok(every) => every,
    };
    store::set_schedule(&mut tx, POLL, every, Clock::System.now()).await?;
    sources::resume(&mut tx, portal).await?;
    runs::look_after(&mut tx, portal).await?;
    tx.commit().await?;
    runs::sweep(portal).await
}

/// As if the leases of the dead had run out.
#[cfg(test)]
pub(crate) async fn let_go(portal: &Portal) {
    #![allow(clippy::unwrap_used)]
    let mut tx = portal.db().begin().await.unwrap();
    store::release_all(&mut tx).await.unwrap();
    tx.commit().await.unwrap();
}

/// Does the next job of this kind that is due, as a worker does, until `dies` ends; gives whether there was one.
#[cfg(test)]
pub(crate) async fn do_one(portal: &Portal, kind: &str, dies: impl Future<Output = ()>) -> bool {
    #![allow(clippy::unwrap_used)]
    let others: Vec<&str> = KINDS.iter().map(|(other, _)| *other).filter(|other| *other != kind).collect();
    let Some(job) = claim(portal, &others).await else { return false };
    tokio::select! {
        done = worker::see_through(portal, job) => done.unwrap(),
        () = dies => {}
    }
    true
}

/// Does jobs of all kinds but this, as they come.
#[cfg(test)]
pub(crate) async fn do_others(portal: Portal, kind: &'static str) {
    #![allow(clippy::unwrap_used)]
    while !portal.stopping().is_cancelled() {
        match claim(&portal, &[kind]).await {
            Some(job) => worker::see_through(&portal, job).await.unwrap(),
            None => tokio::time::sleep(Duration::from_millis(5)).await,
        }
    }
}

#[cfg(test)]
async fn claim(portal: &Portal, busy: &[&str]) -> Option<store::Claimed> {
    #![allow(clippy::unwrap_used)]
    let now = Clock::System.now();
    let mut tx = portal.db().begin().await.unwrap();
    let claimed = store::claim(&mut tx, now, now + LEASE.as_millis() as i64, now, busy).await.unwrap();
    tx.commit().await.unwrap();
    claimed
}

/// Queues what schedules say; gives how long nothing more will be due.
async fn run_schedules(portal: &Portal) -> Result<Duration> {
    let now = Clock::System.now();
    if let Some(wait) = store::until_due(portal.db(), POLL, now).await?.filter(|wait| *wait > 0) {
        return Ok(Duration::from_millis(wait.unsigned_abs()));
    }
    let mut tx = portal.db().begin().await?;
    if store::take_due(&mut tx, POLL, now).await? {
        sources::enqueue_round(&mut tx, portal.clock().now()).await?;
        changes::enqueue_following(&mut tx, portal.clock().now()).await?;
        access::enqueue_due(&mut tx, portal).await?;
        audit::enqueue(&mut tx, portal).await?;
        inbox::enqueue_due(&mut tx, portal.clock().now()).await?;
        identity::refresh::enqueue(&mut tx, portal).await?;
        runs::look_after(&mut tx, portal).await?;
    }
    tx.commit().await?;
    Ok(portal.settings().poll_interval)
}

/// What each kind of job does.
async fn run(context: &Context) -> Result<Ending> {
    match context.kind() {
        sources::JOB => sources::run(context).await,
        changes::JOB => sources::shown(context, None, changes::run(context)).await,
        changes::FOLLOW => sources::shown(context, None, changes::follow(context)).await,
        sources::REFRESH => sources::refresh(context).await,
        sources::doctor::JOB => sources::doctor::run(context).await,
        access::JOB => access::run(context).await,
        access::authors::JOB => sources::shown(context, None, access::authors::run(context)).await,
        access::pulls::JOB => sources::shown(context, None, access::pulls::run(context)).await,
        access::import::JOB => access::import::run(context).await,
        audit::JOB => audit::run(context).await,
        inbox::JOB => inbox::run(context).await,
        identity::refresh::JOB => identity::refresh::run(context).await,
        runs::JOB => sources::shown(context, None, runs::run(context)).await,
        #[cfg(test)]
        "test" | "other" => tests::run(context).await,
        kind => Err(Error::internal(format!("no such kind of job: {kind}"))),
    }
}

async fn prune(db: &Db, quiet: bool, kind: &str) -> Result<()> {
    let mut tx = db.begin().await?;
    if quiet {
        store::prune_quiet(&mut tx, kind).await?;
    }
    // Their logs belong to what they made.
    store::prune(&mut tx, KEPT, runs::JOB).await?;
    tx.commit().await
}
