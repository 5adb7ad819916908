//! Writing down what happened, and how the atom then stands: one transaction, with its audit rows.

use std::collections::{BTreeMap, BTreeSet};

use engine_access::Atom;
use engine_access::history::{self, Action, Event, History, Kind};
use engine_access::report;
use engine_access::review::Actor as Who;
use jiff::Timestamp;

use super::project::{self, instant, names};
use super::pulls;
use super::store::{self, HeldWrite, Names};
use crate::audit::{self, Change};
use crate::db::{Tx, new_id};
use crate::identity::Actor;
use crate::{Error, Portal, Result};

/// What is to be written down of one atom.
#[derive(Debug, Clone)]
pub(super) struct Entry {
    pub atom: Atom,
    pub request: String,
    pub action: Action,
    /// Of the manifest that caused it.
    pub commit: Option<String>,
}

/// The events of one atom, and how it stands by them.
#[derive(Debug, Clone, Default)]
pub(super) struct Told {
    pub events: Vec<Event>,
    pub history: History,
}

impl Told {
    /// The commit of the manifest that a request came from.
    pub fn commit(&self, request: &str) -> Option<String> {
        let opened = self.events.iter().find(|event| event.request == request && event.commit.is_some());
        opened.and_then(|event| event.commit.clone())
    }
}

/// Who somebody is where access is decided: only a user of the catalog is a person there.
pub(super) fn who(actor: &Actor) -> Who {
    match actor {
        Actor::System => Who::Slipway,
        Actor::Person(person) => match &person.user {
            Some(user) => Who::Person { user: user.clone() },
            None => Who::Bot { name: person.label.clone() },
        },
        Actor::Operator | Actor::Service(_) | Actor::Visitor => Who::Bot { name: actor.name().to_owned() },
    }
}

/// What happened to an atom, and how it stands at `now`.
pub(super) async fn told(tx: &mut Tx, id: &str, now: i64) -> Result<Told> {
    let mut events = Vec::new();
    for (sequence, body) in store::events(tx, id).await? {
        events.push(event(&body, sequence)?);
    }
    let history = history::now(&events, instant(now));
    Ok(Told { events, history })
}

/// An event as it was written; its number is the store's.
pub(super) fn event(body: &str, sequence: i64) -> Result<Event> {
    let event: Event = serde_json::from_str(body)?;
    Ok(Event { sequence: sequence.unsigned_abs(), ..event })
}

/// Nobody else changes these atoms until the transaction ends.
pub(super) async fn lock(tx: &mut Tx, atoms: impl Iterator<Item = &Atom>) -> Result<()> {
    let names: BTreeSet<Names> = atoms.map(names).collect();
    for names in names {
        store::lock_atom(tx, &names).await?;
    }
    Ok(())
}

/// Writes down what `actor` did, as far as it changes anything; gives how the atoms then stand.
///
/// # Errors
/// [`Error::Conflict`] for what changes nothing, with the reason: nothing is written then.
pub(super) async fn append(
    tx: &mut Tx,
    portal: &Portal,
    actor: &Actor,
    entries: Vec<Entry>,
) -> Result<BTreeMap<Atom, Told>> {
    lock(tx, entries.iter().map(|entry| &entry.atom)).await?;
    let now = portal.clock().now();
    let mut after: BTreeMap<Atom, Told> = BTreeMap::new();
    for entry in entries {
        let Entry { atom, request, action, commit } = entry;
        let id = project::id(&atom);
        let mut known = match after.remove(&atom) {
            Some(known) => known,
            None => told(tx, &id, now).await?,
        };
        let sequence = store::next_sequence(tx).await?;
        let event = Event {
            id: new_id(now),
            sequence: sequence.unsigned_abs(),
            at: instant(now),
            actor: who(actor),
            request,
            action,
            commit,
        };
        known.events.push(event);
        known.history = history::now(&known.events, instant(now));
        let Some(event) = known.events.last() else { continue };
        if let Some(skipped) = known.history.skipped.iter().find(|skipped| skipped.event == event.id) {
            return Err(Error::Conflict(format!("{atom}: {}.", skipped.why)));
        }
        let kind = event.action.kind();
        store::add_event(tx, sequence, &event.id, &id, now, &serde_json::to_string(event)?).await?;
        let said = format!("{atom}: {}", event.action.reason());
        let after_text = if event.action.reason().is_empty() { atom.to_string() } else { said };
        let change = Change { action: audited(kind), target: &id, after: Some(&after_text), ..Change::default() };
        audit::record(tx, actor, now, change).await?;
        after.insert(atom, known);
    }
    for (atom, told) in &after {
        write(tx, atom, told, now).await?;
    }
    pulls::touch(tx, portal, after.keys().map(|atom| &atom.consumer).collect()).await?;
    Ok(after)
}

/// Writes how an atom stands, from what was told of it.
pub(super) async fn write(tx: &mut Tx, atom: &Atom, told: &Told, now: i64) -> Result<()> {
    let view = project::view(atom, &told.history, instant(now), |request| told.commit(request));
    let Some(view) = view else { return Ok(()) };
    store::write_atom(tx, &project::row(&view, &told.history)?).await?;
    store::replace_held(tx, &view.id, &held(atom, &told.events)?).await
}

/// When an atom was held, is, and will be, as far as its events say.
pub(super) fn held(atom: &Atom, events: &[Event]) -> Result<Vec<HeldWrite>> {
    // Folded to the end of time it says of every instant who held it, until something new happens.
    let always = history::fold(events, Timestamp::MAX);
    let held = report::held(atom, &always).into_iter().map(|held| {
        Ok(HeldWrite {
            from: project::millis(held.from),
            to: held.to.map(project::millis),
            body: serde_json::to_string(&held)?,
            line: report::line(&held),
        })
    });
    held.collect()
}

/// The action as the audit log has it.
fn audited(kind: Kind) -> &'static str {
    match kind {
        Kind::Requested => "access.request",
        Kind::BrokeGlass => "access.break-glass",
        Kind::Imported => "access.import",
        Kind::Approved => "access.approve",
        Kind::Denied => "access.deny",
        Kind::Withdrawn => "access.withdraw",
        Kind::ProviderWithdrew => "access.provider-withdraw",
        Kind::Revoked => "access.revoke",
        Kind::Suspended => "access.suspend",
        Kind::Resumed => "access.resume",
        Kind::Recertified => "access.recertify",
        Kind::Ratified => "access.ratify",
        Kind::Shortened => "access.shorten",
        Kind::Lapsed => "access.lapse",
        Kind::Started => "access.start",
        Kind::Expired => "access.expire",
        Kind::Unanswered => "access.suspend",
        Kind::Unratified => "access.revoke",
        Kind::Superseded => "access.supersede",
    }
}
