//! Repositories that are sound but unusual.

use std::os::unix::ffi::OsStrExt as _;

use engine_repo::{FileKind, Repository, SnapshotLimits, SnapshotOptions, Tree};

use crate::support::{Made, classes, git, rules, shown};

#[test]
fn an_empty_repository_has_nothing_to_read() {
    let made = Made::new();
    let (facts, findings) = made.facts();
    assert_eq!((facts.head, facts.commits, facts.files.total), (None, 0, 0));
    assert_eq!(
        shown(&findings),
        "note repository.empty [] The repository is empty: its branch main has no commit yet."
    );
    assert!(made.open().fingerprint().is_ok());
}

#[test]
fn a_detached_head_is_read_without_a_branch() {
    let made = Made::with(&[("a.rs", "fn a() {}\n")]);
    made.git(&["checkout", "--quiet", "--detach"]);
    let (facts, findings) = made.facts();
    let head = facts.head.unwrap();
    assert_eq!((head.branch, head.commit), (None, made.git(&["rev-parse", "HEAD"])));
    assert_eq!(rules(&findings), ["repository.detached-head"]);
}

#[test]
fn a_renamed_default_branch_is_found() {
    let made = Made::with(&[("a", "b")]);
    made.git(&["branch", "--move", "main", "trunk"]);
    assert_eq!(made.facts().0.head.unwrap().branch.as_deref(), Some("trunk"));
    // A mirror whose HEAD still names the old one.
    made.git(&["symbolic-ref", "HEAD", "refs/heads/main"]);
    let (facts, findings) = made.facts();
    assert_eq!(facts.head.unwrap().branch.as_deref(), Some("trunk"));
    assert_eq!(
        shown(&findings),
        "warning repository.default-branch [] HEAD names the branch main, which does not exist; trunk is read instead."
    );
    // With several, nothing is guessed, unless the remote says which.
    made.git(&["branch", "other", "trunk"]);
    let (facts, findings) = made.facts();
    assert_eq!(facts.head, None);
    assert_eq!(rules(&findings), ["repository.default-branch"]);
    made.git(&["update-ref", "refs/remotes/origin/trunk", "trunk"]);
    made.git(&["symbolic-ref", "refs/remotes/origin/HEAD", "refs/remotes/origin/trunk"]);
    assert_eq!(made.facts().0.head.unwrap().branch.as_deref(), Some("trunk"));
}

#[test]
fn bare_repositories_and_linked_work_trees_are_read() {
    let made = Made::with(&[("a.py", "x = 1\n")]);
    let bare = made.beside("bare.git");
    made.git(&["clone", "--quiet", "--bare", ".", bare.to_str().unwrap()]);
    let linked = made.beside("linked");
    made.git(&["worktree", "add", "--quiet", "-b", "other", linked.to_str().unwrap()]);
    for path in [&bare, &linked] {
        let repository = Repository::open(path).unwrap();
        let snapshot = repository.snapshot().unwrap();
        assert_eq!(classes(&snapshot), [("a.py".to_owned(), "source")]);
        assert!(repository.fingerprint().is_ok());
    }
    assert_eq!(Repository::open(&linked).unwrap().head().unwrap().unwrap().branch.as_deref(), Some("other"));
}

#[test]
fn packed_references_and_packed_objects_change_nothing() {
    let made = Made::with(&[("a.py", "x = 1\n")]);
    made.git(&["tag", "v1"]);
    let before = made.open().fingerprint().unwrap();
    made.git(&["pack-refs", "--all"]);
    made.git(&["repack", "-a", "-d", "--quiet"]);
    assert_eq!(made.open().fingerprint().unwrap(), before);
    assert_eq!(made.facts().0.tags.len(), 1);
}

#[test]
fn the_fingerprint_follows_what_facts_depend_on() {
    let made = Made::with(&[("a", "b")]);
    let mut seen = vec![made.open().fingerprint().unwrap()];
    let changes: [&dyn Fn(); 5] = [
        &|| made.commit("More", "Ada", "ada@example.com", 1_700_000_000),
        &|| drop(made.git(&["tag", "v1"])),
        &|| drop(made.git(&["branch", "--move", "trunk"])),
        &|| std::fs::write(made.path().join(".git/description"), "Pays bills.").unwrap(),
        &|| drop(made.git(&["checkout", "--quiet", "--detach"])),
    ];
    for change in changes {
        change();
        let now = made.open().fingerprint().unwrap();
        assert!(!seen.contains(&now));
        assert_eq!(made.open().fingerprint().unwrap(), now);
        seen.push(now);
    }
    // Other branches and uncommitted files are not read.
    made.git(&["branch", "elsewhere"]);
    made.write(&[("uncommitted", "x")]);
    assert_eq!(made.open().fingerprint().unwrap(), *seen.last().unwrap());
}

#[test]
fn only_what_is_committed_is_read() {
    let made = Made::with(&[("a.py", "committed = 1\n")]);
    made.write(&[("a.py", "changed = 1\n"), ("b.py", "")]);
    let snapshot = made.snapshot();
    assert_eq!(snapshot.files().len(), 1);
    assert_eq!(snapshot.read("a.py", 100).unwrap().unwrap().text(), "committed = 1\n");
}

#[test]
fn a_shallow_clone_is_counted_as_far_as_it_goes() {
    let made = Made::with(&[("a", "1")]);
    for number in 2..6 {
        made.write(&[("a", &number.to_string())]);
        made.commit("More", "Ada", "ada@example.com", 1_700_000_000 + number);
    }
    let clone = made.beside("clone");
    made.git(&["clone", "--quiet", "--depth=2", &format!("file://{}", made.path().display()), clone.to_str().unwrap()]);
    let repository = Repository::open(&clone).unwrap();
    let snapshot = repository.snapshot().unwrap();
    let (facts, findings) = engine_repo::facts(&repository, &snapshot, &engine_repo::FactOptions::default());
    assert_eq!((facts.commits, facts.shallow), (2, true));
    assert_eq!(rules(&findings), ["history.shallow"]);
    let before = repository.fingerprint().unwrap();
    git(&clone, &["fetch", "--quiet", "--unshallow"], b"");
    assert_ne!(repository.fingerprint().unwrap(), before, "there is more to read");
}

#[test]
fn submodules_and_links_are_entries_that_nobody_enters() {
    let inner = Made::with(&[("inside.rs", "")]);
    let made = Made::with(&[("a.rs", "fn a() {}\n")]);
    made.git(&["submodule", "--quiet", "add", inner.path().to_str().unwrap(), "libs/inner"]);
    for (target, name) in [("a.rs", "link.rs"), ("..", "up"), ("loop", "loop"), ("/etc/passwd", "outside")] {
        std::os::unix::fs::symlink(target, made.path().join(name)).unwrap();
    }
    made.commit("Links", "Ada", "ada@example.com", 1_700_000_000);
    let (facts, findings) = made.facts();
    assert_eq!(facts.submodules, ["libs/inner"]);
    assert_eq!(findings, []);
    let snapshot = made.snapshot();
    let links = snapshot.files().iter().filter(|file| file.kind == FileKind::Link).count();
    assert_eq!(links, 4);
    for path in ["outside", "loop", "up", "libs/inner", "libs/inner/inside.rs"] {
        assert_eq!(snapshot.read(path, 100).unwrap(), None, "{path}");
    }
    // A page shows where a link leads, and does not go there.
    let link = made.open().file("outside", 100).unwrap().unwrap();
    assert_eq!((link.blob.text().as_ref(), link.kind), ("/etc/passwd", FileKind::Link));
    assert_eq!(made.open().file("libs/inner", 100).unwrap(), None);
}

#[test]
fn names_that_are_not_utf8_are_shown_and_can_be_read() {
    let made = Made::new();
    let name = std::ffi::OsStr::from_bytes(b"caf\xe9.py");
    std::fs::write(made.path().join(name), "x = 1\n").unwrap();
    made.commit("Latin", "Ada", "ada@example.com", 1_700_000_000);
    let snapshot = made.snapshot();
    let path = "caf\u{fffd}.py";
    assert_eq!(snapshot.files()[0].path, path);
    assert_eq!(snapshot.read(path, 100).unwrap().unwrap().text(), "x = 1\n");
    assert_eq!(made.open().file(path, 100).unwrap().unwrap().blob.text(), "x = 1\n");
    let (facts, findings) = made.facts();
    assert_eq!(facts.languages[0].language, "Python");
    assert_eq!(rules(&findings), ["tree.name-encoding"]);
}

#[test]
fn pointers_of_lfs_are_noted_and_not_counted() {
    let pointer = "version https://git-lfs.github.com/spec/v1\noid sha256:4d7a214614ab2935c943f9e0ff69d22eadbb8f32b1258daaa5e2ca24d17e2393\nsize 12345\n";
    let made = Made::with(&[("model.bin", pointer), ("data.json", pointer), ("a.json", "{}\n")]);
    let (facts, findings) = made.facts();
    let lines: Vec<(&str, u64)> = facts.languages.iter().map(|lines| (lines.language.as_str(), lines.files)).collect();
    assert_eq!(lines, [("JSON", 1)]);
    assert_eq!(
        shown(&findings),
        "note tree.lfs [data.json] The file is a Git LFS pointer to 12345 bytes, which are not here.\n\
         note tree.lfs [model.bin] The file is a Git LFS pointer to 12345 bytes, which are not here."
    );
}

#[test]
fn large_files_are_never_loaded() {
    let made = Made::new();
    // Compressible, so that the test is quick; what counts is the size that would have to be held.
    made.write_bytes("README.md", &vec![b'x'; 20 * 1024 * 1024]);
    made.write_bytes("data.bin", &vec![0; 100 * 1024 * 1024]);
    made.write_bytes("medium.json", &vec![b' '; 2 * 1024 * 1024]);
    made.write(&[("a.rs", "fn a() {}\n")]);
    made.commit("Large", "Ada", "ada@example.com", 1_700_000_000);
    for packed in [false, true] {
        if packed {
            made.git(&["repack", "-a", "-d", "--quiet"]);
        }
        let (facts, findings) = made.facts();
        assert_eq!(facts.languages.len(), 1);
        assert_eq!(facts.files.bytes, 122 * 1024 * 1024 + 10);
        assert_eq!(facts.description, None);
        assert_eq!(rules(&findings), ["tree.large-file", "tree.large-file"], "packed: {packed}");
        let snapshot = made.snapshot();
        let error = snapshot.read("README.md", 100).unwrap_err().to_string();
        assert_eq!(error, "README.md has 20971520 bytes, more than the 16777216 that are read");
        assert_eq!(made.open().file("README.md", 100).unwrap_err().to_string(), error);
        let medium = snapshot.read("medium.json", 100).unwrap().unwrap();
        assert_eq!((medium.bytes.len(), medium.truncated), (100, true));
    }
}

#[test]
fn a_binary_readme_is_noted() {
    let made = Made::new();
    made.write_bytes("README.md", b"\x00\x01\x02binary");
    made.commit("Binary", "Ada", "ada@example.com", 1_700_000_000);
    let (facts, findings) = made.facts();
    assert_eq!((facts.description, facts.readme.as_deref()), (None, Some("README.md")));
    assert_eq!(rules(&findings), ["readme.binary"]);
}

#[test]
fn invalid_utf8_in_texts_is_replaced() {
    let made = Made::new();
    made.write_bytes("README.md", b"# Caf\xe9\n\nServes caf\xe9 to everybody.\n");
    made.write_bytes("a.py", b"x = '\xe9'\n");
    made.commit("Latin", "Ren\u{e9}", "rene@example.com", 1_700_000_000);
    let (facts, findings) = made.facts();
    assert_eq!(facts.description.unwrap().value, "Serves caf\u{fffd} to everybody.");
    assert_eq!((facts.languages[0].code, findings), (1, Vec::new()));
}

#[test]
fn many_files_are_cut_off_nearest_to_the_root_first() {
    let made = Made::new();
    let mut input = Vec::new();
    input.extend_from_slice(
        b"blob\nmark :1\ndata 10\nfn a() {}\n\ncommit refs/heads/main\ncommitter A <a@b.c> 1700000000 +0000\ndata 0\n",
    );
    for number in 0..3_000 {
        input.extend_from_slice(format!("M 100644 :1 deep/folder/{number}.rs\n").as_bytes());
    }
    input.extend_from_slice(b"M 100644 :1 root.rs\n\n");
    made.git_with(&["fast-import", "--quiet"], &input);
    let all = made.snapshot();
    assert_eq!((all.files().len(), all.truncated()), (3_001, false));
    let limits = SnapshotLimits { files: 10, ..SnapshotLimits::default() };
    let few = made.open().snapshot_with(&SnapshotOptions { limits, previous: None }).unwrap();
    assert_eq!((few.files().len(), few.truncated()), (10, true));
    assert!(few.file("root.rs").is_some());
    assert_eq!(rules(few.findings()), ["tree.too-many"]);
    let limits = SnapshotLimits { depth: 1, ..SnapshotLimits::default() };
    let flat = made.open().snapshot_with(&SnapshotOptions { limits, previous: None }).unwrap();
    assert_eq!((flat.files().len(), rules(flat.findings())), (1, vec!["tree.depth"]));
    // What was counted is remembered, and gives the same.
    let cache = all.scan_cache().unwrap();
    let stored: engine_repo::ScanCache = serde_json::from_str(&serde_json::to_string(cache).unwrap()).unwrap();
    let again =
        made.open().snapshot_with(&SnapshotOptions { previous: Some(&stored), ..SnapshotOptions::default() }).unwrap();
    assert_eq!(again.scan_cache(), Some(cache));
}

#[test]
fn a_commit_in_a_large_repository_is_counted_with_what_was_remembered() {
    let made = Made::new();
    let mut input =
        b"blob\nmark :1\ndata 10\nfn a() {}\n\ncommit refs/heads/main\ncommitter A <a@b.c> 1700000000 +0000\ndata 0\n"
            .to_vec();
    for number in 0..2_500 {
        input.extend_from_slice(format!("M 100644 :1 f{}/{number}.rs\n", number % 50).as_bytes());
    }
    input.push(b'\n');
    made.git_with(&["fast-import", "--quiet"], &input);
    let lines = || made.facts().0.languages[0].code;
    assert_eq!((lines(), lines()), (2_500, 2_500));
    let more = b"blob\nmark :1\ndata 20\nfn a() {}\nfn b() {}\n\ncommit refs/heads/main\ncommitter A <a@b.c> 1700000001 +0000\ndata 0\nfrom refs/heads/main^0\nM 100644 :1 f7/7.rs\nM 100644 :1 new/x.rs\n\n";
    made.git_with(&["fast-import", "--quiet"], more);
    assert_eq!(lines(), 2_503);
}

/// Ten folders, each ten times the same one, ten deep: 10¹⁰ files in eleven objects.
#[test]
fn a_tree_that_holds_itself_many_times_ends() {
    let made = Made::new();
    let blob = made.git_with(&["hash-object", "-w", "--stdin"], b"x");
    let mut tree = made.git_with(&["mktree"], format!("100644 blob {blob}\tfile\n").as_bytes());
    for _ in 0..10 {
        let entries: String = (0..10).map(|number| format!("040000 tree {tree}\td{number}\n")).collect();
        tree = made.git_with(&["mktree"], entries.as_bytes());
    }
    let commit = made.git(&["commit-tree", &tree, "-m", "Bomb"]);
    made.git(&["update-ref", "refs/heads/main", &commit]);
    let limits = SnapshotLimits { files: 2_000, folders: 2_000, ..SnapshotLimits::default() };
    let snapshot = made.open().snapshot_with(&SnapshotOptions { limits, previous: None }).unwrap();
    assert!(snapshot.truncated());
    assert_eq!(rules(snapshot.findings()), ["tree.too-many"]);
}

#[test]
fn skeletons_of_templates_are_told_apart_in_a_real_tree() {
    let made = Made::with(&[
        ("cookiecutter.json", "{}"),
        ("{{ cookiecutter.name }}/setup.py", "from x import y\n"),
        ("hooks/post_gen_project.py", "print(1)\n"),
        ("gen/api.go", "// Code generated by hand. DO NOT EDIT.\npackage api\n"),
    ]);
    let (facts, _) = made.facts();
    assert_eq!(
        classes(&made.snapshot()),
        [
            ("cookiecutter.json".to_owned(), "source"),
            ("gen/api.go".to_owned(), "generated"),
            ("hooks/post_gen_project.py".to_owned(), "source"),
            ("{{ cookiecutter.name }}/setup.py".to_owned(), "template skeleton"),
        ]
    );
    let excluded: Vec<&str> = facts.excluded.iter().map(|one| one.path.as_str()).collect();
    assert_eq!(excluded, ["{{ cookiecutter.name }}", "gen/api.go"]);
    assert!(facts.manifests.is_empty());
}

#[test]
fn folders_at_the_head_can_be_listed() {
    let made = Made::with(&[("docs/a.md", "x"), ("docs/deep/b.md", "y"), ("c", "z")]);
    let repository = made.open();
    let names: Vec<(String, bool)> = repository
        .folder("docs")
        .unwrap()
        .unwrap()
        .into_iter()
        .map(|entry| (entry.name, entry.kind.is_none()))
        .collect();
    assert_eq!(names, [("a.md".to_owned(), false), ("deep".to_owned(), true)]);
    assert_eq!(repository.folder("").unwrap().unwrap().len(), 2);
    for path in ["missing", "c", "c/x", "docs/missing"] {
        assert_eq!(repository.folder(path).unwrap(), None, "{path}");
    }
    assert_eq!(repository.file("docs/../c", 10).unwrap(), None);
    assert_eq!(repository.file("docs", 10).unwrap(), None);
    assert_eq!(repository.file_id("c").unwrap(), Some(made.git(&["rev-parse", "HEAD:c"])));
}
