//! What is asked for and granted: never less, never more than one atom at once.

use std::fmt;

use model::EntityRef;
use serde::{Deserialize, Serialize};

/// All environments, where a policy allows to ask for them at once.
pub const ANY_ENVIRONMENT: &str = "*";

/// That one component may use one scope of one API in one environment.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Atom {
    pub consumer: EntityRef,
    pub api: EntityRef,
    pub scope: String,
    /// A name, or [`ANY_ENVIRONMENT`].
    pub environment: String,
}

impl fmt::Display for Atom {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { consumer, api, scope, environment } = self;
        write!(f, "{consumer} → {scope} of {api} in {environment}")
    }
}
