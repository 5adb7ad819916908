//! What the rules of access need to know of the catalog.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use engine_access::facts::{Api, Facts, Home, Mentions, approving_groups};
use engine_access::operation::Operation;
use engine_access::terms::Terms;
use model::EntityRef;
use model::catalog::{CatalogEntity, CatalogRow};

use super::manifests::store::{self, OfferRow};
use crate::catalog;
use crate::identity::{self, Actor, Directory};
use crate::{Portal, Result};

/// An API's terms, as they were written down.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Offer {
    pub repository: String,
    pub component: EntityRef,
    pub terms: Terms,
    pub operations: Option<BTreeSet<Operation>>,
    pub version: String,
    pub gone_at: Option<i64>,
}

/// A component or an API of the catalog.
#[derive(Debug, Clone)]
struct Known {
    /// Id of its repository.
    repository: Option<String>,
    owner: Option<EntityRef>,
    providers: BTreeSet<EntityRef>,
}

/// Everything that is known of what some manifests mention.
pub(super) struct World {
    known: BTreeMap<EntityRef, Known>,
    pub offers: BTreeMap<EntityRef, Offer>,
    members: BTreeMap<EntityRef, BTreeSet<EntityRef>>,
    pub directory: Arc<Directory>,
}

impl World {
    /// The world as far as `mentions` go, and all offers.
    pub async fn of(portal: &Portal, mentions: &[&Mentions]) -> Result<Self> {
        let mut offers = BTreeMap::new();
        for row in store::offers(portal.db()).await? {
            if let Ok(api) = row.api.parse::<EntityRef>() {
                offers.insert(api, offer(row)?);
            }
        }
        let named: BTreeSet<String> = mentions
            .iter()
            .flat_map(|mentions| mentions.components.iter().chain(&mentions.apis))
            .map(ToString::to_string)
            .collect();
        let named: Vec<String> = named.into_iter().collect();
        let mut known = BTreeMap::new();
        for (list_row, body) in catalog::store::bodies(portal.db(), &named).await? {
            let row: CatalogRow = serde_json::from_str(&list_row)?;
            let entity: CatalogEntity = serde_json::from_str(&body)?;
            let provided = entity.entity.relations.iter().filter(|relation| relation.kind == "apiProvidedBy");
            let one = Known {
                repository: entity.repository.clone(),
                owner: row.owner.filter(|_| row.owner_has_authority),
                providers: provided.map(|relation| relation.target_ref.clone()).collect(),
            };
            known.insert(row.reference, one);
        }
        let directory = identity::directory(portal).await?;
        Ok(Self { known, offers, members: directory.members(), directory })
    }

    /// The group that owns an entity, where somebody with authority says so.
    pub fn owner(&self, reference: &EntityRef) -> Option<&EntityRef> {
        self.known.get(reference)?.owner.as_ref()
    }

    /// What a manifest in the repository with the id `repository` needs to know; `default` is what holds without a policy.
    pub fn facts(&self, portal: &Portal, mentions: &Mentions, repository: &str) -> Facts {
        let settings = &portal.settings().access;
        let home = |reference: &EntityRef| {
            let here = self.known.get(reference)?.repository.as_deref() == Some(repository);
            Some((reference.clone(), if here { Home::Here } else { Home::Elsewhere }))
        };
        let apis: BTreeMap<EntityRef, Api> =
            mentions.apis.iter().filter_map(|api| Some((api.clone(), self.api(api)?))).collect();
        let mut groups = mentions.groups.clone();
        for api in apis.values() {
            groups.extend(api.owner.clone());
            groups.extend(approving_groups(&api.terms));
        }
        let people = |group: EntityRef| {
            let members = match group.kind.as_str() {
                "user" => BTreeSet::from([group.clone()]),
                _ => self.members.get(&group)?.clone(),
            };
            Some((group, members))
        };
        Facts {
            environments: settings.environments.iter().cloned().collect(),
            components: mentions.components.iter().filter_map(home).collect(),
            apis,
            groups: groups.into_iter().filter_map(people).collect(),
            default_policy: settings.default_policy.clone(),
        }
    }

    fn api(&self, api: &EntityRef) -> Option<Api> {
        let Known { owner, providers, .. } = self.known.get(api)?;
        let offer = self.offers.get(api);
        Some(Api {
            providers: providers.clone(),
            owner: owner.clone(),
            terms: offer.map(|offer| offer.terms.clone()).unwrap_or_default(),
            version: offer.map(|offer| offer.version.clone()),
            operations: offer.and_then(|offer| offer.operations.clone()),
        })
    }

    /// What the manifest itself says of its APIs' operations goes before what was known of them.
    pub fn with_operations(mut facts: Facts, operations: &BTreeMap<EntityRef, BTreeSet<Operation>>) -> Facts {
        for (api, operations) in operations {
            if let Some(api) = facts.apis.get_mut(api) {
                api.operations = Some(operations.clone());
            }
        }
        facts
    }
}

/// APIs that `actor` may not read are as if they were not there.
pub(super) fn hide(portal: &Portal, actor: &Actor, mentions: &mut Mentions) -> Result<()> {
    let apis: Vec<EntityRef> = mentions.apis.iter().cloned().collect();
    let readable = portal.index().read().named(&apis, actor.readable())?;
    mentions.apis.retain(|api| readable.contains_key(api));
    Ok(())
}

fn offer(row: OfferRow) -> Result<Offer> {
    let OfferRow { repository, component, terms, operations, version, gone_at, .. } = row;
    Ok(Offer {
        repository,
        component: component.parse().map_err(crate::Error::internal)?,
        terms: serde_json::from_str(&terms)?,
        operations: operations.map(|operations| serde_json::from_str(&operations)).transpose()?,
        version,
        gone_at,
    })
}
