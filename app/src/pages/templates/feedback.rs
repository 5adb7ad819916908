//! How launches of a template went: what people say, and for whoever owns it the figures.

use model::template::{FormQuestion, TemplateFeedback, TemplateFigures, Typical};

use crate::components::state;
use crate::html::Html;
use crate::{address, format};

pub fn write(out: &mut Html, now: i64, questions: &[FormQuestion], feedback: &TemplateFeedback) {
    let said = feedback.worked + feedback.missing;
    if said == 0 && feedback.figures.is_none() {
        return;
    }
    out.raw("<section class=\"section\" id=\"feedback\"><div class=\"section-head\"><h2>How it went</h2></div>");
    match said {
        0 => out.raw("<p class=\"quiet\">Nobody who launched it has said yet how it went.</p>"),
        _ => {
            out.raw("<p>It did what was needed in ").text(&format::number(feedback.worked)).raw(" of ");
            out.text(&format::count(said, "launch", "launches")).raw(" that somebody has judged (");
            out.text(&format::percent(feedback.worked, said)).raw(").</p>")
        }
    };
    if !feedback.answers.is_empty() {
        out.raw("<ul class=\"plain-list\">");
        for answer in &feedback.answers {
            let (class, word) = if answer.worked {
                ("badge badge-green", "it worked")
            } else {
                ("badge badge-amber", "something missing")
            };
            out.raw("<li><span").attribute("class", class).raw(">").raw(word).raw("</span> ").text(&answer.comment);
            out.raw(" <span class=\"quiet\">").text(&answer.by).raw(", ");
            format::time(out, now, answer.given_at);
            out.raw(", of ").link(&address::run(&answer.run), "link", &answer.name).raw("</span></li>");
        }
        out.raw("</ul>");
    }
    if let Some(figures) = &feedback.figures {
        self::figures(out, questions, figures);
    }
    out.raw("</section>");
}

/// Each with how many launches it is of.
fn figures(out: &mut Html, questions: &[FormQuestion], figures: &TemplateFigures) {
    if figures.launches == 0 && figures.failures.is_empty() && figures.given_up.is_empty() {
        return state::empty(
            out,
            "No launch yet",
            "How long launches take, and where they fail, will stand here.",
            None,
        );
    }
    out.raw("<div class=\"table-wrap\"><table class=\"table table-plain\"><caption>For you, who own it</caption><thead><tr>");
    out.raw("<th scope=\"col\">What</th><th scope=\"col\">Half of them</th><th scope=\"col\">Nine of ten</th>");
    out.raw("<th scope=\"col\" class=\"number\">Launches</th></tr></thead><tbody>");
    let all = [
        ("The launch takes", &figures.duration),
        ("A person commits after", &figures.first_commit),
        ("The first release comes after", &figures.first_release),
    ];
    for (label, typical) in all {
        out.raw("<tr><td>").raw(label).raw("</td>");
        match typical {
            Some(Typical { count, median, p90 }) => {
                out.raw("<td>").text(&format::duration(*median)).raw("</td><td>").text(&format::duration(*p90));
                out.raw("</td><td class=\"number\">").text(&format::number(*count)).raw("</td></tr>");
            }
            None => {
                out.raw("<td class=\"quiet\" colspan=\"2\">none so far</td><td class=\"number\">0</td></tr>");
            }
        }
    }
    out.raw("</tbody></table></div>");
    if !figures.failures.is_empty() {
        out.raw("<h3>Where launches failed</h3><ul class=\"plain-list\">");
        for failed in &figures.failures {
            out.raw("<li>")
                .text(&failed.step)
                .raw(" <span class=\"quiet\">")
                .text(&times(failed.count))
                .raw("</span></li>");
        }
        out.raw("</ul>");
    }
    if !figures.given_up.is_empty() {
        out.raw("<h3>Where people gave up in the last month</h3><ul class=\"plain-list\">");
        for given_up in &figures.given_up {
            let question = given_up.question.as_ref().map(|name| {
                questions
                    .iter()
                    .find(|question| question.name == *name)
                    .map_or(name.as_str(), |question| &question.text)
            });
            out.raw("<li>").text(question.unwrap_or("after the preview, with everything answered"));
            out.raw(" <span class=\"quiet\">").text(&times(given_up.count)).raw("</span></li>");
        }
        out.raw("</ul>");
    }
}

fn times(count: u64) -> String {
    format::count(count, "time", "times")
}
