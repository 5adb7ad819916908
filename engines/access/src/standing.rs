//! How things stand for one atom, as a check needs it: a portal folds it from what happened, a bundle carries it.

use jiff::Timestamp;
pub use model::access::Standing;
use serde::{Deserialize, Serialize};

use crate::review::Missing;

/// What is known of one atom.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Known {
    pub state: Standing,
    /// The request that led there.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub request: Option<String>,
    /// When an active grant ends, or has ended.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expires: Option<Timestamp>,
    /// What was said by whoever denied, revoked or suspended.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub reason: String,
    /// Of a pending request.
    #[serde(default, skip_serializing_if = "Approvals::is_empty")]
    pub approvals: Approvals,
}

/// How far a pending request is.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Approvals {
    pub have: u32,
    pub need: u32,
    pub missing: Vec<Missing>,
}

impl Approvals {
    fn is_empty(&self) -> bool {
        self.need == 0
    }
}

impl Known {
    pub fn missing() -> Self {
        Self {
            state: Standing::Missing,
            request: None,
            expires: None,
            reason: String::new(),
            approvals: Approvals::default(),
        }
    }

    /// The same at `now`: what was known earlier, by a bundle or a cache, may have ended since.
    pub fn at(&self, now: Timestamp) -> Self {
        let over = self.expires.is_some_and(|expires| expires <= now);
        let live = matches!(self.state, Standing::Active | Standing::Scheduled | Standing::Suspended);
        if over && live { Self { state: Standing::Expired, ..self.clone() } } else { self.clone() }
    }
}
