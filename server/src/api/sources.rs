//! Sources, and rounds over them.

use axum::Json;
use axum::extract::{Path, Query, State};
use axum::http::{HeaderName, StatusCode, header};
use model::source::SourceStatus;
use portal::sources;
use serde::{Deserialize, Serialize};

use crate::http::{Asking, Problem, Server, filter};

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

#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct UnlistedWord {
    /// `gone`: they are removed from the catalog; `keep`: they stay, and it is not asked again.
    word: String,
    /// `unlisted.until` of the source, as it was read: the word is on no others.
    until: i64,
}

#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct UnlistedDecided {
    /// How many repositories the word was on.
    pub repositories: usize,
}

/// Says what became of repositories that a source does not list any more and that wait for a person's word.
#[utoipa::path(post, path = "/api/v1/sources/{source}/unlisted", tag = "sources", params(("source" = String, Path)),
    request_body = UnlistedWord,
    responses((status = 200, body = UnlistedDecided), (status = 403, body = Problem), (status = 404, body = Problem),
        (status = 422, body = Problem)))]
pub async fn decide(
    State(server): State<Server>,
    asking: Asking,
    Path(source): Path<String>,
    Json(told): Json<UnlistedWord>,
) -> Result<Json<UnlistedDecided>, Problem> {
    let word = sources::Word::parse(&told.word)
        .ok_or_else(|| filter::invalid(format!("the word is gone or keep, not {:?}", told.word)))?;
    let repositories = sources::decide(&server.portal, &asking.actor, &source, word, told.until).await?;
    Ok(Json(UnlistedDecided { repositories }))
}
