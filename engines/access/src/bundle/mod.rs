//! What a portal knows of one component, signed, so that a pipeline can check without asking.
//!
//! A JSON Web Signature in compact form (RFC 7515) with EdDSA over Ed25519 (RFC 8037), and nothing else: the algorithm is
//! never taken from the token.

mod keys;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jiff::{SignedDuration, Timestamp};
use model::EntityRef;
use ring::signature::{ED25519, UnparsedPublicKey};
use serde::{Deserialize, Serialize};

pub use self::keys::{Keys, PublicKey, SigningKey};
use crate::atom::Atom;
use crate::facts::Facts;
use crate::standing::Known;

/// For whom bundles are: the pipelines of a portal.
pub const AUDIENCE: &str = "slipway-access";

/// No bundle is valid longer: so long a revocation may take until every pipeline knows of it.
pub const LONGEST: SignedDuration = SignedDuration::from_hours(24);
/// How far the clocks of portal and pipeline may be apart.
pub const SKEW: SignedDuration = SignedDuration::from_secs(60);

const ALGORITHM: &str = "EdDSA";
const TYPE: &str = "slipway-access+jws";
/// Of the token, in bytes.
const MOST_BYTES: usize = 16 << 20;

/// The claims.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Bundle {
    /// The address of the portal.
    pub iss: String,
    /// For whom it is: the pipelines of that portal.
    pub aud: String,
    /// The component.
    pub sub: EntityRef,
    /// Seconds since 1970, as JSON Web Tokens have them.
    #[serde(with = "seconds")]
    pub iat: Timestamp,
    #[serde(with = "seconds")]
    pub exp: Timestamp,
    /// Grows whenever something of the component is [taken away](crate::history::History::taken_away): bundles of an earlier
    /// epoch are refused where the epoch is known.
    pub revocation_epoch: u64,
    /// Of the manifest of the default branch, in hexadecimal.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub manifest_sha256: Option<String>,
    pub grants: Vec<Grant>,
    /// An excerpt: what the APIs say that this component requires, without who is in which group.
    pub facts: Facts,
}

/// How things stand for one atom of the component.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Grant {
    pub api: EntityRef,
    pub scope: String,
    pub environment: String,
    #[serde(flatten)]
    pub known: Known,
}

/// What whoever verifies expects.
#[derive(Debug, Clone, Copy)]
pub struct Expected<'a> {
    pub issuer: &'a str,
    pub audience: &'a str,
    pub component: &'a EntityRef,
    /// The lowest that is still good, as far as it is known.
    pub revocation_epoch: u64,
    pub now: Timestamp,
}

/// Why a bundle cannot be used. Nothing of it may then be believed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Refused {
    #[error("it is no signed bundle: {0}")]
    Malformed(&'static str),
    #[error("it is signed with {0}; only {ALGORITHM} is accepted")]
    Algorithm(String),
    #[error("its key {0} is none of this portal's: fetch its keys again")]
    UnknownKey(String),
    #[error("its signature does not fit: somebody changed it")]
    Signature,
    #[error("its {claim} is {found}, not {expected}")]
    Foreign { claim: &'static str, found: String, expected: String },
    #[error("it ended at {0}: fetch a new one")]
    Expired(Timestamp),
    #[error("it begins at {0}: the clock of this machine or of the portal is wrong")]
    NotYet(Timestamp),
    #[error("it would be valid for more than 24 hours")]
    TooLong,
    #[error("access was revoked since it was made: fetch a new one")]
    Outdated,
}

#[derive(Serialize, Deserialize)]
struct Header {
    alg: String,
    #[serde(default)]
    typ: String,
    #[serde(default)]
    kid: String,
    /// What must be understood: nothing is, so nothing may be named.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    crit: Option<serde_json::Value>,
}

impl Bundle {
    /// What is known of its component's atoms.
    pub fn known(&self) -> BTreeMap<Atom, Known> {
        let entry = |grant: &Grant| {
            let Grant { api, scope, environment, known } = grant.clone();
            (Atom { consumer: self.sub.clone(), api, scope, environment }, known)
        };
        self.grants.iter().map(entry).collect()
    }
}

/// Signs a bundle.
///
/// # Errors
/// It would be valid for more than 24 hours.
pub fn sign(bundle: &Bundle, key: &SigningKey) -> Result<String, Refused> {
    if bundle.exp.duration_since(bundle.iat) > LONGEST {
        return Err(Refused::TooLong);
    }
    let header = Header { alg: ALGORITHM.to_owned(), typ: TYPE.to_owned(), kid: key.public().kid.clone(), crit: None };
    let mut token = encoded(&header)?;
    token.push('.');
    token += &encoded(bundle)?;
    let signature = URL_SAFE_NO_PAD.encode(key.sign(token.as_bytes()));
    Ok(token + "." + &signature)
}

fn encoded(value: &impl Serialize) -> Result<String, Refused> {
    let text = serde_json::to_vec(value).map_err(|_| Refused::Malformed("it cannot be written"))?;
    Ok(URL_SAFE_NO_PAD.encode(text))
}

/// Reads a bundle that one of `keys` signed, for whom it is meant, while it is valid.
///
/// # Errors
/// The first reason for which it cannot be believed. The claims are read only when the signature fits.
pub fn verify(token: &str, keys: &Keys, expected: &Expected<'_>) -> Result<Bundle, Refused> {
    let token = token.trim();
    if token.len() > MOST_BYTES {
        return Err(Refused::Malformed("it is too large"));
    }
    let parts = || Refused::Malformed("it does not have three parts");
    let (signed, signature) = token.rsplit_once('.').ok_or_else(parts)?;
    let (header, claims) = signed.split_once('.').filter(|(_, claims)| !claims.contains('.')).ok_or_else(parts)?;
    let header: Header = decoded(header, "its header cannot be read")?;
    if header.alg != ALGORITHM {
        return Err(Refused::Algorithm(header.alg.chars().take(20).collect()));
    }
    if header.typ != TYPE || header.crit.is_some() {
        return Err(Refused::Malformed("it is a token for something else"));
    }
    let key = keys.find(&header.kid).ok_or_else(|| Refused::UnknownKey(header.kid.chars().take(64).collect()))?;
    let signature = URL_SAFE_NO_PAD.decode(signature).map_err(|_| Refused::Signature)?;
    UnparsedPublicKey::new(&ED25519, key.bytes())
        .verify(signed.as_bytes(), &signature)
        .map_err(|_| Refused::Signature)?;
    let bundle: Bundle = decoded(claims, "its claims cannot be read")?;
    believable(&bundle, expected)?;
    Ok(bundle)
}

fn decoded<T: serde::de::DeserializeOwned>(part: &str, otherwise: &'static str) -> Result<T, Refused> {
    let bytes = URL_SAFE_NO_PAD.decode(part).map_err(|_| Refused::Malformed(otherwise))?;
    serde_json::from_slice(&bytes).map_err(|_| Refused::Malformed(otherwise))
}

fn believable(bundle: &Bundle, expected: &Expected<'_>) -> Result<(), Refused> {
    let component = expected.component.to_string();
    let claims = [
        ("issuer", bundle.iss.as_str(), expected.issuer),
        ("audience", bundle.aud.as_str(), expected.audience),
        ("component", &bundle.sub.to_string(), &component),
    ];
    for (claim, found, expected) in claims {
        if found != expected {
            let found = found.chars().take(200).collect();
            return Err(Refused::Foreign { claim, found, expected: expected.to_owned() });
        }
    }
    if bundle.exp.duration_since(bundle.iat) > LONGEST {
        return Err(Refused::TooLong);
    }
    if bundle.iat.duration_since(expected.now) > SKEW {
        return Err(Refused::NotYet(bundle.iat));
    }
    if bundle.exp <= expected.now {
        return Err(Refused::Expired(bundle.exp));
    }
    if bundle.revocation_epoch < expected.revocation_epoch {
        return Err(Refused::Outdated);
    }
    Ok(())
}

/// `NumericDate` of RFC 7519, in whole seconds.
mod seconds {
    use jiff::Timestamp;
    use serde::{Deserialize, Deserializer, Serializer};

    pub fn serialize<S: Serializer>(instant: &Timestamp, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_i64(instant.as_second())
    }

    pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Timestamp, D::Error> {
        Timestamp::from_second(i64::deserialize(deserializer)?).map_err(serde::de::Error::custom)
    }
}
