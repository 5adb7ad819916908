//! The way to the forge, step by step: name, connection, proxy, TLS. What stands in the way is told apart, which the
//! client, for which all of it is one connection, does not.

use std::net::IpAddr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use rustls::client::WebPkiServerVerifier;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::{CertificateError, DigitallySignedStruct, SignatureScheme};
use rustls_pki_types::{CertificateDer, ServerName, UnixTime};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::time::{Instant, timeout};
use url::Url;

use super::certificate::{self, Certificate};
use crate::forge::error::{Error, Result};
use crate::forge::settings::ForgeSettings;
use crate::outgoing::{self, Proxy};

/// Bytes of a proxy's answer that are read.
const LONGEST_ANSWER: usize = 8 << 10;

/// What is passed on the way, in this order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    /// The name of the host, or of the proxy, leads to addresses.
    Resolve,
    /// The host, or the proxy, takes a connection.
    Connect,
    /// The proxy lets us through to the host.
    Proxy,
    /// The host proves who it is.
    Tls,
}

/// How far one gets: the last step may be blocked, and those after it are not there.
#[derive(Debug)]
pub struct Way {
    /// `host:port` of whom we speak to first: the proxy, or the host itself.
    pub first: String,
    pub steps: Vec<(Step, std::result::Result<String, Block>)>,
    /// What the host has shown, also where it is not trusted.
    pub certificate: Option<Certificate>,
}

/// What stands in the way.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Block {
    pub why: Why,
    /// For a person; holds no secret.
    pub text: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Why {
    TimedOut,
    /// The name is not known.
    Unknown,
    /// Nobody takes the connection, or it is cut.
    Refused,
    /// The proxy wants a name and a password, or others.
    ProxyLogin,
    /// The proxy does not let us through.
    ProxyRefusal,
    /// Nobody whom we trust has signed the certificate.
    Issuer,
    /// It is for other names.
    Name,
    /// It is not valid yet, or no longer.
    Time,
    /// Something else about TLS.
    Tls,
}

impl Way {
    /// Whether the forge can be spoken to.
    pub fn is_open(&self) -> bool {
        self.steps.iter().all(|(_, passed)| passed.is_ok())
    }

    pub fn step(&self, step: Step) -> Option<&std::result::Result<String, Block>> {
        self.steps.iter().find(|(other, _)| *other == step).map(|(_, passed)| passed)
    }
}

/// Goes the way once and hangs up; each step takes at most `settings.connect_timeout`.
///
/// # Errors
/// [`Error::Settings`] if the certificate authority or the proxy cannot be used.
pub async fn way(settings: &ForgeSettings) -> Result<Way> {
    let target = Target::of(&settings.api)?;
    let first = match &settings.proxy {
        Some(proxy) => Target::of(&proxy.address)?,
        None => target.clone(),
    };
    let mut way = Way { first: first.to_string(), steps: Vec::new(), certificate: None };
    let tls = match settings.api.scheme() {
        "https" => Some(Prover::new(settings)?),
        _ => None,
    };
    // Where a step is blocked, the way ends; it says so itself.
    let _ = go(&mut way, settings, &first, &target, tls).await;
    Ok(way)
}

async fn go(
    way: &mut Way,
    settings: &ForgeSettings,
    first: &Target,
    target: &Target,
    tls: Option<Prover>,
) -> Option<()> {
    let limit = settings.connect_timeout;
    let addresses = way.take(Step::Resolve, resolve(first, limit).await, |addresses| named(addresses))?;
    let start = Instant::now();
    let connected = connect_to(first, &addresses, limit).await;
    let mut stream =
        way.take(Step::Connect, connected, |_| format!("{first} answers after {} ms", start.elapsed().as_millis()))?;
    if let Some(proxy) = &settings.proxy {
        let tunnelled = within(limit, first, tunnel(&mut stream, proxy, target, first)).await;
        way.take(Step::Proxy, tunnelled, |()| format!("{first} lets us through to {target}"))?;
    }
    if let Some(prover) = tls {
        let proved = within(limit, target, prover.prove(stream, target)).await;
        way.certificate = prover.recorder.certificate();
        way.take(Step::Tls, proved, Clone::clone)?;
    }
    Some(())
}

impl Way {
    fn take<T>(
        &mut self,
        step: Step,
        result: std::result::Result<T, Block>,
        told: impl FnOnce(&T) -> String,
    ) -> Option<T> {
        match result {
            Ok(value) => {
                self.steps.push((step, Ok(told(&value))));
                Some(value)
            }
            Err(block) => {
                self.steps.push((step, Err(block)));
                None
            }
        }
    }
}

/// Whom to speak to.
#[derive(Debug, Clone)]
struct Target {
    host: String,
    port: u16,
}

impl Target {
    fn of(url: &Url) -> Result<Self> {
        let wrong = || Error::Settings(format!("{} names no host and port.", url.scheme()));
        let host = url.host_str().ok_or_else(wrong)?.to_owned();
        Ok(Self { host, port: url.port_or_known_default().ok_or_else(wrong)? })
    }

    /// Without the brackets of an address of version 6.
    fn name(&self) -> &str {
        self.host.trim_start_matches('[').trim_end_matches(']')
    }
}

impl std::fmt::Display for Target {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}:{}", self.host, self.port)
    }
}

type Passed<T> = std::result::Result<T, Block>;

fn block(why: Why, text: String) -> Block {
    Block { why, text }
}

async fn within<T>(limit: Duration, target: &Target, step: impl Future<Output = Passed<T>>) -> Passed<T> {
    let late = || block(Why::TimedOut, format!("{target} took the connection and then said nothing for {limit:?}"));
    timeout(limit, step).await.unwrap_or_else(|_| Err(late()))
}

async fn resolve(target: &Target, limit: Duration) -> Passed<Vec<IpAddr>> {
    let name = target.name();
    let looked = timeout(limit, tokio::net::lookup_host((name, target.port))).await;
    let found = match looked {
        Err(_) => return Err(block(Why::TimedOut, format!("nobody could say within {limit:?} what {name} is"))),
        Ok(Err(error)) => return Err(block(Why::Unknown, format!("the name {name} is not known ({error})"))),
        Ok(Ok(found)) => found.map(|address| address.ip()).collect::<Vec<_>>(),
    };
    match found.is_empty() {
        true => Err(block(Why::Unknown, format!("the name {name} has no address"))),
        false => Ok(found),
    }
}

fn named(addresses: &[IpAddr]) -> String {
    match addresses {
        [] => String::new(),
        [only] => only.to_string(),
        [first, rest @ ..] => format!("{first} and {} more", rest.len()),
    }
}

async fn connect_to(target: &Target, addresses: &[IpAddr], limit: Duration) -> Passed<TcpStream> {
    let all: Vec<_> = addresses.iter().map(|address| (*address, target.port).into()).collect();
    match timeout(limit, TcpStream::connect(all.as_slice())).await {
        Ok(Ok(stream)) => Ok(stream),
        Ok(Err(error)) => Err(block(Why::Refused, format!("{target} takes no connection ({error})"))),
        Err(_) => Err(block(Why::TimedOut, format!("{target} did not take a connection within {limit:?}"))),
    }
}

/// `CONNECT`, as RFC 9110, section 9.3.6, has it.
async fn tunnel(stream: &mut TcpStream, proxy: &Proxy, target: &Target, first: &Target) -> Passed<()> {
    let mut request = format!("CONNECT {target} HTTP/1.1\r\nHost: {target}\r\n");
    if let Some((user, password)) = &proxy.credentials {
        let basic = BASE64.encode(format!("{user}:{}", password.expose()));
        request.push_str(&format!("Proxy-Authorization: Basic {basic}\r\n"));
    }
    request.push_str("\r\n");
    let cut = |error: &dyn std::fmt::Display| block(Why::Refused, format!("{first} cut the connection ({error})"));
    stream.write_all(request.as_bytes()).await.map_err(|error| cut(&error))?;
    let mut head = Vec::new();
    while !head.windows(4).any(|window| window == b"\r\n\r\n") {
        let mut byte = [0];
        match stream.read(&mut byte).await {
            Ok(1) if head.len() < LONGEST_ANSWER => head.push(byte[0]),
            Ok(_) => return Err(cut(&"in the middle of its answer")),
            Err(error) => return Err(cut(&error)),
        }
    }
    let head = String::from_utf8_lossy(&head);
    let status = head.split_whitespace().nth(1).unwrap_or_default();
    match status {
        "200" => Ok(()),
        "407" => Err(block(Why::ProxyLogin, format!("{first} wants a name and a password, or does not accept ours"))),
        _ => {
            Err(block(Why::ProxyRefusal, format!("{first} does not let us through to {target} (it answers {status})")))
        }
    }
}

/// The TLS of the client, and a look at what it is shown.
struct Prover {
    config: Arc<rustls::ClientConfig>,
    recorder: Arc<Recorder>,
}

impl Prover {
    fn new(settings: &ForgeSettings) -> Result<Self> {
        let unusable = |error: &dyn std::fmt::Display| Error::Settings(format!("TLS cannot be set up ({error})."));
        let authority = settings.certificate_authority.as_deref();
        let trusted = outgoing::trusted(authority).map_err(Error::Settings)?;
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let verifier = WebPkiServerVerifier::builder_with_provider(Arc::new(trusted), provider);
        let verifier = verifier.build().map_err(|error| unusable(&error))?;
        let recorder = Arc::new(Recorder { verifier, shown: Mutex::default() });
        let mut config = outgoing::tls(authority).map_err(Error::Settings)?;
        let shared: Arc<dyn ServerCertVerifier> = Arc::<Recorder>::clone(&recorder);
        // It only takes a note and then decides as the client's own does.
        config.dangerous().set_certificate_verifier(shared);
        Ok(Self { config: Arc::new(config), recorder })
    }

    async fn prove(&self, stream: TcpStream, target: &Target) -> Passed<String> {
        let name = ServerName::try_from(target.name().to_owned())
            .map_err(|_| block(Why::Name, format!("{target} is no name that a certificate could hold")))?;
        let connector = tokio_rustls::TlsConnector::from(Arc::clone(&self.config));
        let stream = connector.connect(name, stream).await.map_err(|error| refusal(&error, target))?;
        let version = match stream.get_ref().1.protocol_version() {
            Some(rustls::ProtocolVersion::TLSv1_2) => "TLS 1.2",
            _ => "TLS 1.3",
        };
        Ok(version.to_owned())
    }
}

#[derive(Debug)]
struct Recorder {
    verifier: Arc<WebPkiServerVerifier>,
    shown: Mutex<Option<Certificate>>,
}

impl Recorder {
    fn certificate(&self) -> Option<Certificate> {
        self.shown.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

impl ServerCertVerifier for Recorder {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        server_name: &ServerName<'_>,
        ocsp_response: &[u8],
        now: UnixTime,
    ) -> std::result::Result<ServerCertVerified, rustls::Error> {
        *self.shown.lock().unwrap_or_else(PoisonError::into_inner) = certificate::read(end_entity);
        self.verifier.verify_server_cert(end_entity, intermediates, server_name, ocsp_response, now)
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> std::result::Result<HandshakeSignatureValid, rustls::Error> {
        self.verifier.verify_tls12_signature(message, certificate, signature)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> std::result::Result<HandshakeSignatureValid, rustls::Error> {
        self.verifier.verify_tls13_signature(message, certificate, signature)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.verifier.supported_verify_schemes()
    }
}

fn refusal(error: &std::io::Error, target: &Target) -> Block {
    let tls = error.get_ref().and_then(|inner| inner.downcast_ref::<rustls::Error>());
    let Some(rustls::Error::InvalidCertificate(wrong)) = tls else {
        return block(Why::Tls, format!("{target} does not speak TLS with us ({error})"));
    };
    match wrong {
        CertificateError::UnknownIssuer => {
            block(Why::Issuer, "nobody whom this machine trusts has signed it".to_owned())
        }
        CertificateError::NotValidForNameContext { presented, .. } => {
            // As in `DnsName("github.example.com")`.
            let names = presented.iter().map(|name| name.split('"').nth(1).unwrap_or(name));
            let names: Vec<&str> = names.take(5).collect();
            block(Why::Name, format!("it is not for {}, but for {}", target.name(), names.join(", ")))
        }
        CertificateError::NotValidForName => block(Why::Name, format!("it is not for {}", target.name())),
        CertificateError::Expired | CertificateError::ExpiredContext { .. } => {
            block(Why::Time, "it is no longer valid".to_owned())
        }
        CertificateError::NotValidYet | CertificateError::NotValidYetContext { .. } => {
            block(Why::Time, "it is not valid yet".to_owned())
        }
        other => block(Why::Tls, format!("it cannot be used ({other})")),
    }
}
