//! Templates: what they ask and what they would make. Launching one is `runs`.

use axum::Json;
use axum::extract::{Path, Query, RawQuery, State};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use model::EntityRef;
use model::template::{Form, Preview, TemplateDetail, TemplateFeedback, TemplateRow};
use portal::templates::{self, Given, Packing};
use serde::Deserialize;

use crate::http::{Asking, Problem, Server};

/// The templates that may be read, by name.
#[utoipa::path(get, path = "/api/v1/templates", tag = "templates",
    responses((status = 200, body = Vec<TemplateRow>)))]
pub async fn list(State(server): State<Server>, asking: Asking) -> Result<Json<Vec<TemplateRow>>, Problem> {
    Ok(Json(templates::list(&server.portal, &asking.actor).await?))
}

#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct TemplateQuery {
    /// One of its commits; the newest without one.
    commit: Option<String>,
}

/// One template with its questions, its versions and what was made from it.
#[utoipa::path(get, path = "/api/v1/templates/{namespace}/{name}", tag = "templates",
    params(("namespace" = String, Path), ("name" = String, Path), TemplateQuery),
    responses((status = 200, body = TemplateDetail), (status = 404, body = Problem), (status = 422, body = Problem)))]
pub async fn template(
    State(server): State<Server>,
    asking: Asking,
    Path((namespace, name)): Path<(String, String)>,
    Query(query): Query<TemplateQuery>,
) -> Result<Json<TemplateDetail>, Problem> {
    let reference = EntityRef::new("template", namespace, name);
    Ok(Json(templates::get(&server.portal, &asking.actor, &reference, query.commit.as_deref()).await?))
}

/// How the launches of a template went; its figures are for whoever owns it.
#[utoipa::path(get, path = "/api/v1/templates/{namespace}/{name}/feedback", tag = "templates",
    params(("namespace" = String, Path), ("name" = String, Path)),
    responses((status = 200, body = TemplateFeedback), (status = 404, body = Problem)))]
pub async fn feedback(
    State(server): State<Server>,
    asking: Asking,
    Path((namespace, name)): Path<(String, String)>,
) -> Result<Json<TemplateFeedback>, Problem> {
    let reference = EntityRef::new("template", namespace, name);
    Ok(Json(portal::runs::feedback::of_template(&server.portal, &asking.actor, &reference).await?))
}

#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct TrustRequest {
    /// One of its commits, whole.
    pub commit: String,
}

/// Lets the templates of its repository execute what they bring, at one commit. Administrators may.
#[utoipa::path(post, path = "/api/v1/templates/{namespace}/{name}/trust", tag = "templates", request_body = TrustRequest,
    params(("namespace" = String, Path), ("name" = String, Path)),
    responses((status = 204), (status = 403, body = Problem), (status = 404, body = Problem), (status = 409, body = Problem)))]
pub async fn trust(
    State(server): State<Server>,
    asking: Asking,
    Path((namespace, name)): Path<(String, String)>,
    Json(request): Json<TrustRequest>,
) -> Result<StatusCode, Problem> {
    let reference = EntityRef::new("template", namespace, name);
    templates::trust(&server.portal, &asking.actor, &reference, &request.commit).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Trusts one commit no more.
#[utoipa::path(post, path = "/api/v1/templates/{namespace}/{name}/distrust", tag = "templates",
    request_body = TrustRequest, params(("namespace" = String, Path), ("name" = String, Path)),
    responses((status = 204), (status = 403, body = Problem), (status = 404, body = Problem)))]
pub async fn distrust(
    State(server): State<Server>,
    asking: Asking,
    Path((namespace, name)): Path<(String, String)>,
    Json(request): Json<TrustRequest>,
) -> Result<StatusCode, Problem> {
    let reference = EntityRef::new("template", namespace, name);
    templates::distrust(&server.portal, &asking.actor, &reference, &request.commit).await?;
    Ok(StatusCode::NO_CONTENT)
}

#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct FormRequest {
    /// One of its commits; the newest without one.
    pub commit: Option<String>,
    /// By the name of the question; what is not answered takes its default.
    #[serde(default)]
    #[schema(value_type = Object)]
    pub answers: Given,
}

/// The questions of a template with what was answered so far: defaults follow from earlier answers, and every answer is
/// validated. What is wrong stands beside its question.
#[utoipa::path(post, path = "/api/v1/templates/{namespace}/{name}/form", tag = "templates", request_body = FormRequest,
    params(("namespace" = String, Path), ("name" = String, Path)),
    responses((status = 200, body = Form), (status = 404, body = Problem), (status = 422, body = Problem)))]
pub async fn form(
    State(server): State<Server>,
    asking: Asking,
    Path((namespace, name)): Path<(String, String)>,
    Json(request): Json<FormRequest>,
) -> Result<Json<Form>, Problem> {
    let reference = EntityRef::new("template", namespace, name);
    let (portal, actor, commit) = (&server.portal, &asking.actor, request.commit.as_deref());
    Ok(Json(templates::form(portal, actor, &reference, commit, &request.answers).await?))
}

#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PreviewRequest {
    /// One of its commits; the newest without one.
    pub commit: Option<String>,
    /// By the name of the question; what is not answered takes its default.
    #[serde(default)]
    #[schema(value_type = Object)]
    pub answers: Given,
    /// The `Idempotency-Key` of the launch that is to follow: what a template draws by lot is then the same in both.
    #[serde(default)]
    pub key: String,
}

/// Every file as it would be. Nothing is made.
#[utoipa::path(post, path = "/api/v1/templates/{namespace}/{name}/preview", tag = "templates",
    request_body = PreviewRequest, params(("namespace" = String, Path), ("name" = String, Path)),
    responses((status = 200, body = Preview), (status = 403, body = Problem), (status = 404, body = Problem),
              (status = 422, body = Problem)))]
pub async fn preview(
    State(server): State<Server>,
    asking: Asking,
    Path((namespace, name)): Path<(String, String)>,
    Json(request): Json<PreviewRequest>,
) -> Result<Json<Preview>, Problem> {
    let reference = EntityRef::new("template", namespace, name);
    let (portal, actor, commit) = (&server.portal, &asking.actor, request.commit.as_deref());
    let preview = templates::preview(portal, actor, &reference, commit, &request.answers, &request.key).await?;
    Ok(Json(preview))
}

/// What a preview shows, to be taken away: with the query of that preview's page, and `as=zip` for somebody without tar.
pub async fn archive(
    State(server): State<Server>,
    asking: Asking,
    Path((namespace, name)): Path<(String, String)>,
    RawQuery(query): RawQuery,
) -> Result<Response, Problem> {
    let reference = EntityRef::new("template", namespace, name);
    let query = query.as_deref().unwrap_or_default();
    let asked = app::pages::LaunchAsked::of(query);
    let packing =
        app::address::first_values(query).get("as").and_then(|ending| Packing::parse(ending)).unwrap_or_default();
    let (portal, actor, commit) = (&server.portal, &asking.actor, asked.commit.as_deref());
    let archive = templates::archive(portal, actor, &reference, commit, &asked.answers, &asked.key, packing).await?;
    // A folder's name is what a template makes of answers: in the header stands only what needs no quoting.
    let fits = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
    let file: String = archive.name.chars().map(|c| if fits(c) { c } else { '_' }).collect();
    let kind = match packing {
        Packing::TarGz => "application/gzip",
        Packing::Zip => "application/zip",
    };
    let headers = [
        (header::CONTENT_TYPE, kind.to_owned()),
        (header::CONTENT_DISPOSITION, format!("attachment; filename=\"{file}\"")),
    ];
    Ok((headers, archive.bytes).into_response())
}
