//! The webhook of a GitHub App, as the forge knows it ("REST API endpoints for GitHub App webhooks").

use http::{Method, StatusCode};
use jiff::Timestamp;
use serde::Deserialize;

use crate::forge::answer::{parse, success};
use crate::forge::auth::request;
use crate::forge::client::Forge;
use crate::forge::error::Result;

/// Where an App's events go.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hook {
    pub url: String,
    /// Deliveries are signed.
    pub has_secret: bool,
    /// Latest first, at most 20.
    pub deliveries: Vec<HookDelivery>,
}

/// One attempt at a delivery, as the forge saw it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HookDelivery {
    /// Milliseconds since 1970 in UTC.
    pub at: i64,
    pub event: String,
    /// What was answered, in the forge's words: `OK`, or why there was no answer.
    pub status: String,
    /// 0 if there was no answer.
    pub status_code: u16,
}

#[derive(Deserialize)]
struct WireConfig {
    url: Option<String>,
    /// Hidden behind asterisks.
    secret: Option<String>,
}

#[derive(Deserialize)]
struct WireDelivery {
    delivered_at: Timestamp,
    event: String,
    #[serde(default)]
    status: String,
    #[serde(default)]
    status_code: u16,
}

impl Forge {
    /// The App's webhook; `None` if it has none, or if we are no App.
    ///
    /// # Errors
    /// If the forge does not answer, or does not accept the App.
    pub async fn hook(&self) -> Result<Option<Hook>> {
        let Some(jwt) = self.jwt()? else { return Ok(None) };
        let path = "/app/hook/config";
        let answer = self.send_as(request(Method::GET, path)?, Some(&jwt)).await?;
        if answer.status() == StatusCode::NOT_FOUND {
            return Ok(None);
        }
        let config: WireConfig = parse(path, success(path, answer)?.body())?;
        let Some(url) = config.url.filter(|url| !url.is_empty()) else { return Ok(None) };
        let path = "/app/hook/deliveries?per_page=20";
        let answer = success(path, self.send_as(request(Method::GET, path)?, Some(&jwt)).await?)?;
        let deliveries: Vec<WireDelivery> = parse(path, answer.body())?;
        let deliveries = deliveries.into_iter().map(|wire| HookDelivery {
            at: wire.delivered_at.as_millisecond(),
            event: wire.event,
            status: wire.status,
            status_code: wire.status_code,
        });
        Ok(Some(Hook {
            url,
            has_secret: config.secret.is_some_and(|secret| !secret.is_empty()),
            deliveries: deliveries.take(20).collect(),
        }))
    }
}
