//! From an answer to what it says: its status as an error, its body as a type.

use bytes::Bytes;
use http::{Response, StatusCode};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde::Deserialize;
use serde::de::DeserializeOwned;

use super::error::{Error, Result};

/// Characters of the forge's own message that are passed on.
const LONGEST_MESSAGE: usize = 300;

/// What may stand in one segment of a path without changing its meaning.
const SEGMENT: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'_').remove(b'.').remove(b'~');

#[derive(Deserialize)]
struct Message {
    message: String,
    /// Of a 422: what exactly is wrong.
    #[serde(default)]
    errors: serde_json::Value,
}

/// The answer if it is a success or a 304, and the error that its status stands for otherwise. `what` is its path.
pub(super) fn success(what: &str, answer: Response<Bytes>) -> Result<Response<Bytes>> {
    let status = answer.status();
    if status.is_success() || status == StatusCode::NOT_MODIFIED {
        return Ok(answer);
    }
    let what = what.split('?').next().unwrap_or(what).to_owned();
    let message = message(&answer);
    Err(match status {
        StatusCode::UNAUTHORIZED => Error::Unauthorized { message },
        StatusCode::FORBIDDEN => Error::Forbidden { what, message, sign_on: sign_on(&answer) },
        StatusCode::NOT_FOUND => Error::NotFound { what },
        StatusCode::GONE => Error::Gone { what },
        status => Error::Status { what, status: status.as_u16(), message },
    })
}

/// # Errors
/// [`Error::Malformed`] if the body is not what the documentation says.
pub(super) fn parse<T: DeserializeOwned>(what: &str, body: &[u8]) -> Result<T> {
    serde_json::from_slice(body).map_err(|error| Error::Malformed {
        what: what.split('?').next().unwrap_or(what).to_owned(),
        message: error.to_string(),
    })
}

/// A name as one segment of a path.
pub(super) fn segment(name: &str) -> String {
    match name {
        // Encoded or not, dots alone would be resolved away.
        "." | ".." => "%20".to_owned(),
        name => utf8_percent_encode(name, SEGMENT).to_string(),
    }
}

fn message(answer: &Response<Bytes>) -> String {
    match serde_json::from_slice::<Message>(answer.body()) {
        Ok(answer) => {
            let errors = answer.errors.as_array().into_iter().flatten();
            let details = errors.filter_map(|error| error.as_str().or_else(|| error["message"].as_str()));
            let parts: Vec<&str> = std::iter::once(answer.message.as_str()).chain(details).collect();
            parts.join(": ").chars().take(LONGEST_MESSAGE).collect()
        }
        Err(_) => "without a message".to_owned(),
    }
}

/// `X-GitHub-SSO: required; url=https://…`: "Authenticating to the REST API".
fn sign_on(answer: &Response<Bytes>) -> Option<String> {
    let header = answer.headers().get("x-github-sso")?.to_str().ok()?;
    let url = header.strip_prefix("required;")?.trim().strip_prefix("url=")?;
    (url.starts_with("https://") || url.starts_with("http://")).then(|| url.to_owned())
}
