//! Which files are checked, and reading them without surprises.

use std::fs::{self, File};
use std::io::Read;
use std::path::{Path, PathBuf};

use engine_repo::FileKind;
use engine_repo::classify::classify;
use model::repository::PathClass;
use model::{Finding, Level};

use crate::overrides;

/// How many files of one folder are checked.
pub const MOST_FILES: usize = 10_000;
/// How many names a folder may hold, over all levels.
const MOST_NAMES: usize = 300_000;
const DEEPEST: usize = 64;
/// One byte more than any of the formats reads, so that the limit is theirs to explain.
const MOST_BYTES: u64 = 8 * 1024 * 1024 + 1;
/// Never looked into: neither holds what a person wrote for this repository, and both are large.
const PASSED_OVER: [&str; 2] = [".git", "node_modules"];

/// What a file is, by its name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sort {
    Descriptor,
    /// A template, if it says so.
    Template,
    Overrides,
    Codeowners,
}

/// A file to check, and what findings call it.
#[derive(Debug, Clone)]
pub struct Found {
    pub path: PathBuf,
    pub named: String,
    pub sort: Sort,
}

/// What a folder holds.
#[derive(Default)]
pub struct Folder {
    pub files: Vec<Found>,
    pub unreadable: Vec<Finding>,
    pub notes: Vec<Finding>,
    /// The paths of all files in it, sorted; links are no files.
    pub names: Vec<String>,
}

pub fn sort(path: &Path) -> Option<Sort> {
    match path.file_name()?.to_str()? {
        "catalog-info.yaml" | "catalog-info.yml" => Some(Sort::Descriptor),
        "template.yaml" | "template.yml" => Some(Sort::Template),
        "CODEOWNERS" => Some(Sort::Codeowners),
        overrides::FILE_NAME => Some(Sort::Overrides),
        _ => None,
    }
}

/// A path as findings show it: with `/`.
pub fn shown(path: &Path) -> String {
    path.to_string_lossy().replace('\\', "/").trim_end_matches('/').to_owned()
}

pub fn join(named: &str, relative: &str) -> String {
    if named.is_empty() { relative.to_owned() } else { format!("{named}/{relative}") }
}

/// The files at and below `folder` that are worth checking, by the same classifier that decides what may speak.
pub fn find(folder: &Path, named: &str) -> Folder {
    let mut found = Folder::default();
    let mut names: Vec<(String, FileKind)> = Vec::new();
    let mut waiting = vec![(String::new(), 0)];
    while let Some((relative, depth)) = waiting.pop() {
        let entries = match fs::read_dir(folder.join(&relative)) {
            Ok(entries) => entries,
            Err(error) => {
                found.unreadable.push(unreadable(&join(named, &relative), &error.to_string()));
                continue;
            }
        };
        for entry in entries.flatten() {
            let Ok(kind) = entry.file_type() else { continue };
            let Some(name) = entry.file_name().to_str().map(str::to_owned) else { continue };
            let path = if relative.is_empty() { name.clone() } else { format!("{relative}/{name}") };
            if kind.is_dir() && !PASSED_OVER.contains(&name.as_str()) && depth < DEEPEST {
                waiting.push((path, depth + 1));
            } else if kind.is_file() {
                names.push((path, FileKind::Regular));
            } else if kind.is_symlink() {
                names.push((path, FileKind::Link));
            }
        }
        if names.len() > MOST_NAMES {
            let message = format!("The folder holds more than {MOST_NAMES} files; the rest was not looked at.");
            let note = Finding::new("validate.limit", Level::Warning, message, "Name the files or folders to check.");
            found.notes.push(note.at(named, 0, 0));
            break;
        }
    }
    names.sort_by(|one, other| one.0.cmp(&other.0));
    let entries: Vec<(&str, FileKind)> = names.iter().map(|(path, kind)| (path.as_str(), *kind)).collect();
    let classified = classify(&entries, &mut |path| read(&folder.join(path)).ok());
    for ((path, _), class) in entries.iter().zip(&classified.classes) {
        let Some(sort) = sort(Path::new(path)) else { continue };
        // GitHub reads CODEOWNERS, and Slipway its overrides, in these places only.
        let in_place = match sort {
            Sort::Codeowners => matches!(*path, "CODEOWNERS" | ".github/CODEOWNERS" | "docs/CODEOWNERS"),
            Sort::Overrides => *path == overrides::FILE_NAME,
            Sort::Descriptor | Sort::Template => true,
        };
        if *class == PathClass::Source && in_place && found.files.len() < MOST_FILES {
            found.files.push(Found { path: folder.join(path), named: join(named, path), sort });
        }
    }
    found.names = names.into_iter().filter(|(_, kind)| *kind == FileKind::Regular).map(|(path, _)| path).collect();
    found
}

/// The content of a regular file, as much of it as is ever looked at.
pub fn read(path: &Path) -> Result<Vec<u8>, String> {
    // Opening a pipe would wait for somebody to write.
    if !fs::metadata(path).map_err(|error| error.to_string())?.is_file() {
        return Err("it is no file".to_owned());
    }
    let mut bytes = Vec::new();
    let file = File::open(path).map_err(|error| error.to_string())?;
    file.take(MOST_BYTES).read_to_end(&mut bytes).map_err(|error| error.to_string())?;
    Ok(bytes)
}

pub fn unreadable(named: &str, reason: &str) -> Finding {
    let message = format!("It cannot be read: {reason}.");
    Finding::new("validate.unreadable", Level::Error, message, "Check the path and its permissions.").at(named, 0, 0)
}
