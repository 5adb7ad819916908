//! SQL of what outlives the process of an account at GitHub.

use sqlx::QueryBuilder;

use crate::db::{Db, Tx, on};
use crate::error::Result;

/// Rows of one statement.
const ROWS: usize = 500;

/// One row a source.
#[derive(Debug, Clone, Default, PartialEq, Eq, sqlx::FromRow)]
pub struct AccountRow {
    /// A digest of those that answers are good for; nothing before the first listing.
    pub credentials: String,
    /// A digest of what was wanted when all was listed.
    pub wanted: Option<String>,
    /// JSON of our standing when what is in sight was listed.
    pub standing: Option<String>,
    /// When all was listed, by the machine's clock; `None` where something was missing.
    pub listed_at: Option<i64>,
}

pub async fn account(db: &Db, source: &str) -> Result<Option<AccountRow>> {
    Ok(on!(db, p => sqlx::query_as(
        "SELECT credentials, wanted, standing, listed_at FROM forge_accounts WHERE source = $1")
        .bind(source).fetch_optional(p).await)?)
}

pub async fn write_account(tx: &mut Tx, source: &str, row: &AccountRow) -> Result<()> {
    on!(tx, p => sqlx::query(
        "INSERT INTO forge_accounts (source, credentials, wanted, standing, listed_at) VALUES ($1, $2, $3, $4, $5)
         ON CONFLICT (source) DO UPDATE SET credentials = excluded.credentials, wanted = excluded.wanted,
             standing = excluded.standing, listed_at = excluded.listed_at")
        .bind(source).bind(&row.credentials).bind(&row.wanted).bind(&row.standing).bind(row.listed_at)
        .execute(p).await.map(drop))?;
    Ok(())
}

/// Listing, page and body of those listings that begin with `prefix`, in their order.
pub async fn answers(db: &Db, source: &str, prefix: &str) -> Result<Vec<(String, i64, String)>> {
    Ok(on!(db, p => sqlx::query_as(
        "SELECT listing, page, body FROM forge_answers WHERE source = $1 AND SUBSTR(listing, 1, LENGTH($2)) = $2
         ORDER BY listing, page")
        .bind(source).bind(prefix).fetch_all(p).await)?)
}

/// Characters of all bodies of those listings that begin with `prefix`.
pub async fn size(tx: &mut Tx, source: &str, prefix: &str) -> Result<i64> {
    Ok(on!(tx, p => sqlx::query_scalar(
        "SELECT CAST(COALESCE(SUM(LENGTH(body)), 0) AS BIGINT) FROM forge_answers
         WHERE source = $1 AND SUBSTR(listing, 1, LENGTH($2)) = $2")
        .bind(source).bind(prefix).fetch_one(p).await)?)
}

/// Removes those listings that begin with `prefix`.
pub async fn forget(tx: &mut Tx, source: &str, prefix: &str) -> Result<()> {
    on!(tx, p => sqlx::query("DELETE FROM forge_answers WHERE source = $1 AND SUBSTR(listing, 1, LENGTH($2)) = $2")
        .bind(source).bind(prefix).execute(p).await.map(drop))?;
    Ok(())
}

/// Replaces these pages (listing, page, body), and removes those without a body.
pub async fn write_answers(tx: &mut Tx, source: &str, answers: &[(String, i64, Option<String>)]) -> Result<()> {
    for (listing, page, _) in answers.iter().filter(|(.., body)| body.is_none()) {
        on!(tx, p => sqlx::query("DELETE FROM forge_answers WHERE source = $1 AND listing = $2 AND page = $3")
            .bind(source).bind(listing).bind(page).execute(p).await.map(drop))?;
    }
    let there: Vec<_> =
        answers.iter().filter_map(|(listing, page, body)| Some((listing, *page, body.as_ref()?))).collect();
    for some in there.chunks(ROWS) {
        on!(tx, p => {
            let mut query = QueryBuilder::new("INSERT INTO forge_answers (source, listing, page, body) ");
            query.push_values(some, |mut row, (listing, page, body)| {
                row.push_bind(source).push_bind(*listing).push_bind(*page).push_bind(*body);
            });
            query.push(" ON CONFLICT (source, listing, page) DO UPDATE SET body = excluded.body");
            query.build().execute(p).await.map(drop)
        })?;
    }
    Ok(())
}
