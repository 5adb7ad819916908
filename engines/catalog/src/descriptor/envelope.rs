//! The envelope: root keys, `apiVersion`, `kind`, and who the entity is. `SchemaValidEntityPolicy`,
//! `FieldFormatEntityPolicy` and `NoForeignRootFieldsEntityPolicy` of Backstage's `catalog-model`.

use model::Kind;

use super::check::{Checker, Here, key_place, place, quoted};
use super::schema::{self, Shape};
use super::{DescriptorEntity, casing, metadata, placeholder, relations};
use crate::yaml::{Node, Value};

const ROOT_KEYS: [&str; 4] = ["apiVersion", "kind", "metadata", "spec"];

/// Kinds that some Backstage accepts and that mean nothing here.
const FOREIGN_KINDS: [&str; 1] = ["AiResource"];

/// How deep and how many places are kept.
const PLACE_DEPTH: usize = 4;
const PLACES: usize = 2_000;

/// Checks one document. The entity comes back where its kind, namespace and name can be told.
pub fn check(checker: &mut Checker<'_>, root: &Node) -> Option<DescriptorEntity> {
    if !matches!(root.value, Value::Mapping(_)) {
        let help = "Begin the document with `apiVersion: backstage.io/v1alpha1`.";
        checker.error("document", place(root), "The document is no mapping, so it describes no entity.", help);
        return None;
    }
    if let Some(kind) = foreign_kind(root) {
        let message = format!("The kind {kind} is not shown by Slipway; the document is left out.");
        let at = root.entry("kind").map_or(place(root), |entry| place(&entry.value));
        checker.warning("foreign-kind", at, message, "Nothing needs to be done.");
        return None;
    }
    root_keys(checker, root);
    let kind = kind(checker, root);
    let api_version = api_version(checker, root, kind);
    let read = metadata::check(checker, root);
    let spec = kind.map(|kind| spec(checker, root, kind)).unwrap_or_default();
    casing::check(checker, root);

    let (kind, metadata) = (kind?, read?);
    let mut placeholders = Vec::new();
    placeholder::find("", root, &mut placeholders);
    let entity = model::Entity {
        api_version: api_version.unwrap_or_else(|| kind.api_version().to_owned()),
        kind: kind.as_str().to_owned(),
        metadata,
        spec,
        relations: Vec::new(),
    };
    let mut declared = DescriptorEntity {
        entity,
        valid: true,
        file: checker.file.to_owned(),
        line: root.line,
        lines: places(root),
        placeholders,
    };
    references(checker, &mut declared, root);
    Some(declared)
}

fn foreign_kind(root: &Node) -> Option<&str> {
    root.get("kind").and_then(Node::as_str).filter(|kind| FOREIGN_KINDS.contains(kind))
}

fn root_keys(checker: &mut Checker<'_>, root: &Node) {
    for entry in root.entries().iter().filter(|entry| !ROOT_KEYS.contains(&entry.key.as_str())) {
        let message = format!("The key `{}` has no place at the root of an entity.", entry.key);
        let help = match entry.key.as_str() {
            "<<" => "Merge keys are not expanded, here as in Backstage: write the values out.".to_owned(),
            "relations" | "status" => "Remove it: it is computed, never written.".to_owned(),
            key => match crate::yaml::nearest(key, ROOT_KEYS) {
                Some(near) if root.entry(near).is_none() => format!("Did you mean `{near}`?"),
                _ => "Move it below `metadata` or `spec`, or remove it.".to_owned(),
            },
        };
        checker.error("unknown-field", key_place(entry), message, help);
    }
}

/// The text at a root key that must be one.
fn root_text<'a>(checker: &mut Checker<'_>, root: &'a Node, key: &str, example: &str) -> Option<&'a Node> {
    let Some(entry) = root.entry(key) else {
        let message = format!("`{key}` is missing.");
        checker.error("required", place(root), message, format!("Add `{key}: {example}`."));
        return None;
    };
    let here = Here { path: key, key: key_place(entry) };
    checker.shape(here, &entry.value, &Shape::Text).then_some(&entry.value)
}

fn kind(checker: &mut Checker<'_>, root: &Node) -> Option<Kind> {
    let node = root_text(checker, root, "kind", "Component")?;
    let text = node.as_str()?;
    let known = text.parse::<Kind>().ok();
    if known.is_some_and(|kind| kind.as_str() == text) {
        return known;
    }
    let all = Kind::ALL.map(Kind::as_str);
    let near = known.map(Kind::as_str).or_else(|| crate::yaml::nearest(text, all));
    let message = format!("`kind` is {}, which is no kind of entity.", quoted(text));
    let help = match near {
        Some(near) => format!("Did you mean `{near}`?"),
        None => format!("Write one of {}.", all.join(", ")),
    };
    checker.error("kind", place(node), message, help);
    known
}

fn api_version(checker: &mut Checker<'_>, root: &Node, kind: Option<Kind>) -> Option<String> {
    let example = kind.unwrap_or(Kind::Component).api_version();
    let node = root_text(checker, root, "apiVersion", example)?;
    let text = node.as_str()?;
    let (valid, subject): (Vec<&str>, String) = match kind {
        Some(kind) => (schema::api_versions(kind).to_vec(), format!("a {kind}")),
        None => (Vec::new(), String::new()),
    };
    if valid.is_empty() || valid.contains(&text) {
        return Some(text.to_owned());
    }
    let message = format!("`apiVersion` is {}, which {subject} cannot have.", quoted(text));
    checker.error("api-version", place(node), message, format!("Write `{}`.", valid.join("` or `")));
    None
}

/// Checks `spec` by the table of its kind; what is wrong at its first level is left out of what comes back.
fn spec(checker: &mut Checker<'_>, root: &Node, kind: Kind) -> serde_json::Map<String, serde_json::Value> {
    let mut kept = serde_json::Map::new();
    let Some(entry) = root.entry("spec") else {
        let message = format!("`spec` is missing: a {kind} needs one.");
        checker.error("required", place(root), message, "Add `spec:` with what the kind needs below it.");
        return kept;
    };
    let here = Here { path: "spec", key: key_place(entry) };
    if !matches!(entry.value.value, Value::Mapping(_)) {
        checker.wrong_type(here, &entry.value, "a mapping");
        return kept;
    }
    let mcp = kind == Kind::Api && is_mcp_server(&entry.value);
    let fields = schema::spec(kind, mcp);
    for field in fields {
        match entry.value.entry(field.key) {
            None if field.required => {
                checker.missing(here, field.key, &field.shape);
            }
            None => {}
            Some(found) => {
                let path = format!("spec.{}", field.key);
                let inner = Here { path: &path, key: key_place(found) };
                if checker.shape(inner, &found.value, &field.shape) {
                    kept.insert(field.key.to_owned(), found.value.to_json());
                }
            }
        }
    }
    let mut ordered = serde_json::Map::new();
    for found in entry.value.entries() {
        match kept.remove(&found.key) {
            Some(value) => {
                ordered.insert(found.key.clone(), value);
            }
            None if fields.iter().any(|field| field.key == found.key) => {}
            None => {
                unknown_spec_key(checker, found, kind, &entry.value);
                ordered.insert(found.key.clone(), found.value.to_json());
            }
        }
    }
    ordered
}

/// The variant of an API that has `remotes` in the place of a definition.
fn is_mcp_server(spec: &Node) -> bool {
    spec.get("type").and_then(Node::as_str) == Some("mcp-server") && spec.get("definition").is_none()
}

/// Backstage allows any key; one that is nearly a known one is most likely a slip.
fn unknown_spec_key(checker: &mut Checker<'_>, entry: &crate::yaml::Entry, kind: Kind, spec: &Node) {
    let known = schema::spec(kind, false).iter().map(|field| field.key).filter(|key| spec.entry(key).is_none());
    let near = known.filter(|key| strsim::damerau_levenshtein(&key.to_lowercase(), &entry.key.to_lowercase()) <= 1);
    if let Some(near) = near.min() {
        let message = format!("`spec.{}` means nothing to a {kind}.", entry.key);
        checker.warning("unknown-key", key_place(entry), message, format!("Did you mean `{near}`?"));
    }
}

/// Finds references that cannot be read, and leaves them out of the entity.
fn references(checker: &mut Checker<'_>, declared: &mut DescriptorEntity, root: &Node) {
    let placeholders: Vec<String> = declared.placeholders.iter().map(|found| found.pointer.clone()).collect();
    let invalid = relations::relations(&declared.entity).invalid;
    for reference in invalid.iter().filter(|reference| !placeholders.contains(&reference.pointer)) {
        let node = at(root, &reference.pointer);
        let message = format!("`{}` cannot be read: {}", path_of(&reference.pointer), reference.message);
        let help = "Write `<kind>:<namespace>/<name>`; the namespace may be left out.";
        checker.error("reference", node.map_or((declared.line, 1), place), message, help);
    }
    for reference in invalid.iter().rev() {
        remove(declared, &reference.pointer);
    }
}

fn remove(declared: &mut DescriptorEntity, pointer: &str) {
    let mut parts = pointer.trim_start_matches("/spec/").split('/');
    let (Some(key), index) = (parts.next(), parts.next().and_then(|index| index.parse::<usize>().ok())) else { return };
    match (declared.entity.spec.get_mut(key), index) {
        (Some(serde_json::Value::Array(items)), Some(index)) if index < items.len() => {
            items.remove(index);
        }
        _ => {
            declared.entity.spec.shift_remove(key);
        }
    }
}

fn at<'a>(root: &'a Node, pointer: &str) -> Option<&'a Node> {
    pointer.split('/').skip(1).try_fold(root, |node, part| match &node.value {
        Value::Sequence(items) => part.parse::<usize>().ok().and_then(|index| items.get(index)),
        _ => node.get(part),
    })
}

/// `/spec/dependsOn/0` → `spec.dependsOn[0]`
fn path_of(pointer: &str) -> String {
    let mut path = String::new();
    for part in pointer.split('/').skip(1) {
        match part.parse::<usize>() {
            Ok(index) => path.push_str(&format!("[{index}]")),
            Err(_) if path.is_empty() => path.push_str(part),
            Err(_) => path.push_str(&format!(".{part}")),
        }
    }
    path
}

fn places(root: &Node) -> std::collections::BTreeMap<String, (u32, u32)> {
    let mut places = std::collections::BTreeMap::new();
    let mut todo = std::collections::VecDeque::from([(String::new(), root, 0)]);
    while let Some((pointer, node, depth)) = todo.pop_front() {
        if places.len() >= PLACES {
            break;
        }
        if depth < PLACE_DEPTH {
            for (index, item) in node.items().iter().enumerate() {
                todo.push_back((format!("{pointer}/{index}"), item, depth + 1));
            }
            for entry in node.entries() {
                todo.push_back((format!("{pointer}/{}", placeholder::escape(&entry.key)), &entry.value, depth + 1));
            }
        }
        places.insert(pointer, place(node));
    }
    places.remove("");
    places
}
