//! What is written down.

use std::collections::BTreeSet;

use jiff::Timestamp;
use model::EntityRef;
use serde::{Deserialize, Deserializer, Serialize};

use super::table::Kind;
use crate::review::{Actor, Capacities};
use crate::terms::{Policy, Sensitivity};
use crate::time::Ends;

/// One thing that happened. It is never changed and never removed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Event {
    /// Unique: an event that arrives twice counts once.
    pub id: String,
    /// The place in which the store took it.
    pub sequence: u64,
    pub at: Timestamp,
    pub actor: Actor,
    /// The request that it is about.
    pub request: String,
    pub action: Action,
    /// Of the manifest that caused it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub commit: Option<String>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "do", rename_all = "snake_case")]
pub enum Action {
    Requested {
        opening: Box<Opening>,
    },
    /// Access at once and for hours, because something is on fire.
    BrokeGlass {
        opening: Box<Opening>,
        incident: String,
    },
    /// Access that was granted before this portal was asked.
    Imported {
        opening: Box<Opening>,
        original: Original,
    },
    Approved {
        capacities: Capacities,
        comment: String,
        /// An approver may grant less time than was asked for.
        until: Option<Timestamp>,
    },
    Denied {
        capacities: Capacities,
        reason: String,
    },
    /// By the consumer, or because its manifest no longer requires it.
    Withdrawn {
        reason: String,
    },
    /// The API no longer has the scope, or keeps the consumer out.
    ProviderWithdrew {
        reason: String,
    },
    Revoked {
        reason: String,
    },
    Suspended {
        reason: String,
    },
    Resumed {
        capacities: Capacities,
        reason: String,
    },
    /// A review was answered: it is still needed.
    Recertified {
        capacities: Capacities,
        reason: String,
    },
    /// Somebody who may approve stands by access that was taken without asking.
    Ratified {
        capacities: Capacities,
        reason: String,
    },
    /// The consumer needs it for less time, which nobody has to approve.
    Shortened {
        until: Timestamp,
    },
}

/// An [`Action`] as it is written: what any of them has.
///
/// To read this is half the work of reading the tagged enum, for which serde first keeps a copy of everything.
#[derive(Deserialize)]
struct Written {
    #[serde(rename = "do")]
    kind: Kind,
    opening: Option<Box<Opening>>,
    incident: Option<String>,
    original: Option<Original>,
    capacities: Option<Capacities>,
    comment: Option<String>,
    until: Option<Timestamp>,
    reason: Option<String>,
}

impl<'de> Deserialize<'de> for Action {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        fn there<T, E: serde::de::Error>(value: Option<T>, name: &'static str) -> Result<T, E> {
            value.ok_or_else(|| E::missing_field(name))
        }
        let Written { kind, opening, incident, original, capacities, comment, until, reason } =
            Written::deserialize(deserializer)?;
        let opening = || there(opening, "opening");
        let capacities = || there(capacities, "capacities");
        let reason = || there(reason, "reason");
        Ok(match kind {
            Kind::Requested => Self::Requested { opening: opening()? },
            Kind::BrokeGlass => Self::BrokeGlass { opening: opening()?, incident: there(incident, "incident")? },
            Kind::Imported => Self::Imported { opening: opening()?, original: there(original, "original")? },
            Kind::Approved => Self::Approved { capacities: capacities()?, comment: there(comment, "comment")?, until },
            Kind::Denied => Self::Denied { capacities: capacities()?, reason: reason()? },
            Kind::Withdrawn => Self::Withdrawn { reason: reason()? },
            Kind::ProviderWithdrew => Self::ProviderWithdrew { reason: reason()? },
            Kind::Revoked => Self::Revoked { reason: reason()? },
            Kind::Suspended => Self::Suspended { reason: reason()? },
            Kind::Resumed => Self::Resumed { capacities: capacities()?, reason: reason()? },
            Kind::Recertified => Self::Recertified { capacities: capacities()?, reason: reason()? },
            Kind::Ratified => Self::Ratified { capacities: capacities()?, reason: reason()? },
            Kind::Shortened => Self::Shortened { until: there(until, "until")? },
            Kind::Lapsed | Kind::Started | Kind::Expired | Kind::Unanswered | Kind::Unratified | Kind::Superseded => {
                return Err(serde::de::Error::custom("that follows from the clock and is no event"));
            }
        })
    }
}

/// Who approved what was imported, when, and where that was written.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Original {
    /// As that place names them.
    pub approved_by: String,
    pub approved_at: Timestamp,
    pub source: String,
}

/// What is asked for, and under which policy it is decided whatever becomes of the policy.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Opening {
    /// Who wrote the change to the manifest: none of them decides.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub authors: BTreeSet<EntityRef>,
    /// Why somebody may be missing among them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub doubt: Option<String>,
    #[serde(default)]
    pub justification: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ticket: Option<String>,
    /// Of the scope, when it was asked for: if it becomes higher, it has to be asked for again.
    pub sensitivity: Sensitivity,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub starts: Option<Timestamp>,
    /// Without it: as long as the policy allows.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ends: Option<Ends>,
    pub policy: Policy,
    /// The commit from which the policy was read.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub policy_version: Option<String>,
}

impl Action {
    pub fn kind(&self) -> Kind {
        match self {
            Self::Requested { .. } => Kind::Requested,
            Self::BrokeGlass { .. } => Kind::BrokeGlass,
            Self::Imported { .. } => Kind::Imported,
            Self::Approved { .. } => Kind::Approved,
            Self::Denied { .. } => Kind::Denied,
            Self::Withdrawn { .. } => Kind::Withdrawn,
            Self::ProviderWithdrew { .. } => Kind::ProviderWithdrew,
            Self::Revoked { .. } => Kind::Revoked,
            Self::Suspended { .. } => Kind::Suspended,
            Self::Resumed { .. } => Kind::Resumed,
            Self::Recertified { .. } => Kind::Recertified,
            Self::Ratified { .. } => Kind::Ratified,
            Self::Shortened { .. } => Kind::Shortened,
        }
    }

    /// What was said with it.
    pub fn reason(&self) -> &str {
        match self {
            Self::Requested { opening } | Self::Imported { opening, .. } => &opening.justification,
            Self::BrokeGlass { incident, .. } => incident,
            Self::Approved { comment, .. } => comment,
            Self::Denied { reason, .. }
            | Self::Withdrawn { reason }
            | Self::ProviderWithdrew { reason }
            | Self::Revoked { reason }
            | Self::Suspended { reason }
            | Self::Resumed { reason, .. }
            | Self::Recertified { reason, .. }
            | Self::Ratified { reason, .. } => reason,
            Self::Shortened { .. } => "",
        }
    }
}
