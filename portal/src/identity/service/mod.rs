//! Tokens of services: what an administrator gives to a program that acts in nobody's name. They are shown once, kept as a
//! digest, and do what their scopes say until their day, or until somebody revokes them.
//!
//! The use cases take a database alone, so that the operator can call them from the command line while the portal runs.

mod store;
#[cfg(test)]
mod tests;

use std::sync::Arc;

use model::token::ServiceToken;
use model::{Finding, Level};

use super::token::{DAY, NOTED, checked, is_line, new_secret};
use super::{Action, Actor, Readable, Resource, can};
use crate::audit::{self, Change};
use crate::db::{Db, new_id};
use crate::error::{Error, Result};
use crate::secret::{Secret, digest};

/// Good ones at a time.
const MOST: usize = 500;

/// A program that asks with a token of its own.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Service {
    /// The token's id.
    pub token: String,
    /// As the audit log writes it: `service:nightly export`.
    pub label: String,
    pub scopes: Vec<Scope>,
    pub reads: Reads,
}

impl Service {
    pub(super) fn readable(&self) -> &Readable {
        match self.reads {
            Reads::Public => &Readable::PUBLIC,
            Reads::SignedIn => &Readable::SIGNED_IN,
            Reads::Everything => &Readable::EVERYTHING,
        }
    }
}

/// What a service's token may do; each but the first is one [`Action`] of the policy.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scope {
    /// Nothing but reading, which every one of them may.
    Read,
    Sync,
    Watch,
    Correct,
    Propose,
    Launch,
    Audit,
}

impl Scope {
    pub const ALL: [Self; 7] =
        [Self::Read, Self::Sync, Self::Watch, Self::Correct, Self::Propose, Self::Launch, Self::Audit];

    pub fn as_str(self) -> &'static str {
        match self {
            Self::Read => "read",
            Self::Sync => "sync",
            Self::Watch => "watch",
            Self::Correct => "correct",
            Self::Propose => "propose",
            Self::Launch => "launch",
            Self::Audit => "audit",
        }
    }

    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|scope| scope.as_str() == text)
    }

    /// For a person.
    pub fn about(self) -> &'static str {
        match self {
            Self::Read => "read the catalog, repositories and documentation",
            Self::Sync => "start a round over the sources",
            Self::Watch => "read jobs, their logs, and the state of the sources",
            Self::Correct => "correct the catalog, whoever owns what it corrects",
            Self::Propose => "propose changes in any repository that it may read",
            Self::Launch => "launch templates, and stop, try again or take back what it has launched itself",
            Self::Audit => "read the audit log",
        }
    }

    pub(super) fn action(self) -> Option<Action> {
        match self {
            Self::Read => None,
            Self::Sync => Some(Action::Sync),
            Self::Watch => Some(Action::Watch),
            Self::Correct => Some(Action::Correct),
            Self::Propose => Some(Action::Propose),
            Self::Launch => Some(Action::Launch),
            Self::Audit => Some(Action::Audit),
        }
    }
}

/// What a service's token may read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reads {
    /// What is public.
    Public,
    /// What everybody may read who has signed in.
    SignedIn,
    /// Also what at the forge only the readers of a repository may see.
    Everything,
}

impl Reads {
    pub const ALL: [Self; 3] = [Self::Public, Self::SignedIn, Self::Everything];

    pub fn as_str(self) -> &'static str {
        match self {
            Self::Public => "public",
            Self::SignedIn => "signed-in",
            Self::Everything => "everything",
        }
    }

    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|reads| reads.as_str() == text)
    }
}

/// What is asked for.
#[derive(Debug, Clone, Copy)]
pub struct Wish<'a> {
    pub name: &'a str,
    /// Who answers for it: a group of the catalog, or words.
    pub owner: &'a str,
    pub scopes: &'a [Scope],
    pub reads: Reads,
    /// From now, 1 to 366.
    pub days: i64,
}

/// Makes a token for a service; gives its id and, for the only time, itself. `now` in milliseconds.
///
/// # Errors
/// [`Error::Forbidden`] for whoever is no administrator; [`Error::Invalid`] with all that is wrong with the wish;
/// [`Error::Conflict`] where there are too many.
pub async fn make(db: &Db, now: i64, actor: &Actor, wish: &Wish<'_>) -> Result<(String, Secret)> {
    can(actor, Action::SetUp, Resource::Anything)?;
    let owner = wish.owner.trim();
    let mut findings = Vec::new();
    if !is_line(owner) {
        let help =
            "Write the group that answers for it (\"group:platform\"), or up to 80 characters that say who does.";
        findings.push(Finding::new("token.owner", Level::Error, "nobody answers for the token", help));
    }
    if wish.scopes.is_empty() {
        let help = "Choose at least \"read\".";
        findings.push(Finding::new("token.scope", Level::Error, "the token may do nothing", help));
    }
    let name = checked(wish.name, wish.days, findings)?;
    let (id, secret) = (new_id(now), new_secret()?);
    let scopes = words(wish.scopes);
    let mut tx = db.begin().await?;
    if store::count(&mut tx, now).await? >= MOST {
        return Err(Error::Conflict(format!("Services have {MOST} tokens already: revoke those that are not used.")));
    }
    let row =
        store::NewToken { id: &id, name, scopes: &scopes, reads: wish.reads.as_str(), owner, made_by: actor.name() };
    store::add(&mut tx, &digest(secret.expose()), row, now, now + wish.days * DAY).await?;
    let after = format!("{name} ({scopes}; reads {}; {} days; {owner} answers for it)", wish.reads.as_str(), wish.days);
    let change = Change { action: "token.make-service", target: &id, after: Some(&after), ..Change::default() };
    audit::record(&mut tx, actor, now, change).await?;
    tx.commit().await?;
    Ok((id, secret))
}

/// In the order of [`Scope::ALL`], each once.
fn words(scopes: &[Scope]) -> String {
    let given: Vec<&str> = Scope::ALL.into_iter().filter(|scope| scopes.contains(scope)).map(Scope::as_str).collect();
    given.join(" ")
}

/// The tokens of services, the newest first; those that are over or revoked stay for a month.
///
/// # Errors
/// [`Error::Forbidden`] for whoever is no administrator.
pub async fn list(db: &Db, now: i64, actor: &Actor) -> Result<Vec<ServiceToken>> {
    can(actor, Action::SetUp, Resource::Anything)?;
    store::list(db, now - 30 * DAY).await
}

/// Revokes a token, also that of a person: for those who have left one lying about.
///
/// # Errors
/// [`Error::Forbidden`] for whoever is no administrator; [`Error::NotFound`] for one that is not there, or was revoked.
pub async fn revoke(db: &Db, now: i64, actor: &Actor, id: &str) -> Result<()> {
    can(actor, Action::SetUp, Resource::Anything)?;
    let mut tx = db.begin().await?;
    let Some(account) = store::revoke(&mut tx, id, now).await? else { return Err(Error::not_found("This token")) };
    let change = Change { action: "token.revoke", target: id, account: account.as_deref(), ..Change::default() };
    audit::record(&mut tx, actor, now, change).await?;
    tx.commit().await
}

/// The service whose token has this digest, if it is good. Asked with each request, so that revoking counts at once.
pub(super) async fn find(db: &Db, hash: &str, now: i64) -> Result<Option<Arc<Service>>> {
    let Some(token) = store::find(db, hash).await?.filter(|token| token.is_good(now)) else { return Ok(None) };
    // What this version does not know gives nothing.
    let Some(reads) = Reads::parse(&token.reads) else { return Ok(None) };
    if token.used_at.is_none_or(|at| now.saturating_sub(at) >= NOTED) {
        super::store::note_token(db, &token.id, now).await?;
    }
    let scopes = token.scopes.iter().filter_map(|word| Scope::parse(word)).collect();
    Ok(Some(Arc::new(Service { label: format!("service:{}", token.name), token: token.id, scopes, reads })))
}
