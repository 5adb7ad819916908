//! Whose word on ownership gives rights.

use std::collections::HashSet;

use model::catalog::CatalogEntity;
use model::{EntityRef, Kind};

const NAME: &str = "/metadata/name";
const OWNER: &str = "/spec/owner";

/// Ownership has authority only where the owner has it as well: a team that nobody vouches for has no rights to give.
pub(super) fn settle(entities: &mut [CatalogEntity]) {
    let is_person = |entity: &CatalogEntity| matches!(entity.entity.kind.parse(), Ok(Kind::Group | Kind::User));
    let has_authority = |entity: &&CatalogEntity| {
        is_person(entity) && entity.evidence.get(NAME).is_some_and(|evidence| evidence.authority)
    };
    let known: HashSet<EntityRef> =
        entities.iter().filter(has_authority).map(|entity| entity.entity.reference()).collect();
    for entity in entities.iter_mut() {
        let namespace = entity.entity.metadata.namespace.as_deref().unwrap_or(model::reference::DEFAULT_NAMESPACE);
        let owner =
            entity.entity.spec_str("owner").and_then(|text| EntityRef::parse(text, Some("group"), namespace).ok());
        let counts = owner.is_some_and(|owner| known.contains(&owner));
        if let Some(evidence) = entity.evidence.get_mut(OWNER) {
            evidence.authority &= counts;
        }
    }
}
