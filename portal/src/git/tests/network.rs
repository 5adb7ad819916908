//! Certificates and proxies.

use std::io::Read;
use std::net::TcpListener;

use fake_forge::{Certificates, Fake, Profile};

use super::*;

#[tokio::test]
async fn a_host_has_to_prove_who_it_is() {
    let (ours, theirs) = (Certificates::new().unwrap(), Certificates::new().unwrap());
    // It speaks TLS, and knows no repository.
    let fake = Fake::start_tls(Profile::Enterprise, &ours).await.unwrap();
    let keeper = Keeper::new();
    let url = Address::parse(&format!("{}/team/a.git", fake.origin())).unwrap().url;
    for (authority, expected) in
        [(Some(&ours), Kind::NotFound), (Some(&theirs), Kind::Certificate), (None, Kind::Certificate)]
    {
        let file = keeper.folder.path().join("authority.pem");
        let ca_file = authority.map(|certificates| {
            fs::write(&file, &certificates.authority).unwrap();
            file.clone()
        });
        let remote = Remote {
            url: url.clone(),
            credentials: anonymous(),
            connection: Connection { ca_file, proxy: None },
            time_limit: Duration::from_secs(20),
        };
        let failure = keeper.update(&remote).await.unwrap_err();
        assert_eq!(failure.kind, expected, "{failure:?}");
        assert_eq!(failure.help.contains("ca-file"), expected == Kind::Certificate, "{failure:?}");
    }
}

#[tokio::test]
async fn a_proxy_is_gone_through_and_one_that_hangs_given_up() {
    let (host, keeper) = (GitHost::with(&["a"]), Keeper::new());
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let proxy = format!("http://ada:s3cret@{}", listener.local_addr().unwrap());
    let (heard, asked) = std::sync::mpsc::channel();
    std::thread::spawn(move || {
        let mut held = Vec::new();
        for mut stream in listener.incoming().flatten() {
            let mut head = [0; 512];
            let length = stream.read(&mut head).unwrap_or_default();
            let _ = heard.send(String::from_utf8_lossy(&head[..length]).into_owned());
            held.push(stream);
        }
    });
    let remote = Remote {
        connection: Connection { ca_file: None, proxy: Some(Secret::new(proxy)) },
        time_limit: Duration::from_millis(1500),
        ..remote(&host, "a")
    };
    let failure = keeper.update(&remote).await.unwrap_err();
    assert_eq!(failure.kind, Kind::TimedOut);
    assert!(!format!("{failure:?}").contains("s3cret"));
    assert!(asked.try_recv().unwrap().starts_with(&format!("GET {}", host.url("a"))));
    assert!(host.requests().is_empty());
}
