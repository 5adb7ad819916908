//! Three trees to one: what needs no thought is decided here, the rest is left to a [`Merge`].

use std::collections::BTreeSet;

use super::merge::{Merge, MergeError, Merged};
use crate::tree::{Entry, Tree};

/// Whether two sides hold the same, as Git sees it: of the permission bits only the owner's right to execute counts.
pub(super) fn same(one: Option<&Entry>, other: Option<&Entry>) -> bool {
    match (one, other) {
        (Some(Entry::File { content, mode }), Some(Entry::File { content: other, mode: other_mode })) => {
            content == other && (mode ^ other_mode) & 0o100 == 0
        }
        (one, other) => one == other,
    }
}

/// Every path of some trees, once, in order.
pub(super) fn paths<'a>(trees: &[&'a Tree]) -> BTreeSet<&'a str> {
    trees.iter().flat_map(|tree| tree.iter().map(|(path, _)| path)).collect()
}

/// The merged tree. Where no file was changed on both sides and no rename can play a part, each path is taken from the side
/// that changed it: what Git would do, without asking it.
///
/// Of what is equal in all three trees `merge` is shown only what has a say in it; files of ours alone, only where a rename can
/// end there.
pub(super) fn merge(base: &Tree, ours: &Tree, theirs: &Tree, merge: &dyn Merge) -> Result<Merged, MergeError> {
    let all = paths(&[base, ours, theirs]);
    let our = Side::new(base, ours);
    let their = Side::new(base, theirs);
    let both_changed =
        all.iter().any(|path| our.changed(path) && their.changed(path) && !same(ours.get(path), theirs.get(path)));
    if !both_changed && !our.may_rename(&their) && !their.may_rename(&our) && !collide(ours, theirs) {
        let mut tree = ours.clone();
        for path in all {
            if their.changed(path) && !our.changed(path) {
                put(&mut tree, path, theirs.get(path));
            }
        }
        return Ok(Merged { tree, clashes: Vec::new() });
    }
    let own_matter = !our.deleted.is_empty() || !their.deleted.is_empty();
    let (mut small_base, mut small_ours, mut small_theirs) = (base.clone(), ours.clone(), theirs.clone());
    let mut untouched = Tree::default();
    // Git takes a folder for renamed of which one side has nothing left: one file that is still there says that it is not.
    let mut open: BTreeSet<&str> = our.deleted.iter().chain(&their.deleted).flat_map(|path| folders(path)).collect();
    for path in all {
        let is_own = base.get(path).is_none() && theirs.get(path).is_none();
        let is_still = !our.changed(path) && !their.changed(path);
        if is_still && folders(path).filter(|folder| open.remove(folder)).count() > 0 {
            continue;
        }
        if is_still || (is_own && !own_matter && !is_in_the_way(path, theirs)) {
            small_base.remove(path);
            small_theirs.remove(path);
            if let Some(entry) = small_ours.remove(path) {
                put(&mut untouched, path, Some(&entry));
            }
        }
    }
    let mut merged = merge.merge(&small_base, &small_ours, &small_theirs)?;
    for (path, entry) in untouched.iter() {
        put(&mut merged.tree, path, Some(entry));
    }
    Ok(merged)
}

/// The folders that a path is in, the root among them.
fn folders(path: &str) -> impl Iterator<Item = &str> {
    std::iter::once("").chain(path.match_indices('/').map(|(end, _)| &path[..end]))
}

/// Puts in what another tree holds, or removes it.
pub(super) fn put(tree: &mut Tree, path: &str, entry: Option<&Entry>) {
    match entry {
        // It comes from a tree, so its path may stand in one.
        Some(entry) => drop(tree.insert(path, entry.clone())),
        None => drop(tree.remove(path)),
    }
}

/// What one side did since the base.
struct Side<'a> {
    changed: BTreeSet<&'a str>,
    deleted: BTreeSet<&'a str>,
    added: bool,
}

impl<'a> Side<'a> {
    fn new(base: &'a Tree, side: &'a Tree) -> Self {
        let changed = paths(&[base, side]).into_iter().filter(|path| !same(base.get(path), side.get(path))).collect();
        let deleted = base.iter().map(|(path, _)| path).filter(|path| side.get(path).is_none()).collect();
        let added = side.iter().any(|(path, _)| base.get(path).is_none());
        Self { changed, deleted, added }
    }

    fn changed(&self, path: &str) -> bool {
        self.changed.contains(path)
    }

    /// Whether a rename of this side could change what becomes of the other's work. A rename of a file that the other side
    /// changed shows as both having changed it.
    fn may_rename(&self, other: &Self) -> bool {
        let renames = self.added && !self.deleted.is_empty();
        renames && (other.added || self.deleted.iter().any(|path| other.deleted.contains(path)))
    }
}

/// Whether a file of one tree has the name of a folder of the other.
fn collide(ours: &Tree, theirs: &Tree) -> bool {
    let within = |one: &Tree, other: &Tree| other.iter().any(|(path, _)| is_in_the_way(path, one));
    within(ours, theirs) || within(theirs, ours)
}

/// Whether a folder of `path` is a file in `tree`, or `path` is a folder in it.
fn is_in_the_way(path: &str, tree: &Tree) -> bool {
    path.match_indices('/').any(|(end, _)| tree.get(&path[..end]).is_some()) || tree.has_folder(path)
}
