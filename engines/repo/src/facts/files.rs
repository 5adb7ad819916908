//! What files say by their name and place: CI systems, manifests, containers, charts, APIs, documentation.

use std::collections::BTreeSet;

use model::repository::RepositoryFacts;
use model::{Fact, Finding};

use super::{note, seen, text};
use crate::scan::Note;
use crate::{File, Snapshot, Tree};

/// At most this many facts of one kind are listed.
const MOST_ALIKE: usize = 500;

/// How a row recognises a path.
enum Is {
    /// The whole path.
    Path(&'static str),
    /// The name, in any folder.
    Name(&'static str),
    /// The end of the name, in any folder.
    Ending(&'static str),
    /// Name starts and ends so, in any folder.
    Between(&'static str, &'static str),
    /// Lies directly in this folder and ends so.
    In(&'static str, &'static [&'static str]),
}

use Is::{Between, Ending, In, Name, Path};

impl Is {
    fn matches(&self, file: &File) -> bool {
        match self {
            Path(path) => file.path == *path,
            Name(name) => file.name() == *name,
            Ending(ending) => file.name().len() > ending.len() && file.name().ends_with(ending),
            Between(start, end) => {
                let name = file.name();
                name.len() >= start.len() + end.len() && name.starts_with(start) && name.ends_with(end)
            }
            In(folder, endings) => {
                file.folder() == *folder && endings.iter().any(|ending| file.name().ends_with(ending))
            }
        }
    }
}

const YAML: &[&str] = &[".yml", ".yaml"];

/// What recognises a CI system, and its name.
const CI: &[(Is, &str)] = &[
    (In(".github/workflows", YAML), "GitHub Actions"),
    (Path(".gitlab-ci.yml"), "GitLab CI"),
    (Name("Jenkinsfile"), "Jenkins"),
    (In(".circleci", YAML), "CircleCI"),
    (Path(".travis.yml"), "Travis CI"),
    (Path("azure-pipelines.yml"), "Azure Pipelines"),
    (Path("azure-pipelines.yaml"), "Azure Pipelines"),
    (In(".azure-pipelines", YAML), "Azure Pipelines"),
    (In(".azuredevops", YAML), "Azure Pipelines"),
    (Path("bitbucket-pipelines.yml"), "Bitbucket Pipelines"),
    (Path(".drone.yml"), "Drone"),
    (Path(".woodpecker.yml"), "Woodpecker CI"),
    (In(".woodpecker", YAML), "Woodpecker CI"),
    (In(".buildkite", YAML), "Buildkite"),
    (Path("appveyor.yml"), "AppVeyor"),
    (Path(".appveyor.yml"), "AppVeyor"),
    (Path("cloudbuild.yaml"), "Google Cloud Build"),
    (Path("buildspec.yml"), "AWS CodeBuild"),
    (In(".tekton", YAML), "Tekton"),
    (In(".teamcity", &[".kts", ".xml"]), "TeamCity"),
    (Path(".cirrus.yml"), "Cirrus CI"),
    (In(".semaphore", YAML), "Semaphore"),
    (Path(".build.yml"), "SourceHut builds"),
    (In(".builds", YAML), "SourceHut builds"),
    (In(".forgejo/workflows", YAML), "Forgejo Actions"),
    (In(".gitea/workflows", YAML), "Gitea Actions"),
];

/// What recognises a manifest, the id of its rule and the sentence about it.
const MANIFESTS: &[(Is, &str, &str)] = &[
    (Name("package.json"), "manifest.npm", "It is an npm package manifest."),
    (Name("pnpm-workspace.yaml"), "manifest.pnpm-workspace", "It is a pnpm workspace."),
    (Name("lerna.json"), "manifest.lerna", "It is a Lerna workspace."),
    (Name("deno.json"), "manifest.deno", "It is a Deno project."),
    (Name("deno.jsonc"), "manifest.deno", "It is a Deno project."),
    (Name("pyproject.toml"), "manifest.pyproject", "It is a Python project."),
    (Name("setup.py"), "manifest.setuptools", "It is a Python package's set-up script."),
    (Name("setup.cfg"), "manifest.setuptools", "It is a Python package's set-up configuration."),
    (Between("requirements", ".txt"), "manifest.requirements", "It lists Python requirements."),
    (Name("Pipfile"), "manifest.pipfile", "It lists Python requirements."),
    (Name("Cargo.toml"), "manifest.cargo", "It is a Cargo manifest."),
    (Name("go.mod"), "manifest.go", "It is a Go module."),
    (Name("go.work"), "manifest.go-work", "It is a Go workspace."),
    (Name("pom.xml"), "manifest.maven", "It is a Maven project."),
    (Name("build.gradle"), "manifest.gradle", "It is a Gradle build."),
    (Name("build.gradle.kts"), "manifest.gradle", "It is a Gradle build."),
    (Name("build.sbt"), "manifest.sbt", "It is an sbt build."),
    (Name("Gemfile"), "manifest.bundler", "It lists Ruby gems."),
    (Ending(".gemspec"), "manifest.gem", "It is a Ruby gem."),
    (Name("composer.json"), "manifest.composer", "It is a Composer package."),
    (Name("mix.exs"), "manifest.mix", "It is an Elixir project."),
    (Name("rebar.config"), "manifest.rebar", "It is an Erlang project."),
    (Name("pubspec.yaml"), "manifest.pub", "It is a Dart package."),
    (Name("Package.swift"), "manifest.swift", "It is a Swift package."),
    (Ending(".csproj"), "manifest.dotnet", "It is a .NET project."),
    (Ending(".fsproj"), "manifest.dotnet", "It is a .NET project."),
    (Ending(".cabal"), "manifest.cabal", "It is a Haskell package."),
    (Name("project.clj"), "manifest.leiningen", "It is a Clojure project."),
    (Name("deps.edn"), "manifest.clojure", "It is a Clojure project."),
    (Name("dune-project"), "manifest.dune", "It is an OCaml project."),
    (Name("build.zig.zon"), "manifest.zig", "It is a Zig package."),
    (Name("CMakeLists.txt"), "manifest.cmake", "It is a CMake build."),
    (Name("meson.build"), "manifest.meson", "It is a Meson build."),
    (Name("conanfile.txt"), "manifest.conan", "It lists Conan packages."),
    (Name("conanfile.py"), "manifest.conan", "It is a Conan package."),
];

const CONTAINERS: &[Is] = &[
    Name("Dockerfile"),
    Name("Containerfile"),
    Between("Dockerfile.", ""),
    Between("Containerfile.", ""),
    Ending(".Dockerfile"),
    Ending(".dockerfile"),
];

const COMPOSE: &[Is] = &[
    Between("docker-compose", ".yml"),
    Between("docker-compose", ".yaml"),
    Between("compose.", "yml"),
    Between("compose.", "yaml"),
];

/// API descriptions that an ending alone gives away.
const API_ENDINGS: &[(&str, &str)] = &[
    (".proto", "It is a Protocol Buffers definition."),
    (".graphqls", "It is a GraphQL schema."),
    (".wsdl", "It is a WSDL description."),
    (".raml", "It is a RAML description."),
    (".thrift", "It is a Thrift definition."),
];

pub(super) fn gather(snapshot: &Snapshot, facts: &mut RepositoryFacts, findings: &mut Vec<Finding>) {
    let mut systems = BTreeSet::new();
    let mut read = 0;
    for file in snapshot.files().iter().filter(|file| file.speaks()) {
        let path = file.path.as_str();
        if let Some((_, name)) = CI.iter().find(|(is, _)| is.matches(file))
            && systems.insert(*name)
        {
            facts.ci.push(seen(*name, "ci.configuration", path, format!("The file configures {name}.")));
        }
        if let Some((_, rule, why)) = MANIFESTS.iter().find(|(is, ..)| is.matches(file)) {
            facts.manifests.push(seen(path, rule, path, *why));
        }
        if CONTAINERS.iter().any(|is| is.matches(file)) && !path.ends_with(".dockerignore") {
            facts.containers.push(seen(path, "container.file", path, "It builds a container image."));
        }
        if COMPOSE.iter().any(|is| is.matches(file)) {
            facts.compose.push(seen(path, "compose.file", path, "It is a Compose file."));
        }
        if file.name() == "Chart.yaml" {
            facts.charts.push(seen(path, "chart.helm", path, "It is a Helm chart."));
        }
        facts.api_definitions.extend(api_by_name(snapshot, file, &mut read));
    }
    facts.api_definitions.extend(api_by_content(snapshot));
    facts.api_definitions.sort_by(|a, b| a.value.cmp(&b.value));
    facts.docs = docs(snapshot);
    bound(facts, findings);
}

/// GraphQL queries have the same ending as schemas; at most this many are read to tell.
const MOST_GRAPHQL: usize = 200;

fn api_by_name(snapshot: &Snapshot, file: &File, read: &mut usize) -> Option<Fact<String>> {
    let path = file.path.as_str();
    if let Some((_, why)) = API_ENDINGS.iter().find(|(ending, _)| path.ends_with(ending)) {
        return Some(seen(path, "api.file", path, *why));
    }
    if ![".graphql", ".gql"].iter().any(|ending| path.ends_with(ending)) || *read >= MOST_GRAPHQL {
        return None;
    }
    *read += 1;
    let text = text(snapshot, path, 256 * 1024)?;
    let schema = text.lines().any(|line| {
        let line = line.trim_end();
        ["type Query", "type Mutation", "extend type Query", "schema {", "schema{"]
            .iter()
            .any(|start| line.starts_with(start))
    });
    schema.then(|| seen(path, "api.file", path, "It is a GraphQL schema."))
}

fn api_by_content(snapshot: &Snapshot) -> impl Iterator<Item = Fact<String>> {
    snapshot.scanned().notes.iter().filter_map(|(at, noted)| {
        let Note::Api(kind) = noted else { return None };
        let file = snapshot.files().get(*at)?;
        Some(seen(&*file.path, "api.content", &file.path, format!("It declares an {kind} version at its top.")))
    })
}

/// What configures a documentation tool, the tool, the key in it that names the folder, and the folder it takes otherwise.
const DOCS: &[(&str, &str, Option<&str>, &str)] = &[
    ("mkdocs.yml", "MkDocs", Some("docs_dir:"), "docs"),
    ("mkdocs.yaml", "MkDocs", Some("docs_dir:"), "docs"),
    ("book.toml", "mdBook", Some("src ="), "src"),
    ("docusaurus.config.js", "Docusaurus", None, "docs"),
    ("docusaurus.config.ts", "Docusaurus", None, "docs"),
    ("antora.yml", "Antora", None, ""),
];

/// Folders of documentation by name alone, if there is Markdown in them.
const DOCS_FOLDERS: &[&str] = &["docs", "doc", "documentation"];

const MOST_DOCS: usize = 100;

fn docs(snapshot: &Snapshot) -> Vec<Fact<String>> {
    let mut known = BTreeSet::new();
    let mut docs: Vec<Fact<String>> = Vec::new();
    let speaking = || snapshot.files().iter().filter(|file| file.speaks());
    for file in speaking() {
        let (folder, name) = (file.folder(), file.name());
        let found = match DOCS.iter().find(|(known, ..)| *known == name) {
            Some((_, tool, key, default)) => {
                let named = key.and_then(|key| named_folder(&text(snapshot, &file.path, 64 * 1024)?, key));
                Some((join(folder, named.as_deref().unwrap_or(default)), format!("{name} configures {tool}.")))
            }
            None if name == "conf.py"
                && ["index.rst", "index.md"].iter().any(|index| snapshot.file(&join(folder, index)).is_some()) =>
            {
                Some((folder.to_owned(), "conf.py configures Sphinx.".to_owned()))
            }
            None => None,
        };
        if let Some((value, why)) = found
            && known.insert(value.clone())
        {
            docs.push(seen(value, "docs.tool", &file.path, why));
        }
    }
    for file in speaking().filter(|file| [".md", ".rst", ".adoc"].iter().any(|ending| file.name().ends_with(ending))) {
        let Some(folder) = docs_folder(file.folder()) else { continue };
        let covered = known.iter().any(|known| {
            folder == known.as_str()
                || known.is_empty()
                || folder.strip_prefix(known.as_str()).is_some_and(|rest| rest.starts_with('/'))
                || known.strip_prefix(folder).is_some_and(|rest| rest.starts_with('/'))
        });
        if !covered {
            known.insert(folder.to_owned());
            docs.push(seen(folder, "docs.folder", &file.path, "The folder holds texts and is named as documentation."));
        }
    }
    docs.sort_by(|a, b| a.value.cmp(&b.value));
    docs.truncate(MOST_DOCS);
    docs
}

/// The outermost folder on the way to `folder` that is named as documentation.
fn docs_folder(folder: &str) -> Option<&str> {
    let mut end = 0;
    for part in folder.split('/') {
        end += part.len();
        if DOCS_FOLDERS.contains(&part) {
            return Some(&folder[..end]);
        }
        end += 1;
    }
    None
}

/// The value of a key at the start of a line, if it is a plain folder below.
fn named_folder(text: &str, key: &str) -> Option<String> {
    let value = text.lines().find_map(|line| line.strip_prefix(key))?;
    let value =
        value.split(" #").next()?.trim().trim_matches(['"', '\'']).trim_start_matches("./").trim_end_matches('/');
    let plain = !value.starts_with('/') && !value.split('/').any(|part| part == "..");
    plain.then(|| if value == "." { String::new() } else { value.to_owned() })
}

fn join(folder: &str, name: &str) -> String {
    match (folder, name) {
        ("", name) => name.to_owned(),
        (folder, "") => folder.to_owned(),
        (folder, name) => format!("{folder}/{name}"),
    }
}

fn bound(facts: &mut RepositoryFacts, findings: &mut Vec<Finding>) {
    let lists = [
        ("manifests", &mut facts.manifests),
        ("container files", &mut facts.containers),
        ("charts", &mut facts.charts),
        ("Compose files", &mut facts.compose),
        ("API definitions", &mut facts.api_definitions),
    ];
    for (what, list) in lists {
        if list.len() > MOST_ALIKE {
            let message = format!("Of {} {what} only {MOST_ALIKE} are listed.", list.len());
            findings.push(note("facts.too-many", message, "Mark copies as linguist-vendored in .gitattributes."));
            // Those nearest to the root say most.
            list.sort_by_key(|fact| fact.value.matches('/').count());
            list.truncate(MOST_ALIKE);
            list.sort_by(|a, b| a.value.cmp(&b.value));
        }
    }
}
