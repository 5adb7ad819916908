//! What a module could be, most decisive first: the ladder of types, as far as one repository can tell.

use model::{Confidence, Evidence, Fact};

use super::candidates::{Candidate, Found};
use super::deployments::Deployments;
use super::modules::is_development;
use super::program::{Program, program};
use super::publish::Pipelines;
use super::survey::{Survey, TEXT_BYTES};
use super::{Package, TemplateDraft};
use crate::manifest::{Located, Publishing, Scope};

/// Everything that bears on the type of one candidate.
pub(super) struct Signs<'s, 't> {
    pub survey: &'s Survey<'t>,
    pub deployments: &'s Deployments,
    pub pipelines: &'s Pipelines,
    pub candidate: &'s Candidate,
    pub templates: &'s [TemplateDraft],
}

pub(super) fn kinds(signs: &Signs, packages: &[Package], possible: Option<Evidence>) -> Vec<Fact<String>> {
    let mut found = Vec::new();
    let published = packages.iter().find_map(|package| package.published.as_ref());
    let program = program(signs);
    found.extend(gateway(signs));
    found.extend(deployed(signs));
    // What is made for others to import is often tried out with compose: that makes it no service.
    let is_library = published.is_some() && program.importable.is_some();
    if !is_library {
        found.extend(composed(signs));
    }
    found.extend(image(signs));
    found.extend(website(signs));
    found.extend(published_as(signs, &program, packages));
    if signs.candidate.path.is_empty() {
        found.extend(infrastructure(signs));
        found.extend(documentation(signs));
    }
    found.extend(guesses(signs, &program, possible));
    let mut seen = std::collections::HashSet::new();
    found.retain(|fact| seen.insert((fact.value.clone(), fact.evidence.confidence == Confidence::Guess)));
    found
}

fn fact(kind: &str, rule: &str, confidence: Confidence, why: impl Into<String>, file: &str, line: u32) -> Fact<String> {
    Fact::new(kind.to_owned(), Evidence::new(rule, confidence, why).at(file, Some(line)))
}

fn sure(kind: &str, rule: &str, why: impl Into<String>, file: &str, line: u32) -> Fact<String> {
    fact(kind, rule, Confidence::Corroborated, why, file, line)
}

fn gateway(signs: &Signs) -> Option<Fact<String>> {
    let file = signs.survey.gateways.iter().find(|file| file.folder() == signs.candidate.path)?;
    let text = signs.survey.text(&file.path, TEXT_BYTES)?;
    let sign = ["\"endpoints\"", "_format_version", "static_resources"].into_iter().find(|sign| text.contains(sign))?;
    let line = text.lines().zip(1u32..).find(|(line, _)| line.contains(sign)).map_or(1, |(_, number)| number);
    Some(sure(
        "gateway",
        "type.gateway",
        format!("{} configures the routes of an API gateway.", file.name()),
        &file.path,
        line,
    ))
}

fn deployed(signs: &Signs) -> Option<Fact<String>> {
    let own =
        |workload: &&super::Workload| !workload.local && workload.folder.as_deref() == Some(&signs.candidate.path);
    let workload = signs.deployments.workloads.iter().find(own)?;
    Some(Fact::new(workload.kind.clone(), workload.evidence.clone()))
}

fn composed(signs: &Signs) -> Option<Fact<String>> {
    let own = |workload: &&super::Workload| workload.local && workload.folder.as_deref() == Some(&signs.candidate.path);
    let workload = signs.deployments.workloads.iter().find(own)?;
    Some(Fact::new(workload.kind.clone(), workload.evidence.clone()))
}

/// An image that a pipeline pushes, of a program that listens.
fn image(signs: &Signs) -> Option<Fact<String>> {
    let (file, container) = signs.candidate.container.as_ref()?;
    let (pipeline, push) = signs.pipelines.first(|ci| ci.pushes_images.as_ref())?;
    let several = signs.candidate.images.is_empty() && !signs.candidate.path.is_empty();
    if several {
        return None;
    }
    let listens = container.exposes.map(|line| (file.as_str(), line, "its container file exposes a port".to_owned()));
    let listens = listens.or_else(|| {
        framework(signs.candidate, |found| found.ecosystem.frameworks.serve)
            .map(|(found, name, line)| (found.file.as_str(), line, format!("it is built with {name}")))
    });
    let (file, line, how) = listens?;
    Some(sure(
        "service",
        "type.image",
        format!("{pipeline} pushes its image (line {}), and {how}.", push.line),
        file,
        line,
    ))
}

/// A runtime dependency on one of the packages that `list` gives for its ecosystem.
fn framework(
    candidate: &Candidate,
    list: impl Fn(&Found) -> &'static [&'static str],
) -> Option<(&Found, &'static str, u32)> {
    candidate.manifests.iter().find_map(|found| {
        let known = list(found);
        found.manifest.dependencies.iter().filter(|dependency| dependency.scope == Scope::Runtime).find_map(
            |dependency| {
                let name = (found.ecosystem.normalise)(&dependency.name);
                let name = known.iter().find(|known| **known == name)?;
                Some((found, *name, dependency.line))
            },
        )
    })
}

/// A site generator that the package builds with, and its own configuration or page.
fn website(signs: &Signs) -> Option<Fact<String>> {
    let candidate = signs.candidate;
    let found = candidate.manifests.iter().find(|found| {
        found.ecosystem.id == "javascript"
            && !matches!(found.manifest.publishing, Publishing::Configured(..))
            && found.manifest.importable.is_none()
    })?;
    let dependency = found.manifest.dependencies.iter().find(|dependency| {
        found.ecosystem.frameworks.site.contains(&dependency.name.as_str()) && dependency.scope <= Scope::Development
    })?;
    let folder = if candidate.path.is_empty() { String::new() } else { format!("{}/", candidate.path) };
    let configurations = [
        "next.config.js",
        "next.config.mjs",
        "next.config.ts",
        "nuxt.config.ts",
        "nuxt.config.js",
        "gatsby-config.js",
        "astro.config.mjs",
        "astro.config.ts",
        "svelte.config.js",
        "angular.json",
        "docusaurus.config.js",
        "docusaurus.config.ts",
        "index.html",
        "public/index.html",
        "src/index.html",
        ".vitepress/config.ts",
        ".vitepress/config.js",
    ];
    let file = configurations
        .iter()
        .map(|name| format!("{folder}{name}"))
        .find(|path| signs.survey.tree.file(path).is_some())?;
    let kind = if dependency.name.contains("docusaurus") || dependency.name == "vitepress" {
        "documentation"
    } else {
        "website"
    };
    Some(sure(
        kind,
        "type.website",
        format!("{} builds a site with {}, and {file} is its configuration or page.", found.file, dependency.name),
        &found.file,
        dependency.line,
    ))
}

/// A library, or a command line.
fn published_as(signs: &Signs, program: &Program, packages: &[Package]) -> Vec<Fact<String>> {
    let mut facts = Vec::new();
    let published = packages.iter().find(|package| package.published.is_some());
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

/// Whether others import it rather than run it.
fn is_library(signs: &Signs, program: &Program) -> bool {
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
fn released(signs: &Signs, program: &Program, forbidden: bool) -> Option<Fact<String>> {
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

/// Folders of Terraform, charts or manifests, and no code that would be a component.
fn infrastructure(signs: &Signs) -> Option<Fact<String>> {
    if signs.candidate.manifests.iter().any(|found| found.manifest.name.is_some())
        || signs.candidate.container.is_some()
    {
        return None;
    }
    let survey = signs.survey;
    if let Some(file) = survey.terraform.first().filter(|_| survey.terraform.len() > 1) {
        return Some(sure(
            "infrastructure",
            "type.infrastructure",
            "Terraform files describe infrastructure, and there is no package beside them.",
            &file.path,
            1,
        ));
    }
    let foreign = signs.deployments.workloads.iter().filter(|workload| !workload.local && workload.folder.is_none());
    let deploys: Vec<_> = foreign.collect();
    let first = deploys.first().filter(|_| survey.manifests.is_empty() && survey.containers.is_empty())?;
    let file = first.evidence.file.as_deref().unwrap_or_default();
    Some(sure(
        "infrastructure",
        "type.infrastructure",
        "It deploys what is built elsewhere, and builds nothing itself.",
        file,
        first.evidence.line.unwrap_or(1),
    ))
}

/// A site generator for documents, and no code.
fn documentation(signs: &Signs) -> Option<Fact<String>> {
    let survey = signs.survey;
    let has_packages = survey.manifests.iter().any(|file| !file.name().starts_with("requirements"));
    let is_site = |name: &str| !name.starts_with("astro");
    let file = survey.sites.iter().find(|file| {
        is_site(file.name()) && file.folder().split('/').all(|part| matches!(part, "" | "docs" | "website" | "site"))
    })?;
    let code = ["py", "rs", "go", "ts", "java", "rb", "cs", "php", "c", "cpp"];
    let has_code = survey
        .tree
        .files()
        .iter()
        .any(|file| file.speaks() && file.name().rsplit_once('.').is_some_and(|(_, end)| code.contains(&end)));
    if has_code
        || has_packages
            && !signs
                .candidate
                .manifests
                .iter()
                .all(|found| found.manifest.importable.is_none() && found.manifest.commands.is_empty())
    {
        return None;
    }
    Some(sure(
        "documentation",
        "type.documentation",
        format!("{} builds a site from documents, and there is no code beside them.", file.name()),
        &file.path,
        1,
    ))
}

fn guesses(signs: &Signs, program: &Program, possible: Option<Evidence>) -> Vec<Fact<String>> {
    let candidate = signs.candidate;
    if signs.templates.iter().any(|template| template.path == candidate.path) || is_development(&candidate.path) {
        return Vec::new();
    }
    let mut found = Vec::new();
    let framework_of = |list: fn(&Found) -> &'static [&'static str]| framework(candidate, list);
    if let Some((file, container)) = &candidate.container {
        let serves = framework_of(|found| found.ecosystem.frameworks.serve);
        if let Some((_, name, _)) = serves {
            let line = container.exposes.unwrap_or(1);
            found.push(fact(
                "service",
                "type.container",
                Confidence::Guess,
                format!("It has a container file and is built with {name}, but nothing shows that it is deployed."),
                file,
                line,
            ));
        } else if let Some(line) = container.exposes {
            found.push(fact(
                "service",
                "type.container",
                Confidence::Guess,
                "Its container file exposes a port, but nothing shows that it is deployed.",
                file,
                line,
            ));
        }
    }
    if candidate.path.is_empty() {
        if let Some(command) = program.commands.first() {
            let built = framework_of(|found| found.ecosystem.frameworks.command);
            if let Some((read, name, line)) = built {
                found.push(fact(
                    "cli",
                    "type.command",
                    Confidence::Guess,
                    format!(
                        "It builds the program {} with {name}, but nothing shows that it is released.",
                        command.text
                    ),
                    &read.file,
                    line,
                ));
            }
        }
        found.extend(possible.map(|evidence| {
            let kind = if is_library(signs, program) { "library" } else { "cli" };
            Fact::new(kind.to_owned(), evidence)
        }));
    }
    found
}

/// What registries and READMEs say about how far it is.
pub(super) fn lifecycle(candidate: &Candidate) -> Option<Fact<String>> {
    if let Some((readme, line)) = candidate.readme.as_ref().and_then(|readme| Some((readme, readme.deprecates()?))) {
        let evidence = readme.evidence(
            "lifecycle.deprecated",
            line,
            "The README says that it is not to be used any more.".to_owned(),
        );
        return Some(Fact::new("deprecated".to_owned(), evidence));
    }
    candidate.manifests.iter().find_map(|found| {
        found.manifest.classifiers.iter().find_map(|classifier| {
            let status = classifier.text.strip_prefix("Development Status ::")?.trim();
            let value = match status.chars().next()? {
                '1' | '2' | '3' => "experimental",
                '5' | '6' => "production",
                '7' => "deprecated",
                _ => return None,
            };
            Some(sure(
                value,
                "lifecycle.classifier",
                format!("Its manifest classifies it as \"{status}\"."),
                &found.file,
                classifier.line,
            ))
        })
    })
}
