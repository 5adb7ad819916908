//! The catalog as lists and pages show it.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::{Confidence, Entity, EntityRef, Evidence, Finding, Guess, Visibility};

/// One entity with everything that is known about how it came to be.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(utoipa::ToSchema))]
pub struct CatalogEntity {
    pub entity: Entity,
    /// By JSON pointer into `entity`: `/spec/owner`, `/metadata/description`, `/spec/dependsOn/0`.
    pub evidence: BTreeMap<String, Evidence>,
    /// What would need a person's word before it counts.
    pub guesses: Vec<Guess>,
    /// Id of the repository that holds it; `None` for what only other entities speak of.
    pub repository: Option<String>,
    /// Its folder in the repository; empty for the root.
    pub path: String,
    /// The descriptor, where one declares it.
    pub descriptor: Option<String>,
    pub findings: Vec<Finding>,
    /// Language and lines of code below its folder, most first, at most six.
    pub languages: Vec<(String, u64)>,
    /// Human commits per week over two years, oldest first.
    pub activity: Vec<u32>,
    pub last_commit_at: Option<i64>,
    pub archived: bool,
    pub visibility: Visibility,
}

/// One row of a catalog list.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(utoipa::ToSchema))]
pub struct CatalogRow {
    pub reference: EntityRef,
    /// `Component`, as written in descriptors.
    pub kind: String,
    /// `spec.type`
    pub spec_type: Option<String>,
    pub title: Option<String>,
    /// First line, at most 160 characters.
    pub description: Option<String>,
    /// Never a guess.
    pub owner: Option<EntityRef>,
    pub owner_confidence: Option<Confidence>,
    /// The forge or a trusted source says who owns it, so that owning it gives rights.
    #[serde(default)]
    pub owner_has_authority: bool,
    /// "probably X?"
    pub owner_guess: Option<EntityRef>,
    pub lifecycle: Option<String>,
    pub system: Option<EntityRef>,
    pub tags: Vec<String>,
    pub languages: Vec<(String, u64)>,
    pub activity: Vec<u32>,
    pub last_commit_at: Option<i64>,
    pub confidence: Confidence,
    /// Name of the source.
    pub source: Option<String>,
    /// Slug of the repository.
    pub repository: Option<String>,
    pub archived: bool,
    pub errors: u32,
    pub warnings: u32,
}

/// What a list can be narrowed by. The names are the keys in the address.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(utoipa::ToSchema))]
#[serde(rename_all = "lowercase")]
pub enum Field {
    Kind,
    Type,
    Owner,
    Language,
    Tag,
    Lifecycle,
    System,
    Source,
    Confidence,
    /// How the owner is known: `declared`, `corroborated`, `guess`, `unknown`.
    Ownership,
    /// `active` (human commits in 90 days), `quiet` (in a year), `dormant`, `archived`.
    Activity,
    /// `error`, `warning`, `none`.
    Findings,
    /// Slug.
    Repository,
}

impl Field {
    pub const ALL: [Self; 13] = [
        Self::Kind,
        Self::Type,
        Self::Owner,
        Self::Language,
        Self::Tag,
        Self::Lifecycle,
        Self::System,
        Self::Source,
        Self::Confidence,
        Self::Ownership,
        Self::Activity,
        Self::Findings,
        Self::Repository,
    ];

    /// The key in the address and in the index.
    pub fn key(self) -> &'static str {
        match self {
            Self::Kind => "kind",
            Self::Type => "type",
            Self::Owner => "owner",
            Self::Language => "language",
            Self::Tag => "tag",
            Self::Lifecycle => "lifecycle",
            Self::System => "system",
            Self::Source => "source",
            Self::Confidence => "confidence",
            Self::Ownership => "ownership",
            Self::Activity => "activity",
            Self::Findings => "findings",
            Self::Repository => "repository",
        }
    }

    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|field| field.key() == text)
    }
}

/// The value of a field that an entity does not have, as a filter: `owner=unknown`.
pub const UNKNOWN: &str = "unknown";

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(utoipa::ToSchema))]
#[serde(rename_all = "lowercase")]
pub enum Sort {
    /// By title or name, without regard to case.
    #[default]
    Name,
    Kind,
    Owner,
    /// By last commit.
    Activity,
    /// By lines of code.
    Size,
    Findings,
}

impl Sort {
    pub const ALL: [Self; 6] = [Self::Name, Self::Kind, Self::Owner, Self::Activity, Self::Size, Self::Findings];

    pub fn key(self) -> &'static str {
        match self {
            Self::Name => "name",
            Self::Kind => "kind",
            Self::Owner => "owner",
            Self::Activity => "activity",
            Self::Size => "size",
            Self::Findings => "findings",
        }
    }

    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|sort| sort.key() == text)
    }
}

/// What a list shows. Values of one field are alternatives; fields must all hold.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(utoipa::ToSchema))]
pub struct CatalogFilter {
    /// Words that must all occur (as prefixes) in name, title, description, tags or owner.
    pub text: String,
    /// References as values are written short where the kind is understood: `owner=payments`.
    pub fields: BTreeMap<Field, Vec<String>>,
    pub sort: Sort,
    pub descending: bool,
    /// From 1.
    pub page: usize,
    /// 20, 50 or 100.
    pub per_page: usize,
}

impl CatalogFilter {
    pub const PAGE_SIZES: [usize; 3] = [20, 50, 100];
}

impl Default for CatalogFilter {
    fn default() -> Self {
        Self {
            text: String::new(),
            fields: BTreeMap::new(),
            sort: Sort::Name,
            descending: false,
            page: 1,
            per_page: 20,
        }
    }
}

/// One page of a list, with the counts beside it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(utoipa::ToSchema))]
pub struct CatalogPage {
    pub rows: Vec<CatalogRow>,
    /// How many entities match, over all pages.
    pub total: usize,
    /// Per field the values with their counts. The counts of a field are those under the *other* fields' filters, so
    /// that choosing a second value widens.
    pub facets: Vec<Facet>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(utoipa::ToSchema))]
pub struct Facet {
    pub field: Field,
    /// Most first, then by value; at most 50.
    pub values: Vec<FacetValue>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(utoipa::ToSchema))]
pub struct FacetValue {
    pub value: String,
    pub count: usize,
    pub selected: bool,
}

/// Everything that the page of an entity shows, but for its README.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(utoipa::ToSchema))]
pub struct EntityDetail {
    pub entity: CatalogEntity,
    pub row: CatalogRow,
    pub repository: Option<crate::repository::RepositoryDetail>,
    pub relations: Vec<RelationView>,
}

/// One edge with what is known of the other end.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(utoipa::ToSchema))]
pub struct RelationView {
    /// `dependsOn`, `dependencyOf`, …
    pub kind: String,
    pub target: EntityRef,
    /// `None` where the other end does not exist, or may not be seen.
    pub row: Option<CatalogRow>,
    /// Why the edge is there, where it was inferred.
    pub evidence: Option<Evidence>,
}

/// The one honest sentence of the home page, as numbers.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(utoipa::ToSchema))]
pub struct Summary {
    pub repositories: u64,
    /// By [`crate::repository::Standing`], as in addresses.
    pub standings: BTreeMap<String, u64>,
    /// Entities by kind, as in references.
    pub kinds: BTreeMap<String, u64>,
    /// Components by `spec.type`.
    pub types: BTreeMap<String, u64>,
    /// Components that are not archived, by how their owner is known: `declared`, `corroborated`, `guess`, `unknown`.
    pub ownership: BTreeMap<String, u64>,
    /// Entities with at least one guess.
    pub unsure: u64,
    /// Entities and repositories with at least one finding of level error.
    pub broken: u64,
}

/// A guess that waits for somebody's word.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(utoipa::ToSchema))]
pub struct Unsure {
    pub row: CatalogRow,
    pub guess: Guess,
}

/// Somebody's word on one field of one entity; it wins over inference and is told apart from what Git says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(utoipa::ToSchema))]
pub struct Correction {
    pub reference: EntityRef,
    /// JSON pointer: `/spec/owner`, `/spec/type`, `/spec/lifecycle`.
    pub field: String,
    /// `None`: the guess was rejected, and is not shown again.
    pub value: Option<String>,
    pub by: String,
    pub at: i64,
}

/// What quick find shows of one entity, ready to be shown.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Suggestion {
    pub label: String,
    /// `Service`, `API`, `Group`
    pub kind: String,
    pub description: Option<String>,
    /// The address of its page.
    pub address: String,
}
