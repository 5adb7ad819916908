//! What is written anew in a template before minijinja reads it, because minijinja has no tags, operators or lists of ours:
//! the tag `now`, `%` (which formats text in Python), and lists and dictionaries that are changed in place.
//!
//! Line ends stay where they were, so that findings name the right line.

use std::borrow::Cow;
use std::fmt::Write;

use super::pieces::{Piece, PieceKind, Token, TokenKind, pieces, raw_end, tokens, whole_tag};
use super::syntax::Syntax;

/// The methods that change a list or a dictionary.
const CHANGING: [&str; 11] =
    ["append", "extend", "insert", "remove", "pop", "clear", "sort", "reverse", "update", "setdefault", "popitem"];

/// Functions that only a rewritten template calls. A template cannot name them by accident.
pub const NOW: &str = "__slipway_now";
pub const SHIFTED_NOW: &str = "__slipway_shifted_now";
pub const REMAINDER: &str = "__slipway_remainder";
pub const LIST: &str = "__slipway_list";
const DONE: &str = "__slipway_done";
pub const DICTIONARY: &str = "__slipway_dictionary";

/// The template as minijinja is to read it.
pub fn rewrite<'a>(source: &'a str, syntax: &Syntax) -> Cow<'a, str> {
    let source = with_plain_spaces(normalise_lines(source, "\n"), syntax);
    if !needs_rewriting(&source, syntax) {
        return source;
    }
    let pieces = pieces(&source, syntax);
    let changes = pieces.iter().any(|piece| {
        matches!(piece.kind, PieceKind::Block | PieceKind::Variable)
            && calls_changing_method(&source, &tokens(&source, piece.inner.clone()))
    });
    let mut rewritten = String::with_capacity(source.len() + 64);
    let mut trims = false;
    for piece in &pieces {
        let whole = &source[piece.whole.clone()];
        match piece.kind {
            PieceKind::Text => {
                let whole = if trims { whole.strip_prefix('\n').unwrap_or(whole) } else { whole };
                rewritten.push_str(&with_raw_line_ends(whole, syntax));
                // A line end that was cut keeps the count of lines right inside of a comment.
                trims = false;
            }
            PieceKind::Comment => rewritten.push_str(whole),
            PieceKind::Block | PieceKind::Variable => {
                let words = tokens(&source, piece.inner.clone());
                trims = false;
                if let Some(done) = do_tag(&source, piece, &words, changes) {
                    rewritten.push_str(&done);
                } else if let Some(now) = now_tag(&source, piece, &words, syntax) {
                    strip_before_block(&mut rewritten, piece, whole, syntax);
                    rewritten.push_str(&now);
                    trims = syntax.trim_blocks && !whole[..whole.len() - syntax.block.1.len()].ends_with('+');
                } else {
                    rewritten.push_str(&source[piece.whole.start..piece.inner.start]);
                    let from = if is_for(&source, piece, &words) { 2 } else { 0 };
                    rewritten.push_str(&expression(&source, &words, piece.inner.clone(), from, changes));
                    rewritten.push_str(&source[piece.inner.end..piece.whole.end]);
                }
            }
        }
    }
    Cow::Owned(rewritten)
}

/// Every line end (`\r\n`, `\r`, `\n`) as one of a kind: Python's text files know only `\n`, and Jinja puts its own.
pub fn normalise_lines<'a>(source: &'a str, newline: &str) -> Cow<'a, str> {
    if newline == "\n" && !source.contains('\r') {
        return Cow::Borrowed(source);
    }
    let unix = source.replace("\r\n", "\n").replace('\r', "\n");
    Cow::Owned(if newline == "\n" { unix } else { unix.replace('\n', newline) })
}

/// Python takes every space of Unicode for one, such as those that word processors leave; minijinja those of ASCII.
fn with_plain_spaces<'a>(source: Cow<'a, str>, syntax: &Syntax) -> Cow<'a, str> {
    let is_other_space = |one: char| !one.is_ascii() && one.is_whitespace();
    if source.is_ascii() || !source.contains(is_other_space) {
        return source;
    }
    let mut written = String::with_capacity(source.len());
    let mut position = 0;
    for piece in pieces(&source, syntax) {
        if !matches!(piece.kind, PieceKind::Block | PieceKind::Variable) {
            continue;
        }
        let words = tokens(&source, piece.inner.clone());
        for text in words.iter().filter(|word| word.kind == TokenKind::String) {
            written.push_str(&source[position..piece.inner.start.max(position)]);
            let between = &source[piece.inner.start.max(position)..text.range.start];
            written.push_str(&between.replace(is_other_space, " "));
            written.push_str(&source[text.range.clone()]);
            position = text.range.end;
        }
        written.push_str(&source[position..piece.inner.start.max(position)]);
        written.push_str(&source[piece.inner.start.max(position)..piece.inner.end].replace(is_other_space, " "));
        position = piece.inner.end;
    }
    written.push_str(&source[position..]);
    Cow::Owned(written)
}

/// minijinja cuts the line end behind `{% raw %}` where blocks are trimmed, and Jinja2 does not.
fn with_raw_line_ends<'a>(text: &'a str, syntax: &Syntax) -> Cow<'a, str> {
    if !syntax.trim_blocks || !text.contains("raw") {
        return Cow::Borrowed(text);
    }
    let mut written = String::with_capacity(text.len() + 4);
    let mut position = 0;
    while let Some(offset) = text[position..].find(syntax.block.0.as_str()) {
        let at = position + offset;
        let (begun, end) = (whole_tag(text, at, "raw", syntax), raw_end(text, at, syntax));
        let (Some(begun), Some(end)) = (begun, end) else {
            let next = at + syntax.block.0.len();
            written.push_str(&text[position..next]);
            position = next;
            continue;
        };
        let close = begun - syntax.block.1.len();
        written.push_str(&text[position..close]);
        if !text[..close].ends_with(['-', '+']) {
            written.push('+');
        }
        written.push_str(&text[close..end]);
        position = end;
    }
    written.push_str(&text[position..]);
    Cow::Owned(written)
}

/// A quick look that most templates pass without being cut into pieces.
fn needs_rewriting(source: &str, syntax: &Syntax) -> bool {
    let percent = source.match_indices('%').any(|(at, _)| {
        !source[..at].ends_with('{') && !source[at..].starts_with("%}") && source[..at].contains(&syntax.variable.0)
            || source[..at].contains(&syntax.block.0) && !source[..at].ends_with('{') && !source[at..].starts_with("%}")
    });
    percent
        || syntax.trim_blocks && source.contains("raw")
        || source.contains("now")
        || source.contains("do ")
        || CHANGING.iter().any(|method| source.contains(&format!(".{method}")))
}

fn calls_changing_method(source: &str, words: &[Token]) -> bool {
    words.windows(3).any(|three| {
        &source[three[0].range.clone()] == "."
            && CHANGING.contains(&&source[three[1].range.clone()])
            && &source[three[2].range.clone()] == "("
    })
}

fn is_for(source: &str, piece: &Piece, words: &[Token]) -> bool {
    piece.kind == PieceKind::Block && words.first().is_some_and(|word| &source[word.range.clone()] == "for")
}

/// `{% do … %}` as an assignment to a name that nobody reads: minijinja wants a call there.
fn do_tag(source: &str, piece: &Piece, words: &[Token], changes: bool) -> Option<String> {
    let (first, words) = words.split_first()?;
    if piece.kind != PieceKind::Block || &source[first.range.clone()] != "do" {
        return None;
    }
    let before = &source[piece.whole.start..first.range.start];
    let done = expression(source, words, first.range.end..piece.inner.end, 0, changes);
    Some(format!("{before}set {DONE} ={done}{}", &source[piece.inner.end..piece.whole.end]))
}

/// `{% now zone, format %}` as an expression; `zone + 'hours=2'` shifts the time as arrow does.
fn now_tag(source: &str, piece: &Piece, words: &[Token], syntax: &Syntax) -> Option<String> {
    let (first, words) = words.split_first()?;
    if piece.kind != PieceKind::Block || &source[first.range.clone()] != "now" {
        return None;
    }
    let text = |range: std::ops::Range<usize>| source[range].trim();
    let comma = top_level(source, words, &[","]).first().copied();
    let format = comma.map_or("none", |at| text(words[at].range.end..piece.inner.end));
    let end = comma.map_or(piece.inner.end, |at| words[at].range.start);
    let operands = &words[..comma.unwrap_or(words.len())];
    let operator = top_level(source, operands, &["+", "-"]).last().copied().filter(|at| *at > 0);
    let opening = &source[piece.whole.start + syntax.block.0.len()..piece.inner.start];
    let closing = &source[piece.inner.end..piece.whole.end - syntax.block.1.len()];
    let mut call = String::new();
    let _ = match operator {
        Some(at) => write!(
            call,
            "{SHIFTED_NOW}({}, '{}', {}, {format})",
            text(first.range.end..operands[at].range.start),
            &source[operands[at].range.clone()],
            text(operands[at].range.end..end),
        ),
        None => write!(call, "{NOW}({}, {format})", text(first.range.end..end)),
    };
    // The delimiter of a variable takes no `+`, which only undoes what is done for blocks.
    let mark = |mark: &str| if mark == "-" { "-" } else { "" }.to_owned();
    let (start, close) = &syntax.variable;
    Some(format!("{start}{} {call} {}{close}", mark(opening), mark(closing)))
}

/// A block that stands alone on its line takes the whitespace before it away, a variable does not.
fn strip_before_block(rewritten: &mut String, piece: &Piece, whole: &str, syntax: &Syntax) {
    let marked = whole[syntax.block.0.len()..].starts_with(['+', '-']);
    if piece.kind == PieceKind::Block && syntax.lstrip_blocks && !marked {
        let line = rewritten.rfind('\n').map_or(0, |at| at + 1);
        if rewritten[line..].chars().all(char::is_whitespace) {
            rewritten.truncate(line);
        }
    }
}

/// The places of operators outside of any bracket.
fn top_level(source: &str, words: &[Token], operators: &[&str]) -> Vec<usize> {
    let mut depth = 0_usize;
    let mut found = Vec::new();
    for (at, word) in words.iter().enumerate() {
        match &source[word.range.clone()] {
            "(" | "[" | "{" => depth += 1,
            ")" | "]" | "}" => depth = depth.saturating_sub(1),
            operator if depth == 0 && word.kind == TokenKind::Operator && operators.contains(&operator) => {
                found.push(at)
            }
            _ => {}
        }
    }
    found
}

/// The words of a tag with `a % b` as a filter, and its lists as ones that can change.
fn expression(source: &str, words: &[Token], inner: std::ops::Range<usize>, from: usize, changes: bool) -> String {
    let mut before: Vec<String> = vec![String::new(); words.len()];
    let mut after: Vec<String> = vec![String::new(); words.len()];
    let mut replaced: Vec<Option<String>> = vec![None; words.len()];
    for at in from..words.len() {
        match &source[words[at].range.clone()] {
            "%" if at > 0 => {
                if let Some(end) = operand_end(source, words, at + 1)
                    && starts_operand(source, words, at)
                {
                    replaced[at] = Some(format!("|{REMAINDER}("));
                    after[end].push(')');
                }
            }
            open @ ("[" | "{") if changes && begins_value(source, words, at) => {
                if let Some(end) = closing(source, words, at) {
                    before[at].push_str(if open == "[" { LIST } else { DICTIONARY });
                    before[at].push('(');
                    after[end].insert(0, ')');
                }
            }
            _ => {}
        }
    }
    let mut written = String::new();
    let mut position = inner.start;
    for (at, word) in words.iter().enumerate() {
        written.push_str(&source[position..word.range.start]);
        written.push_str(&before[at]);
        written.push_str(replaced[at].as_deref().unwrap_or(&source[word.range.clone()]));
        written.push_str(&after[at]);
        position = word.range.end;
    }
    written.push_str(&source[position..inner.end]);
    written
}

/// Whether a bracket opens a list or dictionary, and not an index.
fn begins_value(source: &str, words: &[Token], at: usize) -> bool {
    let Some(previous) = at.checked_sub(1).map(|before| &words[before]) else { return true };
    let text = &source[previous.range.clone()];
    match previous.kind {
        TokenKind::Operator => !matches!(text, ")" | "]" | "}"),
        TokenKind::Name => {
            matches!(
                text,
                "in" | "if"
                    | "else"
                    | "and"
                    | "or"
                    | "not"
                    | "is"
                    | "do"
                    | "return"
                    | "elif"
                    | "include"
                    | "import"
                    | "from"
            )
        }
        TokenKind::Number | TokenKind::String => false,
    }
}

/// The bracket that closes the one at a place.
fn closing(source: &str, words: &[Token], at: usize) -> Option<usize> {
    let mut depth = 0_usize;
    for (index, word) in words.iter().enumerate().skip(at) {
        match &source[word.range.clone()] {
            "(" | "[" | "{" => depth += 1,
            ")" | "]" | "}" => {
                depth = depth.checked_sub(1)?;
                if depth == 0 {
                    return Some(index);
                }
            }
            _ => {}
        }
    }
    None
}

/// Whether what stands before a `%` is all that its left side is: a filter binds more tightly than the operators before it.
fn starts_operand(source: &str, words: &[Token], percent: usize) -> bool {
    let mut depth = 0_usize;
    for word in words[..percent].iter().rev() {
        match (&source[word.range.clone()], word.kind) {
            (")" | "]" | "}", _) => depth += 1,
            ("(" | "[" | "{", _) if depth == 0 => return true,
            ("(" | "[" | "{", _) => depth -= 1,
            ("*" | "/" | "//" | "%" | "**", TokenKind::Operator) if depth == 0 => return false,
            ("+" | "-" | "~" | "," | "=" | "==" | "!=" | "<" | ">" | "<=" | ">=" | ":", TokenKind::Operator)
                if depth == 0 =>
            {
                return true;
            }
            _ => {}
        }
    }
    true
}

/// The last word of the operand that begins at a place: a value with its calls, attributes, indexes and filters.
fn operand_end(source: &str, words: &[Token], at: usize) -> Option<usize> {
    let text = |index: usize| words.get(index).map(|word| &source[word.range.clone()]);
    let mut index = at;
    while matches!(text(index), Some("-" | "+" | "not")) {
        index += 1;
    }
    let mut end = match text(index)? {
        "(" | "[" | "{" => closing(source, words, index)?,
        _ => index,
    };
    loop {
        end = match text(end + 1) {
            Some("(" | "[") => closing(source, words, end + 1)?,
            Some("." | "|" | "**") if words.len() > end + 2 => end + 2,
            Some("is") => test_end(source, words, end + 1)?,
            _ => return Some(end),
        };
    }
}

/// The last word of a test: `is not divisibleby(3)`, `is divisibleby 3`.
fn test_end(source: &str, words: &[Token], is: usize) -> Option<usize> {
    let text = |index: usize| words.get(index).map(|word| &source[word.range.clone()]);
    let name = if text(is + 1) == Some("not") { is + 2 } else { is + 1 };
    words.get(name)?;
    match (text(name + 1), words.get(name + 1).map(|word| word.kind)) {
        (Some("else" | "or" | "and" | "is" | "if"), _) => Some(name),
        (Some("(" | "[" | "{"), _) => closing(source, words, name + 1),
        (_, Some(TokenKind::Name | TokenKind::Number | TokenKind::String)) => Some(name + 1),
        _ => Some(name),
    }
}
