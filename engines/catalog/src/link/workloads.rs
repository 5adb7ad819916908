//! Which module a workload runs: what is deployed here may be built elsewhere.

use std::collections::HashMap;

use super::names::{is_generic, within};
use super::world::World;
use crate::draft::{Module, Workload};

/// Registries where everybody's images lie.
const PUBLIC: [&str; 9] = [
    "docker.io",
    "index.docker.io",
    "quay.io",
    "ghcr.io",
    "gcr.io",
    "registry.k8s.io",
    "k8s.gcr.io",
    "public.ecr.aws",
    "mcr.microsoft.com",
];

/// A module, by the index of its repository and its own in the draft.
pub(super) type ModuleIndex = (usize, usize);

/// Who runs what.
pub(super) struct Runs {
    /// The workloads of each module: index of the repository that holds the workload, and its own.
    pub of: HashMap<ModuleIndex, Vec<(usize, usize)>>,
    /// The module of each workload that runs one of ours.
    pub module: HashMap<(usize, usize), ModuleIndex>,
}

/// An image that somebody builds.
struct Built {
    /// With `*` where it is filled in when it is built.
    pattern: String,
    module: ModuleIndex,
}

pub(super) fn runs(world: &World) -> Runs {
    let images = Images::new(world);
    let mut runs = Runs { of: HashMap::new(), module: HashMap::new() };
    for (repository, draft) in world.drafts() {
        for (at, workload) in draft.workloads.iter().enumerate() {
            if let Some(module) = images.resolve(world, repository, &draft.modules, workload) {
                runs.of.entry(module).or_default().push((repository, at));
                runs.module.insert((repository, at), module);
            }
        }
    }
    runs
}

/// Every image that is built, by the last part of its name.
struct Images {
    built: HashMap<String, Vec<Built>>,
    /// Modules with a container file by what their image would be called.
    conventional: HashMap<String, Vec<ModuleIndex>>,
}

impl Images {
    fn new(world: &World) -> Self {
        let mut images = Self { built: HashMap::new(), conventional: HashMap::new() };
        for (repository, draft) in world.drafts() {
            let name = world.names[repository].to_lowercase();
            for (at, module) in draft.modules.iter().enumerate() {
                for image in &module.images {
                    let pattern = image.value.replace("{repository}", &name);
                    let last = pattern.rsplit('/').next().unwrap_or_default().to_owned();
                    images.built.entry(last).or_default().push(Built { pattern, module: (repository, at) });
                }
                if module.container.is_some() {
                    for called in called(&name, module) {
                        images.conventional.entry(called).or_default().push((repository, at));
                    }
                }
            }
        }
        images
    }

    fn resolve(
        &self,
        world: &World,
        repository: usize,
        modules: &[Module],
        workload: &Workload,
    ) -> Option<ModuleIndex> {
        if let Some(folder) = &workload.folder {
            return modules.iter().position(|module| module.path == *folder).map(|at| (repository, at));
        }
        let image =
            workload.image.as_deref().filter(|image| !image.contains(['{', '$', '<', '%']) && !image.is_empty());
        if let Some(image) = image {
            return self.by_image(world, repository, image);
        }
        by_place(&world.names[repository], modules, workload).map(|at| (repository, at))
    }

    /// Built here before built elsewhere; a full name before one that is only alike.
    fn by_image(&self, world: &World, repository: usize, image: &str) -> Option<ModuleIndex> {
        let last = image.rsplit('/').next().unwrap_or(image);
        let built = self.built.get(last).map(Vec::as_slice).unwrap_or_default();
        let mut matching = built.iter().filter(|built| is_same(&built.pattern, image)).map(|built| built.module);
        let exact = matching.clone().find(|module| module.0 == repository).or_else(|| matching.next());
        if exact.is_some() {
            return exact;
        }
        let (host, path) = split(image);
        let conventional = self.conventional.get(last).map(Vec::as_slice).unwrap_or_default();
        if let Some(own) = conventional.iter().find(|module| module.0 == repository)
            && host.is_none_or(|host| !PUBLIC.contains(&host) || path.contains('/'))
        {
            return Some(*own);
        }
        // In another repository the name alone must be telling, and the registry nobody else's.
        let trusted = host.is_some_and(|host| !PUBLIC.contains(&host) || world.overrides.is_own_registry(host));
        let trusted = trusted || host.is_some_and(|host| world.overrides.is_own_registry(&format!("{host}/{path}")));
        let [only] = conventional else { return None };
        (trusted && !is_generic(last)).then_some(*only)
    }
}

/// What the image of a module would be called: the repository for the root, else its folder, alone and within it.
fn called(repository: &str, module: &Module) -> Vec<String> {
    if module.path.is_empty() {
        return vec![repository.to_owned()];
    }
    let leaf = module.path.rsplit('/').next().unwrap_or_default().to_lowercase();
    let mut names = vec![within(repository, &leaf).to_lowercase()];
    if names[0] != leaf {
        names.push(leaf);
    }
    names
}

fn split(image: &str) -> (Option<&str>, &str) {
    match image.split_once('/') {
        Some((host, path)) if host.contains(['.', ':']) || host == "localhost" => (Some(host), path),
        _ => (None, image),
    }
}

/// Whether a name is what a pattern builds. The registry is compared where both name one.
fn is_same(pattern: &str, image: &str) -> bool {
    if pattern == image {
        return true;
    }
    if let Some((_, rest)) = pattern.rsplit_once("*/") {
        let ends = image == rest || image.strip_suffix(rest).is_some_and(|start| start.ends_with('/'));
        return ends && (rest.contains('/') || !is_generic(rest));
    }
    if pattern.contains('*') {
        return false;
    }
    let ((host_a, path_a), (host_b, path_b)) = (split(pattern), split(image));
    path_a == path_b && (host_a.is_none() || host_b.is_none())
}

/// A workload whose image is filled in later: the module that it is named after, or whose folder it lies in, or the
/// only one that builds a container.
fn by_place(repository: &str, modules: &[Module], workload: &Workload) -> Option<usize> {
    let name = workload.name.to_lowercase();
    let leaf = |module: &Module| module.path.rsplit('/').next().unwrap_or_default().to_lowercase();
    let named = modules.iter().position(|module| {
        if module.path.is_empty() {
            name == repository.to_lowercase()
        } else {
            name == leaf(module) || name == within(repository, &leaf(module)).to_lowercase()
        }
    });
    let file = workload.evidence.file.as_deref().unwrap_or_default();
    let around = || {
        let holding = modules.iter().enumerate().filter(|(_, module)| {
            !module.path.is_empty() && file.strip_prefix(module.path.as_str()).is_some_and(|rest| rest.starts_with('/'))
        });
        holding.max_by_key(|(_, module)| module.path.len()).map(|(at, _)| at)
    };
    let only = || {
        let mut building = modules.iter().enumerate().filter(|(_, module)| module.container.is_some());
        match (building.next(), building.next()) {
            (Some((at, _)), None) => Some(at),
            (None, None) if modules.len() == 1 && !modules[0].packages.is_empty() => Some(0),
            _ => None,
        }
    };
    named.or_else(around).or_else(only)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn images_are_compared_with_their_registry() {
        let table = [
            ("r.example.com/harbour/ledger", "r.example.com/harbour/ledger", true),
            ("harbour/ledger", "r.example.com/harbour/ledger", true),
            ("a.example.com/harbour/ledger", "b.example.com/harbour/ledger", false),
            ("*/harbour/ledger", "r.example.com/harbour/ledger", true),
            ("*/ledger", "r.example.com/x/ledger", true),
            ("*/api", "r.example.com/x/api", false),
            ("*/ledger", "r.example.com/x/other-ledger", false),
            ("x*/ledger", "y/ledger", true),
        ];
        for (pattern, image, expected) in table {
            assert_eq!(is_same(pattern, image), expected, "{pattern} {image}");
        }
    }
}
