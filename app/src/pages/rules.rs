//! What the catalog concludes from what. Evidence links to its rule here.

use engine_catalog::{RULES_VERSION, Rule, rules};

use super::{Answer, Page, Parameters, Place};
use crate::RequestContext;
use crate::address;
use crate::components::state;
use crate::format;
use crate::html::Html;

pub async fn page(_: RequestContext, _: Parameters) -> Answer {
    let mut out = Html::new();
    let about =
        "Everything in the catalog that nobody wrote down was concluded by one of these rules, and says by which.";
    let count = format!("{}, version {RULES_VERSION}", format::count(rules().len(), "rule", "rules"));
    state::page_header(&mut out, "Rules", Some(&count), about, &Html::default());
    confidences(&mut out);
    let mut shown: Vec<&str> = Vec::new();
    for rule in rules() {
        let group = group(rule);
        if !shown.contains(&group) {
            shown.push(group);
            let all: Vec<&Rule> = rules().iter().filter(|other| self::group(other) == group).collect();
            write_group(&mut out, group, &all);
        }
    }
    Ok(Page::new("Rules", Place::Rules, out))
}

fn group(rule: &Rule) -> &'static str {
    rule.id.split('.').next().unwrap_or(rule.id)
}

fn confidences(out: &mut Html) {
    use crate::components::marks::confidence;
    use model::Confidence::{Corroborated, Declared, Guess};

    out.raw("<section class=\"section\"><h2>How sure we are</h2><dl class=\"facts\">");
    let words = [
        (Declared, "Declared", "A descriptor, an override or the forge itself says so."),
        (Corroborated, "Corroborated", "Two independent signs say so, or one that cannot mean anything else."),
        (
            Guess,
            "A guess",
            "Shown as “probably X?”. It is never counted, never exported, and waits for somebody’s word.",
        ),
    ];
    for (level, word, meaning) in words {
        out.raw("<div class=\"fact\"><dt>");
        confidence(out, Some(level));
        out.raw(" ").raw(word).raw("</dt><dd><span class=\"quiet\">").raw(meaning).raw("</span></dd></div>");
    }
    out.raw("</dl></section>");
}

fn write_group(out: &mut Html, group: &str, rules: &[&Rule]) {
    out.raw("<section class=\"rule-group\"><h2>").text(&format::capitalised(group)).raw("</h2>");
    for rule in rules {
        out.raw("<article class=\"rule-item\"")
            .attribute("id", &address::segment(rule.id))
            .raw("><code>")
            .text(rule.id);
        out.raw("</code><div><h3>").text(rule.title).raw("</h3><p>").text(rule.explanation).raw("</p></div></article>");
    }
    out.raw("</section>");
}
