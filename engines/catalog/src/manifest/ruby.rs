//! Ruby: gemspecs and Gemfiles. Both are programs; only lines that say a thing outright are read.

use std::sync::LazyLock;

use regex::Regex;

use super::{Ecosystem, Frameworks, Located, Manifest, ManifestFile, NONE, Publishing, Scope};

pub(super) static RUBY: Ecosystem = Ecosystem {
    id: "ruby",
    title: "Ruby",
    files: &[ManifestFile { name: "*.gemspec", parse: gemspec }, ManifestFile { name: "Gemfile", parse: gemfile }],
    normalise,
    publishes: &[
        "gem push",
        "rake release",
        "rubygems/release-gem",
        "cadwallion/publish-rubygems-action",
        "dawidd6/action-publish-gem",
    ],
    pages: &[
        "rubygems.org/gems/{}",
        "gem/v/{}",
        "gem install {}",
        "bundle add {}",
        "gem '{}'",
        "gem \"{}\"",
        "fury.io/rb/{}",
    ],
    released_by_tag: true,
    frameworks: Frameworks {
        serve: &["rails", "sinatra", "hanami", "grape", "roda"],
        command: &["thor", "gli", "dry-cli", "optimist"],
        site: &["jekyll", "middleman", "nanoc"],
    },
    ..NONE
};

fn normalise(name: &str) -> String {
    name.trim().to_owned()
}

static FIELD: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(r#"^\w+\.(name|summary|description|homepage|license|licenses|version|executables|bindir)\s*=\s*\[?\s*["']([^"'#]*)["']"#).ok()
});
static DEPENDENCY: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(r#"^\w+\.add_(runtime_dependency|development_dependency|dependency)\s*\(?\s*["']([\w.\-]+)["']"#).ok()
});
static METADATA: LazyLock<Option<Regex>> =
    LazyLock::new(|| Regex::new(r#"^\w+\.metadata\[["'](\w+)["']\]\s*=\s*["']([^"'#]+)["']"#).ok());
static GEM: LazyLock<Option<Regex>> = LazyLock::new(|| Regex::new(r#"^gem\s*\(?\s*["']([\w.\-]+)["'](.*)$"#).ok());
static REPOSITORY: LazyLock<Option<Regex>> =
    LazyLock::new(|| Regex::new(r#"(git|github)(?::|["']?\s*=>)\s*["']([^"']+)["']"#).ok());

fn lines(text: &str) -> impl Iterator<Item = (&str, u32)> {
    let lines = text.lines().zip(1u32..).take(10_000).map(|(line, number)| (line.trim(), number));
    lines.filter(|(line, _)| !line.starts_with('#') && !line.is_empty() && line.len() < 1_000)
}

/// <https://guides.rubygems.org/specification-reference/>
pub fn gemspec(text: &str) -> Option<Manifest> {
    let (field, dependency, metadata) = (FIELD.as_ref()?, DEPENDENCY.as_ref()?, METADATA.as_ref()?);
    let mut manifest = Manifest::default();
    for (line, number) in lines(text) {
        if let Some(found) = field.captures(line) {
            let value = Located::new(&found[2], number);
            match &found[1] {
                _ if value.text.is_empty() || value.text.contains("TODO") => {}
                "name" => manifest.name = Some(value),
                "summary" => manifest.description = Some(value),
                "description" => _ = manifest.description.get_or_insert(value),
                "homepage" => manifest.homepage = Some(value),
                "license" | "licenses" => manifest.licence = Some(value),
                "version" => manifest.version = Some(value),
                "executables" => manifest.commands.push(value),
                _ => {}
            }
        } else if let Some(found) = dependency.captures(line) {
            let scope = if &found[1] == "development_dependency" { Scope::Development } else { Scope::Runtime };
            manifest.depend(&found[2], scope, number);
        } else if let Some(found) = metadata.captures(line)
            && !found[2].contains("TODO")
        {
            match &found[1] {
                "allowed_push_host" if found[2].starts_with("http") => {
                    manifest.publishing = Publishing::Configured(number, found[2].to_owned());
                }
                "source_code_uri" => manifest.repository = Some(Located::new(&found[2], number)),
                _ => {}
            }
        }
    }
    let name = manifest.name.clone()?;
    manifest.importable = Some(name.line);
    manifest.complete = manifest.description.is_some() && manifest.licence.is_some();
    Some(manifest)
}

/// <https://bundler.io/man/gemfile.5.html>
pub fn gemfile(text: &str) -> Option<Manifest> {
    let (gem, repository) = (GEM.as_ref()?, REPOSITORY.as_ref()?);
    let mut manifest = Manifest::default();
    let mut groups: Vec<bool> = Vec::new();
    for (line, number) in lines(text) {
        let is_development =
            |text: &str| [":test", ":development", ":ci", ":lint"].iter().any(|group| text.contains(group));
        if line.ends_with(" do") || line.contains(" do |") {
            groups.push(line.starts_with("group") && is_development(line));
        } else if line == "end" {
            groups.pop();
        }
        let Some(found) = gem.captures(line) else { continue };
        let rest = &found[2];
        let grouped = rest.contains("group") && is_development(rest);
        let scope = if grouped || groups.contains(&true) { Scope::Development } else { Scope::Runtime };
        match repository.captures(rest) {
            Some(at) if &at[1] == "github" && at[2].contains('/') => {
                manifest.depend(&format!("https://github.com/{}", &at[2]), scope, number);
            }
            Some(at) if &at[1] == "git" => manifest.depend(&at[2], scope, number),
            _ => manifest.depend(&found[1], scope, number),
        }
    }
    Some(manifest)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn a_gem() {
        let text = "Gem::Specification.new do |spec|\n  spec.name = \"harbour-ledger\"\n  spec.version = Harbour::VERSION\n  spec.summary = 'Keeps books'\n  spec.license = 'MIT'\n  \
                    spec.executables = ['ledger']\n  spec.metadata['allowed_push_host'] = 'https://gems.example.com'\n  # spec.add_dependency 'no'\n  spec.add_dependency 'harbour-events', '~> 1'\n  \
                    spec.add_development_dependency(\"rspec\")\nend\n";
        let manifest = gemspec(text).unwrap();
        assert_eq!(manifest.name, Some(Located::new("harbour-ledger", 2)));
        let found: Vec<_> = manifest.dependencies.iter().map(|d| (d.name.as_str(), d.scope, d.line)).collect();
        assert_eq!(found, [("harbour-events", Scope::Runtime, 9), ("rspec", Scope::Development, 10)]);
        assert_eq!(manifest.publishing, Publishing::Configured(7, "https://gems.example.com".to_owned()));
        assert_eq!(manifest.commands, [Located::new("ledger", 6)]);
        assert_eq!(gemspec("spec.metadata['allowed_push_host'] = 'TODO: set'\n"), None);
    }

    #[test]
    fn a_gemfile() {
        let text = "source 'https://rubygems.org'\ngem 'rails', '~> 7'\ngroup :development, :test do\n  gem 'rspec'\nend\ngem 'x', group: :test\ngem 'y', github: 'harbour/y'\n";
        let found: Vec<_> =
            gemfile(text).unwrap().dependencies.into_iter().map(|d| (d.name, d.scope, d.line)).collect();
        let expected = [
            ("rails", Scope::Runtime, 2),
            ("rspec", Scope::Development, 4),
            ("x", Scope::Development, 6),
            ("https://github.com/harbour/y", Scope::Runtime, 7),
        ];
        assert_eq!(found, expected.map(|(name, scope, line)| (name.to_owned(), scope, line)));
    }
}
