//! One round over the sources: names first, then contents, then the catalog.

use std::collections::HashSet;
use std::path::Path;
use std::sync::atomic::AtomicU64;
use std::time::{Duration, Instant};

use model::Level;
use tokio_util::sync::CancellationToken;

use super::contents::{Contents, Due};
use super::plan::{self, Known, Plan};
use super::renames;
use super::store::{self, Synced};
use super::{Coverage, Extent, Listing, Round, Source};
use crate::db::{Db, new_id};
use crate::error::{Error, Result};
use crate::git;
use crate::jobs::{self, Context, Ending};
use crate::settings::SourceSettings;
use crate::{access, catalog};

/// While a round reads for long, the catalog is linked this often, so that contents fill in …
const LINK_EVERY: Duration = Duration::from_secs(2);
/// … but linking takes at most one part in so many of the time.
const LINK_SHARE: u32 = 4;
/// How often one round reads again what Locations of other repositories name: each may lead to the next. The rest comes
/// with the next round.
pub(super) const LOCATION_ROUNDS: usize = 16;
/// Counts per week move on even where nobody commits.
const LINK_AT_LEAST_EVERY: i64 = 24 * 60 * 60 * 1000;

pub(super) type Sources<'a> = [(&'a SourceSettings, Box<dyn Source>)];

#[derive(Default)]
pub(super) struct Tally {
    pub(super) read: AtomicU64,
    pub(super) failed: AtomicU64,
    added: u64,
    gone: u64,
}

/// Runs one round. Nobody tries one again that failed as a whole: the schedule begins another, and so can everybody.
pub async fn run(context: &Context) -> Result<Ending> {
    let source = context.payload::<Round>().ok().and_then(|round| round.source);
    let ended = super::waits::shown(context, source.as_deref(), round(context)).await;
    ended.or_else(|error| Ok(Ending::Failed(jobs::reason(context.id(), &error))))
}

/// A failure of one repository or one source does not stop the rest.
async fn round(context: &Context) -> Result<Ending> {
    let start = Instant::now();
    let portal = context.portal();
    let round: Round = context.payload()?;
    let chosen =
        portal.settings().sources.iter().filter(|source| round.source.as_ref().is_none_or(|name| *name == source.name));
    let sources: Vec<_> = chosen.map(|settings| (settings, super::source(settings, portal))).collect();
    if sources.is_empty() {
        context.progress(|progress| "No sources are configured".clone_into(&mut progress.phase));
        remove_mirrors(context).await?;
        return Ok(Ending::Quiet);
    }
    let extent = if context.is_wished() { Extent::All } else { Extent::Recent };
    let due = |(settings, source): &(&SourceSettings, Box<dyn Source>)| {
        extent == Extent::All || !source.is_remote() || portal.rounds().is_due(&settings.name)
    };
    let sources: Vec<_> = sources.into_iter().filter(due).collect();
    let (plan, listings) = write_names(context, &sources, &extent).await?;
    let mut tally = Tally { added: plan.added.len() as u64, gone: plan.gone.len() as u64, ..Tally::default() };
    let total = plan.listed.len();
    let contents = Contents::new(context, &sources, &tally);
    let ids = plan.listed.iter().map(|row| row.id.clone()).collect();
    let due = contents.find_due(plan.listed).await?;
    // Each has its own pace: names of people need not wait for the last repository.
    let (read, listed) =
        tokio::join!(read_and_link(context, &contents, due), super::people::refresh(context, &sources));
    read.and(listed)?;
    if context.halted().is_cancelled() {
        return Ok(Ending::Halted);
    }
    if round.source.is_none() {
        remove_mirrors(context).await?;
    }
    let linked = link_all(context, &contents, &ids).await?;
    let errors = write_sources(context, &listings, start).await?;
    for (settings, _) in &sources {
        portal.rounds().looked(&settings.name, start);
    }
    let changed = linked || tally.added + tally.gone > 0 || *tally.read.get_mut() > 0;
    Ok(sum_up(context, &mut tally, total, &errors, changed))
}

/// Links, and reads again those of `ids` in which Locations have come to name something, until nothing more is named.
/// Gives whether anything had changed.
pub(super) async fn link_all(context: &Context, contents: &Contents<'_>, ids: &HashSet<String>) -> Result<bool> {
    let mut linked = link(context).await?;
    for _ in 0..LOCATION_ROUNDS {
        let mut asked = store::asked(context.portal().db()).await?;
        asked.retain(|row| ids.contains(&row.id));
        if context.halted().is_cancelled() || !contents.read_asked(asked).await? {
            break;
        }
        linked |= link(context).await?;
    }
    access::settle(context.portal()).await?;
    Ok(linked)
}

/// Reads what is due, while what was read is linked now and then.
pub(super) async fn read_and_link(context: &Context, contents: &Contents<'_>, due: Due) -> Result<()> {
    if due.is_empty() {
        return Ok(());
    }
    let reading = CancellationToken::new();
    let (read, linked) = tokio::join!(
        async {
            let read = contents.read_all(due).await;
            reading.cancel();
            engine_repo::release_licences();
            read
        },
        link_meanwhile(context, &reading),
    );
    read.and(linked)
}

/// Lists the sources and writes the names in one transaction.
pub(super) async fn write_names<'a>(
    context: &Context,
    sources: &Sources<'a>,
    extent: &Extent,
) -> Result<(Plan, Vec<(&'a SourceSettings, Listing)>)> {
    let portal = context.portal();
    context.progress(|progress| {
        *progress = model::job::Progress { phase: "Looking for repositories".to_owned(), ..Default::default() };
    });
    let known = match extent {
        Extent::All | Extent::Recent => store::known(portal.db()).await?,
        Extent::These(named) => {
            let keys: Vec<&str> = named.listed.iter().chain(&named.asked).map(String::as_str).collect();
            store::known_by_key(portal.db(), &keys).await?
        }
    };
    let mut listings = Vec::new();
    for (settings, source) in sources {
        let in_sight: Vec<_> =
            known.iter().filter(|row| row.source == settings.name && row.gone_at.is_none()).collect();
        let listing = source.list(extent, &in_sight).await;
        if let Coverage::Partial(why) | Coverage::Failed(why) = &listing.coverage {
            context.log(Level::Warning, format!("{}: {why}", settings.name));
        }
        for finding in listing.findings.iter().take(100) {
            let place = if finding.file.is_empty() { String::new() } else { format!("{}: ", finding.location()) };
            context.log(finding.level, format!("{}: {place}{}", settings.name, finding.message));
        }
        listings.push((*settings, listing));
    }
    // Listing may have taken long, and another job may have written meanwhile.
    let _turn = portal.rounds().names().await;
    let known = known_of(portal.db(), &listings).await?;
    let now = portal.clock().now();
    let renamed = renames::find(&known, &listings, now, workers(context)).await;
    let plan = plan::plan(&known, &listings, &renamed, now, &mut || new_id(now));
    for note in &plan.notes {
        context.log(Level::Note, note);
    }
    store::write_plan(portal.db(), &plan, now).await?;
    if !plan.added.is_empty() {
        context.log(Level::Note, format!("{} repositories are new.", plan.added.len()));
    }
    Ok((plan, listings))
}

/// What is known, as far as these listings are about it. All of it where something is missing or new: how much goes at
/// once, and which names are taken, only all of it tells.
async fn known_of(db: &Db, listings: &[(&SourceSettings, Listing)]) -> Result<Vec<Known>> {
    let is_named = |(_, listing): &(_, Listing)| listing.coverage == Coverage::Named && listing.missing.is_empty();
    if listings.iter().all(is_named) {
        let listed = listings.iter().flat_map(|(_, listing)| &listing.repositories);
        let keys: Vec<&str> = listed.map(|listed| listed.stable_key.as_str()).collect();
        let known = store::known_by_key(db, &keys).await?;
        let found: HashSet<&str> = known.iter().map(|row| row.stable_key.as_str()).collect();
        if keys.iter().all(|key| found.contains(key)) {
            return Ok(known);
        }
    }
    store::known(db).await
}

/// Removes the mirrors of repositories that are in sight no longer.
async fn remove_mirrors(context: &Context) -> Result<()> {
    let portal = context.portal();
    let mirrors = super::mirrors(&portal.settings().data);
    if !mirrors.is_dir() {
        return Ok(());
    }
    let known = store::known(portal.db()).await?;
    let in_sight = known.iter().filter(|row| row.gone_at.is_none());
    let in_use = in_sight.filter_map(|row| Some(Path::new(&row.path).file_name()?.to_str()?.to_owned())).collect();
    let cleaned = tokio::task::spawn_blocking(move || git::clean(&mirrors, &in_use)).await.map_err(Error::internal)?;
    match cleaned {
        Ok(0) => {}
        Ok(removed) => {
            context.log(Level::Note, format!("{removed} mirrors that are not needed any more were removed."))
        }
        Err(error) => context.log(Level::Warning, format!("A mirror that is not needed could not be removed: {error}")),
    }
    Ok(())
}

/// Links now and then until the reading is over.
async fn link_meanwhile(context: &Context, reading: &CancellationToken) -> Result<()> {
    let mut pause = LINK_EVERY;
    loop {
        tokio::select! {
            () = reading.cancelled() => return Ok(()),
            () = tokio::time::sleep(pause) => {}
        }
        let start = Instant::now();
        link(context).await?;
        pause = LINK_EVERY.max(start.elapsed() * LINK_SHARE);
    }
}

/// Links the catalog if something has changed since it was linked last; gives whether it had.
pub(super) async fn link(context: &Context) -> Result<bool> {
    let portal = context.portal();
    let now = portal.clock().now();
    let mark = store::change_mark(portal.db()).await?;
    let fresh = store::linked_at(portal.db()).await?.is_some_and(|at| now - at < LINK_AT_LEAST_EVERY);
    if mark.is_none() && fresh {
        return Ok(false);
    }
    catalog::relink(portal).await?;
    let mut tx = portal.db().begin().await?;
    store::write_linked(&mut tx, mark.as_deref(), now).await?;
    tx.commit().await?;
    Ok(mark.is_some())
}

/// Writes how each source fared; gives the sources that could not be listed wholly.
async fn write_sources(
    context: &Context,
    listings: &[(&SourceSettings, Listing)],
    start: Instant,
) -> Result<Vec<String>> {
    let took = i64::try_from(start.elapsed().as_millis()).unwrap_or(i64::MAX);
    let at = context.portal().clock().now();
    let mut errors = Vec::new();
    let mut tx = context.portal().db().begin().await?;
    for (settings, listing) in listings {
        let error = match &listing.coverage {
            Coverage::Complete | Coverage::Unproven | Coverage::Named => None,
            Coverage::Partial(why) | Coverage::Failed(why) => Some(why.as_str()),
        };
        store::write_synced(&mut tx, &Synced { source: &settings.name, at, took, error }).await?;
        errors.extend(error.map(|_| settings.name.clone()));
    }
    tx.commit().await?;
    Ok(errors)
}

fn sum_up(context: &Context, tally: &mut Tally, total: usize, errors: &[String], changed: bool) -> Ending {
    let (read, failed) = (*tally.read.get_mut(), *tally.failed.get_mut());
    let mut parts = vec![format!("{total} repositories"), format!("{read} read")];
    for (count, word) in [(tally.added, "new"), (tally.gone, "gone"), (failed, "failed")] {
        if count > 0 {
            parts.push(format!("{count} {word}"));
        }
    }
    let summary = parts.join(", ");
    context.log(Level::Note, format!("{summary}."));
    context.progress(|progress| {
        progress.phase = summary;
        progress.done = total as u64;
        progress.total = total as u64;
        progress.current.clear();
    });
    if !errors.is_empty() {
        return Ending::Failed(format!("Not everything could be listed: {}. The log says why.", errors.join(", ")));
    }
    if changed { Ending::Succeeded } else { Ending::Quiet }
}

pub(super) fn workers(context: &Context) -> usize {
    context.portal().settings().workers.max(1)
}
