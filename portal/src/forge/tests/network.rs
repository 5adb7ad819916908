//! Connections: what may be contacted, certificates, proxies, and octocrab over all of it.

use std::time::Instant;

use fake_forge::{Certificates, Fake, Fault, Profile};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};

use super::*;

#[tokio::test]
async fn nothing_else_is_ever_contacted() {
    let (other, _) = acme(Profile::GitHub, 1).await;
    let (fake, settings) = acme_settings(Profile::GitHub, 1).await;
    let elsewhere = format!("{}/orgs/acme/repos", other.origin());
    let forge = Forge::new(&settings).unwrap();

    fake.break_next("/repos", Fault::Redirect { to: elsewhere.clone() }, 1);
    let error = list(&forge).await.unwrap_err();
    assert_eq!(error, Error::NotAllowed { origin: other.origin().to_owned() });
    for to in ["file:///etc/passwd", "http://169.254.169.254/latest", "https://127.0.0.1/", "gopher://x"] {
        fake.break_next("/repos", Fault::Redirect { to: to.to_owned() }, 1);
        assert!(matches!(list(&forge).await, Err(Error::NotAllowed { .. })), "{to}");
    }
    let direct = ::http::Request::get(&elsewhere).body(bytes::Bytes::new()).unwrap();
    assert!(matches!(forge.send(direct).await, Err(Error::NotAllowed { .. })));
    assert!(other.requests().is_empty());

    // Allowed by name, it is followed, without the credentials, which it would refuse.
    let settings = ForgeSettings { also_allowed: vec![other.origin().parse().unwrap()], ..settings };
    fake.state().add_token("ghp_full", "ada", &[]);
    other.state().tokens.clear();
    fake.break_next("/repos", Fault::Redirect { to: elsewhere }, 1);
    assert_eq!(list(&Forge::new(&settings).unwrap()).await.unwrap().entries.len(), 1);
    assert_eq!(other.requests().len(), 1);
}

#[tokio::test]
async fn redirects_in_circles_end() {
    let (fake, forge) = acme(Profile::GitHub, 1).await;
    fake.break_next("/repos", Fault::Redirect { to: "/orgs/acme/repos".to_owned() }, 100);
    assert!(matches!(list(&forge).await, Err(Error::Malformed { .. })));
    assert!(forge.calls().sent <= 12, "{:?}", forge.calls());
}

#[tokio::test]
async fn a_certificate_authority_of_ones_own_is_trusted_and_another_is_not() {
    let (ours, theirs) = (Certificates::new().unwrap(), Certificates::new().unwrap());
    let fake = Fake::start_tls(Profile::Enterprise, &ours).await.unwrap();
    fake.state().add_repository("acme", "orders");
    let settings = |authority: Option<&Certificates>| {
        let mut settings = ForgeSettings::enterprise(fake.origin(), Authentication::Nobody).unwrap();
        settings.certificate_authority = authority.map(|certificates| certificates.authority.clone().into_bytes());
        settings.pace.attempts = 1;
        settings
    };
    assert_eq!(names(&list(&Forge::new(&settings(Some(&ours))).unwrap()).await.unwrap()), ["orders"]);
    for authority in [Some(&theirs), None] {
        let error = list(&Forge::new(&settings(authority)).unwrap()).await.unwrap_err();
        assert!(matches!(error, Error::Certificate { .. }), "{error:?}");
    }
    for pem in ["", "no certificate", "-----BEGIN CERTIFICATE-----\n!!\n-----END CERTIFICATE-----"] {
        let settings = ForgeSettings { certificate_authority: Some(pem.into()), ..settings(None) };
        assert!(matches!(Forge::new(&settings), Err(Error::Settings(_))), "{pem}");
    }
}

#[tokio::test]
async fn a_proxy_is_used_with_its_password() {
    let (fake, settings) = acme_settings(Profile::GitHub, 1).await;
    let proxy = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = format!("http://{}", proxy.local_addr().unwrap()).parse().unwrap();
    let target = fake.origin().trim_start_matches("http://").to_owned();
    let asked = tokio::spawn(async move {
        let (mut client, _) = proxy.accept().await.unwrap();
        let mut asked = vec![0; 4_096];
        let length = client.read(&mut asked).await.unwrap();
        client.write_all(b"HTTP/1.1 200 OK\r\n\r\n").await.unwrap();
        let mut server = TcpStream::connect(target).await.unwrap();
        tokio::spawn(async move { tokio::io::copy_bidirectional(&mut client, &mut server).await });
        String::from_utf8(asked[..length].to_vec()).unwrap()
    });
    let proxy = Proxy { address, credentials: Some(("ada".to_owned(), Secret::new("s3cret"))) };
    let settings = ForgeSettings { proxy: Some(proxy), ..settings };
    assert!(!format!("{settings:?}").contains("s3cret"));
    assert_eq!(list(&Forge::new(&settings).unwrap()).await.unwrap().entries.len(), 1);
    let asked = asked.await.unwrap();
    assert!(asked.starts_with("CONNECT 127.0.0.1:"), "{asked}");
    assert!(asked.contains("Basic YWRhOnMzY3JldA=="), "{asked}");
    assert!(!asked.contains("ghp_full"));
}

#[tokio::test]
async fn a_proxy_that_hangs_or_refuses_is_named() {
    let (_fake, mut settings) = acme_settings(Profile::GitHub, 1).await;
    settings.pace.attempts = 1;
    let silent = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = format!("http://{}", silent.local_addr().unwrap()).parse().unwrap();
    settings.proxy = Some(Proxy { address, credentials: None });
    let start = Instant::now();
    let error = list(&Forge::new(&settings).unwrap()).await.unwrap_err();
    assert!(matches!(&error, Error::Timeout { what, .. } if what == "Connecting to 127.0.0.1"), "{error:?}");
    assert!(start.elapsed() < Duration::from_secs(2));

    drop(silent);
    let error = list(&Forge::new(&settings).unwrap()).await.unwrap_err();
    assert!(matches!(error, Error::Connection { .. }), "{error:?}");
}

#[tokio::test]
async fn octocrab_goes_the_same_way() {
    let (fake, settings) = acme_settings(Profile::Enterprise, 2).await;
    fake.state().repositories.get_mut(&1_001).unwrap().visibility = fake_forge::Visibility::Private;
    fake.break_next("/repositories/1001", Fault::TooManyRequests { retry_after: 5 }, 1);
    let forge = Forge::new(&settings).unwrap();
    let repository =
        tokio::spawn(async move { forge.octocrab().repos_by_id(1_001).get().await }).await.unwrap().unwrap();
    assert_eq!(repository.full_name.as_deref(), Some("acme/service-001"));
    assert_eq!(settings.clock.now() - NOW, 5_000);
}

#[tokio::test]
async fn errors_come_through_octocrab_as_they_are() {
    let (fake, mut settings) = acme_settings(Profile::GitHub, 1).await;
    settings.pace.attempts = 1;
    let forge = Forge::new(&settings).unwrap();
    let octocrab = forge.octocrab();
    fake.break_next("/repositories/1000", Fault::Redirect { to: "http://192.0.2.1/".to_owned() }, 1);
    let error = Error::from(octocrab.repos_by_id(1_000).get().await.unwrap_err());
    assert_eq!(error, Error::NotAllowed { origin: "http://192.0.2.1".to_owned() });
    let error = Error::from(octocrab.repos_by_id(1_001).get().await.unwrap_err());
    assert!(matches!(error, Error::NotFound { .. }), "{error:?}");
    fake.break_next("/repositories/1000", Fault::BadCredentials, 1);
    let error = Error::from(octocrab.repos_by_id(1_000).get().await.unwrap_err());
    assert_eq!(error, Error::Unauthorized { message: "Bad credentials".to_owned() });
    fake.break_next("/repositories/1000", Fault::ServerError, 1);
    assert!(octocrab.repos_by_id(1_000).get().await.is_err());
}

/// As the browser tests do it.
#[tokio::test]
async fn the_fake_is_told_what_to_be() {
    let (fake, settings) = acme_settings(Profile::GitHub, 0).await;
    let forge = Forge::new(&settings).unwrap();
    let tell = |what: &str, body: &'static str| {
        let request =
            ::http::Request::post(format!("/_fake/{what}")).body(bytes::Bytes::from_static(body.as_bytes())).unwrap();
        let forge = forge.clone();
        async move { forge.send(request).await.unwrap().status().as_u16() }
    };
    let orders =
        r#"{"owner": "acme", "name": "orders", "private": true, "clone_url": "http://127.0.0.1:1/orders.git"}"#;
    assert_eq!(tell("repositories", orders).await, 200);
    assert_eq!(tell("tokens", r#"{"token": "ghp_full", "login": "ada", "scopes": ["repo"]}"#).await, 200);
    assert_eq!(
        tell("faults", r#"{"path": "/repos", "fault": {"too-many-requests": {"retry_after": 3}}, "times": 1}"#).await,
        200
    );
    let people = r#"{"login": "acme", "members": [{"login": "ada"}], "teams": [{"slug": "shop", "name": "Shop",
        "members": ["ada"], "repositories": {"orders": "write"}}]}"#;
    assert_eq!(tell("organisations", people).await, 200);
    let permissions = r#"{"id": 77, "account": "acme", "permissions": {"metadata": "read"}}"#;
    assert_eq!(tell("installations", permissions).await, 200);
    assert_eq!(tell("faults", "{}").await, 400);
    assert_eq!(tell("nothing", "{}").await, 404);
    let listing = list(&forge).await.unwrap();
    assert_eq!(listing.entries[0].clone_url, "http://127.0.0.1:1/orders.git");
    assert_eq!(listing.entries[0].visibility, ForgeVisibility::Private);
    assert_eq!(settings.clock.now() - NOW, 3_000);
    assert_eq!(fake.requests().len(), 2);
    assert_eq!(fake.state().organisations["acme"].teams[0].repositories.len(), 1);
    assert!(fake.state().installations.contains_key(&77));
}

#[test]
fn addresses_and_secrets_are_looked_at_first() {
    for wrong in ["", "github.example.com", "ftp://github.example.com", "https://ada:pw@github.example.com", "https://"]
    {
        assert!(matches!(ForgeSettings::enterprise(wrong, Authentication::Nobody), Err(Error::Settings(_))), "{wrong}");
    }
    let settings = ForgeSettings::enterprise("https://github.example.com/", Authentication::Nobody).unwrap();
    assert_eq!(settings.api.as_str(), "https://github.example.com/api/v3");
    assert!(!settings.is_github());

    let token = Authentication::Token(Secret::new("ghp_line\nbreak"));
    let settings = ForgeSettings::github(token).unwrap();
    assert!(settings.is_github());
    let error = Forge::new(&settings).unwrap_err();
    assert!(!format!("{error} {error:?} {settings:?}").contains("ghp_"), "{error}");
}
