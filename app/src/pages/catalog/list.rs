//! The catalog's list: facets left, rows right, the address is the state.

use model::catalog::{CatalogFilter, CatalogPage, Facet, FacetValue, Field, Sort, UNKNOWN};
use model::{EntityRef, Kind};
use portal::identity::{Action, Resource, can};
use portal::preferences::List;

use super::super::{Answer, Page, Parameters, Place};
use crate::RequestContext;
use crate::address;
use crate::components::{Icon, own, pager, rows, state};
use crate::format;
use crate::html::Html;

/// The facets that are shown, in this order; the others work in the address.
const FACETS: [Field; 10] = [
    Field::Kind,
    Field::Type,
    Field::Ownership,
    Field::Owner,
    Field::Lifecycle,
    Field::Language,
    Field::Activity,
    Field::Tag,
    Field::Source,
    Field::Findings,
];
/// Values of a facet that stand without unfolding.
const OPEN_VALUES: usize = 6;

pub async fn page(context: RequestContext, _: Parameters) -> Answer {
    let filter = address::catalog_filter(context.query());
    let catalog = portal::catalog::list(&context.portal, &context.actor, &filter).await?;
    let may = can(&context.actor, Action::Propose, Resource::Anything).is_ok();
    let mut actions = Html::new();
    own::save_view(&mut actions, &context, List::Catalog);
    actions.add(&export(&filter));
    Ok(Page::new("Catalog", Place::Catalog, render(&filter, &catalog, may, &actions)).following())
}

fn render(filter: &CatalogFilter, catalog: &CatalogPage, may: bool, actions: &Html) -> Html {
    let mut out = Html::new();
    let narrowed = !filter.text.is_empty() || !filter.fields.is_empty();
    let count = match (catalog.total, narrowed) {
        (total, false) => format::count(total, "entity", "entities"),
        (total, true) => format!("{} found", format::number(total)),
    };
    state::page_header(&mut out, "Catalog", Some(&count), "", actions);
    if catalog.total == 0 && !narrowed {
        state::empty(
            &mut out,
            "The catalog is empty",
            "Services, libraries, APIs and teams appear here as soon as a source has been read. Start Slipway with a folder \
             of Git repositories:",
            Some("slipway serve --source /path/to/repositories"),
        );
        return out;
    }
    out.raw("<div class=\"catalog\">");
    facets(&mut out, filter, catalog);
    out.raw("<div class=\"catalog-list\">");
    filter_bar(&mut out, filter);
    chips(&mut out, filter);
    if catalog.rows.is_empty() {
        nothing_found(&mut out, filter, catalog.total);
    } else {
        if may {
            bulk(&mut out, filter, catalog.total);
        }
        table(&mut out, filter, catalog, may);
        paging(&mut out, filter, catalog.total);
    }
    out.raw("</div></div>");
    out
}

/// The same list as a file.
fn export(filter: &CatalogFilter) -> Html {
    let query = address::catalog_query(&CatalogFilter { page: 1, per_page: 20, ..filter.clone() });
    let mut out = Html::new();
    out.raw("<details class=\"menu\"><summary class=\"button\">");
    Icon::Download.write(&mut out);
    out.raw("Export</summary><div class=\"menu-list\">");
    for (path, label) in [("/catalog.csv", "As CSV"), ("/catalog.json", "As JSON")] {
        let address = if query.is_empty() { path.to_owned() } else { format!("{path}?{query}") };
        out.raw("<a download").attribute("href", &address).raw(">").raw(label).raw("</a>");
    }
    out.raw("</div></details>");
    out
}

/// Text filter and sort: a GET form that keeps what else is chosen.
fn filter_bar(out: &mut Html, filter: &CatalogFilter) {
    out.raw("<form class=\"filter-bar\" action=\"/catalog\" method=\"get\"><div class=\"search-box\">");
    Icon::Search.write(out);
    out.raw("<label class=\"visually-hidden\" for=\"filter\">Filter by words</label>");
    out.raw("<input class=\"search-input\" id=\"filter\" type=\"search\" name=\"q\" placeholder=\"Filter by words\"");
    out.attribute("value", &filter.text).raw("></div>");
    for (field, values) in &filter.fields {
        for value in values {
            out.raw("<input type=\"hidden\"").attribute("name", field.key()).attribute("value", value).raw(">");
        }
    }
    if filter.per_page != CatalogFilter::default().per_page {
        out.raw("<input type=\"hidden\" name=\"per_page\" value=\"").plain(filter.per_page).raw("\">");
    }
    out.raw("<label class=\"visually-hidden\" for=\"sort\">Sort by</label><select class=\"select\" id=\"sort\" name=\"sort\">");
    let sorts = [
        ("name", "Name", Sort::Name, false),
        ("-activity", "Last commit", Sort::Activity, true),
        ("-size", "Lines of code", Sort::Size, true),
        ("kind", "Kind", Sort::Kind, false),
        ("owner", "Owner", Sort::Owner, false),
        ("-findings", "Findings", Sort::Findings, true),
    ];
    for (value, label, sort, descending) in sorts {
        out.raw("<option").attribute("value", value);
        if (filter.sort, filter.descending) == (sort, descending) {
            out.raw(" selected");
        }
        out.raw(">").raw(label).raw("</option>");
    }
    out.raw("</select><button class=\"button\" type=\"submit\">Apply</button></form>");
}

/// What is chosen, each with the way to let it go.
fn chips(out: &mut Html, filter: &CatalogFilter) {
    if filter.fields.is_empty() && filter.text.is_empty() {
        return;
    }
    out.raw("<ul class=\"chips\" aria-label=\"Filters\">");
    if !filter.text.is_empty() {
        let without = CatalogFilter { text: String::new(), page: 1, ..filter.clone() };
        chip(out, "Words", &filter.text, &address::catalog(&without));
    }
    for (&field, values) in &filter.fields {
        for value in values {
            chip(
                out,
                field_label(field),
                &value_label(field, value),
                &address::catalog(&address::toggled(filter, field, value)),
            );
        }
    }
    let none = CatalogFilter { text: String::new(), fields: Default::default(), page: 1, ..filter.clone() };
    out.raw("<li>").link(&address::catalog(&none), "link small", "Clear all").raw("</li></ul>");
}

fn chip(out: &mut Html, field: &'static str, value: &str, address: &str) {
    out.raw("<li><a class=\"chip\"")
        .attribute("href", address)
        .attribute("aria-label", &format!("Remove the filter {field}: {value}"));
    out.raw("><span>").raw(field).raw(":</span> ").text(value);
    Icon::X.write_with(out, "icon icon-small");
    out.raw("</a></li>");
}

fn facets(out: &mut Html, filter: &CatalogFilter, catalog: &CatalogPage) {
    let chosen: usize = filter.fields.values().map(Vec::len).sum();
    out.raw("<details class=\"facets\"><summary class=\"button\">Filters");
    if chosen > 0 {
        out.raw(" <span class=\"tab-count\">").plain(chosen).raw("</span>");
    }
    out.raw("</summary><nav class=\"facets-body\" tabindex=\"0\" aria-label=\"Filters\">");
    for field in FACETS {
        let Some(facet) = catalog.facets.iter().find(|facet| facet.field == field) else { continue };
        // A facet with one value that everything has narrows nothing.
        let useless =
            facet.values.len() < 2 && facet.values.iter().all(|value| value.count == catalog.total && !value.selected);
        if !useless {
            write_facet(out, filter, facet);
        }
    }
    out.raw("</nav></details>");
}

fn write_facet(out: &mut Html, filter: &CatalogFilter, facet: &Facet) {
    out.raw("<section class=\"facet\"><h2 class=\"facet-title\">").raw(field_label(facet.field)).raw("</h2><ul>");
    let (open, folded): (Vec<_>, Vec<_>) =
        facet.values.iter().enumerate().partition(|(at, value)| *at < OPEN_VALUES || value.selected);
    for (_, value) in open {
        facet_value(out, filter, facet.field, value);
    }
    out.raw("</ul>");
    if !folded.is_empty() {
        out.raw("<details class=\"facet-more\"><summary>")
            .plain(folded.len())
            .raw(" more<span class=\"visually-hidden\"> under ");
        out.raw(field_label(facet.field)).raw("</span></summary><ul>");
        for (_, value) in folded {
            facet_value(out, filter, facet.field, value);
        }
        out.raw("</ul></details>");
    }
    out.raw("</section>");
}

fn facet_value(out: &mut Html, filter: &CatalogFilter, field: Field, value: &FacetValue) {
    out.raw("<li><a class=\"facet-value\" rel=\"nofollow\"");
    out.attribute("href", &address::catalog(&address::toggled(filter, field, &value.value)));
    if value.selected {
        out.raw(" aria-current=\"true\"");
    }
    out.raw("><span class=\"tick\">");
    if value.selected {
        Icon::Check.write(out);
    }
    out.raw("</span><span class=\"name\">")
        .text(&value_label(field, &value.value))
        .raw("</span><span class=\"number\">");
    out.text(&format::number(value.count)).raw("</span></a></li>");
}

/// What can be done with the ticked rows, or with all of them: a form that shows first what would come of it.
fn bulk(out: &mut Html, filter: &CatalogFilter, total: usize) {
    out.raw("<details class=\"bulk\"><summary class=\"button\">");
    Icon::Pull.write(out);
    out.raw(
        "Change the ticked ones</summary><form class=\"bulk-bar\" id=\"bulk\" action=\"/changes/new\" method=\"get\">",
    );
    let all = CatalogFilter { page: 1, ..filter.clone() };
    for (key, value) in address::pairs(&address::catalog_query(&all)) {
        out.raw("<input type=\"hidden\"").attribute("name", &key).attribute("value", &value).raw(">");
    }
    if total <= portal::changes::MOST {
        out.raw("<label class=\"bulk-all\"><input class=\"checkbox\" type=\"checkbox\" name=\"all\" value=\"1\"> All ");
        out.text(&format::number(total)).raw(" that match</label>");
    }
    out.raw(
        "<button class=\"button\" type=\"submit\" name=\"what\" value=\"descriptor\">Write catalog-info.yaml</button>",
    );
    out.raw("<span class=\"bulk-set\"><label class=\"visually-hidden\" for=\"to\">New owner</label>");
    out.raw(
        "<input class=\"input\" id=\"to\" name=\"to\" autocomplete=\"off\" placeholder=\"Team, such as payments\">",
    );
    out.raw("<button class=\"button\" type=\"submit\" name=\"what\" value=\"owner\">Correct owner</button></span></form></details>");
}

fn table(out: &mut Html, filter: &CatalogFilter, catalog: &CatalogPage, may: bool) {
    out.raw("<table class=\"table table-list\"><caption class=\"visually-hidden\">Entities</caption><thead><tr>");
    heading(out, filter, "column-name", "Name", Sort::Name, false);
    heading(out, filter, "column-owner", "Owner", Sort::Owner, false);
    heading(out, filter, "column-language cell-language", "Language", Sort::Size, true);
    heading(out, filter, "column-activity", "Activity", Sort::Activity, true);
    heading(out, filter, "column-findings number", "Findings", Sort::Findings, true);
    out.raw("</tr></thead><tbody>");
    for row in &catalog.rows {
        rows::catalog_row(out, row, may);
    }
    out.raw("</tbody></table>");
}

/// A column's head: a link that sorts by it, and turns the order around.
fn heading(out: &mut Html, filter: &CatalogFilter, class: &'static str, label: &'static str, sort: Sort, first: bool) {
    out.raw("<th scope=\"col\"").attribute("class", class);
    let current = filter.sort == sort;
    if current {
        out.raw(if filter.descending { " aria-sort=\"descending\"" } else { " aria-sort=\"ascending\"" });
    }
    let next =
        CatalogFilter { sort, descending: if current { !filter.descending } else { first }, page: 1, ..filter.clone() };
    out.raw("><a rel=\"nofollow\"").attribute("href", &address::catalog(&next)).raw(">").raw(label);
    if current {
        (if filter.descending { Icon::ArrowDown } else { Icon::ArrowUp }).write_with(out, "icon icon-small");
    }
    out.raw("</a></th>");
}

fn paging(out: &mut Html, filter: &CatalogFilter, total: usize) {
    out.raw("<div class=\"pager\"><span>").text(&pager::range(filter.page, filter.per_page, total)).raw("</span>");
    pager::pager(out, filter.page, filter.per_page, total, |page| {
        address::catalog(&CatalogFilter { page, ..filter.clone() })
    });
    if total > CatalogFilter::PAGE_SIZES[0] {
        out.raw("<span class=\"pager-sizes\">Rows");
        for size in CatalogFilter::PAGE_SIZES {
            if size == filter.per_page {
                out.raw(" <span class=\"current\">").plain(size).raw("</span>");
            } else {
                let sized = CatalogFilter { per_page: size, page: 1, ..filter.clone() };
                out.raw(" <a").attribute("href", &address::catalog(&sized));
                out.attribute("aria-label", &format!("{size} rows a page")).raw(">").plain(size).raw("</a>");
            }
        }
        out.raw("</span>");
    }
    out.raw("</div>");
}

fn nothing_found(out: &mut Html, filter: &CatalogFilter, total: usize) {
    if total > 0 {
        let first = CatalogFilter { page: 1, ..filter.clone() };
        out.raw("<div class=\"empty\"><h2>This page is past the end</h2><p>");
        out.link(&address::catalog(&first), "link", "Go to the first page").raw(".</p></div>");
        return;
    }
    out.raw("<div class=\"empty\"><h2>Nothing matches all of these filters</h2><p>Remove one of them above, or ");
    out.link("/catalog", "link", "start over").raw(".</p></div>");
}

fn field_label(field: Field) -> &'static str {
    match field {
        Field::Kind => "Kind",
        Field::Type => "Type",
        Field::Owner => "Owner",
        Field::Language => "Language",
        Field::Tag => "Tag",
        Field::Lifecycle => "Lifecycle",
        Field::System => "System",
        Field::Source => "Source",
        Field::Confidence => "Confidence",
        Field::Ownership => "Owner known by",
        Field::Activity => "Activity",
        Field::Findings => "Findings",
        Field::Repository => "Repository",
    }
}

fn value_label(field: Field, value: &str) -> String {
    match (field, value) {
        (Field::Kind, value) => {
            value.parse::<Kind>().map_or_else(|_| value.to_owned(), |kind| kind.as_str().to_owned())
        }
        (Field::Owner | Field::System, value) if value != UNKNOWN => {
            value.parse::<EntityRef>().map_or_else(|_| value.to_owned(), |reference| reference.short())
        }
        (Field::Ownership, "guess") => "a guess".to_owned(),
        (Field::Activity, "active") => "active, 90 days".to_owned(),
        (Field::Activity, "quiet") => "quiet, a year".to_owned(),
        (Field::Findings, "error") => "errors".to_owned(),
        (Field::Findings, "warning") => "warnings".to_owned(),
        _ => value.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_list_keeps_its_state_in_every_link() {
        let filter = address::catalog_filter("q=pay&kind=component&sort=-activity");
        let facet = Facet {
            field: Field::Type,
            values: vec![FacetValue { value: "service".to_owned(), count: 12, selected: false }],
        };
        let catalog = CatalogPage { rows: vec![], total: 0, facets: vec![facet] };
        let html = render(&filter, &catalog, false, &export(&filter));
        assert!(
            html.as_str().contains("href=\"/catalog?q=pay&amp;kind=component&amp;type=service&amp;sort=-activity\"")
        );
        assert!(html.as_str().contains("Nothing matches all of these filters"));
        assert!(html.as_str().contains("href=\"/catalog.csv?q=pay&amp;kind=component&amp;sort=-activity\""));
    }

    #[test]
    fn an_empty_catalog_says_what_to_do() {
        let catalog = CatalogPage { rows: vec![], total: 0, facets: vec![] };
        assert!(
            render(&CatalogFilter::default(), &catalog, true, &Html::default())
                .as_str()
                .contains("slipway serve --source")
        );
    }
}
