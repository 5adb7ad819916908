//! Takes over what waits, piece by piece: what is done of it stays done, whoever dies meanwhile.

use engine_access::import::MOST_FINDINGS;
use model::Finding;
use tokio::task::spawn_blocking;

use super::store::{self, ImportRow};
use super::write::{Grant, Taker, write};
use super::{Waiting, at, facts, resolved};
use crate::jobs::{Context, Ending};
use crate::{Error, Portal, Result, inbox};

pub(crate) const JOB: &str = "access-import";

pub(crate) async fn run(context: &Context) -> Result<Ending> {
    let portal = context.portal();
    let Some(mut row) = store::import(portal.db(), context.id()).await? else {
        return Ok(Ending::Failed("What it should take over is not there any more.".to_owned()));
    };
    context.progress(|progress| {
        "Taking grants over".clone_into(&mut progress.phase);
        progress.total = row.total.unsigned_abs();
        progress.current.clone_from(&row.file);
    });
    while let Some((number, body)) = store::next_piece(portal.db(), &row.id).await? {
        if context.halted().is_cancelled() {
            return Ok(Ending::Halted);
        }
        let piece = spawn_blocking(move || serde_json::from_str::<Vec<Waiting>>(&body));
        let piece = piece.await.map_err(Error::internal)??;
        let Some(next) = take(portal, row, number, piece).await? else {
            // Another worker has it by now.
            return Ok(Ending::Halted);
        };
        row = next;
        context.progress(|progress| (progress.done, progress.failed) = (row.done.unsigned_abs(), row.refused()));
    }
    for finding in serde_json::from_str::<Vec<Finding>>(&row.findings)? {
        context.log(finding.level, format!("{}: {}", finding.location(), finding.message));
    }
    if row.imported > 0 {
        inbox::told(portal);
    }
    match row.refused() {
        0 => Ok(Ending::Succeeded),
        refused => Ok(Ending::Failed(format!("{refused} grants cannot be taken over any more; the log says why."))),
    }
}

/// Writes a piece down, and how far the import then is; nothing where somebody else has done so.
async fn take(portal: &Portal, mut row: ImportRow, number: i64, piece: Vec<Waiting>) -> Result<Option<ImportRow>> {
    let facts = facts(portal, piece.iter().map(|waiting| &waiting.record)).await?;
    let taker: Taker = serde_json::from_str(&row.taker)?;
    let mut findings: Vec<Finding> = serde_json::from_str(&row.findings)?;
    row.done += i64::try_from(piece.len()).map_err(Error::internal)?;
    let mut grants = Vec::with_capacity(piece.len());
    for Waiting { record, request } in piece {
        // The catalog may have changed since the text was read.
        match resolved(portal, &facts, &record) {
            Ok(action) => grants.push(Grant { record, request, action }),
            Err(finding) => findings.push(at(finding, &row.file, &record)),
        }
    }
    let mut tx = portal.db().begin().await?;
    if !store::take_piece(&mut tx, &row.id, number).await? {
        return Ok(None);
    }
    let written = write(&mut tx, portal, &taker, &row.file, grants).await?;
    row.imported += written.imported;
    row.unchanged += written.unchanged;
    findings.extend(written.findings);
    findings.truncate(MOST_FINDINGS);
    row.findings = serde_json::to_string(&findings)?;
    if row.done == row.total {
        // The audit log has who it was.
        row.taker.clear();
    }
    store::write_import(&mut tx, &row).await?;
    tx.commit().await?;
    Ok(Some(row))
}
