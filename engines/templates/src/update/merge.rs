//! What a merge of three trees is asked for, and what it answers.

use crate::tree::Tree;

/// How many `<`, `=` and `>` a conflict marker of [`Merge`] has: more than any text has by itself, so that what is a
/// marker is never in doubt. What a person gets has seven, as Git's.
pub const MARKER_SIZE: usize = 59;

/// Merges trees with rename detection, as Git does. [`super::git::GitMerge`] is the one that asks Git.
pub trait Merge {
    /// Merges what was done since `base` in `ours` and in `theirs`.
    ///
    /// # Errors
    /// It cannot be done at all; a conflict is no error. The text is for a person.
    fn merge(&self, base: &Tree, ours: &Tree, theirs: &Tree) -> Result<Merged, MergeError>;

    /// The text that makes `to` of `from`, as `git apply` takes it, binary files included; empty where they are equal.
    ///
    /// # Errors
    /// It cannot be made.
    fn patch(&self, from: &Tree, to: &Tree) -> Result<String, MergeError>;
}

/// Why a merge could not be made, in a sentence for a person.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct MergeError(pub String);

/// A merged tree, and what could not be decided in it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Merged {
    /// With conflict markers of [`MARKER_SIZE`] in the texts that could not be merged; their labels begin with `project`
    /// and `template`.
    pub tree: Tree,
    pub clashes: Vec<Clash>,
}

/// What a merge could not decide.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Clash {
    pub kind: ClashKind,
    /// Where it stands; the first is the one that it is about.
    pub paths: Vec<String>,
    /// In Git's words.
    pub message: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ClashKind {
    /// Both changed the same lines: there are markers in the text.
    Text,
    /// Both changed a file that is no text; ours stands in the tree.
    Binary,
    /// We deleted or never had what they changed or renamed; theirs stands in the tree.
    DeletedByOurs,
    /// They deleted what we changed or renamed; ours stands in the tree.
    DeletedByTheirs,
    /// Both renamed a file, each to another name; both stand in the tree.
    RenamedApart,
    /// One side added a file to a folder that the other side renamed; it stands in the renamed folder.
    FolderRenamed,
    /// A file and a folder, or a file and a link, of one name; one of them stands beside it under another name.
    Shape,
}
