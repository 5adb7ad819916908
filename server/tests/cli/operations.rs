//! What an operator does at the machine while the portal is served, or before it is.

use super::{GOOD, Serving, output, repository};

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
