//! What a launch would make, and the button that makes it, with what is asked last: secrets, and in whose name.

use leptos::server_fn::ServerFn;
use model::EntityRef;
use model::run::{RunApproval, RunStep};
use model::template::{Form, FormQuestion, Preview, PreviewFile, PreviewKind};
use portal::runs::Destination;
use portal::templates::{Looked, Packing};

use super::actions::Launch;
use super::asked::Asked;
use super::launch::field;
use crate::components::Icon;
use crate::components::document::code;
use crate::components::findings;
use crate::components::state::{Tone, notice};
use crate::html::Html;
use crate::{RequestContext, address, format};

/// Bytes of text that are highlighted on one page; the rest stands there as it is.
const MOST_HIGHLIGHTED: usize = 64 << 10;

/// What a launch would make, do, and need.
pub struct Shown {
    preview: Preview,
    steps: Vec<RunStep>,
    approvals: Vec<RunApproval>,
}

pub fn of(
    context: &RequestContext,
    reference: &EntityRef,
    asked: &Asked,
    Looked { form, answers, .. }: &Looked,
    preview: Preview,
) -> portal::Result<Shown> {
    let (portal, actor) = (&context.portal, &context.actor);
    let launch = asked.launch(context, reference.clone())?;
    let name = launch.name.clone().or_else(|| preview.folder.clone());
    let launch = portal::runs::Launch { name, ..launch };
    let steps = portal::runs::plan(portal, actor, &launch, (form, answers))?;
    let actions: Vec<String> = steps.iter().map(|step| step.action.clone()).collect();
    let approvals = portal::runs::asked_of(portal, &launch, &actions);
    Ok(Shown { preview, steps, approvals })
}

/// Why there is nothing to be shown: each mistake with its place in the template.
pub fn refused(out: &mut Html, error: &portal::Error) {
    match error {
        portal::Error::Invalid(found) => {
            out.raw("<section class=\"section\"><div class=\"section-head\"><h2>It cannot be made</h2></div>");
            findings::list(out, &found.findings, None);
            out.raw("</section>");
        }
        error => notice(out, Tone::Red, |out| {
            out.text(&error.for_people());
        }),
    }
}

pub fn write(
    out: &mut Html,
    context: &RequestContext,
    reference: &EntityRef,
    (asked, form): (&Asked, &Form),
    destinations: &[Destination],
    Shown { preview, steps, approvals }: &Shown,
) {
    out.raw("<section class=\"section\" id=\"preview\"><div class=\"section-head\"><h2>What it would make<span class=\"count\">");
    out.text(&format::count(preview.files.len(), "file", "files")).raw("</span></h2></div>");
    if !preview.findings.is_empty() {
        findings::list(out, &preview.findings, None);
    }
    if !preview.executes.is_empty() {
        notice(out, Tone::Plain, |out| {
            out.raw("To show this, the server has run ").text(&preview.executes.join(", "));
            out.raw(" behind a fence; the launch runs it again.");
        });
    }
    crate::pages::runs::asked(out, approvals);
    out.raw("<ol class=\"launch-steps\">");
    for step in steps {
        out.raw("<li>").text(&step.does).raw(" <code class=\"quiet\">").text(&step.action).raw("</code></li>");
    }
    out.raw("</ol><form class=\"launch\" method=\"post\"").attribute("action", Launch::PATH).raw(">");
    for (name, value) in [("template", reference.to_string()), ("asked", asked.query())] {
        out.raw("<input type=\"hidden\"").attribute("name", name).attribute("value", &value).raw(">");
    }
    let secrets: Vec<&FormQuestion> = form.questions().filter(|question| question.secret).collect();
    if !secrets.is_empty() {
        out.raw("<fieldset><legend>Secrets</legend><p class=\"quiet\">They are kept sealed while the launch goes on, and erased \
                 when it ends; no log shows them.</p>");
        secrets.iter().for_each(|question| field(out, "secrets", question, false));
        out.raw("</fieldset>");
    }
    let destination = destinations.iter().find(|one| one.name == asked.destination);
    if let Some(destination) = destination {
        acting(out, context, destination);
    }
    out.raw("<div class=\"button-row\"><button class=\"button button-primary\" type=\"submit\">Launch</button></div></form>");
    out.raw("<p class=\"quiet\">For somebody else, or for later: ");
    let form = format!("{}/launch?{}", address::template(reference), asked.shared());
    out.link(&form, "link", "a link to this form as it is filled").raw(".");
    if secrets.is_empty() {
        out.raw(" Or take the files away without a repository: ");
        for (at, packing) in Packing::ALL.into_iter().enumerate() {
            let ending = packing.ending();
            let archive = format!("{}/archive?{}&as={ending}", address::template(reference), asked.query());
            out.raw(if at == 0 { "" } else { " or " }).link(&archive, "link", &format!("download .{ending}"));
        }
        out.raw(".");
    }
    out.raw("</p><div class=\"launch-files\">");
    let mut left = MOST_HIGHLIGHTED;
    for one in &preview.files {
        file(out, one, &mut left);
    }
    out.raw("</div></section>");
}

/// In whose name it is made.
fn acting(out: &mut Html, context: &RequestContext, destination: &Destination) {
    let is_forge = destination.action == "publish:github";
    out.raw("<fieldset><legend>Who acts</legend><p>");
    out.text(&format::capitalised(&destination.acts)).raw(" makes the repository");
    match context.actor.person() {
        Some(person) => out.raw(", and the first commit names ").text(&person.name).raw(" as co-author."),
        None => out.raw("."),
    };
    out.raw("</p>");
    if is_forge {
        out.raw("<div class=\"field\"><label for=\"token\">Or you do, with a token of yours</label>");
        out.raw("<input class=\"input\" type=\"password\" id=\"token\" name=\"token\" autocomplete=\"off\" maxlength=\"1000\" ");
        out.raw("aria-describedby=\"token-hint\"><p class=\"hint quiet\" id=\"token-hint\">It has to make repositories and write \
                 their contents in ");
        out.text(&destination.location).raw(
            " (of a classic token the scope <code>repo</code>). It is kept sealed while the launch \
                 goes on, and erased when it ends.</p></div>",
        );
    }
    out.raw("</fieldset>");
}

fn file(out: &mut Html, file: &PreviewFile, left: &mut usize) {
    out.raw("<details><summary>");
    Icon::FileText.write(out);
    out.raw("<code>").text(&file.path).raw("</code> <span class=\"quiet\">");
    match file.kind {
        PreviewKind::Text => {}
        PreviewKind::Program => {
            out.raw("can be run, ");
        }
        PreviewKind::Binary => {
            out.raw("no text, ");
        }
        PreviewKind::Link => {
            out.raw("a link, ");
        }
    }
    out.text(&format::size(file.bytes)).raw("</span></summary>");
    match &file.text {
        Some(text) if text.len() <= *left => {
            *left -= text.len();
            code(out, &file.path, text);
        }
        Some(text) => {
            out.raw("<pre><code>").text(text).raw("</code></pre>");
        }
        None => {
            out.raw("<p class=\"quiet\">There is nothing to show of it.</p>");
        }
    }
    out.raw("</details>");
}
