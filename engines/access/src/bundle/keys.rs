//! Keys: one that signs, and those that are believed.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ring::signature::{Ed25519KeyPair, KeyPair as _};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::Refused;

/// An Ed25519 key that signs.
pub struct SigningKey {
    pair: Ed25519KeyPair,
    public: PublicKey,
}

/// A key as a JSON Web Key (RFC 8037, section 2).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PublicKey {
    pub kty: String,
    pub crv: String,
    /// The key, base64url.
    pub x: String,
    /// Its thumbprint (RFC 7638).
    pub kid: String,
    #[serde(rename = "use")]
    pub purpose: String,
    pub alg: String,
}

/// The keys of a portal as a JSON Web Key Set: the one that signs, and those before it whose bundles are still valid.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Keys {
    pub keys: Vec<PublicKey>,
}

impl SigningKey {
    /// The key that follows from 32 secret bytes; whoever calls makes them at random and keeps them.
    ///
    /// # Errors
    /// There are not 32.
    pub fn from_seed(seed: &[u8]) -> Result<Self, Refused> {
        let pair = Ed25519KeyPair::from_seed_unchecked(seed).map_err(|_| Refused::Malformed("a key has 32 bytes"))?;
        let public = PublicKey::new(pair.public_key().as_ref());
        Ok(Self { pair, public })
    }

    pub fn public(&self) -> &PublicKey {
        &self.public
    }

    pub(super) fn sign(&self, message: &[u8]) -> Vec<u8> {
        self.pair.sign(message).as_ref().to_vec()
    }
}

impl PublicKey {
    fn new(bytes: &[u8]) -> Self {
        let x = URL_SAFE_NO_PAD.encode(bytes);
        // The members that a key must have, in the order of their names, without spaces (RFC 7638, section 3).
        let canonical = format!(r#"{{"crv":"Ed25519","kty":"OKP","x":"{x}"}}"#);
        Self {
            kty: "OKP".to_owned(),
            crv: "Ed25519".to_owned(),
            x,
            kid: URL_SAFE_NO_PAD.encode(Sha256::digest(canonical)),
            purpose: "sig".to_owned(),
            alg: super::ALGORITHM.to_owned(),
        }
    }

    /// Its bytes; none if it is no key, which fits no signature.
    pub(super) fn bytes(&self) -> Vec<u8> {
        URL_SAFE_NO_PAD.decode(&self.x).unwrap_or_default()
    }
}

impl Keys {
    /// The keys of a set that can sign bundles; others may stand beside them and are left out. A key that calls itself
    /// otherwise than its thumbprint is left out too.
    ///
    /// # Errors
    /// The text is no set of keys.
    pub fn from_json(text: &str) -> Result<Self, Refused> {
        #[derive(Deserialize)]
        struct Set {
            keys: Vec<serde_json::Value>,
        }
        let set: Set =
            serde_json::from_str(text).map_err(|_| Refused::Malformed("the keys are no JSON Web Key Set"))?;
        let keys = set.keys.into_iter().filter_map(|key| serde_json::from_value::<PublicKey>(key).ok());
        Ok(Self { keys: keys.filter(|key| *key == PublicKey::new(&key.bytes())).collect() })
    }

    pub(super) fn find(&self, kid: &str) -> Option<&PublicKey> {
        self.keys.iter().find(|key| key.kid == kid)
    }
}
