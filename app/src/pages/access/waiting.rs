//! What waits for people: first for whoever looks.

use leptos::server_fn::ServerFn;
use model::access::AccessRequest;

use super::actions::{ApproveAll, Decide};
use super::{needs, request_address, sensitivity, ways};
use crate::components::{Icon, state};
use crate::html::Html;
use crate::pages::{Answer, Page, Parameters, Place};
use crate::{RequestContext, address, format};

/// Requests that are shown at once; the oldest wait in front.
const SHOWN: usize = 100;
/// Atoms of one request that are shown here.
const LINES: usize = 6;

pub async fn page(context: RequestContext, _: Parameters) -> Answer {
    let requests = portal::access::waiting(&context.portal, &context.actor).await?;
    let own = requests.iter().filter(|request| request.may_decide).count();
    let mut out = Html::new();
    let mut actions = Html::new();
    actions.link("/access/new", "button button-primary", "Ask for access");
    let about = "Which components may use which APIs, who said so, and until when.";
    let count = (own > 0).then(|| format!("{} for you", format::number(own)));
    state::page_header(&mut out, "Access", count.as_deref(), about, &actions);
    ways(&mut out, &context, "/access").await?;
    if requests.is_empty() {
        let text = "Components say in access.yaml what they need, and APIs on what terms. What then needs somebody’s word waits here.";
        state::empty(&mut out, "Nothing waits", text, Some("slipway access validate"));
        return Ok(Page::new("Access", Place::Access, out).following());
    }
    let (mine, others): (Vec<_>, Vec<_>) = requests.iter().take(SHOWN).partition(|request| request.may_decide);
    section(&mut out, &context, "Waiting for you", &mine);
    together(&mut out, &mine);
    section(&mut out, &context, if mine.is_empty() { "Waiting" } else { "Waiting for others" }, &others);
    if requests.len() > SHOWN {
        out.raw("<p class=\"quiet\">")
            .text(&format::number(requests.len() - SHOWN))
            .raw(" more wait behind these.</p>");
    }
    Ok(Page::new("Access", Place::Access, out).following())
}

fn section(out: &mut Html, context: &RequestContext, title: &'static str, requests: &[&AccessRequest]) {
    if requests.is_empty() {
        return;
    }
    out.raw("<section class=\"section\"><div class=\"section-head\"><h2>")
        .raw(title)
        .raw("</h2></div><ul class=\"asked\">");
    for (number, request) in requests.iter().enumerate() {
        card(out, context, request, number);
    }
    out.raw("</ul></section>");
}

/// Those of which the card has a box to tick.
fn can_be_ticked(request: &AccessRequest) -> bool {
    request.may_decide && request.opens_little()
}

/// Approves all that are ticked; only what opens little can be.
fn together(out: &mut Html, mine: &[&AccessRequest]) {
    if mine.iter().filter(|request| can_be_ticked(request)).count() < 2 {
        return;
    }
    out.raw("<form method=\"post\" class=\"asked-together\" id=\"together\"").attribute("action", ApproveAll::PATH);
    out.raw("><button type=\"submit\" class=\"button\">Approve the ticked</button> <span class=\"quiet\">");
    out.raw("What is confidential or restricted is approved alone.</span></form>");
}

fn card(out: &mut Html, context: &RequestContext, request: &AccessRequest, number: usize) {
    let waiting = request.atoms.iter().filter_map(|atom| atom.waiting.as_ref()).next();
    let Some(first) = waiting else { return };
    out.raw("<li><div class=\"asked-head\"><span class=\"glyph hue-neutral\">");
    Icon::Key.write(out);
    out.raw("</span><h3>");
    out.link(&address::entity(&request.consumer), "", &request.consumer.name)
        .raw(" <span class=\"quiet\">asks for</span> ");
    out.link(&address::entity(&request.api), "", &request.api.name).raw("</h3><span class=\"quiet\">");
    super::people(out, &first.requested_by);
    out.raw(", ");
    format::time(out, context.now(), first.requested_at);
    out.raw("</span></div>");
    if !first.justification.is_empty() {
        out.raw("<p class=\"asked-why breakable\">").text(&first.justification).raw("</p>");
    }
    out.raw("<ul class=\"asked-atoms\">");
    for atom in request.atoms.iter().take(LINES) {
        out.raw("<li><code>").text(&atom.scope).raw("</code> in ").text(&atom.environment).raw(" ");
        if let Some(waiting) = &atom.waiting {
            sensitivity(out, &waiting.sensitivity);
            out.raw(" <span class=\"quiet\">");
            if waiting.have > 0 {
                out.plain(waiting.have).raw(" of ").plain(waiting.need).raw(" approvals; ");
            }
            out.raw("needs ");
            needs(out, &waiting.missing, request.owner.as_ref());
            out.raw("</span>");
        }
        out.raw("</li>");
    }
    if request.atoms.len() > LINES {
        out.raw("<li class=\"quiet\">and ").plain(request.atoms.len() - LINES).raw(" more</li>");
    }
    out.raw("</ul><div class=\"asked-act\">");
    if can_be_ticked(request) {
        out.raw("<input class=\"checkbox\" type=\"checkbox\" form=\"together\"");
        out.attribute("name", &format!("requests[{number}]"));
        let label = format!("Approve {} and {} with others", request.consumer.name, request.api.name);
        out.attribute("value", &request.id).attribute("aria-label", &label).raw("> ");
    }
    if request.may_decide {
        out.raw("<form method=\"post\"").attribute("action", Decide::PATH).raw("><input type=\"hidden\" name=\"id\"");
        out.attribute("value", &request.id).raw("><input type=\"hidden\" name=\"back\" value=\"/access\">");
        out.raw("<button type=\"submit\" class=\"button button-primary\" name=\"decision\" value=\"approve\">Approve");
        out.raw("<span class=\"visually-hidden\"> what ").text(&request.consumer.name).raw(" asks of ");
        out.text(&request.api.name).raw("</span></button></form> ");
    }
    out.raw("<a class=\"button\"").attribute("href", &request_address(&request.id)).raw(">");
    out.raw(if request.may_decide { "Look closer, or deny" } else { "Look closer" });
    out.raw("<span class=\"visually-hidden\">: ").text(&request.consumer.name).raw(" and ").text(&request.api.name);
    out.raw("</span></a></div></li>");
}
