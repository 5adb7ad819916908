//! Changing what a manifest requires, and nothing else of its text: comments, order, quotes and line ends stay.
//!
//! The text is edited where the parser says that something stands, and what came of it is read again: an edit that would
//! say anything else than was wanted is none.

#[cfg(test)]
mod tests;
mod text;

use engine_yaml::{Document, Node, Value};
use model::{EntityRef, Findings};
use serde_json::json;

use self::text::Text;
use crate::at::At;
use crate::manifest::{FILE_NAME, Manifest, Requirement, parse};
use crate::rules::{DUPLICATE_ATOM, PARSE, at};
use crate::time::Expiry;

/// How many ways of writing it are tried: as many as a text of several lines has.
const TRIES: usize = 100;

/// Texts to choose from, made when they are looked at.
type Tried<'t> = Box<dyn Iterator<Item = String> + 't>;

/// The manifest with one more entry in `requires`.
///
/// # Errors
/// It cannot be read; it requires a part of that already (ACC008); or it is written so that only a person can change it.
pub fn require(
    text: &str,
    api: &EntityRef,
    scopes: &[String],
    environments: &[String],
    justification: &str,
) -> Result<String, Findings> {
    let list = |names: &[String]| names.iter().map(|name| At::from(name.clone())).collect();
    let justification = Some(justification.trim()).filter(|text| !text.is_empty());
    add(
        text,
        &Requirement {
            api: At::from(api.clone()),
            scopes: list(scopes),
            environments: list(environments),
            justification: justification.map(|text| At::from(text.to_owned())),
            ticket: None,
            expires: None,
            optional: false,
        },
    )
}

/// As [`require`], with all that an entry can say.
///
/// # Errors
/// As [`require`].
pub fn add(text: &str, wanted: &Requirement) -> Result<String, Findings> {
    let before = parse(FILE_NAME, text)?;
    for required in before.atoms().filter(|required| required.requirement.api == wanted.api) {
        let atom = &required.atom;
        let is = |names: &[At<String>], name: &str| names.iter().any(|one| one.value == name);
        if is(&wanted.scopes, &atom.scope) && is(&wanted.environments, &atom.environment) {
            let message = format!("{} of {} in {} is required already.", atom.scope, atom.api, atom.environment);
            let finding = DUPLICATE_ATOM.found(message, "Ask for what is not there yet.");
            return Err(vec![at(finding, FILE_NAME, required.place)].into());
        }
    }
    let root = root(text)?;
    let with = |index: usize| {
        let mut manifest = before.clone();
        manifest.requires.insert(index, wanted.clone());
        manifest
    };
    let expected = [with(before.requires.len()), with(0)];
    let written = Text::new(text);
    let tried = additions(&written, &root.root, wanted);
    let help = format!("Add the entry by hand:\n{}", block(wanted, 2, "\n"));
    first(tried, &expected).ok_or_else(|| by_hand(&help))
}

/// The manifest without a scope of an API, in one environment or in all; what else an entry requires stays required.
///
/// # Errors
/// It cannot be read, does not require that (ACC001), or is written so that only a person can change it.
pub fn drop_scope(text: &str, api: &EntityRef, scope: &str, environment: Option<&str>) -> Result<String, Findings> {
    let mut text = text.to_owned();
    let names = |requirement: &Requirement| {
        requirement.api.value == *api
            && requirement.scopes.iter().any(|one| one.value == scope)
            && environment.is_none_or(|environment| requirement.environments.iter().any(|one| one.value == environment))
    };
    let mut found = false;
    // Each time one entry less has it.
    loop {
        let manifest = parse(FILE_NAME, &text)?;
        let Some(index) = manifest.requires.iter().position(names) else { break };
        found = true;
        text = drop_from(&text, &manifest, index, scope, environment)?;
    }
    if found {
        return Ok(text);
    }
    let message = format!("{scope} of {api} is not required here.");
    Err(vec![PARSE.found(message, "Look at the default branch: it may be gone already.").at(FILE_NAME, 1, 1)].into())
}

fn drop_from(
    text: &str,
    manifest: &Manifest,
    index: usize,
    scope: &str,
    environment: Option<&str>,
) -> Result<String, Findings> {
    let root = root(text)?;
    let entries = root.root.get("requires").map(Node::items).unwrap_or_default();
    let Some(entry) = entries.get(index) else { return Err(by_hand("Remove it by hand.")) };
    let requirement = &manifest.requires[index];
    let others = |names: &[At<String>], name: &str| -> Vec<At<String>> {
        names.iter().filter(|one| one.value != name).cloned().collect()
    };
    let scopes = others(&requirement.scopes, scope);
    let environments = environment.map(|name| others(&requirement.environments, name)).unwrap_or_default();
    let written = Text::new(text);
    let mut expected = manifest.clone();
    let tried = if scopes.is_empty() && environments.is_empty() {
        expected.requires.remove(index);
        written.without_item(root.root.entry("requires"), entries, index)
    } else if scopes.is_empty() {
        expected.requires[index].environments.clone_from(&environments);
        written.without_named(entry, "environments", environment.unwrap_or_default())
    } else {
        expected.requires[index].scopes = scopes;
        written.without_named(entry, "scopes", scope)
    };
    let help = format!("Remove {scope} by hand.");
    let without = first(tried, &[expected]).ok_or_else(|| by_hand(&help))?;
    if environments.is_empty() || requirement.scopes.len() == 1 {
        return Ok(without);
    }
    // The scope stays required in the other environments, for which it needs an entry of its own.
    let scopes = requirement.scopes.iter().filter(|one| one.value == scope).take(1).cloned().collect();
    add(&without, &Requirement { scopes, environments, ..requirement.clone() })
}

fn by_hand(help: &str) -> Findings {
    let message = "The manifest is written in a way that cannot be edited safely.";
    vec![PARSE.found(message, help).at(FILE_NAME, 1, 1)].into()
}

fn root(text: &str) -> Result<Document, Findings> {
    let unreadable = |error| Findings::from(vec![crate::manifest::read::unreadable(FILE_NAME, &error)]);
    let documents = engine_yaml::parse(text, &crate::manifest::read::LIMITS).map_err(unreadable)?;
    documents.into_iter().next().ok_or_else(|| by_hand("Write it anew."))
}

/// The first text that says what is wanted.
fn first(tried: impl Iterator<Item = String>, expected: &[Manifest]) -> Option<String> {
    tried.take(TRIES).find(|text| parse(FILE_NAME, text).is_ok_and(|manifest| expected.contains(&manifest)))
}

/// Texts with one more entry, the most natural first.
fn additions<'t>(text: &'t Text<'_>, root: &Node, wanted: &Requirement) -> Tried<'t> {
    let end = text.end;
    let Some(requires) = root.entry("requires") else {
        let entry = format!("requires:{end}{}", block(wanted, 2, end));
        let mut tried = Vec::new();
        if let Some(exposes) = root.entry("exposes") {
            tried.push(text.with_lines(text.before_comments(exposes.line), &entry));
        }
        tried.push(text.with_lines(text.count(), &entry));
        if let Some(first) = root.entries().first() {
            let flow = format!("\"requires\": [{}], ", flow(wanted));
            tried.extend(text.inserted(first.line, first.column, &flow));
        }
        return Box::new(tried.into_iter());
    };
    let Some(first) = requires.value.items().first() else {
        let entry = block(wanted, 2, end);
        let mut tried = vec![text.with_lines(requires.line as usize, &entry)];
        let emptied = text.with_line(requires.line, |line| line.replacen("[]", "", 1).replacen(":  ", ": ", 1));
        tried.push(Text::new(&emptied).with_lines(requires.line as usize, &entry));
        tried.extend(text.inserted(requires.value.line, requires.value.column + 1, &flow(wanted)));
        return Box::new(tried.into_iter());
    };
    if let (Some(dash), Some(last)) = (text.dash(first), requires.value.items().last()) {
        let entry = block(wanted, dash.1, end);
        let from = text.end_of(last, dash.1);
        return Box::new((from..=text.count()).map(move |after| text.with_lines(after, &entry)));
    }
    Box::new(text.inserted(first.line, first.column, &format!("{}, ", flow(wanted))).into_iter())
}

/// The last line on which something of a node begins.
fn last_line(node: &Node) -> u32 {
    let below = match &node.value {
        Value::Sequence(items) => items.iter().map(last_line).max(),
        Value::Mapping(entries) => entries.iter().map(|entry| entry.line.max(last_line(&entry.value))).max(),
        _ => None,
    };
    below.unwrap_or(0).max(node.line)
}

/// An entry on lines of its own, its dash so far from the left.
fn block(wanted: &Requirement, indent: usize, end: &str) -> String {
    let Requirement { api, scopes, environments, justification, ticket, expires, optional } = wanted;
    let mut lines = vec![format!("- api: {}", plain(&api.to_string()))];
    lines.push(format!("  scopes: {}", list(scopes)));
    lines.push(format!("  environments: {}", list(environments)));
    for (key, value) in [("justification", justification), ("ticket", ticket)] {
        if let Some(value) = value {
            let entry = engine_yaml::emit(&json!({ key: value.value }));
            lines.extend(
                entry.trim_end().lines().map(|line| if line.is_empty() { String::new() } else { format!("  {line}") }),
            );
        }
    }
    match expires.as_ref().map(|expires| expires.value) {
        Some(Expiry::Day(day)) => lines.push(format!("  expires: {day}")),
        Some(Expiry::After(span)) => lines.push(format!("  ttl: {span}")),
        None => {}
    }
    if *optional {
        lines.push("  optional: true".to_owned());
    }
    let pad = " ".repeat(indent);
    lines.iter().map(|line| if line.is_empty() { end.to_owned() } else { format!("{pad}{line}{end}") }).collect()
}

fn list(names: &[At<String>]) -> String {
    format!("[{}]", names.iter().map(|name| plain(name)).collect::<Vec<_>>().join(", "))
}

/// A text as it can stand within `[…]`.
pub(crate) fn plain(text: &str) -> String {
    let is_plain = text.chars().all(|letter| letter.is_ascii_alphanumeric() || "-_./:".contains(letter));
    let emitted = engine_yaml::emit(&json!(text)).trim_end().to_owned();
    if is_plain { emitted } else { json!(text).to_string() }
}

/// An entry as JSON, which is also YAML.
fn flow(wanted: &Requirement) -> String {
    let mut pairs = vec![
        ("api", json!(wanted.api)),
        ("scopes", json!(wanted.scopes)),
        ("environments", json!(wanted.environments)),
    ];
    for (key, value) in [("justification", &wanted.justification), ("ticket", &wanted.ticket)] {
        pairs.extend(value.as_ref().map(|value| (key, json!(value))));
    }
    pairs.extend(wanted.expires.as_ref().map(|expires| match expires.value {
        Expiry::Day(day) => ("expires", json!(day)),
        Expiry::After(span) => ("ttl", json!(span)),
    }));
    if wanted.optional {
        pairs.push(("optional", json!(true)));
    }
    let pairs: Vec<String> = pairs.into_iter().map(|(key, value)| format!("\"{key}\": {value}")).collect();
    format!("{{{}}}", pairs.join(", "))
}
