//! Our own HTTP service: everything that is sent to a forge goes through [`Http::send`], octocrab's requests too.
//!
//! It contacts allowed origins only, redirects included; answers are bounded in bytes and time; rate limits are waited
//! for; what failed in passing is tried again. Sources of the rules: GitHub's "Best practices for using the REST API",
//! "Rate limits for the REST API" and "Troubleshooting the REST API".

mod limits;
mod transport;

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::time::Duration;

use bytes::Bytes;
use http::header::{ACCEPT, AUTHORIZATION, LOCATION, USER_AGENT};
use http::{HeaderName, HeaderValue, Method, Request, Response, StatusCode, Uri};
use jiff::Timestamp;
use tokio::sync::{Semaphore, watch};
use url::Url;

use super::error::{Error, Limit, Result};
use super::settings::{Authentication, ForgeSettings};
use crate::clock::Clock;
use transport::{Transport, what};

const AGENT: &str = concat!("slipway/", env!("CARGO_PKG_VERSION"));
const API_VERSION: HeaderName = HeaderName::from_static("x-github-api-version");

/// Milliseconds. No limit of GitHub's lasts longer than an hour; whatever a header says, it is tried again after this.
const A_DAY: i64 = 24 * 60 * 60 * 1_000;

/// Redirects that are followed for one request.
const REDIRECTS: usize = 5;

/// Cheap to clone; clones share connections, limits and counts.
#[derive(Clone)]
pub struct Http {
    inner: Arc<Inner>,
}

struct Inner {
    transport: Transport,
    settings: ForgeSettings,
    permits: Semaphore,
    /// Milliseconds since 1970; until then nothing is sent.
    closed_until: AtomicI64,
    why: watch::Sender<Option<Waiting>>,
    sent: AtomicU64,
    unchanged: AtomicU64,
}

/// What holds requests back.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Waiting {
    /// Milliseconds since 1970 in UTC.
    pub until: i64,
    pub why: Limit,
    /// Calls an hour that the limit allows and that are used up, where the forge says so.
    pub calls: Option<u32>,
}

impl std::fmt::Display for Waiting {
    /// The end of a sentence that begins with who waits.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let until = Timestamp::from_millisecond(self.until);
        let until = until.map_or_else(|_| "an unknown time".to_owned(), |at| at.strftime("%H:%M:%S UTC").to_string());
        write!(f, "waits until {until} for GitHub's {}", self.why)?;
        match self.calls {
            Some(calls @ 1_000..) => write!(f, ", 0 of {} {:03} calls left", calls / 1_000, calls % 1_000),
            Some(calls) => write!(f, ", 0 of {calls} calls left"),
            None => Ok(()),
        }
    }
}

/// Requests since the start.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Calls {
    /// Every attempt and every redirect that was followed.
    pub sent: u64,
    /// Those of them that were answered with 304, which costs nothing of the rate limit ("Use conditional requests if
    /// appropriate").
    pub unchanged: u64,
}

/// Put into a request's extensions: it may be sent twice although its method does not promise so.
#[derive(Debug, Clone, Copy)]
pub struct Repeatable;

impl Http {
    /// # Errors
    /// [`Error::Settings`] if the certificate authority or the proxy cannot be used.
    pub fn new(settings: &ForgeSettings) -> Result<Self> {
        // They stay where they are used, in `forge::auth`.
        let settings = ForgeSettings { authentication: Authentication::Nobody, ..settings.clone() };
        let inner = Inner {
            transport: Transport::new(&settings)?,
            permits: Semaphore::new(settings.concurrency.max(1)),
            closed_until: AtomicI64::new(i64::MIN),
            why: watch::Sender::new(None),
            sent: AtomicU64::new(0),
            unchanged: AtomicU64::new(0),
            settings,
        };
        Ok(Self { inner: Arc::new(inner) })
    }

    /// The answer, whatever its status, unless it is a refusal for a rate limit that outlasts the settings. The address
    /// may be relative to the API's. `authorization` goes to the API's origin only.
    ///
    /// # Errors
    /// As [`Error`] says: no answer, one that is too large, or an address that is not allowed.
    pub async fn send(&self, request: Request<Bytes>, authorization: Option<&HeaderValue>) -> Result<Response<Bytes>> {
        let (parts, body) = request.into_parts();
        let mut url = self.resolve(&parts.uri)?;
        for _ in 0..=REDIRECTS {
            let request = Request::from_parts(parts.clone(), body.clone());
            let answer = self.persist(&url, request, authorization).await?;
            let Some(next) = redirect(&parts.method, &url, &answer) else { return Ok(answer) };
            self.inner.transport.allow(&next)?;
            url = next;
        }
        Err(Error::Malformed { what: url.path().to_owned(), message: "it redirects in circles".to_owned() })
    }

    /// Until when and why requests are held back; `None` while they are not.
    pub fn waiting(&self) -> watch::Receiver<Option<Waiting>> {
        self.inner.why.subscribe()
    }

    pub fn calls(&self) -> Calls {
        Calls { sent: self.inner.sent.load(Ordering::Relaxed), unchanged: self.inner.unchanged.load(Ordering::Relaxed) }
    }

    /// Tries until there is an answer that another attempt would not change, or the attempts are used up.
    async fn persist(
        &self,
        url: &Url,
        request: Request<Bytes>,
        authorization: Option<&HeaderValue>,
    ) -> Result<Response<Bytes>> {
        let pace = &self.inner.settings.pace;
        let repeatable = request.method().is_idempotent() || request.extensions().get::<Repeatable>().is_some();
        let mut refused = 0;
        for attempt in 1.. {
            self.pass_gate().await?;
            let result = self.attempt(url, request.clone(), authorization).await;
            let now = self.inner.settings.clock.now();
            let last = attempt >= pace.attempts.max(1);
            if let Ok(answer) = &result
                && let Some(wait) =
                    limits::refusal(answer.status(), answer.headers(), answer.body(), refused, now, pace)
            {
                // A refusal was not carried out: any method may be sent again.
                refused += 1;
                self.close(wait);
                if last {
                    return Err(Error::RateLimited { why: wait.why, until: wait.until });
                }
                continue;
            }
            if last || !repeatable || !passing(&result) {
                return result;
            }
            tracing::debug!(request = what(&request, url), attempt, "the forge did not answer well; trying again");
            pause(&self.inner.settings.clock, now.saturating_add(backoff(pace.first_retry, attempt))).await;
        }
        Err(Error::Timeout { what: what(&request, url), seconds: self.inner.settings.request_timeout.as_secs() })
    }

    async fn attempt(
        &self,
        url: &Url,
        mut request: Request<Bytes>,
        authorization: Option<&HeaderValue>,
    ) -> Result<Response<Bytes>> {
        self.complete(url, &mut request, authorization)?;
        let Ok(_permit) = self.inner.permits.acquire().await else {
            return Err(Error::Settings("The forge's client was closed.".to_owned()));
        };
        self.inner.sent.fetch_add(1, Ordering::Relaxed);
        let answer = self.inner.transport.exchange(url, request).await?;
        if answer.status() == StatusCode::NOT_MODIFIED {
            self.inner.unchanged.fetch_add(1, Ordering::Relaxed);
        }
        if answer.status().is_success()
            && let Some(waiting) = limits::used_up(answer.headers())
        {
            self.close(waiting);
        }
        Ok(answer)
    }

    /// The headers that "Getting started with the REST API" asks for.
    fn complete(&self, url: &Url, request: &mut Request<Bytes>, authorization: Option<&HeaderValue>) -> Result<()> {
        *request.uri_mut() = Uri::try_from(url.as_str())
            .map_err(|error| Error::Settings(format!("An address of the forge is wrong ({error}).")))?;
        let headers = request.headers_mut();
        headers.insert(USER_AGENT, HeaderValue::from_static(AGENT));
        headers.insert(API_VERSION, HeaderValue::from_static("2022-11-28"));
        headers.entry(ACCEPT).or_insert(HeaderValue::from_static("application/vnd.github+json"));
        headers.remove(AUTHORIZATION);
        if let Some(authorization) = authorization
            && url.origin() == self.inner.settings.api.origin()
        {
            headers.insert(AUTHORIZATION, authorization.clone());
        }
        Ok(())
    }

    /// Waits as long as requests are held back.
    async fn pass_gate(&self) -> Result<()> {
        let settings = &self.inner.settings;
        loop {
            let until = self.inner.closed_until.load(Ordering::Acquire);
            let now = settings.clock.now();
            if until <= now {
                self.inner.why.send_if_modified(|waiting| waiting.take().is_some());
                return Ok(());
            }
            let why = self.inner.why.borrow().map_or(Limit::Primary, |waiting| waiting.why);
            if until.saturating_sub(now) > i64::try_from(settings.pace.longest_wait.as_millis()).unwrap_or(i64::MAX) {
                return Err(Error::RateLimited { why, until });
            }
            pause(&settings.clock, until).await;
        }
    }

    fn close(&self, wait: Waiting) {
        let wait = Waiting { until: wait.until.min(self.inner.settings.clock.now().saturating_add(A_DAY)), ..wait };
        if self.inner.closed_until.fetch_max(wait.until, Ordering::AcqRel) < wait.until {
            tracing::info!(until = wait.until, why = %wait.why, "the forge asks to wait");
            self.inner.why.send_replace(Some(wait));
        }
    }

    /// An address relative to the API's (`/orgs/a/repos`), or a whole one as a `Link` header names it.
    fn resolve(&self, uri: &Uri) -> Result<Url> {
        let url = match uri.authority() {
            Some(_) => Url::parse(&uri.to_string()),
            None => Url::parse(&format!("{}{uri}", self.inner.settings.api.as_str().trim_end_matches('/'))),
        };
        url.map_err(|error| Error::Settings(format!("{} is no address ({error}).", uri.path())))
    }
}

/// "Follow redirects" of the best practices: 301 and 302 for what only reads, 307 and 308 with the same method and body.
fn redirect(method: &Method, from: &Url, answer: &Response<Bytes>) -> Option<Url> {
    let follow = match answer.status() {
        StatusCode::MOVED_PERMANENTLY | StatusCode::FOUND => matches!(*method, Method::GET | Method::HEAD),
        StatusCode::TEMPORARY_REDIRECT | StatusCode::PERMANENT_REDIRECT => true,
        _ => false,
    };
    follow.then(|| from.join(answer.headers().get(LOCATION)?.to_str().ok()?).ok()).flatten()
}

fn passing(result: &Result<Response<Bytes>>) -> bool {
    match result {
        Ok(answer) => answer.status().is_server_error(),
        Err(error) => error.is_passing(),
    }
}

/// Milliseconds: doubled with each attempt, of which at least half is waited, so that clients do not come back together.
fn backoff(first: Duration, attempt: u32) -> i64 {
    let whole = first.saturating_mul(2_u32.saturating_pow(attempt - 1)).min(Duration::from_secs(60));
    let half = u64::try_from(whole.as_millis()).unwrap_or(u64::MAX) / 2;
    i64::try_from(half + fastrand::u64(0..=half)).unwrap_or(i64::MAX)
}

/// A fixed clock is moved on instead of waiting: tests take no time.
async fn pause(clock: &Clock, until: i64) {
    let milliseconds = until.saturating_sub(clock.now());
    match clock {
        Clock::System => tokio::time::sleep(Duration::from_millis(u64::try_from(milliseconds).unwrap_or(0))).await,
        Clock::Fixed(_) => {
            clock.advance(milliseconds.max(0));
            tokio::task::yield_now().await;
        }
    }
}
