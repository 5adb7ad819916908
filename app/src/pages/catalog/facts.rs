//! The column of facts beside the text; each that was inferred has its evidence.

use model::Evidence;
use model::catalog::EntityDetail;
use model::repository::RepositoryFacts;
use model::run::Run;

use super::template;
use crate::address;
use crate::components::{evidence, marks, rows};
use crate::format;
use crate::html::Html;

/// Facts of an entity and of the repository that holds it, and the run that made that.
pub fn column(out: &mut Html, now: i64, detail: &EntityDetail, launched: Option<&Run>) {
    out.raw("<aside class=\"facts-column\" aria-label=\"Facts\"><section><h2>Facts</h2><dl class=\"facts\">");
    own(out, detail);
    self::launched(out, now, launched);
    if let Some(repository) = detail.repository.as_ref().filter(|_| marks::has_code(&detail.row.kind)) {
        of_repository(out, now, &repository.facts, &repository.row.slug);
    }
    out.raw("</dl></section>");
    languages(out, &detail.entity.languages);
    tags(out, detail);
    out.raw("</aside>");
}

fn own(out: &mut Html, detail: &EntityDetail) {
    let row = &detail.row;
    let slug = row.repository.as_deref();
    let why = |pointer: &str| detail.entity.evidence.get(pointer);
    if !marks::is_owner(&row.kind) {
        let guess = detail.entity.guesses.iter().find(|guess| guess.field == "/spec/owner");
        let owner_why = why("/spec/owner").or(guess.filter(|_| row.owner.is_none()).map(|guess| &guess.evidence));
        fact(out, "Owner", owner_why, slug, |out| match (&row.owner, &row.owner_guess) {
            (Some(owner), _) => {
                out.link(&address::entity(owner), "value-link", &owner.short());
            }
            (None, Some(guess)) => {
                out.raw("<span class=\"guess\">probably ")
                    .link(&address::entity(guess), "value-link", &guess.short())
                    .raw("?</span>");
            }
            (None, None) => {
                out.raw("<span class=\"unknown\">unknown</span>");
            }
        });
    }
    if let Some(spec_type) = &row.spec_type {
        fact(out, "Type", why("/spec/type"), slug, |out| {
            out.text(spec_type);
        });
    }
    if row.kind == "Template" {
        if let Some(dialect) = detail.entity.entity.metadata.annotations.get("slipway/template-dialect") {
            fact(out, "Dialect", why("/metadata/name"), slug, |out| {
                out.text(dialect);
            });
        }
        fact(out, "Questions", None, None, |out| {
            out.text(&format::number(template::question_count(&detail.entity.entity)));
        });
    }
    if row.lifecycle.is_some() || matches!(row.kind.as_str(), "Component" | "API") {
        fact(out, "Lifecycle", why("/spec/lifecycle"), slug, |out| rows::lifecycle(out, row.lifecycle.as_deref()));
    }
    for guess in detail.entity.guesses.iter().filter(|guess| guess.field != "/spec/owner") {
        let field = format::capitalised(guess.field.rsplit('/').next().unwrap_or(&guess.field));
        fact(out, &field, Some(&guess.evidence), slug, |out| {
            out.raw("<span class=\"guess\">probably ").text(&guess.value).raw("?</span>");
        });
    }
    if let Some(system) = &row.system {
        fact(out, "System", why("/spec/system"), slug, |out| {
            out.link(&address::entity(system), "value-link", &system.short());
        });
    }
    if let Some(slug) = slug {
        fact(out, "Repository", None, None, |out| {
            out.link(&address::repository(slug), "value-link", slug);
        });
        if !detail.entity.path.is_empty() {
            fact(out, "Folder", None, None, |out| {
                out.raw("<code>").text(&detail.entity.path).raw("</code>");
            });
        }
    }
    if let (Some(descriptor), Some(slug)) = (&detail.entity.descriptor, slug) {
        fact(out, "Descriptor", None, None, |out| {
            out.raw("<code>").link(&address::file(slug, descriptor, None), "value-link", descriptor).raw("</code>");
        });
    }
    let locations = detail.relations.iter().filter(|relation| relation.kind == "broughtBy" && relation.row.is_some());
    for (at, relation) in locations.take(5).enumerate() {
        fact(out, if at == 0 { "Named by" } else { "" }, None, None, |out| {
            out.link(&address::entity(&relation.target), "value-link", &relation.target.short());
        });
    }
}

/// From which template a repository was launched, by whom and when.
pub fn launched(out: &mut Html, now: i64, run: Option<&Run>) {
    let Some(run) = run else { return };
    fact(out, "Launched", None, None, |out| {
        out.raw("<a class=\"value-link\"").attribute("href", &address::run(&run.id)).raw(">");
        format::time(out, now, run.created_at);
        out.raw("</a> by ").text(&run.by);
    });
    fact(out, "From", None, None, |out| {
        out.link(&address::template(&run.template), "value-link", &run.template.name).raw(" ");
        match &run.tag {
            Some(tag) => out.text(tag),
            None => out.raw("<code>").text(&evidence::short_commit(&run.commit)).raw("</code>"),
        };
    });
}

/// What Git knows of a repository, as facts. Also on the repository's own page.
pub fn of_repository(out: &mut Html, now: i64, facts: &RepositoryFacts, slug: &str) {
    let slug = Some(slug);
    if let Some(commit) = &facts.last_commit {
        fact(out, "Last commit", None, None, |out| format::time(out, now, commit.at));
    }
    if let Some(commit) = &facts.first_commit {
        fact(out, "Since", None, None, |out| format::time_with(out, commit.at, &format::day(commit.at)));
    }
    if facts.people.all_time > 0 {
        fact(out, "People", None, None, |out| {
            let bots = if facts.people.bots > 0 {
                format!(", and {}", format::count(facts.people.bots, "bot", "bots"))
            } else {
                String::new()
            };
            out.raw("<span>").text(&format::number(facts.people.last_year)).raw(" this year, ");
            out.text(&format::number(facts.people.all_time)).raw(" in all").text(&bots).raw("</span>");
        });
    }
    if let Some(tag) = facts.tags.first() {
        fact(out, "Latest tag", None, None, |out| {
            out.raw("<code>").text(&tag.name).raw("</code>");
        });
    }
    if let Some(licence) = &facts.licence {
        fact(out, "Licence", Some(&licence.evidence), slug, |out| {
            out.text(&licence.value);
        });
    }
    let lists = [
        ("CI", &facts.ci),
        ("Manifests", &facts.manifests),
        ("Container", &facts.containers),
        ("Chart", &facts.charts),
        ("Compose", &facts.compose),
        ("API files", &facts.api_definitions),
        ("Docs", &facts.docs),
    ];
    for (label, values) in lists {
        for (at, value) in values.iter().take(3).enumerate() {
            fact(out, if at == 0 { label } else { "" }, Some(&value.evidence), slug, |out| {
                out.text(&value.value);
            });
        }
        if values.len() > 3 {
            fact(out, "", None, None, |out| {
                out.raw("<span class=\"faint\">and ").plain(values.len() - 3).raw(" more</span>");
            });
        }
    }
    if let Some(codeowners) = &facts.codeowners {
        fact(out, "Owners file", None, None, |out| {
            out.raw("<code>");
            match slug {
                Some(slug) => out.link(&address::file(slug, codeowners, None), "value-link", codeowners),
                None => out.text(codeowners),
            };
            out.raw("</code>");
        });
    }
}

/// One line: label, value, evidence.
pub fn fact(
    out: &mut Html,
    label: &str,
    why: Option<&Evidence>,
    repository: Option<&str>,
    value: impl FnOnce(&mut Html),
) {
    out.raw("<div class=\"fact\"><dt>").text(label).raw("</dt><dd><span>").with(value).raw("</span>");
    if let Some(why) = why {
        evidence::mark(out, if label.is_empty() { "this" } else { label }, why, repository);
    }
    out.raw("</dd></div>");
}

/// The bar with every language named.
pub fn languages(out: &mut Html, languages: &[(String, u64)]) {
    let total: u64 = languages.iter().map(|(_, lines)| lines).sum();
    if total == 0 {
        return;
    }
    out.raw("<section><h2>Languages</h2>");
    marks::language_bar(out, languages, "language-bar language-bar-wide");
    out.raw("<ul class=\"languages-list\">");
    for (language, lines) in languages.iter().filter(|(_, lines)| *lines > 0) {
        out.raw("<li")
            .attribute("title", &format::count(*lines, "line of code", "lines of code"))
            .raw("><span class=\"dot ");
        out.raw(marks::language_hue(language)).raw("\"></span>").text(language);
        out.raw(" <span class=\"number\">").text(&format::percent(*lines, total)).raw("</span></li>");
    }
    out.raw("</ul></section>");
}

fn tags(out: &mut Html, detail: &EntityDetail) {
    if detail.row.tags.is_empty() {
        return;
    }
    out.raw("<section><h2>Tags</h2><div class=\"tag-list\">");
    for tag in &detail.row.tags {
        out.link(&address::catalog_with(model::catalog::Field::Tag, tag), "badge", tag);
    }
    out.raw("</div></section>");
}
