//! Entries are kept as long as the settings say: once a day the floor moves, and what is below it goes.

use model::Level;

use super::store;
use crate::Portal;
use crate::db::Tx;
use crate::error::Result;
use crate::jobs::{self, Context, Ending, NewJob};

pub const JOB: &str = "audit-retention";

const DAY: i64 = 24 * 60 * 60 * 1_000;
/// Entries of one transaction.
const AT_ONCE: i64 = 1_000;

/// Queues it where the floor has not moved for a day.
pub async fn enqueue(tx: &mut Tx, portal: &Portal) -> Result<()> {
    let Some(floor) = floor(portal) else { return Ok(()) };
    if floor.saturating_sub(store::floor(portal.db()).await?) < DAY {
        return Ok(());
    }
    let job = NewJob {
        kind: JOB,
        title: "Deleting old entries of the audit log",
        payload: "{}",
        dedup: Some("*"),
        wished: false,
        max_attempts: 3,
    };
    jobs::enqueue(tx, portal.clock().now(), job).await.map(drop)
}

/// Milliseconds since 1970: what is older need not be kept.
fn floor(portal: &Portal) -> Option<i64> {
    let kept = i64::try_from(portal.settings().audit_kept?.as_millis()).ok()?;
    Some(portal.clock().now().saturating_sub(kept)).filter(|floor| *floor > 0)
}

/// Moves the floor, then deletes what is below it.
pub async fn run(context: &Context) -> Result<Ending> {
    let portal = context.portal();
    let Some(floor) = floor(portal) else { return Ok(Ending::Quiet) };
    let mut tx = portal.db().begin().await?;
    store::move_floor(&mut tx, floor).await?;
    tx.commit().await?;
    let mut gone = 0;
    loop {
        let mut tx = portal.db().begin().await?;
        let some = store::delete_old(&mut tx, AT_ONCE).await?;
        tx.commit().await?;
        gone += some;
        if some == 0 || portal.stopping().is_cancelled() {
            break;
        }
    }
    context.log(Level::Note, format!("{gone} entries were older than the log is kept."));
    Ok(if gone == 0 { Ending::Quiet } else { Ending::Routine })
}
