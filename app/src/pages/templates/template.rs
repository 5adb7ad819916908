//! One template: what it asks, its versions with what they brought, and the projects that came from it.

use model::template::{QuestionKind, TemplateChange, TemplateDetail, TemplateVersion};

use super::{feedback, named, trust};
use crate::components::Icon;
use crate::html::Html;
use crate::pages::{Answer, Page, Parameters, Place};
use crate::{RequestContext, address, format};

/// What is shown of a commit's id.
const SHORT: usize = 8;
/// Changes of a version that are shown at once.
const UNFOLDED: usize = 5;

pub async fn page(context: RequestContext, parameters: Parameters) -> Answer {
    let reference = named(&parameters);
    let pairs = address::pairs(context.query());
    let commit = pairs.into_iter().find(|(name, _)| name == "commit").map(|(_, commit)| commit);
    let detail = portal::templates::get(&context.portal, &context.actor, &reference, commit.as_deref()).await?;
    let said = portal::runs::feedback::of_template(&context.portal, &context.actor, &reference).await?;
    let mut out = Html::new();
    header(&mut out, &detail, commit.as_deref());
    out.raw("<div class=\"with-facts\"><div>");
    trust::section(&mut out, &context, &detail);
    questions(&mut out, &detail);
    feedback::write(&mut out, context.now(), &detail.questions, &said);
    versions(&mut out, context.now(), &detail.versions);
    out.raw("</div><aside class=\"facts-column\" aria-label=\"Projects\"><section><h2>Projects</h2>");
    projects(&mut out, &detail);
    out.raw("</section></aside></div>");
    let title = title(&detail).to_owned();
    Ok(Page::new(title, Place::Templates, out).below("Templates", "/templates").following())
}

fn title(detail: &TemplateDetail) -> &str {
    detail.template.title.as_deref().unwrap_or(&detail.template.reference.name)
}

fn header(out: &mut Html, detail: &TemplateDetail, commit: Option<&str>) {
    let row = &detail.template;
    out.raw("<div class=\"thing-header\"><span class=\"glyph glyph-large hue-neutral\">");
    Icon::Template.write(out);
    out.raw("</span><h1>").text(title(detail)).raw("</h1><div class=\"thing-actions\">");
    if is_launched_here(detail) {
        let query = commit.map_or(String::new(), |commit| format!("?commit={commit}"));
        let form = format!("{}/launch{query}", address::template(&row.reference));
        out.link(&form, "button button-primary", "Launch a project");
    }
    out.raw("</div><ul class=\"thing-meta\"><li>");
    Icon::Repository.write(out);
    out.link(&address::repository(&row.repository), "", &row.repository_name).raw("</li>");
    if let Some(owner) = &row.owner {
        out.raw("<li>");
        Icon::Users.write(out);
        out.link(&address::entity(owner), "", &owner.name).raw("</li>");
    }
    out.raw("<li>");
    Icon::Commit.write(out);
    match &detail.tag {
        Some(tag) => out.text(tag),
        None => out.raw("<code>").text(short(&detail.commit)).raw("</code>"),
    };
    out.raw("</li></ul>");
    if let Some(description) = &row.description {
        out.raw("<p class=\"lede\">").text(description).raw("</p>");
    }
    out.raw("</div>");
}

fn is_launched_here(detail: &TemplateDetail) -> bool {
    let is_admitted = detail.executes.is_empty() || detail.trust.at(&detail.commit).is_some();
    is_admitted && detail.template.dialect.is_some()
}

pub(super) fn short(commit: &str) -> &str {
    commit.get(..SHORT).unwrap_or(commit)
}

fn questions(out: &mut Html, detail: &TemplateDetail) {
    out.raw("<section class=\"section\"><div class=\"section-head\"><h2>What it asks<span class=\"count\">");
    out.plain(detail.questions.len()).raw("</span></h2></div>");
    out.raw("<div class=\"table-wrap\"><table class=\"table table-plain\"><thead><tr><th scope=\"col\">Question</th>");
    out.raw("<th scope=\"col\">Takes</th><th scope=\"col\">Default</th></tr></thead><tbody>");
    for question in &detail.questions {
        out.raw("<tr><td>").text(&question.text).raw("</td><td>");
        match &question.kind {
            QuestionKind::Text => out.raw("text"),
            QuestionKind::YesNo => out.raw("yes or no"),
            QuestionKind::Dictionary => out.raw("a JSON object"),
            QuestionKind::Choice { choices } => {
                let labels: Vec<&str> = choices.iter().map(|choice| choice.label.as_str()).collect();
                out.text(&labels.join(", "))
            }
        };
        out.raw("</td><td><code>").text(&question.default).raw("</code></td></tr>");
    }
    out.raw("</tbody></table></div></section>");
}

fn versions(out: &mut Html, now: i64, versions: &[TemplateVersion]) {
    out.raw("<section class=\"section\"><div class=\"section-head\"><h2>Versions</h2></div><ol class=\"timeline\">");
    for version in versions {
        out.raw("<li><span class=\"timeline-head\"><strong>");
        out.text(version.tag.as_deref().unwrap_or("Not released yet")).raw("</strong> <span class=\"quiet\">");
        if let Some(at) = version.at {
            format::time(out, now, at);
        }
        if version.projects > 0 {
            out.raw(" · ").plain(version.projects).raw(if version.projects == 1 { " project" } else { " projects" });
        }
        out.raw("</span></span>");
        let (first, more) = version.changes.split_at(version.changes.len().min(UNFOLDED));
        changes(out, first);
        if !more.is_empty() {
            out.raw("<details><summary class=\"quiet\">").plain(more.len()).raw(" more</summary>");
            changes(out, more);
            out.raw("</details>");
        }
        out.raw("</li>");
    }
    out.raw("</ol></section>");
}

fn changes(out: &mut Html, changes: &[TemplateChange]) {
    for change in changes {
        out.raw("<p>").text(&change.subject).raw(" <span class=\"quiet\">").text(&change.by).raw("</span></p>");
    }
}

fn projects(out: &mut Html, detail: &TemplateDetail) {
    let projects = &detail.projects;
    if projects.is_empty() {
        out.raw("<p class=\"quiet\">None says yet that it came from here.</p>");
        return;
    }
    out.raw("<ul class=\"plain-list\">");
    for project in projects {
        out.raw("<li>").link(&address::repository(&project.repository), "link", &project.repository_name);
        let version = project.tag.as_deref().or(project.commit.as_deref().map(short));
        if let Some(version) = version {
            out.raw(" <span class=\"quiet\">").text(version).raw("</span>");
        }
        if is_launched_here(detail) {
            let like = address::value(&project.repository);
            let like = format!("{}/launch?like={like}", address::template(&detail.template.reference));
            out.raw(" <a class=\"link small\"").attribute("href", &like).raw(">Launch one like it");
            out.raw("<span class=\"visually-hidden\">: ").text(&project.repository_name).raw("</span></a>");
        }
        out.raw("</li>");
    }
    out.raw("</ul>");
}
