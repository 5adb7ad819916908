//! Connections: the proxy, TLS with ring, the certificate authorities, and one limit of time over all of it.

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

use crate::forge::error::{Error, Result};
use crate::forge::settings::{ForgeSettings, Proxy};

pub(super) type Connections = Client<Connector, Full<Bytes>>;
type Connector = BoxCloneSyncService<Uri, MaybeHttpsStream<TokioIo<TcpStream>>, BoxError>;

/// How long a connection is kept for the next request.
const IDLE: Duration = Duration::from_secs(60);

/// # Errors
/// [`Error::Settings`] if the certificate authority or the proxy cannot be used.
pub(super) fn connections(settings: &ForgeSettings) -> Result<Connections> {
    let tls = HttpsConnectorBuilder::new().with_tls_config(tls(settings)?).https_or_http().enable_http1();
    let mut tcp = HttpConnector::new();
    tcp.enforce_http(false);
    tcp.set_nodelay(true);
    let connector = match &settings.proxy {
        Some(proxy) => within(settings.connect_timeout, tls.wrap_connector(tunnel(proxy, tcp)?)),
        None => within(settings.connect_timeout, tls.wrap_connector(tcp)),
    };
    Ok(Client::builder(TokioExecutor::new())
        .pool_timer(TokioTimer::new())
        .pool_idle_timeout(IDLE)
        .pool_max_idle_per_host(settings.concurrency.max(1))
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

fn tunnel(proxy: &Proxy, tcp: HttpConnector) -> Result<Tunnel<HttpConnector>> {
    let unusable = || Error::Settings("The proxy's address must look like http://host:port.".to_owned());
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

/// Whoever may sign the forge's certificate: the web's own authorities, and that of the settings.
///
/// # Errors
/// [`Error::Settings`] if the certificate authority cannot be used.
pub(in crate::forge) fn trusted(settings: &ForgeSettings) -> Result<RootCertStore> {
    let mut trusted = RootCertStore { roots: webpki_roots::TLS_SERVER_ROOTS.to_vec() };
    if let Some(pem) = &settings.certificate_authority {
        let certificates = CertificateDer::pem_slice_iter(pem)
            .collect::<Result<Vec<_>, _>>()
            .map_err(|error| Error::Settings(format!("The certificate authority is not a PEM file ({error}).")))?;
        if certificates.is_empty() {
            return Err(Error::Settings("The file of the certificate authority holds no certificate.".to_owned()));
        }
        for certificate in certificates {
            trusted
                .add(certificate)
                .map_err(|error| Error::Settings(format!("The certificate authority cannot be used ({error}).")))?;
        }
    }
    Ok(trusted)
}

/// # Errors
/// [`Error::Settings`] if the certificate authority cannot be used.
pub(in crate::forge) fn tls(settings: &ForgeSettings) -> Result<ClientConfig> {
    let trusted = trusted(settings)?;
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let versions = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|error| Error::Settings(format!("TLS cannot be set up ({error}).")))?;
    Ok(versions.with_root_certificates(trusted).with_no_client_auth())
}
