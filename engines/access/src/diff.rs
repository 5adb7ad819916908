//! What changes between two manifests of one component: what gives more access, what gives less, and who must approve.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use jiff::tz::TimeZone;
use model::EntityRef;
use serde::{Deserialize, Serialize};

use crate::at::{At, Place};
use crate::atom::Atom;
use crate::facts::Facts;
use crate::manifest::{Exposure, Manifest, Requirement};
use crate::terms::{Answer, Consumer, Decision, Need, Policy, Scope, Terms};

/// One thing that changed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Change {
    pub effect: Effect,
    pub what: What,
    /// In the new manifest; 0 where it is no more.
    pub line: u32,
    pub column: u32,
    /// Only of an atom that widens, and only where the catalog was asked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub approval: Option<Approval>,
}

/// Whether somebody gets more access by it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Effect {
    Widens,
    Narrows,
    /// Nobody gets more or less: words, or terms on which future requests are decided.
    Neither,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum What {
    AtomAdded {
        atom: Atom,
    },
    AtomRemoved {
        atom: Atom,
    },
    Longer {
        atom: Atom,
    },
    Shorter {
        atom: Atom,
    },
    /// Justification, ticket, whether it is optional.
    Words {
        atom: Atom,
    },
    ApiAdded {
        api: EntityRef,
    },
    ApiRemoved {
        api: EntityRef,
    },
    ScopeAdded {
        api: EntityRef,
        scope: String,
    },
    ScopeRemoved {
        api: EntityRef,
        scope: String,
    },
    /// Whoever has the scope can do more, or more harm.
    ScopeOpens {
        api: EntityRef,
        scope: String,
    },
    ScopeCloses {
        api: EntityRef,
        scope: String,
    },
    /// Its description, or that it is deprecated.
    ScopeWords {
        api: EntityRef,
        scope: String,
    },
    PoliciesChanged {
        api: EntityRef,
    },
    ConsumerLetIn {
        api: EntityRef,
        consumer: EntityRef,
    },
    ConsumerKeptOut {
        api: EntityRef,
        consumer: EntityRef,
    },
    /// A rule of the provider that is no more.
    ConsumerForgotten {
        api: EntityRef,
        consumer: EntityRef,
    },
}

/// What an atom that widens needs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Approval {
    /// Nobody is asked.
    Automatic,
    /// All of these.
    From { needs: Vec<Need> },
    /// The provider keeps this consumer out.
    Blocked { reason: String },
    /// The API or the scope is not known, or not for all environments at once: the manifest is wrong.
    Unknown,
}

/// What `head` changes of `base`; `None` where there was no manifest. Expiries are compared as they would end if they were
/// granted `now`. Without `facts` it is not said who must approve.
pub fn diff(
    base: Option<&Manifest>,
    head: &Manifest,
    facts: Option<&Facts>,
    now: Timestamp,
    zone: &TimeZone,
) -> Vec<Change> {
    // Of another component nothing was required before.
    let base = base.filter(|base| base.component == head.component);
    let mut changes = consumed(base, head, now, zone);
    changes.extend(exposed(base, head));
    for change in &mut changes {
        if let (Effect::Widens, What::AtomAdded { atom } | What::Longer { atom }) = (change.effect, &change.what) {
            change.approval = facts.map(|facts| approval(atom, facts));
        }
    }
    changes
}

/// Who must approve an atom.
pub fn approval(atom: &Atom, facts: &Facts) -> Approval {
    let Some(api) = facts.apis.get(&atom.api) else { return Approval::Unknown };
    match api.terms.answer(atom, &facts.default_policy) {
        Answer::NoScope | Answer::NotForAll => Approval::Unknown,
        Answer::Blocked { reason } => Approval::Blocked { reason },
        Answer::Policy(policy) => match policy.decision {
            Decision::AutoApprove => Approval::Automatic,
            Decision::Approvals(needs) => Approval::From { needs: needs.into_iter().map(|need| need.value).collect() },
        },
    }
}

fn change(effect: Effect, what: What, place: Place) -> Change {
    Change { effect, what, line: place.line, column: place.column, approval: None }
}

fn atoms(manifest: &Manifest) -> BTreeMap<Atom, (Place, &Requirement)> {
    manifest.atoms().map(|required| (required.atom, (required.place, required.requirement))).collect()
}

fn consumed(base: Option<&Manifest>, head: &Manifest, now: Timestamp, zone: &TimeZone) -> Vec<Change> {
    let before = base.map(atoms).unwrap_or_default();
    let after = atoms(head);
    // Without a day it is as long as the policy allows, which no day is known to exceed.
    let ends = |requirement: &Requirement| {
        requirement.expires.as_ref().map_or(Timestamp::MAX, |expires| expires.instant(now, zone))
    };
    let mut changes = Vec::new();
    for (atom, (place, requirement)) in &after {
        let atom = atom.clone();
        let Some((_, earlier)) = before.get(&atom) else {
            changes.push(change(Effect::Widens, What::AtomAdded { atom }, *place));
            continue;
        };
        match ends(requirement).cmp(&ends(earlier)) {
            std::cmp::Ordering::Greater => changes.push(change(Effect::Widens, What::Longer { atom }, *place)),
            std::cmp::Ordering::Less => changes.push(change(Effect::Narrows, What::Shorter { atom }, *place)),
            std::cmp::Ordering::Equal => {
                let words = |one: &Requirement| (one.justification.clone(), one.ticket.clone(), one.optional);
                if words(requirement) != words(earlier) {
                    changes.push(change(Effect::Neither, What::Words { atom }, *place));
                }
            }
        }
    }
    let removed = before.into_keys().filter(|atom| !after.contains_key(atom));
    changes.extend(removed.map(|atom| change(Effect::Narrows, What::AtomRemoved { atom }, Place::default())));
    changes
}

fn exposed(base: Option<&Manifest>, head: &Manifest) -> Vec<Change> {
    let mut changes = Vec::new();
    let before = base.map(|base| base.exposes.as_slice()).unwrap_or_default();
    for Exposure { api, terms } in &head.exposes {
        match before.iter().find(|one| one.api == *api) {
            Some(earlier) => terms_changed(api, &earlier.terms, terms, &mut changes),
            None => {
                changes.push(change(Effect::Neither, What::ApiAdded { api: api.value.clone() }, api.place));
                terms_changed(api, &Terms::default(), terms, &mut changes);
            }
        }
    }
    for Exposure { api, .. } in before.iter().filter(|one| head.terms(&one.api).is_none()) {
        changes.push(change(Effect::Narrows, What::ApiRemoved { api: api.value.clone() }, Place::default()));
    }
    changes
}

fn terms_changed(api: &At<EntityRef>, before: &Terms, after: &Terms, changes: &mut Vec<Change>) {
    let named = |scope: &Scope| (api.value.clone(), scope.name.value.clone());
    for scope in &after.scopes {
        let place = scope.name.place;
        let (api, name) = named(scope);
        let Some(earlier) = before.scope(&name) else {
            changes.push(change(Effect::Neither, What::ScopeAdded { api, scope: name }, place));
            continue;
        };
        let operations =
            |scope: &Scope| -> BTreeSet<String> { scope.operations.iter().map(|one| one.to_string()).collect() };
        let (was, is) = (operations(earlier), operations(scope));
        // What was harmless and no longer is has to be decided again as if it were new.
        let opens = !is.is_subset(&was) || scope.sensitivity > earlier.sensitivity;
        let closes = !was.is_subset(&is) || scope.sensitivity < earlier.sensitivity;
        if opens {
            let what = What::ScopeOpens { api: api.clone(), scope: name.clone() };
            changes.push(change(Effect::Widens, what, place));
        }
        if closes {
            let what = What::ScopeCloses { api: api.clone(), scope: name.clone() };
            changes.push(change(Effect::Narrows, what, place));
        }
        if (&scope.description, &scope.deprecated) != (&earlier.description, &earlier.deprecated) {
            changes.push(change(Effect::Neither, What::ScopeWords { api, scope: name }, place));
        }
    }
    for scope in before.scopes.iter().filter(|scope| after.scope(&scope.name).is_none()) {
        let (api, scope) = named(scope);
        changes.push(change(Effect::Narrows, What::ScopeRemoved { api, scope }, Place::default()));
    }
    let policies =
        |terms: &Terms| -> Vec<Policy> { terms.policies.iter().map(|policy| policy.value.clone()).collect() };
    if policies(before) != policies(after) {
        let place = after.policies.first().map_or(api.place, |policy| policy.place);
        changes.push(change(Effect::Neither, What::PoliciesChanged { api: api.value.clone() }, place));
    }
    consumers_changed(&api.value, before, after, changes);
}

fn consumers_changed(api: &EntityRef, before: &Terms, after: &Terms, changes: &mut Vec<Change>) {
    let rule = |rule: &At<Consumer>| {
        let (api, consumer) = (api.clone(), rule.component.value.clone());
        if rule.deny { What::ConsumerKeptOut { api, consumer } } else { What::ConsumerLetIn { api, consumer } }
    };
    for added in after.consumers.iter().filter(|added| !before.consumers.contains(added)) {
        let effect = if added.deny { Effect::Narrows } else { Effect::Widens };
        changes.push(change(effect, rule(added), added.place));
    }
    for removed in before.consumers.iter().filter(|removed| !after.consumers.contains(removed)) {
        // Whoever is no longer kept out still has to ask; whoever is no longer let in keeps what was granted.
        let what = What::ConsumerForgotten { api: api.clone(), consumer: removed.component.value.clone() };
        changes.push(change(Effect::Neither, what, Place::default()));
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;
    use crate::manifest::{FILE_NAME, parse};

    const WHOLE: &str = include_str!("../../../fuzz/corpus/access_manifest/whole.yaml");

    fn changes(edits: &[(&str, &str)]) -> String {
        let mut text = WHOLE.to_owned();
        for (from, to) in edits {
            assert!(text.contains(from), "{from}");
            text = text.replacen(from, to, 1);
        }
        let (base, head) = (parse(FILE_NAME, WHOLE).unwrap(), parse(FILE_NAME, &text).unwrap());
        let changes = diff(Some(&base), &head, None, "2026-11-26T12:00:00Z".parse().unwrap(), &TimeZone::UTC);
        let mut said: Vec<String> = changes
            .iter()
            .map(|change| {
                let kind = serde_json::to_value(&change.what).unwrap()["kind"].as_str().unwrap().to_owned();
                format!("{kind} {:?} {}", change.effect, change.line)
            })
            .collect();
        said.dedup();
        said.join(", ")
    }

    #[test]
    fn only_what_gives_more_widens() {
        let table: [(&[(&str, &str)], &str); 17] = [
            (&[], ""),
            (&[("# yaml-language-server", "\n\n# moved")], ""),
            (&[("staging, production]", "production, staging]")], ""),
            (&[("[staging, production]", "[production]")], "atom_removed Narrows 0"),
            (&[("payments.refund.read]", "payments.refund.write]")], "atom_added Widens 9, atom_removed Narrows 0"),
            (&[("expires: 2027-06-30", "expires: 2027-07-01")], "longer Widens 9"),
            (&[("expires: 2027-06-30", "ttl: 30d")], "shorter Narrows 9"),
            (&[("    expires: 2027-06-30\n", "")], "longer Widens 9"),
            (&[("Charge customers", "Bill customers")], "words Neither 9"),
            (&[("optional: true", "optional: false")], "words Neither 15"),
            (&[("sensitivity: confidential", "sensitivity: restricted")], "scope_opens Widens 23"),
            (
                &[("\"GET /orders\", ", ""), ("\"POST /orders\"", "\"POST /orders\", \"PUT /orders\"")],
                "scope_closes Narrows 23, scope_opens Widens 27",
            ),
            (&[("of any customer", "of all customers")], "scope_words Neither 23"),
            (
                &[("name: checkout.order.read", "name: checkout.read"), ("[checkout.order.read]", "[checkout.read]")],
                "scope_added Neither 23, scope_removed Narrows 0, consumer_let_in Widens 53, consumer_forgotten Neither 0",
            ),
            (&[("max_ttl: 90d", "max_ttl: 91d")], "policies_changed Neither 35"),
            (
                &[("default/marketing, deny: true", "default/marketing, deny: false")],
                "consumer_let_in Widens 54, consumer_forgotten Neither 0",
            ),
            (
                &[("- api: api:default/checkout", "- api: api:default/carts")],
                "api_added Neither 21, scope_added Neither 23, scope_added Neither 27, scope_added Neither 31, policies_changed Neither 35, consumer_let_in Widens 53, consumer_kept_out Narrows 54, api_removed Narrows 0",
            ),
        ];
        for (edits, expected) in table {
            assert_eq!(changes(edits), expected, "{edits:?}");
        }
    }

    #[test]
    fn who_must_approve_is_said_of_what_widens() {
        let facts: Facts = serde_json::from_value(serde_json::json!({
            "environments": ["production", "staging"],
            "apis": { "api:default/payments": {
                "providers": [],
                "terms": {
                    "scopes": [{ "name": "payments.charge.write", "sensitivity": "restricted" }, { "name": "payments.refund.read", "sensitivity": "internal" }],
                    "policies": [{ "match": { "environments": ["staging"] }, "decision": "auto_approve", "max_ttl": "1d", "pending_ttl": "1d" }],
                    "consumers": [{ "component": "component:default/checkout", "scopes": ["payments.refund.read"], "environments": ["production"], "deny": true, "reason": "GDPR-17" }],
                },
            } },
            "default_policy": { "decision": { "approvals": [{ "from": "owner", "count": 1 }] }, "max_ttl": "365d", "pending_ttl": "14d" },
        }))
        .unwrap();
        let head = parse(FILE_NAME, WHOLE).unwrap();
        let changes = diff(None, &head, Some(&facts), "2026-11-26T12:00:00Z".parse().unwrap(), &TimeZone::UTC);
        let said: Vec<String> = changes
            .iter()
            .filter_map(|change| {
                let What::AtomAdded { atom } = &change.what else { return None };
                let approval = serde_json::to_string(change.approval.as_ref().unwrap()).unwrap();
                Some(format!("{} in {}: {approval}", atom.scope, atom.environment))
            })
            .collect();
        insta::assert_snapshot!(said.join("\n"));
    }
}
