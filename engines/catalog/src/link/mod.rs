//! What all repositories say together: references, types, owners and edges.
//!
//! A pure function: the same input gives the same output, in whatever order the repositories come.

use std::collections::BTreeMap;

use model::catalog::{CatalogEntity, Correction};
use model::repository::{RepositoryFacts, Standing};
use model::{Entity, EntityRef, Finding, Kind, Visibility};
use serde::{Deserialize, Serialize};

use crate::draft::Draft;

/// Everything that is known when the catalog is put together.
#[derive(Debug, Clone, Default)]
pub struct LinkInput {
    pub repositories: Vec<LinkRepository>,
    /// The references that were assigned before.
    pub assignments: Vec<Assignment>,
    pub corrections: Vec<Correction>,
}

/// One repository, as far as it has been read.
#[derive(Debug, Clone)]
pub struct LinkRepository {
    pub id: String,
    /// Unique, as in addresses.
    pub slug: String,
    /// As its source names it: `group/payments`.
    pub name: String,
    pub source: String,
    pub visibility: Visibility,
    pub archived: bool,
    pub fork: bool,
    pub facts: RepositoryFacts,
    /// `None` while its content has not been read: its name counts, its references stay its own.
    pub draft: Option<Draft>,
}

/// A reference that was given once. The key is repository, path and kind.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Assignment {
    /// Id of the repository.
    pub repository: String,
    /// The folder (for an API: its definition file), followed by `#name` for one of several descriptors of one kind
    /// that stand in one folder.
    pub path: String,
    /// As in references: `component`.
    pub kind: String,
    pub reference: EntityRef,
    /// What it was called before; each resolves as long as no other entity is called so.
    pub aliases: Vec<EntityRef>,
}

/// The catalog. Sorted: entities by reference, the rest by repository id, then by place.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Linked {
    pub entities: Vec<CatalogEntity>,
    /// Those that are new, or differ from what was given.
    pub assignments: Vec<Assignment>,
    /// Id of the repository, what it is to the catalog, and why it is left out.
    pub standings: Vec<(String, Standing, Option<String>)>,
    /// Id of the repository and what is wrong in it, beyond what stands with an entity.
    pub findings: Vec<(String, Finding)>,
}

/// Puts the catalog together.
pub fn link(input: &LinkInput) -> Linked {
    let mut repositories: Vec<&LinkRepository> = input.repositories.iter().collect();
    repositories.sort_by(|a, b| a.id.cmp(&b.id));
    let mut linked = Linked::default();
    for repository in repositories {
        let Some(draft) = &repository.draft else {
            linked.standings.push((repository.id.clone(), Standing::Listed, None));
            continue;
        };
        let Some(module) = draft.modules.iter().find(|module| module.path.is_empty() && !module.packages.is_empty()) else {
            linked.standings.push((repository.id.clone(), Standing::WithoutComponent, None));
            continue;
        };
        let name = repository.name.rsplit('/').next().unwrap_or(&repository.name);
        let mut entity = Entity::new(Kind::Component, name);
        entity.metadata.description = module.description.as_ref().map(|fact| fact.value.clone());
        for key in ["type", "lifecycle", "owner"] {
            entity.spec.insert(key.to_owned(), "unknown".into());
        }
        linked.standings.push((repository.id.clone(), Standing::Catalogued, None));
        linked.entities.push(CatalogEntity {
            entity,
            evidence: BTreeMap::new(),
            guesses: Vec::new(),
            repository: Some(repository.id.clone()),
            path: String::new(),
            descriptor: None,
            findings: Vec::new(),
            languages: repository.facts.languages.iter().take(6).map(|l| (l.language.clone(), l.code)).collect(),
            activity: repository.facts.activity.weeks.clone(),
            last_commit_at: repository.facts.last_commit.as_ref().map(|commit| commit.at),
            archived: repository.archived,
            visibility: repository.visibility,
        });
    }
    linked.entities.sort_by_cached_key(|entity| entity.entity.reference());
    linked
}
