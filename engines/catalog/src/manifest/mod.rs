//! Manifests of package ecosystems: what they name, what they ask for, and whether they may be published.
//!
//! Every parser reads text that anybody may have written: it is bounded, it never runs anything, and what it cannot
//! read it leaves out. The next ecosystem is one more entry of [`ECOSYSTEMS`].

mod cargo;
mod chart;
pub(crate) mod ci;
mod compose;
mod dockerfile;
mod go;
mod hosts;
mod javascript;
mod kubernetes;
mod node;
mod python;

use serde::{Deserialize, Serialize};

pub use cargo::cargo_toml;
pub use chart::{Chart, Values, chart, values};
pub use ci::{Ci, ci};
pub use compose::{Service, compose, environment};
pub use dockerfile::{Dockerfile, dockerfile};
pub use go::{go_mod, go_work};
pub use hosts::hosts;
pub use javascript::{lerna_json, package_json, pnpm_workspace};
pub use kubernetes::{KubernetesObject, kubernetes, kustomization, workload_kinds};
pub(crate) use node::json as json_document;
pub use python::{pipfile, pyproject, requirements, setup_cfg, setup_py};

/// How much of a manifest is read.
pub const MANIFEST_BYTES: usize = 512 * 1024;

/// How many dependencies of one manifest count.
pub const DEPENDENCIES: usize = 2_000;

/// What a dependency is needed for.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Scope {
    #[default]
    Runtime,
    Optional,
    Build,
    Development,
    Test,
}

impl Scope {
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Runtime => "runtime",
            Self::Optional => "optional",
            Self::Build => "build",
            Self::Development => "development",
            Self::Test => "test",
        }
    }
}

/// A text and the line on which it stands, from 1.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Located {
    pub text: String,
    pub line: u32,
}

impl Located {
    pub fn new(text: impl Into<String>, line: u32) -> Self {
        Self { text: text.into(), line }
    }
}

/// A package that a manifest asks for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Dependency {
    /// As written.
    pub name: String,
    pub scope: Scope,
    pub line: u32,
}

/// What a manifest says about publishing.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum Publishing {
    #[default]
    Unsaid,
    /// `private: true`, `publish = false`: the line.
    Forbidden(u32),
    /// A registry is configured: the line and what stands there.
    Configured(u32, String),
}

/// What a manifest says, in the words that all ecosystems share.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Manifest {
    pub name: Option<Located>,
    pub version: Option<Located>,
    pub description: Option<Located>,
    pub licence: Option<Located>,
    pub homepage: Option<Located>,
    pub repository: Option<Located>,
    pub documentation: Option<Located>,
    pub keywords: Vec<String>,
    /// Trove classifiers, crates.io categories.
    pub classifiers: Vec<Located>,
    pub publishing: Publishing,
    /// It speaks for several packages; [`Manifest::members`] says which.
    pub workspace: Option<u32>,
    /// Globs over folders, relative to the manifest's.
    pub members: Vec<Located>,
    /// Globs over folders that are no members after all.
    pub excluded: Vec<String>,
    pub dependencies: Vec<Dependency>,
    /// Commands that it installs.
    pub commands: Vec<Located>,
    /// Where it says what others may import: `exports`, `[lib]`.
    pub importable: Option<u32>,
    /// How it is started: `scripts.start`, a server framework's own section.
    pub starts: Option<Located>,
    /// The registry accepts it as it is: what it demands is there.
    pub complete: bool,
}

impl Manifest {
    /// Adds a dependency unless there are too many, or it has no name.
    fn depend(&mut self, name: &str, scope: Scope, line: u32) {
        if !name.is_empty() && name.len() <= 214 && self.dependencies.len() < DEPENDENCIES {
            self.dependencies.push(Dependency { name: name.to_owned(), scope, line });
        }
    }
}

/// One kind of manifest file.
pub struct ManifestFile {
    /// File name, after the folder's where that matters; one `*` may stand for anything.
    pub name: &'static str,
    /// `None`: nothing in it can be read.
    pub parse: fn(&str) -> Option<Manifest>,
}

/// A world of packages with one registry and one way to write names.
pub struct Ecosystem {
    pub id: &'static str,
    /// As pages say it.
    pub title: &'static str,
    /// The most telling first: the first that names a package names it.
    pub files: &'static [ManifestFile],
    /// Two names that normalise to the same are one package.
    pub normalise: fn(&str) -> String,
    /// What a CI file says when it publishes to the registry.
    pub publishes: &'static [&'static str],
    /// Addresses that lead to a package at the registry: `{}` is its name as written.
    pub pages: &'static [&'static str],
    /// A package is published by pushing a tag: its name is its address.
    pub named_by_address: bool,
    /// Dependencies on these make a program that serves, a command line, a site.
    pub frameworks: Frameworks,
}

/// Packages whose users are known by what they are for.
pub struct Frameworks {
    pub serve: &'static [&'static str],
    pub command: &'static [&'static str],
    pub site: &'static [&'static str],
}

/// Every ecosystem that is understood.
pub static ECOSYSTEMS: [&Ecosystem; 4] = [&python::PYTHON, &cargo::RUST, &javascript::JAVASCRIPT, &go::GO];

/// The ecosystem and the kind of a file, by its name and, where the pattern has one, by its folder's.
pub fn recognise(path: &str) -> Option<(&'static Ecosystem, &'static ManifestFile)> {
    let mut parts = path.rsplitn(3, '/');
    let (name, folder) = (parts.next().unwrap_or(path), parts.next().unwrap_or_default());
    let matches = |file: &&ManifestFile| match file.name.split_once('/') {
        Some((parent, pattern)) => parent == folder && matches_name(pattern, name),
        None => matches_name(file.name, name),
    };
    ECOSYSTEMS.iter().find_map(|ecosystem| ecosystem.files.iter().find(matches).map(|file| (*ecosystem, file)))
}

/// The ecosystem with that id.
pub fn ecosystem(id: &str) -> Option<&'static Ecosystem> {
    ECOSYSTEMS.iter().copied().find(|ecosystem| ecosystem.id == id)
}

fn matches_name(pattern: &str, name: &str) -> bool {
    match pattern.split_once('*') {
        None => pattern == name,
        Some((start, end)) => name.len() >= start.len() + end.len() && name.starts_with(start) && name.ends_with(end),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use proptest::prelude::*;

    use super::*;

    type Parser = fn(&str);

    /// Every parser by the name of its fuzz target and corpus.
    const PARSERS: [(&str, Parser); 19] = [
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
        ];
        for (path, expected) in table {
            assert_eq!(recognise(path).map(|(ecosystem, _)| ecosystem.id), expected, "{path}");
        }
    }
}
