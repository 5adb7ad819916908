//! What the forms of these pages do.

use leptos::prelude::*;
use portal::runs;

use crate::pages::finish;
use crate::{Error, Flash, RequestContext, address};

fn end(id: &str, done: portal::Result<()>, said: &str) {
    let flash = match done {
        Ok(()) => Flash::success(said),
        Err(error) => Flash::error(Error::from(error).0),
    };
    finish(&address::run(id), &flash);
}

/// Stops one that is under way, and has what it made removed.
#[server(prefix = "/actions", endpoint = "runs/cancel")]
pub async fn cancel(#[server(default)] id: String) -> Result<(), Error> {
    let context = RequestContext::answered()?;
    end(&id, runs::cancel(&context.portal, &context.actor, &id).await, "It is being stopped.");
    Ok(())
}

/// Goes on with a failed one at the step that failed.
#[server(prefix = "/actions", endpoint = "runs/retry")]
pub async fn retry(#[server(default)] id: String) -> Result<(), Error> {
    let context = RequestContext::answered()?;
    end(&id, runs::retry(&context.portal, &context.actor, &id).await, "It goes on.");
    Ok(())
}

/// Approves one of somebody else, or denies it.
#[server(prefix = "/actions", endpoint = "runs/review")]
pub async fn review(
    #[server(default)] id: String,
    #[server(default)] decision: String,
    #[server(default)] reason: String,
) -> Result<(), Error> {
    let context = RequestContext::answered()?;
    let approves = decision == "approve";
    let said = if approves { "You have approved it." } else { "You have denied it." };
    let done = match decision.as_str() {
        "approve" | "deny" => runs::review(&context.portal, &context.actor, &id, approves, &reason).await,
        _ => Err(portal::Error::Conflict("Choose one: approve or deny.".to_owned())),
    };
    end(&id, done, said);
    Ok(())
}

/// Says how one that has ended went; `worked` is `yes`, or something was missing.
#[server(prefix = "/actions", endpoint = "runs/feedback")]
pub async fn feedback(
    #[server(default)] id: String,
    #[server(default)] worked: String,
    #[server(default)] comment: String,
) -> Result<(), Error> {
    let context = RequestContext::answered()?;
    let given = runs::feedback::give(&context.portal, &context.actor, &id, worked == "yes", &comment).await;
    end(&id, given, "Thank you: whoever owns the template sees it.");
    Ok(())
}

/// Has removed what a failed one made.
#[server(prefix = "/actions", endpoint = "runs/clean")]
pub async fn clean(#[server(default)] id: String) -> Result<(), Error> {
    let context = RequestContext::answered()?;
    end(&id, runs::clean(&context.portal, &context.actor, &id).await, "What it made is being removed.");
    Ok(())
}
