//! A bundle for Open Policy Agent: its files, to be put into an archive.

use std::collections::BTreeMap;

use model::EntityRef;
use serde_json::{Value, json};

use super::{Granted, hash, scopes_of};
use crate::terms::Terms;

/// The policy, for OPA 1.0: `data.slipway.access.allow` for an `input` of `consumer`, `api`, `environment`, and either
/// `scope` or `operation`.
pub const POLICY: &str = include_str!("access.rego");

/// The files of a bundle (OPA, "Bundle File Format").
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OpaBundle {
    /// Path and content, in the order of paths.
    pub files: Vec<(&'static str, String)>,
    /// A strong entity tag, with its quotes.
    pub etag: String,
}

/// The grants, and which scopes open which operations of these APIs.
pub fn bundle(grants: &[Granted], apis: &BTreeMap<EntityRef, Terms>) -> OpaBundle {
    let data = data(grants, apis);
    let data = format!("{data:#}\n");
    let revision = hash(&format!("{POLICY}{data}"));
    // Nothing outside of `slipway` is touched by it.
    let manifest = json!({ "revision": revision, "roots": ["slipway"], "rego_version": 1 });
    let files =
        vec![(".manifest", format!("{manifest:#}\n")), ("data.json", data), ("slipway/access.rego", POLICY.to_owned())];
    OpaBundle { files, etag: format!("\"{revision}\"") }
}

fn data(grants: &[Granted], apis: &BTreeMap<EntityRef, Terms>) -> Value {
    type Scopes<'a> = BTreeMap<&'a str, i64>;
    let mut granted: BTreeMap<String, BTreeMap<String, BTreeMap<&str, Scopes<'_>>>> = BTreeMap::new();
    for Granted { atom, expires, .. } in grants {
        let apis = granted.entry(atom.consumer.to_string()).or_default();
        let scopes = apis.entry(atom.api.to_string()).or_default().entry(&atom.environment).or_default();
        // Seconds since 1970, rounded down; of two grants the one that lasts.
        let ends = scopes.entry(&atom.scope).or_insert(i64::MIN);
        *ends = (*ends).max(expires.as_second());
    }
    let operations: BTreeMap<String, BTreeMap<String, Vec<&str>>> = apis
        .iter()
        .map(|(api, terms)| {
            let scopes = scopes_of(terms).into_iter().map(|(operation, scopes)| (operation.to_string(), scopes));
            (api.to_string(), scopes.collect())
        })
        .collect();
    json!({ "slipway": { "grants": granted, "operations": operations } })
}
