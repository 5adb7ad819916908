#![allow(clippy::unwrap_used, clippy::expect_used)]

use std::fmt::Write;

use model::docs::NavigationItem;
use proptest::prelude::*;

use super::*;

/// What a repository with these files has. A path that begins with `~` is foreign, one with `?` may not speak.
fn found(files: &[(&str, &str)], folders: &[&str], announced: &[Announced]) -> (Vec<DocsSite>, Vec<Finding>) {
    let mut texts: Vec<(&str, &str)> = files.to_vec();
    texts.sort_by_key(|(path, _)| path.trim_start_matches(['~', '?']));
    let listed: Vec<File> = texts
        .iter()
        .map(|(path, _)| File {
            path: path.trim_start_matches(['~', '?']),
            speaks: !path.starts_with(['~', '?']),
            foreign: path.starts_with('~'),
        })
        .collect();
    let read = |path: &str, limit: usize| {
        let (_, text) = texts.iter().find(|(known, _)| known.trim_start_matches(['~', '?']) == path)?;
        Some(text.chars().take(limit).collect())
    };
    let folders = folders.iter().map(|folder| (*folder).to_owned()).collect();
    sites(&Files { files: &listed, read: &read }, &folders, announced)
}

/// The only one at the root.
fn site(files: &[(&str, &str)]) -> DocsSite {
    let (mut sites, missing) = found(files, &[""], &[]);
    assert_eq!((sites.len(), missing), (1, vec![]), "{sites:?}");
    sites.remove(0)
}

/// As a table of contents, with what is wrong below it.
fn shown(site: &DocsSite) -> String {
    let mut out = format!(
        "{} in {:?}, of {:?}, edited at {:?}\n",
        site.title.as_deref().unwrap_or("(no name)"),
        site.folder,
        site.root,
        site.edit
    );
    list(&mut out, &site.navigation, 1);
    for page in site.pages.iter().filter(|page| !site.in_order().iter().any(|(path, _)| *path == page.path)) {
        writeln!(out, "not listed: {} ({})", page.title, page.path).unwrap();
    }
    for finding in &site.findings {
        writeln!(out, "{} {} {}: {}", finding.location(), finding.level.as_str(), finding.rule, finding.message)
            .unwrap();
    }
    out
}

fn list(out: &mut String, items: &[NavigationItem], depth: usize) {
    for item in items {
        let indent = "  ".repeat(depth);
        match item {
            NavigationItem::Page { title, path } => writeln!(out, "{indent}{title} ({path})").unwrap(),
            NavigationItem::Link { title, url } => writeln!(out, "{indent}{title} → {url}").unwrap(),
            NavigationItem::Section { title, items } => {
                writeln!(out, "{indent}{title}:").unwrap();
                list(out, items, depth + 1);
            }
        }
    }
}

#[test]
fn a_configured_navigation_is_kept_as_it_is_written() {
    let configuration = "\
site_name: Harbour handbook
repo_url: https://github.com/harbourline/handbook
docs_dir: pages
nav:
  - index.md
  - Your first week: ./first-week.md
  - How we work:
      - On call: on-call/index.md
      - on-call/pager.md
      - Deeper:
          - Words: words.md
  - Status: https://status.example.org/
  - Tariff: tariff.pdf
";
    let site = site(&[
        ("mkdocs.yml", configuration),
        ("pages/index.md", "Welcome aboard.\n"),
        ("pages/first-week.md", "# Overridden\n"),
        ("pages/on-call/index.md", "# On call\n"),
        ("pages/on-call/pager.md", "---\ntitle: The pager\n---\n# Other\n"),
        ("pages/words.md", ""),
        ("pages/tariff.pdf", "%PDF"),
        ("pages/drafts/later_on.md", "No heading."),
        ("docs/unrelated.md", "# Not read\n"),
    ]);
    insta::assert_snapshot!(shown(&site));
    assert_eq!(site.home(), Some("index.md"));
}

#[test]
fn what_is_wrong_in_a_configuration_is_found_at_its_place() {
    let configuration = "\
site_name: !ENV [NAME, Harbour]
nav:
  - Home: index.md
  - Gone: gone.md
  - Out: ../secret.md
  - Root: /etc/passwd
  - Script: javascript:alert(1)
  - Empty:
  - [nested]
  - 7
  - Yard: '!include ./yard/mkdocs.yml'
  - Quay: !include ./quay/mkdocs.yml
  - Section:
      - Missing: section/missing.md
plugins:
  - search
  - monorepo
  - macros: {module_name: evil}
markdown_extensions:
  - pymdownx.emoji:
      emoji_index: !!python/name:material.extensions.emoji.twemoji
      options: !!python/object/apply:os.system ['touch /tmp/x']
INHERIT: ../base.yml
";
    insta::assert_snapshot!(shown(&site(&[
        ("mkdocs.yml", configuration),
        (
            "docs/index.md",
            "# Home\n\n[to](gone.md#x), ![picture](img/none.png), [ok](#here), [mail](mailto:a@b.c),\n[root](/mkdocs.yml) and [out](../../x.md)\n"
        ),
    ])));
}

#[test]
fn a_configuration_that_cannot_be_read_leaves_the_folders_order() {
    for broken in ["nav: [", "nav: text", "- a list", "", "docs_dir: ../..\nnav:\n", "\u{0}"] {
        let site = site(&[("mkdocs.yml", broken), ("docs/b.md", "# B\n"), ("docs/index.md", "# Welcome\n")]);
        let titles: Vec<&str> = site.in_order().iter().map(|(_, title)| *title).collect();
        assert_eq!(titles, ["Welcome", "B"], "{broken:?}");
        assert_eq!(site.findings.is_empty(), ["- a list", ""].contains(&broken), "{broken:?}: {:?}", site.findings);
    }
}

/// The order is MkDocs' own: `mkdocs build` of the same folder lists it so.
#[test]
fn without_a_configuration_pages_come_before_folders_and_the_index_first() {
    let site = site(&[
        ("README.md", "# Not part of it\n"),
        ("docs/zebra.md", "# Zebra\n"),
        ("docs/README.md", "# Welcome\n"),
        ("docs/getting_started.md", "no heading\n"),
        ("docs/API-notes.md", "text\n\n## Notes on the API\n"),
        ("docs/how-to/README.md", "# Left out, there is an index\n"),
        ("docs/how-to/index.md", "# How to\n"),
        ("docs/how-to/deploy.md", "# `deploy` and *roll back*\n"),
        ("docs/how-to/deep_er/x.markdown", "+++\ntitle = 'toml'\n+++\n# X\n"),
        ("docs/ADR/0001.md", "# One\n"),
        ("docs/.hidden.md", "# Hidden\n"),
        ("docs/.obsidian/x.md", "# Hidden\n"),
        ("docs/templates/email.md", "# A theme's\n"),
        ("~docs/node_modules/x/readme.md", "# Foreign\n"),
        ("docs/img/a.png", ""),
    ]);
    insta::assert_snapshot!(shown(&site));
    assert_eq!(site.home(), Some("README.md"));
}

#[test]
fn members_of_a_monorepo_have_their_own() {
    let announce = |folder: &str, line| Announced {
        entity: EntityRef::new("component", "default", folder.rsplit('/').next().unwrap()),
        folder: folder.into(),
        file: "catalog-info.yaml".into(),
        line,
        column: 5,
    };
    let files = [
        ("docs/index.md", "# All\n"),
        ("services/quay/docs/index.md", "# Quay\n"),
        ("services/yard/mkdocs.yaml", "site_name: Yard\ndocs_dir: .\n"),
        ("services/yard/plan.md", "# Plan\n"),
        ("services/crane/manual/index.md", "# Crane\n"),
        ("services/silent/main.go", ""),
        ("?tests/fixture/mkdocs.yml", "site_name: A fixture\n"),
        ("?tests/fixture/docs/index.md", "# A fixture\n"),
    ];
    let announced =
        [announce("services/crane/manual", 7), announce("services/silent", 8), announce("services/yard", 9)];
    let (sites, missing) = found(&files, &["", "services/quay", "services/yard", "services/silent"], &announced);
    let places: Vec<(&str, &str, usize)> =
        sites.iter().map(|site| (site.root.as_str(), site.folder.as_str(), site.entities.len())).collect();
    assert_eq!(
        places,
        [
            ("", "docs", 0),
            ("services/crane/manual", "services/crane/manual", 1),
            ("services/quay", "services/quay/docs", 0),
            ("services/yard", "services/yard", 1),
        ]
    );
    let missing: Vec<String> = missing.iter().map(Finding::location).collect();
    assert_eq!(missing, ["catalog-info.yaml:8:5"]);
}

#[test]
fn where_pages_are_edited_follows_mkdocs() {
    let edit = |text: &str| site(&[("mkdocs.yml", text), ("docs/index.md", "")]).edit;
    let table = [
        ("repo_url: https://github.com/a/b/", Some("https://github.com/a/b/edit/{branch}/docs/")),
        ("repo_url: https://gitlab.com/a/b", Some("https://gitlab.com/a/b/-/edit/{branch}/docs/")),
        (
            "repo_url: https://git.example.org/a\nedit_uri: edit/main/docs",
            Some("https://git.example.org/a/edit/main/docs/"),
        ),
        (
            "repo_url: https://git.example.org/a\nedit_uri: '?query=root/path/docs/'",
            Some("https://git.example.org/a?query=root/path/docs/"),
        ),
        ("repo_url: https://github.com/a/b\nedit_uri: ''", None),
        ("repo_url: https://git.example.org/a", None),
        ("repo_url: javascript://github.com/a", None),
        ("site_name: x", None),
    ];
    for (text, expected) in table {
        assert_eq!(edit(text).as_deref(), expected, "{text}");
    }
}

#[test]
fn what_is_too_much_is_cut_and_said() {
    let many: Vec<(String, String)> = (0..MOST_PAGES + 5)
        .map(|at| (format!("docs/{at:05}.md"), format!("[x](gone-{at}.md)")))
        .chain([(format!("docs/{}deep.md", "a/".repeat(DEEPEST + 1)), String::new())])
        .collect();
    let many: Vec<(&str, &str)> = many.iter().map(|(path, text)| (path.as_str(), text.as_str())).collect();
    let site = site(&many);
    assert_eq!(site.pages.len(), MOST_PAGES);
    let messages: Vec<&str> = site.findings.iter().map(|finding| finding.message.as_str()).collect();
    assert!(messages.contains(&"5 pages are left out: only 5000 pages of a folder are shown."), "{messages:?}");
    assert!(messages.contains(&"1 pages are left out: only 10 folders in each other are shown."));
    assert!(messages.contains(&"4950 more links lead to nothing."));

    let deep = (0..30).fold("[index.md]".to_owned(), |inner, at| format!("[{{s{at}: {inner}}}]"));
    let site = self::site(&[("mkdocs.yml", &format!("nav: {deep}")), ("docs/index.md", "")]);
    assert!(site.findings.iter().any(|finding| finding.rule == "docs.navigation"), "{:?}", site.findings);
}

proptest! {
    #[test]
    fn nothing_that_is_written_breaks_it(nav in "(nav:\n)?( {0,6}[-:!*\\[\\]{}a-z\\./ ]{0,20}\n){0,12}", page in "\\PC{0,80}") {
        let site = found(&[("mkdocs.yml", &nav), ("docs/a.md", &page)], &[""], &[]).0;
        for site in site {
            for (path, _) in site.in_order() {
                prop_assert!(site.page(path).is_some());
            }
        }
    }
}
