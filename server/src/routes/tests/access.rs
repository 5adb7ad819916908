//! Access over the API: asked for, decided, checked, ended, handed over.

use std::io::Read as _;

use axum::http::{Method, StatusCode, header};
use serde_json::{Value, json};

use super::{OPERATOR, VISITOR, world};

const MANIFEST: &str = "\
apiVersion: slipway.dev/v1
kind: AccessManifest
metadata: {component: harbour}
requires:
  - {api: harbour-master, scopes: [berths.read], environments: [production]}
";

#[tokio::test(flavor = "multi_thread")]
async fn access_is_asked_for_decided_and_ended() {
    let world = world().await;
    let [(_, mia), (_, olga), (_, otto), (_, anna)] = world.people().await;
    let (atom, request) = world.access["harbour"].clone();
    let listed = world.json("/api/v1/access?consumer=harbour&state=pending&per_page=1", &mia).await;
    assert_eq!((&listed["total"], &listed["rows"][0]["id"]), (&json!(1), &json!(atom)), "{listed}");
    for wrong in ["state=granted", "consumer=", "ends_within=x", "colour=red"] {
        let (status, text) = world.text(&format!("/api/v1/access?{wrong}"), &mia).await;
        assert!(status.is_client_error() && status != StatusCode::NOT_FOUND, "{wrong}: {text}");
    }
    let waiting = world.json("/api/v1/access/waiting", &olga).await;
    assert_eq!((waiting.as_array().unwrap().len(), &waiting[0]["may_decide"]), (1, &json!(true)), "{waiting}");
    let matrix = world.json("/api/v1/access/matrix", &olga).await;
    assert_eq!((&matrix["rows"][0]["waiting"], &matrix["next"]), (&json!(1), &Value::Null), "{matrix}");
    let offer = world.json("/api/v1/access/apis/default/harbour", &mia).await;
    assert_eq!(offer["scopes"][0]["approvals"][0][1], json!([{ "from": "owner", "count": 1 }]), "{offer}");

    let decide = format!("/api/v1/access/requests/{request}/decide");
    assert_eq!(world.sent(&decide, &json!({ "approves": true }), None, VISITOR).await.0, StatusCode::UNAUTHORIZED);
    assert_eq!(world.sent(&decide, &json!({ "approves": true }), None, &mia).await.0, StatusCode::FORBIDDEN);
    assert_eq!(world.sent(&decide, &json!({ "approves": true }), None, &anna).await.0, StatusCode::FORBIDDEN);
    let (status, problem) = world.sent(&decide, &json!({ "approves": false }), None, &olga).await;
    assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY, "a denial says why: {problem}");
    assert_eq!(world.sent(&decide, &json!({ "aproves": true }), None, &olga).await.0, StatusCode::UNPROCESSABLE_ENTITY);
    let (status, decided) = world.sent(&decide, &json!({ "approves": true, "until": "30d" }), None, &olga).await;
    assert_eq!((status, &decided[0]["state"]), (StatusCode::OK, &json!("active")), "{decided}");
    assert_eq!(world.sent(&decide, &json!({ "approves": true }), None, &olga).await.0, StatusCode::CONFLICT);
    assert_eq!(world.json(&format!("/api/v1/access/requests/{request}"), &mia).await["may_decide"], false);

    let act = |deed: &str, reason: &str| json!({ "deed": deed, "ids": [atom], "reason": reason });
    assert_eq!(
        world.sent("/api/v1/access/acts", &act("end", ""), None, &olga).await.0,
        StatusCode::UNPROCESSABLE_ENTITY
    );
    assert_eq!(world.sent("/api/v1/access/acts", &act("revoke", "Over"), None, &mia).await.0, StatusCode::FORBIDDEN);
    assert_eq!(world.sent("/api/v1/access/acts", &act("revoke", "Over"), None, &otto).await.0, StatusCode::FORBIDDEN);
    let (status, after) = world.sent("/api/v1/access/acts", &act("suspend", "A pause"), None, &olga).await;
    assert_eq!((status, &after[0]["state"]), (StatusCode::OK, &json!("suspended")), "{after}");
    let (status, after) = world.sent("/api/v1/access/acts", &act("revoke", "Over"), None, &olga).await;
    assert_eq!((status, &after[0]["state"]), (StatusCode::OK, &json!("revoked")), "{after}");
    let history = world.json(&format!("/api/v1/access/{atom}"), &mia).await;
    let steps: Vec<&str> =
        history["steps"].as_array().unwrap().iter().map(|step| step["what"].as_str().unwrap()).collect();
    assert_eq!(steps, ["revoked", "suspended", "approved", "requested"], "{history}");

    let wish = json!({
        "consumer": "component:harbour", "api": "api:harbour", "scopes": ["berths.read"], "environments": ["staging"],
    });
    assert_eq!(world.sent("/api/v1/access/requests", &wish, None, &mia).await.0, StatusCode::FORBIDDEN);
    let (status, made) = world.sent("/api/v1/access/requests", &wish, None, &olga).await;
    assert_eq!((status, &made["may_decide"]), (StatusCode::CREATED, &json!(false)), "{made}");
    assert!(made["why_not"].as_str().unwrap().contains("themselves"), "{made}");
    let glass = json!({
        "consumer": "component:harbour", "api": "api:harbour", "scopes": ["berths.read"], "environments": ["production"],
        "incident": "INC-7",
    });
    let (status, taken) = world.sent("/api/v1/access/break-glass", &glass, None, &olga).await;
    assert_eq!((status, &taken["atoms"][0]["flags"]["unratified"]), (StatusCode::CREATED, &json!(true)), "{taken}");
    let unknown = json!({ "consumer": "component:treasury", "api": "api:harbour", "scopes": [], "environments": [] });
    assert_eq!(world.sent("/api/v1/access/requests", &unknown, None, &olga).await.0, StatusCode::NOT_FOUND);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_manifest_is_checked_and_those_who_may_decide_are_named() {
    let world = world().await;
    let [(_, mia), ..] = world.people().await;
    let check = async |manifest: &str, environment: &str| {
        let question =
            json!({ "manifest": manifest, "environment": environment, "path": "a/access.yaml", "commit": "c0" });
        world.sent("/api/v1/access/check", &question, None, &mia).await
    };
    // The same API under a name that its component does not provide: then it is no dependency on itself.
    let manifest = MANIFEST.replace("harbour-master", "harbour");
    let (status, answer) = check(&manifest, "production").await;
    assert_eq!(status, StatusCode::OK, "{answer}");
    let atom = &answer["atoms"][0];
    assert_eq!((&answer["schema"], &answer["manifest"]["commit"]), (&json!("access-check/v1"), &json!("c0")));
    assert_eq!(
        (&atom["state"], &atom["line"], &atom["owner"]),
        (&json!("pending"), &json!(5), &json!("group:default/crew"))
    );
    assert_eq!(atom["suggested_reviewers"], json!(["user:default/olga"]), "{answer}");
    let request = &world.access["harbour"].1;
    assert_eq!(atom["url"], json!(format!("http://127.0.0.1:3000/access/requests/{request}")));
    let findings = answer["findings"].as_array().unwrap();
    let waits = findings.iter().find(|finding| finding["rule"] == "ACC101").unwrap();
    let help = waits["help"].as_str().unwrap();
    assert!(help.contains("1 of group:default/crew (olga), at http://127.0.0.1:3000/access/requests/"), "{help}");
    assert_eq!(waits["file"], "a/access.yaml");

    // What is not asked for yet says who will have to approve it.
    let (_, answer) = check(&manifest.replace("production", "staging"), "staging").await;
    let atom = &answer["atoms"][0];
    assert_eq!((&atom["state"], &atom["approvals"]["need"]), (&json!("missing"), &json!(1)), "{answer}");
    assert_eq!(atom["suggested_reviewers"], json!(["user:default/olga"]));
    let (_, answer) = check(MANIFEST, "production").await;
    assert_eq!((&answer["outcome"], &answer["findings"][0]["rule"]), (&json!("invalid"), &json!("ACC004")), "{answer}");

    let (status, problem) = check("requires: [", "production").await;
    assert_eq!(
        (status, &problem["findings"]["findings"][0]["rule"]),
        (StatusCode::UNPROCESSABLE_ENTITY, &json!("ACC001"))
    );
    assert_eq!(check(&manifest, "moon").await.0, StatusCode::UNPROCESSABLE_ENTITY);
    // Whoever may not read a component learns nothing of its access.
    let hidden = manifest.replace("harbour", "treasury");
    assert_eq!(check(&hidden, "production").await.0, StatusCode::NOT_FOUND);
    let large = format!("# {}", "x".repeat(2_000_000));
    assert_eq!(
        check(&large, "production").await.0,
        StatusCode::UNPROCESSABLE_ENTITY,
        "its reader says that it is too large"
    );
    let huge = "x".repeat(5_000_000);
    assert_eq!(check(&huge, "production").await.0, StatusCode::PAYLOAD_TOO_LARGE);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_granted_is_handed_over_to_those_who_read_everything() {
    let world = world().await;
    let [(_, mia), (_, olga), (_, otto), _] = world.people().await;
    let decide = format!("/api/v1/access/requests/{}/decide", world.access["harbour"].1);
    assert_eq!(world.sent(&decide, &json!({ "approves": true }), None, &olga).await.0, StatusCode::OK);
    for path in ["export?format=json", "feed", "report"] {
        assert_eq!(world.text(&format!("/api/v1/access/{path}"), &mia).await.0, StatusCode::FORBIDDEN, "{path}");
    }
    let export = async |format: &str, headers: &[(&str, &str)]| {
        world.ask(&Method::GET, &format!("/api/v1/access/export?format={format}"), &otto, headers).await
    };
    let first = export("json", &[]).await;
    let tag = first.headers()[header::ETAG].to_str().unwrap().to_owned();
    assert_eq!(
        export("json", &[("if-none-match", &format!("\"x\", W/{tag}"))]).await.status(),
        StatusCode::NOT_MODIFIED
    );
    assert_eq!(export("json", &[("if-none-match", "\"x\"")]).await.status(), StatusCode::OK);
    let opa = export("opa", &[]).await;
    assert_eq!(opa.headers()[header::CONTENT_TYPE], "application/gzip");
    let bytes = axum::body::to_bytes(opa.into_body(), 1 << 20).await.unwrap();
    let mut names = Vec::new();
    let mut archive = tar::Archive::new(flate2::read::GzDecoder::new(bytes.as_ref()));
    for entry in archive.entries().unwrap() {
        let mut entry = entry.unwrap();
        let mut text = String::new();
        entry.read_to_string(&mut text).unwrap();
        names.push(entry.path().unwrap().display().to_string());
        assert!(!names.last().unwrap().ends_with("data.json") || text.contains("berths.read"), "{text}");
    }
    assert_eq!(names, [".manifest", "data.json", "slipway/access.rego"]);
    assert_eq!(export("krakend", &[]).await.status(), StatusCode::UNPROCESSABLE_ENTITY);
    assert_eq!(export("csv", &[]).await.status(), StatusCode::UNPROCESSABLE_ENTITY);
    let krakend = export("krakend&api=harbour&jwk_url=https://id.example/keys", &[]).await;
    assert_eq!(krakend.status(), StatusCode::OK);

    let feed = world.json("/api/v1/access/feed", &otto).await;
    assert_eq!(feed["rows"].as_array().unwrap().len(), 2, "{feed}");
    let behind = world.json(&format!("/api/v1/access/feed?after={}", feed["next"]), &otto).await;
    assert_eq!((&behind["rows"], &behind["next"]), (&json!([]), &feed["next"]));
    let report = world.json("/api/v1/access/report", &otto).await;
    assert_eq!(report["grants"][0]["approved_by"], json!(["user:default/olga"]), "{report}");
    let earlier = world.json("/api/v1/access/report?at=2026-01-31", &otto).await;
    assert_eq!((&earlier["grants"], &earlier["at"]), (&json!([]), &json!("2026-01-31T23:59:59.999Z")));
    let (_, csv) = world.text("/api/v1/access/report?format=csv", &otto).await;
    assert!(csv.lines().count() == 2 && csv.contains("user:default/olga"), "{csv}");

    let keys = world.json("/.well-known/jwks.json", OPERATOR).await;
    assert_eq!(keys["keys"][0]["alg"], "EdDSA");
    let bundle = world.ask(&Method::GET, "/api/v1/access/bundles/default/harbour", &mia, &[]).await;
    assert_eq!(bundle.headers()[header::CONTENT_TYPE], "application/jose");
    assert_eq!(world.text("/api/v1/access/bundles/default/treasury", &mia).await.0, StatusCode::NOT_FOUND);
    assert_eq!(world.text("/api/v1/access/bundles/default/treasury/epoch", &mia).await.0, StatusCode::NOT_FOUND);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_of_grants_may_be_as_large_as_its_route_says() {
    let world = world().await;
    let file = |lines: usize| {
        let text = "consumer,api,scope,environment,approved_by,approved_at\n".to_owned() + &"\n".repeat(lines);
        json!({ "file": "grants.csv", "text": text, "format": "csv", "dry_run": true })
    };
    // It is read, and holds nothing; a line end is two letters in JSON.
    let (status, problem) = world.sent("/api/v1/access/imports", &file(3_000_000), None, OPERATOR).await;
    assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY, "{problem}");
    assert_eq!(problem["findings"]["findings"][0]["message"], "The file holds no grants.", "{problem}");
    let check = json!({ "manifest": "x".repeat(5 << 20) });
    assert_eq!(world.sent("/api/v1/access/check", &check, None, OPERATOR).await.0, StatusCode::PAYLOAD_TOO_LARGE);
}
