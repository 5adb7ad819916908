//! The web server: what stands around the routes.

pub mod asking;
pub mod assets;
mod cookies;
pub mod events;
pub mod filter;
pub mod health;
mod limit;
pub mod listen;
mod observe;
pub mod pages;
mod problem;
pub mod providers;
mod security;
pub mod sign_in;
pub mod webhooks;

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::extract::{DefaultBodyLimit, Request};
use axum::http::{Method, StatusCode};
use axum::middleware::{from_fn, from_fn_with_state};
use metrics_exporter_prometheus::PrometheusHandle;
use portal::Portal;
use tokio::sync::watch;
use tower::ServiceBuilder;
use tower_http::catch_panic::CatchPanicLayer;
use tower_http::compression::{CompressionLayer, CompressionLevel};
use tower_http::csrf::CsrfLayer;
use tower_http::limit::RequestBodyLimitLayer;
use tower_http::timeout::TimeoutLayer;

pub use asking::{Asking, Reach};
pub use assets::Site;
pub use problem::Problem;

use self::limit::Door;
use crate::routes;

/// What every handler can reach. Cheap to clone.
#[derive(Clone)]
pub struct Server {
    inner: Arc<Inner>,
    /// How often somebody may come.
    limits: Arc<limit::Limits>,
}

pub struct Inner {
    pub portal: Portal,
    pub site: Site,
    pub assets: app::Assets,
    pub reach: Reach,
    pub metrics: PrometheusHandle,
    /// Turns true when the server is being stopped; open streams end then.
    pub stopping: watch::Receiver<bool>,
}

impl std::ops::Deref for Server {
    type Target = Inner;

    fn deref(&self) -> &Inner {
        &self.inner
    }
}

impl Server {
    pub fn new(inner: Inner) -> Self {
        Self { inner: Arc::new(inner), limits: Arc::default() }
    }
}

/// No request takes longer: what is slow is a job. Streams answer at once and are not cut.
const LONGEST_REQUEST: Duration = Duration::from_secs(30);

/// The whole application. `routes` holds every path that it answers.
pub fn router(server: Server) -> Router {
    let layers = ServiceBuilder::new()
        .layer(from_fn(observe::request))
        .layer(CatchPanicLayer::custom(problem::of_panic))
        .layer(from_fn_with_state(server.clone(), security::headers))
        .layer(CompressionLayer::new().quality(CompressionLevel::Fastest))
        .layer(from_fn_with_state(server.clone(), asking::identify))
        .layer(CsrfLayer::new())
        .layer(TimeoutLayer::with_status_code(StatusCode::SERVICE_UNAVAILABLE, LONGEST_REQUEST));
    // Fails only where it was started before, as in tests.
    let _ = any_spawner::Executor::init_tokio();
    let mut router = Router::new();
    for route in routes::table() {
        let (permission, searches) = (route.permission, route.searches);
        let door = server.clone();
        let admit = move |asking: Asking, request: Request, next| {
            let door = door.clone();
            async move {
                let searches = searches && asks_for_words(&request);
                let refused = searches.then(|| door.limits.refuse_person(Door::Search, &asking, limit::STEP));
                match refused.flatten() {
                    Some(response) => response,
                    None => permission.admit(door, asking, request, next).await,
                }
            }
        };
        // What reads a body has a limit of its own, which would go before that of the route.
        let limits = (RequestBodyLimitLayer::new(route.largest_body), DefaultBodyLimit::disable());
        router = router.route(route.path, route.handler.route_layer(from_fn(admit)).layer(limits));
    }
    router.fallback(pages::page).layer(layers).with_state(server)
}

/// Whether a request looks for words. A list by its filters alone is one of a few that are kept at hand.
fn asks_for_words(request: &Request) -> bool {
    let words = |pair: &str| pair.strip_prefix("q=").is_some_and(|words| !words.is_empty());
    request.method() == Method::POST || request.uri().query().is_some_and(|query| query.split('&').any(words))
}
