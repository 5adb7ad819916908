//! From what a provider of OpenID Connect says to what is kept of it.

use serde_json::{Map, Value};

use super::Heard;
use crate::identity::Claims;
use crate::settings::{OidcSettings, ProviderSettings};

/// Whether something that counts is not in the token.
pub(super) fn lacks_something(settings: &OidcSettings, said: &Map<String, Value>) -> bool {
    let lacks = |name: &str| find(said, name).is_none();
    let is_elsewhere = said.get("_claim_names").and_then(|names| names.get(&settings.groups_claim)).is_some();
    lacks("name")
        || lacks("email")
        || settings.trust_email && lacks("email_verified")
        || lacks(&settings.groups_claim) && !is_elsewhere
        || settings.login.as_ref().is_some_and(|(claim, _)| lacks(claim))
}

/// As the settings say.
pub(super) fn of_oidc(
    provider: &ProviderSettings,
    settings: &OidcSettings,
    said: &Map<String, Value>,
    heard: &mut Heard,
) -> Claims {
    let text = |name: &str| find(said, name).and_then(Value::as_str).map(str::trim).filter(|text| !text.is_empty());
    let email = text("email").map(str::to_owned);
    // A text is what Amazon's Cognito writes.
    let is_verified = matches!(find(said, "email_verified"), Some(Value::Bool(true)))
        || text("email_verified").is_some_and(|text| text.eq_ignore_ascii_case("true"));
    let login = settings.login.as_ref().and_then(|(claim, login)| {
        let name = text(claim)?;
        let made = login.of(name);
        if made.is_none() {
            heard.notes.push(format!("The claim {claim} holds no login at {}.", login.host));
        }
        made
    });
    let name = ["name", "preferred_username", "email", "sub"].into_iter().find_map(text).unwrap_or_default();
    Claims {
        issuer: settings.issuer.clone(),
        subject: text("sub").unwrap_or_default().to_owned(),
        provider: provider.name.clone(),
        name: name.to_owned(),
        email_verified: settings.trust_email && is_verified && email.is_some(),
        email,
        login,
        groups: groups(find(said, &settings.groups_claim)),
        administrator: false,
    }
}

/// A claim by its name, or by the way to it: Keycloak's `realm_access.roles`.
fn find<'a>(said: &'a Map<String, Value>, name: &str) -> Option<&'a Value> {
    let whole = said.get(name).or_else(|| {
        let (first, rest) = name.split_once('.')?;
        find(said.get(first)?.as_object()?, rest)
    });
    whole.filter(|value| !value.is_null())
}

/// Names of groups: a list of them, or a single one.
pub(super) fn groups(value: Option<&Value>) -> Vec<String> {
    match value {
        Some(Value::Array(all)) => all.iter().filter_map(Value::as_str).map(str::to_owned).collect(),
        Some(Value::String(one)) => vec![one.clone()],
        _ => Vec::new(),
    }
}
