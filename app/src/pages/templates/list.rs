//! The list of templates.

use model::template::TemplateRow;

use crate::components::{Icon, state};
use crate::html::Html;
use crate::pages::{Answer, Page, Parameters, Place};
use crate::{RequestContext, address, format};

const ABOUT: &str = "What new projects begin as. Launching one makes a repository, with everything in it, that is in the \
                     catalog at once and can follow its template later.";

pub async fn page(context: RequestContext, _: Parameters) -> Answer {
    let rows = portal::templates::list(&context.portal, &context.actor).await?;
    let mut out = Html::new();
    let mut actions = Html::new();
    actions.link("/runs", "button", "Launches");
    let count = format::count(rows.len(), "template", "templates");
    state::page_header(&mut out, "Templates", Some(&count), ABOUT, &actions);
    if rows.is_empty() {
        state::empty(
            &mut out,
            "No template yet",
            "A repository with a cookiecutter.json is one, wherever a source finds it. To try one from a terminal:",
            Some("slipway new gh:audreyfeldroy/cookiecutter-pypackage . --skip-hooks"),
        );
    } else {
        table(&mut out, &rows);
    }
    Ok(Page::new("Templates", Place::Templates, out).following())
}

fn table(out: &mut Html, rows: &[TemplateRow]) {
    out.raw("<table class=\"table table-list\"><caption class=\"visually-hidden\">Templates</caption><thead><tr>");
    out.raw(
        "<th scope=\"col\">Template</th><th scope=\"col\">Owner</th><th scope=\"col\" class=\"number\">Projects</th>",
    );
    out.raw("</tr></thead><tbody>");
    for row in rows {
        out.raw("<tr><td><div class=\"row-name\"><span class=\"glyph hue-neutral\">");
        Icon::Template.write(out);
        out.raw("</span><div class=\"row-text\"><div class=\"row-title\">");
        let title = row.title.as_deref().unwrap_or(&row.reference.name);
        out.link(&address::template(&row.reference), "row-link", title);
        out.raw("<span class=\"row-type\">").text(row.dialect.as_deref().unwrap_or("shown only")).raw("</span></div>");
        if let Some(description) = &row.description {
            out.raw("<div class=\"row-about\">").text(description).raw("</div>");
        }
        out.raw("</div></div></td><td>");
        match &row.owner {
            Some(owner) => out.link(&address::entity(owner), "above link", &owner.name),
            None => out.raw("<span class=\"faint\" aria-hidden=\"true\">–</span>"),
        };
        out.raw("</td><td class=\"number\">").plain(row.projects).raw("</td></tr>");
    }
    out.raw("</tbody></table>");
}
