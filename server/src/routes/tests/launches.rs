//! Templates and launches, over the API.

use axum::http::{Method, StatusCode, header};
use serde_json::{Value, json};

use super::{VISITOR, world};

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
    let (status, form) = world.sent(&format!("{place}/form"), &json!({ "answers": answers }), Some("k"), &mia).await;
    let sails = &form["pages"][0]["questions"][1];
    assert!(status == StatusCode::OK && sails["name"] == "sails" && sails["error"].is_string(), "{form}");
    for (path, body) in [
        (format!("{place}/preview"), json!({ "answers": answers })),
        ("/api/v1/runs".to_owned(), json!({ "template": "template:default/harbour", "answers": answers })),
    ] {
        let (status, problem) = world.sent(&path, &body, Some("k"), &mia).await;
        let finding = &problem["findings"]["findings"][0];
        assert_eq!(
            (status, &finding["rule"]),
            (StatusCode::UNPROCESSABLE_ENTITY, &json!("template.answer")),
            "{problem}"
        );
    }
    let answers = json!({ "slug": "dinghy", "sails": "two" });
    let (_, preview) = world.sent(&format!("{place}/preview"), &json!({ "answers": answers }), Some("k"), &mia).await;
    assert_eq!((&preview["folder"], &preview["files"][0]["text"]), (&json!("dinghy"), &json!("# two\n")), "{preview}");
    let archive =
        format!("/templates/default/harbour/archive?a.slug=dinghy&commit={}", preview["commit"].as_str().unwrap());
    let archive = world.ask(&Method::GET, &archive, &mia, &[]).await;
    assert_eq!(archive.headers()[header::CONTENT_DISPOSITION], "attachment; filename=\"dinghy.tar.gz\"");
    let zip = world.ask(&Method::GET, "/templates/default/harbour/archive?a.slug=dinghy&as=zip", &mia, &[]).await;
    assert_eq!(zip.headers()[header::CONTENT_DISPOSITION], "attachment; filename=\"dinghy.zip\"");
    assert_eq!(zip.headers()[header::CONTENT_TYPE], "application/zip");

    let wish = json!({ "template": "template:default/harbour", "answers": answers, "destination": "made" });
    assert_eq!(world.sent("/api/v1/runs", &wish, Some("k"), VISITOR).await.0, StatusCode::UNAUTHORIZED);
    let (status, first) = world.sent("/api/v1/runs", &wish, Some("k"), &mia).await;
    assert_eq!(status, StatusCode::ACCEPTED, "{first}");
    let (status, again) = world.sent("/api/v1/runs", &wish, Some("k"), &mia).await;
    assert_eq!((status, &again["run"]["id"]), (StatusCode::ACCEPTED, &first["run"]["id"]), "{again}");
    let other = json!({ "template": "template:default/harbour", "name": "other", "destination": "made" });
    assert_eq!(world.sent("/api/v1/runs", &other, Some("k"), &mia).await.0, StatusCode::CONFLICT);

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
    assert_eq!(world.sent(&format!("{run}/feedback"), &body, Some("k"), &olga).await.0, StatusCode::FORBIDDEN);
    assert_eq!(world.sent(&format!("{run}/feedback"), &body, Some("k"), &mia).await.0, StatusCode::NO_CONTENT);
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
        assert_eq!(
            world.sent(&path, &Value::Null, Some("k"), &mia).await.0,
            StatusCode::CONFLICT,
            "{action}: it is done"
        );
        assert_eq!(world.sent(&path, &Value::Null, Some("k"), &olga).await.0, StatusCode::FORBIDDEN, "{action}");
    }
}
