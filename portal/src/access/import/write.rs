//! Writing grants down that were made elsewhere, many at once.
//!
//! As [`record`] does it for one atom, with few statements for all: of most of them nothing is known here before.

use std::collections::{BTreeMap, BTreeSet};

use engine_access::Atom;
use engine_access::history::{self, Action as Did, Case, Event, History, State};
use engine_access::import::Record;
use engine_access::review::Actor as Who;
use model::{Finding, Level};
use serde::{Deserialize, Serialize};

use super::at;
use super::store::{EventWrite, add_atoms, add_events, events_of, next_sequences};
use crate::access::project::{self, instant};
use crate::access::pulls;
use crate::access::record::{self, Told};
use crate::access::store::{self, AtomWrite, HeldWrite, Names};
use crate::audit::{self, By, Change};
use crate::db::{Tx, new_id};
use crate::identity::Actor;
use crate::{Error, Portal, Result};

/// Who takes grants over: what is kept of them while a job works in their name.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Taker {
    who: Who,
    by: By,
}

impl Taker {
    pub fn of(actor: &Actor) -> Self {
        Self { who: record::who(actor), by: By::of(actor) }
    }
}

/// One grant with the request that it is taken over with, and the event that opens its case.
pub struct Grant {
    pub record: Record,
    pub request: String,
    pub action: Did,
}

/// What became of some grants.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Written {
    pub imported: i64,
    pub unchanged: i64,
    pub findings: Vec<Finding>,
}

/// Writes down those that nothing here goes before, with their audit rows; nobody else changes their atoms until the
/// transaction ends.
pub async fn write(tx: &mut Tx, portal: &Portal, taker: &Taker, file: &str, grants: Vec<Grant>) -> Result<Written> {
    let now = portal.clock().now();
    // In the order of their ids, as everybody locks them.
    let grants: BTreeMap<String, Grant> =
        grants.into_iter().map(|grant| (project::id(&grant.record.atom), grant)).collect();
    let mut opened = Vec::with_capacity(grants.len());
    for grant in grants.values() {
        opened.extend(Opened::of(taker, grant, Vec::new(), now)?);
    }
    let rows: Vec<(&Names, &AtomWrite)> = opened.iter().map(|opened| (&opened.names, &opened.row)).collect();
    let known: BTreeSet<String> = add_atoms(tx, &rows).await?.into_iter().collect();
    opened.retain(|opened| !known.contains(&opened.names.id));
    let held: Vec<(String, i64, HeldWrite)> = opened.iter_mut().flat_map(Opened::take_held).collect();
    let mut written = Written::default();
    let mut before = events(tx, known).await?;
    for (id, grant) in &grants {
        let Some(events) = before.remove(id) else { continue };
        let history = history::now(&events, instant(now));
        let why = left_alone(&history, &grant.record);
        let next = if why.is_none() { Opened::of(taker, grant, events, now)? } else { None };
        match next {
            Some(next) => {
                store::write_atom(tx, &next.row).await?;
                store::replace_held(tx, &next.names.id, &next.held).await?;
                opened.push(next);
            }
            None => {
                written.unchanged += 1;
                let why = why.unwrap_or(Some((Level::Warning, "cannot be taken over as it stands here")));
                written.findings.extend(why.map(|(level, why)| said(&grant.record, file, level, why)));
            }
        }
    }
    if opened.is_empty() {
        return Ok(written);
    }
    written.imported = i64::try_from(opened.len()).map_err(Error::internal)?;
    let last = next_sequences(tx, written.imported).await?;
    let sequences = last - written.imported + 1..;
    let mut writes = Vec::with_capacity(opened.len());
    for (opened, sequence) in opened.iter_mut().zip(sequences) {
        opened.event.sequence = sequence.unsigned_abs();
        let body = serde_json::to_string(&opened.event)?;
        writes.push(EventWrite { sequence, id: opened.event.id.clone(), atom: opened.names.id.clone(), body });
    }
    add_events(tx, now, &writes, &held).await?;
    let said: Vec<String> = opened.iter().map(Opened::text).collect();
    let mut changes = Vec::with_capacity(opened.len());
    for (opened, said) in opened.iter().zip(&said) {
        let target = opened.names.id.as_str();
        changes.push(Change { action: "access.import", target, after: Some(said), ..Change::default() });
    }
    audit::record_all(tx, &taker.by, now, &changes).await?;
    pulls::touch(tx, portal, opened.iter().map(|opened| &opened.atom.consumer).collect()).await?;
    Ok(written)
}

/// One atom as it stands with what is taken over.
struct Opened {
    atom: Atom,
    names: Names,
    event: Event,
    row: AtomWrite,
    held: Vec<HeldWrite>,
}

impl Opened {
    /// `before` is what happened to it so far. Nothing where it cannot be taken over any more.
    fn of(taker: &Taker, grant: &Grant, before: Vec<Event>, now: i64) -> Result<Option<Self>> {
        let atom = grant.record.atom.clone();
        let event = Event {
            id: new_id(now),
            // Behind all others; its number is known once nobody else writes any.
            sequence: u64::MAX,
            at: instant(now),
            actor: taker.who.clone(),
            request: grant.request.clone(),
            action: grant.action.clone(),
            commit: None,
        };
        let mut events = before;
        events.push(event);
        let told = Told { history: history::now(&events, instant(now)), events };
        let history = &told.history;
        let Some(event) = told.events.last().cloned() else { return Ok(None) };
        if history.skipped.iter().any(|skipped| skipped.event == event.id) {
            return Ok(None);
        }
        let view = project::view(&atom, history, instant(now), |request| told.commit(request));
        let Some(view) = view else { return Ok(None) };
        let row = project::row(&view, history)?;
        let held = record::held(&atom, &told.events)?;
        Ok(Some(Self { names: project::names(&atom), atom, event, row, held }))
    }

    fn take_held(&mut self) -> Vec<(String, i64, HeldWrite)> {
        let held = std::mem::take(&mut self.held);
        (0..).zip(held).map(|(number, held)| (self.names.id.clone(), number, held)).collect()
    }

    /// As the audit log has it.
    fn text(&self) -> String {
        match self.event.action.reason() {
            "" => self.atom.to_string(),
            reason => format!("{}: {reason}", self.atom),
        }
    }
}

/// What happened to each of these atoms, in its order.
pub async fn events(tx: &mut Tx, ids: BTreeSet<String>) -> Result<BTreeMap<String, Vec<Event>>> {
    let names: Vec<String> = ids.iter().cloned().collect();
    let mut all: BTreeMap<String, Vec<Event>> = ids.into_iter().map(|id| (id, Vec::new())).collect();
    for (atom, sequence, body) in events_of(tx, &names).await? {
        all.entry(atom).or_default().push(record::event(&body, sequence)?);
    }
    Ok(all)
}

pub fn said(record: &Record, file: &str, level: Level, why: &str) -> Finding {
    let message = format!("{} {why}: it is left as it is.", record.atom);
    at(Finding::new("access.import", level, message, "Decide about it in the portal."), file, record)
}

/// Whether what is here goes before what is imported; and what there is to say of it.
pub fn left_alone(history: &History, record: &Record) -> Option<Option<(Level, &'static str)>> {
    let live = |case: &&Case| matches!(case.state, State::Active | State::Scheduled | State::Suspended);
    let same = |case: &Case| case.original.as_ref() == Some(&record.original);
    let case = history.cases.iter().find(live).or_else(|| history.current())?;
    let was_taken = history.cases.iter().any(same);
    match case.state {
        State::Active | State::Scheduled | State::Suspended if was_taken => Some(None),
        State::Active | State::Scheduled => Some(Some((Level::Note, "is granted here already"))),
        State::Suspended => Some(Some((Level::Warning, "is suspended here"))),
        State::Revoked => Some(Some((Level::Warning, "was revoked here"))),
        State::Denied => Some(Some((Level::Warning, "was denied here"))),
        _ if was_taken => Some(Some((Level::Warning, "was taken over before, and has ended since"))),
        State::Pending | State::Withdrawn | State::Lapsed | State::Superseded | State::Expired => None,
    }
}
