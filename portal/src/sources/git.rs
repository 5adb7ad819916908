//! Repositories by their Git addresses, mirrored in the data folder.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use futures::FutureExt;
use futures::future::BoxFuture;

use super::read::Failure;
use super::{Coverage, Extent, Known, Listed, Listing, Source, secrets};
use crate::git::{self, Address, Login, Remote, Watch};
use crate::settings::{GitSettings, Password};

/// After so many failures of one host in a row, none of which came to an end otherwise, the rest is not tried in this
/// round: a host that hangs would cost a minute for each, and a wrong password may lock an account.
const MOST_FAILURES: u32 = 3;

/// Mirrors of repositories at Git hosts.
///
/// What the operator has written down is what there is: an address that is taken out of the configuration takes its
/// repository away at once, however many there are, since that is a person's word. An address whose host says that there
/// is nothing (404) stays, like every other that cannot be fetched.
pub struct GitSource {
    mirrors: PathBuf,
    /// With the paths of their mirrors, in the order of the configuration.
    remotes: Vec<(String, Remote)>,
    /// By host, for one round.
    failing: Mutex<HashMap<String, Failing>>,
}

#[derive(Clone, Default)]
struct Failing {
    in_a_row: u32,
    last: Option<git::Failure>,
}

impl GitSource {
    /// The mirrors are kept below `mirrors`.
    pub fn new(settings: &GitSettings, mirrors: &Path) -> Self {
        let remotes = settings.addresses.iter().map(|address| {
            let path = mirrors.join(address.url.folder_name());
            let path = std::path::absolute(&path).unwrap_or(path);
            (path.to_string_lossy().into_owned(), remote(settings, address))
        });
        Self { mirrors: mirrors.to_owned(), remotes: remotes.collect(), failing: Mutex::default() }
    }

    fn remote(&self, path: &str) -> Result<&Remote, Failure> {
        let found = self.remotes.iter().find(|(other, _)| other == path);
        found.map(|(_, remote)| remote).ok_or_else(|| Failure::of("its address is not configured".to_owned(), None))
    }

    async fn update(&self, path: &str, watch: &Watch<'_>) -> Result<PathBuf, Failure> {
        let remote = self.remote(path)?;
        if let Some(failure) = self.given_up(remote) {
            return Err(failure);
        }
        let updated = git::update(&self.mirrors, remote, watch).await;
        self.note(remote, updated.as_ref().err());
        updated.map(|_| PathBuf::from(path)).map_err(Failure::from)
    }

    fn given_up(&self, remote: &Remote) -> Option<Failure> {
        let failing = self.failing.lock().unwrap_or_else(PoisonError::into_inner);
        let failing = failing.get(remote.url.host()).filter(|failing| failing.in_a_row >= MOST_FAILURES)?;
        let last = failing.last.as_ref()?;
        let reason = format!(
            "{} was not tried, since its host failed {MOST_FAILURES} times in a row. The last time: {}",
            remote.url, last.reason
        );
        Some(Failure::of(reason, Some(last.help.clone())))
    }

    fn note(&self, remote: &Remote, failure: Option<&git::Failure>) {
        let host = remote.url.host().to_owned();
        let mut failing = self.failing.lock().unwrap_or_else(PoisonError::into_inner);
        let entry = failing.entry(host).or_default();
        match failure.filter(|failure| failure.kind.is_of_host()) {
            Some(failure) => {
                entry.in_a_row += 1;
                entry.last = Some(failure.clone());
            }
            // Also a failure of another kind: the host has answered.
            None => *entry = Failing::default(),
        }
    }
}

impl Source for GitSource {
    fn list<'a>(&'a self, _: &'a Extent, _: &'a [&'a Known]) -> BoxFuture<'a, Listing> {
        let listed = |(path, remote): &(String, Remote)| Listed {
            stable_key: remote.url.to_string(),
            name: remote.url.name(),
            path: path.clone(),
            archived: false,
            fork: false,
            visibility: None,
            forge: None,
            pushed_at: None,
        };
        let repositories = self.remotes.iter().map(listed).collect();
        std::future::ready(Listing {
            repositories,
            coverage: Coverage::Complete,
            missing: Vec::new(),
            findings: Vec::new(),
        })
        .boxed()
    }

    fn is_remote(&self) -> bool {
        true
    }

    fn open<'a>(&'a self, path: &'a str, watch: &'a Watch<'a>) -> BoxFuture<'a, Result<PathBuf, Failure>> {
        self.update(path, watch).boxed()
    }

    fn mend<'a>(&'a self, path: &'a str, watch: &'a Watch<'a>) -> BoxFuture<'a, Result<bool, Failure>> {
        async move { git::mend(&self.mirrors, self.remote(path)?, watch).await.map_err(Failure::from) }.boxed()
    }
}

impl From<git::Failure> for Failure {
    fn from(failure: git::Failure) -> Self {
        Self::of(failure.reason, Some(failure.help))
    }
}

/// An address with everything that is needed to reach it.
pub(super) fn remote(settings: &GitSettings, address: &Address) -> Remote {
    let username = address.username.clone().or_else(|| settings.username.clone());
    let password = address.password.clone().map(Password::Known).or_else(|| settings.password.clone());
    Remote {
        url: address.url.clone(),
        credentials: Arc::new(move || login(username.as_deref(), password.as_ref())),
        connection: settings.connection.clone(),
        time_limit: settings.time_limit,
    }
}

fn login(username: Option<&str>, password: Option<&Password>) -> Result<Option<Login>, String> {
    let secret = match password {
        None => return Ok(None),
        Some(password) => secrets::read(password)?,
    };
    // Hosts that take a token alone take any name.
    Ok(Some(Login { username: username.unwrap_or("git").to_owned(), secret }))
}
