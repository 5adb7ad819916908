//! Stars and saved views.

use axum::Json;
use axum::extract::State;
use model::EntityRef;
use model::catalog::CatalogRow;
use portal::preferences;
use serde::{Deserialize, Serialize};

use crate::http::{Asking, Problem, Server};

/// What one has starred and may read, by reference.
#[utoipa::path(get, path = "/api/v1/stars", tag = "preferences",
    responses((status = 200, body = Vec<CatalogRow>), (status = 403, body = Problem)))]
pub async fn stars(State(server): State<Server>, asking: Asking) -> Result<Json<Vec<CatalogRow>>, Problem> {
    Ok(Json(preferences::starred(&server.portal, &asking.actor).await?))
}

#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct StarRequest {
    pub reference: EntityRef,
    /// False takes the star away.
    pub starred: bool,
}

#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct Starred {
    /// As the entity is called at present.
    pub reference: EntityRef,
    pub starred: bool,
}

/// Stars an entity, or takes the star away.
#[utoipa::path(post, path = "/api/v1/stars", tag = "preferences", request_body = StarRequest,
    responses((status = 200, body = Starred), (status = 404, body = Problem)))]
pub async fn star(
    State(server): State<Server>,
    asking: Asking,
    Json(request): Json<StarRequest>,
) -> Result<Json<Starred>, Problem> {
    let StarRequest { reference, starred } = request;
    let reference = preferences::star(&server.portal, &asking.actor, &reference, starred).await?;
    Ok(Json(Starred { reference, starred }))
}

#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct SavedView {
    pub id: String,
    pub name: String,
    /// Where it leads: a path with its query.
    pub address: String,
}

/// The views that one keeps, by name.
#[utoipa::path(get, path = "/api/v1/views", tag = "preferences",
    responses((status = 200, body = Vec<SavedView>), (status = 403, body = Problem)))]
pub async fn views(State(server): State<Server>, asking: Asking) -> Result<Json<Vec<SavedView>>, Problem> {
    let views = preferences::views(&server.portal, &asking.actor).await?;
    let saved =
        |view: preferences::View| SavedView { address: view.address().into_owned(), id: view.id, name: view.name };
    Ok(Json(views.into_iter().map(saved).collect()))
}
