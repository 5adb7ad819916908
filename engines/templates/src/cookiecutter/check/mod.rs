//! What an author should know of a template before anybody renders it.
//!
//! Every rule is named in `docs/templates.md`. Whatever is not certain for every answer is not said.

mod comparisons;
mod conditions;
mod declared;
mod domain;
mod expression;
mod names;
mod variables;

use std::collections::BTreeSet;
use std::sync::Arc;

use model::{Finding, Findings, Level};
use serde_json::Value;

use self::conditions::Verdict;
use self::domain::Domains;
use self::names::Emptiness;
use super::folders::Target;
use super::source::project_folder;
use super::{Template, binary, environment, fnmatch, hooks, joined};
use crate::Environment;
use crate::jinja::Jinja;

/// A text that is rendered: a default, a name, or the content of a file.
pub struct Text {
    file: String,
    /// Where it stands in the file; `None` where it is the file's content.
    place: Option<(u32, u32)>,
    text: String,
    kind: TextKind,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum TextKind {
    Plain,
    /// It is run.
    Script,
    /// It is never rendered, since the template's own variables leave its name empty.
    LeftOut,
}

impl Text {
    fn finding(&self, rule: &str, level: Level, at: usize, message: String, help: String) -> Finding {
        let (line, column) = self.place.unwrap_or_else(|| place(&self.text, at));
        Finding::new(rule, level, message, help).at(self.file.clone(), line, column)
    }
}

/// Checks every text of a template, its names, its questions and its scripts.
pub fn check(template: &Template, inputs: &Environment) -> Findings {
    if !template.nested.is_empty() {
        return nested(template, inputs);
    }
    let (jinja, refusals) = match environment::jinja_to_check(template, inputs, Arc::new(|_| None)) {
        Ok(built) => built,
        Err(findings) => return findings,
    };
    let mut findings: Vec<Finding> = match template.extensions {
        Some(_) => refusals,
        // Whoever trusts the template runs them.
        None => refusals.into_iter().map(not_checked).collect(),
    };
    let folder = match project_folder(template) {
        Ok(folder) => joined(&template.root, &folder),
        Err(findings) => return findings,
    };
    let domains = Domains::of(template, jinja.syntax());
    // What the template's own code brings, or changes, is not known.
    let foreign = template.extensions.is_none() && !environment::foreign_extensions(&template.manifest).is_empty();
    let paths = paths(template, &folder);
    let below: BTreeSet<&str> = paths.iter().filter_map(|path| path.strip_prefix(&folder)?.strip_prefix('/')).collect();
    let texts = texts(template, &folder, &paths, &jinja, &domains, &mut findings);
    // A text may add variables, and change answers.
    let is_changed = texts.iter().any(|text| variables::changes(&text.text));
    let domains = if is_changed { Domains::default() } else { domains };
    let mut used: BTreeSet<String> = BTreeSet::new();
    let mut whole = foreign || declared::runs_before_questions(template);
    for text in &texts {
        if !foreign && text.kind != TextKind::LeftOut {
            findings.extend(variables::filters(&jinja, text));
        }
        if let Err(problem) = jinja.names(&text.file, &text.text) {
            // What it uses is not known.
            whole = true;
            // It may be a tag of an extension.
            if !foreign && text.kind != TextKind::LeftOut {
                let finding = *problem.finding;
                let (line, column) = text.place.unwrap_or((finding.line, finding.column));
                findings.push(finding.at(text.file.clone(), line, column));
            }
            continue;
        }
        let variables = variables::used(&jinja, &text.text);
        if text.kind == TextKind::LeftOut {
            used.extend(variables);
            continue;
        }
        whole |= variables::mentions_whole(&text.text);
        if !is_changed {
            findings.extend(variables::undefined(template, text, &variables));
        }
        used.extend(variables);
        findings.extend(decided(text, &jinja, &domains));
        if text.kind == TextKind::Script {
            let wrong = comparisons::in_script(&text.text, jinja.syntax(), &domains).into_iter();
            findings.extend(wrong.map(|wrong| told(text, wrong)));
        }
        findings.extend(variables::texts_as_truth(template, &jinja, text, &domains));
    }
    if !whole {
        findings.extend(variables::unused(template, &texts, &used));
    }
    findings.extend(names::check(template, &folder, &below, jinja.syntax(), &domains));
    findings.extend(declared::prompts(template));
    findings.extend(declared::order(template, &jinja));
    findings.extend(declared::scripts(template));
    findings.into()
}

fn not_checked(refusal: Finding) -> Finding {
    let help = "what it may bring was not checked: filters, tests, tags and variables that are never used".to_owned();
    Finding { level: Level::Note, help, ..refusal }
}

/// Checks each template within a template.
fn nested(template: &Template, inputs: &Environment) -> Findings {
    let mut findings = Vec::new();
    let mut seen = BTreeSet::new();
    for nested in template.nested.iter().filter(|nested| seen.insert(nested.path.clone())) {
        let key = if template.manifest.variables.contains_key("templates") { "templates" } else { "template" };
        match template.choose(&nested.key) {
            Ok(chosen) => findings.extend(check(&chosen, inputs).findings),
            Err(refused) => findings.extend(refused.findings.into_iter().map(|finding| match finding.rule.as_str() {
                "template.none" => {
                    let message = format!("{:?} is no template: {}", nested.path, finding.message);
                    template.manifest.finding("template.nested", &[key, &nested.key], message, "mend the path")
                }
                _ => finding,
            })),
        }
    }
    findings.into()
}

/// Comparisons and conditions of which the outcome is known.
fn decided(text: &Text, jinja: &Jinja, domains: &Domains) -> Vec<Finding> {
    let source = &text.text;
    let wrong = comparisons::comparisons(source, jinja.syntax(), domains);
    let mut findings: Vec<Finding> = Vec::new();
    for condition in conditions::conditions(source, jinja.syntax(), domains) {
        // What is wrong with a comparison says it better.
        if wrong.iter().any(|wrong| condition.place.contains(&wrong.at)) {
            continue;
        }
        let (rule, message, help) = match condition.verdict {
            Verdict::Never => {
                ("template.dead", "no answer makes this condition true", "remove the branch, or mend the condition")
            }
            Verdict::Always => {
                ("template.constant", "every answer makes this condition true", "remove the condition, or mend it")
            }
            Verdict::Open | Verdict::Within => continue,
        };
        findings.push(text.finding(rule, Level::Warning, condition.place.start, message.to_owned(), help.to_owned()));
    }
    findings.extend(wrong.into_iter().map(|wrong| told(text, wrong)));
    findings
}

fn told(text: &Text, wrong: comparisons::Wrong) -> Finding {
    text.finding(wrong.rule, Level::Warning, wrong.at, wrong.message, wrong.help)
}

/// The project's folder and everything in it, folders that only their files name included.
fn paths(template: &Template, folder: &str) -> BTreeSet<String> {
    let mut paths = BTreeSet::from([folder.to_owned()]);
    let below = format!("{folder}/");
    for path in template.tree.iter().map(|(path, _)| path).filter(|path| path.starts_with(&below)) {
        let ends = path.match_indices('/').map(|(at, _)| at).filter(|at| *at > folder.len()).chain([path.len()]);
        paths.extend(ends.map(|end| path[..end].to_owned()));
    }
    paths
}

/// Every text that is rendered: defaults, names, files and scripts. What no file of the template can be read as is told.
fn texts(
    template: &Template,
    folder: &str,
    paths: &BTreeSet<String>,
    jinja: &Jinja,
    domains: &Domains,
    findings: &mut Vec<Finding>,
) -> Vec<Text> {
    let manifest = &template.manifest;
    let mut texts = Vec::new();
    for (name, value) in manifest.variables.iter().filter(|(name, _)| !name.starts_with('_') || name.starts_with("__"))
    {
        let mut defaults = Vec::new();
        strings(value, &mut defaults);
        let place = Some(manifest.place(&[name]));
        texts.extend(defaults.into_iter().map(|text| Text {
            file: manifest.path.clone(),
            place,
            text,
            kind: TextKind::Plain,
        }));
    }
    let copied: Vec<_> =
        manifest.texts("_copy_without_render").iter().filter_map(|text| fnmatch::compile(text)).collect();
    let left_out = |path: &str| {
        let names = path.strip_prefix(folder).unwrap_or_default().split('/');
        names.into_iter().any(|name| names::emptiness(name, jinja.syntax(), domains, true) == Emptiness::Always)
    };
    let is_copied = |path: &str| is_copied(&copied, path.strip_prefix(folder).unwrap_or(path).trim_start_matches('/'));
    let mut rendered = Vec::new();
    for path in paths {
        let name = path.rsplit_once('/').map_or(path.as_str(), |(_, name)| name);
        let kind = TextKind::Plain;
        texts.push(Text { file: path.clone(), place: Some((0, 0)), text: name.to_owned(), kind });
        if !is_copied(path) {
            let kind = if left_out(path) { TextKind::LeftOut } else { TextKind::Plain };
            rendered.push((path.clone(), true, kind));
        }
    }
    let shared = format!("{}/", joined(&template.root, "templates"));
    let shared = template.tree.iter().map(|(path, _)| path.to_owned()).filter(|path| path.starts_with(&shared));
    rendered.extend(shared.map(|path| (path, false, TextKind::Plain)));
    rendered.extend(hooks::rendered_scripts(template).into_iter().map(|path| (path, false, TextKind::Script)));
    for (path, in_project, kind) in rendered {
        let Target::File(_) = template.folders.resolve(&template.tree, &path) else { continue };
        let Ok(Some((content, _))) = template.folders.read(&template.tree, &path) else { continue };
        let text = std::str::from_utf8(&content);
        if in_project && binary::is_binary(&path, &content) {
            if text.is_ok_and(|text| !variables::used(jinja, text).is_empty()) {
                let message = "this counts as binary, and its variables are not rendered";
                let help = "give it another ending, or take the variables out";
                findings.push(Finding::new("template.binary", Level::Warning, message, help).at(path, 0, 0));
            }
            continue;
        }
        match text {
            Ok(text) => texts.push(Text { file: path, place: None, text: text.to_owned(), kind }),
            Err(error) => {
                let help = "save it as UTF-8, or name it in _copy_without_render";
                let finding = Finding::new("template.encoding", Level::Error, "the text is no UTF-8", help);
                let (line, column) =
                    place(&String::from_utf8_lossy(&content[..error.valid_up_to()]), error.valid_up_to());
                findings.push(finding.at(path, line, column));
            }
        }
    }
    texts
}

/// Whether a file is copied by its own path, or by that of a folder that it is in.
fn is_copied(patterns: &[regex::Regex], relative: &str) -> bool {
    let ends = relative.match_indices('/').map(|(at, _)| at).chain([relative.len()]);
    ends.into_iter().any(|end| patterns.iter().any(|pattern| pattern.is_match(&relative[..end])))
}

fn strings(value: &Value, found: &mut Vec<String>) {
    match value {
        Value::String(text) => found.push(text.clone()),
        Value::Array(items) => items.iter().for_each(|item| strings(item, found)),
        Value::Object(items) => items.iter().for_each(|(key, item)| {
            found.push(key.clone());
            strings(item, found);
        }),
        _ => {}
    }
}

/// Line and column of a place in a text, from 1.
fn place(text: &str, at: usize) -> (u32, u32) {
    let before = &text[..at];
    let start = before.rfind('\n').map_or(0, |newline| newline + 1);
    (before.matches('\n').count() as u32 + 1, before[start..].chars().count() as u32 + 1)
}
