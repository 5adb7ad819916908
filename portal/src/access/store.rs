//! SQL of access.

use model::access::Standing;
use sqlx::QueryBuilder;

use crate::Result;
use crate::db::{Db, Tx, any_of, may_read, on};
use crate::identity::Readable;

/// Adds what narrows a list of atoms: what is asked for, and what may be read of both ends.
macro_rules! narrow {
    ($query:expr, $readable:expr, $filter:expr) => {{
        let (query, readable, filter) = (&mut $query, $readable, &$filter);
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
        if !readable.is_everything() {
            for end in ["a.consumer", "a.api"] {
                query.push(" AND EXISTS (SELECT 1 FROM entities e WHERE NOT e.deleted AND e.reference = ").push(end);
                may_read(query, readable, "e.visibility", "e.repository");
                query.push(")");
            }
        }
    }};
}

/// The manifest of one repository.
#[derive(Debug, Clone, PartialEq, Eq, sqlx::FromRow)]
pub struct ManifestRow {
    pub repository: String,
    pub slug: String,
    /// Whether the repository is in sight.
    pub is_there: bool,
    pub path: String,
    /// Empty where it is no more.
    pub content: String,
    pub sha256: String,
    pub commit_id: String,
    pub authors: String,
    pub operations: String,
    pub component: Option<String>,
    pub findings: String,
    pub settled: String,
}

/// On what terms an API is offered.
#[derive(Debug, Clone, PartialEq, Eq, sqlx::FromRow)]
pub struct OfferRow {
    pub api: String,
    pub repository: String,
    pub component: String,
    pub terms: String,
    pub operations: Option<String>,
    pub version: String,
    pub gone_at: Option<i64>,
}

/// What was read of a repository's manifest.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ManifestWrite {
    pub path: String,
    pub content: String,
    pub sha256: String,
    pub commit_id: String,
    pub authors: String,
    pub operations: String,
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

/// What was known of a repository's manifest, to find who changed it since: the commit up to which that was asked.
pub async fn settled_commit(db: &Db, repository: &str) -> Result<Option<String>> {
    let found: Option<Option<String>> = on!(db, p => sqlx::query_scalar(
        "SELECT settled_commit FROM access_manifests WHERE repository = $1").bind(repository).fetch_optional(p).await)?;
    Ok(found.flatten())
}

/// Keeps what was read. One that is gone stays, emptied, until what follows from that is settled.
pub async fn keep(tx: &mut Tx, repository: &str, read: Option<&ManifestWrite>) -> Result<()> {
    let Some(read) = read else {
        on!(tx, p => sqlx::query("UPDATE access_manifests SET content = '', sha256 = '' WHERE repository = $1 AND content <> ''")
            .bind(repository).execute(p).await.map(drop))?;
        return Ok(());
    };
    on!(tx, p => sqlx::query(
        "INSERT INTO access_manifests (repository, path, content, sha256, commit_id, authors, operations, findings, settled)
         VALUES ($1, $2, $3, $4, $5, $6, $7, '[]', '')
         ON CONFLICT (repository) DO UPDATE SET path = excluded.path, content = excluded.content, sha256 = excluded.sha256,
         commit_id = excluded.commit_id, authors = excluded.authors, operations = excluded.operations")
        .bind(repository).bind(&read.path).bind(&read.content).bind(&read.sha256).bind(&read.commit_id)
        .bind(&read.authors).bind(&read.operations).execute(p).await.map(drop))?;
    Ok(())
}

/// What settling depends on, in one text: whether anything is to do.
pub async fn mark(db: &Db) -> Result<String> {
    let rows: Vec<(String, String, bool)> = on!(db, p => sqlx::query_as(
        "SELECT m.repository, m.sha256, r.gone_at IS NULL FROM access_manifests m JOIN repositories r ON r.id = m.repository
         ORDER BY m.repository").fetch_all(p).await)?;
    Ok(rows.into_iter().map(|(id, hash, there)| format!("{id} {hash} {there}\n")).collect())
}

const MANIFEST: &str = "SELECT m.repository, r.slug, r.gone_at IS NULL AS is_there, m.path, m.content, m.sha256, m.commit_id, \
    m.authors, m.operations, m.component, m.findings, m.settled FROM access_manifests m JOIN repositories r ON r.id = m.repository";

pub async fn manifests(db: &Db) -> Result<Vec<ManifestRow>> {
    Ok(on!(db, p => {
        let mut query = QueryBuilder::new(MANIFEST);
        query.push(" ORDER BY r.slug");
        query.build_query_as().fetch_all(p).await
    })?)
}

/// The manifest that speaks for a component.
pub async fn manifest_of(db: &Db, component: &str, readable: &Readable) -> Result<Option<ManifestRow>> {
    Ok(on!(db, p => {
        let mut query = QueryBuilder::new(MANIFEST);
        query.push(" WHERE m.content <> '' AND r.gone_at IS NULL AND m.component = ").push_bind(component.to_owned());
        may_read(&mut query, readable, "r.visibility", "r.id");
        query.push(" ORDER BY r.slug LIMIT 1");
        query.build_query_as().fetch_optional(p).await
    })?)
}

/// The manifest in the repository with this id, whatever it speaks for.
pub async fn manifest_in(db: &Db, repository: &str) -> Result<Option<ManifestRow>> {
    Ok(on!(db, p => {
        let mut query = QueryBuilder::new(MANIFEST);
        query.push(" WHERE m.content <> '' AND m.repository = ").push_bind(repository.to_owned());
        query.build_query_as().fetch_optional(p).await
    })?)
}

/// Nobody else settles this manifest until the transaction ends; gives whether it is still the one with this hash.
pub async fn lock_manifest(tx: &mut Tx, repository: &str, sha256: &str) -> Result<bool> {
    let rows = on!(tx, p => sqlx::query("UPDATE access_manifests SET path = path WHERE repository = $1 AND sha256 = $2")
        .bind(repository).bind(sha256).execute(p).await.map(|done| done.rows_affected()))?;
    Ok(rows == 1)
}

pub async fn write_settled(
    tx: &mut Tx,
    repository: &str,
    component: Option<&str>,
    findings: &str,
    settled: &str,
) -> Result<()> {
    on!(tx, p => sqlx::query(
        "UPDATE access_manifests SET component = COALESCE($2, component), findings = $3, settled = $4, settled_commit = commit_id
         WHERE repository = $1")
        .bind(repository).bind(component).bind(findings).bind(settled).execute(p).await.map(drop))?;
    Ok(())
}

/// What can be said of a manifest from which nothing follows: its changes still wait to be settled.
pub async fn write_findings(
    tx: &mut Tx,
    repository: &str,
    component: Option<&str>,
    findings: &str,
    settled: &str,
) -> Result<()> {
    on!(tx, p => sqlx::query(
        "UPDATE access_manifests SET component = COALESCE($2, component), findings = $3, settled = $4 WHERE repository = $1")
        .bind(repository).bind(component).bind(findings).bind(settled).execute(p).await.map(drop))?;
    Ok(())
}

pub async fn offers(db: &Db) -> Result<Vec<OfferRow>> {
    Ok(on!(db, p => sqlx::query_as(
        "SELECT api, repository, component, terms, operations, version, gone_at FROM access_offers ORDER BY api")
        .fetch_all(p).await)?)
}

pub async fn write_offer(tx: &mut Tx, offer: &OfferRow) -> Result<()> {
    on!(tx, p => sqlx::query(
        "INSERT INTO access_offers (api, repository, component, terms, operations, version, gone_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7)
         ON CONFLICT (api) DO UPDATE SET repository = excluded.repository, component = excluded.component,
         terms = excluded.terms, operations = excluded.operations, version = excluded.version, gone_at = excluded.gone_at")
        .bind(&offer.api).bind(&offer.repository).bind(&offer.component).bind(&offer.terms).bind(&offer.operations)
        .bind(&offer.version).bind(offer.gone_at).execute(p).await.map(drop))?;
    Ok(())
}

pub async fn drop_offer(tx: &mut Tx, api: &str) -> Result<()> {
    on!(tx, p => sqlx::query("DELETE FROM access_offers WHERE api = $1").bind(api).execute(p).await.map(drop))?;
    Ok(())
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
        narrow!(query, readable, filter);
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
    Ok(on!(db, p => {
        let mut query = QueryBuilder::new("SELECT COUNT(*) FROM access_atoms a WHERE 1 = 1");
        narrow!(query, readable, filter);
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
        let mut query = QueryBuilder::new("SELECT DISTINCT a.consumer FROM access_atoms a WHERE a.consumer > ");
        query.push_bind(after.to_owned());
        narrow!(query, readable, filter);
        query.push(" ORDER BY a.consumer LIMIT ").push_bind(limit);
        query.build_query_scalar().fetch_all(p).await
    })?)
}

/// Consumer, API, state, how many, and of how many requests wait.
pub async fn cells(
    db: &Db,
    readable: &Readable,
    filter: &AtomFilter,
    consumers: &[String],
) -> Result<Vec<(String, String, String, i64, i64)>> {
    Ok(on!(db, p => {
        let mut query = QueryBuilder::new(
            "SELECT a.consumer, a.api, a.state, COUNT(*), COUNT(a.pending) FROM access_atoms a WHERE a.consumer IN (");
        any_of(&mut query, consumers.iter().map(String::as_str));
        narrow!(query, readable, filter);
        query.push(" GROUP BY a.consumer, a.api, a.state ORDER BY a.consumer, a.api, a.state");
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
