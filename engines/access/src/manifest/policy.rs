//! The policies of an exposure.

use engine_yaml::Node;
use regex::RegexBuilder;

use super::read::{environment, sensitivity};
use super::reader::{Reader, clipped, place};
use crate::at::At;
use crate::terms::{Approvers, Decision, Match, Need, OnNoAnswer, Policy};
use crate::time::Span;

/// Bytes that a compiled pattern may take.
pub const PATTERN_SIZE: usize = 1 << 18;

const POLICY: [&str; 10] = [
    "match",
    "decision",
    "approvals",
    "deny",
    "justification",
    "ticket",
    "max_ttl",
    "review_every",
    "on_no_answer",
    "pending_ttl",
];

/// More people than that agree about nothing.
const MOST_PEOPLE: u32 = 20;

const PENDING_TTL: Span = Span::days(14);

pub fn policy(reader: &mut Reader<'_>, path: &str, node: &Node) -> Option<At<Policy>> {
    reader.mapping(path, node, &POLICY).then_some(())?;
    let matching = reader.required(path, node, "match");
    let matching = matching.and_then(|node| matches(reader, &format!("{path}.match"), node));
    let decision = decision(reader, path, node);
    let deny = node.get("deny").map(|node| reader.count(&format!("{path}.deny"), node, MOST_PEOPLE));
    let justification = node.get("justification").and_then(|node| {
        reader.word(&format!("{path}.justification"), node, &[("required", true), ("optional", false)])
    });
    let ticket = node.get("ticket").and_then(|node| pattern(reader, &format!("{path}.ticket"), node));
    let max_ttl = reader.required(path, node, "max_ttl");
    let max_ttl = max_ttl.and_then(|node| reader.parsed(&format!("{path}.max_ttl"), node));
    let mut span = |key: &str| node.get(key).and_then(|node| reader.parsed::<Span>(&format!("{path}.{key}"), node));
    let (review_every, pending_ttl) = (span("review_every"), span("pending_ttl"));
    let on_no_answer = node.get("on_no_answer").and_then(|node| {
        let words = [("keep", OnNoAnswer::Keep), ("suspend", OnNoAnswer::Suspend)];
        reader.word(&format!("{path}.on_no_answer"), node, &words)
    });
    let policy = Policy {
        matching: matching?,
        decision: decision?,
        deny: deny.flatten().unwrap_or(1),
        justification: justification.unwrap_or(false),
        ticket: ticket.map(|ticket| ticket.value),
        max_ttl: max_ttl?.value,
        review_every: review_every.map(|span| span.value),
        on_no_answer: on_no_answer.unwrap_or_default(),
        pending_ttl: pending_ttl.map_or(PENDING_TTL, |span| span.value),
    };
    Some(At { value: policy, place: place(node) })
}

fn matches(reader: &mut Reader<'_>, path: &str, node: &Node) -> Option<Match> {
    reader.mapping(path, node, &["sensitivity", "environments"]).then_some(())?;
    let sensitivities = node.get("sensitivity");
    let sensitivities = sensitivities.map(|node| reader.each(&format!("{path}.sensitivity"), node, true, sensitivity));
    let environments = node.get("environments");
    let environments = environments.map(|node| reader.each(&format!("{path}.environments"), node, true, environment));
    Some(Match { sensitivity: sensitivities, environments })
}

fn decision(reader: &mut Reader<'_>, path: &str, node: &Node) -> Option<Decision> {
    match (node.get("decision"), node.get("approvals")) {
        (Some(decision), None) => {
            reader.word(&format!("{path}.decision"), decision, &[("auto_approve", ())])?;
            Some(Decision::AutoApprove)
        }
        (None, Some(approvals)) => {
            let needs = reader.each(&format!("{path}.approvals"), approvals, true, need);
            Some(Decision::Approvals(needs))
        }
        (Some(_), Some(second)) => {
            let message = format!("`{path}` has both `decision` and `approvals`.");
            reader.wrong(place(second), message, "Keep `decision: auto_approve`, or say who approves.");
            None
        }
        (None, None) => {
            let message = format!("`{path}` does not say who approves.");
            let help = "Add `approvals: [{from: owner, count: 1}]`, or `decision: auto_approve`.";
            reader.wrong(place(node), message, help);
            None
        }
    }
}

fn need(reader: &mut Reader<'_>, path: &str, node: &Node) -> Option<At<Need>> {
    reader.mapping(path, node, &["from", "count"]).then_some(())?;
    let from = reader.required(path, node, "from");
    let from = from.and_then(|node| match node.as_str() {
        Some("owner") => Some(Approvers::Owner),
        _ => {
            let group = reader.reference(&format!("{path}.from"), node, "group")?;
            Some(Approvers::Group(group.value))
        }
    });
    let count = reader.required(path, node, "count");
    let count = count.and_then(|node| reader.count(&format!("{path}.count"), node, MOST_PEOPLE));
    Some(At { value: Need { from: from?, count: count? }, place: place(node) })
}

fn pattern(reader: &mut Reader<'_>, path: &str, node: &Node) -> Option<At<String>> {
    let text = reader.text(path, node)?;
    if RegexBuilder::new(&text).size_limit(PATTERN_SIZE).build().is_err() {
        let message = format!("`{path}` is {:?}, no pattern that can be used.", clipped(&text));
        reader.wrong(text.place, message, "Write a regular expression such as ^[A-Z]+-[0-9]+$.");
        return None;
    }
    Some(text)
}
