//! The audit log.

use serde::{Deserialize, Serialize};

/// One change that somebody made.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(utoipa::ToSchema))]
pub struct AuditEntry {
    pub id: String,
    /// Milliseconds since 1970 in UTC.
    pub at: i64,
    /// `user:default/jane`, `operator`, `system`
    pub actor: String,
    /// `source.sync`, `catalog.correct`
    pub action: String,
    /// What it was done to: the name of a source, a reference.
    pub target: String,
    pub before: Option<String>,
    pub after: Option<String>,
    /// Id of the request, as in the logs.
    pub request: Option<String>,
    /// Of who did it, or whom it was done to.
    pub account: Option<String>,
    /// From where, on the network.
    pub address: Option<String>,
}
