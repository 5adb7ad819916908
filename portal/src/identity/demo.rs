//! The people of the demo organisation: whoever is at the machine may be any of them, to see what they would see.

use model::EntityRef;

use super::Actor;
use super::account::{Claims, DEMO};
use super::people::{UserView, people};
use super::session::{self, Client, Opened};
use crate::Portal;
use crate::error::{Error, Result};

/// Those that one may be, by name; none where no demo is shown.
pub async fn demo_people(portal: &Portal) -> Result<Vec<UserView>> {
    if !portal.settings().is_demo() {
        return Ok(Vec::new());
    }
    let mut users = people(portal, &Actor::System).await?.users;
    users.retain(|user| user.row.source.as_deref().is_some_and(|source| is_demo(portal, source)));
    Ok(users)
}

fn is_demo(portal: &Portal, source: &str) -> bool {
    portal.settings().sources.iter().any(|known| known.demo && known.name == source)
}

/// Signs in as one of them.
///
/// # Errors
/// [`Error::NotFound`] for somebody who is not in the demo.
pub async fn be_demo_person(
    portal: &Portal,
    user: &EntityRef,
    client: &Client,
    before: Option<&str>,
) -> Result<Opened> {
    let people = demo_people(portal).await?;
    let found = people.iter().find(|one| one.row.reference == *user);
    let row = &found.ok_or_else(|| Error::not_found(user))?.row;
    let claims = Claims {
        issuer: DEMO.to_owned(),
        subject: user.to_string(),
        provider: DEMO.to_owned(),
        name: row.title.clone().unwrap_or_else(|| user.name.clone()),
        ..Claims::default()
    };
    session::open(portal, &claims, client, before).await
}
