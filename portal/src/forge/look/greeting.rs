//! What answers, whoever asks.

use bytes::Bytes;
use http::{HeaderMap, Method, Response, StatusCode};
use jiff::fmt::rfc2822;
use serde::Deserialize;

use crate::forge::answer::{parse, success};
use crate::forge::auth::request;
use crate::forge::client::Forge;
use crate::forge::error::Result;

/// "Get rate limit status for the authenticated user": costs nothing of the limit, and answers 404 where limits are off.
const PATH: &str = "/rate_limit";

/// The first answer of a forge.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Greeting {
    pub status: StatusCode,
    /// Of Enterprise Server; `None` for github.com.
    pub version: Option<String>,
    /// It carries what GitHub's answers carry (`X-GitHub-Request-Id`).
    pub is_github: bool,
    /// The forge's clock, in milliseconds since 1970.
    pub date: Option<i64>,
}

/// Requests of the current hour.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
pub struct Rate {
    pub limit: u64,
    pub remaining: u64,
    /// Seconds since 1970.
    pub reset: i64,
}

impl Forge {
    /// Asks without credentials. Any answer is one: with private mode on, Enterprise Server refuses strangers.
    ///
    /// # Errors
    /// If there is no answer.
    pub async fn greet(&self) -> Result<Greeting> {
        let answer = self.send_as(request(Method::GET, PATH)?, None).await?;
        Ok(Greeting::of(&answer))
    }

    /// What is left of our own limit; `None` where limits are off.
    ///
    /// # Errors
    /// If the forge does not answer, or does not accept the credentials.
    pub async fn rate(&self) -> Result<Option<Rate>> {
        #[derive(Deserialize)]
        struct Answer {
            resources: Resources,
        }
        #[derive(Deserialize)]
        struct Resources {
            core: Rate,
        }
        let answer = self.send(request(Method::GET, PATH)?).await?;
        if answer.status() == StatusCode::NOT_FOUND {
            return Ok(None);
        }
        let answer: Answer = parse(PATH, success(PATH, answer)?.body())?;
        Ok(Some(answer.resources.core))
    }
}

impl Greeting {
    fn of(answer: &Response<Bytes>) -> Self {
        let headers = answer.headers();
        Self {
            status: answer.status(),
            version: text(headers, "x-github-enterprise-version"),
            is_github: headers.contains_key("x-github-request-id"),
            date: text(headers, "date")
                .and_then(|date| rfc2822::parse(&date).ok())
                .map(|date| date.timestamp().as_millisecond()),
        }
    }
}

fn text(headers: &HeaderMap, name: &str) -> Option<String> {
    Some(headers.get(name)?.to_str().ok()?.to_owned())
}
