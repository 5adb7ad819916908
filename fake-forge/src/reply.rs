//! From what a route says to an answer: pages, validators, headers, rate limits, and the faults that change these.

use axum::body::Body;
use axum::response::Response;
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

use crate::fault::Fault;
use crate::routes::Asked;
use crate::shapes;
use crate::state::{Rate, State};

/// What a route says, before pages and headers.
pub(crate) enum Said {
    /// One thing.
    One(Value),
    /// A list, paged.
    Many(Vec<Value>),
    /// Repositories by their ids, paged; `counted` puts them beside their count.
    Repositories {
        ids: Vec<u64>,
        counted: bool,
    },
    Created(Value),
    Refused(u16, &'static str),
    /// 422, with what is wrong.
    Invalid(Value),
    /// 204
    Nothing,
    Moved(String),
}

/// Status, body, validator and headers.
pub(crate) fn write(state: &mut State, asked: &Asked, said: Said, fault: Option<&Fault>) -> Response {
    let mut headers = common_headers(state, asked);
    let (status, body) = match said {
        Said::One(value) => (200, value),
        Said::Created(value) => (201, value),
        Said::Refused(status, message) => (
            status,
            json!({"message": message, "documentation_url": "https://docs.github.com/rest", "status": status.to_string()}),
        ),
        Said::Invalid(errors) => (
            422,
            json!({"message": "Validation Failed", "errors": errors, "documentation_url": "https://docs.github.com/rest", "status": "422"}),
        ),
        Said::Nothing => return plain(204, &headers, ""),
        Said::Moved(to) => {
            headers.push(("location", to.clone()));
            (
                301,
                json!({"message": "Moved Permanently", "url": to, "documentation_url": "https://docs.github.com/rest"}),
            )
        }
        Said::Many(entries) => {
            let (size, page) = (asked.number("per_page", 30).clamp(1, 100), asked.number("page", 1).max(1));
            headers.extend(link(state, asked, size, page, entries.len().div_ceil(size)));
            let entries: Vec<Value> = entries.into_iter().skip((page - 1) * size).take(size).collect();
            (200, Value::Array(with_strange(entries, fault)))
        }
        Said::Repositories { ids, counted } => {
            let total = ids.len() + usize::from(matches!(fault, Some(Fault::WrongCount)));
            let (size, page) = (asked.number("per_page", 30).clamp(1, 100), asked.number("page", 1).max(1));
            headers.extend(link(state, asked, size, page, ids.len().div_ceil(size)));
            // Only those of this page are written down: an organisation may have thousands.
            let listed = ids.iter().skip((page - 1) * size).take(size).filter_map(|id| state.repositories.get(id));
            let entries = listed.map(|repository| shapes::repository(state, repository, None)).collect();
            let entries = with_strange(entries, fault);
            (200, if counted { json!({"total_count": total, "repositories": entries}) } else { Value::Array(entries) })
        }
    };
    if let Some(Fault::PartialResults { organisations }) = fault {
        let ids: Vec<String> = organisations.iter().map(ToString::to_string).collect();
        headers.push(("x-github-sso", format!("partial-results; organizations={}", ids.join(","))));
    }
    let mut body = body.to_string();
    if status == 200 && asked.method == "GET" {
        // Of the body alone, as at GitHub: another page after this one does not change it.
        let hash = Sha256::digest(&body);
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
    let own =
        asked.token.as_ref().and_then(|token| state.tokens.get(token)).filter(|token| token.installation.is_none());
    if let Some(until) = own.and_then(|token| jiff::Timestamp::from_second(token.expires?).ok()) {
        headers.push(("github-authentication-token-expiration", until.strftime("%Y-%m-%d %H:%M:%S UTC").to_string()));
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

/// The faults that take the place of an answer.
pub(crate) fn refuse(state: &State, fault: &Fault) -> Option<Response> {
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
pub(crate) fn spend(state: &mut State, asked: &Asked) -> Option<Response> {
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

fn with_strange(mut entries: Vec<Value>, fault: Option<&Fault>) -> Vec<Value> {
    if matches!(fault, Some(Fault::StrangeEntry)) {
        entries.push(json!({"id": "not a number"}));
    }
    entries
}
