//! What always holds: the order of the input does not matter, and what was assigned changes nothing.

use proptest::prelude::*;

use super::harness::*;
use super::organisation::repositories;
use crate::link::{Assignment, LinkInput, LinkRepository, link};

/// The organisation with some repositories twice under other names, so that names clash.
fn crowded() -> Vec<LinkRepository> {
    let mut all = repositories();
    let copies: Vec<LinkRepository> = repositories()
        .into_iter()
        .filter(|repository| !matches!(repository.name.as_str(), "people" | "gitops"))
        .map(|repository| LinkRepository {
            id: format!("copy-{}", repository.id),
            slug: format!("copy-{}", repository.slug),
            name: format!("copy/{}", repository.name),
            ..repository
        })
        .collect();
    all.extend(copies);
    all
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn the_order_does_not_matter(order in Just((0..crowded().len()).collect::<Vec<_>>()).prop_shuffle(), left_out in 0..crowded().len()) {
        let all: Vec<LinkRepository> = crowded().into_iter().enumerate().filter(|(at, _)| *at != left_out).map(|(_, repository)| repository).collect();
        let mut shuffled: Vec<Option<LinkRepository>> = crowded().into_iter().map(Some).collect();
        shuffled[left_out] = None;
        let shuffled: Vec<LinkRepository> = order.into_iter().filter_map(|at| shuffled[at].take()).collect();
        prop_assert_eq!(catalog(all), catalog(shuffled));
    }

    #[test]
    fn references_are_given_once(first in prop::collection::vec(any::<bool>(), crowded().len())) {
        // Some repositories are read before the others, whose names are listed already.
        let early = crowded().into_iter().zip(&first).map(|(repository, read)| {
            if *read { repository } else { LinkRepository { draft: None, ..repository } }
        });
        let before = catalog(early);
        let after = link(&LinkInput { assignments: before.assignments.clone(), ..input(crowded()) });
        for assignment in &before.assignments {
            let still = after.assignments.iter().find(|known| known.repository == assignment.repository && known.path == assignment.path && known.kind == assignment.kind);
            prop_assert!(still.is_none_or(|known| known.reference == assignment.reference), "{:?} became {:?}", assignment, still);
        }
    }
}

#[test]
fn feeding_assignments_back_changes_nothing() {
    let first = catalog(crowded());
    let mut assignments: Vec<Assignment> = first.assignments.clone();
    let second = link(&LinkInput { assignments: assignments.clone(), ..input(crowded()) });
    assert!(second.assignments.is_empty(), "{:?}", second.assignments);
    assert_eq!(first.entities, second.entities);
    assignments.reverse();
    let third = link(&LinkInput { assignments, ..input(crowded()) });
    assert_eq!(second, third);
}
