//! The people of the demo organisation: whoever is at the machine may be any of them, to see what they would see.

use model::catalog::{CatalogRow, Field, Sort};
use model::{EntityRef, Kind};

use super::Actor;
use super::account::{Claims, DEMO};
use super::session::{self, Client, Opened};
use crate::Portal;
use crate::catalog::CatalogQuery;
use crate::error::{Error, Result};

/// Those that one may be, by name; none where no demo is shown.
pub fn demo_people(portal: &Portal) -> Result<Vec<CatalogRow>> {
    if !portal.settings().is_demo() {
        return Ok(Vec::new());
    }
    let query = CatalogQuery::all(&Actor::System).with(Field::Kind, Kind::User.lower());
    let rows = portal.index().read().all(&query, (Sort::Name, false))?;
    let of_demo = rows.iter().filter(|row| row.source.as_deref().is_some_and(|source| is_demo(portal, source)));
    Ok(of_demo.map(|row| CatalogRow::clone(row)).collect())
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
    let people = demo_people(portal)?;
    let row = people.iter().find(|row| row.reference == *user).ok_or_else(|| Error::not_found(user))?;
    let claims = Claims {
        issuer: DEMO.to_owned(),
        subject: user.to_string(),
        provider: DEMO.to_owned(),
        name: row.title.clone().unwrap_or_else(|| user.name.clone()),
        ..Claims::default()
    };
    session::open(portal, &claims, client, before).await
}
