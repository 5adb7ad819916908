//! Teams and people: who is declared, whom CODEOWNERS names, and who owns what.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use model::reference::DEFAULT_NAMESPACE;
use model::{Confidence, EntityRef, Evidence, Fact, Guess, Visibility};
use serde_json::Value;
use sha2::{Digest, Sha256};

use super::forge::ForgePeople;
use super::names::name;
use super::world::World;
use crate::descriptor::DescriptorEntity;
use crate::draft::OwnerShare;

/// A team of more is a whole department: that all of somebody's names are in it says nothing.
const TEAM_SIZE: usize = 12;

/// From how many repositories on somebody who is active in a tenth of them is left out of guesses.
const MANY_REPOSITORIES: usize = 20;

/// A team or person that no descriptor declares: a forge knows it, or CODEOWNERS names it.
pub(super) struct Mentioned {
    pub reference: EntityRef,
    /// As written first.
    pub written: String,
    pub evidence: Evidence,
    /// The widest of those who name it; what a forge knows is never public.
    pub visibility: Visibility,
    pub title: Option<String>,
    pub description: Option<String>,
}

pub(super) struct People {
    /// By reference, each once.
    pub mentioned: BTreeMap<EntityRef, Mentioned>,
    /// By user, the teams that a forge says they are in.
    pub member_of: HashMap<EntityRef, BTreeMap<EntityRef, Evidence>>,
    /// By team, the one that a forge says it is a part of.
    pub parents: HashMap<EntityRef, EntityRef>,
    /// Groups by what they are called, lower-cased.
    pub groups: HashMap<String, EntityRef>,
    /// By source and slug, the teams of forges that may own something.
    pub owning: HashMap<(String, String), EntityRef>,
    /// What is written in CODEOWNERS, lower-cased, and who is meant.
    pub meant: HashMap<String, EntityRef>,
    /// Users of each team, declared from either side.
    members: BTreeMap<EntityRef, BTreeSet<EntityRef>>,
    /// The hashed addresses and logins of members, and the teams that they are in.
    hashes: HashMap<String, BTreeSet<EntityRef>>,
    /// Hashes of authors who are active everywhere, or are no people.
    everywhere: HashSet<String>,
}

/// Who owns something, or who might.
#[derive(Default)]
pub(super) struct Ownership {
    pub owner: Option<Fact<EntityRef>>,
    pub guess: Option<Guess>,
}

impl People {
    /// `declared` are the entities of kinds Group and User that stand; `visible` says who may see those.
    pub fn new(
        world: &World,
        declared: &[(&DescriptorEntity, EntityRef)],
        at_forges: &[ForgePeople],
        visible: &HashMap<EntityRef, Visibility>,
    ) -> Self {
        let mut people = Self {
            mentioned: BTreeMap::new(),
            member_of: HashMap::new(),
            parents: HashMap::new(),
            groups: HashMap::new(),
            owning: HashMap::new(),
            meant: HashMap::new(),
            members: members(declared),
            hashes: HashMap::new(),
            everywhere: everywhere(world),
        };
        let known = known_names(declared);
        for at_forge in at_forges {
            people.read_forge(world, at_forge, &known, visible);
        }
        people.hash_members(declared);
        people.read_mentions(world, &known);
        let groups = declared.iter().map(|(_, reference)| reference).chain(people.mentioned.keys());
        let groups: Vec<EntityRef> = groups.filter(|reference| reference.kind == "group").cloned().collect();
        for group in groups {
            people.groups.entry(group.name.to_lowercase()).or_insert(group);
        }
        people
    }

    fn hash_members(&mut self, declared: &[(&DescriptorEntity, EntityRef)]) {
        let mut teams: HashMap<&EntityRef, BTreeSet<EntityRef>> = HashMap::new();
        for (team, users) in &self.members {
            for user in users {
                teams.entry(user).or_default().insert(team.clone());
            }
        }
        for (user, reference) in declared.iter().filter(|(_, reference)| reference.kind == "user") {
            let Some(teams) = teams.get(reference) else { continue };
            for known_as in identities(user, reference) {
                self.hashes.entry(hash(&known_as)).or_default().extend(teams.iter().cloned());
            }
        }
    }

    fn read_mentions(&mut self, world: &World, known: &HashMap<String, EntityRef>) {
        let mut mentions: BTreeMap<String, Vec<(usize, &crate::draft::Mention)>> = BTreeMap::new();
        for (repository, draft) in world.drafts() {
            for mention in &draft.mentions {
                mentions.entry(mention.owner.to_lowercase()).or_default().push((repository, mention));
            }
        }
        for (lower, spoken) in mentions {
            if let Some(meant) = self.meant.get(&lower) {
                // A login that a public file names is no secret; who is in a team stays one.
                if let Some(user) = self.mentioned.get_mut(meant).filter(|one| one.reference.kind == "user") {
                    let widest = spoken.iter().map(|(at, _)| world.repositories[*at].visibility).min();
                    user.visibility = user.visibility.min(widest.unwrap_or_default());
                }
                continue;
            }
            // `@acme/payments` is the declared team `payments`, whatever the organisation is called at the forge.
            let team = lower.split_once('/').and_then(|(_, team)| known.get(&format!("/{team}")));
            if let Some(team) = world.overrides.team(&lower).or_else(|| known.get(&lower)).or(team) {
                self.meant.insert(lower, team.clone());
                continue;
            }
            // An address is no name to show.
            let Some(handle) = lower.strip_prefix('@').filter(|_| !world.overrides.is_bot(&lower)) else { continue };
            let Some(reference) = self.fresh(handle, known) else { continue };
            let (repository, mention) = spoken[0];
            let rule = if reference.kind == "group" { "group.codeowners" } else { "user.codeowners" };
            let why = format!("CODEOWNERS names {}.", mention.owner);
            let evidence =
                world.evidence(rule, Confidence::Corroborated, why, repository, &mention.file, mention.line, None);
            let visibility = spoken.iter().map(|(at, _)| world.repositories[*at].visibility).min().unwrap_or_default();
            self.meant.insert(lower, reference.clone());
            let written = mention.owner.trim_start_matches('@').to_owned();
            let (title, description) = (None, None);
            let mentioned =
                Mentioned { reference: reference.clone(), written, evidence, visibility, title, description };
            self.mentioned.insert(reference, mentioned);
        }
    }

    /// Somebody is in a team, as a forge says: commits by that login count for it.
    pub fn note_member(&mut self, group: &EntityRef, user: &EntityRef, login: &str) {
        self.members.entry(group.clone()).or_default().insert(user.clone());
        self.hashes.entry(hash(&login.to_lowercase())).or_default().insert(group.clone());
    }

    /// A reference for a team or login that nobody declares; the organisation is in it only where it must be.
    pub fn fresh(&self, handle: &str, known: &HashMap<String, EntityRef>) -> Option<EntityRef> {
        let taken = |reference: &EntityRef| {
            self.mentioned.contains_key(reference) || known.values().any(|known| known == reference)
        };
        match handle.split_once('/') {
            Some((organisation, team)) => {
                let short = EntityRef::new("group", DEFAULT_NAMESPACE, name(team)?);
                if !taken(&short) {
                    return Some(short);
                }
                Some(EntityRef::new("group", DEFAULT_NAMESPACE, name(&format!("{organisation}-{team}"))?))
                    .filter(|long| !taken(long))
            }
            None => Some(EntityRef::new("user", DEFAULT_NAMESPACE, name(handle)?)).filter(|user| !taken(user)),
        }
    }

    /// The fourth step of the ladder: the team that CODEOWNERS names for most of the files.
    pub fn by_codeowners(&self, world: &World, shares: &[OwnerShare], repository: usize) -> Ownership {
        let meant = |share: &OwnerShare| self.meant.get(&share.owner.to_lowercase()).cloned();
        let teams: Vec<(EntityRef, &OwnerShare)> = shares
            .iter()
            .filter_map(|share| Some((meant(share)?, share)))
            .filter(|(reference, _)| reference.kind == "group")
            .collect();
        let of_share = |rule: &str, confidence, why: String, share: &OwnerShare| {
            world.evidence(rule, confidence, why, repository, &share.file, share.line, Some(repository))
        };
        if let Some((team, share)) = teams.first().filter(|(_, share)| share.files * 2 > share.of) {
            let others: Vec<&str> = teams[1..]
                .iter()
                .filter(|(other, rival)| rival.files == share.files && other != team)
                .map(|(_, rival)| rival.owner.as_str())
                .collect();
            let what = format!("CODEOWNERS gives {} of {} files to {}", share.files, share.of, share.owner);
            let is_known = self.mentioned.get(team).is_none_or(|mentioned| mentioned.evidence.authority);
            if others.is_empty() && is_known {
                let evidence = of_share("owner.codeowners", Confidence::Corroborated, format!("{what}."), share);
                return Ownership { owner: Some(Fact::new(team.clone(), evidence)), guess: None };
            }
            // Who reviews is often not who answers: of those who declare an owner, half name another than CODEOWNERS.
            if others.is_empty() {
                let why = format!("{what}, and nothing else knows such a team.");
                let evidence = of_share("owner.codeowners-alone", Confidence::Guess, why, share);
                return Ownership { owner: None, guess: Some(guess(team, evidence)) };
            }
            let why = format!("{what}, and as many to {}.", others.join(", "));
            let evidence = of_share("owner.codeowners-shared", Confidence::Guess, why, share);
            return Ownership { owner: None, guess: Some(guess(team, evidence)) };
        }
        let most = shares.first().filter(|share| share.files * 2 > share.of);
        let people: BTreeSet<EntityRef> = shares
            .iter()
            .filter(|share| Some(share.files) == most.map(|most| most.files))
            .filter_map(meant)
            .filter(|meant| meant.kind == "user")
            .collect();
        let Some(share) = most.filter(|_| !people.is_empty()) else { return Ownership::default() };
        let holding: Vec<&EntityRef> = self
            .members
            .iter()
            .filter(|(_, users)| users.len() <= TEAM_SIZE && people.is_subset(users))
            .map(|(team, _)| team)
            .collect();
        let [team] = holding.as_slice() else { return Ownership::default() };
        let why = format!("CODEOWNERS names people who are all in {}, and together in no other team.", team.name);
        let evidence = of_share("owner.codeowners-people", Confidence::Corroborated, why, share);
        Ownership { owner: Some(Fact::new((*team).clone(), evidence)), guess: None }
    }

    /// The last step, a guess: the team whose members commit most.
    pub fn by_activity(&self, world: &World, repository: usize) -> Option<Guess> {
        let facts = &world.repositories[repository].facts;
        let mut total = 0u64;
        let mut commits: BTreeMap<&EntityRef, u64> = BTreeMap::new();
        for author in facts.people.authors.iter().filter(|author| !self.everywhere.contains(&author.author)) {
            total += u64::from(author.commits);
            for team in self.hashes.get(&author.author).into_iter().flatten() {
                *commits.entry(team).or_default() += u64::from(author.commits);
            }
        }
        let mut ranked: Vec<(&EntityRef, u64)> = commits.into_iter().collect();
        ranked.sort_by(|(a, more), (b, less)| less.cmp(more).then(a.cmp(b)));
        let &(team, most) = ranked.first()?;
        let next = ranked.get(1).map_or(0, |&(_, commits)| commits);
        if most * 2 < total || most < 2 * next || most == 0 {
            return None;
        }
        let why = format!("Members of {} made {most} of {total} commits of the last twelve months.", team.name);
        let evidence = Evidence::new("owner.activity", Confidence::Guess, why);
        Some(guess(team, world.stamp(&evidence, repository, Some(repository))))
    }
}

fn guess(team: &EntityRef, evidence: Evidence) -> Guess {
    Guess { field: "/spec/owner".to_owned(), value: team.to_string(), evidence }
}

/// How CODEOWNERS may call declared teams and people, lower-cased.
fn known_names(declared: &[(&DescriptorEntity, EntityRef)]) -> HashMap<String, EntityRef> {
    let mut known = HashMap::new();
    // A name that is written out at the forge says more than one that is only the same.
    for (descriptor, reference) in declared {
        let annotations = &descriptor.entity.metadata.annotations;
        let slug = if reference.kind == "group" { "github.com/team-slug" } else { "github.com/user-login" };
        if let Some(slug) = annotations.get(slug) {
            known.entry(format!("@{}", slug.to_lowercase())).or_insert_with(|| reference.clone());
        }
        if let Some(address) =
            descriptor.entity.spec.get("profile").and_then(|profile| profile.get("email")).and_then(Value::as_str)
        {
            known.entry(address.to_lowercase()).or_insert_with(|| reference.clone());
        }
    }
    for (_, reference) in declared {
        let called =
            if reference.kind == "group" { format!("/{}", reference.name) } else { format!("@{}", reference.name) };
        known.entry(called).or_insert_with(|| reference.clone());
    }
    known
}

fn members(declared: &[(&DescriptorEntity, EntityRef)]) -> BTreeMap<EntityRef, BTreeSet<EntityRef>> {
    let mut members: BTreeMap<EntityRef, BTreeSet<EntityRef>> = BTreeMap::new();
    for (descriptor, reference) in declared {
        let (key, kind) = if reference.kind == "group" { ("members", "user") } else { ("memberOf", "group") };
        let others =
            descriptor.entity.spec.get(key).and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str);
        for other in others.filter_map(|text| EntityRef::parse(text, Some(kind), &reference.namespace).ok()) {
            let (team, user) = if kind == "user" { (reference.clone(), other) } else { (other, reference.clone()) };
            members.entry(team).or_default().insert(user);
        }
    }
    members
}

/// The addresses and logins of a user, as authors of commits are hashed by.
fn identities(user: &DescriptorEntity, reference: &EntityRef) -> Vec<String> {
    let email = user.entity.spec.get("profile").and_then(|profile| profile.get("email")).and_then(Value::as_str);
    let login = user.entity.metadata.annotations.get("github.com/user-login").map(String::as_str);
    [email, login, Some(reference.name.as_str())].into_iter().flatten().map(str::to_lowercase).collect()
}

/// As [`model::repository::AuthorCommits`] says.
fn hash(identity: &str) -> String {
    Sha256::digest(identity.as_bytes()).iter().take(8).map(|byte| format!("{byte:02x}")).collect()
}

fn everywhere(world: &World) -> HashSet<String> {
    let mut left_out: HashSet<String> =
        world.overrides.plain_bots().map(|bot| hash(&bot.trim_start_matches('@').to_lowercase())).collect();
    let count = world.drafts().count();
    if count < MANY_REPOSITORIES {
        return left_out;
    }
    let mut repositories: HashMap<&str, usize> = HashMap::new();
    for (repository, _) in world.drafts() {
        for author in &world.repositories[repository].facts.people.authors {
            *repositories.entry(&author.author).or_default() += 1;
        }
    }
    left_out.extend(
        repositories.into_iter().filter(|(_, active)| active * 10 > count).map(|(author, _)| author.to_owned()),
    );
    left_out
}
