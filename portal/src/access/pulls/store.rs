//! SQL of what was said to pull requests.

use sqlx::QueryBuilder;

use crate::Result;
use crate::db::{Db, Tx, any_of, on};

/// What was said to one that is open.
#[derive(Debug, Clone, Default, PartialEq, Eq, sqlx::FromRow)]
pub struct Row {
    pub component: Option<String>,
    pub comment_id: Option<i64>,
    pub comment_hash: String,
    pub check_hash: String,
}

/// Id of the repository with this key, where it is in sight.
pub async fn repository_of_key(tx: &mut Tx, stable_key: &str) -> Result<Option<String>> {
    Ok(on!(tx, p => sqlx::query_scalar("SELECT id FROM repositories WHERE stable_key = $1 AND gone_at IS NULL")
        .bind(stable_key).fetch_optional(p).await)?)
}

/// Slug and visibility of a repository.
pub async fn place(db: &Db, repository: &str) -> Result<Option<(String, String)>> {
    Ok(on!(db, p => sqlx::query_as("SELECT slug, visibility FROM repositories WHERE id = $1")
        .bind(repository).fetch_optional(p).await)?)
}

pub async fn get(db: &Db, repository: &str, number: i64) -> Result<Option<Row>> {
    Ok(on!(db, p => sqlx::query_as(
        "SELECT component, comment_id, comment_hash, check_hash FROM access_pulls WHERE repository = $1 AND number = $2")
        .bind(repository).bind(number).fetch_optional(p).await)?)
}

pub async fn write(tx: &mut Tx, repository: &str, number: i64, row: &Row) -> Result<()> {
    on!(tx, p => sqlx::query(
        "INSERT INTO access_pulls (repository, number, component, comment_id, comment_hash, check_hash)
         VALUES ($1, $2, $3, $4, $5, $6)
         ON CONFLICT (repository, number) DO UPDATE SET component = excluded.component, comment_id = excluded.comment_id,
         comment_hash = excluded.comment_hash, check_hash = excluded.check_hash")
        .bind(repository).bind(number).bind(&row.component).bind(row.comment_id).bind(&row.comment_hash)
        .bind(&row.check_hash).execute(p).await.map(drop))?;
    Ok(())
}

pub async fn forget(tx: &mut Tx, repository: &str, number: i64) -> Result<()> {
    on!(tx, p => sqlx::query("DELETE FROM access_pulls WHERE repository = $1 AND number = $2")
        .bind(repository).bind(number).execute(p).await.map(drop))?;
    Ok(())
}

/// Those that propose a manifest of one of these components: repository and number.
pub async fn of_components(tx: &mut Tx, components: &[String]) -> Result<Vec<(String, i64)>> {
    Ok(on!(tx, p => {
        let mut query = QueryBuilder::new("SELECT repository, number FROM access_pulls WHERE component IN (");
        any_of(&mut query, components.iter().map(String::as_str));
        query.push(" ORDER BY repository, number");
        query.build_query_as().fetch_all(p).await
    })?)
}
