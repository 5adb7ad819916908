//! The modules that stay: which are deployed, what they are, and which become part of the one above.

use std::collections::{BTreeMap, HashMap};

use model::{Confidence, Evidence, Fact};

use super::names::{is_generic, name, within};
use super::workloads::Runs;
use super::world::World;
use crate::draft::{Call, Module, rescope_development};

/// Rules whose facts say that the code listens, though not that anybody runs it.
const LISTENING: [&str; 3] = ["type.image", "type.container", "type.server"];

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
            let stands_as = |guess: &Fact<String>| matches!(guess.value.as_str(), "service" | "website");
            let guessed = part.guess.as_ref().is_some_and(|guess| is_root && !template_root || stands_as(guess));
            let is_made = part.kind.as_ref().is_some_and(|kind| matches!(kind.value.as_str(), "library" | "cli"));
            root_is_made_for_others |= is_root && is_made;
            // Beside a library, what compose builds from folders that hold no package are tools for its developers.
            let is_tool = root_is_made_for_others
                && !is_root
                && module.packages.is_empty()
                && part.kind.as_ref().or(part.guess.as_ref()).is_some_and(|fact| fact.evidence.rule == "type.compose");
            let stands = (part.kind.is_some() || guessed) && !is_tool || keeps(repository, &module.path);
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
        doubt_what_is_shown(&mut staying);
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

/// What is deployed from the root of a repository may be the site of one of its members that nothing else shows.
fn doubt_what_is_shown(parts: &mut [Part]) {
    let is_unshown = |part: &Part| part.guess.as_ref().is_some_and(|guess| guess.evidence.rule == "type.website");
    if !parts.iter().any(|part| !part.module.path.is_empty() && is_unshown(part)) {
        return;
    }
    let Some(root) = parts.iter_mut().find(|part| part.module.path.is_empty()) else { return };
    let Some(mut kind) = root.kind.take_if(|kind| kind.value == "service") else { return };
    kind.evidence.confidence = Confidence::Guess;
    root.guess = Some(kind);
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
    let mut deployments: Vec<Deployment> = Vec::new();
    let mut calls: Vec<(usize, Call)> = module.calls.iter().map(|call| (repository, call.clone())).collect();
    for (holder, workload) in workloads {
        calls.extend(workload.calls.iter().map(|call| (holder, call.clone())));
        let mut evidence = world.stamp(&workload.evidence, holder, own);
        if holder != repository && !workload.local {
            evidence.rule = "type.deployed-elsewhere".to_owned();
        }
        let (local, of_folder) = (workload.local, workload.folder.is_some());
        deployments.push(Deployment { local, of_folder, fact: Fact::new(workload.kind.clone(), evidence) });
    }
    let decisive = |fact: &&Fact<String>| fact.evidence.confidence > Confidence::Guess;
    // That something runs it is one sign; that it builds an image, or listens, is the other.
    let listens = module.types.iter().any(|fact| LISTENING.contains(&fact.evidence.rule.as_str()));
    let can_run = |local: bool| listens || !local && (module.container.is_some() || !module.images.is_empty());
    let of = |kind: &str| module.types.iter().filter(decisive).find(|fact| fact.value == kind).map(stamp);
    // Of what is built for it from this folder the draft has judged already.
    let run = |local: bool, kind: &str| {
        let mut named = deployments.iter().filter(|one| !one.of_folder && one.local == local && one.fact.value == kind);
        named.next().map(|one| one.fact.clone())
    };
    let is_run = |local: bool, kind: &str| run(local, kind).filter(|_| can_run(local));
    let website = of("website").filter(|_| of("gateway").is_none());
    let first = || module.types.iter().find(decisive).map(stamp);
    let made = || module.types.iter().filter(decisive).find(|fact| fact.evidence.rule != "type.compose").map(stamp);
    let is_composed = module.types.iter().any(|fact| fact.evidence.rule == "type.compose");
    let is_made_for_others = of("library").is_some() || of("cli").is_some() && !is_composed;
    let kind = of("gateway")
        .or(website)
        .or_else(|| is_run(false, "service"))
        .or_else(|| is_run(false, "job"))
        .or_else(|| made().filter(|_| is_made_for_others))
        .or_else(|| is_run(true, "service"))
        .or_else(first);
    let deployed = deployments.iter().find(|one| !one.local).map(|one| one.fact.evidence.clone());
    let may_run = || {
        let mut fact = run(false, "service").or_else(|| run(false, "job"))?;
        fact.evidence.confidence = Confidence::Guess;
        Some(fact)
    };
    let guess = module.types.iter().find(|fact| !decisive(fact)).map(stamp).or_else(may_run).filter(|_| kind.is_none());
    let (name, named) = natural_name(world, repository, module);
    Part { repository, module: module.clone(), name, named, kind, guess, deployed, calls }
}

/// What runs a module.
struct Deployment {
    local: bool,
    /// It is built from the module's folder, as the file says.
    of_folder: bool,
    fact: Fact<String>,
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
