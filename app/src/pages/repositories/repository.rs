//! One repository: what it is to the catalog, what Git knows, what is wrong, what may not speak.

use model::repository::{Exclusion, ForgeFacts, RepositoryDetail, RepositoryRow, Standing};
use model::run::Run;
use portal::identity::{Action, Resource, can};
use portal::repositories::FileView;

use super::super::catalog::{document, facts, figure};
use super::super::{Answer, Page, Parameters, Place, changes};
use super::list::{standing_badge, standing_word};
use crate::RequestContext;
use crate::address;
use crate::components::state::{Tone, notice};
use crate::components::{Icon, activity, evidence, findings, marks, rows};
use crate::format;
use crate::html::Html;

/// How many exclusions and files stand without unfolding.
const SHOWN: usize = 30;

pub async fn page(context: RequestContext, parameters: Parameters) -> Answer {
    let slug = parameters.get("slug");
    let detail = portal::repositories::get(&context.portal, &context.actor, &slug).await?;
    // What cannot be read now still has a page that says so.
    let readme =
        portal::repositories::readme(&context.portal, &context.actor, &slug, "").await.unwrap_or_else(|error| {
            tracing::warn!(%error, slug, "a README could not be read");
            None
        });
    let docs = portal::docs::of_repository(&context.portal, &context.actor, &slug).await?;
    let launched = portal::runs::of_project(&context.portal, &context.actor, &slug).await?;
    let mut out = Html::new();
    header(&mut out, &detail, !docs.is_empty(), can(&context.actor, Action::Propose, Resource::Anything).is_ok());
    out_of_sight_notice(&mut out, context.now(), &detail.row);
    standing_notice(&mut out, &detail);
    out.raw("<div class=\"with-facts\"><div>");
    main(&mut out, &detail, readme.as_ref());
    out.raw("</div>");
    column(&mut out, context.now(), &detail, launched.as_ref());
    out.raw("</div>");
    Ok(Page::new(detail.row.name, Place::Repositories, out).below("Repositories", "/repositories").following())
}

fn header(out: &mut Html, detail: &RepositoryDetail, has_docs: bool, may: bool) {
    let row = &detail.row;
    out.raw("<div class=\"thing-header\"><span class=\"glyph glyph-large hue-neutral\">");
    Icon::Repository.write(out);
    out.raw("</span><h1>").text(&row.name).raw(" ");
    standing_badge(out, row.standing);
    if row.out_of_sight.is_some() {
        out.raw(" <span class=\"badge badge-amber\">out of sight</span>");
    }
    out.raw("</h1><div class=\"thing-actions\">");
    if has_docs {
        out.raw("<a class=\"button\"").attribute("href", &format!("{}/docs", address::repository(&row.slug))).raw(">");
        Icon::Book.write(out);
        out.raw("Docs</a>");
    }
    if let Some(entity) = detail.entities.iter().find(|row| may && marks::has_owner(&row.kind)) {
        out.raw("<a class=\"button\"").attribute("href", &changes::address_for_entity(&entity.reference)).raw(">");
        Icon::Pull.write(out);
        out.raw("Write catalog-info.yaml</a>");
    }
    if let Some(forge) = detail.forge.as_ref().filter(|forge| !forge.html_url.is_empty()) {
        out.raw("<a class=\"button\" rel=\"noopener\"").attribute("href", &forge.html_url).raw(">");
        Icon::Link.write(out);
        out.raw("At GitHub</a>");
    }
    out.raw("</div>");
    if let Some(description) = &row.description {
        out.raw("<p class=\"lede\">").text(description).raw("</p>");
    }
    out.raw("<ul class=\"thing-meta\"><li>source ");
    out.link(&format!("/repositories?source={}", address::segment(&row.source)), "", &row.source).raw("</li>");
    if let Some(head) = &detail.facts.head {
        out.raw("<li>");
        Icon::Commit.write(out);
        out.text(head.branch.as_deref().unwrap_or("detached"))
            .raw(" at <code")
            .attribute("title", &head.commit)
            .raw(">");
        out.text(&evidence::short_commit(&head.commit)).raw("</code></li>");
    }
    if detail.facts.tag_count > 0 {
        out.raw("<li>");
        Icon::Tag.write(out);
        out.text(&format::count(detail.facts.tag_count, "tag", "tags")).raw("</li>");
    }
    out.raw("</ul></div>");
}

/// Says of a repository that its source does not list any more since when and why; also on the pages of its entities.
pub fn out_of_sight_notice(out: &mut Html, now: i64, row: &RepositoryRow) {
    let Some(unseen) = &row.out_of_sight else { return };
    notice(out, Tone::Amber, |out| {
        out.raw("<strong>Out of sight since ");
        format::time(out, now, unseen.since);
        out.raw(".</strong> The repository ").text(&row.name).raw(" ").text(&unseen.why).raw(". ");
        if unseen.waits {
            out.raw("It stays until somebody says what became of it, at ");
            out.link("/sources", "link", "Sources and sync").raw(".");
        } else {
            out.raw("What was known stays, for people who are signed in at the most; it comes back by itself when it is seen again.");
        }
    });
}

fn standing_notice(out: &mut Html, detail: &RepositoryDetail) {
    let row = &detail.row;
    let (tone, text) = match row.standing {
        Standing::Catalogued => return,
        Standing::Failed => (Tone::Red, "It could not be read; what was known before stays. "),
        Standing::Listed => (Tone::Plain, "Its name is known; its content has not been read yet. "),
        Standing::WithoutComponent => {
            (Tone::Plain, "It was read, and nothing decisive says what it is, so nothing of it is in the catalog. ")
        }
        Standing::Empty => (Tone::Plain, "There is nothing in it to read. "),
        Standing::Archived => (Tone::Plain, "It is archived: shown, but not counted. "),
        Standing::LeftOut => (Tone::Plain, "It is left out of the catalog. "),
    };
    notice(out, tone, |out| {
        out.raw("<strong>").raw(standing_word(row.standing)).raw(".</strong> ").raw(text);
        out.text(row.reason.as_deref().unwrap_or_default());
    });
}

fn main(out: &mut Html, detail: &RepositoryDetail, readme: Option<&FileView>) {
    let slug = &detail.row.slug;
    if !detail.entities.is_empty() {
        out.raw("<section class=\"section\"><div class=\"section-head\"><h2>In the catalog<span class=\"count\">");
        out.text(&format::number(detail.entities.len())).raw("</span></h2></div>");
        rows::plain_table(out, "Entities of this repository", &detail.entities);
        out.raw("</section>");
    }
    if !detail.findings.is_empty() {
        out.raw(
            "<section class=\"section\" id=\"findings\"><div class=\"section-head\"><h2>Findings<span class=\"count\">",
        );
        out.text(&format::number(detail.findings.len())).raw("</span></h2></div>");
        findings::list(out, &detail.findings, Some(slug));
        out.raw("</section>");
    }
    if detail.facts.activity.weeks.iter().any(|&week| week > 0) {
        out.raw("<section class=\"section\"><h2>Activity</h2><div class=\"figures\">");
        figure(out, detail.facts.commits, "commits");
        figure(out, detail.facts.activity.recent(52).into(), "by people in the last year");
        figure(out, detail.facts.people.all_time.into(), "people");
        out.raw(
            "</div><figure class=\"chart-figure\"><figcaption>Commits by people, per week over two years</figcaption>",
        );
        activity::chart(out, &detail.facts.activity);
        out.raw("</figure>");
        activity::table(out, &detail.facts.activity);
        out.raw("</section>");
    }
    if let Some(readme) = readme {
        out.raw("<section class=\"section\" aria-label=\"README\">");
        document(out, slug, readme);
        out.raw("</section>");
    }
    exclusions(out, &detail.facts.excluded);
}

fn exclusions(out: &mut Html, excluded: &[Exclusion]) {
    if excluded.is_empty() {
        return;
    }
    out.raw("<section class=\"section\"><h2>What may not speak</h2><p class=\"about\">Vendored, generated and test files say nothing \
             about what a repository is. Each with its reason.</p><div class=\"table-wrap\"><table class=\"table table-plain exclusions\">");
    out.raw("<caption class=\"visually-hidden\">Excluded paths</caption><thead><tr><th scope=\"col\">Path</th><th scope=\"col\">Is</th>");
    out.raw("<th scope=\"col\">Because</th><th scope=\"col\" class=\"number\">Files</th></tr></thead><tbody>");
    for exclusion in excluded.iter().take(SHOWN) {
        out.raw("<tr><td>").text(&exclusion.path).raw("</td><td>").raw(exclusion.class.as_str()).raw("</td><td>");
        out.text(&exclusion.why)
            .raw("</td><td class=\"number\">")
            .text(&format::number(exclusion.files))
            .raw("</td></tr>");
    }
    out.raw("</tbody></table></div>");
    if excluded.len() > SHOWN {
        out.raw("<p class=\"faint small\">and ").plain(excluded.len() - SHOWN).raw(" more</p>");
    }
    out.raw("</section>");
}

fn column(out: &mut Html, now: i64, detail: &RepositoryDetail, launched: Option<&Run>) {
    out.raw("<aside class=\"facts-column\" aria-label=\"Facts\"><section><h2>Facts</h2><dl class=\"facts\">");
    facts::fact(out, "Files", None, None, |out| {
        out.text(&format::number(detail.facts.files.total)).raw(", ").text(&format::size(detail.facts.files.bytes));
    });
    facts::launched(out, now, launched);
    facts::of_repository(out, now, &detail.facts, &detail.row.slug);
    if let Some(at) = detail.read_at {
        facts::fact(out, "Read", None, None, |out| {
            format::time(out, now, at);
            if let Some(took) = detail.took {
                out.raw(", took ").text(&format::duration(took));
            }
        });
    }
    out.raw("</dl></section>");
    if let Some(forge) = &detail.forge {
        at_forge(out, now, forge);
    }
    facts::languages(out, &detail.row.languages);
    markdown(out, detail);
    out.raw("</aside>");
}

/// What the forge says beyond Git.
fn at_forge(out: &mut Html, now: i64, forge: &ForgeFacts) {
    out.raw("<section><h2>At GitHub</h2><dl class=\"facts\">");
    facts::fact(out, "Name", None, None, |out| {
        out.text(&forge.full_name);
    });
    facts::fact(out, "Visibility", None, None, |out| {
        out.text(&forge.visibility);
    });
    let flags = [(forge.archived, "Archived"), (forge.template, "Template")];
    for (_, label) in flags.iter().filter(|(is, _)| *is) {
        facts::fact(out, label, None, None, |out| {
            out.raw("yes");
        });
    }
    for (label, value) in [("Default branch", &forge.default_branch), ("Language", &forge.language)] {
        if let Some(value) = value {
            facts::fact(out, label, None, None, |out| {
                out.text(value);
            });
        }
    }
    if let Some(homepage) = &forge.homepage {
        facts::fact(out, "Homepage", None, None, |out| {
            out.raw("<a class=\"value-link\" rel=\"noopener nofollow\"").attribute("href", homepage).raw(">");
            out.text(homepage).raw("</a>");
        });
    }
    if let Some(at) = forge.pushed_at {
        facts::fact(out, "Last push", None, None, |out| format::time(out, now, at));
    }
    for (name, values) in &forge.custom_properties {
        facts::fact(out, name, None, None, |out| {
            out.text(&values.join(", "));
        });
    }
    out.raw("</dl>");
    if !forge.topics.is_empty() {
        out.raw("<div class=\"tag-list\">");
        for topic in &forge.topics {
            out.raw("<span class=\"badge\">").text(topic).raw("</span>");
        }
        out.raw("</div>");
    }
    out.raw("</section>");
}

/// What else can be read.
fn markdown(out: &mut Html, detail: &RepositoryDetail) {
    let files = &detail.facts.markdown;
    if files.is_empty() {
        return;
    }
    out.raw("<section><h2>Documents</h2><ul>");
    for file in files.iter().take(SHOWN) {
        out.raw("<li>").link(&address::file(&detail.row.slug, file, None), "reader-link", file).raw("</li>");
    }
    out.raw("</ul>");
    if files.len() > SHOWN {
        out.raw("<p class=\"faint small\">and ").plain(files.len() - SHOWN).raw(" more, beside any of these</p>");
    }
    out.raw("</section>");
}
