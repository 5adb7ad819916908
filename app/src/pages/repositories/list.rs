//! All repositories, whatever they hold.

use model::repository::{RepositoryRow, Standing};
use portal::preferences::List;
use portal::repositories::{RepositoryFilter, RepositoryPage, RepositorySort};

use super::super::{Answer, Page, Parameters, Place};
use crate::RequestContext;
use crate::address;
use crate::components::segments::segment;
use crate::components::{Icon, activity, marks, own, pager, state};
use crate::format;
use crate::html::Html;

pub async fn page(context: RequestContext, _: Parameters) -> Answer {
    let filter = address::repository_filter(context.query());
    let page = portal::repositories::list(&context.portal, &context.actor, &filter).await?;
    let mut out = Html::new();
    let count = format::count(page.total, "repository", "repositories");
    let mut actions = Html::new();
    own::save_view(&mut actions, &context, List::Repositories);
    state::page_header(&mut out, "Repositories", Some(&count), "", &actions);
    let all: usize = page.standings.iter().map(|(_, count)| count).sum();
    if all == 0 && filter.text.is_empty() && filter.source.is_none() && !filter.out_of_sight {
        state::empty(
            &mut out,
            "No repositories yet",
            "Every Git repository below a source’s folder is listed here, also those that hold nothing for the catalog. Start \
             Slipway with a folder:",
            Some("slipway serve --source /path/to/repositories"),
        );
        return Ok(Page::new("Repositories", Place::Repositories, out));
    }
    bar(&mut out, &filter, &page, all);
    if page.rows.is_empty() {
        out.raw("<div class=\"empty\"><h2>No repository matches</h2><p>Try fewer words, or ");
        out.link("/repositories", "link", "show all").raw(".</p></div>");
    } else {
        table(&mut out, context.now(), &filter, &page.rows);
        out.raw("<div class=\"pager\"><span>")
            .text(&pager::range(filter.page, filter.per_page, page.total))
            .raw("</span>");
        pager::pager(&mut out, filter.page, filter.per_page, page.total, |page| {
            address::repositories(&RepositoryFilter { page, ..filter.clone() })
        });
        out.raw("</div>");
    }
    Ok(Page::new("Repositories", Place::Repositories, out).following())
}

fn bar(out: &mut Html, filter: &RepositoryFilter, page: &RepositoryPage, all: usize) {
    out.raw("<form class=\"filter-bar\" action=\"/repositories\" method=\"get\"><div class=\"search-box\">");
    Icon::Search.write(out);
    out.raw("<label class=\"visually-hidden\" for=\"filter\">Filter by words</label>");
    out.raw("<input class=\"search-input\" id=\"filter\" type=\"search\" name=\"q\" placeholder=\"Filter by words\"");
    out.attribute("value", &filter.text).raw("></div>");
    for standing in &filter.standings {
        out.raw("<input type=\"hidden\" name=\"standing\"").attribute("value", standing.as_str()).raw(">");
    }
    if filter.out_of_sight {
        out.raw("<input type=\"hidden\" name=\"out-of-sight\" value=\"yes\">");
    }
    if page.sources.len() > 1 || filter.source.is_some() {
        out.raw("<label class=\"visually-hidden\" for=\"source\">Source</label><select class=\"select\" id=\"source\" name=\"source\">");
        out.raw("<option value=\"\">All sources</option>");
        for (source, count) in &page.sources {
            out.raw("<option").attribute("value", source);
            out.raw(if filter.source.as_deref() == Some(source) { " selected>" } else { ">" });
            out.text(source).raw(" (").plain(*count).raw(")</option>");
        }
        out.raw("</select>");
    }
    out.raw("<button class=\"button\" type=\"submit\">Apply</button></form><nav class=\"segments\" aria-label=\"Standing\">");
    let everything = RepositoryFilter { standings: Vec::new(), page: 1, ..filter.clone() };
    let is_all = filter.standings.is_empty() && !filter.out_of_sight;
    if !filter.out_of_sight {
        segment(out, &address::repositories(&everything), "All", all, is_all);
    }
    for &(standing, count) in page.standings.iter().filter(|_| !filter.out_of_sight) {
        let only = RepositoryFilter { standings: vec![standing], page: 1, ..filter.clone() };
        segment(out, &address::repositories(&only), standing_word(standing), count, filter.standings == [standing]);
    }
    if filter.out_of_sight {
        let in_sight_too = RepositoryFilter { out_of_sight: false, ..everything.clone() };
        out.raw("<a").attribute("href", &address::repositories(&in_sight_too)).raw(">All</a>");
    }
    if page.out_of_sight > 0 || filter.out_of_sight {
        let only = RepositoryFilter { out_of_sight: true, ..everything };
        segment(out, &address::repositories(&only), "Out of sight", page.out_of_sight, filter.out_of_sight);
    }
    out.raw("</nav>");
}

/// As a person says it.
pub fn standing_word(standing: Standing) -> &'static str {
    match standing {
        Standing::Listed => "Not read yet",
        Standing::Catalogued => "Catalogued",
        Standing::WithoutComponent => "Without a component",
        Standing::Empty => "Empty",
        Standing::Archived => "Archived",
        Standing::LeftOut => "Left out",
        Standing::Failed => "Could not be read",
    }
}

/// The badge of a standing; what is as it should be has none.
pub fn standing_badge(out: &mut Html, standing: Standing) {
    let class = match standing {
        Standing::Catalogued => return,
        Standing::Failed => "badge badge-red",
        Standing::Listed => "badge badge-accent",
        Standing::WithoutComponent | Standing::Empty | Standing::Archived | Standing::LeftOut => "badge",
    };
    out.raw("<span").attribute("class", class).raw(">").text(&standing_word(standing).to_lowercase()).raw("</span>");
}

fn table(out: &mut Html, now: i64, filter: &RepositoryFilter, rows: &[RepositoryRow]) {
    out.raw("<table class=\"table table-list\"><caption class=\"visually-hidden\">Repositories</caption><thead><tr>");
    heading(out, filter, "Name", RepositorySort::Name, false, "");
    heading(out, filter, "Entities", RepositorySort::Entities, true, "number");
    heading(out, filter, "Language", RepositorySort::Size, true, "");
    out.raw("<th scope=\"col\">Activity</th>");
    heading(out, filter, "Last commit", RepositorySort::Activity, true, "");
    heading(out, filter, "Findings", RepositorySort::Findings, true, "number");
    out.raw("</tr></thead><tbody>");
    for row in rows {
        repository_row(out, now, row);
    }
    out.raw("</tbody></table>");
}

fn heading(
    out: &mut Html,
    filter: &RepositoryFilter,
    label: &'static str,
    sort: RepositorySort,
    first: bool,
    class: &'static str,
) {
    let current = filter.sort == sort;
    out.raw("<th scope=\"col\"").attribute("class", class);
    if current {
        out.raw(if filter.descending { " aria-sort=\"descending\"" } else { " aria-sort=\"ascending\"" });
    }
    let next = RepositoryFilter {
        sort,
        descending: if current { !filter.descending } else { first },
        page: 1,
        ..filter.clone()
    };
    out.raw("><a rel=\"nofollow\"").attribute("href", &address::repositories(&next)).raw(">").raw(label);
    if current {
        (if filter.descending { Icon::ArrowDown } else { Icon::ArrowUp }).write_with(out, "icon icon-small");
    }
    out.raw("</a></th>");
}

fn repository_row(out: &mut Html, now: i64, row: &RepositoryRow) {
    out.raw("<tr><td><div class=\"row-name\"><span class=\"glyph hue-neutral\">");
    Icon::Repository.write(out);
    out.raw("</span><div class=\"row-text\"><div class=\"row-title\">");
    out.link(&address::repository(&row.slug), "row-link", &row.name);
    standing_badge(out, row.standing);
    if row.out_of_sight.is_some() {
        out.raw("<span class=\"badge badge-amber\">out of sight</span>");
    }
    out.raw("</div>");
    if let Some(about) = row.reason.as_deref().or(row.description.as_deref()) {
        out.raw("<div class=\"row-about\">").text(about).raw("</div>");
    }
    out.raw("</div></div></td><td class=\"number\">").text(&format::number(row.entities)).raw("</td><td>");
    marks::language_cell(out, &row.languages);
    out.raw("</td><td>");
    activity::sparkline(out, &row.activity);
    out.raw("</td><td class=\"nowrap quiet\">");
    if let Some(at) = row.last_commit_at {
        format::time(out, now, at);
    }
    out.raw("</td><td class=\"number\">");
    marks::finding_counts(out, row.errors, row.warnings);
    out.raw("</td></tr>");
}
