//! The files of one repository at one commit.

use std::sync::Arc;

use gix::ObjectId;
use gix::objs::Kind;
use model::repository::{Exclusion, Head, PathClass};
use model::{Finding, Level};

use crate::head::FoundHead;
use crate::objects::Objects;
use crate::scan::{self, Note, ScanCache, Scanned};
use crate::walk::{Walk, WalkedEntry, tree_of};
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
pub struct SnapshotOptions<'a> {
    pub limits: SnapshotLimits,
    /// From [`Snapshot::scan_cache`] of an earlier snapshot of the same repository.
    pub previous: Option<&'a ScanCache>,
}

/// The files at the head, classified. Contents are read when asked for, also while the repository moves on.
pub struct Snapshot {
    head: Option<Head>,
    commit: Option<ObjectId>,
    files: Vec<File>,
    /// For each file.
    ids: Vec<ObjectId>,
    objects: Arc<Objects>,
    scanned: Scanned,
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

    /// What was counted, for the next snapshot; `None` where the repository is too small for it to matter.
    pub fn scan_cache(&self) -> Option<&ScanCache> {
        self.scanned.cache.as_deref()
    }

    pub(crate) fn scanned(&self) -> &Scanned {
        &self.scanned
    }

    /// The hash of the content of the file at `path`.
    pub(crate) fn blob_id(&self, path: &str) -> Option<ObjectId> {
        let at = self.files.binary_search_by(|file| file.path.as_str().cmp(path)).ok()?;
        self.ids.get(at).copied()
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
        if !self.files[at].is_blob() {
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

/// Walks, classifies and scans the tree of the head.
pub(crate) fn take(
    found: FoundHead,
    objects: Arc<Objects>,
    options: &SnapshotOptions<'_>,
) -> Result<Snapshot, ReadError> {
    let FoundHead { head, findings } = found;
    let (head, commit) = head.unzip();
    let mut walk = Walk { limits: options.limits, entries: Vec::new(), findings, truncated: false };
    if let Some(commit) = commit {
        let lent = objects.lend();
        let root = tree_of(&lent, commit, &mut Vec::new())?;
        walk.run(&lent, root);
    }
    let Walk { mut entries, mut findings, truncated, .. } = walk;
    entries.sort_by(|a, b| a.path.cmp(&b.path));
    let classified = classify_entries(&entries, &objects);
    let ids: Vec<ObjectId> = entries.iter().map(|entry| entry.id).collect();
    let mut files: Vec<File> = entries
        .into_iter()
        .zip(classified.classes)
        .map(|(entry, class)| File { path: entry.path, kind: entry.kind, class })
        .collect();
    let scanned = scan::scan(&files, &ids, &objects, options.previous);
    let mut excluded = classified.exclusions;
    heed(&scanned, &mut files, &mut excluded, &mut findings);
    Ok(Snapshot { head, commit, files, ids, objects, scanned, excluded, findings, truncated })
}

fn classify_entries(entries: &[WalkedEntry], objects: &Objects) -> classify::Classified {
    let listed: Vec<(&str, FileKind)> = entries.iter().map(|entry| (entry.path.as_str(), entry.kind)).collect();
    classify::classify(&listed, &mut |path| {
        let at = entries.binary_search_by(|entry| entry.path.as_str().cmp(path)).ok()?;
        let mut bytes = Vec::new();
        objects.lend().read_as(&entries[at].id, Kind::Blob, &mut bytes).ok()?;
        bytes.truncate(LARGEST_DESCRIPTION);
        Some(bytes)
    })
}

/// How much is read, in bytes, of a file that says something about others.
const LARGEST_DESCRIPTION: usize = 1024 * 1024;

/// At most this many findings are made of one kind; one more says how many there are.
pub(crate) const MOST_ALIKE: usize = 20;

/// Turns what contents said into classes, exclusions and findings.
fn heed(scanned: &Scanned, files: &mut [File], excluded: &mut Vec<Exclusion>, findings: &mut Vec<Finding>) {
    let (mut lfs, mut large, mut unreadable) = (Vec::new(), Vec::new(), Vec::new());
    let mut generated = Vec::new();
    for (at, note) in &scanned.notes {
        let file = &mut files[*at];
        match note {
            Note::Generated(why) => {
                file.class = PathClass::Generated;
                let (path, class) = (file.path.clone(), file.class);
                generated.push(Exclusion { path, class, why: why.clone(), files: 1 });
            }
            Note::Lfs(size) => lfs.push((
                file.path.clone(),
                format!("The file is a Git LFS pointer to {size} bytes, which are not here."),
            )),
            Note::Large(size) => large.push((file.path.clone(), format!("The file has {size} bytes and is not read."))),
            Note::Unreadable(why) => unreadable.push((file.path.clone(), format!("The file cannot be read: {why}."))),
            Note::Api(_) => {}
        }
    }
    classify::add_exclusions(excluded, generated);
    let kinds = [
        ("tree.lfs", Level::Note, "It is not counted. Nothing has to be done.", lfs),
        ("tree.large-file", Level::Note, "Keep large files in Git LFS or outside of the repository.", large),
        ("tree.unreadable", Level::Error, UNREADABLE_HELP, unreadable),
    ];
    for (rule, level, help, all) in kinds {
        let count = all.len();
        let shown = all.into_iter().take(MOST_ALIKE);
        findings.extend(shown.map(|(path, message)| Finding::new(rule, level, message, help).at(path, 0, 0)));
        if count > MOST_ALIKE {
            findings.push(Finding::new(
                rule,
                level,
                format!("The same holds for {} more files.", count - MOST_ALIKE),
                help,
            ));
        }
    }
}

pub(crate) const UNREADABLE_HELP: &str =
    "Fetch the missing objects, or restore the repository from another copy; git fsck shows what is wrong.";
