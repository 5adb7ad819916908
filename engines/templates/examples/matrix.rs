//! Renders the cases that `conformance/reference.py` laid out and cookiecutter rendered, and compares trees, bytes and modes:
//! `cargo run -p engine-templates --example matrix -- FOLDER`

#![allow(clippy::expect_used, reason = "a harness: what it stands on is there or it ends")]

use std::collections::BTreeMap;
use std::path::Path;
use std::process::ExitCode;

use engine_templates::tree::{Entry, Tree};
use engine_templates::{Answers, Environment, Template};
use model::Findings;
use serde_json::Value;

#[path = "shared/cases.rs"]
mod cases;
#[path = "shared/folder.rs"]
mod folder;
#[path = "shared/python.rs"]
mod python;

use cases::cases;

fn main() -> ExitCode {
    let mut counts: BTreeMap<String, usize> = BTreeMap::new();
    let mut unexplained = 0;
    for (path, case) in cases() {
        let (verdict, detail) = compare(&path, &case);
        let reason = case["differs"].as_str();
        let verdict = match (verdict, reason) {
            ("equal" | "both refuse", _) => verdict.to_owned(),
            (_, Some(reason)) => format!("{verdict}, as meant: {reason}"),
            (_, None) => {
                unexplained += 1;
                println!("{} {} ({verdict})\n{detail}", path.display(), case["name"]);
                format!("{verdict}, UNEXPLAINED")
            }
        };
        *counts.entry(verdict).or_default() += 1;
    }
    for (verdict, count) in counts {
        println!("{count:>6} {verdict}");
    }
    ExitCode::from(u8::from(unexplained > 0))
}

fn compare(path: &Path, case: &Value) -> (&'static str, String) {
    let own = render(path, case);
    match (own, case["failed"].as_str()) {
        (Err(_), Some(_)) => ("both refuse", String::new()),
        (Ok(_), Some(reference)) => ("only ours renders", format!("  reference {reference}")),
        (Err(findings), None) => ("only ours refuses", said(&findings)),
        (Ok(own), None) => {
            let reference = folder::read(&path.join("project")).expect("a project is readable");
            match differences(&own, &reference) {
                list if list.is_empty() => ("equal", String::new()),
                list => ("different", list.join("\n")),
            }
        }
    }
}

fn said(findings: &Findings) -> String {
    let line =
        |finding: &model::Finding| format!("  own {}: {} ({})", finding.location(), finding.message, finding.rule);
    findings.findings.iter().map(line).collect::<Vec<_>>().join("\n")
}

/// The project folder and what is in it.
fn render(path: &Path, case: &Value) -> Result<Tree, Findings> {
    let tree = folder::read(&path.join("template")).expect("a template is readable");
    let answers = |value: &Value| value.as_object().cloned().map(Answers::from).unwrap_or_default();
    let (configured, given) = (answers(&case["config"]["default_context"]), answers(&case["data"]));
    let clock = jiff::Timestamp::new(1_785_854_096, 123_456_000).expect("the time is one");
    let mut environment = Environment::new(clock, 1);
    let template_path = path.join("template").display().to_string();
    environment.template.clone_from(&template_path);
    environment.repository_folder = template_path;
    environment.output_folder = path.join("project").display().to_string();
    let mut template = Template::open(tree)?.with_configured(&configured).0.with_defaults(&given)?;
    while let Some(nested) = template.nested().first().map(|nested| nested.key.clone()) {
        template = template.choose(&nested)?.with_configured(&configured).0.with_defaults(&given)?;
    }
    let rendered =
        python::with(&template, &path.join("template"), |template| template.render(&Answers::default(), &environment))?;
    let folder = rendered.folder.unwrap_or_default();
    let mut whole = Tree::default();
    let mut prefix = String::new();
    for part in folder.split('/') {
        prefix = if prefix.is_empty() { part.to_owned() } else { format!("{prefix}/{part}") };
        whole.insert(prefix.clone(), Entry::Folder).expect("a folder has a name");
    }
    for (path, entry) in rendered.tree.iter() {
        whole.insert(format!("{folder}/{path}"), entry.clone()).expect("a path is one");
    }
    Ok(whole)
}

fn differences(own: &Tree, reference: &Tree) -> Vec<String> {
    let shown = |entry: Option<&Entry>| match entry {
        None => "nothing".to_owned(),
        Some(Entry::Folder) => "a folder".to_owned(),
        Some(Entry::Link { target }) => format!("a link to {target}"),
        Some(Entry::File { content, mode }) => {
            format!("{mode:o} {:?}", String::from_utf8_lossy(content).chars().take(300).collect::<String>())
        }
    };
    let mut paths: Vec<&str> = own.iter().chain(reference.iter()).map(|(path, _)| path).collect();
    paths.sort_unstable();
    paths.dedup();
    let differ = paths.into_iter().filter(|path| own.get(path) != reference.get(path));
    differ
        .map(|path| {
            format!("  {path}\n    own       {}\n    reference {}", shown(own.get(path)), shown(reference.get(path)))
        })
        .collect()
}
