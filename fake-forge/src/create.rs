//! "Repositories": made, changed and deleted, and their branches.

use serde_json::{Value, json};

use crate::changes::refusal;
use crate::git;
use crate::reply::Said;
use crate::routes::{Asked, sees};
use crate::shapes;
use crate::state::{State, Token, Visibility};

const NOT_FOUND: Said = Said::Refused(404, "Not Found");

/// Whether what is asked of one repository is answered here.
pub(crate) fn is_of(method: &str, rest: &[&str]) -> bool {
    matches!(
        (method, rest),
        ("PATCH" | "DELETE", [])
            | ("PUT", ["topics"] | ["collaborators", _] | ["branches", _, "protection"])
            | ("GET", ["branches"])
            | ("POST", ["actions", "workflows", _, "dispatches"])
    )
}

/// A new repository of an organisation, or of whoever asks; empty, but real.
pub(crate) fn create(state: &mut State, asked: &Asked, organisation: Option<&str>, token: Option<&Token>) -> Said {
    if let Some(refused) = refusal(state, token, "administration") {
        return refused;
    }
    let Some(owner) = organisation.map(str::to_owned).or_else(|| token.map(|token| token.login.clone())) else {
        return NOT_FOUND;
    };
    if organisation.is_some() && !state.organisations.contains_key(&owner) {
        return NOT_FOUND;
    }
    let body: Value = serde_json::from_slice(&asked.body).unwrap_or(Value::Null);
    let name = body["name"].as_str().unwrap_or_default();
    let is_taken = |found: &crate::Repository| found.owner == owner && found.name.eq_ignore_ascii_case(name);
    if name.is_empty() || state.repositories.values().any(is_taken) {
        let message = "name already exists on this account";
        let error = json!({"resource": "Repository", "code": "custom", "field": "name", "message": message});
        return Said::Invalid(json!([error]));
    }
    let id = state.add_repository(&owner, name);
    let now = state.now();
    if let Some(made) = state.repositories.get_mut(&id) {
        made.description = body["description"].as_str().map(str::to_owned);
        made.visibility = match (body["visibility"].as_str(), body["private"].as_bool()) {
            (Some("internal"), _) => Visibility::Internal,
            (Some("private"), _) | (None, Some(true)) => Visibility::Private,
            _ => Visibility::Public,
        };
        made.pushed_at = now;
    }
    if state.add_git(id, &[]).is_err() {
        return Said::Refused(500, "Server Error");
    }
    state.renamed.remove(&format!("{owner}/{name}"));
    match state.repositories.get(&id) {
        Some(made) => Said::Created(shapes::full_repository(state, made)),
        None => NOT_FOUND,
    }
}

/// What is asked of one repository.
pub(crate) fn route(state: &mut State, asked: &Asked, id: Option<u64>, rest: &[&str], token: Option<&Token>) -> Said {
    let found = id.and_then(|id| state.repositories.get(&id)).filter(|found| sees(token, found)).cloned();
    let Some(found) = found else { return NOT_FOUND };
    let body: Value = serde_json::from_slice(&asked.body).unwrap_or(Value::Null);
    let needed = if rest.first() == Some(&"actions") { "actions" } else { "administration" };
    if asked.method != "GET"
        && let Some(refused) = refusal(state, token, needed)
    {
        return refused;
    }
    match (asked.method.as_str(), rest) {
        ("GET", ["branches"]) => Said::Many(branches(state, &found)),
        ("DELETE", []) => {
            let classic = token.and_then(|token| token.scopes.as_ref());
            if classic.is_some_and(|scopes| !scopes.iter().any(|scope| scope == "delete_repo")) {
                return Said::Refused(403, "Must have admin rights to Repository.");
            }
            state.repositories.remove(&found.id);
            if let Some(bare) = &found.git {
                let _ = std::fs::remove_dir_all(bare);
            }
            Said::Nothing
        }
        ("PUT", ["topics"]) => {
            let names = body["names"].as_array().into_iter().flatten().filter_map(Value::as_str);
            let names: Vec<String> = names.map(str::to_owned).collect();
            if let Some(changed) = state.repositories.get_mut(&found.id) {
                changed.topics.clone_from(&names);
            }
            Said::One(json!({ "names": names }))
        }
        ("POST", ["actions", "workflows", workflow, "dispatches"]) => dispatch(state, &found, workflow, &body),
        ("PUT", ["collaborators", login]) => {
            // Of whoever is in the organisation; others would be invited (201).
            let permission = role(body["permission"].as_str().unwrap_or("push"));
            if let Some(changed) = state.repositories.get_mut(&found.id) {
                changed.collaborators.insert((*login).to_owned(), permission);
            }
            Said::Nothing
        }
        ("PUT", ["branches", branch, "protection"]) => {
            if !branches(state, &found).iter().any(|known| known["name"] == *branch) {
                return Said::Refused(404, "Branch not found");
            }
            if let Some(changed) = state.repositories.get_mut(&found.id) {
                changed.protection = Some(body.clone());
            }
            Said::One(shapes::protection(state, &found, branch, &body))
        }
        ("PATCH", []) => {
            if let Some(changed) = state.repositories.get_mut(&found.id) {
                let text = |name: &str| body[name].as_str().map(str::to_owned);
                changed.description = text("description").or(changed.description.take());
                changed.homepage = text("homepage").or(changed.homepage.take());
                changed.default_branch = text("default_branch").unwrap_or(changed.default_branch.clone());
            }
            match state.repositories.get(&found.id) {
                Some(changed) => Said::One(shapes::full_repository(state, changed)),
                None => NOT_FOUND,
            }
        }
        _ => NOT_FOUND,
    }
}

/// The role that a permission gives.
fn role(permission: &str) -> String {
    match permission {
        "pull" => "read",
        "push" => "write",
        other => other,
    }
    .to_owned()
}

/// Lets a team into a repository.
pub(crate) fn let_team_in(state: &mut State, asked: &Asked, path: [&str; 4], token: Option<&Token>) -> Said {
    let [organisation, slug, owner, name] = path;
    if let Some(refused) = refusal(state, token, "administration") {
        return refused;
    }
    let body: Value = serde_json::from_slice(&asked.body).unwrap_or(Value::Null);
    let permission = role(body["permission"].as_str().unwrap_or("push"));
    let found = state.repositories.values().find(|found| found.owner == owner && found.name == name);
    let Some(id) = found.map(|found| found.id) else { return NOT_FOUND };
    let teams = state.organisations.get_mut(organisation).map(|organisation| &mut organisation.teams);
    match teams.into_iter().flatten().find(|team| team.slug == slug) {
        Some(team) => {
            team.repositories.insert(id, permission);
            Said::Nothing
        }
        None => NOT_FOUND,
    }
}

/// Starts a workflow whose file is there at the branch.
fn dispatch(state: &mut State, found: &crate::Repository, workflow: &str, body: &Value) -> Said {
    let Some(bare) = &found.git else { return NOT_FOUND };
    let branch = body["ref"].as_str().unwrap_or_default();
    if !branches(state, found).iter().any(|known| known["name"] == *branch) {
        return Said::Refused(422, "No ref found for it");
    }
    let file = format!("refs/heads/{branch}:.github/workflows/{workflow}");
    if git::git(bare, &["cat-file", "-e", &file], b"").is_err() {
        return NOT_FOUND;
    }
    let name = format!("{}/{}", found.owner, found.name);
    state.dispatched.push((name, workflow.to_owned(), branch.to_owned(), body["inputs"].clone()));
    Said::Nothing
}

/// `short-branch`
fn branches(state: &State, found: &crate::Repository) -> Vec<Value> {
    let Some(bare) = &found.git else { return Vec::new() };
    let format = "--format=%(refname:short) %(objectname)";
    let listed = git::git(bare, &["for-each-ref", format, "refs/heads"], b"").unwrap_or_default();
    let url = format!("{}{}/repos/{}/{}", state.origin, state.profile.api_path(), found.owner, found.name);
    let branch = |line: &str| {
        let (name, commit) = line.rsplit_once(' ')?;
        let commit = json!({"sha": commit, "url": format!("{url}/commits/{commit}")});
        Some(json!({"name": name, "commit": commit, "protected": false}))
    };
    listed.lines().filter_map(branch).collect()
}
