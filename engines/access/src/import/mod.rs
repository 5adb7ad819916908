//! Grants that were given before a portal was asked: from a table (CSV), from JSON, or from whatever YAML a company has,
//! with a [`Mapping`] that says where in it each field stands.
//!
//! `docs/access.md` shows all three. Nothing is dropped silently: whatever gives no record gives a finding.

mod mapping;
mod rows;
mod table;
#[cfg(test)]
mod tests;

use std::collections::{BTreeSet, HashMap};

use engine_yaml::{Node, nearest};
use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use model::{EntityRef, Finding, Findings, Level};
use serde::{Deserialize, Serialize};

pub use self::mapping::Mapping;
use self::rows::Row;
use crate::at::{At, Place};
use crate::atom::Atom;
use crate::history::{Action, Opening, Original};
use crate::manifest::read::{environment, is_day, scope_name};
use crate::manifest::reader::{Reader, clipped, place};
use crate::rules::{DUPLICATE_ATOM, Decider, EXPIRY_INVALID, PARSE, UNKNOWN_ENVIRONMENT};
use crate::terms::{Policy, Sensitivity};
use crate::time::Expiry;

/// What can be said of a grant; the first six must be.
pub const FIELDS: [&str; 10] = [
    "consumer",
    "api",
    "scope",
    "environment",
    "approved_by",
    "approved_at",
    "justification",
    "ticket",
    "expires",
    "source",
];

/// A longer text is not read.
pub const MOST_BYTES: usize = 32_000_000;
/// How many grants one text may hold.
pub const MOST_RECORDS: usize = 100_000;
/// Whoever mends so many looks again.
pub const MOST_FINDINGS: usize = 1000;

/// In what a text is written.
#[derive(Debug, Clone, Copy)]
pub enum Format<'a> {
    /// A header with names of [`FIELDS`] and a row for each grant; separated by `,`, `;` or tabs.
    Csv,
    /// A list of objects with [`FIELDS`] as their keys, alone or below `grants`.
    Json,
    /// Documents of any form.
    Yaml(&'a Mapping),
}

/// What is known where it is read.
#[derive(Debug, Clone, Copy)]
pub struct World<'a> {
    pub environments: &'a BTreeSet<String>,
    pub now: Timestamp,
    /// The organisation's, in which days begin and end.
    pub zone: &'a TimeZone,
}

/// One grant as its source has it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Record {
    pub atom: Atom,
    pub place: Place,
    pub original: Original,
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub justification: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ticket: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expires: Option<Date>,
}

/// What was read, and all that is wrong. Whoever takes the records while there are errors takes only a part: of a row of which
/// anything is wrong there is none.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Import {
    pub records: Vec<Record>,
    pub findings: Findings,
}

impl Record {
    /// The event that opens its case, under the policy that is in force for its atom.
    pub fn action(&self, sensitivity: Sensitivity, policy: Policy, version: Option<String>, zone: &TimeZone) -> Action {
        let opening = Opening {
            authors: BTreeSet::new(),
            doubt: None,
            justification: self.justification.clone(),
            ticket: self.ticket.clone(),
            sensitivity,
            starts: None,
            ends: self.expires.map(|day| Expiry::Day(day).ends(zone)),
            policy,
            policy_version: version,
        };
        Action::Imported { opening: Box::new(opening), original: self.original.clone() }
    }
}

/// Reads grants; `file` names the text in findings, and in what the grants remember of their source.
///
/// What has expired is left out with a warning; the other findings are errors.
pub fn read(file: &str, text: &str, format: Format<'_>, world: &World<'_>) -> Import {
    let mut reader = Reader { file, findings: Vec::new() };
    // What editors of Windows put before a text is no part of it.
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let rows = if text.len() > MOST_BYTES {
        let message = format!("The file has {} bytes; at most {MOST_BYTES} are read.", text.len());
        reader.wrong(Place { line: 1, column: 1 }, message, "Split the file.");
        Vec::new()
    } else {
        match format {
            Format::Csv => table::rows(&mut reader, text),
            Format::Json => rows::plain(&mut reader, text),
            Format::Yaml(mapping) => mapping.rows(&mut reader, text),
        }
    };
    if rows.is_empty() && reader.findings.is_empty() {
        reader.wrong(Place { line: 1, column: 1 }, "The file holds no grants.", "Write one, or name another file.");
    }
    if let Some(row) = rows.get(MOST_RECORDS) {
        let message = format!("There are more than {MOST_RECORDS} grants.");
        reader.wrong(row.place, message, "Split the file: nothing from here on was read.");
    }
    let mut records = Vec::new();
    let mut seen = HashMap::new();
    for row in rows.iter().take(MOST_RECORDS) {
        if !take(&mut reader, row, world, &mut seen, &mut records) {
            break;
        }
    }
    let mut findings = reader.findings;
    findings.sort_by_key(|finding| (finding.line, finding.column));
    if findings.len() > MOST_FINDINGS {
        let more = findings.len() - MOST_FINDINGS;
        findings.truncate(MOST_FINDINGS);
        let message = format!("{more} more findings are not shown.");
        findings.push(Finding::new(PARSE.id, Level::Error, message, "Mend those above and read it again."));
    }
    Import { records, findings: findings.into() }
}

/// Adds what a row says: each of its scopes in each of its environments, of each API for each consumer. Whether there is
/// room for more.
fn take(
    reader: &mut Reader<'_>,
    row: &Row,
    world: &World<'_>,
    seen: &mut HashMap<Atom, u32>,
    records: &mut Vec<Record>,
) -> bool {
    let found = reader.findings.len();
    let consumers = each(reader, row, "consumer", |reader, node| reader.reference("consumer", node, "component"));
    let apis = each(reader, row, "api", |reader, node| reader.reference("api", node, "api"));
    let scopes = each(reader, row, "scope", |reader, node| scope_name(reader, "scope", node));
    let environments = each(reader, row, "environment", |reader, node| known_environment(reader, node, world));
    let approved_by = required(reader, row, "approved_by");
    let approved_at = required(reader, row, "approved_at").and_then(|text| approved_at(reader, &text, world));
    let expires = optional(reader, row, "expires").map(|text| expiry(reader, &text));
    let text = |reader: &mut Reader<'_>, field| optional(reader, row, field).map(|text| text.value);
    let justification = text(reader, "justification").unwrap_or_default();
    let ticket = text(reader, "ticket");
    let source = text(reader, "source").unwrap_or_else(|| format!("{}:{}", reader.file, row.place.line));
    let (Some(approved_by), Some(approved_at)) = (approved_by, approved_at) else { return true };
    let expires = match expires {
        // It was said already.
        Some(None) => return true,
        Some(Some(day)) => {
            if !still_holds(reader, &day, approved_at, world) {
                return true;
            }
            Some(day.value)
        }
        None => None,
    };
    let original = Original { approved_by: approved_by.value, approved_at, source };
    let is_wrong = reader.findings.len() > found;
    for atom in atoms(&consumers, &apis, &scopes, &environments) {
        if let Some(line) = seen.get(&atom) {
            let message = format!("{atom} stands in line {line} already.");
            reader.error(&DUPLICATE_ATOM, row.place, message, "Keep one of the two.");
            continue;
        }
        if records.len() == MOST_RECORDS {
            let message = format!("There are more than {MOST_RECORDS} grants.");
            reader.wrong(row.place, message, "Split the file: nothing from here on was read.");
            return false;
        }
        seen.insert(atom.clone(), row.place.line);
        if is_wrong {
            continue;
        }
        let (justification, ticket) = (justification.clone(), ticket.clone());
        records.push(Record { atom, place: row.place, original: original.clone(), justification, ticket, expires });
    }
    true
}

fn atoms(
    consumers: &[At<EntityRef>],
    apis: &[At<EntityRef>],
    scopes: &[At<String>],
    environments: &[At<String>],
) -> impl Iterator<Item = Atom> {
    consumers.iter().flat_map(move |consumer| {
        apis.iter().flat_map(move |api| {
            scopes.iter().flat_map(move |scope| {
                environments.iter().map(move |environment| Atom {
                    consumer: consumer.value.clone(),
                    api: api.value.clone(),
                    scope: scope.value.clone(),
                    environment: environment.value.clone(),
                })
            })
        })
    })
}

/// All values of a field, of which there must be one.
fn each<T>(
    reader: &mut Reader<'_>,
    row: &Row,
    field: &str,
    read: impl Fn(&mut Reader<'_>, &Node) -> Option<T>,
) -> Vec<T> {
    let nodes = row.values(field);
    if nodes.is_empty() {
        missing(reader, row, field);
    }
    nodes.iter().filter_map(|node| read(reader, node)).collect()
}

fn missing(reader: &mut Reader<'_>, row: &Row, field: &str) {
    reader.wrong(row.place, format!("`{field}` is missing."), "Say it of every grant.");
}

fn required(reader: &mut Reader<'_>, row: &Row, field: &str) -> Option<At<String>> {
    if row.values(field).is_empty() {
        missing(reader, row, field);
    }
    optional(reader, row, field)
}

fn optional(reader: &mut Reader<'_>, row: &Row, field: &str) -> Option<At<String>> {
    let nodes = row.values(field);
    if let Some(second) = nodes.get(1) {
        reader.wrong(place(second), format!("`{field}` has more than one value."), "Keep one of them.");
        return None;
    }
    reader.text(field, nodes.first()?)
}

fn known_environment(reader: &mut Reader<'_>, node: &Node, world: &World<'_>) -> Option<At<String>> {
    let found = environment(reader, "environment", node)?;
    if found.value == crate::ANY_ENVIRONMENT || world.environments.contains(&found.value) {
        return Some(found);
    }
    let help = match nearest(&found, world.environments.iter().map(String::as_str)) {
        Some(near) => format!("Did you mean `{near}`?"),
        None => format!("Known are {}.", world.environments.iter().cloned().collect::<Vec<_>>().join(", ")),
    };
    let message = format!("There is no environment {:?}.", clipped(&found));
    let finding = UNKNOWN_ENVIRONMENT.found_by(Decider::Portal, message, help);
    reader.findings.extend(finding.map(|finding| crate::rules::at(finding, reader.file, found.place)));
    None
}

/// A day, which begins in the organisation's zone, or an instant (RFC 3339); not one that is still to come.
fn approved_at(reader: &mut Reader<'_>, text: &At<String>, world: &World<'_>) -> Option<Timestamp> {
    let start = |day: Date| day.to_zoned_datetime(world.zone.clone()).ok().map(|start| start.timestamp());
    let instant = match is_day(text) {
        true => text.parse().ok().and_then(start),
        false => text.parse().ok(),
    };
    let Some(instant) = instant else {
        let message = format!("`approved_at` is {:?}, no day and no instant.", clipped(text));
        reader.wrong(text.place, message, "Write a day such as 2024-03-01, or 2024-03-01T12:00:00Z.");
        return None;
    };
    // Clocks differ a little.
    if instant > world.now.checked_add(SignedDuration::from_mins(5)).unwrap_or(Timestamp::MAX) {
        reader.wrong(text.place, "`approved_at` is still to come.", "Write the day on which it was approved.");
        return None;
    }
    Some(instant)
}

fn expiry(reader: &mut Reader<'_>, text: &At<String>) -> Option<At<Date>> {
    let day = text.parse::<Date>().ok().filter(|_| is_day(text));
    if day.is_none() {
        let message = format!("`expires` is {:?}, no day of the calendar.", clipped(text));
        reader.error(&EXPIRY_INVALID, text.place, message, "Write a day such as 2027-06-30.");
    }
    Some(At { value: day?, place: text.place })
}

fn still_holds(reader: &mut Reader<'_>, day: &At<Date>, approved_at: Timestamp, world: &World<'_>) -> bool {
    let ends = Expiry::Day(day.value).instant(approved_at, world.zone);
    if ends <= approved_at {
        let message = "It expires before it was approved.";
        reader.error(&EXPIRY_INVALID, day.place, message, "Mend one of the two days.");
        return false;
    }
    if ends <= world.now {
        let help = "Remove it, or write a later day if it still holds.";
        let finding = Finding::new(EXPIRY_INVALID.id, Level::Warning, "It has expired, and is left out.", help);
        reader.findings.push(crate::rules::at(finding, reader.file, day.place));
        return false;
    }
    true
}
