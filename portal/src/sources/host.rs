//! Where one repository really is, for whoever has to write there.

use super::git::remote;
use super::store;
use crate::forge::Forge;
use crate::git::Remote;
use crate::settings::{GitHubLogin, SourceKind};
use crate::{Error, Portal, Result};

/// The place of a repository that may be written to, or not.
pub(crate) enum Host {
    /// At GitHub, by its id there.
    GitHub { forge: Forge, id: u64 },
    /// At a Git host.
    Git(Box<Remote>),
    /// Nothing may be written there: what it is that forbids it, as a sentence.
    ReadOnly(String),
}

/// Where the repository with this id is.
///
/// # Errors
/// [`Error::NotFound`] where it is in sight no longer; [`Error::Unavailable`] where a login cannot be had.
pub(crate) async fn host(portal: &Portal, repository: &str) -> Result<Host> {
    let gone = || Error::not_found("The repository, or its source,");
    let row = store::place(portal.db(), repository).await?.ok_or_else(gone)?;
    let source = portal.settings().sources.iter().find(|source| source.name == row.source).ok_or_else(gone)?;
    match &source.kind {
        SourceKind::Folder(folder) => {
            Ok(Host::ReadOnly(format!("Slipway reads the folder {} and never writes to it.", folder.display())))
        }
        SourceKind::Git(git) => {
            let address = git.addresses.iter().find(|address| address.url.as_str() == row.stable_key);
            Ok(Host::Git(Box::new(remote(git, address.ok_or_else(gone)?))))
        }
        SourceKind::GitHub(github) if github.login == GitHubLogin::Nobody => Ok(Host::ReadOnly(format!(
            "The source {} has no token and no App, so it may only read what is public.",
            source.name
        ))),
        SourceKind::GitHub(github) => {
            let forge = portal.accounts().forge(&source.name, github).map_err(Error::Unavailable)?;
            let id = row.stable_key.rsplit(':').next().and_then(|id| id.parse().ok()).ok_or_else(gone)?;
            Ok(Host::GitHub { forge, id })
        }
    }
}

/// A repository that is in sight, as those see it who have to find it.
#[derive(Debug, sqlx::FromRow)]
pub(super) struct Place {
    pub(super) source: String,
    pub(super) stable_key: String,
}
