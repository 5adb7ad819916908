//! Swift: `Package.swift`. Packages are named by the repositories that hold them.

use std::sync::LazyLock;

use regex::Regex;

use super::script::lines;
use super::{Ecosystem, Frameworks, Located, Manifest, ManifestFile, NONE, Scope};

pub(super) static SWIFT: Ecosystem = Ecosystem {
    id: "swift",
    title: "Swift",
    files: &[ManifestFile { name: "Package.swift", parse: package_swift }],
    normalise,
    pages: &["swiftpackageindex.com/{}", "pod '{}'"],
    released_by_tag: true,
    only_at_root: true,
    frameworks: Frameworks {
        serve: &["https://github.com/vapor/vapor.git", "https://github.com/hummingbird-project/hummingbird.git"],
        command: &[
            "https://github.com/apple/swift-argument-parser.git",
            "https://github.com/apple/swift-argument-parser",
        ],
        site: &[],
    },
    ..NONE
};

fn normalise(name: &str) -> String {
    name.trim().to_owned()
}

static NAME: LazyLock<Option<Regex>> = LazyLock::new(|| Regex::new(r#"name:\s*"([\w.\- ]+)""#).ok());
static PRODUCT: LazyLock<Option<Regex>> =
    LazyLock::new(|| Regex::new(r#"\.(library|executable)\s*\(\s*(?:name:\s*"([\w.\- ]+)")?"#).ok());
static ADDRESS: LazyLock<Option<Regex>> = LazyLock::new(|| Regex::new(r#"url:\s*"([^"]+)""#).ok());

/// <https://docs.swift.org/package-manager/PackageDescription/PackageDescription.html>
pub fn package_swift(text: &str) -> Option<Manifest> {
    let (name, product, address) = (NAME.as_ref()?, PRODUCT.as_ref()?, ADDRESS.as_ref()?);
    let mut manifest = Manifest::default();
    let mut in_package = false;
    let mut in_product = false;
    for line in lines(text) {
        in_package |= line.text.contains("Package(");
        if !in_package {
            continue;
        }
        if manifest.name.is_none() {
            manifest.name = name.captures(&line.text).map(|found| Located::new(&found[1], line.number));
        }
        if let Some(found) = product.captures(&line.text) {
            if &found[1] == "library" {
                manifest.importable.get_or_insert(line.number);
            } else if let Some(command) = found.get(2) {
                manifest.commands.push(Located::new(command.as_str(), line.number));
            } else {
                in_product = true;
            }
        } else if in_product && let Some(found) = name.captures(&line.text) {
            manifest.commands.push(Located::new(&found[1], line.number));
            in_product = false;
        }
        for found in address.captures_iter(&line.text) {
            manifest.depend(&found[1], Scope::Runtime, line.number);
        }
    }
    manifest.complete = manifest.importable.is_some();
    manifest.name.is_some().then_some(manifest)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn a_package() {
        let text = "// swift-tools-version:5.9\nimport PackageDescription\nlet package = Package(\n  name: \"Harbour\",\n  products: [\n    .library(name: \"Ledger\", targets: [\"Ledger\"]),\n    \
                    .executable(name: \"ledger\", targets: [\"Command\"]),\n  ],\n  dependencies: [\n    .package(url: \"https://github.com/acme/events.git\", from: \"1.0.0\"),\n    // .package(url: \"https://no\")\n  ]\n)\n";
        let manifest = package_swift(text).unwrap();
        assert_eq!(manifest.name, Some(Located::new("Harbour", 4)));
        assert_eq!(manifest.importable, Some(6));
        assert_eq!(manifest.commands, [Located::new("ledger", 7)]);
        let found: Vec<_> = manifest.dependencies.iter().map(|d| (d.name.as_str(), d.line)).collect();
        assert_eq!(found, [("https://github.com/acme/events.git", 10)]);
        assert_eq!(package_swift("let x = 1"), None);
    }
}
