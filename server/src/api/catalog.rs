//! Entities.

use axum::Json;
use axum::extract::{Path, RawQuery, State};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use model::EntityRef;
use model::catalog::{CatalogPage, CatalogRow, EntityDetail, Summary};
use portal::catalog;
use serde::{Deserialize, Serialize};

use super::cells::defused;
use crate::http::{Asking, Problem, Server, filter};

/// One page of the catalog. The query is that of the catalog's page: `text`, any of the fields (`kind`, `type`,
/// `owner`, `language`, `tag`, `lifecycle`, `system`, `source`, `confidence`, `ownership`, `activity`, `findings`,
/// `repository`; repeated for alternatives), `sort`, `order=desc`, `page`, `per_page`.
#[utoipa::path(get, path = "/api/v1/catalog", tag = "catalog",
    params(("text" = Option<String>, Query), ("kind" = Option<Vec<String>>, Query), ("sort" = Option<String>, Query),
           ("order" = Option<String>, Query), ("page" = Option<usize>, Query), ("per_page" = Option<usize>, Query)),
    responses((status = 200, body = CatalogPage), (status = 422, body = Problem)))]
pub async fn list(
    State(server): State<Server>,
    asking: Asking,
    RawQuery(query): RawQuery,
) -> Result<Json<CatalogPage>, Problem> {
    let filter = filter::catalog(query.as_deref())?;
    Ok(Json(catalog::list(&server.portal, &asking.actor, &filter).await?))
}

/// One entity with its evidence, repository and relations.
#[utoipa::path(get, path = "/api/v1/catalog/{namespace}/{kind}/{name}", tag = "catalog",
    params(("namespace" = String, Path), ("kind" = String, Path), ("name" = String, Path)),
    responses((status = 200, body = EntityDetail), (status = 404, body = Problem)))]
pub async fn entity(
    State(server): State<Server>,
    asking: Asking,
    Path((namespace, kind, name)): Path<(String, String, String)>,
) -> Result<Json<EntityDetail>, Problem> {
    let reference = EntityRef::new(kind, namespace, name);
    Ok(Json(catalog::entity(&server.portal, &asking.actor, &reference).await?))
}

/// The figures of the home page.
#[utoipa::path(get, path = "/api/v1/summary", tag = "catalog", responses((status = 200, body = Summary)))]
pub async fn summary(State(server): State<Server>, asking: Asking) -> Result<Json<Summary>, Problem> {
    Ok(Json(catalog::summary(&server.portal, &asking.actor).await?))
}

/// Somebody's word on one field of some entities.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CorrectionRequest {
    pub references: Vec<EntityRef>,
    /// JSON pointer: `/spec/owner`, `/spec/type`, `/spec/lifecycle`.
    pub field: String,
    /// Left out: what is guessed is rejected.
    pub value: Option<String>,
}

#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct Corrected {
    pub corrected: usize,
}

/// Confirms, corrects or rejects what was inferred. The catalog shows it when this returns.
#[utoipa::path(post, path = "/api/v1/corrections", tag = "catalog", request_body = CorrectionRequest,
    responses((status = 200, body = Corrected), (status = 403, body = Problem), (status = 422, body = Problem)))]
pub async fn correct(
    State(server): State<Server>,
    asking: Asking,
    Json(request): Json<CorrectionRequest>,
) -> Result<Json<Corrected>, Problem> {
    let value = request.value.as_deref();
    let corrected = catalog::correct(&server.portal, &asking.actor, &request.references, &request.field, value).await?;
    Ok(Json(Corrected { corrected }))
}

/// What the catalog's page shows, all pages of it, as a JSON file.
pub async fn export_json(
    State(server): State<Server>,
    asking: Asking,
    RawQuery(query): RawQuery,
) -> Result<Response, Problem> {
    let rows = rows(&server, &asking, query.as_deref()).await?;
    let disposition = [(header::CONTENT_DISPOSITION, "attachment; filename=\"catalog.json\"")];
    Ok((disposition, Json(rows)).into_response())
}

/// What the catalog's page shows, all pages of it, as a table for a spreadsheet.
pub async fn export_csv(
    State(server): State<Server>,
    asking: Asking,
    RawQuery(query): RawQuery,
) -> Result<Response, Problem> {
    let rows = rows(&server, &asking, query.as_deref()).await?;
    let mut writer = csv::Writer::from_writer(Vec::new());
    let write = |writer: &mut csv::Writer<Vec<u8>>| -> Result<(), csv::Error> {
        writer.write_record([
            "reference",
            "title",
            "type",
            "owner",
            "owner known by",
            "lifecycle",
            "system",
            "tags",
            "language",
            "lines of code",
            "last commit",
            "source",
            "repository",
            "errors",
            "warnings",
            "description",
        ])?;
        rows.iter().try_for_each(|row| writer.write_record(record(row)))
    };
    write(&mut writer).map_err(portal::Error::internal)?;
    let body = writer.into_inner().map_err(portal::Error::internal)?;
    let headers = [
        (header::CONTENT_TYPE, "text/csv; charset=utf-8"),
        (header::CONTENT_DISPOSITION, "attachment; filename=\"catalog.csv\""),
    ];
    Ok((StatusCode::OK, headers, body).into_response())
}

async fn rows(server: &Server, asking: &Asking, query: Option<&str>) -> Result<Vec<CatalogRow>, Problem> {
    let filter = filter::catalog(query)?;
    Ok(catalog::export(&server.portal, &asking.actor, &filter).await?)
}

fn record(row: &CatalogRow) -> [String; 16] {
    let text = |value: &Option<String>| value.clone().unwrap_or_default();
    let reference = |value: &Option<EntityRef>| value.as_ref().map(EntityRef::to_string).unwrap_or_default();
    let lines: u64 = row.languages.iter().map(|(_, lines)| lines).sum();
    let last = row.last_commit_at.and_then(|at| jiff::Timestamp::from_millisecond(at).ok());
    [
        row.reference.to_string(),
        text(&row.title),
        text(&row.spec_type),
        reference(&row.owner),
        row.owner_confidence.map_or("", model::Confidence::as_str).to_owned(),
        text(&row.lifecycle),
        reference(&row.system),
        row.tags.join(" "),
        row.languages.first().map(|(name, _)| name.clone()).unwrap_or_default(),
        lines.to_string(),
        last.map(|at| at.to_string()).unwrap_or_default(),
        text(&row.source),
        text(&row.repository),
        row.errors.to_string(),
        row.warnings.to_string(),
        text(&row.description),
    ]
    .map(defused)
}
