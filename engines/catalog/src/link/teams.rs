//! Teams and people as forges know them: who is who in the catalog, and what teams own by their rights and by what
//! repositories say of themselves at the forge.

use std::collections::{BTreeSet, HashMap};

use model::{Confidence, EntityRef, Evidence, Fact, Visibility};

use super::forge::{ForgePeople, ForgeTeam, Property, property};
use super::names::name;
use super::people::{Mentioned, Ownership, People};
use super::world::World;

/// From how many repositories on a team that administers most of them is everybody's.
const FEW_REPOSITORIES: usize = 4;

impl People {
    /// Teams and members of one organisation: those that a descriptor declares under the same name are the same.
    pub(super) fn read_forge(
        &mut self,
        world: &World,
        people: &ForgePeople,
        known: &HashMap<String, EntityRef>,
        visible: &HashMap<EntityRef, Visibility>,
    ) {
        let organisation = people.organisation.to_lowercase();
        for team in &people.teams {
            let handle = format!("{organisation}/{}", team.slug.to_lowercase());
            let called = (format!("@{handle}"), format!("/{}", team.slug.to_lowercase()));
            let declared =
                world.overrides.team(&called.0).or_else(|| known.get(&called.0)).or_else(|| known.get(&called.1));
            let Some(reference) = declared.cloned().or_else(|| self.team_at_forge(&handle, people, team, known)) else {
                continue;
            };
            self.meant.insert(called.0, reference.clone());
            self.groups.entry(team.name.to_lowercase()).or_insert_with(|| reference.clone());
            if !is_everybodys(world, people, team) {
                self.owning.insert((people.source.clone(), team.slug.clone()), reference);
            }
        }
        let names: HashMap<&str, Option<&str>> =
            people.members.iter().map(|member| (member.login.as_str(), member.name.as_deref())).collect();
        let in_teams = people.teams.iter().flat_map(|team| team.members.iter().map(String::as_str));
        let logins: BTreeSet<&str> = in_teams.chain(names.keys().copied()).collect();
        for login in logins {
            self.person_at_forge(world, &people.organisation, login, names.get(login).copied().flatten(), known);
        }
        for team in &people.teams {
            self.place_team(&organisation, team, visible);
        }
    }

    fn team_at_forge(
        &mut self,
        handle: &str,
        people: &ForgePeople,
        team: &ForgeTeam,
        known: &HashMap<String, EntityRef>,
    ) -> Option<EntityRef> {
        let reference = self.fresh(handle, known)?;
        let why = format!("{} is a team of {} at GitHub.", team.slug, people.organisation);
        let mentioned = Mentioned {
            reference: reference.clone(),
            written: format!("{}/{}", people.organisation, team.slug),
            evidence: Evidence { authority: true, ..Evidence::new("group.forge", Confidence::Declared, why) },
            visibility: if team.secret { Visibility::Readers } else { Visibility::SignedIn },
            title: Some(team.name.clone()).filter(|title| *title != reference.name),
            description: team.description.clone(),
        };
        self.mentioned.insert(reference.clone(), mentioned);
        Some(reference)
    }

    fn person_at_forge(
        &mut self,
        world: &World,
        organisation: &str,
        login: &str,
        title: Option<&str>,
        known: &HashMap<String, EntityRef>,
    ) {
        let called = format!("@{}", login.to_lowercase());
        if self.meant.contains_key(&called) || world.overrides.is_bot(&called) {
            return;
        }
        if let Some(user) = known.get(&called) {
            self.meant.insert(called, user.clone());
            return;
        }
        let Some(reference) = self.fresh(&login.to_lowercase(), known) else { return };
        let why = format!("{login} is a member of {organisation} at GitHub.");
        let mentioned = Mentioned {
            reference: reference.clone(),
            written: login.to_owned(),
            evidence: Evidence { authority: true, ..Evidence::new("user.forge", Confidence::Declared, why) },
            visibility: Visibility::SignedIn,
            title: title.map(str::to_owned),
            description: None,
        };
        self.mentioned.insert(reference.clone(), mentioned);
        self.meant.insert(called, reference);
    }

    /// Its members and the team above it.
    fn place_team(&mut self, organisation: &str, team: &ForgeTeam, visible: &HashMap<EntityRef, Visibility>) {
        let slug = |slug: &str| format!("@{organisation}/{}", slug.to_lowercase());
        let Some(group) = self.meant.get(&slug(&team.slug)).cloned() else { return };
        if let Some(parent) = team.parent.as_deref().and_then(|parent| self.meant.get(&slug(parent)))
            && *parent != group
        {
            self.parents.insert(group.clone(), parent.clone());
        }
        // At the forge nobody outside sees who is in a team: where both ends are public, it is not told here.
        let is_public = |reference: &EntityRef| visible.get(reference) == Some(&Visibility::Public);
        for login in &team.members {
            let Some(user) = self.meant.get(&format!("@{}", login.to_lowercase())).cloned() else { continue };
            let why = format!("{login} is in the team {} at GitHub.", team.slug);
            // Not declared: it is hidden from whoever may not see the team.
            let evidence = Evidence { authority: true, ..Evidence::new("member.forge", Confidence::Corroborated, why) };
            self.note_member(&group, &user, login);
            if !(is_public(&group) && is_public(&user)) {
                self.member_of.entry(user).or_default().insert(group.clone(), evidence);
            }
        }
    }

    /// The third step of the ladder: what a custom property says. A value that names nobody we know is taken by its word.
    pub(super) fn by_property(&self, world: &World, repository: usize) -> Option<Fact<EntityRef>> {
        let (value, evidence) = property(world, repository, Property::Owner)?;
        let bare = value.trim_start_matches('@').to_lowercase();
        let written = self.meant.get(&format!("@{bare}"));
        let named = self.groups.get(bare.rsplit('/').next().unwrap_or(&bare)).or_else(|| self.groups.get(&bare));
        let owner = match written.or(named) {
            Some(owner) => owner.clone(),
            None if bare.contains(':') => {
                EntityRef::parse(&bare, Some("group"), model::reference::DEFAULT_NAMESPACE).ok()?
            }
            None => EntityRef::new("group", model::reference::DEFAULT_NAMESPACE, name(bare.rsplit('/').next()?)?),
        };
        Some(Fact::new(owner, evidence))
    }

    /// The fifth step: the one team that administers the repository, or else the one that maintains it.
    pub(super) fn by_rights(&self, world: &World, repository: usize) -> Option<Fact<EntityRef>> {
        let repository = world.repositories[repository];
        let owning = |team: &str| self.owning.get(&(repository.source.clone(), team.to_owned()));
        let teams = |admin: bool| -> Vec<(&str, &EntityRef)> {
            let rights = repository.rights.iter().filter(|right| right.admin == admin);
            rights.filter_map(|right| Some((right.team.as_str(), owning(&right.team)?))).collect()
        };
        let (team, owner, what) = match (teams(true).as_slice(), teams(false).as_slice()) {
            ([(team, owner)], _) => (*team, *owner, "admin"),
            ([], [(team, owner)]) => (*team, *owner, "maintain"),
            _ => return None,
        };
        // The name of a secret team is for those who read the repository.
        let is_secret = self.mentioned.get(owner).is_some_and(|group| group.visibility == Visibility::Readers);
        if is_secret && repository.visibility != Visibility::Readers {
            return None;
        }
        let why = format!("{team} is the only team with the role {what} at GitHub, and not everybody's.");
        let evidence = Evidence { authority: true, ..Evidence::new("owner.forge-team", Confidence::Corroborated, why) };
        Some(Fact::new(owner.clone(), evidence))
    }

    /// The sixth step: a topic that names a known team, `team-payments`.
    pub(super) fn by_topic(&self, world: &World, repository: usize) -> Option<Fact<EntityRef>> {
        let topics = &world.repositories[repository].forge.as_ref()?.topics;
        let named = |topic: &String| {
            let team = topic.strip_prefix("team-").or_else(|| topic.strip_prefix("owner-"))?;
            Some((topic.clone(), self.groups.get(team)?.clone()))
        };
        let mut named = topics.iter().filter_map(named);
        let (topic, owner) = named.next()?;
        if named.any(|(_, other)| other != owner) {
            return None;
        }
        let why = format!("The topic {topic} at GitHub names the team.");
        Some(Fact::new(owner, Evidence::new("owner.topic", Confidence::Corroborated, why)))
    }

    /// What the forge says of the owner beside what files say (`by_files`), in the order of the ladder.
    pub(super) fn at_forge(&self, world: &World, repository: usize, by_files: Ownership) -> Ownership {
        let property = self.by_property(world, repository);
        let owner = property
            .or(by_files.owner)
            .or_else(|| self.by_rights(world, repository))
            .or_else(|| self.by_topic(world, repository));
        Ownership { guess: by_files.guess.filter(|_| owner.is_none()), owner }
    }
}

/// A team that holds all members, or administers most repositories, says nothing about who owns one.
fn is_everybodys(world: &World, people: &ForgePeople, team: &ForgeTeam) -> bool {
    let all: BTreeSet<String> = people.members.iter().map(|member| member.login.to_lowercase()).collect();
    let own: BTreeSet<String> = team.members.iter().map(|login| login.to_lowercase()).collect();
    if all.len() > 1 && all.is_subset(&own) {
        return true;
    }
    let of_source = world.repositories.iter().filter(|repository| repository.source == people.source);
    let (mut count, mut administered) = (0, 0);
    for repository in of_source {
        count += 1;
        administered += usize::from(repository.rights.iter().any(|right| right.team == team.slug));
    }
    count >= FEW_REPOSITORIES && administered * 2 > count
}
