//! What is answered: the routes, and who may see what.

use std::collections::BTreeMap;

use axum::response::Response;
use bytes::Bytes;
use serde_json::json;

use crate::fault::Fault;
use crate::reply::{Said, refuse, spend, write};
use crate::state::{Repository, State, Token, Visibility};
use crate::{app, changes, create, history, oauth, registration, shapes, table, told};

/// A request, taken apart.
pub(crate) struct Asked {
    pub method: String,
    /// Without the API's own path.
    pub path_and_query: String,
    pub path: Vec<String>,
    pub query: BTreeMap<String, String>,
    pub token: Option<String>,
    /// Of an app, encoded.
    pub basic: Option<String>,
    pub validator: Option<String>,
    pub body: Bytes,
}

impl Asked {
    pub(crate) fn new(parts: &axum::http::request::Parts, body: Bytes) -> Self {
        let whole = parts.uri.path_and_query().map_or("/", |whole| whole.as_str());
        let path_and_query = whole.strip_prefix("/api/v3").unwrap_or(whole).to_owned();
        let (path, query) = path_and_query.split_once('?').unwrap_or((&path_and_query, ""));
        let pair = |pair: &str| pair.split_once('=').map(|(name, value)| (name.to_owned(), value.to_owned()));
        let header = |name: &str| parts.headers.get(name)?.to_str().ok().map(str::to_owned);
        Self {
            method: parts.method.to_string(),
            path: path.split('/').filter(|segment| !segment.is_empty()).map(str::to_owned).collect(),
            query: query.split('&').filter_map(pair).collect(),
            token: header("authorization").and_then(|value| value.strip_prefix("Bearer ").map(str::to_owned)),
            basic: header("authorization").and_then(|value| value.strip_prefix("Basic ").map(str::to_owned)),
            validator: header("if-none-match"),
            path_and_query: path_and_query.clone(),
            body,
        }
    }

    pub(crate) fn number(&self, name: &str, otherwise: usize) -> usize {
        self.query.get(name).and_then(|value| value.parse().ok()).unwrap_or(otherwise)
    }
}

/// The whole answer, with the faults that concern what it says.
pub(crate) fn answer(state: &mut State, asked: &Asked, fault: Option<&Fault>) -> Response {
    state.requests.push(format!("{} {}", asked.method, asked.path_and_query));
    if let Some(broken) = fault.and_then(|fault| refuse(state, fault)) {
        return broken;
    }
    if let Some(refused) = spend(state, asked) {
        return refused;
    }
    let said = match authenticate(state, asked) {
        Ok(token) => route(state, asked, token.as_ref()),
        Err(refused) => refused,
    };
    write(state, asked, said, fault)
}

fn authenticate(state: &State, asked: &Asked) -> Result<Option<Token>, Said> {
    let Some(text) = &asked.token else { return Ok(None) };
    if text.contains('.') {
        return app::refusal(text, &state.apps, state.now()).map_or(Ok(None), |why| Err(Said::Refused(401, why)));
    }
    match state.tokens.get(text) {
        Some(token) if token.expires.is_none_or(|expires| expires > state.now()) => Ok(Some(token.clone())),
        _ => Err(Said::Refused(401, "Bad credentials")),
    }
}

fn route(state: &mut State, asked: &Asked, token: Option<&Token>) -> Said {
    if !table::knows(&asked.method, &asked.path) {
        return Said::Refused(404, "Not Found");
    }
    let path: Vec<&str> = asked.path.iter().map(String::as_str).collect();
    let jwt = asked.token.as_ref().is_some_and(|text| text.contains('.'));
    match (asked.method.as_str(), path.as_slice()) {
        ("GET", ["rate_limit"]) => rate_limit(state),
        ("GET", ["meta"]) => Said::One(json!({"verifiable_password_authentication": true})),
        ("GET", ["user"]) => match token {
            Some(token) if token.installation.is_none() => {
                Said::One(shapes::full_user(state, &token.login, id_of(state, &token.login)))
            }
            Some(_) => Said::Refused(403, "Resource not accessible by integration"),
            None => Said::Refused(401, "Requires authentication"),
        },
        ("GET", ["user", "emails"]) => match token {
            Some(Token { scopes: Some(scopes), login, .. }) if scopes.iter().any(|scope| scope.starts_with("user")) => {
                Said::Many(oauth::emails(state, login))
            }
            Some(_) => Said::Refused(404, "Not Found"),
            None => Said::Refused(401, "Requires authentication"),
        },
        ("GET", ["user", "memberships", "orgs", organisation]) => membership(state, organisation, token),
        ("GET", ["app", rest @ ..]) if jwt && matches!(rest, [] | ["hook", "config" | "deliveries"]) => {
            of_app(state, asked, rest)
        }
        ("POST", ["app-manifests", code, "conversions"]) => {
            registration::convert(state, code).map_or(Said::Refused(404, "Not Found"), Said::Created)
        }
        ("GET", ["orgs" | "users", account, "installation"]) if jwt => {
            match state.installations.values().find(|installation| installation.account == *account) {
                Some(installation) => Said::One(shapes::installation(state, installation)),
                None => Said::Refused(404, "Not Found"),
            }
        }
        ("POST", ["app", "installations", id, "access_tokens"]) if jwt => give_token(state, id),
        ("GET", ["installation", "repositories"]) => match token {
            Some(Token { installation: Some(_), .. }) => repositories(state, asked, token, None, true),
            _ => Said::Refused(
                403,
                "You must authenticate with an installation access token in order to list repositories for an installation.",
            ),
        },
        ("GET", ["orgs", organisation]) => {
            shapes::organisation(state, organisation).map_or(Said::Refused(404, "Not Found"), Said::One)
        }
        ("GET", ["orgs" | "users", owner, "repos"]) => repositories(state, asked, token, Some(owner), false),
        ("GET", ["organizations", id, rest @ ..]) => match organisation_by_id(state, id) {
            Some(login) if rest == ["repos"] => repositories(state, asked, token, Some(&login), false),
            Some(login) => of_organisation(state, asked, &login, rest, token),
            None => Said::Refused(404, "Not Found"),
        },
        ("GET", ["orgs", organisation, rest @ ..]) => of_organisation(state, asked, organisation, rest, token),
        (
            _,
            ["repositories", id, "git" | "pulls" | "issues" | "check-runs" | "commits" | "activity" | "compare", ..],
        ) => of_changes(state, asked, id.parse().ok(), &path[2..], token),
        (
            _,
            ["repos", owner, name, "git" | "pulls" | "issues" | "check-runs" | "commits" | "activity" | "compare", ..],
        ) => {
            let found = state.repositories.values().find(|found| found.owner == *owner && found.name == *name);
            of_changes(state, asked, found.map(|found| found.id), &path[3..], token)
        }
        ("POST", ["orgs", organisation, "repos"]) => create::create(state, asked, Some(organisation), token),
        ("PUT", ["orgs", organisation, "teams", slug, "repos", owner, name]) => {
            create::let_team_in(state, asked, [organisation, slug, owner, name], token)
        }
        ("POST", ["user", "repos"]) => create::create(state, asked, None, token),
        (_, ["repos", owner, name, rest @ ..]) if create::is_of(&asked.method, rest) => {
            let found = state.repositories.values().find(|found| found.owner == *owner && found.name == *name);
            create::route(state, asked, found.map(|found| found.id), rest, token)
        }
        ("GET", ["repositories", id]) => match id.parse().ok().and_then(|id| state.repositories.get(&id)) {
            Some(repository) if sees(token, repository) => Said::One(shapes::full_repository(state, repository)),
            _ => Said::Refused(404, "Not Found"),
        },
        ("GET", ["repos", owner, name, rest @ ..]) => of_repository(state, asked, owner, name, rest, token),
        _ => Said::Refused(404, "Not Found"),
    }
}

/// What an App is told of itself.
fn of_app(state: &State, asked: &Asked, rest: &[&str]) -> Said {
    let id = asked.token.as_deref().and_then(|jwt| app::of(jwt, &state.apps));
    let Some(found) = id.and_then(|id| state.apps.get(&id)) else { return Said::Refused(404, "Not Found") };
    match (rest, &found.hook_url) {
        ([], _) => Said::One(shapes::integration(state, found)),
        (_, None) => Said::Refused(404, "Not Found"),
        (["hook", "config"], Some(url)) => Said::One(shapes::hook_config(url, found.hook_secret.is_some())),
        (_, Some(_)) => Said::Many(found.deliveries.iter().enumerate().map(shapes::delivery).collect()),
    }
}

fn rate_limit(state: &State) -> Said {
    match state.rate {
        Some(rate) => {
            let rate = json!({"limit": rate.limit, "remaining": rate.remaining, "reset": rate.reset, "used": rate.limit - rate.remaining});
            Said::One(json!({"resources": {"core": rate, "search": rate}, "rate": rate}))
        }
        None => Said::Refused(404, "Rate limiting is not enabled."),
    }
}

/// The same wherever somebody is a member.
fn id_of(state: &State, login: &str) -> u64 {
    let mut members = state.organisations.values().flat_map(|organisation| &organisation.members);
    members.find(|member| member.login == login).map_or(1, |member| member.id)
}

fn membership(state: &State, organisation: &str, token: Option<&Token>) -> Said {
    let Some(token) = token else { return Said::Refused(401, "Requires authentication") };
    let member = state
        .organisations
        .get(organisation)
        .and_then(|organisation| organisation.members.iter().find(|member| member.login == token.login));
    match member {
        Some(member) => Said::One(shapes::membership(state, organisation, member)),
        None => Said::Refused(404, "Not Found"),
    }
}

fn give_token(state: &mut State, id: &str) -> Said {
    let Some(installation) = id.parse().ok().and_then(|id: u64| state.installations.get(&id)).cloned() else {
        return Said::Refused(404, "Not Found");
    };
    state.tokens_made += 1;
    let token = format!("ghs_{:036}", state.tokens_made);
    let given = Token {
        login: "slipway[bot]".to_owned(),
        scopes: None,
        private: installation.permissions.contains_key("metadata"),
        selected: installation.selected.clone(),
        expires: Some(state.now() + 3_600),
        installation: Some(installation.id),
    };
    state.tokens.insert(token.clone(), given.clone());
    Said::Created(shapes::installation_token(&installation, &token, &given))
}

fn repositories(state: &State, asked: &Asked, token: Option<&Token>, owner: Option<&str>, counted: bool) -> Said {
    let account =
        token.and_then(|token| state.installations.get(&token.installation?)).map(|found| found.account.as_str());
    let owner = owner.or(account);
    if owner.is_some_and(|owner| !state.organisations.contains_key(owner)) {
        return Said::Refused(404, "Not Found");
    }
    let mut found: Vec<&Repository> = state
        .repositories
        .values()
        .filter(|repository| owner.is_none_or(|owner| owner == repository.owner) && sees(token, repository))
        .filter(|repository| {
            asked.query.get("type").is_none_or(|kind| kind != "private") || repository.visibility == Visibility::Private
        })
        .collect();
    if asked.query.get("sort").is_some_and(|sort| sort == "pushed") {
        found.sort_by_key(|repository| std::cmp::Reverse(repository.pushed_at));
    }
    Said::Repositories { ids: found.into_iter().map(|repository| repository.id).collect(), counted }
}

pub(crate) fn sees(token: Option<&Token>, repository: &Repository) -> bool {
    let public = repository.visibility == Visibility::Public;
    match token {
        None => public,
        Some(token) => {
            (public || token.private) && token.selected.as_ref().is_none_or(|chosen| chosen.contains(&repository.id))
        }
    }
}

fn of_organisation(state: &State, asked: &Asked, login: &str, rest: &[&str], token: Option<&Token>) -> Said {
    let Some(organisation) = state.organisations.get(login) else { return Said::Refused(404, "Not Found") };
    if !may_read_members(state, token) {
        return Said::Refused(403, "You must have read:org scope or be an organization member.");
    }
    let named = |slug: &str| organisation.teams.iter().find(|team| team.slug == slug || team.id.to_string() == slug);
    let id = |login: &str| {
        organisation.members.iter().find(|member| member.login == login).map_or(9_000, |member| member.id)
    };
    let entries = match rest {
        ["members"] => {
            let owners_only = asked.query.get("role").is_some_and(|role| role == "admin");
            let listed = organisation.members.iter().filter(|member| member.admin || !owners_only);
            listed.map(|member| shapes::user(state, &member.login, member.id, "User")).collect()
        }
        ["teams"] => {
            organisation.teams.iter().map(|team| shapes::team(state, login, team, &organisation.teams, None)).collect()
        }
        ["teams" | "team", slug, "members"] => match named(slug) {
            Some(team) => team.members.iter().map(|login| shapes::user(state, login, id(login), "User")).collect(),
            None => return Said::Refused(404, "Not Found"),
        },
        ["teams" | "team", slug, "repos"] => match named(slug) {
            Some(team) => team
                .repositories
                .iter()
                .filter_map(|(id, role)| Some(shapes::repository(state, state.repositories.get(id)?, Some(role))))
                .collect(),
            None => return Said::Refused(404, "Not Found"),
        },
        ["properties", "values"] => state
            .repositories
            .values()
            .filter(|repository| repository.owner == login && sees(token, repository))
            .map(|repository| {
                let values =
                    repository.properties.iter().map(|(name, value)| json!({"property_name": name, "value": value}));
                json!({
                    "repository_id": repository.id,
                    "repository_name": repository.name,
                    "repository_full_name": format!("{login}/{}", repository.name),
                    "properties": values.collect::<Vec<_>>(),
                })
            })
            .collect(),
        _ => return Said::Refused(404, "Not Found"),
    };
    Said::Many(entries)
}

fn may_read_members(state: &State, token: Option<&Token>) -> bool {
    match token {
        None => false,
        Some(Token { installation: Some(id), .. }) => {
            state.installations.get(id).is_some_and(|installation| installation.permissions.contains_key("members"))
        }
        Some(Token { scopes: Some(scopes), .. }) => scopes.iter().any(|scope| scope.ends_with(":org")),
        Some(_) => true,
    }
}

fn of_repository(state: &State, asked: &Asked, owner: &str, name: &str, rest: &[&str], token: Option<&Token>) -> Said {
    let full_name = format!("{owner}/{name}");
    if let Some(id) = state.renamed.get(&full_name) {
        let rest: String = rest.iter().map(|segment| format!("/{segment}")).collect();
        return Said::Moved(format!("{}{}/repositories/{id}{rest}", state.origin, state.profile.api_path()));
    }
    let found = state.repositories.values().find(|repository| repository.owner == owner && repository.name == name);
    let Some(repository) = found.filter(|repository| sees(token, repository)) else {
        return Said::Refused(404, "Not Found");
    };
    let organisation = state.organisations.get(owner);
    let teams = organisation.map_or(&[][..], |organisation| &organisation.teams);
    match rest {
        [] => Said::One(shapes::full_repository(state, repository)),
        ["teams"] => Said::Many(
            teams
                .iter()
                .filter_map(|team| {
                    Some(shapes::team(state, owner, team, teams, Some(team.repositories.get(&repository.id)?)))
                })
                .collect(),
        ),
        ["collaborators"] => {
            let mut roles: BTreeMap<&str, &str> = BTreeMap::new();
            let direct = asked.query.get("affiliation").is_some_and(|affiliation| affiliation == "direct");
            let (organisation, teams) = if direct { (None, &[][..]) } else { (organisation, teams) };
            for member in organisation.map_or(&[][..], |organisation| &organisation.members) {
                let base = organisation.map_or("none", |organisation| organisation.base_permission.as_str());
                match (member.admin, base) {
                    (true, _) => roles.insert(&member.login, "admin"),
                    (false, "none") => None,
                    (false, base) => roles.insert(&member.login, base),
                };
            }
            for team in teams {
                if let Some(role) = team.repositories.get(&repository.id) {
                    for login in &team.members {
                        roles.entry(login).or_insert(role);
                    }
                }
            }
            roles.extend(repository.collaborators.iter().map(|(login, role)| (login.as_str(), role.as_str())));
            let entries = roles
                .iter()
                .enumerate()
                .map(|(at, (login, role))| shapes::collaborator(state, login, 500 + at as u64, role));
            Said::Many(entries.collect())
        }
        _ => Said::Refused(404, "Not Found"),
    }
}

/// Git's objects, pull requests and what is said of these, of a repository that is seen.
fn of_changes(state: &mut State, asked: &Asked, id: Option<u64>, rest: &[&str], token: Option<&Token>) -> Said {
    match id.and_then(|id| state.repositories.get(&id)).filter(|repository| sees(token, repository)) {
        Some(repository) if matches!(rest[0], "issues" | "check-runs") => {
            told::route(state, asked, repository.id, rest, token)
        }
        Some(repository) if matches!(rest[0], "commits" | "activity" | "compare") => {
            history::route(state, asked, repository.id, rest, token)
        }
        Some(repository) => changes::route(state, asked, repository.id, rest, token),
        None => Said::Refused(404, "Not Found"),
    }
}

fn organisation_by_id(state: &State, id: &str) -> Option<String> {
    state.organisations.values().find(|organisation| organisation.id.to_string() == id).map(|found| found.login.clone())
}
