//! What all repositories say together: references, types, owners and edges.
//!
//! A pure function: the same input gives the same output, in whatever order the repositories come.

mod addresses;
mod apis;
mod authority;
mod edges;
mod entities;
pub mod forge;
mod locations;
mod names;
mod overrides;
mod parts;
mod people;
mod references;
mod relations;
mod resources;
mod teams;
mod things;
mod workloads;
mod world;

use std::collections::{BTreeMap, HashMap, HashSet};

use model::catalog::{CatalogEntity, Correction};
use model::repository::{ForgeFacts, RepositoryFacts, Standing};
use model::source::SourcePolicy;
use model::{Entity, EntityRef, Finding, Kind, Visibility};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::descriptor::DescriptorEntity;
use crate::draft::Draft;
#[cfg(test)]
mod tests;

use apis::Apis;
use edges::{Edges, Ends};
use parts::Parts;
use people::{Mentioned, People};
use resources::Store;
use world::World;

/// Everything that is known when the catalog is put together.
#[derive(Debug, Clone, Default)]
pub struct LinkInput {
    pub repositories: Vec<LinkRepository>,
    /// The references that were assigned before.
    pub assignments: Vec<Assignment>,
    pub corrections: Vec<Correction>,
    /// Teams and people as forges know them.
    pub people: Vec<forge::ForgePeople>,
}

/// One repository, as far as it has been read.
#[derive(Debug, Clone, Default)]
pub struct LinkRepository {
    pub id: String,
    /// Unique, as in addresses.
    pub slug: String,
    /// As its source names it: `group/payments`.
    pub name: String,
    pub source: String,
    /// What its source's descriptors may declare.
    pub policy: SourcePolicy,
    /// Where it is at its host, as [`engine_repo::address()`] writes it; `None` leaves it to its facts.
    pub address: Option<String>,
    pub visibility: Visibility,
    pub archived: bool,
    pub fork: bool,
    pub facts: RepositoryFacts,
    /// What its forge says of it.
    pub forge: Option<ForgeFacts>,
    /// Teams of its source that administer or maintain it.
    pub rights: Vec<forge::TeamRight>,
    /// `None` while its content has not been read: its name counts, its references stay its own.
    pub draft: Option<Draft>,
}

/// A reference that was given once. The key is repository, path and kind.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Assignment {
    /// Id of the repository.
    pub repository: String,
    /// The folder (for an API: its definition file), followed by `#name` for one of several descriptors of one kind
    /// that stand in one folder.
    pub path: String,
    /// As in references: `component`.
    pub kind: String,
    pub reference: EntityRef,
    /// What it was called before; each resolves as long as no other entity is called so.
    pub aliases: Vec<EntityRef>,
}

/// The catalog. Sorted: entities by reference, the rest by repository id, then by place.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Linked {
    pub entities: Vec<CatalogEntity>,
    /// Those that are new, or differ from what was given.
    pub assignments: Vec<Assignment>,
    /// Id of the repository, what it is to the catalog, and why it is left out.
    pub standings: Vec<(String, Standing, Option<String>)>,
    /// Id of the repository and what is wrong in it, beyond what stands with an entity.
    pub findings: Vec<(String, Finding)>,
    /// Id of a repository and what Locations of others name in it, for [`crate::draft_with`]. Once drafts were made with
    /// it and linked again, it may be more; it grows until nothing more is named.
    pub wanted: Vec<(String, Vec<String>)>,
}

/// Puts the catalog together.
pub fn link(input: &LinkInput) -> Linked {
    let world = World::new(input);
    let runs = workloads::runs(&world);
    let declared_in = folders_of_components(&world);
    let parts = parts::parts(&world, &runs, &|repository, folder| declared_in.contains(&(repository, folder)));
    let apis = apis::apis(&world);
    let stores = resources::stores(&world, &parts, &runs);
    let things = things::things(&world, &parts, &apis, &stores);
    let references = references::assign(&world, input, &things);
    let declared: Vec<(&DescriptorEntity, EntityRef)> = things
        .iter()
        .zip(&references.of)
        .filter(|(thing, _)| matches!(thing.kind, Kind::Group | Kind::User))
        .filter_map(|(thing, reference)| Some((thing.descriptor?, reference.clone()?)))
        .collect();
    let visible: HashMap<EntityRef, Visibility> = things
        .iter()
        .zip(&references.of)
        .filter_map(|(thing, reference)| Some((reference.clone()?, world.repositories[thing.repository].visibility)))
        .collect();
    let people = People::new(&world, &declared, &input.people, &visible);
    let mut ends = Ends {
        parts: vec![None; parts.parts.len()],
        apis: vec![None; apis.apis.len()],
        stores: vec![None; stores.len()],
    };
    for (thing, reference) in things.iter().zip(&references.of) {
        for (slots, index) in
            [(&mut ends.parts, thing.part), (&mut ends.apis, thing.api), (&mut ends.stores, thing.store)]
        {
            if let Some(slot) = index.and_then(|index| slots.get_mut(index)) {
                slot.clone_from(reference);
            }
        }
    }
    let edges = edges::edges(&world, &parts, &apis, &stores, &runs, &ends);
    let corrections = by_reference(&input.corrections, &references.aliases);
    let documents = documents(&world);
    let context = Context { world, parts, apis, stores, people, edges, corrections, documents };
    let mut entities: Vec<CatalogEntity> = things
        .iter()
        .zip(&references.of)
        .filter_map(|(thing, reference)| Some(entities::build(&context, thing, reference.as_ref()?)))
        .collect();
    entities.extend(context.people.mentioned.values().map(|mentioned| self::mentioned(&context.people, mentioned)));
    let places: HashMap<EntityRef, &DescriptorEntity> = things
        .iter()
        .zip(&references.of)
        .filter_map(|(thing, reference)| Some((reference.clone()?, thing.descriptor?)))
        .collect();
    relations::draw(&mut entities, &references.aliases, &|entity, pointer| {
        places.get(&entity.entity.reference())?.lines.get(pointer).copied()
    });
    relations::bring(&mut entities, &context.world);
    authority::settle(&mut entities);
    entities.sort_by_cached_key(|entity| entity.entity.reference());
    let standings = standings(&context.world, &entities);
    let findings = findings(&context, &entities, references.findings);
    let wanted = context
        .world
        .reach
        .wanted
        .iter()
        .map(|(&at, wanted)| (context.world.repositories[at].id.clone(), wanted.iter().cloned().collect()));
    Linked { entities, assignments: references.assignments, standings, findings, wanted: wanted.collect() }
}

/// Everything that is known when the entities are put together.
struct Context<'i> {
    world: World<'i>,
    parts: Parts,
    apis: Apis<'i>,
    stores: Vec<Store>,
    people: People,
    edges: Edges,
    corrections: HashMap<EntityRef, Vec<&'i Correction>>,
    /// Where the documents of each descriptor file begin, by repository and file.
    documents: HashMap<(usize, &'i str), Vec<u32>>,
}

impl Context<'_> {
    /// The line at which the document after this one begins.
    fn next_document(&self, repository: usize, descriptor: &DescriptorEntity) -> u32 {
        let lines = self.documents.get(&(repository, descriptor.file.as_str()));
        let next = |lines: &Vec<u32>| lines.get(lines.partition_point(|&line| line <= descriptor.line)).copied();
        lines.and_then(next).unwrap_or(u32::MAX)
    }
}

fn documents<'i>(world: &World<'i>) -> HashMap<(usize, &'i str), Vec<u32>> {
    let mut documents: HashMap<(usize, &str), Vec<u32>> = HashMap::new();
    for (repository, draft) in world.drafts() {
        for descriptor in &draft.descriptors {
            documents.entry((repository, &descriptor.file)).or_default().push(descriptor.line);
        }
    }
    documents.values_mut().for_each(|lines| lines.sort_unstable());
    documents
}

/// Where a descriptor says that a component is, even if nothing else does.
fn folders_of_components<'i>(world: &World<'i>) -> HashSet<(usize, &'i str)> {
    let mut folders = HashSet::new();
    for (repository, _) in world.drafts() {
        for descriptor in
            world.descriptors(repository).filter(|descriptor| descriptor.entity.kind.eq_ignore_ascii_case("Component"))
        {
            folders.insert((repository, descriptor.file.rsplit_once('/').map_or("", |(folder, _)| folder)));
        }
    }
    folders
}

/// Corrections of each entity, the newest word on a field first; a correction of an old name is one of the new.
fn by_reference<'i>(
    corrections: &'i [Correction],
    aliases: &HashMap<EntityRef, EntityRef>,
) -> HashMap<EntityRef, Vec<&'i Correction>> {
    let mut by_reference: HashMap<EntityRef, Vec<&Correction>> = HashMap::new();
    for correction in corrections {
        let reference = aliases.get(&correction.reference).unwrap_or(&correction.reference);
        by_reference.entry(reference.clone()).or_default().push(correction);
    }
    for corrections in by_reference.values_mut() {
        corrections.sort_by(|a, b| b.at.cmp(&a.at).then_with(|| (&a.field, &a.value).cmp(&(&b.field, &b.value))));
    }
    by_reference
}

/// A team or person that no descriptor declares: for display, and for owners to lead somewhere.
fn mentioned(people: &People, mentioned: &Mentioned) -> CatalogEntity {
    let is_group = mentioned.reference.kind == "group";
    let mut entity = Entity::new(if is_group { Kind::Group } else { Kind::User }, mentioned.reference.name.clone());
    let mut evidence = BTreeMap::from([("/metadata/name".to_owned(), mentioned.evidence.clone())]);
    entity.metadata.description.clone_from(&mentioned.description);
    if let Some(title) = &mentioned.title {
        entity.spec.insert("profile".to_owned(), serde_json::json!({ "displayName": title }));
        entity.metadata.title = Some(title.clone());
    }
    if is_group {
        entity.spec.insert("type".to_owned(), "team".into());
        entity.spec.insert("children".to_owned(), Value::Array(Vec::new()));
        if let Some(parent) = people.parents.get(&mentioned.reference) {
            entity.spec.insert("parent".to_owned(), parent.short().into());
            evidence.insert("/spec/parent".to_owned(), mentioned.evidence.clone());
        }
    } else {
        let teams = people.member_of.get(&mentioned.reference).into_iter().flatten();
        let teams: Vec<Value> = teams
            .enumerate()
            .map(|(at, (team, why))| {
                evidence.insert(format!("/spec/memberOf/{at}"), why.clone());
                team.short().into()
            })
            .collect();
        entity.spec.insert("memberOf".to_owned(), Value::Array(teams));
    }
    let annotation = if is_group { "github.com/team-slug" } else { "github.com/user-login" };
    entity.metadata.annotations.insert(annotation.to_owned(), mentioned.written.clone());
    CatalogEntity {
        entity,
        evidence,
        guesses: Vec::new(),
        repository: None,
        path: String::new(),
        descriptor: None,
        findings: Vec::new(),
        languages: Vec::new(),
        activity: Vec::new(),
        last_commit_at: None,
        archived: false,
        visibility: mentioned.visibility,
    }
}

fn standings(world: &World, entities: &[CatalogEntity]) -> Vec<(String, Standing, Option<String>)> {
    let holding: HashSet<&str> = entities.iter().filter_map(|entity| entity.repository.as_deref()).collect();
    let standing = |(at, repository): (usize, &&LinkRepository)| {
        let (standing, reason) = match (&repository.draft, &world.left_out[at]) {
            (None, _) => (Standing::Listed, None),
            (_, Some(reason)) => (Standing::LeftOut, Some(reason.clone())),
            _ if repository.facts.head.is_none() || repository.facts.files.total == 0 => (Standing::Empty, None),
            _ if repository.archived => (Standing::Archived, None),
            _ if holding.contains(repository.id.as_str()) => (Standing::Catalogued, None),
            _ => (
                Standing::WithoutComponent,
                Some("Nothing decisive says what it is: it is neither deployed nor published.".to_owned()),
            ),
        };
        (repository.id.clone(), standing, reason)
    };
    world.repositories.iter().enumerate().map(standing).collect()
}

/// What is wrong in repositories, but for what stands with an entity already.
fn findings(
    context: &Context,
    entities: &[CatalogEntity],
    references: Vec<(usize, Finding)>,
) -> Vec<(String, Finding)> {
    let mut with_entities: HashSet<(&str, &str, &str, u32, u32)> = HashSet::new();
    for entity in entities {
        let Some(repository) = entity.repository.as_deref() else { continue };
        with_entities.extend(
            entity.findings.iter().map(|finding| {
                (repository, finding.rule.as_str(), finding.file.as_str(), finding.line, finding.column)
            }),
        );
    }
    let mut found: Vec<(String, Finding)> = Vec::new();
    for (repository, draft) in context.world.drafts() {
        let id = &context.world.repositories[repository].id;
        // A file that no Location names any more is still read until its repository moves.
        let counts =
            |file: &String| !draft.pointed.contains(file) || context.world.reach.policy(repository, file).is_some();
        let own = draft.findings.iter().filter(|finding| counts(&finding.file)).filter(|finding| {
            !with_entities.contains(&(
                id.as_str(),
                finding.rule.as_str(),
                finding.file.as_str(),
                finding.line,
                finding.column,
            ))
        });
        found.extend(own.map(|finding| (id.clone(), finding.clone())));
    }
    let more = references.into_iter().chain(context.world.overrides.unused());
    let reach = &context.world.reach;
    let more = more.chain(reach.findings.iter().cloned()).chain(locations::forbidden(&context.world, reach));
    found.extend(more.map(|(repository, finding)| (context.world.repositories[repository].id.clone(), finding)));
    found.sort_by(|(a, first), (b, second)| {
        (a, &first.file, first.line, first.column, &first.rule, &first.message).cmp(&(
            b,
            &second.file,
            second.line,
            second.column,
            &second.rule,
            &second.message,
        ))
    });
    found.dedup();
    found
}
