//! Set-up: what is needed and whether it is there, and GitHub Apps from a manifest. For the operator alone.

mod doctor;
mod github_app;

pub use doctor::{anchor, page as doctor};
pub(super) use github_app::here;
pub use github_app::{FORM_ACTION, created, page as github_app};

use crate::components::Icon;
use crate::html::Html;

/// Where the set-up stands.
pub const SETUP: &str = "/sources/doctor";

/// Lines to copy: one click selects all of them.
pub(super) fn snippet(out: &mut Html, label: &str, text: &str) {
    out.raw("<div class=\"snippet\" tabindex=\"0\" role=\"group\"").attribute("aria-label", label).raw("><pre><code>");
    out.text(text).raw("</code></pre></div>");
}

/// A link out of the portal, which says so.
fn away(out: &mut Html, href: &str, text: &str) {
    out.raw("<a class=\"button\" rel=\"noreferrer\"").attribute("href", href).raw(">");
    Icon::Link.write(out);
    out.text(text).raw("</a>");
}
