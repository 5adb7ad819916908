//! Somebody's word against what was inferred.

pub(super) mod store;
#[cfg(test)]
mod tests;

use std::collections::HashMap;
use std::sync::Arc;

use model::catalog::{CatalogRow, Correction, Field};
use model::reference::DEFAULT_NAMESPACE;
use model::{EntityRef, Finding, Findings, Level};

use super::job;
use super::query::CatalogQuery;
use crate::identity::{Action, Actor, Resource, can};
use crate::{Error, Portal, Result, audit};

/// At one time.
const REFERENCES: usize = 2000;
const LONGEST_WORD: usize = 63;
const NEAREST: usize = 3;
/// How many letters of a name may be wrong; fewer of a short one.
const SLIPS: usize = 3;

/// What can be corrected, and the kinds that have it.
const FIELDS: [(&str, &[&str]); 4] = [
    ("/spec/owner", &["component", "api", "resource", "system", "domain", "template"]),
    ("/spec/type", &["component", "api", "resource"]),
    ("/spec/lifecycle", &["component", "api"]),
    (DEPENDENCIES, &["component"]),
];

/// Can only be rejected: dependencies are said where they are, in manifests and descriptors.
const DEPENDENCIES: &str = "/spec/dependsOn";

/// Sets `field` (a JSON pointer: `/spec/owner`, `/spec/type`, `/spec/lifecycle`) of every entity in `references`, or
/// rejects what is guessed for it (also for `/spec/dependsOn`) where `value` is `None`. The change can be read when this returns. Gives how many
/// entities were corrected.
///
/// # Errors
/// [`Error::Forbidden`] for who may not; [`Error::NotFound`] for an unknown entity; [`Error::Invalid`] for a field that
/// cannot be corrected, a value that cannot stand there, or an owner that does not exist. Nothing is changed then.
pub async fn correct(
    portal: &Portal,
    actor: &Actor,
    references: &[EntityRef],
    field: &str,
    value: Option<&str>,
) -> Result<usize> {
    can(actor, Action::Correct, Resource::Anything)?;
    let Some((field, kinds)) = FIELDS.iter().find(|(pointer, _)| *pointer == field) else {
        let known: Vec<&str> = FIELDS.iter().map(|(pointer, _)| *pointer).collect();
        let help = format!("These can: {}.", known.join(", "));
        return Err(invalid(vec![finding("correction.field", format!("\"{field}\" cannot be corrected here"), help)]));
    };
    let value = match value {
        Some(_) if *field == DEPENDENCIES => {
            let help = "Write it into the descriptor of the entity, or reject the guess.";
            let message = "Dependencies cannot be set here".to_owned();
            return Err(invalid(vec![finding("correction.field", message, help.to_owned())]));
        }
        Some(value) => Some(checked(portal, actor, field, value.trim())?),
        None => None,
    };
    let rows = rows(portal, actor, references, field, kinds)?;
    for row in &rows {
        can(actor, Action::Correct, Resource::Entity(row))?;
    }
    write(portal, actor, &rows, field, value.as_deref()).await?;
    job::relink(portal).await?;
    Ok(rows.len())
}

/// The rows of what is to be corrected, each once.
fn rows(
    portal: &Portal,
    actor: &Actor,
    references: &[EntityRef],
    field: &str,
    kinds: &[&str],
) -> Result<Vec<Arc<CatalogRow>>> {
    if references.is_empty() || references.len() > REFERENCES {
        let message = format!("{} entities were chosen", references.len());
        let help = format!("Choose at least one and at most {REFERENCES} at a time.");
        return Err(invalid(vec![finding("correction.entities", message, help)]));
    }
    let mut known: HashMap<EntityRef, Arc<CatalogRow>> = portal.index().read().named(references, actor.readable())?;
    let mut rows = Vec::new();
    let mut findings = Vec::new();
    for reference in references {
        match known.remove(reference) {
            Some(row) if kinds.contains(&row.reference.kind.as_str()) => rows.push(row),
            Some(row) => {
                let key = field.rsplit('/').next().unwrap_or_default();
                let message = format!("{reference} is of kind {}, which has no {key}", row.kind);
                findings.push(finding(
                    "correction.kind",
                    message,
                    format!("Kinds that have one: {}.", kinds.join(", ")),
                ));
            }
            // Named twice.
            None if rows.iter().any(|row| row.reference == *reference) => {}
            None => return Err(Error::not_found(reference)),
        }
    }
    if findings.is_empty() { Ok(rows) } else { Err(invalid(findings)) }
}

/// Each correction with its row in the audit log, all or none.
async fn write(
    portal: &Portal,
    actor: &Actor,
    rows: &[Arc<CatalogRow>],
    field: &str,
    value: Option<&str>,
) -> Result<()> {
    let now = portal.clock().now();
    let mut tx = portal.db().begin().await?;
    for row in rows {
        let correction = Correction {
            reference: row.reference.clone(),
            field: field.to_owned(),
            value: value.map(str::to_owned),
            by: actor.name().to_owned(),
            at: now,
        };
        let before = match store::write(&mut tx, &correction).await? {
            Some(corrected) => corrected,
            None => present(row, field),
        };
        let target = format!("{}#{field}", row.reference);
        let change = audit::Change {
            action: if value.is_some() { "catalog.correct" } else { "catalog.reject" },
            target: &target,
            before: before.as_deref(),
            after: value,
            account: None,
        };
        audit::record(&mut tx, actor, now, change).await?;
    }
    tx.commit().await
}

fn present(row: &CatalogRow, field: &str) -> Option<String> {
    match field {
        "/spec/owner" => row.owner.as_ref().map(ToString::to_string),
        "/spec/type" => row.spec_type.clone(),
        "/spec/lifecycle" => row.lifecycle.clone(),
        _ => None,
    }
}

/// The value as it is stored.
fn checked(portal: &Portal, actor: &Actor, field: &str, value: &str) -> Result<String> {
    if field == "/spec/owner" {
        return owner(portal, actor, value).map(|owner| owner.to_string());
    }
    let is_word = !value.is_empty()
        && value.chars().count() <= LONGEST_WORD
        && value.chars().all(|c| c.is_ascii_alphanumeric() || "-_.+#".contains(c));
    if is_word {
        return Ok(value.to_owned());
    }
    let message = format!("\"{}\" cannot be a {}", shortened(value), field.rsplit('/').next().unwrap_or_default());
    let help = match field {
        "/spec/type" => "Write one word, such as service, library, website, cli or job.",
        _ => "Write one word, such as experimental, production or deprecated.",
    };
    Err(invalid(vec![finding("correction.value", message, help.to_owned())]))
}

/// The owner that `value` names, if there is one.
pub(crate) fn owner(portal: &Portal, actor: &Actor, value: &str) -> Result<EntityRef> {
    let reference = EntityRef::parse(value, Some("group"), DEFAULT_NAMESPACE).map_err(|error| {
        let help = "Write the name of a team, as payments, or a person, as user:jane.".to_owned();
        invalid(vec![finding("correction.owner", error.to_string(), help)])
    })?;
    let reading = portal.index().read();
    let exists = reading.named(std::slice::from_ref(&reference), actor.readable())?.contains_key(&reference);
    if exists && matches!(reference.kind.as_str(), "group" | "user") {
        return Ok(reference);
    }
    let all = CatalogQuery::all(actor).with(Field::Kind, "group").with(Field::Kind, "user");
    let known = reading.all(&all, Default::default())?;
    let message = match exists {
        true => format!("{reference} is of kind {}, which cannot own anything", reference.kind),
        false => format!("There is no team or person \"{}\"", shortened(value)),
    };
    Err(invalid(vec![finding("correction.owner", message, nearest(&reference, &known))]))
}

/// Names that are alike, or how to get one into the catalog.
fn nearest(wanted: &EntityRef, known: &[Arc<CatalogRow>]) -> String {
    let most = (wanted.name.chars().count() / 3).clamp(1, SLIPS);
    let slips = |row: &CatalogRow| {
        let name = &row.reference.name;
        let begins = wanted.name.len() > SLIPS && name.starts_with(&wanted.name);
        if begins { 0 } else { strsim::damerau_levenshtein(&wanted.name, name) }
    };
    let mut alike: Vec<(usize, String)> =
        known.iter().map(|row| (slips(row), super::row::short(&row.reference, "group"))).collect();
    alike.retain(|(slips, _)| *slips <= most);
    alike.sort();
    let names: Vec<String> = alike.into_iter().take(NEAREST).map(|(_, name)| name).collect();
    match names.is_empty() {
        false => format!("Did you mean {}?", names.join(", ")),
        true => "Teams come from CODEOWNERS files and from descriptors of kind Group; add one, then sync.".to_owned(),
    }
}

fn shortened(text: &str) -> String {
    text.chars().take(LONGEST_WORD + 1).collect()
}

fn finding(rule: &str, message: String, help: String) -> Finding {
    Finding::new(rule, Level::Error, message, help)
}

fn invalid(findings: Vec<Finding>) -> Error {
    Error::Invalid(Findings::from(findings))
}
