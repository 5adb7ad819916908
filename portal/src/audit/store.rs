//! SQL of the audit log.

use super::{Change, Entry};
use crate::db::{Db, Tx, on};
use crate::error::Result;

pub async fn insert(tx: &mut Tx, id: &str, now: i64, actor: &str, change: Change<'_>) -> Result<()> {
    on!(tx, p => sqlx::query(
        "INSERT INTO audit (id, recorded_at, actor, action, target, value_before, value_after, request)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8)")
        .bind(id).bind(now).bind(actor).bind(change.action).bind(change.target)
        .bind(change.before).bind(change.after).bind(change.request)
        .execute(p).await.map(drop))?;
    Ok(())
}

pub async fn newest(db: &Db, limit: u32) -> Result<Vec<Entry>> {
    type Row = (String, i64, String, String, String, Option<String>, Option<String>, Option<String>);
    let rows: Vec<Row> = on!(db, p => sqlx::query_as(
        "SELECT id, recorded_at, actor, action, target, value_before, value_after, request
         FROM audit ORDER BY recorded_at DESC, id DESC LIMIT $1")
        .bind(i64::from(limit)).fetch_all(p).await)?;
    let entry = |(id, at, actor, action, target, before, after, request)| Entry {
        id,
        at,
        actor,
        action,
        target,
        before,
        after,
        request,
    };
    Ok(rows.into_iter().map(entry).collect())
}
