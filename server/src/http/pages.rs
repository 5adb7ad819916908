//! Pages and their actions: what `app` renders, within one request's context.

use app::{Flash, RequestContext, Theme, cookie};
use axum::extract::{Form, Request, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use leptos::nonce::Nonce;
use leptos::prelude::provide_context;
use portal::preferences;
use serde::Deserialize;

use super::{Asking, Problem, Server, cookies, security};

/// Renders a page. All pages have this one handler; `app`'s router decides which it is.
pub async fn page(State(server): State<Server>, request: Request) -> Response {
    render(server, request, None).await
}

/// The page that says why somebody does not get the one that they asked for.
pub async fn refused(server: Server, request: Request, why: String) -> Response {
    render(server, request, Some(why)).await
}

async fn render(server: Server, request: Request, refused: Option<String>) -> Response {
    let Some(context) = context(&server, &request) else {
        return StatusCode::INTERNAL_SERVER_ERROR.into_response();
    };
    let context = RequestContext { refused, ..context };
    let (shown, secret, secure) = (context.flash.is_some(), shows_a_secret(&context), context.secure);
    let assets = server.assets.clone();
    let render = leptos_axum::render_app_async_with_context(provide(context, assets), app::pages::shell);
    let mut response = render(request).await;
    let headers = response.headers_mut();
    // A browser that kept nothing could not bring a form back after the session was over, with what was typed.
    let kept = if secret { "no-store" } else { "private, no-cache" };
    headers.entry(header::CACHE_CONTROL).or_insert(HeaderValue::from_static(kept));
    if shown && let Ok(cookie) = HeaderValue::from_str(&Flash::clear_cookie(secure)) {
        headers.append(header::SET_COOKIE, cookie);
    }
    response
}

/// ASVS 5.0, 14.3.2: a new token, the code of a one-time link, who did what from where.
fn shows_a_secret(context: &RequestContext) -> bool {
    let path = context.path_and_query.split('?').next().unwrap_or_default();
    let is_below = |place: &str| path == place || path.starts_with(&format!("{place}/"));
    ["/audit", "/me", "/sign-in"].into_iter().any(is_below)
}

/// Runs a form's action or an island's call.
pub async fn action(State(server): State<Server>, request: Request) -> Response {
    let Some(context) = context(&server, &request) else {
        return StatusCode::INTERNAL_SERVER_ERROR.into_response();
    };
    let assets = server.assets.clone();
    leptos_axum::handle_server_fns_with_context(provide(context, assets), request).await.into_response()
}

fn provide(context: RequestContext, assets: app::Assets) -> impl Fn() + Clone + Send + Sync + 'static {
    move || {
        // Leptos has minted a nonce of its own; the one in the policy's header is this one.
        provide_context(Nonce::from_value(context.nonce.clone()));
        provide_context(context.clone());
        provide_context(assets.clone());
    }
}

fn context(server: &Server, request: &Request) -> Option<RequestContext> {
    let asking = request.extensions().get::<Asking>()?;
    let nonce = request.extensions().get::<security::Nonce>()?;
    let (headers, secure) = (request.headers(), asking.secure);
    Some(RequestContext {
        portal: server.portal.clone(),
        actor: asking.actor.clone(),
        flash: cookies::value(headers, &cookie::name(Flash::COOKIE, secure)).and_then(Flash::from_cookie),
        nonce: nonce.0.clone(),
        request_id: asking.request_id.clone(),
        session: asking.session.clone(),
        refused: None,
        theme: theme(asking, headers, secure),
        secure,
        path_and_query: request.uri().path_and_query().map(ToString::to_string).unwrap_or_default(),
    })
}

/// What somebody has chosen for every browser, or else for this one.
fn theme(asking: &Asking, headers: &HeaderMap, secure: bool) -> Theme {
    let everywhere = asking.actor.person().and_then(|person| person.preferences.theme);
    everywhere
        .or_else(|| cookies::value(headers, &cookie::name(THEME, secure)).and_then(Theme::parse))
        .unwrap_or_default()
}

/// The cookie that remembers light, dark or auto.
const THEME: &str = "slipway-theme";

#[derive(Deserialize)]
pub struct ThemeForm {
    theme: String,
    /// The page to return to.
    #[serde(rename = "return", default)]
    back: String,
}

/// Remembers light, dark or auto for a year, and for whoever has signed in in every browser.
pub async fn set_theme(State(server): State<Server>, asking: Asking, Form(form): Form<ThemeForm>) -> Response {
    let Some(theme) = Theme::parse(&form.theme) else {
        return (StatusCode::UNPROCESSABLE_ENTITY, "The theme is light, dark or auto.\n").into_response();
    };
    if preferences::may_have_own(&asking.actor)
        && let Err(error) = preferences::set_theme(&server.portal, &asking.actor, theme).await
    {
        return Problem::from(error).into_response();
    }
    let cookie = cookie::set(THEME, theme.as_str(), 31_536_000, asking.secure);
    let headers =
        [(header::SET_COOKIE, cookie), (header::LOCATION, app::address::own(&form.back).unwrap_or("/").to_owned())];
    (StatusCode::SEE_OTHER, headers).into_response()
}
