//! The file: a tar archive in gzip, with its manifest first.

use std::fs::{self, File};
use std::io::{self, BufReader, BufWriter, Read, Write as _};
use std::path::Path;

use flate2::Compression;
use flate2::read::GzDecoder;
use flate2::write::GzEncoder;
use model::{Finding, Findings, Level};
use sha2::{Digest as _, Sha256};

use super::manifest::{FORMAT, KEYS, Manifest, NAME};
use crate::db::dialect::whole;
use crate::error::{Error, Result};
use crate::secret::hex;

/// Of a manifest, in bytes.
const LARGEST_MANIFEST: u64 = 4 << 20;
/// Behind the last member, in bytes: tar fills its blocks.
const LARGEST_REST: u64 = 1 << 20;

/// Writes the members that lie in `folder` into `file`, which appears when it is whole, for its owner alone.
pub fn write(manifest: &Manifest, folder: &Path, file: &Path) -> io::Result<()> {
    let parent = file.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let draft = tempfile::NamedTempFile::new_in(parent)?;
    let mut archive = tar::Builder::new(GzEncoder::new(BufWriter::new(draft.as_file()), Compression::default()));
    let time = u64::try_from(manifest.made_at / 1_000).unwrap_or_default();
    let mut add = |path: &str, size: u64, content: &mut dyn Read| {
        let mut header = tar::Header::new_gnu();
        header.set_size(size);
        header.set_mode(0o600);
        header.set_mtime(time);
        archive.append_data(&mut header, path, content)
    };
    let text = serde_json::to_vec_pretty(manifest)?;
    add(NAME, text.len() as u64, &mut text.as_slice())?;
    for member in &manifest.members {
        add(&member.path, member.bytes, &mut BufReader::new(File::open(folder.join(&member.path))?))?;
    }
    archive.into_inner()?.finish()?.flush()?;
    draft.as_file().sync_all()?;
    draft.persist_noclobber(file).map_err(|error| error.error)?;
    File::open(parent)?.sync_all()
}

/// Unpacks a file into `folder` and compares everything with the manifest.
///
/// # Errors
/// [`Error::Invalid`] for what is damaged, no backup, or of a newer version; [`Error::Unavailable`] for what cannot be read.
pub fn read(file: &Path, folder: &Path) -> Result<Manifest> {
    let opened =
        File::open(file).map_err(|error| Error::Unavailable(format!("{} cannot be read: {error}.", file.display())))?;
    let mut archive = tar::Archive::new(GzDecoder::new(BufReader::new(opened)));
    let broken = |error: io::Error| damaged(file, &format!("it ends too early, or is no archive ({error})"));
    let mut entries = archive.entries().map_err(broken)?;
    let first = entries.next().ok_or_else(|| damaged(file, "it is empty"))?.map_err(broken)?;
    if first.path().map_err(broken)? != Path::new(NAME) {
        return Err(damaged(file, "it does not begin with a manifest: is it a backup of Slipway?"));
    }
    let mut text = Vec::new();
    first.take(LARGEST_MANIFEST).read_to_end(&mut text).map_err(broken)?;
    let manifest: Manifest = serde_json::from_slice(&text)
        .map_err(|error| damaged(file, &format!("its manifest is not understood ({error})")))?;
    if manifest.format > FORMAT || manifest.schema > whole::newest() {
        return Err(invalid(
            "backup.newer",
            format!(
                "{} was made by a newer Slipway ({}, schema {}; this one has {})",
                file.display(),
                manifest.slipway,
                manifest.schema,
                whole::newest()
            ),
            "Bring it back with that version, or a later one.",
        ));
    }
    let mut expected = manifest.members.iter();
    for entry in entries {
        let mut entry = entry.map_err(broken)?;
        let member = expected.next().ok_or_else(|| damaged(file, "it holds more than its manifest says"))?;
        let is_file = entry.header().entry_type().is_file();
        if !is_file || entry.path().map_err(broken)? != Path::new(&member.path) || !is_safe(&member.path) {
            return Err(damaged(file, &format!("{} is not where its manifest says", member.path)));
        }
        let place = folder.join(&member.path);
        let unpack = |entry: &mut dyn Read| -> io::Result<(u64, String)> {
            fs::create_dir_all(place.parent().unwrap_or(folder))?;
            let mut to = BufWriter::new(create(&place)?);
            let mut sum = Sha256::new();
            let mut bytes = 0;
            let mut part = vec![0; 64 << 10];
            loop {
                let read = entry.read(&mut part)?;
                if read == 0 {
                    break;
                }
                sum.update(&part[..read]);
                to.write_all(&part[..read])?;
                bytes += read as u64;
            }
            to.flush()?;
            Ok((bytes, hex(&sum.finalize())))
        };
        let (bytes, sha256) = unpack(&mut entry.by_ref().take(member.bytes.saturating_add(1))).map_err(broken)?;
        if bytes != member.bytes || sha256 != member.sha256 {
            return Err(damaged(file, &format!("{} is not what was written (its checksum differs)", member.path)));
        }
    }
    if let Some(missing) = expected.next() {
        return Err(damaged(file, &format!("{} is missing", missing.path)));
    }
    // The sum over all of it stands at the end.
    let rest = io::copy(&mut archive.into_inner().take(LARGEST_REST), &mut io::sink()).map_err(broken)?;
    if rest == LARGEST_REST { Err(damaged(file, "it does not end")) } else { Ok(manifest) }
}

/// Ours are a table or a key, and lead nowhere else.
fn is_safe(path: &str) -> bool {
    (path.starts_with("tables/") || path.starts_with(KEYS))
        && path.split('/').all(|part| !part.is_empty() && part != "." && part != ".." && !part.contains('\\'))
}

/// A new file for its owner alone.
pub fn create(path: &Path) -> io::Result<File> {
    use std::os::unix::fs::OpenOptionsExt as _;
    File::options().write(true).create_new(true).mode(0o600).open(path)
}

pub fn damaged(file: &Path, why: &str) -> Error {
    invalid(
        "backup.damaged",
        format!("{} is no backup that can be brought back: {why}", file.display()),
        "Take another backup; nothing was changed.",
    )
}

fn invalid(rule: &str, message: String, help: &str) -> Error {
    Error::Invalid(Findings::from(vec![Finding::new(rule, Level::Error, message, help)]))
}
