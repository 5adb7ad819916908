//! What holds of every update. `PROPTEST_CASES=2000 cargo test -p engine-templates --test update laws` looks longer.

use std::collections::BTreeMap;

use engine_templates::tree::{Entry, Tree};
use engine_templates::update::{Action, ConflictStyle, MARKER_SIZE, Merge, MergeError, Merged, Outcome};
use proptest::prelude::*;

use crate::support::{TestGit, found, run, run_to, run_with, shown, tree, version, with_lineage};

/// One thing that somebody does to a tree.
#[derive(Clone, Debug)]
enum Edit {
    Change { file: usize, line: usize },
    Insert { file: usize, line: usize },
    Remove { file: usize, line: usize },
    Delete { file: usize },
    Rename { file: usize, to: usize },
    Add { at: usize, lines: usize },
    Mode { file: usize },
    Binary { file: usize },
    Link { file: usize },
}

const PATHS: [&str; 10] = [
    "README.md",
    "a.txt",
    "docs/a.md",
    "docs/b.md",
    "lib/a.rs",
    "lib/deep/b.rs",
    "src/a.rs",
    "src/b.rs",
    "lib",
    "x y/ü",
];

fn edits() -> impl Strategy<Value = Vec<Edit>> {
    let n = 0..64_usize;
    let edit = prop_oneof![
        4 => (n.clone(), n.clone()).prop_map(|(file, line)| Edit::Change { file, line }),
        3 => (n.clone(), n.clone()).prop_map(|(file, line)| Edit::Insert { file, line }),
        1 => (n.clone(), n.clone()).prop_map(|(file, line)| Edit::Remove { file, line }),
        2 => n.clone().prop_map(|file| Edit::Delete { file }),
        3 => (n.clone(), n.clone()).prop_map(|(file, to)| Edit::Rename { file, to }),
        2 => (n.clone(), 1..6_usize).prop_map(|(at, lines)| Edit::Add { at, lines }),
        1 => n.clone().prop_map(|file| Edit::Mode { file }),
        1 => n.clone().prop_map(|file| Edit::Binary { file }),
        1 => n.prop_map(|file| Edit::Link { file }),
    ];
    prop::collection::vec(edit, 0..7)
}

fn base() -> impl Strategy<Value = Tree> {
    let file = (0..8_usize, 1..12_usize, any::<bool>());
    prop::collection::vec(file, 0..7).prop_map(|files| {
        let mut tree = Tree::default();
        for (at, lines, executable) in files {
            let text: String = (0..lines).map(|line| format!("{} line {line}\n", PATHS[at])).collect();
            tree.insert(PATHS[at], Entry::file(text.into_bytes(), if executable { 0o755 } else { 0o644 })).unwrap();
        }
        tree
    })
}

/// Applies edits; each line that `who` writes is unique.
fn edited(base: &Tree, edits: &[Edit], who: &str) -> Tree {
    let mut tree = base.clone();
    for (number, edit) in edits.iter().enumerate() {
        apply(&mut tree, edit, &format!("{who} {number}"));
    }
    tree
}

fn apply(tree: &mut Tree, edit: &Edit, mark: &str) {
    let paths: Vec<String> = tree.iter().map(|(path, _)| path.to_owned()).collect();
    let pick = |file: usize| paths.get(file % paths.len().max(1)).cloned();
    match edit {
        Edit::Change { file, line } | Edit::Insert { file, line } | Edit::Remove { file, line } => {
            let Some(path) = pick(*file) else { return };
            let Some(Entry::File { content, mode }) = tree.get(&path).cloned() else { return };
            let text = String::from_utf8_lossy(&content).into_owned();
            let mut lines: Vec<String> = text.lines().map(str::to_owned).collect();
            let at = line % lines.len().max(1);
            match edit {
                Edit::Insert { .. } => lines.insert(at, mark.to_owned()),
                _ if lines.is_empty() => lines.push(mark.to_owned()),
                Edit::Change { .. } => lines[at] = mark.to_owned(),
                _ => drop(lines.remove(at)),
            }
            let text: String = lines.iter().map(|line| format!("{line}\n")).collect();
            tree.insert(path, Entry::file(text.into_bytes(), mode)).unwrap();
        }
        Edit::Delete { file } => drop(pick(*file).and_then(|path| tree.remove(&path))),
        Edit::Rename { file, to } => {
            let (Some(path), to) = (pick(*file), PATHS[to % PATHS.len()]) else { return };
            if is_free(tree, to) {
                let entry = tree.remove(&path).unwrap();
                tree.insert(to, entry).unwrap();
            }
        }
        Edit::Add { at, lines } => {
            let path = PATHS[at % PATHS.len()];
            if is_free(tree, path) {
                let text: String = (0..*lines).map(|line| format!("{mark} {line}\n")).collect();
                tree.insert(path, Entry::file(text.into_bytes(), 0o644)).unwrap();
            }
        }
        Edit::Mode { file } => {
            let Some(path) = pick(*file) else { return };
            if let Some(Entry::File { content, mode }) = tree.get(&path).cloned() {
                tree.insert(path, Entry::File { content, mode: mode ^ 0o111 }).unwrap();
            }
        }
        Edit::Binary { file } => {
            let Some(path) = pick(*file) else { return };
            tree.insert(path, Entry::file(format!("\0{mark}").into_bytes(), 0o644)).unwrap();
        }
        Edit::Link { file } => {
            let Some(path) = pick(*file) else { return };
            tree.insert(path, Entry::Link { target: mark.to_owned() }).unwrap();
        }
    }
}

/// Whether a path is none, and is neither within a file nor a folder.
fn is_free(tree: &Tree, path: &str) -> bool {
    let within = path.match_indices('/').any(|(end, _)| tree.get(&path[..end]).is_some());
    tree.get(path).is_none() && !tree.has_folder(path) && !within
}

fn lines(tree: &Tree) -> BTreeMap<String, String> {
    let mut lines = BTreeMap::new();
    for (path, text) in shown(tree) {
        let plain =
            |line: &str| if path.ends_with(".rej") { line.get(1..).unwrap_or_default() } else { line }.to_owned();
        lines.extend(text.lines().map(|line| (plain(line), path.clone())));
    }
    lines
}

/// Everything that `ours` wrote is in the result.
fn nothing_is_lost(base: &Tree, ours: &Tree, outcome: &Outcome) -> Result<(), TestCaseError> {
    let (before, after) = (lines(base), lines(&outcome.tree));
    for (line, path) in lines(ours) {
        if !before.contains_key(&line) {
            let found = after.contains_key(&line);
            prop_assert!(found, "{line:?} of {path} is lost\n{}", outcome.plan.to_text());
        }
    }
    Ok(())
}

fn cases() -> ProptestConfig {
    let cases = std::env::var("PROPTEST_CASES").ok().and_then(|cases| cases.parse().ok()).unwrap_or(48);
    ProptestConfig { cases, failure_persistence: None, ..ProptestConfig::default() }
}

proptest! {
    #![proptest_config(cases())]

    /// An update without a change of the template changes nothing at all, not even the lineage.
    #[test]
    fn without_news_it_is_the_identity(base in base(), team in edits()) {
        let found = found(&base);
        let project = with_lineage(&edited(&base, &team, "team"), &found);
        let outcome = run_to(&found, &project, &base, &base, &version('1'), ConflictStyle::Inline);
        prop_assert_eq!(&outcome.tree, &project);
        prop_assert!(outcome.plan.files.is_empty());
        prop_assert_eq!(outcome.lineage, found.lineage);
    }

    /// A project that nobody touched becomes what a fresh render is.
    #[test]
    fn an_unedited_project_becomes_a_fresh_render(base in base(), news in edits()) {
        let found = found(&base);
        let theirs = edited(&base, &news, "template");
        let outcome = run(&found, &with_lineage(&base, &found), &base, &theirs, ConflictStyle::Inline);
        prop_assert_eq!(shown(&outcome.tree), shown(&theirs));
        prop_assert!(!outcome.plan.has_conflicts());
    }

    /// Whatever the team wrote is in the result; what it deleted stays deleted; what nobody but the team has is where it
    /// was, or a conflict says where it went; every difference is in the plan; and the same update again does nothing.
    #[test]
    fn the_team_loses_nothing(base in base(), team in edits(), news in edits(), rejects in any::<bool>()) {
        let found = found(&base);
        let ours = edited(&base, &team, "team");
        let theirs = edited(&base, &news, "template");
        let style = if rejects { ConflictStyle::Rejects } else { ConflictStyle::Inline };
        let project = with_lineage(&ours, &found);
        let outcome = run(&found, &project, &base, &theirs, style);
        nothing_is_lost(&base, &ours, &outcome)?;
        let plan = &outcome.plan;
        let told = |path: &str| plan.files.iter().any(|step| step.path == path || step.from.as_deref() == Some(path));
        for (path, _) in base.iter().filter(|(path, _)| ours.get(path).is_none()) {
            prop_assert!(outcome.tree.get(path).is_none() || told(path), "{path} came back\n{}", plan.to_text());
        }
        let has_conflicts = plan.has_conflicts();
        for (path, entry) in ours.iter() {
            let same = |other: Option<&Entry>| other == Some(entry);
            if base.get(path) == theirs.get(path) && !same(outcome.tree.get(path)) {
                prop_assert!(told(path) || has_conflicts, "{path} was touched\n{}", plan.to_text());
            }
            let binary = matches!(entry, Entry::File { content, .. } if content.contains(&0)) || matches!(entry, Entry::Link { .. });
            if binary && !same(base.get(path)) {
                let there = outcome.tree.iter().any(|(_, other)| other == entry || matches!((entry, other), (Entry::File { content, .. }, Entry::File { content: other, .. }) if content == other));
                prop_assert!(there, "{path} is lost\n{}", plan.to_text());
            }
        }
        for (path, text) in shown(&outcome.tree) {
            prop_assert!(!text.contains(&"<".repeat(MARKER_SIZE)), "{path} {:?} {text} {}", shown(&base), plan.to_text());
            let plain = path.trim_end_matches('*').trim_end_matches(".rej");
            if outcome.tree.get(plain) != ours.get(plain) {
                prop_assert!(told(plain), "{plain} is not in the plan\n{}", plan.to_text());
            }
        }
        for step in plan.files.iter().filter(|step| step.action == Action::Delete) {
            prop_assert!(outcome.tree.get(&step.path).is_none() && theirs.get(&step.path).is_none());
        }
        let after = engine_templates::lineage::find(&outcome.tree).unwrap().unwrap();
        let again = run(&after, &outcome.tree, &theirs, &theirs, style);
        prop_assert_eq!(&again.tree, &outcome.tree);
    }

    /// What is decided without Git is what Git decides: a file that both changed makes sure that it is asked.
    #[test]
    fn shortcuts_decide_as_git_does(base in base(), team in edits(), news in edits()) {
        let with = |tree: &Tree, text: &str| {
            let mut tree = tree.clone();
            tree.insert("zz/forced", Entry::file(text.as_bytes(), 0o644)).unwrap();
            tree
        };
        let (ours, theirs) = (edited(&base, &team, "team"), edited(&base, &news, "template"));
        let short = run(&found(&base), &ours, &base, &theirs, ConflictStyle::Inline);
        let (base, ours, theirs) = (with(&base, "1\n2\n3\n4\n5\n"), with(&ours, "0\n1\n2\n3\n4\n5\n"), with(&theirs, "1\n2\n3\n4\n5\n6\n"));
        let long = run(&found(&base), &ours, &base, &theirs, ConflictStyle::Inline);
        let expected: Vec<_> = shown(&long.tree).into_iter().filter(|(path, _)| path != "zz/forced").collect();
        prop_assert_eq!(shown(&short.tree), expected);
    }

    /// What Git is not shown has no say in what it decides.
    #[test]
    fn a_part_is_merged_as_the_whole(base in base(), team in edits(), news in edits()) {
        let (ours, theirs) = (edited(&base, &team, "team"), edited(&base, &news, "template"));
        let part = run(&found(&base), &ours, &base, &theirs, ConflictStyle::Inline);
        let whole = Whole { base: &base, ours: &ours, theirs: &theirs };
        let whole = run_with(&found(&base), &ours, &base, &theirs, &whole);
        prop_assert_eq!(shown(&part.tree), shown(&whole.tree));
        prop_assert_eq!(part.plan, whole.plan);
    }
}

#[test]
fn a_folder_is_not_renamed_by_one_of_its_files() {
    let text = |name: &str| (0..9).map(|line| format!("{name} {line}\n")).collect::<String>();
    let [a, b, c] = ["a", "b", "c"].map(text);
    let base = tree(&[("docs/a", &a), ("docs/b", &b)]);
    let ours = tree(&[("docs/a", &a), ("docs/b", &b), ("docs/c", &c)]);
    let theirs = tree(&[("lib/a", &a), ("docs/b", &b)]);
    let outcome = run(&found(&base), &ours, &base, &theirs, ConflictStyle::Inline);
    assert!(!outcome.plan.has_conflicts(), "{}", outcome.plan.to_text());
    assert!(outcome.tree.get("docs/c").is_some());
}

/// A merge of the whole trees, whatever it is shown.
struct Whole<'a> {
    base: &'a Tree,
    ours: &'a Tree,
    theirs: &'a Tree,
}

impl Merge for Whole<'_> {
    fn merge(&self, _: &Tree, _: &Tree, _: &Tree) -> Result<Merged, MergeError> {
        TestGit::merge().merge(self.base, self.ours, self.theirs)
    }

    fn patch(&self, from: &Tree, to: &Tree) -> Result<String, MergeError> {
        TestGit::merge().patch(from, to)
    }
}
