//! What a pipeline asks: whether all that a manifest requires is granted.

use std::collections::{BTreeMap, BTreeSet};

use engine_access::check::{Question, Verdict, check as decide};
use engine_access::manifest::{Manifest, parse};
use engine_access::operation::Operation;
use engine_access::rules::Decider;
use model::EntityRef;
use model::catalog::{CatalogEntity, CatalogRow};

use super::project::instant;
use super::store;
use super::views::known;
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
}

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
    let known = known(portal, component).await?;
    let now = instant(portal.clock().now());
    let zone = &portal.settings().access.zone;
    let decider = Decider::Portal;
    let question =
        Question { file, manifest: &manifest, facts: &facts, known: &known, environment, decider, now, zone };
    let report_only = slug.is_some_and(|slug| portal.settings().access.only_reports(&slug));
    Ok(Checked { verdict: decide(&question), report_only })
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
pub(super) async fn facts(
    portal: &Portal,
    actor: &Actor,
    manifest: &Manifest,
    repository: &str,
) -> Result<engine_access::facts::Facts> {
    let mut mentions = world::mentions(manifest);
    let apis: Vec<EntityRef> = mentions.apis.iter().cloned().collect();
    let readable: BTreeSet<EntityRef> = portal.index().read().named(&apis, actor.readable())?.into_keys().collect();
    mentions.apis.retain(|api| readable.contains(api));
    let world = World::of(portal, &[&mentions]).await?;
    let row = store::manifest_of(portal.db(), &manifest.component.value.to_string(), Actor::System.readable()).await?;
    let operations: BTreeMap<EntityRef, BTreeSet<Operation>> = match row {
        Some(row) => serde_json::from_str(&row.operations)?,
        None => BTreeMap::new(),
    };
    Ok(World::with_operations(world.facts(portal, &mentions, repository), &operations))
}
