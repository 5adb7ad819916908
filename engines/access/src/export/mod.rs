//! What is granted, for whoever enforces it: plain JSON, data and a policy for Open Policy Agent, scopes for KrakenD.
//!
//! The same grants give the same bytes, so that their hash is a version.

pub mod krakend;
pub mod opa;

use std::collections::BTreeMap;

use jiff::Timestamp;
use model::EntityRef;
use serde::{Deserialize, Serialize};
use serde_json::json;
use sha2::{Digest, Sha256};

use crate::atom::Atom;
use crate::history::{Case, History, Original, State};
use crate::operation::Operation;
use crate::terms::Terms;

/// One grant that holds.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Granted {
    #[serde(flatten)]
    pub atom: Atom,
    pub request: String,
    pub since: Timestamp,
    /// The first instant at which it is no more.
    pub expires: Timestamp,
    /// Whose approvals count; nobody's where the policy asks nobody.
    pub approved_by: Vec<EntityRef>,
    /// Who approved what was imported.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub original: Option<Original>,
    /// Whether it was taken without asking.
    pub break_glass: bool,
}

/// A text for others.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Export {
    pub media_type: &'static str,
    pub body: String,
    /// A strong entity tag (RFC 9110, section 8.8.3), with its quotes.
    pub etag: String,
}

impl Export {
    pub(crate) fn new(media_type: &'static str, body: String) -> Self {
        Self { media_type, etag: format!("\"{}\"", hash(&body)), body }
    }

    pub(crate) fn json(value: &serde_json::Value) -> Self {
        Self::new("application/json", format!("{value:#}\n"))
    }
}

/// The first half of SHA-256, in hexadecimal.
fn hash(text: &str) -> String {
    Sha256::digest(text).iter().take(16).map(|byte| format!("{byte:02x}")).collect()
}

/// The grants of an atom that hold, of its history at some time.
pub fn granted<'a>(atom: &'a Atom, history: &'a History) -> impl Iterator<Item = Granted> + 'a {
    let active = history.cases.iter().filter(|case| case.state == State::Active);
    active.filter_map(|case| {
        let Case { request, granted_at, ends, votes, original, .. } = case;
        let approving = votes.iter().filter(|(_, vote)| vote.approves);
        Some(Granted {
            atom: atom.clone(),
            request: request.clone(),
            since: (*granted_at)?,
            expires: (*ends)?,
            approved_by: approving.map(|(person, _)| person.clone()).collect(),
            original: original.clone(),
            break_glass: !case.is_regular(),
        })
    })
}

/// Everything that is granted, in the order of atoms.
pub fn plain(grants: &[Granted]) -> Export {
    let mut grants: Vec<&Granted> = grants.iter().collect();
    grants.sort();
    Export::json(&json!({ "schema": "access-grants/v1", "grants": grants }))
}

/// Which scopes open which operation of an API.
fn scopes_of(terms: &Terms) -> BTreeMap<&Operation, Vec<&str>> {
    let mut operations: BTreeMap<&Operation, Vec<&str>> = BTreeMap::new();
    for scope in &terms.scopes {
        for operation in &scope.operations {
            operations.entry(&operation.value).or_default().push(&scope.name);
        }
    }
    for scopes in operations.values_mut() {
        scopes.sort_unstable();
        scopes.dedup();
    }
    operations
}

#[cfg(test)]
mod tests;
