//! All repositories at once, in one order, with the names that they give.

use std::collections::{BTreeMap, HashMap};

use model::{Confidence, Evidence};

use super::locations::Reach;
use super::names::name;
use super::overrides::OverridesOfAll;
use super::{LinkInput, LinkRepository};
use crate::descriptor::DescriptorEntity;
use crate::draft::{Draft, Workload};

pub(super) struct World<'i> {
    /// By id: the order in which everything is decided, whatever the order of the input.
    pub repositories: Vec<&'i LinkRepository>,
    /// What a component at the root of each is called.
    pub names: Vec<String>,
    pub overrides: OverridesOfAll<'i>,
    /// Why a repository is left out.
    pub left_out: Vec<Option<String>>,
    /// Which descriptor files count.
    pub reach: Reach<'i>,
    by_id: HashMap<&'i str, usize>,
}

impl<'i> World<'i> {
    pub fn new(input: &'i LinkInput) -> Self {
        let mut repositories: Vec<&LinkRepository> = input.repositories.iter().collect();
        repositories.sort_by(|a, b| a.id.cmp(&b.id));
        let files = repositories
            .iter()
            .enumerate()
            .filter_map(|(at, repository)| Some((at, repository.draft.as_ref()?.overrides.as_ref()?)));
        // Which file is later is told by names that people see, not by ids.
        let mut files: Vec<_> = files.collect();
        files.sort_by(|(a, _), (b, _)| repositories[*a].slug.cmp(&repositories[*b].slug));
        let overrides = OverridesOfAll::new(files.into_iter());
        let left_out: Vec<_> =
            repositories.iter().map(|repository| left_out(repository, &overrides, &repositories)).collect();
        let names = names(&repositories, &left_out);
        let by_id = repositories.iter().enumerate().map(|(at, repository)| (repository.id.as_str(), at)).collect();
        let mut world = Self { repositories, names, overrides, left_out, reach: Reach::default(), by_id };
        world.reach = Reach::new(&world);
        world
    }

    /// The entities of descriptors that a repository may declare.
    pub fn descriptors(&self, repository: usize) -> impl Iterator<Item = &'i DescriptorEntity> + '_ {
        let draft = self.repositories[repository].draft.as_ref();
        let all = draft.into_iter().flat_map(|draft| &draft.descriptors);
        all.filter(move |descriptor| self.reach.allows(repository, descriptor))
    }

    /// The drafts that count, with the index of their repository.
    pub fn drafts(&self) -> impl Iterator<Item = (usize, &'i Draft)> + '_ {
        let counted = self.repositories.iter().enumerate().filter(|(at, _)| self.left_out[*at].is_none());
        counted.filter_map(|(at, repository)| Some((at, repository.draft.as_ref()?)))
    }

    /// The workload `at` of a repository.
    pub fn workload(&self, repository: usize, at: usize) -> Option<&'i Workload> {
        self.repositories[repository].draft.as_ref()?.workloads.get(at)
    }

    pub fn find(&self, id: &str) -> Option<usize> {
        self.by_id.get(id).copied()
    }

    /// Evidence from the draft of `holder`, as an entity of `own` shows it: with its commit, and with the repository's
    /// name where it is another one.
    pub fn stamp(&self, evidence: &Evidence, holder: usize, own: Option<usize>) -> Evidence {
        let repository = self.repositories[holder];
        let commit = repository.draft.as_ref().and_then(|draft| draft.commit.clone());
        let elsewhere = own != Some(holder);
        Evidence {
            commit: evidence.file.as_ref().and(commit),
            repository: elsewhere.then(|| repository.slug.clone()),
            ..evidence.clone()
        }
    }

    /// New evidence at a place in the repository `holder`, for an entity of `own`.
    #[allow(clippy::too_many_arguments)]
    pub fn evidence(
        &self,
        rule: &str,
        confidence: Confidence,
        why: impl Into<String>,
        holder: usize,
        file: &str,
        line: u32,
        own: Option<usize>,
    ) -> Evidence {
        let line = (line > 0).then_some(line);
        self.stamp(&Evidence::new(rule, confidence, why).at(file, line), holder, own)
    }
}

fn left_out(repository: &LinkRepository, overrides: &OverridesOfAll, all: &[&LinkRepository]) -> Option<String> {
    if let Some((holder, file, line)) = overrides.ignores(&repository.name) {
        return Some(format!("{file} of {} leaves it out (line {line}).", all[holder].slug));
    }
    repository.fork.then(|| "It is a fork of another repository.".to_owned())
}

/// The last part of a repository's name where no other ends the same, else as much more as tells them apart.
fn names(repositories: &[&LinkRepository], left_out: &[Option<String>]) -> Vec<String> {
    let leaf = |repository: &LinkRepository| name(repository.name.rsplit('/').next().unwrap_or(&repository.name));
    let whole = |repository: &LinkRepository| name(&repository.name);
    let mut leaves: BTreeMap<String, usize> = BTreeMap::new();
    let mut wholes: BTreeMap<String, usize> = BTreeMap::new();
    for (repository, _) in repositories.iter().zip(left_out).filter(|(_, left_out)| left_out.is_none()) {
        *leaves.entry(leaf(repository).unwrap_or_default().to_lowercase()).or_default() += 1;
        *wholes.entry(whole(repository).unwrap_or_default().to_lowercase()).or_default() += 1;
    }
    let unique = |counts: &BTreeMap<String, usize>, name: &String| {
        counts.get(&name.to_lowercase()).is_none_or(|&count| count < 2)
    };
    let named = repositories.iter().map(|repository| {
        leaf(repository)
            .filter(|name| unique(&leaves, name))
            .or_else(|| whole(repository).filter(|name| unique(&wholes, name)))
            .or_else(|| name(&repository.slug))
            .unwrap_or_else(|| "repository".to_owned())
    });
    named.collect()
}
