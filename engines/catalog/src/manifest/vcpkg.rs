//! vcpkg: `vcpkg.json`.

use super::conan::SERVING;
use super::node::json;
use super::{Ecosystem, Frameworks, Located, Manifest, ManifestFile, NONE, Scope};
use crate::yaml::Node;

pub(super) static VCPKG: Ecosystem = Ecosystem {
    id: "vcpkg",
    title: "vcpkg",
    files: &[ManifestFile { name: "vcpkg.json", parse: vcpkg_json }],
    normalise,
    pages: &["vcpkg install {}", "vcpkg add port {}", "vcpkg.io/en/package/{}", "vcpkg.link/ports/{}"],
    // Deeper lie the ports of a registry, for what others wrote.
    only_at_root: true,
    frameworks: Frameworks { serve: SERVING, command: &["cli11", "cxxopts", "lyra"], site: &[] },
    ..NONE
};

fn normalise(name: &str) -> String {
    name.trim().to_lowercase()
}

/// <https://learn.microsoft.com/vcpkg/reference/vcpkg-json>
pub fn vcpkg_json(text: &str) -> Option<Manifest> {
    let document = json(text)?;
    let first = |key: &str| document.text(key).or_else(|| document.get(key)?.texts().next());
    let versions = ["version", "version-semver", "version-date", "version-string"];
    let mut manifest = Manifest {
        name: document.text("name"),
        version: versions.iter().find_map(|key| document.text(key)),
        description: first("description"),
        licence: document.text("license"),
        homepage: document.text("homepage"),
        documentation: document.text("documentation"),
        ..Manifest::default()
    };
    depend(&mut manifest, &document, Scope::Runtime);
    for feature in document.get("features").map(Node::entries).unwrap_or_default() {
        depend(&mut manifest, &feature.value, Scope::Optional);
    }
    (manifest.name.is_some() || !manifest.dependencies.is_empty()).then_some(manifest)
}

fn depend(manifest: &mut Manifest, node: &Node, scope: Scope) {
    for item in node.get("dependencies").map(Node::items).unwrap_or_default() {
        // What is built for the machine that builds is a tool.
        let is_tool = item.get("host").is_some_and(|host| host.value == crate::yaml::Value::Bool(true));
        let scope = if is_tool { Scope::Build } else { scope };
        if let Some(Located { text, line }) = item.located().or_else(|| item.text("name")) {
            manifest.depend(&text, scope, line);
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn a_port_and_a_project() {
        let text = "{\n \"name\": \"harbour-ledger\", \"version\": \"1.2\", \"description\": [\"Keeps books.\", \"x\"],\n \"dependencies\": [\n  \"harbour-events\",\n  {\"name\": \"fmt\"},\n  \
                    {\"name\": \"vcpkg-cmake\", \"host\": true}\n ],\n \"features\": {\"web\": {\"dependencies\": [\"drogon\"]}}\n}";
        let manifest = vcpkg_json(text).unwrap();
        assert_eq!(manifest.name, Some(Located::new("harbour-ledger", 2)));
        assert_eq!(manifest.description.unwrap().text, "Keeps books.");
        let found: Vec<_> = manifest.dependencies.iter().map(|one| (one.name.as_str(), one.scope, one.line)).collect();
        let expected = [
            ("harbour-events", Scope::Runtime, 4),
            ("fmt", Scope::Runtime, 5),
            ("vcpkg-cmake", Scope::Build, 6),
            ("drogon", Scope::Optional, 8),
        ];
        assert_eq!(found, expected);
        assert_eq!(vcpkg_json("{\"dependencies\": [\"a\"]}").unwrap().name, None);
        assert_eq!(vcpkg_json("{}"), None);
        assert_eq!(vcpkg_json("["), None);
    }
}
