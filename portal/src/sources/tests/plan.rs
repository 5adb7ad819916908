//! The plan as a function: what a listing leaves out, case by case.

use std::collections::HashMap;

use super::super::plan::{AS_HIDDEN, KEPT_OUT_OF_SIGHT, Plan, WAITS, plan};
use super::*;
use crate::settings::{GitHubOwner, GitHubSettings};

const NOW: i64 = 1_767_225_600_000;

fn source() -> SourceSettings {
    let kind = SourceKind::GitHub(GitHubSettings::new(GitHubOwner::Organisation("acme".to_owned())));
    SourceSettings::new("acme", kind, Visibility::Public)
}

fn known(number: usize) -> Known {
    Known {
        id: format!("id{number}"),
        source: "acme".to_owned(),
        slug: format!("r{number}"),
        name: format!("r{number}"),
        stable_key: format!("github:github.com:{number}"),
        visibility: "public".to_owned(),
        ..Known::default()
    }
}

fn out_of_sight(number: usize, since: i64, word: Option<&str>) -> Known {
    Known {
        visibility: "signed-in".to_owned(),
        unseen_since: Some(since),
        unseen_as: Some(AS_HIDDEN.to_owned()),
        unseen_why: Some("is hidden".to_owned()),
        unseen_word: word.map(str::to_owned),
        ..known(number)
    }
}

fn planned(known: &[Known], fates: &[(usize, Fate)], coverage: Coverage) -> Plan {
    let missing = fates.iter().map(|(number, fate)| Missing {
        stable_key: format!("github:github.com:{number}"),
        fate: fate.clone(),
        seen_under: None,
    });
    let listing = Listing { repositories: Vec::new(), coverage, missing: missing.collect(), findings: Vec::new() };
    let source = source();
    plan(known, &[(&source, listing)], &HashMap::new(), NOW, &mut || panic!("nothing is new"))
}

/// Ids that go, and ids that are out of sight with their words.
type Outcome<'p> = (Vec<&'p str>, Vec<(&'p str, Option<&'p str>)>);

fn outcome(plan: &Plan) -> Outcome<'_> {
    let gone = plan.gone.iter().map(|gone| gone.id.as_str()).collect();
    (gone, plan.unseen.iter().map(|row| (row.id.as_str(), row.unseen_word.as_deref())).collect())
}

fn gone() -> Fate {
    Fate::Gone("is gone".to_owned())
}

fn hidden() -> Fate {
    Fate::Hidden("is hidden".to_owned())
}

#[test]
fn one_by_one() {
    let long_ago = NOW - KEPT_OUT_OF_SIGHT;
    let kept_as_gone = planned(&[out_of_sight(1, long_ago, Some("kept"))], &[(1, gone())], Coverage::Unproven);
    let kept_as_gone = Known { unseen_word: Some("kept".to_owned()), ..kept_as_gone.unseen[0].clone() };
    let goes: Outcome = (vec!["id1"], vec![]);
    let table: Vec<(Known, Option<Fate>, Outcome)> = vec![
        (known(1), None, (vec![], vec![])),
        (known(1), Some(gone()), goes.clone()),
        (known(1), Some(Fate::Left("was transferred".to_owned())), goes.clone()),
        (known(1), Some(hidden()), (vec![], vec![("id1", None)])),
        // Out of sight already: nothing new, gone after all, gone after its time.
        (out_of_sight(1, NOW - 5, None), Some(hidden()), (vec![], vec![])),
        (out_of_sight(1, NOW - 5, None), Some(gone()), goes.clone()),
        (out_of_sight(1, long_ago, None), None, goes.clone()),
        (out_of_sight(1, long_ago + 1, None), None, (vec![], vec![])),
        // Those of which a person is to speak, or has spoken, stay; it is asked again when they are another case.
        (out_of_sight(1, long_ago, Some(WAITS)), Some(hidden()), (vec![], vec![])),
        (out_of_sight(1, long_ago, Some(WAITS)), Some(gone()), (vec![], vec![("id1", Some(WAITS))])),
        (out_of_sight(1, long_ago, Some("kept")), Some(hidden()), (vec![], vec![])),
        (out_of_sight(1, long_ago, Some("kept")), Some(gone()), (vec![], vec![("id1", Some(WAITS))])),
        (kept_as_gone, Some(gone()), (vec![], vec![])),
    ];
    for (row, fate, expected) in table {
        let fates: Vec<(usize, Fate)> = fate.iter().map(|fate| (1, fate.clone())).collect();
        let plan = planned(std::slice::from_ref(&row), &fates, Coverage::Unproven);
        assert_eq!(outcome(&plan), expected, "{row:?} {fate:?}");
        // Nothing goes by its time while nothing can be listed.
        assert_eq!(outcome(&planned(&[row], &[], Coverage::Failed("down".to_owned()))), (vec![], vec![]));
    }
}

#[test]
fn many_at_once_wait() {
    let rows: Vec<Known> = (0..400).map(known).collect();
    let fates = |count: usize, fate: &Fate| (0..count).map(|number| (number, fate.clone())).collect::<Vec<_>>();
    let waiting = |plan: &Plan| plan.unseen.iter().filter(|row| row.unseen_word.as_deref() == Some(WAITS)).count();
    // Five, or two in a hundred.
    for (all, count, expected) in [(20, 5, 0), (20, 6, 6), (400, 8, 0), (400, 9, 9)] {
        for fate in [gone(), hidden()] {
            let plan = planned(&rows[..all], &fates(count, &fate), Coverage::Unproven);
            assert_eq!(waiting(&plan), expected, "{count} of {all} {fate:?}");
            assert!(expected == 0 || plan.gone.is_empty());
        }
        // What was transferred or is not wanted is certain.
        let plan = planned(&rows[..all], &fates(count, &Fate::Left("is elsewhere".to_owned())), Coverage::Unproven);
        assert_eq!((plan.gone.len(), plan.unseen.len()), (count, 0));
    }
    // What went minutes ago counts with what goes now.
    let mut rows = rows[..20].to_vec();
    for row in &mut rows[10..14] {
        row.gone_at = Some(NOW - 60_000);
    }
    let plan = planned(&rows, &fates(2, &gone()), Coverage::Unproven);
    assert_eq!((waiting(&plan), plan.gone.len()), (2, 0));
}

#[test]
fn who_may_see_it_is_never_more_than_before() {
    for (before, expected) in [("public", "signed-in"), ("signed-in", "signed-in"), ("readers", "readers")] {
        let row = Known { visibility: before.to_owned(), ..known(1) };
        assert_eq!(planned(&[row], &[(1, hidden())], Coverage::Unproven).unseen[0].visibility, expected);
    }
}
