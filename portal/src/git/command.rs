//! One run of git: hardened, bounded in time and in what it may say, and ended with all its children.

use std::ffi::OsString;
use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::{ExitStatus, Stdio};
use std::sync::OnceLock;
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process_group};
use tokio::io::{AsyncRead, AsyncReadExt};
use tokio::process::Command;

use super::failure::{Failure, Kind};
use super::{Connection, RemoteUrl, Watch, askpass};
use crate::git::Login;

/// The oldest version that is known to do.
pub const OLDEST: (u32, u32) = (2, 38);
/// What git may answer: half a million references.
const LONGEST_ANSWER: usize = 48 << 20;
/// What is kept of its messages, from the end.
const LONGEST_MESSAGE: usize = 16 << 10;
/// After it was asked to end, git may tidy up for so long.
const GRACE: Duration = Duration::from_secs(2);

/// Variables that git and ssh need of ours, or that an operator sets for them. No others: ours hold secrets.
const INHERITED: [&str; 32] = [
    "PATH",
    "HOME",
    "USER",
    "LOGNAME",
    "TMPDIR",
    "LD_LIBRARY_PATH",
    "XDG_CONFIG_HOME",
    "XDG_RUNTIME_DIR",
    "SSH_AUTH_SOCK",
    "SSH_AGENT_PID",
    "GIT_SSH",
    "GIT_SSH_COMMAND",
    "GIT_SSH_VARIANT",
    "GIT_EXEC_PATH",
    "GIT_CONFIG_GLOBAL",
    "GIT_CONFIG_SYSTEM",
    "GIT_CONFIG_NOSYSTEM",
    "GIT_SSL_CAINFO",
    "GIT_SSL_CAPATH",
    "GIT_PROXY_SSL_CAINFO",
    "SSL_CERT_FILE",
    "SSL_CERT_DIR",
    "http_proxy",
    "https_proxy",
    "HTTPS_PROXY",
    "all_proxy",
    "ALL_PROXY",
    "no_proxy",
    "NO_PROXY",
    "GNUPGHOME",
    "KRB5CCNAME",
    "KRB5_CONFIG",
];

/// Ours wins over whatever the machine's and the user's configuration say.
const SETTINGS: [(&str, &str); 12] = [
    ("core.hooksPath", "/dev/null"),
    ("core.fsmonitor", "false"),
    ("core.logAllRefUpdates", "false"),
    ("fetch.recurseSubmodules", "false"),
    ("fetch.unpackLimit", "1"),
    ("fetch.writeCommitGraph", "false"),
    ("fetch.bundleURI", ""),
    ("transfer.bundleURI", "false"),
    ("gc.autoDetach", "false"),
    // A host that says nothing for two minutes will not say anything.
    ("http.lowSpeedLimit", "1"),
    ("http.lowSpeedTime", "120"),
    ("pack.threads", "1"),
];

/// Asks nobody, and notices a host that is gone.
const SSH: &str = "ssh -o BatchMode=yes -o ConnectTimeout=30 -o ServerAliveInterval=15 -o ServerAliveCountMax=4";

/// Where git runs.
pub(super) struct Place<'a> {
    /// The folder of all mirrors.
    pub(super) mirrors: &'a Path,
    /// The mirror; without one git finds no repository.
    pub(super) mirror: Option<&'a Path>,
    /// Held by git and its children for as long as they live, also when we do not.
    pub(super) lock: Option<&'a File>,
    /// An index of our own beside the mirror's files, for those commands that need one.
    pub(super) index: Option<&'a Path>,
}

/// What git may speak to.
pub(super) struct Access<'a> {
    pub(super) url: &'a RemoteUrl,
    pub(super) connection: &'a Connection,
    pub(super) login: Option<&'a Login>,
}

/// How a run ended that came to its end.
pub(super) struct Output {
    pub(super) success: bool,
    pub(super) answer: Vec<u8>,
    /// The last of what it said, without progress.
    pub(super) message: String,
}

/// Runs git with `arguments`, and waits at most `limit`.
pub(super) async fn run(
    place: &Place<'_>,
    access: Option<&Access<'_>>,
    arguments: &[&str],
    limit: Duration,
    watch: &Watch<'_>,
) -> Result<Output, Failure> {
    let mut command = prepare(place, access)?;
    let stdin = match place.lock {
        Some(lock) => lock.try_clone().map(Stdio::from).map_err(|error| Failure::of_folder(place.mirrors, &error))?,
        None => Stdio::null(),
    };
    command.args(arguments).stdin(stdin).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().map_err(|error| Failure::of_start(&error))?;
    let mut group = Group(child.id().and_then(|id| i32::try_from(id).ok()).and_then(Pid::from_raw));
    let (stdout, stderr) = (child.stdout.take(), child.stderr.take());
    let work = async {
        let (answer, message, status) = tokio::join!(answer(stdout), messages(stderr, watch), child.wait());
        (answer, message, status)
    };
    let ended = tokio::select! {
        ended = work => Ok(ended),
        () = tokio::time::sleep(limit) => Err(Failure::new(Kind::TimedOut)),
        () = watch.halted.cancelled() => Err(Failure::new(Kind::Halted)),
    };
    match ended {
        Ok((answer, message, status)) => {
            group.0 = None;
            let answer = answer.ok_or_else(|| Failure::new(Kind::TooMuch))?;
            let success = status.as_ref().is_ok_and(ExitStatus::success);
            Ok(Output { success, answer, message })
        }
        Err(failure) => {
            group.signal(Signal::TERM);
            if tokio::time::timeout(GRACE, child.wait()).await.is_err() {
                group.signal(Signal::KILL);
                let _ = child.wait().await;
            }
            Err(failure)
        }
    }
}

pub(super) fn prepare(place: &Place<'_>, access: Option<&Access<'_>>) -> Result<Command, Failure> {
    let mirrors = std::path::absolute(place.mirrors).map_err(|error| Failure::of_folder(place.mirrors, &error))?;
    let mut command = Command::new("git");
    command.env_clear().process_group(0).kill_on_drop(true).current_dir(&mirrors);
    command.envs(INHERITED.iter().filter_map(|name| std::env::var_os(name).map(|value| (*name, value))));
    command
        .env("LC_ALL", "C")
        .env("GIT_TERMINAL_PROMPT", "0")
        .env("GCM_INTERACTIVE", "never")
        // Empty: nobody is asked. `askpass` puts ours in its place.
        .env("GIT_ASKPASS", "")
        .env("SSH_ASKPASS_REQUIRE", "never")
        .env("GIT_TEMPLATE_DIR", "")
        .env("GIT_DEFAULT_REF_FORMAT", "files")
        .env("GIT_OPTIONAL_LOCKS", "0")
        .env("GIT_CEILING_DIRECTORIES", mirrors.parent().unwrap_or(&mirrors));
    if std::env::var_os("GIT_SSH_COMMAND").is_none() && std::env::var_os("GIT_SSH").is_none() {
        command.env("GIT_SSH_COMMAND", SSH);
    }
    if let Some(mirror) = place.mirror {
        command.env("GIT_DIR", std::path::absolute(mirror).map_err(|error| Failure::of_folder(mirror, &error))?);
    }
    if let Some(index) = place.index {
        let index = std::path::absolute(index).map_err(|error| Failure::of_folder(index, &error))?;
        // Some of them insist on a work tree, and touch nothing in it.
        command.env("GIT_WORK_TREE", index.parent().unwrap_or(&mirrors)).env("GIT_INDEX_FILE", index);
    }
    let mut settings: Vec<(&str, OsString)> = SETTINGS.map(|(key, value)| (key, value.into())).to_vec();
    if let Some(access) = access {
        command.env("GIT_ALLOW_PROTOCOL", access.url.scheme.allowed());
        if let Some(login) = access.login {
            let variables = askpass::environment(&mirrors, access.url, login);
            command.envs(variables.map_err(|error| Failure::of_folder(&mirrors, &error))?);
            // A helper would keep the secret.
            settings.push(("credential.helper", "".into()));
        }
        if let Some(file) = &access.connection.ca_file {
            let file = std::path::absolute(file).unwrap_or_else(|_| file.clone());
            command.env("GIT_SSL_CAINFO", &file);
            settings.push(("http.sslCAInfo", file.into()));
        }
        if let Some(proxy) = &access.connection.proxy {
            settings.push(("http.proxy", proxy.expose().into()));
        }
    }
    command.env("GIT_CONFIG_COUNT", settings.len().to_string());
    for (number, (key, value)) in settings.into_iter().enumerate() {
        command.env(format!("GIT_CONFIG_KEY_{number}"), key).env(format!("GIT_CONFIG_VALUE_{number}"), value);
    }
    Ok(command)
}

/// The processes of one run. Whatever happens to us, they end.
struct Group(Option<Pid>);

impl Group {
    fn signal(&self, signal: Signal) {
        if let Some(group) = self.0 {
            // It may have ended by itself.
            let _ = kill_process_group(group, signal);
        }
    }
}

impl Drop for Group {
    fn drop(&mut self) {
        self.signal(Signal::KILL);
    }
}

/// `None` where it is longer than anything that makes sense; the rest is read all the same, so that git ends.
async fn answer(stdout: Option<impl AsyncRead + Unpin>) -> Option<Vec<u8>> {
    let mut answer = Vec::new();
    let mut stdout = stdout?;
    let read = (&mut stdout).take(LONGEST_ANSWER as u64 + 1).read_to_end(&mut answer).await;
    let fits = read.is_ok() && answer.len() <= LONGEST_ANSWER;
    if !fits {
        let _ = tokio::io::copy(&mut stdout, &mut tokio::io::sink()).await;
    }
    fits.then_some(answer)
}

/// The last of what git says; progress goes to whoever watches.
async fn messages(stderr: Option<impl AsyncRead + Unpin>, watch: &Watch<'_>) -> String {
    let Some(mut stderr) = stderr else { return String::new() };
    let (mut kept, mut line) = (String::new(), Vec::new());
    let mut chunk = [0; 4096];
    while let Ok(length) = stderr.read(&mut chunk).await
        && length > 0
    {
        for byte in &chunk[..length] {
            match byte {
                b'\r' | b'\n' => take_line(&mut line, &mut kept, watch),
                // A longer line is cut.
                _ if line.len() < 1_000 => line.push(*byte),
                _ => {}
            }
        }
    }
    take_line(&mut line, &mut kept, watch);
    kept
}

fn take_line(line: &mut Vec<u8>, kept: &mut String, watch: &Watch<'_>) {
    let text = String::from_utf8_lossy(line).trim().to_owned();
    line.clear();
    if text.is_empty() {
        return;
    }
    if is_progress(&text) {
        (watch.say)(text.strip_prefix("remote: ").unwrap_or(&text));
        return;
    }
    kept.push_str(&text);
    kept.push('\n');
    if kept.len() > LONGEST_MESSAGE {
        let cut = kept.ceil_char_boundary(kept.len() - LONGEST_MESSAGE / 2);
        kept.drain(..cut);
    }
}

/// As in `Receiving objects:  45% (9/20), 1.2 MiB | 1 MiB/s`, and `remote: Counting objects: 5, done.`
fn is_progress(line: &str) -> bool {
    const STEPS: [&str; 6] = [
        "Enumerating objects:",
        "Counting objects:",
        "Compressing objects:",
        "Receiving objects:",
        "Resolving deltas:",
        "Unpacking objects:",
    ];
    let line = line.strip_prefix("remote: ").unwrap_or(line);
    STEPS.iter().any(|step| line.starts_with(step))
}

/// Whether a `git` is there that is new enough.
pub(super) async fn check(mirrors: &Path, watch: &Watch<'_>) -> Result<(), Failure> {
    static FITS: OnceLock<()> = OnceLock::new();
    if FITS.get().is_some() {
        return Ok(());
    }
    let text = installed(mirrors, watch).await?;
    match version(&text) {
        Some(version) if version >= OLDEST => {
            FITS.get_or_init(|| ());
            Ok(())
        }
        _ => Err(Failure::of_version(&text, OLDEST)),
    }
}

/// What the `git` program says of its version, whether it is new enough or not.
///
/// # Errors
/// If it cannot be run.
pub async fn installed(folder: &Path, watch: &Watch<'_>) -> Result<String, Failure> {
    let place = Place { mirrors: folder, mirror: None, lock: None, index: None };
    let output = run(&place, None, &["version"], Duration::from_secs(30), watch).await?;
    Ok(String::from_utf8_lossy(&output.answer).trim().to_owned())
}

/// Of `git version 2.47.3`.
pub fn version(text: &str) -> Option<(u32, u32)> {
    let mut parts = text.trim().strip_prefix("git version ")?.split('.');
    Some((parts.next()?.parse().ok()?, parts.next()?.parse().ok()?))
}

/// The folder of a path, made absolute, for messages.
pub(super) fn shown(path: &Path) -> PathBuf {
    std::path::absolute(path).unwrap_or_else(|_| path.to_owned())
}
