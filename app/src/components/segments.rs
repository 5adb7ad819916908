//! One of several ways to narrow a list, of which one is chosen; they stand in a `<nav class="segments">`.

use crate::format;
use crate::html::Html;

/// A way to narrow the list, and how much is left then.
pub fn segment(out: &mut Html, address: &str, label: &str, count: usize, current: bool) {
    out.raw("<a").attribute("href", address).raw(if current { " aria-current=\"true\">" } else { ">" }).text(label);
    out.raw(" <span>").text(&format::number(count)).raw("</span></a>");
}
