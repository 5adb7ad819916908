//! What is neither run nor imported: infrastructure, documents, and what pipelines use.

use model::{Confidence, Fact};

use super::{Signs, fact, sure};
use crate::draft::survey::TEXT_BYTES;

/// An action at the root of its repository, or one whose only content is what pipelines of others use.
pub(super) fn offered(signs: &Signs) -> Option<Fact<String>> {
    let candidate = signs.candidate;
    let is_local = |file: &str| file.starts_with(".github/actions/");
    let mut offering = candidate.manifests.iter().filter_map(|found| Some((found, found.manifest.offers.as_ref()?)));
    let mut rest = offering.clone();
    let own = offering.find(|(found, _)| {
        let folder = found.file.rsplit_once('/').map_or("", |(folder, _)| folder);
        folder == candidate.path && found.file.rsplit('/').next().is_some_and(|name| name.starts_with("action."))
    });
    let survey = signs.survey;
    let nothing_else = || survey.manifests.is_empty() && survey.containers.is_empty() && survey.terraform.is_empty();
    let (found, offer) = own.or_else(|| {
        rest.find(|(found, _)| !is_local(&found.file)).filter(|_| candidate.path.is_empty() && nothing_else())
    })?;
    let why = format!("{} is {} for the pipelines of other repositories.", found.file, offer.text);
    Some(sure("library", "type.action", why, &found.file, offer.line))
}

/// What ends the name of a file with code.
const CODE: [&str; 14] = ["py", "rs", "go", "ts", "js", "java", "kt", "rb", "cs", "php", "c", "cpp", "scala", "swift"];

/// What ends the name of a file of words.
const WORDS: [&str; 5] = ["md", "mdx", "rst", "adoc", "html"];

/// Folders of Terraform, charts or manifests, and no code that would be a component.
pub(super) fn infrastructure(signs: &Signs) -> Option<Fact<String>> {
    if signs.candidate.manifests.iter().any(|found| found.manifest.name.is_some() && found.ecosystem.is_code)
        || signs.candidate.container.is_some()
    {
        return None;
    }
    let survey = signs.survey;
    let builds = !survey.manifests.is_empty() || !survey.containers.is_empty();
    if let Some(file) = survey.terraform.first().filter(|_| survey.terraform.len() > 1) {
        let why = "Terraform files describe infrastructure";
        // A module for others and the infrastructure of a program beside it look the same but for this.
        return Some(match applied(signs).filter(|_| !builds && !has_code(signs)) {
            Some((place, line)) => {
                let why = format!("{why}, {place} says where it is applied, and there is no code beside them.");
                sure("infrastructure", "type.infrastructure", why, &place, line)
            }
            None => {
                let why = format!("{why}, but nothing says that they are applied, or there is code beside them.");
                fact("infrastructure", "type.infrastructure", Confidence::Guess, why, &file.path, 1)
            }
        });
    }
    let foreign = signs.deployments.workloads.iter().filter(|workload| !workload.local && workload.folder.is_none());
    let deploys: Vec<_> = foreign.collect();
    if let Some(first) = deploys.first().filter(|_| !builds) {
        let file = first.evidence.file.as_deref().unwrap_or_default();
        return Some(sure(
            "infrastructure",
            "type.infrastructure",
            "It deploys what is built elsewhere, and builds nothing itself.",
            file,
            first.evidence.line.unwrap_or(1),
        ));
    }
    let chart = survey.charts.first().filter(|_| !builds)?;
    let why = "It holds charts and builds nothing, but what they run is not known.";
    Some(fact("infrastructure", "type.infrastructure", Confidence::Guess, why, &chart.path, 1))
}

/// Where Terraform keeps its state, or which account it changes: modules for others have neither.
fn applied(signs: &Signs) -> Option<(String, u32)> {
    signs.survey.terraform.iter().take(100).find_map(|file| {
        let text = signs.survey.text(&file.path, TEXT_BYTES)?;
        let says = |line: &str| ["backend \"", "cloud {", "provider \""].iter().any(|sign| line.starts_with(sign));
        let (_, line) = text.lines().zip(1u32..).find(|(line, _)| says(line.trim_start()))?;
        Some((file.path.clone(), line))
    })
}

/// How many files that may speak end so, in the candidate's folder and below.
fn count(signs: &Signs, endings: &[&str]) -> usize {
    let ends = |name: &str| name.rsplit_once('.').is_some_and(|(_, end)| endings.contains(&end));
    let files = signs.survey.tree.below(&signs.candidate.path);
    files.iter().filter(|file| file.speaks() && ends(file.name())).count()
}

/// Whether there is code in the candidate's folder or below.
pub(super) fn has_code(signs: &Signs) -> bool {
    count(signs, &CODE) > 0
}

/// A site generator for documents, and no code: sure where most of what is there is documents.
pub(super) fn documentation(signs: &Signs) -> Option<Fact<String>> {
    let survey = signs.survey;
    let has_packages = survey.manifests.iter().any(|file| !file.name().starts_with("requirements"));
    let is_site = |name: &str| !name.starts_with("astro");
    let file = survey.sites.iter().find(|file| {
        is_site(file.name()) && file.folder().split('/').all(|part| matches!(part, "" | "docs" | "website" | "site"))
    })?;
    let has_code = count(signs, &CODE) > count(signs, &["js"]);
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
    let others = count(signs, &["tf", "yaml", "yml", "json", "toml", "tpl", "sh"]).saturating_sub(1);
    let why = format!("{} builds a site from documents, and there is no code beside them", file.name());
    if count(signs, &WORDS) > others && survey.charts.is_empty() && survey.terraform.is_empty() {
        return Some(sure("documentation", "type.documentation", format!("{why}."), &file.path, 1));
    }
    let why = format!("{why}, but documents are the lesser part.");
    Some(fact("documentation", "type.documentation", Confidence::Guess, why, &file.path, 1))
}
