//! Located messages, as a list.

use model::Finding;

use super::{evidence, marks};
use crate::address;
use crate::html::Html;

/// Worst first; each with its place and what to do.
pub fn list<'a>(out: &mut Html, findings: impl IntoIterator<Item = &'a Finding>, repository: Option<&str>) {
    let mut findings: Vec<&Finding> = findings.into_iter().collect();
    findings.sort_by(|a, b| b.level.cmp(&a.level).then_with(|| (&a.file, a.line).cmp(&(&b.file, b.line))));
    out.raw("<ul class=\"findings\">");
    for finding in findings {
        out.raw("<li class=\"finding\">");
        marks::level_icon(out, finding.level);
        out.raw("<p class=\"finding-message\"><span class=\"visually-hidden\">").raw(finding.level.as_str());
        out.raw(": </span>").with(|out| words(out, &finding.message)).raw("</p>");
        if !finding.help.is_empty() {
            out.raw("<p class=\"finding-help\">").with(|out| words(out, &finding.help)).raw("</p>");
        }
        out.raw("<p class=\"finding-where\">");
        if !finding.file.is_empty() {
            let line = (finding.line > 0).then_some(finding.line);
            out.raw("<code>");
            match repository {
                Some(slug) => out.link(&address::file(slug, &finding.file, line), "link", &finding.location()),
                None => out.text(&finding.location()),
            };
            out.raw("</code>");
        }
        out.raw("<span>");
        evidence::rule(out, &finding.rule);
        out.raw("</span></p></li>");
    }
    out.raw("</ul>");
}

/// A message as text, with what stands between backticks as code.
fn words(out: &mut Html, message: &str) {
    // Backticks that do not come in pairs stay as they are.
    if !message.matches('`').count().is_multiple_of(2) {
        out.text(message);
        return;
    }
    for (at, part) in message.split('`').enumerate() {
        if at.is_multiple_of(2) {
            out.text(part);
        } else {
            out.raw("<code>").text(part).raw("</code>");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn code_in_messages_reads_as_code() {
        let table = [
            ("`a<b` is \"c\"", "<code>a&lt;b</code> is &quot;c&quot;"),
            ("plain", "plain"),
            ("one ` alone", "one ` alone"),
        ];
        for (message, html) in table {
            let mut out = Html::new();
            words(&mut out, message);
            assert_eq!(out.as_str(), html);
        }
    }
}
