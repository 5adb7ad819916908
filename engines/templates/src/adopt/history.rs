//! A template's history, read once for many projects.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

use model::{Finding, Findings, Level};

use super::answers::{Patterns, Values};
use crate::Template;
use crate::tree::{Entry, Tree};

/// A template's versions, oldest first, along the first parents of its default branch.
pub trait History {
    fn revisions(&self) -> &[Revision];

    /// The template's files at one of them. Equal contents should share their memory.
    ///
    /// # Errors
    /// It cannot be read; in a sentence for a person.
    fn tree(&self, position: usize) -> Result<Tree, String>;
}

/// One version of a template.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Revision {
    /// The full id of the commit.
    pub commit: String,
    pub tag: Option<String>,
}

/// A history, with everything in it that does not depend on a project.
pub struct Index {
    revisions: Vec<Revision>,
    /// The whole tree at each revision; the contents are shared.
    trees: Vec<Tree>,
    /// Of each revision: which blob is at which path of the project's folder.
    pub(super) files: Vec<BTreeMap<Arc<str>, usize>>,
    /// Every distinct file of the project's folder: its path in the template, and where it is first and last.
    pub(super) blobs: Vec<Blob>,
    pub(super) patterns: Patterns,
    pub(super) values: Values,
}

pub(super) struct Blob {
    pub(super) path: Arc<str>,
    pub(super) first: usize,
    pub(super) last: usize,
}

impl Index {
    /// Reads all of a history.
    ///
    /// # Errors
    /// A version cannot be read.
    pub fn new(history: &dyn History) -> Result<Self, Findings> {
        let mut index = Self {
            revisions: history.revisions().to_vec(),
            trees: Vec::new(),
            files: Vec::new(),
            blobs: Vec::new(),
            patterns: Patterns::default(),
            values: Values::default(),
        };
        let mut known: HashMap<(Arc<str>, Entry), usize> = HashMap::new();
        let mut paths: BTreeSet<Arc<str>> = BTreeSet::new();
        for position in 0..index.revisions.len() {
            let tree = history.tree(position).map_err(|message| {
                let help = "Fetch the template's history again.";
                Findings::from(vec![Finding::new("adopt.history", Level::Error, message, help)])
            })?;
            let mut files = BTreeMap::new();
            for (path, entry) in project_files(&tree) {
                let path = paths.get(path).cloned().unwrap_or_else(|| path.into());
                paths.insert(path.clone());
                let blob = *known.entry((path.clone(), entry.clone())).or_insert_with(|| {
                    index.patterns.learn(inside(&path), entry);
                    index.values.learn(&path, entry);
                    index.blobs.push(Blob { path: path.clone(), first: position, last: position });
                    index.blobs.len() - 1
                });
                if let Some(blob) = index.blobs.get_mut(blob) {
                    blob.last = position;
                }
                files.insert(path, blob);
            }
            index.files.push(files);
            index.trees.push(tree);
        }
        Ok(index)
    }

    #[must_use]
    pub fn revisions(&self) -> &[Revision] {
        &self.revisions
    }

    /// The template at a revision.
    ///
    /// # Errors
    /// It is none there.
    pub(super) fn template(&self, position: usize) -> Result<Template, Findings> {
        Template::open(self.trees.get(position).cloned().unwrap_or_default())
    }

    /// The template at a revision, with only some of the files that it renders, and without its hooks.
    pub(super) fn part(&self, position: usize, blobs: &[usize]) -> Option<Tree> {
        let whole = self.trees.get(position)?;
        let mut part = Tree::default();
        let wanted = blobs.iter().filter_map(|blob| self.blobs.get(*blob)).map(|blob| &*blob.path);
        let files: BTreeSet<&str> = project_files(whole).map(|(path, _)| path).collect();
        let rest =
            whole.iter().map(|(path, _)| path).filter(|path| !files.contains(path) && !path.starts_with("hooks/"));
        for path in rest.chain(wanted) {
            part.insert(path, whole.get(path)?.clone()).ok()?;
        }
        Some(part)
    }
}

/// What a template renders: what is in the folder whose name holds a variable.
fn project_files(tree: &Tree) -> impl Iterator<Item = (&str, &Entry)> {
    let is_folder = |path: &str| {
        path.split_once('/').is_some_and(|(folder, _)| folder.contains("{{") && folder.contains("cookiecutter"))
    };
    tree.iter().filter(move |(path, entry)| is_folder(path) && **entry != Entry::Folder)
}

/// A path without the project's folder.
pub(super) fn inside(path: &str) -> &str {
    path.split_once('/').map_or(path, |(_, inside)| inside)
}
