//! Where the edges of an entity stand in its `spec` (Backstage's well-known relations).

use model::reference::DEFAULT_NAMESPACE;
use model::{Entity, EntityRef};
use serde_json::Value;

/// One reference in `spec`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    /// JSON pointer into the entity: `/spec/dependsOn/0`.
    pub pointer: String,
    /// The relation that it makes.
    pub relation: &'static str,
    pub target: EntityRef,
}

/// Key, relation, and the kind that is meant where none is written.
const KEYS: [(&str, &str, Option<&str>); 13] = [
    ("owner", "ownedBy", Some("group")),
    ("system", "partOf", Some("system")),
    ("domain", "partOf", Some("domain")),
    ("subcomponentOf", "partOf", Some("component")),
    ("subdomainOf", "partOf", Some("domain")),
    ("dependsOn", "dependsOn", None),
    ("dependencyOf", "dependencyOf", None),
    ("providesApis", "providesApi", Some("api")),
    ("consumesApis", "consumesApi", Some("api")),
    ("parent", "childOf", Some("group")),
    ("children", "parentOf", Some("group")),
    ("memberOf", "memberOf", Some("group")),
    ("members", "hasMember", Some("user")),
];

const REVERSES: [(&str, &str); 7] = [
    ("ownedBy", "ownerOf"),
    ("partOf", "hasPart"),
    ("dependsOn", "dependencyOf"),
    ("providesApi", "apiProvidedBy"),
    ("consumesApi", "apiConsumedBy"),
    ("childOf", "parentOf"),
    ("memberOf", "hasMember"),
];

/// The same edge, as its other end calls it.
pub fn reverse(relation: &str) -> Option<&'static str> {
    REVERSES.iter().find_map(|(one, other)| match relation {
        _ if relation == *one => Some(*other),
        _ if relation == *other => Some(*one),
        _ => None,
    })
}

/// Every reference in `spec` that makes a relation.
pub fn places(entity: &Entity) -> Vec<Place> {
    let namespace = entity.metadata.namespace.as_deref().unwrap_or(DEFAULT_NAMESPACE);
    let mut places = Vec::new();
    for (key, relation, kind) in KEYS {
        let mut add = |pointer: String, value: &Value| {
            let target = value.as_str().and_then(|text| EntityRef::parse(text, kind, namespace).ok());
            places.extend(target.map(|target| Place { pointer, relation, target }));
        };
        match entity.spec.get(key) {
            Some(Value::Array(values)) => {
                values.iter().enumerate().for_each(|(at, value)| add(format!("/spec/{key}/{at}"), value));
            }
            Some(value) => add(format!("/spec/{key}"), value),
            None => {}
        }
    }
    places
}

/// The value at a pointer that [`places`] gave.
pub fn value_mut<'a>(entity: &'a mut Entity, pointer: &str) -> Option<&'a mut Value> {
    let path = pointer.strip_prefix("/spec/")?;
    match path.split_once('/') {
        None => entity.spec.get_mut(path),
        Some((key, at)) => entity.spec.get_mut(key)?.get_mut(at.parse::<usize>().ok()?),
    }
}

#[cfg(test)]
mod tests {
    use model::Kind;
    use serde_json::json;

    use super::*;

    #[test]
    fn references_are_read_as_backstage_reads_them() {
        let mut entity = Entity::new(Kind::Component, "shop");
        entity.metadata.namespace = Some("web".to_owned());
        entity.spec.insert("owner".into(), json!("team-a"));
        entity.spec.insert("dependsOn".into(), json!(["component:cart", "no-kind", 7]));
        let seen: Vec<String> = places(&entity)
            .iter()
            .map(|place| format!("{} {} {}", place.pointer, place.relation, place.target))
            .collect();
        assert_eq!(seen, ["/spec/owner ownedBy group:web/team-a", "/spec/dependsOn/0 dependsOn component:web/cart"]);
    }

    #[test]
    fn every_relation_has_its_reverse() {
        for (_, relation, _) in KEYS {
            assert_eq!(reverse(relation).and_then(reverse), Some(relation));
        }
    }
}
