//! Writing an entity as a document that a person would write.

use model::Entity;
use serde_json::{Map, Value, json};

use crate::yaml;

/// The entity as a document that can be committed as `catalog-info.yaml`. Relations are not in it.
///
/// Reads back as the same entity.
pub fn to_yaml(entity: &Entity) -> String {
    let mut metadata = Map::new();
    metadata.insert("name".to_owned(), json!(entity.metadata.name));
    let mut put = |key: &str, value: Value| {
        let empty = value.is_null()
            || value.as_array().is_some_and(Vec::is_empty)
            || value.as_object().is_some_and(Map::is_empty);
        if !empty {
            metadata.insert(key.to_owned(), value);
        }
    };
    put("namespace", json!(entity.metadata.namespace));
    put("title", json!(entity.metadata.title));
    put("description", json!(entity.metadata.description));
    put("labels", json!(entity.metadata.labels));
    put("annotations", json!(entity.metadata.annotations));
    put("tags", json!(entity.metadata.tags));
    put("links", json!(entity.metadata.links));
    for (key, value) in &entity.metadata.other {
        metadata.entry(key.clone()).or_insert_with(|| value.clone());
    }
    let mut document = Map::new();
    document.insert("apiVersion".to_owned(), json!(entity.api_version));
    document.insert("kind".to_owned(), json!(entity.kind));
    document.insert("metadata".to_owned(), Value::Object(metadata));
    if !entity.spec.is_empty() {
        document.insert("spec".to_owned(), Value::Object(entity.spec.clone()));
    }
    yaml::emit(&Value::Object(document))
}
