//! The cookies that we set and read.

use axum::http::{HeaderMap, header};
use portal::secret::Secret;

use super::Reach;

/// Over https the browser itself holds that no other host and no page over http can set it.
const SESSION: &str = "__Host-slipway-session";
const SESSION_ON_LOOPBACK: &str = "slipway-session";
/// Ties a sign-in at a provider to the browser that began it.
const SIGN_IN: &str = "__Host-slipway-sign-in";
const SIGN_IN_ON_LOOPBACK: &str = "slipway-sign-in";

/// The value of a cookie, as it came first.
pub fn value<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    headers
        .get_all(header::COOKIE)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(';'))
        .filter_map(|pair| pair.trim().split_once('='))
        .find_map(|(key, value)| (key == name).then_some(value))
}

/// The cookie of the session. Only the one that this server sets counts: over https the other one could come from anywhere.
pub fn session<'a>(reach: &Reach, headers: &'a HeaderMap) -> Option<&'a str> {
    value(headers, session_name(reach)).filter(|value| !value.is_empty() && value.len() <= 200)
}

pub fn sign_in<'a>(reach: &Reach, headers: &'a HeaderMap) -> Option<&'a str> {
    value(headers, sign_in_name(reach)).filter(|value| !value.is_empty() && value.len() <= 200)
}

pub fn set_session(reach: &Reach, cookie: &Secret) -> String {
    set(reach, session_name(reach), cookie.expose(), None)
}

pub fn clear_session(reach: &Reach) -> String {
    set(reach, session_name(reach), "", Some(0))
}

/// Ten minutes, and sent when the provider sends the browser back.
pub fn set_sign_in(reach: &Reach, cookie: &Secret) -> String {
    set(reach, sign_in_name(reach), cookie.expose(), Some(600))
}

pub fn clear_sign_in(reach: &Reach) -> String {
    set(reach, sign_in_name(reach), "", Some(0))
}

fn session_name(reach: &Reach) -> &'static str {
    if reach.secure { SESSION } else { SESSION_ON_LOOPBACK }
}

fn sign_in_name(reach: &Reach) -> &'static str {
    if reach.secure { SIGN_IN } else { SIGN_IN_ON_LOOPBACK }
}

/// `Lax`, so that a link from a chat leads to a page as whoever one is; what changes anything is a POST.
fn set(reach: &Reach, name: &str, value: &str, seconds: Option<u32>) -> String {
    let secure = if reach.secure { "; Secure" } else { "" };
    let age = seconds.map(|seconds| format!("; Max-Age={seconds}")).unwrap_or_default();
    format!("{name}={value}; Path=/; HttpOnly; SameSite=Lax{secure}{age}")
}
