//! Walks the folders of a commit, within limits.

use std::borrow::Cow;
use std::collections::VecDeque;

use gix::ObjectId;
use gix::objs::tree::{EntryKind, EntryMode};
use gix::objs::{CommitRefIter, Kind, TreeRefIter};
use model::{Finding, Level};

use crate::objects::{Lent, object};
use crate::snapshot::{MOST_ALIKE, SnapshotLimits, UNREADABLE_HELP};
use crate::{FileKind, ReadError};

/// One entry that is not a folder.
pub(crate) struct WalkedEntry {
    pub(crate) path: String,
    pub(crate) kind: FileKind,
    pub(crate) id: ObjectId,
}

/// What a walk found.
pub(crate) struct Walk {
    pub(crate) limits: SnapshotLimits,
    pub(crate) entries: Vec<WalkedEntry>,
    pub(crate) findings: Vec<Finding>,
    pub(crate) truncated: bool,
}

impl Walk {
    /// Breadth first, so that what is cut off is what lies deepest.
    pub(crate) fn run(&mut self, lent: &Lent<'_>, root: ObjectId) {
        let mut waiting = VecDeque::from([(String::new(), root, 0_usize)]);
        let mut buffer = Vec::new();
        let (mut folders, mut path_bytes) = (0, 0);
        while let Some((folder, id, depth)) = waiting.pop_front() {
            folders += 1;
            if folders > self.limits.folders {
                return self.cut_off(&format!("{} folders", self.limits.folders));
            }
            if let Err(error) = lent.read_as(&id, Kind::Tree, &mut buffer) {
                self.unreadable(&folder, &error);
                continue;
            }
            for entry in TreeRefIter::from_bytes(&buffer, id.kind()) {
                let Ok(entry) = entry else {
                    self.unreadable(&folder, &object(&id, "it is damaged"));
                    break;
                };
                let Some(path) = self.join(&folder, entry.filename) else { continue };
                path_bytes += path.len();
                if self.entries.len() >= self.limits.files {
                    return self.cut_off(&format!("{} files", self.limits.files));
                }
                if path_bytes > self.limits.path_bytes {
                    return self.cut_off(&format!("{} bytes of paths", self.limits.path_bytes));
                }
                match file_kind(entry.mode) {
                    Some(kind) => self.entries.push(WalkedEntry { path, kind, id: entry.oid.to_owned() }),
                    None if depth < self.limits.depth => waiting.push_back((path, entry.oid.to_owned(), depth + 1)),
                    None => self.too_deep(&path),
                }
            }
        }
    }

    /// `None` for names that no file can have.
    fn join(&mut self, folder: &str, name: &[u8]) -> Option<String> {
        if name.is_empty() || name.len() > LONGEST_NAME || name.contains(&b'/') || matches!(name, b"." | b"..") {
            let message = "A name in this folder cannot be that of a file; it is left out.";
            let finding = Finding::new("tree.name", Level::Warning, message, "Look at the folder with git ls-tree.");
            self.note(finding.at(folder, 0, 0));
            return None;
        }
        let text = String::from_utf8_lossy(name);
        let path = if folder.is_empty() { text.clone().into_owned() } else { format!("{folder}/{text}") };
        if matches!(text, Cow::Owned(_)) {
            let message = "The name is not UTF-8; what cannot be shown is replaced.";
            let finding = Finding::new("tree.name-encoding", Level::Note, message, "Rename it with git mv.");
            self.note(finding.at(path.clone(), 0, 0));
        }
        Some(path)
    }

    fn unreadable(&mut self, folder: &str, error: &ReadError) {
        let message = format!("The folder cannot be read: {error}.");
        let file = if folder.is_empty() { "." } else { folder };
        self.note(Finding::new("tree.unreadable", Level::Error, message, UNREADABLE_HELP).at(file, 0, 0));
    }

    /// Of findings that are all alike, only the first few are kept.
    fn note(&mut self, finding: Finding) {
        if self.findings.iter().filter(|known| known.rule == finding.rule).count() < MOST_ALIKE {
            self.findings.push(finding);
        }
    }

    fn too_deep(&mut self, path: &str) {
        self.truncated = true;
        let message = format!("Folders are read {} deep; what lies in this one is not seen.", self.limits.depth);
        let finding = Finding::new("tree.depth", Level::Warning, message, "Nest folders less deeply.");
        self.note(finding.at(path, 0, 0));
    }

    fn cut_off(&mut self, what: &str) {
        self.truncated = true;
        let message = format!("Only the first {what} are looked at, those nearest to the root first.");
        let help = "Split the repository, or keep generated and vendored files out of it.";
        self.note(Finding::new("tree.too-many", Level::Warning, message, help));
    }
}

/// No file system allows longer ones.
const LONGEST_NAME: usize = 1024;

/// `None` for a folder.
pub(crate) fn file_kind(mode: EntryMode) -> Option<FileKind> {
    match mode.kind() {
        EntryKind::Tree => None,
        EntryKind::Blob => Some(FileKind::Regular),
        EntryKind::BlobExecutable => Some(FileKind::Executable),
        EntryKind::Link => Some(FileKind::Link),
        EntryKind::Commit => Some(FileKind::Submodule),
    }
}

/// The root folder of a commit.
pub(crate) fn tree_of(lent: &Lent<'_>, commit: ObjectId, buffer: &mut Vec<u8>) -> Result<ObjectId, ReadError> {
    lent.read_as(&commit, Kind::Commit, buffer)?;
    let damaged = |error: gix::Error| object(&commit, &error.to_string());
    CommitRefIter::from_bytes(buffer, commit.kind()).tree_id().map_err(damaged)
}
