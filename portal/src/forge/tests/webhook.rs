//! Deliveries: signed, parsed, refused.

use ::http::HeaderMap;
use ring::hmac;
use serde_json::{Value, json};

use super::*;
use crate::forge::webhook::{Delivery, Event, LARGEST_DELIVERY, Named, Refused, receive};

fn headers(kind: &str, signature: &str) -> HeaderMap {
    let mut headers = HeaderMap::new();
    headers.insert("x-github-event", kind.parse().unwrap());
    headers.insert("x-github-delivery", "72d3162e-cc78-11e3-81ab-4c9367dc0958".parse().unwrap());
    headers.insert("x-hub-signature-256", signature.parse().unwrap());
    headers.insert("content-type", "application/json".parse().unwrap());
    headers
}

fn sign(secret: &str, body: &[u8]) -> String {
    let tag = hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, secret.as_bytes()), body);
    format!("sha256={}", tag.as_ref().iter().map(|byte| format!("{byte:02x}")).collect::<String>())
}

fn deliver(kind: &str, body: &Value) -> Result<Event, Refused> {
    let body = body.to_string().into_bytes();
    receive(&headers(kind, &sign("key", &body)), &body, &[Secret::new("key")]).map(|delivery| delivery.event)
}

fn orders() -> Named {
    Named { id: 1_000, full_name: "acme/orders".to_owned() }
}

/// The example of "Validating webhook deliveries".
#[test]
fn the_documented_example_is_accepted() {
    let signature = "sha256=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17";
    let secret = Secret::new("It's a Secret to Everybody");
    let answer = receive(&headers("anything", signature), b"Hello, World!", &[Secret::new("old"), secret]);
    assert_eq!(
        answer,
        Ok(Delivery {
            id: "72d3162e-cc78-11e3-81ab-4c9367dc0958".to_owned(),
            event: Event::Ignored { kind: "anything".to_owned() }
        })
    );
}

#[test]
fn nothing_is_parsed_without_the_right_signature() {
    let body = b"{ no JSON";
    let right = sign("key", body);
    let secrets = [Secret::new("key")];
    let refused = |signature: &str| receive(&headers("push", signature), body, &secrets).unwrap_err();
    for wrong in ["", "sha256=", "sha1=abc", &right[..70], &right.replace("sha256=", "SHA256="), &sign("other", body)] {
        assert_eq!(refused(wrong), Refused::Signature, "{wrong}");
    }
    assert_eq!(refused(&format!("{right}00")), Refused::Signature);
    assert_eq!(refused(&format!("sha256={}", "é".repeat(32))), Refused::Signature);
    assert!(matches!(refused(&right), Refused::Malformed(_)));

    let mut unsigned = headers("push", &right);
    unsigned.remove("x-hub-signature-256");
    assert_eq!(receive(&unsigned, body, &secrets), Err(Refused::Signature));
    // Without a secret nothing is accepted, and an empty one is none.
    assert_eq!(receive(&headers("push", &right), body, &[]), Err(Refused::Signature));
    assert_eq!(receive(&headers("push", &sign("", body)), body, &[Secret::new("")]), Err(Refused::Signature));
}

#[test]
fn large_ones_forms_and_nameless_ones_are_refused() {
    let secrets = [Secret::new("key")];
    let large = vec![b' '; LARGEST_DELIVERY + 1];
    assert_eq!(receive(&headers("push", &sign("key", b"")), &large, &secrets), Err(Refused::TooLarge));
    let mut form = headers("push", &sign("key", b"payload={}"));
    form.insert("content-type", "application/x-www-form-urlencoded".parse().unwrap());
    assert_eq!(receive(&form, b"payload={}", &secrets), Err(Refused::ContentType));
    for missing in ["x-github-event", "x-github-delivery"] {
        let mut headers = headers("ping", &sign("key", b"{}"));
        headers.remove(missing);
        assert!(matches!(receive(&headers, b"{}", &secrets), Err(Refused::Malformed(_))), "{missing}");
    }
    let nested = format!("{}{}", "[".repeat(100_000), "]".repeat(100_000)).into_bytes();
    assert!(matches!(receive(&headers("push", &sign("key", &nested)), &nested, &secrets), Err(Refused::Malformed(_))));
}

#[test]
fn events_are_read() {
    let repository = json!({"id": 1_000, "full_name": "acme/orders", "default_branch": "main", "private": true});
    let organization = json!({"login": "acme", "id": 7});
    let installation = json!({"id": 77, "account": {"login": "acme", "type": "Organization"}});
    let table = [
        ("ping", json!({"zen": "Design for failure."}), Event::Ping),
        (
            "push",
            json!({"ref": "refs/heads/main", "before": "a", "after": "b", "deleted": false, "repository": repository}),
            Event::Push {
                repository: orders(),
                reference: "refs/heads/main".to_owned(),
                after: "b".to_owned(),
                deleted: false,
                default_branch: Some("main".to_owned()),
            },
        ),
        (
            "repository",
            json!({"action": "deleted", "repository": repository}),
            Event::Repository { action: "deleted".to_owned(), repository: orders(), former_name: None },
        ),
        (
            "repository",
            json!({"action": "renamed", "repository": repository, "changes": {"repository": {"name": {"from": "sales"}}}}),
            Event::Repository {
                action: "renamed".to_owned(),
                repository: orders(),
                former_name: Some("acme/sales".to_owned()),
            },
        ),
        (
            "repository",
            json!({"action": "transferred", "repository": repository,
                "changes": {"owner": {"from": {"organization": {"login": "old"}}}}}),
            Event::Repository {
                action: "transferred".to_owned(),
                repository: orders(),
                former_name: Some("old/orders".to_owned()),
            },
        ),
        (
            "organization",
            json!({"action": "member_added", "organization": organization, "membership": {}}),
            Event::Organization { action: "member_added".to_owned(), organisation: "acme".to_owned() },
        ),
        (
            "team",
            json!({"action": "added_to_repository", "organization": organization, "repository": repository,
                "team": {"name": "Shop", "slug": "shop"}}),
            Event::Team {
                action: "added_to_repository".to_owned(),
                organisation: "acme".to_owned(),
                team: "shop".to_owned(),
                repository: Some(orders()),
            },
        ),
        (
            "membership",
            json!({"action": "removed", "organization": organization, "scope": "team",
                "team": {"name": "Shop", "slug": "shop"}, "member": {"login": "ada"}}),
            Event::Membership {
                action: "removed".to_owned(),
                organisation: "acme".to_owned(),
                team: "shop".to_owned(),
                login: "ada".to_owned(),
            },
        ),
        (
            "installation",
            json!({"action": "created", "installation": installation, "repositories": [repository]}),
            Event::Installation {
                action: "created".to_owned(),
                id: 77,
                account: "acme".to_owned(),
                repositories: vec![orders()],
            },
        ),
        (
            "installation_repositories",
            json!({"action": "removed", "installation": installation, "repositories_added": [],
                "repositories_removed": [repository]}),
            Event::InstallationRepositories {
                id: 77,
                account: "acme".to_owned(),
                added: vec![],
                removed: vec![orders()],
            },
        ),
        (
            "pull_request",
            json!({"action": "closed", "number": 12, "repository": repository,
                "pull_request": {"merged": true, "head": {"ref": "slipway/owner"}}}),
            Event::PullRequest {
                action: "closed".to_owned(),
                repository: orders(),
                number: 12,
                branch: "slipway/owner".to_owned(),
                merged: true,
            },
        ),
        ("star", json!({"action": "created"}), Event::Ignored { kind: "star".to_owned() }),
    ];
    for (kind, body, expected) in table {
        assert_eq!(deliver(kind, &body), Ok(expected), "{kind} {body}");
    }
    assert!(matches!(deliver("push", &json!({"ref": 1})), Err(Refused::Malformed(_))));
}

proptest::proptest! {
    #[test]
    fn no_delivery_makes_it_panic(kind in 0..9_usize, body in ".{0,200}", signature in ".{0,80}") {
        const KINDS: [&str; 9] = [
            "push", "repository", "organization", "team", "membership", "installation", "installation_repositories",
            "pull_request", "star",
        ];
        let mut told = headers(KINDS[kind], &sign("key", body.as_bytes()));
        let accepted = receive(&told, body.as_bytes(), &[Secret::new("key")]);
        proptest::prop_assert_eq!(accepted.is_ok(), kind == 8);
        if let Ok(signature) = signature.parse() {
            told.insert("x-hub-signature-256", signature);
            proptest::prop_assert_eq!(receive(&told, body.as_bytes(), &[Secret::new("key")]), Err(Refused::Signature));
        }
    }
}
