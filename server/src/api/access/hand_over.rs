//! What those get who enforce access, and those who account for it: bundles, keys, exports, the change feed, reports.

use axum::Json;
use axum::extract::{Path, Query, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use engine_access::export::krakend::Validator;
use engine_access::time::end_of;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use model::EntityRef;
use portal::access::{self, Format};
use serde::{Deserialize, Serialize};

use crate::http::{Asking, Problem, Server, filter};

/// What the portal knows of a component's access, signed: a JSON Web Signature in compact form, for pipelines that cannot ask.
#[utoipa::path(get, path = "/api/v1/access/bundles/{namespace}/{name}", tag = "access",
    params(("namespace" = String, Path), ("name" = String, Path)),
    responses((status = 200, body = String, content_type = "application/jose"), (status = 404, body = Problem),
              (status = 503, body = Problem)))]
pub async fn bundle(
    State(server): State<Server>,
    asking: Asking,
    Path((namespace, name)): Path<(String, String)>,
) -> Result<Response, Problem> {
    let component = EntityRef::new("component", namespace, name);
    let (signed, _) = access::bundle(&server.portal, &asking.actor, &component).await?;
    let headers = [(header::CONTENT_TYPE, "application/jose"), (header::CACHE_CONTROL, "no-store")];
    Ok((headers, signed).into_response())
}

#[derive(Debug, Serialize, Deserialize, utoipa::ToSchema)]
pub struct AccessEpoch {
    pub component: EntityRef,
    /// The lowest `revocation_epoch` of a bundle that is still good.
    pub revocation_epoch: u64,
}

/// Whether a bundle is still good: one with a lower epoch was made before something of its component was revoked.
#[utoipa::path(get, path = "/api/v1/access/bundles/{namespace}/{name}/epoch", tag = "access",
    params(("namespace" = String, Path), ("name" = String, Path)),
    responses((status = 200, body = AccessEpoch), (status = 404, body = Problem)))]
pub async fn epoch(
    State(server): State<Server>,
    asking: Asking,
    Path((namespace, name)): Path<(String, String)>,
) -> Result<Response, Problem> {
    let component = EntityRef::new("component", namespace, name);
    let revocation_epoch = access::epoch(&server.portal, &asking.actor, &component).await?;
    Ok(([(header::CACHE_CONTROL, "no-store")], Json(AccessEpoch { component, revocation_epoch })).into_response())
}

/// The keys that bundles are signed with, as a JSON Web Key Set (RFC 7517).
#[utoipa::path(get, path = "/.well-known/jwks.json", tag = "access", responses((status = 200, body = Object)))]
pub async fn keys(State(server): State<Server>) -> Result<Response, Problem> {
    let keys = access::keys(&server.portal).await?;
    let headers = [(header::CONTENT_TYPE, "application/jwk-set+json"), (header::CACHE_CONTROL, "public, max-age=300")];
    Ok((headers, Json(keys)).into_response())
}

#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct AccessExportQuery {
    /// `json`; `opa`, a bundle for Open Policy Agent as `.tar.gz`; `krakend`, endpoints with `auth/validator` for one API.
    format: String,
    /// For `krakend`: `api:default/payments`
    api: Option<String>,
    /// For `krakend`: where the keys of whoever issues the tokens are.
    jwk_url: Option<String>,
    /// For `krakend`; `RS256` without it.
    alg: Option<String>,
    /// For `krakend`.
    issuer: Option<String>,
    /// For `krakend`.
    audience: Option<String>,
    /// For `krakend`: the claim with the scopes; `scope` without it.
    scopes_key: Option<String>,
}

impl AccessExportQuery {
    fn format(self) -> Result<Format, Problem> {
        match self.format.as_str() {
            "json" => Ok(Format::Json),
            "opa" => Ok(Format::Opa),
            "krakend" => {
                let needed = || filter::invalid("an export for KrakenD needs api and jwk_url".to_owned());
                let (api, jwk_url) = self.api.zip(self.jwk_url).ok_or_else(needed)?;
                let api = EntityRef::parse(&api, Some("api"), model::reference::DEFAULT_NAMESPACE)
                    .map_err(|_| filter::invalid(format!("{api:?} is no reference of an API")))?;
                let validator = Validator {
                    alg: self.alg.unwrap_or_else(|| "RS256".to_owned()),
                    jwk_url,
                    issuer: self.issuer,
                    audience: self.audience.into_iter().collect(),
                    scopes_key: self.scopes_key.unwrap_or_else(|| "scope".to_owned()),
                };
                Ok(Format::Krakend(api, Box::new(validator)))
            }
            other => Err(filter::invalid(format!("there is no format {other:?}: json, krakend, opa"))),
        }
    }
}

/// Everything that is granted now, for whoever may read everything; with an entity tag, so that what has not changed is not
/// sent again.
#[utoipa::path(get, path = "/api/v1/access/export", tag = "access", params(AccessExportQuery),
    responses((status = 200, body = Object), (status = 304, description = "It is what If-None-Match names"),
              (status = 403, body = Problem), (status = 404, body = Problem), (status = 422, body = Problem)))]
pub async fn export(
    State(server): State<Server>,
    asking: Asking,
    headers: HeaderMap,
    Query(query): Query<AccessExportQuery>,
) -> Result<Response, Problem> {
    let exported = access::export(&server.portal, &asking.actor, &query.format()?).await?;
    let tag = [(header::ETAG, exported.etag().to_owned()), (header::CACHE_CONTROL, "private, no-cache".to_owned())];
    if is_known(&headers, exported.etag()) {
        return Ok((StatusCode::NOT_MODIFIED, tag).into_response());
    }
    let (kind, bytes) = exported.packed()?;
    Ok((tag, [(header::CONTENT_TYPE, kind)], bytes).into_response())
}

/// Whether `If-None-Match` names this tag, compared weakly (RFC 9110, section 13.1.2).
fn is_known(headers: &HeaderMap, etag: &str) -> bool {
    let tags = headers.get_all(header::IF_NONE_MATCH).iter().filter_map(|value| value.to_str().ok());
    tags.flat_map(|tags| tags.split(',')).map(str::trim).any(|tag| tag == "*" || tag.trim_start_matches("W/") == etag)
}

#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct AccessFeedQuery {
    /// The `next` of the answer before; 0 to begin with.
    #[serde(default)]
    after: i64,
}

#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct AccessFeed {
    /// At most 1000 that changed, in that order.
    pub rows: Vec<AccessChange>,
    /// Where to go on.
    pub next: i64,
}

#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct AccessChange {
    /// `/api/v1/access/{id}` says how it stands.
    pub id: String,
    /// The number of the last thing that happened to it.
    pub sequence: i64,
}

/// What changed since: whoever enforces access asks again with `next`, and fetches the export where there are rows. What only
/// the clock ends is no row: the export says when it does.
#[utoipa::path(get, path = "/api/v1/access/feed", tag = "access", params(AccessFeedQuery),
    responses((status = 200, body = AccessFeed), (status = 403, body = Problem)))]
pub async fn feed(
    State(server): State<Server>,
    asking: Asking,
    Query(query): Query<AccessFeedQuery>,
) -> Result<Json<AccessFeed>, Problem> {
    let changed = access::feed(&server.portal, &asking.actor, query.after).await?;
    let next = changed.last().map_or(query.after, |last| last.1);
    let rows = changed.into_iter().map(|(id, sequence)| AccessChange { id, sequence }).collect();
    Ok(Json(AccessFeed { rows, next }))
}

#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct AccessReportQuery {
    /// A day (`2026-11-01`), at whose end it is looked at, in the zone of `access.time-zone`; without it, now.
    at: Option<String>,
    /// `json`, or `csv`.
    format: Option<String>,
}

/// Who had access to what on a day, since when, approved by whom, until when; for whoever may read everything.
#[utoipa::path(get, path = "/api/v1/access/report", tag = "access", params(AccessReportQuery),
    responses((status = 200, body = Object), (status = 403, body = Problem), (status = 422, body = Problem)))]
pub async fn report(
    State(server): State<Server>,
    asking: Asking,
    Query(query): Query<AccessReportQuery>,
) -> Result<Response, Problem> {
    let portal = &server.portal;
    let now = Timestamp::from_millisecond(portal.clock().now()).map_err(portal::Error::internal)?;
    let at = match query.at.as_deref() {
        Some(day) => last_of(day, &portal.settings().access.zone)?.min(now),
        None => now,
    };
    let is_csv = match query.format.as_deref() {
        None | Some("json") => false,
        Some("csv") => true,
        Some(other) => return Err(filter::invalid(format!("there is no format {other:?}: json, csv"))),
    };
    let at = at.as_millisecond();
    let (media_type, ending, body) = match is_csv {
        true => ("text/csv; charset=utf-8", "csv", access::report_csv(portal, &asking.actor, at).await?),
        false => ("application/json", "json", access::report_json(portal, &asking.actor, at).await?),
    };
    let headers = [
        (header::CONTENT_TYPE, media_type.to_owned()),
        (header::CONTENT_DISPOSITION, format!("attachment; filename=\"access.{ending}\"")),
    ];
    Ok((headers, body).into_response())
}

/// The last millisecond of a day.
fn last_of(day: &str, zone: &TimeZone) -> Result<Timestamp, Problem> {
    let day: Date =
        day.parse().map_err(|_| filter::invalid(format!("{day:?} is no day: write one such as 2026-11-01")))?;
    let last = end_of(day, zone).checked_sub(SignedDuration::from_millis(1));
    last.map_err(|error| portal::Error::internal(error).into())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    #[test]
    fn a_day_ends_where_the_organisation_is() {
        let end = |day: &str, zone: &str| last_of(day, &TimeZone::get(zone).unwrap()).map(|end| end.to_string());
        assert_eq!(end("2026-11-01", "UTC").unwrap(), "2026-11-01T23:59:59.999Z");
        // The clock goes back on that day.
        assert_eq!(end("2026-10-25", "Europe/Berlin").unwrap(), "2026-10-25T22:59:59.999Z");
        for wrong in ["", "yesterday", "2026-13-01"] {
            assert_eq!(end(wrong, "UTC").unwrap_err().status, 422, "{wrong}");
        }
    }
}
