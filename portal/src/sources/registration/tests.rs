#![allow(clippy::unwrap_used, clippy::expect_used)]

use std::os::unix::fs::PermissionsExt as _;
use std::time::Duration;

use fake_forge::{APP_KEY, Fake, Profile};
use model::Visibility;

use super::*;
use crate::db_test;
use crate::settings::{Settings, SourceSettings};

const HERE: &str = "http://127.0.0.1:3000";

async fn fake() -> Fake {
    let fake = Fake::start(Profile::Enterprise).await.unwrap();
    fake.state().add_repository("acme", "orders");
    fake
}

fn wish(fake: &Fake, writes: bool) -> Wish {
    Wish::read("acme", true, fake.origin(), writes).unwrap()
}

async fn open(settings: Settings, public_url: Option<&str>) -> Portal {
    let public_url = public_url.map(str::to_owned);
    Portal::open(Settings { public_url, poll_interval: Duration::ZERO, ..settings }).await.unwrap()
}

/// What a browser does with the form, as far as the way back: code and state.
async fn agree(fake: &Fake, form: &Form) -> (String, String) {
    let mut settings = forge::ForgeSettings::enterprise(fake.origin(), forge::Authentication::Nobody).unwrap();
    settings.api = fake.origin().parse().unwrap();
    let encoded =
        |text: &str| percent_encoding::utf8_percent_encode(text, percent_encoding::NON_ALPHANUMERIC).to_string();
    let body = format!("manifest={}&agreed=yes", encoded(&form.manifest));
    let request = http::Request::post(form.action.replace(fake.origin(), "")).body(bytes::Bytes::from(body)).unwrap();
    let answer = Forge::new(&settings).unwrap().send(request).await.unwrap();
    assert_eq!(answer.status(), 302, "{answer:?}");
    let back = Url::parse(answer.headers()["location"].to_str().unwrap()).unwrap();
    assert!(back.as_str().starts_with(&format!("{HERE}/sources/github-app/created?")), "{back}");
    let part = |name: &str| back.query_pairs().find(|(key, _)| key == name).unwrap().1.into_owned();
    (part("code"), part("state"))
}

fn forbidden<T: std::fmt::Debug>(result: Result<T>) {
    assert!(matches!(result, Err(Error::Forbidden(_))), "{result:?}");
}

db_test! {
    async fn a_wish_waits_until_it_is_taken_or_old(settings: Settings) {
        let portal = Portal::open(settings).await.unwrap();
        let wish = Wish { url: None, owner: GitHubOwner::Organisation("acme".to_owned()), writes: true };
        let mut tx = portal.db().begin().await.unwrap();
        store::begin(&mut tx, "one", &wish, 10).await.unwrap();
        store::begin(&mut tx, "two", &wish, 20).await.unwrap();
        tx.commit().await.unwrap();
        assert_eq!(store::waiting(portal.db(), "one", 9).await.unwrap(), Some(wish.clone()));
        assert_eq!(store::waiting(portal.db(), "one", 10).await.unwrap(), None);
        let mut tx = portal.db().begin().await.unwrap();
        store::forget_old(&mut tx, 10).await.unwrap();
        assert_eq!(store::take(&mut tx, "one", 5).await.unwrap(), None);
        assert_eq!(store::take(&mut tx, "two", 5).await.unwrap(), Some(wish));
        assert_eq!(store::take(&mut tx, "two", 5).await.unwrap(), None);
    }

    async fn an_app_is_registered_and_its_keys_are_ours_alone(settings: Settings) {
        let (fake, data) = (fake().await, settings.data.clone());
        let portal = open(settings, Some("https://portal.example.com")).await;
        let operator = &Actor::Operator;
        let cookie = begin(&portal, operator, &wish(&fake, false)).await.unwrap();
        let form = begun(&portal, operator, &cookie, HERE).await.unwrap().unwrap();
        assert_eq!(form.origin, fake.origin());
        assert!(form.action.starts_with(&format!("{}/organizations/acme/settings/apps/new?state=", fake.origin())));
        assert!(!form.action.contains(&cookie), "the cookie stays in the browser");
        let (code, state) = agree(&fake, &form).await;
        let key = complete(&portal, operator, Some(&cookie), &code, &state).await.unwrap();

        let app = &registered(&portal, operator).await.unwrap()[0];
        let folder = data.join("apps").join(&key);
        assert_eq!(std::fs::read_to_string(folder.join("key.pem")).unwrap(), format!("{}\n", APP_KEY.trim_end()));
        assert_eq!(std::fs::read_to_string(folder.join("webhook-secret")).unwrap(), format!("{:040x}\n", 90_001));
        let mode = |path: &std::path::Path| std::fs::metadata(path).unwrap().permissions().mode() & 0o777;
        assert_eq!([mode(&data.join("apps")), mode(&folder)], [0o700; 2]);
        assert_eq!([mode(&folder.join("key.pem")), mode(&folder.join("webhook-secret"))], [0o600; 2]);
        assert_eq!(std::fs::read_dir(data.join("apps")).unwrap().count(), 1, "nothing is left over");
        assert_eq!(app.install, format!("{}/github-apps/slipway-acme/installations/new", fake.origin()));
        let expected = format!(
            "[[source]]\nname = \"acme\"\nkind = \"github\"\norganisation = \"acme\"\nurl = \"{}\"\napp-id = \"90001\"\n\
             app-key-file = \"{}\"\nwebhook-secret-file = \"{}\"",
            fake.origin(), folder.join("key.pem").display(), folder.join("webhook-secret").display()
        );
        assert_eq!(app.lines, expected);
        let known = fake.state().apps[&90_001].clone();
        assert_eq!(known.hook_url.as_deref(), Some("https://portal.example.com/webhooks/github/acme"));
        assert_eq!(known.events, ["push", "repository", "organization", "team", "membership"]);
        assert!(known.permissions.values().all(|level| level == "read"), "{known:?}");
        let told = audit::list(&portal, operator, &audit::AuditFilter::default(), None, 10).await.unwrap();
        assert_eq!(told[0].action, "app.register");
        assert_eq!(told[0].after.as_deref(), Some("slipway-acme (90001)"));
        assert!(!format!("{told:?}{app:?}{form:?}").contains("PRIVATE KEY"));
        portal.stop().await;
    }

    async fn an_answer_counts_once_and_for_the_browser_that_began(settings: Settings) {
        let fake = fake().await;
        let portal = open(settings, None).await;
        let operator = &Actor::Operator;
        let cookie = begin(&portal, operator, &wish(&fake, true)).await.unwrap();
        let other = begin(&portal, operator, &wish(&fake, true)).await.unwrap();
        let form = begun(&portal, operator, &cookie, HERE).await.unwrap().unwrap();
        assert_eq!(form.hook, None, "nobody could reach us");
        let (code, state) = agree(&fake, &form).await;
        forbidden(complete(&portal, &Actor::Visitor, Some(&cookie), &code, &state).await);
        forbidden(complete(&portal, operator, None, &code, &state).await);
        forbidden(complete(&portal, operator, Some(&other), &code, &state).await);
        forbidden(complete(&portal, operator, Some("made-up"), &code, &super::state("made-up")).await);
        forbidden(complete(&portal, operator, Some(&cookie), &code, "made-up").await);
        forbidden(complete(&portal, operator, Some(&cookie), "../../app", &state).await);
        // None of that has used it up.
        complete(&portal, operator, Some(&cookie), &code, &state).await.unwrap();
        let app = fake.state().apps[&90_001].clone();
        assert_eq!((app.hook_url, app.events), (None, Vec::new()));
        assert_eq!(app.permissions["contents"], "write");
        assert_eq!(registered(&portal, operator).await.unwrap()[0].lines.lines().last().unwrap().split(' ').next(), Some("app-key-file"));
        forbidden(complete(&portal, operator, Some(&cookie), &code, &state).await);

        // The state is right, the code is not, or was used: the forge says so, and nothing is kept.
        for code in [code.as_str(), "0123456789abcdef"] {
            let cookie = begin(&portal, operator, &wish(&fake, false)).await.unwrap();
            let refused = complete(&portal, operator, Some(&cookie), code, &super::state(&cookie)).await;
            assert!(matches!(&refused, Err(Error::Unavailable(text)) if text.contains("used before")), "{refused:?}");
        }
        assert_eq!(registered(&portal, operator).await.unwrap().len(), 1);
        assert_eq!(std::fs::read_dir(portal.settings().data.join("apps")).unwrap().count(), 1);
        portal.stop().await;
    }

    async fn an_owner_that_is_read_already_keeps_its_source(settings: Settings) {
        let fake = fake().await;
        let owner = GitHubOwner::Organisation("Acme".to_owned());
        let github = GitHubSettings { url: Some(fake.origin().to_owned()), ..GitHubSettings::new(owner) };
        let kind = SourceKind::GitHub(github);
        let sources = vec![SourceSettings::new("work", kind, Visibility::Public)];
        let portal = open(Settings { sources, ..settings }, Some("https://portal.example.com")).await;
        let cookie = begin(&portal, &Actor::Operator, &wish(&fake, false)).await.unwrap();
        let form = begun(&portal, &Actor::Operator, &cookie, HERE).await.unwrap().unwrap();
        assert_eq!(form.hook.as_deref(), Some("https://portal.example.com/webhooks/github/work"));
        let (code, state) = agree(&fake, &form).await;
        complete(&portal, &Actor::Operator, Some(&cookie), &code, &state).await.unwrap();
        let app = &registered(&portal, &Actor::Operator).await.unwrap()[0];
        assert_eq!(app.source.as_deref(), Some("work"));
        assert!(app.lines.starts_with("app-id = \"90001\"\napp-key-file = "), "{}", app.lines);
        forbidden(begin(&portal, &Actor::Visitor, &wish(&fake, false)).await);
        forbidden(begun(&portal, &Actor::Visitor, &cookie, HERE).await);
        forbidden(registered(&portal, &Actor::Visitor).await);
        portal.stop().await;
    }
}

#[test]
fn what_was_typed_is_read_or_refused_with_all_that_is_wrong() {
    let read = |login: &str, url: &str| {
        Wish::read(login, true, url, false).map(|wish| (wish.owner.name().to_owned(), wish.url))
    };
    assert_eq!(read(" acme ", "").unwrap(), ("acme".to_owned(), None));
    assert_eq!(read("acme", "https://github.com/").unwrap().1, None);
    assert_eq!(
        read("acme", "https://GitHub.example.com:8443/").unwrap().1.as_deref(),
        Some("https://github.example.com:8443")
    );
    for (login, url, findings) in [
        ("", "", 1),
        ("a/b", "https://h/api/v3", 2),
        ("acme", "javascript:x", 1),
        ("acme", "https://u:p@h", 1),
        ("a", "h", 1),
    ] {
        let Err(Error::Invalid(wrong)) = read(login, url) else { panic!("{login} {url}") };
        assert_eq!(wrong.findings.len(), findings, "{login} {url}: {wrong:?}");
    }
}
