//! The answer to a check, as other programs read it.

use std::collections::BTreeMap;

use engine_access::check::{Approving, AtomVerdict, Outcome, Verdict};
use engine_access::manifest::component;
use engine_access::rules::{EXPIRED, NEVER_REQUESTED, PENDING};
use model::Findings;
use model::access::{AccessApprovals, AccessCheck, AccessCheckAtom, AccessCheckManifest, AccessNeed, Standing};

use super::manifests::hash;
use super::project::need;

const SCHEMA: &str = "access-check/v1";

/// A verdict about the manifest at a path and with a text, as `access-check/v1`. `approving` says for each of its atoms who
/// has to approve it, as far as that is known; `address` is the portal’s, without a trailing `/`, or empty.
pub fn answer(
    verdict: Verdict,
    approving: Vec<Approving>,
    (path, text): (&str, &str),
    decided_by: &str,
    address: &str,
) -> AccessCheck {
    let Verdict { component, environment, summary: states, atoms, mut findings, outcome } = verdict;
    let mut approving = approving.into_iter();
    let atoms: Vec<AccessCheckAtom> =
        atoms.into_iter().map(|found| atom(found, approving.next().unwrap_or_default(), address)).collect();
    for atom in &atoms {
        // So begin the messages of the rules about one atom.
        let begin = format!("{} of {} in {} ", atom.scope, atom.api, atom.environment);
        let about = [PENDING.id, NEVER_REQUESTED.id, EXPIRED.id];
        let found = findings
            .iter_mut()
            .find(|finding| about.contains(&finding.rule.as_ref()) && finding.message.starts_with(&begin));
        if let (Some(finding), Some(who)) = (found, who_approves(atom)) {
            finding.help = format!("{} {who}", finding.help);
        }
    }
    let findings = Findings::from(findings);
    let mut summary = summary(&findings);
    summary.extend(states.into_iter().map(|(state, count)| (state.as_str().to_owned(), count)));
    AccessCheck {
        schema: SCHEMA.to_owned(),
        component: Some(component),
        environment,
        manifest: AccessCheckManifest { path: path.to_owned(), sha256: hash(text), commit: None },
        decided_by: decided_by.to_owned(),
        bundle_expires: None,
        report_only: false,
        outcome: word(outcome).to_owned(),
        summary,
        atoms,
        findings: findings.findings,
    }
}

/// The answer about a manifest of which nothing could be decided, since it cannot be read.
pub fn unreadable(findings: Findings, environment: Option<String>, (path, text): (&str, &str)) -> AccessCheck {
    AccessCheck {
        schema: SCHEMA.to_owned(),
        component: component(text),
        environment,
        manifest: AccessCheckManifest { path: path.to_owned(), sha256: hash(text), commit: None },
        decided_by: "portal".to_owned(),
        bundle_expires: None,
        report_only: false,
        outcome: word(Outcome::Invalid).to_owned(),
        summary: summary(&findings),
        atoms: Vec::new(),
        findings: findings.findings,
    }
}

fn summary(findings: &Findings) -> BTreeMap<String, usize> {
    let found = &findings.summary;
    let found = [("errors", found.errors), ("warnings", found.warnings), ("notes", found.notes)];
    let states = [Standing::Active, Standing::Pending, Standing::Denied, Standing::Expired, Standing::Missing];
    let states = states.map(|state| (state.as_str(), 0));
    found.into_iter().chain(states).map(|(name, count)| (name.to_owned(), count)).collect()
}

fn atom(found: AtomVerdict, approving: Approving, address: &str) -> AccessCheckAtom {
    let AtomVerdict { api, scope, environment, state, optional, request, line, approvals, expires } = found;
    let Approving { owner, approvals: asked, people } = approving;
    let approvals = if approvals.need == 0 { asked } else { approvals };
    AccessCheckAtom {
        api,
        scope,
        environment,
        state,
        optional,
        url: request.as_ref().map(|request| format!("{address}/access/requests/{request}")),
        request,
        line,
        approvals: AccessApprovals {
            have: approvals.have,
            need: approvals.need,
            missing: approvals.missing.iter().map(need).collect(),
        },
        owner,
        suggested_reviewers: people,
        expires: expires.map(|expires| expires.to_string()),
    }
}

/// Who has to approve an atom, in a sentence; nothing where nobody has to.
fn who_approves(atom: &AccessCheckAtom) -> Option<String> {
    let from = |need: &AccessNeed| match (&atom.owner, need.from.as_str()) {
        (Some(owner), "owner") => format!("{} of {owner}", need.count),
        (_, from) => format!("{} of {from}", need.count),
    };
    let needs: Vec<String> = atom.approvals.missing.iter().map(from).collect();
    if needs.is_empty() {
        return None;
    }
    let people: Vec<&str> = atom.suggested_reviewers.iter().map(|person| person.name.as_str()).collect();
    let people = if people.is_empty() { String::new() } else { format!(" ({})", people.join(", ")) };
    let place = match &atom.url {
        Some(url) if atom.state == Standing::Pending => format!(", at {url}"),
        _ => String::new(),
    };
    Some(format!("It takes {}{people}{place}.", needs.join(" and ")))
}

fn word(outcome: Outcome) -> &'static str {
    match outcome {
        Outcome::Granted => "granted",
        Outcome::NeedsApproval => "needs_approval",
        Outcome::NotRequested => "not_requested",
        Outcome::Expired => "expired",
        Outcome::Refused => "refused",
        Outcome::Invalid => "invalid",
    }
}
