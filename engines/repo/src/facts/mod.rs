//! What Git already knows of a repository, each with its evidence.

use model::Finding;
use model::repository::RepositoryFacts;

use crate::{Repository, Snapshot};

/// What facts depend on besides the repository.
#[derive(Debug, Clone, Default)]
pub struct FactOptions {
    /// Milliseconds since 1970 in UTC: the last week of the activity is the one that holds it.
    pub now: i64,
    pub bots: Bots,
}

/// Who is not a person, besides the well-known ones.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Bots {
    /// Names, logins or e-mail addresses, without regard to case.
    pub names: Vec<String>,
}

/// Gathers the facts at the snapshot's commit. What cannot be read is a finding, and the rest goes on.
pub fn facts(_repository: &Repository, snapshot: &Snapshot, _options: &FactOptions) -> (RepositoryFacts, Vec<Finding>) {
    let facts = RepositoryFacts {
        head: snapshot.head().cloned(),
        excluded: snapshot.excluded().to_vec(),
        ..RepositoryFacts::default()
    };
    (facts, snapshot.findings().to_vec())
}
