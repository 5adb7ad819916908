//! Deliveries of webhooks: the signature is checked on the raw bytes, and only then are they parsed.
//!
//! Sources of the rules: GitHub's "Validating webhook deliveries", "Webhook events and payloads" and "Best practices for
//! using webhooks".

use http::HeaderMap;
use http::header::CONTENT_TYPE;
use ring::hmac;
use serde::Deserialize;
use serde::de::DeserializeOwned;

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
    Ok(Delivery { id, event: event(kind, body)? })
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

fn event(kind: &str, body: &[u8]) -> Result<Event, Refused> {
    Ok(match kind {
        "ping" => Event::Ping,
        "push" => parse::<Push>(body)?.into(),
        "repository" => parse::<Repository>(body)?.into(),
        "organization" => parse::<Organization>(body)?.into(),
        "team" => parse::<Team>(body)?.into(),
        "membership" => parse::<Membership>(body)?.into(),
        "installation" => parse::<Installation>(body)?.into(),
        "installation_repositories" => parse::<InstallationRepositories>(body)?.into(),
        "pull_request" => parse::<PullRequest>(body)?.into(),
        other => Event::Ignored { kind: other.chars().take(LONGEST_ID).collect() },
    })
}

fn parse<T: DeserializeOwned>(body: &[u8]) -> Result<T, Refused> {
    serde_json::from_slice(body).map_err(|error| Refused::Malformed(error.to_string()))
}

#[derive(Deserialize)]
struct Push {
    #[serde(rename = "ref")]
    reference: String,
    after: String,
    #[serde(default)]
    deleted: bool,
    repository: PushedTo,
}

#[derive(Deserialize)]
struct PushedTo {
    id: u64,
    full_name: String,
    default_branch: Option<String>,
}

#[derive(Deserialize)]
struct Repository {
    action: String,
    repository: Named,
    changes: Option<Changes>,
}

/// Renamed: the former name without its owner. Transferred: the former owner.
#[derive(Deserialize)]
struct Changes {
    repository: Option<RepositoryChange>,
    owner: Option<OwnerChange>,
}

#[derive(Deserialize)]
struct RepositoryChange {
    name: Option<Former>,
}

#[derive(Deserialize)]
struct Former {
    from: String,
}

#[derive(Deserialize)]
struct OwnerChange {
    from: Option<FormerOwner>,
}

#[derive(Deserialize)]
struct FormerOwner {
    user: Option<Account>,
    organization: Option<Account>,
}

#[derive(Deserialize)]
struct Account {
    login: String,
}

#[derive(Deserialize)]
struct Organization {
    action: String,
    organization: Account,
}

#[derive(Deserialize)]
struct Slug {
    slug: Option<String>,
    name: String,
}

#[derive(Deserialize)]
struct Team {
    action: String,
    organization: Account,
    team: Slug,
    repository: Option<Named>,
}

#[derive(Deserialize)]
struct Membership {
    action: String,
    organization: Account,
    team: Slug,
    member: Option<Account>,
}

#[derive(Deserialize)]
struct Installed {
    id: u64,
    account: Account,
}

#[derive(Deserialize)]
struct Installation {
    action: String,
    installation: Installed,
    #[serde(default)]
    repositories: Vec<Named>,
}

#[derive(Deserialize)]
struct InstallationRepositories {
    installation: Installed,
    #[serde(default)]
    repositories_added: Vec<Named>,
    #[serde(default)]
    repositories_removed: Vec<Named>,
}

#[derive(Deserialize)]
struct PullRequest {
    action: String,
    number: u64,
    pull_request: Pull,
    repository: Named,
}

#[derive(Deserialize)]
struct Pull {
    #[serde(default)]
    merged: bool,
    head: Head,
}

#[derive(Deserialize)]
struct Head {
    #[serde(rename = "ref")]
    branch: String,
}

impl From<Push> for Event {
    fn from(push: Push) -> Self {
        let PushedTo { id, full_name, default_branch } = push.repository;
        Self::Push {
            repository: Named { id, full_name },
            reference: push.reference,
            after: push.after,
            deleted: push.deleted,
            default_branch,
        }
    }
}

impl From<Repository> for Event {
    fn from(told: Repository) -> Self {
        let former_name = told.changes.and_then(|changes| former(&told.repository.full_name, changes));
        Self::Repository { action: told.action, repository: told.repository, former_name }
    }
}

fn former(full_name: &str, changes: Changes) -> Option<String> {
    let (owner, name) = full_name.split_once('/')?;
    let former_owner = changes.owner.and_then(|owner| owner.from).and_then(|from| from.organization.or(from.user));
    let former_name = changes.repository.and_then(|repository| repository.name);
    match (former_owner, former_name) {
        (None, None) => None,
        (former_owner, former_name) => Some(format!(
            "{}/{}",
            former_owner.map_or(owner.to_owned(), |account| account.login),
            former_name.map_or(name.to_owned(), |former| former.from)
        )),
    }
}

impl From<Organization> for Event {
    fn from(told: Organization) -> Self {
        Self::Organization { action: told.action, organisation: told.organization.login }
    }
}

impl From<Team> for Event {
    fn from(told: Team) -> Self {
        Self::Team {
            action: told.action,
            organisation: told.organization.login,
            team: told.team.slug.unwrap_or(told.team.name),
            repository: told.repository,
        }
    }
}

impl From<Membership> for Event {
    fn from(told: Membership) -> Self {
        Self::Membership {
            action: told.action,
            organisation: told.organization.login,
            // A team that was deleted has a name only.
            team: told.team.slug.unwrap_or(told.team.name),
            login: told.member.map_or_else(String::new, |member| member.login),
        }
    }
}

impl From<Installation> for Event {
    fn from(told: Installation) -> Self {
        let Installed { id, account } = told.installation;
        Self::Installation { action: told.action, id, account: account.login, repositories: told.repositories }
    }
}

impl From<InstallationRepositories> for Event {
    fn from(told: InstallationRepositories) -> Self {
        let Installed { id, account } = told.installation;
        let (added, removed) = (told.repositories_added, told.repositories_removed);
        Self::InstallationRepositories { id, account: account.login, added, removed }
    }
}

impl From<PullRequest> for Event {
    fn from(told: PullRequest) -> Self {
        Self::PullRequest {
            action: told.action,
            repository: told.repository,
            number: told.number,
            branch: told.pull_request.head.branch,
            merged: told.pull_request.merged,
        }
    }
}
