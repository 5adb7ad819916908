//! `slipway access recertify` and `ratify`: reviews are answered, and somebody stands by what was taken without asking.

use std::net::TcpListener;

use serde_json::{Value, json};

use super::access_online::{SAM, World};
use super::*;

#[test]
fn what_was_taken_without_asking_is_ratified_and_reviews_are_answered() {
    let world = World::new();
    let (pat, sam) = (world.token(), world.token_of(SAM));
    let wish = "access break-glass --consumer checkout --api payments --scope charge.write --environment production --incident INC-7";
    let (code, _, errors) = world.run(&sam, &wish.split(' ').collect::<Vec<_>>());
    assert_eq!(code, 0, "{errors}");
    let list = |more: &[&str]| {
        let (code, said, errors) = world.run("", &[&["access", "list", "--format", "json"], more].concat());
        assert_eq!(code, 0, "{errors}");
        serde_json::from_str::<Value>(&said).unwrap()
    };
    let taken = list(&["--break-glass"]);
    assert_eq!((&taken["total"], &taken["rows"][0]["flags"]["unratified"]), (&json!(1), &json!(true)), "{taken}");
    let atom = taken["rows"][0]["id"].as_str().unwrap();
    let (code, _, errors) = world.run(&sam, &["access", "ratify", atom]);
    assert!(code == 4 && errors.contains("themselves"), "{errors}");
    let (code, said, errors) = world.run(&pat, &["access", "ratify", atom, "--reason", "It was right"]);
    assert!(code == 0 && said.starts_with(atom), "{said}{errors}");
    assert_eq!(list(&["--break-glass"])["rows"][0]["flags"]["unratified"], false);
    assert_eq!(world.run(&pat, &["access", "ratify", atom]).0, 2, "it was done already");
    assert!(world.run("", &["access", "show", atom]).1.contains("ratified by user:default/pat: It was right"));

    assert_eq!(list(&["--review-due"])["total"], 0);
    let (code, said, errors) = world.run(&pat, &["access", "recertify", "--api", "payments"]);
    assert_eq!((code, said.as_str()), (0, "0 answered\n"), "{errors}");
    assert_eq!(world.run(&pat, &["access", "recertify"]).0, 64);
    assert_eq!(world.run(&pat, &["access", "recertify", atom, "--revoke"]).0, 64, "to revoke needs a reason");
    assert_eq!(world.run(&sam, &["access", "recertify", atom]).0, 4);
    let (code, said, errors) = world.run(&pat, &["access", "recertify", atom, "--reason", "Needed"]);
    assert!(code == 0 && said.contains("active"), "{said}{errors}");
    let (code, said, errors) = world.run(&pat, &["access", "recertify", atom, "--revoke", "--reason", "Over"]);
    assert!(code == 0 && said.contains("pending"), "what its manifest asks for still waits: {said}{errors}");
    let shown = world.run("", &["access", "show", atom]).1;
    assert!(shown.contains("confirmed in a review by user:default/pat: Needed"), "{shown}");
    assert!(shown.contains("revoked by user:default/pat: Over"), "{shown}");
}

#[test]
fn all_reviews_of_an_api_that_are_due_are_answered_page_by_page() {
    let portal = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = format!("http://{}", portal.local_addr().unwrap());
    let atom = |id: u32| {
        json!({
            "id": format!("{id:032x}"), "consumer": "component:default/checkout", "api": "api:default/payments", "scope": "read",
            "environment": "production", "state": "active", "request": "r", "requested_by": "sam", "requested_at": 0,
            "justification": "", "sensitivity": "internal", "approved_by": [], "reason": "",
            "flags": { "expiring": false, "review_due": true, "break_glass": false, "unratified": false, "imported": false },
        })
    };
    let served = std::thread::spawn(move || {
        let mut asked = Vec::new();
        for (number, stream) in portal.incoming().take(5).enumerate() {
            let mut stream = stream.unwrap();
            let mut reader = BufReader::new(stream.try_clone().unwrap());
            let (mut line, mut length) = (String::new(), 0);
            reader.read_line(&mut line).unwrap();
            let first = line.trim().to_owned();
            while line != "\r\n" {
                line.clear();
                reader.read_line(&mut line).unwrap();
                let value = line.to_ascii_lowercase();
                length = value.strip_prefix("content-length:").map_or(length, |value| value.trim().parse().unwrap());
            }
            let mut body = vec![0; length];
            reader.read_exact(&mut body).unwrap();
            let sent: Value = serde_json::from_slice(&body).unwrap_or_default();
            asked.push((first, sent["ids"].as_array().map_or(0, Vec::len)));
            let answer = match number {
                0 => json!({ "rows": [atom(1), atom(2)], "total": 3 }),
                1 => json!([atom(1), atom(2)]),
                2 => json!({ "rows": [atom(3)], "total": 1 }),
                3 => json!([atom(3)]),
                _ => json!({ "rows": [], "total": 0 }),
            };
            let answer = answer.to_string();
            let head = format!("HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: {}", answer.len());
            stream.write_all(format!("{head}\r\nconnection: close\r\n\r\n{answer}").as_bytes()).unwrap();
        }
        asked
    });
    let folder = tempfile::tempdir().unwrap();
    let (code, said, errors) =
        output(folder.path(), &["access", "recertify", "--api", "payments", "--portal", &address]);
    assert_eq!((code, said.lines().last()), (0, Some("3 answered")), "{errors}");
    let list = "GET /api/v1/access?api=api:default%2Fpayments&review_due=true&per_page=200 HTTP/1.1".to_owned();
    let act = |count| ("POST /api/v1/access/acts HTTP/1.1".to_owned(), count);
    assert_eq!(served.join().unwrap(), [(list.clone(), 0), act(2), (list.clone(), 0), act(1), (list, 0)]);
}
