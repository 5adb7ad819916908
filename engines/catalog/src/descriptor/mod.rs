//! `catalog-info.yaml`: Backstage's descriptor format, validated as Backstage's `catalog-model` 1.10 does, but with
//! every finding at once and each at its place.

mod casing;
pub(crate) mod check;
pub mod edit;
mod emit;
mod envelope;
pub(crate) mod format;
mod metadata;
mod placeholder;
mod relations;
mod schema;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;

use model::{Entity, EntityRef, Finding};
use serde::{Deserialize, Serialize};

use self::check::Checker;
pub use self::emit::to_yaml;
pub use self::placeholder::resolve_placeholders;
pub use self::relations::relations;
use crate::yaml::{self, Limits, Value};

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

/// What a Location names, with the JSON pointer of each; nothing for other kinds, and for types that are no place of a
/// file.
pub fn targets(entity: &DescriptorEntity) -> Vec<(String, String)> {
    let spec = &entity.entity.spec;
    let is_file =
        spec.get("type").and_then(serde_json::Value::as_str).is_none_or(|kind| matches!(kind, "file" | "url"));
    if !entity.entity.kind.eq_ignore_ascii_case("Location") || !is_file {
        return Vec::new();
    }
    let many = spec.get("targets").and_then(serde_json::Value::as_array).into_iter().flatten().enumerate();
    let many = many.map(|(at, target)| (format!("/spec/targets/{at}"), target));
    let all = spec.get("target").map(|target| ("/spec/target".to_owned(), target)).into_iter().chain(many);
    all.filter_map(|(pointer, target)| Some((pointer, target.as_str()?.to_owned()))).take(TARGETS).collect()
}

/// How many targets of one Location are followed.
const TARGETS: usize = 2_000;

/// How much of a descriptor file is read: some hold a whole organisation.
const LIMITS: Limits = Limits { bytes: 8 * 1024 * 1024, depth: 100, nodes: 1_000_000 };

/// Reads a descriptor. `file` is what findings name. Empty documents are passed over.
pub fn parse(file: &str, text: &str) -> Parsed {
    let (documents, errors) = yaml::parse_all(text, &LIMITS);
    let mut parsed = Parsed::default();
    for document in documents.iter().filter(|document| document.root.value != Value::Null) {
        let mut checker = Checker::new("descriptor", file);
        let entity = envelope::check(&mut checker, &document.root);
        let valid = checker.errors() == 0;
        parsed.entities.extend(entity.map(|entity| DescriptorEntity { valid, ..entity }));
        parsed.findings.extend(checker.findings);
    }
    parsed.findings.extend(errors.iter().map(|error| error.finding(file)));
    parsed.findings.sort_by_key(|finding| (finding.line, finding.column));
    parsed
}

/// As [`parse`], for bytes that may be no text.
pub fn parse_bytes(file: &str, bytes: &[u8]) -> Parsed {
    match yaml::decode(bytes) {
        Ok(text) => parse(file, text),
        Err(error) => Parsed { entities: Vec::new(), findings: vec![error.finding(file)] },
    }
}
