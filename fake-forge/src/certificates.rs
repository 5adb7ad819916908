//! A certificate authority that nobody trusts by itself, and a certificate of it.

use std::sync::Arc;

use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, DnType, IsCa, KeyPair, date_time_ymd};
use rustls::ServerConfig;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer};

/// Made anew each time.
pub struct Certificates {
    /// The authority's certificate as PEM, for those who shall trust it.
    pub authority: String,
    certificate: CertificateDer<'static>,
    key: Vec<u8>,
}

impl Certificates {
    /// For `localhost` and 127.0.0.1.
    ///
    /// # Errors
    /// If there is no randomness.
    pub fn new() -> Result<Self, rcgen::Error> {
        Self::made(&["localhost", "127.0.0.1"], None)
    }

    /// For other names than those at which the fake answers.
    ///
    /// # Errors
    /// If there is no randomness.
    pub fn of_another(name: &str) -> Result<Self, rcgen::Error> {
        Self::made(&[name], None)
    }

    /// Such as ended years ago.
    ///
    /// # Errors
    /// If there is no randomness.
    pub fn expired() -> Result<Self, rcgen::Error> {
        Self::made(&["localhost", "127.0.0.1"], Some(2020))
    }

    /// Until the end of that year, or for ever.
    fn made(names: &[&str], until: Option<i32>) -> Result<Self, rcgen::Error> {
        let mut authority = CertificateParams::new(Vec::new())?;
        authority.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        authority.distinguished_name.push(DnType::CommonName, "Authority of the fake");
        let authority = CertifiedIssuer::self_signed(authority, KeyPair::generate()?)?;
        let key = KeyPair::generate()?;
        let names: Vec<String> = names.iter().map(|name| (*name).to_owned()).collect();
        let mut certificate = CertificateParams::new(names)?;
        if let Some(year) = until {
            certificate.not_after = date_time_ymd(year, 12, 31);
        }
        let certificate = certificate.signed_by(&key, &authority)?;
        Ok(Self { authority: authority.pem(), certificate: certificate.der().clone(), key: key.serialize_der() })
    }

    pub(crate) fn server(&self) -> Result<ServerConfig, rustls::Error> {
        let key = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(self.key.clone()));
        ServerConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
            .with_safe_default_protocol_versions()?
            .with_no_client_auth()
            .with_single_cert(vec![self.certificate.clone()], key)
    }
}
