//! Jinja as the dialects share it: minijinja with what Jinja2 3.1 has and minijinja has not.
//!
//! [`rewrite`] writes some tags anew before they are read, [`functions`], [`filters`], [`tests`] and [`methods`] add and
//! replace, [`values`] are lists and dictionaries that a template may change. The rest of the differences is in the
//! engine's README.

mod arguments;
mod chance;
mod conversion;
mod depth;
mod entities;
mod filters;
mod foreign;
mod functions;
mod json;
mod methods;
mod numbers;
mod percent;
mod pieces;
mod pretty;
mod problem;
mod rewrite;
mod slug;
mod syntax;
mod tests;
mod text;
mod time;
mod transliteration;
pub mod values;

use std::collections::{BTreeSet, HashSet};
use std::io;
use std::sync::Arc;

use minijinja::{AutoEscape, Environment, ErrorKind, UndefinedBehavior, Value};

pub use json::{dumps_json as dumps, dumps_unicode, float};
pub use pieces::{PieceKind, Token, TokenKind, pieces, tokens};
pub use problem::{Problem, nearest};
pub use rewrite::normalise_lines;
pub use syntax::Syntax;

use chance::Chance;
use time::Clock;

use crate::Limits;
use crate::extensions::{Brought, Extensions};

/// What is said of a text that is nested too deeply to be read.
const TOO_DEEP: &str = "the text is nested too deeply";

/// Where includes, parents and imports come from: the text of a template by its name, before anything is rewritten.
pub type Loader = dyn Fn(&str) -> Option<String> + Send + Sync;

/// What an environment is made of.
pub struct Options {
    pub syntax: Syntax,
    /// Statements that only an extension brings: `do`, `break`, `continue`.
    pub statements: BTreeSet<&'static str>,
    /// Undefined variables are errors wherever they are used.
    pub strict: bool,
    /// Values are escaped for HTML.
    pub autoescape: bool,
    /// What the template's own code brings.
    pub extensions: Option<Arc<dyn Extensions>>,
}

/// An environment that renders texts.
pub struct Jinja {
    environment: Environment<'static>,
    syntax: Syntax,
    statements: BTreeSet<&'static str>,
    extensions: Option<Arc<dyn Extensions>>,
    chance: Arc<Chance>,
    limits: Limits,
}

impl Jinja {
    /// # Errors
    /// Delimiters that cannot be told apart.
    pub fn new(options: Options, inputs: &crate::Environment, loader: Arc<Loader>) -> Result<Self, Problem> {
        let Options { syntax, statements, strict, autoescape, extensions } = options;
        let mut environment = Environment::new();
        let chance = Arc::new(Chance::new(inputs.seed));
        environment.set_syntax(syntax.build().map_err(|error| Problem::of(&error, None))?);
        environment.set_undefined_behavior(if strict { UndefinedBehavior::Strict } else { UndefinedBehavior::Lenient });
        environment.set_auto_escape_callback(move |_| if autoescape { AutoEscape::Html } else { AutoEscape::None });
        environment.set_formatter(filters::write);
        environment.set_unknown_method_callback(methods::call);
        environment.set_fuel(Some(inputs.limits.fuel));
        environment.set_recursion_limit(inputs.limits.depth);
        environment.set_debug(true);
        functions::add(&mut environment, Clock { time: inputs.clock, zone: inputs.zone.clone() }, &chance);
        filters::add(&mut environment, &chance);
        tests::add(&mut environment);
        if let Some(extensions) = &extensions {
            foreign::add(&mut environment, extensions);
        }
        let read = syntax.clone();
        environment.set_loader(move |name| match loader(name) {
            Some(source) if depth::too_deep(&source, &read).is_some() => {
                Err(minijinja::Error::new(ErrorKind::SyntaxError, format!("{name}: {TOO_DEEP}")))
            }
            source => Ok(source.map(|source| rewrite::rewrite(&source, &read).into_owned())),
        });
        Ok(Self { environment, syntax, statements, extensions, chance, limits: inputs.limits })
    }

    pub fn syntax(&self) -> &Syntax {
        &self.syntax
    }

    /// Renders a text. Its name is what findings call the file, and where its chance begins.
    ///
    /// # Errors
    /// What is wrong with it, and where.
    pub fn render(&self, name: &str, source: &str, context: &Value) -> Result<String, Problem> {
        if !self.syntax.occurs_in(source) {
            return Ok(normalise_lines(source, &self.syntax.newline).into_owned());
        }
        self.chance.begin(name);
        self.check_readable(name, source)?;
        let rewritten = rewrite::rewrite(source, &self.syntax);
        let problem = |error: &minijinja::Error| Problem::of(error, Some((name, source)));
        let template = self.environment.template_from_named_str(name, &rewritten).map_err(|error| problem(&error))?;
        let mut output = Bounded { written: Vec::new(), limit: self.limits.file_bytes };
        match template.render_captured_to(context.clone(), &mut output) {
            Ok(_) => {}
            Err(error) if error.kind() == ErrorKind::WriteFailure => {
                return Err(Problem::too_long(name, self.limits.file_bytes));
            }
            Err(error) => return Err(problem(&error)),
        }
        String::from_utf8(output.written).map_err(|_| Problem::too_long(name, self.limits.file_bytes))
    }

    /// The variables that a text uses and does not set itself, with their attributes: `cookiecutter.name`.
    ///
    /// # Errors
    /// It is no template.
    pub fn names(&self, name: &str, source: &str) -> Result<HashSet<String>, Problem> {
        if !self.syntax.occurs_in(source) {
            return Ok(HashSet::new());
        }
        self.check_readable(name, source)?;
        let rewritten = rewrite::rewrite(source, &self.syntax);
        let template = self.environment.template_from_named_str(name, &rewritten);
        let template = template.map_err(|error| Problem::of(&error, Some((name, source))))?;
        Ok(template.undeclared_variables(true).into_iter().chain(template.undeclared_variables(false)).collect())
    }

    /// Filters of a text that are not there, and where.
    pub fn unknown_filters(&self, source: &str) -> Vec<(String, usize)> {
        let mut unknown = Vec::new();
        for piece in pieces::pieces(source, &self.syntax) {
            if !matches!(piece.kind, pieces::PieceKind::Block | pieces::PieceKind::Variable) {
                continue;
            }
            for pair in pieces::tokens(source, piece.inner).windows(2) {
                let name = &source[pair[1].range.clone()];
                if &source[pair[0].range.clone()] == "|"
                    && pair[1].kind == pieces::TokenKind::Name
                    && !self.has_filter(name)
                {
                    unknown.push((name.to_owned(), pair[1].range.start));
                }
            }
        }
        unknown
    }

    fn has_filter(&self, name: &str) -> bool {
        let tried = self.environment.empty_state().apply_filter(name, &[]);
        tried.err().is_none_or(|error| error.kind() != ErrorKind::UnknownFilter)
    }

    pub fn nearest_filter(&self, name: &str) -> Option<&str> {
        let brought = self.brought().into_iter().flat_map(|brought| brought.filters.iter().map(String::as_str));
        problem::nearest_filter(name, brought)
    }

    fn brought(&self) -> Option<&Brought> {
        self.extensions.as_deref().map(Extensions::brought)
    }

    /// # Errors
    /// What is not to be given to minijinja.
    fn check_readable(&self, name: &str, source: &str) -> Result<(), Problem> {
        match depth::too_deep(source, &self.syntax) {
            Some(at) => Err(Problem::too_deep(name, source, at)),
            None => self.check_statements(name, source),
        }
    }

    /// minijinja knows statements that Jinja2 knows only with an extension, and none of those that other extensions read.
    fn check_statements(&self, name: &str, source: &str) -> Result<(), Problem> {
        let foreign = self.brought().into_iter().flat_map(|brought| &brought.tags);
        let foreign = foreign.map(|(tag, extension)| (tag.as_str(), Some(extension.as_str())));
        let own = ["do", "break", "continue"].into_iter().filter(|own| !self.statements.contains(own));
        for (statement, extension) in own.map(|own| (own, None)).chain(foreign) {
            if !source.contains(statement) {
                continue;
            }
            for piece in pieces::pieces(source, &self.syntax) {
                let Some(first) = pieces::tokens(source, piece.inner.clone()).into_iter().next() else { continue };
                if piece.kind == pieces::PieceKind::Block && &source[first.range.clone()] == statement {
                    return Err(Problem::unknown_statement(name, source, first.range.start, statement, extension));
                }
            }
        }
        Ok(())
    }
}

/// A text that stops growing.
struct Bounded {
    written: Vec<u8>,
    limit: usize,
}

impl io::Write for Bounded {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if self.written.len() + bytes.len() > self.limit {
            return Err(io::Error::other("the text is too long"));
        }
        self.written.extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
