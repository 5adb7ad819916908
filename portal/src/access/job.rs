//! What the clock does: lapses, starts, ends, reminders. The rows of atoms follow; nothing of it needs an event.

use std::collections::BTreeSet;

use super::act::owners;
use super::project::{self, instant};
use super::store;
use super::{notify, pulls, record, settle};
use crate::db::Tx;
use crate::jobs::{self, Context, Ending, NewJob};
use crate::{Portal, Result, inbox};

pub(crate) const JOB: &str = "access";

/// Rows that are looked at in one transaction.
const BATCH: i64 = 200;
/// Milliseconds before the end of a grant at which its people are told.
const REMIND: i64 = 14 * 24 * 60 * 60 * 1_000;

/// Queues the job where the clock has changed something.
pub(crate) async fn enqueue_due(tx: &mut Tx, portal: &Portal) -> Result<()> {
    let now = portal.clock().now();
    let is_due = !store::due(portal.db(), now, 1).await?.is_empty()
        || !store::to_remind(portal.db(), now + REMIND, 1).await?.is_empty()
        || !store::to_review(portal.db(), now, 1).await?.is_empty();
    if !is_due {
        return Ok(());
    }
    let job = NewJob {
        kind: JOB,
        title: "Access that begins and ends",
        payload: "{}",
        dedup: Some("*"),
        wished: false,
        max_attempts: 3,
    };
    jobs::enqueue(tx, now, job).await.map(drop)
}

pub(crate) async fn run(context: &Context) -> Result<Ending> {
    let portal = context.portal();
    context.progress(|progress| "Looking at what begins and ends".clone_into(&mut progress.phase));
    loop {
        let now = portal.clock().now();
        let due = store::due(portal.db(), now, BATCH).await?;
        if due.is_empty() {
            break;
        }
        let mut tx = portal.db().begin().await?;
        let mut consumers = BTreeSet::new();
        for names in &due {
            store::lock_atom(&mut tx, names).await?;
            let Some(atom) = project::atom_of(names) else { continue };
            let told = record::told(&mut tx, &names.id, now).await?;
            record::write(&mut tx, &atom, &told, now).await?;
            consumers.insert(atom.consumer);
        }
        pulls::touch(&mut tx, portal, consumers.iter().collect()).await?;
        tx.commit().await?;
        portal.jobs().wake();
        context.progress(|progress| progress.done += due.len() as u64);
        if context.halted().is_cancelled() {
            return Ok(Ending::Halted);
        }
    }
    remind(portal).await?;
    ask_for_reviews(portal).await?;
    settle::settle(portal).await?;
    Ok(Ending::Routine)
}

/// Tells those whose grants end soon, once.
async fn remind(portal: &Portal) -> Result<()> {
    let now = portal.clock().now();
    loop {
        let bodies = store::to_remind(portal.db(), now + REMIND, BATCH).await?;
        if bodies.is_empty() {
            return Ok(());
        }
        for body in bodies {
            let atom: model::access::AccessAtom = serde_json::from_str(&body)?;
            let owner = owners(portal, [atom.consumer.clone()]).await?.remove(&atom.consumer);
            let mut tx = portal.db().begin().await?;
            if store::note_reminded(&mut tx, &atom.id, &atom.request).await?
                && atom.expires.is_some_and(|ends| instant(ends) > instant(now))
            {
                notify::ends_soon(&mut tx, portal, &atom, owner).await?;
            }
            tx.commit().await?;
        }
        inbox::told(portal);
    }
}

/// Asks the owners of APIs whether what is due for a review is still needed, once for each review.
async fn ask_for_reviews(portal: &Portal) -> Result<()> {
    loop {
        let bodies = store::to_review(portal.db(), portal.clock().now(), BATCH).await?;
        if bodies.is_empty() {
            return Ok(());
        }
        for body in bodies {
            let atom: model::access::AccessAtom = serde_json::from_str(&body)?;
            let Some(review_at) = atom.review_at else { continue };
            let owner = owners(portal, [atom.api.clone()]).await?.remove(&atom.api);
            let mut tx = portal.db().begin().await?;
            if store::note_review(&mut tx, &atom.id, review_at).await? {
                notify::review_due(&mut tx, portal, &atom, owner).await?;
            }
            tx.commit().await?;
        }
        inbox::told(portal);
    }
}
