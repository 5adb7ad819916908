//! The audit log: who did what, when, from where.

use jiff::civil::Date;
use jiff::tz::TimeZone;
use model::audit::AuditEntry;
use portal::audit::{self, AuditFilter, Place as LogPlace};

use super::{Answer, Page, Parameters, Place};
use crate::RequestContext;
use crate::address;
use crate::components::{Icon, state};
use crate::format;
use crate::html::Html;

const PER_PAGE: u32 = 50;
const ABOUT: &str = "Every change, written down in the same transaction as the change itself. Entries are only ever added; the \
                     database refuses anything else.";

pub async fn page(context: RequestContext, _: Parameters) -> Answer {
    let (filter, after) = asked(context.query());
    let (portal, actor) = (&context.portal, &context.actor);
    let mut entries = audit::list(portal, actor, &filter, after.as_ref(), PER_PAGE + 1).await?;
    let actions = audit::actions(portal, actor).await?;
    let has_more = entries.len() > PER_PAGE as usize;
    entries.truncate(PER_PAGE as usize);
    let mut out = Html::new();
    let mut export = Html::new();
    for (path, label) in [("/audit.csv", "CSV"), ("/audit.jsonl", "JSON Lines")] {
        export.raw("<a class=\"button\"").attribute("href", &with(path, &filter, None)).raw(" download>");
        Icon::Download.write(&mut export);
        export.raw(label).raw("</a>");
    }
    state::page_header(&mut out, "Audit log", None, ABOUT, &export);
    narrow(&mut out, &filter, &actions);
    if entries.is_empty() {
        state::empty(&mut out, "Nothing matches", "No entry of the log is like this; take a filter away.", None);
    } else {
        table(&mut out, context.now(), &entries);
    }
    out.raw("<div class=\"pager\"><nav class=\"pager-links\" aria-label=\"Pages\">");
    if after.is_some() {
        out.link(&with("/audit", &filter, None), "", "Newest");
    }
    if let Some(last) = entries.last().filter(|_| has_more) {
        out.raw("<a rel=\"next\"").attribute("href", &with("/audit", &filter, Some((last.at, last.id.clone()))));
        out.raw(">Older</a>");
    }
    out.raw("</nav></div>");
    Ok(Page::new("Audit log", Place::Audit, out))
}

/// What an address asks of the log, and after which entry; what cannot be read is left out.
pub fn asked(query: &str) -> (AuditFilter, Option<LogPlace>) {
    let values = address::first_values(query);
    let value = |key: &str| values.get(key).map(String::as_str).unwrap_or_default();
    let day = |key: &str, days: i64| {
        let date = value(key).parse::<Date>().ok()?;
        let at = TimeZone::UTC.to_timestamp(date.at(0, 0, 0, 0)).ok()?.as_millisecond();
        Some(at + days * 24 * 60 * 60 * 1_000)
    };
    let filter = AuditFilter {
        text: value("q").chars().take(200).collect(),
        action: value("action").chars().take(80).collect(),
        from: day("from", 0),
        to: day("to", 1),
    };
    let after = value("after").split_once('.').and_then(|(at, id)| Some((at.parse().ok()?, id.to_owned())));
    (filter, after)
}

fn with(path: &str, filter: &AuditFilter, after: Option<LogPlace>) -> String {
    let mut pairs = Vec::new();
    let mut add = |key: &'static str, value: String| {
        if !value.is_empty() {
            pairs.push((key, value));
        }
    };
    add("q", filter.text.clone());
    add("action", filter.action.clone());
    add("from", filter.from.map(date).unwrap_or_default());
    add("to", filter.to.map(|to| date(to - 1)).unwrap_or_default());
    add("after", after.map(|(at, id)| format!("{at}.{id}")).unwrap_or_default());
    address::of_pairs(path, pairs.iter())
}

fn date(at: i64) -> String {
    let time = jiff::Timestamp::from_millisecond(at).unwrap_or_default();
    TimeZone::UTC.to_datetime(time).date().to_string()
}

fn narrow(out: &mut Html, filter: &AuditFilter, actions: &[String]) {
    out.raw("<form class=\"filters\" method=\"get\" action=\"/audit\" role=\"search\"><div class=\"field\"><label for=\"q\">Who, what \
             or from where</label><input class=\"input\" id=\"q\" name=\"q\" maxlength=\"200\"");
    out.attribute("value", &filter.text).raw("></div><div class=\"field\"><label for=\"action\">Action</label>");
    out.raw("<select class=\"input\" id=\"action\" name=\"action\"><option value=\"\">All</option>");
    let mut group = "";
    for action in actions {
        let first = action.split('.').next().unwrap_or(action);
        if first != group {
            group = first;
            option(out, &format!("{first}."), &format!("all of {first}"), filter);
        }
        option(out, action, action, filter);
    }
    out.raw("</select></div>");
    for (name, label, at) in [("from", "From", filter.from), ("to", "To", filter.to.map(|to| to - 1))] {
        out.raw("<div class=\"field\"><label").attribute("for", name).raw(">").raw(label);
        out.raw(" <span class=\"quiet\">(UTC)</span></label><input class=\"input\" type=\"date\"");
        out.attribute("id", name)
            .attribute("name", name)
            .attribute("value", &at.map(date).unwrap_or_default())
            .raw("></div>");
    }
    out.raw("<button class=\"button\" type=\"submit\">Narrow</button></form>");
}

fn option(out: &mut Html, value: &str, label: &str, filter: &AuditFilter) {
    out.raw("<option").attribute("value", value);
    out.raw(if filter.action == value { " selected>" } else { ">" }).text(label).raw("</option>");
}

fn table(out: &mut Html, now: i64, entries: &[AuditEntry]) {
    out.raw("<div class=\"table-wrap\" tabindex=\"0\" role=\"group\" aria-label=\"Entries\"><table class=\"table audit-table\"><caption class=\"visually-hidden\">Entries of the audit log</caption><thead><tr>");
    out.raw("<th scope=\"col\">When</th><th scope=\"col\">Who</th><th scope=\"col\">What</th><th scope=\"col\">Before and after</th>");
    out.raw("<th scope=\"col\">From where</th></tr></thead><tbody>");
    for entry in entries {
        out.raw("<tr><td class=\"nowrap\">");
        format::time(out, now, entry.at);
        out.raw("</td><td class=\"breakable\">")
            .text(&entry.actor)
            .raw("</td><td class=\"breakable\"><code>")
            .text(&entry.action);
        out.raw("</code><br>").text(&entry.target).raw("</td><td class=\"breakable\">");
        if let Some(before) = &entry.before {
            out.raw("<del>").text(before).raw("</del> ");
        }
        if let Some(after) = &entry.after {
            out.raw("<ins>").text(after).raw("</ins>");
        }
        out.raw("</td><td class=\"breakable\">").text(entry.address.as_deref().unwrap_or_default());
        if let Some(request) = entry.request.as_deref().filter(|request| !request.is_empty()) {
            out.raw("<br><span class=\"quiet\">").text(request).raw("</span>");
        }
        out.raw("</td></tr>");
    }
    out.raw("</tbody></table></div>");
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_log_keeps_its_filter_in_its_address() {
        let table = [
            ("", "/audit"),
            (
                "q=jane&action=session.&from=2026-01-01&to=2026-01-31",
                "/audit?q=jane&action=session.&from=2026-01-01&to=2026-01-31",
            ),
            ("from=nonsense&after=x&to=2026-13-01", "/audit"),
            ("after=12.01AB", "/audit?after=12.01AB"),
        ];
        for (asked_for, kept) in table {
            let (filter, after) = asked(asked_for);
            assert_eq!(with("/audit", &filter, after), kept, "{asked_for}");
        }
    }
}
