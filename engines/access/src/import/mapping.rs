//! Where a company's own YAML says what.

use engine_yaml::{Limits, Node, Value};
use model::Findings;

use super::rows::{Row, documents};
use super::{FIELDS, MOST_RECORDS};
use crate::at::At;
use crate::manifest::read::unreadable;
use crate::manifest::reader::{Reader, place};

/// How each document of a format becomes grants.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mapping {
    /// To each grant, from the root of a document.
    each: Vec<String>,
    fields: Vec<(&'static str, From)>,
    /// Of a field: what the format calls it, and what it is called here.
    values: Vec<(&'static str, Vec<(String, String)>)>,
}

/// Where a field comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
enum From {
    /// `=text`: the same of all.
    Constant(At<String>),
    /// `@key`: the key below which the grant stands.
    Key,
    /// `/a.b`: from the root of the document.
    Root(Vec<String>),
    /// `a.b`: from the grant.
    Item(Vec<String>),
}

const LIMITS: Limits = Limits { bytes: 100_000, depth: 8, nodes: 10_000 };
/// A deeper path leads nowhere.
const MOST_STEPS: usize = 16;

impl Mapping {
    /// Reads a mapping; `file` names it in findings.
    ///
    /// # Errors
    /// All that is wrong with it.
    pub fn parse(file: &str, text: &str) -> Result<Self, Findings> {
        let documents =
            engine_yaml::parse(text, &LIMITS).map_err(|error| Findings::from(vec![unreadable(file, &error)]))?;
        let mut reader = Reader { file, findings: Vec::new() };
        let nothing = Node { line: 1, column: 1, value: Value::Null };
        let root = documents.first().map_or(&nothing, |document| &document.root);
        let mapping = Self::read(&mut reader, root);
        if reader.findings.is_empty() { Ok(mapping) } else { Err(reader.findings.into()) }
    }

    fn read(reader: &mut Reader<'_>, root: &Node) -> Self {
        let mut mapping = Self { each: Vec::new(), fields: Vec::new(), values: Vec::new() };
        if !reader.mapping("the mapping", root, &["each", "fields", "values"]) {
            return mapping;
        }
        if let Some(node) = root.get("each") {
            mapping.each = reader.text("each", node).map(|text| path(reader, &text)).unwrap_or_default();
        }
        if let Some(node) = reader.required("", root, "fields").filter(|node| reader.mapping("fields", node, &FIELDS)) {
            for field in FIELDS {
                let from = node.get(field).and_then(|node| reader.text(&format!("fields.{field}"), node));
                let from = from.map(|text| match text.value.as_bytes()[0] {
                    b'=' => From::Constant(At { value: text.value[1..].to_owned(), place: text.place }),
                    b'/' => From::Root(path(reader, &At { value: text.value[1..].to_owned(), place: text.place })),
                    _ if text.value == "@key" => From::Key,
                    _ => From::Item(path(reader, &text)),
                });
                mapping.fields.extend(from.map(|from| (field, from)));
            }
            for field in FIELDS.iter().take(6).filter(|field| node.get(field).is_none()) {
                let message = format!("`fields` does not say where `{field}` stands.");
                reader.wrong(place(node), message, "Write a path, or `=text` if it is the same of all.");
            }
        }
        if let Some(node) = root.get("values").filter(|node| reader.mapping("values", node, &FIELDS)) {
            for field in FIELDS {
                let entries = node.get(field).map(Node::entries).unwrap_or_default();
                let value = |entry: &engine_yaml::Entry| {
                    Some((entry.key.clone(), reader.text(&format!("values.{field}"), &entry.value)?.value))
                };
                let values: Vec<_> = entries.iter().filter_map(value).collect();
                mapping.values.push((field, values));
            }
        }
        mapping
    }

    pub(super) fn rows(&self, reader: &mut Reader<'_>, text: &str) -> Vec<Row> {
        let documents = documents(reader, text);
        let mut rows = Vec::new();
        for document in documents.iter().filter(|document| document.root.value != Value::Null) {
            let before = rows.len();
            for (key, item) in follow(&self.each, &document.root) {
                if rows.len() > MOST_RECORDS {
                    return rows;
                }
                rows.push(self.row(reader, &document.root, key, item));
            }
            if rows.len() == before {
                let message = format!("Nothing stands at `{}` in this document.", self.each.join("."));
                reader.wrong(place(&document.root), message, "Mend `each` of the mapping, or remove the document.");
            }
        }
        rows
    }

    fn row(&self, reader: &mut Reader<'_>, root: &Node, key: Option<&str>, item: &Node) -> Row {
        let mut row = Row::new(place(item));
        for (field, from) in &self.fields {
            match from {
                // It stands nowhere in the document: a finding shows where it is used.
                From::Constant(text) => self.add(reader, &mut row, field, &text_at(&text.value, item)),
                From::Key => {
                    if let Some(key) = key {
                        self.add(reader, &mut row, field, &text_at(key, item));
                    }
                }
                From::Root(path) => self.add_all(reader, &mut row, field, follow(path, root)),
                From::Item(path) => self.add_all(reader, &mut row, field, follow(path, item)),
            }
        }
        row
    }

    fn add_all(&self, reader: &mut Reader<'_>, row: &mut Row, field: &str, found: Vec<(Option<&str>, &Node)>) {
        for (_, node) in found {
            self.add(reader, row, field, node);
        }
    }

    fn add(&self, reader: &mut Reader<'_>, row: &mut Row, field: &str, node: &Node) {
        let values = self.values.iter().find(|(one, _)| *one == field).map(|(_, values)| values);
        let text = node.scalar_text();
        let ours = values.and_then(|values| values.iter().find(|(theirs, _)| Some(theirs) == text.as_ref()));
        match ours {
            Some((_, ours)) => row.add(field, text_at(ours, node)),
            None => row.add_all(reader, field, node),
        }
    }
}

fn text_at(text: &str, place: &Node) -> Node {
    Node { line: place.line, column: place.column, value: Value::String(text.to_owned()) }
}

fn path(reader: &mut Reader<'_>, text: &At<String>) -> Vec<String> {
    let steps: Vec<String> = text.value.split('.').map(str::to_owned).collect();
    if steps.len() > MOST_STEPS || steps.iter().any(String::is_empty) {
        let message = format!("{:?} is no path.", crate::manifest::reader::clipped(&text.value));
        reader.wrong(text.place, message, "Write keys with points between them, and `*` for each of them.");
    }
    steps
}

/// The values at the end of a path: `*` is each value of a mapping, and lists on the way are each of their items. With the
/// key at which the last `*` was.
fn follow<'n>(path: &[String], from: &'n Node) -> Vec<(Option<&'n str>, &'n Node)> {
    let mut found = vec![(None, from)];
    for step in path {
        let mut next = Vec::new();
        for (key, node) in found.into_iter().flat_map(|(key, node)| items(node).map(move |node| (key, node))) {
            match step.as_str() {
                "*" => next.extend(node.entries().iter().map(|entry| (Some(entry.key.as_str()), &entry.value))),
                step => next.extend(node.get(step).map(|node| (key, node))),
            }
        }
        found = next;
    }
    found.into_iter().flat_map(|(key, node)| items(node).map(move |node| (key, node))).collect()
}

fn items(node: &Node) -> impl Iterator<Item = &Node> {
    let (own, items) =
        if let Value::Sequence(items) = &node.value { (None, items.as_slice()) } else { (Some(node), &[][..]) };
    own.into_iter().chain(items)
}
