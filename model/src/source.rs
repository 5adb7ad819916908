//! Where repositories come from.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use crate::{Kind, Visibility};

/// What the descriptors of a source may declare, and whether its word gives rights.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SourcePolicy {
    pub kinds: BTreeSet<Kind>,
    /// An operator vouches for everybody who can push to it: what it says of owners and members has authority.
    pub trusted: bool,
}

impl SourcePolicy {
    /// The kinds that give nobody rights: everything but groups and users.
    pub fn open() -> Self {
        let kinds = Kind::ALL.into_iter().filter(|kind| !Self::needs_trust(*kind)).collect();
        Self { kinds, trusted: false }
    }

    /// Everything, with authority.
    pub fn trusted() -> Self {
        Self { kinds: Kind::ALL.into_iter().collect(), trusted: true }
    }

    /// Whether only a trusted source may declare entities of this kind.
    pub fn needs_trust(kind: Kind) -> bool {
        matches!(kind, Kind::Group | Kind::User)
    }

    /// What holds of a file that is reached through both: a chain is as strong as its weakest link.
    pub fn weakest(&self, other: &Self) -> Self {
        Self { kinds: self.kinds.intersection(&other.kinds).copied().collect(), trusted: self.trusted && other.trusted }
    }

    /// What holds of a file that is reached in both ways.
    pub fn strongest(&self, other: &Self) -> Self {
        Self { kinds: self.kinds.union(&other.kinds).copied().collect(), trusted: self.trusted || other.trusted }
    }
}

/// What a source may declare as long as nobody says otherwise.
impl Default for SourcePolicy {
    fn default() -> Self {
        Self::open()
    }
}

/// A configured source and how it fares. Times are milliseconds since 1970 in UTC.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(utoipa::ToSchema))]
pub struct SourceStatus {
    /// Stable name, from the configuration.
    pub name: String,
    /// `folder`, `git` or `github`
    pub kind: String,
    /// What is shown: the path or address, without credentials.
    pub location: String,
    pub visibility: Visibility,
    /// The demo organisation, labelled as such everywhere.
    pub demo: bool,
    /// What it says of owners and members has authority.
    pub trusted: bool,
    pub repositories: u64,
    pub failed: u64,
    /// When the last round over this source ended.
    pub synced_at: Option<i64>,
    /// Milliseconds that the last round took.
    pub took: Option<i64>,
    /// Why the last listing failed, if it did; what was known stays.
    pub error: Option<String>,
    /// What it does not list any more.
    pub unlisted: Unlisted,
    /// What its host makes us wait for at this moment.
    pub waiting: Option<SourceWait>,
}

/// A limit that holds back what a source is asked.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(utoipa::ToSchema))]
pub struct SourceWait {
    pub until: i64,
    /// `primary`: so many calls an hour; `secondary`: too many at once.
    pub limit: String,
    /// Calls an hour that are all used up, where that is known.
    pub calls: Option<u32>,
}

/// Repositories that a source does not list any more, and that are not known to be gone.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(utoipa::ToSchema))]
pub struct Unlisted {
    /// All of them.
    pub out_of_sight: u64,
    /// Those that stay until a person has said what became of them.
    pub waiting: u64,
    /// When the last of these went out of sight: with it a word is given on no others than were shown.
    pub until: i64,
    /// The first 100 that wait, by name.
    pub repositories: Vec<UnlistedRepository>,
}

/// One that waits for a person's word.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(utoipa::ToSchema))]
pub struct UnlistedRepository {
    pub slug: String,
    pub name: String,
    pub since: i64,
    /// The end of a sentence that begins with its name.
    pub why: String,
}
