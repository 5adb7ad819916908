//! Trees written shortly, and a git to merge them with.

use std::io::Write;
use std::process::{Command, Stdio};

use engine_templates::lineage::{Found, Lineage, Programs, Render, Source, Version};
use engine_templates::tree::{Entry, Tree};
use engine_templates::update::git::{Git, GitMerge, Output, attributes};
use engine_templates::update::{ConflictStyle, MergeError, Outcome, Target, update};
use engine_templates::{Answers, Dialect, Environment};

/// A bare repository of its own for each test.
pub struct TestGit(tempfile::TempDir);

impl TestGit {
    pub fn merge() -> GitMerge<Self> {
        let folder = tempfile::tempdir().unwrap();
        for name in ["objects", "refs", "info"] {
            std::fs::create_dir(folder.path().join(name)).unwrap();
        }
        std::fs::write(folder.path().join("HEAD"), "ref: refs/heads/none\n").unwrap();
        std::fs::write(folder.path().join("config"), "[core]\nrepositoryformatversion = 0\nbare = true\n").unwrap();
        std::fs::write(folder.path().join("info/attributes"), attributes()).unwrap();
        GitMerge::new(Self(folder))
    }
}

impl Git for TestGit {
    fn run(&self, arguments: &[&str], input: &[u8]) -> Result<Output, MergeError> {
        let mut command = Command::new("git");
        command.env_clear().env("PATH", std::env::var_os("PATH").unwrap()).env("GIT_DIR", self.0.path());
        command
            .env("HOME", self.0.path())
            .env("GIT_CONFIG_NOSYSTEM", "1")
            .env("LC_ALL", "C")
            .current_dir(self.0.path());
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.args(arguments).spawn().unwrap();
        let mut stdin = child.stdin.take().unwrap();
        let output = std::thread::scope(|scope| {
            scope.spawn(move || drop(stdin.write_all(input)));
            child.wait_with_output().unwrap()
        });
        let message = String::from_utf8_lossy(&output.stderr).into_owned();
        Ok(Output { code: output.status.code(), answer: output.stdout, message })
    }
}

/// `path` → text; a path ending in `*` is executable, a text `-> target` is a link.
pub fn tree(files: &[(&str, &str)]) -> Tree {
    let mut tree = Tree::default();
    for (path, text) in files {
        let entry = match (text.strip_prefix("-> "), path.strip_suffix('*')) {
            (Some(target), _) => Entry::Link { target: target.to_owned() },
            (None, Some(_)) => Entry::file(text.as_bytes(), 0o755),
            (None, None) => Entry::file(text.as_bytes(), 0o644),
        };
        tree.insert(path.trim_end_matches('*'), entry).unwrap();
    }
    tree
}

/// The opposite of [`tree`], without the lineage.
pub fn shown(tree: &Tree) -> Vec<(String, String)> {
    let files = tree.iter().filter(|(path, _)| !path.starts_with(".slipway/"));
    let shown = files.map(|(path, entry)| match entry {
        Entry::File { content, mode } if mode & 0o100 != 0 => (format!("{path}*"), text(content)),
        Entry::File { content, .. } => (path.to_owned(), text(content)),
        Entry::Link { target } => (path.to_owned(), format!("-> {target}")),
        Entry::Folder => (format!("{path}/"), String::new()),
    });
    shown.collect()
}

fn text(content: &[u8]) -> String {
    String::from_utf8_lossy(content).into_owned()
}

pub fn environment() -> Environment {
    Environment::new("2026-01-31T12:00:00Z".parse().unwrap(), 7)
}

pub fn version(digit: char) -> Version {
    Version { commit: Some(digit.to_string().repeat(40)), tag: Some(format!("v{digit}")), reference: None }
}

/// What a project knows that was rendered as `base` at version 1.
pub fn found(base: &Tree) -> Found {
    let answers: Answers = [("name", "demo")].into_iter().collect();
    let source = Source::new("https://git.example/template", None);
    let lineage = Lineage::record(
        source,
        version('1'),
        Dialect::Cookiecutter,
        &environment(),
        &answers,
        &[],
        base,
        Programs::Run,
    );
    Found { lineage, recorded: true, cruft: None, skip: Vec::new(), findings: Vec::new() }
}

/// A project with its lineage in it.
pub fn with_lineage(project: &Tree, found: &Found) -> Tree {
    let mut project = project.clone();
    let text = found.lineage.to_text();
    project.insert(engine_templates::lineage::FILE, Entry::file(text.into_bytes(), 0o644)).unwrap();
    project
}

/// Updates a project to `theirs`, version 2.
pub fn run(found: &Found, ours: &Tree, base: &Tree, theirs: &Tree, style: ConflictStyle) -> Outcome {
    run_to(found, ours, base, theirs, &version('2'), style)
}

pub fn run_to(
    found: &Found,
    ours: &Tree,
    base: &Tree,
    theirs: &Tree,
    version: &Version,
    style: ConflictStyle,
) -> Outcome {
    let answers = found.lineage.answers.clone();
    let target = Target {
        version,
        answers: &answers,
        secrets: &found.lineage.secrets,
        render: found.lineage.render.unwrap_or_else(|| Render::of(&environment())),
        programs: found.lineage.programs,
        tree: theirs,
        context: None,
    };
    update(found, ours, base, target, style, &TestGit::merge()).unwrap()
}
