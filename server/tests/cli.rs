//! The binary as somebody at a terminal uses it.

#![allow(clippy::unwrap_used, clippy::expect_used)]

#[path = "cli/access.rs"]
mod access;
#[path = "cli/access_online.rs"]
mod access_online;
#[path = "cli/access_reviews.rs"]
mod access_reviews;
#[path = "cli/hooks.rs"]
mod hooks;
#[path = "cli/killed.rs"]
mod killed;
#[path = "cli/launches.rs"]
mod launches;
#[path = "cli/moving_in.rs"]
mod moving_in;
#[path = "cli/operations.rs"]
mod operations;
#[path = "cli/templates.rs"]
mod templates;
#[path = "cli/trust.rs"]
mod trust;

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::path::Path;
use std::process::{Child, Command, Output, Stdio};
use std::time::{Duration, Instant};

fn slipway(folder: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_slipway"));
    command.args(arguments).current_dir(folder);
    for (name, _) in std::env::vars().filter(|(name, _)| name.starts_with("SLIPWAY_") && name != "SLIPWAY_SITE") {
        command.env_remove(name);
    }
    command
}

fn output(folder: &Path, arguments: &[&str]) -> (i32, String, String) {
    let Output { status, stdout, stderr } = slipway(folder, arguments).output().unwrap();
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    (status.code().unwrap(), text(stdout), text(stderr))
}

fn git(folder: &Path, arguments: &[&str]) {
    let status = Command::new("git")
        .args(["-c", "user.name=Ada", "-c", "user.email=ada@example.com", "-c", "init.defaultBranch=main"])
        .args(arguments)
        .current_dir(folder)
        .envs([("GIT_CONFIG_GLOBAL", "/dev/null"), ("GIT_CONFIG_SYSTEM", "/dev/null")])
        .status()
        .unwrap();
    assert!(status.success());
}

/// A repository with one descriptor.
fn repository(path: &Path, descriptor: &str) {
    std::fs::create_dir_all(path).unwrap();
    std::fs::write(path.join("catalog-info.yaml"), descriptor).unwrap();
    git(path, &["init", "--quiet"]);
    git(path, &["add", "."]);
    git(path, &["commit", "--quiet", "-m", "Begin"]);
}

const GOOD: &str = "apiVersion: backstage.io/v1alpha1\nkind: Component\nmetadata:\n  name: berths\nspec:\n  type: service\n  lifecycle: production\n  owner: harbour\n";
const BAD: &str =
    "apiVersion: backstage.io/v1alpha1\nkind: Componnt\nmetadata:\n  name: -berths\nspec:\n  type: service\n";

#[test]
fn usage_errors_exit_with_64_and_help_has_examples() {
    let folder = tempfile::tempdir().unwrap();
    assert_eq!(output(folder.path(), &["serve", "--nonsense"]).0, 64);
    let (code, help, _) = output(folder.path(), &["--help"]);
    assert_eq!(code, 0);
    assert!(help.contains("Examples:"), "{help}");
    let (code, version, _) = output(folder.path(), &["--version"]);
    assert_eq!((code, version.as_str()), (0, concat!("slipway ", env!("CARGO_PKG_VERSION"), "\n")));
}

#[test]
fn validate_answers_with_located_findings_and_exit_codes() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("good.yaml"), GOOD).unwrap();
    std::fs::write(folder.path().join("bad.yaml"), BAD).unwrap();
    assert_eq!(output(folder.path(), &["catalog", "validate", "good.yaml"]).0, 0);
    let (code, json, _) = output(folder.path(), &["catalog", "validate", "bad.yaml", "--format", "json"]);
    assert_eq!(code, 2, "{json}");
    let report: serde_json::Value = serde_json::from_str(&json).unwrap();
    assert!(report["summary"]["errors"].as_u64().unwrap() >= 2, "{json}");
    assert_eq!(report["findings"][0]["file"], "bad.yaml");
    assert_eq!(report["findings"][0]["line"], 2);
    assert_eq!(output(folder.path(), &["catalog", "validate", "absent.yaml"]).0, 3);
}

#[test]
fn discover_prints_what_can_be_committed() {
    let folder = tempfile::tempdir().unwrap();
    let repository_path = folder.path().join("berths");
    repository(&repository_path, GOOD);
    let (code, yaml, errors) = output(folder.path(), &["catalog", "discover", "berths"]);
    assert_eq!(code, 0, "{errors}");
    std::fs::write(folder.path().join("again.yaml"), &yaml).unwrap();
    assert_eq!(output(folder.path(), &["catalog", "validate", "again.yaml"]).0, 0, "{yaml}");
    let (_, json, _) = output(folder.path(), &["catalog", "discover", "berths", "--format", "json"]);
    let report: serde_json::Value = serde_json::from_str(&json).unwrap();
    let evidence = &report["evidence"]["component:default/berths"]["/spec/owner"];
    assert_eq!((&evidence["confidence"], &evidence["line"]), (&"declared".into(), &8.into()), "{json}");
    assert_eq!(output(folder.path(), &["catalog", "discover", "absent"]).0, 3);
}

#[test]
fn sync_says_what_it_read_and_what_failed() {
    let folder = tempfile::tempdir().unwrap();
    repository(&folder.path().join("work/berths"), GOOD);
    let (code, text, errors) = output(folder.path(), &["sync", "--source", "work"]);
    assert_eq!(code, 0, "{text}{errors}");
    assert!(text.contains("work: 1 repositories, 0 failed"), "{text}");
    repository(&folder.path().join("work/broken"), GOOD);
    let objects = folder.path().join("work/broken/.git/objects");
    std::fs::remove_dir_all(&objects).unwrap();
    std::fs::create_dir(&objects).unwrap();
    let (code, text, _) = output(folder.path(), &["sync", "--source", "work"]);
    assert_eq!(code, 1, "{text}");
    assert!(text.contains("work: 2 repositories, 1 failed"), "{text}");
}

#[test]
fn sync_takes_addresses_and_never_repeats_a_password() {
    let folder = tempfile::tempdir().unwrap();
    repository(&folder.path().join("work/berths"), GOOD);
    let url = format!("file://{}/work/berths", folder.path().display());
    let (code, text, errors) = output(folder.path(), &["sync", "--source", &url]);
    assert_eq!(code, 0, "{text}{errors}");
    assert!(text.contains(&format!("berths: 1 repositories, 0 failed ({url})")), "{text}");
    assert_eq!(std::fs::read_dir(folder.path().join("data/mirrors")).unwrap().count(), 2, "a mirror and its lock");
    for wrong in ["https://ada:s3cret@h/a?x", "ext::sh -c s3cret", "ftp://ada:s3cret@h/a"] {
        let (code, text, errors) = output(folder.path(), &["sync", "--source", wrong]);
        assert_eq!(code, 2, "{text}{errors}");
        assert!(errors.contains("Git address") && !errors.contains("s3cret"), "{errors}");
    }
    // Nobody listens there: one line says what happened, and to whom.
    let arguments = ["sync", "--source", "http://ada:s3cret@127.0.0.1:1/team/a.git"];
    let all = slipway(folder.path(), &arguments).env("SLIPWAY_LOG_LEVEL", "trace").output().unwrap();
    let (text, errors) = (String::from_utf8(all.stdout).unwrap(), String::from_utf8(all.stderr).unwrap());
    assert_eq!(all.status.code(), Some(1), "{text}");
    assert!(errors.contains("DEBUG"), "everything is logged: {errors}");
    assert!(text.contains("a: 1 repositories, 1 failed (http://127.0.0.1:1/team/a.git)"), "{text}");
    assert!(!text.contains("s3cret") && !errors.contains("s3cret"), "{text}{errors}");
}

#[test]
fn a_wrong_configuration_names_the_line_and_the_nearest_key() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("slipway.toml"), "[server]\nlistn = \"127.0.0.1:0\"\n").unwrap();
    let (code, _, errors) = output(folder.path(), &["serve"]);
    assert_eq!(code, 2);
    assert_eq!(errors, "slipway.toml:2:1: error: there is no key server.listn\n  help: Did you mean server.listen?\n");
}

#[test]
fn the_demo_stays_on_loopback() {
    let folder = tempfile::tempdir().unwrap();
    let (code, _, errors) = output(folder.path(), &["serve", "--demo", "--listen", "0.0.0.0:0"]);
    assert_eq!(code, 2);
    assert!(errors.contains("loopback"), "{errors}");
}

/// A server on a free port, ended when dropped.
struct Serving {
    child: Child,
    address: String,
}

impl Serving {
    fn start(folder: &Path) -> Self {
        Self::of(&mut slipway(folder, &["serve", "--source", "work", "--listen", "127.0.0.1:0"]))
    }

    fn of(command: &mut Command) -> Self {
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.as_mut().unwrap()).read_line(&mut line).unwrap();
        let address = line.trim().rsplit("http://").next().unwrap().to_owned();
        Self { child, address }
    }

    fn get(&self, path: &str) -> String {
        self.ask(&format!("GET {path} HTTP/1.1"))
    }

    /// The answer to a request line, and headers behind it.
    fn ask(&self, head: &str) -> String {
        self.send(head, "")
    }

    /// The same with a body.
    fn send(&self, head: &str, body: &str) -> String {
        self.try_send(head, body).unwrap()
    }

    /// The same where it may be gone.
    fn try_send(&self, head: &str, body: &str) -> std::io::Result<String> {
        let mut stream = TcpStream::connect(&self.address)?;
        let (host, length) = (&self.address, body.len());
        write!(stream, "{head}\r\nhost: {host}\r\nconnection: close\r\ncontent-length: {length}\r\n\r\n{body}")?;
        let mut answer = String::new();
        stream.read_to_string(&mut answer)?;
        Ok(answer)
    }

    fn json(&self, path: &str) -> serde_json::Value {
        let answer = self.get(path);
        serde_json::from_str(answer.split_once("\r\n\r\n").unwrap().1).unwrap_or_else(|_| panic!("{answer}"))
    }

    /// Kills it after a while.
    fn killer(&self, after: Duration) -> std::thread::JoinHandle<()> {
        let id = self.child.id().to_string();
        std::thread::spawn(move || {
            std::thread::sleep(after);
            assert!(Command::new("kill").args(["-KILL", &id]).status().unwrap().success());
        })
    }

    fn signal(&self, name: &str) {
        assert!(Command::new("kill").args([name, &self.child.id().to_string()]).status().unwrap().success());
    }

    /// Waits until the entity can be read.
    fn wait_for(&self, path: &str) {
        let start = Instant::now();
        while !self.get(path).starts_with("HTTP/1.1 200") {
            assert!(start.elapsed() < Duration::from_secs(30), "{path} did not appear");
            std::thread::sleep(Duration::from_millis(50));
        }
    }
}

impl Drop for Serving {
    fn drop(&mut self) {
        // Gone already is what it should be.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[test]
fn serve_answers_stops_gracefully_and_ends_open_streams() {
    let folder = tempfile::tempdir().unwrap();
    repository(&folder.path().join("work/berths"), GOOD);
    let mut serving = Serving::start(folder.path());
    serving.wait_for("/api/v1/catalog/default/component/berths");
    assert!(serving.get("/healthz").ends_with("ok\n"));
    assert!(serving.get("/readyz").ends_with("ready\n"));
    assert!(serving.get("/metrics").contains("slipway_http_requests_total"));
    let second = slipway(folder.path(), &["sync", "--source", "work"]).output().unwrap();
    let message = String::from_utf8(second.stderr).unwrap();
    assert!(message.contains(&format!("process {}", serving.child.id())), "{message}");
    serving.signal("-TERM");
    let start = Instant::now();
    let status = serving.child.wait().unwrap();
    assert!(status.success(), "{status}");
    assert!(start.elapsed() < Duration::from_secs(5));
}

#[test]
fn killed_ten_times_it_ends_in_the_same_state() {
    let folder = tempfile::tempdir().unwrap();
    for name in ["a", "b", "c", "d", "e", "f"] {
        repository(&folder.path().join("work").join(name), &GOOD.replace("berths", name));
    }
    for round in 0..10_u64 {
        let serving = Serving::start(folder.path());
        std::thread::sleep(Duration::from_millis(round * 25));
        serving.signal("-KILL");
    }
    let serving = Serving::start(folder.path());
    for name in ["a", "b", "c", "d", "e", "f"] {
        serving.wait_for(&format!("/api/v1/catalog/default/component/{name}"));
    }
    let page = serving.get("/api/v1/catalog?kind=component");
    assert!(page.contains("\"total\":6"), "{page}");
}

#[test]
fn doctor_says_what_is_missing_and_exits_with_the_answer() {
    let folder = tempfile::tempdir().unwrap();
    repository(&folder.path().join("work/berths"), GOOD);
    let configure = |text: &str| std::fs::write(folder.path().join("slipway.toml"), text).unwrap();
    let source =
        |name: &str, path: &str| format!("[[source]]\nname = \"{name}\"\nkind = \"folder\"\npath = \"{path}\"\n");
    configure(&source("work", "work"));
    let (code, text, errors) = output(folder.path(), &["doctor"]);
    assert_eq!(code, 0, "{text}{errors}");
    assert!(text.contains("✓ Repositories") && text.contains("1 are there."), "{text}");
    assert!(!text.contains('\x1b'), "colours are for terminals: {text}");
    assert!(!folder.path().join("data").exists(), "a look makes nothing");

    configure(&format!("{}{}", source("work", "work"), source("gone", "nowhere")));
    let (code, text, _) = output(folder.path(), &["doctor"]);
    assert_eq!(code, 1, "{text}");
    assert!(text.contains("✗ Folder") && text.contains("without:") && text.contains("do:"), "{text}");
    let (code, json, _) = output(folder.path(), &["doctor", "--source", "gone", "--format", "json"]);
    let report: serde_json::Value = serde_json::from_str(&json).unwrap();
    assert_eq!((code, &report["reports"][0]["source"]), (1, &"gone".into()));
    assert_eq!(report["reports"][0]["checks"][0]["state"], "missing");
    assert_eq!(report["summary"]["missing"], 1);
    assert_eq!(output(folder.path(), &["doctor", "--source", "work"]).0, 0);

    let (code, _, errors) = output(folder.path(), &["doctor", "--source", "absent"]);
    assert_eq!(code, 2);
    assert!(errors.contains("work, gone"), "{errors}");
    configure("[server]\nlistn = 1\n");
    assert_eq!(output(folder.path(), &["doctor"]).0, 2);
    let (code, help, _) = output(folder.path(), &["doctor", "--help"]);
    assert!(code == 0 && help.contains("Exit codes: 0 all that is needed is there"), "{help}");
}

#[test]
fn doctor_does_not_decide_what_it_could_not_look_at_and_shows_no_secret() {
    let folder = tempfile::tempdir().unwrap();
    // It takes connections and never answers: whether the credentials are right nobody can tell.
    let silent = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let text = format!(
        "[[source]]\nname = \"acme\"\nkind = \"github\"\norganisation = \"acme\"\nurl = \"http://{}\"\ntoken-env = \"FORGE_TOKEN\"\n",
        silent.local_addr().unwrap()
    );
    std::fs::write(folder.path().join("slipway.toml"), text).unwrap();
    let start = Instant::now();
    let all = slipway(folder.path(), &["doctor", "--source", "acme"]).env("FORGE_TOKEN", "s3cret").output().unwrap();
    assert!(start.elapsed() < Duration::from_secs(20), "{:?}", start.elapsed());
    let text = String::from_utf8([all.stdout, all.stderr].concat()).unwrap();
    assert_eq!(all.status.code(), Some(1), "{text}");
    assert!(text.contains("✗ API") && text.contains("? Credentials"), "{text}");
    assert!(!text.contains("s3cret"), "{text}");
}
