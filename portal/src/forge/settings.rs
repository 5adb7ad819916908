//! What an operator chooses about one forge.

use std::time::Duration;

use url::Url;

use super::error::{Error, Result};
use crate::clock::Clock;
use crate::outgoing::Proxy;
use crate::secret::Secret;

/// Everything that [`crate::forge::Forge::new`] needs to know; nothing in it is read from files or the environment.
#[derive(Debug, Clone)]
pub struct ForgeSettings {
    /// Where the REST API answers: `https://api.github.com`, or `https://host/api/v3` on Enterprise Server.
    pub api: Url,
    pub authentication: Authentication,
    /// Origins besides the API's that may be contacted, as `https://host[:port]`; redirects go nowhere else. The
    /// credentials are sent to the API's origin only.
    pub also_allowed: Vec<Url>,
    /// PEM text with certificate authorities that are trusted besides the web's own.
    pub certificate_authority: Option<Vec<u8>>,
    pub proxy: Option<Proxy>,
    /// For a connection, with the proxy's answer and TLS.
    pub connect_timeout: Duration,
    /// For one attempt, from the first byte sent to the last byte read.
    pub request_timeout: Duration,
    /// Bytes of one answer's body.
    pub largest_body: usize,
    /// Requests under way at the same time, at least 1.
    pub concurrency: usize,
    /// Pages of one listing, of up to 100 entries each.
    pub largest_listing: u32,
    pub pace: Pace,
    pub clock: Clock,
}

/// How long to wait, and how often to try.
#[derive(Debug, Clone)]
pub struct Pace {
    /// Attempts at one request, at least 1, with those that waited for a rate limit.
    pub attempts: u32,
    /// Before the second attempt after a fault; doubles with each further one, and a random half of it is taken off.
    pub first_retry: Duration,
    /// After a secondary limit that names no time; doubles with each further one. GitHub asks for a minute at least.
    pub secondary_limit: Duration,
    /// A request that would have to wait longer fails instead.
    pub longest_wait: Duration,
}

/// Who asks.
#[derive(Debug, Clone)]
pub enum Authentication {
    /// Public repositories only, at 60 requests an hour.
    Nobody,
    /// A personal access token, classic or fine-grained.
    Token(Secret),
    App(App),
}

/// A GitHub App that is installed where its repositories are.
#[derive(Debug, Clone)]
pub struct App {
    /// The App's id or its client id: what a JWT's `iss` takes.
    pub id: String,
    /// PEM text: `RSA PRIVATE KEY` as GitHub hands it out, or `PRIVATE KEY`.
    pub key: Secret,
    /// The account (organisation or user) whose installation is used.
    pub account: String,
}

impl ForgeSettings {
    /// For github.com, with the defaults.
    ///
    /// # Errors
    /// Never for this address; the same as [`Self::enterprise`].
    pub fn github(authentication: Authentication) -> Result<Self> {
        Self::at("https://api.github.com", authentication)
    }

    /// For GitHub Enterprise Server, given its address (`https://github.example.com`): its API lies below `/api/v3`
    /// ("Getting started with the REST API" for Enterprise Server).
    ///
    /// # Errors
    /// [`Error::Settings`] if the address is not an `http` or `https` one.
    pub fn enterprise(address: &str, authentication: Authentication) -> Result<Self> {
        let mut settings = Self::at(address, authentication)?;
        settings.api.set_path("/api/v3");
        Ok(settings)
    }

    fn at(address: &str, authentication: Authentication) -> Result<Self> {
        let api =
            Url::parse(address).map_err(|error| Error::Settings(format!("{address} is not an address: {error}.")))?;
        if !matches!(api.scheme(), "http" | "https") || !api.has_host() {
            return Err(Error::Settings(format!("{address} does not start with https:// and name a host.")));
        }
        if !api.username().is_empty() || api.password().is_some() {
            return Err(Error::Settings("The forge's address may not hold a password; use a token.".to_owned()));
        }
        Ok(Self {
            api,
            authentication,
            also_allowed: Vec::new(),
            certificate_authority: None,
            proxy: None,
            connect_timeout: Duration::from_secs(10),
            request_timeout: Duration::from_secs(60),
            largest_body: 20 * 1024 * 1024,
            concurrency: 8,
            largest_listing: 500,
            pace: Pace::default(),
            clock: Clock::System,
        })
    }

    /// Whether this is github.com, not an Enterprise Server.
    pub fn is_github(&self) -> bool {
        self.api.host_str() == Some("api.github.com")
    }
}

impl Default for Pace {
    fn default() -> Self {
        Self {
            attempts: 5,
            first_retry: Duration::from_secs(1),
            secondary_limit: Duration::from_secs(60),
            longest_wait: Duration::from_secs(65 * 60),
        }
    }
}
