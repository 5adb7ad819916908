//! What is around every page: the document, the left bar, the top bar.

use leptos::context::use_context;
use leptos::prelude::*;
use leptos_meta::{MetaTags, Title, provide_meta_context};

use portal::identity::{Action, Resource, can};

use super::Icon;
use crate::html::Html;
use crate::islands::{LivePage, QuickFind};
use crate::pages::{App, Page};
use crate::{Assets, Flash, FlashLevel, RequestContext, Theme};

/// The places of the left bar. Navigation shows a feature when it exists.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Place {
    Home,
    Catalog,
    Docs,
    Templates,
    Access,
    Repositories,
    People,
    Unsure,
    Changes,
    Inbox,
    Sources,
    Audit,
    Rules,
    /// None of them.
    Elsewhere,
}

/// The whole document around [`App`].
pub fn shell() -> impl IntoView {
    provide_meta_context();
    let theme = RequestContext::current().map(|context| context.theme).unwrap_or_default();
    view! {
        <!DOCTYPE html>
        <html lang="en" data-theme=theme.as_str()>
            <head>
                <meta charset="utf-8"/>
                <meta name="viewport" content="width=device-width, initial-scale=1"/>
                <meta name="color-scheme" content="light dark"/>
                <Links/>
                <Scripts/>
                <MetaTags/>
            </head>
            <body>
                <App/>
            </body>
        </html>
    }
}

/// Style sheet, icon, and the font that every page needs at once.
#[component]
fn Links() -> impl IntoView {
    let assets = use_context::<Assets>().unwrap_or_default();
    view! {
        <link rel="stylesheet" href=assets.address("slipway.css")/>
        <link
            rel="preload"
            href=assets.address("fonts/inter-latin.woff2")
            r#as="font"
            r#type="font/woff2"
            crossorigin="anonymous"
        />
        <link rel="icon" href=assets.address("favicon.svg") r#type="image/svg+xml"/>
    }
}

/// Starts the islands once the page stands; without it every page works too. Leptos's own component wants a `hash.txt`
/// beside the executable (DESIGN §3).
#[component]
fn Scripts() -> impl IntoView {
    if let Some(shared) = Owner::current_shared_context() {
        // Only islands hydrate: nothing of the pages is written down for the browser.
        shared.set_is_hydrating(false);
    }
    let assets = use_context::<Assets>().unwrap_or_default();
    let nonce = RequestContext::current().map(|context| context.nonce);
    let (script, module) = (assets.address("slipway.js"), assets.address("slipway_bg.wasm"));
    let start = format!(
        "import({script:?}).then(async islands => {{ await islands.default({{ module_or_path: {module:?} }}); \
         islands.hydrate(); for (const island of document.querySelectorAll(\"leptos-island\")) \
         islands[island.dataset.component]?.(island); document.documentElement.dataset.islands = \"ready\"; }});"
    );
    view! {
        <link rel="modulepreload" href=script nonce=nonce.clone()/>
        <link rel="preload" href=module r#as="fetch" r#type="application/wasm" crossorigin="anonymous"/>
        <script type="module" nonce=nonce>{start}</script>
    }
}

/// The frame around one page.
#[component]
pub fn Frame(context: RequestContext, page: Page) -> impl IntoView {
    let Page { title, place, crumbs, search, follows, body } = page;
    let document_title = if title == "Slipway" { title.clone() } else { format!("{title} · Slipway") };
    view! {
        <Title text=document_title/>
        <a class="skip-link" href="#content">"Skip to content"</a>
        <div class="frame">
            {navigation(&context, place).into_view()}
            <div class="column">
                <header class="topbar">
                    <div class="topbar-inner">
                        {breadcrumbs(&title, &crumbs).into_view()}
                        {search.then(|| view! { <QuickFind prominent=false/> })}
                    </div>
                </header>
                {demo_banner(&context).map(Html::into_view)}
                <main class="content" id="content" tabindex="-1">
                    <div class="content-inner">
                        {context.flash.as_ref().map(|flash| flash_message(flash).into_view())}
                        {body}
                    </div>
                    {follows.events(&context).map(|(events, pause)| view! { <LivePage events pause/> })}
                </main>
            </div>
        </div>
    }
    .into_any()
}

/// The left bar: a `<details>`, so that it opens as a drawer without a script.
fn navigation(context: &RequestContext, place: Place) -> Html {
    const READING: [(Place, Icon, &str, &str); 7] = [
        (Place::Home, Icon::House, "/", "Home"),
        (Place::Catalog, Icon::Boxes, "/catalog?kind=component", "Catalog"),
        (Place::Docs, Icon::Book, "/docs", "Docs"),
        (Place::Templates, Icon::Template, "/templates", "Templates"),
        (Place::Access, Icon::Key, "/access", "Access"),
        (Place::Repositories, Icon::Repository, "/repositories", "Repositories"),
        (Place::People, Icon::Users, "/people", "People and teams"),
    ];
    const TENDING: [(Place, Icon, &str, &str); 5] = [
        (Place::Unsure, Icon::Question, "/unsure", "Unsure"),
        (Place::Changes, Icon::Pull, "/changes", "Changes"),
        (Place::Sources, Icon::Refresh, "/sources", "Sources and sync"),
        (Place::Audit, Icon::FileText, "/audit", "Audit log"),
        (Place::Rules, Icon::Rules, "/rules", "Rules"),
    ];
    // Navigation shows what somebody may see.
    let may_see = |place: Place| match place {
        Place::Sources => can(&context.actor, Action::Watch, Resource::Anything).is_ok(),
        Place::Audit => can(&context.actor, Action::Audit, Resource::Anything).is_ok(),
        _ => true,
    };
    let tending = TENDING.into_iter().filter(|(place, ..)| may_see(*place));
    let mut out = Html::new();
    out.raw("<details class=\"navigation\"><summary class=\"menu-button\"><span class=\"visually-hidden\">Menu</span>");
    Icon::Menu.write_with(&mut out, "icon icon-large open-mark");
    Icon::X.write_with(&mut out, "icon icon-large close-mark");
    out.raw("</summary><nav class=\"sidebar\" aria-label=\"Main\"><a class=\"brand\" href=\"/\">");
    out.raw(BRAND).raw("<span>Slipway</span></a>");
    sidebar_list(&mut out, READING.into_iter(), place);
    out.raw("<div class=\"sidebar-heading\">Upkeep</div>");
    sidebar_list(&mut out, tending, place);
    whoever_asks(&mut out, context, place);
    out.raw("<div class=\"sidebar-foot\"><span class=\"version\">").raw(env!("CARGO_PKG_VERSION")).raw("</span>");
    theme_choice(&mut out, context.theme, &context.path_and_query);
    out.raw("</div></nav></details>");
    out
}

/// Who that is, with the way to their account; or the way in.
fn whoever_asks(out: &mut Html, context: &RequestContext, place: Place) {
    let Some(person) = context.actor.person() else {
        let back = match context.path_and_query.starts_with("/sign-in") {
            true => "/sign-in".to_owned(),
            false => format!("/sign-in?return={}", crate::address::value(&context.path_and_query)),
        };
        out.raw("<a class=\"sidebar-link sidebar-person\"").attribute("href", &back).raw(" title=\"Sign in\">");
        Icon::User.write(out);
        out.raw("<span>Sign in</span></a>");
        return;
    };
    out.raw("<div class=\"sidebar-person\"><a class=\"sidebar-link\" href=\"/inbox\" title=\"Inbox\"");
    out.raw(if place == Place::Inbox { " aria-current=\"page\">" } else { ">" });
    Icon::Inbox.write(out);
    out.raw("<span>Inbox</span>");
    if person.unread > 0 {
        out.raw("<span class=\"tab-count\">").text(&crate::format::number(person.unread));
        out.raw("<span class=\"visually-hidden\"> unread</span></span>");
    }
    out.raw("</a><a class=\"sidebar-link\" href=\"/me\"").attribute("title", &person.name);
    out.raw(if context.path_and_query == "/me" { " aria-current=\"page\">" } else { ">" });
    Icon::User.write(out);
    out.raw("<span>").text(&person.name).raw("</span></a></div>");
}

/// A hull on its ramp.
const BRAND: &str = "<svg class=\"brand-mark\" viewBox=\"0 0 24 24\" aria-hidden=\"true\"><path fill=\"currentColor\" \
    d=\"M3.2 6.9 20.6 2.6c-.5 5.6-3.300 9.4-8.300 10.600l-5.200 1.300C4.700 13.100 3.300 10.600 3.200 6.900z\"/><path \
    fill=\"none\" stroke=\"currentColor\" stroke-width=\"2.200\" stroke-linecap=\"round\" d=\"M2.500 21.200 21.500 \
    16.400\"/></svg>";

type Entry = (Place, Icon, &'static str, &'static str);

fn sidebar_list(out: &mut Html, links: impl Iterator<Item = Entry>, current: Place) {
    out.raw("<ul class=\"sidebar-list\">");
    for (place, icon, href, label) in links {
        out.raw("<li><a class=\"sidebar-link\"").attribute("href", href).attribute("title", label);
        if place == current {
            out.raw(" aria-current=\"page\"");
        }
        out.raw(">");
        icon.write(out);
        out.raw("<span>").raw(label).raw("</span></a></li>");
    }
    out.raw("</ul>");
}

fn theme_choice(out: &mut Html, current: Theme, here: &str) {
    out.raw("<form method=\"post\" action=\"/preferences/theme\">");
    out.raw("<input type=\"hidden\" name=\"return\"").attribute("value", here).raw(">");
    out.raw("<div class=\"theme-choice\" role=\"group\" aria-label=\"Theme\">");
    for theme in Theme::ALL {
        let (icon, label) = match theme {
            Theme::Light => (Icon::Sun, "Light"),
            Theme::Auto => (Icon::Monitor, "As the system"),
            Theme::Dark => (Icon::Moon, "Dark"),
        };
        out.raw("<button type=\"submit\" name=\"theme\"").attribute("value", theme.as_str()).attribute("title", label);
        out.raw(if theme == current { " aria-pressed=\"true\">" } else { " aria-pressed=\"false\">" });
        icon.write_with(out, "icon");
        out.raw("<span class=\"visually-hidden\">").raw(label).raw("</span></button>");
    }
    out.raw("</div></form>");
}

/// Where this page is; the last one is the page itself.
fn breadcrumbs(title: &str, crumbs: &[(String, String)]) -> Html {
    let mut out = Html::new();
    out.raw("<nav class=\"breadcrumbs\" aria-label=\"Breadcrumbs\"><ol>");
    for (label, href) in crumbs {
        out.raw("<li>").link(href, "", label).raw("</li>");
    }
    out.raw("<li><span aria-current=\"page\">").text(title).raw("</span></li></ol></nav>");
    out
}

/// The fictitious company of the demo.
const DEMO_ORGANISATION: &str = "Harbourline";

/// Says of the demo organisation that it is one, on every page.
fn demo_banner(context: &RequestContext) -> Option<Html> {
    if !context.portal.settings().sources.iter().any(|source| source.demo) {
        return None;
    }
    let mut out = Html::new();
    out.raw("<aside class=\"demo-banner\" aria-label=\"Demo\">");
    Icon::Info.write(&mut out);
    out.raw("<p><strong>Demo organisation: ").raw(DEMO_ORGANISATION);
    out.raw("</strong>. Invented people and services in real Git repositories, up to ");
    out.text(&crate::format::day(portal::demo::ANCHOR)).raw(".</p></aside>");
    Some(out)
}

fn flash_message(flash: &Flash) -> Html {
    let (class, icon, role) = match flash.level {
        FlashLevel::Success => ("flash", Icon::CircleCheck, "status"),
        FlashLevel::Note => ("flash flash-note", Icon::Info, "status"),
        FlashLevel::Error => ("flash flash-error", Icon::CircleX, "alert"),
    };
    let mut out = Html::new();
    out.raw("<div").attribute("class", class).attribute("role", role).raw(">");
    icon.write(&mut out);
    out.raw("<p class=\"breakable\">").text(&flash.text).raw("</p></div>");
    out
}
