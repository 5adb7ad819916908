//! Access between services, as pages and programs see it. Times are milliseconds since 1970 in UTC.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::job::JobState;
use crate::{EntityRef, Evidence, Finding};

/// How things stand for one atom: that one component may use one scope of one API in one environment.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(utoipa::ToSchema))]
#[serde(rename_all = "lowercase")]
pub enum Standing {
    Active,
    /// Granted, from a later day on.
    Scheduled,
    Pending,
    Denied,
    Expired,
    Revoked,
    Suspended,
    /// Never requested, or no longer: withdrawn, lapsed.
    Missing,
}

impl Standing {
    pub const ALL: [Self; 8] = [
        Self::Active,
        Self::Scheduled,
        Self::Pending,
        Self::Denied,
        Self::Expired,
        Self::Revoked,
        Self::Suspended,
        Self::Missing,
    ];

    pub fn as_str(self) -> &'static str {
        match self {
            Self::Active => "active",
            Self::Scheduled => "scheduled",
            Self::Pending => "pending",
            Self::Denied => "denied",
            Self::Expired => "expired",
            Self::Revoked => "revoked",
            Self::Suspended => "suspended",
            Self::Missing => "missing",
        }
    }

    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|standing| standing.as_str() == text)
    }
}

/// One atom with what was asked for last, and what is granted.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(utoipa::ToSchema))]
pub struct AccessAtom {
    pub id: String,
    pub consumer: EntityRef,
    pub api: EntityRef,
    pub scope: String,
    /// A name, or `*` for all.
    pub environment: String,
    pub state: Standing,
    /// The request that led there.
    pub request: String,
    pub requested_by: String,
    pub requested_at: i64,
    pub justification: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ticket: Option<String>,
    /// Of the scope, when it was asked for: `public`, `internal`, `confidential` or `restricted`.
    pub sensitivity: String,
    /// Since when it is granted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub since: Option<i64>,
    /// When the grant ends, or has ended.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expires: Option<i64>,
    /// When somebody is asked next whether it is still needed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub review_at: Option<i64>,
    /// Whose approvals count; as another place names them where it was imported.
    pub approved_by: Vec<String>,
    /// What was said with what led to its state.
    pub reason: String,
    /// A request that waits for people, whatever is granted meanwhile.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub waiting: Option<AccessWaiting>,
    pub flags: AccessFlags,
}

impl AccessAtom {
    /// How far this request is, where it waits.
    pub fn waiting_for(&self, request: &str) -> Option<&AccessWaiting> {
        self.waiting.as_ref().filter(|waiting| waiting.request == request)
    }
}

/// How far a request is that waits for people.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(utoipa::ToSchema))]
pub struct AccessWaiting {
    pub request: String,
    pub requested_by: String,
    pub requested_at: i64,
    pub justification: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ticket: Option<String>,
    pub sensitivity: String,
    /// Until when at most it would be granted, where that is asked for as a day.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<i64>,
    /// How long, where it is asked for as a span: `180d`; and the longest that the policy allows.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub span: Option<String>,
    pub longest: String,
    /// When nobody can decide any more.
    pub lapses_at: i64,
    pub have: u32,
    pub need: u32,
    pub missing: Vec<AccessNeed>,
    /// Everybody whom its policy asks, whether they have decided or not.
    pub asked: Vec<AccessNeed>,
    /// Who has decided so far.
    pub votes: Vec<AccessVote>,
    /// Who wrote the change that asks: none of them decides.
    pub authors: Vec<EntityRef>,
    /// Why somebody may be missing among them, in whole sentences.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub doubt: Option<String>,
    /// The commit of the manifest; nothing for what was asked for in the portal.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub commit: Option<String>,
}

/// So many people of one group, or of the API's owner: `owner`, `group:default/security`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(utoipa::ToSchema))]
pub struct AccessNeed {
    pub from: String,
    pub count: u32,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(utoipa::ToSchema))]
pub struct AccessVote {
    pub by: EntityRef,
    pub approves: bool,
    pub at: i64,
}

/// What else there is to know of a grant.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(utoipa::ToSchema))]
pub struct AccessFlags {
    /// It ends within two weeks.
    pub expiring: bool,
    pub review_due: bool,
    /// It was taken without asking.
    pub break_glass: bool,
    /// That, and nobody has ratified it.
    pub unratified: bool,
    pub imported: bool,
}

/// What one component asks of one API at once.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(utoipa::ToSchema))]
pub struct AccessRequest {
    pub id: String,
    pub consumer: EntityRef,
    pub api: EntityRef,
    /// The group that owns the API, where somebody with authority says so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub owner: Option<EntityRef>,
    pub atoms: Vec<AccessAtom>,
    /// Whether whoever asks may approve or deny something of it.
    pub may_decide: bool,
    /// Whether they may take it back.
    pub may_withdraw: bool,
    /// Why they may not decide, where they might think so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub why_not: Option<String>,
}

impl AccessRequest {
    /// Whether all of it that waits is public or internal, so that it may be approved together with others.
    pub fn opens_little(&self) -> bool {
        let mut waiting = self.atoms.iter().filter_map(|atom| atom.waiting_for(&self.id)).peekable();
        let little = |waiting: &AccessWaiting| matches!(waiting.sensitivity.as_str(), "public" | "internal");
        waiting.peek().is_some() && waiting.all(little)
    }
}

/// One thing that happened to an atom.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(utoipa::ToSchema))]
pub struct AccessStep {
    pub at: i64,
    /// As the audit log writes it; `the clock` where nobody did it.
    pub by: String,
    /// `requested`, `approved`, `expired`, …
    pub what: String,
    pub to: String,
    pub reason: String,
    pub request: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub commit: Option<String>,
}

/// An atom with everything that happened to it, and what whoever asks may do.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(utoipa::ToSchema))]
pub struct AccessHistory {
    pub atom: AccessAtom,
    pub steps: Vec<AccessStep>,
    /// Among `revoke`, `suspend`, `resume`, `withdraw`, `recertify`, `ratify`.
    pub may: Vec<String>,
}

/// Something that an API lets its consumers do.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(utoipa::ToSchema))]
pub struct AccessScope {
    pub name: String,
    pub description: String,
    pub sensitivity: String,
    /// `GET /orders/{id}`
    pub operations: Vec<String>,
    /// Since when nobody gets it anew.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub deprecated: Option<String>,
    /// What to ask for instead.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub instead: Option<String>,
    /// By environment: who has to approve it, or that nobody has to.
    pub approvals: Vec<(String, Vec<AccessNeed>)>,
}

/// On what terms an API is offered.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(utoipa::ToSchema))]
pub struct AccessOffer {
    pub api: EntityRef,
    pub component: EntityRef,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub owner: Option<EntityRef>,
    pub scopes: Vec<AccessScope>,
    /// The commit from which it was read.
    pub version: String,
    /// Since when no manifest offers it any more; what is granted ends a day later.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub gone_at: Option<i64>,
}

/// One field of the matrix of consumers and APIs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(utoipa::ToSchema))]
pub struct AccessCell {
    pub consumer: EntityRef,
    pub api: EntityRef,
    pub active: u64,
    pub waiting: u64,
    /// Neither: denied, expired, revoked, suspended.
    pub other: u64,
}

/// What became of grants that were made elsewhere before.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(utoipa::ToSchema))]
pub struct AccessImport {
    /// Nothing is written.
    pub dry_run: bool,
    /// The job that takes them over, and how it stands; nothing where nothing is written.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub job: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub state: Option<JobState>,
    /// Why it did not take over everything, for a person.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
    /// Grants that are to be taken over.
    pub total: u64,
    /// Taken over, or to be.
    pub imported: u64,
    /// Left as they are: they were taken over before, or are granted here already.
    pub unchanged: u64,
    /// What was wrong or left out, and why: at most 1000.
    pub findings: Vec<Finding>,
}

/// How much of what the catalog has seen is granted.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(utoipa::ToSchema))]
pub struct AccessCoverage {
    /// Components and APIs of others that they call.
    pub calls: u64,
    /// For so many of them something is granted.
    pub granted: u64,
    /// The others.
    pub uncovered: Vec<AccessCall>,
}

/// A component that calls an API, without anything being granted.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(utoipa::ToSchema))]
pub struct AccessCall {
    pub consumer: EntityRef,
    pub api: EntityRef,
    /// A request waits.
    pub waiting: bool,
    /// The API's terms are known, so that it can be asked for.
    pub offered: bool,
    /// Where it was seen; `None` where a descriptor says it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub evidence: Option<Evidence>,
}

/// What the manifest of a repository says, and what is wrong with it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(utoipa::ToSchema))]
pub struct AccessManifestView {
    /// Slug.
    pub repository: String,
    pub path: String,
    pub commit: String,
    pub findings: Vec<Finding>,
    /// Why what it newly asks for is not asked for yet, in whole sentences.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub waits: Option<String>,
    /// Checks of this repository only report.
    pub report_only: bool,
}

/// The answer that a pipeline gets, `access-check/v1`: whether all that a manifest requires is granted. Instants are written
/// as in RFC 3339.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(utoipa::ToSchema))]
pub struct AccessCheck {
    pub schema: String,
    /// Nothing where the manifest cannot be read so far.
    pub component: Option<EntityRef>,
    /// Only what is required there was looked at.
    pub environment: Option<String>,
    pub manifest: AccessCheckManifest,
    /// `portal` or `bundle`.
    pub decided_by: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bundle_expires: Option<String>,
    /// Nothing of it is to fail a pipeline.
    pub report_only: bool,
    /// `granted`, `needs_approval`, `not_requested`, `expired`, `refused`, `invalid`: the worst of all atoms.
    pub outcome: String,
    /// How many atoms stand how, and how many `errors`, `warnings` and `notes` were found.
    pub summary: BTreeMap<String, usize>,
    pub atoms: Vec<AccessCheckAtom>,
    pub findings: Vec<Finding>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(utoipa::ToSchema))]
pub struct AccessCheckManifest {
    pub path: String,
    /// In hexadecimal.
    pub sha256: String,
    /// As whoever asks has it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub commit: Option<String>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(utoipa::ToSchema))]
pub struct AccessCheckAtom {
    pub api: EntityRef,
    pub scope: String,
    pub environment: String,
    pub state: Standing,
    pub optional: bool,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub request: Option<String>,
    /// Where the request is decided; a path where nobody has said how the portal is reached.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub url: Option<String>,
    pub line: u32,
    /// Of what waits, and of what will be asked for when the manifest is merged.
    pub approvals: AccessApprovals,
    /// The group that owns the API.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub owner: Option<EntityRef>,
    /// Some of those who can give what is missing.
    #[serde(default)]
    pub suggested_reviewers: Vec<EntityRef>,
    pub expires: Option<String>,
}

#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(utoipa::ToSchema))]
pub struct AccessApprovals {
    pub have: u32,
    pub need: u32,
    pub missing: Vec<AccessNeed>,
}
