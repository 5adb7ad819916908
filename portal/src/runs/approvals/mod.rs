//! Launches that others have to approve before they begin: the operator says which, who may, how many have to, and until when.
//!
//! What a rule asks is written down with the run, so that a change of the rules changes nothing of what was launched. Nothing is
//! made, and nobody works for the run, until the last approval is there.

mod store;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;

use model::EntityRef;
use model::run::{ApprovalState, RunApproval, RunReview, RunState};

use self::store::{Approval, Review};
use super::launch::Launch;
use super::store::{self as runs, Moved, Row, Step};
use super::{found, queue};
use crate::audit::{self, Change};
use crate::db::Tx;
use crate::identity::{self, Action, Actor, Person, Resource, can};
use crate::inbox::{self, Message, Topic};
use crate::jobs::Context;
use crate::settings::ApprovalSettings;
use crate::{Error, Portal, Result};

/// Characters of what a reviewer says.
const LONGEST_REASON: usize = 1_000;
/// Characters of an answer, and answers, that reviewers are told.
const LONGEST_ANSWER: usize = 200;
const MOST_ANSWERS: usize = 40;

/// What would have to be approved before this launch begins; nothing of it is decided yet.
#[must_use]
pub fn asked_of(portal: &Portal, launch: &Launch, actions: &[String]) -> Vec<RunApproval> {
    let now = portal.clock().now();
    let asks = rules(portal, &launch.template, actions).map(|(about, rule)| RunApproval {
        about,
        needed: rule.count,
        reviewers: rule.reviewers.clone(),
        without_account: Vec::new(),
        state: ApprovalState::Asked,
        expires_at: now.saturating_add(i64::try_from(rule.expires.as_millis()).unwrap_or(i64::MAX)),
        reviews: Vec::new(),
    });
    asks.collect()
}

/// The rules that a launch falls under, with what they are about.
fn rules<'p>(
    portal: &'p Portal,
    template: &EntityRef,
    actions: &[String],
) -> impl Iterator<Item = (String, &'p ApprovalSettings)> {
    portal.settings().approvals.iter().filter_map(move |rule| {
        let is_meant = rule.template.as_ref().is_none_or(|meant| meant == template)
            && rule.action.as_ref().is_none_or(|meant| actions.contains(meant));
        let about: Vec<String> = rule.template.iter().map(ToString::to_string).chain(rule.action.clone()).collect();
        is_meant.then(|| (about.join(", "), rule))
    })
}

/// Writes down what has to be approved, with the run; gives whether something has to be.
pub(super) async fn ask(tx: &mut Tx, portal: &Portal, launch: &Launch, run: &str, steps: &[Step]) -> Result<bool> {
    let actions: Vec<String> = steps.iter().map(|step| step.action.clone()).collect();
    let asked = asked_of(portal, launch, &actions);
    for (number, one) in (1_i64..).zip(&asked) {
        let approval = Approval {
            number,
            about: one.about.clone(),
            needed: i64::try_from(one.needed).unwrap_or(i64::MAX),
            expires_at: one.expires_at,
            state: one.state.as_str().to_owned(),
        };
        let reviewers: Vec<String> = one.reviewers.iter().map(ToString::to_string).collect();
        store::add(tx, run, &approval, &reviewers).await?;
    }
    Ok(!asked.is_empty())
}

/// What a run has to have approved, and what was said.
pub(super) async fn of(portal: &Portal, run: &str) -> Result<Vec<RunApproval>> {
    let approvals = store::of(portal.db(), run).await?;
    if approvals.is_empty() {
        return Ok(Vec::new());
    }
    let mut reviewers: BTreeMap<i64, Vec<EntityRef>> = BTreeMap::new();
    for (number, reviewer) in store::reviewers(portal.db(), run).await? {
        reviewers.entry(number).or_default().extend(reviewer.parse::<EntityRef>());
    }
    let mut reviews: BTreeMap<i64, Vec<RunReview>> = BTreeMap::new();
    for Review { number, person, approves, reason, reviewed_at } in store::reviews(portal.db(), run).await? {
        reviews.entry(number).or_default().push(RunReview { by: person, approves, reason, at: reviewed_at });
    }
    let shown = |one: Approval| RunApproval {
        reviewers: reviewers.remove(&one.number).unwrap_or_default(),
        without_account: Vec::new(),
        reviews: reviews.remove(&one.number).unwrap_or_default(),
        state: ApprovalState::parse(&one.state).unwrap_or(ApprovalState::Asked),
        about: one.about,
        needed: usize::try_from(one.needed).unwrap_or_default(),
        expires_at: one.expires_at,
    };
    Ok(approvals.into_iter().map(shown).collect())
}

/// Says of what is still asked for who of the reviewers cannot be told.
pub(super) async fn look_for_reviewers(portal: &Portal, approvals: &mut [RunApproval]) -> Result<()> {
    let asked = || approvals.iter().filter(|one| one.state == ApprovalState::Asked);
    let reviewers: Vec<EntityRef> = asked().flat_map(|one| one.reviewers.iter().cloned()).collect();
    let absent = identity::without_account(portal, &reviewers).await?;
    for one in approvals.iter_mut().filter(|one| one.state == ApprovalState::Asked) {
        one.without_account = one.reviewers.iter().filter(|reviewer| absent.contains(reviewer)).cloned().collect();
    }
    Ok(())
}

/// Whether `actor` may say something of what is still asked for, and has not yet.
pub(super) fn may_review(actor: &Actor, row: &Row, approvals: &[RunApproval]) -> bool {
    let Some(person) = actor.person().filter(|_| row.state() == RunState::Review) else { return false };
    let (own, label) = (is_own(person, row), person.label.as_str());
    approvals.iter().filter(|one| one.state == ApprovalState::Asked).any(|one| {
        let resource = Resource::Review { reviewers: &one.reviewers, own };
        can(actor, Action::Review, resource).is_ok() && one.reviews.iter().all(|review| review.by != label)
    })
}

/// One who launches with one of their accounts does not approve with another.
fn is_own(person: &Person, row: &Row) -> bool {
    row.account.as_deref() == Some(person.account.as_str()) || row.made_by == person.label
}

/// Who somebody is as a reviewer: themselves, and their groups.
pub(super) fn references(actor: &Actor) -> Vec<String> {
    let person = actor.person();
    let user = person.and_then(|person| person.user.as_ref());
    user.into_iter()
        .chain(person.into_iter().flat_map(|person| person.groups.keys()))
        .map(ToString::to_string)
        .collect()
}

/// Approves a launch, or denies it, with a reason; of everything that `actor` may approve in it.
///
/// # Errors
/// [`Error::NotFound`] for a run that `actor` may not see; [`Error::Forbidden`] for who is no reviewer, and for one's own;
/// [`Error::Conflict`] where it is decided already, or they have said something before.
pub async fn review(portal: &Portal, actor: &Actor, id: &str, approves: bool, reason: &str) -> Result<()> {
    can(actor, Action::Review, Resource::Anything)?;
    let row = found(portal, actor, id).await?.row;
    let reason = reason.trim();
    if reason.chars().count() > LONGEST_REASON || (!approves && reason.is_empty()) {
        return Err(Error::Conflict("To deny a launch, say why in at most 1000 characters.".to_owned()));
    }
    if row.state() != RunState::Review {
        return Err(decided(&row));
    }
    let approvals = of(portal, id).await?;
    let person = actor.person().ok_or_else(|| Error::internal("a reviewer is nobody"))?;
    let reviewers: Vec<EntityRef> = approvals.iter().flat_map(|one| one.reviewers.iter().cloned()).collect();
    can(actor, Action::Review, Resource::Review { reviewers: &reviewers, own: is_own(person, &row) })?;
    let now = portal.clock().now();
    let mut tx = portal.db().begin().await?;
    if !store::lock(&mut tx, id).await? {
        return Err(decided(&row));
    }
    let open = store::open_for(&mut tx, id, &references(actor)).await?;
    let mut counted = false;
    for approval in open.iter().filter(|approval| approval.expires_at > now) {
        let review = Review {
            number: approval.number,
            person: person.label.clone(),
            approves,
            reason: reason.to_owned(),
            reviewed_at: now,
        };
        counted |= store::add_review(&mut tx, id, &review).await?;
        if !approves {
            store::decide(&mut tx, id, approval.number, ApprovalState::Denied.as_str()).await?;
        } else if store::approving(&mut tx, id, approval.number).await? >= approval.needed {
            store::decide(&mut tx, id, approval.number, ApprovalState::Granted.as_str()).await?;
        }
    }
    if !counted {
        return Err(Error::Conflict("You have said so already, or it is too late: nothing was changed.".to_owned()));
    }
    let action = if approves { "run.approve" } else { "run.deny" };
    let after = if reason.is_empty() { row.name.clone() } else { format!("{}: {reason}", row.name) };
    audit::record(&mut tx, actor, now, Change { action, target: id, after: Some(&after), ..Change::default() }).await?;
    if !approves {
        end(&mut tx, portal, &row, &format!("{} denied it: {reason}", person.label)).await?;
    } else if store::asked(&mut tx, id).await? == 0 {
        runs::move_on(&mut tx, id, &[RunState::Review], Moved::to(RunState::Queued)).await?;
        queue::admit(&mut tx, portal).await?;
    }
    tx.commit().await?;
    portal.jobs().wake();
    inbox::told(portal);
    Ok(())
}

fn decided(row: &Row) -> Error {
    Error::Conflict(format!("The launch of {} is not waiting for anybody's approval any more.", row.name))
}

/// It will never begin: nothing was made, and what was secret is gone.
async fn end(tx: &mut Tx, portal: &Portal, row: &Row, why: &str) -> Result<()> {
    let ended = Moved { state: RunState::Failed, reason: Some(why), ended_at: Some(portal.clock().now()) };
    if !runs::move_on(tx, &row.id, &[RunState::Review], ended).await? {
        return Ok(());
    }
    store::drop_secrets(tx, &row.id).await?;
    let Some(account) = &row.account else { return Ok(()) };
    let (title, address) = (format!("{} was not approved", row.name), format!("/runs/{}", row.id));
    let message = Message { topic: Topic::Run, title: &title, text: why, address: &address, repository: None };
    inbox::tell(tx, portal, account, message).await
}

/// Ends those whose time is over, and has those told who were not.
pub(super) async fn look_after(tx: &mut Tx, portal: &Portal) -> Result<()> {
    let now = portal.clock().now();
    for (id, number, about) in store::expired(tx, now).await? {
        store::decide(tx, &id, number, ApprovalState::Expired.as_str()).await?;
        let Some(row) = runs::row_in(tx, &id).await? else { continue };
        let change = Change { action: "run.expire", target: &id, after: Some(&row.name), ..Change::default() };
        audit::record(tx, &Actor::System, now, change).await?;
        end(tx, portal, &row, &format!("Nobody approved it in time ({about}). Launch it again to ask again.")).await?;
    }
    for (id, name) in store::untold(tx).await? {
        queue::enqueue(tx, portal, &id, &name).await?;
    }
    Ok(())
}

/// Tells everybody who may approve a run, once, with what they need to decide.
pub(super) async fn tell(context: &Context, row: &Row) -> Result<()> {
    let portal = context.portal();
    let approvals = of(portal, &row.id).await?;
    let reviewers: Vec<EntityRef> = approvals.iter().flat_map(|one| one.reviewers.iter().cloned()).collect();
    let accounts = identity::accounts_of(portal, &reviewers).await?;
    let steps = runs::steps(portal.db(), &row.id).await?;
    let title = format!("{} waits for your approval", row.name);
    let text = report(row, &steps, &approvals)?;
    let now = portal.clock().now();
    let mut tx = portal.db().begin().await?;
    if store::note_told(&mut tx, &row.id, now).await? {
        let message = Message {
            topic: Topic::Run,
            title: &title,
            text: &text,
            address: &format!("/runs/{}", row.id),
            repository: None,
        };
        for person in accounts.iter().filter(|person| !is_own(person, row)) {
            inbox::tell(&mut tx, portal, &person.account, message).await?;
        }
    }
    tx.commit().await?;
    inbox::told(portal);
    Ok(())
}

/// What a reviewer needs to decide.
fn report(row: &Row, steps: &[Step], approvals: &[RunApproval]) -> Result<String> {
    let input: super::launch::Input = serde_json::from_str(&row.input)?;
    let mut text = format!(
        "{} launches {} from {} at {} into {}.\n\nIt would do this:\n",
        row.made_by, row.name, row.template, row.commit_id, input.destination
    );
    for step in steps {
        text += &format!("- {}\n", super::steps::shown(step.clone(), input.told())?.does);
    }
    text += "\nAnswers:\n";
    for (name, value) in input.shown_answers().into_iter().filter(|(name, _)| !name.starts_with('_')).take(MOST_ANSWERS)
    {
        let value = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
        text += &format!("- {name}: {}\n", value.chars().take(LONGEST_ANSWER).collect::<String>());
    }
    for one in approvals {
        let at = jiff::Timestamp::from_millisecond(one.expires_at).map_err(Error::internal)?;
        text +=
            &format!("\n{}: {} have to approve it until {}.", one.about, one.needed, at.strftime("%Y-%m-%d %H:%M UTC"));
    }
    Ok(text)
}
