//! Templates from where they are, and projects on the disk: what the engine needs from outside. Of these no database is opened.
//!
//! The templates of the catalog have their use cases here too: lists, forms and previews. Launching one is `runs`.

mod archive;
mod branch;
pub(crate) mod catalog;
mod folder;
pub(crate) mod form;
mod history;
mod interpreters;
mod journal;
mod likeness;
pub(crate) mod lineage;
mod preview;
mod programs;
pub(crate) mod render;
mod source;
pub(crate) mod store;
#[cfg(test)]
mod tests;
mod trust;
mod trusted;
mod zipped;

pub use self::archive::{Archive, Packing, archive};
pub use self::branch::commit_to_branch;
pub use self::catalog::{Kept, get, list, projects};
pub use self::folder::{Collision, Wanted, apply, place, read_committed, read_folder, read_project};
pub use self::form::{Given, form};
pub use self::history::TemplateHistory;
pub use self::journal::take_back;
pub use self::likeness::answers_of;
pub use self::preview::{Looked, look, preview};
pub use self::programs::{AfterFiles, Heard, Programs};
pub(crate) use self::render::executes;
pub use self::source::{Fetched, Reference, fetch};
pub use self::trust::{distrust, trust};
pub use self::trusted::{Decision, Trusted};

use engine_repo::FileKind;
use engine_templates::tree::{Entry, Tree};
use model::template::Form;
use model::{Finding, Level};

use crate::error::{Error, Result};

/// # Errors
/// [`Error::Invalid`] with everything that is wrong in a form.
pub(crate) fn valid(form: &Form) -> Result<()> {
    if form.is_valid() {
        return Ok(());
    }
    let wrong = form.questions().filter_map(|question| {
        let message = format!("{}: {}", question.name, question.error.as_deref()?);
        Some(Finding::new("template.answer", Level::Error, message, "Correct the answer."))
    });
    let findings: Vec<Finding> = form.problems.iter().cloned().chain(wrong).collect();
    Err(Error::Invalid(findings.into()))
}

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
