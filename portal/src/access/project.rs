//! From what happened to how an atom stands, as rows and pages have it.

use engine_access::Atom;
use engine_access::history::{Case, History, Kind, State};
use engine_access::review::Actor as Who;
use engine_access::standing::Standing;
use engine_access::terms::{Need, Sensitivity};
use engine_access::time::Ends;
use jiff::Timestamp;
use model::access::{AccessAtom, AccessFlags, AccessNeed, AccessVote, AccessWaiting};

use super::manifests::hash;
use super::store::{AtomWrite, Names};
use crate::Result;

/// How an atom is called in addresses.
pub(super) fn id(atom: &Atom) -> String {
    let Atom { consumer, api, scope, environment } = atom;
    let mut id = hash(&format!("{consumer}\0{api}\0{scope}\0{environment}"));
    id.truncate(32);
    id
}

pub(super) fn names(atom: &Atom) -> Names {
    Names {
        id: id(atom),
        consumer: atom.consumer.to_string(),
        api: atom.api.to_string(),
        scope: atom.scope.clone(),
        environment: atom.environment.clone(),
    }
}

/// The atom of a row.
pub(super) fn atom(view: &AccessAtom) -> Atom {
    let AccessAtom { consumer, api, scope, environment, .. } = view.clone();
    Atom { consumer, api, scope, environment }
}

pub(super) fn atom_of(names: &Names) -> Option<Atom> {
    Some(Atom {
        consumer: names.consumer.parse().ok()?,
        api: names.api.parse().ok()?,
        scope: names.scope.clone(),
        environment: names.environment.clone(),
    })
}

pub(super) fn millis(at: Timestamp) -> i64 {
    at.as_millisecond()
}

/// An instant of ours; the last there is for what is beyond it.
pub(super) fn instant(at: i64) -> Timestamp {
    Timestamp::from_millisecond(at).unwrap_or(Timestamp::MAX)
}

/// Who asked: those who wrote the change where it came from a manifest.
fn requester(case: &Case) -> String {
    match &case.requester {
        Who::Slipway if !case.opening.authors.is_empty() => {
            case.opening.authors.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ")
        }
        Who::Slipway => "the manifest".to_owned(),
        who => shown(who),
    }
}

/// As the audit log would write them.
pub(super) fn shown(who: &Who) -> String {
    match who {
        Who::Person { user } => user.to_string(),
        Who::Bot { name } => name.clone(),
        Who::Slipway => "slipway".to_owned(),
    }
}

pub(super) fn need(need: &Need) -> AccessNeed {
    AccessNeed { from: need.from.to_string(), count: need.count }
}

pub(super) fn sensitivity(sensitivity: Sensitivity) -> &'static str {
    match sensitivity {
        Sensitivity::Public => "public",
        Sensitivity::Internal => "internal",
        Sensitivity::Confidential => "confidential",
        Sensitivity::Restricted => "restricted",
    }
}

/// How an atom stands at `now`. `commit` tells the commit of the manifest that a request came from.
pub(super) fn view(
    atom: &Atom,
    history: &History,
    now: Timestamp,
    commit: impl Fn(&str) -> Option<String>,
) -> Option<AccessAtom> {
    let case = history.current()?;
    let Atom { consumer, api, scope, environment } = atom.clone();
    let approving = case.votes.iter().filter(|(_, vote)| vote.approves).map(|(person, _)| person.to_string());
    let original = case.original.iter().map(|original| original.approved_by.clone());
    let flags = case.flags(now);
    let holds = matches!(case.state, State::Active | State::Suspended | State::Scheduled);
    Some(AccessAtom {
        id: id(atom),
        consumer,
        api,
        scope,
        environment,
        state: case.state.standing(),
        request: case.request.clone(),
        requested_by: requester(case),
        requested_at: millis(case.requested_at),
        justification: case.opening.justification.clone(),
        ticket: case.opening.ticket.clone(),
        sensitivity: sensitivity(case.opening.sensitivity).to_owned(),
        since: case.granted_at.map(millis),
        expires: case.ends.map(millis),
        review_at: case.review_at().filter(|_| holds).map(millis),
        approved_by: original.chain(approving).collect(),
        reason: case.reason.clone(),
        waiting: history.pending().map(|case| waiting(case, commit(&case.request))),
        flags: AccessFlags {
            expiring: flags.expiring,
            review_due: flags.review_due,
            break_glass: flags.break_glass,
            unratified: flags.unratified && holds,
            imported: flags.imported,
        },
    })
}

fn waiting(case: &Case, commit: Option<String>) -> AccessWaiting {
    let approvals = case.approvals();
    let (until, span) = match case.opening.ends {
        Some(Ends::At(at)) => (Some(millis(at)), None),
        Some(Ends::After(span)) => (None, Some(span.to_string())),
        None => (None, None),
    };
    let vote = |(person, vote): (&model::EntityRef, &engine_access::history::Vote)| AccessVote {
        by: person.clone(),
        approves: vote.approves,
        at: millis(vote.at),
    };
    AccessWaiting {
        request: case.request.clone(),
        requested_by: requester(case),
        requested_at: millis(case.requested_at),
        justification: case.opening.justification.clone(),
        ticket: case.opening.ticket.clone(),
        sensitivity: sensitivity(case.opening.sensitivity).to_owned(),
        until,
        span,
        longest: case.opening.policy.max_ttl.to_string(),
        lapses_at: millis(case.opening.policy.pending_ttl.after(case.requested_at)),
        have: approvals.have,
        need: approvals.need,
        missing: approvals.missing.iter().map(need).collect(),
        asked: case.opening.policy.deciders().iter().map(|asked| need(asked)).collect(),
        votes: case.votes.iter().map(vote).collect(),
        authors: case.opening.authors.iter().cloned().collect(),
        doubt: case.opening.doubt.clone(),
        commit,
    }
}

/// The row of an atom.
pub(super) fn row(view: &AccessAtom, history: &History) -> Result<AtomWrite> {
    let holds = matches!(view.state, Standing::Active | Standing::Scheduled | Standing::Suspended);
    Ok(AtomWrite {
        id: view.id.clone(),
        state: view.state,
        request: view.request.clone(),
        pending: view.waiting.as_ref().map(|waiting| waiting.request.clone()),
        since: view.since,
        ends: view.expires.filter(|_| holds),
        due_at: history.due().map(millis),
        review_at: view.review_at,
        body: serde_json::to_string(view)?,
    })
}

/// What happened, as people call it.
pub(super) fn word(kind: Kind) -> &'static str {
    match kind {
        Kind::Requested => "requested",
        Kind::BrokeGlass => "taken without asking",
        Kind::Imported => "imported",
        Kind::Approved => "approved",
        Kind::Denied => "denied",
        Kind::Withdrawn => "withdrawn",
        Kind::ProviderWithdrew => "ended by the provider",
        Kind::Revoked => "revoked",
        Kind::Suspended => "suspended",
        Kind::Resumed => "resumed",
        Kind::Recertified => "confirmed in a review",
        Kind::Ratified => "ratified",
        Kind::Shortened => "shortened",
        Kind::Lapsed => "lapsed",
        Kind::Started => "started",
        Kind::Expired => "expired",
        Kind::Unanswered => "suspended: its review was not answered",
        Kind::Unratified => "revoked: nobody ratified it",
        Kind::Superseded => "superseded",
    }
}
