//! What went wrong, as a person reads it: what happened, where, and what to do.

use std::io;
use std::path::Path;

use super::{Remote, RemoteUrl};

/// Why a mirror could not be brought up to date.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Failure {
    pub kind: Kind,
    /// One sentence without its full stop, for a person; holds no secret.
    pub reason: String,
    /// What to do.
    pub help: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// We were told to stop.
    Halted,
    TimedOut,
    /// The host, or the proxy on the way to it, does not answer.
    Unreachable,
    /// Name, password or key are not accepted.
    Refused,
    NotFound,
    Certificate,
    DiskFull,
    /// The default branch cannot be told.
    Branch,
    /// The answer is longer than anything that makes sense.
    TooMuch,
    /// Another process works in the mirror.
    Busy,
    /// The `git` program or our own folder cannot be used.
    Local,
    Other,
}

impl Kind {
    /// Whether the next repository of the same host will fare alike.
    pub fn is_of_host(self) -> bool {
        matches!(self, Self::TimedOut | Self::Unreachable | Self::Refused | Self::Certificate)
    }

    /// Whether the mirror itself may be what is wrong.
    pub(super) fn may_be_damage(self) -> bool {
        matches!(self, Self::Other)
    }
}

/// What git says (in English, as it is told to) of what went wrong; the first that occurs counts.
const SIGNS: [(&str, Kind); 38] = [
    ("No space left on device", Kind::DiskFull),
    ("Disk quota exceeded", Kind::DiskFull),
    ("write error: File too large", Kind::DiskFull),
    ("Host key verification failed", Kind::Certificate),
    ("SSL certificate problem", Kind::Certificate),
    ("server certificate verification failed", Kind::Certificate),
    ("SSL: no alternative certificate", Kind::Certificate),
    ("certificate subject name", Kind::Certificate),
    ("error setting certificate", Kind::Certificate),
    ("unable to get local issuer certificate", Kind::Certificate),
    ("Could not resolve proxy", Kind::Unreachable),
    ("CONNECT tunnel failed", Kind::Unreachable),
    ("Proxy CONNECT aborted", Kind::Unreachable),
    ("Could not resolve host", Kind::Unreachable),
    ("Name or service not known", Kind::Unreachable),
    ("Failed to connect", Kind::Unreachable),
    ("Couldn't connect", Kind::Unreachable),
    ("Connection refused", Kind::Unreachable),
    ("Connection timed out", Kind::Unreachable),
    ("Connection reset", Kind::Unreachable),
    ("No route to host", Kind::Unreachable),
    ("Network is unreachable", Kind::Unreachable),
    ("Empty reply from server", Kind::Unreachable),
    ("Operation too slow", Kind::TimedOut),
    ("Operation timed out", Kind::TimedOut),
    ("Authentication failed", Kind::Refused),
    ("could not read Username", Kind::Refused),
    ("could not read Password", Kind::Refused),
    ("unable to read askpass response", Kind::Refused),
    ("Permission denied (", Kind::Refused),
    ("returned error: 401", Kind::Refused),
    ("returned error: 403", Kind::Refused),
    ("returned error: 404", Kind::NotFound),
    ("returned error: 410", Kind::NotFound),
    ("Repository not found", Kind::NotFound),
    ("does not appear to be a git repository", Kind::NotFound),
    ("repository '", Kind::NotFound),
    ("returned error: 5", Kind::Unreachable),
];

impl Failure {
    /// One that is described once its remote is known: see [`Failure::at`].
    pub(super) fn new(kind: Kind) -> Self {
        Self { kind, reason: String::new(), help: String::new() }
    }

    /// Of what git said when it failed.
    pub(super) fn of_message(message: &str, remote: &Remote, secret: Option<&str>) -> Self {
        let sign = SIGNS.iter().find(|(sign, kind)| {
            let not_found = *kind != Kind::NotFound || !sign.ends_with('\'') || message.contains("' not found");
            message.contains(sign) && not_found
        });
        let mut failure = Self::new(sign.map_or(Kind::Other, |(_, kind)| *kind));
        failure.reason = match secret.filter(|secret| secret.len() > 2) {
            Some(secret) => essence(&message.replace(secret, "…")),
            None => essence(message),
        };
        failure.at(remote)
    }

    /// Of what git said when it could not push.
    pub(super) fn of_push(message: &str, remote: &Remote, secret: Option<&str>) -> Self {
        let failure = Self::of_message(message, remote, secret);
        let url = &remote.url;
        match failure.kind {
            Kind::Refused | Kind::NotFound => Self {
                reason: format!("{} does not let us push to {url}", place(url)),
                help: "Give the account of the source the right to push branches there.".to_owned(),
                ..failure
            },
            _ => failure,
        }
    }

    /// With words for a person, where it has none or only those of git.
    pub(super) fn at(self, remote: &Remote) -> Self {
        let url = &remote.url;
        let said = match self.reason.is_empty() {
            true => String::new(),
            false => format!(" (git says: {})", self.reason),
        };
        let with = |reason: String, help: &str| Self { kind: self.kind, reason, help: help.to_owned() };
        let minutes = remote.time_limit.as_secs().div_ceil(60);
        match self.kind {
            Kind::TimedOut => with(
                format!("{url} was not fetched within {minutes} minutes, or its host stopped answering{said}"),
                "Check the host and the network; of a very large repository, raise time-limit of its source. It is \
                 tried again with the next sync.",
            ),
            Kind::Unreachable => with(
                format!("the host of {url} does not answer as it should{said}"),
                "Check that the host runs and that this machine reaches it; if it takes a proxy, set proxy of the \
                 source. It is tried again with the next sync.",
            ),
            Kind::Refused => with(format!("{} does not let us read {url}{said}", place(url)), refused_help(url)),
            Kind::NotFound => with(
                format!("{url} is not there, or we may not know that it is{said}"),
                "If it was moved, correct its address in the source; if it is deleted, take the address out; else give \
                 the account of the source the right to read it.",
            ),
            Kind::Certificate => with(
                format!("{} could not prove that it is the host of {url}{said}", place(url)),
                "Set ca-file of the source to the certificate of who signs the host's; for ssh, add the host's key to \
                 known_hosts.",
            ),
            Kind::DiskFull => with(
                format!("the disk is full, so {url} could not be fetched{said}"),
                "Make room in the data folder. What was fetched before stays, and it is tried again with the next sync.",
            ),
            Kind::TooMuch => with(
                format!("{url} has more references than Slipway looks at"),
                "Delete branches and tags that nobody needs.",
            ),
            Kind::Other => with(
                format!("git could not fetch {url}{said}"),
                "Run git fetch with this address by hand to see more. It is tried again with the next sync.",
            ),
            Kind::Halted | Kind::Branch | Kind::Busy | Kind::Local => self,
        }
    }

    pub(super) fn of_start(error: &io::Error) -> Self {
        let reason = format!("the git program could not be run: {error}");
        let help = "Install git 2.38 or newer where the PATH of Slipway finds it.";
        Self { kind: Kind::Local, reason, help: help.to_owned() }
    }

    pub(super) fn of_version(text: &str, (major, minor): (u32, u32)) -> Self {
        let reason = format!("the git program is too old: {text}");
        Self { kind: Kind::Local, reason, help: format!("Install git {major}.{minor} or newer.") }
    }

    pub(super) fn of_folder(folder: &Path, error: &io::Error) -> Self {
        let kind = match error.kind() {
            io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => Kind::DiskFull,
            _ => Kind::Local,
        };
        let folder = super::command::shown(folder);
        let reason = format!("{} cannot be used: {error}", folder.display());
        Self { kind, reason, help: "Check that it can be written and that its disk has space.".to_owned() }
    }

    pub(super) fn of_credentials(remote: &Remote, why: &str) -> Self {
        let reason = format!("the password for {} cannot be had: {why}", remote.url);
        Self { kind: Kind::Refused, reason, help: "Check password-file of the source.".to_owned() }
    }

    pub(super) fn of_branch(url: &RemoteUrl, branches: &str) -> Self {
        let reason = format!("the default branch of {url} does not exist any more; there are others: {branches}");
        let help = "Choose a default branch at the host. What was known before stays.";
        Self { kind: Kind::Branch, reason, help: help.to_owned() }
    }

    pub(super) fn of_lock(url: &RemoteUrl) -> Self {
        let reason = format!("an earlier git still works in the mirror of {url}");
        let help = "Wait until it ends, or end it. It is tried again with the next sync.";
        Self { kind: Kind::Busy, reason, help: help.to_owned() }
    }
}

fn place(url: &RemoteUrl) -> &str {
    if url.host().is_empty() { "this machine" } else { url.host() }
}

fn refused_help(url: &RemoteUrl) -> &'static str {
    match url.origin() {
        Some(_) => {
            "Check username and password-file or password-env of the source, and that the account may read the \
             repository."
        }
        None => "Check that the key of the user that runs Slipway is in its ssh agent and may read the repository.",
    }
}

/// The lines that say something, one after the other, at most 300 characters.
fn essence(message: &str) -> String {
    let telling = |line: &&str| ["fatal: ", "error: "].iter().any(|start| line.starts_with(start));
    let mut lines: Vec<&str> = message.lines().filter(telling).take(3).collect();
    if lines.is_empty() {
        lines = message.lines().rev().take(1).collect();
    }
    let joined = lines.join("; ");
    let text: String = joined.chars().filter(|c| !c.is_control()).take(300).collect();
    text.trim_end_matches(['.', ' ']).to_owned()
}
