//! A provider of OpenID Connect that does what a test tells it, also what no provider should.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard};

use axum::Router;
use axum::body::Bytes;
use axum::extract::{Path, State as Extract};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Json, Response};
use axum::routing::{get, post};
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD as BASE64};
use ring::rand::SystemRandom;
use ring::signature::{self, EcdsaKeyPair, Ed25519KeyPair, KeyPair as _, RsaKeyPair};
use rustls_pki_types::PrivatePkcs1KeyDer;
use rustls_pki_types::pem::PemObject as _;
use serde_json::{Map, Value, json};
use sha2::{Digest as _, Sha256};
use url::Url;

use crate::clock::Clock;
use crate::identity::provider::Answer;

pub const CLIENT: &str = "slipway";
pub const SECRET: &str = "s3cret: with + and %";

/// With what a token is signed.
#[derive(Clone)]
pub enum Key {
    Es256(Arc<EcdsaKeyPair>),
    EdDsa(Arc<Ed25519KeyPair>),
    Rs256(Arc<RsaKeyPair>),
    Ps256(Arc<RsaKeyPair>),
    /// Not signed.
    None,
    /// With these bytes as a secret that both know.
    Hs256(Vec<u8>),
}

impl Key {
    pub fn es256() -> Self {
        let (random, how) = (SystemRandom::new(), &signature::ECDSA_P256_SHA256_FIXED_SIGNING);
        let pkcs8 = EcdsaKeyPair::generate_pkcs8(how, &random).unwrap();
        Self::Es256(Arc::new(EcdsaKeyPair::from_pkcs8(how, pkcs8.as_ref(), &random).unwrap()))
    }

    pub fn eddsa() -> Self {
        let pkcs8 = Ed25519KeyPair::generate_pkcs8(&SystemRandom::new()).unwrap();
        Self::EdDsa(Arc::new(Ed25519KeyPair::from_pkcs8(pkcs8.as_ref()).unwrap()))
    }

    pub fn rs256() -> Self {
        Self::Rs256(Arc::new(rsa()))
    }

    pub fn ps256() -> Self {
        Self::Ps256(Arc::new(rsa()))
    }

    fn name(&self) -> &'static str {
        match self {
            Self::Es256(_) => "ES256",
            Self::EdDsa(_) => "EdDSA",
            Self::Rs256(_) => "RS256",
            Self::Ps256(_) => "PS256",
            Self::None => "none",
            Self::Hs256(_) => "HS256",
        }
    }

    /// As the provider publishes it.
    pub fn public(&self, id: &str) -> Value {
        match self {
            Self::Es256(key) => {
                let point = key.public_key().as_ref();
                json!({"kty": "EC", "crv": "P-256", "use": "sig", "kid": id,
                       "x": BASE64.encode(&point[1..33]), "y": BASE64.encode(&point[33..])})
            }
            Self::EdDsa(key) => {
                json!({"kty": "OKP", "crv": "Ed25519", "use": "sig", "kid": id, "x": BASE64.encode(key.public_key())})
            }
            Self::Rs256(key) | Self::Ps256(key) => {
                let parts: signature::RsaPublicKeyComponents<Vec<u8>> = key.public().into();
                json!({"kty": "RSA", "use": "sig", "kid": id, "n": BASE64.encode(parts.n), "e": BASE64.encode(parts.e)})
            }
            Self::None | Self::Hs256(_) => Value::Null,
        }
    }

    fn sign(&self, text: &[u8]) -> Vec<u8> {
        let random = SystemRandom::new();
        let rsa = |key: &RsaKeyPair, how: &'static dyn signature::RsaEncoding| {
            let mut signed = vec![0; key.public().modulus_len()];
            key.sign(how, &random, text, &mut signed).unwrap();
            signed
        };
        match self {
            Self::Es256(key) => key.sign(&random, text).unwrap().as_ref().to_vec(),
            Self::EdDsa(key) => key.sign(text).as_ref().to_vec(),
            Self::Rs256(key) => rsa(key, &signature::RSA_PKCS1_SHA256),
            Self::Ps256(key) => rsa(key, &signature::RSA_PSS_SHA256),
            Self::None => Vec::new(),
            Self::Hs256(secret) => {
                ring::hmac::sign(&ring::hmac::Key::new(ring::hmac::HMAC_SHA256, secret), text).as_ref().to_vec()
            }
        }
    }
}

fn rsa() -> RsaKeyPair {
    let key = PrivatePkcs1KeyDer::from_pem_slice(fake_forge::APP_KEY.as_bytes()).unwrap();
    RsaKeyPair::from_der(key.secret_pkcs1_der()).unwrap()
}

/// What is wanted with a code.
struct Grant {
    nonce: String,
    challenge: String,
    redirect: String,
}

pub struct State {
    pub issuer: String,
    pub key: Key,
    pub key_id: String,
    /// Published.
    pub keys: Vec<Value>,
    /// Of the token, over the usual ones; null takes one away.
    pub claims: Map<String, Value>,
    pub userinfo: Value,
    /// Added to the discovery document.
    pub metadata: Map<String, Value>,
    /// Answers to what contains a path are these instead.
    pub broken: BTreeMap<String, (u16, String)>,
    pub requests: Vec<String>,
    /// The refresh token that is good now; each is good once. None is given where there is none.
    pub refresh: Option<String>,
    grants: BTreeMap<String, Grant>,
}

type Shared = Arc<Mutex<State>>;

/// Answers until it is dropped.
pub struct Fake {
    pub issuer: String,
    state: Shared,
    server: tokio::task::JoinHandle<()>,
}

impl Fake {
    pub async fn start() -> Self {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let issuer = format!("http://{}/realms/acme", listener.local_addr().unwrap());
        let key = Key::es256();
        let state = Arc::new(Mutex::new(State {
            issuer: issuer.clone(),
            keys: vec![key.public("one")],
            key,
            key_id: "one".to_owned(),
            claims: Map::new(),
            userinfo: json!({"sub": "248289761001"}),
            metadata: Map::new(),
            broken: BTreeMap::new(),
            requests: Vec::new(),
            refresh: None,
            grants: BTreeMap::new(),
        }));
        let router = Router::new()
            .route("/realms/acme/.well-known/openid-configuration", get(discovery))
            .route("/realms/acme/{what}", get(document))
            .route("/realms/acme/token", post(token))
            .with_state(state.clone());
        let server = tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
        Self { issuer, state, server }
    }

    pub fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap()
    }

    pub fn claim(&self, name: &str, value: Value) {
        self.state().claims.insert(name.to_owned(), value);
    }

    /// How often something was asked for.
    pub fn asked(&self, what: &str) -> usize {
        self.state().requests.iter().filter(|request| request.contains(what)).count()
    }

    /// Whoever goes to `address` agrees.
    pub fn agree(&self, address: &str) -> Answer {
        let address = Url::parse(address).unwrap();
        let of: BTreeMap<String, String> = address.query_pairs().into_owned().collect();
        assert_eq!(address.path(), "/realms/acme/authorize");
        let (kind, how) = (of["response_type"].as_str(), of["code_challenge_method"].as_str());
        assert_eq!((of["client_id"].as_str(), kind, how), (CLIENT, "code", "S256"));
        assert!(of["scope"].split(' ').any(|scope| scope == "openid"), "{}", of["scope"]);
        let mut state = self.state();
        let code = format!("code-{}", state.grants.len());
        let grant = Grant {
            nonce: of["nonce"].clone(),
            challenge: of["code_challenge"].clone(),
            redirect: of["redirect_uri"].clone(),
        };
        state.grants.insert(code.clone(), grant);
        Answer { state: of["state"].clone(), code, ..Answer::default() }
    }
}

impl Drop for Fake {
    fn drop(&mut self) {
        self.server.abort();
    }
}

fn broken(state: &mut State, what: &str) -> Option<Response> {
    state.requests.push(what.to_owned());
    let (status, body) = state.broken.get(what)?.clone();
    let headers = [("content-type", "application/json")];
    Some((StatusCode::from_u16(status).unwrap(), headers, body).into_response())
}

async fn discovery(Extract(state): Extract<Shared>) -> Response {
    let mut state = state.lock().unwrap();
    if let Some(broken) = broken(&mut state, "discovery") {
        return broken;
    }
    let issuer = &state.issuer;
    let mut document = json!({
        "issuer": issuer,
        "authorization_endpoint": format!("{issuer}/authorize"),
        "token_endpoint": format!("{issuer}/token"),
        "userinfo_endpoint": format!("{issuer}/userinfo"),
        "jwks_uri": format!("{issuer}/keys"),
        "response_types_supported": ["code"],
        "subject_types_supported": ["public"],
        "id_token_signing_alg_values_supported": ["RS256", "ES256", "HS256", "none"],
    });
    document.as_object_mut().unwrap().extend(state.metadata.clone());
    Json(document).into_response()
}

async fn document(Extract(state): Extract<Shared>, Path(what): Path<String>, headers: HeaderMap) -> Response {
    let mut state = state.lock().unwrap();
    if let Some(broken) = broken(&mut state, &what) {
        return broken;
    }
    match what.as_str() {
        "keys" => Json(json!({"keys": state.keys})).into_response(),
        "userinfo" if headers.get("authorization").is_some_and(|value| value == "Bearer access") => {
            Json(state.userinfo.clone()).into_response()
        }
        _ => StatusCode::NOT_FOUND.into_response(),
    }
}

async fn token(Extract(state): Extract<Shared>, headers: HeaderMap, body: Bytes) -> Response {
    let mut state = state.lock().unwrap();
    if let Some(broken) = broken(&mut state, "token") {
        return broken;
    }
    let form: BTreeMap<String, String> = url::form_urlencoded::parse(&body).into_owned().collect();
    // RFC 6749, section 2.3.1: both are form-encoded first.
    let encoded = |text: &str| url::form_urlencoded::byte_serialize(text.as_bytes()).collect::<String>();
    let basic = format!("Basic {}", STANDARD.encode(format!("{}:{}", encoded(CLIENT), encoded(SECRET))));
    let refuse = |error: &str| (StatusCode::BAD_REQUEST, Json(json!({"error": error}))).into_response();
    let in_body = form.get("client_secret").is_some_and(|secret| secret == SECRET);
    if headers.get("authorization").is_none_or(|value| value != basic.as_str()) && !in_body {
        return refuse("invalid_client");
    }
    if form["grant_type"] == "refresh_token" {
        if state.refresh.as_ref() != Some(&form["refresh_token"]) {
            return refuse("invalid_grant");
        }
        state.refresh = Some(format!("{}+", form["refresh_token"]));
        return answer(&state, &Value::Null);
    }
    let Some(grant) = state.grants.remove(&form["code"]) else { return refuse("invalid_grant") };
    let challenge = BASE64.encode(Sha256::digest(form["code_verifier"].as_bytes()));
    if challenge != grant.challenge || form["redirect_uri"] != grant.redirect {
        return refuse("invalid_grant");
    }
    answer(&state, &json!(grant.nonce))
}

fn answer(state: &State, nonce: &Value) -> Response {
    let id_token = state.id_token(nonce);
    let mut said = json!({"access_token": "access", "token_type": "Bearer", "expires_in": 300, "id_token": id_token});
    if let Some(token) = &state.refresh {
        said["refresh_token"] = json!(token);
    }
    Json(said).into_response()
}

impl State {
    fn id_token(&self, nonce: &Value) -> String {
        let now = Clock::System.now() / 1_000;
        let mut claims = Map::new();
        for (name, value) in [
            ("iss", json!(self.issuer)),
            ("sub", json!("248289761001")),
            ("aud", json!(CLIENT)),
            ("exp", json!(now + 300)),
            ("iat", json!(now)),
            ("nonce", json!(nonce)),
        ] {
            claims.insert(name.to_owned(), value);
        }
        claims.extend(self.claims.clone());
        claims.retain(|_, value| !value.is_null());
        let header = json!({"alg": self.key.name(), "typ": "JWT", "kid": self.key_id});
        let encoded = |value: &Value| BASE64.encode(value.to_string());
        let text = format!("{}.{}", encoded(&header), encoded(&Value::Object(claims)));
        format!("{text}.{}", BASE64.encode(self.key.sign(text.as_bytes())))
    }
}
