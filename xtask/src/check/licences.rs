//! Licences, banned crates and origins of everything that is built in, by the rules of `deny.toml`.
//!
//! The file is cargo-deny's own, so that `cargo deny check bans licenses sources` says the same where it is installed;
//! compiling cargo-deny takes longer than all other checks together, and these three need only `cargo metadata`.

use std::collections::BTreeMap;
use std::fs;

use anyhow::{Context, Result, bail};
use serde::Deserialize;
use spdx::{Expression, ParseMode};

use crate::command::output;
use crate::workspace::{plain_cargo, root};

#[derive(Deserialize)]
struct Rules {
    graph: Graph,
    licenses: Licences,
    bans: Bans,
}

#[derive(Deserialize)]
struct Graph {
    targets: Vec<String>,
}

#[derive(Deserialize)]
struct Licences {
    allow: Vec<String>,
    #[serde(default)]
    exceptions: Vec<Exception>,
}

#[derive(Deserialize)]
struct Exception {
    #[serde(rename = "crate")]
    name: String,
    allow: Vec<String>,
}

#[derive(Deserialize)]
struct Bans {
    deny: Vec<Ban>,
}

#[derive(Deserialize)]
struct Ban {
    #[serde(rename = "crate")]
    name: String,
    reason: String,
}

#[derive(Deserialize)]
struct Metadata {
    packages: Vec<Package>,
}

#[derive(Deserialize)]
struct Package {
    name: String,
    version: String,
    license: Option<String>,
    license_file: Option<String>,
    /// None for our own.
    source: Option<String>,
}

/// Fails with every package that breaks a rule.
pub fn check() -> Result<()> {
    let file = root().join("deny.toml");
    let text = fs::read_to_string(&file).with_context(|| format!("{} could not be read", file.display()))?;
    let rules: Rules = toml::from_str(&text).context("deny.toml")?;
    let mut metadata = plain_cargo("metadata");
    metadata.args(["--format-version", "1", "--locked"]);
    for target in &rules.graph.targets {
        metadata.args(["--filter-platform", target]);
    }
    let metadata: Metadata =
        serde_json::from_str(&output(&mut metadata)?).context("cargo metadata could not be read")?;
    let mut wrong = Vec::new();
    let mut licences = BTreeMap::<String, usize>::new();
    for package in &metadata.packages {
        wrong.extend(broken_rules(package, &rules));
        *licences.entry(package.license.clone().unwrap_or_default()).or_default() += 1;
    }
    if !wrong.is_empty() {
        bail!("{} packages break rules of deny.toml:\n  {}", wrong.len(), wrong.join("\n  "));
    }
    eprintln!("   {} packages, {} licence expressions, all allowed", metadata.packages.len(), licences.len());
    Ok(())
}

fn broken_rules(package: &Package, rules: &Rules) -> Vec<String> {
    let name = format!("{} {}", package.name, package.version);
    let mut wrong = Vec::new();
    if let Some(ban) = rules.bans.deny.iter().find(|ban| ban.name == package.name) {
        wrong.push(format!("{name} is banned: {}", ban.reason));
    }
    // cargo-deny's own default, which `deny.toml` keeps: crates.io and nothing else.
    if let Some(source) = package.source.as_ref().filter(|source| !is_crates_io(source)) {
        wrong.push(format!("{name} comes from {source}"));
    }
    let exceptions = rules.licenses.exceptions.iter().filter(|exception| exception.name == package.name);
    let allowed: Vec<_> =
        rules.licenses.allow.iter().chain(exceptions.flat_map(|exception| &exception.allow)).collect();
    match &package.license {
        Some(text) => match Expression::parse_mode(text, ParseMode::LAX) {
            Ok(licence) => {
                if !licence.evaluate(|required| allowed.iter().any(|allowed| **allowed == required.to_string())) {
                    wrong.push(format!("{name} has the licence {text}, which is not allowed"));
                }
            }
            Err(error) => wrong.push(format!("{name} has a licence that cannot be read: {error}")),
        },
        None if package.license_file.is_some() => wrong.push(format!("{name} has a licence file and no expression")),
        None => wrong.push(format!("{name} has no licence")),
    }
    wrong
}

fn is_crates_io(source: &str) -> bool {
    source.starts_with("registry+") && source.ends_with("/crates.io-index")
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn rules() -> Rules {
        toml::from_str(
            r#"
            graph.targets = []
            licenses.allow = ["MIT", "Apache-2.0", "Apache-2.0 WITH LLVM-exception"]
            licenses.exceptions = [{ crate = "special", allow = ["MPL-2.0"] }]
            bans.deny = [{ crate = "openssl-sys", reason = "rustls everywhere" }]
            "#,
        )
        .unwrap()
    }

    fn check(name: &str, licence: &str, source: &str) -> String {
        let package = Package {
            name: name.into(),
            version: "1.0.0".into(),
            license: Some(licence.into()),
            license_file: None,
            source: Some(source.into()),
        };
        broken_rules(&package, &rules()).join("; ")
    }

    #[test]
    fn each_rule_is_told_by_name() {
        let index = "registry+https://example.org/crates.io-index";
        assert_eq!(check("a", "MIT OR GPL-3.0", index), "");
        assert_eq!(check("a", "MIT/Apache-2.0", index), "");
        assert_eq!(check("a", "Apache-2.0 WITH LLVM-exception AND MIT", index), "");
        assert_eq!(check("special", "MPL-2.0", index), "");
        assert_eq!(check("a", "MPL-2.0", index), "a 1.0.0 has the licence MPL-2.0, which is not allowed");
        assert_eq!(check("openssl-sys", "MIT", index), "openssl-sys 1.0.0 is banned: rustls everywhere");
        assert_eq!(check("a", "MIT", "git+https://example.org/a"), "a 1.0.0 comes from git+https://example.org/a");
    }
}
