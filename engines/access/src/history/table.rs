//! The table of all states and of all that can happen in them.

use serde::{Deserialize, Serialize};

/// Where a case is: a request until it is granted, a grant from then on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum State {
    Pending,
    Denied,
    Withdrawn,
    Lapsed,
    Superseded,
    Scheduled,
    Active,
    Suspended,
    Expired,
    Revoked,
}

/// What can happen. The first come from events, the others from the clock and from other cases of the same atom.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    Requested,
    BrokeGlass,
    Imported,
    Approved,
    Denied,
    Withdrawn,
    ProviderWithdrew,
    Revoked,
    Suspended,
    Resumed,
    Recertified,
    Ratified,
    Shortened,
    /// Nobody decided in time.
    Lapsed,
    Started,
    Expired,
    /// Nobody answered a review in time.
    Unanswered,
    /// Nobody ratified in time.
    Unratified,
    /// Another request for the same atom came, or was granted.
    Superseded,
}

impl State {
    pub const ALL: [Self; 10] = [
        Self::Pending,
        Self::Denied,
        Self::Withdrawn,
        Self::Lapsed,
        Self::Superseded,
        Self::Scheduled,
        Self::Active,
        Self::Suspended,
        Self::Expired,
        Self::Revoked,
    ];

    pub fn as_str(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Denied => "denied",
            Self::Withdrawn => "withdrawn",
            Self::Lapsed => "lapsed",
            Self::Superseded => "superseded",
            Self::Scheduled => "scheduled",
            Self::Active => "active",
            Self::Suspended => "suspended",
            Self::Expired => "expired",
            Self::Revoked => "revoked",
        }
    }
}

impl Kind {
    pub const ALL: [Self; 19] = [
        Self::Requested,
        Self::BrokeGlass,
        Self::Imported,
        Self::Approved,
        Self::Denied,
        Self::Withdrawn,
        Self::ProviderWithdrew,
        Self::Revoked,
        Self::Suspended,
        Self::Resumed,
        Self::Recertified,
        Self::Ratified,
        Self::Shortened,
        Self::Lapsed,
        Self::Started,
        Self::Expired,
        Self::Unanswered,
        Self::Unratified,
        Self::Superseded,
    ];
}

/// Where a case can be afterwards; nowhere if that cannot happen in this state. `None` is before there is a case.
/// Where more than one is possible, the policy decides: how many approvals or denials it wants, and the day of the start.
pub fn next(state: Option<State>, kind: Kind) -> &'static [State] {
    use State::{Active, Denied, Expired, Lapsed, Pending, Revoked, Scheduled, Superseded, Suspended, Withdrawn};
    let Some(state) = state else {
        return match kind {
            Kind::Requested => &[Pending, Scheduled, Active],
            Kind::BrokeGlass | Kind::Imported => &[Active],
            _ => &[],
        };
    };
    match (state, kind) {
        (Pending, Kind::Approved) => &[Pending, Scheduled, Active],
        (Pending, Kind::Denied) => &[Pending, Denied],
        (Pending, Kind::Withdrawn) => &[Withdrawn],
        (Pending, Kind::ProviderWithdrew) => &[Denied],
        (Pending, Kind::Shortened) => &[Pending],
        (Pending, Kind::Lapsed) => &[Lapsed],
        (Scheduled | Active | Suspended, Kind::Withdrawn | Kind::ProviderWithdrew | Kind::Revoked) => &[Revoked],
        (Scheduled | Active, Kind::Suspended) => &[Suspended],
        (Scheduled, Kind::Started) => &[Active],
        (Scheduled, Kind::Shortened) => &[Scheduled],
        (Active, Kind::Shortened | Kind::Recertified | Kind::Ratified) => &[Active],
        (Active, Kind::Unanswered) => &[Suspended],
        (Suspended, Kind::Resumed) => &[Scheduled, Active],
        (Suspended, Kind::Shortened | Kind::Ratified) => &[Suspended],
        (Active | Suspended, Kind::Unratified) => &[Revoked],
        (Scheduled | Active | Suspended, Kind::Expired) => &[Expired],
        (Expired, Kind::Ratified) => &[Expired],
        (Pending | Scheduled | Active | Suspended, Kind::Superseded) => &[Superseded],
        _ => &[],
    }
}
