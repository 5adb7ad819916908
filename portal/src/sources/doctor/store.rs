//! SQL of the doctor: the last report of each source, and of Slipway itself.

use super::report::Report;
use crate::db::{Db, Tx, on};
use crate::error::Result;

/// Of Slipway itself; no source has it as its name.
const ITSELF: &str = "";

/// `configuration` tells apart what it was made of.
pub async fn write(tx: &mut Tx, report: &Report, configuration: &str) -> Result<()> {
    let source = report.source.as_deref().unwrap_or(ITSELF);
    let body = serde_json::to_string(report)?;
    on!(tx, p => sqlx::query(
        "INSERT INTO doctor_reports (source, checked_at, body, configuration) VALUES ($1, $2, $3, $4)
         ON CONFLICT (source) DO UPDATE SET checked_at = excluded.checked_at, body = excluded.body,
             configuration = excluded.configuration")
        .bind(source).bind(report.checked_at).bind(body).bind(configuration).execute(p).await.map(drop))?;
    Ok(())
}

/// The last report of each, and what it was made of. One that a former version wrote and this one cannot read is as if it
/// were not there.
pub async fn all(db: &Db) -> Result<Vec<(Report, Option<String>)>> {
    let rows: Vec<(String, Option<String>)> = on!(db, p => sqlx::query_as("SELECT body, configuration FROM doctor_reports ORDER BY source").fetch_all(p).await)?;
    let report = |(body, configuration): (String, _)| Some((serde_json::from_str(&body).ok()?, configuration));
    Ok(rows.into_iter().filter_map(report).collect())
}

/// The last report of one source.
pub async fn of_source(db: &Db, source: &str) -> Result<Option<(Report, Option<String>)>> {
    let row: Option<(String, Option<String>)> = on!(db, p => sqlx::query_as("SELECT body, configuration FROM doctor_reports WHERE source = $1")
            .bind(source).fetch_optional(p).await)?;
    Ok(row.and_then(|(body, configuration)| Some((serde_json::from_str(&body).ok()?, configuration))))
}
