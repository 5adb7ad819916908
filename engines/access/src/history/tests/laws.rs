//! What holds for every history.

use std::collections::{BTreeMap, BTreeSet};

use proptest::prelude::*;

use super::*;
use crate::atom::Atom;
use crate::export::{Granted, granted};
use crate::report::held;
use crate::terms::Decision;

/// Every kind of event, each in the forms that lead elsewhere.
fn alphabet() -> Vec<(&'static str, &'static str, Action)> {
    let later = Opening { starts: Some(hours(24 * 30)), ..opening("auto") };
    let later_if = Opening { starts: Some(hours(24 * 30)), ..opening("one") };
    let broke = || Action::BrokeGlass { opening: Box::new(opening("one")), incident: "INC-7".to_owned() };
    let denied = || Action::Denied { capacities: of(&["owner"]), reason: reason() };
    let original = Original { approved_by: "somebody".to_owned(), approved_at: start(), source: "sheet".to_owned() };
    let imported = Action::Imported { opening: Box::new(opening("one")), original };
    vec![
        ("asker", "r1", requested("auto")),
        ("asker", "r1", requested("one")),
        ("asker", "r1", requested("two")),
        ("asker", "r1", Action::Requested { opening: Box::new(later) }),
        ("asker", "r1", Action::Requested { opening: Box::new(later_if) }),
        ("asker", "r2", requested("auto")),
        ("asker", "r2", requested("one")),
        ("asker", "r1", broke()),
        ("asker", "r1", imported),
        ("ann", "r1", approved(&["owner"])),
        ("ann", "r2", approved(&["owner"])),
        ("ben", "r1", approved(&[SECURITY])),
        ("author", "r1", approved(&["owner"])),
        ("ann", "r1", denied()),
        ("asker", "r1", Action::Withdrawn { reason: reason() }),
        ("ann", "r1", Action::ProviderWithdrew { reason: reason() }),
        ("ann", "r1", Action::Revoked { reason: reason() }),
        ("ann", "r1", Action::Suspended { reason: reason() }),
        ("ann", "r1", Action::Resumed { capacities: of(&["owner"]), reason: reason() }),
        ("ann", "r1", Action::Recertified { capacities: of(&["owner"]), reason: reason() }),
        ("ann", "r1", Action::Ratified { capacities: of(&["owner"]), reason: reason() }),
        ("asker", "r1", Action::Shortened { until: hours(24 * 40) }),
        ("asker", "r1", Action::Shortened { until: hours(24 * 10) }),
    ]
}

#[test]
fn what_was_written_is_read_as_the_same() {
    let list: Vec<_> = alphabet().into_iter().map(|(who, request, action)| (1, who, request, action)).collect();
    for event in events(&list) {
        let written = serde_json::to_string(&event).unwrap();
        assert_eq!(serde_json::from_str::<Event>(&written).unwrap(), event, "{written}");
    }
    insta::assert_json_snapshot!(events(&list)[3]);
}

type Seen = BTreeSet<(Option<State>, Kind, State)>;

/// Goes everywhere that four events and the clock lead to.
fn walk(list: &mut Vec<(i64, &'static str, &'static str, Action)>, depth: usize, seen: &mut Seen) {
    let hour = list.last().map_or(0, |last| last.0);
    for later in [0, 24, 24 * 20, 24 * 60] {
        for (who, request, action) in alphabet() {
            list.push((hour + later, who, request, action));
            let all = events(list);
            let history = now(&all, hours(hour + later));
            let later = fold(&all, hours(24 * 400));
            for step in history.cases.iter().chain(&later.cases).flat_map(|case| &case.timeline) {
                seen.insert((step.from, step.kind, step.to));
            }
            // What changed nothing leads nowhere else.
            let last = format!("e{}", list.len() - 1);
            if depth > 1 && history.skipped.iter().all(|skipped| skipped.event != last) {
                walk(list, depth - 1, seen);
            }
            list.pop();
        }
    }
}

#[test]
fn every_line_of_the_table_is_reached_and_nothing_else_is() {
    let mut seen = Seen::new();
    walk(&mut Vec::new(), 3, &mut seen);
    // What takes two requests, of which one was decided.
    let mut begin = vec![(0, "asker", "r1", requested("auto")), (0, "asker", "r2", requested("one"))];
    walk(&mut begin, 2, &mut seen);
    let states = || [None].into_iter().chain(State::ALL.map(Some));
    let table: Seen = states()
        .flat_map(|from| Kind::ALL.map(|kind| next(from, kind).iter().map(move |to| (from, kind, *to))))
        .flatten()
        .collect();
    let unreached: Vec<_> = table.difference(&seen).collect();
    let unknown: Vec<_> = seen.difference(&table).collect();
    assert!(unreached.is_empty() && unknown.is_empty(), "unreached {unreached:?}, unknown {unknown:?}");
    let mut text = String::new();
    for (from, kind, to) in &table {
        let from = from.map_or("–", State::as_str);
        text += &format!("{from} | {kind:?} | {}\n", to.as_str());
    }
    insta::assert_snapshot!(text);
}

/// What the policy asks for, found by trying every seat for everybody.
fn is_enough(needs: &[Approvers], people: &[&Capacities]) -> bool {
    let Some((need, rest)) = needs.split_first() else { return true };
    (0..people.len()).any(|index| {
        let others: Vec<_> = people.iter().enumerate().filter(|(at, _)| *at != index).map(|(_, one)| *one).collect();
        people[index].contains(need) && is_enough(rest, &others)
    })
}

fn any_events() -> impl Strategy<Value = Vec<Event>> {
    let people = ["asker", "author", "ann", "ben", "cleo", "bot"];
    let groups: [&[&str]; 4] = [&["owner"], &[SECURITY], &["owner", SECURITY], &[]];
    let one = (0..6usize, 0..3usize, 0..alphabet().len(), 0..4usize, 0..72i64);
    prop::collection::vec(one, 0..24).prop_map(move |list| {
        let mut hour = 0;
        let mut actions = Vec::new();
        for (who, request, action, group, later) in list {
            // Time stands still half of the time.
            hour += if later % 2 == 0 { 0 } else { later * 4 };
            let (by, _, mut action) = alphabet().swap_remove(action);
            if let Action::Approved { capacities, .. } | Action::Denied { capacities, .. } = &mut action {
                *capacities = of(groups[group]);
            }
            let opens = matches!(action.kind(), Kind::Requested | Kind::BrokeGlass | Kind::Imported);
            actions.push((hour, if opens { by } else { people[who] }, ["r1", "r2", "r3"][request], action));
        }
        events(&actions)
    })
}

proptest! {
    #[test]
    fn no_grant_without_its_approvals(all in any_events()) {
        let history = fold(&all, hours(24 * 500));
        let sequence: BTreeMap<&str, u64> = all.iter().map(|event| (event.id.as_str(), event.sequence)).collect();
        for case in &history.cases {
            let Some(step) = case.timeline.iter().find(|step| matches!(step.to, State::Active | State::Scheduled)) else { continue };
            let Decision::Approvals(needs) = &case.opening.policy.decision else { continue };
            if case.origin != Kind::Requested {
                continue;
            }
            // Counted from the events alone.
            let last = sequence[step.event.as_deref().unwrap()];
            let mut words: BTreeMap<&EntityRef, Option<&Capacities>> = BTreeMap::new();
            for event in all.iter().filter(|event| event.request == case.request && event.sequence <= last) {
                let Actor::Person { user: who } = &event.actor else { continue };
                if *who == user("asker") || *who == user("author") {
                    continue;
                }
                match &event.action {
                    Action::Approved { capacities, .. } => drop(words.insert(who, Some(capacities))),
                    Action::Denied { capacities, .. } if !capacities.is_empty() => drop(words.insert(who, None)),
                    _ => {}
                }
            }
            let people: Vec<&Capacities> = words.into_values().flatten().collect();
            let needs: Vec<Approvers> = needs.iter().flat_map(|need| std::iter::repeat_n(need.from.clone(), need.count as usize)).collect();
            prop_assert!(is_enough(&needs, &people), "{:?}", case.timeline);
        }
    }

    #[test]
    fn no_event_is_lost_and_no_step_is_outside_the_table(all in any_events()) {
        let history = fold(&all, hours(24 * 500));
        let used: BTreeSet<&str> = history.cases.iter().flat_map(|case| &case.timeline).filter_map(|step| step.event.as_deref()).collect();
        let skipped: Vec<&str> = history.skipped.iter().map(|skipped| skipped.event.as_str()).collect();
        prop_assert_eq!(used.len() + skipped.len(), all.len());
        prop_assert!(skipped.iter().all(|id| !used.contains(id)));
        for case in &history.cases {
            let mut from = None;
            for step in &case.timeline {
                prop_assert_eq!(step.from, from);
                prop_assert!(next(from, step.kind).contains(&step.to), "{:?}", step);
                from = Some(step.to);
            }
            prop_assert!(case.timeline.is_sorted_by_key(|step| step.at));
        }
    }

    #[test]
    fn there_is_one_request_that_waits_and_one_grant_that_was_asked_for(all in any_events(), hour in 0..2000i64) {
        let history = fold(&all, hours(hour));
        let count = |state, glass: bool| history.cases.iter().filter(|case| case.state == state && (glass || case.origin != Kind::BrokeGlass)).count();
        prop_assert!(count(State::Pending, true) <= 1 && count(State::Active, false) <= 1, "{:?}", states(&history));
    }

    #[test]
    fn the_order_of_delivery_does_not_matter(all in any_events(), seed in any::<u64>()) {
        let mut shuffled = all.clone();
        let mut seed = seed;
        for index in (1..shuffled.len()).rev() {
            seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            shuffled.swap(index, usize::try_from(seed >> 33).unwrap() % (index + 1));
        }
        prop_assert_eq!(fold(&all, hours(1000)), fold(&shuffled, hours(1000)));
    }

    #[test]
    fn approvals_at_the_same_instant_commute(
        all in any_events(),
        at in any::<prop::sample::Index>(),
        request in prop::sample::select(vec!["r1", "r2", "r3"]),
        capacities in prop::collection::vec(prop::sample::select(vec![&["owner"][..], &[SECURITY], &["owner", SECURITY]]), 2),
    ) {
        let at = at.index(all.len() + 1);
        let hour = if at == 0 { start() } else { all[at - 1].at };
        let outcome = |order: [usize; 2]| {
            let approval = |index: usize| Event {
                id: format!("approval {index}"),
                sequence: 0,
                at: hour,
                actor: person(["dora", "emil"][index]),
                request: request.to_owned(),
                action: approved(capacities[index]),
                commit: None,
            };
            let mut events = all.clone();
            events.splice(at..at, order.map(approval));
            for (event, sequence) in events.iter_mut().zip(0..) {
                event.sequence = sequence;
            }
            let history = fold(&events, hours(24 * 500));
            history.cases.into_iter().map(|case| (case.state, case.ends, case.granted_at)).collect::<Vec<_>>()
        };
        prop_assert_eq!(outcome([0, 1]), outcome([1, 0]));
    }

    #[test]
    fn the_past_stays_as_it_was(all in any_events(), cut in any::<prop::sample::Index>()) {
        prop_assume!(!all.is_empty());
        let cut = cut.index(all.len());
        let before = all[cut].at.checked_sub(SignedDuration::from_nanos(1)).unwrap();
        let known: Vec<Event> = all.iter().filter(|event| event.at <= before).cloned().collect();
        prop_assert_eq!(fold(&known, before), fold(&all, before));
    }

    #[test]
    fn what_somebody_could_not_know_was_taken_away(all in any_events(), early in 0..4000i64, later in 0..4000i64) {
        let (was, is) = (fold(&all, hours(early)), fold(&all, hours(early + later)));
        let believed = was.known().at(hours(early + later)).state == Standing::Active;
        let holds = is.known().state == Standing::Active;
        prop_assert!(is.taken_away() >= was.taken_away());
        prop_assert!(!believed || holds || is.taken_away() > was.taken_away(), "{was:#?} {is:#?}");
    }

    #[test]
    fn what_was_held_on_a_day_is_known_without_folding_to_it(all in any_events(), hour in 0..4000i64) {
        let atom = Atom {
            consumer: EntityRef::new("component", "default", "shop"),
            api: EntityRef::new("api", "default", "users"),
            scope: "read".to_owned(),
            environment: "production".to_owned(),
        };
        let at = hours(hour);
        let held = held(&atom, &fold(&all, Timestamp::MAX));
        let known: Vec<_> = held.iter().filter(|held| held.is_at(at)).map(|held| (&held.request, held.since, held.until, &held.approved_by)).collect();
        let history = fold(&all, at);
        let granted: Vec<Granted> = granted(&atom, &history).collect();
        let expected: Vec<_> = granted.iter().map(|one| (&one.request, one.since, one.expires, &one.approved_by)).collect();
        prop_assert_eq!(known, expected);
        // Nothing is held for ever: the clock ends it.
        prop_assert!(held.iter().all(|held| held.to.is_some()));
    }
}
