//! SQL of documentation folders, and of what was rendered.

use model::docs::DocsSite;
use sqlx::{Database, Encode, QueryBuilder, Type};

use crate::Result;
use crate::db::{Db, Tx, any_of, may_read, on, pattern};
use crate::identity::Readable;

/// Rows that are let go of at once.
const BATCH: i64 = 100;
/// Words of a search that count.
const WORDS: usize = 12;

/// One documentation folder without its pages.
#[derive(Debug, Clone, PartialEq, Eq, sqlx::FromRow)]
pub struct Listed {
    /// Id and slug of the repository, and its name.
    pub id: String,
    pub slug: String,
    pub name: String,
    pub description: Option<String>,
    pub last_commit_at: Option<i64>,
    pub folder: String,
    pub root: String,
    pub title: Option<String>,
    pub pages: i64,
    pub entities: String,
}

/// Puts `sites` in the place of what a repository had.
pub async fn replace(tx: &mut Tx, repository: &str, sites: &[DocsSite]) -> Result<()> {
    on!(tx, p => sqlx::query("DELETE FROM docs_sites WHERE repository = $1").bind(repository).execute(p).await.map(drop))?;
    for site in sites {
        let (entities, body) = (serde_json::to_string(&site.entities)?, serde_json::to_string(site)?);
        let pages = i64::try_from(site.pages.len()).unwrap_or(i64::MAX);
        on!(tx, p => sqlx::query(
            "INSERT INTO docs_sites (repository, folder, root, title, pages, entities, body) \
             VALUES ($1, $2, $3, $4, $5, $6, $7)"
        )
        .bind(repository)
        .bind(&site.folder)
        .bind(&site.root)
        .bind(&site.title)
        .bind(pages)
        .bind(entities)
        .bind(body)
        .execute(p)
        .await
        .map(drop))?;
    }
    Ok(())
}

const COLUMNS: &str = "SELECT r.id, r.slug, r.name, r.description, r.last_commit_at, d.folder, d.root, d.title, d.pages, \
                       d.entities FROM docs_sites d JOIN repositories r ON r.id = d.repository";

/// Folders with pages whose words all occur in their own or their repository's name or description, or that are in one of
/// the repositories `slugs`; by title.
pub async fn list(
    db: &Db,
    readable: &Readable,
    words: &str,
    slugs: &[String],
    (limit, offset): (i64, i64),
) -> Result<Vec<Listed>> {
    Ok(on!(db, p => {
        let mut query = QueryBuilder::new(COLUMNS);
        narrow(&mut query, readable);
        search(&mut query, words, slugs);
        query.push(" ORDER BY LOWER(COALESCE(d.title, r.name)), r.slug, d.folder LIMIT ");
        query.push_bind(limit).push(" OFFSET ").push_bind(offset);
        query.build_query_as().fetch_all(p).await
    })?)
}

/// How many [`list`] has over all its pages.
pub async fn count(db: &Db, readable: &Readable, words: &str, slugs: &[String]) -> Result<i64> {
    Ok(on!(db, p => {
        let mut query = QueryBuilder::new("SELECT COUNT(*) FROM docs_sites d JOIN repositories r ON r.id = d.repository");
        narrow(&mut query, readable);
        search(&mut query, words, slugs);
        query.build_query_scalar().fetch_one(p).await
    })?)
}

/// Those of one repository, by folder.
pub async fn of_repository(db: &Db, readable: &Readable, slug: &str) -> Result<Vec<Listed>> {
    Ok(on!(db, p => {
        let mut query = QueryBuilder::new(COLUMNS);
        narrow(&mut query, readable);
        query.push(" AND r.slug = ").push_bind(slug.to_owned()).push(" ORDER BY d.folder");
        query.build_query_as().fetch_all(p).await
    })?)
}

/// The pages and the navigation of one, as JSON.
pub async fn body(db: &Db, repository: &str, folder: &str) -> Result<Option<String>> {
    Ok(on!(db, p => sqlx::query_scalar("SELECT body FROM docs_sites WHERE repository = $1 AND folder = $2")
        .bind(repository)
        .bind(folder)
        .fetch_optional(p)
        .await)?)
}

/// References of what stands in the folders of a repository: path, and reference.
pub async fn residents(db: &Db, repositories: &[String]) -> Result<Vec<(String, String, String)>> {
    if repositories.is_empty() {
        return Ok(Vec::new());
    }
    Ok(on!(db, p => {
        let mut query = QueryBuilder::new(
            "SELECT a.repository, a.path, a.reference FROM assignments a JOIN docs_sites d \
             ON d.repository = a.repository AND d.root = a.path \
             WHERE NOT a.alias AND a.kind IN ('component', 'resource', 'template') AND a.repository IN ("
        );
        any_of(&mut query, repositories.iter().map(String::as_str));
        query.push(" ORDER BY a.repository, a.path, a.kind, a.reference");
        query.build_query_as().fetch_all(p).await
    })?)
}

fn narrow<DB>(query: &mut QueryBuilder<DB>, readable: &Readable)
where
    DB: Database,
    for<'q> String: Encode<'q, DB> + Type<DB>,
{
    query.push(" WHERE r.gone_at IS NULL AND d.pages > 0");
    may_read(query, readable, "r.visibility", "r.id");
}

fn search<DB>(query: &mut QueryBuilder<DB>, words: &str, slugs: &[String])
where
    DB: Database,
    for<'q> String: Encode<'q, DB> + Type<DB>,
{
    if words.trim().is_empty() {
        return;
    }
    query.push(" AND ((");
    for (at, word) in words.split_whitespace().take(WORDS).enumerate() {
        query.push(if at == 0 { "" } else { " AND " });
        query.push(
            "LOWER(r.slug || ' ' || r.name || ' ' || COALESCE(d.title, '') || ' ' || d.folder || ' ' || \
             COALESCE(r.description, '')) LIKE ",
        );
        query.push_bind(pattern(word)).push(" ESCAPE '!'");
    }
    query.push(")");
    if !slugs.is_empty() {
        query.push(" OR r.slug IN (");
        any_of(query, slugs.iter().map(String::as_str));
    }
    query.push(")");
}

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
