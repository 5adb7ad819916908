//! SQL of changes.

use model::change::{Change, ChangeEvent, ChangeState, FileEdit};
use sqlx::{Database, Encode, QueryBuilder, Type};

use super::ChangeFilter;
use crate::Result;
use crate::db::{Db, Tx, any_of, may_read, on};
use crate::identity::Readable;

/// One row.
#[derive(Debug, Clone, sqlx::FromRow)]
pub struct Row {
    pub id: String,
    pub repository: String,
    pub key: String,
    pub title: String,
    pub state: String,
    pub reason: Option<String>,
    pub revision: i64,
    pub branch: String,
    pub base: Option<String>,
    pub commits: String,
    pub prepared: Option<i64>,
    pub taken: bool,
    pub closing: bool,
    pub number: Option<i64>,
    pub url: Option<String>,
    pub etag: Option<String>,
    pub batch: Option<String>,
    pub origin: Option<String>,
    pub made_by: String,
    /// Whose wish it is, where somebody has signed in.
    pub account: Option<String>,
    pub created_at: i64,
    pub updated_at: i64,
    pub text: String,
    pub edits: String,
}

impl Row {
    pub fn state(&self) -> ChangeState {
        ChangeState::parse(&self.state).unwrap_or(ChangeState::Failed)
    }

    pub fn edits(&self) -> Result<Vec<FileEdit>> {
        Ok(serde_json::from_str(&self.edits)?)
    }

    /// Whether a commit is one that we made for the branch.
    pub fn is_ours(&self, commit: &str) -> bool {
        self.commits.split(' ').any(|ours| ours == commit)
    }

    /// The commit that was made for what is wanted now.
    pub fn ready(&self) -> Option<&str> {
        (self.prepared == Some(self.revision)).then(|| self.commits.rsplit(' ').next()).flatten()
    }
}

/// A row with what its repository is called.
#[derive(Debug, sqlx::FromRow)]
pub struct Named {
    #[sqlx(flatten)]
    pub row: Row,
    pub slug: String,
    pub name: String,
}

impl From<Named> for Change {
    fn from(Named { row, slug, name }: Named) -> Self {
        Self {
            state: row.state(),
            id: row.id,
            repository: slug,
            repository_name: name,
            title: row.title,
            reason: row.reason,
            branch: row.branch,
            base: row.base,
            number: row.number.map(i64::unsigned_abs),
            url: row.url,
            batch: row.batch,
            origin: row.origin,
            closing: row.closing,
            by: row.made_by,
            created_at: row.created_at,
            updated_at: row.updated_at,
        }
    }
}

const NAMED: &str = "SELECT c.*, r.slug, r.name FROM changes c JOIN repositories r ON r.id = c.repository";

/// Adds a change, or writes it anew.
pub async fn write(tx: &mut Tx, row: &Row) -> Result<()> {
    on!(tx, p => sqlx::query(
        "INSERT INTO changes (id, repository, key, title, state, reason, revision, branch, base, commits, prepared, taken,
                              closing, number, url, etag, batch, origin, made_by, account, created_at, updated_at, text, edits)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21, $22, $23, $24)
         ON CONFLICT (id) DO UPDATE SET title = excluded.title, state = excluded.state, reason = excluded.reason,
             revision = excluded.revision, branch = excluded.branch, base = excluded.base, commits = excluded.commits,
             prepared = excluded.prepared, taken = excluded.taken, closing = excluded.closing, number = excluded.number,
             url = excluded.url, etag = excluded.etag, batch = excluded.batch, origin = excluded.origin,
             made_by = excluded.made_by, account = excluded.account, updated_at = excluded.updated_at, text = excluded.text, edits = excluded.edits")
        .bind(&row.id).bind(&row.repository).bind(&row.key).bind(&row.title).bind(&row.state).bind(&row.reason)
        .bind(row.revision).bind(&row.branch).bind(&row.base).bind(&row.commits).bind(row.prepared).bind(row.taken)
        .bind(row.closing).bind(row.number).bind(&row.url).bind(&row.etag).bind(&row.batch).bind(&row.origin)
        .bind(&row.made_by).bind(&row.account).bind(row.created_at).bind(row.updated_at).bind(&row.text).bind(&row.edits)
        .execute(p).await.map(drop))?;
    Ok(())
}

/// Whether the change is still what a job works for; whoever asks within a transaction may then write it.
pub async fn is_current(tx: &mut Tx, row: &Row) -> Result<bool> {
    // Writing takes the row's lock, so that it stays so until the transaction ends.
    let rows = on!(tx, p => sqlx::query("UPDATE changes SET revision = revision WHERE id = $1 AND revision = $2")
        .bind(&row.id).bind(row.revision).execute(p).await.map(|done| done.rows_affected()))?;
    Ok(rows == 1)
}

pub async fn add_event(tx: &mut Tx, id: &str, now: i64, state: ChangeState, note: Option<&str>) -> Result<()> {
    on!(tx, p => sqlx::query(
        "INSERT INTO change_events (change, sequence, happened_at, state, note)
         SELECT $1, COALESCE(MAX(sequence), 0) + 1, $2, $3, $4 FROM change_events WHERE change = $1")
        .bind(id).bind(now).bind(state.as_str()).bind(note).execute(p).await.map(drop))?;
    Ok(())
}

/// Oldest first.
pub async fn events(db: &Db, id: &str) -> Result<Vec<ChangeEvent>> {
    let rows: Vec<(i64, String, Option<String>)> = on!(db, p => sqlx::query_as(
        "SELECT happened_at, state, note FROM change_events WHERE change = $1 ORDER BY sequence")
        .bind(id).fetch_all(p).await)?;
    let event = |(at, state, note): (i64, String, Option<String>)| ChangeEvent {
        at,
        state: ChangeState::parse(&state).unwrap_or(ChangeState::Failed),
        note,
    };
    Ok(rows.into_iter().map(event).collect())
}

pub async fn by_key(tx: &mut Tx, repository: &str, key: &str) -> Result<Option<Row>> {
    Ok(on!(tx, p => sqlx::query_as("SELECT * FROM changes WHERE repository = $1 AND key = $2")
        .bind(repository).bind(key).fetch_optional(p).await)?)
}

/// The one that `readable` may see.
pub async fn get(db: &Db, readable: &Readable, id: &str) -> Result<Option<Named>> {
    Ok(on!(db, p => {
        let mut query = QueryBuilder::new(NAMED);
        narrow(&mut query, readable, &ChangeFilter::default());
        query.push(" AND c.id = ").push_bind(id);
        query.build_query_as().fetch_optional(p).await
    })?)
}

/// One page, newest first.
pub async fn list(db: &Db, readable: &Readable, filter: &ChangeFilter, offset: i64) -> Result<Vec<Named>> {
    Ok(on!(db, p => {
        let mut query = QueryBuilder::new(NAMED);
        narrow(&mut query, readable, filter);
        query.push(" ORDER BY c.updated_at DESC, c.id DESC LIMIT ").push_bind(filter.per_page as i64);
        query.push(" OFFSET ").push_bind(offset);
        query.build_query_as().fetch_all(p).await
    })?)
}

/// How many there are of each state, without the filter on states.
pub async fn counts(db: &Db, readable: &Readable, filter: &ChangeFilter) -> Result<Vec<(String, i64)>> {
    let filter = ChangeFilter { states: Vec::new(), ..filter.clone() };
    Ok(on!(db, p => {
        let mut query = QueryBuilder::new(
            "SELECT c.state, COUNT(*) FROM changes c JOIN repositories r ON r.id = c.repository");
        narrow(&mut query, readable, &filter);
        query.push(" GROUP BY c.state");
        query.build_query_as().fetch_all(p).await
    })?)
}

/// The next one after `after` (an id, or nothing) that a job has to do something for.
pub async fn next_due(db: &Db, after: &str) -> Result<Option<Row>> {
    Ok(on!(db, p => sqlx::query_as(
        "SELECT * FROM changes WHERE id > $1 AND (state IN ('waiting', 'proposing') OR closing) ORDER BY id LIMIT 1")
        .bind(after).fetch_optional(p).await)?)
}

/// How many a job has to do something for.
pub async fn count_due(db: &Db) -> Result<i64> {
    Ok(
        on!(db, p => sqlx::query_scalar("SELECT COUNT(*) FROM changes WHERE state IN ('waiting', 'proposing') OR closing")
        .fetch_one(p).await)?,
    )
}

/// Those that others decide over, by repository: the open ones; of one repository also those that were closed, since
/// somebody may have opened them again.
pub async fn followed(db: &Db, repository: Option<&str>) -> Result<Vec<Row>> {
    Ok(on!(db, p => sqlx::query_as(
        "SELECT c.* FROM changes c JOIN repositories r ON r.id = c.repository
         WHERE r.gone_at IS NULL AND NOT c.closing AND (c.state = 'open' OR (c.state = 'closed' AND $1 IS NOT NULL))
               AND ($1 IS NULL OR c.repository = $1)
         ORDER BY c.repository, c.id")
        .bind(repository).fetch_all(p).await)?)
}

/// Whether there is any that others decide over.
pub async fn has_open(tx: &mut Tx) -> Result<bool> {
    let one: Option<String> = on!(tx, p => sqlx::query_scalar("SELECT id FROM changes WHERE state = 'open' LIMIT 1")
        .fetch_optional(p).await)?;
    Ok(one.is_some())
}

/// The repository of the change that has this branch in what is known elsewhere as `stable_key`.
pub async fn of_branch(db: &Db, stable_key: &str, branch: &str) -> Result<Option<String>> {
    Ok(on!(db, p => sqlx::query_scalar(
        "SELECT r.id FROM changes c JOIN repositories r ON r.id = c.repository
         WHERE r.stable_key = $1 AND c.branch = $2 AND r.gone_at IS NULL LIMIT 1")
        .bind(stable_key).bind(branch).fetch_optional(p).await)?)
}

/// The repository with this slug that `readable` may see.
pub async fn repository(db: &Db, readable: &Readable, slug: &str) -> Result<Option<Repository>> {
    Ok(on!(db, p => {
        let mut query = QueryBuilder::new("SELECT r.id, r.name, r.archived FROM repositories r");
        narrow(&mut query, readable, &ChangeFilter::default());
        query.push(" AND r.slug = ").push_bind(slug);
        query.build_query_as().fetch_optional(p).await
    })?)
}

/// The slug of a repository in sight.
pub async fn slug(db: &Db, id: &str) -> Result<Option<String>> {
    Ok(on!(db, p => sqlx::query_scalar("SELECT slug FROM repositories WHERE id = $1 AND gone_at IS NULL")
        .bind(id).fetch_optional(p).await)?)
}

/// What is proposed to.
#[derive(Debug, Clone, PartialEq, Eq, sqlx::FromRow)]
pub struct Repository {
    pub id: String,
    pub name: String,
    pub archived: bool,
}

fn narrow<DB>(query: &mut QueryBuilder<DB>, readable: &Readable, filter: &ChangeFilter)
where
    DB: Database,
    for<'q> String: Encode<'q, DB> + Type<DB>,
{
    query.push(" WHERE r.gone_at IS NULL");
    may_read(query, readable, "r.visibility", "r.id");
    if !filter.states.is_empty() {
        query.push(" AND c.state IN (");
        any_of(query, filter.states.iter().map(|state| state.as_str()));
    }
    if let Some(batch) = &filter.batch {
        query.push(" AND c.batch = ").push_bind(batch.clone());
    }
    if let Some(slug) = &filter.repository {
        query.push(" AND r.slug = ").push_bind(slug.clone());
    }
}
