//! On what terms APIs are offered, and what is known of manifests, as people see it.

use std::collections::{BTreeMap, BTreeSet};

use engine_access::terms::{Answer, Terms};
use model::EntityRef;
use model::access::{AccessManifestView, AccessOffer, AccessScope};
use model::catalog::CatalogRow;

use super::project::{need, sensitivity};
use super::world::World;
use super::{authors, manifests};
use crate::identity::Actor;
use crate::{Portal, Result};

/// On what terms an API is offered, with who would have to approve each scope in each environment; `None` where nobody
/// offers it. Who may not read the API does not see its terms.
///
/// # Errors
/// The database's.
pub async fn offer(portal: &Portal, actor: &Actor, api: &EntityRef) -> Result<Option<AccessOffer>> {
    if portal.index().read().named(std::slice::from_ref(api), actor.readable())?.is_empty() {
        return Ok(None);
    }
    let mentions = engine_access::facts::Mentions { apis: BTreeSet::from([api.clone()]), ..Default::default() };
    let world = World::of(portal, &[&mentions]).await?;
    let Some(offer) = world.offers.get(api) else { return Ok(None) };
    let settings = &portal.settings().access;
    // A consumer that no rule names.
    let anybody = EntityRef { kind: "component".to_owned(), namespace: String::new(), name: String::new() };
    let seen = offer.terms.offer(&anybody);
    let scope = |scope: &engine_access::terms::Scope| AccessScope {
        name: scope.name.value.clone(),
        description: scope.description.clone(),
        sensitivity: sensitivity(scope.sensitivity).to_owned(),
        operations: scope.operations.iter().map(|operation| operation.value.to_string()).collect(),
        deprecated: scope.deprecated.as_ref().map(|deprecated| deprecated.since.to_string()),
        instead: scope.deprecated.as_ref().and_then(|deprecated| Some(deprecated.instead.as_ref()?.value.clone())),
        approvals: settings
            .environments
            .iter()
            .filter_map(|environment| match seen.answer(&scope.name.value, environment, &settings.default_policy) {
                Answer::Policy(policy) => {
                    Some((environment.clone(), policy.needs().iter().map(|one| need(one)).collect()))
                }
                _ => None,
            })
            .collect(),
    };
    Ok(Some(AccessOffer {
        api: api.clone(),
        component: offer.component.clone(),
        owner: world.owner(api).cloned(),
        scopes: offer.terms.scopes.iter().map(|one| scope(one)).collect(),
        version: offer.version.clone(),
        gone_at: offer.gone_at,
    }))
}

/// The APIs that a component offers, of those that `actor` may read.
///
/// # Errors
/// The database's.
pub async fn offered_by(portal: &Portal, actor: &Actor, component: &EntityRef) -> Result<Vec<EntityRef>> {
    let component = component.to_string();
    let offers = manifests::store::offers(portal.db()).await?.into_iter().filter(|offer| offer.component == component);
    let apis: Vec<EntityRef> = offers.filter_map(|offer| offer.api.parse().ok()).collect();
    let readable = portal.index().read().named(&apis, actor.readable())?;
    Ok(apis.into_iter().filter(|api| readable.contains_key(api)).collect())
}

/// The APIs that offer scopes, of those that `actor` may read, and how many each.
///
/// # Errors
/// The database's.
pub async fn offering(portal: &Portal, actor: &Actor) -> Result<Vec<(CatalogRow, usize)>> {
    let mut scopes: BTreeMap<EntityRef, usize> = BTreeMap::new();
    for offer in manifests::store::offers(portal.db()).await?.into_iter().filter(|offer| offer.gone_at.is_none()) {
        let Ok(api) = offer.api.parse() else { continue };
        scopes.insert(api, serde_json::from_str::<Terms>(&offer.terms)?.scopes.len());
    }
    let apis: Vec<EntityRef> = scopes.keys().cloned().collect();
    let readable = portal.index().read().named(&apis, actor.readable())?;
    let row = |(api, count): (EntityRef, usize)| Some((CatalogRow::clone(readable.get(&api)?), count));
    Ok(scopes.into_iter().filter_map(row).collect())
}

/// The manifest that speaks for a component, and what is wrong with it.
///
/// # Errors
/// The database's.
pub async fn manifest(portal: &Portal, actor: &Actor, component: &EntityRef) -> Result<Option<AccessManifestView>> {
    let found = manifests::store::manifest_of(portal.db(), &component.to_string(), actor.readable()).await?;
    let view = |row: manifests::store::ManifestRow| -> Result<AccessManifestView> {
        Ok(AccessManifestView {
            report_only: portal.settings().access.only_reports(&row.slug),
            findings: serde_json::from_str(&row.findings)?,
            waits: authors::waiting(&row),
            repository: row.slug,
            path: row.path,
            commit: row.commit_id,
        })
    };
    found.map(view).transpose()
}
