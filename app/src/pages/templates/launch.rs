//! The form that launches a template: it asks, shows what would be made, and then makes it. Every state of it is an address; what is
//! secret is asked last, beside the button that launches, and stands in none.

use leptos::server_fn::ServerFn;
use model::EntityRef;
use model::catalog::{CatalogFilter, Field};
use model::template::{Form, FormQuestion, QuestionKind};
use portal::identity::{Action, Resource, can};
use portal::runs::{Destination, drafts};

use super::actions::{Forget, Look};
use super::asked::Asked;
use super::{named, preview};
use crate::components::form::{act_on, option, proposing, select, text_area};
use crate::components::state::{Tone, notice};
use crate::html::Html;
use crate::pages::{Answer, Page, Parameters, Place};
use crate::{RequestContext, address, format};

/// Characters of an answer that is a JSON object.
const LONGEST_DICTIONARY: u64 = 16_000;
/// Of teams and projects that a field proposes; others can be typed.
const MOST_PROPOSED: usize = 200;

pub async fn page(context: RequestContext, parameters: Parameters) -> Answer {
    can(&context.actor, Action::Launch, Resource::Anything)?;
    let reference = named(&parameters);
    let mut asked = Asked::of(context.query());
    if asked.key.is_empty() {
        asked.key.clone_from(&context.request_id);
    }
    let (portal, actor) = (&context.portal, &context.actor);
    let like = like(&context, &reference, &mut asked).await?;
    let (commit, key) = (asked.commit.as_deref(), asked.preview.then_some(asked.key.as_str()));
    let mut looked = portal::templates::look(portal, actor, &reference, commit, &asked.answers, key).await?;
    let rendered = looked.preview.take();
    let form = &looked.form;
    // What is secret should not be in an address, and does not count there.
    asked.answers.retain(|name, _| !form.questions().any(|question| question.secret && question.name == *name));
    asked.commit = Some(form.commit.clone());
    let destinations = portal::runs::destinations(portal);
    if asked.destination.is_empty() {
        asked.destination = destinations.first().map(|first| first.name.clone()).unwrap_or_default();
    }
    let preview = rendered.map(|rendered| preview::of(&context, &reference, &asked, &looked, rendered?));
    let mut out = Html::new();
    out.raw("<div class=\"page-header\"><div><h1>Launch ").text(&reference.name).raw("</h1><p>");
    out.raw("Answers that others depend on are taken in with “Look at it”. Nothing is made before “Launch”.</p></div></div>");
    if destinations.is_empty() {
        notice(&mut out, Tone::Amber, |out| {
            out.raw("No source takes new projects: <code>launch = true</code> at one of them in the configuration makes it one.");
        });
    }
    if context.query().is_empty()
        && let Some(draft) = drafts::of(portal, actor, &reference).await?
    {
        go_on(&mut out, &context, &reference, &draft);
    }
    if !form.is_valid() && asked.preview {
        notice(&mut out, Tone::Red, |out| {
            out.raw("Some answers cannot be taken: each says below what it takes.");
            for problem in &form.problems {
                out.raw("<br>").text(&problem.message).raw(" ").text(&problem.help);
            }
        });
    }
    choose_like(&mut out, &context, &reference, like.as_deref()).await?;
    if let Some(Err(error)) = &preview {
        preview::refused(&mut out, error);
    }
    let is_shown = preview.as_ref().is_some_and(Result::is_ok);
    write_form(&mut out, &context, &reference, (&asked, form), &destinations, is_shown).await?;
    if let Some(Ok(shown)) = &preview {
        preview::write(&mut out, &context, &reference, (&asked, form), &destinations, shown);
    }
    let crumb = address::template(&reference);
    Ok(Page::new(format!("Launch {}", reference.name), Place::Templates, out)
        .below("Templates", "/templates")
        .below(reference.name.clone(), crumb))
}

/// Takes the answers of another project where somebody wishes for one like it; gives what is to be said of that.
async fn like(context: &RequestContext, reference: &EntityRef, asked: &mut Asked) -> portal::Result<Option<String>> {
    let project = std::mem::take(&mut asked.like);
    if project.is_empty() {
        return Ok(None);
    }
    let (portal, actor) = (&context.portal, &context.actor);
    let answers = match portal::templates::answers_of(portal, actor, &project).await {
        Ok(answers) => answers,
        Err(portal::Error::NotFound(_) | portal::Error::Invalid(_)) => {
            return Ok(Some(format!("{project} remembers no answers that you may read.")));
        }
        Err(error) => return Err(error),
    };
    let form = portal::templates::form(portal, actor, reference, asked.commit.as_deref(), &answers).await?;
    for question in form.questions().filter(|question| !question.secret && question.error.is_none()) {
        if let Some(answer) = answers.get(&question.name) {
            asked.answers.entry(question.name.clone()).or_insert_with(|| answer.clone());
        }
    }
    Ok(Some(format!("The answers of {project} are filled in; what is secret is not.")))
}

/// Offers what somebody filled in before.
fn go_on(out: &mut Html, context: &RequestContext, reference: &EntityRef, draft: &drafts::Draft) {
    notice(out, Tone::Plain, |out| {
        out.raw("You have filled in this form ");
        format::time(out, context.now(), draft.kept_at);
        out.raw(". ");
        let filled = format!("{}/launch?{}", address::template(reference), draft.filled);
        out.link(&filled, "link", "Go on where you were").raw(".");
    });
    out.raw("<div class=\"launch-forget\">");
    act_on(out, Forget::PATH, &reference.to_string(), "Forget it");
    out.raw("</div>");
}

/// Another project whose answers are the beginning.
async fn choose_like(
    out: &mut Html,
    context: &RequestContext,
    reference: &EntityRef,
    said: Option<&str>,
) -> portal::Result<()> {
    if let Some(said) = said {
        notice(out, Tone::Plain, |out| {
            out.text(said);
        });
    }
    let projects = portal::templates::projects(&context.portal, &context.actor, reference).await?;
    if projects.is_empty() {
        return Ok(());
    }
    out.raw("<form class=\"launch-like\" method=\"get\"");
    out.attribute("action", &format!("{}/launch", address::template(reference))).raw(">");
    let proposed = projects.iter().take(MOST_PROPOSED).map(|project| project.repository.as_str());
    proposing(out, "like", "Like this other project", "", proposed);
    out.raw("<button class=\"button\" type=\"submit\">Take its answers</button></form>");
    Ok(())
}

async fn write_form(
    out: &mut Html,
    context: &RequestContext,
    reference: &EntityRef,
    (asked, form): (&Asked, &Form),
    destinations: &[Destination],
    is_shown: bool,
) -> portal::Result<()> {
    out.raw("<form class=\"launch\" method=\"post\"").attribute("action", Look::PATH).raw(">");
    let commit = asked.commit.as_deref().unwrap_or_default();
    for (name, value) in [("template", reference.to_string().as_str()), ("key", &asked.key), ("commit", commit)] {
        out.raw("<input type=\"hidden\"").attribute("name", name).attribute("value", value).raw(">");
    }
    for page in &form.pages {
        let open: Vec<&FormQuestion> = page.questions.iter().filter(|question| !question.secret).collect();
        if open.is_empty() {
            continue;
        }
        out.raw("<fieldset><legend>").text(&page.title).raw("</legend>");
        open.into_iter().for_each(|question| field(out, "answers", question, asked.preview));
        out.raw("</fieldset>");
    }
    out.raw("<fieldset><legend>The repository</legend>");
    select(
        out,
        "repository[destination]",
        "Where",
        &asked.destination,
        destinations.iter().map(|one| (one.name.as_str(), one.location.as_str())),
    );
    input(out, "repository[name]", "Name (as the template calls its folder, where nothing is written)", &asked.name);
    input(out, "repository[description]", "Description", &asked.description);
    let is_forge = destinations.iter().any(|one| one.action == "publish:github");
    if is_forge {
        let all = [("private", "private"), ("internal", "internal"), ("public", "public")];
        select(out, "repository[visibility]", "Who sees it at GitHub", &asked.visibility, all.into_iter());
        input(out, "repository[topics]", "Topics at GitHub, with commas between them", &asked.topics);
    }
    let owners = owners(context).await?;
    let owner = "Owner: a team, or user:default/name";
    proposing(out, "repository[owner]", owner, &asked.owner, owners.iter().map(String::as_str));
    proposing(
        out,
        "repository[lifecycle]",
        "Lifecycle",
        &asked.lifecycle,
        ["experimental", "production", "deprecated"].into_iter(),
    );
    out.raw("</fieldset><div class=\"button-row\"><button type=\"submit\"");
    // What comes next is the one button that stands out.
    out.attribute("class", if is_shown { "button" } else { "button button-primary" }).raw(">Look at it</button>");
    out.raw("</div></form>");
    Ok(())
}

/// Teams that may be written as owners, as somebody would type them.
async fn owners(context: &RequestContext) -> portal::Result<Vec<String>> {
    let groups = CatalogFilter { fields: [(Field::Kind, vec!["group".to_owned()])].into(), ..CatalogFilter::default() };
    let rows = portal::catalog::export(&context.portal, &context.actor, &groups).await?;
    Ok(rows.into_iter().take(MOST_PROPOSED).map(|row| row.reference.short()).collect())
}

/// The field of a question; `of` says with which others it is sent.
pub(super) fn field(out: &mut Html, of: &str, question: &FormQuestion, sent: bool) {
    let name = Asked::field(of, &question.name);
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
