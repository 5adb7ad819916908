//! The headers that every answer carries.

use axum::extract::{Request, State};
use axum::http::{HeaderName, HeaderValue, header};
use axum::middleware::Next;
use axum::response::Response;

use super::Server;

/// The nonce of this answer's scripts, minted before the page is rendered.
#[derive(Debug, Clone)]
pub struct Nonce(pub String);

/// What holds for every answer, whatever it is.
const ALWAYS: [(HeaderName, &str); 4] = [
    (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    (header::REFERRER_POLICY, "same-origin"),
    (HeaderName::from_static("cross-origin-opener-policy"), "same-origin"),
    (HeaderName::from_static("permissions-policy"), "camera=(), geolocation=(), microphone=()"),
];

/// The middleware: mints the nonce, and sets the headers. An answer that brings its own policy keeps it (images out of
/// repositories bring a stricter one).
pub async fn headers(State(server): State<Server>, mut request: Request, next: Next) -> Response {
    let nonce = leptos::nonce::Nonce::new().to_string();
    request.extensions_mut().insert(Nonce(nonce.clone()));
    let mut response = next.run(request).await;
    let headers = response.headers_mut();
    // Pages and files say by themselves how long they may be kept; answers of the API and of forms are for whoever asked, now.
    headers.entry(header::CACHE_CONTROL).or_insert(HeaderValue::from_static("no-store"));
    let elsewhere = headers.remove(app::pages::FORM_ACTION);
    for (name, value) in ALWAYS {
        headers.entry(name).or_insert(HeaderValue::from_static(value));
    }
    // Behind TLS for good; for a year, which is what browsers ask of a host that means it.
    if server.reach.secure {
        let always = HeaderValue::from_static("max-age=31536000; includeSubDomains");
        headers.insert(header::STRICT_TRANSPORT_SECURITY, always);
    }
    if !headers.contains_key(header::CONTENT_SECURITY_POLICY)
        && let Ok(policy) = HeaderValue::from_str(&policy(&nonce, elsewhere.as_ref().and_then(origin).as_deref()))
    {
        headers.insert(header::CONTENT_SECURITY_POLICY, policy);
    }
    response
}

/// The origin to which a form of this one page may post besides ours: a page that leads to a forge names it.
fn origin(value: &HeaderValue) -> Option<String> {
    let text = value.to_str().ok()?;
    let authority = text.strip_prefix("https://").or_else(|| text.strip_prefix("http://"))?;
    let fits = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '.' | ':' | '[' | ']');
    (!authority.is_empty() && authority.chars().all(fits)).then(|| text.to_owned())
}

fn policy(nonce: &str, form_action: Option<&str>) -> String {
    let form_action = form_action.map(|origin| format!(" {origin}")).unwrap_or_default();
    format!(
        "default-src 'none'; script-src 'nonce-{nonce}' 'strict-dynamic' 'wasm-unsafe-eval'; style-src 'self'; \
         img-src 'self' data:; connect-src 'self'; font-src 'self'; form-action 'self'{form_action}; base-uri 'none'; \
         frame-ancestors 'none'"
    )
}
