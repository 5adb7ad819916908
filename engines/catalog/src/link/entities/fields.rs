//! One field of an entity: whose word holds, and what is said beside it.

use model::catalog::Correction;
use model::{Confidence, EntityRef, Evidence, Fact, Finding, Guess, Level};

use super::{Building, UNKNOWN};
use crate::descriptor::DescriptorEntity;
use crate::link::overrides::Said;

/// What may stand in one field, from the strongest to the weakest word.
#[derive(Default)]
pub(super) struct Field {
    pub(super) overridden: Option<(String, Evidence)>,
    pub(super) inferred: Option<(String, Evidence)>,
    pub(super) guess: Option<Guess>,
    /// [`UNKNOWN`] is written where nothing is known.
    pub(super) demanded: bool,
}

impl Building<'_> {
    pub(super) fn overridden<T>(&self, rule: &str, said: Said<T>, value: String) -> (String, Evidence) {
        let why = format!("{} says so.", said.file);
        let own = Some(self.thing.repository);
        (value, self.context.world.evidence(rule, Confidence::Declared, why, said.holder, said.file, said.line, own))
    }

    /// A descriptor's word stands; then a person's, the overrides', what was inferred.
    pub(super) fn decide(
        &mut self,
        key: &str,
        field: Field,
        corrections: &[&Correction],
        reference_kind: Option<&str>,
    ) {
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
}

pub(super) fn pair(fact: &Fact<String>) -> (String, Evidence) {
    (fact.value.clone(), fact.evidence.clone())
}

pub(super) fn guessed(field: &str, fact: &Fact<String>) -> Guess {
    Guess { field: field.to_owned(), value: fact.value.clone(), evidence: fact.evidence.clone() }
}

/// As written in `spec.owner`, where a group is understood.
pub(super) fn owner_text(owner: &EntityRef) -> String {
    if owner.kind == "group" { owner.short() } else { owner.to_string() }
}

pub(super) fn contradiction(descriptor: &DescriptorEntity, pointer: &str, declared: &str, corrected: &str) -> Finding {
    let (line, column) = descriptor.lines.get(pointer).copied().unwrap_or((descriptor.line, 1));
    let message =
        format!("{pointer} was set to \"{corrected}\" here, but {} says \"{declared}\", which holds.", descriptor.file);
    let help = "Change the descriptor, or take the correction back.";
    Finding::new("correction.contradicts", Level::Note, message, help).at(&descriptor.file, line, column)
}
