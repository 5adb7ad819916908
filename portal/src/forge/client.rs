//! The client of one forge: requests with our credentials over our own HTTP service.

use std::sync::Arc;

use bytes::Bytes;
use http::header::IF_NONE_MATCH;
use http::{HeaderValue, Method, Request, Response, StatusCode};
use http_body_util::{BodyExt as _, Full, Limited};
use octocrab::{AuthState, OctoBody, Octocrab, OctocrabBuilder};
use tokio::sync::watch;
use tower::{BoxError, service_fn};

use super::answer::success;
use super::auth::{Credentials, GitCredentials, Installation, request};
use super::error::Result;
use super::http::{Calls, Http, Waiting};
use super::settings::{Authentication, ForgeSettings};

/// Cheap to clone; clones share connections, credentials, limits and counts.
#[derive(Clone)]
pub struct Forge {
    inner: Arc<Inner>,
}

struct Inner {
    http: Http,
    credentials: Credentials,
    /// Without the credentials, which are above.
    settings: ForgeSettings,
}

impl Forge {
    /// Contacts nobody yet.
    ///
    /// # Errors
    /// [`super::Error::Settings`] if a key, token, certificate authority or proxy cannot be used.
    pub fn new(settings: &ForgeSettings) -> Result<Self> {
        let inner = Inner {
            http: Http::new(settings)?,
            credentials: Credentials::new(settings)?,
            settings: ForgeSettings { authentication: Authentication::Nobody, ..settings.clone() },
        };
        Ok(Self { inner: Arc::new(inner) })
    }

    /// octocrab over this client: the same credentials, allowed addresses, limits and retries. For what it has types for
    /// and this module has not, as pull requests. To be called within a tokio runtime.
    pub fn octocrab(&self) -> Octocrab {
        let forge = self.clone();
        let service = service_fn(move |request: Request<OctoBody>| {
            let forge = forge.clone();
            async move { forge.send_octocrab(request).await }
        });
        match OctocrabBuilder::new_empty().with_service(service).with_auth(AuthState::None).build() {
            Ok(octocrab) => octocrab,
            Err(never) => match never {},
        }
    }

    /// Sends a request with the current credentials, and once more with new ones if those of an installation have just
    /// been revoked. The answer's status is the caller's to judge.
    ///
    /// # Errors
    /// As [`Http::send`].
    pub async fn send(&self, request: Request<Bytes>) -> Result<Response<Bytes>> {
        let Inner { http, credentials, .. } = &*self.inner;
        let authorization = credentials.authorization(http).await?;
        let answer = http.send(request.clone(), authorization.as_ref()).await?;
        if answer.status() != StatusCode::UNAUTHORIZED || !credentials.forget().await {
            return Ok(answer);
        }
        let authorization = credentials.authorization(http).await?;
        http.send(request, authorization.as_ref()).await
    }

    /// User name and password for `git`, through `GIT_ASKPASS`; `None` if we are nobody. Ask again before each command:
    /// an installation's token lasts an hour and is renewed five minutes before it ends.
    ///
    /// # Errors
    /// As [`Http::send`].
    pub async fn credentials(&self) -> Result<Option<GitCredentials>> {
        self.inner.credentials.git(&self.inner.http).await
    }

    /// The App's installation; `None` if we are not an App.
    ///
    /// # Errors
    /// As [`Http::send`].
    pub async fn installation(&self) -> Result<Option<Installation>> {
        self.inner.credentials.installation(&self.inner.http).await
    }

    /// Until when and why requests are held back; `None` while they are not. It stays until the first request after that
    /// time: compare it with the clock.
    pub fn waiting(&self) -> watch::Receiver<Option<Waiting>> {
        self.inner.http.waiting()
    }

    /// Requests since the client was made.
    pub fn calls(&self) -> Calls {
        self.inner.http.calls()
    }

    /// Sends a request as somebody else than whom [`Self::send`] speaks for: as the App itself, or as nobody.
    pub(super) async fn send_as(
        &self,
        request: Request<Bytes>,
        authorization: Option<&HeaderValue>,
    ) -> Result<Response<Bytes>> {
        self.inner.http.send(request, authorization).await
    }

    /// The statement by which an App says who it is; `None` if we are not an App.
    pub(super) fn jwt(&self) -> Result<Option<HeaderValue>> {
        self.inner.credentials.jwt()
    }

    /// The same asked anew, since a token's copy of it may be an hour old.
    pub(super) async fn look_at_installation(&self) -> Result<Option<Installation>> {
        self.inner.credentials.look_at_installation(&self.inner.http).await
    }

    pub(super) fn is_nobody(&self) -> bool {
        self.inner.credentials.is_nobody()
    }

    pub(super) fn settings(&self) -> &ForgeSettings {
        &self.inner.settings
    }

    /// A success, or a 304 if the validator still holds.
    pub(super) async fn get(&self, path: &str, etag: Option<&str>) -> Result<Response<Bytes>> {
        let mut request = request(Method::GET, path)?;
        if let Some(etag) = etag.and_then(|etag| HeaderValue::from_str(etag).ok()) {
            request.headers_mut().insert(IF_NONE_MATCH, etag);
        }
        success(path, self.send(request).await?)
    }

    async fn send_octocrab(&self, request: Request<OctoBody>) -> Result<Response<Full<Bytes>>, BoxError> {
        let (parts, body) = request.into_parts();
        let limit = self.inner.settings.largest_body;
        let body = Limited::new(body, limit).collect().await?.to_bytes();
        let answer = self.send(Request::from_parts(parts, body)).await?;
        Ok(answer.map(Full::new))
    }
}

impl std::fmt::Debug for Forge {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Forge({})", self.inner.settings.api)
    }
}
