//! The folders that may be components, and everything that was read of each.

use std::collections::{BTreeMap, HashMap};

use model::{Confidence, Evidence, Fact};

use super::Call;
use super::calls;
use super::deployments::Deployments;
use super::images::pattern;
use super::modules::nearest;
use super::publish::Pipelines;
use super::readme::{README_BYTES, Readme};
use super::survey::{Survey, TEXT_BYTES};
use crate::manifest::{self, Dockerfile, Ecosystem, MANIFEST_BYTES, Manifest, ReadManifest, Scope};

/// Folders that hold container files for the code beside or above them.
const CONTEXT_FOLDERS: [&str; 16] = [
    "docker",
    ".docker",
    "container",
    "containers",
    "build",
    "ci",
    "deploy",
    "deployment",
    "dev",
    "scripts",
    ".devcontainer",
    "images",
    "tools",
    "hack",
    "dockerfiles",
    "packaging",
];

/// A manifest that was read.
pub(super) struct Found {
    pub file: String,
    pub ecosystem: &'static Ecosystem,
    pub manifest: Manifest,
}

/// A folder that may be a component, while it is being looked at.
#[derive(Default)]
pub(super) struct Candidate {
    pub path: String,
    pub manifests: Vec<Found>,
    pub container: Option<(String, Dockerfile)>,
    pub images: Vec<Fact<String>>,
    pub calls: Vec<Call>,
    pub readme: Option<Readme>,
}

/// `cartservice/src` is of cartservice: that folder only holds the code of the one above.
pub(super) fn lifted(folder: &str) -> &str {
    match folder.rsplit_once('/') {
        Some((above, "src" | "code")) => above,
        _ => folder,
    }
}

/// Every folder with a named package, a container file, or something that is built or run from it; the root always.
pub(super) fn candidates(survey: &Survey, deployments: &Deployments, pipelines: &Pipelines) -> Vec<Candidate> {
    let manifests = manifests(survey);
    let mut folders: BTreeMap<String, Candidate> = BTreeMap::new();
    folders.insert(String::new(), Candidate::default());
    let folder_of = |path: &str| path.rsplit_once('/').map_or(String::new(), |(folder, _)| folder.to_owned());
    for found in manifests.iter().filter(|found| found.manifest.name.is_some()) {
        folders.entry(lifted(&folder_of(&found.file)).to_owned()).or_default();
    }
    let mut containers = Vec::new();
    for file in &survey.containers {
        let Some(read) = survey.text(&file.path, TEXT_BYTES).and_then(|text| manifest::dockerfile(&text)) else {
            continue;
        };
        let leaf = file.folder().rsplit('/').next().unwrap_or_default().to_lowercase();
        if !CONTEXT_FOLDERS.contains(&leaf.as_str()) {
            folders.entry(lifted(file.folder()).to_owned()).or_default();
        }
        containers.push((file.path.clone(), read));
    }
    let built = deployments.builds.iter().map(|(folder, _)| folder);
    let run = deployments.workloads.iter().filter_map(|workload| workload.folder.as_ref());
    for folder in built.chain(run) {
        if !survey.tree.below(folder).is_empty() {
            folders.entry(folder.clone()).or_default();
        }
    }
    let mut candidates: Vec<Candidate> =
        folders.into_iter().map(|(path, candidate)| Candidate { path, ..candidate }).collect();
    attach(survey, deployments, pipelines, manifests, containers, &mut candidates);
    candidates
}

/// Every manifest that can be read, put together with those of its ecosystem.
fn manifests(survey: &Survey) -> Vec<Found> {
    let mut found = Vec::new();
    for file in survey.manifests.iter().chain(&survey.others) {
        let Some((ecosystem, kind)) = manifest::recognise(&file.path) else { continue };
        // Of what pip is told by `--constraint` nothing need be installed.
        if file.name().ends_with(".txt") && file.name().contains("constraint") {
            continue;
        }
        let Some(mut read) = survey.text(&file.path, MANIFEST_BYTES).and_then(|text| (kind.parse)(&text)) else {
            continue;
        };
        rescope(file.name(), &mut read);
        found.push(Found { file: file.path.clone(), ecosystem, manifest: read });
    }
    for ecosystem in manifest::ECOSYSTEMS {
        let own = found.iter_mut().filter(|found| found.ecosystem.id == ecosystem.id);
        let mut own: Vec<ReadManifest> =
            own.map(|found| ReadManifest { file: &found.file, manifest: &mut found.manifest }).collect();
        (ecosystem.join)(&mut own);
    }
    found
}

/// Gives everything that was read to the nearest candidate.
fn attach(
    survey: &Survey,
    deployments: &Deployments,
    pipelines: &Pipelines,
    manifests: Vec<Found>,
    containers: Vec<(String, Dockerfile)>,
    candidates: &mut [Candidate],
) {
    let paths: Vec<String> = candidates.iter().map(|candidate| candidate.path.clone()).collect();
    let index: HashMap<&str, usize> = paths.iter().enumerate().map(|(at, path)| (path.as_str(), at)).collect();
    let at = |path: &str| nearest(&index, path.rsplit_once('/').map_or("", |(folder, _)| folder)).unwrap_or(0);
    for found in manifests {
        candidates[at(&found.file)].manifests.push(found);
    }
    for (file, read) in containers {
        let slot = &mut candidates[at(&file)].container;
        // `Dockerfile` says more than `Dockerfile.dev`.
        if slot.as_ref().is_none_or(|(known, _)| known.len() > file.len()) {
            *slot = Some((file, read));
        }
    }
    for (folder, image) in &deployments.builds {
        if let Some(&at) = index.get(folder.as_str()) {
            candidates[at].images.push(image.clone());
        }
    }
    for (folder, found) in calls::read(survey) {
        candidates[nearest(&index, &folder).unwrap_or(0)].calls.extend(found);
    }
    for candidate in candidates.iter_mut() {
        candidate.readme = readme(survey, &candidate.path);
    }
    for (file, ci) in &pipelines.files {
        for image in &ci.images {
            let Some(name) = pattern(&image.text) else { continue };
            let Some(at) = builder(candidates, &name) else { continue };
            let why = format!("A pipeline pushes the image {name}.");
            let evidence = Evidence::new("image.built", Confidence::Corroborated, why).at(file, Some(image.line));
            candidates[at].images.push(Fact::new(name, evidence));
        }
    }
}

/// Which candidate an image is built from: the only one with a container file, or the one that is called so.
fn builder(candidates: &[Candidate], image: &str) -> Option<usize> {
    let building: Vec<usize> = (0..candidates.len()).filter(|&at| candidates[at].container.is_some()).collect();
    if let [only] = building.as_slice() {
        return Some(*only);
    }
    let last = image.rsplit('/').next().unwrap_or_default();
    let leaf = |at: usize| candidates[at].path.rsplit('/').next().unwrap_or_default().to_lowercase();
    let named = building.iter().copied().find(|&at| {
        let leaf = leaf(at);
        !leaf.is_empty() && (last == leaf || last.ends_with(&format!("-{leaf}")))
    });
    named.or_else(|| {
        building.iter().copied().find(|&at| candidates[at].path.is_empty() && last.contains("{repository}"))
    })
}

fn readme(survey: &Survey, folder: &str) -> Option<Readme> {
    let path = if folder.is_empty() {
        survey.facts.readme.clone().or_else(|| survey.readme.map(|file| file.path.clone()))?
    } else {
        let names = ["README.md", "readme.md", "Readme.md", "README.rst", "README"];
        names.iter().map(|name| format!("{folder}/{name}")).find(|path| survey.tree.file(path).is_some())?
    };
    let text = survey.text(&path, README_BYTES)?;
    Some(Readme { path, text })
}

/// `requirements-test.txt` says by its name what it is for.
fn rescope(name: &str, manifest: &mut Manifest) {
    let Some(stem) = name.strip_suffix(".txt") else { return };
    let word = stem.trim_start_matches("requirements").trim_matches(['-', '_', '.']);
    let scope = match word {
        "test" | "tests" | "testing" | "ci" | "quality" => Scope::Test,
        "dev" | "develop" | "development" | "docs" | "doc" | "lint" | "typing" | "style" | "build" | "tools" => {
            Scope::Development
        }
        _ => return,
    };
    manifest.dependencies.iter_mut().for_each(|dependency| dependency.scope = scope);
}
