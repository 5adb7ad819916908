//! Who somebody is here, and how long.

use std::sync::Arc;

use super::*;
use crate::identity::GroupSource;
use crate::settings::{ForgeLogin, ProxySettings};
use crate::sources::tests::{Folder, round};

const PEOPLE: &str = "\
apiVersion: backstage.io/v1alpha1
kind: User
metadata: {name: jane, annotations: {github.com/user-login: jane-doe_acme}}
spec: {profile: {email: jane@example.com}, memberOf: [payments]}
---
apiVersion: backstage.io/v1alpha1
kind: User
metadata: {name: joe}
spec: {profile: {email: team@example.com}}
---
apiVersion: backstage.io/v1alpha1
kind: User
metadata: {name: jim}
spec: {profile: {email: Team@example.com}}
---
apiVersion: backstage.io/v1alpha1
kind: User
metadata: {name: ghost}
spec: {profile: {email: 1+ghost@users.noreply.github.com}}
---
apiVersion: backstage.io/v1alpha1
kind: Group
metadata: {name: payments}
spec: {type: team, children: [], parent: commerce}
---
apiVersion: backstage.io/v1alpha1
kind: Group
metadata: {name: commerce}
spec: {type: area, children: []}
---
apiVersion: backstage.io/v1alpha1
kind: Group
metadata: {name: platform}
spec: {type: team, children: []}
";

/// A portal whose catalog knows these people from a source that is trusted.
async fn with_people(settings: Settings, kind: ProviderKind) -> (Portal, Folder) {
    let folder = Folder::new();
    folder.repository("people");
    folder.commit("people", "catalog-info.yaml", PEOPLE);
    let identity = IdentitySettings {
        providers: vec![provider("id", kind)],
        administrators: vec!["id:admins".to_owned()],
        ..settings.identity.clone()
    };
    let portal =
        crate::sources::tests::open(&Settings { identity, ..settings }, vec![folder.source("people").trusted()]).await;
    round(&portal).await;
    (portal, folder)
}

/// Signs in with these claims; the user of the catalog, and why.
async fn linked(portal: &Portal, fake: &Fake, claims: &[(&str, serde_json::Value)]) -> (Arc<Person>, String) {
    fake.state().claims = claims.iter().map(|(name, value)| ((*name).to_owned(), value.clone())).collect();
    let person = sign_in(portal, fake).await.unwrap().0;
    let user = person.user.as_ref().map_or("nobody".to_owned(), |user| user.name.clone());
    let said = format!("{user}: {}", person.linked);
    (person, said)
}

db_test! {
    async fn an_account_is_one_user_or_nobody(settings: Settings) {
        let fake = Fake::start().await;
        let login = ForgeLogin { host: "github.com".to_owned(), suffix: Some("acme".to_owned()) };
        let settings_of = OidcSettings { login: Some(("upn".to_owned(), login)), ..oidc(&fake) };
        let (portal, _folder) = with_people(settings, ProviderKind::Oidc(settings_of)).await;
        let verified = |address: &str| vec![("email", json!(address)), ("email_verified", json!(true))];
        let mut said = Vec::new();
        let (jane, why) = linked(&portal, &fake, &verified("JANE@example.com")).await;
        said.push(why);
        let groups: Vec<_> = jane.groups.iter().map(|(group, source)| (group.name.as_str(), *source)).collect();
        assert_eq!(groups, [("commerce", GroupSource::Catalog), ("payments", GroupSource::Catalog)]);
        for claims in [
            verified("team@example.com"),
            verified("1+ghost@users.noreply.github.com"),
            verified("stranger@example.com"),
            vec![("email", json!("jane@example.com")), ("email_verified", json!(false))],
            vec![("email", json!("jane@example.com"))],
            vec![("email", json!("jane@example.com")), ("email_verified", json!("true"))],
            vec![("upn", json!("Jane.Doe@acme.com")), ("email", json!("joe@example.com"))],
            vec![("upn", json!("@@")), ("groups", json!("admins"))],
        ] {
            said.push(linked(&portal, &fake, &claims).await.1);
        }
        insta::assert_snapshot!("said", said.join("\n"));
        let (admin, _) = linked(&portal, &fake, &[("groups", json!(["admins", "platform", "strange", 7]))]).await;
        assert!(admin.is_administrator);
        let groups: Vec<_> = admin.groups.iter().map(|(group, source)| (group.name.as_str(), *source)).collect();
        assert_eq!(groups, [("platform", GroupSource::Provider)]);
    }

    async fn ten_thousand_groups_are_kept_and_more_are_refused(settings: Settings) {
        let fake = Fake::start().await;
        let portal = with(settings, &fake).await;
        let groups = |count: usize| json!((0..count).map(|number| format!("group-{number:05}")).collect::<Vec<_>>());
        fake.claim("groups", groups(10_000));
        assert_eq!(sign_in(&portal, &fake).await.unwrap().0.provider_groups.len(), 10_000);
        fake.claim("groups", groups(10_001));
        insta::assert_snapshot!("said", why(sign_in(&portal, &fake).await));
    }

    async fn groups_elsewhere_are_asked_for_where_an_operator_says_so(settings: Settings) {
        let fake = Fake::start().await;
        let settings_of = OidcSettings { groups_url_hosts: vec!["127.0.0.1".to_owned(), "localhost".to_owned()], ..oidc(&fake) };
        let portal = open(settings, vec![provider("id", ProviderKind::Oidc(settings_of))]).await;
        fake.claim("_claim_names", json!({"groups": "src1"}));
        let mut said = Vec::new();
        for endpoint in [
            "https://graph.example.com/me".to_owned(),
            format!("{}/userinfo", fake.issuer),
            "https://localhost/me".to_owned(),
            "nowhere".to_owned(),
        ] {
            fake.claim("_claim_sources", json!({"src1": {"endpoint": endpoint}}));
            let (person, notes) = sign_in(&portal, &fake).await.unwrap();
            assert!(person.provider_groups.is_empty());
            said.extend(notes);
        }
        let origin = fake.issuer.trim_end_matches("/realms/acme");
        insta::assert_snapshot!("said", said.join("\n").replace(origin, "ORIGIN"));
    }

    async fn whoever_is_disabled_or_gone_is_not_let_in(settings: Settings) {
        let fake = Fake::start().await;
        let portal = with(settings, &fake).await;
        let begun = begin_at(&portal).await.unwrap();
        let finished = finish_with(&portal, &begun, &fake.agree(&begun.to)).await.unwrap();
        let Finished::SignedIn { opened, .. } = finished else { panic!("{finished:?}") };
        let row = identity::store::account(portal.db(), &opened.account).await.unwrap().unwrap();
        // The provider has to vouch again after twelve hours.
        let hour = 60 * 60 * 1_000;
        assert!(!is_due(&portal, &row, row.vouched_at + 11 * hour));
        assert!(is_due(&portal, &row, row.vouched_at + 12 * hour));
        let local = AccountRow { issuer: account::LOCAL.to_owned(), ..row.clone() };
        assert!(!is_due(&portal, &local, i64::MAX));
        assert!(stands(&portal, &row).await.unwrap());
        for strange in [
            AccountRow { provider: "former".to_owned(), ..row.clone() },
            AccountRow { issuer: "https://former.example".to_owned(), ..row.clone() },
        ] {
            assert!(!stands(&portal, &strange).await.unwrap(), "{strange:?}");
        }
        identity::disable(&portal, &Actor::Operator, &opened.account).await.unwrap();
        assert!(identity::find(&portal, opened.cookie.expose()).await.unwrap().is_none());
        assert_eq!(why(sign_in(&portal, &fake).await), "This account was disabled by an administrator.");
    }

    async fn a_session_ends_where_nobody_vouches_any_more(settings: Settings) {
        let fake = Fake::start().await;
        let identity = IdentitySettings { revouch: Duration::ZERO, ..settings.identity.clone() };
        let portal = with(Settings { identity, ..settings }, &fake).await;
        let begun = begin_at(&portal).await.unwrap();
        let finished = finish_with(&portal, &begun, &fake.agree(&begun.to)).await.unwrap();
        let Finished::SignedIn { opened, .. } = finished else { panic!("{finished:?}") };
        assert!(identity::find(&portal, opened.cookie.expose()).await.unwrap().is_none());
    }

    async fn a_proxy_says_who_asks(settings: Settings) {
        let of_proxy = ProxySettings {
            proxies: vec!["10.0.0.0/8".parse().unwrap()],
            user_header: "X-Forwarded-User".to_owned(),
            email_header: "X-Forwarded-Email".to_owned(),
            groups_header: "X-Forwarded-Groups".to_owned(),
            login: None,
            trust_email: true,
        };
        let (portal, _folder) = with_people(settings, ProviderKind::Proxy(of_proxy.clone())).await;
        let id = of_name(&portal, "id").unwrap();
        let ask = async |headers| by_proxy(&portal, id, &of_proxy, headers).await;
        let headers = Headers { user: "jane", email: "jane@example.com", groups: "admins, platform ,," };
        let jane = ask(headers).await.unwrap().unwrap();
        assert_eq!(jane.user.as_ref().map(|user| user.name.as_str()), Some("jane"));
        assert!(jane.is_administrator && jane.groups.len() == 3, "{jane:?}");
        assert!(Arc::ptr_eq(&jane, &ask(headers).await.unwrap().unwrap()), "it is not looked up with each request");
        // What it says now counts now.
        let less = ask(Headers { groups: "", ..headers }).await.unwrap().unwrap();
        assert!(!less.is_administrator && less.account == jane.account);
        assert!(ask(Headers::default()).await.unwrap().is_none());
        let too_long = "x".repeat(300);
        why(ask(Headers { user: &too_long, ..headers }).await);
        assert_eq!(audited(&portal).await.iter().filter(|(action, _)| action == "session.open").count(), 1);
        let operator = &Actor::Operator;
        why(test_proxy(&portal, &Actor::Visitor, "id", Some(headers)).await);
        let id = test_proxy(&portal, operator, "id", Some(headers)).await.unwrap();
        let found = outcome(&portal, operator, "id", &id).await.unwrap();
        assert!(found.mapped.is_some_and(|mapped| mapped.is_known && mapped.role == "administrator"));
        let id = test_proxy(&portal, operator, "id", None).await.unwrap();
        assert!(outcome(&portal, operator, "id", &id).await.unwrap().refused.is_some());
        why(begin_at(&portal).await);
        identity::disable(&portal, operator, &jane.account).await.unwrap();
        assert!(ask(headers).await.unwrap().is_none());
    }
}
