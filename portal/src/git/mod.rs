//! The `git` program: the one place outside the demo that runs it, and only within our own mirrors.
//!
//! Invariant: no secret stands in an argument, in an address that is kept, in a log or in a mirror. [`Credentials`] are
//! asked each time before git is started, and reach it through `GIT_ASKPASS` and its environment alone.

mod askpass;
mod command;
mod failure;
mod listing;
mod merge;
mod mirror;
mod project;
mod remote;
#[cfg(test)]
pub(crate) mod testing;
#[cfg(test)]
mod tests;
mod workshop;

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use futures::FutureExt;
use futures::future::BoxFuture;
use tokio_util::sync::CancellationToken;

pub use self::command::installed;
pub(crate) use self::command::{OLDEST, version};
pub use self::failure::{Failure, Kind};
pub use self::merge::Merger;
pub use self::mirror::{Updated, clean, mend, reach, update};
pub use self::project::{FirstCommit, create, push_new};
pub use self::remote::{Address, RemoteUrl};
pub use self::workshop::{NewFile, Pushed, Workshop};
pub use crate::secret::Secret;

/// How long one fetch may take where nobody says otherwise.
pub const TIME_LIMIT: Duration = Duration::from_secs(60 * 60);

/// A name and what goes with it: a password or a token.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Login {
    pub username: String,
    pub secret: Secret,
}

/// Who we are at a host. Asked each time before git is started, so that tokens may be renewed and files replaced.
pub trait Credentials: Send + Sync {
    /// `None`: git's own helpers are asked. The error is for a person.
    fn login(&self) -> BoxFuture<'_, Result<Option<Login>, String>>;
}

impl<F> Credentials for F
where
    F: Fn() -> Result<Option<Login>, String> + Send + Sync,
{
    fn login(&self) -> BoxFuture<'_, Result<Option<Login>, String>> {
        std::future::ready(self()).boxed()
    }
}

/// How a host is reached.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Connection {
    /// Certificates (PEM) of those who may sign the host's.
    pub ca_file: Option<PathBuf>,
    /// An address, which may hold a name and a password.
    pub proxy: Option<Secret>,
}

/// A repository at a host, with everything that is needed to mirror it.
#[derive(Clone)]
pub struct Remote {
    pub url: RemoteUrl,
    pub credentials: Arc<dyn Credentials>,
    pub connection: Connection,
    /// For all of one fetch.
    pub time_limit: Duration,
}

/// Whoever waits for git: may halt it, and hears how far it is.
pub struct Watch<'a> {
    pub halted: CancellationToken,
    /// As in "Receiving objects: 45%"; many times a second.
    pub say: Box<dyn Fn(&str) + Send + Sync + 'a>,
}

impl<'a> Watch<'a> {
    pub fn new(halted: CancellationToken, say: impl Fn(&str) + Send + Sync + 'a) -> Self {
        Self { halted, say: Box::new(say) }
    }
}
