//! Kubernetes objects, written out or in the templates of a chart.

use super::Located;
use super::node::yaml;
use crate::yaml::{self as strict, Node, Value};

/// The kinds that run something.
const WORKLOADS: [&str; 6] = ["Deployment", "StatefulSet", "DaemonSet", "CronJob", "Job", "Rollout"];

/// One object of a manifest that runs something.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct KubernetesObject {
    /// `Deployment`
    pub kind: String,
    pub name: Located,
    pub images: Vec<Located>,
    /// Names and values of its containers' environment.
    pub environment: Vec<(String, Located)>,
    /// Names of the ConfigMaps that its containers read.
    pub settings: Vec<String>,
}

/// Settings that workloads are given.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ConfigMap {
    pub name: String,
    /// Names and values; of a file with settings in it, those in the file.
    pub settings: Vec<(String, Located)>,
}

/// The ConfigMaps of a manifest, at most 200, and those that a `kustomization.yaml` makes of literals.
/// <https://kubernetes.io/docs/concepts/configuration/configmap/>
pub fn config_maps(text: &str) -> Vec<ConfigMap> {
    let mut found = Vec::new();
    if !text.contains("ConfigMap") && !text.contains("configMapGenerator") {
        return found;
    }
    for document in yaml(text).unwrap_or_default() {
        let listed = document.get("items").map(Node::items).unwrap_or_default();
        let objects = std::iter::once(&document).chain(listed);
        let maps = objects.filter(|object| object.get("kind").and_then(Node::as_str) == Some("ConfigMap"));
        found.extend(maps.filter_map(|map| {
            let entries = map.get("data").map(Node::entries).unwrap_or_default().iter().take(200);
            let pairs = entries.filter_map(|entry| Some((entry.key.as_str(), entry.value.located()?)));
            let settings = pairs.flat_map(|(key, value)| file_of(key, value)).take(SETTINGS).collect();
            Some(ConfigMap { name: map.at(&["metadata", "name"])?.as_str()?.to_owned(), settings })
        }));
        for generator in document.get("configMapGenerator").map(Node::items).unwrap_or_default() {
            let Some(name) = generator.text("name") else { continue };
            let literals = generator.get("literals").into_iter().flat_map(Node::texts).take(200);
            let pairs = literals.filter_map(|literal| {
                let (key, value) = literal.text.split_once('=')?;
                Some((key.to_owned(), Located::new(value, literal.line)))
            });
            found.push(ConfigMap { name: name.text, settings: pairs.collect() });
        }
    }
    found.truncate(200);
    found
}

/// How many settings of one ConfigMap are looked at.
const SETTINGS: usize = 2_000;

/// A value as it is, or the settings of the file that it is the text of.
fn file_of(key: &str, value: Located) -> Vec<(String, Located)> {
    let name = key.to_lowercase();
    let is_environment = name.ends_with(".env") || name == "env" || name.ends_with(".properties");
    if !super::is_settings(&name) && !is_environment {
        return vec![(key.to_owned(), value)];
    }
    let name = if is_environment { "x.properties" } else { &name };
    // A block is where its text begins.
    let inner = super::settings(name, &value.text).into_iter();
    inner
        .map(|(key, inner)| (key, Located::new(inner.text, value.line.saturating_add(inner.line).saturating_sub(1))))
        .collect()
}

/// Workloads of a manifest, at most 200. A file that is no plain YAML holds none.
pub fn kubernetes(text: &str) -> Vec<KubernetesObject> {
    if !text.contains("apiVersion") || !WORKLOADS.iter().any(|kind| text.contains(kind)) {
        return Vec::new();
    }
    let documents = yaml(text).unwrap_or_else(|| {
        let (documents, _) = strict::parse_all(text, &strict::Limits::default());
        documents.into_iter().map(|document| document.root).collect()
    });
    let mut found = Vec::new();
    for document in &documents {
        // `kind: List` holds objects.
        let listed = document.get("items").map(Node::items).unwrap_or_default();
        let objects = std::iter::once(document).chain(listed);
        found.extend(objects.filter_map(object));
    }
    found.truncate(200);
    found
}

fn object(node: &Node) -> Option<KubernetesObject> {
    let kind = node.get("kind")?.as_str().filter(|kind| WORKLOADS.contains(kind))?;
    let mut object = KubernetesObject {
        kind: kind.to_owned(),
        name: node.at(&["metadata", "name"])?.located()?,
        ..KubernetesObject::default()
    };
    let mut rest: Vec<&Node> = node.get("spec").into_iter().collect();
    while let Some(node) = rest.pop() {
        for entry in node.entries().iter().rev() {
            match (entry.key.as_str(), &entry.value.value) {
                ("containers", Value::Sequence(containers)) => {
                    containers.iter().take(20).for_each(|container| read_container(container, &mut object));
                }
                ("volumes", Value::Sequence(volumes)) => {
                    let named =
                        volumes.iter().take(50).filter_map(|volume| volume.at(&["configMap", "name"])?.as_str());
                    object.settings.extend(named.map(str::to_owned));
                }
                (_, Value::Mapping(_)) => rest.push(&entry.value),
                _ => {}
            }
        }
    }
    Some(object)
}

fn read_container(container: &Node, object: &mut KubernetesObject) {
    object.images.extend(container.text("image"));
    let items = |key: &str| container.get(key).map(Node::items).unwrap_or_default().iter().take(200);
    let whole = items("envFrom").filter_map(|from| from.at(&["configMapRef", "name"]));
    let single = items("env").filter_map(|variable| variable.at(&["valueFrom", "configMapKeyRef", "name"]));
    for name in whole.chain(single).filter_map(Node::as_str) {
        if !object.settings.iter().any(|known| known == name) {
            object.settings.push(name.to_owned());
        }
    }
    for variable in container.get("env").map(Node::items).unwrap_or_default().iter().take(200) {
        if let (Some(name), Some(value)) = (variable.text("name"), variable.text("value")) {
            object.environment.push((name.text, value));
        }
    }
}

/// The images that a `kustomization.yaml` puts in: the new name where it gives one.
pub fn kustomization(text: &str) -> Vec<Located> {
    let documents = yaml(text).unwrap_or_default();
    let images = documents.first().and_then(|document| document.get("images")).map(Node::items).unwrap_or_default();
    images.iter().filter_map(|image| image.text("newName").or_else(|| image.text("name"))).take(100).collect()
}

/// The kinds of workloads that a template names, with their lines: it is no YAML before it is rendered.
pub fn workload_kinds(text: &str) -> Vec<Located> {
    let lines = text.lines().zip(1u32..);
    let kinds = lines.filter_map(|(line, number)| {
        let kind = line.strip_prefix("kind:")?.trim();
        WORKLOADS.contains(&kind).then(|| Located::new(kind, number))
    });
    kinds.take(50).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn workloads_and_nothing_else() {
        let text = "apiVersion: v1\nkind: Service\nmetadata: {name: x}\n---\napiVersion: apps/v1\nkind: Deployment\nmetadata:\n  name: api\n\
                    spec:\n  template:\n    spec:\n      containers:\n        - image: r/api:1\n          env:\n            - name: A\n              value: b:80\n";
        let found = kubernetes(text);
        assert_eq!(found.len(), 1);
        assert_eq!((found[0].kind.as_str(), &found[0].name), ("Deployment", &Located::new("api", 8)));
        assert_eq!(found[0].images, [Located::new("r/api:1", 13)]);
        assert_eq!(found[0].environment, [("A".to_owned(), Located::new("b:80", 16))]);
        assert!(kubernetes("kind: ConfigMap").is_empty());
    }

    #[test]
    fn settings_of_workloads() {
        let text = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: api}\ndata:\n  LEDGER_URL: http://ledger:80\n  application.yml: |\n    tides:\n      url: http://tides\n---\n\
                    configMapGenerator:\n  - name: more\n    literals: [A_HOST=berths]\n";
        let found = config_maps(text);
        let shown: Vec<_> = found
            .iter()
            .flat_map(|map| {
                map.settings
                    .iter()
                    .map(|(key, value)| (map.name.as_str(), key.as_str(), value.text.as_str(), value.line))
            })
            .collect();
        let expected = [
            ("api", "LEDGER_URL", "http://ledger:80", 5),
            ("api", "tides.url", "http://tides", 8),
            ("more", "A_HOST", "berths", 12),
        ];
        assert_eq!(shown, expected);
        let text = "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: x}\nspec:\n  template:\n    spec:\n      volumes: [{configMap: {name: c}}]\n      containers:\n        - envFrom: [{configMapRef: {name: a}}]\n          \
                    env: [{name: X, valueFrom: {configMapKeyRef: {name: b, key: y}}}]\n";
        let mut named = kubernetes(text)[0].settings.clone();
        named.sort();
        assert_eq!(named, ["a", "b", "c"]);
    }

    #[test]
    fn templates_are_read_line_by_line() {
        let text = "{{- if .Values.x }}\nkind: CronJob\n  kind: Deployment\nkind: Service\n";
        assert_eq!(workload_kinds(text), [Located::new("CronJob", 2)]);
        let text = "images:\n  - name: api\n    newName: r/api\n  - name: b\n";
        assert_eq!(kustomization(text), [Located::new("r/api", 3), Located::new("b", 4)]);
    }
}
