//! Compose files.

use super::Located;
use super::node::yaml;
use crate::yaml::{Node, Value};

/// One service of a compose file.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Service {
    pub name: Located,
    pub image: Option<Located>,
    /// The folder that it is built from, relative to the file.
    pub build: Option<Located>,
    /// Relative to that folder.
    pub dockerfile: Option<Located>,
    pub ports: Option<u32>,
    /// Name and value with the value's line.
    pub environment: Vec<(String, Located)>,
}

/// <https://github.com/compose-spec/compose-spec/blob/main/spec.md>
pub fn compose(text: &str) -> Option<Vec<Service>> {
    let documents = yaml(text)?;
    let services = documents.first()?.get("services")?.entries();
    Some(services.iter().take(200).map(|entry| service(&entry.key, entry.line, &entry.value)).collect())
}

/// The variables of a `.env` file, at most 500.
pub fn environment(text: &str) -> Vec<(String, String)> {
    let lines = text.lines().filter(|line| !line.trim_start().starts_with('#'));
    let pairs = lines.filter_map(|line| {
        let (key, value) = line.trim().trim_start_matches("export ").split_once('=')?;
        Some((key.trim().to_owned(), value.trim().trim_matches(['"', '\'']).to_owned()))
    });
    pairs.take(500).collect()
}

impl Service {
    /// Puts the values of variables in: `${NAME}` and `$NAME`, and the default of `${NAME:-default}`.
    pub fn fill(&mut self, variables: &[(String, String)]) {
        let texts = [self.image.as_mut(), self.build.as_mut(), self.dockerfile.as_mut()].into_iter().flatten();
        let values = self.environment.iter_mut().map(|(_, value)| value);
        for located in texts.chain(values) {
            located.text = fill(&located.text, variables);
        }
    }
}

/// Fills twice: a variable may stand for others, but not without end.
fn fill(text: &str, variables: &[(String, String)]) -> String {
    let mut text = text.to_owned();
    for _ in 0..2 {
        if !text.contains('$') || text.len() > 2_000 {
            break;
        }
        let mut filled = String::new();
        let mut rest = text.as_str();
        while let Some(at) = rest.find('$') {
            filled.push_str(&rest[..at]);
            let after = &rest[at + 1..];
            let (name, default, length) =
                match after.strip_prefix('{').and_then(|inner| inner.find('}').map(|end| &inner[..end])) {
                    Some(inner) => {
                        let (name, default) = inner
                            .split_once(":-")
                            .or_else(|| inner.split_once('-'))
                            .map_or((inner, None), |(name, default)| (name, Some(default)));
                        (name, default, inner.len() + 2)
                    }
                    None => {
                        let end =
                            after.bytes().take_while(|byte| byte.is_ascii_alphanumeric() || *byte == b'_').count();
                        (&after[..end], None, end)
                    }
                };
            let value = variables.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str()).or(default);
            match value {
                Some(value) => filled.push_str(value),
                None => filled.push_str(&rest[at..at + 1 + length]),
            }
            rest = &after[length..];
        }
        filled.push_str(rest);
        text = filled;
    }
    text
}

fn service(name: &str, line: u32, node: &Node) -> Service {
    let build = node.get("build").and_then(|build| build.located().or_else(|| build.text("context")));
    let environment = node.get("environment").map(pairs).unwrap_or_default();
    Service {
        name: Located::new(name, line),
        image: node.text("image"),
        build,
        dockerfile: node.get("build").and_then(|build| build.text("dockerfile")),
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

    #[test]
    fn variables_are_filled_in() {
        let variables = environment("# x\nPORT=80\nexport ADDR=\"cart:${PORT}\"\n");
        let table = [
            ("http://$ADDR/", "http://cart:80/"),
            ("${ADDR}", "cart:80"),
            ("${NONE:-x}", "x"),
            ("${NONE}", "${NONE}"),
            ("$", "$"),
            ("${", "${"),
        ];
        for (text, expected) in table {
            assert_eq!(fill(text, &variables), expected);
        }
    }
}
