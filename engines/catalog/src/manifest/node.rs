//! TOML and JSON as the same located tree that YAML is read into, so that a manifest parser sees one shape.

use jsonc_parser::ast;
use jsonc_parser::{CollectOptions, ParseOptions, parse_to_ast};
use serde_json::Number;
use toml::Spanned;
use toml::de::{DeTable, DeValue};

use crate::yaml::{self, Entry, Node, Value};

/// Deeper than any manifest; what lies below is left out.
const DEPTH: usize = 40;

/// Where lines begin, to turn byte offsets into line numbers.
struct Lines(Vec<usize>);

impl Lines {
    fn new(text: &str) -> Self {
        let breaks = text.bytes().enumerate().filter(|&(_, byte)| byte == b'\n').map(|(at, _)| at + 1);
        Self(std::iter::once(0).chain(breaks).collect())
    }

    fn of(&self, offset: usize) -> u32 {
        u32::try_from(self.0.partition_point(|&start| start <= offset)).unwrap_or(u32::MAX)
    }
}

/// A TOML document; what is broken in it is left out.
pub fn toml(text: &str) -> Option<Node> {
    let lines = Lines::new(text);
    let (table, _) = DeTable::parse_recoverable(text);
    Some(toml_table(table.get_ref(), 1, &lines, DEPTH))
}

fn toml_table(table: &DeTable<'_>, line: u32, lines: &Lines, depth: usize) -> Node {
    let entries = table.iter().filter(|_| depth > 0).map(|(key, value)| {
        let line = lines.of(key.span().start);
        Entry { key: key.get_ref().to_string(), line, column: 1, value: toml_value(value, line, lines, depth - 1) }
    });
    node(line, Value::Mapping(entries.collect()))
}

fn toml_value(value: &Spanned<DeValue<'_>>, key_line: u32, lines: &Lines, depth: usize) -> Node {
    // A table that is written as a section has no place of its own: its key's is better.
    let own = lines.of(value.span().start);
    match value.get_ref() {
        DeValue::String(text) => node(own, Value::String(text.to_string())),
        DeValue::Integer(integer) => node(own, Value::String(integer.as_str().to_owned())),
        DeValue::Float(float) => node(own, Value::String(float.as_str().to_owned())),
        DeValue::Boolean(boolean) => node(own, Value::Bool(*boolean)),
        DeValue::Datetime(time) => node(own, Value::String(time.to_string())),
        DeValue::Array(items) => {
            let items = items.iter().filter(|_| depth > 0).map(|item| toml_value(item, own, lines, depth - 1));
            node(own, Value::Sequence(items.collect()))
        }
        DeValue::Table(table) => toml_table(table, key_line, lines, depth),
    }
}

/// The documents of a YAML file as tools other than strict parsers accept them: a bracket that closes a list may stand as
/// far to the left as the key that opened it.
pub fn yaml(text: &str) -> Option<Vec<Node>> {
    let limits = yaml::Limits::default();
    let documents = yaml::parse(text, &limits).or_else(|error| {
        let is_closing = |line: &str| matches!(line.trim().trim_end_matches(','), "]" | "}");
        if !text.lines().any(is_closing) {
            return Err(error);
        }
        let indented = text
            .lines()
            .map(|line| if is_closing(line) { format!("{:200}{}\n", "", line.trim()) } else { format!("{line}\n") });
        yaml::parse(&indented.collect::<String>(), &limits)
    });
    Some(documents.ok()?.into_iter().map(|document| document.root).collect())
}

/// A JSON document, with comments and trailing commas.
pub fn json(text: &str) -> Option<Node> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let lines = Lines::new(text);
    let parsed = parse_to_ast(text, &CollectOptions::default(), &ParseOptions::default()).ok()?;
    parsed.value.map(|value| json_value(&value, &lines, DEPTH))
}

fn json_value(value: &ast::Value<'_>, lines: &Lines, depth: usize) -> Node {
    use jsonc_parser::common::Ranged;
    let line = lines.of(value.range().start);
    let value = match value {
        ast::Value::StringLit(text) => Value::String(text.value.to_string()),
        ast::Value::NumberLit(number) => {
            number.value.parse::<Number>().map_or_else(|_| Value::String(number.value.to_string()), Value::Number)
        }
        ast::Value::BooleanLit(boolean) => Value::Bool(boolean.value),
        ast::Value::NullKeyword(_) => Value::Null,
        ast::Value::Array(array) => {
            let items = array.elements.iter().filter(|_| depth > 0);
            Value::Sequence(items.map(|item| json_value(item, lines, depth - 1)).collect())
        }
        ast::Value::Object(object) => {
            let entries = object.properties.iter().filter(|_| depth > 0).map(|property| Entry {
                key: property.name.as_str().to_owned(),
                line: lines.of(property.range.start),
                column: 1,
                value: json_value(&property.value, lines, depth - 1),
            });
            Value::Mapping(entries.collect())
        }
    };
    node(line, value)
}

fn node(line: u32, value: Value) -> Node {
    Node { line, column: 1, value }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn toml_and_json_know_their_lines() {
        let document = toml("[a]\nb = \"x\"\n\n[a.c]\nd = [1,\n 2]\n").unwrap();
        assert_eq!(document.at(&["a", "b"]).unwrap().line, 2);
        assert_eq!(document.at(&["a"]).unwrap().entry("c").unwrap().line, 4);
        assert_eq!(document.at(&["a", "c", "d"]).unwrap().items()[1].line, 6);
        let document = json("{\n // why\n \"a\": {\"b\":\n 1}}").unwrap();
        assert_eq!(document.at(&["a"]).unwrap().line, 3);
        assert_eq!(document.at(&["a", "b"]).unwrap().line, 4);
    }

    #[test]
    fn brackets_may_close_as_far_left_as_their_key() {
        let documents = yaml("a:\n  b: [\n    1\n  ]\n  c: 2\n").unwrap();
        assert_eq!(documents[0].at(&["a", "c"]).unwrap().line, 5);
        assert!(yaml("a: [").is_none());
    }

    #[test]
    fn what_is_deep_or_broken_ends_in_bounds() {
        for text in ["[".repeat(100_000), "a = ".to_owned() + &"[".repeat(100_000), "a.".repeat(50_000) + "a = 1"] {
            toml(&text);
        }
        for text in ["[".repeat(100_000), "{\"a\":".repeat(100_000), "\u{feff}{}".to_owned(), String::new()] {
            json(&text);
        }
    }
}
