#![allow(clippy::unwrap_used)]
use proptest::prelude::*;

use super::*;

type Parser = fn(&str);

/// Every parser by the name of its fuzz target and corpus.
const PARSERS: [(&str, Parser); 41] = [
    ("pyproject", |text| _ = pyproject(text)),
    ("setup_cfg", |text| _ = setup_cfg(text)),
    ("setup_py", |text| _ = setup_py(text)),
    ("requirements", |text| _ = requirements(text)),
    ("pipfile", |text| _ = pipfile(text)),
    ("cargo_toml", |text| _ = cargo_toml(text)),
    ("package_json", |text| _ = package_json(text)),
    ("pnpm_workspace", |text| _ = pnpm_workspace(text)),
    ("lerna_json", |text| _ = lerna_json(text)),
    ("go_mod", |text| _ = go_mod(text)),
    ("go_work", |text| _ = go_work(text)),
    ("dockerfile", |text| _ = dockerfile(text)),
    ("chart", |text| _ = chart(text)),
    ("values", |text| _ = values(text)),
    ("kubernetes", |text| _ = kubernetes(text)),
    ("kustomization", |text| _ = kustomization(text)),
    ("ci", |text| _ = ci(text)),
    ("compose", |text| {
        compose(text).unwrap_or_default().iter_mut().for_each(|service| service.fill(&environment(text)))
    }),
    ("hosts", |text| _ = hosts("x_url", text)),
    ("pom", |text| _ = pom(text)),
    ("build_gradle", |text| _ = build_gradle(text)),
    ("settings_gradle", |text| _ = settings_gradle(text)),
    ("gradle_properties", |text| _ = gradle_properties(text)),
    ("version_catalog", |text| _ = version_catalog(text)),
    ("csproj", |text| _ = project(text)),
    ("solution", |text| _ = solution(text)),
    ("composer_json", |text| _ = composer_json(text)),
    ("gemspec", |text| _ = gemspec(text)),
    ("gemfile", |text| _ = gemfile(text)),
    ("package_swift", |text| _ = package_swift(text)),
    ("cmake_lists", |text| _ = cmake_lists(text)),
    ("conanfile_py", |text| _ = conanfile_py(text)),
    ("conanfile_txt", |text| _ = conanfile_txt(text)),
    ("vcpkg_json", |text| _ = vcpkg_json(text)),
    ("config_maps", |text| _ = config_maps(text)),
    ("terraform", |text| _ = terraform(text)),
    ("action", |text| _ = action(text)),
    ("workflow", |text| _ = workflow(text)),
    ("gitlab", |text| _ = gitlab(text)),
    ("buf_yaml", |text| _ = buf_yaml(text)),
    ("address", |text| _ = address(text)),
];

fn corpus() -> Vec<(Parser, String)> {
    let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fuzz/corpus");
    let mut texts = Vec::new();
    for (name, parse) in PARSERS {
        let files = std::fs::read_dir(root.join(name)).unwrap();
        texts.extend(files.map(|file| (parse, std::fs::read_to_string(file.unwrap().path()).unwrap())));
    }
    texts
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, failure_persistence: None, ..ProptestConfig::default() })]

    /// The corpora of the fuzz targets, with pieces cut out, doubled and mixed.
    #[test]
    fn no_text_makes_a_parser_panic(which in 0..corpus().len(), cut in any::<[prop::sample::Index; 3]>(), noise in "\\PC{0,12}") {
        let (parse, text) = corpus().swap_remove(which);
        parse(&text);
        let characters: Vec<char> = text.chars().collect();
        let mut places = cut.map(|index| index.index(characters.len() + 1));
        places.sort_unstable();
        let piece = |from: usize, to: usize| characters[from..to].iter().collect::<String>();
        let (start, middle, end) = (piece(0, places[0]), piece(places[0], places[1]), piece(places[2], characters.len()));
        for mutated in [format!("{start}{noise}{end}"), format!("{start}{middle}{middle}{noise}"), format!("{middle}{end}"), start.repeat(50)] {
            parse(&mutated);
        }
    }
}

#[test]
fn files_are_recognised_by_name() {
    let table = [
        ("pyproject.toml", Some("python")),
        ("a/requirements-dev.txt", Some("python")),
        ("a/requirements.in", None),
        ("requirements/base.txt", Some("python")),
        ("docs/base.txt", None),
        ("Cargo.toml", Some("rust")),
        ("web/package.json", Some("javascript")),
        ("pnpm-workspace.yaml", Some("javascript")),
        ("go.mod", Some("go")),
        ("cargo.toml", None),
        ("core/pom.xml", Some("java")),
        ("core/build.gradle.kts", Some("java")),
        ("gradle/libs.versions.toml", Some("java")),
        ("libs.versions.toml", None),
        ("src/Ledger/Ledger.csproj", Some("dotnet")),
        ("composer.json", Some("php")),
        ("ledger.gemspec", Some("ruby")),
        ("Gemfile", Some("ruby")),
        ("Package.swift", Some("swift")),
        ("CMakeLists.txt", Some("cmake")),
        ("conanfile.py", Some("conan")),
        ("conanfile.txt", Some("conan")),
        ("vcpkg.json", Some("vcpkg")),
        ("infra/main.tf", Some("terraform")),
        ("charts/ledger/Chart.yaml", Some("helm")),
        (".github/workflows/ci.yml", Some("actions")),
        ("action.yml", Some("actions")),
        ("proto/buf.yaml", Some("protobuf")),
    ];
    for (path, expected) in table {
        assert_eq!(recognise(path).map(|(ecosystem, _)| ecosystem.id), expected, "{path}");
    }
}
