//! SQL of accounts, sessions, passwords and readers.

use std::collections::BTreeSet;

use sqlx::QueryBuilder;

use super::account::{AccountView, Claims};
use super::session::Device;
use super::token::Token;
use crate::db::{Db, Tx, on, pattern};
use crate::error::Result;

/// Rows of one statement.
const ROWS: usize = 500;

/// An account as it stands.
#[derive(Debug, Clone, PartialEq, Eq, sqlx::FromRow)]
pub struct AccountRow {
    pub id: String,
    pub issuer: String,
    pub subject: String,
    pub provider: String,
    pub name: String,
    pub email: Option<String>,
    pub email_verified: bool,
    pub login: Option<String>,
    pub forge: Option<String>,
    /// JSON.
    pub groups: String,
    pub administrator: bool,
    pub created_at: i64,
    pub vouched_at: i64,
    pub disabled_at: Option<i64>,
}

impl AccountRow {
    /// As it would be written for these.
    pub fn of(claims: &Claims) -> Result<Self> {
        let (forge, login) = claims.login.clone().unzip();
        Ok(Self {
            id: String::new(),
            issuer: claims.issuer.clone(),
            subject: claims.subject.clone(),
            provider: claims.provider.clone(),
            name: claims.name.clone(),
            email: claims.email.clone(),
            email_verified: claims.email_verified,
            login,
            forge,
            groups: serde_json::to_string(&claims.groups)?,
            administrator: claims.administrator,
            created_at: 0,
            vouched_at: 0,
            disabled_at: None,
        })
    }

    /// Whether nothing would be changed by these.
    pub fn says(&self, claims: &Claims) -> bool {
        let Self { id, created_at, vouched_at, administrator, .. } = self.clone();
        Self::of(claims).is_ok_and(|row| Self { id, created_at, vouched_at, administrator, ..row } == *self)
    }

    pub fn groups(&self) -> Vec<String> {
        serde_json::from_str(&self.groups).unwrap_or_default()
    }

    /// What people know it by: subjects of providers are often numbers.
    pub fn subject_for_people(&self) -> &str {
        self.login.as_deref().or(self.email.as_deref()).unwrap_or(&self.name)
    }
}

const ACCOUNT: &str = "a.id, a.issuer, a.subject, a.provider, a.name, a.email, a.email_verified, a.login, a.forge, a.groups, \
                       a.administrator, a.created_at, a.vouched_at, a.disabled_at";

/// Times of a session.
#[derive(Debug, Clone, Copy, PartialEq, Eq, sqlx::FromRow)]
pub struct SessionRow {
    pub created_at: i64,
    pub seen_at: i64,
}

#[derive(Debug, Clone, Copy)]
pub struct NewSession<'a> {
    pub id: &'a str,
    pub account: &'a str,
    pub agent: &'a str,
    pub address: &'a str,
}

/// Writes what a provider says of somebody; gives the account's id, or nothing for one that was disabled.
pub async fn vouch(tx: &mut Tx, id: &str, claims: &Claims, now: i64) -> Result<Option<String>> {
    let groups = serde_json::to_string(&claims.groups)?;
    let (forge, login) = claims.login.clone().unzip();
    Ok(on!(tx, p => sqlx::query_scalar(
        "INSERT INTO accounts (id, issuer, subject, provider, name, email, email_verified, login, forge, groups,
                               administrator, created_at, vouched_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $12)
         ON CONFLICT (issuer, subject) DO UPDATE SET provider = excluded.provider, name = excluded.name,
             email = excluded.email, email_verified = excluded.email_verified, login = excluded.login,
             forge = excluded.forge, groups = excluded.groups, vouched_at = excluded.vouched_at
         WHERE accounts.disabled_at IS NULL RETURNING id")
        .bind(id).bind(&claims.issuer).bind(&claims.subject).bind(&claims.provider).bind(&claims.name)
        .bind(&claims.email).bind(claims.email_verified).bind(login).bind(forge).bind(groups)
        .bind(claims.administrator).bind(now)
        .fetch_optional(p).await)?)
}

/// Whether there was such an account.
pub async fn disable(tx: &mut Tx, account: &str, now: i64) -> Result<bool> {
    let found: Option<String> = on!(tx, p => sqlx::query_scalar(
        "UPDATE accounts SET disabled_at = COALESCE(disabled_at, $2) WHERE id = $1 RETURNING id")
        .bind(account).bind(now).fetch_optional(p).await)?;
    on!(tx, p => sqlx::query("DELETE FROM sessions WHERE account = $1").bind(account).execute(p).await.map(drop))?;
    on!(tx, p => sqlx::query("UPDATE tokens SET revoked_at = $2 WHERE account = $1 AND revoked_at IS NULL")
        .bind(account).bind(now).execute(p).await.map(drop))?;
    Ok(found.is_some())
}

/// Whether there was such an account that was disabled.
pub async fn enable(tx: &mut Tx, account: &str) -> Result<bool> {
    let found: Option<String> = on!(tx, p => sqlx::query_scalar(
        "UPDATE accounts SET disabled_at = NULL WHERE id = $1 AND disabled_at IS NOT NULL RETURNING id")
        .bind(account).fetch_optional(p).await)?;
    Ok(found.is_some())
}

/// Accounts in whose name, address or subject `text` occurs.
pub async fn accounts(db: &Db, text: &str, now: i64, limit: u32) -> Result<Vec<AccountView>> {
    Ok(on!(db, p => sqlx::query_as(
        "SELECT a.id, a.name, a.provider, a.subject, a.email, a.vouched_at, a.disabled_at,
                (SELECT COUNT(*) FROM sessions s WHERE s.account = a.id) AS sessions,
                (SELECT COUNT(*) FROM tokens t WHERE t.account = a.id AND t.revoked_at IS NULL AND t.expires_at > $2) AS tokens,
                (SELECT MAX(s.seen_at) FROM sessions s WHERE s.account = a.id) AS seen_at
         FROM accounts a WHERE LOWER(a.name || ' ' || a.subject || ' ' || COALESCE(a.email, '')) LIKE $1 ESCAPE '!'
         ORDER BY LOWER(a.name), a.id LIMIT $3")
        .bind(pattern(text)).bind(now).bind(i64::from(limit)).fetch_all(p).await)?)
}

pub async fn has_local_administrator(db: &Db) -> Result<bool> {
    let count: i64 = on!(db, p => sqlx::query_scalar(
        "SELECT COUNT(*) FROM accounts a JOIN passwords w ON w.account = a.id
         WHERE a.administrator AND a.disabled_at IS NULL")
        .fetch_one(p).await)?;
    Ok(count > 0)
}

/// Whether anybody has ever signed in, demo people aside.
pub async fn has_accounts(db: &Db) -> Result<bool> {
    let one: Option<String> = on!(db, p => sqlx::query_scalar("SELECT id FROM accounts WHERE issuer <> 'demo' LIMIT 1").fetch_optional(p).await)?;
    Ok(one.is_some())
}

/// Only the newest link is good.
pub async fn invite(tx: &mut Tx, hash: &str, expires_at: i64) -> Result<()> {
    on!(tx, p => sqlx::query("DELETE FROM invitations").execute(p).await.map(drop))?;
    on!(tx, p => sqlx::query("INSERT INTO invitations (hash, expires_at) VALUES ($1, $2)")
        .bind(hash).bind(expires_at).execute(p).await.map(drop))?;
    Ok(())
}

pub async fn is_invited(db: &Db, hash: &str, now: i64) -> Result<bool> {
    let found: Option<String> = on!(db, p => sqlx::query_scalar(
        "SELECT hash FROM invitations WHERE hash = $1 AND expires_at > $2").bind(hash).bind(now).fetch_optional(p).await)?;
    Ok(found.is_some())
}

/// Of two who come with one link, one gets it.
pub async fn take_invitation(tx: &mut Tx, hash: &str, now: i64) -> Result<bool> {
    let found: Option<String> = on!(tx, p => sqlx::query_scalar(
        "DELETE FROM invitations WHERE hash = $1 AND expires_at > $2 RETURNING hash")
        .bind(hash).bind(now).fetch_optional(p).await)?;
    Ok(found.is_some())
}

pub async fn set_password(tx: &mut Tx, account: &str, hash: &str, now: i64) -> Result<()> {
    on!(tx, p => sqlx::query(
        "INSERT INTO passwords (account, hash, changed_at) VALUES ($1, $2, $3)
         ON CONFLICT (account) DO UPDATE SET hash = excluded.hash, changed_at = excluded.changed_at")
        .bind(account).bind(hash).bind(now).execute(p).await.map(drop))?;
    Ok(())
}

/// The hash of the password of an account that may sign in.
pub async fn password(db: &Db, issuer: &str, subject: &str) -> Result<Option<String>> {
    Ok(on!(db, p => sqlx::query_scalar(
        "SELECT w.hash FROM passwords w JOIN accounts a ON a.id = w.account
         WHERE a.issuer = $1 AND a.subject = $2 AND a.disabled_at IS NULL")
        .bind(issuer).bind(subject).fetch_optional(p).await)?)
}

pub async fn open_session(tx: &mut Tx, hash: &str, session: NewSession<'_>, now: i64) -> Result<()> {
    on!(tx, p => sqlx::query(
        "INSERT INTO sessions (hash, id, account, created_at, seen_at, agent, address) VALUES ($1, $2, $3, $4, $4, $5, $6)")
        .bind(hash).bind(session.id).bind(session.account).bind(now).bind(session.agent).bind(session.address)
        .execute(p).await.map(drop))?;
    Ok(())
}

/// Whether an account that is signed in elsewhere is not so with this browser.
pub async fn is_strange(tx: &mut Tx, account: &str, agent: &str) -> Result<bool> {
    let (all, same): (i64, i64) = on!(tx, p => sqlx::query_as(
        "SELECT COUNT(*), COALESCE(SUM(CASE WHEN agent = $2 THEN 1 ELSE 0 END), 0) FROM sessions WHERE account = $1")
        .bind(account).bind(agent).fetch_one(p).await)?;
    Ok(all > 0 && same == 0)
}

/// Deletes those that began before `began`, or were last used before `seen`.
pub async fn forget_sessions(tx: &mut Tx, began: i64, seen: i64) -> Result<()> {
    on!(tx, p => sqlx::query("DELETE FROM sessions WHERE created_at <= $1 OR seen_at <= $2")
        .bind(began).bind(seen).execute(p).await.map(drop))?;
    Ok(())
}

pub async fn session(db: &Db, hash: &str) -> Result<Option<(SessionRow, AccountRow)>> {
    let session: Option<(String, i64, i64)> = on!(db, p => sqlx::query_as(
        "SELECT account, created_at, seen_at FROM sessions WHERE hash = $1").bind(hash).fetch_optional(p).await)?;
    let Some((id, created_at, seen_at)) = session else { return Ok(None) };
    let account = account(db, &id).await?;
    Ok(account.map(|account| (SessionRow { created_at, seen_at }, account)))
}

pub async fn account(db: &Db, id: &str) -> Result<Option<AccountRow>> {
    Ok(on!(db, p => {
        let mut query = QueryBuilder::new("SELECT ");
        query.push(ACCOUNT).push(" FROM accounts a WHERE a.id = ").push_bind(id);
        query.build_query_as().fetch_optional(p).await
    })?)
}

/// All that may sign in.
pub async fn enabled(db: &Db) -> Result<Vec<AccountRow>> {
    Ok(on!(db, p => {
        let mut query = QueryBuilder::new("SELECT ");
        query.push(ACCOUNT).push(" FROM accounts a WHERE a.disabled_at IS NULL ORDER BY a.id");
        query.build_query_as().fetch_all(p).await
    })?)
}

pub async fn account_of(db: &Db, issuer: &str, subject: &str) -> Result<Option<AccountRow>> {
    Ok(on!(db, p => {
        let mut query = QueryBuilder::new("SELECT ");
        query.push(ACCOUNT).push(" FROM accounts a WHERE a.issuer = ").push_bind(issuer);
        query.push(" AND a.subject = ").push_bind(subject);
        query.build_query_as().fetch_optional(p).await
    })?)
}

pub async fn note_session(db: &Db, hash: &str, now: i64) -> Result<()> {
    let mut tx = db.begin().await?;
    on!(tx, p => sqlx::query("UPDATE sessions SET seen_at = $2 WHERE hash = $1 AND seen_at < $2")
        .bind(hash).bind(now).execute(p).await.map(drop))?;
    tx.commit().await
}

/// Whether there was one.
pub async fn end_session(tx: &mut Tx, hash: &str) -> Result<bool> {
    let found: Option<String> = on!(tx, p => sqlx::query_scalar("DELETE FROM sessions WHERE hash = $1 RETURNING id")
        .bind(hash).fetch_optional(p).await)?;
    Ok(found.is_some())
}

pub async fn end_by_id(tx: &mut Tx, account: &str, id: &str) -> Result<bool> {
    let found: Option<String> = on!(tx, p => sqlx::query_scalar(
        "DELETE FROM sessions WHERE account = $1 AND id = $2 RETURNING id")
        .bind(account).bind(id).fetch_optional(p).await)?;
    Ok(found.is_some())
}

/// Ends all sessions of an account but the one with this digest; gives how many.
pub async fn end_others(tx: &mut Tx, account: &str, hash: &str) -> Result<u64> {
    let ended: Vec<String> = on!(tx, p => sqlx::query_scalar(
        "DELETE FROM sessions WHERE account = $1 AND hash <> $2 RETURNING id")
        .bind(account).bind(hash).fetch_all(p).await)?;
    Ok(ended.len() as u64)
}

/// Sessions of an account that were used after `seen` and began after `began`, the one used last first.
pub async fn devices(db: &Db, account: &str, here: &str, (seen, began): (i64, i64)) -> Result<Vec<Device>> {
    Ok(on!(db, p => sqlx::query_as(
        "SELECT id, created_at, seen_at, agent, address, hash = $2 AS here FROM sessions
         WHERE account = $1 AND seen_at > $3 AND created_at > $4 ORDER BY seen_at DESC, id")
        .bind(account).bind(here).bind(seen).bind(began).fetch_all(p).await)?)
}

/// Where the last change of a group or user stands in the change sequence.
pub async fn people_sequence(db: &Db) -> Result<i64> {
    Ok(on!(db, p => sqlx::query_scalar(
        "SELECT COALESCE(MAX(change_sequence), 0) FROM entities
         WHERE visibility IN ('public', 'signed-in', 'readers') AND kind IN ('group', 'user')")
        .fetch_one(p).await)?)
}

/// The bodies of all groups and users.
pub async fn people_bodies(db: &Db) -> Result<Vec<String>> {
    Ok(on!(db, p => sqlx::query_scalar(
        "SELECT body FROM entities
         WHERE visibility IN ('public', 'signed-in', 'readers') AND kind IN ('group', 'user') AND NOT deleted")
        .fetch_all(p).await)?)
}

/// When the people of a source were last mirrored.
pub async fn people_at(db: &Db, source: &str) -> Result<Option<i64>> {
    let at: Option<Option<i64>> = on!(db, p => sqlx::query_scalar("SELECT people_at FROM forge_accounts WHERE source = $1")
        .bind(source).fetch_optional(p).await)?;
    Ok(at.flatten())
}

/// The teams of a source that a login is in.
pub async fn teams_of(db: &Db, source: &str, login: &str) -> Result<Vec<String>> {
    Ok(
        on!(db, p => sqlx::query_scalar("SELECT team FROM forge_team_members WHERE source = $1 AND login = $2 ORDER BY team")
        .bind(source).bind(login.to_lowercase()).fetch_all(p).await)?,
    )
}

/// Writes which repositories an account may read, if that has changed.
pub async fn write_readable(db: &Db, account: &str, repositories: &BTreeSet<String>) -> Result<()> {
    let before: Vec<String> = on!(db, p => sqlx::query_scalar("SELECT repository FROM account_repositories WHERE account = $1")
        .bind(account).fetch_all(p).await)?;
    if before.iter().collect::<BTreeSet<_>>() == repositories.iter().collect::<BTreeSet<_>>() {
        return Ok(());
    }
    let mut tx = db.begin().await?;
    on!(tx, p => sqlx::query("DELETE FROM account_repositories WHERE account = $1").bind(account).execute(p).await.map(drop))?;
    let all: Vec<&String> = repositories.iter().collect();
    for some in all.chunks(ROWS) {
        on!(tx, p => {
            let mut query = QueryBuilder::new("INSERT INTO account_repositories (account, repository) ");
            query.push_values(some, |mut row, repository| {
                row.push_bind(account).push_bind(repository.as_str());
            });
            query.push(" ON CONFLICT DO NOTHING");
            query.build().execute(p).await.map(drop)
        })?;
    }
    tx.commit().await
}

/// Whether the forge lets a login write to the repository with this id, as was last mirrored.
pub async fn writes(db: &Db, source: &str, login: &str, repository: &str) -> Result<bool> {
    let count: i64 = on!(db, p => sqlx::query_scalar(
        "SELECT COUNT(*) FROM repositories r JOIN repository_readers e ON e.source = r.source AND e.repository = r.stable_key
         WHERE r.id = $3 AND r.source = $1 AND r.gone_at IS NULL AND e.role IN ('write', 'maintain', 'admin')
               AND (e.holder = 'person' AND e.name = $2
                 OR e.holder = 'team' AND EXISTS (SELECT 1 FROM forge_team_members t
                      WHERE t.source = e.source AND t.team = e.name AND t.login = $2)
                 OR e.holder = 'members' AND EXISTS (SELECT 1 FROM forge_members m
                      WHERE m.source = e.source AND m.login = $2))")
        .bind(source).bind(login.to_lowercase()).bind(repository).fetch_one(p).await)?;
    Ok(count > 0)
}

#[derive(Debug, Clone, Copy)]
pub struct NewToken<'a> {
    pub id: &'a str,
    pub account: &'a str,
    pub name: &'a str,
    pub scope: &'a str,
    pub made_by: &'a str,
}

const TOKEN: &str = "id, name, scopes, created_at, expires_at, used_at, revoked_at";

/// How many good ones an account has.
pub async fn count_tokens(tx: &mut Tx, account: &str, now: i64) -> Result<usize> {
    let count: i64 = on!(tx, p => sqlx::query_scalar(
        "SELECT COUNT(*) FROM tokens WHERE account = $1 AND revoked_at IS NULL AND expires_at > $2")
        .bind(account).bind(now).fetch_one(p).await)?;
    Ok(usize::try_from(count).unwrap_or_default())
}

pub async fn add_token(tx: &mut Tx, hash: &str, token: NewToken<'_>, now: i64, expires_at: i64) -> Result<()> {
    on!(tx, p => sqlx::query(
        "INSERT INTO tokens (id, hash, account, name, scopes, made_by, created_at, expires_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8)")
        .bind(token.id).bind(hash).bind(token.account).bind(token.name).bind(token.scope).bind(token.made_by)
        .bind(now).bind(expires_at).execute(p).await.map(drop))?;
    Ok(())
}

/// Those of an account that are good, or were after `since`; the newest first.
pub async fn tokens(db: &Db, account: &str, since: i64) -> Result<Vec<Token>> {
    Ok(on!(db, p => {
        let mut query = QueryBuilder::new("SELECT ");
        query.push(TOKEN).push(" FROM tokens WHERE account = ").push_bind(account);
        query.push(" AND expires_at > ").push_bind(since);
        query.push(" AND (revoked_at IS NULL OR revoked_at > ").push_bind(since).push(")");
        query.push(" ORDER BY created_at DESC, id DESC");
        query.build_query_as().fetch_all(p).await
    })?)
}

/// Whether it was good.
pub async fn revoke_token(tx: &mut Tx, account: &str, id: &str, now: i64) -> Result<bool> {
    let found: Option<String> = on!(tx, p => sqlx::query_scalar(
        "UPDATE tokens SET revoked_at = $3 WHERE account = $1 AND id = $2 AND revoked_at IS NULL RETURNING id")
        .bind(account).bind(id).bind(now).fetch_optional(p).await)?;
    Ok(found.is_some())
}

pub async fn token(db: &Db, hash: &str) -> Result<Option<(Token, AccountRow)>> {
    let token: Option<Token> = on!(db, p => {
        let mut query = QueryBuilder::new("SELECT ");
        query.push(TOKEN).push(" FROM tokens WHERE hash = ").push_bind(hash);
        query.build_query_as().fetch_optional(p).await
    })?;
    let Some(token) = token else { return Ok(None) };
    let owner: Option<Option<String>> = on!(db, p => sqlx::query_scalar("SELECT account FROM tokens WHERE id = $1")
        .bind(&token.id).fetch_optional(p).await)?;
    let Some(owner) = owner.flatten() else { return Ok(None) };
    Ok(account(db, &owner).await?.map(|account| (token, account)))
}

pub async fn note_token(db: &Db, id: &str, now: i64) -> Result<()> {
    let mut tx = db.begin().await?;
    on!(tx, p => sqlx::query("UPDATE tokens SET used_at = $2 WHERE id = $1").bind(id).bind(now).execute(p).await.map(drop))?;
    tx.commit().await
}
