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
                (_, Value::Mapping(_)) => rest.push(&entry.value),
                _ => {}
            }
        }
    }
    Some(object)
}

fn read_container(container: &Node, object: &mut KubernetesObject) {
    object.images.extend(container.text("image"));
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
    fn templates_are_read_line_by_line() {
        let text = "{{- if .Values.x }}\nkind: CronJob\n  kind: Deployment\nkind: Service\n";
        assert_eq!(workload_kinds(text), [Located::new("CronJob", 2)]);
        let text = "images:\n  - name: api\n    newName: r/api\n  - name: b\n";
        assert_eq!(kustomization(text), [Located::new("r/api", 3), Located::new("b", 4)]);
    }
}
