//! A project to take away: its files as an archive, without any repository.

use std::io;

use engine_templates::lineage::{FILE, Lineage};
use engine_templates::tree::{Entry, Tree};
use flate2::Compression;
use flate2::write::GzEncoder;
use model::EntityRef;

use super::catalog;
use super::form::Given;
use super::render::{environment, ready, seed};
use crate::identity::{Action, Actor, Resource, can};
use crate::{Error, Portal, Result};

/// A file to be downloaded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Archive {
    /// `tides.tar.gz`
    pub name: String,
    pub bytes: Vec<u8>,
}

/// What [`super::preview`] shows as a `.tar.gz`, with the lineage that lets `slipway update` follow the template.
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
) -> Result<Archive> {
    can(actor, Action::Launch, Resource::Anything)?;
    let found = catalog::find(portal, actor, reference).await?;
    let opened = catalog::open(portal, &found, commit).await?;
    let now = portal.clock().now();
    let ready = ready(portal, &found.repository, opened).await?;
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
    let (name, at) = (format!("{folder}.tar.gz"), u64::try_from(now / 1_000).unwrap_or_default());
    let packed = tokio::task::spawn_blocking(move || pack(&tree, &folder, at)).await.map_err(Error::internal)?;
    Ok(Archive { name, bytes: packed.map_err(Error::internal)? })
}

fn pack(tree: &Tree, folder: &str, at: u64) -> io::Result<Vec<u8>> {
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
