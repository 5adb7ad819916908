//! Tokens of services.

use serde::{Deserialize, Serialize};

/// A token in whose name nobody acts, as it is listed; the token itself is known to whoever has it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(utoipa::ToSchema))]
pub struct ServiceToken {
    pub id: String,
    pub name: String,
    /// Who answers for it: a group of the catalog, or words.
    pub owner: String,
    /// What it may do: `read`, `sync`, `audit`.
    pub scopes: Vec<String>,
    /// What it may read: `public`, `signed-in`, `everything`.
    pub reads: String,
    pub made_by: String,
    /// Milliseconds since 1970 in UTC, here and below.
    pub created_at: i64,
    pub expires_at: i64,
    /// Written at most once a minute.
    pub used_at: Option<i64>,
    pub revoked_at: Option<i64>,
}

impl ServiceToken {
    /// Whether it opens anything at `now`.
    pub fn is_good(&self, now: i64) -> bool {
        self.revoked_at.is_none() && now < self.expires_at
    }
}
