//! What a template brings to be run: its scripts, before the questions and around the files, each in a scratch folder behind a
//! fence, of which only the files are taken.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use engine_templates::tree::Tree;
use engine_templates::{Answers, Environment, Hook, Rendered, Stage, Template, Trust};
use model::{Finding, Level};
use tempfile::TempDir;

use super::folder::{read_folder, write_all};
use super::interpreters::{Interpreters, PYTHON};
use crate::error::{Error, Result};
use crate::sandbox::{Program, Sandbox};

/// Git insists on a name, and scripts often make a repository, which is left behind.
const NAMED: [(&str, &str); 4] = [
    ("GIT_AUTHOR_NAME", "Slipway"),
    ("GIT_AUTHOR_EMAIL", "slipway@localhost"),
    ("GIT_COMMITTER_NAME", "Slipway"),
    ("GIT_COMMITTER_EMAIL", "slipway@localhost"),
];

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

    /// The template as its scripts before the questions leave it.
    ///
    /// # Errors
    /// A script fails, or what it leaves is no template.
    pub fn before_questions(&self, template: Template) -> Result<Template> {
        let Self::Run(sandbox) = self else { return Ok(template) };
        let trust = template.trust();
        let first: Vec<_> = trust.programs.iter().filter(|program| program.stage == Stage::BeforeQuestions).collect();
        if first.is_empty() {
            return Ok(template);
        }
        let scratch = Scratch::new()?;
        let copy = scratch.path("template");
        write_all(&copy, template.tree())?;
        let interpreters = Interpreters::of(&trust);
        for program in first {
            let script = copy.join(&program.path);
            scratch.run(sandbox, &interpreters, &script, &program.path, &copy.join(template.folder()))?;
        }
        Ok(template.reopened(read_folder(&copy)?)?)
    }

    /// Renders the project, and runs its scripts around the files.
    ///
    /// # Errors
    /// [`Error::Invalid`] for what cannot be rendered; [`Error::Unavailable`] for a script that fails, with what it said.
    pub fn render(&self, template: &Template, answers: &Answers, environment: &Environment) -> Result<Rendered> {
        let mut rendered = template.render(answers, environment)?;
        let Self::Run(sandbox) = self else { return Ok(rendered) };
        if rendered.hooks.iter().any(|hook| hook.stage != Stage::BeforeQuestions) {
            let (tree, notes) = around(&rendered, &template.trust(), sandbox)?;
            rendered.origins.retain(|path, _| tree.get(path).is_some());
            rendered.tree = tree;
            rendered.findings.extend(notes);
        }
        Ok(rendered)
    }
}

/// The project after its scripts.
fn around(rendered: &Rendered, trust: &Trust, sandbox: &Sandbox) -> Result<(Tree, Option<Finding>)> {
    let scratch = Scratch::new()?;
    // Scripts ask for the name of the folder in which they are.
    let project = scratch.path("project").join(rendered.folder.as_deref().unwrap_or("project"));
    fs::create_dir_all(&project).map_err(|error| cannot_write(&project, &error))?;
    let scripts = scratch.path("scripts");
    fs::create_dir_all(&scripts).map_err(|error| cannot_write(&scripts, &error))?;
    let interpreters = Interpreters::of(trust);
    let stage = |stage: Stage| -> Result<()> {
        for (number, hook) in rendered.hooks.iter().enumerate().filter(|(_, hook)| hook.stage == stage) {
            let path = scripts.join(format!("{number}-{}", file_name(&hook.path)));
            write_script(&path, hook)?;
            scratch.run(sandbox, &interpreters, &path, &hook.path, &project)?;
        }
        Ok(())
    };
    stage(Stage::BeforeFiles)?;
    write_all(&project, &rendered.tree)?;
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
        sandbox: &Sandbox,
        interpreters: &Interpreters,
        path: &Path,
        name: &str,
        folder: &Path,
    ) -> Result<()> {
        let script = path.display().to_string();
        let arguments = match path.extension().is_some_and(|extension| extension == "py") {
            true => vec![interpreters.python()?, script],
            false => vec![script],
        };
        let program = Program {
            arguments: &arguments,
            folder,
            scratch: self.folder.path(),
            reads: interpreters.reads(),
            variables: &NAMED,
        };
        let failed = |why: &str, said: &str| {
            let said = if said.trim().is_empty() { String::new() } else { format!(" It said:\n{}", said.trim_end()) };
            Error::Unavailable(format!("{name} {why}; nothing was made.{said}"))
        };
        match sandbox.run(&program) {
            Ok(ended) if ended.code == 0 => Ok(()),
            Ok(ended) => Err(failed(&format!("ended with {}", ended.code), &ended.output)),
            Err(why) => Err(failed(&format!("was stopped: {why}"), "")),
        }
    }
}
