//! `slipway.overrides.yaml`: what people say where inference is wrong or silent, in one file of any repository.
//!
//! ```yaml
//! overrides:
//!   # Globs over names of repositories, and over folders in them; a single text will do for one.
//!   - repositories: [payments-*, legacy/ledger]
//!     paths: [services/**]          # without it: the whole repository
//!     owner: payments               # a group, or user:…
//!     type: service
//!     system: checkout
//!     lifecycle: production
//!   - repositories: playground-*
//!     ignore: true
//!   - repositories: monorepo
//!     paths: services/api
//!     name: payments-api
//! teams:                            # other names of a team, in CODEOWNERS and elsewhere
//!   payments: ["@acme/payments", payments@acme.example]
//! bots: ["ci-*", "dependabot[bot]"] # accounts that are no people
//! internal:
//!   registries: [registry.acme.example]
//!   hosts: ["*.acme.example"]
//! ```

mod emit;
mod read;
#[cfg(test)]
mod tests;

use model::EntityRef;
use serde::{Deserialize, Serialize};

pub use self::emit::to_yaml;
pub use self::read::parse;

/// The name of the file, at the root of a repository.
pub const FILE_NAME: &str = "slipway.overrides.yaml";

/// What one overrides file says. Later rules win over earlier ones, field by field.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Overrides {
    pub file: String,
    pub rules: Vec<OverrideRule>,
    pub teams: Vec<TeamAliases>,
    /// Logins, names or e-mail addresses of accounts that are no people.
    pub bots: Vec<Pattern>,
    /// Package and image registries whose content is the organisation's own.
    pub registries: Vec<Pattern>,
    /// Hosts at which the organisation's own services answer.
    pub hosts: Vec<Pattern>,
}

/// One entry of `overrides`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct OverrideRule {
    pub line: u32,
    /// Over the repository's name; never empty.
    pub repositories: Vec<Pattern>,
    /// Over the component's folder in the repository (`.` is the root); empty means every folder.
    pub paths: Vec<Pattern>,
    pub set: Settings,
}

/// What a rule says; `None` says nothing.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Settings {
    pub owner: Option<Setting<EntityRef>>,
    pub kind: Option<Setting<String>>,
    pub system: Option<Setting<EntityRef>>,
    pub lifecycle: Option<Setting<String>>,
    pub name: Option<Setting<String>>,
    pub ignore: Option<Setting<bool>>,
}

/// A value and where it stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Setting<T> {
    pub value: T,
    pub line: u32,
    pub column: u32,
}

/// Other names of one team.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct TeamAliases {
    pub team: EntityRef,
    /// `@acme/payments`, `payments@example.com`; compared without regard to case.
    pub aliases: Vec<String>,
    pub line: u32,
}

/// A glob with its place. `*` does not cross a `/`, `**` does; case counts only in paths.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Pattern {
    pub text: String,
    pub line: u32,
    pub column: u32,
}
