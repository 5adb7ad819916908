//! Collecting findings with their places, and the checks that every part of a descriptor shares.

use model::{Finding, Level};

use super::placeholder;
use super::schema::{Field, Shape};
use crate::yaml::{Entry, Node, Value};

/// Where findings gather while a document is checked.
pub struct Checker<'a> {
    /// What the ids of its rules begin with: `descriptor`.
    family: &'static str,
    pub file: &'a str,
    pub findings: Vec<Finding>,
}

/// A value on its way down: how to name it, and where to point when something in it is missing.
#[derive(Clone, Copy)]
pub struct Here<'a> {
    /// `spec.owner`, `metadata.links[0].url`
    pub path: &'a str,
    /// Line and column of its key, or of itself in a list.
    pub key: (u32, u32),
}

impl<'a> Checker<'a> {
    pub fn new(family: &'static str, file: &'a str) -> Self {
        Self { family, file, findings: Vec::new() }
    }

    pub fn error(&mut self, rule: &str, at: (u32, u32), message: impl Into<String>, help: impl Into<String>) {
        let rule = format!("{}.{rule}", self.family);
        self.findings.push(Finding::new(&rule, Level::Error, message, help).at(self.file, at.0, at.1));
    }

    pub fn warning(&mut self, rule: &str, at: (u32, u32), message: impl Into<String>, help: impl Into<String>) {
        let rule = format!("{}.{rule}", self.family);
        self.findings.push(Finding::new(&rule, Level::Warning, message, help).at(self.file, at.0, at.1));
    }

    pub fn errors(&self) -> usize {
        self.findings.iter().filter(|finding| finding.level == Level::Error).count()
    }

    /// Checks `node` against `shape` and says whether it holds.
    pub fn shape(&mut self, here: Here<'_>, node: &Node, shape: &Shape) -> bool {
        if let Some(found) = placeholder::of(node) {
            return self.placeholder(here, node, found, shape);
        }
        match shape {
            Shape::Text => self.text(here, node) && self.not_empty(here, node),
            Shape::AnyText => self.text(here, node),
            Shape::Condition => {
                let right = matches!(node.value, Value::String(_) | Value::Bool(_));
                right || self.wrong_type(here, node, "a string, true or false")
            }
            Shape::Word(words) => self.word(here, node, words),
            Shape::Object(fields) => self.object(here, node, fields, false),
            Shape::Texts(fields) => self.object(here, node, fields, true),
            Shape::List(item) => self.list(here, node, item),
            Shape::FilledList(item) => self.list(here, node, item) && self.filled(here, node),
            Shape::ObjectOrList { object, item } => match node.value {
                Value::Mapping(_) => self.object(here, node, object, false),
                Value::Sequence(_) => self.list(here, node, &Shape::Object(item)),
                _ => self.wrong_type(here, node, "a mapping or a list of mappings"),
            },
            Shape::Anything => true,
        }
    }

    /// `$json` and `$yaml` may become anything, `$text` becomes a string.
    fn placeholder(&mut self, here: Here<'_>, node: &Node, found: placeholder::Found<'_>, shape: &Shape) -> bool {
        let Some(kind) = found.kind() else {
            let message = format!("`{}` is a placeholder without a text to say what to read.", here.path);
            self.error("placeholder", place(node), message, "Write a path or an address after it.");
            return false;
        };
        let text = matches!(shape, Shape::Text | Shape::AnyText | Shape::Condition | Shape::Word(_) | Shape::Anything);
        text || !kind.is_text() || self.wrong_type(here, node, expected(shape))
    }

    pub fn text(&mut self, here: Here<'_>, node: &Node) -> bool {
        matches!(node.value, Value::String(_)) || self.wrong_type(here, node, "a string")
    }

    pub fn not_empty(&mut self, here: Here<'_>, node: &Node) -> bool {
        if node.as_str() != Some("") {
            return true;
        }
        let help = "Write a value, or remove the key if it may be missing.";
        self.error("empty", place(node), format!("`{}` is empty.", here.path), help);
        false
    }

    fn filled(&mut self, here: Here<'_>, node: &Node) -> bool {
        if !node.items().is_empty() {
            return true;
        }
        self.error("empty", place(node), format!("`{}` has no items.", here.path), "Add at least one.");
        false
    }

    fn word(&mut self, here: Here<'_>, node: &Node, words: &[&str]) -> bool {
        if node.as_str().is_some_and(|text| words.contains(&text)) {
            return true;
        }
        let choice = words.iter().map(|word| format!("`{word}`")).collect::<Vec<_>>().join(" or ");
        let message = format!("`{}` is {}; it can only be {choice}.", here.path, shown(node));
        self.error("value", place(node), message, format!("Write {choice}."));
        false
    }

    pub fn wrong_type(&mut self, here: Here<'_>, node: &Node, wanted: &str) -> bool {
        let message = format!("`{}` is {}, not {wanted}.", here.path, shown(node));
        let help = match (&node.value, wanted) {
            (Value::Number(_) | Value::Bool(_), wanted) if wanted.starts_with("a string") => {
                format!("Put quotes around it: \"{}\".", node.scalar_text().unwrap_or_default())
            }
            (Value::Null, _) => format!("Write {wanted}, or remove the key if it may be missing."),
            (Value::String(_), wanted) if wanted.starts_with("a list") => {
                "Write each item on its own line, after `- `.".to_owned()
            }
            _ => format!("Write {wanted} here."),
        };
        self.error("type", place(node), message, help);
        false
    }

    fn list(&mut self, here: Here<'_>, node: &Node, item: &Shape) -> bool {
        let Value::Sequence(items) = &node.value else {
            let wanted = if matches!(item, Shape::Text | Shape::AnyText) { "a list of strings" } else { "a list" };
            return self.wrong_type(here, node, wanted);
        };
        let mut holds = true;
        for (index, value) in items.iter().enumerate() {
            let path = format!("{}[{index}]", here.path);
            holds &= self.shape(Here { path: &path, key: place(value) }, value, item);
        }
        holds
    }

    fn object(&mut self, here: Here<'_>, node: &Node, fields: &[Field], texts: bool) -> bool {
        let Value::Mapping(entries) = &node.value else { return self.wrong_type(here, node, "a mapping") };
        let mut holds = true;
        for field in fields {
            match node.entry(field.key) {
                Some(entry) => {
                    let path = format!("{}.{}", here.path, field.key);
                    holds &= self.shape(Here { path: &path, key: key_place(entry) }, &entry.value, &field.shape);
                }
                None if field.required => holds &= self.missing(here, field.key, &field.shape),
                None => {}
            }
        }
        for entry in entries.iter().filter(|entry| texts && fields.iter().all(|field| field.key != entry.key)) {
            let path = format!("{}.{}", here.path, entry.key);
            holds &= self.shape(Here { path: &path, key: key_place(entry) }, &entry.value, &Shape::AnyText);
        }
        holds
    }

    /// Says that `key` is missing below `here`, at the place of the key above.
    pub fn missing(&mut self, here: Here<'_>, key: &str, shape: &Shape) -> bool {
        let example = match (key, shape) {
            (_, Shape::List(_)) => format!("{key}: []"),
            ("lifecycle", _) => "lifecycle: production".to_owned(),
            ("owner", _) => "owner: group:…".to_owned(),
            _ => format!("{key}: …"),
        };
        let message = format!("`{}.{key}` is missing.", here.path);
        self.error("required", here.key, message, format!("Add `{example}` below `{}`.", here.path));
        false
    }
}

fn expected(shape: &Shape) -> &'static str {
    match shape {
        Shape::List(_) | Shape::FilledList(_) => "a list",
        Shape::Object(_) | Shape::Texts(_) => "a mapping",
        Shape::ObjectOrList { .. } => "a mapping or a list of mappings",
        Shape::Text | Shape::AnyText | Shape::Condition | Shape::Word(_) | Shape::Anything => "a string",
    }
}

pub fn place(node: &Node) -> (u32, u32) {
    (node.line, node.column)
}

pub fn key_place(entry: &Entry) -> (u32, u32) {
    (entry.line, entry.column)
}

/// A value as messages name it.
pub fn shown(node: &Node) -> String {
    match &node.value {
        Value::Null => "empty".to_owned(),
        Value::Bool(value) => format!("the boolean {value}"),
        Value::Number(number) => format!("the number {number}"),
        Value::String(text) => quoted(text),
        Value::Sequence(_) => "a list".to_owned(),
        Value::Mapping(_) => "a mapping".to_owned(),
    }
}

/// A text in quotes, without control characters and not too long for a message.
pub fn quoted(text: &str) -> String {
    let clipped: String = text.chars().take(80).collect();
    let more = if clipped.len() < text.len() { "…" } else { "" };
    format!("{:?}", format!("{clipped}{more}"))
}
