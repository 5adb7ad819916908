//! Everything that was ever asked for, as a list that can be narrowed.

use leptos::server_fn::ServerFn;
use model::access::{AccessAtom, Standing};
use portal::access::Deed;
use portal::identity::{Action, Resource, can};

use super::actions::Act;
use super::filter::{self, address};
use super::{atom_address, badge, flags, sensitivity, ways};
use crate::components::{Icon, pager, state};
use crate::html::Html;
use crate::pages::{Answer, Page, Parameters, Place};
use crate::{RequestContext, format};

const PER_PAGE: usize = 50;
const PAGE: &str = "/access/grants";

pub async fn page(context: RequestContext, _: Parameters) -> Answer {
    let (filter, page) = filter::read(context.query())?;
    let (atoms, total) = portal::access::list(&context.portal, &context.actor, &filter, page, PER_PAGE).await?;
    let total = usize::try_from(total).unwrap_or(usize::MAX);
    let mut out = Html::new();
    let mut actions = Html::new();
    actions.link("/access/new", "button button-primary", "Ask for access");
    let count = format::count(total, "entry", "entries");
    let about = "One entry: one component, one scope of one API, one environment.";
    state::page_header(&mut out, "Access", Some(&count), about, &actions);
    ways(&mut out, &context, PAGE).await?;
    filter::form(&mut out, &context, PAGE, &filter).await?;
    if atoms.is_empty() {
        state::empty(&mut out, "Nothing here", "Nothing of it was ever asked for, or not by what you may see.", None);
    } else {
        if filter.review_due && can(&context.actor, Action::DecideAccess, Resource::Anything).is_ok() {
            review(&mut out, context.now(), &atoms, &address(PAGE, &filter, page));
        } else {
            table(&mut out, context.now(), &atoms);
        }
        out.raw("<div class=\"pager\"><span>").text(&pager::range(page, PER_PAGE, total)).raw("</span>");
        pager::pager(&mut out, page, PER_PAGE, total, |page| address(PAGE, &filter, page));
        out.raw("</div>");
    }
    Ok(Page::new("All access", Place::Access, out).below("Access", "/access").following())
}

/// A table of atoms to tick, with what a review says of them. What one may not review is refused, and nothing is done then.
fn review(out: &mut Html, now: i64, atoms: &[AccessAtom], back: &str) {
    out.raw("<form method=\"post\"").attribute("action", Act::PATH).raw("><input type=\"hidden\" name=\"back\"");
    out.attribute("value", back).raw(">");
    rows(out, now, atoms, true);
    out.raw(
        "<div class=\"access-review\"><div class=\"field\"><label for=\"reason\">Reason (to revoke, needed)</label>",
    );
    out.raw("<input class=\"input\" type=\"text\" id=\"reason\" name=\"reason\" maxlength=\"2000\" autocomplete=\"off\"></div>");
    for (deed, class, label) in [
        (Deed::Recertify, "button button-primary", "The ticked are still needed"),
        (Deed::Revoke, "button", "Revoke the ticked"),
    ] {
        out.raw("<button type=\"submit\" name=\"deed\"").attribute("class", class).attribute("value", deed.as_str());
        out.raw(">").raw(label).raw("</button> ");
    }
    out.raw("</div></form>");
}

/// A table of atoms.
pub(super) fn table(out: &mut Html, now: i64, atoms: &[AccessAtom]) {
    rows(out, now, atoms, false);
}

fn rows(out: &mut Html, now: i64, atoms: &[AccessAtom], to_tick: bool) {
    out.raw("<table class=\"table table-list\"><caption class=\"visually-hidden\">Access</caption><thead><tr>");
    out.raw("<th scope=\"col\">Scope</th><th scope=\"col\">State</th><th scope=\"col\">Environment</th>");
    out.raw("<th scope=\"col\" class=\"number\">How long</th></tr></thead><tbody>");
    for (number, atom) in atoms.iter().enumerate() {
        out.raw("<tr><td><div class=\"row-name\">");
        if to_tick {
            let label = format!("{} of {} in {}", atom.scope, atom.consumer.name, atom.environment);
            out.raw("<input class=\"checkbox row-above\" type=\"checkbox\"").attribute("aria-label", &label);
            out.attribute("name", &format!("atoms[{number}]")).attribute("value", &atom.id).raw(">");
        }
        out.raw("<span class=\"glyph hue-neutral\">");
        Icon::Key.write(out);
        out.raw("</span><div class=\"row-text\"><div class=\"row-title\">");
        out.link(&atom_address(&atom.id), "row-link", &atom.scope);
        out.raw("<span class=\"row-type\">");
        sensitivity(out, &atom.sensitivity);
        out.raw("</span></div><div class=\"row-about\">").text(&atom.consumer.name).raw(" → ").text(&atom.api.name);
        out.raw("</div><div class=\"row-more\"><span>").text(&atom.environment).raw("</span>");
        standing(out, atom);
        out.raw("</div></div></div></td><td>");
        standing(out, atom);
        out.raw("</td><td>").text(&atom.environment).raw("</td><td class=\"number quiet\">");
        if let Some(ends) = atom.expires {
            out.raw(if ends > now { "until " } else { "ended " });
            format::time_with(out, ends, &format::day(ends));
        }
        out.raw("</td></tr>");
    }
    out.raw("</tbody></table>");
}

fn standing(out: &mut Html, atom: &AccessAtom) {
    out.raw("<span>");
    badge(out, atom.state);
    if atom.waiting.is_some() && atom.state != Standing::Pending {
        out.raw(" <span class=\"badge badge-amber\">more is asked for</span>");
    }
    flags(out, atom);
    out.raw("</span>");
}
