//! Which modules stay by themselves, and which become part of the one above.

use std::collections::HashMap;

use super::calls;
use super::modules::nearest;
use super::survey::{MOST, Survey};
use super::{Module, Package};
use crate::manifest::Scope;

/// How many dependencies of one repository are kept.
const DEPENDENCIES: usize = 6_000;

/// Folders for what only developers of the repository run.
const DEVELOPMENT_FOLDERS: [&str; 22] = [
    "hack",
    "tools",
    "tool",
    "scripts",
    "script",
    "build",
    "ci",
    ".ci",
    ".github",
    "xtask",
    "fuzz",
    "benches",
    "bench",
    "benchmark",
    "benchmarks",
    "e2e",
    "dev",
    "devtools",
    "integration-tests",
    "tests-integration",
    "tests-build",
    "stress-test",
];

/// Whether only developers of the repository run what lies in `path`.
pub(super) fn is_development(path: &str) -> bool {
    path.split('/').any(|part| DEVELOPMENT_FOLDERS.contains(&part))
}

/// A module, and whether it is one by itself.
pub(super) struct Drafted {
    pub module: Module,
    pub stands: bool,
}

/// What does not stand by itself becomes part of the nearest module above that does.
pub(super) fn fold(survey: &Survey, drafted: Vec<Drafted>) -> Vec<Module> {
    let (standing, folded): (Vec<Drafted>, Vec<Drafted>) = drafted.into_iter().partition(|drafted| drafted.stands);
    let mut modules: Vec<Module> = standing.into_iter().map(|drafted| drafted.module).collect();
    if modules.len() > MOST {
        survey.find(
            "draft.limit",
            &format!("Only the first {MOST} folders that could be components are kept."),
            "Split the repository.",
        );
        modules.truncate(MOST);
    }
    for Drafted { module, .. } in folded {
        merge(&mut modules, module);
    }
    modules
}

/// Makes `module` part of the nearest one above it.
fn merge(modules: &mut [Module], mut module: Module) {
    rescope_development(&mut module);
    let index: HashMap<&str, usize> =
        modules.iter().enumerate().map(|(at, module)| (module.path.as_str(), at)).collect();
    let Some(at) = nearest(&index, module.path.rsplit_once('/').map_or("", |(above, _)| above)) else { return };
    let parent = &mut modules[at];
    parent.packages.extend(module.packages.into_iter().map(|package| Package {
        published: None,
        private: true,
        ..package
    }));
    parent.dependencies.extend(module.dependencies);
    parent.calls.extend(module.calls);
    parent.calls.truncate(calls::CALLS);
}

/// What only developers run asks for packages that only they need.
pub(crate) fn rescope_development(module: &mut Module) {
    if is_development(&module.path) {
        for (_, scope, _) in module.dependencies.iter_mut().flat_map(|list| &mut list.items) {
            *scope = (*scope).max(Scope::Development);
        }
    }
}

pub(super) fn bound(survey: &Survey, modules: &mut [Module]) {
    let mut left = DEPENDENCIES;
    let mut cut = false;
    for module in modules {
        for list in &mut module.dependencies {
            cut |= list.items.len() > left;
            list.items.truncate(left);
            left -= list.items.len();
        }
        module.dependencies.retain(|list| !list.items.is_empty());
        module.packages.truncate(2_000);
    }
    if cut {
        survey.find(
            "draft.limit",
            &format!("Only the first {DEPENDENCIES} dependencies of the repository are kept."),
            "Split the repository.",
        );
    }
}
