//! The set-up through the web server: what is missing, and a GitHub App from a manifest.

use std::time::Duration;

use fake_forge::{APP_KEY, Fake, Profile};
use portal::forge::{Authentication, Forge, ForgeSettings};
use portal::git::Secret;
use portal::settings::{GitHubLogin, GitHubOwner, GitHubSettings, Password, SourceKind};

use super::*;

/// A portal with one organisation at the fake, and the web server in front of it.
async fn acme(fake: &Fake) -> (World, Portal) {
    let folder = tempfile::tempdir().unwrap();
    let login = GitHubLogin::Token(Password::Known(Secret::new("ghp_full")));
    let owner = GitHubOwner::Organisation("acme".to_owned());
    let github = GitHubSettings { url: Some(fake.origin().to_owned()), login, ..GitHubSettings::new(owner) };
    let kind = SourceKind::GitHub(github);
    let source = SourceSettings::new("acme", kind, Visibility::Public);
    let mut settings = Settings::new(folder.path().join("data"));
    settings.poll_interval = Duration::ZERO;
    settings.sources = vec![source];
    settings.public_url = Some("https://portal.example.com".to_owned());
    let portal = Portal::open(settings).await.unwrap();
    portal.start();
    let (stop, stopping) = watch::channel(false);
    let server = Server::new(Inner {
        portal: portal.clone(),
        site: Site::open(),
        assets: app::Assets::default(),
        reach: Reach { loopback: true, demo: false, public_host: None, secure: false },
        metrics: PrometheusBuilder::new().build_recorder().handle(),
        stopping,
    });
    let (job, changes, runs) = Default::default();
    (
        World {
            router: router(server),
            portal: portal.clone(),
            job,
            changes,
            runs,
            access: BTreeMap::new(),
            _stop: stop,
            _folder: folder,
        },
        portal,
    )
}

async fn fake() -> Fake {
    let fake = Fake::start(Profile::Enterprise).await.unwrap();
    fake.state().add_repository("acme", "orders");
    fake.state().add_token("ghp_full", "ada", &["repo"]);
    fake
}

impl World {
    async fn post(&self, path: &str, form: &str) -> Response {
        let mut request = Request::builder().method(Method::POST).uri(path).body(Body::from(form.to_owned())).unwrap();
        request.headers_mut().insert(header::HOST, "127.0.0.1:3000".parse().unwrap());
        request.headers_mut().insert(header::CONTENT_TYPE, "application/x-www-form-urlencoded".parse().unwrap());
        request.headers_mut().insert(header::ACCEPT, "text/html".parse().unwrap());
        request.extensions_mut().insert(ConnectInfo(OPERATOR.peer.parse::<SocketAddr>().unwrap()));
        self.router.clone().oneshot(request).await.unwrap()
    }
}

async fn body(response: Response) -> String {
    let bytes = axum::body::to_bytes(response.into_body(), 8 * 1024 * 1024).await.unwrap();
    String::from_utf8_lossy(&bytes).into_owned()
}

fn encoded(text: &str) -> String {
    text.bytes().map(|byte| format!("%{byte:02X}")).collect()
}

/// The value of an attribute that follows `start` in a page.
fn attribute(page: &str, start: &str) -> String {
    let rest = page.split_once(start).unwrap_or_else(|| panic!("no {start} in {page}")).1;
    let value = rest.split('"').next().unwrap();
    value.replace("&quot;", "\"").replace("&#39;", "'").replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")
}

/// What a person does at the forge: gives the address to which the browser is sent.
async fn agree(fake: &Fake, page: &str) -> String {
    let action = attribute(page, "class=\"page-actions\" action=\"");
    let manifest = attribute(page, "name=\"manifest\" value=\"");
    let mut settings = ForgeSettings::enterprise(fake.origin(), Authentication::Nobody).unwrap();
    settings.api = fake.origin().parse().unwrap();
    let form = format!("manifest={}&agreed=yes", encoded(&manifest));
    let request = Request::post(action.replace(fake.origin(), "")).body(bytes::Bytes::from(form)).unwrap();
    let answer = Forge::new(&settings).unwrap().send(request).await.unwrap();
    let back = answer.headers()["location"].to_str().unwrap().to_owned();
    back.strip_prefix("http://127.0.0.1:3000").unwrap_or_else(|| panic!("{back}")).to_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_github_app_is_made_from_the_page_to_the_lines() {
    let fake = fake().await;
    let (world, portal) = acme(&fake).await;
    let (status, page) = world.text("/sources/github-app", OPERATOR).await;
    assert_eq!(status, StatusCode::OK);
    assert_eq!(attribute(&page, "placeholder=\"acme\" value=\""), "acme", "what is configured is suggested");
    for path in ["/sources/github-app", "/sources/doctor", "/sources/github-app/created?code=a&state=b"] {
        let (status, text) = world.text(path, VISITOR).await;
        assert_eq!((status, text.contains("You need to sign in")), (StatusCode::UNAUTHORIZED, true), "{path}");
    }
    let form = format!("owner=acme&kind=organisation&url={}&writes=no", encoded(fake.origin()));
    let begun = world.post("/actions/sources/github-app", &form).await;
    assert_eq!(
        (begun.status(), &begun.headers()["location"]),
        (StatusCode::FOUND, &"/sources/github-app".parse().unwrap())
    );
    let cookie = begun.headers()[header::SET_COOKIE].to_str().unwrap().to_owned();
    assert!(cookie.contains("; Path=/; Max-Age=3600; HttpOnly; SameSite=Lax"), "{cookie}");
    let cookie = cookie.split(';').next().unwrap().to_owned();
    // Only who takes a page is led on.
    let with = [("cookie", cookie.as_str()), ("accept", "text/html")];

    let response = world.ask(&Method::GET, "/sources/github-app", OPERATOR, &with).await;
    let policy = response.headers()[header::CONTENT_SECURITY_POLICY].to_str().unwrap().to_owned();
    assert!(policy.contains(&format!("form-action 'self' {};", fake.origin())), "{policy}");
    assert!(!response.headers().contains_key("slipway-form-action"));
    let page = body(response).await;
    let other = world.ask(&Method::GET, "/sources", OPERATOR, &with).await;
    assert!(other.headers()[header::CONTENT_SECURITY_POLICY].to_str().unwrap().contains("form-action 'self';"));

    let back = agree(&fake, &page).await;
    let forged = back.replace("code=", "code=0");
    let (state, stolen) = (back.split("state=").nth(1).unwrap(), "slipway-github-app=0123");
    let wrong_state = back.replace(state, &"0".repeat(64));
    for (path, headers) in [(&wrong_state, &with[..]), (&back, &[("cookie", stolen)][..]), (&back, &[][..])] {
        let refused = world.ask(&Method::GET, path, OPERATOR, headers).await;
        assert_eq!(refused.status(), StatusCode::FORBIDDEN, "{path}");
    }
    let done = world.ask(&Method::GET, &back, OPERATOR, &with).await;
    let location = done.headers()["location"].to_str().unwrap().to_owned();
    assert!(done.status().is_redirection() && location.starts_with("/sources/github-app#app-127.0.0.1"), "{location}");
    assert_eq!(world.ask(&Method::GET, &back, OPERATOR, &with).await.status(), StatusCode::FORBIDDEN, "once");

    let (_, page) = world.text("/sources/github-app", OPERATOR).await;
    assert!(page.contains("app-id = &quot;90001&quot;") && page.contains("webhook-secret-file = "), "{page}");
    assert!(page.contains("/github-apps/slipway-acme/installations/new"), "{page}");
    let line = APP_KEY.lines().nth(1).unwrap();
    assert!(!page.contains(line) && !page.contains("1726be16"), "no key, and no secret of the client");

    // A code that somebody made up, with a state that is right.
    let again = world.post("/actions/sources/github-app", &form).await;
    let cookie = again.headers()[header::SET_COOKIE].to_str().unwrap().split(';').next().unwrap().to_owned();
    let page = body(world.ask(&Method::GET, "/sources/github-app", OPERATOR, &[("cookie", &cookie)]).await).await;
    let state = attribute(&page, "settings/apps/new?state=");
    let forged = format!("{}&state={state}", forged.split('&').next().unwrap());
    let refused = world.ask(&Method::GET, &forged, OPERATOR, &[("cookie", &cookie)]).await;
    assert_eq!(refused.status(), StatusCode::SERVICE_UNAVAILABLE);
    assert!(body(refused).await.contains("its code is wrong, was used before"));
    portal.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_page_says_what_is_missing_once_somebody_has_looked() {
    let fake = fake().await;
    let (world, portal) = acme(&fake).await;
    let (_, page) = world.text("/sources/doctor", OPERATOR).await;
    assert!(page.contains("Nobody has looked yet"), "{page}");
    let started = world.post("/actions/sources/doctor", "").await;
    assert_eq!(
        (started.status(), &started.headers()["location"]),
        (StatusCode::FOUND, &"/sources/doctor".parse().unwrap())
    );
    let mut changes = portal::jobs::watch(&portal);
    let page = loop {
        let response = world.ask(&Method::GET, "/sources/doctor", OPERATOR, &[]).await;
        // A page that waits asks again by itself, one that has its answer does not.
        let waits = response.headers().contains_key(header::REFRESH);
        let page = body(response).await;
        assert_eq!(waits, page.contains("Looking at the set-up"), "{page}");
        if !waits {
            break page;
        }
        let _ = tokio::time::timeout(Duration::from_secs(1), changes.changed()).await;
    };
    assert!(page.contains("id=\"source-acme\"") && page.contains("id=\"slipway\""), "{page}");
    assert!(page.contains("Open the token there, tick read:org, and update it."), "{page}");
    assert!(!page.contains("ghp_full") && !page.contains(" style="), "{page}");
    let (_, sources) = world.text("/sources", OPERATOR).await;
    assert!(sources.contains("missing in its set-up</a>"), "{sources}");
    let (_, sources) = world.text("/sources", VISITOR).await;
    assert!(!sources.contains("/sources/doctor"), "a visitor sees no way there");
    let refused = world.ask(&Method::POST, "/actions/sources/doctor", VISITOR, &[]).await;
    assert_eq!(refused.status(), StatusCode::UNAUTHORIZED);
    portal.stop().await;
}
