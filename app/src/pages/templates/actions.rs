//! What the forms of these pages do.

use std::collections::HashMap;

use leptos::prelude::*;
use model::EntityRef;
use portal::runs::drafts;
use portal::secret::Secret;

use super::asked::{Asked, by_question};
use crate::pages::finish;
use crate::{Error, Flash, RequestContext, address};

/// Bytes of a query that browsers and servers take.
const LONGEST_ADDRESS: usize = 60_000;

/// Keeps what was filled in, and shows what it would make.
#[server(prefix = "/actions", endpoint = "templates/look")]
pub async fn look(
    #[server(default)] template: String,
    #[server(default)] commit: String,
    #[server(default)] key: String,
    #[server(default)] answers: HashMap<String, String>,
    #[server(default)] repository: HashMap<String, String>,
) -> Result<(), Error> {
    let context = RequestContext::answered()?;
    let commit = Some(commit).filter(|commit| !commit.is_empty());
    let mut asked = Asked { commit, key, preview: true, ..Asked::default() }.answered(answers);
    repository.into_iter().for_each(|(key, value)| asked.set(&key, value));
    let kept = keep(&context, &template, &mut asked).await;
    let query = asked.query();
    match kept {
        Ok(()) if query.len() <= LONGEST_ADDRESS => {
            leptos_axum::redirect(&format!("{}#preview", form(&template, &query)));
        }
        Ok(()) => {
            let why = "These answers are too long for a form: go back in the browser, where they still are, and shorten them; or launch them with slipway run.";
            finish(&form(&template, ""), &Flash::error(why));
        }
        Err(error) => {
            // Nothing is shown of it, but all of it is filled in again.
            let query = Asked { preview: false, ..asked }.query();
            let query = if query.len() <= LONGEST_ADDRESS { query.as_str() } else { "" };
            finish(&form(&template, query), &Flash::error(error.0));
        }
    }
    Ok(())
}

/// Lets a template execute what it brings, at one commit.
#[server(prefix = "/actions", endpoint = "templates/trust")]
pub async fn trust(#[server(default)] template: String, #[server(default)] commit: String) -> Result<(), Error> {
    let context = RequestContext::answered()?;
    let done =
        async { Ok(portal::templates::trust(&context.portal, &context.actor, &named(&template)?, &commit).await?) };
    decided(&template, done.await, "It is trusted at this commit.");
    Ok(())
}

/// Trusts one commit no more.
#[server(prefix = "/actions", endpoint = "templates/distrust")]
pub async fn distrust(#[server(default)] template: String, #[server(default)] commit: String) -> Result<(), Error> {
    let context = RequestContext::answered()?;
    let done =
        async { Ok(portal::templates::distrust(&context.portal, &context.actor, &named(&template)?, &commit).await?) };
    decided(&template, done.await, "It is not trusted any more.");
    Ok(())
}

fn decided(template: &str, done: Result<(), Error>, said: &str) {
    let page = match named(template) {
        Ok(reference) => format!("{}#trust", address::template(&reference)),
        Err(_) => "/templates".to_owned(),
    };
    finish(&page, &flash(done, said));
}

fn flash(done: Result<(), Error>, said: &str) -> Flash {
    done.map_or_else(|error| Flash::error(error.0), |()| Flash::success(said))
}

/// Keeps what was filled in, without anything that the template holds for secret.
async fn keep(context: &RequestContext, template: &str, asked: &mut Asked) -> Result<(), Error> {
    let (portal, actor, template) = (&context.portal, &context.actor, named(template)?);
    let commit = asked.commit.as_deref();
    let form = portal::templates::form(portal, actor, &template, commit, &asked.answers).await?;
    for question in form.questions().filter(|question| question.secret) {
        asked.answers.remove(&question.name);
    }
    let stopped_at = form.questions().find(|question| question.error.is_some()).map(|question| question.name.as_str());
    Ok(drafts::keep(portal, actor, &template, &asked.shared(), stopped_at).await?)
}

/// Forgets what somebody has filled in; `id` names the template.
#[server(prefix = "/actions", endpoint = "templates/forget")]
pub async fn forget(#[server(default)] id: String) -> Result<(), Error> {
    let context = RequestContext::answered()?;
    let forgotten = async { Ok(drafts::forget(&context.portal, &context.actor, &named(&id)?).await?) };
    finish(&form(&id, ""), &flash(forgotten.await, "What you had filled in is forgotten."));
    Ok(())
}

/// Launches what a preview showed. `asked` is the query of that preview's address; what is secret comes beside it.
#[server(prefix = "/actions", endpoint = "templates/launch")]
pub async fn launch(
    #[server(default)] template: String,
    #[server(default)] asked: String,
    #[server(default)] token: String,
    #[server(default)] secrets: HashMap<String, String>,
) -> Result<(), Error> {
    let context = RequestContext::answered()?;
    match run(&context, &template, &asked, &token, secrets).await {
        Ok(id) => finish(&address::run(&id), &Flash::success("You have launched it.")),
        Err(error) => finish(&form(&template, &asked), &Flash::error(error.0)),
    }
    Ok(())
}

async fn run(
    context: &RequestContext,
    template: &str,
    asked: &str,
    token: &str,
    secrets: HashMap<String, String>,
) -> Result<String, Error> {
    let mut launch = Asked::of(asked).launch(context, named(template)?)?;
    launch.answers.extend(by_question(secrets).filter(|(_, secret)| !secret.is_empty()).map(|(q, s)| (q, s.into())));
    launch.token = Some(token.trim()).filter(|token| !token.is_empty()).map(Secret::new);
    Ok(portal::runs::launch(&context.portal, &context.actor, launch).await?)
}

fn named(template: &str) -> Result<EntityRef, Error> {
    template.parse().map_err(|_| Error(format!("{template:?} names no template.")))
}

/// The form of a template with what is filled in. The query came from a form, and leads to no other page.
fn form(template: &str, query: &str) -> String {
    let Ok(template) = template.parse::<EntityRef>() else { return "/templates".to_owned() };
    let form = format!("{}/launch", address::template(&template));
    let filled = format!("{form}?{query}");
    if query.is_empty() { form } else { address::own(&filled).map_or(form, str::to_owned) }
}
