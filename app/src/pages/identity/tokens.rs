//! One's own tokens: listed, made, revoked. A token is shown once, on the page that the form leads to, and nowhere else.

use leptos::prelude::*;
use leptos::server_fn::ServerFn;
use portal::identity::{self, Scope, Token};

use crate::components::state;
use crate::components::tokens::{self, Life};
use crate::html::Html;
use crate::pages::{Answer, Page, Parameters, Place, finish};
use crate::{Error, Flash, RequestContext};

const PAGE: &str = "/me/tokens";
const TITLE: &str = "Your tokens";

pub async fn page(context: RequestContext, _: Parameters) -> Answer {
    let all = identity::tokens(&context.portal, &context.actor).await?;
    let mut out = Html::new();
    let about = "For the API and the command line, as you: Authorization: Bearer slipway_…. What it may do ends with its scope, its \
                 day, and with your account.";
    state::page_header(&mut out, TITLE, None, about, &Html::default());
    tokens::shown_once(&mut out, &context, "Your new token");
    list(&mut out, context.now(), &all);
    form(&mut out);
    Ok(Page::new(TITLE, Place::Elsewhere, out).below("Your account", "/me"))
}

fn list(out: &mut Html, now: i64, all: &[Token]) {
    if all.is_empty() {
        return state::empty(
            out,
            "No token yet",
            "A token lets a script or the command line do what you may do.",
            None,
        );
    }
    out.raw("<ul class=\"identity-devices\">");
    for token in all {
        let is_good = token.is_good(now);
        tokens::name(out, &token.name);
        out.raw(if token.scopes == Scope::Write.as_str() { "reads and changes, " } else { "reads, " });
        let (expires_at, revoked_at, used_at) = (token.expires_at, token.revoked_at, token.used_at);
        tokens::life(out, now, Life { expires_at, revoked_at, used_at, is_good });
        out.raw("</span></span></div>");
        if is_good {
            tokens::revoke(out, Revoke::PATH, &token.id, &token.name);
        }
        out.raw("</li>");
    }
    out.raw("</ul>");
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
    let context = RequestContext::answered()?;
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
    let context = RequestContext::answered()?;
    let flash = match identity::revoke_token(&context.portal, &context.actor, &id).await {
        Ok(()) => Flash::success("The token is revoked; it opens nothing any more."),
        Err(error) => Flash::error(Error::from(error).0),
    };
    finish(PAGE, &flash);
    Ok(())
}
