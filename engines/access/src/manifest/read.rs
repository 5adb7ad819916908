//! From YAML to a manifest.

use std::collections::HashMap;

use engine_yaml::{Limits, Node, Value, YamlError};
use jiff::civil::Date;
use model::reference::DEFAULT_NAMESPACE;
use model::{EntityRef, Finding};

use super::policy::policy;
use super::reader::{Reader, clipped, place};
use super::{API_VERSION, Exposure, KIND, MOST_ATOMS, MOST_BYTES, Manifest, Requirement};
use crate::at::{At, Place};
use crate::atom::ANY_ENVIRONMENT;
use crate::rules::{EXPIRY_INVALID, PARSE, at};
use crate::terms::{Consumer, Deprecation, Scope, Sensitivity, Terms};
use crate::time::{Expiry, Span};

pub const LIMITS: Limits = Limits { bytes: MOST_BYTES, depth: 32, nodes: 200_000 };

const SENSITIVITIES: [(&str, Sensitivity); 4] = [
    ("public", Sensitivity::Public),
    ("internal", Sensitivity::Internal),
    ("confidential", Sensitivity::Confidential),
    ("restricted", Sensitivity::Restricted),
];

/// Each atom is held against all of them.
const MOST_POLICIES: usize = 100;
const MOST_CONSUMERS: usize = 2000;

pub fn read(file: &str, text: &str) -> (Option<Manifest>, Vec<Finding>) {
    let documents = match engine_yaml::parse(text, &LIMITS) {
        Ok(documents) => documents,
        Err(error) => return (None, vec![unreadable(file, &error)]),
    };
    let mut reader = Reader { file, findings: Vec::new() };
    let nothing = Node { line: 1, column: 1, value: Value::Null };
    let root = documents.first().map_or(&nothing, |document| &document.root);
    if let Some(second) = documents.get(1) {
        let message = "The file has more than one document; only one manifest can stand in a file.";
        reader.wrong(place(&second.root), message, "Put it into the repository of its component.");
    }
    let manifest = manifest(&mut reader, root);
    reader.findings.sort_by_key(|finding| (finding.line, finding.column));
    (manifest, reader.findings)
}

/// `metadata.component`: of the whole text, or where that is no YAML of the lines below `metadata:`.
pub fn component(text: &str) -> Option<EntityRef> {
    let root = |text: &str| Some(engine_yaml::parse(text, &LIMITS).ok()?.into_iter().next()?.root);
    let root = root(text).or_else(|| {
        let mut lines = text.lines().skip_while(|line| !line.starts_with("metadata:"));
        let begin = lines.next()?.to_owned();
        let below = lines.take_while(|line| line.is_empty() || line.starts_with([' ', '\t', '#']));
        root(&below.fold(begin, |block, line| block + "\n" + line))
    })?;
    let name = root.get("metadata")?.get("component")?.as_str()?;
    let reference = EntityRef::parse(name, Some("component"), DEFAULT_NAMESPACE).ok()?;
    (reference.kind == "component").then_some(reference)
}

pub fn unreadable(file: &str, error: &YamlError) -> Finding {
    at(PARSE.found(&error.message, &error.help), file, Place { line: error.line, column: error.column })
}

fn manifest(reader: &mut Reader<'_>, root: &Node) -> Option<Manifest> {
    if !matches!(root.value, Value::Mapping(_)) {
        let help = format!("Begin it with `apiVersion: {API_VERSION}`.");
        reader.wrong(place(root), "The file is no mapping of keys to values.", help);
        return None;
    }
    for (key, expected) in [("apiVersion", API_VERSION), ("kind", KIND)] {
        let node = reader.required("", root, key)?;
        if node.as_str() != Some(expected) {
            let message = format!("`{key}` is not `{expected}`: this is another kind of file, or a newer one.");
            reader.wrong(place(node), message, format!("Write `{key}: {expected}`."));
            return None;
        }
    }
    reader.mapping("", root, &["apiVersion", "kind", "metadata", "requires", "exposes"]);
    let metadata = reader.required("", root, "metadata");
    let component = metadata.and_then(|node| {
        reader.mapping("metadata", node, &["component"]).then_some(())?;
        let node = reader.required("metadata", node, "component")?;
        reader.reference("metadata.component", node, "component")
    });
    let requires = root.get("requires").map(|node| reader.each("requires", node, false, requirement));
    let exposes = root.get("exposes").map(|node| reader.each("exposes", node, false, exposure)).unwrap_or_default();
    let requires = few_enough(reader, requires.unwrap_or_default());
    no_api_twice(reader, &exposes);
    Some(Manifest { component: component?, requires, exposes })
}

/// Lists multiply: a short file can name more than anybody could look at.
fn few_enough(reader: &mut Reader<'_>, requires: Vec<Requirement>) -> Vec<Requirement> {
    let mut atoms = 0usize;
    for requirement in &requires {
        atoms = atoms.saturating_add(requirement.scopes.len().saturating_mul(requirement.environments.len()));
        if atoms > MOST_ATOMS {
            let message = format!("The file requires more than {MOST_ATOMS} times a scope in an environment.");
            reader.wrong(requirement.api.place, message, "Require less, or divide the component.");
            return Vec::new();
        }
    }
    requires
}

fn no_api_twice(reader: &mut Reader<'_>, exposes: &[Exposure]) {
    let mut seen = HashMap::new();
    for Exposure { api, .. } in exposes {
        if let Some(line) = seen.insert(&api.value, api.place.line) {
            let message = format!("{} stands in line {line} already.", api.value);
            reader.wrong(api.place, message, "Write all of its scopes, policies and consumers there.");
        }
    }
}

const REQUIREMENT: [&str; 8] =
    ["api", "scopes", "environments", "justification", "ticket", "expires", "ttl", "optional"];

fn requirement(reader: &mut Reader<'_>, path: &str, node: &Node) -> Option<Requirement> {
    reader.mapping(path, node, &REQUIREMENT).then_some(())?;
    let api = reader.required(path, node, "api");
    let api = api.and_then(|node| reader.reference(&format!("{path}.api"), node, "api"));
    let scopes = reader.required(path, node, "scopes");
    let scopes = scopes.map(|node| reader.each(&format!("{path}.scopes"), node, true, scope_name));
    let environments = reader.required(path, node, "environments");
    let environments = environments.map(|node| reader.each(&format!("{path}.environments"), node, true, environment));
    let mut text = |key: &str| node.get(key).and_then(|node| reader.text(&format!("{path}.{key}"), node));
    let (justification, ticket) = (text("justification"), text("ticket"));
    let optional = node.get("optional").map(|node| reader.boolean(&format!("{path}.optional"), node));
    Some(Requirement {
        expires: expiry(reader, path, node),
        api: api?,
        scopes: scopes?,
        environments: environments?,
        justification,
        ticket,
        optional: optional.flatten().unwrap_or(false),
    })
}

fn expiry(reader: &mut Reader<'_>, path: &str, node: &Node) -> Option<At<Expiry>> {
    if let (Some(_), Some(ttl)) = (node.get("expires"), node.get("ttl")) {
        let message = format!("`{path}` has both `expires` and `ttl`.");
        reader.error(&EXPIRY_INVALID, place(ttl), message, "Keep one of the two.");
        return None;
    }
    if let Some(node) = node.get("expires") {
        let day = node.as_str().filter(|text| text.len() == 10).and_then(|text| text.parse::<Date>().ok());
        if day.is_none() {
            let message = format!("`{path}.expires` is no day of the calendar.");
            reader.error(&EXPIRY_INVALID, place(node), message, "Write a day such as 2027-06-30, or `ttl: 90d`.");
        }
        return Some(At { value: Expiry::Day(day?), place: place(node) });
    }
    let node = node.get("ttl")?;
    let span = node.as_str().and_then(|text| text.parse::<Span>().ok());
    if span.is_none() {
        let message = format!("`{path}.ttl` is no span of time.");
        reader.error(&EXPIRY_INVALID, place(node), message, "Write a whole number and h, d or w, such as 90d.");
    }
    Some(At { value: Expiry::After(span?), place: place(node) })
}

fn exposure(reader: &mut Reader<'_>, path: &str, node: &Node) -> Option<Exposure> {
    reader.mapping(path, node, &["api", "scopes", "policies", "consumers"]).then_some(())?;
    let api = reader.required(path, node, "api");
    let api = api.and_then(|node| reader.reference(&format!("{path}.api"), node, "api"));
    let scopes = reader.required(path, node, "scopes");
    let scopes = scopes.map(|node| reader.each(&format!("{path}.scopes"), node, true, scope)).unwrap_or_default();
    no_scope_twice(reader, &scopes);
    let policies = node.get("policies");
    let policies = policies.map(|node| reader.each(&format!("{path}.policies"), node, false, policy));
    let consumers = node.get("consumers");
    let consumers = consumers.map(|node| reader.each(&format!("{path}.consumers"), node, false, consumer));
    for (key, most) in [("policies", MOST_POLICIES), ("consumers", MOST_CONSUMERS)] {
        if let Some(node) = node.get(key).filter(|node| node.items().len() > most) {
            let message = format!("`{path}.{key}` has more than {most} items.");
            reader.wrong(place(node), message, "Say more with each of them.");
        }
    }
    let terms = Terms { scopes, policies: policies.unwrap_or_default(), consumers: consumers.unwrap_or_default() };
    Some(Exposure { api: api?, terms })
}

fn no_scope_twice(reader: &mut Reader<'_>, scopes: &[At<Scope>]) {
    let mut seen = HashMap::new();
    for scope in scopes {
        let name = &scope.name;
        if let Some(line) = seen.insert(name.value.as_str(), name.place.line) {
            let message = format!("The scope {:?} stands in line {line} already.", clipped(name));
            reader.wrong(name.place, message, "Keep one of the two.");
        }
    }
}

fn scope(reader: &mut Reader<'_>, path: &str, node: &Node) -> Option<At<Scope>> {
    let known = ["name", "description", "sensitivity", "operations", "deprecated"];
    reader.mapping(path, node, &known).then_some(())?;
    let name = reader.required(path, node, "name");
    let name = name.and_then(|node| scope_name(reader, &format!("{path}.name"), node));
    let description = node.get("description").and_then(|node| reader.text(&format!("{path}.description"), node));
    let sensitivity = reader.required(path, node, "sensitivity");
    let sensitivity = sensitivity.and_then(|node| reader.word(&format!("{path}.sensitivity"), node, &SENSITIVITIES));
    let operations = node.get("operations");
    let operations = operations.map(|node| {
        reader.each(&format!("{path}.operations"), node, false, |reader, path, node| reader.parsed(path, node))
    });
    let deprecated = node.get("deprecated").and_then(|node| deprecation(reader, &format!("{path}.deprecated"), node));
    let scope = Scope {
        name: name?,
        description: description.map(|text| text.value).unwrap_or_default(),
        sensitivity: sensitivity?,
        operations: operations.unwrap_or_default(),
        deprecated,
    };
    Some(At { value: scope, place: place(node) })
}

fn deprecation(reader: &mut Reader<'_>, path: &str, node: &Node) -> Option<Deprecation> {
    reader.mapping(path, node, &["since", "use"]).then_some(())?;
    let instead = node.get("use").and_then(|node| scope_name(reader, &format!("{path}.use"), node));
    let since = reader.required(path, node, "since")?;
    let day = reader.formed(&format!("{path}.since"), since, is_day, "write a day such as 2026-10-01")?;
    Some(Deprecation { since: day.parse().ok()?, instead })
}

pub fn is_day(text: &str) -> bool {
    text.len() == 10 && text.parse::<Date>().is_ok()
}

fn consumer(reader: &mut Reader<'_>, path: &str, node: &Node) -> Option<At<Consumer>> {
    let known = ["component", "scopes", "environments", "deny", "reason"];
    reader.mapping(path, node, &known).then_some(())?;
    let component = reader.required(path, node, "component");
    let component = component.and_then(|node| reader.reference(&format!("{path}.component"), node, "component"));
    let scopes = node.get("scopes").map(|node| reader.each(&format!("{path}.scopes"), node, true, scope_name));
    let environments = node.get("environments");
    let environments = environments.map(|node| reader.each(&format!("{path}.environments"), node, true, environment));
    let deny = node.get("deny").map(|node| reader.boolean(&format!("{path}.deny"), node));
    let reason = node.get("reason").map(|node| reader.text(&format!("{path}.reason"), node));
    let deny = deny.flatten().unwrap_or(false);
    if deny && reason.is_none() {
        reader.wrong(place(node), format!("`{path}` denies without a reason."), "Add `reason:`.");
    }
    let reason = reason.flatten().map(|text| text.value).unwrap_or_default();
    Some(At { value: Consumer { component: component?, scopes, environments, deny, reason }, place: place(node) })
}

pub fn scope_name(reader: &mut Reader<'_>, path: &str, node: &Node) -> Option<At<String>> {
    let wanted =
        "write for example `orders.order.read`: printable ASCII, no space, `\"` or `\\`, at most 200 characters";
    reader.formed(path, node, is_scope, wanted)
}

/// A `scope-token` of RFC 6749, section 3.3.
fn is_scope(text: &str) -> bool {
    text.len() <= 200 && text.bytes().all(|byte| matches!(byte, 0x21 | 0x23..=0x5b | 0x5d..=0x7e))
}

pub fn environment(reader: &mut Reader<'_>, path: &str, node: &Node) -> Option<At<String>> {
    let wanted = "write a name of letters, digits, `-`, `_` and `.`, or `\"*\"` for all of them";
    reader.formed(path, node, is_environment, wanted)
}

fn is_environment(text: &str) -> bool {
    let letter = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte);
    text == ANY_ENVIRONMENT || (text.len() <= 63 && text.bytes().all(letter))
}

pub fn sensitivity(reader: &mut Reader<'_>, path: &str, node: &Node) -> Option<Sensitivity> {
    reader.word(path, node, &SENSITIVITIES)
}
