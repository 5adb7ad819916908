//! Groups of somebody who is in too many for a token: the token says where to ask ("OpenID Connect Core 1.0", section 5.6.2;
//! Microsoft's "Groups overage claim").

use bytes::Bytes;
use http::header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE};
use http::{HeaderValue, Request};
use serde_json::{Map, Value, json};
use url::Url;

use super::claims::groups;
use super::discovery::origin;
use super::{Heard, short};
use crate::outgoing::Client;
use crate::settings::OidcSettings;

/// Puts the groups where they would be if the token had held them, or says why they are not there. The access token goes only
/// to hosts that an operator has named.
pub(super) async fn add_groups(
    client: &Client,
    settings: &OidcSettings,
    access_token: &str,
    all: &mut Map<String, Value>,
    heard: &mut Heard,
) {
    let claim = &settings.groups_claim;
    if all.contains_key(claim) {
        return;
    }
    let source = all.get("_claim_names").and_then(|names| names.get(claim)).and_then(Value::as_str);
    let Some(source) = source else { return };
    let source = all.get("_claim_sources").and_then(|sources| sources.get(source)).cloned().unwrap_or_default();
    match ask(client, settings, access_token, &source).await {
        Ok(found) => {
            all.insert(claim.clone(), json!(found));
        }
        Err(why) => heard.notes.push(format!("You are in too many groups for a token, and they do not count: {why}.")),
    }
}

async fn ask(
    client: &Client,
    settings: &OidcSettings,
    access_token: &str,
    source: &Value,
) -> Result<Vec<String>, String> {
    let endpoint = source.get("endpoint").and_then(Value::as_str).ok_or("the provider does not say where to ask")?;
    let url = Url::parse(endpoint).map_err(|_| format!("{} is no address", short(endpoint)))?;
    let host = url.host_str().unwrap_or_default();
    let is_allowed = settings.groups_url_hosts.iter().any(|allowed| allowed.eq_ignore_ascii_case(host));
    if !is_allowed || url.scheme() != "https" {
        return Err(format!("{} is not an https address of one of groups-url-hosts", short(&origin(&url))));
    }
    let token = source.get("access_token").and_then(Value::as_str).unwrap_or(access_token);
    // Microsoft's Graph wants to be told what is meant, and so takes a POST.
    let is_graph = matches!(url.path().rsplit('/').next(), Some("getMemberObjects" | "getMemberGroups"));
    let request = match is_graph {
        true => Request::post(url.as_str()).header(CONTENT_TYPE, "application/json"),
        false => Request::get(url.as_str()),
    };
    let mut bearer = HeaderValue::try_from(format!("Bearer {token}")).map_err(|_| "the token is none")?;
    bearer.set_sensitive(true);
    let body = if is_graph { Bytes::from_static(b"{\"securityEnabledOnly\": false}") } else { Bytes::new() };
    let request = request.header(ACCEPT, "application/json").header(AUTHORIZATION, bearer).body(body);
    let answer =
        client.send(request.map_err(|error| error.to_string())?).await.map_err(|failure| failure.to_string())?;
    if !answer.status().is_success() {
        return Err(format!("{host} answers {}", answer.status()));
    }
    let said: Value = serde_json::from_slice(answer.body()).map_err(|_| format!("{host} does not answer with JSON"))?;
    let found = said.get("value").or_else(|| said.get(&settings.groups_claim));
    match found {
        Some(Value::Array(_)) => Ok(groups(found)),
        _ => Err(format!("{host} answers with no list of groups")),
    }
}
