//! The first uses: what is inferred, written down as `catalog-info.yaml`; and an owner, corrected where it is declared.
//!
//! A plan says what would be changed, repository by repository, and why something cannot be. Nothing is written by it.

mod descriptor;

use std::collections::BTreeMap;
use std::sync::Arc;

use model::EntityRef;
use model::catalog::{CatalogFilter, CatalogRow};
use sha2::{Digest, Sha256};

use super::{Change, FileEdit, Proposal, Way, propose, store, way};
use crate::catalog;
use crate::db::new_id;
use crate::identity::{Action, Actor, Resource, can};
use crate::{Error, Portal, Result};

/// Entities that one plan may be about.
pub const MOST: usize = 200;

/// What is wished for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Wish {
    /// Descriptors that say what is inferred, of all that is in the repositories of the chosen entities.
    Descriptor,
    /// This owner for the chosen entities.
    Owner(EntityRef),
}

/// What would become of one repository.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Planned {
    /// Slug and name; empty where the entities are in no repository.
    pub repository: String,
    pub name: String,
    /// The chosen entities that are in it.
    pub entities: Vec<EntityRef>,
    pub edits: Vec<FileEdit>,
    pub title: String,
    pub text: String,
    pub way: Way,
    /// Why nothing can be changed there.
    pub problem: Option<String>,
    /// What a person should know before.
    pub notes: Vec<String>,
    id: String,
    key: String,
}

impl Planned {
    /// Whether it can be proposed.
    pub fn is_possible(&self) -> bool {
        self.problem.is_none() && !matches!(self.way, Way::Patch(_))
    }
}

/// The owner that `text` names: a team or person of the catalog.
///
/// # Errors
/// [`Error::Invalid`] with names that are alike.
pub fn owner(portal: &Portal, actor: &Actor, text: &str) -> Result<EntityRef> {
    catalog::known_owner(portal, actor, text.trim())
}

/// The entities that a filter lets through, at most [`MOST`].
///
/// # Errors
/// [`Error::Conflict`] where there are more.
pub async fn chosen(portal: &Portal, actor: &Actor, filter: &CatalogFilter) -> Result<Vec<EntityRef>> {
    let rows = catalog::export(portal, actor, filter).await?;
    if rows.len() > MOST {
        let text = format!("{} entities match, and at most {MOST} are changed at a time: narrow the list.", rows.len());
        return Err(Error::Conflict(text));
    }
    Ok(rows.into_iter().map(|row| row.reference).collect())
}

/// What would be changed, by repository.
///
/// # Errors
/// [`Error::Forbidden`] for who may not; [`Error::NotFound`] for an unknown entity; [`Error::Conflict`] for none, or too
/// many.
pub async fn plan(portal: &Portal, actor: &Actor, wish: &Wish, references: &[EntityRef]) -> Result<Vec<Planned>> {
    can(actor, Action::Propose, Resource::Anything)?;
    if references.is_empty() || references.len() > MOST {
        return Err(Error::Conflict(format!("{} entities were chosen: choose 1 to {MOST}.", references.len())));
    }
    let mut known = portal.index().read().named(references, actor.readable())?;
    let mut groups: BTreeMap<String, Vec<Arc<CatalogRow>>> = BTreeMap::new();
    for reference in references {
        if let Some(row) = known.remove(reference) {
            groups.entry(row.repository.clone().unwrap_or_default()).or_default().push(row);
        } else if !groups.values().flatten().any(|row| row.reference == *reference) {
            return Err(Error::not_found(reference));
        }
    }
    let mut plans = Vec::new();
    for (slug, rows) in groups {
        plans.push(of_repository(portal, actor, wish, &slug, &rows).await?);
    }
    Ok(plans)
}

/// Tells two plans apart that would write something else.
pub fn fingerprint(plans: &[Planned]) -> String {
    let mut hash = Sha256::new();
    for plan in plans.iter().filter(|plan| plan.is_possible()) {
        for text in plan.edits.iter().flat_map(|edit| [Some(&edit.path), edit.before.as_ref(), edit.after.as_ref()]) {
            hash.update(text.map_or("\u{1}", String::as_str));
            hash.update([0]);
        }
    }
    hash.finalize().iter().take(8).map(|byte| format!("{byte:02x}")).collect()
}

/// Proposes all that can be; gives the changes and, where there are several, what they have in common.
///
/// # Errors
/// As [`propose`]; [`Error::Conflict`] where nothing can be proposed.
pub async fn propose_all(
    portal: &Portal,
    actor: &Actor,
    plans: Vec<Planned>,
    origin: &str,
) -> Result<(Vec<Change>, Option<String>)> {
    let possible: Vec<Planned> = plans.into_iter().filter(Planned::is_possible).collect();
    if possible.is_empty() {
        return Err(Error::Conflict("Nothing of it can be proposed; the page says why.".to_owned()));
    }
    let batch = (possible.len() > 1).then(|| new_id(portal.clock().now()));
    let mut changes = Vec::new();
    for plan in possible {
        let proposal = Proposal {
            repository: plan.id,
            edits: plan.edits,
            title: plan.title,
            text: plan.text,
            key: plan.key,
            batch: batch.clone(),
            origin: (batch.is_none()).then(|| origin.to_owned()),
        };
        changes.push(propose(portal, actor, proposal).await?);
    }
    Ok((changes, batch))
}

async fn of_repository(
    portal: &Portal,
    actor: &Actor,
    wish: &Wish,
    slug: &str,
    rows: &[Arc<CatalogRow>],
) -> Result<Planned> {
    let entities: Vec<EntityRef> = rows.iter().map(|row| row.reference.clone()).collect();
    let mut planned = Planned {
        repository: slug.to_owned(),
        name: String::new(),
        entities,
        edits: Vec::new(),
        title: String::new(),
        text: String::new(),
        way: Way::PullRequest,
        problem: None,
        notes: Vec::new(),
        id: String::new(),
        key: String::new(),
    };
    if slug.is_empty() {
        planned.problem = Some("Only other entities speak of it: there is no repository to write to.".to_owned());
        return Ok(planned);
    }
    let repository = store::repository(portal.db(), actor.readable(), slug).await?;
    let repository = repository.ok_or_else(|| Error::not_found(format_args!("The repository {slug}")))?;
    (planned.id, planned.name) = (repository.id, repository.name);
    match propose::admit(portal, actor, &planned.id).await {
        Ok(()) => {}
        Err(Error::Forbidden(why)) => {
            planned.problem = Some(why);
            return Ok(planned);
        }
        Err(error) => return Err(error),
    }
    planned.way = way(portal, actor, slug).await?;
    descriptor::fill(portal, actor, wish, &mut planned).await?;
    if planned.problem.is_none() && planned.edits.is_empty() {
        planned.problem = Some("The files say it already.".to_owned());
    }
    Ok(planned)
}
