//! Whether a backup can be brought back, and whether the database that is in use is in order.

use std::path::Path;

use super::manifest::Manifest;
use super::{archive, restore, store, tables};
use crate::db::dialect::whole;
use crate::db::{Db, Tx};
use crate::error::{Error, Result};
use crate::sealed::{KEY_FILE, Sealing};
use crate::settings::Settings;

/// One thing that was looked at.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Check {
    pub title: &'static str,
    /// What was found, for a person.
    pub found: String,
    pub ok: bool,
}

impl Check {
    fn good(title: &'static str, found: impl Into<String>) -> Self {
        Self { title, found: found.into(), ok: true }
    }

    fn bad(title: &'static str, found: impl Into<String>) -> Self {
        Self { title, found: found.into(), ok: false }
    }
}

/// Rules that hold the audit log; each is one trigger, named in the steps of the schema.
const RULES: [&str; 7] = [
    "audit_is_not_changed",
    "audit_is_kept",
    "audit_floor_is_audited",
    "audit_floor_stays",
    "audit_pseudonym_is_audited",
    "audit_pseudonym_stays",
    "audit_pseudonym_closes_once",
];

/// Clocks of two machines may differ by so much: milliseconds.
const SKEW: i64 = 60 * 60 * 1_000;

/// Looks at the database that is in use, also while the portal is served; changes nothing.
///
/// # Errors
/// [`Error::Unavailable`] where it cannot be opened.
pub async fn verify(settings: &Settings) -> Result<Vec<Check>> {
    let db = Db::open_as_it_is(&settings.database, &settings.data).await?;
    let checks = async {
        let mut tx = db.snapshot().await?;
        look(&mut tx, settings).await
    }
    .await;
    db.close().await;
    checks
}

async fn look(tx: &mut Tx, settings: &Settings) -> Result<Vec<Check>> {
    let Some(schema) = store::schema(tx).await? else {
        return Ok(vec![Check::bad("Schema", "there is nothing in the database yet")]);
    };
    let mut checks = vec![steps(tx, schema).await?, sound(tx).await?, rows(tx).await?];
    // Older ones have neither; the next start brings them up to date.
    if schema == whole::newest() {
        checks.push(log(tx, settings.clock.now()).await?);
        checks.push(keys(tx, settings).await?);
    }
    Ok(checks)
}

async fn steps(tx: &mut Tx, schema: i64) -> Result<Check> {
    let (title, newest) = ("Schema", whole::newest());
    if schema > newest {
        return Ok(Check::bad(title, format!("step {schema}, from a newer Slipway; this one has {newest}")));
    }
    let strange: Vec<String> =
        whole::steps(tx).await?.iter().filter(|(_, is_ours)| !is_ours).map(|(step, _)| step.to_string()).collect();
    Ok(match strange.is_empty() {
        false => Check::bad(title, format!("steps {} are not the ones that this Slipway has", strange.join(", "))),
        true if schema < newest => Check::good(title, format!("step {schema}; the next start brings it to {newest}")),
        true => Check::good(title, format!("step {schema}, the newest")),
    })
}

async fn sound(tx: &mut Tx) -> Result<Check> {
    let faults = whole::faults(tx).await?;
    Ok(match faults.is_empty() {
        true => Check::good("Integrity", "nothing is damaged, and every reference leads somewhere"),
        false => Check::bad("Integrity", faults.join("; ")),
    })
}

/// Each row is read.
async fn rows(tx: &mut Tx) -> Result<Check> {
    let (mut count, mut present) = (0_u64, 0_u64);
    for table in tables::KEPT {
        let columns = store::columns(tx, table).await?;
        if columns.is_empty() {
            continue;
        }
        present += 1;
        let read = store::read(tx, table, &columns, |_| {
            count += 1;
            Ok(())
        });
        if let Err(error) = read.await {
            return Ok(Check::bad("Rows", format!("{table} cannot be read: {error}")));
        }
    }
    Ok(Check::good("Rows", format!("{count} in {present} tables, all of them read")))
}

async fn log(tx: &mut Tx, now: i64) -> Result<Check> {
    let rules = whole::rules(tx).await?;
    let missing: Vec<&str> = RULES.into_iter().filter(|name| !rules.iter().any(|rule| rule == name)).collect();
    if !missing.is_empty() {
        let found = format!("rules that keep it append-only are missing: {}", missing.join(", "));
        return Ok(Check::bad("Audit log", found));
    }
    let (count, early) = store::audit(tx, now.saturating_add(SKEW)).await?;
    Ok(match early {
        0 => Check::good("Audit log", format!("{count} entries, and the rules that keep it append-only")),
        early => Check::bad("Audit log", format!("{early} entries are from the future: check the clock")),
    })
}

/// Keys are files beside the database.
async fn keys(tx: &mut Tx, settings: &Settings) -> Result<Check> {
    let apps = store::apps(tx).await?;
    let has_key = |app: &String| settings.data.join("apps").join(app).join("key.pem").is_file();
    let missing: Vec<&str> = apps.iter().filter(|app| !has_key(app)).map(String::as_str).collect();
    if !missing.is_empty() {
        let found =
            format!("private keys of Apps are not in the data folder: {}; copy them to apps/", missing.join(", "));
        return Ok(Check::bad("Keys", found));
    }
    let sealed = store::sealed(tx).await?;
    let sealing = if sealed.is_empty() { None } else { Sealing::of_file(settings).ok() };
    let opens = |(owner, kind, body): &(String, String, String)| {
        sealing.as_ref().is_some_and(|sealing| sealing.unseal(owner, kind, body).is_some())
    };
    let closed = sealed.iter().filter(|row| !opens(row)).count();
    Ok(match closed {
        0 => Check::good("Keys", format!("of {} registered Apps, and for {} sealed secrets", apps.len(), sealed.len())),
        closed => {
            let found = format!(
                "{closed} of {} sealed secrets do not open with the key that is there: copy {KEY_FILE}",
                sealed.len()
            );
            Check::bad("Keys", format!("{found}, or let these people sign in anew"))
        }
    })
}

/// Looks at a backup: every checksum, and every row, by bringing it back into a database of its own that is then thrown away.
///
/// # Errors
/// [`Error::Invalid`] for one that is damaged or of a newer version, [`Error::Unavailable`] where it cannot be read.
pub async fn verify_file(settings: &Settings, file: &Path) -> Result<(Manifest, Vec<Check>)> {
    let scratch = tempfile::tempdir().map_err(Error::internal)?;
    let manifest = archive::read(file, scratch.path())?;
    let now = settings.clock.now();
    restore::make(&scratch.path().join("slipway.db"), &manifest, scratch.path(), file, now).await?;
    let members = manifest.members.len();
    let time = jiff::Timestamp::from_millisecond(manifest.made_at).unwrap_or_default();
    let keys = if manifest.with_keys { "private keys are in it" } else { "no private keys are in it" };
    let checks = vec![
        Check::good("Checksums", format!("{members} members are what was written")),
        Check::good("Rows", format!("{} were brought back into an empty database", manifest.rows())),
        Check::good("Made", format!("{time} by Slipway {} on {}; {keys}", manifest.slipway, manifest.database)),
    ];
    Ok((manifest, checks))
}
