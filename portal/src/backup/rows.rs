//! From files to an empty database.

use std::fs::File;
use std::io::{BufRead as _, BufReader};
use std::path::Path;

use serde_json::{Map, Value};

use super::manifest::Manifest;
use super::{archive, store, tables};
use crate::audit::{self, Change};
use crate::db::Tx;
use crate::db::dialect::whole;
use crate::error::{Error, Result};
use crate::identity::Actor;

/// Values and bytes of one statement.
const VALUES: usize = 20_000;
const ROWS: usize = 500;
const BYTES: usize = 4 << 20;

/// Makes the schema that the rows have, adds them, and brings the schema up to date, as an upgrade does. `file` is where they
/// come from, for people.
///
/// # Errors
/// [`Error::Invalid`] for rows that do not fit the schema, or each other.
pub async fn bring_back(tx: &mut Tx, manifest: &Manifest, folder: &Path, file: &Path, now: i64) -> Result<()> {
    whole::migrate(tx, Some(manifest.schema)).await.map_err(crate::db::refused)?;
    let present = whole::tables(tx).await?;
    let ours: Vec<String> = present.into_iter().filter(|table| table != tables::STEPS).collect();
    // What they would write is in the backup already, and what they refuse is no change.
    let rules = whole::suspend_rules(tx, &ours).await?;
    for table in tables::KEPT.iter().rev().filter(|table| ours.iter().any(|name| name == *table)) {
        store::clear(tx, table).await?;
    }
    for member in &manifest.members {
        let Some(table) = member.table() else { continue };
        if !tables::KEPT.contains(&table) || !ours.iter().any(|name| name == table) {
            return Err(archive::damaged(file, &format!("its schema has no table {table}")));
        }
        add(tx, table, &folder.join(&member.path), file).await?;
    }
    store::forget_instance(tx).await?;
    whole::resume_rules(tx, rules).await?;
    whole::migrate(tx, None).await.map_err(crate::db::refused)?;
    let faults = whole::faults(tx).await?;
    if let Some(fault) = faults.first() {
        return Err(archive::damaged(file, fault));
    }
    let after = format!(
        "{} rows, made by Slipway {} on {} at {}",
        manifest.rows(),
        manifest.slipway,
        manifest.database,
        jiff::Timestamp::from_millisecond(manifest.made_at).unwrap_or_default()
    );
    let change = Change { action: "portal.restore", target: "portal", after: Some(&after), ..Change::default() };
    audit::record(tx, &Actor::Operator, now, change).await
}

async fn add(tx: &mut Tx, table: &str, rows: &Path, file: &Path) -> Result<()> {
    let columns = store::columns(tx, table).await?;
    let broken = |at: usize, why: &str| archive::damaged(file, &format!("row {} of {table} {why}", at + 1));
    let opened = File::open(rows).map_err(Error::internal)?;
    let most = (VALUES / columns.len().max(1)).clamp(1, ROWS);
    let (mut batch, mut bytes): (Vec<Map<String, Value>>, usize) = (Vec::new(), 0);
    for (at, line) in BufReader::new(opened).lines().enumerate() {
        let line = line.map_err(|error| broken(at, &error.to_string()))?;
        let row: Map<String, Value> =
            serde_json::from_str(&line).map_err(|error| broken(at, &format!("is not JSON ({error})")))?;
        if let Some(name) = row.keys().find(|name| !columns.iter().any(|column| column.name == **name)) {
            return Err(broken(at, &format!("has a column {name}, which its schema has not")));
        }
        if let Some(column) = columns.iter().find(|column| !column.kind.has(row.get(&column.name))) {
            return Err(broken(at, &format!("has another kind of value in {}", column.name)));
        }
        bytes += line.len();
        batch.push(row);
        if batch.len() >= most || bytes >= BYTES {
            insert(tx, table, &columns, &batch, file).await?;
            batch.clear();
            bytes = 0;
        }
    }
    if batch.is_empty() { Ok(()) } else { insert(tx, table, &columns, &batch, file).await }
}

async fn insert(
    tx: &mut Tx,
    table: &str,
    columns: &[store::Column],
    rows: &[Map<String, Value>],
    file: &Path,
) -> Result<()> {
    match store::add(tx, table, columns, rows).await {
        Err(Error::Internal(why)) => Err(archive::damaged(file, &format!("rows of {table} do not fit ({why})"))),
        done => done,
    }
}
