//! What is neither run nor imported: infrastructure, documents, and what pipelines use.

use model::Fact;

use super::{Signs, sure};

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

/// Folders of Terraform, charts or manifests, and no code that would be a component.
pub(super) fn infrastructure(signs: &Signs) -> Option<Fact<String>> {
    if signs.candidate.manifests.iter().any(|found| found.manifest.name.is_some() && found.ecosystem.is_code)
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
pub(super) fn documentation(signs: &Signs) -> Option<Fact<String>> {
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
