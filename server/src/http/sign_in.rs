//! Signing in and out: what sets and clears cookies. The pages are `app::pages::identity`.

use app::{Flash, address};
use axum::extract::{Form, Request, State};
use axum::http::{HeaderValue, Method, StatusCode, Uri, header};
use axum::response::{IntoResponse, Response};
use portal::identity::{self, Opened};
use portal::{Error, Result};
use serde::Deserialize;

use super::limit::{self, Door};
use super::{Asking, Problem, Server, cookies, pages};

/// Of a local account.
#[derive(Deserialize)]
pub struct Password {
    #[serde(default)]
    name: String,
    #[serde(default)]
    password: String,
    /// The page to go on to.
    #[serde(rename = "return", default)]
    back: String,
}

pub async fn with_password(State(server): State<Server>, asking: Asking, Form(form): Form<Password>) -> Response {
    if let Some(response) = refused(&server).or_else(|| server.limits.refuse(Door::SignIn, &asking.client, limit::TRY))
    {
        return response;
    }
    let before = asking.session.as_ref().map(portal::secret::Secret::expose);
    let opened = identity::sign_in_locally(&server.portal, &form.name, &form.password, &asking.client, before).await;
    let again = format!("/sign-in?name={}&return={}", address::value(&form.name), address::value(&form.back));
    go_on(&server, &asking, opened, &form.back, &again)
}

/// The one-time link's form.
#[derive(Deserialize)]
pub struct First {
    #[serde(default)]
    code: String,
    #[serde(default)]
    name: String,
    #[serde(default)]
    password: String,
}

pub async fn first(State(server): State<Server>, asking: Asking, Form(form): Form<First>) -> Response {
    if let Some(response) = refused(&server).or_else(|| server.limits.refuse(Door::SignIn, &asking.client, limit::TRY))
    {
        return response;
    }
    let opened = identity::accept(&server.portal, &form.code, &form.name, &form.password, &asking.client).await;
    let again = format!("/sign-in/first?code={}&name={}", address::value(&form.code), address::value(&form.name));
    go_on(&server, &asking, opened, "/me", &again)
}

/// Another password for whoever is signed in with one.
#[derive(Deserialize)]
pub struct Another {
    #[serde(default)]
    current: String,
    #[serde(default)]
    password: String,
}

pub async fn change_password(State(server): State<Server>, asking: Asking, Form(form): Form<Another>) -> Response {
    if let Some(response) = server.limits.refuse(Door::SignIn, &asking.client, limit::TRY) {
        return response;
    }
    let cookie = asking.session.as_ref().map(portal::secret::Secret::expose);
    let changed = identity::change_password(&server.portal, &asking.actor, cookie, &form.current, &form.password).await;
    match changed {
        Ok(()) => {
            let said = "The password is changed, and you are signed out everywhere else.";
            see_other(&asking, "/me", Some(&Flash::success(said)))
        }
        Err(error) => go_on(&server, &asking, Err(error), "/me", "/me"),
    }
}

/// One of the demo's people.
#[derive(Deserialize)]
pub struct Demo {
    #[serde(default)]
    user: String,
}

pub async fn as_demo_person(State(server): State<Server>, asking: Asking, Form(form): Form<Demo>) -> Response {
    let before = asking.session.as_ref().map(portal::secret::Secret::expose);
    let opened = match form.user.parse() {
        Ok(user) => identity::be_demo_person(&server.portal, &user, &asking.client, before).await,
        Err(_) => Err(Error::not_found("This person")),
    };
    go_on(&server, &asking, opened, "/me", "/sign-in")
}

pub async fn out(State(server): State<Server>, asking: Asking) -> Response {
    if let Some(cookie) = &asking.session
        && let Err(error) = identity::sign_out(&server.portal, &asking.actor, cookie.expose()).await
    {
        return Problem::from(error).into_response();
    }
    let said = match asking.actor.person().filter(|_| asking.session.is_none()) {
        Some(person) => Flash::error(format!(
            "{} says who you are with each request, and decides when you are signed out: sign out there.",
            person.provider
        )),
        None => Flash::success("You are signed out."),
    };
    let mut response = see_other(&asking, "/", Some(&said));
    set_cookie(&mut response, &cookies::clear_session(&server.reach));
    // ASVS 5.0, 14.3.1: what the browser keeps goes with the session.
    response.headers_mut().insert("clear-site-data", HeaderValue::from_static("\"cache\""));
    response
}

/// For whoever has signed in and may not: a page that says so, or a problem.
pub async fn refuse(server: Server, request: Request, why: String) -> Response {
    match wants_page(&request) {
        true => pages::refused(server, request, why).await,
        false => Problem::from(Error::Forbidden(why)).into_response(),
    }
}

fn wants_page(request: &Request) -> bool {
    request.method() == Method::GET && is_browser(request) && !request.uri().path().starts_with("/api/")
}

fn is_browser(request: &Request) -> bool {
    let accept = request.headers().get(header::ACCEPT).and_then(|accept| accept.to_str().ok()).unwrap_or_default();
    accept.contains("text/html")
}

/// The page that a browser asks for; of a form that was sent after the session had ended the page that it stands on, where
/// the browser still has what was typed.
fn way_back(request: &Request) -> Option<String> {
    if wants_page(request) {
        return Some(request.uri().path_and_query().map_or("/", |path| path.as_str()).to_owned());
    }
    let form = request.method() == Method::POST && request.uri().path().starts_with("/actions/");
    // Another site's forms do not get this far.
    let from: Uri =
        request.headers().get(header::REFERER).filter(|_| form && is_browser(request))?.to_str().ok()?.parse().ok()?;
    Some(from.path_and_query().map_or("/", |path| path.as_str()).to_owned())
}

/// For whoever asks for what only those see who have signed in: a browser goes to sign in and comes back, everybody else is
/// told.
pub fn first_of_all(asking: &Asking, request: &Request, why: &str) -> Response {
    if let Some(back) = way_back(request) {
        return see_other(asking, &format!("/sign-in?return={}", address::value(&back)), Some(&Flash::error(why)));
    }
    Problem::sign_in(why).into_response()
}

/// A session must not travel where everybody can read it.
pub(super) fn refused(server: &Server) -> Option<Response> {
    let reach = &server.reach;
    (!reach.secure && !reach.loopback).then(|| {
        let why = "Nobody can sign in over http from other machines, since everybody on the way could read the password. \
                   Put a proxy with https in front, and set server.public-url to its address.";
        Problem::new(StatusCode::FORBIDDEN, "urn:slipway:insecure", why).into_response()
    })
}

/// On to a page of ours as whoever that is now, or back to the form with what is wrong.
pub(super) fn go_on(server: &Server, asking: &Asking, opened: Result<Opened>, to: &str, again: &str) -> Response {
    match opened {
        Ok(opened) => {
            let said = Flash::success("You are signed in.");
            let mut response = see_other(asking, address::own(to).unwrap_or("/"), Some(&said));
            set_cookie(&mut response, &cookies::set_session(&server.reach, &opened.cookie));
            response
        }
        Err(error @ (Error::Forbidden(_) | Error::Invalid(_) | Error::NotFound(_) | Error::Unavailable(_))) => {
            let said = match &error {
                Error::Invalid(findings) => {
                    let all = findings.findings.iter().map(|finding| format!("{}. {}", finding.message, finding.help));
                    all.collect::<Vec<_>>().join(" ")
                }
                error => error.for_people(),
            };
            see_other(asking, again, Some(&Flash::error(said)))
        }
        Err(error) => Problem::from(error).into_response(),
    }
}

pub(super) fn see_other(asking: &Asking, to: &str, flash: Option<&Flash>) -> Response {
    let mut response = StatusCode::SEE_OTHER.into_response();
    if let Ok(to) = HeaderValue::from_str(to) {
        response.headers_mut().insert(header::LOCATION, to);
    }
    if let Some(flash) = flash {
        set_cookie(&mut response, &flash.set_cookie(asking.secure));
    }
    response
}

pub(super) fn set_cookie(response: &mut Response, cookie: &str) {
    if let Ok(cookie) = HeaderValue::from_str(cookie) {
        response.headers_mut().append(header::SET_COOKIE, cookie);
    }
}
