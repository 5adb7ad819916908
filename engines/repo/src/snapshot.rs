//! The files of one repository at one commit.

use std::collections::VecDeque;
use std::sync::Arc;

use gix::ObjectId;
use gix::objs::tree::{EntryKind, EntryMode};
use gix::objs::{CommitRefIter, Kind, TreeRefIter};
use model::repository::{Exclusion, Head};
use model::{Finding, Level};

use crate::head::FoundHead;
use crate::objects::{Lent, Objects, object};
use crate::{Blob, File, FileKind, ReadError, Tree, classify};

/// How much of a tree is looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SnapshotLimits {
    /// Files, links and submodules.
    pub files: usize,
    pub folders: usize,
    /// Folders in each other.
    pub depth: usize,
    /// All paths together, in bytes.
    pub path_bytes: usize,
}

impl Default for SnapshotLimits {
    fn default() -> Self {
        Self { files: 200_000, folders: 100_000, depth: 64, path_bytes: 64 * 1024 * 1024 }
    }
}

/// How a snapshot is taken.
#[derive(Debug, Clone, Default)]
pub struct SnapshotOptions {
    pub limits: SnapshotLimits,
}

/// The files at the head, classified. Contents are read when asked for, also while the repository moves on.
pub struct Snapshot {
    head: Option<Head>,
    commit: Option<ObjectId>,
    files: Vec<File>,
    /// For each file.
    ids: Vec<ObjectId>,
    objects: Arc<Objects>,
    excluded: Vec<Exclusion>,
    findings: Vec<Finding>,
    truncated: bool,
}

/// Folders that are shown whole have at most this many entries.
pub(crate) const MOST_ENTRIES_SHOWN: usize = 10_000;

impl Snapshot {
    /// `None` where there is nothing to read.
    pub fn head(&self) -> Option<&Head> {
        self.head.as_ref()
    }

    /// What may not speak, and why.
    pub fn excluded(&self) -> &[Exclusion] {
        &self.excluded
    }

    /// What was odd about head and tree.
    pub fn findings(&self) -> &[Finding] {
        &self.findings
    }

    /// There are more files than were looked at.
    pub fn truncated(&self) -> bool {
        self.truncated
    }

    pub(crate) fn commit(&self) -> Option<ObjectId> {
        self.commit
    }
}

impl Tree for Snapshot {
    fn files(&self) -> &[File] {
        &self.files
    }

    fn read(&self, path: &str, limit: usize) -> Result<Option<Blob>, ReadError> {
        let Ok(at) = self.files.binary_search_by(|file| file.path.as_str().cmp(path)) else { return Ok(None) };
        if !matches!(self.files[at].kind, FileKind::Regular | FileKind::Executable) {
            return Ok(None);
        }
        let mut bytes = Vec::new();
        self.objects.lend().read_as(&self.ids[at], Kind::Blob, &mut bytes).map_err(|error| match error {
            ReadError::TooLarge { size, limit, .. } => ReadError::TooLarge { what: path.to_owned(), size, limit },
            other => other,
        })?;
        let truncated = bytes.len() > limit;
        bytes.truncate(limit);
        Ok(Some(Blob { bytes, truncated }))
    }
}

/// Walks and classifies the tree of the head.
pub(crate) fn take(found: FoundHead, objects: Arc<Objects>, options: &SnapshotOptions) -> Result<Snapshot, ReadError> {
    let FoundHead { head, findings } = found;
    let (head, commit) = head.unzip();
    let mut walk = Walk { limits: options.limits, entries: Vec::new(), findings, truncated: false };
    if let Some(commit) = commit {
        let lent = objects.lend();
        let root = tree_of(&lent, commit, &mut Vec::new())?;
        walk.run(&lent, root);
    }
    let Walk { mut entries, findings, truncated, .. } = walk;
    entries.sort_by(|a, b| a.path.cmp(&b.path));
    let listed: Vec<(&str, FileKind)> = entries.iter().map(|entry| (entry.path.as_str(), entry.kind)).collect();
    let classified = classify::classify(&listed, &mut |path| {
        let at = entries.binary_search_by(|entry| entry.path.as_str().cmp(path)).ok()?;
        let mut bytes = Vec::new();
        objects.lend().read_as(&entries[at].id, Kind::Blob, &mut bytes).ok()?;
        Some(bytes)
    });
    let ids = entries.iter().map(|entry| entry.id).collect();
    let files = entries
        .into_iter()
        .zip(classified.classes)
        .map(|(entry, class)| File { path: entry.path, kind: entry.kind, class })
        .collect();
    Ok(Snapshot { head, commit, files, ids, objects, excluded: classified.exclusions, findings, truncated })
}

struct WalkedEntry {
    path: String,
    kind: FileKind,
    id: ObjectId,
}

struct Walk {
    limits: SnapshotLimits,
    entries: Vec<WalkedEntry>,
    findings: Vec<Finding>,
    truncated: bool,
}

impl Walk {
    /// Breadth first, so that what is cut off is what lies deepest.
    fn run(&mut self, lent: &Lent<'_>, root: ObjectId) {
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
            self.findings.push(finding.at(folder, 0, 0));
            return None;
        }
        let text = String::from_utf8_lossy(name);
        let path = if folder.is_empty() { text.clone().into_owned() } else { format!("{folder}/{text}") };
        if matches!(text, std::borrow::Cow::Owned(_)) {
            let message = "The name is not UTF-8; what cannot be shown is replaced.";
            let finding = Finding::new("tree.name-encoding", Level::Note, message, "Rename it with git mv.");
            self.findings.push(finding.at(path.clone(), 0, 0));
        }
        Some(path)
    }

    fn unreadable(&mut self, folder: &str, error: &ReadError) {
        let help =
            "Fetch the missing objects, or restore the repository from another copy; git fsck shows what is wrong.";
        let message = format!("The folder cannot be read: {error}.");
        let file = if folder.is_empty() { "." } else { folder };
        self.findings.push(Finding::new("tree.unreadable", Level::Error, message, help).at(file, 0, 0));
    }

    fn too_deep(&mut self, path: &str) {
        self.truncated = true;
        let message = format!("Folders are read {} deep; what lies in this one is not seen.", self.limits.depth);
        let finding = Finding::new("tree.depth", Level::Warning, message, "Nest folders less deeply.");
        self.findings.push(finding.at(path, 0, 0));
    }

    fn cut_off(&mut self, what: &str) {
        self.truncated = true;
        let message = format!("Only the first {what} are looked at, those nearest to the root first.");
        let help = "Split the repository, or keep generated and vendored files out of it.";
        self.findings.push(Finding::new("tree.too-many", Level::Warning, message, help));
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
