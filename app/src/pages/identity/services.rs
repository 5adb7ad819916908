//! Tokens of services, for administrators: listed, made, revoked. A token is shown once, on the page that the form leads to.

use leptos::prelude::*;
use leptos::server_fn::ServerFn;
use model::token::ServiceToken;
use portal::identity::service::{self, Reads, Scope, Wish};

use crate::components::state;
use crate::components::tokens::{self, Life};
use crate::html::Html;
use crate::pages::{Answer, Page, Parameters, Place, finish};
use crate::{Error, Flash, RequestContext};

const PAGE: &str = "/people/tokens";
const TITLE: &str = "Tokens of services";

pub async fn page(context: RequestContext, _: Parameters) -> Answer {
    let all = service::list(context.portal.db(), context.now(), &context.actor).await?;
    let mut out = Html::new();
    let about = "For programs that act in nobody’s name: Authorization: Bearer slipway_…. Each does what its scopes say, reads \
                 what it was given, and ends on its day. The command line makes them too: slipway token.";
    state::page_header(&mut out, TITLE, None, about, &Html::default());
    tokens::shown_once(&mut out, &context, "The new token");
    list(&mut out, context.now(), &all);
    form(&mut out);
    Ok(Page::new(TITLE, Place::People, out).below("People and teams", "/people"))
}

fn list(out: &mut Html, now: i64, all: &[ServiceToken]) {
    if all.is_empty() {
        let about = "A token lets a pipeline or another program ask the API, whoever comes and goes.";
        return state::empty(out, "No service has a token", about, None);
    }
    out.raw("<ul class=\"identity-devices\">");
    for token in all {
        let is_good = token.is_good(now);
        tokens::name(out, &token.name);
        out.text(&token.scopes.join(", ")).raw("; reads ").text(&token.reads).raw("; ");
        let (expires_at, revoked_at, used_at) = (token.expires_at, token.revoked_at, token.used_at);
        tokens::life(out, now, Life { expires_at, revoked_at, used_at, is_good });
        out.raw("</span><span class=\"quiet breakable\">").text(&token.owner).raw(" answers for it; made by ");
        out.text(&token.made_by).raw("</span></span></div>");
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
    let context = RequestContext::answered()?;
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
    let context = RequestContext::answered()?;
    let now = context.portal.clock().now();
    let flash = match service::revoke(context.portal.db(), now, &context.actor, &id).await {
        Ok(()) => Flash::success("The token is revoked; it opens nothing any more."),
        Err(error) => Flash::error(Error::from(error).0),
    };
    finish(PAGE, &flash);
    Ok(())
}
