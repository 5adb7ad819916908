//! What would be changed, before it is: a preview with the difference, and the button.

use leptos::server_fn::ServerFn;
use model::EntityRef;
use portal::changes::{self, Planned, Way, Wish};

use super::actions::Propose;
use super::asked::Asked;
use crate::RequestContext;
use crate::address;
use crate::components::form::text_area;
use crate::components::state::{Tone, notice};
use crate::components::{Icon, diff, state};
use crate::format;
use crate::html::Html;
use crate::pages::{Answer, Page, Parameters, Place};

/// The page that writes down what is known of an entity's repository.
pub fn address_for_entity(reference: &EntityRef) -> String {
    Asked { what: "descriptor".to_owned(), entities: vec![reference.clone()], ..Asked::default() }.address()
}

/// The page that corrects the owner of an entity.
pub fn address_for_owner(reference: &EntityRef) -> String {
    Asked { what: "owner".to_owned(), entities: vec![reference.clone()], ..Asked::default() }.address()
}

pub async fn page(context: RequestContext, _: Parameters) -> Answer {
    let asked = Asked::of(context.query());
    let entities = asked.entities(&context).await?;
    let asked = Asked { entities, all: None, ..asked };
    let mut out = Html::new();
    if asked.entities.is_empty() {
        let text = "Tick entities in the catalog, or begin at the page of one.";
        state::empty(&mut out, "Nothing was chosen", text, None);
        return Ok(Page::new("Change", Place::Changes, out).below("Changes", "/changes"));
    }
    let title = if asked.what == "owner" { "Correct the owner" } else { "Write catalog-info.yaml" };
    match asked.wish(&context) {
        Ok(Some(wish)) => {
            let plans = changes::plan(&context.portal, &context.actor, &wish, &asked.entities).await?;
            head(&mut out, title, &wish, &plans);
            match plans.as_slice() {
                [one] => single(&mut out, &asked, one),
                many => several(&mut out, &asked, many),
            }
        }
        Ok(None) => ask_owner(&mut out, &asked, title, None),
        Err(error @ portal::Error::Invalid(_)) => {
            let told = match &error {
                portal::Error::Invalid(findings) => findings
                    .findings
                    .iter()
                    .map(|finding| format!("{}. {}", finding.message, finding.help))
                    .collect::<Vec<_>>()
                    .join(" "),
                other => other.to_string(),
            };
            ask_owner(&mut out, &asked, title, Some(&told));
        }
        Err(error) => return Err(error),
    }
    Ok(Page::new(title, Place::Changes, out).below("Changes", "/changes"))
}

fn head(out: &mut Html, title: &str, wish: &Wish, plans: &[Planned]) {
    let about = match (wish, plans) {
        (Wish::Descriptor, [one]) => {
            format!("What Slipway knows of {}, as a file that its team can correct.", one.name)
        }
        (Wish::Owner(owner), [one]) => format!("{} becomes the owner, where {} declares it.", owner.short(), one.name),
        (Wish::Descriptor, many) => format!("One change for each of {} repositories.", many.len()),
        (Wish::Owner(owner), many) => {
            format!("{} becomes the owner: one change for each of {} repositories.", owner.short(), many.len())
        }
    };
    state::page_header(out, title, None, &about, &Html::default());
}

/// The form for an owner that is not named yet, or that does not exist.
fn ask_owner(out: &mut Html, asked: &Asked, title: &str, problem: Option<&str>) {
    let about = match asked.entities.as_slice() {
        [one] => format!("Who answers for {}? It is written into its catalog-info.yaml, by a pull request.", one.name),
        many => format!(
            "Who answers for these {} entities? It is written into their descriptors, by pull requests.",
            many.len()
        ),
    };
    state::page_header(out, title, None, &about, &Html::default());
    if let Some(problem) = problem {
        notice(out, Tone::Red, |out| {
            out.text(problem);
        });
    }
    out.raw("<form class=\"change-form\" action=\"/changes/new\" method=\"get\"><input type=\"hidden\" name=\"what\" value=\"owner\">");
    for reference in &asked.entities {
        out.raw("<input type=\"hidden\" name=\"entity\"").attribute("value", &reference.to_string()).raw(">");
    }
    out.raw("<div class=\"field\"><label for=\"to\">Owner</label><input class=\"input\" id=\"to\" name=\"to\" required autocomplete=\"off\" placeholder=\"Team, such as payments\"");
    out.attribute("value", &asked.to)
        .raw("></div><button class=\"button button-primary\" type=\"submit\">Show the change</button></form>");
}

/// One repository: the difference, and title and text to edit.
fn single(out: &mut Html, asked: &Asked, plan: &Planned) {
    if !obstacle(out, plan) {
        out.raw("<form class=\"change-form\" method=\"post\"").attribute("action", Propose::PATH).raw(">");
        hidden(out, asked, std::slice::from_ref(plan));
        out.raw("<div class=\"field\"><label for=\"title\">Title</label><input class=\"input\" id=\"title\" name=\"title\" required maxlength=\"200\"");
        out.attribute("value", asked.title.as_deref().unwrap_or(&plan.title));
        out.raw("></div><div class=\"field\"><label for=\"text\">Text, in Markdown</label>");
        text_area(out, "text", 8, 20_000, asked.text.as_deref().unwrap_or(&plan.text));
        out.raw("</div><div class=\"change-buttons\"><button class=\"button button-primary\" type=\"submit\">");
        Icon::Pull.write(out);
        out.raw(if plan.way == Way::Branch { "Push a branch" } else { "Open a pull request" }).raw("</button>");
        patch_link(out, asked);
        out.raw("</div></form>");
    } else if !plan.edits.is_empty() {
        out.raw("<div class=\"change-buttons\">");
        patch_link(out, asked);
        out.raw("</div>");
        state::command(out, "git apply change.patch");
    }
    for note in &plan.notes {
        notice(out, Tone::Amber, |out| {
            out.text(note);
        });
    }
    if !plan.edits.is_empty() {
        out.raw("<section class=\"section\"><h2>What would be changed in ");
        out.link(&address::repository(&plan.repository), "link", &plan.name).raw("</h2>");
        diff::files(out, &plan.edits, &plan.repository);
        out.raw("</section>");
    }
}

/// Says why it cannot be proposed; gives whether there is such a reason.
fn obstacle(out: &mut Html, plan: &Planned) -> bool {
    if let Some(problem) = &plan.problem {
        notice(out, Tone::Plain, |out| {
            out.raw("<strong>Nothing to propose.</strong> ").text(problem);
        });
        return true;
    }
    if let Way::Patch(why) = &plan.way {
        notice(out, Tone::Amber, |out| {
            out.text(why).raw(" Download the change as a patch, and apply it in a clone of the repository.");
        });
        return true;
    }
    false
}

fn patch_link(out: &mut Html, asked: &Asked) {
    let address =
        Asked { title: None, text: None, ..asked.clone() }.address().replacen("/changes/new", "/changes/patch", 1);
    out.raw("<a class=\"button\" download=\"change.patch\"").attribute("href", &address).raw(">");
    Icon::Download.write(out);
    out.raw("Download the patch</a>");
}

fn hidden(out: &mut Html, asked: &Asked, plans: &[Planned]) {
    for (name, value) in [("what", &asked.what), ("to", &asked.to), ("fingerprint", &changes::fingerprint(plans))] {
        out.raw("<input type=\"hidden\"").attribute("name", name).attribute("value", value).raw(">");
    }
    for reference in &asked.entities {
        out.raw("<input type=\"hidden\" name=\"entities[]\"").attribute("value", &reference.to_string()).raw(">");
    }
}

/// Many repositories: what would be changed in each, and which cannot be.
fn several(out: &mut Html, asked: &Asked, plans: &[Planned]) {
    let (possible, others): (Vec<&Planned>, Vec<&Planned>) = plans.iter().partition(|plan| plan.is_possible());
    if !possible.is_empty() {
        out.raw("<form class=\"change-buttons\" method=\"post\"").attribute("action", Propose::PATH).raw(">");
        hidden(out, asked, plans);
        out.raw("<button class=\"button button-primary\" type=\"submit\">");
        Icon::Pull.write(out);
        out.text(&format!("Propose {}", format::count(possible.len(), "change", "changes"))).raw("</button></form>");
    }
    if !others.is_empty() {
        out.raw("<section class=\"section\"><h2>Cannot be proposed</h2><ul class=\"plans\">");
        for plan in &others {
            out.raw("<li>").with(|out| place(out, plan)).raw(" ");
            let why = match (&plan.problem, &plan.way) {
                (Some(problem), _) | (None, Way::Patch(problem)) => problem.as_str(),
                _ => "",
            };
            out.raw("<span class=\"quiet\">").text(why).raw("</span></li>");
        }
        out.raw("</ul></section>");
    }
    if !possible.is_empty() {
        out.raw("<section class=\"section\"><h2>Would be changed</h2><ul class=\"plans\">");
        for plan in &possible {
            out.raw("<li><details><summary>").with(|out| place(out, plan)).raw(" <span class=\"quiet\">");
            let files: Vec<&str> = plan.edits.iter().map(|edit| edit.path.as_str()).collect();
            out.text(&plan.title).raw(": <code>").text(&files.join(", ")).raw("</code></span></summary>");
            for note in &plan.notes {
                out.raw("<p class=\"quiet\">").text(note).raw("</p>");
            }
            diff::files(out, &plan.edits, &plan.repository);
            out.raw("</details></li>");
        }
        out.raw("</ul></section>");
    }
}

/// A repository, or those entities that are in none.
fn place(out: &mut Html, plan: &Planned) {
    if plan.repository.is_empty() {
        let names: Vec<&str> = plan.entities.iter().map(|reference| reference.name.as_str()).collect();
        out.raw("<strong>").text(&names.join(", ")).raw("</strong>");
    } else {
        out.raw("<strong>").text(&plan.name).raw("</strong>");
    }
}
