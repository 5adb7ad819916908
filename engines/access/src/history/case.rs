//! One request, and the grant that came of it.

use std::collections::BTreeMap;

use jiff::Timestamp;
use model::EntityRef;
use serde::Serialize;

use super::event::{Opening, Original};
use super::table::{Kind, State};
use super::{BREAK_GLASS_TTL, RATIFY_WITHIN, REVIEW_WINDOW};
use crate::review::{Actor, Capacities, Missing, missing};
use crate::standing::Approvals;
use crate::terms::OnNoAnswer;
use crate::validate::SOON;

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Case {
    pub request: String,
    /// How it was opened: requested, taken without asking, or imported.
    pub origin: Kind,
    pub requester: Actor,
    pub requested_at: Timestamp,
    pub opening: Opening,
    /// Of what was imported.
    pub original: Option<Original>,
    pub state: State,
    /// The last word of each person whose word counts.
    pub votes: BTreeMap<EntityRef, Vote>,
    pub granted_at: Option<Timestamp>,
    /// The first instant at which the grant is no more.
    pub ends: Option<Timestamp>,
    pub ratified: bool,
    /// What was said with what led to its state.
    pub reason: String,
    pub timeline: Vec<Step>,
    /// Until when at most, of what was said while it was pending.
    #[serde(skip)]
    pub(super) at_most: Option<Timestamp>,
    #[serde(skip)]
    pub(super) reviewed_at: Option<Timestamp>,
}

/// What one person said.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Vote {
    pub approves: bool,
    pub capacities: Capacities,
    pub until: Option<Timestamp>,
    pub at: Timestamp,
}

/// One transition.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Step {
    pub at: Timestamp,
    /// `None` where the clock did it.
    pub event: Option<String>,
    pub kind: Kind,
    pub from: Option<State>,
    pub to: State,
    /// When the grant was to end from then on.
    pub ends: Option<Timestamp>,
    pub reason: String,
}

/// What else there is to know of a grant.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct Flags {
    /// It ends within two weeks.
    pub expiring: bool,
    pub review_due: bool,
    pub break_glass: bool,
    /// It was taken without asking, and nobody has ratified that.
    pub unratified: bool,
    pub imported: bool,
}

impl Case {
    /// How far it is.
    pub fn approvals(&self) -> Approvals {
        let need = self.opening.policy.needs().iter().map(|need| need.count).sum();
        let missing = self.missing();
        let lacking: u32 = missing.iter().map(|need| need.count).sum();
        Approvals { have: need - lacking, need, missing }
    }

    /// The approvals that its policy still asks for.
    pub fn missing(&self) -> Vec<Missing> {
        let approving = self.votes.iter().filter(|(_, vote)| vote.approves);
        missing(self.opening.policy.needs(), &approving.map(|(person, vote)| (person, &vote.capacities)).collect())
    }

    /// Whether it was asked for, or was there before; not whether it was taken without asking.
    pub fn is_regular(&self) -> bool {
        self.origin != Kind::BrokeGlass
    }

    /// Until when it was asked for, however long was granted; and from when on spans are counted.
    pub fn asked_until(&self) -> (Timestamp, Timestamp) {
        let base = self.granted_at.unwrap_or(self.requested_at);
        let base = self.opening.starts.map_or(base, |starts| starts.max(base));
        let asked = self.opening.ends.map_or(Timestamp::MAX, |ends| ends.instant(base));
        (self.at_most.map_or(asked, |at_most| at_most.min(asked)), base)
    }

    pub fn flags(&self, now: Timestamp) -> Flags {
        let is_active = self.state == State::Active;
        let break_glass = !self.is_regular();
        Flags {
            expiring: is_active && self.ends.is_some_and(|ends| ends <= SOON.after(now)),
            review_due: is_active && self.review_at().is_some_and(|due| due <= now),
            break_glass,
            unratified: break_glass && !self.ratified,
            imported: self.origin == Kind::Imported,
        }
    }

    /// When its next review is due.
    pub fn review_at(&self) -> Option<Timestamp> {
        Some(self.opening.policy.review_every?.after(self.reviewed_at.or(self.granted_at)?))
    }

    /// What the clock does with it next. What ends it goes before all else at the same instant.
    pub(super) fn due(&self) -> Option<(Timestamp, Kind)> {
        let expired = self.ends.map(|ends| (ends, Kind::Expired));
        let unratified =
            (!self.is_regular() && !self.ratified).then(|| (RATIFY_WITHIN.after(self.requested_at), Kind::Unratified));
        match self.state {
            State::Pending => Some((self.opening.policy.pending_ttl.after(self.requested_at), Kind::Lapsed)),
            State::Scheduled => {
                let started = self.opening.starts.map(|starts| (starts, Kind::Started));
                earliest([expired, started, None])
            }
            State::Active => {
                let suspends = self.opening.policy.on_no_answer == OnNoAnswer::Suspend;
                let review = self.review_at().filter(|_| suspends);
                let unanswered = review.map(|due| (REVIEW_WINDOW.after(due), Kind::Unanswered));
                earliest([expired, unratified, unanswered])
            }
            State::Suspended => earliest([expired, unratified, None]),
            _ => None,
        }
    }

    /// The grant begins, now or on its day.
    pub(super) fn grant(&mut self, time: Timestamp) -> State {
        let begins = self.opening.starts.map_or(time, |starts| starts.max(time));
        let longest = self.opening.policy.max_ttl.after(begins);
        let asked = self.opening.ends.map(|ends| ends.instant(begins));
        let hours = (!self.is_regular()).then(|| BREAK_GLASS_TTL.after(begins));
        let approvers = self.votes.values().filter(|vote| vote.approves).filter_map(|vote| vote.until).min();
        let bounds = [asked, hours, approvers, self.at_most].into_iter().flatten();
        self.granted_at = Some(time);
        self.ends = Some(bounds.fold(longest, Timestamp::min));
        if begins > time { State::Scheduled } else { State::Active }
    }
}

fn earliest(due: [Option<(Timestamp, Kind)>; 3]) -> Option<(Timestamp, Kind)> {
    // Of equals the first.
    due.into_iter().flatten().min_by_key(|(at, _)| *at)
}
