//! The organisation's access as a matrix: who uses whom.

use std::collections::{BTreeMap, BTreeSet};

use model::EntityRef;
use model::access::AccessCell;
use portal::access::AccessFilter;

use super::{filter, ways};
use crate::components::state;
use crate::html::Html;
use crate::pages::{Answer, Page, Parameters, Place};
use crate::{RequestContext, address};

const PAGE: &str = "/access/matrix";

pub async fn page(context: RequestContext, _: Parameters) -> Answer {
    let (filter, _) = filter::read(context.query())?;
    let after = address::first_values(context.query()).get("after").cloned().unwrap_or_default();
    let (cells, next) = portal::access::matrix(&context.portal, &context.actor, &filter, &after).await?;
    let mut out = Html::new();
    let about = "Components in rows, the APIs that they use in columns; each number of scopes leads to them.";
    state::page_header(&mut out, "Access", None, about, &Html::default());
    ways(&mut out, &context, PAGE).await?;
    filter::form(&mut out, &context, PAGE, &filter).await?;
    if cells.is_empty() {
        state::empty(&mut out, "Nothing here", "Nothing of it was ever asked for, or not by what you may see.", None);
    } else {
        table(&mut out, &cells, &filter);
    }
    if let Some(next) = next {
        let mut pairs = filter::pairs(&filter);
        pairs.push(("after", next));
        out.raw("<div class=\"pager\">")
            .link(&address::of_pairs(PAGE, pairs.iter()), "button", "More components")
            .raw("</div>");
    }
    Ok(Page::new("Matrix of access", Place::Access, out).below("Access", "/access"))
}

/// A mark of so many, and what it says.
const MARKS: [(&str, &str); 3] =
    [("badge badge-green", "granted"), ("badge badge-amber", "waiting"), ("badge badge-red", "ended or refused")];

fn table(out: &mut Html, cells: &[AccessCell], filter: &AccessFilter) {
    let apis: BTreeSet<&EntityRef> = cells.iter().map(|cell| &cell.api).collect();
    let mut rows: BTreeMap<&EntityRef, BTreeMap<&EntityRef, &AccessCell>> = BTreeMap::new();
    for cell in cells {
        rows.entry(&cell.consumer).or_default().insert(&cell.api, cell);
    }
    out.raw("<p class=\"matrix-legend\">");
    for (class, label) in MARKS {
        out.raw("<span").attribute("class", class).raw(">").raw(label).raw("</span> ");
    }
    out.raw("</p>");
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

fn one(out: &mut Html, cell: &AccessCell, narrowed: &AccessFilter) {
    let list = AccessFilter { consumer: Some(cell.consumer.clone()), api: Some(cell.api.clone()), ..narrowed.clone() };
    out.raw("<td><a").attribute("href", &filter::address("/access/grants", &list, 1));
    let said = format!(
        "{} and {}: {} granted, {} waiting, {} ended or refused",
        cell.consumer.name, cell.api.name, cell.active, cell.waiting, cell.other
    );
    out.attribute("aria-label", &said).raw(">");
    let counts = [cell.active, cell.waiting, cell.other].into_iter().zip(MARKS);
    for (count, (class, _)) in counts.filter(|(count, _)| *count > 0) {
        out.raw("<span").attribute("class", class).raw(">").plain(count).raw("</span> ");
    }
    out.raw("</a></td>");
}
