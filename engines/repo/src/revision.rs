//! Any commit of a repository, not only its head: what a branch, a tag or an id names, and the files there.

use gix::ObjectId;
use gix::objs::{CommitRef, CommitRefIter, Kind, compute_hash};

use crate::objects::{Lent, object};
use crate::walk::{self, Walk, WalkedEntry};
use crate::{FileKind, ReadError, Repository, SnapshotLimits};

/// Bytes of all files of one commit.
const LARGEST_TREE: u64 = 1 << 30;

/// One file of a commit, whole.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RevisionFile {
    /// Relative to the root, with `/`.
    pub path: String,
    /// Never a submodule.
    pub kind: FileKind,
    /// Of a link: its target.
    pub bytes: Vec<u8>,
    /// The blob's hash: equal contents have equal ones.
    pub id: String,
}

/// One commit, in a line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LogEntry {
    pub commit: String,
    /// When it was committed, in seconds since 1970 in UTC.
    pub at: i64,
    /// As the author is called there.
    pub author: String,
    /// The first line of its message.
    pub subject: String,
}

impl Repository {
    /// The commit that a tag, a branch, one of a remote (`origin/main`) or a whole id names; `None` where nothing is called
    /// so.
    ///
    /// # Errors
    /// What it names cannot be read.
    pub fn resolve(&self, name: &str) -> Result<Option<String>, ReadError> {
        let peel = |id: ObjectId| self.objects().lend().peel_to_commit(id, &mut Vec::new());
        if let Ok(id) = ObjectId::from_hex(name.as_bytes()) {
            return Ok(self.has_commit(name).then(|| id.to_string()));
        }
        for namespace in ["refs/tags/", "refs/heads/", "refs/remotes/origin/", "refs/remotes/"] {
            let full = format!("{namespace}{name}");
            if let Some(id) = self.reference(&full)? {
                return peel(id).map(|id| Some(id.to_string()));
            }
        }
        Ok(None)
    }

    /// Whether a name is that of a branch, which moves, and not of a tag.
    ///
    /// # Errors
    /// The references cannot be read.
    pub fn is_branch(&self, name: &str) -> Result<bool, ReadError> {
        let is = |full: String| self.reference(&full).map(|found| found.is_some());
        if is(format!("refs/tags/{name}"))? {
            return Ok(false);
        }
        Ok(is(format!("refs/heads/{name}"))? || is(format!("refs/remotes/origin/{name}"))?)
    }

    /// All tags that name a commit, and that, as `v1.10` after `v1.9`.
    ///
    /// # Errors
    /// The tags cannot be listed.
    pub fn tagged(&self) -> Result<Vec<(String, String)>, ReadError> {
        let lent = self.objects().lend();
        let peel = |id: ObjectId| lent.peel_to_commit(id, &mut Vec::new()).ok();
        let mut tags: Vec<(String, String)> =
            self.tags()?.into_iter().filter_map(|(name, id)| Some((name, peel(id)?.to_string()))).collect();
        tags.sort_by(|one, other| numbers(&one.0).cmp(&numbers(&other.0)));
        Ok(tags)
    }

    /// The tag of a commit; of several the one that sorts last, as `v1.10` after `v1.9`.
    ///
    /// # Errors
    /// The tags cannot be listed.
    pub fn tag_of(&self, commit: &str) -> Result<Option<String>, ReadError> {
        let (lent, commit) = (self.objects().lend(), ObjectId::from_hex(commit.as_bytes()).ok());
        let names = self.tags()?.into_iter().filter_map(|(name, id)| {
            let peeled = lent.peel_to_commit(id, &mut Vec::new()).ok()?;
            (Some(peeled) == commit).then_some(name)
        });
        Ok(names.max_by(|one, other| numbers(one).cmp(&numbers(other))))
    }

    /// The commits from one back along first parents, itself first, at most `limit`.
    ///
    /// # Errors
    /// A commit cannot be read.
    pub fn first_parents(&self, commit: &str, limit: usize) -> Result<Vec<String>, ReadError> {
        let lent = self.objects().lend();
        let (mut next, mut found, mut buffer) = (ObjectId::from_hex(commit.as_bytes()).ok(), Vec::new(), Vec::new());
        while let Some(id) = next.filter(|_| found.len() < limit) {
            lent.read_as(&id, Kind::Commit, &mut buffer)?;
            found.push(id.to_string());
            next = CommitRefIter::from_bytes(&buffer, id.kind()).parent_ids().next();
        }
        Ok(found)
    }

    /// What was committed from one commit back along first parents, itself first, up to one of `until`, which is left out; at
    /// most `limit`.
    ///
    /// # Errors
    /// A commit cannot be read.
    pub fn log(&self, commit: &str, until: &[&str], limit: usize) -> Result<Vec<LogEntry>, ReadError> {
        let lent = self.objects().lend();
        let (mut next, mut found, mut buffer) = (ObjectId::from_hex(commit.as_bytes()).ok(), Vec::new(), Vec::new());
        while let Some(id) = next.filter(|id| found.len() < limit && !until.contains(&id.to_string().as_str())) {
            lent.read_as(&id, Kind::Commit, &mut buffer)?;
            let read = CommitRef::from_bytes(&buffer, id.kind()).map_err(|error| object(&id, &error.to_string()))?;
            let author = read.author().map_err(|error| object(&id, &error.to_string()))?;
            let at = read.committer().ok().and_then(|committer| committer.time().ok()).map_or(0, |time| time.seconds);
            let subject = read.message.to_string().lines().next().unwrap_or_default().to_owned();
            found.push(LogEntry { commit: id.to_string(), at, author: author.name.to_string(), subject });
            next = read.parents().next();
        }
        Ok(found)
    }

    /// All files of a commit but submodules, by path.
    ///
    /// # Errors
    /// Something cannot be read, or there is more than is ever read.
    pub fn files_at(&self, commit: &str) -> Result<Vec<RevisionFile>, ReadError> {
        let lent = self.objects().lend();
        let entries = listed(&lent, commit)?;
        let (mut files, mut total) = (Vec::with_capacity(entries.len()), 0);
        for entry in entries {
            let mut bytes = Vec::new();
            lent.read_as(&entry.id, Kind::Blob, &mut bytes)?;
            total += bytes.len() as u64;
            if total > LARGEST_TREE {
                return Err(ReadError::TooLarge { what: entry.path, size: total, limit: LARGEST_TREE });
            }
            files.push(RevisionFile { path: entry.path, kind: entry.kind, bytes, id: entry.id.to_string() });
        }
        Ok(files)
    }

    /// Whether a commit has just these files, by path: no file of it is read.
    ///
    /// # Errors
    /// As [`Self::files_at`].
    pub fn has_just<'f>(
        &self,
        commit: &str,
        files: impl IntoIterator<Item = (&'f str, FileKind, &'f [u8])>,
    ) -> Result<bool, ReadError> {
        let entries = listed(&self.objects().lend(), commit)?;
        let mut entries = entries.iter();
        for (path, kind, bytes) in files {
            let Some(entry) = entries.next() else { return Ok(false) };
            let is_one = entry.path == path
                && entry.kind == kind
                && compute_hash(entry.id.kind(), Kind::Blob, bytes).is_ok_and(|id| id == entry.id);
            if !is_one {
                return Ok(false);
            }
        }
        Ok(entries.next().is_none())
    }
}

/// The files of a commit but submodules, by path.
fn listed(lent: &Lent<'_>, commit: &str) -> Result<Vec<WalkedEntry>, ReadError> {
    let not_there = || ReadError::Object { id: commit.to_owned(), why: "there is no such commit".to_owned() };
    let id = ObjectId::from_hex(commit.as_bytes()).map_err(|_| not_there())?;
    let root = walk::tree_of(lent, id, &mut Vec::new())?;
    let limits = SnapshotLimits::default();
    let mut walk = Walk { limits, entries: Vec::new(), findings: Vec::new(), truncated: false };
    walk.run(lent, root);
    if walk.truncated || !walk.findings.is_empty() {
        let why = walk.findings.first().map_or("it has too many files", |finding| finding.message.as_str());
        return Err(object(&root, why));
    }
    let mut entries = walk.entries;
    entries.retain(|entry| entry.kind != FileKind::Submodule);
    entries.sort_by(|one, other| one.path.cmp(&other.path));
    Ok(entries)
}

/// The numbers in a name, so that `v1.10` is after `v1.9`, and then the name.
fn numbers(name: &str) -> (Vec<u64>, &str) {
    let parts = name.split(|c: char| !c.is_ascii_digit()).filter(|part| !part.is_empty());
    (parts.map(|part| part.parse().unwrap_or(u64::MAX)).collect(), name)
}
