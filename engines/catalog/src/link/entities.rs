//! Puts an entity together: what a descriptor says, a person's word, the overrides, then what was inferred, field by
//! field, each with its evidence.

use std::collections::BTreeMap;

use model::catalog::{CatalogEntity, Correction};
use model::{Confidence, Entity, EntityRef, Evidence, Fact, Finding, Guess, Kind, Level};
use serde_json::Value;

use super::Context;
use super::overrides::{Said, SaidOf};
use super::people::Ownership;
use super::things::Thing;
use crate::descriptor::DescriptorEntity;

/// Stands where Backstage's schema demands a value that nobody knows.
pub(super) const UNKNOWN: &str = model::catalog::UNKNOWN;

/// How many languages an entity shows.
const LANGUAGES: usize = 6;

/// One entity while its fields are decided.
struct Building<'b> {
    context: &'b Context<'b>,
    thing: &'b Thing<'b>,
    entity: Entity,
    evidence: BTreeMap<String, Evidence>,
    guesses: Vec<Guess>,
    findings: Vec<Finding>,
}

/// What may stand in one field, from the strongest to the weakest word.
#[derive(Default)]
struct Field {
    overridden: Option<(String, Evidence)>,
    inferred: Option<(String, Evidence)>,
    guess: Option<Guess>,
    /// [`UNKNOWN`] is written where nothing is known.
    demanded: bool,
}

pub(super) fn build(context: &Context, thing: &Thing, reference: &EntityRef) -> CatalogEntity {
    let entity = match thing.descriptor {
        Some(descriptor) => descriptor.entity.clone(),
        None => {
            let keeps_case = thing.name.to_lowercase() == reference.name;
            let mut entity =
                Entity::new(thing.kind, if keeps_case { thing.name.clone() } else { reference.name.clone() });
            entity.metadata.namespace =
                (reference.namespace != model::reference::DEFAULT_NAMESPACE).then(|| reference.namespace.clone());
            entity
        }
    };
    let mut building =
        Building { context, thing, entity, evidence: BTreeMap::new(), guesses: Vec::new(), findings: Vec::new() };
    building.evidence.insert("/metadata/name".to_owned(), thing.named.clone());
    if let Some(descriptor) = thing.descriptor {
        building.declared(descriptor);
    }
    let corrections = context.corrections.get(reference).map(Vec::as_slice).unwrap_or_default();
    match thing.kind {
        Kind::Component => building.component(corrections),
        Kind::Api => building.api(corrections),
        Kind::Template => building.template(corrections),
        Kind::Resource => building.resource(corrections),
        Kind::System | Kind::Domain => building.owned(corrections, false),
        Kind::Group | Kind::User | Kind::Location => {}
    }
    building.finish()
}

impl<'b> Building<'b> {
    /// Evidence for every field that the descriptor fills.
    fn declared(&mut self, descriptor: &DescriptorEntity) {
        let own = Some(self.thing.repository);
        for (pointer, (line, _)) in &descriptor.lines {
            let rule = match pointer.as_str() {
                "/spec/type" => "type.descriptor",
                "/spec/owner" => "owner.descriptor",
                "/spec/lifecycle" => "lifecycle.descriptor",
                "/metadata/description" => "description.descriptor",
                "/metadata/name" => continue,
                _ => "descriptor.field",
            };
            let why = format!("{} says so.", descriptor.file);
            let evidence = self.context.world.evidence(
                rule,
                Confidence::Declared,
                why,
                self.thing.repository,
                &descriptor.file,
                *line,
                own,
            );
            self.evidence.insert(pointer.clone(), evidence);
        }
        let end = self.context.next_document(self.thing.repository, descriptor);
        let draft = self.context.world.repositories[self.thing.repository].draft.as_ref();
        let findings = draft.into_iter().flat_map(|draft| &draft.findings);
        let own = findings
            .filter(|finding| finding.file == descriptor.file && (descriptor.line..end).contains(&finding.line));
        self.findings.extend(own.cloned());
    }

    fn component(&mut self, corrections: &[&Correction]) {
        let context = self.context;
        let part = self.thing.part.map(|part| &context.parts.parts[part]);
        let said = self.said();
        self.describe();
        let kind = Field {
            overridden: said.kind.map(|said| self.overridden("type.override", said, said.value.clone())),
            inferred: part.and_then(|part| part.kind.as_ref()).map(pair),
            guess: part.and_then(|part| part.guess.as_ref()).map(|fact| guessed("/spec/type", fact)),
            demanded: true,
        };
        self.decide("type", kind, corrections, None);
        self.lifecycle(&said, corrections);
        self.owned(corrections, true);
        if let Some(system) = said.system
            && self.entity.spec_str("system").is_none()
        {
            let (value, evidence) = self.overridden("system.override", system, system.value.short());
            self.set("system", value, evidence);
        }
        let Some(at) = self.thing.part else { return };
        self.list("dependsOn", &context.edges.depends_on[at], None);
        self.list("providesApis", &context.edges.provides[at], Some("api"));
        self.list("consumesApis", &context.edges.consumes[at], Some("api"));
        let rejected =
            corrections.iter().any(|correction| correction.field == "/spec/dependsOn" && correction.value.is_none());
        if !rejected {
            self.guesses.extend(context.edges.guesses[at].iter().cloned());
        }
    }

    fn lifecycle(&mut self, said: &SaidOf, corrections: &[&Correction]) {
        let context = self.context;
        let part = self.thing.part.map(|part| &context.parts.parts[part]);
        let repository = context.world.repositories[self.thing.repository];
        let own = Some(self.thing.repository);
        let stated = part
            .and_then(|part| part.module.lifecycle.as_ref())
            .map(|fact| (fact.value.clone(), context.world.stamp(&fact.evidence, self.thing.repository, own)));
        let is_over =
            |value: &Option<(String, Evidence)>| value.as_ref().is_some_and(|(value, _)| value == "deprecated");
        let archived = repository.archived.then(|| {
            let evidence = Evidence::new("lifecycle.archived", Confidence::Corroborated, "The repository is archived.");
            ("deprecated".to_owned(), evidence)
        });
        let deployed = part.and_then(|part| part.deployed.as_ref()).map(|evidence| {
            ("production".to_owned(), Evidence { rule: "lifecycle.deployed".to_owned(), ..evidence.clone() })
        });
        let inferred = archived.or_else(|| stated.clone().filter(|_| is_over(&stated))).or(deployed);
        let guess = stated
            .filter(|(value, _)| inferred.is_none() && value != "deprecated")
            .map(|(value, evidence)| Guess { field: "/spec/lifecycle".to_owned(), value, evidence });
        let overridden = said.lifecycle.map(|said| self.overridden("lifecycle.override", said, said.value.clone()));
        self.decide("lifecycle", Field { overridden, inferred, guess, demanded: true }, corrections, None);
    }

    /// Decides the owner: by the ladder for what lies in a folder; only by descriptor and people for the rest.
    fn owned(&mut self, corrections: &[&Correction], by_files: bool) {
        let context = self.context;
        let said = if by_files { self.said() } else { SaidOf::default() };
        let ownership = if by_files { self.ownership() } else { Ownership::default() };
        let overridden = said.owner.map(|said| self.overridden("owner.override", said, owner_text(said.value)));
        let inferred = ownership.owner.map(|fact| (owner_text(&fact.value), fact.evidence));
        let guess = if by_files && overridden.is_none() && inferred.is_none() {
            ownership.guess.or_else(|| context.people.by_activity(&context.world, self.thing.repository))
        } else {
            None
        };
        let demanded = self.thing.kind != Kind::Template;
        self.decide("owner", Field { overridden, inferred, guess, demanded }, corrections, Some("group"));
    }

    fn ownership(&self) -> Ownership {
        let context = self.context;
        let part = self.thing.part.or_else(|| context.parts.nearest(self.thing.repository, &self.thing.path));
        let modules =
            || context.world.repositories[self.thing.repository].draft.as_ref().map(|draft| draft.modules.as_slice());
        // A template or definition without a component around it is owned like the root of its repository.
        let shares = match part {
            Some(part) => &context.parts.parts[part].module.owners,
            None => match modules().and_then(<[_]>::first) {
                Some(root) => &root.owners,
                None => return Ownership::default(),
            },
        };
        context.people.by_codeowners(&context.world, shares, self.thing.repository)
    }

    fn api(&mut self, corrections: &[&Correction]) {
        let context = self.context;
        let own = Some(self.thing.repository);
        if let Some(at) = self.thing.api {
            let draft = context.apis.apis[at].draft;
            let evidence = context.world.stamp(&draft.evidence, self.thing.repository, own);
            if self.entity.metadata.title.is_none() && self.thing.descriptor.is_none() {
                self.entity.metadata.title.clone_from(&draft.title);
            }
            if self.entity.metadata.description.is_none() && draft.description.is_some() {
                self.entity.metadata.description.clone_from(&draft.description);
                self.evidence.insert("/metadata/description".to_owned(), evidence.clone());
            }
            if self.entity.spec_str("type").is_none() {
                self.set("type", draft.api_type.clone(), evidence.clone());
            }
            if !self.entity.spec.contains_key("definition") && !self.entity.spec.contains_key("remotes") {
                self.entity
                    .spec
                    .insert("definition".to_owned(), serde_json::json!({ "$text": format!("./{}", draft.path) }));
                self.evidence.insert("/spec/definition".to_owned(), evidence);
            }
        }
        self.decide("type", Field { demanded: true, ..Field::default() }, corrections, None);
        let said = self.said();
        self.lifecycle(&SaidOf { lifecycle: said.lifecycle, ..SaidOf::default() }, corrections);
        self.owned(corrections, true);
    }

    fn template(&mut self, corrections: &[&Correction]) {
        let context = self.context;
        if let Some(template) = self.thing.template {
            let evidence = context.world.stamp(&template.evidence, self.thing.repository, Some(self.thing.repository));
            self.set("type", template.template_type.clone(), evidence);
            // The schema demands steps. What the template does is in its own files; running it comes with its dialect.
            self.entity.spec.insert("steps".to_owned(), Value::Array(Vec::new()));
            let facts = &context.world.repositories[self.thing.repository].facts;
            if let Some(description) = facts.description.as_ref().filter(|_| template.path.is_empty()) {
                self.entity.metadata.description = Some(description.value.clone());
                let evidence =
                    context.world.stamp(&description.evidence, self.thing.repository, Some(self.thing.repository));
                self.evidence.insert("/metadata/description".to_owned(), evidence);
            }
        }
        self.owned(corrections, true);
    }

    fn resource(&mut self, corrections: &[&Correction]) {
        let context = self.context;
        let store = self.thing.store.map(|at| &context.stores[at]);
        let inferred = store.map(|store| (store.resource_type.to_owned(), store.evidence.clone()));
        self.decide("type", Field { inferred, demanded: true, ..Field::default() }, corrections, None);
        self.owned(corrections, store.is_some());
    }

    /// Description, homepage and tags, where the descriptor has none.
    fn describe(&mut self) {
        let Some(part) = self.thing.part.map(|part| &self.context.parts.parts[part]) else { return };
        let own = Some(self.thing.repository);
        if let Some(fact) = part.module.description.as_ref().filter(|_| self.entity.metadata.description.is_none()) {
            self.entity.metadata.description = Some(fact.value.clone());
            self.evidence.insert(
                "/metadata/description".to_owned(),
                self.context.world.stamp(&fact.evidence, self.thing.repository, own),
            );
        }
        if self.entity.metadata.tags.is_empty() {
            self.entity.metadata.tags.clone_from(&part.module.tags);
        }
        if let Some(fact) = part.module.homepage.as_ref().filter(|_| self.entity.metadata.links.is_empty()) {
            let link = model::entity::Link {
                url: fact.value.clone(),
                title: Some("Homepage".to_owned()),
                icon: None,
                kind: None,
            };
            self.entity.metadata.links.push(link);
            self.evidence.insert(
                "/metadata/links/0".to_owned(),
                self.context.world.stamp(&fact.evidence, self.thing.repository, own),
            );
        }
    }

    fn said(&self) -> SaidOf<'b> {
        let name = &self.context.world.repositories[self.thing.repository].name;
        self.context.world.overrides.of(name, &self.thing.path)
    }

    fn overridden<T>(&self, rule: &str, said: Said<T>, value: String) -> (String, Evidence) {
        let why = format!("{} says so.", said.file);
        let own = Some(self.thing.repository);
        (value, self.context.world.evidence(rule, Confidence::Declared, why, said.holder, said.file, said.line, own))
    }

    fn set(&mut self, key: &str, value: String, evidence: Evidence) {
        self.entity.spec.insert(key.to_owned(), Value::String(value));
        self.evidence.insert(format!("/spec/{key}"), evidence);
    }

    /// A descriptor's word stands; then a person's, the overrides', what was inferred.
    fn decide(&mut self, key: &str, field: Field, corrections: &[&Correction], reference_kind: Option<&str>) {
        let pointer = format!("/spec/{key}");
        let correction = corrections.iter().find(|correction| correction.field == pointer);
        let normal = |text: &str| match reference_kind {
            Some(kind) => EntityRef::parse(text, Some(kind), self.entity_namespace())
                .map_or_else(|_| text.to_owned(), |reference| reference.to_string()),
            None => text.to_owned(),
        };
        let known = self.entity.spec_str(key).filter(|value| *value != UNKNOWN).map(str::to_owned);
        if let Some(known) = known {
            if let Some(value) = correction.and_then(|correction| correction.value.as_deref())
                && normal(value) != normal(&known)
                && let Some(descriptor) = self.thing.descriptor
            {
                self.findings.push(contradiction(descriptor, &pointer, &known, value));
            }
            return;
        }
        if let Some((correction, value)) =
            correction.and_then(|correction| Some((correction, correction.value.as_deref()?)))
        {
            let evidence =
                Evidence::new(&format!("{key}.correction"), Confidence::Declared, format!("Set by {}.", correction.by));
            let value = match reference_kind
                .and_then(|kind| EntityRef::parse(value, Some(kind), model::reference::DEFAULT_NAMESPACE).ok())
            {
                Some(reference) => owner_text(&reference),
                None => value.to_owned(),
            };
            return self.set(key, value, evidence);
        }
        if let Some((value, evidence)) = field.overridden.or(field.inferred) {
            return self.set(key, value, evidence);
        }
        // What a person rejected is not shown again.
        self.guesses.extend(field.guess.filter(|_| correction.is_none()));
        if field.demanded {
            self.entity.spec.insert(key.to_owned(), UNKNOWN.into());
        }
    }

    fn entity_namespace(&self) -> &str {
        self.entity.metadata.namespace.as_deref().unwrap_or(model::reference::DEFAULT_NAMESPACE)
    }

    /// Adds edges to a list of references; those that a descriptor names already stay where they are.
    fn list(&mut self, key: &str, edges: &BTreeMap<EntityRef, Evidence>, kind: Option<&str>) {
        let namespace = self.entity_namespace().to_owned();
        let mut items = match self.entity.spec.get(key) {
            Some(Value::Array(items)) => items.clone(),
            _ => Vec::new(),
        };
        let known: Vec<EntityRef> = items
            .iter()
            .filter_map(Value::as_str)
            .filter_map(|text| EntityRef::parse(text, kind, &namespace).ok())
            .collect();
        for (reference, evidence) in edges.iter().filter(|(reference, _)| !known.contains(reference)) {
            self.evidence.insert(format!("/spec/{key}/{}", items.len()), evidence.clone());
            let text = if kind.is_some() && reference.namespace == namespace {
                reference.name.clone()
            } else {
                reference.to_string()
            };
            items.push(Value::String(text));
        }
        if !items.is_empty() {
            self.entity.spec.insert(key.to_owned(), Value::Array(items));
        }
    }

    fn finish(self) -> CatalogEntity {
        let repository = self.context.world.repositories[self.thing.repository];
        let part = self.thing.part.map(|part| &self.context.parts.parts[part].module);
        let below = part
            .filter(|module| !module.path.is_empty() && !module.languages.is_empty())
            .map(|module| module.languages.clone());
        let whole = || {
            repository
                .facts
                .languages
                .iter()
                .take(LANGUAGES)
                .map(|language| (language.language.clone(), language.code))
                .collect()
        };
        let has_code = matches!(self.thing.kind, Kind::Component | Kind::Template);
        CatalogEntity {
            entity: self.entity,
            evidence: self.evidence,
            guesses: self.guesses,
            repository: Some(repository.id.clone()),
            path: self.thing.path.clone(),
            descriptor: self.thing.descriptor.map(|descriptor| descriptor.file.clone()),
            findings: self.findings,
            languages: if has_code { below.unwrap_or_else(whole) } else { Vec::new() },
            activity: repository.facts.activity.weeks.clone(),
            last_commit_at: repository.facts.last_commit.as_ref().map(|commit| commit.at),
            archived: repository.archived,
            visibility: repository.visibility,
        }
    }
}

fn pair(fact: &Fact<String>) -> (String, Evidence) {
    (fact.value.clone(), fact.evidence.clone())
}

fn guessed(field: &str, fact: &Fact<String>) -> Guess {
    Guess { field: field.to_owned(), value: fact.value.clone(), evidence: fact.evidence.clone() }
}

/// As written in `spec.owner`, where a group is understood.
fn owner_text(owner: &EntityRef) -> String {
    if owner.kind == "group" { owner.short() } else { owner.to_string() }
}

fn contradiction(descriptor: &DescriptorEntity, pointer: &str, declared: &str, corrected: &str) -> Finding {
    let (line, column) = descriptor.lines.get(pointer).copied().unwrap_or((descriptor.line, 1));
    let message =
        format!("{pointer} was set to \"{corrected}\" here, but {} says \"{declared}\", which holds.", descriptor.file);
    let help = "Change the descriptor, or take the correction back.";
    Finding::new("correction.contradicts", Level::Note, message, help).at(&descriptor.file, line, column)
}
