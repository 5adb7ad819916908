//! Proposes and closes what waits, one after another. A failure of one does not stop the rest.

use model::Level;
use model::change::ChangeState;

use super::store::{self, Row};
use super::{branch, github, news};
use crate::error::{Error, Result};
use crate::inbox;
use crate::jobs::{Context, Ending};
use crate::sources::{self, Host};

/// How work on one change came to an end.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Outcome {
    /// It is proposed: the number of the pull request, and where a person goes on.
    Open {
        number: Option<u64>,
        url: Option<String>,
    },
    /// The default branch has it.
    Merged(String),
    Closed(String),
    /// The files were changed meanwhile.
    Conflict(String),
    /// Somebody else pushed to the branch.
    Taken(String),
    Failed(String),
    /// The host does not answer now: it waits, and is tried again.
    Again(String),
    /// Somebody wants something else by now: whoever comes next works for that.
    Overtaken,
}

/// Why work ends before its last step.
#[derive(Debug)]
pub(super) enum Stop {
    Ended(Outcome),
    /// Our own database.
    Broken(Error),
}

impl From<Error> for Stop {
    fn from(error: Error) -> Self {
        Self::Broken(error)
    }
}

/// One change while a job works for it.
pub(super) struct Work<'a> {
    pub(super) context: &'a Context,
    pub(super) row: Row,
}

impl Work<'_> {
    /// Says which step is next.
    pub(super) fn step(&self, what: &str) {
        let title = &self.row.title;
        self.context.progress(|progress| progress.current = format!("{title}: {what}"));
    }

    /// Writes down what `change` makes of the row, unless somebody wants something else by now.
    pub(super) async fn keep(&mut self, change: impl FnOnce(&mut Row)) -> std::result::Result<(), Stop> {
        let mut row = self.row.clone();
        change(&mut row);
        let portal = self.context.portal();
        let mut tx = portal.db().begin().await?;
        if !store::is_current(&mut tx, &self.row).await? {
            return Err(Stop::Ended(Outcome::Overtaken));
        }
        row.updated_at = portal.clock().now();
        store::write(&mut tx, &row).await?;
        let mut is_told = false;
        if row.state != self.row.state {
            store::add_event(&mut tx, &row.id, row.updated_at, row.state(), row.reason.as_deref()).await?;
            is_told = news::tell(&mut tx, portal, &row).await?;
        }
        tx.commit().await?;
        if is_told {
            inbox::told(portal);
        }
        self.row = row;
        Ok(())
    }

    /// Writes down a commit before the branch is moved to it: whoever finds it there knows that it is ours.
    pub(super) async fn keep_commit(&mut self, commit: &str) -> std::result::Result<(), Stop> {
        self.keep(|row| {
            let mut commits: Vec<&str> = row.commits.split(' ').filter(|known| !known.is_empty()).collect();
            commits.push(commit);
            let first = commits.len().saturating_sub(MOST_COMMITS);
            row.commits = commits[first..].join(" ");
            row.prepared = Some(row.revision);
        })
        .await
    }
}

/// Commits that are remembered as ours; the oldest have long been replaced.
const MOST_COMMITS: usize = 50;

pub async fn run(context: &Context) -> Result<Ending> {
    let portal = context.portal();
    let total = u64::try_from(store::count_due(portal.db()).await?).unwrap_or_default();
    context.progress(|progress| {
        *progress = model::job::Progress { phase: "Proposing changes".to_owned(), total, ..Default::default() };
    });
    let (mut after, mut failed, mut again) = (String::new(), 0_u64, None);
    while let Some(row) = store::next_due(portal.db(), &after).await? {
        if context.halted().is_cancelled() {
            return Ok(Ending::Halted);
        }
        after.clone_from(&row.id);
        let outcome = see_to(context, row).await?;
        let is_failure = matches!(outcome, Outcome::Failed(_) | Outcome::Conflict(_) | Outcome::Taken(_));
        failed += u64::from(is_failure);
        context.progress(|progress| {
            progress.done += 1;
            progress.failed += u64::from(is_failure);
        });
        if let Outcome::Again(why) = outcome {
            again = Some(why);
        }
    }
    context.progress(|progress| {
        "Changes proposed".clone_into(&mut progress.phase);
        progress.current.clear();
    });
    match (again, failed) {
        // It is tried again by itself, after a pause that grows.
        (Some(why), _) => Err(Error::Unavailable(why)),
        (None, 0) => Ok(Ending::Succeeded),
        (None, failed) => Ok(Ending::Failed(format!("{failed} changes need a person; their pages say why."))),
    }
}

async fn see_to(context: &Context, row: Row) -> Result<Outcome> {
    let mut work = Work { context, row };
    let outcome = match attempt(&mut work).await {
        Ok(outcome) | Err(Stop::Ended(outcome)) => outcome,
        Err(Stop::Broken(error)) => return Err(error),
    };
    if context.halted().is_cancelled() && matches!(outcome, Outcome::Again(_)) {
        return Ok(Outcome::Overtaken);
    }
    match write_down(&mut work, &outcome).await {
        Ok(()) => Ok(outcome),
        Err(Stop::Ended(overtaken)) => Ok(overtaken),
        Err(Stop::Broken(error)) => Err(error),
    }
}

async fn attempt(work: &mut Work<'_>) -> std::result::Result<Outcome, Stop> {
    let host = match sources::host(work.context.portal(), &work.row.repository).await {
        Ok(host) => host,
        Err(Error::NotFound(_)) if work.row.closing => {
            return Ok(Outcome::Closed("Its repository is gone.".to_owned()));
        }
        Err(Error::NotFound(_)) => {
            return Ok(Outcome::Failed("Its repository, or the source of that, is in sight no longer.".to_owned()));
        }
        Err(error @ Error::Unavailable(_)) => return Ok(Outcome::Failed(error.to_string())),
        Err(error) => return Err(error.into()),
    };
    if work.row.closing {
        return match host {
            Host::GitHub { forge, id } => github::close(work, &forge, id).await,
            Host::Git(remote) => branch::close(work, &remote).await,
            Host::ReadOnly(_) => Ok(Outcome::Closed("Nothing of it is at the host any more.".to_owned())),
        };
    }
    work.keep(|row| {
        ChangeState::Proposing.as_str().clone_into(&mut row.state);
        row.reason = None;
    })
    .await?;
    match host {
        Host::GitHub { forge, id } => github::propose(work, &forge, id).await,
        Host::Git(remote) => branch::propose(work, &remote).await,
        Host::ReadOnly(why) => Ok(Outcome::Failed(why)),
    }
}

async fn write_down(work: &mut Work<'_>, outcome: &Outcome) -> std::result::Result<(), Stop> {
    let (state, reason) = match outcome {
        Outcome::Open { .. } => (ChangeState::Open, None),
        Outcome::Merged(note) => (ChangeState::Merged, Some(note)),
        Outcome::Closed(note) => (ChangeState::Closed, Some(note)),
        Outcome::Conflict(why) | Outcome::Taken(why) => (ChangeState::Conflict, Some(why)),
        Outcome::Failed(why) => (ChangeState::Failed, Some(why)),
        Outcome::Again(why) => (ChangeState::Waiting, Some(why)),
        Outcome::Overtaken => return Ok(()),
    };
    let level = if matches!(state, ChangeState::Conflict | ChangeState::Failed) { Level::Error } else { Level::Note };
    let said = reason.map_or(String::new(), |reason| format!(": {reason}"));
    work.context.log(level, format!("{}: {}{said}", work.row.title, state.as_str()));
    work.keep(|row| {
        state.as_str().clone_into(&mut row.state);
        row.reason = reason.cloned();
        row.taken = matches!(outcome, Outcome::Taken(_));
        // What could not be closed now is closed with the next attempt.
        row.closing &= matches!(outcome, Outcome::Again(_));
        if let Outcome::Open { number, url } = outcome {
            row.number = number.map(|number| i64::try_from(number).unwrap_or(i64::MAX));
            row.url.clone_from(url);
            row.etag = None;
        }
    })
    .await
}
