#![allow(clippy::unwrap_used, clippy::panic)]

use proptest::prelude::*;
use serde_json::{Value, json};

use super::*;
use crate::standing::Standing;

fn start() -> Timestamp {
    "2026-11-26T12:00:00Z".parse().unwrap()
}

fn key(number: u8) -> SigningKey {
    SigningKey::from_seed(&[number; 32]).unwrap()
}

fn keys(numbers: &[u8]) -> Keys {
    Keys { keys: numbers.iter().map(|number| key(*number).public().clone()).collect() }
}

fn bundle() -> Bundle {
    serde_json::from_value(json!({
        "iss": "https://portal.example",
        "aud": "slipway-access",
        "sub": "component:default/checkout",
        "iat": start().as_second(),
        "exp": start().as_second() + 24 * 3600,
        "revocation_epoch": 3,
        "grants": [
            { "api": "api:default/payments", "scope": "charge.write", "environment": "production", "state": "active", "request": "r1", "expires": "2026-11-26T18:00:00Z" },
            { "api": "api:default/payments", "scope": "refund.read", "environment": "production", "state": "denied", "reason": "GDPR-17" },
        ],
        "facts": {
            "environments": ["production"],
            "apis": {},
            "default_policy": { "decision": "auto_approve", "max_ttl": "365d", "pending_ttl": "14d" },
        },
    }))
    .unwrap()
}

fn look(token: &str, keys: &Keys, change: impl Fn(&mut Expected<'_>)) -> Result<Bundle, Refused> {
    let component = "component:checkout".parse().unwrap();
    let mut expected = Expected {
        issuer: "https://portal.example",
        audience: "slipway-access",
        component: &component,
        revocation_epoch: 3,
        now: start(),
    };
    change(&mut expected);
    verify(token, keys, &expected)
}

/// A token with any header and claims, signed as it says or not at all.
fn forged(header: &Value, claims: &Value, by: Option<&SigningKey>) -> String {
    let part = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
    let signed = format!("{}.{}", part(header), part(claims));
    let signature = by.map(|key| URL_SAFE_NO_PAD.encode(key.sign(signed.as_bytes()))).unwrap_or_default();
    format!("{signed}.{signature}")
}

fn header(key: &SigningKey) -> Value {
    json!({ "alg": "EdDSA", "typ": TYPE, "kid": key.public().kid })
}

#[test]
fn what_was_signed_is_read() {
    let token = sign(&bundle(), &key(1)).unwrap();
    let read = look(&token, &keys(&[2, 1]), |_| {}).unwrap();
    assert_eq!(read, bundle());
    let known: Vec<Known> = read.known().into_values().collect();
    assert_eq!((known.len(), known[0].state), (2, Standing::Active));
    // A grant ends while the bundle is valid.
    assert_eq!(known[0].at("2026-11-26T18:00:00Z".parse().unwrap()).state, Standing::Expired);
}

/// The key, its thumbprint and the signature of RFC 8037, appendix A.
#[test]
fn keys_and_signatures_are_those_of_the_standard() {
    let seed = URL_SAFE_NO_PAD.decode("nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A").unwrap();
    let key = SigningKey::from_seed(&seed).unwrap();
    assert_eq!(key.public().x, "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo");
    assert_eq!(key.public().kid, "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k");
    let signed = "eyJhbGciOiJFZERTQSJ9.RXhhbXBsZSBvZiBFZDI1NTE5IHNpZ25pbmc";
    let signature = "hgyY0il_MGCjP0JzlnLWG1PPOt7-09PGcvMg3AIbQR6dWbhijcNR4ki4iylGjg5BhVsPt9g7sVvpAr_MuM0KAg";
    assert_eq!(URL_SAFE_NO_PAD.encode(key.sign(signed.as_bytes())), signature);
}

#[test]
fn what_cannot_be_believed_is_refused() {
    let (good, other) = (key(1), key(2));
    let token = sign(&bundle(), &good).unwrap();
    let claims = serde_json::to_value(bundle()).unwrap();
    let ours = keys(&[1]);
    let hour = |hours: i64| start() + SignedDuration::from_hours(hours);

    assert_eq!(look(&token, &keys(&[2]), |_| {}), Err(Refused::UnknownKey(good.public().kid.clone())));
    // Signed by another key under the name of ours.
    assert_eq!(look(&forged(&header(&good), &claims, Some(&other)), &ours, |_| {}), Err(Refused::Signature));
    assert_eq!(look(&forged(&header(&good), &claims, None), &ours, |_| {}), Err(Refused::Signature));
    // Downgraded: other algorithms, and ours in another spelling, whatever the signature.
    for alg in ["none", "HS256", "RS256", "ES256", "eddsa", "Ed25519", ""] {
        let mut header = header(&good);
        header["alg"] = json!(alg);
        let token = forged(&header, &claims, Some(&good));
        assert_eq!(look(&token, &ours, |_| {}), Err(Refused::Algorithm(alg.to_owned())));
    }
    // Tokens of the same key for something else.
    for (name, value) in [("typ", json!("JWT")), ("crit", json!(["exp"])), ("crit", json!([]))] {
        let mut header = header(&good);
        header[name] = value;
        let refused = look(&forged(&header, &claims, Some(&good)), &ours, |_| {});
        assert!(matches!(refused, Err(Refused::Malformed(_))), "{refused:?}");
    }
    let foreign = |refused: Result<Bundle, Refused>| match refused {
        Err(Refused::Foreign { claim, .. }) => claim,
        other => panic!("{other:?}"),
    };
    assert_eq!(foreign(look(&token, &ours, |expected| expected.issuer = "https://other.example")), "issuer");
    assert_eq!(foreign(look(&token, &ours, |expected| expected.audience = "other")), "audience");
    let mut elsewhere = bundle();
    elsewhere.sub = "component:other".parse().unwrap();
    assert_eq!(foreign(look(&sign(&elsewhere, &good).unwrap(), &ours, |_| {})), "component");

    assert_eq!(look(&token, &ours, |expected| expected.now = hour(24)), Err(Refused::Expired(hour(24))));
    assert!(look(&token, &ours, |expected| expected.now = start() - SKEW).is_ok());
    let early = look(&token, &ours, |expected| expected.now = start() - SignedDuration::from_secs(61));
    assert_eq!(early, Err(Refused::NotYet(start())));
    assert_eq!(look(&token, &ours, |expected| expected.revocation_epoch = 4), Err(Refused::Outdated));

    let mut long = bundle();
    long.exp = hour(25);
    assert_eq!(sign(&long, &good), Err(Refused::TooLong));
    let long = forged(&header(&good), &serde_json::to_value(long).unwrap(), Some(&good));
    assert_eq!(look(&long, &ours, |_| {}), Err(Refused::TooLong));
    for text in ["", "a", "a.b", "a.b.c", "a.b.c.d", "..", &format!("{token}.x")] {
        assert!(matches!(look(text, &ours, |_| {}), Err(Refused::Malformed(_))), "{text}");
    }
}

#[test]
fn keys_rotate_and_those_that_lie_are_left_out() {
    let (old, new) = (sign(&bundle(), &key(1)).unwrap(), sign(&bundle(), &key(2)).unwrap());
    let published = serde_json::to_value(keys(&[1, 2])).unwrap();
    let both = Keys::from_json(&published.to_string()).unwrap();
    assert!(both == keys(&[1, 2]) && look(&old, &both, |_| {}).is_ok() && look(&new, &both, |_| {}).is_ok());
    assert!(look(&old, &keys(&[2]), |_| {}).is_err());
    // A key under the name of another, and keys of other kinds.
    let mut lying = published;
    lying["keys"][0]["kid"] = lying["keys"][1]["kid"].clone();
    lying["keys"].as_array_mut().unwrap().insert(0, json!({ "kty": "RSA", "n": "x", "e": "AQAB", "kid": "r" }));
    assert_eq!(Keys::from_json(&lying.to_string()).unwrap(), keys(&[2]));
    assert!(Keys::from_json("[]").is_err());
}

proptest! {
    #[test]
    fn no_change_of_a_token_is_believed(at in any::<prop::sample::Index>(), letter in "[A-Za-z0-9_.-]") {
        let token = sign(&bundle(), &key(1)).unwrap();
        let at = at.index(token.len());
        let changed = format!("{}{letter}{}", &token[..at], &token[at + 1..]);
        prop_assume!(changed != token);
        let read = look(&changed, &keys(&[1]), |_| {});
        prop_assert!(read.is_err());
    }

    #[test]
    fn any_text_is_refused(text in "\\PC{0,200}") {
        let read = look(&text, &keys(&[1]), |_| {});
        prop_assert!(read.is_err());
    }
}
