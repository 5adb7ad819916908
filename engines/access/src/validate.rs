//! What the file alone says of itself.

use std::collections::HashMap;

use jiff::Timestamp;
use jiff::tz::TimeZone;
use model::{Finding, Findings};

use crate::at::Place;
use crate::manifest::{Exposure, Manifest, read_leniently};
use crate::rules::{
    DUPLICATE_ATOM, EXPIRING_SOON, EXPIRY_INVALID, Rule, SELF_DEPENDENCY, UNKNOWN_SCOPE, UNREACHABLE_POLICY, at,
};
use crate::terms::Terms;
use crate::time::{Expiry, Span};

/// Within that, access ends soon.
pub const SOON: Span = Span::days(14);

/// Everything that is wrong with a manifest as far as its text tells, in the order of its lines. `zone` is the
/// organisation's, in which days end.
pub fn validate(file: &str, text: &str, now: Timestamp, zone: &TimeZone) -> Findings {
    let (manifest, mut findings) = read_leniently(file, text);
    if let Some(manifest) = &manifest {
        findings.extend(alone(file, manifest, now, zone));
        findings.extend(ends_soon(file, manifest, now, zone));
    }
    findings.sort_by_key(|finding| (finding.line, finding.column));
    findings.into()
}

/// What every decider sees in the file.
pub(crate) fn alone(file: &str, manifest: &Manifest, now: Timestamp, zone: &TimeZone) -> Vec<Finding> {
    let mut found = Vec::new();
    let mut add = |rule: &Rule, place: Place, message: String, help: &str| {
        found.push(at(rule.found(message, help), file, place));
    };
    let mut seen = HashMap::new();
    for required in manifest.atoms() {
        let place = required.place;
        match seen.get(&required.atom) {
            Some(line) => {
                let atom = &required.atom;
                let message = format!(
                    "{} of {} in {} is required in line {line} already.",
                    atom.scope, atom.api, atom.environment
                );
                add(&DUPLICATE_ATOM, place, message, "Keep one of the two.");
            }
            None => drop(seen.insert(required.atom, place.line)),
        }
    }
    for requirement in &manifest.requires {
        if manifest.terms(&requirement.api).is_some() {
            let message = format!("{} is exposed by this same file.", requirement.api.value);
            add(&SELF_DEPENDENCY, requirement.api.place, message, "A component needs no access to itself: remove it.");
        }
        if let Some(expires) = &requirement.expires
            && matches!(expires.value, Expiry::Day(_))
            && expires.instant(now, zone) <= now
        {
            let help = "Write a later day, or remove the entry if it is no longer needed.";
            add(&EXPIRY_INVALID, expires.place, "The day on which this expires is past.".to_owned(), help);
        }
    }
    for Exposure { terms, .. } in &manifest.exposes {
        unknown_scopes(terms, &mut add);
        unreachable_policies(terms, &mut add);
    }
    found
}

fn ends_soon(file: &str, manifest: &Manifest, now: Timestamp, zone: &TimeZone) -> Vec<Finding> {
    let asked = manifest.requires.iter().filter_map(|requirement| requirement.expires.as_ref());
    let soon = asked.filter(|expires| {
        let ends = expires.instant(now, zone);
        matches!(expires.value, Expiry::Day(_)) && now < ends && ends <= SOON.after(now)
    });
    let finding = |place| {
        let help = "Write a later day if it is still needed: the owner of the API is asked again.";
        at(EXPIRING_SOON.found("This expires within two weeks.", help), file, place)
    };
    soon.map(|expires| finding(expires.place)).collect()
}

fn unknown_scopes(terms: &Terms, add: &mut impl FnMut(&Rule, Place, String, &str)) {
    let names: Vec<&str> = terms.scopes.iter().map(|scope| scope.name.value.as_str()).collect();
    let known: std::collections::HashSet<&str> = names.iter().copied().collect();
    let by_consumers = terms.consumers.iter().filter_map(|rule| rule.scopes.as_ref()).flatten();
    let instead = terms.scopes.iter().filter_map(|scope| scope.deprecated.as_ref()?.instead.as_ref());
    for scope in by_consumers.chain(instead).filter(|scope| !known.contains(scope.value.as_str())) {
        let message = format!("No scope {:?} is exposed here.", scope.value);
        let help = match engine_yaml::nearest(scope, names.iter().copied()) {
            Some(near) => format!("Did you mean `{near}`?"),
            None => "Write one of the names under `scopes`.".to_owned(),
        };
        add(&UNKNOWN_SCOPE, scope.place, message, &help);
    }
}

fn unreachable_policies(terms: &Terms, add: &mut impl FnMut(&Rule, Place, String, &str)) {
    for (index, policy) in terms.policies.iter().enumerate() {
        let before = terms.policies[..index].iter().find(|before| before.matching.covers(&policy.matching));
        if let Some(before) = before {
            let message = format!("The policy of line {} matches everything that this one does.", before.place.line);
            add(
                &UNREACHABLE_POLICY,
                policy.place,
                message,
                "The first that matches counts: put the narrower one first.",
            );
        }
    }
}
