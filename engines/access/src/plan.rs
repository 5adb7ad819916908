//! What a portal has to write down when a manifest on a default branch says something else than before.
//!
//! A manifest that is gone is one that requires and exposes nothing. Only the difference between what is said and what is known counts, so that a push that is read twice, a manifest that
//! moved, and one that was reverted all come out right.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use jiff::Timestamp;
use jiff::tz::TimeZone;
use model::EntityRef;

use crate::atom::Atom;
use crate::check::is_valid;
use crate::facts::Facts;
use crate::history::{Action, Case, History, Kind, Opening, State};
use crate::manifest::{Manifest, Required};
use crate::terms::{Answer, Offer, Policy, Scope, Terms};
use crate::time::Ends;

/// One event to be written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Planned {
    pub atom: Atom,
    /// The request that it is about; `None` for a new one.
    pub request: Option<String>,
    pub action: Action,
}

/// From where the manifest comes.
#[derive(Debug, Clone, Copy)]
pub struct Source<'a> {
    /// Who wrote the change that brought it: none of them decides about it.
    pub authors: &'a BTreeSet<EntityRef>,
    /// Why somebody may be missing among them.
    pub doubt: Option<&'a str>,
    /// Whether anybody has changed it since it was looked at last. Where nobody has, that doubt is about words that are new here.
    pub is_changed: bool,
    pub now: Timestamp,
    /// The organisation's, in which days end.
    pub zone: &'a TimeZone,
}

/// What follows from the consumer's side: requests for what is new or wider, withdrawal of what waits and is no longer
/// required, and shorter times. A grant that is no longer required stays until somebody withdraws it (ACC015). What ended
/// otherwise (denied, lapsed, revoked, expired) is asked for again only with other words or a later day.
///
/// Nothing follows from a manifest in which a portal finds an error.
pub fn for_consumer(
    manifest: &Manifest,
    histories: &BTreeMap<Atom, History>,
    facts: &Facts,
    source: &Source<'_>,
) -> Vec<Planned> {
    let mut planned = Vec::new();
    if !is_valid(manifest, facts, source.now, source.zone) {
        return planned;
    }
    let today = source.now.to_zoned_datetime(source.zone.clone()).date();
    let mut required = BTreeSet::new();
    let mut offers: HashMap<&EntityRef, Option<(Offer<'_>, Option<&str>)>> = HashMap::new();
    let nothing = History::default();
    for one in manifest.atoms() {
        if !required.insert(one.atom.clone()) {
            continue;
        }
        let api = &one.requirement.api.value;
        let offer = offers.entry(api).or_insert_with(|| {
            let api = facts.apis.get(api)?;
            Some((api.terms.offer(&manifest.component), api.version.as_deref()))
        });
        let Some((offer, version)) = offer else { continue };
        let Some(scope) = offer.scope(&one.atom.scope) else { continue };
        let answer = offer.answer(&one.atom.scope, &one.atom.environment, &facts.default_policy);
        let Answer::Policy(policy) = answer else { continue };
        let history = histories.get(&one.atom).unwrap_or(&nothing);
        let opening = opening(&one, scope, *policy, *version, source);
        let closed = |planned: &Planned| scope.is_closed(today) && planned.action.kind() == Kind::Requested;
        planned.extend(next(&one.atom, history, opening, source).filter(|planned| !closed(planned)));
    }
    for (atom, history) in histories.iter().filter(|(atom, _)| atom.consumer == *manifest.component) {
        if let (false, Some(case)) = (required.contains(atom), history.pending()) {
            let reason = "the manifest no longer requires it".to_owned();
            planned.push(about(atom, case, Action::Withdrawn { reason }));
        }
    }
    planned
}

/// What follows from the provider's side, of all histories of one of its APIs: what its terms no longer have, or keep out,
/// ends at once.
pub fn for_provider(
    api: &EntityRef,
    terms: &Terms,
    histories: &BTreeMap<Atom, History>,
    default: &Policy,
) -> Vec<Planned> {
    let mut planned = Vec::new();
    for (atom, history) in histories.iter().filter(|(atom, _)| atom.api == *api) {
        let reason = match terms.answer(atom, default) {
            Answer::NoScope => format!("{api} no longer has the scope {}", atom.scope),
            Answer::Blocked { reason } => reason,
            // Stricter terms decide what is asked for from now on.
            Answer::Policy(_) | Answer::NotForAll => continue,
        };
        let open =
            |case: &&Case| matches!(case.state, State::Pending | State::Scheduled | State::Active | State::Suspended);
        // One event ends all cases of the atom.
        if let Some(case) = history.cases.iter().find(open) {
            planned.push(about(atom, case, Action::ProviderWithdrew { reason }));
        }
    }
    planned
}

fn about(atom: &Atom, case: &Case, action: Action) -> Planned {
    Planned { atom: atom.clone(), request: Some(case.request.clone()), action }
}

fn opening(
    required: &Required<'_>,
    scope: &Scope,
    policy: Policy,
    version: Option<&str>,
    source: &Source<'_>,
) -> Opening {
    let requirement = required.requirement;
    let text = |text: &Option<crate::at::At<String>>| text.as_ref().map(|text| text.value.clone());
    Opening {
        authors: source.authors.clone(),
        doubt: source.doubt.map(str::to_owned),
        justification: text(&requirement.justification).unwrap_or_default(),
        ticket: text(&requirement.ticket),
        sensitivity: scope.sensitivity,
        starts: None,
        ends: requirement.expires.as_ref().map(|expires| expires.ends(source.zone)),
        policy,
        policy_version: version.map(str::to_owned),
    }
}

/// What one atom needs, if this is asked for.
fn next(atom: &Atom, history: &History, mut opening: Opening, source: &Source<'_>) -> Option<Planned> {
    let before = history.cases.iter().rev().find(|case| case.is_regular()).map(|case| &case.opening);
    // Whoever wrote the words that ask has written them, whoever changed something else of the manifest since.
    if let Some(before) =
        before.filter(|before| before.ends == opening.ends && before.justification == opening.justification)
    {
        opening.authors.extend(before.authors.iter().cloned());
        opening.doubt = opening.doubt.filter(|_| source.is_changed).or_else(|| before.doubt.clone());
    }
    let ends = opening.ends;
    let more_harm = |case: &Case| opening.sensitivity > case.opening.sensitivity;
    // Of what waits and what holds, the latest says what is known to be asked for.
    let live = |case: &&Case| matches!(case.state, State::Pending | State::Scheduled | State::Active);
    if let Some(case) = history.cases.iter().rev().filter(|case| case.is_regular()).find(live) {
        let (until, base) = case.asked_until();
        let asked = ends.map_or(Timestamp::MAX, |ends| ends.instant(base));
        let spans_wait = case.state == State::Pending && matches!(ends, Some(Ends::After(_)));
        return if asked > until || more_harm(case) || (asked < until && spans_wait) {
            Some(Planned { atom: atom.clone(), request: None, action: requested(opening) })
        } else if asked < until && case.ends.is_none_or(|ends| asked < ends) {
            Some(about(atom, case, Action::Shortened { until: asked }))
        } else {
            None
        };
    }
    // Nothing can be granted for a time that is over.
    if ends.is_some_and(|ends| ends.instant(source.now) <= source.now) {
        return None;
    }
    let anew = match history.cases.iter().rev().find(|case| case.is_regular()) {
        None => true,
        Some(case) => match case.state {
            State::Withdrawn => true,
            State::Suspended => false,
            _ => opening.ends != case.opening.ends || opening.justification != case.opening.justification,
        },
    };
    let may = history.may_request(&opening.justification, source.now).is_ok();
    (anew && may).then(|| Planned { atom: atom.clone(), request: None, action: requested(opening) })
}

fn requested(opening: Opening) -> Action {
    Action::Requested { opening: Box::new(opening) }
}

#[cfg(test)]
mod tests;
