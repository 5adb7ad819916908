//! What went wrong in a template, as a finding: where, why, and the nearest name that is known.

use std::ops::Range;

use minijinja::{Error, ErrorKind};
use model::{Finding, Level};

use super::TOO_DEEP;
use super::foreign::Failed;

/// A failed render.
#[derive(Clone, Debug, PartialEq)]
pub struct Problem {
    pub finding: Box<Finding>,
    /// The expression that was undefined.
    pub undefined: Option<String>,
}

impl From<Finding> for Problem {
    fn from(finding: Finding) -> Self {
        Self { finding: Box::new(finding), undefined: None }
    }
}

impl Problem {
    /// What minijinja says, about a file and its text as it was before it was rewritten.
    pub fn of(error: &Error, place: Option<(&str, &str)>) -> Self {
        // The innermost error is the one that says something: those around it say only `in include`.
        let mut inner = error;
        while let Some(source) = std::error::Error::source(inner).and_then(|source| source.downcast_ref::<Error>()) {
            inner = source;
        }
        let file = inner.name().or(error.name()).unwrap_or_default();
        let line = inner.line().or(error.line()).unwrap_or(0);
        let range = range(inner);
        let expression = range.clone().and_then(|range| inner.template_source()?.get(range)).map(str::to_owned);
        let original = place.filter(|(name, _)| *name == file).map(|(_, source)| source);
        let column = column(inner, range, line, original, expression.as_deref());
        let detail = inner.detail().unwrap_or_default();
        let (rule, message, help) = words(inner, detail, expression.as_deref());
        let finding = Finding::new(rule, Level::Error, message, help).at(file, line as u32, column);
        let undefined = (inner.kind() == ErrorKind::UndefinedError).then(|| expression.unwrap_or_default());
        Self { finding: Box::new(finding), undefined }
    }

    /// A statement that only an extension brings: one of Jinja2's own, or the named one of the template.
    pub fn unknown_statement(name: &str, source: &str, at: usize, statement: &str, extension: Option<&str>) -> Self {
        let (line, column) = place(source, at);
        let (rule, message, help) = match (extension, statement) {
            (Some(extension), _) => {
                let message = format!("the tag {statement:?} is read by the extension {extension:?}");
                ("template.extension", message, "only filters, tests and globals of extensions are carried".to_owned())
            }
            (None, statement) => {
                let message = format!("there is no tag {statement:?} without the extension that brings it");
                let extension = if statement == "do" { "jinja2.ext.do" } else { "jinja2.ext.loopcontrols" };
                ("template.syntax", message, format!("add \"{extension}\" to _extensions"))
            }
        };
        let finding = Finding::new(rule, Level::Error, message, help).at(name, line, column);
        Self { finding: Box::new(finding), undefined: None }
    }

    pub fn too_deep(name: &str, source: &str, at: usize) -> Self {
        let (line, column) = place(source, at);
        let help = "write several tags, with `set` for what is between";
        let finding = Finding::new("template.syntax", Level::Error, TOO_DEEP, help).at(name, line, column);
        Self { finding: Box::new(finding), undefined: None }
    }

    pub fn too_long(name: &str, limit: usize) -> Self {
        let message = format!("the rendered text is longer than {} MB", limit >> 20);
        let finding = Finding::new("template.too-large", Level::Error, message, "look for a loop that writes too much")
            .at(name, 0, 0);
        Self { finding: Box::new(finding), undefined: None }
    }

    /// The same, with help that names the nearest of the known names.
    #[must_use]
    pub fn near<'n>(mut self, wanted: &str, known: impl Iterator<Item = &'n str>) -> Self {
        if let Some(nearest) = nearest(wanted, known) {
            self.finding.help = format!("did you mean {nearest:?}?");
        }
        self
    }
}

/// Line and column of a place in a text, from 1.
fn place(source: &str, at: usize) -> (u32, u32) {
    let start = source[..at].rfind('\n').map_or(0, |newline| newline + 1);
    (source[..at].matches('\n').count() as u32 + 1, source[start..at].chars().count() as u32 + 1)
}

/// The name that a misspelt one may have meant.
pub fn nearest<'n>(wanted: &str, known: impl Iterator<Item = &'n str>) -> Option<&'n str> {
    known
        .map(|name| (strsim::jaro_winkler(wanted, name), name))
        .filter(|(likeness, _)| *likeness > 0.8)
        .max_by(|one, other| one.0.total_cmp(&other.0))
        .map(|(_, name)| name)
}

pub fn nearest_filter<'n>(name: &str, others: impl Iterator<Item = &'n str>) -> Option<&'n str> {
    nearest(name, FILTERS.into_iter().chain(others))
}

/// What the error is about. Of a filter that was given something undefined minijinja says the filter.
fn range(error: &Error) -> Option<Range<usize>> {
    let range = error.range()?;
    if error.kind() != ErrorKind::UndefinedError {
        return Some(range);
    }
    let given = error.template_source().and_then(|source| {
        let before = source.get(..range.start)?.trim_end().strip_suffix('|')?.trim_end();
        let name = before.rsplit(|one: char| !one.is_alphanumeric() && one != '_' && one != '.').next()?;
        (!name.is_empty()).then(|| before.len() - name.len()..before.len())
    });
    given.or(Some(range))
}

/// From the place in what minijinja read; where that was rewritten, from where the expression stands in the original line.
fn column(
    error: &Error,
    range: Option<Range<usize>>,
    line: usize,
    original: Option<&str>,
    expression: Option<&str>,
) -> u32 {
    let at = |source: &str, range: usize| -> Option<u32> {
        let before = source.get(..range)?;
        let start = before.rfind('\n').map_or(0, |newline| newline + 1);
        Some(before[start..].chars().count() as u32 + 1)
    };
    let read = range.and_then(|range| at(error.template_source()?, range.start));
    let read_line = error.template_source().and_then(|source| source.lines().nth(line.checked_sub(1)?));
    let original_line = original.and_then(|source| source.lines().nth(line.checked_sub(1)?));
    match (read_line, original_line, expression) {
        (Some(one), Some(other), Some(expression)) if one != other => {
            other.find(expression).map_or(0, |at| other[..at].chars().count() as u32 + 1)
        }
        _ => read.unwrap_or(0),
    }
}

fn words(error: &Error, detail: &str, expression: Option<&str>) -> (&'static str, String, String) {
    let quoted =
        |text: &str| text.split('"').nth(1).or_else(|| text.split_whitespace().nth(1)).unwrap_or("").to_owned();
    let near = |kind: &str, names: &[&str]| {
        let wanted = quoted(detail);
        match nearest(&wanted, names.iter().copied()) {
            Some(name) => format!("did you mean {name:?}?"),
            None => format!("Jinja2 and cookiecutter bring no such {kind}: an extension of the template may"),
        }
    };
    let or = |text: &str| if detail.is_empty() { text.to_owned() } else { detail.to_owned() };
    let failed = std::error::Error::source(error).is_some_and(|source| source.is::<Failed>());
    match error.kind() {
        _ if failed => ("template.extension", or("an extension failed"), "look at the extension's own code".to_owned()),
        ErrorKind::UndefinedError => {
            let what = expression.map_or_else(|| "a value".to_owned(), |expression| format!("`{expression}`"));
            let help = "answer it, give it a default, or test it with `is defined`".to_owned();
            ("template.undefined", format!("{what} is undefined"), help)
        }
        ErrorKind::SyntaxError | ErrorKind::InvalidDelimiter | ErrorKind::BadEscape => {
            ("template.syntax", or("this is no template"), "see Jinja's template designer documentation".to_owned())
        }
        ErrorKind::UnknownFilter => ("template.filter", or("there is no such filter"), near("filter", &FILTERS)),
        ErrorKind::UnknownTest => ("template.test", or("there is no such test"), near("test", &TESTS)),
        ErrorKind::UnknownFunction => {
            ("template.function", or("there is no such function"), near("function", &FUNCTIONS))
        }
        ErrorKind::UnknownMethod => ("template.method", or("there is no such method"), String::new()),
        ErrorKind::TemplateNotFound => {
            let help =
                "a template is found in the project's folder of the template, and in templates/ beside it".to_owned();
            ("template.include", or("there is no such template"), help)
        }
        ErrorKind::OutOfFuel => {
            let help = "look for a loop that does not end, or that multiplies what it writes".to_owned();
            ("template.too-long", "rendering takes too many steps, and was stopped".to_owned(), help)
        }
        _ => ("template.render", or(&error.to_string()), String::new()),
    }
}

const FUNCTIONS: [&str; 8] =
    ["range", "dict", "cycler", "joiner", "namespace", "random_ascii_string", "uuid4", "lipsum"];

const TESTS: [&str; 22] = [
    "odd",
    "even",
    "divisibleby",
    "defined",
    "undefined",
    "filter",
    "test",
    "none",
    "boolean",
    "false",
    "true",
    "integer",
    "float",
    "lower",
    "upper",
    "string",
    "mapping",
    "number",
    "sequence",
    "iterable",
    "callable",
    "sameas",
];

const FILTERS: [&str; 53] = [
    "abs",
    "attr",
    "batch",
    "capitalize",
    "center",
    "count",
    "d",
    "default",
    "dictsort",
    "e",
    "escape",
    "filesizeformat",
    "first",
    "float",
    "forceescape",
    "format",
    "groupby",
    "indent",
    "int",
    "items",
    "join",
    "jsonify",
    "last",
    "length",
    "list",
    "lower",
    "map",
    "max",
    "min",
    "pprint",
    "random",
    "reject",
    "rejectattr",
    "replace",
    "reverse",
    "round",
    "safe",
    "select",
    "selectattr",
    "slice",
    "slugify",
    "sort",
    "string",
    "striptags",
    "sum",
    "title",
    "tojson",
    "trim",
    "truncate",
    "unique",
    "upper",
    "wordcount",
    "wordwrap",
];
