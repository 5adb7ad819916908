//! What a template's programs make of what it renders, as far as adoption has to know: which files they delete and rename.

use std::collections::{BTreeMap, HashMap};
use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::{Arc, Mutex, PoisonError};

use super::history::Part;
use crate::tree::{Entry, Tree};
use crate::{Answers, Environment, Rendered, Stage};

/// Runs the programs of a template.
pub trait Finish: Sync {
    /// The files after [`Rendered::hooks`] ran in [`Rendered::tree`]; `None` where they failed. Hooks that run before there
    /// are files are left out: they judge answers, which somebody found good enough once.
    fn finish(&self, rendered: &Rendered) -> Option<Tree>;
}

/// The programs of templates, and what is known of them already. One is used for many projects: what programs do is found out
/// once for every combination of answers that choose, and holds for all answers that are free text.
pub struct Programs<'a> {
    finish: Option<&'a dyn Finish>,
    known: Mutex<HashMap<u64, Arc<Moves>>>,
}

/// What programs did with rendered files, by their path in the template.
#[derive(Default)]
pub(super) struct Moves {
    effects: BTreeMap<String, Effect>,
}

enum Effect {
    Deleted,
    Moved { from: String, to: String },
}

impl<'a> Programs<'a> {
    #[must_use]
    pub fn new(finish: &'a dyn Finish) -> Self {
        Self { finish: Some(finish), known: Mutex::default() }
    }

    /// Without leave to run them: what they delete or rename is not understood then.
    #[must_use]
    pub fn none() -> Self {
        Self { finish: None, known: Mutex::default() }
    }

    /// The files of a project after its programs; without them where they cannot be run.
    pub(super) fn tree(&self, rendered: Rendered) -> Tree {
        let Some(finish) = self.finish else { return rendered.tree };
        let hooks: Vec<_> = rendered.hooks.iter().filter(|hook| hook.stage == Stage::AfterFiles).cloned().collect();
        if hooks.is_empty() {
            return rendered.tree;
        }
        let rendered = Rendered { hooks, ..rendered };
        finish.finish(&rendered).unwrap_or(rendered.tree)
    }

    /// What the programs of a version do where answers choose.
    pub(super) fn moves(
        &self,
        part: &Part,
        version: usize,
        answers: &Answers,
        environment: &Environment,
    ) -> Arc<Moves> {
        let Some(version) = part.versions.get(version) else { return Arc::default() };
        if self.finish.is_none() || version.programs.is_empty() {
            return Arc::default();
        }
        let choosing: Answers = answers
            .iter()
            .filter(|(name, _)| part.patterns.chooses(name))
            .map(|(name, value)| (name.to_owned(), value.clone()))
            .collect();
        let mut key = DefaultHasher::new();
        version.programs.hash(&mut key);
        version.files.keys().for_each(|path| path.hash(&mut key));
        choosing.iter().for_each(|(name, value)| (name, value.to_string()).hash(&mut key));
        let key = key.finish();
        if let Some(known) = self.known.lock().unwrap_or_else(PoisonError::into_inner).get(&key) {
            return known.clone();
        }
        let rendered = version.template.render(&choosing, environment).ok();
        let moves = rendered.map(|rendered| Moves::new(&rendered, &self.tree(rendered.clone()))).unwrap_or_default();
        let moves = Arc::new(moves);
        self.known.lock().unwrap_or_else(PoisonError::into_inner).insert(key, moves.clone());
        moves
    }
}

impl Moves {
    fn new(rendered: &Rendered, finished: &Tree) -> Self {
        let is_fresh = |(path, entry): &(&str, &Entry)| **entry != Entry::Folder && rendered.tree.get(path).is_none();
        let mut fresh: Vec<(&str, &Entry)> = finished.iter().filter(is_fresh).collect();
        let mut effects = BTreeMap::new();
        let name = |path: &str| path.rsplit('/').next().unwrap_or(path).to_owned();
        for (path, origin) in rendered.origins.iter().filter(|(path, _)| finished.get(path).is_none()) {
            // Of several with the same content that of the same name.
            let same = fresh.iter().enumerate().filter(|(_, (_, entry))| rendered.tree.get(path) == Some(*entry));
            let found = same.max_by_key(|(_, (new, _))| name(new) == name(path)).map(|(at, _)| at);
            let effect = match found {
                Some(at) => Effect::Moved { from: path.clone(), to: fresh.swap_remove(at).0.to_owned() },
                None => Effect::Deleted,
            };
            effects.insert(origin.path.clone(), effect);
        }
        Self { effects }
    }

    /// Where a rendered file is in the end, by its paths in the template and as it was rendered; `None` where it is deleted.
    pub(super) fn place(&self, source: &str, rendered: &str) -> Option<String> {
        match self.effects.get(source) {
            None => Some(rendered.to_owned()),
            Some(Effect::Deleted) => None,
            // A folder put around it: the rest is as the project's own answers make it.
            Some(Effect::Moved { from, to }) => Some(match to.strip_suffix(from.as_str()) {
                Some(folder) => format!("{folder}{rendered}"),
                None => to.clone(),
            }),
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;
    use crate::{Origin, Treatment};

    #[test]
    fn files_are_deleted_renamed_and_put_into_folders() {
        let tree = |files: &[(&str, &str)]| {
            let mut tree = Tree::default();
            files.iter().for_each(|(path, text)| tree.insert(*path, Entry::file(text.as_bytes(), 0o644)).unwrap());
            tree
        };
        let files = [("LICENSE_A", "a"), ("LICENSE_B", "b"), ("p/main.py", ""), ("p/__init__.py", ""), ("same", "s")];
        let origins = files.iter().map(|(path, _)| {
            ((*path).to_owned(), Origin { path: format!("t/{path}"), treatment: Treatment::Rendered })
        });
        let rendered = Rendered { tree: tree(&files), origins: origins.collect(), ..Rendered::default() };
        let left = [("LICENSE", "b"), ("src/p/__init__.py", ""), ("src/p/main.py", ""), ("same", "changed")];
        let moves = Moves::new(&rendered, &tree(&left));
        assert_eq!(moves.place("t/LICENSE_A", "LICENSE_A"), None);
        assert_eq!(moves.place("t/LICENSE_B", "LICENSE_B").unwrap(), "LICENSE");
        assert_eq!(moves.place("t/p/main.py", "other/main.py").unwrap(), "src/other/main.py");
        assert_eq!(moves.place("t/same", "same").unwrap(), "same");
    }
}
