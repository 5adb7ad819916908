//! Repositories whose own configuration wants us to do something.

use std::os::unix::fs::PermissionsExt as _;

use engine_repo::{Repository, Tree};

use crate::support::{Made, classes, shown};

/// Whatever runs leaves a file behind.
#[test]
fn configuration_is_never_executed_nor_heeded() {
    let made = Made::with(&[("a.py", "x = 1\n"), (".gitattributes", "*.py filter=evil diff=evil merge=evil\n")]);
    let trace = made.beside("executed");
    let script = made.beside("evil.sh");
    std::fs::write(&script, format!("#!/bin/sh\ntouch {}\ncat\n", trace.display())).unwrap();
    std::fs::set_permissions(&script, std::fs::Permissions::from_mode(0o755)).unwrap();
    let included = made.beside("included");
    std::fs::write(
        &included,
        "[core]\n\trepositoryformatversion = 99\n\tbare = true\n[mailmap]\n\tfile = /etc/passwd\n",
    )
    .unwrap();
    let script = script.display();
    let config = format!(
        "[core]\n\trepositoryformatversion = 0\n\tfsmonitor = {script}\n\tsshCommand = {script}\n\tpager = {script}\n\teditor = {script}\n\
         \thooksPath = {folder}\n\tworktree = /\n\tattributesFile = /etc/passwd\n\texcludesFile = /etc/passwd\n\tgitProxy = {script}\n\
         [alias]\n\tlog = !{script}\n[diff \"evil\"]\n\ttextconv = {script}\n\tcommand = {script}\n\
         [filter \"evil\"]\n\tclean = {script}\n\tsmudge = {script}\n\tprocess = {script}\n\trequired = true\n\
         [merge \"evil\"]\n\tdriver = {script}\n[credential]\n\thelper = !{script}\n[gpg]\n\tprogram = {script}\n\
         [uploadpack]\n\tpackObjectsHook = {script}\n[include]\n\tpath = {included}\n[includeIf \"gitdir:/**\"]\n\tpath = {included}\n\
         [mailmap]\n\tfile = /etc/passwd\n\tblob = HEAD:a.py\n[gitoxide \"objects\"]\n\tallocLimit = 0\n[safe]\n\tdirectory = *\n",
        folder = made.path().display(),
        included = included.display(),
    );
    std::fs::write(made.path().join(".git/config"), config).unwrap();
    let (facts, findings) = made.facts();
    assert_eq!(shown(&findings), "");
    assert_eq!((facts.commits, facts.languages[0].code), (1, 1));
    assert_eq!(classes(&made.snapshot()).len(), 2);
    // As it was committed, and not as a filter would have it.
    assert_eq!(made.snapshot().read("a.py", 100).unwrap().unwrap().text(), "x = 1\n");
    assert!(made.open().fingerprint().is_ok());
    assert!(!trace.exists(), "something was executed");
}

#[test]
fn the_environment_and_the_user_are_not_asked() {
    // Other tests share this process, so the environment stays; what matters is that a folder is all there is to it.
    let made = Made::with(&[("a.py", "x = 1\n")]);
    let (facts, _) = made.facts();
    assert_eq!(facts.people.all_time, 1);
}

#[test]
fn a_folder_of_somebody_else_is_read() {
    let made = Made::with(&[("a.py", "x = 1\n")]);
    let owned = std::process::Command::new("chown").args(["-R", "65534:65534"]).arg(made.path()).status();
    if owned.is_ok_and(|status| status.success()) {
        assert_eq!(Repository::open(made.path()).unwrap().snapshot().unwrap().files().len(), 1);
    }
}

#[test]
fn references_cannot_lead_out_of_the_repository() {
    let made = Made::with(&[("a", "b")]);
    let secret = made.beside("secret");
    std::fs::write(&secret, made.git(&["rev-parse", "HEAD"])).unwrap();
    for name in ["../../../secret", "refs/heads/../../../secret", "/etc/passwd"] {
        std::fs::write(made.path().join(".git/HEAD"), format!("ref: {name}\n")).unwrap();
        let read = Repository::open(made.path()).ok().and_then(|repository| repository.head().ok().flatten());
        assert_eq!(read.filter(|head| head.branch.as_deref() != Some("main")), None, "{name}");
    }
}

#[test]
fn a_loop_of_references_ends() {
    let made = Made::with(&[("a", "b")]);
    std::fs::write(made.path().join(".git/refs/heads/one"), "ref: refs/heads/two\n").unwrap();
    std::fs::write(made.path().join(".git/refs/heads/two"), "ref: refs/heads/one\n").unwrap();
    std::fs::write(made.path().join(".git/HEAD"), "ref: refs/heads/one\n").unwrap();
    let error = made.open().head().unwrap_err().to_string();
    assert!(error.contains("too many references name each other"), "{error}");
}
