//! What forges say beyond Git: people with their teams, and custom properties of repositories.
//!
//! A forge's own word counts as declared where it names what we look for (`reference/inference.md`, "Owner", third and
//! fifth step).

use model::repository::ForgeFacts;
use model::{Confidence, Evidence};

use super::world::World;

/// The people of an organisation at a forge.
#[derive(Debug, Clone, Default)]
pub struct ForgePeople {
    /// The source whose repositories they have rights in.
    pub source: String,
    /// `acme`, as in `@acme/payments`.
    pub organisation: String,
    pub teams: Vec<ForgeTeam>,
    pub members: Vec<ForgeMember>,
}

#[derive(Debug, Clone, Default)]
pub struct ForgeTeam {
    /// `payments`, as in `@acme/payments`.
    pub slug: String,
    pub name: String,
    pub description: Option<String>,
    /// Seen by its members only.
    pub secret: bool,
    /// The slug of the team that it is a part of.
    pub parent: Option<String>,
    /// Logins.
    pub members: Vec<String>,
}

#[derive(Debug, Clone, Default)]
pub struct ForgeMember {
    pub login: String,
    pub name: Option<String>,
}

/// A team that administers or maintains a repository.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TeamRight {
    pub team: String,
    pub admin: bool,
}

/// What a custom property may say.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Property {
    Owner,
    Lifecycle,
    System,
    Type,
}

/// Words that mean something to everybody; others of a property named `type` may be about anything.
const TYPES: [&str; 9] =
    ["service", "website", "library", "cli", "job", "infrastructure", "documentation", "gateway", "template"];
const LIFECYCLES: [&str; 3] = ["experimental", "production", "deprecated"];

impl Property {
    /// How it may be called: without regard to case, `-`, `_` and spaces.
    fn names(self) -> &'static [&'static str] {
        match self {
            Self::Owner => &["owner", "serviceowner", "team", "owningteam", "ownerteam", "teamowner"],
            Self::Lifecycle => &["lifecycle"],
            Self::System => &["system"],
            Self::Type => &["type", "componenttype", "servicetype"],
        }
    }

    fn rule(self) -> &'static str {
        match self {
            Self::Owner => "owner.property",
            Self::Lifecycle => "lifecycle.property",
            Self::System => "system.property",
            Self::Type => "type.property",
        }
    }

    fn accepts(self, value: &str) -> bool {
        match self {
            Self::Owner | Self::System => true,
            Self::Lifecycle => LIFECYCLES.contains(&value),
            Self::Type => TYPES.contains(&value),
        }
    }
}

/// What the one custom property that speaks of `wanted` says of a repository; of several values or properties that
/// contradict each other nothing is said.
pub(super) fn property(world: &World, repository: usize, wanted: Property) -> Option<(String, Evidence)> {
    let facts = world.repositories[repository].forge.as_ref()?;
    let mut found: Option<(String, &str)> = None;
    for (name, values) in &facts.custom_properties {
        let called: String = name.chars().filter(char::is_ascii_alphanumeric).flat_map(char::to_lowercase).collect();
        if !wanted.names().contains(&called.as_str()) {
            continue;
        }
        let [value] = values.as_slice() else { continue };
        let value = value.trim();
        let value = if wanted == Property::Owner { value.to_owned() } else { value.to_lowercase() };
        if value.is_empty() || !wanted.accepts(&value) {
            continue;
        }
        if found.as_ref().is_some_and(|(other, _)| !other.eq_ignore_ascii_case(&value)) {
            return None;
        }
        found = Some((value, name));
    }
    let (value, name) = found?;
    let why = format!("The custom property {name} at GitHub says {value}.");
    let evidence = Evidence::new(wanted.rule(), Confidence::Declared, why);
    Some((value, evidence))
}

/// Where the folder `path` of a repository is at its forge, as Backstage writes it: `url:https://…/tree/main/path/`.
pub(super) fn source_location(facts: &ForgeFacts, path: &str) -> Option<String> {
    let branch = facts.default_branch.as_deref().filter(|_| !facts.html_url.is_empty())?;
    let path = if path.is_empty() { String::new() } else { format!("{path}/") };
    Some(format!("url:{}/tree/{branch}/{path}", facts.html_url))
}
