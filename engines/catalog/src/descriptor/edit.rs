//! Changing one value of a descriptor and nothing else: comments, order, quotes and line ends stay as they are.
//!
//! There is no second writer of YAML here: the text is edited where the parser says that something stands, and what came
//! of it is read again. An edit that would change anything else is none.

use model::EntityRef;
use model::reference::DEFAULT_NAMESPACE;
use model::{Finding, Level};
use serde_json::{Map, Value as Json, json};

use crate::yaml::{self, Document, Entry, Limits, Node, Value};

/// Keys after which a new one stands well.
const BEFORE: [&str; 3] = ["owner", "lifecycle", "type"];

/// The text of `spec.<key>` of an entity in a descriptor; `None` where it does not stand there, or is no single value.
pub fn spec_text(text: &str, reference: &EntityRef, key: &str) -> Option<String> {
    let (documents, _) = yaml::parse_all(text, &Limits::default());
    let document = documents.iter().find(|document| is(document, reference))?;
    document.root.get("spec")?.get(key)?.scalar_text()
}

/// The descriptor with `spec.<key>` of one of its entities set.
///
/// # Errors
/// A finding without a file, when the text cannot be read, does not hold the entity, or is written so that only a person
/// can change it.
pub fn set_spec(text: &str, reference: &EntityRef, key: &str, value: &str) -> Result<String, Finding> {
    let documents = yaml::parse(text, &Limits::default()).map_err(|error| error.finding(""))?;
    let at = documents.iter().position(|document| is(document, reference));
    let at = at.ok_or_else(|| by_hand(1, &format!("{reference} is not in it"), "Sync its source first."))?;
    let root = &documents[at].root;
    let wanted = wanted(&documents, at, key, value);
    let found =
        candidates(text, root, key, value).into_iter().find(|candidate| read(candidate).as_ref() == Some(&wanted));
    let help = format!("Write {key}: {value} below its spec by hand.");
    found.ok_or_else(|| {
        by_hand(root.line, &format!("spec.{key} is written in a way that cannot be edited safely"), &help)
    })
}

/// The descriptor with one more document at its end.
///
/// # Errors
/// As [`set_spec`].
pub fn append(text: &str, document: &str) -> Result<String, Finding> {
    let before = yaml::parse(text, &Limits::default()).map_err(|error| error.finding(""))?;
    let mut wanted: Vec<Json> = values(&before);
    wanted.extend(read(document).unwrap_or_default());
    let end = if text.contains("\r\n") { "\r\n" } else { "\n" };
    let document = document.replace('\n', end);
    let gap = if text.is_empty() || text.ends_with('\n') { "" } else { end };
    let separator = if values(&before).is_empty() { String::new() } else { format!("---{end}") };
    let appended = format!("{text}{gap}{separator}{document}");
    match read(&appended) {
        Some(after) if after == wanted => Ok(appended),
        _ => Err(by_hand(1, "another document cannot be put at its end", "Add it by hand.")),
    }
}

fn by_hand(line: u32, what: &str, help: &str) -> Finding {
    Finding::new("descriptor.edit", Level::Error, what, help).at("", line, 0)
}

/// Whether a document is that of an entity.
fn is(document: &Document, reference: &EntityRef) -> bool {
    let text = |node: Option<&Node>| node.and_then(Node::scalar_text);
    let metadata = document.root.get("metadata");
    let (kind, name) = (text(document.root.get("kind")), text(metadata.and_then(|node| node.get("name"))));
    let namespace = text(metadata.and_then(|node| node.get("namespace")));
    match (kind, name) {
        (Some(kind), Some(name)) => {
            EntityRef::new(kind, namespace.as_deref().unwrap_or(DEFAULT_NAMESPACE), name) == *reference
        }
        _ => false,
    }
}

/// What is read in the end: everything as before, but for the one value.
fn wanted(documents: &[Document], at: usize, key: &str, value: &str) -> Vec<Json> {
    let mut all: Vec<Json> = documents.iter().map(|document| document.root.to_json()).collect();
    if let Some(Json::Object(root)) = all.get_mut(at) {
        let spec = root.entry("spec").or_insert(Json::Null);
        if spec.is_null() {
            *spec = Json::Object(Map::new());
        }
        if let Json::Object(spec) = spec {
            spec.insert(key.to_owned(), json!(value));
        }
    }
    all.retain(|document| !document.is_null());
    all
}

fn read(text: &str) -> Option<Vec<Json>> {
    yaml::parse(text, &Limits::default()).ok().map(|documents| values(&documents))
}

/// Documents that say something.
fn values(documents: &[Document]) -> Vec<Json> {
    documents.iter().map(|document| document.root.to_json()).filter(|value| !value.is_null()).collect()
}

/// Texts that may be what is wanted, the most natural first.
fn candidates(text: &str, root: &Node, key: &str, value: &str) -> Vec<String> {
    let editor = Editor::new(text);
    let plain = yaml::emit(&json!(value)).trim_end().to_owned();
    let Some(spec) = root.entry("spec") else { return editor.new_spec(root, key, &plain) };
    let Some(first) = spec.value.entries().first() else { return editor.first_of_spec(spec, root, key, &plain) };
    if let Some(entry) = spec.value.entry(key) {
        return [false, true].into_iter().filter_map(|flow| editor.replaced(entry, value, &plain, flow)).collect();
    }
    let mut candidates = Vec::new();
    if editor.is_block(first) {
        let indent = " ".repeat(first.column.saturating_sub(1) as usize);
        let line = format!("{indent}{key}: {plain}");
        for name in BEFORE {
            if let Some(entry) = spec.value.entry(name) {
                candidates.push(editor.with_line(entry.line as usize, &line));
            }
        }
        candidates.push(editor.with_line(first.line.saturating_sub(1) as usize, &line));
    } else {
        candidates.extend(editor.inserted(first.line, first.column, &format!("{key}: {plain}, ")));
    }
    candidates
}

struct Editor<'a> {
    /// With their ends.
    lines: Vec<&'a str>,
    end: &'static str,
}

impl<'a> Editor<'a> {
    fn new(text: &'a str) -> Self {
        let end = if text.contains("\r\n") { "\r\n" } else { "\n" };
        Self { lines: text.split_inclusive('\n').collect(), end }
    }

    /// The line and where in it a column is, in bytes.
    fn place(&self, line: u32, column: u32) -> Option<(usize, usize)> {
        let at = (line as usize).checked_sub(1)?;
        let text = self.lines.get(at)?;
        let byte = text.char_indices().nth((column as usize).checked_sub(1)?).map_or(text.len(), |(byte, _)| byte);
        Some((at, byte))
    }

    /// Whether a key stands at the beginning of its line.
    fn is_block(&self, entry: &Entry) -> bool {
        self.place(entry.line, entry.column).is_some_and(|(at, byte)| self.lines[at][..byte].trim().is_empty())
    }

    /// With another line after so many.
    fn with_line(&self, after: usize, line: &str) -> String {
        let after = after.min(self.lines.len());
        let before = self.lines[..after].concat();
        let gap = if before.is_empty() || before.ends_with('\n') { "" } else { self.end };
        format!("{before}{gap}{line}{}{}", self.end, self.lines[after..].concat())
    }

    fn inserted(&self, line: u32, column: u32, text: &str) -> Option<String> {
        let (at, byte) = self.place(line, column)?;
        Some(self.with(at, &format!("{}{text}{}", &self.lines[at][..byte], &self.lines[at][byte..])))
    }

    /// With another text for one line.
    fn with(&self, at: usize, line: &str) -> String {
        [&self.lines[..at].concat(), line, &self.lines[at + 1..].concat()].concat()
    }

    /// With another value for a key, on the key's own line.
    fn replaced(&self, entry: &Entry, value: &str, plain: &str, flow: bool) -> Option<String> {
        let (at, key) = self.place(entry.line, entry.column)?;
        let line = self.lines[at];
        let colon = key + key_length(&line[key..])?;
        let begin = colon + 1 + line[colon + 1..].len() - line[colon + 1..].trim_start_matches([' ', '\t']).len();
        let body = line.trim_end_matches(['\n', '\r']);
        let begin = begin.min(body.len());
        let old = &body[begin..];
        let length = value_length(old, flow);
        let new = match old.chars().next() {
            Some(quote @ ('"' | '\'')) if !value.contains(['"', '\'', '\\']) => format!("{quote}{value}{quote}"),
            _ => plain.to_owned(),
        };
        let space = if begin == colon + 1 { " " } else { "" };
        // What is empty before a comment keeps its distance to it.
        let after = if length == 0 && !old.is_empty() { " " } else { "" };
        Some(self.with(at, &format!("{}{space}{new}{after}{}", &line[..begin], &line[begin + length..])))
    }

    /// With the first key of a `spec` that is there and empty.
    fn first_of_spec(&self, spec: &Entry, root: &Node, key: &str, plain: &str) -> Vec<String> {
        let (Value::Null | Value::Mapping(_)) = &spec.value.value else { return Vec::new() };
        let indent = " ".repeat(indent(root));
        let line = format!("{indent}{key}: {plain}");
        let mut candidates = vec![self.with_line(spec.line as usize, &line)];
        if let Some((at, _)) = self.place(spec.line, spec.column) {
            let without = self.lines[at].replacen("{}", "", 1).replacen("null", "", 1).replacen('~', "", 1);
            let without = format!("{}{}", without.trim_end(), self.end);
            candidates.push(self.with(at, &format!("{without}{line}{}", self.end)));
        }
        candidates
    }

    /// With a `spec` at the end of its document.
    fn new_spec(&self, root: &Node, key: &str, plain: &str) -> Vec<String> {
        let begin = root.line.saturating_sub(1) as usize;
        let is_end = |line: &&str| line.starts_with("---") || line.starts_with("...");
        let next = self.lines.iter().skip(begin).position(is_end);
        let end = next.map_or(self.lines.len(), |after| begin + after);
        let line = format!("spec:{}{}{key}: {plain}", self.end, " ".repeat(indent(root)));
        vec![self.with_line(end, &line)]
    }
}

/// By how much what is below `metadata` is indented.
fn indent(root: &Node) -> usize {
    let first = root.get("metadata").and_then(|metadata| metadata.entries().first());
    first.map_or(2, |entry| (entry.column as usize).saturating_sub(1)).clamp(1, 8)
}

/// How far the colon is from where a key begins.
fn key_length(text: &str) -> Option<usize> {
    match text.chars().next()? {
        quote @ ('"' | '\'') => {
            let end = text[1..].find(quote)? + 2;
            Some(end + text[end..].find(':')?)
        }
        _ => text.find(':'),
    }
}

/// How long the value is with which a text begins.
fn value_length(text: &str, flow: bool) -> usize {
    match text.chars().next() {
        Some('"') => closing(text, |before| before.ends_with('\\')),
        Some('\'') => closing(text, |_| false),
        // Only a comment.
        Some('#') => 0,
        _ => {
            let mut end = text.find(" #").unwrap_or(text.len());
            if flow {
                end = text[..end].find([',', '}', ']']).unwrap_or(end);
            }
            text[..end].trim_end().len()
        }
    }
}

fn closing(text: &str, is_escaped: impl Fn(&str) -> bool) -> usize {
    let quote = &text[..1];
    let ends = text.match_indices(quote).skip(1);
    ends.into_iter().find(|(at, _)| !is_escaped(&text[..*at])).map_or(text.len(), |(at, _)| at + 1)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    fn set(text: &str, value: &str) -> Result<String, Finding> {
        set_spec(text, &EntityRef::new("component", "default", "shop"), "owner", value)
    }

    fn of(spec: &str) -> String {
        format!("kind: Component\nmetadata:\n  name: shop # ours\n{spec}")
    }

    #[test]
    fn one_value_changes_and_nothing_else_does() {
        let table = [
            ("spec:\n  owner: old # since 2019\n  type: x\n", "spec:\n  owner: team-b # since 2019\n  type: x\n"),
            ("spec:\n  owner: \"old\"\n", "spec:\n  owner: \"team-b\"\n"),
            ("spec:\n  'owner':   'old'  # x\n", "spec:\n  'owner':   'team-b'  # x\n"),
            ("spec:\n  owner:\n  type: x\n", "spec:\n  owner: team-b\n  type: x\n"),
            ("spec:\n  owner: # nobody\n", "spec:\n  owner: team-b # nobody\n"),
            ("spec: {type: x, owner: old, lifecycle: y}\n", "spec: {type: x, owner: team-b, lifecycle: y}\n"),
            ("spec: {type: x}\n", "spec: {owner: team-b, type: x}\n"),
            (
                "spec:\n    type: x # a\n    lifecycle: y\n",
                "spec:\n    type: x # a\n    lifecycle: y\n    owner: team-b\n",
            ),
            ("spec:\n  # what\n  dependsOn:\n    - a\n", "spec:\n  # what\n  owner: team-b\n  dependsOn:\n    - a\n"),
            ("spec:\n", "spec:\n  owner: team-b\n"),
            ("spec: {}\n", "spec:\n  owner: team-b\n"),
            ("", "spec:\n  owner: team-b\n"),
            ("spec:\n  type: x", "spec:\n  type: x\n  owner: team-b\n"),
        ];
        for (before, after) in table {
            assert_eq!(set(&of(before), "team-b").unwrap(), of(after), "{before}");
            let windows = |text: &str| of(text).replace('\n', "\r\n");
            if before.ends_with('\n') {
                assert_eq!(set(&windows(before), "team-b").unwrap(), windows(after), "{before} with \\r\\n");
            }
        }
    }

    #[test]
    fn the_right_one_of_several_documents_is_changed() {
        let other = "kind: API\nmetadata:\n  name: shop\nspec:\n  owner: old\n";
        let text = format!("# first\n{other}---\n{}---\n{other}", of("spec:\n  owner: old\n"));
        let changed = set(&text, "user:jane").unwrap();
        assert_eq!(changed, format!("# first\n{other}---\n{}---\n{other}", of("spec:\n  owner: user:jane\n")));
        let without = format!("{}---\n{other}", of(""));
        assert_eq!(set(&without, "a").unwrap(), format!("{}---\n{other}", of("spec:\n  owner: a\n")));
        let json = r#"{"kind": "Component", "metadata": {"name": "shop"}, "spec": {"owner": "old"}}"#;
        assert_eq!(set(json, "new").unwrap(), json.replace("old", "new"));
    }

    #[test]
    fn what_cannot_be_changed_alone_is_left_to_a_person() {
        for spec in [
            "spec:\n  owner: &team old\n  other: *team\n",
            "spec:\n  owner: >-\n    folded\n    text\n",
            "spec: text\n",
        ] {
            let refused = set(&of(spec), "team-b").unwrap_err();
            assert_eq!((refused.rule.as_str(), refused.line), ("descriptor.edit", 1), "{spec}: {refused:?}");
        }
        assert!(set("kind: Component\nmetadata:\n  name: other\n", "x").is_err());
        assert_eq!(set("a: [", "x").unwrap_err().rule, "yaml.syntax");
    }

    #[test]
    fn a_document_is_put_at_the_end() {
        let table = [
            ("", "b: 1\n"),
            ("a: 1", "a: 1\n---\nb: 1\n"),
            ("a: 1\n", "a: 1\n---\nb: 1\n"),
            ("# no\n", "# no\nb: 1\n"),
        ];
        for (before, after) in table {
            assert_eq!(append(before, "b: 1\n").unwrap(), after);
        }
        assert!(append("a: [", "b: 1\n").is_err());
    }

    #[test]
    fn values_are_read_as_they_stand() {
        let shop = EntityRef::new("component", "default", "shop");
        assert_eq!(spec_text(&of("spec:\n  owner: team-a\n"), &shop, "owner").as_deref(), Some("team-a"));
        assert_eq!(spec_text(&of(""), &shop, "owner"), None);
    }
}
