//! How much of what the catalog has seen is granted.

use std::collections::{BTreeMap, BTreeSet};

use model::EntityRef;
use model::access::{AccessCall, AccessCoverage};
use model::catalog::CatalogEntity;

use super::{manifests, store};
use crate::catalog::edges;
use crate::identity::Actor;
use crate::{Portal, Result};

/// The calls that `actor` may see: which component uses which API of others, and whether anything is granted for it.
///
/// # Errors
/// The database's.
pub async fn coverage(portal: &Portal, actor: &Actor) -> Result<AccessCoverage> {
    let mut calls = BTreeMap::new();
    for body in store::callers(portal.db(), actor.readable()).await? {
        let entity: CatalogEntity = serde_json::from_str(&body)?;
        let of = |kind: &str| {
            let relations = entity.entity.relations.iter().filter(move |relation| relation.kind == kind);
            relations.map(|relation| relation.target_ref.clone()).collect::<BTreeSet<EntityRef>>()
        };
        let consumer = entity.entity.reference();
        for api in &of("consumesApi") - &of("providesApi") {
            let mut places = edges::places(&entity.entity).into_iter();
            let place = places.find(|place| place.relation == "consumesApi" && place.target == api);
            let evidence = place.and_then(|place| entity.evidence.get(&place.pointer));
            // What stands in another repository is for those who may read that.
            let evidence = evidence.filter(|evidence| evidence.repository.is_none()).cloned();
            calls.insert((consumer.clone(), api), evidence);
        }
    }
    let apis: Vec<EntityRef> = calls.keys().map(|(_, api)| api.clone()).collect::<BTreeSet<_>>().into_iter().collect();
    let readable = portal.index().read().named(&apis, actor.readable())?;
    calls.retain(|(_, api), _| readable.contains_key(api));
    let mut stands = BTreeMap::new();
    for (consumer, api, granted, waiting) in store::standing_calls(portal.db()).await? {
        stands.insert((consumer, api), (granted > 0, waiting > 0));
    }
    let offers: BTreeSet<String> =
        manifests::store::offers(portal.db()).await?.into_iter().map(|offer| offer.api).collect();
    let total = calls.len() as u64;
    let uncovered: Vec<AccessCall> = calls
        .into_iter()
        .filter_map(|((consumer, api), evidence)| {
            let stands = stands.get(&(consumer.to_string(), api.to_string()));
            let (granted, waiting) = stands.copied().unwrap_or_default();
            let offered = offers.contains(&api.to_string());
            (!granted).then_some(AccessCall { consumer, api, waiting, offered, evidence })
        })
        .collect();
    Ok(AccessCoverage { calls: total, granted: total - uncovered.len() as u64, uncovered })
}
