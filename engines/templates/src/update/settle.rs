//! A merge made into the result of an update: Slipway's rules over Git's, and a reason for each file.

use std::collections::{BTreeMap, HashSet};

use super::ConflictStyle;
use super::marks::Marked;
use super::merge::{Clash, ClashKind, Merged};
use super::plan::{Reason, Step};
use super::renames;
use super::three::{paths, put, same};
use crate::tree::{Entry, Tree};

pub(super) struct Settled {
    pub(super) tree: Tree,
    pub(super) steps: Vec<Step>,
}

/// Settles what a merge left open. `template` is what the markers call the template's side.
pub(super) fn settle(
    base: &Tree,
    ours: &Tree,
    theirs: &Tree,
    merged: Merged,
    style: ConflictStyle,
    template: &str,
) -> Settled {
    let mut sides = Sides { base, ours, theirs, tree: merged.tree, conflicts: BTreeMap::new() };
    sides.restore_modes();
    for clash in &merged.clashes {
        sides.decide(clash);
    }
    let our_renames = renames::find(base, ours);
    let their_renames = renames::find(base, theirs);
    sides.guard(&their_renames);
    let steps = sides.steps(&our_renames, &their_renames);
    sides.show(style, template);
    Settled { tree: sides.tree, steps }
}

struct Sides<'a> {
    base: &'a Tree,
    ours: &'a Tree,
    theirs: &'a Tree,
    /// The result so far.
    tree: Tree,
    conflicts: BTreeMap<String, Reason>,
}

impl Sides<'_> {
    /// Git keeps one permission bit; the others are those of the side that the file was taken from.
    fn restore_modes(&mut self) {
        for side in [self.theirs, self.ours] {
            for (path, entry) in side.iter() {
                if same(self.tree.get(path), Some(entry)) {
                    put(&mut self.tree, path, Some(entry));
                }
            }
        }
    }

    fn decide(&mut self, clash: &Clash) {
        let there = |path: &&String| self.tree.get(path).is_some();
        let first = clash.paths.first().filter(there).cloned();
        let reason = match clash.kind {
            ClashKind::DeletedByOurs => {
                // What a team deleted stays deleted, also where the template changed or renamed it since.
                if let Some(path) = first.filter(|path| self.ours.get(path).is_none()) {
                    self.tree.remove(&path);
                }
                return;
            }
            ClashKind::DeletedByTheirs => Reason::EditedButDeleted,
            ClashKind::Text => Reason::SameLines,
            ClashKind::Binary => Reason::NoText,
            ClashKind::RenamedApart => Reason::RenamedApart,
            ClashKind::FolderRenamed => Reason::FolderRenamed,
            ClashKind::Shape => Reason::Shape,
        };
        let all = matches!(clash.kind, ClashKind::RenamedApart | ClashKind::FolderRenamed | ClashKind::Shape);
        let named: Vec<String> =
            if all { clash.paths.iter().filter(there).cloned().collect() } else { first.into_iter().collect() };
        for path in named {
            let marked = matches!(self.tree.get(&path), Some(Entry::File { content, .. }) if Marked::cut(content).has_conflicts());
            let reason = match reason {
                _ if marked => Reason::SameLines,
                Reason::SameLines => Reason::NoText,
                reason => reason,
            };
            self.conflicts.insert(path, reason);
        }
    }

    /// Whatever a merge did: the project's work is still there, and what the template left alone is as it was.
    fn guard(&mut self, their_renames: &BTreeMap<&str, &str>) {
        for (path, entry) in self.ours.iter() {
            let edited = !same(self.base.get(path), Some(entry));
            // What the project has alone may be where it renamed a file to, and then the template's changes follow it.
            let still = self.base.get(path).is_some() && same(self.base.get(path), self.theirs.get(path));
            let kept = same(self.tree.get(path), Some(entry));
            if kept || self.conflicts.contains_key(path) || self.moved(path) {
                continue;
            }
            let there = match self.tree.get(path) {
                Some(_) => Some(path.to_owned()),
                None => self.followed(path, their_renames),
            };
            let lost = edited && !there.is_some_and(|there| self.holds(&there, path));
            if lost || (still && self.tree.get(path).is_some()) {
                put(&mut self.tree, path, Some(entry));
                self.conflicts.insert(path.to_owned(), Reason::KeptFromLoss);
            }
        }
    }

    /// Whether what the project wrote into a file is in the result at `there`: every line of a text that is new in it, and
    /// all of anything else.
    fn holds(&self, there: &str, path: &str) -> bool {
        let text = |tree: &Tree, path: &str| match tree.get(path) {
            Some(Entry::File { content, .. }) if !content.contains(&0) => Some(content.clone()),
            _ => None,
        };
        let content = |entry: Option<&Entry>| match entry {
            Some(Entry::File { content, .. }) => Some(content.clone()),
            _ => None,
        };
        let (ours, result) = (self.ours.get(path), self.tree.get(there));
        match (text(self.ours, path), text(&self.tree, there)) {
            (Some(ours), Some(result)) => {
                let known: HashSet<&[u8]> =
                    self.origins(path).chain([&*result]).flat_map(|text| text.split(is_end)).collect();
                ours.split(is_end).all(|line| known.contains(line))
            }
            (None, None) if content(ours).is_some() => content(ours) == content(result),
            _ => ours == result,
        }
    }

    /// What a file of the project may have been once: itself, or any that the project no longer has by its name.
    fn origins(&self, path: &str) -> impl Iterator<Item = &[u8]> {
        let is_new = self.base.get(path).is_none();
        let entries = self.base.iter().filter(move |(old, _)| *old == path || (is_new && self.ours.get(old).is_none()));
        entries.filter_map(|(_, entry)| if let Entry::File { content, .. } = entry { Some(&**content) } else { None })
    }

    /// Whether a file that is gone stands, as it was, at a place that a person is told of.
    fn moved(&self, path: &str) -> bool {
        self.tree.get(path).is_none() && self.conflicts.keys().any(|other| self.is_now_at(path, other))
    }

    fn is_now_at(&self, path: &str, new: &str) -> bool {
        self.ours.get(new).is_none() && same(self.tree.get(new), self.ours.get(path))
    }

    /// Where an edit of the project went that the template renamed.
    fn followed(&self, path: &str, their_renames: &BTreeMap<&str, &str>) -> Option<String> {
        let is_new = |new: &str| self.base.get(new).is_none() && self.tree.get(new).is_some();
        let known = their_renames.iter().find(|(new, old)| **old == path && is_new(new)).map(|(new, _)| *new);
        let other = || {
            let fresh =
                self.theirs.iter().map(|(new, _)| new).filter(|new| is_new(new) && !their_renames.contains_key(new));
            fresh
                .into_iter()
                .find(|new| !same(self.tree.get(new), self.theirs.get(new)) && self.ours.get(new).is_none())
        };
        known.or_else(other).map(str::to_owned)
    }

    fn steps(&self, our_renames: &BTreeMap<&str, &str>, their_renames: &BTreeMap<&str, &str>) -> Vec<Step> {
        let all = paths(&[self.base, self.ours, self.theirs, &self.tree]);
        let steps = all.into_iter().filter_map(|path| {
            let (base, ours, theirs) = (self.base.get(path), self.ours.get(path), self.theirs.get(path));
            let result = self.tree.get(path);
            let their_old = their_renames.get(path).copied().filter(|old| self.ours.get(old).is_some());
            if let Some(reason) = self.conflicts.get(path) {
                let step = Step::new(path, *reason);
                let moved =
                    || self.ours.iter().find(|(old, _)| self.tree.get(old).is_none() && self.is_now_at(old, path));
                let old = their_old.filter(|old| self.tree.get(old).is_none()).or_else(|| moved().map(|(old, _)| old));
                return Some(old.map_or(step.clone(), |old| step.from(old)));
            }
            if same(result, ours) {
                return match (base, ours, theirs) {
                    _ if same(base, theirs) => None,
                    // It is told of at its new name.
                    (Some(_), None, _) if our_renames.values().any(|old| *old == path) => None,
                    (Some(_), None, Some(_)) => Some(Step::new(path, Reason::DeletedByProject)),
                    (None, None, Some(_)) => {
                        let step = Step::new(path, Reason::DeletedByProject);
                        Some(their_renames.get(path).map_or(step.clone(), |old| step.from(old)))
                    }
                    (_, Some(_), Some(_)) => Some(Step::new(path, Reason::SameInBoth)),
                    _ => None,
                };
            }
            match (ours, result) {
                (Some(_), None) => {
                    let went = their_renames.iter().any(|(new, old)| *old == path && self.tree.get(new).is_some());
                    let followed =
                        went || self.moved(path) || (!same(ours, base) && self.followed(path, their_renames).is_some());
                    (!followed).then(|| Step::new(path, Reason::DeletedByTemplate))
                }
                (None, Some(_)) => Some(match their_old.filter(|old| self.tree.get(old).is_none()) {
                    Some(old) if same(result, theirs) => Step::new(path, Reason::RenamedByTemplate).from(old),
                    Some(old) => Step::new(path, Reason::FollowedRename).from(old),
                    None if same(result, theirs) => Step::new(path, Reason::AddedByTemplate),
                    None => Step::new(path, Reason::FollowedRename),
                }),
                _ if base.is_none() && theirs.is_none() => {
                    let step = Step::new(path, Reason::FollowedRename);
                    Some(our_renames.get(path).map_or(step.clone(), |old| step.from(old)))
                }
                _ if same(result, theirs) && same(ours, base) => Some(Step::new(path, Reason::ChangedByTemplate)),
                _ => Some(Step::new(path, Reason::ChangedByBoth)),
            }
        });
        steps.collect()
    }

    /// Writes conflicts as a person wants them.
    fn show(&mut self, style: ConflictStyle, template: &str) {
        for path in self.conflicts.keys() {
            let Some(Entry::File { content, mode }) = self.tree.get(path).cloned() else { continue };
            let marked = Marked::cut(&content);
            if !marked.has_conflicts() {
                continue;
            }
            let rejected = if style == ConflictStyle::Rejects { marked.rejected(path) } else { None };
            let text = match rejected {
                Some((kept, rejected)) => {
                    let beside = Entry::file(rejected.into_bytes(), 0o644);
                    put(&mut self.tree, &format!("{path}.rej"), Some(&beside));
                    kept
                }
                None => marked.inline("project", template),
            };
            put(&mut self.tree, path, Some(&Entry::file(text, mode)));
        }
    }
}

fn is_end(byte: &u8) -> bool {
    *byte == b'\n'
}
