//! An update as a commit on a branch of its own: neither the work tree nor the index is touched, and no program is run in the
//! project, whose configuration could name others.

use std::collections::BTreeMap;
use std::path::Path;

use engine_templates::tree::{Entry, Tree};
use gix::bstr::{BString, ByteSlice};
use gix::objs::tree::{Entry as TreeEntry, EntryKind, EntryMode};
use gix::objs::{Commit, Tree as TreeObject};
use gix::refs::transaction::PreviousValue;
use gix::{ObjectId, Repository};

use crate::error::{Error, Result};

/// What becomes of one path; `None` where it is deleted.
type Changes<'a> = BTreeMap<&'a str, Option<&'a Entry>>;

/// Commits what differs between the trees on top of the project's head, as a new branch; the commit's id.
///
/// # Errors
/// [`Error::Conflict`] for a branch that is there or cannot be one, and for a person without a name in Git's configuration.
pub fn commit_to_branch(folder: &Path, branch: &str, message: &str, before: &Tree, after: &Tree) -> Result<String> {
    // All configuration is read, since a person's name may stand in any, and nothing of it is executed to write objects.
    let options = gix::open::Options::default().with(gix::sec::Trust::Reduced).lossy_config(true);
    let repository = options.open(folder).map_err(|error| cannot(folder, &error))?.to_thread_local();
    let name = format!("refs/heads/{branch}");
    let there = repository
        .try_find_reference(name.as_str())
        .map_err(|error| Error::Conflict(format!("{branch:?} cannot be the name of a branch: {error}")))?;
    if there.is_some() {
        return Err(Error::Conflict(format!("The branch {branch} is there already: name another, or delete it.")));
    }
    let who = match repository.committer() {
        Some(Ok(who)) => who.to_owned().map_err(|error| cannot(folder, &error))?,
        _ => {
            let why =
                "Git does not know your name: git config --global user.name \"…\" && git config --global user.email …";
            return Err(Error::Conflict(why.to_owned()));
        }
    };
    let head = repository.head_commit().map_err(|error| cannot(folder, &error))?;
    let root = head.tree_id().map_err(|error| cannot(folder, &error))?.detach();
    let tree = edited(&repository, Some(root), &changes(before, after)).map_err(|why| cannot(folder, &why))?;
    let commit = Commit {
        tree: tree.unwrap_or_else(|| ObjectId::empty_tree(repository.object_hash())),
        parents: [head.id].into_iter().collect(),
        author: who.clone(),
        committer: who,
        encoding: None,
        message: message.into(),
        extra_headers: Vec::new(),
    };
    let commit = repository.write_object(&commit).map_err(|error| cannot(folder, &error))?.detach();
    repository
        .reference(name.as_str(), commit, PreviousValue::MustNotExist, "slipway update")
        .map_err(|error| cannot(folder, &error))?;
    Ok(commit.to_string())
}

fn cannot(folder: &Path, error: &dyn std::fmt::Display) -> Error {
    Error::Unavailable(format!("{} cannot be committed to: {error}", folder.display()))
}

/// Git knows no folders of their own.
fn changes<'a>(before: &'a Tree, after: &'a Tree) -> Changes<'a> {
    let is_kept = |entry: &Entry| *entry != Entry::Folder;
    let gone = before.iter().filter(|(path, entry)| is_kept(entry) && after.get(path).is_none_or(|now| !is_kept(now)));
    let mut changes: Changes<'a> = gone.map(|(path, _)| (path, None)).collect();
    let new = after.iter().filter(|(path, entry)| is_kept(entry) && before.get(path) != Some(*entry));
    changes.extend(new.map(|(path, entry)| (path, Some(entry))));
    changes
}

/// A folder of Git's with `changes` in it; `None` where nothing is left. What they do not name, such as submodules, stays.
fn edited(
    repository: &Repository,
    folder: Option<ObjectId>,
    changes: &Changes<'_>,
) -> Result<Option<ObjectId>, String> {
    let text = |error: &dyn std::fmt::Display| error.to_string();
    let mut entries: BTreeMap<BString, (EntryMode, ObjectId)> = BTreeMap::new();
    if let Some(id) = folder {
        let tree = repository.find_tree(id).map_err(|error| text(&error))?;
        for entry in tree.iter() {
            let entry = entry.map_err(|error| text(&error))?;
            entries.insert(entry.filename().to_owned(), (entry.mode(), entry.oid().to_owned()));
        }
    }
    let mut below: BTreeMap<&str, Changes<'_>> = BTreeMap::new();
    for (path, change) in changes {
        if let Some((folder, rest)) = path.split_once('/') {
            below.entry(folder).or_default().insert(rest, *change);
        }
    }
    // What is deleted first: a folder may take the place of a file, and the other way round.
    let here = || changes.iter().filter(|(path, _)| !path.contains('/'));
    for (name, _) in here().filter(|(_, change)| change.is_none()) {
        entries.remove(name.as_bytes().as_bstr());
    }
    for (name, changes) in below {
        let old = entries.get(name.as_bytes().as_bstr()).filter(|(mode, _)| mode.is_tree()).map(|(_, id)| *id);
        match edited(repository, old, &changes)? {
            Some(id) => entries.insert(name.into(), (EntryKind::Tree.into(), id)),
            None => entries.remove(name.as_bytes().as_bstr()),
        };
    }
    for (name, entry) in here().filter_map(|(name, change)| Some((name, (*change)?))) {
        let (kind, content): (EntryKind, &[u8]) = match entry {
            Entry::File { content, mode } if mode & 0o100 != 0 => (EntryKind::BlobExecutable, content),
            Entry::File { content, .. } => (EntryKind::Blob, content),
            Entry::Link { target } => (EntryKind::Link, target.as_bytes()),
            Entry::Folder => continue,
        };
        let id = repository.write_blob(content).map_err(|error| text(&error))?.detach();
        entries.insert((*name).into(), (kind.into(), id));
    }
    if entries.is_empty() {
        return Ok(None);
    }
    let entries = entries.into_iter().map(|(filename, (mode, oid))| TreeEntry { mode, filename, oid });
    let mut tree = TreeObject { entries: entries.collect() };
    tree.entries.sort();
    Ok(Some(repository.write_object(&tree).map_err(|error| text(&error))?.detach()))
}
