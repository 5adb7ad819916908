//! Teams, members, and who may read a repository.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::coverage::Coverage;
use super::repositories::properties;
use super::{Cache, Listing};
use crate::forge::answer::{parse, segment};
use crate::forge::client::Forge;
use crate::forge::error::Result;

/// A team of an organisation.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Team {
    pub id: u64,
    /// In addresses and in CODEOWNERS: `@organisation/slug`.
    pub slug: String,
    pub name: String,
    pub description: Option<String>,
    /// Seen by its members and the organisation's owners only.
    pub secret: bool,
    /// The slug of the team that it is a part of.
    pub parent: Option<String>,
}

/// What a team may do in one of its repositories.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TeamRepository {
    pub id: u64,
    pub full_name: String,
    pub role: Role,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Member {
    pub id: u64,
    pub login: String,
    /// Most listings do not tell.
    pub name: Option<String>,
}

/// From least to most, as "Repository roles for an organization" names them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Role {
    Read,
    Triage,
    Write,
    Maintain,
    Admin,
}

/// Somebody who may read a repository, and what else.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Collaborator {
    pub id: u64,
    pub login: String,
    pub role: Role,
}

/// A team that may read a repository, and what else.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReadingTeam {
    pub id: u64,
    pub slug: String,
    pub role: Role,
}

/// Who may read one repository.
#[derive(Debug, Clone)]
pub struct Readers {
    pub teams: Vec<ReadingTeam>,
    /// Everybody, however they came by it: owners, members by the organisation's base permission, teams, outsiders.
    pub people: Vec<Collaborator>,
    /// Of both lists together.
    pub coverage: Coverage,
}

/// What an organisation's own fields say of one repository.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RepositoryProperties {
    pub id: u64,
    pub properties: BTreeMap<String, Vec<String>>,
}

impl Forge {
    /// The organisation's teams that the credentials may see. Needs `read:org`, or an App's `members: read`.
    ///
    /// # Errors
    /// If the first page cannot be had.
    pub async fn teams(&self, organisation: &str, cache: &mut Cache) -> Result<Listing<Team>> {
        let path = format!("/orgs/{}/teams?per_page=100", segment(organisation));
        self.list::<WireTeam, Team>(&path, cache).await
    }

    /// A team's members, those of its child teams with them ("List team members").
    ///
    /// # Errors
    /// If the first page cannot be had.
    pub async fn team_members(&self, organisation: &str, slug: &str, cache: &mut Cache) -> Result<Listing<Member>> {
        let path = format!("/orgs/{}/teams/{}/members?per_page=100", segment(organisation), segment(slug));
        self.list::<Member, Member>(&path, cache).await
    }

    /// The repositories in which a team has a role. A call for each team instead of one for each repository: the cheap way
    /// to the readers of many repositories.
    ///
    /// # Errors
    /// If the first page cannot be had.
    pub async fn team_repositories(
        &self,
        organisation: &str,
        slug: &str,
        cache: &mut Cache,
    ) -> Result<Listing<TeamRepository>> {
        let path = format!("/orgs/{}/teams/{}/repos?per_page=100", segment(organisation), segment(slug));
        self.list::<WireTeamRepository, TeamRepository>(&path, cache).await
    }

    /// The organisation's members; only public ones unless the credentials belong to it.
    ///
    /// # Errors
    /// If the first page cannot be had.
    pub async fn members(&self, organisation: &str, cache: &mut Cache) -> Result<Listing<Member>> {
        let path = format!("/orgs/{}/members?per_page=100", segment(organisation));
        self.list::<Member, Member>(&path, cache).await
    }

    /// The organisation's owners, who may do everything in it. Needs what [`Forge::members`] needs.
    ///
    /// # Errors
    /// If the first page cannot be had.
    pub async fn owners(&self, organisation: &str, cache: &mut Cache) -> Result<Listing<Member>> {
        let path = format!("/orgs/{}/members?role=admin&per_page=100", segment(organisation));
        self.list::<Member, Member>(&path, cache).await
    }

    /// What every member may do in every repository of the organisation; `None` where that is nothing, or where we are not
    /// told: only owners are ("Get an organization").
    ///
    /// # Errors
    /// If the forge does not answer.
    pub async fn base_permission(&self, organisation: &str) -> Result<Option<Role>> {
        let path = format!("/orgs/{}", segment(organisation));
        let answer = self.get(&path, None).await?;
        let organisation: WireOrganisation = parse(&path, answer.body())?;
        Ok(match organisation.default_repository_permission.as_deref() {
            Some("read") => Some(Role::Read),
            Some("write") => Some(Role::Write),
            Some("admin") => Some(Role::Admin),
            _ => None,
        })
    }

    /// Those who were added to a repository by themselves. Needs what [`Forge::readers`] needs.
    ///
    /// # Errors
    /// If the first page cannot be had.
    pub async fn collaborators(&self, owner: &str, name: &str, cache: &mut Cache) -> Result<Listing<Collaborator>> {
        let repository = format!("/repos/{}/{}", segment(owner), segment(name));
        let path = format!("{repository}/collaborators?affiliation=direct&per_page=100");
        self.list::<WireCollaborator, Collaborator>(&path, cache).await
    }

    /// Who may read one repository, in two listings. "List repository collaborators" needs write access to it, or an App's
    /// `metadata: read`.
    ///
    /// # Errors
    /// If the first page of either cannot be had.
    pub async fn readers(&self, owner: &str, name: &str, cache: &mut Cache) -> Result<Readers> {
        let repository = format!("/repos/{}/{}", segment(owner), segment(name));
        let teams = self.list::<WireTeam, ReadingTeam>(&format!("{repository}/teams?per_page=100"), cache).await?;
        let people = format!("{repository}/collaborators?affiliation=all&per_page=100");
        let people = self.list::<WireCollaborator, Collaborator>(&people, cache).await?;
        let mut coverage = teams.coverage;
        if let Coverage::Partial(reasons) = people.coverage {
            reasons.into_iter().for_each(|why| coverage.narrow(why));
        }
        Ok(Readers { teams: teams.entries, people: people.entries, coverage })
    }

    /// The custom properties of all the organisation's repositories, for forges that do not list them with these. Needs an
    /// App's `organization_custom_properties: read`.
    ///
    /// # Errors
    /// If the first page cannot be had.
    pub async fn custom_properties(
        &self,
        organisation: &str,
        cache: &mut Cache,
    ) -> Result<Listing<RepositoryProperties>> {
        let path = format!("/orgs/{}/properties/values?per_page=100", segment(organisation));
        self.list::<WireProperties, RepositoryProperties>(&path, cache).await
    }
}

#[derive(Deserialize)]
struct WireTeam {
    id: u64,
    slug: String,
    name: String,
    description: Option<String>,
    privacy: Option<String>,
    parent: Option<WireParent>,
    #[serde(default)]
    permission: String,
    #[serde(default)]
    permissions: Permissions,
}

#[derive(Deserialize)]
struct WireOrganisation {
    default_repository_permission: Option<String>,
}

#[derive(Deserialize)]
struct WireParent {
    slug: String,
}

#[derive(Deserialize)]
struct WireTeamRepository {
    id: u64,
    full_name: String,
    #[serde(default)]
    role_name: String,
    #[serde(default)]
    permissions: Permissions,
}

#[derive(Deserialize)]
struct WireCollaborator {
    id: u64,
    login: String,
    #[serde(default)]
    role_name: String,
    #[serde(default)]
    permissions: Permissions,
}

#[derive(Deserialize)]
struct WireProperties {
    repository_id: u64,
    properties: Vec<WireProperty>,
}

#[derive(Deserialize)]
struct WireProperty {
    property_name: String,
    value: Value,
}

/// Each role has those below it too; a custom role is known by them.
#[derive(Deserialize, Default)]
#[serde(default)]
struct Permissions {
    triage: bool,
    push: bool,
    maintain: bool,
    admin: bool,
}

/// By name (`read`, in older answers `pull`), or else by what is permitted.
fn role(name: &str, permissions: &Permissions) -> Role {
    match (name, permissions) {
        ("admin", _) | (_, Permissions { admin: true, .. }) => Role::Admin,
        ("maintain", _) | (_, Permissions { maintain: true, .. }) => Role::Maintain,
        ("write" | "push", _) | (_, Permissions { push: true, .. }) => Role::Write,
        ("triage", _) | (_, Permissions { triage: true, .. }) => Role::Triage,
        _ => Role::Read,
    }
}

impl From<WireTeam> for Team {
    fn from(wire: WireTeam) -> Self {
        Self {
            id: wire.id,
            slug: wire.slug,
            name: wire.name,
            description: wire.description,
            secret: wire.privacy.as_deref() == Some("secret"),
            parent: wire.parent.map(|parent| parent.slug),
        }
    }
}

impl From<WireTeam> for ReadingTeam {
    fn from(wire: WireTeam) -> Self {
        Self { id: wire.id, slug: wire.slug, role: role(&wire.permission, &wire.permissions) }
    }
}

impl From<WireTeamRepository> for TeamRepository {
    fn from(wire: WireTeamRepository) -> Self {
        Self { id: wire.id, full_name: wire.full_name, role: role(&wire.role_name, &wire.permissions) }
    }
}

impl From<WireCollaborator> for Collaborator {
    fn from(wire: WireCollaborator) -> Self {
        Self { id: wire.id, login: wire.login, role: role(&wire.role_name, &wire.permissions) }
    }
}

impl From<WireProperties> for RepositoryProperties {
    fn from(wire: WireProperties) -> Self {
        let values = wire.properties.into_iter().map(|property| (property.property_name, property.value)).collect();
        Self { id: wire.repository_id, properties: properties(values) }
    }
}
