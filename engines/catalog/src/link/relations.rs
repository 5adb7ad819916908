//! Draws the edges of all entities, seen from both ends.

use std::collections::{BTreeSet, HashMap, HashSet};

use model::catalog::CatalogEntity;
use model::entity::Relation;
use model::{EntityRef, Finding, Level};

use super::entities::UNKNOWN;
use super::world::World;
use crate::descriptor;

/// The line and column of a JSON pointer in the descriptor of an entity.
type Lines<'l> = dyn Fn(&CatalogEntity, &str) -> Option<(u32, u32)> + 'l;

/// Fills in the relations of every entity: both directions, distinct, sorted. What leads to an entity that does not
/// exist stays, and a warning says so. `aliases` are names of before, which lead on.
pub(super) fn draw(entities: &mut [CatalogEntity], aliases: &HashMap<EntityRef, EntityRef>, lines: &Lines) {
    let known: HashSet<EntityRef> = entities.iter().map(|entity| entity.entity.reference()).collect();
    let mut relations: HashMap<EntityRef, Vec<Relation>> = HashMap::new();
    for entity in entities.iter_mut() {
        let own = entity.entity.reference();
        let declared = descriptor::relations(&entity.entity);
        for edge in declared.edges {
            let exists = known.contains(&edge.target);
            if edge.pointer == "/spec/owner" && edge.target.name == UNKNOWN && !exists {
                continue;
            }
            let target = if exists { edge.target } else { aliases.get(&edge.target).cloned().unwrap_or(edge.target) };
            if !known.contains(&target) {
                let finding = dangling(entity, &target, &edge.pointer, lines);
                entity.findings.push(finding);
            }
            relations
                .entry(own.clone())
                .or_default()
                .push(Relation { kind: edge.kind.to_owned(), target_ref: target.clone() });
            relations
                .entry(target)
                .or_default()
                .push(Relation { kind: edge.reverse.to_owned(), target_ref: own.clone() });
        }
    }
    for entity in entities {
        let mut own = relations.remove(&entity.entity.reference()).unwrap_or_default();
        own.sort();
        own.dedup();
        entity.entity.relations = own;
    }
}

/// Tells of what Locations brought, seen from both ends; by relations that Backstage does not have.
pub(super) fn bring(entities: &mut [CatalogEntity], world: &World) {
    let locations: HashSet<EntityRef> =
        entities.iter().filter(|one| one.entity.kind == "Location").map(|one| one.entity.reference()).collect();
    let mut brought: HashMap<EntityRef, BTreeSet<EntityRef>> = HashMap::new();
    for entity in entities.iter_mut() {
        let repository = entity.repository.as_deref().and_then(|id| world.find(id));
        let Some((repository, file)) = repository.zip(entity.descriptor.clone()) else { continue };
        let own = entity.entity.reference();
        let by: BTreeSet<EntityRef> = world.reach.named_by(repository, &file).cloned().collect();
        for location in by.into_iter().filter(|location| locations.contains(location)) {
            brought.entry(location.clone()).or_default().insert(own.clone());
            entity.entity.relations.push(Relation { kind: "broughtBy".to_owned(), target_ref: location });
        }
    }
    for entity in entities.iter_mut() {
        let brings = brought.remove(&entity.entity.reference()).unwrap_or_default();
        let brings = brings.into_iter().map(|target_ref| Relation { kind: "brings".to_owned(), target_ref });
        entity.entity.relations.extend(brings);
        entity.entity.relations.sort();
    }
}

fn dangling(entity: &CatalogEntity, target: &EntityRef, pointer: &str, lines: &Lines) -> Finding {
    let message = format!("{pointer} names {target}, which does not exist.");
    let help = "Correct the reference, or add a descriptor for what it names.";
    let finding = Finding::new("relation.dangling", Level::Warning, message, help);
    let inferred =
        || entity.evidence.get(pointer).and_then(|evidence| Some((evidence.file.clone()?, evidence.line.unwrap_or(0))));
    match (&entity.descriptor, lines(entity, pointer)) {
        (Some(file), Some((line, column))) => finding.at(file, line, column),
        _ => match inferred() {
            Some((file, line)) => finding.at(file, line, 0),
            None => finding,
        },
    }
}
