//! Where the Locations of a folder lead: the files that they name, and what is wrong with what they say.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use globset::GlobBuilder;
use model::Finding;

use super::files;
use crate::descriptor::{self, DescriptorEntity};
use crate::location::{self, Target};

/// A folder whose Locations are followed.
pub struct Places<'p> {
    folder: &'p Path,
    /// What findings call the folder.
    named: &'p str,
    /// The paths of all files in it, sorted.
    names: &'p [String],
    /// It is a whole repository: what leads out of it leads nowhere.
    is_repository: bool,
    /// By file, those that its Locations name, and where.
    edges: BTreeMap<String, Vec<(String, u32, u32)>>,
}

impl<'p> Places<'p> {
    pub fn new(folder: &'p Path, named: &'p str, names: &'p [String]) -> Self {
        Self { folder, named, names, is_repository: folder.join(".git").exists(), edges: BTreeMap::new() }
    }

    /// The files that a Location names, as paths in the folder; and what is wrong with it.
    pub fn follow(&mut self, location: &DescriptorEntity) -> (Vec<String>, Vec<Finding>) {
        let prefix = if self.named.is_empty() { String::new() } else { format!("{}/", self.named) };
        let Some(file) = location.file.strip_prefix(&prefix) else { return Default::default() };
        let folder = file.rsplit_once('/').map_or("", |(folder, _)| folder);
        let (mut found, mut wrong) = (Vec::new(), Vec::new());
        for (pointer, text) in descriptor::targets(location) {
            let (line, column) = location.lines.get(&pointer).copied().unwrap_or((location.line, 1));
            match self.resolve(folder, &text, location::is_optional(location)) {
                Ok(files) => {
                    let named = files.iter().map(|named| (named.clone(), line, column));
                    self.edges.entry(file.to_owned()).or_default().extend(named);
                    found.extend(files);
                }
                Err(finding) => wrong.extend(finding.map(|finding| finding.at(&location.file, line, column))),
            }
        }
        if location.entity.kind.eq_ignore_ascii_case("Location") {
            wrong.extend(location::other_type(location));
        }
        (found, wrong)
    }

    /// The files of one target; else what is wrong with it, which is nothing where that cannot be told from here.
    fn resolve(&self, folder: &str, text: &str, is_optional: bool) -> Result<Vec<String>, Option<Finding>> {
        let path = match location::target(folder, text) {
            // From the root of the repository, which may lie above.
            Target::Own(_) | Target::Outside if text.starts_with('/') && !self.is_repository => return Err(None),
            Target::Own(path) => path,
            Target::Outside => return Err(self.is_repository.then(|| location::outside(text))),
            Target::Unreadable => return Err(Some(location::unreadable(text))),
            Target::Remote(_) => return Err(None),
        };
        let files = self.matching(&path);
        // What is reached through a link is not ours to judge.
        if files.is_empty() && !is_optional && !self.has_link(&path) {
            return Err(Some(location::missing(&path, None)));
        }
        Ok(files)
    }

    fn matching(&self, path: &str) -> Vec<String> {
        if !location::is_pattern(path) {
            let known = self.names.binary_search_by(|name| name.as_str().cmp(path)).is_ok();
            return known.then(|| path.to_owned()).into_iter().collect();
        }
        let Ok(glob) = GlobBuilder::new(path).literal_separator(true).build() else { return Vec::new() };
        let glob = glob.compile_matcher();
        self.names.iter().filter(|name| glob.is_match(name)).take(files::MOST_FILES).cloned().collect()
    }

    /// Whether a link stands on the way, or in the folder in which a pattern begins.
    fn has_link(&self, path: &str) -> bool {
        let mut at = self.folder.to_owned();
        let is_link = |path: &Path| fs::symlink_metadata(path).is_ok_and(|found| found.is_symlink());
        for part in path.split('/') {
            if location::is_pattern(part) {
                let entries = fs::read_dir(&at).into_iter().flatten().flatten();
                return entries.take(files::MOST_FILES).any(|entry| is_link(&entry.path()));
            }
            at.push(part);
            if is_link(&at) {
                return true;
            }
        }
        false
    }

    /// Locations that lead back to one that led to them, each circle once.
    pub fn cycles(&self) -> Vec<Finding> {
        let mut findings = Vec::new();
        let mut done: BTreeSet<&str> = BTreeSet::new();
        for start in self.edges.keys() {
            // Every file on the way here, with the next of its edges.
            let mut way: Vec<(&str, usize)> = vec![(start, 0)];
            while let Some((file, next)) = way.last_mut() {
                let (file, edges) = (*file, self.edges.get(*file));
                let Some((target, line, column)) = edges.and_then(|edges| edges.get(*next)) else {
                    done.insert(file);
                    way.pop();
                    continue;
                };
                *next += 1;
                if way.iter().any(|(above, _)| above == target) {
                    let named = if target == file { "itself".to_owned() } else { format!("{target}, which led here") };
                    findings.push(location::cycle(&named).at(files::join(self.named, file), *line, *column));
                } else if !done.contains(target.as_str()) {
                    way.push((target, 0));
                }
            }
        }
        findings
    }
}
