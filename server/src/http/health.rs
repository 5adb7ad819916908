//! What a supervisor and a Prometheus ask.

use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};

use super::Server;

/// The process answers.
pub async fn healthz() -> &'static str {
    "ok\n"
}

/// It can do its work: the database answers, and it is not being stopped.
pub async fn readyz(State(server): State<Server>) -> Response {
    if *server.stopping.borrow() {
        return (StatusCode::SERVICE_UNAVAILABLE, "stopping\n").into_response();
    }
    match server.portal.db().ping().await {
        Ok(()) => "ready\n".into_response(),
        Err(error) => {
            // Whoever asks need not be known; what is wrong is for whoever reads the log.
            tracing::warn!(%error, "not ready");
            (StatusCode::SERVICE_UNAVAILABLE, "the database does not answer\n").into_response()
        }
    }
}

/// Prometheus' text format.
pub async fn metrics(State(server): State<Server>) -> Response {
    ([(header::CONTENT_TYPE, "text/plain; version=0.0.4; charset=utf-8")], server.metrics.render()).into_response()
}
