//! SQL of imports.

use std::collections::HashMap;

use sqlx::QueryBuilder;

use crate::Result;
use crate::access::store::{AtomWrite, HeldWrite, Names};
use crate::db::{Db, Tx, any_of, on};

/// Rows of one statement: SQLite takes at most 32 766 values in one.
const TOGETHER: usize = 500;

/// An import, and how far it is.
#[derive(Debug, Clone, PartialEq, Eq, sqlx::FromRow)]
pub struct ImportRow {
    pub id: String,
    pub file: String,
    /// JSON; empty once it is over.
    pub taker: String,
    pub total: i64,
    /// So many have been looked at.
    pub done: i64,
    pub imported: i64,
    pub unchanged: i64,
    /// JSON.
    pub findings: String,
}

impl ImportRow {
    /// Those that could not be taken over any more when they were looked at.
    pub fn refused(&self) -> u64 {
        (self.done - self.imported - self.unchanged).unsigned_abs()
    }
}

pub async fn add_import(tx: &mut Tx, row: &ImportRow, pieces: &[String]) -> Result<()> {
    on!(tx, p => sqlx::query(
        "INSERT INTO access_imports (id, file, taker, total, done, imported, unchanged, findings)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8)")
        .bind(&row.id).bind(&row.file).bind(&row.taker).bind(row.total).bind(row.done).bind(row.imported)
        .bind(row.unchanged).bind(&row.findings).execute(p).await.map(drop))?;
    for (number, piece) in (0_i64..).zip(pieces) {
        on!(tx, p => sqlx::query("INSERT INTO access_import_pieces (import, number, body) VALUES ($1, $2, $3)")
            .bind(&row.id).bind(number).bind(piece).execute(p).await.map(drop))?;
    }
    Ok(())
}

pub async fn import(db: &Db, id: &str) -> Result<Option<ImportRow>> {
    Ok(on!(db, p => sqlx::query_as(
        "SELECT id, file, taker, total, done, imported, unchanged, findings FROM access_imports WHERE id = $1")
        .bind(id).fetch_optional(p).await)?)
}

/// The first piece that waits.
pub async fn next_piece(db: &Db, id: &str) -> Result<Option<(i64, String)>> {
    Ok(
        on!(db, p => sqlx::query_as("SELECT number, body FROM access_import_pieces WHERE import = $1 ORDER BY number LIMIT 1")
        .bind(id).fetch_optional(p).await)?,
    )
}

/// Gives whether it was still there: nobody else takes it over then.
pub async fn take_piece(tx: &mut Tx, id: &str, number: i64) -> Result<bool> {
    let rows = on!(tx, p => sqlx::query("DELETE FROM access_import_pieces WHERE import = $1 AND number = $2")
        .bind(id).bind(number).execute(p).await.map(|done| done.rows_affected()))?;
    Ok(rows == 1)
}

pub async fn write_import(tx: &mut Tx, row: &ImportRow) -> Result<()> {
    on!(tx, p => sqlx::query("UPDATE access_imports SET taker = $2, done = $3, imported = $4, unchanged = $5, findings = $6 WHERE id = $1")
        .bind(&row.id).bind(&row.taker).bind(row.done).bind(row.imported).bind(row.unchanged).bind(&row.findings).execute(p).await.map(drop))?;
    Ok(())
}

/// Removes what was left over by jobs that nobody goes on with.
pub async fn drop_left_over(tx: &mut Tx) -> Result<()> {
    on!(tx, p => sqlx::query("DELETE FROM access_import_pieces WHERE import NOT IN (SELECT id FROM jobs WHERE NOT done)")
        .execute(p).await.map(drop))?;
    Ok(())
}

/// What happened to atoms: to which, its number, and what; each in its order.
pub async fn events_of(tx: &mut Tx, ids: &[String]) -> Result<Vec<(String, i64, String)>> {
    let mut events = Vec::new();
    for ids in ids.chunks(TOGETHER) {
        let found: Vec<(String, i64, String)> = on!(tx, p => {
            let mut query = QueryBuilder::new("SELECT atom, sequence, body FROM access_events WHERE atom IN (");
            any_of(&mut query, ids.iter().map(String::as_str));
            query.push(" ORDER BY atom, sequence");
            query.build_query_as().fetch_all(p).await
        })?;
        events.extend(found);
    }
    Ok(events)
}

/// Makes the rows of atoms where there are none, and gives the ids of the others; nobody else changes either until the
/// transaction ends. By their ids, as everybody locks them.
pub async fn add_atoms(tx: &mut Tx, atoms: &[(&Names, &AtomWrite)]) -> Result<Vec<String>> {
    let mut known = Vec::new();
    for atoms in atoms.chunks(TOGETHER) {
        let rows: Vec<(String, String)> = on!(tx, p => {
            let mut query = QueryBuilder::new(
                "INSERT INTO access_atoms (id, consumer, api, scope, environment, state, request, pending, since, ends, due_at,
                 review_at, body) ");
            query.push_values(atoms, |mut row, (names, atom)| {
                row.push_bind(&names.id).push_bind(&names.consumer).push_bind(&names.api).push_bind(&names.scope);
                row.push_bind(&names.environment).push_bind(atom.state.as_str()).push_bind(&atom.request);
                row.push_bind(&atom.pending).push_bind(atom.since).push_bind(atom.ends).push_bind(atom.due_at);
                row.push_bind(atom.review_at).push_bind(&atom.body);
            });
            query.push(" ON CONFLICT (id) DO UPDATE SET consumer = excluded.consumer RETURNING id, body");
            query.build_query_as().fetch_all(p).await
        })?;
        let ours: HashMap<&str, &str> = atoms.iter().map(|(_, atom)| (atom.id.as_str(), atom.body.as_str())).collect();
        known.extend(
            rows.into_iter().filter(|(id, body)| ours.get(id.as_str()) != Some(&body.as_str())).map(|(id, _)| id),
        );
    }
    Ok(known)
}

/// The last of so many numbers of events; whoever has them is the only one who writes events until the transaction ends.
pub async fn next_sequences(tx: &mut Tx, count: i64) -> Result<i64> {
    Ok(on!(tx, p => sqlx::query_scalar("UPDATE counters SET value = value + $1 WHERE name = 'access' RETURNING value")
        .bind(count).fetch_one(p).await)?)
}

/// One event, to be written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EventWrite {
    pub sequence: i64,
    pub id: String,
    pub atom: String,
    /// JSON.
    pub body: String,
}

/// Adds the events of atoms of which nothing was known, all at `at`, and when each was held.
pub async fn add_events(tx: &mut Tx, at: i64, events: &[EventWrite], held: &[(String, i64, HeldWrite)]) -> Result<()> {
    for events in events.chunks(TOGETHER) {
        on!(tx, p => {
            let mut query = QueryBuilder::new("INSERT INTO access_events (sequence, id, atom, happened_at, body) ");
            query.push_values(events, |mut row, event| {
                row.push_bind(event.sequence).push_bind(&event.id).push_bind(&event.atom).push_bind(at).push_bind(&event.body);
            });
            query.build().execute(p).await.map(drop)
        })?;
    }
    for held in held.chunks(TOGETHER) {
        on!(tx, p => {
            let mut query = QueryBuilder::new("INSERT INTO access_held (atom, number, from_at, to_at, body, line) ");
            query.push_values(held, |mut row, (atom, number, held)| {
                row.push_bind(atom).push_bind(*number).push_bind(held.from).push_bind(held.to).push_bind(&held.body);
                row.push_bind(&held.line);
            });
            query.build().execute(p).await.map(drop)
        })?;
    }
    Ok(())
}
