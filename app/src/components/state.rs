//! Pages that have nothing yet, and notices.

use super::Icon;
use crate::html::Html;

/// What will be here, the one thing to do, and the command to copy.
pub fn empty(out: &mut Html, title: &str, text: &str, command: Option<&str>) {
    out.raw("<div class=\"empty\"><h2>").text(title).raw("</h2><p>").text(text).raw("</p>");
    if let Some(command) = command {
        self::command(out, command);
    }
    out.raw("</div>");
}

/// A command to copy.
pub fn command(out: &mut Html, command: &str) {
    out.raw("<div class=\"command\" tabindex=\"0\" role=\"group\" aria-label=\"Command\"><code>")
        .text(command)
        .raw("</code></div>");
}

/// How much a notice asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tone {
    Plain,
    Amber,
    Red,
}

/// A boxed remark above what it is about.
pub fn notice(out: &mut Html, tone: Tone, write: impl FnOnce(&mut Html)) {
    let (class, icon) = match tone {
        Tone::Plain => ("notice", Icon::Info),
        Tone::Amber => ("notice notice-amber", Icon::Triangle),
        Tone::Red => ("notice notice-red", Icon::CircleX),
    };
    out.raw("<div").attribute("class", class).raw(">");
    icon.write(out);
    out.raw("<p>").with(write).raw("</p></div>");
}

/// The head of a page: title, how many, one sentence, actions.
pub fn page_header(out: &mut Html, title: &str, count: Option<&str>, about: &str, actions: &Html) {
    out.raw("<div class=\"page-header\"><div><div class=\"page-title\"><h1>").text(title).raw("</h1>");
    if let Some(count) = count {
        out.raw("<span class=\"count\">").text(count).raw("</span>");
    }
    out.raw("</div>");
    if !about.is_empty() {
        out.raw("<p>").text(about).raw("</p>");
    }
    out.raw("</div>");
    if !actions.is_empty() {
        out.raw("<div class=\"page-actions\">").add(actions).raw("</div>");
    }
    out.raw("</div>");
}
