//! One's own tokens: listed, made, revoked. A token is shown once, on the page that the form leads to, and nowhere else.

use leptos::prelude::*;
use leptos::server_fn::ServerFn;
use portal::identity::{self, Scope, Token};

use crate::components::{Icon, state};
use crate::html::Html;
use crate::pages::{Answer, Page, Parameters, Place, finish};
use crate::{Error, Flash, RequestContext, format};

const PAGE: &str = "/me/tokens";
const TITLE: &str = "Your tokens";

pub async fn page(context: RequestContext, _: Parameters) -> Answer {
    let tokens = identity::tokens(&context.portal, &context.actor).await?;
    let mut out = Html::new();
    let about = "For the API and the command line, as you: Authorization: Bearer slipway_…. What it may do ends with its scope, its \
                 day, and with your account.";
    state::page_header(&mut out, TITLE, None, about, &Html::default());
    if let Some(token) = context.flash.as_ref().and_then(|flash| flash.secret()) {
        out.raw("<section class=\"section\"><h2>Your new token</h2>");
        state::notice(&mut out, state::Tone::Amber, |out| {
            out.raw("Copy it now: it is shown this once, and only its digest is kept.");
        });
        state::command(&mut out, token);
        out.raw("</section>");
    }
    list(&mut out, context.now(), &tokens);
    form(&mut out);
    Ok(Page::new(TITLE, Place::Elsewhere, out).below("Your account", "/me"))
}

fn list(out: &mut Html, now: i64, tokens: &[Token]) {
    if tokens.is_empty() {
        return state::empty(
            out,
            "No token yet",
            "A token lets a script or the command line do what you may do.",
            None,
        );
    }
    out.raw("<ul class=\"identity-devices\">");
    for token in tokens {
        let is_good = token.is_good(now);
        out.raw("<li><div>");
        Icon::Terminal.write(out);
        out.raw("<span><strong class=\"breakable\">").text(&token.name).raw("</strong><span class=\"quiet\">");
        out.raw(if token.scopes == Scope::Write.as_str() { "reads and changes, " } else { "reads, " });
        match (token.revoked_at, is_good) {
            (Some(at), _) => {
                out.raw("revoked ");
                format::time(out, now, at);
            }
            (None, false) => day(out, "ended ", token.expires_at),
            (None, true) => day(out, "until ", token.expires_at),
        }
        match token.used_at {
            Some(at) => {
                out.raw(", last used ");
                format::time(out, now.max(at), at);
            }
            None => {
                out.raw(", never used");
            }
        }
        out.raw("</span></span></div>");
        if is_good {
            out.raw("<form method=\"post\"")
                .attribute("action", Revoke::PATH)
                .raw("><button class=\"button\" name=\"id\"");
            out.attribute("value", &token.id)
                .raw(" type=\"submit\">Revoke<span class=\"visually-hidden\"> ")
                .text(&token.name);
            out.raw("</span></button></form>");
        }
        out.raw("</li>");
    }
    out.raw("</ul>");
}

fn day(out: &mut Html, word: &'static str, at: i64) {
    out.raw(word);
    format::time_with(out, at, &format::day(at));
}

fn form(out: &mut Html) {
    out.raw("<section class=\"section\"><h2>Make a token</h2><form class=\"app-form\" method=\"post\"");
    out.attribute("action", Make::PATH).raw("><div class=\"field\"><label for=\"name\">What it is for</label>");
    out.raw("<input class=\"input\" id=\"name\" name=\"name\" required maxlength=\"80\" autocomplete=\"off\"></div>");
    out.raw(
        "<div class=\"field\"><label for=\"scope\">It may</label><select class=\"input\" id=\"scope\" name=\"scope\">",
    );
    out.raw("<option value=\"read\">read</option><option value=\"write\">read and change</option></select></div>");
    out.raw("<div class=\"field\"><label for=\"days\">For</label><select class=\"input\" id=\"days\" name=\"days\">");
    for (days, label) in [("7", "7 days"), ("30", "30 days"), ("90", "90 days"), ("366", "a year")] {
        out.raw("<option")
            .attribute("value", days)
            .raw(if days == "30" { " selected>" } else { ">" })
            .raw(label)
            .raw("</option>");
    }
    out.raw("</select></div><div><button class=\"button button-primary\" type=\"submit\">Make it</button></div></form></section>");
}

#[server(prefix = "/actions", endpoint = "identity/token")]
pub async fn make(
    #[server(default)] name: String,
    #[server(default)] scope: String,
    #[server(default)] days: i64,
) -> Result<(), Error> {
    let context = RequestContext::current().ok_or_else(|| Error("There is no request to answer.".to_owned()))?;
    let made = match Scope::parse(&scope) {
        Some(scope) => identity::make_token(&context.portal, &context.actor, &name, scope, days).await,
        None => Err(portal::Error::Conflict("The scope is read or write.".to_owned())),
    };
    let flash = match made {
        Ok(token) => Flash::with_secret("The token is made.", token.expose()),
        Err(error) => Flash::error(Error::from(error).0),
    };
    finish(PAGE, &flash);
    Ok(())
}

#[server(prefix = "/actions", endpoint = "identity/revoke")]
pub async fn revoke(#[server(default)] id: String) -> Result<(), Error> {
    let context = RequestContext::current().ok_or_else(|| Error("There is no request to answer.".to_owned()))?;
    let flash = match identity::revoke_token(&context.portal, &context.actor, &id).await {
        Ok(()) => Flash::success("The token is revoked; it opens nothing any more."),
        Err(error) => Flash::error(Error::from(error).0),
    };
    finish(PAGE, &flash);
    Ok(())
}
