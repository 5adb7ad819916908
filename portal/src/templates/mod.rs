//! Templates from where they are, and projects on the disk: what the engine needs from outside. No database is opened.

mod archive;
mod branch;
mod folder;
mod history;
mod interpreters;
mod journal;
mod programs;
mod source;
#[cfg(test)]
mod tests;
mod trusted;

pub use self::branch::commit_to_branch;
pub use self::folder::{Collision, Wanted, apply, place, read_committed, read_folder, read_project};
pub use self::history::TemplateHistory;
pub use self::journal::take_back;
pub use self::programs::{AfterFiles, Programs};
pub use self::source::{Fetched, Reference, fetch};
pub use self::trusted::{Decision, Trusted};

use engine_repo::FileKind;
use engine_templates::tree::{Entry, Tree};

use crate::error::{Error, Result};

/// The files of a commit as a tree.
///
/// # Errors
/// [`Error::Unavailable`] for what cannot be read, with why.
pub fn tree_at(repository: &engine_repo::Repository, commit: &str) -> Result<Tree> {
    let files = repository.files_at(commit).map_err(|error| Error::Unavailable(error.to_string()))?;
    let mut tree = Tree::default();
    for file in files {
        let entry = match file.kind {
            FileKind::Link => Entry::Link { target: String::from_utf8_lossy(&file.bytes).into_owned() },
            FileKind::Executable => Entry::file(file.bytes, 0o755),
            _ => Entry::file(file.bytes, 0o644),
        };
        tree.insert(file.path.as_str(), entry)
            .map_err(|error| Error::Unavailable(format!("{}: {error}", file.path)))?;
    }
    Ok(tree)
}
