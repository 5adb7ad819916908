//! YAML as a tree in which every node and every key knows its line and column.
//!
//! Scalars are read as Backstage reads them: npm's `yaml` 2.x with the YAML 1.2 core schema and without merge keys
//! (`parseEntityYaml` of `@backstage/plugin-catalog-node` 3.0 calls `parseAllDocuments` with `merge: false`), so `<<` is
//! a key like any other. JSON is YAML too.

mod build;
mod emit;
mod nearest;
mod scalar;
mod stream;
#[cfg(test)]
mod tests;

use model::{Finding, Level};
use serde_json::{Map, Number};

pub use self::emit::emit;
pub use self::nearest::nearest;

/// How much of a file is read. What exceeds a limit is a located error, never a slow answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Size of the text.
    pub bytes: usize,
    /// How deep values may be nested, aliases followed. Below 128, where `serde_json` ends, so that what was read can
    /// also be stored.
    pub depth: usize,
    /// Nodes of all documents, after aliases were expanded.
    pub nodes: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self { bytes: 1_000_000, depth: 100, nodes: 200_000 }
    }
}

/// One document of a stream. An empty one is `null` at its root.
#[derive(Debug, Clone, PartialEq)]
pub struct Document {
    pub root: Node,
}

/// A value and where it begins: line and column from 1, the column in characters.
#[derive(Debug, Clone, PartialEq)]
pub struct Node {
    pub line: u32,
    pub column: u32,
    pub value: Value,
}

#[derive(Debug, Clone, PartialEq)]
pub enum Value {
    Null,
    Bool(bool),
    Number(Number),
    String(String),
    Sequence(Vec<Node>),
    Mapping(Vec<Entry>),
}

/// A text and the line on which it stands, from 1.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Located {
    pub text: String,
    pub line: u32,
}

/// A key with its place, and its value. Keys are unique within a mapping.
#[derive(Debug, Clone, PartialEq)]
pub struct Entry {
    pub key: String,
    pub line: u32,
    pub column: u32,
    pub value: Node,
}

/// Why a text could not be read, and where.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct YamlError {
    /// `yaml.syntax`, `yaml.duplicate-key`, `yaml.limit`, `yaml.encoding`, …
    pub rule: &'static str,
    pub line: u32,
    pub column: u32,
    pub message: String,
    pub help: String,
}

impl YamlError {
    pub fn finding(&self, file: &str) -> Finding {
        Finding::new(self.rule, Level::Error, &self.message, &self.help).at(file, self.line, self.column)
    }
}

impl YamlError {
    fn new(rule: &'static str, (line, column): (u32, u32), message: impl Into<String>, help: &str) -> Self {
        Self { rule, line, column, message: message.into(), help: help.to_owned() }
    }
}

/// All documents of `text`, or the first error.
pub fn parse(text: &str, limits: &Limits) -> Result<Vec<Document>, YamlError> {
    let (documents, errors) = parse_all(text, limits);
    errors.into_iter().next().map_or(Ok(documents), Err)
}

/// Every document of `text` that can be read, and an error for each that cannot: after an error it goes on at the next
/// line that begins a document.
pub fn parse_all(text: &str, limits: &Limits) -> (Vec<Document>, Vec<YamlError>) {
    if text.len() > limits.bytes {
        let message = format!("The file has {} bytes; at most {} are read.", text.len(), limits.bytes);
        return (Vec::new(), vec![YamlError::new("yaml.limit", (1, 1), message, "Split the file.")]);
    }
    stream::read(text, limits)
}

/// The text of a file; invalid UTF-8 is an error with its place.
pub fn decode(bytes: &[u8]) -> Result<&str, YamlError> {
    std::str::from_utf8(bytes).map_err(|error| {
        let valid = &bytes[..error.valid_up_to()];
        let line_start = valid.iter().rposition(|&byte| byte == b'\n').map_or(0, |at| at + 1);
        let line = 1 + valid.iter().filter(|&&byte| byte == b'\n').count();
        let column = 1 + String::from_utf8_lossy(&valid[line_start..]).chars().count();
        let message = format!("The file is not valid UTF-8: byte {} cannot be read as text.", error.valid_up_to() + 1);
        let at = (u32::try_from(line).unwrap_or(u32::MAX), u32::try_from(column).unwrap_or(u32::MAX));
        YamlError::new("yaml.encoding", at, message, "Save the file as UTF-8.")
    })
}

impl Located {
    pub fn new(text: impl Into<String>, line: u32) -> Self {
        Self { text: text.into(), line }
    }
}

impl Node {
    /// The value of `key`, if this is a mapping that has it.
    pub fn get(&self, key: &str) -> Option<&Node> {
        self.entry(key).map(|entry| &entry.value)
    }

    pub fn entry(&self, key: &str) -> Option<&Entry> {
        self.entries().iter().find(|entry| entry.key == key)
    }

    /// Empty if this is no mapping.
    pub fn entries(&self) -> &[Entry] {
        if let Value::Mapping(entries) = &self.value { entries } else { &[] }
    }

    /// Empty if this is no sequence.
    pub fn items(&self) -> &[Node] {
        if let Value::Sequence(items) = &self.value { items } else { &[] }
    }

    pub fn as_str(&self) -> Option<&str> {
        if let Value::String(text) = &self.value { Some(text) } else { None }
    }

    pub fn as_bool(&self) -> Option<bool> {
        if let Value::Bool(value) = self.value { Some(value) } else { None }
    }

    /// The text of a string, number or boolean, as written by people who forget quotes.
    pub fn scalar_text(&self) -> Option<String> {
        match &self.value {
            Value::String(text) => Some(text.clone()),
            Value::Number(number) => Some(number.to_string()),
            Value::Bool(value) => Some(value.to_string()),
            Value::Null | Value::Sequence(_) | Value::Mapping(_) => None,
        }
    }

    /// The value at a path of keys.
    pub fn at(&self, path: &[&str]) -> Option<&Node> {
        path.iter().try_fold(self, |node, key| node.get(key))
    }

    /// A non-empty text with its line.
    pub fn located(&self) -> Option<Located> {
        let text = self.scalar_text()?;
        let text = text.trim();
        (!text.is_empty()).then(|| Located::new(text, self.line))
    }

    /// The non-empty text of `key` with its line.
    pub fn text(&self, key: &str) -> Option<Located> {
        self.get(key)?.located()
    }

    /// The texts of a sequence, with their lines.
    pub fn texts(&self) -> impl Iterator<Item = Located> + '_ {
        self.items().iter().filter_map(Node::located)
    }

    /// Bounded by the depth limit under which the node was read.
    pub fn to_json(&self) -> serde_json::Value {
        match &self.value {
            Value::Null => serde_json::Value::Null,
            Value::Bool(value) => (*value).into(),
            Value::Number(number) => number.clone().into(),
            Value::String(text) => text.clone().into(),
            Value::Sequence(items) => items.iter().map(Self::to_json).collect(),
            Value::Mapping(entries) => {
                entries.iter().map(|entry| (entry.key.clone(), entry.value.to_json())).collect::<Map<_, _>>().into()
            }
        }
    }
}
