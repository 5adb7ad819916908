//! Names: what may stand as one, and which say nothing.

use sha2::{Digest, Sha256};

/// Names that never match by themselves, and never stand alone as a component's.
const GENERIC: [&str; 72] = [
    "api",
    "apis",
    "app",
    "apps",
    "application",
    "backend",
    "bin",
    "build",
    "cli",
    "client",
    "clients",
    "cmd",
    "common",
    "commons",
    "config",
    "core",
    "cron",
    "cronjob",
    "data",
    "database",
    "db",
    "default",
    "deploy",
    "dev",
    "docs",
    "documentation",
    "example",
    "examples",
    "front",
    "frontend",
    "gateway",
    "helpers",
    "infra",
    "internal",
    "job",
    "jobs",
    "lib",
    "library",
    "libs",
    "main",
    "migrations",
    "monorepo",
    "package",
    "packages",
    "platform",
    "portal",
    "project",
    "proxy",
    "scripts",
    "sdk",
    "server",
    "service",
    "services",
    "shared",
    "site",
    "src",
    "test",
    "tests",
    "tools",
    "ui",
    "utils",
    "web",
    "website",
    "worker",
    "workers",
    "util",
    "types",
    "models",
    "schema",
    "redis",
    "postgres",
    "unknown",
];

pub(super) fn is_generic(name: &str) -> bool {
    let name = name.to_lowercase();
    name.len() < 3 || GENERIC.contains(&name.as_str())
}

/// A text as Backstage accepts names: `[A-Za-z0-9][-A-Za-z0-9_.]*[A-Za-z0-9]`, at most 63 characters, with a hash at the
/// end of what was longer. `None` where nothing of it can stand in a name.
pub(super) fn name(text: &str) -> Option<String> {
    let mut name = String::new();
    for character in text.trim().chars() {
        match character {
            'A'..='Z' | 'a'..='z' | '0'..='9' | '_' | '.' => name.push(character),
            _ if name.ends_with('-') => {}
            _ => name.push('-'),
        }
    }
    let name = name.trim_matches(['-', '_', '.']);
    if name.len() <= 63 {
        return (!name.is_empty()).then(|| name.to_owned());
    }
    let hash: String = Sha256::digest(name.as_bytes()).iter().take(4).map(|byte| format!("{byte:02x}")).collect();
    Some(format!("{}-{hash}", name[..54].trim_end_matches(['-', '_', '.'])))
}

/// The name of a member of a repository: with the repository's before it, unless it is there already.
pub(super) fn within(repository: &str, leaf: &str) -> String {
    let (repository_lower, leaf_lower) = (repository.to_lowercase(), leaf.to_lowercase());
    let starts = leaf_lower
        .strip_prefix(&repository_lower)
        .is_some_and(|rest| !rest.starts_with(|next: char| next.is_ascii_alphanumeric()));
    if starts { leaf.to_owned() } else { name(&format!("{repository}-{leaf}")).unwrap_or_else(|| leaf.to_owned()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_backstages() {
        let table = [
            ("@babel/core", Some("babel-core")),
            ("Ledger API", Some("Ledger-API")),
            ("a--b", Some("a-b")),
            ("-._", None),
            ("é", None),
        ];
        for (text, expected) in table {
            assert_eq!(name(text).as_deref(), expected, "{text}");
        }
        assert_eq!(name(&"x".repeat(200)).map(|name| name.len()), Some(63));
    }

    #[test]
    fn members_carry_the_repository() {
        assert_eq!(within("payments", "api"), "payments-api");
        assert_eq!(within("payments", "payments-api"), "payments-api");
        assert_eq!(within("pay", "payments"), "pay-payments");
        assert_eq!(within("payments", "Payments"), "Payments");
    }

    #[test]
    fn generic_names_say_nothing() {
        assert!(is_generic("API") && is_generic("web") && !is_generic("ledger"));
    }
}
