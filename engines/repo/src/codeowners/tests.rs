#![allow(clippy::unwrap_used, clippy::expect_used)]

use proptest::prelude::*;

use super::*;

fn owners(text: &str, path: &str) -> String {
    let (codeowners, findings) = parse("CODEOWNERS", text);
    assert_eq!(findings, [], "{text}");
    match codeowners.owners_of(path) {
        None => "nothing".to_owned(),
        Some(entry) => entry.owners.iter().map(ToString::to_string).collect::<Vec<_>>().join(" "),
    }
}

#[test]
fn patterns_match_as_on_github() {
    // (pattern, matching paths, other paths)
    let table: &[(&str, &[&str], &[&str])] = &[
        ("*", &["a", "a/b/c.rs", ".github/x"], &[]),
        ("*.js", &["a.js", "src/deep/a.js"], &["a.jsx", "a.js.map"]),
        ("/build/logs/", &["build/logs/a", "build/logs/b/c"], &["x/build/logs/a", "build/logs"]),
        ("docs/*", &["docs/getting-started.md"], &["docs/build-app/troubleshooting.md", "a/docs/b.md", "docs"]),
        ("apps/", &["apps/a", "x/apps/y/z"], &["apps", "my-apps/a"]),
        ("/docs/", &["docs/a", "docs/b/c"], &["x/docs/a"]),
        ("/scripts", &["scripts", "scripts/a/b"], &["x/scripts/a"]),
        ("**/logs", &["logs/a", "build/logs/b", "deep/deep/logs"], &["log/a"]),
        ("/apps/**", &["apps/a", "apps/b/c"], &["apps", "x/apps/a"]),
        ("/a/**/z", &["a/z", "a/b/c/z", "a/b/z/y"], &["a/b", "b/a/z"]),
        ("/apps/github", &["apps/github", "apps/github/x"], &["apps/githubx"]),
        ("foo", &["foo", "a/foo", "a/foo/b"], &["food"]),
        ("/*", &["README.md"], &["a/b"]),
        ("/*.md", &["README.md"], &["a/b.md"]),
        ("src/*/api", &["src/one/api", "src/one/api/x.rs"], &["src/api", "src/a/b/api"]),
        ("a?c", &["abc", "x/aüc"], &["ac", "abbc"]),
        ("path\\ with\\ space/", &["path with space/a"], &["path/a"]),
        ("*test*.py", &["mytests.py", "a/test.py"], &["tset.py"]),
        ("**", &["a", "a/b"], &[]),
        ("/x/**/**/y", &["x/y", "x/a/y"], &["y"]),
        ("a**b/c", &["aXXb/c", "ab/c"], &["a/b/c"]),
    ];
    for (pattern, matching, others) in table {
        let line = format!("{pattern} @owner");
        for path in *matching {
            assert_eq!(owners(&line, path), "@owner", "{pattern} should match {path}");
        }
        for path in *others {
            assert_eq!(owners(&line, path), "nothing", "{pattern} should not match {path}");
        }
    }
}

#[test]
fn the_last_match_wins_and_may_name_nobody() {
    let text = "# Everybody\n* @all\n\n/apps/ @org/apps dev@example.com  # inline\n/apps/free\n*.md docs@example.com\n";
    assert_eq!(owners(text, "x"), "@all");
    assert_eq!(owners(text, "apps/a"), "@org/apps dev@example.com");
    assert_eq!(owners(text, "apps/free/a"), "");
    assert_eq!(owners(text, "apps/free/a.md"), "docs@example.com");
    let (codeowners, _) = parse("CODEOWNERS", text);
    assert_eq!(codeowners.owners_of("apps/a").unwrap().line, 4);
    assert_eq!(codeowners.entries().len(), 4);
}

#[test]
fn what_github_does_not_know_is_found_and_left_out() {
    let text = "!*.js @a\n[Section]\nsrc/[ab].rs @a\n\\#x @a\n*.rs @a nobody\n  /x @org/\n/ @a\n*.go @b\n";
    let (codeowners, findings) = parse(".github/CODEOWNERS", text);
    let shown: Vec<String> =
        findings.iter().map(|finding| format!("{} {} {}", finding.location(), finding.rule, finding.message)).collect();
    insta::assert_snapshot!(shown.join("\n"), @r#"
    .github/CODEOWNERS:1:1 codeowners.pattern CODEOWNERS has no exceptions with !; the line is left out.
    .github/CODEOWNERS:2:1 codeowners.pattern CODEOWNERS has no sections and no character ranges on GitHub; the line is left out.
    .github/CODEOWNERS:3:1 codeowners.pattern CODEOWNERS has no character ranges, as in src/[ab].rs; the line is left out.
    .github/CODEOWNERS:4:1 codeowners.pattern CODEOWNERS cannot escape a # at the start; the line is left out.
    .github/CODEOWNERS:5:9 codeowners.owner "nobody" names no owner; the line is left out.
    .github/CODEOWNERS:6:6 codeowners.owner "@org/" names no owner; the line is left out.
    .github/CODEOWNERS:7:1 codeowners.pattern The pattern / matches nothing; the line is left out.
    "#);
    assert_eq!(codeowners.entries().len(), 1);
}

#[test]
fn a_file_above_the_limit_owns_nothing() {
    let (codeowners, findings) = parse("CODEOWNERS", &"* @a\n".repeat(700_000));
    assert_eq!(codeowners.entries().len(), 0);
    assert_eq!(findings[0].rule, "codeowners.size");
}

proptest! {
    #[test]
    fn anything_can_be_read_and_asked(text in "[ -~\n\t*/@#\\\\é]{0,200}", path in "[a-c/*é ]{0,30}") {
        let (codeowners, findings) = parse("CODEOWNERS", &text);
        let _ = codeowners.owners_of(&path);
        for finding in findings {
            prop_assert!(finding.line >= 1 && finding.column >= 1);
        }
    }

    /// The law of the format: putting a line that matches at the end decides.
    #[test]
    fn a_star_at_the_end_decides(text in "([a-z*/.]{1,8} @[a-z]{1,4}\n){0,8}", path in "[a-z]{1,4}(/[a-z]{1,4}){0,3}") {
        let (codeowners, _) = parse("CODEOWNERS", &format!("{text}* @last\n"));
        let entry = codeowners.owners_of(&path).unwrap();
        prop_assert_eq!(&entry.owners, &[Owner::User("last".to_owned())]);
    }

    /// A pattern made of a path matches that path, and all below it.
    #[test]
    fn a_path_matches_itself(path in "[a-z]{1,4}(/[a-z]{1,4}){0,3}") {
        let (codeowners, _) = parse("CODEOWNERS", &format!("/{path} @a\n"));
        prop_assert!(codeowners.owners_of(&path).is_some());
        let below = format!("{path}/below");
        prop_assert!(codeowners.owners_of(&below).is_some());
        let other = format!("other/{path}");
        prop_assert!(path.starts_with("other") || codeowners.owners_of(&other).is_none());
    }
}

/// What the fuzzer starts from, and what it once found.
#[test]
fn the_corpus_is_read() {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fuzz/corpus/codeowners");
    let mut count = 0;
    for file in std::fs::read_dir(folder).unwrap() {
        let text = String::from_utf8_lossy(&std::fs::read(file.unwrap().path()).unwrap()).into_owned();
        let (codeowners, _) = parse("CODEOWNERS", &text);
        for path in text.lines() {
            let _ = codeowners.owners_of(path);
        }
        count += 1;
    }
    assert!(count >= 3);
}
