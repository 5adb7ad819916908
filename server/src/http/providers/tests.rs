//! The way to a provider and back through the web server, and whom a proxy names.

#![allow(clippy::unwrap_used, clippy::expect_used)]

use std::net::SocketAddr;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::extract::ConnectInfo;
use axum::http::{HeaderName, Method, Request, StatusCode, header};
use axum::response::Response;
use metrics_exporter_prometheus::PrometheusBuilder;
use portal::Portal;
use portal::git::Connection;
use portal::settings::{OidcSettings, ProviderKind, ProviderSettings, ProxySettings, Settings};
use tempfile::TempDir;
use tokio::sync::watch;
use tower::ServiceExt;

use crate::http::{Inner, Reach, Server, Site, router};

const GATE: &str = "10.0.0.1:4711";
const STRANGER: &str = "192.0.2.1:4711";

struct World {
    router: Router,
    portal: Portal,
    _stop: watch::Sender<bool>,
    _folder: TempDir,
}

/// A portal with a proxy, and a provider that is not there.
async fn world() -> World {
    world_at(Reach { loopback: true, demo: false, public_host: None, secure: false }).await
}

async fn world_at(reach: Reach) -> World {
    let folder = tempfile::tempdir().unwrap();
    let mut settings = Settings::new(folder.path());
    settings.poll_interval = Duration::ZERO;
    settings.identity.trusted_proxies = vec!["10.0.0.0/8".parse().unwrap()];
    let provider = |name: &str, kind| ProviderSettings { name: name.to_owned(), title: name.to_owned(), kind };
    let gate = ProxySettings {
        proxies: vec!["10.0.0.0/8".parse().unwrap()],
        user_header: "X-Forwarded-User".to_owned(),
        email_header: "X-Forwarded-Email".to_owned(),
        groups_header: "X-Forwarded-Groups".to_owned(),
        login: None,
        trust_email: false,
    };
    let down = OidcSettings {
        issuer: "http://127.0.0.1:9".to_owned(),
        client_id: "slipway".to_owned(),
        client_secret: None,
        scopes: Vec::new(),
        refresh: true,
        groups_claim: "groups".to_owned(),
        groups_url_hosts: Vec::new(),
        login: None,
        trust_email: false,
        connection: Connection::default(),
    };
    settings.identity.providers =
        vec![provider("gate", ProviderKind::Proxy(gate)), provider("down", ProviderKind::Oidc(down))];
    settings.identity.administrators = vec!["gate:platform".to_owned()];
    let portal = Portal::open(settings).await.unwrap();
    let (stop, stopping) = watch::channel(false);
    let server = Server::new(Inner {
        portal: portal.clone(),
        site: Site::open(),
        assets: app::Assets::default(),
        reach,
        metrics: PrometheusBuilder::new().build_recorder().handle(),
        stopping,
    });
    World { router: router(server), portal, _stop: stop, _folder: folder }
}

impl World {
    async fn ask(&self, method: Method, path: &str, peer: &str, headers: &[(&str, &str)]) -> Response {
        let mut request = Request::builder().method(method).uri(path).body(Body::empty()).unwrap();
        request.headers_mut().insert(header::HOST, "127.0.0.1:3000".parse().unwrap());
        request.headers_mut().insert(header::ACCEPT, "text/html".parse().unwrap());
        for (name, value) in headers {
            request.headers_mut().append(HeaderName::try_from(*name).unwrap(), value.parse().unwrap());
        }
        request.extensions_mut().insert(ConnectInfo(peer.parse::<SocketAddr>().unwrap()));
        self.router.clone().oneshot(request).await.unwrap()
    }

    async fn get(&self, path: &str, peer: &str, headers: &[(&str, &str)]) -> Response {
        self.ask(Method::GET, path, peer, headers).await
    }
}

fn location(response: &Response) -> &str {
    response.headers()[header::LOCATION].to_str().unwrap()
}

fn cookies(response: &Response) -> String {
    let all = response.headers().get_all(header::SET_COOKIE).iter().map(|cookie| cookie.to_str().unwrap().to_owned());
    all.collect::<Vec<_>>().join("\n")
}

async fn text(response: Response) -> String {
    let bytes = axum::body::to_bytes(response.into_body(), 8 << 20).await.unwrap();
    String::from_utf8_lossy(&bytes).into_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn whom_a_proxy_names_is_believed_from_its_networks_alone() {
    let world = world().await;
    let jane = [("x-forwarded-user", "jane"), ("x-forwarded-groups", "platform"), ("x-forwarded-for", "203.0.113.9")];
    let response = world.get("/me", GATE, &jane).await;
    assert_eq!(response.status(), StatusCode::OK);
    assert!(text(response).await.contains("Administrator: reads everything"));
    for (peer, headers) in [
        (STRANGER, jane.to_vec()),
        (GATE, Vec::new()),
        // What a browser sent, and a careless proxy let through.
        (GATE, [jane.to_vec(), vec![("X-Forwarded-User", "mallory")]].concat()),
    ] {
        let response = world.get("/me", peer, &headers).await;
        assert_eq!(response.status(), StatusCode::SEE_OTHER, "{peer} {headers:?}");
        assert_eq!(location(&response), "/sign-in?return=%2Fme");
    }
    // A second value of the groups gives none.
    let twice = [jane.to_vec(), vec![("x-forwarded-groups", "platform")]].concat();
    assert!(text(world.get("/me", GATE, &twice).await).await.contains("Member: reads"));
    let out = world.ask(Method::POST, "/actions/identity/sign-out", GATE, &jane).await;
    assert_eq!(out.status(), StatusCode::SEE_OTHER);
    assert!(cookies(&out).contains("sign%20out%20there"), "{}", cookies(&out));

    assert_eq!(world.get("/sign-in/gate/test", STRANGER, &jane).await.status(), StatusCode::SEE_OTHER);
    let tested = world.get("/sign-in/gate?test=yes", GATE, &jane).await;
    assert!(location(&tested).starts_with("/sign-in/gate/test?of="), "{tested:?}");
    let page = text(world.get(location(&tested), GATE, &jane).await).await;
    assert!(page.contains("What is made of it") && page.contains("X-Forwarded-User"), "{page}");
    let page = text(world.get("/sign-in/down/test", GATE, &jane).await).await;
    assert!(page.contains("/sign-in/down/callback"), "{page}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_provider_that_is_down_leads_back_and_never_elsewhere() {
    let world = world().await;
    let response = world.get("/sign-in/down?return=//evil.example", STRANGER, &[]).await;
    assert_eq!((response.status(), location(&response)), (StatusCode::SEE_OTHER, "/sign-in?return=%2F"));
    assert_eq!(response.headers()[header::CACHE_CONTROL], "no-store");
    assert!(cookies(&response).contains("cannot%20be%20asked%20now"), "{}", cookies(&response));
    let response = world.get("/sign-in/nobody", STRANGER, &[]).await;
    assert_eq!(location(&response), "/sign-in?return=%2F");
    let response = world.get("/sign-in/down/callback?code=a&state=b", STRANGER, &[]).await;
    assert_eq!((response.status(), location(&response)), (StatusCode::SEE_OTHER, "/sign-in"));
    assert!(!cookies(&response).contains("slipway-session="), "{}", cookies(&response));
    // Tests are for those who set it up.
    let response = world.get("/sign-in/down?test=yes", STRANGER, &[]).await;
    assert_eq!(location(&response), "/sign-in/down/test");
}

#[tokio::test(flavor = "multi_thread")]
async fn another_site_begins_no_sign_in() {
    let world = world().await;
    for (site, begins) in [("cross-site", false), ("same-site", false), ("same-origin", true), ("none", true)] {
        let response = world.get("/sign-in/down?return=/catalog", STRANGER, &[("sec-fetch-site", site)]).await;
        assert_eq!((response.status(), location(&response)), (StatusCode::SEE_OTHER, "/sign-in?return=%2Fcatalog"));
        // That the provider is down is only known to whoever has asked it.
        assert_eq!(cookies(&response).contains("cannot%20be%20asked%20now"), begins, "{site}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn over_https_cookies_are_for_this_host_alone_and_over_http_nobody_signs_in() {
    let public =
        Reach { loopback: false, demo: false, public_host: Some("portal.example.com".to_owned()), secure: true };
    let post = async |world: &World, path: &str, form: &str| {
        let mut request = Request::builder().method(Method::POST).uri(path).body(Body::from(form.to_owned())).unwrap();
        request.headers_mut().insert(header::HOST, "portal.example.com".parse().unwrap());
        request.headers_mut().insert(header::CONTENT_TYPE, "application/x-www-form-urlencoded".parse().unwrap());
        request.extensions_mut().insert(ConnectInfo(STRANGER.parse::<SocketAddr>().unwrap()));
        world.router.clone().oneshot(request).await.unwrap()
    };
    let world = world_at(public.clone()).await;
    let code = portal::identity::first_link(&world.portal).await.unwrap().unwrap();
    let form = format!("code={}&name=admin&password=correct+horse+battery", code.expose());
    let made = post(&world, "/actions/identity/first", &form).await;
    let wrong = post(&world, "/actions/identity/sign-in", "name=admin&password=wrong").await;
    let theme = post(&world, "/preferences/theme", "theme=dark").await;
    let all = [&made, &wrong, &theme].map(cookies).join("\n");
    for name in ["session", "flash", "theme"] {
        assert!(all.contains(&format!("__Host-slipway-{name}=")), "{name}: {all}");
    }
    for cookie in all.lines() {
        assert!(cookie.starts_with("__Host-") && cookie.contains("; Path=/;"), "{cookie}");
        assert!(cookie.contains("; HttpOnly; SameSite=Lax") && cookie.contains("; Secure"), "{cookie}");
    }

    let open = world_at(Reach { secure: false, ..public }).await;
    let code = portal::identity::first_link(&open.portal).await.unwrap().unwrap();
    let form = format!("code={}&name=admin&password=correct+horse+battery", code.expose());
    let right = "name=admin&password=correct+horse+battery";
    for (path, form) in [("/actions/identity/first", form.as_str()), ("/actions/identity/sign-in", right)] {
        let refused = post(&open, path, form).await;
        assert_eq!((refused.status(), cookies(&refused)), (StatusCode::FORBIDDEN, String::new()), "{path}");
    }
    let bearer = [("host", "portal.example.com"), ("authorization", "Bearer slipway_0000")];
    for (world, expected) in [(&world, StatusCode::UNAUTHORIZED), (&open, StatusCode::FORBIDDEN)] {
        let mut request = Request::get("/api/v1/catalog").body(Body::empty()).unwrap();
        for (name, value) in bearer {
            request.headers_mut().insert(name, value.parse().unwrap());
        }
        request.extensions_mut().insert(ConnectInfo(STRANGER.parse::<SocketAddr>().unwrap()));
        assert_eq!(world.router.clone().oneshot(request).await.unwrap().status(), expected);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_tries_too_often_waits() {
    let world = world().await;
    for _ in 0..30 {
        let response = world.get("/sign-in/down/callback?code=a&state=b", STRANGER, &[]).await;
        assert_eq!(response.status(), StatusCode::SEE_OTHER);
    }
    let refused = world.get("/sign-in/down", STRANGER, &[]).await;
    assert_eq!(refused.status(), StatusCode::TOO_MANY_REQUESTS);
    assert!(refused.headers().contains_key(header::RETRY_AFTER));
    // Somebody else is not held up, nor are those who come through the same proxy.
    let headers = [("x-forwarded-for", "203.0.113.9")];
    assert_eq!(world.get("/sign-in/nobody", GATE, &headers).await.status(), StatusCode::SEE_OTHER);
}
