//! Teams and people, as CODEOWNERS and descriptors name them.

use portal::identity::people::{GroupView, People, UserView, people};
use portal::identity::{Action, Resource, can};

use super::{Answer, Page, Parameters, Place};
use crate::RequestContext;
use crate::address;
use crate::components::{marks, state};
use crate::format;
use crate::html::Html;
use model::catalog::Field;

/// How many faces stand beside a team.
const FACES: usize = 5;

pub async fn page(context: RequestContext, _: Parameters) -> Answer {
    let People { groups, users } = people(&context.portal, &context.actor).await?;
    let mut out = Html::new();
    let about =
        "Teams and people that CODEOWNERS files and descriptors name. Authors of commits are counted, never listed.";
    let count =
        format!("{}, {}", format::count(groups.len(), "team", "teams"), format::count(users.len(), "person", "people"));
    let mut actions = Html::new();
    if can(&context.actor, Action::SetUp, Resource::Anything).is_ok() {
        actions.link("/people/accounts", "button", "Accounts");
        actions.link("/people/tokens", "button", "Tokens of services");
    }
    state::page_header(&mut out, "People and teams", Some(&count), about, &actions);
    if groups.is_empty() && users.is_empty() {
        state::empty(
            &mut out,
            "No teams yet",
            "They appear as soon as a repository has a CODEOWNERS file that names teams, or a descriptor of kind Group. \
             In the repository that you know best, begin with:",
            Some("echo '* @your-org/your-team' > CODEOWNERS"),
        );
    }
    if !groups.is_empty() {
        out.raw(
            "<section class=\"section\" aria-labelledby=\"teams\"><h2 id=\"teams\">Teams</h2><div class=\"people\">",
        );
        for group in &groups {
            team(&mut out, group);
        }
        out.raw("</div></section>");
    }
    if !users.is_empty() {
        out.raw(
            "<section class=\"section\" aria-labelledby=\"people\"><h2 id=\"people\">People</h2><div class=\"people\">",
        );
        for user in &users {
            person(&mut out, user);
        }
        out.raw("</div></section>");
    }
    Ok(Page::new("People and teams", Place::People, out).following())
}

fn team(out: &mut Html, group: &GroupView) {
    let row = &group.row;
    out.raw("<div class=\"person\">");
    marks::avatar(out, &row.reference, row.title.as_deref());
    out.raw("<div class=\"row-text\"><div class=\"row-title\">");
    out.link(&address::entity(&row.reference), "row-link", row.title.as_deref().unwrap_or(&row.reference.name));
    out.raw("</div><div class=\"person-line\">");
    let owns = format!("owns {}", format::count(group.owns, "entity", "entities"));
    if group.owns > 0 {
        out.link(&address::catalog_with(Field::Owner, &row.reference.short()), "above", &owns);
    } else {
        out.text(&owns);
    }
    if let Some(parent) = &group.parent {
        out.raw(" · in ").link(&address::entity(parent), "above", &parent.short());
    }
    out.raw("</div></div><div class=\"members\" title=\"")
        .text(&format::count(group.members.len(), "member", "members"))
        .raw("\">");
    for member in group.members.iter().take(FACES) {
        marks::avatar(out, member, None);
    }
    out.raw("<span class=\"visually-hidden\">").text(&format::count(group.members.len(), "member", "members"));
    out.raw("</span></div></div>");
}

fn person(out: &mut Html, user: &UserView) {
    let row = &user.row;
    out.raw("<div class=\"person\">");
    marks::avatar(out, &row.reference, row.title.as_deref());
    out.raw("<div class=\"row-text\"><div class=\"row-title\">");
    out.link(&address::entity(&row.reference), "row-link", row.title.as_deref().unwrap_or(&row.reference.name));
    if row.title.is_some() {
        out.raw("<span class=\"row-type\">").text(&row.reference.name).raw("</span>");
    }
    out.raw("</div><div class=\"person-line\">");
    for (at, group) in user.groups.iter().enumerate() {
        out.raw(if at > 0 { ", " } else { "" }).link(&address::entity(group), "above", &group.short());
    }
    if user.groups.is_empty() {
        out.raw("in no team");
    }
    out.raw("</div></div></div>");
}
