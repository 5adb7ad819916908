//! What somebody may keep for themselves, on the pages of others: stars, and views of lists.

use leptos::prelude::*;
use leptos::server_fn::ServerFn;
use model::EntityRef;
use portal::preferences::{self, List};

use super::Icon;
use crate::html::Html;
use crate::pages::finish;
use crate::{Error, Flash, RequestContext, address};

/// The button that stars an entity; nothing for whoever has not signed in.
pub async fn star_button(out: &mut Html, context: &RequestContext, reference: &EntityRef) -> portal::Result<()> {
    if !preferences::may_have_own(&context.actor) {
        return Ok(());
    }
    let starred = preferences::is_starred(&context.portal, &context.actor, reference).await?;
    out.raw("<form method=\"post\"").attribute("action", Star::PATH).raw(">");
    out.raw("<input type=\"hidden\" name=\"reference\"").attribute("value", &reference.to_string()).raw(">");
    out.raw("<input type=\"hidden\" name=\"back\"").attribute("value", &context.path_and_query).raw(">");
    out.raw("<button class=\"button\" type=\"submit\" name=\"starred\"")
        .attribute("value", if starred { "false" } else { "true" });
    out.raw(if starred { " aria-pressed=\"true\">" } else { " aria-pressed=\"false\">" });
    Icon::Star.write_with(out, if starred { "icon star-on" } else { "icon" });
    out.raw(if starred { "Starred</button></form>" } else { "Star</button></form>" });
    Ok(())
}

/// The menu that keeps a list with its filters; nothing for whoever has not signed in.
pub fn save_view(out: &mut Html, context: &RequestContext, list: List) {
    if !preferences::may_have_own(&context.actor) {
        return;
    }
    out.raw("<details class=\"menu\"><summary class=\"button\">");
    Icon::Bookmark.write(out);
    out.raw("Save view</summary><form class=\"menu-list menu-form\" method=\"post\"")
        .attribute("action", SaveViewAs::PATH)
        .raw(">");
    out.raw("<input type=\"hidden\" name=\"path\"").attribute("value", list.path()).raw(">");
    out.raw("<input type=\"hidden\" name=\"query\"").attribute("value", context.query()).raw(">");
    out.raw("<label for=\"view-name\">Name of this view</label>");
    out.raw("<input class=\"input\" id=\"view-name\" name=\"name\" required maxlength=\"80\" autocomplete=\"off\">");
    out.raw("<button class=\"button button-primary\" type=\"submit\">Save</button></form></details>");
}

/// Stars an entity, or takes the star away, and goes back.
#[server(prefix = "/actions", endpoint = "preferences/star")]
pub async fn star(
    #[server(default)] reference: String,
    #[server(default)] starred: bool,
    #[server(default)] back: String,
) -> Result<(), Error> {
    let context = RequestContext::answered()?;
    let back = address::own(&back).unwrap_or("/").to_owned();
    let Ok(reference) = reference.parse::<EntityRef>() else {
        finish(&back, &Flash::error("That is no entity."));
        return Ok(());
    };
    let flash = match preferences::star(&context.portal, &context.actor, &reference, starred).await {
        Ok(present) if starred => Flash::success(format!(
            "{} is starred: it stands on your home page, and your inbox tells what becomes of it.",
            present.short()
        )),
        Ok(present) => Flash::success(format!("{} is not starred any more.", present.short())),
        Err(error) => Flash::error(Error::from(error).0),
    };
    finish(&back, &flash);
    Ok(())
}

/// Keeps a list with its filters, and goes back to it.
#[server(prefix = "/actions", endpoint = "preferences/view")]
pub async fn save_view_as(
    #[server(default)] name: String,
    #[server(default)] path: String,
    #[server(default)] query: String,
) -> Result<(), Error> {
    let context = RequestContext::answered()?;
    let Some(list) = List::of_path(&path) else {
        finish("/", &Flash::error("That is no list that can be kept."));
        return Ok(());
    };
    let (back, flash) = match preferences::save_view(&context.portal, &context.actor, &name, list, &query).await {
        Ok(view) => {
            (view.address().into_owned(), Flash::success(format!("“{}” stands on your home page now.", view.name)))
        }
        Err(error) => (list.path().to_owned(), Flash::error(Error::from(error).0)),
    };
    finish(&back, &flash);
    Ok(())
}
