//! Who asks, decided once per request, before any handler.
//!
//! Whoever brings the cookie of a session is that person. Without one, and as long as nobody has an account here, the
//! person at the machine is the operator: a request that comes from a loopback address, names a loopback host, and was
//! forwarded by nobody, while the server listens on loopback. Everybody else is a visitor. A page of another site that
//! makes a browser reach a loopback address under its own name (DNS rebinding) is refused.
//!
//! Headers in which a proxy says who asks are believed from the networks of that proxy alone; from everybody else they are
//! taken away before any handler sees them.

use std::net::{IpAddr, SocketAddr};

use axum::extract::{ConnectInfo, FromRequestParts, Request, State};
use axum::http::request::Parts;
use axum::http::{HeaderMap, StatusCode, Uri, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use ipnet::IpNet;
use portal::audit::Origin;
use portal::identity::provider::Headers;
use portal::identity::{Actor, Client};
use portal::secret::Secret;
use portal::settings::{ProviderKind, ProviderSettings, ProxySettings};
use portal::{audit, identity};

use super::limit::{self, Door};
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
    /// It came over https.
    pub secure: bool,
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

impl Reach {
    /// Whether a request came over https: the person at the machine comes over http, also where the public address is https.
    fn is_secure(&self, headers: &HeaderMap) -> bool {
        self.secure && !headers.get(header::HOST).and_then(|host| host.to_str().ok()).is_some_and(is_loopback_host)
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
    let peer = peer(&request);
    let at_machine = match server.reach.actor(peer, request.uri(), request.headers()) {
        Ok(actor) => actor,
        Err(why) => {
            return Problem::new(StatusCode::MISDIRECTED_REQUEST, "urn:slipway:misdirected", why).into_response();
        }
    };
    drop_claims(&server, peer, request.headers_mut());
    let request_id = text(request.headers(), "x-request-id");
    let address = address(peer, request.headers(), &server.portal.settings().identity.trusted_proxies);
    let client = Client { agent: text(request.headers(), "user-agent"), address: address.to_string() };
    tracing::Span::current().record("address", client.address.as_str());
    let cookie = cookies::session(&server.reach, request.headers()).map(str::to_owned);
    let token = text(request.headers(), "authorization");
    let origin = Origin { request: request_id.clone(), address: client.address.clone() };
    let (actor, session) =
        match audit::from(origin.clone(), who(&server, at_machine, cookie, &token, (peer, request.headers()))).await {
            Ok(who) => who,
            // Who guesses tokens is not even told any more whether they are any.
            Err(problem) if !token.is_empty() => {
                let refused = server.limits.refuse(Door::Token, &client, limit::STEP);
                return refused.unwrap_or_else(|| problem.into_response());
            }
            Err(problem) => return problem.into_response(),
        };
    tracing::Span::current().record("actor", actor.name());
    let is_closed = !server.portal.settings().identity.public;
    let secure = server.reach.is_secure(request.headers());
    request.extensions_mut().insert(Asking { actor, request_id, session, client, is_closed, secure });
    audit::from(origin, next.run(request)).await
}

/// From where somebody comes: the last address that none of the proxies has which are believed.
fn address(peer: IpAddr, headers: &HeaderMap, trusted: &[IpNet]) -> IpAddr {
    let mut address = peer.to_canonical();
    let said = headers.get_all("x-forwarded-for").iter().filter_map(|value| value.to_str().ok());
    let said: Vec<&str> = said.flat_map(|value| value.split(',')).map(str::trim).collect();
    for text in said.iter().rev() {
        let with_port = || text.parse::<SocketAddr>().ok().map(|address| address.ip());
        match text.parse::<IpAddr>().ok().or_else(with_port) {
            Some(before) if is_within(trusted, address) => address = before.to_canonical(),
            _ => break,
        }
    }
    address
}

fn is_within(networks: &[IpNet], address: IpAddr) -> bool {
    networks.iter().any(|network| network.contains(&address.to_canonical()))
}

/// Providers that are proxies.
fn proxies(server: &Server) -> impl Iterator<Item = (&ProviderSettings, &ProxySettings)> {
    server.portal.settings().identity.providers.iter().filter_map(|provider| match &provider.kind {
        ProviderKind::Proxy(proxy) => Some((provider, proxy)),
        _ => None,
    })
}

/// Takes away what only a proxy may say, unless it comes from there.
fn drop_claims(server: &Server, peer: IpAddr, headers: &mut HeaderMap) {
    let names =
        |proxy: &ProxySettings| [&proxy.user_header, &proxy.email_header, &proxy.groups_header].map(Clone::clone);
    let (believed, strange): (Vec<_>, Vec<_>) = proxies(server).partition(|(_, proxy)| is_within(&proxy.proxies, peer));
    let believed: Vec<String> = believed.into_iter().flat_map(|(_, proxy)| names(proxy)).collect();
    for name in strange.into_iter().flat_map(|(_, proxy)| names(proxy)) {
        if !believed.iter().any(|known| known.eq_ignore_ascii_case(&name)) {
            headers.remove(name.as_str());
        }
    }
}

/// Whether the provider of this name is a proxy.
pub fn is_of_proxy(server: &Server, name: &str) -> bool {
    proxies(server).any(|(provider, _)| provider.name == name)
}

/// What the proxy of this name says of who asks; `None` for a request that does not come from it.
pub fn by_proxy<'a>(server: &Server, name: &str, request: &'a Request) -> Option<Headers<'a>> {
    let (_, proxy) = proxies(server).find(|(provider, _)| provider.name == name)?;
    is_within(&proxy.proxies, peer(request)).then(|| said(proxy, request.headers()))
}

fn said<'a>(proxy: &ProxySettings, headers: &'a HeaderMap) -> Headers<'a> {
    // A second one may be what the browser sent, and the proxy let through.
    let only = |name: &str| {
        let mut values = headers.get_all(name).iter();
        let first = values.next().and_then(|value| std::str::from_utf8(value.as_bytes()).ok());
        first.filter(|_| values.next().is_none()).unwrap_or_default()
    };
    Headers { user: only(&proxy.user_header), email: only(&proxy.email_header), groups: only(&proxy.groups_header) }
}

/// Without a peer address (a test that calls the router directly) nobody is trusted.
fn peer(request: &Request) -> IpAddr {
    let connected = request.extensions().get::<ConnectInfo<SocketAddr>>();
    connected.map_or(IpAddr::from([0, 0, 0, 0]), |ConnectInfo(address)| address.ip())
}

fn text(headers: &HeaderMap, name: &str) -> String {
    headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default().to_owned()
}

/// The person of the session, or else the one whom a proxy names; without either whoever is at the machine, as long as that
/// counts.
async fn who(
    server: &Server,
    at_machine: Actor,
    cookie: Option<String>,
    authorization: &str,
    (peer, headers): (IpAddr, &HeaderMap),
) -> Result<(Actor, Option<Secret>), Problem> {
    // RFC 9110, 11.1: the scheme's case does not matter.
    if let Some((scheme, token)) = authorization.split_once(' ')
        && scheme.eq_ignore_ascii_case("bearer")
    {
        if !server.reach.secure && !server.reach.loopback {
            let why = "A token does not travel over http from other machines, since everybody on the way could read it. Put a \
                       proxy with https in front, and set server.public-url to its address.";
            return Err(Problem::new(StatusCode::FORBIDDEN, "urn:slipway:insecure", why));
        }
        let actor = identity::find_by_token(&server.portal, token.trim()).await?;
        let actor = actor.ok_or_else(|| Problem::sign_in("This token is over, was revoked, or never was."))?;
        return Ok((actor, None));
    }
    if let Some(cookie) = cookie
        && let Some(person) = identity::find(&server.portal, &cookie).await?
    {
        return Ok((Actor::Person(person), Some(Secret::new(cookie))));
    }
    for (provider, proxy) in proxies(server).filter(|(_, proxy)| is_within(&proxy.proxies, peer)) {
        let headers = said(proxy, headers);
        if let Some(person) = identity::provider::by_proxy(&server.portal, provider, proxy, headers).await? {
            return Ok((Actor::Person(person), None));
        }
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
    fn the_person_at_the_machine_comes_over_http() {
        let https =
            Reach { public_host: Some("portal.example.com".to_owned()), loopback: true, demo: false, secure: true };
        let http = Reach { secure: false, ..https.clone() };
        for (reach, host, expected) in [
            (&https, "portal.example.com", true),
            (&https, "127.0.0.1:3000", false),
            (&https, "localhost", false),
            (&http, "portal.example.com", false),
        ] {
            let headers = HeaderMap::from_iter([(header::HOST, host.parse().unwrap())]);
            assert_eq!(reach.is_secure(&headers), expected, "{host}");
        }
    }

    #[test]
    fn an_address_is_believed_from_proxies_alone() {
        let of = |peer: &str, said: &[&str]| {
            let mut headers = HeaderMap::new();
            for value in said {
                headers.append("x-forwarded-for", value.parse().unwrap());
            }
            let trusted: Vec<IpNet> = ["10.0.0.0/8", "::1/128"].map(|network| network.parse().unwrap()).to_vec();
            address(peer.parse().unwrap(), &headers, &trusted).to_string()
        };
        assert_eq!(of("192.0.2.1", &["203.0.113.9"]), "192.0.2.1");
        assert_eq!(of("10.0.0.1", &[]), "10.0.0.1");
        assert_eq!(of("10.0.0.1", &["203.0.113.9"]), "203.0.113.9");
        assert_eq!(of("::ffff:10.0.0.1", &["198.51.100.1, 203.0.113.9:4711"]), "203.0.113.9");
        assert_eq!(of("::1", &["203.0.113.9, 10.0.0.2"]), "203.0.113.9");
        assert_eq!(of("::1", &["203.0.113.9", "10.0.0.2"]), "203.0.113.9");
        assert_eq!(of("10.0.0.1", &["unknown"]), "10.0.0.1");
        assert_eq!(of("10.0.0.1", &["10.0.0.3, nonsense, 10.0.0.2"]), "10.0.0.2");
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
