//! The proof with real templates: bare repositories, of which nothing is committed here. Projects are made as cookiecutter makes
//! them, hooks run; read a template's hooks before you name it here.
//!
//! `SLIPWAY_ADOPT=/path/one.git:/path/other.git cargo test --release -p engine-templates --test adopt -- --ignored --nocapture`

use std::collections::{BTreeMap, HashMap};
use std::process::Command;
use std::sync::{Arc, Mutex};
use std::time::Instant;

use engine_templates::adopt::{Index, Programs, Revision};
use engine_templates::tree::{Entry, Tree};

use crate::hooks::PythonHooks;
use crate::replay::{Stored, Tally, fitted, project};

fn git(repository: &str, arguments: &[&str]) -> Vec<u8> {
    Command::new("git").args(["-C", repository]).args(arguments).output().unwrap().stdout
}

fn read(repository: &str) -> Stored {
    let listed = git(repository, &["log", "--first-parent", "--reverse", "--format=%H", "HEAD"]);
    let commits: Vec<String> = String::from_utf8(listed).unwrap().lines().map(str::to_owned).collect();
    let mut contents: HashMap<String, Arc<[u8]>> = HashMap::new();
    let mut stored = Stored { revisions: Vec::new(), trees: Vec::new() };
    for commit in commits {
        let listing = git(repository, &["ls-tree", "-r", "-z", &commit]);
        let mut tree = Tree::default();
        for line in String::from_utf8_lossy(&listing).split('\0').filter(|line| !line.is_empty()) {
            let (about, path) = line.split_once('\t').unwrap();
            let parts: Vec<&str> = about.split(' ').collect();
            if parts[1] != "blob" {
                continue;
            }
            let content = contents
                .entry(parts[2].to_owned())
                .or_insert_with(|| git(repository, &["cat-file", "blob", parts[2]]).into());
            let entry = match parts[0] {
                "120000" => Entry::Link { target: String::from_utf8_lossy(content).into_owned() },
                "100755" => Entry::file(content.clone(), 0o755),
                _ => Entry::file(content.clone(), 0o644),
            };
            let _ = tree.insert(path, entry);
        }
        stored.revisions.push(Revision { commit, tag: None });
        stored.trees.push(tree);
    }
    stored
}

/// Seconds of processors that this process and the programs that it ran took: what it takes where nobody else is at work.
fn processors() -> f64 {
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap_or_default();
    let fields = stat.rsplit(") ").next().unwrap_or_default().split(' ').skip(11).take(4);
    fields.filter_map(|ticks| ticks.parse::<f64>().ok()).sum::<f64>() / 100.0
}

#[test]
#[ignore = "needs bare repositories of real templates: see the top of the file"]
fn projects_replayed_from_real_histories() {
    let repositories = std::env::var("SLIPWAY_ADOPT").unwrap();
    let count: usize = std::env::var("SLIPWAY_ADOPT_PROJECTS").ok().and_then(|count| count.parse().ok()).unwrap_or(100);
    let histories: Vec<Stored> = repositories.split(':').map(read).collect();
    let began = Instant::now();
    let indexes: Vec<Index> = histories.iter().map(|history| Index::new(history, None).unwrap()).collect();
    println!(
        "{:?} revisions indexed in {:?}",
        indexes.iter().map(|index| index.revisions().len()).collect::<Vec<_>>(),
        began.elapsed()
    );
    for (own, history) in histories.iter().enumerate() {
        let mut random = fastrand::Rng::with_seed(11);
        let (mut projects, mut tried) = (Vec::new(), 0);
        while projects.len() < count {
            projects.extend(project(history, &mut random));
            tried += 1;
            assert!(tried < 20 * count, "hardly any version makes a project");
        }
        let (began, busy) = (Instant::now(), processors());
        let programs = Programs::new(&PythonHooks);
        let adoptions = Mutex::new(Vec::new());
        std::thread::scope(|scope| {
            for half in 0..2 {
                let (projects, indexes, adoptions, programs) = (&projects, &indexes, &adoptions, &programs);
                scope.spawn(move || {
                    for (at, project) in projects.iter().enumerate().filter(|(at, _)| at % 2 == half) {
                        adoptions.lock().unwrap().push((at, fitted(&project.tree, &indexes[own], programs)));
                    }
                });
            }
        });
        let (taken, busy) = (began.elapsed(), processors() - busy);
        let (mut tally, mut wrong) = (Tally::default(), BTreeMap::new());
        let mut adoptions = adoptions.into_inner().unwrap();
        adoptions.sort_by_key(|(at, _)| *at);
        for (at, adoption) in adoptions {
            let Some(adoption) = adoption else { continue };
            let others = indexes.iter().enumerate().filter(|(other, _)| *other != own);
            let best = others
                .filter_map(|(_, index)| Some(fitted(&projects[at].tree, index, &programs)?.score))
                .fold(0.0, f64::max);
            tally.template += usize::from(adoption.score > best);
            tally.add(&projects[at], history, &adoption, &mut wrong);
        }
        println!(
            "history {own}: {count} projects in {taken:?}, {busy:.0} s of processors: {tally:?}\nwrong: {wrong:?}"
        );
    }
}
