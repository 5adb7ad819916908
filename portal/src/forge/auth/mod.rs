//! Who we are at the forge: nobody, a token, or an App with a token of its installation that lasts an hour
//! ("Authenticating as a GitHub App installation").

mod jwt;

use std::collections::BTreeMap;

use bytes::Bytes;
use http::{HeaderValue, Method, Request};
use jiff::Timestamp;
use ring::signature::RsaKeyPair;
use serde::Deserialize;
use tokio::sync::Mutex;

use super::answer::{parse, segment, success};
use super::error::{Error, Result};
use super::http::{Http, Repeatable};
use super::settings::{App, Authentication, ForgeSettings};
use crate::clock::Clock;
use crate::secret::Secret;

/// Milliseconds. A token is renewed this long before it ends, so that a clone that starts now does not lose it at once.
const EARLY: i64 = 5 * 60 * 1_000;

/// What `git` answers with when it asks for a user name and a password.
#[derive(Debug, Clone)]
pub struct GitCredentials {
    pub username: &'static str,
    pub password: Secret,
    /// Milliseconds since 1970 in UTC; `None` if the forge does not say.
    pub until: Option<i64>,
}

/// Where the App is installed, and what it may do there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Installation {
    pub id: u64,
    /// Only repositories that somebody chose; a listing of them is never complete.
    pub selected_only: bool,
    /// Permission to `read`, `write` or `admin`.
    pub permissions: BTreeMap<String, String>,
}

pub(super) struct Credentials {
    kind: Kind,
    clock: Clock,
}

enum Kind {
    Nobody,
    Token(Secret),
    App(Box<Installed>),
}

struct Installed {
    app: App,
    key: RsaKeyPair,
    /// Held while a token is fetched: many requests, one new token.
    current: Mutex<Option<Current>>,
}

impl Installed {
    fn jwt(&self, clock: &Clock) -> Result<HeaderValue> {
        bearer(&jwt::sign(&self.app.id, &self.key, clock.now())?)
    }
}

#[derive(Clone)]
struct Current {
    installation: Installation,
    token: Secret,
    until: i64,
}

impl Credentials {
    /// # Errors
    /// [`Error::Settings`] if the token or the key cannot be used.
    pub(super) fn new(settings: &ForgeSettings) -> Result<Self> {
        let kind = match &settings.authentication {
            Authentication::Nobody => Kind::Nobody,
            Authentication::Token(token) => {
                bearer(token)?;
                Kind::Token(token.clone())
            }
            Authentication::App(app) => {
                Kind::App(Box::new(Installed { key: jwt::key(&app.key)?, app: app.clone(), current: Mutex::new(None) }))
            }
        };
        Ok(Self { kind, clock: settings.clock.clone() })
    }

    /// The header for the next request.
    pub(super) async fn authorization(&self, http: &Http) -> Result<Option<HeaderValue>> {
        match &self.kind {
            Kind::Nobody => Ok(None),
            Kind::Token(token) => bearer(token).map(Some),
            Kind::App(installed) => bearer(&self.current(installed, http).await?.token).map(Some),
        }
    }

    /// Makes the next request fetch a new token; whether there is one to fetch.
    pub(super) async fn forget(&self) -> bool {
        match &self.kind {
            Kind::Nobody | Kind::Token(_) => false,
            Kind::App(installed) => installed.current.lock().await.take().is_some(),
        }
    }

    pub(super) async fn git(&self, http: &Http) -> Result<Option<GitCredentials>> {
        let (password, until) = match &self.kind {
            Kind::Nobody => return Ok(None),
            Kind::Token(token) => (token.clone(), None),
            Kind::App(installed) => {
                let current = self.current(installed, http).await?;
                (current.token, Some(current.until))
            }
        };
        Ok(Some(GitCredentials { username: "x-access-token", password, until }))
    }

    /// `None` unless we are an App.
    pub(super) async fn installation(&self, http: &Http) -> Result<Option<Installation>> {
        match &self.kind {
            Kind::Nobody | Kind::Token(_) => Ok(None),
            Kind::App(installed) => Ok(Some(self.current(installed, http).await?.installation)),
        }
    }

    /// As it is now, not as it was when the token was made; `None` unless we are an App.
    pub(super) async fn look_at_installation(&self, http: &Http) -> Result<Option<Installation>> {
        let Kind::App(installed) = &self.kind else { return Ok(None) };
        let jwt = installed.jwt(&self.clock)?;
        find_installation(&installed.app, http, &jwt).await.map(Some)
    }

    /// `None` unless we are an App.
    pub(super) fn jwt(&self) -> Result<Option<HeaderValue>> {
        match &self.kind {
            Kind::Nobody | Kind::Token(_) => Ok(None),
            Kind::App(installed) => installed.jwt(&self.clock).map(Some),
        }
    }

    pub(super) fn is_nobody(&self) -> bool {
        matches!(self.kind, Kind::Nobody)
    }

    async fn current(&self, installed: &Installed, http: &Http) -> Result<Current> {
        let mut current = installed.current.lock().await;
        if let Some(current) = current.as_ref().filter(|current| current.until - EARLY > self.clock.now()) {
            return Ok(current.clone());
        }
        let jwt = installed.jwt(&self.clock)?;
        let id = match current.as_ref() {
            Some(current) => current.installation.id,
            None => find_installation(&installed.app, http, &jwt).await?.id,
        };
        let fresh = fetch_token(id, http, &jwt).await;
        // An App that was installed anew has another installation, to be looked up next time.
        *current = fresh.as_ref().ok().cloned();
        fresh
    }
}

#[derive(Deserialize)]
struct InstallationAnswer {
    id: u64,
    suspended_at: Option<String>,
    #[serde(default)]
    permissions: BTreeMap<String, String>,
    repository_selection: Option<String>,
}

/// "Get an organization installation for the authenticated app", and the same for a user.
async fn find_installation(app: &App, http: &Http, jwt: &HeaderValue) -> Result<Installation> {
    let account = segment(&app.account);
    for kind in ["orgs", "users"] {
        let path = format!("/{kind}/{account}/installation");
        match success(&path, http.send(get(&path)?, Some(jwt)).await?) {
            Ok(answer) => {
                let found: InstallationAnswer = parse(&path, answer.body())?;
                return match found.suspended_at {
                    Some(_) => Err(Error::Settings(format!("The App's installation at {} is suspended.", app.account))),
                    None => Ok(Installation {
                        id: found.id,
                        selected_only: found.repository_selection.as_deref() == Some("selected"),
                        permissions: found.permissions,
                    }),
                };
            }
            Err(Error::NotFound { .. }) => {}
            Err(error) => return Err(error),
        }
    }
    Err(Error::Settings(format!("The App is not installed at {}: install it there.", app.account)))
}

#[derive(Deserialize)]
struct TokenAnswer {
    token: String,
    expires_at: Timestamp,
    #[serde(default)]
    permissions: BTreeMap<String, String>,
    repository_selection: Option<String>,
}

/// "Create an installation access token for an app".
async fn fetch_token(id: u64, http: &Http, jwt: &HeaderValue) -> Result<Current> {
    let path = format!("/app/installations/{id}/access_tokens");
    let mut request = request(Method::POST, &path)?;
    request.extensions_mut().insert(Repeatable);
    let answer = success(&path, http.send(request, Some(jwt)).await?)?;
    // The parser's own words could quote the token.
    let answer: TokenAnswer = parse(&path, answer.body())
        .map_err(|_| Error::Malformed { what: path.clone(), message: "there is no token in it".to_owned() })?;
    Ok(Current {
        installation: Installation {
            id,
            selected_only: answer.repository_selection.as_deref() == Some("selected"),
            permissions: answer.permissions,
        },
        token: Secret::new(answer.token),
        until: answer.expires_at.as_millisecond(),
    })
}

fn bearer(token: &Secret) -> Result<HeaderValue> {
    let mut value = HeaderValue::try_from(format!("Bearer {}", token.expose().trim()))
        .map_err(|_| Error::Settings("The token holds characters that no token has.".to_owned()))?;
    value.set_sensitive(true);
    Ok(value)
}

/// A request without a body to a path below the API's address.
pub(super) fn request(method: Method, path: &str) -> Result<Request<Bytes>> {
    let request = Request::builder().method(method).uri(path).body(Bytes::new());
    request.map_err(|error| Error::Settings(format!("{path} is no address ({error}).")))
}

fn get(path: &str) -> Result<Request<Bytes>> {
    request(Method::GET, path)
}
