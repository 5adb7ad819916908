//! What the fake believes of a JWT: "Generating a JSON Web Token (JWT) for a GitHub App".

use std::collections::BTreeMap;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD as BASE64;
use ring::signature::{RSA_PKCS1_2048_8192_SHA256, RsaKeyPair, UnparsedPublicKey};
use rustls::pki_types::PrivatePkcs1KeyDer;
use rustls::pki_types::pem::PemObject as _;
use serde_json::Value;

use crate::state::App;

/// Why a JWT is not accepted, in GitHub's words; `None` if it is.
pub(crate) fn refusal(jwt: &str, known: &BTreeMap<u64, App>, now: i64) -> Option<&'static str> {
    let undecodable = Some("A JSON web token could not be decoded");
    let Some((text, signature)) = jwt.rsplit_once('.') else { return undecodable };
    let Some((header, claims)) = text.split_once('.') else { return undecodable };
    let (Some(header), Some(claims), Ok(signature)) = (json(header), json(claims), BASE64.decode(signature)) else {
        return undecodable;
    };
    let Some(public) = public_key() else { return undecodable };
    let signed = UnparsedPublicKey::new(&RSA_PKCS1_2048_8192_SHA256, public).verify(text.as_bytes(), &signature);
    if header["alg"] != "RS256" || issuer(&claims, known).is_none() || signed.is_err() {
        return undecodable;
    }
    let (issued, expires) = (claims["iat"].as_i64()?, claims["exp"].as_i64()?);
    if issued > now {
        return Some("'Issued at' claim ('iat') must be an Integer representing a time in the past");
    }
    if expires <= now || expires > now + 600 {
        return Some("'Expiration time' claim ('exp') is too far in the future");
    }
    None
}

/// The App that a JWT speaks for, whether it is to be believed or not.
pub(crate) fn of(jwt: &str, known: &BTreeMap<u64, App>) -> Option<u64> {
    issuer(&json(jwt.split('.').nth(1)?)?, known)
}

fn issuer(claims: &Value, known: &BTreeMap<u64, App>) -> Option<u64> {
    claims["iss"].as_str()?.parse().ok().filter(|id| known.contains_key(id))
}

fn json(part: &str) -> Option<Value> {
    serde_json::from_slice(&BASE64.decode(part).ok()?).ok()
}

fn public_key() -> Option<Vec<u8>> {
    let der = PrivatePkcs1KeyDer::from_pem_slice(crate::APP_KEY.as_bytes()).ok()?;
    Some(RsaKeyPair::from_der(der.secret_pkcs1_der()).ok()?.public().as_ref().to_vec())
}
