//! Scopes for KrakenD: for each operation what `auth/validator` has to ask of a token.

use serde::{Deserialize, Serialize};
use serde_json::json;

use super::{Export, scopes_of};
use crate::operation::Operation;
use crate::terms::Terms;

/// The methods of an endpoint (KrakenD's schema v2.13, `endpoint.json`).
const METHODS: [&str; 5] = ["GET", "POST", "PUT", "PATCH", "DELETE"];

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

/// Operations that a scope opens and no endpoint of KrakenD can have: of another method, or with `*`, `?`, `&`, `%` or `:`
/// in their paths. They are not in [`endpoints`], so nothing lets them through.
pub fn unroutable(terms: &Terms) -> Vec<&Operation> {
    scopes_of(terms).into_keys().filter(|operation| !is_endpoint(operation)).collect()
}

fn is_endpoint(operation: &Operation) -> bool {
    METHODS.contains(&operation.method.as_str()) && !operation.path.contains(['*', '?', '&', '%', ':'])
}

/// `endpoints` to be merged into a configuration, which has their backends: for each operation that a scope opens, that a
/// token needs any of its scopes. Operations that no scope opens are not among them, nor those that are [`unroutable`].
pub fn endpoints(terms: &Terms, validator: &Validator) -> Export {
    let routable = scopes_of(terms).into_iter().filter(|(operation, _)| is_endpoint(operation));
    let endpoints = routable.map(|(operation, scopes)| {
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
