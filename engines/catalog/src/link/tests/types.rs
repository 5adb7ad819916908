//! The ladder of types, with what must not climb it.

use model::repository::Standing;

use super::harness::*;

/// The type of the component of the repository `ledger`, or how the repository stands.
fn kind_of(files: Files) -> String {
    let linked = catalog([repository("ledger", files)]);
    if linked.references().contains(&"component:default/ledger".to_owned()) {
        return linked.field("component:default/ledger", "type");
    }
    linked.standings[0].1.as_str().to_owned()
}

#[test]
fn a_service_is_deployed() {
    let table: &[(&str, Files, &str)] = &[
        ("nothing", &[("README.md", "# Ledger")], "without-component"),
        ("a manifest alone", &[("pyproject.toml", MANIFEST)], "without-component"),
        ("a container file alone", &[("Dockerfile", "FROM alpine\nCMD x\n")], "without-component"),
        ("a container file that listens", &[("Dockerfile", DOCKERFILE)], "unknown?service"),
        (
            "with a server framework",
            &[("Dockerfile", "FROM x\nCMD y\n"), ("pyproject.toml", MANIFEST)],
            "unknown?service",
        ),
        ("a deployment of its image", &[("Dockerfile", DOCKERFILE), ("k8s/ledger.yaml", DEPLOYMENT)], "service"),
        (
            "a chart",
            &[
                ("Dockerfile", DOCKERFILE),
                ("chart/Chart.yaml", "apiVersion: v2\nname: ledger\n"),
                ("chart/templates/deployment.yaml", "kind: Deployment\nmetadata: {{ x }}\n"),
            ],
            "service",
        ),
        (
            "a chart of jobs",
            &[
                ("Dockerfile", DOCKERFILE),
                ("chart/Chart.yaml", "apiVersion: v2\nname: ledger\n"),
                ("chart/templates/job.yaml", "kind: CronJob\n"),
            ],
            "job",
        ),
        ("compose", &[("Dockerfile", DOCKERFILE), ("compose.yaml", "services:\n  web:\n    build: .\n")], "service"),
        (
            "compose for tests",
            &[("Dockerfile", "FROM x\nCMD y\n"), ("compose.yaml", "services:\n  test:\n    build: .\n")],
            "without-component",
        ),
        ("compose of others", &[("compose.yaml", "services:\n  db:\n    image: postgres\n")], "without-component"),
        ("a Procfile", &[("Procfile", "web: gunicorn x\n"), ("x.py", "x = 1")], "service"),
        ("a Procfile without code", &[("Procfile", "web: x\n")], "unknown?service"),
        (
            "a systemd unit",
            &[
                ("Cargo.toml", "[package]\nname = \"ledger\"\n"),
                ("packaging/ledger.service", "[Service]\nExecStart=/x\n"),
            ],
            "unknown?service",
        ),
        (
            "a systemd unit of what listens",
            &[
                ("Cargo.toml", "[package]\nname = \"ledger\"\n[dependencies]\naxum = \"0.8\"\n"),
                ("Dockerfile", "FROM x\nCMD y\n"),
                ("packaging/ledger.service", "[Service]\nExecStart=/x\n"),
            ],
            "service",
        ),
        (
            "compose of what does not listen",
            &[
                ("Dockerfile", "FROM x\nCMD y\n"),
                ("compose.yaml", "services:\n  web:\n    build: .\n"),
                ("x.py", "x = 1"),
            ],
            "unknown?service",
        ),
        (
            "a pushed image that listens",
            &[("Dockerfile", DOCKERFILE), (".github/workflows/ci.yml", "run: docker push r.example.com/ledger:1\n")],
            "unknown?service",
        ),
        (
            "a pushed image that does not",
            &[
                ("Dockerfile", "FROM x\nCMD y\n"),
                (".github/workflows/ci.yml", "run: docker push r.example.com/ledger:1\n"),
            ],
            "without-component",
        ),
        (
            "an example",
            &[("Dockerfile", "FROM x\nCMD y\n"), ("examples/k8s/ledger.yaml", DEPLOYMENT)],
            "without-component",
        ),
    ];
    for (what, files, expected) in table {
        assert_eq!(kind_of(files), *expected, "{what}");
    }
}

#[test]
fn a_library_is_published() {
    let publishes = "steps:\n  - uses: pypa/gh-action-pypi-publish@v1\n";
    let table: &[(&str, Files, &str)] = &[
        (
            "python, by a pipeline",
            &[("pyproject.toml", "[project]\nname = \"ledger\"\n"), (".github/workflows/p.yml", publishes)],
            "library",
        ),
        (
            "python, private",
            &[
                ("pyproject.toml", "[project]\nname = \"ledger\"\nclassifiers = [\"Private :: Do Not Upload\"]\n"),
                (".github/workflows/p.yml", publishes),
            ],
            "without-component",
        ),
        (
            "python, by its README",
            &[("pyproject.toml", "[project]\nname = \"ledger\"\n"), ("README.md", "pip install ledger\n")],
            "library",
        ),
        (
            "python, another's address",
            &[("pyproject.toml", "[project]\nname = \"ledger\"\n"), ("README.md", "pip install ledger-cli\n")],
            "without-component",
        ),
        (
            "npm, configured",
            &[("package.json", "{\"name\": \"@x/ledger\", \"publishConfig\": {\"access\": \"public\"}}")],
            "library",
        ),
        (
            "npm, private",
            &[("package.json", "{\"name\": \"ledger\", \"private\": true}"), ("README.md", "npm install ledger")],
            "without-component",
        ),
        (
            "cargo, forbidden",
            &[("Cargo.toml", "[package]\nname = \"ledger\"\npublish = false\n"), ("README.md", "cargo add ledger")],
            "without-component",
        ),
        (
            "cargo, ready only",
            &[
                ("Cargo.toml", "[package]\nname = \"ledger\"\ndescription = \"x\"\nlicense = \"MIT\"\n"),
                ("src/lib.rs", ""),
            ],
            "unknown?library",
        ),
        (
            "cargo, a program",
            &[
                ("Cargo.toml", "[package]\nname = \"ledger\"\n"),
                ("src/main.rs", ""),
                ("README.md", "cargo install ledger"),
            ],
            "cli",
        ),
        (
            "go, with a page",
            &[
                ("go.mod", "module example.com/x/ledger\n"),
                ("ledger.go", "package ledger\n"),
                ("README.md", "https://pkg.go.dev/example.com/x/ledger"),
            ],
            "library",
        ),
        (
            "go, without versions",
            &[("go.mod", "module example.com/x/ledger\n"), ("ledger.go", "package ledger\n")],
            "without-component",
        ),
        (
            "a released program",
            &[
                ("go.mod", "module example.com/x/ledger\n"),
                ("main.go", "package main\n"),
                (".goreleaser.yaml", "builds: []\n"),
            ],
            "cli",
        ),
        (
            "compose makes a published library no service",
            &[
                ("pyproject.toml", "[project]\nname = \"ledger\"\n"),
                (".github/workflows/p.yml", publishes),
                ("Dockerfile", DOCKERFILE),
                ("compose.yaml", "services:\n  web:\n    build: .\n"),
            ],
            "library",
        ),
    ];
    for (what, files, expected) in table {
        assert_eq!(kind_of(files), *expected, "{what}");
    }
    let linked = catalog([tagged(
        "ledger",
        &[("go.mod", "module example.com/x/ledger\n"), ("ledger.go", "package ledger\n")],
        &["v1.0.0"],
    )]);
    assert_eq!(linked.field("component:default/ledger", "type"), "library");
}

#[test]
fn other_types_have_their_own_signs() {
    let next = "{\"name\": \"ledger\", \"private\": true, \"dependencies\": {\"next\": \"15\"}}";
    let page = "{\"name\": \"ledger\", \"publishConfig\": {\"access\": \"public\"}, \"scripts\": {\"start\": \"webpack serve\"}}";
    let table: &[(&str, Files, &str)] = &[
        ("a website", &[("package.json", next), ("next.config.js", "")], "unknown?website"),
        (
            "a website in a container",
            &[("package.json", next), ("next.config.js", ""), ("Dockerfile", "FROM x\nCMD y\n")],
            "website",
        ),
        ("a website with a host", &[("package.json", next), ("next.config.js", ""), ("vercel.json", "{}")], "website"),
        (
            "a host alone",
            &[("package.json", "{\"name\": \"ledger\", \"private\": true}"), ("vercel.json", "{}")],
            "unknown?website",
        ),
        (
            "a website that a pipeline puts online",
            &[
                ("package.json", next),
                ("next.config.js", ""),
                (".github/workflows/p.yml", "- uses: actions/deploy-pages@v4\n"),
            ],
            "website",
        ),
        (
            "a library whose documents have a host",
            &[
                (
                    "package.json",
                    "{\"name\": \"ledger\", \"main\": \"x.js\", \"publishConfig\": {\"access\": \"public\"}}",
                ),
                ("netlify.toml", "[build]\n"),
            ],
            "library",
        ),
        ("a framework alone", &[("package.json", next)], "without-component"),
        ("a page that is started", &[("package.json", page), ("public/index.html", "")], "unknown?website"),
        ("no page", &[("package.json", page), ("README.md", "x")], "without-component"),
        ("a gateway", &[("krakend.json", "{\"version\": 3, \"endpoints\": []}")], "gateway"),
        ("terraform", &[("main.tf", "x"), ("outputs.tf", "y")], "unknown?infrastructure"),
        ("terraform that is applied", &[("main.tf", "provider \"aws\" {\n}\n"), ("outputs.tf", "y")], "infrastructure"),
        (
            "terraform beside scripts",
            &[("main.tf", "provider \"aws\" {\n}\n"), ("outputs.tf", "y"), ("index.js", "x")],
            "unknown?infrastructure",
        ),
        (
            "charts of something",
            &[("c/Chart.yaml", "apiVersion: v2\nname: x\n"), ("README.md", "x")],
            "unknown?infrastructure",
        ),
        (
            "terraform beside code",
            &[("infra/main.tf", "x"), ("infra/outputs.tf", "y"), ("pyproject.toml", MANIFEST)],
            "without-component",
        ),
        (
            "manifests of others",
            &[("apps/x.yaml", "apiVersion: apps/v1\nkind: Deployment\nmetadata:\n  name: x\nspec: {}\n")],
            "infrastructure",
        ),
        ("documents", &[("mkdocs.yml", "site_name: x"), ("docs/index.md", "# x")], "documentation"),
        (
            "documents beside more settings",
            &[("mkdocs.yml", "site_name: x"), ("docs/index.md", "# x"), ("a.yaml", "x"), ("b.yaml", "x")],
            "unknown?documentation",
        ),
        (
            "documents beside code",
            &[("mkdocs.yml", "site_name: x"), ("docs/index.md", "# x"), ("ledger/main.py", "x = 1")],
            "without-component",
        ),
    ];
    for (what, files, expected) in table {
        assert_eq!(kind_of(files), *expected, "{what}");
    }
}

#[test]
fn compose_beside_what_is_made_for_others_is_for_its_developers() {
    let publishes = "steps:\n  - uses: pypa/gh-action-pypi-publish@v1\n";
    let compose = "services:\n  builds:\n    build: images\n  web:\n    build: web\n";
    let files: Files = &[
        ("pyproject.toml", MANIFEST),
        (".github/workflows/p.yml", publishes),
        ("images/Dockerfile", "FROM x\n"),
        ("web/Dockerfile", "FROM x\n"),
        ("web/package.json", "{\"name\": \"web\", \"private\": true}"),
        ("compose.yaml", compose),
    ];
    let linked = catalog([repository("ledger", files)]);
    assert_eq!(linked.references(), ["component:default/ledger", "component:default/ledger-web"]);
}

#[test]
fn a_container_file_without_code_that_compose_builds_is_a_tool() {
    let compose = "services:\n  books:\n    build: books\n";
    let of = |container: &str, file: &str| {
        let files: Files = &[("books/Dockerfile", container), ("compose.yaml", compose), (file, "x")];
        catalog([repository("ledger", files)]).references()
    };
    assert!(of("FROM x\n", "README.md").is_empty());
    assert_eq!(of("FROM x\n", "books/main.py"), ["component:default/ledger-books"]);
    assert_eq!(of("FROM x\nEXPOSE 80\n", "README.md"), ["component:default/ledger-books"]);
}

#[test]
fn a_released_program_is_a_service_only_if_it_listens() {
    let releases = "steps:\n  - uses: softprops/action-gh-release@v2\n";
    for (container, expected) in [("FROM x\nCMD ledger\n", "cli"), ("FROM x\nEXPOSE 80\nCMD ledger\n", "service")] {
        let files: Files = &[
            ("go.mod", "module example.com/harbour/ledger\n"),
            ("main.go", "package main\n"),
            ("Dockerfile", container),
            ("compose.yaml", "services:\n  ledger:\n    build: .\n"),
            (".github/workflows/r.yml", releases),
        ];
        assert_eq!(kind_of(files), expected, "{container}");
    }
}

#[test]
fn where_people_work_nothing_runs() {
    let compose = "services:\n  app:\n    build: .\n    ports: [80]\n";
    let files: Files = &[
        (".devcontainer/Dockerfile", DOCKERFILE),
        (".devcontainer/docker-compose.yml", compose),
        (".buildkite/Dockerfile", DOCKERFILE),
        ("README.md", "x"),
    ];
    assert!(catalog([repository("ledger", files)]).references().is_empty());
}

#[test]
fn the_only_program_of_a_workspace_is_a_guess() {
    let member =
        "[package]\nname = \"ledger\"\npublish = false\n[[bin]]\nname = \"ledger\"\n[dependencies]\nclap = \"4\"\n";
    let files: Files = &[
        ("Cargo.toml", "[workspace]\nmembers = [\"cli\", \"xtask\"]\n"),
        ("cli/Cargo.toml", member),
        ("cli/src/main.rs", ""),
        ("xtask/Cargo.toml", "[package]\nname = \"xtask\"\npublish = false\n"),
        ("xtask/src/main.rs", ""),
        ("README.md", "# Ledger\n\nKeeps the books.\n"),
        ("CHANGELOG.md", "# 1.0\n"),
    ];
    let linked = catalog([repository("ledger", files)]);
    assert_eq!(linked.field("component:default/ledger", "type"), "unknown?cli");
    assert!(catalog([repository("ledger", &files[..6])]).references().is_empty(), "nothing tells versions");
    let mut two = files.to_vec();
    two.extend([("other/Cargo.toml", "[package]\nname = \"other\"\npublish = false\n"), ("other/src/main.rs", "")]);
    let headed = catalog([repository("ledger", &two)]);
    assert_eq!(headed.field("component:default/ledger", "type"), "unknown?cli", "the README is headed by it");
    two.retain(|(path, _)| *path != "README.md");
    two.push(("README.md", "# Tools\n"));
    assert!(catalog([repository("ledger", &two)]).references().is_empty(), "of two nothing can be said");
    let serving = member.replace("clap", "axum");
    let serving: Vec<_> =
        files.iter().map(|&(path, text)| (path, if text == member { serving.as_str() } else { text })).collect();
    let linked = catalog([repository("ledger", &serving)]);
    assert_eq!(linked.field("component:default/ledger", "type"), "unknown?service");
}

#[test]
fn a_folder_of_declarations_is_no_component() {
    let entity = |name: &str| {
        format!(
            "apiVersion: backstage.io/v1alpha1\nkind: Component\nmetadata:\n  name: {name}\nspec:\n  type: service\n  lifecycle: production\n  owner: team-a\n"
        )
    };
    let text = format!("{}---\n{}", entity("tides"), entity("berths"));
    let linked = catalog([repository("descriptors", &[("catalog-info.yaml", &text), ("README.md", "x")])]);
    assert_eq!(linked.references(), ["component:default/berths", "component:default/tides"]);
    assert_eq!(linked.standings[0].1, Standing::Catalogued);
}
