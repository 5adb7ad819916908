//! One repository, opened so that nothing in it can make us do more than read it.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use gix::ObjectId;
use gix::objs::{Kind, TreeRefIter};
use model::repository::Head;
use sha2::{Digest, Sha256};

use crate::head::{self, FoundHead};
use crate::objects::{LARGEST_OBJECT, Objects};
use crate::snapshot::{self, Snapshot, SnapshotOptions};
use crate::{Blob, FileKind, OpenError, ReadError, scan, walk};

/// An open repository. Cheap to open, and safe to use from several threads.
pub struct Repository {
    path: PathBuf,
    /// Where `HEAD` is.
    git_folder: PathBuf,
    /// Where objects and references are; another folder for linked work trees.
    common_folder: PathBuf,
    refs: gix::refs::file::Store,
    objects: Arc<Objects>,
}

/// One file at the head, as pages show it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HeadFile {
    pub blob: Blob,
    /// The blob's hash: whatever is derived from the content alone may be kept under it.
    pub id: String,
    pub kind: FileKind,
}

/// One entry of a folder at the head.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HeadEntry {
    pub name: String,
    /// `None` for a folder.
    pub kind: Option<FileKind>,
}

impl Repository {
    /// Opens the work tree or bare repository at `path`; parent folders are not searched.
    pub fn open(path: &Path) -> Result<Self, OpenError> {
        let git = options().open(path).map_err(|error| explain(path, &error.to_string()))?;
        let git_folder = git.git_dir().to_owned();
        let common_folder = git.common_dir.clone().unwrap_or_else(|| git_folder.clone());
        Ok(Self {
            path: path.to_owned(),
            git_folder,
            common_folder,
            refs: git.refs.clone(),
            objects: Arc::new(Objects::new(git.objects.clone())),
        })
    }

    /// Where `HEAD` is: what is written there is in no work tree.
    pub fn git_folder(&self) -> &Path {
        &self.git_folder
    }

    /// As it was opened.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The default branch and its commit; `None` where there is nothing to read.
    pub fn head(&self) -> Result<Option<Head>, ReadError> {
        Ok(self.find_head()?.head.map(|(head, _)| head))
    }

    /// Where it was cloned from, as [`crate::address()`] writes it. Only this one line of its configuration is looked at.
    pub fn origin(&self) -> Option<String> {
        let bytes = read_small(&self.common_folder.join("config"))?;
        let (source, options) = (gix::config::file::Metadata::api(), gix::config::file::init::Options::default());
        let file = gix::config::File::from_bytes_no_includes(&bytes, source, options).ok()?;
        crate::address(&file.string("remote.origin.url")?.to_string())
    }

    /// Changes whenever a new [`Self::snapshot`] could differ: it covers the default branch, its commit, the tags, the
    /// description and whether history is cut off. Reads a handful of small files, and no object.
    pub fn fingerprint(&self) -> Result<String, ReadError> {
        let mut hash = Sha256::new();
        // What the branch names is enough: the object database need not even be opened.
        let found = head::find(&self.refs, &Ok)?;
        if let Some((head, _)) = &found.head {
            hash.update(head.branch.as_deref().unwrap_or("\0detached"));
            hash.update([0]);
            hash.update(&head.commit);
        }
        hash.update([found.findings.len() as u8, 0]);
        for (name, id) in self.tags()? {
            hash.update(name.as_bytes());
            hash.update(id.as_bytes());
        }
        for file in [self.git_folder.join("description"), self.common_folder.join("shallow")] {
            hash.update([0]);
            hash.update(read_small(&file).unwrap_or_default());
        }
        Ok(hexadecimal(&hash.finalize()[..16]))
    }

    /// Whether the commit with this hexadecimal id is here, reachable or not.
    pub fn has_commit(&self, id: &str) -> bool {
        gix::ObjectId::from_hex(id.as_bytes())
            .is_ok_and(|id| self.objects.lend().read_as(&id, gix::objs::Kind::Commit, &mut Vec::new()).is_ok())
    }

    /// The files at the head, classified and counted. Of a large repository this process remembers what it counted
    /// last, so that a commit costs only the folders that it touched.
    pub fn snapshot(&self) -> Result<Snapshot, ReadError> {
        let known = scan::recall(&self.path);
        let snapshot =
            self.snapshot_with(&SnapshotOptions { previous: known.as_deref(), ..SnapshotOptions::default() })?;
        if let Some(counted) = snapshot.scanned().cache.clone() {
            scan::remember(&self.path, counted);
        }
        Ok(snapshot)
    }

    /// Like [`Self::snapshot`], with other limits or with what an earlier one counted.
    pub fn snapshot_with(&self, options: &SnapshotOptions<'_>) -> Result<Snapshot, ReadError> {
        snapshot::take(self.find_head()?, self.objects.clone(), options)
    }

    /// At most `limit` bytes of one file at the head, without taking a snapshot; `None` where there is none, or a
    /// folder or a submodule. Of a link the text is its target, and it is not followed.
    pub fn file(&self, path: &str, limit: usize) -> Result<Option<HeadFile>, ReadError> {
        let Some((_, commit)) = self.find_head()?.head else { return Ok(None) };
        self.read_file(commit, path, limit)
    }

    /// As [`Self::file`], of any commit.
    ///
    /// # Errors
    /// There is no such commit, or something of it cannot be read.
    pub fn file_at(&self, commit: &str, path: &str, limit: usize) -> Result<Option<HeadFile>, ReadError> {
        let not_there = || ReadError::Object { id: commit.to_owned(), why: "there is no such commit".to_owned() };
        self.read_file(ObjectId::from_hex(commit.as_bytes()).map_err(|_| not_there())?, path, limit)
    }

    fn read_file(&self, commit: ObjectId, path: &str, limit: usize) -> Result<Option<HeadFile>, ReadError> {
        let Some((kind, id)) = self.entry_at(commit, path)? else { return Ok(None) };
        let Some(kind) = kind.filter(|kind| *kind != FileKind::Submodule) else { return Ok(None) };
        let mut bytes = Vec::new();
        self.objects.lend().read_as(&id, Kind::Blob, &mut bytes).map_err(|error| named(error, path))?;
        let truncated = bytes.len() > limit;
        bytes.truncate(limit);
        Ok(Some(HeadFile { blob: Blob { bytes, truncated }, id: id.to_string(), kind }))
    }

    /// The hash of the file at `path` at the head, without reading it.
    pub fn file_id(&self, path: &str) -> Result<Option<String>, ReadError> {
        Ok(self.entry(path)?.filter(|(kind, _)| kind.is_some()).map(|(_, id)| id.to_string()))
    }

    /// The entries of one folder at the head (empty for the root), in Git's order; `None` where there is no such folder.
    pub fn folder(&self, path: &str) -> Result<Option<Vec<HeadEntry>>, ReadError> {
        let Some((None, id)) = self.entry(path)? else { return Ok(None) };
        let mut buffer = Vec::new();
        self.objects.lend().read_as(&id, Kind::Tree, &mut buffer)?;
        let entries = TreeRefIter::from_bytes(&buffer, id.kind()).map_while(Result::ok);
        Ok(Some(
            entries
                .map(|entry| HeadEntry { name: entry.filename.to_string(), kind: walk::file_kind(entry.mode) })
                .take(snapshot::MOST_ENTRIES_SHOWN)
                .collect(),
        ))
    }

    /// What is at `path` at the head: a folder (`None`) or a file.
    fn entry(&self, path: &str) -> Result<Option<(Option<FileKind>, ObjectId)>, ReadError> {
        let Some((_, commit)) = self.find_head()?.head else { return Ok(None) };
        self.entry_at(commit, path)
    }

    fn entry_at(&self, commit: ObjectId, path: &str) -> Result<Option<(Option<FileKind>, ObjectId)>, ReadError> {
        let lent = self.objects.lend();
        let mut buffer = Vec::new();
        let mut id = walk::tree_of(&lent, commit, &mut buffer)?;
        let mut kind = None;
        for part in path.split('/').filter(|part| !part.is_empty()) {
            if kind.is_some() {
                return Ok(None);
            }
            lent.read_as(&id, Kind::Tree, &mut buffer)?;
            let mut entries = TreeRefIter::from_bytes(&buffer, id.kind()).map_while(Result::ok);
            let found = entries
                .find(|entry| entry.filename == part.as_bytes() || String::from_utf8_lossy(entry.filename) == part);
            let Some(found) = found else { return Ok(None) };
            kind = walk::file_kind(found.mode);
            id = found.oid.to_owned();
        }
        Ok(Some((kind, id)))
    }

    fn find_head(&self) -> Result<FoundHead, ReadError> {
        head::find(&self.refs, &|id| self.objects.lend().peel_to_commit(id, &mut Vec::new()))
    }

    /// Short names and what they name, by name.
    pub(crate) fn tags(&self) -> Result<Vec<(String, ObjectId)>, ReadError> {
        let failed = |error: String| ReadError::References(error);
        let prefix = b"refs/tags/".as_slice().try_into().map_err(|error: gix::Error| failed(error.to_string()))?;
        let platform = self.refs.iter().map_err(|error| failed(error.to_string()))?;
        let iterator = platform.prefixed(prefix).map_err(|error| failed(error.to_string()))?;
        Ok(iterator
            .flatten()
            .filter_map(|reference| {
                let name = reference.name.as_bstr().to_string();
                Some((name.strip_prefix("refs/tags/")?.to_owned(), reference.target.try_id()?.to_owned()))
            })
            .collect())
    }

    /// What a reference of this full name names, symbolic ones followed; `None` where there is none.
    pub(crate) fn reference(&self, name: &str) -> Result<Option<ObjectId>, ReadError> {
        let failed = |error: String| ReadError::References(error);
        let Ok(partial) = <&gix::refs::PartialNameRef>::try_from(name) else { return Ok(None) };
        let found = self.refs.try_find(partial).map_err(|error| failed(error.to_string()))?;
        Ok(found.and_then(|reference| reference.target.try_id().map(ToOwned::to_owned)))
    }

    pub(crate) fn objects(&self) -> &Arc<Objects> {
        &self.objects
    }

    /// The text of `description` beside `HEAD`, unless it is what `git init` writes.
    pub(crate) fn description(&self) -> Option<String> {
        let text = String::from_utf8(read_small(&self.git_folder.join("description"))?).ok()?;
        let text = text.trim();
        (!text.is_empty() && !text.starts_with("Unnamed repository; edit this file")).then(|| text.to_owned())
    }

    /// The commits at which history is cut off.
    pub(crate) fn shallow(&self) -> Vec<ObjectId> {
        let bytes = read_small(&self.common_folder.join("shallow")).unwrap_or_default();
        bytes.split(|byte| *byte == b'\n').filter_map(|line| ObjectId::from_hex(line).ok()).collect()
    }
}

/// How every repository is opened.
///
/// *Isolated*: no configuration of the system, the user or the environment, and no `include`. *Reduced trust*, whoever
/// owns the folder: values in the repository's own configuration are then ignored except for what its format needs, so
/// that a hostile `.git/config` changes nothing; and a folder of somebody else, which the git program would refuse as
/// "dubious ownership" since its configuration can execute commands, is read like any other, because only reading
/// happens here.
fn options() -> gix::open::Options {
    gix::open::Options::isolated()
        .with(gix::sec::Trust::Reduced)
        .lossy_config(true)
        .config_overrides([format!("gitoxide.objects.allocLimit={LARGEST_OBJECT}")])
}

/// Says which file is wrong, since gix speaks of its own steps.
fn explain(path: &Path, why: &str) -> OpenError {
    let folder = if path.join(".git").is_dir() { path.join(".git") } else { path.to_owned() };
    if !folder.join("objects").is_dir() && !folder.join("HEAD").exists() && !path.join(".git").exists() {
        return OpenError::NotARepository(path.to_owned());
    }
    let head = folder.join("HEAD");
    match std::fs::symlink_metadata(&head) {
        Err(_) if folder.join("objects").is_dir() => OpenError::Head {
            file: head,
            why: "HEAD is missing; write it with git symbolic-ref HEAD refs/heads/<branch>".to_owned(),
        },
        Ok(_) if !head_is_sound(&head) => OpenError::Head {
            file: head,
            why: "it holds neither the name of a branch nor a commit; write it with git symbolic-ref HEAD \
                  refs/heads/<branch>"
                .to_owned(),
        },
        _ => OpenError::Damaged { path: path.to_owned(), why: why.to_owned() },
    }
}

fn head_is_sound(file: &Path) -> bool {
    let Some(bytes) = read_small(file) else { return false };
    let text = String::from_utf8_lossy(&bytes);
    let text = text.trim();
    text.strip_prefix("ref:").is_some_and(|name| name.trim().starts_with("refs/"))
        || ObjectId::from_hex(text.as_bytes()).is_ok()
}

/// Files of Git's own folder that are read whole have at most this many bytes.
const SMALL: u64 = 1024 * 1024;

/// A regular file's content; links are not followed.
fn read_small(file: &Path) -> Option<Vec<u8>> {
    use std::io::Read as _;
    if !std::fs::symlink_metadata(file).ok()?.is_file() {
        return None;
    }
    let mut bytes = Vec::new();
    std::fs::File::open(file).ok()?.take(SMALL).read_to_end(&mut bytes).ok()?;
    Some(bytes)
}

fn named(error: ReadError, path: &str) -> ReadError {
    match error {
        ReadError::TooLarge { size, limit, .. } => ReadError::TooLarge { what: path.to_owned(), size, limit },
        other => other,
    }
}

pub(crate) fn hexadecimal(bytes: &[u8]) -> String {
    use std::fmt::Write as _;
    bytes.iter().fold(String::with_capacity(bytes.len() * 2), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}
