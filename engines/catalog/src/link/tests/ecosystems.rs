//! Every ecosystem: what is published, what builds with what, and what must not be concluded.

use super::harness::*;

const COMMANDS: &str = "runs-on: x\nsteps:\n  - run: ";

/// The type of the only component, and its edges.
fn edges(linked: &crate::link::Linked, reference: &str) -> Vec<String> {
    linked.list(reference, "dependsOn")
}

fn pom(name: &str, rest: &str) -> String {
    format!("<project><groupId>org.harbour</groupId><artifactId>{name}</artifactId>{rest}</project>")
}

fn asks_pom(name: &str) -> String {
    pom(
        "asks",
        &format!(
            "<dependencies><dependency><groupId>org.harbour</groupId><artifactId>{name}</artifactId></dependency></dependencies>"
        ),
    )
}

const MAVEN_REGISTRY: &str =
    "<distributionManagement><repository><url>https://maven.example.com</url></repository></distributionManagement>";

/// A component that asks for something, and is one whatever it asks for.
fn asking(files: Files) -> crate::link::LinkRepository {
    let mut all = vec![("Procfile", "web: run\n")];
    all.extend(files.iter().copied());
    repository("asking", &all)
}

#[test]
fn java_by_maven() {
    let events = || repository("events", &[("pom.xml", &pom("harbour-events", MAVEN_REGISTRY))]);
    let linked = catalog([events(), asking(&[("pom.xml", &asks_pom("harbour-events"))])]);
    assert_eq!(linked.field("component:default/events", "type"), "library");
    assert_eq!(edges(&linked, "component:default/asking"), ["component:default/events dependency.package"]);
    let linked = catalog([events(), asking(&[("pom.xml", &asks_pom("harbour-eventsx"))])]);
    assert!(edges(&linked, "component:default/asking").is_empty());
    let started =
        "<build><plugins><plugin><artifactId>spring-boot-maven-plugin</artifactId></plugin></plugins></build>";
    let linked = catalog([repository("events", &[("pom.xml", &pom("events", &format!("{MAVEN_REGISTRY}{started}")))])]);
    assert!(linked.references().is_empty(), "what is started is no library, whatever it is deployed to");
}

#[test]
fn java_and_kotlin_by_gradle() {
    let script = "plugins {\n    `java-library`\n    `maven-publish`\n}\ngroup = \"org.harbour\"\npublishing {\n    repositories {\n        maven {\n            url = uri(\"https://r\")\n        }\n    }\n}\n";
    let events = repository(
        "events",
        &[("settings.gradle.kts", "rootProject.name = \"harbour-events\"\n"), ("build.gradle.kts", script)],
    );
    let asks = asking(&[
        ("settings.gradle", "rootProject.name = 'asking'\n"),
        ("build.gradle", "dependencies {\n    implementation libs.events\n}\n"),
        ("gradle/libs.versions.toml", "[libraries]\nevents = \"org.harbour:harbour-events:1\"\n"),
    ]);
    let linked = catalog([events, asks]);
    assert_eq!(linked.field("component:default/events", "type"), "library");
    assert_eq!(edges(&linked, "component:default/asking"), ["component:default/events dependency.package"]);
}

#[test]
fn dotnet() {
    let library =
        "<Project Sdk=\"Microsoft.NET.Sdk\"><PropertyGroup><PackageTags>x</PackageTags></PropertyGroup></Project>";
    let pushes = format!("{COMMANDS}dotnet nuget push x\n");
    let events =
        || repository("events", &[("src/Harbour.Events.csproj", library), (".github/workflows/p.yml", &pushes)]);
    let web = "<Project Sdk=\"Microsoft.NET.Sdk.Web\"><ItemGroup><PackageReference Include=\"harbour.events\"/></ItemGroup></Project>";
    let linked = catalog([events(), asking(&[("Asking.csproj", web)])]);
    assert_eq!(linked.field("component:default/harbour.events", "type"), "library");
    assert_eq!(edges(&linked, "component:default/asking"), ["component:default/harbour.events dependency.package"]);
    let plain = "<Project Sdk=\"Microsoft.NET.Sdk\"/>";
    let linked = catalog([repository("events", &[("src/E.csproj", plain), (".github/workflows/p.yml", &pushes)])]);
    assert!(linked.references().is_empty(), "a project that nobody made a package of is none");
}

#[test]
fn php_and_ruby() {
    let library = "{\"name\": \"harbour/events\", \"description\": \"x\", \"license\": \"MIT\", \"autoload\": {}}";
    let events = tagged("events", &[("composer.json", library)], &["v1.0.0"]);
    let linked = catalog([events, asking(&[("composer.json", "{\"require\": {\"Harbour/Events\": \"^1\"}}")])]);
    assert_eq!(linked.field("component:default/events", "type"), "library");
    assert_eq!(edges(&linked, "component:default/asking"), ["component:default/events dependency.package"]);
    let project = library.replace("\"autoload\"", "\"type\": \"project\", \"autoload\"");
    assert!(catalog([tagged("shop", &[("composer.json", &project)], &["v1.0.0"])]).references().is_empty());

    let gem =
        "Gem::Specification.new do |s|\n  s.name = 'harbour-events'\n  s.summary = 'x'\n  s.license = 'MIT'\nend\n";
    let linked = catalog([
        tagged("events", &[("harbour-events.gemspec", gem)], &["v1.0.0"]),
        asking(&[("Gemfile", "gem 'harbour-events'\n")]),
    ]);
    assert_eq!(linked.field("component:default/events", "type"), "library");
    assert_eq!(edges(&linked, "component:default/asking"), ["component:default/events dependency.package"]);
    let fixture = catalog([tagged("events", &[("spec/fixtures/x/harbour-events.gemspec", gem)], &["v1.0.0"])]);
    assert!(fixture.references().is_empty(), "what lies among fixtures says nothing");
}

#[test]
fn swift_packages_are_named_by_their_repository() {
    let package = "let package = Package(\n  name: \"Events\",\n  products: [\n    .library(name: \"Events\", targets: [])\n  ]\n)\n";
    let asks = "let package = Package(\n  name: \"A\",\n  dependencies: [\n    .package(url: \"https://github.com/acme/events.git\", from: \"1.0.0\")\n  ]\n)\n";
    let linked =
        catalog([tagged("acme/events", &[("Package.swift", package)], &["1.0.0"]), asking(&[("Package.swift", asks)])]);
    assert_eq!(linked.field("component:default/events", "type"), "library");
    assert_eq!(edges(&linked, "component:default/asking"), ["component:default/events dependency.repository"]);
    let linked = catalog([
        tagged("other/events", &[("Package.swift", package)], &["1.0.0"]),
        asking(&[("Package.swift", asks)]),
    ]);
    assert!(edges(&linked, "component:default/asking").is_empty(), "another owner's repository is another one");
}

#[test]
fn cmake_finds_only_what_is_installed_for_it() {
    let library = "project(HarbourEvents)\nadd_library(events e.cpp)\n";
    let installed = format!("{library}install(EXPORT EventsTargets)\n");
    let asks = || asking(&[("CMakeLists.txt", "project(A)\nfind_package(HarbourEvents)\n")]);
    let linked = catalog([repository("events", &[("CMakeLists.txt", &installed)]), asks()]);
    assert_eq!(linked.field("component:default/events", "type"), "library");
    assert_eq!(edges(&linked, "component:default/asking"), ["component:default/events dependency.package"]);
    let copied = catalog([repository(
        "ledger",
        &[("CMakeLists.txt", "project(L)\n"), ("lib/events/CMakeLists.txt", &installed)],
    )]);
    assert!(copied.references().is_empty(), "what lies deeper may be a copy");
    let linked = catalog([repository("events", &[("CMakeLists.txt", library), ("Procfile", "web: x\n")]), asks()]);
    assert!(edges(&linked, "component:default/asking").is_empty());
    assert!(linked.get("component:default/asking").guesses.iter().all(|guess| guess.field != "/spec/dependsOn"));
}

#[test]
fn terraform_modules_lie_in_repositories() {
    let uses = "module \"vpc\" {\n  source = \"git::https://github.com/acme/modules.git//vpc?ref=v1\"\n}\n";
    let files: Files = &[("main.tf", uses), ("outputs.tf", "output \"x\" {}\n")];
    let modules: Files = &[("vpc/main.tf", "x = 1\n"), ("vpc/outputs.tf", "y = 1\n")];
    let linked = catalog([repository("acme/modules", modules), repository("acme/network", files)]);
    assert_eq!(edges(&linked, "component:default/network"), ["component:default/modules dependency.repository"]);
    // The owner is not known: probably.
    let linked = catalog([repository("modules", modules), repository("network", files)]);
    let network = linked.get("component:default/network");
    assert!(network.entity.spec.get("dependsOn").is_none());
    assert!(network.guesses.iter().any(|guess| guess.value == "component:default/modules"));
}

#[test]
fn conan_and_vcpkg() {
    let recipe = "class E(ConanFile):\n    name = \"harbour-events\"\n    package_type = \"library\"\n";
    let uploads = format!("{COMMANDS}conan upload harbour-events/* -r harbour\n");
    let events = || repository("events", &[("conanfile.py", recipe), (".github/workflows/p.yml", &uploads)]);
    let asks = || asking(&[("conanfile.txt", "[requires]\nharbour-events/1.0@harbour/stable\n")]);
    let linked = catalog([events(), asks()]);
    assert_eq!(linked.field("component:default/events", "type"), "library");
    assert_eq!(edges(&linked, "component:default/asking"), ["component:default/events dependency.package"]);
    // A recipe for what somebody else wrote.
    let recipes = repository("recipes", &[("recipes/e/conanfile.py", recipe), (".github/workflows/p.yml", &uploads)]);
    let linked = catalog([recipes, asks()]);
    assert!(edges(&linked, "component:default/asking").is_empty());

    let linked = catalog([
        repository(
            "events",
            &[("vcpkg.json", "{\"name\": \"harbour-events\"}"), ("README.md", "vcpkg install harbour-events\n")],
        ),
        asking(&[("vcpkg.json", "{\"name\": \"asking\", \"dependencies\": [\"harbour-events\"]}")]),
    ]);
    assert_eq!(linked.field("component:default/events", "type"), "library");
    assert_eq!(edges(&linked, "component:default/asking"), ["component:default/events dependency.package"]);
}

#[test]
fn private_registries_of_terraform() {
    let module: Files = &[("main.tf", "x"), ("variables.tf", "x")];
    let asks = asking(&[("main.tf", "module \"n\" {\n  source = \"app.terraform.io/acme/network/aws\"\n}\n")]);
    let linked = catalog([repository("acme/terraform-aws-network", module), asks]);
    assert_eq!(
        edges(&linked, "component:default/asking"),
        ["component:default/terraform-aws-network dependency.repository"]
    );
}

#[test]
fn pipelines_use_actions_and_workflows() {
    let action = "name: Setup\nruns:\n  using: composite\n  steps: []\n";
    let reusable = "on:\n  workflow_call:\njobs: {}\n";
    let uses = "on: push\njobs:\n  a:\n    uses: acme/workflows/.github/workflows/build.yml@v1\n  b:\n    steps:\n      - uses: acme/setup@v1\n      - uses: actions/checkout@v4\n";
    let linked = catalog([
        repository("acme/setup", &[("action.yml", action)]),
        repository("acme/workflows", &[(".github/workflows/build.yml", reusable)]),
        repository("acme/checkout", &[("Procfile", "web: x\n")]),
        asking(&[(".github/workflows/ci.yml", uses)]),
    ]);
    assert_eq!(linked.field("component:default/setup", "type"), "library");
    assert_eq!(linked.rule("component:default/workflows", "/spec/type"), "type.action");
    assert_eq!(
        edges(&linked, "component:default/asking"),
        ["component:default/setup dependency.repository", "component:default/workflows dependency.repository"]
    );
    // An action for the repository itself is no component, nor is a workflow beside code.
    let own = repository(
        "ledger",
        &[
            (".github/actions/x/action.yml", action),
            (".github/workflows/b.yml", reusable),
            ("pyproject.toml", "[project]\nname = \"l\"\n"),
        ],
    );
    assert!(catalog([own]).references().is_empty());
}

#[test]
fn charts_and_definitions() {
    let common = "apiVersion: v2\nname: harbour-common\ntype: library\n";
    let pushes = format!("{COMMANDS}helm push x oci://registry.example.com/charts\n");
    let asks = |from: &str| {
        let chart =
            format!("apiVersion: v2\nname: asking\ndependencies:\n  - name: harbour-common\n    repository: {from}\n");
        asking(&[("chart/Chart.yaml", chart.as_str())])
    };
    let charts =
        || repository("charts", &[("harbour-common/Chart.yaml", common), (".github/workflows/p.yml", &pushes)]);
    let linked = catalog([charts(), asks("oci://registry.example.com/charts")]);
    assert_eq!(linked.field("component:default/harbour-common", "type"), "library");
    assert_eq!(edges(&linked, "component:default/asking"), ["component:default/harbour-common dependency.package"]);
    let linked = catalog([charts(), asks("https://charts.bitnami.com/bitnami")]);
    assert!(edges(&linked, "component:default/asking").is_empty());

    let module = "version: v2\nname: buf.build/acme/events\n";
    let linked = catalog([
        repository(
            "events",
            &[
                ("buf.yaml", module),
                ("Procfile", "web: x\n"),
                (".github/workflows/p.yml", "steps:\n  - uses: bufbuild/buf-action@v1\n"),
            ],
        ),
        asking(&[("buf.yaml", "version: v2\ndeps:\n  - buf.build/acme/events\n")]),
    ]);
    assert_eq!(edges(&linked, "component:default/asking"), ["component:default/events dependency.package"]);
}

#[test]
fn nothing_is_invented_from_what_may_not_speak() {
    let pom = pom("events", MAVEN_REGISTRY);
    let gem = "Gem::Specification.new do |s|\n  s.name = 'x'\n  s.summary = 'x'\n  s.license = 'MIT'\nend\n";
    let package = "{\"name\": \"harbour/x\", \"description\": \"x\", \"license\": \"MIT\", \"autoload\": {}}";
    let project =
        "<Project Sdk=\"Microsoft.NET.Sdk\"><PropertyGroup><PackageTags>x</PackageTags></PropertyGroup></Project>";
    let chart = "apiVersion: v2\nname: common\ntype: library\n";
    let action = "name: x\nruns:\n  using: composite\n";
    let manifests = [
        ("pom.xml", pom.as_str()),
        ("x.gemspec", gem),
        ("composer.json", package),
        ("X.csproj", project),
        ("Chart.yaml", chart),
        ("action.yml", action),
        ("CMakeLists.txt", "project(X)\nadd_library(x x.c)\ninstall(EXPORT X)\n"),
        ("Package.swift", "let package = Package(\n  name: \"X\",\n  products: [\n    .library(name: \"X\")\n  ]\n)\n"),
        ("main.tf", "module \"x\" {\n  source = \"github.com/acme/target\"\n}\n"),
    ];
    let folders = [
        "src/test/resources/project",
        "testdata/x",
        "examples/x",
        "vendor/x",
        "third_party/x",
        "spec/fixtures/x",
        "{{cookiecutter.name}}",
        "Tests/Fixtures/X",
        "node_modules/x",
    ];
    for folder in folders {
        let mut files: Vec<(String, &str)> =
            manifests.iter().map(|(name, text)| (format!("{folder}/{name}"), *text)).collect();
        files.push((".github/workflows/p.yml".to_owned(), "steps:\n  - run: helm push\n  - run: dotnet nuget push\n"));
        let files: Vec<(&str, &str)> = files.iter().map(|(path, text)| (path.as_str(), *text)).collect();
        let linked =
            catalog([tagged("ledger", &files, &["v1.0.0"]), repository("acme/target", &[("Procfile", "web: x\n")])]);
        assert_eq!(linked.references(), ["component:default/target"], "{folder}");
    }
}
