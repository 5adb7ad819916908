//! What people declared: descriptors, and the overrides file.

use std::collections::{BTreeSet, VecDeque};

use globset::GlobBuilder;
use model::{Finding, Level};

use super::survey::{Survey, TEXT_BYTES};
use crate::descriptor::{self, DescriptorEntity};
use crate::overrides::{self, Overrides};

/// How much of one descriptor file is read.
const DESCRIPTOR_BYTES: usize = 8 * 1024 * 1024;

/// How many entities and descriptor files one repository may declare.
const ENTITIES: usize = 20_000;
const FILES: usize = 2_000;

/// A definition that is longer is left in its file.
const DEFINITION_BYTES: usize = 16 * 1024;

#[derive(Default)]
pub(super) struct Declared {
    pub entities: Vec<DescriptorEntity>,
    pub overrides: Option<Overrides>,
    pub findings: Vec<Finding>,
}

pub(super) fn read(survey: &Survey) -> Declared {
    let mut declared = Declared::default();
    if let Some(text) = survey.text(overrides::FILE_NAME, TEXT_BYTES) {
        let (read, findings) = overrides::parse(overrides::FILE_NAME, &text);
        declared.overrides = Some(read);
        declared.findings.extend(findings);
    }
    let mut seen = BTreeSet::new();
    let mut waiting: VecDeque<String> = survey.descriptors.iter().map(|file| file.path.clone()).collect();
    while let Some(path) = waiting.pop_front() {
        if !seen.insert(path.clone()) {
            continue;
        }
        if seen.len() > FILES || declared.entities.len() >= ENTITIES {
            let message = format!("Only {FILES} descriptor files and {ENTITIES} entities of a repository are read.");
            declared.findings.push(
                Finding::new("descriptor.limit", Level::Warning, message, "Split the repository.").at(path, 0, 0),
            );
            break;
        }
        read_file(survey, &path, &mut declared, &mut waiting);
    }
    declared
}

fn read_file(survey: &Survey, path: &str, declared: &mut Declared, waiting: &mut VecDeque<String>) {
    let Some(text) = survey.text(path, DESCRIPTOR_BYTES) else { return };
    let is_template = path.rsplit('/').next().is_some_and(|name| name.starts_with("template."));
    // Many tools call a file `template.yaml`.
    if is_template && !text.contains("scaffolder.backstage.io/") {
        return;
    }
    let parsed = descriptor::parse(path, &text);
    declared.findings.extend(parsed.findings);
    for mut entity in parsed.entities {
        if entity.entity.kind.eq_ignore_ascii_case("Location") {
            waiting.extend(targets(survey, path, &entity));
        }
        bound(&mut entity);
        declared.entities.push(entity);
    }
}

/// The files of this repository that a Location names; `*` stands for any part of a name.
fn targets(survey: &Survey, path: &str, location: &DescriptorEntity) -> Vec<String> {
    let spec = &location.entity.spec;
    if spec.get("type").and_then(|kind| kind.as_str()).is_some_and(|kind| kind != "file" && kind != "url") {
        return Vec::new();
    }
    let many = spec.get("targets").and_then(|targets| targets.as_array()).into_iter().flatten();
    let targets = spec.get("target").into_iter().chain(many).filter_map(|target| target.as_str());
    let folder = path.rsplit_once('/').map_or("", |(folder, _)| folder);
    let mut found = Vec::new();
    for target in targets.filter(|target| !target.contains("://")).take(FILES) {
        let Some(target) = join(folder, target) else { continue };
        if !target.contains('*') {
            found.push(target);
        } else if let Ok(glob) = GlobBuilder::new(&target).literal_separator(true).build() {
            let glob = glob.compile_matcher();
            let matching = survey.tree.files().iter().filter(|file| glob.is_match(&file.path)).take(FILES);
            found.extend(matching.map(|file| file.path.clone()));
        }
    }
    found
}

/// `target` as seen from `folder`; `None` where it leads out of the repository.
pub(super) fn join(folder: &str, target: &str) -> Option<String> {
    let mut parts: Vec<&str> = if target.starts_with('/') { Vec::new() } else { folder.split('/').collect() };
    for part in target.split('/') {
        match part {
            "" | "." => {}
            ".." => {
                parts.retain(|part| !part.is_empty());
                parts.pop()?;
            }
            other => parts.push(other),
        }
    }
    parts.retain(|part| !part.is_empty());
    Some(parts.join("/"))
}

/// Leaves out what only makes the draft long: long definitions, and the places of values that no rule asks for.
fn bound(entity: &mut DescriptorEntity) {
    let file = entity.file.rsplit('/').next().unwrap_or_default().to_owned();
    if let Some(definition) = entity.entity.spec.get_mut("definition")
        && definition.as_str().is_some_and(|text| text.len() > DEFINITION_BYTES)
    {
        *definition = serde_json::json!({ "$text": format!("./{file}") });
    }
    entity.lines.retain(|pointer, _| {
        let mut parts = pointer.split('/').skip(1);
        match (parts.next(), parts.next()) {
            (Some("metadata"), Some(key)) => matches!(key, "name" | "title" | "description" | "tags"),
            (Some("spec"), Some(key)) => !matches!(key, "definition" | "parameters" | "steps" | "output" | "profile"),
            _ => false,
        }
    });
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn targets_stay_in_the_repository() {
        let table = [
            ("", "./a.yaml", Some("a.yaml")),
            ("x/y", "../a.yaml", Some("x/a.yaml")),
            ("x", "/a.yaml", Some("a.yaml")),
            ("x", "../../a.yaml", None),
            ("x", ".", Some("x")),
            ("", ".", Some("")),
        ];
        for (folder, target, expected) in table {
            assert_eq!(join(folder, target).as_deref(), expected, "{folder} {target}");
        }
    }
}
