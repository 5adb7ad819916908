//! The edits of descriptors that a wish takes.

use engine_catalog::descriptor::edit;
use model::catalog::{EntityDetail, UNKNOWN};
use model::{EntityRef, Kind};
use sha2::{Digest, Sha256};

use super::{FileEdit, Planned, Wish};
use crate::identity::Actor;
use crate::{Error, Portal, Result, catalog, repositories};

/// What a descriptor is called where there is none yet.
const FILE: &str = "catalog-info.yaml";
/// The values that are filled in where a descriptor is silent.
const FIELDS: [&str; 3] = ["type", "lifecycle", "owner"];
/// Longer keys are told apart by their hash in the branch alone.
const LONGEST_KEY: usize = 400;

/// Puts edits, title and text into a plan; a problem where it cannot be.
pub async fn fill(portal: &Portal, actor: &Actor, wish: &Wish, planned: &mut Planned) -> Result<()> {
    let references = match wish {
        Wish::Owner(_) => planned.entities.clone(),
        // All of them: two descriptors for one folder would contradict each other.
        Wish::Descriptor => {
            let detail = repositories::get(portal, actor, &planned.repository).await?;
            detail.entities.into_iter().map(|row| row.reference).collect()
        }
    };
    let mut files = Files::default();
    let mut lines = Vec::new();
    for reference in &references {
        let detail = catalog::entity(portal, actor, reference).await?;
        if !has_descriptor(&detail.row.kind) {
            if matches!(wish, Wish::Owner(_)) {
                planned.problem = Some(format!("{reference} has no owner, since it is of kind {}.", detail.row.kind));
                return Ok(());
            }
            continue;
        }
        let path = detail.entity.descriptor.clone().unwrap_or_else(|| descriptor_path(&detail.entity.path));
        let text = match files.text(portal, actor, &planned.repository, &path).await {
            Ok(text) => text,
            Err(Error::Conflict(why)) => {
                planned.problem = Some(why);
                return Ok(());
            }
            Err(error) => return Err(error),
        };
        let written = match detail.entity.descriptor {
            Some(_) => edited(&text.unwrap_or_default(), &detail, wish),
            None => added(&text.unwrap_or_default(), &detail, wish),
        };
        match written {
            Ok(text) => files.set(&path, text),
            Err(finding) => {
                let place = if finding.line > 0 { format!("{path}:{}", finding.line) } else { path };
                planned.problem = Some(format!("{place}: {}. {}", finding.message, finding.help));
                return Ok(());
            }
        }
        lines.push(line(&detail, wish));
        if matches!(wish, Wish::Descriptor) && detail.row.owner.is_none() {
            planned
                .notes
                .push(format!("The owner of {} is not known, and stands there so.", detail.row.reference.name));
        }
    }
    planned.edits = files.edits();
    words(wish, planned, &lines);
    Ok(())
}

fn has_descriptor(kind: &str) -> bool {
    let kinds = [Kind::Component, Kind::Api, Kind::Resource, Kind::System, Kind::Domain];
    kind.parse().is_ok_and(|kind: Kind| kinds.contains(&kind))
}

fn descriptor_path(folder: &str) -> String {
    if folder.is_empty() { FILE.to_owned() } else { format!("{folder}/{FILE}") }
}

/// A descriptor with what it lacks, or with another owner.
fn edited(text: &str, detail: &EntityDetail, wish: &Wish) -> std::result::Result<String, model::Finding> {
    let reference = &detail.row.reference;
    if let Wish::Owner(owner) = wish {
        return match owner_in(text, reference).as_ref() == Some(owner) {
            true => Ok(text.to_owned()),
            false => edit::set_spec(text, reference, "owner", &catalog::owner_value(owner)),
        };
    }
    let mut text = text.to_owned();
    for field in FIELDS {
        let Some(value) = known(detail, field) else { continue };
        let there = edit::spec_text(&text, reference, field).filter(|there| !there.is_empty());
        // What a file says holds.
        if there.is_none_or(|there| there == UNKNOWN) {
            let value = match value.parse::<EntityRef>() {
                Ok(owner) if field == "owner" => catalog::owner_value(&owner),
                _ => value,
            };
            text = edit::set_spec(&text, reference, field, &value)?;
        }
    }
    Ok(text)
}

/// The descriptor of something that has none, at the end of its file.
fn added(text: &str, detail: &EntityDetail, wish: &Wish) -> std::result::Result<String, model::Finding> {
    let mut entity = detail.entity.entity.clone();
    let owner = match wish {
        Wish::Owner(owner) => Some(owner.clone()),
        Wish::Descriptor => detail.row.owner.clone(),
    };
    if let Some(owner) = owner {
        entity.spec.insert("owner".to_owned(), catalog::owner_value(&owner).into());
    }
    entity.relations.clear();
    let document = catalog::descriptor(&entity).map_err(|error| {
        model::Finding::new("descriptor.edit", model::Level::Error, error.to_string(), "Write it by hand.")
    })?;
    edit::append(text, &document)
}

/// What is known of a field, and not only guessed.
fn known(detail: &EntityDetail, field: &str) -> Option<String> {
    match field {
        "owner" => detail.row.owner.as_ref().map(ToString::to_string),
        field => detail.entity.entity.spec_str(field).filter(|value| *value != UNKNOWN).map(str::to_owned),
    }
}

fn owner_in(text: &str, reference: &EntityRef) -> Option<EntityRef> {
    let written = edit::spec_text(text, reference, "owner")?;
    EntityRef::parse(&written, Some("group"), &reference.namespace).ok()
}

/// One line of the text of the pull request.
fn line(detail: &EntityDetail, wish: &Wish) -> String {
    let row = &detail.row;
    let what = match row.spec_type.as_deref().filter(|spec_type| *spec_type != UNKNOWN) {
        Some(spec_type) => format!("{} `{}` ({spec_type})", row.kind, row.reference.name),
        None => format!("{} `{}`", row.kind, row.reference.name),
    };
    let pointer = "/spec/owner";
    match (wish, &row.owner) {
        (Wish::Owner(_), Some(before)) => format!("- {what}: until now {}", catalog::owner_value(before)),
        (Wish::Owner(_), None) => format!("- {what}: until now unknown"),
        (Wish::Descriptor, Some(owner)) => {
            let why = detail.entity.evidence.get(pointer).map_or(String::new(), |why| format!(": {}", why.why));
            format!("- {what}, owned by {}{why}", catalog::owner_value(owner))
        }
        (Wish::Descriptor, None) => format!("- {what}, whose owner is not known"),
    }
}

fn words(wish: &Wish, planned: &mut Planned, lines: &[String]) {
    let list = lines.join("\n");
    match wish {
        Wish::Descriptor => {
            let is_new = planned.edits.iter().all(|edit| edit.before.is_none());
            planned.title = format!("{} {FILE}", if is_new { "Add" } else { "Complete" });
            planned.text = format!(
                "Slipway read this repository, and this is what it concluded:\n\n{list}\n\nMerged, the file says it instead, and \
                 can be corrected here. Nothing else changes."
            );
            planned.key = "catalog-info:".to_owned();
        }
        Wish::Owner(owner) => {
            let owner = catalog::owner_value(owner);
            let what = match planned.entities.as_slice() {
                [one] => one.name.clone(),
                many => format!("{} entities", many.len()),
            };
            planned.title = format!("Make {owner} the owner of {what}");
            planned.text = format!("The owner shall be **{owner}**:\n\n{list}");
            let mut names: Vec<String> = planned.entities.iter().map(ToString::to_string).collect();
            names.sort_unstable();
            let names = names.join(",");
            planned.key = match names.len() <= LONGEST_KEY {
                true => format!("owner:{names}"),
                false => format!("owner:{}", hash(&names)),
            };
        }
    }
}

fn hash(text: &str) -> String {
    Sha256::digest(text).iter().take(16).map(|byte| format!("{byte:02x}")).collect()
}

/// The files of one plan as they are, and as they shall be.
#[derive(Default)]
struct Files(Vec<(String, Option<String>, Option<String>)>);

impl Files {
    /// As it shall be so far.
    async fn text(&mut self, portal: &Portal, actor: &Actor, slug: &str, path: &str) -> Result<Option<String>> {
        if let Some((_, _, after)) = self.0.iter().find(|(known, ..)| known == path) {
            return Ok(after.clone());
        }
        let text = repositories::text(portal, actor, slug, path).await?;
        self.0.push((path.to_owned(), text.clone(), text.clone()));
        Ok(text)
    }

    fn set(&mut self, path: &str, text: String) {
        if let Some((_, _, after)) = self.0.iter_mut().find(|(known, ..)| known == path) {
            *after = Some(text);
        }
    }

    fn edits(self) -> Vec<FileEdit> {
        let changed = self.0.into_iter().filter(|(_, before, after)| before != after);
        changed.map(|(path, before, after)| FileEdit { path, before, after }).collect()
    }
}
