//! Settings that a program reads at its start: Spring's `application.yml` and `application.properties`, .NET's
//! `appsettings.json`.

use super::Located;
use super::node;
use crate::yaml::{self, Limits, Node, Value};

/// How many settings of one file are looked at, and how deep they may be nested.
const SETTINGS: usize = 2_000;
const DEPTH: usize = 20;

/// Whether a file of that name, in lower case, holds such settings. What tests and examples set is nobody's configuration.
pub fn is_settings(name: &str) -> bool {
    let Some((stem, ending)) = name.rsplit_once('.') else { return false };
    let (word, profile) = stem.split_once(['-', '.']).unwrap_or((stem, ""));
    let known = match ending {
        "yml" | "yaml" | "properties" => matches!(word, "application" | "bootstrap"),
        "json" => word == "appsettings",
        _ => false,
    };
    let is_example =
        |part: &str| matches!(part, "test" | "tests" | "it" | "integration" | "example" | "sample" | "template");
    known && !profile.split(['-', '.', '_']).any(is_example)
}

/// The settings of a file by their whole names, `spring.datasource.url`, each with its line. `${NAME:default}` stands for
/// its default.
pub fn settings(name: &str, text: &str) -> Vec<(String, Located)> {
    let mut found = Vec::new();
    if name.ends_with(".properties") {
        let lines = text.lines().zip(1u32..).filter(|(line, _)| !line.trim_start().starts_with(['#', '!']));
        let pairs = lines.filter_map(|(line, number)| {
            let (key, value) = line.split_once(['=', ':'])?;
            Some((key.trim().to_owned(), Located::new(filled(value.trim()), number)))
        });
        found.extend(pairs.take(SETTINGS));
    } else if name.ends_with(".json") {
        node::json(text).iter().for_each(|root| flatten(root, "", DEPTH, &mut found));
    } else {
        let (documents, _) = yaml::parse_all(text, &Limits::default());
        documents.iter().for_each(|document| flatten(&document.root, "", DEPTH, &mut found));
    }
    found
}

fn flatten(node: &Node, name: &str, depth: usize, found: &mut Vec<(String, Located)>) {
    if depth == 0 || found.len() >= SETTINGS {
        return;
    }
    match &node.value {
        Value::Mapping(entries) => {
            for entry in entries {
                let inner = if name.is_empty() { entry.key.clone() } else { format!("{name}.{}", entry.key) };
                flatten(&entry.value, &inner, depth - 1, found);
            }
        }
        Value::Sequence(items) => items.iter().for_each(|item| flatten(item, name, depth - 1, found)),
        Value::String(text) => found.push((name.to_owned(), Located::new(filled(text), node.line))),
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

/// With the defaults in the place of variables; a variable without one stays.
fn filled(text: &str) -> String {
    if !text.contains("${") || text.len() > 2_000 {
        return text.to_owned();
    }
    let mut filled = String::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once("${") {
        filled.push_str(before);
        match after.split_once('}') {
            Some((inside, end)) => {
                match inside.split_once(':') {
                    Some((_, default)) => filled.push_str(default),
                    None => filled.push_str(&format!("${{{inside}}}")),
                }
                rest = end;
            }
            None => rest = after,
        }
    }
    filled + rest
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(name: &str, text: &str) -> Vec<String> {
        settings(name, text).into_iter().map(|(key, value)| format!("{key}={} {}", value.text, value.line)).collect()
    }

    #[test]
    fn settings_have_their_whole_names() {
        let yaml = "ledger:\n  url: ${LEDGER_URL:http://ledger:8080}/api\n  retries: 3\n---\nspring:\n  kafka:\n    brokers: [a:1, b:2]\n";
        assert_eq!(
            shown("application.yml", yaml),
            ["ledger.url=http://ledger:8080/api 2", "spring.kafka.brokers=a:1 7", "spring.kafka.brokers=b:2 7"]
        );
        let properties = "# x=y\nledger.url = http://ledger:8080\nother: ${SET}\n";
        assert_eq!(shown("application.properties", properties), ["ledger.url=http://ledger:8080 2", "other=${SET} 3"]);
        let json = "{\n  \"Services\": {\n    \"Ledger\": \"http://ledger\" } }";
        assert_eq!(shown("appsettings.json", json), ["Services.Ledger=http://ledger 3"]);
        assert!(settings("application.yml", "a: [").is_empty());
    }

    #[test]
    fn settings_are_told_by_their_names() {
        for name in [
            "application.yml",
            "application-prod.yaml",
            "bootstrap.properties",
            "appsettings.json",
            "appsettings.production.json",
        ] {
            assert!(is_settings(name), "{name}");
        }
        for name in
            ["application-test.yml", "application.rb", "appsettings.test.json", "settings.json", "applications.yml"]
        {
            assert!(!is_settings(name), "{name}");
        }
    }
}
