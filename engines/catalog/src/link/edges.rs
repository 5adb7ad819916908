//! What components build with, and whom they call.

use std::collections::{BTreeMap, HashMap};

use model::{Confidence, EntityRef, Evidence, Guess};

use super::addresses::Addresses;
use super::apis::Apis;
use super::names::is_generic;
use super::parts::{Part, Parts};
use super::resources::Store;
use super::workloads::Runs;
use super::world::World;
use crate::draft::{Call, DependencyList};
use crate::manifest::{self, Scope};

/// Edges of each part, by the list of `spec` that they stand in, sorted by target.
pub(super) struct Edges {
    pub depends_on: Vec<BTreeMap<EntityRef, Evidence>>,
    pub provides: Vec<BTreeMap<EntityRef, Evidence>>,
    pub consumes: Vec<BTreeMap<EntityRef, Evidence>>,
    pub guesses: Vec<Vec<Guess>>,
}

/// What the edges are drawn between.
pub(super) struct Ends {
    /// The reference of each part.
    pub parts: Vec<Option<EntityRef>>,
    /// The reference of each API that is no copy.
    pub apis: Vec<Option<EntityRef>>,
    /// The reference of each store.
    pub stores: Vec<Option<EntityRef>>,
}

pub(super) fn edges(world: &World, parts: &Parts, apis: &Apis, stores: &[Store], runs: &Runs, ends: &Ends) -> Edges {
    let count = parts.parts.len();
    let mut edges = Edges {
        depends_on: vec![BTreeMap::new(); count],
        provides: vec![BTreeMap::new(); count],
        consumes: vec![BTreeMap::new(); count],
        guesses: vec![Vec::new(); count],
    };
    let packages = Packages::new(parts);
    let addresses = Addresses::new(world);
    let hosts = Hosts::new(world, parts, runs, ends);
    for (at, part) in parts.parts.iter().enumerate() {
        built_with(world, parts, at, (&packages, &addresses), ends, &mut edges);
        for (holder, call) in &part.calls {
            let Some(target) = hosts.resolve(world, *holder, call).filter(|&target| target != at) else { continue };
            let Some(reference) = ends.parts[target].clone() else { continue };
            let why = format!("{} names the host {}.", call.file, call.host);
            let evidence = world.evidence(
                "dependency.call",
                Confidence::Corroborated,
                why,
                *holder,
                &call.file,
                call.line,
                Some(part.repository),
            );
            edges.depends_on[at].entry(reference).or_insert(evidence);
        }
    }
    for (store, reference) in stores.iter().zip(&ends.stores) {
        let Some(reference) = reference else { continue };
        for (part, call) in &store.users {
            let why = format!("{} names the host {}.", call.file, call.host);
            let own = Some(parts.parts[*part].repository);
            let evidence = world.evidence(
                "dependency.call",
                Confidence::Corroborated,
                why,
                store.repository,
                &call.file,
                call.line,
                own,
            );
            edges.depends_on[*part].entry(reference.clone()).or_insert(evidence);
        }
    }
    described(world, parts, apis, ends, &mut edges);
    edges
}

/// Packages by the name that their ecosystem knows them by.
struct Packages {
    own: HashMap<(usize, String, String), usize>,
    /// Part, and whether it demonstrably publishes the package.
    all: HashMap<(String, String), Vec<(usize, bool)>>,
}

impl Packages {
    fn new(parts: &Parts) -> Self {
        let mut packages = Self { own: HashMap::new(), all: HashMap::new() };
        for (at, part) in parts.parts.iter().enumerate() {
            for package in &part.module.packages {
                let Some(ecosystem) = manifest::ecosystem(&package.ecosystem) else { continue };
                let key = (package.ecosystem.clone(), (ecosystem.normalise)(&package.name));
                packages.own.entry((part.repository, key.0.clone(), key.1.clone())).or_insert(at);
                packages.all.entry(key).or_default().push((at, package.published.is_some()));
            }
        }
        packages
    }

    /// Who names a package, and whether that is sure: within the repository, or because it demonstrably publishes it.
    fn resolve(&self, part: &Part, list: &DependencyList, name: &str) -> Option<(usize, bool)> {
        let own = self.own.get(&(part.repository, list.ecosystem.clone(), name.to_owned())).map(|&at| (at, true));
        let elsewhere = || {
            let (target, sure) = only(self.all.get(&(list.ecosystem.clone(), name.to_owned()))?)?;
            let strict = manifest::ecosystem(&list.ecosystem).is_some_and(|ecosystem| ecosystem.only_published);
            (!strict || sure && !is_generic(name)).then_some((target, sure))
        };
        own.or_else(elsewhere)
    }
}

fn built_with(
    world: &World,
    parts: &Parts,
    at: usize,
    (packages, addresses): (&Packages, &Addresses),
    ends: &Ends,
    edges: &mut Edges,
) {
    let part = &parts.parts[at];
    let mut found: BTreeMap<usize, (Scope, Evidence)> = BTreeMap::new();
    let mut probably: BTreeMap<usize, Evidence> = BTreeMap::new();
    for list in &part.module.dependencies {
        let is_address = list.ecosystem == "git";
        for (name, scope, line) in &list.items {
            let target = if is_address { addresses.resolve(parts, name) } else { packages.resolve(part, list, name) };
            let Some((target, sure)) = target.filter(|&(target, _)| target != at) else { continue };
            let rule = match scope {
                _ if is_address => "dependency.repository",
                Scope::Runtime | Scope::Optional => "dependency.package",
                Scope::Build | Scope::Development | Scope::Test => "dependency.development",
            };
            let what = match scope {
                Scope::Runtime => "builds with",
                Scope::Optional => "can build with",
                Scope::Build => "needs to be built",
                Scope::Development => "needs for development",
                Scope::Test => "needs for its tests",
            };
            let confidence = if sure { Confidence::Corroborated } else { Confidence::Guess };
            let doubt = match (sure, is_address) {
                (true, _) => "",
                (false, true) => ", but nothing shows that the owner is the same",
                (false, false) => ", a package of that name, but nothing shows that it is published",
            };
            let why = format!("{} names {name}, which it {what}{doubt}.", list.file);
            let evidence =
                world.evidence(rule, confidence, why, part.repository, &list.file, *line, Some(part.repository));
            if !sure {
                probably.entry(target).or_insert(evidence);
            } else if found.get(&target).is_none_or(|(known, _)| scope < known) {
                found.insert(target, (*scope, evidence));
            }
        }
    }
    for (target, evidence) in probably.into_iter().filter(|(target, _)| !found.contains_key(target)) {
        if let Some(reference) = &ends.parts[target] {
            edges.guesses[at].push(Guess {
                field: "/spec/dependsOn".to_owned(),
                value: reference.to_string(),
                evidence,
            });
        }
    }
    for (target, (_, evidence)) in found {
        if let Some(reference) = ends.parts[target].clone() {
            edges.depends_on[at].insert(reference, evidence);
        }
    }
}

/// The one that publishes it; where nobody is known to, the one that names it. Of two nothing can be said.
fn only(named: &[(usize, bool)]) -> Option<(usize, bool)> {
    let mut published = named.iter().filter(|(_, published)| *published);
    match (published.next(), published.next()) {
        (Some(only), None) => Some(*only),
        (None, _) => {
            if let [only] = named {
                Some(*only)
            } else {
                None
            }
        }
        _ => None,
    }
}

/// Names under which parts answer.
struct Hosts {
    own: HashMap<(usize, String), usize>,
    /// `None`: several answer to it.
    all: HashMap<String, Option<usize>>,
}

impl Hosts {
    fn new(world: &World, parts: &Parts, runs: &Runs, ends: &Ends) -> Self {
        let mut hosts = Self { own: HashMap::new(), all: HashMap::new() };
        let of_module: HashMap<(usize, &str), usize> = parts
            .parts
            .iter()
            .enumerate()
            .map(|(at, part)| ((part.repository, part.module.path.as_str()), at))
            .collect();
        let mut running: Vec<_> = runs.module.iter().collect();
        running.sort();
        for (&(holder, workload), &(repository, module)) in running {
            let path = world.repositories[repository]
                .draft
                .as_ref()
                .and_then(|draft| draft.modules.get(module))
                .map(|module| module.path.as_str());
            let Some(&at) = path.and_then(|path| of_module.get(&(repository, path))) else { continue };
            let Some(workload) = world.workload(holder, workload) else { continue };
            let name = workload.name.to_lowercase();
            hosts.own.entry((holder, name.clone())).or_insert(at);
            hosts.own.entry((repository, name.clone())).or_insert(at);
            hosts.offer(name, at);
        }
        for (at, part) in parts.parts.iter().enumerate() {
            hosts.offer(part.name.to_lowercase(), at);
            if let Some(reference) = &ends.parts[at] {
                hosts.offer(reference.name.clone(), at);
            }
        }
        hosts
    }

    fn offer(&mut self, name: String, at: usize) {
        let slot = self.all.entry(name).or_insert(Some(at));
        if *slot != Some(at) {
            *slot = None;
        }
    }

    /// Within a repository a bare name is a service of its network. Anywhere else the name must be telling, and the
    /// host one of a cluster or of the organisation's own.
    fn resolve(&self, world: &World, holder: usize, call: &Call) -> Option<usize> {
        let host = call.host.as_str();
        let in_cluster = host.strip_suffix(".svc.cluster.local").or_else(|| host.strip_suffix(".svc"));
        let name = in_cluster.unwrap_or(host).split('.').next().unwrap_or_default();
        let is_bare = !host.contains('.');
        if !is_bare && in_cluster.is_none() && !world.overrides.is_own_host(host) {
            return None;
        }
        let own = self.own.get(&(holder, name.to_owned())).copied();
        own.or_else(|| self.all.get(name).copied().flatten().filter(|_| !is_generic(name)))
    }
}

/// Who provides an API, and who carries a copy of its definition.
fn described(world: &World, parts: &Parts, apis: &Apis, ends: &Ends, edges: &mut Edges) {
    let holder = |at: usize| {
        let api = &apis.apis[at];
        let folder = api.draft.path.rsplit_once('/').map_or("", |(folder, _)| folder);
        parts.nearest(api.repository, folder)
    };
    for (at, api) in apis.apis.iter().enumerate() {
        let Some(part) = holder(at) else { continue };
        let own = Some(api.repository);
        let file = &api.draft.path;
        let line = api.draft.evidence.line.unwrap_or(0);
        match api.copy_of {
            None => {
                // What is imported or typed in serves nobody: a definition beside it is what it was made from.
                let kind = parts.parts[part].kind.as_ref().map(|fact| fact.value.as_str());
                let Some(reference) = ends.apis[at].clone().filter(|_| !matches!(kind, Some("library" | "cli"))) else {
                    continue;
                };
                let why = format!("The definition {file} lies in its folder.");
                let evidence =
                    world.evidence("api.provided", Confidence::Corroborated, why, api.repository, file, line, own);
                edges.provides[part].entry(reference).or_insert(evidence);
            }
            Some(origin) if holder(origin) != Some(part) => {
                let Some(reference) = ends.apis[origin].clone() else { continue };
                let place = &apis.apis[origin];
                let why = format!(
                    "{file} is a copy of {} of {}.",
                    place.draft.path, world.repositories[place.repository].slug
                );
                let evidence =
                    world.evidence("api.consumed", Confidence::Corroborated, why, api.repository, file, line, own);
                edges.consumes[part].entry(reference).or_insert(evidence);
            }
            Some(_) => {}
        }
    }
    for part in 0..parts.parts.len() {
        let provided = &edges.provides[part];
        edges.consumes[part].retain(|reference, _| !provided.contains_key(reference));
    }
}
