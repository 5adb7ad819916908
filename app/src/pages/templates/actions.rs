//! What the form of these pages does.

use leptos::prelude::*;
use model::EntityRef;

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
            let form = match template.parse::<EntityRef>() {
                Ok(reference) => format!("{}/launch?{asked}", address::template(&reference)),
                Err(_) => "/templates".to_owned(),
            };
            // The query came from a form, and leads to no other page.
            finish(address::own(&form).unwrap_or("/templates"), &Flash::error(error.0));
        }
    }
    Ok(())
}

async fn run(context: &RequestContext, template: &str, asked: &str) -> Result<String, Error> {
    let reference: EntityRef = template.parse().map_err(|_| Error(format!("{template:?} names no template.")))?;
    let launch = Asked::of(asked).launch(reference).map_err(Error)?;
    Ok(portal::runs::launch(&context.portal, &context.actor, launch).await?)
}
