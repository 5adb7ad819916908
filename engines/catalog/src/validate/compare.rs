//! What only shows when several entities are looked at together. Backstage accepts all of it, so nothing is an error.

use std::collections::{BTreeMap, BTreeSet};

use model::{EntityRef, Finding, Level};

use crate::descriptor::{self, DescriptorEntity};

/// Entities of one name, and references to entities that are not there.
pub fn compare(entities: &[DescriptorEntity]) -> Vec<Finding> {
    let mut findings = Vec::new();
    let mut known: BTreeMap<EntityRef, &DescriptorEntity> = BTreeMap::new();
    for declared in entities {
        let reference = declared.entity.reference();
        match known.get(&reference) {
            Some(first) => findings.push(duplicate(&reference, first, declared)),
            None => {
                known.insert(reference, declared);
            }
        }
    }
    let mut missing = BTreeSet::new();
    for declared in entities {
        for edge in descriptor::relations(&declared.entity).edges {
            if known.contains_key(&edge.target) || !missing.insert(edge.target.clone()) {
                continue;
            }
            let at = declared.lines.get(&edge.pointer).copied().unwrap_or((declared.line, 0));
            findings.push(dangling(&edge.target, &known).at(&declared.file, at.0, at.1));
        }
    }
    findings
}

fn duplicate(reference: &EntityRef, first: &DescriptorEntity, second: &DescriptorEntity) -> Finding {
    let at = second.lines.get("/metadata/name").copied().unwrap_or((second.line, 0));
    let message = format!("{reference} is declared in {}:{} already; the first one counts.", first.file, first.line);
    let help = "Rename one of the two, or put it into another namespace.";
    Finding::new("descriptor.duplicate", Level::Warning, message, help).at(&second.file, at.0, at.1)
}

/// A warning where entities of that kind and namespace are declared here, so that this one should be among them; else
/// only a note, since it may well live in another repository.
fn dangling(target: &EntityRef, known: &BTreeMap<EntityRef, &DescriptorEntity>) -> Finding {
    let alike = || known.keys().filter(|other| other.kind == target.kind && other.namespace == target.namespace);
    let near = crate::yaml::nearest(&target.name, alike().map(|other| other.name.as_str()));
    let level = if alike().next().is_some() { Level::Warning } else { Level::Note };
    let help = match near {
        Some(near) => format!("Did you mean `{near}`?"),
        None => "Nothing needs to be done if it is declared elsewhere.".to_owned(),
    };
    Finding::new("descriptor.dangling", level, format!("{target} is not declared in what was checked."), help)
}
