//! What `cookiecutter.json` and `hooks/` declare.

use std::collections::BTreeSet;

use model::{Finding, Level};
use serde_json::Value;

use crate::Stage;
use crate::cookiecutter::{Template, hooks, joined};
use crate::jinja::{Jinja, nearest};

/// Labels of questions that are not asked, and of choices that are none.
pub fn prompts(template: &Template) -> Vec<Finding> {
    let manifest = &template.manifest;
    let mut findings = Vec::new();
    let mut warn = |keys: &[&str], message: String, help: String| {
        let finding = manifest.finding("template.prompt", keys, message, help);
        findings.push(Finding { level: Level::Warning, ..finding });
    };
    for (name, prompt) in &manifest.prompts {
        let asked = manifest.variables.keys().filter(|name| !name.starts_with('_')).map(String::as_str);
        match (manifest.variables.get(name), prompt) {
            (None, _) => {
                let help = nearest(name, asked)
                    .map_or_else(|| "remove the text".to_owned(), |near| format!("did you mean {near:?}?"));
                warn(&["__prompts__", name], format!("there is no question {name:?}"), help);
            }
            (Some(_), _) if name.starts_with('_') => {
                let message = format!("{name} is never asked for, since its name begins with _");
                warn(&["__prompts__", name], message, "remove the text".to_owned());
            }
            (Some(Value::Array(options)), Value::Object(labels)) => {
                let options: Vec<&str> = options.iter().filter_map(Value::as_str).collect();
                let fixed = !options.iter().any(|option| option.contains('{'));
                let odd = labels
                    .keys()
                    .filter(|label| fixed && label.as_str() != "__prompt__" && !options.contains(&label.as_str()));
                for label in odd {
                    let help = nearest(label, options.iter().copied()).map_or_else(
                        || format!("choices are {}", options.join(", ")),
                        |near| format!("did you mean {near:?}?"),
                    );
                    warn(&["__prompts__", name, label], format!("{label:?} is none of the choices of {name}"), help);
                }
            }
            _ => {}
        }
    }
    findings
}

/// Defaults that use what is found later.
pub fn order(template: &Template, jinja: &Jinja) -> Vec<Finding> {
    let manifest = &template.manifest;
    // Dictionaries are found last.
    let is_late = |name: &str, raw: &Value| raw.is_object() && !name.starts_with('_');
    let variables = || manifest.variables.iter().map(|(name, raw)| (name.as_str(), raw));
    let ordered: Vec<(&str, &Value)> = variables()
        .filter(|(name, raw)| !is_late(name, raw))
        .chain(variables().filter(|(name, raw)| is_late(name, raw)))
        .collect();
    let mut findings = Vec::new();
    for (at, (name, raw)) in ordered.iter().enumerate() {
        if name.starts_with('_') && !name.starts_with("__") {
            continue;
        }
        let mut texts = Vec::new();
        super::strings(raw, &mut texts);
        let later: BTreeSet<&str> = ordered[at..].iter().map(|(name, _)| *name).collect();
        for text in texts {
            for used in super::variables::used(jinja, &text) {
                if later.contains(used.as_str()) && !super::variables::is_guarded(&text, &used) {
                    let message = format!("the default of {name} uses {used}, which is not known yet");
                    let help = if used == *name { "a default cannot use itself" } else { "put it behind that one" };
                    let finding = manifest.finding("template.order", &[name], message, help);
                    findings.push(Finding { level: Level::Warning, ..finding });
                }
            }
        }
    }
    findings
}

/// Scripts that cannot be run, and names that look like those of scripts.
pub fn scripts(template: &Template) -> Vec<Finding> {
    const STAGES: [&str; 3] = ["pre_prompt", "pre_gen_project", "post_gen_project"];
    // Windows runs these by their name.
    const WINDOWS: [&str; 5] = ["bat", "cmd", "ps1", "exe", "com"];
    let mut findings = Vec::new();
    for program in hooks::trust(template).programs {
        let extension = program.path.rsplit_once('.').map_or("", |(_, extension)| extension);
        if program.interpreter.is_empty() && !WINDOWS.contains(&extension) {
            let message = "nothing says what runs this script: it has no line #!, and its name does not end in .py";
            let help = "begin it with #!/bin/sh, or whatever runs it";
            findings.push(Finding::new("template.hook", Level::Warning, message, help).at(program.path, 1, 1));
        }
    }
    let folder = joined(&template.root, "hooks");
    for file in template.folders.names(&folder) {
        let stem = file.rsplit_once('.').map_or(file, |(stem, _)| stem);
        let near = nearest(&stem.to_lowercase().replace('-', "_"), STAGES.into_iter());
        let meant = near.filter(|near| !STAGES.contains(&stem) && strsim::damerau_levenshtein(stem, near) <= 3);
        if let Some(meant) = meant {
            let message = format!("{file:?} is no name of a script that cookiecutter runs");
            let finding =
                Finding::new("template.hook-name", Level::Warning, message, format!("did you mean {meant:?}?"));
            findings.push(finding.at(joined(&folder, file), 0, 0));
        }
    }
    findings
}

/// Whether something runs before the questions are asked, and may change them.
pub fn runs_before_questions(template: &Template) -> bool {
    hooks::trust(template).programs.iter().any(|program| program.stage == Stage::BeforeQuestions)
}
