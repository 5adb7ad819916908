//! The keys of a further step: what launches do besides.

use model::EntityRef;
use model::reference::DEFAULT_NAMESPACE;
use portal::settings::{Password, StepSettings};
use serde_json::Value as Json;
use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::value::Value;
use super::{Config, Located, keys};

/// One key of a `[[runs.step]]`.
pub struct StepKey {
    /// Without `runs.step.`.
    pub name: &'static str,
    /// Takes the value over; the error says what was expected.
    set: fn(&mut StepSettings, &DeValue<'_>) -> Result<(), String>,
}

#[rustfmt::skip]
pub const STEP_KEYS: &[StepKey] = &[
    StepKey { name: "id", set: |it, value| Value::from(value).text().map(|id| it.id = id) },
    StepKey { name: "name", set: |it, value| Value::from(value).text().map(|name| it.name = name) },
    StepKey { name: "action", set: |it, value| Value::from(value).text().map(|action| it.action = action) },
    StepKey { name: "for", set: |it, value| templates(&Value::from(value)).map(|all| it.templates = all) },
    StepKey { name: "input", set: |it, value| input(value).map(|input| it.input = input) },
    StepKey { name: "token-file", set: |it, value| keys::file(&Value::from(value)).map(|file| it.token = Some(Password::File(file))) },
];

/// Takes one step over, or says what is wrong with it.
pub fn read(config: &mut Config, table: &Spanned<DeValue<'_>>) -> Vec<Located> {
    let DeValue::Table(fields) = table.get_ref() else {
        return vec![(table.span(), keys::wrong("runs.step", "a table for each step: [[runs.step]]"))];
    };
    let number = config.steps.len() + 1;
    let (id, name, input) = (format!("step-{number}"), String::new(), Json::Object(serde_json::Map::default()));
    let mut step = StepSettings { id, name, action: String::new(), templates: Vec::new(), input, token: None };
    let mut located = Vec::new();
    for (key, value) in fields {
        let name = key.get_ref().as_ref();
        match STEP_KEYS.iter().find(|key| key.name == name) {
            Some(known) => {
                if let Err(expected) = (known.set)(&mut step, value.get_ref()) {
                    located.push((value.span(), keys::wrong(&format!("runs.step.{name}"), &expected)));
                }
            }
            None => {
                let names: Vec<String> = STEP_KEYS.iter().map(|key| format!("runs.step.{}", key.name)).collect();
                let unknown = keys::unknown(&format!("runs.step.{name}"), names.iter().map(String::as_str));
                located.push((key.span(), unknown));
            }
        }
    }
    if step.name.is_empty() {
        step.name.clone_from(&step.action);
    }
    if located.is_empty()
        && let Err(problem) = portal::runs::check_step(&step, &config.steps)
    {
        let at = fields.iter().find(|(key, _)| key.get_ref().as_ref() == problem.key);
        let span = at.map_or_else(|| table.span(), |(_, value)| value.span());
        located.push((span, keys::wrong(&format!("runs.step.{}", problem.key), &problem.expected)));
    }
    if located.is_empty() {
        config.steps.push(step);
    }
    located
}

pub fn templates(value: &Value<'_>) -> Result<Vec<EntityRef>, String> {
    let expected = || "a list of templates, such as [\"template:default/go-service\"]".to_owned();
    let parse = |name: &String| EntityRef::parse(name, Some("template"), DEFAULT_NAMESPACE).map_err(|_| expected());
    let all: Vec<EntityRef> = value.words()?.iter().map(parse).collect::<Result<_, _>>()?;
    if all.iter().all(|one| one.kind == "template") { Ok(all) } else { Err(expected()) }
}

pub fn input(value: &DeValue<'_>) -> Result<Json, String> {
    json(value)
        .filter(Json::is_object)
        .ok_or_else(|| "a table of texts, numbers, true, false, lists and tables".to_owned())
}

fn json(value: &DeValue<'_>) -> Option<Json> {
    let object = |table: &DeTable<'_>| -> Option<Json> {
        let fields = table.iter().map(|(key, value)| Some((key.get_ref().to_string(), json(value.get_ref())?)));
        fields.collect::<Option<serde_json::Map<_, _>>>().map(Json::Object)
    };
    Some(match value {
        DeValue::String(text) => Json::from(text.as_ref()),
        DeValue::Boolean(is) => Json::from(*is),
        DeValue::Integer(number) => i64::from_str_radix(number.as_str(), number.radix()).ok()?.into(),
        DeValue::Float(number) => number.as_str().parse::<f64>().ok()?.into(),
        DeValue::Array(items) => items.iter().map(|item| json(item.get_ref())).collect::<Option<Vec<_>>>()?.into(),
        DeValue::Table(table) => object(table)?,
        DeValue::Datetime(_) => return None,
    })
}
