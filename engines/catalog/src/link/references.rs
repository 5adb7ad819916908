//! Gives every thing its reference, once: what was assigned before stays.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use model::{EntityRef, Finding, Level};

use super::names::name;
use super::things::Thing;
use super::world::World;
use super::{Assignment, LinkInput};

pub(super) struct References {
    /// Of each thing; `None` for those that lost their name to another.
    pub of: Vec<Option<EntityRef>>,
    /// Those that are new or changed, sorted.
    pub assignments: Vec<Assignment>,
    /// What things were called before.
    pub aliases: HashMap<EntityRef, EntityRef>,
    pub findings: Vec<(usize, Finding)>,
}

type Key<'k> = (&'k str, &'k str, &'k str);

pub(super) fn assign(world: &World, input: &LinkInput, things: &[Thing]) -> References {
    let known: BTreeMap<Key, &Assignment> = input
        .assignments
        .iter()
        .map(|known| ((known.repository.as_str(), known.path.as_str(), known.kind.as_str()), known))
        .collect();
    let before: Vec<Option<&Assignment>> = earlier(world, &known, things);
    let mut taken: HashMap<EntityRef, Option<usize>> = reserved(world, input);
    let mut of: Vec<Option<EntityRef>> = vec![None; things.len()];
    let mut findings = Vec::new();
    // Declared under the same name as before; then inferred as before; then what is newly declared; then the rest.
    let rank = |at: usize| match (things[at].descriptor.is_some(), before[at]) {
        (true, Some(before)) if before.reference == things[at].wanted => 0,
        (false, Some(_)) => 1,
        (true, _) => 2,
        (false, None) => 3,
    };
    let mut order: Vec<usize> = (0..things.len()).collect();
    order.sort_by_key(|&at| (rank(at), at));
    let wanted = wanted_twice(things, &before);
    for at in order {
        let thing = &things[at];
        let reference = match (thing.descriptor, before[at]) {
            (Some(_), _) => thing.wanted.clone(),
            (None, Some(before)) => before.reference.clone(),
            (None, None) => fresh(world, thing, &taken, wanted.contains(&thing.wanted)),
        };
        match taken.get(&reference) {
            None => {
                taken.insert(reference.clone(), Some(at));
                of[at] = Some(reference);
            }
            // Something else was given its name by a person meanwhile.
            Some(_) if thing.descriptor.is_none() => {
                let other = fresh(world, thing, &taken, true);
                taken.insert(other.clone(), Some(at));
                of[at] = Some(other);
            }
            Some(holder) => findings.push((thing.repository, duplicate(world, things, thing, *holder))),
        }
    }
    let (assignments, aliases) = remember(world, things, &of, &before, &known);
    References { of, assignments, aliases, findings }
}

/// What was assigned to the place of each thing before; a folder that was moved within its repository is recognised
/// where one of a kind vanished and one came.
fn earlier<'i>(world: &World, known: &BTreeMap<Key, &'i Assignment>, things: &[Thing]) -> Vec<Option<&'i Assignment>> {
    let id = |thing: &Thing| world.repositories[thing.repository].id.as_str();
    let lookup = |thing: &Thing| {
        let at = |path: &str| known.get(&(id(thing), path, thing.kind.lower())).copied();
        let plain = thing.key.split('#').next().unwrap_or_default();
        // One of several in a folder may have been the only one before.
        at(&thing.key).or_else(|| at(plain).filter(|before| before.reference == thing.wanted))
    };
    let mut before: Vec<Option<&Assignment>> = things.iter().map(lookup).collect();
    let used: HashSet<Key> = before
        .iter()
        .flatten()
        .map(|known| (known.repository.as_str(), known.path.as_str(), known.kind.as_str()))
        .collect();
    let held: HashSet<&EntityRef> = before.iter().flatten().map(|known| &known.reference).collect();
    let mut vanished: HashMap<(&str, &str), Vec<&'i Assignment>> = HashMap::new();
    for (key, assignment) in
        known.iter().filter(|(key, assignment)| !used.contains(*key) && !held.contains(&assignment.reference))
    {
        vanished.entry((key.0, key.2)).or_default().push(assignment);
    }
    let mut came: HashMap<(&str, &str), Vec<usize>> = HashMap::new();
    for (at, thing) in
        things.iter().enumerate().filter(|(at, thing)| before[*at].is_none() && thing.descriptor.is_none())
    {
        came.entry((id(thing), thing.kind.lower())).or_default().push(at);
    }
    for (key, places) in came {
        if let ([at], Some([gone])) = (places.as_slice(), vanished.get(&key).map(Vec::as_slice)) {
            before[*at] = Some(gone);
        }
    }
    before
}

/// The references of repositories that have not been read yet: they stay theirs.
fn reserved(world: &World, input: &LinkInput) -> HashMap<EntityRef, Option<usize>> {
    let unread = |assignment: &&Assignment| {
        world.find(&assignment.repository).is_some_and(|at| world.repositories[at].draft.is_none())
    };
    input.assignments.iter().filter(unread).map(|assignment| (assignment.reference.clone(), None)).collect()
}

/// Names that several new things would have: each of them is told apart.
fn wanted_twice(things: &[Thing], before: &[Option<&Assignment>]) -> BTreeSet<EntityRef> {
    let mut seen = BTreeSet::new();
    let fresh = things.iter().zip(before).filter(|(thing, before)| before.is_none() && thing.descriptor.is_none());
    fresh.filter(|(thing, _)| !seen.insert(&thing.wanted)).map(|(thing, _)| thing.wanted.clone()).collect()
}

/// A name that nobody has: the wanted one, or with the repository before it, or with a number after it.
fn fresh(world: &World, thing: &Thing, taken: &HashMap<EntityRef, Option<usize>>, is_wanted_twice: bool) -> EntityRef {
    let repository = &world.names[thing.repository];
    let is_own = thing.wanted.name == repository.to_lowercase();
    if (!is_wanted_twice || is_own && thing.path.is_empty()) && !taken.contains_key(&thing.wanted) {
        return thing.wanted.clone();
    }
    let rename = |text: &str| name(text).map(|name| EntityRef::new(&thing.wanted.kind, &thing.wanted.namespace, name));
    let long = rename(&format!(
        "{repository}-{}",
        thing.wanted.name.strip_prefix(&format!("{}-", repository.to_lowercase())).unwrap_or(&thing.wanted.name)
    ));
    let long = long.unwrap_or_else(|| thing.wanted.clone());
    let numbered = (2..).filter_map(|number| rename(&format!("{}-{number}", long.name)));
    std::iter::once(long.clone()).chain(numbered).find(|reference| !taken.contains_key(reference)).unwrap_or(long)
}

fn duplicate(world: &World, things: &[Thing], thing: &Thing, holder: Option<usize>) -> Finding {
    let by = match holder.map(|holder| &things[holder]) {
        Some(holder) => {
            let repository = &world.repositories[holder.repository].slug;
            match holder.descriptor {
                Some(descriptor) => format!("{}:{} of {repository}", descriptor.file, descriptor.line),
                None => {
                    format!("the folder {} of {repository}", if holder.path.is_empty() { "." } else { &holder.path })
                }
            }
        }
        None => "a repository that has not been read yet".to_owned(),
    };
    let message = format!("{} is already taken by {by}.", thing.wanted);
    let help = "Give one of them another name or namespace; the first keeps it until then.";
    let (file, line, column) = thing.descriptor.map_or(("", 0, 0), |descriptor| {
        let (line, column) = descriptor.lines.get("/metadata/name").copied().unwrap_or((descriptor.line, 1));
        (descriptor.file.as_str(), line, column)
    });
    Finding::new("reference.duplicate", Level::Error, message, help).at(file, line, column)
}

fn remember(
    world: &World,
    things: &[Thing],
    of: &[Option<EntityRef>],
    before: &[Option<&Assignment>],
    known: &BTreeMap<Key, &Assignment>,
) -> (Vec<Assignment>, HashMap<EntityRef, EntityRef>) {
    let current: HashSet<&EntityRef> = of.iter().flatten().collect();
    let mut fresh = Vec::new();
    let mut aliases = HashMap::new();
    for ((thing, reference), before) in things.iter().zip(of).zip(before) {
        let Some(reference) = reference else { continue };
        let mut names: Vec<EntityRef> = before.map(|before| before.aliases.clone()).unwrap_or_default();
        names.extend(before.map(|before| before.reference.clone()));
        let mut seen = HashSet::new();
        names.retain(|name| name != reference && seen.insert(name.clone()));
        for name in names.iter().filter(|name| !current.contains(name)) {
            aliases.entry(name.clone()).or_insert_with(|| reference.clone());
        }
        let assignment = Assignment {
            repository: world.repositories[thing.repository].id.clone(),
            path: thing.key.clone(),
            kind: thing.kind.lower().to_owned(),
            reference: reference.clone(),
            aliases: names,
        };
        let same = known.get(&(assignment.repository.as_str(), assignment.path.as_str(), assignment.kind.as_str()));
        if same.is_none_or(|same| **same != assignment) {
            fresh.push(assignment);
        }
    }
    fresh.sort();
    (fresh, aliases)
}
