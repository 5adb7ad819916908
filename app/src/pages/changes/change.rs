//! One change: what it does, how it stands, and what can be done about it.

use engine_docs::RenderOptions;
use leptos::server_fn::ServerFn;
use model::change::{Change, ChangeDetail, ChangeState};
use portal::identity::{Action, Resource, can};

use super::actions::{Close, Retry};
use super::list::host_link;
use super::{state_badge, state_word};
use crate::RequestContext;
use crate::address;
use crate::components::document::Nowhere;
use crate::components::form::act_on;
use crate::components::state::{Tone, notice};
use crate::components::{Icon, diff};
use crate::format;
use crate::html::Html;
use crate::pages::{Answer, Page, Parameters, Place};

pub async fn page(context: RequestContext, parameters: Parameters) -> Answer {
    let id = parameters.get("id");
    let detail = portal::changes::get(&context.portal, &context.actor, &id).await?;
    let may = can(&context.actor, Action::Propose, Resource::Anything).is_ok();
    let mut out = Html::new();
    header(&mut out, &context, &detail.change, may);
    standing(&mut out, &context, &detail.change);
    out.raw("<div class=\"with-facts\"><div>");
    if !detail.text.trim().is_empty() {
        let rendered = engine_docs::render(&detail.text, &RenderOptions { links: &Nowhere });
        out.raw("<article class=\"document change-text\">").add(&Html::trusted(rendered.html)).raw("</article>");
    }
    out.raw("<section class=\"section\"><div class=\"section-head\"><h2>Files<span class=\"count\">");
    out.plain(detail.edits.len()).raw("</span></h2></div>");
    diff::files(&mut out, &detail.edits, &detail.change.repository);
    out.raw("</section></div>");
    timeline(&mut out, context.now(), &detail);
    out.raw("</div>");
    Ok(Page::new(detail.change.title, Place::Changes, out).below("Changes", "/changes"))
}

fn header(out: &mut Html, context: &RequestContext, change: &Change, may: bool) {
    out.raw("<div class=\"thing-header\"><span class=\"glyph glyph-large hue-neutral\">");
    Icon::Pull.write(out);
    out.raw("</span><h1>").text(&change.title).raw(" ");
    state_badge(out, change.state);
    out.raw("</h1><div class=\"thing-actions change-actions\">");
    buttons(out, change, may);
    out.raw("</div><ul class=\"thing-meta\"><li>");
    Icon::Repository.write(out);
    out.link(&address::repository(&change.repository), "", &change.repository_name).raw("</li><li>");
    Icon::Commit.write(out);
    out.raw("<code>").text(&change.branch).raw("</code>");
    if let Some(base) = &change.base {
        out.raw(" for <code>").text(base).raw("</code>");
    }
    out.raw("</li>");
    if change.number.is_some() {
        out.raw("<li>pull request ").with(|out| host_link(out, change, "")).raw("</li>");
    }
    out.raw("<li>by ").text(&change.by).raw(", ");
    format::time(out, context.now(), change.created_at);
    out.raw("</li></ul></div>");
}

fn buttons(out: &mut Html, change: &Change, may: bool) {
    if may {
        let again = match change.state {
            ChangeState::Failed | ChangeState::Conflict | ChangeState::Closed => Some("Propose again"),
            ChangeState::Waiting if change.reason.is_some() => Some("Try now"),
            _ => None,
        };
        if let Some(label) = again.filter(|_| !change.closing) {
            act_on(out, Retry::PATH, &change.id, label);
        }
        if !matches!(change.state, ChangeState::Merged | ChangeState::Closed) && !change.closing {
            act_on(out, Close::PATH, &change.id, "Close");
        }
    }
    out.raw("<a class=\"button\" download")
        .attribute("href", &format!("{}/patch", address::change(&change.id)))
        .raw(">");
    Icon::Download.write(out);
    out.raw("Patch</a>");
    if let Some(url) = change.url.as_deref().filter(|url| url.starts_with("https://") || url.starts_with("http://")) {
        out.raw("<a class=\"button button-primary\" rel=\"noopener\"").attribute("href", url).raw(">");
        out.raw(if change.number.is_some() { "Open pull request" } else { "Make pull request" }).raw("</a>");
    }
}

/// Where it stands, in a sentence, and what to do.
fn standing(out: &mut Html, context: &RequestContext, change: &Change) {
    if change.closing {
        notice(out, Tone::Plain, |out| {
            out.raw("It is being closed. ").link(&context.path_and_query, "link", "Look again").raw(".");
        });
        return;
    }
    let tone = match change.state {
        ChangeState::Failed => Tone::Red,
        ChangeState::Conflict => Tone::Amber,
        _ => Tone::Plain,
    };
    match (change.state, &change.reason) {
        (ChangeState::Waiting | ChangeState::Proposing, None) => notice(out, Tone::Plain, |out| {
            out.raw("It is on its way. ").link(&context.path_and_query, "link", "Look again").raw(".");
        }),
        (ChangeState::Open, _) if change.url.is_none() => {
            notice(out, Tone::Plain, |out| {
                out.raw("The branch <code>").text(&change.branch).raw("</code> was pushed. Make a pull or merge request of it at its host; Slipway sees when it is merged.");
            })
        }
        (_, Some(reason)) => notice(out, tone, |out| {
            out.raw("<strong>").raw(state_word(change.state)).raw(".</strong> ").text(reason);
            if change.state == ChangeState::Waiting {
                out.raw(" It is tried again by itself.");
            }
            if let Some(origin) =
                change.origin.as_deref().and_then(address::own).filter(|_| change.state == ChangeState::Conflict)
            {
                out.raw(" ").link(origin, "link", "Make it again from what is there now").raw(".");
            }
        }),
        _ => {}
    }
}

fn timeline(out: &mut Html, now: i64, detail: &ChangeDetail) {
    out.raw("<aside class=\"facts-column\" aria-label=\"History\"><section><h2>History</h2><ol class=\"timeline\">");
    for event in detail.events.iter().rev() {
        out.raw("<li><span class=\"timeline-head\">");
        state_badge(out, event.state);
        out.raw(" <span class=\"quiet\">");
        format::time(out, now, event.at);
        out.raw("</span></span>");
        if let Some(note) = &event.note {
            out.raw("<p class=\"quiet\">").text(note).raw("</p>");
        }
        out.raw("</li>");
    }
    out.raw("</ol></section></aside>");
}
