//! The audit log: a page of it, and all of it as a file.

use std::convert::Infallible;

use app::pages::audit_asked;
use axum::Json;
use axum::body::Body;
use axum::extract::{RawQuery, State};
use axum::http::header;
use axum::response::{IntoResponse, Response};
use futures::stream;
use model::audit::AuditEntry;
use portal::audit::{self, AuditFilter, Place};

use super::cells::defused;
use crate::http::{Asking, Problem, Server};

const PER_PAGE: u32 = 200;
/// Entries that an export holds in memory.
const AT_ONCE: u32 = 1_000;

/// Entries of the audit log, the newest first; for administrators and auditors. `after` is `at.id` of the last entry of the
/// page before.
#[utoipa::path(get, path = "/api/v1/audit", tag = "audit",
    params(("q" = Option<String>, Query), ("action" = Option<String>, Query), ("from" = Option<String>, Query, description = "2026-01-31, in UTC"),
           ("to" = Option<String>, Query, description = "2026-01-31, in UTC"), ("after" = Option<String>, Query)),
    responses((status = 200, body = Vec<AuditEntry>), (status = 401, body = Problem), (status = 403, body = Problem)))]
pub async fn list(
    State(server): State<Server>,
    asking: Asking,
    RawQuery(query): RawQuery,
) -> Result<Json<Vec<AuditEntry>>, Problem> {
    let (filter, after) = audit_asked(query.as_deref().unwrap_or_default());
    Ok(Json(audit::list(&server.portal, &asking.actor, &filter, after.as_ref(), PER_PAGE).await?))
}

pub async fn json_lines(
    State(server): State<Server>,
    asking: Asking,
    RawQuery(query): RawQuery,
) -> Result<Response, Problem> {
    let write = |entries: &[AuditEntry]| {
        let mut text = String::new();
        for entry in entries {
            // An entry is numbers and texts: it can always be written.
            text.push_str(&serde_json::to_string(entry).unwrap_or_default());
            text.push('\n');
        }
        text
    };
    export(server, asking, query, ("application/jsonl", "audit.jsonl", String::new()), write).await
}

pub async fn csv(State(server): State<Server>, asking: Asking, RawQuery(query): RawQuery) -> Result<Response, Problem> {
    const COLUMNS: [&str; 10] =
        ["id", "at", "actor", "action", "target", "before", "after", "request", "account", "address"];
    let head = lines([COLUMNS.map(str::to_owned)]);
    let write = |entries: &[AuditEntry]| lines(entries.iter().map(row));
    export(server, asking, query, ("text/csv; charset=utf-8", "audit.csv", head), write).await
}

fn row(entry: &AuditEntry) -> [String; 10] {
    let time = jiff::Timestamp::from_millisecond(entry.at).unwrap_or_default();
    let cell = |text: &Option<String>| defused(text.as_deref().unwrap_or_default());
    [
        entry.id.clone(),
        time.to_string(),
        defused(&entry.actor),
        defused(&entry.action),
        defused(&entry.target),
        cell(&entry.before),
        cell(&entry.after),
        cell(&entry.request),
        cell(&entry.account),
        cell(&entry.address),
    ]
}

fn lines(rows: impl IntoIterator<Item = [String; 10]>) -> String {
    let mut writer = csv::Writer::from_writer(Vec::new());
    for row in rows {
        // Into memory, and each row as long as the first: it cannot fail.
        let _ = writer.write_record(&row);
    }
    String::from_utf8(writer.into_inner().unwrap_or_default()).unwrap_or_default()
}

/// All that matches, a part of it in memory at a time.
async fn export(
    server: Server,
    asking: Asking,
    query: Option<String>,
    (kind, name, head): (&'static str, &'static str, String),
    write: impl Fn(&[AuditEntry]) -> String + Send + 'static,
) -> Result<Response, Problem> {
    let (filter, _) = audit_asked(query.as_deref().unwrap_or_default());
    // Whoever may not is told before anything is sent.
    let first = part(&server, &asking, &filter, None).await?;
    let begun = (Some(first), server, asking, filter, write, head);
    let body = stream::unfold(begun, |(next, server, asking, filter, write, head)| async move {
        let entries = next?;
        let text = head + &write(&entries);
        let place = entries.last().map(|last| (last.at, last.id.clone()));
        let next = match place.filter(|_| entries.len() == AT_ONCE as usize) {
            Some(place) => part(&server, &asking, &filter, Some(&place)).await.ok(),
            None => None,
        };
        Some((Ok::<_, Infallible>(text), (next, server, asking, filter, write, String::new())))
    });
    let headers = [
        (header::CONTENT_TYPE, kind.to_owned()),
        (header::CONTENT_DISPOSITION, format!("attachment; filename=\"{name}\"")),
        (header::CACHE_CONTROL, "no-store".to_owned()),
    ];
    Ok((headers, Body::from_stream(body)).into_response())
}

async fn part(
    server: &Server,
    asking: &Asking,
    filter: &AuditFilter,
    after: Option<&Place>,
) -> portal::Result<Vec<AuditEntry>> {
    audit::list(&server.portal, &asking.actor, filter, after, AT_ONCE).await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cell_is_never_a_formula() {
        let entry = AuditEntry {
            id: "1".to_owned(),
            at: 0,
            actor: "=1+1".to_owned(),
            action: "a\"b".to_owned(),
            target: "one,two\nthree".to_owned(),
            before: None,
            after: Some("@x".to_owned()),
            request: None,
            account: None,
            address: None,
        };
        assert_eq!(lines([row(&entry)]), "1,1970-01-01T00:00:00Z,'=1+1,\"a\"\"b\",\"one,two\nthree\",,'@x,,,\n");
    }
}
