//! Who asks, decided once per request, before any handler.
//!
//! Whoever brings the cookie of a session is that person. Without one, and as long as nobody has an account here, the
//! person at the machine is the operator: a request that comes from a loopback address, names a loopback host, and was
//! forwarded by nobody, while the server listens on loopback. Everybody else is a visitor. A page of another site that
//! makes a browser reach a loopback address under its own name (DNS rebinding) is refused.

use std::net::{IpAddr, SocketAddr};

use axum::extract::{ConnectInfo, FromRequestParts, Request, State};
use axum::http::request::Parts;
use axum::http::{HeaderMap, StatusCode, Uri, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use portal::audit::Origin;
use portal::identity::{Actor, Client};
use portal::secret::Secret;
use portal::{audit, identity};

use super::{Problem, Server, cookies};

/// What every handler knows of the request.
#[derive(Debug, Clone)]
pub struct Asking {
    pub actor: Actor,
    pub request_id: String,
    /// The cookie of the session, where there is one that is good.
    pub session: Option<Secret>,
    pub client: Client,
    /// Nothing is for those who have not signed in.
    pub is_closed: bool,
}

impl Asking {
    /// Whether this one has to sign in before anything is shown.
    pub fn must_sign_in(&self) -> bool {
        self.is_closed && self.actor == Actor::Visitor
    }
}

/// Headers by which a proxy says that it forwards.
const FORWARDED: [&str; 4] = ["forwarded", "x-forwarded-for", "x-forwarded-host", "x-real-ip"];

/// How this server is reached.
#[derive(Debug, Clone)]
pub struct Reach {
    /// The address that is listened on is a loopback address.
    pub loopback: bool,
    /// The demo is served, which is for the person at the machine alone.
    pub demo: bool,
    /// Host (and port, if one is written) of the public address.
    pub public_host: Option<String>,
    /// The public address is https.
    pub secure: bool,
}

impl Reach {
    /// Who asks, or why the request is refused.
    fn actor(&self, peer: IpAddr, uri: &Uri, headers: &HeaderMap) -> Result<Actor, &'static str> {
        let host = uri
            .authority()
            .map(|authority| authority.as_str())
            .or_else(|| headers.get(header::HOST).and_then(|host| host.to_str().ok()))
            .unwrap_or_default();
        let forwarded = FORWARDED.iter().any(|name| headers.contains_key(*name));
        let local = is_loopback_host(host);
        let public = self.public_host.as_deref().is_some_and(|public| public.eq_ignore_ascii_case(host));
        if self.demo && forwarded {
            return Err("The demo is for the person at this machine: forwarded requests are refused.");
        }
        if self.demo && !local {
            return Err("The demo answers only under its loopback address.");
        }
        if self.loopback && !local && !public {
            return Err("This server listens on a loopback address and does not answer under this host; \
                        set server.public-url if a proxy forwards to it.");
        }
        if self.public_host.is_some() && !local && !public {
            return Err("This server does not answer under this host; server.public-url names the one that it has.");
        }
        let operator = self.loopback && local && !forwarded && peer.to_canonical().is_loopback();
        Ok(if operator { Actor::Operator } else { Actor::Visitor })
    }
}

/// `localhost`, `127.0.0.1:3000`, `[::1]:3000`, `app.localhost`.
fn is_loopback_host(host: &str) -> bool {
    let name = match host.strip_prefix('[') {
        Some(rest) => rest.split(']').next().unwrap_or_default(),
        None => host.split(':').next().unwrap_or_default(),
    };
    let name = name.trim_end_matches('.').to_ascii_lowercase();
    name == "localhost"
        || name.ends_with(".localhost")
        || name.parse::<IpAddr>().is_ok_and(|address| address.is_loopback())
}

/// The middleware: puts [`Asking`] beside the request, or refuses it.
pub async fn identify(State(server): State<Server>, mut request: Request, next: Next) -> Response {
    // Without a peer address (a test that calls the router directly) nobody is trusted.
    let peer = request
        .extensions()
        .get::<ConnectInfo<SocketAddr>>()
        .map_or(IpAddr::from([0, 0, 0, 0]), |ConnectInfo(address)| address.ip());
    let at_machine = match server.reach.actor(peer, request.uri(), request.headers()) {
        Ok(actor) => actor,
        Err(why) => {
            return Problem::new(StatusCode::MISDIRECTED_REQUEST, "urn:slipway:misdirected", why).into_response();
        }
    };
    let request_id = text(request.headers(), "x-request-id");
    let client = Client { agent: text(request.headers(), "user-agent"), address: peer.to_canonical().to_string() };
    let cookie = cookies::session(&server.reach, request.headers()).map(str::to_owned);
    let token = text(request.headers(), "authorization");
    let (actor, session) = match who(&server, at_machine, cookie, &token).await {
        Ok(who) => who,
        Err(problem) => return problem.into_response(),
    };
    let is_closed = !server.portal.settings().identity.public;
    let origin = Origin { request: request_id.clone(), address: client.address.clone() };
    request.extensions_mut().insert(Asking { actor, request_id, session, client, is_closed });
    audit::from(origin, next.run(request)).await
}

fn text(headers: &HeaderMap, name: &str) -> String {
    headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default().to_owned()
}

/// The person of the session; without one whoever is at the machine, as long as that counts.
async fn who(
    server: &Server,
    at_machine: Actor,
    cookie: Option<String>,
    authorization: &str,
) -> Result<(Actor, Option<Secret>), Problem> {
    // RFC 9110, 11.1: the scheme's case does not matter.
    if let Some((scheme, token)) = authorization.split_once(' ')
        && scheme.eq_ignore_ascii_case("bearer")
    {
        let person = identity::find_by_token(&server.portal, token.trim()).await?;
        let person = person.ok_or_else(|| Problem::sign_in("This token is over, was revoked, or never was."))?;
        return Ok((Actor::Person(person), None));
    }
    if let Some(cookie) = cookie
        && let Some(person) = identity::find(&server.portal, &cookie).await?
    {
        return Ok((Actor::Person(person), Some(Secret::new(cookie))));
    }
    let is_operator = at_machine == Actor::Operator && Actor::is_operator_at_machine(&server.portal);
    Ok((if is_operator { Actor::Operator } else { Actor::Visitor }, None))
}

impl<S: Send + Sync> FromRequestParts<S> for Asking {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        // Absent only if a route was built around the middleware: then nobody gets anything.
        parts.extensions.get::<Self>().cloned().ok_or_else(|| {
            Problem::new(StatusCode::INTERNAL_SERVER_ERROR, "urn:slipway:internal", "The request was not identified.")
        })
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    fn actor(reach: &Reach, peer: &str, host: &str, forwarded: bool) -> Option<Actor> {
        let mut headers = HeaderMap::new();
        headers.insert(header::HOST, host.parse().unwrap());
        if forwarded {
            headers.insert("x-forwarded-for", "10.0.0.1".parse().unwrap());
        }
        reach.actor(peer.parse().unwrap(), &Uri::from_static("/"), &headers).ok()
    }

    #[test]
    fn only_the_person_at_the_machine_is_the_operator() {
        let loopback = Reach { loopback: true, demo: false, public_host: None, secure: false };
        let proxied = Reach { public_host: Some("portal.example.com".to_owned()), ..loopback.clone() };
        let open = Reach { loopback: false, demo: false, public_host: None, secure: false };
        let table = [
            (&loopback, "127.0.0.1", "127.0.0.1:3000", false, Some(Actor::Operator)),
            (&loopback, "::ffff:127.0.0.1", "localhost:3000", false, Some(Actor::Operator)),
            (&loopback, "::1", "[::1]:3000", false, Some(Actor::Operator)),
            (&loopback, "127.0.0.1", "evil.example:3000", false, None),
            (&loopback, "127.0.0.1", "127.0.0.1.evil.example", false, None),
            (&loopback, "127.0.0.1", "", false, None),
            (&loopback, "127.0.0.1", "localhost", true, Some(Actor::Visitor)),
            (&proxied, "127.0.0.1", "portal.example.com", false, Some(Actor::Visitor)),
            (&proxied, "127.0.0.1", "portal.example.com", true, Some(Actor::Visitor)),
            (&open, "127.0.0.1", "localhost", false, Some(Actor::Visitor)),
            (&open, "192.0.2.1", "anything", false, Some(Actor::Visitor)),
        ];
        for (reach, peer, host, forwarded, expected) in table {
            assert_eq!(actor(reach, peer, host, forwarded), expected, "{peer} {host} {forwarded}");
        }
    }

    #[test]
    fn the_demo_refuses_other_hosts_and_forwarded_requests() {
        let demo =
            Reach { loopback: true, demo: true, public_host: Some("portal.example.com".to_owned()), secure: true };
        assert_eq!(actor(&demo, "127.0.0.1", "localhost:3000", false), Some(Actor::Operator));
        assert_eq!(actor(&demo, "127.0.0.1", "localhost:3000", true), None);
        assert_eq!(actor(&demo, "127.0.0.1", "portal.example.com", false), None);
    }
}
