//! Trees written shortly, and a git to merge them with.

use engine_templates::lineage::{Found, Lineage, Programs, Render, Source, Version};
use engine_templates::tree::{Entry, Tree};
use engine_templates::update::{ConflictStyle, Merge, Outcome, Target, update};
use engine_templates::{Answers, Dialect, Environment};

#[path = "../../examples/shared/git.rs"]
mod git;

pub use git::ScratchGit as TestGit;

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
    let target = target(found, theirs, version);
    update(found, ours, base, target, style, &TestGit::merge()).unwrap()
}

/// [`run`], by another merge.
pub fn run_with(found: &Found, ours: &Tree, base: &Tree, theirs: &Tree, merge: &dyn Merge) -> Outcome {
    let version = version('2');
    update(found, ours, base, target(found, theirs, &version), ConflictStyle::Inline, merge).unwrap()
}

fn target<'a>(found: &'a Found, tree: &'a Tree, version: &'a Version) -> Target<'a> {
    Target {
        version,
        answers: &found.lineage.answers,
        secrets: &found.lineage.secrets,
        render: found.lineage.render.unwrap_or_else(|| Render::of(&environment())),
        programs: found.lineage.programs,
        tree,
        context: None,
    }
}
