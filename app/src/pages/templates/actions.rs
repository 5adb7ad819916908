//! What the form of these pages does.

use leptos::prelude::*;
use model::EntityRef;
use portal::templates;

use super::asked::Asked;
use crate::pages::finish;
use crate::{Error, Flash, RequestContext, address};

/// Launches what a preview showed. `asked` is the query of that preview's address.
#[server(prefix = "/actions", endpoint = "templates/launch")]
pub async fn launch(#[server(default)] template: String, #[server(default)] asked: String) -> Result<(), Error> {
    let context = RequestContext::answered()?;
    match run(&context, &template, &asked).await {
        Ok(id) => finish(&address::run(&id), &Flash::success("It is on its way.")),
        Err(error) => {
            let form = match parsed(&template) {
                Ok(reference) => format!("{}/launch?{asked}", address::template(&reference)),
                Err(_) => "/templates".to_owned(),
            };
            // The query came from a form, and leads to no other page.
            finish(address::own(&form).unwrap_or("/templates"), &Flash::error(error.0));
        }
    }
    Ok(())
}

/// Lets a template execute what it brings, at one commit.
#[server(prefix = "/actions", endpoint = "templates/trust")]
pub async fn trust(#[server(default)] template: String, #[server(default)] commit: String) -> Result<(), Error> {
    let context = RequestContext::answered()?;
    let done = match parsed(&template) {
        Ok(reference) => {
            templates::trust(&context.portal, &context.actor, &reference, &commit).await.map_err(Error::from)
        }
        Err(error) => Err(error),
    };
    decided(&template, done, "It is trusted at this commit.");
    Ok(())
}

/// Trusts one commit no more.
#[server(prefix = "/actions", endpoint = "templates/distrust")]
pub async fn distrust(#[server(default)] template: String, #[server(default)] commit: String) -> Result<(), Error> {
    let context = RequestContext::answered()?;
    let done = match parsed(&template) {
        Ok(reference) => {
            templates::distrust(&context.portal, &context.actor, &reference, &commit).await.map_err(Error::from)
        }
        Err(error) => Err(error),
    };
    decided(&template, done, "It is not trusted any more.");
    Ok(())
}

fn decided(template: &str, done: Result<(), Error>, said: &str) {
    let page = match parsed(template) {
        Ok(reference) => format!("{}#trust", address::template(&reference)),
        Err(_) => "/templates".to_owned(),
    };
    finish(&page, &done.map_or_else(|error| Flash::error(error.0), |()| Flash::success(said)));
}

fn parsed(template: &str) -> Result<EntityRef, Error> {
    template.parse().map_err(|_| Error(format!("{template:?} names no template.")))
}

async fn run(context: &RequestContext, template: &str, asked: &str) -> Result<String, Error> {
    let reference = parsed(template)?;
    let launch = Asked::of(asked).launch(reference).map_err(Error)?;
    Ok(portal::runs::launch(&context.portal, &context.actor, launch).await?)
}
