//! Where repositories come from.

use serde::{Deserialize, Serialize};

use crate::Visibility;

/// A configured source and how it fares. Times are milliseconds since 1970 in UTC.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(utoipa::ToSchema))]
pub struct SourceStatus {
    /// Stable name, from the configuration.
    pub name: String,
    /// `folder` or `git`
    pub kind: String,
    /// What is shown: the path or address, without credentials.
    pub location: String,
    pub visibility: Visibility,
    /// The demo organisation, labelled as such everywhere.
    pub demo: bool,
    pub repositories: u64,
    pub failed: u64,
    /// When the last round over this source ended.
    pub synced_at: Option<i64>,
    /// Milliseconds that the last round took.
    pub took: Option<i64>,
    /// Why the last listing failed, if it did; what was known stays.
    pub error: Option<String>,
}
