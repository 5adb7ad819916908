//! What an author should know of a template before anybody renders it.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use model::{Finding, Findings, Level};
use serde_json::Value;

use super::folders::Target;
use super::source::project_folder;
use super::{Template, binary, environment, fnmatch, hooks, joined};
use crate::Environment;
use crate::jinja::{Jinja, nearest};

/// What cookiecutter puts beside the variables of a template.
const OWN: [&str; 4] = ["_template", "_output_dir", "_repo_dir", "_checkout"];

/// Where a text stands: its path, and whether it is the name or a default instead of the content.
struct Text {
    file: String,
    place: (u32, u32),
    text: String,
}

/// Checks syntax, names of filters, and variables of every text of a template.
pub fn check(template: &Template, inputs: &Environment) -> Findings {
    let manifest = &template.manifest;
    if !template.nested.is_empty() {
        return Findings::default();
    }
    let jinja = match environment::jinja(template, inputs, Arc::new(|_| None)) {
        Ok(jinja) => jinja,
        Err(findings) => return findings,
    };
    let (texts, mut findings) = match texts(template, inputs) {
        Ok(texts) => texts,
        Err(findings) => return findings,
    };
    let mut used: BTreeSet<String> = BTreeSet::new();
    let mut whole = false;
    for text in &texts {
        match jinja.names(&text.file, &text.text) {
            Ok(names) => {
                whole |= names.contains("cookiecutter") && mentions_whole(&text.text);
                let variables = names.iter().filter_map(|name| name.strip_prefix("cookiecutter."));
                let variables: BTreeSet<&str> = variables.filter_map(|name| name.split('.').next()).collect();
                for variable in variables {
                    used.insert(variable.to_owned());
                    if !manifest.variables.contains_key(variable)
                        && !OWN.contains(&variable)
                        && !is_method(&text.text, variable)
                    {
                        findings.push(undefined(template, text, variable));
                    }
                }
            }
            Err(problem) => {
                let finding = *problem.finding;
                let (line, column) = if text.place == (0, 0) { (finding.line, finding.column) } else { text.place };
                findings.push(finding.at(text.file.clone(), line, column));
            }
        }
        findings.extend(filters(&jinja, text));
    }
    let indexed = |name: &str| {
        texts
            .iter()
            .any(|text| text.text.contains(&format!("['{name}']")) || text.text.contains(&format!("[\"{name}\"]")))
    };
    for name in manifest.variables.keys().filter(|name| !name.starts_with('_')) {
        if !whole && !used.contains(name) && !indexed(name) {
            let message = format!("{name} is asked for and never used");
            let finding =
                manifest.finding("template.unused", &[name], message, "remove the question, or use its answer");
            findings.push(Finding { level: Level::Warning, ..finding });
        }
    }
    findings.into()
}

/// Every text that is rendered: defaults, names, files and scripts.
fn texts(template: &Template, inputs: &Environment) -> Result<(Vec<Text>, Vec<Finding>), Findings> {
    let mut texts = Vec::new();
    let mut findings = Vec::new();
    let manifest = &template.manifest;
    for (name, value) in manifest.variables.iter().filter(|(name, _)| !name.starts_with('_') || name.starts_with("__"))
    {
        let mut defaults = Vec::new();
        strings(value, &mut defaults);
        let place = manifest.place(&[name]);
        texts.extend(defaults.into_iter().map(|text| Text { file: manifest.path.clone(), place, text }));
    }
    let folder = joined(&template.root, &project_folder(template, inputs)?);
    let copied: Vec<_> =
        manifest.texts("_copy_without_render").iter().filter_map(|text| fnmatch::compile(text)).collect();
    let below = format!("{folder}/");
    let shared = format!("{}/", joined(&template.root, "templates"));
    let scripts: BTreeSet<String> = hooks::rendered_scripts(template).into_iter().collect();
    for (path, _) in template.tree.iter() {
        let relative = path.strip_prefix(&below);
        if path == folder || relative.is_some() {
            let name = path.strip_prefix(&format!("{}/", template.root)).unwrap_or(path);
            texts.push(Text { file: path.to_owned(), place: (1, 1), text: name.to_owned() });
        }
        let rendered = relative.is_some_and(|relative| !is_copied(&copied, relative));
        if !rendered && !path.starts_with(&shared) && !scripts.contains(path) {
            continue;
        }
        let Target::File(_) = template.folders.resolve(&template.tree, path) else { continue };
        let Ok(Some((content, _))) = template.folders.read(&template.tree, path) else { continue };
        if relative.is_some_and(|relative| binary::is_binary(relative, &content)) {
            continue;
        }
        match std::str::from_utf8(&content) {
            Ok(text) => texts.push(Text { file: path.to_owned(), place: (0, 0), text: text.to_owned() }),
            Err(_) => {
                let help = "save it as UTF-8, or name it in _copy_without_render";
                let finding = Finding::new("template.encoding", Level::Error, "the text is no UTF-8", help);
                findings.push(finding.at(path, 0, 0));
            }
        }
    }
    Ok((texts, findings))
}

/// Whether a file is copied by its own path, or by that of a folder that it is in.
fn is_copied(patterns: &[regex::Regex], relative: &str) -> bool {
    let ends = relative.match_indices('/').map(|(at, _)| at).chain([relative.len()]);
    ends.into_iter().any(|end| patterns.iter().any(|pattern| pattern.is_match(&relative[..end])))
}

fn strings(value: &Value, found: &mut Vec<String>) {
    match value {
        Value::String(text) => found.push(text.clone()),
        Value::Array(items) => items.iter().for_each(|item| strings(item, found)),
        Value::Object(items) => items.iter().for_each(|(key, item)| {
            found.push(key.clone());
            strings(item, found);
        }),
        _ => {}
    }
}

/// Whether all variables are used at once, as by `cookiecutter|jsonify`.
fn mentions_whole(text: &str) -> bool {
    text.match_indices("cookiecutter").any(|(at, name)| {
        let rest = text[at + name.len()..].trim_start();
        let before = text[..at].chars().next_back();
        !before.is_some_and(|one| one.is_alphanumeric() || one == '_' || one == '.')
            && (rest.starts_with(['|', '}', ')', ','])
                || rest.starts_with(".items")
                || rest.starts_with(".keys")
                || rest.starts_with(".values"))
    })
}

fn is_method(text: &str, name: &str) -> bool {
    matches!(name, "items" | "keys" | "values" | "get" | "update" | "pop" | "setdefault" | "copy")
        && text.contains(&format!("cookiecutter.{name}("))
}

fn undefined(template: &Template, text: &Text, variable: &str) -> Finding {
    let at = text.text.find(&format!("cookiecutter.{variable}")).unwrap_or(0);
    let place = if text.place == (0, 0) { place(&text.text, at) } else { text.place };
    let known = template.manifest.variables.keys().map(String::as_str);
    let help = match nearest(variable, known) {
        Some(name) => format!("did you mean {name:?}?"),
        None => format!("add it to {}", template.manifest.path),
    };
    let message = format!("`cookiecutter.{variable}` is no variable of the template");
    Finding::new("template.undefined", Level::Warning, message, help).at(text.file.clone(), place.0, place.1)
}

fn filters(jinja: &Jinja, text: &Text) -> Vec<Finding> {
    let unknown: BTreeMap<String, usize> = jinja.unknown_filters(&text.text).into_iter().collect();
    let finding = |(name, at): (String, usize)| {
        let place = if text.place == (0, 0) { place(&text.text, at) } else { text.place };
        let message = format!("there is no filter {name:?}");
        let help = match jinja.nearest_filter(&name) {
            Some(near) => format!("did you mean {near:?}?"),
            None => "Jinja2 and cookiecutter bring no such filter".to_owned(),
        };
        Finding::new("template.filter", Level::Error, message, help).at(text.file.clone(), place.0, place.1)
    };
    unknown.into_iter().map(finding).collect()
}

/// Line and column of a place in a text, from 1.
fn place(text: &str, at: usize) -> (u32, u32) {
    let before = &text[..at];
    let start = before.rfind('\n').map_or(0, |newline| newline + 1);
    (before.matches('\n').count() as u32 + 1, before[start..].chars().count() as u32 + 1)
}
