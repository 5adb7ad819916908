//! JavaScript and TypeScript: `package.json`, `pnpm-workspace.yaml`, `lerna.json`.

use super::node::{json, yaml};
use super::{Ecosystem, Frameworks, Located, Manifest, ManifestFile, NONE, Publishing, Scope};
use crate::yaml::{Entry, Node, Value};

pub(super) static JAVASCRIPT: Ecosystem = Ecosystem {
    id: "javascript",
    title: "JavaScript",
    files: &[
        ManifestFile { name: "package.json", parse: package_json },
        ManifestFile { name: "pnpm-workspace.yaml", parse: pnpm_workspace },
        ManifestFile { name: "lerna.json", parse: lerna_json },
    ],
    normalise,
    publishes: &[
        "npm publish",
        "pnpm publish",
        "pnpm -r publish",
        "yarn publish",
        "yarn npm publish",
        "lerna publish",
        "npm-publish",
        "changesets/action",
        "changeset publish",
        "semantic-release",
        "release-please",
    ],
    pages: &[
        "npmjs.com/package/{}",
        "npmjs.org/package/{}",
        "npm/v/{}",
        "npm install {}",
        "npm i {}",
        "yarn add {}",
        "pnpm add {}",
        "npx {}",
    ],
    frameworks: Frameworks {
        serve: &[
            "express",
            "fastify",
            "koa",
            "@nestjs/core",
            "hono",
            "@hapi/hapi",
            "restify",
            "@grpc/grpc-js",
            "@trpc/server",
            "apollo-server",
        ],
        command: &["commander", "yargs", "@oclif/core", "cac", "meow", "clipanion"],
        site: &[
            "next",
            "nuxt",
            "gatsby",
            "astro",
            "vite",
            "react-scripts",
            "@angular/core",
            "@sveltejs/kit",
            "@docusaurus/core",
            "vitepress",
        ],
    },
    ..NONE
};

/// npm's names are lower case already; scope and name stay together.
pub fn normalise(name: &str) -> String {
    name.trim().to_lowercase()
}

/// <https://docs.npmjs.com/cli/v11/configuring-npm/package-json>
pub fn package_json(text: &str) -> Option<Manifest> {
    let document = json(text)?;
    let address = |key: &str| document.get(key).and_then(|value| value.located().or_else(|| value.text("url")));
    let mut manifest = Manifest {
        name: document.text("name"),
        version: document.text("version"),
        description: document.text("description"),
        licence: document.get("license").and_then(|licence| licence.located().or_else(|| licence.text("type"))),
        homepage: document.text("homepage"),
        repository: address("repository"),
        keywords: document.get("keywords").into_iter().flat_map(Node::texts).map(|word| word.text).collect(),
        ..Manifest::default()
    };
    if let Some(entry) = document.entry("private").filter(|entry| entry.value.as_bool() == Some(true)) {
        manifest.publishing = Publishing::Forbidden(entry.line);
    } else if let Some(entry) = document.entry("publishConfig") {
        let said = entry.value.text("registry").or_else(|| entry.value.text("access"));
        if let Some(said) = said {
            manifest.publishing = Publishing::Configured(entry.line, said.text);
        }
    }
    if let Some(entry) = document.entry("workspaces") {
        manifest.workspace = Some(entry.line);
        read_globs(entry.value.get("packages").unwrap_or(&entry.value), &mut manifest);
    }
    if let Some(entry) = document.entry("bin") {
        manifest.commands = match &entry.value.value {
            Value::Mapping(commands) => {
                commands.iter().map(|command| Located::new(&command.key, command.line)).collect()
            }
            _ => vec![Located::new(
                manifest.name.as_ref().map(|name| name.text.as_str()).unwrap_or_default(),
                entry.line,
            )],
        };
    }
    // Exporting only the manifest itself is what tools do that look for versions.
    let is_more = |entry: &&Entry| {
        entry.value.entries().is_empty() || entry.value.entries().iter().any(|one| one.key != "./package.json")
    };
    let exports = document.entry("exports").filter(is_more);
    let importable = exports.or_else(|| ["main", "module", "types"].iter().find_map(|key| document.entry(key)));
    manifest.importable = importable.map(|entry| entry.line);
    manifest.starts = document.get("scripts").and_then(|scripts| {
        let entry = scripts.entry("start").or_else(|| scripts.entry("start:prod"))?;
        Some(Located::new(entry.value.as_str()?, entry.line))
    });
    for (key, scope) in [
        ("dependencies", Scope::Runtime),
        ("peerDependencies", Scope::Runtime),
        ("optionalDependencies", Scope::Optional),
        ("devDependencies", Scope::Development),
    ] {
        for entry in document.get(key).map(Node::entries).unwrap_or_default() {
            manifest.depend(meant(&entry.key, entry.value.as_str().unwrap_or_default()), scope, entry.line);
        }
    }
    let says_files = document.get("files").is_some() || manifest.importable.is_some() || !manifest.commands.is_empty();
    manifest.complete = manifest.version.is_some() && manifest.licence.is_some() && says_files;
    Some(manifest)
}

/// The package that is meant by a name and its version: `npm:other@1` is another one.
fn meant<'a>(name: &'a str, version: &'a str) -> &'a str {
    let Some(alias) = version.strip_prefix("npm:") else { return name };
    &alias[..alias.rfind('@').filter(|&at| at > 0).unwrap_or(alias.len())]
}

fn read_globs(globs: &Node, manifest: &mut Manifest) {
    for glob in globs.texts() {
        match glob.text.strip_prefix('!') {
            Some(excluded) => manifest.excluded.push(excluded.to_owned()),
            None => manifest.members.push(glob),
        }
    }
}

/// <https://pnpm.io/pnpm-workspace_yaml>
pub fn pnpm_workspace(text: &str) -> Option<Manifest> {
    let documents = yaml(text)?;
    let packages = documents.first()?.entry("packages")?;
    let mut manifest = Manifest { workspace: Some(packages.line), ..Manifest::default() };
    read_globs(&packages.value, &mut manifest);
    Some(manifest)
}

/// <https://lerna.js.org/docs/api-reference/configuration>
pub fn lerna_json(text: &str) -> Option<Manifest> {
    let document = json(text)?;
    let packages = document.entry("packages")?;
    let mut manifest = Manifest { workspace: Some(packages.line), ..Manifest::default() };
    read_globs(&packages.value, &mut manifest);
    Some(manifest)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn a_package() {
        let text = "{\n\"name\": \"@babel/core\",\n\"version\": \"7.0.0\",\n\"license\": \"MIT\",\n\"main\": \"lib\",\n\
                    \"publishConfig\": {\"access\": \"public\"},\n\"bin\": {\"babel\": \"x\"},\n\
                    \"dependencies\": {\n\"a\": \"^1\",\n\"b\": \"npm:@x/c@2\",\n\"d\": \"file:../d\"},\n\"devDependencies\": {\"e\": \"workspace:*\"}}";
        let manifest = package_json(text).unwrap();
        assert_eq!(manifest.name, Some(Located::new("@babel/core", 2)));
        assert_eq!(manifest.publishing, Publishing::Configured(6, "public".to_owned()));
        assert!(manifest.complete);
        let found: Vec<_> = manifest.dependencies.iter().map(|d| (d.name.as_str(), d.line)).collect();
        assert_eq!(found, [("a", 9), ("@x/c", 10), ("d", 11), ("e", 12)]);
        assert_eq!(manifest.dependencies[3].scope, Scope::Development);
    }

    #[test]
    fn a_private_workspace() {
        let manifest =
            package_json("{\"private\": true, \"workspaces\": {\"packages\": [\"packages/*\", \"!packages/old\"]}}")
                .unwrap();
        assert_eq!(manifest.publishing, Publishing::Forbidden(1));
        assert_eq!(manifest.members, [Located::new("packages/*", 1)]);
        assert_eq!(manifest.excluded, ["packages/old"]);
        assert!(package_json("not json").is_none() && package_json("[]").is_some_and(|empty| empty.name.is_none()));
    }
}
