//! Backups: one file with everything that Git does not have, made while the portal is served, and brought back at once or
//! not at all.
//!
//! The file is logical: each table as JSON lines, as of one moment, the same for SQLite and for Postgres. So one file moves a
//! portal from one to the other, is read by whichever version comes later (the rows are brought back at the schema that they
//! had, which is then brought up to date as with any upgrade), and can be looked at with `tar` and `jq`. Sessions, links that
//! are good once, and what is made anew by itself are not in it; private keys are where the operator says so.

mod archive;
mod export;
mod manifest;
mod restore;
mod rows;
pub(crate) mod store;
mod tables;
#[cfg(test)]
mod tests;
mod verify;

use std::path::{Path, PathBuf};

pub use self::manifest::{Manifest, Member};
pub use self::verify::{Check, verify, verify_file};
use crate::audit::{self, Change};
use crate::db::Db;
use crate::db::dialect::whole;
use crate::error::{Error, Result};
use crate::identity::Actor;
use crate::settings::{DatabaseSettings, Settings};

/// A backup that was made or brought back.
#[derive(Debug)]
pub struct Done {
    pub file: PathBuf,
    pub manifest: Manifest,
    /// The database that was there before, where it was kept.
    pub before: Option<PathBuf>,
}

/// Writes everything that must be kept into `to`, or into a new file in `to` where that is a folder; the portal may be served
/// meanwhile. With `with_keys` also private keys are in it: whoever has that file acts as the portal does at the forge, and
/// reads what is sealed.
///
/// # Errors
/// [`Error::Conflict`] where `to` exists already; [`Error::Unavailable`] for a database that cannot be opened or is newer than
/// this program, or a place that cannot be written.
pub async fn backup(settings: &Settings, to: &Path, with_keys: bool) -> Result<Done> {
    let db = Db::open_as_it_is(&settings.database, &settings.data).await?;
    let done = backup_of(&db, settings, to, with_keys).await;
    db.close().await;
    done
}

async fn backup_of(db: &Db, settings: &Settings, to: &Path, with_keys: bool) -> Result<Done> {
    let now = settings.clock.now();
    let file = if to.is_dir() { to.join(manifest::file_name(now)) } else { to.to_owned() };
    if file.exists() {
        return Err(Error::Conflict(format!("{} exists already: name another file.", file.display())));
    }
    let folder = file.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let scratch = tempfile::Builder::new().prefix(".slipway-backup-").tempdir_in(folder);
    let scratch = scratch.map_err(|error| cannot_write(folder, &error))?;
    let mut manifest = export::tables(db, scratch.path(), now).await?;
    if with_keys {
        export::keys(&settings.data, scratch.path(), &mut manifest)?;
    }
    archive::write(&manifest, scratch.path(), &file).map_err(|error| cannot_write(&file, &error))?;
    if manifest.schema == whole::newest() {
        let after = if with_keys { "with keys" } else { "without keys" };
        let change = Change { action: "portal.backup", target: "portal", after: Some(after), ..Change::default() };
        let mut tx = db.begin().await?;
        audit::record(&mut tx, &Actor::Operator, now, change).await?;
        tx.commit().await?;
    }
    Ok(Done { file, manifest, before: None })
}

/// Puts what a file holds in the place of what is there, at once or not at all. Nobody may serve the portal meanwhile.
///
/// # Errors
/// [`Error::Invalid`] for a file that is damaged, no backup, or of a newer version; [`Error::Conflict`] where something is
/// there and `force` is not given, or where the portal is served; [`Error::Unavailable`] where something cannot be read or
/// written. In each case everything is as before.
pub async fn restore(settings: &Settings, file: &Path, force: bool) -> Result<Done> {
    match &settings.database {
        DatabaseSettings::Sqlite => restore::into_folder(settings, file, force).await,
        DatabaseSettings::Postgres(_) | DatabaseSettings::PostgresIn(_) => {
            restore::into_postgres(settings, file, force).await
        }
    }
}

fn cannot_write(path: &Path, error: &std::io::Error) -> Error {
    Error::Unavailable(format!(
        "{} cannot be written ({error}): check the permissions, and that the disk has space.",
        path.display()
    ))
}
