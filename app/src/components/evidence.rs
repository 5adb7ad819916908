//! Why we think so: a mark that opens a card with rule, file and line.

use model::{Confidence, Evidence};

use super::marks;
use crate::address;
use crate::html::Html;

/// The mark with its card. `repository` is the slug of the entity's own repository.
pub fn mark(out: &mut Html, about: &str, evidence: &Evidence, repository: Option<&str>) {
    out.raw("<details class=\"evidence\"><summary>");
    marks::confidence(out, Some(evidence.confidence));
    out.raw("<span class=\"visually-hidden\">: evidence for ").text(about).raw("</span></summary>");
    out.raw("<div class=\"evidence-card\"><p><strong>")
        .raw(confidence_word(evidence.confidence))
        .raw("</strong></p><p>");
    out.text(&evidence.why).raw("</p>");
    if matches!(evidence.rule.as_str(), "owner.descriptor" | "owner.override") {
        out.raw(if evidence.authority {
            "<p>It counts for rights: its source is trusted.</p>"
        } else {
            "<p>It is for display and gives no rights: its source is not trusted, or nobody vouches for the owner.</p>"
        });
    }
    source(out, evidence, repository);
    out.raw("</div></details>");
}

/// Where it stands, and the rule that read it.
pub fn source(out: &mut Html, evidence: &Evidence, repository: Option<&str>) {
    if let Some(file) = &evidence.file {
        out.raw("<p>");
        place(out, file, evidence, repository);
        out.raw("</p>");
    }
    out.raw("<p>Rule ");
    rule(out, &evidence.rule);
    out.raw("</p>");
}

/// `file:line`, as a link where the repository is known.
pub fn place(out: &mut Html, file: &str, evidence: &Evidence, repository: Option<&str>) {
    let mut text = file.to_owned();
    if let Some(line) = evidence.line {
        text.push_str(&format!(":{line}"));
    }
    if let Some(elsewhere) = &evidence.repository {
        out.text(elsewhere).raw(" ");
    }
    out.raw("<code>");
    match evidence.repository.as_deref().or(repository) {
        Some(slug) => out.link(&address::file(slug, file, evidence.line), "link", &text),
        None => out.text(&text),
    };
    out.raw("</code>");
    if let Some(commit) = &evidence.commit {
        out.raw(" at <code").attribute("title", commit).raw(">").text(&short_commit(commit)).raw("</code>");
    }
}

/// The rule as a link to its explanation.
pub fn rule(out: &mut Html, id: &str) {
    out.raw("<a class=\"link\"").attribute("href", &format!("/rules#{}", address::segment(id)));
    out.raw("><code>").text(id).raw("</code></a>");
}

/// As pages write it at the head of a card.
pub fn confidence_word(confidence: Confidence) -> &'static str {
    match confidence {
        Confidence::Declared => "Declared",
        Confidence::Corroborated => "Corroborated",
        Confidence::Guess => "A guess",
    }
}

/// The first seven digits.
pub fn short_commit(commit: &str) -> String {
    commit.chars().take(7).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn evidence_leads_to_its_file_and_its_rule() {
        let evidence =
            Evidence::new("owner.codeowners", Confidence::Corroborated, "CODEOWNERS gives <all> of it to @hull/pay")
                .at("CODEOWNERS", Some(3));
        let mut out = Html::new();
        mark(&mut out, "owner", &evidence, Some("checkout"));
        insta::assert_snapshot!(out.as_str().replace("><", ">\n<"));
    }
}
