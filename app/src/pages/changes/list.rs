//! The list of changes, narrowed by state.

use leptos::server_fn::ServerFn;
use model::change::{Change, ChangeState};
use portal::changes::{ChangeFilter, ChangePage};
use portal::identity::{Action, Resource, can};

use super::actions::Refresh;
use super::{state_badge, state_word};
use crate::RequestContext;
use crate::address;
use crate::components::segments::segment;
use crate::components::state::Tone;
use crate::components::{Icon, pager, state};
use crate::format;
use crate::html::Html;
use crate::pages::{Answer, Page, Parameters, Place};

const PER_PAGE: usize = 50;
const ABOUT: &str = "Files in repositories that Slipway proposes to change, as pull requests or branches. Nothing is changed \
                     before somebody merges it.";

pub async fn page(context: RequestContext, _: Parameters) -> Answer {
    let filter = filter(context.query());
    let page = portal::changes::list(&context.portal, &context.actor, &filter).await?;
    let may = can(&context.actor, Action::Propose, Resource::Anything).is_ok();
    let mut out = Html::new();
    let all: usize = page.states.iter().map(|(_, count)| count).sum();
    let mut actions = Html::new();
    if may && all > 0 {
        actions.raw("<form method=\"post\"").attribute("action", Refresh::PATH);
        actions.raw("><button class=\"button\" type=\"submit\">");
        Icon::Refresh.write(&mut actions);
        actions.raw("Look at GitHub now</button></form>");
    }
    let title = if filter.batch.is_some() { "Changes asked for together" } else { "Changes" };
    let count = format::count(all, "change", "changes");
    state::page_header(&mut out, title, Some(&count), if filter.batch.is_some() { "" } else { ABOUT }, &actions);
    under_way(&mut out, &context, &page).await?;
    if all == 0 {
        state::empty(
            &mut out,
            "No change yet",
            "On the page of a service or a repository, “Change” writes what is known into its catalog-info.yaml, or corrects \
             its owner there, by a pull request.",
            None,
        );
    } else {
        segments(&mut out, &filter, &page, all);
        table(&mut out, context.now(), &page.rows);
        out.raw("<div class=\"pager\"><span>").text(&pager::range(filter.page, PER_PAGE, page.total)).raw("</span>");
        pager::pager(&mut out, filter.page, PER_PAGE, page.total, |page| {
            address(&ChangeFilter { page, ..filter.clone() })
        });
        out.raw("</div>");
    }
    let body = Page::new(title, Place::Changes, out);
    Ok(if filter.batch.is_some() { body.below("Changes", "/changes") } else { body })
}

fn filter(query: &str) -> ChangeFilter {
    let values = address::first_values(query);
    let value = |key: &str| values.get(key).filter(|value| !value.is_empty());
    ChangeFilter {
        states: value("state").and_then(|state| ChangeState::parse(state)).into_iter().collect(),
        batch: value("batch").cloned(),
        repository: value("repository").cloned(),
        page: value("page").and_then(|page| page.parse().ok()).unwrap_or(1).max(1),
        per_page: PER_PAGE,
    }
}

fn address(filter: &ChangeFilter) -> String {
    let mut pairs = Vec::new();
    pairs.extend(filter.batch.iter().map(|batch| ("batch", batch.clone())));
    pairs.extend(filter.repository.iter().map(|slug| ("repository", slug.clone())));
    pairs.extend(filter.states.iter().map(|state| ("state", state.as_str().to_owned())));
    if filter.page > 1 {
        pairs.push(("page", filter.page.to_string()));
    }
    address::of_pairs("/changes", pairs.iter())
}

/// While a job is at it: how to see how far it is.
async fn under_way(out: &mut Html, context: &RequestContext, page: &ChangePage) -> portal::Result<()> {
    let open: usize = page.states.iter().filter(|(state, _)| state.is_under_way()).map(|(_, count)| count).sum();
    if open == 0 {
        return Ok(());
    }
    let jobs = match can(&context.actor, Action::Watch, Resource::Anything) {
        Ok(()) => portal::jobs::list(&context.portal, &context.actor, 50).await?,
        Err(_) => Vec::new(),
    };
    let job = jobs.iter().find(|job| job.kind == portal::changes::JOB && !job.state.is_over());
    state::notice(out, Tone::Plain, |out| {
        let word = if open == 1 { "is" } else { "are" };
        out.text(&format!("{} {word} on the way. ", format::count(open, "change", "changes")));
        if let Some(job) = job {
            out.link(&format!("/jobs/{}", address::segment(&job.id)), "link", "Follow the job").raw(", or ");
        }
        out.link(&context.path_and_query, "link", "look again").raw(".");
    });
    Ok(())
}

fn segments(out: &mut Html, filter: &ChangeFilter, page: &ChangePage, all: usize) {
    out.raw("<nav class=\"segments\" aria-label=\"State\">");
    let every = ChangeFilter { states: Vec::new(), page: 1, ..filter.clone() };
    segment(out, &address(&every), "All", all, filter.states.is_empty());
    for &(state, count) in &page.states {
        let only = ChangeFilter { states: vec![state], page: 1, ..filter.clone() };
        segment(out, &address(&only), state_word(state), count, filter.states == [state]);
    }
    out.raw("</nav>");
}

fn table(out: &mut Html, now: i64, rows: &[Change]) {
    out.raw(
        "<table class=\"table table-list changes\"><caption class=\"visually-hidden\">Changes</caption><thead><tr>",
    );
    out.raw("<th scope=\"col\">Change</th><th scope=\"col\">State</th><th scope=\"col\">Pull request</th>");
    out.raw("<th scope=\"col\" class=\"number\">Moved</th></tr></thead><tbody>");
    for change in rows {
        row(out, now, change);
    }
    out.raw("</tbody></table>");
}

fn row(out: &mut Html, now: i64, change: &Change) {
    out.raw("<tr><td><div class=\"row-name\"><span class=\"glyph hue-neutral\">");
    Icon::Pull.write(out);
    out.raw("</span><div class=\"row-text\"><div class=\"row-title\">");
    out.link(&address::change(&change.id), "row-link", &change.title);
    out.raw("<span class=\"row-type\">").text(&change.repository_name).raw("</span></div>");
    if let Some(reason) = &change.reason {
        out.raw("<div class=\"row-about\">").text(reason).raw("</div>");
    }
    out.raw("<div class=\"row-more\">");
    state_badge(out, change.state);
    out.raw("</div></div></div></td><td>");
    state_badge(out, change.state);
    out.raw("</td><td class=\"nowrap\">");
    host_link(out, change, "above link");
    out.raw("</td><td class=\"number\">");
    format::time(out, now, change.updated_at);
    out.raw("</td></tr>");
}

/// The way to where it is decided.
pub(super) fn host_link(out: &mut Html, change: &Change, class: &'static str) {
    let text = match change.number {
        Some(number) => format!("#{number}"),
        None if change.url.is_some() => "the branch".to_owned(),
        None => {
            out.raw("<span class=\"faint\" aria-hidden=\"true\">–</span>");
            return;
        }
    };
    match change.url.as_deref().filter(|url| url.starts_with("https://") || url.starts_with("http://")) {
        Some(url) => {
            out.raw("<a rel=\"noopener\"").attribute("href", url).attribute("class", class).raw(">");
            out.text(&text).raw("</a>")
        }
        None => out.text(&text),
    };
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_list_keeps_its_state_in_its_address() {
        let table = [
            ("", "/changes"),
            ("state=open&page=2", "/changes?state=open&page=2"),
            ("batch=01X&state=nonsense&page=0", "/changes?batch=01X"),
        ];
        for (asked, kept) in table {
            assert_eq!(address(&filter(asked)), kept, "{asked}");
        }
    }
}
