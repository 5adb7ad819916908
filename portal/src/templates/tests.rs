#![allow(clippy::unwrap_used)]

mod forms;
mod stores;

use std::path::Path;
use std::process::Command;

use engine_templates::tree::Entry;

use super::*;

fn git(folder: &Path, arguments: &[&str]) {
    let who = ["AUTHOR", "COMMITTER"]
        .map(|who| [(format!("GIT_{who}_NAME"), "Ada"), (format!("GIT_{who}_EMAIL"), "ada@example.com")]);
    let status = Command::new("git")
        .args(arguments)
        .current_dir(folder)
        .env("GIT_CONFIG_GLOBAL", "/dev/null")
        .env("GIT_CONFIG_SYSTEM", "/dev/null")
        .envs(who.into_iter().flatten())
        .status()
        .unwrap();
    assert!(status.success(), "{arguments:?}");
}

fn file(text: &str) -> Entry {
    Entry::file(text.as_bytes(), 0o644)
}

fn tree(files: &[(&str, &str)]) -> Tree {
    let mut tree = Tree::default();
    for (path, text) in files {
        tree.insert(*path, file(text)).unwrap();
    }
    tree
}

fn wanted(tree: &Tree, collision: Collision) -> Wanted<'_> {
    Wanted { tree, collision, always: &|path| path == "copied" }
}

#[tokio::test]
async fn a_folder_is_taken_as_it_is_and_a_commit_where_one_is_asked_for() {
    let folder = tempfile::tempdir().unwrap();
    let (template, mirrors) = (folder.path().join("template"), folder.path().join("mirrors"));
    std::fs::create_dir_all(&template).unwrap();
    std::fs::write(template.join("cookiecutter.json"), "{}").unwrap();
    let address = template.to_str().unwrap();
    let plain = fetch(address, None, Reference::Newest, &mirrors, |_| {}).await.unwrap();
    assert!(plain.version.commit.is_none() && plain.warning.unwrap().contains("it is no Git repository"));
    assert!(matches!(fetch(address, None, Reference::Named("main"), &mirrors, |_| {}).await, Err(Error::NotFound(_))));

    git(&template, &["init", "--quiet", "--initial-branch=main"]);
    git(&template, &["add", "."]);
    git(&template, &["commit", "--quiet", "--message=First"]);
    git(&template, &["tag", "v1.9"]);
    git(&template, &["tag", "--annotate", "--message=x", "v1.10"]);
    let first = fetch(address, None, Reference::Newest, &mirrors, |_| {}).await.unwrap();
    assert_eq!((first.version.tag.as_deref(), &first.warning), (Some("v1.10"), &None));
    std::fs::write(template.join("cookiecutter.json"), "{\"a\": 1}").unwrap();
    let dirty = fetch(address, None, Reference::Newest, &mirrors, |_| {}).await.unwrap();
    assert!(dirty.version.commit.is_none() && dirty.warning.unwrap().contains("not committed"));
    for reference in ["v1.9", "main", first.version.commit.as_deref().unwrap()] {
        let again = fetch(address, None, Reference::Named(reference), &mirrors, |_| {}).await.unwrap();
        assert_eq!((&again.tree, &again.version.commit), (&first.tree, &first.version.commit), "{reference}");
    }
    // The same by an address, which is read where it lies, and by one that git has to understand.
    let named = Reference::Named("v1.9");
    for (address, mirrored) in [(address.to_owned(), false), (address.replace("template", "%74emplate"), true)] {
        let remote = fetch(&format!("file://{address}"), Some("inner"), named, &mirrors, |_| {}).await.unwrap();
        assert_eq!((&remote.tree, remote.source.directory.as_deref()), (&first.tree, Some("inner")));
        assert_eq!(mirrors.exists(), mirrored);
    }
    assert!(matches!(
        fetch(address, None, Reference::Named("nowhere"), &mirrors, |_| {}).await,
        Err(Error::NotFound(_))
    ));
    let repository = engine_repo::Repository::open(&template).unwrap();
    assert!(repository.is_branch("main").unwrap() && !repository.is_branch("v1.9").unwrap());
    git(&template, &["commit", "--quiet", "--all", "--message=Second"]);
    let second = repository.resolve("main").unwrap().unwrap();
    for (followed, expected) in [("main", Some("main")), ("v1.9", None), ("nowhere", None)] {
        let newest =
            fetch(&format!("file://{address}"), None, Reference::Followed(followed), &mirrors, |_| {}).await.unwrap();
        assert_eq!(
            (newest.version.reference.as_deref(), newest.version.commit.as_deref()),
            (expected, Some(second.as_str()))
        );
        let before = newest.at(first.version.commit.as_deref().unwrap()).unwrap();
        assert_eq!(before.tree, first.tree);
        assert!(matches!(newest.at("nowhere"), Err(Error::NotFound(_))));
    }
    assert_eq!(repository.first_parents(&second, 9).unwrap(), [second.clone(), first.version.commit.unwrap()]);
    assert_eq!(repository.first_parents(&second, 1).unwrap().len(), 1);
}

#[test]
fn a_project_is_there_whole_or_not_at_all() {
    let folder = tempfile::tempdir().unwrap();
    let project = folder.path().join("deep/project");
    place(&project, wanted(&tree(&[("a", "1"), ("copied", "1")]), Collision::Refuse)).unwrap();
    std::fs::write(project.join("own"), "mine").unwrap();
    let new = tree(&[("a", "2"), ("copied", "2"), ("b/c", "2")]);
    assert!(matches!(place(&project, wanted(&new, Collision::Refuse)), Err(Error::Conflict(_))));
    place(&project, wanted(&new, Collision::Skip)).unwrap();
    let read = |path: &str| std::fs::read_to_string(project.join(path)).unwrap();
    assert_eq!(
        (read("a"), read("copied"), read("b/c"), read("own")),
        ("1".into(), "2".into(), "2".into(), "mine".into())
    );
    place(&project, wanted(&new, Collision::Overwrite)).unwrap();
    assert_eq!((read("a"), read("own")), ("2".into(), "mine".into()));
    // What cannot be placed leaves everything as it was: a file stands where a folder has to be.
    let wrong = tree(&[("a", "3"), ("own/x", "3")]);
    assert!(place(&project, wanted(&wrong, Collision::Overwrite)).is_err());
    assert_eq!((read("a"), read("own")), ("2".into(), "mine".into()));
    std::os::unix::fs::symlink(folder.path(), project.join("out")).unwrap();
    let escaping = tree(&[("out/x", "3")]);
    assert!(matches!(place(&project, wanted(&escaping, Collision::Overwrite)), Err(Error::Conflict(_))));
    let mut through = tree(&[("out/x", "3")]);
    through.insert("out", Entry::Link { target: "/tmp".to_owned() }).unwrap();
    let other = folder.path().join("deep/other");
    assert!(matches!(place(&other, wanted(&through, Collision::Refuse)), Err(Error::Conflict(_))));
    let beside: Vec<_> =
        std::fs::read_dir(folder.path().join("deep")).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    assert_eq!(beside, ["project"], "nothing is left beside it");
}

#[test]
fn a_project_is_changed_where_nothing_can_be_lost() {
    let folder = tempfile::tempdir().unwrap();
    let project = folder.path();
    assert!(read_project(project).unwrap_err().to_string().contains("git init"));
    git(project, &["init", "--quiet"]);
    std::fs::create_dir_all(project.join("old/deep")).unwrap();
    for (path, text) in [("a", "1"), ("old/deep/b", "1"), ("record", "1")] {
        std::fs::write(project.join(path), text).unwrap();
    }
    assert!(read_project(project).unwrap_err().to_string().contains("no commit yet"));
    git(project, &["add", "."]);
    git(project, &["commit", "--quiet", "--message=First"]);
    std::fs::write(project.join("a"), "2").unwrap();
    assert!(read_project(project).unwrap_err().to_string().starts_with("a differ from what is committed"));
    std::fs::write(project.join("a"), "1").unwrap();
    let before = read_project(project).unwrap();
    let after = tree(&[("a", "3"), ("new/c", "3"), ("record", "3")]);
    std::fs::create_dir_all(project.join("new")).unwrap();
    std::fs::write(project.join("new/c"), "untracked").unwrap();
    let error = apply(project, &before, &after, "record").unwrap_err().to_string();
    assert!(error.starts_with("new/c is there and not committed"), "{error}");
    assert_eq!(std::fs::read_to_string(project.join("a")).unwrap(), "1");
    std::fs::remove_file(project.join("new/c")).unwrap();
    assert_eq!(apply(project, &before, &after, "record").unwrap(), 4);
    assert!(!project.join("old").exists());
    assert_eq!(read_folder(project).unwrap().get("new/c"), Some(&file("3")));
}

/// A zip archive of these names and texts.
fn zipped(files: &[(&str, &str)]) -> Vec<u8> {
    use std::io::Write;
    let mut zip = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
    let options = zip::write::SimpleFileOptions::default();
    for (name, text) in files {
        match name.ends_with('/') {
            true => zip.add_directory(*name, options).unwrap(),
            false => {
                zip.start_file(*name, options).unwrap();
                zip.write_all(text.as_bytes()).unwrap();
            }
        }
    }
    zip.finish().unwrap().into_inner()
}

#[tokio::test]
async fn an_archive_is_a_template_without_a_version() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("Template.ZIP");
    let address = path.to_str().unwrap();
    let bring = || fetch(address, None, Reference::Newest, folder.path(), |_| {});
    std::fs::write(&path, zipped(&[("t-1/", ""), ("t-1/cookiecutter.json", "{}"), ("t-1/a/b", "x")])).unwrap();
    let fetched = bring().await.unwrap();
    assert_eq!(fetched.tree, tree(&[("cookiecutter.json", "{}"), ("a/b", "x")]));
    assert!(fetched.version.commit.is_none() && fetched.identity().starts_with("sha256:"));
    assert!(fetch(address, None, Reference::Named("v1"), folder.path(), |_| {}).await.is_err());
    for (files, expected) in [
        (&[("cookiecutter.json", "{}")][..], "does not begin with a folder"),
        (&[("t/", ""), ("t/../../etc/passwd", "x")], "no path: the path leads out"),
        (&[("t/", "")], "it is empty"),
    ] {
        std::fs::write(&path, zipped(files)).unwrap();
        let said = bring().await.unwrap_err().to_string();
        assert!(said.contains(expected), "{said}");
    }
    std::fs::write(&path, "no zip").unwrap();
    assert!(matches!(bring().await, Err(Error::Unavailable(_))));
    std::fs::remove_file(&path).unwrap();
    assert!(matches!(bring().await, Err(Error::NotFound(_))));
}

#[test]
fn an_update_that_was_killed_halfway_is_taken_back() {
    let folder = tempfile::tempdir().unwrap();
    let here = folder.path();
    let before = tree(&[("a", "1"), ("deep/b", "2"), ("c", "3"), ("same", "4")]);
    for (path, entry) in before.iter() {
        super::folder::write(here, path, entry).unwrap();
    }
    git(here, &["init", "--quiet"]);
    git(here, &["add", "."]);
    git(here, &["commit", "--quiet", "--message=First"]);
    assert_eq!(take_back(here).unwrap(), 0);
    let after = tree(&[("a", "new"), ("deep/b", "new"), ("new/d", "new"), ("same", "4"), ("later", "x")]);
    let paths = ["a", "deep/b", "c", "new/d", "later"];
    // Killed after four of five, one of which somebody has written to since.
    let half = || {
        super::journal::Begun::new(here, &after, paths.into_iter()).unwrap();
        for (path, entry) in after.iter().filter(|(path, _)| *path != "later") {
            super::folder::write(here, path, entry).unwrap();
        }
        std::fs::remove_file(here.join("c")).unwrap();
    };
    half();
    std::fs::write(here.join("deep/b"), "of the team").unwrap();
    assert_eq!(take_back(here).unwrap(), 3);
    let read = |path: &str| std::fs::read_to_string(here.join(path)).unwrap();
    assert_eq!([read("a"), read("deep/b"), read("c")], ["1", "of the team", "3"]);
    assert!(!here.join("new").exists() && take_back(here).unwrap() == 0);

    // What was committed since is not touched.
    half();
    git(here, &["add", "--all"]);
    git(here, &["commit", "--quiet", "--message=Second"]);
    assert_eq!(take_back(here).unwrap(), 0);
    assert_eq!(read("a"), "new");

    // A whole update leaves nothing to take back.
    let (now, next) = (read_project(here).unwrap(), tree(&[("a", "newest")]));
    assert_eq!(apply(here, &now, &next, "none").unwrap(), 4);
    assert!(take_back(here).unwrap() == 0 && read("a") == "newest" && !here.join("deep").exists());
}

#[test]
fn an_update_is_a_commit_on_a_branch_of_its_own() {
    let folder = tempfile::tempdir().unwrap();
    let here = folder.path();
    let before = tree(&[("a", "1"), ("deep/b", "2"), ("deep/c", "3"), ("gone/x", "4"), ("file", "5")]);
    for (path, entry) in before.iter() {
        super::folder::write(here, path, entry).unwrap();
    }
    git(here, &["init", "--quiet", "--initial-branch=main"]);
    git(here, &["config", "user.name", "Ada"]);
    git(here, &["config", "user.email", "ada@example.com"]);
    git(here, &["add", "."]);
    git(here, &["commit", "--quiet", "--message=First"]);
    git(here, &["config", "core.fsmonitor", "touch was-run"]);
    std::fs::write(here.join("a"), "being edited").unwrap();
    let mut after = tree(&[("a", "new"), ("deep/c", "3"), ("deep/d/e", "new"), ("file/now", "a folder")]);
    after.insert("run", Entry::file(*b"#!/bin/sh", 0o755)).unwrap();
    after.insert("link", Entry::Link { target: "a".to_owned() }).unwrap();
    let commit = commit_to_branch(here, "template-update", "Update", &before, &after).unwrap();
    let repository = engine_repo::Repository::open(here).unwrap();
    assert_eq!(repository.resolve("template-update").unwrap().as_deref(), Some(commit.as_str()));
    assert_eq!(tree_at(&repository, &commit).unwrap(), after);
    assert_eq!(tree_at(&repository, &repository.head().unwrap().unwrap().commit).unwrap(), before);
    assert_eq!(std::fs::read_to_string(here.join("a")).unwrap(), "being edited");
    assert!(!here.join("was-run").exists());
    git(here, &["fsck", "--strict", "--no-dangling"]);
    for name in ["template-update", "no such..name"] {
        assert!(matches!(commit_to_branch(here, name, "x", &before, &after), Err(Error::Conflict(_))), "{name}");
    }
}
