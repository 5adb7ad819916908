#![allow(clippy::unwrap_used, clippy::expect_used)]

pub(in crate::identity) mod fake;
mod github;
mod people;
mod tokens;

use std::time::Duration;

use serde_json::json;

use self::fake::{CLIENT, Fake, SECRET};
use super::*;
use crate::db_test;
use crate::git::Connection;
use crate::identity::{self, Person};
use crate::settings::{IdentitySettings, OidcSettings, Password, Settings};

const HERE: &str = "http://127.0.0.1:3000";

fn oidc(fake: &Fake) -> OidcSettings {
    OidcSettings {
        issuer: fake.issuer.clone(),
        client_id: CLIENT.to_owned(),
        client_secret: Some(Password::Known(Secret::new(SECRET))),
        scopes: vec!["profile".to_owned(), "email".to_owned()],
        refresh: true,
        groups_claim: "groups".to_owned(),
        groups_url_hosts: Vec::new(),
        login: None,
        trust_email: true,
        connection: Connection::default(),
    }
}

fn provider(name: &str, kind: ProviderKind) -> ProviderSettings {
    ProviderSettings { name: name.to_owned(), title: "Acme ID".to_owned(), kind }
}

async fn open(settings: Settings, providers: Vec<ProviderSettings>) -> Portal {
    let identity = IdentitySettings { providers, ..settings.identity.clone() };
    Portal::open(Settings { identity, poll_interval: Duration::ZERO, ..settings }).await.unwrap()
}

/// A portal with this provider, which is named `id`.
pub(in crate::identity) async fn with(settings: Settings, fake: &Fake) -> Portal {
    open(settings, vec![provider("id", ProviderKind::Oidc(oidc(fake)))]).await
}

async fn begin_at(portal: &Portal) -> Result<Begun> {
    begin(portal, &Actor::Visitor, "id", HERE, Purpose::SignIn("/catalog")).await
}

async fn finish_with(portal: &Portal, begun: &Begun, answer: &Answer) -> Result<Finished> {
    let client = Client { agent: "Firefox/1".to_owned(), address: "192.0.2.1".to_owned() };
    let place = Place { here: HERE, cookie: Some(begun.cookie.expose()), before: None, client: &client };
    finish(portal, &Actor::Visitor, "id", answer, place).await
}

/// The whole way; the cookie of the session.
pub(in crate::identity) async fn sign_in_with(portal: &Portal, fake: &Fake) -> Secret {
    let begun = begin_at(portal).await.unwrap();
    match finish_with(portal, &begun, &fake.agree(&begun.to)).await.unwrap() {
        Finished::SignedIn { opened, .. } => opened.cookie,
        tested => panic!("{tested:?}"),
    }
}

/// The whole way: who that is, and what they should know.
async fn sign_in(portal: &Portal, fake: &Fake) -> Result<(std::sync::Arc<Person>, Vec<String>)> {
    let begun = begin_at(portal).await?;
    let finished = finish_with(portal, &begun, &fake.agree(&begun.to)).await?;
    let Finished::SignedIn { opened, back, notes } = finished else { panic!("{finished:?}") };
    assert_eq!(back, "/catalog");
    let person = identity::find(portal, opened.cookie.expose()).await?;
    Ok((person.expect("the session is good"), notes))
}

fn why<T: std::fmt::Debug>(result: Result<T>) -> String {
    match result {
        Err(Error::Forbidden(why) | Error::Unavailable(why)) => why,
        other => panic!("{other:?}"),
    }
}

async fn audited(portal: &Portal) -> Vec<(String, String)> {
    let entries = audit::list(portal, &Actor::Operator, &audit::AuditFilter::default(), None, 100).await.unwrap();
    entries.into_iter().map(|entry| (entry.action, entry.after.unwrap_or_default())).collect()
}

db_test! {
    async fn somebody_signs_in_and_is_who_the_provider_says(settings: Settings) {
        let fake = Fake::start().await;
        fake.claim("name", json!("Jane Doe"));
        fake.state().userinfo = json!({
            "sub": "248289761001", "name": "Somebody else", "email": "jane@example.com", "email_verified": true,
            "groups": ["payments", "platform"],
        });
        let portal = with(settings, &fake).await;
        let begun = begin_at(&portal).await.unwrap();
        assert!(!begun.to.contains(begun.cookie.expose()), "the cookie stays in the browser");
        let redirect = "redirect_uri=http%3A%2F%2F127.0.0.1%3A3000%2Fsign-in%2Fid%2Fcallback";
        assert!(begun.to.contains(redirect), "{}", begun.to);
        let (person, notes) = sign_in(&portal, &fake).await.unwrap();
        assert_eq!((person.name.as_str(), person.email.as_deref()), ("Jane Doe", Some("jane@example.com")));
        assert_eq!((person.provider.as_str(), person.label.as_str()), ("id", "jane@example.com (id)"));
        assert_eq!((person.provider_groups.clone(), notes.len()), (vec!["payments".to_owned(), "platform".to_owned()], 0));
        let again = sign_in(&portal, &fake).await.unwrap().0;
        assert_eq!(again.account, person.account, "issuer and subject are one account");
        assert_eq!((fake.asked("discovery"), fake.asked("keys")), (1, 1), "what the provider says of itself is remembered");
        assert_eq!(audited(&portal).await.iter().filter(|(action, _)| action == "session.open").count(), 2);
        assert!(!Actor::is_operator_at_machine(&portal));
    }

    async fn an_answer_counts_once_in_the_browser_that_asked(settings: Settings) {
        let fake = Fake::start().await;
        let providers = ["id", "other"].map(|name| provider(name, ProviderKind::Oidc(oidc(&fake)))).to_vec();
        let portal = open(settings, providers).await;
        let begun = begin_at(&portal).await.unwrap();
        let answer = fake.agree(&begun.to);
        let client = Client::default();
        let place = |cookie| Place { here: HERE, cookie, before: None, client: &client };
        let visitor = &Actor::Visitor;
        // Another browser, and one that asked for something else.
        why(finish(&portal, visitor, "id", &answer, place(None)).await);
        let other = begin_at(&portal).await.unwrap();
        why(finish_with(&portal, &other, &answer).await);
        let wrong = Answer { state: answer.state.to_uppercase(), ..answer.clone() };
        insta::assert_snapshot!("said", why(finish_with(&portal, &begun, &wrong).await));
        assert_eq!(fake.asked("token"), 0);
        finish_with(&portal, &begun, &answer).await.unwrap();
        insta::assert_snapshot!("said_2", why(finish_with(&portal, &begun, &answer).await));
        // Begun at one provider, and answered by another.
        let answer = fake.agree(&other.to);
        why(finish(&portal, visitor, "other", &answer, place(Some(other.cookie.expose()))).await);
        why(finish_with(&portal, &other, &answer).await);
        assert_eq!(audited(&portal).await.iter().filter(|(action, _)| action == "session.refuse").count(), 6);
        let nobody = finish(&portal, visitor, "nobody", &answer, place(None)).await;
        assert!(matches!(nobody, Err(Error::NotFound(_))), "{nobody:?}");
    }

    async fn a_sign_in_that_takes_too_long_is_over(settings: Settings) {
        let portal = Portal::open(settings).await.unwrap();
        let sign_in = store::SignIn { provider: "id".to_owned(), return_to: "/".to_owned(), test: false };
        let mut tx = portal.db().begin().await.unwrap();
        store::begin(&mut tx, "one", &sign_in, 10).await.unwrap();
        store::begin(&mut tx, "two", &sign_in, 20).await.unwrap();
        store::keep_test(&mut tx, ("t", "id"), "{}", 20).await.unwrap();
        assert_eq!(store::take(&mut tx, "one", 10).await.unwrap(), None);
        store::forget_old(&mut tx, 10).await.unwrap();
        assert_eq!(store::take(&mut tx, "one", 5).await.unwrap(), None);
        assert_eq!(store::take(&mut tx, "two", 5).await.unwrap(), Some(sign_in));
        assert_eq!(store::take(&mut tx, "two", 5).await.unwrap(), None);
        tx.commit().await.unwrap();
        assert_eq!(store::test(portal.db(), ("t", "id"), 19).await.unwrap().as_deref(), Some("{}"));
        assert_eq!(store::test(portal.db(), ("t", "id"), 20).await.unwrap(), None);
        assert_eq!(store::test(portal.db(), ("t", "other"), 19).await.unwrap(), None);
        assert!(!store::is_member(portal.db(), "acme", "ada").await.unwrap());
    }

    async fn what_the_provider_refuses_is_said(settings: Settings) {
        let fake = Fake::start().await;
        let portal = with(settings, &fake).await;
        let begun = begin_at(&portal).await.unwrap();
        let answer = Answer {
            error: "access_denied".to_owned(),
            error_description: "You may not\u{7} use this application.".to_owned(),
            code: String::new(),
            ..fake.agree(&begun.to)
        };
        insta::assert_snapshot!("said", why(finish_with(&portal, &begun, &answer).await));
        let begun = begin_at(&portal).await.unwrap();
        let answer = Answer { code: "stolen".to_owned(), ..fake.agree(&begun.to) };
        insta::assert_snapshot!("said_2", why(finish_with(&portal, &begun, &answer).await));
        let begun = begin_at(&portal).await.unwrap();
        let answer = Answer { iss: "https://evil.example".to_owned(), ..fake.agree(&begun.to) };
        insta::assert_snapshot!("said_3", why(finish_with(&portal, &begun, &answer).await));
        fake.state().userinfo = json!({"sub": "somebody else"});
        insta::assert_snapshot!("said_4", why(sign_in(&portal, &fake).await));
        // One that does not answer at all makes nobody somebody else: what it would add is missing.
        fake.state().broken.insert("userinfo".to_owned(), (503, String::new()));
        assert_eq!(sign_in(&portal, &fake).await.unwrap().1.len(), 1);
    }

    async fn a_test_shows_what_is_said_and_signs_nobody_in(settings: Settings) {
        let fake = Fake::start().await;
        fake.claim("email", json!("jane@example.com"));
        fake.claim("_claim_names", json!({"groups": "elsewhere"}));
        fake.claim("_claim_sources", json!({"elsewhere": {"endpoint": "https://graph.example/me", "access_token": "s3cret"}}));
        let portal = with(settings, &fake).await;
        let operator = &Actor::Operator;
        why(begin(&portal, &Actor::Visitor, "id", HERE, Purpose::Test).await);
        let run = async || {
            let begun = begin(&portal, operator, "id", HERE, Purpose::Test).await.unwrap();
            let (client, answer) = (Client::default(), fake.agree(&begun.to));
            let place = Place { here: HERE, cookie: Some(begun.cookie.expose()), before: None, client: &client };
            let finished = finish(&portal, operator, "id", &answer, place).await.unwrap();
            let Finished::Tested(id) = finished else { panic!("{finished:?}") };
            why(outcome(&portal, &Actor::Visitor, "id", &id).await);
            outcome(&portal, operator, "id", &id).await.unwrap()
        };
        let found = run().await;
        let mapped = found.mapped.as_ref().unwrap();
        assert_eq!((mapped.role.as_str(), mapped.email.as_deref()), ("member", Some("jane@example.com")));
        assert_eq!((mapped.email_counts, mapped.is_known, mapped.user.as_deref()), (false, false, None));
        let places: Vec<&str> = found.said.iter().map(|said| said.place.as_str()).collect();
        assert_eq!(places, ["ID token", "Userinfo"]);
        insta::assert_snapshot!("said", found.notes.join("\n"));
        assert!(!format!("{found:?}").contains("s3cret"));
        fake.claim("aud", json!("another"));
        let found = run().await;
        assert!(found.mapped.is_none() && found.refused.is_some(), "{found:?}");
        assert_eq!(found.said[0].place, "ID token, which was refused");
        assert!(!portal.persons().is_claimed(), "nobody has an account");
        let tests = audited(&portal).await.into_iter().filter(|(action, _)| action == "provider.test");
        assert_eq!(tests.count(), 2);
    }
}
