//! SQL of drafts.

use super::Draft;
use crate::Result;
use crate::db::{Db, Tx, on};

pub async fn keep(tx: &mut Tx, account: &str, template: &str, draft: &Draft, stopped_at: Option<&str>) -> Result<()> {
    on!(tx, p => sqlx::query(
        "INSERT INTO run_drafts (account, template, filled, stopped_at, kept_at) VALUES ($1, $2, $3, $4, $5)
         ON CONFLICT (account, template) DO UPDATE SET filled = excluded.filled, stopped_at = excluded.stopped_at,
             kept_at = excluded.kept_at")
        .bind(account).bind(template).bind(&draft.filled).bind(stopped_at).bind(draft.kept_at)
        .execute(p).await.map(drop))?;
    Ok(())
}

pub async fn get(db: &Db, account: &str, template: &str) -> Result<Option<Draft>> {
    let row: Option<(String, i64)> = on!(db, p => sqlx::query_as(
        "SELECT filled, kept_at FROM run_drafts WHERE account = $1 AND template = $2")
        .bind(account).bind(template).fetch_optional(p).await)?;
    Ok(row.map(|(filled, kept_at)| Draft { filled, kept_at }))
}

/// Whether there was one.
pub async fn forget(tx: &mut Tx, account: &str, template: &str) -> Result<bool> {
    let rows = on!(tx, p => sqlx::query("DELETE FROM run_drafts WHERE account = $1 AND template = $2")
        .bind(account).bind(template).execute(p).await.map(|done| done.rows_affected()))?;
    Ok(rows > 0)
}

/// Of those that were kept between the two: by the question at which they stop, most first.
pub async fn abandoned(db: &Db, template: &str, from: i64, until: i64) -> Result<Vec<(Option<String>, u64)>> {
    let rows: Vec<(Option<String>, i64)> = on!(db, p => sqlx::query_as(
        "SELECT stopped_at, COUNT(*) FROM run_drafts WHERE template = $1 AND kept_at > $2 AND kept_at <= $3
         GROUP BY stopped_at ORDER BY 2 DESC, 1")
        .bind(template).bind(from).bind(until).fetch_all(p).await)?;
    Ok(rows.into_iter().map(|(question, count)| (question, count.unsigned_abs())).collect())
}

pub async fn sweep(tx: &mut Tx, before: i64) -> Result<()> {
    on!(tx, p => sqlx::query("DELETE FROM run_drafts WHERE kept_at <= $1").bind(before).execute(p).await.map(drop))?;
    Ok(())
}
