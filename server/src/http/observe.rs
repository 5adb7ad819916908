//! What is logged and counted of each request.

use std::time::Instant;

use axum::extract::{MatchedPath, Request};
use axum::http::{HeaderValue, StatusCode};
use axum::middleware::Next;
use axum::response::Response;
use tracing::field::Empty;
use tracing::{Instrument, Level};

/// The middleware: gives the request an id (a caller's own is kept if it is harmless), a span, and its metrics.
pub async fn request(mut request: Request, next: Next) -> Response {
    let id = request
        .headers()
        .get("x-request-id")
        .and_then(|id| id.to_str().ok())
        .filter(|id| id.len() <= 64 && id.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-'))
        .map_or_else(|| ulid::Ulid::generate().to_string(), str::to_owned);
    let header = HeaderValue::from_str(&id).ok();
    if let Some(header) = &header {
        request.headers_mut().insert("x-request-id", header.clone());
    }
    // The pattern, not the path: a label for each entity would grow without bound.
    let route = request.extensions().get::<MatchedPath>().map_or("unmatched", MatchedPath::as_str).to_owned();
    let method = request.method().as_str().to_owned();
    // Who asks, and from where, is told by whoever finds it out: `asking::identify`.
    let path = request.uri().path();
    let span = tracing::info_span!("request", %id, method, path, actor = Empty, address = Empty);
    let start = Instant::now();
    let mut response = next.run(request).instrument(span.clone()).await;
    let took = start.elapsed();
    let status = response.status();
    metrics::counter!("slipway_http_requests_total", "route" => route.clone(), "method" => method,
        "status" => status.as_str().to_owned())
    .increment(1);
    metrics::histogram!("slipway_http_request_seconds", "route" => route).record(took.as_secs_f64());
    span.in_scope(|| {
        let milliseconds = took.as_secs_f64() * 1_000.0;
        let code = status.as_u16();
        match level(status) {
            Level::ERROR => tracing::error!(status = code, milliseconds, "answered"),
            Level::INFO => tracing::info!(status = code, milliseconds, "refused"),
            _ => tracing::debug!(status = code, milliseconds, "answered"),
        }
    });
    if let Some(header) = header {
        response.headers_mut().insert("x-request-id", header);
    }
    response
}

/// What somebody may not, does from another site, or does too often is seen without looking for it (ASVS 5.0, 16.3.2).
fn level(status: StatusCode) -> Level {
    match status {
        StatusCode::UNAUTHORIZED
        | StatusCode::FORBIDDEN
        | StatusCode::MISDIRECTED_REQUEST
        | StatusCode::PAYLOAD_TOO_LARGE
        | StatusCode::TOO_MANY_REQUESTS => Level::INFO,
        status if status.is_server_error() => Level::ERROR,
        _ => Level::DEBUG,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn refusals_are_logged_where_answers_are_not() {
        for (status, expected) in [(401, Level::INFO), (403, Level::INFO), (421, Level::INFO), (429, Level::INFO)] {
            assert_eq!(StatusCode::from_u16(status).map(level).ok(), Some(expected), "{status}");
        }
        assert_eq!((level(StatusCode::OK), level(StatusCode::NOT_FOUND)), (Level::DEBUG, Level::DEBUG));
        assert_eq!(level(StatusCode::SERVICE_UNAVAILABLE), Level::ERROR);
    }
}
