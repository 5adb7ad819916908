//! Code blocks with classes instead of colours.
//!
//! The hundreds of scopes of a syntax become the few classes below, as flat spans: a page styles them in a dozen lines,
//! and the HTML stays small.

use std::fmt::Write;
use std::sync::LazyLock;

use syntect::easy::ScopeRegionIterator;
use syntect::parsing::{ParseState, Scope, ScopeStack, SyntaxReference, SyntaxSet};
use syntect::util::LinesWithEndings;

/// Every class that a highlighted block may hold.
pub const CLASSES: [&str; 14] = [
    "hl-attribute",
    "hl-changed",
    "hl-comment",
    "hl-constant",
    "hl-deleted",
    "hl-function",
    "hl-heading",
    "hl-inserted",
    "hl-keyword",
    "hl-number",
    "hl-operator",
    "hl-string",
    "hl-tag",
    "hl-type",
];

/// Longer blocks stay plain. In bytes.
const MAX_BLOCK: usize = 64 * 1024;
/// So do the blocks of a document after so many bytes of code.
const MAX_DOCUMENT: usize = 192 * 1024;
/// Lines longer than this are data, and cost a multiple of their length. In bytes.
const MAX_LINE: usize = 1_000;

/// The first prefix that the innermost scope has decides; an empty class ends the search outwards.
const SCOPES: [(&str, &str); 37] = [
    ("comment", "hl-comment"),
    ("punctuation.definition.comment", "hl-comment"),
    ("string", "hl-string"),
    ("punctuation.definition.string", "hl-string"),
    ("constant.numeric", "hl-number"),
    ("constant", "hl-constant"),
    ("variable.language", "hl-constant"),
    ("keyword.operator", "hl-operator"),
    ("keyword", "hl-keyword"),
    ("storage", "hl-keyword"),
    ("support.function", "hl-function"),
    ("support.macro", "hl-function"),
    ("variable.function", "hl-function"),
    ("variable.annotation", "hl-attribute"),
    ("entity.name.function", "hl-function"),
    ("entity.name.macro", "hl-function"),
    ("entity.name.tag", "hl-tag"),
    ("entity.name.section", "hl-heading"),
    ("entity.name.label", "hl-attribute"),
    ("entity.name.constant", "hl-constant"),
    ("entity.name", "hl-type"),
    ("entity.other.inherited-class", "hl-type"),
    ("entity.other.attribute-name", "hl-attribute"),
    ("support.type.property-name", "hl-attribute"),
    ("support.type", "hl-type"),
    ("support.class", "hl-type"),
    ("support.constant", "hl-constant"),
    ("meta.annotation", "hl-attribute"),
    ("meta.mapping.key", "hl-tag"),
    ("meta.diff.header", "hl-comment"),
    ("meta.diff.range", "hl-comment"),
    ("markup.inserted", "hl-inserted"),
    ("markup.deleted", "hl-deleted"),
    ("markup.changed", "hl-changed"),
    ("markup.heading", "hl-heading"),
    ("punctuation.section.interpolation", ""),
    ("meta.interpolation", ""),
];

/// Names that authors write and the syntaxes do not know.
const ALIASES: [(&str, &str); 20] = [
    ("containerfile", "dockerfile"),
    ("docker", "dockerfile"),
    ("golang", "go"),
    ("hcl", "tf"),
    ("ini", "ini"),
    ("javascript", "js"),
    ("json5", "json"),
    ("jsonc", "json"),
    ("jsonl", "json"),
    ("mjs", "js"),
    ("jsx", "js"),
    ("protobuf", "proto"),
    ("py3", "python"),
    ("shell", "bash"),
    ("sh", "bash"),
    ("terraform", "tf"),
    ("typescript", "ts"),
    ("yml", "yaml"),
    ("zsh", "bash"),
    ("csharp", "cs"),
];

/// Not code, or drawn by something else later.
const PLAIN: [&str; 8] = ["console", "math", "mermaid", "output", "plain", "plaintext", "text", "txt"];

/// Loaded when the first block is highlighted: it costs memory and some milliseconds.
static SYNTAXES: LazyLock<SyntaxSet> = LazyLock::new(two_face::syntax::extra_newlines);

static RULES: LazyLock<Vec<(Scope, &'static str)>> = LazyLock::new(|| {
    SCOPES.into_iter().filter_map(|(prefix, class)| Scope::new(prefix).ok().map(|scope| (scope, class))).collect()
});

/// Highlights the blocks of one document.
#[derive(Default)]
pub struct Highlighter {
    /// Bytes of code so far.
    seen: usize,
}

impl Highlighter {
    /// A block with the words after its fence.
    pub fn block(&mut self, info: &str, code: &str) -> String {
        let language = language(info);
        let mut html = String::with_capacity(code.len() * 2);
        html.push_str("<pre tabindex=\"0\"><code");
        if !language.is_empty() {
            let _ = write!(html, " class=\"language-{language}\"");
        }
        html.push('>');
        match self.syntax(&language, code) {
            Some(syntax) => highlight(&mut html, syntax, code),
            None => escape(&mut html, code),
        }
        html.push_str("</code></pre>\n");
        html
    }

    fn syntax(&mut self, language: &str, code: &str) -> Option<&'static SyntaxReference> {
        if language.is_empty() || PLAIN.contains(&language) || code.len() > MAX_BLOCK {
            return None;
        }
        let syntax = find(language)?;
        self.seen += code.len();
        (self.seen <= MAX_DOCUMENT).then_some(syntax)
    }
}

fn find(language: &str) -> Option<&'static SyntaxReference> {
    let alias = ALIASES.iter().find(|(name, _)| *name == language).map_or(language, |(_, known)| known);
    SYNTAXES.find_syntax_by_token(alias).filter(|syntax| syntax.name != "Plain Text")
}

/// The language of `rust,ignore`, `python title="x"`, `{.python}`, `js{1,3}`: lower case, safe in a class.
fn language(info: &str) -> String {
    info.trim_start_matches(['{', '.', ' '])
        .chars()
        .take_while(|c| c.is_ascii_alphanumeric() || matches!(c, '+' | '#' | '-' | '_' | '.'))
        .take(40)
        .collect::<String>()
        .to_ascii_lowercase()
}

fn highlight(html: &mut String, syntax: &SyntaxReference, code: &str) {
    let mut state = ParseState::new(syntax);
    let mut stack = ScopeStack::new();
    let mut spans = Spans { html, open: "" };
    for line in LinesWithEndings::from(code) {
        let parsed = if line.len() > MAX_LINE { None } else { state.parse_line(line, &SYNTAXES).ok() };
        let Some(parsed) = parsed else {
            spans.write("", line);
            continue;
        };
        for (text, operation) in ScopeRegionIterator::new(&parsed, line) {
            // An operation that does not fit the stack is a fault of the syntax: the text goes on as it was.
            let _ = stack.apply(operation);
            spans.write(class(&stack), text);
        }
    }
    spans.close();
}

/// Of the innermost scope that has one.
fn class(stack: &ScopeStack) -> &'static str {
    let innermost = stack.as_slice().iter().rev();
    innermost
        .filter_map(|scope| RULES.iter().find(|(prefix, _)| prefix.is_prefix_of(*scope)))
        .map(|(_, class)| *class)
        .next()
        .unwrap_or_default()
}

/// Flat spans; neighbours of one class share theirs.
struct Spans<'a> {
    html: &'a mut String,
    open: &'static str,
}

impl Spans<'_> {
    fn write(&mut self, class: &'static str, text: &str) {
        // White space needs no span of its own.
        if class != self.open && !text.trim().is_empty() {
            self.close();
            if !class.is_empty() {
                let _ = write!(self.html, "<span class=\"{class}\">");
            }
            self.open = class;
        }
        escape(self.html, text);
    }

    fn close(&mut self) {
        if !self.open.is_empty() {
            self.html.push_str("</span>");
            self.open = "";
        }
    }
}

fn escape(html: &mut String, text: &str) {
    for c in text.chars() {
        match c {
            '&' => html.push_str("&amp;"),
            '<' => html.push_str("&lt;"),
            '>' => html.push_str("&gt;"),
            c => html.push(c),
        }
    }
}
