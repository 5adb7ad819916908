#![allow(clippy::unwrap_used, clippy::expect_used)]

use super::*;
use crate::{MemoryTree, Tree};

/// Paths and contents.
type Files<'a> = &'a [(&'a str, &'a str)];

fn class(files: &[(&str, &str)], path: &str) -> &'static str {
    let tree = MemoryTree::new(files.iter().copied());
    tree.file(path).unwrap().class.as_str()
}

/// Of a path that stands alone in its tree.
fn alone(path: &str) -> &'static str {
    class(&[(path, "")], path)
}

const SOURCE: &str = "source";
const VENDORED: &str = "vendored";
const GENERATED: &str = "generated";
const TEST: &str = "test, fixture or example";
const LOCK: &str = "lock file, cassette or snapshot";
const SKELETON: &str = "template skeleton";

#[test]
fn names_decide() {
    let table = [
        ("src/main.rs", SOURCE),
        ("Makefile", SOURCE),
        ("Dockerfile", SOURCE),
        ("node_modules/left-pad/index.js", VENDORED),
        ("web/node_modules/a/b/c.js", VENDORED),
        ("vendor/github.com/x/y.go", VENDORED),
        ("third_party/zlib/zlib.c", VENDORED),
        (".yarn/releases/yarn.cjs", VENDORED),
        ("gradlew", VENDORED),
        // A service may be called vendor.
        ("services/vendor/main.go", SOURCE),
        ("packages/example/index.ts", SOURCE),
        ("packages/node_modules/x.js", VENDORED),
        ("vendors/list.go", SOURCE),
        ("src/vendor.rs", SOURCE),
        ("dist/index.js", GENERATED),
        ("web/.next/x.js", GENERATED),
        ("distribution/x.js", SOURCE),
        ("api/v1/user.pb.go", GENERATED),
        ("user_pb2.py", GENERATED),
        ("app.min.js", GENERATED),
        ("jsmin.js", SOURCE),
        (".pb.go", SOURCE),
        ("zz_generated.deepcopy.go", GENERATED),
        ("tests/api.rs", TEST),
        ("pkg/server/testdata/x.yaml", TEST),
        ("src/user_test.go", TEST),
        ("src/test_user.py", TEST),
        ("src/testing.py", SOURCE),
        ("src/button.test.tsx", TEST),
        ("src/button.spec.ts", TEST),
        ("conftest.py", TEST),
        ("acme-tests/a.py", TEST),
        ("src/latest/a.rs", SOURCE),
        ("contest/a.rs", SOURCE),
        ("examples/hello.rs", TEST),
        ("src/examples.rs", SOURCE),
        ("src/main/java/com/example/App.java", SOURCE),
        ("src/test/java/com/example/AppTests.java", TEST),
        ("portal/src/demo/mod.rs", SOURCE),
        ("demo/main.rs", TEST),
        ("/src//x.rs", SOURCE),
        ("//", SOURCE),
        ("Cargo.lock", LOCK),
        ("web/package-lock.json", LOCK),
        ("go.sum", LOCK),
        ("poetry.lock", LOCK),
        ("tests/__snapshots__/a.snap", TEST),
        ("src/__snapshots__/a.snap", LOCK),
        ("cassettes/login.yaml", LOCK),
        ("src/lock.rs", SOURCE),
        ("{{cookiecutter.name}}/setup.py", SKELETON),
        ("template/{{ name }}.py", SKELETON),
        ("{% if docs %}docs{% endif %}/index.md", SKELETON),
        ("src/{{.go", SOURCE),
        ("pages/[[...slug]].tsx", SOURCE),
        ("build/ci.go", SOURCE),
        ("target/notes.md", SOURCE),
        ("public/index.html", SOURCE),
        ("spec/openapi.yaml", SOURCE),
        ("bin/deploy", SOURCE),
    ];
    for (path, expected) in table {
        assert_eq!(alone(path), expected, "{path}");
    }
}

#[test]
fn some_names_mean_something_only_with_what_they_hold() {
    let table: &[(Files, &str, &str)] = &[
        (&[("target/release/x", ""), ("target/a.rs", "")], "target/a.rs", GENERATED),
        (&[("build/asset-manifest.json", ""), ("build/static/a.js", "")], "build/static/a.js", GENERATED),
        (&[("spec/spec_helper.rb", ""), ("spec/a.rb", "")], "spec/a.rb", TEST),
        (&[("spec/user_spec.rb", ""), ("spec/support/a.rb", "")], "spec/support/a.rb", TEST),
        (&[("spec/a.md", ""), ("spec/a.rb", "")], "spec/a.rb", SOURCE),
        (&[("x/snapshots/a.snap", ""), ("x/snapshots/b.txt", "")], "x/snapshots/b.txt", LOCK),
        (&[("db/snapshots/a.sql", "")], "db/snapshots/a.sql", SOURCE),
    ];
    for (files, path, expected) in table {
        assert_eq!(class(files, path), *expected, "{path}");
    }
}

#[test]
fn attributes_go_before_names_and_the_last_line_wins() {
    let table: &[(&str, &str, &str)] = &[
        ("lib/* linguist-vendored\n", "lib/a.js", VENDORED),
        ("lib/* linguist-vendored\n", "lib/deep/a.js", SOURCE),
        ("lib/** linguist-vendored\n", "lib/deep/a.js", VENDORED),
        ("*.gen.sql linguist-generated=true\n", "db/a.gen.sql", GENERATED),
        ("*.sql linguist-generated\na.sql -linguist-generated\n", "db/a.sql", SOURCE),
        ("*.sql linguist-generated\na.sql -linguist-generated\n", "db/b.sql", GENERATED),
        ("vendor/** -linguist-vendored\n", "vendor/a.go", SOURCE),
        ("vendor/** linguist-vendored=false\n", "vendor/a.go", SOURCE),
        ("dist/** linguist-generated=false\n", "dist/a.js", SOURCE),
        ("*.md linguist-documentation\n*.x text eol=lf\n", "a.md", SOURCE),
        ("lib linguist-vendored\n", "lib/a.js", SOURCE),
    ];
    for (attributes, path, expected) in table {
        assert_eq!(class(&[(".gitattributes", attributes), (path, "")], path), *expected, "{attributes:?} {path}");
    }
    let files = [
        (".gitattributes", "*.c linguist-vendored\n"),
        ("own/.gitattributes", "*.c -linguist-vendored\n"),
        ("own/a.c", ""),
        ("a.c", ""),
    ];
    assert_eq!(class(&files, "own/a.c"), SOURCE);
    assert_eq!(class(&files, "a.c"), VENDORED);
}

#[test]
fn skeletons_of_templates_do_not_speak() {
    let backstage = "apiVersion: scaffolder.backstage.io/v1beta3\nkind: Template\nspec:\n  steps:\n    - action: fetch:template\n      input:\n        url: ./skeleton\n    - input:\n        url: https://example.com/x\n";
    let table: &[(Files, &str, &str)] = &[
        (&[("copier.yml", "_subdirectory: template\n"), ("template/a.py", "")], "template/a.py", SKELETON),
        (&[("copier.yml", "_subdirectory: template\n"), ("docs/a.md", "")], "docs/a.md", SOURCE),
        (&[("copier.yml", "name: x\n"), ("a.py.jinja", "")], "a.py.jinja", SKELETON),
        (&[("copier.yml", "_templates_suffix: .tmpl\n"), ("a.py.tmpl", "")], "a.py.tmpl", SKELETON),
        (&[("a.py", ""), ("web/page.html.jinja", "")], "web/page.html.jinja", SOURCE),
        (&[("copier.yml", "_subdirectory: ../out\n"), ("a.py", "")], "a.py", SOURCE),
        (
            &[("t/template.yaml", backstage), ("t/skeleton/catalog-info.yaml", "")],
            "t/skeleton/catalog-info.yaml",
            SKELETON,
        ),
        (&[("t/template.yaml", backstage), ("t/skeleton/a", "")], "t/template.yaml", SOURCE),
        (&[("t/template.yaml", "kind: Other\nurl: ./skeleton\n"), ("t/skeleton/a", "")], "t/skeleton/a", SOURCE),
        (&[("cookiecutter.json", "{}"), ("{{cookiecutter.x}}/a", "")], "cookiecutter.json", SOURCE),
    ];
    for (files, path, expected) in table {
        assert_eq!(class(files, path), *expected, "{path} in {files:?}");
    }
}

#[test]
fn heads_of_files_tell_what_was_generated() {
    let generated = [
        "// Code generated by protoc-gen-go. DO NOT EDIT.\n",
        "# Licence\n#\n# @generated by pip-compile\n",
        "/**\n * @generated SignedSource<<1>>\n */\n",
        "// <auto-generated>\n",
    ];
    for text in generated {
        assert!(generated_header(text.as_bytes()).is_some(), "{text}");
    }
    let written = [
        "package x\n\nconst header = \"// Code generated by x. DO NOT EDIT.\"\n",
        "// Writes code generated elsewhere.\n",
        "# see regenerated@generated.example\n",
        "let x = '@generated';\n",
        "# @generated_by is an annotation\n",
        "",
    ];
    for text in written {
        assert!(generated_header(text.as_bytes()).is_none(), "{text}");
    }
    assert!(minified("a.js", "x".repeat(5_000).as_bytes()).is_some());
    assert!(minified("a.js", "let x = 1;\n".repeat(500).as_bytes()).is_none());
    assert!(minified("a.md", "x".repeat(5_000).as_bytes()).is_none());
}

#[test]
fn pointers_of_lfs_are_recognised() {
    let pointer = "version https://git-lfs.github.com/spec/v1\noid sha256:4d7a\nsize 12345\n";
    assert_eq!(lfs_pointer(pointer.as_bytes()), Some(12_345));
    assert_eq!(lfs_pointer(b"version 1\nsize 3\n"), None);
}

#[test]
fn exclusions_say_why_folders_first() {
    let entries = [
        ("Cargo.lock", FileKind::Regular),
        ("link", FileKind::Link),
        ("module", FileKind::Submodule),
        ("node_modules/a.js", FileKind::Regular),
        ("node_modules/b/c.js", FileKind::Regular),
        ("src/lib.rs", FileKind::Regular),
    ];
    let classified = classify(&entries, &mut |_| None);
    let shown: Vec<String> = classified
        .exclusions
        .iter()
        .map(|one| format!("{} ({}, {}): {}", one.path, one.class.as_str(), one.files, one.why))
        .collect();
    insta::assert_snapshot!(shown.join("\n"), @r"
    node_modules (vendored, 2): The folder holds installed JavaScript packages.
    Cargo.lock (lock file, cassette or snapshot, 1): The file is a package manager's lock file.
    link (symbolic link, 1): The entry is a symbolic link, which is not followed.
    module (submodule, 1): The entry is a commit of another repository.
    ");
}

#[test]
fn exclusions_are_bounded() {
    let paths: Vec<String> = (0..1_000).map(|n| format!("a{n:04}_test.go")).collect();
    let entries: Vec<(&str, FileKind)> = paths.iter().map(|path| (path.as_str(), FileKind::Regular)).collect();
    let classified = classify(&entries, &mut |_| None);
    assert_eq!(classified.exclusions.len(), MOST_EXCLUSIONS);
    assert!(classified.classes.iter().all(|class| *class == PathClass::Test));
}

proptest::proptest! {
    #[test]
    fn any_tree_is_classified(paths in proptest::collection::btree_set("[a-z{}%./]{1,12}", 0..20), text in "[ -~\n]{0,100}") {
        let mut files: Vec<(String, String)> = paths.into_iter().map(|path| (path, text.clone())).collect();
        files.push((".gitattributes".to_owned(), text.clone()));
        files.push(("copier.yml".to_owned(), text.clone()));
        files.push(("template.yaml".to_owned(), format!("kind: Template\n{text}")));
        let tree = MemoryTree::new(files);
        for file in tree.files() {
            proptest::prop_assert_eq!(tree.file(&file.path).map(|found| &found.path), Some(&file.path));
        }
    }
}
