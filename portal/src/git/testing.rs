//! A Git host on this machine: smart HTTP by git's own `http-backend`, with what a test may want to go wrong.
#![allow(clippy::unwrap_used, clippy::expect_used)]

use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use tempfile::TempDir;

use super::Address;

/// Serves bare repositories at `/<name>.git`.
pub struct GitHost {
    folder: TempDir,
    address: SocketAddr,
    state: Arc<Mutex<State>>,
}

/// How it behaves.
#[derive(Default, Clone)]
pub struct State {
    /// The `Authorization` that is asked for.
    pub authorization: Option<String>,
    /// Packs are begun and never ended.
    pub stalls: bool,
    /// Every request is sent there.
    pub redirect: Option<String>,
    /// Requests that came, and the `Authorization` that they bore.
    pub requests: Vec<(String, Option<String>)>,
}

impl GitHost {
    pub fn start() -> Self {
        let folder = tempfile::tempdir().unwrap();
        fs::create_dir(folder.path().join("bare")).unwrap();
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let state = Arc::new(Mutex::new(State::default()));
        let (root, shared) = (folder.path().join("bare"), Arc::clone(&state));
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let (root, state) = (root.clone(), Arc::clone(&shared));
                std::thread::spawn(move || answer(&root, &state, stream));
            }
        });
        Self { folder, address, state }
    }

    /// With a repository of one commit for each name.
    pub fn with(names: &[&str]) -> Self {
        let host = Self::start();
        for name in names {
            host.repository(name);
        }
        host
    }

    pub fn set(&self, change: impl FnOnce(&mut State)) {
        change(&mut self.state.lock().unwrap());
    }

    /// Asks for this name and password from now on.
    pub fn require(&self, username: &str, password: &str) {
        let authorization = format!("Basic {}", base64(&format!("{username}:{password}")));
        self.set(|state| state.authorization = Some(authorization));
    }

    /// Requests since this was last called.
    pub fn requests(&self) -> Vec<(String, Option<String>)> {
        std::mem::take(&mut self.state.lock().unwrap().requests)
    }

    pub fn url(&self, name: &str) -> String {
        format!("http://{}/{name}.git", self.address)
    }

    pub fn remote(&self, name: &str) -> Address {
        Address::parse(&self.url(name)).unwrap()
    }

    /// As it lies at the host.
    pub fn bare(&self, name: &str) -> PathBuf {
        self.folder.path().join("bare").join(format!("{name}.git"))
    }

    fn work(&self, name: &str) -> PathBuf {
        self.folder.path().join("work").join(name)
    }

    pub fn repository(&self, name: &str) {
        let (bare, work) = (self.bare(name), self.work(name));
        fs::create_dir_all(&bare).unwrap();
        fs::create_dir_all(&work).unwrap();
        git(&bare, &["init", "-q", "--bare", "-b", "main", "."]);
        git(&work, &["init", "-q", "-b", "main", "."]);
        git(&work, &["remote", "add", "origin", bare.to_str().unwrap()]);
        self.commit(name, "README.md", &format!("# {name}\n"));
    }

    /// Commits a file on the branch that is checked out, and pushes that.
    pub fn commit(&self, name: &str, file: &str, text: &str) {
        let work = self.work(name);
        fs::write(work.join(file), text).unwrap();
        git(&work, &["add", "-A"]);
        git(&work, &["commit", "-q", "-m", &format!("Write {file}")]);
        self.git(name, &["push", "-q", "--force", "origin", "HEAD"]);
    }

    /// Lets the work tree of `from` follow when its bare repository has become `to`.
    pub fn follow(&self, from: &str, to: &str) {
        fs::rename(self.work(from), self.work(to)).unwrap();
        self.git(to, &["remote", "set-url", "origin", self.bare(to).to_str().unwrap()]);
    }

    /// In the work tree of somebody who works on the repository.
    pub fn git(&self, name: &str, arguments: &[&str]) {
        git(&self.work(name), arguments);
    }

    /// At the host.
    pub fn at_host(&self, name: &str, arguments: &[&str]) {
        git(&self.bare(name), arguments);
    }
}

/// A repository at `folder`, made where it is not there, with one commit more: these files.
pub fn commit_files(folder: &Path, files: &[(&str, &str)]) -> String {
    if !folder.join(".git").exists() {
        std::fs::create_dir_all(folder).unwrap();
        git(folder, &["init", "-q", "-b", "main"]);
    }
    for (path, text) in files {
        let file = folder.join(path);
        std::fs::create_dir_all(file.parent().unwrap()).unwrap();
        std::fs::write(file, text).unwrap();
    }
    git(folder, &["add", "--all"]);
    git(folder, &["-c", "user.name=Ada", "-c", "user.email=ada@example.org", "commit", "-q", "-m", "Somebody's work"]);
    git(folder, &["rev-parse", "HEAD"])
}

/// What git prints in a folder.
pub fn git(folder: &Path, arguments: &[&str]) -> String {
    let output = Command::new("git")
        .current_dir(folder)
        .env("GIT_CONFIG_GLOBAL", "/dev/null")
        .env("GIT_CONFIG_NOSYSTEM", "1")
        .args(["-c", "user.name=Ada", "-c", "user.email=ada@example.org", "-c", "gc.auto=0", "-c", "safe.directory=*"])
        .args(arguments)
        .output()
        .expect("git runs");
    assert!(output.status.success(), "git {arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap().trim().to_owned()
}

fn base64(text: &str) -> String {
    const LETTERS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut encoded = String::new();
    for chunk in text.as_bytes().chunks(3) {
        let bits = (0..3).fold(0u32, |bits, at| bits << 8 | u32::from(chunk.get(at).copied().unwrap_or(0)));
        for at in 0..4 {
            let letter = LETTERS[(bits >> (18 - 6 * at)) as usize & 63] as char;
            encoded.push(if at <= chunk.len() { letter } else { '=' });
        }
    }
    encoded
}

struct Request {
    method: String,
    path: String,
    query: String,
    headers: Vec<(String, String)>,
    body: Vec<u8>,
}

impl Request {
    fn read(stream: &TcpStream) -> Option<Self> {
        let mut reader = BufReader::new(stream);
        let mut line = String::new();
        reader.read_line(&mut line).ok()?;
        let mut parts = line.split_whitespace();
        let (method, target) = (parts.next()?.to_owned(), parts.next()?.to_owned());
        let mut headers = Vec::new();
        loop {
            let mut line = String::new();
            reader.read_line(&mut line).ok()?;
            let Some((name, value)) = line.trim_end().split_once(": ") else { break };
            headers.push((name.to_lowercase(), value.to_owned()));
        }
        let (path, query) = target.split_once('?').unwrap_or((&target, ""));
        let mut request = Self { method, path: path.to_owned(), query: query.to_owned(), headers, body: Vec::new() };
        if let Some(length) = request.header("content-length").and_then(|length| length.parse().ok()) {
            request.body = vec![0; length];
            reader.read_exact(&mut request.body).ok()?;
        } else if request.header("transfer-encoding") == Some("chunked") {
            loop {
                let mut size = String::new();
                reader.read_line(&mut size).ok()?;
                let size = usize::from_str_radix(size.trim(), 16).ok()?;
                let mut chunk = vec![0; size + 2];
                reader.read_exact(&mut chunk).ok()?;
                if size == 0 {
                    break;
                }
                request.body.extend(&chunk[..size]);
            }
        }
        Some(request)
    }

    fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(other, _)| other == name).map(|(_, value)| value.as_str())
    }
}

fn answer(root: &Path, state: &Mutex<State>, mut stream: TcpStream) -> Option<()> {
    let request = Request::read(&stream)?;
    let behaviour = {
        let mut state = state.lock().unwrap();
        let bearing = request.header("authorization").map(str::to_owned);
        state.requests.push((format!("{} {}?{}", request.method, request.path, request.query), bearing));
        state.clone()
    };
    if let Some(elsewhere) = &behaviour.redirect {
        let location = format!("{elsewhere}{}?{}", request.path, request.query);
        let head = format!("HTTP/1.1 302 Found\r\nLocation: {location}\r\n");
        return write!(stream, "{head}Content-Length: 0\r\nConnection: close\r\n\r\n").ok();
    }
    if behaviour.authorization.is_some() && request.header("authorization") != behaviour.authorization.as_deref() {
        let head = "HTTP/1.1 401 Unauthorized\r\nWWW-Authenticate: Basic realm=\"test\"\r\n";
        return write!(stream, "{head}Content-Length: 0\r\nConnection: close\r\n\r\n").ok();
    }
    let output = backend(root, &request);
    let at = output.windows(4).position(|window| window == b"\r\n\r\n")?;
    let (head, body) = (String::from_utf8_lossy(&output[..at]).into_owned(), &output[at + 4..]);
    let status = head.lines().find_map(|line| line.strip_prefix("Status: ")).unwrap_or("200 OK");
    write!(stream, "HTTP/1.1 {status}\r\n{head}\r\nConnection: close\r\n\r\n").ok()?;
    if behaviour.stalls && body.windows(4).any(|window| window == b"PACK") {
        stream.write_all(&body[..body.len() / 2]).ok()?;
        stream.flush().ok()?;
        std::thread::sleep(Duration::from_secs(60));
        return None;
    }
    stream.write_all(body).ok()
}

fn backend(root: &Path, request: &Request) -> Vec<u8> {
    let mut command = Command::new("git");
    command.arg("http-backend").env_clear().stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null());
    for name in ["PATH", "LD_LIBRARY_PATH"] {
        command.envs(std::env::var_os(name).map(|value| (name, value)));
    }
    let variables = [
        ("GIT_PROJECT_ROOT", root.to_str().unwrap()),
        ("GIT_HTTP_EXPORT_ALL", "1"),
        ("GIT_CONFIG_NOSYSTEM", "1"),
        ("GIT_CONFIG_GLOBAL", "/dev/null"),
        ("GIT_CONFIG_COUNT", "1"),
        ("GIT_CONFIG_KEY_0", "safe.directory"),
        ("GIT_CONFIG_VALUE_0", "*"),
        ("REQUEST_METHOD", &request.method),
        ("PATH_INFO", &request.path),
        ("QUERY_STRING", &request.query),
        ("CONTENT_TYPE", request.header("content-type").unwrap_or_default()),
        ("CONTENT_LENGTH", &request.body.len().to_string()),
        ("HTTP_CONTENT_ENCODING", request.header("content-encoding").unwrap_or_default()),
        ("GIT_PROTOCOL", request.header("git-protocol").unwrap_or_default()),
        ("REMOTE_ADDR", "127.0.0.1"),
    ];
    let mut child = command.envs(variables).spawn().unwrap();
    let mut stdin = child.stdin.take().unwrap();
    let body = request.body.clone();
    let writer = std::thread::spawn(move || stdin.write_all(&body));
    let output = child.wait_with_output().unwrap();
    let _ = writer.join().unwrap();
    output.stdout
}
