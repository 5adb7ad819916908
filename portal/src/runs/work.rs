//! One run while a job works for it: what is known of it, and how that is written down.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Duration;

use model::Level;
use model::run::{EffectState, RunState};
use serde_json::Value;
use tokio_util::sync::CancellationToken;

use super::launch::{Input, SEALED_AS};
use super::mask::Mask;
use super::queue::FOLDER;
use super::steps;
use super::store::{self, Effect, Row, Step};
use crate::audit::{self, Change};
use crate::db::{Tx, new_id};
use crate::error::Error;
use crate::identity::Actor;
use crate::jobs::Context;
use crate::secret::Secret;
use crate::{Portal, Result};

/// How long an answer is waited for that nobody wants any more.
const ANSWER: Duration = Duration::from_secs(10);

/// Of what is wrong in a template, so many are told with the run; all are in the form and the preview.
const MOST_FINDINGS: usize = 5;

/// Why work on a run ends before its last step.
#[derive(Debug)]
pub(super) enum Stop {
    /// It cannot be done: what happened and what to do.
    Failed(String),
    /// Not now; it is tried again by itself.
    Again(String),
    /// The process stops, or somebody else works for it by now.
    Halted,
    /// A person wants something else of it.
    Wished,
    /// Our own database.
    Broken(Error),
}

impl Stop {
    /// What something outside answers, which may have to be asked again.
    pub fn later(error: Error) -> Self {
        match error {
            Error::Unavailable(why) => Self::Again(why),
            error => error.into(),
        }
    }
}

impl From<Error> for Stop {
    fn from(error: Error) -> Self {
        match error {
            error @ (Error::Internal(_) | Error::Unavailable(_)) => Self::Broken(error),
            Error::Invalid(found) => {
                let said = found.findings.iter().take(MOST_FINDINGS).map(|finding| {
                    let place =
                        if finding.file.is_empty() { String::new() } else { format!("{}: ", finding.location()) };
                    format!("{place}{}. {}", finding.message, finding.help)
                });
                Self::Failed(said.collect::<Vec<_>>().join(" "))
            }
            error => Self::Failed(error.to_string()),
        }
    }
}

impl From<serde_json::Error> for Stop {
    fn from(error: serde_json::Error) -> Self {
        Self::Broken(error.into())
    }
}

pub(super) struct Work<'a> {
    pub context: &'a Context,
    pub row: Row,
    pub input: Input,
    pub steps: Vec<Step>,
    pub effects: Vec<Effect>,
    /// By name, until it ends.
    pub secrets: BTreeMap<String, String>,
    /// Cancelled when what is under way has to be left: see [`Stop::Halted`] and [`Stop::Wished`].
    pub left: CancellationToken,
    mask: Mask,
    holder: String,
    /// Of the step that is under way.
    position: i64,
}

impl<'a> Work<'a> {
    /// Takes a run; whoever had it before writes no more. `None` where it is not there, or nothing is to be done for it.
    pub async fn open(context: &'a Context, id: &str) -> Result<Option<Self>> {
        let portal = context.portal();
        let Some(row) = store::row(portal.db(), id).await? else { return Ok(None) };
        if !matches!(row.state(), RunState::Running | RunState::Waiting) && row.wish.is_none() {
            return Ok(None);
        }
        let holder = new_id(portal.clock().now());
        let mut tx = portal.db().begin().await?;
        store::hold(&mut tx, id, &holder).await?;
        tx.commit().await?;
        let opened = row.secrets.as_deref().map(|sealed| portal.sealing().unseal(&row.id, SEALED_AS, sealed));
        let secrets: BTreeMap<String, String> = match opened {
            None => BTreeMap::new(),
            Some(Some(secrets)) => serde_json::from_str(secrets.expose())?,
            Some(None) => {
                return Err(Error::Unavailable(
                    "The key that sealed the secrets of this run is another one now.".to_owned(),
                ));
            }
        };
        let (steps, effects) = (store::steps(portal.db(), id).await?, store::effects(portal.db(), id).await?);
        let (input, mask, left) =
            (serde_json::from_str(&row.input)?, Mask::new(&secrets), context.halted().child_token());
        Ok(Some(Self { context, row, input, steps, effects, secrets, left, mask, holder, position: 0 }))
    }

    pub fn portal(&self) -> &Portal {
        self.context.portal()
    }

    pub fn log(&self, level: Level, line: &str) {
        self.context.log(level, self.mask.text(line));
    }

    /// Takes a secret of the operator out of what is shown from now on, too.
    pub fn hide(&mut self, secret: &Secret) {
        self.mask.add(secret.expose());
    }

    /// A text for people, without secrets.
    pub fn masked(&self, text: &str) -> String {
        self.mask.text(text)
    }

    /// A value without secrets.
    pub fn masked_value(&self, value: &Value) -> Value {
        self.mask.value(value)
    }

    /// The folder of the run, which is gone when it ends.
    pub fn folder(&self) -> PathBuf {
        self.portal().settings().data.join(FOLDER).join(&self.row.id)
    }

    pub fn step(&self) -> Option<&Step> {
        self.steps.iter().find(|step| step.position == self.position)
    }

    /// What the step that is under way was told, with what earlier ones gave.
    pub fn step_input(&self) -> Result<Value, Stop> {
        let step = self.step().ok_or_else(|| Stop::Broken(Error::internal("no step is under way")))?;
        let input = steps::input(step, self.input.told(), &self.outputs().collect()).map_err(Stop::Broken)?;
        let help = "What it made before stays. An operator corrects the step in the configuration (runs.step); a launch that \
                    has begun keeps the step as it was.";
        input.map_err(|why| Stop::Failed(format!("{}: {why}. {help}", step.name)))
    }

    /// What a step of every launch gave under this name; of several the last.
    pub fn given(&self, name: &str) -> Option<String> {
        let own = self.steps.iter().filter(|step| steps::is_own(step)).filter_map(output);
        own.filter_map(|(_, output)| output.get(name).and_then(Value::as_str).map(str::to_owned)).next_back()
    }

    /// By the ids of the steps that gave them.
    fn outputs(&self) -> impl Iterator<Item = (&str, Value)> {
        self.steps.iter().filter_map(output)
    }

    /// A transaction in which it is still ours.
    pub async fn begin(&self) -> Result<Tx, Stop> {
        let mut tx = self.portal().db().begin().await.map_err(Stop::Broken)?;
        match store::is_held(&mut tx, &self.row.id, &self.holder).await.map_err(Stop::Broken)? {
            true => Ok(tx),
            false => Err(Stop::Halted),
        }
    }

    /// Writes down where a step stands.
    pub async fn write_step(&mut self, tx: &mut Tx, step: Step) -> Result<(), Stop> {
        store::write_step(tx, &self.row.id, &step).await.map_err(Stop::Broken)?;
        self.position = step.position;
        if let Some(known) = self.steps.iter_mut().find(|known| known.position == step.position) {
            *known = step;
        }
        Ok(())
    }

    /// The effect of the step that is under way, if it has one already that may be there.
    pub fn effect(&self) -> Option<Effect> {
        self.effects.iter().rev().find(|effect| effect.position == self.position && effect.is_there()).cloned()
    }

    /// Writes down that something is about to be made outside.
    pub async fn intend(&mut self, action: &str, target: String, data: &Value) -> Result<Effect, Stop> {
        let effect = Effect {
            sequence: self.effects.last().map_or(0, |last| last.sequence) + 1,
            position: self.position,
            action: action.to_owned(),
            target,
            state: EffectState::Intended.as_str().to_owned(),
            reason: None,
            command: None,
            data: data.to_string(),
        };
        self.write_effect(effect.clone(), None).await?;
        Ok(effect)
    }

    /// What is known now of something that may be there.
    pub async fn keep(&mut self, effect: Effect, data: &Value) -> Result<Effect, Stop> {
        let effect = Effect { data: data.to_string(), ..effect };
        self.write_effect(effect.clone(), None).await?;
        Ok(effect)
    }

    /// It is there, with what is known of it now.
    pub async fn made(&mut self, effect: Effect, data: &Value) -> Result<Effect, Stop> {
        let data = data.to_string();
        if effect.state() == EffectState::Made && effect.data == data {
            return Ok(effect);
        }
        let effect = Effect { state: EffectState::Made.as_str().to_owned(), data, ..effect };
        self.write_effect(effect.clone(), Some("run.publish")).await?;
        Ok(effect)
    }

    /// It never came to be, and so needs nobody to undo it.
    pub async fn void(&mut self, effect: Effect) -> Result<(), Stop> {
        self.write_effect(Effect { state: EffectState::Void.as_str().to_owned(), ..effect }, None).await
    }

    /// What became of it when it was to be undone.
    pub async fn undone(&mut self, effect: Effect, undone: Undone) -> Result<(), Stop> {
        let (state, reason, command) = match undone {
            // Whoever was killed while removing it had done so, or somebody else has.
            Undone::Nothing if effect.state() == EffectState::Made => (EffectState::Undone, None, None),
            Undone::Nothing => (EffectState::Void, None, None),
            Undone::Removed => (EffectState::Undone, None, None),
            Undone::Kept { why, command } => (EffectState::Kept, Some(why), command),
        };
        let audited = (state == EffectState::Undone).then_some("run.undo");
        self.write_effect(Effect { state: state.as_str().to_owned(), reason, command, ..effect }, audited).await
    }

    async fn write_effect(&mut self, effect: Effect, audited: Option<&str>) -> Result<(), Stop> {
        let mut tx = self.begin().await?;
        store::write_effect(&mut tx, &self.row.id, &effect).await.map_err(Stop::Broken)?;
        if let Some(action) = audited {
            let (target, account) = (effect.target.as_str(), self.row.account.as_deref());
            let change = Change { action, target, after: Some(&self.row.id), account, ..Change::default() };
            audit::record(&mut tx, &Actor::System, self.portal().clock().now(), change).await.map_err(Stop::Broken)?;
        }
        tx.commit().await.map_err(Stop::Broken)?;
        match self.effects.iter_mut().find(|known| known.sequence == effect.sequence) {
            Some(known) => *known = effect,
            None => self.effects.push(effect),
        }
        Ok(())
    }

    /// A moment at which a process may die, for the test that lets it; and at which a run is left that is to be left.
    pub async fn boundary(&self) -> Result<(), Stop> {
        #[cfg(test)]
        super::tests::faults::at(&self.row.id).await;
        if self.context.halted().is_cancelled() {
            return Err(Stop::Halted);
        }
        if self.row.wish.is_none() && self.left.is_cancelled() {
            return Err(Stop::Wished);
        }
        Ok(())
    }

    /// Waits for something that does no harm when it is left in the middle.
    pub async fn unless_left<T>(&self, work: impl Future<Output = T>) -> Result<T, Stop> {
        // What is waited for here is large, and would be part of whatever waits.
        let work = Box::pin(work);
        tokio::select! {
            done = work => Ok(done),
            () = self.left.cancelled() => Err(self.leaving()),
        }
    }

    /// The same for something that makes a thing outside: its answer is waited for a little longer, since whoever comes next
    /// would otherwise look for the thing before it is there.
    pub async fn unless_left_for_long<T>(&self, work: impl Future<Output = T>) -> Result<T, Stop> {
        let work = Box::pin(work);
        let long = async {
            self.left.cancelled().await;
            tokio::time::sleep(ANSWER).await;
        };
        tokio::select! {
            done = work => Ok(done),
            () = long => Err(self.leaving()),
        }
    }

    fn leaving(&self) -> Stop {
        if self.context.halted().is_cancelled() { Stop::Halted } else { Stop::Wished }
    }
}

fn output(step: &Step) -> Option<(&str, Value)> {
    Some((&step.id, serde_json::from_str(step.output.as_deref()?).ok()?))
}

/// What became of something that was to be undone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Undone {
    /// It was not there.
    Nothing,
    Removed,
    /// It stays: why, and what removes it, where something does.
    Kept {
        why: String,
        command: Option<String>,
    },
}
