//! The one classifier: says of every path whether it may speak, and if not, why.
//!
//! It runs in two steps. [`classify`] looks at names, and at the few files that say something about others. What only a
//! file's own head says ([`generated_header`], [`minified`]) is added where contents are read anyway.

mod attributes;
mod content;
mod table;
mod templates;

#[cfg(test)]
mod tests;

use std::collections::HashMap;

use model::repository::{Exclusion, PathClass};

pub use content::{generated_header, is_binary, lfs_pointer, minified};

use crate::FileKind;
use attributes::{Attributes, Said};
use table::When;
use templates::Templates;

/// The verdict on every path.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Classified {
    /// One for each entry, in the same order.
    pub classes: Vec<PathClass>,
    /// What may not speak, and why; at most [`MOST_EXCLUSIONS`], folders before files.
    pub exclusions: Vec<Exclusion>,
}

/// How many exclusions are listed one by one.
pub const MOST_EXCLUSIONS: usize = 200;

/// At most this many `.gitattributes` files are read.
const MOST_ATTRIBUTES: usize = 200;

/// Classifies `entries`, which are sorted by path byte by byte. `read` gives the content of the few files that say
/// something about others.
pub fn classify(entries: &[(&str, FileKind)], read: &mut dyn FnMut(&str) -> Option<Vec<u8>>) -> Classified {
    let paths = || entries.iter().filter(|(_, kind)| is_file(*kind)).map(|(path, _)| *path);
    let attributes = read_attributes(paths(), read);
    let templates = Templates::find(paths(), read);
    let mut folders = Folders::new(entries, &templates);
    let mut files: Vec<Exclusion> = Vec::new();
    let mut classes = Vec::with_capacity(entries.len());
    for (path, kind) in entries {
        let folder = folders.enter(path);
        let (class, why) = match folders.verdict(folder, path, *kind, &attributes, &templates) {
            Verdict::Speaks => (PathClass::Source, None),
            Verdict::ByFolder(class) => {
                folders.count(folder);
                (class, None)
            }
            Verdict::ByFile(class, why) => (class, Some(why)),
        };
        classes.push(class);
        if let Some(why) = why.filter(|_| files.len() < MOST_EXCLUSIONS) {
            files.push(Exclusion { path: (*path).to_owned(), class, why, files: 1 });
        }
    }
    let mut exclusions = folders.exclusions();
    exclusions.extend(files);
    exclusions.truncate(MOST_EXCLUSIONS);
    Classified { classes, exclusions }
}

/// Adds what only contents said, one exclusion for each file.
pub(crate) fn add_exclusions(exclusions: &mut Vec<Exclusion>, more: impl IntoIterator<Item = Exclusion>) {
    let room = MOST_EXCLUSIONS.saturating_sub(exclusions.len());
    exclusions.extend(more.into_iter().take(room));
}

fn is_file(kind: FileKind) -> bool {
    matches!(kind, FileKind::Regular | FileKind::Executable)
}

fn read_attributes<'a>(
    paths: impl Iterator<Item = &'a str>,
    read: &mut dyn FnMut(&str) -> Option<Vec<u8>>,
) -> Vec<Attributes> {
    let named = paths.filter(|path| path.rsplit('/').next() == Some(".gitattributes"));
    let mut all: Vec<Attributes> =
        named.take(MOST_ATTRIBUTES).filter_map(|path| Attributes::parse(path, &read(path)?)).collect();
    all.sort_by_key(|attributes| attributes.folder().len());
    all
}

enum Verdict {
    Speaks,
    ByFolder(PathClass),
    ByFile(PathClass, String),
}

/// A folder that decides for all that is in it.
struct Silent {
    path: String,
    class: PathClass,
    why: String,
    files: u64,
}

/// The folders on the way to the current path, and what they decided. Each is decided once.
struct Folders<'a> {
    templates: &'a Templates,
    /// What lies directly in a folder whose name means something only together with it.
    held: HashMap<&'a str, Vec<&'a str>>,
    silent: Vec<Silent>,
    /// Path of the folder and which of `silent` it belongs to.
    stack: Vec<(&'a str, Option<usize>)>,
}

impl<'a> Folders<'a> {
    fn new(entries: &[(&'a str, FileKind)], templates: &'a Templates) -> Self {
        let mut held: HashMap<&str, Vec<&str>> = HashMap::new();
        for (path, _) in entries {
            note_held(path, &mut held);
        }
        Self { templates, held, silent: Vec::new(), stack: Vec::new() }
    }

    /// Goes to the folder of `path`; gives which silent folder decides there.
    fn enter(&mut self, path: &'a str) -> Option<usize> {
        let folder = path.rsplit_once('/').map_or("", |(folder, _)| folder);
        while let Some((top, _)) = self.stack.last() {
            let inside = folder.strip_prefix(*top).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'));
            if inside {
                break;
            }
            self.stack.pop();
        }
        let known = self.stack.last().map_or(0, |(top, _)| top.len());
        let ends = folder.match_indices('/').map(|(slash, _)| slash).chain([folder.len()]);
        for end in ends.filter(|end| *end > known) {
            let decided = self.stack.last().and_then(|(_, silent)| *silent);
            let silent = decided.or_else(|| self.decide(&folder[..end]));
            self.stack.push((&folder[..end], silent));
        }
        self.stack.last().and_then(|(_, silent)| *silent)
    }

    /// Decides about one folder whose parents all speak.
    fn decide(&mut self, folder: &'a str) -> Option<usize> {
        let (class, why) = match self.templates.folder(folder) {
            Some(why) => (PathClass::TemplateSkeleton, why),
            None => {
                let (class, why) = self.by_name(folder)?;
                (class, format!("The folder {why}."))
            }
        };
        self.silent.push(Silent { path: folder.to_owned(), class, why, files: 0 });
        Some(self.silent.len() - 1)
    }

    fn by_name(&self, folder: &str) -> Option<(PathClass, &'static str)> {
        let (parent, name) = folder.rsplit_once('/').unwrap_or(("", folder));
        let name = name.to_ascii_lowercase();
        let shelf = parent.rsplit('/').next().is_some_and(|parent| table::SHELVES.contains(&parent));
        if shelf && table::ALSO_NAMES.contains(&name.as_str()) {
            return None;
        }
        let in_code = || parent.split('/').any(|folder| table::CODE.contains(&folder));
        if table::NAMES_OF_CODE.contains(&name.as_str()) && in_code() {
            return None;
        }
        let row =
            table::FOLDERS.iter().find(|row| row.names.contains(&name.as_str()) && self.applies(folder, row.when));
        row.map(|row| (row.class, row.why)).or_else(|| {
            let mut endings = table::FOLDER_ENDINGS.iter();
            endings
                .find(|(ending, ..)| name.len() > ending.len() && name.ends_with(ending))
                .map(|(_, class, why)| (*class, *why))
        })
    }

    fn applies(&self, folder: &str, when: When) -> bool {
        match when {
            When::Always => true,
            When::Holding(wanted) => self
                .held
                .get(folder)
                .is_some_and(|names| names.iter().any(|name| wanted.iter().any(|pattern| table::holds(pattern, name)))),
        }
    }

    fn verdict(
        &self,
        folder: Option<usize>,
        path: &str,
        kind: FileKind,
        attributes: &[Attributes],
        templates: &Templates,
    ) -> Verdict {
        match kind {
            FileKind::Link => {
                return Verdict::ByFile(
                    PathClass::Link,
                    "The entry is a symbolic link, which is not followed.".to_owned(),
                );
            }
            FileKind::Submodule => {
                return Verdict::ByFile(
                    PathClass::Submodule,
                    "The entry is a commit of another repository.".to_owned(),
                );
            }
            FileKind::Regular | FileKind::Executable => {}
        }
        let said = if attributes.is_empty() { Said::Nothing } else { attributes::ask(attributes, path) };
        let denied = match said {
            Said::Is(class, why) => return Verdict::ByFile(class, why),
            Said::IsNot(class) => Some(class),
            Said::Nothing => None,
        };
        if let Some(silent) = folder.and_then(|at| self.silent.get(at))
            && denied != Some(silent.class)
        {
            return Verdict::ByFolder(silent.class);
        }
        if let Some(why) = templates.file(path) {
            return Verdict::ByFile(PathClass::TemplateSkeleton, why);
        }
        match by_file_name(path).filter(|(class, _)| denied != Some(*class)) {
            Some((class, why)) => Verdict::ByFile(class, why.to_owned()),
            None => Verdict::Speaks,
        }
    }

    fn count(&mut self, folder: Option<usize>) {
        if let Some(silent) = folder.and_then(|at| self.silent.get_mut(at)) {
            silent.files += 1;
        }
    }

    fn exclusions(self) -> Vec<Exclusion> {
        let silent = self.silent.into_iter().filter(|silent| silent.files > 0);
        silent.map(|Silent { path, class, why, files }| Exclusion { path, class, why, files }).collect()
    }
}

fn by_file_name(path: &str) -> Option<(PathClass, &'static str)> {
    let name = path.rsplit('/').next().unwrap_or(path);
    let lower = name.to_ascii_lowercase();
    if let Some((_, class, why)) = table::FILES.iter().find(|(known, ..)| *known == lower) {
        return Some((*class, why));
    }
    if lower.starts_with("test_") && lower.ends_with(".py") {
        return Some((PathClass::Test, table::PYTHON_TEST));
    }
    if lower.starts_with("zz_generated") {
        return Some((PathClass::Generated, "The name is that of code which a generator wrote."));
    }
    let mut endings = table::FILE_ENDINGS.iter();
    endings
        .find(|(ending, ..)| lower.len() > ending.len() && lower.ends_with(ending))
        .map(|(_, class, why)| (*class, *why))
}

/// Remembers what lies directly in folders that a table asks about.
fn note_held<'a>(path: &'a str, held: &mut HashMap<&'a str, Vec<&'a str>>) {
    let mut start = 0;
    while let Some(slash) = path[start..].find('/').map(|at| start + at) {
        let folder = &path[..slash];
        let name = &path[start..slash];
        start = slash + 1;
        let asked = table::FOLDERS.iter().any(|row| {
            matches!(row.when, When::Holding(_)) && row.names.iter().any(|known| known.eq_ignore_ascii_case(name))
        });
        if !asked {
            continue;
        }
        let child = path[start..].split('/').next().unwrap_or_default();
        let children = held.entry(folder).or_default();
        if children.last() != Some(&child) && children.len() < 1_000 {
            children.push(child);
        }
    }
}
