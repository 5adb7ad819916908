//! SQL of the tokens of services: the rows of `tokens` that belong to no account.

use model::token::ServiceToken;
use sqlx::QueryBuilder;

use crate::db::{Db, Tx, on};
use crate::error::Result;

#[derive(Debug, Clone, Copy)]
pub struct NewToken<'a> {
    pub id: &'a str,
    pub name: &'a str,
    /// With spaces between.
    pub scopes: &'a str,
    pub reads: &'a str,
    pub owner: &'a str,
    pub made_by: &'a str,
}

#[derive(sqlx::FromRow)]
struct Row {
    id: String,
    name: String,
    owner: Option<String>,
    scopes: String,
    reads: Option<String>,
    made_by: String,
    created_at: i64,
    expires_at: i64,
    used_at: Option<i64>,
    revoked_at: Option<i64>,
}

const COLUMNS: &str = "id, name, owner, scopes, reads, made_by, created_at, expires_at, used_at, revoked_at";

impl From<Row> for ServiceToken {
    fn from(row: Row) -> Self {
        Self {
            id: row.id,
            name: row.name,
            owner: row.owner.unwrap_or_default(),
            scopes: row.scopes.split_whitespace().map(str::to_owned).collect(),
            reads: row.reads.unwrap_or_default(),
            made_by: row.made_by,
            created_at: row.created_at,
            expires_at: row.expires_at,
            used_at: row.used_at,
            revoked_at: row.revoked_at,
        }
    }
}

/// How many good ones there are.
pub async fn count(tx: &mut Tx, now: i64) -> Result<usize> {
    let count: i64 = on!(tx, p => sqlx::query_scalar(
        "SELECT COUNT(*) FROM tokens WHERE account IS NULL AND revoked_at IS NULL AND expires_at > $1")
        .bind(now).fetch_one(p).await)?;
    Ok(usize::try_from(count).unwrap_or_default())
}

pub async fn add(tx: &mut Tx, hash: &str, token: NewToken<'_>, now: i64, expires_at: i64) -> Result<()> {
    on!(tx, p => sqlx::query(
        "INSERT INTO tokens (id, hash, name, scopes, reads, owner, made_by, created_at, expires_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)")
        .bind(token.id).bind(hash).bind(token.name).bind(token.scopes).bind(token.reads).bind(token.owner)
        .bind(token.made_by).bind(now).bind(expires_at).execute(p).await.map(drop))?;
    Ok(())
}

/// Those that are good, or were after `since`; the newest first.
pub async fn list(db: &Db, since: i64) -> Result<Vec<ServiceToken>> {
    let rows: Vec<Row> = on!(db, p => {
        let mut query = QueryBuilder::new("SELECT ");
        query.push(COLUMNS).push(" FROM tokens WHERE account IS NULL AND expires_at > ").push_bind(since);
        query.push(" AND (revoked_at IS NULL OR revoked_at > ").push_bind(since).push(")");
        query.push(" ORDER BY created_at DESC, id DESC");
        query.build_query_as().fetch_all(p).await
    })?;
    Ok(rows.into_iter().map(ServiceToken::from).collect())
}

/// The account of a token that was good, and is not any more; `None` where there was none.
pub async fn revoke(tx: &mut Tx, id: &str, now: i64) -> Result<Option<Option<String>>> {
    Ok(on!(tx, p => sqlx::query_scalar(
        "UPDATE tokens SET revoked_at = $2 WHERE id = $1 AND revoked_at IS NULL RETURNING account")
        .bind(id).bind(now).fetch_optional(p).await)?)
}

pub async fn find(db: &Db, hash: &str) -> Result<Option<ServiceToken>> {
    let row: Option<Row> = on!(db, p => {
        let mut query = QueryBuilder::new("SELECT ");
        query.push(COLUMNS).push(" FROM tokens WHERE account IS NULL AND hash = ").push_bind(hash);
        query.build_query_as().fetch_optional(p).await
    })?;
    Ok(row.map(ServiceToken::from))
}
