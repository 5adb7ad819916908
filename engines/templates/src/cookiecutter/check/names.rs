//! Names of files and folders: those that no answer produces, and those that go wrong.

use std::collections::{BTreeMap, BTreeSet};

use model::{Finding, Level};

use super::conditions::{Part, may_be, parts};
use super::domain::Domains;
use super::expression::{Expression, Known};
use crate::cookiecutter::paths::is_below;
use crate::cookiecutter::{Template, fnmatch};
use crate::jinja::Syntax;
use crate::tree::Entry;

/// Whether answers leave a name empty.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Emptiness {
    Never,
    /// Some do.
    Sometimes,
    Always,
}

/// Whether a name becomes empty, where the template's own variables are what they are or, unless `own`, may be anything.
pub fn emptiness(name: &str, syntax: &Syntax, domains: &Domains, own: bool) -> Emptiness {
    if !syntax.occurs_in(name) {
        return Emptiness::Never;
    }
    let parts = parts(name, syntax);
    let expressions: Vec<&Expression> = parts
        .iter()
        .flat_map(|part| match part {
            Part::Text(_, path) => path.iter().map(|(expression, _)| expression).collect::<Vec<_>>(),
            Part::Written(written, path) => path.iter().map(|(expression, _)| expression).chain([written]).collect(),
        })
        .collect();
    let cases = domains.cases(&expressions, own);
    let full = |case: &&BTreeMap<&str, Known>| {
        parts.iter().any(|part| match part {
            Part::Text(place, path) => !name[place.clone()].trim().is_empty() && may_be(path, case),
            Part::Written(written, path) => {
                let empty = matches!(written.value(case), Some(Known::Text(text)) if text.trim().is_empty());
                !empty && may_be(path, case)
            }
        })
    };
    match cases.iter().filter(full).count() {
        0 if !cases.is_empty() => Emptiness::Always,
        count if count < cases.len() => Emptiness::Sometimes,
        _ => Emptiness::Never,
    }
}

/// Findings about the paths below the project's folder: `paths` are all of them, relative to it.
pub fn check(
    template: &Template,
    folder: &str,
    paths: &BTreeSet<&str>,
    syntax: &Syntax,
    domains: &Domains,
) -> Vec<Finding> {
    let mut findings = Vec::new();
    let mut lower: BTreeMap<String, &str> = BTreeMap::new();
    let mut failing: Vec<&str> = Vec::new();
    for path in paths {
        let (parent, name) = path.rsplit_once('/').unwrap_or(("", path));
        let whole = super::joined(folder, path);
        let is_file = matches!(template.tree.get(&whole), Some(Entry::File { .. } | Entry::Link { .. }));
        let warning = |rule: &str, message: String, help: &str| {
            Finding::new(rule, Level::Warning, message, help).at(whole.clone(), 0, 0)
        };
        match emptiness(name, syntax, domains, false) {
            Emptiness::Always => {
                let message = "no answer produces this: its name is always empty".to_owned();
                findings.push(warning("template.never-made", message, "remove it, or mend the condition in its name"));
            }
            // Below a folder that fails nothing more has to be said.
            Emptiness::Sometimes if !is_file && !failing.iter().any(|other| is_below(path, other)) => {
                failing.push(path);
                let message = "with some answers the folder has no name, and cookiecutter fails".to_owned();
                let help = "give the files in it names that become empty instead, or remove the folder in a hook";
                findings.push(warning("template.empty-folder", message, help));
            }
            Emptiness::Sometimes | Emptiness::Never => {}
        }
        if !syntax.occurs_in(path)
            && let Some(other) = lower.insert(path.to_lowercase(), path)
            && parent.to_lowercase() == other.rsplit_once('/').map_or("", |(parent, _)| parent).to_lowercase()
        {
            let message = format!("{other:?} and {path:?} are one file where names know no capital letters");
            findings.push(warning(
                "template.case",
                message,
                "Windows and macOS keep only one of them: rename the other",
            ));
        }
    }
    findings.extend(patterns(template, paths));
    findings
}

/// Entries of `_copy_without_render` that match nothing.
fn patterns(template: &Template, paths: &BTreeSet<&str>) -> Vec<Finding> {
    let manifest = &template.manifest;
    let entries = manifest.texts("_copy_without_render").into_iter().enumerate();
    let idle = entries.filter(|(_, pattern)| {
        fnmatch::compile(pattern).is_none_or(|compiled| !paths.iter().any(|path| compiled.is_match(path)))
    });
    idle.map(|(at, pattern)| {
        let message = format!("{pattern:?} matches no path of the template");
        let help = match paths.contains(pattern.trim_end_matches('/')) {
            true => "leave the / at its end out",
            false => "patterns are held against whole paths below the project's folder, before they are rendered",
        };
        let finding =
            manifest.finding("template.copy-pattern", &["_copy_without_render", &at.to_string()], message, help);
        Finding { level: Level::Warning, ..finding }
    })
    .collect()
}
