//! Moving in: what was granted elsewhere before, and what nobody has granted yet.

use axum::Json;
use axum::extract::{Path, State};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use model::access::{AccessCoverage, AccessImport};
use portal::access::{self, Given, GivenFormat, Taking};
use serde::{Deserialize, Serialize};

use crate::http::{Asking, Problem, Server, filter};

#[derive(Debug, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct AccessImportRequest {
    /// Names the text in findings, and in what the grants remember of their source.
    pub file: String,
    pub text: String,
    /// `csv`, `json` or `yaml`.
    pub format: String,
    /// Of `yaml`: the text that says where in it each field stands.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mapping: Option<String>,
    /// What `mapping` is called in findings.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mapping_file: Option<String>,
    /// Say what would be taken over, and write nothing.
    #[serde(default)]
    pub dry_run: bool,
    /// Take over what is right, whatever else is wrong: that is among the findings.
    #[serde(default)]
    pub partial: bool,
}

/// Takes over grants, in a job: all of them, or none where anything is wrong and a part is not enough. At most 100 000 of them in
/// 32 MB. The same text again changes nothing.
#[utoipa::path(post, path = "/api/v1/access/imports", tag = "access", request_body = AccessImportRequest,
    responses((status = 200, body = AccessImport, description = "What would be taken over"),
              (status = 202, body = AccessImport, headers(("Location" = String, description = "How far it is"))),
              (status = 403, body = Problem), (status = 413, description = "It is too large"), (status = 422, body = Problem)))]
pub async fn import(
    State(server): State<Server>,
    asking: Asking,
    Json(request): Json<AccessImportRequest>,
) -> Result<Response, Problem> {
    let AccessImportRequest { file, text, format, mapping, mapping_file, dry_run, partial } = request;
    let format = match (format.as_str(), mapping) {
        ("csv", None) => GivenFormat::Csv,
        ("json", None) => GivenFormat::Json,
        ("yaml", Some(mapping)) => {
            GivenFormat::Yaml { file: mapping_file.unwrap_or_else(|| "mapping.yaml".to_owned()), mapping }
        }
        ("yaml", None) => return Err(filter::invalid("yaml needs a mapping".to_owned())),
        ("csv" | "json", Some(_)) => return Err(filter::invalid("only yaml takes a mapping".to_owned())),
        _ => return Err(filter::invalid(format!("there is no format {format:?}: csv, json or yaml"))),
    };
    let given = Given { file, text, format };
    let begun = access::import(&server.portal, &asking.actor, given, Taking { dry_run, partial }).await?;
    Ok(match &begun.job {
        Some(job) => {
            let location = [(header::LOCATION, format!("/api/v1/access/imports/{job}"))];
            (StatusCode::ACCEPTED, location, Json(begun)).into_response()
        }
        None => Json(begun).into_response(),
    })
}

/// How far an import is.
#[utoipa::path(get, path = "/api/v1/access/imports/{id}", tag = "access", params(("id" = String, Path)),
    responses((status = 200, body = AccessImport), (status = 403, body = Problem), (status = 404, body = Problem)))]
pub async fn imported(
    State(server): State<Server>,
    asking: Asking,
    Path(id): Path<String>,
) -> Result<Json<AccessImport>, Problem> {
    Ok(Json(access::imported(&server.portal, &asking.actor, &id).await?))
}

/// How much of what the catalog has seen is granted: the calls without a grant.
#[utoipa::path(get, path = "/api/v1/access/coverage", tag = "access", responses((status = 200, body = AccessCoverage)))]
pub async fn coverage(State(server): State<Server>, asking: Asking) -> Result<Json<AccessCoverage>, Problem> {
    Ok(Json(access::coverage(&server.portal, &asking.actor).await?))
}
