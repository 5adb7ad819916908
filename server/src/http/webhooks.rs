//! Deliveries of webhooks. What they are signed with is checked in `portal`, on the bytes as they came.

use std::time::Duration;

use axum::body::to_bytes;
use axum::extract::{Path, Request, State};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use portal::Error;
use portal::forge::webhook::LARGEST_DELIVERY;
use portal::sources::{self, Received};
use tokio::sync::Semaphore;

use super::limit::{self, Door};
use super::{Asking, Problem, Server};

/// Anybody may send bodies here, so all that are being read at one time take no more than so many megabytes.
static MEGABYTES: Semaphore = Semaphore::const_new(64);
const MEGABYTE: usize = 1024 * 1024;
/// GitHub gives up after ten seconds ("Handling webhook deliveries").
const LONGEST_READ: Duration = Duration::from_secs(10);

/// Takes a delivery of GitHub's webhook for the source of this name: what it tells is looked at after the answer.
#[utoipa::path(post, path = "/webhooks/github/{source}", tag = "sources",
    params(("source" = String, Path, description = "The source's name"),
           ("X-Hub-Signature-256" = String, Header, description = "HMAC of the body with the source's webhook secret"),
           ("X-GitHub-Delivery" = String, Header, description = "What comes again with the same id changes nothing"),
           ("X-GitHub-Event" = String, Header, description = "`push`, `repository`, …")),
    request_body(content_type = "application/json"),
    responses((status = 202, description = "Taken, or known already"), (status = 403, body = Problem),
              (status = 404, body = Problem), (status = 413, body = Problem), (status = 422, body = Problem)))]
pub async fn github(
    State(server): State<Server>,
    asking: Asking,
    Path(source): Path<String>,
    request: Request,
) -> Result<Response, Problem> {
    let (parts, body) = request.into_parts();
    let length = parts.headers.get(header::CONTENT_LENGTH).and_then(|length| length.to_str().ok()?.parse().ok());
    let length: usize = length.unwrap_or(LARGEST_DELIVERY).min(LARGEST_DELIVERY);
    let megabytes = u32::try_from(length.div_ceil(MEGABYTE).max(1)).unwrap_or(u32::MAX);
    let reading = async {
        let room = MEGABYTES.acquire_many(megabytes).await.map_err(Error::internal)?;
        let body = to_bytes(body, length).await.map_err(|error| too_large(&error))?;
        Ok::<_, Error>((room, body))
    };
    let (_room, body) = tokio::time::timeout(LONGEST_READ, reading).await.map_err(|_| too_slow())??;
    let received = match sources::receive(&server.portal, &source, &parts.headers, &body).await {
        Err(error @ (Error::Forbidden(_) | Error::NotFound(_))) => {
            let refused = server.limits.refuse(Door::Webhook, &asking.client, limit::STEP);
            return Ok(refused.unwrap_or_else(|| Problem::from(error).into_response()));
        }
        received => received?,
    };
    let said = match received {
        Received::Taken => "taken",
        Received::Repeated => "known already",
        Received::Ignored => "nothing here depends on it",
    };
    Ok((StatusCode::ACCEPTED, said).into_response())
}

fn too_large(error: &axum::Error) -> Error {
    Error::Unavailable(format!("The delivery could not be read, or is larger than it says: {error}."))
}

fn too_slow() -> Error {
    Error::Unavailable("The delivery did not arrive in time.".to_owned())
}
