//! A GitHub App from a manifest: choose, agree at GitHub, install, copy the lines.

use http::{HeaderName, HeaderValue, header};
use leptos::prelude::*;
use leptos::server_fn::ServerFn;
use leptos_axum::ResponseOptions;
use portal::forge::permissions::of_app;
use portal::settings::{GitHubOwner, SourceKind};
use portal::sources::registration::{self, Form, LIFE, Registered, Wish};

use super::{away, snippet};
use crate::components::{Icon, state};
use crate::html::Html;
use crate::pages::{Answer, Page, Parameters, Place, finish};
use crate::{Error, Flash, RequestContext, address, format};

const TITLE: &str = "Make a GitHub App";
const PAGE: &str = "/sources/github-app";

/// Told to the server, which takes it out of the answer: the one other origin to which a form of this page may post.
pub const FORM_ACTION: HeaderName = HeaderName::from_static("slipway-form-action");

/// Keeps what this browser has begun.
const COOKIE: &str = "slipway-github-app";

pub async fn page(context: RequestContext, _: Parameters) -> Answer {
    let apps = registration::registered(&context.portal, &context.actor).await?;
    let again = address::pairs(context.query()).iter().any(|(key, _)| key == "again");
    let form = match (cookie(&context), here(&context)) {
        (Some(cookie), Some(here)) if !again => {
            registration::begun(&context.portal, &context.actor, &cookie, &here).await?
        }
        _ => None,
    };
    let mut out = Html::new();
    let about = "An App sees exactly what its owner gives it, has a rate limit of its own, brings its webhook along, and \
                 belongs to nobody who may leave. It begins with reading only.";
    state::page_header(&mut out, TITLE, None, about, &Html::default());
    match &form {
        Some(form) => agree(&mut out, form),
        None => choose(&mut out, &context),
    }
    if !apps.is_empty() {
        out.raw("<section class=\"section\"><h2>Made here</h2>");
        apps.iter().for_each(|app| made(&mut out, context.now(), app));
        out.raw("</section>");
    }
    Ok(Page::new(TITLE, Place::Sources, out).below("Sources and sync", "/sources").below("Set-up", super::SETUP))
}

/// Where GitHub sends the browser: keeps the keys, and goes on to the page that says what to do with them.
pub async fn created(context: RequestContext, _: Parameters) -> Answer {
    let pairs = address::pairs(context.query());
    let value =
        |name: &str| pairs.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str()).unwrap_or_default();
    let (code, state) = (value("code"), value("state"));
    let key = registration::complete(&context.portal, &context.actor, cookie(&context).as_deref(), code, state).await?;
    let done = Flash::success("The App is registered, and its keys are kept here. Two steps are left, below.");
    finish(&format!("{PAGE}#app-{}", address::segment(&key)), &done);
    Ok(Page::new(TITLE, Place::Sources, Html::new()))
}

/// What the form begins with: the first owner at GitHub that is configured.
fn suggested(context: &RequestContext) -> (String, bool, String) {
    let mut sources = context.portal.settings().sources.iter();
    let found = sources.find_map(|source| match &source.kind {
        SourceKind::GitHub(github) => Some(github),
        _ => None,
    });
    match found {
        None => (String::new(), true, String::new()),
        Some(github) => {
            let is_organisation = matches!(github.owner, GitHubOwner::Organisation(_));
            (github.owner.name().to_owned(), is_organisation, github.url.clone().unwrap_or_default())
        }
    }
}

fn choose(out: &mut Html, context: &RequestContext) {
    let (owner, is_organisation, url) = suggested(context);
    out.raw("<form class=\"app-form section\" method=\"post\"").attribute("action", Begin::PATH).raw(">");
    out.raw("<fieldset><legend>Whose repositories</legend>");
    let kinds = [
        ("organisation", "An organisation", "Teams and members are read, too.", is_organisation),
        ("person", "My own account", "The repositories of one person.", !is_organisation),
    ];
    for (value, label, hint, chosen) in kinds {
        choice(out, "kind", value, chosen, |out| {
            out.raw("<strong>").raw(label).raw("</strong><p>").raw(hint).raw("</p>");
        });
    }
    out.raw("</fieldset><div class=\"field\"><label for=\"owner\">Its name, as in addresses</label>");
    out.raw("<input class=\"input\" id=\"owner\" name=\"owner\" required maxlength=\"100\" autocomplete=\"off\" spellcheck=\"false\" placeholder=\"acme\"");
    out.attribute("value", &owner)
        .raw("></div><div class=\"field\"><label for=\"url\">Address of an Enterprise Server</label>");
    out.raw("<input class=\"input\" id=\"url\" name=\"url\" type=\"url\" autocomplete=\"off\" placeholder=\"https://github.example.com\" aria-describedby=\"url-hint\"");
    out.attribute("value", &url).raw("><span class=\"hint\" id=\"url-hint\">Empty for github.com.</span></div>");
    out.raw("<fieldset><legend>What it may do</legend>");
    choice(out, "writes", "no", true, |out| {
        out.raw(
            "<strong>Read only</strong><p>The whole catalog works with it. More can be given later, at GitHub.</p>",
        );
        permissions(out, is_organisation, false);
    });
    choice(out, "writes", "yes", false, |out| {
        out.raw("<strong>Read and write</strong><p>For changes as pull requests; nothing is ever pushed to a default branch.</p>");
        permissions(out, is_organisation, true);
    });
    out.raw("</fieldset><div><button class=\"button button-primary\" type=\"submit\">Continue</button></div></form>");
}

fn choice(out: &mut Html, name: &'static str, value: &'static str, chosen: bool, write: impl FnOnce(&mut Html)) {
    out.raw("<label class=\"choice\"><input type=\"radio\"").attribute("name", name).attribute("value", value);
    out.raw(if chosen { " checked><div>" } else { "><div>" }).with(write).raw("</div></label>");
}

fn permissions(out: &mut Html, is_organisation: bool, writes: bool) {
    out.raw("<ul class=\"permission-list\">");
    for asked in of_app(is_organisation, writes) {
        out.raw("<li><code>").raw(asked.permission).raw(": ").raw(asked.level).raw("</code><span>Without it: ");
        out.raw(asked.without).raw("</span></li>");
    }
    out.raw("</ul>");
}

/// The form that goes to GitHub itself, which asks the person there.
fn agree(out: &mut Html, form: &Form) {
    if let (Some(response), Ok(origin)) = (use_context::<ResponseOptions>(), HeaderValue::from_str(&form.origin)) {
        response.insert_header(FORM_ACTION, origin);
    }
    let host = form.origin.split("://").last().unwrap_or_default();
    out.raw("<section class=\"section\"><h2>Next: agree at ").text(host).raw("</h2><ol class=\"app-steps\"><li><p>");
    out.raw("There you see an App for <strong>")
        .text(form.wish.owner.name())
        .raw("</strong> that asks for this, and may change its name:</p>");
    permissions(out, matches!(form.wish.owner, GitHubOwner::Organisation(_)), form.wish.writes);
    out.raw("</li><li><p>");
    match &form.hook {
        Some(hook) => out.raw("It will send news to <code class=\"breakable\">").text(hook).raw("</code>.</p>"),
        None => out.raw(
            "It has no webhook, since no public address is configured: changes are seen by polling. It can get one later.</p>",
        ),
    };
    out.raw("</li><li><p>Then you come back here. The private key is fetched once and kept in the data folder, where only the \
             user that runs Slipway may read it.</p></li></ol></section>");
    out.raw("<form method=\"post\" class=\"page-actions\"").attribute("action", &form.action).raw(">");
    out.raw("<input type=\"hidden\" name=\"manifest\"").attribute("value", &form.manifest).raw(">");
    out.raw("<button class=\"button button-primary\" type=\"submit\">");
    Icon::Link.write(out);
    out.raw("Continue at ")
        .text(host)
        .raw("</button><a class=\"button\" href=\"/sources/github-app?again\">Choose again</a></form>");
}

fn made(out: &mut Html, now: i64, app: &Registered) {
    out.raw("<article class=\"section\"")
        .attribute("id", &format!("app-{}", app.key))
        .raw("><div class=\"setup-head\">");
    out.raw("<span class=\"glyph hue-teal\">");
    Icon::Plug.write(out);
    out.raw("</span><div><h3>").text(&app.name).raw("</h3><p class=\"where\">").text(&app.folder);
    out.raw("</p></div><div class=\"setup-when\"><span>Made ");
    format::time(out, now, app.at);
    out.raw("</span></div></div><ol class=\"app-steps\"><li><p>Install it at <strong>").text(&app.owner);
    out.raw("</strong>, best for all repositories: of those that are only selected nobody can tell when one is deleted.</p><p>");
    away(out, &app.install, "Install it");
    out.raw("</p></li><li><p>");
    match &app.source {
        Some(source) => {
            out.raw("In the source <strong>").text(source);
            out.raw("</strong> of slipway.toml, write these lines in place of what it has of a token, and start Slipway again:</p>")
        }
        None => out.raw("Add these lines to slipway.toml, and start Slipway again:</p>"),
    };
    snippet(out, "Lines for slipway.toml", &app.lines);
    out.raw("</li><li><p>")
        .link(super::SETUP, "link", "Check the set-up")
        .raw(" to see that everything is there.</p></li></ol></article>");
}

/// As the browser reaches us: the public address where it asks for that, `http://127.0.0.1:3000` for the operator.
pub fn here(context: &RequestContext) -> Option<String> {
    let parts = use_context::<http::request::Parts>()?;
    let host = parts.headers.get(header::HOST)?.to_str().ok()?;
    let public = context.portal.settings().public_url.as_ref();
    let is_public = |url: &&String| url.split_once("://").is_some_and(|(_, there)| there.eq_ignore_ascii_case(host));
    Some(public.filter(is_public).cloned().unwrap_or_else(|| format!("http://{host}")))
}

fn cookie(context: &RequestContext) -> Option<String> {
    let name = crate::cookie::name(COOKIE, context.secure);
    let parts = use_context::<http::request::Parts>()?;
    let all = parts.headers.get_all(header::COOKIE).iter().filter_map(|value| value.to_str().ok());
    let mut pairs = all.flat_map(|value| value.split(';')).filter_map(|pair| pair.trim().split_once('='));
    pairs.find_map(|(key, value)| (key == name).then(|| value.to_owned()))
}

/// Remembers what this browser wants, and goes on to the page from which it is asked for.
#[server(prefix = "/actions", endpoint = "sources/github-app")]
pub async fn begin(
    #[server(default)] owner: String,
    #[server(default)] kind: String,
    #[server(default)] url: String,
    #[server(default)] writes: String,
) -> Result<(), Error> {
    let context = RequestContext::answered()?;
    let wish = Wish::read(&owner, kind != "person", &url, writes == "yes");
    let begun = match wish {
        Ok(wish) => registration::begin(&context.portal, &context.actor, &wish).await,
        Err(error) => Err(error),
    };
    match begun {
        Ok(cookie) => {
            let cookie = crate::cookie::set(COOKIE, &cookie, LIFE / 1_000, context.secure);
            if let (Some(response), Ok(value)) = (use_context::<ResponseOptions>(), HeaderValue::from_str(&cookie)) {
                response.append_header(header::SET_COOKIE, value);
            }
            leptos_axum::redirect(PAGE);
        }
        Err(error) => finish("/sources/github-app?again", &Flash::error(Error::from(error).0)),
    }
    Ok(())
}
