//! Who did what. Rows are added in the transaction of the change, and never touched again.

mod job;
mod store;
#[cfg(test)]
mod tests;

pub use self::job::{JOB, enqueue, run};

use model::audit::AuditEntry;
use serde::{Deserialize, Serialize};

use crate::Portal;
use crate::db::Tx;
use crate::error::Result;
use crate::identity::{Action, Actor, Resource, can};

/// A change that is about to be committed.
#[derive(Debug, Clone, Copy, Default)]
pub struct Change<'a> {
    pub action: &'a str,
    pub target: &'a str,
    pub before: Option<&'a str>,
    pub after: Option<&'a str>,
    /// The account that it was done to, where that is not the one that did it.
    pub account: Option<&'a str>,
}

/// The request that a change comes from.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Origin {
    pub request: String,
    pub address: String,
}

tokio::task_local! {
    static ORIGIN: Origin;
}

/// Runs `work`; whatever it records carries `origin`. The server puts each request into one, so that no use case can
/// forget it.
pub async fn from<T>(origin: Origin, work: impl Future<Output = T>) -> T {
    ORIGIN.scope(origin, work).await
}

/// Adds a row to the transaction of the change.
pub async fn record(tx: &mut Tx, actor: &Actor, now: i64, change: Change<'_>) -> Result<()> {
    record_all(tx, &By::of(actor), now, &[change]).await
}

/// Who does something, as the log has them: what is kept of whoever wished for what a job does.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct By {
    pub name: String,
    /// Or token of a service.
    pub account: Option<String>,
    pub origin: Option<Origin>,
}

impl By {
    pub fn of(actor: &Actor) -> Self {
        Self {
            name: actor.name().to_owned(),
            account: actor.id().map(str::to_owned),
            origin: ORIGIN.try_with(Origin::clone).ok(),
        }
    }
}

/// Adds a row for each of many changes that a job makes for somebody.
pub(crate) async fn record_all(tx: &mut Tx, by: &By, now: i64, changes: &[Change<'_>]) -> Result<()> {
    store::insert(tx, now, by, changes).await
}

/// What the log is narrowed by; empty parts narrow nothing.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct AuditFilter {
    /// Words that must all occur in actor, target or address, without regard to case.
    pub text: String,
    /// `catalog.correct`, or all of `catalog.`
    pub action: String,
    /// Milliseconds since 1970 in UTC: not before, and before.
    pub from: Option<i64>,
    pub to: Option<i64>,
}

/// Where a page of the log ends: time and id of its last entry. What comes next is older.
pub type Place = (i64, String);

/// The newest entries first, at most `limit`; those that are older than `after` where it is given.
///
/// # Errors
/// [`crate::Error::Forbidden`] for whoever is neither administrator nor auditor.
pub async fn list(
    portal: &Portal,
    actor: &Actor,
    filter: &AuditFilter,
    after: Option<&Place>,
    limit: u32,
) -> Result<Vec<AuditEntry>> {
    can(actor, Action::Audit, Resource::Anything)?;
    store::list(portal.db(), filter, after, limit).await
}

/// The actions that stand in the log, sorted.
///
/// # Errors
/// As [`list`].
pub async fn actions(portal: &Portal, actor: &Actor) -> Result<Vec<String>> {
    can(actor, Action::Audit, Resource::Anything)?;
    store::actions(portal.db()).await
}
