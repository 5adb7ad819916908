//! What the server hands to pages and calls with each request.

use std::collections::BTreeMap;
use std::sync::Arc;

use leptos::prelude::use_context;
use percent_encoding::{NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};
use portal::Portal;
use portal::identity::Actor;
pub use portal::preferences::Theme;
use portal::secret::Secret;

use crate::{Error, cookie};

/// One request, as pages see it. `server` provides it as context.
#[derive(Clone)]
pub struct RequestContext {
    pub portal: Portal,
    pub actor: Actor,
    /// What the form before this page did.
    pub flash: Option<Flash>,
    /// Of the response's `Content-Security-Policy`.
    pub nonce: String,
    pub request_id: String,
    /// The cookie of the session, for whoever has signed in.
    pub session: Option<Secret>,
    /// Why nothing of what was asked for is shown.
    pub refused: Option<String>,
    pub theme: Theme,
    /// Browsers reach us over https, and cookies are for that alone.
    pub secure: bool,
    /// As it was asked for, percent-encoded: `/catalog?kind=api`.
    pub path_and_query: String,
}

impl RequestContext {
    /// The context of the request that is being answered; `None` while routes are only listed.
    pub fn current() -> Option<Self> {
        use_context()
    }

    /// The context of a call or the sending of a form.
    ///
    /// # Errors
    /// There is no request.
    pub fn answered() -> Result<Self, Error> {
        Self::current().ok_or_else(|| Error("There is no request to answer.".to_owned()))
    }

    /// Milliseconds since 1970 in UTC.
    pub fn now(&self) -> i64 {
        self.portal.clock().now()
    }

    /// What follows `?`, empty where nothing does.
    pub fn query(&self) -> &str {
        self.path_and_query.split_once('?').map_or("", |(_, query)| query)
    }
}

/// What came of a form: carried by a cookie over the redirect, shown once.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Flash {
    pub level: FlashLevel,
    /// Plain text.
    pub text: String,
    /// What is shown this once and kept nowhere: a new token.
    secret: Option<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FlashLevel {
    Success,
    Note,
    Error,
}

impl FlashLevel {
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Success => "success",
            Self::Note => "note",
            Self::Error => "error",
        }
    }
}

impl Flash {
    /// The cookie that carries it.
    pub const COOKIE: &str = "slipway-flash";

    /// The longest text that is carried, in characters: a cookie has room for 4 096 bytes.
    const LONGEST: usize = 400;

    pub fn success(text: impl Into<String>) -> Self {
        Self { level: FlashLevel::Success, text: text.into(), secret: None }
    }

    pub fn error(text: impl Into<String>) -> Self {
        Self { level: FlashLevel::Error, text: text.into(), secret: None }
    }

    /// Also carries what only the next page shows, of letters, digits and `_`.
    pub fn with_secret(text: impl Into<String>, secret: &str) -> Self {
        Self { level: FlashLevel::Success, text: text.into(), secret: Some(secret.to_owned()) }
    }

    pub fn secret(&self) -> Option<&str> {
        self.secret.as_deref()
    }

    /// The value of a `Set-Cookie` header that carries it to the next page.
    pub fn set_cookie(&self, secure: bool) -> String {
        let text: String = self.text.chars().take(Self::LONGEST).collect();
        let text = utf8_percent_encode(&text, NON_ALPHANUMERIC);
        let secret = self.secret.as_deref().map(|secret| format!(".{secret}")).unwrap_or_default();
        cookie::set(Self::COOKIE, &format!("{}.{text}{secret}", self.level.as_str()), 60, secure)
    }

    /// The value of a `Set-Cookie` header that forgets it, for the response of the page that shows it.
    pub fn clear_cookie(secure: bool) -> String {
        cookie::set(Self::COOKIE, "", 0, secure)
    }

    /// Reads the cookie's value; `None` for what this was not written by.
    pub fn from_cookie(value: &str) -> Option<Self> {
        let (level, rest) = value.split_once('.')?;
        let (text, secret) = rest.split_once('.').map_or((rest, None), |(text, secret)| (text, Some(secret)));
        let is_word = |secret: &&str| secret.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
        let secret = secret.filter(is_word).map(str::to_owned);
        let level = [FlashLevel::Success, FlashLevel::Note, FlashLevel::Error]
            .into_iter()
            .find(|candidate| candidate.as_str() == level)?;
        let text: String = percent_decode_str(text).decode_utf8().ok()?.chars().take(Self::LONGEST).collect();
        (!text.is_empty()).then_some(Self { level, text, secret })
    }
}

/// The names that the site's files have with their hashes. Cheap to clone.
#[derive(Debug, Clone, Default)]
pub struct Assets {
    names: Arc<BTreeMap<String, String>>,
}

impl Assets {
    /// From what `xtask` writes: plain names to names with hashes, `slipway.css` to `slipway.0f3a….css`.
    pub fn new(names: BTreeMap<String, String>) -> Self {
        Self { names: Arc::new(names) }
    }

    /// The address of a file; that of the plain name where the manifest does not know it.
    pub fn address(&self, name: &str) -> String {
        match self.names.get(name) {
            Some(hashed) if hashed.starts_with('/') => hashed.clone(),
            Some(hashed) => format!("/assets/{hashed}"),
            None => format!("/assets/{name}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_flash_survives_its_cookie() {
        let flash = Flash::success("12 entities: owner is now “payments”; done.");
        let header = flash.set_cookie(false);
        let value = header.trim_start_matches("slipway-flash=").split(';').next().unwrap_or_default();
        assert_eq!(Flash::from_cookie(value), Some(flash));
        let flash = Flash::with_secret("The token is made.", "slipway_0f3a");
        let header = flash.set_cookie(false);
        let value = header.trim_start_matches("slipway-flash=").split(';').next().unwrap_or_default();
        assert_eq!(Flash::from_cookie(value).as_ref().and_then(Flash::secret), Some("slipway_0f3a"));
        assert_eq!(Flash::from_cookie("success.done.<b>").and_then(|flash| flash.secret), None);
        for wrong in ["", "success", "success.", "shout.hello", "success.%ff"] {
            assert_eq!(Flash::from_cookie(wrong), None, "{wrong:?}");
        }
    }

    #[test]
    fn assets_have_addresses_whether_or_not_the_manifest_knows_them() {
        let assets = Assets::new(BTreeMap::from([("slipway.css".to_owned(), "slipway.0f3a.css".to_owned())]));
        assert_eq!(assets.address("slipway.css"), "/assets/slipway.0f3a.css");
        assert_eq!(assets.address("slipway.js"), "/assets/slipway.js");
    }
}
