//! Which descriptor files count, and what each may declare: those that speak by themselves, and those that Locations name,
//! in their own repository or in another that is known.
//!
//! What holds of a file is the weakest of the chain that leads to it, and the strongest of several chains. Nothing is
//! fetched: what another repository has to be read for is only asked for, and stands there the next time.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use model::reference::DEFAULT_NAMESPACE;
use model::source::SourcePolicy;
use model::{EntityRef, Finding, Kind, Level};

use super::world::World;
use crate::descriptor::{self, DescriptorEntity};
use crate::location::{self as places, Remote, Target};

/// How many Locations may lead to each other.
const DEPTH: usize = 16;
/// How many paths and patterns of one repository others may ask for.
const WANTED: usize = 1_000;

/// A descriptor file, by repository and path.
type FileOf<'i> = (usize, &'i str);

/// How descriptor files are reached.
#[derive(Default)]
pub(super) struct Reach<'i> {
    policies: Vec<BTreeMap<&'i str, SourcePolicy>>,
    /// The Locations that name each file.
    named_by: Vec<BTreeMap<&'i str, BTreeSet<EntityRef>>>,
    /// Paths and patterns that Locations of other repositories name.
    pub wanted: BTreeMap<usize, BTreeSet<String>>,
    pub findings: Vec<(usize, Finding)>,
}

impl<'i> Reach<'i> {
    pub fn new(world: &World<'i>) -> Self {
        let mut walk = Walk::new(world);
        walk.run();
        walk.reach
    }

    /// What the file may declare; `None` where nothing leads to it.
    pub fn policy(&self, repository: usize, file: &str) -> Option<&SourcePolicy> {
        self.policies.get(repository)?.get(file)
    }

    /// The Locations that name a file.
    pub fn named_by(&self, repository: usize, file: &str) -> impl Iterator<Item = &EntityRef> {
        self.named_by.get(repository).and_then(|files| files.get(file)).into_iter().flatten()
    }

    /// Whether an entity counts.
    pub fn allows(&self, repository: usize, descriptor: &DescriptorEntity) -> bool {
        let kind = descriptor.entity.kind.parse::<Kind>().ok();
        let policy = self.policy(repository, &descriptor.file);
        policy.is_some_and(|policy| kind.is_none_or(|kind| policy.kinds.contains(&kind)))
    }
}

struct Walk<'w, 'i> {
    world: &'w World<'i>,
    reach: Reach<'i>,
    locations: HashMap<FileOf<'i>, Vec<&'i DescriptorEntity>>,
    /// Repositories by their addresses.
    addresses: HashMap<String, Option<usize>>,
    /// From where each file was reached first.
    from: HashMap<FileOf<'i>, FileOf<'i>>,
    /// Files whose Locations were followed: what is wrong with them is said once.
    followed: HashSet<FileOf<'i>>,
}

impl<'w, 'i> Walk<'w, 'i> {
    fn new(world: &'w World<'i>) -> Self {
        let mut locations: HashMap<FileOf, Vec<&DescriptorEntity>> = HashMap::new();
        for (repository, draft) in world.drafts() {
            let own = draft.descriptors.iter().filter(|one| one.entity.kind.eq_ignore_ascii_case("Location"));
            own.for_each(|one| locations.entry((repository, &one.file)).or_default().push(one));
        }
        let mut addresses: HashMap<String, Option<usize>> = HashMap::new();
        for (at, repository) in world.repositories.iter().enumerate() {
            let known = repository.address.as_deref().or(repository.facts.origin.as_deref());
            if let Some(address) = known {
                let slot = addresses.entry(address.to_owned()).or_insert(Some(at));
                if *slot != Some(at) {
                    *slot = None;
                }
            }
        }
        let (from, followed) = Default::default();
        let count = world.repositories.len();
        let reach = Reach {
            policies: vec![BTreeMap::new(); count],
            named_by: vec![BTreeMap::new(); count],
            ..Reach::default()
        };
        Self { world, reach, locations, addresses, from, followed }
    }

    /// Level by level, files in order, so that the same is said whatever the order of the input.
    fn run(&mut self) {
        let mut level: BTreeSet<FileOf> = BTreeSet::new();
        for (repository, draft) in self.world.drafts() {
            let speaking = draft.descriptors.iter().filter(|one| !draft.pointed.contains(&one.file));
            level.extend(speaking.map(|one| (repository, one.file.as_str())));
        }
        for &(repository, file) in &level {
            let policy = self.world.repositories[repository].policy.clone();
            self.reach.policies[repository].insert(file, policy);
        }
        for depth in 0..=DEPTH {
            let mut next = BTreeSet::new();
            for file in std::mem::take(&mut level) {
                self.follow(file, depth == DEPTH, &mut next);
            }
            level = next;
        }
    }

    fn follow(&mut self, file: FileOf<'i>, is_last: bool, next: &mut BTreeSet<FileOf<'i>>) {
        let Some(policy) = self.reach.policy(file.0, file.1).cloned() else { return };
        if !policy.kinds.contains(&Kind::Location) {
            return;
        }
        let is_new = self.followed.insert(file);
        let locations = self.locations.get(&file).cloned().unwrap_or_default();
        for location in locations {
            for (pointer, text) in descriptor::targets(location) {
                let files = self.resolve(file, location, &text);
                let wrong = match files {
                    Ok(files) => self.reach_all(file, location, &policy, &files, is_last, next),
                    Err(wrong) => wrong,
                };
                let (line, column) = location.lines.get(&pointer).copied().unwrap_or((location.line, 1));
                if let Some(wrong) = wrong.filter(|_| is_new) {
                    self.reach.findings.push((file.0, wrong.at(&location.file, line, column)));
                }
            }
            if let Some(wrong) = places::other_type(location).filter(|_| is_new) {
                self.reach.findings.push((file.0, wrong));
            }
        }
    }

    /// The files of one target; else what is wrong with it, which is nothing while it waits to be read.
    fn resolve(
        &mut self,
        (own, file): FileOf<'i>,
        location: &'i DescriptorEntity,
        text: &str,
    ) -> Result<Vec<FileOf<'i>>, Option<Finding>> {
        let folder = file.rsplit_once('/').map_or("", |(folder, _)| folder);
        let (repository, path) = match places::target(folder, text) {
            Target::Own(path) => (own, path),
            Target::Outside => return Err(Some(places::outside(text))),
            Target::Unreadable => return Err(Some(places::unreadable(text))),
            Target::Remote(remote) => self.remote(own, &remote)?,
        };
        let world = self.world;
        let Some(draft) = world.repositories[repository].draft.as_ref() else { return Err(None) };
        let Some((_, files)) = draft.targets.get_key_value(&path) else { return Err(None) };
        if files.is_empty() && !places::is_optional(location) {
            let elsewhere = (repository != own).then(|| world.repositories[repository].slug.as_str());
            return Err(Some(places::missing(&path, elsewhere)));
        }
        Ok(files.iter().map(|file| (repository, file.as_str())).collect())
    }

    /// The repository that an address leads to, and the path in it, which is asked for.
    fn remote(&mut self, own: usize, remote: &Remote) -> Result<(usize, String), Option<Finding>> {
        let world = self.world;
        let address = &remote.repository;
        let Some(at) = self.addresses.get(address).copied().flatten() else {
            let message = format!("{address} is in no source, so what this names is not read.");
            let help = "Add the repository to a source. Addresses in descriptors are never fetched.";
            return Err(Some(Finding::new("location.unknown", Level::Warning, message, help)));
        };
        let repository = world.repositories[at];
        if let Some(why) = &world.left_out[at] {
            let message = format!("{address} is left out of the catalog: {why}");
            return Err(Some(Finding::new("location.unknown", Level::Warning, message, "Name another repository.")));
        }
        let Some(head) = repository.facts.head.as_ref() else { return Err(None) };
        let path = remote.on(head.branch.as_deref()).map_err(|other| {
            let branch = head.branch.as_deref().unwrap_or("HEAD");
            let message = format!("It names {other} of {address}, but only its default branch, {branch}, is read.");
            let help = format!("Write {branch}, or HEAD, in the place of the branch.");
            Some(Finding::new("location.branch", Level::Warning, message, help))
        })?;
        if at != own || repository.draft.as_ref().is_some_and(|draft| !draft.targets.contains_key(&path)) {
            let wanted = self.reach.wanted.entry(at).or_default();
            if wanted.len() >= WANTED && !wanted.contains(&path) {
                let message = format!("Locations name more than {WANTED} places of {address}; this one is not read.");
                return Err(Some(Finding::new("location.limit", Level::Warning, message, "Name a pattern instead.")));
            }
            wanted.insert(path.clone());
        }
        Ok((at, path))
    }

    fn reach_all(
        &mut self,
        file: FileOf<'i>,
        location: &'i DescriptorEntity,
        policy: &SourcePolicy,
        targets: &[FileOf<'i>],
        is_last: bool,
        next: &mut BTreeSet<FileOf<'i>>,
    ) -> Option<Finding> {
        let mut wrong = None;
        for &target in targets {
            let is_known = self.reach.policy(target.0, target.1).is_some();
            if is_known && self.leads_to(target, file) {
                wrong = Some(cycle(self.world, file, target));
                continue;
            }
            if is_last && !is_known {
                let message = format!("It stands at the end of {DEPTH} Locations that lead to each other.");
                let help = "Let a Location nearer to the first one name the file.";
                wrong = Some(Finding::new("location.depth", Level::Error, message, help));
                continue;
            }
            let named_by = self.reach.named_by[target.0].entry(target.1).or_default();
            named_by.insert(location.entity.reference());
            let along = policy.weakest(&self.world.repositories[target.0].policy);
            let before = self.reach.policy(target.0, target.1);
            let after = before.map_or_else(|| along.clone(), |before| before.strongest(&along));
            if before != Some(&after) {
                self.reach.policies[target.0].insert(target.1, after);
                self.from.entry(target).or_insert(file);
                next.insert(target);
            }
        }
        wrong
    }

    /// Whether `file` was reached through `start`.
    fn leads_to(&self, start: FileOf<'i>, file: FileOf<'i>) -> bool {
        let mut at = Some(file);
        for _ in 0..=DEPTH {
            match at {
                Some(here) if here == start => return true,
                Some(here) => at = self.from.get(&here).copied(),
                None => return false,
            }
        }
        false
    }
}

fn cycle(world: &World, file: FileOf, target: FileOf) -> Finding {
    let named = if target == file {
        "itself".to_owned()
    } else if target.0 == file.0 {
        format!("{}, which led here", target.1)
    } else {
        format!("{} of {}, which led here", target.1, world.repositories[target.0].slug)
    };
    places::cycle(&named)
}

/// What is declared and may not be, each kind of each file once.
pub(super) fn forbidden(world: &World, reach: &Reach) -> Vec<(usize, Finding)> {
    let mut found: BTreeMap<(usize, &str, Kind), Vec<&DescriptorEntity>> = BTreeMap::new();
    for (repository, draft) in world.drafts() {
        for descriptor in &draft.descriptors {
            let Ok(kind) = descriptor.entity.kind.parse::<Kind>() else { continue };
            if reach.policy(repository, &descriptor.file).is_some() && !reach.allows(repository, descriptor) {
                found.entry((repository, &descriptor.file, kind)).or_default().push(descriptor);
            }
        }
    }
    let finding = |((repository, file, kind), all): ((usize, &str, Kind), Vec<&DescriptorEntity>)| {
        let first = all.first()?;
        let source = &world.repositories[repository].source;
        let name = first.entity.reference();
        let name = if name.namespace == DEFAULT_NAMESPACE { name.name } else { name.short() };
        let what = match all.len() {
            1 => format!("{kind} {name} is"),
            more => format!("{kind} {name} and {} more of its kind are", more - 1),
        };
        let is_trust = SourcePolicy::needs_trust(kind);
        let own = &world.repositories[repository].policy;
        let (message, help) = if own.kinds.contains(&kind) {
            let message =
                format!("{what} left out: only a Location of a source that may not declare this kind leads here.");
            (message, "Name the file catalog-info.yaml, or let a Location of a trusted source name it.".to_owned())
        } else if is_trust {
            let message = format!("{what} declared in the source {source}, which is not trusted, and so left out.");
            (
                message,
                format!(
                    "Set trusted = true for {source} if everybody who can push to it may say who is in which team."
                ),
            )
        } else {
            let message =
                format!("{what} declared in the source {source}, which may not declare this kind, and so left out.");
            (message, format!("Add {kind} to the kinds of the source."))
        };
        let rule = if is_trust { "source.trust" } else { "source.kinds" };
        Some((repository, Finding::new(rule, Level::Warning, message, help).at(file, first.line, 1)))
    };
    found.into_iter().filter_map(finding).collect()
}
