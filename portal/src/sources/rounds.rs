//! What keeps rounds and refreshes of one process out of each other's way.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::time::{Duration, Instant};

use tokio::sync::{MutexGuard, OwnedMutexGuard};

/// What is elsewhere is looked at by the schedule no oftener than this …
const REMOTE_EVERY: Duration = Duration::from_secs(60);
/// … and for no more than one part in so many of the time.
const REMOTE_SHARE: u32 = 5;
/// Entries of those who wait no more are removed when there are more than so many.
const MANY: usize = 1_024;

/// Lives as long as the process.
#[derive(Default)]
pub struct Rounds {
    names: tokio::sync::Mutex<()>,
    turns: Mutex<HashMap<String, Weak<tokio::sync::Mutex<()>>>>,
    /// When a source was last looked at, and how long that took.
    looked: Mutex<HashMap<String, (Instant, Duration)>>,
}

impl Rounds {
    /// The turn of whoever compares what is listed with what is known, and writes the difference.
    pub async fn names(&self) -> MutexGuard<'_, ()> {
        self.names.lock().await
    }

    /// The turn of whoever brings one repository here and reads it.
    pub async fn repository(&self, id: &str) -> OwnedMutexGuard<()> {
        let turn = {
            let mut turns = self.turns.lock().unwrap_or_else(PoisonError::into_inner);
            if turns.len() > MANY {
                turns.retain(|_, turn| turn.strong_count() > 0);
            }
            let held = turns.get(id).and_then(Weak::upgrade);
            held.unwrap_or_else(|| {
                let turn = Arc::default();
                turns.insert(id.to_owned(), Arc::downgrade(&turn));
                turn
            })
        };
        turn.lock_owned().await
    }

    /// Whether the schedule may look at a source that is elsewhere again.
    pub fn is_due(&self, source: &str) -> bool {
        let looked = self.looked.lock().unwrap_or_else(PoisonError::into_inner);
        looked.get(source).is_none_or(|(at, took)| at.elapsed() >= REMOTE_EVERY.max(*took * REMOTE_SHARE))
    }

    #[cfg(test)]
    pub fn forget(&self) {
        self.looked.lock().unwrap_or_else(PoisonError::into_inner).clear();
    }

    #[cfg(test)]
    pub fn has_looked(&self, source: &str) -> bool {
        self.looked.lock().unwrap_or_else(PoisonError::into_inner).contains_key(source)
    }

    /// It was looked at since `start`.
    pub fn looked(&self, source: &str, start: Instant) {
        let mut looked = self.looked.lock().unwrap_or_else(PoisonError::into_inner);
        looked.insert(source.to_owned(), (Instant::now(), start.elapsed()));
    }
}
