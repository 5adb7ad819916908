//! Writes `.cruft.json` for the projects that `conformance/cruft_file.py` let cruft make and update, and compares the bytes:
//! `cargo run -p engine-templates --example cruft_file -- FOLDER`

#![allow(clippy::expect_used, reason = "a harness: what it stands on is there or it ends")]

use std::fs;
use std::path::Path;
use std::process::ExitCode;

use engine_templates::lineage::{CRUFT_FILE, Cruft, Source, Version};
use engine_templates::{Answers, Environment, Rendered, Template};
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
    let (mut equal, mut refused, mut different) = (0, 0, 0);
    for (path, case) in cases() {
        for (file, write) in [("created.json", created as fn(&Path, &Value) -> _), ("updated.json", updated)] {
            let Ok(reference) = fs::read_to_string(path.join(file)) else {
                println!("{} {file}: cruft refuses: {}", case["name"], case["failed"]);
                refused += 1;
                continue;
            };
            match write(&path, &case) {
                Ok(own) if own == reference => equal += 1,
                own => {
                    println!("{} {file}\n--- cruft\n{reference}--- own\n{own:#?}", case["name"]);
                    different += 1;
                }
            }
        }
    }
    println!("{equal:>6} equal\n{refused:>6} refused by cruft\n{different:>6} different");
    ExitCode::from(u8::from(different > 0))
}

fn created(path: &Path, case: &Value) -> Result<String, Findings> {
    let rendered = render(&path.join("old"), case, &case["data"], &Answers::default())?;
    let source = Source::new(text(&case["template"]), case["directory"].as_str());
    let commit = text(&case["commits"][0]).to_owned();
    let version = Version { commit: Some(commit.clone()), tag: None, reference: Some(commit) };
    let skip: Vec<String> = case["skip"].as_array().into_iter().flatten().map(|path| text(path).to_owned()).collect();
    Ok(Cruft::create(&source, &version, &rendered.variables, &skip).to_text())
}

fn updated(path: &Path, case: &Value) -> Result<String, Findings> {
    let before = Cruft::parse(CRUFT_FILE, &fs::read_to_string(path.join("created.json")).unwrap_or_default())?;
    let mut answers = before.lineage().answers;
    for name in case["again"].as_object().into_iter().flat_map(|names| names.keys()) {
        answers.remove(name);
    }
    let rendered = render(&path.join("new"), case, &case["again"], &answers)?;
    let commit = text(&case["commits"][1]).to_owned();
    let version = Version { commit: Some(commit), tag: None, reference: case["checkout"].as_str().map(str::to_owned) };
    Ok(before.updated(&version, &rendered.variables).to_text())
}

fn render(folder: &Path, case: &Value, data: &Value, answers: &Answers) -> Result<Rendered, Findings> {
    let tree = folder::read(folder).expect("a template is readable");
    let defaults = data.as_object().cloned().map(Answers::from).unwrap_or_default();
    let template = Template::open_in(tree, case["directory"].as_str().unwrap_or_default())?.with_defaults(&defaults)?;
    let clock = jiff::Timestamp::new(1_785_854_096, 123_456_000).expect("the time is one");
    python::with(&template, folder, |template| template.render(answers, &Environment::new(clock, 1)))
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}
