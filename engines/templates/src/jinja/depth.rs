//! Stops texts that are nested so deeply that reading them would end the process: minijinja limits brackets and blocks, and
//! reads chains of operators and of `elif` by calls within calls.

use std::ops::Range;

use super::pieces::{PieceKind, TokenKind, pieces, tokens};
use super::syntax::Syntax;

/// Operators in one tag. A thread with a stack of 2 MB reads six times as many, in a build without optimisation.
const OPERATORS: usize = 1_000;

/// `elif` in one text.
const BRANCHES: usize = 500;

/// Where a text becomes too deep, if it does.
pub fn too_deep(source: &str, syntax: &Syntax) -> Option<usize> {
    // A word takes a byte at least, so that most texts need no closer look.
    if source.len() < OPERATORS {
        return None;
    }
    if let Some(prefix) = &syntax.line_statement {
        let mut start = 0;
        for line in source.split_inclusive('\n') {
            if line.trim_start().starts_with(prefix.as_str())
                && operators(source, start..start + line.len()) > OPERATORS
            {
                return Some(start);
            }
            start += line.len();
        }
    }
    let mut branches = 0;
    for piece in pieces(source, syntax) {
        if !matches!(piece.kind, PieceKind::Block | PieceKind::Variable) {
            continue;
        }
        branches += usize::from(source[piece.inner.clone()].trim_start().starts_with("elif"));
        let is_long = piece.inner.len() >= OPERATORS;
        if branches > BRANCHES || is_long && operators(source, piece.inner.clone()) > OPERATORS {
            return Some(piece.whole.start);
        }
    }
    None
}

/// The words of a tag that put one expression into another.
fn operators(source: &str, inner: Range<usize>) -> usize {
    let words = tokens(source, inner).into_iter();
    let nests = |token: &super::pieces::Token| match token.kind {
        TokenKind::Operator => !matches!(&source[token.range.clone()], "," | ":" | ")" | "]" | "}" | "="),
        TokenKind::Name => matches!(&source[token.range.clone()], "not" | "and" | "or" | "if" | "else" | "in" | "is"),
        TokenKind::String | TokenKind::Number => false,
    };
    words.filter(nests).count()
}
