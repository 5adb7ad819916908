//! What an update does to each file, and why.

use std::collections::BTreeMap;
use std::fmt::Write;

use serde::Serialize;

use crate::lineage::Version;

/// An update, file by file. Files that the template did not change since are not in it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Plan {
    pub from: Version,
    pub to: Version,
    pub files: Vec<Step>,
    /// How many files there are of each action.
    pub summary: BTreeMap<Action, usize>,
}

/// What becomes of one file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Step {
    pub path: String,
    /// Where it was before.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub from: Option<String>,
    pub action: Action,
    pub reason: Reason,
    /// The reason, as a sentence.
    pub why: String,
}

/// What is done to a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Action {
    Add,
    Change,
    /// It becomes what both sides made of it.
    Merge,
    Rename,
    Delete,
    /// The template changed it, and the project's stays as it is.
    Keep,
    /// A person has to decide.
    Conflict,
}

/// Why it is done.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Reason {
    AddedByTemplate,
    ChangedByTemplate,
    ChangedByBoth,
    RenamedByTemplate,
    /// It was renamed on one side and changed on the other.
    FollowedRename,
    DeletedByTemplate,
    /// The project deleted what the template changed or renamed.
    DeletedByProject,
    /// The project has it already as the template now makes it.
    SameInBoth,
    /// An entry of `skip` names it.
    Skipped,
    /// The template would write into Git's own folder.
    Refused,
    /// Conflict: both changed the same lines.
    SameLines,
    /// Conflict: both changed a file that is no text; the project's is kept.
    NoText,
    /// Conflict: the template deleted what the project changed; the project's is kept.
    EditedButDeleted,
    /// Conflict: both renamed it, each to another name.
    RenamedApart,
    /// Conflict: a folder was renamed on one side, and on the other a file was added to it.
    FolderRenamed,
    /// Conflict: a file and a folder, or a file and a link, have the same name.
    Shape,
    /// Conflict: the merge would have lost the project's work; it is kept.
    KeptFromLoss,
}

impl Plan {
    pub(super) fn new(from: &Version, to: &Version, files: Vec<Step>) -> Self {
        let mut summary = BTreeMap::new();
        for step in &files {
            *summary.entry(step.action).or_insert(0) += 1;
        }
        Self { from: from.clone(), to: to.clone(), files, summary }
    }

    /// Whether a person has to decide something.
    #[must_use]
    pub fn has_conflicts(&self) -> bool {
        self.summary.contains_key(&Action::Conflict)
    }

    /// Whether anything of the project's files becomes different.
    #[must_use]
    pub fn changes(&self) -> bool {
        self.files.iter().any(|step| step.action != Action::Keep)
    }

    /// For a person: a line a file, and the counts.
    #[must_use]
    pub fn to_text(&self) -> String {
        let mut text = format!("{} → {}\n", self.from.name(), self.to.name());
        let width = self.files.iter().map(|step| step.shown().chars().count()).max().unwrap_or_default().min(60);
        for step in &self.files {
            let _ = writeln!(text, "{:<8}  {:<width$}  {}", step.action.name(), step.shown(), step.why);
        }
        let counts: Vec<String> =
            self.summary.iter().map(|(action, count)| format!("{count} {}", action.name())).collect();
        text.push_str(if counts.is_empty() { "nothing to do" } else { "" });
        text.push_str(&counts.join(", "));
        text.push('\n');
        text
    }
}

impl Step {
    pub(super) fn new(path: &str, reason: Reason) -> Self {
        Self { path: path.to_owned(), from: None, action: reason.action(), reason, why: reason.sentence().to_owned() }
    }

    pub(super) fn from(mut self, path: &str) -> Self {
        self.from = Some(path.to_owned());
        self
    }

    fn shown(&self) -> String {
        match &self.from {
            Some(from) => format!("{from} → {}", self.path),
            None => self.path.clone(),
        }
    }
}

impl Action {
    fn name(self) -> &'static str {
        match self {
            Self::Add => "add",
            Self::Change => "change",
            Self::Merge => "merge",
            Self::Rename => "rename",
            Self::Delete => "delete",
            Self::Keep => "keep",
            Self::Conflict => "conflict",
        }
    }
}

impl Reason {
    fn action(self) -> Action {
        match self {
            Self::AddedByTemplate => Action::Add,
            Self::ChangedByTemplate => Action::Change,
            Self::ChangedByBoth => Action::Merge,
            Self::RenamedByTemplate | Self::FollowedRename => Action::Rename,
            Self::DeletedByTemplate => Action::Delete,
            Self::DeletedByProject | Self::SameInBoth | Self::Skipped | Self::Refused => Action::Keep,
            Self::SameLines
            | Self::NoText
            | Self::EditedButDeleted
            | Self::RenamedApart
            | Self::FolderRenamed
            | Self::Shape
            | Self::KeptFromLoss => Action::Conflict,
        }
    }

    fn sentence(self) -> &'static str {
        match self {
            Self::AddedByTemplate => "The template has it new.",
            Self::ChangedByTemplate => "The template changed it, the project did not.",
            Self::ChangedByBoth => "Both changed it, in different places.",
            Self::RenamedByTemplate => "The template renamed it, the project did not change it.",
            Self::FollowedRename => "One side renamed it and the other changed it: it has both.",
            Self::DeletedByTemplate => "The template deleted it, and the project never changed it.",
            Self::DeletedByProject => "The project deleted it, so it stays deleted.",
            Self::SameInBoth => "The project has it already as the template now makes it.",
            Self::Skipped => "An entry of `skip` says that it is left alone.",
            Self::Refused => "A template may not write into Git's own folder.",
            Self::SameLines => "Both changed the same lines: choose, and remove the marks.",
            Self::NoText => {
                "Both changed it and it is no text: the project's is kept; take the template's if you want it."
            }
            Self::EditedButDeleted => {
                "The template deleted it, but the project changed it: it is kept; delete it if you agree."
            }
            Self::RenamedApart => "Both renamed it, each to another name: both are kept; delete one.",
            Self::FolderRenamed => {
                "Its folder was renamed, and it moved along: move it back if it does not belong there."
            }
            Self::Shape => "A file and a folder or a link have the same name: one stands beside it; choose.",
            Self::KeptFromLoss => "The merge would have lost the project's work: it is kept as it was.",
        }
    }
}
