//! Every route, on one screen: its method, its path, and what it takes to be let in.
//!
//! The table builds the router, and feeds the test that walks all of it as everybody. A path that is not here is
//! answered by the page for what does not exist.

use axum::extract::Request;
use axum::http::Method;
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use axum::routing::{MethodRouter, get, post};
use portal::Error;
use portal::forge::webhook::LARGEST_DELIVERY;
use portal::identity::{Action, Actor, Resource, can};

use crate::api::{self, access, access_import, audit, catalog, changes, docs, inbox, jobs, preferences};
use crate::api::{repositories, runs, sources, templates, tokens};
use crate::http::{Asking, Problem, Server, assets, events, health, pages, providers, sign_in, webhooks};

/// What somebody needs to be let in. The use case behind the route decides for the very thing that is asked for; who
/// may not do it to anything is turned away at the door already.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Permission {
    /// Nothing about the catalog is in it.
    Open,
    /// Shows only what the actor may read.
    Read,
    /// Jobs and sources.
    Watch,
    /// Starts a round over the sources.
    Sync,
    /// Changes the catalog.
    Correct,
    /// Sees and changes how the portal is set up.
    SetUp,
    /// Proposes changes of files in repositories.
    Propose,
    /// Approves or denies launches of others.
    Review,
    /// Decides which templates may execute what they bring.
    Trust,
    /// Launches templates.
    Launch,
    /// Asks for access, and takes it without asking.
    AskAccess,
    /// Approves access, or denies it.
    DecideAccess,
    /// Takes over access that was granted elsewhere.
    ImportAccess,
    /// Changes what is granted: whose that is to do depends on what is done.
    ChangeAccess,
    /// Shows everything, to those who may read everything.
    ReadAll,
    /// Says what became of repositories that are not listed any more.
    Remove,
    /// Shows what belongs to whoever has signed in.
    SeeOwn,
    /// Shows and changes what belongs to whoever has signed in.
    Own,
    /// Reads the audit log.
    Audit,
}

impl Permission {
    /// The middleware of every route.
    pub async fn admit(self, server: Server, asking: Asking, request: Request, next: Next) -> Response {
        let action = match self {
            Self::Open | Self::Read | Self::ReadAll | Self::ChangeAccess => None,
            Self::Watch => Some(Action::Watch),
            Self::Sync => Some(Action::Sync),
            Self::Correct => Some(Action::Correct),
            Self::SetUp => Some(Action::SetUp),
            Self::Propose => Some(Action::Propose),
            Self::Review => Some(Action::Review),
            Self::Trust => Some(Action::Trust),
            Self::Launch => Some(Action::Launch),
            Self::AskAccess => Some(Action::AskAccess),
            Self::DecideAccess => Some(Action::DecideAccess),
            Self::ImportAccess => Some(Action::ImportAccess),
            Self::Remove => Some(Action::Remove),
            Self::SeeOwn => Some(Action::SeeOwn),
            Self::Own => Some(Action::Own),
            Self::Audit => Some(Action::Audit),
        };
        if self != Self::Open && asking.must_sign_in() {
            return sign_in::first_of_all(&asking, &request, "Only those who have signed in may read this portal.");
        }
        let admitted = match self {
            Self::ReadAll => portal::access::may_export(&asking.actor),
            Self::ChangeAccess => portal::access::may_act(&asking.actor),
            _ => action.map_or(Ok(()), |action| can(&asking.actor, action, Resource::Anything)),
        };
        match admitted {
            Ok(()) => next.run(request).await,
            Err(Error::Forbidden(why)) if asking.actor == Actor::Visitor => {
                sign_in::first_of_all(&asking, &request, &why)
            }
            Err(Error::Forbidden(why)) => sign_in::refuse(server, request, why).await,
            Err(error) => Problem::from(error).into_response(),
        }
    }
}

/// One route.
pub struct Route {
    /// The method that `handler` answers.
    #[cfg_attr(not(test), expect(dead_code, reason = "the handler knows it; the walk over all routes asks"))]
    pub method: Method,
    pub path: &'static str,
    pub permission: Permission,
    pub handler: MethodRouter<Server>,
    /// The largest body that is read, in bytes.
    pub largest_body: usize,
    /// It asks the index for words that somebody types, and so may be asked only so often.
    pub searches: bool,
}

/// Forms and API calls are small.
const LARGEST_BODY: usize = 1024 * 1024;
/// Grants of elsewhere, as a manifest.
const LARGEST_IMPORT: usize = 2 * engine_access::import::MOST_BYTES;
/// A manifest in JSON, in which a line takes one more byte.
const LARGEST_MANIFEST: usize = 2 * engine_access::manifest::MOST_BYTES;

use Permission::{
    AskAccess, Audit, ChangeAccess, Correct, DecideAccess, ImportAccess, Launch, Open, Own, Propose, Read, ReadAll,
};
use Permission::{Remove, Review, SeeOwn, SetUp, Sync, Trust, Watch};

#[rustfmt::skip]
pub fn table() -> Vec<Route> {
    vec![
        // Pages; `app::pages` says what each shows.
        page("/", Read),
        searching(page("/catalog", Read)),
        page("/catalog/{namespace}/{kind}/{name}", Read),
        page("/catalog/{namespace}/{kind}/{name}/{tab}", Read),
        searching(page("/repositories", Read)),
        page("/repositories/{slug}", Read),
        page("/repositories/{slug}/files/{*path}", Read),
        page("/repositories/{slug}/docs", Read),
        page("/repositories/{slug}/docs/{*path}", Read),
        page("/docs", Read),
        page("/docs/{namespace}/{kind}/{name}", Read),
        page("/docs/{namespace}/{kind}/{name}/{*path}", Read),
        page("/people", Read),
        page("/people/accounts", SetUp),
        page("/people/tokens", SetUp),
        page("/sign-in", Open),
        page("/sign-in/first", Open),
        read("/sign-in/{provider}", Open, get(providers::begin)),
        read("/sign-in/{provider}/callback", Open, get(providers::callback)),
        page("/sign-in/{provider}/test", SetUp),
        page("/me", Own),
        page("/me/settings", Own),
        page("/me/tokens", Own),
        page("/inbox", SeeOwn),
        page("/unsure", Read),
        page("/rules", Open),
        page("/sources", Watch),
        page("/jobs/{id}", Watch),
        page("/sources/doctor", SetUp),
        page("/sources/github-app", SetUp),
        page("/sources/github-app/created", SetUp),
        page("/access", Read),
        page("/access/grants", Read),
        page("/access/matrix", Read),
        page("/access/coverage", Read),
        page("/access/report", Audit),
        page("/access/new", AskAccess),
        page("/access/requests/{id}", Read),
        page("/access/{id}", Read),
        page("/audit", Audit),
        page("/changes", Read),
        page("/changes/new", Propose),
        page("/changes/{id}", Read),
        page("/templates", Read),
        page("/templates/{namespace}/{name}", Read),
        page("/templates/{namespace}/{name}/launch", Launch),
        page("/runs", Read),
        page("/runs/{id}", Read),

        // Files beside the pages.
        searching(read("/catalog.json", Read, get(catalog::export_json))),
        searching(read("/catalog.csv", Read, get(catalog::export_csv))),
        read("/repositories/{slug}/raw/{*path}", Read, get(repositories::raw)),
        read("/audit.jsonl", Audit, get(audit::json_lines)),
        read("/audit.csv", Audit, get(audit::csv)),
        read("/changes/patch", Propose, get(changes::planned_patch)),
        read("/changes/{id}/patch", Read, get(changes::patch)),
        read("/templates/{namespace}/{name}/archive", Launch, get(templates::archive)),
        read("/assets/{*path}", Open, get(assets::serve)),

        // Forms and islands.
        write("/actions/sources/sync", Sync, post(pages::action)),
        write("/actions/sources/doctor", SetUp, post(pages::action)),
        write("/actions/sources/github-app", SetUp, post(pages::action)),
        write("/actions/sources/unlisted", Remove, post(pages::action)),
        write("/actions/catalog/correct", Correct, post(pages::action)),
        write("/actions/changes/propose", Propose, post(pages::action)),
        write("/actions/changes/retry", Propose, post(pages::action)),
        write("/actions/changes/close", Propose, post(pages::action)),
        write("/actions/changes/refresh", Propose, post(pages::action)),
        write("/actions/templates/look", Launch, post(pages::action)),
        write("/actions/templates/forget", Launch, post(pages::action)),
        write("/actions/templates/launch", Launch, post(pages::action)),
        write("/actions/templates/trust", Trust, post(pages::action)),
        write("/actions/templates/distrust", Trust, post(pages::action)),
        write("/actions/access/ask", AskAccess, post(pages::action)),
        write("/actions/access/decide", DecideAccess, post(pages::action)),
        write("/actions/access/approve-all", DecideAccess, post(pages::action)),
        write("/actions/access/act", ChangeAccess, post(pages::action)),
        write("/actions/runs/cancel", Launch, post(pages::action)),
        write("/actions/runs/retry", Launch, post(pages::action)),
        write("/actions/runs/clean", Launch, post(pages::action)),
        write("/actions/runs/review", Review, post(pages::action)),
        write("/actions/runs/feedback", Launch, post(pages::action)),
        searching(write("/calls/catalog/suggest", Read, post(pages::action))),
        write("/preferences/theme", Open, post(pages::set_theme)),
        write("/actions/identity/sign-in", Open, post(sign_in::with_password)),
        write("/actions/identity/first", Open, post(sign_in::first)),
        write("/actions/identity/demo", Open, post(sign_in::as_demo_person)),
        write("/actions/identity/sign-out", Open, post(sign_in::out)),
        write("/actions/identity/password", Own, post(sign_in::change_password)),
        write("/actions/identity/end", Own, post(pages::action)),
        write("/actions/identity/token", Own, post(pages::action)),
        write("/actions/identity/revoke", Own, post(pages::action)),
        write("/actions/identity/account", SetUp, post(pages::action)),
        write("/actions/inbox/read", Own, post(pages::action)),
        write("/actions/preferences/set", Own, post(pages::action)),
        write("/actions/preferences/star", Own, post(pages::action)),
        write("/actions/preferences/view", Own, post(pages::action)),
        write("/actions/preferences/delete-view", Own, post(pages::action)),
        write("/actions/identity/service-token", SetUp, post(pages::action)),
        write("/actions/identity/revoke-service", SetUp, post(pages::action)),

        // The public API.
        read("/api/v1/openapi.json", Open, get(api::description)),
        read("/api/v1/summary", Read, get(catalog::summary)),
        searching(read("/api/v1/catalog", Read, get(catalog::list))),
        read("/api/v1/catalog/events", Read, get(events::follow_catalog)),
        read("/api/v1/catalog/{namespace}/{kind}/{name}", Read, get(catalog::entity)),
        write("/api/v1/corrections", Correct, post(catalog::correct)),
        searching(read("/api/v1/repositories", Read, get(repositories::list))),
        read("/api/v1/repositories/{slug}", Read, get(repositories::repository)),
        read("/api/v1/docs", Read, get(docs::list)),
        read("/api/v1/docs/{namespace}/{kind}/{name}", Read, get(docs::site)),
        read("/api/v1/audit", Audit, get(audit::list)),
        read("/api/v1/inbox", SeeOwn, get(inbox::list)),
        write("/api/v1/inbox/read", Own, post(inbox::read)),
        read("/api/v1/stars", SeeOwn, get(preferences::stars)),
        write("/api/v1/stars", Own, post(preferences::star)),
        read("/api/v1/views", SeeOwn, get(preferences::views)),
        read("/api/v1/tokens", SetUp, get(tokens::list)),
        write("/api/v1/tokens", SetUp, post(tokens::make)),
        write("/api/v1/tokens/{id}/revoke", SetUp, post(tokens::revoke)),
        read("/api/v1/changes", Read, get(changes::list)),
        write("/api/v1/changes", Propose, post(changes::propose)),
        read("/api/v1/changes/{id}", Read, get(changes::change)),
        read("/api/v1/sources", Watch, get(sources::list)),
        write("/api/v1/sources/{source}/unlisted", Remove, post(sources::decide)),
        write("/api/v1/sync", Sync, post(sources::sync)),
        read("/api/v1/jobs", Watch, get(jobs::list)),
        read("/api/v1/jobs/{id}", Watch, get(jobs::job)),
        read("/api/v1/jobs/{id}/log", Watch, get(jobs::log)),
        read("/api/v1/jobs/{id}/events", Watch, get(events::follow)),
        read("/api/v1/templates", Read, get(templates::list)),
        read("/api/v1/templates/{namespace}/{name}", Read, get(templates::template)),
        write("/api/v1/templates/{namespace}/{name}/trust", Trust, post(templates::trust)),
        write("/api/v1/templates/{namespace}/{name}/distrust", Trust, post(templates::distrust)),
        read("/api/v1/templates/{namespace}/{name}/feedback", Read, get(templates::feedback)),
        write("/api/v1/templates/{namespace}/{name}/form", Launch, post(templates::form)),
        write("/api/v1/templates/{namespace}/{name}/preview", Launch, post(templates::preview)),
        read("/api/v1/runs", Read, get(runs::list)),
        write("/api/v1/runs", Launch, post(runs::launch)),
        read("/api/v1/runs/{id}", Read, get(runs::run)),
        read("/api/v1/runs/{id}/log", Read, get(runs::log)),
        write("/api/v1/runs/{id}/cancel", Launch, post(runs::cancel)),
        write("/api/v1/runs/{id}/retry", Launch, post(runs::retry)),
        write("/api/v1/runs/{id}/clean", Launch, post(runs::clean)),
        write("/api/v1/runs/{id}/review", Review, post(runs::review)),
        write("/api/v1/runs/{id}/feedback", Launch, post(runs::feedback)),
        read("/api/v1/runs/{id}/events", Read, get(events::follow_run)),
        read("/api/v1/access", Read, get(access::list)),
        Route { largest_body: LARGEST_IMPORT, ..write("/api/v1/access/imports", ImportAccess, post(access_import::import)) },
        read("/api/v1/access/imports/{id}", ImportAccess, get(access_import::imported)),
        read("/api/v1/access/coverage", Read, get(access_import::coverage)),
        read("/api/v1/access/waiting", Read, get(access::waiting)),
        read("/api/v1/access/matrix", Read, get(access::matrix)),
        read("/api/v1/access/{id}", Read, get(access::history)),
        read("/api/v1/access/apis/{namespace}/{name}", Read, get(access::offer)),
        write("/api/v1/access/requests", AskAccess, post(access::ask)),
        read("/api/v1/access/requests/{id}", Read, get(access::request)),
        write("/api/v1/access/requests/{id}/decide", DecideAccess, post(access::decide)),
        write("/api/v1/access/break-glass", AskAccess, post(access::break_glass)),
        write("/api/v1/access/acts", ChangeAccess, post(access::act)),
        searching(Route { largest_body: LARGEST_MANIFEST, ..write("/api/v1/access/check", Read, post(access::check)) }),
        read("/api/v1/access/bundles/{namespace}/{name}", Read, get(access::hand_over::bundle)),
        read("/api/v1/access/bundles/{namespace}/{name}/epoch", Read, get(access::hand_over::epoch)),
        read("/api/v1/access/export", ReadAll, get(access::hand_over::export)),
        read("/api/v1/access/feed", ReadAll, get(access::hand_over::feed)),
        read("/api/v1/access/report", ReadAll, get(access::hand_over::report)),
        read("/.well-known/jwks.json", Open, get(access::hand_over::keys)),

        // Those who tell us that something changed; what they sign with is checked where they are received.
        Route { largest_body: LARGEST_DELIVERY, ..write("/webhooks/github/{source}", Open, post(webhooks::github)) },

        // Operating.
        read("/healthz", Open, get(health::healthz)),
        read("/readyz", Open, get(health::readyz)),
        read("/metrics", Open, get(health::metrics)),
    ]
}

fn page(path: &'static str, permission: Permission) -> Route {
    read(path, permission, get(pages::page))
}

fn searching(route: Route) -> Route {
    Route { searches: true, ..route }
}

fn read(path: &'static str, permission: Permission, handler: MethodRouter<Server>) -> Route {
    Route { method: Method::GET, path, permission, handler, largest_body: LARGEST_BODY, searches: false }
}

fn write(path: &'static str, permission: Permission, handler: MethodRouter<Server>) -> Route {
    Route { method: Method::POST, path, permission, handler, largest_body: LARGEST_BODY, searches: false }
}

#[cfg(test)]
mod tests;
