//! Where one repository really is, for whoever has to write there.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::connect::ForgeCredentials;
use super::git::remote;
use super::store;
use crate::forge::{Authentication, Forge, ForgeRepository, ForgeSettings, Secret};
use crate::git::{Address, Remote};
use crate::settings::{GitHubLogin, GitHubSettings, SourceKind};
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

/// Where a source has new repositories.
pub(crate) enum Ground {
    /// Bare ones, in this folder.
    Folder(PathBuf),
    /// Of an owner at GitHub.
    GitHub { forge: Forge, settings: Box<GitHubSettings> },
}

/// Where the source of this name has new repositories.
///
/// # Errors
/// [`Error::NotFound`] for a source that is not configured, or not for new projects; [`Error::Unavailable`] where its login
/// cannot be had.
pub(crate) fn ground(portal: &Portal, source: &str) -> Result<Ground> {
    let found = portal.settings().sources.iter().find(|settings| settings.name == source && settings.launch);
    let found = found.ok_or_else(|| Error::not_found(format!("A source {source:?} for new projects")))?;
    match &found.kind {
        SourceKind::Folder(folder) => {
            Ok(Ground::Folder(std::path::absolute(folder).unwrap_or_else(|_| folder.clone())))
        }
        SourceKind::GitHub(settings) => {
            let forge = portal.accounts().forge(source, settings).map_err(Error::Unavailable)?;
            Ok(Ground::GitHub { forge, settings: Box::new(settings.clone()) })
        }
        SourceKind::Git(_) => Err(Error::not_found(format!("A way to make repositories at {source:?}"))),
    }
}

/// The source that is this owner at a forge, with a login to act there.
pub(crate) fn of_owner<'p>(portal: &'p Portal, host: &str, owner: &str) -> Option<&'p str> {
    let is_it = |settings: &GitHubSettings| {
        settings.login != GitHubLogin::Nobody
            && settings.is_own_host(host)
            && settings.owner.name().eq_ignore_ascii_case(owner)
    };
    let found = portal.settings().sources.iter().find(|source| match &source.kind {
        SourceKind::GitHub(settings) => is_it(settings),
        SourceKind::Folder(_) | SourceKind::Git(_) => false,
    });
    found.map(|source| source.name.as_str())
}

/// The forge of the source of this name, with its login.
///
/// # Errors
/// [`Error::NotFound`] for one that is not configured, or not at GitHub; [`Error::Unavailable`] where its login cannot be had.
pub(crate) fn forge_of<'p>(portal: &'p Portal, source: &str) -> Result<(Forge, &'p GitHubSettings)> {
    let settings = portal.settings().sources.iter().find_map(|found| match &found.kind {
        SourceKind::GitHub(settings) if found.name == source => Some(settings),
        _ => None,
    });
    let settings = settings.ok_or_else(|| Error::not_found(format!("A source {source:?} at GitHub")))?;
    Ok((portal.accounts().forge(source, settings).map_err(Error::Unavailable)?, settings))
}

/// A client that speaks to the same forge with the token of somebody else.
///
/// # Errors
/// What is wrong with the settings, for a person.
pub(crate) fn forge_with(settings: &GitHubSettings, token: &str) -> std::result::Result<Forge, String> {
    let anonymous = GitHubSettings { login: GitHubLogin::Nobody, ..settings.clone() };
    let settings = super::connect::forge_settings(&anonymous, None)?;
    let own = ForgeSettings { authentication: Authentication::Token(Secret::new(token)), ..settings };
    Forge::new(&own).map_err(|error| error.to_string())
}

/// What tells the repository at `path` apart, in a source that is a folder.
pub(crate) fn key_of_folder(path: &Path) -> String {
    std::fs::canonicalize(path).as_deref().unwrap_or(path).to_string_lossy().into_owned()
}

/// The same of a repository at GitHub.
pub(crate) fn key_at_github(settings: &GitHubSettings, id: u64) -> String {
    format!("github:{}:{id}", settings.host())
}

/// How git gets at a repository at GitHub.
///
/// # Errors
/// For a person: the forge leads elsewhere.
pub(crate) fn remote_at_github(
    settings: &GitHubSettings,
    forge: &Forge,
    repository: &ForgeRepository,
) -> std::result::Result<Remote, String> {
    let address = Address::parse(&repository.clone_url)
        .map_err(|expected| format!("the forge gives an address for cloning that is not {expected}"))?;
    if !settings.is_own_host(address.url.host()) {
        return Err(format!("the forge sends to {} for cloning, which gets no credentials", address.url.host()));
    }
    Ok(Remote {
        url: address.url,
        credentials: Arc::new(ForgeCredentials(forge.clone())),
        connection: settings.connection.clone(),
        time_limit: settings.time_limit,
    })
}

/// A repository that is in sight, as those see it who have to find it.
#[derive(Debug, sqlx::FromRow)]
pub(super) struct Place {
    pub(super) source: String,
    pub(super) stable_key: String,
}
