//! `metadata`: names, labels, annotations, tags and links.

use std::collections::BTreeMap;

use model::entity::{Link, Metadata};

use super::check::{Checker, Here, key_place, place, quoted, shown};
use super::schema::Shape;
use super::{format, placeholder};
use crate::yaml::{Entry, Node, Value};

const KEYS: [&str; 10] =
    ["uid", "etag", "name", "namespace", "title", "description", "labels", "annotations", "tags", "links"];

/// Checks `metadata`; it comes back where name and namespace can be told, without what is wrong in it.
pub fn check(checker: &mut Checker<'_>, root: &Node) -> Option<Metadata> {
    let Some(entry) = root.entry("metadata") else {
        let help = "Add `metadata:` with `name: …` below it.";
        checker.error("required", place(root), "`metadata` is missing: every entity needs a name.", help);
        return None;
    };
    let here = Here { path: "metadata", key: key_place(entry) };
    let node = &entry.value;
    if !matches!(node.value, Value::Mapping(_)) {
        checker.wrong_type(here, node, "a mapping");
        return None;
    }
    let name = name(checker, here, node);
    let namespace = namespace(checker, node);
    let mut metadata = Metadata {
        title: text(checker, node, "title", &Shape::Text),
        description: text(checker, node, "description", &Shape::AnyText),
        labels: labels(checker, node),
        annotations: annotations(checker, node),
        tags: tags(checker, node),
        links: links(checker, node),
        ..Metadata::default()
    };
    for key in ["uid", "etag"] {
        if let Some(text) = text(checker, node, key, &Shape::Text) {
            metadata.other.insert(key.to_owned(), text.into());
        }
    }
    for entry in node.entries().iter().filter(|entry| !KEYS.contains(&entry.key.as_str())) {
        unknown_key(checker, entry, node);
        metadata.other.insert(entry.key.clone(), entry.value.to_json());
    }
    metadata.name = name?;
    metadata.namespace = namespace.ok()?;
    Some(metadata)
}

fn name(checker: &mut Checker<'_>, here: Here<'_>, node: &Node) -> Option<String> {
    let Some(entry) = node.entry("name") else {
        checker.missing(here, "name", &Shape::Text);
        return None;
    };
    let here = Here { path: "metadata.name", key: key_place(entry) };
    if !checker.shape(here, &entry.value, &Shape::Text) {
        return None;
    }
    let text = entry.value.as_str()?;
    if format::is_name(text) {
        return Some(text.to_owned());
    }
    invalid(checker, "name", here, &entry.value, text, format::NAME, format::suggest_name(text));
    None
}

/// `Err` where one is written that cannot be used.
fn namespace(checker: &mut Checker<'_>, node: &Node) -> Result<Option<String>, ()> {
    let Some(entry) = node.entry("namespace") else { return Ok(None) };
    let here = Here { path: "metadata.namespace", key: key_place(entry) };
    if !checker.shape(here, &entry.value, &Shape::Text) {
        return Err(());
    }
    let text = entry.value.as_str().ok_or(())?;
    if format::is_dns_label(text) {
        return Ok(Some(text.to_owned()));
    }
    let suggestion = format::suggest_namespace(text);
    invalid(checker, "namespace", here, &entry.value, text, format::NAMESPACE, suggestion);
    Err(())
}

fn invalid(
    checker: &mut Checker<'_>,
    rule: &str,
    here: Here<'_>,
    node: &Node,
    text: &str,
    allowed: &str,
    suggestion: Option<String>,
) {
    let message = format!("`{}` is {}; it can only have {allowed}.", here.path, quoted(text));
    let help =
        suggestion.map_or_else(|| "Write another value.".to_owned(), |name| format!("Write for example `{name}`."));
    checker.error(rule, place(node), message, help);
}

fn text(checker: &mut Checker<'_>, node: &Node, key: &str, shape: &Shape) -> Option<String> {
    let entry = node.entry(key)?;
    let path = format!("metadata.{key}");
    let holds = checker.shape(Here { path: &path, key: key_place(entry) }, &entry.value, shape);
    entry.value.as_str().filter(|_| holds).map(str::to_owned)
}

/// The entries of a mapping of texts, checked for keys and types.
fn pairs<'a>(checker: &mut Checker<'_>, node: &'a Node, key: &str, rule: &str) -> Vec<(&'a Entry, bool)> {
    let Some(entry) = node.entry(key) else { return Vec::new() };
    let path = format!("metadata.{key}");
    let here = Here { path: &path, key: key_place(entry) };
    if !matches!(entry.value.value, Value::Mapping(_)) {
        checker.wrong_type(here, &entry.value, "a mapping");
        return Vec::new();
    }
    let mut pairs = Vec::new();
    for pair in entry.value.entries() {
        let path = format!("{path}.{}", pair.key);
        let is_key = format::is_key(&pair.key);
        if !is_key {
            let message = format!("`{path}`: the key can only be {}.", format::KEY);
            let help =
                "Use lower case before the `/`, letters and digits at the ends, and at most 63 characters after it.";
            checker.error(rule, key_place(pair), message, help);
        }
        let holds = checker.shape(Here { path: &path, key: key_place(pair) }, &pair.value, &Shape::AnyText);
        pairs.push((pair, is_key && holds));
    }
    pairs
}

fn labels(checker: &mut Checker<'_>, node: &Node) -> BTreeMap<String, String> {
    let mut labels = BTreeMap::new();
    for (pair, holds) in pairs(checker, node, "labels", "label") {
        let Some(text) = pair.value.as_str() else { continue };
        if !format::is_label_value(text) {
            let path = format!("metadata.labels.{}", pair.key);
            let here = Here { path: &path, key: key_place(pair) };
            let suggestion = format::suggest_name(text);
            invalid(checker, "label", here, &pair.value, text, format::NAME, suggestion);
        } else if holds {
            labels.insert(pair.key.clone(), text.to_owned());
        }
    }
    labels
}

fn annotations(checker: &mut Checker<'_>, node: &Node) -> BTreeMap<String, String> {
    let pairs = pairs(checker, node, "annotations", "annotation");
    let kept = pairs.into_iter().filter(|(_, holds)| *holds);
    kept.filter_map(|(pair, _)| Some((pair.key.clone(), pair.value.as_str()?.to_owned()))).collect()
}

fn tags(checker: &mut Checker<'_>, node: &Node) -> Vec<String> {
    let Some(entry) = node.entry("tags") else { return Vec::new() };
    let here = Here { path: "metadata.tags", key: key_place(entry) };
    let Value::Sequence(items) = &entry.value.value else {
        checker.wrong_type(here, &entry.value, "a list of strings");
        return Vec::new();
    };
    let mut tags = Vec::new();
    for (index, item) in items.iter().enumerate() {
        let path = format!("metadata.tags[{index}]");
        let here = Here { path: &path, key: place(item) };
        if !checker.shape(here, item, &Shape::Text) {
            continue;
        }
        let Some(text) = item.as_str() else { continue };
        if format::is_tag(text) {
            tags.push(text.to_owned());
        } else {
            invalid(checker, "tag", here, item, text, format::TAG, format::suggest_tag(text));
        }
    }
    tags
}

fn links(checker: &mut Checker<'_>, node: &Node) -> Vec<Link> {
    let Some(entry) = node.entry("links") else { return Vec::new() };
    let here = Here { path: "metadata.links", key: key_place(entry) };
    let Value::Sequence(items) = &entry.value.value else {
        checker.wrong_type(here, &entry.value, "a list of mappings with a `url`");
        return Vec::new();
    };
    items.iter().enumerate().filter_map(|(index, item)| link(checker, index, item)).collect()
}

fn link(checker: &mut Checker<'_>, index: usize, item: &Node) -> Option<Link> {
    let path = format!("metadata.links[{index}]");
    let here = Here { path: &path, key: place(item) };
    if placeholder::of(item).is_some() {
        checker.shape(here, item, &Shape::Object(&[]));
        return None;
    }
    if !matches!(item.value, Value::Mapping(_)) {
        checker.wrong_type(here, item, "a mapping with a `url`");
        return None;
    }
    let url = match item.entry("url") {
        Some(entry) => url(checker, &path, entry),
        None => {
            checker.missing(here, "url", &Shape::Text);
            None
        }
    };
    let mut part = |key: &str, blank: bool| {
        let entry = item.entry(key)?;
        let path = format!("{path}.{key}");
        let here = Here { path: &path, key: key_place(entry) };
        let holds =
            checker.shape(here, &entry.value, &Shape::Text) && (blank || not_blank(checker, here, &entry.value));
        entry.value.as_str().filter(|_| holds).map(str::to_owned)
    };
    let (title, icon, kind) = (part("title", false), part("icon", false), part("type", true));
    Some(Link { url: url?, title, icon, kind })
}

fn url(checker: &mut Checker<'_>, path: &str, entry: &Entry) -> Option<String> {
    let path = format!("{path}.url");
    let here = Here { path: &path, key: key_place(entry) };
    if !checker.shape(here, &entry.value, &Shape::Text) {
        return None;
    }
    let text = entry.value.as_str()?;
    if format::is_url(text) {
        return Some(text.to_owned());
    }
    let message = format!("`{path}` is {}, which is no absolute address.", quoted(text));
    checker.error("link", place(&entry.value), message, "Write the whole address, with `https://` before it.");
    None
}

fn not_blank(checker: &mut Checker<'_>, here: Here<'_>, node: &Node) -> bool {
    if node.as_str().is_none_or(|text| !text.trim().is_empty()) {
        return true;
    }
    let message = format!("`{}` is {}, which nobody can see.", here.path, shown(node));
    checker.error("empty", place(node), message, "Write a text, or remove the key.");
    false
}

/// Any key is allowed in `metadata`; one that is nearly a known one is most likely a slip.
fn unknown_key(checker: &mut Checker<'_>, entry: &Entry, node: &Node) {
    let missing = KEYS.into_iter().filter(|key| node.entry(key).is_none());
    let near = missing.filter(|key| strsim::damerau_levenshtein(key, &entry.key.to_lowercase()) <= 1);
    if let Some(near) = near.min() {
        let message = format!("`metadata.{}` means nothing to Slipway or Backstage.", entry.key);
        checker.warning("unknown-key", key_place(entry), message, format!("Did you mean `{near}`?"));
    }
}
