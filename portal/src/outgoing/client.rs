//! A client for hosts of which an operator has named some, and these name others.

use bytes::Bytes;
use http::header::USER_AGENT;
use http::{HeaderValue, Request, Response};
use url::{Host, Origin, Url};

use super::addresses::{Reach, is_inside};
use super::connect::{Connections, Way, connections};
use super::exchange::{Failure, Limits, exchange};

const AGENT: &str = concat!("slipway/", env!("CARGO_PKG_VERSION"));

/// Speaks to the origins that an operator has named as they are, and to others over https only, and not where their address
/// is one that only this machine or its network's own services have. No redirect is followed. A proxy resolves names by
/// itself: of what it reaches, only addresses that are written as numbers are held back here.
pub(crate) struct Client {
    connections: Connections,
    named: Vec<Origin>,
    limits: Limits,
}

impl Client {
    /// # Errors
    /// What is wrong with the certificate authority or the proxy, for a person.
    pub(crate) fn new(way: Way, named: &[Url], limits: Limits) -> Result<Self, String> {
        let but = named.iter().filter_map(|url| url.host_str().map(str::to_owned)).collect();
        let way = Way { reach: Reach::Outside { but }, ..way };
        Ok(Self { connections: connections(&way)?, named: named.iter().map(Url::origin).collect(), limits })
    }

    /// The whole answer, whatever its status.
    ///
    /// # Errors
    /// As [`Failure`] says.
    pub(crate) async fn send(&self, mut request: Request<Bytes>) -> Result<Response<Bytes>, Failure> {
        let nowhere = || Failure::NotAllowed { origin: "what is no address".to_owned() };
        let url = Url::parse(&request.uri().to_string()).map_err(|_| nowhere())?;
        if !self.allows(&url) {
            return Err(Failure::NotAllowed { origin: url.origin().ascii_serialization() });
        }
        request.headers_mut().insert(USER_AGENT, HeaderValue::from_static(AGENT));
        exchange(&self.connections, &url, request, self.limits).await
    }

    pub(crate) fn allows(&self, url: &Url) -> bool {
        if self.named.contains(&url.origin()) {
            return true;
        }
        let is_outside = match url.host() {
            Some(Host::Domain(name)) => {
                let name = name.trim_end_matches('.').to_ascii_lowercase();
                name != "localhost" && !name.ends_with(".localhost")
            }
            Some(Host::Ipv4(address)) => !is_inside(address.into()),
            Some(Host::Ipv6(address)) => !is_inside(address.into()),
            None => false,
        };
        url.scheme() == "https" && is_outside
    }
}
