//! What a module could be, most decisive first: the ladder of types, as far as one repository can tell.

mod guesses;
mod other;
mod published;

use model::{Confidence, Evidence, Fact};

pub(super) use guesses::only_program;

use super::candidates::{Candidate, Found};
use super::deployments::Deployments;
use super::program::program;
use super::publish::Pipelines;
use super::survey::{Survey, TEXT_BYTES};
use super::{Package, TemplateDraft, Workload};
use crate::manifest::{Publishing, Scope};

/// Everything that bears on the type of one candidate.
pub(super) struct Signs<'s, 't> {
    pub survey: &'s Survey<'t>,
    pub deployments: &'s Deployments,
    pub pipelines: &'s Pipelines,
    pub candidate: &'s Candidate,
    pub templates: &'s [TemplateDraft],
    /// It lies in another folder that may be a component.
    pub is_inner: bool,
}

pub(super) fn kinds(signs: &Signs, packages: &[Package], possible: Option<Evidence>) -> Vec<Fact<String>> {
    let mut found = Vec::new();
    let program = program(signs);
    let published = published::telling(signs, packages);
    let site = website(signs);
    found.extend(gateway(signs));
    // What is made for others to import is often tried out with compose, and its documents have a host: that makes it
    // no service and no website.
    let is_library = published.is_some() && program.importable.is_some();
    if !is_library {
        found.extend(hosted(signs, site.is_some()));
    }
    // A program that is released and listens nowhere is started by compose to be tried out, too.
    let is_released = || published::released(signs, &program, false).is_some() && !listens(signs);
    if !is_library && !is_released() {
        found.extend(composed(signs));
    }
    found.extend(image(signs));
    found.extend(site);
    found.extend(other::offered(signs));
    found.extend(published::published_as(signs, &program, packages));
    if signs.candidate.path.is_empty() {
        found.extend(other::infrastructure(signs));
        found.extend(other::documentation(signs));
    }
    found.extend(guesses::guesses(signs, &program, possible));
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

/// What a platform's own file starts: sure where the code that it starts lies here, or the site that it shows.
fn hosted(signs: &Signs, is_site: bool) -> Option<Fact<String>> {
    let workload = own_workload(signs, false)?;
    let agrees = if workload.kind == "website" { is_site } else { other::has_code(signs) };
    Some(run(workload, agrees))
}

/// What compose builds from here: sure where the code listens. In a folder of its own, a container file that neither
/// listens nor lies beside code makes a tool for developers.
fn composed(signs: &Signs) -> Option<Fact<String>> {
    let listens = listens(signs);
    let candidate = signs.candidate;
    let is_tool = || !candidate.path.is_empty() && candidate.manifests.is_empty() && !other::has_code(signs);
    own_workload(signs, true).filter(|_| listens || !is_tool()).map(|workload| run(workload, listens))
}

fn own_workload<'s>(signs: &Signs<'s, '_>, local: bool) -> Option<&'s Workload> {
    let own = |workload: &&Workload| {
        workload.local == local && workload.folder.as_deref() == Some(signs.candidate.path.as_str())
    };
    signs.deployments.workloads.iter().find(own)
}

/// One sign alone is a guess.
fn run(workload: &Workload, agrees: bool) -> Fact<String> {
    let confidence = if agrees { Confidence::Corroborated } else { Confidence::Guess };
    Fact::new(workload.kind.clone(), Evidence { confidence, ..workload.evidence.clone() })
}

/// Its container file exposes a port, or it is built with a framework for servers.
fn listens(signs: &Signs) -> bool {
    let exposes = signs.candidate.container.as_ref().is_some_and(|(_, container)| container.exposes.is_some());
    exposes || framework(signs.candidate, |found| found.ecosystem.frameworks.serve).is_some()
}

/// An image that a pipeline pushes, of a program that listens: a guess, since nothing says that somebody runs it.
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
    let why = format!("{pipeline} pushes its image (line {}), and {how}, but nothing runs it.", push.line);
    Some(fact("service", "type.image", Confidence::Guess, why, file, line))
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

/// A site generator that the package builds with, and its own configuration or page; or a page that a script starts,
/// where there is nothing to import. Sure where something shows the site: a container, or what runs it.
fn website(signs: &Signs) -> Option<Fact<String>> {
    let candidate = signs.candidate;
    let found = candidate
        .manifests
        .iter()
        .find(|found| found.ecosystem.id == "javascript" && found.manifest.importable.is_none())?;
    let folder = if candidate.path.is_empty() { String::new() } else { format!("{}/", candidate.path) };
    let is_published = matches!(found.manifest.publishing, Publishing::Configured(..));
    let dependency = found.manifest.dependencies.iter().filter(|_| !is_published).find(|dependency| {
        found.ecosystem.frameworks.site.contains(&dependency.name.as_str()) && dependency.scope <= Scope::Development
    });
    let Some(dependency) = dependency else {
        let start = found.manifest.starts.as_ref().filter(|_| found.manifest.commands.is_empty())?;
        let mut pages =
            ["public/index.html", "index.html", "src/index.html"].iter().map(|page| format!("{folder}{page}"));
        let page = pages.find(|page| signs.survey.tree.file(page).is_some_and(engine_repo::File::speaks))?;
        let why = format!("{} starts it ({}), and {page} is its page", found.file, start.text);
        return Some(shown(signs, "website", &why, &found.file, start.line));
    };
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
    let why = format!("{} builds a site with {}, and {file} is its configuration or page", found.file, dependency.name);
    Some(shown(signs, kind, &why, &found.file, dependency.line))
}

fn shown(signs: &Signs, kind: &str, why: &str, file: &str, line: u32) -> Fact<String> {
    let container = signs.candidate.container.as_ref().map(|(file, _)| file.as_str());
    let workload = own_workload(signs, false).or_else(|| own_workload(signs, true));
    let by = container.or_else(|| workload?.evidence.file.as_deref());
    // What a pipeline puts online from a repository of several parts may be any of them.
    let pipeline = || signs.pipelines.first(|ci| ci.pages.as_ref()).filter(|_| signs.candidate.path.is_empty());
    match by.or_else(|| pipeline().map(|(file, _)| file)) {
        Some(by) => sure(kind, "type.website", format!("{why}; {by} has it shown."), file, line),
        None => fact(kind, "type.website", Confidence::Guess, format!("{why}, but nothing shows it."), file, line),
    }
}
