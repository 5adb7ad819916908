//! A template's scripts: what they are, what they become, and what they would call.

use std::sync::LazyLock;

use minijinja::Value;
use model::{Finding, Level};
use regex::Regex;

use super::folders::Target;
use super::{Template, environment, joined};
use crate::jinja::{Jinja, normalise_lines};
use crate::{Hook, Program, Stage, Trust};

const STAGES: [(&str, Stage); 3] = [
    ("pre_prompt", Stage::BeforeQuestions),
    ("pre_gen_project", Stage::BeforeFiles),
    ("post_gen_project", Stage::AfterFiles),
];

/// The scripts in `hooks/`, by stage and name. (cookiecutter runs several of one stage in the order of the file system.)
fn scripts(template: &Template) -> Vec<(Stage, String)> {
    let folder = joined(&template.root, "hooks");
    let mut found = Vec::new();
    for (name, stage) in STAGES {
        for file in template.folders.names(&folder) {
            let stem = file.rsplit_once('.').map_or(file, |(stem, _)| if stem.is_empty() { file } else { stem });
            let path = joined(&folder, file);
            if stem == name
                && !file.ends_with('~')
                && matches!(template.folders.resolve(&template.tree, &path), Target::File(_))
            {
                found.push((stage, path));
            }
        }
    }
    found
}

/// The paths of the scripts that are rendered before they are run.
pub fn rendered_scripts(template: &Template) -> Vec<String> {
    let rendered = scripts(template).into_iter().filter(|(stage, _)| *stage != Stage::BeforeQuestions);
    rendered.map(|(_, path)| path).collect()
}

/// Whether a script of some stages holds a word.
pub fn mention(template: &Template, stages: &[Stage], word: &str) -> bool {
    scripts(template).iter().filter(|(stage, _)| stages.contains(stage)).any(|(_, path)| {
        let content = template.folders.read(&template.tree, path).ok().flatten();
        content.is_some_and(|(content, _)| String::from_utf8_lossy(&content).contains(word))
    })
}

/// The scripts of some stages as they would be run. What runs before the questions is not rendered.
///
/// # Errors
/// Texts that cannot be rendered.
pub fn render(
    template: &Template,
    jinja: &Jinja,
    context: &Value,
    known: &[&str],
    stages: &[Stage],
) -> Result<Vec<Hook>, Vec<Finding>> {
    let mut hooks = Vec::new();
    let mut findings = Vec::new();
    for (stage, path) in scripts(template).into_iter().filter(|(stage, _)| stages.contains(stage)) {
        match render_one(template, jinja, context, stage, &path) {
            Ok(Some(hook)) => hooks.push(hook),
            Ok(None) => {}
            Err(problem) => findings.push(match problem.undefined.clone() {
                Some(wanted) => {
                    *problem.near(wanted.trim_start_matches("cookiecutter."), known.iter().copied()).finding
                }
                None => *problem.finding,
            }),
        }
    }
    if findings.is_empty() { Ok(hooks) } else { Err(findings) }
}

fn render_one(
    template: &Template,
    jinja: &Jinja,
    context: &Value,
    stage: Stage,
    path: &str,
) -> Result<Option<Hook>, crate::jinja::Problem> {
    let Some((content, mode)) = template.folders.read(&template.tree, path)? else { return Ok(None) };
    let text = match (stage, std::str::from_utf8(&content)) {
        (Stage::BeforeQuestions, _) => String::from_utf8_lossy(&content).into_owned(),
        (_, Ok(text)) => jinja.render(path, &normalise_lines(text, "\n"), context)?,
        (_, Err(_)) => {
            let finding = Finding::new("template.encoding", Level::Error, "the script is no UTF-8", "save it as UTF-8");
            return Err(finding.at(path, 0, 0).into());
        }
    };
    Ok(Some(Hook { stage, path: path.to_owned(), text, mode }))
}

/// What the template would execute.
pub fn trust(template: &Template) -> Trust {
    let programs = scripts(template).into_iter().map(|(stage, path)| {
        let content = template.folders.read(&template.tree, &path).ok().flatten();
        let text = content.map(|(content, _)| String::from_utf8_lossy(&content).into_owned()).unwrap_or_default();
        let interpreter = interpreter(&path, &text);
        Program { stage, calls: calls(&interpreter, &text), interpreter, path }
    });
    let extensions = environment::foreign_extensions(&template.manifest).into_iter().map(|mut extension| {
        let module = extension.name.rsplit_once('.').map_or(extension.name.as_str(), |(module, _)| module);
        let file = joined(&template.root, &module.replace('.', "/"));
        let places = [format!("{file}.py"), format!("{file}/__init__.py")];
        let held = |path: &String| matches!(template.folders.resolve(&template.tree, path), Target::File(_));
        extension.path = places.into_iter().find(held);
        extension
    });
    Trust { programs: programs.collect(), extensions: extensions.collect() }
}

/// `python3` for a script that ends in `.py`, else what stands behind `#!`.
fn interpreter(path: &str, text: &str) -> String {
    if path.ends_with(".py") {
        return "python3".to_owned();
    }
    let line = text.lines().next().and_then(|line| line.strip_prefix("#!")).unwrap_or_default();
    let mut words = line.split_whitespace();
    let first = words.next().unwrap_or_default();
    let named =
        if first.ends_with("/env") { words.find(|word| !word.starts_with('-')).unwrap_or_default() } else { first };
    named.rsplit('/').next().unwrap_or_default().to_owned()
}

/// A program named in a call of Python that starts one, or in a command that is put together for one.
static PYTHON: LazyLock<Option<Regex>> = LazyLock::new(|| {
    const BETWEEN: &str = r"(?:\s|#[^\n]*\n)*";
    let calls = r"(?:run|call|check_call|check_output|Popen|system|popen|getoutput|which|command|cmd|exec|execute)\(";
    let names = r"(?:command|cmd|argv)s?\s*(?::[^=\n]+)?=";
    let word = r#"[fr]?["']([\w./+-]+)"#;
    Regex::new(&format!(r"(?:{calls}|{names}){BETWEEN}(?:[\[(]{BETWEEN})*{word}")).ok()
});

/// Words of a shell that start no program.
const SHELL_WORDS: [&str; 32] = [
    "if", "then", "else", "elif", "fi", "for", "do", "done", "while", "until", "case", "esac", "in", "function",
    "return", "exit", "echo", "set", "cd", "export", "local", "test", "[", "[[", "true", "false", "printf", "read",
    "shift", "unset", "trap", "source",
];

fn calls(interpreter: &str, text: &str) -> Vec<String> {
    let mut found: Vec<String> = Vec::new();
    if interpreter.starts_with("python") {
        let calls = PYTHON.as_ref().map(|pattern| pattern.captures_iter(text)).into_iter().flatten();
        let named = calls.filter_map(|call| Some(call.get(1)?.as_str().to_owned()));
        found.extend(named.filter(|name| !SHELL_WORDS.contains(&name.as_str())));
    } else if matches!(interpreter, "sh" | "bash" | "dash" | "zsh" | "ksh") {
        for line in text.lines().map(str::trim).filter(|line| !line.starts_with('#')) {
            for command in line.split(['|', ';', '&']) {
                let word = command.split_whitespace().find(|word| !word.contains('=')).unwrap_or_default();
                let plain = word.chars().all(|one| one.is_ascii_alphanumeric() || "._/+-".contains(one));
                let starts = word.starts_with(|one: char| one.is_ascii_alphanumeric() || one == '/' || one == '.');
                if plain && starts && !SHELL_WORDS.contains(&word) {
                    found.push(word.to_owned());
                }
            }
        }
    }
    found.sort();
    found.dedup();
    found
}
