//! Other defaults than a template's own, put over it as cookiecutter's `apply_overwrites_to_context` does.

use model::Finding;
use serde_json::{Map, Value};

use super::manifest::Manifest;
use crate::Answers;

/// Puts defaults over the variables of a template. What comes before one that is refused stays put.
///
/// # Errors
/// A value that is none of the choices, or no yes or no.
pub fn apply(manifest: &mut Manifest, defaults: &Answers) -> Result<(), Finding> {
    for (name, value) in defaults.iter() {
        let Some(variable) = manifest.variables.get_mut(name) else { continue };
        let refused = match variable {
            Value::Array(choices) => put_choice(choices, value),
            Value::Object(dictionary) => {
                match value {
                    Value::Object(items) => put_into(dictionary, items),
                    _ => *variable = value.clone(),
                }
                None
            }
            Value::Bool(_) if value.is_string() => match value.as_str().and_then(yes_or_no) {
                Some(answer) => {
                    *variable = Value::Bool(answer);
                    None
                }
                None => Some(YES_OR_NO.to_owned()),
            },
            _ => {
                *variable = value.clone();
                None
            }
        };
        if let Some(help) = refused {
            let shown = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
            return Err(manifest.finding("template.answer", &[name], format!("{name} cannot be {shown:?}"), help));
        }
    }
    Ok(())
}

/// What is said where no yes or no was given.
pub const YES_OR_NO: &str = "give yes or no (or y, n, true, false, t, f, on, off, 1, 0)";

/// A typed yes or no, as cookiecutter's `YesNoPrompt` reads it.
pub fn yes_or_no(typed: &str) -> Option<bool> {
    match typed.trim().to_lowercase().as_str() {
        "1" | "true" | "t" | "yes" | "y" | "on" => Some(true),
        "0" | "false" | "f" | "no" | "n" | "off" => Some(false),
        _ => None,
    }
}

/// One choice moves to the front, a list of choices takes the place of all; help where it is none of them.
fn put_choice(choices: &mut Vec<Value>, value: &Value) -> Option<String> {
    match value {
        Value::Array(several) if several.iter().all(|one| choices.contains(one)) => {
            choices.clone_from(several);
            None
        }
        one => match choices.iter().position(|choice| choice == one) {
            Some(at) => {
                let chosen = choices.remove(at);
                choices.insert(0, chosen);
                None
            }
            None => {
                let names: Vec<String> = choices
                    .iter()
                    .map(|choice| choice.as_str().map_or_else(|| choice.to_string(), str::to_owned))
                    .collect();
                let wanted = one.as_str().unwrap_or_default();
                let near = crate::jinja::nearest(wanted, names.iter().map(String::as_str));
                let hint = near.map_or(String::new(), |near| format!("did you mean {near:?}? "));
                Some(format!("{hint}choose one of {}", names.join(", ")))
            }
        },
    }
}

/// Inside of a dictionary lists are replaced, and new keys come in.
fn put_into(dictionary: &mut Map<String, Value>, items: &Map<String, Value>) {
    for (name, value) in items {
        match (dictionary.get_mut(name), value) {
            (Some(Value::Object(inner)), Value::Object(items)) => put_into(inner, items),
            (Some(Value::Bool(inner)), Value::String(text)) if yes_or_no(text).is_some() => {
                *inner = yes_or_no(text).unwrap_or_default();
            }
            _ => {
                dictionary.insert(name.clone(), value.clone());
            }
        }
    }
}
