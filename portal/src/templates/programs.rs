//! What a template brings to be run: its scripts, before the questions and around the files, each in a scratch folder behind a
//! fence, of which only the files are taken.

use std::fs;
use std::io::Write;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::ChildStdin;

use engine_templates::adopt::Finish;
use engine_templates::extensions::BRIDGE;
use engine_templates::tree::Tree;
use engine_templates::{Answers, Environment, Hook, Places, Rendered, Stage, Template, Trust, lineage};
use model::{Finding, Level};
use tempfile::TempDir;

use super::folder::{read_folder, write, write_new};
use super::interpreters::{Interpreters, PYTHON};
use crate::error::{Error, Result};
use crate::sandbox::{Program, Running, Sandbox};

/// Git insists on a name, and scripts often make a repository, which is left behind. Python goes through a set in another order
/// each time, unless it is told.
const GIVEN: [(&str, &str); 5] = [
    ("PYTHONHASHSEED", "0"),
    ("GIT_AUTHOR_NAME", "Slipway"),
    ("GIT_AUTHOR_EMAIL", "slipway@localhost"),
    ("GIT_COMMITTER_NAME", "Slipway"),
    ("GIT_COMMITTER_EMAIL", "slipway@localhost"),
];

/// Lines of a script that failed that are repeated.
const LAST_LINES: usize = 30;

/// The part of a scratch folder into which a project's folder is put.
const PROJECT: &str = "project";

/// Is told what each script printed: its path in the template, and the end of its output.
pub type Heard<'h> = &'h mut dyn FnMut(&str, &str);

fn variables(path: &str) -> Vec<(&str, &str)> {
    GIVEN.into_iter().chain([("PATH", path)]).collect()
}

/// Whether what a template brings is run. Who decides that asks [`super::Trusted`] first.
#[derive(Debug, Clone)]
pub enum Programs {
    Run(Sandbox),
    /// Nothing is executed: scripts are left out, and a template that needs more than the engine has cannot be rendered.
    Skip,
}

impl Programs {
    /// Whether everything is there that would run the template's programs.
    ///
    /// # Errors
    /// [`Error::Invalid`] with every interpreter that is missing.
    pub fn check(&self, trust: &Trust) -> Result<()> {
        if matches!(self, Self::Skip) {
            return Ok(());
        }
        let scripts = trust.programs.iter().map(|program| (program.path.as_str(), program.interpreter.as_str()));
        let modules = trust.extensions.iter().map(|extension| (extension.name.as_str(), PYTHON));
        let findings: Vec<Finding> = scripts.chain(modules).filter_map(|(path, name)| missing(path, name)).collect();
        if findings.is_empty() { Ok(()) } else { Err(Error::Invalid(findings.into())) }
    }

    /// The template as its scripts before the questions leave it, with what its extensions bring.
    ///
    /// # Errors
    /// [`Error::Conflict`] for a script that fails, with what it said; what it leaves is no template, or an extension cannot be
    /// loaded.
    pub fn prepare(&self, template: Template, heard: Heard<'_>) -> Result<Template> {
        let Self::Run(sandbox) = self else { return Ok(template) };
        let trust = template.trust();
        let template = before_questions(template, &trust, sandbox, heard)?;
        if trust.extensions.is_empty() { Ok(template) } else { with_extensions(&template, &trust, sandbox) }
    }

    /// Renders the project, and runs its scripts around the files.
    ///
    /// # Errors
    /// [`Error::Invalid`] for what cannot be rendered; [`Error::Conflict`] for a script that fails, with what it said.
    pub fn render(
        &self,
        template: &Template,
        answers: &Answers,
        environment: &Environment,
        heard: Heard<'_>,
    ) -> Result<Rendered> {
        let Self::Run(sandbox) = self else { return Ok(template.render(answers, environment)?) };
        let scratch = Scratch::new()?;
        let (project, copy) = (scratch.path(PROJECT), scratch.path("template"));
        let (output_folder, repository_folder) = (project.display().to_string(), copy.display().to_string());
        let is_named = |hook: &Hook| hook.text.contains(&repository_folder);
        let places = Places { output_folder, repository_folder: repository_folder.clone() };
        let environment = Environment { scripts: Some(places), ..environment.clone() };
        let mut rendered = template.render(answers, &environment)?;
        if rendered.hooks.iter().any(|hook| hook.stage != Stage::BeforeQuestions) {
            if rendered.hooks.iter().any(is_named) {
                // Scripts take files out of their template.
                write_new(&copy, template.tree())?;
            }
            let (tree, notes) = around(&scratch, &rendered, &Interpreters::of(&template.trust()), sandbox, heard)?;
            rendered.origins.retain(|path, _| tree.get(path).is_some());
            rendered.tree = tree;
            rendered.findings.extend(notes);
        }
        Ok(rendered)
    }

    /// Whether scripts take part in what is rendered.
    #[must_use]
    pub fn run_scripts_of(&self, template: &Template) -> bool {
        matches!(self, Self::Run(_)) && !template.trust().programs.is_empty()
    }

    /// What a project has to remember of a template of which this is decided.
    #[must_use]
    pub fn remembered(&self, template: &Template) -> lineage::Programs {
        match self {
            Self::Skip if !template.trust().programs.is_empty() => lineage::Programs::Skipped,
            _ => lineage::Programs::Run,
        }
    }
}

fn before_questions(template: Template, trust: &Trust, sandbox: &Sandbox, heard: Heard<'_>) -> Result<Template> {
    let first: Vec<_> = trust.programs.iter().filter(|program| program.stage == Stage::BeforeQuestions).collect();
    if first.is_empty() {
        return Ok(template);
    }
    let (scratch, interpreters) = (Scratch::new()?, Interpreters::of(trust));
    let copy = scratch.path("template");
    write_new(&copy, template.tree())?;
    for program in first {
        let script = copy.join(&program.path);
        let folder = copy.join(template.folder());
        scratch.run((sandbox, &interpreters), &script, &program.path, &folder, heard)?;
    }
    Ok(template.reopened(read_folder(&copy)?)?)
}

/// Starts the process that holds the template's extensions; it ends when the template is dropped.
fn with_extensions(template: &Template, trust: &Trust, sandbox: &Sandbox) -> Result<Template> {
    let (scratch, interpreters) = (Scratch::new()?, Interpreters::of(trust));
    let copy = scratch.path("template");
    write_new(&copy, template.tree())?;
    let (folder, path) = (copy.join(template.folder()), interpreters.path());
    let program = Program {
        arguments: &[interpreters.python()?, "-c".to_owned(), BRIDGE.to_owned()],
        folder: &folder,
        scratch: scratch.folder.path(),
        reads: interpreters.reads(),
        variables: &variables(&path),
    };
    let cannot = |why: String| Error::Unavailable(format!("The extensions of the template cannot be loaded: {why}"));
    let mut running = sandbox.start(&program).map_err(cannot)?;
    let (requests, answers) = running.talk().ok_or_else(|| cannot("nothing can be said to them".to_owned()))?;
    let requests = Requests { requests, _running: running, _scratch: scratch };
    Ok(template.load_extensions(answers, requests, &[folder.display().to_string()])?)
}

/// What is said to a process that lives as long as there is somebody to say it.
struct Requests {
    requests: ChildStdin,
    _running: Running,
    _scratch: Scratch,
}

impl Write for Requests {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.requests.write(bytes)
    }

    fn flush(&mut self) -> std::io::Result<()> {
        self.requests.flush()
    }
}

/// Adoption asks what the scripts of a version delete and rename.
#[derive(Debug)]
pub struct AfterFiles {
    pub sandbox: Sandbox,
    pub trust: Trust,
}

impl Finish for AfterFiles {
    fn finish(&self, rendered: &Rendered) -> Option<Tree> {
        let scratch = Scratch::new().ok()?;
        let made = around(&scratch, rendered, &Interpreters::of(&self.trust), &self.sandbox, &mut |_, _| {});
        made.ok().map(|(tree, _)| tree)
    }
}

/// The project after its scripts.
fn around(
    scratch: &Scratch,
    rendered: &Rendered,
    interpreters: &Interpreters,
    sandbox: &Sandbox,
    heard: Heard<'_>,
) -> Result<(Tree, Option<Finding>)> {
    // Scripts ask for the name of the folder in which they are.
    let project = scratch.path(PROJECT).join(rendered.folder.as_deref().unwrap_or("project"));
    fs::create_dir_all(&project).map_err(|error| cannot_write(&project, &error))?;
    let scripts = scratch.path("scripts");
    fs::create_dir_all(&scripts).map_err(|error| cannot_write(&scripts, &error))?;
    let mut stage = |stage: Stage| -> Result<()> {
        for (number, hook) in rendered.hooks.iter().enumerate().filter(|(_, hook)| hook.stage == stage) {
            let path = scripts.join(format!("{number}-{}", file_name(&hook.path)));
            write_script(&path, hook)?;
            scratch.run((sandbox, interpreters), &path, &hook.path, &project, heard)?;
        }
        Ok(())
    };
    stage(Stage::BeforeFiles)?;
    // Over what the first scripts made.
    rendered.tree.iter().try_for_each(|(path, entry)| write(&project, path, entry))?;
    stage(Stage::AfterFiles)?;
    let made = project.join(".git").exists().then(|| {
        let message = "a script of the template made a Git repository, which is left out".to_owned();
        let help = "Make one of your own: git init && git add --all && git commit";
        Finding::new("template.repository", Level::Note, message, help)
    });
    Ok((read_folder(&project)?, made))
}

fn file_name(path: &str) -> &str {
    path.rsplit('/').next().unwrap_or(path)
}

fn write_script(path: &Path, hook: &Hook) -> Result<()> {
    fs::write(path, &hook.text).map_err(|error| cannot_write(path, &error))?;
    // As cookiecutter does, whatever its mode is.
    fs::set_permissions(path, fs::Permissions::from_mode(0o755)).map_err(|error| cannot_write(path, &error))
}

fn missing(path: &str, interpreter: &str) -> Option<Finding> {
    if interpreter.is_empty() {
        let message = "nothing says what runs this script: it neither ends in .py nor begins with #!".to_owned();
        let help = "Its author can begin it with a line such as #!/bin/sh.";
        return Some(Finding::new("template.interpreter", Level::Error, message, help).at(path, 1, 1));
    }
    super::interpreters::find(interpreter).is_none().then(|| {
        let message = format!("{interpreter}, which would run it, is not on this machine");
        let help = format!("Install {interpreter}, so that it is found on PATH, or leave the scripts out.");
        Finding::new("template.interpreter", Level::Error, message, help).at(path, 1, 1)
    })
}

fn cannot_write(path: &Path, error: &std::io::Error) -> Error {
    Error::Unavailable(format!("{} cannot be written: {error}", path.display()))
}

/// Where programs run, gone afterwards.
pub(super) struct Scratch {
    folder: TempDir,
}

impl Scratch {
    pub(super) fn new() -> Result<Self> {
        let folder = tempfile::Builder::new().prefix("slipway-").tempdir();
        let folder = folder.map_err(|error| Error::Unavailable(format!("no scratch folder can be made: {error}")))?;
        Ok(Self { folder })
    }

    pub(super) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Runs the script at `path`, which the template calls `name`.
    fn run(
        &self,
        (sandbox, interpreters): (&Sandbox, &Interpreters),
        path: &Path,
        name: &str,
        folder: &Path,
        heard: Heard<'_>,
    ) -> Result<()> {
        let (script, searched) = (path.display().to_string(), interpreters.path());
        let arguments = match path.extension().is_some_and(|extension| extension == "py") {
            true => vec![interpreters.python()?, script],
            false => vec![script],
        };
        let program = Program {
            arguments: &arguments,
            folder,
            scratch: self.folder.path(),
            reads: interpreters.reads(),
            variables: &variables(&searched),
        };
        let ended = match sandbox.run(&program) {
            Ok(ended) => ended,
            Err(why) => return Err(Error::Conflict(format!("{name} was stopped: {why}; nothing was made."))),
        };
        let said = plain(&ended.output);
        heard(name, &said);
        if ended.code == 0 {
            return Ok(());
        }
        let lines: Vec<&str> = said.trim_end().lines().collect();
        let last = lines[lines.len().saturating_sub(LAST_LINES)..].join("\n");
        let last = if last.trim().is_empty() { String::new() } else { format!(" It said:\n{last}") };
        Err(Error::Conflict(format!("{name} ended with {}; nothing was made.{last}", ended.code)))
    }
}

/// What was printed, without colours and whatever else only a terminal takes (ECMA-48, 5.4: control sequences).
fn plain(printed: &str) -> String {
    let mut plain = String::with_capacity(printed.len());
    let mut rest = printed.chars().peekable();
    while let Some(c) = rest.next() {
        if c == '\u{1b}' && rest.next_if_eq(&'[').is_some() {
            // Parameters, up to the letter that ends it.
            let _ = rest.by_ref().find(|c| ('@'..='~').contains(c));
        } else if !c.is_control() || matches!(c, '\n' | '\t') {
            plain.push(c);
        }
    }
    plain
}

#[cfg(test)]
mod tests {
    use super::plain;

    #[test]
    fn what_only_a_terminal_takes_is_left_out() {
        assert_eq!(plain("\u{1b}[1;33m [INFO]: a\u{1b}[0m\r\n\tb\u{7}\u{1b}]0;x\u{1b}["), " [INFO]: a\n\tb]0;x");
    }
}
