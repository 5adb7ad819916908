//! What a token of a person and one of a service have in common on their pages.

use super::{Icon, state};
use crate::html::Html;
use crate::{RequestContext, format};

/// When a token was used, and until when it is good.
#[derive(Debug, Clone, Copy)]
pub struct Life {
    pub expires_at: i64,
    pub revoked_at: Option<i64>,
    pub used_at: Option<i64>,
    pub is_good: bool,
}

/// The token that was just made, on the page that its form leads to.
pub fn shown_once(out: &mut Html, context: &RequestContext, heading: &'static str) {
    let Some(token) = context.flash.as_ref().and_then(|flash| flash.secret()) else { return };
    out.raw("<section class=\"section\"><h2>").raw(heading).raw("</h2>");
    state::notice(out, state::Tone::Amber, |out| {
        out.raw("Copy it now: it is shown this once, and only its digest is kept.");
    });
    state::command(out, token);
    out.raw("</section>");
}

/// The begin of its line: what it is for.
pub fn name(out: &mut Html, name: &str) {
    out.raw("<li><div>");
    Icon::Terminal.write(out);
    out.raw("<span><strong class=\"breakable\">").text(name).raw("</strong><span class=\"quiet\">");
}

/// `until 3 Dec 2026, last used 2 hours ago`
pub fn life(out: &mut Html, now: i64, life: Life) {
    match (life.revoked_at, life.is_good) {
        (Some(at), _) => {
            out.raw("revoked ");
            format::time(out, now, at);
        }
        (None, is_good) => {
            out.raw(if is_good { "until " } else { "ended " });
            format::time_with(out, life.expires_at, &format::day(life.expires_at));
        }
    }
    match life.used_at {
        Some(at) => {
            out.raw(", last used ");
            format::time(out, now.max(at), at);
        }
        None => {
            out.raw(", never used");
        }
    }
}

/// The button that ends it.
pub fn revoke(out: &mut Html, action: &str, id: &str, name: &str) {
    out.raw("<form method=\"post\"").attribute("action", action).raw("><button class=\"button\" name=\"id\"");
    out.attribute("value", id).raw(" type=\"submit\">Revoke<span class=\"visually-hidden\"> ").text(name);
    out.raw("</span></button></form>");
}
