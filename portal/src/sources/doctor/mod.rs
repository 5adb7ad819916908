//! What is needed, whether it is there, and what is off without it: of each source, and of Slipway itself.
//!
//! [`examine`] needs no database, so that `slipway doctor` opens none. All sources are looked at side by side; each
//! question has a limit of time, and all together have one, whatever hangs on the way.

mod folder;
mod git;
mod github;
mod identity;
mod itself;
mod last;
mod reading;
mod report;
mod store;
#[cfg(test)]
mod tests;
mod way;
mod webhooks;
mod writing;

use std::collections::HashMap;
use std::time::Duration;

use futures::FutureExt;
use futures::future::{BoxFuture, join_all};
use model::Level;
use model::job::{Job, JobState};
use serde::{Deserialize, Serialize};
use tokio::time::Instant;

pub(crate) use self::last::cannot_write;
pub use self::report::{Check, Group, Help, Report, State, Verdict};
use crate::Portal;
use crate::audit::{self, Change};
use crate::error::{Error, Result};
use crate::identity::{Action, Actor, Resource, can};
use crate::jobs::{self, Context, Ending, NewJob};
use crate::settings::{Settings, SourceKind, SourceSettings};

/// The kind of the job that looks.
pub const JOB: &str = "doctor";
/// Key of the look at everything; no source can have this name.
const ALL: &str = "*";
/// Starts after which a look counts as hopeless.
const ATTEMPTS: u32 = 3;

/// How long one may look.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// For a connection, or one step of it.
    pub step: Duration,
    /// For one question.
    pub each: Duration,
    /// For all questions about one source.
    pub all: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self { step: Duration::from_secs(5), each: Duration::from_secs(10), all: Duration::from_secs(18) }
    }
}

/// What is known of the set-up, and whether somebody looks at this moment.
#[derive(Debug, Clone)]
pub struct Examined {
    /// Slipway itself first, then sources in the order of the configuration; those that nobody has looked at are missing.
    pub reports: Vec<Report>,
    /// The look that waits or runs.
    pub running: Option<Job>,
}

/// What a look is at.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Look {
    /// `None` for everything.
    source: Option<String>,
}

/// Looks at a source or at everything; `portal` is the open one, where there is one: it has seen deliveries.
///
/// # Errors
/// [`Error::NotFound`] for a source that is not configured.
pub async fn examine(
    settings: &Settings,
    source: Option<&str>,
    portal: Option<&Portal>,
    limits: &Limits,
) -> Result<Vec<Report>> {
    let sources: Vec<&SourceSettings> =
        settings.sources.iter().filter(|known| source.is_none_or(|name| name == known.name)).collect();
    if let Some(name) = source
        && sources.is_empty()
    {
        return Err(Error::not_found(format!("A source named {name}")));
    }
    let mut looks: Vec<BoxFuture<'_, Report>> = Vec::new();
    if source.is_none() {
        looks.push(
            timed(
                settings,
                None,
                "slipway",
                "this portal".to_owned(),
                itself::checks(settings, portal.map(Portal::db), limits),
            )
            .boxed(),
        );
    }
    looks.extend(sources.into_iter().map(|source| of_source(settings, source, portal, limits)));
    Ok(join_all(looks).await)
}

fn of_source<'a>(
    settings: &'a Settings,
    source: &'a SourceSettings,
    portal: Option<&'a Portal>,
    limits: &'a Limits,
) -> BoxFuture<'a, Report> {
    let name = Some(source.name.as_str());
    match &source.kind {
        SourceKind::Folder(path) => {
            let location = path.to_string_lossy().into_owned();
            timed(settings, name, "folder", location, folder::checks(path, limits)).boxed()
        }
        SourceKind::Git(found) => {
            timed(settings, name, "git", super::store::addresses(found), git::checks(found, limits)).boxed()
        }
        SourceKind::GitHub(found) => {
            let heard = webhooks::Heard { portal, source: &source.name };
            timed(settings, name, "github", found.location(), github::checks(found, settings, heard, limits)).boxed()
        }
    }
}

async fn timed(
    settings: &Settings,
    source: Option<&str>,
    kind: &str,
    location: String,
    looking: impl Future<Output = Vec<Check>>,
) -> Report {
    let start = Instant::now();
    let mut checks = looking.await;
    checks.sort_by_key(|check| check.group);
    Report {
        source: source.map(str::to_owned),
        kind: kind.to_owned(),
        location,
        checked_at: settings.clock.now(),
        took: i64::try_from(start.elapsed().as_millis()).unwrap_or(i64::MAX),
        checks,
        is_old: false,
    }
}

/// The last reports, and whether new ones are on their way.
///
/// # Errors
/// [`Error::Forbidden`] for whoever may not see how the portal is set up.
pub async fn latest(portal: &Portal, actor: &Actor) -> Result<Examined> {
    can(actor, Action::SetUp, Resource::Anything)?;
    // First whether one is on its way: what it finds is written before it has ended.
    let jobs = jobs::list(portal, actor, RECENT).await?;
    let running =
        jobs.into_iter().find(|job| job.kind == JOB && matches!(job.state, JobState::Queued | JobState::Running));
    let reports = store::all(portal.db()).await?.into_iter().map(|found| last::dated(portal.settings(), found));
    let mut reports: Vec<Report> = reports.collect();
    let order = |report: &Report| match &report.source {
        None => Some(0),
        Some(name) => portal.settings().sources.iter().position(|source| source.name == *name).map(|at| at + 1),
    };
    reports.retain(|report| order(report).is_some());
    reports.sort_by_key(|report| order(report));
    Ok(Examined { reports, running })
}

/// Jobs among which one that runs is looked for.
const RECENT: usize = 50;

/// Starts a look at one source or at everything, or joins the one that waits; gives the job's id.
///
/// # Errors
/// [`Error::Forbidden`] for whoever may not; [`Error::NotFound`] for a source that is not configured.
pub async fn check(portal: &Portal, actor: &Actor, source: Option<&str>) -> Result<String> {
    can(actor, Action::SetUp, Resource::Anything)?;
    if let Some(name) = source
        && !portal.settings().sources.iter().any(|source| source.name == name)
    {
        return Err(Error::not_found(format!("A source named {name}")));
    }
    let now = portal.clock().now();
    let title =
        source.map_or_else(|| "Check of the set-up".to_owned(), |name| format!("Check of the set-up of {name}"));
    let payload = serde_json::to_string(&Look { source: source.map(str::to_owned) })?;
    let dedup = Some(source.unwrap_or(ALL));
    let mut tx = portal.db().begin().await?;
    let job = NewJob { kind: JOB, title: &title, payload: &payload, dedup, wished: false, max_attempts: ATTEMPTS };
    let id = jobs::enqueue(&mut tx, now, job).await?;
    let target = source.unwrap_or("all sources");
    let change = Change { action: "doctor.check", target, after: Some(&id), ..Change::default() };
    audit::record(&mut tx, actor, now, change).await?;
    tx.commit().await?;
    portal.jobs().wake();
    Ok(id)
}

/// Looks, and keeps what was found.
pub async fn run(context: &Context) -> Result<Ending> {
    let portal = context.portal();
    let look: Look = context.payload()?;
    context.progress(|progress| "Looking at the set-up".clone_into(&mut progress.phase));
    let limits = Limits::default();
    // Of before the look: a file that changes meanwhile makes it old.
    let configuration = |name: Option<&str>| last::configuration(portal.settings(), name);
    let names = std::iter::once(None).chain(portal.settings().sources.iter().map(|source| Some(source.name.as_str())));
    let made_of: HashMap<Option<&str>, String> = names.map(|name| (name, configuration(name))).collect();
    let examined = examine(portal.settings(), look.source.as_deref(), Some(portal), &limits);
    let reports = tokio::select! {
        reports = examined => reports?,
        () = context.halted().cancelled() => return Ok(Ending::Halted),
    };
    let mut tx = portal.db().begin().await?;
    for report in &reports {
        let made_of = made_of.get(&report.source.as_deref()).map_or("", String::as_str);
        store::write(&mut tx, report, made_of).await?;
    }
    tx.commit().await?;
    for report in &reports {
        let name = report.source.as_deref().unwrap_or("Slipway");
        for check in report.checks.iter().filter(|check| check.state == State::Missing) {
            context.log(Level::Warning, format!("{name}: {}: {}", check.title, check.found));
        }
    }
    let missing: usize = reports.iter().map(|report| report.count(State::Missing)).sum();
    context.progress(|progress| {
        progress.phase = match missing {
            0 => "Everything that is needed is there".to_owned(),
            missing => format!("{} missing", count(missing, "thing is", "things are")),
        };
    });
    Ok(Ending::Succeeded)
}

/// `1 branch`, `3 branches`
fn count(number: usize, one: &str, many: &str) -> String {
    format!("{number} {}", if number == 1 { one } else { many })
}

/// With a capital letter and a full stop.
fn sentence(text: &str) -> String {
    let mut letters = text.trim().chars();
    let first: String = letters.next().map(|first| first.to_uppercase().collect()).unwrap_or_default();
    let rest = letters.as_str();
    let stop = if rest.ends_with(['.', '!', '?']) { "" } else { "." };
    format!("{first}{rest}{stop}")
}
