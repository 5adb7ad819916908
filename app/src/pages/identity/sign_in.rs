//! Signing in: at a provider, with a password, by a one-time link, or as somebody of the demo.

use std::collections::BTreeMap;

use portal::identity::{self, Action, Resource, can};
use portal::settings::ProviderKind;

use crate::components::{Icon, state};
use crate::html::Html;
use crate::pages::{Answer, Page, Parameters, Place};
use crate::{RequestContext, address};

const TITLE: &str = "Sign in";

pub async fn page(context: RequestContext, _: Parameters) -> Answer {
    let asked = address::first_values(context.query());
    let back = asked.get("return").and_then(|back| address::own(back)).unwrap_or("/").to_owned();
    let mut out = Html::new();
    let demo = identity::demo_people(&context.portal).await?;
    let about = match demo.is_empty() {
        true => "",
        false => {
            "This is a demo: be any of its people, and see what they would see. Signed out, you are the operator, who may do everything."
        }
    };
    state::page_header(&mut out, TITLE, None, about, &Html::default());
    if let Some(person) = context.actor.person() {
        state::notice(&mut out, state::Tone::Plain, |out| {
            out.raw("You are signed in as <strong>").text(&person.name).raw("</strong>. ");
            out.link("/me", "link", "Your account").raw(".");
        });
    }
    providers(&mut out, &context, &back);
    if !demo.is_empty() {
        out.raw("<ul class=\"identity-people\" aria-label=\"People of the demo\">");
        for user in &demo {
            let row = &user.row;
            out.raw("<li><form method=\"post\" action=\"/actions/identity/demo\"><button class=\"identity-person\" name=\"user\"");
            out.attribute("value", &row.reference.to_string()).raw(" type=\"submit\">");
            Icon::User.write(&mut out);
            out.raw("<span><strong>").text(row.title.as_deref().unwrap_or(&row.reference.name)).raw("</strong>");
            let groups: Vec<&str> = user.groups.iter().map(|group| group.name.as_str()).collect();
            out.raw("<span class=\"quiet\">").text(&groups.join(", ")).raw("</span></span></button></form></li>");
        }
        out.raw("</ul>");
    }
    password(&mut out, &asked, &back, demo.is_empty() && context.portal.settings().identity.providers.is_empty());
    Ok(Page::new(TITLE, Place::Elsewhere, out))
}

fn providers(out: &mut Html, context: &RequestContext, back: &str) {
    let providers = &context.portal.settings().identity.providers;
    if providers.is_empty() {
        return;
    }
    let may_test = can(&context.actor, Action::SetUp, Resource::Anything).is_ok();
    out.raw("<div class=\"identity-providers\">");
    for provider in providers {
        let name = address::segment(&provider.name);
        // Whoever comes through a proxy has been signed in by it; there is nothing to go to.
        if !matches!(provider.kind, ProviderKind::Proxy(_)) {
            // A link, not a form: where a provider is reached by a redirect, browsers check the redirect of a form against
            // the policy of this page.
            let start = format!("/sign-in/{name}?return={}", address::value(back));
            out.raw("<a class=\"button button-primary\"").attribute("href", &start).raw(">");
            Icon::Plug.write(out);
            out.raw("Sign in with ").text(&provider.title).raw("</a>");
        }
        if may_test {
            out.link(&format!("/sign-in/{name}/test"), "button", &format!("Test {}", provider.title));
        }
    }
    out.raw("</div>");
}

/// The form of local accounts; folded away where there is another way in.
fn password(out: &mut Html, asked: &BTreeMap<String, String>, back: &str, is_only_way: bool) {
    let name = asked.get("name").map(String::as_str).unwrap_or_default();
    out.raw(if is_only_way || !name.is_empty() {
        "<details class=\"section\" open>"
    } else {
        "<details class=\"section\">"
    });
    out.raw("<summary>With a local account</summary><form class=\"app-form\" method=\"post\" action=\"/actions/identity/sign-in\">");
    out.raw("<input type=\"hidden\" name=\"return\"").attribute("value", back).raw(">");
    name_field(out, name);
    password_field(out, ("password", "Password"), "current-password", "");
    out.raw("<div><button class=\"button button-primary\" type=\"submit\">Sign in</button></div></form>");
    out.raw("<p class=\"quiet\">No account, or the password is lost? <code>slipway administrator</code>, run at the machine, \
             prints a link that is good once.</p></details>");
}

fn name_field(out: &mut Html, name: &str) {
    out.raw("<div class=\"field\"><label for=\"name\">Name</label><input class=\"input\" id=\"name\" name=\"name\" required \
             maxlength=\"64\" autocomplete=\"username\" autocapitalize=\"none\" spellcheck=\"false\"");
    out.attribute("value", name).raw("></div>");
}

/// `kind` is what a password manager goes by.
pub fn password_field(
    out: &mut Html,
    (name, label): (&'static str, &'static str),
    kind: &'static str,
    hint: &'static str,
) {
    out.raw("<div class=\"field\"><label").attribute("for", name).raw(">").raw(label);
    out.raw("</label><input class=\"input\"").attribute("id", name).attribute("name", name);
    out.raw(" type=\"password\" required maxlength=\"200\"").attribute("autocomplete", kind);
    if hint.is_empty() {
        out.raw("></div>");
    } else {
        let described = format!("{name}-hint");
        out.attribute("aria-describedby", &described).raw("><span class=\"hint\"").attribute("id", &described);
        out.raw(">").raw(hint).raw("</span></div>");
    }
}

pub const PASSWORD_HINT: &str = "At least 12 characters; a few words are better than many signs.";

/// Where a one-time link leads.
pub async fn first(context: RequestContext, _: Parameters) -> Answer {
    let asked = address::first_values(context.query());
    let code = asked.get("code").map(String::as_str).unwrap_or_default();
    let mut out = Html::new();
    let about =
        "A local account of this portal, with every right: the way in before there is a provider, and when it is down.";
    state::page_header(&mut out, "Make an administrator", None, about, &Html::default());
    if !identity::invitation_is_open(&context.portal, code).await? {
        state::notice(&mut out, state::Tone::Amber, |out| {
            out.raw("This link was used before, or is older than a day. <code>slipway administrator</code>, run at the machine, \
                     prints a new one.");
        });
        return Ok(Page::new("Make an administrator", Place::Elsewhere, out));
    }
    out.raw("<form class=\"app-form section\" method=\"post\" action=\"/actions/identity/first\">");
    out.raw("<input type=\"hidden\" name=\"code\"").attribute("value", code).raw(">");
    name_field(&mut out, asked.get("name").map_or("admin", String::as_str));
    password_field(&mut out, ("password", "Password"), "new-password", PASSWORD_HINT);
    out.raw("<div><button class=\"button button-primary\" type=\"submit\">Make it and sign in</button></div></form>");
    Ok(Page::new("Make an administrator", Place::Elsewhere, out))
}
