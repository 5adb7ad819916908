//! SQL of what is kept sealed for an account.

use crate::db::{Db, Tx, on};
use crate::error::Result;

/// In the place of one of before.
pub async fn keep(tx: &mut Tx, (account, kind): (&str, &str), body: &str, now: i64, due_at: i64) -> Result<()> {
    on!(tx, p => sqlx::query(
        "INSERT INTO sealed (account, kind, body, kept_at, due_at) VALUES ($1, $2, $3, $4, $5)
         ON CONFLICT (account, kind) DO UPDATE SET body = excluded.body, kept_at = excluded.kept_at, due_at = excluded.due_at")
        .bind(account).bind(kind).bind(body).bind(now).bind(due_at).execute(p).await.map(drop))?;
    Ok(())
}

pub async fn forget(tx: &mut Tx, account: &str, kind: &str) -> Result<()> {
    on!(tx, p => sqlx::query("DELETE FROM sealed WHERE account = $1 AND kind = $2")
        .bind(account).bind(kind).execute(p).await.map(drop))?;
    Ok(())
}

/// Those of accounts that have neither a session nor a good token.
pub async fn forget_unused(tx: &mut Tx, kind: &str, now: i64) -> Result<()> {
    on!(tx, p => sqlx::query(
        "DELETE FROM sealed WHERE kind = $1
         AND NOT EXISTS (SELECT 1 FROM sessions s WHERE s.account = sealed.account)
         AND NOT EXISTS (SELECT 1 FROM tokens t WHERE t.account = sealed.account AND t.revoked_at IS NULL AND t.expires_at > $2)")
        .bind(kind).bind(now).execute(p).await.map(drop))?;
    Ok(())
}

pub async fn is_any_due(db: &Db, kind: &str, now: i64) -> Result<bool> {
    let one: Option<String> = on!(db, p => sqlx::query_scalar("SELECT account FROM sealed WHERE kind = $1 AND due_at <= $2 LIMIT 1")
        .bind(kind).bind(now).fetch_optional(p).await)?;
    Ok(one.is_some())
}

/// Account and body of one that is due, which is due again at `again_at`; of two who ask, one gets it.
pub async fn take_due(tx: &mut Tx, kind: &str, now: i64, again_at: i64) -> Result<Option<(String, String)>> {
    Ok(on!(tx, p => sqlx::query_as(
        "UPDATE sealed SET due_at = $3 WHERE kind = $1 AND due_at <= $2
         AND account = (SELECT account FROM sealed WHERE kind = $1 AND due_at <= $2 ORDER BY due_at, account LIMIT 1)
         RETURNING account, body")
        .bind(kind).bind(now).bind(again_at).fetch_optional(p).await)?)
}

pub async fn put_off(tx: &mut Tx, account: &str, kind: &str, due_at: i64) -> Result<()> {
    on!(tx, p => sqlx::query("UPDATE sealed SET due_at = $3 WHERE account = $1 AND kind = $2")
        .bind(account).bind(kind).bind(due_at).execute(p).await.map(drop))?;
    Ok(())
}

/// All sessions and good tokens of an account.
pub async fn end_all(tx: &mut Tx, account: &str, now: i64) -> Result<()> {
    on!(tx, p => sqlx::query("DELETE FROM sessions WHERE account = $1").bind(account).execute(p).await.map(drop))?;
    on!(tx, p => sqlx::query("UPDATE tokens SET revoked_at = $2 WHERE account = $1 AND revoked_at IS NULL")
        .bind(account).bind(now).execute(p).await.map(drop))?;
    Ok(())
}
