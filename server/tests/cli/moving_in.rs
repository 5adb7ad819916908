//! `slipway access init` and `slipway access import`: from what is there already to manifests and grants.

use std::path::Path;

use super::{Serving, git, output};

const CHECKOUT: &str = "\
apiVersion: backstage.io/v1alpha1
kind: Component
metadata: {name: checkout}
spec: {type: service, lifecycle: production, owner: shop, consumesApis: [payments], providesApis: [orders]}
---
apiVersion: backstage.io/v1alpha1
kind: API
metadata: {name: orders}
spec: {type: openapi, lifecycle: production, owner: shop, definition: {$text: ./openapi.yaml}}
";
const OPENAPI: &str =
    "openapi: 3.1.0\ninfo: {title: Orders, version: 1.0.0}\npaths:\n  /orders:\n    get: {}\n    post: {}\n";
const PAYMENTS: &str = "\
apiVersion: backstage.io/v1alpha1
kind: Component
metadata: {name: payments-service}
spec: {type: service, lifecycle: production, owner: money, providesApis: [payments]}
---
apiVersion: backstage.io/v1alpha1
kind: API
metadata: {name: payments}
spec: {type: openapi, lifecycle: production, owner: money, definition: 'openapi: 3.1.0'}
";
const OFFER: &str = "\
apiVersion: slipway.dev/v1
kind: AccessManifest
metadata: {component: payments-service}
exposes:
  - api: payments
    scopes: [{name: payments.charge.write, sensitivity: restricted}]
";
const GRANTS: &str = "\
consumer,api,scope,environment,approved_by,approved_at
checkout,payments,payments.charge.write,production,Ann Example,2024-03-01
";

fn repository(path: &Path, files: &[(&str, &str)]) {
    std::fs::create_dir_all(path).unwrap();
    for (name, text) in files {
        std::fs::write(path.join(name), text).unwrap();
    }
    git(path, &["init", "--quiet"]);
    git(path, &["add", "."]);
    git(path, &["commit", "--quiet", "-m", "Begin"]);
}

#[test]
fn a_manifest_is_drafted_once_and_is_valid() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("checkout");
    repository(&path, &[("catalog-info.yaml", CHECKOUT), ("openapi.yaml", OPENAPI)]);
    let (code, said, errors) = output(folder.path(), &["access", "init", "checkout"]);
    assert_eq!(code, 0, "{errors}");
    assert!(said.contains("component:default/checkout calls 1 APIs and provides 1"), "{said}");
    let text = std::fs::read_to_string(path.join("access.yaml")).unwrap();
    for part in ["api: api:default/payments", "staging", "api: api:default/orders", "GET /orders", "POST /orders"] {
        assert!(text.contains(part), "{part}: {text}");
    }
    let (code, _, errors) = output(folder.path(), &["access", "validate", "checkout"]);
    assert_eq!(code, 0, "{errors}");
    // What is there is left as it is, unless that is asked for.
    std::fs::write(path.join("access.yaml"), "mine").unwrap();
    let (code, _, errors) = output(folder.path(), &["access", "init", "checkout"]);
    assert!(code == 1 && errors.contains("--force"), "{code}: {errors}");
    assert_eq!(std::fs::read_to_string(path.join("access.yaml")).unwrap(), "mine");
    let forced = ["access", "init", "checkout", "--force", "--environment", "live"];
    assert_eq!(output(folder.path(), &forced).0, 0);
    let text = std::fs::read_to_string(path.join("access.yaml")).unwrap();
    assert!(text.contains("live") && !text.contains("staging"), "{text}");
    let (code, _, errors) = output(folder.path(), &["access", "init", "checkout", "--force", "--component", "nobody"]);
    assert!(code == 2 && errors.contains("checkout"), "{code}: {errors}");
    std::fs::create_dir(folder.path().join("empty")).unwrap();
    assert_eq!(output(folder.path(), &["access", "init", "empty"]).0, 3);
}

#[test]
fn grants_are_taken_over_at_a_portal() {
    let folder = tempfile::tempdir().unwrap();
    let work = folder.path().join("work");
    repository(&work.join("checkout"), &[("catalog-info.yaml", CHECKOUT), ("openapi.yaml", OPENAPI)]);
    repository(&work.join("payments"), &[("catalog-info.yaml", PAYMENTS), ("access.yaml", OFFER)]);
    std::fs::write(folder.path().join("grants.csv"), GRANTS).unwrap();
    std::fs::write(folder.path().join("wrong.csv"), GRANTS.replace("checkout", "nobody")).unwrap();
    let serving = Serving::start(folder.path());
    serving.wait_for("/api/v1/catalog/default/api/payments");
    let portal = format!("http://{}", serving.address);
    let import = |file: &str, more: &[&str]| {
        output(folder.path(), &[&["access", "import", file, "--portal", &portal], more].concat())
    };
    // The terms of APIs are settled just behind the catalog.
    let mut tried = import("grants.csv", &["--dry-run"]);
    for _ in 0..100 {
        if tried.0 == 0 {
            break;
        }
        std::thread::sleep(std::time::Duration::from_millis(100));
        tried = import("grants.csv", &["--dry-run"]);
    }
    assert_eq!((tried.0, tried.1.as_str()), (0, "1 would be taken over, 0 left as they are\n"), "{}", tried.2);
    let (code, said, errors) = import("wrong.csv", &[]);
    assert!(code == 2 && said.is_empty() && errors.contains("wrong.csv:2"), "{code}: {said} {errors}");
    assert_eq!(import("wrong.csv", &["--partial"]).0, 2, "nothing of it is right");
    std::fs::write(folder.path().join("some.csv"), format!("{GRANTS}nobody,payments,x,production,Ann,2024-03-01\n"))
        .unwrap();
    let (code, said, errors) = import("some.csv", &["--partial", "--dry-run"]);
    assert_eq!((code, said.as_str()), (1, "1 would be taken over, 0 left as they are\n"), "{errors}");
    assert!(errors.contains("some.csv:3:1: error: component:default/nobody is not in the catalog."), "{errors}");
    assert_eq!(import("grants.csv", &[]).1, "1 taken over, 0 left as they are\n");
    assert_eq!(import("grants.csv", &[]).1, "0 taken over, 1 left as they are\n");
    let (code, said, errors) = import("some.csv", &["--partial"]);
    assert_eq!((code, said.as_str()), (1, "0 taken over, 1 left as they are\n"), "{errors}");
    let (code, said, _) = import("grants.csv", &["--no-wait"]);
    assert!(code == 0 && said.starts_with(&format!("{portal}/jobs/")), "{said}");
    assert_eq!(import("grants.csv", &["--no-wait", "--dry-run"]).0, 64);
    std::fs::write(folder.path().join("grants"), GRANTS).unwrap();
    let (code, _, errors) = import("grants", &[]);
    assert!(code == 2 && errors.contains("--format"), "{code}: {errors}");
    assert_eq!(import("nowhere.csv", &[]).0, 3);
    drop(serving);
    assert_eq!(import("grants.csv", &[]).0, 3);
}

/// What is taken over stays so, and nothing is taken over twice, whenever the portal is killed.
#[test]
fn an_import_goes_on_where_it_was_killed() {
    const CONSUMERS: usize = 400;
    let folder = tempfile::tempdir().unwrap();
    let work = folder.path().join("work");
    let consumer = |number: usize| {
        format!(
            "apiVersion: backstage.io/v1alpha1\nkind: Component\nmetadata: {{name: c{number}}}\nspec: {{type: service, lifecycle: production, owner: shop}}\n"
        )
    };
    let all: Vec<String> = (0..CONSUMERS).map(consumer).collect();
    repository(&work.join("consumers"), &[("catalog-info.yaml", &all.join("---\n"))]);
    let scopes = ["charge.write", "charge.read", "refund.write", "refund.read"];
    let offered: Vec<String> =
        scopes.iter().map(|scope| format!("{{name: payments.{scope}, sensitivity: internal}}")).collect();
    let offer = OFFER.replace("{name: payments.charge.write, sensitivity: restricted}", &offered.join(", "));
    repository(&work.join("payments"), &[("catalog-info.yaml", PAYMENTS), ("access.yaml", &offer)]);
    let mut grants = GRANTS.lines().next().unwrap().to_owned() + "\n";
    for number in 0..CONSUMERS {
        for scope in scopes {
            for environment in ["staging", "production"] {
                grants += &format!("c{number},payments,payments.{scope},{environment},Ann Example,2024-03-01\n");
            }
        }
    }
    std::fs::write(folder.path().join("grants.csv"), &grants).unwrap();
    let total = CONSUMERS * scopes.len() * 2;

    let mut serving = Serving::start(folder.path());
    let import = |serving: &Serving, more: &[&str]| {
        let portal = format!("http://{}", serving.address);
        output(folder.path(), &[&["access", "import", "grants.csv", "--portal", &portal], more].concat())
    };
    let mut begun = import(&serving, &["--no-wait"]);
    for _ in 0..200 {
        if begun.0 == 0 {
            break;
        }
        std::thread::sleep(std::time::Duration::from_millis(100));
        begun = import(&serving, &["--no-wait"]);
    }
    assert_eq!(begun.0, 0, "{}", begun.2);
    let job = begun.1.trim().rsplit('/').next().unwrap().to_owned();
    let path = format!("/api/v1/access/imports/{job}");
    let mut seen = Vec::new();
    for round in 0..4 {
        serving.killer(std::time::Duration::from_millis(120 + 90 * round)).join().unwrap();
        serving = Serving::start(folder.path());
        let import = serving.json(&path);
        seen.push(import["imported"].as_u64().unwrap());
    }
    let start = std::time::Instant::now();
    let import = loop {
        let import = serving.json(&path);
        if !["queued", "running"].contains(&import["state"].as_str().unwrap()) {
            break import;
        }
        assert!(start.elapsed() < std::time::Duration::from_secs(120), "{import}");
        std::thread::sleep(std::time::Duration::from_millis(50));
    };
    assert!(seen.is_sorted(), "what was taken over stays so: {seen:?}");
    let counts =
        [&import["total"], &import["imported"], &import["unchanged"]].map(|count| count.as_u64().unwrap() as usize);
    assert_eq!((import["state"].as_str(), counts), (Some("succeeded"), [total, total, 0]), "{import} after {seen:?}");
    assert_eq!(serving.json("/api/v1/access?state=active&per_page=1")["total"], total);
    // Each grant was told of once.
    let (mut after, mut told) = (0, 0);
    loop {
        let feed = serving.json(&format!("/api/v1/access/feed?after={after}"));
        let rows = feed["rows"].as_array().unwrap().len();
        told += rows;
        if rows == 0 {
            break;
        }
        after = feed["next"].as_i64().unwrap();
    }
    assert_eq!((told, after as usize), (total, total));
}
