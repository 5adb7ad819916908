//! What is answered: the routes, who may see what, pages, validators and rate limits.

use std::collections::BTreeMap;

use axum::body::Body;
use axum::response::Response;
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

use crate::fault::Fault;
use crate::state::{Rate, Repository, State, Token, Visibility};
use crate::{app, shapes};

/// A request, taken apart.
pub(crate) struct Asked {
    method: String,
    /// Without the API's own path.
    pub path_and_query: String,
    path: Vec<String>,
    query: BTreeMap<String, String>,
    token: Option<String>,
    validator: Option<String>,
}

/// What a route says, before pages and headers.
enum Said {
    /// One thing.
    One(Value),
    /// A list, paged; `counted` names the field in which it lies beside its count.
    Many {
        entries: Vec<Value>,
        counted: Option<&'static str>,
    },
    Created(Value),
    Refused(u16, &'static str),
    Moved(String),
}

impl Asked {
    pub(crate) fn new(parts: &axum::http::request::Parts) -> Self {
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
            validator: header("if-none-match"),
            path_and_query: path_and_query.clone(),
        }
    }

    fn number(&self, name: &str, otherwise: usize) -> usize {
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

/// The faults that take the place of an answer.
fn refuse(state: &State, fault: &Fault) -> Option<Response> {
    let message = |text: &str| {
        json!({"message": text, "documentation_url": "https://docs.github.com/rest", "status": "403"}).to_string()
    };
    let limit = "You have exceeded a secondary rate limit. Please wait a few minutes before you try again.";
    let response = match fault {
        Fault::ServerError => plain(500, &[], "<html><title>Unicorn!</title></html>"),
        Fault::TooManyRequests { retry_after } => {
            plain(429, &[("retry-after", retry_after.to_string())], message("Too many requests"))
        }
        Fault::PrimaryLimit { seconds } => plain(
            403,
            &[
                ("x-ratelimit-limit", "5000".to_owned()),
                ("x-ratelimit-remaining", "0".to_owned()),
                ("x-ratelimit-reset", (state.now() + seconds).to_string()),
            ],
            message("API rate limit exceeded for user ID 1000."),
        ),
        Fault::SecondaryLimit { retry_after: Some(seconds) } => {
            plain(403, &[("retry-after", seconds.to_string())], message(limit))
        }
        Fault::SecondaryLimit { retry_after: None } => plain(403, &[], message(limit)),
        Fault::MissingPage => plain(404, &[], message("Not Found")),
        Fault::SingleSignOn => plain(
            403,
            &[("x-github-sso", "required; url=https://github.com/orgs/acme/sso?authorization_request=A".to_owned())],
            message(
                "Resource protected by organization SAML enforcement. You must grant your OAuth token access to this organization.",
            ),
        ),
        Fault::BadCredentials => plain(401, &[], message("Bad credentials")),
        Fault::Huge { bytes } => plain(200, &[], " ".repeat(*bytes)),
        Fault::Redirect { to } => plain(301, &[("location", to.clone())], message("Moved Permanently")),
        _ => return None,
    };
    Some(response)
}

/// Counts against the rate limit; the refusal if nothing is left. Asking for the limit itself is free.
fn spend(state: &mut State, asked: &Asked) -> Option<Response> {
    let now = state.now();
    let rate = state.rate.as_mut()?;
    if rate.reset <= now {
        *rate = Rate { remaining: rate.limit, reset: now + 3_600, ..*rate };
    }
    if asked.path == ["rate_limit"] {
        return None;
    }
    if rate.remaining == 0 {
        let seconds = rate.reset - now;
        return refuse(state, &Fault::PrimaryLimit { seconds });
    }
    rate.remaining -= 1;
    None
}

fn authenticate(state: &State, asked: &Asked) -> Result<Option<Token>, Said> {
    let Some(text) = &asked.token else { return Ok(None) };
    if text.contains('.') {
        return app::refusal(text, state.now()).map_or(Ok(None), |why| Err(Said::Refused(401, why)));
    }
    match state.tokens.get(text) {
        Some(token) if token.expires.is_none_or(|expires| expires > state.now()) => Ok(Some(token.clone())),
        _ => Err(Said::Refused(401, "Bad credentials")),
    }
}

fn route(state: &mut State, asked: &Asked, token: Option<&Token>) -> Said {
    let path: Vec<&str> = asked.path.iter().map(String::as_str).collect();
    let jwt = asked.token.as_ref().is_some_and(|text| text.contains('.'));
    match (asked.method.as_str(), path.as_slice()) {
        ("GET", ["rate_limit"]) => rate_limit(state),
        ("GET", ["meta"]) => Said::One(json!({"verifiable_password_authentication": true})),
        ("GET", ["user"]) => match token {
            Some(token) if token.installation.is_none() => Said::One(shapes::user(state, &token.login, 1, "User")),
            Some(_) => Said::Refused(403, "Resource not accessible by integration"),
            None => Said::Refused(401, "Requires authentication"),
        },
        ("GET", ["user", "memberships", "orgs", organisation]) => membership(state, organisation, token),
        ("GET", ["app"]) if jwt => Said::One(json!({"id": 4711, "slug": "slipway", "permissions": {}})),
        ("GET", ["orgs" | "users", account, "installation"]) if jwt => {
            match state.installations.values().find(|installation| installation.account == *account) {
                Some(installation) => Said::One(shapes::installation(state, installation)),
                None => Said::Refused(404, "Not Found"),
            }
        }
        ("POST", ["app", "installations", id, "access_tokens"]) if jwt => give_token(state, id),
        ("GET", ["installation", "repositories"]) => match token {
            Some(Token { installation: Some(_), .. }) => repositories(state, asked, token, None, Some("repositories")),
            _ => Said::Refused(
                403,
                "You must authenticate with an installation access token in order to list repositories for an installation.",
            ),
        },
        ("GET", ["orgs", organisation]) => {
            shapes::organisation(state, organisation).map_or(Said::Refused(404, "Not Found"), Said::One)
        }
        ("GET", ["orgs" | "users", owner, "repos"]) => repositories(state, asked, token, Some(owner), None),
        ("GET", ["organizations", id, rest @ ..]) => match organisation_by_id(state, id) {
            Some(login) if rest == ["repos"] => repositories(state, asked, token, Some(&login), None),
            Some(login) => of_organisation(state, &login, rest, token),
            None => Said::Refused(404, "Not Found"),
        },
        ("GET", ["orgs", organisation, rest @ ..]) => of_organisation(state, organisation, rest, token),
        ("GET", ["repositories", id]) => match id.parse().ok().and_then(|id| state.repositories.get(&id)) {
            Some(repository) if sees(token, repository) => Said::One(shapes::repository(state, repository, None)),
            _ => Said::Refused(404, "Not Found"),
        },
        ("GET", ["repos", owner, name, rest @ ..]) => of_repository(state, owner, name, rest, token),
        _ => Said::Refused(404, "Not Found"),
    }
}

fn rate_limit(state: &State) -> Said {
    match state.rate {
        Some(rate) => {
            let rate = json!({"limit": rate.limit, "remaining": rate.remaining, "reset": rate.reset, "used": rate.limit - rate.remaining});
            Said::One(json!({"resources": {"core": rate}, "rate": rate}))
        }
        None => Said::Refused(404, "Rate limiting is not enabled."),
    }
}

fn membership(state: &State, organisation: &str, token: Option<&Token>) -> Said {
    let Some(token) = token else { return Said::Refused(401, "Requires authentication") };
    let member = state
        .organisations
        .get(organisation)
        .and_then(|organisation| organisation.members.iter().find(|member| member.login == token.login));
    match member {
        Some(member) => Said::One(json!({"state": "active", "role": if member.admin { "admin" } else { "member" }})),
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

fn repositories(
    state: &State,
    asked: &Asked,
    token: Option<&Token>,
    owner: Option<&str>,
    counted: Option<&'static str>,
) -> Said {
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
    Said::Many {
        entries: found.into_iter().map(|repository| shapes::repository(state, repository, None)).collect(),
        counted,
    }
}

fn sees(token: Option<&Token>, repository: &Repository) -> bool {
    let public = repository.visibility == Visibility::Public;
    match token {
        None => public,
        Some(token) => {
            (public || token.private) && token.selected.as_ref().is_none_or(|chosen| chosen.contains(&repository.id))
        }
    }
}

fn of_organisation(state: &State, login: &str, rest: &[&str], token: Option<&Token>) -> Said {
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
            organisation.members.iter().map(|member| shapes::user(state, &member.login, member.id, "User")).collect()
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
    Said::Many { entries, counted: None }
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

fn of_repository(state: &State, owner: &str, name: &str, rest: &[&str], token: Option<&Token>) -> Said {
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
        [] => Said::One(shapes::repository(state, repository, None)),
        ["teams"] => Said::Many {
            entries: teams
                .iter()
                .filter_map(|team| {
                    Some(shapes::team(state, owner, team, teams, Some(team.repositories.get(&repository.id)?)))
                })
                .collect(),
            counted: None,
        },
        ["collaborators"] => {
            let mut roles: BTreeMap<&str, &str> = BTreeMap::new();
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
            Said::Many { entries: entries.collect(), counted: None }
        }
        _ => Said::Refused(404, "Not Found"),
    }
}

fn organisation_by_id(state: &State, id: &str) -> Option<String> {
    state.organisations.values().find(|organisation| organisation.id.to_string() == id).map(|found| found.login.clone())
}

/// Status, body, validator and headers.
fn write(state: &mut State, asked: &Asked, said: Said, fault: Option<&Fault>) -> Response {
    let mut headers = common_headers(state, asked);
    let (status, body) = match said {
        Said::One(value) => (200, value),
        Said::Created(value) => (201, value),
        Said::Refused(status, message) => (
            status,
            json!({"message": message, "documentation_url": "https://docs.github.com/rest", "status": status.to_string()}),
        ),
        Said::Moved(to) => {
            headers.push(("location", to.clone()));
            (
                301,
                json!({"message": "Moved Permanently", "url": to, "documentation_url": "https://docs.github.com/rest"}),
            )
        }
        Said::Many { mut entries, counted } => {
            let total = entries.len() + usize::from(matches!(fault, Some(Fault::WrongCount)));
            let (size, page) = (asked.number("per_page", 30).clamp(1, 100), asked.number("page", 1).max(1));
            headers.extend(link(state, asked, size, page, entries.len().div_ceil(size)));
            entries = entries.into_iter().skip((page - 1) * size).take(size).collect();
            if matches!(fault, Some(Fault::StrangeEntry)) {
                entries.push(json!({"id": "not a number"}));
            }
            match counted {
                Some(field) => (200, json!({"total_count": total, field: entries})),
                None => (200, Value::Array(entries)),
            }
        }
    };
    if let Some(Fault::PartialResults { organisations }) = fault {
        let ids: Vec<String> = organisations.iter().map(ToString::to_string).collect();
        headers.push(("x-github-sso", format!("partial-results; organizations={}", ids.join(","))));
    }
    let mut body = body.to_string();
    if status == 200 && asked.method == "GET" {
        let links = headers.iter().find(|(name, _)| *name == "link").map_or("", |(_, links)| links.as_str());
        let hash = Sha256::digest(format!("{body}{links}"));
        let etag = format!("W/\"{}\"", hash.iter().map(|byte| format!("{byte:02x}")).collect::<String>());
        if asked.validator.as_ref() == Some(&etag) {
            state.unchanged += 1;
            // A 304 costs nothing.
            if let Some(rate) = state.rate.as_mut() {
                rate.remaining = (rate.remaining + 1).min(rate.limit);
            }
            headers.push(("etag", etag));
            return plain(304, &headers, "");
        }
        headers.push(("etag", etag));
    }
    if matches!(fault, Some(Fault::TruncatedJson)) {
        let mut half = body.len() / 2;
        while !body.is_char_boundary(half) {
            half -= 1;
        }
        body.truncate(half);
    }
    plain(status, &headers, body)
}

fn common_headers(state: &State, asked: &Asked) -> Vec<(&'static str, String)> {
    let mut headers = vec![
        ("x-github-request-id", "0000:00000:0000000:0000000:00000000".to_owned()),
        ("x-github-media-type", "github.v3; format=json".to_owned()),
    ];
    if let Some(rate) = state.rate {
        headers.push(("x-ratelimit-limit", rate.limit.to_string()));
        headers.push(("x-ratelimit-remaining", rate.remaining.to_string()));
        headers.push(("x-ratelimit-used", (rate.limit - rate.remaining).to_string()));
        headers.push(("x-ratelimit-reset", rate.reset.to_string()));
        headers.push(("x-ratelimit-resource", "core".to_owned()));
    }
    if state.profile == crate::Profile::Enterprise {
        headers.push(("x-github-enterprise-version", "3.19.0".to_owned()));
    }
    if let Some(scopes) = asked.token.as_ref().and_then(|token| state.tokens.get(token)?.scopes.as_ref()) {
        headers.push(("x-oauth-scopes", scopes.join(", ")));
    }
    headers
}

/// As GitHub writes it: by the organisation's id instead of its name, `prev`, `next`, `last`, `first`.
fn link(state: &State, asked: &Asked, size: usize, page: usize, last: usize) -> Option<(&'static str, String)> {
    let mut path = asked.path.clone();
    if path.first().is_some_and(|first| first == "orgs") {
        let id = path.get(1).map_or(0, |login| shapes::owner_id(state, login));
        path[0] = "organizations".to_owned();
        path[1] = id.to_string();
    }
    let query: String = asked
        .query
        .iter()
        .filter(|(name, _)| !matches!(name.as_str(), "page" | "per_page"))
        .map(|(name, value)| format!("{name}={value}&"))
        .collect();
    let address = |page: usize| {
        let base = format!("{}{}", state.origin, state.profile.api_path());
        format!("<{base}/{}?{query}per_page={size}&page={page}>", path.join("/"))
    };
    let mut links = Vec::new();
    if page > 1 {
        links.push(format!("{}; rel=\"prev\"", address(page - 1)));
    }
    if page < last {
        links.push(format!("{}; rel=\"next\"", address(page + 1)));
        links.push(format!("{}; rel=\"last\"", address(last)));
    }
    if page > 1 {
        links.push(format!("{}; rel=\"first\"", address(1)));
    }
    (!links.is_empty()).then(|| ("link", links.join(", ")))
}

fn plain(status: u16, headers: &[(&'static str, String)], body: impl Into<String>) -> Response {
    let mut response = Response::new(Body::from(body.into()));
    *response.status_mut() = axum::http::StatusCode::from_u16(status).unwrap_or_default();
    let mut put = |name: &'static str, value: &str| {
        if let Ok(value) = axum::http::HeaderValue::from_str(value) {
            response.headers_mut().insert(name, value);
        }
    };
    put("content-type", "application/json; charset=utf-8");
    headers.iter().for_each(|(name, value)| put(name, value));
    response
}
