//! Libraries and command lines: what is put where others get it.

use model::{Confidence, Evidence, Fact};

use super::{Found, Package, Signs, fact, sure};
use crate::draft::fold::is_development;
use crate::draft::program::Program;
use crate::manifest::{self, Located};

/// The published package that tells what the code is: neither a chart or a module of definitions beside it, nor that of a
/// program that is started rather than imported.
pub(super) fn telling<'p>(signs: &Signs, packages: &'p [Package]) -> Option<&'p Package> {
    let tells = |package: &&Package| {
        let is_code = manifest::ecosystem(&package.ecosystem).is_some_and(|ecosystem| ecosystem.is_code);
        let own = signs.candidate.manifests.iter().filter(|found| found.ecosystem.id == package.ecosystem);
        let (mut starts, mut imported) = (false, false);
        for found in own {
            imported |= found.manifest.importable.is_some();
            // A script that starts something is part of many libraries; one with nothing to import is none.
            starts |=
                found.manifest.starts.is_some() && (package.ecosystem != "javascript" || is_only_started(signs, found));
        }
        package.published.is_some() && (is_code && !starts || imported)
    };
    packages.iter().find(tells)
}

/// A library, or a command line.
pub(super) fn published_as(signs: &Signs, program: &Program, packages: &[Package]) -> Vec<Fact<String>> {
    let mut facts = Vec::new();
    let published = telling(signs, packages);
    let forbidden = packages.iter().any(|package| package.private) && published.is_none();
    let released = released(signs, program, forbidden);
    if let Some(release) = &released
        && (published.is_none() || !is_library(signs, program))
    {
        facts.push(release.clone());
    }
    let Some(package) = published else { return facts };
    let Some(evidence) = package.published.as_ref() else { return facts };
    if package.ecosystem == "go" {
        return facts.into_iter().chain(go_library(signs, program, package)).collect();
    }
    let is_library = is_library(signs, program);
    let kind = if is_library { "library" } else { "cli" };
    let fact = Fact::new(
        kind.to_owned(),
        Evidence { rule: if is_library { "type.published" } else { "type.command" }.to_owned(), ..evidence.clone() },
    );
    facts.push(fact);
    facts
}

/// Whether a package of JavaScript has a script that starts it, and neither an entry point nor a command.
fn is_only_started(signs: &Signs, found: &Found) -> bool {
    let folder = found.file.trim_end_matches("package.json");
    let entries = ["index.js", "index.ts", "index.mjs", "index.cjs", "index.d.ts", "index.json"];
    let has_entry = || entries.iter().any(|entry| signs.survey.tree.file(&format!("{folder}{entry}")).is_some());
    found.manifest.importable.is_none() && found.manifest.commands.is_empty() && !has_entry()
}

/// Whether others import it rather than run it.
pub(super) fn is_library(signs: &Signs, program: &Program) -> bool {
    if program.commands.is_empty() {
        return true;
    }
    let manifests = &signs.candidate.manifests;
    let classified = |words: &[&str]| {
        manifests
            .iter()
            .flat_map(|found| &found.manifest.classifiers)
            .any(|classifier| words.iter().any(|word| classifier.text.contains(word)))
    };
    if classified(&["Libraries", "Framework ::"]) {
        return true;
    }
    if classified(&["Environment :: Console", "command-line-utilities"]) {
        return false;
    }
    let named = |found: &Found| {
        found
            .manifest
            .name
            .as_ref()
            .is_some_and(|name| name.text == "cli" || name.text.ends_with("-cli") || name.text.ends_with("/cli"))
    };
    if manifests.iter().any(named) {
        return false;
    }
    let is_python = manifests.iter().any(|found| found.ecosystem.id == "python" && found.manifest.name.is_some());
    if is_python {
        // Every Python package can be imported; one that comes with a command is a command unless it says otherwise.
        return classified(&["Typing :: Typed"]);
    }
    program.importable.is_some()
}

/// A program whose builds are put where people download them.
pub(super) fn released(signs: &Signs, program: &Program, forbidden: bool) -> Option<Fact<String>> {
    let command = program.commands.first().filter(|_| !is_development(&signs.candidate.path))?;
    let (pipeline, release) = signs.pipelines.first(|ci| ci.releases.as_ref())?;
    let named = || {
        let in_pipeline =
            |command: &Located| signs.pipelines.releasing.iter().any(|text| has_word(text, &command.text));
        program.commands.iter().any(in_pipeline)
    };
    if (!signs.candidate.path.is_empty() || forbidden) && !named() {
        return None;
    }
    let why = format!("It builds the program {}, and {pipeline} releases programs ({}).", command.text, release.text);
    Some(sure("cli", "type.command", why, program.command_file.as_deref().unwrap_or(pipeline), command.line))
}

fn has_word(text: &str, word: &str) -> bool {
    let is_part = |character: char| character.is_alphanumeric() || matches!(character, '-' | '_');
    word.len() > 1
        && text.match_indices(word).any(|(at, _)| {
            !text[..at].chars().next_back().is_some_and(is_part)
                && !text[at + word.len()..].chars().next().is_some_and(is_part)
        })
}

/// A Go module that others import: it has a package to import, and versions or a page.
fn go_library(signs: &Signs, program: &Program, package: &Package) -> Option<Fact<String>> {
    let (file, line) = program.importable.as_ref()?;
    let prefix = if signs.candidate.path.is_empty() { String::new() } else { format!("{}/", signs.candidate.path) };
    let version = signs.survey.facts.tags.iter().find(|tag| {
        tag.name
            .strip_prefix(&prefix)
            .and_then(|rest| rest.strip_prefix('v'))
            .is_some_and(|rest| rest.starts_with(|first: char| first.is_ascii_digit()))
    });
    let readme = signs.candidate.readme.as_ref();
    let leads =
        readme.and_then(|readme| Some((readme, readme.leads_to(crate::manifest::ecosystem("go")?, &package.name)?)));
    if let Some((readme, line)) = leads {
        return Some(sure(
            "library",
            "type.published",
            format!("The README leads to {} for others to import.", package.name),
            &readme.path,
            line,
        ));
    }
    let version = version?;
    // With a program beside it, tags are the program's as well.
    let confidence = if program.commands.is_empty() { Confidence::Corroborated } else { Confidence::Guess };
    Some(fact(
        "library",
        "type.published",
        confidence,
        format!("It has a package to import, and the tag {} gives it a version.", version.name),
        file,
        *line,
    ))
}
