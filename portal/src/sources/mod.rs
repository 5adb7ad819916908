//! Where repositories come from, and the job that reads them.
//!
//! A source lists repositories; a round over the sources (the job `sync`) writes their names first, then reads those whose
//! references have moved, then links the catalog. Invariant: only a complete listing, or a repository's own number at its
//! forge, may take something away; what is merely not listed is out of sight. Nothing is ever deleted: what comes back is
//! recognised.

mod connect;
mod contents;
pub mod doctor;
mod facts;
mod folder;
mod git;
mod github;
mod host;
mod job;
mod live;
mod missing;
pub(crate) mod people;
mod plan;
mod read;
pub mod registration;
mod renames;
mod rounds;
pub(crate) mod secrets;
mod store;
#[cfg(test)]
pub(crate) mod tests;
mod unlisted;
mod waits;

use std::path::{Path, PathBuf};

use futures::FutureExt;
use futures::future::BoxFuture;
use model::source::SourceStatus;
use model::{Finding, Visibility};
use serde::{Deserialize, Serialize};

pub use self::folder::FolderSource;
pub use self::git::GitSource;
pub use self::github::{Accounts, GitHubSource};
pub(crate) use self::host::{
    Ground, Host, forge_of, forge_with, ground, host, key_at_github, key_of_folder, of_owner, remote_at_github,
};
pub use self::job::run;
pub use self::live::{REFRESH, Received, last_delivery, receive, refresh};
pub(crate) use self::live::{is_told, removed, resume, tell};
pub use self::people::{may_read, readable};
pub use self::plan::Known;
pub use self::read::Failure;
pub use self::rounds::Rounds;
pub(crate) use self::store::sight;
pub use self::unlisted::{Word, decide};
pub(crate) use self::waits::shown;
use crate::Portal;
use crate::audit::{self, Change};
use crate::db::{Db, Tx};
use crate::error::{Error, Result};
use crate::git::Watch;
use crate::identity::{Action, Actor, Resource, can};
use crate::jobs::{self, NewJob};
use crate::settings::{Settings, SourceKind, SourceSettings};

/// The kind of the job that runs a round.
pub const JOB: &str = "sync";
/// Key of the round over all sources; no source can have this name.
const ALL: &str = "*";
/// Starts after which a round counts as hopeless. Many, since each kill of the process costs one.
const ATTEMPTS: u32 = 100;

/// One place where repositories are: a folder, Git addresses, an owner at GitHub. It lives for one round.
pub trait Source: Send + Sync {
    /// All repositories, or as many as can be had; `extent` says how many of them have to be asked for anew. `known` are
    /// those of this source that are in sight.
    fn list<'a>(&'a self, extent: &'a Extent, known: &'a [&'a Known]) -> BoxFuture<'a, Listing>;

    /// Whether all of it was listed before, so that [`Extent::These`] can be had without listing all.
    fn is_listed(&self) -> BoxFuture<'_, bool> {
        std::future::ready(false).boxed()
    }

    /// Whether [`open`](Self::open) speaks to another machine: it is then called for many at a time, and its repositories
    /// are compared and read one by one as they arrive.
    fn is_remote(&self) -> bool {
        false
    }

    /// Something that is another whenever the contents of one that was listed may be, as far as the listing tells: what was
    /// read in this state need not be opened. `None` where only opening tells.
    fn state(&self, path: &str) -> Option<String> {
        let _ = path;
        None
    }

    /// Makes one that was listed readable on this machine as it is now, and says where. What it fails with is kept with
    /// the repository, and what was known of that stays; once `watch` is halted, any failure will do.
    fn open<'a>(&'a self, path: &'a str, watch: &'a Watch<'a>) -> BoxFuture<'a, std::result::Result<PathBuf, Failure>>;

    /// The people of its organisation, or why they cannot be listed; `private` are its repositories that are not public.
    /// `None` where it knows of none.
    fn people<'a>(
        &'a self,
        private: &'a [people::Asked],
    ) -> BoxFuture<'a, Option<std::result::Result<people::PeopleListing, String>>> {
        let _ = private;
        std::future::ready(None).boxed()
    }

    /// Called for one that was opened and could not be read: whether that was the copy's fault, and it is whole now.
    fn mend<'a>(&'a self, path: &'a str, watch: &'a Watch<'a>) -> BoxFuture<'a, std::result::Result<bool, Failure>> {
        let _ = (path, watch);
        std::future::ready(Ok(false)).boxed()
    }
}

/// How much of a source is looked at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Extent {
    All,
    /// What has changed lately, where the source can tell that at less cost, and all of it now and then.
    Recent,
    /// Only these, where [`Source::is_listed`].
    These(Named),
}

/// Repositories by their stable keys.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Named {
    /// What was listed of them last will do.
    pub listed: Vec<String>,
    /// What became of them has to be asked for; they need not be known.
    pub asked: Vec<String>,
}

/// What a source lists.
#[derive(Debug, Clone, PartialEq)]
pub struct Listing {
    pub repositories: Vec<Listed>,
    pub coverage: Coverage,
    /// Known ones that are not listed, as far as something can be said of them. Of those that are neither here nor in
    /// `repositories` nothing is said, unless the coverage is [`Coverage::Complete`].
    pub missing: Vec<Missing>,
    /// What was odd; they go to the job's log.
    pub findings: Vec<Finding>,
}

/// How much of a source was listed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Coverage {
    /// What is not listed is not there.
    Complete,
    /// Everything that may be seen; what is not listed may be there all the same, but for what [`Listing::missing`] says.
    Unproven,
    /// As much as was named; of anything else nothing is said.
    Named,
    /// There may be more; why.
    Partial(String),
    /// Nothing can be said; why.
    Failed(String),
}

impl Listing {
    fn failed(why: String) -> Self {
        Self { repositories: Vec::new(), coverage: Coverage::Failed(why), missing: Vec::new(), findings: Vec::new() }
    }
}

/// A known repository that its source does not list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Missing {
    pub stable_key: String,
    pub fate: Fate,
    /// JSON of our standing at the forge when it was last in sight, where that is known.
    pub seen_under: Option<String>,
}

/// What became of it. The texts end a sentence that begins with its name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Fate {
    /// It is certainly not this source's any more: transferred, or not wanted. Nobody need be asked.
    Left(String),
    /// It does not exist, and we would see it if it did; who says so. Many at once may still be a mistake.
    Gone(String),
    /// It may be there, and we do not see it; why.
    Hidden(String),
}

/// One repository of a listing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Listed {
    /// What tells it apart over all sources, for as long as possible: the real path, the address, the number at a forge.
    pub stable_key: String,
    /// As its source names it.
    pub name: String,
    /// Where it is read on this machine, and what [`Source::open`] takes. Mirrors are below [`mirrors`].
    pub path: String,
    pub archived: bool,
    pub fork: bool,
    /// Where it comes from; its source's may be stricter. `None` for a place that knows no such thing.
    pub visibility: Option<Visibility>,
    /// JSON of [`model::repository::ForgeFacts`] without the last push, from a forge.
    pub forge: Option<String>,
    /// When somebody last pushed, in milliseconds since 1970, as a forge says.
    pub pushed_at: Option<i64>,
}

/// What a round is over.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Round {
    /// `None` for all sources.
    source: Option<String>,
}

/// The configured sources that `actor` may see, in the order of the configuration.
pub async fn list(portal: &Portal, actor: &Actor) -> Result<Vec<SourceStatus>> {
    can(actor, Action::Watch, Resource::Anything)?;
    let mut statuses = store::statuses(portal.db()).await?;
    statuses.retain(|status| actor.readable().has(status.visibility, None));
    for (source, unlisted) in unlisted::of_sources(portal.db(), actor).await? {
        if let Some(status) = statuses.iter_mut().find(|status| status.name == source) {
            status.unlisted = unlisted;
        }
    }
    for status in &mut statuses {
        status.waiting = waits::of_source(portal, &status.name);
    }
    let order = |name: &str| portal.settings().sources.iter().position(|source| source.name == name);
    statuses.sort_by_key(|status| order(&status.name));
    Ok(statuses)
}

/// Starts a round over one source or all, or joins the one that runs; gives the job's id.
///
/// # Errors
/// [`Error::Forbidden`] for whoever may not; [`Error::NotFound`] for a source that is not configured.
pub async fn sync(portal: &Portal, actor: &Actor, source: Option<&str>) -> Result<String> {
    can(actor, Action::Sync, Resource::Anything)?;
    if let Some(name) = source
        && !portal.settings().sources.iter().any(|source| source.name == name)
    {
        return Err(Error::not_found(format!("A source named {name}")));
    }
    let now = portal.clock().now();
    let mut tx = portal.db().begin().await?;
    let id = enqueue(&mut tx, now, source, true).await?;
    if *actor != Actor::System {
        let target = source.unwrap_or("all sources");
        let change = Change { action: "source.sync", target, after: Some(&id), ..Change::default() };
        audit::record(&mut tx, actor, now, change).await?;
    }
    tx.commit().await?;
    portal.jobs().wake();
    Ok(id)
}

/// The round that a schedule asks for.
pub(crate) async fn enqueue_round(tx: &mut Tx, now: i64) -> Result<String> {
    enqueue(tx, now, None, false).await
}

async fn enqueue(tx: &mut Tx, now: i64, source: Option<&str>, wished: bool) -> Result<String> {
    let title = source.map_or_else(|| "Sync of all sources".to_owned(), |name| format!("Sync of {name}"));
    let payload = serde_json::to_string(&Round { source: source.map(str::to_owned) })?;
    let dedup = source.unwrap_or(ALL);
    let job =
        NewJob { kind: JOB, title: &title, payload: &payload, dedup: Some(dedup), wished, max_attempts: ATTEMPTS };
    jobs::enqueue(tx, now, job).await
}

/// Brings what is stored in line with what is configured. Gives whether that changes who may see what, or who may declare
/// it: the catalog has to be linked before anybody is served.
pub(crate) async fn register(db: &Db, settings: &Settings) -> Result<bool> {
    let now = settings.clock.now();
    let mut tx = db.begin().await?;
    store::retire_sources(&mut tx, now).await?;
    let mut policies = 0;
    for source in &settings.sources {
        policies += u64::from(store::upsert_source(&mut tx, source).await?);
    }
    let hidden = store::hide_retired(&mut tx, now).await?;
    let changed = store::inherit_visibility(&mut tx).await? + policies;
    if hidden + changed > 0 {
        store::mark_changed(&mut tx).await?;
    }
    tx.commit().await?;
    Ok(hidden + changed > 0)
}

/// The folder of all mirrors, in a data folder.
pub fn mirrors(data: &Path) -> PathBuf {
    data.join("mirrors")
}

/// The source that some settings speak of.
fn source(settings: &SourceSettings, portal: &Portal) -> Box<dyn Source> {
    let mirrors = mirrors(&portal.settings().data);
    match &settings.kind {
        SourceKind::Folder(folder) => Box::new(FolderSource::new(folder, settings.launch)),
        SourceKind::Git(git) => Box::new(GitSource::new(git, &mirrors)),
        SourceKind::GitHub(github) => Box::new(GitHubSource::new(&settings.name, github, &mirrors, portal)),
    }
}
