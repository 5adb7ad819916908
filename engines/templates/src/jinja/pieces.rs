//! Cuts a template into plain text and tags, as Jinja's own lexer does, so that single tags can be written anew before
//! minijinja reads it.

use std::ops::Range;

use super::syntax::Syntax;

/// A part of a template. The pieces of a template, in their order, are the whole of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Piece {
    pub kind: PieceKind,
    /// All of it, delimiters and marks of whitespace control (`-`, `+`) included.
    pub whole: Range<usize>,
    /// What stands between them.
    pub inner: Range<usize>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PieceKind {
    /// Plain text, and everything between `raw` and `endraw`.
    Text,
    Comment,
    Block,
    Variable,
}

/// A word of the language inside of a tag.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Token {
    pub kind: TokenKind,
    pub range: Range<usize>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TokenKind {
    Name,
    Number,
    String,
    Operator,
}

/// The pieces of a template. A tag that does not end is text: minijinja says what is wrong with it.
pub fn pieces(source: &str, syntax: &Syntax) -> Vec<Piece> {
    let mut found: Vec<Piece> = Vec::new();
    let mut text_start = 0;
    let mut position = 0;
    // Of two delimiters at one place the longer one counts.
    let mut starts = [
        (PieceKind::Comment, &syntax.comment.0),
        (PieceKind::Block, &syntax.block.0),
        (PieceKind::Variable, &syntax.variable.0),
    ];
    starts.sort_by_key(|(_, start)| std::cmp::Reverse(start.len()));
    // Where each is found next; what is not found is not looked for again.
    let mut next: [Option<usize>; 3] = [Some(0); 3];
    let mut raw_has_no_end = false;
    loop {
        for (next, (_, start)) in next.iter_mut().zip(&starts) {
            let is_behind = next.is_some_and(|next| next < position || next == 0);
            if is_behind {
                let found = source[position..].find(start.as_str()).filter(|_| !start.is_empty());
                *next = found.map(|offset| position + offset);
            }
        }
        let each = next.iter().zip(&starts).filter_map(|(at, (kind, start))| Some(((*at)?, *kind, *start)));
        let Some((at, kind, start)) = each.min_by_key(|(at, _, start)| (*at, std::cmp::Reverse(start.len()))) else {
            break;
        };
        let piece = match kind {
            PieceKind::Comment => comment(source, at, start.len(), &syntax.comment.1),
            PieceKind::Block => match (!raw_has_no_end).then(|| raw_end(source, at, syntax)).flatten() {
                Some(end) => {
                    position = end;
                    continue;
                }
                None => {
                    raw_has_no_end |= whole_tag(source, at, "raw", syntax).is_some();
                    tag(source, at, start.len(), &syntax.block.1, kind)
                }
            },
            _ => tag(source, at, start.len(), &syntax.variable.1, kind),
        };
        let Some(piece) = piece else { break };
        if text_start < at {
            found.push(Piece { kind: PieceKind::Text, whole: text_start..at, inner: text_start..at });
        }
        position = piece.whole.end;
        text_start = position;
        found.push(piece);
    }
    if text_start < source.len() {
        let rest = text_start..source.len();
        found.push(Piece { kind: PieceKind::Text, whole: rest.clone(), inner: rest });
    }
    found
}

fn comment(source: &str, at: usize, start: usize, end: &str) -> Option<Piece> {
    let inner = at + start;
    let close = inner + source[inner..].find(end)?;
    Some(Piece { kind: PieceKind::Comment, whole: at..close + end.len(), inner: inner..close })
}

/// Where `{% raw %}…{% endraw %}` ends that begins at a place, if one does.
pub fn raw_end(source: &str, at: usize, syntax: &Syntax) -> Option<usize> {
    let after = whole_tag(source, at, "raw", syntax)?;
    let mut position = after;
    loop {
        let start = position + source[position..].find(syntax.block.0.as_str())?;
        match whole_tag(source, start, "endraw", syntax) {
            Some(end) => return Some(end),
            None => position = start + syntax.block.0.len(),
        }
    }
}

/// The end of the tag that is only this one word.
pub fn whole_tag(source: &str, at: usize, word: &str, syntax: &Syntax) -> Option<usize> {
    let rest = source[at..].strip_prefix(syntax.block.0.as_str())?;
    let rest = rest.strip_prefix(['-', '+']).unwrap_or(rest).trim_start();
    let rest = rest.strip_prefix(word)?.trim_start();
    let rest = rest.strip_prefix(['-', '+']).unwrap_or(rest);
    let rest = rest.strip_prefix(syntax.block.1.as_str())?;
    Some(source.len() - rest.len())
}

fn tag(source: &str, at: usize, start: usize, end: &str, kind: PieceKind) -> Option<Piece> {
    let bytes = source.as_bytes();
    let mut inner = at + start;
    if matches!(bytes.get(inner), Some(b'-' | b'+')) {
        inner += 1;
    }
    let mut depth = 0_usize;
    let mut position = inner;
    while position < source.len() {
        if depth == 0 {
            let marked = matches!(bytes[position], b'-' | b'+') && source[position + 1..].starts_with(end);
            if marked || source[position..].starts_with(end) {
                let whole = at..position + usize::from(marked) + end.len();
                return Some(Piece { kind, whole, inner: inner..position });
            }
        }
        match bytes[position] {
            quote @ (b'"' | b'\'') => {
                position = string_end(source, position, quote)?;
                continue;
            }
            b'(' | b'[' | b'{' => depth += 1,
            b')' | b']' | b'}' => depth = depth.saturating_sub(1),
            _ => {}
        }
        position += 1;
        while !source.is_char_boundary(position) {
            position += 1;
        }
    }
    None
}

fn string_end(source: &str, at: usize, quote: u8) -> Option<usize> {
    let bytes = source.as_bytes();
    let mut position = at + 1;
    while position < bytes.len() {
        match bytes[position] {
            b'\\' => position += 2,
            byte if byte == quote => return Some(position + 1),
            _ => position += 1,
        }
    }
    None
}

/// The words of a tag, with their places in the whole source.
pub fn tokens(source: &str, inner: Range<usize>) -> Vec<Token> {
    let bytes = source.as_bytes();
    let mut found = Vec::new();
    let mut position = inner.start;
    let word = |byte: u8| byte == b'_' || byte.is_ascii_alphanumeric() || byte >= 0x80;
    while position < inner.end {
        let start = position;
        let byte = bytes[position];
        let kind = match byte {
            _ if byte.is_ascii_whitespace() => {
                position += 1;
                continue;
            }
            b'"' | b'\'' => {
                position = string_end(source, position, byte).unwrap_or(inner.end).min(inner.end);
                TokenKind::String
            }
            b'0'..=b'9' => {
                let dotted = |at: usize| bytes[at] == b'.' && bytes.get(at + 1).is_some_and(u8::is_ascii_digit);
                while position < inner.end && (word(bytes[position]) || dotted(position)) {
                    position += 1;
                }
                TokenKind::Number
            }
            _ if word(byte) => {
                while position < inner.end && word(bytes[position]) {
                    position += 1;
                }
                TokenKind::Name
            }
            _ => {
                let rest = &source[position..inner.end];
                let long = ["//", "**", "==", "!=", ">=", "<="].into_iter().any(|operator| rest.starts_with(operator));
                position += if long { 2 } else { 1 };
                TokenKind::Operator
            }
        };
        found.push(Token { kind, range: start..position });
    }
    found
}
