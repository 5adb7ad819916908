//! Signing in at a provider: the way there, and the way back.

use app::{Flash, address};
use axum::extract::{Path, Query, Request, State};
use axum::http::{HeaderMap, HeaderValue, Uri, header};
use axum::response::Response;
use portal::identity::provider::{self, Answer, Finished, Place, Purpose};
use portal::{Error, Result};
use serde::Deserialize;

use super::limit::{self, Door};
use super::sign_in::{go_on, refused, see_other, set_cookie};
use super::{Asking, Server, asking, cookies};

/// What may follow `/sign-in/{provider}`.
#[derive(Deserialize)]
pub struct Begin {
    /// The page to go on to.
    #[serde(rename = "return", default)]
    back: String,
    /// Only to see what the provider says.
    #[serde(default)]
    test: String,
}

/// Goes to a provider. A link leads here, not a form.
pub async fn begin(
    State(server): State<Server>,
    asking: Asking,
    Path(name): Path<String>,
    Query(query): Query<Begin>,
    request: Request,
) -> Response {
    if let Some(response) = refused(&server).or_else(|| server.limits.refuse(Door::SignIn, &asking.client, limit::STEP))
    {
        return response;
    }
    if let Some(there) = elsewhere(&server, request.uri(), request.headers()) {
        return see_other(&asking, &there, None);
    }
    let is_test = !query.test.is_empty();
    if comes_from_elsewhere(request.headers()) {
        let back = address::value(address::own(&query.back).unwrap_or("/"));
        return no_store(see_other(&asking, &format!("/sign-in?return={back}"), None));
    }
    let page = format!("/sign-in/{}/test", address::segment(&name));
    if is_test && asking::is_of_proxy(&server, &name) {
        let headers = asking::by_proxy(&server, &name, &request);
        let tested = provider::test_proxy(&server.portal, &asking.actor, &name, headers).await;
        return no_store(match tested {
            Ok(id) => see_other(&asking, &format!("{page}?of={id}"), None),
            Err(error) => go_on(&server, &asking, Err(error), "", &page),
        });
    }
    let back = address::own(&query.back).unwrap_or("/");
    let purpose = if is_test { Purpose::Test } else { Purpose::SignIn(back) };
    let begun = match here(&server, request.headers()) {
        Ok(here) => provider::begin(&server.portal, &asking.actor, &name, &here, purpose).await,
        Err(error) => Err(error),
    };
    no_store(match begun {
        Ok(begun) => {
            let mut response = see_other(&asking, &begun.to, None);
            set_cookie(&mut response, &cookies::set_sign_in(&server.reach, &begun.cookie));
            response
        }
        Err(error) if is_test => go_on(&server, &asking, Err(error), "", &page),
        Err(error) => go_on(&server, &asking, Err(error), "", &format!("/sign-in?return={}", address::value(back))),
    })
}

/// With what a provider sends a browser back.
#[derive(Deserialize)]
pub struct Callback {
    #[serde(default)]
    state: String,
    #[serde(default)]
    code: String,
    #[serde(default)]
    error: String,
    #[serde(default)]
    error_description: String,
    #[serde(default)]
    iss: String,
}

/// Comes back from a provider.
pub async fn callback(
    State(server): State<Server>,
    asking: Asking,
    Path(name): Path<String>,
    Query(said): Query<Callback>,
    headers: HeaderMap,
) -> Response {
    if let Some(response) = refused(&server).or_else(|| server.limits.refuse(Door::SignIn, &asking.client, limit::STEP))
    {
        return response;
    }
    let Callback { state, code, error, error_description, iss } = said;
    let answer = Answer { state, code, error, error_description, iss };
    let finished = match here(&server, &headers) {
        Ok(here) => {
            let place = Place {
                here: &here,
                cookie: cookies::sign_in(&server.reach, &headers),
                before: asking.session.as_ref().map(portal::secret::Secret::expose),
                client: &asking.client,
            };
            provider::finish(&server.portal, &asking.actor, &name, &answer, place).await
        }
        Err(error) => Err(error),
    };
    no_store(match finished {
        Ok(Finished::SignedIn { opened, back, notes }) => {
            let said = [vec!["You are signed in.".to_owned()], notes].concat().join(" ");
            let mut response = see_other(&asking, address::own(&back).unwrap_or("/"), Some(&Flash::success(said)));
            set_cookie(&mut response, &cookies::set_session(&server.reach, &opened.cookie));
            set_cookie(&mut response, &cookies::clear_sign_in(&server.reach));
            response
        }
        Ok(Finished::Tested(id)) => {
            let page = format!("/sign-in/{}/test?of={id}", address::segment(&name));
            let mut response = see_other(&asking, &page, None);
            set_cookie(&mut response, &cookies::clear_sign_in(&server.reach));
            response
        }
        Err(error) => go_on(&server, &asking, Err(error), "", "/sign-in"),
    })
}

/// Scheme and authority by which this browser reaches us, as the provider has to know them.
fn here(server: &Server, headers: &HeaderMap) -> Result<String> {
    if let Some(public) = &server.portal.settings().public_url {
        return Ok(public.clone());
    }
    let host = headers.get(header::HOST).and_then(|host| host.to_str().ok());
    let host = host.filter(|_| server.reach.loopback);
    host.map(|host| format!("http://{host}")).ok_or_else(|| {
        Error::Forbidden(
            "Nobody can sign in at a provider before server.public-url says where it sends people back to.".to_owned(),
        )
    })
}

/// Whether a page of another site leads here: a provider that knows the person would sign them in unasked (ASVS 5.0, 7.6.2), so
/// they are shown where they are, and go on by themselves.
fn comes_from_elsewhere(headers: &HeaderMap) -> bool {
    let site = headers.get("sec-fetch-site").and_then(|site| site.to_str().ok());
    site.is_some_and(|site| !matches!(site, "none" | "same-origin"))
}

/// The same under the public address: a cookie of another host would not come back.
fn elsewhere(server: &Server, uri: &Uri, headers: &HeaderMap) -> Option<String> {
    let host = headers.get(header::HOST)?.to_str().ok()?;
    let (public, public_host) = (server.portal.settings().public_url.as_ref()?, server.reach.public_host.as_ref()?);
    (!public_host.eq_ignore_ascii_case(host))
        .then(|| format!("{public}{}", uri.path_and_query().map_or("/", |path| path.as_str())))
}

/// What is said on the way is for this browser, now.
fn no_store(mut response: Response) -> Response {
    response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}

#[cfg(test)]
mod tests;
