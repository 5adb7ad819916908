//! Told what to be from outside the process, for browser tests: `POST /_fake/…` with JSON.

use axum::body::Body;
use axum::response::Response;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use crate::fault::Planned;
use crate::state::{State, Visibility};

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
}

/// `tokens`: accepts a classic token.
#[derive(Deserialize)]
struct Token {
    token: String,
    login: String,
    scopes: Vec<String>,
}

/// `repositories`, `tokens`, `faults` and `requests` (all so far); anything else is 404, wrong JSON is 400.
pub(crate) fn answer(state: &mut State, what: &str, body: &[u8]) -> Response {
    let done = match what {
        "repositories" => parse(body).map(|repository| add_repository(state, repository)),
        "tokens" => parse(body).map(|token: Token| {
            let scopes: Vec<&str> = token.scopes.iter().map(String::as_str).collect();
            state.add_token(&token.token, &token.login, &scopes);
            Value::Null
        }),
        "faults" => parse(body).map(|planned: Planned| {
            state.faults.push(planned);
            Value::Null
        }),
        "requests" => Ok(json!(state.requests)),
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

fn add_repository(state: &mut State, told: Repository) -> Value {
    let known = state.repositories.values().find(|known| known.owner == told.owner && known.name == told.name);
    let id = match known.map(|known| known.id) {
        Some(id) => id,
        None => state.add_repository(&told.owner, &told.name),
    };
    if let Some(repository) = state.repositories.get_mut(&id) {
        repository.description = told.description;
        repository.clone_url = told.clone_url;
        repository.visibility = if told.private { Visibility::Private } else { Visibility::Public };
        repository.archived = told.archived;
        repository.topics = told.topics;
    }
    json!({"id": id})
}

fn say(status: u16, value: &Value) -> Response {
    let mut response = Response::new(Body::from(value.to_string()));
    *response.status_mut() = axum::http::StatusCode::from_u16(status).unwrap_or_default();
    response
}
