//! The files of a repository as rules see them, wherever they come from.

use model::repository::PathClass;

use crate::ReadError;

/// What is read of one file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Blob {
    pub bytes: Vec<u8>,
    /// There was more than the limit.
    pub truncated: bool,
}

impl Blob {
    /// The text, with what is not UTF-8 replaced and a byte order mark left out.
    pub fn text(&self) -> std::borrow::Cow<'_, str> {
        let bytes = self.bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(&self.bytes);
        String::from_utf8_lossy(bytes)
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum FileKind {
    Regular,
    Executable,
    /// A symbolic link: never followed.
    Link,
    /// A commit of another repository.
    Submodule,
}

/// One entry of the tree that is not a folder.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct File {
    /// Relative to the root, with `/`. What is not UTF-8 in a name is replaced, and a finding says so.
    pub path: String,
    pub kind: FileKind,
    pub class: PathClass,
}

impl File {
    /// The last part of the path.
    pub fn name(&self) -> &str {
        self.path.rsplit('/').next().unwrap_or(&self.path)
    }

    /// The folder without a trailing `/`; empty for the root.
    pub fn folder(&self) -> &str {
        self.path.rsplit_once('/').map_or("", |(folder, _)| folder)
    }

    /// Whether it has content of its own: neither a link nor a submodule.
    pub fn is_blob(&self) -> bool {
        matches!(self.kind, FileKind::Regular | FileKind::Executable)
    }

    /// Whether it may produce components, APIs, dependencies and facts.
    pub fn speaks(&self) -> bool {
        self.class == PathClass::Source
    }
}

/// The files at one commit.
pub trait Tree: Send + Sync {
    /// Sorted by path, byte by byte.
    fn files(&self) -> &[File];

    /// At most `limit` bytes of the file at `path`; `None` where there is none, or a link or a submodule.
    fn read(&self, path: &str, limit: usize) -> Result<Option<Blob>, ReadError>;

    /// The entry at `path`.
    fn file(&self, path: &str) -> Option<&File> {
        let files = self.files();
        files.binary_search_by(|file| file.path.as_str().cmp(path)).ok().map(|at| &files[at])
    }

    /// Everything below `folder` (without a trailing `/`; empty for all).
    fn below(&self, folder: &str) -> &[File] {
        let files = self.files();
        if folder.is_empty() {
            return files;
        }
        let prefix = format!("{folder}/");
        let start = files.partition_point(|file| file.path.as_str() < prefix.as_str());
        let length = files[start..].partition_point(|file| file.path.starts_with(&prefix));
        &files[start..start + length]
    }
}
