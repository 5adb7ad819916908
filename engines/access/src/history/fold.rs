//! From events to history.

use std::collections::{BTreeMap, HashSet};

use jiff::Timestamp;

use super::case::{Case, Step, Vote};
use super::event::{Action, Event, Opening};
use super::table::{Kind, State, next};
use super::{History, Skipped, Why};
use crate::review::{Actor, Capacities, voter};
use crate::terms::Decision;

/// How the atom stood at `until`, from the events of that atom in any order; what happened later is left out.
pub fn fold(events: &[Event], until: Timestamp) -> History {
    let mut history = History::default();
    let mut time = Timestamp::MIN;
    for event in in_order(events) {
        let at = time.max(event.at);
        if at > until {
            break;
        }
        time = at;
        history.advance(time);
        if let Err(why) = history.apply(event, time) {
            history.skipped.push(Skipped { event: event.id.clone(), why });
        }
    }
    history.advance(until);
    history
}

/// How the atom stands now. Nothing that was written is left out because this clock is behind that of whoever wrote it.
pub fn now(events: &[Event], now: Timestamp) -> History {
    fold(events, events.iter().map(|event| event.at).fold(now, Timestamp::max))
}

/// Most atoms have few events: those are compared with each other, since a set costs more than all else here.
const FEW: usize = 16;

fn in_order(events: &[Event]) -> impl Iterator<Item = &Event> {
    let mut ordered: Vec<&Event> = events.iter().collect();
    ordered.sort_by(|one, other| (one.sequence, &one.id).cmp(&(other.sequence, &other.id)));
    if ordered.len() <= FEW {
        for index in (1..ordered.len()).rev() {
            if ordered[..index].iter().any(|before| before.id == ordered[index].id) {
                ordered.remove(index);
            }
        }
    } else {
        let mut seen = HashSet::new();
        ordered.retain(|event| seen.insert(event.id.as_str()));
    }
    ordered.into_iter()
}

impl History {
    /// Lets the clock run to `time`.
    fn advance(&mut self, time: Timestamp) {
        loop {
            let due = self.cases.iter().enumerate().filter_map(|(index, case)| Some((case.due()?, index)));
            let Some(((at, kind), index)) = due.min_by_key(|((at, _), index)| (*at, *index)) else { return };
            if at > time {
                return;
            }
            let to = match kind {
                Kind::Lapsed => State::Lapsed,
                Kind::Started => State::Active,
                Kind::Unanswered => State::Suspended,
                Kind::Unratified => State::Revoked,
                _ => State::Expired,
            };
            // What was shortened to a day that was past ended when that was said.
            let at = self.cases[index].timeline.last().map_or(at, |step| step.at.max(at));
            self.step(index, kind, to, at, None, reason(kind));
        }
    }

    fn apply(&mut self, event: &Event, time: Timestamp) -> Result<(), Why> {
        let kind = event.action.kind();
        let found = self.cases.iter().position(|case| case.request == event.request);
        if let Action::Requested { opening } | Action::BrokeGlass { opening, .. } | Action::Imported { opening, .. } =
            &event.action
        {
            return if found.is_some() { Err(Why::AlreadyOpen) } else { self.open(event, opening, time) };
        }
        let index = found.ok_or(Why::NoRequest)?;
        let case = &mut self.cases[index];
        let state = case.state;
        let possible = next(Some(state), kind);
        if possible.is_empty() {
            return Err(Why::State(state));
        }
        let to = match &event.action {
            Action::Approved { capacities, until, .. } => {
                vote(case, event, capacities, true, *until, time)?;
                if case.missing().is_empty() { case.grant(time) } else { State::Pending }
            }
            Action::Denied { capacities, .. } => {
                vote(case, event, capacities, false, None, time)?;
                let denials = case.votes.values().filter(|vote| !vote.approves).count();
                if denials >= case.opening.policy.deny as usize { State::Denied } else { State::Pending }
            }
            Action::Resumed { capacities, .. } => {
                decides(case, &event.actor, capacities)?;
                case.reviewed_at = Some(time);
                let later = case.opening.starts.is_some_and(|starts| starts > time);
                if later { State::Scheduled } else { State::Active }
            }
            Action::Recertified { capacities, .. } => {
                decides(case, &event.actor, capacities)?;
                case.reviewed_at = Some(time);
                state
            }
            Action::Ratified { capacities, .. } => {
                if case.is_regular() {
                    return Err(Why::NotBreakGlass);
                }
                decides(case, &event.actor, capacities)?;
                case.ratified = true;
                state
            }
            Action::Shortened { until } => {
                case.at_most = Some(case.at_most.map_or(*until, |at_most| at_most.min(*until)));
                case.ends = case.ends.map(|ends| ends.min(*until));
                state
            }
            // The others lead to one state only.
            _ => possible[0],
        };
        self.step(index, kind, to, time, Some(event), event.action.reason().to_owned());
        self.follow(index, event, time);
        Ok(())
    }

    fn open(&mut self, event: &Event, opening: &Opening, time: Timestamp) -> Result<(), Why> {
        let kind = event.action.kind();
        // A policy that asks nobody would undo what a person decided.
        if kind == Kind::Requested && self.cases.iter().any(|case| case.state == State::Suspended) {
            return Err(Why::Suspended);
        }
        let original = match &event.action {
            Action::Imported { original, .. } => Some(original.clone()),
            _ => None,
        };
        let mut case = Case {
            request: event.request.clone(),
            origin: kind,
            requester: event.actor.clone(),
            requested_at: time,
            opening: opening.clone(),
            original,
            state: State::Pending,
            votes: BTreeMap::new(),
            granted_at: None,
            ends: None,
            ratified: false,
            reason: String::new(),
            timeline: Vec::new(),
            at_most: None,
            reviewed_at: None,
        };
        let to = match (kind, &opening.policy.decision) {
            (Kind::Requested, Decision::Approvals(_)) => State::Pending,
            (Kind::Requested, Decision::AutoApprove) => case.grant(time),
            _ => {
                case.opening.starts = None;
                case.grant(time)
            }
        };
        if kind == Kind::Requested {
            for index in 0..self.cases.len() {
                if self.cases[index].state == State::Pending {
                    self.step(index, Kind::Superseded, State::Superseded, time, Some(event), reason(Kind::Superseded));
                }
            }
        }
        // Most atoms have one case, and a case is large: a vector would begin with room for four.
        if self.cases.is_empty() {
            self.cases.reserve_exact(1);
        }
        self.cases.push(case);
        self.enter(self.cases.len() - 1, None, kind, to, time, Some(event), event.action.reason().to_owned());
        Ok(())
    }

    fn step(&mut self, index: usize, kind: Kind, to: State, at: Timestamp, event: Option<&Event>, reason: String) {
        let from = self.cases[index].state;
        self.enter(index, Some(from), kind, to, at, event, reason);
    }

    #[allow(clippy::too_many_arguments, reason = "a transition has that many parts")]
    fn enter(
        &mut self,
        index: usize,
        from: Option<State>,
        kind: Kind,
        to: State,
        at: Timestamp,
        event: Option<&Event>,
        reason: String,
    ) {
        let case = &mut self.cases[index];
        case.state = to;
        if from != Some(to) || !reason.is_empty() {
            case.reason.clone_from(&reason);
        }
        let (event_id, ends) = (event.map(|event| event.id.clone()), case.ends);
        case.timeline.push(Step { at, event: event_id, kind, from, to, ends, reason });
        let begins = to == State::Active && matches!(from, None | Some(State::Pending | State::Scheduled));
        if begins && case.is_regular() {
            self.replace_others(index, at, event);
        }
    }

    /// A grant that begins takes the place of the one before it; what was taken without asking stays beside both.
    fn replace_others(&mut self, by: usize, at: Timestamp, event: Option<&Event>) {
        let begun = (self.cases[by].granted_at, by);
        for index in 0..self.cases.len() {
            let other = &self.cases[index];
            let replaced = match other.state {
                State::Active | State::Suspended => index != by,
                // One that was granted later is still to come.
                State::Scheduled => (other.granted_at, index) < begun,
                _ => false,
            };
            if replaced && other.is_regular() {
                self.step(index, Kind::Superseded, State::Superseded, at, event, reason(Kind::Superseded));
            }
        }
    }

    /// Whoever suspends or revokes access does not want it to come back on a day for which it was granted already; and a
    /// provider that withdraws leaves nothing at all.
    fn follow(&mut self, first: usize, event: &Event, at: Timestamp) {
        let kind = event.action.kind();
        if !matches!(kind, Kind::Suspended | Kind::Revoked | Kind::ProviderWithdrew) {
            return;
        }
        for index in 0..self.cases.len() {
            let state = self.cases[index].state;
            let follows = state == State::Scheduled || kind == Kind::ProviderWithdrew;
            if let (true, Some(to)) = (index != first && follows, next(Some(state), kind).first()) {
                self.step(index, kind, *to, at, Some(event), event.action.reason().to_owned());
            }
        }
    }
}

fn vote(
    case: &mut Case,
    event: &Event,
    capacities: &Capacities,
    approves: bool,
    until: Option<Timestamp>,
    at: Timestamp,
) -> Result<(), Why> {
    let person = decides(case, &event.actor, capacities)?.clone();
    case.votes.insert(person, Vote { approves, capacities: capacities.clone(), until, at });
    Ok(())
}

/// The person whose decision counts in this case.
fn decides<'a>(case: &Case, actor: &'a Actor, capacities: &Capacities) -> Result<&'a model::EntityRef, Why> {
    let Opening { authors, policy, .. } = &case.opening;
    voter(actor, capacities, &case.requester, authors, &policy.deciders()).map_err(Why::NoVote)
}

/// What is said with a transition that nobody said anything with.
fn reason(kind: Kind) -> String {
    let reason = match kind {
        Kind::Lapsed => "nobody decided in time",
        Kind::Started => "its day has come",
        Kind::Expired => "its time is over",
        Kind::Unanswered => "nobody answered its review",
        Kind::Unratified => "nobody ratified it in time",
        Kind::Superseded => "another request took its place",
        _ => "",
    };
    reason.to_owned()
}
