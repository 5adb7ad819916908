//! The organisation's access as a matrix: who uses whom, in one environment or all.

use std::collections::{BTreeMap, BTreeSet};

use model::EntityRef;
use model::access::AccessCell;
use portal::access::AccessFilter;

use super::{grants, ways};
use crate::components::state;
use crate::html::Html;
use crate::pages::{Answer, Page, Parameters, Place};
use crate::{RequestContext, address};

pub async fn page(context: RequestContext, _: Parameters) -> Answer {
    let values = address::first_values(context.query());
    let value = |key: &str| values.get(key).filter(|value| !value.is_empty()).cloned();
    let environment = value("environment");
    let filter = AccessFilter { environment: environment.clone(), ..AccessFilter::default() };
    let after = value("after").unwrap_or_default();
    let (cells, next) = portal::access::matrix(&context.portal, &context.actor, &filter, &after).await?;
    let mut out = Html::new();
    let about = "Components in rows, APIs in columns: how many scopes are granted, and how many wait.";
    state::page_header(&mut out, "Access", None, about, &Html::default());
    let of_environment = |out: &mut Html| environments(out, &context, environment.as_deref());
    ways(&mut out, &context, "/access/matrix", of_environment).await?;
    if cells.is_empty() {
        state::empty(&mut out, "Nothing here", "Nothing was asked for in this environment.", None);
    } else {
        table(&mut out, &cells, &filter);
    }
    if let Some(next) = next {
        let mut pairs = vec![("after", next)];
        pairs.extend(environment.map(|environment| ("environment", environment)));
        out.raw("<div class=\"pager\">")
            .link(&address::of_pairs("/access/matrix", pairs.iter()), "button", "More components")
            .raw("</div>");
    }
    Ok(Page::new("Matrix of access", Place::Access, out).below("Access", "/access"))
}

fn environments(out: &mut Html, context: &RequestContext, current: Option<&str>) {
    out.raw("<nav class=\"segments\" aria-label=\"Environment\"><a href=\"/access/matrix\"");
    out.raw(if current.is_none() { " aria-current=\"true\">All environments</a>" } else { ">All environments</a>" });
    for environment in &context.portal.settings().access.environments {
        let to = address::of_pairs("/access/matrix", [("environment", environment.clone())].iter());
        out.raw("<a").attribute("href", &to);
        out.raw(if current == Some(environment) { " aria-current=\"true\">" } else { ">" })
            .text(environment)
            .raw("</a>");
    }
    out.raw("</nav>");
}

fn table(out: &mut Html, cells: &[AccessCell], filter: &AccessFilter) {
    let apis: BTreeSet<&EntityRef> = cells.iter().map(|cell| &cell.api).collect();
    let mut rows: BTreeMap<&EntityRef, BTreeMap<&EntityRef, &AccessCell>> = BTreeMap::new();
    for cell in cells {
        rows.entry(&cell.consumer).or_default().insert(&cell.api, cell);
    }
    out.raw("<div class=\"table-wrap\" tabindex=\"0\" role=\"group\" aria-label=\"Matrix\"><table class=\"table table-plain matrix\">");
    out.raw("<thead><tr><th scope=\"col\">Component</th>");
    for api in &apis {
        out.raw("<th scope=\"col\">").link(&address::entity(api), "", &api.name).raw("</th>");
    }
    out.raw("</tr></thead><tbody>");
    for (consumer, row) in rows {
        out.raw("<tr><th scope=\"row\">").link(&address::entity(consumer), "", &consumer.name).raw("</th>");
        for api in &apis {
            match row.get(*api) {
                Some(cell) => one(out, cell, filter),
                None => {
                    out.raw("<td></td>");
                }
            }
        }
        out.raw("</tr>");
    }
    out.raw("</tbody></table></div>");
}

fn one(out: &mut Html, cell: &AccessCell, filter: &AccessFilter) {
    let list = AccessFilter { consumer: Some(cell.consumer.clone()), api: Some(cell.api.clone()), ..filter.clone() };
    out.raw("<td><a").attribute("href", &grants::address(&list, 1));
    let said = format!(
        "{} and {}: {} granted, {} waiting, {} other",
        cell.consumer.name, cell.api.name, cell.active, cell.waiting, cell.other
    );
    out.attribute("aria-label", &said).raw(">");
    let marks =
        [(cell.active, "badge badge-green"), (cell.waiting, "badge badge-amber"), (cell.other, "badge badge-red")];
    for (count, class) in marks.into_iter().filter(|(count, _)| *count > 0) {
        out.raw("<span").attribute("class", class).raw(">").plain(count).raw("</span> ");
    }
    out.raw("</a></td>");
}
