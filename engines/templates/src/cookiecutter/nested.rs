//! Templates within a template: `templates`, and the older `template`.

use model::Findings;
use serde_json::Value;

use super::manifest::Manifest;
use super::one;
use crate::Nested;

/// The templates that a manifest offers; none where it is a template itself.
///
/// # Errors
/// One without a path, or with a path that is not below this template.
pub fn nested(manifest: &Manifest) -> Result<Vec<Nested>, Findings> {
    let offered = match (manifest.variables.get("templates"), manifest.variables.get("template")) {
        (Some(Value::Object(templates)), _) if !templates.is_empty() => {
            templates.iter().map(|(key, value)| keyed(manifest, key, value)).collect::<Result<_, _>>()
        }
        (None | Some(_), Some(Value::Array(templates))) => {
            templates.iter().enumerate().map(|(at, value)| labelled(manifest, at, value)).collect::<Result<_, _>>()
        }
        (None, None) => Ok(Vec::new()),
        _ => {
            let key = if manifest.variables.contains_key("templates") { "templates" } else { "template" };
            let message = format!("{key:?} is the name for templates within a template, and holds none");
            Err(manifest.finding("template.nested", &[key], message, "give the variable another name"))
        }
    };
    offered.map_err(one)
}

fn keyed(manifest: &Manifest, key: &str, value: &Value) -> Result<Nested, model::Finding> {
    let text = |name: &str| value.get(name).and_then(Value::as_str);
    let path = text("path").unwrap_or_default();
    let title =
        value.get("title").map_or(key.to_owned(), |title| title.as_str().map_or(title.to_string(), str::to_owned));
    let description = text("description").unwrap_or(key);
    let label = if title == description { title } else { format!("{title} ({description})") };
    match below(path) {
        Some(path) => Ok(Nested { key: key.to_owned(), label, path }),
        None => Err(illegal(manifest, &["templates", key], path)),
    }
}

/// `Label (./path)`.
fn labelled(manifest: &Manifest, at: usize, value: &Value) -> Result<Nested, model::Finding> {
    let label = value.as_str().unwrap_or_default();
    let path = label.split_once('(').and_then(|(_, rest)| rest.rsplit_once(')')).map_or("", |(path, _)| path);
    match below(path) {
        Some(path) => Ok(Nested { key: label.to_owned(), label: label.to_owned(), path }),
        None => Err(illegal(manifest, &["template", &at.to_string()], path)),
    }
}

fn illegal(manifest: &Manifest, keys: &[&str], path: &str) -> model::Finding {
    let help = "name a folder below this template";
    manifest.finding("template.nested", keys, format!("{path:?} is no folder of this template"), help)
}

/// A relative path without `.` and `..`; nothing where it is absolute, empty or leads out.
fn below(path: &str) -> Option<String> {
    let mut parts: Vec<&str> = Vec::new();
    if path.is_empty() || path.starts_with('/') {
        return None;
    }
    for part in path.split('/') {
        match part {
            "" | "." => {}
            ".." => {
                parts.pop()?;
            }
            part => parts.push(part),
        }
    }
    (!parts.is_empty()).then(|| parts.join("/"))
}
