//! What a pipeline asks: whether all that a manifest requires is granted.

use std::collections::{BTreeMap, BTreeSet};

use engine_access::Atom;
use engine_access::check::{Approving, AtomVerdict, Question, Verdict, approving, check as decide};
use engine_access::facts::{Facts, Mentions};
use engine_access::history::History;
use engine_access::manifest::{Manifest, component, parse};
use engine_access::operation::Operation;
use engine_access::review::Actor as Who;
use engine_access::rules::Decider;
use model::EntityRef;
use model::catalog::{CatalogEntity, CatalogRow};

use super::manifests;
use super::project::instant;
use super::views::histories;
use super::world::{self, World};
use crate::catalog;
use crate::identity::Actor;
use crate::{Error, Portal, Result, repositories};

/// The answer, and whether it only reports.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Checked {
    pub verdict: Verdict,
    /// Nothing of it is to fail a pipeline.
    pub report_only: bool,
    /// For each atom of the verdict.
    pub approving: Vec<Approving>,
}

/// Says whether a component may do what its manifest requires. `file` names the manifest in findings.
///
/// # Errors
/// [`Error::Invalid`] for a manifest that cannot be read, which may be [forgiven](only_reports); [`Error::NotFound`] for a
/// component that `actor` may not read.
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
        approving(found, component, &facts, &silent(histories.get(&atom), asking))
    };
    let approving = verdict.atoms.iter().map(approving).collect();
    Ok(Checked { verdict, report_only, approving })
}

/// Whether a manifest that cannot be read only reports: as the repository of the component that can still be read of it, or
/// else the one with the slug `repository`, which a pipeline names. What `actor` may not read is as if it were not there.
///
/// # Errors
/// The database's.
pub async fn only_reports(portal: &Portal, actor: &Actor, text: &str, repository: Option<&str>) -> Result<bool> {
    let mut slug = match component(text) {
        Some(component) => match home(portal, actor, &component).await {
            Err(Error::NotFound(_)) => None,
            found => found?.1,
        },
        None => None,
    };
    if let (None, Some(named)) = (&slug, repository)
        && repositories::is_there(portal, actor, named).await?
    {
        slug = Some(named.to_owned());
    }
    Ok(slug.is_some_and(|slug| portal.settings().access.only_reports(&slug)))
}

/// Whose approval would not count: of those who asked, wrote the change or have approved already; where nothing was asked for
/// yet, of whoever is asking.
fn silent(history: Option<&History>, asking: Option<&EntityRef>) -> BTreeSet<EntityRef> {
    let Some(case) = history.and_then(History::pending) else { return asking.into_iter().cloned().collect() };
    let requester = match &case.requester {
        Who::Person { user } => Some(user),
        _ => None,
    };
    let voted = case.votes.iter().filter(|(_, vote)| vote.approves).map(|(person, _)| person);
    case.opening.authors.iter().chain(requester).chain(voted).cloned().collect()
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
