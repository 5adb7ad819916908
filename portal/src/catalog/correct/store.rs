//! SQL of corrections.

use model::catalog::Correction;

use crate::db::{Db, Tx, on};
use crate::{Error, Result};

/// All corrections, newest first.
pub async fn all(db: &Db) -> Result<Vec<Correction>> {
    let rows: Vec<(String, String, Option<String>, String, i64)> = on!(db, p => sqlx::query_as(
        "SELECT reference, field, value, made_by, made_at FROM corrections ORDER BY made_at DESC, reference, field"
    )
    .fetch_all(p)
    .await)?;
    let correction = |(reference, field, value, by, at): (String, String, Option<String>, String, i64)| {
        let reference = reference.parse().map_err(Error::internal)?;
        Ok(Correction { reference, field, value, by, at })
    };
    rows.into_iter().map(correction).collect()
}

/// Writes a correction and gives the value that stood there before (`None`: there was no correction).
pub async fn write(tx: &mut Tx, correction: &Correction) -> Result<Option<Option<String>>> {
    let reference = correction.reference.to_string();
    let before: Option<Option<String>> = on!(tx, p => sqlx::query_scalar(
        "SELECT value FROM corrections WHERE reference = $1 AND field = $2"
    )
    .bind(&reference)
    .bind(&correction.field)
    .fetch_optional(p)
    .await)?;
    on!(tx, p => sqlx::query(
        "INSERT INTO corrections (reference, field, value, made_by, made_at) VALUES ($1, $2, $3, $4, $5) \
         ON CONFLICT (reference, field) DO UPDATE SET value = excluded.value, made_by = excluded.made_by, \
         made_at = excluded.made_at"
    )
    .bind(&reference)
    .bind(&correction.field)
    .bind(&correction.value)
    .bind(&correction.by)
    .bind(correction.at)
    .execute(p)
    .await
    .map(drop))?;
    Ok(before)
}
