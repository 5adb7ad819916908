//! SQL of backups: rows of any table, as JSON.

use futures::TryStreamExt as _;
use serde_json::{Map, Value};
use sqlx::{AssertSqlSafe, QueryBuilder};

use super::tables;
use crate::db::dialect::whole;
use crate::db::{Tx, on};
use crate::error::{Error, Result};

/// What a column holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    Text,
    Number,
    Truth,
}

/// A column of a table, and what it holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Column {
    pub name: String,
    pub kind: Kind,
}

/// The last step of the schema; `None` for a database without one.
pub async fn schema(tx: &mut Tx) -> Result<Option<i64>> {
    if !whole::tables(tx).await?.iter().any(|table| table == tables::STEPS) {
        return Ok(None);
    }
    let version: Option<i64> =
        on!(tx, p => sqlx::query_scalar("SELECT MAX(version) FROM _sqlx_migrations").fetch_one(p).await)?;
    Ok(version)
}

/// The columns of one of our tables, sorted; none where it is not there.
pub async fn columns(tx: &mut Tx, table: &str) -> Result<Vec<Column>> {
    let mut columns = Vec::new();
    for (name, kind) in whole::columns(tx, table).await? {
        let kind = match kind.to_lowercase().as_str() {
            "text" => Kind::Text,
            "bigint" => Kind::Number,
            "boolean" => Kind::Truth,
            other => {
                return Err(Error::internal(format!("{table}.{name} has the type {other}, which no backup knows")));
            }
        };
        columns.push(Column { name, kind });
    }
    Ok(columns)
}

/// Gives each row to `take`, as JSON of one line: the same text on both databases.
pub async fn read(
    tx: &mut Tx,
    table: &str,
    columns: &[Column],
    mut take: impl FnMut(&str) -> Result<()>,
) -> Result<()> {
    let statement = whole::json_rows(tx, table, columns);
    on!(tx, p => {
        let mut rows = sqlx::query_scalar::<_, String>(AssertSqlSafe(statement)).fetch(p);
        while let Some(row) = rows.try_next().await? {
            take(&row)?;
        }
    });
    Ok(())
}

/// Adds rows with the values of `columns`.
pub async fn add(tx: &mut Tx, table: &str, columns: &[Column], rows: &[Map<String, Value>]) -> Result<()> {
    let is_postgres = matches!(tx, Tx::Postgres(_));
    // Postgres knows no text with it.
    let text = |value: &Value| {
        let text = value.as_str().map(str::to_owned);
        if is_postgres { text.map(|text| text.replace('\0', "\u{fffd}")) } else { text }
    };
    on!(tx, p => {
        let mut query = QueryBuilder::new(format!("INSERT INTO {table} ("));
        for (at, column) in columns.iter().enumerate() {
            query.push(if at > 0 { ", " } else { "" }).push(&column.name);
        }
        query.push(") ");
        query.push_values(rows, |mut values, row| {
            for column in columns {
                let value = row.get(&column.name).unwrap_or(&Value::Null);
                match column.kind {
                    Kind::Text => values.push_bind(text(value)),
                    Kind::Number => values.push_bind(value.as_i64()),
                    Kind::Truth => values.push_bind(value.as_bool()),
                };
            }
        });
        query.build().persistent(false).execute(p).await.map(drop)
    })?;
    Ok(())
}

/// Empties one of our tables.
pub async fn clear(tx: &mut Tx, table: &str) -> Result<()> {
    on!(tx, p => sqlx::query(AssertSqlSafe(format!("DELETE FROM {table}"))).execute(p).await.map(drop))?;
    Ok(())
}

/// The copy is a database of its own: what is derived from the one before is not of it.
pub async fn forget_instance(tx: &mut Tx) -> Result<()> {
    on!(tx, p => sqlx::query("DELETE FROM meta WHERE key = 'instance'").execute(p).await.map(drop))?;
    Ok(())
}

/// How many entries the audit log has, and how many of them are later than `now`.
pub async fn audit(tx: &mut Tx, now: i64) -> Result<(i64, i64)> {
    Ok(on!(tx, p => sqlx::query_as(
        "SELECT COUNT(*), COUNT(CASE WHEN recorded_at > $1 THEN 1 END) FROM audit").bind(now).fetch_one(p).await)?)
}

/// Account, kind and body of what is sealed.
pub async fn sealed(tx: &mut Tx) -> Result<Vec<(String, String, String)>> {
    Ok(
        on!(tx, p => sqlx::query_as("SELECT account, kind, body FROM sealed ORDER BY account, kind").fetch_all(p).await)?,
    )
}

/// The folders in which the keys of registered Apps are.
pub async fn apps(tx: &mut Tx) -> Result<Vec<String>> {
    Ok(on!(tx, p => sqlx::query_scalar("SELECT key FROM registered_apps ORDER BY key").fetch_all(p).await)?)
}

impl Kind {
    /// Whether a value of this kind can be that, or nothing.
    pub fn has(self, value: Option<&Value>) -> bool {
        match (self, value) {
            (_, None | Some(Value::Null)) => true,
            (Self::Text, Some(value)) => value.is_string(),
            (Self::Number, Some(value)) => value.is_i64(),
            (Self::Truth, Some(value)) => value.is_boolean(),
        }
    }
}
