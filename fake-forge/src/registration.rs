//! GitHub Apps from manifests: the pages that a person sees, and the exchange of the code ("Registering a GitHub App from
//! a manifest").

use std::collections::BTreeMap;

use axum::body::Body;
use axum::response::Response;
use serde_json::{Value, json};

use crate::routes::Asked;
use crate::state::{App, State};

/// A code is good for an hour: seconds.
const LIFE: i64 = 3_600;

/// An App that a person has agreed to, until somebody fetches its keys.
#[derive(Debug, Clone)]
pub struct Pending {
    pub app: App,
    pub until: i64,
}

/// Whether a person, not a program, asks for it.
pub(crate) fn is_page(path: &[String]) -> bool {
    let path: Vec<&str> = path.iter().map(String::as_str).collect();
    matches!(path.as_slice(), ["settings", "apps", "new"] | ["organizations", _, "settings", "apps", "new"])
}

/// The page that shows what is asked for, and after the button on it the way back.
pub(crate) fn page(state: &mut State, asked: &Asked, body: &[u8]) -> Response {
    state.requests.push(format!("{} {}", asked.method, asked.path_and_query));
    let owner = match asked.path.first().map(String::as_str) {
        Some("organizations") => asked.path.get(1).cloned().unwrap_or_default(),
        _ => "ada".to_owned(),
    };
    let form = pairs(&String::from_utf8_lossy(body));
    let manifest: Value = match form.get("manifest").map(|text| serde_json::from_str(text)) {
        None => return html(200, "<h1>Register new GitHub App</h1>"),
        Some(Ok(manifest)) => manifest,
        Some(Err(error)) => {
            return html(422, &format!("<h1>Invalid manifest</h1><p>{}</p>", escaped(&error.to_string())));
        }
    };
    if let Some(wrong) = mistake(&manifest) {
        return html(422, &format!("<h1>Invalid GitHub App configuration</h1><p>{wrong}</p>"));
    }
    let sent = asked.query.get("state").map(|state| decoded(state)).or_else(|| form.get("state").cloned());
    if !form.contains_key("agreed") {
        return html(200, &agreement(&asked.path, &owner, &manifest, sent.as_deref().unwrap_or_default()));
    }
    let code = format!("{:040x}", 0xa180_b1a3_d263_u64 + state.codes.len() as u64);
    let app = register(state, &owner, &manifest);
    let until = state.now() + LIFE;
    state.codes.insert(code.clone(), Pending { app, until });
    let back = manifest["redirect_url"].as_str().unwrap_or_default();
    let with_state = sent.map(|state| format!("&state={}", encoded(&state))).unwrap_or_default();
    let mut response = html(302, "");
    if let Ok(location) = format!("{back}?code={code}{with_state}").parse() {
        response.headers_mut().insert("location", location);
    }
    response
}

/// What GitHub would not take.
fn mistake(manifest: &Value) -> Option<&'static str> {
    if !manifest["url"].is_string() {
        return Some("Url is missing");
    }
    if manifest.get("hook_attributes").is_some_and(|hook| !hook["url"].is_string()) {
        return Some("Hook url is missing");
    }
    if !manifest["redirect_url"].is_string() {
        return Some("Redirect url is missing");
    }
    None
}

fn agreement(path: &[String], owner: &str, manifest: &Value, state: &str) -> String {
    let name = manifest["name"].as_str().unwrap_or_default();
    format!(
        "<h1>Create GitHub App for {owner}</h1><form method=\"post\" action=\"/{path}\"><label>GitHub App name <input name=\"name\" \
         value=\"{name}\"></label><input type=\"hidden\" name=\"manifest\" value=\"{manifest}\"><input type=\"hidden\" \
         name=\"state\" value=\"{state}\"><input type=\"hidden\" name=\"agreed\" value=\"yes\"><button>Create GitHub App for \
         {owner}</button></form>",
        owner = escaped(owner),
        path = path.join("/"),
        name = escaped(name),
        manifest = escaped(&manifest.to_string()),
        state = escaped(state),
    )
}

fn register(state: &mut State, owner: &str, manifest: &Value) -> App {
    let id = 90_000 + state.apps.len() as u64;
    let permissions = manifest["default_permissions"].as_object().cloned().unwrap_or_default();
    let hook = manifest["hook_attributes"]["url"].as_str().filter(|_| manifest["hook_attributes"]["active"] != false);
    let events = manifest["default_events"].as_array().cloned().unwrap_or_default();
    let name = manifest["name"].as_str().unwrap_or("slipway").to_owned();
    let app = App {
        id,
        slug: name.to_lowercase().replace(' ', "-"),
        name,
        owner: owner.to_owned(),
        permissions: permissions.into_iter().filter_map(|(what, how)| Some((what, how.as_str()?.to_owned()))).collect(),
        events: events.iter().filter_map(|event| event.as_str().map(str::to_owned)).collect(),
        hook_url: hook.map(str::to_owned),
        hook_secret: hook.map(|_| format!("{id:040x}")),
        deliveries: Vec::new(),
    };
    state.apps.insert(id, app.clone());
    app
}

/// The App behind a code, once and within the hour.
pub(crate) fn convert(state: &mut State, code: &str) -> Option<Value> {
    let now = state.now();
    let pending = state.codes.remove(code).filter(|pending| pending.until > now)?;
    let mut shape = crate::shapes::integration(state, &pending.app);
    if let Value::Object(fields) = &mut shape {
        fields.insert("client_id".to_owned(), json!(format!("Iv1.{:016x}", pending.app.id)));
        fields.insert("client_secret".to_owned(), json!("1726be1638095a19edd134c77bde3aa2ece1e5d8"));
        fields.insert("webhook_secret".to_owned(), json!(pending.app.hook_secret));
        fields.insert("pem".to_owned(), json!(crate::APP_KEY));
    }
    Some(shape)
}

pub(crate) fn html(status: u16, body: &str) -> Response {
    let mut response =
        Response::new(Body::from(format!("<!DOCTYPE html><html lang=\"en\"><title>GitHub</title>{body}")));
    *response.status_mut() = axum::http::StatusCode::from_u16(status).unwrap_or_default();
    response.headers_mut().insert("content-type", axum::http::HeaderValue::from_static("text/html; charset=utf-8"));
    response
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

pub(crate) fn pairs(form: &str) -> BTreeMap<String, String> {
    let pair = |pair: &str| pair.split_once('=').map(|(name, value)| (decoded(name), decoded(value)));
    form.split('&').filter_map(pair).collect()
}

/// `application/x-www-form-urlencoded`
pub(crate) fn decoded(text: &str) -> String {
    let mut bytes = Vec::new();
    let mut rest = text.as_bytes();
    while let Some((first, after)) = rest.split_first() {
        rest = after;
        match first {
            b'+' => bytes.push(b' '),
            b'%' => {
                let hex = after.get(..2).and_then(|hex| std::str::from_utf8(hex).ok());
                match hex.and_then(|hex| u8::from_str_radix(hex, 16).ok()) {
                    Some(byte) => {
                        bytes.push(byte);
                        rest = &after[2..];
                    }
                    None => bytes.push(b'%'),
                }
            }
            byte => bytes.push(*byte),
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

pub(crate) fn encoded(text: &str) -> String {
    text.bytes()
        .map(|byte| match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'_' | b'.' | b'~' => char::from(byte).to_string(),
            byte => format!("%{byte:02X}"),
        })
        .collect()
}
