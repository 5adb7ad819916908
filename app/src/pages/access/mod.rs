//! Access between services: what waits, who has what, one request, one atom's history, the form that asks.

mod actions;
mod ask;
mod coverage;
mod filter;
mod grants;
mod history;
mod matrix;
mod of_entity;
mod report;
mod request;
mod waiting;

use model::access::{AccessAtom, AccessNeed, Standing};
use portal::identity::{Action, Resource, can};

pub use ask::page as ask;
pub use coverage::page as coverage;
pub use grants::page as grants;
pub use history::page as history;
pub use matrix::page as matrix;
pub use of_entity::section as of_entity;
pub use report::page as report;
pub use request::page as request;
pub use waiting::page as waiting;

use crate::components::segments::segment;
use crate::components::state::{Tone, notice};
use crate::html::Html;
use crate::{RequestContext, address, format};

/// The badge of a state.
fn badge(out: &mut Html, state: Standing) {
    let class = match state {
        Standing::Active => "badge badge-green",
        Standing::Scheduled => "badge badge-accent",
        Standing::Pending => "badge badge-amber",
        Standing::Denied | Standing::Expired | Standing::Revoked | Standing::Suspended => "badge badge-red",
        Standing::Missing => "badge",
    };
    out.raw("<span").attribute("class", class).raw(">").raw(word(state)).raw("</span>");
}

/// A state, as people call it.
fn word(state: Standing) -> &'static str {
    match state {
        Standing::Active => "granted",
        Standing::Scheduled => "from a later day",
        Standing::Pending => "waiting",
        Standing::Denied => "denied",
        Standing::Expired => "expired",
        Standing::Revoked => "revoked",
        Standing::Suspended => "suspended",
        Standing::Missing => "no longer asked for",
    }
}

/// What else there is to know of a grant.
fn flags(out: &mut Html, atom: &AccessAtom) {
    let marks = [
        (atom.flags.break_glass, "badge badge-amber", "taken without asking"),
        (atom.flags.unratified, "badge badge-red", "to be ratified"),
        (atom.flags.review_due, "badge badge-amber", "review due"),
        (atom.flags.expiring, "badge badge-amber", "ends soon"),
        (atom.flags.imported, "badge badge-outline", "imported"),
    ];
    for (_, class, label) in marks.into_iter().filter(|(holds, ..)| *holds) {
        out.raw(" <span").attribute("class", class).raw(">").raw(label).raw("</span>");
    }
}

/// How much harm a scope can do.
fn sensitivity(out: &mut Html, word: &str) {
    let class = match word {
        "restricted" => "badge badge-red",
        "confidential" => "badge badge-amber",
        _ => "badge badge-outline",
    };
    out.raw("<span").attribute("class", class).raw(">").text(word).raw("</span>");
}

/// Of whom so many have to approve.
fn needs(out: &mut Html, needs: &[AccessNeed], owner: Option<&model::EntityRef>) {
    for (at, need) in needs.iter().enumerate() {
        out.raw(if at == 0 { "" } else { " and " }).plain(need.count).raw(" of ");
        match (need.from.as_str(), owner, need.from.parse::<model::EntityRef>()) {
            ("owner", Some(owner), _) => out.link(&address::entity(owner), "link", &owner.short()),
            ("owner", None, _) => out.raw("its owner"),
            (_, _, Ok(group)) => out.link(&address::entity(&group), "link", &group.short()),
            (other, ..) => out.text(other),
        };
    }
}

/// Says on other pages how much waits for whoever looks, if anything does.
pub async fn waits_for(out: &mut Html, context: &RequestContext) -> portal::Result<()> {
    let waiting = portal::access::waiting_for(&context.portal, &context.actor).await?;
    if waiting > 0 {
        notice(out, Tone::Amber, |out| {
            let label = format::count(waiting, "request for access waits", "requests for access wait");
            out.link("/access", "link", &format!("{label} for you")).raw(".");
        });
    }
    Ok(())
}

/// The page of an atom.
fn atom_address(id: &str) -> String {
    format!("/access/{}", address::segment(id))
}

/// The page of a request.
fn request_address(id: &str) -> String {
    format!("/access/requests/{}", address::segment(id))
}

/// The form that asks for access.
pub fn ask_address(consumer: Option<&model::EntityRef>, api: Option<&model::EntityRef>) -> String {
    let pairs = [("consumer", consumer), ("api", api)];
    let pairs: Vec<(&'static str, String)> =
        pairs.into_iter().filter_map(|(key, value)| Some((key, value?.to_string()))).collect();
    address::of_pairs("/access/new", pairs.iter())
}

/// The ways to look at all of it.
async fn ways(out: &mut Html, context: &RequestContext, current: &'static str) -> portal::Result<()> {
    let (portal, actor) = (&context.portal, &context.actor);
    let waiting = portal::access::count_waiting(portal, actor).await?;
    out.raw("<nav class=\"segments\" aria-label=\"Ways to look at access\">");
    segment(out, "/access", "Waiting", usize::try_from(waiting).unwrap_or(usize::MAX), current == "/access");
    let sees_all = can(actor, Action::Audit, Resource::Anything).is_ok();
    let others = [
        ("/access/grants", "All", true),
        ("/access/matrix", "Matrix", true),
        ("/access/coverage", "Calls without a grant", true),
        ("/access/report", "Report of a day", sees_all),
    ];
    for (address, label, _) in others.into_iter().filter(|(.., shown)| *shown) {
        out.raw("<a").attribute("href", address).raw(if current == address { " aria-current=\"true\">" } else { ">" });
        out.raw(label).raw("</a>");
    }
    out.raw("</nav>");
    Ok(())
}

/// People and others as the audit log writes them, users by their names.
fn people(out: &mut Html, names: &str) {
    for (at, name) in names.split(", ").enumerate() {
        out.raw(if at == 0 { "" } else { ", " });
        match name.parse::<model::EntityRef>() {
            Ok(user) if user.kind == "user" => out.link(&address::entity(&user), "", &user.name),
            _ => out.text(name),
        };
    }
}

/// From when to when.
fn span(out: &mut Html, now: i64, atom: &AccessAtom) {
    if let Some(since) = atom.since {
        out.raw("since ");
        format::time(out, now, since);
    }
    if let Some(ends) = atom.expires {
        out.raw(if atom.since.is_some() { ", " } else { "" });
        out.raw(if ends > now { "until " } else { "ended " });
        format::time_with(out, ends, &format::day(ends));
    }
}
