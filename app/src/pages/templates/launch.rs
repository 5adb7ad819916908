//! The form that launches a template: it asks, shows what would be made, and then makes it. It is sent with GET until the last
//! step, so every state of it is an address.

use leptos::server_fn::ServerFn;
use model::EntityRef;
use model::run::{RunApproval, RunStep};
use model::template::{Form, FormQuestion, Preview, PreviewFile, PreviewKind, QuestionKind};
use portal::identity::{Action, Resource, can};
use portal::runs::Destination;

use super::actions::Launch;
use super::asked::Asked;
use super::named;
use crate::components::Icon;
use crate::components::document::code;
use crate::components::form::text_area;
use crate::components::state::{Tone, notice};
use crate::html::Html;
use crate::pages::{Answer, Page, Parameters, Place};
use crate::{RequestContext, address, format};

/// Characters of an answer that is a JSON object.
const LONGEST_DICTIONARY: u64 = 16_000;
/// Bytes of text that are highlighted on one page; the rest stands there as it is.
const MOST_HIGHLIGHTED: usize = 64 << 10;

pub async fn page(context: RequestContext, parameters: Parameters) -> Answer {
    can(&context.actor, Action::Launch, Resource::Anything)?;
    let reference = named(&parameters);
    let mut asked = Asked::of(context.query());
    if asked.key.is_empty() {
        asked.key.clone_from(&context.request_id);
    }
    let (portal, actor) = (&context.portal, &context.actor);
    let form = portal::templates::form(portal, actor, &reference, asked.commit.as_deref(), &asked.answers).await?;
    asked.commit = Some(form.commit.clone());
    let destinations = portal::runs::destinations(portal);
    if asked.destination.is_empty() {
        asked.destination = destinations.first().map(|first| first.name.clone()).unwrap_or_default();
    }
    let mut out = Html::new();
    out.raw("<div class=\"page-header\"><div><h1>Launch ").text(&reference.name).raw("</h1><p>");
    out.raw("Answers that others depend on are taken in with “Look at it”. Nothing is made before “Launch”.</p></div></div>");
    if destinations.is_empty() {
        notice(&mut out, Tone::Amber, |out| {
            out.raw("No source takes new projects: <code>launch = true</code> at one of them in the configuration makes it one.");
        });
    }
    let preview = match asked.preview && form.is_valid() {
        true => Some(preview(&context, &reference, &asked).await),
        false => None,
    };
    if !form.is_valid() && asked.preview {
        notice(&mut out, Tone::Red, |out| {
            out.raw("Some answers cannot be taken: each says below what it takes.");
            for problem in &form.problems {
                out.raw("<br>").text(&problem.message).raw(" ").text(&problem.help);
            }
        });
    }
    write_form(&mut out, &reference, &asked, &form, &destinations);
    match preview {
        Some(Ok(looked)) => shown(&mut out, &reference, &context, &looked),
        Some(Err(error)) => notice(&mut out, Tone::Red, |out| {
            out.text(&error.to_string());
        }),
        None => {}
    }
    let crumb = address::template(&reference);
    Ok(Page::new(format!("Launch {}", reference.name), Place::Templates, out)
        .below("Templates", "/templates")
        .below(reference.name.clone(), crumb))
}

/// What a launch would make, do, and need.
struct Looked {
    preview: Preview,
    steps: Vec<RunStep>,
    approvals: Vec<RunApproval>,
}

async fn preview(context: &RequestContext, reference: &EntityRef, asked: &Asked) -> portal::Result<Looked> {
    let (portal, actor, commit) = (&context.portal, &context.actor, asked.commit.as_deref());
    let preview = portal::templates::preview(portal, actor, reference, commit, &asked.answers, &asked.key).await?;
    let launch = asked.launch(reference.clone()).map_err(portal::Error::Conflict)?;
    let name = launch.name.clone().or_else(|| preview.folder.clone());
    let launch = portal::runs::Launch { name, ..launch };
    let steps = portal::runs::plan(portal, actor, &launch)?;
    let actions: Vec<String> = steps.iter().map(|step| step.action.clone()).collect();
    let approvals = portal::runs::asked_of(portal, &launch, &actions);
    Ok(Looked { preview, steps, approvals })
}

fn write_form(out: &mut Html, reference: &EntityRef, asked: &Asked, form: &Form, destinations: &[Destination]) {
    out.raw("<form class=\"launch\" method=\"get\"")
        .attribute("action", &format!("{}/launch", address::template(reference)));
    out.raw(">");
    for (name, value) in [("key", asked.key.as_str()), ("commit", asked.commit.as_deref().unwrap_or_default())] {
        out.raw("<input type=\"hidden\"").attribute("name", name).attribute("value", value).raw(">");
    }
    for page in &form.pages {
        out.raw("<fieldset><legend>").text(&page.title).raw("</legend>");
        for question in &page.questions {
            field(out, question, asked.preview);
        }
        out.raw("</fieldset>");
    }
    out.raw("<fieldset><legend>The repository</legend>");
    select(
        out,
        "destination",
        "Where",
        &asked.destination,
        destinations.iter().map(|one| (one.name.as_str(), one.location.as_str())),
    );
    input(out, "name", "Name (as the template calls its folder, where nothing is written)", &asked.name);
    input(out, "description", "Description", &asked.description);
    let is_forge = destinations.iter().any(|one| one.action == "publish:github");
    if is_forge {
        let all = [("private", "private"), ("internal", "internal"), ("public", "public")];
        select(out, "visibility", "Who sees it at GitHub", &asked.visibility, all.into_iter());
    }
    input(out, "owner", "Owner: a team, or user:default/name", &asked.owner);
    input(out, "lifecycle", "Lifecycle, such as experimental or production", &asked.lifecycle);
    out.raw("</fieldset><div class=\"launch-buttons\">");
    out.raw("<button class=\"button button-primary\" type=\"submit\" name=\"preview\" value=\"1\">Look at it</button>");
    out.raw("</div></form>");
}

fn field(out: &mut Html, question: &FormQuestion, sent: bool) {
    let name = Asked::field(&question.name);
    let id = &name;
    out.raw("<div class=\"field\"><label").attribute("for", id).raw(">").text(&question.text).raw("</label>");
    let error = question.error.as_ref().filter(|_| sent);
    let described = |out: &mut Html| {
        if error.is_some() {
            out.raw(" aria-invalid=\"true\"").attribute("aria-describedby", &format!("{id}-error"));
        }
    };
    let options = |out: &mut Html, choices: &mut dyn Iterator<Item = (&str, &str)>| {
        out.raw("<select class=\"input\"").attribute("id", id).attribute("name", &name).with(described).raw(">");
        for (value, label) in choices {
            option(out, value, label, question.value == value);
        }
        out.raw("</select>");
    };
    match &question.kind {
        QuestionKind::YesNo => options(out, &mut [("yes", "yes"), ("no", "no")].into_iter()),
        QuestionKind::Choice { choices } => {
            options(out, &mut choices.iter().map(|choice| (choice.value.as_str(), choice.label.as_str())));
        }
        QuestionKind::Dictionary => text_area(out, &name, 4, LONGEST_DICTIONARY, &question.value),
        QuestionKind::Text => {
            let kind = if question.secret { "password" } else { "text" };
            // Where nobody answered, an empty field follows what earlier answers make the default.
            let value = if question.answered { question.value.as_str() } else { "" };
            out.raw("<input class=\"input\"").attribute("type", kind).attribute("id", id).attribute("name", &name);
            out.attribute("value", value).attribute("placeholder", &question.default).with(described).raw(">");
        }
    }
    if let Some(error) = error {
        out.raw("<p class=\"field-error\"").attribute("id", &format!("{id}-error")).raw(">").text(error).raw("</p>");
    }
    out.raw("</div>");
}

fn input(out: &mut Html, name: &'static str, label: &'static str, value: &str) {
    out.raw("<div class=\"field\"><label").attribute("for", name).raw(">").raw(label).raw("</label>");
    out.raw("<input class=\"input\" type=\"text\"").attribute("id", name).attribute("name", name);
    out.attribute("value", value).raw("></div>");
}

fn select<'a>(
    out: &mut Html,
    name: &'static str,
    label: &'static str,
    chosen: &str,
    options: impl Iterator<Item = (&'a str, &'a str)>,
) {
    out.raw("<div class=\"field\"><label").attribute("for", name).raw(">").raw(label).raw("</label>");
    out.raw("<select class=\"input\"").attribute("id", name).attribute("name", name).raw(">");
    for (value, label) in options {
        option(out, value, label, value == chosen);
    }
    out.raw("</select></div>");
}

fn option(out: &mut Html, value: &str, label: &str, chosen: bool) {
    out.raw("<option").attribute("value", value).raw(if chosen { " selected>" } else { ">" }).text(label);
    out.raw("</option>");
}

/// What would be made, and the button that makes it.
fn shown(out: &mut Html, reference: &EntityRef, context: &RequestContext, looked: &Looked) {
    let Looked { preview, steps, approvals } = looked;
    out.raw("<section class=\"section\" id=\"preview\"><div class=\"section-head\"><h2>What it would make<span class=\"count\">");
    out.text(&format::count(preview.files.len(), "file", "files")).raw("</span></h2></div>");
    for finding in &preview.findings {
        notice(out, Tone::Amber, |out| {
            out.text(&finding.message).raw(" ").text(&finding.help);
        });
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
    out.raw("</ol><form method=\"post\"").attribute("action", Launch::PATH).raw(">");
    for (name, value) in [("template", reference.to_string()), ("asked", context.query().to_owned())] {
        out.raw("<input type=\"hidden\"").attribute("name", name).attribute("value", &value).raw(">");
    }
    out.raw(
        "<button class=\"button button-primary\" type=\"submit\">Launch</button></form><p class=\"quiet\">Or take the files \
         away without a repository: ",
    );
    let archive = format!("{}/archive?{}", address::template(reference), context.query());
    out.link(&archive, "link", "download .tar.gz").raw("</p><div class=\"launch-files\">");
    let mut left = MOST_HIGHLIGHTED;
    for one in &preview.files {
        file(out, one, &mut left);
    }
    out.raw("</div></section>");
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
