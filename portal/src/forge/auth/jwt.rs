//! The signed statement by which an App says who it is: "Generating a JSON Web Token (JWT) for a GitHub App".
//!
//! One algorithm (RS256) and three claims: signed with ring, which TLS brings along anyway. The crate that does this
//! comes with aws-lc or with `rsa`, whose timing is known to leak.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD as BASE64;
use ring::rand::SystemRandom;
use ring::signature::{RSA_PKCS1_SHA256, RsaKeyPair};
use rustls_pki_types::PrivateKeyDer;
use rustls_pki_types::pem::PemObject as _;
use serde_json::json;

use crate::forge::error::{Error, Result};
use crate::secret::Secret;

/// Seconds. Stated to be issued a minute ago, since the clocks of two machines differ; GitHub allows ten minutes of life.
const BEFORE: i64 = 60;
const LIFE: i64 = 9 * 60;

/// # Errors
/// [`Error::Settings`] if the text is no RSA key in PEM.
pub(super) fn key(pem: &Secret) -> Result<RsaKeyPair> {
    let wrong = |why: &str| Error::Settings(format!("The App's private key cannot be used: {why}."));
    let der = PrivateKeyDer::from_pem_slice(pem.expose().as_bytes()).map_err(|_| wrong("it is not a PEM file"))?;
    let key = match &der {
        PrivateKeyDer::Pkcs1(der) => RsaKeyPair::from_der(der.secret_pkcs1_der()),
        PrivateKeyDer::Pkcs8(der) => RsaKeyPair::from_pkcs8(der.secret_pkcs8_der()),
        _ => return Err(wrong("it is not an RSA key")),
    };
    key.map_err(|error| wrong(&error.to_string()))
}

/// A token that is valid for nine minutes from `now` (milliseconds since 1970).
///
/// # Errors
/// [`Error::Settings`] if the key cannot sign.
pub(super) fn sign(id: &str, key: &RsaKeyPair, now: i64) -> Result<Secret> {
    let now = now / 1_000;
    let header = json!({"alg": "RS256", "typ": "JWT"});
    let claims = json!({"iat": now - BEFORE, "exp": now + LIFE, "iss": id});
    let text = format!("{}.{}", BASE64.encode(header.to_string()), BASE64.encode(claims.to_string()));
    let mut signature = vec![0; key.public().modulus_len()];
    key.sign(&RSA_PKCS1_SHA256, &SystemRandom::new(), text.as_bytes(), &mut signature)
        .map_err(|_| Error::Settings("The App's private key cannot sign.".to_owned()))?;
    Ok(Secret::new(format!("{text}.{}", BASE64.encode(signature))))
}
