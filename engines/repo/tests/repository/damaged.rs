//! Repositories in which something is missing or wrong.

use engine_repo::{OpenError, Repository, Tree};

use crate::support::{Made, rules, shown};

#[test]
fn what_is_no_repository_is_told_apart_from_one_that_is_broken() {
    let folder = tempfile::tempdir().unwrap();
    let error = Repository::open(folder.path()).err().unwrap();
    assert!(matches!(error, OpenError::NotARepository(_)), "{error}");
    assert!(matches!(Repository::open(&folder.path().join("missing")), Err(OpenError::NotARepository(_))));

    let made = Made::with(&[("a", "b")]);
    let head = made.path().join(".git/HEAD");
    std::fs::remove_file(&head).unwrap();
    let error = Repository::open(made.path()).err().unwrap();
    assert!(matches!(&error, OpenError::Head { file, .. } if *file == head), "{error}");
    assert!(error.to_string().ends_with("HEAD is missing; write it with git symbolic-ref HEAD refs/heads/<branch>"));

    for nonsense in [&b"nonsense"[..], b"", b"\xff\xfe", b"ref: ../../etc/passwd", &[b'x'; 4_096]] {
        std::fs::write(&head, nonsense).unwrap();
        let failed = Repository::open(made.path()).map(|repository| repository.snapshot().map(|_| ()));
        match failed {
            Err(OpenError::Head { .. }) => {}
            Ok(Err(error)) => assert!(error.to_string().starts_with("the head cannot be read"), "{error}"),
            other => panic!("{nonsense:?}: {other:?}"),
        }
    }
}

#[test]
fn a_damaged_format_is_told() {
    let made = Made::with(&[("a", "b")]);
    made.git(&["config", "core.repositoryformatversion", "99"]);
    let opened = Repository::open(made.path());
    if let Err(error) = &opened {
        assert!(matches!(error, OpenError::Damaged { .. }), "{error}");
    }
    std::fs::write(made.path().join(".git/config"), "[core\nthis is = not\u{0} a config").unwrap();
    let opened = Repository::open(made.path());
    assert!(opened.is_ok() || matches!(opened, Err(OpenError::Damaged { .. })));
}

#[test]
fn a_missing_head_commit_is_an_error_that_names_it() {
    let made = Made::with(&[("a", "b")]);
    let commit = made.git(&["rev-parse", "HEAD"]);
    made.lose(&commit);
    let error = made.open().snapshot().err().unwrap().to_string();
    assert_eq!(error, format!("object {commit} cannot be read: it is missing"));
    assert!(made.open().fingerprint().is_ok(), "it does not look at objects");
}

#[test]
fn missing_and_damaged_files_are_found_and_the_rest_goes_on() {
    let made = Made::with(&[
        ("a.rs", "fn a() {}\n"),
        ("b.rs", "fn b() {}\nfn c() {}\n"),
        ("c.rs", "// c\nfn c() {}\n"),
        ("sub/d.rs", "\n"),
    ]);
    let id = |path: &str| made.git(&["rev-parse", &format!("HEAD:{path}")]);
    let (lost, damaged, folder) = (id("a.rs"), id("b.rs"), id("sub"));
    made.lose(&lost);
    made.damage(&damaged);
    made.lose(&folder);
    let (facts, findings) = made.facts();
    assert_eq!(facts.languages[0].files, 1);
    assert_eq!((facts.files.total, facts.commits), (3, 1));
    let text = shown(&findings);
    assert!(
        text.contains(&format!(
            "error tree.unreadable [a.rs] The file cannot be read: object {lost} cannot be read: it is missing."
        )),
        "{text}"
    );
    assert!(
        text.contains(&format!(
            "error tree.unreadable [b.rs] The file cannot be read: object {damaged} cannot be read"
        )),
        "{text}"
    );
    assert!(
        text.contains(&format!(
            "error tree.unreadable [sub] The folder cannot be read: object {folder} cannot be read: it is missing."
        )),
        "{text}"
    );
    let snapshot = made.snapshot();
    assert!(snapshot.read("a.rs", 10).is_err());
    assert!(snapshot.read("c.rs", 10).unwrap().is_some());
}

#[test]
fn a_folder_whose_object_is_a_file_is_found() {
    let made = Made::with(&[("a.rs", "fn a() {}\n")]);
    let blob = made.git(&["rev-parse", "HEAD:a.rs"]);
    // mktree checks kinds, so the tree is written by hand.
    let mut tree = b"100644 a.rs\0".to_vec();
    let raw: Vec<u8> = (0..40).step_by(2).map(|at| u8::from_str_radix(&blob[at..at + 2], 16).unwrap()).collect();
    tree.extend_from_slice(&raw);
    tree.extend_from_slice(b"40000 sub\0");
    tree.extend_from_slice(&raw);
    let tree = made.git_with(&["hash-object", "-t", "tree", "-w", "--stdin", "--literally"], &tree);
    let commit = made.git(&["commit-tree", &tree, "-m", "Odd"]);
    made.git(&["update-ref", "refs/heads/main", &commit]);
    let snapshot = made.snapshot();
    assert_eq!(snapshot.files().len(), 1);
    assert_eq!(rules(snapshot.findings()), ["tree.unreadable"]);
}

#[test]
fn names_that_lead_elsewhere_are_left_out() {
    let made = Made::with(&[("a.rs", "fn a() {}\n")]);
    let blob = made.git(&["rev-parse", "HEAD:a.rs"]);
    let raw: Vec<u8> = (0..40).step_by(2).map(|at| u8::from_str_radix(&blob[at..at + 2], 16).unwrap()).collect();
    let mut tree = Vec::new();
    for name in ["..", "../escape", "a.rs"] {
        tree.extend_from_slice(format!("100644 {name}\0").as_bytes());
        tree.extend_from_slice(&raw);
    }
    let tree = made.git_with(&["hash-object", "-t", "tree", "-w", "--stdin", "--literally"], &tree);
    let commit = made.git(&["commit-tree", &tree, "-m", "Odd"]);
    made.git(&["update-ref", "refs/heads/main", &commit]);
    let snapshot = made.snapshot();
    assert_eq!(snapshot.files().len(), 1);
    assert_eq!(rules(snapshot.findings()), ["tree.name", "tree.name"]);
}

#[test]
fn missing_history_is_counted_as_far_as_it_goes() {
    let made = Made::with(&[("a", "1")]);
    let first = made.git(&["rev-parse", "HEAD"]);
    made.write(&[("a", "2")]);
    made.commit("Second", "Ada", "ada@example.com", 1_700_000_000);
    made.lose(&first);
    let (facts, findings) = made.facts();
    assert_eq!((facts.commits, facts.first_commit), (1, None));
    assert_eq!(
        shown(&findings),
        format!(
            "error history.missing [] 1 commits are missing or damaged, the first of them {first}; what lies behind them is not counted."
        )
    );
}

#[test]
fn commits_that_no_program_should_have_written_are_counted() {
    let made = Made::with(&[("a", "1")]);
    let tree = made.git(&["rev-parse", "HEAD^{tree}"]);
    let odd = format!("tree {tree}\nauthor  <> nonsense\ncommitter A <a@b.c> 99999999999999999999 +9999\n\n");
    let commit = made.git_with(&["hash-object", "-t", "commit", "-w", "--stdin", "--literally"], odd.as_bytes());
    made.git(&["update-ref", "refs/heads/main", &commit]);
    let (facts, findings) = made.facts();
    assert_eq!((facts.commits, facts.files.total), (1, 1));
    assert!(findings.iter().all(|finding| finding.rule == "history.odd"), "{}", shown(&findings));
}

#[test]
fn damaged_references_do_not_stop_the_rest() {
    let made = Made::with(&[("a", "1")]);
    made.git(&["tag", "sound"]);
    std::fs::write(made.path().join(".git/refs/tags/broken"), "nonsense").unwrap();
    std::fs::write(made.path().join(".git/refs/tags/missing"), "1".repeat(40)).unwrap();
    let blob = made.git(&["rev-parse", "HEAD:a"]);
    made.git(&["update-ref", "refs/tags/of-a-file", &blob]);
    let (facts, findings) = made.facts();
    let names: Vec<&str> = facts.tags.iter().map(|tag| tag.name.as_str()).collect();
    assert_eq!((names, findings), (vec!["sound"], Vec::new()));
}
