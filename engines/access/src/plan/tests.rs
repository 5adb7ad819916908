#![allow(clippy::unwrap_used, clippy::panic)]

use jiff::SignedDuration;
use serde_json::json;

use super::*;
use crate::history::{Event, now};
use crate::manifest::{FILE_NAME, parse};
use crate::review::Actor;
use crate::terms::Approvers;

fn start() -> Timestamp {
    "2026-11-26T12:00:00Z".parse().unwrap()
}

fn facts() -> Facts {
    serde_json::from_value(json!({
        "environments": ["production"],
        "components": { "component:default/checkout": "here" },
        "apis": { "api:default/payments": {
            "providers": [],
            "version": "c0ffee",
            "terms": { "scopes": [
                { "name": "charge.write", "sensitivity": "internal" },
                { "name": "refund.read", "sensitivity": "public" },
            ] },
        } },
        "default_policy": {
            "decision": { "approvals": [{ "from": "owner", "count": 1 }] }, "max_ttl": "90d", "pending_ttl": "14d",
        },
    }))
    .unwrap()
}

/// A portal of one manifest: what it planned is written, and what people do.
struct Portal {
    facts: Facts,
    events: BTreeMap<Atom, Vec<Event>>,
    now: Timestamp,
    authors: BTreeSet<EntityRef>,
    doubt: Option<&'static str>,
}

impl Portal {
    fn new() -> Self {
        Self { facts: facts(), events: BTreeMap::new(), now: start(), authors: BTreeSet::new(), doubt: None }
    }

    fn histories(&self) -> BTreeMap<Atom, History> {
        self.events.iter().map(|(atom, events)| (atom.clone(), now(events, self.now))).collect()
    }

    fn write(&mut self, planned: Vec<Planned>, actor: &Actor) {
        for Planned { atom, request, action } in planned {
            let sequence = self.events.values().map(Vec::len).sum::<usize>() as u64;
            let event = Event {
                id: format!("e{sequence}"),
                sequence,
                at: self.now,
                actor: actor.clone(),
                request: request.unwrap_or_else(|| format!("r{sequence}")),
                action,
                commit: None,
            };
            self.events.entry(atom).or_default().push(event);
        }
    }

    /// Reads a manifest with these entries in `requires`, and says what was written. To read it again writes nothing.
    fn push(&mut self, requires: &str) -> Vec<String> {
        let text = format!(
            "apiVersion: slipway.dev/v1\nkind: AccessManifest\nmetadata: {{component: checkout}}\nrequires: [{requires}]\n"
        );
        let manifest = parse(FILE_NAME, &text).unwrap();
        let authors = self.authors.clone();
        let is_changed = !authors.is_empty();
        let source = Source { authors: &authors, doubt: self.doubt, is_changed, now: self.now, zone: &TimeZone::UTC };
        let planned = for_consumer(&manifest, &self.histories(), &self.facts, &source);
        let said = planned.iter().map(|one| format!("{:?} {}", one.action.kind(), one.atom.scope)).collect();
        self.write(planned, &Actor::Slipway);
        assert_eq!(for_consumer(&manifest, &self.histories(), &self.facts, &source), [], "{requires}");
        said
    }

    /// Somebody decides what waits or holds.
    fn decide(&mut self, scope: &str, action: &Action) {
        let histories = self.histories();
        let (atom, history) = histories.iter().find(|(atom, _)| atom.scope == scope).unwrap();
        let case = history.pending().or(history.current()).unwrap();
        let planned = about(atom, case, action.clone());
        self.write(vec![planned], &Actor::Person { user: "user:ann".parse().unwrap() });
    }

    fn approve(&mut self, scope: &str) {
        let capacities = [Approvers::Owner].into();
        self.decide(scope, &Action::Approved { capacities, comment: String::new(), until: None });
    }

    fn states(&self, scope: &str) -> Vec<State> {
        let histories = self.histories();
        let history = histories.iter().find(|(atom, _)| atom.scope == scope).unwrap().1;
        history.cases.iter().map(|case| case.state).collect()
    }

    fn later(&mut self, days: i64) {
        self.now += SignedDuration::from_hours(24 * days);
    }
}

fn charge(rest: &str) -> String {
    format!("{{api: payments, scopes: [charge.write], environments: [production]{rest}}}")
}

#[test]
fn what_is_new_is_requested_and_what_waits_is_withdrawn_and_comes_back() {
    let mut portal = Portal::new();
    assert_eq!(portal.push(&charge("")), ["Requested charge.write"]);
    // Other words are no other request.
    assert!(portal.push(&charge(", justification: because, ticket: A-1")).is_empty());
    assert_eq!(portal.push(""), ["Withdrawn charge.write"]);
    assert_eq!(portal.push(&charge("")), ["Requested charge.write"]);
    portal.approve("charge.write");
    assert_eq!(portal.states("charge.write"), [State::Withdrawn, State::Active]);
    // A grant stays when nobody requires it, until somebody withdraws it.
    assert!(portal.push("").is_empty());
    let both = "{api: payments, scopes: [charge.write, refund.read], environments: [production]}";
    assert_eq!(portal.push(both), ["Requested refund.read"]);
    // Nothing follows from a manifest that is wrong, not even that the rest of it is no longer required.
    assert!(portal.push("{api: payments, scopes: [nothing], environments: [production]}").is_empty());
    let opening = &portal.histories().into_values().next().unwrap().cases.remove(1).opening;
    assert_eq!(opening.policy_version.as_deref(), Some("c0ffee"));
}

#[test]
fn whoever_wrote_the_words_is_an_author_of_whatever_asks_with_them_again() {
    let mut portal = Portal::new();
    let user = |name: &str| -> EntityRef { format!("user:{name}").parse().unwrap() };
    let last = |portal: &Portal| {
        let opening = portal.histories().into_values().next().unwrap().cases.pop().unwrap().opening;
        (opening.authors.into_iter().collect::<Vec<_>>(), opening.doubt)
    };
    (portal.authors, portal.doubt) = ([user("mallory")].into(), Some("Nobody knows."));
    portal.push(&charge(""));
    portal.decide("charge.write", &Action::Withdrawn { reason: String::new() });
    // Nobody has changed the manifest since, and then somebody changes another part of it.
    for (authors, doubt, all) in
        [(vec![], Some("Not any more."), vec!["mallory"]), (vec![user("ann")], None, vec!["ann", "mallory"])]
    {
        (portal.authors, portal.doubt) = (authors.into_iter().collect(), doubt);
        assert_eq!(portal.push(&charge("")), ["Requested charge.write"]);
        let all: Vec<EntityRef> = all.into_iter().map(user).collect();
        assert_eq!(last(&portal), (all, Some("Nobody knows.".to_owned())));
        portal.decide("charge.write", &Action::Withdrawn { reason: String::new() });
    }
    (portal.authors, portal.doubt) = ([user("ann")].into(), None);
    portal.push(&charge(", justification: Of her own."));
    assert_eq!(last(&portal), (vec![user("ann")], None));
}

#[test]
fn only_more_time_is_asked_for_again() {
    let mut portal = Portal::new();
    portal.push(&charge(", expires: 2026-12-31"));
    assert_eq!(portal.push(&charge(", expires: 2026-12-20")), ["Shortened charge.write"]);
    assert_eq!(portal.push(&charge(", expires: 2026-12-25")), ["Requested charge.write"]);
    assert_eq!(portal.states("charge.write"), [State::Superseded, State::Pending]);
    portal.approve("charge.write");
    assert_eq!(portal.push(&charge(", expires: 2026-12-10")), ["Shortened charge.write"]);
    assert_eq!(portal.push(&charge(", ttl: 5d")), ["Shortened charge.write"]);
    assert_eq!(portal.push(&charge("")), ["Requested charge.write"]);
    // The old grant holds until the new one is decided.
    assert_eq!(portal.states("charge.write"), [State::Superseded, State::Active, State::Pending]);
    portal.approve("charge.write");
    assert_eq!(portal.states("charge.write"), [State::Superseded, State::Superseded, State::Active]);
    assert_eq!(portal.push(&charge(", ttl: 30d")), ["Shortened charge.write"]);
}

#[test]
fn what_ended_is_asked_for_again_only_with_something_else() {
    let mut portal = Portal::new();
    portal.push(&charge(", justification: one"));
    let denied = Action::Denied { capacities: [Approvers::Owner].into(), reason: "no".to_owned() };
    portal.decide("charge.write", &denied);
    assert!(portal.push(&charge(", justification: one")).is_empty());
    assert_eq!(portal.push(&charge(", justification: two")), ["Requested charge.write"]);
    portal.approve("charge.write");
    portal.later(91);
    assert_eq!(portal.states("charge.write").last(), Some(&State::Expired));
    assert!(portal.push(&charge(", justification: two")).is_empty());
    assert!(portal.push(&charge(", justification: two, expires: 2026-12-01")).is_empty());
    assert_eq!(portal.push(&charge(", justification: two, ttl: 60d")), ["Requested charge.write"]);
    portal.approve("charge.write");
    portal.decide("charge.write", &Action::Suspended { reason: "leak".to_owned() });
    assert!(portal.push(&charge(", justification: three")).is_empty());
}

#[test]
fn more_harm_is_asked_for_again() {
    let mut portal = Portal::new();
    portal.push(&charge(""));
    portal.approve("charge.write");
    let payments: EntityRef = "api:payments".parse().unwrap();
    let set = |portal: &mut Portal, sensitivity| {
        portal.facts.apis.get_mut(&payments).unwrap().terms.scopes[0].value.sensitivity = sensitivity;
    };
    set(&mut portal, crate::terms::Sensitivity::Restricted);
    assert_eq!(portal.push(&charge("")), ["Requested charge.write"]);
    assert_eq!(portal.states("charge.write"), [State::Active, State::Pending]);
    portal.approve("charge.write");
    set(&mut portal, crate::terms::Sensitivity::Public);
    assert!(portal.push(&charge("")).is_empty());
}

#[test]
fn what_is_deprecated_is_not_asked_for_anew() {
    let mut portal = Portal::new();
    portal.push(&charge(", expires: 2026-12-31"));
    portal.approve("charge.write");
    let payments: EntityRef = "api:payments".parse().unwrap();
    for (since, more) in [("2026-11-27", &["Requested charge.write"][..]), ("2026-11-26", &[])] {
        let scope = &mut portal.facts.apis.get_mut(&payments).unwrap().terms.scopes[0].value;
        scope.deprecated = Some(serde_json::from_value(json!({ "since": since })).unwrap());
        let longer = charge(&format!(", expires: 2027-01-{}", if more.is_empty() { "31" } else { "15" }));
        assert_eq!(portal.push(&longer), more, "{since}");
    }
    assert_eq!(portal.push(&charge(", expires: 2026-12-01")), ["Shortened charge.write"]);
}

#[test]
fn what_a_provider_withdraws_ends_at_once() {
    let mut portal = Portal::new();
    let payments: EntityRef = "api:payments".parse().unwrap();
    let both = "{api: payments, scopes: [charge.write, refund.read], environments: [production]}";
    portal.push(both);
    portal.approve("charge.write");
    let ended = |portal: &mut Portal, terms: &Terms| {
        let planned = for_provider(&payments, terms, &portal.histories(), &portal.facts.default_policy);
        let said: Vec<String> =
            planned.iter().map(|one| format!("{} {}", one.atom.scope, one.action.reason())).collect();
        assert!(planned.iter().all(|one| one.action.kind() == Kind::ProviderWithdrew));
        portal.write(planned, &Actor::Slipway);
        assert_eq!(for_provider(&payments, terms, &portal.histories(), &portal.facts.default_policy), []);
        said
    };
    let mut terms = portal.facts.apis[&payments].terms.clone();
    assert!(ended(&mut portal, &terms).is_empty());
    let rule = json!({ "component": "component:default/checkout", "scopes": ["refund.read"], "deny": true, "reason": "GDPR-17" });
    terms.consumers.push(serde_json::from_value(rule).unwrap());
    terms.scopes.remove(0);
    let expected = ["charge.write api:default/payments no longer has the scope charge.write", "refund.read GDPR-17"];
    assert_eq!(ended(&mut portal, &terms), expected);
    assert_eq!(
        (portal.states("charge.write"), portal.states("refund.read")),
        (vec![State::Revoked], vec![State::Denied])
    );
}
