//! The Jinja environment that a template asks for: `_jinja2_env_vars` and `_extensions`.

use std::collections::BTreeSet;
use std::sync::Arc;

use model::{Finding, Findings};
use serde_json::Value;

use super::manifest::Manifest;
use super::one;
use crate::jinja::{Jinja, Loader, Options, Syntax};
use crate::{Environment, Extension};

/// Extensions that are part of this engine: of Jinja2, of cookiecutter, and the old one that cookiecutter's `now` came from.
const BUILT_IN: [&str; 13] = [
    "cookiecutter.extensions.JsonifyExtension",
    "cookiecutter.extensions.RandomStringExtension",
    "cookiecutter.extensions.SlugifyExtension",
    "cookiecutter.extensions.TimeExtension",
    "cookiecutter.extensions.UUIDExtension",
    "jinja2.ext.autoescape",
    "jinja2.ext.do",
    "jinja2.ext.loopcontrols",
    "jinja2.ext.loop_controls",
    "jinja2.ext.with_",
    "jinja2.ext.debug",
    "jinja2_time.TimeExtension",
    "jinja2.ext.ExprStmtExtension",
];

/// The extensions that only Python can bring.
pub fn foreign_extensions(manifest: &Manifest) -> Vec<Extension> {
    let named = manifest.texts("_extensions").into_iter().enumerate();
    named
        .filter(|(_, name)| !BUILT_IN.contains(&name.as_str()))
        .map(|(at, name)| {
            let (line, column) = manifest.place(&["_extensions", &at.to_string()]);
            Extension { name, path: None, line, column }
        })
        .collect()
}

/// # Errors
/// Settings that Jinja2 does not have, and extensions that would have to be run.
pub fn jinja(manifest: &Manifest, environment: &Environment, loader: Arc<Loader>) -> Result<Jinja, Findings> {
    let foreign: Vec<Finding> = foreign_extensions(manifest)
        .into_iter()
        .map(|extension| {
            let message = format!("the template renders with the Python extension {:?}", extension.name);
            let help = "it would have to be run, which is not done here: replace its filters by Jinja's own";
            let finding = Finding::new("template.extension", model::Level::Error, message, help);
            finding.at(manifest.path.clone(), extension.line, extension.column)
        })
        .collect();
    if !foreign.is_empty() {
        return Err(foreign.into());
    }
    let extensions = manifest.texts("_extensions");
    let asks_for = |names: &[&str]| extensions.iter().any(|extension| names.contains(&extension.as_str()));
    let mut statements = BTreeSet::new();
    if asks_for(&["jinja2.ext.do", "jinja2.ext.ExprStmtExtension"]) {
        statements.insert("do");
    }
    if asks_for(&["jinja2.ext.loopcontrols", "jinja2.ext.loop_controls"]) {
        statements.extend(["break", "continue"]);
    }
    let (syntax, autoescape) = syntax(manifest).map_err(one)?;
    let options = Options { syntax, statements, strict: true, autoescape };
    Jinja::new(options, environment, loader).map_err(|problem| {
        let finding = problem.finding;
        one(manifest.finding("template.jinja", &["_jinja2_env_vars"], finding.message, finding.help))
    })
}

/// The delimiters that a template asks for, and whether values are escaped.
///
/// # Errors
/// Settings that Jinja2 does not have.
pub fn syntax(manifest: &Manifest) -> Result<(Syntax, bool), Finding> {
    let mut syntax = Syntax::default();
    let mut autoescape = false;
    let Some(Value::Object(settings)) = manifest.variables.get("_jinja2_env_vars") else {
        return Ok((syntax, autoescape));
    };
    for (name, value) in settings {
        let refused = |help: &str| {
            let message = format!("the Jinja setting {name} cannot be {value}");
            Err(manifest.finding("template.jinja", &["_jinja2_env_vars", name], message, help))
        };
        let text = value.as_str().map(str::to_owned);
        let truth = !matches!(value, Value::Null | Value::Bool(false))
            && value.as_i64() != Some(0)
            && text.as_deref() != Some("");
        match name.as_str() {
            "trim_blocks" => syntax.trim_blocks = truth,
            "lstrip_blocks" => syntax.lstrip_blocks = truth,
            "autoescape" => autoescape = truth,
            "line_statement_prefix" => syntax.line_statement = text,
            "line_comment_prefix" => syntax.line_comment = text,
            "optimized" | "cache_size" | "auto_reload" | "enable_async" => {}
            "newline_sequence" => match text.as_deref() {
                Some("\n" | "\r\n" | "\r") => syntax.newline = text.unwrap_or_default(),
                _ => return refused("a line ends with \\n, \\r\\n or \\r"),
            },
            "block_start_string"
            | "block_end_string"
            | "variable_start_string"
            | "variable_end_string"
            | "comment_start_string"
            | "comment_end_string" => {
                let Some(text) = text.filter(|text| !text.is_empty()) else { return refused("give a text") };
                *match name.as_str() {
                    "block_start_string" => &mut syntax.block.0,
                    "block_end_string" => &mut syntax.block.1,
                    "variable_start_string" => &mut syntax.variable.0,
                    "variable_end_string" => &mut syntax.variable.1,
                    "comment_start_string" => &mut syntax.comment.0,
                    _ => &mut syntax.comment.1,
                } = text;
            }
            "keep_trailing_newline" | "extensions" => {
                return refused("cookiecutter sets it itself, and fails: leave it out");
            }
            _ => return refused("jinja2.Environment takes no such argument from JSON: leave it out"),
        }
    }
    Ok((syntax, autoescape))
}
