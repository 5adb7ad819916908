//! Folders and files that are the skeleton of a template: they speak for the template only.

use std::collections::BTreeMap;

/// What is known of the templates in a tree.
#[derive(Default)]
pub(super) struct Templates {
    /// Skeleton folders with the sentence why.
    folders: BTreeMap<String, String>,
    /// Roots of copier templates with the ending of their templated files.
    copier: Vec<(String, String)>,
}

/// At most this many files that describe a template are read.
const MOST_FILES: usize = 100;

/// Names of files that describe a template.
const COPIER: [&str; 2] = ["copier.yml", "copier.yaml"];
const BACKSTAGE: [&str; 2] = ["template.yaml", "template.yml"];

impl Templates {
    /// Reads what describes templates among `paths`.
    pub(super) fn find<'a>(
        paths: impl Iterator<Item = &'a str>,
        read: &mut dyn FnMut(&str) -> Option<Vec<u8>>,
    ) -> Self {
        let mut templates = Self::default();
        let describes = |name: &str| COPIER.contains(&name) || BACKSTAGE.contains(&name);
        let files = paths.filter(|path| describes(name(path)) && !has_markers(path) && !path.contains("node_modules/"));
        for path in files.take(MOST_FILES) {
            let Some(bytes) = read(path) else { continue };
            let text = String::from_utf8_lossy(&bytes);
            let folder = path.rsplit_once('/').map_or("", |(folder, _)| folder);
            if COPIER.contains(&name(path)) {
                templates.add_copier(path, folder, &text);
            } else {
                templates.add_backstage(path, folder, &text);
            }
        }
        templates
    }

    /// Why `folder` is a skeleton.
    pub(super) fn folder(&self, folder: &str) -> Option<String> {
        if has_markers(name(folder)) {
            return Some("The folder's name is filled in when a template is used.".to_owned());
        }
        self.folders.get(folder).cloned()
    }

    /// Why the file at `path` is part of a skeleton.
    pub(super) fn file(&self, path: &str) -> Option<String> {
        if has_markers(name(path)) {
            return Some("The file's name is filled in when a template is used.".to_owned());
        }
        let (root, ending) = self.copier.iter().find(|(root, ending)| path.ends_with(ending) && below(path, root))?;
        let root = if root.is_empty() { "the root".to_owned() } else { format!("{root}/") };
        Some(format!("The file ends in {ending} and belongs to the copier template in {root}."))
    }

    fn add_copier(&mut self, path: &str, folder: &str, text: &str) {
        let ending = scalar(text, "_templates_suffix").unwrap_or_else(|| ".jinja".to_owned());
        if !ending.is_empty() {
            self.copier.push((folder.to_owned(), ending));
        }
        let Some(named) = scalar(text, "_subdirectory") else { return };
        if has_markers(&named) {
            return;
        }
        if let Some(skeleton) = resolve(folder, &named) {
            self.folders.insert(skeleton, format!("{path} names the folder as _subdirectory."));
        }
    }

    fn add_backstage(&mut self, path: &str, folder: &str, text: &str) {
        if !text.lines().any(|line| line.trim_end() == "kind: Template") {
            return;
        }
        for line in text.lines() {
            let line = line.trim_start().trim_start_matches("- ");
            let Some(named) = value(line, "url") else { continue };
            if named.contains("://") || has_markers(&named) {
                continue;
            }
            if let Some(skeleton) = resolve(folder, &named).filter(|skeleton| skeleton != folder) {
                self.folders.insert(skeleton, format!("{path} fetches the folder as a skeleton."));
            }
        }
    }
}

fn name(path: &str) -> &str {
    path.rsplit('/').next().unwrap_or(path)
}

/// Jinja's markers in a name. Those of other dialects, as `[[`, are also what web frameworks name routes by.
fn has_markers(name: &str) -> bool {
    [("{{", "}}"), ("{%", "%}")]
        .iter()
        .any(|(open, close)| name.find(open).is_some_and(|at| name[at + open.len()..].contains(close)))
}

fn below(path: &str, folder: &str) -> bool {
    folder.is_empty() || path.strip_prefix(folder).is_some_and(|rest| rest.starts_with('/'))
}

/// The value of a key at the start of a line.
fn scalar(text: &str, key: &str) -> Option<String> {
    text.lines().find_map(|line| value(line, key))
}

fn value(line: &str, key: &str) -> Option<String> {
    let value = line.strip_prefix(key)?.trim_start().strip_prefix(':')?.trim();
    let value = match value.chars().next() {
        Some(quote @ ('"' | '\'')) => value[1..].split(quote).next().unwrap_or_default(),
        _ => value.split(" #").next().unwrap_or_default().trim(),
    };
    Some(value.to_owned())
}

/// The folder that `named` means, seen from `folder`; `None` where it leads out of the tree.
fn resolve(folder: &str, named: &str) -> Option<String> {
    let mut parts: Vec<&str> = folder.split('/').filter(|part| !part.is_empty()).collect();
    for part in named.split('/') {
        match part {
            "" | "." => {}
            ".." => {
                parts.pop()?;
            }
            name => parts.push(name),
        }
    }
    (!parts.is_empty()).then(|| parts.join("/"))
}
