//! Real repositories behind the fake: what is proposed through the API can be cloned, and what is pushed can be proposed.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use crate::state::State;

impl State {
    /// Puts a real repository behind the one with this id: one commit with these files, or none at all. It can be cloned
    /// from the fake at `/owner/name.git`.
    ///
    /// # Errors
    /// If git cannot be run, or there is no room.
    pub fn add_git(&mut self, id: u64, files: &[(&str, &str)]) -> std::io::Result<()> {
        let folder = match &self.folder {
            Some(folder) => folder.clone(),
            None => std::sync::Arc::new(tempfile::tempdir()?),
        };
        let bare = folder.path().join(format!("{id}.git"));
        self.folder = Some(folder);
        let origin = self.origin.clone();
        let unknown = || std::io::Error::other("no such repository");
        let repository = self.repositories.get_mut(&id).ok_or_else(unknown)?;
        std::fs::create_dir_all(&bare)?;
        git(&bare, &["init", "-q", "--bare", "-b", &repository.default_branch, "."], b"")?;
        git(&bare, &["config", "http.receivepack", "true"], b"")?;
        repository.git = Some(bare.clone());
        repository.clone_url = Some(format!("{origin}/{}/{}.git", repository.owner, repository.name));
        if files.is_empty() { Ok(()) } else { commit(&bare, &repository.default_branch, files, "Begin").map(drop) }
    }

    /// Somebody commits these files on a branch, which is made from the default one where it is not there.
    ///
    /// # Errors
    /// If git cannot be run, or the repository has no real one behind it.
    pub fn commit(&mut self, id: u64, branch: &str, files: &[(&str, &str)]) -> std::io::Result<String> {
        let repository = self.repositories.get(&id).and_then(|repository| repository.git.clone());
        let bare = repository.ok_or_else(|| std::io::Error::other("no repository"))?;
        commit(&bare, branch, files, "Somebody's work")
    }
}

/// A commit on top of `start`, of whoever `author` says: `Ann <ann@example.com>`.
pub(crate) fn commit_by(bare: &Path, start: &str, files: &[(&str, &str)], author: &str) -> std::io::Result<String> {
    let (name, email) = author.trim_end_matches('>').split_once(" <").unwrap_or((author, ""));
    let entries: Vec<Entry> =
        files.iter().map(|(path, text)| Entry { path, mode: "100644", text: Some(text) }).collect();
    let tree = make_tree(bare, Some(&format!("{start}^{{tree}}")), &entries)?;
    let (name, email) = (format!("user.name={name}"), format!("user.email={email}"));
    let arguments = ["-c", &name, "-c", &email, "commit-tree", &tree, "-p", start, "-m", "Somebody's work"];
    git(bare, &arguments, b"")
}

fn commit(bare: &Path, branch: &str, files: &[(&str, &str)], message: &str) -> std::io::Result<String> {
    let reference = format!("refs/heads/{branch}");
    let parent = git(bare, &["rev-parse", "-q", "--verify", &reference], b"")
        .or_else(|_| git(bare, &["rev-parse", "-q", "--verify", "HEAD"], b""));
    let base = parent.as_deref().ok().map(|parent| format!("{parent}^{{tree}}"));
    let entries: Vec<Entry> =
        files.iter().map(|(path, text)| Entry { path, mode: "100644", text: Some(text) }).collect();
    let tree = make_tree(bare, base.as_deref(), &entries)?;
    let commit = make_commit(bare, &tree, parent.as_deref().ok().into_iter(), message)?;
    git(bare, &["update-ref", &reference, &commit], b"")?;
    Ok(commit)
}

/// What becomes of one path.
pub(crate) struct Entry<'a> {
    pub path: &'a str,
    pub mode: &'a str,
    /// `None` removes it.
    pub text: Option<&'a str>,
}

/// A tree as `base` with these entries; its id.
pub(crate) fn make_tree(bare: &Path, base: Option<&str>, entries: &[Entry<'_>]) -> std::io::Result<String> {
    let index = bare.join("fake-index");
    let _ = std::fs::remove_file(&index);
    let with_index = |arguments: &[&str], input: &[u8]| run(bare, Some(&index), arguments, input).map(text);
    match base {
        Some(base) => with_index(&["read-tree", base], b"")?,
        None => with_index(&["read-tree", "--empty"], b"")?,
    };
    let mut lines = String::new();
    for entry in entries {
        match entry.text {
            Some(text) => {
                let id = git(bare, &["hash-object", "-w", "--stdin"], text.as_bytes())?;
                lines.push_str(&format!("{} {id}\t{}\n", entry.mode, entry.path));
            }
            None => lines.push_str(&format!("0 {}\t{}\n", "0".repeat(40), entry.path)),
        }
    }
    with_index(&["update-index", "--index-info"], lines.as_bytes())?;
    with_index(&["write-tree"], b"")
}

pub(crate) fn make_commit<'a>(
    bare: &Path,
    tree: &str,
    parents: impl Iterator<Item = &'a str>,
    message: &str,
) -> std::io::Result<String> {
    let mut arguments = vec!["commit-tree", tree, "-F", "-"];
    for parent in parents {
        arguments.extend(["-p", parent]);
    }
    git(bare, &arguments, message.as_bytes())
}

/// What git prints, without the end of its last line.
pub(crate) fn git(bare: &Path, arguments: &[&str], input: &[u8]) -> std::io::Result<String> {
    run(bare, None, arguments, input).map(text)
}

/// The same as it is.
pub(crate) fn bytes(bare: &Path, arguments: &[&str]) -> std::io::Result<Vec<u8>> {
    run(bare, None, arguments, b"")
}

fn text(bytes: Vec<u8>) -> String {
    String::from_utf8_lossy(&bytes).trim_end().to_owned()
}

fn run(bare: &Path, index: Option<&PathBuf>, arguments: &[&str], input: &[u8]) -> std::io::Result<Vec<u8>> {
    let mut command = program(bare);
    command.args(["-c", "user.name=Ada", "-c", "user.email=ada@example.org"]).args(arguments);
    command.env("GIT_DIR", bare);
    if let Some(index) = index {
        command.env("GIT_INDEX_FILE", index).env("GIT_WORK_TREE", bare);
    }
    feed(command, input)
}

/// git, without anything of this machine's configuration.
fn program(folder: &Path) -> Command {
    let mut command = Command::new("git");
    command.env_clear().current_dir(folder);
    for name in ["PATH", "LD_LIBRARY_PATH"] {
        command.envs(std::env::var_os(name).map(|value| (name, value)));
    }
    command.env("GIT_CONFIG_NOSYSTEM", "1").env("GIT_CONFIG_GLOBAL", "/dev/null");
    command.env("GIT_CONFIG_COUNT", "1").env("GIT_CONFIG_KEY_0", "safe.directory").env("GIT_CONFIG_VALUE_0", "*");
    command
}

fn feed(mut command: Command, input: &[u8]) -> std::io::Result<Vec<u8>> {
    let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn()?;
    let (mut stdin, input) = (child.stdin.take(), input.to_vec());
    let writer = std::thread::spawn(move || stdin.as_mut().map_or(Ok(()), |stdin| stdin.write_all(&input)));
    let output = child.wait_with_output()?;
    let _ = writer.join();
    if output.status.success() {
        return Ok(output.stdout);
    }
    Err(std::io::Error::other(String::from_utf8_lossy(&output.stderr).into_owned()))
}

/// A request of git's smart HTTP for `/owner/name.git/…`.
pub(crate) struct Smart {
    pub bare: PathBuf,
    /// `/info/refs`
    pub path: String,
    pub method: String,
    pub query: String,
    /// `content-type`, `content-encoding`, `git-protocol`.
    pub headers: [String; 3],
    pub body: Vec<u8>,
}

/// What `git http-backend` answers: status, headers, body. Blocks.
pub(crate) fn smart(request: &Smart) -> std::io::Result<(u16, Vec<(String, String)>, Vec<u8>)> {
    let mut command = program(&request.bare);
    let [kind, encoding, protocol] = &request.headers;
    let length = request.body.len().to_string();
    let variables = [
        ("GIT_PROJECT_ROOT", &*request.bare.to_string_lossy()),
        ("GIT_HTTP_EXPORT_ALL", "1"),
        ("REQUEST_METHOD", &request.method),
        ("PATH_INFO", &request.path),
        ("QUERY_STRING", &request.query),
        ("CONTENT_TYPE", kind),
        ("CONTENT_LENGTH", &length),
        ("HTTP_CONTENT_ENCODING", encoding),
        ("GIT_PROTOCOL", protocol),
        ("REMOTE_ADDR", "127.0.0.1"),
    ];
    command.arg("http-backend").envs(variables);
    let output = feed(command, &request.body)?;
    let at = output.windows(4).position(|window| window == b"\r\n\r\n").unwrap_or(output.len());
    let head = String::from_utf8_lossy(&output[..at]).into_owned();
    let headers: Vec<(String, String)> = head
        .lines()
        .filter_map(|line| line.split_once(": "))
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .collect();
    let status = headers.iter().find(|(name, _)| name == "Status").and_then(|(_, value)| value.get(..3)?.parse().ok());
    let body = output.get(at + 4..).unwrap_or_default().to_vec();
    Ok((status.unwrap_or(200), headers, body))
}
