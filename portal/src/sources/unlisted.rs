//! A person's word on repositories that are not listed any more: many at once stay until somebody has said what became
//! of them.

use model::source::{Unlisted, UnlistedRepository};

use super::store;
use crate::audit::{self, Change};
use crate::db::Db;
use crate::error::{Error, Result};
use crate::identity::{Action, Actor, Resource, can};
use crate::{Portal, access, catalog};

/// Names that are shown of one source.
const SHOWN: i64 = 100;
/// Characters of a list of names in the audit log.
const LONGEST_LIST: usize = 4_000;

/// What a person says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Word {
    /// They are gone, and are removed.
    Gone,
    /// They stay, and it is not asked again while nothing else becomes of them.
    Keep,
}

impl Word {
    /// As in addresses and forms.
    pub fn parse(text: &str) -> Option<Self> {
        match text {
            "gone" => Some(Self::Gone),
            "keep" => Some(Self::Keep),
            _ => None,
        }
    }
}

/// Takes a person's word on those of a source that wait for one and went out of sight at `until` or before
/// (milliseconds since 1970): no others than were shown. Gives how many.
///
/// # Errors
/// [`Error::Forbidden`] for whoever may not; [`Error::NotFound`] for a source that is not configured.
pub async fn decide(portal: &Portal, actor: &Actor, source: &str, word: Word, until: i64) -> Result<usize> {
    can(actor, Action::Remove, Resource::Anything)?;
    if !portal.settings().sources.iter().any(|known| known.name == source) {
        return Err(Error::not_found(format!("A source named {source}")));
    }
    let now = portal.clock().now();
    let mut tx = portal.db().begin().await?;
    let slugs = match word {
        Word::Gone => store::remove_waiting(&mut tx, source, until, now).await?,
        Word::Keep => store::keep_waiting(&mut tx, source, until).await?,
    };
    if slugs.is_empty() {
        return Ok(0);
    }
    let (action, list) = match word {
        Word::Gone => ("source.unlisted-gone", slugs.join(", ")),
        Word::Keep => ("source.unlisted-keep", slugs.join(", ")),
    };
    let list = match list.char_indices().nth(LONGEST_LIST) {
        Some((at, _)) => format!("{} and more, {} in all", &list[..at], slugs.len()),
        None => list,
    };
    audit::record(&mut tx, actor, now, Change { action, target: source, after: Some(&list), ..Change::default() })
        .await?;
    store::mark_changed(&mut tx).await?;
    tx.commit().await?;
    if word == Word::Gone {
        catalog::relink(portal).await?;
        access::settle(portal).await?;
    }
    Ok(slugs.len())
}

/// What waits for a word, and what is out of sight, by source; names only of what `actor` may read.
pub(super) async fn of_sources(db: &Db, actor: &Actor) -> Result<Vec<(String, Unlisted)>> {
    let mut all = Vec::new();
    for (source, out_of_sight, waiting, until) in store::unlisted(db, actor.readable()).await? {
        let rows = if waiting > 0 { store::waiting(db, &source, actor.readable(), SHOWN).await? } else { Vec::new() };
        let repositories =
            rows.into_iter().map(|(slug, name, since, why)| UnlistedRepository { slug, name, since, why }).collect();
        let (out_of_sight, waiting) = (out_of_sight.unsigned_abs(), waiting.unsigned_abs());
        all.push((source, Unlisted { out_of_sight, waiting, until, repositories }));
    }
    Ok(all)
}
