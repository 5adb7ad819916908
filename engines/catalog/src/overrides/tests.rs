#![allow(clippy::unwrap_used, clippy::expect_used)]

use model::Finding;
use proptest::prelude::*;

use super::*;

const EXAMPLE: &str = "\
overrides:
  - repositories: [payments-*, legacy/ledger]
    paths: [services/**]
    owner: payments
    type: service
    system: checkout
    lifecycle: production
  - repositories: playground-*
    ignore: true
  - repositories: monorepo
    paths: services/api
    name: payments-api
    owner: user:ops/jo
teams:
  payments: ['@acme/payments', payments@acme.example]
  ops/night: ['@acme/night']
bots: [ci-*, 'dependabot[bot]']
internal:
  registries: [registry.acme.example]
  hosts: ['*.acme.example']
";

fn report(findings: &[Finding]) -> String {
    let line = |f: &Finding| format!("{} [{}]\n  {}\n  → {}\n", f.location(), f.rule, f.message, f.help);
    findings.iter().map(line).collect()
}

#[test]
fn the_example_is_read_whole() {
    let (overrides, findings) = parse(FILE_NAME, EXAMPLE);
    assert!(findings.is_empty(), "{}", report(&findings));
    assert_eq!(overrides.rules.len(), 3);
    assert_eq!(overrides.rules[1].repositories, [Pattern { text: "playground-*".to_owned(), line: 8, column: 19 }]);
    let owner = overrides.rules[2].set.owner.as_ref().unwrap();
    assert_eq!((owner.value.to_string().as_str(), owner.line, owner.column), ("user:ops/jo", 13, 12));
    assert_eq!(overrides.teams[1].team.to_string(), "group:ops/night");
    let documented: String = include_str!("mod.rs")
        .lines()
        .skip_while(|line| *line != "//! ```yaml")
        .skip(1)
        .take_while(|line| *line != "//! ```")
        .map(|line| format!("{}\n", line.trim_start_matches("//!").strip_prefix(' ').unwrap_or_default()))
        .collect();
    let (documented, findings) = parse(FILE_NAME, &documented);
    assert!(findings.is_empty() && documented.rules.len() == 3, "{}", report(&findings));
}

#[test]
fn a_written_file_reads_back_the_same() {
    let (overrides, _) = parse(FILE_NAME, EXAMPLE);
    let written = to_yaml(&overrides);
    let (again, findings) = parse(FILE_NAME, &written);
    assert!(findings.is_empty(), "{}", report(&findings));
    assert_eq!(to_yaml(&again), written);
    insta::assert_snapshot!(written);
}

#[test]
fn everything_wrong_is_found_at_once() {
    let text = "\
override: []
overrides:
  - repository: payments
    owner: payments
  - repositories: ['[a', 7, '']
    paths: [/services, ../x, '{a']
    owner: component:x
    system: 'a:'
    name: My Service
    ignore: yes
    lifecycle:
  - repositories: x
  - text
  - repositories: []
    type: service
teams:
  payments: ['@acme/p']
  user:jo: ['@jo']
  other: ['@ACME/p']
bots: true
internal:
  host: [a]
  hosts: ['https://acme.example']
---
overrides: []
";
    let (overrides, findings) = parse(FILE_NAME, text);
    insta::assert_snapshot!(report(&findings));
    assert!(overrides.rules.is_empty(), "{:?}", overrides.rules);
    assert_eq!(overrides.teams.len(), 1);
}

#[test]
fn an_empty_file_says_nothing() {
    for text in ["", "# nothing\n", "overrides:\n", "{}"] {
        assert_eq!(
            parse("f", text),
            (Overrides { file: "f".to_owned(), ..Overrides::default() }, Vec::new()),
            "{text:?}"
        );
    }
}

proptest! {
    #[test]
    fn any_text_is_read_or_refused(cut in 0..EXAMPLE.len(), with in "[a-z\\[\\]{}:*?\\\\ \n'-]{0,8}", skip in 0..30usize) {
        let text = format!("{}{with}{}", &EXAMPLE[..cut], &EXAMPLE[(cut + skip).min(EXAMPLE.len())..]);
        for finding in parse("f", &text).1 {
            prop_assert!(finding.line >= 1 && finding.line as usize <= text.lines().count().max(1), "{:?}", finding);
        }
    }
}
