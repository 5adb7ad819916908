//! Everything that becomes an entity of a repository, before it has a reference.

use std::collections::{BTreeMap, HashMap, HashSet};

use model::reference::DEFAULT_NAMESPACE;
use model::{Confidence, EntityRef, Evidence, Kind};

use super::apis::Apis;
use super::names::{is_generic, name, within};
use super::parts::Parts;
use super::resources::Store;
use super::world::World;
use crate::descriptor::DescriptorEntity;
use crate::draft::{TemplateDraft, digest};

/// An entity in the making.
pub(super) struct Thing<'i> {
    pub kind: Kind,
    pub repository: usize,
    /// Its folder.
    pub path: String,
    /// Under which its reference is remembered, with repository and kind.
    pub key: String,
    pub descriptor: Option<&'i DescriptorEntity>,
    /// Index of the part that it is.
    pub part: Option<usize>,
    /// Index of the API that it is.
    pub api: Option<usize>,
    /// Index of the store that it is.
    pub store: Option<usize>,
    pub template: Option<&'i TemplateDraft>,
    /// What it would be called.
    pub wanted: EntityRef,
    /// The name in its own case.
    pub name: String,
    pub named: Evidence,
}

/// All things: those of descriptors in the order of repositories, files and lines, then what is inferred.
pub(super) fn things<'i>(world: &World<'i>, parts: &Parts, apis: &Apis<'i>, stores: &[Store]) -> Vec<Thing<'i>> {
    let mut things = Vec::new();
    let mut parts_of = vec![Vec::new(); world.repositories.len()];
    parts.parts.iter().enumerate().for_each(|(at, part)| parts_of[part.repository].push(at));
    let mut apis_of = vec![Vec::new(); world.repositories.len()];
    apis.apis.iter().enumerate().for_each(|(at, api)| apis_of[api.repository].push(at));
    for (repository, draft) in world.drafts() {
        let (own_parts, own_apis) = (&parts_of[repository], &apis_of[repository]);
        let mut claimed_parts = HashSet::new();
        let mut claimed_apis = HashSet::new();
        let mut declared = declared(world, repository);
        claim_parts(world, parts, own_parts, &mut declared, &mut claimed_parts);
        claim_apis(apis, own_apis, &mut declared, &mut claimed_apis);
        give_keys(parts, &mut declared);
        things.extend(declared);
        // What stands only because a descriptor lies in its folder, and is not what that declares, is nothing by itself.
        let says_something = |at: usize| parts.parts[at].kind.is_some() || parts.parts[at].guess.is_some();
        let inferred = own_parts.iter().filter(|at| !claimed_parts.contains(*at) && says_something(**at));
        things.extend(inferred.map(|&at| inferred_component(world, parts, at)));
        let inferred = own_apis.iter().filter(|at| !claimed_apis.contains(*at));
        things.extend(inferred.filter_map(|&at| inferred_api(world, apis, at)));
        let templates = draft
            .templates
            .iter()
            .filter(|template| !world.descriptors(repository).any(|known| declares_template(known, template)));
        things.extend(templates.filter_map(|template| inferred_template(world, repository, template)));
        let own = stores.iter().enumerate().filter(|(_, store)| store.repository == repository);
        things.extend(own.filter_map(|(at, store)| inferred_store(world, at, store)));
    }
    things
}

fn folder(file: &str) -> &str {
    file.rsplit_once('/').map_or("", |(folder, _)| folder)
}

fn declares_template(known: &DescriptorEntity, template: &TemplateDraft) -> bool {
    known.entity.kind.eq_ignore_ascii_case("Template") && folder(&known.file) == template.path
}

fn declared<'i>(world: &World<'i>, repository: usize) -> Vec<Thing<'i>> {
    let known = world
        .descriptors(repository)
        .filter_map(|descriptor| Some((descriptor, descriptor.entity.kind.parse::<Kind>().ok()?)));
    let thing = |(descriptor, kind): (&'i DescriptorEntity, Kind)| {
        let line = descriptor.lines.get("/metadata/name").map_or(descriptor.line, |&(line, _)| line);
        let why = format!("{} names it.", descriptor.file);
        Thing {
            kind,
            repository,
            path: folder(&descriptor.file).to_owned(),
            key: String::new(),
            descriptor: Some(descriptor),
            part: None,
            api: None,
            store: None,
            template: None,
            wanted: descriptor.entity.reference(),
            name: descriptor.entity.metadata.name.clone(),
            named: world.evidence(
                "name.descriptor",
                Confidence::Declared,
                why,
                repository,
                &descriptor.file,
                line,
                Some(repository),
            ),
        }
    };
    known.map(thing).collect()
}

/// A Component is the part in its descriptor's folder; where a file declares several, the parts that are called so.
fn claim_parts(world: &World, parts: &Parts, own: &[usize], declared: &mut [Thing], claimed: &mut HashSet<usize>) {
    let mut in_folder: BTreeMap<String, usize> = BTreeMap::new();
    for thing in declared.iter().filter(|thing| thing.kind == Kind::Component) {
        *in_folder.entry(thing.path.clone()).or_default() += 1;
    }
    for thing in declared.iter_mut().filter(|thing| thing.kind == Kind::Component) {
        let alone = in_folder.get(&thing.path) == Some(&1);
        let called = |at: &&usize| {
            let part = &parts.parts[**at];
            let leaf = if part.module.path.is_empty() {
                &world.names[part.repository]
            } else {
                part.module.path.rsplit('/').next().unwrap_or_default()
            };
            part.module.path.starts_with(&thing.path)
                && [leaf, &part.name].iter().any(|name| name.eq_ignore_ascii_case(&thing.wanted.name))
        };
        let here = own.iter().find(|&&at| parts.parts[at].module.path == thing.path).filter(|_| alone);
        let found = here.or_else(|| own.iter().find(called)).copied().filter(|at| !claimed.contains(at));
        if let Some(at) = found {
            claimed.insert(at);
            thing.part = Some(at);
            thing.path.clone_from(&parts.parts[at].module.path);
        }
    }
}

/// An API is the definition file that its descriptor points at, or that is called the same.
fn claim_apis(apis: &Apis, own: &[usize], declared: &mut [Thing], claimed: &mut HashSet<usize>) {
    for thing in declared.iter_mut().filter(|thing| thing.kind == Kind::Api) {
        let Some(descriptor) = thing.descriptor else { continue };
        let definition = descriptor.entity.spec.get("definition");
        // Written out, or put in the place of its placeholder, or still a placeholder.
        let text = definition.and_then(|definition| definition.as_str()).map(digest);
        let target = definition.and_then(|definition| definition.as_object()?.values().next()?.as_str());
        let file = target.map(|target| join(folder(&descriptor.file), target));
        let found = own.iter().copied().find(|at| {
            let draft = apis.apis[*at].draft;
            !claimed.contains(at)
                && (file.as_deref() == Some(&draft.path)
                    || text.as_ref().is_some_and(|text| draft.digests.contains(text))
                    || api_name(&draft.name).is_some_and(|name| name == thing.wanted.name))
        });
        if let Some(at) = found {
            claimed.insert(at);
            thing.api = Some(at);
        }
    }
}

fn join(folder: &str, target: &str) -> String {
    let target = target.trim_start_matches("./");
    if folder.is_empty() { target.to_owned() } else { format!("{folder}/{target}") }
}

/// The folder where one of a kind stands in it; else with the name. A component that is a part is known by its folder.
fn give_keys(parts: &Parts, declared: &mut [Thing]) {
    let mut counts: HashMap<(Kind, String), usize> = HashMap::new();
    for thing in declared.iter() {
        *counts.entry((thing.kind, thing.path.clone())).or_default() += 1;
    }
    for thing in declared {
        let alone = counts.get(&(thing.kind, thing.path.clone())) == Some(&1);
        let is_place = thing.part.is_some_and(|part| parts.parts[part].module.path == thing.path);
        thing.key = if alone || is_place {
            thing.path.clone()
        } else {
            let namespace = if thing.wanted.namespace == DEFAULT_NAMESPACE {
                String::new()
            } else {
                format!("{}/", thing.wanted.namespace)
            };
            format!("{}#{namespace}{}", thing.path, thing.wanted.name)
        };
    }
}

fn inferred_component<'i>(world: &World, parts: &Parts, at: usize) -> Thing<'i> {
    let part = &parts.parts[at];
    let said = world.overrides.of(&world.repositories[part.repository].name, &part.module.path);
    let overridden = said.name.and_then(|said| Some((name(said.value)?, said)));
    let (wanted, named) = match overridden {
        Some((name, said)) => {
            let why = format!("{} names it.", said.file);
            (
                name,
                world.evidence(
                    "name.override",
                    Confidence::Declared,
                    why,
                    said.holder,
                    said.file,
                    said.line,
                    Some(part.repository),
                ),
            )
        }
        None => (part.name.clone(), part.named.clone()),
    };
    Thing {
        kind: Kind::Component,
        repository: part.repository,
        path: part.module.path.clone(),
        key: part.module.path.clone(),
        descriptor: None,
        part: Some(at),
        api: None,
        store: None,
        template: None,
        wanted: EntityRef::new("component", DEFAULT_NAMESPACE, &wanted),
        name: wanted,
        named,
    }
}

/// `Ledger API` as `ledger-api`.
fn api_name(text: &str) -> Option<String> {
    name(text).map(|name| name.to_lowercase())
}

fn inferred_api<'i>(world: &World, apis: &Apis<'i>, at: usize) -> Option<Thing<'i>> {
    let api = &apis.apis[at];
    if api.copy_of.is_some() || api.draft.foreign {
        return None;
    }
    let own = api_name(&api.draft.name)?;
    let bare = own.trim_end_matches("-api");
    // One word alone, `session`, says nothing outside its repository.
    let is_one_word = !own.contains(['-', '.']);
    let wanted =
        if is_generic(bare) || is_one_word { within(&world.names[api.repository], &own).to_lowercase() } else { own };
    let version = api.draft.major.as_ref().filter(|_| api.is_other_version);
    let wanted = version.and_then(|major| api_name(&format!("{wanted}-v{major}"))).unwrap_or(wanted);
    Some(Thing {
        kind: Kind::Api,
        repository: api.repository,
        path: folder(&api.draft.path).to_owned(),
        key: api.draft.path.clone(),
        descriptor: None,
        part: None,
        api: Some(at),
        store: None,
        template: None,
        wanted: EntityRef::new("api", DEFAULT_NAMESPACE, &wanted),
        name: wanted,
        named: world.stamp(&api.draft.evidence, api.repository, Some(api.repository)),
    })
}

fn inferred_template<'i>(world: &World, repository: usize, template: &'i TemplateDraft) -> Option<Thing<'i>> {
    let repository_name = &world.names[repository];
    let wanted = if template.path.is_empty() {
        repository_name.clone()
    } else {
        within(repository_name, &name(&template.name)?)
    };
    Some(Thing {
        kind: Kind::Template,
        repository,
        path: template.path.clone(),
        key: template.path.clone(),
        descriptor: None,
        part: None,
        api: None,
        store: None,
        template: Some(template),
        wanted: EntityRef::new("template", DEFAULT_NAMESPACE, &wanted),
        name: wanted,
        named: world.stamp(&template.evidence, repository, Some(repository)),
    })
}

fn inferred_store<'i>(world: &World, at: usize, store: &Store) -> Option<Thing<'i>> {
    let file = store.evidence.file.as_deref().unwrap_or_default();
    let wanted = within(&world.names[store.repository], &name(&store.name)?);
    Some(Thing {
        kind: Kind::Resource,
        repository: store.repository,
        path: folder(file).to_owned(),
        key: format!("{file}#{}", store.name),
        descriptor: None,
        part: None,
        api: None,
        store: Some(at),
        template: None,
        wanted: EntityRef::new("resource", DEFAULT_NAMESPACE, &wanted),
        name: wanted,
        named: store.evidence.clone(),
    })
}
