//! A folder with repositories, read in place.

use std::collections::HashSet;
use std::path::{Path, PathBuf};

use engine_repo::{FindLimits, FoundRepository, find};
use futures::FutureExt;
use futures::future::BoxFuture;

use super::read::Failure;
use super::{Coverage, Extent, Fate, Known, Listed, Listing, Missing, Source};
use crate::git::Watch;

/// Work trees and bare repositories below a folder.
#[derive(Debug, Clone)]
pub struct FolderSource {
    folder: PathBuf,
    /// New projects are made here, so that it may begin as an empty folder, or none.
    launch: bool,
}

impl FolderSource {
    pub fn new(folder: &Path, launch: bool) -> Self {
        Self { folder: folder.to_owned(), launch }
    }
}

impl Source for FolderSource {
    fn list<'a>(&'a self, _: &'a Extent, known: &'a [&'a Known]) -> BoxFuture<'a, Listing> {
        let folder = self.folder.clone();
        let may_be_empty = self.launch && known.is_empty();
        async move {
            if may_be_empty && is_empty(&folder) {
                let (repositories, missing, findings) = Default::default();
                return Listing { repositories, coverage: Coverage::Complete, missing, findings };
            }
            let mut listing = tokio::task::spawn_blocking(move || list(&folder)).await.unwrap_or_else(|error| {
                Listing::failed(format!("Slipway could not look through the folder (a fault of its own: {error})."))
            });
            if listing.coverage == Coverage::Complete {
                listing.missing = missing(&listing.repositories, known);
            }
            listing
        }
        .boxed()
    }

    fn open<'a>(&'a self, path: &'a str, _: &'a Watch<'a>) -> BoxFuture<'a, Result<PathBuf, Failure>> {
        let opened = if path.contains(char::REPLACEMENT_CHARACTER) && !Path::new(path).exists() {
            Err(Failure::of(format!("The name of the folder {path} is not valid UTF-8; rename the folder."), None))
        } else {
            Ok(PathBuf::from(path))
        };
        std::future::ready(opened).boxed()
    }
}

fn list(folder: &Path) -> Listing {
    let found = match find(folder, &FindLimits::default()) {
        Ok(found) => found,
        Err(error) => return Listing::failed(format!("{error}. What was known before stays.")),
    };
    let coverage = if !found.complete {
        let first = found.findings.first().map_or("", |finding| finding.message.as_str());
        Coverage::Partial(format!("Not everything in the folder could be looked at: {first}"))
    } else if is_empty(folder) {
        // A disk that is not mounted looks just like this.
        Coverage::Partial(format!("{} is empty: is it the right folder, and is its disk mounted?", folder.display()))
    } else {
        Coverage::Complete
    };
    let repositories = found.repositories.into_iter().map(listed).collect();
    Listing { repositories, coverage, missing: Vec::new(), findings: found.findings }
}

/// Those that are no longer there. A part of a folder may be a disk that is not mounted, too: many at once are not taken
/// away without a person's word.
fn missing(listed: &[Listed], known: &[&Known]) -> Vec<Missing> {
    let listed: HashSet<&str> = listed.iter().map(|one| one.stable_key.as_str()).collect();
    let missing = known.iter().filter(|row| !listed.contains(row.stable_key.as_str()));
    let gone = |row: &&Known| Missing {
        stable_key: row.stable_key.clone(),
        fate: Fate::Gone("is no longer there".to_owned()),
        seen_under: None,
    };
    missing.map(gone).collect()
}

fn listed(found: FoundRepository) -> Listed {
    let path = std::path::absolute(&found.path).unwrap_or(found.path);
    let real = std::fs::canonicalize(&path);
    let stable_key = real.as_deref().unwrap_or(&path).to_string_lossy().into_owned();
    Listed {
        stable_key,
        name: found.name,
        path: path.to_string_lossy().into_owned(),
        archived: false,
        fork: false,
        visibility: None,
        forge: None,
        pushed_at: None,
    }
}

fn is_empty(folder: &Path) -> bool {
    match std::fs::read_dir(folder) {
        Ok(mut entries) => entries.next().is_none(),
        Err(error) => error.kind() == std::io::ErrorKind::NotFound,
    }
}
