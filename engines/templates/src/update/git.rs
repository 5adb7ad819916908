//! A merge as Git makes it (`git merge-tree --write-tree`, ≥ 2.38): what it is given, and what its answers mean.
//!
//! Running the program is somebody else's: [`Git`].

mod answer;
mod import;

use std::collections::BTreeSet;

use self::answer::{Known, Listed};
use super::merge::{Clash, ClashKind, MARKER_SIZE, Merge, MergeError, Merged};
use crate::tree::Tree;

/// The branches of the three trees; also the labels of conflict markers.
const BASE: &str = "base";
const OURS: &str = "project";
const THEIRS: &str = "template";

/// What a merge needs of its repository: no configuration but ours has a say in how trees are merged.
const SETTINGS: [&str; 12] = [
    // The repository is thrown away: nothing in it has to survive a crash. Half of the time of an import was that.
    "-c",
    "core.fsync=none",
    "-c",
    "fastimport.unpackLimit=0",
    "-c",
    "merge.conflictStyle=merge",
    "-c",
    "merge.renames=true",
    "-c",
    "merge.directoryRenames=conflict",
    "-c",
    "merge.renameLimit=2000",
];

/// The `git` program in a bare repository that holds nothing else and belongs to whoever asks: it may be thrown away after
/// each merge. Its `info/attributes` holds [`ATTRIBUTES`].
pub trait Git {
    /// Runs `git ARGUMENTS`, gives it `input` and waits for its end.
    ///
    /// # Errors
    /// It could not be run, or took too long.
    fn run(&self, arguments: &[&str], input: &[u8]) -> Result<Output, MergeError>;
}

/// How a run of git ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Output {
    /// `None` where a signal ended it.
    pub code: Option<i32>,
    /// Of its standard output.
    pub answer: Vec<u8>,
    /// Of its standard error.
    pub message: String,
}

/// [`Merge`] by the `git` program.
#[derive(Clone, Debug)]
pub struct GitMerge<G> {
    git: G,
}

/// The content of the file `info/attributes` of the repository of a [`Git`].
#[must_use]
pub fn attributes() -> String {
    format!("* conflict-marker-size={MARKER_SIZE}\n")
}

impl<G: Git> GitMerge<G> {
    pub fn new(git: G) -> Self {
        Self { git }
    }

    fn git(&self, arguments: &[&str], input: &[u8], fine: &[i32]) -> Result<Output, MergeError> {
        let arguments: Vec<&str> = SETTINGS.iter().chain(arguments).copied().collect();
        let output = self.git.run(&arguments, input)?;
        if output.code.is_some_and(|code| fine.contains(&code)) {
            return Ok(output);
        }
        let said: Vec<&str> = output.message.lines().take(3).collect();
        let command = arguments.get(SETTINGS.len()).copied().unwrap_or_default();
        Err(MergeError(format!("git {command} failed: {}", said.join(" "))))
    }

    fn import(&self, trees: &[(&str, &Tree)]) -> Result<Known, MergeError> {
        let stream = import::stream(trees);
        let output = self.git(&["fast-import", "--quiet", "--force"], &stream.bytes, &[0])?;
        Known::read(&output.answer, stream.contents)
    }

    fn read(&self, tree: &str, mut known: Known) -> Result<Tree, MergeError> {
        let listed = Listed::read(&self.git(&["ls-tree", "-r", "-z", tree], &[], &[0])?.answer)?;
        let missing: BTreeSet<&str> = listed.ids().filter(|id| !known.has(id)).collect();
        if !missing.is_empty() {
            let input: String = missing.iter().flat_map(|id| [*id, "\n"]).collect();
            known.add_batch(&self.git(&["cat-file", "--batch"], input.as_bytes(), &[0])?.answer)?;
        }
        listed.tree(&known)
    }
}

impl<G: Git> Merge for GitMerge<G> {
    fn merge(&self, base: &Tree, ours: &Tree, theirs: &Tree) -> Result<Merged, MergeError> {
        let known = self.import(&[(BASE, base), (OURS, ours), (THEIRS, theirs)])?;
        let output = self.git(&["merge-tree", "--write-tree", "-z", "--messages", OURS, THEIRS], &[], &[0, 1])?;
        let answer = answer::merge_tree(&output.answer)?;
        let tree = self.read(&answer.tree, known)?;
        let clashes = answer.messages.into_iter().filter_map(|message| clash(message, &answer.ours)).collect();
        Ok(Merged { tree, clashes })
    }

    fn patch(&self, from: &Tree, to: &Tree) -> Result<String, MergeError> {
        self.import(&[(OURS, from), (THEIRS, to)])?;
        let arguments = ["diff-tree", "-p", "--binary", "--full-index", "-M", OURS, THEIRS];
        Ok(String::from_utf8_lossy(&self.git(&arguments, &[], &[0])?.answer).into_owned())
    }
}

/// What a message of `merge-tree` means (the types are those of `type_short_descriptions` in Git's merge-ort.c); `None`
/// where it only informs.
fn clash(message: answer::Message, ours: &BTreeSet<String>) -> Option<Clash> {
    let kind = match message.kind.strip_prefix("CONFLICT (")?.strip_suffix(')')? {
        "contents" => ClashKind::Text,
        "binary" => ClashKind::Binary,
        "modify/delete" if message.paths.first().is_some_and(|path| ours.contains(path)) => ClashKind::DeletedByTheirs,
        "modify/delete" => ClashKind::DeletedByOurs,
        "rename/delete" if message.text.trim_end().ends_with(&format!("deleted in {OURS}.")) => {
            ClashKind::DeletedByOurs
        }
        "rename/delete" => ClashKind::DeletedByTheirs,
        "rename/rename" => ClashKind::RenamedApart,
        kind if kind.starts_with("directory rename") || kind.starts_with("file location") => ClashKind::FolderRenamed,
        // Whatever else Git may come to know: nothing is lost in it, and a person has to look.
        _ => ClashKind::Shape,
    };
    Some(Clash { kind, paths: message.paths, message: message.text.trim_end().to_owned() })
}
