//! A template's history, read once for many projects.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::ops::{Range, RangeInclusive};
use std::sync::Arc;

use jiff::Timestamp;
use model::{Finding, Findings, Level};

use super::patterns::Patterns;
use crate::tree::{Entry, Tree};
use crate::{Answers, Environment, Stage, Template};

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
    pub(super) parts: Vec<Part>,
}

/// A template of a history: the one that it is, or one of those within it.
pub(super) struct Part {
    /// Its folder in the tree, empty for the root.
    pub(super) folder: String,
    /// What a person calls it, where it is one of several.
    pub(super) label: Option<String>,
    /// Oldest first. Revisions one after the other that render the same are one version.
    pub(super) versions: Vec<Version>,
    /// Every distinct file that is rendered.
    pub(super) blobs: Vec<Blob>,
    pub(super) patterns: Patterns,
    numbers: HashMap<(Arc<str>, Entry), usize>,
}

pub(super) struct Version {
    pub(super) template: Template,
    /// Which blob is at which path of the template's tree.
    pub(super) files: BTreeMap<Arc<str>, usize>,
    /// What runs after the files are there.
    pub(super) programs: Programs,
    /// Its revisions.
    pub(super) revisions: RangeInclusive<usize>,
}

/// The programs of a version, by their paths.
type Programs = Arc<Vec<(String, Entry)>>;

/// A file of a template: its path there, and the versions that have it first and last.
pub(super) struct Blob {
    pub(super) path: Arc<str>,
    pub(super) first: usize,
    pub(super) last: usize,
}

impl Index {
    /// Reads all of a history of the template in a folder of its tree, or at its root.
    ///
    /// # Errors
    /// A version cannot be read, or none is a template: why not the newest.
    pub fn new(history: &dyn History, directory: Option<&str>) -> Result<Self, Findings> {
        let mut index = Self { revisions: history.revisions().to_vec(), parts: Vec::new() };
        let mut refused = Findings::default();
        for position in 0..index.revisions.len() {
            let tree = history.tree(position).map_err(|message| {
                let help = "Fetch the template's history again.";
                Findings::from(vec![Finding::new("adopt.history", Level::Error, message, help)])
            })?;
            let mut folders = vec![(directory.unwrap_or_default().to_owned(), None)];
            while let Some((folder, label)) = folders.pop() {
                match Template::open_in(tree.clone(), &folder) {
                    Ok(template) if template.nested().is_empty() => index.add(position, folder, label, &template),
                    Ok(template) => folders.extend(template.nested().iter().map(|nested| {
                        let path =
                            if folder.is_empty() { nested.path.clone() } else { format!("{folder}/{}", nested.path) };
                        (path, Some(nested.label.clone()))
                    })),
                    Err(findings) => refused = findings,
                }
            }
        }
        match index.parts.is_empty() && !index.revisions.is_empty() {
            true => Err(refused),
            false => Ok(index),
        }
    }

    #[must_use]
    pub fn revisions(&self) -> &[Revision] {
        &self.revisions
    }

    fn add(&mut self, position: usize, folder: String, label: Option<String>, template: &Template) {
        let known = self.parts.iter().position(|part| part.folder == folder);
        let at = known.unwrap_or_else(|| {
            self.parts.push(Part {
                folder,
                label: None,
                versions: Vec::new(),
                blobs: Vec::new(),
                patterns: Patterns::default(),
                numbers: HashMap::new(),
            });
            self.parts.len() - 1
        });
        if let Some(part) = self.parts.get_mut(at) {
            part.label = label;
            part.add(position, template.bare());
        }
    }
}

impl Part {
    fn add(&mut self, position: usize, template: Template) {
        if let Some(last) = self.versions.last_mut()
            && last.revisions.end() + 1 == position
            && last.template.tree() == template.tree()
        {
            last.revisions = *last.revisions.start()..=position;
            return;
        }
        let version = self.versions.len();
        let (mut files, mut language) = (BTreeMap::new(), None);
        for source in template.sources() {
            let Some(entry) = template.tree().get(&source.path) else { continue };
            let key = (Arc::<str>::from(source.path.as_str()), entry.clone());
            let blob = match self.numbers.get(&key) {
                Some(blob) => *blob,
                None => {
                    let language = language.get_or_insert_with(|| template.language());
                    if let Some(language) = language {
                        self.patterns.learn(language, &source, entry);
                    }
                    self.blobs.push(Blob { path: key.0.clone(), first: version, last: version });
                    self.numbers.insert(key.clone(), self.blobs.len() - 1);
                    self.blobs.len() - 1
                }
            };
            if let Some(blob) = self.blobs.get_mut(blob) {
                blob.last = version;
            }
            files.insert(key.0, blob);
        }
        // Names and kinds are asked for alone, on which neither time nor chance have a say.
        let asked = template.questions(&Answers::default(), &Environment::new(Timestamp::UNIX_EPOCH, 0));
        self.patterns.ask(&asked.unwrap_or_default());
        let after = template.trust().programs.into_iter().filter(|program| program.stage == Stage::AfterFiles);
        let programs: Vec<(String, Entry)> = after
            .filter_map(|program| Some((program.path.clone(), template.tree().get(&program.path)?.clone())))
            .collect();
        // One memory for equal ones, and one address by which those who have the same programs are known.
        let known = self.versions.last().map(|last| &last.programs).filter(|known| ***known == programs).cloned();
        let programs = known.unwrap_or_else(|| Arc::new(programs));
        self.versions.push(Version { template, files, programs, revisions: position..=position });
    }

    /// The versions in runs of those that have the same programs.
    pub(super) fn eras(&self) -> Vec<Range<usize>> {
        let mut eras: Vec<Range<usize>> = Vec::new();
        for (at, version) in self.versions.iter().enumerate() {
            let same = at.checked_sub(1).and_then(|last| self.versions.get(last));
            match eras.last_mut().filter(|_| same.is_some_and(|last| Arc::ptr_eq(&last.programs, &version.programs))) {
                Some(era) => era.end = at + 1,
                None => eras.push(at..at + 1),
            }
        }
        eras
    }

    /// The template at a version with only some of its files.
    pub(super) fn only(&self, version: usize, blobs: &[usize]) -> Option<Template> {
        let wanted: BTreeSet<&str> = blobs.iter().filter_map(|blob| Some(&*self.blobs.get(*blob)?.path)).collect();
        Some(self.versions.get(version)?.template.only(&wanted))
    }

    /// The version of each revision, where it is one.
    pub(super) fn by_revision(&self) -> BTreeMap<usize, usize> {
        let versions = self.versions.iter().enumerate();
        versions.flat_map(|(at, version)| version.revisions.clone().map(move |revision| (revision, at))).collect()
    }
}
