//! Keys that differ only in case: Backstage's `buildEntitySearch` (catalog-backend 4.0) flattens an entity to paths that
//! are compared without regard to case, and refuses one in which two of them then fall together.

use std::collections::HashMap;

use super::check::{Checker, place};
use crate::yaml::{Node, Value};

/// These are not flattened.
const SPECIAL: [&str; 7] =
    ["attachments", "relations", "status", "metadata.name", "metadata.namespace", "metadata.uid", "metadata.etag"];

struct Walk<'a, 'b> {
    checker: &'a mut Checker<'b>,
    /// Lower-case path → path as written.
    seen: HashMap<String, String>,
    items: std::collections::HashSet<String>,
}

pub fn check(checker: &mut Checker<'_>, root: &Node) {
    Walk { checker, seen: HashMap::new(), items: std::collections::HashSet::new() }.visit(
        String::new(),
        root,
        place(root),
    );
}

impl Walk<'_, '_> {
    fn visit(&mut self, path: String, node: &Node, at: (u32, u32)) {
        if SPECIAL.contains(&path.as_str()) {
            return;
        }
        match &node.value {
            Value::Mapping(entries) => {
                for entry in entries {
                    let below = if path.is_empty() { entry.key.clone() } else { format!("{path}.{}", entry.key) };
                    self.visit(below, &entry.value, (entry.line, entry.column));
                }
            }
            Value::Sequence(items) => {
                for item in items {
                    self.visit(path.clone(), item, place(item));
                    if let Some(text) = item.as_str() {
                        let below = format!("{path}.{text}");
                        if self.items.insert(below.to_lowercase()) {
                            self.leaf(below, place(item));
                        }
                    }
                }
            }
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => self.leaf(path, at),
        }
    }

    fn leaf(&mut self, path: String, at: (u32, u32)) {
        match self.seen.get(&path.to_lowercase()) {
            None => {
                self.seen.insert(path.to_lowercase(), path);
            }
            Some(first) if *first != path => {
                let message = format!("`{path}` and `{first}` differ only in case; Backstage refuses such an entity.");
                self.checker.error("casing", at, message, "Rename or remove one of the two.");
            }
            Some(_) => {}
        }
    }
}
