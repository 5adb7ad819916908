//! Our reading of descriptors beside Backstage's own, case by case: `conformance/verdicts.json` is what Backstage's
//! packages say (`conformance/run.mjs`; `cargo xtask conformance` asks them again).

#![allow(clippy::unwrap_used, clippy::expect_used)]

use engine_catalog::{descriptor, yaml};
use model::{EntityRef, Level};
use serde_json::{Map, Value};

fn verdicts() -> Value {
    serde_json::from_str(include_str!("../conformance/verdicts.json")).unwrap()
}

fn cases<'a>(verdicts: &'a Value, part: &str) -> &'a [Value] {
    verdicts[part].as_array().unwrap()
}

/// The base with the changes of a case; a change without a value removes what stands there.
fn build(verdicts: &Value, case: &Value) -> Value {
    let mut entity = verdicts["bases"][case["base"].as_str().unwrap()].clone();
    for change in case["changes"].as_array().unwrap() {
        let mut parts: Vec<&str> = change["at"].as_str().unwrap().split('/').skip(1).collect();
        let last = parts.pop().unwrap();
        let parent = parts.into_iter().fold(&mut entity, |value, part| match value {
            Value::Array(items) => &mut items[part.parse::<usize>().unwrap()],
            Value::Object(entries) => entries.entry(part).or_insert_with(|| Map::new().into()),
            _ => panic!("{case}"),
        });
        match (parent, change.get("value")) {
            (Value::Object(entries), Some(value)) => drop(entries.insert(last.to_owned(), value.clone())),
            (Value::Object(entries), None) => drop(entries.shift_remove(last)),
            (Value::Array(items), Some(value)) => {
                let index = last.parse::<usize>().unwrap();
                items.truncate(index.max(items.len()));
                if index == items.len() { items.push(value.clone()) } else { items[index] = value.clone() }
            }
            (Value::Array(items), None) => drop(items.remove(last.parse().unwrap())),
            _ => panic!("{case}"),
        }
    }
    entity
}

#[test]
fn entities_are_accepted_and_refused_as_by_backstage() {
    let verdicts = verdicts();
    let mut wrong = Vec::new();
    for case in cases(&verdicts, "entities") {
        let text = build(&verdicts, case).to_string();
        let parsed = descriptor::parse("catalog-info.yaml", &text);
        let errors: Vec<_> = parsed.findings.iter().filter(|finding| finding.level == Level::Error).collect();
        if errors.is_empty() != case["accepted"].as_bool().unwrap() {
            let ours: Vec<_> = errors.iter().map(|finding| &finding.message).collect();
            wrong.push(format!("{case}\n  {text}\n  ours: {ours:?}"));
            continue;
        }
        if errors.is_empty() {
            let mut relations: Vec<_> = descriptor::relations(&parsed.entities[0].entity)
                .edges
                .iter()
                .map(|edge| format!("{} {}", edge.kind, edge.target))
                .collect();
            relations.sort();
            relations.dedup();
            if Value::from(relations.clone()) != case["relations"] {
                wrong.push(format!("{case}\n  {text}\n  ours: {relations:?}"));
            }
        }
    }
    assert!(wrong.is_empty(), "{} differ:\n{}", wrong.len(), wrong.join("\n"));
}

#[test]
fn references_are_read_as_by_backstage() {
    for case in cases(&verdicts(), "references") {
        let kind = case.get("kind").and_then(Value::as_str);
        let namespace = case.get("namespace").and_then(Value::as_str).unwrap_or("default");
        let ours = EntityRef::parse(case["text"].as_str().unwrap(), kind, namespace)
            .ok()
            .map(|reference| reference.to_string());
        assert_eq!(Value::from(ours), case["reads"], "{case}");
    }
}

/// Where we differ, and why that is right or does no harm.
const DIFFERENT: [(&str, &str); 4] = [
    ("...\n", "no document or an empty one: both say nothing"),
    ("x: &x 1\n---\ny: *x\n", "Backstage gives up the whole file, we only the document with the error"),
    ("a: {{ x }}\n", "a mapping as a key: only the text that it becomes differs, and no such key means anything"),
    ("{{ x }}: 1\n", "the same"),
];

/// Equal, but for the last digit of numbers that are not whole: JSON's texts of them are rounded on the way.
fn same(one: &Value, other: &Value) -> bool {
    match (one, other) {
        (Value::Number(one), Value::Number(other)) => {
            let (one, other) = (one.as_f64().unwrap(), other.as_f64().unwrap());
            (one - other).abs() <= one.abs() * 1e-15
        }
        (Value::Array(one), Value::Array(other)) => {
            one.len() == other.len() && one.iter().zip(other).all(|(one, other)| same(one, other))
        }
        (Value::Object(one), Value::Object(other)) => {
            one.len() == other.len()
                && one.iter().all(|(key, value)| other.get(key).is_some_and(|other| same(value, other)))
        }
        _ => one == other,
    }
}

#[test]
fn yaml_is_read_as_by_backstage() {
    let mut wrong = Vec::new();
    for case in cases(&verdicts(), "documents") {
        let text = case["text"].as_str().unwrap();
        let theirs = case["documents"].as_array().unwrap();
        let (documents, errors) = yaml::parse_all(text, &yaml::Limits::default());
        let ours: Vec<Value> = documents.iter().map(|document| document.root.to_json()).collect();
        let read: Vec<&Value> = theirs.iter().filter_map(|document| document.get("json")).collect();
        let equal = ours.len() == read.len()
            && ours.iter().zip(&read).all(|(ours, theirs)| same(ours, theirs))
            && errors.is_empty() == (read.len() == theirs.len());
        if equal != DIFFERENT.iter().all(|(known, _)| *known != text) {
            let known = if equal { "(stands in DIFFERENT) " } else { "" };
            wrong.push(format!("{known}{text:?}\n  theirs: {theirs:?}\n  ours:   {ours:?} {errors:?}"));
        }
    }
    assert!(wrong.is_empty(), "{} differ:\n{}", wrong.len(), wrong.join("\n"));
}
