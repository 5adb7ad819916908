//! OAuth apps: the page on which a person agrees, and the exchange of the code ("Authorizing OAuth apps"), with PKCE.

use axum::body::Body;
use axum::http::{HeaderValue, StatusCode};
use axum::response::Response;
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD as BASE64};
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

use crate::registration::{decoded, encoded, html, pairs};
use crate::routes::Asked;
use crate::state::State;

/// Seconds for which a code is good.
const LIFE: i64 = 600;

/// An OAuth app that somebody has registered.
#[derive(Debug, Clone)]
pub struct OauthApp {
    pub client_secret: String,
    /// Where people are sent back to, or anything below it.
    pub callback: String,
}

/// An address of somebody.
#[derive(Debug, Clone)]
pub struct Email {
    pub email: String,
    pub primary: bool,
    pub verified: bool,
}

/// What a code stands for.
#[derive(Debug, Clone)]
pub struct Grant {
    client_id: String,
    redirect: String,
    login: String,
    scopes: Vec<String>,
    challenge: Option<String>,
    until: i64,
}

/// Whether it is asked for by a browser or an app, not by somebody with a token.
pub(crate) fn is_page(path: &[String]) -> bool {
    let path: Vec<&str> = path.iter().map(String::as_str).collect();
    matches!(path.as_slice(), ["login", "oauth", "authorize" | "access_token"] | ["applications", _, "token"])
}

pub(crate) fn page(state: &mut State, asked: &Asked, body: &[u8]) -> Response {
    state.requests.push(format!("{} {}", asked.method, asked.path_and_query));
    match (asked.method.as_str(), asked.path.last().map(String::as_str)) {
        ("GET", Some("authorize")) => authorize(state, asked),
        ("POST", Some("access_token")) => plain(&exchange(state, body)),
        ("DELETE", Some("token")) => revoke(state, asked, body),
        _ => html(404, "<h1>Not Found</h1>"),
    }
}

/// Whoever sits at the browser agrees at once, or nobody sits there and nobody does.
fn authorize(state: &mut State, asked: &Asked) -> Response {
    let value = |name: &str| asked.query.get(name).map(|text| decoded(text)).unwrap_or_default();
    let client_id = value("client_id");
    let Some(app) = state.oauth_apps.get(&client_id).cloned() else { return html(404, "<h1>Not Found</h1>") };
    let (redirect, sent) = (value("redirect_uri"), value("state"));
    if !redirect.starts_with(&app.callback) {
        let why =
            "error=redirect_uri_mismatch&error_description=The+redirect_uri+MUST+match+the+registered+callback+URL";
        return to(&format!("{}?{why}&state={}", app.callback, encoded(&sent)));
    }
    let Some(login) = state.visitor.clone() else {
        let why = "error=access_denied&error_description=The+user+has+denied+your+application+access.";
        return to(&format!("{redirect}?{why}&state={}", encoded(&sent)));
    };
    let code = format!("{:020x}", 0xa180_b1a3_d263_u64 + state.grants.len() as u64);
    let challenge = Some(value("code_challenge")).filter(|challenge| !challenge.is_empty());
    let scopes = value("scope").split([' ', ',']).filter(|scope| !scope.is_empty()).map(str::to_owned).collect();
    let until = state.now() + LIFE;
    let grant = Grant { client_id, redirect: redirect.clone(), login, scopes, challenge, until };
    state.grants.insert(code.clone(), grant);
    to(&format!("{redirect}?code={code}&state={}", encoded(&sent)))
}

/// GitHub answers what it refuses with 200, too: "Troubleshooting OAuth app access token request errors".
fn exchange(state: &mut State, body: &[u8]) -> Value {
    let form = pairs(&String::from_utf8_lossy(body));
    let value = |name: &str| form.get(name).cloned().unwrap_or_default();
    let now = state.now();
    let app = state.oauth_apps.get(&value("client_id"));
    if app.is_none_or(|app| app.client_secret != value("client_secret")) {
        return refusal("incorrect_client_credentials", "The client_id and/or client_secret passed are incorrect.");
    }
    let grant = state.grants.remove(&value("code")).filter(|grant| grant.client_id == value("client_id"));
    let verifier = BASE64.encode(Sha256::digest(value("code_verifier").as_bytes()));
    let fits =
        |grant: &Grant| grant.until > now && grant.challenge.as_ref().is_none_or(|challenge| *challenge == verifier);
    let Some(grant) = grant.filter(fits) else {
        return refusal("bad_verification_code", "The code passed is incorrect or expired.");
    };
    if grant.redirect != value("redirect_uri") {
        return refusal(
            "redirect_uri_mismatch",
            "The redirect_uri MUST match the registered callback URL for this application.",
        );
    }
    state.tokens_made += 1;
    let token = format!("gho_{:036}", state.tokens_made);
    let scopes: Vec<&str> = grant.scopes.iter().map(String::as_str).collect();
    state.add_token(&token, &grant.login, &scopes);
    json!({"access_token": token, "scope": scopes.join(","), "token_type": "bearer"})
}

/// "Delete an app token": of an app that says who it is, and its own.
fn revoke(state: &mut State, asked: &Asked, body: &[u8]) -> Response {
    let id = asked.path.get(1).cloned().unwrap_or_default();
    let secret = state.oauth_apps.get(&id).map(|app| app.client_secret.clone()).unwrap_or_default();
    let expected = STANDARD.encode(format!("{id}:{secret}"));
    if asked.basic.as_ref() != Some(&expected) {
        return html(404, "<h1>Not Found</h1>");
    }
    let said: Value = serde_json::from_slice(body).unwrap_or_default();
    let token = said["access_token"].as_str().unwrap_or_default();
    let status = if state.tokens.remove(token).is_some() { 204 } else { 404 };
    html(status, "")
}

fn refusal(error: &str, description: &str) -> Value {
    let page = "https://docs.github.com/apps/managing-oauth-apps/troubleshooting-oauth-app-access-token-request-errors";
    json!({"error": error, "error_description": description, "error_uri": page})
}

/// `GET /user/emails`
pub(crate) fn emails(state: &State, login: &str) -> Vec<Value> {
    let usual = || vec![Email { email: format!("{login}@example.com"), primary: true, verified: true }];
    let emails = state.emails.get(login).cloned().unwrap_or_else(usual);
    let shape = |email: Email| {
        let visibility = email.primary.then_some("private");
        json!({"email": email.email, "primary": email.primary, "verified": email.verified, "visibility": visibility})
    };
    emails.into_iter().map(shape).collect()
}

fn to(location: &str) -> Response {
    let mut response = html(302, "");
    if let Ok(location) = HeaderValue::from_str(location) {
        response.headers_mut().insert("location", location);
    }
    response
}

fn plain(said: &Value) -> Response {
    let mut response = Response::new(Body::from(said.to_string()));
    *response.status_mut() = StatusCode::OK;
    response.headers_mut().insert("content-type", HeaderValue::from_static("application/json; charset=utf-8"));
    response
}
