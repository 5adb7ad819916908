//! `catalog-info.yaml`: Backstage's descriptor format, validated as Backstage's `catalog-model` 1.10 does, but with
//! every finding at once and each at its place.

use std::collections::BTreeMap;

use model::{Entity, EntityRef, Finding};
use serde::{Deserialize, Serialize};

/// What one descriptor file says.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Parsed {
    /// Every document whose kind and name can be told, in order. What is wrong in one is left out of its entity.
    pub entities: Vec<DescriptorEntity>,
    /// In the order of the file.
    pub findings: Vec<Finding>,
}

/// An entity with the places of what it says.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct DescriptorEntity {
    pub entity: Entity,
    /// Nothing in it is an error: Backstage would accept it.
    pub valid: bool,
    pub file: String,
    /// Where the document begins.
    pub line: u32,
    /// JSON pointer → line and column of the value, from 1; at most four levels deep.
    pub lines: BTreeMap<String, (u32, u32)>,
    /// What stands in other files. The entity keeps them as objects until they are resolved.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub placeholders: Vec<Placeholder>,
}

/// An object `{$text: path}` in an entity.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Placeholder {
    /// JSON pointer of the object.
    pub pointer: String,
    pub kind: PlaceholderKind,
    /// Path relative to the descriptor, or an absolute URL.
    pub target: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum PlaceholderKind {
    Text,
    Json,
    Yaml,
    Openapi,
    Asyncapi,
}

/// What an entity's `spec` says of others.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Relations {
    pub edges: Vec<Edge>,
    pub invalid: Vec<InvalidReference>,
}

/// One edge, as seen from both ends.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Edge {
    /// `ownedBy`
    pub kind: &'static str,
    /// `ownerOf`
    pub reverse: &'static str,
    pub target: EntityRef,
    /// Where it stands: `/spec/owner`, `/spec/dependsOn/0`.
    pub pointer: String,
}

/// A reference that Backstage could not read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InvalidReference {
    pub pointer: String,
    pub message: String,
}

/// Reads a descriptor. `file` is what findings name.
pub fn parse(_file: &str, _text: &str) -> Parsed {
    Parsed::default()
}

/// The relations that `entity` declares, by the table of Backstage's `BuiltinKindsEntityProcessor`.
pub fn relations(_entity: &Entity) -> Relations {
    Relations::default()
}

/// Puts the content of other files in the place of placeholders. `read` gets the target as written; `Ok(None)` means
/// that it may not or cannot be resolved here, and the placeholder stays.
///
/// Returns what could not be read, by JSON pointer.
pub fn resolve_placeholders(
    _entity: &mut Entity,
    _read: &dyn Fn(&str) -> Result<Option<Vec<u8>>, String>,
) -> Vec<InvalidReference> {
    Vec::new()
}

/// The entity as a document that can be committed as `catalog-info.yaml`. Relations are not in it.
pub fn to_yaml(_entity: &Entity) -> String {
    String::new()
}
