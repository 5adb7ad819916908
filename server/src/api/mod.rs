//! The public API, version 1: plain handlers, described with utoipa; errors are problem details.

pub mod access;
pub mod access_import;
pub mod audit;
pub mod catalog;
mod cells;
pub mod changes;
pub mod docs;
pub mod inbox;
pub mod jobs;
pub mod preferences;
pub mod repositories;
pub mod runs;
pub mod sources;
pub mod templates;
pub mod tokens;

use axum::Json;
use utoipa::OpenApi;

use crate::http::{Problem, events, webhooks};

/// The description of the API.
#[derive(OpenApi)]
#[openapi(
    info(title = "Slipway", description = "The catalog of an organisation, from its Git repositories."),
    paths(
        catalog::list,
        catalog::entity,
        catalog::summary,
        catalog::correct,
        repositories::list,
        repositories::repository,
        docs::list,
        docs::site,
        access_import::import,
        access_import::imported,
        access_import::coverage,
        audit::list,
        inbox::list,
        inbox::read,
        preferences::stars,
        preferences::star,
        preferences::views,
        tokens::list,
        tokens::make,
        tokens::revoke,
        sources::list,
        sources::sync,
        changes::list,
        changes::change,
        changes::propose,
        sources::decide,
        jobs::list,
        jobs::job,
        jobs::log,
        templates::list,
        templates::template,
        templates::trust,
        templates::distrust,
        templates::feedback,
        templates::form,
        templates::preview,
        runs::list,
        runs::launch,
        runs::run,
        runs::log,
        runs::cancel,
        runs::retry,
        runs::clean,
        runs::review,
        runs::feedback,
        access::list,
        access::waiting,
        access::request,
        access::history,
        access::ask,
        access::break_glass,
        access::decide,
        access::act,
        access::check,
        access::offer,
        access::matrix,
        access::hand_over::bundle,
        access::hand_over::epoch,
        access::hand_over::keys,
        access::hand_over::export,
        access::hand_over::feed,
        access::hand_over::report,
        events::follow,
        events::follow_run,
        events::follow_catalog,
        webhooks::github,
        description,
    ),
    components(schemas(Problem))
)]
pub struct Api;

/// This description, as OpenAPI.
#[utoipa::path(get, path = "/api/v1/openapi.json", tag = "api", responses((status = 200, body = Object)))]
pub async fn description() -> Json<utoipa::openapi::OpenApi> {
    Json(Api::openapi())
}
