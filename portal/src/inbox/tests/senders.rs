//! Mail and webhook against servers that are told what to answer.

use std::path::Path;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use base64::Engine as _;
use tokio::io::{AsyncBufReadExt as _, AsyncReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::TcpListener;

use super::*;
use crate::clock::Clock;
use crate::git::Connection;
use crate::jobs;
use crate::settings::{InboxSettings, MailEncryption, MailSettings, Password, WebhookSettings};

type Got = Arc<Mutex<Vec<String>>>;

/// A mail server that answers `MAIL FROM` as it is told, one answer a mail (then 250), and keeps what it gets.
async fn mail_server(answers: &'static [&'static str]) -> (u16, Got) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let (port, got) = (listener.local_addr().unwrap().port(), Got::default());
    let kept = got.clone();
    tokio::spawn(async move {
        let mut answers = answers.iter();
        while let Ok((stream, _)) = listener.accept().await {
            let (read, mut write) = stream.into_split();
            let mut lines = BufReader::new(read).lines();
            write.write_all(b"220 mail.example ESMTP\r\n").await.unwrap();
            let mut mail = None;
            while let Ok(Some(line)) = lines.next_line().await {
                let answer = match (&mut mail, line.as_str()) {
                    (Some(text), ".") => {
                        kept.lock().unwrap().push(std::mem::take(text));
                        mail = None;
                        "250 taken"
                    }
                    (Some(text), line) => {
                        *text += line;
                        text.push('\n');
                        continue;
                    }
                    (None, line) if line.starts_with("MAIL") => answers.next().unwrap_or(&"250 go on"),
                    (None, "DATA") => {
                        mail = Some(String::new());
                        "354 go on"
                    }
                    (None, "QUIT") => "221 bye",
                    _ => "250 fine",
                };
                if write.write_all(format!("{answer}\r\n").as_bytes()).await.is_err() {
                    break;
                }
            }
        }
    });
    (port, got)
}

/// A webhook that answers as it is told, then 200, and keeps requests.
async fn webhook(answers: &'static [&'static str]) -> (String, Got) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let (port, got) = (listener.local_addr().unwrap().port(), Got::default());
    let kept = got.clone();
    tokio::spawn(async move {
        let mut answers = answers.iter();
        while let Ok((mut stream, _)) = listener.accept().await {
            let mut text = Vec::new();
            let whole = |text: &[u8]| {
                let text = String::from_utf8_lossy(text).into_owned();
                let (head, body) = text.split_once("\r\n\r\n")?;
                let length: usize =
                    head.lines().find_map(|line| line.strip_prefix("content-length: "))?.parse().ok()?;
                (body.len() >= length).then(|| text.clone())
            };
            let text = loop {
                let mut some = [0; 4096];
                let read = stream.read(&mut some).await.unwrap();
                text.extend_from_slice(&some[..read]);
                if let Some(text) = whole(&text) {
                    break text;
                }
            };
            kept.lock().unwrap().push(text);
            let answer = answers.next().unwrap_or(&"200 OK");
            let answer = format!("HTTP/1.1 {answer}\r\ncontent-length: 0\r\nconnection: close\r\n\r\n");
            stream.write_all(answer.as_bytes()).await.unwrap();
        }
    });
    (format!("http://127.0.0.1:{port}/hook"), got)
}

fn mail(port: u16) -> MailSettings {
    MailSettings {
        host: "127.0.0.1".to_owned(),
        port,
        encryption: MailEncryption::None,
        from: "Slipway <slipway@example.com>".to_owned(),
        login: None,
        certificate_authority: None,
    }
}

/// Runs until nothing waits that is due.
async fn settled(portal: &Portal, actor: &Actor) -> Vec<Delivery> {
    for _ in 0..200 {
        let deliveries = list(portal, actor, false, None, 1).await.unwrap().remove(0).deliveries;
        let jobs = jobs::list(portal, &Actor::Operator, 9).await.unwrap();
        let is_over = jobs.iter().filter(|job| job.kind == JOB).all(|job| job.state.is_over());
        if is_over && deliveries.iter().all(|delivery| delivery.attempts > 0) {
            return deliveries;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    panic!("nothing was sent");
}

async fn later(portal: &Portal, minutes: i64) {
    portal.clock().advance(minutes * 60_000);
    let mut tx = portal.db().begin().await.unwrap();
    assert!(store::next_due(&mut tx).await.unwrap().is_some());
    enqueue_due(&mut tx, portal.clock().now()).await.unwrap();
    tx.commit().await.unwrap();
    portal.jobs().wake();
}

db_test! {
    async fn a_message_is_mailed_and_tried_again(settings: Settings) {
        let (port, got) = mail_server(&["451 later", "250 fine", "550 no such person"]).await;
        let inbox = InboxSettings { mail: Some(mail(port)), webhook: None };
        let public_url = Some("https://portal.example.com".to_owned());
        let clock = Clock::fixed(1_793_610_000_000);
        let portal = Portal::open(Settings { inbox, public_url, clock, ..settings.clone() }).await.unwrap();
        portal.start();
        let ada = signed_in(&portal, "ada", "Firefox").await;
        say(&portal, &ada, "The harbour is\r\nclosed – Bcc: x", None).await;
        let [delivery] = &settled(&portal, &ada).await[..] else { panic!() };
        assert_eq!((delivery.way, delivery.state, delivery.attempts), (Way::Mail, DeliveryState::Waiting, 1));
        assert!(delivery.reason.as_deref().unwrap().contains("later"), "{delivery:?}");
        later(&portal, 1).await;
        for _ in 0..100 {
            if !got.lock().unwrap().is_empty() { break }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        let [delivery] = &settled(&portal, &ada).await[..] else { panic!() };
        assert_eq!((delivery.state, delivery.attempts, &delivery.reason), (DeliveryState::Sent, 2, &None));
        let mail = got.lock().unwrap().remove(0);
        let head = mail.split("\n\n").next().unwrap();
        for line in ["From: Slipway <slipway@example.com>", "To: ada <ada@example.com>", "Auto-Submitted: auto-generated"] {
            assert!(head.contains(line), "{line}: {mail}");
        }
        assert!(!head.lines().any(|line| line.starts_with("Bcc")), "{mail}");
        assert!(mail.contains("It is.") && mail.contains("https://portal.example.com/catalog"), "{mail}");
        // What will never work is not tried again.
        say(&portal, &ada, "second", None).await;
        let [delivery] = &settled(&portal, &ada).await[..] else { panic!() };
        assert_eq!((delivery.state, delivery.attempts), (DeliveryState::Failed, 1));
        portal.stop().await;
    }

    async fn a_message_is_posted_signed(settings: Settings) {
        let (url, got) = webhook(&["500 Oops"]).await;
        let secret = Password::Known(crate::secret::Secret::new("whsec_c2VjcmV0"));
        let webhook = WebhookSettings { url, secret, connection: Connection::default() };
        let inbox = InboxSettings { mail: None, webhook: Some(webhook) };
        let clock = Clock::fixed(1_793_610_000_000);
        let portal = Portal::open(Settings { inbox, clock, ..settings.clone() }).await.unwrap();
        portal.start();
        let ada = signed_in(&portal, "ada", "Firefox").await;
        say(&portal, &ada, "hello", None).await;
        let [delivery] = &settled(&portal, &ada).await[..] else { panic!() };
        assert_eq!((delivery.way, delivery.state), (Way::Webhook, DeliveryState::Waiting));
        later(&portal, 1).await;
        for _ in 0..100 {
            if got.lock().unwrap().len() == 2 { break }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        assert_eq!(settled(&portal, &ada).await[0].state, DeliveryState::Sent);
        let (first, second) = { let got = got.lock().unwrap(); (got[0].clone(), got[1].clone()) };
        let header = |text: &str, name: &str| {
            text.lines().find_map(|line| line.strip_prefix(&format!("{name}: "))).unwrap().to_owned()
        };
        // The same message twice is one to who receives it.
        assert_eq!(header(&first, "webhook-id"), header(&second, "webhook-id"));
        let body = second.split_once("\r\n\r\n").unwrap().1;
        let signed = format!("{}.{}.{body}", header(&second, "webhook-id"), header(&second, "webhook-timestamp"));
        let key = ring::hmac::Key::new(ring::hmac::HMAC_SHA256, b"secret");
        let signature = header(&second, "webhook-signature");
        let signature = base64::engine::general_purpose::STANDARD.decode(signature.strip_prefix("v1,").unwrap()).unwrap();
        ring::hmac::verify(&key, signed.as_bytes(), &signature).unwrap();
        let body: serde_json::Value = serde_json::from_str(body).unwrap();
        assert_eq!((&body["type"], &body["data"]["title"]), (&"inbox.star".into(), &"hello".into()));
        assert_eq!(body["data"]["recipient"]["email"], "ada@example.com");
        portal.stop().await;
    }

    async fn what_was_to_be_sent_is_kept(portal: Portal) {
        let ada = signed_in(&portal, "ada", "Firefox").await;
        say(&portal, &ada, "hello", None).await;
        let id = list(&portal, &ada, false, None, 1).await.unwrap()[0].id.clone();
        let mut tx = portal.db().begin().await.unwrap();
        store::add_delivery(&mut tx, &id, Way::Mail, 5).await.unwrap();
        tx.commit().await.unwrap();
        let due = store::due(portal.db(), 5, ("", "")).await.unwrap().unwrap();
        assert_eq!((due.message.as_str(), due.email.as_deref()), (id.as_str(), Some("ada@example.com")));
        assert!(store::due(portal.db(), 4, ("", "")).await.unwrap().is_none());
        assert!(store::due(portal.db(), 5, (&id, "mail")).await.unwrap().is_none());
        let mut tx = portal.db().begin().await.unwrap();
        assert_eq!(store::next_due(&mut tx).await.unwrap(), Some(5));
        store::settle(&mut tx, &due, DeliveryState::Failed, (Some("no"), 9, 9)).await.unwrap();
        assert_eq!(store::next_due(&mut tx).await.unwrap(), None);
        tx.commit().await.unwrap();
        let found = store::deliveries(portal.db(), &[&id]).await.unwrap();
        assert_eq!(found[&id], [Delivery { way: Way::Mail, state: DeliveryState::Failed, attempts: 1, reason: Some("no".to_owned()) }]);
    }
}

#[test]
fn a_server_that_is_not_there_is_asked_again() {
    let settings = MailSettings {
        certificate_authority: Some(Path::new("/nowhere.pem").to_owned()),
        encryption: MailEncryption::Tls,
        ..mail(9)
    };
    let why = super::super::mail::transport(&settings).map(drop).unwrap_err();
    assert!(why.starts_with("/nowhere.pem cannot be read"), "{why}");
}
