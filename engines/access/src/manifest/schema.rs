//! The manifest as a JSON Schema, for editors. A test holds it and the reader together.

use serde_json::{Value, json};

use super::{API_VERSION, KIND};
use crate::operation::METHODS;

/// Where the schema stands, to name it in a file: `# yaml-language-server: $schema=…`.
pub const SCHEMA_ADDRESS: &str = "https://slipway.dev/schemas/access-v1.json";

/// The schema of `access.yaml` (JSON Schema 2020-12). It says what a value looks like; what several values say together,
/// and whether what they name exists, only the findings say.
pub fn schema() -> Value {
    json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": SCHEMA_ADDRESS,
        "title": "Access manifest of Slipway",
        "type": "object",
        "required": ["apiVersion", "kind", "metadata"],
        "additionalProperties": false,
        "properties": {
            "apiVersion": { "const": API_VERSION },
            "kind": { "const": KIND },
            "metadata": object(&["component"], &json!({ "component": reference("component") })),
            "requires": { "type": "array", "items": { "$ref": "#/$defs/requirement" } },
            "exposes": { "type": "array", "items": { "$ref": "#/$defs/exposure" } },
        },
        "$defs": {
            "requirement": requirement(),
            "exposure": exposure(),
            "scope": scope(),
            "policy": policy(),
            "consumer": consumer(),
            "text": { "type": "string", "pattern": r"\S", "maxLength": 2000 },
            "scopeName": { "type": "string", "pattern": r"^[\x21\x23-\x5b\x5d-\x7e]{1,200}$" },
            "environment": { "type": "string", "pattern": r"^(\*|[A-Za-z0-9._-]{1,63})$" },
            "day": { "type": "string", "pattern": r"^[0-9]{4}-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])$" },
            "span": { "type": "string", "pattern": r"^0*[1-9][0-9]*[hdw]$" },
            "sensitivity": { "enum": ["public", "internal", "confidential", "restricted"] },
            "people": { "type": "integer", "minimum": 1, "maximum": 20 },
        },
    })
}

fn requirement() -> Value {
    let mut requirement = object(
        &["api", "scopes", "environments"],
        &json!({
            "api": reference("api"),
            "scopes": some("scopeName"),
            "environments": some("environment"),
            "justification": { "$ref": "#/$defs/text" },
            "ticket": { "$ref": "#/$defs/text" },
            "expires": { "$ref": "#/$defs/day" },
            "ttl": { "$ref": "#/$defs/span" },
            "optional": { "type": "boolean" },
        }),
    );
    requirement["not"] = json!({ "required": ["expires", "ttl"] });
    requirement
}

fn exposure() -> Value {
    object(
        &["api", "scopes"],
        &json!({
            "api": reference("api"),
            "scopes": some("scope"),
            "policies": { "type": "array", "maxItems": 100, "items": { "$ref": "#/$defs/policy" } },
            "consumers": { "type": "array", "maxItems": 2000, "items": { "$ref": "#/$defs/consumer" } },
        }),
    )
}

fn scope() -> Value {
    // A path as addresses have it: printable, without `"`, `#`, `?` and `\`.
    let operation = format!(r"^({}) /[\x21\x24-\x3e\x40-\x5b\x5d-\x7e]*$", METHODS.join("|"));
    let operation = json!({ "type": "string", "pattern": operation });
    let deprecated =
        object(&["since"], &json!({ "since": { "$ref": "#/$defs/day" }, "use": { "$ref": "#/$defs/scopeName" } }));
    object(
        &["name", "sensitivity"],
        &json!({
            "name": { "$ref": "#/$defs/scopeName" },
            "description": { "$ref": "#/$defs/text" },
            "sensitivity": { "$ref": "#/$defs/sensitivity" },
            "operations": { "type": "array", "items": operation },
            "deprecated": deprecated,
        }),
    )
}

fn policy() -> Value {
    let from = json!({ "anyOf": [{ "const": "owner" }, reference("group")] });
    let need = object(&["from", "count"], &json!({ "from": from, "count": { "$ref": "#/$defs/people" } }));
    let matching = object(&[], &json!({ "sensitivity": some("sensitivity"), "environments": some("environment") }));
    let mut policy = object(
        &["match", "max_ttl"],
        &json!({
            "match": matching,
            "decision": { "const": "auto_approve" },
            "approvals": { "type": "array", "minItems": 1, "items": need },
            "deny": { "$ref": "#/$defs/people" },
            "justification": { "enum": ["required", "optional"] },
            "ticket": { "$ref": "#/$defs/text" },
            "max_ttl": { "$ref": "#/$defs/span" },
            "review_every": { "$ref": "#/$defs/span" },
            "on_no_answer": { "enum": ["keep", "suspend"] },
            "pending_ttl": { "$ref": "#/$defs/span" },
        }),
    );
    policy["oneOf"] = json!([{ "required": ["decision"] }, { "required": ["approvals"] }]);
    policy
}

fn consumer() -> Value {
    let mut consumer = object(
        &["component"],
        &json!({
            "component": reference("component"),
            "scopes": some("scopeName"),
            "environments": some("environment"),
            "deny": { "type": "boolean" },
            "reason": { "$ref": "#/$defs/text" },
        }),
    );
    // Whoever is kept out is told why.
    consumer["anyOf"] = json!([{ "required": ["reason"] }, { "properties": { "deny": { "const": false } } }]);
    consumer
}

fn object(required: &[&str], properties: &Value) -> Value {
    json!({ "type": "object", "required": required, "additionalProperties": false, "properties": properties })
}

fn some(item: &str) -> Value {
    json!({ "type": "array", "minItems": 1, "items": { "$ref": format!("#/$defs/{item}") } })
}

/// The kind may be left out, and be written in any case.
fn reference(kind: &str) -> Value {
    let kind: String = kind.chars().map(|letter| format!("[{}{letter}]", letter.to_ascii_uppercase())).collect();
    let part = "[A-Za-z0-9._-]+";
    json!({ "type": "string", "maxLength": 200, "pattern": format!("^({kind}:)?({part}/)?{part}$") })
}
