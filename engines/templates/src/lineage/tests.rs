#![allow(clippy::unwrap_used)]

use serde_json::{Map, json};

use super::*;

fn sample() -> Lineage {
    let mut tree = Tree::default();
    tree.insert("README.md", Entry::file(*b"# demo\n", 0o644)).unwrap();
    tree.insert("run.sh", Entry::file(*b"#!/bin/sh\n", 0o755)).unwrap();
    tree.insert("docs/current", Entry::Link { target: "v1".to_owned() }).unwrap();
    tree.insert("data", Entry::Folder).unwrap();
    tree.insert(CRUFT_FILE, Entry::file(*b"{}", 0o644)).unwrap();
    let mut environment = Environment::new("2026-01-31T12:00:00Z".parse().unwrap(), u64::MAX);
    environment.zone = TimeZone::fixed(jiff::tz::offset(1));
    let answers: Answers = [
        ("full_name", json!("Ünï: #1")),
        ("year", json!("2026")),
        ("docker", json!(true)),
        ("nested", json!({"a": [1, {"b": null}], "empty": {}})),
        ("text", json!("two\nlines\n")),
        ("token", json!("s3cr3t")),
    ]
    .into_iter()
    .collect();
    let source = Source::new("https://user:pass@git.example/t.git", Some("/templates/rust/"));
    let version =
        Version { commit: Some("a".repeat(40)), tag: Some("v1.2.0".to_owned()), reference: Some("main".to_owned()) };
    let secrets = ["token".to_owned()];
    let mut lineage = Lineage::record(
        source,
        version,
        Dialect::Cookiecutter,
        &environment,
        &answers,
        &secrets,
        &tree,
        Programs::Skipped,
    );
    lineage.skip = vec!["docs/**".to_owned()];
    lineage.unresolved = vec![
        Unresolved { path: "a: b".to_owned(), sha256: Some("b".repeat(64)) },
        Unresolved { path: "gone".to_owned(), sha256: None },
    ];
    lineage
}

#[test]
fn a_lineage_is_written_for_people_and_reads_back_the_same() {
    let expected = "\
# What this project was made from. `slipway update` renders it again to tell what the template changed from what you did;
# `slipway diff` shows what you changed. Commit it with the project.
format: 1
template:
  address: https://git.example/t.git
  directory: templates/rust
version:
  tag: v1.2.0
  commit: aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa
  reference: main
dialect: cookiecutter
render:
  clock: \"2026-01-31T13:00:00+01:00\"
  seed: \"18446744073709551615\"
programs: skipped
answers:
  full_name: \"Ünï: #1\"
  year: \"2026\"
  docker: true
  nested:
    a:
      - 1
      - b: null
    empty: {}
  text: |
    two
    lines
secrets:
  - token
skip:
  - docs/**
unresolved:
  \"a: b\": bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb
  gone: null
files:
  README.md: 644 bc70e26f40b8816eb177813dda1f5f529a27a4641d45aa19cae2348a8c6a5fe9
";
    let text = sample().to_text();
    assert!(text.starts_with(expected), "{text}");
    assert!(text.contains("\n  run.sh: 755 "), "{text}");
    assert!(text.contains("\n  docs/current: link "), "{text}");
    assert!(!text.contains("s3cr3t") && !text.contains(".cruft.json") && !text.contains("\n  data:"), "{text}");
    let (read, findings) = parse(FILE, &text).unwrap();
    assert_eq!(findings, []);
    assert_eq!(read, sample());
    assert_eq!(read.to_text(), text);
}

#[test]
fn programs_were_run_unless_the_file_says_otherwise() {
    let text = sample().to_text();
    let read = |text: &str| parse(FILE, text).unwrap().0.programs;
    assert_eq!(read(&text), Programs::Skipped);
    let without = text.replace("programs: skipped\n", "");
    assert_eq!(read(&without), Programs::Run);
    assert_eq!(read(&text.replace("skipped", "run")), Programs::Run);
    assert_eq!(Lineage { programs: Programs::Run, ..sample() }.to_text(), without);
}

#[test]
fn the_environment_is_that_of_the_first_render() {
    let environment = sample().environment(Render { clock: Timestamp::UNIX_EPOCH, offset: Offset::UTC, seed: 0 });
    assert_eq!(environment.seed, u64::MAX);
    assert_eq!(environment.zone.to_datetime(environment.clock).hour(), 13);
    assert_eq!(environment.checkout.as_deref(), Some("main"));
    assert_eq!(Render::of(&environment), sample().render.unwrap());
}

#[test]
fn what_is_wrong_is_said_with_its_place() {
    let good = sample().to_text();
    let is = |change: (&str, &str)| good.replacen(change.0, change.1, 1);
    for (text, rule, place, says) in [
        (is(("format: 1", "format: 2")), "lineage.format", ":3:9", "format 2"),
        (is(("format: 1", "format: one")), "lineage.format", ":3:9", "has to be 1"),
        (is(("format: 1\n", "")), "lineage.missing", ":3:1", "format"),
        (is(("commit: a", "commit: HEAD")), "lineage.commit", ":9:11", "full id"),
        (is(("address: https", "address: --upload-pack=x; https")), "lineage.type", ":5:12", "begin with"),
        (is(("directory: templates/rust", "directory: ../x")), "lineage.path", ":6:14", "leads out"),
        (is(("dialect: cookiecutter", "dialect: cookie")), "lineage.dialect", ":11:10", "dialect"),
        (is(("+01:00", "")), "lineage.clock", ":13:10", "offset"),
        (is(("seed: \"1", "seed: \"-1")), "lineage.seed", ":14:9", "whole number"),
        (is(("skipped", "no")), "lineage.programs", ":15:11", "`run` or `skipped`"),
        (is(("files:", "file:")), "lineage.unknown-key", ":35:1", "\"file\""),
        (is(("run.sh: 755", "run.sh: 999")), "lineage.record", ":38:11", "run.sh"),
        (is(("  run.sh:", "  ../run.sh:")), "lineage.path", ":38:14", "../run.sh"),
        ("- a\n".to_owned(), "lineage.type", ":1:1", "no mapping"),
        (String::new(), "lineage.type", ":1:1", "no mapping"),
        ("a: [".to_owned(), "yaml.syntax", ":", ""),
    ] {
        let findings = match parse(FILE, &text) {
            Ok((_, warnings)) => warnings,
            Err(findings) => findings.findings,
        };
        let finding = findings.first().unwrap();
        assert_eq!(finding.rule, rule, "{finding:?}\n{text}");
        assert!(finding.location().starts_with(&format!("{FILE}{place}")), "{finding:?}\n{text}");
        assert!(finding.message.contains(says), "{finding:?}");
    }
}

#[test]
fn the_nearest_key_is_named() {
    let (_, findings) = parse(FILE, &sample().to_text().replace("secrets:", "secret:")).unwrap();
    assert_eq!(findings[0].help, "Is it \"secrets\"?");
}

#[test]
fn all_that_is_wrong_is_said_at_once() {
    let text = "format: 1\nversion:\n  commit: abc\ndialect: no\nanswers: []\nfiles:\n  a: b\n";
    let findings = parse(FILE, text).unwrap_err().findings;
    let rules: Vec<&str> = findings.iter().map(|finding| finding.rule.as_str()).collect();
    let expected = ["lineage.missing", "lineage.dialect", "lineage.type", "lineage.commit", "lineage.record"];
    assert_eq!(rules, expected);
}

#[test]
fn no_password_is_kept_of_an_address() {
    for (typed, kept) in [
        ("https://token@git.example/t", "https://git.example/t"),
        ("https://user:token@git.example/t@v1", "https://git.example/t@v1"),
        ("ssh://git@git.example/t", "ssh://git@git.example/t"),
        ("ssh://git:pw@git.example/t", "ssh://git.example/t"),
        ("git@git.example:t.git", "git@git.example:t.git"),
        ("../templates/a", "../templates/a"),
    ] {
        assert_eq!(Source::new(typed, None).address, kept);
    }
}

#[test]
fn cruft_is_read_and_written_as_cruft_does() {
    let mut context = Map::new();
    context.insert("name".to_owned(), json!("Ünï \"x\" \u{1f600}\u{7f}\u{1}"));
    context.insert("_private".to_owned(), json!({"a": [], "b": {}, "c": [1, true, null, 1e16, 1e-5, 2.0]}));
    let source = Source::new("https://git.example/t", None);
    let version = Version { commit: Some("a".repeat(40)), tag: None, reference: None };
    let cruft = Cruft::create(&source, &version, &context, &["a".to_owned()]);
    // What Python 3.11 wrote for the same.
    let expected = format!(
        "{{\n  \"template\": \"https://git.example/t\",\n  \"commit\": \"{0}\",\n  \"checkout\": null,\n  \"context\": {{\n    \"cookiecutter\": {{\n      \"name\": \"Ünï \\\"x\\\" 😀\u{7f}\\u0001\",\n      \"_private\": {{\n        \"a\": [],\n        \"b\": {{}},\n        \"c\": [\n          1,\n          true,\n          null,\n          1e+16,\n          1e-05,\n          2.0\n        ]\n      }},\n      \"_template\": \"https://git.example/t\",\n      \"_commit\": \"{0}\"\n    }}\n  }},\n  \"directory\": null,\n  \"skip\": [\n    \"a\"\n  ]\n}}\n",
        "a".repeat(40)
    );
    assert_eq!(cruft.to_text(), expected);
    let read = Cruft::parse(CRUFT_FILE, &expected).unwrap();
    assert_eq!(read, cruft);
    let lineage = read.lineage();
    assert_eq!(lineage.answers.len(), 1, "the template's own variables are none");
    assert_eq!(lineage.skip, ["a"]);
    assert_eq!(lineage.version, version);
}

#[test]
fn a_wrong_file_of_cruft_is_told_with_its_place() {
    for (text, place, says) in [
        ("{", ":1:1", "no JSON"),
        ("[]", ":1:1", "JSON object"),
        ("{\n  \"template\": \"--x\"\n}", ":2:15", "template"),
        ("{\n\"template\": \"t\", \"commit\": \"abc\"}", ":2:28", "full id"),
        ("{\n\"template\": \"t\", \"commit\": null, \"directory\": \"../x\"}", ":2:28", "commit"),
    ] {
        let findings = Cruft::parse(CRUFT_FILE, text).unwrap_err().findings;
        assert!(findings[0].message.contains(says), "{findings:?}");
        assert!(findings[0].location().ends_with(place), "{findings:?}");
    }
}

#[test]
fn a_project_is_looked_through_for_its_lineage() {
    let mut project = Tree::default();
    assert_eq!(find(&project).unwrap(), None);
    let cruft = Cruft::create(
        &Source::new("t", None),
        &Version { commit: Some("c".repeat(40)), tag: None, reference: None },
        &Map::new(),
        &[],
    );
    project.insert(CRUFT_FILE, Entry::file(cruft.to_text().into_bytes(), 0o644)).unwrap();
    let pyproject = "[tool.cruft]\nskip = [\"docs\", \"*.lock\"]\n";
    project.insert("pyproject.toml", Entry::file(pyproject.as_bytes(), 0o644)).unwrap();
    let found = find(&project).unwrap().unwrap();
    assert!(!found.recorded);
    assert_eq!(found.skip, ["docs", "*.lock"]);
    project.insert(FILE, Entry::file(sample().to_text().into_bytes(), 0o644)).unwrap();
    let found = find(&project).unwrap().unwrap();
    assert!(found.recorded && found.cruft.is_some());
    assert_eq!(found.findings[0].rule, "lineage.disagrees");
    project.insert("pyproject.toml", Entry::file(*b"[tool.cruft]\nskip = 1\n", 0o644)).unwrap();
    assert_eq!(find(&project).unwrap().unwrap().findings[0].rule, "cruft.pyproject");
    project.insert(FILE, Entry::Link { target: "/etc/passwd".to_owned() }).unwrap();
    assert_eq!(find(&project).unwrap_err().findings[0].rule, "lineage.link");
}
