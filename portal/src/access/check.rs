//! What a pipeline asks: whether all that a manifest requires is granted.

use std::collections::{BTreeMap, BTreeSet};

use engine_access::Atom;
use engine_access::check::{AtomVerdict, Question, Verdict, check as decide};
use engine_access::facts::{Facts, Mentions};
use engine_access::history::History;
use engine_access::manifest::{Manifest, parse};
use engine_access::operation::Operation;
use engine_access::review::Actor as Who;
use engine_access::rules::Decider;
use engine_access::standing::{Approvals, Standing};
use engine_access::terms::{Answer, Approvers, Need, Policy};
use model::EntityRef;
use model::catalog::{CatalogEntity, CatalogRow};

use super::manifests;
use super::project::instant;
use super::views::histories;
use super::world::{self, World};
use crate::catalog;
use crate::identity::Actor;
use crate::{Error, Portal, Result};

/// The answer, and whether it only reports.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Checked {
    pub verdict: Verdict,
    /// Nothing of it is to fail a pipeline.
    pub report_only: bool,
    /// For each atom of the verdict.
    pub approving: Vec<Approving>,
}

/// Who has to approve one atom, or would have to.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Approving {
    /// The group that owns the API.
    pub owner: Option<EntityRef>,
    /// How far it is; of what was not asked for yet, what its policy will ask for.
    pub approvals: Approvals,
    /// Some of those who can give what is missing.
    pub people: Vec<EntityRef>,
}

/// People that are named as those who can approve.
const MOST_PEOPLE: usize = 5;

/// Says whether a component may do what its manifest requires. `file` names the manifest in findings.
///
/// # Errors
/// [`Error::Invalid`] for a manifest that cannot be read; [`Error::NotFound`] for a component that `actor` may not read.
pub async fn check(
    portal: &Portal,
    actor: &Actor,
    file: &str,
    text: &str,
    environment: Option<&str>,
) -> Result<Checked> {
    let manifest = parse(file, text)?;
    let component = &manifest.component.value;
    let (repository, slug) = home(portal, actor, component).await?;
    let facts = facts(portal, actor, &manifest, &repository).await?;
    let histories = histories(portal, component).await?;
    let known = histories.iter().map(|(atom, history)| (atom.clone(), history.known())).collect();
    let now = instant(portal.clock().now());
    let zone = &portal.settings().access.zone;
    let decider = Decider::Portal;
    let question =
        Question { file, manifest: &manifest, facts: &facts, known: &known, environment, decider, now, zone };
    let report_only = slug.is_some_and(|slug| portal.settings().access.only_reports(&slug));
    let verdict = decide(&question);
    let asking = actor.person().and_then(|person| person.user.as_ref());
    let approving = |found: &AtomVerdict| {
        let AtomVerdict { api, scope, environment, .. } = found.clone();
        let atom = Atom { consumer: component.clone(), api, scope, environment };
        approving(found, &atom, &facts, histories.get(&atom), asking)
    };
    let approving = verdict.atoms.iter().map(approving).collect();
    Ok(Checked { verdict, report_only, approving })
}

/// Who has to approve an atom that is not granted. `asking` is no help where it was not asked for yet.
fn approving(
    found: &AtomVerdict,
    atom: &Atom,
    facts: &Facts,
    history: Option<&History>,
    asking: Option<&EntityRef>,
) -> Approving {
    let Some(api) = facts.apis.get(&atom.api) else { return Approving::default() };
    let owner = api.owner.clone();
    let nobody = Approving { owner: owner.clone(), ..Approving::default() };
    let (approvals, silent): (Approvals, BTreeSet<EntityRef>) = match (found.state, history.and_then(History::pending))
    {
        (Standing::Pending, Some(case)) => {
            let requester = match &case.requester {
                Who::Person { user } => Some(user),
                _ => None,
            };
            let voted = case.votes.iter().filter(|(_, vote)| vote.approves).map(|(person, _)| person);
            (found.approvals.clone(), case.opening.authors.iter().chain(requester).chain(voted).cloned().collect())
        }
        (Standing::Missing | Standing::Expired, _) => match api.terms.answer(atom, &facts.default_policy) {
            Answer::Policy(policy) => (asked_by(&policy), asking.cloned().into_iter().collect()),
            _ => return nobody,
        },
        _ => return nobody,
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

/// The repository of a component: its id and slug.
async fn home(portal: &Portal, actor: &Actor, component: &EntityRef) -> Result<(String, Option<String>)> {
    let rows = catalog::store::bodies(portal.db(), &[component.to_string()]).await?;
    let Some((list_row, body)) = rows.first() else { return Ok(<_>::default()) };
    let (row, entity): (CatalogRow, CatalogEntity) = (serde_json::from_str(list_row)?, serde_json::from_str(body)?);
    if !actor.readable().has(entity.visibility, row.repository.as_deref()) {
        return Err(Error::not_found(component));
    }
    Ok((entity.repository.unwrap_or_default(), row.repository))
}

/// What is known of what a manifest mentions; APIs that `actor` may not read are as if they were not there.
pub(super) async fn facts(portal: &Portal, actor: &Actor, manifest: &Manifest, repository: &str) -> Result<Facts> {
    let mut mentions = Mentions::of(manifest);
    world::hide(portal, actor, &mut mentions)?;
    let world = World::of(portal, &[&mentions]).await?;
    let row =
        manifests::store::manifest_of(portal.db(), &manifest.component.value.to_string(), Actor::System.readable())
            .await?;
    let operations: BTreeMap<EntityRef, BTreeSet<Operation>> = match row {
        Some(row) => serde_json::from_str(&row.operations)?,
        None => BTreeMap::new(),
    };
    Ok(World::with_operations(world.facts(portal, &mentions, repository), &operations))
}
