//! Rate limits of forges, shown where people wait for them: in the job that waits, and with the source.

use std::time::Duration;

use model::Level;
use model::source::SourceWait;
use tokio::sync::watch;

use crate::Portal;
use crate::error::Result;
use crate::forge::{Limit, Waiting};
use crate::jobs::{Context, Ending};
use crate::settings::SourceKind;

/// How often a job that is told to halt looks whether it only waits.
const LOOK: Duration = Duration::from_millis(200);

type Receiver = watch::Receiver<Option<Waiting>>;

/// Does the work of a job, and says meanwhile in its log and progress what a source waits for; `source` is the only one that
/// it asks, `None` if there are more. A job that is told to halt while it waits ends at once: it goes on later.
pub(crate) async fn shown(
    context: &Context,
    source: Option<&str>,
    work: impl Future<Output = Result<Ending>>,
) -> Result<Ending> {
    let waits = receivers(context.portal(), source);
    tokio::select! {
        ended = work => ended,
        () = halted_while_waiting(context, &waits) => Ok(Ending::Halted),
        () = show(context, &waits) => Ok(Ending::Halted),
    }
}

/// What holds requests to a source back now, as far as this process knows.
pub(super) fn of_source(portal: &Portal, source: &str) -> Option<SourceWait> {
    let waiting = portal.accounts().waiting(source, portal.clock().now())?;
    let limit = match waiting.why {
        Limit::Primary => "primary",
        Limit::Secondary => "secondary",
    };
    Some(SourceWait { until: waiting.until, limit: limit.to_owned(), calls: waiting.calls })
}

fn receivers(portal: &Portal, source: Option<&str>) -> Vec<(String, Receiver)> {
    let chosen = portal.settings().sources.iter().filter(|known| source.is_none_or(|name| name == known.name));
    let receiver = |settings: &crate::settings::SourceSettings| match &settings.kind {
        SourceKind::GitHub(github) => {
            let forge = portal.accounts().forge(&settings.name, github).ok()?;
            Some((settings.name.clone(), forge.waiting()))
        }
        SourceKind::Folder(_) | SourceKind::Git(_) => None,
    };
    chosen.filter_map(receiver).collect()
}

/// Never ends.
async fn show(context: &Context, waits: &[(String, Receiver)]) {
    let each = waits.iter().map(|(name, receiver)| show_one(context, name, receiver.clone()));
    futures::future::join_all(each).await;
    std::future::pending().await
}

async fn show_one(context: &Context, name: &str, mut receiver: Receiver) {
    let mut shown = None;
    loop {
        let waiting = *receiver.borrow_and_update();
        match waiting {
            Some(waiting) => {
                let text = format!("{name} {waiting}");
                context.log(Level::Note, format!("{text}."));
                context.progress(|progress| progress.current.clone_from(&text));
                shown = Some(text);
            }
            None => {
                if let Some(text) = shown.take() {
                    context.progress(|progress| {
                        if progress.current == text {
                            progress.current.clear();
                        }
                    });
                }
            }
        }
        if receiver.changed().await.is_err() {
            return;
        }
    }
}

async fn halted_while_waiting(context: &Context, waits: &[(String, Receiver)]) {
    context.halted().cancelled().await;
    let now = || context.portal().clock().now();
    while !waits.iter().any(|(_, receiver)| receiver.borrow().is_some_and(|waiting| waiting.until > now())) {
        tokio::time::sleep(LOOK).await;
    }
}
