//! One's own settings: time zone, where messages are sent, the views that are kept.

use leptos::prelude::*;
use leptos::server_fn::ServerFn;
use portal::identity::Person;
use portal::preferences::{self, View};

use crate::components::{Icon, state};
use crate::html::Html;
use crate::pages::{Answer, Page, Parameters, Place, finish};
use crate::{Error, Flash, RequestContext, format};

const PAGE: &str = "/me/settings";
const TITLE: &str = "Your settings";

pub async fn page(context: RequestContext, _: Parameters) -> Answer {
    let views = preferences::views(&context.portal, &context.actor).await?;
    let Some(person) = context.actor.person() else { return Err(portal::Error::not_found("Your settings")) };
    let mut out = Html::new();
    state::page_header(&mut out, TITLE, None, "They hold in every browser that you sign in with.", &Html::default());
    form(&mut out, &context, person);
    kept(&mut out, &views);
    Ok(Page::new(TITLE, Place::Elsewhere, out).below("Your account", "/me"))
}

fn form(out: &mut Html, context: &RequestContext, person: &Person) {
    let (chosen, inbox) = (&person.preferences, &context.portal.settings().inbox);
    out.raw("<form class=\"app-form\" method=\"post\"").attribute("action", Set::PATH).raw(">");
    out.raw(
        "<div class=\"field\"><label for=\"zone\">Time zone</label><input class=\"input\" id=\"zone\" name=\"zone\"",
    );
    out.raw(" list=\"zones\" autocomplete=\"off\" spellcheck=\"false\"").attribute("value", chosen.zone_name());
    out.raw("><datalist id=\"zones\">");
    for zone in preferences::time_zones() {
        out.raw("<option").attribute("value", &zone).raw(">");
    }
    out.raw("</datalist><p class=\"hint\">In which times are shown to you. Now it is there ");
    out.text(&format::clock(context.now(), &chosen.time_zone)).raw(".</p></div>");
    out.raw("<fieldset><legend>What comes to your inbox is also sent</legend>");
    let address = person.email.as_deref().filter(|_| person.email_verified);
    let mail = match (&inbox.mail, address) {
        (Some(_), Some(address)) => Ok(format!("By mail to {address}")),
        (Some(_), None) => Err("By mail: your provider says no address of yours that it has verified."),
        (None, _) => Err("By mail: an operator has to name a mail server first (mail.server)."),
    };
    choice(out, "mail", chosen.by_mail, mail);
    let webhook = match &inbox.webhook {
        Some(_) => Ok("To the company’s webhook".to_owned()),
        None => Err("To the company’s webhook: an operator has to name one first (inbox.webhook-url)."),
    };
    choice(out, "webhook", chosen.by_webhook, webhook);
    out.raw("</fieldset><div><button class=\"button button-primary\" type=\"submit\">Keep</button></div></form>");
}

/// A box to tick; one that cannot be is said, and keeps what was chosen.
fn choice(out: &mut Html, name: &'static str, chosen: bool, label: Result<String, &'static str>) {
    match label {
        Ok(label) => {
            out.raw("<label class=\"choice\"><input type=\"checkbox\" value=\"true\"").attribute("name", name);
            out.raw(if chosen { " checked>" } else { ">" }).raw("<span>").text(&label).raw("</span></label>");
        }
        Err(why) => {
            out.raw("<p class=\"hint\">").raw(why).raw("</p>");
            out.raw("<input type=\"hidden\"").attribute("name", name);
            out.raw(if chosen { " value=\"true\">" } else { " value=\"false\">" });
        }
    }
}

fn kept(out: &mut Html, views: &[View]) {
    out.raw("<section class=\"section\" id=\"views\"><h2>Saved views</h2>");
    if views.is_empty() {
        out.raw("<p class=\"quiet\">None yet: filter the ").link("/catalog", "link", "catalog");
        out.raw(" or the ").link("/repositories", "link", "repositories").raw(", and choose “Save view” there.</p>");
    } else {
        out.raw("<ul class=\"identity-devices\">");
        for view in views {
            out.raw("<li><div>");
            Icon::Bookmark.write(out);
            out.raw("<span>").link(&view.address(), "link breakable", &view.name);
            out.raw("<span class=\"quiet breakable\">").text(&view.address()).raw("</span></span></div>");
            out.raw("<form method=\"post\"").attribute("action", DeleteView::PATH);
            out.raw("><button class=\"button\" name=\"id\" type=\"submit\"").attribute("value", &view.id);
            out.raw(">Delete<span class=\"visually-hidden\"> ").text(&view.name).raw("</span></button></form></li>");
        }
        out.raw("</ul>");
    }
    out.raw("</section>");
}

#[server(prefix = "/actions", endpoint = "preferences/set")]
pub async fn set(
    #[server(default)] zone: String,
    #[server(default)] mail: bool,
    #[server(default)] webhook: bool,
) -> Result<(), Error> {
    let context = RequestContext::answered()?;
    let flash = match preferences::set(&context.portal, &context.actor, &zone, mail, webhook).await {
        Ok(()) => Flash::success("Your settings are kept."),
        Err(error) => Flash::error(Error::from(error).0),
    };
    finish(PAGE, &flash);
    Ok(())
}

#[server(prefix = "/actions", endpoint = "preferences/delete-view")]
pub async fn delete_view(#[server(default)] id: String) -> Result<(), Error> {
    let context = RequestContext::answered()?;
    let flash = match preferences::delete_view(&context.portal, &context.actor, &id).await {
        Ok(()) => Flash::success("The view is deleted."),
        Err(error) => Flash::error(Error::from(error).0),
    };
    finish(PAGE, &flash);
    Ok(())
}
