//! The catalog: what is known of every component, API, resource, system, domain, group, user and template.

pub mod index;
pub mod job;

use model::EntityRef;
use model::catalog::{CatalogFilter, CatalogPage, CatalogRow, Correction, EntityDetail, Summary, Unsure};

pub use self::index::CatalogIndex;
pub use self::job::{catch_up, relink};

use crate::identity::Actor;
use crate::{Error, Portal, Result};

fn soon<T>() -> Result<T> {
    Err(Error::Unavailable("this part is being written".to_owned()))
}

/// One page of the catalog, its total and its facets; only what `actor` may read takes part in any of them.
pub async fn list(_portal: &Portal, _actor: &Actor, _filter: &CatalogFilter) -> Result<CatalogPage> {
    soon()
}

/// All rows that `filter` lets through, in its order, without paging.
pub async fn export(_portal: &Portal, _actor: &Actor, _filter: &CatalogFilter) -> Result<Vec<CatalogRow>> {
    soon()
}

/// At most `limit` rows for what somebody has typed so far: exact names first, then names that begin so, then the rest.
pub async fn suggest(_portal: &Portal, _actor: &Actor, _text: &str, _limit: usize) -> Result<Vec<CatalogRow>> {
    soon()
}

/// One entity. An alias resolves: `reference` of the answer is then the present one.
///
/// # Errors
/// [`Error::NotFound`] when there is none, or none that `actor` may read.
pub async fn entity(_portal: &Portal, _actor: &Actor, _reference: &EntityRef) -> Result<EntityDetail> {
    soon()
}

/// The figures of the home page.
pub async fn summary(_portal: &Portal, _actor: &Actor) -> Result<Summary> {
    soon()
}

/// One page of the guesses that wait for somebody's word, and how many there are. `page` counts from 1.
pub async fn unsure(_portal: &Portal, _actor: &Actor, _page: usize, _per_page: usize) -> Result<(Vec<Unsure>, usize)> {
    soon()
}

/// Sets `field` (a JSON pointer: `/spec/owner`, `/spec/type`, `/spec/lifecycle`, `/spec/system`) of every entity in
/// `references`, or rejects what is guessed for it where `value` is `None`. The change can be read when this returns.
/// Gives how many entities were corrected.
///
/// # Errors
/// [`Error::Forbidden`] for who may not; [`Error::NotFound`] for an unknown entity; [`Error::Invalid`] for a field that
/// cannot be corrected or an owner that does not exist. Nothing is changed then.
pub async fn correct(
    _portal: &Portal,
    _actor: &Actor,
    _references: &[EntityRef],
    _field: &str,
    _value: Option<&str>,
) -> Result<usize> {
    soon()
}

/// All corrections, newest first.
pub async fn corrections(_portal: &Portal, _actor: &Actor) -> Result<Vec<Correction>> {
    soon()
}

/// The entity as a document that can be committed as `catalog-info.yaml`.
pub async fn descriptor_yaml(_portal: &Portal, _actor: &Actor, _reference: &EntityRef) -> Result<String> {
    soon()
}

/// All corrections as a document that can be committed as `slipway.overrides.yaml`.
pub async fn overrides_yaml(_portal: &Portal, _actor: &Actor) -> Result<String> {
    soon()
}
