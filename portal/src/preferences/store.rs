//! SQL of preferences, stars and views.

use jiff::tz::TimeZone;

use super::{Preferences, Theme, View};
use crate::db::{Db, Tx, on};
use crate::error::Result;

pub async fn get(db: &Db, account: &str) -> Result<Option<Preferences>> {
    let row: Option<(String, Option<String>, bool, bool)> = on!(db, p => sqlx::query_as(
        "SELECT theme, time_zone, by_mail, by_webhook FROM preferences WHERE account = $1")
        .bind(account).fetch_optional(p).await)?;
    Ok(row.map(|(theme, zone, by_mail, by_webhook)| Preferences {
        theme: Theme::parse(&theme),
        // A name that the database has no more is read as if none had been chosen.
        time_zone: zone.and_then(|name| jiff::tz::db().get(&name).ok()).unwrap_or(TimeZone::UTC),
        by_mail,
        by_webhook,
    }))
}

pub async fn set(tx: &mut Tx, account: &str, preferences: &Preferences) -> Result<()> {
    on!(tx, p => sqlx::query(
        "INSERT INTO preferences (account, theme, time_zone, by_mail, by_webhook) VALUES ($1, $2, $3, $4, $5)
         ON CONFLICT (account) DO UPDATE SET theme = excluded.theme, time_zone = excluded.time_zone,
             by_mail = excluded.by_mail, by_webhook = excluded.by_webhook")
        .bind(account).bind(preferences.theme.map_or("", Theme::as_str)).bind(preferences.time_zone.iana_name())
        .bind(preferences.by_mail).bind(preferences.by_webhook).execute(p).await.map(drop))?;
    Ok(())
}

pub async fn count_stars(tx: &mut Tx, account: &str) -> Result<usize> {
    let count: i64 = on!(tx, p => sqlx::query_scalar("SELECT COUNT(*) FROM stars WHERE account = $1")
        .bind(account).fetch_one(p).await)?;
    Ok(usize::try_from(count).unwrap_or_default())
}

/// Whether it is new.
pub async fn add_star(tx: &mut Tx, account: &str, reference: &str, now: i64) -> Result<bool> {
    let added = on!(tx, p => sqlx::query(
        "INSERT INTO stars (account, reference, starred_at) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING")
        .bind(account).bind(reference).bind(now).execute(p).await.map(|done| done.rows_affected()))?;
    Ok(added == 1)
}

/// Whether there was one.
pub async fn remove_star(tx: &mut Tx, account: &str, reference: &str) -> Result<bool> {
    let removed = on!(tx, p => sqlx::query("DELETE FROM stars WHERE account = $1 AND reference = $2")
        .bind(account).bind(reference).execute(p).await.map(|done| done.rows_affected()))?;
    Ok(removed == 1)
}

pub async fn is_starred(db: &Db, account: &str, reference: &str) -> Result<bool> {
    let found: Option<String> = on!(db, p => sqlx::query_scalar(
        "SELECT account FROM stars WHERE account = $1 AND reference = $2")
        .bind(account).bind(reference).fetch_optional(p).await)?;
    Ok(found.is_some())
}

/// References, sorted.
pub async fn stars(db: &Db, account: &str) -> Result<Vec<String>> {
    Ok(on!(db, p => sqlx::query_scalar("SELECT reference FROM stars WHERE account = $1 ORDER BY reference")
        .bind(account).fetch_all(p).await)?)
}

pub async fn has_stars(tx: &mut Tx) -> Result<bool> {
    let one: Option<String> =
        on!(tx, p => sqlx::query_scalar("SELECT account FROM stars LIMIT 1").fetch_optional(p).await)?;
    Ok(one.is_some())
}

/// Moves a star from one reference to another, where there may be one already.
pub async fn move_star(tx: &mut Tx, account: &str, from: &str, to: &str) -> Result<()> {
    on!(tx, p => sqlx::query(
        "INSERT INTO stars (account, reference, starred_at)
         SELECT account, $3, starred_at FROM stars WHERE account = $1 AND reference = $2 ON CONFLICT DO NOTHING")
        .bind(account).bind(from).bind(to).execute(p).await.map(drop))?;
    remove_star(tx, account, from).await.map(drop)
}

/// Who has starred which of these entities: account and reference.
pub async fn stars_of(tx: &mut Tx, references: &[String]) -> Result<Vec<(String, String)>> {
    let mut found = Vec::new();
    for some in references.chunks(500) {
        let rows: Vec<(String, String)> = on!(tx, p => {
            let mut query = sqlx::QueryBuilder::new("SELECT account, reference FROM stars WHERE reference IN (");
            crate::db::any_of(&mut query, some.iter().map(String::as_str));
            query.push(" ORDER BY account, reference");
            query.build_query_as().fetch_all(p).await
        })?;
        found.extend(rows);
    }
    Ok(found)
}

/// How many views an account has under other names.
pub async fn count_views(tx: &mut Tx, account: &str, but: &str) -> Result<usize> {
    let count: i64 = on!(tx, p => sqlx::query_scalar("SELECT COUNT(*) FROM views WHERE account = $1 AND name <> $2")
        .bind(account).bind(but).fetch_one(p).await)?;
    Ok(usize::try_from(count).unwrap_or_default())
}

pub async fn save_view(tx: &mut Tx, account: &str, view: &View, now: i64) -> Result<()> {
    on!(tx, p => sqlx::query(
        "INSERT INTO views (id, account, name, path, query, created_at) VALUES ($1, $2, $3, $4, $5, $6)
         ON CONFLICT (account, name) DO UPDATE SET id = excluded.id, path = excluded.path, query = excluded.query")
        .bind(&view.id).bind(account).bind(&view.name).bind(&view.path).bind(&view.query).bind(now)
        .execute(p).await.map(drop))?;
    Ok(())
}

/// The name of the one that was there.
pub async fn delete_view(tx: &mut Tx, account: &str, id: &str) -> Result<Option<String>> {
    Ok(on!(tx, p => sqlx::query_scalar("DELETE FROM views WHERE account = $1 AND id = $2 RETURNING name")
        .bind(account).bind(id).fetch_optional(p).await)?)
}

pub async fn views(db: &Db, account: &str) -> Result<Vec<View>> {
    Ok(
        on!(db, p => sqlx::query_as("SELECT id, name, path, query FROM views WHERE account = $1 ORDER BY LOWER(name), id")
        .bind(account).fetch_all(p).await)?,
    )
}
