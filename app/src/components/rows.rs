//! Lists of entities: rows of 44 pixels that are links as a whole.

use model::catalog::CatalogRow;

use super::{activity, marks};
use crate::address;
use crate::format;
use crate::html::Html;

/// The name cell of an entity: glyph, name, type, one line about it.
pub fn name_cell(out: &mut Html, row: &CatalogRow) {
    out.raw("<div class=\"row-name\">");
    marks::glyph(out, &row.kind, row.spec_type.as_deref(), marks::Size::Row);
    out.raw("<div class=\"row-text\"><div class=\"row-title\">");
    out.link(&address::entity(&row.reference), "row-link", row.title.as_deref().unwrap_or(&row.reference.name));
    out.raw("<span class=\"row-type\">").text(&marks::kind_label(&row.kind, row.spec_type.as_deref())).raw("</span>");
    if row.archived {
        out.raw("<span class=\"badge\">archived</span>");
    }
    out.raw("</div>");
    if let Some(description) = &row.description {
        out.raw("<div class=\"row-about\">").text(description).raw("</div>");
    }
    out.raw("<div class=\"row-more\">");
    marks::owner(out, row);
    if let Some(known) = row.lifecycle.as_deref().filter(|lifecycle| !matches!(*lifecycle, "unknown" | "")) {
        out.raw("<span>").text(known).raw("</span>");
    }
    out.raw("</div></div></div>");
}

/// The sparkline, where commits are about the thing itself.
fn activity_cell(out: &mut Html, row: &CatalogRow) {
    if marks::has_code(&row.kind) {
        activity::sparkline(out, &row.activity);
    } else {
        out.raw("<span class=\"faint\" aria-hidden=\"true\">–</span>");
    }
}

/// One row of the catalog's table. `tickable` puts a box into it that belongs to the form `bulk`.
pub fn catalog_row(out: &mut Html, row: &CatalogRow, tickable: bool) {
    out.raw("<tr><td>");
    if tickable {
        out.raw(
            "<div class=\"row-tick\"><input class=\"checkbox above\" type=\"checkbox\" form=\"bulk\" name=\"entity\"",
        );
        out.attribute("value", &row.reference.to_string());
        out.attribute("aria-label", row.title.as_deref().unwrap_or(&row.reference.name)).raw(">");
        name_cell(out, row);
        out.raw("</div>");
    } else {
        name_cell(out, row);
    }
    out.raw("</td><td>");
    marks::owner(out, row);
    if let Some(known) = row.lifecycle.as_deref().filter(|lifecycle| !matches!(*lifecycle, "unknown" | "")) {
        out.raw("<div class=\"row-below\">").text(known).raw("</div>");
    }
    out.raw("</td><td class=\"cell-language\">");
    marks::language_cell(out, &row.languages);
    out.raw("</td><td>");
    activity_cell(out, row);
    out.raw("</td><td class=\"number\">");
    marks::finding_counts(out, row.errors.into(), row.warnings.into());
    out.raw("</td></tr>");
}

/// The lifecycle; `unknown` reads as such.
pub fn lifecycle(out: &mut Html, lifecycle: Option<&str>) {
    match lifecycle {
        None | Some("unknown" | "") => out.raw("<span class=\"unknown\">unknown</span>"),
        Some("deprecated") => out.raw("<span class=\"badge badge-amber\">deprecated</span>"),
        Some(lifecycle) => out.raw("<span>").text(lifecycle).raw("</span>"),
    };
}

/// A short list of entities where a table would be too much: name, owner, activity, findings.
pub fn plain_table<'a>(out: &mut Html, caption: &str, rows: impl IntoIterator<Item = &'a CatalogRow>) {
    out.raw("<table class=\"table table-list\"><caption class=\"visually-hidden\">").text(caption);
    out.raw("</caption><thead><tr><th scope=\"col\">Name</th><th scope=\"col\">Owner</th>");
    out.raw("<th scope=\"col\">Activity</th><th scope=\"col\" class=\"number\">Findings</th></tr></thead><tbody>");
    for row in rows {
        out.raw("<tr><td>");
        name_cell(out, row);
        out.raw("</td><td>");
        marks::owner(out, row);
        out.raw("</td><td>");
        activity_cell(out, row);
        out.raw("</td><td class=\"number\">");
        marks::finding_counts(out, row.errors.into(), row.warnings.into());
        out.raw("</td></tr>");
    }
    out.raw("</tbody></table>");
}

/// One line of the feed on the home page.
pub fn feed_line(out: &mut Html, now: i64, row: &CatalogRow) {
    out.raw("<li>");
    marks::glyph(out, &row.kind, row.spec_type.as_deref(), marks::Size::Row);
    out.raw("<div class=\"row-text\"><div class=\"row-title\">");
    out.link(&address::entity(&row.reference), "row-link", row.title.as_deref().unwrap_or(&row.reference.name));
    out.raw("<span class=\"row-type\">")
        .text(&marks::kind_label(&row.kind, row.spec_type.as_deref()))
        .raw("</span></div>");
    if let Some(description) = &row.description {
        out.raw("<div class=\"row-about\">").text(description).raw("</div>");
    }
    out.raw("</div>");
    activity_cell(out, row);
    if let Some(at) = row.last_commit_at {
        format::time(out, now, at);
    }
    out.raw("</li>");
}

#[cfg(test)]
mod tests {
    use model::{Confidence, EntityRef};

    use super::*;

    pub(crate) fn row() -> CatalogRow {
        CatalogRow {
            reference: EntityRef::new("component", "default", "checkout"),
            kind: "Component".to_owned(),
            spec_type: Some("service".to_owned()),
            title: None,
            description: Some("Takes orders & payments <fast>".to_owned()),
            owner: Some(EntityRef::new("group", "default", "payments")),
            owner_confidence: Some(Confidence::Corroborated),
            owner_has_authority: false,
            owner_guess: None,
            lifecycle: Some("production".to_owned()),
            system: None,
            tags: vec![],
            languages: vec![("Go".to_owned(), 4_200)],
            activity: vec![1; 104],
            last_commit_at: Some(1_793_610_000_000),
            confidence: Confidence::Corroborated,
            source: Some("demo".to_owned()),
            repository: Some("checkout".to_owned()),
            archived: false,
            errors: 1,
            warnings: 0,
        }
    }

    #[test]
    fn a_row_is_lean_and_escaped() {
        let mut out = Html::new();
        catalog_row(&mut out, &row(), false);
        insta::assert_snapshot!(out.as_str().replace("><", ">\n<"));
    }

    #[test]
    fn a_guess_never_reads_as_a_fact() {
        let guess = CatalogRow { owner: None, owner_guess: Some(EntityRef::new("group", "default", "ops")), ..row() };
        let mut out = Html::new();
        marks::owner(&mut out, &guess);
        assert!(out.as_str().contains("<span class=\"guess\">probably ops?</span>"));
        assert!(!out.as_str().contains("href"));
    }
}
