//! What a template would execute, to be looked at, and who says that it may.

use leptos::server_fn::ServerFn;
use model::template::{ScriptStage, TemplateDetail, TrustDecision};
use portal::identity::{Action, Resource, can};

use super::actions::{Distrust, Trust};
use super::template::short;
use crate::components::document::code;
use crate::components::state::{Tone, notice};
use crate::html::Html;
use crate::{RequestContext, address, format};

pub fn section(out: &mut Html, context: &RequestContext, detail: &TemplateDetail) {
    if detail.executes.is_empty() {
        return;
    }
    let decides = can(&context.actor, Action::Trust, Resource::Anything).is_ok();
    let trust = &detail.trust;
    out.raw("<section class=\"section\" id=\"trust\"><div class=\"section-head\"><h2>What it executes<span class=\"count\">");
    out.plain(detail.executes.len()).raw("</span></h2></div>");
    match trust.at(&detail.commit) {
        Some(decision) => notice(out, Tone::Plain, |out| {
            out.text(&decision.by).raw(" began to trust this commit ");
            format::time(out, context.now(), decision.at);
            out.raw(": what stands here is run whenever somebody fills in the form, looks at what comes, or launches, behind a fence \
                     without a network. A later commit has to be trusted anew.");
        }),
        None => notice(out, Tone::Amber, |out| {
            out.raw("Nobody trusts the commit <code>")
                .text(short(&detail.commit))
                .raw("</code> yet, and so it cannot be launched. ");
            out.raw(match (decides, trust.decisions.is_empty()) {
                (true, _) => {
                    "Read what stands here: at launches it is run on the server, behind a fence without a network. "
                }
                (false, true) => "An administrator can trust it here. ",
                (false, false) => "An administrator can trust it here; another commit is trusted already. ",
            });
            out.raw("On a machine of your own, <code>slipway new</code> asks you.");
        }),
    }
    if decides && trust.at(&detail.commit).is_none() {
        decide(out, Trust::PATH, detail, &detail.commit, "Trust at this commit");
    }
    out.raw("<div class=\"launch-files\">");
    for script in &trust.scripts {
        let when = match script.stage {
            ScriptStage::BeforeQuestions => "before the questions",
            ScriptStage::BeforeFiles => "before the files are made",
            ScriptStage::AfterFiles => "after the files are made",
        };
        let mut about = format!("{when}, by {}", or_nothing(&script.interpreter));
        if !script.calls.is_empty() {
            about += &format!("; it calls {}", script.calls.join(", "));
        }
        source(out, &script.path, &about, script.text.as_deref().map(|text| (script.path.as_str(), text)));
    }
    for extension in &trust.extensions {
        let (about, path) = match &extension.path {
            Some(path) => (format!("Python extension, in {path}"), path.as_str()),
            None => ("Python extension, which has to be installed on the server".to_owned(), ""),
        };
        source(out, &extension.name, &about, extension.text.as_deref().map(|text| (path, text)));
    }
    out.raw("</div>");
    decisions(out, context, detail, decides);
    out.raw("</section>");
}

fn or_nothing(interpreter: &str) -> &str {
    if interpreter.is_empty() { "nothing known" } else { interpreter }
}

fn source(out: &mut Html, name: &str, about: &str, text: Option<(&str, &str)>) {
    out.raw("<details><summary><code>").text(name).raw("</code> <span class=\"quiet\">").text(about);
    out.raw("</span></summary>");
    match text {
        Some((path, text)) => code(out, path, text),
        None => {
            out.raw("<p class=\"quiet\">It is too large to be shown here, no text, or no file of this template.</p>");
        }
    }
    out.raw("</details>");
}

/// Every commit that is trusted, each of which can be looked at, launched and distrusted.
fn decisions(out: &mut Html, context: &RequestContext, detail: &TemplateDetail, decides: bool) {
    let decisions = &detail.trust.decisions;
    if decisions.is_empty() {
        return;
    }
    out.raw("<h3>Trusted commits</h3><ul class=\"trusted\">");
    let page = address::template(&detail.template.reference);
    for TrustDecision { commit, by, at } in decisions {
        out.raw("<li>")
            .link(&format!("{page}?commit={commit}"), "link", short(commit))
            .raw(" <span class=\"quiet\">by ");
        out.text(by).raw(", ");
        format::time(out, context.now(), *at);
        out.raw("</span> ").link(&format!("{page}/launch?commit={commit}"), "link", "Launch at it");
        if decides {
            decide(out, Distrust::PATH, detail, commit, "Trust it no more");
        }
        out.raw("</li>");
    }
    out.raw("</ul>");
}

fn decide(out: &mut Html, action: &str, detail: &TemplateDetail, commit: &str, label: &'static str) {
    out.raw("<form method=\"post\"").attribute("action", action).raw(">");
    for (name, value) in [("template", detail.template.reference.to_string().as_str()), ("commit", commit)] {
        out.raw("<input type=\"hidden\"").attribute("name", name).attribute("value", value).raw(">");
    }
    out.raw("<button type=\"submit\" class=\"button\">").raw(label).raw("</button></form>");
}
