//! The ways in which a forge misbehaves.

use serde::Deserialize;

/// What a request meets instead of its answer, or with it.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Fault {
    /// 500 with GitHub's page for it, which is no JSON.
    ServerError,
    /// 429 with `Retry-After`, in seconds.
    TooManyRequests { retry_after: u64 },
    /// 403 for the hourly limit, which ends after so many seconds.
    PrimaryLimit { seconds: i64 },
    /// 403 for a secondary limit, with `Retry-After` or without.
    SecondaryLimit { retry_after: Option<u64> },
    /// 200, and the JSON breaks off in the middle.
    TruncatedJson,
    /// The connection ends before the body does.
    Reset,
    /// 404 for a page that the `Link` header promised.
    MissingPage,
    /// The body comes byte by byte, with so many milliseconds between.
    SlowBody { milliseconds: u64 },
    /// No answer for so many milliseconds.
    Silence { milliseconds: u64 },
    /// The answer, with `X-GitHub-SSO: partial-results`.
    PartialResults { organisations: Vec<u64> },
    /// 403 with `X-GitHub-SSO: required`.
    SingleSignOn,
    /// 401.
    BadCredentials,
    /// A body of so many bytes.
    Huge { bytes: usize },
    /// 301 to this address.
    Redirect { to: String },
    /// One more entry in a list, which is not what the documentation says.
    StrangeEntry,
    /// A count one higher than the number of entries.
    WrongCount,
}

/// A fault that lies in wait.
#[derive(Debug, Clone, Deserialize)]
pub(crate) struct Planned {
    pub path: String,
    pub fault: Fault,
    pub times: usize,
}

/// The fault that this request meets, used up by one.
pub(crate) fn take(planned: &mut Vec<Planned>, path: &str) -> Option<Fault> {
    let at = planned.iter().position(|planned| planned.times > 0 && path.contains(&planned.path))?;
    planned[at].times -= 1;
    let fault = planned[at].fault.clone();
    planned.retain(|planned| planned.times > 0);
    Some(fault)
}
