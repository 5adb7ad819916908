//! Scopes for KrakenD: for each operation what `auth/validator` has to ask of a token.

use serde::{Deserialize, Serialize};
use serde_json::json;

use super::{Export, scopes_of};
use crate::terms::Terms;

/// How KrakenD checks tokens, which is the operator's to say.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Validator {
    /// `RS256`, `EdDSA`, …
    pub alg: String,
    pub jwk_url: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub issuer: Option<String>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub audience: Vec<String>,
    /// The claim that holds the scopes.
    pub scopes_key: String,
}

/// `endpoints` to be merged into a configuration: for each operation that a scope opens, that a token needs any of its
/// scopes. Operations that no scope opens are not among them.
pub fn endpoints(terms: &Terms, validator: &Validator) -> Export {
    let endpoints = scopes_of(terms).into_iter().map(|(operation, scopes)| {
        let mut check = json!(validator);
        check["scopes"] = json!(scopes);
        check["scopes_matcher"] = json!("any");
        json!({
            "endpoint": operation.path,
            "method": operation.method,
            "extra_config": { "auth/validator": check },
        })
    });
    Export::json(&json!({ "endpoints": endpoints.collect::<Vec<_>>() }))
}
