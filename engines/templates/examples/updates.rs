//! Updates the projects that `conformance/updates.py` laid out and cruft updated, and compares trees, bytes and modes:
//! `cargo run -p engine-templates --example updates -- FOLDER`

#![allow(clippy::expect_used, clippy::unwrap_used, reason = "a harness: what it stands on is there or it ends")]

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::process::ExitCode;

use engine_templates::lineage::{CRUFT_FILE, Found, Programs, Render, Version, find};
use engine_templates::tree::{Entry, Tree};
use engine_templates::update::{ConflictStyle, Target, update};
use engine_templates::{Environment, Rendered, Template};
use serde_json::Value;

#[path = "shared/cases.rs"]
mod cases;
#[path = "shared/folder.rs"]
mod folder;
#[path = "shared/git.rs"]
mod git;

use cases::cases;

fn main() -> ExitCode {
    let mut counts: BTreeMap<String, usize> = BTreeMap::new();
    let mut unexplained = 0;
    for (path, case) in cases() {
        let verdict = match compare(&path, &case) {
            Ok(verdict) => verdict,
            Err(detail) => {
                unexplained += 1;
                println!("{} {}\n{detail}", path.display(), case["name"]);
                "UNEXPLAINED".to_owned()
            }
        };
        *counts.entry(verdict).or_default() += 1;
    }
    for (verdict, count) in counts {
        println!("{count:>6} {verdict}");
    }
    ExitCode::from(u8::from(unexplained > 0))
}

/// # Errors
/// What differs without a reason, or no longer differs as it is said to.
fn compare(path: &Path, case: &Value) -> Result<String, String> {
    if let Some(reference) = case["failed"].as_str() {
        return Err(format!("  cruft failed: {reference}"));
    }
    let own = updated(path, case["commit"].as_str().unwrap_or_default());
    let reference = folder::read(&path.join("after")).expect("a project is readable");
    let mut differ: BTreeMap<&str, [Option<String>; 2]> = own
        .iter()
        .chain(reference.iter())
        .map(|(path, _)| path)
        .filter(|path| !path.starts_with(".slipway") && *path != CRUFT_FILE)
        .map(|path| (path, [shown(reference.get(path)), shown(own.get(path))]))
        .filter(|(_, [reference, own])| reference != own)
        .collect();
    let records = [&reference, &own].map(|tree| Some(record(tree, case["commit"].as_str().unwrap_or_default())));
    if records[0] != records[1] {
        differ.insert(CRUFT_FILE, records);
    }
    let rejected = if case["rejects"] == true { without_rejected(path, &mut differ, &own)? } else { 0 };
    let said = case["differs"]["paths"].as_object();
    let text = |value: &Value| value.as_str().map(str::to_owned);
    let expected: BTreeMap<&str, [Option<String>; 2]> =
        said.into_iter().flatten().map(|(path, sides)| (path.as_str(), [text(&sides[0]), text(&sides[1])])).collect();
    if differ == expected {
        let reason = case["differs"]["reason"].as_str();
        if rejected > 0 {
            return Ok(
                "equal, apart from files of which cruft rejects a part, or that it brings back under a new name"
                    .to_owned(),
            );
        }
        return Ok(reason.map_or("equal".to_owned(), |reason| format!("different, as meant: {reason}")));
    }
    let paths: BTreeSet<&str> = differ.keys().chain(expected.keys()).copied().collect();
    let lines =
        paths.into_iter().filter(|path| differ.get(path) != expected.get(path)).map(|path| match differ.get(path) {
            Some([reference, own]) => format!("  {path}\n    cruft {reference:?}\n    own   {own:?}"),
            None => format!("  {path}\n    is equal, and should not be"),
        });
    Err(lines.collect::<Vec<_>>().join("\n"))
}

/// Takes out the files beside which cruft left a `.rej`, where ours are merged or marked, and those that the team deleted and
/// cruft brings back under a new name. Says how many.
///
/// # Errors
/// Where a line that the team wrote is not in ours.
fn without_rejected(
    path: &Path,
    differ: &mut BTreeMap<&str, [Option<String>; 2]>,
    own: &Tree,
) -> Result<usize, String> {
    let rejected: Vec<&str> = differ.keys().filter_map(|path| path.strip_suffix(".rej")).collect();
    for path in &rejected {
        let ours = shown(own.get(path)).unwrap_or_default();
        if let Some([Some(reference), _]) = differ.remove(path) {
            let lost = reference.lines().find(|line| line.starts_with("the team's") && !ours.contains(line));
            if let Some(lost) = lost {
                return Err(format!("  {path}\n    own lost {lost:?}"));
            }
        }
        differ.remove(format!("{path}.rej").as_str());
    }
    let (made, before) = (rendered(path, "old"), folder::read(&path.join("before")).expect("a project is readable"));
    let name = |path: &str| path.rsplit('/').next().unwrap_or(path).to_owned();
    let deleted: BTreeSet<String> =
        made.tree.iter().map(|(path, _)| path).filter(|path| before.get(path).is_none()).map(name).collect();
    let count = differ.len();
    differ.retain(|path, [_, own]| own.is_some() || !deleted.contains(&name(path)));
    Ok(rejected.len() + count - differ.len())
}

/// Which of the two versions is written down, and the answers where they are not those of the template.
fn record(tree: &Tree, new: &str) -> String {
    let Some(Entry::File { content, .. }) = tree.get(CRUFT_FILE) else { return "none".to_owned() };
    let record: Value = serde_json::from_slice(content).unwrap_or_default();
    let answers = record["context"]["cookiecutter"].as_object().cloned().unwrap_or_default();
    let answers: BTreeMap<String, Value> = answers.into_iter().filter(|(name, _)| !name.starts_with('_')).collect();
    let answers: Vec<String> = answers.into_iter().map(|(name, value)| format!(" {name}={value}")).collect();
    let version = if record["commit"].as_str() == Some(new) { "new" } else { "old" };
    format!("{version}{}", answers.concat())
}

/// What a version makes of the recorded answers.
fn rendered(path: &Path, version: &str) -> Rendered {
    let tree = folder::read(&path.join(version)).expect("a template is readable");
    let found = recorded(&folder::read(&path.join("before")).expect("a project is readable"));
    let template = Template::open(tree).expect("a template is one");
    template.render(&found.lineage.answers_to_render(), &environment(&found)).expect("a template is rendered")
}

fn recorded(project: &Tree) -> Found {
    find(project).expect("the lineage is valid").expect("cruft wrote one")
}

fn environment(found: &Found) -> Environment {
    let clock = jiff::Timestamp::new(1_785_854_096, 123_456_000).expect("the time is one");
    found.lineage.environment(Render::of(&Environment::new(clock, 1)))
}

/// The project as an update leaves it.
fn updated(path: &Path, commit: &str) -> Tree {
    let project = folder::read(&path.join("before")).expect("a project is readable");
    let found = recorded(&project);
    let (base, new) = (rendered(path, "old"), rendered(path, "new"));
    let context = new.answers.iter().map(|(name, value)| (name.to_owned(), value.clone())).collect();
    let version = Version { commit: Some(commit.to_owned()), ..Version::default() };
    let target = Target {
        version: &version,
        answers: &new.answers,
        secrets: &[],
        render: Render::of(&environment(&found)),
        programs: Programs::Run,
        tree: &new.tree,
        context: Some(&context),
    };
    let merge = git::ScratchGit::merge();
    update(&found, &project, &base.tree, target, ConflictStyle::Inline, &merge).expect("an update is made").tree
}

/// Mode and content, the markers of a conflict without their labels, on which the two do not agree.
fn shown(entry: Option<&Entry>) -> Option<String> {
    Some(match entry? {
        // Git keeps none.
        Entry::Folder => return None,
        Entry::Link { target } => format!("link {target}"),
        Entry::File { content, mode } => {
            let text = String::from_utf8_lossy(content);
            let line = |line: &str| match line.get(..8) {
                Some(marker @ ("<<<<<<< " | ">>>>>>> ")) => format!("{}\n", marker.trim_end()),
                _ => line.to_owned(),
            };
            let text: String = text.split_inclusive('\n').map(line).collect();
            if mode & 0o100 != 0 { format!("executable {text}") } else { text }
        }
    })
}
