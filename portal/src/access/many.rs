//! Several requests approved with one click, where that is safe.

use super::act::{Decided, decide};
use super::views::request;
use crate::identity::{Action, Actor, Resource, can};
use crate::{Error, Portal, Result};

/// Requests that are approved at once.
const MOST: usize = 100;

/// What became of several requests.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Approved {
    /// How many were approved.
    pub requests: usize,
    /// Those that were not: who asks whom, and why not.
    pub refused: Vec<(String, String)>,
}

/// Approves each of these requests for itself, as whoever looks at it alone would: only what opens little
/// ([`model::access::AccessRequest::opens_little`]), since nobody reads twenty reasons before one click.
///
/// # Errors
/// [`Error::Forbidden`] for who decides nothing; [`Error::Conflict`] for none, or too many. The database's: what was approved
/// before stays.
pub async fn approve_all(portal: &Portal, actor: &Actor, requests: &[String]) -> Result<Approved> {
    can(actor, Action::DecideAccess, Resource::Anything)?;
    if requests.is_empty() || requests.len() > MOST {
        return Err(Error::Conflict(format!("Tick 1 to {MOST} requests: nothing was changed.")));
    }
    let mut all = Approved::default();
    let decided = Decided { approves: true, ..Decided::default() };
    for id in requests {
        let asked = match request(portal, actor, id).await {
            Ok(asked) => asked,
            Err(Error::NotFound(what)) => {
                all.refused.push((id.clone(), format!("{what} is not there.")));
                continue;
            }
            Err(error) => return Err(error),
        };
        let name = format!("{} asks for {}", asked.consumer.name, asked.api.name);
        if !asked.opens_little() {
            let why = "It asks for something confidential or restricted, or for nothing any more: look at it alone.";
            all.refused.push((name, why.to_owned()));
            continue;
        }
        match decide(portal, actor, id, &[], &decided).await {
            Ok(_) => all.requests += 1,
            Err(Error::Forbidden(why) | Error::Conflict(why)) => all.refused.push((name, why)),
            Err(error) => return Err(error),
        }
    }
    Ok(all)
}
