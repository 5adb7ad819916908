//! The list of launches, narrowed by state.

use model::run::{Run, RunState};
use portal::runs::{RunFilter, RunPage};

use super::{state_badge, state_word};
use crate::components::segments::segment;
use crate::components::{Icon, pager, state};
use crate::html::Html;
use crate::pages::{Answer, Page, Parameters, Place};
use crate::{RequestContext, address, format};

const PER_PAGE: usize = 50;

pub async fn page(context: RequestContext, _: Parameters) -> Answer {
    let filter = filter(context.query());
    let page = portal::runs::list(&context.portal, &context.actor, &filter).await?;
    let all: usize = page.states.iter().map(|(_, count)| count).sum();
    let mut out = Html::new();
    let mut actions = Html::new();
    actions.link("/templates", "button button-primary", "Launch a project");
    let count = format::count(all, "launch", "launches");
    state::page_header(&mut out, "Launches", Some(&count), "Projects that were made from templates here.", &actions);
    if all == 0 {
        state::empty(&mut out, "No launch yet", "Choose a template, answer what it asks, and launch it.", None);
    } else {
        segments(&mut out, &filter, &page, all);
        table(&mut out, context.now(), &page.rows);
        out.raw("<div class=\"pager\"><span>").text(&pager::range(filter.page, PER_PAGE, page.total)).raw("</span>");
        pager::pager(&mut out, filter.page, PER_PAGE, page.total, |page| {
            address(&RunFilter { page, ..filter.clone() })
        });
        out.raw("</div>");
    }
    Ok(Page::new("Launches", Place::Templates, out).below("Templates", "/templates").following())
}

fn filter(query: &str) -> RunFilter {
    let values = address::first_values(query);
    let value = |key: &str| values.get(key).filter(|value| !value.is_empty());
    RunFilter {
        states: value("state").and_then(|state| RunState::parse(state)).into_iter().collect(),
        page: value("page").and_then(|page| page.parse().ok()).unwrap_or(1).max(1),
        per_page: PER_PAGE,
        ..RunFilter::default()
    }
}

fn address(filter: &RunFilter) -> String {
    let mut pairs: Vec<(&'static str, String)> =
        filter.states.iter().map(|state| ("state", state.as_str().to_owned())).collect();
    if filter.page > 1 {
        pairs.push(("page", filter.page.to_string()));
    }
    address::of_pairs("/runs", pairs.iter())
}

fn segments(out: &mut Html, filter: &RunFilter, page: &RunPage, all: usize) {
    out.raw("<nav class=\"segments\" aria-label=\"State\">");
    let every = RunFilter { states: Vec::new(), page: 1, ..filter.clone() };
    segment(out, &address(&every), "All", all, filter.states.is_empty());
    for &(state, count) in &page.states {
        let only = RunFilter { states: vec![state], page: 1, ..filter.clone() };
        segment(out, &address(&only), &format::capitalised(state_word(state)), count, filter.states == [state]);
    }
    out.raw("</nav>");
}

fn table(out: &mut Html, now: i64, rows: &[Run]) {
    out.raw("<table class=\"table table-list\"><caption class=\"visually-hidden\">Launches</caption><thead><tr>");
    out.raw("<th scope=\"col\">Project</th><th scope=\"col\">State</th><th scope=\"col\">By</th>");
    out.raw("<th scope=\"col\" class=\"number\">Launched</th></tr></thead><tbody>");
    for run in rows {
        out.raw("<tr><td><div class=\"row-name\"><span class=\"glyph hue-neutral\">");
        Icon::Template.write(out);
        out.raw("</span><div class=\"row-text\"><div class=\"row-title\">");
        out.link(&address::run(&run.id), "row-link", &run.name);
        out.raw("<span class=\"row-type\">").text(&run.template.name).raw("</span></div>");
        if let Some(reason) = &run.reason {
            out.raw("<div class=\"row-about\">").text(reason).raw("</div>");
        }
        out.raw("<div class=\"row-more\">");
        state_badge(out, run.state);
        out.raw("</div></div></div></td><td>");
        state_badge(out, run.state);
        out.raw("</td><td>").text(&run.by).raw("</td><td class=\"number\">");
        format::time(out, now, run.created_at);
        out.raw("</td></tr>");
    }
    out.raw("</tbody></table>");
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_list_keeps_its_state_in_its_address() {
        for (asked, kept) in
            [("", "/runs"), ("state=done&page=2", "/runs?state=done&page=2"), ("state=x&page=0", "/runs")]
        {
            assert_eq!(address(&filter(asked)), kept, "{asked}");
        }
    }
}
