//! Grants as their source has them, before they are understood; and JSON.

use engine_yaml::{Document, Limits, Node, Value};

use super::{FIELDS, MOST_BYTES, MOST_RECORDS};
use crate::at::Place;
use crate::manifest::read::unreadable;
use crate::manifest::reader::{Reader, place};

/// What stands in one place of a source.
pub struct Row {
    pub place: Place,
    /// Of each of [`FIELDS`]; texts only, and none that is empty.
    fields: [Vec<Node>; FIELDS.len()],
}

impl Row {
    pub fn new(place: Place) -> Self {
        Self { place, fields: Default::default() }
    }

    pub fn values(&self, field: &str) -> &[Node] {
        position(field).map_or(&[], |at| &self.fields[at])
    }

    pub fn add(&mut self, field: &str, node: Node) {
        let is_empty = node.as_str().is_none_or(|text| text.trim().is_empty());
        if let (false, Some(at)) = (is_empty, position(field)) {
            self.fields[at].push(node);
        }
    }

    /// Adds a value, or each of a list; what is neither text nor number nor a list of those is said to be wrong.
    pub fn add_all(&mut self, reader: &mut Reader<'_>, field: &str, node: &Node) {
        match &node.value {
            Value::Null => {}
            Value::Sequence(items) => {
                for item in items {
                    match &item.value {
                        Value::Sequence(_) | Value::Mapping(_) | Value::Null => self.not_a_text(reader, field, item),
                        _ => self.add_all(reader, field, item),
                    }
                }
            }
            Value::Mapping(_) => self.not_a_text(reader, field, node),
            Value::String(_) | Value::Number(_) | Value::Bool(_) => {
                let text = Value::String(node.scalar_text().unwrap_or_default());
                self.add(field, Node { line: node.line, column: node.column, value: text });
            }
        }
    }

    #[allow(clippy::unused_self, reason = "reads as the other way to add")]
    fn not_a_text(&self, reader: &mut Reader<'_>, field: &str, node: &Node) {
        reader.wrong(place(node), format!("`{field}` is neither a text nor a list of texts."), "Write a text.");
    }
}

fn position(field: &str) -> Option<usize> {
    FIELDS.iter().position(|one| *one == field)
}

const LIMITS: Limits = Limits { bytes: MOST_BYTES, depth: 32, nodes: 2_000_000 };

/// The documents of a text, of which each value knows its place. JSON is YAML too.
pub fn documents(reader: &mut Reader<'_>, text: &str) -> Vec<Document> {
    engine_yaml::parse(text, &LIMITS).unwrap_or_else(|error| {
        reader.findings.push(unreadable(reader.file, &error));
        Vec::new()
    })
}

/// The rows of a list of objects whose keys are our own fields.
pub fn plain(reader: &mut Reader<'_>, text: &str) -> Vec<Row> {
    let documents = documents(reader, text);
    let Some(root) = documents.first().map(|document| &document.root) else { return Vec::new() };
    let list = match root.get("grants") {
        Some(grants) if reader.mapping("the file", root, &["schema", "grants"]) => grants,
        _ => root,
    };
    let mut rows = Vec::new();
    for item in reader.list("grants", list, false).iter().take(MOST_RECORDS + 1) {
        if !reader.mapping("grant", item, &FIELDS) {
            continue;
        }
        let mut row = Row::new(place(item));
        for entry in item.entries() {
            row.add_all(reader, &entry.key, &entry.value);
        }
        rows.push(row);
    }
    rows
}
