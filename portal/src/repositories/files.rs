//! Files at the head of a repository, read from Git when somebody looks at them. Every read is bounded, and nothing that
//! comes out of a repository is trusted: HTML is sanitised, text is text, and images are of a few known types.

use std::path::PathBuf;

use engine_repo::{Blob, FileKind, OpenError, ReadError, Repository};
use model::repository::Head;
use model::{Finding, Level};
use tokio::sync::Semaphore;

use super::{FileContent, FileView, store};
use crate::docs::Addresses;
use crate::identity::Actor;
use crate::{Error, Portal, Result, docs};

const MARKDOWN_BYTES: usize = 1 << 20;
const TEXT_BYTES: usize = 512 << 10;
const IMAGE_BYTES: usize = 5 << 20;
/// What Git looks at to tell text from the rest.
const BINARY_PREFIX: usize = 8000;
const LFS: &[u8] = b"version https://git-lfs.github.com/spec/";
/// Files that are read at the same time; each may take as much memory as the largest that is read.
static READERS: Semaphore = Semaphore::const_new(8);

/// In the order in which they are preferred; compared without regard to case.
const READMES: [&str; 7] =
    ["readme.md", "readme.markdown", "readme.mdown", "readme.rst", "readme.adoc", "readme.txt", "readme"];

/// One file at the head of the default branch. Of a folder its README, or else what is in it.
///
/// # Errors
/// [`Error::NotFound`] for a path that the head does not have; [`Error::Unavailable`] when the repository cannot be read.
pub async fn file(portal: &Portal, actor: &Actor, slug: &str, path: &str) -> Result<FileView> {
    read(portal, actor, &Addresses::of_repository(slug), path).await
}

/// As [`file`], with links that lead where `addresses` says.
pub(crate) async fn read(portal: &Portal, actor: &Actor, addresses: &Addresses, path: &str) -> Result<FileView> {
    let slug = &addresses.slug;
    let place = Place::find(portal, actor, slug).await?;
    let missing = || Error::not_found(format_args!("{path} in the repository {slug}"));
    let path = normal(path).ok_or_else(missing)?;
    match place.look(path.clone(), false).await? {
        Some(found) => show(portal, &place, addresses, found).await,
        None => Err(missing()),
    }
}

/// The commit whose files are shown.
pub(crate) async fn head(portal: &Portal, actor: &Actor, slug: &str) -> Result<Option<Head>> {
    let place = Place::find(portal, actor, slug).await?;
    place.open(Repository::head).await?.map_err(|error| place.cannot_read(&error))
}

/// The README of `folder` (empty for the root, where `docs/` and `.github/` are looked at too); `None` when there is
/// none.
///
/// # Errors
/// As [`file`].
pub async fn readme(portal: &Portal, actor: &Actor, slug: &str, folder: &str) -> Result<Option<FileView>> {
    let place = Place::find(portal, actor, slug).await?;
    let Some(folder) = normal(folder) else { return Ok(None) };
    match place.look(folder, true).await? {
        Some(found) => show(portal, &place, &Addresses::of_repository(slug), found).await.map(Some),
        None => Ok(None),
    }
}

/// The text of one file at the head of the default branch, as it stands there; `None` where there is none.
///
/// # Errors
/// [`Error::Conflict`] for what is there and is no text that can be edited; otherwise as [`file`].
pub async fn text(portal: &Portal, actor: &Actor, slug: &str, path: &str) -> Result<Option<String>> {
    let place = Place::find(portal, actor, slug).await?;
    let wanted = path.to_owned();
    let read = place.open(move |repository| match repository.file_id(&wanted)? {
        Some(_) => Ok(Some(repository.file(&wanted, TEXT_BYTES)?)),
        None => Ok(None),
    });
    let refused = |what: &str| Error::Conflict(format!("{path} {what}: change it in a clone of the repository."));
    let Some(found) = read.await?.map_err(|error| place.cannot_read(&error))? else { return Ok(None) };
    match found {
        Some(file) if file.kind == FileKind::Link => Err(refused("is a symbolic link")),
        Some(file) if file.blob.truncated => Err(refused("is larger than 512 KB")),
        Some(file) => String::from_utf8(file.blob.bytes).map(Some).map_err(|_| refused("is not a text in UTF-8")),
        None => Err(refused("is a submodule")),
    }
}

/// A path without the parts that mean nothing; `None` if it leaves the repository.
fn normal(path: &str) -> Option<String> {
    engine_docs::resolve("", path)
}

/// A repository that the actor may read.
struct Place {
    slug: String,
    path: PathBuf,
}

/// What is at a path.
enum Found {
    File { path: String, id: String },
    Folder { path: String, entries: Vec<(String, bool)> },
}

impl Place {
    async fn find(portal: &Portal, actor: &Actor, slug: &str) -> Result<Self> {
        let path = store::path(portal.db(), actor.readable(), slug).await?;
        let path = path.ok_or_else(|| Error::not_found(format_args!("The repository {slug}")))?;
        Ok(Self { slug: slug.to_owned(), path: PathBuf::from(path) })
    }

    /// Opens the repository on a thread that may wait for the disk.
    async fn open<T: Send + 'static>(
        &self,
        read: impl FnOnce(&Repository) -> std::result::Result<T, ReadError> + Send + 'static,
    ) -> Result<std::result::Result<T, ReadError>> {
        let _permit = READERS.acquire().await.map_err(Error::internal)?;
        let path = self.path.clone();
        let slug = self.slug.clone();
        let opened = move || match Repository::open(&path) {
            Ok(repository) => Ok(read(&repository)),
            Err(error) => Err(cannot_open(&slug, &error)),
        };
        tokio::task::spawn_blocking(opened).await.map_err(Error::internal)?
    }

    /// What is at `path`; of a folder its README where it has one.
    async fn look(&self, path: String, readme_only: bool) -> Result<Option<Found>> {
        let found = self.open(move |repository| look(repository, path, readme_only)).await?;
        found.map_err(|error| self.cannot_read(&error))
    }

    fn cannot_read(&self, error: &ReadError) -> Error {
        Error::Unavailable(format!(
            "The repository {} cannot be read: {error}. Check it with git fsck, then sync again.",
            self.slug
        ))
    }
}

fn cannot_open(slug: &str, error: &OpenError) -> Error {
    Error::Unavailable(format!(
        "The repository {slug} cannot be opened: {error}. If it was moved or removed, sync its source."
    ))
}

fn look(repository: &Repository, path: String, readme_only: bool) -> std::result::Result<Option<Found>, ReadError> {
    if !readme_only && let Some(id) = repository.file_id(&path)? {
        return Ok(Some(Found::File { path, id }));
    }
    let Some(entries) = repository.folder(&path)? else { return Ok(None) };
    let more: &[&str] = if readme_only && path.is_empty() { &["docs", ".github"] } else { &[] };
    let folders = std::iter::once(path.clone()).chain(more.iter().map(|folder| (*folder).to_owned()));
    for folder in folders {
        let Some(entries) = repository.folder(&folder)? else { continue };
        let files: Vec<&str> = entries.iter().filter(|e| e.kind.is_some()).map(|entry| entry.name.as_str()).collect();
        let preferred = READMES.iter().find_map(|readme| files.iter().find(|name| name.eq_ignore_ascii_case(readme)));
        let Some(name) = preferred else { continue };
        let path = if folder.is_empty() { (*name).to_owned() } else { format!("{folder}/{name}") };
        if let Some(id) = repository.file_id(&path)? {
            return Ok(Some(Found::File { path, id }));
        }
    }
    if readme_only {
        return Ok(None);
    }
    let entries = entries.into_iter().map(|entry| (entry.name, entry.kind.is_none())).collect();
    Ok(Some(Found::Folder { path, entries }))
}

async fn show(portal: &Portal, place: &Place, addresses: &Addresses, found: Found) -> Result<FileView> {
    let (path, id) = match found {
        Found::File { path, id } => (path, id),
        Found::Folder { path, entries } => {
            let rendered = docs::folder(addresses, &path, &entries);
            return Ok(FileView { path, content: FileContent::Markdown(rendered) });
        }
    };
    let kind = Shown::of(&path);
    if kind == Shown::Markdown
        && let Some(rendered) = docs::remembered(portal, addresses, &path, &id).await?
    {
        return Ok(FileView { path, content: FileContent::Markdown(rendered) });
    }
    let (links, wanted) = (addresses.clone(), path.clone());
    let read = place.open(move |repository| {
        Ok(repository.file(&wanted, kind.limit())?.map(|file| content(&links, &wanted, kind, file.kind, &file.blob)))
    });
    let content = match read.await? {
        Ok(Some(content)) => content,
        Ok(None) => FileContent::Message(message(
            &path,
            "file.submodule",
            "is a submodule, another repository",
            "Look at that repository instead.",
        )),
        Err(error @ ReadError::TooLarge { .. }) => FileContent::Message(message(
            &path,
            "file.size",
            &format!("is too large to be shown: {error}"),
            OPEN_LOCALLY,
        )),
        Err(error) => return Err(place.cannot_read(&error)),
    };
    if let FileContent::Markdown(rendered) = &content {
        docs::remember(portal, addresses, &path, &id, rendered).await?;
    }
    Ok(FileView { path, content })
}

const OPEN_LOCALLY: &str = "Open it in a clone of the repository.";

/// How a file is shown, by its name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Shown {
    Markdown,
    Image { mime: &'static str, sandbox: bool },
    Text,
}

impl Shown {
    fn of(path: &str) -> Self {
        let name = path.rsplit('/').next().unwrap_or(path);
        let extension = name.rsplit_once('.').map(|(_, extension)| extension.to_ascii_lowercase());
        let image = |mime| Self::Image { mime, sandbox: false };
        match extension.as_deref() {
            Some("md" | "markdown" | "mdown") => Self::Markdown,
            Some("png") => image("image/png"),
            Some("jpg" | "jpeg") => image("image/jpeg"),
            Some("gif") => image("image/gif"),
            Some("webp") => image("image/webp"),
            Some("svg") => Self::Image { mime: "image/svg+xml", sandbox: true },
            _ => Self::Text,
        }
    }

    fn limit(self) -> usize {
        match self {
            Self::Markdown => MARKDOWN_BYTES,
            Self::Image { .. } => IMAGE_BYTES,
            Self::Text => TEXT_BYTES,
        }
    }
}

fn content(addresses: &Addresses, path: &str, shown: Shown, kind: FileKind, blob: &Blob) -> FileContent {
    let note = |rule, what: &str, help| FileContent::Message(message(path, rule, what, help));
    if kind == FileKind::Link {
        let target: String = blob.text().chars().take(200).collect();
        return note(
            "file.link",
            &format!("is a symbolic link to {target}"),
            "Links are not followed; open what it leads to.",
        );
    }
    if blob.bytes.starts_with(LFS) {
        return note("file.lfs", "is kept in Git LFS, and only a pointer to it is in the repository", OPEN_LOCALLY);
    }
    if let Shown::Image { mime, sandbox } = shown {
        return match blob.truncated {
            true => note("file.size", "is an image of more than 5 MB", OPEN_LOCALLY),
            false if !is_image(mime, &blob.bytes) => {
                note("file.image", "is not an image of the kind that its name says", OPEN_LOCALLY)
            }
            false => FileContent::Image { bytes: blob.bytes.clone(), mime, sandbox },
        };
    }
    if blob.bytes.iter().take(BINARY_PREFIX).any(|byte| *byte == 0) {
        return note("file.binary", "is not a text", OPEN_LOCALLY);
    }
    if shown == Shown::Markdown {
        let mut rendered = docs::render(addresses, path, &blob.text());
        rendered.truncated |= blob.truncated;
        return FileContent::Markdown(rendered);
    }
    match blob.truncated {
        true => note("file.size", "is a text of more than 512 KB", OPEN_LOCALLY),
        false => FileContent::Text(blob.text().into_owned()),
    }
}

/// Whether the content begins as the format does; a name alone is what anybody can write.
fn is_image(mime: &str, bytes: &[u8]) -> bool {
    match mime {
        "image/png" => bytes.starts_with(b"\x89PNG"),
        "image/jpeg" => bytes.starts_with(b"\xff\xd8\xff"),
        "image/gif" => bytes.starts_with(b"GIF8"),
        "image/webp" => bytes.starts_with(b"RIFF") && bytes.get(8..12) == Some(b"WEBP".as_slice()),
        _ => std::str::from_utf8(bytes).is_ok_and(|text| text.contains("<svg")),
    }
}

fn message(path: &str, rule: &str, what: &str, help: &str) -> Finding {
    Finding::new(rule, Level::Note, format!("{path} {what}"), help).at(path, 0, 0)
}
