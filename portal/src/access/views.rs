//! What people see: lists, requests, histories, terms, the matrix.

use std::collections::{BTreeMap, BTreeSet};

use engine_access::Atom;
use engine_access::history::{self, Event, History};
use engine_access::standing::Known;
use model::access::{AccessAtom, AccessCell, AccessHistory, AccessRequest, AccessStep, Standing};
use model::catalog::{CatalogFilter, Field};
use model::{EntityRef, Kind};

use super::act::{self, Deed, case_for, owners};
use super::project::{self, instant, millis, shown, word};
use super::record::{self, Told};
use super::store::{self, AtomFilter};
use crate::catalog;
use crate::identity::Actor;
use crate::{Error, Portal, Result};

/// Rows that are ever read at once.
const MOST_ROWS: i64 = 20_000;
const LARGEST_PAGE: usize = 200;
/// Consumers of one page of the matrix.
const MATRIX_ROWS: i64 = 20;
/// Milliseconds.
const DAY: i64 = 24 * 60 * 60 * 1_000;
/// As `engine_access` has it.
const SOON: i64 = 14 * DAY;

/// What a list of atoms is narrowed by; empty parts narrow nothing.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct AccessFilter {
    pub consumer: Option<EntityRef>,
    pub api: Option<EntityRef>,
    pub scope: Option<String>,
    pub environment: Option<String>,
    /// Only those of which one end belongs to this group or person.
    pub owner: Option<EntityRef>,
    pub state: Option<Standing>,
    /// Only those for which a request waits.
    pub waiting: bool,
    /// Only those whose grant ends within so many days, the first to end first.
    pub ends_within: Option<u16>,
    /// Only those of which somebody has to say whether they are still needed.
    pub review_due: bool,
    /// Only what was taken without asking.
    pub break_glass: bool,
}

impl AccessFilter {
    async fn narrow(&self, portal: &Portal, actor: &Actor) -> Result<AtomFilter> {
        let now = portal.clock().now();
        let either_end = match &self.owner {
            Some(owner) => Some(owned(portal, actor, owner).await?),
            None => None,
        };
        Ok(AtomFilter {
            id: None,
            consumer: self.consumer.as_ref().map(ToString::to_string),
            api: self.api.as_ref().map(ToString::to_string),
            scope: self.scope.clone(),
            environment: self.environment.clone(),
            either_end,
            state: self.state,
            request: None,
            pending: self.waiting,
            ends_before: self.ends_within.map(|days| now + i64::from(days) * DAY),
            review_before: self.review_due.then_some(now),
            break_glass: self.break_glass,
        })
    }
}

/// Components and APIs of an owner.
async fn owned(portal: &Portal, actor: &Actor, owner: &EntityRef) -> Result<Vec<String>> {
    let mut filter = CatalogFilter::default();
    filter.fields.insert(Field::Owner, vec![owner.to_string()]);
    filter.fields.insert(Field::Kind, [Kind::Component, Kind::Api].map(|kind| kind.lower().to_owned()).into());
    let rows = catalog::export(portal, actor, &filter).await?;
    Ok(rows.iter().map(|row| row.reference.to_string()).collect())
}

/// Atoms that are meant, as they stand now.
pub(super) async fn rows(portal: &Portal, actor: &Actor, filter: &AtomFilter) -> Result<Vec<AccessAtom>> {
    let bodies = store::list(portal.db(), actor.readable(), filter, (MOST_ROWS, 0)).await?;
    bodies.iter().map(|body| Ok(current(serde_json::from_str(body)?, portal.clock().now()))).collect()
}

/// What the clock may have changed since the row was written, until the job that looks after it has come by.
fn current(mut atom: AccessAtom, now: i64) -> AccessAtom {
    let holds = matches!(atom.state, Standing::Active | Standing::Suspended | Standing::Scheduled);
    if holds && atom.expires.is_some_and(|ends| ends <= now) {
        atom.state = Standing::Expired;
    }
    let is_active = atom.state == Standing::Active;
    atom.flags.expiring = is_active && atom.expires.is_some_and(|ends| ends <= now + SOON);
    atom.flags.review_due = is_active && atom.review_at.is_some_and(|due| due <= now);
    if atom.waiting.as_ref().is_some_and(|waiting| waiting.lapses_at <= now) {
        atom.waiting = None;
        if atom.state == Standing::Pending {
            atom.state = Standing::Missing;
        }
    }
    atom
}

/// One page of atoms, and how many there are.
///
/// # Errors
/// The database's.
pub async fn list(
    portal: &Portal,
    actor: &Actor,
    filter: &AccessFilter,
    page: usize,
    per_page: usize,
) -> Result<(Vec<AccessAtom>, u64)> {
    let (db, now) = (portal.db(), portal.clock().now());
    let narrow = filter.narrow(portal, actor).await?;
    let per_page = per_page.clamp(1, LARGEST_PAGE);
    let offset = page.max(1).saturating_sub(1).saturating_mul(per_page);
    let total = store::count(db, actor.readable(), &narrow).await?;
    let page = (per_page as i64, i64::try_from(offset).unwrap_or(i64::MAX));
    let bodies = store::list(db, actor.readable(), &narrow, page).await?;
    let atoms = bodies.iter().map(|body| Ok(current(serde_json::from_str(body)?, now))).collect::<Result<_>>()?;
    Ok((atoms, total.unsigned_abs()))
}

/// For how many atoms a request waits.
///
/// # Errors
/// The database's.
pub async fn count_waiting(portal: &Portal, actor: &Actor) -> Result<u64> {
    let filter = AtomFilter { pending: true, ..AtomFilter::default() };
    Ok(store::count(portal.db(), actor.readable(), &filter).await?.unsigned_abs())
}

/// What waits for people: first what waits for `actor`, the oldest first.
///
/// # Errors
/// The database's.
pub async fn waiting(portal: &Portal, actor: &Actor) -> Result<Vec<AccessRequest>> {
    let filter = AtomFilter { pending: true, ..AtomFilter::default() };
    let atoms = rows(portal, actor, &filter).await?;
    let mut requests = requests(portal, actor, atoms, None).await?;
    let asked_at = |request: &AccessRequest| {
        request.atoms.iter().filter_map(|atom| Some(atom.waiting.as_ref()?.requested_at)).min().unwrap_or_default()
    };
    requests.sort_by_key(|request| (!request.may_decide, asked_at(request)));
    Ok(requests)
}

/// How many requests wait for `actor`.
pub async fn waiting_for(portal: &Portal, actor: &Actor) -> Result<usize> {
    if actor.person().is_none() {
        return Ok(0);
    }
    Ok(waiting(portal, actor).await?.iter().filter(|request| request.may_decide).count())
}

/// One request, whatever became of it.
///
/// # Errors
/// [`Error::NotFound`] for one that is not there, or about which `actor` may read nothing.
pub async fn request(portal: &Portal, actor: &Actor, id: &str) -> Result<AccessRequest> {
    let filter = AtomFilter { request: Some(id.to_owned()), ..AtomFilter::default() };
    let atoms = rows(portal, actor, &filter).await?;
    let request = requests(portal, actor, atoms, Some(id)).await?.pop();
    request.ok_or_else(|| Error::not_found(format!("The request {id}")))
}

/// Atoms as requests: of what waits, or all of one.
async fn requests(
    portal: &Portal,
    actor: &Actor,
    atoms: Vec<AccessAtom>,
    only: Option<&str>,
) -> Result<Vec<AccessRequest>> {
    let owners = owners(portal, atoms.iter().map(|atom| atom.api.clone())).await?;
    let mut by_id: BTreeMap<String, Vec<AccessAtom>> = BTreeMap::new();
    for atom in atoms {
        let id = match (only, &atom.waiting) {
            (Some(only), _) => only.to_owned(),
            (None, Some(waiting)) => waiting.request.clone(),
            (None, None) => continue,
        };
        by_id.entry(id).or_default().push(atom);
    }
    let named: BTreeSet<EntityRef> = by_id.values().flatten().map(|atom| atom.consumer.clone()).collect();
    let named: Vec<EntityRef> = named.into_iter().collect();
    let consumers = portal.index().read().named(&named, actor.readable())?;
    let mut requests = Vec::new();
    for (id, atoms) in by_id {
        let Some(first) = atoms.first() else { continue };
        let (consumer, api) = (first.consumer.clone(), first.api.clone());
        let owner = owners.get(&api).cloned();
        let (mut may, mut why_not) = (false, None);
        for atom in &atoms {
            let Some(waiting) = atom.waiting.as_ref().filter(|waiting| waiting.request == id) else { continue };
            match decides(actor, waiting, owner.as_ref()) {
                Ok(()) => may = true,
                Err(Error::Forbidden(why)) => why_not = Some(why),
                Err(error) => return Err(error),
            }
        }
        let waits = atoms.iter().any(|atom| atom.waiting.as_ref().is_some_and(|waiting| waiting.request == id));
        let owns = consumers.get(&consumer).is_some_and(|row| {
            crate::identity::can(actor, crate::identity::Action::AskAccess, crate::identity::Resource::Entity(row))
                .is_ok()
        });
        requests.push(AccessRequest {
            id,
            consumer,
            api,
            owner,
            atoms,
            may_decide: may,
            may_withdraw: waits && owns,
            why_not: why_not.filter(|_| !may && actor.person().is_some()),
        });
    }
    Ok(requests)
}

/// Whether `actor` may decide what waits, by what its row says: the same question as [`act::may_decide`] without its events.
fn decides(actor: &Actor, waiting: &model::access::AccessWaiting, owner: Option<&EntityRef>) -> Result<()> {
    let reviewers: Vec<EntityRef> = waiting
        .asked
        .iter()
        .filter_map(|need| if need.from == "owner" { owner.cloned() } else { need.from.parse().ok() })
        .collect();
    let user = actor.person().and_then(|person| person.user.as_ref());
    let own = user.is_some_and(|user| waiting.authors.contains(user) || waiting.requested_by == user.to_string());
    act::may_review(actor, &reviewers, own)?;
    let has_approved = waiting.votes.iter().any(|vote| vote.approves && user == Some(&vote.by));
    if has_approved {
        return Err(Error::Forbidden("You have approved it; it waits for others.".to_owned()));
    }
    Ok(())
}

/// One atom with everything that happened to it.
///
/// # Errors
/// [`Error::NotFound`] for one that is not there, or that `actor` may not see.
pub async fn history(portal: &Portal, actor: &Actor, id: &str) -> Result<AccessHistory> {
    let filter = AtomFilter { id: Some(id.to_owned()), ..AtomFilter::default() };
    let found = rows(portal, actor, &filter).await?.pop();
    let row = found.ok_or_else(|| Error::not_found(format!("The access {id}")))?;
    let now = portal.clock().now();
    let mut tx = portal.db().snapshot().await?;
    let told = record::told(&mut tx, id, now).await?;
    drop(tx);
    let atom = project::atom(&row);
    let view = project::view(&atom, &told.history, instant(now), |request| told.commit(request)).unwrap_or(row);
    let owners = owners(portal, [atom.api.clone()]).await?;
    let mut may = Vec::new();
    for deed in Deed::ALL {
        let Some(case) = case_for(&told, deed) else { continue };
        if act::may(portal, actor, deed, &atom, case, owners.get(&atom.api)).await.is_ok() {
            may.push(deed.as_str().to_owned());
        }
    }
    Ok(AccessHistory { atom: view, steps: steps(&told), may })
}

/// What happened, the newest first.
fn steps(told: &Told) -> Vec<AccessStep> {
    let by_id: BTreeMap<&str, _> = told.events.iter().map(|event| (event.id.as_str(), event)).collect();
    let mut steps: Vec<(usize, AccessStep)> = Vec::new();
    for case in &told.history.cases {
        for step in &case.timeline {
            let event = step.event.as_deref().and_then(|id| by_id.get(id));
            let order = step.event.as_deref().and_then(|id| told.events.iter().position(|event| event.id == id));
            let by = event.map_or_else(|| "the clock".to_owned(), |event| shown(&event.actor));
            steps.push((
                order.unwrap_or(usize::MAX),
                AccessStep {
                    at: millis(step.at),
                    by,
                    what: word(step.kind).to_owned(),
                    to: step.to.as_str().to_owned(),
                    reason: step.reason.clone(),
                    request: case.request.clone(),
                    commit: event.and_then(|event| event.commit.clone()),
                },
            ));
        }
    }
    steps.sort_by_key(|(order, step)| std::cmp::Reverse((step.at, *order)));
    steps.into_iter().map(|(_, step)| step).collect()
}

/// A page of the matrix: consumers behind `after`, the APIs that they have to do with, and how things stand between them.
///
/// # Errors
/// The database's.
pub async fn matrix(
    portal: &Portal,
    actor: &Actor,
    filter: &AccessFilter,
    after: &str,
) -> Result<(Vec<AccessCell>, Option<String>)> {
    let (db, readable) = (portal.db(), actor.readable());
    let narrow = filter.narrow(portal, actor).await?;
    let mut consumers = store::consumers(db, readable, &narrow, after, MATRIX_ROWS + 1).await?;
    let more = consumers.len() > MATRIX_ROWS as usize;
    consumers.truncate(MATRIX_ROWS as usize);
    if consumers.is_empty() {
        return Ok((Vec::new(), None));
    }
    let mut cells: BTreeMap<(EntityRef, EntityRef), AccessCell> = BTreeMap::new();
    for (consumer, api, state, count, waiting) in store::cells(db, readable, &narrow, &consumers).await? {
        let (Ok(consumer), Ok(api)) = (consumer.parse::<EntityRef>(), api.parse::<EntityRef>()) else { continue };
        let key = (consumer.clone(), api.clone());
        let cell = cells.entry(key).or_insert(AccessCell { consumer, api, active: 0, waiting: 0, other: 0 });
        match Standing::parse(&state) {
            Some(Standing::Active | Standing::Scheduled) => cell.active += count.unsigned_abs(),
            Some(Standing::Pending) => {}
            _ => cell.other += count.unsigned_abs(),
        }
        cell.waiting += waiting.unsigned_abs();
    }
    Ok((cells.into_values().collect(), consumers.pop().filter(|_| more)))
}

/// How things stand for all atoms of a consumer, as a check needs it.
pub(super) async fn known(portal: &Portal, consumer: &EntityRef) -> Result<BTreeMap<Atom, Known>> {
    let histories = histories(portal, consumer).await?;
    Ok(histories.into_iter().map(|(atom, history)| (atom, history.known())).collect())
}

/// What happened to all atoms of a consumer.
pub(super) async fn histories(portal: &Portal, consumer: &EntityRef) -> Result<BTreeMap<Atom, History>> {
    let now = instant(portal.clock().now());
    let mut events: BTreeMap<Atom, Vec<Event>> = BTreeMap::new();
    for (names, sequence, body) in store::events_of(portal.db(), &consumer.to_string()).await? {
        if let Some(atom) = project::atom_of(&names) {
            events.entry(atom).or_default().push(record::event(&body, sequence)?);
        }
    }
    Ok(events.into_iter().map(|(atom, events)| (atom, history::now(&events, now))).collect())
}
