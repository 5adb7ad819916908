//! One atom: how it stands, what can be done with it, and everything that happened to it.

use leptos::server_fn::ServerFn;
use model::access::{AccessHistory, AccessStep, Standing};

use super::actions::Act;
use super::{atom_address, badge, flags, needs, request_address, sensitivity, span};
use crate::components::Icon;
use crate::components::state::{Tone, notice};
use crate::html::Html;
use crate::pages::{Answer, Page, Parameters, Place};
use crate::{RequestContext, address, format};

/// What can be done, with what the button says.
const DEEDS: [(&str, &str); 6] = [
    ("ratify", "Ratify it"),
    ("recertify", "It is still needed"),
    ("resume", "Let it go on"),
    ("suspend", "Suspend it"),
    ("revoke", "Revoke it"),
    ("withdraw", "Give it up"),
];

pub async fn page(context: RequestContext, parameters: Parameters) -> Answer {
    let id = parameters.get("id");
    let history = portal::access::history(&context.portal, &context.actor, &id).await?;
    let mut out = Html::new();
    header(&mut out, &context, &history);
    if history.atom.flags.unratified {
        notice(&mut out, Tone::Amber, |out| {
            out.raw(
                "It was taken without asking: somebody who owns the API has to ratify it, or it ends after two days.",
            );
        });
    }
    out.raw("<div class=\"with-facts\"><div>");
    waits(&mut out, &history);
    out.raw(
        "<section class=\"section\"><div class=\"section-head\"><h2>What happened</h2></div><ol class=\"timeline\">",
    );
    for step in &history.steps {
        line(&mut out, &context, step);
    }
    out.raw("</ol></section></div><aside class=\"facts-column\" aria-label=\"What can be done\">");
    deeds(&mut out, &history);
    out.raw("</aside></div>");
    let atom = &history.atom;
    let title = format!("{} of {} in {}", atom.scope, atom.api.name, atom.environment);
    Ok(Page::new(title, Place::Access, out).below("Access", "/access").below("All", "/access/grants"))
}

fn header(out: &mut Html, context: &RequestContext, history: &AccessHistory) {
    let atom = &history.atom;
    out.raw("<div class=\"thing-header\"><span class=\"glyph glyph-large hue-neutral\">");
    Icon::Key.write(out);
    out.raw("</span><h1 class=\"breakable\"><code>").text(&atom.scope).raw("</code> ");
    badge(out, atom.state);
    flags(out, atom);
    out.raw("</h1><div class=\"thing-actions\"></div>");
    if !atom.justification.is_empty() {
        out.raw("<p class=\"lede breakable\">").text(&atom.justification).raw("</p>");
    }
    out.raw("<ul class=\"thing-meta\"><li>").link(&address::entity(&atom.consumer), "", &atom.consumer.name);
    let can_use = matches!(atom.state, Standing::Active | Standing::Scheduled);
    out.raw(if can_use { " may use " } else { " asked for " })
        .link(&address::entity(&atom.api), "", &atom.api.name)
        .raw("</li><li>in ")
        .text(&atom.environment);
    out.raw("</li><li>");
    sensitivity(out, &atom.sensitivity);
    out.raw("</li>");
    if atom.since.is_some() {
        out.raw("<li><span>");
        span(out, context.now(), atom);
        out.raw("</span></li>");
    }
    if !atom.approved_by.is_empty() {
        out.raw("<li><span>approved by ");
        super::people(out, &atom.approved_by.join(", "));
        out.raw("</span></li>");
    }
    if let Some(at) = atom.review_at {
        out.raw("<li>next review ");
        format::time_with(out, at, &format::day(at));
        out.raw("</li>");
    }
    out.raw("</ul></div>");
}

fn waits(out: &mut Html, history: &AccessHistory) {
    let Some(waiting) = &history.atom.waiting else { return };
    notice(out, Tone::Amber, |out| {
        if history.atom.state != Standing::Pending {
            out.raw("Something else is asked for besides. ");
        }
        out.link(&request_address(&waiting.request), "link", "The request waits").raw(" for ");
        needs(out, &waiting.missing, None);
        out.raw(".");
    });
}

fn line(out: &mut Html, context: &RequestContext, step: &AccessStep) {
    out.raw("<li><span class=\"timeline-head\"><strong>")
        .text(&format::capitalised(&step.what))
        .raw("</strong> <span class=\"quiet\">by ");
    super::people(out, &step.by);
    out.raw(", ");
    format::time(out, context.now(), step.at);
    out.raw("</span></span><p class=\"quiet\">");
    out.link(&request_address(&step.request), "link", "Request").raw(" · then ").text(&step.to);
    if let Some(commit) = &step.commit {
        out.raw(" · manifest at ").text(commit.get(..10).unwrap_or(commit));
    }
    out.raw("</p>");
    if !step.reason.is_empty() {
        out.raw("<p class=\"breakable\">").text(&step.reason).raw("</p>");
    }
    out.raw("</li>");
}

/// One form: a reason, and a button for each thing that whoever looks may do.
fn deeds(out: &mut Html, history: &AccessHistory) {
    let may: Vec<(&str, &str)> =
        DEEDS.into_iter().filter(|(deed, _)| history.may.iter().any(|may| may == deed)).collect();
    if may.is_empty() {
        return;
    }
    let id = &history.atom.id;
    out.raw("<section><h2>What you can do</h2><form method=\"post\" class=\"access-form\"");
    out.attribute("action", Act::PATH).raw("><input type=\"hidden\" name=\"atoms[0]\"").attribute("value", id);
    out.raw("><input type=\"hidden\" name=\"back\"").attribute("value", &atom_address(id));
    out.raw("><div class=\"field\"><label for=\"reason\">Reason (to end or suspend it, needed)</label><input class=\"input\" ");
    out.raw("type=\"text\" id=\"reason\" name=\"reason\" maxlength=\"2000\" autocomplete=\"off\"></div><div class=\"launch-buttons\">");
    for (deed, label) in may {
        out.raw("<button type=\"submit\" class=\"button\" name=\"deed\"").attribute("value", deed).raw(">").text(label);
        out.raw("</button> ");
    }
    out.raw("</div></form></section>");
}
