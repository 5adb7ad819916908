//! Why a repository could not be opened or read.

use std::path::PathBuf;

/// Why a folder cannot be read as a repository at all. The texts are shown to people.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// There is no repository at this path.
    #[error("{} is not a Git repository", .0.display())]
    NotARepository(PathBuf),
    /// `HEAD` is missing or holds neither a reference nor a commit.
    #[error("{}: {why}", file.display())]
    Head { file: PathBuf, why: String },
    /// Its format is damaged, or one that is not understood.
    #[error("{} cannot be opened: {why}", path.display())]
    Damaged { path: PathBuf, why: String },
}

/// Why something inside an open repository could not be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ReadError {
    /// `HEAD` or the reference that it names is damaged.
    #[error("the head cannot be read: {0}")]
    Head(String),
    /// The references cannot be listed.
    #[error("the references cannot be read: {0}")]
    References(String),
    /// An object is missing or damaged.
    #[error("object {id} cannot be read: {why}")]
    Object { id: String, why: String },
    /// It is larger than what is ever loaded; sizes are in bytes.
    #[error("{what} has {size} bytes, more than the {limit} that are read")]
    TooLarge { what: String, size: u64, limit: u64 },
    /// The history is longer than what is ever walked through.
    #[error("it has more than the {limit} commits that are walked through")]
    TooManyCommits { limit: usize },
}
