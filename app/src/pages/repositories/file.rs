//! One file of a repository: a document with its headings, or a text with its lines.

use engine_docs::{Heading, Rendered};
use portal::repositories::{FileContent, FileView};

use super::super::{Answer, Page, Parameters, Place};
use crate::RequestContext;
use crate::address;
use crate::components::state::{Tone, notice};
use crate::components::{Icon, findings};
use crate::format;
use crate::html::Html;

/// The most files that are listed beside a document.
const MOST_FILES: usize = 200;
/// The most lines of a text that are numbered.
const MOST_LINES: usize = 5_000;

pub async fn page(context: RequestContext, parameters: Parameters) -> Answer {
    let (slug, path) = (parameters.get("slug"), parameters.get("path"));
    let repository = portal::repositories::get(&context.portal, &context.actor, &slug).await?;
    let view = portal::repositories::file(&context.portal, &context.actor, &slug, &path).await?;
    let mut out = Html::new();
    match &view.content {
        FileContent::Markdown(rendered) => reader(&mut out, &slug, &view, rendered, &repository.facts.markdown),
        FileContent::Text(text) => lines(&mut out, &view.path, text),
        FileContent::Image { .. } => image(&mut out, &slug, &view.path),
        FileContent::Message(finding) => {
            out.raw("<h1>").text(&view.path).raw("</h1>");
            findings::list(&mut out, [finding], None);
        }
    }
    let (folders, name) =
        view.path.rsplit_once('/').map_or((None, view.path.as_str()), |(folders, name)| (Some(folders), name));
    let mut page = Page::new(name, Place::Repositories, out)
        .below("Repositories", "/repositories")
        .below(repository.row.name, address::repository(&slug));
    if let Some(folders) = folders {
        // Folders have no page of their own; the repository's lists the documents.
        page = page.below(folders, address::repository(&slug));
    }
    Ok(page)
}

fn reader(out: &mut Html, slug: &str, view: &FileView, rendered: &Rendered, files: &[String]) {
    let several = files.len() > 1;
    out.raw("<div").attribute("class", if several { "reader" } else { "reader reader-without-files" }).raw(">");
    if several {
        documents(out, slug, &view.path, files);
    }
    out.raw("<div><p class=\"document-head\">");
    Icon::FileText.write(out);
    out.raw("<code>").text(&view.path).raw("</code></p>");
    if !rendered.headings.iter().any(|heading| heading.level == 1) {
        out.raw("<h1 class=\"visually-hidden\">").text(&view.path).raw("</h1>");
    }
    out.raw("<article class=\"document\">").add(&Html::trusted(rendered.html.as_str())).raw("</article>");
    if rendered.truncated {
        notice(out, Tone::Plain, |out| {
            out.raw("This file is longer than a megabyte; its end is not shown.");
        });
    }
    out.raw("</div>");
    contents(out, &rendered.headings);
    out.raw("</div>");
}

/// The other documents, by folder.
fn documents(out: &mut Html, slug: &str, current: &str, files: &[String]) {
    out.raw(
        "<details class=\"reader-files\"><summary class=\"button\">Documents</summary><nav aria-label=\"Documents\">",
    );
    out.raw("<p class=\"reader-heading\">Documents</p>");
    let mut folder = "";
    out.raw("<ul>");
    for file in files.iter().take(MOST_FILES) {
        let (above, name) = file.rsplit_once('/').unwrap_or(("", file));
        if above != folder {
            folder = above;
            out.raw("</ul><p class=\"reader-folder\">").text(above).raw("</p><ul>");
        }
        out.raw("<li><a class=\"reader-link\"").attribute("href", &address::file(slug, file, None));
        if file == current {
            out.raw(" aria-current=\"page\"");
        }
        out.raw(">").text(name).raw("</a></li>");
    }
    out.raw("</ul></nav></details>");
}

/// The headings of a document, to jump to.
pub fn contents(out: &mut Html, headings: &[Heading]) {
    let headings: Vec<&Heading> = headings.iter().filter(|heading| (2..=4).contains(&heading.level)).collect();
    out.raw("<aside class=\"reader-contents\" aria-label=\"On this page\">");
    if headings.len() > 1 {
        out.raw("<p class=\"reader-heading\">On this page</p><ul>");
        for heading in headings.into_iter().take(80) {
            let class = ["reader-link", "reader-link contents-3", "reader-link contents-4"]
                [usize::from(heading.level.clamp(2, 4) - 2)];
            out.raw("<li>").link(&format!("#{}", address::segment(&heading.id)), class, &heading.text).raw("</li>");
        }
        out.raw("</ul>");
    }
    out.raw("</aside>");
}

/// A text with numbers that can be linked to.
fn lines(out: &mut Html, path: &str, text: &str) {
    let total = text.lines().count();
    out.raw("<div class=\"page-header\"><div class=\"page-title\"><h1 class=\"breakable\">")
        .text(path)
        .raw("</h1><span class=\"count\">");
    out.text(&format::count(total, "line", "lines")).raw("</span></div></div>");
    out.raw("<div class=\"source-text\" tabindex=\"0\" role=\"group\"").attribute("aria-label", path);
    out.raw("><table class=\"source-lines\"><tbody>");
    for (at, line) in text.lines().take(MOST_LINES).enumerate() {
        out.raw("<tr id=\"L").plain(at + 1).raw("\"><td class=\"line-number\">").plain(at + 1).raw("</td><td>");
        out.text(line).raw("</td></tr>");
    }
    out.raw("</tbody></table></div>");
    if total > MOST_LINES {
        out.raw("<p class=\"faint small\">")
            .text(&format::count(total - MOST_LINES, "more line is", "more lines are"))
            .raw(" not shown</p>");
    }
}

fn image(out: &mut Html, slug: &str, path: &str) {
    let raw = format!("{}/raw/{}", address::repository(slug), address::path(path));
    out.raw("<div class=\"page-header\"><h1 class=\"breakable\">")
        .text(path)
        .raw("</h1></div><p><img")
        .attribute("src", &raw);
    out.attribute("alt", path).raw("></p>");
}
