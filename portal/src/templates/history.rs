//! The history of a template, for projects that nobody recorded.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use engine_repo::{FileKind, Repository};
use engine_templates::adopt::{History, Revision};
use engine_templates::tree::{Entry, Tree};

use super::Fetched;
use crate::error::{Error, Result};

/// Versions that are looked at, the newest.
const MOST: usize = 5_000;

/// The versions of a template's repository, along the first parents of the one that was fetched. Equal contents are kept once.
pub struct TemplateHistory {
    repository: Repository,
    revisions: Vec<Revision>,
    contents: Mutex<HashMap<String, Arc<[u8]>>>,
}

impl TemplateHistory {
    /// # Errors
    /// [`Error::Conflict`] for a template that has no history, [`Error::Unavailable`] for one that cannot be read.
    pub fn of(fetched: &Fetched) -> Result<Self> {
        let unreadable = |error: &dyn std::fmt::Display| Error::Unavailable(error.to_string());
        let Some(commit) = &fetched.version.commit else {
            let why = "The template has no history: it is no Git repository, or holds what is not committed.";
            return Err(Error::Conflict(why.to_owned()));
        };
        let repository = Repository::open(&fetched.folder).map_err(|error| unreadable(&error))?;
        let mut commits = repository.first_parents(commit, MOST).map_err(|error| unreadable(&error))?;
        commits.reverse();
        let mut revisions = Vec::with_capacity(commits.len());
        for commit in commits {
            let tag = repository.tag_of(&commit).map_err(|error| unreadable(&error))?;
            revisions.push(Revision { commit, tag });
        }
        Ok(Self { repository, revisions, contents: Mutex::default() })
    }
}

impl History for TemplateHistory {
    fn revisions(&self) -> &[Revision] {
        &self.revisions
    }

    fn tree(&self, position: usize) -> std::result::Result<Tree, String> {
        let revision = self.revisions.get(position).ok_or_else(|| format!("there is no version {position}"))?;
        let files = self.repository.files_at(&revision.commit).map_err(|error| error.to_string())?;
        let mut contents = self.contents.lock().unwrap_or_else(PoisonError::into_inner);
        let mut tree = Tree::default();
        for file in files {
            let entry = match file.kind {
                FileKind::Link => Entry::Link { target: String::from_utf8_lossy(&file.bytes).into_owned() },
                kind => {
                    let content = contents.entry(file.id).or_insert_with(|| file.bytes.into()).clone();
                    Entry::File { content, mode: if kind == FileKind::Executable { 0o755 } else { 0o644 } }
                }
            };
            tree.insert(file.path.as_str(), entry).map_err(|error| format!("{}: {error}", file.path))?;
        }
        Ok(tree)
    }
}
