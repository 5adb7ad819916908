//! Where templates come from: a folder as it is, or a repository at one of its commits, mirrored where it is elsewhere.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use engine_repo::{FileKind, Repository};
use engine_templates::lineage::{Source, Version};
use engine_templates::tree::{Entry, Tree};
use tokio_util::sync::CancellationToken;

use super::{read_folder, tree_at, zipped};
use crate::error::{Error, Result};
use crate::git::{self, Address, Connection, Login, Remote, Watch};

/// A template that was brought here.
#[derive(Debug, Clone)]
pub struct Fetched {
    /// All files of the folder or repository that holds it.
    pub tree: Tree,
    pub source: Source,
    /// Without a commit where it is a folder that is no repository, or holds what was not committed.
    pub version: Version,
    /// Where it lies on this machine.
    pub folder: PathBuf,
    /// What whoever uses it should know.
    pub warning: Option<String>,
}

/// Which version is wanted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reference<'a> {
    /// The head of the default branch; a folder as it lies.
    Newest,
    /// A branch, tag or commit.
    Named(&'a str),
    /// A branch, where the name is that of one: it moves. A tag or a commit does not, and means the newest.
    Followed(&'a str),
}

impl<'a> Reference<'a> {
    /// The name, or the newest without one.
    pub fn named(name: Option<&'a str>) -> Self {
        name.map_or(Self::Newest, Self::Named)
    }
}

impl Fetched {
    /// What says which version this is: its commit, or `sha256:` and the hash of all its files where it is in none.
    #[must_use]
    pub fn identity(&self) -> String {
        match &self.version.commit {
            Some(commit) => commit.clone(),
            None => format!("sha256:{}", self.tree.digest()),
        }
    }

    /// The same template at another of its commits, without asking its host again.
    ///
    /// # Errors
    /// [`Error::NotFound`] for a commit that is not there.
    pub fn at(&self, commit: &str) -> Result<Self> {
        of_repository(&open(&self.folder)?, &self.source.address, self.source.directory.as_deref(), Some(commit))
    }
}

/// Brings a template here: `address` is a folder, a zip archive or a Git address. Repositories elsewhere are mirrored below `mirrors`. A folder
/// is taken as it is, with what is not committed, unless `reference` says which commit; `say` hears how far git is.
///
/// # Errors
/// [`Error::NotFound`] for what is not there, [`Error::Unavailable`] for what cannot be read or reached.
pub async fn fetch(
    address: &str,
    directory: Option<&str>,
    reference: Reference<'_>,
    mirrors: &Path,
    say: impl Fn(&str) + Send + Sync,
) -> Result<Fetched> {
    let path = Path::new(address);
    if path.is_dir() {
        let (path, directory) = (path.to_owned(), directory.map(str::to_owned));
        let wanted = Named::of(reference);
        let read = move || {
            let name = wanted.name(&path)?;
            of_folder(&path, directory.as_deref(), name.as_deref())
        };
        return tokio::task::spawn_blocking(read).await.map_err(Error::internal)?;
    }
    if zipped::is_one(address) {
        return match reference {
            Reference::Named(name) => Err(Error::not_found(format!("{name:?}: an archive has no versions: this one"))),
            _ => zipped::fetch(address, directory).await,
        };
    }
    if let Some(path) = on_this_machine(address) {
        let (address, directory, wanted) = (address.to_owned(), directory.map(str::to_owned), Named::of(reference));
        let read = move || {
            let name = wanted.name(&path)?;
            of_repository(&open(&path)?, &address, directory.as_deref(), name.as_deref())
        };
        return tokio::task::spawn_blocking(read).await.map_err(Error::internal)?;
    }
    let parsed = Address::parse(address).map_err(|expected| {
        Error::not_found(format!("The template {address:?}, which is neither a folder nor {expected},"))
    })?;
    let login = parsed
        .password
        .clone()
        .map(|secret| Login { username: parsed.username.clone().unwrap_or_else(|| "git".to_owned()), secret });
    let remote = Remote {
        url: parsed.url.clone(),
        credentials: Arc::new(move || Ok(login.clone())),
        connection: Connection::default(),
        time_limit: git::TIME_LIMIT,
    };
    std::fs::create_dir_all(mirrors)
        .map_err(|error| Error::Unavailable(format!("{} cannot be made: {error}", mirrors.display())))?;
    let watch = Watch::new(CancellationToken::new(), say);
    git::update(mirrors, &remote, &watch)
        .await
        .map_err(|failure| Error::Unavailable(format!("{} {}", failure.reason, failure.help)))?;
    let (mirror, address) = (mirrors.join(parsed.url.folder_name()), address.to_owned());
    let (directory, wanted) = (directory.map(str::to_owned), Named::of(reference));
    let read = move || {
        let name = wanted.name(&mirror)?;
        of_repository(&open(&mirror)?, &address, directory.as_deref(), name.as_deref())
    };
    tokio::task::spawn_blocking(read).await.map_err(Error::internal)?
}

/// The repository that a `file://` address names, which needs no mirror. One that is written with escapes is left to git.
fn on_this_machine(address: &str) -> Option<PathBuf> {
    let path = address.strip_prefix("file://").filter(|path| path.starts_with('/') && !path.contains('%'))?;
    Some(PathBuf::from(path)).filter(|path| Repository::open(path).is_ok())
}

/// A [`Reference`] of its own.
struct Named {
    name: Option<String>,
    follows: bool,
}

impl Named {
    fn of(reference: Reference<'_>) -> Self {
        match reference {
            Reference::Newest => Self { name: None, follows: false },
            Reference::Named(name) => Self { name: Some(name.to_owned()), follows: false },
            Reference::Followed(name) => Self { name: Some(name.to_owned()), follows: true },
        }
    }

    /// The name that counts in the repository at `path`.
    fn name(self, path: &Path) -> Result<Option<String>> {
        let name = match self.name {
            Some(name) if self.follows => name,
            name => return Ok(name),
        };
        let is_branch = open(path)?.is_branch(&name).map_err(|error| Error::Unavailable(error.to_string()))?;
        Ok(is_branch.then_some(name))
    }
}

fn open(path: &Path) -> Result<Repository> {
    Repository::open(path).map_err(|error| Error::Unavailable(error.to_string()))
}

fn of_repository(
    repository: &Repository,
    address: &str,
    directory: Option<&str>,
    reference: Option<&str>,
) -> Result<Fetched> {
    let (commit, version) = version(repository, address, reference)?;
    let tree = tree_at(repository, &commit)?;
    let (source, folder) = (Source::new(address, directory), repository.path().to_owned());
    Ok(Fetched { tree, source, version, folder, warning: None })
}

/// The commit that is meant, and the version that it is.
fn version(repository: &Repository, address: &str, reference: Option<&str>) -> Result<(String, Version)> {
    let unreadable = |error: engine_repo::ReadError| Error::Unavailable(error.to_string());
    let commit = match reference {
        Some(name) => repository.resolve(name).map_err(unreadable)?,
        None => repository.head().map_err(unreadable)?.map(|head| head.commit),
    };
    let commit = commit.ok_or_else(|| match reference {
        Some(name) => Error::not_found(format!("A branch, tag or commit {name:?} of {address}")),
        None => Error::Unavailable(format!("{address} has no commit yet.")),
    })?;
    let tag = repository.tag_of(&commit).map_err(unreadable)?;
    Ok((commit.clone(), Version { commit: Some(commit), tag, reference: reference.map(str::to_owned) }))
}

fn of_folder(path: &Path, directory: Option<&str>, reference: Option<&str>) -> Result<Fetched> {
    let folder = std::fs::canonicalize(path)
        .map_err(|error| Error::Unavailable(format!("{} cannot be read: {error}", path.display())))?;
    let address = folder.display().to_string();
    let repository = Repository::open(&folder).ok();
    match (&repository, reference) {
        (Some(repository), Some(_)) => of_repository(repository, &address, directory, reference),
        (None, Some(name)) => {
            Err(Error::not_found(format!("{name:?}: {address} is no Git repository, and so has no versions: this one")))
        }
        (Some(repository), None) => {
            let tree = read_folder(&folder)?;
            match version(repository, &address, None) {
                Ok((commit, version)) if is_committed(repository, &commit, &tree) => {
                    let source = Source::new(&address, directory);
                    Ok(Fetched { tree, source, version, folder: repository.path().to_owned(), warning: None })
                }
                _ => Ok(unversioned(tree, &folder, directory, "it holds what is not committed")),
            }
        }
        (None, None) => {
            let tree = read_folder(&folder)?;
            Ok(unversioned(tree, &folder, directory, "it is no Git repository"))
        }
    }
}

fn unversioned(tree: Tree, folder: &Path, directory: Option<&str>, why: &str) -> Fetched {
    let warning = format!(
        "{} has no version, since {why}: a project that is made from it remembers none, and cannot be updated.",
        folder.display()
    );
    let (source, version) = (Source::new(&folder.display().to_string(), directory), Version::default());
    Fetched { tree, source, version, folder: folder.to_owned(), warning: Some(warning) }
}

/// Whether a commit has just these files and links, as far as Git keeps them.
fn is_committed(repository: &Repository, commit: &str, tree: &Tree) -> bool {
    let files = tree.iter().filter_map(|(path, entry)| match entry {
        Entry::File { content, mode } if mode & 0o100 == 0 => Some((path, FileKind::Regular, &**content)),
        Entry::File { content, .. } => Some((path, FileKind::Executable, &**content)),
        Entry::Link { target } => Some((path, FileKind::Link, target.as_bytes())),
        Entry::Folder => None,
    });
    repository.has_just(commit, files).unwrap_or(false)
}
