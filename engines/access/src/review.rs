//! Whose word counts, and how many are still missing.

use std::collections::{BTreeMap, BTreeSet};

use model::EntityRef;
use serde::{Deserialize, Serialize};

use crate::at::At;
use crate::terms::{Approvers, Need};

/// For whom a person speaks: for the owner of the API, for groups, as it was when they decided.
pub type Capacities = BTreeSet<Approvers>;

/// What is still needed of one entry of `approvals`.
pub type Missing = Need;

/// Which approvals are missing of those that `needs` asks for, if these people approved. Each of them counts once, for
/// whichever entry it helps most: Ann of both groups and Ben of the first are enough for one of each.
pub fn missing(needs: &[At<Need>], approvals: &BTreeMap<&EntityRef, &Capacities>) -> Vec<Missing> {
    let people: Vec<&Capacities> = approvals.values().copied().collect();
    let seats: Vec<&Approvers> =
        needs.iter().flat_map(|need| std::iter::repeat_n(&need.from, need.count as usize)).collect();
    let mut taken: Vec<Option<usize>> = vec![None; seats.len()];
    for person in 0..people.len() {
        // Augmenting paths: a maximum matching of people and seats (Berge).
        seat(person, &people, &seats, &mut taken, &mut vec![false; seats.len()]);
    }
    let mut empty = seats.iter().zip(&taken).filter(|(_, taken)| taken.is_none()).map(|(from, _)| *from).peekable();
    let mut missing = Vec::new();
    while let Some(from) = empty.next() {
        let mut count = 1;
        while empty.next_if_eq(&from).is_some() {
            count += 1;
        }
        missing.push(Need { from: from.clone(), count });
    }
    missing
}

/// Finds a seat for a person, moving others to other seats that fit them.
fn seat(
    person: usize,
    people: &[&Capacities],
    seats: &[&Approvers],
    taken: &mut [Option<usize>],
    seen: &mut [bool],
) -> bool {
    for at in 0..seats.len() {
        if seen[at] || !people[person].contains(seats[at]) {
            continue;
        }
        seen[at] = true;
        let free = match taken[at] {
            None => true,
            Some(other) => seat(other, people, seats, taken, seen),
        };
        if free {
            taken[at] = Some(person);
            return true;
        }
    }
    false
}

/// Who does something.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "lowercase", try_from = "Written")]
pub enum Actor {
    Person {
        user: EntityRef,
    },
    /// An account that is no person: of a service, of a pipeline.
    Bot {
        name: String,
    },
    /// This program by itself.
    Slipway,
}

/// An [`Actor`] as it is written, read without the copy that serde keeps of a tagged enum: there is one in every event.
#[derive(Deserialize)]
struct Written {
    kind: String,
    user: Option<EntityRef>,
    name: Option<String>,
}

impl TryFrom<Written> for Actor {
    type Error = &'static str;

    fn try_from(written: Written) -> Result<Self, &'static str> {
        match (written.kind.as_str(), written.user, written.name) {
            ("person", Some(user), _) => Ok(Self::Person { user }),
            ("bot", _, Some(name)) => Ok(Self::Bot { name }),
            ("slipway", _, _) => Ok(Self::Slipway),
            _ => Err("nobody who does something"),
        }
    }
}

/// Why somebody's decision does not count.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[serde(rename_all = "snake_case")]
pub enum NoVote {
    #[error("only people decide")]
    NotAPerson,
    #[error("whoever asks does not decide")]
    Requester,
    #[error("whoever wrote the change that asks does not decide")]
    Author,
    #[error("the policy asks nobody of their groups")]
    NoCapacity,
}

/// The person whose decision counts, or why it does not: never that of a requester, of an author of the change, of a bot,
/// or of somebody whom `needs` does not ask.
pub fn voter<'a>(
    actor: &'a Actor,
    capacities: &Capacities,
    requester: &Actor,
    authors: &BTreeSet<EntityRef>,
    needs: &[At<Need>],
) -> Result<&'a EntityRef, NoVote> {
    let Actor::Person { user } = actor else { return Err(NoVote::NotAPerson) };
    if actor == requester {
        return Err(NoVote::Requester);
    }
    if authors.contains(user) {
        return Err(NoVote::Author);
    }
    if !needs.iter().any(|need| capacities.contains(&need.from)) {
        return Err(NoVote::NoCapacity);
    }
    Ok(user)
}
