//! Manifests of access as a pipeline checks them.

use engine_access::bundle::{Bundle, Keys, SigningKey, sign};
use portal::clock::Clock;
use serde_json::{Value, json};

use super::*;

const MANIFEST: &str = "\
apiVersion: slipway.dev/v1
kind: AccessManifest
metadata: {component: checkout}
requires:
  - {api: payments, scopes: [charge.write], environments: [production]}
  - {api: payments, scopes: [refund.read], environments: [production], optional: true}
";

const WRONG: &str = "\
apiVersion: slipway.dev/v1
kind: AccessManifest
metadata: {component: checkout}
requires:
  - {api: payments, scope: [charge.write], environments: [production]}
";

fn folder(files: &[(&str, &str)]) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    for (name, text) in files {
        let path = folder.path().join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    }
    folder
}

#[test]
fn manifests_are_validated_in_the_form_that_is_asked_for() {
    let folder = folder(&[("access.yaml", MANIFEST), ("other/access.yaml", WRONG)]);
    let validate = |arguments: &[&str]| output(folder.path(), &[&["access", "validate"], arguments].concat());
    assert_eq!(validate(&[]), (0, "0 errors, 0 warnings, 0 notes\n".to_owned(), String::new()));
    let (code, _, said) = validate(&["other"]);
    assert_eq!(code, 2);
    assert!(said.contains("access.yaml:5:21: error: \"scope\" is no key") && said.contains("`scopes`?"), "{said}");
    assert_eq!(validate(&["nowhere.yaml"]).0, 3);
    assert_eq!(validate(&[".", "--zone", "Nowhere"]).0, 64);

    let json =
        |format: &str| -> Value { serde_json::from_str(&validate(&[".", "other", "--format", format]).1).unwrap() };
    let report = json("json");
    assert_eq!(
        (&report["summary"]["errors"], &report["findings"][0]["file"]),
        (&json!(2), &json!("other/access.yaml"))
    );
    assert_eq!(json("sarif")["runs"][0]["results"][0]["ruleId"], "ACC001");
    assert_eq!(json("gitlab-codequality")[1]["check_name"], "ACC002");
    let (code, github, _) = validate(&["other", "--format", "github"]);
    assert_eq!(code, 2);
    assert!(github.starts_with("::error file=access.yaml,line=5,col=5,title=ACC001::"), "{github}");
    let (_, junit, _) = validate(&["other", "--format", "junit"]);
    assert!(junit.contains("tests=\"2\" failures=\"2\""), "{junit}");
}

#[test]
fn only_more_access_is_answered_with_one() {
    let more = MANIFEST.replace("[refund.read]", "[refund.read, refund.write]");
    let folder = folder(&[("access.yaml", MANIFEST), ("more.yaml", &more), ("wrong.yaml", WRONG), ("none.yaml", "")]);
    let diff = |arguments: &[&str]| output(folder.path(), &[&["access", "diff"], arguments].concat());
    let (code, said, _) = diff(&["access.yaml", "more.yaml"]);
    assert_eq!(code, 1);
    assert!(
        said.contains(
            "+ component:default/checkout → refund.write of api:default/payments in production (more.yaml:6)"
        ),
        "{said}"
    );
    let (code, said, _) = diff(&["more.yaml"]);
    assert_eq!((code, said.lines().last()), (0, Some("0 give more access, 1 give less")));
    let (code, said, _) = diff(&["none.yaml", "--format", "json"]);
    let report: Value = serde_json::from_str(&said).unwrap();
    assert_eq!((code, &report["summary"]["widens"]), (1, &json!(2)));
    assert_eq!(diff(&["wrong.yaml"]).0, 2);
    assert_eq!(diff(&["nowhere.yaml"]).0, 3);
}

#[test]
fn a_manifest_is_compared_with_that_of_a_revision() {
    let folder = folder(&[("a/access.yaml", MANIFEST), ("README.md", "")]);
    let path = folder.path();
    let diff = |folder: &Path, arguments: &[&str]| output(folder, &[&["access", "diff"], arguments].concat());
    let (code, _, said) = diff(path, &["--base", "main", "a/access.yaml"]);
    assert!(code == 3 && said.contains("no Git repository holds it"), "{code} {said}");
    git(path, &["init", "--quiet"]);
    git(path, &["add", "README.md"]);
    git(path, &["commit", "--quiet", "-m", "Begin"]);
    git(path, &["tag", "v1"]);
    git(path, &["add", "."]);
    git(path, &["commit", "--quiet", "-m", "Ask"]);
    git(path, &["update-ref", "refs/remotes/origin/release/2", "main"]);
    // There was none: all of it is new.
    let (code, said, _) = diff(path, &["--base", "v1", "a/access.yaml"]);
    assert_eq!((code, said.lines().last()), (1, Some("2 give more access, 0 give less")));
    assert_eq!(diff(path, &["--base", "main", "a/access.yaml"]).0, 0);

    let more = MANIFEST.replace("[refund.read]", "[refund.read, refund.write]");
    std::fs::write(path.join("a/access.yaml"), more).unwrap();
    let expected = "+ component:default/checkout → refund.write of api:default/payments in production (access.yaml:6)\n1 give more access, 0 give less\n";
    assert_eq!(diff(&path.join("a"), &["--base", "main"]), (1, expected.to_owned(), String::new()));
    for (base, file) in [("origin/release/2", "a/access.yaml"), ("release/2", "../{}/a/access.yaml")] {
        let file = file.replace("{}", path.file_name().unwrap().to_str().unwrap());
        let (code, said, _) = diff(path, &["--base", base, &file]);
        assert_eq!((code, said.lines().last()), (1, Some("1 give more access, 0 give less")), "{base} {file}");
    }
    let (code, _, said) = diff(path, &["--base", "nowhere", "a/access.yaml"]);
    assert!(code == 3 && said.contains("there is no revision nowhere"), "{said}");
    assert_eq!(diff(path, &["--base", "main", "a/access.yaml", "a/access.yaml"]).0, 64);
    assert_eq!(diff(path, &[]).0, 64);
}

#[test]
fn editors_get_the_schema() {
    let (code, schema, _) = output(folder(&[]).path(), &["access", "schema"]);
    let schema: Value = serde_json::from_str(&schema).unwrap();
    assert_eq!((code, &schema["$id"]), (0, &json!("https://slipway.dev/schemas/access-v1.json")));
}

/// A bundle in which `charge.write` stands so.
pub fn bundle(state: &str, key: &SigningKey) -> String {
    signed(state, 3600, key)
}

/// One in which it is granted, and which ends in so many seconds.
pub fn signed_until(seconds: i64, key: &SigningKey) -> String {
    signed("active", seconds, key)
}

fn signed(state: &str, seconds: i64, key: &SigningKey) -> String {
    let now = Clock::System.now() / 1000;
    let bundle: Bundle = serde_json::from_value(json!({
        "iss": "https://portal.example", "aud": "slipway-access", "sub": "component:default/checkout",
        "iat": now - 60, "exp": now + seconds, "revocation_epoch": 1,
        "grants": [{
            "api": "api:default/payments", "scope": "charge.write", "environment": "production", "state": state, "request": "r1",
            "approvals": { "have": 0, "need": 1, "missing": [{ "from": "owner", "count": 1 }] },
        }],
        "facts": {
            "environments": ["production"],
            "apis": { "api:default/payments": { "providers": [], "owner": "group:default/payments-team", "terms": { "scopes": [
                { "name": "charge.write", "sensitivity": "restricted" }, { "name": "refund.read", "sensitivity": "internal" },
            ] } } },
            "default_policy": { "decision": "auto_approve", "max_ttl": "365d", "pending_ttl": "14d" },
        },
    }))
    .unwrap();
    sign(&bundle, key).unwrap()
}

#[test]
fn a_bundle_answers_as_a_portal_would() {
    let (key, other) = (SigningKey::from_seed(&[1; 32]).unwrap(), SigningKey::from_seed(&[2; 32]).unwrap());
    let keys = serde_json::to_string(&Keys { keys: vec![key.public().clone()] }).unwrap();
    let folder = folder(&[
        ("access.yaml", MANIFEST),
        ("wrong.yaml", WRONG),
        ("keys.json", &keys),
        ("active.jws", &bundle("active", &key)),
        ("pending.jws", &bundle("pending", &key)),
        ("revoked.jws", &bundle("revoked", &key)),
        ("forged.jws", &bundle("active", &other)),
    ]);
    let check = |bundle: &str, arguments: &[&str]| {
        let fixed =
            ["access", "check", "--bundle", bundle, "--keys", "keys.json", "--issuer", "https://portal.example"];
        output(folder.path(), &[&fixed, arguments].concat())
    };
    let (code, said, warned) = check("active.jws", &[]);
    assert_eq!((code, said.as_str()), (0, "1 active, 1 missing\n"), "{warned}");
    assert!(warned.contains("access.yaml:6:30: warning: refund.read"), "{warned}");
    let (code, said, _) = check("pending.jws", &["--format", "json"]);
    let report: Value = serde_json::from_str(&said).unwrap();
    assert_eq!((code, &report["outcome"], &report["summary"]["pending"]), (1, &json!("needs_approval"), &json!(1)));
    let atom = &report["atoms"][0];
    assert_eq!(atom["approvals"]["missing"], json!([{ "from": "owner", "count": 1 }]));
    assert_eq!((&atom["owner"], &atom["suggested_reviewers"]), (&json!("group:default/payments-team"), &json!([])));
    let (_, _, said) = check("pending.jws", &[]);
    let expected = "It takes 1 of group:default/payments-team, at https://portal.example/access/requests/r1.";
    assert!(said.contains(expected), "{said}");
    assert_eq!(check("revoked.jws", &[]).0, 1);
    assert_eq!(check("revoked.jws", &["--environment", "staging"]).0, 0);
    assert_eq!(check("active.jws", &["wrong.yaml"]).0, 2);
    for (bundle, arguments) in [
        ("forged.jws", &[][..]),
        ("keys.json", &[]),
        ("nowhere.jws", &[]),
        ("active.jws", &["--issuer", "https://other.example"]),
    ] {
        let fixed = ["access", "check", "--bundle", bundle, "--keys", "keys.json"];
        let issuer = ["--issuer", "https://portal.example"];
        let arguments = if arguments.is_empty() { &issuer[..] } else { arguments };
        let (code, said, error) = output(folder.path(), &[&fixed, arguments].concat());
        assert_eq!((code, said.as_str()), (3, ""), "{bundle}: {error}");
    }
}
