//! Definition files of APIs.

use std::collections::BTreeMap;

use model::{Confidence, Evidence};
use sha2::{Digest, Sha256};

use super::ApiDraft;
use super::survey::Survey;
use crate::manifest::Located;
use crate::yaml;

/// How much of a definition is read. A longer one is known by its name and place only.
const DEFINITION_BYTES: usize = 1024 * 1024;

/// Folders for what belongs to others.
const FOREIGN: [&str; 10] = [
    "client",
    "clients",
    "external",
    "third_party",
    "thirdparty",
    "upstream",
    "imported",
    "contracts",
    "consumed",
    "stubs",
];

pub(super) fn read(survey: &Survey) -> Vec<ApiDraft> {
    let mut found: Vec<ApiDraft> = Vec::new();
    let mut protocols: BTreeMap<(String, String), ApiDraft> = BTreeMap::new();
    for file in &survey.apis {
        let Some(text) = survey.text(&file.path, DEFINITION_BYTES) else { continue };
        let extension = file.name().rsplit_once('.').map_or("", |(_, end)| end);
        match extension {
            "proto" => {
                let Some(api) = proto(&file.path, &text) else { continue };
                // The files of one package in one folder are one API.
                let key = (file.folder().to_owned(), api.name.clone());
                match protocols.get_mut(&key) {
                    Some(known) => {
                        known.digests.extend(api.digests);
                        known.services.extend(api.services);
                    }
                    None => _ = protocols.insert(key, api),
                }
            }
            "graphql" | "graphqls" | "gql" => found.extend(graphql(&file.path, &text)),
            _ => found.extend(described(&file.path, &text)),
        }
    }
    found.extend(protocols.into_values());
    found.sort_by(|a, b| a.path.cmp(&b.path));
    found
}

fn draft(path: &str, name: &str, api_type: &str, text: &str, line: u32, why: String) -> ApiDraft {
    ApiDraft {
        path: path.to_owned(),
        name: name.to_owned(),
        title: None,
        description: None,
        api_type: api_type.to_owned(),
        major: None,
        digests: vec![digest(text)],
        services: Vec::new(),
        foreign: path.split('/').rev().skip(1).any(is_foreign),
        evidence: Evidence::new("api.definition", Confidence::Corroborated, why).at(path, Some(line)),
    }
}

fn is_foreign(folder: &str) -> bool {
    let folder = folder.to_lowercase();
    FOREIGN.contains(&folder.as_str()) || folder.split(['-', '_', '.']).any(|word| matches!(word, "client" | "clients"))
}

/// Over the text without its spaces.
pub(crate) fn digest(text: &str) -> String {
    let mut hash = Sha256::new();
    for word in text.split_whitespace() {
        hash.update(word.as_bytes());
    }
    hash.finalize().iter().take(8).map(|byte| format!("{byte:02x}")).collect()
}

/// OpenAPI (Swagger) and AsyncAPI, in YAML or JSON.
fn described(path: &str, text: &str) -> Option<ApiDraft> {
    let root = if path.ends_with(".json") {
        crate::manifest::json_document(text)?
    } else {
        yaml::parse(text, &yaml::Limits::default()).ok()?.into_iter().next()?.root
    };
    let (entry, api_type) = ["openapi", "swagger", "asyncapi"].into_iter().find_map(|key| {
        let entry = root.entry(key)?;
        Some((entry, if key == "asyncapi" { "asyncapi" } else { "openapi" }))
    })?;
    let info = root.get("info");
    let title = info.and_then(|info| info.text("title"));
    let description = info.and_then(|info| info.text("description"));
    let name = title.as_ref().map_or_else(|| stem(path), |title| title.text.clone());
    let line = title.as_ref().map_or(entry.line, |title| title.line);
    let why = format!("The file is an {} definition.", if api_type == "openapi" { "OpenAPI" } else { "AsyncAPI" });
    let shorten = |text: Located| text.text.lines().next().unwrap_or_default().chars().take(300).collect::<String>();
    Some(ApiDraft {
        major: info.and_then(|info| info.text("version")).and_then(|version| major(&version.text)),
        title: title.map(shorten),
        description: description.map(shorten),
        ..draft(path, &name, api_type, text, line, why)
    })
}

/// `2` of `v2.1.0`; `None` for words.
fn major(version: &str) -> Option<String> {
    let first = version.trim().trim_start_matches(['v', 'V']).split(['.', '-', '+']).next().unwrap_or_default();
    (!first.is_empty() && first.len() <= 8 && first.bytes().all(|byte| byte.is_ascii_digit())).then(|| first.to_owned())
}

/// Packages that come with gRPC and Google's libraries: everybody carries a copy.
const COMMON_PACKAGES: [&str; 4] = ["grpc.", "google.", "envoy.", "k8s.io."];

fn proto(path: &str, text: &str) -> Option<ApiDraft> {
    let lines = || text.lines().zip(1u32..).map(|(line, number)| (line.trim(), number));
    let services: Vec<(&str, u32)> = lines()
        .filter_map(|(line, number)| {
            let name = line
                .strip_prefix("service ")?
                .split(|character: char| character == '{' || character.is_whitespace())
                .next()?;
            (!name.is_empty()).then_some((name, number))
        })
        .take(50)
        .collect();
    let &(service, line) = services.first()?;
    let package = lines().find_map(|(line, _)| line.strip_prefix("package ")?.split(';').next().map(str::trim));
    let package = package.filter(|package| !package.is_empty());
    if package.is_some_and(|package| COMMON_PACKAGES.iter().any(|common| package.starts_with(common))) {
        return None;
    }
    let full = |name: &str| package.map_or_else(|| name.to_owned(), |package| format!("{package}.{name}"));
    let draft = draft(
        path,
        package.unwrap_or(service),
        "grpc",
        text,
        line,
        format!("The file defines the gRPC service {service}."),
    );
    Some(ApiDraft { services: services.iter().map(|(name, _)| full(name)).collect(), ..draft })
}

fn graphql(path: &str, text: &str) -> Option<ApiDraft> {
    let line = text.lines().zip(1u32..).find_map(|(line, number)| {
        let starts =
            ["type Query", "schema {", "schema{", "extend type Query"].iter().any(|sign| line.starts_with(sign));
        starts.then_some(number)
    })?;
    Some(draft(path, &schema_name(path), "graphql", text, line, "The file is a GraphQL schema.".to_owned()))
}

/// What everybody calls a schema says nothing: the folder of the program around it does.
fn schema_name(path: &str) -> String {
    let own = stem(path);
    let says_nothing = |word: &str| {
        matches!(
            word.to_lowercase().as_str(),
            "schema"
                | "schemas"
                | "typedef"
                | "typedefs"
                | "types"
                | "index"
                | "graphql"
                | "gql"
                | "src"
                | "api"
                | "main"
                | "resources"
                | "graph"
        )
    };
    if !says_nothing(&own) {
        return own;
    }
    let folder = path.rsplit('/').skip(1).find(|part| !says_nothing(part));
    folder.map_or(own, str::to_owned)
}

fn stem(path: &str) -> String {
    let name = path.rsplit('/').next().unwrap_or(path);
    name.split('.').next().unwrap_or(name).to_owned()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn definitions_are_told_by_their_content() {
        assert_eq!(
            described("openapi.yaml", "openapi: 3.0.0\ninfo:\n  title: Ledger API\n").unwrap().name,
            "Ledger API"
        );
        assert!(described("openapi.yaml", "x: 1").is_none());
        let api =
            proto("p/ledger.proto", "syntax = \"proto3\";\npackage harbour.ledger.v1;\nservice Ledger {\n}\n").unwrap();
        assert_eq!((api.name.as_str(), api.evidence.line), ("harbour.ledger.v1", Some(3)));
        assert!(proto("p/types.proto", "message X {}").is_none());
        assert!(graphql("schema.graphql", "type Query {\n}\n").is_some());
        assert!(draft("clients/ledger/openapi.yaml", "x", "openapi", "", 1, String::new()).foreign);
        assert!(draft("plugins/ledger-client/openapi.yaml", "x", "openapi", "", 1, String::new()).foreign);
        assert_eq!(digest("a b\n c"), digest("ab c"));
        for (path, name) in
            [("a/ledger/src/typedef.graphql", "ledger"), ("ledger.graphql", "ledger"), ("schema.graphql", "schema")]
        {
            assert_eq!(graphql(path, "type Query {\n").unwrap().name, name);
        }
    }
}
