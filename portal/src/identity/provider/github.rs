//! OAuth at GitHub: "Authorizing OAuth apps", and the REST API's "Get the authenticated user", "List email addresses for the
//! authenticated user" and "Get an organization membership for the authenticated user".
//!
//! Groups are not asked for: the teams of organisations are mirrored, and count by the login.

use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use bytes::Bytes;
use http::header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE};
use http::{HeaderValue, Request, Response};
use openidconnect::{PkceCodeChallenge, PkceCodeVerifier};
use serde_json::{Map, Value};
use url::Url;
use url::form_urlencoded::Serializer;

use super::discovery::does_not_answer;
use super::{Answer, Flow, Heard, membership, refused, short};
use crate::Portal;
use crate::error::{Error, Result};
use crate::identity::Claims;
use crate::outgoing::{Client, Limits, Way};
use crate::settings::{GitHubOwner, GitHubSignIn, ProviderSettings, SourceKind};
use crate::sources::secrets;

const LIMITS: Limits = Limits { time: Duration::from_secs(6), largest_body: 1024 * 1024 };

/// Where the browser goes.
pub(super) fn address(portal: &Portal, settings: &GitHubSignIn, flow: &Flow) -> Result<String> {
    let mut to = Url::parse(&format!("{}/login/oauth/authorize", settings.web())).map_err(Error::internal)?;
    let challenge = PkceCodeChallenge::from_code_verifier_sha256(&PkceCodeVerifier::new(flow.verifier.clone()));
    let scope =
        if asks_for_membership(portal, settings) { "read:user user:email read:org" } else { "read:user user:email" };
    to.query_pairs_mut()
        .append_pair("client_id", &settings.client_id)
        .append_pair("redirect_uri", &flow.redirect)
        .append_pair("scope", scope)
        .append_pair("state", &flow.state)
        .append_pair("code_challenge", challenge.as_str())
        .append_pair("code_challenge_method", "S256");
    Ok(to.into())
}

/// Whether an organisation that somebody has to be in is mirrored by no source.
fn asks_for_membership(portal: &Portal, settings: &GitHubSignIn) -> bool {
    let is_mirrored = |organisation: &String| {
        portal.settings().sources.iter().any(|source| match &source.kind {
            SourceKind::GitHub(github) => {
                github.host().eq_ignore_ascii_case(settings.host())
                    && matches!(&github.owner, GitHubOwner::Organisation(name) if name.eq_ignore_ascii_case(organisation))
            }
            _ => false,
        })
    };
    !settings.organisations.iter().all(is_mirrored)
}

/// Who came back.
pub(super) async fn identify(
    portal: &Portal,
    provider: &ProviderSettings,
    settings: &GitHubSignIn,
    answer: &Answer,
    flow: &Flow,
    heard: &mut Heard,
) -> Result<Claims> {
    let named =
        [settings.web(), &settings.api()].map(Url::parse).into_iter().collect::<std::result::Result<Vec<_>, _>>();
    let way = Way::of(&settings.connection).map_err(|why| does_not_answer(provider, &why))?;
    let client = Client::new(way, &named.map_err(Error::internal)?, LIMITS);
    let client = client.map_err(|why| does_not_answer(provider, &why))?;
    let github = GitHub { client, provider, settings };
    let token = github.exchange(answer, flow).await?;
    let claims = github.claims(portal, &token, heard).await;
    // Nothing else is wanted of it, and nobody can use it who finds it.
    if let Err(error) = github.revoke(&token).await {
        tracing::warn!(provider = provider.name, %error, "the token of a sign-in is not revoked");
    }
    claims
}

/// The primary address, and whether GitHub has verified it.
fn primary(emails: &Value) -> Option<(String, bool)> {
    let is = |entry: &&Value, what: &str| entry.get(what).and_then(Value::as_bool).unwrap_or_default();
    let entry = emails.as_array()?.iter().find(|entry| is(entry, "primary"))?;
    Some((entry.get("email")?.as_str()?.to_owned(), is(&entry, "verified")))
}

struct GitHub<'a> {
    client: Client,
    provider: &'a ProviderSettings,
    settings: &'a GitHubSignIn,
}

impl GitHub<'_> {
    /// Who somebody is, by their token.
    async fn claims(&self, portal: &Portal, token: &HeaderValue, heard: &mut Heard) -> Result<Claims> {
        let Value::Object(user) = self.get("/user", token).await? else { return Err(self.strange("/user")) };
        heard.said("GET /user", &user);
        let text = |name: &str| user.get(name).and_then(Value::as_str).filter(|text| !text.is_empty());
        let (Some(id), Some(login)) = (user.get("id").and_then(Value::as_u64), text("login")) else {
            return Err(self.strange("/user"));
        };
        let email = match self.get("/user/emails", token).await {
            Ok(emails) => {
                let primary = primary(&emails);
                heard.said.push(("GET /user/emails", emails));
                primary
            }
            Err(error) => {
                heard.notes.push(format!("{} does not tell your address: {error}", self.provider.title));
                None
            }
        };
        self.belongs(portal, login, token).await?;
        let (email, is_verified) = email.unzip();
        Ok(Claims {
            issuer: self.settings.web().to_owned(),
            subject: id.to_string(),
            provider: self.provider.name.clone(),
            name: text("name").unwrap_or(login).to_owned(),
            email_verified: self.settings.trust_email && is_verified == Some(true),
            email,
            login: Some((self.settings.host().to_owned(), login.to_owned())),
            groups: Vec::new(),
            administrator: false,
        })
    }

    /// "Delete an app token".
    async fn revoke(&self, token: &HeaderValue) -> Result<()> {
        let secret = secrets::read(&self.settings.client_secret).map_err(Error::internal)?;
        let basic = BASE64.encode(format!("{}:{}", self.settings.client_id, secret.expose()));
        let mut basic = HeaderValue::try_from(format!("Basic {basic}")).map_err(Error::internal)?;
        basic.set_sensitive(true);
        let token = token.to_str().map_err(Error::internal)?.trim_start_matches("Bearer ");
        let body = serde_json::json!({ "access_token": token }).to_string();
        let path = format!("/applications/{}/token", self.settings.client_id);
        let request = Request::delete(format!("{}{path}", self.settings.api()))
            .header(ACCEPT, "application/vnd.github+json")
            .header("x-github-api-version", "2022-11-28")
            .header(CONTENT_TYPE, "application/json")
            .header(AUTHORIZATION, basic)
            .body(Bytes::from(body));
        match self.send(request.map_err(Error::internal)?).await?.status() {
            status if status.is_success() => Ok(()),
            status => Err(does_not_answer(self.provider, &format!("it answers {path} with {status}"))),
        }
    }

    /// The access token for the code.
    async fn exchange(&self, answer: &Answer, flow: &Flow) -> Result<HeaderValue> {
        let secret = secrets::read(&self.settings.client_secret);
        let secret = secret.map_err(|why| does_not_answer(self.provider, &format!("its client secret: {why}")))?;
        let body = Serializer::new(String::new())
            .append_pair("client_id", &self.settings.client_id)
            .append_pair("client_secret", secret.expose())
            .append_pair("code", &answer.code)
            .append_pair("redirect_uri", &flow.redirect)
            .append_pair("code_verifier", &flow.verifier)
            .finish();
        let request = Request::post(format!("{}/login/oauth/access_token", self.settings.web()))
            .header(ACCEPT, "application/json")
            .header(CONTENT_TYPE, "application/x-www-form-urlencoded")
            .body(Bytes::from(body));
        let answer = self.send(request.map_err(Error::internal)?).await?;
        let said: Map<String, Value> =
            serde_json::from_slice(answer.body()).map_err(|_| self.strange("/login/oauth/access_token"))?;
        // A refusal is a 200 as well: "Troubleshooting OAuth app access token request errors".
        let text = |name: &str| said.get(name).and_then(Value::as_str);
        if let Some(error) = text("error") {
            let why = short(text("error_description").unwrap_or(error));
            return Err(refused(&format!(
                "{} does not take the code: {}.",
                self.provider.title,
                why.trim_end_matches('.')
            )));
        }
        let token = text("access_token").and_then(|token| HeaderValue::try_from(format!("Bearer {token}")).ok());
        let mut token = token.ok_or_else(|| self.strange("/login/oauth/access_token"))?;
        token.set_sensitive(true);
        Ok(token)
    }

    async fn get(&self, path: &str, token: &HeaderValue) -> Result<Value> {
        let answer = self.ask(path, token).await?;
        if !answer.status().is_success() {
            return Err(does_not_answer(self.provider, &format!("it answers {path} with {}", answer.status())));
        }
        serde_json::from_slice(answer.body()).map_err(|_| self.strange(path))
    }

    async fn ask(&self, path: &str, token: &HeaderValue) -> Result<Response<Bytes>> {
        let request = Request::get(format!("{}{path}", self.settings.api()))
            .header(ACCEPT, "application/vnd.github+json")
            .header("x-github-api-version", "2022-11-28")
            .header(AUTHORIZATION, token)
            .body(Bytes::new());
        self.send(request.map_err(Error::internal)?).await
    }

    async fn send(&self, request: Request<Bytes>) -> Result<Response<Bytes>> {
        self.client.send(request).await.map_err(|failure| does_not_answer(self.provider, &failure.to_string()))
    }

    /// # Errors
    /// [`Error::Forbidden`] for somebody who is in none of the organisations that are asked for.
    async fn belongs(&self, portal: &Portal, login: &str, token: &HeaderValue) -> Result<()> {
        let organisations = &self.settings.organisations;
        let none = || {
            refused(&format!(
                "{login} is not known as a member of {}. Who has just joined can sign in after the next look at the members; an \
                 organisation may also have to approve this application.",
                organisations.join(" or ")
            ))
        };
        if organisations.is_empty() {
            return Ok(());
        }
        match membership(portal, self.settings, login).await? {
            Some(true) => return Ok(()),
            Some(false) => return Err(none()),
            None => {}
        }
        for organisation in organisations {
            let answer = self.ask(&format!("/user/memberships/orgs/{organisation}"), token).await?;
            let said: Value = serde_json::from_slice(answer.body()).unwrap_or_default();
            if answer.status().is_success() && said.get("state").and_then(Value::as_str) == Some("active") {
                return Ok(());
            }
        }
        Err(none())
    }

    fn strange(&self, path: &str) -> Error {
        does_not_answer(self.provider, &format!("its answer to {path} is not as the documentation says"))
    }
}
