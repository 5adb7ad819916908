//! The modules that stay: which are deployed, what they are, and which become part of the one above.

use std::collections::{BTreeMap, HashMap};

use model::{Confidence, Evidence, Fact};

use super::names::{is_generic, name, within};
use super::workloads::Runs;
use super::world::World;
use crate::draft::{Call, Module, rescope_development};

/// A module that is a component, or may become part of one that a descriptor declares.
pub(super) struct Part {
    pub repository: usize,
    pub module: Module,
    /// What it is called if nothing else names it.
    pub name: String,
    /// Why it is called so.
    pub named: Evidence,
    pub kind: Option<Fact<String>>,
    pub guess: Option<Fact<String>>,
    /// It runs in production: the workload's evidence.
    pub deployed: Option<Evidence>,
    /// Hosts that it calls, with the repository whose file says so.
    pub calls: Vec<(usize, Call)>,
}

pub(super) struct Parts {
    pub parts: Vec<Part>,
    /// Which part the module of a repository became, by repository and folder. Folded modules are here too.
    pub of_folder: Vec<BTreeMap<String, usize>>,
}

impl Parts {
    /// The part whose folder is `folder`, or the nearest above.
    pub fn nearest(&self, repository: usize, folder: &str) -> Option<usize> {
        let known = &self.of_folder[repository];
        let mut folder = folder;
        loop {
            if let Some(&at) = known.get(folder) {
                return Some(at);
            }
            if folder.is_empty() {
                return None;
            }
            folder = folder.rsplit_once('/').map_or("", |(above, _)| above);
        }
    }
}

/// Decides over every module of every repository. `keeps` says whether a descriptor stands in a folder.
pub(super) fn parts(world: &World, runs: &Runs, keeps: &dyn Fn(usize, &str) -> bool) -> Parts {
    let mut found = Parts { parts: Vec::new(), of_folder: vec![BTreeMap::new(); world.repositories.len()] };
    for (repository, draft) in world.drafts() {
        let template_root = draft.templates.iter().any(|template| template.path.is_empty());
        let mut staying: Vec<Part> = Vec::new();
        let mut folding: Vec<&Module> = Vec::new();
        let mut root_is_made_for_others = false;
        for (index, module) in draft.modules.iter().enumerate() {
            let part = part(world, runs, repository, index, module);
            let is_root = module.path.is_empty();
            let guessed =
                part.guess.as_ref().is_some_and(|guess| is_root && !template_root || guess.value == "service");
            let is_made = part.kind.as_ref().is_some_and(|kind| matches!(kind.value.as_str(), "library" | "cli"));
            root_is_made_for_others |= is_root && is_made;
            // Beside a library, what compose builds from folders that hold no package are tools for its developers.
            let is_tool = root_is_made_for_others
                && !is_root
                && module.packages.is_empty()
                && part.kind.as_ref().is_some_and(|kind| kind.evidence.rule == "type.compose");
            let stands = part.kind.is_some() && !is_tool || guessed || keeps(repository, &module.path);
            let ignored = world
                .overrides
                .of(&world.repositories[repository].name, &module.path)
                .ignore
                .is_some_and(|said| *said.value);
            match (stands && !ignored, ignored) {
                (true, _) => staying.push(part),
                (false, false) => folding.push(module),
                (false, true) => {}
            }
        }
        let first = found.parts.len();
        let known: HashMap<String, usize> =
            staying.iter().enumerate().map(|(at, part)| (part.module.path.clone(), first + at)).collect();
        found.parts.extend(staying);
        found.of_folder[repository] = known.into_iter().collect();
        for module in folding {
            let Some(at) = found.nearest(repository, &module.path) else { continue };
            fold(&mut found.parts[at], module);
            found.of_folder[repository].insert(module.path.clone(), at);
        }
    }
    found
}

fn fold(parent: &mut Part, module: &Module) {
    let mut module = module.clone();
    rescope_development(&mut module);
    parent.module.dependencies.extend(module.dependencies);
    parent
        .module
        .packages
        .extend(module.packages.into_iter().map(|package| crate::draft::Package { published: None, ..package }));
    parent.calls.extend(module.calls.into_iter().map(|call| (parent.repository, call)));
}

fn part(world: &World, runs: &Runs, repository: usize, index: usize, module: &Module) -> Part {
    let own = Some(repository);
    let stamp = |fact: &Fact<String>| Fact::new(fact.value.clone(), world.stamp(&fact.evidence, repository, own));
    let running = runs.of.get(&(repository, index)).map(Vec::as_slice).unwrap_or_default();
    let workloads = running.iter().filter_map(|&(holder, at)| Some((holder, world.workload(holder, at)?)));
    let mut deployments: Vec<(bool, Fact<String>)> = Vec::new();
    let mut calls: Vec<(usize, Call)> = module.calls.iter().map(|call| (repository, call.clone())).collect();
    for (holder, workload) in workloads {
        calls.extend(workload.calls.iter().map(|call| (holder, call.clone())));
        let mut evidence = world.stamp(&workload.evidence, holder, own);
        if holder != repository && !workload.local {
            evidence.rule = "type.deployed-elsewhere".to_owned();
        }
        deployments.push((workload.local, Fact::new(workload.kind.clone(), evidence)));
    }
    let decisive = |fact: &&Fact<String>| fact.evidence.confidence > Confidence::Guess;
    let of = |kind: &str| module.types.iter().filter(decisive).find(|fact| fact.value == kind).map(stamp);
    let run = |local: bool, kind: &str| {
        deployments
            .iter()
            .find(|(is_local, fact)| *is_local == local && fact.value == kind)
            .map(|(_, fact)| fact.clone())
    };
    let website = of("website").filter(|_| of("gateway").is_none());
    let first = || module.types.iter().find(decisive).map(stamp);
    let made = || module.types.iter().filter(decisive).find(|fact| fact.evidence.rule != "type.compose").map(stamp);
    let is_composed = module.types.iter().any(|fact| fact.evidence.rule == "type.compose");
    let is_made_for_others = of("library").is_some() || of("cli").is_some() && !is_composed;
    let kind = of("gateway")
        .or(website)
        .or_else(|| run(false, "service"))
        .or_else(|| run(false, "job"))
        .or_else(|| made().filter(|_| is_made_for_others))
        .or_else(|| run(true, "service"))
        .or_else(first);
    let deployed = deployments.iter().find(|(local, _)| !local).map(|(_, fact)| fact.evidence.clone());
    let guess = module.types.iter().find(|fact| !decisive(fact)).map(stamp).filter(|_| kind.is_none());
    let (name, named) = natural_name(world, repository, module);
    Part { repository, module: module.clone(), name, named, kind, guess, deployed, calls }
}

/// The repository's name for the root; else that of the published package, else the folder's within the repository's.
fn natural_name(world: &World, repository: usize, module: &Module) -> (String, Evidence) {
    let own = Some(repository);
    let repository_name = &world.names[repository];
    let said =
        |rule: &str, why: String| world.stamp(&Evidence::new(rule, Confidence::Corroborated, why), repository, own);
    if module.path.is_empty() {
        return (repository_name.clone(), said("name.repository", "It is the root of the repository.".to_owned()));
    }
    let published = module.packages.iter().find(|package| package.published.is_some() && package.ecosystem != "go");
    // Of `org.harbour:ledger` the group only says whose it is.
    let own_part = |package: &crate::draft::Package| match package.name.split_once(':') {
        Some((_, artifact)) if package.ecosystem == "java" => name(artifact),
        _ => name(&package.name),
    };
    if let Some((package, name)) = published.and_then(|package| Some((package, own_part(package)?))) {
        let named = if is_generic(&name) { within(repository_name, &name) } else { name };
        let evidence = Evidence { rule: "name.package".to_owned(), ..world.stamp(&package.evidence, repository, own) };
        return (named, evidence);
    }
    let leaf = module.path.rsplit('/').next().and_then(name).unwrap_or_else(|| "part".to_owned());
    (
        within(repository_name, &leaf),
        said("name.folder", format!("It is the folder {} of the repository.", module.path)),
    )
}
