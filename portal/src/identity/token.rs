//! Tokens for the API and the command line: shown once, kept as a digest, with scopes and an end.

use std::sync::Arc;

use model::{Finding, Findings, Level};

use super::account::{DEMO, LOCAL};
use super::session::own;
use super::{person, provider, service, store};
use crate::Portal;
use crate::audit::{self, Change};
use crate::db::new_id;
use crate::error::{Error, Result};
use crate::identity::Actor;
use crate::secret::{Secret, digest};

/// What every token begins with, so that scanners for secrets find one that was left lying about.
const PREFIX: &str = "slipway_";
pub(super) const DAY: i64 = 24 * 60 * 60 * 1_000;
/// Days.
const LONGEST: i64 = 366;
/// Of one person.
const MOST: usize = 50;
/// Milliseconds after which a token counts no longer for whom the provider has not vouched: they may have left.
const LAPSE: i64 = 30 * DAY;
/// Milliseconds between two notes that a token was used.
pub(super) const NOTED: i64 = 60 * 1_000;

/// What a token may do of what its person may.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scope {
    Read,
    /// Read and change.
    Write,
}

impl Scope {
    pub const ALL: [Self; 2] = [Self::Read, Self::Write];

    pub fn as_str(self) -> &'static str {
        match self {
            Self::Read => "read",
            Self::Write => "write",
        }
    }

    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|scope| scope.as_str() == text)
    }
}

/// A token as it is listed; the token itself is known to whoever has it.
#[derive(Debug, Clone, PartialEq, Eq, sqlx::FromRow)]
pub struct Token {
    pub id: String,
    pub name: String,
    /// As in [`Scope::as_str`].
    pub scopes: String,
    pub created_at: i64,
    pub expires_at: i64,
    pub used_at: Option<i64>,
    pub revoked_at: Option<i64>,
}

impl Token {
    pub fn is_good(&self, now: i64) -> bool {
        self.revoked_at.is_none() && now < self.expires_at
    }
}

/// Makes a token for oneself, good for `days`; gives it, for the only time.
///
/// # Errors
/// [`Error::Forbidden`] for whoever has not signed in; [`Error::Invalid`] for a name or a time that cannot be.
pub async fn make_token(portal: &Portal, actor: &Actor, name: &str, scope: Scope, days: i64) -> Result<Secret> {
    let account = own(actor)?;
    let name = checked(name, days, Vec::new())?;
    let (now, token) = (portal.clock().now(), new_secret()?);
    let id = new_id(now);
    let mut tx = portal.db().begin().await?;
    if store::count_tokens(&mut tx, account, now).await? >= MOST {
        return Err(Error::Conflict(format!("There are {MOST} tokens already: revoke one that is not used.")));
    }
    let row = store::NewToken { id: &id, account, name, scope: scope.as_str(), made_by: actor.name() };
    store::add_token(&mut tx, &digest(token.expose()), row, now, now + days * DAY).await?;
    let after = format!("{name} ({}, {days} days)", scope.as_str());
    let change = Change { action: "token.make", target: &id, after: Some(&after), ..Change::default() };
    audit::record(&mut tx, actor, portal.clock().now(), change).await?;
    tx.commit().await?;
    Ok(token)
}

/// 256 bits, with what every token begins with.
pub(super) fn new_secret() -> Result<Secret> {
    Ok(Secret::new(format!("{PREFIX}{}", Secret::random()?.expose())))
}

/// The name of a token as it is kept.
///
/// # Errors
/// [`Error::Invalid`] for a name or a time that cannot be, beside what was `found` already.
pub(super) fn checked(name: &str, days: i64, mut found: Vec<Finding>) -> Result<&str> {
    let name = name.trim();
    if !is_line(name) {
        let help = "Write up to 80 characters that say what it is for.";
        found.push(Finding::new("token.name", Level::Error, "the token has no name", help));
    }
    if !(1..=LONGEST).contains(&days) {
        let help = format!("Write 1 to {LONGEST} days.");
        found.push(Finding::new("token.days", Level::Error, format!("a token cannot be good for {days} days"), help));
    }
    if found.is_empty() { Ok(name) } else { Err(Error::Invalid(Findings::from(found))) }
}

/// 1 to 80 characters that are shown.
pub(super) fn is_line(text: &str) -> bool {
    !text.is_empty() && text.chars().count() <= 80 && !text.chars().any(char::is_control)
}

/// One's own tokens, the newest first; those that are over or revoked stay for a month.
///
/// # Errors
/// [`Error::Forbidden`] for whoever has not signed in.
pub async fn tokens(portal: &Portal, actor: &Actor) -> Result<Vec<Token>> {
    store::tokens(portal.db(), own(actor)?, portal.clock().now() - 30 * DAY).await
}

/// Revokes a token of one's own.
///
/// # Errors
/// [`Error::NotFound`] for one that is not there, was revoked, or is somebody else's.
pub async fn revoke_token(portal: &Portal, actor: &Actor, id: &str) -> Result<()> {
    let account = own(actor)?;
    let mut tx = portal.db().begin().await?;
    if !store::revoke_token(&mut tx, account, id, portal.clock().now()).await? {
        return Err(Error::not_found("This token"));
    }
    let change = Change { action: "token.revoke", target: id, ..Change::default() };
    audit::record(&mut tx, actor, portal.clock().now(), change).await?;
    tx.commit().await?;
    portal.persons().forget();
    Ok(())
}

/// Who asks with this token, a person or a service; `None` for one that is over, was revoked, or never was.
pub async fn find_by_token(portal: &Portal, token: &str) -> Result<Option<Actor>> {
    if !token.starts_with(PREFIX) {
        return Ok(None);
    }
    let hash = digest(token);
    if let Some(person) = portal.persons().remembered(&hash) {
        return Ok(Some(Actor::Person(person)));
    }
    let (revision, now) = (portal.persons().revision(), portal.clock().now());
    let Some((found, account)) = store::token(portal.db(), &hash).await? else {
        return Ok(service::find(portal.db(), &hash, now).await?.map(Actor::Service));
    };
    let is_lapsed = !matches!(account.issuer.as_str(), LOCAL | DEMO) && now.saturating_sub(account.vouched_at) >= LAPSE;
    if !found.is_good(now) || account.disabled_at.is_some() || is_lapsed || !provider::stands(portal, &account).await? {
        return Ok(None);
    }
    if found.used_at.is_none_or(|at| now.saturating_sub(at) >= NOTED) {
        store::note_token(portal.db(), &found.id, now).await?;
    }
    let person = Arc::new(person::of_account(portal, &account, found.scopes == Scope::Write.as_str()).await?);
    portal.persons().remember(&hash, &person, revision);
    Ok(Some(Actor::Person(person)))
}
