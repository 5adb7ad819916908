//! The checklist of security requirements (`docs/asvs.md`) says what is true: each test and place that it names is there,
//! no requirement is missing or named twice, and its counts are those of its rows.

use std::collections::BTreeSet;
use std::fs;

use anyhow::{Context, Result, bail};

use crate::command::output;
use crate::workspace::root;

const CHECKLIST: &str = "docs/asvs.md";
/// They name tests too, by the name alone.
const OTHERS: [&str; 2] = ["SECURITY.md", "ARCHITECTURE.md"];
/// Requirements of level 1 and level 2 in ASVS 5.0.0.
const REQUIREMENTS: usize = 70 + 183;

/// One requirement that applies.
#[derive(Debug, PartialEq, Eq)]
struct Row<'a> {
    number: &'a str,
    verdict: &'a str,
    how: &'a str,
}

/// What the checklist says, without its words.
#[derive(Debug, Default)]
struct Checklist<'a> {
    rows: Vec<Row<'a>>,
    /// Those that do not apply.
    others: Vec<&'a str>,
    /// Applies, test, design, not yet, does not apply.
    counts: Vec<usize>,
}

/// Fails with everything that is named and not there.
pub fn check() -> Result<()> {
    let mut git = std::process::Command::new("git");
    git.current_dir(root()).args(["ls-files", "--cached", "--others", "--exclude-standard"]);
    let listed = output(&mut git)?;
    let files: BTreeSet<&str> = listed.lines().collect();
    let read = |path: &str| fs::read_to_string(root().join(path)).with_context(|| format!("{path} could not be read"));
    let text = read(CHECKLIST)?;
    let checklist = parse(&text);
    let mut wrong = miscounted(&checklist);
    let mut tests = 0;
    for row in &checklist.rows {
        let mut named = [0, 0];
        for name in marked(row.how) {
            let missing = match name.split_once("::") {
                Some((path, test)) if files.contains(path) => {
                    named[0] += 1;
                    !is_test(path, &read(path)?, test)
                }
                Some((path, _)) => path.contains('/'),
                None => {
                    let is_there = files.contains(name) || is_folder(&files, name);
                    named[1] += usize::from(is_there);
                    looks_like_a_path(&files, name) && !is_there
                }
            };
            if missing {
                wrong.push(format!("{}: there is no {name}", row.number));
            }
        }
        tests += named[0];
        match row.verdict {
            "test" if named[0] == 0 => wrong.push(format!("{}: it names no test", row.number)),
            "design" if named == [0, 0] => wrong.push(format!("{}: it names no place", row.number)),
            _ => {}
        }
    }
    let sources: Vec<&str> = files.iter().copied().filter(|path| path.ends_with(".rs")).collect();
    let code = sources.into_iter().map(read).collect::<Result<Vec<_>>>()?;
    for path in OTHERS {
        for name in marked(&read(path)?).into_iter().filter(|name| reads_like_a_test(name)) {
            if !code.iter().any(|text| text.contains(&format!("fn {name}("))) {
                wrong.push(format!("{path}: there is no {name}"));
            }
        }
    }
    if !wrong.is_empty() {
        bail!("the checklist says what is not so:\n  {}", wrong.join("\n  "));
    }
    eprintln!("   {} requirements, {tests} tests named, all there", checklist.rows.len() + checklist.others.len());
    Ok(())
}

/// Rows have five cells (number, level, what is asked, verdict, how) or two (numbers, why they do not apply); the counts are
/// five numbers.
fn parse(text: &str) -> Checklist<'_> {
    let mut checklist = Checklist::default();
    for line in text.lines().filter_map(|line| line.strip_prefix('|')?.strip_suffix('|')) {
        let cells: Vec<&str> = line.split('|').map(str::trim).collect();
        match cells.as_slice() {
            [number, _, _, verdict, how] if is_number(number) => {
                checklist.rows.push(Row { number, verdict, how });
            }
            [numbers, _] if numbers.split(',').all(|number| is_number(number.trim())) => {
                checklist.others.extend(numbers.split(',').map(str::trim));
            }
            counts if counts.len() == 5 => {
                let counts: Vec<usize> = counts.iter().filter_map(|count| count.parse().ok()).collect();
                if counts.len() == 5 {
                    checklist.counts = counts;
                }
            }
            _ => {}
        }
    }
    checklist
}

/// `6.2.11`
fn is_number(text: &str) -> bool {
    let parts: Vec<&str> = text.split('.').collect();
    parts.len() == 3 && parts.iter().all(|part| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit()))
}

fn miscounted(checklist: &Checklist<'_>) -> Vec<String> {
    let mut wrong = Vec::new();
    let mut seen = BTreeSet::new();
    for number in checklist.rows.iter().map(|row| row.number).chain(checklist.others.iter().copied()) {
        if !seen.insert(number) {
            wrong.push(format!("{number} stands there twice"));
        }
    }
    if seen.len() != REQUIREMENTS {
        wrong.push(format!("{} of {REQUIREMENTS} requirements are there", seen.len()));
    }
    let known = ["test", "design", "not yet"];
    for row in checklist.rows.iter().filter(|row| !known.contains(&row.verdict)) {
        wrong.push(format!("{}: {:?} is none of {}", row.number, row.verdict, known.join(", ")));
    }
    let of = |verdict: &str| checklist.rows.iter().filter(|row| row.verdict == verdict).count();
    let counted = [checklist.rows.len(), of(known[0]), of(known[1]), of(known[2]), checklist.others.len()];
    if checklist.counts != counted {
        wrong.push(format!("its counts are {:?}, and its rows make {counted:?}", checklist.counts));
    }
    wrong
}

/// What stands between backticks.
fn marked(text: &str) -> Vec<&str> {
    text.lines().flat_map(|line| line.split('`').skip(1).step_by(2)).collect()
}

fn is_folder(files: &BTreeSet<&str>, name: &str) -> bool {
    name.contains('/') && files.iter().any(|file| file.starts_with(&format!("{}/", name.trim_end_matches('/'))))
}

/// `server/src/http`, `deny.toml`, and not `/me/tokens` or `application/json`.
fn looks_like_a_path(files: &BTreeSet<&str>, name: &str) -> bool {
    let plain = name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"/._-".contains(&byte));
    let first = name.split('/').next().unwrap_or_default();
    let is_ours = || files.iter().any(|file| file.split_once('/').is_some_and(|(top, _)| top == first));
    let is_file = [".md", ".toml", ".lock", ".rs", ".ts"].iter().any(|ending| name.ends_with(ending));
    plain && !first.is_empty() && (is_file || name.contains('/') && is_ours())
}

/// Names of tests are sentences.
fn reads_like_a_test(name: &str) -> bool {
    name.matches('_').count() >= 3 && name.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'_')
}

/// Whether a file holds a test of this name: a function of Rust's or of our macros, or the title of a browser test.
fn is_test(path: &str, text: &str, name: &str) -> bool {
    if path.ends_with(".ts") {
        return ['"', '`', '\''].iter().any(|quote| text.contains(&format!("test({quote}{name}{quote}")));
    }
    let lines: Vec<&str> = text.lines().collect();
    let Some(at) = lines.iter().position(|line| line.contains(&format!("fn {name}("))) else { return false };
    let above = || lines[..at].iter().rev().map(|line| line.trim_end());
    let has_attribute =
        above().take_while(|line| line.trim_start().starts_with("#[")).any(|line| is_attribute(line.trim()));
    let in_macro =
        above().find(|line| !line.is_empty() && !line.starts_with(' ')).is_some_and(|line| line.contains("db_test! {"));
    has_attribute || in_macro
}

/// `#[test]`, `#[tokio::test(flavor = "multi_thread")]`
fn is_attribute(line: &str) -> bool {
    let inner = line.trim_start_matches("#[").split(['(', ']']).next().unwrap_or_default();
    inner == "test" || inner.ends_with("::test")
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "\
| number | level | asked | held by | how |
|---|---|---|---|---|
| 1.1.1 | 2 | decoded once | test | `a/b.rs::holds` |
| 1.1.2 | 2 | encoded last | not yet | nothing |

| numbers | why |
|---|---|
| 1.2.6, 1.2.7 | no LDAP |

| applies | test | design | not yet | does not apply |
|---|---|---|---|---|
| 2 | 1 | 0 | 1 | 2 |
";

    #[test]
    fn rows_and_counts_are_read() {
        let checklist = parse(TEXT);
        assert_eq!(checklist.rows.len(), 2);
        assert_eq!(checklist.rows[0], Row { number: "1.1.1", verdict: "test", how: "`a/b.rs::holds`" });
        assert_eq!(checklist.others, ["1.2.6", "1.2.7"]);
        assert_eq!(checklist.counts, [2, 1, 0, 1, 2]);
        assert_eq!(miscounted(&checklist), [format!("4 of {REQUIREMENTS} requirements are there")]);
        let twice = TEXT.replace("1.1.2", "1.1.1").replace("not yet | nothing", "perhaps | nothing");
        let wrong = miscounted(&parse(&twice)).join("\n");
        for part in ["1.1.1 stands there twice", "\"perhaps\" is none of", "its rows make [2, 1, 0, 0, 2]"] {
            assert!(wrong.contains(part), "{part}: {wrong}");
        }
    }

    #[test]
    fn a_test_is_told_from_what_is_only_called_so() {
        let rust = "#[test]\n#[ignore]\nfn plain() {}\n\n    #[tokio::test(flavor = \"multi_thread\")]\n    async fn threads() {}\n\n\
                    crate::db_test! {\n    async fn stored(portal: Portal) {\n    }\n\n    async fn second() {\n    }\n}\n\nfn helper() {}\n";
        for name in ["plain", "threads", "stored", "second"] {
            assert!(is_test("a.rs", rust, name), "{name}");
        }
        for name in ["helper", "lain", "gone"] {
            assert!(!is_test("a.rs", rust, name), "{name}");
        }
        assert!(is_test(
            "a.spec.ts",
            "test(\"somebody signs in, and out\", async () => {",
            "somebody signs in, and out"
        ));
        assert!(!is_test("a.spec.ts", "test.skip(\"somebody\")", "somebody"));
    }

    #[test]
    fn places_are_told_from_addresses_of_pages() {
        let files = BTreeSet::from(["server/src/main.rs", "deny.toml"]);
        for (name, expected) in [
            ("server/src/http", true),
            ("server/src/main.rs", true),
            ("gone.toml", true),
            ("/me/tokens", false),
            ("application/json", false),
            ("people.public", false),
            ("default-src 'none'", false),
        ] {
            assert_eq!(looks_like_a_path(&files, name), expected, "{name}");
        }
        assert!(is_folder(&files, "server/src") && !is_folder(&files, "server/sr") && !is_folder(&files, "server"));
        assert_eq!(marked("a `b` and `c d`\n`e`"), ["b", "c d", "e"]);
        assert!(reads_like_a_test("what_is_so_is_said") && !reads_like_a_test("may_read"));
    }
}
