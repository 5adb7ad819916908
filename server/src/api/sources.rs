//! Sources, and rounds over them.

use axum::Json;
use axum::extract::{Query, State};
use axum::http::{HeaderName, StatusCode, header};
use model::source::SourceStatus;
use portal::sources;
use serde::{Deserialize, Serialize};

use crate::http::{Asking, Problem, Server};

/// The sources and how they fare.
#[utoipa::path(get, path = "/api/v1/sources", tag = "sources", responses((status = 200, body = Vec<SourceStatus>)))]
pub async fn list(State(server): State<Server>, asking: Asking) -> Result<Json<Vec<SourceStatus>>, Problem> {
    Ok(Json(sources::list(&server.portal, &asking.actor).await?))
}

#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct SyncQuery {
    /// One source by name; all without it.
    source: Option<String>,
}

#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct SyncStarted {
    /// The id of the job; the one that was under way already, if there was one.
    pub job: String,
}

/// Starts a round over the sources; answers at once with the job to follow.
#[utoipa::path(post, path = "/api/v1/sync", tag = "sources", params(SyncQuery),
    responses((status = 202, body = SyncStarted), (status = 403, body = Problem), (status = 404, body = Problem)))]
pub async fn sync(
    State(server): State<Server>,
    asking: Asking,
    Query(query): Query<SyncQuery>,
) -> Result<(StatusCode, [(HeaderName, String); 1], Json<SyncStarted>), Problem> {
    let job = sources::sync(&server.portal, &asking.actor, query.source.as_deref()).await?;
    let location = [(header::LOCATION, format!("/api/v1/jobs/{job}"))];
    Ok((StatusCode::ACCEPTED, location, Json(SyncStarted { job })))
}
