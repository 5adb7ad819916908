//! Moving in: what was granted elsewhere before, and what nobody has granted yet.

use axum::Json;
use axum::extract::State;
use model::access::{AccessCoverage, AccessImport};
use portal::access::{self, Given, GivenFormat};
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
}

/// Takes over grants: all of them, or none where anything is wrong. The same text again changes nothing.
#[utoipa::path(post, path = "/api/v1/access/import", tag = "access", request_body = AccessImportRequest,
    responses((status = 200, body = AccessImport), (status = 403, body = Problem), (status = 422, body = Problem)))]
pub async fn import(
    State(server): State<Server>,
    asking: Asking,
    Json(request): Json<AccessImportRequest>,
) -> Result<Json<AccessImport>, Problem> {
    let AccessImportRequest { file, text, format, mapping, mapping_file, dry_run } = request;
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
    Ok(Json(access::import(&server.portal, &asking.actor, Given { file, text, format }, dry_run).await?))
}

/// How much of what the catalog has seen is granted: the calls without a grant.
#[utoipa::path(get, path = "/api/v1/access/coverage", tag = "access", responses((status = 200, body = AccessCoverage)))]
pub async fn coverage(State(server): State<Server>, asking: Asking) -> Result<Json<AccessCoverage>, Problem> {
    Ok(Json(access::coverage(&server.portal, &asking.actor).await?))
}
