//! PHP: `composer.json`.

use super::node::json;
use super::{Ecosystem, Frameworks, Manifest, ManifestFile, NONE, Publishing, Scope};
use crate::yaml::Node;

pub(super) static PHP: Ecosystem = Ecosystem {
    id: "php",
    title: "PHP",
    files: &[ManifestFile { name: "composer.json", parse: composer_json }],
    normalise,
    pages: &[
        "packagist.org/packages/{}",
        "packagist/v/{}",
        "packagist/dt/{}",
        "composer require {}",
        "poser.pugx.org/{}",
    ],
    released_by_tag: true,
    only_at_root: true,
    frameworks: Frameworks {
        serve: &[
            "laravel/framework",
            "laravel/lumen-framework",
            "symfony/framework-bundle",
            "slim/slim",
            "mezzio/mezzio",
            "yiisoft/yii2",
        ],
        command: &["symfony/console", "laravel-zero/framework"],
        site: &[],
    },
    ..NONE
};

fn normalise(name: &str) -> String {
    name.trim().to_lowercase()
}

/// <https://getcomposer.org/doc/04-schema.md>
pub fn composer_json(text: &str) -> Option<Manifest> {
    let document = json(text)?;
    let text = |key: &str| document.text(key);
    let mut manifest = Manifest {
        name: text("name").filter(|name| name.text.contains('/')),
        version: text("version"),
        description: text("description"),
        licence: text("license").or_else(|| document.get("license")?.texts().next()),
        homepage: text("homepage"),
        repository: document.at(&["support", "source"]).and_then(Node::located),
        keywords: document.get("keywords").into_iter().flat_map(Node::texts).map(|word| word.text).collect(),
        commands: document
            .get("bin")
            .into_iter()
            .flat_map(|bin| bin.located().into_iter().chain(bin.texts()))
            .collect(),
        ..Manifest::default()
    };
    for command in &mut manifest.commands {
        command.text = command.text.rsplit('/').next().unwrap_or_default().to_owned();
    }
    let kind = text("type");
    let is_project = kind.as_ref().is_some_and(|kind| kind.text == "project");
    if is_project {
        // An application: what others are made from is a template of its kind, not a package of theirs.
        manifest.publishing = Publishing::Forbidden(kind.map_or(1, |kind| kind.line));
    } else if manifest.name.is_some() {
        manifest.importable = document.entry("autoload").map(|entry| entry.line);
    }
    for (key, scope) in [("require", Scope::Runtime), ("require-dev", Scope::Development)] {
        for entry in document.get(key).map(Node::entries).unwrap_or_default() {
            // `php` and `ext-json` are the platform.
            if entry.key.contains('/') {
                manifest.depend(&entry.key, scope, entry.line);
            }
        }
    }
    manifest.complete =
        !is_project && manifest.name.is_some() && manifest.description.is_some() && manifest.licence.is_some();
    Some(manifest)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn packages_and_projects() {
        let text = "{\n \"name\": \"harbour/ledger\",\n \"license\": \"MIT\", \"description\": \"x\",\n \"bin\": [\"bin/ledger\"],\n \"autoload\": {},\n \
                    \"require\": {\"php\": \"^8\", \"harbour/events\": \"^1\"},\n \"require-dev\": {\"phpunit/phpunit\": \"*\"}\n}";
        let manifest = composer_json(text).unwrap();
        let found: Vec<_> = manifest.dependencies.iter().map(|d| (d.name.as_str(), d.scope, d.line)).collect();
        assert_eq!(found, [("harbour/events", Scope::Runtime, 6), ("phpunit/phpunit", Scope::Development, 7)]);
        assert_eq!(manifest.commands[0].text, "ledger");
        assert!(manifest.complete && manifest.importable == Some(5));
        let project = composer_json("{\"name\": \"harbour/shop\", \"type\": \"project\", \"autoload\": {}}").unwrap();
        assert!(matches!(project.publishing, Publishing::Forbidden(1)) && project.importable.is_none());
        assert_eq!(composer_json("["), None);
    }
}
