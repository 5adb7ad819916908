//! What an update is about to write into a project, kept in the project's Git folder until it is done: an update that was
//! killed halfway is taken back by the next command that reads the project.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use engine_repo::Repository;
use engine_templates::lineage::Record;
use engine_templates::tree::{Entry, Tree};
use serde::{Deserialize, Serialize};

use super::folder::{HALF_WRITTEN, entry_on_disk, remove, replace, write};
use crate::error::{Error, Result};

const NAME: &str = "slipway-update.json";

#[derive(Debug, Serialize, Deserialize)]
struct Journal {
    /// The commit to which the project goes back.
    head: String,
    /// SHA-256 of what each path becomes; `None` where it is deleted.
    paths: BTreeMap<String, Option<String>>,
}

/// An update that has begun; what is never [`Begun::done`] is taken back.
#[derive(Debug)]
pub struct Begun {
    file: PathBuf,
}

impl Begun {
    /// Writes down that these paths become what they are in `after`.
    pub fn new<'a>(folder: &Path, after: &Tree, paths: impl Iterator<Item = &'a str>) -> Result<Self> {
        let repository = open(folder)?;
        let head = repository.head().map_err(|error| Error::Unavailable(error.to_string()))?;
        let head = head.ok_or_else(|| Error::Conflict(format!("{} has no commit yet.", folder.display())))?.commit;
        let hash = |path: &str| after.get(path).and_then(Record::of).map(|record| record.sha256);
        let journal = Journal { head, paths: paths.map(|path| (path.to_owned(), hash(path))).collect() };
        let text = serde_json::to_vec(&journal).map_err(Error::internal)?;
        let file = repository.git_folder().join(NAME);
        replace(&file, &text)
            .map_err(|error| Error::Unavailable(format!("{} cannot be written: {error}", file.display())))?;
        Ok(Self { file })
    }

    pub fn done(self) -> Result<()> {
        fs::remove_file(&self.file)
            .map_err(|error| Error::Unavailable(format!("{} cannot be removed: {error}", self.file.display())))
    }
}

/// Takes back an update that was killed halfway; how many paths are as they were again. What somebody wrote since is left as
/// it is, and so is everything where something was committed since.
///
/// # Errors
/// Something cannot be read or written: it is tried again next time.
pub fn take_back(folder: &Path) -> Result<usize> {
    let repository = open(folder)?;
    let file = repository.git_folder().join(NAME);
    let text = match fs::read(&file) {
        Ok(text) => text,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(0),
        Err(error) => return Err(Error::Unavailable(format!("{} cannot be read: {error}", file.display()))),
    };
    let mut back = 0;
    let head = repository.head().map_err(|error| Error::Unavailable(error.to_string()))?.map(|head| head.commit);
    // What cannot be read was never whole, and so nothing was written after it.
    if let Ok(journal) = serde_json::from_slice::<Journal>(&text)
        && head.as_ref() == Some(&journal.head)
    {
        let committed = super::tree_at(&repository, &journal.head)?;
        remove_half_written(folder, journal.paths.keys().map(String::as_str));
        for (path, new) in &journal.paths {
            let now = entry_on_disk(folder, path);
            let is_ours = now.as_ref().and_then(Record::of).map(|record| record.sha256) == *new;
            if !is_ours || now.as_ref() == committed.get(path) {
                continue;
            }
            match committed.get(path) {
                Some(Entry::Folder) => {}
                Some(old) => write(folder, path, old)?,
                None => remove(folder, path)?,
            }
            back += 1;
        }
    }
    Begun { file }.done()?;
    Ok(back)
}

/// Removes what an update that was killed left beside the files that it was writing.
fn remove_half_written<'a>(folder: &Path, paths: impl Iterator<Item = &'a str>) {
    let parents: BTreeSet<&str> = paths.map(|path| path.rsplit_once('/').map_or("", |(parent, _)| parent)).collect();
    for parent in parents {
        let found = fs::read_dir(folder.join(parent)).into_iter().flatten().flatten();
        for entry in found.filter(|entry| entry.file_name().as_encoded_bytes().starts_with(HALF_WRITTEN.as_bytes())) {
            // It is nobody's; one that cannot be removed is seen in `git status`.
            let _ = fs::remove_file(entry.path());
        }
    }
}

fn open(folder: &Path) -> Result<Repository> {
    Repository::open(folder).map_err(|error| Error::Unavailable(error.to_string()))
}
