use crate::db::{Tx, on};
use crate::error::Result;
use crate::settings::{SourceKind, SourceSettings};

/// Marks every source as configured no longer; those that are come back with [`upsert_source`].
pub async fn retire_sources(tx: &mut Tx, now: i64) -> Result<()> {
    on!(tx, p => sqlx::query("UPDATE sources SET gone_at = COALESCE(gone_at, $1)").bind(now).execute(p).await.map(drop))?;
    Ok(())
}

pub async fn upsert_source(tx: &mut Tx, source: &SourceSettings) -> Result<()> {
    let SourceKind::Folder(location) = &source.kind;
    on!(tx, p => sqlx::query(
        "INSERT INTO sources (name, kind, location, visibility, demo) VALUES ($1, $2, $3, $4, $5)
         ON CONFLICT (name) DO UPDATE SET kind = excluded.kind, location = excluded.location,
             visibility = excluded.visibility, demo = excluded.demo, gone_at = NULL")
        .bind(&source.name).bind("folder").bind(location.to_string_lossy()).bind(source.visibility.as_str()).bind(source.demo)
        .execute(p).await.map(drop))?;
    Ok(())
}
