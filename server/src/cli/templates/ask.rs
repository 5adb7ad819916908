//! Asking a person at a terminal: the question, what it takes, its default; again, where the answer does not fit.

use std::io::{BufRead, Write};

use engine_templates::{Answers, Environment, Kind, Nested, Question, Template};
use serde_json::Value;

use super::{Given, Stop};
use crate::cli::print_findings;

/// The template within a template that is wanted; the first, where nobody is asked.
pub fn nested<'a>(all: &'a [Nested], given: &Given) -> Result<&'a Nested, Stop> {
    let first = all.first().ok_or_else(|| Stop::Usage("the template has no templates in it".to_owned()))?;
    if !given.may_ask() {
        return Ok(first);
    }
    loop {
        eprintln!("Which template?");
        for (at, nested) in all.iter().enumerate() {
            eprintln!("  {}  {}", at + 1, nested.label);
        }
        let typed = line("1", false)?;
        let chosen = typed.parse::<usize>().ok().and_then(|number| all.get(number.checked_sub(1)?));
        let chosen = chosen
            .or_else(|| all.iter().find(|nested| nested.key == typed))
            .or_else(|| typed.is_empty().then_some(first));
        match chosen {
            Some(nested) => return Ok(nested),
            None => eprintln!("  Write one of the numbers."),
        }
    }
}

/// Answers to all that is asked; what was given (`named`), and everything where nobody is asked, takes its default, which holds what was
/// given. `known` are not asked again.
pub fn all(
    template: &Template,
    environment: &Environment,
    given: &Given,
    named: &Answers,
    known: Answers,
) -> Result<Answers, Stop> {
    let mut answers = known;
    if !given.may_ask() {
        if !given.defaults {
            let open: Vec<String> = template
                .questions(&answers, environment)?
                .into_iter()
                .filter(|question| answers.get(&question.name).is_none() && named.get(&question.name).is_none())
                .map(|question| question.name)
                .collect();
            if !open.is_empty() {
                let names = open.join(", ");
                return Err(Stop::Usage(format!(
                    "there is no terminal to ask for {names}: give them with --data, or take --defaults"
                )));
            }
        }
        return Ok(answers);
    }
    while let Some(question) = template.next(&answers, environment)? {
        let answer = match named.get(&question.name) {
            Some(_) => question.default.clone(),
            None => one(template, &question)?,
        };
        answers.insert(question.name, answer);
    }
    Ok(answers)
}

fn one(template: &Template, question: &Question) -> Result<Value, Stop> {
    loop {
        eprint!("{}", question.text);
        let shown = match &question.kind {
            Kind::Choice { choices } => {
                eprintln!();
                for (at, choice) in choices.iter().enumerate() {
                    eprintln!("  {}  {}", at + 1, choice.label);
                }
                "1".to_owned()
            }
            Kind::YesNo => if question.default == Value::Bool(true) { "yes" } else { "no" }.to_owned(),
            Kind::Text | Kind::Dictionary => match &question.default {
                Value::String(text) => text.clone(),
                other => other.to_string(),
            },
        };
        let typed = line(&shown, question.secret)?;
        if typed.is_empty() {
            return Ok(question.default.clone());
        }
        match template.answer(question, &typed) {
            Ok(answer) => return Ok(answer),
            Err(findings) => print_findings(&findings.findings),
        }
    }
}

/// One line that a person types, without its end.
fn line(default: &str, secret: bool) -> Result<String, Stop> {
    eprint!(" [{}]: ", if secret && !default.is_empty() { "…" } else { default });
    let _ = std::io::stderr().flush();
    let mut typed = String::new();
    match std::io::stdin().lock().read_line(&mut typed) {
        Ok(0) => Err(Stop::Usage("the input ended before everything was answered; nothing was made".to_owned())),
        Ok(_) => Ok(typed.trim_end_matches(['\n', '\r']).to_owned()),
        Err(error) => Err(Stop::Usage(format!("the answer cannot be read: {error}"))),
    }
}
