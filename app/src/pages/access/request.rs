//! One request, with everything that is needed to decide: who asks and why, what it opens, what they have already, and who
//! else has it.

use std::collections::{BTreeMap, BTreeSet};

use leptos::server_fn::ServerFn;
use model::EntityRef;
use model::access::{AccessAtom, AccessOffer, AccessRequest, AccessWaiting, Standing};
use portal::access::AccessFilter;

use super::actions::{Act, Decide};
use super::{atom_address, badge, flags, needs, sensitivity, span};
use crate::components::Icon;
use crate::components::form::text_area;
use crate::components::state::{Tone, notice};
use crate::html::Html;
use crate::pages::{Answer, Page, Parameters, Place};
use crate::{RequestContext, address, format};

/// Characters of what somebody says.
const LONGEST_REASON: u64 = 2_000;
/// Others that have the same scope.
const OTHERS: usize = 30;

pub async fn page(context: RequestContext, parameters: Parameters) -> Answer {
    let (portal, actor) = (&context.portal, &context.actor);
    let request = portal::access::request(portal, actor, &parameters.get("id")).await?;
    let offer = portal::access::offer(portal, actor, &request.api).await?;
    let mut out = Html::new();
    header(&mut out, &context, &request);
    if let Some(why) = &request.why_not {
        notice(&mut out, Tone::Plain, |out| {
            out.text(why);
        });
    }
    if let Some(doubt) = waiting_of(&request).find_map(|(_, waiting)| waiting.doubt.as_ref()) {
        notice(&mut out, Tone::Plain, |out| {
            out.raw("<b>Who wrote the change that asks is not certain.</b> ").text(doubt);
            out.raw(" Nobody who wrote it may approve it: look at the change before you do.");
        });
    }
    out.raw("<div class=\"with-facts\"><div>");
    atoms(&mut out, &context, &request, offer.as_ref());
    if request.may_decide {
        decide(&mut out, &request);
    }
    out.raw("</div><aside class=\"facts-column\" aria-label=\"For a decision\">");
    has_already(&mut out, &context, &request).await?;
    others(&mut out, &context, &request).await?;
    out.raw("</aside></div>");
    let title = format!("{} asks for {}", request.consumer.name, request.api.name);
    Ok(Page::new(title, Place::Access, out).below("Access", "/access"))
}

fn waiting_of(request: &AccessRequest) -> impl Iterator<Item = (&AccessAtom, &AccessWaiting)> {
    let waits = |atom| Some((atom, AccessAtom::waiting_for(atom, &request.id)?));
    request.atoms.iter().filter_map(waits)
}

fn header(out: &mut Html, context: &RequestContext, request: &AccessRequest) {
    let waiting = waiting_of(request).next().map(|(_, waiting)| waiting);
    let Some(first) = request.atoms.first() else { return };
    out.raw("<div class=\"thing-header\"><span class=\"glyph glyph-large hue-neutral\">");
    Icon::Key.write(out);
    out.raw("</span><h1><span>");
    out.link(&address::entity(&request.consumer), "", &request.consumer.name).raw(" asks for ");
    out.link(&address::entity(&request.api), "", &request.api.name).raw("</span></h1><div class=\"thing-actions\">");
    if request.may_withdraw {
        out.raw("<form method=\"post\"").attribute("action", Act::PATH);
        out.raw("><input type=\"hidden\" name=\"deed\" value=\"withdraw\"><input type=\"hidden\" name=\"back\"");
        out.attribute("value", &super::request_address(&request.id)).raw(">");
        for (number, (atom, _)) in waiting_of(request).enumerate() {
            out.raw("<input type=\"hidden\"").attribute("name", &format!("atoms[{number}]"));
            out.attribute("value", &atom.id).raw(">");
        }
        out.raw("<button type=\"submit\" class=\"button\">Take it back</button></form>");
    }
    let (by, at, why, ticket) = match waiting {
        Some(waiting) => (&waiting.requested_by, waiting.requested_at, &waiting.justification, &waiting.ticket),
        None => (&first.requested_by, first.requested_at, &first.justification, &first.ticket),
    };
    out.raw("</div>");
    if !why.is_empty() {
        out.raw("<p class=\"lede breakable\">").text(why).raw("</p>");
    }
    out.raw("<ul class=\"thing-meta\"><li><span>by ");
    super::people(out, by);
    out.raw(", ");
    format::time(out, context.now(), at);
    out.raw("</span></li>");
    if let Some(ticket) = ticket {
        out.raw("<li>ticket ").text(ticket).raw("</li>");
    }
    if let Some(waiting) = waiting {
        match &waiting.commit {
            Some(commit) => out.raw("<li>by its manifest at ").text(commit.get(..10).unwrap_or(commit)).raw("</li>"),
            None => out.raw("<li>asked for in the portal</li>"),
        };
        out.raw("<li><span>decided by ");
        format::time_with(out, waiting.lapses_at, &format::day(waiting.lapses_at));
        out.raw(", or it lapses</span></li>");
    }
    out.raw("</ul></div>");
}

fn atoms(out: &mut Html, context: &RequestContext, request: &AccessRequest, offer: Option<&AccessOffer>) {
    out.raw("<section class=\"section\"><div class=\"section-head\"><h2>What it opens</h2></div><ul class=\"asked\">");
    let mut by_scope: BTreeMap<&str, Vec<&AccessAtom>> = BTreeMap::new();
    for atom in &request.atoms {
        by_scope.entry(&atom.scope).or_default().push(atom);
    }
    for (scope, atoms) in by_scope {
        let known = offer.and_then(|offer| offer.scopes.iter().find(|known| known.name == scope));
        out.raw("<li><div class=\"asked-head\"><h3><code>").text(scope).raw("</code></h3>");
        if let Some(known) = known {
            sensitivity(out, &known.sensitivity);
        }
        out.raw("</div>");
        if let Some(known) = known {
            if !known.description.is_empty() {
                out.raw("<p>").text(&known.description).raw("</p>");
            }
            if let Some(since) = &known.deprecated {
                out.raw("<p class=\"quiet\">Deprecated since ").text(since);
                if let Some(instead) = &known.instead {
                    out.raw("; <code>").text(instead).raw("</code> takes its place");
                }
                out.raw(".</p>");
            }
            if !known.operations.is_empty() {
                out.raw("<p class=\"quiet\">");
                for (at, operation) in known.operations.iter().enumerate() {
                    out.raw(if at == 0 { "" } else { ", " }).raw("<code>").text(operation).raw("</code>");
                }
                out.raw("</p>");
            }
        }
        out.raw("<ul class=\"asked-atoms\">");
        for atom in atoms {
            one(out, context, request, atom);
        }
        out.raw("</ul></li>");
    }
    out.raw("</ul></section>");
}

fn one(out: &mut Html, context: &RequestContext, request: &AccessRequest, atom: &AccessAtom) {
    out.raw("<li>").link(&atom_address(&atom.id), "link", &atom.environment).raw(" ");
    match AccessAtom::waiting_for(atom, &request.id) {
        Some(waiting) => {
            out.raw("<span class=\"badge badge-amber\">waiting</span> <span class=\"quiet\">").plain(waiting.have);
            out.raw(" of ").plain(waiting.need).raw(" approvals; needs ");
            needs(out, &waiting.missing, request.owner.as_ref());
            out.raw("; ");
            match (waiting.until, &waiting.span) {
                (Some(until), _) => {
                    out.raw("until ");
                    format::time_with(out, until, &format::day(until));
                }
                (None, Some(span)) => {
                    out.raw("for ").text(span);
                }
                (None, None) => {
                    out.raw("for ").text(&waiting.longest).raw(", as long as the policy allows");
                }
            }
            out.raw("</span>");
            for vote in &waiting.votes {
                out.raw("<br>").text(&vote.by.name).raw(if vote.approves { " approves, " } else { " denies, " });
                format::time(out, context.now(), vote.at);
            }
        }
        None => {
            badge(out, atom.state);
            flags(out, atom);
            out.raw(" <span class=\"quiet\">");
            span(out, context.now(), atom);
            if !atom.approved_by.is_empty() && atom.state == Standing::Active {
                out.raw("; approved by ");
                super::people(out, &atom.approved_by.join(", "));
            }
            out.raw("</span>");
            if !atom.reason.is_empty() {
                out.raw("<br>").text(&atom.reason);
            }
        }
    }
    out.raw("</li>");
}

fn decide(out: &mut Html, request: &AccessRequest) {
    let waits: Vec<&AccessAtom> = waiting_of(request).map(|(atom, _)| atom).collect();
    out.raw("<section class=\"section\" id=\"decide\"><div class=\"section-head\"><h2>Decide</h2></div>");
    out.raw("<form method=\"post\" class=\"access-form\"").attribute("action", Decide::PATH);
    out.raw("><input type=\"hidden\" name=\"id\"").attribute("value", &request.id).raw(">");
    if waits.len() > 1 {
        out.raw("<input type=\"hidden\" name=\"choose\" value=\"some\"><fieldset><legend>About</legend>");
        for (number, atom) in waits.iter().enumerate() {
            out.raw("<label class=\"tick\"><input class=\"checkbox\" type=\"checkbox\" checked");
            out.attribute("name", &format!("atoms[{number}]")).attribute("value", &atom.id).raw("> <code>");
            out.text(&atom.scope).raw("</code> in ").text(&atom.environment).raw("</label>");
        }
        out.raw("</fieldset>");
    }
    out.raw("<div class=\"field\"><label for=\"reason\">Reason (to deny it, needed)</label>");
    text_area(out, "reason", 3, LONGEST_REASON, "");
    out.raw(
        "</div><div class=\"field\"><label for=\"until\">Only until (a day such as 2027-06-30, or a span such as 90d; ",
    );
    out.raw("empty as it was asked)</label><input class=\"input\" type=\"text\" id=\"until\" name=\"until\" ");
    out.raw("maxlength=\"20\" autocomplete=\"off\"></div><div class=\"launch-buttons\">");
    out.raw(
        "<button type=\"submit\" class=\"button button-primary\" name=\"decision\" value=\"approve\">Approve</button> ",
    );
    out.raw("<button type=\"submit\" class=\"button\" name=\"decision\" value=\"deny\">Deny</button></div></form></section>");
}

async fn has_already(out: &mut Html, context: &RequestContext, request: &AccessRequest) -> portal::Result<()> {
    let filter = AccessFilter {
        consumer: Some(request.consumer.clone()),
        api: Some(request.api.clone()),
        state: Some(Standing::Active),
        ..AccessFilter::default()
    };
    let (atoms, _) = portal::access::list(&context.portal, &context.actor, &filter, 1, OTHERS).await?;
    out.raw("<section><h2>It has already</h2>");
    if atoms.is_empty() {
        out.raw("<p class=\"quiet\">Nothing of this API.</p>");
    }
    out.raw("<ul class=\"plain-list\">");
    for atom in &atoms {
        out.raw("<li>")
            .link(&atom_address(&atom.id), "link", &atom.scope)
            .raw(" in ")
            .text(&atom.environment)
            .raw("</li>");
    }
    out.raw("</ul></section>");
    Ok(())
}

async fn others(out: &mut Html, context: &RequestContext, request: &AccessRequest) -> portal::Result<()> {
    let scopes: BTreeSet<&str> = request.atoms.iter().map(|atom| atom.scope.as_str()).collect();
    let mut holders: BTreeMap<EntityRef, BTreeSet<String>> = BTreeMap::new();
    for scope in scopes {
        let filter = AccessFilter {
            api: Some(request.api.clone()),
            scope: Some(scope.to_owned()),
            state: Some(Standing::Active),
            ..AccessFilter::default()
        };
        let (atoms, _) = portal::access::list(&context.portal, &context.actor, &filter, 1, OTHERS).await?;
        for atom in atoms.into_iter().filter(|atom| atom.consumer != request.consumer) {
            holders.entry(atom.consumer).or_default().insert(atom.scope);
        }
    }
    out.raw("<section><h2>Who else has it</h2>");
    if holders.is_empty() {
        out.raw("<p class=\"quiet\">Nobody.</p>");
    }
    out.raw("<ul class=\"plain-list\">");
    for (consumer, scopes) in &holders {
        out.raw("<li>").link(&address::entity(consumer), "link", &consumer.name).raw(" <span class=\"quiet\">");
        out.text(&scopes.iter().cloned().collect::<Vec<_>>().join(", ")).raw("</span></li>");
    }
    out.raw("</ul></section>");
    Ok(())
}
