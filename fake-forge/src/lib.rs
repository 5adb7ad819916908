//! Stands in for GitHub in tests: a server on 127.0.0.1 with the shapes of github.com or of Enterprise Server, an
//! organisation that changes when told to, and a switch for each way in which a forge misbehaves.
//!
//! A crate of its own, and not a part of `portal`, so that axum stays out of `portal`, so that the tests of the crates
//! above and the browser tests can start it, and so that it shares no type with what it tests. The shapes follow GitHub's
//! OpenAPI description and the recorded answers of `@octokit/fixtures`; nothing of either is copied.

#![recursion_limit = "256"]

mod app;
mod certificates;
mod changes;
mod control;
mod create;
mod fault;
mod git;
mod history;
mod oauth;
mod registration;
mod reply;
mod routes;
mod serve;
mod shapes;
mod state;
mod table;
mod told;

use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard};

pub use certificates::Certificates;
pub use fault::Fault;
pub use oauth::{Email, Grant, OauthApp};
pub use registration::Pending;
pub use state::{
    Activity, App, CheckRun, Comment, Delivery, Installation, Member, Merged, Organisation, Profile, Pull, Rate,
    Repository, State, Team, Token, Visibility, organisation,
};

/// The private key of the App that the fake knows (PEM). It opens nothing but this fake.
pub const APP_KEY: &str = include_str!("../keys/app.pem");

/// The App's id.
pub const APP_ID: &str = "4711";

/// Answers until it is dropped.
pub struct Fake {
    origin: String,
    state: Arc<Mutex<State>>,
    server: tokio::task::JoinHandle<()>,
}

impl Fake {
    /// Listens on a free port, over plain HTTP.
    ///
    /// # Errors
    /// If no port can be had.
    pub async fn start(profile: Profile) -> std::io::Result<Self> {
        Self::serve(profile, 0, None).await
    }

    /// On this port.
    ///
    /// # Errors
    /// If the port is taken.
    pub async fn start_on(profile: Profile, port: u16) -> std::io::Result<Self> {
        Self::serve(profile, port, None).await
    }

    /// The same over TLS, for `localhost` and 127.0.0.1.
    ///
    /// # Errors
    /// If no port can be had, or the certificate cannot be used.
    pub async fn start_tls(profile: Profile, certificates: &Certificates) -> std::io::Result<Self> {
        Self::serve(profile, 0, Some(certificates)).await
    }

    async fn serve(profile: Profile, port: u16, certificates: Option<&Certificates>) -> std::io::Result<Self> {
        let state = Arc::new(Mutex::new(State::new(profile)));
        let (origin, server) = serve::start(state.clone(), port, certificates).await?;
        let fake = Self { origin, state, server };
        fake.state().origin = fake.origin.clone();
        Ok(fake)
    }

    /// The address of the REST API, as an operator would set it.
    pub fn api(&self) -> String {
        format!("{}{}", self.origin, self.state().profile.api_path())
    }

    /// `http://127.0.0.1:port`
    pub fn origin(&self) -> &str {
        &self.origin
    }

    /// What it knows, to be looked at and changed. Not to be held while a request is waited for.
    pub fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
    }

    /// The next `times` requests that contain `path` meet the fault: `GET /orgs/acme/repos?page=2`, or a part of that.
    pub fn break_next(&self, path: &str, fault: Fault, times: usize) {
        self.state().faults.push(fault::Planned { path: path.to_owned(), fault, times });
    }

    /// Every request so far, as `GET /orgs/acme/repos?page=2`, without the API's own path.
    pub fn requests(&self) -> Vec<String> {
        self.state().requests.clone()
    }

    /// Lives in this time (milliseconds since 1970) instead of the system's.
    pub fn follow(&self, clock: Arc<AtomicI64>) {
        self.state().clock = Some(clock);
    }
}

impl Drop for Fake {
    fn drop(&mut self) {
        self.server.abort();
    }
}

impl State {
    /// Seconds since 1970.
    #[expect(clippy::disallowed_methods, reason = "a stand-in for a server has the system's time, or the test's")]
    pub(crate) fn now(&self) -> i64 {
        match &self.clock {
            Some(clock) => clock.load(Ordering::Relaxed) / 1_000,
            None => jiff::Timestamp::now().as_second(),
        }
    }
}
