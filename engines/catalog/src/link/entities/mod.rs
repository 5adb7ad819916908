//! Puts an entity together: what a descriptor says, a person's word, the overrides, then what was inferred, field by
//! field, each with its evidence.

mod fields;
mod kinds;

use std::collections::BTreeMap;

use model::catalog::CatalogEntity;
use model::{Confidence, Entity, EntityRef, Evidence, Finding, Guess, Kind};
use serde_json::Value;

use super::Context;
use super::overrides::SaidOf;
use super::things::Thing;
use crate::descriptor::DescriptorEntity;

/// Stands where Backstage's schema demands a value that nobody knows.
pub(in crate::link) const UNKNOWN: &str = model::catalog::UNKNOWN;

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

pub(in crate::link) fn build(context: &Context, thing: &Thing, reference: &EntityRef) -> CatalogEntity {
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
        Kind::Group | Kind::User => building.person(),
        Kind::Location => {}
    }
    building.place_at_forge();
    building.finish()
}

impl<'b> Building<'b> {
    /// Evidence for every field that the descriptor fills.
    fn declared(&mut self, descriptor: &DescriptorEntity) {
        let own = Some(self.thing.repository);
        let policy = self.context.world.reach.policy(self.thing.repository, &descriptor.file);
        let is_trusted = policy.is_some_and(|policy| policy.trusted);
        if let Some(named) = self.evidence.get_mut("/metadata/name") {
            named.authority = is_trusted && matches!(self.thing.kind, Kind::Group | Kind::User);
        }
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
            let mut evidence = self.context.world.evidence(
                rule,
                Confidence::Declared,
                why,
                self.thing.repository,
                &descriptor.file,
                *line,
                own,
            );
            evidence.authority = is_trusted && pointer == "/spec/owner";
            self.evidence.insert(pointer.clone(), evidence);
        }
        let end = self.context.next_document(self.thing.repository, descriptor);
        let draft = self.context.world.repositories[self.thing.repository].draft.as_ref();
        let findings = draft.into_iter().flat_map(|draft| &draft.findings);
        let own = findings
            .filter(|finding| finding.file == descriptor.file && (descriptor.line..end).contains(&finding.line));
        self.findings.extend(own.cloned());
    }

    fn said(&self) -> SaidOf<'b> {
        let name = &self.context.world.repositories[self.thing.repository].name;
        self.context.world.overrides.of(name, &self.thing.path)
    }

    fn set(&mut self, key: &str, value: String, evidence: Evidence) {
        self.entity.spec.insert(key.to_owned(), Value::String(value));
        self.evidence.insert(format!("/spec/{key}"), evidence);
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
