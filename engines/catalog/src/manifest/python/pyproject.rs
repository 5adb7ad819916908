//! `pyproject.toml` and `Pipfile`.

use super::{require, scope_of};
use crate::manifest::node::toml;
use crate::manifest::{Located, Manifest, Publishing, Scope};
use crate::yaml::Node;

/// <https://packaging.python.org/en/latest/specifications/pyproject-toml/>, and the sections of Poetry, PDM and uv.
pub fn pyproject(text: &str) -> Option<Manifest> {
    let document = toml(text)?;
    let mut manifest = Manifest::default();
    if let Some(project) = document.get("project") {
        read_project(project, &mut manifest);
    }
    if let Some(poetry) = document.at(&["tool", "poetry"]) {
        read_poetry(poetry, &mut manifest);
    }
    if let Some(groups) = document.get("dependency-groups") {
        for group in groups.entries() {
            let scope = if scope_of(&group.key) == Scope::Test { Scope::Test } else { Scope::Development };
            group.value.texts().for_each(|item| require(&mut manifest, &item.text, scope, item.line));
        }
    }
    if let Some(requires) = document.at(&["build-system", "requires"]) {
        requires.texts().for_each(|item| require(&mut manifest, &item.text, Scope::Build, item.line));
    }
    for tool in ["pdm", "uv"] {
        if let Some(groups) = document.at(&["tool", tool, "dev-dependencies"]) {
            for item in groups.texts().chain(groups.entries().iter().flat_map(|group| group.value.texts())) {
                require(&mut manifest, &item.text, Scope::Development, item.line);
            }
        }
    }
    read_uv(&document, &mut manifest);
    let forbidden = manifest.classifiers.iter().find(|classifier| classifier.text.starts_with("Private ::"));
    if let Some(classifier) = forbidden {
        manifest.publishing = Publishing::Forbidden(classifier.line);
    }
    manifest.complete =
        manifest.description.is_some() && manifest.licence.is_some() && document.get("build-system").is_some();
    Some(manifest)
}

fn read_project(project: &Node, manifest: &mut Manifest) {
    manifest.name = project.text("name");
    manifest.version = project.text("version");
    manifest.description = project.text("description");
    manifest.licence = project
        .get("license")
        .and_then(|licence| licence.located().or_else(|| licence.text("text")).or_else(|| licence.text("file")));
    manifest.keywords = project.get("keywords").into_iter().flat_map(Node::texts).map(|word| word.text).collect();
    manifest.classifiers = project.get("classifiers").into_iter().flat_map(Node::texts).collect();
    for url in project.get("urls").map(Node::entries).unwrap_or_default() {
        let slot = match url.key.to_lowercase().as_str() {
            "homepage" | "home" | "website" => &mut manifest.homepage,
            "source" | "repository" | "source code" | "github" => &mut manifest.repository,
            "documentation" | "docs" => &mut manifest.documentation,
            _ => continue,
        };
        *slot = url.value.located();
    }
    if let Some(dependencies) = project.get("dependencies") {
        dependencies.texts().for_each(|item| require(manifest, &item.text, Scope::Runtime, item.line));
    }
    for group in project.get("optional-dependencies").map(Node::entries).unwrap_or_default() {
        let scope = scope_of(&group.key);
        group.value.texts().for_each(|item| require(manifest, &item.text, scope, item.line));
    }
    read_commands(project.get("scripts"), manifest);
}

fn read_commands(scripts: Option<&Node>, manifest: &mut Manifest) {
    let scripts = scripts.map(Node::entries).unwrap_or_default();
    manifest.commands.extend(scripts.iter().map(|script| Located::new(&script.key, script.line)));
}

/// <https://python-poetry.org/docs/pyproject/>
fn read_poetry(poetry: &Node, manifest: &mut Manifest) {
    let fill = |slot: &mut Option<Located>, key: &str| {
        if slot.is_none() {
            *slot = poetry.text(key);
        }
    };
    fill(&mut manifest.name, "name");
    fill(&mut manifest.version, "version");
    fill(&mut manifest.description, "description");
    fill(&mut manifest.licence, "license");
    fill(&mut manifest.homepage, "homepage");
    fill(&mut manifest.repository, "repository");
    fill(&mut manifest.documentation, "documentation");
    manifest.keywords.extend(poetry.get("keywords").into_iter().flat_map(Node::texts).map(|word| word.text));
    manifest.classifiers.extend(poetry.get("classifiers").into_iter().flat_map(Node::texts));
    read_commands(poetry.get("scripts"), manifest);
    if let Some(mode) = poetry.get("package-mode").filter(|mode| mode.as_bool() == Some(false)) {
        manifest.publishing = Publishing::Forbidden(mode.line);
    }
    read_poetry_group(poetry.get("dependencies"), Scope::Runtime, manifest);
    read_poetry_group(poetry.get("dev-dependencies"), Scope::Development, manifest);
    for group in poetry.get("group").map(Node::entries).unwrap_or_default() {
        let scope = match scope_of(&group.key) {
            Scope::Test => Scope::Test,
            _ => Scope::Development,
        };
        read_poetry_group(group.value.get("dependencies"), scope, manifest);
    }
}

fn read_poetry_group(group: Option<&Node>, scope: Scope, manifest: &mut Manifest) {
    for entry in group.map(Node::entries).unwrap_or_default() {
        if entry.key == "python" {
            continue;
        }
        let optional = entry.value.get("optional").and_then(Node::as_bool) == Some(true);
        let scope = if optional && scope == Scope::Runtime { Scope::Optional } else { scope };
        manifest.depend(&entry.key, scope, entry.line);
    }
}

/// <https://docs.astral.sh/uv/concepts/projects/workspaces/>
fn read_uv(document: &Node, manifest: &mut Manifest) {
    let Some(uv) = document.at(&["tool", "uv"]) else { return };
    if let Some(entry) = uv.entry("workspace") {
        manifest.workspace = Some(entry.line);
        manifest.members = entry.value.get("members").into_iter().flat_map(Node::texts).collect();
        let excluded = entry.value.get("exclude").into_iter().flat_map(Node::texts);
        manifest.excluded = excluded.map(|glob| glob.text).collect();
    }
    if let Some(package) = uv.get("package").filter(|package| package.as_bool() == Some(false)) {
        manifest.publishing = Publishing::Forbidden(package.line);
    }
    for index in uv.get("index").map(Node::items).unwrap_or_default() {
        if let Some(url) = index.text("publish-url") {
            manifest.publishing = Publishing::Configured(url.line, url.text);
        }
    }
}

/// <https://pipenv.pypa.io/en/latest/pipfile.html>
pub fn pipfile(text: &str) -> Option<Manifest> {
    let document = toml(text)?;
    let mut manifest = Manifest::default();
    for (section, scope) in [("packages", Scope::Runtime), ("dev-packages", Scope::Development)] {
        for entry in document.get(section).map(Node::entries).unwrap_or_default() {
            // A path of `.` is the project itself.
            if entry.value.get("path").and_then(Node::as_str) != Some(".") {
                manifest.depend(&entry.key, scope, entry.line);
            }
        }
    }
    Some(manifest)
}
