//! The rules that need to know of the world.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use model::{EntityRef, Finding, Level};
use regex::{Regex, RegexBuilder};

use super::Question;
use crate::at::Place;
use crate::atom::ANY_ENVIRONMENT;
use crate::facts::{Api, Facts, Home};
use crate::manifest::{Exposure, Manifest, PATTERN_SIZE, Requirement};
use crate::review::{Capacities, Missing, missing};
use crate::rules::{
    DEPRECATED_SCOPE, Decider, EXPIRY_TOO_LATE, JUSTIFICATION_MISSING, Rule, SELF_DEPENDENCY, TICKET_PATTERN,
    TOO_FEW_APPROVERS, UNKNOWN_ENVIRONMENT, UNKNOWN_OPERATION, UNKNOWN_SCOPE, UNRESOLVED_API, UNRESOLVED_COMPONENT, at,
};
use crate::terms::{Answer, Approvers, Policy};
use crate::time::Expiry;

/// What the facts say against the manifest.
pub fn findings(question: &Question<'_>) -> Vec<Finding> {
    let mut look = Look { question, found: Vec::new(), patterns: HashMap::new() };
    look.component();
    for requirement in &question.manifest.requires {
        look.requirement(requirement);
    }
    for exposure in &question.manifest.exposes {
        look.exposure(exposure);
    }
    look.found
}

struct Look<'a> {
    question: &'a Question<'a>,
    found: Vec<Finding>,
    /// Compiled once each.
    patterns: HashMap<String, Option<Regex>>,
}

impl<'a> Look<'a> {
    fn add(&mut self, rule: &Rule, place: Place, message: String, help: impl Into<String>) {
        let found = rule.found_by(self.question.decider, message, help);
        self.found.extend(found.map(|finding| at(finding, self.question.file, place)));
    }

    /// The same as a warning: the manifest works without it.
    fn warn(&mut self, rule: &Rule, place: Place, message: String, help: impl Into<String>) {
        let found = rule.found_by(self.question.decider, message, help);
        let warning = found.map(|finding| Finding { level: Level::Warning, ..finding });
        self.found.extend(warning.map(|finding| at(finding, self.question.file, place)));
    }

    fn facts(&self) -> &'a Facts {
        self.question.facts
    }

    fn component(&mut self) {
        let component = &self.question.manifest.component;
        match self.facts().components.get(&component.value) {
            Some(Home::Here) => {}
            Some(Home::Elsewhere) => {
                let message = format!("{} belongs to another repository.", component.value);
                let help = "Name the component of this repository, or put the manifest into that one.";
                self.add(&UNRESOLVED_COMPONENT, component.place, message, help);
            }
            None => {
                let message = format!("The catalog has no {}.", component.value);
                self.add(&UNRESOLVED_COMPONENT, component.place, message, "Write its name as the catalog shows it.");
            }
        }
    }

    fn requirement(&mut self, requirement: &'a Requirement) {
        self.environments(&requirement.environments, Self::add);
        let Some(api) = self.facts().apis.get(&requirement.api.value) else {
            let message = format!("The catalog has no {}.", requirement.api.value);
            let help = self.nearest_api(&requirement.api);
            self.add(&UNRESOLVED_API, requirement.api.place, message, help);
            return;
        };
        let consumer = &self.question.manifest.component.value;
        // The file alone has found those that it exposes itself.
        if api.providers.contains(consumer) && self.question.manifest.terms(&requirement.api).is_none() {
            let message = format!("{} is provided by {consumer} itself.", requirement.api.value);
            self.add(
                &SELF_DEPENDENCY,
                requirement.api.place,
                message,
                "A component needs no access to itself: remove it.",
            );
        }
        let offer = api.terms.offer(consumer);
        // Each once for a requirement, whichever of its atoms shows it.
        let mut said = Said::default();
        for scope in &requirement.scopes {
            let Some(offered) = offer.scope(scope) else {
                let names = api.terms.scopes.iter().map(|scope| scope.name.value.as_str());
                let help = match (engine_yaml::nearest(scope, names), api.terms.scopes.is_empty()) {
                    (Some(near), _) => format!("Did you mean `{near}`?"),
                    (None, true) => "Ask its owners to expose scopes in their access.yaml.".to_owned(),
                    (None, false) => "Its page lists the scopes that it has.".to_owned(),
                };
                let message = format!("{} has no scope {:?}.", requirement.api.value, scope.value);
                self.add(&UNKNOWN_SCOPE, scope.place, message, help);
                continue;
            };
            if let Some(deprecated) = &offered.deprecated {
                let help = match &deprecated.instead {
                    Some(instead) => format!("Require `{}` instead.", instead.value),
                    None => "Ask the owners of the API what to use instead.".to_owned(),
                };
                let today = self.question.now.to_zoned_datetime(self.question.zone.clone()).date();
                let message = if offered.is_closed(today) {
                    format!("{} is deprecated since {}; nobody gets it anew.", scope.value, deprecated.since)
                } else {
                    format!(
                        "{} will be deprecated on {}; nobody gets it anew from then on.",
                        scope.value, deprecated.since
                    )
                };
                self.add(&DEPRECATED_SCOPE, scope.place, message, help);
            }
            for environment in &requirement.environments {
                match offer.answer(scope, environment, &self.facts().default_policy) {
                    Answer::Policy(policy) => self.policy(requirement, api, &policy, &mut said),
                    Answer::NotForAll if !said.not_for_all => {
                        said.not_for_all = true;
                        let message = format!(
                            "No policy of {} lets all environments be asked for at once.",
                            requirement.api.value
                        );
                        self.add(
                            &UNKNOWN_ENVIRONMENT,
                            environment.place,
                            message,
                            "Write the environments by their names.",
                        );
                    }
                    // That a consumer is kept out is said as a denial; that there is no scope was said above.
                    Answer::NotForAll | Answer::Blocked { .. } | Answer::NoScope => {}
                }
            }
        }
    }

    /// What the policy under which an atom is decided asks of its requirement.
    fn policy(&mut self, requirement: &'a Requirement, api: &'a Api, policy: &Policy, said: &mut Said) {
        let Question { now, zone, .. } = *self.question;
        if let Some(expires) = &requirement.expires {
            let latest = policy.max_ttl.after(now);
            let too_late = match expires.value {
                Expiry::After(span) => span > policy.max_ttl,
                // Its end may come a day later than the span reaches, which began with some hour of today.
                Expiry::Day(_) => expires.instant(now, zone) > crate::time::Span::days(1).after(latest),
            };
            if too_late && !said.too_late {
                said.too_late = true;
                let message = format!("This expires later than the policy of {} allows.", requirement.api.value);
                let help = format!("Write at most `ttl: {}`.", policy.max_ttl);
                self.add(&EXPIRY_TOO_LATE, expires.place, message, help);
            }
        }
        if policy.justification && requirement.justification.is_none() && !said.justification {
            said.justification = true;
            let message = format!("The policy of {} asks why this is needed.", requirement.api.value);
            self.add(&JUSTIFICATION_MISSING, requirement.api.place, message, "Add `justification:`.");
        }
        if let Some(pattern) = &policy.ticket
            && !said.ticket
        {
            said.ticket = !self.ticket(requirement, pattern);
        }
        if !said.approvers && self.question.decider == Decider::Portal {
            let lacking = self.lacking(api, policy);
            if let Some(need) = lacking.first() {
                said.approvers = true;
                let message = format!(
                    "{} has too few members to approve this: {} more of {} would be needed.",
                    requirement.api.value, need.count, need.from
                );
                let help = "Ask the owners of the API to mend its policy.";
                self.warn(&TOO_FEW_APPROVERS, requirement.api.place, message, help);
            }
        }
    }

    /// Whether the ticket is as the policy wants it.
    fn ticket(&mut self, requirement: &Requirement, pattern: &str) -> bool {
        let compile = || RegexBuilder::new(pattern).size_limit(PATTERN_SIZE).build().ok();
        let regex = self.patterns.entry(pattern.to_owned()).or_insert_with(compile);
        // Terms that a manifest was read into have no pattern that cannot be compiled; what cannot be held is not held.
        let holds = |text: &str| regex.as_ref().is_some_and(|regex| regex.is_match(text));
        let (place, message) = match &requirement.ticket {
            Some(ticket) if holds(ticket) => return true,
            Some(ticket) => {
                (ticket.place, format!("The ticket {:?} is not of the form that is asked for.", ticket.value))
            }
            None => (requirement.api.place, format!("The policy of {} asks for a ticket.", requirement.api.value)),
        };
        self.add(&TICKET_PATTERN, place, message, format!("Write `ticket:` so that it matches `{pattern}`."));
        false
    }

    fn exposure(&mut self, exposure: &'a Exposure) {
        let Manifest { component, .. } = self.question.manifest;
        let Exposure { api: named, terms } = exposure;
        let api = self.facts().apis.get(&named.value);
        match api {
            None => {
                let help = self.nearest_api(named);
                self.add(&UNRESOLVED_API, named.place, format!("The catalog has no {}.", named.value), help);
            }
            Some(api) if !api.providers.contains(&component.value) => {
                let message = format!("{} is not provided by {}.", named.value, component.value);
                let help =
                    "Only what provides an API can say on what terms: add it to `providesApis` of the component.";
                self.add(&UNRESOLVED_API, named.place, message, help);
            }
            Some(_) => {}
        }
        for rule in &terms.consumers {
            let consumer = &rule.component;
            if self.question.decider == Decider::Portal && !self.facts().components.contains_key(&consumer.value) {
                let message = format!("The catalog has no {}.", consumer.value);
                self.warn(&UNRESOLVED_COMPONENT, consumer.place, message, "Remove the rule if the component is gone.");
            }
            self.environments(rule.environments.as_deref().unwrap_or_default(), Self::warn);
        }
        for policy in &terms.policies {
            self.environments(policy.matching.environments.as_deref().unwrap_or_default(), Self::warn);
            for need in api.map(|api| self.lacking(api, policy)).unwrap_or_default() {
                let message = format!("{} more of {} would be needed to approve anything.", need.count, need.from);
                let help = "Ask for fewer, or for people of another group.";
                self.add(&TOO_FEW_APPROVERS, policy.place, message, help);
            }
        }
        let Some(described) = api.and_then(|api| api.operations.as_ref()) else { return };
        for operation in terms.scopes.iter().flat_map(|scope| &scope.operations) {
            if !described.iter().any(|one| one.is_same(operation)) {
                let message = format!("The description of {} has no {}.", named.value, operation.value);
                let paths: Vec<String> = described.iter().map(ToString::to_string).collect();
                let near = engine_yaml::nearest(&operation.to_string(), paths.iter().map(String::as_str));
                let help = near.map_or_else(
                    || "Write it as the description does, or describe it.".to_owned(),
                    |near| format!("Did you mean `{near}`?"),
                );
                self.add(&UNKNOWN_OPERATION, operation.place, message, help);
            }
        }
    }

    /// What a policy would still lack if everybody whom it asks approved.
    fn lacking(&self, api: &Api, policy: &Policy) -> Vec<Missing> {
        let needs = policy.needs();
        let mut people: BTreeMap<&EntityRef, Capacities> = BTreeMap::new();
        let nobody = BTreeSet::new();
        for need in needs {
            let group = match &need.from {
                Approvers::Owner => api.owner.as_ref(),
                Approvers::Group(group) => Some(group),
            };
            for person in group.and_then(|group| self.facts().groups.get(group)).unwrap_or(&nobody) {
                people.entry(person).or_default().insert(need.from.clone());
            }
        }
        missing(needs, &people.iter().map(|(person, capacities)| (*person, capacities)).collect())
    }

    fn environments(&mut self, listed: &[crate::at::At<String>], say: fn(&mut Self, &Rule, Place, String, String)) {
        let known = &self.facts().environments;
        for environment in listed.iter().filter(|one| one.value != ANY_ENVIRONMENT && !known.contains(&one.value)) {
            let help = match engine_yaml::nearest(environment, known.iter().map(String::as_str)) {
                Some(near) => format!("Did you mean `{near}`?"),
                None => format!("Known are: {}.", known.iter().cloned().collect::<Vec<_>>().join(", ")),
            };
            let message = format!("There is no environment {:?}.", environment.value);
            say(self, &UNKNOWN_ENVIRONMENT, environment.place, message, help);
        }
    }

    fn nearest_api(&self, api: &EntityRef) -> String {
        let names: Vec<String> = self.facts().apis.keys().map(EntityRef::short).collect();
        match engine_yaml::nearest(&api.short(), names.iter().map(String::as_str)) {
            Some(near) => format!("Did you mean `{near}`?"),
            None => "Write its name as the catalog shows it.".to_owned(),
        }
    }
}

/// What was said of a requirement already.
#[derive(Default)]
struct Said {
    not_for_all: bool,
    too_late: bool,
    justification: bool,
    ticket: bool,
    approvers: bool,
}
