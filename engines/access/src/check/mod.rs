//! Whether a component may do what its manifest requires: the answer that a pipeline asks for.

mod approving;
mod rules;
#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet, HashSet};

use jiff::Timestamp;
use jiff::tz::TimeZone;
use model::{EntityRef, Finding, Level};
use serde::{Deserialize, Serialize};

pub use self::approving::{Approving, approving};
use crate::atom::{ANY_ENVIRONMENT, Atom};
use crate::facts::Facts;
use crate::manifest::{Manifest, Required};
use crate::rules::{
    DENIED, Decider, EXPIRED, EXPIRING_SOON, NEVER_REQUESTED, ORPHANED_GRANT, PENDING, REVOKED, Rule, at,
};
use crate::standing::{Approvals, Known, Standing};
use crate::terms::Answer;
use crate::validate::{SOON, alone};

/// What a check looks at.
#[derive(Debug, Clone, Copy)]
pub struct Question<'a> {
    /// Names the manifest in findings.
    pub file: &'a str,
    pub manifest: &'a Manifest,
    pub facts: &'a Facts,
    /// Of the manifest's component: everything that was ever asked for.
    pub known: &'a BTreeMap<Atom, Known>,
    /// Only this one counts, or all do.
    pub environment: Option<&'a str>,
    /// A portal or a bundle.
    pub decider: Decider,
    pub now: Timestamp,
    /// The organisation's, in which days end.
    pub zone: &'a TimeZone,
}

/// The answer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Verdict {
    pub component: EntityRef,
    pub environment: Option<String>,
    pub summary: BTreeMap<Standing, usize>,
    pub atoms: Vec<AtomVerdict>,
    pub findings: Vec<Finding>,
    pub outcome: Outcome,
}

/// What it comes to, from best to worst; the worst of all atoms counts. What it means for a process is the command line's
/// to say.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// Everything that is not optional is granted.
    Granted,
    /// Something waits for somebody's approval, or for its day.
    NeedsApproval,
    /// Something was never requested.
    NotRequested,
    /// Something has expired.
    Expired,
    /// Something was denied, revoked or suspended.
    Refused,
    /// The manifest is wrong: its errors come first.
    Invalid,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AtomVerdict {
    pub api: EntityRef,
    pub scope: String,
    pub environment: String,
    pub state: Standing,
    pub optional: bool,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub request: Option<String>,
    pub line: u32,
    pub approvals: Approvals,
    pub expires: Option<Timestamp>,
}

/// Answers: with everything that is wrong, and how each atom stands.
pub fn check(question: &Question<'_>) -> Verdict {
    let Question { file, manifest, decider, .. } = *question;
    let mut findings = of_manifest(question);
    let is_valid = findings.iter().all(|finding| finding.level < Level::Error);

    let mut seen = HashSet::new();
    let counts =
        |atom: &Atom| question.environment.is_none_or(|one| [one, ANY_ENVIRONMENT].contains(&&*atom.environment));
    let mut atoms = Vec::new();
    let mut worst = Outcome::Granted;
    for required in manifest.atoms().filter(|required| counts(&required.atom)) {
        if !seen.insert(required.atom.clone()) {
            continue;
        }
        let known = blocked(question, &required.atom).unwrap_or_else(|| known(question, &required.atom));
        findings.extend(said(question, &required, &known));
        if !required.requirement.optional {
            worst = worst.max(outcome(known.state));
        }
        atoms.push(AtomVerdict {
            api: required.atom.api,
            scope: required.atom.scope,
            environment: required.atom.environment,
            state: known.state,
            optional: required.requirement.optional,
            request: known.request,
            line: required.place.line,
            approvals: known.approvals,
            expires: known.expires,
        });
    }
    findings.extend(orphans(question, counts).into_iter().filter_map(|atom| {
        let message =
            format!("{} of {} is granted in {} but no longer required.", atom.scope, atom.api, atom.environment);
        let finding = ORPHANED_GRANT.found_by(decider, message, "Require it again, or withdraw the grant.")?;
        Some(at(finding, file, manifest.component.place))
    }));
    findings.sort_by_key(|finding| (finding.line, finding.column));
    let mut summary = BTreeMap::new();
    for atom in &atoms {
        *summary.entry(atom.state).or_default() += 1;
    }
    Verdict {
        component: manifest.component.value.clone(),
        environment: question.environment.map(str::to_owned),
        summary,
        atoms,
        findings,
        outcome: if is_valid { worst } else { Outcome::Invalid },
    }
}

/// What is wrong with the manifest, whatever is granted.
fn of_manifest(question: &Question<'_>) -> Vec<Finding> {
    let mut findings = alone(question.file, question.manifest, question.now, question.zone);
    findings.extend(rules::findings(question));
    findings
}

/// Whether a portal finds no error in a manifest.
pub(crate) fn is_valid(manifest: &Manifest, facts: &Facts, now: Timestamp, zone: &TimeZone) -> bool {
    let known = BTreeMap::new();
    let decider = Decider::Portal;
    let question = Question { file: "", manifest, facts, known: &known, environment: None, decider, now, zone };
    of_manifest(&question).iter().all(|finding| finding.level < Level::Error)
}

/// What a provider denies beforehand beats everything.
fn blocked(question: &Question<'_>, atom: &Atom) -> Option<Known> {
    let terms = &question.facts.apis.get(&atom.api)?.terms;
    let denied = terms.consumers.iter().any(|rule| rule.deny && rule.component.value == atom.consumer);
    // Most consumers are named by no rule, and are not looked at again.
    let answer = denied.then(|| terms.answer(atom, &question.facts.default_policy))?;
    let Answer::Blocked { reason } = answer else { return None };
    Some(Known { state: Standing::Denied, reason, ..Known::missing() })
}

/// How an atom stands now; a grant for all environments holds in each.
fn known(question: &Question<'_>, atom: &Atom) -> Known {
    let exact = question.known.get(atom).map(|known| known.at(question.now));
    if exact.as_ref().is_some_and(|known| known.state == Standing::Active) {
        return exact.unwrap_or_else(Known::missing);
    }
    let everywhere = Atom { environment: ANY_ENVIRONMENT.to_owned(), ..atom.clone() };
    let everywhere = question.known.get(&everywhere).map(|known| known.at(question.now));
    everywhere.filter(|known| known.state == Standing::Active).or(exact).unwrap_or_else(Known::missing)
}

fn outcome(state: Standing) -> Outcome {
    match state {
        Standing::Active => Outcome::Granted,
        Standing::Pending | Standing::Scheduled => Outcome::NeedsApproval,
        Standing::Denied | Standing::Revoked | Standing::Suspended => Outcome::Refused,
        Standing::Expired => Outcome::Expired,
        Standing::Missing => Outcome::NotRequested,
    }
}

/// What there is to say of one atom: that it is not granted, or not for long.
fn said(question: &Question<'_>, required: &Required<'_>, known: &Known) -> Option<Finding> {
    let Atom { api, scope, environment, .. } = &required.atom;
    let what = format!("{scope} of {api} in {environment}");
    let because = if known.reason.is_empty() { String::new() } else { format!(": {}", known.reason) };
    let (rule, message, help): (&Rule, String, String) = match known.state {
        Standing::Active => {
            let expires = known.expires.filter(|expires| *expires <= SOON.after(question.now))?;
            let message = format!("{what} ends within two weeks, on {}.", day(expires, question.zone));
            let help = "Write a later day in `expires`: the owner of the API is asked again.";
            let finding = EXPIRING_SOON.found_by(question.decider, message, help)?;
            return Some(at(finding, question.file, required.place));
        }
        Standing::Scheduled => (&PENDING, format!("{what} is granted, but not yet."), "Wait for its day.".to_owned()),
        Standing::Pending => {
            let Approvals { have, need, missing } = &known.approvals;
            let from = missing.iter().map(|need| format!("{} of {}", need.count, need.from));
            let from = from.collect::<Vec<_>>().join(" and ");
            let help = format!("Ask for the approval of {from}.");
            (&PENDING, format!("{what} has {have} of {need} approvals."), help)
        }
        Standing::Denied => {
            let help = "Speak with the owner of the API; ask again with another justification.";
            (&DENIED, format!("{what} was denied{because}."), help.to_owned())
        }
        Standing::Expired => {
            let when = known.expires.map_or_else(String::new, |expires| format!(" on {}", day(expires, question.zone)));
            (&EXPIRED, format!("{what} has expired{when}."), "Request it again.".to_owned())
        }
        Standing::Revoked => {
            (&REVOKED, format!("{what} was revoked{because}."), "Speak with the owner of the API.".to_owned())
        }
        Standing::Suspended => {
            (&REVOKED, format!("{what} is suspended{because}."), "Speak with the owner of the API.".to_owned())
        }
        Standing::Missing => {
            let help = "Merge the manifest, or run `slipway access request`.".to_owned();
            (&NEVER_REQUESTED, format!("{what} was never requested."), help)
        }
    };
    let mut finding = rule.found_by(question.decider, message, help)?;
    if required.requirement.optional {
        finding.level = Level::Warning;
    }
    Some(at(finding, question.file, required.place))
}

fn day(instant: Timestamp, zone: &TimeZone) -> String {
    instant.to_zoned_datetime(zone.clone()).strftime("%Y-%m-%d %H:%M %Z").to_string()
}

/// Active grants that nothing in the manifest requires.
fn orphans<'a>(question: &Question<'a>, counts: impl Fn(&Atom) -> bool) -> Vec<&'a Atom> {
    let required: BTreeSet<Atom> = question.manifest.atoms().map(|required| required.atom).collect();
    // A grant for all environments is used by whoever requires one of them.
    let used: HashSet<(&EntityRef, &str)> = required.iter().map(|atom| (&atom.api, atom.scope.as_str())).collect();
    let is_required = |atom: &Atom| {
        let everywhere = atom.environment == ANY_ENVIRONMENT && used.contains(&(&atom.api, atom.scope.as_str()));
        required.contains(atom) || everywhere
    };
    let consumer = &question.manifest.component.value;
    let active = question.known.iter().filter(|(atom, known)| {
        atom.consumer == *consumer && counts(atom) && known.at(question.now).state == Standing::Active
    });
    active.map(|(atom, _)| atom).filter(|atom| !is_required(atom)).collect()
}
