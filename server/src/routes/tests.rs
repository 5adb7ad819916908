//! The walk over all routes, as everybody.

#![allow(clippy::unwrap_used, clippy::expect_used)]

mod access;
mod doors;
mod launches;
mod setup;
mod tokens;

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
use model::run::RunState;
use model::{EntityRef, Visibility};
use portal::access::Ask;
use portal::git::Address;
use portal::identity::{self, Actor, Claims, Client};
use portal::runs::{self, Launch};
use portal::settings::{GitSettings, Settings, SourceKind, SourceSettings};
use portal::{Portal, changes};
use serde_json::Value;
use tempfile::TempDir;
use tokio::sync::watch;
use tower::ServiceExt;

use super::{Permission, table};
use crate::http::{Inner, Reach, Server, Site, router};

/// A portal over two repositories, one public and one for readers only, and the web server in front of it.
struct World {
    router: Router,
    portal: Portal,
    job: String,
    /// By repository.
    changes: BTreeMap<String, String>,
    /// By the repository of the template.
    runs: BTreeMap<String, String>,
    /// By repository: an atom, and its request.
    access: BTreeMap<String, (String, String)>,
    _stop: watch::Sender<bool>,
    _folder: TempDir,
}

async fn world() -> World {
    let folder = tempfile::tempdir().unwrap();
    repository(&folder.path().join("public/harbour"));
    repository(&folder.path().join("secret/treasury"));
    let mut settings = Settings::new(folder.path().join("data"));
    settings.identity.administrators = vec!["id:administrators".to_owned()];
    settings.identity.auditors = vec!["id:auditors".to_owned()];
    settings.poll_interval = std::time::Duration::ZERO;
    settings.public_url = Some("http://127.0.0.1:3000".to_owned());
    let sources = [("public", "harbour", Visibility::Public), ("secret", "treasury", Visibility::Readers)];
    settings.sources = sources
        .map(|(name, repository, visibility)| {
            // At a host, so that changes can be proposed.
            let address = format!("file://{}", folder.path().join(name).join(repository).display());
            let git = GitSettings::new(vec![Address::parse(&address).unwrap()]);
            SourceSettings::new(name, SourceKind::Git(git), visibility).trusted()
        })
        .to_vec();
    for (name, visibility) in [("made", Visibility::Public), ("vault", Visibility::Readers)] {
        let path = folder.path().join(name);
        settings.sources.push(SourceSettings::folder(name, path, visibility).launching().trusted());
    }
    let portal = Portal::open(settings).await.unwrap();
    portal.start();
    let job = portal::sources::sync(&portal, &Actor::Operator, None).await.unwrap();
    for _ in 0..600 {
        if portal::jobs::get(&portal, &Actor::Operator, &job).await.unwrap().state.is_over() {
            break;
        }
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    }
    let treasury = [EntityRef::new("component", "default", "treasury")];
    portal::catalog::correct(&portal, &Actor::Operator, &treasury, "/spec/type", Some("library")).await.unwrap();
    let changes = BTreeMap::from([
        ("harbour".to_owned(), proposed(&portal, "harbour").await),
        ("treasury".to_owned(), proposed(&portal, "treasury").await),
    ]);
    let runs = BTreeMap::from([
        ("harbour".to_owned(), launched(&portal, "harbour", "made").await),
        ("treasury".to_owned(), launched(&portal, "treasury", "vault").await),
    ]);
    let access = BTreeMap::from([
        ("harbour".to_owned(), asked(&portal, "harbour").await),
        ("treasury".to_owned(), asked(&portal, "treasury").await),
    ]);
    let (stop, stopping) = watch::channel(false);
    let server = Server::new(Inner {
        portal: portal.clone(),
        site: Site::open(),
        assets: app::Assets::default(),
        reach: Reach { loopback: true, demo: false, public_host: None, secure: false },
        metrics: PrometheusBuilder::new().build_recorder().handle(),
        stopping,
    });
    World { router: router(server), portal, job, changes, runs, access, _stop: stop, _folder: folder }
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

/// Access that a component asks for; its id, and that of the request.
async fn asked(portal: &Portal, name: &str) -> (String, String) {
    let ask = Ask {
        consumer: Some(EntityRef::new("component", "default", name)),
        api: Some(EntityRef::new("api", "default", name)),
        scopes: vec!["berths.read".to_owned()],
        environments: vec!["production".to_owned()],
        ..Ask::default()
    };
    let request = portal::access::ask(portal, &Actor::Operator, &ask).await.unwrap();
    let found = portal::access::request(portal, &Actor::Operator, &request).await.unwrap();
    (found.atoms[0].id.clone(), request)
}

/// A project that is made from a template; the id of the launch.
async fn launched(portal: &Portal, name: &str, destination: &str) -> String {
    let launch = Launch::new(EntityRef::new("template", "default", name), destination, name);
    let id = runs::launch(portal, &Actor::Operator, launch).await.unwrap();
    for _ in 0..600 {
        if runs::get(portal, &Actor::Operator, &id).await.unwrap().run.state == RunState::Done {
            return id;
        }
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    }
    panic!("{:?}", runs::get(portal, &Actor::Operator, &id).await.unwrap())
}

fn repository(path: &Path) {
    std::fs::create_dir_all(path).unwrap();
    let name = path.file_name().unwrap().to_str().unwrap();
    std::fs::write(path.join("README.md"), format!("# {name}\n\nKeeps the {name}.\n")).unwrap();
    std::fs::create_dir_all(path.join("docs")).unwrap();
    std::fs::write(path.join("docs/index.md"), format!("# Manual\n\nKeeps the {name} too.\n")).unwrap();
    let starter = path.join("starters").join(name);
    std::fs::create_dir_all(starter.join("{{cookiecutter.slug}}")).unwrap();
    let questions = format!(r#"{{"slug": "{name}-boat", "sails": ["one", "two"]}}"#);
    std::fs::write(starter.join("cookiecutter.json"), questions).unwrap();
    std::fs::write(starter.join("{{cookiecutter.slug}}/README.md"), "# {{ cookiecutter.sails }}\n").unwrap();
    let picture = "<svg xmlns='http://www.w3.org/2000/svg'><script>alert(1)</script></svg>";
    std::fs::write(path.join("docs/picture.svg"), picture).unwrap();
    let descriptor = format!(
        "apiVersion: backstage.io/v1alpha1\nkind: Component\nmetadata:\n  name: {name}\nspec:\n  type: service\n  \
         lifecycle: production\n  owner: crew\n  providesApis: [{name}]\n---\napiVersion: backstage.io/v1alpha1\nkind: API\n\
         metadata: {{name: {name}}}\nspec: {{type: openapi, lifecycle: production, owner: crew, definition: 'openapi: 3.1.0'}}\n"
    );
    let offer = format!(
        "apiVersion: slipway.dev/v1\nkind: AccessManifest\nmetadata: {{component: {name}}}\nexposes:\n  - api: {name}\n    \
         scopes: [{{name: berths.read, sensitivity: internal, description: Keeps the {name} too.}}]\n"
    );
    std::fs::write(path.join("access.yaml"), offer).unwrap();
    let people = match name {
        "harbour" => {
            "---\napiVersion: backstage.io/v1alpha1\nkind: Group\nmetadata: {name: crew}\nspec: {type: team, children: []}\n---\n\
             apiVersion: backstage.io/v1alpha1\nkind: User\nmetadata: {name: olga}\nspec: {memberOf: [crew], profile: {email: \
             olga@example.com}}\n"
        }
        _ => "",
    };
    std::fs::write(path.join("catalog-info.yaml"), descriptor + people).unwrap();
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

/// Somebody who asks: from where, and with which cookie.
#[derive(Debug, Clone)]
struct Who {
    peer: &'static str,
    cookie: Option<String>,
}

const OPERATOR: &Who = &Who { peer: "127.0.0.1:50000", cookie: None };
const VISITOR: &Who = &Who { peer: "192.0.2.7:50000", cookie: None };

impl World {
    /// Posts JSON as a program would, with a key by which it counts once where there is one; status and JSON of the answer.
    async fn sent(&self, path: &str, body: &Value, key: Option<&str>, who: &Who) -> (StatusCode, Value) {
        let mut request = Request::builder().method(Method::POST).uri(path).body(Body::from(body.to_string())).unwrap();
        let headers = request.headers_mut();
        headers.insert(header::HOST, "127.0.0.1:3000".parse().unwrap());
        headers.insert(header::CONTENT_TYPE, "application/json".parse().unwrap());
        if let Some(key) = key {
            headers.insert("idempotency-key", key.parse().unwrap());
        }
        headers.insert(header::COOKIE, who.cookie.clone().unwrap_or_default().parse().unwrap());
        request.extensions_mut().insert(ConnectInfo(who.peer.parse::<SocketAddr>().unwrap()));
        let response = self.router.clone().oneshot(request).await.unwrap();
        let status = response.status();
        let bytes = axum::body::to_bytes(response.into_body(), 1 << 20).await.unwrap();
        (status, serde_json::from_slice(&bytes).unwrap_or_default())
    }

    /// The JSON of what can be read.
    async fn json(&self, path: &str, who: &Who) -> Value {
        let (status, text) = self.text(path, who).await;
        assert_eq!(status, StatusCode::OK, "{path}: {text}");
        serde_json::from_str(&text).unwrap()
    }

    /// Whoever signs in, by what they are. From now on the person at the machine is nobody in particular.
    async fn people(&self) -> [(&'static str, Who); 4] {
        let who = async |name: &'static str, group: &str| {
            let claims = Claims {
                issuer: identity::LOCAL.to_owned(),
                subject: name.to_owned(),
                provider: "id".to_owned(),
                name: name.to_owned(),
                email: Some(format!("{name}@example.com")),
                email_verified: true,
                groups: vec![group.to_owned()],
                ..Claims::default()
            };
            let opened = identity::open(&self.portal, &claims, &Client::default(), None).await.unwrap();
            let cookie = Some(format!("slipway-session={}", opened.cookie.expose()));
            Who { peer: VISITOR.peer, cookie }
        };
        [
            ("member", who("mia", "everybody").await),
            ("owner", who("olga", "everybody").await),
            ("auditor", who("otto", "auditors").await),
            ("administrator", who("anna", "administrators").await),
        ]
    }

    async fn ask(&self, method: &Method, path: &str, who: &Who, headers: &[(&str, &str)]) -> Response {
        let peer: SocketAddr = who.peer.parse().unwrap();
        let mut request = Request::builder().method(method).uri(path).body(Body::empty()).unwrap();
        request.headers_mut().insert(header::HOST, "127.0.0.1:3000".parse().unwrap());
        for (name, value) in headers {
            request.headers_mut().insert(HeaderName::from_bytes(name.as_bytes()).unwrap(), value.parse().unwrap());
        }
        if let Some(cookie) = &who.cookie {
            request.headers_mut().insert(header::COOKIE, cookie.parse().unwrap());
        }
        request.extensions_mut().insert(ConnectInfo(peer));
        self.router.clone().oneshot(request).await.unwrap()
    }

    async fn text(&self, path: &str, who: &Who) -> (StatusCode, String) {
        let response = self.ask(&Method::GET, path, who, &[]).await;
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
            .replace(
                "{id}",
                match path {
                    _ if path.contains("/changes/") => &self.changes[name],
                    _ if path.contains("/runs/") => &self.runs[name],
                    _ if path.contains("/access/requests/") => &self.access[name].1,
                    _ if path.contains("/access/") => &self.access[name].0,
                    _ => &self.job,
                },
            )
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn everybody_gets_what_the_table_promises() {
    let world = world().await;
    let mut seen: BTreeMap<String, (Permission, Vec<u16>)> = BTreeMap::new();
    let walk = async |seen: &mut BTreeMap<String, (Permission, Vec<u16>)>, who: &Who| {
        for route in table() {
            // Streams have tests of their own, and who signs out is gone.
            if route.path.ends_with("/events") || route.path.ends_with("/sign-out") {
                continue;
            }
            let path = world.fill(route.path, "harbour");
            let status = world.ask(&route.method, &path, who, &[]).await.status();
            // Leptos answers every error of a call with 500, also that of an empty body.
            let is_call = route.path.starts_with("/calls");
            assert!(!status.is_server_error() || is_call, "{} {path}: {status}", route.method);
            let name = format!("{} {}", route.method, route.path);
            seen.entry(name).or_insert((route.permission, Vec::new())).1.push(status.as_u16());
        }
    };
    walk(&mut seen, OPERATOR).await;
    walk(&mut seen, VISITOR).await;
    for (_, who) in world.people().await {
        walk(&mut seen, &who).await;
    }
    assert_eq!(world.ask(&Method::GET, "/audit", OPERATOR, &[]).await.status(), StatusCode::UNAUTHORIZED);
    let row = |(route, (permission, all)): (&String, &(Permission, Vec<u16>))| {
        let all: Vec<String> = all.iter().map(u16::to_string).collect();
        format!("{route}: {permission:?} {}\n", all.join(" "))
    };
    let walked: String = seen.iter().map(row).collect();
    insta::assert_snapshot!(format!("operator visitor member owner auditor administrator\n{walked}"));
    for (route, (permission, all)) in &seen {
        use Permission::{AskAccess, Audit, ChangeAccess, Correct, DecideAccess, ImportAccess, Launch, Own, Propose};
        use Permission::{ReadAll, Remove, Review, SeeOwn, SetUp, Sync, Trust, Watch};
        let [operator, visitor, member, owner, auditor, administrator] = all[..] else { panic!("{route}") };
        let refused = |status: u16| status == 401 || status == 403;
        match permission {
            Sync | SetUp | Remove | Trust | ImportAccess => {
                assert!([visitor, member, owner, auditor].into_iter().all(refused), "{route}")
            }
            // What becomes of a run is up to whoever launched it; what they say of it is a body, which is missed first.
            Launch if route.contains("/runs/{id}/") && !route.ends_with("/feedback") => {
                assert!([visitor, owner, auditor].into_iter().all(refused), "{route}");
            }
            Correct | Propose | Launch | AskAccess => {
                assert!(refused(visitor) && refused(auditor) && !refused(owner), "{route}")
            }
            // What is done decides who may: an auditor may be one of those who review.
            ChangeAccess => assert!(refused(visitor) && !refused(auditor) && !refused(owner), "{route}"),
            Watch | Audit | ReadAll => {
                assert!([visitor, member, owner].into_iter().all(refused) && !refused(auditor), "{route}")
            }
            SeeOwn | Own | Review | DecideAccess => {
                assert!(refused(visitor) && refused(operator) && !refused(member), "{route}")
            }
            _ => assert!(![visitor, member, auditor].into_iter().any(refused), "{route}"),
        }
        // Where a forge sends a browser back that nobody has sent there.
        let is_answer = route.ends_with("/created");
        assert!(!refused(administrator) || is_answer, "{route}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_only_readers_may_see_is_nowhere_for_anybody_else() {
    let world = world().await;
    let (status, text) = world.text("/api/v1/catalog/default/component/treasury", OPERATOR).await;
    assert_eq!(status, StatusCode::OK, "{text}");
    let [member, owner, auditor, administrator] = world.people().await;
    for (_, who) in [&auditor, &administrator] {
        assert_eq!(world.text("/catalog/default/component/treasury", who).await.0, StatusCode::OK);
    }
    // Whose group owns it may read it no more than anybody else: the forge says who reads.
    for (name, who) in [("visitor", VISITOR.clone()), member, owner] {
        for route in table().into_iter().filter(|route| route.method == Method::GET && !route.path.ends_with("/events"))
        {
            let secret = world.fill(route.path, "treasury");
            let (status, text) = world.text(&secret, &who).await;
            let is_about =
                matches!(route.permission, Permission::Read | Permission::Launch) && route.path.contains('{');
            if is_about {
                let is_shut = route.permission == Permission::Launch && name == "visitor";
                let expected = if is_shut { StatusCode::UNAUTHORIZED } else { StatusCode::NOT_FOUND };
                assert_eq!(status, expected, "{name} {secret}: {text}");
            }
            // A page that does not exist may repeat what was asked for; it may know nothing else of it.
            let leaks = if is_about { text.contains("Keeps the treasury") } else { text.contains("treasury") };
            assert!(!leaks, "{secret} tells a {name} of the treasury");
            if route.permission == Permission::Read {
                let (status, text) = world.text(&world.fill(route.path, "harbour"), &who).await;
                let images = route.path.contains("/raw/");
                let expected = if images { StatusCode::NOT_FOUND } else { StatusCode::OK };
                assert_eq!(status, expected, "{name} {}: {text}", route.path);
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_browser_signs_in_and_out_and_a_token_works_until_it_is_revoked() {
    let world = world().await;
    let code = identity::first_link(&world.portal).await.unwrap().unwrap();
    let (status, page) = world.text(&format!("/sign-in/first?code={}", code.expose()), OPERATOR).await;
    assert!(status == StatusCode::OK && page.contains("new-password"), "{page}");
    let form = async |path: &str, body: String, who: &Who| {
        let mut request = Request::builder().method(Method::POST).uri(path).body(Body::from(body)).unwrap();
        let headers = request.headers_mut();
        headers.insert(header::HOST, "127.0.0.1:3000".parse().unwrap());
        headers.insert(header::CONTENT_TYPE, "application/x-www-form-urlencoded".parse().unwrap());
        if let Some(cookie) = &who.cookie {
            headers.insert(header::COOKIE, cookie.parse().unwrap());
        }
        request.extensions_mut().insert(ConnectInfo(who.peer.parse::<SocketAddr>().unwrap()));
        world.router.clone().oneshot(request).await.unwrap()
    };
    let cookies = |response: &Response| -> Vec<String> {
        response.headers().get_all(header::SET_COOKIE).iter().map(|value| value.to_str().unwrap().to_owned()).collect()
    };
    let body = format!("code={}&name=admin&password=correct+horse+battery", code.expose());
    let made = form("/actions/identity/first", body, VISITOR).await;
    assert_eq!(made.headers()[header::LOCATION], "/me");
    let cookie = cookies(&made).into_iter().find(|cookie| cookie.starts_with("slipway-session=")).unwrap();
    assert!(cookie.ends_with("; Path=/; HttpOnly; SameSite=Lax"), "{cookie}");
    let admin = Who { peer: VISITOR.peer, cookie: cookie.split(';').next().map(str::to_owned) };
    let (status, page) = world.text("/me", &admin).await;
    assert!(status == StatusCode::OK && page.contains("Administrator") && page.contains("This one"), "{page}");

    // Nothing of it works from another site, nor is anybody led away.
    let wrong =
        form("/actions/identity/sign-in", "name=admin&password=wrong&return=//evil.example".to_owned(), VISITOR).await;
    assert!(wrong.headers()[header::LOCATION].to_str().unwrap().starts_with("/sign-in?"), "{:?}", wrong.headers());
    let right = "name=admin&password=correct+horse+battery&return=//evil.example";
    let right = form("/actions/identity/sign-in", right.to_owned(), VISITOR).await;
    assert_eq!(right.headers()[header::LOCATION], "/");

    let made = form("/actions/identity/token", "name=ci&scope=read&days=7".to_owned(), &admin).await;
    let flash = cookies(&made).into_iter().find(|cookie| cookie.starts_with("slipway-flash=")).unwrap();
    let shown = Who {
        cookie: Some(format!("{}; {}", admin.cookie.clone().unwrap(), flash.split(';').next().unwrap())),
        ..admin.clone()
    };
    let (_, page) = world.text("/me/tokens", &shown).await;
    let token = format!("slipway_{}", page.split("<code>slipway_").nth(1).unwrap().split('<').next().unwrap());
    assert!(!world.text("/me/tokens", &admin).await.1.contains(&token), "it is shown once");
    let bearer = format!("Bearer {token}");
    let by_token = async |method: &Method, path: &str| {
        world.ask(method, path, VISITOR, &[("authorization", bearer.as_str())]).await.status()
    };
    assert_eq!(by_token(&Method::GET, "/api/v1/audit").await, StatusCode::OK);
    assert_eq!(by_token(&Method::POST, "/api/v1/sync").await, StatusCode::FORBIDDEN, "it only reads");
    let by_query = world.ask(&Method::GET, &format!("/api/v1/audit?access_token={token}"), VISITOR, &[]).await;
    assert_eq!(by_query.status(), StatusCode::UNAUTHORIZED, "a token in an address is none");
    let id = page.split("name=\"id\" value=\"").nth(1).unwrap().split('"').next().unwrap().to_owned();
    form("/actions/identity/revoke", format!("id={id}"), &admin).await;
    let refused = world.ask(&Method::GET, "/api/v1/audit", VISITOR, &[("authorization", bearer.as_str())]).await;
    assert_eq!(
        (refused.status(), refused.headers()[header::WWW_AUTHENTICATE].to_str().unwrap()),
        (StatusCode::UNAUTHORIZED, "Bearer")
    );

    let (_, log) = world.text("/audit.jsonl", &admin).await;
    for action in ["account.password", "session.open", "session.refuse", "token.make", "token.revoke"] {
        assert!(log.contains(&format!("\"{action}\"")), "{action}: {log}");
    }
    assert!(log.contains("\"address\":\"192.0.2.7\"") && !log.contains("horse") && !log.contains(&token), "{log}");
    let (_, csv) = world.text("/audit.csv?action=token.", &admin).await;
    assert_eq!(csv.lines().count(), 3, "{csv}");
    let (_, page) = world.text("/audit?q=ci", &admin).await;
    assert!(!page.contains("Nothing matches") || page.contains("token.make"), "{page}");

    for closed in ["/me", "/me/tokens", "/audit", "/audit.csv", "/sign-in", "/api/v1/audit"] {
        let answer = world.ask(&Method::GET, closed, &admin, &[]).await;
        assert_eq!(answer.headers()[header::CACHE_CONTROL], "no-store", "{closed}");
    }
    let out = form("/actions/identity/sign-out", String::new(), &admin).await;
    assert_eq!(out.headers()["clear-site-data"], "\"cache\"");
    let (_, page) = world.text("/", &admin).await;
    assert!(page.contains("Sign in") && world.text("/me", &admin).await.0 == StatusCode::UNAUTHORIZED, "{page}");
    // A page that needs somebody leads there and back.
    let led = world.ask(&Method::GET, "/audit?q=x", VISITOR, &[("accept", "text/html")]).await;
    assert_eq!(led.headers()[header::LOCATION], "/sign-in?return=%2Faudit%3Fq%3Dx");
    let stale = [("accept", "text/html"), ("referer", "http://127.0.0.1:3000/unsure?page=2")];
    let led = world.ask(&Method::POST, "/actions/catalog/correct", VISITOR, &stale).await;
    assert_eq!(led.headers()[header::LOCATION], "/sign-in?return=%2Funsure%3Fpage%3D2");
}

#[tokio::test(flavor = "multi_thread")]
async fn every_answer_carries_the_policy_and_an_id() {
    let world = world().await;
    for path in ["/", "/nothing-here", "/healthz", "/api/v1/summary", "/api/v1/nothing"] {
        let response = world.ask(&Method::GET, path, OPERATOR, &[]).await;
        let headers = response.headers();
        let policy = headers[header::CONTENT_SECURITY_POLICY].to_str().unwrap().to_owned();
        assert!(policy.starts_with("default-src 'none'; script-src 'nonce-"), "{path}: {policy}");
        for part in ["base-uri 'none'", "frame-ancestors 'none'", "style-src 'self'", "form-action 'self';"] {
            assert!(policy.contains(part), "{path}: {policy}");
        }
        assert_eq!(headers[header::X_CONTENT_TYPE_OPTIONS], "nosniff");
        assert_eq!(headers[header::REFERRER_POLICY], "same-origin");
        assert_eq!(headers["cross-origin-opener-policy"], "same-origin");
        assert!(!headers.contains_key(header::ACCESS_CONTROL_ALLOW_ORIGIN), "no other site reads it");
        let kept = if path == "/" || path == "/nothing-here" { "private, no-cache" } else { "no-store" };
        if path != "/api/v1/nothing" {
            assert_eq!(headers[header::CACHE_CONTROL], kept, "{path}");
        }
        let kind = headers[header::CONTENT_TYPE].to_str().unwrap();
        assert!(!kind.starts_with("text/") || kind.contains("charset=utf-8"), "{path}: {kind}");
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
async fn a_picture_out_of_a_repository_runs_nothing() {
    let world = world().await;
    let response = world.ask(&Method::GET, "/repositories/harbour/raw/docs/picture.svg", VISITOR, &[]).await;
    let headers = response.headers();
    assert_eq!(
        (response.status(), &headers[header::CONTENT_TYPE]),
        (StatusCode::OK, &"image/svg+xml; charset=utf-8".parse().unwrap())
    );
    let policy = headers[header::CONTENT_SECURITY_POLICY].to_str().unwrap();
    assert!(policy.starts_with("sandbox; default-src 'none';") && !policy.contains("script-src"), "{policy}");
    assert_eq!(headers[header::X_CONTENT_TYPE_OPTIONS], "nosniff");
    let page = world.ask(&Method::GET, "/repositories/harbour/raw/docs/index.md", VISITOR, &[]).await;
    assert_eq!(page.status(), StatusCode::NOT_FOUND, "nothing but images is served raw");
}

#[tokio::test(flavor = "multi_thread")]
async fn another_site_cannot_act_through_a_browser() {
    let world = world().await;
    let crossing = [("sec-fetch-site", "cross-site"), ("origin", "https://evil.example")];
    for route in table().into_iter().filter(|route| route.method == Method::POST) {
        let response = world.ask(&Method::POST, route.path, OPERATOR, &crossing).await;
        assert_eq!(response.status(), StatusCode::FORBIDDEN, "{}", route.path);
    }
    // What a GET does can be asked for by any link; what a browser shows of itself by TRACE is not to be had.
    assert_eq!(world.ask(&Method::TRACE, "/", OPERATOR, &[]).await.status(), StatusCode::METHOD_NOT_ALLOWED);
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
    let hears = async |after: i64, peer: &Who| {
        let path = format!("/api/v1/catalog/events?after={after}");
        let mut body = world.ask(&Method::GET, &path, peer, &[]).await.into_body().into_data_stream();
        let first = tokio::time::timeout(std::time::Duration::from_millis(700), body.next()).await.ok()?;
        Some(String::from_utf8_lossy(&first.unwrap().unwrap()).into_owned())
    };
    let text = hears(0, VISITOR).await.unwrap();
    assert!(text.contains("event: changed"), "{text}");
    let place: i64 = text.split("data: ").nth(1).unwrap().split_whitespace().next().unwrap().parse().unwrap();
    assert_eq!((hears(place, OPERATOR).await, hears(place, VISITOR).await), (None, None));
    let treasury = [EntityRef::new("component", "default", "treasury")];
    let lifecycle = Some("deprecated");
    portal::catalog::correct(&world.portal, &Actor::Operator, &treasury, "/spec/lifecycle", lifecycle).await.unwrap();
    assert!(hears(place, OPERATOR).await.is_some() && hears(place, VISITOR).await.is_none());
}

#[test]
fn the_api_is_described() {
    let described = serde_json::to_value(<crate::api::Api as utoipa::OpenApi>::openapi()).unwrap();
    let paths: Vec<&String> = described["paths"].as_object().unwrap().keys().collect();
    for route in table().into_iter().filter(|route| route.path.starts_with("/api/")) {
        assert!(paths.iter().any(|path| *path == route.path), "{} is not described", route.path);
    }
}
