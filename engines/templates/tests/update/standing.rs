//! When a project is up to date, and when nobody may say so.

use engine_templates::lineage::Found;
use engine_templates::update::{ChangeKind, ConflictStyle, Standing, drift, standing};

use crate::support::{found, run, tree, version};

#[test]
fn it_is_current_only_with_what_the_version_renders() {
    let base = tree(&[("a", "a\n"), ("b", "b\n"), ("c", "c\n")]);
    let found = found(&base);
    let ask = |wanted: &_, questions: &[String]| {
        standing(&found, &tree(&[("a", "mine\n"), ("b", "b\n")]), None, &version('2'), wanted, questions, Some(3))
    };
    // Another commit that changes nothing for this project.
    assert_eq!(ask(&base, &[]), Standing::Current { version: version('2') });
    let Standing::Behind(behind) = ask(&tree(&[("a", "A\n"), ("b", "b\n"), ("d", "d\n")]), &[]) else { panic!() };
    let changes: Vec<_> =
        behind.changes.iter().map(|change| (change.path.as_str(), change.kind, change.edited)).collect();
    let expected =
        [("a", ChangeKind::Changed, true), ("c", ChangeKind::Deleted, true), ("d", ChangeKind::Added, false)];
    assert_eq!(changes, expected);
    assert_eq!(behind.commits, Some(3));
    let Standing::Behind(behind) = ask(&base, &["licence".to_owned()]) else { panic!() };
    assert_eq!(behind.questions, ["licence"]);
}

#[test]
fn a_conflict_has_to_be_settled_first() {
    let base = tree(&[("a", "a\n"), ("gone", "x\n")]);
    let theirs = tree(&[("a", "theirs\n")]);
    let ours = tree(&[("a", "ours\n"), ("gone", "edited\n")]);
    for style in [ConflictStyle::Inline, ConflictStyle::Rejects] {
        let outcome = run(&found(&base), &ours, &base, &theirs, style);
        let mut after = Found { lineage: outcome.lineage, ..found(&base) };
        let ask = |after: &Found, project: &_| standing(after, project, None, &version('2'), &theirs, &[], None);
        let left = vec!["a".to_owned(), "gone".to_owned()];
        assert_eq!(ask(&after, &outcome.tree), Standing::Unsettled { version: version('2'), paths: left });
        // One is resolved by hand, the other one by whoever says in the lineage that it is as it should be.
        let settled = tree(&[("a", "both\n"), ("gone", "edited\n")]);
        let left = vec!["gone".to_owned()];
        assert_eq!(ask(&after, &settled), Standing::Unsettled { version: version('2'), paths: left });
        after.lineage.unresolved.clear();
        assert_eq!(ask(&after, &settled), Standing::Current { version: version('2') });
    }
}

#[test]
fn what_cruft_says_is_not_taken_for_granted() {
    let base = tree(&[("a", "a\n")]);
    let mut found = found(&base);
    found.lineage.files.clear();
    found.recorded = false;
    let ask = |project: &_| standing(&found, project, Some(&base), &version('1'), &base, &[], None);
    assert_eq!(ask(&base), Standing::Current { version: version('1') });
    let paths = vec!["a".to_owned()];
    assert_eq!(ask(&tree(&[("a", "older\n")])), Standing::Undecided { version: version('1'), paths });
}

#[test]
fn drift_is_what_the_project_made_different() {
    let made = tree(&[("a", "a\n"), ("b", "b\n"), ("c", "c\n"), ("d", "d\n")]);
    let project = tree(&[("a", "a\n"), ("b", "B\n"), ("d*", "d\n"), ("own", "own\n")]);
    let changes: Vec<_> = drift(&made, &project).into_iter().map(|change| (change.path, change.kind)).collect();
    let expected = [("b", ChangeKind::Changed), ("c", ChangeKind::Deleted), ("d", ChangeKind::Changed)];
    assert_eq!(changes, expected.map(|(path, kind)| (path.to_owned(), kind)));
}
