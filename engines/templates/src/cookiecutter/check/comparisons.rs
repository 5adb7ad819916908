//! Answers compared with what they can never be.

use std::ops::Range;

use super::domain::{Domain, Domains};
use super::expression::{Known, literal};
use crate::jinja::{PieceKind, Syntax, Token, TokenKind, nearest, pieces, tokens};

/// A comparison that can only go one way, or that Python refuses.
pub struct Wrong {
    pub rule: &'static str,
    pub at: usize,
    pub message: String,
    pub help: String,
}

/// Of two types that have no value in common.
const TYPE: &str = "template.type";

const COMPARING: [&str; 7] = ["==", "!=", "<", ">", "<=", ">=", "in"];

/// Operators that make another value of what stands beside them.
const MAKING: [&str; 9] = ["|", ".", "[", "(", "+", "-", "*", "/", "%"];

/// Every such comparison of a text, wherever in a tag it stands.
pub fn comparisons(source: &str, syntax: &Syntax, domains: &Domains) -> Vec<Wrong> {
    let mut found = Vec::new();
    for piece in pieces(source, syntax) {
        if !matches!(piece.kind, PieceKind::Block | PieceKind::Variable) {
            continue;
        }
        let tokens = tokens(source, piece.inner.clone());
        let tag = Tag { source, tokens: &tokens };
        for at in 0..tokens.len() {
            if let Some((name, after)) = tag.variable(at) {
                found.extend(tag.compared(at, name, after, domains));
            }
        }
    }
    found
}

/// Comparisons of a script with what an answer becomes in it: `"{{ cookiecutter.docs }}" == "y"`.
pub fn in_script(source: &str, syntax: &Syntax, domains: &Domains) -> Vec<Wrong> {
    let [start, end] = [&syntax.variable.0, &syntax.variable.1].map(|mark| regex::escape(mark));
    let compared = format!(r#"["']{start}-?\s*cookiecutter\.(\w+)\s*-?{end}["']\s*[!=]?=\s*(["'][^"'\n\\]*["'])"#);
    let Ok(pattern) = regex::Regex::new(&compared) else { return Vec::new() };
    let each = pattern.captures_iter(source).filter_map(|found| {
        let (name, literal) = (found.get(1)?.as_str(), found.get(2)?);
        let text = literal.as_str().get(1..literal.len() - 1)?.to_owned();
        let domain = match domains.get(name)? {
            Domain::YesNo if text != "True" && text != "False" => {
                let message = format!("{name} is written as True or False, and never as {text:?}");
                let help = "compare with 'True' or 'False'".to_owned();
                return Some(Wrong { rule: TYPE, at: literal.start(), message, help });
            }
            domain => domain,
        };
        wrong(name, domain, "==", &Known::Text(text), literal.range()).filter(|wrong| wrong.rule != TYPE)
    });
    each.collect()
}

struct Tag<'a> {
    source: &'a str,
    tokens: &'a [Token],
}

impl<'a> Tag<'a> {
    fn word(&self, at: usize) -> &'a str {
        match self.tokens.get(at) {
            Some(token) if token.kind != TokenKind::String => &self.source[token.range.clone()],
            _ => "",
        }
    }

    /// The variable that stands at a place by itself, and the place behind it.
    fn variable(&self, at: usize) -> Option<(&'a str, usize)> {
        let name = self.tokens.get(at + 2).filter(|token| token.kind == TokenKind::Name)?;
        let alone = self.word(at) == "cookiecutter" && self.word(at + 1) == "." && !MAKING.contains(&self.word(at + 3));
        let before = at.checked_sub(1).map_or("", |before| self.word(before));
        let made = matches!(before, "." | "+" | "-" | "*" | "/" | "%" | "~") || self.word(at + 3) == "~";
        (alone && !made).then(|| (&self.source[name.range.clone()], at + 3))
    }

    /// What is wrong with the comparison of the variable at a place.
    fn compared(&self, at: usize, name: &str, after: usize, domains: &Domains) -> Vec<Wrong> {
        let Some(domain) = domains.get(name) else { return Vec::new() };
        let negated = self.word(after) == "not" && self.word(after + 1) == "in";
        let behind = after + usize::from(negated);
        let operator = self.word(behind);
        if COMPARING.contains(&operator) {
            let values = if operator == "in" { self.listed(behind + 1) } else { self.single(behind + 1) };
            let each = values.iter().map(|(value, place)| wrong(name, domain, operator, value, place.clone()));
            let wrong: Vec<Option<Wrong>> = each.collect();
            // A list may name a value in every way that it could be written.
            let is_of_type = wrong.iter().any(|wrong| wrong.as_ref().is_none_or(|wrong| wrong.rule != TYPE));
            return wrong.into_iter().flatten().filter(|wrong| wrong.rule != TYPE || !is_of_type).collect();
        }
        // The literal first: `'a' == cookiecutter.x`.
        let operator = at.checked_sub(1).map_or("", |before| self.word(before));
        let literal = at.checked_sub(2).filter(|at| {
            COMPARING[..6].contains(&operator)
                && at.checked_sub(1).is_none_or(|before| !MAKING.contains(&self.word(before)))
        });
        let value = literal.and_then(|at| self.known(at));
        value.and_then(|(value, place)| wrong(name, domain, operator, &value, place)).into_iter().collect()
    }

    fn known(&self, at: usize) -> Option<(Known, Range<usize>)> {
        let token = self.tokens.get(at)?;
        Some((literal((&self.source[token.range.clone()], token.kind))?, token.range.clone()))
    }

    fn single(&self, at: usize) -> Vec<(Known, Range<usize>)> {
        let made = MAKING.contains(&self.word(at + 1)) || self.word(at + 1) == "~";
        self.known(at).filter(|_| !made).into_iter().collect()
    }

    /// The literals of a list in brackets; none where it holds anything else.
    fn listed(&self, at: usize) -> Vec<(Known, Range<usize>)> {
        let close = match self.word(at) {
            "[" => "]",
            "(" => ")",
            _ => return Vec::new(),
        };
        let mut values = Vec::new();
        let mut position = at + 1;
        while self.word(position) != close {
            let Some(value) = self.known(position) else { return Vec::new() };
            values.push(value);
            position += 1;
            if self.word(position) == "," {
                position += 1;
            } else if self.word(position) != close {
                return Vec::new();
            }
        }
        if MAKING.contains(&self.word(position + 1)) { Vec::new() } else { values }
    }
}

fn wrong(name: &str, domain: &Domain, operator: &str, value: &Known, place: Range<usize>) -> Option<Wrong> {
    let at = place.start;
    let orders = matches!(operator, "<" | ">" | "<=" | ">=");
    let (rule, message, help) = match (domain, value) {
        (Domain::YesNo, Known::Text(text)) => {
            let message = format!("{name} is true or false, and never {text:?}");
            (TYPE, message, format!("test `cookiecutter.{name}` itself"))
        }
        (Domain::Choice(_) | Domain::Text, Known::Number(number)) => {
            let message = match orders {
                true => format!("{name} is a text, which cannot be compared with the number {number}"),
                false => format!("{name} is a text, and never the number {number}"),
            };
            let help = if orders { format!("write `cookiecutter.{name}|int`") } else { format!("write '{number}'") };
            (TYPE, message, help)
        }
        (Domain::Choice(_) | Domain::Text, Known::Bool(flag)) if !orders => {
            let message = format!("{name} is a text, and never {flag}");
            (TYPE, message, "compare it with a text, or make its default true or false".to_owned())
        }
        (Domain::Choice(choices), Known::Text(text)) if !orders && !choices.contains(text) => {
            let message = format!("{text:?} is none of the choices of {name}");
            let help = match nearest(text, choices.iter().map(String::as_str)) {
                Some(near) => format!("did you mean {near:?}?"),
                None => format!("choices are {}", choices.join(", ")),
            };
            ("template.choice-value", message, help)
        }
        _ => return None,
    };
    Some(Wrong { rule, at, message, help })
}
