//! One round over the sources: names first, then contents, then the catalog.

use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use futures::stream::{self, StreamExt};
use model::Level;
use tokio_util::sync::CancellationToken;

use super::plan::{self, Known, Plan};
use super::read::{self, Failure, Read};
use super::renames;
use super::store::{self, Synced};
use super::{Coverage, Listing, Round, Source};
use crate::catalog;
use crate::db::new_id;
use crate::error::{Error, Result};
use crate::jobs::{self, Context, Ending};
use crate::settings::SourceSettings;

/// While a round reads for long, the catalog is linked this often, so that contents fill in …
const LINK_EVERY: Duration = Duration::from_secs(2);
/// … but linking takes at most one part in so many of the time.
const LINK_SHARE: u32 = 4;
/// Counts per week move on even where nobody commits.
const LINK_AT_LEAST_EVERY: i64 = 24 * 60 * 60 * 1000;
/// One that failed is tried again after so many milliseconds, though its references have not moved.
const RETRY_AFTER: i64 = 10 * 60 * 1000;
/// Fingerprints that one thread compares at a time.
const CHUNK: usize = 16;

type Sources<'a> = [(&'a SourceSettings, Box<dyn Source>)];

/// A repository that has to be read, and where it is.
struct Due {
    row: Known,
    path: std::result::Result<PathBuf, String>,
}

#[derive(Default)]
struct Tally {
    read: AtomicU64,
    failed: AtomicU64,
    added: u64,
    gone: u64,
}

/// Runs one round. Nobody tries one again that failed as a whole: the schedule begins another, and so can everybody.
pub async fn run(context: &Context) -> Result<Ending> {
    round(context).await.or_else(|error| Ok(Ending::Failed(jobs::reason(context.id(), &error))))
}

/// A failure of one repository or one source does not stop the rest.
async fn round(context: &Context) -> Result<Ending> {
    let start = Instant::now();
    let portal = context.portal();
    let round: Round = context.payload()?;
    let chosen =
        portal.settings().sources.iter().filter(|source| round.source.as_ref().is_none_or(|name| *name == source.name));
    let sources: Vec<_> = chosen.map(|settings| (settings, super::source(settings))).collect();
    if sources.is_empty() {
        context.progress(|progress| "No sources are configured".clone_into(&mut progress.phase));
        return Ok(Ending::Quiet);
    }
    let (plan, listings) = write_names(context, &sources).await?;
    let mut tally = Tally { added: plan.added.len() as u64, gone: plan.gone.len() as u64, ..Tally::default() };
    let total = plan.listed.len();
    let due = find_due(context, &sources, plan.listed, &tally).await?;
    let busy = !due.is_empty();
    if busy {
        let reading = CancellationToken::new();
        let (read, linked) = tokio::join!(
            async {
                let read = read_all(context, due, &tally).await;
                reading.cancel();
                engine_repo::release_licences();
                read
            },
            link_meanwhile(context, &reading),
        );
        read?;
        linked?;
    }
    if context.halted().is_cancelled() {
        return Ok(Ending::Halted);
    }
    let linked = link(context).await?;
    let errors = write_sources(context, &listings, start).await?;
    let changed = linked || tally.added + tally.gone > 0 || *tally.read.get_mut() > 0;
    Ok(sum_up(context, &mut tally, total, &errors, changed))
}

/// Lists all sources and writes the names in one transaction.
async fn write_names<'a>(
    context: &Context,
    sources: &Sources<'a>,
) -> Result<(Plan, Vec<(&'a SourceSettings, Listing)>)> {
    let portal = context.portal();
    context.progress(|progress| {
        *progress = model::job::Progress { phase: "Looking for repositories".to_owned(), ..Default::default() };
    });
    let mut listings = Vec::new();
    for (settings, source) in sources {
        let listing = source.list().await;
        if let Coverage::Partial(why) | Coverage::Failed(why) = &listing.coverage {
            context.log(Level::Warning, format!("{}: {why}", settings.name));
        }
        for finding in listing.findings.iter().take(100) {
            let place = if finding.file.is_empty() { String::new() } else { format!("{}: ", finding.location()) };
            context.log(finding.level, format!("{}: {place}{}", settings.name, finding.message));
        }
        listings.push((*settings, listing));
    }
    let known = store::known(portal.db()).await?;
    let now = portal.clock().now();
    let renamed = renames::find(&known, &listings, now, workers(context)).await;
    let plan = plan::plan(&known, &listings, &renamed, &mut || new_id(now));
    for note in &plan.notes {
        context.log(Level::Note, note);
    }
    if plan.added.is_empty() && plan.changed.is_empty() && plan.gone.is_empty() {
        return Ok((plan, listings));
    }
    let mut tx = portal.db().begin().await?;
    for row in &plan.added {
        store::add(&mut tx, row, now).await?;
    }
    for row in &plan.changed {
        store::relist(&mut tx, row).await?;
    }
    for id in &plan.gone {
        store::hide(&mut tx, id, now).await?;
    }
    store::mark_changed(&mut tx).await?;
    tx.commit().await?;
    if !plan.added.is_empty() {
        context.log(Level::Note, format!("{} repositories are new.", plan.added.len()));
    }
    Ok((plan, listings))
}

/// Those whose references have moved since they were read. Costs one look at each.
async fn find_due(context: &Context, sources: &Sources<'_>, listed: Vec<Known>, tally: &Tally) -> Result<Vec<Due>> {
    context.progress(|progress| {
        "Comparing references".clone_into(&mut progress.phase);
        progress.total = listed.len() as u64;
    });
    let by_name: HashMap<&str, &dyn Source> =
        sources.iter().map(|(settings, source)| (settings.name.as_str(), source.as_ref())).collect();
    let mut opened = Vec::with_capacity(listed.len());
    for row in listed {
        let path = match by_name.get(row.source.as_str()) {
            Some(source) => source.open(&row.path).await,
            None => Err(format!("its source {} is not configured", row.source)),
        };
        opened.push(Due { row, path });
    }
    let (now, wished) = (context.portal().clock().now(), context.is_wished());
    let mut chunks = Vec::new();
    while !opened.is_empty() {
        let rest = opened.split_off(opened.len().min(CHUNK));
        chunks.push(std::mem::replace(&mut opened, rest));
    }
    let compared = stream::iter(chunks)
        .map(|chunk| tokio::task::spawn_blocking(move || compare(chunk, now, wished)))
        .buffer_unordered(workers(context));
    let mut due = Vec::new();
    let (mut unchanged, mut failed) = (0, 0);
    futures::pin_mut!(compared);
    while let Some(chunk) = compared.next().await {
        let chunk = chunk.map_err(Error::internal)?;
        unchanged += chunk.unchanged;
        failed += chunk.failed;
        due.extend(chunk.due);
    }
    tally.failed.fetch_add(failed, Ordering::Relaxed);
    due.sort_by_cached_key(|(weight, due)| (std::cmp::Reverse(*weight), due.row.name.clone()));
    context.progress(|progress| {
        "Reading repositories".clone_into(&mut progress.phase);
        progress.done = unchanged + failed;
        progress.failed = failed;
    });
    Ok(due.into_iter().map(|(_, due)| due).collect())
}

#[derive(Default)]
struct Compared {
    due: Vec<(u64, Due)>,
    unchanged: u64,
    /// They failed before, and nothing has moved since.
    failed: u64,
}

fn compare(chunk: Vec<Due>, now: i64, wished: bool) -> Compared {
    let rules = Some(i64::from(engine_catalog::RULES_VERSION));
    let mut compared = Compared::default();
    for due in chunk {
        let known = due.row.fingerprint.is_some()
            && due.path.as_ref().ok().and_then(|path| read::fingerprint(path).ok()) == due.row.fingerprint;
        if due.row.standing == "failed" {
            let recent = due.row.read_at.is_some_and(|at| now - at < RETRY_AFTER);
            if known && recent && !wished {
                compared.failed += 1;
                continue;
            }
        } else if known && due.row.rules_version == rules {
            compared.unchanged += 1;
            continue;
        }
        let weight = due.path.as_ref().map_or(0, |path| read::weight(path));
        compared.due.push((weight, due));
    }
    compared
}

/// Reads what is due, so many at a time, each in a transaction of its own. Once the job is halted or the database fails,
/// nothing more is begun, and what is in flight comes to its end.
async fn read_all(context: &Context, due: Vec<Due>, tally: &Tally) -> Result<()> {
    let stop = context.halted().child_token();
    let begun = due.into_iter().take_while(|_| !stop.is_cancelled()).map(|due| read_one(context, due, tally));
    let results = stream::iter(begun).buffer_unordered(workers(context));
    futures::pin_mut!(results);
    let mut outcome = Ok(());
    while let Some(result) = results.next().await {
        if result.is_err() {
            stop.cancel();
        }
        outcome = outcome.and(result);
    }
    outcome
}

async fn read_one(context: &Context, due: Due, tally: &Tally) -> Result<()> {
    let Due { row, path } = due;
    let now = context.portal().clock().now();
    context.progress(|progress| row.name.clone_into(&mut progress.current));
    let read = match path {
        Ok(path) => tokio::task::spawn_blocking(move || read::read(&path, now)).await.unwrap_or_else(|error| {
            tracing::error!(repository = row.name, %error, "reading a repository panicked");
            Err(Failure {
                reason: "a fault in Slipway; the server's log has the details".to_owned(),
                fingerprint: row.fingerprint.clone(),
            })
        }),
        Err(reason) => Err(Failure { reason, fingerprint: None }),
    };
    let failed = read.is_err();
    match read {
        Ok(read) => keep(context, &row, &read).await?,
        Err(failure) => keep_failure(context, &row, &failure).await?,
    }
    tally.read.fetch_add(u64::from(!failed), Ordering::Relaxed);
    tally.failed.fetch_add(u64::from(failed), Ordering::Relaxed);
    metrics::counter!("slipway_repositories_read_total", "result" => if failed { "failed" } else { "read" })
        .increment(1);
    context.progress(|progress| {
        progress.done += 1;
        progress.failed += u64::from(failed);
    });
    Ok(())
}

async fn keep(context: &Context, row: &Known, read: &Read) -> Result<()> {
    let portal = context.portal();
    let mut tx = portal.db().begin().await?;
    store::write_read(&mut tx, &row.id, read, i64::from(engine_catalog::RULES_VERSION), portal.clock().now()).await?;
    store::mark_changed(&mut tx).await?;
    tx.commit().await?;
    context.log(Level::Note, format!("{}: read in {} ms.", row.name, read.took));
    Ok(())
}

async fn keep_failure(context: &Context, row: &Known, failure: &Failure) -> Result<()> {
    let portal = context.portal();
    let findings = serde_json::to_string(&[read::finding(&failure.reason)])?;
    let mut tx = portal.db().begin().await?;
    let (id, now) = (&row.id, portal.clock().now());
    let news =
        store::write_failure(&mut tx, id, &failure.reason, &findings, failure.fingerprint.as_deref(), now).await?;
    if news {
        store::mark_changed(&mut tx).await?;
    }
    tx.commit().await?;
    context.log(Level::Error, format!("{}: {}", row.name, failure.reason));
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
async fn link(context: &Context) -> Result<bool> {
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
            Coverage::Complete => None,
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

fn workers(context: &Context) -> usize {
    context.portal().settings().workers.max(1)
}
