//! `slipway access` against a portal that is served: asked, decided, ended, handed over, and gone.

use engine_access::bundle::{Keys, SigningKey};
use serde_json::{Value, json};

use super::access::{bundle, signed_until};
use super::*;

const PAYMENTS: &str = "\
apiVersion: backstage.io/v1alpha1
kind: Component
metadata: {name: payments-service}
spec: {type: service, lifecycle: production, owner: payments-team, providesApis: [payments]}
---
apiVersion: backstage.io/v1alpha1
kind: API
metadata: {name: payments}
spec: {type: grpc, lifecycle: production, owner: payments-team, definition: syntax}
---
apiVersion: backstage.io/v1alpha1
kind: Group
metadata: {name: payments-team}
spec: {type: team, children: []}
---
apiVersion: backstage.io/v1alpha1
kind: User
metadata: {name: pat}
spec: {profile: {email: pat@example.com}, memberOf: [payments-team]}
---
apiVersion: backstage.io/v1alpha1
kind: Group
metadata: {name: shop}
spec: {type: team, children: []}
---
apiVersion: backstage.io/v1alpha1
kind: User
metadata: {name: sam}
spec: {profile: {email: sam@example.com}, memberOf: [shop]}
";

const OFFER: &str = "\
apiVersion: slipway.dev/v1
kind: AccessManifest
metadata: {component: payments-service}
exposes:
  - {api: payments, scopes: [{name: charge.write, sensitivity: restricted, description: Charge customers.}]}
";

const CHECKOUT: &str = "\
apiVersion: backstage.io/v1alpha1
kind: Component
metadata: {name: checkout}
spec: {type: service, lifecycle: production, owner: shop, consumesApis: [payments]}
";

const REQUIRES: &str = "\
apiVersion: slipway.dev/v1
kind: AccessManifest
metadata: {component: checkout}
requires:
  - {api: payments, scopes: [charge.write], environments: [production]}
";

/// Two repositories, and a portal that believes what a proxy in front of it says of who asks.
const CONFIGURATION: &str = "\
[server]
public-url = \"https://portal.example\"
[[sign-in]]
name = \"gate\"
kind = \"proxy\"
proxies = [\"127.0.0.0/8\"]
user-header = \"X-Forwarded-User\"
email-header = \"X-Forwarded-Email\"
trust-email = true
";

/// As the proxy forwards requests of Pat, whose team owns the API, and of Sam, whose team asks for it.
const PAT: &str = "x-forwarded-user: pat\r\nx-forwarded-email: pat@example.com";
pub const SAM: &str = "x-forwarded-user: sam\r\nx-forwarded-email: sam@example.com";

pub struct World {
    folder: tempfile::TempDir,
    serving: Serving,
}

impl World {
    pub fn new() -> Self {
        Self::with("")
    }

    /// With more in its configuration.
    fn with(configuration: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        for (name, descriptor, manifest) in [("payments", PAYMENTS, OFFER), ("checkout", CHECKOUT, REQUIRES)] {
            let path = folder.path().join("work").join(name);
            std::fs::create_dir_all(&path).unwrap();
            std::fs::write(path.join("access.yaml"), manifest).unwrap();
            repository(&path, descriptor);
        }
        std::fs::write(folder.path().join("slipway.toml"), CONFIGURATION.to_owned() + configuration).unwrap();
        let serving = Serving::start(folder.path());
        let start = Instant::now();
        while serving.json("/api/v1/access?waiting=true")["total"] != 1 {
            assert!(start.elapsed() < Duration::from_secs(30), "nothing is asked for");
            std::thread::sleep(Duration::from_millis(50));
        }
        Self { folder, serving }
    }

    pub fn run(&self, token: &str, arguments: &[&str]) -> (i32, String, String) {
        let mut command = slipway(self.folder.path(), arguments);
        command.env("SLIPWAY_PORTAL", format!("http://{}", self.serving.address)).env("SLIPWAY_TOKEN", token);
        let Output { status, stdout, stderr } =
            command.env("XDG_CACHE_HOME", self.folder.path().join("cache")).output().unwrap();
        let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
        (status.code().unwrap(), text(stdout), text(stderr))
    }

    fn check(&self, arguments: &[&str]) -> (i32, String, String) {
        self.run("", &[&["access", "check", "work/checkout/access.yaml"], arguments].concat())
    }

    /// An address of the same machine at which no portal is.
    fn elsewhere(&self) -> String {
        format!("http://{}/elsewhere", self.serving.address)
    }

    /// A token of Pat’s that writes.
    pub fn token(&self) -> String {
        self.token_of(PAT)
    }

    pub fn token_of(&self, who: &str) -> String {
        let form = format!(
            "POST /actions/identity/token HTTP/1.1\r\n{who}\r\ncontent-type: application/x-www-form-urlencoded"
        );
        let made = self.serving.send(&form, "name=ci&scope=write&days=7");
        let flash = made.lines().find_map(|line| line.strip_prefix("set-cookie: ").filter(|it| it.contains("flash")));
        let flash = flash.unwrap_or_else(|| panic!("{made}")).split(';').next().unwrap();
        let page = self.serving.ask(&format!("GET /me/tokens HTTP/1.1\r\n{who}\r\ncookie: {flash}"));
        let token = page.split("<code>slipway_").nth(1).unwrap_or_else(|| panic!("{page}"));
        format!("slipway_{}", token.split('<').next().unwrap())
    }
}

#[test]
fn a_pipeline_is_told_who_must_approve_until_somebody_has() {
    let world = World::new();
    let (code, said, errors) = world.check(&[]);
    assert_eq!((code, said.as_str()), (1, "1 pending\n"), "{errors}");
    assert!(errors.contains("work/checkout/access.yaml:5:"), "{errors}");
    assert!(
        errors.contains("It takes 1 of group:default/payments-team (pat), at https://portal.example/access/requests/"),
        "{errors}"
    );
    assert_eq!(world.check(&["--soft-fail", "pending"]).0, 0);
    assert_eq!(world.check(&["--soft-fail", "missing"]).0, 1);
    assert_eq!(world.check(&["--environment", "staging"]).0, 0);
    assert_eq!(world.check(&["--environment", "moon"]).0, 2);

    let json = |format: &str| -> Value { serde_json::from_str(&world.check(&["--format", format]).1).unwrap() };
    let answer = json("json");
    assert_eq!((&answer["atoms"][0]["line"], &answer["findings"][0]["line"]), (&json!(5), &json!(5)), "{answer}");
    let place = &json("sarif")["runs"][0]["results"][0]["locations"][0]["physicalLocation"];
    assert_eq!(
        (&place["artifactLocation"]["uri"], &place["region"]["startLine"]),
        (&json!("work/checkout/access.yaml"), &json!(5))
    );
    assert_eq!(json("gitlab-codequality")[0]["location"]["lines"]["begin"], 5);
    let github = world.check(&["--format", "github"]).1;
    assert!(
        github.starts_with("::error file=work/checkout/access.yaml,line=5,") && github.contains("title=ACC101"),
        "{github}"
    );
    let junit = world.check(&["--format", "junit"]).1;
    assert!(junit.contains("access.yaml:5:") && junit.contains("failures=\"1\""), "{junit}");

    let request = answer["atoms"][0]["request"].as_str().unwrap();
    let decide = format!("POST /api/v1/access/requests/{request}/decide HTTP/1.1\r\ncontent-type: application/json");
    let by_nobody = world.serving.send(&decide, r#"{"approves": true}"#);
    assert!(by_nobody.starts_with("HTTP/1.1 401"), "{by_nobody}");
    let decided = world.serving.send(&format!("{decide}\r\n{PAT}"), r#"{"approves": true, "reason": "Fine"}"#);
    assert!(decided.starts_with("HTTP/1.1 200"), "{decided}");
    assert_eq!(world.check(&[]).0, 0);

    let (code, listed, errors) = world.run("", &["access", "list", "--state", "active", "--format", "json"]);
    let listed: Value = serde_json::from_str(&listed).unwrap_or_else(|_| panic!("{errors}"));
    let atom = listed["rows"][0]["id"].as_str().unwrap();
    assert_eq!((code, &listed["total"]), (0, &json!(1)));
    let (code, shown, _) = world.run("", &["access", "show", atom]);
    assert!(code == 0 && shown.contains("approved by user:default/pat: Fine"), "{shown}");
    assert!(world.run("", &["access", "show", request]).1.contains(&format!("/access/requests/{request}")));
    let (_, explained, _) = world.run("", &["access", "explain", "checkout", "payments", "charge.write", "staging"]);
    assert!(
        explained.contains("never asked for") && explained.contains("1 of group:default/payments-team"),
        "{explained}"
    );
    assert!(world.run("", &["access", "explain", atom]).1.contains("active"));

    let token = world.token();
    assert_eq!(world.run("", &["access", "revoke", atom, "--reason", "Over"]).0, 3, "who asks is not known");
    let (code, _, errors) = world.run(&token, &["access", "revoke", atom]);
    assert!(code == 2 && errors.contains("reason"), "{errors}");
    let file = world.folder.path().join("token");
    std::fs::write(&file, format!("{token}\n")).unwrap();
    let file = file.to_str().unwrap();
    let (code, said, errors) = world.run("", &["access", "revoke", atom, "--reason", "Over", "--token-file", file]);
    assert!(code == 0 && said.contains("revoked"), "{said}{errors}");
    let (code, _, errors) = world.check(&[]);
    assert!(code == 1 && errors.contains("was revoked: Over"), "{errors}");
    assert_eq!(world.run(&token, &["access", "approve", request]).0, 2, "it waits no more");
    let wish = ["access", "request", "--consumer", "checkout", "--api", "payments", "--scope", "charge.write"];
    let (code, _, errors) = world.run(&token, &[&wish[..], &["--environment", "staging"]].concat());
    assert!(code == 4 && errors.contains("own"), "{errors}");
}

#[test]
fn a_bundle_holds_where_the_portal_is_gone_and_nothing_else_is_believed() {
    let world = World::new();
    let id = world.serving.json("/api/v1/access/waiting")[0]["id"].as_str().unwrap().to_owned();
    assert_eq!(world.run(&world.token(), &["access", "approve", &id]).0, 0);
    let (code, said, errors) = world.run("", &["access", "bundle", "fetch", "checkout", "--keys-output", "jwks.json"]);
    assert_eq!((code, said.as_str()), (0, "access.jws\n"), "{errors}");
    assert_eq!(world.run("", &["access", "bundle", "fetch", "nobody"]).0, 2);
    let issuer = ["--issuer", "https://portal.example"];
    let with = |bundle: &str, more: &[&str]| world.check(&[&["--bundle", bundle], &issuer[..], more].concat());
    let (code, said, errors) = with("access.jws", &["--format", "json"]);
    let answer: Value = serde_json::from_str(&said).unwrap_or_else(|_| panic!("{errors}"));
    assert_eq!((code, &answer["decided_by"], &answer["summary"]["active"]), (0, &json!("bundle"), &json!(1)));
    let verify =
        ["access", "bundle", "verify", "access.jws", "--component", "checkout", "--issuer", "https://portal.example"];
    let (code, said, errors) = world.run("", &verify);
    assert!(code == 0 && said.contains("1 granted"), "{said}{errors}");

    let path = |name: &str| world.folder.path().join(name);
    let signed = std::fs::read_to_string(path("access.jws")).unwrap();
    let [header, claims, signature] = signed.split('.').collect::<Vec<_>>()[..] else { panic!("{signed}") };
    let (key, other) = (SigningKey::from_seed(&[1; 32]).unwrap(), SigningKey::from_seed(&[2; 32]).unwrap());
    std::fs::write(path("own.json"), json!(Keys { keys: vec![key.public().clone()] }).to_string()).unwrap();
    let flipped = if claims.starts_with('A') { "B" } else { "A" };
    for (name, text) in [
        ("changed.jws", format!("{header}.{flipped}{}.{signature}", &claims[1..])),
        // {"alg":"none"}
        ("downgraded.jws", format!("eyJhbGciOiJub25lIn0.{claims}.")),
        ("forged.jws", bundle("active", &other)),
        ("expired.jws", signed_until(-10, &key)),
        ("good.jws", signed_until(3600, &key)),
    ] {
        std::fs::write(path(name), text).unwrap();
    }
    let own = ["--keys", "own.json"];
    assert_eq!(with("good.jws", &own).0, 0, "{}", with("good.jws", &own).2);
    for (name, more) in [
        ("changed.jws", &[][..]),
        ("downgraded.jws", &[]),
        ("forged.jws", &[]),
        ("expired.jws", &own),
        ("access.jws", &own),
    ] {
        let (code, said, errors) = with(name, more);
        assert_eq!((code, said.as_str()), (3, ""), "{name}: {errors}");
    }
    let foreign = [
        "access",
        "check",
        "work/payments/access.yaml",
        "--bundle",
        "access.jws",
        "--issuer",
        "https://portal.example",
    ];
    assert_eq!(world.run("", &foreign).0, 3, "it is of another component");
    assert_eq!(world.check(&["--bundle", "access.jws"]).0, 3, "it is of another portal");

    let World { folder, serving } = world;
    let address = serving.address.clone();
    drop(serving);
    let run = |arguments: &[&str]| {
        let mut command =
            slipway(folder.path(), &[&["access", "check", "work/checkout/access.yaml"], arguments].concat());
        command.env("SLIPWAY_PORTAL", format!("http://{address}")).env("XDG_CACHE_HOME", folder.path().join("cache"));
        let all = command.output().unwrap();
        (all.status.code().unwrap(), String::from_utf8(all.stderr).unwrap())
    };
    let (code, errors) = run(&[]);
    assert!(code == 3 && errors.contains("could not be reached"), "{errors}");
    let (code, errors) = run(&["--on-unreachable", "warn"]);
    assert!(code == 0 && errors.contains("warning:") && errors.contains("nothing was checked"), "{errors}");
    // With the keys that were kept when it was fetched.
    assert_eq!(run(&[&["--bundle", "access.jws"], &issuer[..]].concat()).0, 0);
    assert_eq!(run(&[&["--bundle", "access.jws", "--keys", "jwks.json"], &issuer[..]].concat()).0, 0);
}

#[test]
fn a_bundle_from_before_a_revocation_is_refused_where_the_portal_is_named() {
    let world = World::new();
    let id = world.serving.json("/api/v1/access/waiting")[0]["id"].as_str().unwrap().to_owned();
    let token = world.token();
    assert_eq!(world.run(&token, &["access", "approve", &id]).0, 0);
    assert_eq!(world.run("", &["access", "bundle", "fetch", "checkout", "--keys-output", "jwks.json"]).0, 0);
    let bundle =
        ["--bundle", "access.jws", "--keys", "jwks.json", "--issuer", "https://portal.example", "--format", "json"];
    let check = [&["access", "check", "work/checkout/access.yaml"], &bundle[..]].concat();
    let verify =
        "access bundle verify access.jws --component checkout --keys jwks.json --issuer https://portal.example";
    let verify: Vec<&str> = verify.split(' ').collect();
    let alone = |arguments: &[&str]| output(world.folder.path(), arguments);
    let both = [&check, &verify];
    for command in both {
        let (code, _, errors) = world.run("", command);
        assert_eq!((code, errors.as_str()), (0, ""));
    }

    let listed = world.serving.json("/api/v1/access?state=active");
    let atom = listed["rows"][0]["id"].as_str().unwrap();
    assert_eq!(world.run(&token, &["access", "revoke", atom, "--reason", "It leaked"]).0, 0);
    for command in both {
        let (code, said, errors) = world.run("", command);
        assert_eq!((code, said.as_str()), (3, ""), "{errors}");
        assert!(errors.contains("access was revoked since it was made"), "{errors}");
        let help = "slipway access bundle fetch component:default/checkout --output access.jws";
        assert!(errors.contains(help), "{errors}");
        // Nobody named the portal: nothing is asked, and the bundle holds until it ends.
        let (code, _, errors) = alone(command);
        assert_eq!((code, errors.as_str()), (0, ""));
        // It is named, and does not answer, or does not say.
        for (portal, why) in [("http://127.0.0.1:1", "could not be reached"), (&*world.elsewhere(), "status 404")] {
            let (code, said, errors) = alone(&[command, &["--portal", portal][..]].concat());
            assert!(code == 0 && !said.is_empty(), "{said}{errors}");
            assert!(errors.starts_with("note: ") && errors.contains(why), "{errors}");
        }
    }
    assert_eq!(world.run("", &["access", "bundle", "fetch", "checkout"]).0, 0);
    let (code, said, errors) = world.run("", &check);
    let answer: Value = serde_json::from_str(&said).unwrap_or_else(|_| panic!("{errors}"));
    assert_eq!((code, &answer["summary"]["revoked"]), (1, &json!(1)), "{answer}");
}

#[test]
fn a_repository_that_only_reports_never_fails() {
    let world = World::with("[access]\nreport-only = [\"checkout\"]\napprovals = 2\n");
    let (code, said, errors) = world.check(&[]);
    assert_eq!((code, said.as_str()), (0, "1 pending\n"), "{errors}");
    assert!(errors.contains("warning: charge.write") && errors.contains("0 of 2 approvals"), "{errors}");
    assert!(!errors.contains("error"), "{errors}");
    let (_, said, _) = world.check(&["--format", "json"]);
    let answer: Value = serde_json::from_str(&said).unwrap();
    assert_eq!((&answer["report_only"], &answer["findings"][0]["level"]), (&json!(true), &json!("warning")));
}

#[test]
fn a_manifest_that_cannot_be_read_only_reports_too() {
    let world = World::with("[access]\nreport-only = [\"checkout\"]\n");
    let path = world.folder.path().join("broken.yaml");
    let check = |text: &str, arguments: &[&str]| {
        std::fs::write(&path, text).unwrap();
        world.run("", &[&["access", "check", "broken.yaml"], arguments].concat())
    };
    let broken = "metadata: {component: checkout}\nrequires: [\n";
    let (code, said, errors) = check(broken, &[]);
    assert_eq!((code, said.as_str()), (0, "nothing is required\n"), "{errors}");
    assert!(errors.contains("warning: ") && !errors.contains("error"), "{errors}");
    let (code, said, _) = check(broken, &["--format", "json", "--commit", "abc"]);
    let answer: Value = serde_json::from_str(&said).unwrap();
    assert_eq!((code, &answer["schema"], &answer["outcome"]), (0, &json!("access-check/v1"), &json!("invalid")));
    assert_eq!((&answer["component"], &answer["report_only"]), (&json!("component:default/checkout"), &json!(true)));
    assert_eq!((&answer["manifest"]["commit"], &answer["summary"]["errors"]), (&json!("abc"), &json!(1)));
    assert_eq!(answer["findings"][0]["level"], "warning");
    assert!(check(broken, &["--format", "github"]).1.starts_with("::warning file=broken.yaml,line="));

    let nameless = "requires: [\n";
    let (code, _, errors) = check(nameless, &[]);
    assert!(code == 2 && errors.contains("error: "), "{errors}");
    assert_eq!(check(nameless, &["--repository", "checkout"]).0, 0);
    assert_eq!(check(nameless, &["--repository", "payments"]).0, 2, "it does more than report");
    assert_eq!(check(&broken.replace("checkout", "payments-service"), &["--repository", "checkout"]).0, 2);
    let (_, said, _) = check(nameless, &["--repository", "checkout", "--format", "json"]);
    assert_eq!(serde_json::from_str::<Value>(&said).unwrap()["component"], Value::Null);
    for (variable, code) in [("GITHUB_REPOSITORY", 0), ("CI_PROJECT_PATH", 0), ("REPOSITORY", 2)] {
        let mut command = slipway(world.folder.path(), &["access", "check", "broken.yaml"]);
        command.env_remove("GITHUB_REPOSITORY").env_remove("CI_PROJECT_PATH").env(variable, "checkout");
        command.env("SLIPWAY_PORTAL", format!("http://{}", world.serving.address));
        assert_eq!(command.output().unwrap().status.code(), Some(code), "{variable}");
    }
}
