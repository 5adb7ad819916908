//! Updates between versions of a real template, from a bare repository of which nothing is committed here.
//!
//! `SLIPWAY_UPDATE=/path/template.git cargo test --release -p engine-templates --test update real -- --ignored --nocapture`

use std::process::Command;
use std::time::Instant;

use engine_templates::tree::{Entry, Tree};
use engine_templates::update::ConflictStyle;
use engine_templates::{Answers, Template};

use crate::support::{environment, found, run, shown, with_lineage};

fn git(repository: &str, arguments: &[&str]) -> Vec<u8> {
    Command::new("git").args(["-C", repository]).args(arguments).output().unwrap().stdout
}

fn rendered(repository: &str, commit: &str) -> Option<Tree> {
    let mut tree = Tree::default();
    for line in String::from_utf8_lossy(&git(repository, &["ls-tree", "-r", "-z", commit])).split('\0') {
        let Some((about, path)) = line.split_once('\t') else { continue };
        let parts: Vec<&str> = about.split(' ').collect();
        let mode = if parts[0] == "100755" { 0o755 } else { 0o644 };
        tree.insert(path, Entry::file(git(repository, &["cat-file", "blob", parts[2]]), mode)).ok()?;
    }
    Some(Template::open(tree).ok()?.render(&Answers::default(), &environment()).ok()?.tree)
}

#[test]
#[ignore = "needs the bare repository of a real template: see the top of the file"]
fn between_versions_of_a_real_template() {
    let repository = std::env::var("SLIPWAY_UPDATE").unwrap();
    let log = git(&repository, &["log", "--first-parent", "--reverse", "--format=%H", "HEAD"]);
    let commits: Vec<String> = String::from_utf8(log).unwrap().lines().step_by(25).map(str::to_owned).collect();
    let renders: Vec<Tree> = commits.iter().filter_map(|commit| rendered(&repository, commit)).collect();
    let (mut updates, mut conflicts, mut lost) = (0, 0, 0);
    let began = Instant::now();
    for (at, base) in renders.iter().enumerate() {
        for theirs in renders.iter().skip(at + 1).step_by(3) {
            let found = found(base);
            let fresh = run(&found, &with_lineage(base, &found), base, theirs, ConflictStyle::Inline);
            let files =
                |tree: &Tree| shown(tree).into_iter().filter(|(path, _)| !path.ends_with('/')).collect::<Vec<_>>();
            assert_eq!(files(&fresh.tree), files(theirs));
            let mut ours = base.clone();
            let texts = base.iter().enumerate().filter(|(number, _)| number % 3 == 0);
            for (number, (path, entry)) in texts {
                let Entry::File { content, mode } = entry else { continue };
                let mut lines: Vec<String> = String::from_utf8_lossy(content).lines().map(str::to_owned).collect();
                lines.insert(lines.len() / 2, format!("the team's line {number}"));
                ours.insert(path, Entry::file(lines.join("\n").into_bytes(), *mode)).unwrap();
            }
            let outcome = run(&found, &with_lineage(&ours, &found), base, theirs, ConflictStyle::Inline);
            let all: String = shown(&outcome.tree).into_iter().map(|(_, text)| text).collect();
            let written =
                shown(&ours).into_iter().flat_map(|(_, text)| text.lines().map(str::to_owned).collect::<Vec<_>>());
            lost += written.filter(|line| line.starts_with("the team's") && !all.contains(line.as_str())).count();
            conflicts += usize::from(outcome.plan.has_conflicts());
            updates += 1;
        }
    }
    let each = began.elapsed() / (2 * updates.max(1));
    println!(
        "{} versions, {updates} edited updates, {conflicts} with conflicts, {lost} lines lost, {each:?} an update",
        renders.len()
    );
    assert_eq!(lost, 0);
}
