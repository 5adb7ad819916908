//! People and teams, as the catalog knows them.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use model::catalog::{CatalogEntity, CatalogRow, Field, Sort};
use model::{EntityRef, Kind};

use crate::catalog::{self, CatalogQuery};
use crate::identity::{Actor, Readable};
use crate::{Portal, Result};

/// All groups and users that an actor may see.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct People {
    /// By name.
    pub groups: Vec<GroupView>,
    /// By name.
    pub users: Vec<UserView>,
}

#[derive(Debug, Clone, PartialEq)]
pub struct GroupView {
    pub row: CatalogRow,
    pub parent: Option<EntityRef>,
    /// Sorted; may name users that are not in the catalog.
    pub members: Vec<EntityRef>,
    /// How many entities it owns; guesses do not count.
    pub owns: usize,
}

#[derive(Debug, Clone, PartialEq)]
pub struct UserView {
    pub row: CatalogRow,
    /// Sorted.
    pub groups: Vec<EntityRef>,
}

/// The groups and users of the catalog.
pub async fn people(portal: &Portal, actor: &Actor) -> Result<People> {
    let all = CatalogQuery::all(actor);
    let both = all.clone().with(Field::Kind, Kind::Group.lower()).with(Field::Kind, Kind::User.lower());
    let (rows, owned) = {
        let reading = portal.index().read();
        (reading.all(&both, (Sort::Name, false))?, reading.counts(&all, Field::Owner)?)
    };
    let references: Vec<String> = rows.iter().map(|row| row.reference.to_string()).collect();
    let mut edges = Edges::read(portal, &references).await?;
    edges.hide(portal, actor)?;
    let mut people = People::default();
    for row in &rows {
        let (row, reference) = (CatalogRow::clone(row), &row.reference);
        if reference.kind == Kind::Group.lower() {
            people.groups.push(GroupView {
                parent: edges.parents.get(reference).cloned(),
                members: sorted(edges.members.get(reference)),
                owns: owned.get(&catalog::owner_value(reference)).copied().unwrap_or_default(),
                row,
            });
        } else {
            people.users.push(UserView { groups: sorted(edges.groups.get(reference)), row });
        }
    }
    Ok(people)
}

fn sorted(references: Option<&BTreeSet<EntityRef>>) -> Vec<EntityRef> {
    references.into_iter().flatten().cloned().collect()
}

/// Who belongs to whom, whichever end says so.
#[derive(Default)]
struct Edges {
    parents: HashMap<EntityRef, EntityRef>,
    members: BTreeMap<EntityRef, BTreeSet<EntityRef>>,
    groups: BTreeMap<EntityRef, BTreeSet<EntityRef>>,
}

impl Edges {
    async fn read(portal: &Portal, references: &[String]) -> Result<Self> {
        let mut edges = Self::default();
        for (_, body) in catalog::store::bodies(portal.db(), references).await? {
            let known: CatalogEntity = serde_json::from_str(&body)?;
            let here = known.entity.reference();
            for relation in known.entity.relations {
                let there = relation.target_ref;
                match relation.kind.as_str() {
                    "childOf" => drop(edges.parents.insert(here.clone(), there)),
                    "parentOf" => drop(edges.parents.insert(there, here.clone())),
                    "hasMember" => edges.belongs(there, here.clone()),
                    "memberOf" => edges.belongs(here.clone(), there),
                    _ => {}
                }
            }
        }
        Ok(edges)
    }

    /// Takes out those who are there but may not be seen.
    fn hide(&mut self, portal: &Portal, actor: &Actor) -> Result<()> {
        let both = self.members.values().chain(self.groups.values()).flatten().chain(self.parents.values());
        let named: Vec<EntityRef> = both.cloned().collect::<BTreeSet<_>>().into_iter().collect();
        let reading = portal.index().read();
        let seen = reading.named(&named, actor.readable())?;
        let mut hidden = reading.named(&named, &Readable::EVERYTHING)?;
        hidden.retain(|reference, _| !seen.contains_key(reference));
        self.members
            .values_mut()
            .chain(self.groups.values_mut())
            .for_each(|set| set.retain(|one| !hidden.contains_key(one)));
        self.parents.retain(|_, parent| !hidden.contains_key(parent));
        Ok(())
    }

    fn belongs(&mut self, user: EntityRef, group: EntityRef) {
        self.members.entry(group.clone()).or_default().insert(user.clone());
        self.groups.entry(user).or_default().insert(group);
    }
}
