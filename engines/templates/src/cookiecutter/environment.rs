//! The Jinja environment that a template asks for: `_jinja2_env_vars` and `_extensions`.

use std::collections::BTreeSet;
use std::sync::Arc;

use model::{Finding, Findings, Level};
use serde_json::Value;

use super::manifest::Manifest;
use super::{Template, one};
use crate::extensions::Unloaded;
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

/// What is wrong with extensions that could not be loaded.
pub fn unloaded(manifest: &Manifest, unloaded: &Unloaded) -> Finding {
    let message = match &unloaded.extension {
        Some(name) => format!("the extension {name:?} cannot be loaded: {}", unloaded.message),
        None => unloaded.message.clone(),
    };
    refusal(manifest, unloaded.extension.as_deref().unwrap_or_default(), message)
}

/// A finding about an extension, where the manifest names it.
fn refusal(manifest: &Manifest, extension: &str, message: String) -> Finding {
    let at = manifest.texts("_extensions").iter().position(|name| name == extension).map(|at| at.to_string());
    let keys: Vec<&str> = ["_extensions"].into_iter().chain(at.as_deref()).collect();
    manifest.finding("template.extension", &keys, message, "look at the extension's own code, and at what it imports")
}

/// Why nothing can be rendered with the extensions of a template.
fn refusals(template: &Template) -> Vec<Finding> {
    let manifest = &template.manifest;
    let Some(extensions) = &template.extensions else {
        let finding = |extension: Extension| {
            let message =
                format!("the template renders with the Python extension {:?}, which was not run", extension.name);
            let help = "trust the template, so that it is";
            let finding = Finding::new("template.extension", Level::Error, message, help);
            finding.at(manifest.path.clone(), extension.line, extension.column)
        };
        return foreign_extensions(manifest).into_iter().map(finding).collect();
    };
    let unsupported = extensions.brought().unsupported.iter();
    unsupported.map(|(name, what)| refusal(manifest, name, format!("the extension {name:?} {what}"))).collect()
}

/// # Errors
/// Settings that Jinja2 does not have, and extensions that would have to be run or that no call can stand in for.
pub fn jinja(template: &Template, environment: &Environment, loader: Arc<Loader>) -> Result<Jinja, Findings> {
    match jinja_to_check(template, environment, loader)? {
        (jinja, refusals) if refusals.is_empty() => Ok(jinja),
        (_, refusals) => Err(refusals.into()),
    }
}

/// The environment without the extensions that are refused, and why they are.
///
/// # Errors
/// Settings that Jinja2 does not have.
pub fn jinja_to_check(
    template: &Template,
    environment: &Environment,
    loader: Arc<Loader>,
) -> Result<(Jinja, Vec<Finding>), Findings> {
    let manifest = &template.manifest;
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
    let extensions = template.extensions.clone();
    let options = Options { syntax, statements, strict: true, autoescape, extensions };
    let jinja = Jinja::new(options, environment, loader).map_err(|problem| {
        let finding = problem.finding;
        one(manifest.finding("template.jinja", &["_jinja2_env_vars"], finding.message, finding.help))
    })?;
    Ok((jinja, refusals(template)))
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
