//! Connections: the proxy, TLS with ring, the certificate authorities, which addresses may be reached, and one limit of
//! time over all of it.

use std::fs;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use bytes::Bytes;
use http::{HeaderValue, Uri};
use http_body_util::Full;
use hyper_rustls::{HttpsConnectorBuilder, MaybeHttpsStream};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::client::legacy::connect::proxy::Tunnel;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use rustls::{ClientConfig, RootCertStore};
use rustls_pki_types::CertificateDer;
use rustls_pki_types::pem::PemObject as _;
use tokio::net::TcpStream;
use tower::util::BoxCloneSyncService;
use tower::{BoxError, Service, ServiceExt as _, service_fn};
use url::Url;

use super::addresses::{Reach, Resolver};
use crate::git::Connection;
use crate::secret::Secret;

pub(crate) type Connections = Client<Connector, Full<Bytes>>;
type Connector = BoxCloneSyncService<Uri, MaybeHttpsStream<TokioIo<TcpStream>>, BoxError>;

/// How long a connection is kept for the next request.
const IDLE: Duration = Duration::from_secs(60);

/// For a connection, with the proxy's answer and TLS.
const TIMEOUT: Duration = Duration::from_secs(10);
/// What is read of a file with certificates.
const LONGEST_CERTIFICATES: u64 = 4 << 20;

/// How others are reached.
#[derive(Debug, Clone)]
pub(crate) struct Way {
    /// PEM text with certificate authorities that are trusted besides the web's own.
    pub certificate_authority: Option<Vec<u8>>,
    pub proxy: Option<Proxy>,
    /// For a connection, with the proxy's answer and TLS.
    pub connect_timeout: Duration,
    /// Connections to one host that are kept for later, at least 1.
    pub kept: usize,
    pub reach: Reach,
}

/// An HTTP proxy, spoken to with `CONNECT`.
#[derive(Debug, Clone)]
pub struct Proxy {
    /// `http://host:port`
    pub address: Url,
    pub credentials: Option<(String, Secret)>,
}

impl Way {
    /// As an operator has set it, with what stands in files.
    ///
    /// # Errors
    /// What is wrong with the settings or a file that they name, for a person.
    pub(crate) fn of(connection: &Connection) -> Result<Self, String> {
        Ok(Self {
            certificate_authority: connection.ca_file.as_deref().map(certificates).transpose()?,
            proxy: connection.proxy.as_ref().map(proxy).transpose()?,
            connect_timeout: TIMEOUT,
            kept: 4,
            reach: Reach::Anywhere,
        })
    }
}

fn certificates(file: &Path) -> Result<Vec<u8>, String> {
    let failed = |why: String| format!("{} {why}", file.display());
    let size = fs::metadata(file).map_err(|error| failed(format!("cannot be read: {error}")))?.len();
    if size > LONGEST_CERTIFICATES {
        return Err(failed("is too large to hold certificates".to_owned()));
    }
    fs::read(file).map_err(|error| failed(format!("cannot be read: {error}")))
}

fn proxy(address: &Secret) -> Result<Proxy, String> {
    let mut url = Url::parse(address.expose()).map_err(|error| format!("proxy is no address: {error}"))?;
    if url.scheme() != "http" {
        return Err("Slipway speaks to a proxy with http:// only".to_owned());
    }
    let credentials = (!url.username().is_empty())
        .then(|| (url.username().to_owned(), Secret::new(url.password().unwrap_or_default())));
    // These two fail only where there is no host.
    let _ = url.set_username("");
    let _ = url.set_password(None);
    Ok(Proxy { address: url, credentials })
}

/// # Errors
/// What is wrong with the certificate authority or the proxy, for a person.
pub(crate) fn connections(way: &Way) -> Result<Connections, String> {
    let tls = tls(way.certificate_authority.as_deref())?;
    let tls = HttpsConnectorBuilder::new().with_tls_config(tls).https_or_http().enable_http1();
    // Through a proxy it is the proxy's own name that is looked up here.
    let reach = if way.proxy.is_some() { Reach::Anywhere } else { way.reach.clone() };
    let mut tcp = HttpConnector::new_with_resolver(Resolver::new(reach));
    tcp.enforce_http(false);
    tcp.set_nodelay(true);
    let connector = match &way.proxy {
        Some(proxy) => within(way.connect_timeout, tls.wrap_connector(tunnel(proxy, tcp)?)),
        None => within(way.connect_timeout, tls.wrap_connector(tcp)),
    };
    Ok(Client::builder(TokioExecutor::new())
        .pool_timer(TokioTimer::new())
        .pool_idle_timeout(IDLE)
        .pool_max_idle_per_host(way.kept.max(1))
        .build(connector))
}

/// A proxy that accepts and then says nothing would hold a connection for ever; the time covers every step.
fn within<S>(limit: Duration, connector: S) -> Connector
where
    S: Service<Uri, Response = MaybeHttpsStream<TokioIo<TcpStream>>, Error = BoxError> + Clone + Send + Sync + 'static,
    S::Future: Send,
{
    BoxCloneSyncService::new(service_fn(move |uri: Uri| {
        let connector = connector.clone();
        async move {
            match tokio::time::timeout(limit, connector.oneshot(uri)).await {
                Ok(connected) => connected,
                Err(_) => Err(BoxError::from(ConnectTimeout(limit))),
            }
        }
    }))
}

/// The connection did not come about in time.
#[derive(Debug, thiserror::Error)]
#[error("no connection within {} s", .0.as_secs())]
pub(super) struct ConnectTimeout(pub(super) Duration);

fn tunnel(proxy: &Proxy, tcp: HttpConnector<Resolver>) -> Result<Tunnel<HttpConnector<Resolver>>, String> {
    let unusable = || "The proxy's address must look like http://host:port.".to_owned();
    if proxy.address.scheme() != "http" {
        return Err(unusable());
    }
    let host = proxy.address.host_str().ok_or_else(unusable)?;
    let port = proxy.address.port_or_known_default().ok_or_else(unusable)?;
    let tunnel = Tunnel::new(format!("http://{host}:{port}").parse().map_err(|_| unusable())?, tcp);
    let Some((user, password)) = &proxy.credentials else { return Ok(tunnel) };
    let basic = format!("Basic {}", BASE64.encode(format!("{user}:{}", password.expose())));
    Ok(tunnel.with_auth(HeaderValue::try_from(basic).map_err(|_| unusable())?))
}

/// Whoever may sign a certificate: the web's own authorities, and those of this PEM text.
///
/// # Errors
/// What is wrong with the certificate authority, for a person.
pub(crate) fn trusted(certificate_authority: Option<&[u8]>) -> Result<RootCertStore, String> {
    let mut trusted = RootCertStore { roots: webpki_roots::TLS_SERVER_ROOTS.to_vec() };
    if let Some(pem) = certificate_authority {
        let certificates = CertificateDer::pem_slice_iter(pem)
            .collect::<Result<Vec<_>, _>>()
            .map_err(|error| format!("The certificate authority is not a PEM file ({error})."))?;
        if certificates.is_empty() {
            return Err("The file of the certificate authority holds no certificate.".to_owned());
        }
        for certificate in certificates {
            trusted.add(certificate).map_err(|error| format!("The certificate authority cannot be used ({error})."))?;
        }
    }
    Ok(trusted)
}

/// # Errors
/// What is wrong with the certificate authority, for a person.
pub(crate) fn tls(certificate_authority: Option<&[u8]>) -> Result<ClientConfig, String> {
    let trusted = trusted(certificate_authority)?;
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let versions = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|error| format!("TLS cannot be set up ({error})."))?;
    Ok(versions.with_root_certificates(trusted).with_no_client_auth())
}
