//! Manifests of package ecosystems: what they name, what they ask for, and whether they may be published.
//!
//! Every parser reads text that anybody may have written: it is bounded, it never runs anything, and what it cannot
//! read it leaves out. The next ecosystem is one more entry of [`ECOSYSTEMS`].

mod actions;
mod address;
mod cargo;
mod chart;
pub(crate) mod ci;
mod cmake;
mod compose;
mod conan;
mod dockerfile;
mod dotnet;
mod go;
mod gradle;
mod hosts;
mod java;
mod javascript;
mod kubernetes;
mod maven;
mod node;
mod php;
mod protobuf;
mod python;
mod questions;
mod ruby;
mod script;
mod settings;
mod swift;
mod terraform;
#[cfg(test)]
mod tests;
mod vcpkg;
mod xml;

pub use engine_yaml::Located;
use serde::{Deserialize, Serialize};

pub use actions::{action, gitlab, workflow};
pub use address::address;
pub use cargo::cargo_toml;
pub use chart::{Chart, Values, chart, values};
pub use ci::{Ci, ci};
pub use cmake::cmake_lists;
pub use compose::{Service, compose, environment};
pub use conan::{conanfile_py, conanfile_txt};
pub use dockerfile::{Dockerfile, dockerfile};
pub use dotnet::{project, solution};
pub use go::{go_mod, go_work};
pub use gradle::{build_gradle, gradle_properties, settings_gradle, version_catalog};
pub use hosts::hosts;
pub use javascript::{lerna_json, package_json, pnpm_workspace};
pub use kubernetes::{ConfigMap, KubernetesObject, config_maps, kubernetes, kustomization, workload_kinds};
pub use maven::pom;
pub(crate) use node::json as json_document;
pub use php::composer_json;
pub use protobuf::buf_yaml;
pub use python::{pipfile, pyproject, requirements, setup_cfg, setup_py};
pub use questions::{Nested, Question, Questions, cookiecutter_json, copier_yaml};
pub use ruby::{gemfile, gemspec};
pub use settings::{is_settings, settings};
pub use swift::package_swift;
pub use terraform::terraform;
pub use vcpkg::vcpkg_json;

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
    /// The manifest from which it has what it does not say itself.
    pub parent: Option<String>,
    /// Names that it gives to values or packages, for itself and other manifests of the repository.
    pub aliases: Vec<(String, String)>,
    /// What it offers to pipelines of other repositories.
    pub offers: Option<Located>,
}

/// A manifest while those of one ecosystem in one repository are put together.
pub struct ReadManifest<'m> {
    pub file: &'m str,
    pub manifest: &'m mut Manifest,
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
    /// Where its manifest is ready, a tag with a version is what its registry serves, or goes with a release to it.
    pub released_by_tag: bool,
    /// What its registry or its users take lies at the root of a repository: what lies deeper may be anybody's.
    pub only_at_root: bool,
    /// A name says nothing before its package is published: nothing is guessed from it.
    pub only_published: bool,
    /// Its manifests stand beside code that they build; those of pipelines, charts and the like do not.
    pub is_code: bool,
    /// Puts together what the manifests of one repository say of each other.
    pub join: fn(&mut [ReadManifest]),
    /// Dependencies on these make a program that serves, a command line, a site.
    pub frameworks: Frameworks,
}

/// Packages whose users are known by what they are for.
pub struct Frameworks {
    pub serve: &'static [&'static str],
    pub command: &'static [&'static str],
    pub site: &'static [&'static str],
}

/// What an ecosystem is as long as its entry says nothing else.
const NONE: Ecosystem = Ecosystem {
    id: "",
    title: "",
    files: &[],
    normalise: str::to_owned,
    publishes: &[],
    pages: &[],
    named_by_address: false,
    released_by_tag: false,
    only_at_root: false,
    only_published: false,
    is_code: true,
    join: |_| {},
    frameworks: Frameworks { serve: &[], command: &[], site: &[] },
};

/// Every ecosystem that is understood.
pub static ECOSYSTEMS: [&Ecosystem; 17] = [
    &python::PYTHON,
    &cargo::RUST,
    &javascript::JAVASCRIPT,
    &go::GO,
    &java::JAVA,
    &dotnet::DOTNET,
    &php::PHP,
    &ruby::RUBY,
    &swift::SWIFT,
    &conan::CONAN,
    &vcpkg::VCPKG,
    &cmake::CMAKE,
    &terraform::TERRAFORM,
    &chart::HELM,
    &actions::ACTIONS,
    &protobuf::PROTOBUF,
    &address::GIT,
];

/// An address that leads to a package at its registry: `{}` stands for its name, `{/}` for the name with `/` between
/// its parts, `{:}` for the last part alone.
pub(crate) fn page_of(page: &str, name: &str) -> String {
    if page.contains("{/}") {
        return page.replace("{/}", &name.replace(':', "/"));
    }
    if page.contains("{:}") {
        return page.replace("{:}", name.rsplit(':').next().unwrap_or(name));
    }
    page.replace("{}", name)
}

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
