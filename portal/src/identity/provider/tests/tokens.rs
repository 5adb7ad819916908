//! Tokens that count, and those that do not; providers that do not answer, or not as they should.

use serde_json::{Value, json};

use super::fake::Key;
use super::*;

fn now() -> i64 {
    Clock::System.now() / 1_000
}

/// What becomes of a sign-in with these claims.
async fn with_claims(portal: &Portal, fake: &Fake, claims: &[(&str, Value)]) -> Result<()> {
    fake.state().claims = claims.iter().map(|(name, value)| ((*name).to_owned(), value.clone())).collect();
    sign_in(portal, fake).await.map(drop)
}

db_test! {
    async fn only_a_token_for_this_sign_in_counts(settings: Settings) {
        let fake = Fake::start().await;
        let portal = with(settings, &fake).await;
        let table: [(&str, Value); 9] = [
            ("nonce", json!("of another sign-in")),
            ("nonce", Value::Null),
            ("iss", json!("https://evil.example")),
            ("aud", json!("another")),
            ("aud", json!(["slipway", "another"])),
            ("azp", json!("another")),
            ("exp", json!(1_000_000_000)),
            ("iat", json!(4_000_000_000_i64)),
            ("nbf", json!(4_000_000_000_i64)),
        ];
        let mut said = Vec::new();
        for claim in table {
            let name = format!("{} {}", claim.0, claim.1);
            let why = why(with_claims(&portal, &fake, &[claim]).await);
            let why = why.replace(&fake.issuer, "ISSUER").replace(CLIENT, "CLIENT");
            said.push(format!("{name}: {}", why.split(" (current time").next().unwrap()));
        }
        insta::assert_snapshot!("said", said.join("\n"));
        with_claims(&portal, &fake, &[]).await.unwrap();
    }

    async fn clocks_may_differ_by_a_minute(settings: Settings) {
        let fake = Fake::start().await;
        let portal = with(settings, &fake).await;
        for claim in [("exp", json!(now() - 40)), ("iat", json!(now() + 40)), ("nbf", json!(now() + 40))] {
            with_claims(&portal, &fake, &[claim]).await.unwrap();
        }
        for claim in [("exp", json!(now() - 80)), ("iat", json!(now() + 80)), ("nbf", json!(now() + 80))] {
            why(with_claims(&portal, &fake, &[claim]).await);
        }
    }

    async fn a_token_is_signed_with_a_key_that_only_the_provider_has(settings: Settings) {
        let fake = Fake::start().await;
        let portal = with(settings, &fake).await;
        let public = fake.state().keys[0].to_string().into_bytes();
        let mut said = Vec::new();
        for key in [Key::None, Key::Hs256(SECRET.as_bytes().to_vec()), Key::Hs256(public), Key::es256()] {
            fake.state().key = key;
            said.push(why(sign_in(&portal, &fake).await));
        }
        insta::assert_snapshot!("said", said.join("\n"));
    }

    async fn each_asymmetric_way_is_understood(settings: Settings) {
        let fake = Fake::start().await;
        let portal = with(settings, &fake).await;
        let keys = [("e", Key::es256()), ("o", Key::eddsa()), ("r", Key::rs256()), ("p", Key::ps256())];
        fake.state().keys = keys.iter().map(|(id, key)| key.public(id)).collect();
        for (id, key) in keys {
            {
                let mut state = fake.state();
                (state.key_id, state.key) = (id.to_owned(), key);
            }
            sign_in(&portal, &fake).await.unwrap();
        }
    }

    async fn a_new_key_is_fetched_once_a_minute(settings: Settings) {
        let fake = Fake::start().await;
        let portal = with(settings, &fake).await;
        let rotate = |id: &str| {
            let key = Key::es256();
            let mut state = fake.state();
            (state.keys, state.key, state.key_id) = (vec![key.public(id)], key, id.to_owned());
        };
        sign_in(&portal, &fake).await.unwrap();
        rotate("two");
        sign_in(&portal, &fake).await.unwrap();
        assert_eq!((fake.asked("discovery"), fake.asked("keys")), (1, 2));
        rotate("three");
        insta::assert_snapshot!("said", why(sign_in(&portal, &fake).await));
        why(sign_in(&portal, &fake).await);
        assert_eq!(fake.asked("keys"), 2, "whoever sends strange keys does not make us ask");
    }

    async fn a_provider_that_is_down_or_strange_is_told_apart(settings: Settings) {
        let fake = Fake::start().await;
        let portal = with(settings, &fake).await;
        let mut said = Vec::new();
        let far = "x".repeat(3 << 20);
        for (status, body) in [(503, ""), (404, "{}"), (200, "<html>"), (200, "{}"), (200, far.as_str())] {
            fake.state().broken.insert("discovery".to_owned(), (status, body.to_owned()));
            said.push(why(begin_at(&portal).await));
        }
        fake.state().broken.clear();
        for (name, value) in [
            ("issuer", json!("https://evil.example")),
            ("jwks_uri", json!("http://127.0.0.1:9/keys")),
            ("jwks_uri", json!("https://169.254.169.254/latest")),
            ("jwks_uri", json!("https://localhost/keys")),
            ("authorization_endpoint", json!("http://id.example.com/authorize")),
        ] {
            fake.state().metadata = [(name.to_owned(), value)].into_iter().collect();
            said.push(why(begin_at(&portal).await));
        }
        fake.state().metadata.clear();
        begin_at(&portal).await.unwrap();
        for (status, body) in [(500, ""), (200, "{}"), (200, far.as_str())] {
            fake.state().broken.insert("token".to_owned(), (status, body.to_owned()));
            said.push(why(sign_in(&portal, &fake).await));
        }
        let origin = fake.issuer.trim_end_matches("/realms/acme");
        insta::assert_snapshot!("said", said.join("\n").replace(origin, "ORIGIN"));
    }

    async fn what_is_known_of_a_provider_outlives_it_and_a_new_one_does_not(settings: Settings) {
        let fake = Fake::start().await;
        let portal = with(settings, &fake).await;
        fake.state().metadata.insert("token_endpoint_auth_methods_supported".to_owned(), json!(["client_secret_post"]));
        sign_in(&portal, &fake).await.unwrap();
        drop(fake);
        begin_at(&portal).await.unwrap();
    }
}

#[tokio::test]
async fn a_provider_that_is_not_there_is_said() {
    let (fake, folder) = (Fake::start().await, tempfile::tempdir().unwrap());
    let portal = with(Settings::new(folder.path()), &fake).await;
    drop(fake);
    let said = why(begin_at(&portal).await);
    assert!(said.starts_with("Acme ID cannot be asked now: 127.0.0.1 could not be reached"), "{said}");
}
