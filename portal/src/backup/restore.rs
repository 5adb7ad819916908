//! What a file holds comes in the place of what is there, at once or not at all.
//!
//! On SQLite a new database is made beside the one that is there, in whose place it is then moved, which the file system does
//! at once; the one before is kept under another name. On Postgres all of it is one transaction.

use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use super::manifest::Manifest;
use super::{Done, archive, cannot_write, rows, store, tables};
use crate::db::dialect::{self, whole};
use crate::db::{Db, Tx};
use crate::error::{Error, Result};
use crate::settings::Settings;

const DATABASE: &str = "slipway.db";
/// What an interrupted one has left begins with it.
const SCRATCH: &str = ".restoring-";
const PATIENCE: Duration = Duration::from_secs(3);

pub async fn into_folder(settings: &Settings, file: &Path, force: bool) -> Result<Done> {
    let data = &settings.data;
    let _lock = crate::portal::lock(data).await?;
    let place = data.join(DATABASE);
    if place.exists() && !force {
        return Err(Error::Conflict(format!(
            "{} is there already. With --force the backup takes its place, and it is kept beside it.",
            place.display()
        )));
    }
    let failed = |error: io::Error| cannot_write(data, &error);
    sweep(data).map_err(failed)?;
    let scratch = tempfile::Builder::new().prefix(SCRATCH).tempdir_in(data).map_err(failed)?;
    let manifest = archive::read(file, scratch.path())?;
    let made = scratch.path().join(DATABASE);
    make(&made, &manifest, scratch.path(), file, settings.clock.now()).await?;
    keys(&manifest, scratch.path(), data).map_err(failed)?;
    let before = match place.exists() {
        true => Some(keep(&place, settings.clock.now()).await.map_err(failed)?),
        false => None,
    };
    File::open(&made).and_then(|made| made.sync_all()).map_err(failed)?;
    fs::rename(&made, &place).map_err(failed)?;
    File::open(data).and_then(|data| data.sync_all()).map_err(failed)?;
    Ok(Done { file: file.to_owned(), manifest, before })
}

/// A database of its own, whole, without any file beside it.
pub async fn make(place: &Path, manifest: &Manifest, folder: &Path, file: &Path, now: i64) -> Result<()> {
    let db = dialect::open_sqlite(place).await?;
    let made = async {
        let mut tx = db.begin().await?;
        rows::bring_back(&mut tx, manifest, folder, file, now).await?;
        tx.commit().await?;
        whole::fold(&db).await
    }
    .await;
    db.close().await;
    made
}

/// What was interrupted before is thrown away.
fn sweep(data: &Path) -> io::Result<()> {
    for entry in fs::read_dir(data)? {
        let entry = entry?;
        if entry.file_name().to_string_lossy().starts_with(SCRATCH) {
            fs::remove_dir_all(entry.path())?;
        }
    }
    Ok(())
}

/// Keys that are there already and differ are replaced one by one; none is taken away.
fn keys(manifest: &Manifest, folder: &Path, data: &Path) -> io::Result<()> {
    use std::os::unix::fs::DirBuilderExt as _;
    for member in &manifest.members {
        let Some(key) = member.key() else { continue };
        let place = data.join(key);
        fs::DirBuilder::new().recursive(true).mode(0o700).create(place.parent().unwrap_or(data))?;
        File::open(folder.join(&member.path))?.sync_all()?;
        fs::rename(folder.join(&member.path), place)?;
    }
    Ok(())
}

/// Gives the database that is there a second name. What SQLite keeps beside it belongs to it alone, and would be taken for a
/// part of the new one: it is folded in first, or moved away with it where that cannot be done any more.
async fn keep(place: &Path, now: i64) -> io::Result<PathBuf> {
    let beside = |suffix: &str| PathBuf::from(format!("{}{suffix}", place.display()));
    let time = jiff::Timestamp::from_millisecond(now).unwrap_or_default().strftime("%Y-%m-%dT%H%M%SZ").to_string();
    let kept = |suffix: &str| PathBuf::from(format!("{}.before-{time}{suffix}", place.display()));
    if let Ok(db) = dialect::open_sqlite(place).await {
        if let Err(error) = whole::fold(&db).await {
            tracing::warn!(%error, "the database that is there cannot be folded into one file");
        }
        db.close().await;
    }
    match fs::remove_file(kept("")) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    fs::hard_link(place, kept(""))?;
    for suffix in ["-wal", "-shm", "-journal"] {
        if beside(suffix).exists() {
            fs::rename(beside(suffix), kept(suffix))?;
        }
    }
    Ok(kept(""))
}

pub async fn into_postgres(settings: &Settings, file: &Path, force: bool) -> Result<Done> {
    let _lock = crate::portal::lock(&settings.data).await?;
    let failed = |error: io::Error| cannot_write(&settings.data, &error);
    sweep(&settings.data).map_err(failed)?;
    let scratch = tempfile::Builder::new().prefix(SCRATCH).tempdir_in(&settings.data).map_err(failed)?;
    let manifest = archive::read(file, scratch.path())?;
    let db = Db::open_as_it_is(&settings.database, &settings.data).await?;
    let done = async {
        let mut tx = db.begin().await?;
        wait_for_others(&mut tx).await?;
        make_room(&mut tx, force).await?;
        rows::bring_back(&mut tx, &manifest, scratch.path(), file, settings.clock.now()).await?;
        keys(&manifest, scratch.path(), &settings.data).map_err(failed)?;
        tx.commit().await
    }
    .await;
    db.close().await;
    done.map(|()| Done { file: file.to_owned(), manifest, before: None })
}

/// Takes away what is there, within the transaction.
async fn make_room(tx: &mut Tx, force: bool) -> Result<()> {
    let is_ours = |table: &String| {
        table == tables::STEPS || tables::KEPT.iter().chain(tables::LEFT_OUT).any(|known| known == table)
    };
    let present: Vec<String> = whole::tables(tx).await?.into_iter().filter(is_ours).collect();
    if !present.is_empty() && !force {
        let text =
            "The database is not empty. With --force the backup takes the place of what is in it: back that up first.";
        return Err(Error::Conflict(text.to_owned()));
    }
    if let Some(schema) = store::schema(tx).await?.filter(|schema| *schema > whole::newest()) {
        return Err(crate::db::refused(sqlx::migrate::MigrateError::VersionMissing(schema)));
    }
    whole::drop_all(tx, &present).await
}

/// Those that were just stopped may take a moment.
async fn wait_for_others(tx: &mut Tx) -> Result<()> {
    let end = Instant::now() + PATIENCE;
    loop {
        match whole::others(tx).await? {
            0 => return Ok(()),
            others if Instant::now() > end => {
                return Err(Error::Conflict(format!(
                    "{others} connections of Slipway use this database: stop the portal on every node first."
                )));
            }
            _ => tokio::time::sleep(Duration::from_millis(100)).await,
        }
    }
}
