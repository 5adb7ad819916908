//! What would need a person's word: confirm it, correct it, or say that it is wrong.

use leptos::prelude::*;
use leptos::server_fn::ServerFn;
use model::EntityRef;
use model::catalog::{Correction, Unsure};

use super::{Answer, Page, Parameters, Place, finish};
use crate::address;
use crate::components::{evidence, marks, pager, state};
use crate::html::Html;
use crate::{Error, Flash, RequestContext, format};

const PER_PAGE: usize = 50;

pub async fn page(context: RequestContext, _: Parameters) -> Answer {
    let query = address::first_values(context.query());
    let page = query.get("page").and_then(|page| page.parse().ok()).unwrap_or(1).max(1);
    let (unsure, total) = portal::catalog::unsure(&context.portal, &context.actor, page, PER_PAGE).await?;
    let corrections = portal::catalog::corrections(&context.portal, &context.actor).await?;
    let mut out = Html::new();
    let about = "What Git suggests but does not prove. None of it counts until somebody says so.";
    state::page_header(&mut out, "Unsure", Some(&format::count(total, "guess", "guesses")), about, &Html::default());
    if total == 0 {
        state::empty(
            &mut out,
            "Nothing waits for your word",
            "Guesses about owners, types and lifecycles appear here.",
            None,
        );
    } else {
        form(&mut out, &context, &unsure);
        out.raw("<div class=\"pager\"><span>").text(&pager::range(page, PER_PAGE, total)).raw("</span>");
        pager::pager(&mut out, page, PER_PAGE, total, |page| format!("/unsure?page={page}"));
        out.raw("</div>");
    }
    if !corrections.is_empty() {
        let yaml = portal::catalog::overrides_yaml(&context.portal, &context.actor).await?;
        given(&mut out, context.now(), &corrections, &yaml);
    }
    Ok(Page::new("Unsure", Place::Unsure, out))
}

/// One form over all: what is ticked is set at once; the buttons of a row answer that one.
fn form(out: &mut Html, context: &RequestContext, unsure: &[Unsure]) {
    out.raw("<form method=\"post\"").attribute("action", Correct::PATH).raw(">");
    out.raw("<input type=\"hidden\" name=\"back\"").attribute("value", &context.path_and_query).raw(">");
    out.raw("<div class=\"bulk-bar\"><span class=\"label\">With the ticked ones:</span>");
    out.raw("<button class=\"button\" type=\"submit\" name=\"action\" value=\"confirm\">Confirm</button>");
    out.raw("<span class=\"bulk-set\"><label class=\"visually-hidden\" for=\"owner\">Owner</label>");
    out.raw("<input class=\"input\" id=\"owner\" name=\"owner\" autocomplete=\"off\" placeholder=\"Team, such as payments\">");
    out.raw("<button class=\"button button-primary\" type=\"submit\" name=\"action\" value=\"owner\">Set owner</button></span>");
    out.raw(
        "<button class=\"button button-plain\" type=\"submit\" name=\"action\" value=\"reject\">Reject</button></div>",
    );
    out.raw("<ul class=\"unsure-list\">");
    for one in unsure {
        item(out, one);
    }
    out.raw("</ul></form>");
}

fn item(out: &mut Html, Unsure { row, guess }: &Unsure) {
    let name = row.title.as_deref().unwrap_or(&row.reference.name);
    let key = key(&row.reference, &guess.field, &guess.value);
    let what = field_word(&guess.field);
    out.raw("<li class=\"unsure-item\"><input class=\"checkbox\" type=\"checkbox\" name=\"chosen[]\"")
        .attribute("value", &key);
    out.attribute("aria-label", &format!("{name}: {what}")).raw(">");
    marks::glyph(out, &row.kind, row.spec_type.as_deref(), marks::Size::Row);
    out.raw("<div class=\"row-text\"><div class=\"row-title\">");
    out.link(&address::entity(&row.reference), "strong link", name);
    out.raw("<span class=\"row-type\">")
        .text(&marks::kind_label(&row.kind, row.spec_type.as_deref()))
        .raw("</span></div>");
    out.raw("<p class=\"question\">")
        .text(&format::capitalised(what))
        .raw(": <strong>probably ")
        .text(&shown(&guess.value));
    out.raw("?</strong></p><p class=\"why\">").text(&guess.evidence.why);
    if let Some(file) = &guess.evidence.file {
        out.raw(" · ");
        evidence::place(out, file, &guess.evidence, row.repository.as_deref());
    }
    out.raw(" · ");
    evidence::rule(out, &guess.evidence.rule);
    out.raw("</p></div><div class=\"unsure-buttons\"><button class=\"button\" type=\"submit\" name=\"one\"");
    out.attribute("value", &format!("confirm {key}"));
    out.attribute("aria-label", &format!("Confirm: {what} of {name} is {}", shown(&guess.value)))
        .raw(">Confirm</button>");
    out.raw("<button class=\"button button-plain\" type=\"submit\" name=\"one\"")
        .attribute("value", &format!("reject {key}"));
    out.attribute("aria-label", &format!("Reject: {what} of {name} is not {}", shown(&guess.value)))
        .raw(">Reject</button></div></li>");
}

/// What has been said so far: it wins over inference, and can be committed.
fn given(out: &mut Html, now: i64, corrections: &[Correction], yaml: &str) {
    out.raw("<section class=\"section\"><h2>Said so far</h2><p class=\"about\">These win over what is inferred. Committed as ");
    out.raw(
        "<code>slipway.overrides.yaml</code> in any repository, they no longer depend on this portal’s database.</p>",
    );
    out.raw("<div class=\"table-wrap\"><table class=\"table table-plain\"><caption class=\"visually-hidden\">Corrections, newest first</caption>");
    out.raw("<thead><tr><th scope=\"col\">Entity</th><th scope=\"col\">Says</th><th scope=\"col\">By</th><th scope=\"col\">When</th></tr></thead><tbody>");
    for correction in corrections {
        out.raw("<tr><td>")
            .link(&address::entity(&correction.reference), "link", &correction.reference.short())
            .raw("</td><td>");
        out.text(field_word(&correction.field));
        match &correction.value {
            Some(value) => out.raw(" is ").text(&shown(value)),
            None => out.raw(": the guess is wrong"),
        };
        out.raw("</td><td>").text(&correction.by).raw("</td><td>");
        format::time(out, now, correction.at);
        out.raw("</td></tr>");
    }
    out.raw("</tbody></table></div><details class=\"said\"><summary class=\"button\">Show as YAML</summary>");
    out.raw(
        "<div class=\"source-text\" tabindex=\"0\" role=\"group\" aria-label=\"slipway.overrides.yaml\"><pre><code>",
    )
    .text(yaml);
    out.raw("</code></pre></div></details></section>");
}

/// `owner` for `/spec/owner`.
fn field_word(field: &str) -> &str {
    field.rsplit('/').next().unwrap_or(field)
}

/// A reference as short as it can be, anything else as it is.
fn shown(value: &str) -> String {
    value.parse::<EntityRef>().map_or_else(|_| value.to_owned(), |reference| reference.short())
}

/// What a tick box says: reference, field, value, none of which holds a space but the last.
fn key(reference: &EntityRef, field: &str, value: &str) -> String {
    format!("{reference} {field} {value}")
}

fn parse_key(key: &str) -> Option<(EntityRef, &str, &str)> {
    let mut parts = key.splitn(3, ' ');
    Some((parts.next()?.parse().ok()?, parts.next()?, parts.next()?))
}

/// Confirms, sets or rejects; what came of it is told on the page it came from.
#[server(prefix = "/actions", endpoint = "catalog/correct")]
pub async fn correct(
    #[server(default)] chosen: Vec<String>,
    #[server(default)] action: String,
    #[server(default)] owner: String,
    #[server(default)] one: String,
    #[server(default)] back: String,
) -> Result<(), Error> {
    let context = RequestContext::answered()?;
    let (action, chosen) = match one.split_once(' ') {
        Some((action, key)) => (action.to_owned(), vec![key.to_owned()]),
        None => (action, chosen),
    };
    let flash = match apply(&context, &action, &chosen, owner.trim()).await {
        Ok(said) => Flash::success(said),
        Err(error) => Flash::error(error.0),
    };
    finish(address::own(&back).unwrap_or("/unsure"), &flash);
    Ok(())
}

async fn apply(context: &RequestContext, action: &str, chosen: &[String], owner: &str) -> Result<String, Error> {
    let chosen: Vec<_> = chosen.iter().filter_map(|key| parse_key(key)).collect();
    if chosen.is_empty() {
        return Err(Error(
            "Nothing was ticked: tick the guesses that you mean, then press the button again.".to_owned(),
        ));
    }
    let mut done = 0;
    if action == "owner" {
        if owner.is_empty() {
            return Err(Error("No owner was written: write the name of a team, such as “payments”.".to_owned()));
        }
        let owner = EntityRef::parse(owner, Some("group"), model::reference::DEFAULT_NAMESPACE)
            .map_err(|error| Error(error.to_string()))?;
        let references: Vec<EntityRef> = chosen.iter().map(|(reference, ..)| reference.clone()).collect();
        done += set(context, &references, "/spec/owner", Some(&owner.to_string())).await?;
        return Ok(format!(
            "{} now {} {}.",
            format::count(done, "entity", "entities"),
            if done == 1 { "belongs to" } else { "belong to" },
            owner.short()
        ));
    }
    for (reference, field, value) in &chosen {
        let value = (action == "confirm").then_some(*value);
        done += set(context, std::slice::from_ref(reference), field, value).await?;
    }
    let guesses = format::count(done, "guess", "guesses");
    Ok(if action == "confirm" {
        format!("{guesses} confirmed.")
    } else {
        format!("{guesses} rejected; it will not be shown again.")
    })
}

async fn set(
    context: &RequestContext,
    references: &[EntityRef],
    field: &str,
    value: Option<&str>,
) -> Result<usize, Error> {
    Ok(portal::catalog::correct(&context.portal, &context.actor, references, field, value).await?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_come_back() {
        let reference = EntityRef::new("component", "default", "checkout");
        let key = key(&reference, "/spec/owner", "group:default/payments");
        assert_eq!(parse_key(&key), Some((reference, "/spec/owner", "group:default/payments")));
        assert_eq!(parse_key("nonsense"), None);
    }
}
