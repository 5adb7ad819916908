//! The test of a provider: what it says of whoever goes there, and what would be made of it.

use portal::identity::provider::{self, Mapped, Outcome};
use portal::settings::{ProviderKind, ProviderSettings};

use crate::components::{Icon, state};
use crate::html::Html;
use crate::pages::setup::{here, snippet};
use crate::pages::{Answer, Page, Parameters, Place};
use crate::{RequestContext, address, format};

pub async fn test(context: RequestContext, parameters: Parameters) -> Answer {
    let name = parameters.get("provider");
    let settings = provider::of_name(&context.portal, &name)?;
    let asked = address::first_values(context.query());
    let mut out = Html::new();
    let mut actions = Html::new();
    actions.raw("<a class=\"button button-primary\"");
    actions.attribute("href", &format!("/sign-in/{}?test=yes", address::segment(&name))).raw(">");
    Icon::Plug.write(&mut actions);
    actions.raw(if asked.contains_key("of") { "Test again</a>" } else { "Test</a>" });
    let title = format!("Test of {}", settings.title);
    let about = "Goes the whole way that a sign-in goes, shows what the provider says and what is made of it, and signs nobody in.";
    state::page_header(&mut out, &title, None, about, &actions);
    match asked.get("of") {
        Some(id) => shown(&mut out, &provider::outcome(&context.portal, &context.actor, &name, id).await?),
        None => expected(&mut out, &context, settings),
    }
    Ok(Page::new(title, Place::Elsewhere, out).below("Sign in", "/sign-in"))
}

/// What the provider has to know.
fn expected(out: &mut Html, context: &RequestContext, settings: &ProviderSettings) {
    out.raw("<section class=\"section\">");
    match &settings.kind {
        ProviderKind::Proxy(proxy) => {
            let networks: Vec<String> = proxy.proxies.iter().map(ToString::to_string).collect();
            out.raw("<p>Requests from ").text(&networks.join(", ")).raw(" are believed in these headers:</p>");
            let headers = [&proxy.user_header, &proxy.email_header, &proxy.groups_header].map(String::as_str);
            snippet(out, "Headers", &headers.join("\n"));
        }
        ProviderKind::Oidc(_) | ProviderKind::GitHub(_) => {
            let here = context.portal.settings().public_url.clone().or_else(|| here(context)).unwrap_or_default();
            out.raw("<p>The provider has to know this address, to which it sends people back:</p>");
            snippet(out, "Address to return to", &provider::redirect(&settings.name, &here));
        }
    }
    out.raw("</section>");
}

fn shown(out: &mut Html, outcome: &Outcome) {
    if let Some(why) = &outcome.refused {
        state::notice(out, state::Tone::Red, |out| {
            out.raw("<strong>Nobody would be signed in.</strong> ").text(why);
        });
    }
    for note in &outcome.notes {
        state::notice(out, state::Tone::Amber, |out| {
            out.text(note);
        });
    }
    if let Some(mapped) = &outcome.mapped {
        made(out, mapped);
    }
    for said in &outcome.said {
        out.raw("<section class=\"section\"><h2>").text(&said.place).raw("</h2>");
        snippet(out, &said.place, &said.json);
        out.raw("</section>");
    }
}

fn made(out: &mut Html, mapped: &Mapped) {
    out.raw("<section class=\"section\"><h2>What is made of it</h2><dl class=\"facts\">");
    fact(out, "Account", if mapped.is_known { "There already" } else { "A new one" });
    fact(out, "Issuer", &mapped.issuer);
    fact(out, "Subject", &mapped.subject);
    fact(out, "Name", &mapped.name);
    let counts = if mapped.email_counts { " (verified, and it counts)" } else { " (only shown)" };
    let email = mapped.email.as_deref().map_or("None".to_owned(), |email| format!("{email}{counts}"));
    fact(out, "Address", &email);
    fact(out, "Login at the forge", mapped.login.as_deref().unwrap_or("None"));
    fact(out, "In the catalog", mapped.user.as_deref().unwrap_or("Nobody"));
    fact(out, "Because", &mapped.linked);
    fact(out, "Role", &mapped.role);
    out.raw("</dl></section><section class=\"section\"><h2>Groups that give rights</h2>");
    if mapped.groups.is_empty() {
        out.raw("<p class=\"quiet\">None.</p>");
    } else {
        out.raw("<ul>");
        for (group, source) in &mapped.groups {
            out.raw("<li>").text(group).raw(" <span class=\"quiet\">").text(source).raw("</span></li>");
        }
        out.raw("</ul>");
    }
    let said = mapped.provider_groups.len();
    if said > 0 {
        out.raw("<details><summary>The provider says ")
            .text(&format::count(said, "group", "groups"))
            .raw("</summary><p>");
        out.text(&mapped.provider_groups.join(", ")).raw("</p></details>");
    }
    out.raw("</section>");
}

fn fact(out: &mut Html, name: &'static str, value: &str) {
    out.raw("<div class=\"fact\"><dt>").raw(name).raw("</dt><dd class=\"breakable\">").text(value).raw("</dd></div>");
}
