//! Who we are to a forge.

use http::{HeaderMap, Method};
use jiff::fmt::strtime;
use serde::Deserialize;

use crate::forge::answer::{parse, success};
use crate::forge::auth::{Installation, request};
use crate::forge::client::Forge;
use crate::forge::error::{Error, Result};
use crate::forge::existence::scopes;

/// Who asks, as the forge sees it.
#[derive(Debug, Clone)]
pub enum Who {
    Nobody,
    Person {
        login: String,
        /// Of a classic token; a fine-grained one has none.
        scopes: Option<Vec<String>>,
        /// When the token ends, in milliseconds since 1970, if it does.
        until: Option<i64>,
    },
    App(AppSeen),
}

/// A GitHub App, and whether it is installed where we need it.
#[derive(Debug, Clone)]
pub struct AppSeen {
    pub name: String,
    pub slug: String,
    /// Whoever registered it, and so may change its permissions.
    pub owner: String,
    pub owned_by_organisation: bool,
    /// Its public page; `/installations/new` below it installs it.
    pub html_url: String,
    /// Suspended and absent ones are errors.
    pub installation: Result<Installation>,
}

#[derive(Deserialize)]
struct WireUser {
    login: String,
}

/// What is used of the documentation's `integration`.
#[derive(Deserialize)]
struct WireApp {
    name: String,
    #[serde(default)]
    slug: String,
    owner: Option<WireOwner>,
    html_url: String,
}

#[derive(Deserialize)]
struct WireOwner {
    login: String,
    #[serde(rename = "type", default)]
    kind: String,
}

impl Forge {
    /// Asks anew.
    ///
    /// # Errors
    /// If the forge does not answer, or does not accept the credentials.
    pub async fn who(&self) -> Result<Who> {
        if self.is_nobody() {
            return Ok(Who::Nobody);
        }
        if let Some(jwt) = self.jwt()? {
            let path = "/app";
            let answer = success(path, self.send_as(request(Method::GET, path)?, Some(&jwt)).await?)?;
            let app: WireApp = parse(path, answer.body())?;
            let installation = match self.look_at_installation().await {
                Ok(Some(installation)) => Ok(installation),
                Ok(None) => Err(Error::Settings("There is no installation.".to_owned())),
                Err(error) => Err(error),
            };
            let owner = app.owner.unwrap_or(WireOwner { login: String::new(), kind: String::new() });
            return Ok(Who::App(AppSeen {
                name: app.name,
                slug: app.slug,
                owned_by_organisation: owner.kind == "Organization",
                owner: owner.login,
                html_url: app.html_url,
                installation,
            }));
        }
        let answer = self.get("/user", None).await?;
        let user: WireUser = parse("/user", answer.body())?;
        Ok(Who::Person { login: user.login, scopes: scopes(answer.headers()), until: ends(answer.headers()) })
    }
}

/// `github-authentication-token-expiration: 2026-12-31 23:59:59 UTC`, or with an offset instead of `UTC`.
fn ends(headers: &HeaderMap) -> Option<i64> {
    let header = headers.get("github-authentication-token-expiration")?.to_str().ok()?;
    let text = header.trim().replace(" UTC", " +0000");
    let time = strtime::parse("%Y-%m-%d %H:%M:%S %z", text).ok()?.to_timestamp().ok()?;
    Some(time.as_millisecond())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used)]

    use super::*;

    #[test]
    fn the_end_of_a_token_is_read_as_github_writes_it() {
        let table = [
            ("2026-12-31 23:59:59 UTC", Some(1_798_761_599_000)),
            ("2026-12-31 23:59:59 +0100", Some(1_798_757_999_000)),
            ("soon", None),
            ("", None),
        ];
        for (text, expected) in table {
            let mut headers = HeaderMap::new();
            headers.insert("github-authentication-token-expiration", text.parse().unwrap());
            assert_eq!(ends(&headers), expected, "{text}");
        }
        assert_eq!(ends(&HeaderMap::new()), None);
    }
}
