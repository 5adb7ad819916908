//! Writing an overrides file.

use model::EntityRef;
use serde_json::{Map, Value, json};

use super::{OverrideRule, Overrides, Pattern};
use crate::yaml;

/// The file that says the same. References are as short as they can be; places are not kept.
pub fn to_yaml(overrides: &Overrides) -> String {
    let mut root = Map::new();
    let mut put = |key: &str, value: Value| {
        if value.as_array().is_some_and(|items| !items.is_empty())
            || value.as_object().is_some_and(|entries| !entries.is_empty())
        {
            root.insert(key.to_owned(), value);
        }
    };
    put("overrides", overrides.rules.iter().map(rule).collect());
    let teams = overrides.teams.iter().map(|team| (short(&team.team, "group"), json!(team.aliases)));
    put("teams", Value::Object(teams.collect()));
    put("bots", texts(&overrides.bots));
    let mut internal = Map::new();
    for (key, patterns) in [("registries", &overrides.registries), ("hosts", &overrides.hosts)] {
        if !patterns.is_empty() {
            internal.insert(key.to_owned(), texts(patterns));
        }
    }
    put("internal", Value::Object(internal));
    yaml::emit(&Value::Object(root))
}

fn rule(rule: &OverrideRule) -> Value {
    let mut entry = Map::new();
    entry.insert("repositories".to_owned(), texts(&rule.repositories));
    if !rule.paths.is_empty() {
        entry.insert("paths".to_owned(), texts(&rule.paths));
    }
    let set = &rule.set;
    let said = [
        ("owner", set.owner.as_ref().map(|owner| json!(short(&owner.value, "group")))),
        ("type", set.kind.as_ref().map(|kind| json!(kind.value))),
        ("system", set.system.as_ref().map(|system| json!(short(&system.value, "system")))),
        ("lifecycle", set.lifecycle.as_ref().map(|lifecycle| json!(lifecycle.value))),
        ("name", set.name.as_ref().map(|name| json!(name.value))),
        ("ignore", set.ignore.as_ref().map(|ignore| json!(ignore.value))),
    ];
    entry.extend(said.into_iter().filter_map(|(key, value)| Some((key.to_owned(), value?))));
    Value::Object(entry)
}

fn texts(patterns: &[Pattern]) -> Value {
    patterns.iter().map(|pattern| pattern.text.clone()).collect()
}

fn short(reference: &EntityRef, default_kind: &str) -> String {
    if reference.kind == default_kind { reference.short() } else { format!("{}:{}", reference.kind, reference.short()) }
}
