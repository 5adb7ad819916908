//! The check behind `slipway catalog validate`: descriptors, overrides and CODEOWNERS files, each by itself and all
//! beside each other.

mod compare;
mod files;
mod targets;
#[cfg(test)]
mod tests;

use std::collections::{HashSet, VecDeque};
use std::path::{Path, PathBuf};

use engine_repo::codeowners;
use model::{Finding, Findings, Level};

use self::files::{Found, Sort};
use self::targets::Places;
use crate::descriptor::{self, DescriptorEntity};
use crate::{overrides, yaml};

/// Checks what `paths` name: a file, or a folder and the descriptors, overrides and CODEOWNERS files in it. Links inside
/// a folder are not followed; skeletons of templates, tests and vendored files do not speak.
///
/// Files are named relative to the folder where one folder is given, and as the arguments name them otherwise. The second
/// value says whether something could not be read; its findings tell what.
pub fn validate(paths: &[PathBuf]) -> (Findings, bool) {
    let mut check = Check::default();
    for path in paths {
        let named = if paths.len() == 1 && path.is_dir() { String::new() } else { files::shown(path) };
        check.argument(path, &named);
    }
    check.findings.extend(compare::compare(&check.entities));
    check
        .findings
        .sort_by(|one, other| (&one.file, one.line, one.column).cmp(&(&other.file, other.line, other.column)));
    (check.findings.into(), check.unreadable)
}

#[derive(Default)]
struct Check {
    findings: Vec<Finding>,
    entities: Vec<DescriptorEntity>,
    unreadable: bool,
}

impl Check {
    fn argument(&mut self, path: &Path, named: &str) {
        if !path.is_dir() {
            let sort = files::sort(path).unwrap_or(Sort::Descriptor);
            self.file(&Found { path: path.to_owned(), named: named.to_owned(), sort });
            return;
        }
        let found = files::find(path, named);
        self.unreadable |= !found.unreadable.is_empty();
        self.findings.extend(found.unreadable);
        self.findings.extend(found.notes);
        let nothing = found.files.is_empty();
        let mut seen: HashSet<PathBuf> = found.files.iter().map(|file| file.path.clone()).collect();
        let mut waiting = VecDeque::from(found.files);
        let mut places = Places::new(path, named, &found.names);
        while let Some(file) = waiting.pop_front() {
            let before = self.entities.len();
            self.file(&file);
            for entity in self.entities.get(before..).unwrap_or_default() {
                let (targets, wrong) = places.follow(entity);
                self.findings.extend(wrong);
                let found = |target: String| Found {
                    path: path.join(&target),
                    named: files::join(named, &target),
                    sort: Sort::Descriptor,
                };
                let fresh = targets.into_iter().map(found).filter(|target| seen.insert(target.path.clone()));
                let more: Vec<Found> = fresh.collect();
                if seen.len() <= files::MOST_FILES {
                    waiting.extend(more);
                }
            }
        }
        self.findings.extend(places.cycles());
        if nothing && !self.unreadable {
            let message = "There is no descriptor, overrides or CODEOWNERS file in this folder.";
            let help = "Slipway needs none; `slipway catalog discover` prints what it concludes without.";
            self.findings.push(Finding::new("validate.nothing", Level::Note, message, help).at(named, 0, 0));
        }
    }

    fn file(&mut self, file: &Found) {
        let bytes = match files::read(&file.path) {
            Ok(bytes) => bytes,
            Err(reason) => {
                self.unreadable = true;
                self.findings.push(files::unreadable(&file.named, &reason));
                return;
            }
        };
        let text = match yaml::decode(&bytes) {
            Ok(text) => text,
            Err(error) => {
                self.findings.push(error.finding(&file.named));
                return;
            }
        };
        match file.sort {
            Sort::Descriptor => {
                let parsed = descriptor::parse(&file.named, text);
                self.findings.extend(parsed.findings);
                self.entities.extend(parsed.entities);
            }
            // Many tools call a file so.
            Sort::Template if !text.contains("scaffolder.backstage.io/") => {}
            Sort::Template => {
                let parsed = descriptor::parse(&file.named, text);
                self.findings.extend(parsed.findings);
                self.entities.extend(parsed.entities);
            }
            Sort::Overrides => self.findings.extend(overrides::parse(&file.named, text).1),
            Sort::Codeowners => self.findings.extend(codeowners::parse(&file.named, text).1),
        }
    }
}
