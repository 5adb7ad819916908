//! Which repository an address leads to.

use std::collections::{HashMap, HashSet};

use super::names::is_generic;
use super::parts::Parts;
use super::world::World;

/// Repositories by the ends of their addresses.
pub(super) struct Addresses {
    /// `owner/repository`; `None` where two are called so.
    whole: HashMap<String, Option<usize>>,
    /// The last part alone, of those whose owner nobody knows.
    last: HashMap<String, Option<usize>>,
}

impl Addresses {
    /// The owner of a repository is told by its name at the source, by the teams in its CODEOWNERS, which can only be
    /// those of its own organisation, and by the address that its Go module has.
    pub fn new(world: &World) -> Self {
        let mut addresses = Self { whole: HashMap::new(), last: HashMap::new() };
        for (at, draft) in world.drafts() {
            let name = world.repositories[at].name.to_lowercase();
            let last = name.rsplit('/').next().unwrap_or(&name).to_owned();
            let mut whole: HashSet<String> = HashSet::new();
            if name.contains('/') {
                whole.insert(name.clone());
            }
            let teams = draft.mentions.iter().filter_map(|mention| mention.owner.strip_prefix('@')?.split_once('/'));
            whole.extend(teams.map(|(owner, _)| format!("{}/{last}", owner.to_lowercase())));
            for package in draft.modules.iter().flat_map(|module| &module.packages).filter(|one| one.ecosystem == "go")
            {
                let mut parts = package.name.split('/').skip(1);
                if let (Some(owner), Some(own)) = (parts.next(), parts.next())
                    && own.eq_ignore_ascii_case(&last)
                {
                    whole.insert(format!("{}/{last}", owner.to_lowercase()));
                }
            }
            if whole.is_empty() {
                offer(&mut addresses.last, last, at);
            }
            whole.into_iter().for_each(|whole| offer(&mut addresses.whole, whole, at));
        }
        addresses
    }

    /// The part that `owner/repository//folder` leads to, and whether the owner is known to be the same.
    pub fn resolve(&self, parts: &Parts, address: &str) -> Option<(usize, bool)> {
        let (repository, folder) = address.split_once("//").unwrap_or((address, ""));
        let known = self.whole.get(repository).copied().flatten().map(|at| (at, true));
        let last = repository.rsplit('/').next().unwrap_or(repository);
        let alike = || self.last.get(last).copied().flatten().filter(|_| !is_generic(last)).map(|at| (at, false));
        let (at, is_sure) = known.or_else(alike)?;
        Some((parts.nearest(at, folder)?, is_sure))
    }
}

fn offer(slots: &mut HashMap<String, Option<usize>>, name: String, at: usize) {
    let slot = slots.entry(name).or_insert(Some(at));
    if *slot != Some(at) {
        *slot = None;
    }
}
