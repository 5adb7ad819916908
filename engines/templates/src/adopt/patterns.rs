//! What lines and names of a template say of its answers, and what a project's lines and names say back.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use serde_json::Value;

use crate::language::{Fragment, Language};
use crate::template::Source;
use crate::tree::{Entry, Tree};
use crate::{Kind, Question};

/// A line with fewer letters than this around its answers says something only if it is among the [first](HEAD) of both.
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
const OF_PART_OF_PATH: usize = 15;
const LONGEST_VALUE: usize = 300;
/// Longer files are not read line by line.
const LONGEST: usize = 1 << 20;

#[derive(Default)]
pub(super) struct Patterns {
    /// By the name in the template.
    paths: BTreeMap<String, OfPath>,
    /// The values with which answers are compared.
    compared: BTreeMap<String, BTreeSet<String>>,
    /// What any version asks.
    asked: BTreeSet<String>,
    /// Of those what can be answered in few ways.
    choosing: BTreeSet<String>,
}

struct OfPath {
    pattern: Pattern,
    lines: HashMap<String, Pattern>,
    /// Lines with answers and next to nothing else, among the first of a file.
    titles: HashMap<String, Pattern>,
    /// Lines without answers.
    fixed: HashSet<String>,
}

/// Values for which something in a project speaks, the likeliest first, by their questions.
pub(super) type Votes = BTreeMap<String, Vec<Value>>;

impl Patterns {
    /// Takes the questions of a version in.
    pub(super) fn ask(&mut self, questions: &[Question]) {
        self.asked.extend(questions.iter().map(|question| question.name.clone()));
        let choosing = questions.iter().filter(|question| match &question.kind {
            Kind::Choice { .. } | Kind::YesNo => true,
            Kind::Text => !yes_or_no(question).is_empty(),
            Kind::Dictionary => false,
        });
        self.choosing.extend(choosing.map(|question| question.name.clone()));
    }

    /// Whether a question can be answered in few ways.
    pub(super) fn chooses(&self, name: &str) -> bool {
        self.choosing.contains(name) || self.compared.contains_key(name)
    }

    /// Takes a file of a template in.
    pub(super) fn learn(&mut self, language: &Language, source: &Source, entry: &Entry) {
        let text = text(entry);
        for text in [Some(source.name.as_str()), text].into_iter().flatten() {
            for (name, value) in language.comparisons(text) {
                self.compared.entry(name.to_owned()).or_default().insert(value.to_owned());
            }
        }
        let Some(pattern) = Pattern::new(language, &source.name) else { return };
        let known = self.paths.entry(source.name.clone());
        let known = known.or_insert_with(|| OfPath {
            pattern,
            lines: HashMap::new(),
            titles: HashMap::new(),
            fixed: HashSet::new(),
        });
        for (number, line) in text.into_iter().flat_map(str::lines).enumerate() {
            if known.lines.contains_key(line) || known.fixed.contains(line) {
                continue;
            }
            match Pattern::new(language, line) {
                _ if !source.is_text => drop(known.fixed.insert(line.to_owned())),
                Some(pattern) if pattern.names.is_empty() => drop(known.fixed.insert(line.to_owned())),
                Some(pattern) if pattern.letters() >= LEAST => drop(known.lines.insert(line.to_owned(), pattern)),
                Some(pattern) if number < HEAD => drop(known.titles.insert(line.to_owned(), pattern)),
                _ => {}
            }
        }
    }

    /// The values with which a question's answer is compared.
    pub(super) fn compared(&self, name: &str) -> impl Iterator<Item = &str> {
        self.compared.get(name).into_iter().flatten().map(String::as_str)
    }

    /// The answers for which a project's names and lines speak.
    pub(super) fn vote(&self, project: &Tree) -> Votes {
        let mut votes: BTreeMap<&str, BTreeMap<&str, usize>> = BTreeMap::new();
        for (path, entry) in project.iter() {
            for of_path in self.paths.values() {
                let Some((values, weight)) = of_path.found(path) else { continue };
                let named = values.into_iter().filter(|(_, value)| !value.contains('/'));
                let named = named.map(|(name, value)| (name, value, weight));
                for (name, value, weight) in named.chain(of_path.told(entry)) {
                    *votes.entry(name).or_default().entry(value).or_insert(0) += weight;
                }
            }
        }
        let asked = votes.into_iter().filter(|(name, _)| self.asked.contains(*name));
        asked
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
}

impl OfPath {
    /// The answers in the path of a file that may be this one, and what they say. A program of the template may have put a
    /// folder around it.
    fn found<'a>(&'a self, path: &'a str) -> Option<(Vec<(&'a str, &'a str)>, usize)> {
        if let Some(values) = self.pattern.values(path) {
            return Some((values, OF_PATH));
        }
        let mut below = path.match_indices('/').map(|(at, _)| &path[at + 1..]);
        let is_told = self.pattern.letters() >= LEAST && !self.pattern.names.is_empty();
        below.find_map(|path| self.pattern.values(path).filter(|_| is_told)).map(|values| (values, OF_PART_OF_PATH))
    }

    /// What the lines of a file at such a path say: names, values and how much.
    fn told<'a>(&'a self, entry: &'a Entry) -> Vec<(&'a str, &'a str, usize)> {
        let lines: Vec<&str> = text(entry).into_iter().flat_map(str::lines).collect();
        let is_telling = |line: &&&str| !self.fixed.contains(**line);
        let mut told = Vec::new();
        for pattern in self.titles.values() {
            let head = lines.iter().take(HEAD).filter(is_telling);
            let values = head.filter_map(|line| pattern.values(line)).flatten();
            told.extend(values.map(|(name, value)| (name, value, OF_TITLE)));
        }
        for pattern in self.lines.values() {
            // A line that may be many lines says little.
            let found: BTreeSet<Vec<_>> =
                lines.iter().filter(is_telling).filter_map(|line| pattern.values(line)).collect();
            let weight = (pattern.letters().min(MOST) / found.len().max(1)).max(1);
            told.extend(found.into_iter().flatten().map(|(name, value)| (name, value, weight)));
        }
        told
    }
}

/// What to try for a text that is a yes or no by habit.
pub(super) fn yes_or_no(question: &Question) -> &'static [&'static str] {
    match question.default.as_str() {
        Some("y" | "n") => &["y", "n"],
        Some("yes" | "no") => &["yes", "no"],
        _ => &[],
    }
}

/// Literal texts, with places of answers between them: one more literal than names.
struct Pattern {
    literals: Vec<String>,
    names: Vec<String>,
}

impl Pattern {
    /// `None` where the text holds more than places of answers.
    fn new(language: &Language, text: &str) -> Option<Self> {
        let (mut literals, mut names) = (Vec::new(), Vec::new());
        for fragment in language.fragments(text)? {
            match fragment {
                Fragment::Text(text) => literals.push(text),
                Fragment::Answer(name) => names.push(name),
            }
        }
        Some(Self { literals, names })
    }

    fn letters(&self) -> usize {
        self.literals.iter().flat_map(|literal| literal.chars()).filter(|c| !c.is_whitespace()).count()
    }

    /// The answers in a text of this form.
    fn values<'a>(&'a self, text: &'a str) -> Option<Vec<(&'a str, &'a str)>> {
        let (first, rest) = self.literals.split_first()?;
        let mut left = text.strip_prefix(first.as_str())?;
        let mut values = Vec::new();
        for (position, (literal, name)) in rest.iter().zip(&self.names).enumerate() {
            let end = if position + 1 == self.names.len() {
                left.strip_suffix(literal.as_str())?.len()
            } else {
                // Two answers side by side cannot be told apart.
                left.find(literal.as_str()).filter(|_| !literal.is_empty())?
            };
            values.push((name.as_str(), &left[..end]));
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

fn text(entry: &Entry) -> Option<&str> {
    match entry {
        Entry::File { content, .. } if content.len() <= LONGEST => std::str::from_utf8(content).ok(),
        _ => None,
    }
}
