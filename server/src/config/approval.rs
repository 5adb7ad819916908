//! The keys of a rule that says which launches others have to approve.

use std::time::Duration;

use model::EntityRef;
use model::reference::DEFAULT_NAMESPACE;
use portal::settings::ApprovalSettings;
use toml::Spanned;
use toml::de::DeValue;

use super::value::Value;
use super::{Config, Located, keys};

/// One key of an `[[approval]]`.
pub struct ApprovalKey {
    /// Without `approval.`.
    pub name: &'static str,
    /// Takes the value over; the error says what was expected.
    set: fn(&mut ApprovalSettings, &Value<'_>) -> Result<(), String>,
}

#[rustfmt::skip]
pub const APPROVAL_KEYS: &[ApprovalKey] = &[
    ApprovalKey { name: "template", set: |it, value| template(value).map(|template| it.template = Some(template)) },
    ApprovalKey { name: "action", set: |it, value| value.text().map(|action| it.action = Some(action)) },
    ApprovalKey { name: "reviewers", set: |it, value| reviewers(value).map(|reviewers| it.reviewers = reviewers) },
    ApprovalKey { name: "count", set: |it, value| count(value).map(|count| it.count = count) },
    ApprovalKey { name: "days", set: |it, value| keys::days(value).map(|time| it.expires = time) },
];

/// How long is waited where nothing is said.
const EXPIRES: Duration = Duration::from_secs(7 * 24 * 60 * 60);
const MOST_APPROVALS: usize = 20;

/// Takes one rule over, or says what is wrong with it.
pub fn read(config: &mut Config, table: &Spanned<DeValue<'_>>) -> Vec<Located> {
    let DeValue::Table(fields) = table.get_ref() else {
        return vec![(table.span(), keys::wrong("approval", "a table for each rule: [[approval]]"))];
    };
    let mut rule = ApprovalSettings { template: None, action: None, reviewers: Vec::new(), count: 1, expires: EXPIRES };
    let mut located = Vec::new();
    for (key, value) in fields {
        let name = key.get_ref().as_ref();
        match APPROVAL_KEYS.iter().find(|key| key.name == name) {
            Some(known) => {
                if let Err(expected) = (known.set)(&mut rule, &Value::from(value.get_ref())) {
                    located.push((value.span(), keys::wrong(&format!("approval.{name}"), &expected)));
                }
            }
            None => {
                let names: Vec<String> = APPROVAL_KEYS.iter().map(|key| format!("approval.{}", key.name)).collect();
                let unknown = keys::unknown(&format!("approval.{name}"), names.iter().map(String::as_str));
                located.push((key.span(), unknown));
            }
        }
    }
    if located.is_empty() && rule.reviewers.is_empty() {
        located.push((table.span(), keys::wrong("approval.reviewers", "there: who may approve")));
    }
    if located.is_empty() {
        config.approvals.push(rule);
    }
    located
}

fn template(value: &Value<'_>) -> Result<EntityRef, String> {
    let expected = || "the reference of a template, such as \"template:default/go-service\"".to_owned();
    let reference = EntityRef::parse(&value.text()?, Some("template"), DEFAULT_NAMESPACE).map_err(|_| expected())?;
    if reference.kind == "template" { Ok(reference) } else { Err(expected()) }
}

fn reviewers(value: &Value<'_>) -> Result<Vec<EntityRef>, String> {
    let expected = || "a list of groups and users (\"group:platform\", \"user:jane\")".to_owned();
    let parse = |name: &String| EntityRef::parse(name, Some("group"), DEFAULT_NAMESPACE).map_err(|_| expected());
    let all: Vec<EntityRef> = value.words()?.iter().map(parse).collect::<Result<_, _>>()?;
    if all.iter().all(|one| matches!(one.kind.as_str(), "group" | "user")) { Ok(all) } else { Err(expected()) }
}

fn count(value: &Value<'_>) -> Result<usize, String> {
    let count = value.count(MOST_APPROVALS).ok().filter(|count| *count > 0);
    count.ok_or_else(|| format!("a whole number from 1 to {MOST_APPROVALS}"))
}
