//! The answers that a project was made with, read off its files.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::sync::LazyLock;

use regex::Regex;
use serde_json::Value;

use super::fit::alike;
use super::history::Index;
use crate::tree::{Entry, Tree};
use crate::{Answers, Environment, Kind, Template};

/// A line with fewer letters than this around its variables says something only if it is among the [first](HEAD) of both.
const LEAST: usize = 2;
const HEAD: usize = 3;
/// What such a line says: a title.
const OF_TITLE: usize = 6;
/// A value for which as many hundredths of the best one's votes speak is tried too.
const CONTESTED: usize = 35;
/// A line with more letters says as much as one with so many.
const MOST: usize = 24;
/// What the name of a file says.
const OF_PATH: usize = 40;
const LONGEST_VALUE: usize = 300;
/// For each file that a render has and the project does not.
const PENALTY: f64 = 0.4;

static VARIABLE: LazyLock<Option<Regex>> =
    LazyLock::new(|| Regex::new(r"\{\{-?\s*cookiecutter\.([A-Za-z_][A-Za-z0-9_]*)\s*-?\}\}").ok());
static COMPARED: LazyLock<Option<Regex>> =
    LazyLock::new(|| Regex::new(r#"cookiecutter\.([A-Za-z_][A-Za-z0-9_]*)\s*[!=]=\s*['"]([^'"]*)['"]"#).ok());

/// What lines and paths of a template say of its variables.
#[derive(Default)]
pub(super) struct Patterns {
    /// By the pattern of the path.
    paths: BTreeMap<String, OfPath>,
}

struct OfPath {
    pattern: Pattern,
    lines: HashMap<String, Pattern>,
    /// Lines with variables and next to nothing else, among the first of a file.
    titles: HashMap<String, Pattern>,
    /// Lines without variables.
    fixed: HashSet<String>,
}

/// Literal texts, with variables between them: one more literal than variables.
struct Pattern {
    literals: Vec<String>,
    variables: Vec<String>,
}

impl Patterns {
    /// Takes a file of a template in, `path` within the project's folder.
    pub(super) fn learn(&mut self, path: &str, entry: &Entry) {
        let Some(pattern) = Pattern::new(path) else { return };
        let known = self.paths.entry(path.to_owned());
        let known = known.or_insert_with(|| OfPath {
            pattern,
            lines: HashMap::new(),
            titles: HashMap::new(),
            fixed: HashSet::new(),
        });
        let Some(text) = text(entry) else { return };
        for (number, line) in text.lines().enumerate() {
            if !line.contains("{{") && !line.contains("{%") {
                known.fixed.insert(line.to_owned());
            } else if !known.lines.contains_key(line)
                && let Some(pattern) = Pattern::new(line)
            {
                if pattern.letters() >= LEAST {
                    known.lines.insert(line.to_owned(), pattern);
                } else if number < HEAD {
                    known.titles.insert(line.to_owned(), pattern);
                }
            }
        }
    }
}

impl Pattern {
    /// `None` where it holds more than simple variables.
    fn new(text: &str) -> Option<Self> {
        let (mut literals, mut variables, mut end) = (Vec::new(), Vec::new(), 0);
        for found in VARIABLE.as_ref()?.captures_iter(text) {
            let whole = found.get(0)?;
            literals.push(text[end..whole.start()].to_owned());
            variables.push(found[1].to_owned());
            end = whole.end();
        }
        literals.push(text[end..].to_owned());
        let is_simple = literals
            .iter()
            .all(|literal| !literal.contains("{{") && !literal.contains("{%") && !literal.contains("{#"));
        is_simple.then_some(Self { literals, variables })
    }

    fn letters(&self) -> usize {
        self.literals.iter().flat_map(|literal| literal.chars()).filter(|c| !c.is_whitespace()).count()
    }

    /// The variables' values in a text of this form.
    fn values<'a>(&'a self, text: &'a str) -> Option<Vec<(&'a str, &'a str)>> {
        let (first, rest) = self.literals.split_first()?;
        let mut left = text.strip_prefix(first.as_str())?;
        let mut values = Vec::new();
        for (position, (literal, variable)) in rest.iter().zip(&self.variables).enumerate() {
            let end = if position + 1 == self.variables.len() {
                left.strip_suffix(literal.as_str())?.len()
            } else {
                // Two variables side by side cannot be told apart.
                left.find(literal.as_str()).filter(|_| !literal.is_empty())?
            };
            values.push((variable.as_str(), &left[..end]));
            left = &left[end + literal.len()..];
        }
        let agrees = |(name, value): &(&str, &str)| {
            values.iter().all(|(other, same)| other != name || same == value)
                && !value.is_empty()
                && value.len() <= LONGEST_VALUE
                && value.trim() == *value
        };
        (left.is_empty() && values.iter().all(agrees)).then_some(values)
    }
}

/// The values with which a template compares its variables.
#[derive(Default)]
pub(super) struct Values {
    of: BTreeMap<String, BTreeSet<String>>,
}

impl Values {
    pub(super) fn learn(&mut self, path: &str, entry: &Entry) {
        for text in [Some(path), text(entry)].into_iter().flatten() {
            for found in COMPARED.iter().flat_map(|compared| compared.captures_iter(text)) {
                self.of.entry(found[1].to_owned()).or_default().insert(found[2].to_owned());
            }
        }
    }
}

/// The answers for which a project's names and lines speak.
pub(super) fn vote(project: &Tree, index: &Index) -> Votes {
    let mut votes: BTreeMap<&str, BTreeMap<&str, usize>> = BTreeMap::new();
    let mut cast = |name, value, weight| *votes.entry(name).or_default().entry(value).or_insert(0) += weight;
    for (path, entry) in project.iter() {
        for of_path in index.patterns.paths.values() {
            let Some(values) = of_path.pattern.values(path).or_else(|| is_fixed(&of_path.pattern, path)) else {
                continue;
            };
            for (name, value) in values.into_iter().filter(|(_, value)| !value.contains('/')) {
                cast(name, value, OF_PATH);
            }
            let lines: Vec<&str> = text(entry).into_iter().flat_map(str::lines).collect();
            for pattern in of_path.titles.values() {
                let head = lines.iter().take(HEAD).filter(|line| !of_path.fixed.contains(**line));
                for (name, value) in head.filter_map(|line| pattern.values(line)).flatten() {
                    cast(name, value, OF_TITLE);
                }
            }
            let telling: Vec<&str> = lines.into_iter().filter(|line| !of_path.fixed.contains(*line)).collect();
            for pattern in of_path.lines.values() {
                // A line that may be many lines says little.
                let found: BTreeSet<Vec<_>> = telling.iter().filter_map(|line| pattern.values(line)).collect();
                let share = found.len().max(1);
                for (name, value) in found.into_iter().flatten() {
                    cast(name, value, (pattern.letters().min(MOST) / share).max(1));
                }
            }
        }
    }
    votes
        .into_iter()
        .filter(|(name, _)| !name.starts_with('_'))
        .map(|(name, values)| {
            let mut values: Vec<(&str, usize)> = values.into_iter().collect();
            // Of equal ones in the order of their letters, so that the same project always gets the same answers.
            values.sort_by_key(|(_, weight)| std::cmp::Reverse(*weight));
            let most = values.first().map_or(0, |(_, weight)| *weight);
            let likely = values.into_iter().filter(|(_, weight)| weight * 100 >= most * CONTESTED).take(4);
            (name.to_owned(), likely.map(|(value, _)| value.into()).collect())
        })
        .collect()
}

/// Values for which something in a project speaks, the likeliest first, by their questions.
pub(super) type Votes = BTreeMap<String, Vec<Value>>;

/// A path without variables says nothing, but its lines may.
fn is_fixed<'a>(pattern: &Pattern, path: &str) -> Option<Vec<(&'a str, &'a str)>> {
    (pattern.variables.is_empty() && pattern.literals.concat() == path).then(Vec::new)
}

/// The answers that a version takes: another may have had other choices, or none.
pub(super) fn fitting(template: &Template, answers: &Answers, environment: &Environment) -> Answers {
    let Ok(questions) = template.questions(&Answers::default(), environment) else { return answers.clone() };
    let mut fitting = answers.clone();
    for question in questions {
        let Some(value) = answers.get(&question.name) else { continue };
        let is_taken = match &question.kind {
            Kind::Choice { choices } => choices.iter().any(|choice| choice.value == *value),
            Kind::YesNo => value.is_boolean(),
            Kind::Dictionary => value.is_object(),
            Kind::Text => true,
        };
        if !is_taken {
            fitting.remove(&question.name);
        }
    }
    fitting
}

/// Tries each value of the questions that choose, one question after the other, at the base. Says whether an answer became
/// another.
pub(super) fn decide(
    project: &Tree,
    index: &Index,
    base: usize,
    answers: &mut Answers,
    votes: &mut Votes,
    environment: &Environment,
) -> bool {
    let Ok(template) = index.template(base) else { return false };
    *answers = fitting(&template, answers, environment);
    let Ok(questions) = template.questions(answers, environment) else { return false };
    let likeness = |answers: &Answers| {
        let rendered = template.render(answers, environment).ok()?;
        let mut likeness = 0.0;
        for (path, entry) in rendered.tree.iter().filter(|(_, entry)| **entry != Entry::Folder) {
            likeness += project.get(path).map_or(-PENALTY, |other| alike(entry, other));
        }
        Some(likeness)
    };
    let Some(mut best) = likeness(answers) else { return false };
    let mut changed = false;
    for question in questions {
        let values: Vec<Value> = match &question.kind {
            Kind::Choice { choices } => choices.iter().map(|choice| choice.value.clone()).collect(),
            Kind::YesNo => vec![true.into(), false.into()],
            Kind::Text if votes.contains_key(&question.name) => votes.get(&question.name).cloned().unwrap_or_default(),
            Kind::Text => {
                let yes_or_no = match question.default.as_str() {
                    Some("y" | "n") => &["y", "n"][..],
                    Some("yes" | "no") => &["yes", "no"][..],
                    _ => &[],
                };
                let compared = index.values.of.get(&question.name).into_iter().flatten().map(String::as_str);
                let all: BTreeSet<&str> = compared.chain(yes_or_no.iter().copied()).collect();
                all.into_iter().map(Value::from).collect()
            }
            Kind::Dictionary => continue,
        };
        let before = answers.get(&question.name).cloned();
        let is_one = before.as_ref().is_none_or(|before| values.contains(before) || question.kind == Kind::Text);
        let mut chosen = before.clone().filter(|_| is_one);
        for value in values {
            let mut tried = answers.clone();
            tried.insert(question.name.as_str(), value.clone());
            if let Some(likeness) = likeness(&tried).filter(|likeness| *likeness > best + 1e-9) {
                best = likeness;
                chosen = Some(value);
            }
        }
        // Told apart by what is rendered, or by a vote.
        if let Some(value) = chosen.clone().filter(|_| chosen != before) {
            votes.insert(question.name.clone(), vec![value]);
        }
        if chosen != before {
            changed = true;
            match chosen {
                Some(value) => answers.insert(question.name.as_str(), value),
                None => drop(answers.remove(&question.name)),
            }
        }
    }
    changed
}

fn text(entry: &Entry) -> Option<&str> {
    match entry {
        Entry::File { content, .. } if content.len() <= 1 << 20 => std::str::from_utf8(content).ok(),
        _ => None,
    }
}
