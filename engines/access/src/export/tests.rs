#![allow(clippy::unwrap_used)]

use regorus::{Engine, Value};
use serde_json::json;

use super::krakend::Validator;
use super::*;
use crate::manifest::{FILE_NAME, parse};

const WHOLE: &str = include_str!("../../../../fuzz/corpus/access_manifest/whole.yaml");
const CONSUMER: &str = "component:default/shop";
const API: &str = "api:default/checkout";

fn apis() -> BTreeMap<EntityRef, Terms> {
    let manifest = parse(FILE_NAME, WHOLE).unwrap();
    manifest.exposes.into_iter().map(|exposure| (exposure.api.value, exposure.terms)).collect()
}

fn grant(scope: &str, environment: &str, expires: &str) -> Granted {
    Granted {
        atom: Atom {
            consumer: CONSUMER.parse().unwrap(),
            api: API.parse().unwrap(),
            scope: scope.to_owned(),
            environment: environment.to_owned(),
        },
        request: "r1".to_owned(),
        since: "2026-11-26T12:00:00Z".parse().unwrap(),
        expires: expires.parse().unwrap(),
        approved_by: vec!["user:default/ann".parse().unwrap()],
        original: None,
        break_glass: false,
    }
}

fn grants() -> Vec<Granted> {
    vec![
        grant("checkout.order.write", "*", "2027-01-01T00:00:00Z"),
        grant("checkout.order.read", "production", "2026-12-01T00:00:00.9Z"),
        grant("checkout.order.read", "production", "2026-11-30T00:00:00Z"),
    ]
}

#[test]
fn the_same_grants_are_the_same_bytes() {
    let mut turned = grants();
    turned.reverse();
    assert_eq!(plain(&grants()), plain(&turned));
    assert_ne!(plain(&grants()).etag, plain(&turned[1..]).etag);
    assert_eq!(opa::bundle(&grants(), &apis()), opa::bundle(&turned, &apis()));
    insta::assert_snapshot!(plain(&grants()).body);
}

/// Runs the exported policy over the exported data as OPA would, at that instant.
fn allows(input: &serde_json::Value, now: &str) -> bool {
    let bundle = opa::bundle(&grants(), &apis());
    let file = |path: &str| bundle.files.iter().find(|(name, _)| *name == path).unwrap().1.clone();
    let mut engine = Engine::new();
    engine.set_rego_v0(false);
    engine.add_policy("slipway/access.rego".to_owned(), file("slipway/access.rego")).unwrap();
    engine.add_data(Value::from_json_str(&file("data.json")).unwrap()).unwrap();
    let now = i64::try_from(now.parse::<Timestamp>().unwrap().as_nanosecond()).unwrap();
    engine.add_extension("time.now_ns".to_owned(), 0, Box::new(move |_| Ok(Value::from(now)))).unwrap();
    engine.set_input(Value::from_json_str(&input.to_string()).unwrap());
    engine.eval_rule("data.slipway.access.allow".to_owned()).unwrap() == Value::from(true)
}

#[test]
fn the_policy_allows_what_is_granted_and_nothing_else() {
    let ask = |scope: &str, environment: &str| json!({ "consumer": CONSUMER, "api": API, "environment": environment, "scope": scope });
    let call = |operation: &str| json!({ "consumer": CONSUMER, "api": API, "environment": "production", "operation": operation });
    let (noon, december) = ("2026-11-26T12:00:00Z", "2026-12-01T00:00:00Z");
    let table = [
        (ask("checkout.order.read", "production"), noon, true),
        (ask("checkout.order.read", "staging"), noon, false),
        (ask("checkout.order.write", "staging"), noon, true),
        (ask("checkout.order-v2.write", "staging"), noon, false),
        // Of two grants the one that lasts counts, to the second before its end.
        (ask("checkout.order.read", "production"), "2026-11-30T23:59:59Z", true),
        (ask("checkout.order.read", "production"), december, false),
        (ask("checkout.order.write", "production"), december, true),
        (call("GET /orders/{id}"), noon, true),
        (call("GET /orders/{id}"), december, false),
        (call("POST /v2/orders"), noon, false),
        (call("DELETE /orders"), noon, false),
        (
            json!({ "consumer": "component:default/other", "api": API, "environment": "production", "scope": "checkout.order.read" }),
            noon,
            false,
        ),
        (json!({}), noon, false),
    ];
    for (input, now, expected) in table {
        assert_eq!(allows(&input, now), expected, "{input} at {now}");
    }
}

#[test]
fn a_bundle_says_which_it_is_and_what_it_touches() {
    let bundle = opa::bundle(&grants(), &apis());
    let manifest: serde_json::Value = serde_json::from_str(&bundle.files[0].1).unwrap();
    assert_eq!(bundle.etag, format!("\"{}\"", manifest["revision"].as_str().unwrap()));
    assert_eq!(manifest["roots"], json!(["slipway"]));
    insta::assert_snapshot!(bundle.files[1].1);
}

/// What KrakenD's schema of `auth/validator` (v2.13, github.com/krakend/krakend-schema, which names no licence to copy it
/// under) allows of what is written: `alg` and `jwk_url` are required, `alg` is one of a list, `scopes_matcher` is `all` or
/// `any`, lists hold texts, and nothing else may stand there.
#[test]
fn krakend_gets_what_its_schema_allows() {
    let validator = Validator {
        alg: "RS256".to_owned(),
        jwk_url: "https://issuer.example/jwks.json".to_owned(),
        issuer: Some("https://issuer.example".to_owned()),
        audience: vec!["checkout".to_owned()],
        scopes_key: "scope".to_owned(),
    };
    let export = krakend::endpoints(&apis()[&API.parse().unwrap()], &validator);
    insta::assert_snapshot!(export.body);
    let written: serde_json::Value = serde_json::from_str(&export.body).unwrap();
    for endpoint in written["endpoints"].as_array().unwrap() {
        let check = endpoint["extra_config"]["auth/validator"].as_object().unwrap();
        let texts = ["alg", "jwk_url", "issuer", "scopes_key", "scopes_matcher"];
        for (key, value) in check {
            let list = value.as_array().is_some_and(|items| items.iter().all(serde_json::Value::is_string));
            let holds = if texts.contains(&key.as_str()) { value.is_string() } else { list };
            assert!(holds && [&texts[..], &["scopes", "audience"]].concat().contains(&key.as_str()), "{key}");
        }
        assert!(check.contains_key("alg") && check.contains_key("jwk_url") && check["scopes_matcher"] == "any");
        assert!(!check["scopes"].as_array().unwrap().is_empty());
    }
}

/// What its schema of `endpoint` (v2.13) allows: five methods, and no wildcard or query in a path.
#[test]
fn what_krakend_cannot_route_is_said_and_not_written() {
    let terms: Terms = serde_json::from_value(json!({ "scopes": [{
        "name": "a", "sensitivity": "internal",
        "operations": ["GET /a/{id}", "HEAD /a", "OPTIONS /a", "TRACE /a", "GET /a/*", "POST /a&b", "PUT /a%20b", "GET /a:b", "PATCH /a"],
    }] }))
    .unwrap();
    let validator: Validator =
        serde_json::from_value(json!({ "alg": "RS256", "jwk_url": "u", "scopes_key": "s" })).unwrap();
    let written: serde_json::Value = serde_json::from_str(&krakend::endpoints(&terms, &validator).body).unwrap();
    let endpoints = written["endpoints"].as_array().unwrap().iter();
    let said: Vec<String> = endpoints
        .map(|one| format!("{} {}", one["method"].as_str().unwrap(), one["endpoint"].as_str().unwrap()))
        .collect();
    assert_eq!(said, ["GET /a/{id}", "PATCH /a"]);
    let left_out: Vec<String> = krakend::unroutable(&terms).iter().map(ToString::to_string).collect();
    assert_eq!(left_out, ["GET /a/*", "GET /a:b", "HEAD /a", "OPTIONS /a", "POST /a&b", "PUT /a%20b", "TRACE /a"]);
}

#[test]
fn only_what_is_active_is_exported() {
    use crate::history::{Action, Event, Opening, now};
    let opening: Opening = serde_json::from_value(json!({
        "sensitivity": "internal",
        "policy": { "decision": "auto_approve", "max_ttl": "1d", "pending_ttl": "1d" },
    }))
    .unwrap();
    let at: Timestamp = "2026-11-26T12:00:00Z".parse().unwrap();
    let event = Event {
        id: "e".to_owned(),
        sequence: 1,
        at,
        actor: crate::review::Actor::Slipway,
        request: "r".to_owned(),
        action: Action::Requested { opening: Box::new(opening) },
        commit: None,
    };
    let atom = &grants()[0].atom;
    let ends = crate::time::Span::days(1).after(at);
    let active: Vec<Granted> = granted(atom, &now(std::slice::from_ref(&event), at)).collect();
    assert_eq!((active.len(), active[0].expires), (1, ends));
    assert_eq!(granted(atom, &now(&[event], ends)).count(), 0);
}
