//! SQL of access.

use model::access::Standing;
use sqlx::QueryBuilder;

use crate::Result;
use crate::db::{Db, Tx, any_of, may_read, on};
use crate::identity::Readable;

/// Adds that both ends of `a` may be read.
macro_rules! may_read_ends {
    ($query:expr, $readable:expr) => {{
        let (query, readable) = (&mut $query, $readable);
        if !readable.is_everything() {
            for end in ["a.consumer", "a.api"] {
                query.push(" AND EXISTS (SELECT 1 FROM entities e WHERE NOT e.deleted AND e.reference = ").push(end);
                may_read(query, readable, "e.visibility", "e.repository");
                query.push(")");
            }
        }
    }};
}

/// Adds what is asked for.
macro_rules! of_filter {
    ($query:expr, $filter:expr) => {{
        let (query, filter) = (&mut $query, &$filter);
        let texts = [
            ("a.id", &filter.id),
            ("a.consumer", &filter.consumer),
            ("a.api", &filter.api),
            ("a.scope", &filter.scope),
            ("a.environment", &filter.environment),
        ];
        for (column, value) in texts {
            if let Some(value) = value {
                query.push(" AND ").push(column).push(" = ").push_bind(value.clone());
            }
        }
        if let Some(ends) = &filter.either_end {
            // Postgres has no empty list.
            let ends: &[String] = if ends.is_empty() { &[String::new()] } else { ends };
            query.push(" AND (a.consumer IN (");
            any_of(query, ends.iter().map(String::as_str));
            query.push(" OR a.api IN (");
            any_of(query, ends.iter().map(String::as_str));
            query.push(")");
        }
        if let Some(state) = filter.state {
            query.push(" AND a.state = ").push_bind(state.as_str());
        }
        if let Some(request) = &filter.request {
            query.push(" AND (a.pending = ").push_bind(request.clone());
            query.push(" OR a.request = ").push_bind(request.clone()).push(")");
        }
        if filter.pending {
            query.push(" AND a.pending IS NOT NULL");
        }
        if let Some(before) = filter.ends_before {
            query.push(" AND a.state = 'active' AND a.ends < ").push_bind(before);
        }
        if let Some(before) = filter.review_before {
            query.push(" AND a.state = 'active' AND a.review_at <= ").push_bind(before);
        }
        if filter.break_glass {
            // A flag of the row as it is shown; quotes within texts have a backslash before them.
            query.push(" AND a.body LIKE '%\"break_glass\":true%'");
        }
    }};
}

/// How an atom stands, to be written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AtomWrite {
    pub id: String,
    pub state: Standing,
    pub request: String,
    pub pending: Option<String>,
    pub since: Option<i64>,
    pub ends: Option<i64>,
    pub due_at: Option<i64>,
    pub review_at: Option<i64>,
    pub body: String,
}

/// The four names of an atom, as texts.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, sqlx::FromRow)]
pub struct Names {
    pub id: String,
    pub consumer: String,
    pub api: String,
    pub scope: String,
    pub environment: String,
}

/// Which atoms are meant; empty parts narrow nothing.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct AtomFilter {
    pub id: Option<String>,
    pub consumer: Option<String>,
    pub api: Option<String>,
    pub scope: Option<String>,
    pub environment: Option<String>,
    /// The consumer or the API is one of these.
    pub either_end: Option<Vec<String>>,
    pub state: Option<Standing>,
    /// Those that this request is about, decided or not.
    pub request: Option<String>,
    /// Those for which a request waits.
    pub pending: bool,
    /// Those granted whose end comes before this.
    pub ends_before: Option<i64>,
    /// Those granted whose review is due before this.
    pub review_before: Option<i64>,
    /// Those taken without asking.
    pub break_glass: bool,
}

/// Makes the row of an atom where there is none; nobody else changes it until the transaction ends.
pub async fn lock_atom(tx: &mut Tx, names: &Names) -> Result<()> {
    on!(tx, p => sqlx::query(
        "INSERT INTO access_atoms (id, consumer, api, scope, environment, state, request, body)
         VALUES ($1, $2, $3, $4, $5, 'missing', '', '')
         ON CONFLICT (id) DO UPDATE SET consumer = excluded.consumer")
        .bind(&names.id).bind(&names.consumer).bind(&names.api).bind(&names.scope).bind(&names.environment)
        .execute(p).await.map(drop))?;
    Ok(())
}

/// The atoms of a consumer or of an API; nobody else changes them until the transaction ends.
pub async fn lock_all(tx: &mut Tx, side: Side, reference: &str) -> Result<Vec<Names>> {
    let lock = match side {
        Side::Consumer => {
            "UPDATE access_atoms SET consumer = consumer WHERE consumer = $1 RETURNING id, consumer, api, scope, environment"
        }
        Side::Api => {
            "UPDATE access_atoms SET consumer = consumer WHERE api = $1 RETURNING id, consumer, api, scope, environment"
        }
    };
    let mut names: Vec<Names> = on!(tx, p => sqlx::query_as(lock).bind(reference).fetch_all(p).await)?;
    names.sort();
    Ok(names)
}

/// From which end atoms are looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Side {
    Consumer,
    Api,
}

pub async fn write_atom(tx: &mut Tx, atom: &AtomWrite) -> Result<()> {
    on!(tx, p => sqlx::query(
        "UPDATE access_atoms SET state = $2, request = $3, pending = $4, since = $5, ends = $6, due_at = $7, review_at = $8,
         body = $9 WHERE id = $1")
        .bind(&atom.id).bind(atom.state.as_str()).bind(&atom.request).bind(&atom.pending).bind(atom.since).bind(atom.ends)
        .bind(atom.due_at).bind(atom.review_at).bind(&atom.body).execute(p).await.map(drop))?;
    Ok(())
}

/// The next number of an event; whoever has it is the only one who writes events until the transaction ends.
pub async fn next_sequence(tx: &mut Tx) -> Result<i64> {
    Ok(on!(tx, p => sqlx::query_scalar("UPDATE counters SET value = value + 1 WHERE name = 'access' RETURNING value")
        .fetch_one(p).await)?)
}

pub async fn add_event(tx: &mut Tx, sequence: i64, id: &str, atom: &str, at: i64, body: &str) -> Result<()> {
    on!(tx, p => sqlx::query("INSERT INTO access_events (sequence, id, atom, happened_at, body) VALUES ($1, $2, $3, $4, $5)")
        .bind(sequence).bind(id).bind(atom).bind(at).bind(body).execute(p).await.map(drop))?;
    Ok(())
}

/// What happened to an atom, in its order, each with its number.
pub async fn events(tx: &mut Tx, atom: &str) -> Result<Vec<(i64, String)>> {
    Ok(on!(tx, p => sqlx::query_as("SELECT sequence, body FROM access_events WHERE atom = $1 ORDER BY sequence")
        .bind(atom).fetch_all(p).await)?)
}

/// One time at which a grant was held.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HeldWrite {
    pub from: i64,
    pub to: Option<i64>,
    /// JSON.
    pub body: String,
    /// Of a report as CSV.
    pub line: String,
}

/// Replaces when an atom was held.
pub async fn replace_held(tx: &mut Tx, atom: &str, held: &[HeldWrite]) -> Result<()> {
    on!(tx, p => sqlx::query("DELETE FROM access_held WHERE atom = $1").bind(atom).execute(p).await.map(drop))?;
    for (number, HeldWrite { from, to, body, line }) in (0_i64..).zip(held) {
        on!(tx, p => sqlx::query(
            "INSERT INTO access_held (atom, number, from_at, to_at, body, line) VALUES ($1, $2, $3, $4, $5, $6)")
            .bind(atom).bind(number).bind(from).bind(to).bind(body).bind(line).execute(p).await.map(drop))?;
    }
    Ok(())
}

/// What was held at a time, as JSON, in no order.
pub async fn held_at(db: &Db, at: i64) -> Result<Vec<String>> {
    Ok(
        on!(db, p => sqlx::query_scalar("SELECT body FROM access_held WHERE from_at <= $1 AND (to_at IS NULL OR to_at > $1)")
        .bind(at).fetch_all(p).await)?,
    )
}

/// The same as lines of CSV.
pub async fn held_lines(db: &Db, at: i64) -> Result<Vec<String>> {
    Ok(
        on!(db, p => sqlx::query_scalar("SELECT line FROM access_held WHERE from_at <= $1 AND (to_at IS NULL OR to_at > $1)")
        .bind(at).fetch_all(p).await)?,
    )
}

/// How much was held at a time.
pub async fn held_count(db: &Db, at: i64) -> Result<i64> {
    Ok(
        on!(db, p => sqlx::query_scalar("SELECT COUNT(*) FROM access_held WHERE from_at <= $1 AND (to_at IS NULL OR to_at > $1)")
        .bind(at).fetch_one(p).await)?,
    )
}

/// The first of it, by consumer, API, scope and environment, as JSON.
pub async fn held_first(db: &Db, at: i64, limit: i64) -> Result<Vec<String>> {
    Ok(on!(db, p => sqlx::query_scalar(
        "SELECT h.body FROM access_atoms a JOIN access_held h ON h.atom = a.id
         WHERE h.from_at <= $1 AND (h.to_at IS NULL OR h.to_at > $1)
         ORDER BY a.consumer, a.api, a.scope, a.environment LIMIT $2").bind(at).bind(limit).fetch_all(p).await)?)
}

/// What happened to the atoms of a consumer: of which, its number, and what; each in its order.
pub async fn events_of(db: &Db, consumer: &str) -> Result<Vec<(Names, i64, String)>> {
    #[derive(sqlx::FromRow)]
    struct Row {
        #[sqlx(flatten)]
        names: Names,
        sequence: i64,
        body: String,
    }
    let rows: Vec<Row> = on!(db, p => sqlx::query_as(
        "SELECT a.id, a.consumer, a.api, a.scope, a.environment, e.sequence, e.body
         FROM access_atoms a JOIN access_events e ON e.atom = a.id WHERE a.consumer = $1 ORDER BY e.atom, e.sequence")
        .bind(consumer).fetch_all(p).await)?;
    Ok(rows.into_iter().map(|Row { names, sequence, body }| (names, sequence, body)).collect())
}

/// Atoms about which something changed after a number of the change feed, with the last number each.
pub async fn changed(db: &Db, after: i64, limit: i64) -> Result<Vec<(String, i64)>> {
    Ok(on!(db, p => sqlx::query_as(
        "SELECT atom, MAX(sequence) FROM access_events WHERE sequence > $1 GROUP BY atom ORDER BY MAX(sequence) LIMIT $2")
        .bind(after).bind(limit).fetch_all(p).await)?)
}

/// Those that the clock has changed since they were written, and those of which events came since.
pub async fn due(db: &Db, now: i64, limit: i64) -> Result<Vec<Names>> {
    Ok(on!(db, p => sqlx::query_as(
        "SELECT id, consumer, api, scope, environment FROM access_atoms WHERE due_at <= $1 ORDER BY due_at, id LIMIT $2")
        .bind(now).bind(limit).fetch_all(p).await)?)
}

/// Grants that end soon and whose people were not told, as JSON of lists.
pub async fn to_remind(db: &Db, before: i64, limit: i64) -> Result<Vec<String>> {
    Ok(on!(db, p => sqlx::query_scalar(
        "SELECT body FROM access_atoms WHERE state = 'active' AND ends <= $1 AND (reminded IS NULL OR reminded <> request)
         ORDER BY ends, id LIMIT $2").bind(before).bind(limit).fetch_all(p).await)?)
}

/// Grants whose review is due and whose owners were not asked for it, as JSON of lists.
pub async fn to_review(db: &Db, now: i64, limit: i64) -> Result<Vec<String>> {
    Ok(on!(db, p => sqlx::query_scalar(
        "SELECT body FROM access_atoms WHERE state = 'active' AND review_at <= $1
         AND (review_told IS NULL OR review_told <> review_at) ORDER BY review_at, id LIMIT $2")
        .bind(now).bind(limit).fetch_all(p).await)?)
}

/// Gives whether they had not been asked.
pub async fn note_review(tx: &mut Tx, id: &str, review_at: i64) -> Result<bool> {
    let rows = on!(tx, p => sqlx::query(
        "UPDATE access_atoms SET review_told = $2 WHERE id = $1 AND (review_told IS NULL OR review_told <> $2)")
        .bind(id).bind(review_at).execute(p).await.map(|done| done.rows_affected()))?;
    Ok(rows == 1)
}

/// Gives whether they had not been told.
pub async fn note_reminded(tx: &mut Tx, id: &str, request: &str) -> Result<bool> {
    let rows = on!(tx, p => sqlx::query(
        "UPDATE access_atoms SET reminded = $2 WHERE id = $1 AND (reminded IS NULL OR reminded <> $2)")
        .bind(id).bind(request).execute(p).await.map(|done| done.rows_affected()))?;
    Ok(rows == 1)
}

/// JSON of lists, by consumer, API, scope and environment, or by their ends where these are asked for; `page` is how many, and behind how many.
pub async fn list(db: &Db, readable: &Readable, filter: &AtomFilter, page: (i64, i64)) -> Result<Vec<String>> {
    let (limit, offset) = page;
    Ok(on!(db, p => {
        let mut query = QueryBuilder::new("SELECT a.body FROM access_atoms a WHERE 1 = 1");
        of_filter!(query, filter);
        may_read_ends!(query, readable);
        let is_few = filter.pending || filter.request.is_some();
        let order = match (filter.ends_before.is_some(), is_few) {
            (true, _) => " ORDER BY a.ends, a.id",
            // Of many rows a few: what narrows them has an index, and its order is not to be walked through for them.
            (false, true) => " ORDER BY a.consumer || '', a.api, a.scope, a.environment",
            (false, false) => " ORDER BY a.consumer, a.api, a.scope, a.environment",
        };
        query.push(order).push(" LIMIT ").push_bind(limit).push(" OFFSET ").push_bind(offset);
        query.build_query_scalar().fetch_all(p).await
    })?)
}

pub async fn count(db: &Db, readable: &Readable, filter: &AtomFilter) -> Result<i64> {
    let is_few = filter.pending || filter.request.is_some();
    Ok(on!(db, p => {
        let mut query = QueryBuilder::new("");
        if readable.is_everything() || is_few {
            query.push("SELECT COUNT(*) FROM access_atoms a WHERE 1 = 1");
            of_filter!(query, filter);
        } else {
            // What may be read is asked of each pair, not of each atom.
            query.push("SELECT CAST(COALESCE(SUM(a.total), 0) AS BIGINT) FROM (SELECT a.consumer, a.api, COUNT(*) AS total \
                FROM access_atoms a WHERE 1 = 1");
            of_filter!(query, filter);
            query.push(" GROUP BY a.consumer, a.api) a WHERE 1 = 1");
        }
        may_read_ends!(query, readable);
        query.build_query_scalar().fetch_one(p).await
    })?)
}

/// Consumers of a page of the matrix, behind one.
pub async fn consumers(
    db: &Db,
    readable: &Readable,
    filter: &AtomFilter,
    after: &str,
    limit: i64,
) -> Result<Vec<String>> {
    Ok(on!(db, p => {
        // As in [`count`]: walking through atoms ends with the last consumer of the page, through pairs with the last of all.
        let of_pairs = !readable.is_everything();
        let from = if of_pairs { "(SELECT DISTINCT a.consumer, a.api FROM access_atoms a" } else { "access_atoms a" };
        let mut query = QueryBuilder::new(format!("SELECT DISTINCT a.consumer FROM {from} WHERE a.consumer > "));
        query.push_bind(after.to_owned());
        of_filter!(query, filter);
        query.push(if of_pairs { ") a WHERE 1 = 1" } else { "" });
        may_read_ends!(query, readable);
        query.push(" ORDER BY a.consumer LIMIT ").push_bind(limit);
        query.build_query_scalar().fetch_all(p).await
    })?)
}

/// Consumer, API, state, how many, and for how many of them requests wait; in no order.
pub async fn cells(
    db: &Db,
    readable: &Readable,
    filter: &AtomFilter,
    consumers: &[String],
) -> Result<Vec<(String, String, String, i64, i64)>> {
    Ok(on!(db, p => {
        let mut query = QueryBuilder::new(
            "SELECT a.consumer, a.api, a.state, a.total, a.waiting FROM (SELECT a.consumer, a.api, a.state, COUNT(*) AS total, \
             COUNT(a.pending) AS waiting FROM access_atoms a WHERE a.consumer IN (");
        any_of(&mut query, consumers.iter().map(String::as_str));
        of_filter!(query, filter);
        query.push(" GROUP BY a.consumer, a.api, a.state) a WHERE 1 = 1");
        may_read_ends!(query, readable);
        query.build_query_as().fetch_all(p).await
    })?)
}

/// Bodies of the components that use APIs.
pub async fn callers(db: &Db, readable: &Readable) -> Result<Vec<String>> {
    Ok(on!(db, p => {
        let mut query = QueryBuilder::new(
            "SELECT e.body FROM entities e WHERE NOT e.deleted AND e.reference LIKE 'component:%' AND e.body LIKE '%\"consumesApi\"%'");
        may_read(&mut query, readable, "e.visibility", "e.repository");
        query.push(" ORDER BY e.reference");
        query.build_query_scalar().fetch_all(p).await
    })?)
}

/// Consumer and API of everything that was ever asked for, how much of it is granted, and for how much a request waits.
pub async fn standing_calls(db: &Db) -> Result<Vec<(String, String, i64, i64)>> {
    Ok(on!(db, p => sqlx::query_as(
        "SELECT consumer, api, COUNT(CASE WHEN state = 'active' THEN 1 END), COUNT(pending) FROM access_atoms
         WHERE body <> '' GROUP BY consumer, api ORDER BY consumer, api").fetch_all(p).await)?)
}

/// Name, sealed seed, when it was made and retired; the newest first.
pub async fn keys(db: &Db) -> Result<Vec<(String, String, i64, Option<i64>)>> {
    Ok(
        on!(db, p => sqlx::query_as("SELECT kid, sealed, made_at, retired_at FROM access_keys ORDER BY made_at DESC, kid")
        .fetch_all(p).await)?,
    )
}

pub async fn add_key(tx: &mut Tx, kid: &str, sealed: &str, now: i64) -> Result<()> {
    on!(tx, p => sqlx::query("UPDATE access_keys SET retired_at = $1 WHERE retired_at IS NULL")
        .bind(now).execute(&mut *p).await.map(drop))?;
    on!(tx, p => sqlx::query("INSERT INTO access_keys (kid, sealed, made_at) VALUES ($1, $2, $3)")
        .bind(kid).bind(sealed).bind(now).execute(p).await.map(drop))?;
    Ok(())
}

/// Removes keys that were retired before.
pub async fn drop_keys(tx: &mut Tx, before: i64) -> Result<()> {
    on!(tx, p => sqlx::query("DELETE FROM access_keys WHERE retired_at < $1").bind(before).execute(p).await.map(drop))?;
    Ok(())
}
