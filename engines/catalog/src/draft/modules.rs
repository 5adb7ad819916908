//! The folders that may be components, and what is known of each.

use std::collections::HashMap;

use globset::{Glob, GlobSet, GlobSetBuilder};
use model::{Confidence, Evidence, Fact};

use super::calls;
use super::candidates::{Candidate, Found, candidates};
use super::deployments::Deployments;
use super::fold::{Drafted, bound, fold, is_development};
use super::kinds::{self, Signs};
use super::lifecycle;
use super::publish::{Pipelines, Publication, publication};
use super::readme::Readme;
use super::survey::{MOST, Survey};
use super::{DependencyList, Module, Package, TemplateDraft};
use crate::manifest::{self, Scope};

/// Rules that look at what is done with a folder, rather than at what its code could be.
const SIGNS: [&str; 3] = ["type.platform", "type.compose", "type.website"];

/// The index of the deepest known folder at or above `folder`.
pub(super) fn nearest(index: &HashMap<&str, usize>, folder: &str) -> Option<usize> {
    let mut folder = folder;
    loop {
        if let Some(&at) = index.get(folder) {
            return Some(at);
        }
        if folder.is_empty() {
            return None;
        }
        folder = folder.rsplit_once('/').map_or("", |(above, _)| above);
    }
}

pub(super) fn read(survey: &Survey, deployments: &Deployments, templates: &[TemplateDraft]) -> Vec<Module> {
    let pipelines = Pipelines::read(survey);
    let candidates = candidates(survey, deployments, &pipelines);
    let workspaces = workspaces(&candidates);
    let publications = publications(survey, &pipelines, &candidates);
    let mut drafted = Vec::new();
    let signs_of = |candidate| Signs {
        survey,
        deployments,
        pipelines: &pipelines,
        candidate,
        templates,
        is_inner: is_inner(candidate, &candidates),
    };
    for (candidate, publications) in candidates.iter().zip(publications) {
        drafted.push(module(&signs_of(candidate), publications, &workspaces));
    }
    let is_alone = drafted.iter().all(|drafted| drafted.module.types.is_empty());
    if let Some(root) = drafted.first_mut().filter(|_| is_alone && !workspaces.is_empty()) {
        let members: Vec<Signs> = candidates.iter().skip(1).map(signs_of).collect();
        root.module.types.extend(kinds::only_program(&signs_of(&candidates[0]), &members));
    }
    let mut modules = fold(survey, drafted);
    bound(survey, &mut modules);
    modules
}

/// Whether it lies in another folder that may be a component, the root aside.
fn is_inner(candidate: &Candidate, all: &[Candidate]) -> bool {
    let mut folder = candidate.path.as_str();
    while let Some((above, _)) = folder.rsplit_once('/') {
        // By path, as they are sorted.
        if all.binary_search_by(|other| other.path.as_str().cmp(above)).is_ok() {
            return true;
        }
        folder = above;
    }
    false
}

/// The globs of a workspace.
struct Workspace {
    file: String,
    members: GlobSet,
    excluded: GlobSet,
}

fn workspaces(candidates: &[Candidate]) -> Vec<Workspace> {
    let mut found = Vec::new();
    let manifests = candidates.iter().flat_map(|candidate| &candidate.manifests);
    for read in manifests.filter(|read| read.manifest.workspace.is_some()).take(MOST) {
        let folder = read.file.rsplit_once('/').map_or("", |(folder, _)| folder);
        let members = globs(folder, read.manifest.members.iter().map(|member| member.text.as_str()));
        let excluded = globs(folder, read.manifest.excluded.iter().map(String::as_str));
        if let (Some(members), Some(excluded)) = (members, excluded) {
            found.push(Workspace { file: read.file.clone(), members, excluded });
        }
    }
    found
}

fn globs<'g>(folder: &str, texts: impl Iterator<Item = &'g str>) -> Option<GlobSet> {
    let mut set = GlobSetBuilder::new();
    for text in texts.take(MOST).filter(|text| text.len() <= 300) {
        let text = text.trim_start_matches("./").trim_end_matches('/');
        let text = if folder.is_empty() { text.to_owned() } else { format!("{folder}/{text}") };
        if let Ok(glob) = Glob::new(&text) {
            set.add(glob);
        }
    }
    set.build().ok()
}

/// What is known of the publication of every package: of each candidate's manifests in their order.
fn publications(survey: &Survey, pipelines: &Pipelines, candidates: &[Candidate]) -> Vec<Vec<Publication>> {
    let root_readme = candidates.first().and_then(|root| root.readme.as_ref());
    let of_candidate = |candidate: &Candidate| {
        let above = root_readme.filter(|_| !candidate.path.is_empty());
        let readmes: Vec<&Readme> = candidate.readme.iter().chain(above).collect();
        candidate.manifests.iter().map(|found| publication(survey, pipelines, found, &readmes)).collect()
    };
    let mut publications: Vec<Vec<Publication>> = candidates.iter().map(of_candidate).collect();
    let mut named: HashMap<(&str, String), (usize, usize)> = HashMap::new();
    let mut waiting = Vec::new();
    for (at, candidate) in candidates.iter().enumerate() {
        for (index, found) in candidate.manifests.iter().enumerate() {
            if let Some(name) = &found.manifest.name {
                named.entry((found.ecosystem.id, (found.ecosystem.normalise)(&name.text))).or_insert((at, index));
                if publications[at][index].evidence.is_some() {
                    waiting.push((at, index));
                }
            }
        }
    }
    // What a published package needs to be built must be published as well.
    while let Some((at, index)) = waiting.pop() {
        let found = &candidates[at].manifests[index];
        let Some(name) = &found.manifest.name else { continue };
        for dependency in found.manifest.dependencies.iter().filter(|dependency| dependency.scope <= Scope::Build) {
            let key = (found.ecosystem.id, (found.ecosystem.normalise)(&dependency.name));
            let Some(&(other, place)) = named.get(&key) else { continue };
            let publication = &mut publications[other][place];
            if publication.evidence.is_none() && !publication.private && !found.ecosystem.named_by_address {
                let why = format!("{} is published, and cannot be built without it.", name.text);
                let evidence = Evidence::new("package.published", Confidence::Corroborated, why);
                publication.evidence = Some(evidence.at(&found.file, Some(dependency.line)));
                waiting.push((other, place));
            }
        }
    }
    publications
}

fn module(signs: &Signs, publications: Vec<Publication>, workspaces: &[Workspace]) -> Drafted {
    let candidate = signs.candidate;
    let mut module = Module { path: candidate.path.clone(), ..Module::default() };
    let mut possible = None;
    for (found, publication) in candidate.manifests.iter().zip(publications) {
        list_dependencies(found, &mut module);
        let Some(name) = &found.manifest.name else { continue };
        describe(found, &mut module);
        let known = module.packages.iter().any(|package| package.ecosystem == found.ecosystem.id);
        if known {
            continue;
        }
        possible = possible.or(publication.possible);
        let workspace = workspaces.iter().find(|workspace| {
            workspace.file != found.file
                && workspace.members.is_match(&candidate.path)
                && !workspace.excluded.is_match(&candidate.path)
        });
        let member =
            workspace.map(|workspace| format!(", a member of the workspace of {}", workspace.file)).unwrap_or_default();
        let why = format!("{} names the package {}{member}.", found.file, name.text);
        module.packages.push(Package {
            ecosystem: found.ecosystem.id.to_owned(),
            name: name.text.clone(),
            evidence: Evidence::new("name.package", Confidence::Corroborated, why).at(&found.file, Some(name.line)),
            published: publication.evidence,
            private: publication.private,
        });
    }
    describe_by_readme(signs.survey, candidate, &mut module);
    module.types = kinds::kinds(signs, &module.packages, possible);
    module.lifecycle = lifecycle::lifecycle(candidate);
    module.calls = candidate.calls.clone();
    module.calls.truncate(calls::CALLS);
    module.images = candidate.images.clone();
    module.images.dedup_by(|a, b| a.value == b.value);
    module.images.truncate(20);
    module.container = candidate.container.as_ref().map(|(file, read)| {
        let line = read.bases.last().map_or(1, |base| base.line);
        let why = format!("{file} builds a container from it.");
        Fact::new(file.clone(), Evidence::new("image.built", Confidence::Corroborated, why).at(file, Some(line)))
    });
    let decisive = module.types.iter().any(|fact| fact.evidence.confidence > Confidence::Guess);
    let serves = module.container.is_some() && !is_development(&module.path);
    // One sign is enough to be something by itself, though not to say what.
    let has_sign = || module.types.iter().any(|fact| SIGNS.contains(&fact.evidence.rule.as_str()));
    Drafted { stands: module.path.is_empty() || decisive || serves || !module.images.is_empty() || has_sign(), module }
}

fn list_dependencies(found: &Found, module: &mut Module) {
    // What is named by the address of its repository is a package of no registry.
    let (mut items, mut addresses) = (Vec::new(), Vec::new());
    for item in &found.manifest.dependencies {
        match manifest::address(&item.name).filter(|_| !found.ecosystem.named_by_address) {
            Some(address) => addresses.push((address, item.scope, item.line)),
            None => items.push(((found.ecosystem.normalise)(&item.name), item.scope, item.line)),
        }
    }
    for (ecosystem, items) in [(found.ecosystem.id, items), ("git", addresses)] {
        if !items.is_empty() {
            let list = DependencyList { ecosystem: ecosystem.to_owned(), file: found.file.clone(), items };
            module.dependencies.push(list);
        }
    }
}

fn describe(found: &Found, module: &mut Module) {
    let read = &found.manifest;
    if let Some(description) = read.description.as_ref().filter(|_| module.description.is_none()) {
        let why = format!("{} describes the package.", found.file);
        let evidence = Evidence::new("description.manifest", Confidence::Corroborated, why)
            .at(&found.file, Some(description.line));
        let words: Vec<&str> = description.text.split_whitespace().collect();
        module.description = Some(Fact::new(words.join(" ").chars().take(500).collect(), evidence));
    }
    if let Some(homepage) = read.homepage.as_ref().filter(|_| module.homepage.is_none()) {
        let web = homepage.text.starts_with("https://") || homepage.text.starts_with("http://");
        if web && homepage.text.len() <= 500 && !homepage.text.contains(char::is_whitespace) {
            let evidence = Evidence::new("links.homepage", Confidence::Corroborated, "The manifest names a homepage.");
            module.homepage = Some(Fact::new(homepage.text.clone(), evidence.at(&found.file, Some(homepage.line))));
        }
    }
    for keyword in &read.keywords {
        let tag = tag(keyword);
        if !tag.is_empty() && !module.tags.contains(&tag) && module.tags.len() < 10 {
            module.tags.push(tag);
        }
    }
}

/// A keyword as Backstage accepts tags: `[a-z0-9:+#]+(-[a-z0-9:+#]+)*`, at most 63 characters.
fn tag(keyword: &str) -> String {
    let keyword = keyword.trim().to_lowercase();
    let words =
        keyword.split(|character: char| !(character.is_ascii_alphanumeric() || matches!(character, ':' | '+' | '#')));
    let tag: Vec<&str> = words.filter(|word| !word.is_empty()).collect();
    tag.join("-").chars().take(63).collect::<String>().trim_end_matches('-').to_owned()
}

fn describe_by_readme(survey: &Survey, candidate: &Candidate, module: &mut Module) {
    if candidate.path.is_empty() {
        // The repository's own description may come from a manifest of another part.
        module.description = module.description.take().or_else(|| survey.facts.description.clone());
    }
    if module.description.is_none()
        && let Some(readme) = &candidate.readme
        && let Some((text, line)) = readme.paragraph()
    {
        let evidence = readme.evidence("description.readme", line, "The README begins with it.".to_owned());
        module.description = Some(Fact::new(text, evidence));
    }
}
