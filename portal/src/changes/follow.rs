//! What has become of changes that are open: asked now and then, and when the forge says that something happened.

use std::path::Path;

use futures::future::BoxFuture;
use futures::{FutureExt, StreamExt, stream};
use model::Level;
use model::change::{ChangeState, FileEdit};
use serde::{Deserialize, Serialize};

use super::store::{self, Row};
use super::{FOLLOW, PREFIX, news};
use crate::db::Tx;
use crate::forge::{self, Forge, Pull, PullState};
use crate::identity::{Action, Actor, Resource, can};
use crate::jobs::{self, Context, Ending, NewJob};
use crate::sources::{self, Host};
use crate::{Error, Portal, Result, inbox};

/// Repositories that are looked at at the same time.
const AT_ONCE: usize = 8;
/// Attempts at one look; the next one comes by itself.
const ATTEMPTS: u32 = 1;

#[derive(Serialize, Deserialize)]
struct Look {
    /// Id; `None` for all repositories with open changes.
    repository: Option<String>,
}

/// Looks now; gives the job's id.
///
/// # Errors
/// [`Error::Forbidden`] for who may not.
pub async fn refresh(portal: &Portal, actor: &Actor) -> Result<String> {
    can(actor, Action::Propose, Resource::Anything)?;
    let mut tx = portal.db().begin().await?;
    let id = enqueue(&mut tx, portal.clock().now(), None, true).await?;
    tx.commit().await?;
    portal.jobs().wake();
    Ok(id)
}

/// The forge says that something happened to a pull request: `stable_key` is its repository's (`github:host:id`), `branch`
/// the one that is proposed. What it says is not believed but looked at, in a job; of branches that are not ours nothing
/// comes.
///
/// # Errors
/// If the database does not answer.
pub async fn told(portal: &Portal, stable_key: &str, branch: &str) -> Result<()> {
    if !branch.starts_with(PREFIX) {
        return Ok(());
    }
    let Some(repository) = store::of_branch(portal.db(), stable_key, branch).await? else { return Ok(()) };
    let mut tx = portal.db().begin().await?;
    enqueue(&mut tx, portal.clock().now(), Some(repository), true).await?;
    tx.commit().await?;
    portal.jobs().wake();
    Ok(())
}

/// The look that a schedule asks for, where there is something to look at.
pub(crate) async fn enqueue_following(tx: &mut Tx, now: i64) -> Result<()> {
    if store::has_open(tx).await? {
        enqueue(tx, now, None, false).await?;
    }
    Ok(())
}

async fn enqueue(tx: &mut Tx, now: i64, repository: Option<String>, wished: bool) -> Result<String> {
    let dedup = repository.clone().unwrap_or_else(|| "*".to_owned());
    let payload = serde_json::to_string(&Look { repository })?;
    let job = NewJob {
        kind: FOLLOW,
        title: "Looking at open changes",
        payload: &payload,
        dedup: Some(&dedup),
        wished,
        max_attempts: ATTEMPTS,
    };
    jobs::enqueue(tx, now, job).await
}

/// Looks at what is open: one call a repository, which costs nothing of the rate limit while nothing happens there.
pub async fn follow(context: &Context) -> Result<Ending> {
    let portal = context.portal();
    let look: Look = context.payload()?;
    let rows = store::followed(portal.db(), look.repository.as_deref()).await?;
    let total = rows.len() as u64;
    context.progress(|progress| {
        *progress = model::job::Progress { phase: "Looking at open changes".to_owned(), total, ..Default::default() };
    });
    let looks: Vec<_> = rows
        .chunk_by(|one, other| one.repository == other.repository)
        .map(|rows| look_and_tell(context, rows, look.repository.is_some()))
        .collect();
    let mut looks = stream::iter(looks).buffer_unordered(AT_ONCE);
    let mut moved = 0;
    while let Some(looked) = looks.next().await {
        moved += looked?;
        if context.halted().is_cancelled() {
            return Ok(Ending::Halted);
        }
    }
    Ok(if moved > 0 { Ending::Succeeded } else { Ending::Quiet })
}

/// A repository that cannot be looked at now stops no other, and is looked at with the next look.
fn look_and_tell<'a>(context: &'a Context, rows: &'a [Row], anew: bool) -> BoxFuture<'a, Result<u64>> {
    async move {
        let looked = look_at(context.portal(), rows, anew).await;
        context.progress(|progress| progress.done += rows.len() as u64);
        match looked {
            Err(error @ (Error::Unavailable(_) | Error::NotFound(_))) => {
                let what = rows.first().map_or("", |row| row.title.as_str());
                context.log(Level::Warning, format!("{what}: {error}"));
                Ok(0)
            }
            looked => looked,
        }
    }
    .boxed()
}

/// Of one repository; gives how many stand elsewhere now.
async fn look_at(portal: &Portal, rows: &[Row], anew: bool) -> Result<u64> {
    let Some(row) = rows.first() else { return Ok(0) };
    match sources::host(portal, &row.repository).await? {
        Host::GitHub { forge, id } => at_github(portal, &forge, id, rows, anew).await,
        Host::Git(remote) => {
            let mirror = sources::mirrors(&portal.settings().data).join(remote.url.folder_name());
            in_mirror(portal, &mirror, rows).await
        }
        Host::ReadOnly(_) => Ok(0),
    }
}

async fn at_github(portal: &Portal, forge: &Forge, id: u64, rows: &[Row], anew: bool) -> Result<u64> {
    let known = rows[0].etag.clone().filter(|etag| !anew && rows.iter().all(|row| row.etag.as_ref() == Some(etag)));
    // By its id, so that a rename changes nothing.
    let listed = forge.latest_pulls(id, known.as_deref()).await?;
    let Some((pulls, etag)) = listed else { return Ok(0) };
    let mut moved = 0;
    for row in rows {
        let Some(number) = row.number.and_then(|number| u64::try_from(number).ok()) else { continue };
        let pull = match pulls.iter().find(|pull| pull.number == number) {
            Some(pull) => pull.clone(),
            // More than a hundred others changed since.
            None => match forge.pull(id, number).await {
                Ok(pull) => pull,
                Err(forge::Error::NotFound { .. } | forge::Error::Gone { .. }) => continue,
                Err(error) => return Err(error.into()),
            },
        };
        moved += u64::from(settle(portal, row, standing(&pull), etag.clone()).await?);
    }
    Ok(moved)
}

fn standing(pull: &Pull) -> (ChangeState, Option<String>) {
    let number = pull.number;
    match pull.state {
        PullState::Open => (ChangeState::Open, None),
        PullState::Merged => (ChangeState::Merged, Some(format!("Pull request #{number} was merged."))),
        PullState::Closed => {
            let note = format!("Somebody closed pull request #{number} at GitHub. Propose it again for a new one.");
            (ChangeState::Closed, Some(note))
        }
    }
}

/// A plain branch is merged when the default branch has what it brings, and closed when it is gone without that. What is
/// known of both came with the last sync.
async fn in_mirror(portal: &Portal, mirror: &Path, rows: &[Row]) -> Result<u64> {
    let mut moved = 0;
    for row in rows {
        let (edits, branch, mirror) = (row.edits()?, row.branch.clone(), mirror.to_owned());
        let look = move || (has(&mirror, &edits), is_there(&mirror, &branch));
        let (has, there) = tokio::task::spawn_blocking(look).await.map_err(Error::internal)?;
        let base = row.base.as_deref().unwrap_or("the default branch");
        let standing = match (has, there) {
            (true, _) => (ChangeState::Merged, Some(format!("{base} has it."))),
            (false, true) => continue,
            (false, false) => {
                let note = format!(
                    "The branch {} is gone, and {base} has nothing of it. Propose it again for a new one.",
                    row.branch
                );
                (ChangeState::Closed, Some(note))
            }
        };
        moved += u64::from(settle(portal, row, standing, None).await?);
    }
    Ok(moved)
}

/// Whether the head of the mirror has every file as it shall be.
fn has(mirror: &Path, edits: &[FileEdit]) -> bool {
    let Ok(repository) = engine_repo::Repository::open(mirror) else { return false };
    edits.iter().all(|edit| {
        let wanted = edit.after.as_ref().map(String::as_bytes);
        match repository.file(&edit.path, wanted.map_or(0, <[u8]>::len).saturating_add(1)) {
            Ok(found) => found.as_ref().map(|file| file.blob.bytes.as_slice()) == wanted,
            Err(_) => false,
        }
    })
}

/// Whether the mirror has the branch; one that cannot be asked has it.
fn is_there(mirror: &Path, branch: &str) -> bool {
    let Ok(packed) = std::fs::read_to_string(mirror.join("packed-refs")) else {
        return mirror.join("refs/heads").join(branch).exists() || !mirror.is_dir();
    };
    let name = format!(" refs/heads/{branch}");
    mirror.join("refs/heads").join(branch).exists() || packed.lines().any(|line| line.ends_with(&name))
}

/// Writes down where a change stands now; gives whether that is news.
async fn settle(
    portal: &Portal,
    row: &Row,
    (state, reason): (ChangeState, Option<String>),
    etag: Option<String>,
) -> Result<bool> {
    let now = portal.clock().now();
    let mut tx = portal.db().begin().await?;
    if !store::is_current(&mut tx, row).await? {
        return Ok(false);
    }
    let news = state != row.state();
    let mut row = Row { etag, ..row.clone() };
    if news {
        state.as_str().clone_into(&mut row.state);
        (row.reason, row.updated_at) = (reason, now);
        store::add_event(&mut tx, &row.id, now, state, row.reason.as_deref()).await?;
    }
    store::write(&mut tx, &row).await?;
    let is_told = news && news::tell(&mut tx, portal, &row).await?;
    tx.commit().await?;
    if is_told {
        inbox::told(portal);
    }
    Ok(news)
}
