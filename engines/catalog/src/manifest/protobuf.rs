//! Protocol buffers: `buf.yaml`.

use super::node::yaml;
use super::{Ecosystem, Manifest, ManifestFile, NONE, Scope};
use crate::yaml::Node;

pub(super) static PROTOBUF: Ecosystem = Ecosystem {
    id: "protobuf",
    title: "Protocol buffers",
    files: &[ManifestFile { name: "buf.yaml", parse: buf_yaml }],
    publishes: &["buf push", "bufbuild/buf-push-action", "bufbuild/buf-action"],
    pages: &["{}"],
    is_code: false,
    ..NONE
};

/// <https://buf.build/docs/configuration/v2/buf-yaml/>: its module is named by its address at the registry, as are those
/// that it needs.
pub fn buf_yaml(text: &str) -> Option<Manifest> {
    let documents = yaml(text)?;
    let root = documents.first()?;
    root.get("version")?;
    let modules = root.get("modules").map(Node::items).unwrap_or_default();
    let named = root.text("name").or_else(|| match modules {
        // Of several modules none is the one.
        [only] => only.text("name"),
        _ => None,
    });
    let mut manifest =
        Manifest { name: named.filter(|name| name.text.matches('/').count() == 2), ..Manifest::default() };
    for dependency in root.get("deps").into_iter().flat_map(Node::texts) {
        let name = dependency.text.split([':', '@']).next().unwrap_or_default();
        manifest.depend(name, Scope::Runtime, dependency.line);
    }
    Some(manifest)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::manifest::Located;

    #[test]
    fn modules_and_what_they_need() {
        let manifest = buf_yaml("version: v2\nmodules:\n  - path: proto\n    name: buf.build/acme/ledger\ndeps:\n  - buf.build/acme/events:v1\n").unwrap();
        assert_eq!(manifest.name, Some(Located::new("buf.build/acme/ledger", 4)));
        assert_eq!(
            (manifest.dependencies[0].name.as_str(), manifest.dependencies[0].line),
            ("buf.build/acme/events", 6)
        );
        assert_eq!(buf_yaml("a: 1\n"), None);
    }
}
