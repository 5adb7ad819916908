//! Projects from templates: made, compared, updated.

use super::*;

const JSON: &str =
    r#"{"name": "Berths", "slug": "{{ cookiecutter.name|lower }}", "licence": ["MIT", "none"], "_private": "x"}"#;

/// A template in Git, in its first version.
fn template(folder: &Path) -> std::path::PathBuf {
    let path = folder.join("template");
    let project = path.join("{{ cookiecutter.slug }}");
    std::fs::create_dir_all(project.join("src")).unwrap();
    std::fs::write(path.join("cookiecutter.json"), JSON).unwrap();
    std::fs::write(project.join("README.md"), "# {{ cookiecutter.name }}\n\none\n\ntwo\n\nthree\n").unwrap();
    std::fs::write(project.join("src/old.txt"), "first\nsecond\nthird\nfourth\nfifth\n").unwrap();
    std::fs::write(project.join("gone.txt"), "going\n").unwrap();
    git(&path, &["init", "--quiet"]);
    commit(&path, "First");
    git(&path, &["tag", "v1.0.0"]);
    path
}

pub fn commit(folder: &Path, message: &str) {
    git(folder, &["add", "--all"]);
    git(folder, &["commit", "--quiet", "-m", message]);
}

/// Everything that `slipway` writes outside of the project stays in `folder`.
pub fn run(folder: &Path, arguments: &[&str]) -> (i32, String, String) {
    let mut command = slipway(folder, arguments);
    command.env("XDG_CACHE_HOME", folder.join("cache")).env("HOME", folder).env_remove("COOKIECUTTER_CONFIG");
    let Output { status, stdout, stderr } = command.stdin(Stdio::null()).output().unwrap();
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    (status.code().unwrap(), text(stdout), text(stderr))
}

#[test]
fn a_project_is_made_edited_and_brought_up_to_date() {
    let folder = tempfile::tempdir().unwrap();
    let (here, template) = (folder.path(), template(folder.path()));
    let address = format!("file://{}", template.display());
    let (code, _, error) = run(here, &["new", &address, "work"]);
    assert_eq!(code, 64, "{error}");
    assert!(error.contains("no terminal to ask for name"), "{error}");
    let (code, shown, _) = run(here, &["new", &address, "work", "--defaults", "--dry-run"]);
    assert!(code == 0 && shown.contains("=== README.md\n# Berths\n") && !here.join("work").exists(), "{shown}");
    let arguments =
        ["new", &address, "work", "--defaults", "--data", "name=Quay", "--data", "licence=none", "--ref", "v1.0.0"];
    let (code, _, error) = run(here, &arguments);
    assert_eq!(code, 0, "{error}");
    let project = here.join("work/quay");
    let read = |path: &str| std::fs::read_to_string(project.join(path)).unwrap();
    assert!(read("README.md").starts_with("# Quay\n") && read(".slipway/lineage.yml").contains("tag: v1.0.0"));
    assert_eq!(run(here, &arguments).0, 1, "it is there already");
    assert_eq!(run(here, &["update", "work/quay", "--defaults"]).0, 1, "it is no repository yet");
    git(&project, &["init", "--quiet"]);
    commit(&project, "Made");
    assert_eq!(run(here, &["check-update", "work/quay"]).0, 0);
    assert_eq!(run(here, &["diff", "work/quay"]).1, "");

    // The team edits, and the template goes on: it renames what was edited, and deletes one of two.
    std::fs::write(project.join("README.md"), "# Quay\n\none, edited\n\ntwo\n\nthree\n").unwrap();
    std::fs::write(project.join("src/old.txt"), "first\nsecond\nthird\nfourth\nfifth, edited\n").unwrap();
    commit(&project, "Edit");
    let drift = run(here, &["diff", "work/quay"]).1;
    assert!(drift.contains("-one\n+one, edited"), "{drift}");
    let inner = template.join("{{ cookiecutter.slug }}");
    std::fs::write(inner.join("README.md"), "# {{ cookiecutter.name }}\n\none\n\ntwo\n\nthree, new\n").unwrap();
    std::fs::rename(inner.join("src/old.txt"), inner.join("src/new.txt")).unwrap();
    std::fs::remove_file(inner.join("gone.txt")).unwrap();
    commit(&template, "Second");
    git(&template, &["tag", "v1.1.0"]);
    let (code, said, _) = run(here, &["check-update", "work/quay"]);
    assert_eq!(code, 1);
    assert!(said.contains("1 commit behind") && said.contains("deleted  gone.txt"), "{said}");
    let json: serde_json::Value =
        serde_json::from_str(&run(here, &["check-update", "work/quay", "--format", "json"]).1).unwrap();
    assert_eq!((&json["standing"], &json["to"]["tag"]), (&"behind".into(), &"v1.1.0".into()));

    std::fs::write(project.join("README.md"), "dirty").unwrap();
    let (code, _, error) = run(here, &["update", "work/quay", "--defaults"]);
    assert!(code == 1 && error.contains("README.md differ from what is committed"), "{error}");
    git(&project, &["checkout", "--quiet", "."]);
    let (code, plan, _) = run(here, &["update", "work/quay", "--defaults", "--dry-run"]);
    assert!(code == 0 && plan.contains("Nothing was written") && read("README.md").contains("three\n"), "{plan}");
    let patch = here.join("update.patch");
    assert_eq!(run(here, &["update", "work/quay", "--defaults", "--patch", patch.to_str().unwrap()]).0, 0);
    git(&project, &["apply", "--check", patch.to_str().unwrap()]);
    let (code, _, error) = run(here, &["update", "work/quay", "--defaults"]);
    assert_eq!(code, 0, "{error}");
    assert_eq!(read("README.md"), "# Quay\n\none, edited\n\ntwo\n\nthree, new\n");
    assert!(
        read("src/new.txt").ends_with("fifth, edited\n")
            && !project.join("src/old.txt").exists()
            && !project.join("gone.txt").exists()
    );
    commit(&project, "Update");
    assert_eq!(run(here, &["check-update", "work/quay"]).0, 0);
    let (code, said, _) = run(here, &["update", "work/quay", "--defaults"]);
    assert!(code == 0 && said.contains("up to date with v1.1.0"), "{said}");
    let (code, _, error) = run(here, &["update", "work/quay", "--defaults", "--ref", "v1.0.0"]);
    assert!(code == 1 && error.contains("--allow-downgrade"), "{error}");

    // Both change one line: a person decides, and until then it is not up to date.
    std::fs::write(inner.join("README.md"), "# {{ cookiecutter.name }}\n\nONE\n\ntwo\n\nthree, new\n").unwrap();
    commit(&template, "Third");
    let (code, _, _) = run(here, &["update", "work/quay", "--defaults"]);
    assert!(code == 1 && read("README.md").contains("<<<<<<<"), "{}", read("README.md"));
    commit(&project, "Left");
    let (code, said, _) = run(here, &["check-update", "work/quay"]);
    assert!(code == 1 && said.contains("conflicts that are left"), "{said}");
}

#[test]
fn nothing_of_a_template_runs_and_nothing_leaves_its_place() {
    let folder = tempfile::tempdir().unwrap();
    let (here, template) = (folder.path(), template(folder.path()));
    let (code, _, error) = run(here, &["new", "template", "template/inside", "--defaults"]);
    assert!(code == 1 && error.contains("within the template") && !template.join("inside").exists(), "{error}");
    let (code, _, error) = run(here, &["new", "template", ".", "--defaults", "--data", "slug=../out"]);
    assert!(code == 2 && !here.parent().unwrap().join("out").exists(), "{code} {error}");
    assert_eq!(run(here, &["new", "nowhere", "."]).0, 1);
    assert_eq!(run(here, &["new", "template", ".", "--defaults", "--data", "licence=BSD"]).0, 2);
    std::fs::create_dir_all(template.join("hooks")).unwrap();
    std::fs::write(template.join("hooks/post_gen_project.sh"), "#!/bin/sh\ntouch ran\n").unwrap();
    let (code, _, error) = run(here, &["new", "template", ".", "--defaults"]);
    assert!(code == 4 && error.contains("hooks/post_gen_project.sh") && !here.join("berths").exists(), "{error}");
    let (code, _, error) = run(here, &["new", "template", ".", "--defaults", "--skip-hooks"]);
    assert!(code == 0 && error.contains("cannot be updated") && !here.join("berths/ran").exists(), "{error}");
    let (code, _, error) = run(here, &["check-update", "berths"]);
    assert!(code == 1 && error.contains("no Git repository"), "{error}");
    std::fs::write(template.join("cookiecutter.json"), "{\"a\": \n").unwrap();
    let (code, _, error) = run(here, &["new", "template", "elsewhere", "--defaults"]);
    assert!(code == 2 && error.contains("cookiecutter.json:"), "{error}");
}

#[test]
fn a_project_that_nobody_recorded_is_adopted_and_then_updated() {
    let folder = tempfile::tempdir().unwrap();
    let (here, template) = (folder.path(), template(folder.path()));
    let other = here.join("other");
    std::fs::create_dir_all(other.join("{{ cookiecutter.x }}")).unwrap();
    std::fs::write(other.join("cookiecutter.json"), "{\"x\": \"y\"}").unwrap();
    std::fs::write(other.join("{{ cookiecutter.x }}/Makefile"), "all:\n\techo {{ cookiecutter.x }}\n").unwrap();
    git(&other, &["init", "--quiet"]);
    commit(&other, "First");
    let made = ["new", "template", "work", "--defaults", "--data", "name=Quay", "--no-lineage"];
    assert_eq!(run(here, &made).0, 0);
    let project = here.join("work/quay");
    assert!(!project.join(".slipway").exists());
    let stray = here.join("work/stray");
    std::fs::create_dir_all(&stray).unwrap();
    std::fs::write(stray.join("notes.txt"), "Nothing of it is anybody's.\n").unwrap();
    for folder in [&project, &stray] {
        git(folder, &["init", "--quiet"]);
        commit(folder, "Made");
    }
    let inner = template.join("{{ cookiecutter.slug }}");
    std::fs::write(inner.join("new.txt"), "for {{ cookiecutter.name }}\n").unwrap();
    commit(&template, "Second");
    let (code, _, error) = run(here, &["adopt", "--template", "template"]);
    assert!(code == 64 && error.contains("name a project"), "{error}");
    let all =
        ["adopt", "--all", "work", "--template", "other", "--template", "template", "--write", "--format", "json"];
    let (code, json, error) = run(here, &all);
    let found: serde_json::Value = serde_json::from_str(&json).unwrap();
    assert_eq!(code, 1, "one of them is nobody's: {json} {error}");
    assert!(found[0]["template"].as_str().unwrap().ends_with("/template") && found[0]["written"] == true, "{json}");
    assert_eq!((&found[0]["version"], &found[0]["answers"]["name"]), (&"v1.0.0".into(), &"Quay".into()));
    assert!(found[1]["reason"].as_str().unwrap().contains("too little in common") && !stray.join(".slipway").exists());
    commit(&project, "Adopt");
    assert_eq!(run(here, &["check-update", "work/quay"]).0, 1);
    let (code, _, error) = run(here, &["update", "work/quay", "--defaults"]);
    assert_eq!(code, 0, "{error}");
    assert_eq!(std::fs::read_to_string(project.join("new.txt")).unwrap(), "for Quay\n");
    let (code, said, _) = run(here, &["adopt", "work/quay", "--template", "template", "--write"]);
    assert!(code == 1 && said.contains("is there already"), "{said}");
}

#[test]
fn a_template_is_checked_for_its_author() {
    let folder = tempfile::tempdir().unwrap();
    let template = template(folder.path());
    assert_eq!(run(folder.path(), &["template", "check", "nowhere"]).0, 3);
    let inner = template.join("{{ cookiecutter.slug }}");
    std::fs::write(inner.join("broken.txt"), "one\n{{ cookiecutter.nmae }}\n").unwrap();
    let (code, json, _) = run(folder.path(), &["template", "check", "template", "--format", "json"]);
    let findings: serde_json::Value = serde_json::from_str(&json).unwrap();
    let found = findings["findings"].as_array().unwrap();
    let undefined = found.iter().find(|finding| finding["message"].as_str().unwrap().contains("nmae")).unwrap();
    // It may stand where no answer leads.
    assert_eq!((code, &undefined["line"], &undefined["level"]), (0, &2.into(), &"warning".into()), "{json}");
    std::fs::write(inner.join("broken.txt"), "{{ cookiecutter.name|sluggify }}\n{% if %}\n").unwrap();
    let (code, _, error) = run(folder.path(), &["template", "check", "template"]);
    assert!(code == 2 && error.contains("broken.txt:"), "{error}");
}
