//! Documentation folders.

use axum::Json;
use axum::extract::{Path, Query, State};
use model::EntityRef;
use model::docs::{DocsList, DocsSite};
use portal::docs;
use serde::Deserialize;

use crate::http::{Asking, Problem, Server};

#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct DocsQuery {
    /// Words that must all occur in name or description of the documentation or its repository, or that its entity matches.
    text: Option<String>,
    page: Option<usize>,
    per_page: Option<usize>,
}

/// One page of all documentation.
#[utoipa::path(get, path = "/api/v1/docs", tag = "docs", params(DocsQuery),
    responses((status = 200, body = DocsList)))]
pub async fn list(
    State(server): State<Server>,
    asking: Asking,
    Query(query): Query<DocsQuery>,
) -> Result<Json<DocsList>, Problem> {
    let (page, per_page) = (query.page.unwrap_or(1), query.per_page.unwrap_or(50));
    let text = query.text.unwrap_or_default();
    Ok(Json(docs::list(&server.portal, &asking.actor, &text, page, per_page).await?))
}

/// The pages and the navigation of an entity's documentation.
#[utoipa::path(get, path = "/api/v1/docs/{namespace}/{kind}/{name}", tag = "docs",
    params(("namespace" = String, Path), ("kind" = String, Path), ("name" = String, Path)),
    responses((status = 200, body = DocsSite), (status = 404, body = Problem)))]
pub async fn site(
    State(server): State<Server>,
    asking: Asking,
    Path((namespace, kind, name)): Path<(String, String, String)>,
) -> Result<Json<DocsSite>, Problem> {
    let reference = EntityRef::new(kind, namespace, name);
    Ok(Json(docs::site(&server.portal, &asking.actor, &reference).await?))
}
