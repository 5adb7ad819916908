//! Questions, and the values that answers and defaults make: cookiecutter's `prompt_for_config`, in its two passes.

use std::sync::Arc;

use model::{Finding, Findings};
use serde_json::{Map, Value};

use super::defaults::{YES_OR_NO, yes_or_no};
use super::manifest::Manifest;
use super::{Template, environment, joined};
use crate::jinja::{Jinja, Problem, values};
use crate::{Answers, Choice, Environment, Kind, Question};

/// What a template is rendered with.
pub struct Filled {
    /// All variables, in the order of the manifest.
    pub values: Map<String, Value>,
    /// Those of the manifest in the order in which their values are found, dictionaries last: cruft keeps them so, where
    /// cookiecutter puts them into those that it has.
    pub found: Map<String, Value>,
    pub questions: Vec<Question>,
    /// What has to be remembered: answers and the defaults that were taken.
    pub answers: Answers,
}

/// Answers every question, by the given answers and else by its default.
///
/// Where `until_open`, it stops behind the first question without an answer.
///
/// # Errors
/// Defaults that cannot be rendered, and answers that their questions do not take.
pub fn fill(
    template: &Template,
    answers: &Answers,
    inputs: &Environment,
    until_open: bool,
) -> Result<Filled, Findings> {
    let jinja = environment::jinja(template, inputs, Arc::new(|_| None))?;
    fill_with(&jinja, &template.manifest, answers, until_open)
}

/// [`fill`], in an environment that is there already.
pub fn fill_with(jinja: &Jinja, manifest: &Manifest, answers: &Answers, until_open: bool) -> Result<Filled, Findings> {
    let mut filling = Filling {
        jinja,
        manifest,
        answers,
        shown: values::dictionary([]),
        values: Map::new(),
        questions: Vec::new(),
        findings: Vec::new(),
    };
    for first_pass in [true, false] {
        for (name, raw) in &manifest.variables {
            let private = name.starts_with('_') && !name.starts_with("__");
            let dictionary = raw.is_object();
            if first_pass && dictionary && !name.starts_with('_') || !first_pass && (!dictionary || private) {
                continue;
            }
            if filling.findings.is_empty() {
                filling.variable(name, raw, private);
            }
            if until_open && filling.questions.last().is_some_and(|question| answers.get(&question.name).is_none()) {
                break;
            }
        }
        if until_open && filling.questions.last().is_some_and(|question| answers.get(&question.name).is_none()) {
            break;
        }
    }
    filling.finish()
}

struct Filling<'a> {
    jinja: &'a Jinja,
    manifest: &'a Manifest,
    answers: &'a Answers,
    /// The values so far, as templates see them.
    shown: minijinja::Value,
    values: Map<String, Value>,
    questions: Vec<Question>,
    findings: Vec<Finding>,
}

impl Filling<'_> {
    /// Finds the value of one variable. Trouble becomes a finding.
    fn variable(&mut self, name: &str, raw: &Value, private: bool) {
        let given = self.answers.get(name);
        let value = match self.value(name, raw, private, given) {
            Ok(value) => value,
            Err(problem) => {
                let finding = self.located(name, problem);
                self.findings.push(finding);
                return;
            }
        };
        values::put(&self.shown, name, values::from_json(&value));
        self.values.insert(name.to_owned(), value);
    }

    fn value(&mut self, name: &str, raw: &Value, private: bool, given: Option<&Value>) -> Result<Value, Problem> {
        if private {
            return Ok(given.unwrap_or(raw).clone());
        }
        if name.starts_with('_') {
            return match given {
                Some(given) => Ok(given.clone()),
                None => self.rendered(name, raw),
            };
        }
        let (kind, default) = match raw {
            Value::Array(options) => {
                let options: Vec<Value> =
                    options.iter().map(|option| self.rendered(name, option)).collect::<Result<_, _>>()?;
                let Some(default) = options.first().cloned() else {
                    let finding = self.manifest.finding(
                        "template.choice",
                        &[name],
                        format!("{name} has no choices"),
                        "give it one",
                    );
                    return Err(Problem::from(finding));
                };
                let choices =
                    options.into_iter().map(|value| Choice { label: self.label(name, &value), value }).collect();
                (Kind::Choice { choices }, default)
            }
            Value::Bool(default) => (Kind::YesNo, Value::Bool(*default)),
            Value::Object(_) => (Kind::Dictionary, self.rendered(name, raw)?),
            _ => (Kind::Text, self.rendered(name, raw)?),
        };
        let question = Question { name: name.to_owned(), text: self.text(name), kind, default, secret: false };
        let value = match (&question.kind, given) {
            // The question may have been one for a text in an earlier version of the template.
            (Kind::YesNo, Some(Value::String(text))) => {
                yes_or_no(text).map_or_else(|| text.as_str().into(), Value::Bool)
            }
            (_, given) => given.unwrap_or(&question.default).clone(),
        };
        let taken = given.is_none() || takes(&question.kind, &value);
        let help = help_for(&question.kind);
        self.questions.push(question);
        if !taken {
            let message = format!("{name} cannot be {value}");
            return Err(Problem::from(self.manifest.finding("template.answer", &[name], message, help)));
        }
        Ok(value)
    }

    /// cookiecutter's `render_variable`: numbers become text, `null`, true and false stay.
    fn rendered(&self, name: &str, raw: &Value) -> Result<Value, Problem> {
        Ok(match raw {
            Value::Null | Value::Bool(_) => raw.clone(),
            Value::Object(items) => {
                let mut rendered = Map::new();
                for (key, value) in items {
                    let key = self.rendered_text(name, key)?;
                    rendered.insert(key, self.rendered(name, value)?);
                }
                Value::Object(rendered)
            }
            Value::Array(items) => {
                Value::Array(items.iter().map(|item| self.rendered(name, item)).collect::<Result<_, _>>()?)
            }
            Value::Number(number) => Value::String(match (number.is_f64(), number.as_f64()) {
                (true, Some(number)) => crate::jinja::float(number),
                _ => number.to_string(),
            }),
            Value::String(text) => Value::String(self.rendered_text(name, text)?),
        })
    }

    fn rendered_text(&self, name: &str, text: &str) -> Result<String, Problem> {
        let context = minijinja::Value::from_pairs([("cookiecutter", self.shown.clone())]);
        self.jinja.render(&format!("{}:{name}", self.manifest.path), text, &context)
    }

    /// The problem, said of the variable in the manifest.
    fn located(&self, name: &str, problem: Problem) -> Finding {
        let known = self.values.keys().map(String::as_str);
        let problem =
            match problem.undefined.as_deref().map(|expression| expression.trim_start_matches("cookiecutter.")) {
                Some(wanted) => {
                    let wanted = wanted.to_owned();
                    problem.near(&wanted, known)
                }
                None => problem,
            };
        if problem.finding.file == self.manifest.path {
            return *problem.finding;
        }
        let finding = *problem.finding;
        let (line, column) = self.manifest.place(&[name]);
        Finding { message: format!("the default of {name}: {}", finding.message), ..finding }.at(
            self.manifest.path.clone(),
            line,
            column,
        )
    }

    /// What people are asked: the text of `__prompts__`, or the name.
    fn text(&self, name: &str) -> String {
        let prompt = match self.manifest.prompts.get(name) {
            Some(Value::String(text)) => Some(text.as_str()),
            Some(Value::Object(labels)) => labels.get("__prompt__").and_then(Value::as_str),
            _ => None,
        };
        prompt.filter(|text| !text.is_empty()).unwrap_or(name).to_owned()
    }

    fn label(&self, name: &str, value: &Value) -> String {
        let shown = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
        let label = self.manifest.prompts.get(name).and_then(|labels| labels.get(&shown)).and_then(Value::as_str);
        label.map_or(shown, str::to_owned)
    }

    fn finish(self) -> Result<Filled, Findings> {
        if !self.findings.is_empty() {
            return Err(self.findings.into());
        }
        let mut ordered = Map::new();
        let mut remembered = Answers::default();
        for name in self.manifest.variables.keys() {
            let Some(value) = self.values.get(name) else { continue };
            ordered.insert(name.clone(), value.clone());
            if !name.starts_with('_') || self.answers.get(name).is_some() {
                remembered.insert(name.clone(), value.clone());
            }
        }
        for (name, value) in self.answers.iter() {
            if !ordered.contains_key(name) {
                ordered.insert(name.to_owned(), value.clone());
            }
        }
        Ok(Filled { values: ordered, found: self.values, questions: self.questions, answers: remembered })
    }
}

/// Whether a question takes a value as its answer.
fn takes(kind: &Kind, value: &Value) -> bool {
    match kind {
        Kind::Text => !value.is_object() && !value.is_array(),
        Kind::YesNo => value.is_boolean(),
        Kind::Choice { choices } => choices.iter().any(|choice| choice.value == *value),
        Kind::Dictionary => value.is_object(),
    }
}

fn help_for(kind: &Kind) -> String {
    match kind {
        Kind::Text => "give a text".to_owned(),
        Kind::YesNo => YES_OR_NO.to_owned(),
        Kind::Choice { choices } => {
            let labels: Vec<&str> =
                choices.iter().map(|choice| choice.value.as_str().unwrap_or(&choice.label)).collect();
            format!("choose one of {}", labels.join(", "))
        }
        Kind::Dictionary => "give a JSON object".to_owned(),
    }
}

/// What was typed as an answer: nothing is the default, a choice is its number, its value or its label.
///
/// # Errors
/// What the question takes.
pub fn typed(question: &Question, typed: &str) -> Result<Value, String> {
    if typed.is_empty() && question.kind != Kind::Text {
        return Ok(question.default.clone());
    }
    let answer = match &question.kind {
        Kind::Text if typed.is_empty() => Some(question.default.clone()),
        Kind::Text => Some(Value::from(typed)),
        Kind::YesNo => yes_or_no(typed).map(Value::Bool),
        Kind::Choice { choices } => {
            let numbered = typed.trim().parse::<usize>().ok().and_then(|number| choices.get(number.checked_sub(1)?));
            let named = choices.iter().find(|choice| choice.value.as_str() == Some(typed) || choice.label == typed);
            named.or(numbered).map(|choice| choice.value.clone())
        }
        Kind::Dictionary => serde_json::from_str(typed).ok().filter(Value::is_object),
    };
    answer.ok_or_else(|| format!("{typed:?} is no answer to this: {}", help_for(&question.kind)))
}

/// The names of [`places`].
pub const PLACES: [&str; 2] = ["_output_dir", "_repo_dir"];

/// Where the project's folder and the template lie, by their names in templates.
pub fn places(template: &Template, inputs: &Environment) -> [(&'static str, String); 2] {
    let [output, repository] = PLACES;
    let folder = match (inputs.repository_folder.as_str(), template.root.as_str()) {
        (folder, "") => folder.to_owned(),
        (folder, root) => joined(folder, root),
    };
    [(output, inputs.output_folder.clone()), (repository, folder)]
}

/// The whole context of a render: `cookiecutter`, and `_cookiecutter` as it was before it was answered.
pub fn whole(template: &Template, values: &Map<String, Value>, inputs: &Environment) -> Map<String, Value> {
    let public = template.manifest.variables.iter().filter(|(name, _)| !name.starts_with('_'));
    let before: Map<String, Value> = public.map(|(name, value)| (name.clone(), value.clone())).collect();
    let mut answered = values.clone();
    let [output, repository] = places(template, inputs);
    let name = if template.chosen { repository.1.clone() } else { inputs.template.clone() };
    answered.insert("_template".to_owned(), Value::String(name));
    answered.extend([output, repository].map(|(name, place)| (name.to_owned(), Value::String(place))));
    answered.insert("_checkout".to_owned(), inputs.checkout.clone().map_or(Value::Null, Value::String));
    Map::from_iter([
        ("cookiecutter".to_owned(), Value::Object(answered)),
        ("_cookiecutter".to_owned(), Value::Object(before)),
    ])
}
