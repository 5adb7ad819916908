//! What the forms of these pages do.

use leptos::prelude::*;
use model::change::Change;
use portal::changes;
use portal::identity::{Action, Resource, can};

use super::asked::Asked;
use crate::pages::finish;
use crate::{Error, Flash, RequestContext, address, format};

/// Longer texts are not carried back in an address; they stay in the browser's history.
const LONGEST_CARRIED: usize = 4_000;

/// Proposes what a preview showed, if that is still what would be changed.
#[server(prefix = "/actions", endpoint = "changes/propose")]
pub async fn propose(
    #[server(default)] what: String,
    #[server(default)] to: String,
    #[server(default)] entities: Vec<String>,
    #[server(default)] fingerprint: String,
    #[server(default)] title: String,
    #[server(default)] text: String,
) -> Result<(), Error> {
    let context = RequestContext::answered()?;
    let entities = entities.iter().filter_map(|reference| reference.parse().ok()).collect();
    let asked = Asked { what, to, entities, ..Asked::default() };
    // Browsers send \r\n, whatever was there.
    let (title, text) = (title.trim().to_owned(), text.replace("\r\n", "\n"));
    match apply(&context, &asked, &fingerprint, &title, &text).await {
        Ok((changes, batch)) => {
            let to = match (changes.as_slice(), batch) {
                ([one], None) => address::change(&one.id),
                (_, Some(batch)) => format!("/changes?batch={}", address::segment(&batch)),
                _ => "/changes".to_owned(),
            };
            let said = format!("{} on the way.", format::count(changes.len(), "change is", "changes are"));
            finish(&to, &Flash::success(said));
        }
        Err(error) => {
            let carried = |text: String| Some(text).filter(|text| !text.is_empty() && text.len() <= LONGEST_CARRIED);
            let back = Asked { title: carried(title), text: carried(text), ..asked };
            finish(&back.address(), &Flash::error(error.0));
        }
    }
    Ok(())
}

async fn apply(
    context: &RequestContext,
    asked: &Asked,
    fingerprint: &str,
    title: &str,
    text: &str,
) -> Result<(Vec<Change>, Option<String>), Error> {
    let (portal, actor) = (&context.portal, &context.actor);
    let wish = asked.wish(context)?.ok_or_else(|| Error("No owner was written.".to_owned()))?;
    let mut plans = changes::plan(portal, actor, &wish, &asked.entities).await?;
    if changes::fingerprint(&plans) != fingerprint {
        return Err(Error(
            "The files have changed meanwhile: look at what would be changed now, then propose it.".to_owned(),
        ));
    }
    if let [plan] = plans.as_mut_slice() {
        title.clone_into(&mut plan.title);
        text.clone_into(&mut plan.text);
    }
    Ok(changes::propose_all(portal, actor, plans, &asked.address()).await?)
}

/// Proposes one again.
#[server(prefix = "/actions", endpoint = "changes/retry")]
pub async fn retry(#[server(default)] id: String) -> Result<(), Error> {
    let context = RequestContext::answered()?;
    let flash = match changes::retry(&context.portal, &context.actor, &id).await {
        Ok(()) => Flash::success("It is on its way again."),
        Err(error) => Flash::error(Error::from(error).0),
    };
    finish(&address::change(&id), &flash);
    Ok(())
}

/// Closes one, with its pull request and its branch.
#[server(prefix = "/actions", endpoint = "changes/close")]
pub async fn close(#[server(default)] id: String) -> Result<(), Error> {
    let context = RequestContext::answered()?;
    let flash = match changes::close(&context.portal, &context.actor, &id).await {
        Ok(()) => Flash::success("It is being closed."),
        Err(error) => Flash::error(Error::from(error).0),
    };
    finish(&address::change(&id), &flash);
    Ok(())
}

/// Looks what has become of the open ones.
#[server(prefix = "/actions", endpoint = "changes/refresh")]
pub async fn refresh() -> Result<(), Error> {
    let context = RequestContext::answered()?;
    match changes::refresh(&context.portal, &context.actor).await {
        Ok(job) if can(&context.actor, Action::Watch, Resource::Anything).is_ok() => {
            leptos_axum::redirect(&format!("/jobs/{}", address::segment(&job)));
        }
        Ok(_) => finish("/changes", &Flash::success("GitHub is being asked; look again in a moment.")),
        Err(error) => finish("/changes", &Flash::error(Error::from(error).0)),
    }
    Ok(())
}
