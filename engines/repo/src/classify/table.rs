//! What names mean. One more tool is one more row.

use model::repository::PathClass::{self, Generated, Lock, Test, Vendored};

/// What must hold besides the name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum When {
    Always,
    /// One of these lies directly in the folder; `*.x` stands for an ending.
    Holding(&'static [&'static str]),
}

/// A folder that may not speak, by its name in lower case.
pub(super) struct FolderRow {
    pub(super) names: &'static [&'static str],
    pub(super) class: PathClass,
    pub(super) when: When,
    /// Ends the sentence "The folder …".
    pub(super) why: &'static str,
}

const fn folders(names: &'static [&'static str], class: PathClass, why: &'static str) -> FolderRow {
    FolderRow { names, class, when: When::Always, why }
}

const fn folders_holding(
    names: &'static [&'static str],
    class: PathClass,
    holding: &'static [&'static str],
    why: &'static str,
) -> FolderRow {
    FolderRow { names, class, when: When::Holding(holding), why }
}

pub(super) const FOLDERS: &[FolderRow] = &[
    folders(
        &["node_modules", "bower_components", "jspm_packages", ".yarn", ".pnpm-store"],
        Vendored,
        "holds installed JavaScript packages",
    ),
    folders(&["vendor", "vendored", "_vendor", "godeps"], Vendored, "holds copies of other projects"),
    folders(
        &["third_party", "third-party", "thirdparty", "3rdparty", "3rd-party"],
        Vendored,
        "holds other people's projects",
    ),
    folders_holding(
        &["external", "extern", "deps", "subprojects"],
        Vendored,
        &["googletest", "gtest", "fmt", "spdlog", "catch2", "json", "packagecache"],
        "holds copies of other projects",
    ),
    folders_holding(&[".build"], Vendored, &["checkouts", "repositories"], "holds what a tool downloaded"),
    folders(&["pods", "carthage"], Vendored, "holds installed Swift or Objective-C packages"),
    folders(&[".venv", "venv", "site-packages", ".eggs"], Vendored, "holds installed Python packages"),
    folders(&[".terraform", ".bundle", ".m2"], Vendored, "holds what a tool downloaded"),
    folders(&["dist"], Generated, "holds what is built for distribution"),
    folders_holding(
        &["build", "out", "public"],
        Generated,
        &[
            "asset-manifest.json",
            "CMakeCache.txt",
            "_next",
            "build-manifest.json",
            "intermediates",
            "precache-manifest.js",
        ],
        "holds what a build wrote",
    ),
    folders_holding(
        &["target"],
        Generated,
        &["CACHEDIR.TAG", "debug", "release", "classes", "maven-status"],
        "holds what a build wrote",
    ),
    folders_holding(
        &["bin", "obj"],
        Generated,
        &["Debug", "Release", "project.assets.json"],
        "holds what a build wrote",
    ),
    folders(
        &[".next", ".nuxt", ".svelte-kit", ".output", ".parcel-cache", ".turbo", ".angular", ".docusaurus", "_site"],
        Generated,
        "holds what a site generator wrote",
    ),
    folders(&["storybook-static", "htmlcov", ".nyc_output"], Generated, "holds a generated report"),
    folders_holding(&["coverage"], Generated, &["lcov.info", "lcov-report", "index.html"], "holds a generated report"),
    folders(
        &["__pycache__", ".gradle", ".tox", ".nox", ".mypy_cache", ".pytest_cache", ".ruff_cache", ".cache"],
        Generated,
        "holds a tool's cache",
    ),
    folders(&["generated", "__generated__", "autogen", "generated-sources"], Generated, "is named as generated"),
    folders(&["cassettes", "vcr_cassettes", "__cassettes__"], Lock, "holds recorded requests"),
    folders(&["__snapshots__", "__image_snapshots__"], Lock, "holds recorded results of tests"),
    folders_holding(&["snapshots"], Lock, &["*.snap", "*.snap.new"], "holds recorded results of tests"),
    folders(
        &[
            "test",
            "tests",
            "__tests__",
            "e2e",
            "end2end",
            "integration-test",
            "integration-tests",
            "integration_tests",
            "unit-tests",
            "unittests",
            "test-suite",
            "test_package",
            "testsuite",
            "cypress",
        ],
        Test,
        "holds tests",
    ),
    // Maven's invoker runs the projects in it.
    folders_holding(&["it"], Test, &["settings.xml", "invoker.properties", "pom.xml"], "holds tests"),
    folders_holding(
        &["spec", "specs"],
        Test,
        &["spec_helper.rb", "rails_helper.rb", "*_spec.rb", "*.spec.js", "*.spec.ts"],
        "holds tests",
    ),
    folders(
        &[
            "testdata",
            "test-data",
            "test_data",
            "testfixtures",
            "test-fixtures",
            "fixtures",
            "fixture",
            "__fixtures__",
            "__mocks__",
            "testfiles",
        ],
        Test,
        "holds what tests read",
    ),
    folders(
        &[
            "example",
            "examples",
            "_example",
            "_examples",
            "sample",
            "samples",
            "demo",
            "demos",
            "quickstarts",
            "playground",
        ],
        Test,
        "holds examples",
    ),
];

/// Endings of folder names, in lower case.
pub(super) const FOLDER_ENDINGS: &[(&str, PathClass, &str)] = &[
    (".egg-info", Generated, "holds what a build wrote"),
    (".dist-info", Vendored, "holds installed Python packages"),
    (".xcassets", Vendored, "holds images"),
    ("-tests", Test, "holds tests"),
    ("_tests", Test, "holds tests"),
    (".tests", Test, "holds tests"),
    (".test", Test, "holds tests"),
    ("-e2e", Test, "holds tests"),
    ("examples", Test, "holds examples"),
    ("-samples", Test, "holds examples"),
];

/// Folders in which services and packages lie by name: below one of them, a word of the tables is somebody's name
/// (`services/vendor`, `packages/example`), unless it is one that nobody would choose.
pub(super) const SHELVES: &[&str] =
    &["services", "apps", "packages", "crates", "components", "microservices", "modules"];

/// Words of [`FOLDERS`] that are names too.
pub(super) const ALSO_NAMES: &[&str] =
    &["vendor", "dist", "public", "out", "sample", "demo", "example", "test", "playground", "fixture", "generated"];

/// Folders in which code lies: below one of them, these words name a part of the program (`com/example`, `src/demo`).
pub(super) const CODE: &[&str] = &["src", "lib", "internal", "pkg"];
pub(super) const NAMES_OF_CODE: &[&str] = &["sample", "samples", "demo", "demos", "example", "playground"];

/// Files by name in lower case.
pub(super) const FILES: &[(&str, PathClass, &str)] = &[
    ("package-lock.json", Lock, LOCK),
    ("npm-shrinkwrap.json", Lock, LOCK),
    ("pnpm-lock.yaml", Lock, LOCK),
    ("bun.lockb", Lock, LOCK),
    ("go.sum", Lock, LOCK),
    ("go.work.sum", Lock, LOCK),
    ("packages.lock.json", Lock, LOCK),
    ("gradle.lockfile", Lock, LOCK),
    ("buildscript-gradle.lockfile", Lock, LOCK),
    (".terraform.lock.hcl", Lock, LOCK),
    ("package.resolved", Lock, LOCK),
    ("cartfile.resolved", Lock, LOCK),
    ("module.bazel.lock", Lock, LOCK),
    ("cabal.project.freeze", Lock, LOCK),
    ("gradlew", Vendored, "The file is Gradle's wrapper."),
    ("gradlew.bat", Vendored, "The file is Gradle's wrapper."),
    ("mvnw", Vendored, "The file is Maven's wrapper."),
    ("mvnw.cmd", Vendored, "The file is Maven's wrapper."),
    ("conftest.py", Test, "The file prepares tests."),
];

const LOCK: &str = "The file is a package manager's lock file.";

/// Files by the end of their name in lower case; the first that fits counts.
pub(super) const FILE_ENDINGS: &[(&str, PathClass, &str)] = &[
    (".lock", Lock, LOCK),
    (".snap", Lock, "The file holds recorded results of tests."),
    (".ambr", Lock, "The file holds recorded results of tests."),
    (".pb.go", Generated, PROTOBUF),
    (".pb.gw.go", Generated, PROTOBUF),
    ("_grpc.pb.go", Generated, PROTOBUF),
    (".pb.cc", Generated, PROTOBUF),
    (".pb.h", Generated, PROTOBUF),
    (".pb.swift", Generated, PROTOBUF),
    ("_pb.js", Generated, PROTOBUF),
    ("_pb.ts", Generated, PROTOBUF),
    ("_pb.d.ts", Generated, PROTOBUF),
    ("_pb2.py", Generated, PROTOBUF),
    ("_pb2.pyi", Generated, PROTOBUF),
    ("_pb2_grpc.py", Generated, PROTOBUF),
    ("_pb.rb", Generated, PROTOBUF),
    (".g.dart", Generated, GENERATOR),
    (".freezed.dart", Generated, GENERATOR),
    (".g.cs", Generated, GENERATOR),
    (".designer.cs", Generated, GENERATOR),
    (".gen.go", Generated, GENERATOR),
    ("_gen.go", Generated, GENERATOR),
    ("_generated.go", Generated, GENERATOR),
    (".generated.go", Generated, GENERATOR),
    (".generated.ts", Generated, GENERATOR),
    (".generated.js", Generated, GENERATOR),
    (".generated.cs", Generated, GENERATOR),
    (".gen.ts", Generated, GENERATOR),
    (".min.js", Generated, MINIFIED),
    (".min.mjs", Generated, MINIFIED),
    (".min.css", Generated, MINIFIED),
    (".bundle.js", Generated, MINIFIED),
    (".js.map", Generated, "The file is a source map."),
    (".mjs.map", Generated, "The file is a source map."),
    (".css.map", Generated, "The file is a source map."),
    ("_test.go", Test, TEST),
    ("_test.py", Test, TEST),
    ("_test.rb", Test, TEST),
    ("_spec.rb", Test, TEST),
    ("_test.exs", Test, TEST),
    ("_test.dart", Test, TEST),
    ("_test.rs", Test, TEST),
    (".test.js", Test, TEST),
    (".test.jsx", Test, TEST),
    (".test.mjs", Test, TEST),
    (".test.cjs", Test, TEST),
    (".test.ts", Test, TEST),
    (".test.tsx", Test, TEST),
    (".test.mts", Test, TEST),
    (".spec.js", Test, TEST),
    (".spec.jsx", Test, TEST),
    (".spec.mjs", Test, TEST),
    (".spec.ts", Test, TEST),
    (".spec.tsx", Test, TEST),
    (".cy.ts", Test, TEST),
    (".cy.js", Test, TEST),
];

const PROTOBUF: &str = "The name is that of code which a protocol compiler wrote.";
const GENERATOR: &str = "The name is that of code which a generator wrote.";
const MINIFIED: &str = "The name is that of minified or bundled code.";
const TEST: &str = "The name is that of a test.";
pub(super) const PYTHON_TEST: &str = TEST;

/// Whether one of `names` is what `pattern` stands for.
pub(super) fn holds(pattern: &str, name: &str) -> bool {
    match pattern.strip_prefix('*') {
        Some(ending) => name.len() > ending.len() && name.ends_with(ending),
        None => pattern == name,
    }
}
