//! What is known of a sound repository.

use model::Fact;
use model::repository::{AuthorCommits, PathClass};

use crate::support::{Made, NOW, rules, shown};

const DAY: i64 = 86_400;
const SECONDS: i64 = NOW / 1_000;

fn values(facts: &[Fact<String>]) -> Vec<&str> {
    facts.iter().map(|fact| fact.value.as_str()).collect()
}

fn service() -> Made {
    Made::with(&[
        ("README.md", "# Berths\n\n[![Build](b.svg)](b)\n\nPlans which ship lies where.\n\nMore.\n"),
        (".github/CODEOWNERS", "* @harbour/berths\n"),
        ("CODEOWNERS", "* @somebody\n"),
        (".github/workflows/test.yml", "on: push\n"),
        (".github/workflows/release.yml", "on: push\n"),
        ("Cargo.toml", "[package]\nname = \"berths\"\nlicense = \"MIT OR Apache-2.0\"\n"),
        ("Cargo.lock", "version = 4\n"),
        ("Dockerfile", "FROM scratch\n"),
        ("deploy/chart/Chart.yaml", "name: berths\n"),
        ("deploy/chart/values.yaml", "# comment\nreplicas: 2\n"),
        ("docker-compose.yml", "services: {}\n"),
        ("api/openapi.yaml", "openapi: 3.1.0\ninfo:\n  title: Berths\n"),
        ("api/berths.proto", "syntax = \"proto3\";\n"),
        ("api/old.json", "{\n  \"swagger\": \"2.0\"\n}\n"),
        ("crd.yaml", "openAPIV3Schema:\n  openapi: 3.0.0\n"),
        ("src/main.rs", "//! Berths.\n\nfn main() {}\n"),
        ("tests/api.rs", "#[test]\nfn a() {}\n"),
        ("web/package.json", "{ \"name\": \"web\" }\n"),
        ("web/index.ts", "export const a = 1;\n"),
        ("web/node_modules/x/package.json", "{}\n"),
        ("docs/index.md", "# Guide\n"),
        ("docs/deep/more.md", "# More\n"),
        ("mkdocs.yml", "site_name: Berths\n"),
        ("services/quay/doc/a.md", "# Quay\n"),
        ("script", "#!/usr/bin/env python3\nprint(1)\n"),
    ])
}

#[test]
fn files_say_what_they_are() {
    let (facts, findings) = service().facts();
    assert_eq!(shown(&findings), "");
    let description = facts.description.unwrap();
    assert_eq!((description.value.as_str(), description.evidence.line), ("Plans which ship lies where.", Some(5)));
    assert_eq!(description.evidence.commit, facts.head.map(|head| head.commit));
    assert_eq!(facts.readme.as_deref(), Some("README.md"));
    assert_eq!(facts.codeowners.as_deref(), Some(".github/CODEOWNERS"));
    assert_eq!(values(&facts.ci), ["GitHub Actions"]);
    assert_eq!(values(&facts.manifests), ["Cargo.toml", "web/package.json"]);
    assert_eq!(values(&facts.containers), ["Dockerfile"]);
    assert_eq!(values(&facts.charts), ["deploy/chart/Chart.yaml"]);
    assert_eq!(values(&facts.compose), ["docker-compose.yml"]);
    assert_eq!(values(&facts.api_definitions), ["api/berths.proto", "api/old.json", "api/openapi.yaml"]);
    assert_eq!(values(&facts.docs), ["docs", "services/quay/doc"]);
    assert_eq!(facts.markdown, ["README.md", "docs/deep/more.md", "docs/index.md", "services/quay/doc/a.md"]);
    let licence = facts.licence.unwrap();
    assert_eq!(
        (licence.value.as_str(), licence.evidence.file.as_deref(), licence.evidence.line),
        ("MIT OR Apache-2.0", Some("Cargo.toml"), Some(3))
    );
    assert_eq!(facts.files.total, 25);
    assert_eq!(facts.files.by_class[&PathClass::Vendored], 1);
    assert_eq!(facts.files.by_class[&PathClass::Test], 1);
    assert_eq!(facts.files.by_class[&PathClass::Lock], 1);
}

#[test]
fn lines_are_counted_by_language_what_is_programmed_first() {
    let (facts, _) = service().facts();
    let lines: Vec<String> = facts
        .languages
        .iter()
        .map(|lines| format!("{} {} {} {} {}", lines.language, lines.files, lines.code, lines.comments, lines.blanks))
        .collect();
    insta::assert_snapshot!(lines.join("\n"), @r"
    Rust 2 3 1 1
    Python 1 1 1 0
    Dockerfile 1 1 0 0
    TypeScript 1 1 0 0
    YAML 8 11 1 0
    JSON 2 4 0 0
    TOML 1 3 0 0
    Protocol Buffers 1 1 0 0
    Markdown 4 0 7 3
    ");
}

#[test]
fn people_are_counted_through_the_mailmap_and_bots_apart() {
    let made = Made::with(&[(".mailmap", "Ada Lovelace <ada@example.com> <ada@old.example>\n")]);
    let people = [
        ("Ada", "ada@old.example", 3),
        ("Ada", "ADA@example.com", 10),
        ("Grace", "1234+grace@users.noreply.github.com", 4),
        ("Grace", "grace@users.noreply.github.com", 5),
        ("Gone", "gone@example.com", 500),
        ("dependabot[bot]", "49699333+dependabot[bot]@users.noreply.github.com", 2),
        ("Renovate Bot", "bot@renovateapp.com", 2),
    ];
    for (name, email, ago) in people {
        made.commit("Work", name, email, SECONDS - ago * DAY);
    }
    let (facts, _) = made.facts();
    assert_eq!(facts.commits, 8);
    assert_eq!((facts.people.all_time, facts.people.last_year, facts.people.bots), (3, 2, 2));
    let hash = |text: &str| {
        use sha2::Digest as _;
        sha2::Sha256::digest(text.as_bytes())[..8].iter().map(|byte| format!("{byte:02x}")).collect::<String>()
    };
    assert_eq!(
        facts.people.authors,
        [
            AuthorCommits { author: hash("ada@example.com"), commits: 3 },
            AuthorCommits { author: hash("grace"), commits: 2 },
        ]
    );
}

#[test]
fn weeks_start_on_monday_and_hold_human_commits() {
    // NOW is a Monday, 09:00: an hour ago is this week, ten hours ago is the last.
    let made = Made::new();
    for (ago, email) in [
        (3_600, "a@example.com"),
        (36_000, "a@example.com"),
        (36_001, "x[bot]@example.com"),
        (7 * DAY, "a@example.com"),
        (8 * DAY, "a@example.com"),
        (103 * 7 * DAY, "a@example.com"),
        (105 * 7 * DAY, "a@example.com"),
        (-DAY, "a@example.com"),
    ] {
        made.commit("Work", "A", email, SECONDS - ago);
    }
    let activity = made.facts().0.activity;
    assert_eq!(activity.weeks.len(), 104);
    assert_eq!(activity.last_week, NOW - 9 * 3_600_000);
    assert_eq!(activity.weeks[101..], [1, 2, 1]);
    assert_eq!(activity.weeks[0], 1);
    assert_eq!(activity.weeks.iter().sum::<u32>(), 5);
}

#[test]
fn first_and_last_commit_and_tags_are_known() {
    let made = Made::new();
    made.commit("First line\n\nbody", "A", "a@example.com", SECONDS - 30 * DAY);
    made.git(&["tag", "v1"]);
    made.commit("Second", "A", "a@example.com", SECONDS - 20 * DAY);
    made.git(&["tag", "--annotate", "v2", "-m", "Two"]);
    made.commit("", "A", "a@example.com", SECONDS - 10 * DAY);
    made.git(&["tag", "v3"]);
    let (facts, _) = made.facts();
    let first = facts.first_commit.unwrap();
    assert_eq!((first.title.as_str(), first.at), ("First line", (SECONDS - 30 * DAY) * 1_000));
    assert_eq!(first.commit, made.git(&["rev-parse", "v1"]));
    assert_eq!(facts.last_commit.unwrap().at, (SECONDS - 10 * DAY) * 1_000);
    let tags: Vec<(&str, i64)> = facts.tags.iter().map(|tag| (tag.name.as_str(), tag.at.unwrap())).collect();
    // The annotated one has its tagger's time.
    assert_eq!(
        tags,
        [("v3", (SECONDS - 10 * DAY) * 1_000), ("v1", (SECONDS - 30 * DAY) * 1_000), ("v2", 1_700_000_000_000)]
    );
    assert_eq!(facts.tags[2].commit, made.git(&["rev-parse", "v2^{commit}"]));
    assert_eq!(facts.tag_count, 3);
}

const MIT: &str = "MIT License\n\nCopyright (c) 2026 Harbour & Hull\n\nPermission is hereby granted, free of charge, to any person obtaining a copy\nof this software and associated documentation files (the \"Software\"), to deal\nin the Software without restriction, including without limitation the rights\nto use, copy, modify, merge, publish, distribute, sublicense, and/or sell\ncopies of the Software, and to permit persons to whom the Software is\nfurnished to do so, subject to the following conditions:\n\nThe above copyright notice and this permission notice shall be included in all\ncopies or substantial portions of the Software.\n\nTHE SOFTWARE IS PROVIDED \"AS IS\", WITHOUT WARRANTY OF ANY KIND, EXPRESS OR\nIMPLIED, INCLUDING BUT NOT LIMITED TO THE WARRANTIES OF MERCHANTABILITY,\nFITNESS FOR A PARTICULAR PURPOSE AND NONINFRINGEMENT. IN NO EVENT SHALL THE\nAUTHORS OR COPYRIGHT HOLDERS BE LIABLE FOR ANY CLAIM, DAMAGES OR OTHER\nLIABILITY, WHETHER IN AN ACTION OF CONTRACT, TORT OR OTHERWISE, ARISING FROM,\nOUT OF OR IN CONNECTION WITH THE SOFTWARE OR THE USE OR OTHER DEALINGS IN THE\nSOFTWARE.\n";

/// Paths and contents.
type Files<'a> = &'a [(&'a str, &'a str)];

#[test]
fn licences_come_from_texts_manifests_and_headers() {
    let table: &[(Files, Option<&str>, Option<&str>)] = &[
        (&[("LICENSE", MIT)], Some("MIT"), Some("LICENSE")),
        (&[("LICENSE.md", MIT), ("package.json", "{\n\"license\": \"ISC\"}")], Some("MIT"), Some("LICENSE.md")),
        (
            &[("LICENSE", MIT), ("Cargo.toml", "[package]\nlicense = \"MIT OR Apache-2.0\"")],
            Some("MIT OR Apache-2.0"),
            Some("Cargo.toml"),
        ),
        (
            &[("pyproject.toml", "[project]\nlicense = { text = \"Apache-2.0\" }")],
            Some("Apache-2.0"),
            Some("pyproject.toml"),
        ),
        (&[("package.json", "{ \"license\": \"SEE LICENSE IN X\" }")], None, None),
        (&[("package.json", "{ \"license\": \"UNLICENSED\" }")], None, None),
        (&[("a.rs", "// SPDX-License-Identifier: GPL-3.0-or-later\n")], Some("GPL-3.0-or-later"), Some("a.rs")),
        (
            &[("a.c", "/* SPDX-License-Identifier: MIT */\n"), ("b.c", "/* SPDX-License-Identifier: ISC */\n")],
            None,
            None,
        ),
        (&[("LICENSE", "SPDX-License-Identifier: BSD-3-Clause\n")], Some("BSD-3-Clause"), Some("LICENSE")),
        (&[("src/LICENSE", MIT)], None, None),
        (&[("a.txt", "")], None, None),
    ];
    for (files, licence, file) in table {
        let (facts, findings) = Made::with(files).facts();
        let found = facts.licence.as_ref();
        assert_eq!(found.map(|fact| fact.value.as_str()), *licence, "{files:?} {}", shown(&findings));
        assert_eq!(found.and_then(|fact| fact.evidence.file.as_deref()), *file, "{files:?}");
    }
    let (facts, findings) = Made::with(&[("LICENSE", &"You may look at it, but not touch it. ".repeat(10))]).facts();
    assert_eq!((facts.licence, rules(&findings)), (None, vec!["licence.unknown"]));
    engine_repo::release_licences();
}

#[test]
fn descriptions_come_from_git_then_manifests_then_the_readme() {
    let made = Made::with(&[
        ("README.md", "# X\n\nFrom the README file.\n"),
        ("package.json", "{\n  \"description\": \"From the manifest.\"\n}"),
    ]);
    let described = || {
        let fact = made.facts().0.description.unwrap();
        (fact.value, fact.evidence.rule, fact.evidence.line)
    };
    assert_eq!(described(), ("From the manifest.".to_owned(), "description.manifest".to_owned(), Some(2)));
    std::fs::write(made.path().join(".git/description"), "From Git.\n").unwrap();
    assert_eq!(described(), ("From Git.".to_owned(), "description.git".to_owned(), None));
    let rst =
        Made::with(&[("README.rst", "=====\nTitle\n=====\n\n.. image:: x\n   :target: y\n\nFrom the plain text.\n")]);
    assert_eq!(rst.facts().0.description.unwrap().value, "From the plain text.");
}
