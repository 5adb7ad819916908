//! cookiecutter 2.7.1: the same project, byte for byte, from the same template and answers.
//!
//! [`manifest`] reads `cookiecutter.json`, [`context`] asks and answers, [`files`] renders; [`binary`] tells what is copied
//! instead. [`replay`] and [`config`] read what cookiecutter leaves in a person's home. What differs from cookiecutter is
//! listed in the engine's README.

mod adoption;
mod binary;
mod check;
pub mod config;
mod context;
mod defaults;
mod environment;
mod files;
mod fnmatch;
mod folders;
mod hooks;
mod manifest;
mod nested;
mod newline;
mod paths;
pub mod replay;
mod source;

use std::collections::BTreeSet;
use std::io::{Read, Write};
use std::sync::Arc;

use model::{Finding, Findings, Level};
use serde_json::Value;

use crate::extensions::{Bridge, Extensions};
use crate::language::Language;
use crate::template::Source;
use crate::tree::Tree;
use crate::{Answers, Environment, Nested, Question, Rendered, Trust};

use folders::Folders;
use manifest::Manifest;

/// The file that makes a tree a template.
pub const MANIFEST: &str = "cookiecutter.json";

/// A template that was read.
#[derive(Clone, Debug)]
pub(crate) struct Template {
    tree: Arc<Tree>,
    folders: Arc<Folders>,
    /// The folder of `cookiecutter.json`, empty or without a `/` at its end.
    root: String,
    /// It was chosen among the templates of another, which gives it another name.
    chosen: bool,
    manifest: Manifest,
    nested: Vec<Nested>,
    extensions: Option<Arc<dyn Extensions>>,
}

impl Template {
    /// Whether a folder of a tree is a template of cookiecutter.
    pub fn is_one(tree: &Tree, folder: &str) -> bool {
        tree.get(&joined(folder, MANIFEST)).is_some()
    }

    pub fn open(tree: Tree, folder: &str) -> Result<Self, Findings> {
        let folders = Arc::new(Folders::of(&tree));
        Self::open_in(Arc::new(tree), folders, folder, false)
    }

    fn open_in(tree: Arc<Tree>, folders: Arc<Folders>, root: &str, chosen: bool) -> Result<Self, Findings> {
        let path = joined(root, MANIFEST);
        let content = folders.read(&tree, &path).map_err(one)?.map(|(content, _)| content);
        let Some(content) = content else {
            let help = format!("a template of cookiecutter has a {MANIFEST} at its root: is it in a sub-directory?");
            return Err(one(Finding::new("template.none", Level::Error, format!("there is no {path}"), help)));
        };
        let manifest = Manifest::read(&path, &content)?;
        let nested = nested::nested(&manifest)?;
        Ok(Self { tree, folders, root: root.to_owned(), chosen, manifest, nested, extensions: None })
    }

    pub fn tree(&self) -> &Tree {
        &self.tree
    }

    pub fn folder(&self) -> &str {
        &self.root
    }

    pub fn with_extensions(&self, extensions: Arc<dyn Extensions>) -> Self {
        Self { extensions: Some(extensions), ..self.clone() }
    }

    pub fn load_extensions(
        &self,
        answers: impl Read + Send + 'static,
        requests: impl Write + Send + 'static,
        path: &[String],
    ) -> Result<Self, Findings> {
        let foreign = environment::foreign_extensions(&self.manifest);
        let names: Vec<String> = foreign.iter().map(|extension| extension.name.clone()).collect();
        match Bridge::load(answers, requests, &names, path) {
            Ok(bridge) => Ok(self.with_extensions(Arc::new(bridge))),
            Err(unloaded) => Err(one(environment::unloaded(&self.manifest, &unloaded))),
        }
    }

    pub fn nested(&self) -> &[Nested] {
        &self.nested
    }

    pub fn choose(&self, key: &str) -> Result<Self, Findings> {
        let Some(nested) = self.nested.iter().find(|nested| nested.key == key) else {
            let known = self.nested.iter().map(|nested| nested.key.as_str());
            let help = match crate::jinja::nearest(key, known) {
                Some(nearest) => format!("did you mean {nearest:?}?"),
                None => "choose one of those that the template lists".to_owned(),
            };
            return Err(one(self.manifest.finding(
                "template.choice",
                &["templates"],
                format!("there is no template {key:?}"),
                help,
            )));
        };
        Self::open_in(self.tree.clone(), self.folders.clone(), &joined(&self.root, &nested.path), true)
    }

    /// The same template in another state of its tree.
    pub fn reopened(&self, tree: Tree) -> Result<Self, Findings> {
        let folders = Arc::new(Folders::of(&tree));
        Self::open_in(Arc::new(tree), folders, &self.root, self.chosen)
    }

    pub fn trust(&self) -> Trust {
        hooks::trust(self)
    }

    pub fn with_defaults(&self, defaults: &Answers) -> Result<Self, Findings> {
        let mut template = self.clone();
        defaults::apply(&mut template.manifest, defaults).map_err(one)?;
        template.nested = nested::nested(&template.manifest)?;
        Ok(template)
    }

    pub fn with_configured(&self, defaults: &Answers) -> (Self, Option<Finding>) {
        let mut template = self.clone();
        let refused = defaults::apply(&mut template.manifest, defaults).err();
        (template, refused.map(|finding| Finding { level: Level::Warning, ..finding }))
    }

    pub fn questions(&self, answers: &Answers, environment: &Environment) -> Result<Vec<Question>, Findings> {
        Ok(context::fill(self, answers, environment, false)?.questions)
    }

    pub fn next(&self, answers: &Answers, environment: &Environment) -> Result<Option<Question>, Findings> {
        let filled = context::fill(self, answers, environment, true)?;
        Ok(filled.questions.into_iter().find(|question| answers.get(&question.name).is_none()))
    }

    pub fn answer(&self, question: &Question, typed: &str) -> Result<Value, Findings> {
        context::typed(question, typed)
            .map_err(|message| one(self.manifest.finding("template.answer", &[&question.name], message, String::new())))
    }

    pub fn check(&self, environment: &Environment) -> Findings {
        check::check(self, environment)
    }

    pub fn sources(&self) -> Vec<Source> {
        adoption::sources(self)
    }

    pub fn language(&self) -> Option<Language> {
        adoption::language(self)
    }

    pub fn only(&self, wanted: Option<&BTreeSet<&str>>) -> Self {
        adoption::only(self, wanted)
    }

    pub fn render(&self, answers: &Answers, environment: &Environment) -> Result<Rendered, Findings> {
        if !self.nested.is_empty() {
            let message = "the template holds several templates, and none was chosen";
            let keys: Vec<&str> = self.nested.iter().map(|nested| nested.key.as_str()).collect();
            let help = format!("choose one of {}", keys.join(", "));
            return Err(one(self.manifest.finding("template.choice", &["templates"], message, help)));
        }
        files::render(self, answers, environment)
    }
}

/// A path below a folder, which may be the root of the tree.
fn joined(folder: &str, path: &str) -> String {
    match folder {
        "" => path.to_owned(),
        folder => format!("{folder}/{path}"),
    }
}

fn one(finding: Finding) -> Findings {
    vec![finding].into()
}
