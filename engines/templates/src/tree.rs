//! A tree of files in memory: a template at one version, a render, a project.

use std::collections::BTreeMap;
use std::ops::Bound;
use std::sync::Arc;

use sha2::{Digest, Sha256};

/// Files, links and folders by their path: relative, parts separated by `/`, in the order of their bytes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Tree {
    entries: BTreeMap<String, Entry>,
}

/// What stands at one path.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Entry {
    /// Content, and the permission bits (`0o644`, `0o755`, …).
    File { content: Arc<[u8]>, mode: u32 },
    /// Where a symbolic link points to, as it is written.
    Link { target: String },
    /// A folder that is named although it may be empty.
    Folder,
}

/// Why a path cannot be in a tree.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PathError {
    #[error("the path is empty")]
    Empty,
    #[error("the path is absolute")]
    Absolute,
    #[error("the path leads out of its tree")]
    Outside,
    #[error("the path holds a character that no file name may have")]
    Character,
}

impl Tree {
    /// Puts an entry in, over whatever was there.
    ///
    /// # Errors
    /// The path is none that stays inside of a tree ([`check_path`]).
    pub fn insert(&mut self, path: impl Into<String>, entry: Entry) -> Result<(), PathError> {
        let path = path.into();
        check_path(&path)?;
        self.entries.insert(path, entry);
        Ok(())
    }

    #[must_use]
    pub fn get(&self, path: &str) -> Option<&Entry> {
        self.entries.get(path)
    }

    pub fn remove(&mut self, path: &str) -> Option<Entry> {
        self.entries.remove(path)
    }

    pub fn iter(&self) -> impl Iterator<Item = (&str, &Entry)> {
        self.entries.iter().map(|(path, entry)| (path.as_str(), entry))
    }

    /// Whether something stands below a path.
    #[must_use]
    pub fn has_folder(&self, path: &str) -> bool {
        let below = format!("{path}/");
        let from = (Bound::Included(below.as_str()), Bound::Unbounded);
        self.entries.range::<str, _>(from).next().is_some_and(|(first, _)| first.starts_with(&below))
    }

    /// SHA-256 of every path with its kind, mode and content; 64 hexadecimal digits.
    #[must_use]
    pub fn digest(&self) -> String {
        let mut hash = Sha256::new();
        for (path, entry) in self.iter() {
            let (kind, content): (String, &[u8]) = match entry {
                Entry::File { content, mode } => (format!("file {mode:o}"), content),
                Entry::Link { target } => ("link".to_owned(), target.as_bytes()),
                Entry::Folder => ("folder".to_owned(), &[]),
            };
            // Lengths, so that no two trees are written alike.
            hash.update(format!("{} {path} {kind} {} ", path.len(), content.len()));
            hash.update(content);
        }
        hash.finalize().iter().map(|byte| format!("{byte:02x}")).collect()
    }

    #[must_use]
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }
}

impl Entry {
    #[must_use]
    pub fn file(content: impl Into<Arc<[u8]>>, mode: u32) -> Self {
        Self::File { content: content.into(), mode }
    }
}

/// Whether a path may stand in a tree: relative, without `.`, `..`, empty parts and NUL.
///
/// # Errors
/// What is wrong with it.
pub fn check_path(path: &str) -> Result<(), PathError> {
    if path.is_empty() {
        return Err(PathError::Empty);
    }
    if path.starts_with('/') {
        return Err(PathError::Absolute);
    }
    for part in path.split('/') {
        match part {
            "" => return Err(PathError::Empty),
            "." | ".." => return Err(PathError::Outside),
            _ if part.contains('\0') => return Err(PathError::Character),
            _ => {}
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_stays_inside_of_its_tree() {
        for (path, expected) in [
            ("a/b.txt", Ok(())),
            ("a b/ü", Ok(())),
            ("", Err(PathError::Empty)),
            ("a//b", Err(PathError::Empty)),
            ("/etc/passwd", Err(PathError::Absolute)),
            ("../a", Err(PathError::Outside)),
            ("a/./b", Err(PathError::Outside)),
            ("a\0b", Err(PathError::Character)),
        ] {
            assert_eq!(check_path(path), expected, "{path:?}");
            assert_eq!(Tree::default().insert(path, Entry::Folder), expected, "{path:?}");
        }
    }
}
