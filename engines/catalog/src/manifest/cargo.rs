//! Rust: `Cargo.toml`.

use super::node::toml;
use super::{Ecosystem, Frameworks, Located, Manifest, ManifestFile, NONE, Publishing, Scope};
use crate::yaml::{Node, Value};

pub(super) static RUST: Ecosystem = Ecosystem {
    id: "rust",
    title: "Rust",
    files: &[ManifestFile { name: "Cargo.toml", parse: cargo_toml }],
    normalise,
    publishes: &["cargo publish", "katyo/publish-crates", "release-plz", "cargo release", "cargo smart-release"],
    pages: &["crates.io/crates/{}", "docs.rs/{}", "crates/v/{}", "cargo install {}", "cargo add {}"],
    frameworks: Frameworks {
        serve: &["axum", "actix-web", "rocket", "warp", "tonic", "hyper", "poem", "salvo", "tide"],
        command: &["clap", "structopt", "argh", "lexopt", "pico-args"],
        site: &["leptos", "yew", "dioxus", "zola"],
    },
    ..NONE
};

/// Cargo tells names apart that differ in `-` and `_`, but crates.io accepts only one of them.
pub fn normalise(name: &str) -> String {
    name.trim().to_lowercase().replace('_', "-")
}

/// <https://doc.rust-lang.org/cargo/reference/manifest.html>
pub fn cargo_toml(text: &str) -> Option<Manifest> {
    let document = toml(text)?;
    let mut manifest = Manifest::default();
    if let Some(package) = document.entry("package").or_else(|| document.entry("project")) {
        read_package(&package.value, &document, &mut manifest);
    }
    if let Some(entry) = document.entry("workspace") {
        manifest.workspace = Some(entry.line);
        manifest.members = entry.value.get("members").into_iter().flat_map(Node::texts).collect();
        let excluded = entry.value.get("exclude").into_iter().flat_map(Node::texts);
        manifest.excluded = excluded.map(|glob| glob.text).collect();
    }
    for binary in document.get("bin").map(Node::items).unwrap_or_default() {
        manifest.commands.extend(binary.text("name"));
    }
    manifest.importable = document.entry("lib").map(|entry| entry.line);
    read_tables(&document, &mut manifest);
    for target in document.get("target").map(Node::entries).unwrap_or_default() {
        read_tables(&target.value, &mut manifest);
    }
    Some(manifest)
}

fn read_package(package: &Node, document: &Node, manifest: &mut Manifest) {
    // `description.workspace = true` stands for the workspace's own.
    let inherited = |key: &str| {
        let value = package.get(key)?;
        if value.get("workspace").is_some() {
            let line = value.line;
            return Some(
                document
                    .at(&["workspace", "package"])
                    .and_then(|shared| shared.text(key))
                    .unwrap_or_else(|| Located::new("workspace", line)),
            );
        }
        value.located()
    };
    let written = |key: &str| inherited(key).filter(|found| found.text != "workspace");
    manifest.name = package.text("name");
    manifest.version = written("version");
    manifest.description = written("description");
    manifest.licence = inherited("license").or_else(|| inherited("license-file"));
    manifest.homepage = written("homepage");
    manifest.repository = inherited("repository");
    manifest.documentation = written("documentation");
    manifest.keywords = package.get("keywords").into_iter().flat_map(Node::texts).map(|word| word.text).collect();
    manifest.classifiers = package.get("categories").into_iter().flat_map(Node::texts).collect();
    if let Some(publish) = package.get("publish") {
        manifest.publishing = match &publish.value {
            Value::Bool(false) => Publishing::Forbidden(publish.line),
            Value::Sequence(items) if items.is_empty() => Publishing::Forbidden(publish.line),
            Value::Sequence(items) => {
                let registries: Vec<_> = items.iter().filter_map(Node::as_str).collect();
                Publishing::Configured(publish.line, registries.join(", "))
            }
            Value::Mapping(_) => match document.at(&["workspace", "package", "publish"]).and_then(Node::as_bool) {
                Some(true) => Publishing::Unsaid,
                // The workspace's word stands in another file; a member that inherits it is seldom one that may go out.
                _ => Publishing::Forbidden(publish.line),
            },
            _ => Publishing::Unsaid,
        };
    }
    manifest.complete = inherited("description").is_some() && manifest.licence.is_some();
}

fn read_tables(tables: &Node, manifest: &mut Manifest) {
    for (key, scope) in
        [("dependencies", Scope::Runtime), ("build-dependencies", Scope::Build), ("dev-dependencies", Scope::Test)]
    {
        for entry in tables.get(key).map(Node::entries).unwrap_or_default() {
            let optional = entry.value.get("optional").and_then(Node::as_bool) == Some(true);
            let name = entry.value.text("package").map_or_else(|| entry.key.clone(), |package| package.text);
            let scope = if optional && scope == Scope::Runtime { Scope::Optional } else { scope };
            manifest.depend(&name, scope, entry.line);
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn a_package_of_a_workspace() {
        let text = "[package]\nname = \"harbour-api\"\ndescription = \"The API\"\nlicense.workspace = true\npublish = false\n\n\
                    [[bin]]\nname = \"api\"\n\n[dependencies]\nserde = \"1\"\nevents = { package = \"harbour-events\", path = \"../events\" }\n\
                    rare = { version = \"1\", optional = true }\n\n[dev-dependencies]\ninsta = \"1\"\n[target.'cfg(unix)'.dependencies]\nnix = \"1\"\n";
        let manifest = cargo_toml(text).unwrap();
        assert_eq!(manifest.name, Some(Located::new("harbour-api", 2)));
        assert_eq!(manifest.publishing, Publishing::Forbidden(5));
        assert!(manifest.complete);
        assert_eq!(manifest.commands, [Located::new("api", 8)]);
        let found: Vec<_> = manifest.dependencies.iter().map(|d| (d.name.as_str(), d.scope, d.line)).collect();
        assert_eq!(
            found,
            [
                ("harbour-events", Scope::Runtime, 12),
                ("rare", Scope::Optional, 13),
                ("serde", Scope::Runtime, 11),
                ("insta", Scope::Test, 16),
                ("nix", Scope::Runtime, 18),
            ]
        );
    }

    #[test]
    fn a_virtual_workspace() {
        let manifest =
            cargo_toml("[workspace]\nmembers = [\"crates/*\", \"cli\"]\nexclude = [\"crates/old\"]\n").unwrap();
        assert_eq!(manifest.workspace, Some(1));
        assert_eq!(manifest.members.len(), 2);
        assert_eq!(manifest.excluded, ["crates/old"]);
        assert_eq!(manifest.name, None);
    }
}
