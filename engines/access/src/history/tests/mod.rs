#![allow(clippy::unwrap_used)]

mod laws;

use jiff::{SignedDuration, Timestamp};
use model::EntityRef;
use serde_json::json;

use super::*;
use crate::review::{Actor, Capacities};
use crate::terms::{Approvers, Policy, Sensitivity};
use crate::time::Ends;

fn start() -> Timestamp {
    "2026-11-26T12:00:00Z".parse().unwrap()
}

fn hours(count: i64) -> Timestamp {
    start() + SignedDuration::from_hours(count)
}

fn user(name: &str) -> EntityRef {
    EntityRef::new("user", "default", name)
}

fn person(name: &str) -> Actor {
    Actor::Person { user: user(name) }
}

fn of(groups: &[&str]) -> Capacities {
    let group = |name: &str| if name == "owner" { Approvers::Owner } else { Approvers::Group(name.parse().unwrap()) };
    groups.iter().map(|name| group(name)).collect()
}

const SECURITY: &str = "group:default/security";

/// `auto`, `one` of the owner, or `two`: one of the owner and one of security, of whom two must deny.
fn policy(name: &str) -> Policy {
    let decision = match name {
        "auto" => json!("auto_approve"),
        "one" => json!({ "approvals": [{ "from": "owner", "count": 1 }] }),
        _ => json!({ "approvals": [{ "from": "owner", "count": 1 }, { "from": SECURITY, "count": 1 }] }),
    };
    let deny = if name == "two" { 2 } else { 1 };
    serde_json::from_value(json!({
        "decision": decision, "deny": deny, "max_ttl": "90d", "pending_ttl": "14d", "review_every": "30d", "on_no_answer": "suspend",
    }))
    .unwrap()
}

fn opening(name: &str) -> Opening {
    Opening {
        authors: [user("author")].into(),
        doubt: Some("They are as Git says.".to_owned()),
        justification: "because".to_owned(),
        ticket: None,
        sensitivity: Sensitivity::Internal,
        starts: None,
        ends: None,
        policy: policy(name),
        policy_version: None,
    }
}

fn requested(name: &str) -> Action {
    Action::Requested { opening: Box::new(opening(name)) }
}

fn approved(groups: &[&str]) -> Action {
    Action::Approved { capacities: of(groups), comment: String::new(), until: None }
}

fn reason() -> String {
    "said so".to_owned()
}

/// Events in the order of this list.
fn events(list: &[(i64, &str, &str, Action)]) -> Vec<Event> {
    let event = |(index, (hour, actor, request, action)): (usize, &(i64, &str, &str, Action))| Event {
        id: format!("e{index}"),
        sequence: index as u64,
        at: hours(*hour),
        actor: if *actor == "bot" { Actor::Bot { name: "bot".to_owned() } } else { person(actor) },
        request: (*request).to_owned(),
        action: action.clone(),
        commit: None,
    };
    list.iter().enumerate().map(event).collect()
}

fn states(history: &History) -> Vec<State> {
    history.cases.iter().map(|case| case.state).collect()
}

#[test]
fn a_person_counts_once_whatever_groups_they_are_of() {
    let both = ["owner", SECURITY];
    let table: [(&str, &[(&str, &[&str])], u32); 7] = [
        ("one of both", &[("ann", &both)], 1),
        ("the same twice", &[("ann", &both), ("ann", &both)], 1),
        ("one of both and an owner", &[("ann", &both), ("ben", &["owner"])], 0),
        ("an owner and one of both", &[("ben", &["owner"]), ("ann", &both)], 0),
        ("two owners", &[("ben", &["owner"]), ("cleo", &["owner"])], 1),
        ("the requester, an author, a bot", &[("asker", &both), ("author", &both), ("bot", &both)], 2),
        ("somebody else", &[("dan", &["group:default/other"])], 2),
    ];
    for (name, approvals, lacking) in table {
        let mut list = vec![(0, "asker", "r", requested("two"))];
        list.extend(approvals.iter().map(|(who, groups)| (1, *who, "r", approved(groups))));
        let history = now(&events(&list), hours(1));
        let case = &history.cases[0];
        let missing: u32 = case.missing().iter().map(|need| need.count).sum();
        assert_eq!(missing, lacking, "{name}");
        assert_eq!(case.state == State::Active, lacking == 0, "{name}");
        let approvals = case.approvals();
        assert_eq!((approvals.have, approvals.need), (2 - lacking, 2), "{name}");
    }
}

#[test]
fn the_last_word_of_a_person_counts() {
    let denied = Action::Denied { capacities: of(&["owner"]), reason: reason() };
    let list = [
        (0, "asker", "r", requested("two")),
        (1, "ann", "r", denied.clone()),
        (1, "ann", "r", denied.clone()),
        (2, "ann", "r", approved(&["owner"])),
        (3, "ben", "r", denied.clone()),
    ];
    let history = now(&events(&list), hours(3));
    assert_eq!(states(&history), [State::Pending]);
    let mut list = list.to_vec();
    list.push((4, "cleo", "r", denied));
    let history = now(&events(&list), hours(4));
    assert_eq!((states(&history), history.cases[0].reason.as_str()), (vec![State::Denied], "said so"));
    assert_eq!(history.may_request("because", hours(5)), Err(Refusal::Until(hours(4 + 7 * 24))));
    assert_eq!(history.may_request("another reason", hours(5)), Ok(()));
    assert_eq!(history.may_request("because", hours(4 + 7 * 24)), Ok(()));
}

#[test]
fn a_policy_that_changes_later_decides_nothing_again() {
    // The request carries the policy under which it was made; a second approval of a lenient one is skipped, not counted.
    let list = [
        (0, "asker", "r", requested("one")),
        (1, "ann", "r", approved(&["owner"])),
        (1, "ben", "r", approved(&["owner"])),
    ];
    let history = now(&events(&list), hours(1));
    assert_eq!((states(&history), history.cases[0].votes.len()), (vec![State::Active], 1));
    assert_eq!(history.skipped, [Skipped { event: "e2".to_owned(), why: Why::State(State::Active) }]);
}

#[test]
fn two_requests_for_one_atom_leave_one_that_waits_and_one_grant() {
    let list = [
        (0, "asker", "r1", requested("one")),
        (0, "other", "r2", requested("one")),
        (1, "ann", "r1", approved(&["owner"])),
        (2, "ann", "r2", approved(&["owner"])),
        (3, "asker", "r3", requested("one")),
        (3, "asker", "r3", requested("auto")),
        (4, "ann", "r3", approved(&["owner"])),
    ];
    let all = events(&list);
    let history = now(&all, hours(3));
    assert_eq!(states(&now(&all[..5], hours(3))), [State::Superseded, State::Active, State::Pending]);
    assert_eq!(states(&history), [State::Superseded, State::Superseded, State::Active]);
    let skipped: Vec<Why> = history.skipped.iter().map(|skipped| skipped.why).collect();
    assert_eq!(skipped, [Why::State(State::Superseded), Why::AlreadyOpen]);
}

#[test]
fn access_ends_at_the_earliest_of_all_that_was_said() {
    let ends = |asked: Option<Ends>, until: Option<Timestamp>| {
        let opening = Opening { ends: asked, ..opening("one") };
        let approved = Action::Approved { capacities: of(&["owner"]), comment: String::new(), until };
        let list = [(0, "asker", "r", Action::Requested { opening: Box::new(opening) }), (5, "ann", "r", approved)];
        now(&events(&list), hours(5)).cases[0].ends.unwrap()
    };
    assert_eq!(ends(None, None), hours(5 + 90 * 24));
    assert_eq!(ends(Some(Ends::After(Span::days(1))), None), hours(5 + 24));
    assert_eq!(ends(Some(Ends::At(hours(10))), None), hours(10));
    assert_eq!(ends(Some(Ends::At(hours(10_000))), None), hours(5 + 90 * 24));
    assert_eq!(ends(Some(Ends::At(hours(10))), Some(hours(7))), hours(7));
}

#[test]
fn the_end_is_an_instant() {
    let opening = Opening { ends: Some(Ends::At(hours(10))), ..opening("auto") };
    let list = [(0, "asker", "r", Action::Requested { opening: Box::new(opening) })];
    let all = events(&list);
    let before = hours(10).checked_sub(SignedDuration::from_nanos(1)).unwrap();
    assert_eq!(states(&now(&all, before)), [State::Active]);
    assert_eq!(now(&all, before).due(), Some(hours(10)));
    assert_eq!(states(&now(&all, hours(10))), [State::Expired]);
    assert_eq!(now(&all, hours(10)).known().expires, Some(hours(10)));
}

#[test]
fn glass_that_is_broken_is_ratified_or_revoked() {
    let broken = || Action::BrokeGlass { opening: Box::new(opening("two")), incident: "INC-7".to_owned() };
    let mut list = vec![(0, "asker", "r", broken())];
    let history = now(&events(&list), hours(23));
    assert_eq!((states(&history), history.cases[0].ends), (vec![State::Active], Some(hours(72))));
    assert!(history.cases[0].flags(hours(23)).unratified);
    let ratified = |groups: &[&str]| Action::Ratified { capacities: of(groups), reason: reason() };
    list.push((1, "asker", "r", ratified(&["owner"])));
    assert_eq!(states(&now(&events(&list), hours(48))), [State::Revoked]);
    list.push((30, "ann", "r", ratified(&["owner"])));
    let history = now(&events(&list), hours(48));
    assert_eq!(states(&history), [State::Active]);
    assert_eq!(history.skipped[0].why, Why::NoVote(crate::review::NoVote::Requester));
    assert!(!history.cases[0].flags(hours(48)).unratified);
    assert_eq!(states(&now(&events(&list), hours(72))), [State::Expired]);
    // It stands beside a grant, and takes no place.
    let list = [(0, "asker", "r1", requested("auto")), (1, "asker", "r2", broken())];
    assert_eq!(states(&now(&events(&list), hours(2))), [State::Active, State::Active]);
}

#[test]
fn a_suspension_is_not_undone_by_asking_again() {
    let suspended = Action::Suspended { reason: reason() };
    let mut list = vec![
        (0, "asker", "r1", requested("auto")),
        (1, "ann", "r1", suspended),
        (2, "asker", "r2", requested("auto")),
        (3, "bot", "r1", Action::Resumed { capacities: of(&["owner"]), reason: reason() }),
    ];
    let history = now(&events(&list), hours(3));
    assert_eq!(states(&history), [State::Suspended]);
    assert_eq!(history.skipped.len(), 2);
    assert_eq!(history.may_request("else", hours(3)), Err(Refusal::Suspended));
    list.push((4, "ann", "r1", Action::Resumed { capacities: of(&["owner"]), reason: reason() }));
    assert_eq!(states(&now(&events(&list), hours(4))), [State::Active]);
}

#[test]
fn reviews_without_an_answer_suspend() {
    let recertified = |who| (40 * 24, who, "r", Action::Recertified { capacities: of(&["owner"]), reason: reason() });
    let mut list = vec![(0, "asker", "r", requested("auto"))];
    assert!(now(&events(&list), hours(30 * 24)).cases[0].flags(hours(30 * 24)).review_due);
    assert_eq!(states(&now(&events(&list), hours(44 * 24))), [State::Suspended]);
    list.push(recertified("asker"));
    assert_eq!(states(&now(&events(&list), hours(44 * 24))), [State::Suspended]);
    list.push(recertified("ann"));
    let history = now(&events(&list), hours(44 * 24));
    assert_eq!(states(&history), [State::Active]);
    assert_eq!(history.cases[0].review_at(), Some(hours(70 * 24)));
}

#[test]
fn a_clock_that_is_behind_loses_nothing() {
    let mut all = events(&[
        (5, "asker", "r", requested("one")),
        (3, "ann", "r", approved(&["owner"])),
        (4, "ann", "r", Action::Revoked { reason: reason() }),
    ]);
    let history = now(&all, hours(0));
    assert_eq!((states(&history), history.skipped.len()), (vec![State::Revoked], 0));
    assert!(history.cases[0].timeline.iter().all(|step| step.at == hours(5)));
    // Delivered twice and in another order.
    all.extend(all.clone());
    all.reverse();
    assert_eq!(now(&all, hours(0)), history);
}
