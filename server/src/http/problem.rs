//! Errors of the API as RFC 9457 problem details.

use axum::Json;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use model::Findings;
use portal::Error;
use serde::Serialize;

/// The body of every error of the API.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct Problem {
    /// `about:blank`, or the kind of problem: `urn:slipway:invalid`.
    #[serde(rename = "type")]
    pub kind: &'static str,
    pub title: &'static str,
    pub status: u16,
    pub detail: String,
    /// Where the request was wrong, all at once.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Object)]
    pub findings: Option<Findings>,
}

impl Problem {
    pub fn new(status: StatusCode, kind: &'static str, detail: impl Into<String>) -> Self {
        let title = status.canonical_reason().unwrap_or("Error");
        Self { kind, title, status: status.as_u16(), detail: detail.into(), findings: None }
    }
}

impl Problem {
    /// Whoever asks has to say who they are.
    pub fn sign_in(detail: impl Into<String>) -> Self {
        Self::new(StatusCode::UNAUTHORIZED, "urn:slipway:sign-in", detail)
    }
}

impl From<Error> for Problem {
    fn from(error: Error) -> Self {
        let detail = error.to_string();
        match error {
            Error::NotFound(_) => Self::new(StatusCode::NOT_FOUND, "urn:slipway:not-found", detail),
            Error::Forbidden(_) => Self::new(StatusCode::FORBIDDEN, "urn:slipway:forbidden", detail),
            Error::Conflict(_) => Self::new(StatusCode::CONFLICT, "urn:slipway:conflict", detail),
            Error::Unavailable(_) => Self::new(StatusCode::SERVICE_UNAVAILABLE, "urn:slipway:unavailable", detail),
            Error::Invalid(findings) => {
                let problem = Self::new(StatusCode::UNPROCESSABLE_ENTITY, "urn:slipway:invalid", detail);
                Self { findings: Some(findings), ..problem }
            }
            Error::Internal(cause) => {
                // The text may hold anything; the log has it beside the request's id, which the answer carries.
                tracing::error!(%cause, "internal error");
                let detail = "Something failed inside Slipway; its log has the cause under this request's id.";
                Self::new(StatusCode::INTERNAL_SERVER_ERROR, "urn:slipway:internal", detail)
            }
        }
    }
}

/// What is answered when the code that answers panicked; the log has the panic itself under the request's id.
pub fn of_panic(_: Box<dyn std::any::Any + Send>) -> Response {
    Problem::from(Error::internal("a panic while answering")).into_response()
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let status = StatusCode::from_u16(self.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let mut response = (status, Json(self)).into_response();
        response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("application/problem+json"));
        if status == StatusCode::UNAUTHORIZED {
            // RFC 9110, 15.5.2: it says how one may be let in.
            response.headers_mut().insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
        }
        response
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_went_wrong_inside_stays_inside() {
        let problem = Problem::from(Error::internal("SELECT hash FROM passwords: no such table"));
        assert_eq!(problem.status, 500);
        assert!(!problem.detail.contains("passwords") && problem.detail.contains("log"), "{}", problem.detail);
        let answer = of_panic(Box::new("called `Option::unwrap()` on a `None` value in src/secret.rs"));
        assert_eq!(answer.headers()[header::CONTENT_TYPE], "application/problem+json");
    }
}
