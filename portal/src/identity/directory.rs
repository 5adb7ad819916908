//! Who is in which group, as far as it gives rights.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::{Arc, Mutex, PoisonError};

use model::catalog::CatalogEntity;
use model::reference::DEFAULT_NAMESPACE;
use model::{EntityRef, Kind};
use serde_json::Value;

use super::store;
use crate::{Portal, Result};

/// The groups and users of the catalog that a forge or a trusted source vouches for, and how they belong together. What
/// other descriptors say is not in it.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Directory {
    /// By group, the ones that it is a part of.
    parents: HashMap<EntityRef, BTreeSet<EntityRef>>,
    /// By user, the groups that they are in by themselves.
    member_of: HashMap<EntityRef, BTreeSet<EntityRef>>,
    /// By login at a forge, lower-case; more than one where it is not clear.
    logins: HashMap<String, BTreeSet<EntityRef>>,
    /// By address, lower-case; more than one where it is not clear.
    addresses: HashMap<String, BTreeSet<EntityRef>>,
    /// Logins of users, as the catalog writes them.
    login_of: HashMap<EntityRef, String>,
    /// By what a forge calls them, `acme/payments`, lower-case.
    teams: HashMap<String, EntityRef>,
    groups: BTreeSet<EntityRef>,
}

/// The directory as it was read last, and the place in the change sequence that it belongs to.
pub(super) type Kept = Mutex<Option<(i64, Arc<Directory>)>>;

impl Directory {
    /// The one of now; read anew only when a group or user has changed.
    pub(super) async fn current(portal: &Portal, kept: &Kept) -> Result<Arc<Self>> {
        let sequence = store::people_sequence(portal.db()).await?;
        let lock = || kept.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((at, directory)) = &*lock()
            && *at == sequence
        {
            return Ok(directory.clone());
        }
        let mut directory = Self::default();
        for body in store::people_bodies(portal.db()).await? {
            directory.add(&serde_json::from_str(&body)?);
        }
        directory.forget_strangers();
        let directory = Arc::new(directory);
        *lock() = Some((sequence, directory.clone()));
        Ok(directory)
    }

    fn add(&mut self, known: &CatalogEntity) {
        if !known.evidence.get("/metadata/name").is_some_and(|evidence| evidence.authority) {
            return;
        }
        let entity = &known.entity;
        let here = entity.reference();
        let all = |key: &str, kind: &str| -> Vec<EntityRef> {
            let namespace = entity.metadata.namespace.as_deref().unwrap_or(DEFAULT_NAMESPACE);
            let texts = match entity.spec.get(key) {
                Some(Value::Array(values)) => values.iter().filter_map(Value::as_str).collect(),
                Some(Value::String(text)) => vec![text.as_str()],
                _ => Vec::new(),
            };
            texts.into_iter().filter_map(|text| EntityRef::parse(text, Some(kind), namespace).ok()).collect()
        };
        match entity.kind.parse() {
            Ok(Kind::Group) => {
                self.parents.entry(here.clone()).or_default().extend(all("parent", "group"));
                for child in all("children", "group") {
                    self.parents.entry(child).or_default().insert(here.clone());
                }
                for member in all("members", "user") {
                    self.member_of.entry(member).or_default().insert(here.clone());
                }
                if let Some(slug) = entity.metadata.annotations.get("github.com/team-slug") {
                    self.teams.insert(slug.to_lowercase(), here.clone());
                }
                self.groups.insert(here);
            }
            Ok(Kind::User) => {
                self.member_of.entry(here.clone()).or_default().extend(all("memberOf", "group"));
                let login = entity.metadata.annotations.get("github.com/user-login").map(|login| login.to_lowercase());
                if let Some(login) = login {
                    self.login_of.insert(here.clone(), login.clone());
                    self.logins.entry(login).or_default().insert(here.clone());
                }
                let address =
                    entity.spec.get("profile").and_then(|profile| profile.get("email")).and_then(Value::as_str);
                if let Some(address) = address {
                    self.addresses.entry(address.to_lowercase()).or_default().insert(here);
                }
            }
            _ => {}
        }
    }

    /// A group that nobody vouches for gives nothing, whoever is said to be in it.
    fn forget_strangers(&mut self) {
        let groups = &self.groups;
        for above in self.parents.values_mut().chain(self.member_of.values_mut()) {
            above.retain(|group| groups.contains(group));
        }
        self.parents.retain(|group, _| groups.contains(group));
    }

    /// The user with this login at a forge; `Err` with all of them where it is not clear.
    pub(crate) fn by_login(&self, login: &str) -> std::result::Result<Option<&EntityRef>, Vec<EntityRef>> {
        one(self.logins.get(&login.to_lowercase()))
    }

    /// The user with this address; `Err` with all of them where it is not clear.
    pub(crate) fn by_address(&self, address: &str) -> std::result::Result<Option<&EntityRef>, Vec<EntityRef>> {
        one(self.addresses.get(&address.to_lowercase()))
    }

    /// The group that is called so, `payments` or `group:default/payments`, if there is one with authority.
    pub(super) fn group(&self, name: &str) -> Option<&EntityRef> {
        let reference = EntityRef::parse(name, Some("group"), DEFAULT_NAMESPACE).ok()?;
        self.groups.get(&reference)
    }

    /// The group that a forge calls so: `acme/payments`.
    pub(super) fn team(&self, slug: &str) -> Option<&EntityRef> {
        self.teams.get(&slug.to_lowercase())
    }

    /// The login at a forge that the catalog knows of a user.
    pub(super) fn login_of(&self, user: &EntityRef) -> Option<&str> {
        self.login_of.get(user).map(String::as_str)
    }

    /// The groups that `user` is in by themselves.
    pub(super) fn groups_of(&self, user: &EntityRef) -> impl Iterator<Item = &EntityRef> {
        self.member_of.get(user).into_iter().flatten()
    }

    /// Who is in which group, those of its parts with it.
    pub(crate) fn members(&self) -> BTreeMap<EntityRef, BTreeSet<EntityRef>> {
        let mut members: BTreeMap<EntityRef, BTreeSet<EntityRef>> =
            self.groups.iter().map(|group| (group.clone(), BTreeSet::new())).collect();
        for (user, groups) in &self.member_of {
            let own = groups.iter().map(|group| (group.clone(), ())).collect();
            for group in self.above(own).into_keys() {
                members.entry(group).or_default().insert(user.clone());
            }
        }
        members
    }

    /// `groups` with everything that they are a part of.
    pub(super) fn above<T: Clone>(&self, groups: BTreeMap<EntityRef, T>) -> BTreeMap<EntityRef, T> {
        let mut open: Vec<(EntityRef, T)> = groups.into_iter().collect();
        let mut all = BTreeMap::new();
        while let Some((group, why)) = open.pop() {
            if all.contains_key(&group) {
                continue;
            }
            open.extend(self.parents.get(&group).into_iter().flatten().map(|parent| (parent.clone(), why.clone())));
            all.insert(group, why);
        }
        all
    }
}

fn one(found: Option<&BTreeSet<EntityRef>>) -> std::result::Result<Option<&EntityRef>, Vec<EntityRef>> {
    match found {
        Some(found) if found.len() > 1 => Err(found.iter().cloned().collect()),
        found => Ok(found.and_then(BTreeSet::first)),
    }
}
