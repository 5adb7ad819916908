//! One page of documentation: the others left, its headings right.

use leptos_axum::redirect;
use model::{EntityRef, Finding};
use portal::docs::{DocsOf, DocsView};
use portal::repositories::FileContent;

use super::super::repositories::contents;
use super::super::{Answer, Page, Parameters, Place};
use super::{list, navigation};
use crate::RequestContext;
use crate::address;
use crate::components::state::{Tone, notice};
use crate::components::{Icon, evidence, findings, state};
use crate::html::Html;

/// `/docs/{namespace}/{kind}/{name}/{*path}`
pub async fn of_entity(context: RequestContext, parameters: Parameters) -> Answer {
    let of = EntityRef::new(parameters.get("kind"), parameters.get("namespace"), parameters.get("name"));
    read(&context, &DocsOf::Entity(of), &parameters.get("path")).await
}

/// `/repositories/{slug}/docs/{*path}`; without a path the folders, where there are several.
pub async fn of_repository(context: RequestContext, parameters: Parameters) -> Answer {
    let (slug, path) = (parameters.get("slug"), parameters.get("path"));
    if path.is_empty() {
        let entries = portal::docs::of_repository(&context.portal, &context.actor, &slug).await?;
        if let [first, _, ..] = entries.as_slice() {
            let mut out = Html::new();
            state::page_header(&mut out, "Docs", None, "Documentation folders of this repository.", &Html::default());
            list::table(&mut out, context.now(), &entries);
            return Ok(Page::new("Docs", Place::Docs, out)
                .below("Repositories", "/repositories")
                .below(first.repository_name.clone(), address::repository(&slug)));
        }
    }
    read(&context, &DocsOf::Repository(slug), &path).await
}

async fn read(context: &RequestContext, of: &DocsOf, path: &str) -> Answer {
    let asked = Some(path).filter(|path| !path.is_empty());
    let view = portal::docs::read(&context.portal, &context.actor, of, asked).await?;
    let title = view.site.page(&view.page).map_or(view.page.as_str(), |page| page.title.as_str()).to_owned();
    let own = match of {
        DocsOf::Entity(_) => &view.page,
        DocsOf::Repository(_) => &view.file.path,
    };
    if asked.is_some_and(|asked| asked != own) {
        // As MkDocs addresses it: one page has one address.
        redirect(&view.address(&view.page));
    }
    let mut out = Html::new();
    out.raw("<div class=\"reader\">");
    pages(&mut out, &view);
    out.raw("<div>");
    head(&mut out, &view);
    body(&mut out, &view, &title);
    remarks(&mut out, &view);
    navigation::steps(&mut out, &view);
    out.raw("</div>");
    if let FileContent::Markdown(rendered) = &view.file.content {
        contents(&mut out, &rendered.headings);
    }
    out.raw("</div>");
    let page = Page::new(title, Place::Docs, out).below("Docs", "/docs");
    Ok(page.below(view.entry.title.clone(), address::docs_entry(&view.entry)))
}

/// What this documentation is, and all its pages.
fn pages(out: &mut Html, view: &DocsView) {
    let entry = &view.entry;
    out.raw("<details class=\"reader-files\"><summary class=\"button\">Pages</summary>");
    out.raw("<p class=\"reader-site\">").link(&address::docs_entry(entry), "", &entry.title);
    out.raw("</p><p class=\"reader-about\">");
    match &entry.entity {
        Some(row) => out.raw("of ").link(
            &address::entity(&row.reference),
            "link",
            row.title.as_deref().unwrap_or(&row.reference.name),
        ),
        None => out.raw("in ").link(&address::repository(&entry.repository), "link", &entry.repository_name),
    };
    out.raw("</p><nav").attribute("aria-label", &format!("Pages of {}", entry.title)).raw(">");
    navigation::tree(out, view);
    out.raw("</nav></details>");
}

/// Where the text comes from, and where it is changed.
fn head(out: &mut Html, view: &DocsView) {
    out.raw("<p class=\"document-head\">");
    Icon::FileText.write(out);
    out.link(&address::file(&view.entry.repository, &view.file.path, None), "breakable", &view.file.path);
    if let Some(head) = &view.head {
        out.raw("<span class=\"nowrap\">");
        Icon::Commit.write(out);
        out.raw("<code").attribute("title", &head.commit).raw(">").text(&evidence::short_commit(&head.commit));
        out.raw("</code></span>");
    }
    if let Some(edit) = &view.edit {
        out.raw("<a class=\"document-edit nowrap\" rel=\"noopener nofollow\"").attribute("href", edit).raw(">Edit</a>");
    }
    out.raw("</p>");
}

fn body(out: &mut Html, view: &DocsView, title: &str) {
    let rendered = match &view.file.content {
        FileContent::Markdown(rendered) => rendered,
        FileContent::Message(finding) => {
            out.raw("<h1>").text(title).raw("</h1>");
            findings::list(out, [finding], None);
            return;
        }
        // Only Markdown is a page of documentation.
        FileContent::Text(_) | FileContent::Image { .. } => return,
    };
    out.raw("<article class=\"document\">");
    if !rendered.headings.iter().any(|heading| heading.level == 1) {
        out.raw("<h1>").text(title).raw("</h1>");
    }
    out.add(&Html::trusted(rendered.html.as_str())).raw("</article>");
    if rendered.truncated {
        notice(out, Tone::Plain, |out| {
            out.raw("This page is longer than a megabyte; its end is not shown.");
        });
    }
}

/// What is wrong on this page; on the first one also what is wrong with all of it.
fn remarks(out: &mut Html, view: &DocsView) {
    let first = view.site.home() == Some(view.page.as_str());
    let here = |finding: &&Finding| {
        finding.file == view.file.path || (first && Some(&finding.file) == view.site.configuration.as_ref())
    };
    let here: Vec<&Finding> = view.site.findings.iter().filter(here).collect();
    if here.is_empty() {
        return;
    }
    out.raw("<details class=\"remarks\"><summary>For its authors: ").text(&crate::format::count(
        here.len(),
        "remark",
        "remarks",
    ));
    out.raw("</summary>");
    findings::list(out, here, Some(&view.entry.repository));
    out.raw("</details>");
}
