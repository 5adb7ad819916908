//! `access.yaml`: what a component needs, and on what terms it offers its own APIs.
//!
//! `docs/access.md` shows one with every key.

mod policy;
pub(crate) mod read;
pub(crate) mod reader;
mod schema;
#[cfg(test)]
mod tests;

use model::{EntityRef, Finding, Findings, Level};

pub(crate) use self::policy::PATTERN_SIZE;
pub use self::schema::{SCHEMA_ADDRESS, schema};
use crate::at::{At, Place};
use crate::atom::Atom;
use crate::terms::Terms;
use crate::time::Expiry;

/// The name of the file, at the root of a repository.
pub const FILE_NAME: &str = "access.yaml";

pub const API_VERSION: &str = "slipway.dev/v1";
pub const KIND: &str = "AccessManifest";

/// A longer file is not read.
pub const MOST_BYTES: usize = 2_000_000;

/// How many atoms one manifest may require.
pub const MOST_ATOMS: usize = 10_000;

/// What one `access.yaml` says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Manifest {
    /// The component that requires and exposes.
    pub component: At<EntityRef>,
    pub requires: Vec<Requirement>,
    pub exposes: Vec<Exposure>,
}

/// One entry of `requires`: each of its scopes in each of its environments is one atom.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Requirement {
    pub api: At<EntityRef>,
    pub scopes: Vec<At<String>>,
    pub environments: Vec<At<String>>,
    pub justification: Option<At<String>>,
    pub ticket: Option<At<String>>,
    /// Without it: as long as the policy allows.
    pub expires: Option<At<Expiry>>,
    /// Whether the component also works without it.
    pub optional: bool,
}

/// One entry of `exposes`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Exposure {
    pub api: At<EntityRef>,
    pub terms: Terms,
}

/// One atom of a manifest.
#[derive(Debug, Clone)]
pub struct Required<'a> {
    pub atom: Atom,
    /// Where its scope stands.
    pub place: Place,
    pub requirement: &'a Requirement,
}

impl Manifest {
    /// Everything that is required, in the order of the file; what stands there twice comes twice.
    pub fn atoms(&self) -> impl Iterator<Item = Required<'_>> {
        self.requires.iter().flat_map(|requirement| {
            requirement.scopes.iter().flat_map(|scope| {
                requirement.environments.iter().map(|environment| Required {
                    atom: Atom {
                        consumer: self.component.value.clone(),
                        api: requirement.api.value.clone(),
                        scope: scope.value.clone(),
                        environment: environment.value.clone(),
                    },
                    place: scope.place,
                    requirement,
                })
            })
        })
    }

    /// The terms on which this manifest offers `api`.
    pub fn terms(&self, api: &EntityRef) -> Option<&Terms> {
        self.exposes.iter().find(|exposure| exposure.api.value == *api).map(|exposure| &exposure.terms)
    }
}

/// Reads a manifest; `file` names it in findings.
///
/// # Errors
/// It cannot be read, or a part of it cannot (ACC001, ACC002, ACC010): everything that is wrong is said at once, and
/// nothing is taken from such a file, since what would be missing of it would look as if it had been removed.
pub fn parse(file: &str, text: &str) -> Result<Manifest, Findings> {
    match read_leniently(file, text) {
        (Some(manifest), findings) if findings.iter().all(|finding| finding.level < Level::Error) => Ok(manifest),
        (_, findings) => Err(findings.into()),
    }
}

/// The component that a manifest is of, as far as that can be read of one that is wrong elsewhere.
pub fn component(text: &str) -> Option<EntityRef> {
    read::component(text)
}

/// The text of a file.
///
/// # Errors
/// It is not UTF-8 (ACC001).
pub fn decode<'a>(file: &str, bytes: &'a [u8]) -> Result<&'a str, Finding> {
    engine_yaml::decode(bytes).map_err(|error| read::unreadable(file, &error))
}

/// What can be read of a manifest, to say more of it; and what is wrong.
pub(crate) fn read_leniently(file: &str, text: &str) -> (Option<Manifest>, Vec<Finding>) {
    read::read(file, text)
}
