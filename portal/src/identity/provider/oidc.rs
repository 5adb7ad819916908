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
    RefreshToken, RequestTokenError, Scope, SignatureVerificationError, TokenResponse as _,
};
use serde_json::{Map, Value};

use super::discovery::{Found, asking, does_not_answer};
use super::{Answer, Flow, Heard, claims, overage, refused, short};
use crate::Portal;
use crate::clock::Clock;
use crate::error::{Error, Result};
use crate::identity::Claims;
use crate::identity::refresh::Answered;
use crate::secret::Secret;
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
    let client = client(provider, settings, &found)?.set_redirect_uri(redirect(flow)?);
    let (state, nonce) = (CsrfToken::new(flow.state.clone()), Nonce::new(flow.nonce.clone()));
    let verifier = PkceCodeVerifier::new(flow.verifier.clone());
    let (to, _, _) = client
        .authorize_url(CoreAuthenticationFlow::AuthorizationCode, move || state, move || nonce)
        .set_pkce_challenge(PkceCodeChallenge::from_code_verifier_sha256(&verifier))
        .add_scopes(settings.scopes.iter().cloned().map(Scope::new))
        .add_scopes(offline(settings, &found))
        .url();
    Ok(to.into())
}

/// OpenID Connect Core 1.0, section 11: with it comes a refresh token. Asked for where the provider says that it knows it.
fn offline(settings: &OidcSettings, found: &Found) -> Option<Scope> {
    let scope = Scope::new("offline_access".to_owned());
    let is_offered = found.metadata.scopes_supported().is_some_and(|scopes| scopes.contains(&scope));
    let is_there = settings.scopes.iter().any(|known| **scope == *known);
    (settings.refresh && is_offered && !is_there).then_some(scope)
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
    let (id_token, access_token, refresh) = exchange(provider, settings, &found, answer, flow).await?;
    heard.refresh = refresh.filter(|_| settings.refresh);
    let said = payload(&id_token);
    let verified =
        verify_with_keys_of_now(portal, provider, settings, &found, &id_token, &said, Some(&flow.nonce)).await;
    if let Err(error) = verified {
        heard.said("ID token, which was refused", &said);
        return Err(error);
    }
    heard.said("ID token", &said);
    complete(provider, settings, &found, &access_token, said, heard).await
}

/// What is not in the token is asked for.
async fn complete(
    provider: &ProviderSettings,
    settings: &OidcSettings,
    found: &Found,
    access_token: &str,
    said: Map<String, Value>,
    heard: &mut Heard,
) -> Result<Claims> {
    let mut all = said;
    if claims::lacks_something(settings, &all) {
        add_userinfo(provider, found, access_token, &mut all, heard).await?;
    }
    overage::add_groups(&found.client, settings, access_token, &mut all, heard).await;
    Ok(claims::of_oidc(provider, settings, &all, heard))
}

fn redirect(flow: &Flow) -> Result<RedirectUrl> {
    RedirectUrl::new(flow.redirect.clone()).map_err(Error::internal)
}

fn client(provider: &ProviderSettings, settings: &OidcSettings, found: &Found) -> Result<Asked> {
    let secret = settings.client_secret.as_ref().map(secrets::read).transpose();
    let secret = secret.map_err(|why| does_not_answer(provider, &format!("its client secret: {why}")))?;
    let secret = secret.map(|secret| ClientSecret::new(secret.expose().to_owned()));
    let metadata = found.metadata.as_ref().clone();
    let methods = metadata.token_endpoint_auth_methods_supported();
    let takes = |method: CoreClientAuthMethod| methods.is_some_and(|methods| methods.contains(&method));
    // OpenID Connect Discovery 1.0, section 3: without a list it is `client_secret_basic`.
    let in_body = takes(CoreClientAuthMethod::ClientSecretPost) && !takes(CoreClientAuthMethod::ClientSecretBasic);
    Ok(CoreClient::from_provider_metadata(metadata, ClientId::new(settings.client_id.clone()), secret)
        .set_auth_type(if in_body { AuthType::RequestBody } else { AuthType::BasicAuth }))
}

/// The ID token, the access token and, if there is one, the refresh token for the code.
async fn exchange(
    provider: &ProviderSettings,
    settings: &OidcSettings,
    found: &Found,
    answer: &Answer,
    flow: &Flow,
) -> Result<(CoreIdToken, String, Option<Secret>)> {
    let client = client(provider, settings, found)?.set_redirect_uri(redirect(flow)?);
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
    let refresh = answered.refresh_token().map(|token| Secret::new(token.secret().clone()));
    Ok((id_token, answered.access_token().secret().clone(), refresh))
}

/// Whether the provider still vouches for `subject`: RFC 6749, section 6, and OpenID Connect Core 1.0, section 12.
pub(in crate::identity) async fn refresh(
    portal: &Portal,
    provider: &ProviderSettings,
    settings: &OidcSettings,
    subject: &str,
    token: &Secret,
) -> Answered {
    match refreshed(portal, provider, settings, subject, token).await {
        Ok(answered) => answered,
        Err(error) => Answered::Unknown(error.to_string()),
    }
}

async fn refreshed(
    portal: &Portal,
    provider: &ProviderSettings,
    settings: &OidcSettings,
    subject: &str,
    token: &Secret,
) -> Result<Answered> {
    let found = portal.persons().providers.find(provider, settings).await?;
    let (client, ask) = (client(provider, settings, &found)?, asking(&found.client));
    let token = RefreshToken::new(token.expose().to_owned());
    let request = client.exchange_refresh_token(&token);
    let request = request.map_err(|error| does_not_answer(provider, &error.to_string()))?;
    let answered = match request.request_async(&ask).await {
        Ok(answered) => answered,
        // RFC 6749, section 5.2: it was revoked, has expired, or is of somebody who is there no longer. Anything else is about us.
        Err(RequestTokenError::ServerResponse(said)) if said.error().as_ref() == "invalid_grant" => {
            return Ok(Answered::Gone(format!("{} says: {}", provider.title, short(&said.to_string()))));
        }
        Err(error) => return Err(does_not_answer(provider, &short(&error.to_string()))),
    };
    let access_token = answered.access_token().secret().clone();
    let mut heard = Heard::default();
    let mut said = Map::from_iter([("sub".to_owned(), Value::from(subject))]);
    match answered.id_token() {
        Some(id_token) => {
            said = payload(id_token);
            verify_with_keys_of_now(portal, provider, settings, &found, id_token, &said, None).await?;
            if said.get("sub").and_then(Value::as_str) != Some(subject) {
                return Err(refused(&format!("{} speaks of somebody else.", provider.title)));
            }
        }
        // Then only userinfo can say something.
        None => add_userinfo(provider, &found, &access_token, &mut said, &mut heard).await?,
    }
    let claims = complete(provider, settings, &found, &access_token, said, &mut heard).await?;
    // What was not said now need not have changed.
    if let Some(note) = heard.notes.first() {
        return Err(does_not_answer(provider, note));
    }
    let next = answered.refresh_token().map(|token| Secret::new(token.secret().clone()));
    Ok(Answered::Vouches(Box::new(claims), next))
}

/// Verifies, and once more with other keys where the provider has others since.
async fn verify_with_keys_of_now(
    portal: &Portal,
    provider: &ProviderSettings,
    settings: &OidcSettings,
    found: &Found,
    id_token: &CoreIdToken,
    said: &Map<String, Value>,
    nonce: Option<&str>,
) -> Result<()> {
    let mut verified = verify(settings, found, id_token, said, nonce);
    let is_about_keys = matches!(
        &verified,
        Err(ClaimsVerificationError::SignatureVerification(
            SignatureVerificationError::NoMatchingKey | SignatureVerificationError::CryptoError(_)
        ))
    );
    if is_about_keys && let Some(found) = portal.persons().providers.with_new_keys(provider, found).await? {
        verified = verify(settings, &found, id_token, said, nonce);
    }
    verified
        .map_err(|error| refused(&format!("{} gave a token that does not count: {}.", provider.title, reason(&error))))
}

/// Signature, issuer, audience, times and, of a sign-in, nonce: OpenID Connect Core 1.0, section 3.1.3.7.
fn verify(
    settings: &OidcSettings,
    found: &Found,
    id_token: &CoreIdToken,
    said: &Map<String, Value>,
    nonce: Option<&str>,
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
    match nonce {
        Some(nonce) => drop(id_token.claims(&verifier, &Nonce::new(nonce.to_owned()))?),
        None => drop(id_token.claims(&verifier, |_: Option<&Nonce>| Ok(()))?),
    }
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
