//! A first `access.yaml`, drafted from what a catalog has seen: what a component calls, and what the descriptions of its
//! APIs offer. It passes [`validate`](crate::validate::validate); comments say what a person has to look at.

use std::collections::{BTreeMap, BTreeSet};

use model::EntityRef;
use serde_json::json;

use crate::atom::ANY_ENVIRONMENT;
use crate::edit::plain;
use crate::manifest::{API_VERSION, KIND, SCHEMA_ADDRESS};
use crate::operation::{Operation, is_parameter};

/// A call that was seen.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Call {
    pub api: EntityRef,
    /// What is asked of it, where that is known.
    pub operation: Option<Operation>,
    /// Where it was seen: `src/client.ts:12`.
    pub evidence: String,
}

/// An API that the component provides.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Provided {
    pub api: EntityRef,
    /// Those of its description.
    pub operations: BTreeSet<Operation>,
}

/// Pieces of evidence that one entry shows; more are counted.
const EVIDENCE: usize = 3;

/// The text of a manifest for `component`, in these environments.
///
/// `scopes` are those that are exposed already, by API: a call asks for those that open its operation. Where none does, or
/// no operation is known, the scope is a guess that a comment names.
pub fn draft(
    component: &EntityRef,
    calls: &[Call],
    provided: &[Provided],
    scopes: &BTreeMap<EntityRef, crate::terms::Terms>,
    environments: &BTreeSet<String>,
) -> String {
    let mut text = format!(
        "# yaml-language-server: $schema={SCHEMA_ADDRESS}\n# A draft of Slipway: look at the comments, and remove them.\n\
         apiVersion: {API_VERSION}\nkind: {KIND}\nmetadata:\n  component: {}\n",
        plain(&component.to_string())
    );
    // What a component calls of its own needs no access.
    let own: BTreeSet<&EntityRef> = provided.iter().map(|one| &one.api).collect();
    let mut by_api: BTreeMap<&EntityRef, BTreeSet<&Call>> = BTreeMap::new();
    for call in calls.iter().filter(|call| !own.contains(&call.api)) {
        by_api.entry(&call.api).or_default().insert(call);
    }
    if !by_api.is_empty() {
        text += "\nrequires:\n";
    }
    for (api, calls) in by_api {
        requirement(&mut text, api, &calls, scopes.get(api), environments);
    }
    let exposing: Vec<&Provided> = provided.iter().filter(|one| !one.operations.is_empty()).collect();
    if !exposing.is_empty() {
        text += "\nexposes:\n";
    }
    let mut seen = BTreeSet::new();
    for Provided { api, operations } in exposing.into_iter().filter(|one| seen.insert(&one.api)) {
        exposure(&mut text, api, operations);
    }
    text
}

fn requirement(
    text: &mut String,
    api: &EntityRef,
    calls: &BTreeSet<&Call>,
    terms: Option<&crate::terms::Terms>,
    environments: &BTreeSet<String>,
) {
    let mut wanted = BTreeSet::new();
    let mut guessed = BTreeSet::new();
    for call in calls {
        let opening = terms.into_iter().flat_map(|terms| &terms.scopes).filter(|scope| {
            let opens = |operation: &Operation| scope.operations.iter().any(|one| one.is_same(operation));
            call.operation.as_ref().is_some_and(opens)
        });
        // The least that opens it.
        match opening.min_by_key(|scope| scope.operations.len()) {
            Some(scope) => drop(wanted.insert(scope.name.value.clone())),
            None => {
                let action = call.operation.as_ref().map_or("read", action);
                let resource = call.operation.as_ref().and_then(resource);
                guessed.insert(scope_name(&application(api), resource.as_deref(), action));
            }
        }
    }
    text.push_str(&format!("  - api: {}\n", plain(&api.to_string())));
    for call in calls.iter().take(EVIDENCE) {
        let operation = call.operation.as_ref().map(|operation| format!("{operation}, ")).unwrap_or_default();
        text.push_str(&format!("    # Seen: {}\n", one_line(&format!("{operation}{}", call.evidence))));
    }
    if calls.len() > EVIDENCE {
        text.push_str(&format!("    # … and {} more\n", calls.len() - EVIDENCE));
    }
    if !guessed.is_empty() {
        let names: Vec<&str> = guessed.iter().map(String::as_str).collect();
        text.push_str(&format!("    # A guess, since no scope is known for it: {}\n", names.join(", ")));
    }
    wanted.extend(guessed);
    let list = |names: &BTreeSet<String>| names.iter().map(|name| plain(name)).collect::<Vec<_>>().join(", ");
    text.push_str(&format!("    scopes: [{}]\n", list(&wanted)));
    match environments.iter().filter(|name| *name != ANY_ENVIRONMENT).cloned().collect::<BTreeSet<_>>() {
        none if none.is_empty() => text.push_str("    environments: [production]\n"),
        named => text.push_str(&format!("    environments: [{}]\n", list(&named))),
    }
    text.push_str("    # justification: Say what it is needed for.\n");
}

fn exposure(text: &mut String, api: &EntityRef, operations: &BTreeSet<Operation>) {
    let mut scopes: BTreeMap<String, Vec<&Operation>> = BTreeMap::new();
    for operation in operations {
        let name = scope_name(&application(api), resource(operation).as_deref(), action(operation));
        scopes.entry(name).or_default().push(operation);
    }
    text.push_str(&format!("  - api: {}\n", plain(&api.to_string())));
    text.push_str(
        "    # One scope for reading and one for writing of each resource: join or divide them as your consumers\n",
    );
    text.push_str(
        "    # need it, and say of each how much harm it can do (public, internal, confidential or restricted).\n",
    );
    text.push_str("    scopes:\n");
    for (name, operations) in scopes {
        text.push_str(&format!("      - name: {}\n        sensitivity: internal\n        operations:\n", plain(&name)));
        for operation in operations {
            text.push_str(&format!("          - {}\n", json!(operation)));
        }
    }
}

/// `<application-id>`: the name of the API.
fn application(api: &EntityRef) -> String {
    token(&api.name)
}

/// The first part of a path that names something: no parameter, no version, not `api`.
fn resource(operation: &Operation) -> Option<String> {
    let is_version = |part: &str| {
        part.strip_prefix(['v', 'V'])
            .is_some_and(|rest| !rest.is_empty() && rest.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.'))
    };
    let parts = operation.path.split('/').filter(|part| !part.is_empty() && !is_parameter(part));
    let named = parts.filter(|part| !is_version(part) && !part.eq_ignore_ascii_case("api")).map(token);
    named.filter(|part| !part.is_empty()).map(|part| part.chars().take(60).collect()).next()
}

fn action(operation: &Operation) -> &'static str {
    if matches!(operation.method.as_str(), "GET" | "HEAD" | "OPTIONS" | "TRACE") { "read" } else { "write" }
}

/// `<application-id>[.<resource>].<action>` (Zalando RESTful API guidelines, rule 225).
fn scope_name(application: &str, resource: Option<&str>, action: &str) -> String {
    match resource.filter(|resource| *resource != application) {
        Some(resource) => format!("{application}.{resource}.{action}"),
        None => format!("{application}.{action}"),
    }
}

/// In small letters, digits and `-`.
fn token(text: &str) -> String {
    let letter = |letter: char| if letter.is_ascii_alphanumeric() { letter.to_ascii_lowercase() } else { '-' };
    let text: String = text.chars().map(letter).take(100).collect();
    text.trim_matches('-').to_owned()
}

/// What cannot end a comment.
fn one_line(text: &str) -> String {
    text.chars()
        .map(|letter| if letter.is_control() || "\u{2028}\u{2029}\u{feff}".contains(letter) { ' ' } else { letter })
        .take(200)
        .collect()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use jiff::Timestamp;
    use jiff::tz::TimeZone;
    use proptest::prelude::*;

    use super::*;
    use crate::manifest::{FILE_NAME, parse};
    use crate::validate::validate;

    fn call(api: &str, operation: Option<&str>, evidence: &str) -> Call {
        let operation = operation.map(|operation| operation.parse().unwrap());
        Call { api: EntityRef::new("api", "default", api), operation, evidence: evidence.to_owned() }
    }

    fn errors(text: &str) -> Vec<model::Finding> {
        validate(FILE_NAME, text, Timestamp::UNIX_EPOCH, &TimeZone::UTC).findings
    }

    #[test]
    fn calls_and_operations_become_a_manifest_that_is_valid() {
        let calls = [
            call("payments", Some("POST /charges"), "src/pay.ts:12"),
            call("payments", Some("GET /v2/refunds/{id}"), "src/pay.ts:40"),
            call("payments", Some("GET /v2/refunds/{id}"), "src/refund.ts:9"),
            call("payments", None, "krakend.json:7"),
            call("checkout", Some("GET /orders"), "src/own.ts:1"),
            call("users", None, "docker-compose.yml:3"),
        ];
        let terms = serde_json::from_value(serde_json::json!({ "scopes": [
            { "name": "payments.all", "sensitivity": "restricted", "operations": ["POST /charges", "GET /v2/refunds/{refund}"] },
            { "name": "payments.charge.write", "sensitivity": "restricted", "operations": ["POST /charges"] },
        ] }))
        .unwrap();
        let operations = ["GET /orders", "GET /orders/{id}", "POST /orders", "GET /api/v1/carts/{id}", "GET /"];
        let provided = [Provided {
            api: EntityRef::new("api", "default", "checkout"),
            operations: operations.iter().map(|operation| operation.parse().unwrap()).collect(),
        }];
        let text = draft(
            &EntityRef::new("component", "default", "checkout"),
            &calls,
            &provided,
            &[(EntityRef::new("api", "default", "payments"), terms)].into(),
            &["staging".to_owned(), "production".to_owned()].into(),
        );
        assert_eq!(errors(&text), []);
        insta::assert_snapshot!(text);
    }

    #[test]
    fn of_nothing_an_empty_manifest_is_drafted() {
        let component = EntityRef::new("component", "default", "a");
        let text = draft(&component, &[], &[], &BTreeMap::new(), &BTreeSet::new());
        let manifest = parse(FILE_NAME, &text).unwrap();
        assert_eq!((manifest.component.value, manifest.requires.len(), manifest.exposes.len()), (component, 0, 0));
    }

    proptest! {
        #[test]
        fn whatever_was_seen_the_draft_is_valid(
            calls in prop::collection::vec(("[a-z0-9._-]{1,10}", "(GET|POST) /[!$-;=-Z_a-z{}/]{0,20}", "\\PC{0,20}[\n\r\u{85}\u{2028}]?\\PC{0,5}"), 0..8),
            provided in prop::collection::vec(("[a-z0-9._-]{1,10}", prop::collection::vec("(GET|PUT) /[!$-;=-Z_a-z{}/]{0,20}", 0..6)), 0..3),
        ) {
            let calls: Vec<Call> = calls.iter().map(|(api, operation, evidence)| Call {
                api: EntityRef::new("api", "default", api),
                operation: operation.parse().ok(),
                evidence: evidence.clone(),
            }).collect();
            let provided: Vec<Provided> = provided.iter().map(|(api, operations)| Provided {
                api: EntityRef::new("api", "default", api),
                operations: operations.iter().filter_map(|operation| operation.parse().ok()).collect(),
            }).collect();
            let component = EntityRef::new("component", "default", "a");
            let text = draft(&component, &calls, &provided, &BTreeMap::new(), &["e".to_owned()].into());
            prop_assert_eq!(errors(&text), vec![], "{}", text);
        }
    }
}
