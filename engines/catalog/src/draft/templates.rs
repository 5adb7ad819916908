//! Folders that make projects: cookiecutter and copier. Backstage's templates are descriptors.

use model::{Confidence, Evidence};

use super::TemplateDraft;
use super::survey::{Survey, TEXT_BYTES};

pub(super) fn read(survey: &Survey) -> Vec<TemplateDraft> {
    let mut found = Vec::new();
    for file in &survey.templates {
        let name = file.name();
        let folder = file.folder();
        let is_cookiecutter = name == "cookiecutter.json";
        // Without what it would render, the file is only somebody's settings.
        if is_cookiecutter && !has_skeleton(survey, folder) {
            continue;
        }
        let Some(text) = survey.text(&file.path, TEXT_BYTES) else { continue };
        if !is_cookiecutter && !text.contains(':') {
            continue;
        }
        let template_type = if is_cookiecutter { "cookiecutter" } else { "copier" };
        let why = format!("{name} asks the questions of a {template_type} template.");
        found.push(TemplateDraft {
            path: folder.to_owned(),
            name: folder.rsplit('/').next().unwrap_or_default().to_owned(),
            template_type: template_type.to_owned(),
            description: None,
            evidence: Evidence::new("template.questions", Confidence::Corroborated, why).at(&file.path, Some(1)),
        });
    }
    found.dedup_by(|a, b| a.path == b.path);
    found
}

/// A folder whose name is filled in from the answers.
fn has_skeleton(survey: &Survey, folder: &str) -> bool {
    let start = if folder.is_empty() { 0 } else { folder.len() + 1 };
    survey.tree.below(folder).iter().any(|file| {
        let part = file.path[start..].split('/').next().unwrap_or_default();
        part.starts_with("{{") || part.contains("{{cookiecutter") || part.contains("{{ cookiecutter")
    })
}
