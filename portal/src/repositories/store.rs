//! SQL of the repositories, as people read them.

use sqlx::{Database, Encode, QueryBuilder, Type};

use super::{RepositoryFilter, RepositorySort};
use crate::Result;
use crate::db::{Db, any_of, may_read, on, pattern};
use crate::identity::Readable;

/// One row of `repositories` without its large texts.
#[derive(Debug, sqlx::FromRow)]
pub struct Listed {
    pub id: String,
    pub slug: String,
    pub name: String,
    pub source: String,
    pub visibility: String,
    pub standing: String,
    pub reason: Option<String>,
    pub description: Option<String>,
    pub last_commit_at: Option<i64>,
    pub entities: i64,
    pub errors: i64,
    pub warnings: i64,
    pub list_row: Option<String>,
    pub unseen_since: Option<i64>,
    pub unseen_why: Option<String>,
    pub unseen_word: Option<String>,
}

/// The large texts.
#[derive(Debug, sqlx::FromRow)]
pub struct Detail {
    pub read_at: Option<i64>,
    pub took: Option<i64>,
    pub findings: String,
    pub link_findings: Option<String>,
    pub facts: Option<String>,
    pub forge: Option<String>,
    pub pushed_at: Option<i64>,
}

const COLUMNS: &str = "SELECT id, slug, name, source, visibility, standing, reason, description, last_commit_at, \
                       entities, errors, warnings, list_row, unseen_since, unseen_why, unseen_word FROM repositories";

/// One page of what `filter` lets through.
pub async fn list(db: &Db, readable: &Readable, filter: &RepositoryFilter, offset: i64) -> Result<Vec<Listed>> {
    Ok(on!(db, p => {
        let mut query = QueryBuilder::new(COLUMNS);
        narrow(&mut query, readable, filter, Parts::ALL);
        let direction = if filter.descending { "DESC" } else { "ASC" };
        // What is not known comes last, whatever the direction.
        let order = match filter.sort {
            RepositorySort::Name => String::new(),
            RepositorySort::Activity => {
                format!("CASE WHEN last_commit_at IS NULL THEN 1 ELSE 0 END, last_commit_at {direction}, ")
            }
            RepositorySort::Size => format!("code {direction}, "),
            RepositorySort::Entities => format!("entities {direction}, "),
            RepositorySort::Findings => format!("errors {direction}, warnings {direction}, "),
        };
        let by_name = if filter.sort == RepositorySort::Name { direction } else { "ASC" };
        query.push(format!(" ORDER BY {order}LOWER(name) {by_name}, id {by_name} LIMIT "));
        query.push_bind(filter.per_page as i64).push(" OFFSET ").push_bind(offset);
        query.build_query_as().fetch_all(p).await
    })?)
}

/// How many there are of each standing, without the filter on standings; and how many in each source, without that on
/// the source.
pub async fn counts(
    db: &Db,
    readable: &Readable,
    filter: &RepositoryFilter,
) -> Result<(Vec<(String, i64)>, Vec<(String, i64)>)> {
    let standings = on!(db, p => {
        let mut query = QueryBuilder::new("SELECT standing, COUNT(*) FROM repositories");
        narrow(&mut query, readable, filter, Parts { standings: false, source: true });
        query.push(" GROUP BY standing ORDER BY standing");
        query.build_query_as().fetch_all(p).await
    })?;
    let sources = on!(db, p => {
        let mut query = QueryBuilder::new("SELECT source, COUNT(*) FROM repositories");
        narrow(&mut query, readable, filter, Parts { standings: true, source: false });
        query.push(" GROUP BY source ORDER BY source");
        query.build_query_as().fetch_all(p).await
    })?;
    Ok((standings, sources))
}

/// How many are out of sight, whatever their standing.
pub async fn out_of_sight(db: &Db, readable: &Readable, filter: &RepositoryFilter) -> Result<i64> {
    let filter = RepositoryFilter { standings: Vec::new(), out_of_sight: true, ..filter.clone() };
    Ok(on!(db, p => {
        let mut query = QueryBuilder::new("SELECT COUNT(*) FROM repositories");
        narrow(&mut query, readable, &filter, Parts::ALL);
        query.build_query_scalar().fetch_one(p).await
    })?)
}

/// The one with this slug that `readable` may see.
pub async fn by_slug(db: &Db, readable: &Readable, slug: &str) -> Result<Option<Listed>> {
    Ok(on!(db, p => {
        let mut query = QueryBuilder::new(COLUMNS);
        narrow(&mut query, readable, &RepositoryFilter::default(), Parts::ALL);
        query.push(" AND slug = ").push_bind(slug);
        query.build_query_as().fetch_optional(p).await
    })?)
}

pub async fn detail(db: &Db, id: &str) -> Result<Detail> {
    Ok(on!(db, p => sqlx::query_as(
        "SELECT read_at, took, findings, link_findings, facts, forge, pushed_at FROM repositories WHERE id = $1"
    )
    .bind(id)
    .fetch_one(p)
    .await)?)
}

/// Where the repository with this slug is opened for reading.
pub async fn path(db: &Db, readable: &Readable, slug: &str) -> Result<Option<String>> {
    Ok(on!(db, p => {
        let mut query = QueryBuilder::new("SELECT path FROM repositories");
        narrow(&mut query, readable, &RepositoryFilter::default(), Parts::ALL);
        query.push(" AND slug = ").push_bind(slug);
        query.build_query_scalar().fetch_optional(p).await
    })?)
}

/// Which parts of a filter count.
#[derive(Clone, Copy)]
struct Parts {
    standings: bool,
    source: bool,
}

impl Parts {
    const ALL: Self = Self { standings: true, source: true };
}

fn narrow<DB>(query: &mut QueryBuilder<DB>, readable: &Readable, filter: &RepositoryFilter, parts: Parts)
where
    DB: Database,
    for<'q> String: Encode<'q, DB> + Type<DB>,
{
    query.push(" WHERE gone_at IS NULL");
    may_read(query, readable, "visibility", "id");
    if parts.standings && !filter.standings.is_empty() {
        query.push(" AND standing IN (");
        any_of(query, filter.standings.iter().map(|standing| standing.as_str()));
    }
    if let Some(source) = filter.source.as_ref().filter(|_| parts.source) {
        query.push(" AND source = ").push_bind(source.clone());
    }
    if filter.out_of_sight {
        query.push(" AND unseen_since IS NOT NULL");
    }
    for word in filter.text.split_whitespace().take(WORDS) {
        query.push(" AND LOWER(slug || ' ' || name || ' ' || COALESCE(description, '')) LIKE ");
        query.push_bind(pattern(word)).push(" ESCAPE '!'");
    }
}

const WORDS: usize = 12;
