//! Compose files.

use super::Located;
use crate::yaml::{self, Node, Value};

/// One service of a compose file.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Service {
    pub name: Located,
    pub image: Option<Located>,
    /// The folder that it is built from, relative to the file.
    pub build: Option<Located>,
    pub ports: Option<u32>,
    /// Name and value with the value's line.
    pub environment: Vec<(String, Located)>,
}

/// <https://github.com/compose-spec/compose-spec/blob/main/spec.md>
pub fn compose(text: &str) -> Option<Vec<Service>> {
    let documents = yaml::parse(text, &yaml::Limits::default()).ok()?;
    let services = documents.first()?.root.get("services")?.entries();
    Some(services.iter().take(200).map(|entry| service(&entry.key, entry.line, &entry.value)).collect())
}

fn service(name: &str, line: u32, node: &Node) -> Service {
    let build = node.get("build").and_then(|build| build.located().or_else(|| build.text("context")));
    let environment = node.get("environment").map(pairs).unwrap_or_default();
    Service {
        name: Located::new(name, line),
        image: node.text("image"),
        build,
        ports: node.entry("ports").map(|entry| entry.line),
        environment,
    }
}

/// `KEY: value` or `- KEY=value`, at most 200.
fn pairs(node: &Node) -> Vec<(String, Located)> {
    match &node.value {
        Value::Mapping(entries) => {
            let pairs = entries.iter().filter_map(|entry| Some((entry.key.clone(), entry.value.located()?)));
            pairs.take(200).collect()
        }
        _ => node
            .texts()
            .filter_map(|item| {
                let (key, value) = item.text.split_once('=')?;
                Some((key.to_owned(), Located::new(value, item.line)))
            })
            .take(200)
            .collect(),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn services_with_both_forms_of_environment() {
        let text = "services:\n  api:\n    build: ./api\n    ports: ['80:80']\n    environment:\n      - DB=postgres://db/x\n  \
                    db:\n    image: postgres:16\n    environment:\n      A: 1\n";
        let services = compose(text).unwrap();
        assert_eq!(services[0].build, Some(Located::new("./api", 3)));
        assert_eq!(services[0].environment, [("DB".to_owned(), Located::new("postgres://db/x", 6))]);
        assert_eq!(services[1].image, Some(Located::new("postgres:16", 8)));
        assert_eq!(services[1].environment, [("A".to_owned(), Located::new("1", 10))]);
        assert_eq!(compose("a: 1"), None);
    }
}
