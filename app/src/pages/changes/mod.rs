//! Changes of files in repositories: what is proposed, how it stands, and the form that proposes.

mod actions;
mod asked;
mod change;
mod list;
mod new;

use model::change::ChangeState;

pub use change::page as change;
pub use list::page as list;
pub use new::page as new;
pub(in crate::pages) use new::{address_for_entity, address_for_owner};

use crate::html::Html;

/// The badge of a state.
fn state_badge(out: &mut Html, state: ChangeState) {
    let (class, word) = match state {
        ChangeState::Waiting => ("badge", "waiting"),
        ChangeState::Proposing => ("badge badge-accent", "being proposed"),
        ChangeState::Open => ("badge badge-accent", "open"),
        ChangeState::Conflict => ("badge badge-amber", "conflict"),
        ChangeState::Merged => ("badge badge-green", "merged"),
        ChangeState::Closed => ("badge", "closed"),
        ChangeState::Failed => ("badge badge-red", "failed"),
    };
    out.raw("<span").attribute("class", class).raw(">").raw(word).raw("</span>");
}

/// As the head of a list says it.
fn state_word(state: ChangeState) -> &'static str {
    match state {
        ChangeState::Waiting => "Waiting",
        ChangeState::Proposing => "Being proposed",
        ChangeState::Open => "Open",
        ChangeState::Conflict => "Conflict",
        ChangeState::Merged => "Merged",
        ChangeState::Closed => "Closed",
        ChangeState::Failed => "Failed",
    }
}
