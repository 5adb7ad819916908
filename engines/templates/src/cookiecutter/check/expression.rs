//! Expressions of conditions, as far as answers decide them; whatever else they say is unknown.

use std::collections::{BTreeMap, BTreeSet};

use crate::jinja::{Token, TokenKind};

/// How deep expressions may be nested; what is deeper is unknown.
const DEPTH: usize = 40;

/// A value that is known.
#[derive(Clone, Debug, PartialEq)]
pub enum Known {
    Text(String),
    /// Some text, and none of those that it is compared with.
    Other,
    Bool(bool),
    Number(f64),
    None,
    List(Vec<Known>),
}

#[derive(Clone, Debug, PartialEq)]
pub enum Expression {
    /// `cookiecutter.name`.
    Variable(String),
    Literal(Known),
    Not(Box<Expression>),
    And(Vec<Expression>),
    Or(Vec<Expression>),
    Equal(Box<Expression>, Box<Expression>),
    In(Box<Expression>, Box<Expression>),
    /// `then if test else otherwise`.
    Choice {
        test: Box<Expression>,
        then: Box<Expression>,
        otherwise: Box<Expression>,
    },
    Lower(Box<Expression>),
    Unknown,
}

/// The words of an expression.
type Words<'a> = &'a [(&'a str, TokenKind)];

impl Expression {
    /// Reads tokens of a source.
    pub fn read(source: &str, tokens: &[Token]) -> Self {
        let words: Vec<_> = tokens.iter().map(|token| (&source[token.range.clone()], token.kind)).collect();
        read(&words, 0)
    }

    /// What it is when the variables have these values; `None` where that is not known.
    pub fn value(&self, values: &BTreeMap<&str, Known>) -> Option<Known> {
        let truth = |expression: &Self| expression.truth(values);
        match self {
            Self::Variable(name) => values.get(name.as_str()).cloned(),
            Self::Literal(known) => Some(known.clone()),
            Self::Not(inner) => truth(inner).map(|value| Known::Bool(!value)),
            Self::And(parts) => all(parts.iter().map(truth)).map(Known::Bool),
            Self::Or(parts) => {
                all(parts.iter().map(|part| truth(part).map(|value| !value))).map(|value| Known::Bool(!value))
            }
            Self::Equal(left, right) => equal(left, right, values).map(Known::Bool),
            Self::In(left, right) => contains(left, right, values).map(Known::Bool),
            Self::Choice { test, then, otherwise } => match truth(test)? {
                true => then.value(values),
                false => otherwise.value(values),
            },
            Self::Lower(inner) => match inner.value(values)? {
                Known::Text(text) => Some(Known::Text(text.to_lowercase())),
                _ => None,
            },
            Self::Unknown => None,
        }
    }

    pub fn truth(&self, values: &BTreeMap<&str, Known>) -> Option<bool> {
        Some(match self.value(values)? {
            Known::Other => return None,
            Known::Text(text) => !text.is_empty(),
            Known::Bool(value) => value,
            Known::Number(number) => number != 0.0,
            Known::None => false,
            Known::List(items) => !items.is_empty(),
        })
    }

    /// The variables that it reads, and the texts that each is compared with.
    pub fn variables<'e>(&'e self, found: &mut BTreeMap<&'e str, BTreeSet<&'e str>>) {
        match self {
            Self::Variable(name) => drop(found.entry(name).or_default()),
            Self::Literal(_) | Self::Unknown => {}
            Self::Not(inner) | Self::Lower(inner) => inner.variables(found),
            Self::And(parts) | Self::Or(parts) => parts.iter().for_each(|part| part.variables(found)),
            Self::Equal(left, right) | Self::In(left, right) => {
                for (one, other) in [(left, right), (right, left)] {
                    one.variables(found);
                    if let (Self::Variable(name), Self::Literal(known)) = (one.as_ref(), other.as_ref()) {
                        found.entry(name).or_default().extend(texts(known));
                    }
                }
            }
            Self::Choice { test, then, otherwise } => {
                [test, then, otherwise].into_iter().for_each(|part| part.variables(found));
            }
        }
    }

    /// The variables whose own truth decides something.
    pub fn bare<'e>(&'e self, found: &mut Vec<&'e str>) {
        match self {
            Self::Variable(name) => found.push(name),
            Self::Not(inner) => inner.bare(found),
            Self::And(parts) | Self::Or(parts) => parts.iter().for_each(|part| part.bare(found)),
            _ => {}
        }
    }

    /// Whether it is true or false, and nothing else.
    pub fn is_yes_or_no(&self) -> bool {
        match self {
            Self::Not(_) | Self::Equal(..) | Self::In(..) | Self::Literal(Known::Bool(_)) => true,
            Self::And(parts) | Self::Or(parts) => parts.iter().all(Self::is_yes_or_no),
            _ => false,
        }
    }
}

fn texts(known: &Known) -> Vec<&str> {
    match known {
        Known::Text(text) => vec![text],
        Known::List(items) => items.iter().flat_map(texts).collect(),
        _ => Vec::new(),
    }
}

/// Whether all are true: one that is false decides, whatever is unknown.
fn all(parts: impl Iterator<Item = Option<bool>>) -> Option<bool> {
    let parts: Vec<_> = parts.collect();
    if parts.contains(&Some(false)) {
        return Some(false);
    }
    parts.iter().all(Option::is_some).then_some(true)
}

fn equal(left: &Expression, right: &Expression, values: &BTreeMap<&str, Known>) -> Option<bool> {
    let direct = |one: &Expression, other: &Expression| {
        matches!(one, Expression::Variable(_)) && matches!(other, Expression::Literal(_))
    };
    same(&left.value(values)?, &right.value(values)?, direct(left, right) || direct(right, left))
}

/// Whether two values are equal. A text that is none of the literals is equal to none of them, and perhaps to what was made of
/// one.
fn same(one: &Known, other: &Known, literal: bool) -> Option<bool> {
    let number = |known: &Known| match known {
        Known::Bool(value) => Some(f64::from(u8::from(*value))),
        Known::Number(number) => Some(*number),
        _ => None,
    };
    match (one, other) {
        (Known::Other, Known::Text(_) | Known::Other) | (Known::Text(_), Known::Other) if !literal => None,
        (Known::Other, _) | (_, Known::Other) => Some(false),
        _ => match (number(one), number(other)) {
            (Some(one), Some(other)) => Some(one == other),
            _ => Some(one == other),
        },
    }
}

fn contains(left: &Expression, right: &Expression, values: &BTreeMap<&str, Known>) -> Option<bool> {
    let literal = matches!((left, right), (Expression::Variable(_), Expression::Literal(_)));
    match (left.value(values)?, right.value(values)?) {
        (item, Known::List(items)) => {
            let found: Vec<_> = items.iter().map(|other| same(&item, other, literal).map(|same| !same)).collect();
            all(found.into_iter()).map(|none| !none)
        }
        (Known::Text(part), Known::Text(whole)) => Some(whole.contains(&part)),
        _ => None,
    }
}

fn read(words: Words<'_>, depth: usize) -> Expression {
    if depth > DEPTH {
        return Expression::Unknown;
    }
    let deeper = depth + 1;
    if let Some(inner) = enclosed(words, "(", ")") {
        return read(inner, deeper);
    }
    if let [then, rest] = split(words, &["if"], true).as_slice()
        && let [test, otherwise] = split(rest, &["else"], true).as_slice()
    {
        return Expression::Choice {
            test: Box::new(read(test, deeper)),
            then: Box::new(read(then, deeper)),
            otherwise: Box::new(read(otherwise, deeper)),
        };
    }
    for (word, make) in [("or", Expression::Or as fn(Vec<Expression>) -> Expression), ("and", Expression::And)] {
        let parts = split(words, &[word], false);
        if parts.len() > 1 {
            return make(parts.into_iter().map(|part| read(part, deeper)).collect());
        }
    }
    if let [("not", TokenKind::Name), rest @ ..] = words {
        return Expression::Not(Box::new(read(rest, deeper)));
    }
    compared(words, depth).unwrap_or_else(|| primary(words, depth))
}

/// A comparison, where it is one of two sides.
fn compared(words: Words<'_>, depth: usize) -> Option<Expression> {
    let comparing = ["==", "!=", "in", "not", "is", "<", ">", "<=", ">="];
    let at = top_level(words).find(|at| comparing.contains(&words[*at].0) && words[*at].1 != TokenKind::String)?;
    let (left, rest) = (&words[..at], &words[at + 1..]);
    let (operator, right) = match (words[at].0, rest) {
        ("not", [("in", _), right @ ..]) => ("not in", right),
        (operator, right) => (operator, right),
    };
    if top_level(right).any(|at| comparing.contains(&right[at].0) && right[at].1 != TokenKind::String) {
        return Some(Expression::Unknown);
    }
    let (left, right) = (Box::new(primary(left, depth)), Box::new(primary(right, depth)));
    Some(match operator {
        "==" => Expression::Equal(left, right),
        "!=" => Expression::Not(Box::new(Expression::Equal(left, right))),
        "in" => Expression::In(left, right),
        "not in" => Expression::Not(Box::new(Expression::In(left, right))),
        _ => Expression::Unknown,
    })
}

fn primary(words: Words<'_>, depth: usize) -> Expression {
    if depth > DEPTH {
        return Expression::Unknown;
    }
    if let Some(inner) = enclosed(words, "(", ")").filter(|inner| !inner.is_empty()) {
        return if top_level(inner).any(|at| inner[at].0 == ",") { list(inner) } else { read(inner, depth + 1) };
    }
    if let Some(inner) = enclosed(words, "[", "]") {
        return list(inner);
    }
    match words {
        [("cookiecutter", _), (".", _), (name, TokenKind::Name)] => Expression::Variable((*name).to_owned()),
        [("cookiecutter", _), ("[", _), (name, TokenKind::String), ("]", _)] => match text(name) {
            Some(name) => Expression::Variable(name),
            None => Expression::Unknown,
        },
        [rest @ .., ("|", _), ("lower", _)] | [rest @ .., (".", _), ("lower", _), ("(", _), (")", _)]
            if top_level(rest).count() > 0 =>
        {
            Expression::Lower(Box::new(primary(rest, depth + 1)))
        }
        [word] => literal(*word).map_or(Expression::Unknown, Expression::Literal),
        _ => Expression::Unknown,
    }
}

fn list(inner: Words<'_>) -> Expression {
    let items = split(inner, &[","], false).into_iter().filter(|item| !item.is_empty());
    let known = items.map(|item| match item {
        [word] => literal(*word),
        _ => None,
    });
    known.collect::<Option<Vec<_>>>().map_or(Expression::Unknown, |items| Expression::Literal(Known::List(items)))
}

/// What a word stands for by itself.
pub fn literal((word, kind): (&str, TokenKind)) -> Option<Known> {
    match (kind, word) {
        (TokenKind::String, _) => text(word).map(Known::Text),
        (TokenKind::Number, _) => word.parse().ok().map(Known::Number),
        (TokenKind::Name, "true" | "True") => Some(Known::Bool(true)),
        (TokenKind::Name, "false" | "False") => Some(Known::Bool(false)),
        (TokenKind::Name, "none" | "None") => Some(Known::None),
        _ => None,
    }
}

/// A quoted text that has no escapes.
fn text(word: &str) -> Option<String> {
    let inner = word.get(1..word.len().checked_sub(1)?)?;
    (!inner.contains('\\')).then(|| inner.to_owned())
}

/// The places of words that are in no brackets.
fn top_level(words: Words<'_>) -> impl Iterator<Item = usize> {
    let mut depth = 0_usize;
    words.iter().enumerate().filter_map(move |(at, (word, kind))| {
        let closes = *kind == TokenKind::Operator && matches!(*word, ")" | "]" | "}");
        if closes {
            depth = depth.saturating_sub(1);
        }
        let found = (depth == 0).then_some(at);
        if *kind == TokenKind::Operator && matches!(*word, "(" | "[" | "{") {
            depth += 1;
        }
        found
    })
}

/// Parts between words of the top level; only the first of them where `once`.
fn split<'w>(words: Words<'w>, between: &[&str], once: bool) -> Vec<Words<'w>> {
    let mut parts = Vec::new();
    let mut start = 0;
    for at in top_level(words) {
        if words[at].1 != TokenKind::String && between.contains(&words[at].0) && (parts.is_empty() || !once) {
            parts.push(&words[start..at]);
            start = at + 1;
        }
    }
    parts.push(&words[start..]);
    parts
}

/// What is between brackets that enclose all.
fn enclosed<'w>(words: Words<'w>, open: &str, close: &str) -> Option<Words<'w>> {
    let (first, last) = (words.first()?, words.last()?);
    let whole = first.0 == open && last.0 == close && top_level(words).eq([0, words.len() - 1]);
    whole.then(|| &words[1..words.len() - 1])
}
