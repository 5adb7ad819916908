//! Makes repositories that are the same on every machine.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use engine_repo::{FactOptions, Repository, Snapshot, Tree, facts};
use model::Finding;
use model::repository::RepositoryFacts;
use tempfile::TempDir;

/// Monday, 2 November 2026, 09:00 UTC, in milliseconds.
pub const NOW: i64 = 1_793_610_000_000;

/// A repository in a folder of its own.
pub struct Made {
    folder: TempDir,
    path: PathBuf,
}

impl Made {
    /// An empty work tree with the default branch `main`.
    pub fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("repository");
        std::fs::create_dir(&path).unwrap();
        let made = Self { folder, path };
        made.git(&["init", "--quiet", "--initial-branch=main"]);
        made
    }

    /// With one commit that holds these files.
    pub fn with(files: &[(&str, &str)]) -> Self {
        let made = Self::new();
        made.write(files);
        made.commit("Start", "Ada", "ada@example.com", NOW / 1_000 - 86_400);
        made
    }

    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Beside the repository.
    pub fn beside(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub fn write(&self, files: &[(&str, &str)]) {
        for (path, text) in files {
            self.write_bytes(path, text.as_bytes());
        }
    }

    pub fn write_bytes(&self, path: &str, bytes: &[u8]) {
        let file = self.path.join(path);
        std::fs::create_dir_all(file.parent().unwrap()).unwrap();
        std::fs::write(file, bytes).unwrap();
    }

    /// Commits everything; `at` is in seconds.
    pub fn commit(&self, title: &str, name: &str, email: &str, at: i64) {
        self.git(&["add", "--all", "--force"]);
        self.commit_index(title, name, email, at);
    }

    /// Commits what was added by hand.
    pub fn commit_index(&self, title: &str, name: &str, email: &str, at: i64) {
        let mut command = command(&self.path);
        command.args(["commit", "--quiet", "--allow-empty", "--allow-empty-message", "--message", title]);
        let date = format!("{at} +0000");
        command.env("GIT_AUTHOR_NAME", name).env("GIT_AUTHOR_EMAIL", email).env("GIT_AUTHOR_DATE", &date);
        command.env("GIT_COMMITTER_NAME", name).env("GIT_COMMITTER_EMAIL", email).env("GIT_COMMITTER_DATE", &date);
        assert!(command.status().unwrap().success());
    }

    /// Runs git there; gives what it prints.
    pub fn git(&self, arguments: &[&str]) -> String {
        git(&self.path, arguments, b"")
    }

    /// Like [`Self::git`], with something to read.
    pub fn git_with(&self, arguments: &[&str], input: &[u8]) -> String {
        git(&self.path, arguments, input)
    }

    pub fn open(&self) -> Repository {
        Repository::open(&self.path).unwrap()
    }

    pub fn snapshot(&self) -> Snapshot {
        self.open().snapshot().unwrap()
    }

    pub fn facts(&self) -> (RepositoryFacts, Vec<Finding>) {
        let repository = self.open();
        let snapshot = repository.snapshot().unwrap();
        facts(&repository, &snapshot, &FactOptions { now: NOW, ..FactOptions::default() })
    }

    /// The loose object's file.
    pub fn object(&self, id: &str) -> PathBuf {
        self.path.join(".git/objects").join(&id[..2]).join(&id[2..])
    }

    /// Removes a loose object, which git makes read-only.
    pub fn lose(&self, id: &str) {
        std::fs::remove_file(self.object(id)).unwrap();
    }

    /// Overwrites a loose object with nonsense.
    pub fn damage(&self, id: &str) {
        self.lose(id);
        std::fs::write(self.object(id), b"nonsense").unwrap();
    }
}

fn command(folder: &Path) -> Command {
    let mut command = Command::new("git");
    command.current_dir(folder).env_clear().stdin(Stdio::null());
    if let Some(path) = std::env::var_os("PATH") {
        command.env("PATH", path);
    }
    for (key, value) in [
        ("GIT_CONFIG_NOSYSTEM", "1"),
        ("GIT_CONFIG_GLOBAL", "/dev/null"),
        ("GIT_AUTHOR_NAME", "Ada"),
        ("GIT_AUTHOR_EMAIL", "ada@example.com"),
        ("GIT_AUTHOR_DATE", "1700000000 +0000"),
        ("GIT_COMMITTER_NAME", "Ada"),
        ("GIT_COMMITTER_EMAIL", "ada@example.com"),
        ("GIT_COMMITTER_DATE", "1700000000 +0000"),
        ("GIT_TERMINAL_PROMPT", "0"),
        ("LC_ALL", "C"),
        ("HOME", "/nonexistent"),
    ] {
        command.env(key, value);
    }
    command.args([
        "-c",
        "core.autocrlf=false",
        "-c",
        "protocol.file.allow=always",
        "-c",
        "gc.auto=0",
        "-c",
        "advice.detachedHead=false",
    ]);
    command
}

pub fn git(folder: &Path, arguments: &[&str], input: &[u8]) -> String {
    use std::io::Write as _;
    let mut child = command(folder)
        .args(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    child.stdin.take().unwrap().write_all(input).unwrap();
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success(), "git {arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8_lossy(&output.stdout).trim().to_owned()
}

/// One line for each finding.
pub fn shown(findings: &[Finding]) -> String {
    let lines: Vec<String> = findings
        .iter()
        .map(|finding| {
            format!("{} {} [{}] {}", finding.level.as_str(), finding.rule, finding.location(), finding.message)
        })
        .collect();
    lines.join("\n")
}

/// Path and class of every file.
pub fn classes(tree: &dyn Tree) -> Vec<(String, &'static str)> {
    tree.files().iter().map(|file| (file.path.clone(), file.class.as_str())).collect()
}

pub fn rules(findings: &[Finding]) -> Vec<&str> {
    findings.iter().map(|finding| finding.rule.as_str()).collect()
}
