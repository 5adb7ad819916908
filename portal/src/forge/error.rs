//! Why the forge gave no answer, as its callers tell it apart.

use jiff::Timestamp;

use crate::outgoing::Failure;

pub type Result<T, E = Error> = std::result::Result<T, E>;

/// No variant holds a credential: messages come from the forge, addresses without their query.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// What an operator set is wrong; the text says what to do.
    #[error("{0}")]
    Settings(String),
    /// 401: the credentials are wrong, expired or revoked.
    #[error(
        "The forge does not accept the credentials ({message}). Check that the token or the App's key is still valid."
    )]
    Unauthorized { message: String },
    /// 403: the credentials are known, and not enough.
    #[error("The forge refuses {what} ({message}).{}", sign_on.as_ref().map_or(String::new(), |url| format!(" Authorise the token for single sign-on at {url}.")))]
    Forbidden {
        what: String,
        message: String,
        /// Where the token can be authorised for the organisation (`X-GitHub-SSO: required; url=…`).
        sign_on: Option<String>,
    },
    /// 404: it is not there, or may not be seen: GitHub answers both alike.
    #[error("{what} does not exist at the forge, or the credentials may not see it.")]
    NotFound { what: String },
    /// 410: it was there.
    #[error("{what} is gone from the forge.")]
    Gone { what: String },
    /// The wait would be longer than the settings allow.
    #[error("The forge's {why} is used up until {}.", moment(*until))]
    RateLimited { why: Limit, until: i64 },
    /// Any other answer that is no success.
    #[error("The forge answered {what} with {status} ({message}).")]
    Status { what: String, status: u16, message: String },
    /// The whole attempt took longer than the settings allow.
    #[error("{what} took longer than {seconds} s. Check the network, the proxy, and whether the forge is overloaded.")]
    Timeout { what: String, seconds: u64 },
    /// No connection: name not found, refused, reset, a proxy that says no.
    #[error("{host} could not be reached ({message}).")]
    Connection { host: String, message: String },
    /// The certificate is not one that is trusted here.
    #[error("The certificate of {host} is not trusted ({message}). Set the certificate authority that signed it.")]
    Certificate { host: String, message: String },
    /// Nothing was sent: the address is not among the allowed ones.
    #[error("{origin} is not an address that the forge's settings allow; nothing was sent there.")]
    NotAllowed { origin: String },
    /// The answer has more bytes than the settings allow.
    #[error("The answer to {what} is larger than {limit} bytes.")]
    TooLarge { what: String, limit: usize },
    /// The answer breaks off, or is not what the documentation says.
    #[error("The answer to {what} could not be read ({message}).")]
    Malformed { what: String, message: String },
}

/// The limit that holds requests back ("Rate limits for the REST API").
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Limit {
    /// So many requests an hour.
    Primary,
    /// Too many at once, or too much work in a short time.
    Secondary,
}

impl Error {
    /// Whether the same request may succeed a little later without anybody doing anything.
    pub fn is_passing(&self) -> bool {
        match self {
            Self::Timeout { .. } | Self::Connection { .. } | Self::Malformed { .. } | Self::RateLimited { .. } => true,
            Self::Status { status, .. } => *status >= 500,
            _ => false,
        }
    }
}

impl std::fmt::Display for Limit {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Primary => "hourly rate limit",
            Self::Secondary => "secondary rate limit",
        })
    }
}

fn moment(milliseconds: i64) -> String {
    Timestamp::from_millisecond(milliseconds).map_or_else(|_| "an unknown time".to_owned(), |at| at.to_string())
}

/// octocrab carries our own errors as they are, and reads the forge's refusals itself.
impl From<octocrab::Error> for Error {
    fn from(error: octocrab::Error) -> Self {
        let what = "A request".to_owned();
        match error {
            octocrab::Error::Service { source, .. } => match source.downcast::<Self>() {
                Ok(ours) => *ours,
                Err(other) => Self::Malformed { what, message: other.to_string() },
            },
            octocrab::Error::GitHub { source, .. } => {
                let message = source.message.clone();
                match source.status_code.as_u16() {
                    401 => Self::Unauthorized { message },
                    403 => Self::Forbidden { what, message, sign_on: None },
                    404 => Self::NotFound { what },
                    410 => Self::Gone { what },
                    status => Self::Status { what, status, message },
                }
            }
            // Its text would hold a backtrace.
            _ => Self::Malformed { what, message: "it is not what the documentation says".to_owned() },
        }
    }
}

impl From<Failure> for Error {
    fn from(failure: Failure) -> Self {
        match failure {
            Failure::Timeout { what, seconds } => Self::Timeout { what, seconds },
            Failure::Connection { host, message } => Self::Connection { host, message },
            Failure::Certificate { host, message } => Self::Certificate { host, message },
            Failure::TooLarge { what, limit } => Self::TooLarge { what, limit },
            Failure::NotAllowed { origin } => Self::NotAllowed { origin },
        }
    }
}

impl From<Error> for crate::Error {
    fn from(error: Error) -> Self {
        match error {
            Error::NotFound { what } | Error::Gone { what } => Self::NotFound(what),
            // Forbidden too: the forge refuses us, not the person who asks us.
            error => Self::Unavailable(error.to_string()),
        }
    }
}
