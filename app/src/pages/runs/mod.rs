//! Launches of templates: those that there were, and one as it goes on.

mod actions;
mod approvals;
mod list;
mod run;

use model::run::RunState;

pub use approvals::asked;
pub use list::page as list;
pub use run::page as run;

use crate::html::Html;

/// The badge of a state.
fn state_badge(out: &mut Html, state: RunState) {
    let class = match state {
        RunState::Queued | RunState::Cancelled | RunState::Cleaned => "badge",
        RunState::Running => "badge badge-accent",
        RunState::Review | RunState::Waiting => "badge badge-amber",
        RunState::Done => "badge badge-green",
        RunState::Failed => "badge badge-red",
    };
    out.raw("<span").attribute("class", class).raw(">").raw(state_word(state)).raw("</span>");
}

fn state_word(state: RunState) -> &'static str {
    match state {
        RunState::Review => "to be approved",
        RunState::Queued => "in the queue",
        RunState::Running => "running",
        RunState::Waiting => "waiting",
        RunState::Done => "done",
        RunState::Failed => "failed",
        RunState::Cancelled => "cancelled",
        RunState::Cleaned => "taken back",
    }
}
