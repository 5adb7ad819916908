//! People and teams, as the catalog knows them.

use model::EntityRef;
use model::catalog::CatalogRow;

use crate::identity::Actor;
use crate::{Error, Portal, Result};

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
pub async fn people(_portal: &Portal, _actor: &Actor) -> Result<People> {
    Err(Error::Unavailable("this part is being written".to_owned()))
}
