//! The catalog: what is known of every component, API, resource, system, domain, group, user and template.
//!
//! Its truth is in Git and the database; lists, counts, facets and searches are answered by an index that follows the
//! database's change sequence.

mod correct;
mod detail;
mod document;
pub(crate) mod edges;
mod facets;
mod index;
mod job;
mod news;
mod query;
mod row;
mod search;
pub(crate) mod store;
#[cfg(test)]
mod tests;
mod text;

use std::collections::BTreeMap;

use model::catalog::{CatalogEntity, CatalogFilter, CatalogPage, CatalogRow, Correction, Field, Summary, Unsure};
use model::{EntityRef, Kind};

pub use self::correct::correct;
pub(crate) use self::correct::owner as known_owner;
pub use self::detail::entity;
pub use self::index::CatalogIndex;
pub use self::job::{RepositoryListRow, follow, relink};
pub use self::query::CatalogQuery;
pub(crate) use self::text::descriptor;
use crate::identity::Actor;
use crate::{Portal, Result};

const SUGGESTIONS: usize = 50;
const UNSURE_PAGE: usize = 500;

/// Whether anything that `actor` may read has changed after this place in the change sequence.
pub async fn has_changed(portal: &Portal, actor: &Actor, after: i64) -> Result<bool> {
    store::has_changed(portal.db(), after, actor.readable()).await
}

/// One page of the catalog, its total and its facets; only what `actor` may read takes part in any of them.
pub async fn list(portal: &Portal, actor: &Actor, filter: &CatalogFilter) -> Result<CatalogPage> {
    let page = portal.index().read().page(CatalogQuery::new(actor, filter), filter)?;
    Ok(CatalogPage::clone(&page))
}

/// All rows that `filter` lets through, in its order, without paging.
pub async fn export(portal: &Portal, actor: &Actor, filter: &CatalogFilter) -> Result<Vec<CatalogRow>> {
    let query = CatalogQuery::new(actor, filter);
    let rows = portal.index().read().all(&query, (filter.sort, filter.descending))?;
    Ok(rows.iter().map(|row| CatalogRow::clone(row)).collect())
}

/// At most `limit` rows for what somebody has typed so far: exact names first, then names that begin so, then the rest.
pub async fn suggest(portal: &Portal, actor: &Actor, text: &str, limit: usize) -> Result<Vec<CatalogRow>> {
    let query = CatalogQuery::all(actor).with_text(text);
    let rows = portal.index().read().suggest(&query, text, limit.min(SUGGESTIONS), actor.readable())?;
    Ok(rows.iter().map(|row| CatalogRow::clone(row)).collect())
}

/// The figures of the home page.
pub async fn summary(portal: &Portal, actor: &Actor) -> Result<Summary> {
    let standings = store::standings(portal.db(), actor.readable()).await?;
    let reading = portal.index().read();
    let all = CatalogQuery::all(actor);
    let components = all.clone().with(Field::Kind, Kind::Component.lower());
    let counts = |query: &CatalogQuery, field| -> Result<BTreeMap<String, u64>> {
        Ok(reading.counts(query, field)?.into_iter().map(|(value, count)| (value, count as u64)).collect())
    };
    let broken_entities = reading.count(&all.clone().with(Field::Findings, "error"))? as u64;
    let broken_repositories: i64 = standings.values().map(|(_, broken)| broken).sum();
    Ok(Summary {
        repositories: standings.values().map(|(count, _)| count.unsigned_abs()).sum(),
        standings: standings.into_iter().map(|(standing, (count, _))| (standing, count.unsigned_abs())).collect(),
        kinds: counts(&all, Field::Kind)?,
        types: counts(&components, Field::Type)?,
        ownership: counts(&components.without(Field::Activity, "archived"), Field::Ownership)?,
        unsure: reading.count(&all.unsure())? as u64,
        broken: broken_entities + broken_repositories.unsigned_abs(),
    })
}

/// One page of the guesses that wait for somebody's word, and how many there are. `page` counts from 1.
pub async fn unsure(portal: &Portal, actor: &Actor, page: usize, per_page: usize) -> Result<(Vec<Unsure>, usize)> {
    let per_page = per_page.clamp(1, UNSURE_PAGE);
    let offset = page.max(1).saturating_sub(1).saturating_mul(per_page);
    let holders = store::unsure(portal.db(), actor.readable()).await?;
    let mut total = 0;
    let mut skipped = None;
    let mut wanted = Vec::new();
    for (reference, guesses) in holders {
        let first = total;
        total += usize::try_from(guesses).unwrap_or_default();
        if total > offset && first < offset.saturating_add(per_page) {
            skipped.get_or_insert(offset.saturating_sub(first));
            wanted.push(reference);
        }
    }
    let mut found = Vec::new();
    for (list_row, body) in store::bodies(portal.db(), &wanted).await? {
        let (row, known): (CatalogRow, CatalogEntity) =
            (serde_json::from_str(&list_row)?, serde_json::from_str(&body)?);
        found.extend(known.guesses.into_iter().map(|guess| Unsure { row: row.clone(), guess }));
    }
    Ok((found.into_iter().skip(skipped.unwrap_or_default()).take(per_page).collect(), total))
}

/// All corrections of what `actor` may read, newest first. Those of entities that are gone are shown to whoever reads
/// everything.
pub async fn corrections(portal: &Portal, actor: &Actor) -> Result<Vec<Correction>> {
    let mut corrections = correct::store::all(portal.db()).await?;
    if !actor.readable().is_everything() {
        let references: Vec<EntityRef> = corrections.iter().map(|correction| correction.reference.clone()).collect();
        let readable = portal.index().read().named(&references, actor.readable())?;
        corrections.retain(|correction| readable.contains_key(&correction.reference));
    }
    Ok(corrections)
}

/// The entity as a document that can be committed as `catalog-info.yaml`.
///
/// # Errors
/// As [`entity`].
pub async fn descriptor_yaml(portal: &Portal, actor: &Actor, reference: &EntityRef) -> Result<String> {
    let detail = entity(portal, actor, reference).await?;
    Ok(text::descriptor(&detail.entity.entity)?)
}

/// All corrections as a document that can be committed as `slipway.overrides.yaml`.
pub async fn overrides_yaml(portal: &Portal, actor: &Actor) -> Result<String> {
    let corrections = corrections(portal, actor).await?;
    let references: Vec<String> = corrections.iter().map(|correction| correction.reference.to_string()).collect();
    let mut entities = Vec::new();
    for (list_row, body) in store::bodies(portal.db(), &references).await? {
        entities.push((serde_json::from_str(&list_row)?, serde_json::from_str(&body)?));
    }
    let names = store::repository_names(portal.db()).await?;
    Ok(text::overrides(&corrections, &entities, &names))
}

/// An owner as a value of [`Field::Owner`].
pub(crate) fn owner_value(owner: &EntityRef) -> String {
    row::short(owner, Kind::Group.lower())
}
