//! Changes of files in repositories, as pull requests or branches, and where they stand.

use serde::{Deserialize, Serialize};

/// Where a change stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(utoipa::ToSchema))]
#[serde(rename_all = "lowercase")]
pub enum ChangeState {
    /// It will be proposed by a job.
    Waiting,
    /// A job is at it.
    Proposing,
    /// The pull request is open, or the branch is there, and somebody has to look at it.
    Open,
    /// The files or the branch were changed by somebody else; a person has to say what shall be.
    Conflict,
    /// The default branch has it.
    Merged,
    /// Somebody decided against it.
    Closed,
    /// It could not be proposed; the reason says at which step and why.
    Failed,
}

impl ChangeState {
    pub const ALL: [Self; 7] =
        [Self::Waiting, Self::Proposing, Self::Open, Self::Conflict, Self::Merged, Self::Closed, Self::Failed];

    /// As in addresses and filters.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Waiting => "waiting",
            Self::Proposing => "proposing",
            Self::Open => "open",
            Self::Conflict => "conflict",
            Self::Merged => "merged",
            Self::Closed => "closed",
            Self::Failed => "failed",
        }
    }

    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.as_str() == text)
    }

    /// Whether a job still has to do something for it.
    pub fn is_under_way(self) -> bool {
        matches!(self, Self::Waiting | Self::Proposing)
    }
}

/// One file of a change.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(utoipa::ToSchema))]
pub struct FileEdit {
    /// From the root, with `/`.
    pub path: String,
    /// The text that it was written against; `None` where there was no such file.
    pub before: Option<String>,
    /// The text that it shall have; `None` to remove it.
    pub after: Option<String>,
}

/// One change, as lists show it. Times are milliseconds since 1970 in UTC.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(utoipa::ToSchema))]
pub struct Change {
    pub id: String,
    /// Slug of the repository, and the name that its source gives it.
    pub repository: String,
    pub repository_name: String,
    pub title: String,
    pub state: ChangeState,
    /// Why it stands there, for a person: what happened and what to do.
    pub reason: Option<String>,
    /// `slipway/catalog-info-1a2b3c4d`
    pub branch: String,
    /// The branch that it is proposed for, once that is known.
    pub base: Option<String>,
    /// The number of the pull request.
    pub number: Option<u64>,
    /// Of the pull request, or of the page that makes one from the branch.
    pub url: Option<String>,
    /// Changes that were asked for together have the same.
    pub batch: Option<String>,
    /// The page that makes it anew from what is there now.
    pub origin: Option<String>,
    /// A person wants it closed, and a job will.
    pub closing: bool,
    pub by: String,
    pub created_at: i64,
    pub updated_at: i64,
}

/// Everything that the page of a change shows.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(utoipa::ToSchema))]
pub struct ChangeDetail {
    pub change: Change,
    /// Markdown.
    pub text: String,
    pub edits: Vec<FileEdit>,
    /// Oldest first.
    pub events: Vec<ChangeEvent>,
}

/// When a change came to stand where.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(utoipa::ToSchema))]
pub struct ChangeEvent {
    pub at: i64,
    pub state: ChangeState,
    pub note: Option<String>,
}
