//! Replay files: the whole context of a render, as cookiecutter leaves it in `~/.cookiecutter_replay`.

use model::{Finding, Findings, Level};
use serde_json::{Map, Value};

use super::{Template, context, one};
use crate::{Answers, Environment};

/// What cookiecutter puts into the context itself.
const OWN: [&str; 4] = ["_template", "_output_dir", "_repo_dir", "_checkout"];

/// The answers of a replay file, private variables included.
///
/// # Errors
/// No JSON, or no context of cookiecutter.
pub fn read(path: &str, text: &str) -> Result<Answers, Findings> {
    let invalid = |message: String, line: usize, column: usize| {
        let help = "a replay file is what cookiecutter wrote to ~/.cookiecutter_replay";
        one(Finding::new("template.replay", Level::Error, message, help).at(path, line as u32, column as u32))
    };
    let value: Value = serde_json::from_str(text)
        .map_err(|error| invalid(format!("the file is no JSON: {error}"), error.line(), error.column()))?;
    let Some(Value::Object(answers)) = value.get("cookiecutter") else {
        return Err(invalid("the file has no \"cookiecutter\"".to_owned(), 1, 1));
    };
    let kept = answers.iter().filter(|(name, _)| !OWN.contains(&name.as_str()));
    Ok(kept.map(|(name, value)| (name.clone(), value.clone())).collect())
}

/// The replay file of a render, as cookiecutter writes it: ASCII, indented by two.
///
/// # Errors
/// The answers cannot be completed.
pub fn write(template: &crate::Template, answers: &Answers, environment: &Environment) -> Result<String, Findings> {
    let template: &Template = template.cookiecutter();
    let filled = context::fill(template, answers, environment, false)?;
    let whole: Map<String, Value> = context::whole(template, &filled.values, environment);
    Ok(crate::jinja::dumps(&Value::Object(whole), "  "))
}
