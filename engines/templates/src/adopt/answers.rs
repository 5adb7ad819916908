//! The answers that a project was made with: those that its lines speak for, and those that only decide what is there.

use std::collections::BTreeSet;

use serde_json::Value;

use super::history::Part;
use super::likeness::compare;
use super::patterns::{Votes, yes_or_no};
use super::programs::Programs;
use crate::tree::Tree;
use crate::{Answers, Environment, Kind, Question, Template};

/// For each file that a render has and the project does not.
const PENALTY: f64 = 0.4;
/// One answer may show only beside another: so often all are tried.
const ROUNDS: usize = 2;

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

/// Tries each value of the questions that choose, one question after the other, at a version. Says how alike what it makes and
/// the project are in the end; `None` where it cannot be rendered.
pub(super) fn decide(
    project: &Tree,
    part: &Part,
    version: usize,
    answers: &mut Answers,
    votes: &mut Votes,
    programs: &Programs<'_>,
    environment: &Environment,
) -> Option<f64> {
    let template = part.versions.get(version).map(|version| &version.template)?;
    *answers = fitting(template, answers, environment);
    let questions = template.questions(answers, environment).ok()?;
    let likeness = |answers: &Answers| -> Option<f64> {
        let rendered = template.render(answers, environment).ok()?;
        let moves = programs.moves(part, version, &rendered.answers, environment);
        let files = rendered.origins.iter().filter_map(|(path, origin)| {
            let entry = rendered.tree.get(path)?;
            let other = project.get(&moves.place(&origin.path, path)?);
            Some(other.map_or(-PENALTY, |other| compare(entry, other).share))
        });
        Some(files.sum())
    };
    let mut best = likeness(answers)?;
    for round in 0..ROUNDS {
        let mut again = false;
        for question in &questions {
            let values = candidates(question, part, votes);
            let before = answers.get(&question.name).cloned();
            let is_one = before.as_ref().is_none_or(|before| values.contains(before) || question.kind == Kind::Text);
            let mut chosen = before.clone().filter(|_| is_one);
            for value in values.into_iter().filter(|value| Some(value) != before.as_ref()) {
                let mut tried = answers.clone();
                tried.insert(question.name.as_str(), value.clone());
                if let Some(likeness) = likeness(&tried).filter(|likeness| *likeness > best + 1e-9) {
                    best = likeness;
                    chosen = Some(value);
                }
            }
            if chosen == before {
                continue;
            }
            again = true;
            match chosen {
                Some(value) => {
                    // Told apart by what is rendered, or by a vote.
                    votes.insert(question.name.clone(), vec![value.clone()]);
                    answers.insert(question.name.as_str(), value);
                }
                None => drop(answers.remove(&question.name)),
            }
        }
        if !again || round + 1 == ROUNDS {
            break;
        }
    }
    Some(best)
}

/// What to try as the answer to a question.
fn candidates(question: &Question, part: &Part, votes: &Votes) -> Vec<Value> {
    match &question.kind {
        Kind::Choice { choices } => choices.iter().map(|choice| choice.value.clone()).collect(),
        Kind::YesNo => vec![true.into(), false.into()],
        Kind::Text => match votes.get(&question.name) {
            // The default may follow from answers that are better known.
            Some(voted) => voted.iter().chain([&question.default]).cloned().collect(),
            None => {
                let compared = part.patterns.compared(&question.name);
                let all: BTreeSet<&str> = compared.chain(yes_or_no(question).iter().copied()).collect();
                all.into_iter().map(Value::from).collect()
            }
        },
        Kind::Dictionary => Vec::new(),
    }
}
