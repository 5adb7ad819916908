//! One entity with its edges, as whoever asks may see them.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use model::catalog::{CatalogEntity, CatalogRow, EntityDetail, RelationView};
use model::entity::Relation;
use model::{Confidence, EntityRef, Evidence};
use serde_json::Value;

use super::edges::{self, Place};
use super::store;
use crate::identity::{Actor, Readable};
use crate::{Error, Portal, Result, repositories};

/// Neighbours that are looked into for the evidence of an edge.
const NEIGHBOURS: usize = 200;

/// One entity. An alias resolves: `reference` of the answer is then the present one.
///
/// # Errors
/// [`Error::NotFound`] when there is none, or none that `actor` may read.
pub async fn entity(portal: &Portal, actor: &Actor, reference: &EntityRef) -> Result<EntityDetail> {
    let (row, mut known) = find(portal, actor, reference).await?;
    let here = row.reference.clone();
    let targets: Vec<EntityRef> = known.entity.relations.iter().map(|relation| relation.target_ref.clone()).collect();
    let reading = portal.index().read();
    let rows = reading.named(&targets, actor.readable())?;
    let hidden: HashSet<EntityRef> = reading
        .named(&targets, &Readable::EVERYTHING)?
        .into_keys()
        .filter(|target| !rows.contains_key(target))
        .collect();
    drop(reading);
    hide(&mut known, &hidden);
    let evidence = evidence_of_edges(portal, &known, &here, &rows).await?;
    let evidence = blur(portal, actor, &mut known, evidence).await?;
    let relations = known.entity.relations.iter().zip(evidence).map(|(relation, evidence)| RelationView {
        kind: relation.kind.clone(),
        target: relation.target_ref.clone(),
        row: rows.get(&relation.target_ref).map(|row| CatalogRow::clone(row)),
        evidence,
    });
    let relations = relations.collect();
    let repository = match &row.repository {
        Some(slug) => match repositories::get(portal, actor, slug).await {
            Ok(repository) => Some(repository),
            Err(Error::NotFound(_)) => None,
            Err(error) => return Err(error),
        },
        None => None,
    };
    Ok(EntityDetail { entity: known, row, repository, relations })
}

async fn find(portal: &Portal, actor: &Actor, reference: &EntityRef) -> Result<(CatalogRow, CatalogEntity)> {
    let db = portal.db();
    let mut found = store::entity(db, &reference.to_string(), actor.readable()).await?;
    if found.is_none()
        && let Some(present) = store::renamed(db, &reference.to_string()).await?
    {
        found = store::entity(db, &present, actor.readable()).await?;
    }
    let (row, body) = found.ok_or_else(|| Error::not_found(reference))?;
    Ok((serde_json::from_str(&row)?, serde_json::from_str(&body)?))
}

/// Takes out the edges whose other end is there but may not be seen. What the entity's own files say stays: they can be
/// read in its repository anyway.
fn hide(known: &mut CatalogEntity, hidden: &HashSet<EntityRef>) {
    if hidden.is_empty() {
        return;
    }
    let places: Vec<Place> =
        edges::places(&known.entity).into_iter().filter(|place| hidden.contains(&place.target)).collect();
    let (open, secret): (Vec<Place>, Vec<Place>) =
        places.into_iter().partition(|place| place.relation == "ownedBy" || is_own_word(known, &place.pointer));
    let is_open = |relation: &Relation| open.iter().any(|place| place.target == relation.target_ref);
    known.entity.relations.retain(|relation| !hidden.contains(&relation.target_ref) || is_open(relation));
    for Place { pointer, .. } in secret {
        known.evidence.remove(&pointer);
        // The place stays, so that the pointers of the others still hold.
        if let Some(value) = edges::value_mut(&mut known.entity, &pointer) {
            *value = Value::Null;
        }
    }
}

fn is_own_word(known: &CatalogEntity, pointer: &str) -> bool {
    match known.evidence.get(pointer) {
        Some(evidence) => evidence.confidence == Confidence::Declared && evidence.repository.is_none(),
        None => known.descriptor.is_some(),
    }
}

/// Leaves of evidence in repositories that may not be read only that it is there.
async fn blur(
    portal: &Portal,
    actor: &Actor,
    known: &mut CatalogEntity,
    mut edges: Vec<Option<Evidence>>,
) -> Result<Vec<Option<Evidence>>> {
    let guesses = known.guesses.iter_mut().map(|guess| &mut guess.evidence);
    let elsewhere = known.evidence.values_mut().chain(guesses).chain(edges.iter_mut().flatten());
    for evidence in elsewhere.filter(|evidence| evidence.repository.is_some()) {
        let slug = evidence.repository.as_deref().unwrap_or_default();
        if !repositories::is_readable(portal, actor, slug).await? {
            let why = "A repository that you may not read says so.";
            *evidence = Evidence::new(&evidence.rule, evidence.confidence, why);
        }
    }
    Ok(edges)
}

/// For each relation why it is there: the evidence stands with whichever end says so.
async fn evidence_of_edges(
    portal: &Portal,
    known: &CatalogEntity,
    here: &EntityRef,
    rows: &HashMap<EntityRef, Arc<CatalogRow>>,
) -> Result<Vec<Option<Evidence>>> {
    let own = Said::of(known);
    let relations = &known.entity.relations;
    let mut evidence: Vec<Option<Evidence>> =
        relations.iter().map(|relation| own.evidence(&relation.kind, &relation.target_ref)).collect();
    let open =
        |relation: &Relation| rows.contains_key(&relation.target_ref) && edges::reverse(&relation.kind).is_some();
    let mut neighbours: Vec<String> = (relations.iter().zip(&evidence))
        .filter(|(relation, evidence)| evidence.is_none() && open(relation))
        .map(|(relation, _)| relation.target_ref.to_string())
        .take(NEIGHBOURS)
        .collect();
    neighbours.sort_unstable();
    neighbours.dedup();
    let mut said = HashMap::new();
    for (_, body) in store::bodies(portal.db(), &neighbours).await? {
        let neighbour: CatalogEntity = serde_json::from_str(&body)?;
        said.insert(neighbour.entity.reference(), Said::of(&neighbour));
    }
    for (relation, evidence) in relations.iter().zip(&mut evidence) {
        if evidence.is_none()
            && let Some(reverse) = edges::reverse(&relation.kind)
            && let Some(said) = said.get(&relation.target_ref)
        {
            *evidence = said.evidence(reverse, here);
        }
    }
    Ok(evidence)
}

/// The edges that one entity itself speaks of, with their evidence.
struct Said(Vec<(Place, Evidence)>);

impl Said {
    fn of(known: &CatalogEntity) -> Self {
        let places = edges::places(&known.entity).into_iter();
        Self(
            places
                .filter_map(|place| known.evidence.get(&place.pointer).cloned().map(|found| (place, found)))
                .collect(),
        )
    }

    fn evidence(&self, relation: &str, target: &EntityRef) -> Option<Evidence> {
        let found = self.0.iter().find(|(place, _)| place.relation == relation && place.target == *target)?;
        Some(found.1.clone())
    }
}
