//! Helm charts: `Chart.yaml` and `values.yaml`.

use super::node::yaml;
use super::{Ecosystem, Located, Manifest, ManifestFile, NONE, ReadManifest, Scope};
use crate::yaml::{Node, Value};

/// Charts as packages: one may need others, of this repository or of a registry.
pub(super) static HELM: Ecosystem = Ecosystem {
    id: "helm",
    title: "Helm",
    files: &[ManifestFile { name: "Chart.yaml", parse: chart_package }],
    publishes: &["helm push", "helm/chart-releaser-action", "cr upload", "helm cm-push", "stefanprodan/helm-gh-pages"],
    pages: &["artifacthub.io/packages/helm/{}"],
    only_published: true,
    is_code: false,
    join,
    ..NONE
};

/// Where everybody's charts lie: what is asked for there is nobody's of the organisation.
const PUBLIC: [&str; 14] = [
    "charts.bitnami.com",
    "registry-1.docker.io/bitnamicharts",
    "bitnami.github.io",
    "raw.githubusercontent.com/bitnami",
    "prometheus-community.github.io",
    "grafana.github.io",
    "kubernetes.github.io",
    "charts.helm.sh",
    "kubernetes-charts.storage.googleapis.com",
    "charts.jetstack.io",
    "helm.elastic.co",
    "helm.releases.hashicorp.com",
    "argoproj.github.io",
    "open-telemetry.github.io",
];

/// What `Chart.yaml` says.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Chart {
    pub name: Located,
    pub description: Option<Located>,
    /// It deploys nothing by itself.
    pub library: bool,
    /// Names of the charts that it pulls in.
    pub dependencies: Vec<Located>,
    /// Somebody marked it as not to be used any more.
    pub deprecated: Option<u32>,
}

/// What `values.yaml` says that matters to others.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Values {
    /// `image: name` or `image: {registry, repository}` at any depth, at most 20.
    pub images: Vec<Located>,
    /// Every text with its key, at most 1 000.
    pub settings: Vec<(String, Located)>,
}

/// <https://helm.sh/docs/topics/charts/#the-chartyaml-file>
pub fn chart(text: &str) -> Option<Chart> {
    let documents = yaml(text)?;
    let root = documents.first()?;
    root.get("apiVersion")?;
    let flagged = root.get("deprecated").filter(|node| node.as_bool() == Some(true));
    let dependencies = root.get("dependencies").map(Node::items).unwrap_or_default();
    Some(Chart {
        name: root.text("name")?,
        description: root.text("description"),
        library: root.get("type").and_then(Node::as_str) == Some("library"),
        dependencies: dependencies.iter().filter_map(|item| item.text("name")).take(100).collect(),
        deprecated: flagged.map(|node| node.line),
    })
}

/// The chart as a package. What lies beside it is named by its folder until the charts of the repository are put together.
fn chart_package(text: &str) -> Option<Manifest> {
    let read = chart(text)?;
    let documents = yaml(text)?;
    let mut manifest = Manifest { name: Some(read.name.clone()), ..Manifest::default() };
    manifest.importable = read.library.then_some(read.name.line);
    for item in documents.first()?.get("dependencies").map(Node::items).unwrap_or_default().iter().take(100) {
        let Some(name) = item.text("name") else { continue };
        let from = item.text("repository").map(|repository| repository.text).unwrap_or_default();
        if let Some(path) = from.strip_prefix("file://") {
            manifest.depend(&format!("./{path}"), Scope::Runtime, name.line);
        } else if !from.is_empty() && !PUBLIC.iter().any(|host| from.contains(host)) {
            manifest.depend(&name.text, Scope::Runtime, name.line);
        }
    }
    Some(manifest)
}

fn join(manifests: &mut [ReadManifest]) {
    let folder = |file: &str| file.rsplit_once('/').map_or(String::new(), |(folder, _)| folder.to_owned());
    let named: std::collections::HashMap<String, String> = manifests
        .iter()
        .filter_map(|read| Some((folder(read.file), read.manifest.name.as_ref()?.text.clone())))
        .collect();
    for read in manifests {
        let place = folder(read.file);
        read.manifest.dependencies.retain_mut(|dependency| {
            let Some(path) = dependency.name.strip_prefix("./") else { return true };
            let name = crate::draft::join(&place, path).and_then(|path| named.get(&path));
            name.map(|name| dependency.name.clone_from(name)).is_some()
        });
    }
}

/// Reads the values of a chart, or of one of its environments.
pub fn values(text: &str) -> Option<Values> {
    let documents = yaml(text)?;
    let mut found = Values::default();
    let mut rest: Vec<(&str, &Node)> = vec![("", documents.first()?)];
    // Depth first with an own stack, in the order of the file.
    while let Some((key, node)) = rest.pop() {
        match &node.value {
            Value::Mapping(entries) => {
                found.images.extend(image(key, node).filter(|_| found.images.len() < 20));
                let named = node.get("name").and_then(Node::as_str);
                for entry in entries.iter().rev() {
                    // `- name: KEY, value: text` is an environment variable.
                    let key = if entry.key == "value" { named.unwrap_or(&entry.key) } else { &entry.key };
                    rest.push((key, &entry.value));
                }
            }
            Value::Sequence(items) => rest.extend(items.iter().rev().map(|item| (key, item))),
            Value::String(text) if !text.is_empty() => {
                if key == "image" && found.images.len() < 20 {
                    found.images.push(Located::new(text, node.line));
                }
                if found.settings.len() < 1_000 && text.len() <= 500 {
                    found.settings.push((key.to_owned(), Located::new(text, node.line)));
                }
            }
            _ => {}
        }
    }
    Some(found)
}

fn image(key: &str, node: &Node) -> Option<Located> {
    if !key.to_lowercase().ends_with("image") {
        return None;
    }
    let repository = node.text("repository").or_else(|| node.text("name"))?;
    let registry = node.text("registry").map(|registry| format!("{}/", registry.text)).unwrap_or_default();
    Some(Located::new(format!("{registry}{}", repository.text), repository.line))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn charts_need_charts() {
        let text = "apiVersion: v2\nname: ledger\ntype: library\ndependencies:\n  - name: postgresql\n    repository: https://charts.bitnami.com/bitnami\n  \
                    - name: harbour-common\n    repository: oci://registry.example.com/charts\n  - name: near\n    repository: file://../near\n  - name: unsaid\n";
        let mut read = [
            ("charts/ledger/Chart.yaml", chart_package(text).unwrap()),
            ("charts/near/Chart.yaml", chart_package("apiVersion: v2\nname: beside\n").unwrap()),
        ];
        let mut manifests: Vec<ReadManifest> =
            read.iter_mut().map(|(file, manifest)| ReadManifest { file, manifest }).collect();
        join(&mut manifests);
        let found: Vec<_> = read[0].1.dependencies.iter().map(|d| (d.name.as_str(), d.line)).collect();
        assert_eq!(found, [("harbour-common", 7), ("beside", 9)]);
        assert!(read[0].1.importable.is_some() && read[1].1.importable.is_none());
    }

    #[test]
    fn charts_and_values() {
        let found = chart("apiVersion: v2\nname: ledger\ndependencies:\n  - name: postgresql\n").unwrap();
        assert_eq!(found.name, Located::new("ledger", 2));
        assert_eq!(found.dependencies, [Located::new("postgresql", 4)]);
        assert_eq!(chart("name: no chart"), None);
        let text = "image:\n  registry: r.example.com\n  repository: harbour/ledger\nsidecar: {image: other}\n\
                    env:\n  - name: EVENTS\n    value: http://events:80\n";
        let found = values(text).unwrap();
        assert_eq!(found.images, [Located::new("r.example.com/harbour/ledger", 3), Located::new("other", 4)]);
        assert!(found.settings.contains(&("EVENTS".to_owned(), Located::new("http://events:80", 7))));
    }
}
