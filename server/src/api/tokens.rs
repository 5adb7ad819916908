//! Tokens of services, for administrators.

use axum::Json;
use axum::extract::{Path, State};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use model::token::ServiceToken;
use portal::identity::service::{self, Reads, Scope, Wish};
use serde::{Deserialize, Serialize};

use crate::http::{Asking, Problem, Server, filter};

/// The tokens of services, the newest first; those that are over or revoked stay for a month.
#[utoipa::path(get, path = "/api/v1/tokens", tag = "tokens",
    responses((status = 200, body = Vec<ServiceToken>), (status = 401, body = Problem), (status = 403, body = Problem)))]
pub async fn list(State(server): State<Server>, asking: Asking) -> Result<Json<Vec<ServiceToken>>, Problem> {
    let portal = &server.portal;
    Ok(Json(service::list(portal.db(), portal.clock().now(), &asking.actor).await?))
}

#[derive(Debug, Deserialize, utoipa::ToSchema)]
pub struct TokenRequest {
    pub name: String,
    /// Who answers for it: a group of the catalog, or words.
    pub owner: String,
    /// `read`, `sync`, `watch`, `correct`, `propose`, `audit`.
    pub scopes: Vec<String>,
    /// `public`, `signed-in`, `everything`.
    pub reads: String,
    /// 1 to 366.
    pub days: i64,
}

#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct MadeToken {
    pub id: String,
    /// For the only time.
    pub token: String,
}

/// Makes a token for a service. The answer is the only place where it stands.
#[utoipa::path(post, path = "/api/v1/tokens", tag = "tokens", request_body = TokenRequest,
    responses((status = 201, body = MadeToken), (status = 403, body = Problem), (status = 422, body = Problem)))]
pub async fn make(
    State(server): State<Server>,
    asking: Asking,
    Json(request): Json<TokenRequest>,
) -> Result<Response, Problem> {
    let unknown = |word: &String| filter::invalid(format!("there is no scope {word:?}"));
    let scopes: Result<Vec<Scope>, _> =
        request.scopes.iter().map(|word| Scope::parse(word).ok_or_else(|| unknown(word))).collect();
    let reads = Reads::parse(&request.reads);
    let reads = reads.ok_or_else(|| {
        filter::invalid(format!("a token reads public, signed-in or everything, not {:?}", request.reads))
    })?;
    let wish = Wish { name: &request.name, owner: &request.owner, scopes: &scopes?, reads, days: request.days };
    let portal = &server.portal;
    let (id, secret) = service::make(portal.db(), portal.clock().now(), &asking.actor, &wish).await?;
    let made = MadeToken { id, token: secret.expose().to_owned() };
    Ok((StatusCode::CREATED, [(header::CACHE_CONTROL, "no-store")], Json(made)).into_response())
}

/// Revokes a token, also that of a person.
#[utoipa::path(post, path = "/api/v1/tokens/{id}/revoke", tag = "tokens", params(("id" = String, Path)),
    responses((status = 204), (status = 403, body = Problem), (status = 404, body = Problem)))]
pub async fn revoke(
    State(server): State<Server>,
    asking: Asking,
    Path(id): Path<String>,
) -> Result<StatusCode, Problem> {
    let portal = &server.portal;
    service::revoke(portal.db(), portal.clock().now(), &asking.actor, &id).await?;
    Ok(StatusCode::NO_CONTENT)
}
