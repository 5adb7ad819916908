#![allow(clippy::unwrap_used)]

use serde_json::json;

use super::*;
use crate::manifest::{FILE_NAME, parse};
use crate::rules::{RULES, table};
use crate::terms::{Approvers, Need};

const NOW: &str = "2026-11-26T12:00:00Z";

const MANIFEST: &str = "\
apiVersion: slipway.dev/v1
kind: AccessManifest
metadata: {component: checkout}
requires:
  - api: payments
    scopes: [charge.write, refund.read, old.read, chrage.write]
    environments: [production, stagin]
    ttl: 400d
  - {api: paymens, scopes: [a], environments: [production]}
  - {api: payments, scopes: [charge.write], environments: ['*'], justification: because, ticket: orders}
  - {api: orders, scopes: [x], environments: [production]}
  - {api: small, scopes: [read], environments: [production], optional: true}
exposes:
  - api: carts
    scopes:
      - {name: carts.read, sensitivity: internal, operations: [GET /carts, 'GET /carts/{id}', GET /crats]}
    policies:
      - {match: {environments: [qa]}, approvals: [{from: owner, count: 3}], max_ttl: 1d}
      - match: {}
        approvals: [{from: owner, count: 1}, {from: group:security, count: 1}]
        max_ttl: 1d
    consumers:
      - {component: gone, environments: [qa]}
  - {api: payments, scopes: [{name: mine, sensitivity: public}]}
";

fn facts() -> Facts {
    let approval = |count| json!({ "approvals": [{ "from": "owner", "count": count }] });
    serde_json::from_value(json!({
        "environments": ["production", "staging"],
        "components": { "component:default/checkout": "elsewhere" },
        "apis": {
            "api:default/payments": {
                "providers": ["component:default/payments"],
                "owner": "group:default/money",
                "terms": {
                    "scopes": [
                        { "name": "charge.write", "sensitivity": "restricted" },
                        { "name": "refund.read", "sensitivity": "internal" },
                        { "name": "old.read", "sensitivity": "internal", "deprecated": { "since": "2026-10-01", "use": "refund.read" } },
                    ],
                    "policies": [
                        {
                            "match": { "sensitivity": ["restricted"] }, "decision": approval(1), "justification": true,
                            "ticket": "^[A-Z]+-[0-9]+$", "max_ttl": "90d", "pending_ttl": "14d",
                        },
                    ],
                },
            },
            "api:default/orders": { "providers": ["component:default/checkout"], "terms": { "scopes": [{ "name": "x", "sensitivity": "public" }] } },
            "api:default/small": {
                "providers": ["component:default/small"],
                "owner": "group:default/small",
                "terms": {
                    "scopes": [{ "name": "read", "sensitivity": "public" }],
                    "policies": [{ "decision": approval(2), "max_ttl": "1d", "pending_ttl": "1d" }],
                },
            },
            "api:default/carts": {
                "providers": ["component:default/checkout"],
                "owner": "group:default/shop",
                "terms": { "scopes": [] },
                "operations": ["GET /carts", "GET /carts/{cart}"],
            },
        },
        "groups": {
            "group:default/money": ["user:default/ann"],
            "group:default/small": ["user:default/ann"],
            // One person of both groups counts once.
            "group:default/shop": ["user:default/ann", "user:default/ben"],
            "group:default/security": ["user:default/ann", "user:default/ben"],
        },
        "default_policy": { "decision": approval(1), "max_ttl": "365d", "pending_ttl": "14d" },
    }))
    .unwrap()
}

fn ask(text: &str, facts: &Facts, known: &BTreeMap<Atom, Known>, decider: Decider) -> Verdict {
    let manifest = parse(FILE_NAME, text).unwrap();
    check(&Question {
        file: FILE_NAME,
        manifest: &manifest,
        facts,
        known,
        environment: None,
        decider,
        now: NOW.parse().unwrap(),
        zone: &TimeZone::UTC,
    })
}

fn report(verdict: &Verdict) -> String {
    let line =
        |f: &Finding| format!("{} {} {}\n  {}\n  → {}\n", f.location(), f.level.as_str(), f.rule, f.message, f.help);
    verdict.findings.iter().map(line).collect()
}

#[test]
fn what_a_portal_knows_is_held_against_the_manifest() {
    let verdict = ask(MANIFEST, &facts(), &BTreeMap::new(), Decider::Portal);
    insta::assert_snapshot!(report(&verdict));
    assert_eq!(verdict.outcome, Outcome::Invalid);
}

#[test]
fn a_bundle_says_nothing_of_what_it_cannot_know() {
    let verdict = ask(MANIFEST, &facts(), &BTreeMap::new(), Decider::Bundle);
    insta::assert_snapshot!(report(&verdict));
}

const SIMPLE: &str = "\
apiVersion: slipway.dev/v1
kind: AccessManifest
metadata: {component: checkout}
requires:
  - {api: payments, scopes: [charge.write], environments: [production], justification: j, ticket: A-1}
  - {api: payments, scopes: [refund.read], environments: [production], optional: true}
";

fn atom(scope: &str, environment: &str) -> Atom {
    Atom {
        consumer: "component:checkout".parse().unwrap(),
        api: "api:payments".parse().unwrap(),
        scope: scope.to_owned(),
        environment: environment.to_owned(),
    }
}

fn known(state: Standing) -> Known {
    let approvals = Approvals {
        have: 1,
        need: 2,
        missing: vec![serde_json::from_value(json!({ "from": "group:default/security", "count": 1 })).unwrap()],
    };
    let approvals = if state == Standing::Pending { approvals } else { Approvals::default() };
    Known { state, request: Some("r1".to_owned()), reason: "said so".to_owned(), approvals, ..Known::missing() }
}

fn here() -> Facts {
    let mut facts = facts();
    facts.components.insert("component:checkout".parse().unwrap(), crate::facts::Home::Here);
    facts
}

#[test]
fn each_standing_has_its_rule_and_its_outcome() {
    let table = [
        (Standing::Active, "", Outcome::Granted),
        (Standing::Scheduled, "ACC101", Outcome::NeedsApproval),
        (Standing::Pending, "ACC101", Outcome::NeedsApproval),
        (Standing::Denied, "ACC102", Outcome::Refused),
        (Standing::Expired, "ACC103", Outcome::Expired),
        (Standing::Revoked, "ACC104", Outcome::Refused),
        (Standing::Suspended, "ACC104", Outcome::Refused),
        (Standing::Missing, "ACC105", Outcome::NotRequested),
    ];
    let mut said = String::new();
    for (state, rule, outcome) in table {
        for decider in [Decider::Portal, Decider::Bundle] {
            let known = [("charge.write", state), ("refund.read", state)]
                .map(|(scope, state)| (atom(scope, "production"), known(state)));
            let verdict = ask(SIMPLE, &here(), &known.into(), decider);
            assert_eq!(verdict.outcome, outcome, "{state:?}");
            let found: Vec<_> = verdict.findings.iter().map(|finding| (finding.rule.as_str(), finding.level)).collect();
            let expected = [(rule, Level::Error), (rule, Level::Warning)];
            assert_eq!(found, if rule.is_empty() { &[][..] } else { &expected[..] }, "{state:?}");
            assert_eq!(verdict.summary, [(state, 2)].into());
            said += &report(&verdict);
        }
    }
    insta::assert_snapshot!(said);
}

#[test]
fn grants_end_while_nobody_looks() {
    let mut active = known(Standing::Active);
    active.expires = Some(NOW.parse().unwrap());
    let verdict = |known: Known| {
        let known = [(atom("charge.write", "production"), known)].into();
        ask(SIMPLE, &here(), &known, Decider::Bundle)
    };
    assert_eq!(verdict(active.clone()).outcome, Outcome::Expired);
    active.expires = Some("2026-11-26T12:00:00.000000001Z".parse().unwrap());
    let soon = verdict(active);
    assert_eq!((soon.outcome, soon.findings[0].rule.as_str()), (Outcome::Granted, "ACC014"));
}

#[test]
fn a_grant_for_all_environments_holds_in_each_and_one_that_nobody_requires_is_named() {
    let granted = |scope, environment| (atom(scope, environment), known(Standing::Active));
    let known = [granted("charge.write", "*"), granted("refund.read", "staging"), granted("refund.read", "production")];
    let verdict = ask(SIMPLE, &here(), &known.into(), Decider::Portal);
    assert_eq!(verdict.outcome, Outcome::Granted);
    let found: Vec<_> = verdict.findings.iter().map(|finding| (finding.rule.as_str(), finding.line)).collect();
    assert_eq!(found, [("ACC015", 3)]);
}

#[test]
fn whom_a_provider_keeps_out_has_no_access_even_with_a_grant() {
    let mut facts = here();
    let rule = json!({ "component": "component:default/checkout", "environments": ["production"], "deny": true, "reason": "GDPR-17" });
    let api = facts.apis.get_mut(&"api:payments".parse().unwrap()).unwrap();
    api.terms.consumers.push(serde_json::from_value(rule).unwrap());
    let known = [(atom("charge.write", "production"), known(Standing::Active))].into();
    let verdict = ask(SIMPLE, &facts, &known, Decider::Portal);
    assert_eq!(verdict.outcome, Outcome::Refused);
    assert!(verdict.findings[0].message.contains("GDPR-17"), "{}", report(&verdict));
}

#[test]
fn whoever_has_to_approve_is_named_as_far_as_that_is_known() {
    let pending = Known {
        approvals: Approvals { have: 0, need: 1, missing: vec![Need { from: Approvers::Owner, count: 1 }] },
        ..known(Standing::Pending)
    };
    let known = [
        (atom("charge.write", "production"), pending),
        (atom("refund.read", "production"), known(Standing::Revoked)),
        (atom("old.read", "production"), known(Standing::Active)),
    ];
    let text = SIMPLE.replace("[refund.read]", "[refund.read, old.read, chrage.write]");
    let mut facts = here();
    let verdict = ask(&text, &facts, &known.into(), Decider::Bundle);
    let who = |facts: &Facts, silent: &[&str]| {
        let silent = silent.iter().map(|name| name.parse().unwrap()).collect();
        let of = |found| {
            let Approving { owner, approvals, people } = approving(found, &verdict.component, facts, &silent);
            let names = people.iter().map(|person| person.name.clone()).collect::<Vec<_>>().join(" ");
            (owner.map(|owner| owner.name), approvals.need, names)
        };
        verdict.atoms.iter().map(of).collect::<Vec<_>>()
    };
    let money = || Some("money".to_owned());
    let nobody = || (money(), 0, String::new());
    let expected = |names: &str| vec![(money(), 1, names.to_owned()), nobody(), nobody(), nobody()];
    assert_eq!(who(&facts, &[]), expected("ann"));
    assert_eq!(who(&facts, &["user:default/ann"]), expected(""));
    facts.groups.clear();
    assert_eq!(who(&facts, &[]), expected(""));
    let verdict = ask(SIMPLE, &facts, &BTreeMap::new(), Decider::Bundle);
    let missing = approving(&verdict.atoms[0], &verdict.component, &facts, &BTreeSet::new());
    assert_eq!(missing.approvals.missing, [Need { from: Approvers::Owner, count: 1 }], "what its policy will ask for");
}

#[test]
fn only_the_environment_that_is_asked_about_counts() {
    let manifest = parse(FILE_NAME, SIMPLE).unwrap();
    let facts = here();
    let verdict = check(&Question {
        file: FILE_NAME,
        manifest: &manifest,
        facts: &facts,
        known: &BTreeMap::new(),
        environment: Some("staging"),
        decider: Decider::Portal,
        now: NOW.parse().unwrap(),
        zone: &TimeZone::UTC,
    });
    assert_eq!((verdict.outcome, verdict.atoms.len()), (Outcome::Granted, 0));
}

/// Every rule is found by a test here or in `manifest/tests.rs`, at the level that the table gives it.
#[test]
fn every_rule_has_a_test_and_a_line_in_the_documentation() {
    let folders = ["check", "manifest"].map(|module| format!("{}/src/{module}/snapshots", env!("CARGO_MANIFEST_DIR")));
    let files = folders.iter().flat_map(|folder| std::fs::read_dir(folder).unwrap());
    let snapshots: Vec<String> = files.map(|file| std::fs::read_to_string(file.unwrap().path()).unwrap()).collect();
    let found = |id: &str| snapshots.iter().any(|text| text.contains(&format!(" {id}\n")));
    // By what they say, not by a snapshot.
    let elsewhere = ["ACC014", "ACC015"];
    for rule in RULES {
        assert!(found(rule.id) || elsewhere.contains(&rule.id), "{} has no test", rule.id);
    }
    let documented = include_str!("../../../../docs/access.md");
    assert!(documented.contains(&table()), "docs/access.md has to hold this table:\n{}", table());
}
