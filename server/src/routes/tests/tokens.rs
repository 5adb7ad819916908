//! Tokens of services, over HTTP.

use axum::body::Body;
use axum::extract::ConnectInfo;
use axum::http::{Method, Request, StatusCode, header};
use portal::audit::{self, AuditFilter};
use portal::identity::Actor;

use super::{OPERATOR, VISITOR, Who, world};

#[tokio::test(flavor = "multi_thread")]
async fn a_service_gets_what_its_token_says() {
    let world = world().await;
    let [.., (_, administrator)] = world.people().await;
    let post = async |path: &str, kind: &str, body: String, who: &Who| {
        let mut request = Request::builder().method(Method::POST).uri(path).body(Body::from(body)).unwrap();
        let headers = request.headers_mut();
        headers.insert(header::HOST, "127.0.0.1:3000".parse().unwrap());
        headers.insert(header::CONTENT_TYPE, kind.parse().unwrap());
        headers.insert(header::COOKIE, who.cookie.clone().unwrap().parse().unwrap());
        request.extensions_mut().insert(ConnectInfo(who.peer.parse::<std::net::SocketAddr>().unwrap()));
        let response = tower::ServiceExt::oneshot(world.router.clone(), request).await.unwrap();
        let status = response.status();
        let bytes = axum::body::to_bytes(response.into_body(), 1 << 20).await.unwrap();
        (status, String::from_utf8_lossy(&bytes).into_owned())
    };
    let wish = |scopes: &str, reads: &str| {
        format!(r#"{{"name": "ci", "owner": "group:crew", "scopes": [{scopes}], "reads": "{reads}", "days": 9}}"#)
    };
    for wrong in [wish(r#""own""#, "public"), wish(r#""read""#, "all"), wish("", "public")] {
        let (status, text) = post("/api/v1/tokens", "application/json", wrong, &administrator).await;
        assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY, "{text}");
    }
    let made = async |scopes: &str, reads: &str| {
        let (status, text) = post("/api/v1/tokens", "application/json", wish(scopes, reads), &administrator).await;
        assert_eq!(status, StatusCode::CREATED, "{text}");
        let made: serde_json::Value = serde_json::from_str(&text).unwrap();
        (made["id"].as_str().unwrap().to_owned(), format!("Bearer {}", made["token"].as_str().unwrap()))
    };
    let ask = async |method: &Method, path: &str, bearer: &str| {
        world.ask(method, path, VISITOR, &[("authorization", bearer)]).await.status()
    };
    let (id, public) = made(r#""read""#, "public").await;
    let secret = "/api/v1/catalog/default/component/treasury";
    assert_eq!(ask(&Method::GET, "/api/v1/catalog/default/component/harbour", &public).await, StatusCode::OK);
    assert_eq!(ask(&Method::GET, secret, &public).await, StatusCode::NOT_FOUND);
    for (method, path) in [(&Method::POST, "/api/v1/sync"), (&Method::GET, "/me"), (&Method::GET, "/api/v1/tokens")] {
        assert_eq!(ask(method, path, &public).await, StatusCode::FORBIDDEN, "{path}");
    }
    let (_, all) = made(r#""read", "sync""#, "everything").await;
    assert_eq!(ask(&Method::GET, secret, &all).await, StatusCode::OK);
    assert_eq!(ask(&Method::POST, "/api/v1/sync", &all).await, StatusCode::ACCEPTED);
    let filter = AuditFilter { action: "source.sync".to_owned(), ..AuditFilter::default() };
    let log = audit::list(&world.portal, &Actor::Operator, &filter, None, 1).await.unwrap();
    assert_eq!(log[0].actor, "service:ci");

    // One that launches: what it has launched itself, it may take back.
    let (_, launcher) = made(r#""launch""#, "public").await;
    let launch = async |bearer: &str| {
        let body = r#"{"template": "template:default/harbour", "answers": {"slug": "dory"}, "destination": "made"}"#;
        let request = Request::builder().method(Method::POST).uri("/api/v1/runs");
        let request = request.header(header::HOST, "127.0.0.1:3000").header(header::CONTENT_TYPE, "application/json");
        let mut request = request.header(header::AUTHORIZATION, bearer).body(Body::from(body)).unwrap();
        request.extensions_mut().insert(ConnectInfo(VISITOR.peer.parse::<std::net::SocketAddr>().unwrap()));
        let response = tower::ServiceExt::oneshot(world.router.clone(), request).await.unwrap();
        let status = response.status();
        let bytes = axum::body::to_bytes(response.into_body(), 1 << 20).await.unwrap();
        (status, serde_json::from_slice::<serde_json::Value>(&bytes).unwrap())
    };
    assert_eq!(launch(&public).await.0, StatusCode::FORBIDDEN);
    let (status, own) = launch(&launcher).await;
    assert_eq!((status, &own["run"]["by"]), (StatusCode::ACCEPTED, &"service:ci".into()), "{own}");
    let run = format!("/api/v1/runs/{}", own["run"]["id"].as_str().unwrap());
    assert_eq!(ask(&Method::GET, &format!("{run}/log"), &launcher).await, StatusCode::OK);
    let others = format!("/api/v1/runs/{}/cancel", world.runs["harbour"]);
    assert_eq!(ask(&Method::POST, &others, &launcher).await, StatusCode::FORBIDDEN);
    assert_eq!(ask(&Method::GET, "/api/v1/audit", &launcher).await, StatusCode::FORBIDDEN);

    let (_, page) = world.text("/people/tokens", &administrator).await;
    assert!(page.contains("group:crew") && page.contains("reads everything") && !page.contains(&all[7..]), "{page}");
    let revoke = format!("/api/v1/tokens/{id}/revoke");
    assert_eq!(post(&revoke, "application/json", String::new(), &administrator).await.0, StatusCode::NO_CONTENT);
    assert_eq!(ask(&Method::GET, "/api/v1/catalog", &public).await, StatusCode::UNAUTHORIZED);

    let form = "name=nightly&owner=platform&may%5B%5D=read&may%5B%5D=audit&reads=public&days=30".to_owned();
    let kind = "application/x-www-form-urlencoded";
    post("/actions/identity/service-token", kind, form, &administrator).await;
    let (_, page) = world.text("/people/tokens", &administrator).await;
    assert!(page.contains("nightly") && page.contains("read, audit; reads public"), "{page}");
    let id = page.split("name=\"id\" value=\"").nth(1).unwrap().split('"').next().unwrap().to_owned();
    post("/actions/identity/revoke-service", kind, format!("id={id}"), &administrator).await;
    assert!(world.text("/people/tokens", &administrator).await.1.contains("revoked"));
    assert_eq!(world.text("/people/tokens", OPERATOR).await.0, StatusCode::UNAUTHORIZED, "there are accounts now");
}
