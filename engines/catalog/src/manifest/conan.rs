//! Conan: `conanfile.py` and `conanfile.txt`.

use std::sync::LazyLock;

use regex::Regex;

use super::{Ecosystem, Frameworks, Located, Manifest, ManifestFile, NONE, Scope};

/// Frameworks for servers in C++, as Conan and vcpkg call them.
pub(super) const SERVING: &[&str] =
    &["cpp-httplib", "cpprestsdk", "crow", "drogon", "oatpp", "pistache", "restinio", "userver"];

pub(super) static CONAN: Ecosystem = Ecosystem {
    id: "conan",
    title: "Conan",
    files: &[
        ManifestFile { name: "conanfile.py", parse: conanfile_py },
        ManifestFile { name: "conanfile.txt", parse: conanfile_txt },
    ],
    normalise,
    publishes: &["conan upload"],
    pages: &["conan.io/center/recipes/{}", "conan.io/center/{}"],
    // Deeper lie recipes for what others wrote.
    only_at_root: true,
    frameworks: Frameworks { serve: SERVING, command: &["cli11", "cxxopts", "lyra"], site: &[] },
    ..NONE
};

fn normalise(name: &str) -> String {
    name.trim().to_lowercase()
}

static ATTRIBUTE: LazyLock<Option<Regex>> = LazyLock::new(|| Regex::new(r"^(?:    |\t)(\w+)\s*=\s*(.*)$").ok());
static CALL: LazyLock<Option<Regex>> =
    LazyLock::new(|| Regex::new(r"\bself\.(requires|tool_requires|build_requires|test_requires)\s*\((.*)$").ok());
static QUOTED: LazyLock<Option<Regex>> = LazyLock::new(|| Regex::new(r#""([^"]*)"|'([^']*)'"#).ok());

/// How many lines one list may have.
const CONTINUED: usize = 200;

fn scope(word: &str) -> Option<Scope> {
    match word {
        "requires" => Some(Scope::Runtime),
        "tool_requires" | "build_requires" => Some(Scope::Build),
        "test_requires" => Some(Scope::Test),
        _ => None,
    }
}

/// The attributes of the recipe's class and what its methods require, as far as they are written out: nothing is run.
/// <https://docs.conan.io/2/reference/conanfile.html>
pub fn conanfile_py(text: &str) -> Option<Manifest> {
    let (attribute, call, quoted) = (ATTRIBUTE.as_ref()?, CALL.as_ref()?, QUOTED.as_ref()?);
    let texts = |part: &str| -> Vec<String> {
        let found = quoted.captures_iter(part).filter_map(|found| found.get(1).or_else(|| found.get(2)));
        found.map(|text| text.as_str().to_owned()).collect()
    };
    let mut manifest = Manifest::default();
    let mut in_recipe = false;
    let mut kind = None;
    let lines: Vec<&str> = text.lines().take(20_000).collect();
    for (at, line) in lines.iter().enumerate() {
        in_recipe |= line.starts_with("class ") && line.contains("ConanFile");
        if !in_recipe || line.trim_start().starts_with('#') || line.len() > 4_000 {
            continue;
        }
        let number = u32::try_from(at + 1).unwrap_or(u32::MAX);
        if let Some(found) = call.captures(line) {
            // What else the call is given says how it is used.
            if let (Some(scope), Some(first)) = (scope(&found[1]), texts(&found[2]).first()) {
                require(&mut manifest, first, scope, number);
            }
            continue;
        }
        let Some(found) = attribute.captures(line) else { continue };
        let (key, value) = (&found[1], &found[2]);
        if let Some(scope) = scope(key) {
            let closes = if value.starts_with('(') { ')' } else { ']' };
            let is_open = value.starts_with(['(', '[']) && !value.contains(closes);
            let more = lines.iter().skip(at + 1).take(CONTINUED).take_while(|line| !line.trim().starts_with(closes));
            let more = more.zip(number + 1..).filter(|_| is_open);
            for (part, number) in std::iter::once((value, number)).chain(more.map(|(line, number)| (*line, number))) {
                for text in texts(part.split('#').next().unwrap_or_default()) {
                    require(&mut manifest, &text, scope, number);
                }
            }
            continue;
        }
        let Some(text) = texts(value).into_iter().next().map(|text| Located::new(text, number)) else { continue };
        match key {
            "name" => _ = manifest.name.get_or_insert(text),
            "version" => _ = manifest.version.get_or_insert(text),
            "description" => _ = manifest.description.get_or_insert(text),
            "license" => _ = manifest.licence.get_or_insert(text),
            "homepage" => _ = manifest.homepage.get_or_insert(text),
            "url" => _ = manifest.repository.get_or_insert(text),
            "package_type" => kind = Some(text),
            _ => {}
        }
    }
    if let Some(name) = &manifest.name {
        match kind {
            Some(kind) if kind.text == "application" => {
                manifest.commands.push(Located::new(name.text.as_str(), kind.line));
            }
            kind => manifest.importable = kind.map(|kind| kind.line).or(Some(name.line)),
        }
    }
    in_recipe.then_some(manifest)
}

/// What a consumer asks for, section by section. <https://docs.conan.io/2/reference/conanfile_txt.html>
pub fn conanfile_txt(text: &str) -> Option<Manifest> {
    let mut manifest = Manifest::default();
    let mut within = None;
    for (line, number) in text.lines().zip(1u32..).take(20_000) {
        let line = line.split('#').next().unwrap_or_default().trim();
        match line.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')) {
            Some(section) => within = scope(section),
            None => {
                if let Some(scope) = within {
                    require(&mut manifest, line, scope, number);
                }
            }
        }
    }
    (!manifest.dependencies.is_empty()).then_some(manifest)
}

/// `name/version@user/channel`: without a version it is no reference.
fn require(manifest: &mut Manifest, reference: &str, scope: Scope, line: u32) {
    let Some((name, version)) = reference.split_once('/') else { return };
    let is_name = |name: &str| name.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '_' | '+' | '.' | '-'));
    if is_name(name) && !version.is_empty() {
        manifest.depend(name, scope, line);
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn asked(manifest: &Manifest) -> Vec<(&str, Scope, u32)> {
        manifest.dependencies.iter().map(|one| (one.name.as_str(), one.scope, one.line)).collect()
    }

    #[test]
    fn a_recipe() {
        let text = "from conan import ConanFile\n\nclass Ledger(ConanFile):\n    name = \"harbour-ledger\"\n    version = '1.2'\n    license = \"MIT\"\n    package_type = \"library\"\n    \
                    requires = (\n        \"harbour-events/2.0\",  # \"no/1\"\n        \"zlib/[>=1.2]\"\n    )\n    tool_requires = \"cmake/3.28\"\n    # requires = \"no/1\"\n    \
                    def requirements(self):\n        self.requires(\"fmt/10.0\", override=\"x/y\")\n        self.requires(f\"{self.x}/1\")\n        self.test_requires('gtest/1.14')\n";
        let manifest = conanfile_py(text).unwrap();
        assert_eq!(manifest.name, Some(Located::new("harbour-ledger", 4)));
        assert_eq!(manifest.version, Some(Located::new("1.2", 5)));
        assert_eq!((manifest.importable, manifest.commands.len()), (Some(7), 0));
        let expected = [
            ("harbour-events", Scope::Runtime, 9),
            ("zlib", Scope::Runtime, 10),
            ("cmake", Scope::Build, 12),
            ("fmt", Scope::Runtime, 15),
            ("gtest", Scope::Test, 17),
        ];
        assert_eq!(asked(&manifest), expected);
        let program = text.replace("\"library\"", "\"application\"");
        assert_eq!(conanfile_py(&program).unwrap().commands, [Located::new("harbour-ledger", 7)]);
        assert_eq!(conanfile_py("name = \"x\"\n"), None);
    }

    #[test]
    fn a_consumer() {
        let text = "[requires]\nharbour-events/2.0@harbour/stable # x\n\n[tool_requires]\ncmake/3.28\n[generators]\nCMakeDeps/x\n[test_requires]\ngtest/1\n";
        let manifest = conanfile_txt(text).unwrap();
        let expected = [("harbour-events", Scope::Runtime, 2), ("cmake", Scope::Build, 5), ("gtest", Scope::Test, 9)];
        assert_eq!(asked(&manifest), expected);
        assert_eq!(conanfile_txt("[generators]\nCMakeDeps\n"), None);
    }
}
