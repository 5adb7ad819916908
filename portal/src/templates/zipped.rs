//! Templates in zip archives, taken as cookiecutter takes them: the files of the one folder that the archive begins with, with
//! Python's `zipfile` as the rule for what is a file (links are files that hold their target, and modes are not kept).

use std::io::{Cursor, Read};
use std::path::Path;
use std::time::Duration;

use bytes::Bytes;
use engine_templates::lineage::{Source, Version};
use engine_templates::tree::{Entry, Tree, check_path};
use http::{Request, header};
use url::Url;
use zip::ZipArchive;
use zip::result::ZipError;

use super::Fetched;
use crate::error::{Error, Result};
use crate::git::Connection;
use crate::outgoing::{Client, Limits, Way};

/// Bytes of an archive, and of all that it holds.
const LARGEST: usize = 256 << 20;
const LARGEST_UNPACKED: u64 = 1 << 30;
/// Files and folders.
const MOST: usize = 200_000;
const LIMITS: Limits = Limits { time: Duration::from_secs(300), largest_body: LARGEST };
/// Hosts of code answer with another address.
const MOST_REDIRECTS: usize = 5;
/// cookiecutter's own variable for archives with a password.
const PASSWORD: &str = "COOKIECUTTER_REPO_PASSWORD";

/// Whether an address is that of an archive.
pub(super) fn is_one(address: &str) -> bool {
    let path = address.split(['?', '#']).next().unwrap_or(address);
    path.len() > 4 && path.to_ascii_lowercase().ends_with(".zip")
}

/// Brings the archive at a path or an address of the web here.
pub(super) async fn fetch(address: &str, directory: Option<&str>) -> Result<Fetched> {
    let bytes = match Url::parse(address) {
        Ok(url) if matches!(url.scheme(), "http" | "https") => download(url).await?,
        _ => read(Path::new(address))?,
    };
    let password = std::env::var(PASSWORD).ok();
    let named = address.to_owned();
    let unpack = move || unpack(&bytes, password.as_deref()).map_err(|why| of_archive(&named, &why));
    let tree = tokio::task::spawn_blocking(unpack).await.map_err(Error::internal)??;
    let address = match std::fs::canonicalize(address) {
        Ok(path) => path.display().to_string(),
        Err(_) => address.to_owned(),
    };
    let warning = format!(
        "{address} has no version, since it is an archive: a project that is made from it remembers none, and cannot be \
         updated."
    );
    Ok(Fetched {
        tree,
        source: Source::new(&address, directory),
        version: Version::default(),
        folder: address.into(),
        warning: Some(warning),
    })
}

fn of_archive(address: &str, why: &str) -> Error {
    Error::Unavailable(format!("The template {address} cannot be read: {why}"))
}

fn read(path: &Path) -> Result<Bytes> {
    let shown = path.display().to_string();
    let known = std::fs::metadata(path).map_err(|error| match error.kind() {
        std::io::ErrorKind::NotFound => Error::not_found(format!("The template {shown}")),
        _ => of_archive(&shown, &error.to_string()),
    })?;
    if known.len() > LARGEST as u64 {
        return Err(of_archive(&shown, "it is larger than 256 MB"));
    }
    std::fs::read(path).map(Bytes::from).map_err(|error| of_archive(&shown, &error.to_string()))
}

async fn download(mut url: Url) -> Result<Bytes> {
    let named = url.clone();
    let cannot = |why: &str| of_archive(named.as_str(), why);
    let way = Way::of(&Connection::default()).map_err(|why| cannot(&why))?;
    let client = Client::new(way, std::slice::from_ref(&named), LIMITS).map_err(|why| cannot(&why))?;
    for _ in 0..=MOST_REDIRECTS {
        let request = Request::get(url.as_str()).body(Bytes::new()).map_err(|error| cannot(&error.to_string()))?;
        let answer = client.send(request).await.map_err(|failure| cannot(&failure.to_string()))?;
        let status = answer.status();
        if status.is_success() {
            return Ok(answer.into_body());
        }
        let next = answer.headers().get(header::LOCATION).and_then(|next| next.to_str().ok());
        match next.and_then(|next| url.join(next).ok()) {
            Some(next) if status.is_redirection() => url = next,
            _ => return Err(cannot(&format!("its host answers {status}"))),
        }
    }
    Err(cannot("its host leads from one address to the next"))
}

fn unpack(bytes: &[u8], password: Option<&str>) -> Result<Tree, String> {
    let mut archive = ZipArchive::new(Cursor::new(bytes)).map_err(|error| why(&error))?;
    if archive.len() > MOST {
        return Err(format!("it holds more than {MOST} files"));
    }
    let mut tree = Tree::default();
    let (mut top, mut left) = (None, LARGEST_UNPACKED);
    for number in 0..archive.len() {
        let file = match password {
            Some(password) => archive.by_index_decrypt(number, password.as_bytes()),
            None => archive.by_index(number),
        };
        let mut file = file.map_err(|error| why(&error))?;
        let name = file.name().map_err(|error| why(&error))?.into_owned();
        let is_folder = name.ends_with('/');
        let top = match &top {
            Some(top) => top,
            None if is_folder && name.matches('/').count() == 1 => top.insert(name.clone()),
            None => return Err("it does not begin with a folder that holds everything else".to_owned()),
        };
        let path = name.trim_end_matches('/');
        check_path(path).map_err(|error| format!("{name:?} in it is no path: {error}"))?;
        let Some(path) = path.strip_prefix(top.as_str()).filter(|path| !path.is_empty()) else {
            if path == "cookiecutter.json" {
                return Err(
                    "its files lie in no folder: pack the folder that holds the template, not what is in it".to_owned()
                );
            }
            continue;
        };
        if is_folder {
            tree.insert(path, Entry::Folder).map_err(|error| error.to_string())?;
            continue;
        }
        let mut content = Vec::new();
        // What the archive says of a size need not be true.
        let read = (&mut file).take(left + 1).read_to_end(&mut content);
        read.map_err(|error| format!("{name}: {error}"))?;
        left = left.checked_sub(content.len() as u64).ok_or("it unpacks to more than 1 GB")?;
        tree.insert(path, Entry::file(content, 0o644)).map_err(|error| error.to_string())?;
    }
    if tree.is_empty() { Err("it is empty".to_owned()) } else { Ok(tree) }
}

fn why(error: &ZipError) -> String {
    match error {
        ZipError::InvalidPassword => format!("the password in {PASSWORD} is not the right one"),
        ZipError::UnsupportedArchive(what) if *what == ZipError::PASSWORD_REQUIRED => {
            format!("it is protected: {PASSWORD} may hold its password")
        }
        other => other.to_string(),
    }
}
