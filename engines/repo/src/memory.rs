//! A tree from texts, classified the same way as a repository's: for tests of rules, and for single files.

use model::repository::PathClass;

use crate::{Blob, File, FileKind, ReadError, Tree, classify};

/// Files that never lay in a repository.
#[derive(Debug, Clone, Default)]
pub struct MemoryTree {
    files: Vec<File>,
    texts: Vec<Vec<u8>>,
}

impl MemoryTree {
    /// The files by path and content; of two with one path the last counts.
    pub fn new<P: Into<String>, T: Into<Vec<u8>>>(files: impl IntoIterator<Item = (P, T)>) -> Self {
        let contents: std::collections::BTreeMap<String, Vec<u8>> =
            files.into_iter().map(|(path, text)| (path.into(), text.into())).collect();
        let entries: Vec<(&str, FileKind)> = contents.keys().map(|path| (path.as_str(), FileKind::Regular)).collect();
        let classified = classify::classify(&entries, &mut |path| contents.get(path).cloned());
        let files = contents
            .iter()
            .zip(classified.classes)
            .map(|((path, text), class)| {
                let counted = matches!(class, PathClass::Source | PathClass::Test);
                let generated = counted && classify::generated_header(text).is_some();
                let class = if generated { PathClass::Generated } else { class };
                File { path: path.clone(), kind: FileKind::Regular, class }
            })
            .collect();
        Self { files, texts: contents.into_values().collect() }
    }
}

impl Tree for MemoryTree {
    fn files(&self) -> &[File] {
        &self.files
    }

    fn read(&self, path: &str, limit: usize) -> Result<Option<Blob>, ReadError> {
        let found = self.files.binary_search_by(|file| file.path.as_str().cmp(path)).ok();
        Ok(found.map(|at| {
            let text = &self.texts[at];
            Blob { bytes: text[..text.len().min(limit)].to_vec(), truncated: text.len() > limit }
        }))
    }
}
