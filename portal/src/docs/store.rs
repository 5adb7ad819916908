//! SQL of rendered documents.

use crate::Result;
use crate::db::{Db, on};

/// Rows that are let go of at once.
const BATCH: i64 = 100;

/// The body and when it was last used.
pub async fn find(db: &Db, key: &str) -> Result<Option<(String, i64)>> {
    Ok(
        on!(db, p => sqlx::query_as("SELECT body, used_at FROM rendered WHERE key = $1").bind(key).fetch_optional(p).await)?,
    )
}

pub async fn touch(db: &Db, key: &str, now: i64) -> Result<()> {
    let mut tx = db.begin().await?;
    on!(tx, p => sqlx::query("UPDATE rendered SET used_at = $2 WHERE key = $1").bind(key).bind(now).execute(p).await.map(drop))?;
    tx.commit().await
}

/// Adds a row; then the least recently used go until all bodies together have at most `kept` bytes.
pub async fn insert(db: &Db, key: &str, body: &str, now: i64, kept: i64) -> Result<()> {
    let mut tx = db.begin().await?;
    on!(tx, p => sqlx::query(
        "INSERT INTO rendered (key, size, used_at, body) VALUES ($1, $2, $3, $4) \
         ON CONFLICT (key) DO UPDATE SET size = excluded.size, used_at = excluded.used_at, body = excluded.body"
    )
    .bind(key)
    .bind(body.len() as i64)
    .bind(now)
    .bind(body)
    .execute(p)
    .await
    .map(drop))?;
    loop {
        let size: i64 = on!(tx, p => sqlx::query_scalar("SELECT CAST(COALESCE(SUM(size), 0) AS BIGINT) FROM rendered")
            .fetch_one(p)
            .await)?;
        if size <= kept {
            break;
        }
        let gone = on!(tx, p => sqlx::query(
            "DELETE FROM rendered WHERE key IN (SELECT key FROM rendered ORDER BY used_at, key LIMIT $1)"
        )
        .bind(BATCH)
        .execute(p)
        .await
        .map(|done| done.rows_affected()))?;
        if gone == 0 {
            break;
        }
    }
    tx.commit().await
}
