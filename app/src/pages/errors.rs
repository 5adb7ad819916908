//! Pages for what went wrong: what, where, why, and what to do next.

use http::StatusCode;
use leptos::prelude::use_context;
use leptos_axum::ResponseOptions;
use portal::Error;

use super::{Answer, Page, Parameters, Place};
use crate::RequestContext;
use crate::components::findings;
use crate::html::Html;

/// An address that no page has.
pub async fn nothing_here(context: RequestContext, _: Parameters) -> Answer {
    let path = context.path_and_query.split('?').next().unwrap_or_default();
    let path = percent_encoding::percent_decode_str(path).decode_utf8_lossy().into_owned();
    Err(Error::not_found(format!("A page at {path}")))
}

/// The page of an error, with its status.
pub fn page(context: &RequestContext, error: &Error) -> Page {
    let (status, title) = match error {
        Error::NotFound(_) => (StatusCode::NOT_FOUND, "There is nothing here"),
        Error::Forbidden(_) => (StatusCode::FORBIDDEN, "This needs more rights"),
        Error::Invalid(_) => (StatusCode::UNPROCESSABLE_ENTITY, "This cannot be read"),
        Error::Conflict(_) => (StatusCode::CONFLICT, "It changed meanwhile"),
        Error::Unavailable(_) => (StatusCode::SERVICE_UNAVAILABLE, "This does not work right now"),
        Error::Internal(_) => (StatusCode::INTERNAL_SERVER_ERROR, "Slipway made a mistake"),
    };
    if let Some(response) = use_context::<ResponseOptions>() {
        response.set_status(status);
    }
    Page::new(title, Place::Elsewhere, body(context, error, status, title))
}

fn body(context: &RequestContext, error: &Error, status: StatusCode, title: &str) -> Html {
    let mut out = Html::new();
    out.raw("<div class=\"error-page\"><p class=\"code\">")
        .text(status.as_str())
        .raw("</p><h1>")
        .text(title)
        .raw("</h1><p>");
    match error {
        Error::NotFound(what) => {
            out.text(what)
                .raw(" does not exist, or you may not see it.</p><p>It may have been renamed: look for it by name.");
        }
        Error::Internal(cause) => {
            tracing::error!(request = context.request_id, error = %cause, "a page failed");
            out.raw("Nothing was changed. Try again; if it stays, tell whoever runs this portal the number of this request, ");
            out.raw("<code>").text(&context.request_id).raw("</code>: the log says more under it.");
        }
        Error::Invalid(all) => {
            out.raw("Nothing was changed.</p>");
            findings::list(&mut out, &all.findings, None);
            out.raw("<p>");
        }
        Error::Forbidden(text) | Error::Conflict(text) | Error::Unavailable(text) => {
            out.text(text);
        }
    }
    out.raw("</p><div class=\"page-actions\">");
    if matches!(error, Error::Unavailable(_) | Error::Internal(_) | Error::Conflict(_)) {
        out.link(&context.path_and_query, "button button-primary", "Try again").link(
            "/catalog",
            "button",
            "Open the catalog",
        );
    } else {
        out.link("/catalog", "button button-primary", "Open the catalog").link(
            "/repositories",
            "button",
            "All repositories",
        );
    }
    out.raw("</div></div>");
    out
}
