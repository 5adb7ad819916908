//! Who held what on any day: for those who have to know.

use jiff::civil::Date;
use portal::access::Held;
use portal::identity::{Action, Resource, can};

use super::{people, ways};
use crate::components::{Icon, state};
use crate::html::Html;
use crate::pages::{Answer, Page, Parameters, Place};
use crate::{RequestContext, address, format};

/// Rows that the page shows; the files have all.
const SHOWN: usize = 200;

pub async fn page(context: RequestContext, _: Parameters) -> Answer {
    can(&context.actor, Action::Audit, Resource::Anything)?;
    let values = address::first_values(context.query());
    let zone = &context.portal.settings().access.zone;
    let today = jiff::Timestamp::from_millisecond(context.now())
        .map_or(Date::MAX, |now| now.to_zoned_datetime(zone.clone()).date());
    let asked = values.get("day").and_then(|day| day.parse::<Date>().ok()).filter(|day| *day < today);
    let at = asked.map_or(context.now(), |day| portal::access::end_of_day(&context.portal, day));
    let day = asked.unwrap_or(today).to_string();
    let (held, total) = portal::access::report(&context.portal, &context.actor, at, SHOWN).await?;
    let mut out = Html::new();
    let mut export = Html::new();
    for (format, label) in [("csv", "CSV"), ("json", "JSON")] {
        let to =
            address::of_pairs("/api/v1/access/report", [("at", day.clone()), ("format", format.to_owned())].iter());
        export.raw("<a class=\"button\"").attribute("href", &to).raw(" download>");
        Icon::Download.write(&mut export);
        export.raw(label).raw("</a>");
    }
    let count = format::count(total, "grant", "grants");
    state::page_header(
        &mut out,
        "Access",
        Some(&count),
        "Who could use what at the end of a day, and who said so.",
        &export,
    );
    ways(&mut out, &context, "/access/report").await?;
    out.raw("<form method=\"get\" action=\"/access/report\" class=\"access-filter\"><div class=\"field\"><label for=\"day\">Day</label>");
    out.raw("<input class=\"input\" type=\"date\" id=\"day\" name=\"day\"").attribute("value", &day);
    out.attribute("max", &today.to_string())
        .raw("></div><button type=\"submit\" class=\"button\">Show</button></form>");
    match held.as_slice() {
        [] => state::empty(&mut out, "Nothing was granted", "On that day nobody had been given any access here.", None),
        held => table(&mut out, held),
    }
    if total > SHOWN {
        out.raw("<p class=\"quiet\">").text(&format::number(total - SHOWN)).raw(" more are in the files.</p>");
    }
    Ok(Page::new("Report of access", Place::Access, out).below("Access", "/access"))
}

fn table(out: &mut Html, held: &[Held]) {
    out.raw("<div class=\"table-wrap\" tabindex=\"0\" role=\"group\" aria-label=\"Report\"><table class=\"table table-plain\"><thead><tr>");
    for column in ["Component", "Scope", "Environment", "Since", "Until", "Approved by"] {
        out.raw("<th scope=\"col\">").raw(column).raw("</th>");
    }
    out.raw("</tr></thead><tbody>");
    for one in held {
        out.raw("<tr><td>")
            .link(&address::entity(&one.atom.consumer), "", &one.atom.consumer.name)
            .raw("</td><td><code>");
        out.text(&one.atom.scope)
            .raw("</code> <span class=\"quiet\">")
            .text(&one.atom.api.name)
            .raw("</span></td><td>");
        out.text(&one.atom.environment);
        for at in [one.since, one.until] {
            out.raw("</td><td>");
            let at = at.as_millisecond();
            format::time_with(out, at, &format::day(at));
        }
        out.raw("</td><td>");
        match (&one.original, one.break_glass, one.approved_by.as_slice()) {
            (Some(original), ..) => {
                out.text(&original.approved_by).raw(" <span class=\"badge badge-outline\">imported</span>");
            }
            (None, true, _) => {
                out.raw("<span class=\"badge badge-amber\">taken without asking</span>");
            }
            (None, false, []) => {
                out.raw("<span class=\"quiet\">its policy</span>");
            }
            (None, false, by) => people(out, &by.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ")),
        }
        out.raw("</td></tr>");
    }
    out.raw("</tbody></table></div>");
}
