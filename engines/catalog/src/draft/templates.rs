//! Folders that make projects: cookiecutter and copier. Backstage's templates are descriptors.

use std::collections::BTreeMap;

use engine_repo::File;
use model::{Confidence, Evidence, Fact, Finding, Level};

use super::readme::{README_BYTES, Readme};
use super::survey::{Survey, TEXT_BYTES};
use super::{TemplateDraft, join};
use crate::manifest::{self, Nested, Questions};

pub(super) fn read(survey: &Survey) -> Vec<TemplateDraft> {
    let read: Vec<(&File, Questions)> =
        survey.templates.iter().filter_map(|file| Some((*file, questions(survey, file)?))).collect();
    let mut named: BTreeMap<String, &Nested> = BTreeMap::new();
    for (file, questions) in &read {
        for nested in &questions.templates {
            if let Some(path) = join(file.folder(), &nested.path) {
                named.entry(path).or_insert(nested);
            }
        }
    }
    let mut found: Vec<TemplateDraft> = Vec::new();
    for (file, questions) in read.iter().filter(|(_, questions)| questions.templates.is_empty()) {
        let is_cookiecutter = file.name() == "cookiecutter.json";
        let folder = file.folder();
        // Without what it would render, the file is only somebody's settings.
        if is_cookiecutter && !has_skeleton(survey, folder) || found.iter().any(|known| known.path == folder) {
            continue;
        }
        let template_type = if is_cookiecutter { "cookiecutter" } else { "copier" };
        let why = format!("{} asks the questions of a {template_type} template.", file.name());
        let nested = named.get(folder);
        found.push(TemplateDraft {
            path: folder.to_owned(),
            name: folder.rsplit('/').next().unwrap_or_default().to_owned(),
            template_type: template_type.to_owned(),
            title: nested.and_then(|nested| nested.title.clone()),
            description: description(survey, folder, nested.and_then(|nested| nested.description.clone()), file),
            questions: questions.questions.clone(),
            evidence: Evidence::new("template.questions", Confidence::Corroborated, why).at(&file.path, Some(1)),
        });
    }
    found
}

fn questions(survey: &Survey, file: &File) -> Option<Questions> {
    let text = survey.text(&file.path, TEXT_BYTES)?;
    if file.name() == "cookiecutter.json" {
        return manifest::cookiecutter_json(&text);
    }
    let (questions, error) = manifest::copier_yaml(&text);
    if let Some(error) = error {
        survey.note(Finding { level: Level::Warning, ..error.finding(&file.path) });
    }
    text.contains(':').then_some(questions)
}

/// What the file that leads here says, else the README beside its questions.
fn description(survey: &Survey, folder: &str, said: Option<String>, file: &File) -> Option<Fact<String>> {
    if let Some(said) = said {
        let evidence =
            Evidence::new("template.questions", Confidence::Declared, "The file that leads here describes it.");
        return Some(Fact::new(said, evidence.at(&file.path, None)));
    }
    let names = ["README.md", "readme.md", "README.rst", "README"];
    let path = names.iter().map(|name| if folder.is_empty() { (*name).to_owned() } else { format!("{folder}/{name}") });
    let path = path.into_iter().find(|path| survey.tree.file(path).is_some())?;
    let readme = Readme { text: survey.text(&path, README_BYTES)?, path };
    let (text, line) = readme.paragraph()?;
    let why = format!("The first paragraph of {}.", readme.path);
    Some(Fact::new(
        text,
        Evidence::new("description.readme", Confidence::Corroborated, why).at(readme.path, Some(line)),
    ))
}

/// A folder whose name is filled in from the answers.
fn has_skeleton(survey: &Survey, folder: &str) -> bool {
    let start = if folder.is_empty() { 0 } else { folder.len() + 1 };
    survey.tree.below(folder).iter().any(|file| {
        let part = file.path[start..].split('/').next().unwrap_or_default();
        part.starts_with("{{") || part.contains("{{cookiecutter") || part.contains("{{ cookiecutter")
    })
}
