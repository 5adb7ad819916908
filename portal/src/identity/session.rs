//! Sessions: rows that somebody can list and end, and a cookie that is known by its digest only.

use std::sync::Arc;

use super::account::{self, Claims, DEMO};
use super::person::{self, Person};
use super::{provider, store};
use crate::Portal;
use crate::audit::{self, Change};
use crate::db::{Tx, new_id};
use crate::error::{Error, Result};
use crate::identity::{Action, Actor, Resource, can};
use crate::inbox::{self, Message, Topic};
use crate::secret::{Secret, digest};

/// Milliseconds between two notes that a session was used.
const NOTED: i64 = 60 * 1_000;
/// Characters of what a browser calls itself.
const AGENT: usize = 200;

/// Where somebody signs in from.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Client {
    /// `User-Agent`
    pub agent: String,
    /// Of the network.
    pub address: String,
}

/// A session that was just opened.
#[derive(Debug)]
pub struct Opened {
    /// What the browser keeps.
    pub cookie: Secret,
    pub account: String,
}

/// A browser that somebody is signed in with.
#[derive(Debug, Clone, PartialEq, Eq, sqlx::FromRow)]
pub struct Device {
    pub id: String,
    pub created_at: i64,
    pub seen_at: i64,
    pub agent: String,
    pub address: String,
    /// Whether it is the one that asks.
    pub here: bool,
}

/// Signs somebody in for whom a provider vouches: a new session each time, and the one that the browser had ends.
///
/// # Errors
/// [`Error::Forbidden`] for an account that was disabled.
pub async fn open(portal: &Portal, claims: &Claims, client: &Client, before: Option<&str>) -> Result<Opened> {
    let (now, cookie) = (portal.clock().now(), Secret::random()?);
    let mut tx = portal.db().begin().await?;
    let account = account::vouch(&mut tx, claims, now).await?;
    if let Some(before) = before {
        store::end_session(&mut tx, &digest(before)).await?;
    }
    let agent: String = client.agent.chars().filter(|c| !c.is_control()).take(AGENT).collect();
    let session = store::NewSession { id: &new_id(now), account: &account, agent: &agent, address: &client.address };
    store::forget_sessions(&mut tx, now - limits(portal).1, now - limits(portal).0).await?;
    let is_strange = claims.issuer != DEMO && store::is_strange(&mut tx, &account, &agent).await?;
    store::open_session(&mut tx, &digest(cookie.expose()), session, now).await?;
    if is_strange {
        tell_of_sign_in(&mut tx, portal, &account, &agent, &client.address).await?;
    }
    let name = format!("{} ({})", claims.name, claims.provider);
    let change = Change { action: "session.open", target: &name, account: Some(&account), ..Change::default() };
    audit::record(&mut tx, &Actor::Visitor, portal.clock().now(), change).await?;
    tx.commit().await?;
    if claims.issuer != DEMO {
        portal.persons().claim();
    }
    portal.persons().forget();
    Ok(Opened { cookie, account })
}

/// A browser that the account has not come with before: whoever it belongs to should know.
async fn tell_of_sign_in(tx: &mut Tx, portal: &Portal, account: &str, agent: &str, address: &str) -> Result<()> {
    let text = format!(
        "From {address}, with {}. If that was not you, end the session on the page of your account, and tell an administrator.",
        if agent.is_empty() { "an unknown browser" } else { agent }
    );
    let message = Message {
        topic: Topic::Account,
        title: "You signed in with another browser",
        text: &text,
        address: "/me",
        repository: None,
    };
    inbox::tell(tx, portal, account, message).await
}

/// Idle and absolute limit of sessions, in milliseconds.
fn limits(portal: &Portal) -> (i64, i64) {
    let settings = &portal.settings().identity;
    let milliseconds = |time: std::time::Duration| i64::try_from(time.as_millis()).unwrap_or(i64::MAX);
    (milliseconds(settings.idle), milliseconds(settings.longest))
}

/// Whose cookie this is; `None` for one that is over, was ended, or never was.
///
/// Whoever has left is known to the provider alone: a session counts no longer where the provider has not vouched for its
/// account for `people.revouch`, is configured no more, or where the forge is known to have let them go.
pub async fn find(portal: &Portal, cookie: &str) -> Result<Option<Arc<Person>>> {
    let hash = digest(cookie);
    if let Some(person) = portal.persons().remembered(&hash) {
        return Ok(Some(person));
    }
    let (revision, now, (idle, longest)) = (portal.persons().revision(), portal.clock().now(), limits(portal));
    let Some((session, account)) = store::session(portal.db(), &hash).await? else { return Ok(None) };
    let is_over = now.saturating_sub(session.seen_at) >= idle || now.saturating_sub(session.created_at) >= longest;
    if is_over || account.disabled_at.is_some() || provider::is_due(portal, &account, now) {
        return Ok(None);
    }
    if !provider::stands(portal, &account).await? {
        return Ok(None);
    }
    if now.saturating_sub(session.seen_at) >= NOTED {
        store::note_session(portal.db(), &hash, now).await?;
    }
    let person = Arc::new(person::of_account(portal, &account, true).await?);
    portal.persons().remember(&hash, &person, revision);
    Ok(Some(person))
}

/// Ends the session with this cookie.
pub async fn sign_out(portal: &Portal, actor: &Actor, cookie: &str) -> Result<()> {
    let mut tx = portal.db().begin().await?;
    if store::end_session(&mut tx, &digest(cookie)).await? {
        let change = Change { action: "session.end", target: actor.name(), ..Change::default() };
        audit::record(&mut tx, actor, portal.clock().now(), change).await?;
    }
    tx.commit().await?;
    portal.persons().forget();
    Ok(())
}

/// The browsers that the person is signed in with, the one used last first.
///
/// # Errors
/// [`Error::Forbidden`] for whoever has not signed in.
pub async fn devices(portal: &Portal, actor: &Actor, cookie: Option<&str>) -> Result<Vec<Device>> {
    let account = own(actor)?;
    let ((idle, longest), now) = (limits(portal), portal.clock().now());
    let here = cookie.map(digest).unwrap_or_default();
    store::devices(portal.db(), account, &here, (now.saturating_sub(idle), now.saturating_sub(longest))).await
}

/// Ends one session of one's own.
///
/// # Errors
/// [`Error::NotFound`] for one that is not there, or somebody else's.
pub async fn end(portal: &Portal, actor: &Actor, id: &str) -> Result<()> {
    let account = own(actor)?;
    let mut tx = portal.db().begin().await?;
    if !store::end_by_id(&mut tx, account, id).await? {
        return Err(Error::not_found("This session"));
    }
    let change = Change { action: "session.end", target: id, ..Change::default() };
    audit::record(&mut tx, actor, portal.clock().now(), change).await?;
    tx.commit().await?;
    portal.persons().forget();
    Ok(())
}

/// Ends all sessions of one's own but the one with this cookie; gives how many.
pub async fn end_others(portal: &Portal, actor: &Actor, cookie: Option<&str>) -> Result<u64> {
    let account = own(actor)?;
    let mut tx = portal.db().begin().await?;
    let ended = store::end_others(&mut tx, account, &cookie.map(digest).unwrap_or_default()).await?;
    let change = Change { action: "session.end", target: "all others", ..Change::default() };
    audit::record(&mut tx, actor, portal.clock().now(), change).await?;
    tx.commit().await?;
    portal.persons().forget();
    Ok(ended)
}

/// The account of somebody who may have what is their own.
pub(crate) fn own(actor: &Actor) -> Result<&str> {
    can(actor, Action::Own, Resource::Anything)?;
    actor.account().ok_or_else(|| Error::Forbidden("You need to sign in.".to_owned()))
}

/// The account of somebody who may see what is their own.
pub(crate) fn seen_own(actor: &Actor) -> Result<&str> {
    can(actor, Action::SeeOwn, Resource::Anything)?;
    actor.account().ok_or_else(|| Error::Forbidden("You need to sign in.".to_owned()))
}
