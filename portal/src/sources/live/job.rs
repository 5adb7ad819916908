//! Looks at what was told: lists, fetches and reads just that, and links.

use std::collections::{BTreeSet, HashSet};
use std::path::Path;
use std::time::Duration;

use engine_repo::Repository;

use super::Refresh;
use super::store::{self, CONTENTS, EVERYTHING, PEOPLE, RECORD, Told};
use crate::clock::Clock;
use crate::error::{Error, Result};
use crate::jobs::{self, Context, Ending};
use crate::settings::SourceSettings;
use crate::sources::contents::Contents;
use crate::sources::job::{LOCATION_ROUNDS, Sources, Tally, link, link_all, read_and_link, write_names};
use crate::sources::people;
use crate::sources::plan::{Known, Plan};
use crate::sources::{self, Coverage, Extent, Named, Source};

/// What is looked at together.
const TOGETHER: i64 = 1_000;
/// A delivery may come before what it tells can be fetched: looks at one, the first after …
const LOOKS: i64 = 7;
/// … so many milliseconds, and each later one after twice the time: 16 s in all.
const FIRST_PAUSE: i64 = 250;
/// Deliveries are known so long when they come again. GitHub redelivers for three days ("Redelivering webhooks").
const DELIVERIES_KEPT: i64 = 7 * 24 * 60 * 60 * 1000;

/// Runs until nothing that was told is left.
pub async fn refresh(context: &Context) -> Result<Ending> {
    let source = context.payload::<Refresh>().ok().map(|refresh| refresh.source);
    let ended = sources::shown(context, source.as_deref(), answer_all(context)).await;
    ended.or_else(|error| Ok(Ending::Failed(jobs::reason(context.id(), &error))))
}

async fn answer_all(context: &Context) -> Result<Ending> {
    let portal = context.portal();
    let Refresh { source } = context.payload()?;
    let Some(settings) = portal.settings().sources.iter().find(|settings| settings.name == source) else {
        return Ok(Ending::Routine);
    };
    let mut tally = Tally::default();
    while !context.halted().is_cancelled() {
        // Subscribed before reading, so that nothing falls between.
        let mut changed = jobs::watch(portal);
        let mut told = store::told(portal.db(), &source, TOGETHER).await?;
        let Some(first) = told.first() else { break };
        let now = Clock::System.now();
        let wait = first.due_at - now;
        if wait > 0 {
            tokio::select! {
                () = tokio::time::sleep(Duration::from_millis(wait.unsigned_abs())) => {}
                _ = changed.changed() => {}
                () = context.halted().cancelled() => {}
            }
            continue;
        }
        told.retain(|told| told.due_at <= now);
        answer(context, settings, &told, &tally).await?;
    }
    let mut tx = portal.db().begin().await?;
    store::prune_deliveries(&mut tx, Clock::System.now() - DELIVERIES_KEPT).await?;
    tx.commit().await?;
    Ok(match *tally.failed.get_mut() {
        _ if context.halted().is_cancelled() => Ending::Halted,
        0 => Ending::Routine,
        failed => Ending::Failed(format!("{failed} repositories could not be read. The log says why.")),
    })
}

/// One look at all of this.
async fn answer(context: &Context, settings: &SourceSettings, told: &[Told], tally: &Tally) -> Result<()> {
    let portal = context.portal();
    let chosen = [(settings, sources::source(settings, portal))];
    let extent = extent(context, told, chosen[0].1.as_ref()).await?;
    let (plan, listings) = write_names(context, &chosen, &extent).await?;
    let contents = Contents::new(context, &chosen, tally);
    let ids = plan.listed.iter().map(|row| row.id.clone()).collect();
    let (named, others) = split(plan, told);
    read_and_link(context, &contents, contents.all_due(named.clone())).await?;
    if extent == Extent::All {
        people::refresh(context, &chosen).await?;
        let due = contents.find_due(others).await?;
        read_and_link(context, &contents, due).await?;
    }
    if context.halted().is_cancelled() {
        return Ok(());
    }
    match extent {
        Extent::These(_) => link_named(context, &chosen, &contents).await?,
        Extent::All | Extent::Recent => link_all(context, &contents, &ids).await.map(drop)?,
    }
    let failed = listings.iter().any(|(_, listing)| matches!(listing.coverage, Coverage::Failed(_)));
    let in_vain = in_vain(told, named, failed).await?;
    let mut tx = portal.db().begin().await?;
    for (told, in_vain) in told.iter().zip(in_vain) {
        if in_vain && told.looks + 1 < LOOKS {
            let due_at = Clock::System.now() + (FIRST_PAUSE << told.looks);
            store::postpone(&mut tx, &settings.name, told, due_at).await?;
        } else {
            store::answer(&mut tx, &settings.name, told).await?;
        }
    }
    tx.commit().await
}

/// What has to be listed. What is pushed to and in sight need not be asked for.
async fn extent(context: &Context, told: &[Told], source: &dyn Source) -> Result<Extent> {
    if told.iter().any(|told| told.thing == EVERYTHING || told.thing == PEOPLE) || !source.is_listed().await {
        return Ok(Extent::All);
    }
    let keys: BTreeSet<&str> = told.iter().map(|told| told.thing.as_str()).collect();
    let known = sources::store::known_by_key(context.portal().db(), &Vec::from_iter(keys.iter().copied())).await?;
    let is_in_sight = |row: &&Known| row.gone_at.is_none() && row.unseen_since.is_none();
    let in_sight: HashSet<&str> = known.iter().filter(is_in_sight).map(|row| row.stable_key.as_str()).collect();
    let records: HashSet<&str> =
        told.iter().filter(|told| told.what == RECORD).map(|told| told.thing.as_str()).collect();
    let (asked, listed): (Vec<&str>, Vec<&str>) =
        keys.into_iter().partition(|key| records.contains(key) || !in_sight.contains(key));
    let owned = |keys: Vec<&str>| keys.into_iter().map(str::to_owned).collect();
    Ok(Extent::These(Named { listed: owned(listed), asked: owned(asked) }))
}

/// As [`link_all`], among all that the source lists, though only some was listed now.
async fn link_named(context: &Context, chosen: &Sources<'_>, contents: &Contents<'_>) -> Result<()> {
    link(context).await?;
    for _ in 0..LOCATION_ROUNDS {
        let asked = sources::store::asked(context.portal().db()).await?;
        let of_source = asked.into_iter().filter(|row| chosen.iter().any(|(settings, _)| settings.name == row.source));
        let listed: Vec<String> = of_source.map(|row| row.stable_key).collect();
        if listed.is_empty() || context.halted().is_cancelled() {
            break;
        }
        let extent = Extent::These(Named { listed, ..Named::default() });
        let (plan, _) = write_names(context, chosen, &extent).await?;
        if !contents.read_asked(plan.listed).await? {
            break;
        }
        link(context).await?;
    }
    Ok(())
}

/// Those that have to be looked into, since it was told or they were listed anew or otherwise; and the rest.
fn split(plan: Plan, told: &[Told]) -> (Vec<Known>, Vec<Known>) {
    let told: HashSet<&str> =
        told.iter().filter(|told| told.what == CONTENTS).map(|told| told.thing.as_str()).collect();
    let news: HashSet<String> = plan.added.into_iter().chain(plan.changed).map(|row| row.id).collect();
    plan.listed.into_iter().partition(|row| told.contains(row.stable_key.as_str()) || news.contains(&row.id))
}

/// For each thing that was told, whether this look came too early: the source could not be listed, or a commit that was
/// told of is not there yet.
async fn in_vain(told: &[Told], read: Vec<Known>, failed: bool) -> Result<Vec<bool>> {
    if failed {
        return Ok(vec![true; told.len()]);
    }
    let told = told.to_vec();
    let look = move || {
        let is_missing = |told: &Told| {
            let row = read.iter().find(|row| row.stable_key == told.thing);
            let (Some(row), Some(commit)) = (row, &told.commit) else { return false };
            Repository::open(Path::new(&row.path)).is_ok_and(|repository| !repository.has_commit(commit))
        };
        told.iter().map(is_missing).collect()
    };
    tokio::task::spawn_blocking(look).await.map_err(Error::internal)
}
