//! All documentation that somebody may read.

use model::docs::DocsEntry;

use super::super::{Answer, Page, Parameters, Place};
use crate::RequestContext;
use crate::address;
use crate::components::{Icon, marks, pager, state};
use crate::format;
use crate::html::Html;

const PER_PAGE: usize = 50;
/// The longest search that is read, in characters.
const LONGEST: usize = 200;

pub async fn page(context: RequestContext, _: Parameters) -> Answer {
    let asked = address::first_values(context.query());
    let text: String = asked.get("q").map(|text| text.trim().chars().take(LONGEST).collect()).unwrap_or_default();
    let number = asked.get("page").and_then(|page| page.parse().ok()).unwrap_or(1).max(1);
    let found = portal::docs::list(&context.portal, &context.actor, &text, number, PER_PAGE).await?;
    let mut out = Html::new();
    let count = format::count(found.total, "site", "sites");
    let about = "What repositories keep in docs/ or behind a mkdocs.yml, as it is in Git now.";
    state::page_header(&mut out, "Docs", Some(&count), about, &Html::default());
    if found.total == 0 && text.is_empty() {
        state::empty(
            &mut out,
            "No documentation yet",
            "A folder docs/ with Markdown in a repository, or beside a component in it, is shown here with the next sync. Begin \
             with one page:",
            Some("docs/index.md"),
        );
        return Ok(Page::new("Docs", Place::Docs, out));
    }
    search(&mut out, &text);
    if found.entries.is_empty() {
        out.raw("<div class=\"empty\"><h2>No documentation matches</h2><p>Try fewer words, or ");
        out.link("/docs", "link", "show all").raw(".</p></div>");
    } else {
        table(&mut out, context.now(), &found.entries);
        out.raw("<div class=\"pager\"><span>").text(&pager::range(number, PER_PAGE, found.total)).raw("</span>");
        pager::pager(&mut out, number, PER_PAGE, found.total, |page| address::docs_list(&text, page));
        out.raw("</div>");
    }
    Ok(Page::new("Docs", Place::Docs, out))
}

fn search(out: &mut Html, text: &str) {
    out.raw("<form class=\"filter-bar\" action=\"/docs\" method=\"get\" role=\"search\"><div class=\"search-box\">");
    Icon::Search.write(out);
    out.raw("<label class=\"visually-hidden\" for=\"filter\">Filter by words</label>");
    out.raw("<input class=\"search-input\" id=\"filter\" type=\"search\" name=\"q\" placeholder=\"Name, owner, tag, what it is about\"");
    out.attribute("value", text).raw("></div><button class=\"button\" type=\"submit\">Apply</button></form>");
}

/// Also the folders of one repository that has several.
pub fn table(out: &mut Html, now: i64, entries: &[DocsEntry]) {
    out.raw("<table class=\"table table-list\"><caption class=\"visually-hidden\">Documentation</caption><thead><tr>");
    out.raw("<th scope=\"col\">Name</th><th scope=\"col\">Owner</th><th scope=\"col\">Repository</th>");
    out.raw("<th scope=\"col\" class=\"number\">Pages</th><th scope=\"col\">Last commit</th></tr></thead><tbody>");
    for entry in entries {
        out.raw("<tr><td>");
        name(out, entry);
        out.raw("</td><td>");
        if let Some(row) = &entry.entity {
            marks::owner(out, row);
        }
        out.raw("</td><td><a class=\"above nowrap\"").attribute("href", &address::repository(&entry.repository));
        out.raw(">").text(&entry.repository_name).raw("</a></td><td class=\"number\">");
        out.text(&format::number(entry.pages)).raw("</td><td class=\"nowrap\">");
        if let Some(at) = entry.last_commit_at {
            format::time(out, now, at);
        }
        out.raw("</td></tr>");
    }
    out.raw("</tbody></table>");
}

fn name(out: &mut Html, entry: &DocsEntry) {
    out.raw("<div class=\"row-name\">");
    match &entry.entity {
        Some(row) => marks::glyph(out, &row.kind, row.spec_type.as_deref(), marks::Size::Row),
        None => {
            out.raw("<span class=\"glyph hue-neutral\">");
            Icon::Book.write(out);
            out.raw("</span>");
        }
    }
    out.raw("<div class=\"row-text\"><div class=\"row-title\">");
    out.link(&address::docs_entry(entry), "row-link", &entry.title);
    out.raw("<span class=\"row-type\">")
        .text(if entry.folder.is_empty() { "/" } else { &entry.folder })
        .raw("</span></div>");
    if let Some(description) = &entry.description {
        out.raw("<div class=\"row-about\">").text(description).raw("</div>");
    }
    out.raw("<div class=\"row-more\"><span>")
        .text(&format::count(entry.pages, "page", "pages"))
        .raw("</span></div></div></div>");
}
