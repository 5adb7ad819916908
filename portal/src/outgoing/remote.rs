//! Another portal, as commands speak to it: over its API.

use std::time::Duration;

use bytes::Bytes;
use http::header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE};
use http::{HeaderValue, Method, Request};
use serde_json::Value;
use url::Url;

use super::connect::{Connections, Way, connections};
use super::exchange::{Limits, exchange};
use crate::git::Connection;
use crate::secret::Secret;

const LIMITS: Limits = Limits { time: Duration::from_secs(60), largest_body: 32 << 20 };

/// The API of a portal, and the token with which it is asked.
pub struct Remote {
    connections: Connections,
    base: Url,
    token: Option<Secret>,
}

/// What it answered.
#[derive(Debug, Clone, PartialEq)]
pub struct RemoteAnswer {
    pub status: u16,
    /// Null where the answer was no JSON.
    pub body: Value,
    /// The same as it came, as far as it is text.
    pub text: String,
}

impl Remote {
    /// `address` is where the portal is, such as `https://slipway.example.com`; whoever names it vouches for it, so it may be
    /// on this machine or in its network.
    ///
    /// # Errors
    /// What is wrong with the address, for a person.
    pub fn new(address: &str, token: Option<Secret>) -> Result<Self, String> {
        let base = Url::parse(address).map_err(|error| format!("{address:?} is no address: {error}"))?;
        if !matches!(base.scheme(), "http" | "https") || base.host_str().is_none() {
            return Err(format!("{address:?} is no address of a portal: it begins with https:// or http://"));
        }
        Ok(Self { connections: connections(&Way::of(&Connection::default())?)?, base, token })
    }

    /// Asks for what is at `path`, such as `/api/v1/runs`.
    ///
    /// # Errors
    /// Why there is no answer, for a person.
    pub async fn get(&self, path: &str) -> Result<RemoteAnswer, String> {
        self.send(Method::GET, path, &[], Bytes::new()).await
    }

    /// Sends `body` to `path`.
    ///
    /// # Errors
    /// Why there is no answer, for a person.
    pub async fn post(
        &self,
        path: &str,
        headers: &[(&'static str, &str)],
        body: &Value,
    ) -> Result<RemoteAnswer, String> {
        self.send(Method::POST, path, headers, body.to_string().into()).await
    }

    async fn send(
        &self,
        method: Method,
        path: &str,
        headers: &[(&'static str, &str)],
        body: Bytes,
    ) -> Result<RemoteAnswer, String> {
        let mut url = self.base.clone();
        let (path, query) = path.split_once('?').map_or((path, None), |(path, query)| (path, Some(query)));
        url.set_path(&format!("{}{path}", self.base.path().trim_end_matches('/')));
        url.set_query(query);
        let mut request = Request::builder().method(method).uri(url.as_str());
        request = request.header(ACCEPT, "application/json").header(CONTENT_TYPE, "application/json");
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        if let Some(token) = &self.token {
            let bearer = HeaderValue::from_str(&format!("Bearer {}", token.expose()));
            let mut bearer = bearer.map_err(|_| "the token holds what no header can".to_owned())?;
            bearer.set_sensitive(true);
            request = request.header(AUTHORIZATION, bearer);
        }
        let request = request.body(body).map_err(|error| error.to_string())?;
        let answer = exchange(&self.connections, &url, request, LIMITS).await.map_err(|failure| failure.to_string())?;
        Ok(RemoteAnswer {
            status: answer.status().as_u16(),
            body: serde_json::from_slice(answer.body()).unwrap_or(Value::Null),
            text: String::from_utf8_lossy(answer.body()).into_owned(),
        })
    }
}
