//! OAuth at a fake GitHub.

use fake_forge::{Email, Member, OauthApp, Profile};
use http::Request;
use url::Url;

use super::*;
use crate::outgoing::{Limits, Way};
use crate::sources::tests::github::{acme, source};
use crate::sources::tests::round;

const SECRET: &str = "1726be1638095a19edd134c77bde3aa2ece1e5d8";

fn settings_of(fake: &fake_forge::Fake, organisations: &[&str]) -> GitHubSignIn {
    let callback = format!("{HERE}/sign-in/id/callback");
    let app = OauthApp { client_secret: SECRET.to_owned(), callback };
    fake.state().oauth_apps.insert("Ov23li".to_owned(), app);
    GitHubSignIn {
        url: Some(fake.origin().to_owned()),
        client_id: "Ov23li".to_owned(),
        client_secret: Password::Known(Secret::new(SECRET)),
        organisations: organisations.iter().map(|name| (*name).to_owned()).collect(),
        trust_email: true,
        connection: Connection::default(),
    }
}

/// Goes where a browser goes, and comes back with what it is sent back with.
async fn agree(address: &str) -> Answer {
    let named = [Url::parse(address).unwrap()];
    let limits = Limits { time: Duration::from_secs(5), largest_body: 1 << 20 };
    let browser = crate::outgoing::Client::new(Way::of(&Connection::default()).unwrap(), &named, limits).unwrap();
    let answer = browser.send(Request::get(address).body(bytes::Bytes::new()).unwrap()).await.unwrap();
    assert_eq!(answer.status(), 302, "{answer:?}");
    let back = Url::parse(answer.headers()["location"].to_str().unwrap()).unwrap();
    assert_eq!(back.path(), "/sign-in/id/callback");
    let value = |name: &str| back.query_pairs().find(|(key, _)| key == name).map(|(_, value)| value.into_owned());
    Answer {
        state: value("state").unwrap_or_default(),
        code: value("code").unwrap_or_default(),
        error: value("error").unwrap_or_default(),
        error_description: value("error_description").unwrap_or_default(),
        iss: String::new(),
    }
}

/// Signs `login` in; the cookie of the session.
async fn come(portal: &Portal, fake: &fake_forge::Fake, login: &str) -> Result<Secret> {
    fake.state().visitor = Some(login.to_owned());
    let begun = begin_at(portal).await?;
    match finish_with(portal, &begun, &agree(&begun.to).await).await? {
        Finished::SignedIn { opened, .. } => Ok(opened.cookie),
        tested @ Finished::Tested(_) => panic!("{tested:?}"),
    }
}

db_test! {
    async fn somebody_signs_in_with_github(settings: Settings) {
        let fake = fake_forge::Fake::start(Profile::Enterprise).await.unwrap();
        let portal = open(settings, vec![provider("id", ProviderKind::GitHub(settings_of(&fake, &[])))]).await;
        let cookie = come(&portal, &fake, "jane_acme").await.unwrap();
        assert_eq!(fake.state().tokens.keys().filter(|token| token.starts_with("gho_")).count(), 0, "the token is revoked after use");
        assert!(fake.requests().iter().any(|request| request == "DELETE /applications/Ov23li/token"), "{:?}", fake.requests());
        let jane = identity::find(&portal, cookie.expose()).await.unwrap().unwrap();
        assert_eq!((jane.name.as_str(), jane.email.as_deref()), ("jane_acme", Some("jane_acme@example.com")));
        let host = fake.origin().trim_start_matches("http://").to_owned();
        assert_eq!(jane.login, Some((host, "jane_acme".to_owned())));
        let row = identity::store::account(portal.db(), &jane.account).await.unwrap().unwrap();
        assert_eq!((row.issuer.as_str(), row.subject.as_str(), row.email_verified), (fake.origin(), "1", true));
        let unverified = Email { email: "jane@example.com".to_owned(), primary: true, verified: false };
        fake.state().emails.insert("jane_acme".to_owned(), vec![unverified]);
        come(&portal, &fake, "jane_acme").await.unwrap();
        let row = identity::store::account(portal.db(), &jane.account).await.unwrap().unwrap();
        assert_eq!((row.email.as_deref(), row.email_verified), (Some("jane@example.com"), false));
        // Somebody who says no, and a code that somebody else uses first.
        fake.state().visitor = None;
        let begun = begin_at(&portal).await.unwrap();
        insta::assert_snapshot!("said", why(finish_with(&portal, &begun, &agree(&begun.to).await).await));
        fake.state().visitor = Some("jane_acme".to_owned());
        let begun = begin_at(&portal).await.unwrap();
        let answer = agree(&begun.to).await;
        fake.state().grants.clear();
        insta::assert_snapshot!("said_2", why(finish_with(&portal, &begun, &answer).await));
        assert!(begun.to.contains("scope=read%3Auser+user%3Aemail&"), "{}", begun.to);
    }

    async fn members_of_an_organisation_that_is_not_mirrored_are_asked_for(settings: Settings) {
        let fake = fake_forge::Fake::start(Profile::Enterprise).await.unwrap();
        fake.state().add_repository("acme", "shop");
        let member = Member { id: 20, login: "jane".to_owned(), admin: false };
        fake.state().organisations.get_mut("acme").unwrap().members.push(member);
        let github = ProviderKind::GitHub(settings_of(&fake, &["other", "acme"]));
        let portal = open(settings, vec![provider("id", github)]).await;
        assert!(begin_at(&portal).await.unwrap().to.contains("read%3Aorg"));
        come(&portal, &fake, "jane").await.unwrap();
        insta::assert_snapshot!("said", why(come(&portal, &fake, "mallory").await));
    }

    async fn whoever_leaves_the_organisation_is_let_in_no_more(settings: Settings) {
        let (fake, _host) = acme(&["shop"]).await;
        for (id, login) in [(20, "jane"), (21, "joe")] {
            let member = Member { id, login: login.to_owned(), admin: false };
            fake.state().organisations.get_mut("acme").unwrap().members.push(member);
        }
        let providers = vec![provider("id", ProviderKind::GitHub(settings_of(&fake, &["acme"])))];
        let identity = IdentitySettings { providers, ..settings.identity.clone() };
        let portal = crate::sources::tests::open(&Settings { identity, ..settings }, vec![source(&fake)]).await;
        round(&portal).await;
        let memberships = || fake.requests().iter().filter(|request| request.contains("/user/memberships")).count();
        let before = memberships();
        let jane = come(&portal, &fake, "jane").await.unwrap();
        assert!(identity::find(&portal, jane.expose()).await.unwrap().is_some());
        assert_eq!(memberships(), before, "members are mirrored, and need not be asked for");
        why(come(&portal, &fake, "mallory").await);
        fake.state().organisations.get_mut("acme").unwrap().members.retain(|member| member.login != "jane");
        let mut tx = portal.db().begin().await.unwrap();
        crate::sources::people::make_due(&mut tx, "acme").await.unwrap();
        tx.commit().await.unwrap();
        round(&portal).await;
        portal.persons().forget();
        assert!(identity::find(&portal, jane.expose()).await.unwrap().is_none());
        why(come(&portal, &fake, "jane").await);
    }
}
