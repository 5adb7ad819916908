//! Values of a manifest, with a finding for each that is not what it has to be.

use std::str::FromStr;

use engine_yaml::{Entry, Node, Value, nearest};
use model::reference::DEFAULT_NAMESPACE;
use model::{EntityRef, Finding};

use crate::at::{At, Place};
use crate::rules::{self, PARSE, Rule, UNKNOWN_KEY};

/// A longer text is a mistake.
const LONGEST: usize = 2000;

pub struct Reader<'a> {
    pub file: &'a str,
    pub findings: Vec<Finding>,
}

impl Reader<'_> {
    pub fn error(&mut self, rule: &Rule, place: Place, message: impl Into<String>, help: impl Into<String>) {
        self.findings.push(rules::at(rule.found(message, help), self.file, place));
    }

    pub fn wrong(&mut self, place: Place, message: impl Into<String>, help: impl Into<String>) {
        self.error(&PARSE, place, message, help);
    }

    /// Whether `node` is a mapping; keys in it that are not `known` are errors.
    pub fn mapping(&mut self, path: &str, node: &Node, known: &[&'static str]) -> bool {
        let Value::Mapping(entries) = &node.value else {
            self.wrong(
                place(node),
                format!("`{path}` is {}, not a mapping.", shown(node)),
                "Write `key: value` lines.",
            );
            return false;
        };
        for entry in entries.iter().filter(|entry| !known.contains(&entry.key.as_str())) {
            let help = match nearest(&entry.key, known.iter().copied()) {
                Some(near) => format!("Did you mean `{near}`?"),
                None => format!("Known here are: {}.", known.join(", ")),
            };
            let message = format!("{:?} is no key of {}.", clipped(&entry.key), name(path));
            self.error(&UNKNOWN_KEY, key_place(entry), message, help);
        }
        true
    }

    /// The value of a key that must be there.
    pub fn required<'n>(&mut self, path: &str, node: &'n Node, key: &str) -> Option<&'n Node> {
        let found = node.get(key);
        if found.is_none() {
            self.wrong(place(node), format!("`{key}` is missing in {}.", name(path)), format!("Add `{key}:`."));
        }
        found
    }

    /// The items of a list. A list without items says nothing, which is an error where it `must` say something.
    pub fn list<'n>(&mut self, path: &str, node: &'n Node, must: bool) -> &'n [Node] {
        let Value::Sequence(items) = &node.value else {
            let help = "Write each item on its own line after `- `, or all in `[…]`.";
            self.wrong(place(node), format!("`{path}` is {}, not a list.", shown(node)), help);
            return &[];
        };
        if must && items.is_empty() {
            self.wrong(place(node), format!("`{path}` has no items."), "Add one, or remove the key.");
        }
        items
    }

    /// A text that is not empty.
    pub fn text(&mut self, path: &str, node: &Node) -> Option<At<String>> {
        let Some(text) = node.as_str() else {
            let help = match node.scalar_text() {
                Some(text) => format!("Put quotes around it: \"{text}\"."),
                None => "Write a text.".to_owned(),
            };
            self.wrong(place(node), format!("`{path}` is {}, not a text.", shown(node)), help);
            return None;
        };
        if text.trim().is_empty() {
            self.wrong(place(node), format!("`{path}` is empty."), "Write a text, or remove the key.");
            return None;
        }
        if text.chars().count() > LONGEST {
            let message = format!("`{path}` is longer than {LONGEST} characters.");
            self.wrong(place(node), message, "Write less, and link to the rest.");
            return None;
        }
        Some(At::new(text.to_owned(), node.line, node.column))
    }

    /// A text that can be read as a `T`, whose error says what to write.
    pub fn parsed<T: FromStr<Err: std::fmt::Display>>(&mut self, path: &str, node: &Node) -> Option<At<T>> {
        let text = self.text(path, node)?;
        match text.value.parse() {
            Ok(value) => Some(At { value, place: text.place }),
            Err(error) => {
                let error = error.to_string();
                let (what, help) = error.split_once(": ").unwrap_or((&error, "Mend the value"));
                self.wrong(text.place, format!("`{path}` is {:?}, {what}.", clipped(&text)), sentence(help));
                None
            }
        }
    }

    /// A text that `holds`, or else is not `wanted`.
    pub fn formed(&mut self, path: &str, node: &Node, holds: fn(&str) -> bool, wanted: &str) -> Option<At<String>> {
        let text = self.text(path, node)?;
        if holds(&text) {
            return Some(text);
        }
        self.wrong(text.place, format!("`{path}` is {:?}, which it cannot be.", clipped(&text)), sentence(wanted));
        None
    }

    /// One of some words.
    pub fn word<T: Copy>(&mut self, path: &str, node: &Node, words: &[(&'static str, T)]) -> Option<T> {
        let text = self.text(path, node)?;
        if let Some((_, value)) = words.iter().find(|(word, _)| *word == text.value) {
            return Some(*value);
        }
        let known = words.iter().map(|(word, _)| *word);
        let help = match nearest(&text, known.clone()) {
            Some(near) => format!("Did you mean `{near}`?"),
            None => format!("Write one of {}.", known.collect::<Vec<_>>().join(", ")),
        };
        self.wrong(text.place, format!("`{path}` cannot be {:?}.", clipped(&text)), help);
        None
    }

    /// A reference to an entity of that kind, which need not be written.
    pub fn reference(&mut self, path: &str, node: &Node, kind: &str) -> Option<At<EntityRef>> {
        let text = self.text(path, node)?;
        let help = format!("Write it as {kind}:<namespace>/<name>.");
        match EntityRef::parse(&text, Some(kind), DEFAULT_NAMESPACE) {
            Ok(value) if value.kind == kind && is_reference(&text) => Some(At { value, place: text.place }),
            Ok(value) if value.kind != kind => {
                self.wrong(text.place, format!("`{path}` is of kind {}, not {kind}.", value.kind), help);
                None
            }
            Ok(_) | Err(_) => {
                self.wrong(text.place, format!("`{path}` is {:?}, no reference.", clipped(&text)), help);
                None
            }
        }
    }

    pub fn boolean(&mut self, path: &str, node: &Node) -> Option<bool> {
        let value = node.as_bool();
        if value.is_none() {
            self.wrong(place(node), format!("`{path}` is {}.", shown(node)), "Write `true` or `false`.");
        }
        value
    }

    /// A whole number from 1 to `most`.
    pub fn count(&mut self, path: &str, node: &Node, most: u32) -> Option<u32> {
        let number = if let Value::Number(number) = &node.value { number.as_u64() } else { None };
        let count = number.and_then(|number| u32::try_from(number).ok()).filter(|count| (1..=most).contains(count));
        if count.is_none() {
            let help = format!("Write a whole number from 1 to {most}.");
            self.wrong(place(node), format!("`{path}` is {}.", shown(node)), help);
        }
        count
    }

    /// Each item of a list, with its path.
    pub fn each<'n, T>(
        &mut self,
        path: &str,
        node: &'n Node,
        must: bool,
        read: impl Fn(&mut Self, &str, &'n Node) -> Option<T>,
    ) -> Vec<T> {
        let items = self.list(path, node, must);
        let mut index = 0..;
        items.iter().filter_map(|item| read(self, &format!("{path}[{}]", index.next().unwrap_or(0)), item)).collect()
    }
}

/// Letters that no name of a catalog has would make one text of two references.
fn is_reference(text: &str) -> bool {
    text.len() <= 200 && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_.:/".contains(&byte))
}

pub fn place(node: &Node) -> Place {
    Place { line: node.line, column: node.column }
}

fn key_place(entry: &Entry) -> Place {
    Place { line: entry.line, column: entry.column }
}

fn name(path: &str) -> String {
    if path.is_empty() { "a manifest".to_owned() } else { format!("`{path}`") }
}

fn shown(node: &Node) -> String {
    match &node.value {
        Value::Null => "empty".to_owned(),
        Value::Bool(value) => format!("the boolean {value}"),
        Value::Number(number) => format!("the number {number}"),
        Value::String(text) => format!("{:?}", clipped(text)),
        Value::Sequence(_) => "a list".to_owned(),
        Value::Mapping(_) => "a mapping".to_owned(),
    }
}

pub fn clipped(text: &str) -> String {
    let clipped: String = text.chars().take(80).collect();
    if clipped.len() < text.len() { format!("{clipped}…") } else { clipped }
}

fn sentence(text: &str) -> String {
    let mut letters = text.chars();
    let first: String = letters.next().map(|letter| letter.to_uppercase().collect()).unwrap_or_default();
    format!("{first}{}.", letters.as_str())
}
