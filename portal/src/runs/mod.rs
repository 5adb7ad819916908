//! Launches: a template becomes a running repository, in durable steps.
//!
//! A run is a row with its steps and with what it made outside ([`RunEffect`](model::run::RunEffect)), each of which is written
//! down before it is made. So whoever comes after a process that died knows what may be there: it goes on from the step, or
//! takes away what was made. What would destroy somebody's work is never removed, but listed with the command that does.

mod actions;
mod approvals;
pub mod drafts;
mod expressions;
pub mod feedback;
mod job;
mod launch;
mod mask;
mod queue;
mod steps;
mod store;
#[cfg(test)]
pub(crate) mod tests;
mod token;
mod work;

use model::EntityRef;
use model::job::LogLine;
use model::run::{ApprovalState, Run, RunDetail, RunEffect, RunState};

pub use self::approvals::{asked_of, review};
pub use self::job::run;
pub use self::launch::{Destination, Launch, RepositoryVisibility, destinations, launch, plan};
pub(crate) use self::queue::{look_after, sweep};
pub use self::steps::{StepProblem, check_step};
use self::store::{Moved, Viewer};
use crate::audit::{self, Change};
use crate::identity::{Action, Actor, Resource, can};
use crate::{Error, Portal, Result};

/// The kind of the job that works for one run.
pub const JOB: &str = "run";
/// Starts of one job after which it is left alone; what does not answer for so long is gone for good.
const ATTEMPTS: u32 = 30;
const LARGEST_PAGE: usize = 200;
const LINES: i64 = 5_000;
/// What a person may want of a run.
const CANCEL: &str = "cancel";
const CLEAN: &str = "clean";

/// What a list of runs is narrowed by.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RunFilter {
    /// Alternatives; empty means all.
    pub states: Vec<RunState>,
    pub template: Option<EntityRef>,
    /// Slug of the repository that they made.
    pub project: Option<String>,
    /// Only those that whoever asks has launched.
    pub own: bool,
    /// From 1.
    pub page: usize,
    pub per_page: usize,
}

impl Default for RunFilter {
    fn default() -> Self {
        Self { states: Vec::new(), template: None, project: None, own: false, page: 1, per_page: 50 }
    }
}

/// One page of the list.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct RunPage {
    pub rows: Vec<Run>,
    /// How many match, over all pages.
    pub total: usize,
    /// How many there are of each state under the other filters, without those that there are none of.
    pub states: Vec<(RunState, usize)>,
}

/// The account, or what else tells those apart who launch.
fn launcher(actor: &Actor) -> &str {
    actor.id().unwrap_or(actor.name())
}

fn viewer(actor: &Actor) -> Viewer<'_> {
    Viewer { readable: actor.readable(), launcher: launcher(actor), reviews_as: approvals::references(actor) }
}

/// One page of the runs that `actor` may see, the newest first: their own, and others where the template and the project may
/// be read.
///
/// # Errors
/// If the database does not answer.
pub async fn list(portal: &Portal, actor: &Actor, filter: &RunFilter) -> Result<RunPage> {
    let filter = RunFilter { per_page: filter.per_page.clamp(1, LARGEST_PAGE), ..filter.clone() };
    let counts = store::counts(portal.db(), &viewer(actor), &filter).await?;
    let count = |state: RunState| {
        let (_, count) = counts.iter().find(|(name, _)| name == state.as_str())?;
        Some((state, usize::try_from(*count).unwrap_or_default()))
    };
    let states: Vec<(RunState, usize)> = RunState::ALL.into_iter().filter_map(count).collect();
    let wanted = |state: &RunState| filter.states.is_empty() || filter.states.contains(state);
    let total = states.iter().filter(|(state, _)| wanted(state)).map(|(_, count)| count).sum();
    let offset = filter.page.max(1).saturating_sub(1).saturating_mul(filter.per_page);
    let rows = store::list(portal.db(), &viewer(actor), &filter, i64::try_from(offset).unwrap_or(i64::MAX)).await?;
    Ok(RunPage { rows: rows.into_iter().map(Run::from).collect(), total, states })
}

/// One run with its steps and with what it made. Nothing of it is secret.
///
/// # Errors
/// [`Error::NotFound`] when there is none, or none that `actor` may see.
pub async fn get(portal: &Portal, actor: &Actor, id: &str) -> Result<RunDetail> {
    let named = found(portal, actor, id).await?;
    let input: launch::Input = serde_json::from_str(&named.row.input)?;
    let own = named.row.launcher == launcher(actor);
    let steps = store::steps(portal.db(), id).await?.into_iter();
    let steps = steps.map(|step| steps::shown(step, input.told())).collect::<Result<_>>()?;
    let effects = store::effects(portal.db(), id).await?.into_iter().map(|effect| RunEffect {
        state: effect.state(),
        target: effect.target,
        reason: effect.reason,
        command: effect.command,
    });
    let position = match named.row.state() {
        RunState::Queued => Some(store::position(portal.db(), id).await?.unsigned_abs()),
        _ => None,
    };
    let mut approvals = approvals::of(portal, id).await?;
    if named.row.state() == RunState::Review {
        approvals::look_for_reviewers(portal, &mut approvals).await?;
    }
    Ok(RunDetail {
        may_review: approvals::may_review(actor, &named.row, &approvals),
        approvals,
        outputs: serde_json::from_str(&named.row.outputs)?,
        answers: input.shown_answers(),
        destination: input.destination,
        steps,
        effects: effects.collect(),
        position,
        may_change: can(actor, Action::Launch, Resource::Run { own }).is_ok(),
        run: named.into(),
    })
}

/// The lines of a run's log after the line `after` (0 for all), over all its attempts. Secrets are masked in it.
///
/// # Errors
/// As [`get`].
pub async fn log(portal: &Portal, actor: &Actor, id: &str, after: i64) -> Result<Vec<LogLine>> {
    found(portal, actor, id).await?;
    store::log(portal.db(), id, after, LINES).await
}

/// The run that made a repository (its slug), if one did that `actor` may see.
///
/// # Errors
/// If the database does not answer.
pub async fn of_project(portal: &Portal, actor: &Actor, slug: &str) -> Result<Option<Run>> {
    let filter = RunFilter { project: Some(slug.to_owned()), per_page: 1, ..RunFilter::default() };
    Ok(store::list(portal.db(), &viewer(actor), &filter, 0).await?.into_iter().next().map(Run::from))
}

/// Stops a run that is under way, and has what it made removed.
///
/// # Errors
/// [`Error::Forbidden`] for who may not; [`Error::Conflict`] for one that has ended.
pub async fn cancel(portal: &Portal, actor: &Actor, id: &str) -> Result<()> {
    let states = [RunState::Review, RunState::Queued, RunState::Running, RunState::Waiting];
    wish(portal, actor, id, (CANCEL, "run.cancel"), &states).await
}

/// Has removed what a failed run made.
///
/// # Errors
/// [`Error::Forbidden`] for who may not; [`Error::Conflict`] for one that has not failed.
pub async fn clean(portal: &Portal, actor: &Actor, id: &str) -> Result<()> {
    wish(portal, actor, id, (CLEAN, "run.clean"), &[RunState::Failed]).await
}

/// Goes on with a failed run at the step that failed, or at once with one that waits.
///
/// # Errors
/// [`Error::Forbidden`] for who may not; [`Error::Conflict`] where there is nothing to try again.
pub async fn retry(portal: &Portal, actor: &Actor, id: &str) -> Result<()> {
    let named = changeable(portal, actor, id).await?;
    let now = portal.clock().now();
    let mut tx = portal.db().begin().await?;
    let waits = named.row.state() == RunState::Waiting;
    let approvals = approvals::of(portal, id).await?;
    if approvals.iter().any(|one| one.state != ApprovalState::Granted) {
        let why = "It was not approved, and so is not begun. Launch it again to ask again.";
        return Err(Error::Conflict(why.to_owned()));
    }
    let (from, to) = match waits {
        true => (RunState::Waiting, RunState::Running),
        false => (RunState::Failed, RunState::Queued),
    };
    if store::wish(portal.db(), id).await?.is_some() || !store::move_on(&mut tx, id, &[from], Moved::to(to)).await? {
        return Err(Error::Conflict(format!("The run is {}: there is nothing to try again.", named.row.state)));
    }
    let change = Change { action: "run.retry", target: id, after: Some(&named.row.name), ..Change::default() };
    audit::record(&mut tx, actor, now, change).await?;
    match waits {
        true => queue::enqueue(&mut tx, portal, id, &named.row.name).await.map(drop)?,
        false => queue::admit(&mut tx, portal).await?,
    }
    tx.commit().await?;
    portal.jobs().wake();
    Ok(())
}

async fn wish(
    portal: &Portal,
    actor: &Actor,
    id: &str,
    (wish, action): (&str, &str),
    states: &[RunState],
) -> Result<()> {
    let named = changeable(portal, actor, id).await?;
    let now = portal.clock().now();
    let mut tx = portal.db().begin().await?;
    if !store::set_wish(&mut tx, id, Some(wish), states).await? {
        return Err(Error::Conflict(format!("The run is {}: this cannot be done with it any more.", named.row.state)));
    }
    let change = Change {
        action,
        target: id,
        before: Some(&named.row.state),
        after: Some(&named.row.name),
        ..Change::default()
    };
    audit::record(&mut tx, actor, now, change).await?;
    queue::enqueue(&mut tx, portal, id, &named.row.name).await?;
    tx.commit().await?;
    portal.jobs().wake();
    Ok(())
}

async fn found(portal: &Portal, actor: &Actor, id: &str) -> Result<store::Named> {
    let named = store::get(portal.db(), &viewer(actor), id).await?;
    named.ok_or_else(|| Error::not_found(format_args!("The run {id}")))
}

async fn changeable(portal: &Portal, actor: &Actor, id: &str) -> Result<store::Named> {
    can(actor, Action::Launch, Resource::Anything)?;
    let named = found(portal, actor, id).await?;
    can(actor, Action::Launch, Resource::Run { own: named.row.launcher == launcher(actor) })?;
    Ok(named)
}
