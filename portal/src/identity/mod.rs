//! Who asks, and what they may do.
//!
//! Signing in comes later; until then a request is either from this machine's own operator or from a visitor, and the
//! policy below is already the one door.

pub mod people;

pub use people::people;

use model::Visibility;

use crate::error::{Error, Result};

/// Who asks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Actor {
    /// Slipway itself: jobs and schedules.
    System,
    /// The person at the machine: the command line, and the browser while the server listens on loopback only.
    Operator,
    /// Anybody else.
    Visitor,
}

/// What is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Action {
    /// Read rows of this visibility.
    Read(Visibility),
    /// Start a round of a source.
    Sync,
    /// Confirm, correct or reject what was inferred.
    Correct,
    /// Propose changes of files in repositories, and close them.
    Propose,
    /// Say of repositories that are not listed any more whether they are gone.
    Remove,
    /// Read jobs, their logs, and the state of the sources.
    Watch,
    /// See and change how the portal is set up: permissions at forges, credentials, GitHub Apps.
    SetUp,
}

impl Actor {
    /// As the audit log writes it.
    pub fn name(&self) -> &'static str {
        match self {
            Self::System => "system",
            Self::Operator => "operator",
            Self::Visitor => "visitor",
        }
    }

    /// The visibilities whose rows this actor may read; the filter of every list, count, facet and search.
    pub fn readable(&self) -> &'static [Visibility] {
        match self {
            Self::System | Self::Operator => &Visibility::ALL,
            Self::Visitor => &[Visibility::Public],
        }
    }
}

/// The policy. The error says what would be needed.
pub fn can(actor: &Actor, action: Action) -> Result<()> {
    let allowed = match action {
        Action::Read(visibility) => actor.readable().contains(&visibility),
        Action::Watch => true,
        Action::Sync | Action::Correct | Action::Propose | Action::Remove | Action::SetUp => {
            matches!(actor, Actor::System | Actor::Operator)
        }
    };
    if allowed {
        return Ok(());
    }
    Err(match action {
        // Whoever may not read it must not learn that it is there.
        Action::Read(_) => Error::NotFound("this page".to_owned()),
        Action::Sync => Error::Forbidden(needs_operator("start a sync")),
        Action::Correct => Error::Forbidden(needs_operator("correct the catalog")),
        Action::Propose => Error::Forbidden(needs_operator("propose changes")),
        Action::Remove => Error::Forbidden(needs_operator("say what became of repositories")),
        Action::Watch => Error::Forbidden(needs_operator("watch jobs")),
        Action::SetUp => Error::Forbidden(needs_operator("see how it is set up")),
    })
}

fn needs_operator(what: &str) -> String {
    format!(
        "You need to be at the machine that runs Slipway to {what}: open it at its loopback address, or use the command line."
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_visitor_reads_what_is_public_and_changes_nothing() {
        let visitor = Actor::Visitor;
        assert!(can(&visitor, Action::Read(Visibility::Public)).is_ok());
        for hidden in [Visibility::SignedIn, Visibility::Readers] {
            assert!(matches!(can(&visitor, Action::Read(hidden)), Err(Error::NotFound(_))));
        }
        for change in [Action::Sync, Action::Correct, Action::Propose, Action::Remove, Action::SetUp] {
            assert!(matches!(can(&visitor, change), Err(Error::Forbidden(_))));
        }
    }

    #[test]
    fn the_operator_may_do_everything() {
        let changes = [Action::Sync, Action::Correct, Action::Propose, Action::SetUp];
        for action in changes.into_iter().chain([Action::Read(Visibility::Readers), Action::Watch]) {
            assert!(can(&Actor::Operator, action).is_ok());
        }
    }
}
