//! Measures what a pipeline waits for: `cargo run --release -p engine-access --example measure`

#![allow(clippy::expect_used, clippy::unwrap_used, reason = "a harness: what it stands on is there or it ends")]

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use engine_access::bundle::{Bundle, Expected, Keys, SigningKey, sign, verify};
use engine_access::check::{Question, check};
use engine_access::history::{Event, History, fold};
use engine_access::manifest::{FILE_NAME, parse};
use engine_access::rules::Decider;
use engine_access::standing::Standing;
use engine_access::validate::validate;
use jiff::tz::TimeZone;
use serde_json::json;

fn main() {
    let now = "2026-11-26T12:00:00Z".parse().unwrap();
    for atoms in [200, 10_000] {
        let text = manifest(atoms);
        let took = median(|| assert!(validate(FILE_NAME, &text, now, &TimeZone::UTC).findings.is_empty()));
        println!("validate, {atoms} atoms: {took:?}");

        let manifest = parse(FILE_NAME, &text).unwrap();
        let bundle = bundle(atoms);
        let key = SigningKey::from_seed(&[7; 32]).unwrap();
        let token = sign(&bundle, &key).unwrap();
        let keys = Keys { keys: vec![key.public().clone()] };
        let expected = Expected {
            issuer: "https://portal.example",
            audience: "slipway-access",
            component: &bundle.sub,
            revocation_epoch: 0,
            now,
        };
        let took = median(|| assert_eq!(verify(&token, &keys, &expected).unwrap().grants.len(), atoms));
        println!("verify a bundle, {atoms} atoms, {} KB: {took:?}", token.len() / 1024);

        let known = bundle.known();
        let question = Question {
            file: FILE_NAME,
            manifest: &manifest,
            facts: &bundle.facts,
            known: &known,
            environment: None,
            decider: Decider::Bundle,
            now,
            zone: &TimeZone::UTC,
        };
        let took = median(|| assert_eq!(check(&question).atoms.len(), atoms));
        println!("check, {atoms} atoms: {took:?}");
    }
    let stored = stored(100_000);
    let took = median(|| {
        let events: Vec<Event> = stored.iter().flatten().map(|row| serde_json::from_str(row).unwrap()).collect();
        assert_eq!(events.len(), 300_000);
    });
    println!("read the events of 100000 grants, three each, from JSON: {took:?}");
    let events: Vec<Vec<Event>> =
        stored.iter().map(|rows| rows.iter().map(|row| serde_json::from_str(row).unwrap()).collect()).collect();
    let took = median(|| {
        let histories: Vec<History> = events.iter().map(|events| fold(events, now)).collect();
        assert!(histories.iter().all(|history| history.known().state == Standing::Active));
    });
    println!("fold them, all kept: {took:?}");
    let took = median(|| {
        let active = events.iter().filter(|events| fold(events, now).known().state == Standing::Active).count();
        assert_eq!(active, 100_000);
    });
    println!("fold them one after the other: {took:?}");
}

/// Of each grant a request, its approval and a review, as a database holds them.
fn stored(grants: usize) -> Vec<Vec<String>> {
    let policy = json!({
        "match": { "sensitivity": ["internal"], "environments": ["staging", "production"] },
        "decision": { "approvals": [{ "from": "owner", "count": 1 }] }, "max_ttl": "365d", "pending_ttl": "14d",
        "review_every": "90d", "ticket": "^[A-Z]+-[0-9]+$",
    });
    let opening = json!({
        "authors": ["user:default/asker"], "sensitivity": "internal", "justification": "Orders are confirmed with it.",
        "ticket": "ORD-142", "policy": policy, "policy_version": "9fceb02d0ae598e95dc970b74767f19372d61af8",
    });
    let actions = [
        json!({ "do": "requested", "opening": opening }),
        json!({ "do": "approved", "capacities": ["owner"], "comment": "", "until": null }),
        json!({ "do": "recertified", "capacities": ["owner"], "reason": "still needed" }),
    ];
    let event = |grant: usize, (step, action): (usize, &serde_json::Value)| {
        let user = if step == 0 { "user:default/asker" } else { "user:default/ann" };
        json!({
            "id": format!("e{grant}-{step}"), "sequence": 3 * grant + step, "at": "2026-11-01T12:00:00Z",
            "request": format!("r{grant}"), "actor": { "kind": "person", "user": user }, "action": action,
        })
        .to_string()
    };
    (0..grants).map(|grant| actions.iter().enumerate().map(|step| event(grant, step)).collect()).collect()
}

fn median(mut run: impl FnMut()) -> Duration {
    let mut times: Vec<Duration> = (0..11)
        .map(|_| {
            let start = Instant::now();
            run();
            start.elapsed()
        })
        .collect();
    times.sort();
    times[5]
}

/// Ten scopes in two environments of each API.
fn manifest(atoms: usize) -> String {
    let mut text =
        "apiVersion: slipway.dev/v1\nkind: AccessManifest\nmetadata:\n  component: checkout\nrequires:\n".to_owned();
    for api in 0..atoms / 20 {
        text += &format!("  - api: api:default/api-{api}\n    scopes:\n");
        for scope in 0..10 {
            text += &format!("      - api-{api}.thing-{scope}.read\n");
        }
        text += "    environments: [staging, production]\n    justification: Orders are confirmed with it.\n";
    }
    text
}

fn bundle(atoms: usize) -> Bundle {
    let mut grants = Vec::new();
    let mut apis = BTreeMap::new();
    for api in 0..atoms / 20 {
        let name = format!("api:default/api-{api}");
        let scopes =
            (0..10).map(|scope| json!({ "name": format!("api-{api}.thing-{scope}.read"), "sensitivity": "internal" }));
        apis.insert(name.clone(), json!({ "providers": [], "terms": { "scopes": scopes.collect::<Vec<_>>() } }));
        for scope in 0..10 {
            for environment in ["staging", "production"] {
                grants.push(json!({
                    "api": name, "scope": format!("api-{api}.thing-{scope}.read"), "environment": environment,
                    "state": "active", "request": "01J9Z3K8W1", "expires": "2027-06-30T22:00:00Z",
                }));
            }
        }
    }
    serde_json::from_value(json!({
        "iss": "https://portal.example", "aud": "slipway-access", "sub": "component:default/checkout",
        "iat": 1_795_694_400, "exp": 1_795_694_400 + 86_400, "revocation_epoch": 1, "grants": grants,
        "facts": {
            "environments": ["production", "staging"], "apis": apis,
            "default_policy": { "decision": "auto_approve", "max_ttl": "365d", "pending_ttl": "14d" },
        },
    }))
    .unwrap()
}
