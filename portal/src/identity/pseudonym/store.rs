//! SQL of pseudonyms.

use crate::db::{Tx, on};
use crate::error::Result;

/// As far as it names somebody.
#[derive(Debug, Clone, PartialEq, Eq, sqlx::FromRow)]
pub struct Account {
    pub id: String,
    pub provider: String,
    pub subject: String,
    pub name: String,
    pub email: Option<String>,
    pub login: Option<String>,
    pub forge: Option<String>,
}

/// An entry of the audit log, with what may be changed in it.
#[derive(Debug, Clone, PartialEq, Eq, sqlx::FromRow)]
pub struct Entry {
    pub id: String,
    pub recorded_at: i64,
    pub actor: String,
    pub target: String,
    pub value_before: Option<String>,
    pub value_after: Option<String>,
    pub account: Option<String>,
    pub address: Option<String>,
}

/// Those with this id, login, address, or name of a local account.
pub async fn accounts(tx: &mut Tx, who: &str) -> Result<Vec<Account>> {
    Ok(on!(tx, p => sqlx::query_as(
        "SELECT id, provider, subject, name, email, login, forge FROM accounts
         WHERE id = $1 OR login = $2 OR LOWER(email) = $2 OR issuer = 'local' AND subject = $1 ORDER BY id")
        .bind(who).bind(who.to_lowercase()).fetch_all(p).await)?)
}

/// How an account is called in what it did itself, as a user of the catalog.
pub async fn labels(tx: &mut Tx, account: &str) -> Result<Vec<String>> {
    // In these the account is the one that it was done to.
    Ok(on!(tx, p => sqlx::query_scalar(
        "SELECT DISTINCT actor FROM audit WHERE account = $1 AND actor LIKE 'user:%'
         AND action NOT IN ('session.open', 'token.revoke', 'account.password', 'account.disable') ORDER BY actor")
        .bind(account).fetch_all(p).await)?)
}

/// What is mirrored of a login, of all forges or of the one at `host`; gives how many rows are gone.
pub async fn forget_mirrored(tx: &mut Tx, login: &str, host: Option<&str>) -> Result<u64> {
    const OF_HOST: &str = "source IN (SELECT name FROM sources WHERE kind = 'github' AND ($2 = '' OR location LIKE '%://' || $2 || '/%'))";
    let host = host.unwrap_or_default();
    let mut gone = 0;
    for (table, is_theirs) in [
        ("repository_readers", "holder = 'person' AND name = $1"),
        ("forge_team_members", "login = $1"),
        ("forge_members", "login = $1"),
    ] {
        let sql = format!("DELETE FROM {table} WHERE {is_theirs} AND {OF_HOST}");
        gone += on!(tx, p => sqlx::query(sqlx::AssertSqlSafe(sql)).bind(login).bind(host)
            .execute(p).await.map(|done| done.rows_affected()))?;
    }
    Ok(gone)
}

/// From now on entries may get this pseudonym; the database writes that down.
pub async fn open(tx: &mut Tx, pseudonym: &str, account: Option<&str>, now: i64) -> Result<()> {
    on!(tx, p => sqlx::query("INSERT INTO audit_pseudonyms (pseudonym, account, opened_at) VALUES ($1, $2, $3)")
        .bind(pseudonym).bind(account).bind(now).execute(p).await.map(drop))?;
    Ok(())
}

pub async fn close(tx: &mut Tx, pseudonym: &str, now: i64) -> Result<()> {
    on!(tx, p => sqlx::query("UPDATE audit_pseudonyms SET closed_at = $2 WHERE pseudonym = $1")
        .bind(pseudonym).bind(now).execute(p).await.map(drop))?;
    Ok(())
}

/// Those behind a place, the oldest first.
pub async fn entries(tx: &mut Tx, after: &(i64, String), limit: i64) -> Result<Vec<Entry>> {
    Ok(on!(tx, p => sqlx::query_as(
        "SELECT id, recorded_at, actor, target, value_before, value_after, account, address FROM audit
         WHERE recorded_at > $1 OR recorded_at = $1 AND id > $2 ORDER BY recorded_at, id LIMIT $3")
        .bind(after.0).bind(&after.1).bind(limit).fetch_all(p).await)?)
}

pub async fn write_entry(tx: &mut Tx, entry: &Entry) -> Result<()> {
    on!(tx, p => sqlx::query(
        "UPDATE audit SET actor = $2, target = $3, value_before = $4, value_after = $5, address = $6 WHERE id = $1")
        .bind(&entry.id).bind(&entry.actor).bind(&entry.target).bind(&entry.value_before).bind(&entry.value_after)
        .bind(&entry.address).execute(p).await.map(drop))?;
    Ok(())
}

/// What somebody made, and what stays when they are gone; gives how many rows.
pub async fn rename_works(tx: &mut Tx, label: &str, pseudonym: &str) -> Result<u64> {
    let mut renamed = 0;
    for table in ["corrections", "changes", "tokens", "runs"] {
        let sql = format!("UPDATE {table} SET made_by = $2 WHERE made_by = $1");
        renamed += on!(tx, p => sqlx::query(sqlx::AssertSqlSafe(sql)).bind(label).bind(pseudonym)
            .execute(p).await.map(|done| done.rows_affected()))?;
    }
    Ok(renamed)
}

/// With its sessions, tokens, password, and whatever else belongs to it.
pub async fn forget_account(tx: &mut Tx, id: &str) -> Result<()> {
    on!(tx, p => sqlx::query("DELETE FROM accounts WHERE id = $1").bind(id).execute(p).await.map(drop))?;
    Ok(())
}
