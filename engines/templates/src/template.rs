//! A template of any dialect.

use std::collections::BTreeSet;
use std::io::{Read, Write};
use std::sync::Arc;

use model::{Finding, Findings};
use serde::Serialize;

use crate::extensions::Extensions;
use crate::language::Language;
use crate::tree::Tree;
use crate::{Answers, Environment, Question, Rendered, Trust, cookiecutter};

/// A template that was read and found to be one.
#[derive(Clone, Debug)]
pub struct Template {
    cookiecutter: cookiecutter::Template,
}

/// Whose rules a template follows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, serde::Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Dialect {
    Cookiecutter,
}

/// A template within a template, of which one has to be chosen first.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Nested {
    pub key: String,
    /// What a person reads.
    pub label: String,
    /// Its folder in the tree.
    pub path: String,
}

impl Template {
    /// Reads a template.
    ///
    /// # Errors
    /// It is none of a known dialect, or what describes it is not valid.
    pub fn open(tree: Tree) -> Result<Self, Findings> {
        Self::open_in(tree, "")
    }

    /// Reads a template that lies in a folder of a tree, whose links may lead to the rest of it.
    ///
    /// # Errors
    /// As [`Self::open`].
    pub fn open_in(tree: Tree, folder: &str) -> Result<Self, Findings> {
        Ok(Self { cookiecutter: cookiecutter::Template::open(tree, folder)? })
    }

    /// Whether a folder of a tree is a template, and of which dialect.
    #[must_use]
    pub fn dialect_of(tree: &Tree, folder: &str) -> Option<Dialect> {
        cookiecutter::Template::is_one(tree, folder).then_some(Dialect::Cookiecutter)
    }

    #[must_use]
    pub fn dialect(&self) -> Dialect {
        Dialect::Cookiecutter
    }

    /// The files that it was read from.
    #[must_use]
    pub fn tree(&self) -> &Tree {
        self.cookiecutter.tree()
    }

    /// The templates of which one has to be chosen; empty where this is one that can be rendered.
    #[must_use]
    pub fn nested(&self) -> &[Nested] {
        self.cookiecutter.nested()
    }

    /// The chosen one of [`Self::nested`].
    ///
    /// # Errors
    /// There is none of that key, or it is not valid.
    pub fn choose(&self, key: &str) -> Result<Self, Findings> {
        Ok(Self { cookiecutter: self.cookiecutter.choose(key)? })
    }

    /// The same template after its scripts of [`Stage::BeforeQuestions`](crate::Stage::BeforeQuestions), which left `tree`.
    ///
    /// # Errors
    /// It is not valid any more.
    pub fn reopened(&self, tree: Tree) -> Result<Self, Findings> {
        Ok(Self { cookiecutter: self.cookiecutter.reopened(tree)? })
    }

    /// What would be executed.
    #[must_use]
    pub fn trust(&self) -> Trust {
        self.cookiecutter.trust()
    }

    /// The template's own folder in its tree; empty where that is the root. Modules of its extensions are found there.
    #[must_use]
    pub fn folder(&self) -> &str {
        self.cookiecutter.folder()
    }

    /// The template with what its extensions ([`Trust::extensions`]) bring, in everything that is rendered from now on:
    /// defaults, names, files and hooks. [`Self::choose`] leads to a template with extensions of its own.
    #[must_use]
    pub fn with_extensions(&self, extensions: Arc<dyn Extensions>) -> Self {
        Self { cookiecutter: self.cookiecutter.with_extensions(extensions) }
    }

    /// [`Self::with_extensions`] of a process that runs [`crate::extensions::BRIDGE`]: `answers` is what it writes,
    /// `requests` what it reads. `path` are the folders on the machine in which modules are found beside Python's own: that
    /// of the template, [`Self::folder`] included.
    ///
    /// # Errors
    /// One of them cannot be loaded, said of its place in the template.
    pub fn load_extensions(
        &self,
        answers: impl Read + Send + 'static,
        requests: impl Write + Send + 'static,
        path: &[String],
    ) -> Result<Self, Findings> {
        Ok(Self { cookiecutter: self.cookiecutter.load_extensions(answers, requests, path)? })
    }

    /// The template with other defaults: those of a person's configuration, or of `--data`. Names that it does not ask for
    /// are ignored, as cookiecutter does. Unlike an answer, a default is rendered.
    ///
    /// # Errors
    /// A value that its question does not take.
    pub fn with_defaults(&self, defaults: &Answers) -> Result<Self, Findings> {
        Ok(Self { cookiecutter: self.cookiecutter.with_defaults(defaults)? })
    }

    /// [`Self::with_defaults`] of a person's configuration: what a question does not take is a warning, and ends it.
    #[must_use]
    pub fn with_configured(&self, defaults: &Answers) -> (Self, Option<Finding>) {
        let (cookiecutter, refused) = self.cookiecutter.with_configured(defaults);
        (Self { cookiecutter }, refused)
    }

    /// All that is asked, with the defaults that the given answers lead to.
    ///
    /// # Errors
    /// A default cannot be rendered.
    pub fn questions(&self, answers: &Answers, environment: &Environment) -> Result<Vec<Question>, Findings> {
        self.cookiecutter.questions(answers, environment)
    }

    /// The first question that is not answered yet, with its default; `None` when all are.
    ///
    /// # Errors
    /// Its default cannot be rendered.
    pub fn next(&self, answers: &Answers, environment: &Environment) -> Result<Option<Question>, Findings> {
        self.cookiecutter.next(answers, environment)
    }

    /// Takes what a person typed, or what a form sent, as the answer to a question.
    ///
    /// # Errors
    /// The question does not take it: the message says what it takes.
    pub fn answer(&self, question: &Question, typed: &str) -> Result<serde_json::Value, Findings> {
        self.cookiecutter.answer(question, typed)
    }

    /// Renders the project. Questions without an answer take their default.
    ///
    /// # Errors
    /// Everything that is wrong with names, texts and answers, with the place of each.
    pub fn render(&self, answers: &Answers, environment: &Environment) -> Result<Rendered, Findings> {
        self.cookiecutter.render(answers, environment)
    }

    /// What an author should know, of this template or of those in it: the rules are listed in `docs/templates.md`. Nothing is
    /// rendered, and only what holds for every answer is said. Errors are what nobody can render; variables that are not there
    /// are warnings, since a template may test whether they are.
    #[must_use]
    pub fn check(&self, environment: &Environment) -> Findings {
        self.cookiecutter.check(environment)
    }

    /// The files that a render reads one by one, for adoption.
    pub(crate) fn sources(&self) -> Vec<Source> {
        self.cookiecutter.sources()
    }

    /// How answers stand in the texts; `None` where nobody can say.
    pub(crate) fn language(&self) -> Option<Language> {
        self.cookiecutter.language()
    }

    /// The template without what no render reads: so that versions which render the same are equal.
    pub(crate) fn bare(&self) -> Self {
        Self { cookiecutter: self.cookiecutter.only(None) }
    }

    /// The template with only some of its [`sources`](Self::sources), by their paths, and without its programs.
    pub(crate) fn only(&self, wanted: &BTreeSet<&str>) -> Self {
        Self { cookiecutter: self.cookiecutter.only(Some(wanted)) }
    }

    /// The template in its own dialect.
    pub(crate) fn cookiecutter(&self) -> &cookiecutter::Template {
        &self.cookiecutter
    }
}

/// A file of which a render makes one of the project's.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Source {
    /// In the template's tree.
    pub path: String,
    /// What becomes its path in the project, in the template's language.
    pub name: String,
    /// It is rendered; else it is taken as it is.
    pub is_text: bool,
}
