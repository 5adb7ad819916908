//! Teams, members and readers of organisations at GitHub, mirrored into tables of their own. They come from the forge
//! alone and so carry authority: nothing in a repository can add to them.
//!
//! One call for each team instead of one for each repository; all of them conditional. A listing that fails or is narrowed
//! changes nothing.

mod read;
pub(crate) mod store;
#[cfg(test)]
mod tests;

use engine_catalog::link::forge::ForgePeople;
use model::Level;

pub use self::read::{Asked, PeopleListing, read};
pub(crate) use self::store::make_due;
pub use self::store::{may_read, readable};
use super::job::Sources;
use crate::Portal;
use crate::error::Result;
use crate::jobs::Context;
use crate::settings::{GitHubOwner, SourceKind};

/// The people of a source are listed at most once in so many milliseconds …
const EVERY: i64 = 10 * 60 * 1000;
/// … and in this for each team, which costs two calls: half of GitHub's hourly limit at the most.
const EVERY_FOR_EACH_TEAM: i64 = 4 * 1000;

/// Teams and people of all organisations, for the catalog.
pub(crate) async fn of_sources(portal: &Portal) -> Result<Vec<ForgePeople>> {
    let mut all = Vec::new();
    for source in &portal.settings().sources {
        if let SourceKind::GitHub(github) = &source.kind
            && let GitHubOwner::Organisation(organisation) = &github.owner
        {
            all.push(store::for_catalog(portal.db(), &source.name, organisation).await?);
        }
    }
    Ok(all)
}

/// Lists the people of those sources for which it is time, and writes what changed.
pub(super) async fn refresh(context: &Context, sources: &Sources<'_>) -> Result<()> {
    let portal = context.portal();
    for (settings, source) in sources {
        let now = portal.clock().now();
        let (mark, teams) = store::mark(portal.db(), &settings.name).await?;
        let every = EVERY.max(teams.saturating_mul(EVERY_FOR_EACH_TEAM));
        if mark.listed_at().is_some_and(|at| now.saturating_sub(at) < every) {
            continue;
        }
        let private = store::private(portal.db(), &settings.name).await?;
        let Some(listing) = source.people(&private).await else { continue };
        match listing {
            Ok(listing) => {
                for note in &listing.notes {
                    context.log(Level::Note, format!("{}: {note}", settings.name));
                }
                if store::write(portal.db(), &settings.name, &listing, mark, now).await? {
                    portal.persons().forget();
                    context.log(Level::Note, format!("{}: teams, members or readers have changed.", settings.name));
                }
            }
            Err(why) => {
                context.log(Level::Warning, format!("{}: teams and members stay as they were: {why}", settings.name));
                store::write_at(portal.db(), &settings.name, mark, now).await?;
            }
        }
    }
    Ok(())
}
