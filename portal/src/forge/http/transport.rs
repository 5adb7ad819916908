//! One request and its answer: to allowed addresses only, within the time, and not larger than allowed.

use std::error::Error as StdError;

use bytes::Bytes;
use http::{Request, Response};
use http_body_util::{BodyExt as _, Full, LengthLimitError, Limited};
use url::{Origin, Url};

use super::connect::{ConnectTimeout, Connections, connections};
use crate::forge::error::{Error, Result};
use crate::forge::settings::ForgeSettings;

pub(super) struct Transport {
    connections: Connections,
    allowed: Vec<Origin>,
    settings: ForgeSettings,
}

impl Transport {
    pub(super) fn new(settings: &ForgeSettings) -> Result<Self> {
        let allowed = std::iter::once(&settings.api).chain(&settings.also_allowed).map(Url::origin).collect();
        Ok(Self { connections: connections(settings)?, allowed, settings: settings.clone() })
    }

    /// # Errors
    /// [`Error::NotAllowed`] before anything is sent if the address is not on the list.
    pub(super) fn allow(&self, url: &Url) -> Result<()> {
        match self.allowed.contains(&url.origin()) {
            true => Ok(()),
            false => Err(Error::NotAllowed { origin: url.origin().ascii_serialization() }),
        }
    }

    /// The whole answer, whatever its status.
    pub(super) async fn exchange(&self, url: &Url, request: Request<Bytes>) -> Result<Response<Bytes>> {
        self.allow(url)?;
        let what = what(&request, url);
        let answer = tokio::time::timeout(self.settings.request_timeout, self.answer(url, &what, request)).await;
        answer.unwrap_or_else(|_| {
            Err(Error::Timeout { what: what.clone(), seconds: self.settings.request_timeout.as_secs() })
        })
    }

    async fn answer(&self, url: &Url, what: &str, request: Request<Bytes>) -> Result<Response<Bytes>> {
        let host = url.host_str().unwrap_or_default();
        let answer = self.connections.request(request.map(Full::new)).await;
        let (parts, body) = answer.map_err(|error| unreachable(host, &error))?.into_parts();
        let limit = self.settings.largest_body;
        match Limited::new(body, limit).collect().await {
            Ok(body) => Ok(Response::from_parts(parts, body.to_bytes())),
            Err(error) if error.is::<LengthLimitError>() => Err(Error::TooLarge { what: what.to_owned(), limit }),
            Err(error) => Err(unreachable(host, error.as_ref())),
        }
    }
}

/// Method and path, for messages; a query may hold what nobody should read.
pub(super) fn what<B>(request: &Request<B>, url: &Url) -> String {
    format!("{} {}", request.method(), url.path())
}

fn unreachable(host: &str, error: &(dyn StdError + 'static)) -> Error {
    let causes: Vec<_> = std::iter::successors(Some(error), |error| cause(*error)).collect();
    if let Some(timeout) = causes.iter().find_map(|cause| cause.downcast_ref::<ConnectTimeout>()) {
        return Error::Timeout { what: format!("Connecting to {host}"), seconds: timeout.0.as_secs() };
    }
    let message = causes.last().map(ToString::to_string).unwrap_or_default();
    let tls = causes.iter().find_map(|cause| cause.downcast_ref::<rustls::Error>());
    match tls {
        Some(rustls::Error::InvalidCertificate(_)) => Error::Certificate { host: host.to_owned(), message },
        _ => Error::Connection { host: host.to_owned(), message },
    }
}

/// An [`std::io::Error`] names the cause of what it wraps as its own, and passes over what it wraps.
fn cause<'a>(error: &'a (dyn StdError + 'static)) -> Option<&'a (dyn StdError + 'static)> {
    match error.downcast_ref::<std::io::Error>().and_then(std::io::Error::get_ref) {
        Some(wrapped) => Some(wrapped),
        None => error.source(),
    }
}
