//! Sees a run through: its steps in their order, or the way back.

use std::panic::AssertUnwindSafe;
use std::time::Duration;

use futures::FutureExt;
use model::Level;
use model::run::{EffectState, RunState, StepState};

use super::queue::{self, Payload};
use super::store::{self, Step};
use super::work::{Stop, Work};
use super::{CLEAN, actions, approvals};
use crate::jobs::{Context, Ending};
use crate::{Error, Portal, Result};
use crate::{inbox, sources};

/// How often it is looked whether a person wants something else of a run.
const LOOK: Duration = Duration::from_millis(250);

/// Works for one run, until it ends, has to wait, or belongs to somebody else.
pub async fn run(context: &Context) -> Result<Ending> {
    let Payload { run } = context.payload()?;
    if let Some(row) = store::row(context.portal().db(), &run).await?.filter(|row| row.state() == RunState::Review) {
        approvals::tell(context, &row).await?;
    }
    loop {
        let Some(mut work) = Work::open(context, &run).await? else { return Ok(Ending::Succeeded) };
        let (portal, left, wished) = (context.portal().clone(), work.left.clone(), work.row.wish.is_some());
        let seen_through = AssertUnwindSafe(see_through(&mut work)).catch_unwind();
        let ended = tokio::select! {
            ended = seen_through => ended,
            never = watch(&portal, &run, &left), if !wished => match never {},
        };
        let ended = ended.unwrap_or_else(|panic| {
            let text = panic.downcast_ref::<&str>().map(|text| (*text).to_owned());
            let text = text.or_else(|| panic.downcast_ref::<String>().cloned()).unwrap_or_default();
            tracing::error!(run, panic = text, "a run panicked");
            Err(Stop::Failed("A fault in Slipway ended it; the server's log has the details.".to_owned()))
        });
        match settle(&mut work, ended).await? {
            Some(ending) => return Ok(ending),
            // Somebody wants something else of it by now.
            None => continue,
        }
    }
}

/// Lets what is under way be left once a person wants something else; never ends.
async fn watch(portal: &Portal, run: &str, left: &tokio_util::sync::CancellationToken) -> std::convert::Infallible {
    loop {
        tokio::time::sleep(LOOK).await;
        match store::wish(portal.db(), run).await {
            Ok(Some(_)) => left.cancel(),
            Ok(None) => {}
            Err(error) => tracing::warn!(run, %error, "nobody knows whether a run is still wanted"),
        }
    }
}

async fn see_through(work: &mut Work<'_>) -> Result<(), Stop> {
    match work.row.wish.is_some() {
        true => back(work).await,
        false => forward(work).await,
    }
}

async fn forward(work: &mut Work<'_>) -> Result<(), Stop> {
    let now = work.portal().clock().now();
    let mut tx = work.begin().await?;
    RunState::Running.as_str().clone_into(&mut work.row.state);
    work.row.started_at = work.row.started_at.or(Some(now));
    (work.row.reason, work.row.ended_at) = (None, None);
    store::write_state(&mut tx, &work.row).await.map_err(Stop::Broken)?;
    tx.commit().await.map_err(Stop::Broken)?;
    let total = work.steps.len() as u64;
    for at in 0..work.steps.len() {
        let step = work.steps[at].clone();
        work.context.progress(|progress| {
            (progress.done, progress.total) = (at as u64, total);
            progress.phase.clone_from(&step.name);
        });
        if step.state() != StepState::Done {
            one(work, step).await?;
        }
    }
    work.boundary().await
}

/// One step, which may have been begun before.
async fn one(work: &mut Work<'_>, step: Step) -> Result<(), Stop> {
    work.boundary().await?;
    let action =
        actions::find(&step.action).ok_or_else(|| Stop::Failed(format!("There is no action {}.", step.action)))?;
    let now = work.portal().clock().now();
    let begun = Step {
        state: StepState::Running.as_str().to_owned(),
        attempts: step.attempts + 1,
        reason: None,
        started_at: step.started_at.or(Some(now)),
        ended_at: None,
        ..step
    };
    let mut tx = work.begin().await?;
    work.write_step(&mut tx, begun.clone()).await?;
    tx.commit().await.map_err(Stop::Broken)?;
    work.log(Level::Note, &format!("{}: {}", begun.action, action.does(&work.step_input()?)));
    work.boundary().await?;
    let output = action.run(work).await?;
    work.boundary().await?;
    let mut tx = work.begin().await?;
    let done = Step {
        state: StepState::Done.as_str().to_owned(),
        ended_at: Some(work.portal().clock().now()),
        output: Some(work.masked_value(&output.value).to_string()),
        ..begun
    };
    work.write_step(&mut tx, done).await?;
    let mut outputs: serde_json::Map<String, serde_json::Value> = serde_json::from_str(&work.row.outputs)?;
    outputs.extend(output.shown.into_iter().map(|(name, text)| (name.to_owned(), work.masked(&text).into())));
    work.row.outputs = serde_json::to_string(&outputs)?;
    store::write_state(&mut tx, &work.row).await.map_err(Stop::Broken)?;
    let told = output.tell;
    if told {
        actions::tell(&mut tx, work).await.map_err(Stop::Broken)?;
    }
    tx.commit().await.map_err(Stop::Broken)?;
    if told {
        inbox::told(work.portal());
    }
    Ok(())
}

/// Takes away what was made, last first.
async fn back(work: &mut Work<'_>) -> Result<(), Stop> {
    let made: Vec<_> = work.effects.iter().rev().filter(|effect| effect.is_there()).cloned().collect();
    for effect in made {
        work.boundary().await?;
        let action = actions::find(&effect.action)
            .ok_or_else(|| Stop::Failed(format!("There is no action {}.", effect.action)))?;
        work.log(Level::Note, &format!("Removing {}.", effect.target));
        let undone = action.undo(work, &effect).await?;
        work.boundary().await?;
        if let super::work::Undone::Kept { why, command } = &undone {
            work.log(Level::Warning, &format!("{} stays: {}", effect.target, how(why, command.as_deref())));
        }
        work.undone(effect, undone).await?;
    }
    work.boundary().await
}

/// Writes down how it went; `None` where there is something else to do now.
async fn settle(work: &mut Work<'_>, ended: Result<(), Stop>) -> Result<Option<Ending>> {
    let portal = work.portal().clone();
    let now = portal.clock().now();
    let wish = work.row.wish.clone();
    let (state, reason) = match (&ended, wish.as_deref()) {
        (Ok(()), None) => (RunState::Done, None),
        (Ok(()), Some(CLEAN)) => (RunState::Cleaned, kept(work)),
        (Ok(()), Some(_)) => (RunState::Cancelled, kept(work)),
        // What cannot be removed by us now may be later.
        (Err(Stop::Failed(why) | Stop::Again(why)), Some(_)) => (work.row.state(), Some(why.clone())),
        (Err(Stop::Failed(why)), None) => (RunState::Failed, Some(why.clone())),
        (Err(Stop::Again(why)), None) => (RunState::Waiting, Some(why.clone())),
        (Err(Stop::Wished), _) => return Ok(None),
        (Err(Stop::Halted), _) => return Ok(Some(Ending::Halted)),
        (Err(Stop::Broken(_)), _) => match ended {
            Err(Stop::Broken(error)) => return Err(error),
            _ => return Ok(None),
        },
    };
    let reason = reason.map(|reason| work.masked(&reason));
    let is_over = ended.is_ok();
    let is_removed = is_over && work.effects.iter().any(|effect| effect.state() == EffectState::Undone);
    let removed = match work.given("stableKey").filter(|_| is_removed) {
        Some(key) => sources::sight(portal.db(), &work.input.destination, &key).await?.map(|sight| sight.id),
        None => None,
    };
    let mut tx = match work.begin().await {
        Ok(tx) => tx,
        Err(Stop::Broken(error)) => return Err(error),
        Err(_) => return Ok(Some(Ending::Halted)),
    };
    state.as_str().clone_into(&mut work.row.state);
    work.row.reason.clone_from(&reason);
    if !state.is_under_way() {
        work.row.ended_at = Some(now);
    }
    if is_over {
        work.row.secrets = None;
    }
    store::write_state(&mut tx, &work.row).await?;
    if is_over && wish.is_some() {
        store::set_wish(&mut tx, &work.row.id, None, &RunState::ALL).await?;
    } else if state == RunState::Done && store::wish_in(&mut tx, &work.row.id).await?.is_some() {
        // It was wished for in the last moment: the way back begins at once.
        return Ok(None);
    }
    write_steps(work, &mut tx, &ended, now).await?;
    if let Some(project) = removed {
        sources::removed(&mut tx, &portal, &project).await?;
    }
    queue::admit(&mut tx, &portal).await?;
    tx.commit().await?;
    portal.jobs().wake();
    let said = reason.as_deref().map_or(String::new(), |reason| format!(": {reason}"));
    let level = if state == RunState::Failed { Level::Error } else { Level::Note };
    work.log(level, &format!("The launch of {} is {}{said}", work.row.name, state.as_str()));
    if is_over {
        // Whatever cannot be removed now is only space on a disk.
        let _ = std::fs::remove_dir_all(work.folder());
    }
    work.context.progress(|progress| {
        progress.done = if state == RunState::Done { progress.total } else { progress.done };
        state.as_str().clone_into(&mut progress.phase);
    });
    Ok(Some(match ended {
        Ok(()) => Ending::Succeeded,
        // It is tried again by itself, after a pause that grows.
        Err(Stop::Again(_)) => return Err(Error::Unavailable(reason.unwrap_or_default())),
        Err(_) if wish.is_some() => return Err(Error::Unavailable(reason.unwrap_or_default())),
        Err(_) => Ending::Failed(reason.unwrap_or_default()),
    }))
}

/// The steps with what has become of them.
async fn write_steps(work: &mut Work<'_>, tx: &mut crate::db::Tx, ended: &Result<(), Stop>, now: i64) -> Result<()> {
    let text = |why: &String| work.masked(why);
    let change = match ended {
        Err(Stop::Failed(why)) => Some((StepState::Running, StepState::Failed, Some(text(why)))),
        Err(Stop::Again(why)) => Some((StepState::Running, StepState::Pending, Some(text(why)))),
        Ok(()) if work.row.state() != RunState::Done => Some((StepState::Done, StepState::Undone, None)),
        _ => None,
    };
    let Some((from, to, reason)) = change.filter(|_| work.row.wish.is_none() || ended.is_ok()) else { return Ok(()) };
    let undone: Vec<i64> =
        work.effects.iter().filter(|one| one.state() == EffectState::Undone).map(|one| one.position).collect();
    for at in 0..work.steps.len() {
        let step = &work.steps[at];
        if step.state() != from || to == StepState::Undone && !undone.contains(&step.position) {
            continue;
        }
        let step = Step { state: to.as_str().to_owned(), reason: reason.clone(), ended_at: Some(now), ..step.clone() };
        match work.write_step(tx, step).await {
            Ok(()) => {}
            Err(Stop::Broken(error)) => return Err(error),
            Err(_) => return Err(Error::internal("a step could not be written")),
        }
    }
    Ok(())
}

/// Why something stays, and what removes it.
fn how(why: &str, command: Option<&str>) -> String {
    command.map_or_else(|| why.to_owned(), |command| format!("{why} To remove it: {command}"))
}

/// What a person has to remove.
fn kept(work: &Work<'_>) -> Option<String> {
    let kept: Vec<String> = work
        .effects
        .iter()
        .filter(|effect| effect.state() == EffectState::Kept)
        .map(|effect| {
            let why = effect.reason.as_deref().unwrap_or_default();
            format!("{} is still there: {}", effect.target, how(why, effect.command.as_deref()))
        })
        .collect();
    (!kept.is_empty()).then(|| kept.join(" "))
}
