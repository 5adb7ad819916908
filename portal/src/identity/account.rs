//! Accounts: who a provider says that somebody is.

use super::store;
use crate::Portal;
use crate::audit::{self, Change};
use crate::db::{Tx, new_id};
use crate::error::{Error, Result};
use crate::identity::{Action, Actor, Resource, can};

/// The issuer of accounts that have a password here.
pub const LOCAL: &str = "local";
/// The issuer of the people of the demo organisation: whoever is at the machine may be any of them.
pub const DEMO: &str = "demo";

/// Characters of what a provider says, and groups of one person, that are kept.
const LONGEST: usize = 200;
const MOST_GROUPS: usize = 10_000;

pub(super) const DISABLED: &str = "This account was disabled by an administrator.";

/// What a provider vouches for, as it was mapped.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Claims {
    pub issuer: String,
    /// Never changes, and belongs to nobody else of that issuer.
    pub subject: String,
    /// The provider's name in the configuration.
    pub provider: String,
    /// For people.
    pub name: String,
    pub email: Option<String>,
    /// The provider has checked that the address is theirs, and the operator trusts it to.
    pub email_verified: bool,
    /// Host and login at a forge.
    pub login: Option<(String, String)>,
    pub groups: Vec<String>,
    /// Of a local account: a platform administrator.
    pub administrator: bool,
}

/// Writes what a provider says now; gives the account's id.
///
/// # Errors
/// As [`checked`], and [`Error::Forbidden`] for an account that was disabled.
pub(super) async fn vouch(tx: &mut Tx, claims: &Claims, now: i64) -> Result<String> {
    let id = store::vouch(tx, &new_id(now), &checked(claims)?, now).await?;
    id.ok_or_else(|| Error::Forbidden(DISABLED.to_owned()))
}

/// What is kept of what a provider says.
///
/// # Errors
/// [`Error::Forbidden`] for claims that cannot be an account.
pub(super) fn checked(claims: &Claims) -> Result<Claims> {
    let fits = |text: &str| !text.is_empty() && text.chars().count() <= LONGEST && !text.chars().any(char::is_control);
    if !fits(&claims.subject) || !fits(&claims.issuer) || claims.groups.len() > MOST_GROUPS {
        return Err(Error::Forbidden(
            "What the provider says of you is no account: its subject or issuer is empty or too long, or it names more than \
             10 000 groups."
                .to_owned(),
        ));
    }
    Ok(shortened(claims))
}

fn shortened(claims: &Claims) -> Claims {
    let short = |text: &str| text.chars().filter(|c| !c.is_control()).take(LONGEST).collect::<String>();
    let mut groups: Vec<String> = claims.groups.iter().map(|group| short(group)).collect();
    groups.sort_unstable();
    groups.dedup();
    Claims {
        name: short(if claims.name.trim().is_empty() { &claims.subject } else { claims.name.trim() }),
        email: claims.email.as_deref().map(short),
        login: claims.login.as_ref().map(|(host, login)| (host.to_lowercase(), short(login).to_lowercase())),
        groups,
        ..claims.clone()
    }
}

/// An account, as administrators see it.
#[derive(Debug, Clone, PartialEq, Eq, sqlx::FromRow)]
pub struct AccountView {
    pub id: String,
    pub name: String,
    /// Its name in the configuration.
    pub provider: String,
    pub subject: String,
    pub email: Option<String>,
    /// When the provider last vouched for it.
    pub vouched_at: i64,
    pub disabled_at: Option<i64>,
    /// Browsers that are signed in.
    pub sessions: i64,
    /// Good ones.
    pub tokens: i64,
    pub seen_at: Option<i64>,
}

/// At most `limit` accounts in whose name, address or subject `text` occurs, by name.
///
/// # Errors
/// [`Error::Forbidden`] for whoever is no administrator.
pub async fn accounts(portal: &Portal, actor: &Actor, text: &str, limit: u32) -> Result<Vec<AccountView>> {
    can(actor, Action::SetUp, Resource::Anything)?;
    store::accounts(portal.db(), text.trim(), portal.clock().now(), limit).await
}

/// Ends all sessions of an account; gives how many. Its tokens stay.
///
/// # Errors
/// As [`disable`].
pub async fn end_all(portal: &Portal, actor: &Actor, account: &str) -> Result<u64> {
    can(actor, Action::SetUp, Resource::Anything)?;
    let mut tx = portal.db().begin().await?;
    if store::account(portal.db(), account).await?.is_none() {
        return Err(Error::not_found("This account"));
    }
    let ended = store::end_others(&mut tx, account, "").await?;
    let change = Change { action: "session.end", target: "all", account: Some(account), ..Change::default() };
    audit::record(&mut tx, actor, portal.clock().now(), change).await?;
    tx.commit().await?;
    portal.persons().forget();
    Ok(ended)
}

/// Lets somebody sign in again whose account was disabled. What had ended stays so.
///
/// # Errors
/// As [`disable`].
pub async fn enable(portal: &Portal, actor: &Actor, account: &str) -> Result<()> {
    can(actor, Action::SetUp, Resource::Anything)?;
    let mut tx = portal.db().begin().await?;
    if !store::enable(&mut tx, account).await? {
        return Err(Error::not_found("This account"));
    }
    let change = Change { action: "account.enable", target: account, account: Some(account), ..Change::default() };
    audit::record(&mut tx, actor, portal.clock().now(), change).await?;
    tx.commit().await
}

/// Ends all sessions and tokens of an account, and lets nobody sign in with it any more.
///
/// # Errors
/// [`Error::Forbidden`] for whoever is no administrator, [`Error::NotFound`] for an account that is not there.
pub async fn disable(portal: &Portal, actor: &Actor, account: &str) -> Result<()> {
    can(actor, Action::SetUp, Resource::Anything)?;
    if actor.account() == Some(account) {
        return Err(Error::Conflict("That is your own account: another administrator can disable it.".to_owned()));
    }
    let now = portal.clock().now();
    let mut tx = portal.db().begin().await?;
    if !store::disable(&mut tx, account, now).await? {
        return Err(Error::not_found("This account"));
    }
    let change = Change { action: "account.disable", target: account, account: Some(account), ..Change::default() };
    audit::record(&mut tx, actor, portal.clock().now(), change).await?;
    tx.commit().await?;
    portal.persons().forget();
    Ok(())
}
