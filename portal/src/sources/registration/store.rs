//! SQL of Apps that are being registered, and of those that were.

use super::Wish;
use crate::db::{Db, Tx, on};
use crate::error::Result;
use crate::settings::GitHubOwner;

/// An App that was registered from here.
#[derive(Debug, Clone, PartialEq, Eq, sqlx::FromRow)]
pub struct Row {
    pub key: String,
    pub app_id: String,
    pub name: String,
    pub html_url: String,
    pub url: Option<String>,
    pub owner: String,
    pub organisation: bool,
    pub webhook: bool,
    pub registered_at: i64,
}

pub async fn begin(tx: &mut Tx, state_hash: &str, wish: &Wish, expires_at: i64) -> Result<()> {
    let organisation = matches!(wish.owner, GitHubOwner::Organisation(_));
    on!(tx, p => sqlx::query(
        "INSERT INTO app_registrations (state_hash, url, owner, organisation, writes, expires_at)
         VALUES ($1, $2, $3, $4, $5, $6)")
        .bind(state_hash).bind(&wish.url).bind(wish.owner.name()).bind(organisation).bind(wish.writes).bind(expires_at)
        .execute(p).await.map(drop))?;
    Ok(())
}

/// Those whose hour is over.
pub async fn forget_old(tx: &mut Tx, now: i64) -> Result<()> {
    on!(tx, p => sqlx::query("DELETE FROM app_registrations WHERE expires_at <= $1").bind(now).execute(p).await.map(drop))?;
    Ok(())
}

pub async fn waiting(db: &Db, state_hash: &str, now: i64) -> Result<Option<Wish>> {
    let row: Option<WishRow> = on!(db, p => sqlx::query_as(
        "SELECT url, owner, organisation, writes FROM app_registrations WHERE state_hash = $1 AND expires_at > $2")
        .bind(state_hash).bind(now).fetch_optional(p).await)?;
    Ok(row.map(wish))
}

/// The same, and it waits no longer: of two who come with one state, one gets it.
pub async fn take(tx: &mut Tx, state_hash: &str, now: i64) -> Result<Option<Wish>> {
    let row: Option<WishRow> = on!(tx, p => sqlx::query_as(
        "DELETE FROM app_registrations WHERE state_hash = $1 AND expires_at > $2 RETURNING url, owner, organisation, writes")
        .bind(state_hash).bind(now).fetch_optional(p).await)?;
    Ok(row.map(wish))
}

type WishRow = (Option<String>, String, bool, bool);

fn wish((url, owner, organisation, writes): WishRow) -> Wish {
    let owner = if organisation { GitHubOwner::Organisation(owner) } else { GitHubOwner::User(owner) };
    Wish { url, owner, writes }
}

pub async fn add(tx: &mut Tx, row: &Row) -> Result<()> {
    on!(tx, p => sqlx::query(
        "INSERT INTO registered_apps (key, app_id, name, html_url, url, owner, organisation, webhook, registered_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)")
        .bind(&row.key).bind(&row.app_id).bind(&row.name).bind(&row.html_url).bind(&row.url).bind(&row.owner)
        .bind(row.organisation).bind(row.webhook).bind(row.registered_at)
        .execute(p).await.map(drop))?;
    Ok(())
}

/// Latest first.
pub async fn all(db: &Db) -> Result<Vec<Row>> {
    Ok(on!(db, p => sqlx::query_as(
        "SELECT key, app_id, name, html_url, url, owner, organisation, webhook, registered_at
         FROM registered_apps ORDER BY registered_at DESC, key")
        .fetch_all(p).await)?)
}
