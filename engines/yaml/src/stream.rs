//! A file as a stream of documents, read as far as possible.

use std::borrow::Cow;

use saphyr_parser::{Event, Parser, ScanError};

use super::build::{Builder, inside, place, too_deep};
use super::{Document, Limits, YamlError};

/// More would not help anybody.
const MAX_ERRORS: usize = 50;
/// How many characters are read again at most to mend tabs, over the whole file.
const TAB_BUDGET: usize = 20_000_000;

pub fn read(text: &str, limits: &Limits) -> (Vec<Document>, Vec<YamlError>) {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let lines = lines(text);
    if let Some(error) = not_text(&lines) {
        return (Vec::new(), vec![error]);
    }
    let mut stream = Stream { limits, lines, documents: Vec::new(), nodes: 0, tabs: TAB_BUDGET / text.len().max(1) };
    let mut errors: Vec<YamlError> = Vec::new();
    let mut from = 0;
    while errors.len() < MAX_ERRORS {
        let Err((error, started)) = stream.read_from(from) else { break };
        let (line, column) = inside(&stream.lines, (error.line, error.column));
        errors.push(YamlError { line, column, ..error });
        // What failed ends where the next document begins: a marker cannot stand inside a value.
        match stream.next_document(started) {
            Some(next) if stream.nodes <= limits.nodes => from = next,
            _ => break,
        }
    }
    (stream.documents, errors)
}

struct Stream<'a> {
    limits: &'a Limits,
    /// With their ends.
    lines: Vec<&'a str>,
    documents: Vec<Document>,
    nodes: usize,
    /// How many tabs may still be mended.
    tabs: usize,
}

enum Failure {
    /// A tab alone stands between a `:` and a value, which YAML and Backstage allow but the parser does not; the
    /// value begins at that character of the text.
    Tab(usize),
    Error(YamlError),
}

impl Stream<'_> {
    /// Reads documents from the line with that index on. An error comes with the index of the line at which the
    /// document that failed begins.
    fn read_from(&mut self, from: usize) -> Result<(), (YamlError, usize)> {
        let mut text = Cow::Owned(self.lines[from..].concat());
        loop {
            let (documents, nodes, outcome) = self.run(&text, from);
            let Err((failure, started)) = outcome else {
                self.keep(documents, nodes);
                return Ok(());
            };
            let error = match failure {
                Failure::Tab(at) => match without_tab(&text, at).filter(|_| self.tabs > 0) {
                    Some(mended) => {
                        self.tabs -= 1;
                        text = Cow::Owned(mended);
                        continue;
                    }
                    None => YamlError::new(
                        "yaml.tab",
                        (u32::try_from(started + 1).unwrap_or(u32::MAX), 1),
                        "Too many tabs stand between keys and values of this document.",
                        "Put spaces in the place of the tabs.",
                    ),
                },
                Failure::Error(error) => error,
            };
            self.keep(documents, nodes);
            return Err((error, started));
        }
    }

    fn keep(&mut self, documents: Vec<Document>, nodes: usize) {
        self.documents.extend(documents);
        self.nodes = nodes;
    }

    /// One pass over `text`, which begins at the line with the index `from`.
    #[allow(clippy::type_complexity)]
    fn run(&self, text: &str, from: usize) -> (Vec<Document>, usize, Result<(), (Failure, usize)>) {
        let mut builder = Builder::new(self.limits, &self.lines, from, self.nodes);
        let mut parser = Parser::new_from_str(text);
        let mut started = from;
        let mut outcome = Ok(());
        while let Some(next) = parser.next_event() {
            let failure = match next {
                Ok((Event::StreamEnd, _)) => break,
                Ok((event, span)) => {
                    if matches!(event, Event::DocumentStart(_) | Event::DocumentEnd) {
                        started = from + span.start.line().saturating_sub(1);
                    }
                    builder.take(event, span).err().map(Failure::Error)
                }
                Err(error) => Some(self.failure(&error, from)),
            };
            if let Some(failure) = failure {
                outcome = Err((failure, started));
                break;
            }
        }
        (builder.documents, builder.nodes, outcome)
    }

    fn failure(&self, error: &ScanError, from: usize) -> Failure {
        let at = place(*error.marker(), from);
        match error.info() {
            "':' must be followed by a valid YAML whitespace" => Failure::Tab(error.marker().index()),
            "recursion limit exceeded" => Failure::Error(too_deep(at, self.limits)),
            info => Failure::Error(YamlError::new("yaml.syntax", at, message(info), help(info))),
        }
    }

    /// The index of the first line after `started` that begins a document.
    fn next_document(&self, started: usize) -> Option<usize> {
        let after = started + 1;
        let marks = |line: &&str| {
            line.strip_prefix("---").is_some_and(|rest| rest.is_empty() || rest.starts_with([' ', '\t', '\r', '\n']))
        };
        self.lines.get(after..)?.iter().position(marks).map(|found| after + found)
    }
}

/// The lines of a text with their ends: `\n`, `\r\n`, or `\r` alone.
fn lines(text: &str) -> Vec<&str> {
    let mut lines = Vec::new();
    let bytes = text.as_bytes();
    let mut start = 0;
    for (at, &byte) in bytes.iter().enumerate() {
        if byte == b'\n' || (byte == b'\r' && bytes.get(at + 1) != Some(&b'\n')) {
            lines.push(&text[start..=at]);
            start = at + 1;
        }
    }
    lines.push(&text[start..]);
    lines
}

/// The parser would take a NUL for the end of the text.
fn not_text(lines: &[&str]) -> Option<YamlError> {
    let (line, text) = lines.iter().enumerate().find(|(_, text)| text.contains('\0'))?;
    let column = text.chars().position(|character| character == '\0').unwrap_or(0) + 1;
    let at = (u32::try_from(line + 1).unwrap_or(u32::MAX), u32::try_from(column).unwrap_or(u32::MAX));
    let message = "The file has a NUL character, which no text has.";
    Some(YamlError::new("yaml.encoding", at, message, "Save the file as UTF-8 text; it may be UTF-16 or binary."))
}

/// `text` with a space in the place of the tab before the character with that index.
fn without_tab(text: &str, at: usize) -> Option<String> {
    let (byte, character) = text.char_indices().nth(at.checked_sub(1)?)?;
    (character == '\t').then(|| {
        let mut mended = text.to_owned();
        mended.replace_range(byte..=byte, " ");
        mended
    })
}

/// The parser's words as a sentence.
fn message(info: &str) -> String {
    let mut letters = info.chars();
    let first: String = letters.next().map(|letter| letter.to_uppercase().collect()).unwrap_or_default();
    format!(
        "This is not valid YAML: {}{}.",
        first.to_lowercase(),
        letters.as_str().trim_end_matches('.').replace('`', "'")
    )
}

fn help(info: &str) -> &'static str {
    let table = [
        (
            "mapping values are not allowed",
            "Quote the value if `: ` belongs to it; otherwise begin the key on its own line.",
        ),
        ("unexpected character", "Quote the value: a plain one cannot begin with this character."),
        ("simple key", "Write `key: value`, or indent the line if it continues the text above."),
        ("flow", "Close the bracket or brace, and separate items with commas."),
        ("did not find expected node content", "Close the bracket or brace, and separate items with commas."),
        ("quote", "Close the quote."),
        ("escape", "Write the backslash twice, or use single quotes."),
        ("anchor", "Write the value out, or set the anchor above."),
        ("alias", "Quote the value: `*` begins an alias."),
        ("tab", "Put spaces in the place of the tab."),
        ("indent", "Indent the lines of one mapping or list by the same number of spaces."),
        ("directive", "Remove the line that begins with `%`."),
    ];
    let found = table.iter().find(|(part, _)| info.contains(part));
    found.map_or("Correct the YAML here; the rest of this document was not read.", |(_, help)| help)
}
