//! What somebody is told: messages that stay until they are read, and are also sent by mail or webhook.
//!
//! Whoever causes a message tells it in the transaction of what it is about ([`tell`]), and calls [`told`] once that is
//! committed.

mod deliver;
mod mail;
mod post;
pub(crate) mod store;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;

pub(crate) use self::deliver::{JOB, enqueue_due, run};
use crate::Portal;
use crate::audit::{self, Change};
use crate::db::{Tx, new_id};
use crate::error::{Error, Result};
use crate::identity::{Actor, own, seen_own};

/// Messages that are kept for one account; older ones go.
const KEPT: i64 = 500;

/// What a message is about; decides its icon, and is named in what is sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Topic {
    /// A change of files that the person asked for.
    Change,
    /// A template that they launched.
    Run,
    /// Access that they decide about, or that their components have.
    Access,
    /// Something that they have starred.
    Star,
    /// Their own account.
    Account,
}

impl Topic {
    const ALL: [Self; 5] = [Self::Change, Self::Run, Self::Access, Self::Star, Self::Account];

    pub fn as_str(self) -> &'static str {
        match self {
            Self::Change => "change",
            Self::Run => "run",
            Self::Access => "access",
            Self::Star => "star",
            Self::Account => "account",
        }
    }

    /// What nobody knows any more is about the account.
    pub fn parse(text: &str) -> Self {
        Self::ALL.into_iter().find(|topic| topic.as_str() == text).unwrap_or(Self::Account)
    }
}

/// What is told.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Message<'a> {
    pub topic: Topic,
    /// One line.
    pub title: &'a str,
    /// Plain text; may be empty.
    pub text: &'a str,
    /// Where it leads: a path of ours.
    pub address: &'a str,
    /// Id of the repository that it speaks of: who may not read that does not see it either.
    pub repository: Option<&'a str>,
}

/// How a message went out besides.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Way {
    Mail,
    Webhook,
}

impl Way {
    pub const ALL: [Self; 2] = [Self::Mail, Self::Webhook];

    pub fn as_str(self) -> &'static str {
        match self {
            Self::Mail => "mail",
            Self::Webhook => "webhook",
        }
    }

    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|way| way.as_str() == text)
    }
}

/// Where sending a message stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Delivery {
    pub way: Way,
    pub state: DeliveryState,
    pub attempts: i64,
    /// Why the last attempt failed.
    pub reason: Option<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DeliveryState {
    Waiting,
    Sent,
    Failed,
}

impl DeliveryState {
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Waiting => "waiting",
            Self::Sent => "sent",
            Self::Failed => "failed",
        }
    }

    fn parse(text: &str) -> Self {
        [Self::Waiting, Self::Sent].into_iter().find(|state| state.as_str() == text).unwrap_or(Self::Failed)
    }
}

/// A message in somebody's inbox.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Told {
    pub id: String,
    pub topic: Topic,
    pub title: String,
    pub text: String,
    pub address: String,
    pub told_at: i64,
    pub read_at: Option<i64>,
    pub deliveries: Vec<Delivery>,
}

/// Which messages are meant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Which<'a> {
    All,
    One(&'a str),
}

/// Puts a message into the inbox of an account, with what has to be sent. Call [`told`] after the commit.
pub(crate) async fn tell(tx: &mut Tx, portal: &Portal, account: &str, message: Message<'_>) -> Result<()> {
    let now = portal.clock().now();
    let id = new_id(now);
    if !store::add(tx, &id, account, message, now).await? {
        // The account is gone.
        return Ok(());
    }
    store::forget(tx, account, KEPT).await?;
    let (by_mail, by_webhook) = store::ways(tx, account).await?;
    let settings = &portal.settings().inbox;
    let wanted =
        [(Way::Mail, by_mail && settings.mail.is_some()), (Way::Webhook, by_webhook && settings.webhook.is_some())];
    let mut any = false;
    for (way, _) in wanted.into_iter().filter(|(_, wanted)| *wanted) {
        store::add_delivery(tx, &id, way, now).await?;
        any = true;
    }
    if any { deliver::enqueue(tx, now).await } else { Ok(()) }
}

/// Something was told and is committed.
pub(crate) fn told(portal: &Portal) {
    portal.persons().forget();
    portal.jobs().wake();
}

/// One's messages, the newest first, at most `limit`; those before the one with the id `before` where it is given.
///
/// # Errors
/// [`Error::Forbidden`] for whoever has not signed in.
pub async fn list(portal: &Portal, actor: &Actor, unread: bool, before: Option<&str>, limit: u32) -> Result<Vec<Told>> {
    let account = seen_own(actor)?;
    let mut messages = store::list(portal.db(), account, actor.readable(), unread, before, limit).await?;
    let ids: Vec<&str> = messages.iter().map(|told| told.id.as_str()).collect();
    let mut deliveries: BTreeMap<String, Vec<Delivery>> = store::deliveries(portal.db(), &ids).await?;
    for told in &mut messages {
        told.deliveries = deliveries.remove(&told.id).unwrap_or_default();
    }
    Ok(messages)
}

/// How many messages nobody has read, of those that may be seen.
pub(crate) async fn unread(portal: &Portal, account: &str, readable: &crate::identity::Readable) -> Result<u64> {
    store::unread(portal.db(), account, readable).await
}

/// Marks messages as read; gives how many were not.
///
/// # Errors
/// [`Error::NotFound`] for one message that is not there, was read already, or is somebody else's.
pub async fn mark_read(portal: &Portal, actor: &Actor, which: Which<'_>) -> Result<u64> {
    let (account, now) = (own(actor)?, portal.clock().now());
    let mut tx = portal.db().begin().await?;
    let count = store::mark_read(&mut tx, account, which, now).await?;
    if count == 0 && which != Which::All {
        return Err(Error::not_found("This message"));
    }
    if count > 0 {
        let target = match which {
            Which::All => "all",
            Which::One(id) => id,
        };
        audit::record(&mut tx, actor, now, Change { action: "inbox.read", target, ..Change::default() }).await?;
    }
    tx.commit().await?;
    portal.persons().forget();
    Ok(count)
}
