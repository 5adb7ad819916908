//! The staircase of crates (ARCHITECTURE.md): who may use whom, and what none may bring along.

use std::collections::BTreeSet;

use anyhow::{Context, Result, bail};
use serde::Deserialize;

use crate::command::output;
use crate::workspace::{WASM, plain_cargo};

/// What one of our crates may use.
struct Rule {
    package: &'static str,
    /// Ours that it may name in its manifest.
    may_use: &'static [&'static str],
    /// Others that it may not name in its manifest.
    never_names: &'static [&'static str],
    /// Others that it may not bring along, directly or through something else.
    never_brings: &'static [&'static str],
}

const DATABASE: &[&str] = &["sqlx", "rusqlite", "tokio-postgres", "diesel"];
const OUTSIDE: &[&str] = &["sqlx", "rusqlite", "tokio", "hyper", "reqwest", "octocrab", "axum", "leptos"];

const RULES: [Rule; 13] = [
    Rule {
        package: "model",
        may_use: &[],
        never_names: &[],
        never_brings: &["sqlx", "leptos", "tokio", "axum", "gix", "tantivy", "hyper", "reqwest"],
    },
    Rule { package: "engine-yaml", may_use: &["model"], never_names: &[], never_brings: OUTSIDE },
    Rule { package: "engine-repo", may_use: &["model"], never_names: &[], never_brings: OUTSIDE },
    Rule {
        package: "engine-catalog",
        may_use: &["engine-repo", "engine-yaml", "model"],
        never_names: &[],
        never_brings: OUTSIDE,
    },
    Rule { package: "engine-docs", may_use: &["engine-yaml", "model"], never_names: &[], never_brings: OUTSIDE },
    Rule { package: "engine-templates", may_use: &["engine-yaml", "model"], never_names: &[], never_brings: OUTSIDE },
    Rule { package: "engine-access", may_use: &["engine-yaml", "model"], never_names: &[], never_brings: OUTSIDE },
    Rule {
        package: "portal",
        // The fake forge is for its tests.
        may_use: &[
            "engine-repo",
            "engine-catalog",
            "engine-docs",
            "engine-templates",
            "engine-access",
            "model",
            "fake-forge",
        ],
        never_names: &[],
        // Not hyper: octocrab cannot be without it.
        never_brings: &["axum", "leptos", "leptos_axum"],
    },
    Rule {
        package: "app",
        may_use: &[
            "portal",
            "engine-repo",
            "engine-catalog",
            "engine-docs",
            "engine-templates",
            "engine-access",
            "model",
        ],
        never_names: &["sqlx", "octocrab", "gix", "tantivy"],
        never_brings: &[],
    },
    Rule { package: "frontend", may_use: &["app"], never_names: &[], never_brings: &[] },
    Rule {
        package: "server",
        // The fake forge, and YAML by itself, are for its tests.
        may_use: &[
            "app",
            "portal",
            "engine-yaml",
            "engine-repo",
            "engine-catalog",
            "engine-docs",
            "engine-templates",
            "engine-access",
            "model",
            "fake-forge",
        ],
        never_names: DATABASE,
        never_brings: &[],
    },
    Rule { package: "fake-forge", may_use: &[], never_names: &[], never_brings: &["octocrab", "leptos", "sqlx"] },
    Rule { package: "xtask", may_use: &[], never_names: &[], never_brings: &[] },
];

/// What the browser may not get.
const NEVER_IN_THE_BROWSER: &[&str] = &[
    "portal",
    "engine-yaml",
    "engine-repo",
    "engine-catalog",
    "engine-docs",
    "engine-templates",
    "engine-access",
    "server",
    "sqlx",
    "gix",
    "tantivy",
    "axum",
    "leptos_axum",
    "tokio",
];

/// Fails with every arrow that points the wrong way.
pub fn check() -> Result<()> {
    let packages = workspace_packages()?;
    let ours: BTreeSet<&str> = packages.iter().map(|package| package.name.as_str()).collect();
    let mut wrong = Vec::new();
    for package in &packages {
        let Some(rule) = RULES.iter().find(|rule| rule.package == package.name) else {
            wrong.push(format!("{} has no rule in xtask/src/check/arrows.rs: say what it may use", package.name));
            continue;
        };
        for name in package.dependencies.iter().map(|dependency| dependency.name.as_str()) {
            if ours.contains(name) && !rule.may_use.contains(&name) {
                wrong.push(format!("{} uses {name}, which is not below it", package.name));
            }
            if rule.never_names.contains(&name) {
                wrong.push(format!("{} names {name} in its manifest", package.name));
            }
        }
        wrong.extend(brought(&package.name, "all", rule.never_brings)?);
    }
    wrong.extend(brought("frontend", WASM, NEVER_IN_THE_BROWSER)?);
    if !wrong.is_empty() {
        bail!("arrows that point the wrong way:\n  {}", wrong.join("\n  "));
    }
    eprintln!("   {} crates, each uses only what is below it", packages.len());
    Ok(())
}

/// Those of `never` that cargo would build for the package (`cargo tree` knows which features are on).
fn brought(package: &str, platform: &str, never: &[&str]) -> Result<Vec<String>> {
    if never.is_empty() {
        return Ok(Vec::new());
    }
    let mut tree = plain_cargo("tree");
    tree.args([
        "--locked",
        "--edges",
        "normal,no-proc-macro",
        "--prefix",
        "none",
        "--format",
        "{lib}",
        "--package",
        package,
    ]);
    tree.args(["--target", platform]);
    let tree = output(&mut tree)?;
    let brought: BTreeSet<String> = tree.split_whitespace().map(|name| name.replace('_', "-")).collect();
    let found = never.iter().filter(|name| brought.contains(&name.replace('_', "-")));
    Ok(found
        .map(|name| format!("{package} brings {name} along (cargo tree --package {package} --invert {name})"))
        .collect())
}

#[derive(Deserialize)]
struct Metadata {
    packages: Vec<Package>,
}

#[derive(Deserialize)]
struct Package {
    name: String,
    dependencies: Vec<Dependency>,
}

#[derive(Deserialize)]
struct Dependency {
    name: String,
}

fn workspace_packages() -> Result<Vec<Package>> {
    let text = output(plain_cargo("metadata").args(["--format-version", "1", "--no-deps", "--locked"]))?;
    let metadata: Metadata = serde_json::from_str(&text).context("cargo metadata could not be read")?;
    Ok(metadata.packages)
}
