//! One's own account: who that is, why, what it may do, and where it is signed in.

use leptos::prelude::*;
use leptos::server_fn::ServerFn;
use portal::identity::{self, Device, LOCAL, Person};

use super::sign_in::{PASSWORD_HINT, password_field};
use crate::components::{Icon, state};
use crate::html::Html;
use crate::pages::{Answer, Page, Parameters, Place, finish};
use crate::{Error, Flash, RequestContext, address, format};

const TITLE: &str = "Your account";
const PAGE: &str = "/me";

pub async fn page(context: RequestContext, _: Parameters) -> Answer {
    let cookie = context.session.as_ref().map(portal::secret::Secret::expose);
    let devices = identity::devices(&context.portal, &context.actor, cookie).await?;
    let Some(person) = context.actor.person() else { return Err(portal::Error::not_found("Your account")) };
    let mut out = Html::new();
    let mut actions = Html::new();
    actions.link("/me/settings", "button", "Settings");
    actions.link("/me/tokens", "button", "Tokens");
    actions.raw("<form method=\"post\" action=\"/actions/identity/sign-out\"><button class=\"button\" type=\"submit\">Sign out</button></form>");
    state::page_header(&mut out, &person.name, None, "", &actions);
    who(&mut out, person);
    groups(&mut out, person);
    signed_in(&mut out, context.now(), &devices);
    if person.provider == LOCAL {
        password(&mut out);
    }
    Ok(Page::new(TITLE, Place::Elsewhere, out))
}

fn who(out: &mut Html, person: &Person) {
    out.raw("<section class=\"section\"><h2>Who you are here</h2><dl class=\"facts\">");
    fact(out, "Signed in by", &person.provider);
    if let Some(email) = &person.email {
        fact(out, "Address", email);
    }
    out.raw("<div class=\"fact\"><dt>In the catalog</dt><dd>");
    match &person.user {
        Some(user) => {
            out.link(&address::entity(user), "link", &user.name).raw(" <span class=\"quiet\">").text(&person.linked)
        }
        None => out.raw("<span class=\"quiet\">Nobody. ").text(&person.linked),
    };
    out.raw("</span></dd></div>");
    let role = match (person.is_administrator, person.is_auditor) {
        (true, _) => "Administrator: reads everything, changes everything.",
        (_, true) => "Auditor: reads everything, the audit log included, and changes nothing.",
        _ => "Member: reads what the forge lets you read, and changes what you or your groups own.",
    };
    fact(out, "Role", role);
    out.raw("</dl></section>");
}

fn fact(out: &mut Html, name: &'static str, value: &str) {
    out.raw("<div class=\"fact\"><dt>").raw(name).raw("</dt><dd class=\"breakable\">").text(value).raw("</dd></div>");
}

fn groups(out: &mut Html, person: &Person) {
    out.raw("<section class=\"section\"><h2>Groups that give you rights</h2>");
    if person.groups.is_empty() {
        out.raw("<p class=\"quiet\">None. Groups count that the identity provider, the teams of the forge, or a source marked \
                 trusted say; what any other file says is shown and gives no right.</p>");
    } else {
        out.raw("<ul class=\"identity-groups\">");
        for (group, source) in &person.groups {
            out.raw("<li>").link(&address::entity(group), "link", &group.name).raw(" <span class=\"quiet\">");
            out.raw(source.as_str()).raw("</span></li>");
        }
        out.raw("</ul>");
    }
    let strange: Vec<&str> = person.provider_groups.iter().map(String::as_str).collect();
    if !strange.is_empty() {
        out.raw("<p class=\"quiet\">The provider says: ").text(&strange.join(", ")).raw(".</p>");
    }
    out.raw("</section>");
}

fn signed_in(out: &mut Html, now: i64, devices: &[Device]) {
    out.raw("<section class=\"section\"><h2>Signed in on these devices</h2><ul class=\"identity-devices\">");
    for device in devices {
        out.raw("<li><div>");
        Icon::Monitor.write(out);
        out.raw("<span><strong class=\"breakable\">")
            .text(browser(&device.agent))
            .raw("</strong><span class=\"quiet\">");
        out.text(&device.address).raw(", last used ");
        format::time(out, now.max(device.seen_at), device.seen_at);
        out.raw("</span></span></div>");
        if device.here {
            out.raw("<span class=\"tag\">This one</span>");
        } else {
            out.raw("<form method=\"post\"")
                .attribute("action", End::PATH)
                .raw("><button class=\"button\" name=\"id\"");
            out.attribute("value", &device.id).raw(" type=\"submit\">End</button></form>");
        }
        out.raw("</li>");
    }
    out.raw("</ul>");
    if devices.len() > 1 {
        out.raw("<form method=\"post\"").attribute("action", End::PATH);
        out.raw("><button class=\"button\" type=\"submit\">Sign out everywhere else</button></form>");
    }
    out.raw("</section>");
}

/// Of a local account.
fn password(out: &mut Html) {
    out.raw(
        "<section class=\"section\"><h2>Password</h2><form class=\"app-form\" method=\"post\" \
             action=\"/actions/identity/password\">",
    );
    password_field(out, ("current", "The one that you have"), "current-password", "");
    password_field(out, ("password", "A new one"), "new-password", PASSWORD_HINT);
    out.raw("<div><button class=\"button\" type=\"submit\">Change it</button></div></form></section>");
}

/// What a browser calls itself, as people call it.
fn browser(agent: &str) -> &str {
    const KNOWN: [(&str, &str); 6] = [
        ("Firefox/", "Firefox"),
        ("Edg/", "Edge"),
        ("OPR/", "Opera"),
        ("Chrome/", "Chrome or Chromium"),
        ("Safari/", "Safari"),
        ("curl/", "curl"),
    ];
    let known = KNOWN.iter().find(|(mark, _)| agent.contains(mark)).map(|(_, name)| *name);
    known.unwrap_or(if agent.is_empty() { "Unknown" } else { agent })
}

/// Ends one session, or all but this one.
#[server(prefix = "/actions", endpoint = "identity/end")]
pub async fn end(#[server(default)] id: String) -> Result<(), Error> {
    let context = RequestContext::answered()?;
    let (portal, actor) = (&context.portal, &context.actor);
    let cookie = context.session.as_ref().map(portal::secret::Secret::expose);
    let ended = match id.is_empty() {
        true => identity::end_others(portal, actor, cookie).await,
        false => identity::end(portal, actor, &id).await.map(|()| 1),
    };
    let flash = match ended {
        Ok(count) => Flash::success(format!("{} ended.", format::count(count as usize, "session is", "sessions are"))),
        Err(error) => Flash::error(Error::from(error).0),
    };
    finish(PAGE, &flash);
    Ok(())
}
