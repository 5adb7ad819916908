//! C and C++: `CMakeLists.txt`.

use std::sync::LazyLock;

use regex::Regex;

use super::{Ecosystem, Frameworks, Located, Manifest, ManifestFile, NONE, Publishing, Scope};

pub(super) static CMAKE: Ecosystem = Ecosystem {
    id: "cmake",
    title: "C and C++",
    files: &[ManifestFile { name: "CMakeLists.txt", parse: cmake_lists }],
    normalise,
    pages: &["find_package({}", "conan.io/center/recipes/{}", "conan.io/center/{}", "vcpkg install {}"],
    // Anybody may call a project anything: only what is installed for others to find can be found.
    only_published: true,
    only_at_root: true,
    frameworks: Frameworks { serve: &[], command: &[], site: &[] },
    ..NONE
};

fn normalise(name: &str) -> String {
    name.trim().to_owned()
}

static COMMAND: LazyLock<Option<Regex>> = LazyLock::new(|| Regex::new(r"^([A-Za-z_]+)\s*\(\s*([^)]*)(\)?)").ok());

/// How many lines one command may have.
const CONTINUED: usize = 60;

/// Its commands, each with the words of its arguments. <https://cmake.org/cmake/help/latest/manual/cmake-language.7.html>
pub fn cmake_lists(text: &str) -> Option<Manifest> {
    let command = COMMAND.as_ref()?;
    let mut manifest = Manifest::default();
    let mut installs = None;
    let lines: Vec<&str> = text.lines().take(20_000).map(without_comment).collect();
    let mut at = 0;
    while let Some(line) = lines.get(at) {
        let number = u32::try_from(at + 1).unwrap_or(u32::MAX);
        at += 1;
        let Some(found) = command.captures(line.trim()) else { continue };
        let mut arguments = found[2].to_owned();
        let mut closed = !found[3].is_empty();
        let end = lines.len().min(at + CONTINUED);
        while !closed && at < end {
            let (part, rest) = lines[at].split_once(')').map_or((lines[at], false), |(part, _)| (part, true));
            arguments.push(' ');
            arguments.push_str(part);
            closed = rest;
            at += 1;
        }
        let words: Vec<&str> = arguments.split_whitespace().map(|word| word.trim_matches('"')).collect();
        take(&found[1].to_lowercase(), &words, number, &mut manifest, &mut installs);
    }
    if let Some((line, name)) = installs.filter(|_| manifest.name.is_some()) {
        manifest.publishing = Publishing::Configured(line, format!("installed for find_package({name})"));
    }
    Some(manifest)
}

fn take(command: &str, words: &[&str], line: u32, manifest: &mut Manifest, installs: &mut Option<(u32, String)>) {
    let Some(first) = words.first().copied().filter(|word| !word.contains('$')) else { return };
    let after = |key: &str| {
        let at = words.iter().position(|word| *word == key)?;
        words.get(at + 1).copied().filter(|word| !word.contains('$'))
    };
    match command {
        "project" if manifest.name.is_none() => {
            manifest.name = Some(Located::new(first, line));
            manifest.version = after("VERSION").map(|version| Located::new(version, line));
            manifest.homepage = after("HOMEPAGE_URL").map(|url| Located::new(url, line));
        }
        "add_executable" if !words.iter().any(|word| matches!(*word, "ALIAS" | "IMPORTED")) && !is_test(first) => {
            manifest.commands.push(Located::new(first, line));
        }
        "add_library" if !words.iter().any(|word| matches!(*word, "ALIAS" | "IMPORTED" | "OBJECT" | "MODULE")) => {
            manifest.importable.get_or_insert(line);
        }
        "find_package" => manifest.depend(first, Scope::Runtime, line),
        "fetchcontent_declare" | "externalproject_add" => {
            if let Some(address) = after("GIT_REPOSITORY") {
                manifest.depend(address, Scope::Runtime, line);
            }
        }
        "cpmaddpackage" => {
            if let Some(name) = after("GITHUB_REPOSITORY") {
                manifest.depend(&format!("https://github.com/{name}"), Scope::Runtime, line);
            }
        }
        "install" if first == "EXPORT" => {
            *installs = Some((line, manifest.name.as_ref().map_or_else(String::new, |name| name.text.clone())));
        }
        _ => {}
    }
    manifest.commands.truncate(50);
}

fn is_test(name: &str) -> bool {
    let name = name.to_lowercase();
    name.split(['_', '-', '.'])
        .any(|word| matches!(word, "test" | "tests" | "unittest" | "benchmark" | "bench" | "fuzzer" | "example"))
        || name.ends_with("tests")
        || name.ends_with("test")
}

fn without_comment(line: &str) -> &str {
    line.split_once('#').map_or(line, |(code, _)| code)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn a_project() {
        let text = "cmake_minimum_required(VERSION 3.20)\nproject(Ledger\n  VERSION 1.2.3\n  LANGUAGES CXX)\nadd_library(ledger src/ledger.cpp)\nadd_library(Harbour::ledger ALIAS ledger)\n\
                    add_executable(ledger_tests t.cpp)\nadd_executable(book main.cpp)\nfind_package(Events REQUIRED) # yes\n# find_package(No)\nfind_package(${X})\n\
                    FetchContent_Declare(tides\n  GIT_REPOSITORY https://github.com/acme/tides.git\n)\ninstall(EXPORT LedgerTargets)\n";
        let manifest = cmake_lists(text).unwrap();
        assert_eq!(manifest.name, Some(Located::new("Ledger", 2)));
        assert_eq!(manifest.version, Some(Located::new("1.2.3", 2)));
        assert_eq!(manifest.commands, [Located::new("book", 8)]);
        assert_eq!(manifest.importable, Some(5));
        let found: Vec<_> = manifest.dependencies.iter().map(|d| (d.name.as_str(), d.line)).collect();
        assert_eq!(found, [("Events", 9), ("https://github.com/acme/tides.git", 12)]);
        assert!(matches!(manifest.publishing, Publishing::Configured(15, _)));
        assert_eq!(cmake_lists("add_subdirectory(src)\n").unwrap(), Manifest::default());
    }
}
