//! What stands in which folder of a template, with links followed as far as they stay inside of it.

use std::collections::BTreeMap;
use std::sync::Arc;

use model::{Finding, Level};

use crate::tree::{Entry, Tree};

/// As many links are followed one after another; more are a circle.
const LINKS: usize = 40;

/// The folders of a tree, by path (the root is empty), with the names in each, in the order of their bytes.
#[derive(Clone, Debug, Default)]
pub struct Folders {
    names: BTreeMap<String, BTreeMap<String, ()>>,
}

/// What a path leads to when links are followed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Target {
    File(String),
    Folder(String),
    Missing,
    /// Out of the template.
    Outside,
}

impl Folders {
    pub fn of(tree: &Tree) -> Self {
        let mut folders = Self::default();
        folders.names.entry(String::new()).or_default();
        for (path, entry) in tree.iter() {
            if *entry == Entry::Folder {
                folders.names.entry(path.to_owned()).or_default();
            }
            let mut rest = path;
            loop {
                let (folder, name) = rest.rsplit_once('/').unwrap_or(("", rest));
                let known = folders.names.entry(folder.to_owned()).or_default().insert(name.to_owned(), ()).is_some();
                if known || folder.is_empty() {
                    break;
                }
                rest = folder;
            }
        }
        folders
    }

    /// The names in a folder.
    pub fn names(&self, folder: &str) -> impl Iterator<Item = &str> {
        self.names.get(folder).into_iter().flat_map(|names| names.keys().map(String::as_str))
    }

    /// Where a path leads to.
    pub fn resolve(&self, tree: &Tree, path: &str) -> Target {
        let mut left: Vec<String> = path.split('/').rev().map(str::to_owned).collect();
        let mut at: Vec<String> = Vec::new();
        let mut links = 0;
        while let Some(part) = left.pop() {
            match part.as_str() {
                "" | "." => continue,
                ".." => {
                    if at.pop().is_none() {
                        return Target::Outside;
                    }
                    continue;
                }
                _ => at.push(part),
            }
            let here = at.join("/");
            match tree.get(&here) {
                Some(Entry::Link { target }) => {
                    links += 1;
                    if target.starts_with('/') {
                        return Target::Outside;
                    }
                    if links > LINKS {
                        return Target::Missing;
                    }
                    at.pop();
                    left.extend(target.split('/').rev().map(str::to_owned));
                }
                Some(Entry::File { .. }) if left.iter().all(|part| part.is_empty()) => return Target::File(here),
                Some(Entry::File { .. }) => return Target::Missing,
                _ if self.names.contains_key(&here) => {}
                _ => return Target::Missing,
            }
        }
        Target::Folder(at.join("/"))
    }

    /// The content and mode of the file that a path leads to; nothing where it leads to none.
    ///
    /// # Errors
    /// It leads out of the template.
    pub fn read(&self, tree: &Tree, path: &str) -> Result<Option<(Arc<[u8]>, u32)>, Finding> {
        match self.resolve(tree, path) {
            Target::File(path) => Ok(match tree.get(&path) {
                Some(Entry::File { content, mode }) => Some((content.clone(), *mode)),
                _ => None,
            }),
            Target::Outside => Err(outside(path)),
            Target::Folder(_) | Target::Missing => Ok(None),
        }
    }
}

/// A link of a template that leads out of it.
pub fn outside(path: &str) -> Finding {
    let message = "the link leads out of the template";
    Finding::new("template.link", Level::Error, message, "put what it leads to into the template").at(path, 0, 0)
}
