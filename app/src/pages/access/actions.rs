//! What the forms of these pages do.

use leptos::prelude::*;
use portal::access::{self, Ask as Wish, Decided, Deed};

use super::request_address;
use crate::pages::finish;
use crate::{Error, Flash, RequestContext, address, format};

fn back_to(back: &str, otherwise: &str) -> String {
    address::own(back).unwrap_or(otherwise).to_owned()
}

/// Approves a request, or denies it: all of it, or the atoms that are ticked where `choose` says that there were some to tick.
#[server(prefix = "/actions", endpoint = "access/decide")]
pub async fn decide(
    #[server(default)] id: String,
    #[server(default)] choose: String,
    #[server(default)] atoms: Vec<String>,
    #[server(default)] decision: String,
    #[server(default)] reason: String,
    #[server(default)] until: String,
    #[server(default)] back: String,
) -> Result<(), Error> {
    let context = RequestContext::answered()?;
    let decided = Decided { approves: decision == "approve", reason, until };
    let done = match decision.as_str() {
        "approve" | "deny" if choose.is_empty() || !atoms.is_empty() => {
            access::decide(&context.portal, &context.actor, &id, &atoms, &decided).await
        }
        "approve" | "deny" => Err(portal::Error::Conflict("Tick at least one: nothing was changed.".to_owned())),
        _ => Err(portal::Error::Conflict("Choose one: approve or deny.".to_owned())),
    };
    let flash = match done {
        Ok(atoms) => {
            let granted = atoms.iter().filter(|atom| atom.waiting_for(&id).is_none()).count();
            let said = if decided.approves { "approved" } else { "denied" };
            let more = if granted < atoms.len() { " It waits for others, too." } else { "" };
            Flash::success(format!("You have {said} {}.{more}", format::count(atoms.len(), "entry", "entries")))
        }
        Err(error) => Flash::error(Error::from(error).0),
    };
    finish(&back_to(&back, &request_address(&id)), &flash);
    Ok(())
}

/// Approves the requests that are ticked.
#[server(prefix = "/actions", endpoint = "access/approve-all")]
pub async fn approve_all(#[server(default)] requests: Vec<String>) -> Result<(), Error> {
    let context = RequestContext::answered()?;
    let flash = match access::approve_all(&context.portal, &context.actor, &requests).await {
        Ok(all) => {
            let said = format!("You have approved {}.", format::count(all.requests, "request", "requests"));
            let refused: Vec<String> = all.refused.iter().map(|(name, why)| format!(" Not {name}: {why}")).collect();
            match refused.as_slice() {
                [] => Flash::success(said),
                _ => Flash::error(said + &refused.concat()),
            }
        }
        Err(error) => Flash::error(Error::from(error).0),
    };
    finish("/access", &flash);
    Ok(())
}

/// Ends, suspends, resumes, gives up, confirms or ratifies.
#[server(prefix = "/actions", endpoint = "access/act")]
pub async fn act(
    #[server(default)] atoms: Vec<String>,
    #[server(default)] deed: String,
    #[server(default)] reason: String,
    #[server(default)] back: String,
) -> Result<(), Error> {
    let context = RequestContext::answered()?;
    let done = match Deed::parse(&deed) {
        Some(deed) => access::act(&context.portal, &context.actor, &atoms, deed, &reason).await,
        None => Err(portal::Error::Conflict("Choose what shall be done.".to_owned())),
    };
    let flash = match done {
        Ok(_) => Flash::success("It is done, and written down."),
        Err(error) => Flash::error(Error::from(error).0),
    };
    finish(&back_to(&back, "/access"), &flash);
    Ok(())
}

/// Asks for access: `way` is `portal`, `manifest` for a change of the consumer's access.yaml, or `glass` for access at once.
#[server(prefix = "/actions", endpoint = "access/ask")]
#[allow(clippy::too_many_arguments, reason = "a form has that many fields")]
pub async fn ask(
    #[server(default)] consumer: String,
    #[server(default)] api: String,
    #[server(default)] scopes: Vec<String>,
    #[server(default)] environments: Vec<String>,
    #[server(default)] justification: String,
    #[server(default)] ticket: String,
    #[server(default)] expires: String,
    #[server(default)] incident: String,
    #[server(default)] way: String,
) -> Result<(), Error> {
    let context = RequestContext::answered()?;
    let (portal, actor) = (&context.portal, &context.actor);
    let wish = Wish {
        consumer: consumer.parse().ok(),
        api: api.parse().ok(),
        scopes,
        environments,
        justification: justification.replace("\r\n", "\n"),
        ticket,
        expires,
    };
    let done = match way.as_str() {
        "manifest" => access::propose(portal, actor, &wish).await.map(|change| {
            (
                address::change(&change.id),
                "The change of access.yaml is on its way: once it is merged, the owners are asked.",
            )
        }),
        "glass" => access::break_glass(portal, actor, &wish, &incident).await.map(|request| {
            (
                request_address(&request),
                "You have access now. Somebody who owns the API has to ratify it within two days.",
            )
        }),
        _ => access::ask(portal, actor, &wish)
            .await
            .map(|request| (request_address(&request), "It is asked for, and those who decide were told.")),
    };
    match done {
        Ok((to, said)) => finish(&to, &Flash::success(said)),
        Err(error) => {
            let said = match &error {
                portal::Error::Invalid(findings) => {
                    let told = findings.findings.iter().map(|finding| format!("{} {}", finding.message, finding.help));
                    told.collect::<Vec<_>>().join(" ")
                }
                _ => Error::from(error).0,
            };
            finish(&super::ask::Asked::from(wish, incident).address(), &Flash::error(said));
        }
    }
    Ok(())
}
