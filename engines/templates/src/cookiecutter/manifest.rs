//! `cookiecutter.json`: variables in their order, and where each stands.

use std::collections::BTreeMap;

use model::{Finding, Findings, Level};
use serde_json::{Map, Value};

use super::one;

/// The most that is read.
const BYTES: usize = 4 << 20;

/// A template's variables, before anything is rendered.
#[derive(Clone, Debug)]
pub struct Manifest {
    pub path: String,
    pub variables: Map<String, Value>,
    /// What people are asked (`__prompts__`), which is no variable.
    pub prompts: Map<String, Value>,
    places: BTreeMap<String, (u32, u32)>,
}

impl Manifest {
    /// # Errors
    /// No JSON, or no object.
    pub fn read(path: &str, content: &[u8]) -> Result<Self, Findings> {
        let invalid = |message: String, line: usize, column: usize| {
            let help = "a template's variables are one JSON object: names, and their defaults";
            one(Finding::new("template.json", Level::Error, message, help).at(path, line as u32, column as u32))
        };
        if content.len() > BYTES {
            return Err(invalid(format!("the file is longer than {} MB", BYTES >> 20), 0, 0));
        }
        let text = std::str::from_utf8(content).map_err(|error| {
            let before = &content[..error.valid_up_to()];
            let line = before.iter().filter(|byte| **byte == b'\n').count() + 1;
            invalid("the file is no UTF-8".to_owned(), line, 0)
        })?;
        let value: Value = serde_json::from_str(text).map_err(|error| {
            let whole = error.to_string();
            let message = whole.split(" at line ").next().unwrap_or(&whole);
            invalid(format!("the file is no JSON: {message}"), error.line(), error.column())
        })?;
        let Value::Object(mut variables) = value else {
            return Err(invalid("the file holds no JSON object".to_owned(), 1, 1));
        };
        let prompts = match variables.shift_remove("__prompts__") {
            Some(Value::Object(prompts)) => prompts,
            _ => Map::new(),
        };
        Ok(Self { path: path.to_owned(), variables, prompts, places: places(text) })
    }

    /// A finding about a variable, or about a part of it.
    pub fn finding(&self, rule: &str, keys: &[&str], message: impl Into<String>, help: impl Into<String>) -> Finding {
        let (line, column) = self.place(keys);
        Finding::new(rule, Level::Error, message, help).at(self.path.clone(), line, column)
    }

    /// Line and column of a variable, or of a part of it.
    pub fn place(&self, keys: &[&str]) -> (u32, u32) {
        self.places.get(&keys.join("\0")).copied().unwrap_or_default()
    }

    pub fn texts(&self, key: &str) -> Vec<String> {
        match self.variables.get(key) {
            Some(Value::Array(items)) => {
                items.iter().map(|item| item.as_str().map_or_else(|| item.to_string(), str::to_owned)).collect()
            }
            // Python iterates over the characters of a text.
            Some(Value::String(text)) => text.chars().map(String::from).collect(),
            _ => Vec::new(),
        }
    }
}

/// Where each key and each item of a list stands: JSON is YAML, and our parser of that knows the places.
fn places(text: &str) -> BTreeMap<String, (u32, u32)> {
    let mut found = BTreeMap::new();
    let limits = engine_yaml::Limits { bytes: BYTES, ..engine_yaml::Limits::default() };
    let (documents, _) = engine_yaml::parse_all(text, &limits);
    if let Some(document) = documents.first() {
        collect(&document.root, "", &mut found);
    }
    found
}

fn collect(node: &engine_yaml::Node, path: &str, found: &mut BTreeMap<String, (u32, u32)>) {
    let below = |key: &str| if path.is_empty() { key.to_owned() } else { format!("{path}\0{key}") };
    for entry in node.entries() {
        let path = below(&entry.key);
        found.insert(path.clone(), (entry.line, entry.column));
        collect(&entry.value, &path, found);
    }
    for (at, item) in node.items().iter().enumerate() {
        let path = below(&at.to_string());
        found.insert(path.clone(), (item.line, item.column));
        collect(item, &path, found);
    }
}
