//! Sources that say themselves what has changed: deliveries of webhooks, and the job that looks at what they told.
//!
//! A delivery is checked, written down and answered at once. What it told becomes one row a thing, however often it is
//! told, and the job `refresh` looks at those rows until there are none. A lost delivery costs nothing but time: rounds
//! find the same.

mod job;
mod store;
#[cfg(test)]
mod tests;

use http::HeaderMap;
use model::{Finding, Level};
use serde::{Deserialize, Serialize};

pub use self::job::refresh;
use self::store::Told;
use super::{people, secrets};
use crate::audit::{self, Change};
use crate::clock::Clock;
use crate::db::{Db, Tx};
use crate::error::{Error, Result};
use crate::forge::webhook::{self, Event, Named, Refused};
use crate::identity::Actor;
use crate::jobs::{self, NewJob};
use crate::settings::{GitHubSettings, SourceKind, SourceSettings};
use crate::{Portal, access, changes, sources};

/// The kind of the job that looks at what was told.
pub const REFRESH: &str = "refresh";
/// Starts after which a refresh counts as hopeless; rounds go on without it.
const ATTEMPTS: u32 = 100;
/// Repositories of one delivery that are asked for one by one; with more, all are listed.
const MOST_NAMED: usize = 20;

/// What became of a delivery.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Received {
    /// It will be looked at.
    Taken,
    /// It came before.
    Repeated,
    /// Nothing here depends on it.
    Ignored,
}

/// What a refresh is over.
#[derive(Serialize, Deserialize)]
struct Refresh {
    source: String,
}

/// Takes a delivery of GitHub's webhook for a source: `body` is what was signed.
///
/// # Errors
/// [`Error::NotFound`] for a source that has no webhook, [`Error::Forbidden`] without a right signature (nothing was
/// parsed then), [`Error::Invalid`] for what cannot be read.
pub async fn receive(portal: &Portal, source: &str, headers: &HeaderMap, body: &[u8]) -> Result<Received> {
    let found = portal.settings().sources.iter().find(|settings| settings.name == source);
    let hook = found.and_then(|settings| match &settings.kind {
        SourceKind::GitHub(github) => Some((settings, github, github.webhook_secret.as_ref()?)),
        _ => None,
    });
    let Some((settings, github, secret)) = hook else {
        return Err(Error::not_found(format!("A source named {source} with a webhook")));
    };
    let secrets = secrets::read_each(secret).map_err(|why| {
        tracing::error!(source, why, "the webhook's secret cannot be read");
        Error::Unavailable("The secret of this webhook cannot be read at the moment.".to_owned())
    })?;
    let delivery = webhook::receive(headers, body, &secrets).map_err(refused)?;
    let told = told(&delivery.event, github);
    let kind = delivery.event.kind();
    let mut tx = portal.db().begin().await?;
    if !store::add_delivery(&mut tx, source, &delivery.id, kind, Clock::System.now()).await? {
        return Ok(Received::Repeated);
    }
    for told in &told {
        store::tell(&mut tx, source, told, Clock::System.now()).await?;
    }
    if told.contains(&Told::people()) || told.contains(&Told::everything()) {
        people::make_due(&mut tx, source).await?;
    }
    if !told.is_empty() {
        enqueue(&mut tx, portal, settings).await?;
    }
    if let Event::PullRequest { action, repository, number, .. } = &delivery.event {
        access::pulls::told(&mut tx, portal, &key(github, repository), *number, action).await?;
    }
    tx.commit().await?;
    metrics::counter!("slipway_deliveries_total", "source" => source.to_owned(), "event" => kind.to_owned())
        .increment(1);
    if let Event::PullRequest { repository, branch, .. } = &delivery.event {
        portal.jobs().wake();
        changes::told(portal, &key(github, repository), branch).await?;
        return Ok(Received::Taken);
    }
    if told.is_empty() {
        return Ok(Received::Ignored);
    }
    portal.jobs().wake();
    Ok(Received::Taken)
}

/// When something was last delivered for a source (milliseconds since 1970, by the machine's clock), and what.
pub async fn last_delivery(portal: &Portal, source: &str) -> Result<Option<(i64, String)>> {
    store::last_delivery(portal.db(), source).await
}

/// Looks at what was told before the process ended, if anything was.
pub(crate) async fn resume(tx: &mut Tx, portal: &Portal) -> Result<()> {
    for settings in &portal.settings().sources {
        if store::is_anything_told(tx, &settings.name).await? {
            enqueue(tx, portal, settings).await?;
        }
    }
    Ok(())
}

/// We know ourselves that there is a repository with this commit: whoever waits until that was looked at asks [`is_told`]. Call
/// [`Jobs::wake`](crate::jobs::Jobs::wake) after the commit.
pub(crate) async fn tell(tx: &mut Tx, portal: &Portal, source: &str, key: &str, commit: &str) -> Result<()> {
    let settings = portal.settings().sources.iter().find(|settings| settings.name == source);
    let settings = settings.ok_or_else(|| Error::not_found(format!("A source named {source}")))?;
    let now = Clock::System.now();
    store::tell(tx, source, &Told::record(key.to_owned()), now).await?;
    let contents = Told { commit: Some(commit.to_owned()), ..Told::contents(key.to_owned()) };
    store::tell(tx, source, &contents, now).await?;
    enqueue(tx, portal, settings).await.map(drop)
}

/// We have removed the repository with this id ourselves: nobody has to list its source to know that.
pub(crate) async fn removed(tx: &mut Tx, portal: &Portal, repository: &str) -> Result<()> {
    let Some(place) = sources::store::place_in(tx, repository).await? else { return Ok(()) };
    let (now, why) = (portal.clock().now(), Some("was removed with the run that made it"));
    sources::store::hide(tx, repository, now).await?;
    let change = Change { action: "repository.remove", target: &place.stable_key, after: why, ..Change::default() };
    audit::record(tx, &Actor::System, now, change).await?;
    sources::store::mark_changed(tx).await?;
    let Some(settings) = portal.settings().sources.iter().find(|settings| settings.name == place.source) else {
        return Ok(());
    };
    // The job links, whatever else it finds.
    store::tell(tx, &place.source, &Told::record(place.stable_key), Clock::System.now()).await?;
    enqueue(tx, portal, settings).await.map(drop)
}

/// Whether nobody has looked yet at what was told of a repository.
pub(crate) async fn is_told(db: &Db, source: &str, key: &str) -> Result<bool> {
    store::is_told(db, source, key).await
}

async fn enqueue(tx: &mut Tx, portal: &Portal, settings: &SourceSettings) -> Result<String> {
    let payload = serde_json::to_string(&Refresh { source: settings.name.clone() })?;
    let title = format!("What {} told", settings.name);
    let dedup = Some(settings.name.as_str());
    let job = NewJob { kind: REFRESH, title: &title, payload: &payload, dedup, wished: true, max_attempts: ATTEMPTS };
    jobs::enqueue(tx, portal.clock().now(), job).await
}

fn refused(refused: Refused) -> Error {
    match refused {
        Refused::Signature => Error::Forbidden(refused.to_string()),
        Refused::TooLarge | Refused::ContentType | Refused::Malformed(_) => {
            let help = "See \"Recent Deliveries\" of the webhook at GitHub for what was sent.";
            Error::Invalid(vec![Finding::new("webhook.delivery", Level::Error, refused.to_string(), help)].into())
        }
    }
}

fn key(github: &GitHubSettings, repository: &Named) -> String {
    format!("github:{}:{}", github.host(), repository.id)
}

/// What an event means for what is known of the source.
fn told(event: &Event, github: &GitHubSettings) -> Vec<Told> {
    let key = |repository| key(github, repository);
    match event {
        Event::Push { repository, after, deleted, .. } => {
            let commit = (!deleted).then(|| after.clone());
            vec![Told { commit, ..Told::contents(key(repository)) }]
        }
        Event::Repository { repository, .. } => vec![Told::record(key(repository))],
        Event::InstallationRepositories { added, removed, .. } if added.len() + removed.len() <= MOST_NAMED => {
            added.iter().chain(removed).map(|repository| Told::record(key(repository))).collect()
        }
        Event::Organization { .. } | Event::Installation { .. } | Event::InstallationRepositories { .. } => {
            vec![Told::everything()]
        }
        Event::Team { repository: Some(repository), .. } => vec![Told::record(key(repository)), Told::people()],
        Event::Team { .. } | Event::Membership { .. } => vec![Told::people()],
        Event::Ping | Event::PullRequest { .. } | Event::Ignored { .. } => Vec::new(),
    }
}
