//! What each kind of entity says, and from whom it has it.

use model::catalog::Correction;
use model::{Confidence, Evidence, Kind};
use serde_json::Value;

use super::Building;
use super::fields::{Field, guessed, owner_text, pair};
use crate::link::forge::{Property, property, source_location};
use crate::link::names::name;
use crate::link::overrides::SaidOf;
use crate::link::people::Ownership;

/// What a template that was found by its files was written for.
const DIALECT: &str = "slipway/template-dialect";

impl Building<'_> {
    pub(super) fn component(&mut self, corrections: &[&Correction]) {
        let context = self.context;
        let part = self.thing.part.map(|part| &context.parts.parts[part]);
        let said = self.said();
        self.describe();
        let kind = Field {
            overridden: said.kind.map(|said| self.overridden("type.override", said, said.value.clone())),
            inferred: self.type_at_forge().or_else(|| part.and_then(|part| part.kind.as_ref()).map(pair)),
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
        if self.entity.spec_str("system").is_none()
            && let Some((value, evidence)) = property(&context.world, self.thing.repository, Property::System)
            && let Some(value) = name(&value)
        {
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

    pub(super) fn lifecycle(&mut self, said: &SaidOf, corrections: &[&Correction]) {
        let context = self.context;
        let part = self.thing.part.map(|part| &context.parts.parts[part]);
        let repository = context.world.repositories[self.thing.repository];
        let own = Some(self.thing.repository);
        let stated = part
            .and_then(|part| part.module.lifecycle.as_ref())
            .map(|fact| (fact.value.clone(), context.world.stamp(&fact.evidence, self.thing.repository, own)));
        let archived = repository.archived.then(|| {
            let evidence = Evidence::new("lifecycle.archived", Confidence::Corroborated, "The repository is archived.");
            ("deprecated".to_owned(), evidence)
        });
        let deployed = part.and_then(|part| part.deployed.as_ref()).map(|evidence| {
            ("production".to_owned(), Evidence { rule: "lifecycle.deployed".to_owned(), ..evidence.clone() })
        });
        let at_forge = || property(&context.world, self.thing.repository, Property::Lifecycle);
        let inferred = archived.or_else(at_forge).or(stated).or(deployed);
        let overridden = said.lifecycle.map(|said| self.overridden("lifecycle.override", said, said.value.clone()));
        self.decide("lifecycle", Field { overridden, inferred, guess: None, demanded: true }, corrections, None);
    }

    /// Decides the owner: by the ladder for what lies in a folder; only by descriptor and people for the rest.
    pub(super) fn owned(&mut self, corrections: &[&Correction], by_files: bool) {
        let context = self.context;
        let said = if by_files { self.said() } else { SaidOf::default() };
        let ownership = if by_files {
            context.people.at_forge(&context.world, self.thing.repository, self.ownership())
        } else {
            Ownership::default()
        };
        let overridden = said.owner.map(|said| {
            let (value, evidence) = self.overridden("owner.override", said, owner_text(said.value));
            (value, Evidence { authority: context.world.repositories[said.holder].policy.trusted, ..evidence })
        });
        let inferred = ownership.owner.map(|fact| (owner_text(&fact.value), fact.evidence));
        let guess = if by_files && overridden.is_none() && inferred.is_none() {
            ownership.guess.or_else(|| context.people.by_activity(&context.world, self.thing.repository))
        } else {
            None
        };
        let demanded = self.thing.kind != Kind::Template;
        self.decide("owner", Field { overridden, inferred, guess, demanded }, corrections, Some("group"));
    }

    pub(super) fn ownership(&self) -> Ownership {
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

    pub(super) fn api(&mut self, corrections: &[&Correction]) {
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

    pub(super) fn template(&mut self, corrections: &[&Correction]) {
        let context = self.context;
        if let Some(template) = self.thing.template {
            let evidence = context.world.stamp(&template.evidence, self.thing.repository, Some(self.thing.repository));
            self.set("type", template.template_type.clone(), evidence);
            // The schema demands steps. What the template does is in its own files; running it comes with its dialect.
            self.entity.spec.insert("steps".to_owned(), Value::Array(Vec::new()));
            if !template.questions.is_empty() {
                let asked = template.questions.iter().map(|question| (question.name.clone(), question.schema()));
                let page = serde_json::json!({ "title": "Questions", "properties": Value::Object(asked.collect()) });
                self.entity.spec.insert("parameters".to_owned(), Value::Array(vec![page]));
            }
            let annotations = &mut self.entity.metadata.annotations;
            annotations.insert(DIALECT.to_owned(), template.template_type.clone());
            self.entity.metadata.title.clone_from(&template.title);
            let facts = &context.world.repositories[self.thing.repository].facts;
            let whole = facts.description.as_ref().filter(|_| template.path.is_empty());
            if let Some(description) = template.description.as_ref().or(whole) {
                self.entity.metadata.description = Some(description.value.clone());
                let evidence =
                    context.world.stamp(&description.evidence, self.thing.repository, Some(self.thing.repository));
                self.evidence.insert("/metadata/description".to_owned(), evidence);
            }
        }
        self.owned(corrections, true);
    }

    pub(super) fn resource(&mut self, corrections: &[&Correction]) {
        let context = self.context;
        let store = self.thing.store.map(|at| &context.stores[at]);
        let inferred = store.map(|store| (store.resource_type.to_owned(), store.evidence.clone()));
        self.decide("type", Field { inferred, demanded: true, ..Field::default() }, corrections, None);
        self.owned(corrections, store.is_some());
    }

    /// What a custom property says that the repository is: of its root, or of the only component in it.
    fn type_at_forge(&self) -> Option<(String, Evidence)> {
        let parts = &self.context.parts.parts;
        let others = || parts.iter().filter(|part| part.repository == self.thing.repository).count() > 1;
        if !self.thing.path.is_empty() && others() {
            return None;
        }
        property(&self.context.world, self.thing.repository, Property::Type)
    }

    /// A team or person that a descriptor declares, and a forge knows too.
    pub(super) fn person(&mut self) {
        let people = &self.context.people;
        let reference = self.entity.reference();
        if let Some(teams) = people.member_of.get(&reference) {
            self.list("memberOf", teams, Some("group"));
        }
        if let Some(parent) = people.parents.get(&reference).filter(|_| !self.entity.spec.contains_key("parent")) {
            let evidence = Evidence::new("group.forge", Confidence::Corroborated, "GitHub says so of the team.");
            self.set("parent", parent.short(), evidence);
        }
    }

    /// Description, homepage and tags, where the descriptor has none.
    pub(super) fn describe(&mut self) {
        let has_tags = !self.entity.metadata.tags.is_empty();
        self.describe_at_forge();
        let Some(part) = self.thing.part.map(|part| &self.context.parts.parts[part]) else { return };
        let own = Some(self.thing.repository);
        if let Some(fact) = part.module.description.as_ref().filter(|_| self.entity.metadata.description.is_none()) {
            self.entity.metadata.description = Some(fact.value.clone());
            self.evidence.insert(
                "/metadata/description".to_owned(),
                self.context.world.stamp(&fact.evidence, self.thing.repository, own),
            );
        }
        if !has_tags {
            for tag in &part.module.tags {
                if !self.entity.metadata.tags.contains(tag) {
                    self.entity.metadata.tags.push(tag.clone());
                }
            }
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

    /// What the forge says of the whole repository, and so of what is at its root.
    fn describe_at_forge(&mut self) {
        let Some(facts) = &self.context.world.repositories[self.thing.repository].forge else { return };
        if !self.thing.path.is_empty() {
            return;
        }
        let say = |rule: &str, why: &str| Evidence::new(rule, Confidence::Corroborated, why);
        if let Some(description) = facts.description.as_ref().filter(|_| self.entity.metadata.description.is_none()) {
            self.entity.metadata.description = Some(description.clone());
            let evidence = say("description.forge", "The repository is described so at GitHub.");
            self.evidence.insert("/metadata/description".to_owned(), evidence);
        }
        if self.entity.metadata.tags.is_empty() {
            for (at, topic) in facts.topics.iter().enumerate() {
                let evidence = say("tags.topics", "The repository has this topic at GitHub.");
                self.evidence.insert(format!("/metadata/tags/{at}"), evidence);
                self.entity.metadata.tags.push(topic.clone());
            }
        }
        if let Some(homepage) = facts.homepage.as_ref().filter(|_| self.entity.metadata.links.is_empty()) {
            let title = Some("Homepage".to_owned());
            let link = model::entity::Link { url: homepage.clone(), title, icon: None, kind: None };
            self.entity.metadata.links.push(link);
            let evidence = say("links.homepage", "The repository names it at GitHub.");
            self.evidence.insert("/metadata/links/0".to_owned(), evidence);
        }
    }

    /// Where it is at the forge, as Backstage annotates it; what a descriptor says holds.
    pub(super) fn place_at_forge(&mut self) {
        let Some(facts) = &self.context.world.repositories[self.thing.repository].forge else { return };
        let annotations = &mut self.entity.metadata.annotations;
        if let Some(location) = source_location(facts, &self.thing.path) {
            annotations.entry("backstage.io/source-location".to_owned()).or_insert(location);
        }
        if !matches!(self.thing.kind, Kind::Group | Kind::User) && !facts.full_name.is_empty() {
            annotations.entry("github.com/project-slug".to_owned()).or_insert_with(|| facts.full_name.clone());
        }
    }
}
