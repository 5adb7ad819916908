//! Templates and launches, over the API.

use axum::body::Body;
use axum::extract::ConnectInfo;
use axum::http::{Method, Request, StatusCode, header};
use serde_json::{Value, json};

use super::{VISITOR, Who, World, world};

impl World {
    async fn sent(&self, path: &str, body: &Value, key: &str, who: &Who) -> (StatusCode, Value) {
        let mut request = Request::builder().method(Method::POST).uri(path).body(Body::from(body.to_string())).unwrap();
        let headers = request.headers_mut();
        headers.insert(header::HOST, "127.0.0.1:3000".parse().unwrap());
        headers.insert(header::CONTENT_TYPE, "application/json".parse().unwrap());
        headers.insert("idempotency-key", key.parse().unwrap());
        headers.insert(header::COOKIE, who.cookie.clone().unwrap_or_default().parse().unwrap());
        request.extensions_mut().insert(ConnectInfo(who.peer.parse::<std::net::SocketAddr>().unwrap()));
        let response = tower::ServiceExt::oneshot(self.router.clone(), request).await.unwrap();
        let status = response.status();
        let bytes = axum::body::to_bytes(response.into_body(), 1 << 20).await.unwrap();
        (status, serde_json::from_slice(&bytes).unwrap_or_default())
    }

    async fn json(&self, path: &str, who: &Who) -> Value {
        let (status, text) = self.text(path, who).await;
        assert_eq!(status, StatusCode::OK, "{path}: {text}");
        serde_json::from_str(&text).unwrap()
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_template_is_asked_looked_at_launched_and_followed() {
    let world = world().await;
    let [(_, mia), (_, olga), ..] = world.people().await;
    let listed = world.json("/api/v1/templates", &mia).await;
    assert_eq!(listed.as_array().unwrap().len(), 1, "{listed}");
    let detail = world.json("/api/v1/templates/default/harbour", &mia).await;
    assert_eq!((&detail["template"]["dialect"], &detail["template"]["projects"]), (&json!("cookiecutter"), &json!(1)));

    let place = "/api/v1/templates/default/harbour";
    let answers = json!({ "slug": "dinghy", "sails": "three" });
    let (status, form) = world.sent(&format!("{place}/form"), &json!({ "answers": answers }), "k", &mia).await;
    let sails = &form["pages"][0]["questions"][1];
    assert!(status == StatusCode::OK && sails["name"] == "sails" && sails["error"].is_string(), "{form}");
    for (path, body) in [
        (format!("{place}/preview"), json!({ "answers": answers })),
        ("/api/v1/runs".to_owned(), json!({ "template": "template:default/harbour", "answers": answers })),
    ] {
        let (status, problem) = world.sent(&path, &body, "k", &mia).await;
        let finding = &problem["findings"]["findings"][0];
        assert_eq!(
            (status, &finding["rule"]),
            (StatusCode::UNPROCESSABLE_ENTITY, &json!("template.answer")),
            "{problem}"
        );
    }
    let answers = json!({ "slug": "dinghy", "sails": "two" });
    let (_, preview) = world.sent(&format!("{place}/preview"), &json!({ "answers": answers }), "k", &mia).await;
    assert_eq!((&preview["folder"], &preview["files"][0]["text"]), (&json!("dinghy"), &json!("# two\n")), "{preview}");
    let archive =
        format!("/templates/default/harbour/archive?a.slug=dinghy&commit={}", preview["commit"].as_str().unwrap());
    let archive = world.ask(&Method::GET, &archive, &mia, &[]).await;
    assert_eq!(archive.headers()[header::CONTENT_DISPOSITION], "attachment; filename=\"dinghy.tar.gz\"");
    let zip = world.ask(&Method::GET, "/templates/default/harbour/archive?a.slug=dinghy&as=zip", &mia, &[]).await;
    assert_eq!(zip.headers()[header::CONTENT_DISPOSITION], "attachment; filename=\"dinghy.zip\"");
    assert_eq!(zip.headers()[header::CONTENT_TYPE], "application/zip");

    let wish = json!({ "template": "template:default/harbour", "answers": answers, "destination": "made" });
    assert_eq!(world.sent("/api/v1/runs", &wish, "k", VISITOR).await.0, StatusCode::UNAUTHORIZED);
    let (status, first) = world.sent("/api/v1/runs", &wish, "k", &mia).await;
    assert_eq!(status, StatusCode::ACCEPTED, "{first}");
    let (status, again) = world.sent("/api/v1/runs", &wish, "k", &mia).await;
    assert_eq!((status, &again["run"]["id"]), (StatusCode::ACCEPTED, &first["run"]["id"]), "{again}");
    let other = json!({ "template": "template:default/harbour", "name": "other", "destination": "made" });
    assert_eq!(world.sent("/api/v1/runs", &other, "k", &mia).await.0, StatusCode::CONFLICT);

    let run = format!("/api/v1/runs/{}", first["run"]["id"].as_str().unwrap());
    let mut done = Value::Null;
    for _ in 0..600 {
        done = world.json(&run, &mia).await;
        if done["run"]["state"] == "done" {
            break;
        }
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    }
    assert_eq!((&done["run"]["state"], &done["run"]["name"]), (&json!("done"), &json!("dinghy")), "{done}");
    let body = json!({ "worked": true, "comment": "Floats" });
    assert_eq!(world.sent(&format!("{run}/feedback"), &body, "k", &olga).await.0, StatusCode::FORBIDDEN);
    assert_eq!(world.sent(&format!("{run}/feedback"), &body, "k", &mia).await.0, StatusCode::NO_CONTENT);
    let said = world.json("/api/v1/templates/default/harbour/feedback", &mia).await;
    assert_eq!((&said["worked"], &said["answers"][0]["comment"]), (&json!(1), &json!("Floats")), "{said}");
    let back = format!("href=\"/runs/{}\"", first["run"]["id"].as_str().unwrap());
    let project = format!("/repositories/{}", done["run"]["project"].as_str().unwrap());
    let (status, page) = world.text(&project, &mia).await;
    let template = "href=\"/templates/default/harbour\"";
    assert!(status == StatusCode::OK && page.contains(&back) && page.contains(template), "{page}");
    let log = world.json(&format!("{run}/log"), &mia).await;
    let last = log.as_array().unwrap().last().unwrap()["sequence"].as_i64().unwrap();
    assert_eq!(world.json(&format!("{run}/log?after={last}"), &mia).await, json!([]));
    let own = world.json("/api/v1/runs?own=true&state=done", &mia).await;
    assert_eq!((&own["total"], &own["rows"][0]["id"]), (&json!(1), &first["run"]["id"]));
    assert_eq!(world.text("/api/v1/runs?state=adrift", &mia).await.0, StatusCode::UNPROCESSABLE_ENTITY);
    for action in ["cancel", "retry", "clean"] {
        let path = format!("{run}/{action}");
        assert_eq!(world.sent(&path, &Value::Null, "k", &mia).await.0, StatusCode::CONFLICT, "{action}: it is done");
        assert_eq!(world.sent(&path, &Value::Null, "k", &olga).await.0, StatusCode::FORBIDDEN, "{action}");
    }
}
