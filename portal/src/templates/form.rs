//! A template's questions as a form, whatever its dialect: what was sent is validated here, as one who types is.

use std::collections::BTreeMap;

use engine_templates::{Answers, Environment, Kind, Question, Template};
use model::template::{Form, FormChoice, FormPage, FormQuestion, QuestionKind};
use model::{EntityRef, Finding, Level};
use serde_json::Value;

use super::catalog::Opened;
use super::render::{environment, find_ready};
use crate::identity::Actor;
use crate::{Error, Portal, Result};

/// Bytes of one answer, and of all of them.
const LARGEST_ANSWER: usize = 64 << 10;
const LARGEST_ANSWERS: usize = 512 << 10;
/// Answers that are sent at once.
const MOST_ANSWERS: usize = 500;

/// What was sent, by the name of its question: a text is what somebody typed, anything else is the value itself.
pub type Given = BTreeMap<String, Value>;

/// The form of a template with what was answered so far: defaults follow from earlier answers, and every answer is validated.
/// Nothing is changed.
///
/// # Errors
/// As [`super::get`]; [`Error::Forbidden`] for a template that executes what is not trusted; [`Error::Invalid`] for answers that are too large to be looked at.
pub async fn form(
    portal: &Portal,
    actor: &Actor,
    reference: &EntityRef,
    commit: Option<&str>,
    given: &Given,
) -> Result<Form> {
    let (_, ready) = find_ready(portal, actor, reference, commit).await?;
    Ok(ready.fill(given, portal.clock().now()).await?.0)
}

/// The form with what was sent, and the answers to render with: those that were given and can be taken.
pub(crate) fn fill(opened: &Opened, given: &Given, now: i64) -> Result<(Form, Answers)> {
    bounded(given)?;
    let inputs = environment(now, 0, &opened.source.address);
    let template = &opened.template;
    let filled = match at_once(template, given, &inputs)? {
        Some(filled) => filled,
        None => one_by_one(template, given, &inputs)?,
    };
    let known: Vec<&str> = filled.questions.iter().map(|(question, _)| question.name.as_str()).collect();
    let unknown = given.keys().filter(|name| !known.contains(&name.as_str()));
    let problems = unknown.map(|name| not_asked(name)).collect();
    let questions =
        filled.questions.iter().map(|(question, error)| shown(question, given.get(&question.name), error.clone()));
    let (secret, open): (Vec<_>, Vec<_>) = questions.partition(|question| question.secret);
    let pages = [("Questions", open), ("Secrets", secret)].into_iter().filter(|(_, questions)| !questions.is_empty());
    let pages = pages.map(|(title, questions)| FormPage { title: title.to_owned(), questions }).collect();
    Ok((Form { commit: opened.commit().to_owned(), pages, problems }, filled.answers))
}

/// The questions as they are asked when nothing was answered.
pub(crate) fn questions(template: &Template, now: i64) -> Result<Vec<FormQuestion>> {
    let questions = template.questions(&Answers::default(), &environment(now, 0, "")).map_err(Error::Invalid)?;
    Ok(questions.iter().map(|question| shown(question, None, None)).collect())
}

fn bounded(given: &Given) -> Result<()> {
    let size = |value: &Value| value.as_str().map_or_else(|| value.to_string().len(), str::len);
    let too_large = given.iter().find(|(_, value)| size(value) > LARGEST_ANSWER);
    let total: usize = given.iter().map(|(name, value)| name.len() + size(value)).sum();
    let refused = |message: String| {
        let finding = Finding::new(
            "template.answer",
            Level::Error,
            message,
            "Shorten it: large texts belong into the repository.",
        );
        Err(Error::Invalid(vec![finding].into()))
    };
    match too_large {
        Some((name, value)) => {
            let name: String = name.chars().take(100).collect();
            refused(format!("The answer to {name} has {} bytes; at most {LARGEST_ANSWER} can be taken", size(value)))
        }
        None if total > LARGEST_ANSWERS || given.len() > MOST_ANSWERS => {
            refused(format!("{} answers with {total} bytes are more than can be taken at once", given.len()))
        }
        None => Ok(()),
    }
}

struct Filled {
    /// With why their answers cannot be taken.
    questions: Vec<(Question, Option<String>)>,
    answers: Answers,
}

/// All answers against the questions that they lead to; `None` where an answer is wrong, or means something else once the
/// others are there.
fn at_once(template: &Template, given: &Given, inputs: &Environment) -> Result<Option<Filled>> {
    let take = |questions: &[Question]| -> Option<Answers> {
        let asked = questions.iter().filter_map(|question| Some((question, given.get(&question.name)?)));
        asked.map(|(question, value)| Some((question.name.clone(), taken(template, question, value).ok()?))).collect()
    };
    let mut questions = template.questions(&Answers::default(), inputs).map_err(Error::Invalid)?;
    let Some(answers) = take(&questions) else { return Ok(None) };
    if !answers.is_empty() {
        match template.questions(&answers, inputs) {
            Ok(asked) => questions = asked,
            Err(_) => return Ok(None),
        }
        if take(&questions).as_ref() != Some(&answers) {
            return Ok(None);
        }
    }
    Ok(Some(Filled { questions: questions.into_iter().map(|question| (question, None)).collect(), answers }))
}

/// As somebody is asked at a terminal; in the place of a wrong answer stands the default.
fn one_by_one(template: &Template, given: &Given, inputs: &Environment) -> Result<Filled> {
    let (mut answers, mut asked) = (Answers::default(), Answers::default());
    let mut questions = Vec::new();
    while let Some(question) = template.next(&asked, inputs).map_err(Error::Invalid)? {
        let mut error = None;
        let mut value = question.default.clone();
        if let Some(sent) = given.get(&question.name) {
            let taken = taken(template, &question, sent).and_then(|taken| {
                let mut asked = asked.clone();
                asked.insert(question.name.as_str(), taken.clone());
                template.next(&asked, inputs).map(|_| taken).map_err(|findings| first(&findings))
            });
            match taken {
                Ok(taken) => {
                    answers.insert(question.name.as_str(), taken.clone());
                    value = taken;
                }
                Err(why) => error = Some(why),
            }
        }
        asked.insert(question.name.as_str(), value);
        questions.push((question, error));
    }
    Ok(Filled { questions, answers })
}

/// The value of an answer. A text is one that was typed; others are values, and have to be of the question's kind.
fn taken(template: &Template, question: &Question, sent: &Value) -> std::result::Result<Value, String> {
    if let Value::String(typed) = sent {
        return template.answer(question, typed).map_err(|findings| first(&findings));
    }
    let fits = match &question.kind {
        Kind::Text => !sent.is_object() && !sent.is_array(),
        Kind::YesNo => sent.is_boolean(),
        Kind::Choice { choices } => choices.iter().any(|choice| choice.value == *sent),
        Kind::Dictionary => sent.is_object(),
    };
    let expected = || match &question.kind {
        Kind::Text => "a text".to_owned(),
        Kind::YesNo => "yes or no".to_owned(),
        Kind::Choice { choices } => {
            let labels: Vec<&str> = choices.iter().map(|choice| choice.label.as_str()).collect();
            format!("one of {}", labels.join(", "))
        }
        Kind::Dictionary => "a JSON object".to_owned(),
    };
    if fits { Ok(sent.clone()) } else { Err(format!("{sent} is no answer to this: give {}", expected())) }
}

fn first(findings: &model::Findings) -> String {
    findings.findings.first().map_or_else(|| "It cannot be taken".to_owned(), |finding| finding.message.clone())
}

fn not_asked(name: &str) -> Finding {
    let name: String = name.chars().filter(|c| !c.is_control()).take(100).collect();
    let help = "Take the answer out; the form has all questions of this commit.";
    Finding::new("template.answer", Level::Error, format!("The template does not ask for {name:?}"), help)
}

fn shown(question: &Question, sent: Option<&Value>, error: Option<String>) -> FormQuestion {
    let kind = match &question.kind {
        Kind::Text => QuestionKind::Text,
        Kind::YesNo => QuestionKind::YesNo,
        Kind::Dictionary => QuestionKind::Dictionary,
        Kind::Choice { choices } => {
            let choice = |choice: &engine_templates::Choice| FormChoice {
                value: typed(&choice.value),
                label: choice.label.clone(),
            };
            QuestionKind::Choice { choices: choices.iter().map(choice).collect() }
        }
    };
    let default = typed(&question.default);
    let value = match sent {
        _ if question.secret => String::new(),
        Some(sent) => typed(sent),
        None => default.clone(),
    };
    FormQuestion {
        name: question.name.clone(),
        text: question.text.clone(),
        kind,
        default,
        value,
        answered: sent.is_some(),
        secret: question.secret,
        error,
    }
}

/// A value as somebody would type it.
fn typed(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Bool(true) => "yes".to_owned(),
        Value::Bool(false) => "no".to_owned(),
        Value::Null => String::new(),
        other => other.to_string(),
    }
}
