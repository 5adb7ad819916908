//! Launches of templates, as they are followed. Times are milliseconds since 1970 in UTC.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::EntityRef;

/// Where a run stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(utoipa::ToSchema))]
#[serde(rename_all = "lowercase")]
pub enum RunState {
    /// Others have to approve it before it begins.
    Review,
    /// Others come first.
    Queued,
    Running,
    /// Something outside does not answer now; it goes on by itself.
    Waiting,
    Done,
    /// A step failed. It can be tried again from there, or what it made can be removed.
    Failed,
    /// Somebody stopped it; what it had made is removed, or listed.
    Cancelled,
    /// It failed, and what it had made is removed, or listed.
    Cleaned,
}

impl RunState {
    pub const ALL: [Self; 8] = [
        Self::Review,
        Self::Queued,
        Self::Running,
        Self::Waiting,
        Self::Done,
        Self::Failed,
        Self::Cancelled,
        Self::Cleaned,
    ];

    /// As in addresses and filters.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Review => "review",
            Self::Queued => "queued",
            Self::Running => "running",
            Self::Waiting => "waiting",
            Self::Done => "done",
            Self::Failed => "failed",
            Self::Cancelled => "cancelled",
            Self::Cleaned => "cleaned",
        }
    }

    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.as_str() == text)
    }

    /// Whether it goes on, by itself or once it is approved.
    pub fn is_under_way(self) -> bool {
        matches!(self, Self::Review | Self::Queued | Self::Running | Self::Waiting)
    }
}

/// Where a step of a run stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(utoipa::ToSchema))]
#[serde(rename_all = "lowercase")]
pub enum StepState {
    Pending,
    Running,
    Done,
    Failed,
    /// What it had made is removed.
    Undone,
}

impl StepState {
    pub const ALL: [Self; 5] = [Self::Pending, Self::Running, Self::Done, Self::Failed, Self::Undone];

    pub fn as_str(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Running => "running",
            Self::Done => "done",
            Self::Failed => "failed",
            Self::Undone => "undone",
        }
    }

    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.as_str() == text)
    }
}

/// What became of something that a run made outside.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(utoipa::ToSchema))]
#[serde(rename_all = "lowercase")]
pub enum EffectState {
    /// It is about to be made.
    Intended,
    Made,
    /// It never came to be.
    Void,
    Undone,
    /// Removing it would destroy somebody's work, or is not allowed: a person has to do it.
    Kept,
}

impl EffectState {
    pub const ALL: [Self; 5] = [Self::Intended, Self::Made, Self::Void, Self::Undone, Self::Kept];

    pub fn as_str(self) -> &'static str {
        match self {
            Self::Intended => "intended",
            Self::Made => "made",
            Self::Void => "void",
            Self::Undone => "undone",
            Self::Kept => "kept",
        }
    }

    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.as_str() == text)
    }
}

/// One run, as lists show it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(utoipa::ToSchema))]
pub struct Run {
    pub id: String,
    /// As it was called when it was launched.
    pub template: EntityRef,
    /// The commit of the template.
    pub commit: String,
    /// The tag that this commit had when it was launched.
    pub tag: Option<String>,
    /// What the project is called.
    pub name: String,
    pub state: RunState,
    /// It is being stopped, or what it made is being removed.
    pub stopping: bool,
    /// Why it stands there, for a person: what happened and what to do.
    pub reason: Option<String>,
    pub by: String,
    /// What it made in the catalog.
    pub entity: Option<EntityRef>,
    /// Slug of the repository that it made.
    pub project: Option<String>,
    pub created_at: i64,
    pub started_at: Option<i64>,
    pub ended_at: Option<i64>,
}

/// Everything that the page of a run shows. Nothing in it is secret.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(utoipa::ToSchema))]
pub struct RunDetail {
    pub run: Run,
    /// What was answered; of what is secret only that it was.
    #[cfg_attr(not(target_arch = "wasm32"), schema(value_type = Object))]
    pub answers: BTreeMap<String, serde_json::Value>,
    /// The source in which the project is made.
    pub destination: String,
    pub steps: Vec<RunStep>,
    /// What it made outside, in the order in which it did.
    pub effects: Vec<RunEffect>,
    /// `remoteUrl`, `repoContentsUrl`, `commitHash`, `entityRef`, as Backstage calls them.
    pub outputs: BTreeMap<String, String>,
    /// What others have to approve before it begins.
    pub approvals: Vec<RunApproval>,
    /// Whether whoever asks is one of them, and has not said anything yet.
    pub may_review: bool,
    /// From 1, while it is queued: how many come before, and it.
    pub position: Option<u64>,
    /// Whether whoever asks may stop it, try it again, or have it removed.
    pub may_change: bool,
}

/// What one rule of the operator asks before a run begins.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(utoipa::ToSchema))]
pub struct RunApproval {
    /// What the rule is about: `template:default/go-service`, `publish:github`.
    pub about: String,
    /// How many have to approve.
    pub needed: usize,
    /// Users and groups who may.
    pub reviewers: Vec<EntityRef>,
    /// Those of them for whom nobody has an account here, and so is told: looked up while it is asked for.
    pub without_account: Vec<EntityRef>,
    pub state: ApprovalState,
    pub expires_at: i64,
    /// The oldest first.
    pub reviews: Vec<RunReview>,
}

/// Where an approval stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(utoipa::ToSchema))]
#[serde(rename_all = "lowercase")]
pub enum ApprovalState {
    Asked,
    Granted,
    Denied,
    Expired,
}

impl ApprovalState {
    pub const ALL: [Self; 4] = [Self::Asked, Self::Granted, Self::Denied, Self::Expired];

    pub fn as_str(self) -> &'static str {
        match self {
            Self::Asked => "asked",
            Self::Granted => "granted",
            Self::Denied => "denied",
            Self::Expired => "expired",
        }
    }

    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.as_str() == text)
    }
}

/// What a reviewer said.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(utoipa::ToSchema))]
pub struct RunReview {
    pub by: String,
    /// Otherwise they deny it.
    pub approves: bool,
    pub reason: String,
    pub at: i64,
}

/// One step of a run.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(utoipa::ToSchema))]
pub struct RunStep {
    pub id: String,
    pub name: String,
    /// `publish:github`
    pub action: String,
    /// What it does, for a person.
    pub does: String,
    pub state: StepState,
    pub attempts: u64,
    pub reason: Option<String>,
    /// What it made at a forge, such as a pull request.
    pub url: Option<String>,
    pub started_at: Option<i64>,
    pub ended_at: Option<i64>,
}

/// Something that a run made outside.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(utoipa::ToSchema))]
pub struct RunEffect {
    /// `the repository acme/shop at github.com`
    pub target: String,
    pub state: EffectState,
    /// Why it was kept.
    pub reason: Option<String>,
    /// What removes it, where it was kept.
    pub command: Option<String>,
}

/// What whoever launched a run says of it once it has ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(utoipa::ToSchema))]
pub struct RunFeedback {
    /// It did what was needed; or something was missing.
    pub worked: bool,
    /// One line, or nothing.
    pub comment: String,
    pub given_at: i64,
}
