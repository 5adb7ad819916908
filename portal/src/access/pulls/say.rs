//! What there is to say of the manifest that a pull request proposes.

use std::collections::BTreeMap;

use engine_access::check::{Outcome, Question, Verdict, check};
use engine_access::comment::{self, MARKER, Subject, Thing};
use engine_access::diff::{Approval, Change, approval, diff};
use engine_access::facts::{Facts, Home};
use engine_access::manifest::{Manifest, parse};
use engine_access::rules::Decider;
use engine_access::standing::Standing;
use model::{EntityRef, Finding, Findings};

use super::super::project::instant;
use super::super::{check as checks, views};
use crate::forge::Conclusion;
use crate::identity::Actor;
use crate::{Portal, Result};

/// The repository of the pull request, as it is here.
pub(super) struct Place {
    pub id: String,
    pub slug: String,
    /// Stands for those who read what is said there.
    pub reader: Actor,
}

/// What is said.
pub(super) struct Said {
    pub component: Option<EntityRef>,
    pub conclusion: Conclusion,
    pub title: String,
    /// The comment; the summary of the check without its first line.
    pub comment: String,
    pub findings: Vec<Finding>,
    /// Whether the pull request changes anything of access: without that nothing is said unasked.
    pub is_news: bool,
}

impl Said {
    pub fn summary(&self) -> &str {
        self.comment.strip_prefix(MARKER).unwrap_or(&self.comment).trim()
    }
}

/// Of a manifest at `path`: at the base of the pull request, and as it proposes it.
pub(super) async fn say(
    portal: &Portal,
    place: &Place,
    path: &str,
    base: Option<&str>,
    head: Option<&str>,
) -> Result<Said> {
    // What cannot be read at the base says nothing.
    let before = base.and_then(|text| parse(path, text).ok());
    let mut said = match head.map(|text| parse(path, text)) {
        None => Said {
            component: before.as_ref().map(|manifest| manifest.component.value.clone()),
            conclusion: Conclusion::Success,
            title: "There is no manifest".to_owned(),
            comment: comment::removed(path, before.as_ref().map(|manifest| &manifest.component.value)),
            findings: Vec::new(),
            is_news: base.is_some(),
        },
        Some(Err(Findings { findings, .. })) => Said {
            component: before.map(|manifest| manifest.component.value),
            conclusion: Conclusion::Failure,
            title: "The manifest cannot be read".to_owned(),
            comment: comment::unreadable(path, &findings),
            findings,
            is_news: head != base,
        },
        Some(Ok(manifest)) => read(portal, place, path, (before.as_ref(), &manifest), head != base).await?,
    };
    if portal.settings().access.only_reports(&place.slug) && said.conclusion != Conclusion::Success {
        said.conclusion = Conclusion::Neutral;
    }
    Ok(said)
}

async fn read(
    portal: &Portal,
    place: &Place,
    path: &str,
    (before, manifest): (Option<&Manifest>, &Manifest),
    differs: bool,
) -> Result<Said> {
    let facts = checks::facts(portal, &place.reader, manifest, &place.id).await?;
    let component = &manifest.component.value;
    // Of another repository's component nothing is told here.
    let known = match facts.components.get(component) {
        Some(Home::Here) => views::known(portal, component).await?,
        _ => BTreeMap::new(),
    };
    let (now, zone) = (instant(portal.clock().now()), &portal.settings().access.zone);
    let decider = Decider::Portal;
    let question =
        Question { file: path, manifest, facts: &facts, known: &known, environment: None, decider, now, zone };
    let verdict = check(&question);
    let changes = diff(before, manifest, Some(&facts), now, zone);
    let address = |thing: Thing<'_>| address(portal, thing);
    let comment = comment::comment(&Subject { changes: &changes, verdict: &verdict, facts: &facts, address: &address });
    let is_invalid = verdict.outcome == Outcome::Invalid;
    let is_news = differs && (is_invalid || !changes.is_empty());
    let (conclusion, title) = concluded(&verdict, &facts, &changes, is_news);
    Ok(Said { component: Some(component.clone()), conclusion, title, comment, findings: verdict.findings, is_news })
}

/// Whoever changes nothing of access is told what is missing, and not held up.
fn concluded(verdict: &Verdict, facts: &Facts, changes: &[Change], is_news: bool) -> (Conclusion, String) {
    if verdict.outcome == Outcome::Invalid {
        return (Conclusion::Failure, "The manifest is wrong".to_owned());
    }
    let missing = verdict.atoms.iter().filter(|atom| !atom.optional && atom.state != Standing::Active);
    let missing = missing.filter(|atom| atom.state != Standing::Missing || !is_granted_by_itself(verdict, atom, facts));
    match missing.count() {
        0 if changes.is_empty() => (Conclusion::Success, "Nothing changes".to_owned()),
        0 => (Conclusion::Success, "Nobody has to approve anything".to_owned()),
        count => {
            let conclusion = if is_news { Conclusion::ActionRequired } else { Conclusion::Neutral };
            (conclusion, format!("{count} of {} not granted", verdict.atoms.len()))
        }
    }
}

/// What nobody has to approve comes with the merge.
fn is_granted_by_itself(verdict: &Verdict, atom: &engine_access::check::AtomVerdict, facts: &Facts) -> bool {
    let atom = engine_access::Atom {
        consumer: verdict.component.clone(),
        api: atom.api.clone(),
        scope: atom.scope.clone(),
        environment: atom.environment.clone(),
    };
    approval(&atom, facts) == Approval::Automatic
}

/// Where people read on, where the portal has an address.
pub(super) fn address(portal: &Portal, thing: Thing<'_>) -> Option<String> {
    let origin = portal.settings().public_url.as_deref()?.trim_end_matches('/');
    Some(match thing {
        Thing::Consumer(reference) => format!("{origin}{}/access", reference.path()),
        Thing::Api(reference) | Thing::Group(reference) => format!("{origin}{}", reference.path()),
        Thing::Request(id) => format!("{origin}/access/requests/{id}"),
    })
}
