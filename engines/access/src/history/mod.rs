//! What happened to one atom: events that are only ever added, folded to how it stands.
//!
//! A *case* is one request and the grant that came of it. The order of events is that in which the store took them
//! (`sequence`), and time does not run backwards: an event that a slow clock stamped earlier than the one before it
//! happened when that one did. What only the clock does (lapse, start, expiry, reviews without an answer) needs no event:
//! it follows from the time to which is folded.

mod case;
mod event;
mod fold;
mod table;
#[cfg(test)]
mod tests;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

pub use self::case::{Case, Flags, Step, Vote};
pub use self::event::{Action, Event, Opening, Original};
pub use self::fold::{fold, now};
pub use self::table::{Kind, State, next};
use crate::review::NoVote;
use crate::standing::{Approvals, Known, Standing};
use crate::time::Span;

/// How long a review waits for an answer.
pub const REVIEW_WINDOW: Span = Span::days(14);
/// How long access without asking lasts at most.
pub const BREAK_GLASS_TTL: Span = Span::hours(72);
/// Within that, somebody must ratify it.
pub const RATIFY_WITHIN: Span = Span::hours(48);
/// After that the same may be asked for again with the same words.
pub const ASK_AGAIN_AFTER: Span = Span::days(7);

/// Everything that is known of one atom.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct History {
    /// In the order in which they were opened.
    pub cases: Vec<Case>,
    /// Events that changed nothing, and why: none is lost.
    pub skipped: Vec<Skipped>,
}

/// An event that changed nothing.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Skipped {
    pub event: String,
    pub why: Why,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[serde(rename_all = "snake_case")]
pub enum Why {
    #[error("there is no such request")]
    NoRequest,
    #[error("there is such a request already")]
    AlreadyOpen,
    #[error("access is suspended: it is first resumed or revoked")]
    Suspended,
    #[error("a request that is {} cannot be changed so", .0.as_str())]
    State(State),
    #[error("only access that was taken without asking is ratified")]
    NotBreakGlass,
    #[error("the decision does not count: {0}")]
    NoVote(NoVote),
}

/// Why the same cannot be requested now.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    #[error("access is suspended: it is first resumed or revoked")]
    Suspended,
    #[error("it was denied; ask again with another justification, or later")]
    Until(Timestamp),
}

impl History {
    /// The case that says how things stand: one that gives access before one that waits, and else the latest.
    pub fn current(&self) -> Option<&Case> {
        let order = [State::Active, State::Suspended, State::Scheduled, State::Pending];
        let found = order.iter().find_map(|state| self.cases.iter().rev().find(|case| case.state == *state));
        found.or_else(|| self.cases.iter().rev().find(|case| case.state != State::Superseded)).or(self.cases.last())
    }

    pub fn pending(&self) -> Option<&Case> {
        self.cases.iter().find(|case| case.state == State::Pending)
    }

    /// What a check needs to know.
    pub fn known(&self) -> Known {
        let Some(case) = self.current() else { return Known::missing() };
        // What is said with a request is the consumer's; what ended it is for whoever asks why.
        let ended = matches!(case.state, State::Denied | State::Revoked | State::Suspended);
        let approvals = if case.state == State::Pending { case.approvals() } else { Approvals::default() };
        Known {
            state: case.state.standing(),
            request: Some(case.request.clone()),
            expires: case.ends,
            reason: if ended { case.reason.clone() } else { String::new() },
            approvals,
        }
    }

    /// How often something was taken away that whoever looked earlier could not know of: revoked, suspended, given up, cut short.
    /// An end that was known all along is none.
    pub fn taken_away(&self) -> u64 {
        let steps = || self.cases.iter().flat_map(|case| &case.timeline);
        let takes = |step: &&Step| {
            let was_granted = matches!(step.from, Some(State::Active | State::Scheduled | State::Suspended));
            was_granted
                && match step.kind {
                    Kind::Revoked | Kind::Suspended | Kind::ProviderWithdrew | Kind::Withdrawn | Kind::Shortened => {
                        true
                    }
                    Kind::Unanswered | Kind::Unratified => true,
                    // Unless what takes its place lasts as long.
                    Kind::Superseded => {
                        let instead = |other: &Step| other.to == State::Active && other.at == step.at;
                        !steps().any(|other| instead(other) && other.ends >= step.ends)
                    }
                    _ => false,
                }
        };
        steps().filter(takes).count() as u64
    }

    /// Whether the same may be asked for with these words: after a denial only with others, or a week later.
    ///
    /// # Errors
    /// Why not.
    pub fn may_request(&self, justification: &str, now: Timestamp) -> Result<(), Refusal> {
        if self.cases.iter().any(|case| case.state == State::Suspended) {
            return Err(Refusal::Suspended);
        }
        let refused = |case: &&Case| matches!(case.state, State::Denied | State::Revoked);
        let Some(case) = self.cases.last().filter(refused) else { return Ok(()) };
        let again = case.timeline.last().map_or(now, |step| ASK_AGAIN_AFTER.after(step.at));
        let other_words = case.opening.justification.trim() != justification.trim();
        if other_words || again <= now { Ok(()) } else { Err(Refusal::Until(again)) }
    }

    /// When the clock changes something next, if nothing else does.
    pub fn due(&self) -> Option<Timestamp> {
        self.cases.iter().filter_map(|case| Some(case.due()?.0)).min()
    }
}

impl State {
    /// The word that people see. What was withdrawn, has lapsed or was superseded is as if never asked.
    pub fn standing(self) -> Standing {
        match self {
            Self::Active => Standing::Active,
            Self::Scheduled => Standing::Scheduled,
            Self::Suspended => Standing::Suspended,
            Self::Pending => Standing::Pending,
            Self::Denied => Standing::Denied,
            Self::Expired => Standing::Expired,
            Self::Revoked => Standing::Revoked,
            Self::Withdrawn | Self::Lapsed | Self::Superseded => Standing::Missing,
        }
    }
}
