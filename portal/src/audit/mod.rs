//! Who did what. Rows are added in the transaction of the change, and never touched again.

mod store;
#[cfg(test)]
mod tests;

use crate::Portal;
use crate::db::{Tx, new_id};
use crate::error::Result;
use crate::identity::{Action, Actor, can};

/// One change that somebody made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    pub id: String,
    /// Milliseconds since 1970 in UTC.
    pub at: i64,
    /// [`Actor::name`]
    pub actor: String,
    /// `source.sync`, `catalog.correct`
    pub action: String,
    /// What it was done to: the name of a source, a reference.
    pub target: String,
    pub before: Option<String>,
    pub after: Option<String>,
    /// Id of the request, as in the logs.
    pub request: Option<String>,
}

/// A change that is about to be committed.
#[derive(Debug, Clone, Copy, Default)]
pub struct Change<'a> {
    pub action: &'a str,
    pub target: &'a str,
    pub before: Option<&'a str>,
    pub after: Option<&'a str>,
    pub request: Option<&'a str>,
}

/// Adds a row to the transaction of the change.
pub async fn record(tx: &mut Tx, actor: &Actor, now: i64, change: Change<'_>) -> Result<()> {
    store::insert(tx, &new_id(now), now, actor.name(), change).await
}

/// The newest entries first, at most `limit`.
///
/// # Errors
/// Forbidden for whoever may not watch.
pub async fn list(portal: &Portal, actor: &Actor, limit: u32) -> Result<Vec<Entry>> {
    can(actor, Action::Sync)?;
    store::newest(portal.db(), limit).await
}
