//! From the database, and the keys in the data folder, to files.

use std::fs::{self, File};
use std::io::{self, BufWriter, Write};
use std::path::Path;

use sha2::{Digest as _, Sha256};

use super::archive::create;
use super::manifest::{FORMAT, KEYS, Manifest, Member};
use super::{cannot_write, store, tables};
use crate::db::Db;
use crate::db::dialect::whole;
use crate::error::{Error, Result};
use crate::sealed::KEY_FILE;
use crate::secret::hex;

/// What is kept in the data folder and is secret.
const SECRET: [&str; 2] = ["apps", KEY_FILE];

/// Writes all rows, as of one moment, into files below `folder`.
///
/// # Errors
/// [`Error::Unavailable`] for a database that is empty, or newer than this program: it has what this one does not know.
pub async fn tables(db: &Db, folder: &Path, now: i64) -> Result<Manifest> {
    let mut tx = db.snapshot().await?;
    let schema = store::schema(&mut tx).await?;
    let schema = schema.ok_or_else(|| Error::Unavailable("There is nothing in the database yet.".to_owned()))?;
    if schema > whole::newest() {
        return Err(crate::db::refused(sqlx::migrate::MigrateError::VersionMissing(schema)));
    }
    let mut members = Vec::new();
    fs::create_dir_all(folder.join("tables")).map_err(|error| cannot_write(folder, &error))?;
    for table in tables::KEPT {
        let columns = store::columns(&mut tx, table).await?;
        if columns.is_empty() {
            continue;
        }
        let path = format!("tables/{table}.jsonl");
        let place = folder.join(&path);
        let failed = |error: io::Error| cannot_write(&place, &error);
        let mut file = Summed::create(&place).map_err(failed)?;
        let mut rows = 0;
        store::read(&mut tx, table, &columns, |row| {
            rows += 1;
            file.write_all(row.as_bytes()).and_then(|()| file.write_all(b"\n")).map_err(failed)
        })
        .await?;
        let (bytes, sha256) = file.finish().map_err(failed)?;
        members.push(Member { path, bytes, sha256, rows: Some(rows) });
    }
    let (slipway, database) = (env!("CARGO_PKG_VERSION").to_owned(), db.name().to_owned());
    Ok(Manifest { format: FORMAT, slipway, schema, database, made_at: now, with_keys: false, members })
}

/// Copies the private keys of the data folder to below `folder`.
pub fn keys(data: &Path, folder: &Path, manifest: &mut Manifest) -> Result<()> {
    manifest.with_keys = true;
    for name in SECRET {
        copy(data, name, folder, &mut manifest.members).map_err(|error| cannot_write(folder, &error))?;
    }
    Ok(())
}

fn copy(data: &Path, relative: &str, folder: &Path, members: &mut Vec<Member>) -> io::Result<()> {
    let from = data.join(relative);
    if from.is_dir() {
        let mut names: Vec<_> =
            fs::read_dir(&from)?.map(|entry| entry.map(|entry| entry.file_name())).collect::<io::Result<_>>()?;
        names.sort();
        // Drafts begin with a dot.
        for name in names.iter().filter_map(|name| name.to_str()).filter(|name| !name.starts_with('.')) {
            copy(data, &format!("{relative}/{name}"), folder, members)?;
        }
    } else if from.is_file() {
        let path = format!("{KEYS}{relative}");
        let place = folder.join(&path);
        fs::create_dir_all(place.parent().unwrap_or(folder))?;
        let mut file = Summed::create(&place)?;
        io::copy(&mut File::open(&from)?, &mut file)?;
        let (bytes, sha256) = file.finish()?;
        members.push(Member { path, bytes, sha256, rows: None });
    }
    Ok(())
}

/// A file that is summed up while it is written.
struct Summed {
    file: BufWriter<File>,
    sum: Sha256,
    bytes: u64,
}

impl Summed {
    fn create(path: &Path) -> io::Result<Self> {
        Ok(Self { file: BufWriter::new(create(path)?), sum: Sha256::new(), bytes: 0 })
    }

    /// How many bytes were written, and their sum.
    fn finish(mut self) -> io::Result<(u64, String)> {
        self.file.flush()?;
        Ok((self.bytes, hex(&self.sum.finalize())))
    }
}

impl Write for Summed {
    fn write(&mut self, part: &[u8]) -> io::Result<usize> {
        let written = self.file.write(part)?;
        self.sum.update(&part[..written]);
        self.bytes += written as u64;
        Ok(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.flush()
    }
}
