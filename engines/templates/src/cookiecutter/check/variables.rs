//! Variables and filters that texts use.

use std::collections::{BTreeMap, BTreeSet};

use model::{Finding, Level};

use super::Text;
use super::domain::{Domain, Domains};
use super::expression::Expression;
use crate::cookiecutter::Template;
use crate::jinja::{Jinja, PieceKind, nearest, pieces, tokens};

/// What cookiecutter puts beside the variables of a template.
const OWN: [&str; 4] = ["_template", "_output_dir", "_repo_dir", "_checkout"];

/// What cookiecutter itself reads of the variables.
const READ: [&str; 4] = ["_copy_without_render", "_extensions", "_jinja2_env_vars", "_new_lines"];

/// The variables of a text; none where it is no template.
pub fn used(jinja: &Jinja, text: &str) -> BTreeSet<String> {
    let names = jinja.names("", text).unwrap_or_default();
    let variables = names.iter().filter_map(|name| name.strip_prefix("cookiecutter."));
    variables.filter_map(|name| name.split('.').next()).map(str::to_owned).collect()
}

/// Variables of a text that the template does not have.
pub fn undefined(template: &Template, text: &Text, used: &BTreeSet<String>) -> Vec<Finding> {
    let manifest = &template.manifest;
    let missing = used.iter().filter(|name| {
        !manifest.variables.contains_key(name.as_str())
            && !OWN.contains(&name.as_str())
            && !is_method(&text.text, name)
            && !is_guarded(&text.text, name)
    });
    missing
        .map(|variable| {
            let help = match nearest(variable, manifest.variables.keys().map(String::as_str)) {
                Some(name) => format!("did you mean {name:?}?"),
                None => format!("add it to {}", manifest.path),
            };
            let message = format!("`cookiecutter.{variable}` is no variable of the template");
            let at = text.text.find(&format!("cookiecutter.{variable}")).unwrap_or(0);
            text.finding("template.undefined", Level::Warning, at, message, help)
        })
        .collect()
}

/// Whether a text asks first whether a variable is there.
pub fn is_guarded(text: &str, name: &str) -> bool {
    let mention = format!("cookiecutter.{name}");
    let mut mentions = text.match_indices(mention.as_str()).map(|(at, found)| text[at + found.len()..].trim_start());
    let asks = |rest: &str| {
        let rest = rest.strip_prefix('|').map_or(rest, str::trim_start);
        ["is defined", "is not defined", "is undefined", "default", "d("].iter().any(|word| rest.starts_with(word))
    };
    let quoted = [format!("'{name}' in cookiecutter"), format!("\"{name}\" in cookiecutter")];
    mentions.any(asks) || quoted.iter().any(|quoted| text.contains(quoted))
}

/// Variables that no text uses.
pub fn unused(template: &Template, texts: &[Text], used: &BTreeSet<String>) -> Vec<Finding> {
    let manifest = &template.manifest;
    let mentioned = |name: &str| {
        let quoted = [format!("'{name}'"), format!("\"{name}\"")];
        texts.iter().any(|text| quoted.iter().any(|quoted| text.text.contains(quoted)))
    };
    let idle = manifest.variables.iter().filter(|(name, _)| {
        !READ.contains(&name.as_str()) && !OWN.contains(&name.as_str()) && !used.contains(*name) && !mentioned(name)
    });
    idle.map(|(name, _)| {
        let (message, help) = match name.starts_with('_') {
            true => (format!("{name} is never used"), "remove it, or use it"),
            false => (format!("{name} is asked for and never used"), "remove the question, or use its answer"),
        };
        let finding = manifest.finding("template.unused", &[name], message, help);
        Finding { level: Level::Warning, ..finding }
    })
    .collect()
}

/// Whether all variables are used at once, as by `cookiecutter|jsonify`.
pub fn mentions_whole(text: &str) -> bool {
    text.match_indices("cookiecutter").any(|(at, name)| {
        let rest = text[at + name.len()..].trim_start();
        let before = text[..at].chars().next_back();
        !before.is_some_and(|one| one.is_alphanumeric() || one == '_' || one == '.')
            && (rest.starts_with(['|', '}', ')', ',', '%'])
                || rest.starts_with("-%")
                || rest.starts_with("[") && !rest.starts_with("['") && !rest.starts_with("[\"")
                || [".items", ".keys", ".values", ".get"].iter().any(|method| rest.starts_with(method)))
    })
}

/// Whether a text changes the variables for those that are rendered after it.
pub fn changes(text: &str) -> bool {
    ["update(", "setdefault(", "pop(", "popitem(", "clear(", "__setattr__(", "__setitem__("]
        .iter()
        .any(|method| text.contains(&format!("cookiecutter.{method}")))
}

fn is_method(text: &str, name: &str) -> bool {
    matches!(name, "items" | "keys" | "values" | "get" | "update" | "pop" | "setdefault" | "copy")
        && text.contains(&format!("cookiecutter.{name}("))
}

/// Filters of a text that are not there.
pub fn filters(jinja: &Jinja, text: &Text) -> Vec<Finding> {
    let unknown: BTreeMap<String, usize> = jinja.unknown_filters(&text.text).into_iter().collect();
    let finding = |(name, at): (String, usize)| {
        let message = format!("there is no filter {name:?}");
        let help = match jinja.nearest_filter(&name) {
            Some(near) => format!("did you mean {near:?}?"),
            None => "Jinja2 and cookiecutter bring no such filter".to_owned(),
        };
        text.finding("template.filter", Level::Error, at, message, help)
    };
    unknown.into_iter().map(finding).collect()
}

/// Texts that are used as if they were true or false: every text but the empty one is true.
pub fn texts_as_truth(template: &Template, jinja: &Jinja, text: &Text, domains: &Domains) -> Vec<Finding> {
    let mut findings = Vec::new();
    for piece in pieces(&text.text, jinja.syntax()) {
        let words = tokens(&text.text, piece.inner.clone());
        let Some((first, rest)) = words.split_first() else { continue };
        if piece.kind != PieceKind::Block || !matches!(&text.text[first.range.clone()], "if" | "elif") {
            continue;
        }
        let expression = Expression::read(&text.text, rest);
        let mut bare = Vec::new();
        expression.bare(&mut bare);
        for name in bare {
            let Some(raw) = template.manifest.variables.get(name).and_then(serde_json::Value::as_str) else { continue };
            let is_text = matches!(domains.get(name), Some(Domain::Text)) || name.starts_with("__");
            if let Some(otherwise) = looks_like_truth(raw, jinja).filter(|_| is_text) {
                let message = format!("{name} is a text, and true even when it is {otherwise:?}");
                let help = format!("compare it: `cookiecutter.{name} == '…'`");
                findings.push(text.finding("template.text-as-truth", Level::Warning, first.range.start, message, help));
            }
        }
    }
    findings
}

/// What a default that means yes or no is when it means no.
fn looks_like_truth(raw: &str, jinja: &Jinja) -> Option<&'static str> {
    match raw.to_lowercase().as_str() {
        "y" | "n" => return Some("n"),
        "yes" | "no" => return Some("no"),
        "true" | "false" => return Some("false"),
        _ => {}
    }
    let pieces = pieces(raw.trim(), jinja.syntax());
    let [piece] = pieces.as_slice() else { return None };
    let words = tokens(raw.trim(), piece.inner.clone());
    let whole = piece.kind == PieceKind::Variable && Expression::read(raw.trim(), &words).is_yes_or_no();
    whole.then_some("False")
}
