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
    // The same from elsewhere.
    let remote =
        fetch(&format!("file://{address}"), Some("inner"), Reference::Named("v1.9"), &mirrors, |_| {}).await.unwrap();
    assert_eq!((&remote.tree, remote.source.directory.as_deref()), (&first.tree, Some("inner")));
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
