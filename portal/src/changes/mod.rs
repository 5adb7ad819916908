//! Changing files in repositories: a branch, one commit and a pull request at GitHub, a branch at other Git hosts, and
//! where neither may be, a file that `git apply` takes.
//!
//! One use case for whoever changes files: descriptors, templates, access manifests, campaigns. A change is known by its
//! repository and a key, so that the same wish finds the same branch and the same pull request, and another wish under the
//! same key changes these. What was made is written down before the next step, so that a job that dies goes on where it
//! was and never makes two. A branch on which somebody else has pushed is never touched again.

mod branch;
mod follow;
mod github;
mod job;
mod news;
mod patch;
mod plan;
mod propose;
mod store;
#[cfg(test)]
mod tests;

use model::change::{Change, ChangeDetail, ChangeState};

pub(crate) use self::follow::enqueue_following;
pub use self::follow::{follow, refresh, told};
pub use self::job::run;
pub use self::patch::{Line, LineKind, lines, patch};
pub use self::plan::{MOST, Planned, Wish, chosen, fingerprint, owner, plan, propose_all};
pub use self::propose::{Proposal, propose};
pub use model::change::FileEdit;

use crate::audit;
use crate::db::Tx;
use crate::identity::{Action, Actor, Resource, can};
use crate::jobs::{self, NewJob};
use crate::sources::{self, Host};
use crate::{Error, Portal, Result};

/// The kind of the job that proposes and closes.
pub const JOB: &str = "changes";
/// The kind of the job that looks what has become of those that are open.
pub const FOLLOW: &str = "changes-follow";
/// Starts after which a host counts as gone for good.
const ATTEMPTS: u32 = 10;
const LARGEST_PAGE: usize = 200;
/// Every branch of ours begins so.
const PREFIX: &str = "slipway/";

/// What a list of changes is narrowed by.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ChangeFilter {
    /// Alternatives; empty means all.
    pub states: Vec<ChangeState>,
    /// Those that were asked for together.
    pub batch: Option<String>,
    /// Slug.
    pub repository: Option<String>,
    /// From 1.
    pub page: usize,
    pub per_page: usize,
}

impl Default for ChangeFilter {
    fn default() -> Self {
        Self { states: Vec::new(), batch: None, repository: None, page: 1, per_page: 50 }
    }
}

/// One page of the list.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ChangePage {
    pub rows: Vec<Change>,
    /// How many match, over all pages.
    pub total: usize,
    /// How many there are of each state under the other filters, in the order of [`ChangeState::ALL`], without those that
    /// there are none of.
    pub states: Vec<(ChangeState, usize)>,
}

/// How a change gets into a repository.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Way {
    PullRequest,
    /// A branch is pushed; a person makes the rest of it at the host.
    Branch,
    /// Nothing may be written there, and why: the change is offered as a file.
    Patch(String),
}

/// One page of the changes in repositories that `actor` may read, what moved last first.
pub async fn list(portal: &Portal, actor: &Actor, filter: &ChangeFilter) -> Result<ChangePage> {
    let (db, readable) = (portal.db(), actor.readable());
    let filter = ChangeFilter { per_page: filter.per_page.clamp(1, LARGEST_PAGE), ..filter.clone() };
    let counts = store::counts(db, readable, &filter).await?;
    let states: Vec<(ChangeState, usize)> = ChangeState::ALL
        .into_iter()
        .filter_map(|state| {
            let (_, count) = counts.iter().find(|(name, _)| name == state.as_str())?;
            Some((state, usize::try_from(*count).unwrap_or_default()))
        })
        .collect();
    let wanted = |state: &ChangeState| filter.states.is_empty() || filter.states.contains(state);
    let total = states.iter().filter(|(state, _)| wanted(state)).map(|(_, count)| count).sum();
    let offset = filter.page.max(1).saturating_sub(1).saturating_mul(filter.per_page);
    let rows = store::list(db, readable, &filter, i64::try_from(offset).unwrap_or(i64::MAX)).await?;
    Ok(ChangePage { rows: rows.into_iter().map(Change::from).collect(), total, states })
}

/// One change with its files and how it came to stand where it does.
///
/// # Errors
/// [`Error::NotFound`] when there is none, or `actor` may not read its repository.
pub async fn get(portal: &Portal, actor: &Actor, id: &str) -> Result<ChangeDetail> {
    let named = store::get(portal.db(), actor.readable(), id).await?;
    let named = named.ok_or_else(|| Error::not_found(format_args!("The change {id}")))?;
    let events = store::events(portal.db(), id).await?;
    let (text, edits) = (named.row.text.clone(), named.row.edits()?);
    Ok(ChangeDetail { change: named.into(), text, edits, events })
}

/// How a change would get into a repository, by its slug.
///
/// # Errors
/// [`Error::NotFound`] when there is none, or `actor` may not read it.
pub async fn way(portal: &Portal, actor: &Actor, slug: &str) -> Result<Way> {
    let repository = store::repository(portal.db(), actor.readable(), slug).await?;
    let repository = repository.ok_or_else(|| Error::not_found(format_args!("The repository {slug}")))?;
    if repository.archived {
        return Ok(Way::Patch("The repository is archived, so nothing can be pushed to it.".to_owned()));
    }
    Ok(match sources::host(portal, &repository.id).await {
        Ok(Host::GitHub { .. }) => match sources::doctor::cannot_write(portal, &repository.id).await? {
            Some(why) => Way::Patch(why),
            None => Way::PullRequest,
        },
        Ok(Host::Git(_)) => Way::Branch,
        Ok(Host::ReadOnly(why)) => Way::Patch(why),
        // Its token file is gone, say: that is the reason, and the change can be had all the same.
        Err(Error::Unavailable(why)) => Way::Patch(why),
        Err(error) => return Err(error),
    })
}

/// Proposes a change again that failed, met a conflict, or was closed: on a new branch where somebody else has pushed to
/// the old one.
///
/// # Errors
/// [`Error::Forbidden`] for who may not; [`Error::Conflict`] where there is nothing to try again.
pub async fn retry(portal: &Portal, actor: &Actor, id: &str) -> Result<()> {
    can(actor, Action::Propose, Resource::Anything)?;
    let named = store::get(portal.db(), actor.readable(), id).await?;
    let mut row = named.ok_or_else(|| Error::not_found(format_args!("The change {id}")))?.row;
    propose::admit(portal, actor, &row.repository).await?;
    match row.state() {
        ChangeState::Failed | ChangeState::Conflict | ChangeState::Closed | ChangeState::Waiting => {}
        state => {
            let text = format!("The change is {}: there is nothing to try again.", state.as_str());
            return Err(Error::Conflict(text));
        }
    }
    if std::mem::take(&mut row.taken) {
        row.branch = propose::next_branch(&row.branch);
        row.commits.clear();
        (row.number, row.url) = (None, None);
    }
    if row.state() == ChangeState::Closed {
        (row.number, row.url) = (None, None);
    }
    let now = portal.clock().now();
    let mut tx = portal.db().begin().await?;
    if !store::is_current(&mut tx, &row).await? {
        return Err(Error::Conflict("The change was just changed by somebody else; look at it again.".to_owned()));
    }
    propose::wish(&mut tx, actor, now, &mut row, "changes.retry").await?;
    tx.commit().await?;
    portal.jobs().wake();
    Ok(())
}

/// Closes a change: its pull request, and the branch if nobody else has pushed to it.
///
/// # Errors
/// [`Error::Forbidden`] for who may not; [`Error::Conflict`] for one that is merged or closed.
pub async fn close(portal: &Portal, actor: &Actor, id: &str) -> Result<()> {
    can(actor, Action::Propose, Resource::Anything)?;
    let named = store::get(portal.db(), actor.readable(), id).await?;
    let mut row = named.ok_or_else(|| Error::not_found(format_args!("The change {id}")))?.row;
    propose::admit(portal, actor, &row.repository).await?;
    if matches!(row.state(), ChangeState::Merged | ChangeState::Closed) {
        return Err(Error::Conflict(format!("The change is {} already.", row.state)));
    }
    let now = portal.clock().now();
    let mut tx = portal.db().begin().await?;
    if !store::is_current(&mut tx, &row).await? {
        return Err(Error::Conflict("The change was just changed by somebody else; look at it again.".to_owned()));
    }
    (row.revision, row.closing, row.updated_at) = (row.revision + 1, true, now);
    store::write(&mut tx, &row).await?;
    let target = format!("{}#{}", row.repository, row.key);
    let change =
        audit::Change { action: "changes.close", target: &target, before: Some(&row.state), ..Default::default() };
    audit::record(&mut tx, actor, now, change).await?;
    enqueue(&mut tx, now).await?;
    tx.commit().await?;
    portal.jobs().wake();
    Ok(())
}

/// The job over all that waits; a second wish makes it run once more.
async fn enqueue(tx: &mut Tx, now: i64) -> Result<String> {
    let job = NewJob {
        kind: JOB,
        title: "Proposing changes",
        payload: "{}",
        dedup: Some("*"),
        wished: true,
        max_attempts: ATTEMPTS,
    };
    jobs::enqueue(tx, now, job).await
}
