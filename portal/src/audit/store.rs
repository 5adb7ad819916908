//! SQL of the audit log.

use model::audit::AuditEntry;
use sqlx::QueryBuilder;

use super::{AuditFilter, By, Change, Place};
use crate::db::{Db, Tx, new_id, on, pattern};
use crate::error::Result;

/// Rows of one statement.
const TOGETHER: usize = 500;

pub async fn insert(tx: &mut Tx, now: i64, by: &By, changes: &[Change<'_>]) -> Result<()> {
    let (request, address) = by.origin.as_ref().map(|origin| (&origin.request, &origin.address)).unzip();
    for changes in changes.chunks(TOGETHER) {
        on!(tx, p => {
            let mut query = QueryBuilder::new(
                "INSERT INTO audit (id, recorded_at, actor, action, target, value_before, value_after, request, account, address) ");
            query.push_values(changes, |mut row, change| {
                row.push_bind(new_id(now)).push_bind(now).push_bind(&by.name).push_bind(change.action).push_bind(change.target);
                row.push_bind(change.before).push_bind(change.after).push_bind(request);
                row.push_bind(change.account.or(by.account.as_deref())).push_bind(address);
            });
            query.build().execute(p).await.map(drop)
        })?;
    }
    Ok(())
}

pub async fn list(db: &Db, filter: &AuditFilter, after: Option<&Place>, limit: u32) -> Result<Vec<AuditEntry>> {
    let rows: Vec<Row> = on!(db, p => {
        let mut query = QueryBuilder::new(
            "SELECT id, recorded_at, actor, action, target, value_before, value_after, request, account, address
             FROM audit WHERE recorded_at >= ");
        query.push_bind(filter.from.unwrap_or(0)).push(" AND recorded_at < ").push_bind(filter.to.unwrap_or(i64::MAX));
        if let Some((at, id)) = after {
            query.push(" AND (recorded_at < ").push_bind(*at).push(" OR recorded_at = ").push_bind(*at);
            query.push(" AND id < ").push_bind(id.as_str()).push(")");
        }
        if let Some(all) = filter.action.strip_suffix('.') {
            query.push(" AND action LIKE ").push_bind(format!("{}.%", escaped(all))).push(" ESCAPE '!'");
        } else if !filter.action.is_empty() {
            query.push(" AND action = ").push_bind(filter.action.as_str());
        }
        for word in filter.text.split_whitespace().take(WORDS) {
            query.push(" AND LOWER(actor || ' ' || target || ' ' || COALESCE(address, '')) LIKE ");
            query.push_bind(pattern(word)).push(" ESCAPE '!'");
        }
        query.push(" ORDER BY recorded_at DESC, id DESC LIMIT ").push_bind(i64::from(limit));
        query.build_query_as().fetch_all(p).await
    })?;
    Ok(rows.into_iter().map(entry).collect())
}

type Optional = Option<String>;
type Row = (String, i64, String, String, String, Optional, Optional, Optional, Optional, Optional);

fn entry((id, at, actor, action, target, before, after, request, account, address): Row) -> AuditEntry {
    AuditEntry { id, at, actor, action, target, before, after, request, account, address }
}

fn escaped(text: &str) -> String {
    text.chars().flat_map(|c| matches!(c, '%' | '_' | '!').then_some('!').into_iter().chain([c])).collect()
}

pub async fn actions(db: &Db) -> Result<Vec<String>> {
    Ok(on!(db, p => sqlx::query_scalar("SELECT DISTINCT action FROM audit ORDER BY action").fetch_all(p).await)?)
}

/// Until when entries may be deleted.
pub async fn floor(db: &Db) -> Result<i64> {
    Ok(on!(db, p => sqlx::query_scalar("SELECT floor_at FROM audit_floor").fetch_one(p).await)?)
}

/// Moves the floor; the database itself writes that down.
pub async fn move_floor(tx: &mut Tx, at: i64) -> Result<()> {
    on!(tx, p => sqlx::query("UPDATE audit_floor SET floor_at = $1 WHERE floor_at < $1").bind(at).execute(p).await.map(drop))?;
    Ok(())
}

/// Deletes at most `limit` entries below the floor; gives how many.
pub async fn delete_old(tx: &mut Tx, limit: i64) -> Result<u64> {
    let gone: Vec<String> = on!(tx, p => sqlx::query_scalar(
        "DELETE FROM audit WHERE id IN (SELECT id FROM audit WHERE recorded_at < (SELECT floor_at FROM audit_floor)
                                        ORDER BY recorded_at, id LIMIT $1) RETURNING id")
        .bind(limit).fetch_all(p).await)?;
    Ok(gone.len() as u64)
}

const WORDS: usize = 12;
