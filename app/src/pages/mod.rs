//! The pages: one module each, server only.

mod access;
mod audit;
mod catalog;
mod changes;
mod docs;
mod errors;
mod home;
mod identity;
mod inbox;
mod jobs;
mod people;
mod repositories;
mod rules;
mod runs;
mod setup;
mod sources;
mod templates;
mod unsure;

use std::future::Future;

use jiff::tz::TimeZone;
use leptos::prelude::*;
use leptos_meta::provide_meta_context;
use leptos_router::components::{Route, Router, Routes};
use leptos_router::hooks::use_params_map;
use leptos_router::{SsrMode, path};

pub use self::audit::asked as audit_asked;
pub use self::setup::FORM_ACTION;
pub use self::templates::Asked as LaunchAsked;
use crate::components::frame::Frame;
pub use crate::components::frame::{Place, shell};
use crate::html::Html;
use crate::{Flash, RequestContext, format};

/// What a page puts into the frame.
pub struct Page {
    /// Names the page first, in the window's title and as the last breadcrumb.
    pub title: String,
    pub place: Place,
    /// Label and address of what is above it.
    pub crumbs: Vec<(String, String)>,
    /// Whether the top bar has the search box.
    pub search: bool,
    /// What it follows while it is open.
    pub follows: Follows,
    pub body: AnyView,
}

impl Page {
    fn new(title: impl Into<String>, place: Place, body: Html) -> Self {
        Self::of_view(title, place, body.into_view())
    }

    fn of_view(title: impl Into<String>, place: Place, body: AnyView) -> Self {
        Self { title: title.into(), place, crumbs: Vec::new(), search: true, follows: Follows::Nothing, body }
    }

    /// It shows what the catalog holds, and follows it.
    fn following(mut self) -> Self {
        self.follows = Follows::Catalog;
        self
    }

    fn below(mut self, label: impl Into<String>, address: impl Into<String>) -> Self {
        self.crumbs.push((label.into(), address.into()));
        self
    }
}

/// What a page is fetched anew for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Follows {
    Nothing,
    Catalog,
    /// A run, by its id.
    Run(String),
}

impl Follows {
    /// The address of the events, and how many milliseconds at least lie between two looks.
    pub fn events(&self, context: &RequestContext) -> Option<(String, u64)> {
        match self {
            Self::Nothing => None,
            Self::Catalog => {
                Some((format!("/api/v1/catalog/events?after={}", context.portal.index().sequence()), 2_000))
            }
            Self::Run(id) => Some((format!("/api/v1/runs/{}/events", crate::address::segment(id)), 50)),
        }
    }
}

/// What a page is made of, or why there is none.
type Answer = portal::Result<Page>;

/// All pages. Each is whole before the first byte is sent: late 404s and redirects would be lost.
#[component]
pub fn App() -> impl IntoView {
    provide_meta_context();
    let mode = SsrMode::Async;
    view! {
        <Router>
            <Routes fallback=|| answer_with(errors::nothing_here, Parameters::default())>
                <Route path=path!("/") view=|| answer(home::page) ssr=mode.clone()/>
                <Route path=path!("/catalog") view=|| answer(catalog::list) ssr=mode.clone()/>
                <Route path=path!("/catalog/:namespace/:kind/:name") view=|| answer(catalog::entity) ssr=mode.clone()/>
                <Route path=path!("/catalog/:namespace/:kind/:name/:tab") view=|| answer(catalog::entity) ssr=mode.clone()/>
                <Route path=path!("/repositories") view=|| answer(repositories::list) ssr=mode.clone()/>
                <Route path=path!("/repositories/:slug") view=|| answer(repositories::repository) ssr=mode.clone()/>
                <Route path=path!("/repositories/:slug/files/*path") view=|| answer(repositories::file) ssr=mode.clone()/>
                <Route path=path!("/repositories/:slug/docs") view=|| answer(docs::of_repository) ssr=mode.clone()/>
                <Route path=path!("/repositories/:slug/docs/*path") view=|| answer(docs::of_repository) ssr=mode.clone()/>
                <Route path=path!("/docs") view=|| answer(docs::list) ssr=mode.clone()/>
                <Route path=path!("/docs/:namespace/:kind/:name") view=|| answer(docs::of_entity) ssr=mode.clone()/>
                <Route path=path!("/docs/:namespace/:kind/:name/*path") view=|| answer(docs::of_entity) ssr=mode.clone()/>
                <Route path=path!("/people") view=|| answer(people::page) ssr=mode.clone()/>
                <Route path=path!("/people/tokens") view=|| answer(identity::services) ssr=mode.clone()/>
                <Route path=path!("/sign-in") view=|| answer(identity::sign_in) ssr=mode.clone()/>
                <Route path=path!("/sign-in/first") view=|| answer(identity::first) ssr=mode.clone()/>
                <Route path=path!("/sign-in/:provider/test") view=|| answer(identity::test) ssr=mode.clone()/>
                <Route path=path!("/me") view=|| answer(identity::me) ssr=mode.clone()/>
                <Route path=path!("/me/tokens") view=|| answer(identity::tokens) ssr=mode.clone()/>
                <Route path=path!("/people/accounts") view=|| answer(identity::accounts) ssr=mode.clone()/>
                <Route path=path!("/me/settings") view=|| answer(identity::settings) ssr=mode.clone()/>
                <Route path=path!("/inbox") view=|| answer(inbox::page) ssr=mode.clone()/>
                <Route path=path!("/sources") view=|| answer(sources::page) ssr=mode.clone()/>
                <Route path=path!("/sources/doctor") view=|| answer(setup::doctor) ssr=mode.clone()/>
                <Route path=path!("/sources/github-app") view=|| answer(setup::github_app) ssr=mode.clone()/>
                <Route path=path!("/sources/github-app/created") view=|| answer(setup::created) ssr=mode.clone()/>
                <Route path=path!("/jobs/:id") view=|| answer(jobs::page) ssr=mode.clone()/>
                <Route path=path!("/access") view=|| answer(access::waiting) ssr=mode.clone()/>
                <Route path=path!("/access/grants") view=|| answer(access::grants) ssr=mode.clone()/>
                <Route path=path!("/access/matrix") view=|| answer(access::matrix) ssr=mode.clone()/>
                <Route path=path!("/access/coverage") view=|| answer(access::coverage) ssr=mode.clone()/>
                <Route path=path!("/access/report") view=|| answer(access::report) ssr=mode.clone()/>
                <Route path=path!("/access/new") view=|| answer(access::ask) ssr=mode.clone()/>
                <Route path=path!("/access/requests/:id") view=|| answer(access::request) ssr=mode.clone()/>
                <Route path=path!("/access/:id") view=|| answer(access::history) ssr=mode.clone()/>
                <Route path=path!("/audit") view=|| answer(audit::page) ssr=mode.clone()/>
                <Route path=path!("/changes") view=|| answer(changes::list) ssr=mode.clone()/>
                <Route path=path!("/changes/new") view=|| answer(changes::new) ssr=mode.clone()/>
                <Route path=path!("/changes/:id") view=|| answer(changes::change) ssr=mode.clone()/>
                <Route path=path!("/templates") view=|| answer(templates::list) ssr=mode.clone()/>
                <Route path=path!("/templates/:namespace/:name") view=|| answer(templates::template) ssr=mode.clone()/>
                <Route path=path!("/templates/:namespace/:name/launch") view=|| answer(templates::launch) ssr=mode.clone()/>
                <Route path=path!("/runs") view=|| answer(runs::list) ssr=mode.clone()/>
                <Route path=path!("/runs/:id") view=|| answer(runs::run) ssr=mode.clone()/>
                <Route path=path!("/unsure") view=|| answer(unsure::page) ssr=mode.clone()/>
                <Route path=path!("/rules") view=|| answer(rules::page) ssr=mode/>
            </Routes>
        </Router>
    }
}

/// Builds a page in its frame, or the page that says why there is none. While routes are only listed there is no request,
/// and nothing to build.
fn answer<Build, Building>(build: Build) -> AnyView
where
    Build: FnOnce(RequestContext, Parameters) -> Building + Send + 'static,
    Building: Future<Output = Answer> + Send + 'static,
{
    answer_with(build, Parameters::current())
}

fn answer_with<Build, Building>(build: Build, parameters: Parameters) -> AnyView
where
    Build: FnOnce(RequestContext, Parameters) -> Building + Send + 'static,
    Building: Future<Output = Answer> + Send + 'static,
{
    let Some(context) = RequestContext::current() else { return ().into_any() };
    if let Some(why) = &context.refused {
        let page = errors::page(&context, &portal::Error::Forbidden(why.clone()));
        return view! { <Frame context page/> }.into_any();
    }
    let zone = context.actor.person().map(|person| person.preferences.time_zone.clone()).unwrap_or(TimeZone::UTC);
    let building = build(context.clone(), parameters);
    Suspend::new(async move {
        let page = match format::in_zone(zone, building).await {
            Ok(page) => page,
            Err(error) => errors::page(&context, &error),
        };
        view! { <Frame context page/> }.into_any()
    })
    .into_any()
}

/// The variable parts of the address; none where no page matches it.
#[derive(Default)]
pub struct Parameters(leptos_router::params::ParamsMap);

impl Parameters {
    fn current() -> Self {
        Self(use_params_map().get_untracked())
    }

    fn get(&self, name: &str) -> String {
        self.0.get(name).unwrap_or_default()
    }
}

/// Ends a form: says what came of it on the page to which the browser goes next.
pub(crate) fn finish(to: &str, flash: &Flash) {
    let secure = RequestContext::current().is_some_and(|context| context.secure);
    if let Some(response) = use_context::<leptos_axum::ResponseOptions>()
        && let Ok(value) = http::HeaderValue::from_str(&flash.set_cookie(secure))
    {
        response.append_header(http::header::SET_COOKIE, value);
    }
    leptos_axum::redirect(to);
}
