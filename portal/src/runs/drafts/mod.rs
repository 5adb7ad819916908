//! What somebody has filled in of a template's form, kept for them until they launch it, forget it, or leave it for a month.
//!
//! Nothing of it is secret: secrets are asked on the last page, after which there is no draft.

mod store;
#[cfg(test)]
mod tests;

use model::EntityRef;

use crate::db::Tx;
use crate::identity::{Action, Actor, Resource, can};
use crate::{Error, Portal, Result};

/// Bytes of a draft; a longer one stays in the browser's history alone.
const LONGEST: usize = 32 << 10;
const DAY: i64 = 24 * 60 * 60 * 1_000;
/// How long one is kept that nobody goes on with, in milliseconds.
const KEPT: i64 = 30 * DAY;
/// After this somebody who has not launched what they filled in has given up, in milliseconds.
const GIVEN_UP: i64 = DAY;

/// A form that is half filled.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Draft {
    /// As the form's address says it, without `?`.
    pub filled: String,
    /// Milliseconds since 1970 in UTC.
    pub kept_at: i64,
}

/// Keeps what `actor` has filled in of a template's form, in the place of what they had before; only who has an account has
/// drafts. `stopped_at` is the question that stands in the way, if one does.
///
/// # Errors
/// [`Error::Forbidden`] for who may not launch.
pub async fn keep(
    portal: &Portal,
    actor: &Actor,
    template: &EntityRef,
    filled: &str,
    stopped_at: Option<&str>,
) -> Result<()> {
    can(actor, Action::Launch, Resource::Anything)?;
    let Some(account) = actor.account().filter(|_| filled.len() <= LONGEST) else { return Ok(()) };
    let draft = Draft { filled: filled.to_owned(), kept_at: portal.clock().now() };
    let mut tx = portal.db().begin().await?;
    store::keep(&mut tx, account, &template.to_string(), &draft, stopped_at).await?;
    tx.commit().await
}

/// What `actor` has filled in before.
///
/// # Errors
/// If the database does not answer.
pub async fn of(portal: &Portal, actor: &Actor, template: &EntityRef) -> Result<Option<Draft>> {
    let Some(account) = actor.account() else { return Ok(None) };
    let draft = store::get(portal.db(), account, &template.to_string()).await?;
    Ok(draft.filter(|draft| draft.kept_at > portal.clock().now().saturating_sub(KEPT)))
}

/// Forgets it.
///
/// # Errors
/// [`Error::Forbidden`] for who may not launch; [`Error::NotFound`] where there is none.
pub async fn forget(portal: &Portal, actor: &Actor, template: &EntityRef) -> Result<()> {
    can(actor, Action::Launch, Resource::Anything)?;
    let mut tx = portal.db().begin().await?;
    if !launched(&mut tx, actor, template).await? {
        return Err(Error::not_found("The draft"));
    }
    tx.commit().await
}

/// At which questions people have given up, with how many, in the last month; `None` counts those who had answered all.
pub(super) async fn abandoned(portal: &Portal, template: &EntityRef) -> Result<Vec<(Option<String>, u64)>> {
    let now = portal.clock().now();
    store::abandoned(portal.db(), &template.to_string(), now.saturating_sub(KEPT), now.saturating_sub(GIVEN_UP)).await
}

/// It is launched, or not wanted any more; gives whether there was one.
pub(super) async fn launched(tx: &mut Tx, actor: &Actor, template: &EntityRef) -> Result<bool> {
    match actor.account() {
        Some(account) => store::forget(tx, account, &template.to_string()).await,
        None => Ok(false),
    }
}

/// Forgets those that nobody has gone on with.
pub(super) async fn sweep(tx: &mut Tx, portal: &Portal) -> Result<()> {
    store::sweep(tx, portal.clock().now().saturating_sub(KEPT)).await
}
