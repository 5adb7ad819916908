//! What is sent to somebody and cannot be looked for afterwards: whether it has arrived is known from the answer alone. Where the
//! answer was lost with the process, a person looks, and says whether it is sent again.

use serde_json::{Value, json};

use crate::runs::store::Effect;
use crate::runs::work::{Stop, Undone, Work};
use model::run::EffectState;

pub(super) enum Begun {
    Now(Effect),
    /// It has been sent and answered, by a process that died then: what the step gives.
    Before(Value),
}

/// Writes down that something is about to be sent. `is_again` where it is the same when it is sent twice.
pub(super) async fn begin(work: &mut Work<'_>, action: &str, target: &str, is_again: bool) -> Result<Begun, Stop> {
    match work.effect() {
        None => Ok(Begun::Now(work.intend(action, target.to_owned(), &json!(null)).await?)),
        Some(effect) if effect.state() == EffectState::Made => Ok(Begun::Before(serde_json::from_str(&effect.data)?)),
        Some(effect) if is_again => Ok(Begun::Now(effect)),
        Some(effect) => {
            work.void(effect).await?;
            Err(Stop::Failed(format!(
                "Slipway was stopped while it sent {target}, and nobody knows whether it arrived. Look there: trying again \
                 sends it once more."
            )))
        }
    }
}

/// What was sent is sent.
pub(super) fn undone(effect: &Effect) -> Undone {
    let why = match effect.state() {
        EffectState::Made => "it has arrived, and cannot be called back.",
        _ => "it may have arrived, and cannot be called back.",
    };
    Undone::Kept { why: why.to_owned(), command: None }
}
