//! One request and its answer: within the time, and not larger than allowed.

use std::error::Error as StdError;
use std::time::Duration;

use bytes::Bytes;
use http::{Request, Response};
use http_body_util::{BodyExt as _, Full, LengthLimitError, Limited};
use url::Url;

use super::connect::{ConnectTimeout, Connections};

/// What one answer may cost.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Limits {
    /// From the first byte sent to the last byte read.
    pub time: Duration,
    /// Bytes of the body.
    pub largest_body: usize,
}

/// Why there is no answer. No variant holds a credential: addresses come without their query.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Failure {
    #[error("{what} took longer than {seconds} s")]
    Timeout { what: String, seconds: u64 },
    /// No connection: name not found, refused, reset, a proxy that says no.
    #[error("{host} could not be reached ({message})")]
    Connection { host: String, message: String },
    #[error("the certificate of {host} is not trusted ({message}); ca-file names who signed it")]
    Certificate { host: String, message: String },
    #[error("the answer to {what} is larger than {limit} bytes")]
    TooLarge { what: String, limit: usize },
    /// Nothing was sent.
    #[error("{origin} is not an address that may be asked")]
    NotAllowed { origin: String },
}

/// The whole answer, whatever its status. The request goes to `url`, and nowhere else: no redirect is followed.
///
/// # Errors
/// As [`Failure`] says.
pub(crate) async fn exchange(
    connections: &Connections,
    url: &Url,
    request: Request<Bytes>,
    limits: Limits,
) -> Result<Response<Bytes>, Failure> {
    // Method and path alone: a query may hold what nobody should read.
    let what = format!("{} {}", request.method(), url.path());
    let answer = tokio::time::timeout(limits.time, answer(connections, url, &what, request, limits.largest_body)).await;
    answer.unwrap_or_else(|_| Err(Failure::Timeout { what: what.clone(), seconds: limits.time.as_secs() }))
}

async fn answer(
    connections: &Connections,
    url: &Url,
    what: &str,
    request: Request<Bytes>,
    limit: usize,
) -> Result<Response<Bytes>, Failure> {
    let host = url.host_str().unwrap_or_default();
    let answer = connections.request(request.map(Full::new)).await;
    let (parts, body) = answer.map_err(|error| unreachable(host, &error))?.into_parts();
    match Limited::new(body, limit).collect().await {
        Ok(body) => Ok(Response::from_parts(parts, body.to_bytes())),
        Err(error) if error.is::<LengthLimitError>() => Err(Failure::TooLarge { what: what.to_owned(), limit }),
        Err(error) => Err(unreachable(host, error.as_ref())),
    }
}

fn unreachable(host: &str, error: &(dyn StdError + 'static)) -> Failure {
    let causes: Vec<_> = std::iter::successors(Some(error), |error| cause(*error)).collect();
    if let Some(timeout) = causes.iter().find_map(|cause| cause.downcast_ref::<ConnectTimeout>()) {
        return Failure::Timeout { what: format!("Connecting to {host}"), seconds: timeout.0.as_secs() };
    }
    let message = causes.last().map(ToString::to_string).unwrap_or_default();
    let tls = causes.iter().find_map(|cause| cause.downcast_ref::<rustls::Error>());
    match tls {
        Some(rustls::Error::InvalidCertificate(_)) => Failure::Certificate { host: host.to_owned(), message },
        _ => Failure::Connection { host: host.to_owned(), message },
    }
}

/// An [`std::io::Error`] names the cause of what it wraps as its own, and passes over what it wraps.
fn cause<'a>(error: &'a (dyn StdError + 'static)) -> Option<&'a (dyn StdError + 'static)> {
    match error.downcast_ref::<std::io::Error>().and_then(std::io::Error::get_ref) {
        Some(wrapped) => Some(wrapped),
        None => error.source(),
    }
}
