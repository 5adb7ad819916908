//! The first page: find, the one honest sentence, what to fix first, what changed, and how fresh it all is.

use leptos::prelude::*;
use model::Kind;
use model::catalog::{CatalogFilter, CatalogRow, Field, Sort, Summary, UNKNOWN};
use model::repository::Standing;
use model::source::SourceStatus;

use super::{Answer, Page, Parameters, Place, access};
use crate::RequestContext;
use crate::address;
use crate::components::state;
use crate::components::{Icon, rows};
use crate::format;
use crate::html::Html;
use crate::islands::QuickFind;
use portal::identity::{Action, Resource, can};
use portal::preferences::View;

/// How many recent changes are shown.
const RECENT: usize = 20;
const SHOWN: usize = 8;

pub async fn page(context: RequestContext, _: Parameters) -> Answer {
    let (portal, actor) = (&context.portal, &context.actor);
    let summary = portal::catalog::summary(portal, actor).await?;
    let sources = match can(actor, Action::Watch, Resource::Anything) {
        Ok(()) => Some(portal::sources::list(portal, actor).await?),
        Err(_) => None,
    };
    let recent = CatalogFilter { sort: Sort::Activity, descending: true, per_page: RECENT, ..CatalogFilter::default() };
    let recent = portal::catalog::list(portal, actor, &recent).await?.rows;

    let starred = portal::preferences::starred(portal, actor).await?;
    let views = portal::preferences::views(portal, actor).await?;

    let mut below = Html::new();
    access::waits_for(&mut below, &context).await?;
    ones_own(&mut below, context.now(), &starred, &views);
    if summary.repositories == 0 {
        first_steps(&mut below, sources.as_deref());
    } else {
        below.raw("<section aria-label=\"Summary\">");
        sentence(&mut below, &summary);
        ownership(&mut below, &summary);
        below.raw("</section>");
        fix_first(&mut below, &summary);
        recently(&mut below, context.now(), &recent);
    }
    if let Some(sources) = &sources {
        sources_line(&mut below, context.now(), sources);
    }
    let body = view! {
        <div class="home">
            <section aria-label="Find">
                <h1>"What are you looking for?"</h1>
                <QuickFind prominent=true/>
            </section>
            {below.into_view()}
        </div>
    };
    let mut page = Page::of_view("Home", Place::Home, body.into_any());
    page.search = false;
    Ok(page)
}

fn first_steps(out: &mut Html, sources: Option<&[SourceStatus]>) {
    let Some(sources) = sources else {
        let text = "There is nothing here that you may see. What is in private repositories is for those who may read them at \
                    the forge, once they have signed in.";
        return state::empty(out, "Nothing to see yet", text, None);
    };
    if sources.is_empty() {
        state::empty(
            out,
            "Begin with a folder",
            "Slipway reads the Git repositories of a folder, where they are, and makes a catalog of them. Nothing has to be \
             written for it. Start it with your own folder:",
            Some("slipway serve --source /path/to/repositories"),
        );
    } else {
        state::empty(
            out,
            "The first round has not ended yet",
            "Names appear within seconds, what is in the repositories a little later. “Sources and sync” shows how far it is.",
            None,
        );
    }
}

/// "40 repositories: 12 services, 9 libraries, …; owner declared for 62 %, …": each number leads to its list.
fn sentence(out: &mut Html, summary: &Summary) {
    let number = |out: &mut Html, address: &str, text: &str| {
        out.link(address, "", text);
    };
    out.raw("<p class=\"sentence\">");
    number(out, "/repositories", &format::count(summary.repositories, "repository", "repositories"));
    let mut parts: Vec<(String, String)> = Vec::new();
    let mut types: Vec<(&String, &u64)> =
        summary.types.iter().filter(|(name, count)| **count > 0 && *name != UNKNOWN).collect();
    types.sort_by(|a, b| b.1.cmp(a.1).then(a.0.cmp(b.0)));
    for (name, &count) in types.into_iter().take(5) {
        parts.push((address::components_of_type(name), type_count(name, count)));
    }
    let kinds =
        [(Kind::Api, "API", "APIs"), (Kind::System, "system", "systems"), (Kind::Template, "template", "templates")];
    for (kind, one, many) in kinds {
        if let Some(&count) = summary.kinds.get(kind.lower()).filter(|count| **count > 0) {
            parts.push((address::catalog_with(Field::Kind, kind.lower()), format::count(count, one, many)));
        }
    }
    let standings = [
        (Standing::Archived, "archived"),
        (Standing::WithoutComponent, "without a component"),
        (Standing::Empty, "empty"),
        (Standing::LeftOut, "left out"),
        (Standing::Failed, "that could not be read"),
    ];
    for (standing, word) in standings {
        if let Some(&count) = summary.standings.get(standing.as_str()).filter(|count| **count > 0) {
            parts.push((
                format!("/repositories?standing={}", standing.as_str()),
                format!("{} {word}", format::number(count)),
            ));
        }
    }
    for (at, (address, text)) in parts.iter().enumerate() {
        out.raw(if at == 0 { ": " } else { ", " });
        number(out, address, text);
    }
    out.raw(".</p>");
}

/// `6 services`, `1 CLI tool`: types are words of a descriptor, not always nouns that can be counted.
fn type_count(name: &str, value: u64) -> String {
    let (one, many) = match name {
        "library" => ("library", "libraries"),
        "cli" => ("CLI tool", "CLI tools"),
        "infrastructure" => ("infrastructure component", "infrastructure components"),
        "documentation" => ("documentation site", "documentation sites"),
        _ => return format::count(value, name, &format!("{name}s")),
    };
    format::count(value, one, many)
}

/// How the owners of components are known, as one bar.
fn ownership(out: &mut Html, summary: &Summary) {
    let of = |key: &str| summary.ownership.get(key).copied().unwrap_or_default();
    let parts = [
        ("declared", "declared", of("declared")),
        ("corroborated", "corroborated", of("corroborated")),
        ("guess", "probable", of("guess")),
        (UNKNOWN, "unknown", of(UNKNOWN)),
    ];
    let total: u64 = parts.iter().map(|(.., count)| count).sum();
    if total == 0 {
        return;
    }
    out.raw("<div class=\"ownership\"><svg class=\"ownership-bar\" viewBox=\"0 0 1000 10\" preserveAspectRatio=\"none\" aria-hidden=\"true\">");
    let mut start = 0;
    for (_, class, count) in parts {
        let width = count * 1000 / total;
        out.raw("<rect").attribute("class", class).raw(" x=\"").plain(start).raw("\" width=\"");
        out.plain(width.saturating_sub(2)).raw("\" height=\"10\"/>");
        start += width;
    }
    out.raw("</svg><p class=\"ownership-key\"><span>Owner:</span>");
    for (key, word, count) in parts {
        out.raw("<a").attribute("href", &format!("/catalog?kind=component&ownership={key}")).raw(">");
        let level = match key {
            "declared" => Some(model::Confidence::Declared),
            "corroborated" => Some(model::Confidence::Corroborated),
            "guess" => Some(model::Confidence::Guess),
            _ => None,
        };
        crate::components::marks::confidence(out, level);
        out.raw("<span>").text(word).raw(" for ").text(&format::percent(count, total)).raw("</span></a>");
    }
    out.raw("</p></div>");
}

/// What somebody has starred, and the views that they keep.
fn ones_own(out: &mut Html, now: i64, starred: &[CatalogRow], views: &[View]) {
    if !views.is_empty() {
        out.raw("<nav class=\"own-views\" aria-label=\"Your views\"><ul>");
        for view in views {
            out.raw("<li><a class=\"button\"").attribute("href", &view.address()).raw(">");
            Icon::Bookmark.write(out);
            out.text(&view.name).raw("</a></li>");
        }
        out.raw("</ul></nav>");
    }
    if starred.is_empty() {
        return;
    }
    out.raw("<section aria-labelledby=\"starred\"><h2 id=\"starred\">Starred</h2><ul class=\"feed\">");
    for row in starred {
        rows::feed_line(out, now, row);
    }
    out.raw("</ul></section>");
}

/// At most three things, each with the button that does it.
fn fix_first(out: &mut Html, summary: &Summary) {
    let of = |key: &str| summary.ownership.get(key).copied().unwrap_or_default();
    let failed = summary.standings.get(Standing::Failed.as_str()).copied().unwrap_or_default();
    let rows = [
        (
            failed,
            Icon::CircleX,
            "could not be read",
            "repository",
            "repositories",
            "Each says why on its page; what was known of it stays.",
            "/repositories?standing=failed",
            "See why",
        ),
        (
            summary.broken,
            Icon::CircleX,
            "with errors",
            "entity",
            "entities",
            "A descriptor that cannot be read, or says something that cannot be.",
            "/catalog?findings=error",
            "Show errors",
        ),
        (
            summary.unsure,
            Icon::Question,
            "with a guess",
            "entity",
            "entities",
            "A likely owner, type or lifecycle that nobody has confirmed.",
            "/unsure",
            "Confirm or correct",
        ),
        (
            of(UNKNOWN),
            Icon::Users,
            "without an owner",
            "component",
            "components",
            "Nothing in Git says whose they are. A CODEOWNERS file with a known team settles it.",
            "/catalog?kind=component&ownership=unknown",
            "Show them",
        ),
    ];
    let todo: Vec<_> = rows.into_iter().filter(|row| row.0 > 0).take(3).collect();
    if todo.is_empty() {
        return;
    }
    out.raw("<section aria-labelledby=\"fix\"><h2 id=\"fix\">Fix first</h2><ul class=\"todo\">");
    for (count, icon, what, one, many, why, address, button) in todo {
        out.raw("<li>");
        icon.write_with(out, if icon == Icon::CircleX { "icon icon-large level-error" } else { "icon icon-large" });
        out.raw("<div><strong>").text(&format::count(count, one, many)).raw(" ").raw(what).raw("</strong><p>").raw(why);
        out.raw("</p></div>").link(address, "button", button).raw("</li>");
    }
    out.raw("</ul></section>");
}

fn recently(out: &mut Html, now: i64, recent: &[CatalogRow]) {
    // A monorepo's members share their last commit: show what a person would call different.
    let mut seen = Vec::new();
    let shown: Vec<&CatalogRow> = recent
        .iter()
        .filter(|row| row.last_commit_at.is_some())
        .filter(|row| {
            let place = (&row.repository, row.last_commit_at);
            let new = !seen.contains(&place);
            seen.push(place);
            new
        })
        .take(SHOWN)
        .collect();
    if shown.is_empty() {
        return;
    }
    out.raw("<section aria-labelledby=\"recent\"><div class=\"section-head\"><h2 id=\"recent\">Recently changed</h2>");
    out.link("/catalog?sort=-activity", "link small", "All by last commit").raw("</div><ul class=\"feed\">");
    for row in shown {
        rows::feed_line(out, now, row);
    }
    out.raw("</ul></section>");
}

/// For the operator: healthy, and how old what is shown is.
fn sources_line(out: &mut Html, now: i64, sources: &[SourceStatus]) {
    if sources.is_empty() {
        return;
    }
    let failing: Vec<&SourceStatus> = sources.iter().filter(|source| source.error.is_some()).collect();
    out.raw("<p class=\"sources-line\">");
    if failing.is_empty() {
        Icon::CircleCheck.write(out);
        out.raw("<span>").text(&format::count(sources.len(), "source", "sources")).raw(", healthy</span>");
    } else {
        Icon::CircleX.write_with(out, "icon level-error");
        out.raw("<span>").text(&format::count(failing.len(), "source", "sources")).raw(" could not be listed</span>");
    }
    match sources.iter().map(|source| source.synced_at).min().flatten() {
        Some(oldest) => {
            out.raw("<span>synced ");
            format::time(out, now, oldest);
            out.raw("</span>");
        }
        None => {
            out.raw("<span>first round still running</span>");
        }
    }
    out.link("/sources", "link", "Sources and sync").raw("</p>");
}
