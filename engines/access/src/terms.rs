//! On what terms an API is offered: its scopes, who approves what, who is let in or kept out beforehand.

use std::collections::HashMap;

use model::EntityRef;
use serde::{Deserialize, Serialize};

use crate::at::At;
use crate::atom::{ANY_ENVIRONMENT, Atom};
use crate::manifest::PATTERN_SIZE;
use crate::operation::Operation;
use crate::time::Span;

/// What an API's provider says of it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Terms {
    pub scopes: Vec<At<Scope>>,
    /// The first that matches counts; after them stands the portal's own.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub policies: Vec<At<Policy>>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub consumers: Vec<At<Consumer>>,
}

/// Something that an API lets its consumers do.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Scope {
    pub name: At<String>,
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub description: String,
    pub sensitivity: Sensitivity,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub operations: Vec<At<Operation>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub deprecated: Option<Deprecation>,
}

/// How much harm the scope can do. The order is from least to most.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Sensitivity {
    Public,
    Internal,
    Confidential,
    Restricted,
}

/// That a scope is given out no more.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Deprecation {
    pub since: jiff::civil::Date,
    /// The scope to ask for instead.
    #[serde(default, skip_serializing_if = "Option::is_none", rename = "use")]
    pub instead: Option<At<String>>,
}

impl Scope {
    /// Whether nobody gets it anew on that day.
    pub fn is_closed(&self, day: jiff::civil::Date) -> bool {
        self.deprecated.as_ref().is_some_and(|deprecated| deprecated.since <= day)
    }
}

/// Who must approve, and for how long it then holds.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Policy {
    #[serde(default, rename = "match")]
    pub matching: Match,
    pub decision: Decision,
    /// How many people must deny until it is denied.
    #[serde(default = "one")]
    pub deny: u32,
    /// Whether a request must say why.
    #[serde(default)]
    pub justification: bool,
    /// What its ticket must look like, as a regular expression that matches somewhere in it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ticket: Option<String>,
    /// No grant lasts longer.
    pub max_ttl: Span,
    /// How often people are asked whether it is still needed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub review_every: Option<Span>,
    #[serde(default)]
    pub on_no_answer: OnNoAnswer,
    /// After that a request that nobody decided lapses.
    pub pending_ttl: Span,
}

impl Policy {
    /// Whether a ticket is of the form that it asks for.
    pub fn takes_ticket(&self, ticket: &str) -> bool {
        let Some(pattern) = &self.ticket else { return true };
        let pattern = regex::RegexBuilder::new(pattern).size_limit(PATTERN_SIZE).build();
        pattern.is_ok_and(|pattern| pattern.is_match(ticket))
    }

    /// The approvals that it asks for; none where it approves by itself.
    pub fn needs(&self) -> &[At<Need>] {
        match &self.decision {
            Decision::Approvals(needs) => needs,
            Decision::AutoApprove => &[],
        }
    }

    /// Whom it asks. Where it asks nobody, the owner still decides what comes after: reviews, and what was suspended.
    pub fn deciders(&self) -> Vec<At<Need>> {
        match &self.decision {
            Decision::Approvals(needs) => needs.clone(),
            Decision::AutoApprove => vec![At::from(Need { from: Approvers::Owner, count: 1 })],
        }
    }
}

fn one() -> u32 {
    1
}

/// What a policy is for. What is left out matches everything, but for [`ANY_ENVIRONMENT`], which must be named.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Match {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sensitivity: Option<Vec<Sensitivity>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub environments: Option<Vec<At<String>>>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Decision {
    AutoApprove,
    /// All of them.
    Approvals(Vec<At<Need>>),
}

/// So many people of one group.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Need {
    pub from: Approvers,
    pub count: u32,
}

/// Of whom an approval counts, as they are when they approve.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Approvers {
    /// The group that owns the API.
    Owner,
    Group(EntityRef),
}

impl std::fmt::Display for Approvers {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Owner => f.write_str("owner"),
            Self::Group(group) => write!(f, "{group}"),
        }
    }
}

impl Serialize for Approvers {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Approvers {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        match String::deserialize(deserializer)?.as_str() {
            "owner" => Ok(Self::Owner),
            text => text.parse().map(Self::Group).map_err(serde::de::Error::custom),
        }
    }
}

/// What becomes of a grant if nobody answers a review.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum OnNoAnswer {
    #[default]
    Keep,
    Suspend,
}

/// A component that the provider lets in, or keeps out, without being asked.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Consumer {
    pub component: At<EntityRef>,
    /// Without it: all.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub scopes: Option<Vec<At<String>>>,
    /// Without it: all, but for [`ANY_ENVIRONMENT`] where it lets in.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub environments: Option<Vec<At<String>>>,
    #[serde(default)]
    pub deny: bool,
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub reason: String,
}

/// What an API's terms say to one atom.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Answer {
    /// The API has no such scope.
    NoScope,
    /// The provider keeps this consumer out.
    Blocked { reason: String },
    /// The request is decided under this policy: to be stored with it, since the terms may change meanwhile.
    Policy(Box<Policy>),
    /// All environments are asked for at once, which no policy allows.
    NotForAll,
}

impl Terms {
    pub fn scope(&self, name: &str) -> Option<&Scope> {
        self.scopes.iter().map(|scope| &scope.value).find(|scope| scope.name.value == name)
    }

    /// What these terms say to `atom`.
    pub fn answer(&self, atom: &Atom, default: &Policy) -> Answer {
        self.offer(&atom.consumer).answer(&atom.scope, &atom.environment, default)
    }

    /// These terms as one consumer sees them, to ask more than once.
    pub fn offer(&self, consumer: &EntityRef) -> Offer<'_> {
        let named = |rule: &&Consumer| rule.component.value == *consumer;
        Offer {
            scopes: self.scopes.iter().map(|scope| (scope.name.value.as_str(), &scope.value)).collect(),
            policies: &self.policies,
            consumers: self.consumers.iter().map(|rule| &rule.value).filter(named).collect(),
        }
    }
}

/// The terms of one API for one consumer.
#[derive(Debug)]
pub struct Offer<'a> {
    scopes: HashMap<&'a str, &'a Scope>,
    policies: &'a [At<Policy>],
    consumers: Vec<&'a Consumer>,
}

impl<'a> Offer<'a> {
    pub fn scope(&self, name: &str) -> Option<&'a Scope> {
        self.scopes.get(name).copied()
    }

    /// To be kept out goes before everything; to be let in beforehand goes before the policies, of which the first that
    /// matches counts, and then `default`.
    pub fn answer(&self, scope: &str, environment: &str, default: &Policy) -> Answer {
        let Some(scope) = self.scope(scope) else { return Answer::NoScope };
        let name = &scope.name;
        if let Some(blocked) = self.consumers.iter().find(|rule| rule.deny && rule.blocks(name, environment)) {
            return Answer::Blocked { reason: blocked.reason.clone() };
        }
        let mut policies = self.policies.iter().map(|policy| &policy.value).chain([default]);
        let Some(policy) = policies.find(|policy| policy.matching.holds(scope.sensitivity, environment)) else {
            return Answer::NotForAll;
        };
        let mut policy = policy.clone();
        if self.consumers.iter().any(|rule| !rule.deny && rule.lets_in(name, environment)) {
            policy.decision = Decision::AutoApprove;
        }
        Answer::Policy(Box::new(policy))
    }
}

impl Match {
    fn holds(&self, sensitivity: Sensitivity, environment: &str) -> bool {
        let fits = self.sensitivity.as_ref().is_none_or(|all| all.contains(&sensitivity));
        fits && names(self.environments.as_deref(), environment)
    }

    /// Whether everything that `other` matches is matched here.
    pub fn covers(&self, other: &Self) -> bool {
        let all = [Sensitivity::Public, Sensitivity::Internal, Sensitivity::Confidential, Sensitivity::Restricted];
        let theirs = other.sensitivity.as_deref().unwrap_or(&all);
        let sensitivity = self.sensitivity.as_deref().unwrap_or(&all);
        let environments = match (&self.environments, &other.environments) {
            (None, None) => true,
            (None, Some(theirs)) => theirs.iter().all(|one| one.value != ANY_ENVIRONMENT),
            (Some(ours), None) => ours.iter().any(|one| one.value == ANY_ENVIRONMENT),
            (Some(ours), Some(theirs)) => theirs.iter().all(|one| names(Some(ours), one)),
        };
        environments && theirs.iter().all(|one| sensitivity.contains(one))
    }
}

/// Whether a list of environments holds for one: without a list every single one, with `*` in it also all at once.
fn names(environments: Option<&[At<String>]>, environment: &str) -> bool {
    match environments {
        None => environment != ANY_ENVIRONMENT,
        Some(listed) => listed.iter().any(|one| one.value == ANY_ENVIRONMENT || one.value == environment),
    }
}

impl Consumer {
    fn lets_in(&self, scope: &str, environment: &str) -> bool {
        self.names_scope(scope) && names(self.environments.as_deref(), environment)
    }

    /// Whoever is kept out of one environment is kept out of all of them at once too.
    fn blocks(&self, scope: &str, environment: &str) -> bool {
        let all_at_once = environment == ANY_ENVIRONMENT;
        self.names_scope(scope) && (all_at_once || names(self.environments.as_deref(), environment))
    }

    fn names_scope(&self, scope: &str) -> bool {
        self.scopes.as_ref().is_none_or(|scopes| scopes.iter().any(|one| one.value == scope))
    }
}
