#![allow(clippy::unwrap_used, clippy::expect_used)]

use std::collections::BTreeMap;
use std::path::Path;
use std::process::Command;
use std::time::Instant;

use super::*;

fn git(repository: &Path, arguments: &[&str]) -> String {
    let output = Command::new("git").current_dir(repository).args(arguments).output().unwrap();
    assert!(output.status.success(), "git {arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

fn repositories(folder: &Path) -> Vec<PathBuf> {
    script::names().iter().map(|name| folder.join(name)).collect()
}

fn has_commits(repository: &Path) -> bool {
    !git(repository, &["for-each-ref"]).is_empty()
}

/// Every ref of every repository, with its hash.
fn refs(folder: &Path) -> BTreeMap<PathBuf, String> {
    let name = |path: &Path| path.strip_prefix(folder).unwrap().to_owned();
    repositories(folder).into_iter().map(|path| (name(&path), git(&path, &["for-each-ref"]))).collect()
}

#[test]
fn two_builds_have_the_same_hashes_and_a_second_start_does_nothing() {
    let (one, other) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let start = Instant::now();
    let first = build(one.path()).unwrap();
    println!("built in {:?}", start.elapsed());
    let second = build(other.path()).unwrap();
    assert_eq!(refs(&first), refs(&second));

    let stamp = fs::metadata(first.join(STAMP)).unwrap().modified().unwrap();
    let start = Instant::now();
    assert_eq!(build(one.path()).unwrap(), first);
    assert!(start.elapsed().as_millis() < 200);
    assert_eq!(fs::metadata(first.join(STAMP)).unwrap().modified().unwrap(), stamp);
    let left: Vec<_> = fs::read_dir(one.path()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    assert_eq!(left, ["demo"], "no temporary folder stays");
}

#[test]
fn what_is_built_is_sound_and_stands_as_the_content_says() {
    let data = tempfile::tempdir().unwrap();
    let folder = build(data.path()).unwrap();
    for repository in repositories(&folder) {
        let name = repository.file_name().unwrap().to_str().unwrap().to_owned();
        assert_eq!(git(&repository, &["fsck", "--full", "--strict"]), "", "{name}");
        if !has_commits(&repository) {
            assert!(script::files(&name).is_empty(), "{name} has content and no history");
            continue;
        }
        assert_eq!(git(&repository, &["status", "--porcelain"]), "", "{name}");
        for file in script::files(&name) {
            let there = fs::read(repository.join(&file.path)).unwrap_or_default();
            assert!(there == file.content, "{name}/{} is not as in the content", file.path);
        }
    }
}

#[test]
fn commits_lie_in_working_hours_before_the_anchor_and_in_order() {
    let data = tempfile::tempdir().unwrap();
    let folder = build(data.path()).unwrap();
    let (mut merges, mut bots, mut commits) = (0, 0, 0);
    for repository in repositories(&folder).into_iter().filter(|path| has_commits(path)) {
        let log = git(&repository, &["log", "--first-parent", "--reverse", "--format=%at %ct %ae %P"]);
        let mut before = 0;
        for line in log.lines() {
            let words: Vec<_> = line.split(' ').collect();
            let at: i64 = words[0].parse().unwrap();
            assert_eq!(words[0], words[1]);
            assert!(at >= before && at * 1000 < ANCHOR, "{}: {line}", repository.display());
            before = at;
            merges += usize::from(words.len() > 4);
            bots += usize::from(words[2].contains("[bot]"));
            commits += 1;
        }
    }
    assert!(commits > 500 && merges > 50 && bots > 20, "{commits} commits, {merges} merges, {bots} by bots");
}

#[test]
fn a_folder_that_somebody_else_made_is_left_alone() {
    let data = tempfile::tempdir().unwrap();
    fs::create_dir_all(data.path().join("demo/mine")).unwrap();
    assert!(matches!(build(data.path()), Err(Error::Conflict(_))));
    assert!(data.path().join("demo/mine").exists());
}

#[test]
fn an_older_version_is_replaced() {
    let data = tempfile::tempdir().unwrap();
    fs::create_dir_all(data.path().join("demo/gone")).unwrap();
    fs::write(data.path().join("demo").join(STAMP), "older").unwrap();
    let folder = build(data.path()).unwrap();
    assert!(!folder.join("gone").exists());
    assert!(folder.join("org/catalog-info.yaml").exists());
}

#[test]
fn the_content_stays_small() {
    let size: usize = Content::iter().filter_map(|path| Content::get(&path)).map(|file| file.data.len()).sum();
    assert!(size < 400_000, "{size} bytes");
}
