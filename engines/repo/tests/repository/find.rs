//! Finding repositories below a folder.

use std::path::Path;
use std::time::Instant;

use engine_repo::{FindError, FindLimits, Found, find};

use crate::support::{Made, git, rules, shown};

fn found(root: &Path) -> Found {
    find(root, &FindLimits::default()).unwrap()
}

fn names(found: &Found) -> Vec<String> {
    found.repositories.iter().map(|one| format!("{}{}", one.name, if one.bare { " (bare)" } else { "" })).collect()
}

fn make(root: &Path, name: &str, bare: bool) {
    let path = root.join(name);
    std::fs::create_dir_all(&path).unwrap();
    let mut arguments = vec!["init", "--quiet", "--initial-branch=main"];
    arguments.extend(bare.then_some("--bare"));
    git(&path, &arguments, b"");
}

#[test]
fn work_trees_and_bare_ones_are_found_recursively() {
    let root = tempfile::tempdir().unwrap();
    for (name, bare) in [
        ("team/api", false),
        ("team/web.git", true),
        ("tools", false),
        ("mirror/a/b/c.git", true),
        ("same", false),
        ("same.git", true),
    ] {
        make(root.path(), name, bare);
    }
    // Nested in another repository: not looked at.
    make(root.path(), "tools/vendor/inner", false);
    std::fs::create_dir_all(root.path().join("no/repository/here")).unwrap();
    let found = found(root.path());
    assert_eq!(
        names(&found),
        ["mirror/a/b/c (bare)", "same", "same.git (bare)", "team/api", "team/web (bare)", "tools"]
    );
    assert_eq!(found.findings, []);
    assert!(found.complete);
}

#[test]
fn the_root_may_itself_be_one() {
    let made = Made::with(&[("a", "b")]);
    assert_eq!(names(&found(made.path())), ["repository"]);
}

#[test]
fn links_are_not_followed() {
    let made = Made::with(&[("a", "b")]);
    let root = tempfile::tempdir().unwrap();
    make(root.path(), "real", false);
    std::os::unix::fs::symlink(made.path(), root.path().join("outside")).unwrap();
    std::os::unix::fs::symlink(root.path(), root.path().join("loop")).unwrap();
    std::fs::create_dir(root.path().join("linked")).unwrap();
    std::os::unix::fs::symlink(made.path().join(".git"), root.path().join("linked/.git")).unwrap();
    let found = found(root.path());
    assert_eq!(names(&found), ["real"]);
    assert_eq!(
        shown(&found.findings),
        "warning source.link [linked] The .git of this folder is a symbolic link, which is not followed."
    );
    // The root may be a link: the operator named it.
    let link = root.path().join("outside");
    assert_eq!(self::found(&link).repositories.len(), 1);
}

#[test]
fn linked_work_trees_count_inside_of_the_root_only() {
    let made = Made::with(&[("a", "b")]);
    let beside = made.beside("linked");
    made.git(&["worktree", "add", "--quiet", "-b", "other", beside.to_str().unwrap()]);
    // Both lie below the root.
    let both = found(made.path().parent().unwrap());
    assert_eq!(names(&both), ["linked", "repository"]);
    // Only the linked one does, so its .git leads out, unless it is the root itself.
    assert_eq!(names(&found(&beside)), ["linked"]);
    let root = tempfile::tempdir().unwrap();
    std::fs::create_dir(root.path().join("stranger")).unwrap();
    std::fs::copy(beside.join(".git"), root.path().join("stranger/.git")).unwrap();
    let found = found(root.path());
    assert_eq!(names(&found), [""; 0]);
    assert_eq!(rules(&found.findings), ["source.gitdir"]);
}

#[test]
fn a_repository_without_a_head_is_still_listed() {
    let root = tempfile::tempdir().unwrap();
    make(root.path(), "broken.git", true);
    make(root.path(), "broken-tree", false);
    std::fs::remove_file(root.path().join("broken.git/HEAD")).unwrap();
    std::fs::remove_file(root.path().join("broken-tree/.git/HEAD")).unwrap();
    assert_eq!(names(&found(root.path())), ["broken (bare)", "broken-tree"]);
}

#[test]
fn what_cannot_be_searched_is_an_error_and_what_was_not_seen_is_told() {
    let root = tempfile::tempdir().unwrap();
    let missing = root.path().join("missing");
    assert!(matches!(find(&missing, &FindLimits::default()), Err(FindError::Missing(path)) if path == missing));
    let file = root.path().join("file");
    std::fs::write(&file, "").unwrap();
    assert!(matches!(find(&file, &FindLimits::default()), Err(FindError::NotAFolder(_))));
    for name in ["a", "b", "c", "deep/er/d"] {
        make(root.path(), name, false);
    }
    let few = find(root.path(), &FindLimits { repositories: 2, ..FindLimits::default() }).unwrap();
    assert_eq!((few.repositories.len(), few.complete, rules(&few.findings)), (2, false, vec!["source.too-many"]));
    let shallow = find(root.path(), &FindLimits { depth: 1, ..FindLimits::default() }).unwrap();
    assert_eq!((names(&shallow), shallow.complete), (vec!["a".into(), "b".into(), "c".into()], false));
    assert_eq!(rules(&shallow.findings), ["source.depth"]);
}

#[test]
fn a_folder_that_cannot_be_read_makes_the_list_incomplete() {
    use std::os::unix::fs::PermissionsExt as _;
    let root = tempfile::tempdir().unwrap();
    make(root.path(), "a", false);
    let closed = root.path().join("closed");
    std::fs::create_dir(&closed).unwrap();
    std::fs::set_permissions(&closed, std::fs::Permissions::from_mode(0o000)).unwrap();
    let found = found(root.path());
    // The administrator reads everything.
    if std::fs::read_dir(&closed).is_err() {
        assert_eq!((found.complete, rules(&found.findings)), (false, vec!["source.unreadable"]));
    }
    assert_eq!(names(&found), ["a"]);
    std::fs::set_permissions(&closed, std::fs::Permissions::from_mode(0o700)).unwrap();
}

/// Not a timed test: it only prints. Several hundred repositories must be found in well under a third of a second.
#[test]
fn many_are_found() {
    let root = tempfile::tempdir().unwrap();
    for number in 0..300 {
        let git = root.path().join(format!("group-{}/repository-{number:03}/.git", number % 10));
        std::fs::create_dir_all(git.join("objects")).unwrap();
        std::fs::create_dir_all(git.join("refs")).unwrap();
        std::fs::write(git.join("HEAD"), "ref: refs/heads/main\n").unwrap();
    }
    let start = Instant::now();
    assert_eq!(found(root.path()).repositories.len(), 300);
    println!("300 repositories found in {:?}", start.elapsed());
}
