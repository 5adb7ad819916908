//! Deliveries of webhooks: the signature is checked on the raw bytes, and only then are they parsed.
//!
//! Sources of the rules: GitHub's "Validating webhook deliveries", "Webhook events and payloads" and "Best practices for
//! using webhooks".

mod wire;

use http::HeaderMap;
use http::header::CONTENT_TYPE;
use ring::hmac;
use serde::Deserialize;

use crate::secret::Secret;

/// Bytes. GitHub sends no larger ones ("Payload cap").
pub const LARGEST_DELIVERY: usize = 25 * 1024 * 1024;

/// Characters of a delivery's id, which is a GUID.
const LONGEST_ID: usize = 64;

/// One delivery that is really the forge's.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Delivery {
    /// `X-GitHub-Delivery`: the same when it is delivered again.
    pub id: String,
    pub event: Event,
}

/// What happened, as far as it matters here. Actions are GitHub's words: new ones come now and then.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Event {
    /// The webhook was set up.
    Ping,
    /// A ref was moved, made or deleted.
    Push {
        repository: Named,
        reference: String,
        after: String,
        deleted: bool,
        default_branch: Option<String>,
    },
    /// `created`, `deleted`, `renamed`, `transferred`, `archived`, `privatized`, `edited` …
    Repository {
        action: String,
        repository: Named,
        former_name: Option<String>,
    },
    /// `member_added`, `member_removed`, `renamed` …
    Organization {
        action: String,
        organisation: String,
    },
    /// `created`, `deleted`, `edited`, `added_to_repository`, `removed_from_repository`.
    Team {
        action: String,
        organisation: String,
        team: String,
        repository: Option<Named>,
    },
    /// `added`, `removed`: one person and one team.
    Membership {
        action: String,
        organisation: String,
        team: String,
        login: String,
    },
    /// `created`, `deleted`, `suspend`, `unsuspend`, `new_permissions_accepted`.
    Installation {
        action: String,
        id: u64,
        account: String,
        repositories: Vec<Named>,
    },
    InstallationRepositories {
        id: u64,
        account: String,
        added: Vec<Named>,
        removed: Vec<Named>,
    },
    /// `opened`, `closed`, `reopened`, `synchronize` …
    PullRequest {
        action: String,
        repository: Named,
        number: u64,
        branch: String,
        merged: bool,
    },
    /// Anything else, by its name: accepted, and nothing comes of it.
    Ignored {
        kind: String,
    },
}

impl Event {
    /// As GitHub calls it.
    pub fn kind(&self) -> &str {
        match self {
            Self::Ping => "ping",
            Self::Push { .. } => "push",
            Self::Repository { .. } => "repository",
            Self::Organization { .. } => "organization",
            Self::Team { .. } => "team",
            Self::Membership { .. } => "membership",
            Self::Installation { .. } => "installation",
            Self::InstallationRepositories { .. } => "installation_repositories",
            Self::PullRequest { .. } => "pull_request",
            Self::Ignored { kind } => kind,
        }
    }
}

/// A repository by the id that stays and the name that it has now.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Named {
    pub id: u64,
    pub full_name: String,
}

/// Why a delivery is not accepted.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Refused {
    /// No signature, or not made with one of our secrets.
    #[error("The signature is missing or wrong: check that the webhook has the same secret as the portal.")]
    Signature,
    #[error("The delivery has more than {LARGEST_DELIVERY} bytes.")]
    TooLarge,
    /// The webhook was set up to send forms.
    #[error("Set the webhook's content type to application/json.")]
    ContentType,
    #[error("The delivery could not be read ({0}).")]
    Malformed(String),
}

/// The delivery, if it was signed with one of the secrets (two, while one is replaced by the other). Without a secret
/// nothing is accepted.
///
/// # Errors
/// [`Refused`], and nothing was parsed unless the signature is right.
pub fn receive(headers: &HeaderMap, body: &[u8], secrets: &[Secret]) -> Result<Delivery, Refused> {
    if body.len() > LARGEST_DELIVERY {
        return Err(Refused::TooLarge);
    }
    let header = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
    let signature = header("x-hub-signature-256").and_then(signature).ok_or(Refused::Signature)?;
    let signed = |secret: &&Secret| !secret.expose().is_empty() && is_signed(secret, body, &signature);
    secrets.iter().find(signed).ok_or(Refused::Signature)?;
    if headers.get(CONTENT_TYPE).is_some_and(|kind| !kind.as_bytes().starts_with(b"application/json")) {
        return Err(Refused::ContentType);
    }
    let missing = |name: &str| Refused::Malformed(format!("it has no {name}"));
    let id = header("x-github-delivery").filter(|id| !id.is_empty() && id.len() <= LONGEST_ID);
    let id = id.ok_or_else(|| missing("X-GitHub-Delivery"))?.to_owned();
    let kind = header("x-github-event").ok_or_else(|| missing("X-GitHub-Event"))?;
    Ok(Delivery { id, event: wire::event(kind, body)? })
}

/// `ring` compares in constant time.
fn is_signed(secret: &Secret, body: &[u8], signature: &[u8]) -> bool {
    let key = hmac::Key::new(hmac::HMAC_SHA256, secret.expose().as_bytes());
    hmac::verify(&key, body, signature).is_ok()
}

/// The 32 bytes of `sha256=…`.
fn signature(header: &str) -> Option<Vec<u8>> {
    let digits = header.strip_prefix("sha256=")?.as_bytes();
    if digits.len() != 64 {
        return None;
    }
    let digit = |digit: u8| char::from(digit).to_digit(16);
    let byte = |pair: &[u8]| u8::try_from(digit(pair[0])? * 16 + digit(pair[1])?).ok();
    digits.chunks_exact(2).map(byte).collect()
}
