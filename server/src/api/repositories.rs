//! Repositories, and the images in them.

use axum::Json;
use axum::extract::{Path, Query, State};
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use model::repository::{RepositoryDetail, RepositoryRow, Standing};
use portal::repositories::{self, FileContent, RepositoryFilter, RepositorySort};
use serde::{Deserialize, Serialize};

use crate::http::{Asking, Problem, Server, filter};

#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct RepositoryQuery {
    /// Words that must all occur in name or description.
    text: Option<String>,
    /// `catalogued`, `without-component`, `empty`, `archived`, `left-out`, `failed`, `listed`.
    standing: Option<String>,
    source: Option<String>,
    /// `true` for those alone that their source does not list any more.
    out_of_sight: Option<bool>,
    /// `name`, `activity`, `size`, `entities`, `findings`.
    sort: Option<String>,
    /// `desc`
    order: Option<String>,
    page: Option<usize>,
    per_page: Option<usize>,
}

#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct Repositories {
    pub rows: Vec<RepositoryRow>,
    pub total: usize,
}

/// One page of the repositories.
#[utoipa::path(get, path = "/api/v1/repositories", tag = "repositories", params(RepositoryQuery),
    responses((status = 200, body = Repositories), (status = 422, body = Problem)))]
pub async fn list(
    State(server): State<Server>,
    asking: Asking,
    Query(query): Query<RepositoryQuery>,
) -> Result<Json<Repositories>, Problem> {
    let unknown = |key: &str, value: &str| filter::invalid(format!("there is no {key} {value:?}"));
    let standings = match query.standing.as_deref() {
        Some(text) => vec![Standing::parse(text).ok_or_else(|| unknown("standing", text))?],
        None => Vec::new(),
    };
    let sort = match query.sort.as_deref() {
        Some(text) => RepositorySort::parse(text).ok_or_else(|| unknown("sort", text))?,
        None => RepositorySort::default(),
    };
    let filter = RepositoryFilter {
        text: query.text.unwrap_or_default(),
        standings,
        source: query.source,
        out_of_sight: query.out_of_sight.unwrap_or_default(),
        sort,
        descending: query.order.as_deref() == Some("desc"),
        page: query.page.unwrap_or(1).max(1),
        per_page: query.per_page.unwrap_or(50).clamp(1, 500),
    };
    let page = repositories::list(&server.portal, &asking.actor, &filter).await?;
    Ok(Json(Repositories { rows: page.rows, total: page.total }))
}

/// One repository with its facts, entities and findings.
#[utoipa::path(get, path = "/api/v1/repositories/{slug}", tag = "repositories", params(("slug" = String, Path)),
    responses((status = 200, body = RepositoryDetail), (status = 404, body = Problem)))]
pub async fn repository(
    State(server): State<Server>,
    asking: Asking,
    Path(slug): Path<String>,
) -> Result<Json<RepositoryDetail>, Problem> {
    Ok(Json(repositories::get(&server.portal, &asking.actor, &slug).await?))
}

/// An image at the head of a repository, for the documents that show it. Nothing else is served raw: what a repository
/// holds must not run in the portal's name.
pub async fn raw(
    State(server): State<Server>,
    asking: Asking,
    Path((slug, path)): Path<(String, String)>,
) -> Result<Response, Problem> {
    let view = repositories::file(&server.portal, &asking.actor, &slug, &path).await?;
    let FileContent::Image { bytes, mime, .. } = view.content else {
        return Err(Problem::new(StatusCode::NOT_FOUND, "urn:slipway:not-found", "Only images are served raw."));
    };
    // ASVS 5.0, 4.1.1: what is text says in which characters.
    let mime = if mime == "image/svg+xml" { "image/svg+xml; charset=utf-8" } else { mime };
    // The sandbox keeps a script in an SVG from running, whoever opens the address by itself.
    let headers = [
        (header::CONTENT_TYPE, HeaderValue::from_static(mime)),
        (header::CONTENT_SECURITY_POLICY, HeaderValue::from_static(SANDBOX)),
        (header::CACHE_CONTROL, HeaderValue::from_static("private, max-age=60")),
    ];
    Ok((headers, bytes).into_response())
}

const SANDBOX: &str = "sandbox; default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'";
