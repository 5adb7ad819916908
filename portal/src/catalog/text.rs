//! Entities and corrections as files that can be committed.

use std::collections::{BTreeMap, HashMap};

use engine_catalog::overrides::{FILE_NAME, OverrideRule, Overrides, Pattern, Setting, Settings, to_yaml};
use engine_catalog::yaml;
use model::Entity;
use model::catalog::{CatalogEntity, CatalogRow, Correction};
use serde_json::Value;

/// The entity as one YAML document.
pub fn descriptor(entity: &Entity) -> Result<String, serde_json::Error> {
    let mut entity = entity.clone();
    entity.relations.clear();
    Ok(yaml::emit(&without_nulls(serde_json::to_value(&entity)?)))
}

/// Corrections as `slipway.overrides.yaml`: one rule for every folder. What has no form there becomes a comment.
pub fn overrides(
    corrections: &[Correction],
    entities: &[(CatalogRow, CatalogEntity)],
    names: &HashMap<String, String>,
) -> String {
    let mut rules: BTreeMap<(&str, &str), Settings> = BTreeMap::new();
    let mut notes = Vec::new();
    for correction in corrections {
        let known = entities.iter().find(|(row, _)| row.reference == correction.reference);
        let place =
            known.and_then(|(_, known)| Some((names.get(known.repository.as_ref()?)?.as_str(), known.path.as_str())));
        let key = correction.field.rsplit('/').next().unwrap_or_default();
        match (place, &correction.value) {
            (Some(place), Some(value)) => set(rules.entry(place).or_default(), key, value),
            (None, Some(value)) => {
                notes.push(format!("# {}: {key} {value}, which is in no known repository", correction.reference));
            }
            (_, None) => notes.push(format!("# {}: what was guessed for its {key} was rejected", correction.reference)),
        }
    }
    notes.sort_unstable();
    let rules = rules.into_iter().map(|((repository, path), set)| OverrideRule {
        line: 0,
        repositories: vec![exactly(repository)],
        paths: vec![if path.is_empty() { exactly(".") } else { exactly(path) }],
        set,
    });
    let overrides = Overrides { file: FILE_NAME.to_owned(), rules: rules.collect(), ..Overrides::default() };
    let mut text = String::from("# Corrections made in Slipway. Commit this file at the root of a repository.\n");
    for note in notes {
        text.push_str(&note.replace(char::is_control, " "));
        text.push('\n');
    }
    text + &to_yaml(&overrides)
}

fn set(settings: &mut Settings, key: &str, value: &str) {
    let word = || Some(Setting { value: value.to_owned(), line: 0, column: 0 });
    match key {
        "owner" => settings.owner = value.parse().ok().map(|value| Setting { value, line: 0, column: 0 }),
        "type" => settings.kind = word(),
        "lifecycle" => settings.lifecycle = word(),
        _ => {}
    }
}

/// A glob that matches only this text.
fn exactly(text: &str) -> Pattern {
    let mut glob = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '*' | '?' | '[' | '{' | '}' => glob.extend(['[', c, ']']),
            '\\' => glob.push_str("\\\\"),
            _ => glob.push(c),
        }
    }
    Pattern { text: glob, line: 0, column: 0 }
}

fn without_nulls(value: Value) -> Value {
    match value {
        Value::Array(values) => {
            Value::Array(values.into_iter().filter(|value| !value.is_null()).map(without_nulls).collect())
        }
        Value::Object(map) => {
            let kept = map.into_iter().filter(|(_, value)| !value.is_null());
            Value::Object(kept.map(|(key, value)| (key, without_nulls(value))).collect())
        }
        value => value,
    }
}
