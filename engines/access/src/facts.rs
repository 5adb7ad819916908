//! What the rules need to know of the world. A portal fills it from its catalog, a bundle carries an excerpt.

use std::collections::{BTreeMap, BTreeSet};

use model::EntityRef;
use serde::{Deserialize, Serialize};

use crate::manifest::Manifest;
use crate::operation::Operation;
use crate::terms::{Approvers, Policy, Terms};

/// What is known of everything that a manifest [mentions](Mentions).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Facts {
    /// Those that the configuration names.
    pub environments: BTreeSet<String>,
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub components: BTreeMap<EntityRef, Home>,
    pub apis: BTreeMap<EntityRef, Api>,
    /// The people of each group, without bots.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub groups: BTreeMap<EntityRef, BTreeSet<EntityRef>>,
    /// What holds where no policy of an API matches.
    pub default_policy: Policy,
}

/// Whether a component comes from the repository whose manifest is looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Home {
    Here,
    Elsewhere,
}

/// An API of the catalog.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Api {
    /// The components that provide it.
    pub providers: BTreeSet<EntityRef>,
    /// Its group, where somebody with authority vouches for it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub owner: Option<EntityRef>,
    /// As the default branch of its provider has them.
    pub terms: Terms,
    /// The commit from which the terms were read.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub version: Option<String>,
    /// Those of its description; `None` where it has none that could be read.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub operations: Option<BTreeSet<Operation>>,
}

/// What a manifest names, to be looked up.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Mentions {
    pub components: BTreeSet<EntityRef>,
    pub apis: BTreeSet<EntityRef>,
    /// Without those that own the APIs, which are known only when these were looked up, and those of their policies.
    pub groups: BTreeSet<EntityRef>,
}

impl Mentions {
    pub fn of(manifest: &Manifest) -> Self {
        let mut mentions = Self::default();
        mentions.components.insert(manifest.component.value.clone());
        mentions.apis.extend(manifest.requires.iter().map(|requirement| requirement.api.value.clone()));
        for exposure in &manifest.exposes {
            mentions.apis.insert(exposure.api.value.clone());
            mentions.components.extend(exposure.terms.consumers.iter().map(|rule| rule.component.value.clone()));
            mentions.groups.extend(approving_groups(&exposure.terms));
        }
        mentions
    }
}

/// The groups that the policies of these terms ask, without the owner.
pub fn approving_groups(terms: &Terms) -> impl Iterator<Item = EntityRef> + '_ {
    let needs = terms.policies.iter().map(|policy| policy.needs());
    needs.flatten().filter_map(|need| match &need.from {
        Approvers::Group(group) => Some(group.clone()),
        Approvers::Owner => None,
    })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;
    use crate::manifest::{FILE_NAME, parse};

    #[test]
    fn everything_that_a_manifest_names_is_looked_up() {
        let text = include_str!("../../../fuzz/corpus/access_manifest/whole.yaml");
        let Mentions { components, apis, groups } = Mentions::of(&parse(FILE_NAME, text).unwrap());
        let said = |all: BTreeSet<EntityRef>| all.iter().map(EntityRef::short).collect::<Vec<_>>().join(" ");
        assert_eq!(said(components), "checkout fraud marketing");
        assert_eq!(said(apis), "checkout payments users");
        assert_eq!(said(groups), "security");
    }
}
