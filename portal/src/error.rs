//! What can go wrong in a use case, as its callers tell it apart.

use model::Findings;

pub type Result<T, E = Error> = std::result::Result<T, E>;

/// Converted in two places only: `server` (problem details) and `app` (page or flash).
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// It does not exist, or the actor may not know that it does.
    #[error("{0} does not exist")]
    NotFound(String),
    /// The actor may see it, but not do this; the text says what they would need.
    #[error("{0}")]
    Forbidden(String),
    /// What was sent is wrong; nothing was changed.
    #[error("{}", first(.0))]
    Invalid(Findings),
    /// It changed meanwhile, or somebody else holds it; the text says what to do.
    #[error("{0}")]
    Conflict(String),
    /// Something outside does not answer now: a full disk, a database that is gone.
    #[error("{0}")]
    Unavailable(String),
    /// A fault of ours. Pages show an id, logs the text.
    #[error("internal error: {0}")]
    Internal(String),
}

fn first(findings: &Findings) -> String {
    match findings.findings.as_slice() {
        [] => "invalid input".to_owned(),
        [one] => one.message.clone(),
        [one, rest @ ..] => format!("{} (and {} more)", one.message, rest.len()),
    }
}

impl From<Findings> for Error {
    fn from(findings: Findings) -> Self {
        Self::Invalid(findings)
    }
}

impl Error {
    pub fn not_found(what: impl std::fmt::Display) -> Self {
        Self::NotFound(what.to_string())
    }

    /// What happened, for a person; a fault of ours stays in the log.
    pub fn for_people(&self) -> String {
        match self {
            Self::Internal(_) => "A fault in Slipway ended it; the server's log has the details.".to_owned(),
            error => error.to_string(),
        }
    }

    pub fn internal(cause: impl std::fmt::Display) -> Self {
        Self::Internal(cause.to_string())
    }
}

impl From<sqlx::Error> for Error {
    fn from(error: sqlx::Error) -> Self {
        match &error {
            sqlx::Error::Io(_) | sqlx::Error::PoolTimedOut | sqlx::Error::PoolClosed | sqlx::Error::WorkerCrashed => {
                Self::Unavailable(format!("The database does not answer ({error}); try again in a moment."))
            }
            sqlx::Error::Database(inner) => match crate::db::dialect::remedy(inner.as_ref()) {
                Some(remedy) => Self::Unavailable(remedy),
                None => Self::internal(error),
            },
            _ => Self::internal(error),
        }
    }
}

impl From<serde_json::Error> for Error {
    fn from(error: serde_json::Error) -> Self {
        Self::internal(error)
    }
}
