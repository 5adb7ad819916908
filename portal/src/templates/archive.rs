//! A project to take away: its files as an archive, without any repository.

use std::io::{self, Write as _};

use engine_templates::lineage::{FILE, Lineage};
use engine_templates::tree::{Entry, Tree};
use flate2::Compression;
use flate2::write::GzEncoder;
use model::EntityRef;
use zip::ZipWriter;
use zip::result::ZipResult;
use zip::write::SimpleFileOptions;

use super::form::Given;
use super::render::{environment, find_ready, seed};
use crate::identity::{Action, Actor, Resource, can};
use crate::{Error, Portal, Result};

/// A file to be downloaded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Archive {
    /// `tides.tar.gz`
    pub name: String,
    pub bytes: Vec<u8>,
}

/// How files are packed.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Packing {
    #[default]
    TarGz,
    Zip,
}

impl Packing {
    pub const ALL: [Self; 2] = [Self::TarGz, Self::Zip];

    /// What the name of the file ends with.
    pub fn ending(self) -> &'static str {
        match self {
            Self::TarGz => "tar.gz",
            Self::Zip => "zip",
        }
    }

    /// The one of this ending.
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|packing| packing.ending() == text)
    }
}

/// What [`super::preview`] shows, packed, with the lineage that lets `slipway update` follow the template.
///
/// # Errors
/// As [`super::preview`]; [`Error::Forbidden`] for who may not launch.
pub async fn archive(
    portal: &Portal,
    actor: &Actor,
    reference: &EntityRef,
    commit: Option<&str>,
    given: &Given,
    key: &str,
    packing: Packing,
) -> Result<Archive> {
    can(actor, Action::Launch, Resource::Anything)?;
    let (found, ready) = find_ready(portal, actor, reference, commit).await?;
    let now = portal.clock().now();
    let (form, answers) = ready.fill(given, now).await?;
    super::valid(&form)?;
    let secrets: Vec<String> =
        form.questions().filter(|question| question.secret).map(|question| question.name.clone()).collect();
    if !secrets.is_empty() {
        let why = "This template asks for secrets, which no file that is passed on should hold: launch it instead.";
        return Err(Error::Conflict(why.to_owned()));
    }
    let opened = &ready.opened;
    let inputs = environment(now, seed(key), &opened.source.address);
    let rendered = ready.render(&answers, &inputs).await?;
    let (source, version) = (opened.source.clone(), opened.version.clone());
    let (dialect, programs) = (opened.template.dialect(), ready.remembered());
    let lineage =
        Lineage::record(source, version, dialect, &inputs, &rendered.answers, &secrets, &rendered.tree, programs);
    let mut tree = rendered.tree;
    tree.insert(FILE, Entry::file(lineage.to_text().into_bytes(), 0o644)).map_err(Error::internal)?;
    let folder = rendered.folder.unwrap_or_else(|| found.row.reference.name.clone());
    let folder = folder.rsplit('/').next().unwrap_or_default().to_owned();
    let name = format!("{folder}.{}", packing.ending());
    let pack = move || match packing {
        Packing::TarGz => tar_gz(&tree, &folder, now).map_err(Error::internal),
        Packing::Zip => zipped(&tree, &folder, now).map_err(Error::internal),
    };
    Ok(Archive { name, bytes: tokio::task::spawn_blocking(pack).await.map_err(Error::internal)?? })
}

fn tar_gz(tree: &Tree, folder: &str, now: i64) -> io::Result<Vec<u8>> {
    let at = u64::try_from(now / 1_000).unwrap_or_default();
    let mut archive = tar::Builder::new(GzEncoder::new(Vec::new(), Compression::default()));
    for (path, entry) in tree.iter() {
        let path = format!("{folder}/{path}");
        let mut header = tar::Header::new_gnu();
        header.set_mtime(at);
        match entry {
            Entry::File { content, mode } => {
                header.set_entry_type(tar::EntryType::Regular);
                header.set_mode(if mode & 0o100 == 0 { 0o644 } else { 0o755 });
                header.set_size(content.len() as u64);
                archive.append_data(&mut header, path, &**content)?;
            }
            Entry::Link { target } => {
                header.set_entry_type(tar::EntryType::Symlink);
                header.set_mode(0o777);
                header.set_size(0);
                archive.append_link(&mut header, path, target)?;
            }
            Entry::Folder => {
                header.set_entry_type(tar::EntryType::Directory);
                header.set_mode(0o755);
                header.set_size(0);
                archive.append_data(&mut header, path, io::empty())?;
            }
        }
    }
    archive.into_inner()?.finish()
}

fn zipped(tree: &Tree, folder: &str, now: i64) -> ZipResult<Vec<u8>> {
    let mut archive = ZipWriter::new(io::Cursor::new(Vec::new()));
    let options = SimpleFileOptions::default().last_modified_time(moment(now)).unix_permissions(0o644);
    for (path, entry) in tree.iter() {
        let path = format!("{folder}/{path}");
        match entry {
            Entry::File { content, mode } => {
                archive.start_file(path, options.unix_permissions(if mode & 0o100 == 0 { 0o644 } else { 0o755 }))?;
                archive.write_all(content)?;
            }
            Entry::Link { target } => archive.add_symlink(path, target, options)?,
            Entry::Folder => archive.add_directory(path, options.unix_permissions(0o755))?,
        }
    }
    Ok(archive.finish()?.into_inner())
}

/// As the format has it: without a zone, in pairs of seconds, from 1980 on.
fn moment(now: i64) -> zip::DateTime {
    let Ok(at) = jiff::Timestamp::from_millisecond(now) else { return zip::DateTime::default() };
    let at = jiff::tz::TimeZone::UTC.to_datetime(at);
    let part = |value: i8| u8::try_from(value).unwrap_or_default();
    let year = u16::try_from(at.year()).unwrap_or_default();
    let (date, time) = ((part(at.month()), part(at.day())), (part(at.hour()), part(at.minute()), part(at.second())));
    zip::DateTime::from_date_and_time(year, date.0, date.1, time.0, time.1, time.2).unwrap_or_default()
}
