//! SQL of deliveries and of what they told.

use crate::db::{Db, Tx, on};
use crate::error::Result;

/// Something that may have changed.
#[derive(Debug, Clone, PartialEq, Eq, sqlx::FromRow)]
pub struct Told {
    /// `everything`, `people`, or the stable key of a repository.
    pub thing: String,
    /// [`CONTENTS`], or [`RECORD`]: what the forge says of it.
    pub what: String,
    /// That one of its references leads to.
    #[sqlx(rename = "commit_id")]
    pub commit: Option<String>,
    /// How often it was told.
    pub times: i64,
    /// How often it was looked at in vain.
    pub looks: i64,
    pub due_at: i64,
}

pub const CONTENTS: &str = "contents";
pub const RECORD: &str = "record";
pub const EVERYTHING: &str = "everything";
pub const PEOPLE: &str = "people";

impl Told {
    pub fn contents(key: String) -> Self {
        Self::of(key, CONTENTS)
    }

    pub fn record(key: String) -> Self {
        Self::of(key, RECORD)
    }

    /// All that the source lists.
    pub fn everything() -> Self {
        Self::of(EVERYTHING.to_owned(), RECORD)
    }

    /// Teams, their rights, and members.
    pub fn people() -> Self {
        Self::of(PEOPLE.to_owned(), RECORD)
    }

    fn of(thing: String, what: &str) -> Self {
        Self { thing, what: what.to_owned(), commit: None, times: 1, looks: 0, due_at: 0 }
    }
}

/// Whether it is the first with this id.
pub async fn add_delivery(tx: &mut Tx, source: &str, id: &str, event: &str, now: i64) -> Result<bool> {
    let rows = on!(tx, p => sqlx::query(
        "INSERT INTO deliveries (source, id, event, received_at) VALUES ($1, $2, $3, $4) ON CONFLICT DO NOTHING")
        .bind(source).bind(id).bind(event).bind(now).execute(p).await.map(|done| done.rows_affected()))?;
    Ok(rows == 1)
}

/// Removes deliveries that came before `before`.
pub async fn prune_deliveries(tx: &mut Tx, before: i64) -> Result<()> {
    on!(tx, p => sqlx::query("DELETE FROM deliveries WHERE received_at < $1").bind(before).execute(p).await.map(drop))?;
    Ok(())
}

pub async fn last_delivery(db: &Db, source: &str) -> Result<Option<(i64, String)>> {
    Ok(on!(db, p => sqlx::query_as(
        "SELECT received_at, event FROM deliveries WHERE source = $1 ORDER BY received_at DESC LIMIT 1")
        .bind(source).fetch_optional(p).await)?)
}

/// It is due at `now`, and what was told of the same thing before is told again.
pub async fn tell(tx: &mut Tx, source: &str, told: &Told, now: i64) -> Result<()> {
    on!(tx, p => sqlx::query(
        "INSERT INTO told (source, thing, what, commit_id, times, looks, due_at) VALUES ($1, $2, $3, $4, 1, 0, $5)
         ON CONFLICT (source, thing, what) DO UPDATE
         SET commit_id = excluded.commit_id, times = told.times + 1, looks = 0, due_at = excluded.due_at")
        .bind(source).bind(&told.thing).bind(&told.what).bind(&told.commit).bind(now).execute(p).await.map(drop))?;
    Ok(())
}

/// What was told of a source and not answered, first what is due first.
pub async fn told(db: &Db, source: &str, limit: i64) -> Result<Vec<Told>> {
    Ok(on!(db, p => sqlx::query_as(
        "SELECT thing, what, commit_id, times, looks, due_at FROM told WHERE source = $1
         ORDER BY due_at, thing, what LIMIT $2")
        .bind(source).bind(limit).fetch_all(p).await)?)
}

pub async fn is_anything_told(tx: &mut Tx, source: &str) -> Result<bool> {
    let one: Option<i64> = on!(tx, p => sqlx::query_scalar("SELECT times FROM told WHERE source = $1 LIMIT 1")
        .bind(source).fetch_optional(p).await)?;
    Ok(one.is_some())
}

pub async fn is_told(db: &Db, source: &str, thing: &str) -> Result<bool> {
    let one: Option<i64> = on!(db, p => sqlx::query_scalar("SELECT times FROM told WHERE source = $1 AND thing = $2 LIMIT 1")
        .bind(source).bind(thing).fetch_optional(p).await)?;
    Ok(one.is_some())
}

/// It was looked at; what was told meanwhile stays.
pub async fn answer(tx: &mut Tx, source: &str, told: &Told) -> Result<()> {
    on!(tx, p => sqlx::query("DELETE FROM told WHERE source = $1 AND thing = $2 AND what = $3 AND times = $4")
        .bind(source).bind(&told.thing).bind(&told.what).bind(told.times).execute(p).await.map(drop))?;
    Ok(())
}

/// It was looked at in vain, and will be again.
pub async fn postpone(tx: &mut Tx, source: &str, told: &Told, due_at: i64) -> Result<()> {
    on!(tx, p => sqlx::query(
        "UPDATE told SET looks = looks + 1, due_at = $5 WHERE source = $1 AND thing = $2 AND what = $3 AND times = $4")
        .bind(source).bind(&told.thing).bind(&told.what).bind(told.times).bind(due_at).execute(p).await.map(drop))?;
    Ok(())
}
