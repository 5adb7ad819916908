//! Launches of templates.

use axum::Json;
use axum::extract::{Path, Query, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use model::EntityRef;
use model::job::LogLine;
use model::run::{Run, RunDetail, RunState};
use portal::changes;
use portal::runs::{self, Launch, RepositoryVisibility, RunFilter};
use portal::secret::Secret;
use portal::templates::Given;
use serde::{Deserialize, Serialize};

use crate::http::{Asking, Problem, Server, filter};

/// What tells a second request for the same project from one for another
/// (draft-ietf-httpapi-idempotency-key-header).
const IDEMPOTENCY_KEY: &str = "idempotency-key";

#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct RunsQuery {
    /// `queued`, `running`, `waiting`, `done`, `failed`, `cancelled`, `cleaned`.
    state: Option<String>,
    /// `template:default/go-service`
    template: Option<String>,
    /// Slug of the repository that they made.
    project: Option<String>,
    /// Only those that whoever asks has launched.
    #[serde(default)]
    own: bool,
    page: Option<usize>,
    per_page: Option<usize>,
}

#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct Runs {
    pub rows: Vec<Run>,
    pub total: usize,
}

/// One page of the launches that may be seen, the newest first.
#[utoipa::path(get, path = "/api/v1/runs", tag = "runs", params(RunsQuery),
    responses((status = 200, body = Runs), (status = 422, body = Problem)))]
pub async fn list(
    State(server): State<Server>,
    asking: Asking,
    Query(query): Query<RunsQuery>,
) -> Result<Json<Runs>, Problem> {
    let state =
        |text: &str| RunState::parse(text).ok_or_else(|| filter::invalid(format!("there is no state {text:?}")));
    let template =
        |text: &str| text.parse::<EntityRef>().map_err(|_| filter::invalid(format!("{text:?} names no template")));
    let filter = RunFilter {
        states: query.state.as_deref().map(state).transpose()?.into_iter().collect(),
        template: query.template.as_deref().map(template).transpose()?,
        project: query.project,
        own: query.own,
        page: query.page.unwrap_or(1).max(1),
        per_page: query.per_page.unwrap_or(50),
    };
    let page = runs::list(&server.portal, &asking.actor, &filter).await?;
    Ok(Json(Runs { rows: page.rows, total: page.total }))
}

/// One launch with its steps, what it made, and where that is.
#[utoipa::path(get, path = "/api/v1/runs/{id}", tag = "runs", params(("id" = String, Path)),
    responses((status = 200, body = RunDetail), (status = 404, body = Problem)))]
pub async fn run(
    State(server): State<Server>,
    asking: Asking,
    Path(id): Path<String>,
) -> Result<Json<RunDetail>, Problem> {
    Ok(Json(runs::get(&server.portal, &asking.actor, &id).await?))
}

#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
pub struct RunLogQuery {
    /// The sequence of the last line that was seen.
    #[serde(default)]
    after: i64,
}

/// The lines of a launch's log after one that was seen, over all its attempts. Secrets are masked in it.
#[utoipa::path(get, path = "/api/v1/runs/{id}/log", tag = "runs", params(("id" = String, Path), RunLogQuery),
    responses((status = 200, body = Vec<LogLine>), (status = 404, body = Problem)))]
pub async fn log(
    State(server): State<Server>,
    asking: Asking,
    Path(id): Path<String>,
    Query(query): Query<RunLogQuery>,
) -> Result<Json<Vec<LogLine>>, Problem> {
    Ok(Json(runs::log(&server.portal, &asking.actor, &id, query.after).await?))
}

#[derive(Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RunRequest {
    /// `template:default/go-service`
    pub template: EntityRef,
    /// The commit of the form that was filled; the newest without one.
    pub commit: Option<String>,
    /// By the name of the question; what is not answered takes its default.
    #[serde(default)]
    #[schema(value_type = Object)]
    pub answers: Given,
    /// The source in which the project is made; without one the first that takes projects.
    pub destination: Option<String>,
    /// Of the repository; without one as the template calls its folder.
    pub name: Option<String>,
    #[serde(default)]
    pub description: String,
    /// `private`, `internal`, `public`: who sees it at a forge.
    #[serde(default)]
    #[schema(value_type = String)]
    pub visibility: RepositoryVisibility,
    /// At a forge.
    #[serde(default)]
    pub topics: Vec<String>,
    /// `payments`, `user:jane`: for a descriptor, where the template makes none.
    pub owner: Option<String>,
    pub lifecycle: Option<String>,
    /// Of a person at the forge, in whose name the repository is then made. It is kept sealed while the launch goes on.
    pub token: Option<String>,
}

/// Launches a template. The same request again under the same `Idempotency-Key` is the same launch; without the header
/// every request is one of its own.
#[utoipa::path(post, path = "/api/v1/runs", tag = "runs", request_body = RunRequest,
    params(("Idempotency-Key" = Option<String>, Header, description = "At most 200 characters")),
    responses((status = 202, body = RunDetail, headers(("Location" = String, description = "The launch"))),
              (status = 403, body = Problem), (status = 404, body = Problem), (status = 409, body = Problem),
              (status = 422, body = Problem)))]
pub async fn launch(
    State(server): State<Server>,
    asking: Asking,
    headers: HeaderMap,
    Json(request): Json<RunRequest>,
) -> Result<Response, Problem> {
    let (portal, actor) = (&server.portal, &asking.actor);
    let key = match headers.get(IDEMPOTENCY_KEY) {
        Some(key) => key.to_str().map_err(|_| filter::invalid("the Idempotency-Key is no text".to_owned()))?.to_owned(),
        None => ulid::Ulid::generate().to_string(),
    };
    let first = || runs::destinations(portal).into_iter().next().map(|first| first.name);
    let destination = request.destination.or_else(first);
    let destination = destination.ok_or_else(|| filter::invalid("no source takes new projects".to_owned()))?;
    let owner = request.owner.as_deref().map(|owner| changes::owner(portal, actor, owner)).transpose()?;
    let launch = Launch {
        commit: request.commit,
        answers: request.answers,
        name: request.name,
        description: request.description,
        visibility: request.visibility,
        topics: request.topics,
        owner,
        lifecycle: request.lifecycle,
        token: request.token.map(Secret::new),
        ..Launch::new(request.template, &destination, &key)
    };
    let id = runs::launch(portal, actor, launch).await?;
    let location = [(header::LOCATION, format!("/api/v1/runs/{id}"))];
    Ok((StatusCode::ACCEPTED, location, Json(runs::get(portal, actor, &id).await?)).into_response())
}

/// Stops a launch that is under way, and has what it made removed.
#[utoipa::path(post, path = "/api/v1/runs/{id}/cancel", tag = "runs", params(("id" = String, Path)),
    responses((status = 202, body = RunDetail), (status = 403, body = Problem), (status = 404, body = Problem),
              (status = 409, body = Problem)))]
pub async fn cancel(State(server): State<Server>, asking: Asking, Path(id): Path<String>) -> Result<Response, Problem> {
    runs::cancel(&server.portal, &asking.actor, &id).await?;
    moved(&server, &asking, &id).await
}

/// Goes on with a failed launch at the step that failed, or at once with one that waits.
#[utoipa::path(post, path = "/api/v1/runs/{id}/retry", tag = "runs", params(("id" = String, Path)),
    responses((status = 202, body = RunDetail), (status = 403, body = Problem), (status = 404, body = Problem),
              (status = 409, body = Problem)))]
pub async fn retry(State(server): State<Server>, asking: Asking, Path(id): Path<String>) -> Result<Response, Problem> {
    runs::retry(&server.portal, &asking.actor, &id).await?;
    moved(&server, &asking, &id).await
}

/// Has removed what a failed launch made.
#[utoipa::path(post, path = "/api/v1/runs/{id}/clean", tag = "runs", params(("id" = String, Path)),
    responses((status = 202, body = RunDetail), (status = 403, body = Problem), (status = 404, body = Problem),
              (status = 409, body = Problem)))]
pub async fn clean(State(server): State<Server>, asking: Asking, Path(id): Path<String>) -> Result<Response, Problem> {
    runs::clean(&server.portal, &asking.actor, &id).await?;
    moved(&server, &asking, &id).await
}

#[derive(Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ReviewRequest {
    /// Otherwise it is denied, and never begins.
    pub approves: bool,
    /// Needed to deny it; at most 1000 characters.
    #[serde(default)]
    pub reason: String,
}

/// Approves a launch of somebody else, or denies it. Those may whom the rule names that asks for it.
#[utoipa::path(post, path = "/api/v1/runs/{id}/review", tag = "runs", request_body = ReviewRequest,
    params(("id" = String, Path)),
    responses((status = 202, body = RunDetail), (status = 403, body = Problem), (status = 404, body = Problem),
              (status = 409, body = Problem)))]
pub async fn review(
    State(server): State<Server>,
    asking: Asking,
    Path(id): Path<String>,
    Json(request): Json<ReviewRequest>,
) -> Result<Response, Problem> {
    runs::review(&server.portal, &asking.actor, &id, request.approves, &request.reason).await?;
    moved(&server, &asking, &id).await
}

#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RunFeedbackRequest {
    /// It did what was needed; or something was missing.
    pub worked: bool,
    /// One line, at most 500 characters.
    #[serde(default)]
    pub comment: String,
}

/// Says of a launch of one's own that has ended how it went; the last word counts.
#[utoipa::path(post, path = "/api/v1/runs/{id}/feedback", tag = "runs", request_body = RunFeedbackRequest,
    params(("id" = String, Path)),
    responses((status = 204, description = "It is kept"), (status = 403, body = Problem), (status = 404, body = Problem),
              (status = 409, body = Problem), (status = 422, body = Problem)))]
pub async fn feedback(
    State(server): State<Server>,
    asking: Asking,
    Path(id): Path<String>,
    Json(request): Json<RunFeedbackRequest>,
) -> Result<StatusCode, Problem> {
    runs::feedback::give(&server.portal, &asking.actor, &id, request.worked, &request.comment).await?;
    Ok(StatusCode::NO_CONTENT)
}

async fn moved(server: &Server, asking: &Asking, id: &str) -> Result<Response, Problem> {
    let run = runs::get(&server.portal, &asking.actor, id).await?;
    Ok((StatusCode::ACCEPTED, Json(run)).into_response())
}
