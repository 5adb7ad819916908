//! What an operator does at the machine while the portal is served, or before it is.

use std::process::Stdio;
use std::time::Duration;

use super::{GOOD, Serving, output, repository, slipway};

#[test]
fn tokens_of_services_are_made_listed_and_revoked_while_it_serves() {
    let folder = tempfile::tempdir().unwrap();
    repository(&folder.path().join("work/berths"), GOOD);
    let serving = Serving::start(folder.path());
    serving.wait_for("/api/v1/catalog/default/component/berths");
    let run = |arguments: &[&str]| output(folder.path(), arguments);
    assert_eq!(run(&["token", "create", "ci"]).0, 64, "somebody has to answer for it");
    assert_eq!(run(&["token", "create", "ci", "--owner", "x", "--scope", "own"]).0, 64);
    let (code, _, errors) = run(&["token", "create", "ci", "--owner", " ", "--days", "400"]);
    assert!(code == 2 && errors.contains("nobody answers") && errors.contains("400 days"), "{errors}");
    let (code, token, errors) =
        run(&["token", "create", "ci", "--owner", "group:harbour", "--scope", "read", "--scope", "watch"]);
    assert!(code == 0 && token.starts_with("slipway_"), "{token}{errors}");
    let ask =
        |token: &str| serving.ask(&format!("GET /api/v1/jobs HTTP/1.1\r\nauthorization: Bearer {}", token.trim()));
    assert!(ask(&token).starts_with("HTTP/1.1 200"));
    let (_, json, _) = run(&["token", "list", "--format", "json"]);
    let listed: serde_json::Value = serde_json::from_str(&json).unwrap();
    assert_eq!((&listed[0]["scopes"][1], &listed[0]["owner"]), (&"watch".into(), &"group:harbour".into()), "{json}");
    assert!(listed[0]["used_at"].is_i64() && !json.contains(token.trim()), "{json}");
    let id = listed[0]["id"].as_str().unwrap();
    assert_eq!(run(&["token", "revoke", id]).0, 0);
    assert_eq!(run(&["token", "revoke", id]).0, 3);
    assert!(ask(&token).starts_with("HTTP/1.1 401"));
    let (code, text, _) = run(&["token", "list"]);
    assert!(code == 0 && text.contains("revoked; last used"), "{text}");
}

#[test]
fn a_backup_is_made_while_it_serves_and_comes_back_whole_or_not_at_all() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path();
    repository(&path.join("work/berths"), GOOD);
    let run = |arguments: &[&str]| output(path, arguments);
    assert_eq!(run(&["backup", "all.tar.gz"]).0, 3, "there is nothing yet");
    let mut serving = Serving::start(path);
    serving.wait_for("/api/v1/catalog/default/component/berths");
    let corrected = |value: &str| {
        let body =
            format!(r#"{{"references": ["component:default/berths"], "field": "/spec/type", "value": "{value}"}}"#);
        let head = "POST /api/v1/corrections HTTP/1.1\r\ncontent-type: application/json";
        let answer = serving.send(head, &body);
        assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
    };
    // What is found is in the index, too.
    while !serving.get("/api/v1/catalog").contains("berths") {
        std::thread::sleep(Duration::from_millis(20));
    }
    // Somebody works meanwhile.
    corrected("first");
    std::thread::scope(|scope| {
        let writer = scope.spawn(|| (0..40).for_each(|at| corrected(&format!("at-{at}"))));
        let (code, file, errors) = run(&["backup", "."]);
        assert!(code == 0 && file.trim().ends_with(".tar.gz") && errors.contains("not in it"), "{file}{errors}");
        std::fs::rename(path.join(file.trim()), path.join("all.tar.gz")).unwrap();
        writer.join().unwrap();
    });
    let (code, text, errors) = run(&["verify"]);
    assert!(code == 0 && text.contains("✓ Audit log"), "{text}{errors}");
    let (code, text, errors) = run(&["verify", "all.tar.gz"]);
    assert!(code == 0 && text.contains("✓ Rows"), "{text}{errors}");
    assert_eq!(run(&["backup", "all.tar.gz"]).0, 3, "nothing is written over");
    let (code, _, errors) = run(&["restore", "all.tar.gz", "--force"]);
    assert!(code == 3 && errors.contains(&format!("process {}", serving.child.id())), "{errors}");
    serving.signal("-TERM");
    serving.child.wait().unwrap();

    let (code, _, errors) = run(&["restore", "all.tar.gz"]);
    assert!(code == 3 && errors.contains("--force"), "{errors}");
    // Killed at any moment there is either what was there, or what comes back; both are whole.
    let database = path.join("data/slipway.db");
    for round in 0..10 {
        let mut child = slipway(path, &["restore", "all.tar.gz", "--force"])
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        std::thread::sleep(Duration::from_millis(round * 12));
        child.kill().unwrap();
        child.wait().unwrap();
        assert!(database.is_file());
        let (code, text, errors) = run(&["verify"]);
        assert_eq!(code, 0, "round {round}: {text}{errors}");
    }
    let (code, text, errors) = run(&["restore", "all.tar.gz", "--force"]);
    assert!(code == 0 && errors.contains("slipway.db.before-"), "{text}{errors}");
    let left: Vec<_> = std::fs::read_dir(path.join("data")).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    assert!(!left.iter().any(|name| name.to_string_lossy().starts_with(".restoring")), "{left:?}");
    let serving = Serving::start(path);
    serving.wait_for("/api/v1/catalog/default/component/berths");
    let log = serving.get("/audit.jsonl?action=portal.");
    assert!(log.contains("portal.restore"), "{log}");

    let whole = std::fs::read(path.join("all.tar.gz")).unwrap();
    std::fs::write(path.join("cut.tar.gz"), &whole[..whole.len() / 2]).unwrap();
    let (code, _, errors) = run(&["verify", "cut.tar.gz"]);
    assert!(code == 2 && errors.contains("help: "), "{errors}");
    assert_eq!(run(&["verify", "absent.tar.gz"]).0, 3);
}

#[test]
fn somebody_is_pseudonymised_after_a_look() {
    let folder = tempfile::tempdir().unwrap();
    repository(&folder.path().join("work/berths"), GOOD);
    let run = |arguments: &[&str]| output(folder.path(), arguments);
    let serving = Serving::start(folder.path());
    let (code, link, _) = run(&["administrator"]);
    assert_eq!(code, 0);
    let body = format!("code={}&name=jane&password=correct+horse+battery", link.trim().split("code=").nth(1).unwrap());
    let head = "POST /actions/identity/first HTTP/1.1\r\ncontent-type: application/x-www-form-urlencoded";
    let answer = serving.send(head, &body);
    assert!(answer.contains("slipway-session="), "{answer}");
    let (code, text, errors) = run(&["pseudonymise", "jane"]);
    assert!(code == 0 && text.starts_with("Nothing was changed") && text.contains("jane (local)"), "{text}{errors}");
    let (code, text, errors) = run(&["pseudonymise", "jane", "--yes"]);
    assert!(code == 0 && text.starts_with("person-"), "{text}{errors}");
    assert_eq!(run(&["pseudonymise", "jane", "--yes"]).0, 3, "nobody is called that any more");
    let (_, text, _) = run(&["verify"]);
    assert!(text.contains("✓ Audit log"), "{text}");
}

#[test]
fn an_administrator_may_come_before_the_first_start() {
    let folder = tempfile::tempdir().unwrap();
    let (code, link, errors) = output(folder.path(), &["administrator"]);
    assert!(code == 0 && link.contains("/sign-in/first?code="), "{link}{errors}");
    use std::os::unix::fs::PermissionsExt as _;
    let mode = std::fs::metadata(folder.path().join("data")).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o700);
}
