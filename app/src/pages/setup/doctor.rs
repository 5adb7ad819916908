//! Feature by feature: what is needed, whether it is there, and what is off without it.

use http::HeaderValue;
use leptos::prelude::*;
use leptos::server_fn::ServerFn;
use leptos_axum::ResponseOptions;
use portal::sources::doctor::{Check as Looked, Examined, Group, Report, State};

use super::{SETUP, away, snippet};
use crate::components::form::look_again;
use crate::components::state::Tone;
use crate::components::{Icon, state};
use crate::html::Html;
use crate::pages::{Answer, Page, Parameters, Place, finish};
use crate::{Error, Flash, RequestContext, format};

const TITLE: &str = "Set-up";

/// Seconds after which a page that waits for a look asks again, by itself and without a script.
const AGAIN: HeaderValue = HeaderValue::from_static("2");

pub async fn page(context: RequestContext, _: Parameters) -> Answer {
    let examined = portal::sources::doctor::latest(&context.portal, &context.actor).await?;
    let mut out = Html::new();
    let mut actions = Html::new();
    let label = if examined.reports.is_empty() { "Check now" } else { "Check again" };
    look_again(&mut actions, Check::PATH, None, "button button-primary", label);
    actions.raw("<a class=\"button\" href=\"/sources/github-app\">Make a GitHub App</a>");
    let about = "What Slipway needs from each source, whether it is there, and what is off without it. \
                 On a terminal, slipway doctor says the same.";
    state::page_header(&mut out, TITLE, None, about, &actions);
    if examined.running.is_some() {
        running(&mut out, &examined);
    }
    if examined.reports.is_empty() && examined.running.is_none() {
        state::empty(
            &mut out,
            "Nobody has looked yet",
            "A check takes a few seconds, at most twenty. It asks each source what it lets us see, and changes nothing. \
             Press “Check now”, or ask on a terminal:",
            Some("slipway doctor"),
        );
    }
    for report in &examined.reports {
        section(&mut out, context.now(), report);
    }
    Ok(Page::new(TITLE, Place::Sources, out).below("Sources and sync", "/sources"))
}

fn running(out: &mut Html, examined: &Examined) {
    if let Some(response) = use_context::<ResponseOptions>() {
        response.insert_header(http::header::REFRESH, AGAIN);
    }
    let below = if examined.reports.is_empty() { "" } else { " Below is what was found before." };
    state::notice(out, Tone::Plain, |out| {
        out.raw("<span role=\"status\">Looking at the set-up; the result is here in a moment.")
            .text(below)
            .raw("</span> ");
        out.link(SETUP, "link", "Look again");
    });
}

/// The part of the page about one source.
pub fn anchor(source: Option<&str>) -> String {
    source.map_or_else(|| "slipway".to_owned(), |name| format!("source-{name}"))
}

fn section(out: &mut Html, now: i64, report: &Report) {
    let source = report.source.as_deref();
    out.raw("<section class=\"section setup\"").attribute("id", &anchor(source));
    out.attribute("aria-label", source.unwrap_or("Slipway"))
        .raw("><div class=\"setup-head\"><span class=\"glyph hue-teal\">");
    let icon = match report.kind.as_str() {
        "folder" => Icon::Folder,
        "slipway" => Icon::Server,
        _ => Icon::Cloud,
    };
    icon.write(out);
    out.raw("</span><div><h2>").text(source.unwrap_or("Slipway itself"));
    tally(out, report);
    out.raw("</h2><p class=\"where\">")
        .text(&report.location)
        .raw("</p></div><div class=\"setup-when\"><span>Looked at ");
    format::time(out, now, report.checked_at);
    out.raw(", took ").text(&format::duration(report.took)).raw("</span>");
    if source.is_some() {
        look_again(out, Check::PATH, source, "button button-plain", "Check");
    }
    out.raw("</div></div>");
    if report.is_old {
        state::notice(out, Tone::Amber, |out| {
            out.raw("The configuration has changed since: this is what was found before. Check again.");
        });
    }
    for group in Group::ALL {
        let checks: Vec<&Looked> = report.checks.iter().filter(|check| check.group == group).collect();
        if checks.is_empty() {
            continue;
        }
        out.raw("<h3 class=\"setup-group\">").raw(group.title()).raw("</h3><ul class=\"checks\">");
        checks.into_iter().for_each(|check| row(out, check));
        out.raw("</ul>");
    }
    out.raw("</section>");
}

/// How it stands, in a word or two.
pub fn tally(out: &mut Html, report: &Report) {
    let count = |state| u64::try_from(report.count(state)).unwrap_or_default();
    let (missing, unknown) = (count(State::Missing), count(State::Unknown));
    if missing > 0 {
        out.raw(" <span class=\"badge badge-red\">")
            .text(&format!("{} missing", format::number(missing)))
            .raw("</span>");
    } else if unknown == 0 {
        out.raw(" <span class=\"badge badge-green\">all there</span>");
    }
    if unknown > 0 {
        out.raw(" <span class=\"badge badge-amber\">")
            .text(&format!("{} unknown", format::number(unknown)))
            .raw("</span>");
    }
}

fn row(out: &mut Html, check: &Looked) {
    let (class, icon, word) = match check.state {
        State::Ok => ("check check-ok", Icon::CircleCheck, "There"),
        State::Missing => ("check check-missing", Icon::CircleX, "Missing"),
        State::Off => ("check check-off", Icon::Info, "Off"),
        State::Unknown => ("check check-unknown", Icon::Question, "Unknown"),
        State::NotApplicable => ("check check-nothing", Icon::Check, "Not applicable"),
    };
    out.raw("<li").attribute("class", class).raw("><span class=\"check-mark\">");
    match check.state {
        State::NotApplicable => {
            out.raw("<span aria-hidden=\"true\">–</span>");
        }
        _ => icon.write(out),
    }
    out.raw("<span class=\"visually-hidden\">").raw(word).raw(": </span></span><div class=\"check-name\"><strong>");
    out.text(&check.title).raw("</strong><span class=\"check-needs\">").text(&check.needs).raw("</span></div>");
    out.raw("<div class=\"check-found\"><p>").text(&check.found).raw("</p>");
    if matches!(check.state, State::Missing | State::Off | State::Unknown) {
        out.raw("<p class=\"check-without\"><span>Without it:</span> ").text(&check.without).raw("</p>");
    }
    if let Some(help) = &check.help {
        out.raw("<p class=\"check-do\"><span>What to do:</span> ").text(&help.text).raw("</p>");
        if let Some(command) = &help.command {
            snippet(out, "To copy", command);
        }
        match help.link.as_deref() {
            Some(link) if crate::address::own(link).is_some() => {
                out.raw("<p>").link(link, "button", "Make a GitHub App").raw("</p>");
            }
            // An address that the forge gave is only followed where it leads to a page.
            Some(link) if link.starts_with("https://") || link.starts_with("http://") => {
                let host = link.split('/').nth(2).unwrap_or("the forge");
                out.raw("<p>").with(|out| away(out, link, &format!("Open at {host}"))).raw("</p>");
            }
            _ => {}
        }
    }
    out.raw("</div></li>");
}

/// Starts a look at one source or all, or joins the one that waits, and shows what is known meanwhile.
#[server(prefix = "/actions", endpoint = "sources/doctor")]
pub async fn check(#[server(default)] source: String) -> Result<(), Error> {
    let context = RequestContext::answered()?;
    let source = Some(source.as_str()).filter(|source| !source.is_empty());
    match portal::sources::doctor::check(&context.portal, &context.actor, source).await {
        Ok(_) => leptos_axum::redirect(SETUP),
        Err(error) => finish(SETUP, &Flash::error(Error::from(error).0)),
    }
    Ok(())
}
