//! Tokens of services, for administrators: listed, made, revoked. A token is shown once, on the page that the form leads to.

use leptos::prelude::*;
use leptos::server_fn::ServerFn;
use model::token::ServiceToken;
use portal::identity::service::{self, Reads, Scope, Wish};

use crate::components::{Icon, state};
use crate::html::Html;
use crate::pages::{Answer, Page, Parameters, Place, finish};
use crate::{Error, Flash, RequestContext, format};

const PAGE: &str = "/people/tokens";
const TITLE: &str = "Tokens of services";

pub async fn page(context: RequestContext, _: Parameters) -> Answer {
    let tokens = service::list(context.portal.db(), context.now(), &context.actor).await?;
    let mut out = Html::new();
    let about = "For programs that act in nobody’s name: Authorization: Bearer slipway_…. Each does what its scopes say, reads \
                 what it was given, and ends on its day. The command line makes them too: slipway token.";
    state::page_header(&mut out, TITLE, None, about, &Html::default());
    if let Some(token) = context.flash.as_ref().and_then(|flash| flash.secret()) {
        out.raw("<section class=\"section\"><h2>The new token</h2>");
        state::notice(&mut out, state::Tone::Amber, |out| {
            out.raw("Copy it now: it is shown this once, and only its digest is kept.");
        });
        state::command(&mut out, token);
        out.raw("</section>");
    }
    list(&mut out, context.now(), &tokens);
    form(&mut out);
    Ok(Page::new(TITLE, Place::People, out).below("People and teams", "/people"))
}

fn list(out: &mut Html, now: i64, tokens: &[ServiceToken]) {
    if tokens.is_empty() {
        let about = "A token lets a pipeline or another program ask the API, whoever comes and goes.";
        return state::empty(out, "No service has a token", about, None);
    }
    out.raw("<ul class=\"identity-devices\">");
    for token in tokens {
        out.raw("<li><div>");
        Icon::Terminal.write(out);
        out.raw("<span><strong class=\"breakable\">").text(&token.name).raw("</strong><span class=\"quiet\">");
        out.text(&token.scopes.join(", ")).raw("; reads ").text(&token.reads).raw("; ");
        match (token.revoked_at, token.is_good(now)) {
            (Some(at), _) => {
                out.raw("revoked ");
                format::time(out, now, at);
            }
            (None, false) => {
                out.raw("ended ");
                format::time_with(out, token.expires_at, &format::day(token.expires_at));
            }
            (None, true) => {
                out.raw("until ");
                format::time_with(out, token.expires_at, &format::day(token.expires_at));
            }
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
        out.raw("</span><span class=\"quiet breakable\">").text(&token.owner).raw(" answers for it; made by ");
        out.text(&token.made_by).raw("</span></span></div>");
        if token.is_good(now) {
            out.raw("<form method=\"post\"").attribute("action", Revoke::PATH);
            out.raw("><button class=\"button\" name=\"id\"").attribute("value", &token.id);
            out.raw(" type=\"submit\">Revoke<span class=\"visually-hidden\"> ").text(&token.name);
            out.raw("</span></button></form>");
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
        "<div class=\"field\"><label for=\"owner\">Who answers for it</label><input class=\"input\" id=\"owner\" \
             name=\"owner\" required maxlength=\"80\" autocomplete=\"off\" placeholder=\"group:platform\"></div>",
    );
    out.raw("<fieldset><legend>It may</legend>");
    for scope in Scope::ALL {
        out.raw("<label class=\"choice\"><input type=\"checkbox\" name=\"may[]\"").attribute("value", scope.as_str());
        out.raw(if scope == Scope::Read { " checked><span>" } else { "><span>" });
        out.raw(scope.about()).raw("</span></label>");
    }
    out.raw("</fieldset><div class=\"field\"><label for=\"reads\">It reads</label><select class=\"input\" id=\"reads\" name=\"reads\">");
    let all = [
        (Reads::Public, "what is public"),
        (Reads::SignedIn, "what everybody may who has signed in"),
        (Reads::Everything, "everything, also private repositories"),
    ];
    for (reads, label) in all {
        out.raw("<option").attribute("value", reads.as_str()).raw(">").raw(label).raw("</option>");
    }
    out.raw("</select></div><div class=\"field\"><label for=\"days\">For</label><select class=\"input\" id=\"days\" name=\"days\">");
    for (days, label) in [("30", "30 days"), ("90", "90 days"), ("366", "a year")] {
        out.raw("<option").attribute("value", days).raw(">").raw(label).raw("</option>");
    }
    out.raw("</select></div><div><button class=\"button button-primary\" type=\"submit\">Make it</button></div></form></section>");
}

#[server(prefix = "/actions", endpoint = "identity/service-token")]
pub async fn make(
    #[server(default)] name: String,
    #[server(default)] owner: String,
    #[server(default)] may: Vec<String>,
    #[server(default)] reads: String,
    #[server(default)] days: i64,
) -> Result<(), Error> {
    let context = RequestContext::current().ok_or_else(|| Error("There is no request to answer.".to_owned()))?;
    // A page of another version may name some that there are not.
    let scopes: Vec<Scope> = may.iter().filter_map(|word| Scope::parse(word)).collect();
    let made = match Reads::parse(&reads) {
        Some(reads) => {
            let wish = Wish { name: &name, owner: &owner, scopes: &scopes, reads, days };
            service::make(context.portal.db(), context.portal.clock().now(), &context.actor, &wish).await
        }
        None => Err(portal::Error::Conflict("A token reads public, signed-in or everything.".to_owned())),
    };
    let flash = match made {
        Ok((_, token)) => Flash::with_secret("The token is made.", token.expose()),
        Err(error) => Flash::error(Error::from(error).0),
    };
    finish(PAGE, &flash);
    Ok(())
}

#[server(prefix = "/actions", endpoint = "identity/revoke-service")]
pub async fn revoke(#[server(default)] id: String) -> Result<(), Error> {
    let context = RequestContext::current().ok_or_else(|| Error("There is no request to answer.".to_owned()))?;
    let now = context.portal.clock().now();
    let flash = match service::revoke(context.portal.db(), now, &context.actor, &id).await {
        Ok(()) => Flash::success("The token is revoked; it opens nothing any more."),
        Err(error) => Flash::error(Error::from(error).0),
    };
    finish(PAGE, &flash);
    Ok(())
}
