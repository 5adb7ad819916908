//! Who had access to what on any day: since when, approved by whom, until when.
//!
//! To fold everything again for each question would be slow: a history that was folded once, to [`Timestamp::MAX`], says of
//! every instant who held a grant ([`held`]), until something new happens to its atom. Whoever stores that answers with one
//! search for all with `from <= at < to`.

use std::fmt::Write as _;

use jiff::Timestamp;
use model::EntityRef;
use serde::{Deserialize, Serialize};

use crate::atom::Atom;
use crate::history::{History, Original, State};

/// That a grant was held, without a break and without a change of its end.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Held {
    #[serde(flatten)]
    pub atom: Atom,
    pub request: String,
    pub from: Timestamp,
    /// The first instant at which it was no more, or had another end; `None` where it is not known yet.
    pub to: Option<Timestamp>,
    /// When it was granted.
    pub since: Timestamp,
    /// When it was to end, as it was known then.
    pub until: Timestamp,
    /// Whose approvals count; nobody's where the policy asked nobody.
    pub approved_by: Vec<EntityRef>,
    /// Who approved what was imported.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub original: Option<Original>,
    /// Whether it was taken without asking.
    pub break_glass: bool,
    pub justification: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ticket: Option<String>,
}

impl Held {
    pub fn is_at(&self, at: Timestamp) -> bool {
        self.from <= at && self.to.is_none_or(|to| at < to)
    }
}

/// When the grants of an atom were held, as far as its history was folded.
pub fn held(atom: &Atom, history: &History) -> Vec<Held> {
    let mut all = Vec::new();
    for case in &history.cases {
        for (index, step) in case.timeline.iter().enumerate().filter(|(_, step)| step.to == State::Active) {
            let to = case.timeline.get(index + 1).map(|next| next.at);
            // Of several things at one instant only the last holds.
            let (Some(since), Some(until), false) = (case.granted_at, step.ends, to == Some(step.at)) else { continue };
            let approving = case.votes.iter().filter(|(_, vote)| vote.approves);
            all.push(Held {
                atom: atom.clone(),
                request: case.request.clone(),
                from: step.at,
                to,
                since,
                until,
                approved_by: approving.map(|(person, _)| person.clone()).collect(),
                original: case.original.clone(),
                break_glass: !case.is_regular(),
                justification: case.opening.justification.clone(),
                ticket: case.opening.ticket.clone(),
            });
        }
    }
    all
}

const COLUMNS: [&str; 15] = [
    "consumer",
    "api",
    "scope",
    "environment",
    "since",
    "until",
    "approved_by",
    "approved_at",
    "imported",
    "source",
    "break_glass",
    "request",
    "justification",
    "ticket",
    "at",
];

/// The report of one instant as CSV (RFC 4180), of the [`line`]s of what was held; cells that a spreadsheet would take for a
/// formula begin with `'`.
pub fn csv(lines: impl IntoIterator<Item = impl AsRef<str>>, at: Timestamp) -> String {
    let mut body = COLUMNS.join(",");
    body += "\r\n";
    for line in lines {
        body += line.as_ref();
        let _ = write!(body, ",{at}\r\n");
    }
    body
}

/// The report of one instant as JSON, of what was held as JSON each.
pub fn json<T: AsRef<str>>(held: &[T], at: Timestamp) -> String {
    let mut body = format!("{{\"schema\":\"access-report/v1\",\"at\":\"{at}\",\"grants\":[");
    for (number, held) in held.iter().enumerate() {
        body += if number == 0 { "" } else { ",\n" };
        body += held.as_ref();
    }
    body + "]}\n"
}

/// One line of the CSV, without the last column, which is the instant. Lines sort as their atoms do.
pub fn line(row: &Held) -> String {
    cells(row).iter().map(|text| cell(text)).collect::<Vec<_>>().join(",")
}

fn cells(row: &Held) -> [String; COLUMNS.len() - 1] {
    let Atom { consumer, api, scope, environment } = &row.atom;
    let people = row.approved_by.iter().map(EntityRef::to_string).collect::<Vec<_>>().join(" ");
    let original = row.original.as_ref();
    let yes = |is: bool| if is { "yes" } else { "no" }.to_owned();
    [
        consumer.to_string(),
        api.to_string(),
        scope.clone(),
        environment.clone(),
        row.since.to_string(),
        row.until.to_string(),
        original.map_or(people, |original| original.approved_by.clone()),
        original.map_or(row.since, |original| original.approved_at).to_string(),
        yes(original.is_some()),
        original.map(|original| original.source.clone()).unwrap_or_default(),
        yes(row.break_glass),
        row.request.clone(),
        row.justification.clone(),
        row.ticket.clone().unwrap_or_default(),
    ]
}

/// In quotes where it has to be, and never a formula (OWASP, "CSV Injection").
fn cell(text: &str) -> String {
    let text =
        if text.starts_with(['=', '+', '-', '@', '\t', '\r', '\n']) { format!("'{text}") } else { text.to_owned() };
    if text.contains([',', '"', '\r', '\n']) { format!("\"{}\"", text.replace('"', "\"\"")) } else { text }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    fn row(scope: &str, original: Option<Original>) -> Held {
        let time = |text: &str| text.parse::<Timestamp>().unwrap();
        Held {
            atom: Atom {
                consumer: "component:default/shop".parse().unwrap(),
                api: "api:default/checkout".parse().unwrap(),
                scope: scope.to_owned(),
                environment: "production".to_owned(),
            },
            request: "r1".to_owned(),
            from: time("2026-01-01T00:00:00Z"),
            to: None,
            since: time("2026-01-01T00:00:00Z"),
            until: time("2027-01-01T00:00:00Z"),
            approved_by: vec!["user:default/ann".parse().unwrap(), "user:default/ben".parse().unwrap()],
            original,
            break_glass: false,
            justification: "=HYPERLINK(\"https://evil.example\")".to_owned(),
            ticket: Some("-1, \"x\"\n".to_owned()),
        }
    }

    #[test]
    fn a_report_opens_in_a_spreadsheet_without_formulas() {
        let original = Original {
            approved_by: "@SUM(1)".to_owned(),
            approved_at: "2024-03-01T00:00:00Z".parse().unwrap(),
            source: "wiki/42".to_owned(),
        };
        let rows = [row("order.read", None), row("+order", Some(original))];
        let at = "2026-06-01T00:00:00Z".parse().unwrap();
        let body = csv(rows.iter().map(line), at);
        insta::assert_snapshot!(body);
        assert_eq!(body, csv(rows.iter().map(line), at));
        let held = serde_json::to_string(&rows[0]).unwrap();
        let written: serde_json::Value = serde_json::from_str(&json(&[held], at)).unwrap();
        insta::assert_snapshot!(format!("{written:#}\n"));
        let mut reader = ::csv::Reader::from_reader(body.as_bytes());
        let read: Vec<::csv::StringRecord> = reader.records().map(Result::unwrap).collect();
        assert_eq!((read.len(), read[0].len()), (2, COLUMNS.len()));
        assert!(read.iter().flatten().all(|cell| !cell.starts_with(['=', '+', '-', '@', '\t', '\r'])));
        assert_eq!(&read[0][13], "'-1, \"x\"\n");
    }
}
