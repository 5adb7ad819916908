//! What a launch does, in order: the steps that every launch has, and those that the operator wants besides.

use std::collections::BTreeMap;

use engine_templates::Answers;
use model::run::{RunStep, StepState};
use model::{Finding, Level};
use serde_json::{Value, json};

use super::actions;
use super::expressions::{self, Path, within};
use super::launch::{Launch, destinations};
use super::store::Step;
use crate::identity::Actor;
use crate::settings::{PublishInput, PublishSettings, StepSettings};
use crate::{Error, Portal, Result};

const FETCH: &str = "fetch";
const PUBLISH: &str = "publish";
const REGISTER: &str = "register";
const NOTIFY: &str = "notify";
/// Steps of every launch. What they are told is values, whatever stands in them.
const OWN: [&str; 4] = [FETCH, PUBLISH, REGISTER, NOTIFY];

/// Whether Slipway has planned it by itself.
pub(super) fn is_own(step: &Step) -> bool {
    OWN.contains(&step.id.as_str())
}

/// What is wrong with a further step, and with which of its keys.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StepProblem {
    /// `id`, `action`, `input`, `token-file`.
    pub key: &'static str,
    /// What it has to be, for an operator.
    pub expected: String,
}

/// Whether a further step can be one, behind those `before`.
///
/// # Errors
/// The first that is wrong with it.
pub fn check_step(step: &StepSettings, before: &[StepSettings]) -> std::result::Result<(), StepProblem> {
    let wrong = |key, expected: String| Err(StepProblem { key, expected });
    let fits = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_');
    if step.id.is_empty() || step.id.len() > 63 || !step.id.chars().all(fits) {
        return wrong("id", "of a-z, A-Z, 0-9, - and _, at most 63 of them".to_owned());
    }
    if OWN.contains(&step.id.as_str()) || before.iter().any(|other| other.id == step.id) {
        return wrong(
            "id",
            "one that no other step has; fetch, publish, register and notify are of every launch".to_owned(),
        );
    }
    let further = actions::FURTHER.join(", ");
    let Some(action) = actions::find(&step.action).filter(|_| actions::FURTHER.contains(&step.action.as_str())) else {
        return wrong("action", format!("one of {further}"));
    };
    if step.token.is_some() && !action.takes_token() {
        return wrong("token-file", format!("left out: {} takes none", step.action));
    }
    // Each launch may leave out what is for other templates.
    let reaches = |other: &&StepSettings| {
        other.templates.is_empty()
            || !step.templates.is_empty() && step.templates.iter().all(|one| other.templates.contains(one))
    };
    let earlier: Vec<&str> = [FETCH, PUBLISH, REGISTER]
        .into_iter()
        .chain(before.iter().filter(reaches).map(|other| other.id.as_str()))
        .collect();
    let known = |path: Path<'_>| match path {
        Path::Output { step, .. } if !earlier.contains(&step) => {
            Err(format!("{path} names no step before this one ({})", earlier.join(", ")))
        }
        // What there is shows only when it is launched.
        path => Ok(format!("${{{{ {path} }}}}").into()),
    };
    match expressions::resolve(&step.input, &[], &known).and_then(|_| action.accepts(&step.input)) {
        Ok(()) => Ok(()),
        Err(why) => wrong("input", format!("what {} takes: {why}", step.action)),
    }
}

/// Answers that steps may be told: those that are not secret.
#[derive(Debug, Clone, Copy)]
pub(super) struct Told<'a> {
    pub answers: &'a Answers,
    /// Names of those that are.
    pub secrets: &'a [String],
}

impl Told<'_> {
    fn parameter(self, question: &str, rest: Option<&str>) -> std::result::Result<Value, String> {
        if self.secrets.iter().any(|secret| secret == question) {
            return Err(format!("parameters.{question} is secret, and no step is told what is"));
        }
        let found = self.answers.get(question).and_then(|answer| within(answer, rest));
        found.ok_or_else(|| format!("the template does not ask for parameters.{question}"))
    }
}

/// What a step is told once those before it have ended, whose outputs are `given` by their ids.
pub(super) fn input(
    step: &Step,
    told: Told<'_>,
    given: &BTreeMap<&str, Value>,
) -> Result<std::result::Result<Value, String>> {
    let input: Value = serde_json::from_str(&step.input)?;
    if is_own(step) {
        return Ok(Ok(input));
    }
    let known = |path: Path<'_>| match path {
        Path::Parameter { question, rest } => told.parameter(question, rest),
        Path::Output { step, name, rest } => {
            let found = given.get(step).and_then(|output| within(output.get(name)?, rest));
            found.ok_or_else(|| {
                format!("the step {step} gave no {}", path.to_string().replace(&format!("steps.{step}.output."), ""))
            })
        }
    };
    Ok(expressions::resolve(&input, escaped(&step.action), &known))
}

/// A step as it is shown, before it has begun and afterwards.
pub(super) fn shown(step: Step, told: Told<'_>) -> Result<RunStep> {
    let mut input: Value = serde_json::from_str(&step.input)?;
    if !is_own(&step) {
        let known = |path: Path<'_>| match path {
            Path::Parameter { question, rest } => told.parameter(question, rest),
            Path::Output { step, name, .. } => Ok(format!("({name} of {step})").into()),
        };
        // What cannot be resolved is shown as it was written; the step says why once it begins.
        input = expressions::resolve(&input, &[], &known).unwrap_or(input);
    }
    let output: Option<Value> = step.output.as_deref().map(serde_json::from_str).transpose()?;
    let url = output.as_ref().filter(|_| !is_own(&step)).and_then(|output| output.get("remoteUrl")?.as_str());
    Ok(RunStep {
        does: actions::find(&step.action).map(|action| action.does(&input)).unwrap_or_default(),
        url: url.filter(|url| url.starts_with("https://")).map(str::to_owned),
        state: step.state(),
        id: step.id,
        name: step.name,
        action: step.action,
        attempts: step.attempts.unsigned_abs(),
        reason: step.reason,
        started_at: step.started_at,
        ended_at: step.ended_at,
    })
}

fn escaped(action: &str) -> &'static [&'static str] {
    actions::find(action).map_or(&[], |action| action.addresses())
}

/// The steps of a launch, which is called `name`.
///
/// # Errors
/// [`Error::NotFound`] for an unknown destination; [`Error::Invalid`] where a further step names an answer that there is none of.
pub(super) fn plan(
    portal: &Portal,
    actor: &Actor,
    launch: &Launch,
    (name, executes): (&str, &[String]),
    told: Told<'_>,
) -> Result<Vec<Step>> {
    let destination = destinations(portal).into_iter().find(|known| known.name == launch.destination);
    let destination = destination
        .ok_or_else(|| Error::not_found(format!("A source {:?} in which projects are made", launch.destination)))?;
    let published = json!({
        "destination": destination.name, "name": name, "description": launch.description,
        "repoVisibility": launch.visibility, "topics": launch.topics, "ownToken": launch.token.is_some(),
        "besides": besides(portal, launch),
    });
    let fetched = json!({ "template": launch.template.to_string(), "executes": executes });
    let registered = json!({ "destination": destination.name });
    let mut steps = vec![
        step(FETCH, "Make the files", actions::FETCH, &fetched),
        step(PUBLISH, "Make the repository", destination.action, &published),
        step(REGISTER, "Put it into the catalog", actions::REGISTER, &registered),
    ];
    let is_meant =
        |further: &&StepSettings| further.templates.is_empty() || further.templates.contains(&launch.template);
    let further = portal.settings().steps.iter().filter(is_meant);
    steps.extend(further.map(|further| step(&further.id, &further.name, &further.action, &further.input)));
    if actor.account().is_some() {
        steps.push(step(NOTIFY, "Tell you", actions::NOTIFY, &json!({ "name": name })));
    }
    let mut findings = Vec::new();
    for (step, position) in steps.iter_mut().zip(1..) {
        step.position = position;
        if !is_own(step)
            && let Err(why) = askable(step, told)?
        {
            let message = format!("The step {} cannot be taken: {why}", step.name);
            let help =
                "An operator corrects its input in the configuration (runs.step), or says for which templates it is.";
            findings.push(Finding::new("run.step", Level::Error, message, help));
        }
    }
    if findings.is_empty() { Ok(steps) } else { Err(Error::Invalid(findings.into())) }
}

/// What the operator wants of new repositories of this template.
fn besides<'p>(portal: &'p Portal, launch: &Launch) -> Option<&'p PublishInput> {
    let is_meant = |rule: &&PublishSettings| rule.templates.is_empty() || rule.templates.contains(&launch.template);
    portal.settings().publish.iter().rev().find(is_meant).map(|rule| &rule.input)
}

/// Whether the answers have what a step wants to know of them.
fn askable(step: &Step, told: Told<'_>) -> Result<std::result::Result<(), String>> {
    let input: Value = serde_json::from_str(&step.input)?;
    let known = |path: Path<'_>| match path {
        Path::Parameter { question, rest } => told.parameter(question, rest),
        Path::Output { .. } => Ok(Value::Null),
    };
    Ok(expressions::resolve(&input, &[], &known).map(drop))
}

fn step(id: &str, name: &str, action: &str, input: &Value) -> Step {
    Step {
        position: 0,
        id: id.to_owned(),
        name: name.to_owned(),
        action: action.to_owned(),
        state: StepState::Pending.as_str().to_owned(),
        attempts: 0,
        reason: None,
        started_at: None,
        ended_at: None,
        input: input.to_string(),
        output: None,
    }
}
