//! Calls that the catalog has seen, and for which nothing is granted: how far the organisation has come.

use model::access::AccessCoverage;

use super::{ask_address, ways};
use crate::components::state;
use crate::html::Html;
use crate::pages::{Answer, Page, Parameters, Place};
use crate::{RequestContext, address, format};

/// Calls that the page shows.
const SHOWN: usize = 300;

pub async fn page(context: RequestContext, _: Parameters) -> Answer {
    let coverage = portal::access::coverage(&context.portal, &context.actor).await?;
    let mut out = Html::new();
    let share = format::percent(coverage.granted, coverage.calls);
    let about =
        "A call is seen where a component says, or its code and configuration show, that it uses an API of others.";
    state::page_header(&mut out, "Access", Some(&format!("{share} of the calls are granted")), about, &Html::default());
    ways(&mut out, &context, "/access/coverage").await?;
    if coverage.calls == 0 {
        state::empty(&mut out, "No call is known", "No component is known to use an API of others.", None);
    } else if coverage.uncovered.is_empty() {
        state::empty(&mut out, "Everything is granted", "For each call that is known, something is granted.", None);
    } else {
        table(&mut out, &coverage);
    }
    Ok(Page::new("Calls without a grant", Place::Access, out).below("Access", "/access"))
}

fn table(out: &mut Html, coverage: &AccessCoverage) {
    out.raw("<div class=\"table-wrap\" tabindex=\"0\" role=\"group\" aria-label=\"Calls without a grant\">");
    out.raw("<table class=\"table table-plain\"><thead><tr>");
    for column in ["Component", "API", "Where it was seen", "What to do"] {
        out.raw("<th scope=\"col\">").raw(column).raw("</th>");
    }
    out.raw("</tr></thead><tbody>");
    for call in coverage.uncovered.iter().take(SHOWN) {
        out.raw("<tr><td>").link(&address::entity(&call.consumer), "", &call.consumer.name).raw("</td><td>");
        out.link(&format!("{}/access", address::entity(&call.api)), "", &call.api.name)
            .raw("</td><td class=\"quiet\">");
        match call.evidence.as_ref().and_then(|evidence| evidence.file.as_deref()) {
            Some(file) => out.raw("<code>").text(file).raw("</code>"),
            None => out.raw("its descriptor"),
        };
        out.raw("</td><td>");
        match (call.waiting, call.offered) {
            (true, _) => out.raw("<span class=\"badge badge-amber\">waiting</span>"),
            (false, true) => out.link(&ask_address(Some(&call.consumer), Some(&call.api)), "link", "Ask for it"),
            (false, false) => out.raw("<span class=\"quiet\">its owners have to offer scopes first</span>"),
        };
        out.raw("</td></tr>");
    }
    out.raw("</tbody></table></div>");
    if coverage.uncovered.len() > SHOWN {
        out.raw("<p class=\"quiet\">")
            .text(&format::number(coverage.uncovered.len() - SHOWN))
            .raw(" more are in the API.</p>");
    }
}
