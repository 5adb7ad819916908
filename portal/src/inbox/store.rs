//! SQL of the inbox.

use std::collections::BTreeMap;

use sqlx::{Database, Encode, QueryBuilder, Type};

use super::{Delivery, DeliveryState, Message, Told, Topic, Way, Which};
use crate::db::{Db, Tx, any_of, may_read, on};
use crate::error::Result;
use crate::identity::Readable;

/// Whether the account is there.
pub async fn add(tx: &mut Tx, id: &str, account: &str, message: Message<'_>, now: i64) -> Result<bool> {
    let added = on!(tx, p => sqlx::query(
        "INSERT INTO inbox_messages (id, account, kind, title, text, address, repository, told_at)
         SELECT $1, a.id, $3, $4, $5, $6, $7, $8 FROM accounts a WHERE a.id = $2")
        .bind(id).bind(account).bind(message.topic.as_str()).bind(message.title).bind(message.text)
        .bind(message.address).bind(message.repository).bind(now)
        .execute(p).await.map(|done| done.rows_affected()))?;
    Ok(added == 1)
}

/// Deletes all but the newest `kept` of an account.
pub async fn forget(tx: &mut Tx, account: &str, kept: i64) -> Result<()> {
    on!(tx, p => sqlx::query(
        "DELETE FROM inbox_messages WHERE account = $1 AND id < (
             SELECT id FROM inbox_messages WHERE account = $1 ORDER BY id DESC LIMIT 1 OFFSET $2)")
        .bind(account).bind(kept - 1).execute(p).await.map(drop))?;
    Ok(())
}

/// Whether an account wants mail, to an address that is verified, and the webhook.
pub async fn ways(tx: &mut Tx, account: &str) -> Result<(bool, bool)> {
    let found: Option<(bool, bool)> = on!(tx, p => sqlx::query_as(
        "SELECT COALESCE(w.by_mail, TRUE) AND a.email IS NOT NULL AND a.email_verified, COALESCE(w.by_webhook, TRUE)
         FROM accounts a LEFT JOIN preferences w ON w.account = a.id WHERE a.id = $1 AND a.disabled_at IS NULL")
        .bind(account).fetch_optional(p).await)?;
    Ok(found.unwrap_or_default())
}

pub async fn add_delivery(tx: &mut Tx, message: &str, way: Way, now: i64) -> Result<()> {
    on!(tx, p => sqlx::query(
        "INSERT INTO inbox_deliveries (message, way, state, attempts, due_at) VALUES ($1, $2, 'waiting', 0, $3)")
        .bind(message).bind(way.as_str()).bind(now).execute(p).await.map(drop))?;
    Ok(())
}

/// ` AND (…)`: only messages about what may be read now. A repository that is gone is read by nobody.
fn only_readable<DB>(query: &mut QueryBuilder<DB>, readable: &Readable)
where
    DB: Database,
    for<'q> String: Encode<'q, DB> + Type<DB>,
{
    let visibility = "CASE WHEN m.repository IS NULL THEN 'public' ELSE COALESCE(r.visibility, 'readers') END";
    may_read(query, readable, visibility, "m.repository");
}

type Row = (String, String, String, String, String, i64, Option<i64>);

pub async fn list(
    db: &Db,
    account: &str,
    readable: &Readable,
    unread: bool,
    before: Option<&str>,
    limit: u32,
) -> Result<Vec<Told>> {
    let rows: Vec<Row> = on!(db, p => {
        let mut query = QueryBuilder::new(
            "SELECT m.id, m.kind, m.title, m.text, m.address, m.told_at, m.read_at
             FROM inbox_messages m LEFT JOIN repositories r ON r.id = m.repository WHERE m.account = ");
        query.push_bind(account);
        only_readable(&mut query, readable);
        if unread {
            query.push(" AND m.read_at IS NULL");
        }
        if let Some(before) = before {
            query.push(" AND m.id < ").push_bind(before);
        }
        query.push(" ORDER BY m.id DESC LIMIT ").push_bind(i64::from(limit));
        query.build_query_as().fetch_all(p).await
    })?;
    let told = |(id, kind, title, text, address, told_at, read_at): Row| Told {
        topic: Topic::parse(&kind),
        id,
        title,
        text,
        address,
        told_at,
        read_at,
        deliveries: Vec::new(),
    };
    Ok(rows.into_iter().map(told).collect())
}

pub async fn unread(db: &Db, account: &str, readable: &Readable) -> Result<u64> {
    let count: i64 = on!(db, p => {
        let mut query = QueryBuilder::new(
            "SELECT COUNT(*) FROM inbox_messages m LEFT JOIN repositories r ON r.id = m.repository
             WHERE m.read_at IS NULL AND m.account = ");
        query.push_bind(account);
        only_readable(&mut query, readable);
        query.build_query_scalar().fetch_one(p).await
    })?;
    Ok(count.unsigned_abs())
}

/// What was to be sent of these messages, by message.
pub async fn deliveries(db: &Db, messages: &[&str]) -> Result<BTreeMap<String, Vec<Delivery>>> {
    let mut found: BTreeMap<String, Vec<Delivery>> = BTreeMap::new();
    if messages.is_empty() {
        return Ok(found);
    }
    let rows: Vec<(String, String, String, i64, Option<String>)> = on!(db, p => {
        let mut query =
            QueryBuilder::new("SELECT message, way, state, attempts, reason FROM inbox_deliveries WHERE message IN (");
        any_of(&mut query, messages.iter().copied());
        query.push(" ORDER BY message, way");
        query.build_query_as().fetch_all(p).await
    })?;
    for (message, way, state, attempts, reason) in rows {
        let Some(way) = Way::parse(&way) else { continue };
        let delivery = Delivery { way, state: DeliveryState::parse(&state), attempts, reason };
        found.entry(message).or_default().push(delivery);
    }
    Ok(found)
}

/// How many were not read before.
pub async fn mark_read(tx: &mut Tx, account: &str, which: Which<'_>, now: i64) -> Result<u64> {
    let one = match which {
        Which::All => None,
        Which::One(id) => Some(id),
    };
    Ok(on!(tx, p => {
        let mut query = QueryBuilder::new("UPDATE inbox_messages SET read_at = ");
        query.push_bind(now).push(" WHERE read_at IS NULL AND account = ").push_bind(account);
        if let Some(id) = one {
            query.push(" AND id = ").push_bind(id);
        }
        query.build().execute(p).await.map(|done| done.rows_affected())
    })?)
}

/// When the next delivery is due, if one waits.
pub async fn next_due(tx: &mut Tx) -> Result<Option<i64>> {
    Ok(on!(tx, p => sqlx::query_scalar("SELECT MIN(due_at) FROM inbox_deliveries WHERE state = 'waiting'")
        .fetch_one(p).await)?)
}

/// One delivery that is due, with what is sent and to whom.
#[derive(Debug, Clone, sqlx::FromRow)]
pub struct Due {
    pub message: String,
    pub way: String,
    pub attempts: i64,
    pub kind: String,
    pub title: String,
    pub text: String,
    pub address: String,
    pub told_at: i64,
    pub name: String,
    pub email: Option<String>,
    pub email_verified: bool,
    pub login: Option<String>,
    pub disabled_at: Option<i64>,
}

/// The first that is due and comes after `after` (message and way).
pub async fn due(db: &Db, now: i64, after: (&str, &str)) -> Result<Option<Due>> {
    Ok(on!(db, p => sqlx::query_as(
        "SELECT d.message, d.way, d.attempts, m.kind, m.title, m.text, m.address, m.told_at, a.name, a.email,
                a.email_verified, a.login, a.disabled_at
         FROM inbox_deliveries d JOIN inbox_messages m ON m.id = d.message JOIN accounts a ON a.id = m.account
         WHERE d.state = 'waiting' AND d.due_at <= $1 AND (d.message > $2 OR d.message = $2 AND d.way > $3)
         ORDER BY d.message, d.way LIMIT 1")
        .bind(now).bind(after.0).bind(after.1).fetch_optional(p).await)?)
}

/// Writes down how an attempt ended: `due_at` is when it is tried again, where it waits.
pub async fn settle(
    tx: &mut Tx,
    due: &Due,
    state: DeliveryState,
    (reason, due_at, now): (Option<&str>, i64, i64),
) -> Result<()> {
    let settled = (state != DeliveryState::Waiting).then_some(now);
    on!(tx, p => sqlx::query(
        "UPDATE inbox_deliveries SET state = $3, attempts = attempts + 1, reason = $4, due_at = $5, settled_at = $6
         WHERE message = $1 AND way = $2 AND state = 'waiting'")
        .bind(&due.message).bind(&due.way).bind(state.as_str()).bind(reason).bind(due_at).bind(settled)
        .execute(p).await.map(drop))?;
    Ok(())
}
