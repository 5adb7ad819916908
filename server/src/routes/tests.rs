//! The walk over all routes, as everybody.

#![allow(clippy::unwrap_used, clippy::expect_used)]

mod setup;

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::Path;
use std::process::Command;

use axum::Router;
use axum::body::Body;
use axum::extract::ConnectInfo;
use axum::http::{HeaderName, Method, Request, StatusCode, header};
use axum::response::Response;
use futures::StreamExt;
use metrics_exporter_prometheus::PrometheusBuilder;
use model::change::ChangeState;
use model::{EntityRef, Visibility};
use portal::git::Address;
use portal::identity::Actor;
use portal::settings::{GitSettings, Settings, SourceKind, SourceSettings};
use portal::{Portal, changes};
use tempfile::TempDir;
use tokio::sync::watch;
use tower::ServiceExt;

use super::{Permission, Route, table};
use crate::http::{Inner, Reach, Server, Site, router};

/// A portal over two repositories, one public and one for readers only, and the web server in front of it.
struct World {
    router: Router,
    job: String,
    /// By repository.
    changes: BTreeMap<String, String>,
    _stop: watch::Sender<bool>,
    _folder: TempDir,
}

async fn world() -> World {
    let folder = tempfile::tempdir().unwrap();
    repository(&folder.path().join("public/harbour"));
    repository(&folder.path().join("secret/treasury"));
    let mut settings = Settings::new(folder.path().join("data"));
    settings.poll_interval = std::time::Duration::ZERO;
    let sources = [("public", "harbour", Visibility::Public), ("secret", "treasury", Visibility::Readers)];
    settings.sources = sources
        .map(|(name, repository, visibility)| {
            // At a host, so that changes can be proposed.
            let address = format!("file://{}", folder.path().join(name).join(repository).display());
            let git = GitSettings::new(vec![Address::parse(&address).unwrap()]);
            SourceSettings::new(name, SourceKind::Git(git), visibility).trusted()
        })
        .to_vec();
    let portal = Portal::open(settings).await.unwrap();
    portal.start();
    let job = portal::sources::sync(&portal, &Actor::Operator, None).await.unwrap();
    for _ in 0..600 {
        if portal::jobs::get(&portal, &Actor::Operator, &job).await.unwrap().state.is_over() {
            break;
        }
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    }
    let changes = BTreeMap::from([
        ("harbour".to_owned(), proposed(&portal, "harbour").await),
        ("treasury".to_owned(), proposed(&portal, "treasury").await),
    ]);
    let (stop, stopping) = watch::channel(false);
    let server = Server::new(Inner {
        portal,
        site: Site::open(),
        assets: app::Assets::default(),
        reach: Reach { loopback: true, demo: false, public_host: None },
        metrics: PrometheusBuilder::new().build_recorder().handle(),
        stopping,
    });
    World { router: router(server), job, changes, _stop: stop, _folder: folder }
}

/// A change that is proposed for a component; its id.
async fn proposed(portal: &Portal, name: &str) -> String {
    let (actor, references) = (Actor::Operator, [EntityRef::new("component", "default", name)]);
    let wish = changes::Wish::Owner(EntityRef::new("user", "default", "ada"));
    let plans = changes::plan(portal, &actor, &wish, &references).await.unwrap();
    let (proposed, _) = changes::propose_all(portal, &actor, plans, "/changes").await.unwrap();
    for _ in 0..600 {
        if changes::get(portal, &actor, &proposed[0].id).await.unwrap().change.state == ChangeState::Open {
            break;
        }
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    }
    proposed[0].id.clone()
}

fn repository(path: &Path) {
    std::fs::create_dir_all(path).unwrap();
    let name = path.file_name().unwrap().to_str().unwrap();
    std::fs::write(path.join("README.md"), format!("# {name}\n\nKeeps the {name}.\n")).unwrap();
    std::fs::create_dir_all(path.join("docs")).unwrap();
    std::fs::write(path.join("docs/index.md"), format!("# Manual\n\nKeeps the {name} too.\n")).unwrap();
    let descriptor = format!(
        "apiVersion: backstage.io/v1alpha1\nkind: Component\nmetadata:\n  name: {name}\nspec:\n  type: service\n  \
         lifecycle: production\n  owner: crew\n"
    );
    std::fs::write(path.join("catalog-info.yaml"), descriptor).unwrap();
    for arguments in [&["init", "--quiet", "-b", "main"][..], &["add", "."], &["commit", "--quiet", "-m", "Begin"]] {
        let status =
            Command::new("git")
                .args(arguments)
                .current_dir(path)
                .env("GIT_CONFIG_GLOBAL", "/dev/null")
                .env("GIT_CONFIG_SYSTEM", "/dev/null")
                .envs(["AUTHOR", "COMMITTER"].iter().flat_map(|who| {
                    [(format!("GIT_{who}_NAME"), "Ada"), (format!("GIT_{who}_EMAIL"), "ada@example.com")]
                }))
                .status()
                .unwrap();
        assert!(status.success());
    }
}

impl World {
    async fn ask(&self, method: &Method, path: &str, peer: &str, headers: &[(&str, &str)]) -> Response {
        let peer: SocketAddr = peer.parse().unwrap();
        let mut request = Request::builder().method(method).uri(path).body(Body::empty()).unwrap();
        request.headers_mut().insert(header::HOST, "127.0.0.1:3000".parse().unwrap());
        for (name, value) in headers {
            request.headers_mut().insert(HeaderName::from_bytes(name.as_bytes()).unwrap(), value.parse().unwrap());
        }
        request.extensions_mut().insert(ConnectInfo(peer));
        self.router.clone().oneshot(request).await.unwrap()
    }

    async fn text(&self, path: &str, peer: &str) -> (StatusCode, String) {
        let response = self.ask(&Method::GET, path, peer, &[]).await;
        let status = response.status();
        let bytes = axum::body::to_bytes(response.into_body(), 8 * 1024 * 1024).await.unwrap();
        (status, String::from_utf8_lossy(&bytes).into_owned())
    }

    /// The route's path with values that exist: of the repository and entity that only readers may see, or of the
    /// public one.
    fn fill(&self, path: &str, name: &str) -> String {
        path.replace("/{slug}/docs/{*path}", "/{slug}/docs/docs/index.md")
            .replace("/docs/{namespace}/{kind}/{name}/{*path}", "/docs/{namespace}/{kind}/{name}/index.md")
            .replace("{namespace}", "default")
            .replace("{kind}", "component")
            .replace("{name}", name)
            .replace("{tab}", "dependencies")
            .replace("{slug}", name)
            .replace("{*path}", "README.md")
            .replace("{id}", if path.contains("/changes/") { &self.changes[name] } else { &self.job })
    }
}

const OPERATOR: &str = "127.0.0.1:50000";
const VISITOR: &str = "192.0.2.7:50000";

#[tokio::test(flavor = "multi_thread")]
async fn everybody_gets_what_the_table_promises() {
    let world = world().await;
    let mut seen = BTreeMap::new();
    for route in table() {
        if route.path.ends_with("/events") {
            // A stream; its own test reads it.
            continue;
        }
        let path = world.fill(route.path, "harbour");
        let operator = world.ask(&route.method, &path, OPERATOR, &[]).await.status();
        let visitor = world.ask(&route.method, &path, VISITOR, &[]).await.status();
        for status in [operator, visitor] {
            // Leptos answers every error of a call with 500, also that of an empty body.
            assert!(!status.is_server_error() || route.path.starts_with("/calls"), "{} {path}: {status}", route.method);
        }
        seen.insert(
            format!("{} {}", route.method, route.path),
            (route.permission, operator.as_u16(), visitor.as_u16()),
        );
    }
    let walk: String = seen
        .iter()
        .map(|(route, (permission, operator, visitor))| format!("{route}: {permission:?} {operator} {visitor}\n"))
        .collect();
    insta::assert_snapshot!(walk);
    for (route, (permission, _, visitor)) in &seen {
        use Permission::{Correct, Propose, Remove, SetUp, Sync};
        if matches!(permission, Sync | Correct | SetUp | Propose | Remove) {
            assert_eq!(*visitor, 403, "{route}: a visitor must not change anything");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_only_readers_may_see_is_nowhere_for_a_visitor() {
    let world = world().await;
    let (status, text) = world.text("/api/v1/catalog/default/component/treasury", OPERATOR).await;
    assert_eq!(status, StatusCode::OK, "{text}");
    let read = |route: &Route| route.method == Method::GET && route.permission == Permission::Read;
    for route in table().into_iter().filter(|route| read(route) && !route.path.ends_with("/events")) {
        let secret = world.fill(route.path, "treasury");
        let (status, text) = world.text(&secret, VISITOR).await;
        if route.path.contains('{') {
            assert_eq!(status, StatusCode::NOT_FOUND, "{secret}: {text}");
        }
        // A page that does not exist may repeat what was asked for; it may know nothing else of it.
        let leaks =
            if route.path.contains('{') { text.contains("Keeps the treasury") } else { text.contains("treasury") };
        assert!(!leaks, "{secret} tells a visitor of the treasury");
        let (status, text) = world.text(&world.fill(route.path, "harbour"), VISITOR).await;
        let images = route.path.contains("/raw/");
        assert_eq!(status, if images { StatusCode::NOT_FOUND } else { StatusCode::OK }, "{}: {text}", route.path);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn every_answer_carries_the_policy_and_an_id() {
    let world = world().await;
    for path in ["/", "/nothing-here", "/healthz", "/api/v1/summary", "/api/v1/nothing"] {
        let response = world.ask(&Method::GET, path, OPERATOR, &[]).await;
        let headers = response.headers();
        let policy = headers[header::CONTENT_SECURITY_POLICY].to_str().unwrap().to_owned();
        assert!(policy.starts_with("default-src 'none'; script-src 'nonce-"), "{path}: {policy}");
        assert_eq!(headers[header::X_CONTENT_TYPE_OPTIONS], "nosniff");
        assert_eq!(headers["x-request-id"].len(), 26);
        let nonce = policy.split("'nonce-").nth(1).unwrap().split('\'').next().unwrap().to_owned();
        let html =
            headers.get(header::CONTENT_TYPE).is_some_and(|kind| kind.to_str().unwrap().starts_with("text/html"));
        let bytes = axum::body::to_bytes(response.into_body(), 8 * 1024 * 1024).await.unwrap();
        let text = String::from_utf8_lossy(&bytes).into_owned();
        if html {
            let scripts = text.matches("<script").count();
            assert_eq!(
                scripts,
                text.matches(&format!("nonce=\"{nonce}\"")).count()
                    - text.matches("<link rel=\"modulepreload\"").count()
            );
            assert!(!text.contains(" style="), "{path} has an inline style");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn another_site_cannot_act_through_a_browser() {
    let world = world().await;
    let crossing = [("sec-fetch-site", "cross-site"), ("origin", "https://evil.example")];
    for route in table().into_iter().filter(|route| route.method == Method::POST) {
        let response = world.ask(&Method::POST, route.path, OPERATOR, &crossing).await;
        assert_eq!(response.status(), StatusCode::FORBIDDEN, "{}", route.path);
    }
    let rebound = world.ask(&Method::GET, "/", OPERATOR, &[("host", "evil.example")]).await;
    assert_eq!(rebound.status(), StatusCode::MISDIRECTED_REQUEST);
}

#[tokio::test(flavor = "multi_thread")]
async fn server_functions_are_in_the_table() {
    let table = table();
    for (path, method) in leptos::server_fn::axum::server_fn_paths() {
        let known = table.iter().any(|route| route.path == path && route.method == method);
        assert!(known, "{method} {path} is not in the table");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_job_is_followed_to_its_end() {
    let world = world().await;
    let (status, text) = world.text(&format!("/api/v1/jobs/{}/events", world.job), OPERATOR).await;
    assert_eq!(status, StatusCode::OK);
    assert!(text.contains("event: progress"), "{text}");
    assert!(text.trim_end().ends_with("event: end\ndata: succeeded"), "{text}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_page_hears_of_changes_that_it_may_show_and_of_no_others() {
    let world = world().await;
    let hears = async |after: i64, peer: &str| {
        let path = format!("/api/v1/catalog/events?after={after}");
        let mut body = world.ask(&Method::GET, &path, peer, &[]).await.into_body().into_data_stream();
        let first = tokio::time::timeout(std::time::Duration::from_millis(700), body.next()).await.ok()?;
        Some(String::from_utf8_lossy(&first.unwrap().unwrap()).into_owned())
    };
    let text = hears(0, VISITOR).await.unwrap();
    assert!(text.contains("event: changed"), "{text}");
    let place: i64 = text.split("data: ").nth(1).unwrap().split_whitespace().next().unwrap().parse().unwrap();
    assert_eq!((hears(place, OPERATOR).await, hears(place, VISITOR).await), (None, None));
    let (mut operator, mut visitor) = (0, 0);
    for after in 0..place {
        operator += usize::from(hears(after, OPERATOR).await.is_some());
        visitor += usize::from(hears(after, VISITOR).await.is_some());
    }
    assert!(visitor < operator, "{visitor} of {operator}");
}

#[test]
fn the_api_is_described() {
    let described = serde_json::to_value(<crate::api::Api as utoipa::OpenApi>::openapi()).unwrap();
    let paths: Vec<&String> = described["paths"].as_object().unwrap().keys().collect();
    for route in table().into_iter().filter(|route| route.path.starts_with("/api/")) {
        assert!(paths.iter().any(|path| *path == route.path), "{} is not described", route.path);
    }
}
