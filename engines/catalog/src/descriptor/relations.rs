//! The relations that a `spec` declares: `BuiltinKindsEntityProcessor` of Backstage's catalog-backend 4.0 and, for
//! Template, `ScaffolderEntitiesProcessor`.

use model::reference::DEFAULT_NAMESPACE;
use model::{Entity, EntityRef, Kind};
use serde_json::Value;

use super::{Edge, InvalidReference, Relations};

/// One line of the table.
#[derive(Debug, Clone, Copy)]
struct RelationField {
    key: &'static str,
    kind: &'static str,
    reverse: &'static str,
    /// The kind of a reference that names none; `None`: it must name one.
    default_kind: Option<&'static str>,
}

const fn field(
    key: &'static str,
    kind: &'static str,
    reverse: &'static str,
    default_kind: Option<&'static str>,
) -> RelationField {
    RelationField { key, kind, reverse, default_kind }
}

const OWNER: RelationField = field("owner", "ownedBy", "ownerOf", Some("Group"));
const SYSTEM: RelationField = field("system", "partOf", "hasPart", Some("System"));
const DEPENDS_ON: RelationField = field("dependsOn", "dependsOn", "dependencyOf", None);
const DEPENDENCY_OF: RelationField = field("dependencyOf", "dependencyOf", "dependsOn", None);

const COMPONENT: &[RelationField] = &[
    OWNER,
    field("subcomponentOf", "partOf", "hasPart", Some("Component")),
    field("providesApis", "providesApi", "apiProvidedBy", Some("API")),
    field("consumesApis", "consumesApi", "apiConsumedBy", Some("API")),
    DEPENDS_ON,
    DEPENDENCY_OF,
    SYSTEM,
];
const API: &[RelationField] = &[OWNER, SYSTEM];
const RESOURCE: &[RelationField] = &[OWNER, DEPENDS_ON, DEPENDENCY_OF, SYSTEM];
const SYSTEM_FIELDS: &[RelationField] = &[OWNER, field("domain", "partOf", "hasPart", Some("Domain"))];
const DOMAIN: &[RelationField] = &[OWNER, field("subdomainOf", "partOf", "hasPart", Some("Domain"))];
const GROUP: &[RelationField] = &[
    field("parent", "childOf", "parentOf", Some("Group")),
    field("children", "parentOf", "childOf", Some("Group")),
    field("members", "hasMember", "memberOf", Some("User")),
];
const USER: &[RelationField] = &[field("memberOf", "memberOf", "hasMember", Some("Group"))];
const TEMPLATE: &[RelationField] = &[OWNER];

/// The fields of `spec` that refer to other entities.
fn fields(kind: Kind) -> &'static [RelationField] {
    match kind {
        Kind::Component => COMPONENT,
        Kind::Api => API,
        Kind::Resource => RESOURCE,
        Kind::System => SYSTEM_FIELDS,
        Kind::Domain => DOMAIN,
        Kind::Group => GROUP,
        Kind::User => USER,
        Kind::Template => TEMPLATE,
        Kind::Location => &[],
    }
}

/// The relations that `entity` declares. A kind that is not understood declares none.
pub fn relations(entity: &Entity) -> Relations {
    let mut found = Relations::default();
    let Ok(kind) = entity.kind.parse::<Kind>() else { return found };
    let namespace = entity.metadata.namespace.as_deref().unwrap_or(DEFAULT_NAMESPACE);
    for field in fields(kind) {
        for (pointer, target) in targets(field.key, entity.spec.get(field.key)) {
            match reference(target, field.default_kind, namespace) {
                Ok(target) => found.edges.push(Edge { kind: field.kind, reverse: field.reverse, target, pointer }),
                Err(message) => found.invalid.push(InvalidReference { pointer, message }),
            }
        }
    }
    found
}

/// `[targets].flat()`, and nothing for what JavaScript takes as false.
fn targets<'a>(key: &str, value: Option<&'a Value>) -> Vec<(String, &'a Value)> {
    match value {
        None | Some(Value::Null | Value::Bool(false)) => Vec::new(),
        Some(Value::String(text)) if text.is_empty() => Vec::new(),
        Some(Value::Number(number)) if number.as_f64() == Some(0.0) => Vec::new(),
        Some(Value::Array(items)) => {
            items.iter().enumerate().map(|(index, item)| (format!("/spec/{key}/{index}"), item)).collect()
        }
        Some(one) => vec![(format!("/spec/{key}"), one)],
    }
}

/// `parseEntityRef`: a string, or, where the schema lets one through, a mapping of kind, namespace and name.
fn reference(value: &Value, default_kind: Option<&str>, namespace: &str) -> Result<EntityRef, String> {
    match value {
        Value::String(text) if text.is_empty() => Err("The reference is empty.".to_owned()),
        Value::String(text) => EntityRef::parse(text, default_kind, namespace).map_err(|error| format!("{error}.")),
        Value::Object(parts) => {
            let part = |key| parts.get(key).and_then(Value::as_str).filter(|text: &&str| !text.is_empty());
            match (part("kind").or(default_kind), part("name")) {
                (Some(kind), Some(name)) => Ok(EntityRef::new(kind, part("namespace").unwrap_or(namespace), name)),
                _ => Err("The reference is a mapping without kind and name.".to_owned()),
            }
        }
        _ => Err("The reference is not a text.".to_owned()),
    }
}
