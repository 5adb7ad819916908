//! OpenID Connect: authorization code with PKCE, state and nonce ("OpenID Connect Core 1.0", sections 3.1 and 5.3; RFC 9700).

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD as BASE64;
use bytes::Bytes;
use chrono::{DateTime, TimeDelta, Utc};
use http::header::{ACCEPT, AUTHORIZATION};
use http::{HeaderValue, Request};
use openidconnect::core::{
    CoreAuthenticationFlow, CoreClient, CoreClientAuthMethod, CoreIdToken, CoreIdTokenVerifier, CoreJwsSigningAlgorithm,
};
use openidconnect::{
    AuthType, AuthorizationCode, ClaimsVerificationError, ClientId, ClientSecret, CsrfToken, EndpointMaybeSet,
    EndpointNotSet, EndpointSet, Nonce, OAuth2TokenResponse as _, PkceCodeChallenge, PkceCodeVerifier, RedirectUrl,
    RequestTokenError, Scope, SignatureVerificationError, TokenResponse as _,
};
use serde_json::{Map, Value};

use super::discovery::{Found, asking, does_not_answer};
use super::{Answer, Flow, Heard, claims, overage, refused, short};
use crate::Portal;
use crate::clock::Clock;
use crate::error::{Error, Result};
use crate::identity::Claims;
use crate::settings::{OidcSettings, ProviderSettings};
use crate::sources::secrets;

/// How far the provider's clock and ours may be apart: seconds.
const SKEW: i64 = 60;

/// What an ID token may be signed with: none of them works with a secret that we share, and there is always one.
const ALGORITHMS: [CoreJwsSigningAlgorithm; 4] = [
    CoreJwsSigningAlgorithm::RsaSsaPkcs1V15Sha256,
    CoreJwsSigningAlgorithm::EcdsaP256Sha256,
    CoreJwsSigningAlgorithm::RsaSsaPssSha256,
    CoreJwsSigningAlgorithm::EdDsa,
];

type Asked =
    CoreClient<EndpointSet, EndpointNotSet, EndpointNotSet, EndpointNotSet, EndpointMaybeSet, EndpointMaybeSet>;

/// Where the browser goes.
pub(super) async fn address(
    portal: &Portal,
    provider: &ProviderSettings,
    settings: &OidcSettings,
    flow: &Flow,
) -> Result<String> {
    let found = portal.persons().providers.find(provider, settings).await?;
    let client = client(provider, settings, &found, flow)?;
    let (state, nonce) = (CsrfToken::new(flow.state.clone()), Nonce::new(flow.nonce.clone()));
    let verifier = PkceCodeVerifier::new(flow.verifier.clone());
    let (to, _, _) = client
        .authorize_url(CoreAuthenticationFlow::AuthorizationCode, move || state, move || nonce)
        .set_pkce_challenge(PkceCodeChallenge::from_code_verifier_sha256(&verifier))
        .add_scopes(settings.scopes.iter().cloned().map(Scope::new))
        .url();
    Ok(to.into())
}

/// Who came back.
pub(super) async fn identify(
    portal: &Portal,
    provider: &ProviderSettings,
    settings: &OidcSettings,
    answer: &Answer,
    flow: &Flow,
    heard: &mut Heard,
) -> Result<Claims> {
    if !answer.iss.is_empty() && answer.iss != settings.issuer {
        return Err(refused(&format!("{} did not answer by itself: somebody else says that it did.", provider.title)));
    }
    let found = portal.persons().providers.find(provider, settings).await?;
    let (id_token, access_token) = exchange(provider, settings, &found, answer, flow).await?;
    let said = payload(&id_token);
    if let Err(error) = verify_with_keys_of_now(portal, provider, settings, &found, &id_token, &said, flow).await {
        heard.said("ID token, which was refused", &said);
        return Err(error);
    }
    heard.said("ID token", &said);
    let mut all = said;
    if claims::lacks_something(settings, &all) {
        add_userinfo(provider, &found, &access_token, &mut all, heard).await?;
    }
    overage::add_groups(&found.client, settings, &access_token, &mut all, heard).await;
    Ok(claims::of_oidc(provider, settings, &all, heard))
}

fn client(provider: &ProviderSettings, settings: &OidcSettings, found: &Found, flow: &Flow) -> Result<Asked> {
    let secret = settings.client_secret.as_ref().map(secrets::read).transpose();
    let secret = secret.map_err(|why| does_not_answer(provider, &format!("its client secret: {why}")))?;
    let secret = secret.map(|secret| ClientSecret::new(secret.expose().to_owned()));
    let metadata = found.metadata.as_ref().clone();
    let methods = metadata.token_endpoint_auth_methods_supported();
    let takes = |method: CoreClientAuthMethod| methods.is_some_and(|methods| methods.contains(&method));
    // OpenID Connect Discovery 1.0, section 3: without a list it is `client_secret_basic`.
    let in_body = takes(CoreClientAuthMethod::ClientSecretPost) && !takes(CoreClientAuthMethod::ClientSecretBasic);
    let redirect = RedirectUrl::new(flow.redirect.clone()).map_err(Error::internal)?;
    Ok(CoreClient::from_provider_metadata(metadata, ClientId::new(settings.client_id.clone()), secret)
        .set_auth_type(if in_body { AuthType::RequestBody } else { AuthType::BasicAuth })
        .set_redirect_uri(redirect))
}

/// The ID token and the access token for the code.
async fn exchange(
    provider: &ProviderSettings,
    settings: &OidcSettings,
    found: &Found,
    answer: &Answer,
    flow: &Flow,
) -> Result<(CoreIdToken, String)> {
    let client = client(provider, settings, found, flow)?;
    let request = client.exchange_code(AuthorizationCode::new(answer.code.clone()));
    let request = request.map_err(|error| does_not_answer(provider, &error.to_string()))?;
    let ask = asking(&found.client);
    let answered = request.set_pkce_verifier(PkceCodeVerifier::new(flow.verifier.clone())).request_async(&ask).await;
    let answered = answered.map_err(|error| match error {
        RequestTokenError::ServerResponse(said) => {
            refused(&format!("{} does not take the code: {}.", provider.title, short(&said.to_string())))
        }
        RequestTokenError::Request(failure) => does_not_answer(provider, &failure.to_string()),
        RequestTokenError::Parse(error, _) => {
            does_not_answer(provider, &format!("its answer to the code is not as the standard says: {error}"))
        }
        RequestTokenError::Other(error) => does_not_answer(provider, &error),
    })?;
    let id_token = answered.id_token().cloned();
    let id_token = id_token
        .ok_or_else(|| refused(&format!("{} gave no ID token: is it a provider of OpenID Connect?", provider.title)))?;
    Ok((id_token, answered.access_token().secret().clone()))
}

/// Verifies, and once more with other keys where the provider has others since.
async fn verify_with_keys_of_now(
    portal: &Portal,
    provider: &ProviderSettings,
    settings: &OidcSettings,
    found: &Found,
    id_token: &CoreIdToken,
    said: &Map<String, Value>,
    flow: &Flow,
) -> Result<()> {
    let mut verified = verify(settings, found, id_token, said, flow);
    let is_about_keys = matches!(
        &verified,
        Err(ClaimsVerificationError::SignatureVerification(
            SignatureVerificationError::NoMatchingKey | SignatureVerificationError::CryptoError(_)
        ))
    );
    if is_about_keys && let Some(found) = portal.persons().providers.with_new_keys(provider, found).await? {
        verified = verify(settings, &found, id_token, said, flow);
    }
    verified
        .map_err(|error| refused(&format!("{} gave a token that does not count: {}.", provider.title, reason(&error))))
}

/// Signature, issuer, audience, times and nonce: OpenID Connect Core 1.0, section 3.1.3.7.
fn verify(
    settings: &OidcSettings,
    found: &Found,
    id_token: &CoreIdToken,
    said: &Map<String, Value>,
    flow: &Flow,
) -> std::result::Result<(), ClaimsVerificationError> {
    let now = DateTime::<Utc>::from_timestamp_millis(Clock::System.now()).unwrap_or_default();
    let (earliest, latest) = (now - TimeDelta::seconds(SKEW), now + TimeDelta::seconds(SKEW));
    // As for a client without a secret, whatever there is: a signature by a shared secret is never asked for.
    let (client, issuer) = (ClientId::new(settings.client_id.clone()), found.metadata.issuer().clone());
    let verifier = CoreIdTokenVerifier::new_public_client(client, issuer, found.metadata.jwks().clone())
        .set_allowed_algs(ALGORITHMS)
        .set_time_fn(move || earliest)
        .set_issue_time_verifier_fn(
            move |at| if at > latest { Err("it was issued in the future".to_owned()) } else { Ok(()) },
        );
    id_token.claims(&verifier, &Nonce::new(flow.nonce.clone()))?;
    let not_before = said.get("nbf").and_then(Value::as_i64);
    if not_before.is_some_and(|at| at > latest.timestamp()) {
        return Err(ClaimsVerificationError::Expired("it does not count yet".to_owned()));
    }
    match said.get("azp").and_then(Value::as_str) {
        Some(party) if party != settings.client_id => {
            Err(ClaimsVerificationError::InvalidAudience("it was made for another party".to_owned()))
        }
        _ => Ok(()),
    }
}

fn reason(error: &ClaimsVerificationError) -> String {
    let clocks = "check the clocks of both machines";
    match error {
        ClaimsVerificationError::Expired(why) => {
            format!("its time is over, or not yet come ({}); {clocks}", short(why))
        }
        ClaimsVerificationError::InvalidIssuer(why) => format!("it is somebody else’s ({})", short(why)),
        ClaimsVerificationError::InvalidAudience(why) => format!("it is for somebody else ({})", short(why)),
        ClaimsVerificationError::InvalidNonce(_) => "it belongs to another sign-in".to_owned(),
        ClaimsVerificationError::SignatureVerification(error) => match error {
            SignatureVerificationError::NoSignature => "it is not signed".to_owned(),
            SignatureVerificationError::DisallowedAlg(_) | SignatureVerificationError::UnsupportedAlg(_) => {
                "it is signed in a way that is not accepted; RS256, ES256, PS256 and EdDSA are".to_owned()
            }
            SignatureVerificationError::NoMatchingKey => {
                "it is signed with a key that the provider does not publish; if it has a new one, try again in a minute"
                    .to_owned()
            }
            error => format!("its signature is wrong ({})", short(&error.to_string())),
        },
        error => short(&error.to_string()),
    }
}

/// What is signed. Empty only for what was never a token.
fn payload(id_token: &CoreIdToken) -> Map<String, Value> {
    let text = id_token.to_string();
    let payload = text.split('.').nth(1).and_then(|part| BASE64.decode(part.trim_end_matches('=')).ok());
    payload.and_then(|payload| serde_json::from_slice(&payload).ok()).unwrap_or_default()
}

/// Adds what the token does not say and the provider's userinfo endpoint does.
///
/// # Errors
/// [`Error::Forbidden`] where it speaks of somebody else: OpenID Connect Core 1.0, section 5.3.2.
async fn add_userinfo(
    provider: &ProviderSettings,
    found: &Found,
    access_token: &str,
    all: &mut Map<String, Value>,
    heard: &mut Heard,
) -> Result<()> {
    let Some(endpoint) = found.metadata.userinfo_endpoint() else { return Ok(()) };
    let mut note = |why: &str| heard.notes.push(format!("{} says no more of you: {why}.", provider.title));
    let mut request = Request::get(endpoint.as_str()).header(ACCEPT, "application/json");
    if let Ok(mut bearer) = HeaderValue::try_from(format!("Bearer {access_token}")) {
        bearer.set_sensitive(true);
        request = request.header(AUTHORIZATION, bearer);
    }
    let answer = match found.client.send(request.body(Bytes::new()).map_err(Error::internal)?).await {
        Ok(answer) if answer.status().is_success() => answer,
        Ok(answer) => {
            note(&format!("userinfo answers {}", answer.status()));
            return Ok(());
        }
        Err(failure) => {
            note(&failure.to_string());
            return Ok(());
        }
    };
    let Ok(said) = serde_json::from_slice::<Map<String, Value>>(answer.body()) else {
        note("its userinfo is not JSON");
        return Ok(());
    };
    heard.said("Userinfo", &said);
    if said.get("sub") != all.get("sub") {
        return Err(refused(&format!("The userinfo of {} is about somebody else.", provider.title)));
    }
    for (name, value) in said {
        all.entry(name).or_insert(value);
    }
    Ok(())
}
