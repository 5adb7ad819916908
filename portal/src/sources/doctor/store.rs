//! SQL of the doctor: the last report of each source, and of Slipway itself.

use super::report::Report;
use crate::db::{Db, Tx, on};
use crate::error::Result;

/// Of Slipway itself; no source has it as its name.
const ITSELF: &str = "";

pub async fn write(tx: &mut Tx, report: &Report) -> Result<()> {
    let source = report.source.as_deref().unwrap_or(ITSELF);
    let body = serde_json::to_string(report)?;
    on!(tx, p => sqlx::query(
        "INSERT INTO doctor_reports (source, checked_at, body) VALUES ($1, $2, $3)
         ON CONFLICT (source) DO UPDATE SET checked_at = excluded.checked_at, body = excluded.body")
        .bind(source).bind(report.checked_at).bind(body).execute(p).await.map(drop))?;
    Ok(())
}

/// The last report of each. One that a former version wrote and this one cannot read is as if it were not there.
pub async fn all(db: &Db) -> Result<Vec<Report>> {
    let bodies: Vec<String> =
        on!(db, p => sqlx::query_scalar("SELECT body FROM doctor_reports ORDER BY source").fetch_all(p).await)?;
    Ok(bodies.iter().filter_map(|body| serde_json::from_str(body).ok()).collect())
}
