//! The way to the forge: certificates and proxies.

use fake_forge::Certificates;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpListener;

use super::*;
use crate::git::Connection;

/// A forge over TLS, and a source that trusts `authority`.
async fn over_tls(shown: &Certificates, authority: Option<&Certificates>, folder: &TempDir) -> (Fake, GitHubSettings) {
    let fake = Fake::start_tls(Profile::Enterprise, shown).await.unwrap();
    fake.state().add_repository("acme", "orders");
    let file = folder.path().join("authority.pem");
    let ca_file = authority.map(|certificates| {
        std::fs::write(&file, &certificates.authority).unwrap();
        file.clone()
    });
    let connection = Connection { ca_file, proxy: None };
    let github = GitHubSettings { login: GitHubLogin::Nobody, connection, ..with_token(&fake, TOKEN) };
    (fake, github)
}

#[tokio::test]
async fn what_is_wrong_with_a_certificate_is_said() {
    let folder = tempfile::tempdir().unwrap();
    let ours = Certificates::new().unwrap();
    let (_fake, github) = over_tls(&ours, Some(&ours), &folder).await;
    let report = look(github).await;
    let check = of(&report, "certificate");
    assert_eq!(check.state, State::Ok, "{report:#?}");
    assert!(check.found.contains("signed by Authority of the fake") && check.found.contains("TLS 1.3"), "{check:?}");

    let (expired, another) = (Certificates::expired().unwrap(), Certificates::of_another("other.example").unwrap());
    let table = [
        (&ours, None, "Nobody whom this machine trusts has signed it.", "ca-file"),
        (&another, Some(&another), "It is not for 127.0.0.1, but for other.example.", "Use a name"),
        (&expired, Some(&expired), "It is no longer valid.", "renew"),
    ];
    for (shown, authority, found, help) in table {
        let (_fake, github) = over_tls(shown, authority, &folder).await;
        let report = look(github).await;
        assert_eq!(features(&report, State::Missing), ["certificate"], "{report:#?}");
        let check = of(&report, "certificate");
        assert!(check.found.starts_with(found) && check.found.contains("Authority of the fake"), "{check:?}");
        assert!(check.help.as_ref().unwrap().text.contains(help), "{check:?}");
        assert_eq!(of(&report, "connection").state, State::Ok);
        assert_eq!(of(&report, "clone").found, "Not looked at, since the forge is not reached.");
    }
}

/// A proxy that answers so, or not at all.
async fn proxied(fake: &Fake, answer: Option<&'static str>) -> (GitHubSettings, TcpListener) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = format!("http://ada:s3cret@{}", listener.local_addr().unwrap());
    let connection = Connection { ca_file: None, proxy: Some(Secret::new(address)) };
    let github = GitHubSettings { connection, ..with_token(fake, TOKEN) };
    let Some(answer) = answer else { return (github, listener) };
    let at = listener.local_addr().unwrap();
    let other = TcpListener::bind("127.0.0.1:0").await.unwrap();
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let mut head = [0; 1_024];
            let length = stream.read(&mut head).await.unwrap();
            let head = String::from_utf8_lossy(&head[..length]).into_owned();
            assert!(head.starts_with("CONNECT 127.0.0.1:") && head.contains("Basic YWRhOnMzY3JldA=="), "{head} {at}");
            let _ = stream.write_all(answer.as_bytes()).await;
        }
    });
    (github, other)
}

#[tokio::test]
async fn a_proxy_that_hangs_or_refuses_is_what_is_missing() {
    let (fake, _host) = acme().await;
    let table = [
        (None, "took the connection and then said nothing"),
        (Some("HTTP/1.1 407 Proxy Authentication Required\r\n\r\n"), "wants a name and a password"),
        (Some("HTTP/1.1 403 Forbidden\r\n\r\n"), "does not let us through"),
        (Some("nonsense"), "cut the connection"),
    ];
    for (answer, found) in table {
        let (github, _held) = proxied(&fake, answer).await;
        let start = Instant::now();
        let report = look(github).await;
        assert!(start.elapsed() < LIMITS.each, "{:?}", start.elapsed());
        assert_eq!(features(&report, State::Missing), ["proxy"], "{answer:?}: {report:#?}");
        assert!(of(&report, "proxy").found.contains(found), "{report:#?}");
        assert_eq!(of(&report, "connection").state, State::Ok);
        assert_eq!(of(&report, "credentials").state, State::Unknown);
    }
    assert!(fake.requests().is_empty());
}

#[tokio::test]
async fn a_name_that_nobody_knows_and_a_port_where_nobody_listens() {
    let (fake, _host) = acme().await;
    let at = |url: &str| GitHubSettings { url: Some(url.to_owned()), ..with_token(&fake, TOKEN) };
    let report = look(at("https://github.does-not-exist.invalid")).await;
    assert_eq!(features(&report, State::Missing), ["address"], "{report:#?}");
    assert_eq!(features(&report, State::Ok), Vec::<&str>::new());
    let report = look(at("http://127.0.0.1:1")).await;
    assert_eq!(features(&report, State::Missing), ["connection"], "{report:#?}");
    let help = of(&report, "connection").help.clone().unwrap();
    assert_eq!(help.command.as_deref(), Some("curl -v http://127.0.0.1:1/api/v3"));
}
