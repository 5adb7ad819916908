//! Entities and corrections as files that can be committed.

use std::collections::{BTreeMap, HashMap};

use model::Entity;
use model::catalog::{CatalogEntity, CatalogRow, Correction};
use serde_json::{Map, Value};

/// The entity as one YAML document.
pub fn descriptor(entity: &Entity) -> String {
    let mut entity = entity.clone();
    entity.relations.clear();
    match serde_json::to_value(&entity) {
        Ok(value) => yaml(&without_nulls(value)),
        Err(_) => String::new(),
    }
}

/// Corrections as `slipway.overrides.yaml`: one rule for every folder. Rejections have no form there: they become
/// comments.
pub fn overrides(
    corrections: &[Correction],
    entities: &[(CatalogRow, CatalogEntity)],
    names: &HashMap<String, String>,
) -> String {
    let mut rules: BTreeMap<(&str, &str), Map<String, Value>> = BTreeMap::new();
    let mut notes = Vec::new();
    for correction in corrections {
        let known = entities.iter().find(|(row, _)| row.reference == correction.reference);
        let place =
            known.and_then(|(_, known)| Some((names.get(known.repository.as_ref()?)?.as_str(), known.path.as_str())));
        let key = correction.field.rsplit('/').next().unwrap_or_default();
        match (place, &correction.value) {
            (Some(place), Some(value)) => {
                rules.entry(place).or_default().insert(key.to_owned(), Value::String(value.clone()));
            }
            (None, Some(value)) => {
                notes.push(format!("# {}: {key} {value}, in no repository that is known", correction.reference))
            }
            (_, None) => notes.push(format!("# {}: what was guessed for its {key} was rejected", correction.reference)),
        }
    }
    notes.sort_unstable();
    let rules: Vec<Value> = rules.into_iter().map(|((repository, path), set)| rule(repository, path, set)).collect();
    let mut text = String::from("# Corrections made in Slipway. Commit this file at the root of any repository.\n");
    for note in notes {
        text.push_str(&note.replace(char::is_control, " "));
        text.push('\n');
    }
    let mut document = Map::new();
    document.insert("overrides".to_owned(), Value::Array(rules));
    text + &yaml(&Value::Object(document))
}

fn rule(repository: &str, path: &str, set: Map<String, Value>) -> Value {
    let mut rule = Map::new();
    rule.insert("repositories".to_owned(), Value::Array(vec![escaped(repository)]));
    rule.insert("paths".to_owned(), Value::Array(vec![if path.is_empty() { ".".into() } else { escaped(path) }]));
    rule.extend(set);
    Value::Object(rule)
}

/// A glob that matches only this text.
fn escaped(text: &str) -> Value {
    let mut glob = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '*' | '?' | '[' | ']' | '{' | '}' => glob.extend(['[', c, ']']),
            '\\' => glob.push_str("\\\\"),
            _ => glob.push(c),
        }
    }
    Value::String(glob)
}

fn without_nulls(value: Value) -> Value {
    match value {
        Value::Array(values) => {
            Value::Array(values.into_iter().filter(|value| !value.is_null()).map(without_nulls).collect())
        }
        Value::Object(map) => Value::Object(
            map.into_iter()
                .filter(|(_, value)| !value.is_null())
                .map(|(key, value)| (key, without_nulls(value)))
                .collect(),
        ),
        value => value,
    }
}

/// A value as a YAML document that every parser reads the same way.
fn yaml(value: &Value) -> String {
    let mut text = String::new();
    match value {
        Value::Object(map) if !map.is_empty() => mapping(&mut text, map, 0),
        Value::Array(values) if !values.is_empty() => sequence(&mut text, values, 0),
        value => {
            text.push_str(&scalar(value));
            text.push('\n');
        }
    }
    text
}

fn mapping(text: &mut String, map: &Map<String, Value>, depth: usize) {
    for (at, (key, value)) in map.iter().enumerate() {
        // The first key of a mapping in a sequence stands behind the dash.
        if at > 0 || !text.ends_with("- ") {
            text.push_str(&"  ".repeat(depth));
        }
        text.push_str(&string(key));
        text.push(':');
        match value {
            Value::Object(map) if !map.is_empty() => {
                text.push('\n');
                mapping(text, map, depth + 1);
            }
            Value::Array(values) if !values.is_empty() => {
                text.push('\n');
                sequence(text, values, depth + 1);
            }
            Value::String(value) if is_block(value) => block(text, value, depth + 1),
            value => {
                text.push(' ');
                text.push_str(&scalar(value));
                text.push('\n');
            }
        }
    }
}

fn sequence(text: &mut String, values: &[Value], depth: usize) {
    for value in values {
        text.push_str(&"  ".repeat(depth));
        text.push_str("- ");
        match value {
            Value::Object(map) if !map.is_empty() => mapping(text, map, depth + 1),
            value => {
                // Sequences in sequences are rare: as flow, which is JSON.
                text.push_str(&scalar(value));
                text.push('\n');
            }
        }
    }
}

fn scalar(value: &Value) -> String {
    match value {
        Value::String(text) => string(text),
        value => value.to_string(),
    }
}

/// Several lines that can stand as they are.
fn is_block(text: &str) -> bool {
    text.contains('\n')
        && !text.starts_with([' ', '\n', '\t'])
        && !text.ends_with("\n\n")
        && text.lines().any(|line| !line.trim().is_empty())
        && text
            .chars()
            .all(|c| c == '\n' || c == '\t' || !(c.is_control() || matches!(c, '\u{2028}' | '\u{2029}' | '\u{feff}')))
}

fn block(text: &mut String, value: &str, depth: usize) {
    text.push_str(if value.ends_with('\n') { " |\n" } else { " |-\n" });
    for line in value.lines() {
        if !line.is_empty() {
            text.push_str(&"  ".repeat(depth));
            text.push_str(line);
        }
        text.push('\n');
    }
}

/// Plain where no parser could take it for anything but this string, in JSON's quotes otherwise.
fn string(text: &str) -> String {
    const WORDS: [&str; 10] = ["true", "false", "yes", "no", "on", "off", "null", "y", "n", "nan"];
    let starts_well = text.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_' || c == '/');
    let is_tame = text.chars().all(|c| c.is_ascii_alphanumeric() || "_-./@+,:() '".contains(c));
    let is_plain = starts_well
        && is_tame
        && !text.contains(": ")
        && !text.ends_with([':', ' '])
        && !WORDS.contains(&text.to_ascii_lowercase().as_str());
    if is_plain {
        return text.to_owned();
    }
    let quoted = Value::String(text.to_owned()).to_string();
    quoted.chars().fold(String::with_capacity(quoted.len()), |mut quoted, c| {
        match c {
            '\u{7f}'..='\u{9f}' | '\u{2028}' | '\u{2029}' | '\u{feff}' | '\u{fffe}' | '\u{ffff}' => {
                quoted.push_str(&format!("\\u{:04x}", u32::from(c)));
            }
            c => quoted.push(c),
        }
        quoted
    })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn documents_keep_their_strings() {
        let value = json!({
            "metadata": {
                "name": "shop",
                "description": "First line.\nSecond: line.\n",
                "annotations": {"a/b": "yes", "c": "1.0", "d": "x: y", "e": "# no", "f": "", "g": "2026-01-01"},
                "tags": ["a", "on"],
                "links": [{"url": "https://example.org/?a=b", "title": "Home"}],
            },
            "spec": {"n": 1, "nested": [["a", 1], {}], "none": []},
        });
        insta::assert_snapshot!(yaml(&value), @r##"
        "##);
    }
}
