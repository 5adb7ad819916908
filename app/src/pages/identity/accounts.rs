//! Who has an account here, for administrators: where it comes from, when it was used, and how to end that.

use leptos::prelude::*;
use leptos::server_fn::ServerFn;
use portal::identity::{self, AccountView};

use crate::components::{Icon, state};
use crate::html::Html;
use crate::pages::{Answer, Page, Parameters, Place, finish};
use crate::{Error, Flash, RequestContext, address, format};

const PAGE: &str = "/people/accounts";
const TITLE: &str = "Accounts";
const SHOWN: u32 = 200;

pub async fn page(context: RequestContext, _: Parameters) -> Answer {
    let asked = address::pairs(context.query());
    let text = asked.iter().find(|(name, _)| name == "q").map_or("", |(_, value)| value.as_str());
    let accounts = identity::accounts(&context.portal, &context.actor, text, SHOWN).await?;
    let mut out = Html::new();
    let about = "Everybody who has ever signed in. A disabled account has no sessions and no tokens, and nobody signs in with it.";
    state::page_header(&mut out, TITLE, None, about, &Html::default());
    out.raw("<form class=\"filter-bar\" action=\"/people/accounts\" method=\"get\"><div class=\"search-box\">");
    Icon::Search.write(&mut out);
    out.raw("<label class=\"visually-hidden\" for=\"filter\">Filter by name or address</label>");
    out.raw("<input class=\"search-input\" id=\"filter\" type=\"search\" name=\"q\" placeholder=\"Filter by name or address\"");
    out.attribute("value", text).raw("></div><button class=\"button\" type=\"submit\">Apply</button></form>");
    if accounts.is_empty() {
        let nobody = if text.is_empty() { "Nobody has an account yet" } else { "Nobody is called so" };
        state::empty(&mut out, nobody, "Accounts are made when somebody signs in.", None);
    } else {
        list(&mut out, &context, &accounts);
    }
    if accounts.len() == SHOWN as usize {
        out.raw("<p class=\"quiet\">The first ").plain(accounts.len()).raw(" are shown: filter by a name.</p>");
    }
    Ok(Page::new(TITLE, Place::People, out).below("People and teams", "/people"))
}

fn list(out: &mut Html, context: &RequestContext, accounts: &[AccountView]) {
    let now = context.now();
    out.raw("<ul class=\"identity-devices\">");
    for account in accounts {
        out.raw("<li><div>");
        Icon::User.write(out);
        out.raw("<span><strong class=\"breakable\">").text(&account.name).raw("</strong>");
        if account.disabled_at.is_some() {
            out.raw(" <span class=\"badge\">disabled</span>");
        }
        out.raw("<span class=\"quiet breakable\">").text(account.email.as_deref().unwrap_or(&account.subject));
        out.raw(" · ").text(&account.provider).raw(" · ");
        out.text(&format::count(account.sessions.unsigned_abs(), "session", "sessions")).raw(", ");
        out.text(&format::count(account.tokens.unsigned_abs(), "token", "tokens")).raw(" · vouched for ");
        format::time(out, now.max(account.vouched_at), account.vouched_at);
        if let Some(at) = account.seen_at {
            out.raw(", used ");
            format::time(out, now.max(at), at);
        }
        out.raw("</span></span></div>");
        let is_own = context.actor.account() == Some(account.id.as_str());
        if !is_own {
            buttons(out, account);
        } else {
            out.raw("<span class=\"tag\">You</span>");
        }
        out.raw("</li>");
    }
    out.raw("</ul>");
}

fn buttons(out: &mut Html, account: &AccountView) {
    out.raw("<form class=\"button-row\" method=\"post\"").attribute("action", Decide::PATH).raw(">");
    out.raw("<input type=\"hidden\" name=\"id\"").attribute("value", &account.id).raw(">");
    let mut button = |what: &'static str, label: &'static str| {
        out.raw("<button class=\"button\" type=\"submit\" name=\"what\"").attribute("value", what).raw(">").raw(label);
        out.raw("<span class=\"visually-hidden\"> ").text(&account.name).raw("</span></button>");
    };
    if account.sessions > 0 {
        button("end", "Sign out");
    }
    match account.disabled_at {
        None => button("disable", "Disable"),
        Some(_) => button("enable", "Enable"),
    }
    out.raw("</form>");
}

/// Disables or enables an account, or ends its sessions.
#[server(prefix = "/actions", endpoint = "identity/account")]
pub async fn decide(#[server(default)] id: String, #[server(default)] what: String) -> Result<(), Error> {
    let context = RequestContext::answered()?;
    let (portal, actor) = (&context.portal, &context.actor);
    let decided = match what.as_str() {
        "disable" => identity::disable(portal, actor, &id).await.map(|()| "The account is disabled.".to_owned()),
        "enable" => identity::enable(portal, actor, &id).await.map(|()| "The account can sign in again.".to_owned()),
        "end" => identity::end_all(portal, actor, &id)
            .await
            .map(|ended| format!("{} ended.", format::count(ended, "session is", "sessions are"))),
        _ => Err(portal::Error::Conflict("Nothing was chosen.".to_owned())),
    };
    let flash = match decided {
        Ok(said) => Flash::success(said),
        Err(error) => Flash::error(Error::from(error).0),
    };
    finish(PAGE, &flash);
    Ok(())
}
