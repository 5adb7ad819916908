//! What people declared: descriptors, and the overrides file.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use globset::GlobBuilder;
use model::{Finding, Level};

use super::survey::{Survey, TEXT_BYTES};
use crate::descriptor::{self, DescriptorEntity};
use crate::location::{self, Target};
use crate::overrides::{self, Overrides};

/// How much of one descriptor file is read.
const DESCRIPTOR_BYTES: usize = 8 * 1024 * 1024;

/// How many entities and descriptor files one repository may declare.
const ENTITIES: usize = 20_000;
const FILES: usize = 2_000;

/// How many patterns over its files Locations may name.
const PATTERNS: usize = 100;

/// A definition that is longer is left in its file.
const DEFINITION_BYTES: usize = 16 * 1024;

#[derive(Default)]
pub(super) struct Declared {
    pub entities: Vec<DescriptorEntity>,
    pub overrides: Option<Overrides>,
    pub findings: Vec<Finding>,
    /// As [`super::Draft::targets`].
    pub targets: BTreeMap<String, Vec<String>>,
    /// As [`super::Draft::pointed`].
    pub pointed: BTreeSet<String>,
}

/// Files that wait to be read.
#[derive(Default)]
struct Waiting {
    files: VecDeque<String>,
    seen: BTreeSet<String>,
}

impl Waiting {
    fn push(&mut self, file: &str) {
        if self.seen.insert(file.to_owned()) {
            self.files.push_back(file.to_owned());
        }
    }
}

/// `wanted` are the paths and patterns that Locations of other repositories name.
pub(super) fn read(survey: &Survey, wanted: &[String]) -> Declared {
    let mut declared = Declared::default();
    if let Some(text) = survey.text(overrides::FILE_NAME, TEXT_BYTES) {
        let (read, findings) = overrides::parse(overrides::FILE_NAME, &text);
        declared.overrides = Some(read);
        declared.findings.extend(findings);
    }
    let mut waiting = Waiting::default();
    for file in &survey.descriptors {
        waiting.push(&file.path);
    }
    let speaking = waiting.seen.clone();
    for target in wanted {
        follow(survey, target, &mut declared, &mut waiting);
    }
    let mut count = 0;
    while let Some(path) = waiting.files.pop_front() {
        count += 1;
        if count > FILES || declared.entities.len() >= ENTITIES {
            let message = format!("Only {FILES} descriptor files and {ENTITIES} entities of a repository are read.");
            declared.findings.push(
                Finding::new("descriptor.limit", Level::Warning, message, "Split the repository.").at(path, 0, 0),
            );
            break;
        }
        let is_pointed = !speaking.contains(&path);
        read_file(survey, &path, is_pointed, &mut declared, &mut waiting);
        if is_pointed {
            declared.pointed.insert(path);
        }
    }
    declared
}

fn read_file(survey: &Survey, path: &str, is_pointed: bool, declared: &mut Declared, waiting: &mut Waiting) {
    let Some(text) = survey.text(path, DESCRIPTOR_BYTES) else { return };
    let is_template = path.rsplit('/').next().is_some_and(|name| name.starts_with("template."));
    // Many tools call a file `template.yaml`.
    if is_template && !is_pointed && !text.contains("scaffolder.backstage.io/") {
        return;
    }
    let parsed = descriptor::parse(path, &text);
    declared.findings.extend(parsed.findings);
    let folder = path.rsplit_once('/').map_or("", |(folder, _)| folder);
    for mut entity in parsed.entities {
        for (_, target) in descriptor::targets(&entity) {
            if let Target::Own(target) = location::target(folder, &target) {
                follow(survey, &target, declared, waiting);
            }
        }
        let read = |target: &str| content(survey, path, target);
        declared.findings.extend(descriptor::resolve_placeholders(&mut entity, &read));
        bound(&mut entity);
        declared.entities.push(entity);
    }
}

/// Notes which files a path or pattern leads to, whatever they are called and wherever they lie.
fn follow(survey: &Survey, target: &str, declared: &mut Declared, waiting: &mut Waiting) {
    let is_pattern = location::is_pattern(target);
    let patterns = || declared.targets.keys().filter(|target| location::is_pattern(target)).count();
    if declared.targets.contains_key(target) || declared.targets.len() >= FILES || is_pattern && patterns() >= PATTERNS
    {
        return;
    }
    let files = files(survey, target);
    for file in &files {
        waiting.push(file);
    }
    declared.targets.insert(target.to_owned(), files);
}

fn files(survey: &Survey, target: &str) -> Vec<String> {
    if !location::is_pattern(target) {
        return survey
            .tree
            .file(target)
            .filter(|file| file.is_blob())
            .map(|file| file.path.clone())
            .into_iter()
            .collect();
    }
    let Ok(glob) = GlobBuilder::new(target).literal_separator(true).build() else { return Vec::new() };
    let glob = glob.compile_matcher();
    let start = target.split('/').take_while(|part| !location::is_pattern(part)).collect::<Vec<_>>().join("/");
    let matching = survey.tree.below(&start).iter().filter(|file| file.is_blob() && glob.is_match(&file.path));
    matching.take(FILES).map(|file| file.path.clone()).collect()
}

/// What a placeholder in the descriptor at `path` stands for. Addresses are not fetched, and what is long stays in its
/// file.
fn content(survey: &Survey, path: &str, target: &str) -> Result<Option<Vec<u8>>, String> {
    if target.contains("://") {
        return Ok(None);
    }
    let folder = path.rsplit_once('/').map_or("", |(folder, _)| folder);
    let file = join(folder, target).ok_or("it leads out of the repository.")?;
    let blob = survey.tree.read(&file, DEFINITION_BYTES).map_err(|error| format!("{error}."))?;
    let blob = blob.ok_or("there is no such file.")?;
    Ok((!blob.truncated).then_some(blob.bytes))
}

/// `target` as seen from `folder`; `None` where it leads out of the repository.
pub(crate) fn join(folder: &str, target: &str) -> Option<String> {
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
            (Some("metadata"), Some("annotations")) => {
                parts.next().is_some_and(|key| key.starts_with("backstage.io~1techdocs-"))
            }
            (Some("metadata"), Some(key)) => matches!(key, "name" | "title" | "description" | "tags"),
            (Some("spec"), Some(key)) => !matches!(key, "definition" | "parameters" | "steps" | "output" | "profile"),
            _ => false,
        }
    });
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used)]

    use engine_repo::MemoryTree;
    use model::repository::RepositoryFacts;

    use super::*;

    #[test]
    fn placeholders_are_filled_from_the_repository() {
        let api = |definition: &str| {
            format!(
                "apiVersion: backstage.io/v1alpha1\nkind: API\nmetadata: {{name: a, description: {{$text: ./about.md}}}}\n\
                 spec: {{type: openapi, lifecycle: production, owner: o, definition: {{$text: {definition}}}}}\n"
            )
        };
        let read = |definition: &str| {
            let long = "x".repeat(DEFINITION_BYTES + 1);
            let descriptor = api(definition);
            let files = [("a/catalog-info.yaml", descriptor.as_str()), ("a/about.md", "An API."), ("long.yaml", &long)];
            let facts = RepositoryFacts::default();
            let tree = MemoryTree::new(files);
            crate::draft::draft(&tree, &facts)
        };
        let draft = read("../long.yaml");
        let entity = &draft.descriptors[0].entity;
        assert_eq!(entity.metadata.description.as_deref(), Some("An API."));
        assert_eq!(entity.spec["definition"], serde_json::json!({ "$text": "../long.yaml" }));
        assert!(draft.findings.is_empty(), "{:?}", draft.findings);
        for wrong in ["./missing.yaml", "../../outside.yaml"] {
            let findings = read(wrong).findings;
            assert_eq!(findings[0].rule, "descriptor.placeholder", "{findings:?}");
            assert_eq!((findings[0].line, findings[0].column), (4, 68), "{findings:?}");
        }
    }

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
