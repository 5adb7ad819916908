//! The ladder of owners.

use model::EntityRef;
use model::catalog::Correction;
use model::repository::AuthorCommits;
use sha2::{Digest, Sha256};

use super::harness::*;
use crate::link::{LinkInput, LinkRepository, link};

const TEAMS: &str = "apiVersion: backstage.io/v1alpha1\nkind: Group\nmetadata:\n  name: payments\nspec:\n  type: team\n  children: []\n  members: [ann, ben]\n---\n\
                     apiVersion: backstage.io/v1alpha1\nkind: Group\nmetadata:\n  name: tides\nspec:\n  type: team\n  children: []\n  members: [cem]\n---\n\
                     apiVersion: backstage.io/v1alpha1\nkind: User\nmetadata:\n  name: ann\nspec:\n  memberOf: [payments]\n  profile: {email: ann@example.org}\n";

fn people() -> LinkRepository {
    repository("people", &[("catalog-info.yaml", TEAMS)])
}

fn ledger(extra: Files) -> LinkRepository {
    let mut files = vec![("Procfile", "web: x\n"), ("a.py", "x"), ("b.py", "x")];
    files.extend(extra.iter().copied());
    repository("ledger", &files)
}

fn owner(extra: Files) -> (String, String) {
    let linked = catalog([people(), ledger(extra)]);
    (linked.field("component:default/ledger", "owner"), linked.rule("component:default/ledger", "/spec/owner"))
}

#[test]
fn codeowners_name_teams() {
    let table: &[(&str, &str, &str)] = &[
        ("* @harbour/payments\n", "payments", "owner.codeowners"),
        ("* @harbour/somebody-else\n", "unknown?group:default/somebody-else", ""),
        ("/docs/ @harbour/payments\n", "unknown", ""),
        ("* @harbour/payments @harbour/tides\n", "unknown?group:default/payments", ""),
        ("* @ann @ben\n", "payments", "owner.codeowners-people"),
        ("* @ann @cem\n", "unknown", ""),
        ("* @stranger\n", "unknown", ""),
        ("* ann@example.org\n", "payments", "owner.codeowners-people"),
        ("", "unknown", ""),
    ];
    for (text, expected, rule) in table {
        assert_eq!(owner(&[("CODEOWNERS", text)]), ((*expected).to_owned(), (*rule).to_owned()), "{text}");
    }
}

#[test]
fn teams_that_only_codeowners_name_are_shown() {
    let linked = catalog([ledger(&[("CODEOWNERS", "* @harbour/pilots\n/x @dana\n")])]);
    let pilots = linked.get("group:default/pilots");
    assert_eq!(pilots.repository, None);
    assert_eq!(pilots.entity.metadata.annotations["github.com/team-slug"], "harbour/pilots");
    assert_eq!(linked.field("component:default/ledger", "owner"), "unknown?group:default/pilots");
    linked.get("user:default/dana");
}

#[test]
fn the_descriptor_goes_before_everything() {
    let descriptor = "apiVersion: backstage.io/v1alpha1\nkind: Component\nmetadata:\n  name: books\nspec:\n  type: service\n  lifecycle: production\n  owner: tides\n";
    let input = LinkInput {
        corrections: vec![correction("component:default/books", "/spec/owner", Some("payments"))],
        ..input([people(), ledger(&[("CODEOWNERS", "* @harbour/payments\n"), ("catalog-info.yaml", descriptor)])])
    };
    let linked = link(&input);
    assert_eq!(linked.field("component:default/books", "owner"), "tides");
    let finding = &linked.get("component:default/books").findings[0];
    assert_eq!((finding.rule.as_str(), finding.line), ("correction.contradicts", 8));
}

fn correction(reference: &str, field: &str, value: Option<&str>) -> Correction {
    let reference: EntityRef = reference.parse().unwrap();
    Correction { reference, field: field.to_owned(), value: value.map(str::to_owned), by: "operator".to_owned(), at: 1 }
}

#[test]
fn a_person_goes_before_overrides_and_these_before_inference() {
    let overrides = "overrides:\n  - repositories: [ledger]\n    owner: tides\n";
    let files: Files = &[("CODEOWNERS", "* @harbour/payments\n"), ("slipway.overrides.yaml", overrides)];
    let (value, rule) = owner(files);
    assert_eq!((value.as_str(), rule.as_str()), ("tides", "owner.override"));
    let corrected = LinkInput {
        corrections: vec![correction("component:default/ledger", "/spec/owner", Some("group:default/payments"))],
        ..input([people(), ledger(files)])
    };
    let linked = link(&corrected);
    assert_eq!(linked.field("component:default/ledger", "owner"), "payments");
    assert_eq!(linked.rule("component:default/ledger", "/spec/owner"), "owner.correction");
}

/// Commits of each person, as the facts count them.
fn committed(mut repository: LinkRepository, commits: &[(&str, u32)]) -> LinkRepository {
    let hash = |identity: &str| Sha256::digest(identity).iter().take(8).map(|byte| format!("{byte:02x}")).collect();
    let authors = commits.iter().map(|(identity, commits)| AuthorCommits { author: hash(identity), commits: *commits });
    repository.facts.people.authors = authors.collect();
    repository
}

#[test]
fn activity_is_only_a_guess() {
    let table: &[(&[(&str, u32)], &str)] = &[
        (&[("ann@example.org", 60), ("stranger", 40)], "unknown?group:default/payments"),
        (&[("ann@example.org", 40), ("stranger", 60)], "unknown"),
        (&[("stranger", 60)], "unknown"),
        (&[], "unknown"),
    ];
    for (commits, expected) in table {
        let linked = catalog([people(), committed(ledger(&[]), commits)]);
        assert_eq!(linked.field("component:default/ledger", "owner"), *expected, "{commits:?}");
    }
}

#[test]
fn who_is_active_everywhere_counts_for_nobody() {
    let others = (0..25).map(|number| {
        let name = format!("other-{number}");
        committed(repository(&name, &[("README.md", "x")]), &[("ann@example.org", 1)])
    });
    let linked = catalog(others.chain([people(), committed(ledger(&[]), &[("ann@example.org", 60)])]));
    assert_eq!(linked.field("component:default/ledger", "owner"), "unknown");
}

#[test]
fn a_rejected_guess_stays_away() {
    let input = LinkInput {
        corrections: vec![correction("component:default/ledger", "/spec/owner", None)],
        ..input([people(), ledger(&[("CODEOWNERS", "* @harbour/payments @harbour/tides\n")])])
    };
    assert_eq!(link(&input).field("component:default/ledger", "owner"), "unknown");
}
