//! One request and its answer: to allowed addresses only, within the time, and not larger than allowed.

use bytes::Bytes;
use http::{Request, Response};
use url::{Origin, Url};

use crate::forge::error::{Error, Result};
use crate::forge::settings::ForgeSettings;
use crate::outgoing::{Connections, Limits, Reach, Way, connections, exchange};

pub(super) struct Transport {
    connections: Connections,
    allowed: Vec<Origin>,
    limits: Limits,
}

impl Transport {
    /// # Errors
    /// [`Error::Settings`] if the certificate authority or the proxy cannot be used.
    pub(super) fn new(settings: &ForgeSettings) -> Result<Self> {
        let allowed = std::iter::once(&settings.api).chain(&settings.also_allowed).map(Url::origin).collect();
        let way = Way {
            certificate_authority: settings.certificate_authority.clone(),
            proxy: settings.proxy.clone(),
            connect_timeout: settings.connect_timeout,
            kept: settings.concurrency,
            reach: Reach::Anywhere,
        };
        let limits = Limits { time: settings.request_timeout, largest_body: settings.largest_body };
        Ok(Self { connections: connections(&way).map_err(Error::Settings)?, allowed, limits })
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
        Ok(exchange(&self.connections, url, request, self.limits).await?)
    }
}

/// Method and path, for messages; a query may hold what nobody should read.
pub(super) fn what<B>(request: &Request<B>, url: &Url) -> String {
    format!("{} {}", request.method(), url.path())
}
