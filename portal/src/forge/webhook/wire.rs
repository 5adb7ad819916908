//! What is used of GitHub's payloads ("Webhook events and payloads"), and what it means.

use serde::Deserialize;
use serde::de::DeserializeOwned;

use super::{Event, LONGEST_ID, Named, Refused};

pub(super) fn event(kind: &str, body: &[u8]) -> Result<Event, Refused> {
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
