#![allow(clippy::unwrap_used, clippy::expect_used)]

use std::fs;
use std::path::Path;

use super::*;

fn folder(files: &[(&str, &str)]) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    for (path, text) in files {
        let path = folder.path().join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }
    folder
}

fn lines(findings: &Findings) -> Vec<String> {
    findings.findings.iter().map(|f| format!("{} {} {}", f.location(), f.level.as_str(), f.rule)).collect()
}

fn component(name: &str, owner: &str) -> String {
    format!(
        "apiVersion: backstage.io/v1alpha1\nkind: Component\nmetadata:\n  name: {name}\nspec:\n  type: service\n  lifecycle: production\n  owner: {owner}\n"
    )
}

const GROUP: &str = "apiVersion: backstage.io/v1alpha1\nkind: Group\nmetadata:\n  name: payments\nspec:\n  type: team\n  children: []\n";

#[test]
fn a_folder_is_searched() {
    let folder = folder(&[
        (
            "catalog-info.yaml",
            "apiVersion: backstage.io/v1alpha1\nkind: Location\nmetadata: {name: all}\nspec: {targets: [./org/teams.yaml, ../outside.yaml]}\n",
        ),
        ("org/teams.yaml", GROUP),
        ("services/a/catalog-info.yml", &component("a", "paymants")),
        ("services/b/catalog-info.yaml", &component("a", "payments")),
        ("services/b/template.yaml", "not: a template\n"),
        ("node_modules/x/catalog-info.yaml", "kind: 1\n"),
        ("skeleton/{{cookiecutter.name}}/catalog-info.yaml", "kind: {{ 1 }}\n"),
        ("slipway.overrides.yaml", "override: []\n"),
        (".github/CODEOWNERS", "*.rs nobody\n"),
        ("notes.yaml", "kind: 1\n"),
    ]);
    let (findings, unreadable) = validate(&[folder.path().to_owned()]);
    assert!(!unreadable);
    assert_eq!(
        lines(&findings),
        [
            ".github/CODEOWNERS:1:6 error codeowners.owner",
            "services/a/catalog-info.yml:8:10 warning descriptor.dangling",
            "services/b/catalog-info.yaml:4:9 warning descriptor.duplicate",
            "slipway.overrides.yaml:1:1 error overrides.unknown-key",
        ]
    );
    assert_eq!(findings.findings[1].help, "Did you mean `payments`?");
}

#[test]
fn what_may_live_elsewhere_is_only_a_note() {
    let folder = folder(&[("catalog-info.yaml", &component("a", "payments"))]);
    let file = folder.path().join("catalog-info.yaml");
    let (findings, unreadable) = validate(std::slice::from_ref(&file));
    assert!(!unreadable);
    assert_eq!(lines(&findings), [format!("{}:8:10 note descriptor.dangling", file.display())]);
}

#[test]
fn what_cannot_be_read_is_said() {
    let folder = folder(&[("catalog-info.yaml", "")]);
    let missing = folder.path().join("missing.yaml");
    let (findings, unreadable) = validate(&[missing.clone(), folder.path().to_owned()]);
    assert!(unreadable);
    assert_eq!(lines(&findings), [format!("{} error validate.unreadable", missing.display())]);
}

#[test]
fn an_empty_folder_is_no_error() {
    let folder = folder(&[]);
    let (findings, unreadable) = validate(&[folder.path().to_owned()]);
    assert_eq!((lines(&findings), unreadable), (vec![" note validate.nothing".to_owned()], false));
}

#[cfg(unix)]
#[test]
fn links_and_pipes_in_a_folder_are_left_alone() {
    let outside = folder(&[("catalog-info.yaml", "kind: 1\n")]);
    let folder = folder(&[("a/catalog-info.yaml", GROUP)]);
    let link = |from: &Path, to: &str| std::os::unix::fs::symlink(from, folder.path().join(to)).unwrap();
    link(&outside.path().join("catalog-info.yaml"), "catalog-info.yaml");
    link(folder.path(), "loop");
    link(outside.path(), "b");
    let (findings, unreadable) = validate(&[folder.path().to_owned()]);
    assert_eq!((lines(&findings), unreadable), (Vec::new(), false));
    let (_, unreadable) = validate(&["/dev/null".into()]);
    assert!(unreadable, "a device is no file");
}

#[test]
fn bytes_that_are_no_text_are_found() {
    let folder = folder(&[]);
    fs::write(folder.path().join("catalog-info.yaml"), b"kind: \xff\n").unwrap();
    let (findings, unreadable) = validate(&[folder.path().to_owned()]);
    assert_eq!((lines(&findings), unreadable), (vec!["catalog-info.yaml:1:7 error yaml.encoding".to_owned()], false));
}

#[test]
fn targets_that_lead_nowhere_are_found() {
    let location = |name: &str, spec: &str| {
        format!("apiVersion: backstage.io/v1alpha1\nkind: Location\nmetadata: {{name: {name}}}\nspec: {spec}\n")
    };
    let folder = folder(&[
        (
            "catalog-info.yaml",
            &location(
                "all",
                "{targets: [./org/teams.yaml, ./gone.yaml, ./teams/*.yaml, ./org, ../x.yaml, ./org/*.yaml, https://example.org/x]}",
            ),
        ),
        ("org/teams.yaml", GROUP),
        ("org/more.yaml", &location("more", "{target: ../catalog-info.yaml}")),
        ("a/catalog-info.yaml", &location("self", "{target: ./catalog-info.yaml}")),
        ("b/catalog-info.yaml", &location("may-be", "{target: ./gone.yaml, presence: optional}")),
        ("c/catalog-info.yaml", &location("kind", "{type: github-discovery, target: https://example.org/x}")),
    ]);
    let expected = [
        "a/catalog-info.yaml:4:16 warning location.cycle",
        "c/catalog-info.yaml:4:14 note location.type",
        "catalog-info.yaml:4:36 error location.target",
        "catalog-info.yaml:4:49 error location.target",
        "catalog-info.yaml:4:65 error location.target",
        "catalog-info.yaml:4:97 warning location.target",
        "org/more.yaml:4:16 warning location.cycle",
    ];
    let (findings, _) = validate(&[folder.path().to_owned()]);
    assert_eq!(lines(&findings), expected);
    assert_eq!(findings.findings[2].message, "No file at gone.yaml here.");
    assert_eq!(findings.findings[6].message, "This Location names catalog-info.yaml, which led here.");
    // Of a whole repository it is known where it ends.
    fs::create_dir(folder.path().join(".git")).unwrap();
    let (findings, _) = validate(&[folder.path().to_owned()]);
    let outside = "../x.yaml leads out of the repository, so it is not read.";
    assert!(findings.findings.iter().any(|finding| finding.message == outside));
}
