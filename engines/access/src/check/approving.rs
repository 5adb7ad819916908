//! Who has to approve what is not granted.

use std::collections::BTreeSet;

use model::EntityRef;

use super::AtomVerdict;
use crate::atom::Atom;
use crate::facts::Facts;
use crate::standing::{Approvals, Standing};
use crate::terms::{Answer, Approvers, Need, Policy};

/// People that are named as those who can approve.
const MOST_PEOPLE: usize = 5;

/// Who has to approve one atom, or would have to.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Approving {
    /// Whose approval `owner` means: the group that owns the API.
    pub owner: Option<EntityRef>,
    /// How far it is; of what was not asked for yet, what its policy will ask for.
    pub approvals: Approvals,
    /// Some of those who can give what is missing, where it is known who is in which group.
    pub people: Vec<EntityRef>,
}

/// Who has to approve an atom of `consumer`; nobody where it is granted or refused. `silent` cannot help: who asks, who wrote
/// the change, who has approved already.
pub fn approving(found: &AtomVerdict, consumer: &EntityRef, facts: &Facts, silent: &BTreeSet<EntityRef>) -> Approving {
    let Some(api) = facts.apis.get(&found.api) else { return Approving::default() };
    let owner = api.owner.clone();
    let approvals = match found.state {
        Standing::Pending => found.approvals.clone(),
        Standing::Missing | Standing::Expired => {
            let AtomVerdict { api: name, scope, environment, .. } = found.clone();
            let atom = Atom { consumer: consumer.clone(), api: name, scope, environment };
            match api.terms.answer(&atom, &facts.default_policy) {
                Answer::Policy(policy) => asked_by(&policy),
                _ => return Approving { owner, ..Approving::default() },
            }
        }
        _ => return Approving { owner, ..Approving::default() },
    };
    let groups = approvals.missing.iter().filter_map(|need| match &need.from {
        Approvers::Owner => owner.as_ref(),
        Approvers::Group(group) => Some(group),
    });
    let people: BTreeSet<&EntityRef> = groups.filter_map(|group| facts.groups.get(group)).flatten().collect();
    let people = people.into_iter().filter(|person| !silent.contains(*person)).take(MOST_PEOPLE).cloned().collect();
    Approving { owner, approvals, people }
}

/// What a policy asks for before anybody has approved.
fn asked_by(policy: &Policy) -> Approvals {
    let missing: Vec<Need> = policy.needs().iter().map(|need| need.value.clone()).collect();
    Approvals { have: 0, need: missing.iter().map(|need| need.count).sum(), missing }
}
