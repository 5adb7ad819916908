//! Sends what waits, one after another, and tries again later what failed: after a minute, five, half an hour, two hours,
//! half a day. What then still fails has failed; the message itself stays in the inbox.

use model::Level;

use super::store::{self, Due};
use super::{DeliveryState, Way, mail, post};
use crate::Portal;
use crate::db::Tx;
use crate::error::Result;
use crate::jobs::{self, Context, Ending, NewJob};

pub(crate) const JOB: &str = "inbox";

const MINUTE: i64 = 60 * 1_000;
/// Milliseconds until the next attempt, after the first, the second, …
const PAUSES: [i64; 5] = [MINUTE, 5 * MINUTE, 30 * MINUTE, 120 * MINUTE, 720 * MINUTE];
/// Characters of a reason.
const LONGEST_REASON: usize = 300;

/// Why something was not sent, for a person.
pub(super) enum Failure {
    /// It may work later.
    Again(String),
    /// It never will.
    Never(String),
}

pub(super) async fn enqueue(tx: &mut Tx, now: i64) -> Result<()> {
    let job =
        NewJob { kind: JOB, title: "Sending messages", payload: "{}", dedup: Some("*"), wished: true, max_attempts: 3 };
    jobs::enqueue(tx, now, job).await.map(drop)
}

/// Queues the job where a delivery is due.
pub(crate) async fn enqueue_due(tx: &mut Tx, now: i64) -> Result<()> {
    match store::next_due(tx).await? {
        Some(due) if due <= now => enqueue(tx, now).await,
        _ => Ok(()),
    }
}

/// A failure of one delivery does not stop the rest.
pub(crate) async fn run(context: &Context) -> Result<Ending> {
    let portal = context.portal();
    let (mut message, mut way, mut failed) = (String::new(), String::new(), 0_u64);
    while let Some(due) = store::due(portal.db(), portal.clock().now(), (&message, &way)).await? {
        if context.halted().is_cancelled() {
            return Ok(Ending::Halted);
        }
        message.clone_from(&due.message);
        way.clone_from(&due.way);
        context.progress(|progress| "Sending messages".clone_into(&mut progress.phase));
        let sent = send(portal, &due).await;
        let again = sent.is_err();
        write_down(context, &due, sent).await?;
        failed += u64::from(again);
        context.progress(|progress| {
            progress.done += 1;
            progress.failed += u64::from(again);
        });
    }
    Ok(match failed {
        0 => Ending::Routine,
        1 => Ending::Failed("1 delivery failed; the log says why.".to_owned()),
        failed => Ending::Failed(format!("{failed} deliveries failed; the log says why.")),
    })
}

async fn send(portal: &Portal, due: &Due) -> std::result::Result<(), Failure> {
    if due.disabled_at.is_some() {
        return Err(Failure::Never("the account is disabled".to_owned()));
    }
    let settings = &portal.settings().inbox;
    match Way::parse(&due.way) {
        Some(Way::Mail) => match &settings.mail {
            Some(settings) => mail::send(portal, settings, due).await,
            None => Err(Failure::Never("no mail server is configured any more".to_owned())),
        },
        Some(Way::Webhook) => match &settings.webhook {
            Some(settings) => post::send(portal, settings, due).await,
            None => Err(Failure::Never("no webhook is configured any more".to_owned())),
        },
        None => Err(Failure::Never(format!("nobody knows how to send by {}", due.way))),
    }
}

async fn write_down(context: &Context, due: &Due, sent: std::result::Result<(), Failure>) -> Result<()> {
    let now = context.portal().clock().now();
    let attempt = usize::try_from(due.attempts).unwrap_or(usize::MAX);
    let (state, reason, due_at) = match sent {
        Ok(()) => (DeliveryState::Sent, None, now),
        Err(Failure::Never(why)) => (DeliveryState::Failed, Some(why), now),
        Err(Failure::Again(why)) => match PAUSES.get(attempt) {
            Some(pause) => (DeliveryState::Waiting, Some(why), now + pause),
            None => (DeliveryState::Failed, Some(why), now),
        },
    };
    let reason = reason.map(|why| why.chars().take(LONGEST_REASON).collect::<String>());
    // Neither what it says nor to whom: the log is read by others.
    let name = format!("{} {} by {}", due.kind, due.message, due.way);
    match &reason {
        None => context.log(Level::Note, format!("{name}: sent")),
        Some(why) if state == DeliveryState::Waiting => {
            context.log(Level::Warning, format!("{name}: {why}; again later"))
        }
        Some(why) => context.log(Level::Error, format!("{name}: {why}")),
    }
    let mut tx = context.portal().db().begin().await?;
    store::settle(&mut tx, due, state, (reason.as_deref(), due_at, now)).await?;
    tx.commit().await
}
