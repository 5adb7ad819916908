//! "Like this other project": its answers as the beginning of a form.

use engine_templates::lineage::{FILE, parse};

use super::form::Given;
use crate::identity::Actor;
use crate::{Error, Portal, Result, repositories};

/// The answers that a repository (its slug) remembers. Those that its template does not ask for any more are to be left out of a
/// form; none is secret.
///
/// # Errors
/// [`Error::NotFound`] where there is no such repository that `actor` may read, or it remembers none.
pub async fn answers_of(portal: &Portal, actor: &Actor, slug: &str) -> Result<Given> {
    let none = || Error::not_found(format!("What {slug} was made of"));
    let text = repositories::text(portal, actor, slug, FILE).await?.ok_or_else(none)?;
    let (lineage, _) = parse(FILE, &text).map_err(Error::Invalid)?;
    Ok(lineage.answers.iter().map(|(name, value)| (name.to_owned(), value.clone())).collect())
}
