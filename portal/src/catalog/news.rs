//! Tells those who have starred an entity what linking changed of it: its owner, its lifecycle, its name, or that it is gone.

use std::collections::HashMap;

use model::EntityRef;
use model::catalog::CatalogRow;

use super::store::{self, EntityWrite};
use crate::db::Tx;
use crate::inbox::{self, Message, Topic};
use crate::preferences;
use crate::{Portal, Result};

/// What is written anew and starred: who has starred it, and how it was before.
pub(super) struct Starred {
    account: String,
    before: CatalogRow,
    /// `None` where it is gone.
    after: Option<CatalogRow>,
    repository: Option<String>,
}

/// Reads how the starred ones of `entities` were, before they are written.
pub(super) async fn gather(tx: &mut Tx, entities: &[EntityWrite]) -> Result<Vec<Starred>> {
    if !preferences::store::has_stars(tx).await? {
        return Ok(Vec::new());
    }
    let by_reference: HashMap<&str, &EntityWrite> =
        entities.iter().map(|entity| (entity.reference.as_str(), entity)).collect();
    let references: Vec<String> = entities.iter().map(|entity| entity.reference.clone()).collect();
    let mut starred = Vec::new();
    for (account, reference) in preferences::store::stars_of(tx, &references).await? {
        let Some(write) = by_reference.get(reference.as_str()) else { continue };
        let Some((row, repository)) = store::row_before(tx, &reference).await? else { continue };
        let Ok(before) = serde_json::from_str::<CatalogRow>(&row) else { continue };
        let after = if write.deleted { None } else { serde_json::from_str(&write.list_row).ok() };
        starred.push(Starred { account, before, after, repository });
    }
    Ok(starred)
}

/// Tells what is different, once all is written; a star follows its entity to a new name.
pub(super) async fn tell(tx: &mut Tx, portal: &Portal, starred: &[Starred]) -> Result<()> {
    for one in starred {
        let (reference, name) = (&one.before.reference, one.before.reference.short());
        let (title, leads_to) = match &one.after {
            Some(after) => match said(&name, &one.before, after) {
                Some(title) => (title, reference.clone()),
                None => continue,
            },
            None => match store::renamed_in(tx, &reference.to_string()).await?.map(|text| text.parse::<EntityRef>()) {
                Some(Ok(present)) => {
                    preferences::store::move_star(tx, &one.account, &reference.to_string(), &present.to_string())
                        .await?;
                    (format!("{name} is now called {}", present.short()), present)
                }
                _ => (format!("{name} is not in the catalog any more"), reference.clone()),
            },
        };
        let EntityRef { kind, namespace, name } = &leads_to;
        let message = Message {
            topic: Topic::Star,
            title: &title,
            text: "",
            address: &format!("/catalog/{namespace}/{kind}/{name}"),
            repository: one.repository.as_deref(),
        };
        inbox::tell(tx, portal, &one.account, message).await?;
    }
    Ok(())
}

/// Everything in one sentence; guesses are no news.
fn said(name: &str, before: &CatalogRow, after: &CatalogRow) -> Option<String> {
    let mut parts = Vec::new();
    if before.owner != after.owner {
        parts.push(match &after.owner {
            Some(owner) => format!("is owned by {} now", owner.short()),
            None => "has no owner any more".to_owned(),
        });
    }
    if before.lifecycle != after.lifecycle
        && let Some(lifecycle) = &after.lifecycle
    {
        parts.push(format!("is {lifecycle} now"));
    }
    if after.archived && !before.archived {
        parts.push("is archived".to_owned());
    }
    (!parts.is_empty()).then(|| format!("{name} {}", parts.join(", and ")))
}
