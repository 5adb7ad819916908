//! Placeholders: `{$text: path}` and its like, as `PlaceholderProcessor` of Backstage's catalog-backend 4.0 reads them.

use model::{Finding, Level};
use serde_json::Value as Json;

use super::{DescriptorEntity, Placeholder, PlaceholderKind};
use crate::yaml::{self, Limits, Node};

impl PlaceholderKind {
    fn of(key: &str) -> Option<Self> {
        match key {
            "$text" => Some(Self::Text),
            "$json" => Some(Self::Json),
            "$yaml" => Some(Self::Yaml),
            "$openapi" => Some(Self::Openapi),
            "$asyncapi" => Some(Self::Asyncapi),
            _ => None,
        }
    }

    /// Whether a text comes of it, whatever the file says. (The OpenAPI and AsyncAPI ones bundle into a text.)
    pub fn is_text(self) -> bool {
        matches!(self, Self::Text | Self::Openapi | Self::Asyncapi)
    }
}

/// An object that is a placeholder; its target may be wrong.
pub struct Found<'a> {
    kind: PlaceholderKind,
    target: Option<&'a str>,
}

impl Found<'_> {
    /// `None` where the target is no string.
    pub fn kind(&self) -> Option<PlaceholderKind> {
        self.target.map(|_| self.kind)
    }
}

/// A mapping with one key, which is one of the five; anything else is left as it is.
pub fn of(node: &Node) -> Option<Found<'_>> {
    let [entry] = node.entries() else { return None };
    Some(Found { kind: PlaceholderKind::of(&entry.key)?, target: entry.value.as_str() })
}

/// All placeholders below `node`, whose JSON pointer is `pointer`.
pub fn find(pointer: &str, node: &Node, found: &mut Vec<Placeholder>) {
    if let Some(Found { kind, target: Some(target) }) = of(node) {
        found.push(Placeholder { pointer: pointer.to_owned(), kind, target: target.to_owned() });
        return;
    }
    for (index, item) in node.items().iter().enumerate() {
        find(&format!("{pointer}/{index}"), item, found);
    }
    for entry in node.entries() {
        find(&format!("{pointer}/{}", escape(&entry.key)), &entry.value, found);
    }
}

/// A key as a part of a JSON pointer.
pub fn escape(key: &str) -> String {
    key.replace('~', "~0").replace('/', "~1")
}

/// Reads the target of a placeholder as it is written; `Ok(None)` means that it may not or cannot be read here.
pub type Read<'a> = dyn Fn(&str) -> Result<Option<Vec<u8>>, String> + 'a;

/// Puts the content of other files in the place of placeholders; one whose target is not read here stays.
///
/// Returns a finding for each that could not be read or does not fit.
pub fn resolve_placeholders(declared: &mut DescriptorEntity, read: &Read<'_>) -> Vec<Finding> {
    let mut findings = Vec::new();
    let mut waiting = Vec::new();
    for placeholder in std::mem::take(&mut declared.placeholders) {
        let content =
            read(&placeholder.target).and_then(|bytes| bytes.map(|bytes| value(placeholder.kind, &bytes)).transpose());
        let outcome = match content {
            Ok(Some(content)) => put(declared, &placeholder.pointer, content),
            Ok(None) => {
                waiting.push(placeholder);
                continue;
            }
            Err(reason) => Err(reason),
        };
        if let Err(reason) = outcome {
            let (line, column) = declared.lines.get(&placeholder.pointer).copied().unwrap_or((declared.line, 0));
            let message = format!(
                "The placeholder at `{}` cannot be filled from {:?}: {reason}",
                placeholder.pointer, placeholder.target
            );
            let help = "Name a file of this repository, relative to the descriptor.";
            let finding = Finding::new("descriptor.placeholder", Level::Error, message, help);
            findings.push(finding.at(&declared.file, line, column));
            waiting.push(placeholder);
        }
    }
    declared.placeholders = waiting;
    findings
}

fn value(kind: PlaceholderKind, bytes: &[u8]) -> Result<Json, String> {
    match kind {
        PlaceholderKind::Text | PlaceholderKind::Openapi | PlaceholderKind::Asyncapi => {
            Ok(String::from_utf8_lossy(bytes).into_owned().into())
        }
        PlaceholderKind::Json => {
            serde_json::from_slice(bytes).map_err(|error| format!("it is not valid JSON: {error}."))
        }
        PlaceholderKind::Yaml => {
            let text = yaml::decode(bytes).map_err(|error| error.message)?;
            let documents = yaml::parse(text, &Limits::default())
                .map_err(|error| format!("line {}, column {}: {}", error.line, error.column, error.message))?;
            match documents.as_slice() {
                [document] => Ok(document.root.to_json()),
                many => Err(format!("it has {} YAML documents, not one.", many.len())),
            }
        }
    }
}

/// Puts `content` at `pointer`: anywhere in `spec`, and at the texts of `metadata`.
fn put(declared: &mut DescriptorEntity, pointer: &str, content: Json) -> Result<(), String> {
    if let Some(below) = pointer.strip_prefix("/spec") {
        if pointer == "/spec/definition" && !content.is_string() {
            return Err("a definition is a text; use `$text`.".to_owned());
        }
        return put_in_spec(declared, below, content);
    }
    let Json::String(text) = content else { return Err("only a text fits there.".to_owned()) };
    let metadata = &mut declared.entity.metadata;
    let parts: Vec<String> =
        pointer.split('/').skip(2).map(|part| part.replace("~1", "/").replace("~0", "~")).collect();
    match parts.iter().map(String::as_str).collect::<Vec<_>>().as_slice() {
        ["title"] => metadata.title = Some(text),
        ["description"] => metadata.description = Some(text),
        ["labels", key] => {
            metadata.labels.insert((*key).to_owned(), text);
        }
        ["annotations", key] => {
            metadata.annotations.insert((*key).to_owned(), text);
        }
        _ => return Err("nothing is filled in there.".to_owned()),
    }
    Ok(())
}

fn put_in_spec(declared: &mut DescriptorEntity, below: &str, content: Json) -> Result<(), String> {
    let spec = std::mem::take(&mut declared.entity.spec);
    let mut spec = Json::Object(spec);
    let put = spec.pointer_mut(below).map(|place| *place = content);
    if let Json::Object(spec) = spec {
        declared.entity.spec = spec;
    }
    put.ok_or_else(|| "the value around it is wrong.".to_owned())
}
