//! Where a project stands: behind its template or not, and what its team changed.

use std::collections::BTreeMap;

use serde::Serialize;

use super::three::{paths, same};
use crate::lineage::{Found, Lineage, Record, Unresolved, Version, hash, is_own, records};
use crate::tree::{Entry, Tree};

/// Whether a project is up to date with a version of its template.
///
/// It is **current** only if all of this is so:
/// - its lineage names that version's commit, or that version renders (with the project's answers, clock and seed) exactly
///   what the recorded version rendered;
/// - that version asks nothing that the project has not answered;
/// - no conflict of an earlier update is left;
/// - a record of what was rendered says so. cruft keeps none, and writes a new version down also when it changed nothing:
///   then the project has to hold, file by file, what the recorded version renders.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(tag = "standing", rename_all = "kebab-case")]
pub enum Standing {
    Current {
        version: Version,
    },
    Behind(Behind),
    /// It was brought to that version, and conflicts of that are left.
    Unsettled {
        version: Version,
        paths: Vec<String>,
    },
    /// Nobody recorded what was rendered, and these files are not what the recorded version renders: the team may have
    /// changed them, or an update may never have reached them. `slipway adopt` finds out.
    Undecided {
        version: Version,
        paths: Vec<String>,
    },
}

/// How far behind a project is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Behind {
    pub from: Version,
    pub to: Version,
    /// Commits of the template between them; `None` where nobody counted, or neither leads to the other.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub commits: Option<usize>,
    /// What the template makes differently, or not at all any more, or newly.
    pub changes: Vec<Change>,
    /// Questions that the project has not answered.
    pub questions: Vec<String>,
    /// Conflicts of an earlier update that are left.
    pub unsettled: Vec<String>,
}

/// One file that is different.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Change {
    pub path: String,
    pub kind: ChangeKind,
    /// Whether the project changed or deleted it too, so that an update has to merge.
    pub edited: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum ChangeKind {
    Added,
    Changed,
    Deleted,
}

/// Where a project stands beside a version. `wanted` is what that version renders in the project's environment; `recorded`
/// is what the recorded one renders, and is needed only where the lineage has no record of files. `questions` are those
/// that are new, `commits` how many commits are between.
#[must_use]
pub fn standing(
    found: &Found,
    project: &Tree,
    recorded: Option<&Tree>,
    version: &Version,
    wanted: &Tree,
    questions: &[String],
    commits: Option<usize>,
) -> Standing {
    let lineage = &found.lineage;
    let known =
        if lineage.files.is_empty() { recorded.map(records).unwrap_or_default() } else { lineage.files.clone() };
    let is_same_commit = version.commit.is_some() && version.commit == lineage.version.commit;
    let changes = if is_same_commit { Vec::new() } else { changes(&known, wanted, project) };
    let unsettled: Vec<String> = unsettled(lineage, project).map(str::to_owned).collect();
    if !changes.is_empty() || !questions.is_empty() {
        return Standing::Behind(Behind {
            from: lineage.version.clone(),
            to: version.clone(),
            commits,
            changes,
            questions: questions.to_vec(),
            unsettled,
        });
    }
    if !unsettled.is_empty() {
        return Standing::Unsettled { version: version.clone(), paths: unsettled };
    }
    if lineage.files.is_empty() {
        let differ = known.iter().filter(|(path, record)| !project.get(path).is_some_and(|entry| record.is(entry)));
        let paths: Vec<String> = differ.map(|(path, _)| path.clone()).collect();
        if !paths.is_empty() || known.is_empty() {
            return Standing::Undecided { version: version.clone(), paths };
        }
    }
    Standing::Current { version: version.clone() }
}

fn changes(known: &BTreeMap<String, Record>, wanted: &Tree, project: &Tree) -> Vec<Change> {
    let edited = |path: &str| match (known.get(path), project.get(path)) {
        (Some(record), Some(entry)) => !record.is(entry),
        (record, entry) => record.is_some() != entry.is_some(),
    };
    let mut changes: Vec<Change> = Vec::new();
    let mut change = |path: &str, kind| changes.push(Change { path: path.to_owned(), kind, edited: edited(path) });
    for (path, record) in known {
        match wanted.get(path) {
            Some(entry) if record.is(entry) => {}
            Some(_) => change(path, ChangeKind::Changed),
            None => change(path, ChangeKind::Deleted),
        }
    }
    let fresh = wanted.iter().filter(|(path, entry)| **entry != Entry::Folder && !is_own(path));
    for (path, _) in fresh.filter(|(path, _)| !known.contains_key(*path)) {
        change(path, ChangeKind::Added);
    }
    changes.sort_by(|one, other| one.path.cmp(&other.path));
    changes
}

/// The paths at which a conflict of an earlier update is left: a text with a marker or a `.rej` beside it, and anything else
/// that is still exactly what the update left, until its line is removed from the lineage.
pub fn unsettled<'a>(lineage: &'a Lineage, project: &Tree) -> impl Iterator<Item = &'a str> {
    let left = lineage.unresolved.iter().filter(|left| is_left(left, project));
    left.map(|left| left.path.as_str()).collect::<Vec<_>>().into_iter()
}

fn is_left(left: &Unresolved, project: &Tree) -> bool {
    let beside = project.get(&format!("{}.rej", left.path)).is_some();
    let marked = match project.get(&left.path) {
        Some(Entry::File { content, .. }) => has_markers(content),
        _ => false,
    };
    beside || marked || project.get(&left.path).and_then(hash) == left.sha256
}

fn has_markers(content: &[u8]) -> bool {
    let begins = |mark: &[u8]| content.split(|&byte| byte == b'\n').any(|line| line.starts_with(mark));
    begins(b"<<<<<<< project") && begins(b">>>>>>> template")
}

/// What the project made different from what its template made: files that it changed or deleted. What it added is its own
/// business.
#[must_use]
pub fn drift(made: &Tree, project: &Tree) -> Vec<Change> {
    let differ = paths(&[made]).into_iter().filter(|path| {
        let entry = made.get(path);
        entry != Some(&Entry::Folder) && !is_own(path) && !same(entry, project.get(path))
    });
    let change = |path: &str| {
        let kind = if project.get(path).is_some() { ChangeKind::Changed } else { ChangeKind::Deleted };
        Change { path: path.to_owned(), kind, edited: true }
    };
    differ.map(change).collect()
}
