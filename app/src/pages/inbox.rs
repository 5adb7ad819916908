//! What somebody was told: the newest first, with what is unread marked, and where it was sent besides.

use leptos::prelude::*;
use leptos::server_fn::ServerFn;
use portal::inbox::{self, Delivery, DeliveryState, Told, Topic, Way, Which};

use crate::components::{Icon, state};
use crate::html::Html;
use crate::pages::{Answer, Page, Parameters, Place, access, finish};
use crate::{Error, Flash, RequestContext, address, format};

const TITLE: &str = "Inbox";
const PAGE: &str = "/inbox";
const SHOWN: u32 = 50;

pub async fn page(context: RequestContext, _: Parameters) -> Answer {
    let asked = address::pairs(context.query());
    let of = |key: &str| asked.iter().find(|(name, _)| name == key).map(|(_, value)| value.as_str());
    let (unread, before) = (of("show") == Some("unread"), of("before"));
    let mut messages = inbox::list(&context.portal, &context.actor, unread, before, SHOWN + 1).await?;
    let is_more = messages.len() > SHOWN as usize;
    messages.truncate(SHOWN as usize);
    let waiting = context.actor.person().map_or(0, |person| person.unread);
    let mut out = Html::new();
    let mut actions = Html::new();
    if waiting > 0 {
        actions.raw("<form method=\"post\"").attribute("action", Read::PATH);
        actions.raw("><button class=\"button\" type=\"submit\">Mark all as read</button></form>");
    }
    actions.link("/me/settings", "button", "Settings");
    let count = (waiting > 0).then(|| format!("{} unread", format::number(waiting as usize)));
    state::page_header(&mut out, TITLE, count.as_deref(), "", &actions);
    access::waits_for(&mut out, &context).await?;
    out.raw("<nav class=\"segments\" aria-label=\"Messages\">");
    for (address, label, current) in [(PAGE, "All", !unread), ("/inbox?show=unread", "Unread", unread)] {
        out.raw("<a").attribute("href", address).raw(if current { " aria-current=\"page\">" } else { ">" });
        out.raw(label).raw("</a>");
    }
    out.raw("</nav>");
    if messages.is_empty() {
        let text = "What becomes of your changes, what happens to what you have starred, and what concerns your account is told here.";
        state::empty(&mut out, if unread { "Nothing is unread" } else { "Nothing yet" }, text, None);
    } else {
        list(&mut out, context.now(), &messages);
    }
    if let Some(last) = messages.last().filter(|_| is_more) {
        let show = if unread { "show=unread&" } else { "" };
        out.raw("<div class=\"pager\">");
        out.link(&format!("{PAGE}?{show}before={}", address::value(&last.id)), "button", "Older").raw("</div>");
    }
    Ok(Page::new(TITLE, Place::Inbox, out))
}

fn list(out: &mut Html, now: i64, messages: &[Told]) {
    out.raw("<ul class=\"inbox\">");
    for told in messages {
        out.raw(if told.read_at.is_none() { "<li class=\"unread\">" } else { "<li>" });
        icon(told.topic).write(out);
        out.raw("<div>");
        if told.read_at.is_none() {
            out.raw("<span class=\"visually-hidden\">Unread: </span>");
        }
        out.link(&told.address, "inbox-title breakable", &told.title);
        if !told.text.is_empty() {
            out.raw("<p class=\"breakable\">").text(&told.text).raw("</p>");
        }
        out.raw("<p class=\"inbox-when\">");
        format::time(out, now, told.told_at);
        for delivery in &told.deliveries {
            out.raw(" · ");
            sent(out, delivery);
        }
        out.raw("</p></div>");
        if told.read_at.is_none() {
            out.raw("<form method=\"post\"").attribute("action", Read::PATH);
            out.raw("><button class=\"button\" name=\"id\" type=\"submit\"").attribute("value", &told.id);
            out.raw(">Mark as read<span class=\"visually-hidden\">: ").text(&told.title).raw("</span></button></form>");
        }
        out.raw("</li>");
    }
    out.raw("</ul>");
}

fn icon(topic: Topic) -> Icon {
    match topic {
        Topic::Change => Icon::Pull,
        Topic::Run => Icon::Template,
        Topic::Access => Icon::Key,
        Topic::Star => Icon::Star,
        Topic::Account => Icon::User,
    }
}

fn sent(out: &mut Html, delivery: &Delivery) {
    let way = match delivery.way {
        Way::Mail => "by mail",
        Way::Webhook => "to the webhook",
    };
    match (delivery.state, &delivery.reason) {
        (DeliveryState::Sent, _) => out.raw("sent ").raw(way),
        (DeliveryState::Failed, why) => {
            out.raw("<span class=\"level-error\">not sent ").raw(way).raw("</span>");
            out.raw(": ").text(why.as_deref().unwrap_or_default())
        }
        (DeliveryState::Waiting, None) => out.raw("is being sent ").raw(way),
        (DeliveryState::Waiting, Some(why)) => out.raw("is sent again ").raw(way).raw(" later (").text(why).raw(")"),
    };
}

/// Marks one message, or all, as read.
#[server(prefix = "/actions", endpoint = "inbox/read")]
pub async fn read(#[server(default)] id: String) -> Result<(), Error> {
    let context = RequestContext::answered()?;
    let which = if id.is_empty() { Which::All } else { Which::One(&id) };
    let flash = match inbox::mark_read(&context.portal, &context.actor, which).await {
        Ok(count) => {
            Flash::success(format!("{} marked as read.", format::count(count as usize, "message is", "messages are")))
        }
        Err(error) => Flash::error(Error::from(error).0),
    };
    finish(PAGE, &flash);
    Ok(())
}
