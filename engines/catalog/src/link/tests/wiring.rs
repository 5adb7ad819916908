//! Edges: what builds with what, who calls whom, and who is deployed from where.

use super::harness::*;

const PUBLISHED: &str = "[project]\nname = \"harbour_events\"\n";
const PUBLISHES: &str = "steps:\n  - uses: pypa/gh-action-pypi-publish@v1\n";

fn service(name: &str, extra: Files) -> crate::link::LinkRepository {
    let manifest = format!(
        "apiVersion: apps/v1\nkind: Deployment\nmetadata:\n  name: {name}\nspec:\n  template:\n    spec:\n      containers:\n        - image: registry.example.com/harbour/{name}:1\n"
    );
    let mut files = vec![("Dockerfile", "FROM python:3.12\nEXPOSE 80\nCMD x\n"), ("k8s/app.yaml", manifest.as_str())];
    files.extend(extra.iter().copied());
    repository(name, &files)
}

#[test]
fn packages_are_matched_as_their_ecosystem_writes_them() {
    let events = || repository("events", &[("pyproject.toml", PUBLISHED), (".github/workflows/p.yml", PUBLISHES)]);
    let linked = catalog([
        events(),
        service("ledger", &[("requirements.txt", "Harbour.Events==1\nrequests\n")]),
        service("berths", &[("requirements-dev.txt", "harbour-events\n")]),
        service("tides", &[("package.json", "{\"dependencies\": {\"harbour-events\": \"1\"}}")]),
    ]);
    assert_eq!(linked.list("component:default/ledger", "dependsOn"), ["component:default/events dependency.package"]);
    assert_eq!(
        linked.list("component:default/berths", "dependsOn"),
        ["component:default/events dependency.development"]
    );
    assert!(linked.list("component:default/tides", "dependsOn").is_empty());
}

#[test]
fn what_nobody_publishes_is_a_guess() {
    let private = service("events", &[("pyproject.toml", PUBLISHED)]);
    let linked = catalog([private, service("ledger", &[("requirements.txt", "harbour-events\n")])]);
    let ledger = linked.get("component:default/ledger");
    assert!(ledger.entity.spec.get("dependsOn").is_none());
    assert_eq!(
        ledger.guesses.iter().map(|guess| guess.value.as_str()).collect::<Vec<_>>(),
        ["component:default/events"]
    );
}

#[test]
fn hosts_are_services_of_others() {
    let calls = |value: &str| format!("LEDGER_URL={value}\n");
    let table = [
        ("http://ledger.payments.svc.cluster.local:80/x", true),
        ("http://ledger:8080", true),
        ("http://ledger.example.com", false),
        ("http://ledger-archive:80", false),
        ("http://api.payments.svc.cluster.local", false),
    ];
    for (value, found) in table {
        let linked = catalog([service("ledger", &[]), service("tides", &[(".env.production", &calls(value))])]);
        let expected: &[&str] = if found { &["component:default/ledger dependency.call"] } else { &[] };
        assert_eq!(linked.list("component:default/tides", "dependsOn"), expected, "{value}");
    }
}

#[test]
fn examples_of_configuration_call_nobody() {
    for (file, found) in
        [(".env", true), (".env.example", false), (".env.test", false), (".test.env", false), ("app.env", true)]
    {
        let linked = catalog([service("ledger", &[]), service("tides", &[(file, "LEDGER_URL=http://ledger:80\n")])]);
        assert_eq!(!linked.list("component:default/tides", "dependsOn").is_empty(), found, "{file}");
    }
}

#[test]
fn an_image_may_be_deployed_from_elsewhere() {
    let built = |workflow: &str| {
        repository("ledger", &[("Dockerfile", "FROM x\nEXPOSE 80\n"), (".github/workflows/ci.yml", workflow)])
    };
    let deploys = |image: &str| {
        let text = format!(
            "apiVersion: apps/v1\nkind: Deployment\nmetadata:\n  name: ledger\nspec:\n  template:\n    spec:\n      containers:\n        - image: {image}\n"
        );
        repository("gitops", &[("apps/ledger.yaml", &text)])
    };
    let table = [
        (
            "run: docker push registry.example.com/harbour/ledger:1",
            "registry.example.com/harbour/ledger:2",
            "type.deployed-elsewhere",
        ),
        (
            "run: docker push registry.example.com/harbour/ledger:1",
            "other.example.com/harbour/ledger:2",
            "type.deployed-elsewhere",
        ),
        ("run: true", "registry.example.com/harbour/ledger", "type.deployed-elsewhere"),
        ("run: true", "docker.io/bitnami/ledger", ""),
        ("run: true", "registry.example.com/harbour/other", ""),
    ];
    for (workflow, image, expected) in table {
        let linked = catalog([built(workflow), deploys(image)]);
        let rule = linked.rule("component:default/ledger", "/spec/type");
        let rule = if rule == "type.image" { String::new() } else { rule };
        assert_eq!(rule, expected, "{workflow} {image}");
    }
}

#[test]
fn members_of_a_monorepo_fold_or_stand() {
    let linked = catalog([repository(
        "payments",
        &[
            ("package.json", "{\"private\": true, \"workspaces\": [\"packages/*\", \"services/*\"]}"),
            (
                "packages/core/package.json",
                "{\"name\": \"@harbour/core\", \"publishConfig\": {\"access\": \"public\"}}",
            ),
            ("packages/tooling/package.json", "{\"name\": \"@harbour/tooling\", \"private\": true}"),
            (
                "services/api/package.json",
                "{\"name\": \"api\", \"private\": true, \"dependencies\": {\"@harbour/core\": \"workspace:*\"}}",
            ),
            ("services/api/Dockerfile", "FROM node\nEXPOSE 80\nCMD x\n"),
            ("services/worker/Dockerfile", "FROM node\nCMD x\n"),
            ("services/worker/index.js", "x"),
            (
                "compose.yaml",
                "services:\n  api:\n    build: services/api\n    environment:\n      WORKER: http://worker:80\n  worker:\n    build: ./services/worker\n",
            ),
        ],
    )]);
    assert_eq!(
        linked.references(),
        ["component:default/harbour-core", "component:default/payments-api", "component:default/payments-worker"]
    );
    assert_eq!(
        linked.list("component:default/payments-api", "dependsOn"),
        ["component:default/harbour-core dependency.package", "component:default/payments-worker dependency.call"]
    );
}

#[test]
fn a_copy_of_a_definition_provides_nothing() {
    let definition = "openapi: 3.0.0\ninfo:\n  title: Ledger API\n  version: '1'\npaths: {}\n";
    let spaced = definition.replace("paths: {}", "paths:   {}");
    let linked = catalog([
        service("ledger", &[("api/openapi.yaml", definition)]),
        service("tides", &[("clients/ledger/openapi.yaml", &spaced)]),
        service("berths", &[("clients/other/openapi.yaml", "openapi: 3.0.0\ninfo:\n  title: Weather\n")]),
    ]);
    let apis: Vec<_> = linked.references().into_iter().filter(|reference| reference.starts_with("api:")).collect();
    assert_eq!(apis, ["api:default/ledger-api"]);
    assert_eq!(linked.list("component:default/ledger", "providesApis"), ["ledger-api api.provided"]);
    assert_eq!(linked.list("component:default/tides", "consumesApis"), ["ledger-api api.consumed"]);
    assert!(linked.list("component:default/tides", "providesApis").is_empty());
    assert_eq!(linked.field("api:default/ledger-api", "type"), "openapi");
}

#[test]
fn settings_of_programs_name_whom_they_call() {
    let spring = "ledger:\n  url: ${LEDGER_URL:http://ledger:8080}\n";
    let net = "{\"Services\": {\"Ledger\": {\"BaseUrl\": \"http://ledger.payments.svc.cluster.local\"}}}";
    let test = "tides:\n  url: http://tides:80\n";
    let linked = catalog([
        service("ledger", &[]),
        service("tides", &[("src/main/resources/application.yml", spring)]),
        service("berths", &[("src/appsettings.Production.json", net), ("src/test/resources/application.yml", test)]),
    ]);
    for name in ["tides", "berths"] {
        let calls = linked.list(&format!("component:default/{name}"), "dependsOn");
        assert_eq!(calls, ["component:default/ledger dependency.call"], "{name}");
    }
}

#[test]
fn versions_of_an_api_are_told_apart() {
    let version =
        |number: &str| format!("openapi: 3.0.0\ninfo:\n  title: Ledger API\n  version: {number}\npaths: {{}}\n");
    let (first, again, second) = (version("1.0.0"), version("1.4.0"), version("v2.1"));
    let files: Files =
        &[("api/v1/openapi.yaml", &first), ("docs/openapi.yaml", &again), ("api/v2/openapi.yaml", &second)];
    let linked = catalog([service("ledger", files)]);
    let apis: Vec<_> = linked.references().into_iter().filter(|reference| reference.starts_with("api:")).collect();
    assert_eq!(apis, ["api:default/ledger-api", "api:default/ledger-api-v2"]);
    assert_eq!(linked.list("component:default/ledger", "providesApis").len(), 2);
}

#[test]
fn stores_are_resources_only_where_somebody_uses_them() {
    let compose = |url: &str| {
        format!(
            "services:\n  ledger:\n    build: .\n    environment:\n      DATABASE_URL: {url}\n  db:\n    image: postgres:16\n"
        )
    };
    let used = compose("postgres://db/ledger");
    let linked = catalog([repository("ledger", &[("Dockerfile", "FROM x\n"), ("compose.yaml", &used)])]);
    assert_eq!(linked.field("resource:default/ledger-db", "type"), "database");
    assert_eq!(linked.list("component:default/ledger", "dependsOn"), ["resource:default/ledger-db dependency.call"]);
    let unused = compose("sqlite.db");
    let linked = catalog([repository("ledger", &[("Dockerfile", "FROM x\n"), ("compose.yaml", &unused)])]);
    assert_eq!(linked.references(), ["component:default/ledger"]);
}

#[test]
fn what_a_published_package_needs_is_published() {
    let linked = catalog([repository(
        "runtime",
        &[
            ("Cargo.toml", "[workspace]\nmembers = [\"*\"]\n"),
            (
                "runtime/Cargo.toml",
                "[package]\nname = \"runtime\"\n[dependencies]\nruntime-macros = \"1\"\n[dev-dependencies]\nruntime-checks = \"1\"\n",
            ),
            ("runtime/README.md", "https://crates.io/crates/runtime\n"),
            ("runtime/src/lib.rs", ""),
            ("macros/Cargo.toml", "[package]\nname = \"runtime-macros\"\n"),
            ("macros/src/lib.rs", ""),
            ("checks/Cargo.toml", "[package]\nname = \"runtime-checks\"\n"),
            ("fuzz/Cargo.toml", "[package]\nname = \"fuzz\"\npublish = false\n[dependencies]\nruntime = \"1\"\n"),
        ],
    )]);
    assert_eq!(linked.references(), ["component:default/runtime", "component:default/runtime-macros"]);
    assert_eq!(linked.rule("component:default/runtime-macros", "/spec/type"), "type.published");
}

#[test]
fn one_definition_may_lie_in_many_folders() {
    let proto = |extra: &str| format!("syntax = \"proto3\";\n{extra}package shop;\nservice Cart {{\n}}\n");
    let (a, b) = (proto(""), proto("// generated\n"));
    let linked = catalog([repository(
        "shop",
        &[
            ("protos/shop.proto", &a),
            ("src/cart/src/Dockerfile", "FROM x\nEXPOSE 80\n"),
            ("src/cart/src/protos/shop.proto", &b),
            (
                "kubernetes-manifests/cart.yaml",
                "apiVersion: apps/v1\nkind: Deployment\nmetadata:\n  name: cart\nspec:\n  template:\n    spec:\n      containers:\n        - image: cart\n",
            ),
            ("protos/health.proto", "package grpc.health.v1;\nservice Health {}\n"),
        ],
    )]);
    assert_eq!(linked.references(), ["api:default/shop", "component:default/shop-cart"]);
    assert_eq!(linked.list("component:default/shop-cart", "consumesApis"), ["shop api.consumed"]);
}

#[test]
fn compose_names_the_container_file_among_many() {
    let compose = "services:\n  ad:\n    build:\n      context: ./\n      dockerfile: ${AD_DOCKERFILE}\n    environment:\n      - CART_ADDR\n      - CART=${CART_ADDR}\n  cart:\n    build:\n      context: ./\n      dockerfile: ./src/cart/Dockerfile\n";
    let linked = catalog([repository(
        "demo",
        &[
            (".env", "AD_DOCKERFILE=./src/ad/Dockerfile\nCART_ADDR=cart:${CART_PORT}\nCART_PORT=7070\n"),
            ("compose.yaml", compose),
            ("src/ad/Dockerfile", "FROM x\nCMD x\n"),
            ("src/ad/Ad.java", "x"),
            ("src/cart/Dockerfile", "FROM x\nCMD x\n"),
            ("src/cart/cart.cs", "x"),
        ],
    )]);
    assert_eq!(linked.references(), ["component:default/demo-ad", "component:default/demo-cart"]);
    assert_eq!(linked.list("component:default/demo-ad", "dependsOn"), ["component:default/demo-cart dependency.call"]);
}

#[test]
fn config_maps_name_whom_a_workload_calls() {
    let map = "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: berths\ndata:\n  LEDGER_URL: http://ledger:8080\n";
    let run = "apiVersion: apps/v1\nkind: Deployment\nmetadata:\n  name: berths\nspec:\n  template:\n    spec:\n      containers:\n        - name: berths\n          envFrom:\n            - configMapRef:\n                name: ";
    let berths = |name: &str| {
        let run = format!("{run}{name}\n");
        repository(
            "berths",
            &[("Dockerfile", "FROM x\nEXPOSE 80\n"), ("k8s/run.yaml", &run), ("k8s/settings.yaml", map)],
        )
    };
    let linked = catalog([service("ledger", &[]), berths("berths")]);
    assert_eq!(linked.list("component:default/berths", "dependsOn"), ["component:default/ledger dependency.call"]);
    let linked = catalog([service("ledger", &[]), berths("other")]);
    assert!(linked.list("component:default/berths", "dependsOn").is_empty());
}
