//! Told what to be from outside the process, for browser tests: `POST /_fake/…` with JSON.

use std::collections::BTreeMap;
use std::path::PathBuf;

use axum::body::Body;
use axum::response::Response;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use crate::fault::Planned;
use crate::state::{self, State, Visibility};
use crate::table;

/// `repositories`: adds a repository, or changes the one with this name.
#[derive(Deserialize)]
struct Repository {
    owner: String,
    name: String,
    description: Option<String>,
    clone_url: Option<String>,
    #[serde(default)]
    private: bool,
    #[serde(default)]
    archived: bool,
    #[serde(default)]
    topics: Vec<String>,
    /// Text by path: puts a real repository behind it, which can be cloned.
    files: Option<BTreeMap<String, String>>,
    /// An existing bare repository, served as it is.
    bare: Option<PathBuf>,
    /// Something was pushed just now.
    #[serde(default)]
    pushed: bool,
}

/// `pulls/merge` and `pulls/close`: somebody decides about a pull request.
#[derive(Deserialize)]
struct Decided {
    repository: u64,
    number: u64,
}

/// `organisations`: sets members and teams; repositories are named, and must have been added.
#[derive(Deserialize)]
struct Organisation {
    login: String,
    #[serde(default)]
    members: Vec<Member>,
    #[serde(default)]
    teams: Vec<Team>,
}

#[derive(Deserialize)]
struct Member {
    login: String,
    #[serde(default)]
    admin: bool,
}

#[derive(Deserialize)]
struct Team {
    slug: String,
    name: String,
    parent: Option<String>,
    #[serde(default)]
    members: Vec<String>,
    /// Name to role.
    #[serde(default)]
    repositories: BTreeMap<String, String>,
}

/// `installations`: installs the App at an account.
#[derive(Deserialize)]
struct Installation {
    id: u64,
    account: String,
    /// Permission to level.
    permissions: BTreeMap<String, String>,
}

/// `tokens`: accepts a classic token.
#[derive(Deserialize)]
struct Token {
    token: String,
    login: String,
    scopes: Vec<String>,
}

/// `repositories`, `pulls/merge`, `pulls/close`, `organisations`, `installations`, `tokens`, `faults`,
/// `requests` (all so far) and `routes` (the table); anything else is 404, wrong JSON is 400.
pub(crate) fn answer(state: &mut State, what: &str, body: &[u8]) -> Response {
    let done = match what {
        "repositories" => parse(body).and_then(|repository| add_repository(state, repository)),
        "organisations" => parse(body).map(|organisation| set_organisation(state, organisation)),
        "installations" => parse(body).map(|told: Installation| {
            let permissions: Vec<_> =
                told.permissions.iter().map(|(what, how)| (what.as_str(), how.as_str())).collect();
            state.add_installation(told.id, &told.account, &permissions);
            Value::Null
        }),
        "tokens" => parse(body).map(|token: Token| {
            let scopes: Vec<&str> = token.scopes.iter().map(String::as_str).collect();
            state.add_token(&token.token, &token.login, &scopes);
            Value::Null
        }),
        "faults" => parse(body).map(|planned: Planned| {
            state.faults.push(planned);
            Value::Null
        }),
        "pulls/merge" => parse(body).and_then(|told: Decided| {
            state.merge_pull(told.repository, told.number).map_err(serde_json::Error::io).map(|()| Value::Null)
        }),
        "pulls/close" => parse(body).map(|told: Decided| {
            let now = state.now();
            let pulls = state.pulls.entry(told.repository).or_default().iter_mut();
            for pull in pulls.filter(|pull| pull.number == told.number) {
                (pull.closed_at, pull.updated_at) = (Some(now), now);
            }
            Value::Null
        }),
        "requests" => Ok(json!(state.requests)),
        "routes" => Ok(json!(table::TABLE)),
        _ => return say(404, &Value::Null),
    };
    match done {
        Ok(value) => say(200, &value),
        Err(error) => say(400, &json!({"message": error.to_string()})),
    }
}

fn parse<T: DeserializeOwned>(body: &[u8]) -> Result<T, serde_json::Error> {
    serde_json::from_slice(body)
}

fn add_repository(state: &mut State, told: Repository) -> Result<Value, serde_json::Error> {
    let known = state.repositories.values().find(|known| known.owner == told.owner && known.name == told.name);
    let id = match known.map(|known| known.id) {
        Some(id) => id,
        None => state.add_repository(&told.owner, &told.name),
    };
    let (now, origin) = (state.now(), state.origin.clone());
    if let Some(repository) = state.repositories.get_mut(&id) {
        if told.pushed {
            repository.pushed_at = now;
        }
        if let Some(bare) = told.bare {
            repository.git = Some(bare);
            repository.clone_url = Some(format!("{origin}/{}/{}.git", repository.owner, repository.name));
        }
        repository.description = told.description;
        repository.clone_url = told.clone_url.or(repository.clone_url.take());
        repository.visibility = if told.private { Visibility::Private } else { Visibility::Public };
        repository.archived = told.archived;
        repository.topics = told.topics;
    }
    if let Some(files) = &told.files {
        let files: Vec<(&str, &str)> = files.iter().map(|(path, text)| (path.as_str(), text.as_str())).collect();
        state.add_git(id, &files).map_err(serde_json::Error::io)?;
    }
    Ok(json!({"id": id}))
}

fn set_organisation(state: &mut State, told: Organisation) -> Value {
    let id = |name: &str| {
        state.repositories.values().find(|known| known.owner == told.login && known.name == name).map(|known| known.id)
    };
    let team = |(number, team): (u64, Team)| state::Team {
        id: 2_000 + number,
        slug: team.slug,
        name: team.name,
        parent: team.parent,
        secret: false,
        members: team.members,
        repositories: team.repositories.into_iter().filter_map(|(name, role)| Some((id(&name)?, role))).collect(),
    };
    let teams = (0..).zip(told.teams).map(team).collect();
    let member = |(number, member): (u64, Member)| state::Member {
        id: 3_000 + number,
        login: member.login,
        admin: member.admin,
    };
    let members = (0..).zip(told.members).map(member).collect();
    let new = state::organisation(100 + state.organisations.len() as u64, &told.login);
    let organisation = state.organisations.entry(told.login).or_insert(new);
    organisation.teams = teams;
    organisation.members = members;
    Value::Null
}

fn say(status: u16, value: &Value) -> Response {
    let mut response = Response::new(Body::from(value.to_string()));
    *response.status_mut() = axum::http::StatusCode::from_u16(status).unwrap_or_default();
    response
}
