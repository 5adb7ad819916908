//! Plans updates of many projects in one process, from a template's bare repository:
//! `cargo run --release -p engine-templates --example fleet -- REPOSITORY OLD NEW [PROJECTS]`

#![allow(clippy::expect_used, clippy::unwrap_used, reason = "a measurement: what it stands on is there or it ends")]

use std::process::Command;
use std::sync::atomic::Ordering;
use std::time::Instant;

use engine_templates::lineage::{FILE, Found, Lineage, Programs, Render, Source, Version};
use engine_templates::tree::{Entry, Tree};
use engine_templates::update::{ConflictStyle, Target, update};
use engine_templates::{Answers, Dialect, Environment, Template};

#[path = "shared/git.rs"]
mod git;

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [repository, old, new, rest @ ..] = &arguments[..] else { panic!("REPOSITORY OLD NEW [PROJECTS]") };
    let count: usize = rest.first().map_or(500, |count| count.parse().expect("a number"));
    let [old, new] = [old, new].map(|revision| Template::open(tree(repository, revision)).expect("a template"));
    let environment = Environment::new("2026-01-31T12:00:00Z".parse().unwrap(), 7);
    // As the projects were made; that is not measured.
    for (name, edited) in
        [("nobody edited", 0), ("a tenth of the files edited", 10), ("a third of the files edited", 3)]
    {
        let projects: Vec<(Found, Tree)> =
            (0..count).map(|number| project(&old, number, edited, &environment)).collect();
        git::STARTED.store(0, Ordering::Relaxed);
        let (mut conflicts, mut steps) = (0, 0);
        let began = Instant::now();
        for (found, project) in &projects {
            let merge = git::ScratchGit::merge();
            let answers = found.lineage.answers_to_render();
            let environment = found.lineage.environment(Render::of(&environment));
            let [base, theirs] =
                [&old, &new].map(|template| template.render(&answers, &environment).expect("a project"));
            let version = Version { commit: Some("2".repeat(40)), ..Version::default() };
            let target = Target {
                version: &version,
                answers: &theirs.answers,
                secrets: &[],
                render: Render::of(&environment),
                programs: Programs::Run,
                tree: &theirs.tree,
                context: None,
            };
            let outcome = update(found, project, &base.tree, target, ConflictStyle::Inline, &merge).expect("an update");
            conflicts += usize::from(outcome.plan.has_conflicts());
            steps += outcome.plan.files.len();
        }
        let (taken, started) = (began.elapsed(), git::STARTED.load(Ordering::Relaxed));
        println!("{count} projects, {name}: {taken:?}; {started} times git, {steps} steps, {conflicts} with conflicts");
    }
}

/// A project of its own answers, in which every so-manieth file has two lines of the team's.
fn project(template: &Template, number: usize, edited: usize, environment: &Environment) -> (Found, Tree) {
    let answers: Answers =
        [("full_name", format!("Team {number}")), ("project_name", format!("Project {number}"))].into_iter().collect();
    let rendered = template.render(&answers, environment).expect("a project");
    let source = Source::new("https://git.example/template", None);
    let version = Version { commit: Some("1".repeat(40)), ..Version::default() };
    let lineage = Lineage::record(
        source,
        version,
        Dialect::Cookiecutter,
        environment,
        &rendered.answers,
        &[],
        &rendered.tree,
        Programs::Run,
    );
    let mut tree = rendered.tree.clone();
    for (at, (path, entry)) in rendered.tree.iter().enumerate() {
        let Entry::File { content, mode } = entry else { continue };
        let Ok(text) = std::str::from_utf8(content) else { continue };
        if edited > 0 && (at + number).is_multiple_of(edited) {
            let mut lines: Vec<&str> = text.lines().collect();
            lines.insert(lines.len() / 2, "the team's line");
            lines.push("the team's end");
            tree.insert(path, Entry::file((lines.join("\n") + "\n").into_bytes(), *mode)).unwrap();
        }
    }
    tree.insert(FILE, Entry::file(lineage.to_text().into_bytes(), 0o644)).unwrap();
    (Found { lineage, recorded: true, cruft: None, skip: Vec::new(), findings: Vec::new() }, tree)
}

fn tree(repository: &str, revision: &str) -> Tree {
    let run =
        |arguments: &[&str]| Command::new("git").args(["-C", repository]).args(arguments).output().unwrap().stdout;
    let mut tree = Tree::default();
    for line in String::from_utf8_lossy(&run(&["ls-tree", "-r", "-z", revision])).split('\0') {
        let Some((about, path)) = line.split_once('\t') else { continue };
        let parts: Vec<&str> = about.split(' ').collect();
        let content = run(&["cat-file", "blob", parts[2]]);
        let entry = match parts[0] {
            "120000" => Entry::Link { target: String::from_utf8_lossy(&content).into_owned() },
            "100755" => Entry::file(content, 0o755),
            _ => Entry::file(content, 0o644),
        };
        tree.insert(path, entry).unwrap();
    }
    tree
}
