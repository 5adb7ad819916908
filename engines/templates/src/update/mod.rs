//! Updates: what the template changed since is brought into a project, and nothing that its team did is lost.
//!
//! Whoever updates a project
//! 1. reads its lineage ([`crate::lineage::find`]);
//! 2. renders the recorded version with [`Lineage::answers_to_render`] in [`Lineage::environment`], runs its hooks where
//!    they are trusted, and calls the result *base*;
//! 3. asks what the wanted version asks anew, renders that in the same environment, and calls it *theirs*;
//! 4. where the recorded version has hooks and is not what was recorded, renders it once more: [`steady`] tells from both what
//!    the hooks make by chance, and takes it out of base and theirs;
//! 5. calls [`update`] with both and the project's files, and writes what differs between project and result.
//!
//! What an update promises is in the laws of `tests/update/laws.rs`, and each rule in the table of
//! `tests/update/rules.rs`.

mod chance;
pub mod git;
mod marks;
mod merge;
mod plan;
mod renames;
mod settle;
mod skip;
mod standing;
mod three;

use model::{Finding, Findings, Level};
use serde_json::{Map, Value};

pub use self::chance::{Steady, steady};
pub use self::merge::{Clash, ClashKind, MARKER_SIZE, Merge, MergeError, Merged};
pub use self::plan::{Action, Plan, Reason, Step};
use self::skip::Skip;
pub use self::standing::{Behind, Change, ChangeKind, Standing, drift, standing, unsettled};
use self::three::{paths, put, same};
use crate::Answers;
use crate::lineage::{self, CRUFT_FILE, FILE, Found, Lineage, Programs, Render, Unresolved, Version};
use crate::tree::{Entry, Tree};

/// The version to which a project is updated, rendered.
#[derive(Clone, Copy, Debug)]
pub struct Target<'a> {
    pub version: &'a Version,
    /// All answers with which it was rendered; the secret ones may be among them.
    pub answers: &'a Answers,
    /// The names of answers that are secret. `tree` was rendered with [`lineage::PLACEHOLDER`] for them.
    pub secrets: &'a [String],
    pub render: Render,
    /// Whether its programs took part in `tree`.
    pub programs: Programs,
    /// The rendered files, after the hooks.
    pub tree: &'a Tree,
    /// [`crate::Rendered::variables`], for `.cruft.json`; where it is `None` the old context is kept, with the new answers in
    /// it.
    pub context: Option<&'a Map<String, Value>>,
}

/// What becomes of a text that cannot be merged.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ConflictStyle {
    /// Both sides stand in the file between markers.
    #[default]
    Inline,
    /// The project's side stands in the file, and what was not applied in a file `.rej` beside it.
    Rejects,
}

/// An update that was thought through. Nothing is written yet: this is the dry run too.
#[derive(Clone, Debug, PartialEq)]
pub struct Outcome {
    pub plan: Plan,
    /// All of the project's files as they become, the lineage among them.
    pub tree: Tree,
    pub lineage: Lineage,
    /// Warnings.
    pub findings: Vec<Finding>,
}

/// Why there is no plan.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum UpdateError {
    #[error("the lineage is not valid")]
    Invalid(Findings),
    #[error(transparent)]
    Merge(#[from] MergeError),
}

/// Merges `target` into `project`, which is known to come from `base`.
///
/// # Errors
/// An entry of `skip` is no glob, or the merge could not be made.
pub fn update(
    found: &Found,
    project: &Tree,
    base: &Tree,
    target: Target<'_>,
    style: ConflictStyle,
    merge: &dyn Merge,
) -> Result<Outcome, UpdateError> {
    let skip = skip(found)?;
    let base_folders = base;
    let sorted = Sorted::new(found, project, base, target.tree, &skip);
    let Sorted { base, ours, theirs, aside, mut steps, findings } = sorted;
    let merged = three::merge(&base, &ours, &theirs, merge)?;
    let label = format!("template {}", target.version.name());
    let settled = settle::settle(&base, &ours, &theirs, merged, style, &label);
    steps.extend(settled.steps);
    steps.sort_by(|one, other| one.path.cmp(&other.path));
    let mut tree = settled.tree;
    for (path, entry) in aside.iter() {
        put(&mut tree, path, Some(entry));
    }
    for (path, entry) in target.tree.iter().filter(|(_, entry)| **entry == Entry::Folder) {
        // Git keeps no empty folders, so one that is missing says nothing unless the template has it new.
        if base_folders.get(path).is_none() && tree.get(path).is_none() && !tree.has_folder(path) {
            put(&mut tree, path, Some(entry));
        }
    }
    let plan = Plan::new(&found.lineage.version, target.version, steps);
    let lineage = next_lineage(found, target, &plan, &tree);
    keep_records(&mut tree, found, target, &lineage);
    Ok(Outcome { plan, tree, lineage, findings })
}

fn skip(found: &Found) -> Result<Skip, UpdateError> {
    let entries: Vec<String> = found.lineage.skip.iter().chain(&found.skip).cloned().collect();
    Skip::new(&entries).map_err(|(entry, reason)| {
        let file = if found.recorded { FILE } else { CRUFT_FILE };
        let message = format!("The entry {entry:?} of `skip` is no pattern: {reason}.");
        let finding =
            Finding::new("lineage.skip", Level::Error, message, "Mend it: `*`, `**`, `?` and `[…]` are known.");
        UpdateError::Invalid(vec![finding.at(file, 0, 0)].into())
    })
}

/// The three trees, without what is none of a merge's business.
struct Sorted {
    base: Tree,
    ours: Tree,
    theirs: Tree,
    /// Of the project, to be put back as it is.
    aside: Tree,
    steps: Vec<Step>,
    findings: Vec<Finding>,
}

impl Sorted {
    fn new(found: &Found, project: &Tree, rendered: &Tree, target: &Tree, skip: &Skip) -> Self {
        let mut sorted = Self {
            base: Tree::default(),
            ours: Tree::default(),
            theirs: Tree::default(),
            aside: Tree::default(),
            steps: Vec::new(),
            findings: Vec::new(),
        };
        let mut unlike = Vec::new();
        for path in paths(&[project, rendered, target]) {
            let ours = project.get(path);
            let base = as_recorded(&found.lineage, path, ours, rendered.get(path), &mut unlike);
            let theirs = target.get(path);
            let out = if lineage::is_own(path) {
                None
            } else if is_of_git(path) {
                Some(Reason::Refused)
            } else if skip.has(path) {
                Some(Reason::Skipped)
            } else {
                let sides = [(&mut sorted.base, base), (&mut sorted.ours, ours), (&mut sorted.theirs, theirs)];
                for (tree, entry) in sides {
                    put(tree, path, entry.filter(|entry| **entry != Entry::Folder));
                }
                if ours == Some(&Entry::Folder) {
                    put(&mut sorted.aside, path, ours);
                }
                continue;
            };
            if let Some(reason) = out.filter(|_| !same(base, theirs)) {
                sorted.steps.push(Step::new(path, reason));
            }
            put(&mut sorted.aside, path, ours);
        }
        if !unlike.is_empty() {
            sorted.findings.push(not_reproduced(&unlike));
        }
        sorted
    }
}

/// What the template once made at a path. The record is believed before the render: where the project still has what was
/// recorded, that is what was made, whatever a newer engine, another hook or another machine would make today.
fn as_recorded<'a>(
    lineage: &Lineage,
    path: &'a str,
    ours: Option<&'a Entry>,
    rendered: Option<&'a Entry>,
    unlike: &mut Vec<&'a str>,
) -> Option<&'a Entry> {
    let Some(record) = lineage.files.get(path) else { return rendered };
    if rendered.is_some_and(|entry| record.is(entry)) {
        return rendered;
    }
    if ours.is_some_and(|entry| record.is(entry)) {
        return ours;
    }
    unlike.push(path);
    rendered
}

fn not_reproduced(paths: &[&str]) -> Finding {
    let named: Vec<&str> = paths.iter().take(5).copied().collect();
    let more =
        if paths.len() > named.len() { format!(" and {} more", paths.len() - named.len()) } else { String::new() };
    let message = format!(
        "The recorded version renders otherwise than it once did, where the project changed it too: {}{more}.",
        named.join(", ")
    );
    let help = "Look at these files: what differs may be shown as a change of the project. Trusting the template's hooks may help.";
    Finding::new("update.not-reproduced", Level::Warning, message, help).at(FILE, 0, 0)
}

/// Whether a path lies in a folder `.git`, however it is spelled on systems that do not tell cases apart.
fn is_of_git(path: &str) -> bool {
    path.split('/').any(|part| part.eq_ignore_ascii_case(".git"))
}

fn next_lineage(found: &Found, target: Target<'_>, plan: &Plan, tree: &Tree) -> Lineage {
    let is_secret = |name: &str| target.secrets.iter().any(|secret| secret == name);
    let conflicts = plan.files.iter().filter(|step| step.action == Action::Conflict);
    let fresh = conflicts.map(|step| step.path.as_str());
    let left = fresh.chain(unsettled(&found.lineage, tree));
    let mut unresolved: Vec<Unresolved> =
        left.map(|path| Unresolved { path: path.to_owned(), sha256: tree.get(path).and_then(lineage::hash) }).collect();
    unresolved.sort_by(|one, other| one.path.cmp(&other.path));
    unresolved.dedup_by(|one, other| one.path == other.path);
    Lineage {
        template: found.lineage.template.clone(),
        version: target.version.clone(),
        dialect: found.lineage.dialect,
        render: Some(target.render),
        programs: target.programs,
        answers: target
            .answers
            .iter()
            .filter(|(name, _)| !is_secret(name))
            .map(|(name, value)| (name, value.clone()))
            .collect(),
        secrets: target.secrets.to_vec(),
        skip: found.lineage.skip.clone(),
        files: lineage::records(target.tree),
        unresolved,
    }
}

/// Writes the lineage, and `.cruft.json` where it is there, as both become.
fn keep_records(tree: &mut Tree, found: &Found, target: Target<'_>, lineage: &Lineage) {
    let mode = |path: &str| match tree.get(path) {
        Some(Entry::File { mode, .. }) => *mode,
        _ => 0o644,
    };
    let (lineage_mode, cruft_mode) = (mode(FILE), mode(CRUFT_FILE));
    // A file that says the same stays as it is written.
    if *lineage != found.lineage && (found.recorded || !says_the_same(lineage, &found.lineage)) {
        put(tree, FILE, Some(&Entry::file(lineage.to_text().into_bytes(), lineage_mode)));
    }
    if let Some(cruft) = &found.cruft {
        let mut context = match (target.context, cruft.context()) {
            (Some(context), _) | (None, Some(context)) => context.clone(),
            (None, None) => Map::new(),
        };
        if target.context.is_none() {
            context.extend(lineage.answers.iter().map(|(name, value)| (name.to_owned(), value.clone())));
        }
        let updated = cruft.updated(target.version, &context);
        if updated != *cruft {
            put(tree, CRUFT_FILE, Some(&Entry::file(updated.to_text().into_bytes(), cruft_mode)));
        }
    }
}

/// Whether nothing became different of what cruft records too.
fn says_the_same(one: &Lineage, other: &Lineage) -> bool {
    one.version.commit == other.version.commit && one.answers == other.answers && one.unresolved == other.unresolved
}
