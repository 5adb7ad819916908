//! Whose turn it is: so many runs at the same time, and so many of one person.

use model::run::RunState;
use serde::{Deserialize, Serialize};

use super::store::{self, Moved};
use super::{ATTEMPTS, JOB, approvals};
use crate::audit::{self, Change};
use crate::db::Tx;
use crate::identity::Actor;
use crate::jobs::{self, NewJob};
use crate::{Portal, Result};

/// Jobs of one run that may end without it: each of them was begun many times.
const MOST_JOBS: i64 = 3;

/// In the data folder: what runs work with, one folder each.
pub(super) const FOLDER: &str = "runs";

#[derive(Serialize, Deserialize)]
pub(super) struct Payload {
    pub run: String,
}

/// Lets those begin whose turn it is, in the caller's transaction. Call [`jobs::Jobs::wake`] once it is committed.
pub(super) async fn admit(tx: &mut Tx, portal: &Portal) -> Result<()> {
    store::lock_queue(tx).await?;
    let settings = portal.settings().runs;
    let mut running = store::running(tx).await?;
    for (id, launcher, name) in store::queued(tx).await? {
        if running.len() >= settings.at_once.max(1) {
            break;
        }
        let own = running.iter().filter(|other| **other == launcher).count();
        if own < settings.per_person.max(1)
            && store::move_on(tx, &id, &[RunState::Queued], Moved::to(RunState::Running)).await?
        {
            enqueue(tx, portal, &id, &name).await?;
            running.push(launcher);
        }
    }
    Ok(())
}

/// A job for a run, or one attempt more of the one that there is, at once.
pub(super) async fn enqueue(tx: &mut Tx, portal: &Portal, id: &str, name: &str) -> Result<String> {
    let payload = serde_json::to_string(&Payload { run: id.to_owned() })?;
    let title = format!("Launch of {name}");
    let (payload, title) = (payload.as_str(), title.as_str());
    let job = NewJob { kind: JOB, title, payload, dedup: Some(id), wished: true, max_attempts: ATTEMPTS };
    jobs::enqueue(tx, portal.clock().now(), job).await
}

/// What a start and a schedule look after: runs whose jobs have ended without them, queued ones whose turn was missed, and
/// failed ones that nobody wanted to try again.
pub(crate) async fn look_after(tx: &mut Tx, portal: &Portal) -> Result<()> {
    for (id, name) in store::left_alone(tx).await? {
        if store::jobs_of(tx, &id).await? < MOST_JOBS {
            enqueue(tx, portal, &id, &name).await?;
        } else {
            let under_way = [RunState::Running, RunState::Waiting];
            let reason = Some("It was started too often and never came to its end; its log shows how far it got.");
            let failed = Moved { state: RunState::Failed, reason, ended_at: Some(portal.clock().now()) };
            store::move_on(tx, &id, &under_way, failed).await?;
            store::set_wish(tx, &id, None, &RunState::ALL).await?;
        }
    }
    let kept = i64::try_from(portal.settings().runs.clean_after.as_millis()).unwrap_or(i64::MAX);
    if kept > 0 {
        let now = portal.clock().now();
        for (id, name) in store::failed_before(tx, now.saturating_sub(kept)).await? {
            if store::set_wish(tx, &id, Some(super::CLEAN), &[RunState::Failed]).await? {
                let change = Change { action: "run.clean", target: &id, after: Some(&name), ..Change::default() };
                audit::record(tx, &Actor::System, now, change).await?;
                enqueue(tx, portal, &id, &name).await?;
            }
        }
    }
    approvals::look_after(tx, portal).await?;
    super::drafts::sweep(tx, portal).await?;
    admit(tx, portal).await
}

/// Removes the folders of runs that have ended, which a process left behind that was killed in between.
pub(crate) async fn sweep(portal: &Portal) -> Result<()> {
    let folder = portal.settings().data.join(FOLDER);
    let names: Vec<String> = std::fs::read_dir(&folder)
        .into_iter()
        .flatten()
        .flatten()
        .filter_map(|entry| entry.file_name().into_string().ok())
        .collect();
    for name in names {
        let row = store::row(portal.db(), &name).await?;
        let is_over =
            |row: &store::Row| !row.state().is_under_way() && row.state() != RunState::Failed && row.wish.is_none();
        if row.as_ref().is_none_or(is_over)
            && let Err(error) = std::fs::remove_dir_all(folder.join(&name))
        {
            tracing::warn!(run = name, %error, "what a run left behind could not be removed");
        }
    }
    Ok(())
}
