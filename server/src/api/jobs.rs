//! Long work.

use axum::Json;
use axum::extract::{Path, Query, State};
use model::job::{Job, LogLine};
use portal::jobs;
use serde::Deserialize;

use crate::http::{Asking, Problem, Server};

/// How many jobs the list has: as many as are kept.
const LATEST: usize = 200;

/// The latest jobs, newest first.
#[utoipa::path(get, path = "/api/v1/jobs", tag = "jobs", responses((status = 200, body = Vec<Job>)))]
pub async fn list(State(server): State<Server>, asking: Asking) -> Result<Json<Vec<Job>>, Problem> {
    Ok(Json(jobs::list(&server.portal, &asking.actor, LATEST).await?))
}

/// One job.
#[utoipa::path(get, path = "/api/v1/jobs/{id}", tag = "jobs", params(("id" = String, Path)),
    responses((status = 200, body = Job), (status = 404, body = Problem)))]
pub async fn job(State(server): State<Server>, asking: Asking, Path(id): Path<String>) -> Result<Json<Job>, Problem> {
    Ok(Json(jobs::get(&server.portal, &asking.actor, &id).await?))
}

#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
pub struct LogQuery {
    /// The sequence of the last line that was seen.
    #[serde(default)]
    after: i64,
}

/// The lines of a job's log after one that was seen.
#[utoipa::path(get, path = "/api/v1/jobs/{id}/log", tag = "jobs", params(("id" = String, Path), LogQuery),
    responses((status = 200, body = Vec<LogLine>), (status = 404, body = Problem)))]
pub async fn log(
    State(server): State<Server>,
    asking: Asking,
    Path(id): Path<String>,
    Query(query): Query<LogQuery>,
) -> Result<Json<Vec<LogLine>>, Problem> {
    Ok(Json(jobs::log(&server.portal, &asking.actor, &id, query.after).await?))
}
